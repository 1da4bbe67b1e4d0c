//! JSON texts one a line (NDJSON, JSON lines), or each behind a record separator (RFC 7464).

use super::Splitter;
use super::bounded::Bounded;
use crate::exchange::{Message, MessageFlags, MessageForm, Side};

/// Stands before each text of `application/json-seq` (RFC 7464 2.2).
const RECORD_SEPARATOR: u8 = 0x1e;

/// Splits a body at its line ends.
pub(super) struct Lines {
    side: Side,
    line: Bounded,
    wire: u64,
    /// Texts begin at a separator; a line end within one is white space.
    sequence: bool,
    max_payload: usize,
}

impl Lines {
    pub(super) fn new(side: Side, sequence: bool, max_payload: usize) -> Self {
        Self { side, line: Bounded::new(max_payload), wire: 0, sequence, max_payload }
    }

    /// What stands between two separators, unless it is white space only.
    fn over(&mut self, at: u64) -> Option<Message> {
        let wire = std::mem::take(&mut self.wire);
        let line = std::mem::replace(&mut self.line, Bounded::new(self.max_payload));
        let mut message = line.into_message(at, self.side, MessageForm::Line, wire, String::new());
        let text = message.payload.trim_ascii();
        message.payload = message.payload.slice_ref(text);
        if !message.flags.has(MessageFlags::TRUNCATED) {
            message.length = message.payload.len() as u64;
        }
        (message.length > 0).then_some(message)
    }
}

impl Splitter for Lines {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        let separator = if self.sequence { RECORD_SEPARATOR } else { b'\n' };
        while let Some(end) = memchr::memchr(separator, bytes) {
            let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, b""));
            self.line.extend(line);
            self.wire += line.len() as u64 + 1;
            out.extend(self.over(at));
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.line.extend(bytes);
        self.wire += bytes.len() as u64;
        // A text of a sequence is whole at its line end, long before the next one's separator.
        if self.sequence && bytes.last() == Some(&b'\n') {
            out.extend(self.over(at));
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        out.extend(self.over(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(body: &str, sequence: bool, chunk: usize) -> Vec<(String, u64)> {
        let (mut lines, mut out) = (Lines::new(Side::Origin, sequence, 16), Vec::new());
        for part in body.as_bytes().chunks(chunk) {
            lines.feed(part, 0, &mut out);
        }
        lines.end(0, &mut out);
        out.iter().map(|line| (String::from_utf8_lossy(&line.payload).into_owned(), line.length)).collect()
    }

    #[test]
    fn lines_of_json() {
        let expected = [("{\"a\":1}".to_owned(), 7), ("2".to_owned(), 1), ("[3]".to_owned(), 3)];
        for chunk in [1, 2, 100] {
            assert_eq!(split("{\"a\":1}\r\n\n2\n[3]", false, chunk), expected);
            assert_eq!(split("\u{1e}{\"a\":1}\n\u{1e}2\n\u{1e}[3]\n", true, chunk), expected);
        }
    }

    #[test]
    fn a_long_line_is_cut_and_counted() {
        assert_eq!(
            split(&format!("{}\n1\n", "x".repeat(40)), false, 7),
            [("x".repeat(16), 40), ("1".to_owned(), 1)]
        );
    }
}
