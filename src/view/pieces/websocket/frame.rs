//! The head of a WebSocket frame (RFC 6455 5.2).

/// Octets of the longest head.
pub const LONGEST: usize = 14;

/// Octets of the longest payload of a control frame (RFC 6455 5.5).
pub const CONTROL: u8 = 125;

/// RSV1, which permessage-deflate uses (RFC 7692 6).
pub const RSV1: u8 = 0x40;

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// Whether it is a message's last frame.
    pub fin: bool,
    /// RSV1 to RSV3 in their place: `0x40`, `0x20`, `0x10`.
    pub rsv: u8,
    /// What the frame is.
    pub opcode: u8,
    /// The masking key.
    pub mask: Option<[u8; 4]>,
    /// Octets of payload.
    pub length: u64,
    /// Whether the length took no more octets than it must.
    pub minimal: bool,
    octets: [u8; LONGEST],
    size: u8,
}

impl FrameHead {
    /// Reads a head; `None` while octets are missing.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (length, wide, minimal) = match second & 0x7f {
            126 => {
                let length = u16::from_be_bytes(*rest.first_chunk()?);
                (u64::from(length), 2, length > 125)
            }
            127 => {
                let length = u64::from_be_bytes(*rest.first_chunk()?);
                (length, 8, length > u64::from(u16::MAX))
            }
            short => (u64::from(short), 0, true),
        };
        let masked = second & 0x80 != 0;
        let mask = if masked { Some(*rest.get(wide..)?.first_chunk()?) } else { None };
        let size = 2 + wide + if masked { 4 } else { 0 };
        let mut octets = [0; LONGEST];
        octets.get_mut(..size)?.copy_from_slice(bytes.get(..size)?);
        Some(Self {
            fin: first & 0x80 != 0,
            rsv: first & 0x70,
            opcode: first & 0x0f,
            mask,
            length,
            minimal,
            octets,
            size: u8::try_from(size).ok()?,
        })
    }

    /// The head as it stood on the wire.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.size)).unwrap_or_default()
    }

    /// Whether it is a control frame (RFC 6455 5.5).
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.opcode & 0x8 != 0
    }

    /// Which rule of framing it breaks on its own, in words, so that nothing after it can be trusted.
    /// `reserved` are the RSV bits that an agreed extension gives a meaning.
    #[must_use]
    pub fn fault(&self, reserved: u8) -> Option<String> {
        if self.length >> 63 != 0 {
            return Some("a length over 2^63 (RFC 6455 5.2)".to_owned());
        }
        if matches!(self.opcode, 3..=7 | 11..=15) {
            return Some(format!("reserved opcode {:#x} (RFC 6455 5.2)", self.opcode));
        }
        let stray = self.rsv & !reserved;
        if stray != 0 {
            return Some(format!("{} set, and no extension was agreed for it (RFC 6455 5.2)", rsv(stray)));
        }
        if self.is_control() && !self.fin {
            return Some("a fragmented control frame (RFC 6455 5.5)".to_owned());
        }
        if self.is_control() && self.length > u64::from(CONTROL) {
            let length = self.length;
            return Some(format!("a control frame of {length} octets, over 125 (RFC 6455 5.5)"));
        }
        None
    }
}

fn rsv(bits: u8) -> String {
    let names = [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3")];
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// Unmasks (RFC 6455 5.3) a run of payload whose first octet is the `at`-th of its frame.
pub fn unmask(bytes: &mut [u8], mask: [u8; 4], at: u64) {
    let turn = (at % 4) as usize;
    let mut key = [0; 8];
    for (place, octet) in key.iter_mut().enumerate() {
        *octet = mask[(turn + place) % 4];
    }
    let wide = u64::from_ne_bytes(key);
    let mut eights = bytes.chunks_exact_mut(8);
    for eight in &mut eights {
        if let Ok(octets) = <[u8; 8]>::try_from(&*eight) {
            eight.copy_from_slice(&(u64::from_ne_bytes(octets) ^ wide).to_ne_bytes());
        }
    }
    for (octet, key) in eights.into_remainder().iter_mut().zip(key) {
        *octet ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6455_5_2_lengths_in_7_16_and_64_bits() {
        for (bytes, length, minimal, size) in [
            (&[0x82, 0x7d][..], 125, true, 2),
            (&[0x82, 0x7e, 0x01, 0x00], 256, true, 4),
            (&[0x82, 0x7e, 0x00, 0x7d], 125, false, 4),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], 65536, true, 10),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 65535, false, 10),
        ] {
            let head = FrameHead::parse(bytes).unwrap();
            assert_eq!((head.length, head.minimal, head.octets().len()), (length, minimal, size));
            for cut in 0..bytes.len() {
                assert_eq!(FrameHead::parse(&bytes[..cut]), None);
            }
        }
    }

    #[test]
    fn rfc6455_5_3_unmasking_goes_on_where_it_was() {
        let plain: Vec<u8> = (0..100).collect();
        let mask = [1, 2, 3, 4];
        let masked: Vec<u8> = plain.iter().enumerate().map(|(at, octet)| octet ^ mask[at % 4]).collect();
        for cut in 0..100 {
            let mut bytes = masked.clone();
            let (left, right) = bytes.split_at_mut(cut);
            unmask(left, mask, 0);
            unmask(right, mask, cut as u64);
            assert_eq!(bytes, plain);
        }
    }
}
