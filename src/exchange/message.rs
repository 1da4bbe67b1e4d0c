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

impl MessageFlags {
    /// Every flag with its word, as in JSON and lists.
    pub const WORDS: &'static [(Self, &'static str)] = &[
        (Self::COMPRESSED, "compressed"),
        (Self::FRAGMENTED, "fragmented"),
        (Self::TRUNCATED, "cut"),
        (Self::UNFINISHED, "broke off"),
    ];

    /// The words of the set bits.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS.iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, word)| *word)
    }
}

/// Octets of a payload that a line about it is made of.
const A_LINE: usize = 512;
/// Octets of a binary one.
const A_BINARY_LINE: usize = 32;

impl Message {
    /// What a list says of it on one line: its word, then the beginning of its payload, as text or as
    /// octets in hex. Captured text: it passes `text::sanitize` before it reaches a terminal.
    #[must_use]
    pub fn line(&self) -> String {
        // A Close that says something says all of its payload.
        if self.form == MessageForm::Close && !self.says.is_empty() {
            return self.says.clone();
        }
        let start = self.payload.get(..A_LINE).unwrap_or(&self.payload);
        let start = start.trim_ascii_start();
        let text = match std::str::from_utf8(start) {
            Ok(text) => text,
            // Cut within a character at most: what is left of it is text.
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
                std::str::from_utf8(start.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return self.beside(&hex(start.get(..A_BINARY_LINE).unwrap_or(start))),
        };
        let control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        if matches!(self.form, MessageForm::Binary | MessageForm::Grpc) && text.bytes().any(control) {
            return self.beside(&hex(start.get(..A_BINARY_LINE).unwrap_or(start)));
        }
        self.beside(text.lines().next().unwrap_or_default())
    }

    fn beside(&self, payload: &str) -> String {
        match (self.says.is_empty(), payload.is_empty()) {
            (true, _) => payload.to_owned(),
            (_, true) => self.says.clone(),
            _ => format!("{}  {payload}", self.says),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(" ")
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
    fn a_line_is_the_first_of_a_text_and_hex_of_what_is_none() {
        let line = |says: &str, payload: &[u8]| {
            let message = Message {
                at: 0,
                side: Side::Client,
                form: if payload.contains(&0) { MessageForm::Binary } else { MessageForm::Text },
                wire: 0,
                length: 0,
                payload: Bytes::copy_from_slice(payload),
                says: says.to_owned(),
                flags: MessageFlags::default(),
            };
            message.line()
        };
        assert_eq!(line("", b"\n  {\"a\": 1}\r\nmore"), "{\"a\": 1}");
        assert_eq!(line("tick", b"7"), "tick  7");
        assert_eq!(line("1001 going away", b""), "1001 going away");
        assert_eq!(line("", b"\x00\x01text"), "00 01 74 65 78 74");
        assert_eq!(line("", b"\xff\xfe"), "ff fe");
        let long = "ä".repeat(400);
        assert_eq!(line("", long.as_bytes()), "ä".repeat(256));
        assert_eq!(line("", format!("x{long}").as_bytes()), format!("x{}", "ä".repeat(255)));
    }

    #[test]
    fn codes_round_trip() {
        for form in MessageForm::ALL {
            assert_eq!(MessageForm::from_code(*form as u8), Some(*form));
        }
        assert_eq!(MessageForm::from_code(0), None);
    }
}
