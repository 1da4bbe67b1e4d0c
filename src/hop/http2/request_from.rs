//! The request from HTTP/2 to HTTP/1.1.

use super::route::authority;
use super::websocket::opens_websocket;
use crate::exchange::{Cause, Field, Head};
use crate::hop::names::{Known, Seen};
use crate::hop::request::Lines;
use crate::hop::syntax::offset_in;
use crate::hop::writer::Writer;
use crate::hop::{Fault, Forwarded, Framing, RequestFacts, RequestHop, via};

/// Methods whose requests say a length even when it is 0: "A user agent SHOULD send
/// Content-Length in a request when the method defines a meaning for enclosed content"
/// (RFC 9110 8.6). In HTTP/2 the end of the stream says so.
const WITH_CONTENT: &[&[u8]] = &[b"POST", b"PUT", b"PATCH"];

/// The head to send to an origin that speaks HTTP/1.1, for a section of HTTP/2.
///
/// CONNECT with a `:protocol` other than `websocket`, or without [`RequestHop::websocket_key`],
/// has no form in HTTP/1.1 here: 501.
pub(in crate::hop) fn request_from_http2(
    head: &Head,
    facts: &RequestFacts,
    hop: &RequestHop<'_>,
) -> Result<Forwarded, Fault> {
    let lines = Lines::of(head);
    lines.refuse_loop(head, hop.pseudonym)?;
    let websocket_key = match (facts.extended, hop.websocket_key) {
        (false, _) => None,
        (true, Some(key)) if opens_websocket(head, facts) => Some(key),
        (true, _) => return Err(no_form(head)),
    };
    let mut rewriting = Rewriting {
        writer: Writer::new(head),
        head,
        facts,
        hop,
        websocket_key,
        lines,
        seen: Seen::default(),
    };
    let framing = rewriting.framing();
    rewriting.start_line();
    rewriting.add_host();
    for (number, field) in head.fields().enumerate() {
        rewriting.field(&field);
        if rewriting.lines.last_via == Some(number) {
            rewriting.add_via();
        }
    }
    rewriting.add_missing(framing);
    Ok(rewriting.writer.finish(framing, true))
}

struct Rewriting<'a> {
    writer: Writer<'a>,
    head: &'a Head,
    facts: &'a RequestFacts,
    hop: &'a RequestHop<'a>,
    /// An extended CONNECT becomes an Upgrade, with this key.
    websocket_key: Option<&'a str>,
    lines: Lines<'a>,
    seen: Seen,
}

impl Rewriting<'_> {
    fn method(&self) -> &[u8] {
        self.head.value(":method").unwrap_or_default()
    }

    /// A body of unknown length is chunked: a GET, too, that has one.
    fn framing(&self) -> Framing {
        match self.facts.framing {
            _ if self.websocket_key.is_some() || self.facts.connect => Framing::None,
            Framing::None if self.head.value("Content-Length").is_some() || self.says_empty() => {
                Framing::Length(0)
            }
            Framing::Stream => Framing::Chunked,
            framing => framing,
        }
    }

    fn says_empty(&self) -> bool {
        self.facts.framing == Framing::None && WITH_CONTENT.contains(&self.method())
    }

    fn start_line(&mut self) {
        let websocket = self.websocket_key.is_some();
        let method: &[u8] = if websocket { b"GET" } else { self.head.value(":method").unwrap_or_default() };
        let target = if self.facts.connect { ":authority" } else { ":path" };
        let target = self.head.value(target).unwrap_or_default();
        let causes = [(true, Cause::OwnVersion), (websocket, Cause::ExtendedConnect)];
        self.writer.start(&[method, b" ", target, b" HTTP/1.1"], &causes);
    }

    /// Host first, as RFC 9110 7.2 recommends, unless the client said one, which is then made
    /// to say what `:authority` says.
    fn add_host(&mut self) {
        if self.lines.hosts > 0 {
            return;
        }
        let route = self.hop.route;
        if let Some(authority) = authority(self.head) {
            return self.writer.add(&[b"Host: ", authority], Cause::HostAsAuthority);
        }
        let text = route.authority.text(route.scheme);
        self.writer.add(&[b"Host: ", text.as_bytes()], Cause::HostAdded);
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            _ if field.is_pseudo() => self.pseudo(field),
            Known::Host => self.host(field),
            Known::ProxyAuthorization => self.writer.drop(Cause::ProxyCredentials),
            Known::Te if !self.seen.first(Known::Te) => self.writer.drop(Cause::Te),
            Known::ContentLength if self.websocket_key.is_some() => {
                self.writer.drop(Cause::ExtendedConnect);
            }
            Known::ContentLength => {
                let first = self.seen.first(Known::ContentLength);
                self.writer.keep_length(field, first);
            }
            Known::MaxForwards => self.writer.count_down(field),
            Known::Cookie => self.cookie(field),
            // A client has no business with it in HTTP/2; the one that we send must be the only one.
            _ if self.websocket_key.is_some() && field.is("Sec-WebSocket-Key") => {
                self.writer.drop(Cause::ExtendedConnect);
            }
            _ => self.writer.keep(field),
        }
    }

    fn pseudo(&mut self, field: &Field<'_>) {
        self.writer.drop(match field.name {
            b":authority" => Cause::HostAsAuthority,
            b":protocol" => Cause::ExtendedConnect,
            _ => Cause::PseudoFields,
        });
    }

    /// "MUST use the value from the ":authority" pseudo-header field as the value of the Host
    /// field [...]. This replaces any existing Host field" (RFC 9113 8.3.1).
    fn host(&mut self, field: &Field<'_>) {
        match authority(self.head) {
            Some(authority) if authority != field.value => {
                self.writer.replace(field, &[authority], Cause::HostAsAuthority);
            }
            _ => self.writer.keep(field),
        }
    }

    /// "these MUST be concatenated into a single octet string using the two-octet delimiter of
    /// 0x3b, 0x20 [...] before being passed into a non-HTTP/2 context" (RFC 9113 8.2.3).
    fn cookie(&mut self, field: &Field<'_>) {
        if !self.seen.first(Known::Cookie) {
            return self.writer.drop(Cause::CookieCrumbs);
        }
        let crumbs: Vec<&[u8]> = self.head.values("Cookie").collect();
        if crumbs.len() == 1 {
            return self.writer.keep(field);
        }
        self.writer.replace(field, &[&crumbs.join(&b"; "[..])], Cause::CookieCrumbs);
    }

    fn add_via(&mut self) {
        if self.hop.via {
            let protocol = via::request_protocol(self.head);
            self.writer.add(&[b"Via: ", protocol, b" ", self.hop.pseudonym.as_bytes()], Cause::Via);
        }
    }

    /// Lines that HTTP/1.1 needs, behind those that came.
    fn add_missing(&mut self, framing: Framing) {
        if self.lines.last_via.is_none() {
            self.add_via();
        }
        match framing {
            Framing::Chunked => self.writer.add(&[b"Transfer-Encoding: chunked"], Cause::Framing),
            Framing::Length(0) if !self.seen.has(Known::ContentLength) => {
                self.writer.add(&[b"Content-Length: 0"], Cause::Framing);
            }
            _ => {}
        }
        match (self.websocket_key, self.seen.has(Known::Te)) {
            (Some(key), te) => self.add_upgrade(key, te),
            // "A sender of TE MUST also send a "TE" connection option" (RFC 9110 10.1.4).
            (None, true) if self.hop.persistent => self.writer.add(&[b"Connection: TE"], Cause::Te),
            (None, true) => self.writer.add(&[b"Connection: TE, close"], Cause::Te),
            (None, false) if self.hop.persistent => {}
            (None, false) => self.writer.add(&[b"Connection: close"], Cause::Persistence),
        }
    }

    fn add_upgrade(&mut self, key: &str, te: bool) {
        let options: &[u8] = if te { b"Upgrade, TE" } else { b"Upgrade" };
        self.writer.add(&[b"Connection: ", options], Cause::ExtendedConnect);
        self.writer.add(&[b"Upgrade: websocket"], Cause::ExtendedConnect);
        self.writer.add(&[b"Sec-WebSocket-Key: ", key.as_bytes()], Cause::ExtendedConnect);
    }
}

fn no_form(head: &Head) -> Fault {
    let at = head.value(":protocol").map_or(0, |protocol| offset_in(head.raw(), protocol));
    let says = "This protocol cannot be opened at an origin that speaks HTTP/1.1; only websocket can.";
    Fault::new(501, at, "RFC 8441 5", says)
}
