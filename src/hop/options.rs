//! The Connection field: what it says of this hop, and which fields it names.
//!
//! "Intermediaries MUST parse a received Connection header field before a message is
//! forwarded and, for each connection-option in this field, remove any header or trailer
//! field(s) from the message with the same name as the connection-option, and then remove
//! the Connection header field itself (or replace it with the intermediary's own control
//! options for the forwarded message)." (RFC 9110 7.6.1)

use super::names::Known;
use super::syntax::{is_token, members};
use crate::exchange::{Field, Head};
use std::cmp::Ordering;

/// All Connection lines of a head, read together.
#[derive(Debug, Default)]
pub(super) struct Options<'a> {
    /// How many Connection lines there are.
    pub(super) lines: usize,
    /// How many options they hold, repeated ones included.
    pub(super) count: usize,
    /// `close`.
    pub(super) close: Option<&'a [u8]>,
    /// `keep-alive`.
    pub(super) keep_alive: Option<&'a [u8]>,
    /// `upgrade`.
    pub(super) upgrade: Option<&'a [u8]>,
    /// `te`.
    pub(super) te: Option<&'a [u8]>,
    /// Names of fields to remove, sorted without case; almost always empty.
    named: Vec<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Reads every Connection line of a head.
    pub(super) fn of(head: &'a Head) -> Self {
        let mut options = Self::default();
        for field in head.fields().filter(|field| Known::of(field) == Known::Connection) {
            options.add_line(&field);
        }
        options.sort();
        options
    }

    /// Reads one more Connection line; [`Options::sort`] comes before any question.
    pub(super) fn add_line(&mut self, field: &Field<'a>) {
        self.lines += 1;
        for option in members(field.value).filter(|member| !member.is_empty()) {
            self.add(option);
        }
    }

    /// Makes [`Options::names`] answerable.
    pub(super) fn sort(&mut self) {
        // A hostile head can name a hundred thousand fields: looked up by halves, never one by one.
        self.named.sort_unstable_by(|a, b| compare(a, b));
    }

    /// Whether a field must go because it is named.
    pub(super) fn names(&self, name: &[u8]) -> bool {
        !self.named.is_empty() && self.named.binary_search_by(|named| compare(named, name)).is_ok()
    }

    fn add(&mut self, option: &'a [u8]) {
        self.count += 1;
        match option.len() {
            2 if option.eq_ignore_ascii_case(b"te") => self.te = Some(option),
            5 if option.eq_ignore_ascii_case(b"close") => self.close = Some(option),
            7 if option.eq_ignore_ascii_case(b"upgrade") => self.upgrade = Some(option),
            10 if option.eq_ignore_ascii_case(b"keep-alive") => self.keep_alive = Some(option),
            _ if is_token(option) && !is_ours(option) => self.named.push(option),
            _ => {}
        }
    }
}

/// Fields that each hop writes for itself, so that naming them removes nothing: Host is
/// made from the target (RFC 9112 3.2.2), the framing is ours toward the next hop
/// (RFC 9112 6), and Via must not be lost on the way (RFC 9110 7.6.3) or a named Via would
/// hide a loop. A sender must not name fields meant for all recipients (RFC 9110 7.6.1).
fn is_ours(option: &[u8]) -> bool {
    matches!(
        Known::named(option),
        Known::Host | Known::ContentLength | Known::TransferEncoding | Known::Via | Known::Connection
    )
}

/// Any total order that knows no case will do; the length first is the quickest.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let lower = u8::to_ascii_lowercase;
    a.len().cmp(&b.len()).then_with(|| a.iter().map(lower).cmp(b.iter().map(lower)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn rfc9110_7_6_1_all_lines_count_in_any_case_and_spacing() {
        let head = Head::parse(Bytes::from_static(
            b"GET / HTTP/1.1\r\nConnection: close,X-a ,\t\r\nX-A: 1\r\ncOnnection:x-B,,TE, (bad)\r\n\r\n",
        ));
        let options = Options::of(&head);
        assert_eq!((options.lines, options.count), (2, 5));
        assert!(options.close.is_some() && options.te.is_some() && options.upgrade.is_none());
        assert!(options.names(b"x-A") && options.names(b"X-b"));
        assert!(!options.names(b"x-c") && !options.names(b"(bad)") && !options.names(b"te"));
    }

    #[test]
    fn rfc9110_7_6_1_framing_and_routing_cannot_be_named_away() {
        let head = Head::parse(Bytes::from_static(
            b"GET / HTTP/1.1\r\nConnection: host, content-length, Transfer-Encoding, VIA, connection\r\n\r\n",
        ));
        let options = Options::of(&head);
        for name in ["Host", "Content-Length", "Transfer-Encoding", "Via", "Connection"] {
            assert!(!options.names(name.as_bytes()), "{name}");
        }
    }
}
