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
    entries(value).any(|entry| received_by(entry).eq_ignore_ascii_case(pseudonym.as_bytes()))
}

/// The intermediaries between a client and an origin, us among them, in the order of the request: those before
/// us named themselves in the request that we received, those behind us in the response.
#[must_use]
pub fn path<'a>(request: Option<&'a Head>, response: Option<&'a Head>, us: &'a str) -> Vec<&'a [u8]> {
    let mut behind = passed_by(response);
    behind.reverse();
    [passed_by(request), vec![us.as_bytes()], behind].concat()
}

/// Who passed a message on before it came here, in that order.
fn passed_by(head: Option<&Head>) -> Vec<&[u8]> {
    let entries = head.into_iter().flat_map(|head| head.values("via")).flat_map(entries);
    entries.map(received_by).filter(|name| !name.is_empty()).collect()
}

/// Who received the message, in the version that stands before its name.
fn received_by(entry: &[u8]) -> &[u8] {
    let mut words = entry.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let received_by = words.nth(1).unwrap_or_default();
    let end = memchr::memchr(b'(', received_by).unwrap_or(received_by.len());
    &received_by[..end]
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
    fn rfc9110_7_6_3_the_path_is_drawn_from_both_messages() {
        let head = |text: &'static str| Head::parse(text.into());
        let request = head("GET / HTTP/1.1\r\nVia: 1.1 a (x, y), 1.0 b\r\nVia: 2.0 c:80\r\n\r\n");
        let response = head("HTTP/1.1 200 OK\r\nVia: 1.1 cdn, 1.1 outer\r\n\r\n");
        let drawn = |request, response| path(request, response, "us").join(&b" > "[..]);
        assert_eq!(drawn(Some(&request), Some(&response)), b"a > b > c:80 > us > outer > cdn");
        assert_eq!(drawn(None, None), b"us");
    }

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
