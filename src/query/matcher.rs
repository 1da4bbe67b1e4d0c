//! A filter at work: three-valued while not all is at hand, what is cheap before what is dear.

use super::Query;
use super::behind::{Behind, RowOnly};
use super::facts::Facts;
use super::fields::Name;
use super::kinds::{Kind, Truth};
use super::moment::{Moment, within};
use super::number::Number;
use super::pattern::Form;
use super::texts::{self, Seen};
use super::tree::{Compare, Node, Side, Test, Want, Word};
use crate::exchange::{Flags, State};

/// A query at work on many rows; keeps its buffers.
#[derive(Debug)]
pub struct Matcher<'q> {
    query: &'q Query,
    line: Line,
}

/// What words are looked for in, made when the first word asks for it.
#[derive(Debug, Default)]
struct Line {
    laid: bool,
    text: String,
    lower: String,
    url: String,
}

impl<'q> Matcher<'q> {
    /// For a run of rows.
    #[must_use]
    pub fn new(query: &'q Query) -> Self {
        Self { query, line: Line::default() }
    }

    /// Whether these facts alone make certain that the exchange is meant.
    pub fn matches(&mut self, facts: &Facts<'_>) -> bool {
        self.judge(facts, &RowOnly).is_yes()
    }

    /// Whether the exchange is meant, as far as is known.
    pub fn judge(&mut self, facts: &Facts<'_>, behind: &dyn Behind) -> Truth {
        self.line.laid = false;
        let mut work = Work { facts, behind, now: self.query.now, line: &mut self.line };
        work.node(&self.query.plan)
    }
}

struct Work<'a> {
    facts: &'a Facts<'a>,
    behind: &'a dyn Behind,
    now: i64,
    line: &'a mut Line,
}

impl Work<'_> {
    fn node(&mut self, node: &Node) -> Truth {
        match node {
            Node::All => Truth::Yes,
            Node::Nothing => Truth::No,
            Node::Not(inner) => self.node(inner).contrary(),
            Node::And(nodes) => self.least(nodes, Truth::No),
            Node::Or(nodes) => self.least(nodes, Truth::Yes),
            Node::Word(word) => self.line.laid(self.facts).occurs(word, self.facts).into(),
            Node::Test(test) => self.test(test),
        }
    }

    /// Until one decides; else whether any is not known.
    fn least(&mut self, nodes: &[Node], decides: Truth) -> Truth {
        let mut all = decides.contrary();
        for node in nodes {
            let one = self.node(node);
            if one == decides {
                return decides;
            }
            if one == Truth::Unknown {
                all = Truth::Unknown;
            }
        }
        all
    }

    fn test(&mut self, test: &Test) -> Truth {
        match test.kind() {
            Kind::Number | Kind::Status | Kind::Bytes | Kind::Span => {
                let value = number(test, self.facts);
                test.wants.iter().any(|want| counts(want, value)).into()
            }
            Kind::Moment => test.wants.iter().any(|want| began(want, self.now, self.facts.started)).into(),
            Kind::Choice(_) => test.wants.iter().any(|want| stands(test.name, want, self.facts)).into(),
            Kind::Scale(_) => self.severity(test),
            Kind::Text { .. } | Kind::Domain | Kind::Value => {
                let line = match test.name {
                    Name::Any => self.line.laid(self.facts).text.as_str(),
                    Name::Url => self.line.url(self.facts),
                    _ => "",
                };
                let mut wanted = |seen: Seen<'_>| test.wants.iter().any(|want| fits(want, seen));
                texts::any(test, self.facts, self.behind, line, &mut wanted)
            }
        }
    }

    fn severity(&self, test: &Test) -> Truth {
        let Some(findings) = self.behind.findings() else { return Truth::Unknown };
        let worst = findings.iter().map(|finding| finding.severity).max();
        let holds = |want: &Want| match (want, worst) {
            (Want::Any, worst) => worst.is_some(),
            (Want::Choice(compare, place), Some(worst)) => compare.holds(&worst, place),
            _ => false,
        };
        test.wants.iter().any(holds).into()
    }
}

impl Line {
    fn url(&mut self, facts: &Facts<'_>) -> &str {
        self.url.clear();
        facts.write_url(&mut self.url);
        &self.url
    }

    fn laid(&mut self, facts: &Facts<'_>) -> &Self {
        if !self.laid {
            self.laid = true;
            self.text.clear();
            facts.write(&mut self.text);
            self.lower.clear();
            if self.text.is_ascii() {
                self.lower.push_str(&self.text);
                self.lower.make_ascii_lowercase();
            } else {
                self.lower.extend(self.text.chars().flat_map(char::to_lowercase));
            }
        }
        self
    }

    fn occurs(&self, word: &Word, facts: &Facts<'_>) -> bool {
        if !word.exact {
            return self.lower.contains(&word.lower);
        }
        // The case of hosts and methods never matters.
        self.text.contains(&word.text) || [facts.host, facts.method].iter().any(|text| has(text, &word.lower))
    }
}

fn has(text: &str, lower: &str) -> bool {
    if text.is_ascii() {
        let wanted = lower.as_bytes();
        return text.as_bytes().windows(wanted.len().max(1)).any(|part| part.eq_ignore_ascii_case(wanted));
    }
    text.chars().flat_map(char::to_lowercase).collect::<String>().contains(lower)
}

/// The number that a field of a row holds.
fn number(test: &Test, facts: &Facts<'_>) -> Option<f64> {
    let wide = |value: u64| value as f64;
    match test.name {
        Name::Id => Some(wide(facts.id)),
        Name::Status => facts.status.map(f64::from),
        Name::Size if test.side == Some(Side::Request) => Some(wide(facts.request_bytes)),
        Name::Size => Some(wide(facts.response_bytes)),
        Name::Time => facts.duration.map(wide),
        Name::Wait => facts.ttfb.map(wide),
        Name::Port => (!facts.host.is_empty()).then(|| f64::from(facts.host_and_port().1)),
        _ => None,
    }
}

fn counts(want: &Want, value: Option<f64>) -> bool {
    let Some(value) = value else { return false };
    match want {
        Want::Any => true,
        Want::Number(compare, number) => compare.holds(&value, &number.get()),
        Want::Between(from, to) => between(value, *from, *to),
        Want::Class(class) => {
            let floor = f64::from(*class) * 100.0;
            (floor..floor + 100.0).contains(&value)
        }
        _ => false,
    }
}

fn between(value: f64, from: Option<Number>, to: Option<Number>) -> bool {
    from.is_none_or(|from| value >= from.get()) && to.is_none_or(|to| value <= to.get())
}

/// Whether an exchange began when it is wanted.
pub(super) fn began(want: &Want, now: i64, started: i64) -> bool {
    match want {
        Want::Any => true,
        Want::Moment(compare, moment) => compared(*compare, *moment, now, started),
        Want::Within(from, to) => within(*from, *to, now, started),
        _ => false,
    }
}

/// What a moment names has a length: `>10:30` begins at 10:31.
fn compared(compare: Compare, moment: Moment, now: i64, started: i64) -> bool {
    let named = moment.span(now, started);
    match compare {
        Compare::Is => named.contains(&started),
        Compare::Below => started < named.start,
        Compare::Most => started < named.end,
        Compare::Above => started >= named.end,
        Compare::Least => started >= named.start,
    }
}

/// Whether an exchange stands as a word says.
fn stands(name: Name, want: &Want, facts: &Facts<'_>) -> bool {
    let place = match want {
        Want::Any => return true,
        Want::Choice(_, place) => *place,
        _ => return false,
    };
    let word = name.field().kind.choices().get(place).map_or("", |choice| choice.word);
    match name {
        Name::Scheme => facts.scheme == word,
        Name::From => facts.flags.has(Flags::OURS) == (word == "hopscope"),
        _ => is(word, facts),
    }
}

fn is(word: &str, facts: &Facts<'_>) -> bool {
    match word {
        "error" => facts.is_error(),
        "pending" => facts.state == State::Open && facts.status.is_none(),
        "running" => facts.state == State::Open,
        "done" => facts.state == State::Done,
        "aborted" => facts.state == State::Aborted,
        "failed" => facts.state == State::Failed,
        "unanswered" => facts.status.is_none(),
        "asset" => is_asset(facts.media_type),
        "ws" => facts.flags.has(Flags::UPGRADED),
        "secure" => facts.scheme == "https",
        word => flag_of(word).is_some_and(|flag| facts.flags.has(flag)),
    }
}

/// The flag that a word of `is:` stands for, where it is no more than that.
pub(super) fn flag_of(word: &str) -> Option<Flags> {
    let word = match word {
        "deleted" => "hidden",
        "ws" => "upgraded",
        other => other,
    };
    Flags::WORDS.iter().find(|(_, known)| *known == word).map(|(flag, _)| *flag)
}

/// Styles, scripts, images and fonts.
pub(super) fn is_asset(media_type: &str) -> bool {
    let begins = |start: &str| {
        media_type
            .as_bytes()
            .get(..start.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(start.as_bytes()))
    };
    ASSETS.iter().any(|start| begins(start))
}

/// How the media types of assets begin.
pub(super) const ASSETS: &[&str] = &[
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/font",
    "image/",
    "font/",
];

/// Whether a text is wanted.
fn fits(want: &Want, seen: Seen<'_>) -> bool {
    match want {
        Want::Any => true,
        Want::Text(pattern) if seen.number && pattern.form == Form::Has => {
            match (read(pattern.text.as_bytes()), read(seen.text)) {
                (Some(wanted), Some(value)) => Compare::Is.holds(&value, &wanted),
                _ => pattern.matches(seen.text),
            }
        }
        Want::Text(pattern) => pattern.matches(seen.text),
        Want::Number(compare, number) => {
            read(seen.text).is_some_and(|value| compare.holds(&value, &number.get()))
        }
        Want::Between(from, to) => read(seen.text).is_some_and(|value| between(value, *from, *to)),
        _ => false,
    }
}

/// A text as a number, where it is one.
fn read(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let digit = text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|value: &f64| digit && value.is_finite())
}
