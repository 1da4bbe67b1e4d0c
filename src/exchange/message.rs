//! What is said within one exchange piece by piece: WebSocket messages, server-sent events, lines of
//! NDJSON, parts, chunks, gRPC messages.

use super::Side;
use bytes::Bytes;

/// One piece, in the order in which its last byte came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Microseconds from the exchange's beginning to the piece's last byte.
    pub at: u64,
    /// Who sent it: the client, or the origin.
    pub side: Side,
    /// What it is.
    pub form: MessageForm,
    /// Octets that it took on the wire, its framing included.
    pub wire: u64,
    /// Octets of its payload, decoded (unmasked, inflated).
    pub length: u64,
    /// The payload; shorter than `length` when it was cut at a limit, empty when it was not kept.
    pub payload: Bytes,
    /// A word for the list: the event's name, the part's media type, the close code with its reason,
    /// or what is wrong with the piece.
    pub says: String,
    /// Marks.
    pub flags: MessageFlags,
}

/// What a piece is; the numbers are written to captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageForm {
    /// A WebSocket text message (RFC 6455 5.6).
    Text = 1,
    /// A WebSocket binary message.
    Binary = 2,
    /// WebSocket Close (RFC 6455 5.5.1).
    Close = 8,
    /// WebSocket Ping.
    Ping = 9,
    /// WebSocket Pong.
    Pong = 10,
    /// A server-sent event (HTML Living Standard 9.2).
    Event = 20,
    /// A comment or a retry time of an event stream: nothing that a page sees.
    Comment = 21,
    /// A line of NDJSON or JSON lines.
    Line = 22,
    /// A part of `multipart/x-mixed-replace` (RFC 2046 5.1).
    Part = 23,
    /// A gRPC message with its five-octet prefix taken off.
    Grpc = 24,
    /// What follows no rule of its protocol: shown, not understood.
    Broken = 255,
}

/// Marks of a message, as bits; the numbers are written to captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageFlags(pub u8);

impl MessageFlags {
    /// It was compressed on the wire (RFC 7692, or gRPC's flag).
    pub const COMPRESSED: Self = Self(1);
    /// It came in more than one frame.
    pub const FRAGMENTED: Self = Self(1 << 1);
    /// The payload is cut at a limit.
    pub const TRUNCATED: Self = Self(1 << 2);
    /// It broke off: its end never came.
    pub const UNFINISHED: Self = Self(1 << 3);

    /// Whether all bits of `flag` are set.
    #[must_use]
    pub fn has(self, flag: Self) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// Sets `flag`.
    pub fn add(&mut self, flag: Self) {
        self.0 |= flag.0;
    }
}

impl MessageForm {
    /// Every form, for tests and filters.
    pub const ALL: &'static [Self] = &[
        Self::Text,
        Self::Binary,
        Self::Close,
        Self::Ping,
        Self::Pong,
        Self::Event,
        Self::Comment,
        Self::Line,
        Self::Part,
        Self::Grpc,
        Self::Broken,
    ];

    /// The word used in JSON, lists and filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Event => "event",
            Self::Comment => "comment",
            Self::Line => "line",
            Self::Part => "part",
            Self::Grpc => "grpc",
            Self::Broken => "broken",
        }
    }

    /// The form with this number, as read from a capture.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|form| *form as u8 == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for form in MessageForm::ALL {
            assert_eq!(MessageForm::from_code(*form as u8), Some(*form));
        }
        assert_eq!(MessageForm::from_code(0), None);
    }
}
