//! Findings as SARIF 2.1.0 (OASIS), which CI systems show beside the code: results as they are found, then
//! the rules that they name.

use super::super::door::Out;
use super::found::Found;
use crate::inspect::{Rule, Severity, rules};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The document as it is written.
pub struct Sarif {
    /// The file or capture that was looked at.
    artifact: String,
    begun: bool,
}

impl Sarif {
    /// About this file or capture.
    pub fn about(artifact: impl Into<String>) -> Self {
        Self { artifact: artifact.into(), begun: false }
    }

    /// Writes a finding. `line` counts in the file where it has lines; `title` names block or exchange.
    pub fn add<W: Write>(
        &mut self,
        out: &mut Out<W>,
        found: &Found,
        line: Option<usize>,
        title: &str,
    ) -> io::Result<()> {
        let before = if self.begun { "," } else { HEAD };
        self.begun = true;
        out.record(&format!("{before}{}", result(&self.artifact, found, line, title)))
    }

    /// Ends the document.
    pub fn end<W: Write>(&self, out: &mut Out<W>) -> io::Result<()> {
        if !self.begun {
            out.record(HEAD)?;
        }
        let rules: Vec<_> = rules::all().map(rule).collect();
        let driver = json!({"name": "hopscope", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
        out.record(&format!("],\"tool\":{}}}]}}", json!({"driver": driver})))
    }
}

const HEAD: &str = "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\"results\":[";

fn result(artifact: &str, found: &Found, line: Option<usize>, title: &str) -> Value {
    let field = found.field.as_deref().unwrap_or("start line");
    let message = found.message.map(|message| format!("{message} ")).unwrap_or_default();
    let mut place = json!({"artifactLocation": {"uri": artifact}});
    if let Some(line) = line {
        place["region"] = json!({"startLine": line});
    }
    json!({
        "ruleId": found.lint,
        "ruleIndex": rules::all().position(|rule| rule.id == found.lint),
        "level": level(found.severity),
        "message": {"text": format!("{field}: {}. {}", found.says, found.cure)},
        "locations": [{
            "physicalLocation": place,
            "logicalLocations": [{"fullyQualifiedName": format!("{title}, {message}line {}: {field}", found.line)}],
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.explains},
        "help": {"text": format!("{} {}", rule.cure, rule.cite)},
        "defaultConfiguration": {"level": level(rule.severity.as_str())},
    })
}

fn level(severity: &str) -> &'static str {
    match severity {
        _ if severity == Severity::Error.as_str() => "error",
        _ if severity == Severity::Warn.as_str() => "warning",
        _ => "note",
    }
}
