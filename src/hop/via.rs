//! Via: who passed a message on (RFC 9110 7.6.3).

use crate::exchange::Head;

/// "All HTTP/2 requests implicitly have a protocol version of "2.0"" (RFC 9113 8.3.1), and so
/// have responses (8.3.2).
const HTTP2: &[u8] = b"2.0";

/// The version that a request came in, as Via states it: `1.1`.
pub(super) fn request_protocol(head: &Head) -> &[u8] {
    if head.is_http2() {
        return HTTP2;
    }
    let line = head.start_line();
    line.len().checked_sub(3).map_or(b"1.1", |at| &line[at..])
}

/// The version that a response came in, as Via states it.
pub(super) fn response_protocol(head: &Head) -> &[u8] {
    if head.is_http2() {
        return HTTP2;
    }
    head.start_line().get(5..8).unwrap_or(b"1.1")
}

/// Whether one Via value holds our pseudonym as `received-by`: the message has been here.
/// Pseudonyms are tokens and compared without case, as host names would be.
pub(super) fn names(value: &[u8], pseudonym: &str) -> bool {
    entries(value).any(|entry| {
        let mut words = entry.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let received_by = words.nth(1).unwrap_or_default();
        let end = memchr::memchr(b'(', received_by).unwrap_or(received_by.len());
        received_by[..end].eq_ignore_ascii_case(pseudonym.as_bytes())
    })
}

/// Splits at commas outside comments. A comment may hold commas, nested comments and
/// quoted pairs (RFC 9110 5.6.5), so that `1.1 a (x, 1.1 us)` is one entry and no loop.
fn entries(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut depth, mut escaped) = (0_usize, false);
    value.split(move |byte| {
        let literal = std::mem::take(&mut escaped);
        match byte {
            _ if literal => {}
            b'\\' if depth > 0 => escaped = true,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' => return depth == 0,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_7_6_3_our_name_is_found_where_it_means_us() {
        for (value, found) in [
            ("1.1 us", true),
            ("1.0 a, HTTP/1.1\tUS (x)", true),
            ("1.1 us(x)", true),
            ("1.0 fred, 1.1 p.example.net", false),
            ("1.1 a (1.1 us)", false),
            ("1.1 a (x, 1.1 us)", false),
            ("1.1 a (\\), 1.1 us)", false),
            ("1.1 a (x), 1.1 us", true),
            ("us", false),
            ("1.1 us:80", false),
            ("1.1 usa", false),
            ("", false),
        ] {
            assert_eq!(names(value.as_bytes(), "us"), found, "{value}");
        }
    }
}
