//! Heads of the answers that we give ourselves.

use bytes::Bytes;
use std::time::SystemTime;

/// The head of an answer of our own, with Date (RFC 9110 6.6.1) and, unless the status
/// forbids it, Content-Length. `fields` are written in order; control characters in them
/// become spaces, so that words taken from a peer cannot add lines.
#[must_use]
pub fn answer(status: u16, fields: &[(&str, &str)], body_len: u64, close: bool, now: SystemTime) -> Bytes {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    let mut line = |name: &str, value: &str| {
        head.push_str(name);
        head.push_str(": ");
        head.extend(value.chars().map(|char| if char.is_control() { ' ' } else { char }));
        head.push_str("\r\n");
    };
    line("Date", &httpdate::fmt_http_date(now));
    for (name, value) in fields {
        line(name, value);
    }
    // "A server MUST NOT send a Content-Length header field in any response with a status
    // code of 1xx (Informational) or 204 (No Content)." (RFC 9110 8.6)
    if status >= 200 && status != 204 {
        line("Content-Length", &body_len.to_string());
    }
    if close {
        line("Connection", "close");
    }
    head.push_str("\r\n");
    Bytes::from(head)
}

/// The head that opens a tunnel. It has no Content-Length and no Transfer-Encoding
/// (RFC 9110 9.3.6).
#[must_use]
pub fn established() -> Bytes {
    Bytes::from_static(b"HTTP/1.1 200 Connection established\r\n\r\n")
}

/// The usual reason phrase of a status that we send (RFC 9110 15, RFC 6585, RFC 5842).
#[must_use]
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        200 => "OK",
        204 => "No Content",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        508 => "Loop Detected",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_head_whatever_its_words() {
        let fields = [("Proxy-Status", "hopscope; details=\"a\r\nX: y\""), ("Content-Type", "text/plain")];
        let head = answer(502, &fields, 7, true, SystemTime::UNIX_EPOCH);
        let expected = "HTTP/1.1 502 Bad Gateway\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                        Proxy-Status: hopscope; details=\"a  X: y\"\r\nContent-Type: text/plain\r\n\
                        Content-Length: 7\r\nConnection: close\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&head), expected);
    }

    #[test]
    fn rfc9110_8_6_no_length_in_204() {
        let head = answer(204, &[], 0, false, SystemTime::UNIX_EPOCH);
        assert!(!String::from_utf8_lossy(&head).contains("Content-Length"));
    }
}
