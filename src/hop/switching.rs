//! 101: a switch of protocols must be to one that the client offered (RFC 9110 7.8, 15.2.2).

use super::names::Known;
use super::syntax::{members, offset_in};
use super::{Fault, http2::websocket_accept, survey::can_be_relayed};
use crate::exchange::Head;

/// Checks a 101 against the request that it answers, as it was sent on.
///
/// "The server MUST generate an Upgrade header field in the response that indicates which
/// protocol(s) will be in effect" (RFC 9110 15.2.2), and "a server MUST NOT switch to a
/// protocol that was not indicated by the client" (7.8): toward the client that server is we.
/// The fault's status is 502.
///
/// `key` is the `Sec-WebSocket-Key` where we made it ourselves, for an extended CONNECT: then nobody but us can
/// tell whether the answer fits it, and if not "the client MUST _Fail the WebSocket Connection_" (RFC 6455 4.1).
pub fn check_switch(request: &Head, response: &Head, key: Option<&[u8]>) -> Result<(), Fault> {
    let mut named = response.fields().filter(|field| Known::of(field) == Known::Upgrade).peekable();
    if named.peek().is_none() {
        let says = "The answer switches protocols without an Upgrade field that says to which.";
        return Err(Fault::new(502, 9, "RFC 9110 15.2.2", says));
    }
    let stranger = named.find(|field| !members(field.value).all(|member| is_offered(request, member)));
    match stranger {
        None => key.map_or(Ok(()), |key| check_accept(response, key)),
        Some(field) => {
            let says = "The answer switches to a protocol that the request did not offer.";
            Err(Fault::new(502, offset_in(response.raw(), field.line), "RFC 9110 7.8", says))
        }
    }
}

/// RFC 6455 4.1, item 4. White space around the value is ignored.
fn check_accept(response: &Head, key: &[u8]) -> Result<(), Fault> {
    let mut accepts = response.fields().filter(|field| field.is("Sec-WebSocket-Accept"));
    let fits =
        accepts.next().is_some_and(|field| field.value.trim_ascii() == websocket_accept(key).as_bytes());
    if fits && accepts.next().is_none() {
        return Ok(());
    }
    let says = "The answer's Sec-WebSocket-Accept does not fit the key that it was asked with.";
    Err(Fault::new(502, 9, "RFC 6455 4.1", says))
}

/// Names compare without case; a version that the client left out is the server's to state. An
/// extended CONNECT offers what its `:protocol` says (RFC 8441 5).
fn is_offered(request: &Head, wanted: &[u8]) -> bool {
    let name = |member: &[u8]| member.split(|byte| *byte == b'/').next().map(<[u8]>::to_ascii_lowercase);
    can_be_relayed(wanted)
        && request
            .fields()
            .filter(|field| Known::of(field) == Known::Upgrade || field.is(":protocol"))
            .any(|field| members(field.value).any(|offered| name(offered) == name(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn rfc9110_7_8_a_switch_is_to_what_was_offered() {
        for (offered, named, clause) in [
            ("Upgrade: websocket", "upgrade: WebSocket", None),
            (":protocol: websocket", "Upgrade: websocket", None),
            (":protocol: websocket", "Upgrade: foo", Some("RFC 9110 7.8")),
            ("Upgrade: a/1, websocket", "Upgrade: websocket", None),
            ("Upgrade: a\r\nUpgrade: b", "Upgrade: b/2, a", None),
            ("Upgrade: websocket", "X: y", Some("RFC 9110 15.2.2")),
            ("Upgrade: websocket", "Upgrade: foo", Some("RFC 9110 7.8")),
            ("Upgrade: websocket", "Upgrade: websocket, foo", Some("RFC 9110 7.8")),
            ("Upgrade: websocket", "Upgrade:", Some("RFC 9110 7.8")),
            ("Upgrade: h2c, websocket", "Upgrade: h2c", Some("RFC 9110 7.8")),
        ] {
            let head =
                |line: &str, field: &str| Head::parse(Bytes::from(format!("{line}\r\n{field}\r\n\r\n")));
            let request = head("GET / HTTP/1.1", offered);
            let response = head("HTTP/1.1 101 Switching Protocols", named);
            let fault = check_switch(&request, &response, None).err();
            assert_eq!(fault.map(|fault| fault.clause), clause, "{offered} then {named}");
        }
    }

    #[test]
    fn rfc6455_4_1_what_accepts_a_key_of_ours_fits_it() {
        let head = |text: &str| Head::parse(Bytes::from(format!("{text}\r\n\r\n")));
        let request = head("CONNECT / HTTP/2\r\n:protocol: websocket");
        let key = Some(&b"dGhlIHNhbXBsZSBub25jZQ=="[..]);
        for (accept, fits) in [
            ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", true),
            ("Sec-WebSocket-Accept: AAAA", false),
            ("X: y", false),
        ] {
            let response = head(&format!("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n{accept}"));
            assert_eq!(check_switch(&request, &response, key).is_ok(), fits, "{accept}");
            assert!(check_switch(&request, &response, None).is_ok(), "the client's own key is its to check");
        }
    }
}
