//! A WebSocket whose opening is translated between HTTP/2 and HTTP/1.1 (RFC 8441 5).

use crate::ca::provider;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A `Sec-WebSocket-Key` for an Upgrade that the client did not write itself: 16 random octets
/// (RFC 6455 4.1).
pub(super) fn key() -> String {
    let mut nonce = [0; 16];
    // Without random numbers no connection could have been secured; a key of zeros opens one as well.
    let _ = provider().secure_random.fill(&mut nonce);
    STANDARD.encode(nonce)
}
