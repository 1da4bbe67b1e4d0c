//! gRPC-Web's text form: the same frames in base64, each run padded by itself (PROTOCOL-WEB.md).

use super::super::Splitter;
use super::super::kept::Kept;
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Base64 undone before another splitter; the octets that a message took are counted undone.
pub struct Text {
    inner: Box<dyn Splitter>,
    side: Side,
    /// Digits of a group of four that is not whole.
    group: Vec<u8>,
    rest: Option<Kept>,
}

impl Text {
    /// Puts a splitter behind base64.
    #[must_use]
    pub fn new(side: Side, inner: Box<dyn Splitter>) -> Self {
        Self { inner, side, group: Vec::with_capacity(4), rest: None }
    }

    fn broken(&self, words: &str, wire: u64, at: u64) -> Message {
        Kept::new(0).message(self.side, MessageForm::Broken, wire, words.to_owned(), at)
    }
}

impl Splitter for Text {
    fn feed(&mut self, bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        let mut plain = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
        for (place, octet) in bytes.iter().enumerate() {
            if let Some(rest) = &mut self.rest {
                return rest.push(bytes.get(place..).unwrap_or_default());
            }
            if octet.is_ascii_whitespace() {
                continue;
            }
            self.group.push(*octet);
            if self.group.len() < 4 {
                continue;
            }
            let mut three = [0; 3];
            let decoded = STANDARD.decode_slice(&self.group, &mut three);
            self.group.clear();
            if let Ok(count) = decoded {
                plain.extend_from_slice(three.get(..count).unwrap_or_default());
            } else {
                self.inner.feed(&plain, at, out);
                plain.clear();
                self.inner.end(at, out);
                out.push(self.broken("not base64: nothing behind it is read", 4, at));
                self.rest = Some(Kept::new(0));
            }
        }
        self.inner.feed(&plain, at, out);
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        if let Some(rest) = self.rest.take() {
            if rest.length() > 0 {
                out.push(self.broken("not read: behind what is not base64", rest.length(), at));
            }
            return;
        }
        self.inner.end(at, out);
        if !self.group.is_empty() {
            let mut cut = self.broken("cut within a group of base64", self.group.len() as u64, at);
            cut.flags.add(MessageFlags::UNFINISHED);
            out.push(cut);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe;
    use super::super::Calls;
    use super::*;
    use crate::exchange::Head;
    use bytes::Bytes;

    fn told(body: &[u8]) -> Vec<(String, String)> {
        let head = Head::parse(Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n"));
        let make = || Text::new(Side::Origin, Box::new(Calls::new(Side::Origin, &head, true, 99)));
        probe::split(make, body)
            .iter()
            .map(|message| (String::from_utf8_lossy(&message.payload).into_owned(), message.says.clone()))
            .collect()
    }

    #[test]
    fn runs_padded_by_themselves_are_one_stream() {
        let frame = |flag: u8, text: &str| {
            STANDARD
                .encode([&[flag, 0, 0, 0, u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat())
        };
        let body = frame(0, "hi") + &frame(0x80, "grpc-status: 0\r\n");
        let row = |text: &str, says: &str| (text.to_owned(), says.to_owned());
        assert_eq!(told(body.as_bytes()), [row("hi", ""), row("grpc-status: 0\r\n", "trailers: 0 OK")]);
        let broken = [
            row("", "not base64: nothing behind it is read"),
            row("", "not read: behind what is not base64"),
        ];
        assert_eq!(told(b"!!!!rest"), broken);
        assert_eq!(told(b"AAA"), [row("", "cut within a group of base64")]);
    }
}
