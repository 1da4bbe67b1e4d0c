//! Max-Forwards: requests that end here though they name another host (RFC 9110 7.6.2).

use super::names::Known;
use super::syntax::decimal;
use crate::exchange::Head;

/// The methods that a proxy answers in Allow for itself.
const ALLOW: &str = "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH";

/// Parts of names of fields that TRACE must not show to a script that asked for it.
const SECRETS: &[&[u8]] =
    &[b"authorization", b"cookie", b"token", b"secret", b"password", b"api-key", b"apikey", b"credential"];

/// An answer that we give as the final recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAnswer {
    /// 200.
    pub status: u16,
    /// Fields beside Date and Content-Length.
    pub fields: Vec<(&'static str, String)>,
    /// The content.
    pub body: Vec<u8>,
}

/// The answer to a checked TRACE or OPTIONS request whose Max-Forwards is 0: "the intermediary
/// MUST NOT forward the request; instead, the intermediary MUST respond as the final
/// recipient" (RFC 9110 7.6.2). `None` for every other request; with other methods
/// Max-Forwards means nothing.
#[must_use]
pub fn local_answer(head: &Head) -> Option<LocalAnswer> {
    let trace = method(head)?;
    let ends_here =
        head.fields().any(|field| Known::of(&field) == Known::MaxForwards && decimal(field.value) == Some(0));
    match (ends_here, trace) {
        (false, _) => None,
        (true, true) => Some(reflection(head)),
        (true, false) => Some(options_answer()),
    }
}

/// The answer to OPTIONS of which we are the final recipient: `*` and our own pages
/// (RFC 9110 9.3.7).
#[must_use]
pub fn options_answer() -> LocalAnswer {
    LocalAnswer { status: 200, fields: vec![("Allow", ALLOW.to_owned())], body: Vec::new() }
}

/// One forward fewer, for TRACE and OPTIONS: "the received value decremented by one (1)"
/// or our own most, whichever is less (RFC 9110 7.6.2). `None` leaves the line as it is.
pub(super) fn one_fewer(head: &Head, value: &[u8]) -> Option<u64> {
    method(head)?;
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| decimal(value).unwrap_or(u64::MAX).saturating_sub(1))
}

/// Whether the method is TRACE; `None` when it is neither TRACE nor OPTIONS.
fn method(head: &Head) -> Option<bool> {
    match head.start_line() {
        [b'T', b'R', b'A', b'C', b'E', b' ', ..] => Some(true),
        [b'O', b'P', b'T', b'I', b'O', b'N', b'S', b' ', ..] => Some(false),
        _ => None,
    }
}

/// The answer to a TRACE: the request as received, as `message/http`, without what is likely to be secret
/// (RFC 9110 9.3.8).
#[must_use]
pub fn reflection(head: &Head) -> LocalAnswer {
    let mut body = Vec::with_capacity(head.raw().len());
    body.extend_from_slice(head.start_line());
    body.extend_from_slice(b"\r\n");
    // Pseudo-fields say what the start line says, and no `message/http` has them.
    for field in head.fields().filter(|field| !is_secret(field.name) && !field.is_pseudo()) {
        body.extend_from_slice(field.line);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"\r\n");
    LocalAnswer { status: 200, fields: vec![("Content-Type", "message/http".to_owned())], body }
}

fn is_secret(name: &[u8]) -> bool {
    SECRETS.iter().any(|part| name.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::{Bounds, check_request};
    use bytes::Bytes;

    fn answered(text: &'static str) -> Option<LocalAnswer> {
        let head = Head::parse(Bytes::from_static(text.as_bytes()));
        check_request(&head, &Bounds { fields: 10, head: 1000 }).expect(text);
        local_answer(&head)
    }

    #[test]
    fn rfc9110_7_6_2_zero_ends_here_for_trace_and_options_alone() {
        assert!(answered("TRACE http://h/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n").is_some());
        assert!(answered("OPTIONS http://h HTTP/1.1\r\nHost: h\r\nmax-forwards:00\r\n\r\n").is_some());
        assert!(answered("GET http://h/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n").is_none());
        assert!(answered("trace http://h/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n").is_none());
        assert!(answered("TRACE http://h/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: 1\r\n\r\n").is_none());
        assert!(answered("TRACE http://h/ HTTP/1.1\r\nHost: h\r\nMax-Forwards: x\r\n\r\n").is_none());
        assert!(answered("TRACE http://h/ HTTP/1.1\r\nHost: h\r\n\r\n").is_none());
    }

    #[test]
    fn rfc9110_9_3_8_trace_reflects_all_but_secrets() {
        let answer = answered(
            "TRACE http://h/ HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nX-A:  1\r\nproxy-AUTHORIZATION: Basic eA==\r\n\
             X-Api-Key: k\r\nAuthorization: x\r\nMax-Forwards: 0\r\n\r\n",
        );
        let body = answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
        let expected = "TRACE http://h/ HTTP/1.1\r\nHost: h\r\nX-A:  1\r\nMax-Forwards: 0\r\n\r\n";
        assert_eq!(body.as_deref(), Some(expected));
    }
}
