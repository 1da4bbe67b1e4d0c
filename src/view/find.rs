//! Looking for a text in a body of any size, a stretch at a time.

use super::{Search, Text};
use memchr::memmem;

/// Bytes read at a time.
const STRETCH: usize = 256 * 1024;

/// What is looked for. Capitals matter only when it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    bytes: Vec<u8>,
    exact: bool,
}

impl Needle {
    /// Nothing when there is nothing to look for.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let exact = text.chars().any(char::is_uppercase);
        (!text.is_empty()).then(|| Self { bytes: text.as_bytes().to_vec(), exact })
    }

    /// Bytes of the needle.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Where it stands in some bytes first.
    #[must_use]
    pub fn first_in(&self, hay: &[u8]) -> Option<usize> {
        if self.exact { memmem::find(hay, &self.bytes) } else { memmem::find(&lower(hay), &self.bytes) }
    }

    /// Where it stands in some bytes last.
    #[must_use]
    pub fn last_in(&self, hay: &[u8]) -> Option<usize> {
        if self.exact { memmem::rfind(hay, &self.bytes) } else { memmem::rfind(&lower(hay), &self.bytes) }
    }
}

/// ASCII capitals only: they keep every byte in its place.
fn lower(hay: &[u8]) -> Vec<u8> {
    hay.to_ascii_lowercase()
}

/// Looks for a needle that begins at `from` or behind it, or, backwards, before it, through at most about
/// `budget` bytes. Where to go on is a `from` for the next call.
#[must_use]
pub fn next_hit(text: &Text, needle: &Needle, from: u64, forward: bool, budget: usize) -> Search {
    let mut at = from;
    let mut left = budget;
    loop {
        let step = if forward { ahead(text, needle, at) } else { behind(text, needle, at) };
        match step {
            Search::More(next) => {
                left = left.saturating_sub(STRETCH);
                at = next;
                if left == 0 {
                    return Search::More(at);
                }
            }
            end => return end,
        }
    }
}

fn ahead(text: &Text, needle: &Needle, from: u64) -> Search {
    let hay = text.get(from, STRETCH + needle.size());
    if let Some(at) = needle.first_in(&hay) {
        return Search::Hit(from + at as u64);
    }
    if hay.len() < STRETCH + needle.size() { Search::None } else { Search::More(from + STRETCH as u64) }
}

fn behind(text: &Text, needle: &Needle, from: u64) -> Search {
    let begin = from.saturating_sub(STRETCH as u64);
    let length = usize::try_from(from - begin).unwrap_or(STRETCH);
    // So far behind `from` that one which begins right before it is seen whole.
    let hay = text.get(begin, length + needle.size() - 1);
    match needle.last_in(&hay) {
        Some(at) => Search::Hit(begin + at as u64),
        None if begin == 0 => Search::None,
        None => Search::More(begin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn all(text: &Text, needle: &Needle, mut from: u64, forward: bool) -> Vec<u64> {
        let mut hits = Vec::new();
        loop {
            match next_hit(text, needle, from, forward, STRETCH) {
                Search::Hit(at) => {
                    hits.push(at);
                    from = if forward { at + 1 } else { at };
                }
                Search::More(next) => from = next,
                Search::None => return hits,
            }
        }
    }

    #[test]
    fn hits_across_the_borders_of_stretches() {
        let mut bytes = vec![b'.'; 3 * STRETCH];
        for at in [0, STRETCH - 2, 2 * STRETCH - 1, 3 * STRETCH - 3] {
            bytes[at..at + 3].copy_from_slice(b"aBc");
        }
        let text = Text::new(Arc::new(Bytes::from(bytes)), true);
        let places = [0, STRETCH - 2, 2 * STRETCH - 1, 3 * STRETCH - 3].map(|at| at as u64);
        assert_eq!(all(&text, &Needle::new("abc").unwrap(), 0, true), places);
        let mut back = all(&text, &Needle::new("aBc").unwrap(), text.len(), false);
        back.reverse();
        assert_eq!(back, places);
        assert!(all(&text, &Needle::new("ABC").unwrap(), 0, true).is_empty(), "a capital matters");
    }

    proptest! {
        #[test]
        fn forward_and_back_find_the_same(bytes in proptest::collection::vec(b'a'..b'd', 0..300), needle in "[abc]{1,3}") {
            let needle = Needle::new(&needle).unwrap();
            let text = Text::new(Arc::new(Bytes::from(bytes)), true);
            let mut back = all(&text, &needle, text.len(), false);
            back.reverse();
            prop_assert_eq!(all(&text, &needle, 0, true), back);
        }
    }
}
