//! Where the findings of one message are gathered, bounded.

use super::message::Line;
use super::rule::{Finding, Rule};
use crate::exchange::MessageKind;
use std::ops::Range;

/// More findings of one rule in one message say nothing new.
const MOST_OF_A_RULE: usize = 12;

/// The findings of one rule in one message.
pub(super) struct Found<'f> {
    rule: &'static Rule,
    message: MessageKind,
    findings: &'f mut Vec<Finding>,
    count: usize,
}

impl<'f> Found<'f> {
    /// Nothing yet.
    pub(super) fn by(rule: &'static Rule, message: MessageKind, findings: &'f mut Vec<Finding>) -> Self {
        Self { rule, message, findings, count: 0 }
    }

    /// Notes a finding at bytes of a line.
    pub(super) fn at(&mut self, line: usize, span: Range<usize>, says: impl Into<String>) {
        self.count += 1;
        if self.count <= MOST_OF_A_RULE {
            let (rule, message) = (self.rule, self.message);
            self.findings.push(Finding { rule, message, line, span, says: says.into() });
        }
    }

    /// Notes a finding at the whole of a field line.
    pub(super) fn line(&mut self, line: &Line<'_>, says: impl Into<String>) {
        self.at(line.number, 0..line.bytes.len(), says);
    }

    /// Notes a finding at the name of a field line.
    pub(super) fn name(&mut self, line: &Line<'_>, says: impl Into<String>) {
        self.at(line.number, 0..line.name.len(), says);
    }

    /// Notes a finding at the value of a field line.
    pub(super) fn value(&mut self, line: &Line<'_>, says: impl Into<String>) {
        self.part(line, &(0..line.value.len()), says);
    }

    /// Notes a finding at bytes of a field line's value.
    pub(super) fn part(&mut self, line: &Line<'_>, span: &Range<usize>, says: impl Into<String>) {
        let last = line.bytes.len();
        self.at(
            line.number,
            (line.value_at + span.start).min(last)..(line.value_at + span.end).min(last),
            says,
        );
    }

    /// Notes a finding at the start line.
    pub(super) fn start(&mut self, span: Range<usize>, says: impl Into<String>) {
        self.at(0, span, says);
    }
}
