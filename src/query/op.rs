//! The operators between a field and its value.

use super::tree::Compare;

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `:`, what fits the field.
    Colon,
    /// `=`, exactly.
    Equal,
    /// `!=`.
    Unequal,
    /// `<`.
    Below,
    /// `<=`.
    Most,
    /// `>`.
    Above,
    /// `>=`.
    Least,
    /// `~`, a regular expression.
    Regex,
    /// `^=`, begins with.
    Starts,
    /// `$=`, ends with.
    Ends,
    /// `*=`, contains.
    Has,
}

impl Op {
    /// Every operator with its text and a word of help; longer ones before those that they begin with.
    pub const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Unequal, "!=", "is not"),
        (Self::Most, "<=", "at most"),
        (Self::Least, ">=", "at least"),
        (Self::Starts, "^=", "begins with"),
        (Self::Ends, "$=", "ends with"),
        (Self::Has, "*=", "contains"),
        (Self::Equal, "==", "is exactly"),
        (Self::Equal, "=", "is exactly"),
        (Self::Colon, ":", "contains, or is, as fits the field"),
        (Self::Below, "<", "less than"),
        (Self::Above, ">", "more than"),
        (Self::Regex, "~", "matches the regular expression"),
    ];

    /// The operator at the beginning of a text, with its length.
    #[must_use]
    pub fn at(text: &str) -> Option<(Self, usize)> {
        Self::ALL
            .iter()
            .find(|(_, typed, _)| text.starts_with(typed))
            .map(|(op, typed, _)| (*op, typed.len()))
    }

    /// As it is printed.
    #[must_use]
    pub fn text(self) -> &'static str {
        Self::ALL.iter().rev().find(|(op, ..)| *op == self).map_or(":", |(_, text, _)| text)
    }

    /// How it compares numbers, where it does.
    #[must_use]
    pub fn compares(self) -> Option<Compare> {
        match self {
            Self::Below => Some(Compare::Below),
            Self::Most => Some(Compare::Most),
            Self::Above => Some(Compare::Above),
            Self::Least => Some(Compare::Least),
            _ => None,
        }
    }

    /// `:>400` is `>400`.
    #[must_use]
    pub fn behind_colon(self, value: &str) -> (Self, &str) {
        match Self::at(value) {
            Some((op, length)) if self == Self::Colon && op.compares().is_some() => {
                (op, value.get(length..).unwrap_or_default())
            }
            _ => (self, value),
        }
    }
}

impl Compare {
    /// The operator that says it.
    #[must_use]
    pub fn op(self) -> Op {
        match self {
            Self::Is => Op::Colon,
            Self::Below => Op::Below,
            Self::Most => Op::Most,
            Self::Above => Op::Above,
            Self::Least => Op::Least,
        }
    }
}
