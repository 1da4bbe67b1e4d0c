//! Runs every rule over the heads of an exchange.

use super::field::On;
use super::found::Found;
use super::message::{Case, Message, View};
use super::rule::{Finding, Rule};
use super::rules;
use crate::exchange::MessageKind;

/// Findings of all messages together that are kept.
const MOST: usize = 400;

/// What goes by a field that is not in the request. Browsers' lists of requests are often provisional: made before the
/// last fields were added.
const NOT_ASKED: &[&str] = &[
    "host-missing",
    "body-without-length",
    "te-without-connection",
    "upgrade-without-connection",
    "switching-unasked",
    "not-modified-unasked",
    "precondition-failed-unasked",
    "partial-unasked",
    "websocket-protocol-unoffered",
    "websocket-extension-unoffered",
];
/// What goes by a field that is not in the response. Lists of responses are whole, or empty: of what came from memory,
/// and of handshakes.
const NOT_ANSWERED: &[&str] = &[
    "date-missing",
    "content-type-missing",
    "location-missing",
    "allow-missing",
    "unauthorized-without-challenge",
    "proxy-unauthorized-without-challenge",
    "switching-without-upgrade",
    "upgrade-required-without-upgrade",
    "partial-without-range",
    "not-modified-lacks",
    "created-without-location",
    "via-missing",
];

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
    for rule in rules::all().filter(|rule| rule.on.has(on) && !goes_by_a_gap(rule, case)) {
        (rule.check)(rule, case, &mut Found::by(rule, case.message.kind, findings));
    }
}

/// Whether a rule would go by what the lists of another program may have left out.
fn goes_by_a_gap(rule: &Rule, case: &Case<'_>) -> bool {
    let empty = || !case.message.is_request() && case.message.lines.is_empty();
    case.view.partial && (NOT_ASKED.contains(&rule.id) || (NOT_ANSWERED.contains(&rule.id) && empty()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Head;

    #[test]
    fn rules_on_gaps_are_rules() {
        for id in [NOT_ASKED, NOT_ANSWERED].concat() {
            assert!(rules::all().any(|rule| rule.id == id), "{id}");
        }
    }

    #[test]
    fn what_a_list_may_lack_is_not_missing() {
        let found = |request: &'static str, response: &'static str, partial: bool| {
            let head = |text: &str| Head::parse(format!("{}\r\n", text.replace('\n', "\r\n")).into());
            let (request, response) = (head(request), head(response));
            let heads = [Some(&request), None, Some(&response), None];
            let found = inspect(&View { heads, partial, ..View::default() });
            found.iter().map(|found| found.rule.id).collect::<Vec<_>>()
        };
        let ask = "GET / HTTP/1.1\n";
        let head = "HTTP/1.1 304 x\nDate: Mon, 23 Nov 2026 12:00:00 GMT\n";
        assert_eq!(found(ask, head, false), ["host-missing", "not-modified-unasked"]);
        assert_eq!(found(ask, head, true), [""; 0]);
        assert_eq!(found(ask, "HTTP/1.1 401 x\n", true), [""; 0]);
        let lacks = found(ask, "HTTP/1.1 401 x\nServer: x\n", true);
        assert!(lacks.contains(&"unauthorized-without-challenge"), "{lacks:?}");
    }
}
