//! The response from HTTP/2 to an HTTP/1 client.

use crate::exchange::{Cause, Field, Head};
use crate::hop::answer::reason;
use crate::hop::names::Known;
use crate::hop::onward::Onward;
use crate::hop::response::{Lines, toward_client};
use crate::hop::writer::Writer;
use crate::hop::{Forwarded, Framing, ResponseFacts, ResponseHop, Version};

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
    let mut on = Onward::new(Writer::new(head), head, facts, hop, Lines::of(head));
    if accept.is_some() {
        on.status = 101;
    }
    let persistent = open || (hop.client_persistent && framing != Framing::UntilClose);
    let mut rewriting = Rewriting { on, accept, persistent };
    rewriting.status_line();
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        rewriting.on.behind(number);
    }
    rewriting.add_missing(framing);
    rewriting.on.writer.finish(framing, persistent)
}

struct Rewriting<'a> {
    on: Onward<'a>,
    /// `Sec-WebSocket-Accept` of the 101 that this becomes.
    accept: Option<&'a str>,
    persistent: bool,
}

impl Rewriting<'_> {
    /// `:status` becomes a status line, with the phrase that is usual for it.
    fn status_line(&mut self) {
        let status = self.on.status;
        let phrase = reason(status);
        let causes = [
            (true, Cause::OwnVersion),
            (!phrase.is_empty(), Cause::Reason),
            (self.accept.is_some(), Cause::ExtendedConnect),
        ];
        let status = status.to_string();
        self.on.writer.start(&[b"HTTP/1.1 ", status.as_bytes(), b" ", phrase.as_bytes()], &causes);
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            _ if field.is_pseudo() => self.on.writer.drop(Cause::PseudoFields),
            Known::ProxyAuthenticate | Known::ProxyAuthenticationInfo => {
                self.on.writer.drop(Cause::ProxyChallenge);
            }
            // `trailers`, which in a response says nothing.
            Known::Te => self.on.writer.drop(Cause::HopByHop),
            // "close" as a field would be named by the Connection line that we add.
            Known::Close if !self.persistent => self.on.writer.drop(Cause::NamedByConnection),
            Known::ContentLength => self.on.length(field),
            _ if self.accept.is_some() && field.is("Sec-WebSocket-Accept") => {
                self.on.writer.drop(Cause::ExtendedConnect);
            }
            known => {
                self.on.seen.first(known);
                self.on.writer.keep(field);
            }
        }
    }

    /// Lines that the response lacks, behind those that it has.
    fn add_missing(&mut self, framing: Framing) {
        self.on.add_missing();
        match framing {
            Framing::Chunked => self.on.writer.add(&[b"Transfer-Encoding: chunked"], Cause::Framing),
            // The stream ended with its section. Without a length the body would end with the
            // connection.
            Framing::Length(0) if !self.on.seen.has(Known::ContentLength) => {
                self.on.writer.add(&[b"Content-Length: 0"], Cause::Framing);
            }
            _ => {}
        }
        if let Some(accept) = self.accept {
            self.on.writer.add(&[b"Connection: Upgrade"], Cause::ExtendedConnect);
            self.on.writer.add(&[b"Upgrade: websocket"], Cause::ExtendedConnect);
            return self
                .on
                .writer
                .add(&[b"Sec-WebSocket-Accept: ", accept.as_bytes()], Cause::ExtendedConnect);
        }
        let http10 = self.on.hop.client_version == Version::Http10;
        let options = match (self.persistent, http10) {
            (false, _) => "close",
            (true, true) if self.on.facts.status >= 200 => "keep-alive",
            (true, _) => return,
        };
        self.on.writer.add(&[b"Connection: ", options.as_bytes()], Cause::Persistence);
    }
}
