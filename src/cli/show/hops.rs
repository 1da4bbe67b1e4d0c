//! The ledger as a trace: the path, each message as received and as sent on, and a reason for every difference.

use crate::exchange::{Body, Edit, Exchange, Head, MessageKind};
use crate::hop;

/// Both directions.
pub(super) fn lines(exchange: &Exchange) -> Vec<String> {
    let mut lines = direction(exchange, &REQUEST, &exchange.request_edits);
    lines.extend(trailers(&exchange.request_body));
    lines.push(String::new());
    lines.extend(direction(exchange, &RESPONSE, &exchange.response_edits));
    lines.extend(trailers(&exchange.response_body));
    lines
}

struct Direction {
    title: &'static str,
    received: (MessageKind, &'static str),
    sent: (MessageKind, &'static str),
}

const REQUEST: Direction = Direction {
    title: "request",
    received: (MessageKind::RequestReceived, "client >  "),
    sent: (MessageKind::RequestSent, "origin >  "),
};

const RESPONSE: Direction = Direction {
    title: "response",
    received: (MessageKind::ResponseReceived, "origin <  "),
    sent: (MessageKind::ResponseSent, "client <  "),
};

fn direction(exchange: &Exchange, way: &Direction, edits: &[Edit]) -> Vec<String> {
    let head = |kind| exchange.heads.of(kind).map(|raw| Head::parse(raw.clone()));
    let (received, sent) = (head(way.received.0), head(way.sent.0));
    let mut lines = vec![
        format!("{}: {}", way.title, path(exchange, way)),
        format!("  {}{}", way.received.1, trace(exchange, received.as_ref())),
        format!("  {}{}", way.sent.1, trace(exchange, sent.as_ref())),
    ];
    if let (Some(received), Some(sent)) = (&received, &sent) {
        // An answer of ours was not made of what came.
        if exchange.is_ours() && way.title == RESPONSE.title {
            lines.push(format!("  not passed on; hopscope answered: {}", super::absent(exchange)));
            return lines;
        }
        if edits.is_empty() {
            lines.push("  unchanged".to_owned());
        }
        lines.extend(edits.iter().map(|edit| change(*edit, received, sent)));
    }
    lines
}

/// Who the message passes through, as far as they said so (RFC 9110 7.6.3).
fn path(exchange: &Exchange, way: &Direction) -> String {
    let head = |kind| exchange.heads.of(kind).map(|raw| Head::parse(raw.clone()));
    let (request, response) = (head(MessageKind::RequestReceived), head(MessageKind::ResponseReceived));
    let mut path = hop::path(request.as_ref(), response.as_ref(), "hopscope");
    path.insert(0, b"client");
    path.push(b"origin");
    if way.title == RESPONSE.title {
        path.reverse();
    }
    text(&path.join(&b" > "[..]))
}

/// A head on one line, as the wire tests write it.
fn trace(exchange: &Exchange, head: Option<&Head>) -> String {
    match head {
        None if exchange.is_ours() => format!("none; hopscope answered: {}", super::absent(exchange)),
        None => format!("none: {}", super::absent(exchange)),
        Some(head) => {
            let fields = head.fields().map(|field| text(field.line));
            std::iter::once(text(head.start_line())).chain(fields).collect::<Vec<_>>().join(" | ")
        }
    }
}

fn change(edit: Edit, received: &Head, sent: &Head) -> String {
    let before = edit.before.and_then(|line| received.line(line.into())).map(text);
    let after = edit.after.and_then(|line| sent.line(line.into())).map(text);
    let what = match (before, after) {
        (Some(before), None) => format!("- removed  {before}"),
        (None, Some(after)) => format!("+ added    {after}"),
        (Some(before), Some(after)) => format!("~ changed  {before} -> {after}"),
        (None, None) => "? a change of a line that neither head has".to_owned(),
    };
    format!("  {what}  ({}: {})", edit.cause.clause(), edit.cause.says())
}

/// The lines behind the body: each as received, and why it was not sent on.
fn trailers(body: &Body) -> impl Iterator<Item = String> {
    body.trailer_lines().map(|(line, withheld)| match withheld {
        None => format!("  = trailer  {}", text(line)),
        Some(cause) => format!("  - trailer  {}  ({}: {})", text(line), cause.clause(), cause.says()),
    })
}

fn text(bytes: &[u8]) -> String {
    super::super::door::shown(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::exchange::Cause;

    #[test]
    fn every_change_has_its_reason() {
        insta::assert_snapshot!(lines(&sample::exchange()).join("\n"), @r"
        request: client > hopscope > origin
          client >  GET /cart?id=7 HTTP/1.1 | Host: shop.test | Connection: a | A: 1 | X-\x1b: 2
          origin >  GET /cart?id=7 HTTP/1.1 | Host: shop.test | X-\x1b: 2 | Via: 1.1 hopscope
          - removed  Connection: a  (RFC 9110 7.6.1: Connection speaks to this hop only)
          - removed  A: 1  (RFC 9110 7.6.1: named by a Connection line, so meant for this hop only)
          + added    Via: 1.1 hopscope  (RFC 9110 7.6.3: an intermediary says in Via that it passed the message on)

        response: origin > hopscope > client
          origin <  HTTP/1.1 200 OK | Content-Length: 1234
          client <  HTTP/1.1 200 OK | Content-Length: 1234
          unchanged
        ");
    }

    #[test]
    fn proxies_on_the_way_are_drawn() {
        let mut exchange = sample::exchange();
        exchange.heads.response_received = Some("HTTP/1.1 200 OK\r\nVia: 1.1 outer\r\n\r\n".into());
        let lines = lines(&exchange);
        assert_eq!(lines[0], "request: client > hopscope > outer > origin");
        assert!(lines.contains(&"response: origin > outer > hopscope > client".to_owned()), "{lines:#?}");
    }

    #[test]
    fn an_answer_in_place_of_a_refused_one_is_not_called_unchanged() {
        let mut exchange = sample::exchange();
        exchange.summary = sample::failed();
        assert!(exchange.is_ours() && exchange.heads.response_sent.is_some());
        let text = lines(&exchange).join("\n");
        assert!(text.contains("  not passed on; hopscope answered: "), "{text}");
        assert!(!text.contains("unchanged"), "{text}");
    }

    #[test]
    fn a_trailer_that_stays_behind_has_its_reason() {
        let mut exchange = sample::exchange();
        exchange.response_body.trailers = Some("X-Sum: 1\r\nContent-Length: 3\r\n".into());
        exchange.response_body.withheld = vec![(2, Cause::ForbiddenTrailer)];
        insta::assert_snapshot!(trailers(&exchange.response_body).collect::<Vec<_>>().join("\n"), @r"
          = trailer  X-Sum: 1
          - trailer  Content-Length: 3  (RFC 9110 6.5.1: a field of framing, routing or one hop has no place in a trailer section)
        ");
    }

    #[test]
    fn a_request_that_never_went_out_says_why() {
        let mut exchange = sample::exchange();
        exchange.summary = sample::failed();
        exchange.heads.request_sent = None;
        let text = lines(&exchange).join("\n");
        assert!(
            text.contains("origin >  none; hopscope answered: 127.0.0.1:9 refused the connection"),
            "{text}"
        );
    }
}
