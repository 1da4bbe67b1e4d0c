//! Error codes (RFC 9113 7), and what is said about a breach of the rules.

use crate::hop::Fault;

/// An error code as it stands in `RST_STREAM` and GOAWAY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// 0: a graceful end.
    pub const NO_ERROR: Self = Self(0);
    /// 1.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// 3.
    pub const FLOW_CONTROL_ERROR: Self = Self(3);
    /// 5.
    pub const STREAM_CLOSED: Self = Self(5);
    /// 6.
    pub const FRAME_SIZE_ERROR: Self = Self(6);
    /// 7: the request was not processed and can be sent again.
    pub const REFUSED_STREAM: Self = Self(7);
    /// 9.
    pub const COMPRESSION_ERROR: Self = Self(9);
    /// 11.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);

    /// Its name in RFC 9113 7.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "NO_ERROR",
            1 => "PROTOCOL_ERROR",
            2 => "INTERNAL_ERROR",
            3 => "FLOW_CONTROL_ERROR",
            4 => "SETTINGS_TIMEOUT",
            5 => "STREAM_CLOSED",
            6 => "FRAME_SIZE_ERROR",
            7 => "REFUSED_STREAM",
            8 => "CANCEL",
            9 => "COMPRESSION_ERROR",
            10 => "CONNECT_ERROR",
            11 => "ENHANCE_YOUR_CALM",
            12 => "INADEQUATE_SECURITY",
            13 => "HTTP_1_1_REQUIRED",
            _ => "an unknown code",
        }
    }
}

/// What a peer broke, and how far the damage goes (RFC 9113 5.4).
#[derive(Debug)]
pub(super) enum Breach {
    /// GOAWAY, and the connection is over.
    Connection(ErrorCode, Fault),
    /// `RST_STREAM`.
    Stream(ErrorCode, Fault),
}

impl Breach {
    pub(super) fn connection(code: ErrorCode, clause: &'static str, says: impl Into<String>) -> Self {
        Self::Connection(code, Fault::new(400, 0, clause, says))
    }

    pub(super) fn stream(code: ErrorCode, clause: &'static str, says: impl Into<String>) -> Self {
        Self::Stream(code, Fault::new(400, 0, clause, says))
    }

    /// A connection error `PROTOCOL_ERROR`.
    pub(super) fn protocol(clause: &'static str, says: impl Into<String>) -> Self {
        Self::connection(ErrorCode::PROTOCOL_ERROR, clause, says)
    }

    /// A connection error `FRAME_SIZE_ERROR` (RFC 9113 4.2).
    pub(super) fn size(clause: &'static str, says: impl Into<String>) -> Self {
        Self::connection(ErrorCode::FRAME_SIZE_ERROR, clause, says)
    }
}
