//! One end of an exchange: the tap that its messages cross, of either version, and where on it they are.

use super::handle::Handle;
use super::http2;
use super::outbound::OutHead;
use crate::exchange::Head;
use crate::hop::Fault;
use bytes::Bytes;
use std::task::{Context, Poll};

/// The hold of an exchange on the client's tap, or on the origin's.
#[derive(Clone, Debug)]
pub enum End {
    /// A connection that carries one exchange after the other.
    Http1 {
        /// Its tap.
        tap: Handle,
        /// Number of the message that arrives on it.
        number: u64,
    },
    /// A stream of a connection that carries many at once.
    Http2 {
        /// The connection's tap.
        tap: http2::Handle,
        /// The stream.
        stream: u32,
    },
}

impl End {
    /// Whether messages here are delimited by their streams, not by counting (RFC 9113 8.1).
    #[must_use]
    pub fn is_http2(&self) -> bool {
        matches!(self, Self::Http2 { .. })
    }

    /// Queues the exact head of the next message; `never_indexed` names its fields that must not be
    /// put into a compression table (RFC 7541 7.1.3).
    pub fn queue(&self, head: OutHead, never_indexed: Vec<Bytes>) {
        match self {
            Self::Http1 { tap, .. } => tap.queue(head),
            Self::Http2 { tap, stream } => tap.queue(*stream, head, never_indexed),
        }
    }

    /// Sends an interim head at once; false when the final one has already begun.
    #[must_use]
    pub fn inject(&self, raw: &Bytes) -> bool {
        match self {
            Self::Http1 { tap, .. } => tap.inject(raw),
            Self::Http2 { tap, stream } => tap.inject(*stream, &Head::parse(raw.clone())),
        }
    }

    /// Lets HTTP go on after a CONNECT or Upgrade that came to nothing. Other streams never waited.
    pub fn resume(&self) {
        if let Self::Http1 { tap, number } = self {
            tap.resume(*number);
        }
    }

    /// What broke the body that was being read.
    #[must_use]
    pub fn body_fault(&self) -> Option<Fault> {
        match self {
            Self::Http1 { tap, .. } => tap.body_fault(),
            Self::Http2 { tap, stream } => tap.stream_fault(*stream),
        }
    }

    /// Whether the connection was given up because the peer took none of what waited for it. Of a
    /// stream, whoever moves its body knows.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        match self {
            Self::Http1 { tap, .. } => tap.is_stalled(),
            Self::Http2 { .. } => false,
        }
    }

    /// A mark for [`End::poll_flushed`].
    #[must_use]
    pub fn flushes(&self) -> u64 {
        match self {
            Self::Http1 { tap, .. } => tap.flushes(),
            Self::Http2 { .. } => 0,
        }
    }

    /// Ready once all that was given before the mark is on the socket. A stream's end is another's to
    /// time: what it carries waits for windows.
    pub fn poll_flushed(&self, cx: &mut Context<'_>, mark: u64) -> Poll<()> {
        match self {
            Self::Http1 { tap, .. } => tap.poll_flushed(cx, mark),
            Self::Http2 { .. } => Poll::Ready(()),
        }
    }

    /// The trailer section that ended the message that arrived here, with its line ends; and names of its fields
    /// that must not be put into a compression table (RFC 7541 7.1.3).
    #[must_use]
    pub fn take_trailers(&self) -> Option<(Bytes, Vec<Bytes>)> {
        match self {
            Self::Http1 { tap, number } => tap.take_trailers(*number).map(|lines| (lines, Vec::new())),
            Self::Http2 { tap, stream } => tap.take_trailers(*stream),
        }
    }

    /// Trailers to end the message that is being written here.
    pub fn send_trailers(&self, section: Bytes, never_indexed: Vec<Bytes>) {
        match self {
            Self::Http1 { tap, .. } => tap.send_trailers(section),
            Self::Http2 { tap, stream } => tap.send_trailers(*stream, section, never_indexed),
        }
    }
}
