//! Writes the new head line by line and keeps the ledger of what differs.

use super::names::name;
use super::syntax::{count, is_blank};
use super::{Forwarded, Framing};
use crate::exchange::{Cause, Edit, Field, Head};

/// A head being written. Lines are taken in the order received: each is kept, dropped or
/// replaced, and new ones are added between them.
pub(super) struct Writer<'a> {
    received: &'a Head,
    out: Vec<u8>,
    edits: Vec<Edit>,
    /// Whether any line is folded; most heads have none, and are then copied unread.
    folded: bool,
    /// Number of the next received line.
    before: u16,
    /// Number of the next line to write.
    after: u16,
}

impl<'a> Writer<'a> {
    /// Begins with the start line next.
    pub(super) fn new(received: &'a Head) -> Self {
        let raw = received.raw();
        let line_ends = count(raw, b'\n');
        Self {
            received,
            out: Vec::with_capacity(raw.len() + 96),
            edits: Vec::with_capacity(8),
            folded: line_ends != received.fields().len() + 2,
            before: 0,
            after: 0,
        }
    }

    /// Writes the start line from its parts, with every cause that holds.
    pub(super) fn start(&mut self, parts: &[&[u8]], causes: &[(bool, Cause)]) {
        self.push(parts);
        for (_, cause) in causes.iter().filter(|(holds, _)| *holds) {
            self.edits.push(Edit { before: Some(0), after: Some(0), cause: *cause });
        }
        self.before += 1;
        self.after += 1;
    }

    /// Keeps a line: its exact bytes, unless it is folded or has blanks before its colon.
    pub(super) fn keep(&mut self, field: &Field<'_>) {
        let folded = self.folded && memchr::memchr(b'\r', field.line).is_some();
        let spaced = field.name.last().is_some_and(|byte| is_blank(*byte));
        if folded || spaced {
            return self.repair(field, folded, spaced);
        }
        self.push(&[field.line]);
        self.step();
    }

    /// Leaves a line out.
    pub(super) fn drop(&mut self, cause: Cause) {
        self.edits.push(Edit { before: Some(self.before), after: None, cause });
        self.before = self.before.saturating_add(1);
    }

    /// Writes `name: value` in place of a line, under the name as received; the same
    /// bytes as before are no change.
    pub(super) fn replace(&mut self, field: &Field<'_>, value: &[&[u8]], cause: Cause) {
        let from = self.out.len();
        self.out.extend_from_slice(name(field));
        self.out.extend_from_slice(b": ");
        self.push(value);
        if self.out.get(from..self.out.len() - 2) != Some(field.line) {
            self.edits.push(Edit { before: Some(self.before), after: Some(self.after), cause });
        }
        self.step();
    }

    /// Writes a line that was not received.
    pub(super) fn add(&mut self, parts: &[&[u8]], cause: Cause) {
        self.push(parts);
        self.edits.push(Edit { before: None, after: Some(self.after), cause });
        self.after = self.after.saturating_add(1);
    }

    /// Ends the head with its empty line.
    pub(super) fn finish(mut self, framing: Framing, persistent: bool) -> Forwarded {
        debug_assert_eq!(usize::from(self.before), self.received.fields().len() + 1);
        self.out.extend_from_slice(b"\r\n");
        Forwarded { raw: self.out.into(), edits: self.edits, framing, persistent }
    }

    fn repair(&mut self, field: &Field<'_>, folded: bool, spaced: bool) {
        self.out.extend_from_slice(name(field));
        unfold(&mut self.out, &field.line[field.name.len()..]);
        self.out.extend_from_slice(b"\r\n");
        for (holds, cause) in [(folded, Cause::Unfolded), (spaced, Cause::SpaceBeforeColon)] {
            if holds {
                self.edits.push(Edit { before: Some(self.before), after: Some(self.after), cause });
            }
        }
        self.step();
    }

    fn push(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.out.extend_from_slice(part);
        }
        self.out.extend_from_slice(b"\r\n");
    }

    fn step(&mut self) {
        self.before = self.before.saturating_add(1);
        self.after = self.after.saturating_add(1);
    }
}

/// Replaces each obs-fold (`OWS CRLF RWS`) with one space (RFC 9112 5.2).
fn unfold(out: &mut Vec<u8>, mut text: &[u8]) {
    while let Some(at) = memchr::memchr(b'\r', text) {
        let (before, rest) = text.split_at(at);
        let blanks_before = before.iter().rev().take_while(|byte| is_blank(**byte)).count();
        out.extend_from_slice(&before[..before.len() - blanks_before]);
        out.push(b' ');
        let rest = rest.get(2..).unwrap_or_default();
        let blanks_behind = rest.iter().take_while(|byte| is_blank(**byte)).count();
        text = &rest[blanks_behind..];
    }
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9112_5_2_each_fold_becomes_one_space() {
        for (text, expected) in [
            (": a", ": a"),
            (": a\r\n b", ": a b"),
            (": a \t\r\n\t  b\r\n c ", ": a b c "),
            (":\r\n b", ": b"),
            (": a\r\n ", ": a "),
            (": a\r\n \r\n b", ": a  b"),
        ] {
            let mut out = Vec::new();
            unfold(&mut out, text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text:?}");
        }
    }
}
