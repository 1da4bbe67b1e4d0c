//! What is wrong with a filter, as data: where, what, why, what to do.

use super::fields::FIELDS;
use crate::text::carets;
use std::fmt;
use std::ops::Range;

/// Something in a filter that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The octets of the text that it is about; on borders of characters.
    pub span: Range<usize>,
    /// What is wrong, and why.
    pub what: String,
    /// What to do about it.
    pub cure: String,
    /// What to put in the place of the span, where that is certain.
    pub fix: Option<String>,
    /// Whether more text may make it right: no error while the caret is in it.
    pub unfinished: bool,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { span, what: what.into(), cure: cure.into(), fix: None, unfinished: false }
    }

    pub(super) fn unfinished(mut self) -> Self {
        self.unfinished = true;
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The filter with carets under the place, and the words behind them.
    #[must_use]
    pub fn pointed(&self, text: &str) -> String {
        carets(text, self.span.clone(), &self.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.cure.is_empty() { Ok(()) } else { write!(f, "; {}", self.cure) }
    }
}

/// The field that was most likely meant by a name that is none.
#[must_use]
pub(super) fn nearest_field(name: &str) -> Option<&'static str> {
    nearest(
        name,
        FIELDS.iter().flat_map(|field| std::iter::once(field.name).chain(field.aliases.iter().copied())),
        &[4, 5, 7],
    )
}

/// The nearest of a few words that may stand in a place.
#[must_use]
pub(super) fn nearest_word<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(typed, words, &[3, 3, 5])
}

/// The nearest of these names, if any is so near that it was most likely meant: from these lengths on one
/// swap, one letter, two letters may be wrong. Short names of fields must be very near: in a filter
/// `node:8080` is a host with its port, and no `note`.
fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>, from: &[usize; 3]) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let length = typed.chars().count();
    let [swap, one, two] = *from;
    if !(swap..=24).contains(&length) {
        return None;
    }
    let near = |name: &&'a str| {
        let distance = distance(&typed, name);
        let most = match length {
            length if length >= two => 2,
            length if length >= one => 1,
            _ => usize::from(is_swap(&typed, name)),
        };
        let begins = typed.chars().next() == name.chars().next() || is_swap(&typed, name);
        (distance <= most && begins).then_some(distance)
    };
    names
        .into_iter()
        .filter_map(|name| near(&name).map(|distance| (distance, name)))
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Whether two neighbouring letters changed places, and nothing else.
fn is_swap(left: &str, right: &str) -> bool {
    left.chars().count() == right.chars().count() && left != right && distance(left, right) == 1 && {
        let mut sorted = [left, right].map(|text| text.chars().collect::<Vec<_>>());
        for letters in &mut sorted {
            letters.sort_unstable();
        }
        sorted[0] == sorted[1]
    }
}

/// Letters to add, drop, change, or swap with a neighbour (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let changed = rows[i][j] + usize::from(a != b);
            let mut least = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_guessed_only_where_it_is_near() {
        for (typed, meant) in [
            ("stauts", Some("status")),
            ("hots", Some("host")),
            ("mehtod", Some("method")),
            ("hosts", Some("host")),
            ("headers", Some("header")),
            ("tpye", Some("type")),
            ("set-cokie", Some("set-cookie")),
            ("localhost", None),
            ("node", None),
            ("shop", None),
            ("https", None),
            ("x", None),
        ] {
            assert_eq!(nearest_field(typed), meant, "{typed}");
        }
    }

    #[test]
    fn a_fault_points() {
        let fault = Fault::new(9..15, "no field “stauts”", "did you mean status?");
        assert_eq!(
            fault.pointed("host:api stauts:5xx"),
            "host:api stauts:5xx\n         ^^^^^^ no field “stauts”; did you mean status?"
        );
    }
}
