//! Parts of a multipart body that is a stream (RFC 2046 5.1): `multipart/x-mixed-replace`, which shows
//! one part after the other, and `multipart/mixed`, which answers piece by piece.
//!
//! ```text
//!   --boundary CRLF  head CRLF CRLF  content CRLF --boundary CRLF ... CRLF --boundary--
//! ```
//! A part is over with the line of the boundary behind it: the line end before that belongs to it.

use super::kept::Kept;
use super::{Splitter, remark};
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use memchr::memchr;

/// Octets kept of a part's head.
const HEAD: usize = 4096;

/// Octets of a head that are said.
const SAID: usize = 256;

/// Splits a body at its boundaries.
#[derive(Debug)]
pub struct Parts {
    side: Side,
    /// What begins a line that is a boundary. Some senders name the boundary with its hyphens and do not
    /// write two more: either way is taken.
    delimiters: Vec<Vec<u8>>,
    state: State,
    /// The line end before this line, which belongs to a boundary if the line is one; within a line, a CR
    /// that may begin its end.
    line_end: Vec<u8>,
    /// The line's octets while it may be a boundary.
    candidate: Option<Vec<u8>>,
    /// Whether the line has octets.
    has_text: bool,
    head: Kept,
    content: Kept,
    wire: u64,
    came: bool,
}

/// Where the reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first boundary.
    Preamble,
    /// In a part's head.
    Head,
    /// In a part's content.
    Content,
    /// Behind the last boundary.
    Epilogue,
}

/// What a line that begins so is.
enum Begins {
    /// A boundary perhaps: more octets decide.
    Perhaps,
    /// A boundary's whole line, or enough of the last one's.
    Boundary { last: bool },
    /// Any other line.
    Other,
}

impl Parts {
    /// For what `side` sends, by the boundary that Content-Type names.
    #[must_use]
    pub fn new(side: Side, boundary: &[u8], max_payload: usize) -> Self {
        let mut delimiters = vec![[b"--", boundary].concat()];
        if boundary.starts_with(b"--") {
            delimiters.push(boundary.to_vec());
        }
        Self {
            side,
            delimiters,
            state: State::Preamble,
            line_end: Vec::new(),
            candidate: Some(Vec::new()),
            has_text: false,
            head: Kept::new(HEAD),
            content: Kept::new(max_payload),
            wire: 0,
            came: false,
        }
    }

    /// RFC 2046 5.1.1: a boundary stands at the beginning of a line, perhaps with two hyphens behind it,
    /// then white space, then the line end.
    fn begins(&self, line: &[u8]) -> Begins {
        for delimiter in &self.delimiters {
            if delimiter.starts_with(line) {
                return Begins::Perhaps;
            }
            match line.strip_prefix(delimiter.as_slice()) {
                Some(b"-") => return Begins::Perhaps,
                Some([b'-', b'-', ..]) => return Begins::Boundary { last: true },
                Some([white @ .., b'\n']) if is_white(white) => return Begins::Boundary { last: false },
                // White space without an end is no boundary: what is held is bounded.
                Some(white) if is_white(white) && white.len() < 64 => return Begins::Perhaps,
                _ => {}
            }
        }
        Begins::Other
    }

    /// One octet more of a line that may be a boundary.
    fn hold(&mut self, mut line: Vec<u8>, octet: u8, at: u64, out: &mut Vec<Message>) {
        line.push(octet);
        match self.begins(&line) {
            Begins::Perhaps => self.candidate = Some(line),
            Begins::Boundary { last } => {
                self.line_end.clear();
                out.extend(self.part(at));
                self.state = if last { State::Epilogue } else { State::Head };
                self.candidate = Some(Vec::new());
                self.has_text = false;
            }
            Begins::Other => {
                let line_end = std::mem::take(&mut self.line_end);
                self.content_of(&line_end);
                let mut line = line.as_slice();
                self.ordinary(&mut line);
            }
        }
    }

    /// Octets of a line that is no boundary, up to and with its end.
    fn ordinary(&mut self, bytes: &mut &[u8]) {
        if self.line_end == b"\r" && bytes.first() != Some(&b'\n') {
            self.line_end.clear();
            self.text(b"\r");
        }
        let end = memchr(b'\n', bytes);
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        let (text, returned) = match line {
            [text @ .., b'\r'] => (text, &b"\r"[..]),
            text => (text, &b""[..]),
        };
        self.text(text);
        self.line_end.extend_from_slice(returned);
        *bytes = rest;
        if end.is_some() {
            *bytes = rest.get(1..).unwrap_or_default();
            self.line_end.push(b'\n');
            self.line_over();
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        self.has_text |= !bytes.is_empty();
        match self.state {
            State::Head => self.head.push(bytes),
            _ => self.content_of(bytes),
        }
    }

    fn content_of(&mut self, bytes: &[u8]) {
        if self.state == State::Content {
            self.content.push(bytes);
        }
    }

    /// A head's line ends stand in the head; the empty line ends it, and is no part of the content.
    fn line_over(&mut self) {
        self.candidate = Some(Vec::new());
        let empty = !std::mem::take(&mut self.has_text);
        if self.state == State::Head {
            self.line_end.clear();
            self.head.push(b"\n");
            if empty {
                self.state = State::Content;
            }
        }
    }

    fn part(&mut self, at: u64) -> Option<Message> {
        if !matches!(self.state, State::Head | State::Content) {
            return None;
        }
        let says = says(&self.head.take());
        let wire = std::mem::take(&mut self.wire);
        Some(self.content.message(self.side, MessageForm::Part, wire, says, at))
    }
}

impl Splitter for Parts {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        self.came |= !bytes.is_empty();
        while !bytes.is_empty() && self.state != State::Epilogue {
            let before = bytes.len();
            if let (Some(line), Some((first, rest))) = (self.candidate.take(), bytes.split_first()) {
                bytes = rest;
                self.wire += 1;
                self.hold(line, *first, at, out);
            } else {
                self.ordinary(&mut bytes);
                self.wire += (before - bytes.len()) as u64;
            }
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        let mut line = self.candidate.take().unwrap_or_default();
        // A boundary without its line end ends a part all the same.
        line.push(b'\n');
        let over = matches!(self.begins(&line), Begins::Boundary { .. });
        line.pop();
        if !over {
            let line_end = std::mem::take(&mut self.line_end);
            self.content_of(&line_end);
            self.text(&line);
        }
        let begun = self.head.length() > 0 || self.content.length() > 0;
        if let Some(mut part) = self.part(at).filter(|_| begun) {
            if !over {
                part.flags.add(MessageFlags::UNFINISHED);
                remark(&mut part.says, "its end boundary never came");
            }
            out.push(part);
        } else if self.state == State::Preamble && self.came && !over {
            let words = "no line is the boundary that Content-Type names (RFC 2046 5.1.1)".to_owned();
            out.push(Kept::new(0).message(self.side, MessageForm::Broken, self.wire, words, at));
        }
    }
}

/// The media type, then the other fields in short.
fn says(head: &[u8]) -> String {
    let fields = head.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let fields: Vec<(String, String)> = fields
        .map(|line| {
            let colon = memchr(b':', line).unwrap_or(line.len());
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(value).into_owned())
        })
        .collect();
    let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
    let media = fields.iter().find(|(name, _)| is_type(name)).map(|(_, value)| value.clone());
    let others = fields.iter().filter(|(name, _)| !is_type(name));
    let told: Vec<String> =
        media.into_iter().chain(others.map(|(name, value)| format!("{name}: {value}"))).collect();
    told.join(", ").chars().take(SAID).collect()
}

fn is_white(bytes: &[u8]) -> bool {
    bytes.iter().all(|octet| matches!(octet, b' ' | b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::super::probe;
    use super::*;
    use proptest::prelude::*;

    const FRAMES: &[u8] = b"--XX\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n\r\n\xff\xd8\r\n\n\r\r\n--XX\r\nContent-Type: image/jpeg\r\n\r\n--XY\r\n--XX--\r\nepilogue";

    fn split(boundary: &str, body: &[u8]) -> Vec<(String, String)> {
        probe::split(|| Parts::new(Side::Origin, boundary.as_bytes(), 32), body)
            .iter()
            .map(|part| (part.payload.escape_ascii().to_string(), part.says.clone()))
            .collect()
    }

    fn part(content: &str, says: &str) -> (String, String) {
        (content.to_owned(), says.to_owned())
    }

    #[test]
    fn rfc2046_5_1_each_part_with_its_end_boundary() {
        assert_eq!(
            split("XX", FRAMES),
            [part("\\xff\\xd8\\r\\n\\n\\r", "image/jpeg, Content-Length: 6"), part("--XY", "image/jpeg")]
        );
        let (mut parts, mut out) = (Parts::new(Side::Origin, b"XX", 32), Vec::new());
        parts.feed(b"--XX\r\n\r\none\r\n--XX\r\n", 3, &mut out);
        assert_eq!((out.len(), out[0].wire, &out[0].payload[..]), (1, 19, &b"one"[..]));
    }

    #[test]
    fn rfc2046_5_1_1_preambles_padding_bare_line_ends_and_empty_parts() {
        assert_eq!(
            split("b", b"preamble --b\r\n--b \t\r\n\r\n1\r\n--b\r\n\r\n\r\n--b--"),
            [part("1", ""), part("", "")]
        );
        assert_eq!(split("b", b"--b\nA: 1\n\n1\n2\n--b\n\n--b--\n"), [part("1\\n2", "A: 1"), part("", "")]);
        // A line that only begins as a boundary does is content.
        assert_eq!(split("b", b"--b\r\n\r\n--bc\r\n--b-\r\n--b--"), [part("--bc\\r\\n--b-", "")]);
    }

    #[test]
    fn boundaries_named_with_their_hyphens() {
        assert_eq!(split("--b", b"--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--"), [part("1", ""), part("2", "")]);
        assert_eq!(split("--b", b"----b\r\n\r\n1\r\n----b--"), [part("1", "")]);
        assert_eq!(split("-", b"---\r\n\r\n{}\r\n-----\r\n"), [part("{}", "")]);
    }

    #[test]
    fn what_is_cut_is_unfinished_and_what_has_no_boundary_is_broken() {
        let cut = probe::split(|| Parts::new(Side::Origin, b"b", 32), b"--b\r\n\r\nhalf\r\n--");
        assert_eq!((&cut[0].payload[..], cut.len()), (&b"half\r\n--"[..], 1));
        assert!(cut[0].flags.has(MessageFlags::UNFINISHED));
        let none = probe::split(|| Parts::new(Side::Origin, b"b", 32), b"nothing\r\nof the kind");
        assert_eq!((none[0].form, none[0].wire, none.len()), (MessageForm::Broken, 20, 1));
        assert_eq!(split("b", b"--b\r\n\r\n1\r\n--b"), [part("1", "")]);
        assert_eq!(split("b", b""), []);
    }

    proptest! {
        #[test]
        fn any_octets_in_any_chunks_give_the_same(
            body in "(--b|--b--|\r\n|\n|\r|-|b|a| |A:){0,30}", chunk in 1_usize..9,
        ) {
            let parts = probe::chunked(|| Parts::new(Side::Origin, b"b", 5), body.as_bytes(), chunk);
            prop_assert!(parts.iter().all(|part| part.payload.len() <= 5));
        }
    }
}
