//! How the end of a body is found (RFC 9112 6.3, RFC 9113 8.1), and which rule it was.

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::message::Message;
use crate::inspect::value::decimal;
use serde::Serialize;

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// There is none.
    NoBody,
    /// After so many bytes.
    Length,
    /// After the chunk of size nought.
    Chunked,
    /// When the connection closes.
    Close,
    /// With the stream's last frame.
    Stream,
    /// Another protocol begins behind the head.
    Switched,
    /// Nobody can tell: the message must be refused.
    Unknown,
}

/// How the end of a body is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Framing {
    /// Where it ends.
    pub end: End,
    /// How many bytes it has, where the head tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// In one sentence.
    pub says: String,
    /// Which rule it was.
    pub steps: Vec<Step>,
}

impl Framing {
    pub(super) fn told(&self, topic: &'static str) -> Told<'_> {
        const FIELDS: &[&str] = &["Content-Length", "Transfer-Encoding", "Connection", "Trailer", "TE"];
        let bad = self.end == End::Unknown || self.steps.iter().any(|step| step.passes == Some(false));
        Told { topic, bad, says: &self.says, steps: &self.steps, fields: FIELDS }
    }

    fn of(end: End, says: impl Into<String>, step: Step) -> Self {
        Self { end, length: None, says: says.into(), steps: vec![step] }
    }

    /// A rule of RFC 9112 6.3 by its number.
    fn by(rule: u8, end: End, says: impl Into<String>) -> Self {
        let says = says.into();
        let step = Step::fact(format!("rule {rule}: {says}"), Rfc(9112, "6.3"));
        Self::of(end, says, step)
    }
}

pub(super) fn of_request(sight: &Sight<'_>) -> Option<Framing> {
    let request = sight.request?;
    if request.method() == b"CONNECT" {
        return Some(Framing::by(2, End::Switched, "a tunnel begins behind the head, if the proxy agrees"));
    }
    if request.is_multiplexed() {
        return Some(of_stream(request));
    }
    match coded(request) {
        Some(framing) => Some(framing),
        None => Some(Framing::by(7, End::NoBody, "no body: neither Content-Length nor Transfer-Encoding")),
    }
}

pub(super) fn of_response(sight: &Sight<'_>) -> Option<Framing> {
    let response = sight.response?;
    let (status, method) = (response.status(), sight.request.map_or(&b""[..], |request| request.method()));
    if status == 101 {
        return Some(Framing::by(1, End::Switched, "no body: another protocol begins behind the head"));
    }
    if method == b"HEAD" || (100..200).contains(&status) || matches!(status, 204 | 304) {
        let why = if method == b"HEAD" {
            "the request was HEAD".to_owned()
        } else {
            format!("a {status} has none")
        };
        return Some(Framing::by(1, End::NoBody, format!("no body: {why}")));
    }
    if method == b"CONNECT" && (200..300).contains(&status) {
        return Some(Framing::by(2, End::Switched, "no body: a tunnel begins behind the head"));
    }
    if response.is_multiplexed() {
        return Some(of_stream(response));
    }
    let close = || Framing::by(8, End::Close, "up to the close of the connection: no length is given");
    Some(coded(response).unwrap_or_else(close))
}

/// Frames carry the end themselves; Content-Length must agree (RFC 9113 8.1.1).
fn of_stream(message: &Message<'_>) -> Framing {
    let length = message.members("Content-Length").next().and_then(|(_, _, member)| decimal(member));
    let says = match length {
        Some(length) => format!("ends with its stream, after the {length} bytes that Content-Length says"),
        None => "ends with its stream".to_owned(),
    };
    let step = Step::fact("a flag on the last frame ends it, whatever the fields say", Rfc(9113, "8.1"));
    Framing { length, ..Framing::of(End::Stream, says, step) }
}

/// By Transfer-Encoding, else by Content-Length (rules 3 to 6).
fn coded(message: &Message<'_>) -> Option<Framing> {
    let codings: Vec<_> =
        message.members("Transfer-Encoding").map(|(_, _, coding)| coding).take(20).collect();
    let lengths: Vec<_> = message.members("Content-Length").map(|(_, _, length)| length).take(20).collect();
    if let Some(last) = codings.last() {
        return Some(by_coding(message, last, !lengths.is_empty()));
    }
    let first = lengths.first()?;
    let Some(length) =
        decimal(first).filter(|_| lengths.iter().all(|other| decimal(other) == decimal(first)))
    else {
        let says = "no end can be told: Content-Length is no number, or several";
        return Some(Framing::of(
            End::Unknown,
            says,
            Step::test(false, format!("rule 5: {says}"), Rfc(9112, "6.3")),
        ));
    };
    let says = format!("{length} bytes, by Content-Length");
    Some(Framing { length: Some(length), ..Framing::by(6, End::Length, says) })
}

fn by_coding(message: &Message<'_>, last: &[u8], beside_length: bool) -> Framing {
    let chunked = last.eq_ignore_ascii_case(b"chunked");
    let mut framing = match (chunked, message.is_request()) {
        (true, _) => Framing::by(4, End::Chunked, "chunk by chunk, up to the one of size nought"),
        (false, true) => {
            let says = format!("no end can be told: {} after chunked, or without it", text(last));
            Framing::of(
                End::Unknown,
                says.clone(),
                Step::test(false, format!("rule 4: {says}"), Rfc(9112, "6.3")),
            )
        }
        (false, false) => {
            Framing::by(4, End::Close, "up to the close of the connection: chunked is not the last coding")
        }
    };
    if beside_length {
        let says = "rule 3: Content-Length stands beside Transfer-Encoding and is overruled; another party may count by it: splitting and poisoning ground";
        framing.steps.push(Step::test(false, says, Rfc(9112, "6.3")));
    }
    framing
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    #[test]
    fn rfc9112_6_3_the_rules_in_their_order() {
        const GET: &str = "GET / HTTP/1.1\nHost: h\n";
        for (request, response, end, length, rule) in [
            (
                "HEAD / HTTP/1.1\nHost: h\n",
                "HTTP/1.1 200 OK\nContent-Length: 5\n",
                End::NoBody,
                None,
                "rule 1",
            ),
            (GET, "HTTP/1.1 304 Not Modified\nContent-Length: 5\n", End::NoBody, None, "rule 1"),
            (GET, "HTTP/1.1 101 Switching Protocols\n", End::Switched, None, "rule 1"),
            ("CONNECT h:443 HTTP/1.1\nHost: h\n", "HTTP/1.1 200 OK\n", End::Switched, None, "rule 2"),
            (GET, "HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n", End::Chunked, None, "rule 4"),
            (GET, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked, gzip\n", End::Close, None, "rule 4"),
            (GET, "HTTP/1.1 200 OK\nContent-Length: 5, 6\n", End::Unknown, None, "rule 5"),
            (GET, "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5\n", End::Length, Some(5), "rule 6"),
            (GET, "HTTP/1.1 200 OK\n", End::Close, None, "rule 8"),
            ("GET / HTTP/2\n", "HTTP/2 200\ncontent-length: 5\n", End::Stream, Some(5), "a flag"),
        ] {
            let framing = judge("http://h/", request, response).framing.unwrap();
            assert_eq!((framing.end, framing.length), (end, length), "{request}{response}");
            assert!(framing.steps[0].says.starts_with(rule), "{request}{response}: {:?}", framing.steps);
        }
    }

    #[test]
    fn rfc9112_6_3_requests() {
        for (fields, end) in [
            ("", End::NoBody),
            ("Content-Length: 5\n", End::Length),
            ("Content-Length: x\n", End::Unknown),
            ("Transfer-Encoding: chunked\n", End::Chunked),
            ("Transfer-Encoding: gzip\n", End::Unknown),
        ] {
            let request = format!("POST / HTTP/1.1\nHost: h\n{fields}");
            assert_eq!(judge("http://h/", &request, "").request_framing.unwrap().end, end, "{fields}");
        }
    }

    #[test]
    fn rfc9112_6_1_both_are_a_danger() {
        let both = "POST / HTTP/1.1\nHost: h\nContent-Length: 5\nTransfer-Encoding: chunked\n";
        let verdicts = judge("http://h/", both, "");
        let framing = verdicts.request_framing.unwrap();
        assert!(
            framing.told("framing").bad && framing.steps[1].says.contains("rule 3"),
            "{:?}",
            framing.steps
        );
    }
}
