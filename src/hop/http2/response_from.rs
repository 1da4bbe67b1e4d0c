//! The response from HTTP/2 to an HTTP/1 client.

use crate::exchange::{Cause, Field, Head};
use crate::hop::answer::reason;
use crate::hop::names::{Known, Seen};
use crate::hop::response::{Lines, toward_client};
use crate::hop::writer::Writer;
use crate::hop::{Forwarded, Framing, ResponseFacts, ResponseHop, Version, via};

/// The head to send to the client, for a final or an interim response.
///
/// Success of an extended CONNECT becomes a 101 where [`ResponseHop::websocket_accept`] is
/// given (RFC 8441 5): that response answers an Upgrade.
pub(in crate::hop) fn response_from_http2(
    head: &Head,
    facts: &ResponseFacts,
    hop: &ResponseHop<'_>,
) -> Forwarded {
    let success = (200..300).contains(&facts.status);
    let accept = hop.websocket_accept.filter(|_| success);
    let framing = match accept {
        Some(_) => Framing::None,
        None => toward_client(facts.framing, hop.client_version),
    };
    let open = facts.status < 200 || accept.is_some();
    let mut rewriting = Rewriting {
        writer: Writer::new(head),
        head,
        facts,
        hop,
        accept,
        persistent: open || (hop.client_persistent && framing != Framing::UntilClose),
        lines: Lines::of(head),
        seen: Seen::default(),
    };
    rewriting.status_line();
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        if rewriting.lines.last_via == Some(number) {
            rewriting.add_via();
        }
    }
    rewriting.add_missing(framing);
    let persistent = rewriting.persistent;
    rewriting.writer.finish(framing, persistent)
}

struct Rewriting<'a> {
    writer: Writer<'a>,
    head: &'a Head,
    facts: &'a ResponseFacts,
    hop: &'a ResponseHop<'a>,
    /// `Sec-WebSocket-Accept` of the 101 that this becomes.
    accept: Option<&'a str>,
    persistent: bool,
    lines: Lines<'a>,
    seen: Seen,
}

impl Rewriting<'_> {
    /// `:status` becomes a status line, with the phrase that is usual for it.
    fn status_line(&mut self) {
        let status = if self.accept.is_some() { 101 } else { self.facts.status };
        let phrase = reason(status);
        let causes = [
            (true, Cause::OwnVersion),
            (!phrase.is_empty(), Cause::Reason),
            (self.accept.is_some(), Cause::ExtendedConnect),
        ];
        let status = status.to_string();
        self.writer.start(&[b"HTTP/1.1 ", status.as_bytes(), b" ", phrase.as_bytes()], &causes);
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            _ if field.is_pseudo() => self.writer.drop(Cause::PseudoFields),
            Known::ProxyAuthenticate | Known::ProxyAuthenticationInfo => {
                self.writer.drop(Cause::ProxyChallenge);
            }
            // `trailers`, which in a response says nothing.
            Known::Te => self.writer.drop(Cause::HopByHop),
            // "close" as a field would be named by the Connection line that we add.
            Known::Close if !self.persistent => self.writer.drop(Cause::NamedByConnection),
            Known::ContentLength => self.length(field),
            _ if self.accept.is_some() && field.is("Sec-WebSocket-Accept") => {
                self.writer.drop(Cause::ExtendedConnect);
            }
            known => {
                self.seen.first(known);
                self.writer.keep(field);
            }
        }
    }

    fn length(&mut self, field: &Field<'_>) {
        let first = self.seen.first(Known::ContentLength);
        if self.accept.is_some() || matches!(self.facts.status, 100..=199 | 204) {
            return self.writer.drop(Cause::Bodiless);
        }
        self.writer.keep_length(field, first);
    }

    fn add_via(&mut self) {
        if self.hop.via {
            let protocol = via::response_protocol(self.head);
            self.writer.add(&[b"Via: ", protocol, b" ", self.hop.pseudonym.as_bytes()], Cause::Via);
        }
    }

    /// Lines that the response lacks, behind those that it has.
    fn add_missing(&mut self, framing: Framing) {
        if self.lines.last_via.is_none() {
            self.add_via();
        }
        if let Some(now) = self.hop.now.filter(|_| !self.seen.has(Known::Date) && self.facts.status >= 200) {
            self.writer.add(&[b"Date: ", httpdate::fmt_http_date(now).as_bytes()], Cause::Date);
        }
        match framing {
            Framing::Chunked => self.writer.add(&[b"Transfer-Encoding: chunked"], Cause::Framing),
            // The stream ended with its section. Without a length the body would end with the
            // connection.
            Framing::Length(0) if !self.seen.has(Known::ContentLength) => {
                self.writer.add(&[b"Content-Length: 0"], Cause::Framing);
            }
            _ => {}
        }
        if let Some(accept) = self.accept {
            self.writer.add(&[b"Connection: Upgrade"], Cause::ExtendedConnect);
            self.writer.add(&[b"Upgrade: websocket"], Cause::ExtendedConnect);
            return self.writer.add(&[b"Sec-WebSocket-Accept: ", accept.as_bytes()], Cause::ExtendedConnect);
        }
        let http10 = self.hop.client_version == Version::Http10;
        let options = match (self.persistent, http10) {
            (false, _) => "close",
            (true, true) if self.facts.status >= 200 => "keep-alive",
            (true, _) => return,
        };
        self.writer.add(&[b"Connection: ", options.as_bytes()], Cause::Persistence);
    }
}
