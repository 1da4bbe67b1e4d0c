//! A value as typed becomes what is wanted of a field, or a fault in words.

use super::fault::{Fault, nearest_word};
use super::fields::{Field, Name};
use super::kinds::Kind;
use super::moment::Moment;
use super::number::{NoNumber, Number};
use super::op::Op;
use super::pattern::{Form, Pattern};
use super::tree::{Compare, Want};
use std::ops::Range;

/// A value as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) form: RawForm,
    pub(super) span: Range<usize>,
    /// Whether nothing stands behind it.
    pub(super) last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawForm {
    Bare,
    Quoted,
    /// Between slashes; whether case matters.
    Regex(bool),
}

/// Understands a value.
pub(super) fn want(field: &Field, op: Op, raw: &Raw) -> Result<Want, Fault> {
    if raw.form == RawForm::Bare && raw.text == "*" && op == Op::Colon {
        return Ok(Want::Any);
    }
    match field.kind {
        Kind::Text { caseless } => text(field, op, raw, caseless),
        Kind::Domain => domain(op, raw),
        Kind::Value => value(field, op, raw),
        Kind::Number | Kind::Status | Kind::Bytes | Kind::Span => number(field, op, raw),
        Kind::Moment => moment(field, op, raw),
        Kind::Choice(_) => choice(field, op, raw, false),
        Kind::Scale(_) => choice(field, op, raw, true),
    }
}

/// Whether a bare text means a glob. A question mark is part of any URL with a query.
pub(super) fn is_glob(field: Name, text: &str) -> bool {
    text.contains('*') || (text.contains('?') && !matches!(field, Name::Path | Name::Url))
}

/// Whether slashes around a value mean a regular expression: paths have them too.
pub(super) fn may_be_regex(field: Name, op: Op) -> bool {
    op == Op::Regex || (op == Op::Colon && !matches!(field, Name::Path | Name::Url))
}

fn text(field: &Field, op: Op, raw: &Raw, caseless: bool) -> Result<Want, Fault> {
    let pattern = |form| Pattern::smart(form, &raw.text, caseless);
    let made = match (op, raw.form) {
        (_, RawForm::Regex(cased)) => Pattern::new(Form::Regex, &raw.text, cased && !caseless),
        (Op::Regex, _) => Pattern::new(Form::Regex, &raw.text, false),
        (Op::Colon, RawForm::Bare) if is_glob(field.key, &raw.text) => Pattern::glob(&raw.text, caseless),
        (Op::Colon | Op::Has, _) => pattern(Form::Has),
        (Op::Equal | Op::Unequal, _) => Pattern::new(Form::Is, &raw.text, !caseless),
        (Op::Starts, _) => pattern(Form::Starts),
        (Op::Ends, _) => pattern(Form::Ends),
        (Op::Below | Op::Most | Op::Above | Op::Least, _) => {
            let what = format!("{} is text, and {} compares numbers", field.name, op.text());
            return Err(Fault::new(
                raw.span.clone(),
                what,
                format!("write {}:text, or {0}~/regex/", field.name),
            ));
        }
    };
    made.map(Want::Text).map_err(|says| bad_pattern(raw, &says))
}

fn bad_pattern(raw: &Raw, says: &str) -> Fault {
    let fault = Fault::new(
        raw.span.clone(),
        format!("not a regular expression: {says}"),
        "a backslash takes its meaning from a character: \\(",
    );
    if raw.last { fault.unfinished() } else { fault }
}

fn domain(op: Op, raw: &Raw) -> Result<Want, Fault> {
    if raw.form == RawForm::Bare && raw.text.contains(['(', ')']) {
        let fault = Fault::new(raw.span.clone(), "a domain has no brackets", "write domain:shop.test");
        return Err(if raw.last { fault.unfinished() } else { fault });
    }
    let made = match (op, raw.form) {
        (Op::Colon, RawForm::Bare) if raw.text.contains('*') => Pattern::new(Form::Glob, &raw.text, false),
        (Op::Colon | Op::Equal | Op::Unequal, RawForm::Bare | RawForm::Quoted) => {
            Pattern::new(Form::Is, &raw.text, false)
        }
        _ => {
            let what = format!("domain takes a name and its subdomains, and {} is not for that", op.text());
            return Err(Fault::new(raw.span.clone(), what, "write domain:shop.test, or host~/regex/"));
        }
    };
    made.map(Want::Text).map_err(|says| bad_pattern(raw, &says))
}

/// A text that may be a number: compared as one where that is asked for.
fn value(field: &Field, op: Op, raw: &Raw) -> Result<Want, Fault> {
    if let Some(compare) = op.compares() {
        return Number::read(&raw.text, field.kind)
            .map(|number| Want::Number(compare, number))
            .map_err(|no| no_number(field, raw, no));
    }
    if op == Op::Colon && raw.form == RawForm::Bare {
        let end =
            |text: &str| if text.is_empty() { Ok(None) } else { Number::read(text, field.kind).map(Some) };
        if let Some((from, to)) = raw.text.split_once("..")
            && let (Ok(from), Ok(to)) = (end(from), end(to))
            && (from.is_some() || to.is_some())
        {
            return Ok(Want::Between(from, to));
        }
    }
    text(field, op, raw, false)
}

fn number(field: &Field, op: Op, raw: &Raw) -> Result<Want, Fault> {
    let read = |text: &str| Number::read(text, field.kind).map_err(|no| no_number(field, raw, no));
    let (op, typed) = op.behind_colon(&raw.text);
    if let Some(compare) = op.compares() {
        return Ok(Want::Number(compare, read(typed)?));
    }
    if !matches!(op, Op::Colon | Op::Equal | Op::Unequal) {
        let what = format!("{} is a number, and {} is for texts", field.name, op.text());
        return Err(Fault::new(
            raw.span.clone(),
            what,
            format!("write {}:{}", field.name, first(field.examples)),
        ));
    }
    if matches!(field.kind, Kind::Status)
        && let Some(class) =
            typed.to_ascii_lowercase().strip_suffix("xx").and_then(|class| class.parse().ok())
        && (1..=9).contains(&class)
    {
        return Ok(Want::Class(class));
    }
    match typed.split_once("..") {
        Some(("", "")) => Err(no_number(field, raw, NoNumber::NoDigits)),
        Some((from, to)) => {
            let end = |text: &str| if text.is_empty() { Ok(None) } else { read(text).map(Some) };
            Ok(Want::Between(end(from)?, end(to)?))
        }
        None => Ok(Want::Number(Compare::Is, read(typed)?)),
    }
}

fn no_number(field: &Field, raw: &Raw, no: NoNumber) -> Fault {
    let typed = &raw.text;
    let what = match no {
        NoNumber::NoDigits => format!("“{typed}” is no number, and {} needs one", field.name),
        NoNumber::BadUnit => format!("“{typed}” has a unit that {} does not know", field.name),
        NoNumber::NoUnit => format!("“{typed}” has no unit"),
        NoNumber::TooLarge => "the number is too large".to_owned(),
    };
    let cure = match (no, field.kind) {
        (NoNumber::NoUnit | NoNumber::BadUnit, Kind::Span) => {
            "units are us, ms, s, m, h: time>300ms".to_owned()
        }
        (NoNumber::BadUnit, Kind::Bytes | Kind::Value) => "units are k, M, G: size>10k".to_owned(),
        _ if field.part.is_some() => "as in param.page>10".to_owned(),
        _ => format!("as in {}:{}", field.name, first(field.examples)),
    };
    let fault = Fault::new(raw.span.clone(), what, cure);
    if raw.last { fault.unfinished() } else { fault }
}

fn moment(field: &Field, op: Op, raw: &Raw) -> Result<Want, Fault> {
    let no_moment = || {
        let what = format!("“{}” is no time", raw.text);
        let fault =
            Fault::new(raw.span.clone(), what, "as in start:-5m, start:10:30..10:45, start:2026-11-23 (UTC)");
        if raw.last { fault.unfinished() } else { fault }
    };
    let read = |text: &str| Moment::read(text).ok_or_else(no_moment);
    let (op, typed) = op.behind_colon(&raw.text);
    if let Some(compare) = op.compares() {
        return Ok(Want::Moment(compare, read(typed)?));
    }
    if !matches!(op, Op::Colon | Op::Equal | Op::Unequal) {
        let what = format!("{} is a time, and {} is for texts", field.name, op.text());
        return Err(Fault::new(raw.span.clone(), what, "write start:-5m or start>10:30"));
    }
    let end = |text: &str| if text.is_empty() { Ok(None) } else { read(text).map(Some) };
    match typed.split_once("..") {
        Some(("", "")) => Err(no_moment()),
        Some((from, to)) => Ok(Want::Within(end(from)?, end(to)?)),
        None => Ok(match read(typed)? {
            ago @ Moment::Ago(_) => Want::Within(Some(ago), None),
            other => Want::Moment(Compare::Is, other),
        }),
    }
}

fn choice(field: &Field, op: Op, raw: &Raw, rising: bool) -> Result<Want, Fault> {
    let choices = field.kind.choices();
    let (op, typed) = op.behind_colon(&raw.text);
    let compare = match op {
        Op::Colon | Op::Equal | Op::Unequal => Compare::Is,
        op => op.compares().filter(|_| rising).ok_or_else(|| {
            let what = format!("{} takes a word, and {} does not fit one", field.name, op.text());
            Fault::new(raw.span.clone(), what, format!("write {}:{}", field.name, first(field.examples)))
        })?,
    };
    let is = |known: &str| known.eq_ignore_ascii_case(typed);
    if let Some(place) =
        choices.iter().position(|choice| is(choice.word) || choice.aliases.iter().any(|alias| is(alias)))
    {
        return Ok(Want::Choice(compare, place));
    }
    let words: Vec<&str> = choices.iter().map(|choice| choice.word).collect();
    let what = format!("{} has no “{typed}”", field.name);
    let fault = match nearest_word(typed, words.iter().copied()) {
        Some(near) => Fault::new(raw.span.clone(), what, format!("did you mean {near}?")).fix(near),
        None => Fault::new(raw.span.clone(), what, format!("it takes {}", words.join(", "))),
    };
    let beginning = raw.last && words.iter().any(|word| word.starts_with(&typed.to_ascii_lowercase()));
    Err(if beginning { fault.unfinished() } else { fault })
}

fn first(examples: &str) -> &str {
    examples.split(' ').next().unwrap_or_default()
}
