//! A value taken apart: labelled spans with a meaning each, and where it broke.
//!
//! The number of parts and the length of each meaning are bounded, whatever the value is.

use super::field::Spec;
use std::ops::Range;

/// More parts than this are not made; the last one says that there is more.
pub const MOST_PARTS: usize = 400;

/// How many characters of the value itself a meaning may repeat.
const SHOWN: usize = 120;

/// A span of the value that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its bytes within the value.
    pub span: Range<usize>,
    /// What kind of thing it is: `directive`, `media type`, `date`.
    pub label: &'static str,
    /// What it says, in plain words. May repeat bytes of the value: sanitise before it meets a terminal.
    pub meaning: String,
    /// How deep it is nested: a parameter of a member is one deeper than the member.
    pub depth: u8,
    /// Where this part is specified, if elsewhere than its field.
    pub spec: Option<Spec>,
}

/// Where a value stopped making sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first byte within the value that does not fit; the value's length when its end is too early.
    pub at: usize,
    /// What was expected there.
    pub says: String,
}

/// What came of reading a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// In the order of their beginnings, a nested part behind what holds it.
    pub parts: Vec<Part>,
    /// Where the value stopped making sense: the parts go up to there.
    pub broken: Option<Break>,
}

/// The parts of one value while they are being found.
pub(super) struct Parts<'a> {
    value: &'a [u8],
    depth: u8,
    parsed: Parsed,
}

impl<'a> Parts<'a> {
    /// Nothing found yet.
    pub(super) fn of(value: &'a [u8]) -> Self {
        Self { value, depth: 0, parsed: Parsed::default() }
    }

    /// What was found.
    pub(super) fn done(self) -> Parsed {
        self.parsed
    }

    /// The value's span, white space around it left out.
    pub(super) fn whole(&self) -> Range<usize> {
        self.trim(&(0..self.value.len()))
    }

    /// The bytes of a span.
    pub(super) fn bytes(&self, span: &Range<usize>) -> &'a [u8] {
        self.value.get(span.clone()).unwrap_or_default()
    }

    /// A span's bytes as text to repeat in a meaning: cut when long, without control bytes.
    pub(super) fn shown(&self, span: &Range<usize>) -> String {
        shown(self.bytes(span))
    }

    /// The byte at an offset.
    pub(super) fn at(&self, at: usize) -> Option<u8> {
        self.value.get(at).copied()
    }

    /// Adds a part.
    pub(super) fn add(&mut self, span: Range<usize>, label: &'static str, meaning: impl Into<String>) {
        self.add_at(span, label, meaning, None);
    }

    /// Adds a part that is specified somewhere of its own.
    pub(super) fn add_at(
        &mut self,
        span: Range<usize>,
        label: &'static str,
        meaning: impl Into<String>,
        spec: Option<Spec>,
    ) {
        match self.parsed.parts.len() {
            MOST_PARTS.. => {}
            count => {
                let last = count + 1 == MOST_PARTS;
                let (label, meaning) = if last {
                    ("more", "there is more than is shown here".to_owned())
                } else {
                    (label, meaning.into())
                };
                self.parsed.parts.push(Part { span, label, meaning, depth: self.depth, spec });
            }
        }
    }

    /// Whether reading on is pointless: it is broken, or no more parts are taken.
    pub(super) fn is_over(&self) -> bool {
        self.parsed.broken.is_some() || self.parsed.parts.len() >= MOST_PARTS
    }

    /// Whether the value is broken.
    pub(super) fn is_broken(&self) -> bool {
        self.parsed.broken.is_some()
    }

    /// Notes where the value breaks; the first note stays.
    pub(super) fn fail(&mut self, at: usize, says: impl Into<String>) {
        if self.parsed.broken.is_none() {
            self.parsed.broken = Some(Break { at: at.min(self.value.len()), says: says.into() });
        }
    }

    /// Runs with parts one level deeper.
    pub(super) fn deeper(&mut self, read: impl FnOnce(&mut Self)) {
        self.deepen();
        read(self);
        self.rise();
    }

    /// Parts are one level deeper from here on, until [`Parts::rise`].
    pub(super) fn deepen(&mut self) {
        self.depth = self.depth.saturating_add(1);
    }

    /// Ends what [`Parts::deepen`] began.
    pub(super) fn rise(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// A span without the white space around it; a fold (RFC 9112 5.2) counts as white space.
    pub(super) fn trim(&self, span: &Range<usize>) -> Range<usize> {
        let bytes = self.bytes(span);
        let from = span.start + (bytes.len() - bytes.trim_ascii_start().len());
        from..from + bytes.trim_ascii().len()
    }

    /// The pieces of a span between separators outside of quoted strings, trimmed, empty ones left out.
    pub(super) fn pieces(&self, span: &Range<usize>, separator: u8) -> Vec<Range<usize>> {
        self.split(span, separator).into_iter().filter(|piece| !piece.is_empty()).collect()
    }

    /// The same with empty pieces.
    pub(super) fn split(&self, span: &Range<usize>, separator: u8) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let (mut from, mut at) = (span.start, span.start);
        while at < span.end && pieces.len() <= MOST_PARTS {
            match self.at(at) {
                Some(b'"') => at = self.quote_end(at, span.end),
                Some(byte) if byte == separator => {
                    pieces.push(self.trim(&(from..at)));
                    at += 1;
                    from = at;
                }
                _ => at += 1,
            }
        }
        pieces.push(self.trim(&(from..at.min(span.end))));
        pieces
    }

    /// Both sides of the first separator outside of quoted strings; the second is `None` without one.
    pub(super) fn halves(&self, span: &Range<usize>, separator: u8) -> (Range<usize>, Option<Range<usize>>) {
        let mut at = span.start;
        while at < span.end {
            match self.at(at) {
                Some(b'"') => at = self.quote_end(at, span.end),
                Some(byte) if byte == separator => {
                    return (self.trim(&(span.start..at)), Some(self.trim(&(at + 1..span.end))));
                }
                _ => at += 1,
            }
        }
        (self.trim(span), None)
    }

    /// Behind the quote that closes the one at `from`, or the end (RFC 9110 5.6.4).
    pub(super) fn quote_end(&self, from: usize, end: usize) -> usize {
        let mut at = from + 1;
        while at < end {
            match self.at(at) {
                Some(b'\\') => at += 2,
                Some(b'"') => return at + 1,
                _ => at += 1,
            }
        }
        end
    }
}

/// Bytes as text to repeat in a meaning: cut when long, what is not UTF-8 as Latin-1, controls escaped.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().take(SHOWN + 1).map(|byte| char::from(*byte)).collect(),
    };
    let cut = text.chars().nth(SHOWN).is_some();
    let kept = text
        .chars()
        .take(SHOWN)
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] });
    let kept: String = kept.collect();
    if cut { kept + "…" } else { kept }
}
