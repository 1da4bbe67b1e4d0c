//! The chunked transfer coding, walked by `hop` and handed on canonically (RFC 9112 7.1).
//!
//! What hyper gets is `size CRLF data CRLF … 0 CRLF CRLF` whatever the peer's spelling was:
//! leading zeros, extensions and the trailer section stay here.

use crate::hop::{Chunks, Fault};
use bytes::{Buf, Bytes, BytesMut};

/// What a step of reading came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More input is needed.
    Hungry,
    /// The body ended; its trailer section as on the wire (without the empty line), if it had lines.
    End(Option<Bytes>),
}

/// A reader of one chunked body.
#[derive(Debug)]
pub(super) struct Chunked {
    walk: Chunks,
    /// Data has been handed on and its CRLF has not.
    owes_line_end: bool,
}

impl Chunked {
    /// Of a body with these chunks.
    pub(super) fn new(walk: Chunks) -> Self {
        Self { walk, owes_line_end: false }
    }

    /// Moves what is complete from `input` to `output`.
    pub(super) fn feed(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<Step, Fault> {
        loop {
            if self.walk.ahead() > 0 {
                let part = self.direct_room(input.len());
                if part == 0 {
                    return Ok(Step::Hungry);
                }
                output.extend_from_slice(&input[..part]);
                input.advance(part);
                self.passed(part as u64);
                continue;
            }
            if std::mem::take(&mut self.owes_line_end) {
                output.extend_from_slice(b"\r\n");
            }
            if !self.coding(input, output)? {
                return Ok(Step::Hungry);
            }
            if self.walk.is_over() {
                output.extend_from_slice(b"0\r\n\r\n");
                let section = self.walk.trailers().unwrap_or_default();
                return Ok(Step::End((!section.is_empty()).then(|| Bytes::copy_from_slice(section))));
            }
        }
    }

    /// Data of the current chunk that may be read past this reader, straight to hyper.
    pub(super) fn direct(&self) -> Option<u64> {
        Some(self.walk.ahead()).filter(|ahead| *ahead > 0)
    }

    /// Counts bytes that were read past this reader.
    pub(super) fn passed(&mut self, count: u64) {
        self.walk.pass(count);
        self.owes_line_end = self.walk.ahead() == 0;
    }

    fn direct_room(&self, available: usize) -> usize {
        available.min(usize::try_from(self.walk.ahead()).unwrap_or(usize::MAX))
    }

    /// Walks sizes, extensions, line ends and trailers until data begins or the body is over;
    /// false when the input ran out before.
    fn coding(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<bool, Fault> {
        use std::fmt::Write;
        let mut walked = 0;
        while walked < input.len() && self.walk.ahead() == 0 && !self.walk.is_over() {
            walked += self.walk.scan(&input[walked..=walked])?;
        }
        input.advance(walked);
        if self.walk.ahead() > 0 {
            let _ = write!(output, "{:x}\r\n", self.walk.ahead());
        }
        Ok(self.walk.ahead() > 0 || self.walk.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::Bounds;

    const BOUNDS: Bounds = Bounds { fields: 100, head: 8 * 1024 };

    /// What hyper got, the trailers, and what is left behind the body.
    type Read = (Vec<u8>, Option<Bytes>, Vec<u8>);

    fn read(wire: &[u8], piece: usize) -> Result<Read, Fault> {
        let (mut reader, mut input, mut output) =
            (Chunked::new(Chunks::of_request(BOUNDS)), BytesMut::new(), BytesMut::new());
        let mut ended = None;
        for part in wire.chunks(piece) {
            input.extend_from_slice(part);
            if ended.is_none()
                && let Step::End(trailers) = reader.feed(&mut input, &mut output)?
            {
                ended = Some(trailers);
            }
        }
        Ok((output.to_vec(), ended.unwrap_or(Some(Bytes::from_static(b"(hungry)"))), input.to_vec()))
    }

    #[test]
    fn rfc9112_7_1_sizes_extensions_and_trailers() {
        for piece in [1, 3, 1000] {
            let wire = b"0005;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n000\r\nX-T: 1\r\ny:2\r\n\r\nGET";
            let (out, trailers, rest) = read(wire, piece).unwrap();
            assert_eq!(out, b"5\r\nhello\r\na\r\n0123456789\r\n0\r\n\r\n");
            assert_eq!(trailers.as_deref(), Some(&b"X-T: 1\r\ny:2\r\n"[..]));
            assert_eq!(rest, b"GET");
        }
        assert_eq!(read(b"0\r\n\r\nGET", 100).unwrap(), (b"0\r\n\r\n".to_vec(), None, b"GET".to_vec()));
    }

    #[test]
    fn rfc9112_7_1_faults() {
        for bad in [&b"x\r\n"[..], b"5\nhello", b"5\r\nhelloo\r\n", b"0\r\nbad line\r\n\r\n"] {
            assert!(read(bad, 1000).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
