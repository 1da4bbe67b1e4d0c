//! A filter in its canonical text: what is printed reads back as the same tree.

use super::fields::{Field, Name};
use super::kinds::Kind;
use super::op::Op;
use super::pattern::{Form, Pattern};
use super::term::is_part;
use super::tree::{Node, Side, Test, Want};
use super::want::may_be_regex;
use std::fmt;

/// The operator that a want is printed behind.
pub(super) fn want_op(want: &Want, field: &Field) -> Op {
    match want {
        Want::Any | Want::Between(..) | Want::Within(..) | Want::Class(_) => Op::Colon,
        Want::Text(pattern) => match pattern.form {
            Form::Is if !matches!(field.kind, Kind::Domain) => Op::Equal,
            Form::Has | Form::Glob | Form::Is => Op::Colon,
            Form::Starts => Op::Starts,
            Form::Ends => Op::Ends,
            Form::Regex => Op::Regex,
        },
        Want::Number(compare, _) | Want::Moment(compare, _) | Want::Choice(compare, _) => compare.op(),
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Nothing => f.write_str("-text:*"),
            Self::Not(inner) if matches!(**inner, Self::And(_) | Self::Or(_)) => write!(f, "-({inner})"),
            Self::Not(inner) => write!(f, "-{inner}"),
            Self::And(nodes) => {
                for (place, node) in nodes.iter().enumerate() {
                    f.write_str(if place > 0 { " " } else { "" })?;
                    match node {
                        Self::Or(_) => write!(f, "({node})")?,
                        node => node.fmt(f)?,
                    }
                }
                Ok(())
            }
            Self::Or(nodes) => {
                for (place, node) in nodes.iter().enumerate() {
                    f.write_str(if place > 0 { " or " } else { "" })?;
                    node.fmt(f)?;
                }
                Ok(())
            }
            Self::Word(word) => f.write_str(&word_text(&word.text)),
            Self::Test(test) => test.fmt(f),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.name.field();
        f.write_str(match self.side {
            None => "",
            Some(Side::Request) => "req.",
            Some(Side::Response) => "res.",
        })?;
        f.write_str(field.name)?;
        if !self.part.is_empty() {
            let plain = self.part.replace("[*]", "").chars().all(is_part);
            write!(f, ".{}", if plain { self.part.clone() } else { quoted(&self.part) })?;
        }
        f.write_str(self.wants.first().map_or(":", |want| want_op(want, field).text()))?;
        for (place, want) in self.wants.iter().enumerate() {
            f.write_str(if place > 0 { "," } else { "" })?;
            f.write_str(&want_text(want, field))?;
        }
        Ok(())
    }
}

/// A value as it is printed.
fn want_text(want: &Want, field: &Field) -> String {
    let number = |number: &super::number::Number| number.text(field.kind);
    let ends = |from: Option<String>, to: Option<String>| {
        format!("{}..{}", from.unwrap_or_default(), to.unwrap_or_default())
    };
    match want {
        Want::Any => "*".to_owned(),
        Want::Text(pattern) => pattern_text(pattern, field),
        Want::Number(_, value) => number(value),
        Want::Between(from, to) => ends(from.as_ref().map(number), to.as_ref().map(number)),
        Want::Class(class) => format!("{class}xx"),
        Want::Moment(_, moment) => moment.text(),
        Want::Within(from, to) => {
            ends(from.map(super::moment::Moment::text), to.map(super::moment::Moment::text))
        }
        Want::Choice(_, place) => {
            field.kind.choices().get(*place).map_or("", |choice| choice.word).to_owned()
        }
    }
}

fn pattern_text(pattern: &Pattern, field: &Field) -> String {
    match pattern.form {
        Form::Glob => pattern.text.clone(),
        Form::Regex if pattern.text.is_empty() => quoted(""),
        Form::Regex => {
            format!("/{}/{}", pattern.text.replace('/', r"\/"), if pattern.cased { "c" } else { "" })
        }
        _ => value(field.key, &pattern.text),
    }
}

/// A text as a value of a field: bare where that reads back as the same text.
#[must_use]
pub fn value(name: Name, text: &str) -> String {
    let query = matches!(name, Name::Path | Name::Url);
    let bare = |c: char| c.is_alphanumeric() || "_./:@%+-".contains(c) || (query && "?=&".contains(c));
    let starts = text.starts_with(|c: char| "=?&".contains(c))
        || (text.starts_with('/') && may_be_regex(name, Op::Colon));
    let plain = !text.is_empty() && text.chars().all(bare) && !starts && !text.contains("..");
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text as a word: bare where that reads back as the same word.
#[must_use]
pub fn word_text(text: &str) -> String {
    let bare = |c: char| c.is_alphanumeric() || "_./%+@-".contains(c);
    let plain = !text.is_empty()
        && text.chars().all(bare)
        && !text.starts_with(['-', '/'])
        && !["and", "or", "not"].contains(&text);
    if plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n"))
}
