//! gRPC over HTTP: messages behind a prefix of five octets, and the status that ends a call.

use super::Splitter;
use super::bounded::Bounded;
use crate::exchange::{Head, Message, MessageFlags, MessageForm, Side};
use flate2::read::{GzDecoder, ZlibDecoder};
use std::io::Read;

/// The call's status in words, from field lines as they stand in a head or a trailer section:
/// `5 NOT_FOUND: no such user`. `None` where no grpc-status is among them.
#[must_use]
pub fn status(lines: &[u8]) -> Option<String> {
    let value = |wanted: &[u8]| {
        lines.split(|byte| *byte == b'\n').find_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            let (name, value) = line.split_at_checked(colon)?;
            name.eq_ignore_ascii_case(wanted).then(|| value.get(1..).unwrap_or_default().trim_ascii())
        })
    };
    let code = String::from_utf8_lossy(value(b"grpc-status")?).into_owned();
    let message = value(b"grpc-message").map(percent_encoding::percent_decode).map(Iterator::collect);
    let message: Vec<u8> = message.unwrap_or_default();
    let name = name(&code).map(|name| format!(" {name}")).unwrap_or_default();
    let colon = if message.is_empty() { "" } else { ": " };
    Some(format!("{code}{name}{colon}{}", String::from_utf8_lossy(&message)))
}

/// The names of the status codes (gRPC's statuscodes.md).
fn name(code: &str) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.get(code.parse::<usize>().ok()?).copied()
}

/// Octets before each message: a flag and a length (gRPC's PROTOCOL-HTTP2.md, "Length-Prefixed-Message").
const PREFIX: usize = 5;
/// gRPC-Web's mark of the frame that carries the trailers (PROTOCOL-WEB.md).
const TRAILERS: u8 = 0x80;

/// Splits one direction of a call into its messages.
pub(super) struct Calls {
    side: Side,
    /// How messages with the compressed flag are compressed, as `grpc-encoding` says.
    encoding: String,
    prefix: Vec<u8>,
    body: Option<(u8, u64, Bounded)>,
    broken: Option<(String, u64)>,
    max_payload: usize,
}

impl Calls {
    pub(super) fn new(side: Side, head: &Head, max_payload: usize) -> Self {
        let encoding = head.value("grpc-encoding").map(|value| String::from_utf8_lossy(value).to_lowercase());
        let encoding = encoding.unwrap_or_default();
        Self { side, encoding, prefix: Vec::new(), body: None, broken: None, max_payload }
    }

    fn begin(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let (taken, rest) = bytes.split_at((PREFIX - self.prefix.len()).min(bytes.len()));
        self.prefix.extend_from_slice(taken);
        *bytes = rest;
        let &[flag, a, b, c, d] = &self.prefix[..] else { return };
        if flag & !TRAILERS > 1 {
            self.broken = Some(("a message's flag is neither 0 nor 1".to_owned(), PREFIX as u64));
            return;
        }
        self.prefix.clear();
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        self.body = Some((flag, length, Bounded::new(self.max_payload)));
        if length == 0 {
            self.over(at, out);
        }
    }

    fn take(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let Some((_, left, body)) = &mut self.body else { return };
        let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        let (taken, rest) = bytes.split_at(count);
        body.extend(taken);
        *left -= count as u64;
        *bytes = rest;
        if *left == 0 {
            self.over(at, out);
        }
    }

    fn over(&mut self, at: u64, out: &mut Vec<Message>) {
        let Some((flag, left, body)) = self.body.take() else { return };
        let wire = PREFIX as u64 + body.length();
        let says = if flag & TRAILERS == 0 { String::new() } else { "trailers".to_owned() };
        let form = MessageForm::Grpc;
        let mut message = body.into_message(at, self.side, form, wire, says);
        if left > 0 {
            message.flags.add(MessageFlags::UNFINISHED);
        } else if flag & 1 != 0 {
            message.flags.add(MessageFlags::COMPRESSED);
            self.inflate(&mut message);
        }
        if flag & TRAILERS != 0 {
            message.says = status(&message.payload).unwrap_or(message.says);
        }
        out.push(message);
    }

    /// A compressed message that was kept whole is shown as what it holds.
    fn inflate(&self, message: &mut Message) {
        if message.flags.has(MessageFlags::TRUNCATED) {
            return;
        }
        let most = self.max_payload as u64;
        let mut plain = Vec::new();
        let read = match self.encoding.as_str() {
            "gzip" => GzDecoder::new(&message.payload[..]).take(most + 1).read_to_end(&mut plain),
            "deflate" => ZlibDecoder::new(&message.payload[..]).take(most + 1).read_to_end(&mut plain),
            other => {
                message.says = format!("compressed, but {other:?} is not known here");
                return;
            }
        };
        if read.is_err() {
            message.says = format!("its {} data is damaged", self.encoding);
            return;
        }
        message.length = plain.len() as u64;
        if message.length > most {
            message.flags.add(MessageFlags::TRUNCATED);
            plain.truncate(self.max_payload);
        }
        message.payload = plain.into();
    }
}

impl Splitter for Calls {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        while !bytes.is_empty() {
            if let Some((_, wire)) = &mut self.broken {
                *wire += bytes.len() as u64;
                return;
            }
            match self.body {
                Some(_) => self.take(&mut bytes, at, out),
                None => self.begin(&mut bytes, at, out),
            }
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        self.over(at, out);
        let rest = self.prefix.len() as u64;
        let cut = || (rest > 0).then(|| ("the stream ended within a message's prefix".to_owned(), rest));
        if let Some((says, wire)) = self.broken.take().or_else(cut) {
            out.push(Bounded::new(0).into_message(at, self.side, MessageForm::Broken, wire, says));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::io::Write;

    fn split(fields: &str, body: &[u8], chunk: usize) -> Vec<Message> {
        let head = Head::parse(Bytes::from(format!("HTTP/2 200 \r\n{fields}\r\n")));
        let (mut calls, mut out) = (Calls::new(Side::Origin, &head, 32), Vec::new());
        for part in body.chunks(chunk) {
            calls.feed(part, 1, &mut out);
        }
        calls.end(1, &mut out);
        out
    }

    #[track_caller]
    fn told(fields: &str, body: &[u8]) -> Vec<(String, String, u8)> {
        let whole = split(fields, body, usize::MAX);
        for chunk in [1, 3] {
            assert_eq!(split(fields, body, chunk), whole);
        }
        let text = |message: &Message| String::from_utf8_lossy(&message.payload).into_owned();
        whole.iter().map(|message| (text(message), message.says.clone(), message.flags.0)).collect()
    }

    #[test]
    fn messages_behind_their_prefix() {
        let body = b"\0\0\0\0\x03abc\0\0\0\0\0\0\0\0\0\x05cut";
        assert_eq!(
            told("", body),
            [
                ("abc".into(), String::new(), 0),
                (String::new(), String::new(), 0),
                ("cut".into(), String::new(), 8)
            ]
        );
        assert_eq!(split("", body, 99)[0].wire, 8);
        assert_eq!(told("", b"\x02\0\0\0\0rest")[0].1, "a message's flag is neither 0 nor 1");
        assert_eq!(told("", b"\0\0")[0].1, "the stream ended within a message's prefix");
    }

    #[test]
    fn compressed_messages_are_inflated_within_bounds() {
        let pack = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(bytes).unwrap();
            let packed = encoder.finish().unwrap();
            [&[1][..], &u32::try_from(packed.len()).unwrap().to_be_bytes(), &packed].concat()
        };
        assert_eq!(told("grpc-encoding: gzip\r\n", &pack(b"abc"))[0], ("abc".into(), String::new(), 1));
        let odd = told("grpc-encoding: snappy\r\n", b"\x01\0\0\0\x01x");
        assert_eq!(odd[0].1, "compressed, but \"snappy\" is not known here");
        assert_eq!(told("grpc-encoding: gzip\r\n", b"\x01\0\0\0\x01x")[0].1, "its gzip data is damaged");
    }

    #[test]
    fn trailers_of_grpc_web_say_the_status() {
        let trailers = b"grpc-status: 5\r\ngrpc-message: no%20such\r\n";
        let body = [&[0x80, 0, 0, 0, u8::try_from(trailers.len()).unwrap()][..], trailers].concat();
        let head = Head::parse(Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n"));
        let (mut calls, mut out) = (Calls::new(Side::Origin, &head, 99), Vec::new());
        calls.feed(&body, 1, &mut out);
        assert_eq!(out[0].says, "5 NOT_FOUND: no such");
    }
}
