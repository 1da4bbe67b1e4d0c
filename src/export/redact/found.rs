//! A secret where it stands.

use super::forms::SHORTEST;
use super::names::Weight;
use percent_encoding::percent_decode;
use std::ops::Range;

/// A secret at its place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its octets in the text.
    pub at: Range<usize>,
    /// What it is, codings undone: the same secret is the same here however it was written.
    pub value: Vec<u8>,
    /// Whether it is looked for wherever else it may stand: not when it is so short or so plain that it would
    /// be found by chance.
    pub everywhere: bool,
}

impl Found {
    /// The value of a name of this weight, its codings undone; `None` where it is none after all.
    #[must_use]
    pub fn valued(at: Range<usize>, value: Vec<u8>, weight: Weight) -> Option<Self> {
        let value = canonical(value);
        let nothing: [&[u8]; 5] = [b"", b"null", b"true", b"false", b"undefined"];
        // What stands in the place of a secret already.
        if nothing.contains(&value.as_slice()) || value.starts_with(super::TAG.as_bytes()) {
            return None;
        }
        let everywhere = match weight {
            Weight::Strong => value.len() >= SHORTEST,
            Weight::Weak => looks_random(&value),
        };
        Some(Self { at, value, everywhere })
    }
}

/// Percent-coding undone, where all that looks like it is well formed.
#[must_use]
pub fn canonical(value: Vec<u8>) -> Vec<u8> {
    let pairs = value.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let mut digits = pairs.map(|(at, _)| value.get(at + 1..at + 3));
    let coded = value.contains(&b'%')
        && digits.all(|pair| pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit)));
    if coded { percent_decode(&value).collect() } else { value }
}

/// Whether a value was made to be guessed by nobody: long, without blanks, letters among digits.
#[must_use]
pub fn looks_random(value: &[u8]) -> bool {
    let is = |test: fn(&u8) -> bool| value.iter().any(test);
    let plain = !is(u8::is_ascii_whitespace);
    plain
        && ((value.len() >= 8 && is(u8::is_ascii_digit) && is(u8::is_ascii_alphabetic)) || value.len() >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_names_need_values_that_look_like_secrets() {
        let everywhere =
            |value: &str, weight| Found::valued(0..1, value.into(), weight).map(|found| found.everywhere);
        assert_eq!(everywhere("hunter2", Weight::Strong), Some(true));
        assert_eq!(everywhere("1234", Weight::Strong), Some(false));
        assert_eq!(everywhere("open", Weight::Weak), Some(false));
        assert_eq!(everywhere("9f3c01aa", Weight::Weak), Some(true));
        assert_eq!(everywhere("null", Weight::Strong), None);
    }

    #[test]
    fn what_is_no_percent_coding_is_left() {
        assert_eq!(canonical(b"a%20b".to_vec()), b"a b");
        assert_eq!(canonical(b"100%".to_vec()), b"100%");
        assert_eq!(canonical(b"a%2".to_vec()), b"a%2");
        assert_eq!(canonical(b"%zz%20".to_vec()), b"%zz%20");
    }
}
