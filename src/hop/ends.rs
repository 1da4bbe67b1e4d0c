//! Where a head ends in a buffer that is still growing.

use super::Fault;
use super::syntax::quoted;

/// How many bytes of empty lines stand before a message. A server skips them before a
/// request line (RFC 9112 2.2); they belong to no message and are dropped by the reader.
///
/// A lone CR at the end may be the first half of an empty line and is not counted.
#[must_use]
pub fn empty_lines(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match bytes.get(at..) {
            Some([b'\r', b'\n', ..]) => at += 2,
            Some([b'\n', ..]) => at += 1,
            _ => return at,
        }
    }
}

/// Where the head that begins `bytes` ends: the offset behind its empty line, or `None`
/// when that has not arrived.
///
/// A head ends at the first empty line behind its start line, be it CR LF or a bare LF,
/// and whatever ended the line before: `\r\n\r\n`, `\n\n`, `\n\r\n`, `\r\n\n`. Bare LFs are
/// found so that [`super::check_request`] refuses them; waiting for a proper end would
/// hang. This is where httparse, too, ends a head. Empty lines before the start line
/// (see [`empty_lines`]) are no end.
///
/// `from` is how far an earlier call on the same, shorter buffer has looked: the buffer's
/// length then, 0 at first. Each byte is looked at about once.
#[must_use]
pub fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let start = empty_lines(bytes);
    // The LF that ends the last line may be the last byte looked at, or stand before a CR.
    let resume = from.saturating_sub(2).max(start).min(bytes.len());
    for at in memchr::memchr_iter(b'\n', bytes.get(resume..)?).map(|at| resume + at) {
        match bytes.get(at + 1..)? {
            [b'\n', ..] => return Some(at + 2),
            [b'\r', b'\n', ..] => return Some(at + 3),
            _ => {}
        }
    }
    None
}

/// The fault of a request whose head outgrows the limit: 414 while it is still the
/// request line that does not end (RFC 9112 3), 501 when not even the method ends, else 431
/// (RFC 6585 5).
#[must_use]
pub fn oversize_request(bytes: &[u8], limit: usize) -> Fault {
    let line = &bytes[..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())];
    if line.len() < bytes.len().min(limit) {
        return too_many_bytes(bytes, limit);
    }
    if memchr::memchr(b' ', line).is_none_or(|at| at >= limit) {
        let says = format!(
            "The method does not end within {limit} bytes: {}. This is no HTTP request.",
            quoted(line)
        );
        return Fault::new(501, 0, "RFC 9112 3", says);
    }
    let says = format!("The request-target is longer than limits.head allows ({limit} bytes).");
    Fault::new(414, limit.min(line.len()), "RFC 9112 3", says)
}

/// The fault of a response whose head outgrows the limit.
#[must_use]
pub fn oversize_response(bytes: &[u8], limit: usize) -> Fault {
    too_many_bytes(bytes, limit).in_response()
}

fn too_many_bytes(bytes: &[u8], limit: usize) -> Fault {
    let says =
        format!("The head is longer than limits.head allows ({limit} bytes); raise it in config.toml.");
    Fault::new(431, limit.min(bytes.len()), "RFC 6585 5", says)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: &[(&str, Option<usize>)] = &[
        ("", None),
        ("GET", None),
        ("GET / HTTP/1.1\r\n", None),
        ("GET / HTTP/1.1\r\n\r", None),
        ("GET / HTTP/1.1\r\n\r\n", Some(18)),
        ("GET / HTTP/1.1\n\nX", Some(16)),
        ("GET / HTTP/1.1\r\nA: b\n\r\nbody", Some(23)),
        ("GET / HTTP/1.1\r\nA: b\r\n\nbody", Some(23)),
        ("A\r\nB\r\n \r\n\r\n", Some(11)),
        ("A\r\n\r\n\r\n", Some(5)),
        ("\r\n\r\nA\r\n\r\n", Some(9)),
        ("\n\nA\n\n", Some(5)),
        ("\r\n\r\n", None),
    ];

    #[test]
    fn rfc9112_2_1_a_head_ends_at_its_empty_line() {
        for (text, end) in HEADS {
            assert_eq!(head_end(text.as_bytes(), 0), *end, "{text:?}");
        }
    }

    #[test]
    fn arriving_in_pieces_changes_nothing() {
        for (text, end) in HEADS {
            let bytes = text.as_bytes();
            let mut found = None;
            for len in 1..=bytes.len() {
                found = found.or_else(|| head_end(&bytes[..len], len - 1));
            }
            assert_eq!(found, *end, "{text:?}");
        }
    }

    #[test]
    fn rfc9112_2_2_empty_lines_before_a_request_are_skipped() {
        for (text, count) in [("", 0), ("GET", 0), ("\r\nG", 2), ("\r\n\n\r\nG", 5), ("\r", 0), ("\rG", 0)] {
            assert_eq!(empty_lines(text.as_bytes()), count, "{text:?}");
        }
    }

    #[test]
    fn rfc9112_3_what_outgrew_the_limit_decides_the_status() {
        assert_eq!(oversize_request(b"GET /aaaaaaaaaaaa", 10).status, 414);
        assert_eq!(oversize_request(b"GET /\r\nA: bbbbbbbbbbbb", 10).status, 431);
        assert_eq!(oversize_request(b"GETTTTTTTTTTTTTTTT", 10).status, 501);
        assert_eq!(oversize_request(b"GETTTTTTTTTTTTTTTT / HTTP/1.1", 10).status, 501);
        assert_eq!(oversize_response(b"HTTP/1.1 200 OK\r\nA: bbb", 10).status, 502);
    }
}
