//! What may stand at the caret: fields, operators, words that a field takes, values seen in the traffic.

use super::alias::SPECIALS;
use super::fields::{self, FIELDS, Field, Name};
use super::kinds::Kind;
use super::op::Op;
use super::print;
use super::term::HOPS;
use std::ops::Range;

/// Offered at most.
const MOST: usize = 64;

/// Values seen in the traffic: each with how often, most often first.
pub trait Seen {
    /// Those of a field, as they would be typed; with what stands behind its dot.
    fn values(&self, field: Name, part: &str) -> Vec<(String, u64)>;
    /// What stands behind the dot of a field: names of headers, parameters, cookies.
    fn parts(&self, field: Name) -> Vec<(String, u64)>;
}

/// Nothing was seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unseen;

impl Seen for Unseen {
    fn values(&self, _: Name, _: &str) -> Vec<(String, u64)> {
        Vec::new()
    }

    fn parts(&self, _: Name) -> Vec<(String, u64)> {
        Vec::new()
    }
}

/// Something to put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text to put in.
    pub text: String,
    /// A word of help.
    pub words: String,
    /// How often it was seen.
    pub count: Option<u64>,
}

/// What may stand at the caret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The octets that a candidate takes the place of.
    pub span: Range<usize>,
    /// Best first.
    pub candidates: Vec<Candidate>,
}

/// What may stand at an octet of a text.
#[must_use]
pub fn complete(text: &str, caret: usize, seen: &dyn Seen) -> Completion {
    let caret = text.floor_char_boundary(caret.min(text.len()));
    let before = text.get(..caret).unwrap_or_default();
    let Some(start) = term_start(before) else {
        return Completion { span: caret..caret, candidates: Vec::new() };
    };
    let typed = before.get(start..).unwrap_or_default();
    let (from, mut candidates) = match split(typed) {
        Some((field, part, op_end)) => {
            let list = typed.get(op_end..).unwrap_or_default();
            let open = list.rfind([',', '(']).map_or(0, |at| at + 1);
            let prefix = list.get(open..).unwrap_or_default();
            (start + op_end + open, values(field, part, prefix, seen))
        }
        None => (start, names(typed, seen)),
    };
    candidates.truncate(MOST);
    Completion { span: from..caret, candidates }
}

/// Where the term at the end of a text begins, signs left out; `None` within a phrase or a regex.
fn term_start(before: &str) -> Option<usize> {
    let (mut start, mut quote, mut fresh) = (0, None, true);
    let mut chars = before.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => _ = chars.next(),
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'')
                if fresh || before.get(..at).is_some_and(|text| text.ends_with([':', '=', ',', '~'])) =>
            {
                quote = Some(c);
            }
            (None, c) if c.is_whitespace() => {
                (start, fresh) = (at + c.len_utf8(), true);
            }
            (None, '(' | '-' | '!') if fresh => start = at + 1,
            _ => fresh = false,
        }
    }
    quote.is_none().then_some(start)
}

/// The field of a term, what is behind its dot, and where its operator ends.
fn split(typed: &str) -> Option<(&'static Field, &str, usize)> {
    let at = typed.find([':', '=', '<', '>', '~', '!', '^', '$', '*'])?;
    let (named, behind) = typed.split_at(at);
    let (_, length) = Op::at(behind)?;
    let named = unsided(named);
    let (name, part) = named.split_once('.').unwrap_or((named, ""));
    fields::find(name).map(|field| (field, part, at + length))
}

fn unsided(name: &str) -> &str {
    name.strip_prefix("req.").or_else(|| name.strip_prefix("res.")).unwrap_or(name)
}

/// Names of fields, and what is behind their dots.
fn names(typed: &str, seen: &dyn Seen) -> Vec<Candidate> {
    let plain = unsided(typed);
    let side = typed.get(..typed.len() - plain.len()).unwrap_or_default();
    if let Some((name, prefix)) = plain.split_once('.') {
        let Some(field) = fields::find(name).filter(|field| field.part.is_some()) else { return Vec::new() };
        let known = if field.key == Name::Hop {
            HOPS.iter().map(|part| ((*part).to_owned(), 0)).collect()
        } else {
            seen.parts(field.key)
        };
        let made = |(part, count): (String, u64)| Candidate {
            text: format!("{side}{name}.{part}:"),
            words: field.words.to_owned(),
            count: (count > 0).then_some(count),
        };
        return ranked(
            known
                .into_iter()
                .filter(|(part, _)| part.to_lowercase().contains(&prefix.to_lowercase()))
                .map(|known| (known.0.clone(), made(known))),
            prefix,
        );
    }
    let fits = |field: &&Field| side.is_empty() || field.sided;
    let own = FIELDS.iter().filter(fits).map(|field| {
        let dot = if field.part.is_some_and(|(_, may)| !may)
            || matches!(field.key, Name::Header | Name::Param | Name::Json | Name::Hop)
        {
            "."
        } else {
            ":"
        };
        (
            field.name.to_owned(),
            Candidate { text: format!("{side}{}{dot}", field.name), words: help(field), count: None },
        )
    });
    let special = SPECIALS.iter().filter(|_| side.is_empty() && plain.len() > 1).map(|(name, _, words)| {
        ((*name).to_owned(), Candidate { text: format!("{name}:"), words: (*words).to_owned(), count: None })
    });
    let whole = fields::find(plain).filter(|_| !plain.is_empty());
    let mut found = ranked(own.chain(special), plain);
    found.extend(whole.into_iter().flat_map(|field| operators(side, field)));
    found
}

fn help(field: &Field) -> String {
    let examples: Vec<&str> = field.examples.split(' ').take(4).collect();
    format!("{}   {}", field.words, examples.join("  "))
}

/// The operators that fit a field.
fn operators(side: &str, field: &'static Field) -> Vec<Candidate> {
    let fits = |op: Op| match field.kind {
        Kind::Text { .. } => op.compares().is_none(),
        Kind::Domain | Kind::Choice(_) => matches!(op, Op::Colon | Op::Unequal),
        Kind::Value => true,
        _ => op.compares().is_some() || matches!(op, Op::Colon | Op::Unequal),
    };
    let all = Op::ALL.iter().filter(|(op, text, _)| fits(*op) && *text != "==" && *op != Op::Colon);
    all.map(|(_, text, words)| Candidate {
        text: format!("{side}{}{text}", field.name),
        words: (*words).to_owned(),
        count: None,
    })
    .collect()
}

/// Values of a field: its own words, values seen, examples.
fn values(field: &'static Field, part: &str, prefix: &str, seen: &dyn Seen) -> Vec<Candidate> {
    let own = field.kind.choices().iter().map(|choice| {
        (
            choice.word.to_owned(),
            Candidate { text: choice.word.to_owned(), words: choice.words.to_owned(), count: None },
        )
    });
    let met = seen.values(field.key, part).into_iter().map(|(value, count)| {
        let text = print::value(field.key, &value);
        (value, Candidate { text, words: String::new(), count: Some(count) })
    });
    let found = ranked(own.chain(met), prefix);
    if !found.is_empty() || !prefix.is_empty() || field.part.is_some() {
        return found;
    }
    let examples = field.examples.split(' ').filter(|example| !example.starts_with(['>', '<', '~', '=']));
    examples
        .map(|example| Candidate { text: example.to_owned(), words: "for example".to_owned(), count: None })
        .collect()
}

/// Those that begin with what was typed, then those that hold it; in their order else.
fn ranked(all: impl Iterator<Item = (String, Candidate)>, typed: &str) -> Vec<Candidate> {
    let typed = typed.trim_start_matches(['"', '\'']).to_lowercase();
    let mut found: Vec<(usize, Candidate)> = all
        .filter_map(|(name, candidate)| {
            name.to_lowercase().find(&typed).map(|at| (usize::from(at > 0), candidate))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}
