//! Writes the new head line by line and keeps the ledger of what differs.

use super::names::name;
use super::syntax::{count, is_blank, members};
use super::{Forwarded, Framing, forwards};
use crate::exchange::{Cause, Edit, Field, Head};

/// A head being written. Lines are taken in the order received: each is kept, dropped or
/// replaced, and new ones are added between them.
pub(super) struct Writer<'a> {
    received: &'a Head,
    out: Vec<u8>,
    edits: Vec<Edit>,
    /// Whether any line is folded; most heads have none, and are then copied unread.
    folded: bool,
    /// Whether lines are written as HTTP/2 has them: lower-case names, no odd spacing.
    http2: bool,
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
            http2: false,
            before: 0,
            after: 0,
        }
    }

    /// The same for a section of HTTP/2.
    pub(super) fn of_section(received: &'a Head) -> Self {
        Self { http2: true, ..Self::new(received) }
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
        if self.http2 {
            return self.keep_in_section(field, folded, spaced);
        }
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
        let lowered = self.push_name(name(field));
        self.out.extend_from_slice(b": ");
        self.push(value);
        if self.out.get(from..self.out.len() - 2) != Some(field.line) {
            self.changed(cause);
            if lowered {
                self.changed(Cause::LowerCase);
            }
        }
        self.step();
    }

    /// Writes a line that was not received.
    pub(super) fn add(&mut self, parts: &[&[u8]], cause: Cause) {
        let from = self.out.len();
        self.push(parts);
        if self.http2 {
            let line = self.out.get_mut(from..).unwrap_or_default();
            let name = memchr::memchr(b':', line).unwrap_or(0);
            line.get_mut(..name).unwrap_or_default().make_ascii_lowercase();
        }
        self.edits.push(Edit { before: None, after: Some(self.after), cause });
        self.after = self.after.saturating_add(1);
    }

    /// Keeps the first Content-Length line, said once: "replace that invalid field value with a
    /// single valid Content-Length field" (RFC 9110 8.6).
    pub(super) fn keep_length(&mut self, field: &Field<'_>, first: bool) {
        match members(field.value).next() {
            _ if !first => self.drop(Cause::RepeatedLength),
            Some(once) if once.len() < field.value.len() => {
                self.replace(field, &[once], Cause::RepeatedLength);
            }
            _ => self.keep(field),
        }
    }

    /// A Max-Forwards line, one fewer where the method asks for that (RFC 9110 7.6.2).
    pub(super) fn count_down(&mut self, field: &Field<'_>) {
        match forwards::one_fewer(self.received, field.value) {
            Some(fewer) => self.replace(field, &[fewer.to_string().as_bytes()], Cause::MaxForwards),
            None => self.keep(field),
        }
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
                self.changed(cause);
            }
        }
        self.step();
    }

    /// A line as HTTP/2 has it: HPACK carries a lower-case name and a value, and nothing of how
    /// they stood in a line.
    fn keep_in_section(&mut self, field: &Field<'_>, folded: bool, spaced: bool) {
        let lowered = self.push_name(name(field));
        self.out.extend_from_slice(b": ");
        if folded {
            unfold(&mut self.out, field.value);
        } else {
            self.out.extend_from_slice(field.value);
        }
        self.out.extend_from_slice(b"\r\n");
        let behind_colon = field.line.get(field.name.len() + 1..).unwrap_or_default();
        let odd = behind_colon.strip_prefix(b" ") != Some(field.value);
        let causes = [
            (folded, Cause::Unfolded),
            (spaced, Cause::SpaceBeforeColon),
            (lowered, Cause::LowerCase),
            (odd && !folded, Cause::Spacing),
        ];
        for (_, cause) in causes.into_iter().filter(|(holds, _)| *holds) {
            self.changed(cause);
        }
        self.step();
    }

    /// Writes a name in the case that the receiver asks for; tells whether that changed it.
    fn push_name(&mut self, name: &[u8]) -> bool {
        let from = self.out.len();
        self.out.extend_from_slice(name);
        let lower = self.http2 && name.iter().any(u8::is_ascii_uppercase);
        if lower {
            self.out.get_mut(from..).unwrap_or_default().make_ascii_lowercase();
        }
        lower
    }

    /// Notes a cause for the line being written in place of the one received.
    fn changed(&mut self, cause: Cause) {
        self.edits.push(Edit { before: Some(self.before), after: Some(self.after), cause });
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
