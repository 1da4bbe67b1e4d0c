//! FILTER: which exchanges are meant. The list, the commands and the settings have their meaning from this
//! place alone.
//!
//! ```text
//! text ──parse──> Node (a tree) + Faults (where, what, what to do)
//!                   ├─ Display   canonical text, which reads back as the same tree
//!                   ├─ says      a sentence
//!                   ├─ Matcher   yes, no, or not known yet: the row, then heads, bodies, messages
//!                   └─ sql       what columns answer, and the rest
//! fields.rs, kinds.rs: one table, which parser, completion, help and sentence read
//! ```
//!
//! Reading is total: every text is a query, also one that is still being typed; what is not understood is
//! left out and told as a [`Fault`]. `hopscope help filter` describes the language.

mod alias;
mod behind;
mod complete;
mod facts;
mod fault;
mod fields;
mod help;
mod jsonpath;
mod kinds;
mod matcher;
mod mitm;
mod moment;
mod needle;
mod number;
mod op;
mod parse;
mod pattern;
mod print;
mod says;
mod scan;
mod sql;
mod term;
mod texts;
mod tree;
mod want;

#[cfg(test)]
mod tests;

pub use behind::{Behind, Finding, RowOnly, Written};
pub use complete::{Candidate, Completion, Seen, Unseen, complete};
pub use facts::Facts;
pub use fault::Fault;
pub use fields::{FIELDS, Field, Name};
pub use help::help;
pub use kinds::{Level, Truth};
pub use matcher::Matcher;
pub use needle::{InBodies, InHeads, Needles};
pub use print::{value, word_text};
pub use sql::{Sql, SqlValue};
pub use tree::Side;

use crate::exchange::Summary;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tree::{Node, Test, Want};

/// A filter, read once.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// As written.
    node: Node,
    /// What is cheap first.
    plan: Arc<Node>,
    /// What `-5m` is counted from, microseconds since the epoch.
    now: i64,
}

/// Two that are written the same, whenever.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// A text as it was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What was understood.
    pub query: Query,
    /// What was not, from left to right.
    pub faults: Vec<Fault>,
}

impl Query {
    /// Reads a filter; what is not understood is left out.
    #[must_use]
    pub fn of(text: &str) -> Self {
        read(text).query
    }

    fn new(node: Node, now: i64) -> Self {
        Self { plan: Arc::new(node.clone().cheap_first()), node, now }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.node == Node::All
    }

    /// What must be known of an exchange to be certain of an answer.
    #[must_use]
    pub fn level(&self) -> Level {
        self.node.level()
    }

    /// Whether it is made of words alone, so that a row's texts suffice.
    #[must_use]
    pub fn is_words(&self) -> bool {
        fn words(node: &Node) -> bool {
            match node {
                Node::Not(inner) => words(inner),
                Node::And(nodes) | Node::Or(nodes) => nodes.iter().all(words),
                Node::Test(_) => false,
                Node::All | Node::Nothing | Node::Word(_) => true,
            }
        }
        words(&self.node)
    }

    /// Every field that it asks about; words ask about [`Name::Any`].
    pub fn names(&self, each: &mut dyn FnMut(Name)) {
        fn walk(node: &Node, each: &mut dyn FnMut(Name)) {
            match node {
                Node::Not(inner) => walk(inner, each),
                Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| walk(node, each)),
                Node::Word(_) => each(Name::Any),
                Node::Test(test) => each(test.name),
                Node::All | Node::Nothing => {}
            }
        }
        walk(&self.node, each);
    }

    /// Whether the row alone makes certain that an exchange is meant. For many in a row a [`Matcher`] is
    /// cheaper.
    #[must_use]
    pub fn matches(&self, summary: &Summary) -> bool {
        self.judge(summary).is_yes()
    }

    /// Whether an exchange is meant, as far as its row tells.
    #[must_use]
    pub fn judge(&self, summary: &Summary) -> Truth {
        if self.is_all() { Truth::Yes } else { Matcher::new(self).judge(&Facts::of(summary), &RowOnly) }
    }

    /// The filter read back in words.
    #[must_use]
    pub fn says(&self) -> String {
        says::says(&self.node)
    }

    /// The filter in canonical text, which reads back as the same.
    #[must_use]
    pub fn text(&self) -> String {
        self.node.to_string()
    }

    /// For each of the terms that must all match, its text and the filter without it; none where there is but one.
    #[must_use]
    pub fn without_each(&self) -> Vec<(String, Self)> {
        let Node::And(terms) = &self.node else { return Vec::new() };
        let others = |place| {
            let others = terms.iter().enumerate().filter(|(other, _)| *other != place);
            Node::and(others.map(|(_, term)| term.clone()))
        };
        let each = terms.iter().enumerate();
        each.map(|(place, term)| (term.to_string(), Self::new(others(place), self.now))).collect()
    }

    /// Whether everything that matches this one matches `before` too, so that only its matches need be
    /// looked through again. May say no where it is so.
    #[must_use]
    pub fn narrows(&self, before: &Self) -> bool {
        let parts = |node: &Node| match node {
            Node::And(nodes) => nodes.clone(),
            Node::All => Vec::new(),
            other => vec![other.clone()],
        };
        let new = parts(&self.node);
        parts(&before.node).iter().all(|old| new.iter().any(|new| implies(new, old)))
    }
}

/// Reads a filter, `-5m` counted from now.
#[must_use]
pub fn read(text: &str) -> Reading {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros());
    read_at(text, i64::try_from(now).unwrap_or(i64::MAX))
}

/// Reads a filter, `-5m` counted from a moment in microseconds since the epoch.
#[must_use]
pub fn read_at(text: &str, now: i64) -> Reading {
    let (node, faults) = parse::parse(text);
    Reading { query: Query::new(node, now), faults }
}

impl Reading {
    /// The query, if all was understood; what is only a field's name is a value that a shell took away.
    pub fn settled(self, text: &str) -> Result<Query, Fault> {
        if let Some(fault) = self.faults.into_iter().next() {
            return Err(fault);
        }
        match lost_value(&self.query.node, text) {
            Some(fault) => Err(fault),
            None => Ok(self.query),
        }
    }

    /// What is wrong while the text is being typed: what the caret is in may still become right.
    #[must_use]
    pub fn fault_at(&self, caret: usize) -> Option<&Fault> {
        self.faults
            .iter()
            .find(|fault| !(fault.unfinished && fault.span.start <= caret && caret <= fault.span.end))
    }
}

/// A field's name alone, or that of a number among words: `status>400` without quotes, its end taken by the
/// shell.
fn lost_value(node: &Node, text: &str) -> Option<Fault> {
    let (words, alone) = match node {
        Node::Word(word) => (vec![word], true),
        Node::And(nodes) => (
            nodes
                .iter()
                .filter_map(|node| if let Node::Word(word) = node { Some(word) } else { None })
                .collect(),
            false,
        ),
        _ => return None,
    };
    words.into_iter().find_map(|word| {
        let field = fields::find(&word.text).filter(|field| alone || help::is_number(field))?;
        let at = text
            .split_whitespace()
            .any(|typed| typed == word.text)
            .then(|| text.find(&word.text))
            .flatten()?;
        let name = &word.text;
        let example = if help::is_number(field) {
            format!("if you typed {name}>400, the shell took the >: quote the filter or write {name}:400..")
        } else {
            format!("write {name}:value, or quote it twice to search for it: '\"{name}\"'")
        };
        Some(Fault::new(at..at + name.len(), format!("no value after {name}"), example))
    })
}

fn implies(new: &Node, old: &Node) -> bool {
    match (new, old) {
        (Node::Word(new), Node::Word(old)) => new.holds(old),
        (Node::Not(new), Node::Not(old)) => match (&**new, &**old) {
            (Node::Word(new), Node::Word(old)) => old.holds(new),
            (new, old) => new == old && !is_of_now(new),
        },
        (Node::Test(new), Node::Test(old)) if new != old => sharper(new, old),
        (new, old) => new == old && !is_of_now(new),
    }
}

/// Whether one text is looked for in the same place, and holds the other: `host:api` after `host:ap`.
fn sharper(new: &Test, old: &Test) -> bool {
    let same = (new.name, new.side, &new.part) == (old.name, old.side, &old.part);
    let text = matches!(new.kind(), kinds::Kind::Text { .. });
    match (new.wants.as_slice(), old.wants.as_slice()) {
        ([Want::Text(new)], [Want::Text(old)]) if same && text => new.sharpens(old),
        _ => false,
    }
}

/// Whether it is about how long ago something was: an hour later it means another hour.
fn is_of_now(node: &Node) -> bool {
    let mut of_now = false;
    node.tests(&mut |test: &Test| of_now |= test.name == Name::Start);
    of_now
}
