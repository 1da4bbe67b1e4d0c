//! One finding as scripts and people read it: the same for header blocks, captures and HAR files.

use super::super::door::{Ink, Out};
use crate::exchange::Head;
use crate::inspect::Finding;
use serde::Serialize;
use std::io::{self, Write};

/// Characters of a header line that are repeated above a finding.
const SHOWN: usize = 70;

/// One finding.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Which of the four messages; left out for a header block, which is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// The rule's id.
    pub lint: &'static str,
    /// `error`, `warn` or `info`.
    pub severity: &'static str,
    /// 0 for the start line, 1 for the first field line.
    pub line: usize,
    /// The name of that line's field, if it is one.
    pub field: Option<String>,
    /// From and to, in bytes of that line.
    pub span: [usize; 2],
    /// What is wrong.
    pub says: String,
    /// What to do.
    pub cure: &'static str,
    /// Where it is written.
    pub cite: String,
}

impl Found {
    /// A finding in a head whose lines are counted as they stand.
    #[must_use]
    pub fn of(finding: &Finding, head: &Head) -> Self {
        let name = finding.line.checked_sub(1).and_then(|at| head.fields().nth(at));
        Self {
            message: Some(finding.message.as_str()),
            lint: finding.rule.id,
            severity: finding.rule.severity.as_str(),
            line: finding.line,
            field: name.map(|field| String::from_utf8_lossy(field.name).into_owned()),
            span: [finding.span.start, finding.span.end],
            says: finding.says.clone(),
            cure: finding.rule.cure,
            cite: finding.rule.cite.to_string(),
        }
    }

    /// Prints it below the header line that it is about.
    pub fn print<W: Write>(&self, out: &mut Out<W>, line: &str) -> io::Result<()> {
        let (letter, ink) = match self.severity {
            "error" => ("E", Ink::Removed),
            "warn" => ("W", Ink::Changed),
            _ => ("i", Ink::Dim),
        };
        let shown: String = line.chars().take(SHOWN).collect();
        out.inked(&[(ink, letter), (Ink::Plain, &format!(" {:>3}  {shown}", self.line))])?;
        out.inked(&[
            (Ink::Plain, &format!("       {}", self.says)),
            (Ink::Dim, &format!("  {} ({})", self.lint, self.cite)),
        ])?;
        out.inked(&[(Ink::Dim, &format!("       {}", self.cure))])
    }
}
