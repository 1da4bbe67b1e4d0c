//! One row of the pretty print, read from its first byte: needs no knowledge of what comes before.

use super::machine::is_close;
use crate::view::Ink;
use std::ops::Range;

/// A row's tokens.
#[derive(Debug, Default)]
pub struct Scan {
    /// What stands there, in order, without blanks between.
    pub tokens: Vec<(Ink, Range<usize>)>,
    /// The place of the value among the bytes; of the bracket, where it opens something.
    pub value: Range<usize>,
    /// Whether the row opens a bracket that the following rows close.
    pub opens: bool,
    /// Where the next row begins; `None` where the bytes did not reach so far.
    pub next: Option<usize>,
}

/// Reads the row at the beginning of some bytes.
#[must_use]
pub fn scan(bytes: &[u8]) -> Scan {
    let mut scanner = Scanner { bytes, at: 0, scan: Scan::default() };
    scanner.row();
    scanner.scan
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    scan: Scan,
}

impl Scanner<'_> {
    fn row(&mut self) {
        match self.peek() {
            Some(close) if is_close(close) => self.token(Ink::Punctuation, 1),
            Some(b'"') => {
                let text = self.at..self.at + string(self.rest());
                self.at = text.end;
                if self.peek() == Some(b':') {
                    self.scan.tokens.push((Ink::Key, text));
                    self.token(Ink::Punctuation, 1);
                    self.value();
                } else {
                    self.scan.value = text.clone();
                    self.scan.tokens.push((Ink::String, text));
                }
            }
            _ => self.value(),
        }
        if !self.scan.opens && self.peek() == Some(b',') {
            self.token(Ink::Punctuation, 1);
        }
        self.scan.next = self.peek().map(|_| self.at);
    }

    fn value(&mut self) {
        let Some(first) = self.peek() else { return };
        let from = self.at;
        match first {
            b'"' => {
                let length = string(self.rest());
                self.token(Ink::String, length);
            }
            b'[' | b'{' => {
                self.token(Ink::Punctuation, 1);
                // Behind an opening bracket only its own closing one may come; others are a break.
                match self.peek() {
                    Some(close) if is_close(close) => self.token(Ink::Punctuation, 1),
                    _ => self.scan.opens = true,
                }
            }
            _ => {
                let length = self.rest().iter().take_while(|byte| is_word(**byte)).count();
                // Never without progress, whatever stands there.
                self.token(Ink::Number, length.max(1));
            }
        }
        let end = if self.scan.opens { from + 1 } else { self.at };
        self.scan.value = from..end;
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        let blanks = self.rest().iter().take_while(|byte| is_blank(**byte)).count();
        self.at += blanks;
        self.rest().first().copied()
    }

    fn token(&mut self, ink: Ink, length: usize) {
        let end = (self.at + length).min(self.bytes.len());
        self.scan.tokens.push((ink, self.at..end));
        self.at = end;
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1e)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// Bytes of the string at the beginning, quotes included; all bytes where it does not end.
fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}
