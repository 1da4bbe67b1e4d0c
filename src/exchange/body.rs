//! A body as a handle: how much was seen, how much was kept, and where; never copied into lists.

use bytes::Bytes;

/// What is known of one message's body, counted as received (framing removed, codings kept).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Bytes that passed.
    pub length: u64,
    /// Bytes that were kept, from the start.
    pub kept: u64,
    /// Whether the body ended as its framing promised.
    pub complete: bool,
    /// Why `kept` is less than `length`.
    pub truncated: Option<Truncation>,
    /// Where the kept bytes are.
    pub place: BodyPlace,
    /// The trailer section as on the wire, without the final empty line.
    pub trailers: Option<Bytes>,
}

/// Where a body's kept bytes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BodyPlace {
    /// Nothing was kept.
    #[default]
    Nowhere,
    /// In the record itself: up to 64 KiB.
    Inline(Vec<u8>),
    /// In the capture's `bodies/` folder, named by the BLAKE3 of its bytes.
    File([u8; 32]),
    /// Still being written to `bodies/tmp/`.
    Arriving,
}

/// Why a body is not whole in the capture though it was on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncation {
    /// The disk was slower than the wire (`capture.pressure = "drop"`).
    Pressure,
    /// `capture.max_body` was reached.
    Limit,
    /// Writing to the capture failed (disk full, folder gone).
    Disk,
}

impl Truncation {
    /// The number written to captures.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Pressure => 1,
            Self::Limit => 2,
            Self::Disk => 3,
        }
    }

    /// Reads [`Truncation::code`].
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Pressure),
            2 => Some(Self::Limit),
            3 => Some(Self::Disk),
            _ => None,
        }
    }

    /// In words, as shown beside the body.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Pressure => "the disk was slower than the wire (--pressure block keeps every byte)",
            Self::Limit => "the limit capture.max_body was reached",
            Self::Disk => "writing to the capture failed",
        }
    }
}
