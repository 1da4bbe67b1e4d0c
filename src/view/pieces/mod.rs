//! Bodies and tunnels that are made of pieces, split into messages while they pass: WebSocket, event
//! streams, lines of JSON, parts, gRPC.
//!
//! A [`Splitter`] takes bytes in any chunking and gives the same messages for every chunking. It never
//! fails, never guesses, and keeps at most `max_payload` octets of the piece that is under way, plus
//! what its protocol bounds (heads, a decoder's window). Pieces come out in the order of their last
//! octet; what follows no rule comes out as [`MessageForm::Broken`](crate::exchange::MessageForm::Broken) with the rule that it broke.

mod coded;
mod events;
mod grpc;
mod kept;
mod lines;
mod media;
mod parts;
#[cfg(test)]
mod probe;
mod websocket;

pub use grpc::status as grpc_status;
pub use media::media_type;

use crate::exchange::{Head, Message, Side};
use crate::view;
use coded::Coded;
use events::Events;
use lines::Lines;
use parts::Parts;
use websocket::Direction;

/// Splits one direction of an exchange.
pub trait Splitter: Send {
    /// Takes the next octets, which came `at` microseconds after the exchange began, and appends each
    /// message whose last octet is among them.
    /// Behind a content coding, the octets that a message took are counted decoded.
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

/// By the media type, behind what undoes the content codings.
fn of_body(head: &Head, side: Side, max_payload: usize) -> Option<Box<dyn Splitter>> {
    let splitter = of_media(head, side, max_payload)?;
    // The coding that was applied first is undone last.
    view::codings(head)
        .iter()
        .filter(|name| *name != "identity")
        .try_fold(splitter, |inner, name| Some(Box::new(Coded::new(name, side, inner)?) as Box<dyn Splitter>))
}

fn of_media(head: &Head, side: Side, max_payload: usize) -> Option<Box<dyn Splitter>> {
    let field = head.value("content-type")?;
    let media = field.split(|byte| *byte == b';').next()?.trim_ascii().to_ascii_lowercase();
    Some(match &media[..] {
        b"text/event-stream" if side == Side::Origin => Box::new(Events::new(max_payload)),
        b"application/x-ndjson"
        | b"application/ndjson"
        | b"application/jsonl"
        | b"application/jsonlines"
        | b"application/x-jsonlines"
        | b"application/stream+json" => Box::new(Lines::new(side, false, max_payload)),
        b"application/json-seq" | b"application/geo+json-seq" => {
            Box::new(Lines::new(side, true, max_payload))
        }
        b"multipart/x-mixed-replace" | b"multipart/mixed" => {
            Box::new(Parts::new(side, &view::boundary(field)?, max_payload))
        }
        media => return grpc::splitter(media, side, head, max_payload),
    })
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
    (
        Box::new(Direction::new(Side::Client, response, max_payload)),
        Box::new(Direction::new(Side::Origin, response, max_payload)),
    )
}

/// Adds words to what is said of a piece, once.
fn remark(says: &mut String, words: &str) {
    if says.is_empty() {
        says.push_str(words);
    } else if !says.contains(words) {
        says.push_str("; ");
        says.push_str(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn bodies_made_of_pieces_are_known_by_their_type_and_codings() {
        for (fields, response, request) in [
            ("Content-Type: text/event-stream; charset=utf-8", true, false),
            ("Content-Type: Text/Event-Stream\r\nContent-Encoding: gzip, identity, br", true, false),
            ("Content-Type: text/event-stream\r\nContent-Encoding: zstd", false, false),
            ("Content-Type: application/x-ndjson", true, true),
            ("Content-Type: application/json-seq", true, true),
            ("Content-Type: multipart/x-mixed-replace; boundary=\"a b\"", true, true),
            ("Content-Type: multipart/mixed", false, false),
            ("Content-Type: multipart/form-data; boundary=b", false, false),
            ("Content-Type: application/grpc+proto", true, true),
            ("Content-Type: application/grpc-web-text", true, true),
            ("Content-Type: application/grpc-webtext", false, false),
            ("Content-Type: application/json", false, false),
            ("X: y", false, false),
        ] {
            let head = Head::parse(Bytes::from(format!("x\r\n{fields}\r\n\r\n")));
            let found = (of_response(None, &head, 9).is_some(), of_request(&head, 9).is_some());
            assert_eq!(found, (response, request), "{fields}");
        }
    }
}
