//! A bounded memory of what was used lately.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// A map of at most `capacity` entries that forgets those not used lately.
///
/// Two generations: entries are put into and found again in the young one; when it holds half of
/// the capacity it becomes the old one, and what nobody asked for since is dropped with the old.
#[derive(Debug)]
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// An empty memory of at most `capacity` entries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    /// What is remembered under a key.
    pub fn find<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    /// Remembers a value, in place of an earlier one.
    pub fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// How many entries are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bound_and_keeps_what_is_used() {
        let mut recent = Recent::new(100);
        recent.put("kept".to_owned(), 0);
        for n in 1..10_000 {
            recent.put(format!("n{n}"), n);
            assert_eq!(recent.find("kept"), Some(0));
            assert!(recent.len() <= 100);
        }
        assert_eq!(recent.find("n9999"), Some(9_999));
        assert_eq!(recent.find("n1"), None);
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let mut recent = Recent::new(4);
        recent.put("a", 1);
        recent.put("a", 2);
        assert_eq!(recent.find("a"), Some(2));
        assert_eq!(recent.len(), 1);
    }
}
