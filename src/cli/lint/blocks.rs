//! Header blocks as JSON lines, and what is answered for each: one line in, one line out.
//!
//! Header bytes stand in JSON as text: characters up to U+00FF stand for one byte each when
//! all of a block's are, so that any bytes can be given; otherwise the text is UTF-8.

use super::found::Found;
use crate::exchange::{Head, Scheme};
use crate::inspect::{Finding, Verdicts, View, inspect, table, verdicts};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;

/// One block as it stands on a line.
#[derive(Debug, Deserialize)]
pub struct Block {
    /// Given back as it is.
    #[serde(default)]
    pub id: Value,
    /// `request` or `response`; by the start line when it is left out.
    pub kind: Option<String>,
    /// The start line.
    pub start: String,
    /// The header lines as received, without their line ends.
    pub lines: Vec<String>,
    /// The address that the client asked for.
    pub url: Option<String>,
    /// When it arrived, in seconds since 1970.
    pub at: Option<i64>,
    /// The request that a response answers.
    pub request: Option<Box<Block>>,
}

/// What is answered for a block.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The block's own id.
    pub id: Value,
    /// What was found.
    pub findings: Vec<Found>,
    /// Every header line with what is known of its field.
    pub fields: Vec<Named>,
    /// What follows from it, by topic; of a response together with its request.
    pub verdicts: Verdicts,
}

/// What is known of one header line's field.
#[derive(Debug, Serialize)]
pub struct Named {
    /// Which of the four messages; left out for a header block, which is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// 1 for the first of `lines`.
    pub line: usize,
    /// As written.
    pub name: String,
    /// Whether the field, or the family it belongs to, is in the table.
    pub known: bool,
    /// What it means, in one sentence.
    pub means: Option<&'static str>,
}

/// A block turned into a head, with the way back from its bytes to the block's lines.
struct Text {
    head: Head,
    /// Where each line begins in the head's bytes; the start line first.
    begins: Vec<usize>,
    lengths: Vec<usize>,
}

impl Block {
    fn is_request(&self) -> bool {
        match self.kind.as_deref() {
            Some(kind) => kind == "request",
            None => !self.start.starts_with("HTTP/"),
        }
    }

    fn text(&self) -> Text {
        let latin = std::iter::once(&self.start)
            .chain(&self.lines)
            .all(|line| line.chars().all(|c| u32::from(c) < 256));
        let bytes_of = |line: &String| {
            if latin {
                line.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect()
            } else {
                line.as_bytes().to_vec()
            }
        };
        let mut raw: Vec<u8> = Vec::new();
        let (mut begins, mut lengths) = (Vec::new(), Vec::new());
        for line in std::iter::once(&self.start).chain(&self.lines) {
            let bytes = bytes_of(line);
            begins.push(raw.len());
            lengths.push(bytes.len());
            // An empty line would end the head.
            if !bytes.is_empty() {
                raw.extend(bytes);
                raw.extend(b"\r\n");
            }
        }
        raw.extend(b"\r\n");
        Text { head: Head::parse(Bytes::from(raw)), begins, lengths }
    }
}

impl Text {
    /// The block's line, and the bytes in it, that a span of one of the head's lines stands for.
    fn place(&self, line: usize, span: &Range<usize>) -> (usize, [usize; 2]) {
        let whole = self.head.line(line).unwrap_or_default();
        let from = whole.as_ptr().addr().saturating_sub(self.head.raw().as_ptr().addr()) + span.start;
        let index = self.begins.partition_point(|begin| *begin <= from).saturating_sub(1);
        let begin = self.begins.get(index).copied().unwrap_or(0);
        let length = self.lengths.get(index).copied().unwrap_or(0);
        let start = (from - begin.min(from)).min(length);
        (index, [start, (start + span.len()).min(length)])
    }
}

/// Looks at a block.
#[must_use]
pub fn answer(block: Block) -> Answer {
    let text = block.text();
    let request = block.request.as_ref().map(|request| request.text());
    let url =
        block.url.as_deref().or_else(|| block.request.as_ref().and_then(|request| request.url.as_deref()));
    let mut view =
        View { arrived: block.at, scheme: url.and_then(scheme), host: url.and_then(host), ..View::default() };
    if block.is_request() {
        view.heads[0] = Some(&text.head);
    } else {
        view.heads[0] = request.as_ref().map(|request| &request.head);
        view.heads[2] = Some(&text.head);
    }
    let own = if block.is_request() { 0 } else { 2 };
    let findings = inspect(&view)
        .iter()
        .filter(|finding| finding.message as usize == own)
        .map(|finding| found(finding, &text))
        .collect();
    let fields = known(&text);
    Answer { findings, fields, verdicts: verdicts(&view), id: block.id }
}

fn found(finding: &Finding, text: &Text) -> Found {
    let (line, span) = text.place(finding.line, &finding.span);
    Found { message: None, line, span, ..Found::of(finding, &text.head) }
}

fn known(text: &Text) -> Vec<Named> {
    let fields = text.head.fields().enumerate();
    fields
        .map(|(at, field)| {
            let name = field.name.trim_ascii_end();
            let means = table::means(name);
            let (line, _) = text.place(at + 1, &(0..0));
            Named {
                message: None,
                line,
                name: String::from_utf8_lossy(name).into_owned(),
                known: means.is_some(),
                means,
            }
        })
        .collect()
}

fn scheme(url: &str) -> Option<Scheme> {
    match url.split_once("://")?.0.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(Scheme::Https),
        "http" | "ws" => Some(Scheme::Http),
        _ => None,
    }
}

/// The host of an address, without user and port.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    match place.strip_prefix('[') {
        Some(inner) => inner.split(']').next(),
        None => place.split(':').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Value {
        serde_json::to_value(answer(serde_json::from_str(line).unwrap())).unwrap()
    }

    #[test]
    fn a_finding_points_into_the_line_it_came_from() {
        let said = ask(
            r#"{"id":7,"kind":"response","start":"HTTP/1.1 200 OK","lines":["Content-Length: 5","X-A: b"," c","X-B : 1"]}"#,
        );
        assert_eq!(said["id"], 7);
        let findings = said["findings"].as_array().unwrap();
        let of = |lint: &str| findings.iter().find(|found| found["lint"] == lint).unwrap();
        assert_eq!(
            (of("space-before-colon")["line"].as_u64(), &of("space-before-colon")["span"]),
            (Some(4), &serde_json::json!([3, 4]))
        );
        assert_eq!(of("obs-fold")["line"], 2);
        assert_eq!(said["fields"][0]["known"], true);
        assert_eq!(said["fields"][0]["line"], 1);
    }

    #[test]
    fn a_response_is_judged_with_its_request() {
        let said = ask(
            r#"{"id":"a","start":"HTTP/1.1 101 Switching Protocols","lines":["Upgrade: websocket","Connection: upgrade"],"request":{"start":"GET / HTTP/1.1","lines":["Host: h"]}}"#,
        );
        assert_eq!(said["findings"][0]["lint"], "switching-unasked");
        assert_eq!(said["findings"][0]["line"], 0);
    }

    #[test]
    fn hosts_of_addresses() {
        for (url, name) in [("https://h/", "h"), ("http://u:p@h:80/x", "h"), ("https://[::1]:8/", "::1")] {
            assert_eq!(host(url), Some(name), "{url}");
        }
    }
}
