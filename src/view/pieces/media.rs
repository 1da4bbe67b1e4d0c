//! As what a message's payload is shown.

use crate::exchange::MessageForm;
use serde::de::IgnoredAny;

/// Octets up to which a payload is read to know whether it is JSON.
const READ: usize = 256 * 1024;

/// The media type by which the body viewer shows a payload: what the piece says of itself, else what
/// its octets are. Empty when the viewer shall look for itself.
#[must_use]
pub fn media_type<'a>(form: MessageForm, says: &'a str, payload: &[u8]) -> &'a str {
    match form {
        MessageForm::Part => said(says),
        MessageForm::Grpc if says.starts_with("trailers") => "text/plain",
        _ if is_json(payload) => "application/json",
        MessageForm::Grpc => "application/x-protobuf",
        _ if std::str::from_utf8(payload).is_ok() => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A part's words begin with its media type.
fn said(says: &str) -> &str {
    says.split([';', ',', ' ']).next().filter(|first| first.contains('/')).unwrap_or_default()
}

/// An object or an array that parses; of what is too long to be read, one that begins so.
fn is_json(payload: &[u8]) -> bool {
    matches!(payload.trim_ascii_start().first(), Some(b'{' | b'['))
        && (payload.len() > READ && super::super::is_text(payload)
            || serde_json::from_slice::<IgnoredAny>(payload).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageForm::{Binary, Event, Grpc, Line, Part, Text};

    #[test]
    fn what_a_piece_says_and_else_what_it_holds() {
        for (form, says, payload, media) in [
            (Text, "", &b" {\"a\": [1]}"[..], "application/json"),
            (Text, "", b"{not json}", "text/plain"),
            (Text, "", b"[2026-11-29] started", "text/plain"),
            (Binary, "", b"\x00\xff", "application/octet-stream"),
            (Event, "tick, id 4", b"[1, 2]", "application/json"),
            (Line, "", b"12", "text/plain"),
            (Grpc, "", b"\x0a\x01a", "application/x-protobuf"),
            (Grpc, "", b"{\"a\":1}", "application/json"),
            (Grpc, "trailers: 0 OK", b"grpc-status: 0\r\n", "text/plain"),
            (Part, "image/jpeg, Content-Length: 9", b"\xff\xd8", "image/jpeg"),
            (Part, "X: y", b"text", ""),
        ] {
            assert_eq!(media_type(form, says, payload), media, "{form:?} {says}");
        }
    }
}
