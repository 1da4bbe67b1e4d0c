//! A piece's payload while it comes: kept up to a limit, counted beyond it.

use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use bytes::Bytes;

/// Octets reserved at once for a length that was only announced.
const TRUSTED: usize = 64 * 1024;

/// Octets kept and counted. Never holds more memory than its limit.
#[derive(Debug)]
pub struct Kept {
    bytes: Vec<u8>,
    limit: usize,
    length: u64,
}

impl Kept {
    /// Empty; it will keep `limit` octets.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, length: 0 }
    }

    /// Makes room for octets that a length announced; what a peer only claims costs little.
    pub fn expect(&mut self, announced: u64) {
        let announced = usize::try_from(announced).unwrap_or(usize::MAX).min(self.limit).min(TRUSTED);
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(announced);
        }
    }

    /// Adds octets.
    pub fn push(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len() as u64);
        let room = self.limit.saturating_sub(self.bytes.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        let needed = self.bytes.len() + kept.len();
        if needed > self.bytes.capacity() {
            // Doubled as a vector does, but never past the limit.
            let target = needed.max(self.bytes.capacity().saturating_mul(2)).max(64).min(self.limit);
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        self.bytes.extend_from_slice(kept);
    }

    /// Octets kept at most.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Octets that came.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether fewer are kept than came.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        (self.bytes.len() as u64) < self.length
    }

    /// What is kept so far.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins anew; the memory stays.
    pub fn clear(&mut self) {
        self.length = 0;
        self.bytes.clear();
    }

    /// Hands out what is kept, and begins anew.
    #[must_use]
    pub fn take(&mut self) -> Bytes {
        self.length = 0;
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() > bytes.len().saturating_mul(2) {
            Bytes::copy_from_slice(&bytes)
        } else {
            Bytes::from(bytes)
        }
    }

    /// Hands out a message with it as payload, and begins anew.
    #[must_use]
    pub fn message(&mut self, side: Side, form: MessageForm, wire: u64, says: String, at: u64) -> Message {
        let flags = if self.is_cut() { MessageFlags::TRUNCATED } else { MessageFlags::default() };
        let length = self.length;
        Message { at, side, form, wire, length, payload: self.take(), says, flags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_stays_within_the_limit_whatever_is_announced() {
        let mut kept = Kept::new(1000);
        kept.expect(u64::MAX);
        for _ in 0..300 {
            kept.push(b"1234567");
            assert!(kept.bytes.capacity() <= 1000);
        }
        assert_eq!((kept.length(), kept.is_cut(), kept.bytes().len()), (2100, true, 1000));
        assert_eq!(kept.take().len(), 1000);
        assert_eq!((kept.length(), kept.is_cut()), (0, false));
        let mut huge = Kept::new(usize::MAX);
        huge.expect(u64::MAX);
        assert!(huge.bytes.capacity() <= TRUSTED);
    }
}
