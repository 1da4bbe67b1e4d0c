//! Trailer sections: checked like fields, and passed on without what concerns one hop.

use super::check::Bounds;
use super::names::{Known, name};
use super::options::Options;
use super::survey::{Strictness, survey};
use super::writer::Writer;
use super::{Fault, Framing, Version};
use crate::exchange::{Cause, Head};
use bytes::Bytes;

/// Stands before a trailer section so that it reads as a head.
const START: &[u8] = b"trailers\r\n";

/// A trailer section ready to be sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailers {
    /// The lines that are left, each with its line end, without the final empty line.
    pub raw: Bytes,
    /// Lines that are not passed on, numbered from 1, and why.
    pub removed: Vec<(u16, Cause)>,
}

/// Checks a trailer section, given without its final empty line. The fault's status is
/// 400 or 431, its offset counts from the section's first byte.
pub fn check_trailers(section: &[u8], bounds: &Bounds) -> Result<(), Fault> {
    let head = as_head(section);
    if section.len() > bounds.head || head.fields().len() > bounds.fields {
        let says = "The trailer section is larger than limits.head or limits.fields allow.";
        return Err(Fault::new(431, section.len().min(bounds.head), "RFC 6585 5", says));
    }
    let checked = survey(&head, Strictness::Request);
    checked.map(|_| ()).map_err(|fault| {
        let offset = fault.offset.saturating_sub(START.len());
        Fault { offset, ..fault }
    })
}

/// The trailer section to send on behind a message whose head was received as `head`:
/// without fields that Connection names ("any header or trailer field(s)", RFC 9110 7.6.1),
/// and without fields of framing, routing and hop-by-hop matters, which have no meaning
/// there (RFC 9110 6.5.1). Folds are replaced by a space. Toward HTTP/2 names become
/// lower-case (RFC 9113 8.2).
#[must_use]
pub fn forward_trailers(head: &Head, section: &Bytes, toward: Version) -> Trailers {
    let options = Options::of(head);
    let trailers = as_head(section);
    let mut writer = match toward {
        Version::Http2 => Writer::of_section(&trailers),
        _ => Writer::new(&trailers),
    };
    writer.start(&[b"trailers"], &[]);
    for field in trailers.fields() {
        match Known::of(&field) {
            Known::Other | Known::Cookie | Known::Date | Known::Expect | Known::Via | Known::Close
                if options.names(name(&field)) =>
            {
                writer.drop(Cause::NamedByConnection);
            }
            Known::Other | Known::Cookie | Known::Date | Known::Via | Known::Close => writer.keep(&field),
            _ => writer.drop(Cause::ForbiddenTrailer),
        }
    }
    let written = writer.finish(Framing::None, true);
    let removed = written.edits.iter().filter(|edit| edit.after.is_none());
    Trailers {
        removed: removed.map(|edit| (edit.before.unwrap_or_default(), edit.cause)).collect(),
        raw: written.raw.slice(START.len()..written.raw.len() - 2),
    }
}

/// Every line of a trailer section that the receiver's framing has no place for: "a recipient (or
/// intermediary) ... MAY discard" it (RFC 9110 6.5.1); an HTTP/1.0 client could not read it.
#[must_use]
pub fn withhold_trailers(section: &Bytes) -> Vec<(u16, Cause)> {
    let lines = u16::try_from(as_head(section).fields().len()).unwrap_or(u16::MAX);
    (1..=lines).map(|line| (line, Cause::Framing)).collect()
}

fn as_head(section: &[u8]) -> Head {
    Head::parse(Bytes::from([START, section, b"\r\n"].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { fields: 3, head: 100 };

    #[test]
    fn rfc9110_7_6_1_named_trailers_go() {
        let head = Head::parse(Bytes::from_static(b"HTTP/1.1 200 OK\r\nConnection: x-b\r\n\r\n"));
        let section = Bytes::from_static(b"X-A:  1\r\nX-B: 2\r\nContent-Length: 3\r\nx-c: 4\r\n d\r\n");
        let trailers = forward_trailers(&head, &section, Version::Http11);
        assert_eq!(&trailers.raw[..], b"X-A:  1\r\nx-c: 4 d\r\n");
        assert_eq!(trailers.removed, [(2, Cause::NamedByConnection), (3, Cause::ForbiddenTrailer)]);
    }

    #[test]
    fn rfc9110_6_5_1_trailers_without_a_place_are_withheld_whole() {
        let section = Bytes::from_static(b"A: 1\r\n 2\r\nB: 3\r\n");
        assert_eq!(withhold_trailers(&section), [(1, Cause::Framing), (2, Cause::Framing)]);
    }

    #[test]
    fn rfc9112_7_1_2_trailers_are_checked_as_fields() {
        for (section, expected) in [
            ("", Ok(())),
            ("A: b\r\n", Ok(())),
            ("A: b\n", Err((400, 4))),
            ("A b\r\n", Err((400, 3))),
            ("A: b\r\nA : b\r\n", Err((400, 7))),
            ("A: b\r\n\r\nB: c\r\n", Err((400, 20))),
        ] {
            let seen = check_trailers(section.as_bytes(), &BOUNDS);
            let seen = seen.map_err(|fault| (fault.status, fault.offset));
            match (seen, expected) {
                (Err((status, _)), Err((wanted, 20))) => assert_eq!(status, wanted, "{section:?}"),
                (seen, expected) => assert_eq!(seen, expected, "{section:?}"),
            }
        }
        assert!(check_trailers(b"A: b\r\nA: b\r\nA: b\r\nA: b\r\n", &BOUNDS).is_err());
    }
}
