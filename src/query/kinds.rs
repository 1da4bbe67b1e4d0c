//! What values a field takes, what they need, and how certain an answer is.

/// What a field's values are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    Text {
        /// Whether case never matters.
        caseless: bool,
    },
    /// A host with its subdomains.
    Domain,
    /// Text that may be a number: a header, a parameter, a value of JSON.
    Value,
    /// A plain number.
    Number,
    /// A status, or a class of them (`4xx`).
    Status,
    /// A number of octets, in units of 1000 (`10k`).
    Bytes,
    /// A stretch of time (`300ms`), kept in microseconds.
    Span,
    /// A point in time.
    Moment,
    /// One of these words.
    Choice(&'static [Choice]),
    /// One of these words, which rise.
    Scale(&'static [Choice]),
}

/// A word that a field takes.
#[derive(Debug)]
pub struct Choice {
    /// As it is printed.
    pub word: &'static str,
    /// Others that mean the same.
    pub aliases: &'static [&'static str],
    /// How it is said, and its contrary; empty where the field says it.
    pub says: (&'static str, &'static str),
    /// For help and completion.
    pub words: &'static str,
}

/// What must be known of an exchange to decide, cheapest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Its list row.
    #[default]
    Row,
    /// Its heads and the changes made to them.
    Heads,
    /// Its bodies, codings undone.
    Bodies,
    /// Its messages.
    Messages,
}

/// An answer while not all need be known. In rising order, so that `and` is the least and `or` the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It is not meant.
    No,
    /// More must be known.
    Unknown,
    /// It is meant.
    Yes,
}

impl Truth {
    /// The contrary; what is not known stays so.
    #[must_use]
    pub fn contrary(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }

    /// Whether it is certain to be meant.
    #[must_use]
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

impl From<bool> for Truth {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

impl Kind {
    /// The words that it takes, where it takes only some.
    #[must_use]
    pub fn choices(self) -> &'static [Choice] {
        match self {
            Self::Choice(choices) | Self::Scale(choices) => choices,
            _ => &[],
        }
    }

    /// Whether its values are numbers.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Status | Self::Bytes | Self::Span)
    }
}
