//! A payload under way: kept up to a bound, counted beyond it.

use crate::exchange::{Message, MessageFlags, MessageForm, Side};

/// Octets, of which the first are kept.
pub(super) struct Bounded {
    kept: Vec<u8>,
    length: u64,
    most: usize,
    cut: bool,
}

impl Bounded {
    pub(super) fn new(most: usize) -> Self {
        Self { kept: Vec::new(), length: 0, most, cut: false }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let room = self.most.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.cut |= room < bytes.len();
    }

    /// Says that what was given was already not whole.
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What was kept, and begins anew.
    pub(super) fn take(&mut self) -> Vec<u8> {
        (self.length, self.cut) = (0, false);
        std::mem::take(&mut self.kept)
    }

    pub(super) fn into_message(
        self,
        at: u64,
        side: Side,
        form: MessageForm,
        wire: u64,
        says: String,
    ) -> Message {
        let mut flags = MessageFlags::default();
        if self.cut {
            flags.add(MessageFlags::TRUNCATED);
        }
        Message { at, side, form, wire, length: self.length, payload: self.kept.into(), says, flags }
    }
}
