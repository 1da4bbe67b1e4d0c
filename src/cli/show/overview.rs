//! One exchange on one page: what it was, how it went, and where to look further.

use super::super::format::{counted, duration, size, status, timestamp};
use crate::exchange::{Body, Exchange, Flags, Head, MessageKind, Truncation, Tunnelled};

/// Marks that are told elsewhere, or by what the file was.
const TOLD: u32 = Flags::OURS.0 | Flags::HIDDEN.0 | Flags::NOTED.0 | Flags::PARTIAL.0;

/// The page.
pub(super) fn lines(exchange: &Exchange) -> Vec<String> {
    let summary = &exchange.summary;
    let mut lines = vec![format!("#{}  {} {}", summary.id.0, summary.method, summary.url())];
    let took = summary.duration.map(|took| format!(" after {}", duration(took))).unwrap_or_default();
    lines.push(row("answer", &format!("{}{took}", status(summary))));
    if exchange.is_ours() {
        lines.push(row("from", "hopscope itself, not the origin"));
    }
    lines.push(row("state", summary.state.as_str()));
    if summary.flags.has(Flags::HIDDEN) {
        lines.push(row("deleted", "not listed; goes with the capture"));
    }
    if let Some(note) = &summary.note {
        lines.push(row("note", note.as_str()));
    }
    if let Some(failure) = &summary.failure {
        let kind =
            format!("{} ({}, {} side)", failure.kind.as_str(), failure.phase.as_str(), failure.side.as_str());
        lines.push(row("failure", &format!("{kind}: {}", failure.says)));
    }
    lines.push(row("began", &timestamp(summary.started)));
    lines.push(row(
        "client",
        &format!("{}, {}, connection {}", summary.client, summary.version, exchange.client_connection.0),
    ));
    lines.extend(exchange.origin_connection.map(|(id, reused)| {
        row("origin", &format!("connection {}{}", id.0, if reused { " (already open)" } else { "" }))
    }));
    lines.extend(links(exchange));
    if let Some(tunnel) = &exchange.tunnelled {
        lines.extend(tunnelled(exchange, tunnel));
    } else {
        lines.push(row("request", &body(&exchange.request_body)));
        lines.push(row("response", &body(&exchange.response_body)));
    }
    if summary.messages > 0 {
        let says = format!("{} (--part messages)", counted(summary.messages, "message"));
        lines.push(row("within", &says));
    }
    if !exchange.frames.is_empty() {
        let says = format!("{} noted (--part frames)", counted(exchange.frames.len() as u64, "frame"));
        lines.push(row("HTTP/2", &says));
    }
    lines.push(row("changes", &changes(exchange)));
    for kind in [MessageKind::RequestReceived, response_kind(exchange)] {
        lines.extend(head(exchange, kind));
    }
    lines
}

/// A tunnel that was relayed unread.
fn tunnelled(exchange: &Exchange, tunnel: &Tunnelled) -> Vec<String> {
    let (up, down) = (size(exchange.request_body.length), size(exchange.response_body.length));
    let mut lines = vec![
        row("unread", &tunnel.reason()),
        row("spoken", &tunnel.speech()),
        row("relayed", &format!("{up} to the origin, {down} to the client")),
    ];
    lines.extend(tunnel.ending(duration).map(|ending| row("ended", &ending)));
    lines
}

fn row(name: &str, text: &str) -> String {
    format!("  {name:<9} {text}")
}

fn response_kind(exchange: &Exchange) -> MessageKind {
    if exchange.is_ours() { MessageKind::ResponseSent } else { MessageKind::ResponseReceived }
}

fn links(exchange: &Exchange) -> Vec<String> {
    let summary = &exchange.summary;
    let mut lines = Vec::new();
    let marks: Vec<_> = Flags(summary.flags.0 & !TOLD).words().collect();
    if !marks.is_empty() {
        lines.push(row("marks", &marks.join(", ")));
    }
    lines.extend(exchange.tunnel.map(|id| row("through", &format!("the CONNECT of #{}", id.0))));
    lines.extend(summary.parent.map(|id| row("replays", &format!("#{}", id.0))));
    lines.extend(exchange.attempts.iter().map(|attempt| {
        row(
            "attempt",
            &format!(
                "after {} on connection {}: {}",
                duration(attempt.at),
                attempt.connection.0,
                attempt.says
            ),
        )
    }));
    lines.extend(exchange.interim.iter().map(|interim| {
        let start = Head::parse(interim.head.clone());
        let line = super::super::door::shown(start.start_line()).into_owned();
        let passed = if interim.forwarded { "passed on" } else { "not passed on" };
        row("interim", &format!("{line} after {}, {passed}", duration(interim.at)))
    }));
    lines
}

fn body(body: &Body) -> String {
    if body.length == 0 && body.complete {
        return "no body".to_owned();
    }
    let whole = if body.complete { "complete" } else { "cut short" };
    match body.truncated {
        _ if body.is_absent() => {
            format!("{} of body: {}", size(body.length), Truncation::NO_BODY)
        }
        None => format!("{} of body, {whole}", size(body.length)),
        Some(why) => {
            format!("{} of body, {whole}; {} kept: {}", size(body.length), size(body.kept), why.says())
        }
    }
}

fn changes(exchange: &Exchange) -> String {
    let count = |edits: &[crate::exchange::Edit]| counted(edits.len() as u64, "line");
    format!(
        "{} of the request, {} of the response (--part hops says why)",
        count(&exchange.request_edits),
        count(&exchange.response_edits)
    )
}

fn head(exchange: &Exchange, kind: MessageKind) -> Vec<String> {
    let mut lines = vec![String::new(), kind.as_str().to_owned()];
    match exchange.heads.of(kind) {
        None => lines.push(format!("  none: {}", super::absent(exchange))),
        Some(raw) => {
            let head = Head::parse(raw.clone());
            let shown = |bytes: &[u8]| format!("  {}", super::super::door::shown(bytes));
            lines.push(shown(head.start_line()));
            lines.extend(head.fields().map(|field| shown(field.line)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn one_page() {
        insta::assert_snapshot!(lines(&sample::exchange()).join("\n"), @r"
        #18  GET https://shop.test/cart?id=7
          answer    200 after 34 ms
          state     done
          began     2023-11-15T10:20:30.123456Z
          client    127.0.0.1:50000, HTTP/1.1, connection 1
          origin    connection 2
          request   no body
          response  1.2 kB of body, complete
          changes   3 lines of the request, 0 lines of the response (--part hops says why)

        request-received
          GET /cart?id=7 HTTP/1.1
          Host: shop.test
          Connection: a
          A: 1
          X-\x1b: 2

        response-received
          HTTP/1.1 200 OK
          Content-Length: 1234
        ");
    }
}
