//! One raw message: a request as it stands on the wire, perhaps with its response behind it.

use super::heads::{self, Place};
use super::{Imported, LARGEST, Report, Sink, blank};
use crate::exchange::{Body, Exchange, Head, Side, State, Target, Truncation};
use bytes::Bytes;
use std::io::{self, Read};

/// Reads it; only bodies that say their length are told apart from what follows.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report::default();
    let mut bytes = Vec::new();
    input.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LARGEST {
        bytes.truncate(LARGEST);
        report.cut = 1;
    }
    match request(&Bytes::from(bytes)) {
        Ok(imported) => {
            sink(imported)?;
            report.read = 1;
        }
        Err(why) => report.leave_out(why),
    }
    Ok(report)
}

fn request(bytes: &Bytes) -> Result<Imported, String> {
    let (head, rest) = split(bytes).ok_or("its head has no end: an empty line is missing")?;
    let parsed = Head::parse(head.clone());
    let (method, target, version) = parsed.request_line().ok_or("its first line is no request line")?;
    let host =
        parsed.value("host").map(|host| String::from_utf8_lossy(host).into_owned()).unwrap_or_default();
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let url = match Target::parse(method, target) {
        Some(Target::Absolute { .. }) => lossy(target),
        Some(Target::Authority(_)) => return Err("a CONNECT is for a proxy alone".to_owned()),
        // What came over TLS does not say so.
        _ => format!("http://{host}{}", lossy(target)),
    };
    let place = Place::of(&url)?;
    let mut exchange = blank();
    let summary = &mut exchange.summary;
    (summary.method, summary.version) = (lossy(method), lossy(version));
    (summary.scheme, summary.host, summary.path) = (place.scheme, place.host, place.path);
    let (sent, behind) = body(&parsed, &rest);
    settle(&mut exchange, Side::Client, &parsed, sent.len());
    exchange.heads.request_received = Some(head);
    let mut received = Bytes::new();
    if behind.starts_with(b"HTTP/")
        && let Some((head, rest)) = split(&behind)
    {
        let parsed = Head::parse(head.clone());
        exchange.summary.status = parsed.status_line().map(|(_, status, _)| status);
        (received, _) = body(&parsed, &rest);
        settle(&mut exchange, Side::Origin, &parsed, received.len());
        exchange.heads.response_received = Some(head);
    }
    heads::summarise(&mut exchange);
    let bodies = [sent.to_vec(), received.to_vec()];
    Ok(Imported { exchange, bodies, messages: Vec::new(), connections: Vec::new() })
}

/// A request and its response as they stand on the wire, each with all of its body behind its head.
pub fn exchange(place: Place, request: &Bytes, response: Option<&Bytes>) -> Result<Imported, String> {
    let (head, sent) = split(request).ok_or("its head has no end: an empty line is missing")?;
    let parsed = Head::parse(head.clone());
    let (method, _, version) = parsed.request_line().ok_or("its first line is no request line")?;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut exchange = blank();
    let summary = &mut exchange.summary;
    (summary.method, summary.version) = (lossy(method), lossy(version));
    (summary.scheme, summary.host, summary.path) = (place.scheme, place.host, place.path);
    let sent = unframed(&parsed, sent);
    settle(&mut exchange, Side::Client, &parsed, sent.len());
    exchange.heads.request_received = Some(head);
    let mut received = Bytes::new();
    if let Some((head, body)) = response.and_then(split) {
        let parsed = Head::parse(head.clone());
        exchange.summary.status = parsed.status_line().map(|(_, status, _)| status);
        received = unframed(&parsed, body);
        settle(&mut exchange, Side::Origin, &parsed, received.len());
        exchange.heads.response_received = Some(head);
    } else {
        exchange.summary.state = State::Aborted;
    }
    heads::summarise(&mut exchange);
    let bodies = [sent.to_vec(), received.to_vec()];
    Ok(Imported { exchange, bodies, messages: Vec::new(), connections: Vec::new() })
}

/// A body without its chunks (RFC 9112 7.1), where it stands in such; some programs have taken them off.
fn unframed(head: &Head, body: Bytes) -> Bytes {
    let coding = head.value("transfer-encoding").unwrap_or_default();
    if !coding.to_ascii_lowercase().ends_with(b"chunked") {
        return body;
    }
    unchunked(&body).map_or(body, Bytes::from)
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = memchr::memmem::find(rest, b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

/// A head with its empty line, and what follows. Lines that an editor ended with LF alone end with CR LF.
pub fn split(bytes: &Bytes) -> Option<(Bytes, Bytes)> {
    let end = |mark: &[u8]| memchr::memmem::find(bytes, mark).map(|at| at + mark.len());
    let (crlf, lf) = (end(b"\r\n\r\n"), end(b"\n\n"));
    if let Some(end) = crlf.filter(|end| lf.is_none_or(|other| *end <= other)) {
        return Some((bytes.slice(..end), bytes.slice(end..)));
    }
    let end = lf?;
    let head = bytes.slice(..end);
    let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let joined = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
    Some((Bytes::from(joined), bytes.slice(end..)))
}

/// As long as it says, or all that is left (RFC 9112 6.3); the rest.
fn body(head: &Head, rest: &Bytes) -> (Bytes, Bytes) {
    let told =
        head.value("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse::<usize>().ok());
    let response = memchr::memmem::find(rest, b"HTTP/1.").filter(|_| told.is_none());
    let length = told.or(response).unwrap_or(rest.len()).min(rest.len());
    (rest.slice(..length), rest.slice(length..))
}

/// Writes a body's facts down: so many octets of it are there.
fn settle(exchange: &mut Exchange, side: Side, head: &Head, kept: usize) {
    let kept = kept as u64;
    let told = head.value("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let length = told.unwrap_or(kept).max(kept);
    let missing = length > kept;
    *exchange.body_mut(side) = Body {
        length,
        kept,
        complete: !missing,
        truncated: missing.then_some(Truncation::Absent),
        ..Body::default()
    };
    match side {
        Side::Client => exchange.summary.request_bytes = length,
        Side::Origin => exchange.summary.response_bytes = length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Imported>, Report) {
        let mut one = None;
        let report = super::read(&mut text.as_bytes(), &mut |imported| {
            one = Some(imported);
            Ok(())
        });
        (one, report.unwrap())
    }

    #[test]
    fn a_request_alone_and_one_with_its_answer() {
        let (one, _) = read("POST /x HTTP/1.1\r\nHost: h.test:81\r\nContent-Length: 2\r\n\r\nhi");
        let one = one.unwrap();
        assert_eq!(one.exchange.summary.url(), "http://h.test:81/x");
        assert_eq!((one.bodies[0].as_slice(), one.exchange.summary.status), (&b"hi"[..], None));
        let (one, _) = read(
            "GET http://h.test/x HTTP/1.1\nHost: h.test\n\nHTTP/1.1 200 OK\nContent-Type: Text/Plain; a\n\nok",
        );
        let one = one.unwrap();
        assert_eq!(
            one.exchange.heads.request_received.unwrap(),
            "GET http://h.test/x HTTP/1.1\r\nHost: h.test\r\n\r\n"
        );
        assert_eq!((one.exchange.summary.status, one.bodies[1].as_slice()), (Some(200), &b"ok"[..]));
        assert_eq!(one.exchange.summary.media_type.as_deref(), Some("text/plain"));
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(read("GET / HTTP/1.1\r\nHost: h\r\n").1.why.unwrap().contains("an empty line is missing"));
        assert!(read("GET / HTTP/1.1\r\n\r\n").1.why.unwrap().contains("no host"));
        let (one, _) = read("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhi");
        assert_eq!(one.unwrap().exchange.request_body.truncated, Some(Truncation::Absent));
    }
}
