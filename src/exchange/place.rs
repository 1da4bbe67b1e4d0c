//! Where a message breaks the protocol: told in a failure's words, and read from them again.

use super::{Failure, MessageKind, Phase, Side};
use std::fmt;

/// The clause that a message breaks, and at which byte. Written, it is how the words of a failure end:
/// `RFC 9112 5.1, byte 57`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// `RFC 9112 5.1`.
    pub clause: &'a str,
    /// The first offending byte, counted from the head's or the body's first.
    pub offset: usize,
    /// It is counted in the body as it came, the chunked coding included.
    pub in_body: bool,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.in_body { " of the body" } else { "" };
        write!(f, "{}, byte {}{part}", self.clause, self.offset)
    }
}

impl Failure {
    /// Where the message is wrong, if it is and the words say where.
    #[must_use]
    pub fn place(&self) -> Option<Place<'_>> {
        let (_, place) = self.says.strip_suffix(')')?.rsplit_once('(')?;
        let (clause, byte) = place.split_once(", byte ")?;
        let (offset, in_body) = match byte.strip_suffix(" of the body") {
            Some(offset) => (offset, true),
            None => (byte, false),
        };
        Some(Place { clause, offset: offset.parse().ok()?, in_body })
    }

    /// The head that is wrong, and where.
    #[must_use]
    pub fn marked(&self) -> Option<(MessageKind, Place<'_>)> {
        let place = self.place().filter(|place| !place.in_body)?;
        match (self.side, self.phase) {
            (Side::Client, Phase::Request) => Some((MessageKind::RequestReceived, place)),
            (Side::Origin, Phase::Response) => Some((MessageKind::ResponseReceived, place)),
            _ => None,
        }
    }

    /// The words without the place that they end in.
    #[must_use]
    pub fn says_what(&self) -> &str {
        let end = self.place().and_then(|_| self.says.rfind(" ("));
        end.and_then(|end| self.says.get(..end)).unwrap_or(&self.says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Kind;

    fn failure(says: &str) -> Failure {
        let says = says.to_owned();
        Failure { side: Side::Client, phase: Phase::Request, kind: Kind::Malformed, says }
    }

    #[test]
    fn places_are_read_as_they_were_written() {
        for place in [
            Place { clause: "RFC 9112 5.1", offset: 57, in_body: false },
            Place { clause: "RFC 9112 7.1", offset: 0, in_body: true },
        ] {
            let failure = failure(&format!("What (is it)? ({place})"));
            assert_eq!(failure.place(), Some(place));
            assert_eq!(failure.says_what(), "What (is it)?");
            assert_eq!(failure.marked().is_some(), !place.in_body);
        }
    }

    #[test]
    fn other_words_have_no_place() {
        for says in ["", "closed", "closed (byte 3)", "a (RFC 1, byte x)", "a (RFC 1, byte 1) b", ")"] {
            assert_eq!(failure(says).place(), None, "{says}");
            assert_eq!(failure(says).says_what(), says);
        }
    }
}
