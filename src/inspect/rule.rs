//! A rule as data: what it watches, why it matters, how to mend it, with an example of each kind.

use super::field::{On, Spec};
use super::found::Found;
use super::message::Case;
use crate::exchange::MessageKind;
use std::ops::Range;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A fact worth knowing.
    Info,
    /// It works, but surprises.
    Warn,
    /// It breaks a requirement, or a recipient will drop or misread it.
    Error,
}

impl Severity {
    /// `error`, `warn` or `info`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Looks at one message and says what it finds.
pub(super) type Check = fn(&Rule, &Case<'_>, &mut Found<'_>);

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name in output, filters and documentation; never changes.
    pub id: &'static str,
    /// How much its findings matter.
    pub severity: Severity,
    /// Where it is written.
    pub cite: Spec,
    /// Why it matters, one or two sentences.
    pub explains: &'static str,
    /// What to do about it.
    pub cure: &'static str,
    /// An exchange on which it fires.
    pub bad: &'static str,
    /// The same set right, on which it is silent.
    pub good: &'static str,
    /// Which fields it is about; empty when it is about the whole head.
    pub fields: &'static [&'static str],
    /// The messages it looks at.
    pub(super) on: On,
    /// Its code.
    pub(super) check: Check,
}

/// What a rule found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// In which of the four messages.
    pub message: MessageKind,
    /// The line of its head: 0 is the start line, 1 the first field line.
    pub line: usize,
    /// The bytes of that line, its line end not counted.
    pub span: Range<usize>,
    /// What is wrong here, in one line. May repeat bytes of the message: sanitise before it meets a terminal.
    pub says: String,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// A rule whose findings are errors.
pub(super) const fn error(id: &'static str, cite: Spec, explains: &'static str, cure: &'static str) -> Rule {
    rule(Severity::Error, id, cite, explains, cure)
}

/// A rule whose findings are warnings.
pub(super) const fn warn(id: &'static str, cite: Spec, explains: &'static str, cure: &'static str) -> Rule {
    rule(Severity::Warn, id, cite, explains, cure)
}

/// A rule whose findings are facts.
pub(super) const fn info(id: &'static str, cite: Spec, explains: &'static str, cure: &'static str) -> Rule {
    rule(Severity::Info, id, cite, explains, cure)
}

const fn rule(
    severity: Severity,
    id: &'static str,
    cite: Spec,
    explains: &'static str,
    cure: &'static str,
) -> Rule {
    Rule { id, severity, cite, explains, cure, bad: "", good: "", fields: &[], on: On::BOTH, check: nothing }
}

fn nothing(_: &Rule, _: &Case<'_>, _: &mut Found<'_>) {}

impl Rule {
    /// With the exchange on which it fires, and the one on which it does not.
    pub(super) const fn example(mut self, bad: &'static str, good: &'static str) -> Self {
        self.bad = bad;
        self.good = good;
        self
    }

    /// About these fields.
    pub(super) const fn about(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// In requests, by this check.
    pub(super) const fn requests(self, check: Check) -> Self {
        self.by(On::REQUEST, check)
    }

    /// In responses, by this check.
    pub(super) const fn responses(self, check: Check) -> Self {
        self.by(On::RESPONSE, check)
    }

    /// In every message, by this check.
    pub(super) const fn messages(self, check: Check) -> Self {
        self.by(On::BOTH, check)
    }

    const fn by(mut self, on: On, check: Check) -> Self {
        self.on = on;
        self.check = check;
        self
    }
}
