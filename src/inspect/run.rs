//! Runs every rule over the heads of an exchange.

use super::field::On;
use super::found::Found;
use super::message::{Case, Message, View};
use super::rule::Finding;
use super::rules;
use crate::exchange::MessageKind;

/// Findings of all messages together that are kept.
const MOST: usize = 400;

/// Everything that the rules find in the heads of an exchange, by message and line.
///
/// What a sent head only passes on from the received one is said once, of the received one.
#[must_use]
pub fn inspect(view: &View<'_>) -> Vec<Finding> {
    let messages = MessageKind::ALL.map(|kind| view.heads[kind as usize].map(|head| Message::of(kind, head)));
    let [request_received, request_sent, ..] = &messages;
    let to_origin = request_sent.as_ref().or(request_received.as_ref());
    let from_client = request_received.as_ref().or(request_sent.as_ref());
    let mut findings = Vec::new();
    for (message, request) in messages.iter().zip([from_client, to_origin, to_origin, from_client]) {
        if let Some(message) = message {
            look(&Case { message, request, view }, &mut findings);
        }
    }
    findings.truncate(2 * MOST);
    drop_passed_on(&messages, &mut findings);
    findings.sort_by_key(|finding| (finding.message as usize, finding.line, finding.span.start));
    findings.truncate(MOST);
    findings
}

fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let on = if case.view.trailers { On::TRAILERS } else { case.message.on() };
    for rule in rules::all().filter(|rule| rule.on.has(on)) {
        (rule.check)(rule, case, &mut Found::by(rule, case.message.kind, findings));
    }
}

/// Drops from sent heads what the same line has in the received head.
fn drop_passed_on(messages: &[Option<Message<'_>>; 4], findings: &mut Vec<Finding>) {
    let line_of = |kind: MessageKind, number: usize| {
        messages[kind as usize].as_ref().and_then(|message| message.head.line(number))
    };
    let passed_on = |finding: &Finding| {
        let received = match finding.message {
            MessageKind::RequestSent => MessageKind::RequestReceived,
            MessageKind::ResponseSent => MessageKind::ResponseReceived,
            _ => return false,
        };
        let own = line_of(finding.message, finding.line);
        findings.iter().any(|other| {
            other.message == received
                && other.rule == finding.rule
                && (finding.line == 0 || line_of(received, other.line) == own)
        })
    };
    let keep: Vec<bool> = findings.iter().map(|finding| !passed_on(finding)).collect();
    let mut keep = keep.into_iter();
    findings.retain(|_| keep.next().unwrap_or(true));
}
