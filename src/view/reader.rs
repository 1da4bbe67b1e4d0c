//! Octets read from the start to the end, for what takes a stream.

use super::Octets;
use std::io::{self, Read};

/// Reads a body from its first byte on.
#[must_use]
pub fn reader(octets: &dyn Octets) -> impl Read {
    Reader { octets, at: 0 }
}

struct Reader<'a> {
    octets: &'a dyn Octets,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.octets.read_at(self.at, into)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn every_byte_once() {
        let bytes = Bytes::from((0..=255u8).collect::<Vec<_>>());
        let mut read = Vec::new();
        let mut small = [0; 7];
        let mut from = reader(&bytes);
        while let Ok(count @ 1..) = from.read(&mut small) {
            read.extend_from_slice(&small[..count]);
        }
        assert_eq!(read, bytes);
    }
}
