//! Where a body comes from: hyper's reading of HTTP/1, or a stream of HTTP/2.

use bytes::Bytes;
use h2::{Reason, RecvStream};
use http_body::Body;
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that ended before its framing said so: the stream must be cut, never ended well.
#[derive(Debug, thiserror::Error)]
#[error("the body was cut short")]
pub struct Cut {
    /// The code with which the peer reset its stream, to be carried over (RFC 9113 7).
    pub code: Option<u32>,
}

/// The body of a message as it arrives.
#[derive(Debug)]
pub enum Source {
    /// Of HTTP/1.
    Http1(Incoming),
    /// Of a stream.
    Http2 {
        /// The receiving half.
        stream: RecvStream,
        /// Octets handed on whose window the sender has not been given back.
        taken: usize,
    },
}

impl Source {
    /// The body of a stream.
    #[must_use]
    pub fn stream(stream: RecvStream) -> Self {
        Self::Http2 { stream, taken: 0 }
    }

    /// Whether all has come, and no trailers behind it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Http1(incoming) => incoming.is_end_stream(),
            Self::Http2 { stream, .. } => stream.is_end_stream(),
        }
    }

    /// The next data. A stream's sender gets its window back only when more is asked for, so that a
    /// slow reader's pressure passes to it (RFC 9113 5.2).
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        match self {
            Self::Http1(incoming) => loop {
                match ready!(Pin::new(&mut *incoming).poll_frame(cx)) {
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                    Some(Err(_)) => return Poll::Ready(Some(Err(Cut { code: None }))),
                    None => return Poll::Ready(None),
                }
            },
            Self::Http2 { stream, taken } => {
                if *taken > 0 {
                    // A stream that is over has no window to give back.
                    let _ = stream.flow_control().release_capacity(std::mem::take(taken));
                }
                loop {
                    match ready!(stream.poll_data(cx)) {
                        // A frame that brings nothing, but perhaps the end.
                        Some(Ok(data)) if data.is_empty() => {}
                        Some(Ok(data)) => {
                            *taken = data.len();
                            return Poll::Ready(Some(Ok(data)));
                        }
                        Some(Err(error)) => {
                            return Poll::Ready(Some(Err(Cut { code: reset_code(&error) })));
                        }
                        None => return Poll::Ready(None),
                    }
                }
            }
        }
    }
}

/// The code of a peer's `RST_STREAM`.
pub(super) fn reset_code(error: &h2::Error) -> Option<u32> {
    let reset = error.is_reset() && error.is_remote();
    error.reason().filter(|_| reset).map(u32::from)
}

/// An error code's name as RFC 9113 7 writes it.
#[must_use]
pub fn code_name(code: u32) -> String {
    format!("{:?}", Reason::from(code))
}
