//! Bodies and tunnels that are made of pieces, split into messages while they pass: WebSocket, event
//! streams, lines of JSON, parts, gRPC.
//!
//! A [`Splitter`] takes bytes in any chunking and gives the same messages for every chunking. It never
//! fails, never guesses, and keeps at most `max_payload` octets of the piece that is under way, plus
//! what its protocol bounds (heads, a decoder's window). Pieces come out in the order of their last
//! octet; what follows no rule comes out as [`MessageForm::Broken`] with the rule that it broke.

mod bounded;
mod events;
mod grpc;
mod lines;
mod media;
mod websocket;

pub use grpc::status as grpc_status;
pub use media::media_type;

use crate::exchange::{Head, Message, Side};

/// Splits one direction of an exchange.
pub trait Splitter: Send {
    /// Takes the next octets, which came `at` microseconds after the exchange began, and appends each
    /// message whose last octet is among them.
    fn feed(&mut self, bytes: &[u8], at: u64, out: &mut Vec<Message>);

    /// Says that no more comes: what is incomplete comes out marked as
    /// [`MessageFlags::UNFINISHED`](crate::exchange::MessageFlags::UNFINISHED). Call it once.
    fn end(&mut self, at: u64, out: &mut Vec<Message>);
}

/// The splitter for a response's body, when its media type is one that is made of pieces and its
/// content codings can be undone. The heads are those of one side of the hop: the request as sent on,
/// the response as received.
#[must_use]
pub fn of_response(request: Option<&Head>, response: &Head, max_payload: usize) -> Option<Box<dyn Splitter>> {
    let _ = request;
    of_body(response, Side::Origin, max_payload)
}

/// The splitter for a request's body.
#[must_use]
pub fn of_request(request: &Head, max_payload: usize) -> Option<Box<dyn Splitter>> {
    of_body(request, Side::Client, max_payload)
}

/// By the media type. A body in a content coding is not split: the Body view undoes it.
fn of_body(head: &Head, side: Side, max_payload: usize) -> Option<Box<dyn Splitter>> {
    let media = head.value("content-type")?;
    let media = media.split(|byte| *byte == b';').next()?.trim_ascii().to_ascii_lowercase();
    if head.members("content-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
        return None;
    }
    Some(match &media[..] {
        b"text/event-stream" if side == Side::Origin => Box::new(events::Events::new(max_payload)),
        b"application/x-ndjson"
        | b"application/ndjson"
        | b"application/jsonl"
        | b"application/x-jsonlines"
        | b"application/stream+json" => Box::new(lines::Lines::new(side, false, max_payload)),
        b"application/json-seq" | b"application/geo+json-seq" => {
            Box::new(lines::Lines::new(side, true, max_payload))
        }
        media if is_grpc(media) => Box::new(grpc::Calls::new(side, head, max_payload)),
        _ => return None,
    })
}

/// gRPC and gRPC-Web in its binary form, with any message format.
fn is_grpc(media: &[u8]) -> bool {
    [&b"application/grpc"[..], b"application/grpc-web"]
        .iter()
        .any(|base| media.strip_prefix(*base).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+")))
}

/// The splitters for what follows a WebSocket handshake (RFC 6455 4, RFC 8441 5): the client's
/// direction, then the origin's. Sec-WebSocket-Extensions of `response` decides what was agreed: give
/// the head as it was received.
#[must_use]
pub fn websocket(
    request: &Head,
    response: &Head,
    max_payload: usize,
) -> (Box<dyn Splitter>, Box<dyn Splitter>) {
    let _ = request;
    websocket::splitters(response, max_payload)
}
