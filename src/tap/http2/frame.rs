//! Frame heads, types and flags (RFC 9113 4.1, 6), and the frames that the tap writes itself.

use super::ErrorCode;
use bytes::{BufMut, BytesMut};

/// Octets of a frame's head (RFC 9113 4.1).
pub(super) const HEAD: usize = 9;
/// `SETTINGS_MAX_FRAME_SIZE` before any SETTINGS (RFC 9113 6.5.2).
pub(super) const INITIAL_FRAME: usize = 16_384;
/// The largest stream identifier, window and increment.
pub(super) const MOST_31_BITS: u32 = 0x7fff_ffff;
/// What a client sends first (RFC 9113 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frame types (RFC 9113 6).
pub(super) mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
    /// RFC 9218 7.1.
    pub const PRIORITY_UPDATE: u8 = 0x10;
}

/// Flags (RFC 9113 6).
pub(super) mod flag {
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 0x20;
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl FrameHead {
    pub(super) fn new(kind: u8, flags: u8, stream: u32, length: usize) -> Self {
        Self { length, kind, flags, stream }
    }

    /// Reads the head at the front, if it is there. The reserved bit is ignored.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, s @ ..] = bytes.first_chunk::<HEAD>()?;
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        Some(Self { length, kind: *kind, flags: *flags, stream: u32::from_be_bytes(*s) & MOST_31_BITS })
    }

    pub(super) fn octets(self) -> [u8; HEAD] {
        let mut octets = [0; HEAD];
        octets[..3].copy_from_slice(&self.length.to_be_bytes()[size_of::<usize>() - 3..]);
        octets[3..5].copy_from_slice(&[self.kind, self.flags]);
        octets[5..].copy_from_slice(&self.stream.to_be_bytes());
        octets
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Of DATA and HEADERS only; elsewhere the bit means something else.
    pub(super) fn ends_stream(self) -> bool {
        self.has(flag::END_STREAM)
    }
}

/// Appends a frame.
pub(super) fn write(into: &mut BytesMut, kind: u8, flags: u8, stream: u32, payload: &[&[u8]]) {
    let length = payload.iter().map(|part| part.len()).sum();
    into.extend_from_slice(&FrameHead::new(kind, flags, stream, length).octets());
    for part in payload {
        into.extend_from_slice(part);
    }
}

/// Appends `RST_STREAM` (RFC 9113 6.4).
pub(super) fn write_reset(into: &mut BytesMut, stream: u32, code: ErrorCode) {
    write(into, kind::RST_STREAM, 0, stream, &[&code.0.to_be_bytes()]);
}

/// Appends `WINDOW_UPDATE` of the connection (RFC 9113 6.9).
pub(super) fn write_credit(into: &mut BytesMut, octets: u32) {
    write(into, kind::WINDOW_UPDATE, 0, 0, &[&octets.to_be_bytes()]);
}

/// Appends a field block as HEADERS and as many CONTINUATION as the peer's frame size asks for. The
/// block lies at the end of `into`, behind room for one head at `at`.
pub(super) fn frame_block(into: &mut BytesMut, at: usize, stream: u32, ends: bool, frame_size: usize) {
    let end_stream = if ends { flag::END_STREAM } else { 0 };
    let length = into.len() - at - HEAD;
    if length <= frame_size {
        let head = FrameHead::new(kind::HEADERS, flag::END_HEADERS | end_stream, stream, length);
        into[at..at + HEAD].copy_from_slice(&head.octets());
        return;
    }
    let block = into.split_off(at);
    let mut parts = block[HEAD..].chunks(frame_size).peekable();
    let (mut kind, mut flags) = (kind::HEADERS, end_stream);
    while let Some(part) = parts.next() {
        flags |= if parts.peek().is_none() { flag::END_HEADERS } else { 0 };
        write(into, kind, flags, stream, &[part]);
        (kind, flags) = (kind::CONTINUATION, 0);
    }
}

/// Makes room for a head, and tells where.
pub(super) fn leave_room(into: &mut BytesMut) -> usize {
    into.put_bytes(0, HEAD);
    into.len() - HEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9113_4_1_a_head_is_read_as_it_was_written() {
        let head = FrameHead::new(kind::HEADERS, 5, 7, 0x01_02_03);
        assert_eq!(head.octets(), [1, 2, 3, 1, 5, 0, 0, 0, 7]);
        assert_eq!(FrameHead::read(&head.octets()), Some(head));
        assert_eq!(FrameHead::read(&[0, 0, 0, 1, 0, 0x80, 0, 0, 1]).unwrap().stream, 1, "reserved bit");
        assert_eq!(FrameHead::read(&[0; 8]), None);
    }

    #[test]
    fn rfc9113_6_10_a_large_block_is_continued() {
        let mut into = BytesMut::new();
        let at = leave_room(&mut into);
        into.extend_from_slice(b"abcde");
        frame_block(&mut into, at, 1, true, 2);
        assert_eq!(
            into[..],
            *b"\0\0\x02\x01\x01\0\0\0\x01ab\0\0\x02\x09\0\0\0\0\x01cd\0\0\x01\x09\x04\0\0\0\x01e"
        );
    }
}
