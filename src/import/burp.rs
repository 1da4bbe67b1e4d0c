//! Burp's "Save items": XML with the octets of each request and response, mostly in base64.
//!
//! Read item by item, each within a bound. It is XML as Burp writes it and no more: elements without children, text or
//! CDATA in them. What a body holds cannot end an item, because it stands in CDATA.

use super::heads::Place;
use super::raw;
use super::{Imported, Report, Sink, WHOLE};
use crate::exchange::Note;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::io::{self, Read};

/// What tells it from other XML.
pub const MARK: &[u8] = b"burpVersion";

/// Octets read at once, at least.
const PIECE: usize = 64 << 10;

/// Reads items until the file ends or breaks.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report { by: Some("Burp".to_owned()), ..Report::default() };
    let mut items = Items { input, buffer: Vec::new() };
    loop {
        match items.next() {
            Ok(Some(item)) => match exchange(&item) {
                Ok(imported) => {
                    sink(imported)?;
                    report.read += 1;
                }
                Err(why) => report.leave_out(why),
            },
            Ok(None) => return Ok(report),
            Err(why) => {
                report.broken = Some(why);
                return Ok(report);
            }
        }
    }
}

struct Items<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
}

impl Items<'_> {
    /// What stands between `<item>` and `</item>`.
    fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            let begun = find(&self.buffer, b"<item>").map(|at| at + b"<item>".len());
            if let Some(from) = begun {
                self.buffer.drain(..from);
                return self.rest().map(Some);
            }
            // The beginning of a mark may stand at the end.
            let kept = self.buffer.len().min(b"<item>".len());
            self.buffer.drain(..self.buffer.len() - kept);
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    fn rest(&mut self) -> Result<Vec<u8>, String> {
        loop {
            if let Some(end) = end_of(&self.buffer, b"</item>") {
                let mut item: Vec<u8> = self.buffer.drain(..end + b"</item>".len()).collect();
                item.truncate(end);
                return Ok(item);
            }
            if self.buffer.len() > 2 * WHOLE {
                return Err(format!("an item is larger than {} MiB", 2 * WHOLE >> 20));
            }
            if !self.more()? {
                return Err("it ends in the middle of an item: the file was cut off".to_owned());
            }
        }
    }

    /// As much again as there is, so that a long item is looked through a few times only.
    fn more(&mut self) -> Result<bool, String> {
        let wanted = self.buffer.len().max(PIECE) as u64;
        let read = (&mut *self.input).take(wanted).read_to_end(&mut self.buffer);
        read.map(|read| read > 0).map_err(|error| error.to_string())
    }
}

/// Where a mark stands outside of CDATA.
fn end_of(text: &[u8], mark: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = find(rest, mark)?;
        match find(rest.get(..at)?, b"<![CDATA[") {
            None => return Some(from + at),
            Some(begun) => from += begun + find(rest.get(begun..)?, b"]]>")? + 3,
        }
    }
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, mark)
}

/// An element: the text behind its name, and what is in it.
fn element<'i>(item: &'i [u8], name: &str) -> Option<(&'i [u8], Vec<u8>)> {
    let begin = [b"<", name.as_bytes()].concat();
    let mut from = 0;
    let rest = loop {
        let rest = item.get(from..)?;
        let at = end_of(rest, &begin)? + begin.len();
        from += at;
        if rest.get(at).is_some_and(|next| matches!(next, b' ' | b'>' | b'/')) {
            break item.get(from..)?;
        }
    };
    let end = find(rest, b">")?;
    let attributes = rest.get(..end)?;
    let inner = rest.get(end + 1..)?;
    let close = end_of(inner, format!("</{name}>").as_bytes())?;
    Some((attributes, plain(inner.get(..close)?)))
}

/// Text with its CDATA taken out of it, and its five entities.
fn plain(mut text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = find(text, b"<![CDATA[") {
        let (before, rest) = text.split_at(at);
        out.extend(unescaped(before));
        let inner = rest.get(b"<![CDATA[".len()..).unwrap_or_default();
        let end = find(inner, b"]]>").unwrap_or(inner.len());
        out.extend_from_slice(inner.get(..end).unwrap_or_default());
        text = inner.get(end + 3..).unwrap_or_default();
    }
    out.extend(unescaped(text));
    out
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&").into_bytes()
}

fn words(item: &[u8], name: &str) -> String {
    element(item, name).map(|(_, text)| String::from_utf8_lossy(&text).trim().to_owned()).unwrap_or_default()
}

/// The octets of a message.
fn octets(item: &[u8], name: &str) -> Result<Option<Bytes>, String> {
    let Some((attributes, text)) = element(item, name) else { return Ok(None) };
    if find(attributes, b"base64=\"true\"").is_none() {
        return Ok(Some(Bytes::from(text)).filter(|bytes| !bytes.is_empty()));
    }
    let text: Vec<u8> = text.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(text).map_err(|_| "its base64 is damaged")?;
    Ok(Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty()))
}

fn exchange(item: &[u8]) -> Result<Imported, String> {
    let place = Place::of(&words(item, "url"))?;
    let request = octets(item, "request")?.ok_or("it has no request")?;
    let mut imported = raw::exchange(place, &request, octets(item, "response")?.as_ref())?;
    let summary = &mut imported.exchange.summary;
    summary.started = moment(&words(item, "time")).unwrap_or(0);
    summary.set_note(Note::new(&words(item, "comment")));
    Ok(imported)
}

/// Zones as Java names them, in hours ahead of UTC; one that is not known is taken for UTC.
const ZONES: &[(&str, i64)] = &[
    ("BST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("JST", 9),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

/// Microseconds since 1970 of Java's `Tue Nov 24 17:05:09 CET 2026`.
fn moment(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, month, day, time, zone, year] = words.as_slice() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| name == month)? + 1;
    let utc = super::moment::micros(&format!("{year}-{month:02}-{day}T{time}Z"))?;
    let ahead = ZONES.iter().find(|(name, _)| name == zone).map_or(0, |(_, hours)| *hours);
    Some(utc - ahead * 3_600_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Imported>, Report) {
        let mut all = Vec::new();
        let report = super::read(&mut text.as_bytes(), &mut |imported| {
            all.push(imported);
            Ok(())
        });
        (all, report.unwrap())
    }

    fn item(request: &str, response: &str) -> String {
        format!(
            "  <item>\n    <time>Tue Nov 24 17:05:09 CET 2026</time>\n    <url><![CDATA[https://shop.test:8443/a?b=1&c]]></url>\n    \
             <host ip=\"192.0.2.7\">shop.test</host>\n    <port>8443</port>\n    <method><![CDATA[POST]]></method>\n    \
             {request}\n    <status>200</status>\n    {response}\n    <comment>A &amp; B #todo</comment>\n  </item>\n"
        )
    }

    fn file(items: &[String]) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE items [\n<!ELEMENT items (item*)>\n]>\n<items burpVersion=\"2024.1\" \
             exportTime=\"x\">\n{}</items>\n",
            items.concat()
        )
    }

    #[test]
    fn items_are_exchanges_in_base64_or_not() {
        let request = "POST /a?b=1&c HTTP/1.1\r\nHost: shop.test:8443\r\nContent-Length: 2\r\n\r\nhi";
        // A feed: what ends an item stands in its body.
        let response = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<item><request>x</request></item>";
        let coded = |name: &str, text: &str| {
            format!("<{name} base64=\"true\"><![CDATA[{}]]></{name}>", STANDARD.encode(text))
        };
        let plain = |name: &str, text: &str| format!("<{name} base64=\"false\"><![CDATA[{text}]]></{name}>");
        let both = [
            item(&coded("request", request), &coded("response", response)),
            item(&plain("request", request), &plain("response", response)),
        ];
        let (all, report) = read(&file(&both));
        assert_eq!((report.read, report.left_out, report.broken), (2, 0, None));
        for Imported { exchange, bodies, .. } in &all {
            let summary = &exchange.summary;
            assert_eq!(summary.url(), "https://shop.test:8443/a?b=1&c");
            assert_eq!((summary.status, summary.media_type.as_deref()), (Some(200), Some("text/xml")));
            assert_eq!(summary.started, 1_795_536_309_000_000);
            assert_eq!(summary.note, Note::new("A & B #todo"));
            assert_eq!(bodies, &[b"hi".to_vec(), b"<item><request>x</request></item>".to_vec()]);
            assert!(exchange.heads.request_received.as_ref().unwrap().ends_with(b"Length: 2\r\n\r\n"));
        }
    }

    #[test]
    fn what_is_damaged_is_said_and_what_stood_before_is_read() {
        let request = "<request base64=\"false\"><![CDATA[GET / HTTP/1.1\r\nHost: h\r\n\r\n]]></request>";
        let whole =
            file(&[item(request, "<response></response>"), item("<request base64=\"true\">%</request>", "")]);
        let (all, report) = read(&whole);
        assert_eq!((all.len(), report.left_out), (1, 1));
        assert_eq!(report.why.as_deref(), Some("entry 2: its base64 is damaged"));
        assert_eq!((all[0].exchange.summary.status, all[0].bodies[1].len()), (None, 0));
        let cut = whole.rfind("<time>").unwrap();
        let (all, report) = read(whole.get(..cut).unwrap());
        assert_eq!(all.len(), 1);
        assert!(report.broken.unwrap().contains("cut off"));
    }
}
