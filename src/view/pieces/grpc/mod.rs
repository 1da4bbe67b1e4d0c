//! gRPC over HTTP, and gRPC-Web: messages behind a prefix of five octets, and the status that ends a call.
//!
//! ```text
//!   flag (1: compressed, 0x80: gRPC-Web's trailers)  length (4, the first octet highest)  message
//! ```
//! gRPC's PROTOCOL-HTTP2.md, "Length-Prefixed-Message"; PROTOCOL-WEB.md.

mod status;
mod text;

pub use status::status;

use super::coded::{self, Undo};
use super::kept::Kept;
use super::{Splitter, remark};
use crate::exchange::{Head, Message, MessageFlags, MessageForm, Side};
use text::Text;

/// Octets before each message.
const PREFIX: usize = 5;

/// The flag of a compressed message.
const COMPRESSED: u8 = 1;

/// gRPC-Web's flag of the frame that carries the trailers.
const TRAILERS: u8 = 0x80;

/// What gRPC's libraries refuse to receive unless they are told otherwise.
const USUAL: u64 = 4 * 1024 * 1024;

/// Octets that one message is inflated to at most: the traffic waits meanwhile.
const MOST: u64 = 32 * 1024 * 1024;

/// The splitter for a media type that is gRPC's, with any message format behind a `+`.
#[must_use]
pub fn splitter(media: &[u8], side: Side, head: &Head, max_payload: usize) -> Option<Box<dyn Splitter>> {
    let rest = media.strip_prefix(b"application/grpc")?;
    let kind = rest.split(|octet| *octet == b'+').next().unwrap_or_default();
    let calls = |web| Box::new(Calls::new(side, head, web, max_payload));
    match kind {
        b"" => Some(calls(false)),
        b"-web" => Some(calls(true)),
        b"-web-text" => Some(Box::new(Text::new(side, calls(true)))),
        _ => None,
    }
}

/// Splits one direction of a call into its messages.
pub struct Calls {
    side: Side,
    /// Whether trailers may come as a frame.
    web: bool,
    /// How messages with the compressed flag are compressed, as `grpc-encoding` says, in lower case.
    encoding: String,
    prefix: Vec<u8>,
    frame: Option<Frame>,
    payload: Kept,
    piece: Vec<u8>,
    rest: Option<Kept>,
}

/// The message under way.
struct Frame {
    flag: u8,
    length: u64,
    came: u64,
    undo: Option<Box<dyn Undo>>,
    says: String,
    flags: MessageFlags,
}

impl Calls {
    /// For what `side` sends, by its head.
    #[must_use]
    pub fn new(side: Side, head: &Head, web: bool, max_payload: usize) -> Self {
        let encoding = head.value("grpc-encoding").map(|value| String::from_utf8_lossy(value).to_lowercase());
        Self {
            side,
            web,
            encoding: encoding.unwrap_or_default(),
            prefix: Vec::with_capacity(PREFIX),
            frame: None,
            payload: Kept::new(max_payload),
            piece: Vec::new(),
            rest: None,
        }
    }

    fn begin(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let (taken, rest) = bytes.split_at((PREFIX - self.prefix.len()).min(bytes.len()));
        self.prefix.extend_from_slice(taken);
        *bytes = rest;
        let &[flag, a, b, c, d] = &self.prefix[..] else { return };
        let known = if self.web { COMPRESSED | TRAILERS } else { COMPRESSED };
        if flag & !known != 0 {
            return self.break_off(flag, at, out);
        }
        self.prefix.clear();
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let mut frame =
            Frame { flag, length, came: 0, undo: None, says: String::new(), flags: MessageFlags::default() };
        if length > USUAL {
            remark(&mut frame.says, "over 4 MiB, which receivers refuse unless told otherwise");
        }
        if flag & COMPRESSED != 0 {
            frame.flags.add(MessageFlags::COMPRESSED);
            frame.undo = self.undo(&mut frame.says);
        }
        self.payload.expect(length);
        self.frame = Some(frame);
        if length == 0 {
            self.over(at, out);
        }
    }

    fn undo(&self, says: &mut String) -> Option<Box<dyn Undo>> {
        let words = match self.encoding.as_str() {
            // gRPC's compression.md: the flag without an encoding is an error of the sender.
            "" | "identity" => "its flag says compressed, and no grpc-encoding says how".to_owned(),
            known @ ("gzip" | "deflate") => return coded::undo(known),
            other => format!("compressed with {other:?}, which is not known here"),
        };
        remark(says, &words);
        None
    }

    fn take(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let Some(frame) = &mut self.frame else { return };
        let left = usize::try_from(frame.length - frame.came).unwrap_or(usize::MAX);
        let (now, rest) = bytes.split_at(left.min(bytes.len()));
        *bytes = rest;
        frame.came += now.len() as u64;
        let payload = &mut self.payload;
        match &mut frame.undo {
            None if frame.flags.has(MessageFlags::TRUNCATED) => {}
            None => payload.push(now),
            Some(undo) => {
                let outcome = coded::run(undo.as_mut(), now, &mut self.piece, |inflated| {
                    let room = usize::try_from(MOST - payload.length()).unwrap_or(usize::MAX);
                    payload.push(inflated.get(..room).unwrap_or(inflated));
                    inflated.len() <= room
                });
                let words = match outcome {
                    Err(_) => format!("its {} data is damaged", self.encoding),
                    Ok(()) if payload.length() == MOST => "inflating stopped at 32 MiB".to_owned(),
                    Ok(()) => String::new(),
                };
                if !words.is_empty() {
                    frame.undo = None;
                    frame.flags.add(MessageFlags::TRUNCATED);
                    remark(&mut frame.says, &words);
                }
            }
        }
        if frame.came == frame.length {
            self.over(at, out);
        }
    }

    fn over(&mut self, at: u64, out: &mut Vec<Message>) {
        let Some(mut frame) = self.frame.take() else { return };
        let whole = frame.came == frame.length;
        if !whole {
            frame.flags.add(MessageFlags::UNFINISHED);
            let (came, length) = (frame.came, frame.length);
            remark(&mut frame.says, &format!("cut: {came} of {length} octets came"));
        } else if frame.undo.is_some_and(|mut undo| !undo.is_over()) {
            frame.flags.add(MessageFlags::TRUNCATED);
            remark(&mut frame.says, &format!("its {} data ended early", self.encoding));
        }
        if frame.flag & TRAILERS != 0 {
            let status = status(self.payload.bytes()).unwrap_or_else(|| "without grpc-status".to_owned());
            let said = std::mem::replace(&mut frame.says, format!("trailers: {status}"));
            if !said.is_empty() {
                remark(&mut frame.says, &said);
            }
        }
        let wire = PREFIX as u64 + frame.came;
        let mut message = self.payload.message(self.side, MessageForm::Grpc, wire, frame.says, at);
        message.flags.add(frame.flags);
        out.push(message);
    }

    /// No length can be believed behind a flag that is none: said at once, and the rest is not read.
    fn break_off(&mut self, flag: u8, at: u64, out: &mut Vec<Message>) {
        let words = format!("a message's flag is {flag:#x}, and only 0 and 1 are defined");
        out.push(self.broken(words, at));
        self.rest = Some(Kept::new(self.payload.limit()));
    }

    fn broken(&mut self, words: String, at: u64) -> Message {
        let mut prefix = Kept::new(PREFIX);
        prefix.push(&self.prefix);
        self.prefix.clear();
        prefix.message(self.side, MessageForm::Broken, prefix.length(), words, at)
    }
}

impl Splitter for Calls {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        while !bytes.is_empty() {
            if let Some(rest) = &mut self.rest {
                return rest.push(bytes);
            }
            match self.frame {
                Some(_) => self.take(&mut bytes, at, out),
                None => self.begin(&mut bytes, at, out),
            }
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        self.over(at, out);
        if !self.prefix.is_empty() {
            let mut cut = self.broken("cut within a message's prefix".to_owned(), at);
            cut.flags.add(MessageFlags::UNFINISHED);
            out.push(cut);
        }
        if let Some(mut rest) = self.rest.take().filter(|rest| rest.length() > 0) {
            let words = "not read: behind a flag that is not defined".to_owned();
            out.push(rest.message(self.side, MessageForm::Broken, rest.length(), words, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe;
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::io::Write;

    fn calls(fields: &str, web: bool) -> Calls {
        let head = Head::parse(Bytes::from(format!("HTTP/2 200 \r\n{fields}\r\n")));
        Calls::new(Side::Origin, &head, web, 32)
    }

    fn told(fields: &str, body: &[u8]) -> Vec<(String, String, u8)> {
        probe::split(|| calls(fields, true), body)
            .iter()
            .map(|message| {
                let text = String::from_utf8_lossy(&message.payload).into_owned();
                (text, message.says.clone(), message.flags.0)
            })
            .collect()
    }

    fn row(text: &str, says: &str, flags: u8) -> (String, String, u8) {
        (text.to_owned(), says.to_owned(), flags)
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        [&[1][..], &u32::try_from(packed.len()).unwrap().to_be_bytes(), &packed].concat()
    }

    #[test]
    fn messages_behind_their_prefix() {
        let body = b"\0\0\0\0\x03abc\0\0\0\0\0\0\0\0\0\x05cut";
        assert_eq!(
            told("", body),
            [row("abc", "", 0), row("", "", 0), row("cut", "cut: 3 of 5 octets came", 8)]
        );
        assert_eq!(probe::split(|| calls("", false), body)[0].wire, 8);
        assert_eq!(told("", b"\0\0"), [row("\0\0", "cut within a message's prefix", 8)]);
        let long = told("", b"\0\xff\xff\xff\xffx");
        assert!(
            long[0].1.starts_with("over 4 MiB") && long[0].1.ends_with("cut: 1 of 4294967295 octets came")
        );
    }

    #[test]
    fn a_flag_that_is_not_defined_ends_the_reading() {
        let rest = row("rest", "not read: behind a flag that is not defined", 0);
        let words = "a message's flag is 0x2, and only 0 and 1 are defined";
        assert_eq!(told("", b"\x02\0\0\0\x01rest"), [row("\u{2}\0\0\0\u{1}", words, 0), rest]);
        let trailers = probe::split(|| calls("", false), b"\x80\0\0\0\0");
        assert_eq!(trailers[0].form, MessageForm::Broken, "trailers are gRPC-Web's");
    }

    #[test]
    fn compressed_messages_are_inflated_within_bounds() {
        let both = [packed(b"abc"), packed(b"def")].concat();
        assert_eq!(told("grpc-encoding: gzip\r\n", &both), [row("abc", "", 1), row("def", "", 1)]);
        let bomb = told("grpc-encoding: gzip\r\n", &packed(&vec![b'x'; 40 << 20]));
        assert_eq!(bomb, [row(&"x".repeat(32), "inflating stopped at 32 MiB", 5)]);
        let body = b"\x01\0\0\0\x01x";
        let odd = "compressed with \"snappy\", which is not known here";
        assert_eq!(told("grpc-encoding: snappy\r\n", body), [row("x", odd, 1)]);
        let none = "its flag says compressed, and no grpc-encoding says how";
        assert_eq!(told("", body), [row("x", none, 1)]);
        assert_eq!(told("grpc-encoding: gzip\r\n", body), [row("", "its gzip data ended early", 5)]);
        let damaged = b"\x01\0\0\0\x10xxxxxxxxxxxxxxxx";
        assert_eq!(told("grpc-encoding: gzip\r\n", damaged), [row("", "its gzip data is damaged", 5)]);
    }

    #[test]
    fn trailers_of_grpc_web_say_the_status() {
        let trailers = b"grpc-status: 5\r\ngrpc-message: no%20such\r\n";
        let body = [&[0x80, 0, 0, 0, u8::try_from(trailers.len()).unwrap()][..], trailers].concat();
        let head = Head::parse(Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n"));
        let message = probe::split(|| Calls::new(Side::Origin, &head, true, 99), &body).remove(0);
        assert_eq!(message.says, "trailers: 5 NOT_FOUND: no such");
    }

    proptest! {
        #[test]
        fn any_octets_in_any_chunks_give_the_same(
            bytes in prop::collection::vec(prop::sample::select(&[0_u8, 0, 0, 0, 1, 2, 3, 0x80, 0xff][..]), 0..60),
            chunk in 1_usize..9,
        ) {
            let messages = probe::chunked(|| calls("grpc-encoding: gzip\r\n", true), &bytes, chunk);
            prop_assert_eq!(messages.iter().map(|message| message.wire).sum::<u64>(), bytes.len() as u64);
        }
    }
}
