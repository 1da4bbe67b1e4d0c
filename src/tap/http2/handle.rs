//! The exchange's hold on a frame tap: take what arrived on a stream, queue what is to be sent on it.

use super::super::OutHead;
use crate::exchange::{FrameNote, Head};
use crate::hop::{Bounds, Fault, RequestFacts, ResponseFacts};
use bytes::Bytes;
use std::task::{Context, Poll};
use std::time::Instant;

/// What a peer may do before it is told to calm down, and how large its sections may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of field sections.
    pub bounds: Bounds,
    /// Frames that ask for work and bring nothing (RST_STREAM, SETTINGS, PING, PRIORITY, empty DATA,
    /// CONTINUATION) that a peer may send within ten seconds before GOAWAY ENHANCE_YOUR_CALM.
    pub idle_frames: u32,
}

/// A request that arrived on a stream.
#[derive(Debug)]
pub struct Request {
    /// Its section as text (`Head::of_request_section`).
    pub head: Head,
    /// What the check found, or why it is to be answered with a refusal (431): the stream stands.
    pub facts: Result<RequestFacts, Fault>,
    /// When the first octet of its HEADERS frame was there, and when it was whole.
    pub at: (Instant, Instant),
    /// Names of fields that must not be put into a compression table (RFC 7541 7.1.3).
    pub never_indexed: Vec<Bytes>,
}

/// A final response that arrived on a stream.
#[derive(Debug)]
pub struct Response {
    /// Its section as text (`Head::of_response_section`).
    pub head: Head,
    /// What the check found, or why it is not usable.
    pub facts: Result<ResponseFacts, Fault>,
    /// When it was whole.
    pub at: Instant,
    /// Names of fields that must not be put into a compression table (RFC 7541 7.1.3).
    pub never_indexed: Vec<Bytes>,
}

/// A stream that the tap refused by RST_STREAM, or the connection by GOAWAY: h2 saw nothing of it.
#[derive(Debug)]
pub struct Refused {
    /// The stream; 0 for what concerns the whole connection.
    pub stream: u32,
    /// What came of its section.
    pub head: Head,
    /// Why.
    pub fault: Fault,
    /// The error code that was sent, as RFC 9113 7 names it: `PROTOCOL_ERROR`.
    pub code: &'static str,
    /// When its first octet was there, and when it was refused.
    pub at: (Instant, Instant),
}

/// A handle to the frame tap of one connection. Whatever is queued for a stream must be queued before
/// h2 is told to send; a section of h2's for which nothing is queued yet waits in the tap.
#[derive(Clone, Debug)]
pub struct Handle;

impl Handle {
    /// The request on this stream, once h2 has accepted it.
    #[must_use]
    pub fn take_request(&self, _stream: u32) -> Option<Request> {
        None
    }

    /// The next refused stream.
    pub fn poll_refused(&self, _cx: &mut Context<'_>) -> Poll<Refused> {
        Poll::Pending
    }

    /// Says what the response on this stream answers.
    pub fn expect(&self, _stream: u32, _to_head: bool) {}

    /// The response on this stream, once h2 has it.
    #[must_use]
    pub fn take_response(&self, _stream: u32) -> Option<Response> {
        None
    }

    /// Interim responses on this stream since the last look; `cx` is woken when one comes.
    #[must_use]
    pub fn poll_interims(&self, _cx: &mut Context<'_>, _stream: u32) -> Vec<(Head, ResponseFacts)> {
        Vec::new()
    }

    /// The trailer section that ended the message on this stream: lines `name: value` with CR LF.
    #[must_use]
    pub fn take_trailers(&self, _stream: u32) -> Option<Bytes> {
        None
    }

    /// What was wrong with a stream that the tap reset while h2 was at work on it.
    #[must_use]
    pub fn stream_fault(&self, _stream: u32) -> Option<Fault> {
        None
    }

    /// The exact section to send when h2 writes its own for this stream. `head.raw` is a head as text.
    pub fn queue(&self, _stream: u32, _head: OutHead, _never_indexed: Vec<Bytes>) {}

    /// Sends an interim section on this stream at once; false when the final one has begun.
    #[must_use]
    pub fn inject(&self, _stream: u32, _head: &Head) -> bool {
        false
    }

    /// The section to send when h2 writes its trailers for this stream: lines with CR LF.
    pub fn send_trailers(&self, _stream: u32, _section: Bytes) {}

    /// Frames of this stream since the last look; of stream 0 the connection's own.
    #[must_use]
    pub fn take_frames(&self, _stream: u32) -> Vec<(Instant, FrameNote)> {
        Vec::new()
    }

    /// Whether the peer said SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 8441 3); `None` before its
    /// first SETTINGS came.
    #[must_use]
    pub fn extended_connect(&self) -> Option<bool> {
        None
    }
}
