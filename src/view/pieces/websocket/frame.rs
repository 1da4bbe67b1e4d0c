//! A frame's head (RFC 6455 5.2), and the mask over its payload (5.3).

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    /// Control frames may stand within a message and have rules of their own (RFC 6455 5.5).
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) fin: bool,
    /// The three reserved bits in their place.
    pub(super) rsv: u8,
    pub(super) opcode: Opcode,
    pub(super) mask: Option<[u8; 4]>,
    pub(super) length: u64,
}

impl FrameHead {
    /// The bit that permessage-deflate took for "compressed" (RFC 7692 6).
    pub(super) const RSV1: u8 = 0x40;

    /// How many octets a head has that begins so.
    pub(super) fn wanted(begun: &[u8]) -> usize {
        let Some(second) = begun.get(1) else { return 2 };
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + extended + if second & 0x80 == 0 { 0 } else { 4 }
    }

    /// Reads a whole head; the error is the rule that it breaks.
    pub(super) fn read(octets: &[u8]) -> Result<Self, &'static str> {
        let cut = "a frame's head is cut";
        let &[first, second, ref rest @ ..] = octets else { return Err(cut) };
        let (length, rest) = match (second & 0x7f, rest) {
            (126, &[a, b, ref rest @ ..]) => (u64::from(u16::from_be_bytes([a, b])), rest),
            (127, rest) => {
                let (length, rest) = rest.split_first_chunk::<8>().ok_or(cut)?;
                (u64::from_be_bytes(*length), rest)
            }
            (short, rest) => (u64::from(short), rest),
        };
        let shortest = match second & 0x7f {
            126 => length > 125,
            127 => length > 0xffff,
            _ => true,
        };
        if length >> 63 != 0 {
            return Err("a length has its highest bit set (RFC 6455 5.2)");
        }
        if !shortest {
            return Err("a length is not written in its shortest form (RFC 6455 5.2)");
        }
        let opcode = Opcode::of(first & 0x0f).ok_or("a frame has a reserved opcode (RFC 6455 5.2)")?;
        let mask = if second & 0x80 == 0 { None } else { Some(rest.try_into().map_err(|_| cut)?) };
        Ok(Self { fin: first & 0x80 != 0, rsv: first & 0x70, opcode, mask, length })
    }
}

/// `bytes`, which stand `from` octets into their frame, without the mask.
pub(super) fn unmasked(bytes: &[u8], mask: [u8; 4], from: usize) -> Vec<u8> {
    let mut mask = mask;
    mask.rotate_left(from % 4);
    let mut plain = bytes.to_vec();
    let (groups, rest) = plain.as_chunks_mut::<4>();
    for group in groups {
        *group = (u32::from_ne_bytes(*group) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    for (octet, mask) in rest.iter_mut().zip(mask) {
        *octet ^= mask;
    }
    plain
}
