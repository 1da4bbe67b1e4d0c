//! The chunked coding, walked strictly: where it ends, its trailer section, its faults.
//!
//! "A recipient MUST be able to parse and decode the chunked transfer coding." (RFC 9112
//! 7.1) Decoding is the engine's work; this walk runs beside it, jumps over the data, and
//! keeps what the engine loses: the trailer section as it was written.

use super::syntax::{is_blank, is_control};
use super::{Bounds, Fault, check_trailers};

/// The walk over one chunked body, fed in pieces as they arrive.
#[derive(Debug)]
pub struct Chunks {
    state: State,
    bounds: Bounds,
    /// Bytes walked.
    offset: usize,
    /// Bytes of chunk extensions so far: of all chunks, or of this one.
    extensions: usize,
    /// Whether extensions are bounded together.
    together: bool,
    /// The trailer section, with its final empty line once that has come.
    section: Vec<u8>,
    /// Bytes of data so far, the coding removed.
    data: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the digits of a size; whether one has come.
    Size(u64, bool),
    /// In blanks or an extension behind a size.
    Extension(u64, bool),
    /// At the LF behind a size.
    SizeEnd(u64),
    /// So many bytes of data are left.
    Data(u64),
    /// At the CR, then at the LF behind data.
    DataCr,
    DataLf,
    Trailers,
    Over,
}

impl Chunks {
    /// At the first byte of a request's body. Extensions together, and the trailer section, may be
    /// as long as a head (RFC 9112 7.1.1: "limit the total length of chunk extensions received in a request").
    #[must_use]
    pub fn of_request(bounds: Bounds) -> Self {
        let state = State::Size(0, false);
        Self { state, bounds, offset: 0, extensions: 0, together: true, section: Vec::new(), data: 0 }
    }

    /// At the first byte of a response's body, which may go on for days: of each chunk the extensions may be as long
    /// as a head.
    #[must_use]
    pub fn of_response(bounds: Bounds) -> Self {
        Self { together: false, ..Self::of_request(bounds) }
    }

    /// Walks on, and tells how many of these bytes belong to the body: all, unless it
    /// ended among them. A fault (status 400; 502 in a response is the caller's to make)
    /// has its offset counted from the body's first byte, the coding included.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let mut at = 0;
        while let Some(rest @ [first, ..]) = bytes.get(at..)
            && self.state != State::Over
        {
            let walked = match self.state {
                State::Data(left) => self.skip(left, rest.len()),
                _ => self.step(*first)?,
            };
            at += walked;
            self.offset += walked;
        }
        Ok(at)
    }

    /// Bytes of data left in the chunk being walked; 0 outside of data.
    #[must_use]
    pub fn ahead(&self) -> u64 {
        match self.state {
            State::Data(left) => left,
            _ => 0,
        }
    }

    /// Walks over data that went past this walk, at most [`Chunks::ahead`] bytes.
    pub fn pass(&mut self, count: u64) {
        if let State::Data(left) = self.state {
            self.offset =
                self.offset.saturating_add(self.skip(left, usize::try_from(count).unwrap_or(usize::MAX)));
        }
    }

    /// Whether the body has ended, trailers included.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Bytes of data so far, without the coding.
    #[must_use]
    pub fn data(&self) -> u64 {
        self.data
    }

    /// The checked trailer section without its final empty line, once the body is over.
    #[must_use]
    pub fn trailers(&self) -> Option<&[u8]> {
        self.is_over().then(|| self.section.strip_suffix(b"\r\n").unwrap_or_default())
    }

    fn skip(&mut self, left: u64, here: usize) -> usize {
        let here = usize::try_from(left).map_or(here, |left| left.min(here));
        let walked = u64::try_from(here).unwrap_or(left);
        self.data += walked;
        self.state = if walked == left { State::DataCr } else { State::Data(left - walked) };
        here
    }

    fn step(&mut self, byte: u8) -> Result<usize, Fault> {
        self.state = match (self.state, byte) {
            (State::Size(size, _), _) if byte.is_ascii_hexdigit() => {
                State::Size(self.digit(size, byte)?, true)
            }
            (State::Size(size, true) | State::Extension(size, _), b'\r') => State::SizeEnd(size),
            // Blanks behind a size are padding of old servers; the size stands all the same.
            (State::Size(size, true), b' ' | b'\t') => State::Extension(size, false),
            (State::Size(size, true), b';') => State::Extension(size, true),
            (State::Extension(size, named), _) => self.extension(size, named, byte)?,
            (State::SizeEnd(0), b'\n') => State::Trailers,
            (State::SizeEnd(size), b'\n') => State::Data(size),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => self.next_chunk(),
            (State::Trailers, _) => self.trailer(byte)?,
            (state, _) => return Err(self.wrong(state)),
        };
        Ok(1)
    }

    fn next_chunk(&mut self) -> State {
        if !self.together {
            self.extensions = 0;
        }
        State::Size(0, false)
    }

    /// "Recipients MUST anticipate potentially large hexadecimal numerals and prevent
    /// parsing errors due to integer conversion overflows" (RFC 9112 7.1).
    fn digit(&self, size: u64, byte: u8) -> Result<u64, Fault> {
        let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
        size.checked_mul(16)
            .map(|size| size | digit)
            .ok_or_else(|| self.fault("RFC 9112 7.1", "A chunk's size is larger than any body can be."))
    }

    /// Extensions are for this hop only and ignored (RFC 9112 7.1.1), and bounded.
    fn extension(&mut self, size: u64, named: bool, byte: u8) -> Result<State, Fault> {
        self.extensions += 1;
        if self.extensions > self.bounds.head {
            return Err(
                self.fault("RFC 9112 7.1.1", "The chunk extensions are longer than limits.head allows.")
            );
        }
        if is_control(byte) || !(named || byte == b';' || is_blank(byte)) {
            return Err(self.wrong(State::Extension(size, named)));
        }
        Ok(State::Extension(size, named || byte == b';'))
    }

    fn trailer(&mut self, byte: u8) -> Result<State, Fault> {
        self.section.push(byte);
        if self.section.len() > self.bounds.head {
            return Err(
                self.fault("RFC 9112 7.1.2", "The trailer section is longer than limits.head allows.")
            );
        }
        if byte != b'\n' {
            return Ok(State::Trailers);
        }
        let [before @ .., b'\r', b'\n'] = self.section.as_slice() else {
            return Err(
                self.fault("RFC 9112 2.2", "A trailer line ends with a bare LF; it must end with CR LF.")
            );
        };
        if !(before.is_empty() || before.ends_with(b"\r\n")) {
            return Ok(State::Trailers);
        }
        let begin = self.offset + 1 - self.section.len();
        check_trailers(before, &self.bounds).map_err(|fault| Fault {
            status: 400,
            offset: begin + fault.offset,
            ..fault
        })?;
        Ok(State::Over)
    }

    fn wrong(&self, state: State) -> Fault {
        let says = match state {
            State::Size(_, false) => {
                "A chunk begins with its size in hexadecimal digits; here stands something else."
            }
            State::Size(..) | State::Extension(..) | State::SizeEnd(_) => {
                "Behind a chunk's size stands neither an extension nor CR LF."
            }
            _ => "A chunk's data is not followed by CR LF; its size does not fit.",
        };
        self.fault("RFC 9112 7.1", says)
    }

    fn fault(&self, clause: &'static str, says: &str) -> Fault {
        Fault::new(400, self.offset, clause, says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { fields: 4, head: 60 };

    fn walk(body: &str) -> Result<(usize, u64, bool), usize> {
        let mut chunks = Chunks::of_request(BOUNDS);
        let read = chunks.scan(body.as_bytes()).map_err(|fault| fault.offset)?;
        Ok((read, chunks.data(), chunks.is_over()))
    }

    #[test]
    fn rfc9112_7_1_chunks() {
        for (body, expected) in [
            ("0\r\n\r\n", Ok((5, 0, true))),
            ("0\r\n\r\nGET", Ok((5, 0, true))),
            ("3\r\nabc\r\n0\r\n\r\n", Ok((13, 3, true))),
            ("00a\r\n0123456789\r\n000\r\n\r\n", Ok((24, 10, true))),
            ("A\r\n0123", Ok((7, 4, false))),
            ("3 \t\r\nabc\r\n0\r\n\r\n", Ok((15, 3, true))),
            ("3 ;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n", Ok((28, 3, true))),
            ("\r\n", Err(0)),
            (";a\r\n", Err(0)),
            ("0x3\r\nabc", Err(1)),
            ("+3\r\n", Err(0)),
            ("-3\r\n", Err(0)),
            (" 3\r\n", Err(0)),
            ("3\nabc", Err(1)),
            ("3\rabc", Err(2)),
            ("3 3\r\nabc", Err(2)),
            ("3;a\nb\r\nabc", Err(3)),
            ("3;\0\r\nabc", Err(2)),
            ("3\r\nabcd\r\n", Err(6)),
            ("3\r\nab\r\n0\r\n", Err(6)),
            ("3\r\nabc\n0\r\n", Err(6)),
            ("3\r\nabc\r\r", Err(7)),
            ("FFFFFFFFFFFFFFFF0\r\n", Err(16)),
        ] {
            assert_eq!(walk(body), expected, "{body:?}");
        }
    }

    #[test]
    fn rfc9112_7_1_1_extensions_are_bounded_together_in_a_request_and_each_in_a_response() {
        let chunk = format!("1;{}\r\nx\r\n", "e".repeat(BOUNDS.head / 2));
        let two = chunk.repeat(3);
        assert!(Chunks::of_request(BOUNDS).scan(two.as_bytes()).is_err());
        assert!(Chunks::of_response(BOUNDS).scan(two.as_bytes()).is_ok());
        let long = format!("1;{}", "e".repeat(BOUNDS.head + 1));
        assert!(Chunks::of_response(BOUNDS).scan(long.as_bytes()).is_err());
    }

    #[test]
    fn rfc9112_7_1_2_trailers_are_kept_as_written() {
        let mut chunks = Chunks::of_request(BOUNDS);
        assert_eq!(chunks.scan(b"0\r\nX-Sum:  a\r\nx-b:c\r\n"), Ok(21));
        assert_eq!((chunks.is_over(), chunks.trailers()), (false, None));
        assert_eq!(chunks.scan(b"\r\nnext"), Ok(2));
        assert_eq!(chunks.trailers(), Some(&b"X-Sum:  a\r\nx-b:c\r\n"[..]));
        for (body, offset) in [
            ("0\r\nA b\r\n\r\n", 6),
            ("0\r\nA : b\r\n\r\n", 4),
            ("0\r\nA: b\n\n", 7),
            ("0\r\n\n", 3),
            ("0\r\nA: \0\r\n\r\n", 6),
        ] {
            assert_eq!(walk(body), Err(offset), "{body:?}");
        }
    }

    #[test]
    fn rfc9112_7_1_1_extensions_are_bounded_together() {
        let chunk = |len: usize| format!("1;{}\r\nd\r\n", "e".repeat(len));
        assert!(walk(&format!("{}{}0\r\n\r\n", chunk(30), chunk(30))).is_ok());
        assert!(walk(&format!("{}{}0\r\n\r\n", chunk(30), chunk(31))).is_err());
    }
}
