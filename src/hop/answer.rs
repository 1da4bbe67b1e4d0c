//! Heads of the answers that we give ourselves.

use super::names::Known;
use crate::exchange::{Field, Head};
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

/// The same toward an HTTP/2 client, as a section: names in lower-case, no reason phrase, no
/// Connection. Fields that HTTP/2 does not have are left out (RFC 9113 8.2.2).
#[must_use]
pub fn answer_http2(status: u16, fields: &[(&str, &str)], body_len: u64, now: SystemTime) -> Bytes {
    let head = answer(status, fields, body_len, false, now);
    let head = Head::parse(head);
    let mut section = format!("HTTP/2 {status} \r\n:status: {status}\r\n").into_bytes();
    for field in head.fields().filter(|field| !is_connection_specific(field)) {
        section.extend(field.name.to_ascii_lowercase());
        section.extend_from_slice(b": ");
        section.extend_from_slice(field.value);
        section.extend_from_slice(b"\r\n");
    }
    section.extend_from_slice(b"\r\n");
    Bytes::from(section)
}

fn is_connection_specific(field: &Field<'_>) -> bool {
    use Known::{Connection, KeepAlive, ProxyConnection, TransferEncoding, Upgrade};
    matches!(Known::of(field), Connection | KeepAlive | ProxyConnection | TransferEncoding | Upgrade)
}

/// The section that opens a tunnel for an HTTP/2 client (RFC 9113 8.5).
#[must_use]
pub fn established_http2() -> Bytes {
    Bytes::from_static(b"HTTP/2 200 \r\n:status: 200\r\n\r\n")
}

/// The head that opens a tunnel. It has no Content-Length and no Transfer-Encoding
/// (RFC 9110 9.3.6).
#[must_use]
pub fn established() -> Bytes {
    Bytes::from_static(b"HTTP/1.1 200 Connection established\r\n\r\n")
}

/// The usual reason phrase of a status, empty for one that is not registered (RFC 9110 15 and
/// the registry of status codes).
#[must_use]
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        104 => "Upload Resumption Supported",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400..=499 => client_reason(status),
        500..=599 => server_reason(status),
        _ => "",
    }
}

fn client_reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        _ => "",
    }
}

fn server_reason(status: u16) -> &'static str {
    match status {
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        510 => "Not Extended",
        511 => "Network Authentication Required",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::{Bounds, check_response_http2};

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
    fn rfc9113_8_3_2_an_answer_in_http2_is_a_section_that_passes() {
        let fields = [("Proxy-Status", "hopscope"), ("Connection", "close"), ("X", "a\r\nb: c ")];
        let section = answer_http2(502, &fields, 7, SystemTime::UNIX_EPOCH);
        let expected = "HTTP/2 502 \r\n:status: 502\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                        proxy-status: hopscope\r\nx: a  b: c\r\ncontent-length: 7\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&section), expected);
        for section in [section, answer_http2(204, &[], 0, SystemTime::UNIX_EPOCH), established_http2()] {
            let bounds = Bounds { fields: 10, head: 1000 };
            assert!(check_response_http2(&Head::parse(section), false, false, &bounds).is_ok());
        }
    }

    #[test]
    fn rfc9110_8_6_no_length_in_204() {
        let head = answer(204, &[], 0, false, SystemTime::UNIX_EPOCH);
        assert!(!String::from_utf8_lossy(&head).contains("Content-Length"));
    }
}
