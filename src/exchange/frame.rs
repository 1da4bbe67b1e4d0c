//! HTTP/2 frames as they crossed a connection: what of them is kept beside the heads they carried.

use super::Side;

/// One frame, or a run of DATA frames of one stream and direction (RFC 9113 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameNote {
    /// Microseconds since the exchange began; for a connection's own frames, since it was opened.
    pub at: u64,
    /// On which side of the hop.
    pub side: Side,
    /// Whether we sent it; else it came in.
    pub sent: bool,
    /// Its type, as numbered by RFC 9113 6 (0 DATA, 1 HEADERS, ...).
    pub kind: u8,
    /// Its flags; of a run, those of the last.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// Octets of payload, of a run together.
    pub length: u64,
    /// How many frames this stands for.
    pub count: u32,
    /// What it says, in words: settings, an error code, a priority, an increment.
    pub says: String,
}
