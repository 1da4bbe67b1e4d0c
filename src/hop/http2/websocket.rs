//! Opening a WebSocket: extended CONNECT of HTTP/2 against Upgrade of HTTP/1.1 (RFC 8441 5).

use crate::exchange::Head;
use crate::hop::syntax::members;
use crate::hop::{Framing, RequestFacts};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The protocol's name in `:protocol` and Upgrade.
pub(super) const WEBSOCKET: &[u8] = b"websocket";

/// Whether a checked request asks for a WebSocket: by `Upgrade: websocket` of a GET without
/// content (RFC 6455 4.1), or by CONNECT with `:protocol: websocket` (RFC 8441 5). Only such
/// a request can be translated between the two; toward HTTP/2 any other Upgrade is left out.
#[must_use]
pub fn opens_websocket(head: &Head, facts: &RequestFacts) -> bool {
    if facts.extended {
        return head.value(":protocol").is_some_and(is_websocket);
    }
    let plain = matches!(facts.framing, Framing::None | Framing::Length(0));
    facts.upgrade
        && plain
        && head.start_line().starts_with(b"GET ")
        && head.values("Upgrade").flat_map(members).any(is_websocket)
}

/// The `Sec-WebSocket-Accept` that answers a key (RFC 6455 4.2.2).
#[must_use]
pub fn websocket_accept(key: &[u8]) -> String {
    let guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(guid).finalize())
}

fn is_websocket(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(WEBSOCKET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6455_1_3_the_accept_of_a_key() {
        assert_eq!(websocket_accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
