//! Integers with a prefix of bits (RFC 7541 5.1).

use super::Flaw;
use bytes::{BufMut, BytesMut};

/// More than any length or index that a block of ours may hold; and few enough octets that a run of
/// empty continuations ends.
const MOST_BITS: u32 = 28;

/// Reads an integer with a prefix of `bits` bits at `at`, and moves `at` behind it.
pub(super) fn read(bytes: &[u8], at: &mut usize, bits: u32) -> Result<usize, Flaw> {
    let most = (1_usize << bits) - 1;
    let first = usize::from(*bytes.get(*at).ok_or(Flaw::Truncated)?) & most;
    *at += 1;
    if first < most {
        return Ok(first);
    }
    let (mut value, mut shift) = (first, 0);
    loop {
        let octet = *bytes.get(*at).ok_or(Flaw::Truncated)?;
        *at += 1;
        if shift >= MOST_BITS {
            return Err(Flaw::Integer);
        }
        value += usize::from(octet & 0x7f) << shift;
        shift += 7;
        if octet & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// Writes an integer with a prefix of `bits` bits; `first` holds the bits before the prefix.
pub(super) fn write(into: &mut BytesMut, first: u8, bits: u32, value: usize) {
    let most = (1_usize << bits) - 1;
    if value < most {
        into.put_u8(first | low(value));
        return;
    }
    into.put_u8(first | low(most));
    let mut rest = value - most;
    while rest >= 0x80 {
        into.put_u8(low(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    into.put_u8(low(rest));
}

fn low(value: usize) -> u8 {
    value.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bits: u32, value: usize) -> Vec<u8> {
        let mut into = BytesMut::new();
        write(&mut into, 0, bits, value);
        into.to_vec()
    }

    #[test]
    fn rfc7541_c_1_examples() {
        assert_eq!(written(5, 10), [0b01010]);
        assert_eq!(written(5, 1337), [0b11111, 0b1001_1010, 0b0000_1010]);
        assert_eq!(written(8, 42), [42]);
        assert_eq!(read(&[0b1110_1010], &mut 0, 5), Ok(10));
        assert_eq!(read(&[0b0001_1111, 0b1001_1010, 0b0000_1010], &mut 0, 5), Ok(1337));
    }

    #[test]
    fn rfc7541_5_1_integers_are_bounded() {
        assert_eq!(read(&[0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0], &mut 0, 7), Err(Flaw::Integer));
        assert_eq!(
            read(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &mut 0, 7),
            Err(Flaw::Integer)
        );
        assert_eq!(read(&[0x7f, 0x80], &mut 0, 7), Err(Flaw::Truncated));
        assert_eq!(read(&[], &mut 0, 7), Err(Flaw::Truncated));
    }
}
