//! Bytes that are read where they are looked at, however many there are.

use bytes::Bytes;
use std::io;

/// A body's bytes by place, so that a window of a large one is shown without reading all of it.
///
/// Read from the interface's thread: an answer takes no longer than a read of a local file.
pub trait Octets: Send + Sync {
    /// How many there are; more may come while a body is arriving.
    fn len(&self) -> u64;

    /// Reads from a place on, at most as many as fit; fewer only at the end, none behind it.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Octets for Bytes {
    fn len(&self) -> u64 {
        Bytes::len(self) as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(Bytes::len(self));
        let rest = self.get(from..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, byte) in into.iter_mut().zip(rest) {
            *to = *byte;
        }
        Ok(count)
    }
}
