//! The rules of the hop: what an intermediary must check and change, as pure functions over heads.
//!
//! ```text
//! bytes --head_end--> Head --check_*--> facts --route--> Destination
//! fields --of_*_section--+ |               |                  |
//!                          +---------------+---- forward_* ---+--> Forwarded { raw, edits, framing }
//! ```
//!
//! A head passes `check_request` or `check_response`, a section of HTTP/2 `check_request_http2` or
//! `check_response_http2`, before anything else reads it; a head that could be read in two ways
//! never passes. The functions behind it rely on that. From there on the same functions serve both
//! versions, on either side of the hop, and translate where the two sides differ.
//! Lines that need no change keep their exact bytes and their order. Each line that
//! changes is an [`Edit`], and [`replay_edits`] proves that the edits explain the
//! difference between the two heads completely.
//!
//! | file | rule |
//! |---|---|
//! | `ends` | where a head ends in a growing buffer |
//! | `check`, `start`, `survey` | syntax and framing of a head, refused or understood |
//! | `framing` | Content-Length and Transfer-Encoding (RFC 9112 6) |
//! | `chunks` | the chunked coding, walked strictly (RFC 9112 7.1) |
//! | `options` | Connection and the fields it names (RFC 9110 7.6.1) |
//! | `target` | where a request goes, Host (RFC 9112 3.2) |
//! | `http2/` | the checks of HTTP/2, and what changes to it and from it (RFC 9113 8) |
//! | `via`, `forwards` | Via and loops, Max-Forwards (RFC 9110 7.6.2, 7.6.3) |
//! | `switching` | what a 101 may say (RFC 9110 7.8) |
//! | `request`, `response`, `trailers` | the new head or trailer section |
//! | `writer`, `ledger` | how lines are written, and the proof |
//! | `answer` | heads of our own answers |

mod answer;
mod check;
mod chunks;
mod ends;
mod forwards;
mod framing;
mod http2;
mod ledger;
mod names;
mod onward;
mod options;
#[cfg(test)]
mod properties;
mod request;
mod response;
mod start;
mod survey;
mod switching;
mod syntax;
mod target;
mod trailers;
mod via;
mod writer;

use crate::exchange::Edit;
use bytes::Bytes;

pub use answer::{answer, answer_http2, established, established_http2, reason};
pub use check::{Bounds, RequestFacts, ResponseFacts, check_request, check_request_line, check_response};
pub use chunks::Chunks;
pub use ends::{empty_lines, head_end, oversize_request, oversize_response};
pub use forwards::{LocalAnswer, local_answer, options_answer, reflection};
pub use http2::{
    check_request_http2, check_response_http2, check_trailers_http2, opens_websocket, websocket_accept,
};
pub use ledger::replay_edits;
pub use request::{RequestHop, forward_request, forward_to_parent, refuse_loop};
pub use response::{ResponseHop, forward_interim, forward_response};
pub use switching::check_switch;
pub use target::{Destination, Route, route};
pub use trailers::{Trailers, check_trailers, forward_trailers, withhold_trailers};
pub use via::path;

/// A protocol version as far as rules differ by it. A higher minor version of HTTP/1
/// counts as 1.1 (RFC 9110 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1, and what calls itself 1.2 to 1.9.
    Http11,
    /// HTTP/2 (RFC 9113).
    Http2,
}

/// How a message's body is delimited on one connection (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No body: the message ends with its head.
    None,
    /// This many bytes, as Content-Length says; 0 too.
    Length(u64),
    /// Chunks, then a trailer section.
    Chunked,
    /// All bytes until the sender closes; responses only.
    UntilClose,
    /// All DATA until the HTTP/2 stream's end, then perhaps a trailer section (RFC 9113 8.1).
    Stream,
}

/// Why a head is refused: where it is wrong, by which clause, and in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{says} ({clause})")]
pub struct Fault {
    /// The status that the client gets: for a request its own fault, for a response 502.
    pub status: u16,
    /// The first offending byte, counted in the raw head.
    pub offset: usize,
    /// The clause that it breaks: `RFC 9112 5.1`.
    pub clause: &'static str,
    /// What is wrong and what would be right, one or two lines without raw bytes.
    pub says: String,
}

/// A head ready to be sent on, in its receiver's form: the bytes of an HTTP/1.1 head, or the
/// text of a section of HTTP/2 whose lines behind the first are encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The whole head with its empty line.
    pub raw: Bytes,
    /// Every difference to the head as received, in the order of the sent lines.
    pub edits: Vec<Edit>,
    /// How the body is delimited toward the receiver.
    pub framing: Framing,
    /// Whether the receiver's connection may stay open behind this message. Always true
    /// for requests: a request never asks its origin to close.
    pub persistent: bool,
}

impl Fault {
    pub(crate) fn new(status: u16, offset: usize, clause: &'static str, says: impl Into<String>) -> Self {
        Self { status, offset, clause, says: says.into() }
    }

    /// The same fault found in a response: whatever is wrong there is a bad gateway to the
    /// client (RFC 9110 15.6.3).
    fn in_response(self) -> Self {
        Self { status: 502, ..self }
    }
}
