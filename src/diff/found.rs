//! What was found in two bodies, kept up to a number and counted beyond it.

use super::item::Item;

/// Changes of one body that are kept; more are counted.
const KEPT: usize = 2_000;

/// What was found in two bodies.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What they were compared as.
    pub how: &'static str,
    pub items: Vec<Item>,
    /// Changes that were counted and not kept.
    pub more: usize,
    pub notes: Vec<String>,
}

impl Found {
    pub(super) fn new(how: &'static str) -> Self {
        Self { how, ..Self::default() }
    }

    /// Keeps an item, or counts it.
    pub(super) fn push(&mut self, item: Item) {
        if self.items.len() < KEPT {
            self.items.push(item);
        } else {
            self.more += usize::from(item.is_change());
        }
    }

    /// Keeps a change, made only when there is room for it.
    pub(super) fn push_with(&mut self, change: impl FnOnce() -> Item) {
        if self.items.len() < KEPT {
            self.items.push(change());
        } else {
            self.more += 1;
        }
    }

    /// Whether more changes were found than can be aligned.
    pub(super) fn unaligned(&self, most: usize) -> bool {
        self.more + self.items.iter().filter(|item| item.is_change()).count() > most
    }
}
