//! A filter as a tree: what the parser makes, what is printed, said, evaluated and turned into SQL.
//!
//! Trees are made by [`Node::and`], [`Node::or`] and [`Node::not`] alone, which keep them in one form: no
//! `and` directly in an `and`, none of fewer than two; so that what is printed reads back the same.

use super::fields::Name;
use super::kinds::{Kind, Level};
use super::moment::Moment;
use super::number::Number;
use super::pattern::Pattern;

/// A filter or a part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node {
    /// Everything.
    #[default]
    All,
    /// Nothing: what does not exist here, as `~tcp`.
    Nothing,
    /// What does not match.
    Not(Box<Self>),
    /// What matches all.
    And(Vec<Self>),
    /// What matches any.
    Or(Vec<Self>),
    /// A word or phrase, found in what the row says.
    Word(Word),
    /// A field with its values.
    Test(Test),
}

/// A word or phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As typed.
    pub text: String,
    /// In small letters.
    pub lower: String,
    /// Whether case matters.
    pub exact: bool,
}

/// A field with its values: any of them will do. All values are of one operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Which field.
    pub name: Name,
    /// Of which message, where it was said.
    pub side: Option<Side>,
    /// What stands behind the dot.
    pub part: String,
    /// What is wanted.
    pub wants: Vec<Want>,
}

/// Which message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The request.
    Request,
    /// The response.
    Response,
}

/// What is wanted of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// That it is there: `*`.
    Any,
    /// Text.
    Text(Pattern),
    /// A number compared.
    Number(Compare, Number),
    /// Between two numbers, both included.
    Between(Option<Number>, Option<Number>),
    /// A class of statuses: 4 for 400 to 499.
    Class(u8),
    /// A moment compared.
    Moment(Compare, Moment),
    /// Between two moments, both included.
    Within(Option<Moment>, Option<Moment>),
    /// A word of the field's choices, by its place.
    Choice(Compare, usize),
}

/// How two things compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `:` and `=`.
    Is,
    /// `<`.
    Below,
    /// `<=`.
    Most,
    /// `>`.
    Above,
    /// `>=`.
    Least,
}

impl Compare {
    /// Whether it holds.
    #[must_use]
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Is => left == right,
            Self::Below => left < right,
            Self::Most => left <= right,
            Self::Above => left > right,
            Self::Least => left >= right,
        }
    }
}

impl Word {
    /// A word as typed: a capital in it minds case.
    #[must_use]
    pub fn new(text: String) -> Self {
        let lower = text.chars().flat_map(char::to_lowercase).collect();
        Self { exact: text.chars().any(char::is_uppercase), lower, text }
    }

    /// Whether whatever holds this one holds `other`.
    pub(super) fn holds(&self, other: &Self) -> bool {
        if other.exact {
            self.exact && self.text.contains(&other.text)
        } else {
            self.lower.contains(&other.lower)
        }
    }
}

impl Test {
    /// What must be known to decide on it.
    #[must_use]
    pub fn level(&self) -> Level {
        match (self.name, self.side) {
            (Name::Type, Some(Side::Request)) => Level::Heads,
            (name, _) => name.field().level,
        }
    }

    /// What its values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.name.field().kind
    }

    /// Whether this message is meant.
    #[must_use]
    pub fn means(&self, side: Side) -> bool {
        self.side.is_none_or(|own| own == side)
    }
}

impl Node {
    /// What matches all of these; everything for none.
    #[must_use]
    pub fn and(nodes: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for node in nodes {
            match node {
                Self::All => {}
                Self::Nothing => return Self::Nothing,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Self::And(flat) } else { flat.pop().unwrap_or(Self::All) }
    }

    /// What matches any of these; nothing for none.
    #[must_use]
    pub fn or(nodes: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for node in nodes {
            match node {
                Self::Nothing => {}
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Self::Or(flat) } else { flat.pop().unwrap_or(Self::Nothing) }
    }

    /// What does not match this.
    #[must_use]
    pub fn not(node: Self) -> Self {
        match node {
            Self::All => Self::Nothing,
            Self::Nothing => Self::All,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// One test; everything where anything will do.
    #[must_use]
    pub fn test(test: Test) -> Self {
        if test.name == Name::Any && test.wants.contains(&Want::Any) { Self::All } else { Self::Test(test) }
    }

    /// What must be known to be certain of an answer.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::All | Self::Nothing | Self::Word(_) => Level::Row,
            Self::Not(inner) => inner.level(),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().map(Self::level).max().unwrap_or_default(),
            Self::Test(test) => test.level(),
        }
    }

    /// The same with what is cheap before what is dear.
    #[must_use]
    pub fn cheap_first(self) -> Self {
        let sorted = |nodes: Vec<Self>| {
            let mut nodes: Vec<Self> = nodes.into_iter().map(Self::cheap_first).collect();
            nodes.sort_by_key(Self::level);
            nodes
        };
        match self {
            Self::And(nodes) => Self::And(sorted(nodes)),
            Self::Or(nodes) => Self::Or(sorted(nodes)),
            Self::Not(inner) => Self::Not(Box::new(inner.cheap_first())),
            other => other,
        }
    }

    /// Every test in it.
    pub fn tests(&self, each: &mut dyn FnMut(&Test)) {
        match self {
            Self::Not(inner) => inner.tests(each),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|node| node.tests(each)),
            Self::Test(test) => each(test),
            Self::All | Self::Nothing | Self::Word(_) => {}
        }
    }
}
