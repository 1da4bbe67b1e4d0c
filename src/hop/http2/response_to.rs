//! The response toward an HTTP/2 client: from HTTP/1 translated, from HTTP/2 kept line by line.

use crate::exchange::{Cause, Field, Head};
use crate::hop::names::{Known, name};
use crate::hop::onward::Onward;
use crate::hop::response::{Lines, undecodable};
use crate::hop::writer::Writer;
use crate::hop::{Fault, Forwarded, Framing, ResponseFacts, ResponseHop, Version};

/// The section to send to the client, for a final or an interim response. A 101 becomes the
/// 200 of an extended CONNECT (RFC 8441 5); the caller passes none on that answers anything else.
///
/// A body in a transfer coding other than chunked cannot be given to HTTP/2: 502.
pub(in crate::hop) fn response_to_http2(
    head: &Head,
    facts: &ResponseFacts,
    hop: &ResponseHop<'_>,
) -> Result<Forwarded, Fault> {
    let lines = Lines::of(head);
    if facts.framing != Framing::None && lines.other_codings {
        return Err(undecodable(head, "HTTP/2"));
    }
    Ok(rewrite(head, facts, hop, lines))
}

/// The same for an interim response, which has no body that could stand in its way.
pub(in crate::hop) fn interim_to_http2(
    head: &Head,
    facts: &ResponseFacts,
    hop: &ResponseHop<'_>,
) -> Forwarded {
    rewrite(head, facts, hop, Lines::of(head))
}

fn rewrite(head: &Head, facts: &ResponseFacts, hop: &ResponseHop<'_>, lines: Lines<'_>) -> Forwarded {
    let mut on = Onward::new(Writer::of_section(head), head, facts, hop, lines);
    let websocket = facts.status == 101;
    if websocket {
        on.status = 200;
    }
    let mut rewriting = Rewriting { on, websocket };
    rewriting.control_data();
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        rewriting.on.behind(number);
    }
    rewriting.on.add_missing();
    let framing = match facts.framing {
        _ if rewriting.websocket => Framing::Stream,
        Framing::Chunked | Framing::UntilClose => Framing::Stream,
        framing => framing,
    };
    rewriting.on.writer.finish(framing, hop.client_persistent)
}

struct Rewriting<'a> {
    on: Onward<'a>,
    /// A switch becomes the success of an extended CONNECT.
    websocket: bool,
}

impl Rewriting<'_> {
    /// The status line becomes `:status`, the one pseudo-field of responses (RFC 9113 8.3.2):
    /// nothing carries a reason phrase.
    fn control_data(&mut self) {
        if self.on.facts.version == Version::Http2 {
            return self.on.writer.start(&[self.on.head.start_line()], &[]);
        }
        let status = self.on.status.to_string();
        let reason = self.on.head.status_line().is_some_and(|(_, _, reason)| !reason.is_empty());
        let causes =
            [(true, Cause::OwnVersion), (reason, Cause::Reason), (self.websocket, Cause::ExtendedConnect)];
        self.on.writer.start(&[b"HTTP/2 ", status.as_bytes(), b" "], &causes);
        self.on.writer.add(&[b":status: ", status.as_bytes()], Cause::PseudoFields);
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            Known::Via => self.on.writer.keep(field),
            Known::ProxyAuthenticate | Known::ProxyAuthenticationInfo => {
                self.on.writer.drop(Cause::ProxyChallenge);
            }
            Known::Upgrade if self.websocket => self.on.writer.drop(Cause::ExtendedConnect),
            Known::Connection
            | Known::Upgrade
            | Known::KeepAlive
            | Known::ProxyConnection
            | Known::Te
            | Known::TransferEncoding => self.on.writer.drop(Cause::ConnectionSpecific),
            Known::ContentLength => self.on.length(field),
            _ if self.websocket && field.is("Sec-WebSocket-Accept") => {
                self.on.writer.drop(Cause::ExtendedConnect);
            }
            Known::Close if self.on.lines.options.close.is_some() => {
                self.on.writer.drop(Cause::NamedByConnection);
            }
            _ if self.on.lines.options.names(name(field)) => self.on.writer.drop(Cause::NamedByConnection),
            known => {
                self.on.seen.first(known);
                self.on.writer.keep(field);
            }
        }
    }
}
