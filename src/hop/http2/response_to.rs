//! The response toward an HTTP/2 client: from HTTP/1 translated, from HTTP/2 kept line by line.

use crate::exchange::{Cause, Field, Head};
use crate::hop::names::{Known, Seen, name};
use crate::hop::response::{Lines, undecodable};
use crate::hop::writer::Writer;
use crate::hop::{Fault, Forwarded, Framing, ResponseFacts, ResponseHop, Version, via};

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
    let mut rewriting = Rewriting {
        writer: Writer::of_section(head),
        head,
        facts,
        hop,
        websocket: facts.status == 101,
        lines,
        seen: Seen::default(),
    };
    rewriting.control_data();
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        if rewriting.lines.last_via == Some(number) {
            rewriting.add_via();
        }
    }
    rewriting.add_missing();
    let framing = match facts.framing {
        _ if rewriting.websocket => Framing::Stream,
        Framing::Chunked | Framing::UntilClose => Framing::Stream,
        framing => framing,
    };
    rewriting.writer.finish(framing, hop.client_persistent)
}

struct Rewriting<'a> {
    writer: Writer<'a>,
    head: &'a Head,
    facts: &'a ResponseFacts,
    hop: &'a ResponseHop<'a>,
    /// A switch becomes the success of an extended CONNECT.
    websocket: bool,
    lines: Lines<'a>,
    seen: Seen,
}

impl Rewriting<'_> {
    /// The status line becomes `:status`, the one pseudo-field of responses (RFC 9113 8.3.2):
    /// nothing carries a reason phrase.
    fn control_data(&mut self) {
        if self.facts.version == Version::Http2 {
            return self.writer.start(&[self.head.start_line()], &[]);
        }
        let status = if self.websocket { 200 } else { self.facts.status };
        let status = status.to_string();
        let reason = self.head.status_line().is_some_and(|(_, _, reason)| !reason.is_empty());
        let causes =
            [(true, Cause::OwnVersion), (reason, Cause::Reason), (self.websocket, Cause::ExtendedConnect)];
        self.writer.start(&[b"HTTP/2 ", status.as_bytes(), b" "], &causes);
        self.writer.add(&[b":status: ", status.as_bytes()], Cause::PseudoFields);
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            Known::Via => self.writer.keep(field),
            Known::ProxyAuthenticate | Known::ProxyAuthenticationInfo => {
                self.writer.drop(Cause::ProxyChallenge);
            }
            Known::Upgrade if self.websocket => self.writer.drop(Cause::ExtendedConnect),
            Known::Connection
            | Known::Upgrade
            | Known::KeepAlive
            | Known::ProxyConnection
            | Known::Te
            | Known::TransferEncoding => self.writer.drop(Cause::ConnectionSpecific),
            Known::ContentLength => self.length(field),
            _ if self.websocket && field.is("Sec-WebSocket-Accept") => {
                self.writer.drop(Cause::ExtendedConnect);
            }
            Known::Close if self.lines.options.close.is_some() => {
                self.writer.drop(Cause::NamedByConnection);
            }
            _ if self.lines.options.names(name(field)) => self.writer.drop(Cause::NamedByConnection),
            known => {
                self.seen.first(known);
                self.writer.keep(field);
            }
        }
    }

    /// Content-Length of HEAD and 304 tells what a GET would have had, and stays.
    fn length(&mut self, field: &Field<'_>) {
        let first = self.seen.first(Known::ContentLength);
        if matches!(self.facts.status, 100..=199 | 204) {
            return self.writer.drop(Cause::Bodiless);
        }
        if self.lines.codings > 0 {
            return self.writer.drop(Cause::LengthBesideCoding);
        }
        self.writer.keep_length(field, first);
    }

    fn add_via(&mut self) {
        if self.hop.via {
            let protocol = via::response_protocol(self.head);
            self.writer.add(&[b"via: ", protocol, b" ", self.hop.pseudonym.as_bytes()], Cause::Via);
        }
    }

    fn add_missing(&mut self) {
        if self.lines.last_via.is_none() {
            self.add_via();
        }
        let lacks_date = !self.seen.has(Known::Date) && (self.facts.status >= 200 || self.websocket);
        if let Some(now) = self.hop.now.filter(|_| lacks_date) {
            self.writer.add(&[b"date: ", httpdate::fmt_http_date(now).as_bytes()], Cause::Date);
        }
    }
}
