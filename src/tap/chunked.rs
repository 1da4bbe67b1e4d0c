//! The chunked transfer coding, read strictly and handed on canonically (RFC 9112 7.1).
//!
//! What hyper gets is `size CRLF data CRLF … 0 CRLF CRLF` whatever the peer's spelling was:
//! leading zeros, extensions and the trailer section stay here.

use crate::hop::Fault;
use bytes::{Buf, Bytes, BytesMut};

/// A chunk-size line or trailer section longer than this is refused: extensions carry nothing we pass on.
const LINE_LIMIT: usize = 16 * 1024;

/// Where in a chunked body the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size,
    Data(u64),
    DataEnd,
    Trailers,
}

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
    at: At,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self { at: At::Size }
    }

    /// Moves what is complete from `input` to `output`.
    pub(super) fn feed(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<Step, Fault> {
        loop {
            match self.at {
                At::Size => match take_line(input)? {
                    None => return Ok(Step::Hungry),
                    Some(line) => self.size(&line, output)?,
                },
                At::Data(left) => {
                    let part = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    if part == 0 {
                        return Ok(Step::Hungry);
                    }
                    output.extend_from_slice(&input[..part]);
                    input.advance(part);
                    self.at = match left - part as u64 {
                        0 => At::DataEnd,
                        rest => At::Data(rest),
                    };
                }
                At::DataEnd => match input.get(..2) {
                    None if input.first().is_some_and(|byte| *byte != b'\r') => return Err(no_line_end()),
                    None => return Ok(Step::Hungry),
                    Some(b"\r\n") => {
                        input.advance(2);
                        output.extend_from_slice(b"\r\n");
                        self.at = At::Size;
                    }
                    Some(_) => return Err(no_line_end()),
                },
                At::Trailers => return self.trailers(input, output),
            }
        }
    }

    /// Data of the current chunk that may be read past this reader, straight to hyper.
    pub(super) fn direct(&self) -> Option<u64> {
        match self.at {
            At::Data(left) => Some(left),
            _ => None,
        }
    }

    /// Counts bytes that were read past this reader.
    pub(super) fn passed(&mut self, count: u64) {
        if let At::Data(left) = self.at {
            self.at = if left == count { At::DataEnd } else { At::Data(left.saturating_sub(count)) };
        }
    }

    fn size(&mut self, line: &[u8], output: &mut BytesMut) -> Result<(), Fault> {
        let size = chunk_size(line)?;
        if size == 0 {
            self.at = At::Trailers;
        } else {
            output.extend_from_slice(format!("{size:x}\r\n").as_bytes());
            self.at = At::Data(size);
        }
        Ok(())
    }

    fn trailers(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<Step, Fault> {
        if input.starts_with(b"\r\n") {
            input.advance(2);
            output.extend_from_slice(b"0\r\n\r\n");
            return Ok(Step::End(None));
        }
        match memchr::memmem::find(input, b"\r\n\r\n") {
            Some(end) => {
                let section = input.split_to(end + 4).freeze();
                check_trailers(&section)?;
                output.extend_from_slice(b"0\r\n\r\n");
                Ok(Step::End(Some(section.slice(..end + 2))))
            }
            None if input.len() > LINE_LIMIT => {
                Err(fault("RFC 9112 7.1.2", "the trailer section is over 16 KiB"))
            }
            None => Ok(Step::Hungry),
        }
    }
}

/// Takes one CRLF-ended line; a bare LF is no line end here (RFC 9112 2.2 lets us refuse it).
fn take_line(input: &mut BytesMut) -> Result<Option<BytesMut>, Fault> {
    match memchr::memchr(b'\n', input) {
        Some(at) if at > 0 && input[at - 1] == b'\r' => {
            let line = input.split_to(at - 1);
            input.advance(2);
            Ok(Some(line))
        }
        Some(_) => Err(fault("RFC 9112 7.1", "a chunk-size line ends in a bare LF")),
        None if input.len() > LINE_LIMIT => Err(fault("RFC 9112 7.1.1", "a chunk-size line is over 16 KiB")),
        None => Ok(None),
    }
}

/// `1*HEXDIG`, then only a chunk extension may follow (RFC 9112 7.1.1).
fn chunk_size(line: &[u8]) -> Result<u64, Fault> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = line[digits..].trim_ascii_start();
    if digits == 0 || !(rest.is_empty() || rest[0] == b';') || rest.iter().any(|b| *b < 0x20 && *b != b'\t') {
        return Err(fault("RFC 9112 7.1", "a chunk-size line does not begin with a hexadecimal size"));
    }
    let significant = line[..digits].iter().skip_while(|byte| **byte == b'0').count();
    if significant > 15 {
        return Err(fault("RFC 9112 7.1", "a chunk size is too large to be meant"));
    }
    let value = |sum: u64, byte: &u8| sum * 16 + u64::from(char::from(*byte).to_digit(16).unwrap_or(0));
    Ok(line[..digits].iter().fold(0, value))
}

fn check_trailers(section: &[u8]) -> Result<(), Fault> {
    for line in section[..section.len() - 4].split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let name = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let clean = !line.iter().any(|b| matches!(b, b'\r' | 0));
        if name == 0 || !clean || line[..name].iter().any(|b| *b <= b' ' || *b >= 0x7f) {
            return Err(fault("RFC 9112 7.1.2", "a trailer line is not name: value"));
        }
    }
    Ok(())
}

fn no_line_end() -> Fault {
    fault("RFC 9112 7.1", "a chunk's data is not followed by CRLF: its size is wrong")
}

fn fault(clause: &'static str, says: &str) -> Fault {
    Fault { status: 400, offset: 0, clause, says: says.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &[u8], piece: usize) -> Result<(Vec<u8>, Option<Bytes>, Vec<u8>), Fault> {
        let (mut reader, mut input, mut output) = (Chunked::new(), BytesMut::new(), BytesMut::new());
        for part in wire.chunks(piece) {
            input.extend_from_slice(part);
            if let Step::End(trailers) = reader.feed(&mut input, &mut output)? {
                return Ok((output.to_vec(), trailers, input.to_vec()));
            }
        }
        Ok((output.to_vec(), None, b"(hungry)".to_vec()))
    }

    #[test]
    fn rfc9112_7_1_sizes_extensions_and_trailers() {
        for piece in [1, 3, 1000] {
            let wire = b"0005;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n000\r\nX-T: 1\r\ny:2\r\n\r\nGET";
            let (out, trailers, _) = read(wire, piece).unwrap();
            assert_eq!(out, b"5\r\nhello\r\na\r\n0123456789\r\n0\r\n\r\n");
            assert_eq!(trailers.as_deref(), Some(&b"X-T: 1\r\ny:2\r\n"[..]));
        }
        assert_eq!(read(b"0\r\n\r\nGET", 100).unwrap(), (b"0\r\n\r\n".to_vec(), None, b"GET".to_vec()));
    }

    #[test]
    fn rfc9112_7_1_faults() {
        for bad in [
            &b"x\r\n"[..],
            b"\r\n",
            b"-1\r\n",
            b"5\nhello",
            b"5 x\r\n",
            b"5\r\nhelloo\r\n",
            b"5\r\nhello\n0\r\n\r\n",
            b"fffffffffffffffff\r\n",
            b"0\r\nbad line\r\n\r\n",
            b"0\r\n: x\r\n\r\n",
        ] {
            assert!(read(bad, 1000).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
