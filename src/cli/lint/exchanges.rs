//! Whole exchanges looked at: those of a capture, and those of a HAR file.

use super::blocks::Named;
use super::found::Found;
use crate::exchange::{Exchange, Head, MessageKind, Side};
use crate::inspect::{Finding, Link, Recorded, Verdicts, View, inspect, masked, table, verdicts};
use serde::Serialize;

/// What is answered for an exchange.
#[derive(Debug, Serialize)]
pub struct Looked {
    /// Its number: of the exchange in its capture, of the entry in its file.
    pub id: u64,
    /// Its method and address, in a line.
    #[serde(skip)]
    pub title: String,
    /// The address that the client asked for.
    pub url: String,
    /// What was found in all its heads.
    pub findings: Vec<Found>,
    /// The header line of each finding, what is secret in it masked.
    #[serde(skip)]
    pub lines: Vec<String>,
    /// Every header line of the messages as received.
    pub fields: Vec<Named>,
    /// What follows from them.
    pub verdicts: Verdicts,
    /// Exchanges that belong together with it, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

impl Looked {
    /// An exchange of a capture, with the first bytes of its bodies.
    #[must_use]
    pub fn recorded(exchange: &Exchange, [asked, answered]: [Vec<u8>; 2]) -> Self {
        let summary = &exchange.summary;
        let recorded =
            Recorded::of(exchange).beginning(Side::Client, asked).beginning(Side::Origin, answered);
        Self::of(summary.id.0, &summary.method, summary.url(), &recorded.view())
    }

    /// An exchange of which these heads are known.
    #[must_use]
    pub fn of(id: u64, method: &str, url: String, view: &View<'_>) -> Self {
        let found = inspect(view);
        let head = |finding: &Finding| view.heads[finding.message as usize];
        let findings = found.iter().filter_map(|one| Some(Found::of(one, head(one)?))).collect();
        let lines = found.iter().map(|one| shown(head(one), one.line)).collect();
        let status = view.heads[MessageKind::ResponseReceived as usize]
            .or(view.heads[MessageKind::ResponseSent as usize]);
        let status =
            status.and_then(Head::status_line).map(|(_, status, _)| status.to_string()).unwrap_or_default();
        let fields = [MessageKind::RequestReceived, MessageKind::ResponseReceived]
            .into_iter()
            .filter_map(|kind| view.heads[kind as usize].map(|head| (kind, head)))
            .flat_map(|(kind, head)| named(kind, head))
            .collect();
        Self {
            id,
            title: format!("#{id}  {method} {url}  {status}").trim_end().to_owned(),
            url,
            findings,
            lines,
            fields,
            verdicts: verdicts(view),
            links: Vec::new(),
        }
    }
}

/// A line of a head, its value masked where it is a secret.
fn shown(head: Option<&Head>, line: usize) -> String {
    let Some(head) = head else { return String::new() };
    let field = line.checked_sub(1).and_then(|at| head.fields().nth(at));
    match field.filter(|field| !field.name.is_empty()) {
        Some(field) => {
            let value = masked(field.name, field.value);
            format!("{}: {}", String::from_utf8_lossy(field.name), String::from_utf8_lossy(&value))
        }
        None => String::from_utf8_lossy(head.line(line).unwrap_or_default()).into_owned(),
    }
}

fn named(kind: MessageKind, head: &Head) -> Vec<Named> {
    let fields = head.fields().enumerate();
    fields
        .map(|(at, field)| {
            let name = field.name.trim_ascii_end();
            let means = table::means(name);
            let text = String::from_utf8_lossy(name).into_owned();
            Named { message: Some(kind.as_str()), line: at + 1, name: text, known: means.is_some(), means }
        })
        .collect()
}
