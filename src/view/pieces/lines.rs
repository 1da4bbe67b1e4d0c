//! JSON texts one a line (NDJSON, JSON lines), or each behind a record separator (RFC 7464).

use super::kept::Kept;
use super::{Splitter, remark};
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use serde::de::IgnoredAny;

/// Stands before each text of `application/json-seq` (RFC 7464 2.2).
const SEPARATOR: u8 = 0x1e;

/// Splits a body at its line ends.
#[derive(Debug)]
pub struct Lines {
    side: Side,
    /// Texts begin at a separator; a line end within one is white space.
    sequence: bool,
    text: Kept,
    /// Whether anything but white space came.
    begun: bool,
    /// White space behind the last octet that is none: no part of the text.
    trailing: u64,
    separated: bool,
    nesting: Nesting,
    wire: u64,
}

impl Lines {
    /// For what `side` sends; `sequence` is RFC 7464's form.
    #[must_use]
    pub fn new(side: Side, sequence: bool, max_payload: usize) -> Self {
        Self {
            side,
            sequence,
            text: Kept::new(max_payload),
            begun: false,
            trailing: 0,
            separated: false,
            nesting: Nesting::default(),
            wire: 0,
        }
    }

    /// What stands before the next line end or separator, and the rest from that on.
    fn split<'a>(&self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let end = if self.sequence {
            memchr::memchr2(b'\n', SEPARATOR, bytes)
        } else {
            memchr::memchr(b'\n', bytes)
        };
        bytes.split_at_checked(end?)
    }

    fn take(&mut self, bytes: &[u8]) {
        self.wire += bytes.len() as u64;
        let bytes = if self.begun { bytes } else { bytes.trim_ascii_start() };
        if bytes.is_empty() {
            return;
        }
        self.begun = true;
        let solid = bytes.trim_ascii_end().len();
        let behind = (bytes.len() - solid) as u64;
        self.trailing = if solid == 0 { self.trailing + behind } else { behind };
        self.text.push(bytes);
        if self.sequence {
            self.nesting.take(bytes);
        }
    }

    /// The text is over, unless it is white space only.
    fn over(&mut self, at: u64) -> Option<Message> {
        let (begun, trailing) = (std::mem::take(&mut self.begun), std::mem::take(&mut self.trailing));
        if !begun {
            return None;
        }
        let separated = std::mem::take(&mut self.separated);
        self.nesting = Nesting::default();
        let wire = std::mem::take(&mut self.wire);
        let mut message = self.text.message(self.side, MessageForm::Line, wire, String::new(), at);
        message.length -= trailing;
        message.payload.truncate(usize::try_from(message.length).unwrap_or(usize::MAX));
        if message.payload.len() as u64 == message.length {
            message.flags = MessageFlags::default();
        }
        if self.sequence && !separated {
            remark(&mut message.says, "no record separator stands before it (RFC 7464 2.2)");
        }
        Some(message)
    }

    /// The text is over without its line end: RFC 7464 2.4 takes it for cut unless it must be whole.
    fn broke_off(&mut self, words: &str, at: u64) -> Option<Message> {
        let mut message = self.over(at)?;
        let whole = serde_json::from_slice::<IgnoredAny>(&message.payload).is_ok();
        if whole && matches!(message.payload.last(), Some(b'}' | b']' | b'"')) {
            return Some(message);
        }
        message.flags.add(MessageFlags::UNFINISHED);
        remark(&mut message.says, words);
        Some(message)
    }
}

impl Splitter for Lines {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        while let Some((text, [end, rest @ ..])) = self.split(bytes) {
            bytes = rest;
            self.take(text);
            if *end == SEPARATOR {
                out.extend(self.broke_off("the next text begins before its line end (RFC 7464 2.4)", at));
                self.separated = true;
            } else if self.sequence && !self.nesting.is_whole() {
                self.take(b"\n");
                continue;
            }
            self.wire += 1;
            if *end == b'\n' {
                out.extend(self.over(at));
            }
        }
        self.take(bytes);
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        out.extend(self.broke_off("its line end never came", at));
    }
}

/// How deep a JSON text is nested where its reading stands: only at depth 0 a line end can end it.
#[derive(Debug, Default)]
struct Nesting {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    fn take(&mut self, bytes: &[u8]) {
        for octet in bytes {
            match octet {
                _ if std::mem::take(&mut self.escaped) => {}
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth = self.depth.saturating_add(1),
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe;
    use super::*;
    use proptest::prelude::*;

    fn split(body: &str, sequence: bool) -> Vec<(String, u64, String)> {
        probe::split(|| Lines::new(Side::Origin, sequence, 16), body.as_bytes())
            .iter()
            .map(|line| (String::from_utf8_lossy(&line.payload).into_owned(), line.length, line.says.clone()))
            .collect()
    }

    fn line(text: &str, says: &str) -> (String, u64, String) {
        (text.to_owned(), text.len() as u64, says.to_owned())
    }

    #[test]
    fn lines_of_json() {
        let expected = [line("{\"a\":1}", ""), line("2", ""), line("[3]", "")];
        assert_eq!(split("{\"a\":1}\r\n\n2\n \t\n[3]", false), expected);
        assert_eq!(split("{\"a\":", false), [line("{\"a\":", "its line end never came")]);
        assert_eq!(split("12", false), [line("12", "its line end never came")]);
    }

    #[test]
    fn rfc7464_2_a_text_is_whole_at_its_line_end() {
        let expected = [line("{\"a\":1}", ""), line("2", ""), line("[\n3]", "")];
        assert_eq!(split("\u{1e}{\"a\":1}\n\u{1e}\u{1e}2\n\u{1e}[\n3]\n", true), expected);
        let (mut lines, mut out) = (Lines::new(Side::Origin, true, 16), Vec::new());
        lines.feed(b"\x1e{}\n", 3, &mut out);
        assert_eq!((out.len(), out[0].wire), (1, 4), "not only when the next one comes");
    }

    #[test]
    fn rfc7464_2_4_texts_that_are_cut() {
        let cut = "the next text begins before its line end (RFC 7464 2.4)";
        assert_eq!(
            split("\u{1e}12\u{1e}{\"\u{1e}[]\n", true),
            [line("12", cut), line("{\"", cut), line("[]", "")]
        );
        let alone = "no record separator stands before it (RFC 7464 2.2)";
        assert_eq!(split("1\n\u{1e}2\n3\n", true), [line("1", alone), line("2", ""), line("3", alone)]);
    }

    #[test]
    fn a_long_line_is_cut_and_counted() {
        assert_eq!(
            split(&format!("{}\n1\n", "x".repeat(40)), false),
            [("x".repeat(16), 40, String::new()), line("1", "")]
        );
        assert_eq!(split(&format!("{}\r\n", "x".repeat(16)), false), [line(&"x".repeat(16), "")]);
    }

    proptest! {
        #[test]
        fn any_octets_in_any_chunks_give_the_same(body in "[\r\n {}\"\\\\1a\u{1e}]{0,60}", chunk in 1_usize..9, sequence: bool) {
            probe::chunked(|| Lines::new(Side::Client, sequence, 9), body.as_bytes(), chunk);
        }
    }
}
