//! Traces, JSON policies, WebSocket keys, credentials by base64: small grammars of their own.

use super::syntax::not_in_token;
use crate::inspect::field::Field;
use crate::inspect::parts::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::ops::Range;

/// `version-trace-parent-flags` in hexadecimal (Trace Context 3.2).
pub fn traceparent(_: &Field, parts: &mut Parts<'_>) {
    const PIECES: [(usize, &str, &str); 4] = [
        (2, "version", "the version of this format"),
        (32, "trace id", "the same for everything that one request caused"),
        (16, "parent id", "the operation that sent this request"),
        (2, "flags", "01: this trace is being recorded"),
    ];
    let whole = parts.whole();
    let mut at = whole.start;
    for (index, (length, label, means)) in PIECES.into_iter().enumerate() {
        if index > 0 {
            if at >= whole.end || parts.at(at) != Some(b'-') {
                return parts.fail(at, "a hyphen is expected");
            }
            at += 1;
        }
        let bytes = parts.bytes(&(at..(at + length).min(whole.end)));
        let odd = bytes.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if odd.is_some() || bytes.len() < length {
            return parts.fail(at + odd.unwrap_or(bytes.len()), "lower-case hexadecimal digits are expected");
        }
        if (1..=2).contains(&index) && bytes.iter().all(|byte| *byte == b'0') {
            return parts.fail(at, "all zeros mean: no valid id");
        }
        parts.add(at..at + length, label, means);
        at += length;
    }
    if at < whole.end {
        parts.add(at..whole.end, "more", "what a later version of the format adds");
    }
}

/// `vendor=value` between commas (Trace Context 3.3).
pub fn tracestate(_: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let (name, value) = parts.halves(&piece, b'=');
        if value.is_none() {
            return parts.fail(piece.end, "= and a value are expected");
        }
        let said = format!("what {} keeps with the trace", parts.shown(&name));
        parts.add(piece, "member", said);
    }
}

/// JSON objects between commas, as in NEL and Report-To: every key that stands at the top.
pub fn json(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let bytes = parts.bytes(&whole);
    let text = [b"[", bytes, b"]"].concat();
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&text) {
        // One line: the column counts from the bracket that was put before it.
        return parts
            .fail(whole.start + error.column().saturating_sub(2).min(bytes.len()), "this is no JSON");
    }
    for span in keys(parts, &whole) {
        let name = span.start + 1..span.end - 1;
        let said = field.word(parts.bytes(&name)).map_or("", |word| word.means);
        parts.add(span, "key", said);
    }
}

/// Spans of the strings that a colon follows in objects at the top.
fn keys(parts: &Parts<'_>, whole: &Range<usize>) -> Vec<Range<usize>> {
    let (mut at, mut depth) = (whole.start, 0_usize);
    let mut found = Vec::new();
    while at < whole.end {
        match parts.at(at) {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            Some(b'"') => {
                let end = parts.quote_end(at, whole.end);
                let behind = parts.trim(&(end..whole.end)).start;
                if depth == 1 && parts.at(behind) == Some(b':') && end - at >= 2 && found.len() < 64 {
                    found.push(at..end);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// 16 bytes in base64: Sec-WebSocket-Key (RFC 6455 4.1).
pub fn websocket_key(_: &Field, parts: &mut Parts<'_>) {
    sized_base64(parts, 16, "16 bytes made for this handshake: the server proves that it read them");
}

/// 20 bytes in base64: Sec-WebSocket-Accept (RFC 6455 4.2.2).
pub fn websocket_accept(_: &Field, parts: &mut Parts<'_>) {
    sized_base64(parts, 20, "SHA-1 over the client's key: proof that the server read this very handshake");
}

/// What is hashed behind the key (RFC 6455 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The Sec-WebSocket-Accept that belongs to a key: SHA-1 over both (RFC 6455 4.2.2).
pub fn websocket_answer(key: &[u8]) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

fn sized_base64(parts: &mut Parts<'_>, size: usize, said: &str) {
    let whole = parts.whole();
    match STANDARD.decode(parts.bytes(&whole)) {
        Ok(bytes) if bytes.len() == size => parts.add(whole, "base64", said),
        Ok(bytes) => {
            parts.fail(whole.end, format!("{size} bytes in base64 are expected; these are {}", bytes.len()));
        }
        Err(_) => parts.fail(whole.start, "base64 is expected"),
    }
}

/// Anything in base64: Content-MD5, certificates.
pub fn base64(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    match STANDARD.decode(parts.bytes(&whole)) {
        Ok(bytes) => parts.add(whole, "base64", crate::text::units::counted(bytes.len(), "byte", "bytes")),
        Err(_) => parts.fail(whole.start, "base64 is expected"),
    }
}

/// Protocols with versions between commas: Upgrade (RFC 9110 7.8).
pub fn protocols(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let (name, version) = parts.halves(&piece, b'/');
        for half in std::iter::once(&name).chain(version.as_ref()) {
            if let Some(at) = not_in_token(parts, half) {
                return parts.fail(at, "a protocol is a token, with its version behind a slash");
            }
        }
        let said = field.word(parts.bytes(&name)).map_or("another protocol", |word| word.means);
        parts.add(piece, "protocol", said);
    }
}
