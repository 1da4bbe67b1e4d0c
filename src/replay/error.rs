//! Why a request cannot be sent again, in words.

use crate::exchange::ExchangeId;
use crate::store::StoreError;
use crate::text::carets;
use std::ops::Range;

/// Why an exchange is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such exchange.
    #[error("there is no exchange #{}, or it is not on disk yet", .0.0)]
    Absent(ExchangeId),
    /// Nothing of the request was recorded.
    #[error("#{} has no request head to send again{}", id.0, if *as_sent { ": it never reached an origin (without --message it goes as received)" } else { "" })]
    NoHead {
        /// The exchange.
        id: ExchangeId,
        /// Whether the head as sent was asked for.
        as_sent: bool,
    },
    /// A CONNECT.
    #[error("#{} is a tunnel: what went through it is not a request; its exchanges are rows of their own where it was opened", .0.0)]
    Tunnel(ExchangeId),
    /// The request's body is not whole in the capture.
    #[error("the body of #{} cannot be sent again: {says}; give another with --body FILE", id.0)]
    BodyNotWhole {
        /// The exchange.
        id: ExchangeId,
        /// What is there of it.
        says: String,
    },
    /// Bytes as sent were asked for together with a change.
    #[error(
        "the request as sent goes out byte for byte: nothing of it can be changed (leave --message out to change it)"
    )]
    AsSent,
    /// Bytes as sent were asked for, and they were frames of HTTP/2.
    #[error("#{} went to its origin over HTTP/2, whose frames cannot be sent again byte for byte (leave --message out to send the request again)", .0.0)]
    AsSentHttp2(ExchangeId),
    /// A field line, target or the like is not well-formed: the text with carets below the place.
    #[error("{0}")]
    Malformed(String),
    /// A line of an edited text is wrong.
    #[error("line {line}: {says}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        says: String,
    },
    /// A Content-Length that was set by hand says less than there is.
    #[error(
        "Content-Length says {says}, the body has {has} bytes: the rest would be read as another request"
    )]
    Longer {
        /// What the field says.
        says: u64,
        /// Bytes of the body.
        has: u64,
    },
    /// A body without a field that delimits it.
    #[error("the body has {has} bytes, and neither Content-Length nor Transfer-Encoding says where it ends")]
    Unframed {
        /// Bytes of the body.
        has: u64,
    },
    /// The body's codings cannot be undone to be edited.
    #[error("the body of #{} cannot be opened: {says}", id.0)]
    Opaque {
        /// The exchange.
        id: ExchangeId,
        /// Why.
        says: String,
    },
    /// The capture could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The proxy ends.
    #[error("hopscope is stopping: nothing is sent any more")]
    Stopping,
}

impl ReplayError {
    /// A text that is wrong at a place.
    pub(super) fn at(text: &str, span: Range<usize>, says: &str) -> Self {
        Self::Malformed(carets(text, span, says))
    }

    /// `the capture holds only the first 10 MB of 71 MB`.
    pub(super) fn cut(id: ExchangeId, kept: u64, length: u64) -> Self {
        let says = format!("the capture holds only the first {} of {}", size(kept), size(length));
        Self::BodyNotWhole { id, says }
    }
}

/// Bytes in units of 1000: `10 MB`, `1.5 kB`, `312 bytes`.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.iter().find(|(unit, _)| bytes >= *unit) {
        None => format!("{bytes} bytes"),
        Some((unit, name)) if bytes.is_multiple_of(*unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
    }
}
