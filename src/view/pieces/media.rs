//! As what a message's payload is shown.

use crate::exchange::MessageForm;

/// The media type by which the body viewer shows a payload: what the piece says of itself, else what
/// its first octets are. Empty when the viewer shall look for itself.
#[must_use]
pub fn media_type<'a>(form: MessageForm, says: &'a str, payload: &[u8]) -> &'a str {
    let text = std::str::from_utf8(payload).is_ok();
    let json = matches!(payload.trim_ascii_start().first(), Some(b'{' | b'['));
    match form {
        MessageForm::Part => said(says),
        _ if text && json => "application/json",
        MessageForm::Line => "application/json",
        MessageForm::Grpc => "application/x-protobuf",
        _ if text => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A part's words begin with its media type.
fn said(says: &str) -> &str {
    says.split([';', ',', ' ']).next().filter(|first| first.contains('/')).unwrap_or_default()
}
