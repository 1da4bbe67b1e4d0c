//! A body as a handle: how much was seen, how much was kept, and where; never copied into lists.

use super::Cause;
use bytes::Bytes;

/// What is known of one message's body, counted as received (framing removed, codings kept).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Bytes that passed.
    pub length: u64,
    /// Bytes that were kept, from the start.
    pub kept: u64,
    /// Whether the body ended as its framing promised.
    pub complete: bool,
    /// Why `kept` is less than `length`.
    pub truncated: Option<Truncation>,
    /// Where the kept bytes are.
    pub place: BodyPlace,
    /// The trailer section as received, without the final empty line.
    pub trailers: Option<Bytes>,
    /// Lines of the trailer section that were not sent on, numbered from 1, and why.
    pub withheld: Vec<(u16, Cause)>,
}

impl Body {
    /// Whether the file that it was imported from held nothing of it.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.kept == 0 && self.truncated == Some(Truncation::Absent)
    }

    /// The lines of the trailer section, each with why it was not sent on, if it was not.
    pub fn trailer_lines(&self) -> impl Iterator<Item = (&[u8], Option<Cause>)> {
        let section = self.trailers.as_deref().unwrap_or_default();
        let lines = Folded(section);
        (1..).zip(lines).map(|(number, line)| {
            let withheld = self.withheld.iter().find(|(of, _)| *of == number);
            (line, withheld.map(|(_, cause)| *cause))
        })
    }
}

/// Lines with their line ends taken off; one that begins with white space goes on with the one before it
/// (RFC 9112 5.2).
struct Folded<'a>(&'a [u8]);

impl<'a> Iterator for Folded<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let ends = memchr::memchr_iter(b'\n', self.0).map(|at| at + 1);
        let end = ends.into_iter().find(|end| !matches!(self.0.get(*end), Some(b' ' | b'\t')));
        let (line, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Where a body's kept bytes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BodyPlace {
    /// Nothing was kept.
    #[default]
    Nowhere,
    /// In the record itself: up to 32 KiB.
    Inline(Vec<u8>),
    /// In the capture's `bodies/` folder, named by the BLAKE3 of its bytes.
    File([u8; 32]),
    /// Still being written to `bodies/tmp/`.
    Arriving,
}

/// Why a body is not whole in the capture though it was on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncation {
    /// The disk was slower than the wire (`capture.pressure = "drop"`).
    Pressure,
    /// `capture.max_body` was reached.
    Limit,
    /// Writing to the capture failed (disk full, folder gone).
    Disk,
    /// The file that it was imported from did not hold it.
    Absent,
}

impl Truncation {
    /// What is said where nothing of an [`Absent`](Self::Absent) body is at hand.
    pub const NO_BODY: &'static str = "the file that it was imported from holds no body";

    /// The number written to captures.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Pressure => 1,
            Self::Limit => 2,
            Self::Disk => 3,
            Self::Absent => 4,
        }
    }

    /// Reads [`Truncation::code`].
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Pressure),
            2 => Some(Self::Limit),
            3 => Some(Self::Disk),
            4 => Some(Self::Absent),
            _ => None,
        }
    }

    /// In words, as shown beside the body.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Pressure => "the disk was slower than the wire (--pressure block keeps every byte)",
            Self::Limit => "the limit capture.max_body was reached",
            Self::Disk => "writing to the capture failed",
            Self::Absent => "the file that it was imported from did not hold it all",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailer_lines_are_numbered_as_fields_are() {
        let body = Body {
            trailers: Some(Bytes::from_static(b"A: 1\r\n 2\r\nB: 3\r\n")),
            withheld: vec![(2, Cause::ForbiddenTrailer)],
            ..Body::default()
        };
        let lines: Vec<_> = body.trailer_lines().collect();
        assert_eq!(lines, [(&b"A: 1\r\n 2"[..], None), (b"B: 3", Some(Cause::ForbiddenTrailer))]);
        assert_eq!(Body::default().trailer_lines().count(), 0);
    }
}
