//! The request toward HTTP/2: from HTTP/1.1 translated, from HTTP/2 kept line by line.

use super::websocket::{WEBSOCKET, opens_websocket};
use crate::exchange::{Cause, Field, Head};
use crate::hop::names::{Known, Seen, name};
use crate::hop::request::{Lines, OriginTarget, is_trailers};
use crate::hop::writer::Writer;
use crate::hop::{Fault, Forwarded, Framing, RequestFacts, RequestHop, Version, via};
use std::borrow::Cow;

/// The section to send to an origin that speaks HTTP/2.
pub(in crate::hop) fn request_to_http2(
    head: &Head,
    facts: &RequestFacts,
    hop: &RequestHop<'_>,
) -> Result<Forwarded, Fault> {
    let lines = Lines::of(head);
    lines.refuse_loop(head, hop.pseudonym)?;
    let translated = facts.version != Version::Http2;
    let mut rewriting = Rewriting {
        writer: Writer::of_section(head),
        head,
        facts,
        hop,
        websocket: translated && opens_websocket(head, facts),
        te: lines.te_trailers && facts.version >= Version::Http11,
        lines,
        seen: Seen::default(),
    };
    if translated {
        rewriting.control_data();
    } else {
        rewriting.writer.start(&[head.start_line()], &[]);
    }
    rewriting.fields(!translated && head.value(":authority").is_none());
    let framing = match facts.framing {
        _ if rewriting.websocket => Framing::Stream,
        Framing::Chunked | Framing::UntilClose => Framing::Stream,
        framing => framing,
    };
    Ok(rewriting.writer.finish(framing, true))
}

struct Rewriting<'a> {
    writer: Writer<'a>,
    head: &'a Head,
    facts: &'a RequestFacts,
    hop: &'a RequestHop<'a>,
    /// An Upgrade becomes an extended CONNECT.
    websocket: bool,
    /// The client takes trailers, so we do.
    te: bool,
    lines: Lines<'a>,
    seen: Seen,
}

impl Rewriting<'_> {
    /// The start line becomes pseudo-fields, in the order in which most clients write them.
    fn control_data(&mut self) {
        let target = OriginTarget::of(self.head);
        let (method, _, _) = self.head.request_line().unwrap_or_default();
        let method = if self.websocket { b"CONNECT" } else { method };
        let causes = [
            (target.host.is_some(), Cause::TargetForm),
            (true, Cause::OwnVersion),
            (self.websocket, Cause::ExtendedConnect),
        ];
        self.writer.start(&[method, b" ", target.slash, target.path, b" HTTP/2"], &causes);
        self.writer.add(&[b":method: ", method], Cause::PseudoFields);
        if self.websocket {
            self.writer.add(&[b":protocol: ", WEBSOCKET], Cause::ExtendedConnect);
        }
        let scheme = self.hop.route.scheme.as_str().as_bytes();
        self.writer.add(&[b":scheme: ", scheme], Cause::PseudoFields);
        self.authority(&target);
        self.writer.add(&[b":path: ", target.slash, target.path], Cause::PseudoFields);
    }

    /// "An intermediary that forwards a request over HTTP/2 MUST construct an ":authority"
    /// pseudo-header field using the authority information from the control data of the
    /// original request" (RFC 9113 8.3.1): the absolute target, or Host, or where we connect.
    fn authority(&mut self, target: &OriginTarget<'_>) {
        let named = target.host;
        let named = named.or_else(|| self.head.value("Host")).filter(|authority| !authority.is_empty());
        let route = self.hop.route;
        let authority =
            named.map_or_else(|| Cow::Owned(route.authority.text(route.scheme).into_bytes()), Cow::Borrowed);
        self.writer.add(&[b":authority: ", &authority], Cause::HostAsAuthority);
    }

    /// `lacks_authority`: a section of HTTP/2 that names its host by Host alone.
    fn fields(&mut self, lacks_authority: bool) {
        let head = self.head;
        let host = head.value("Host").filter(|host| lacks_authority && !host.is_empty());
        let mut authority = host;
        for (number, field) in head.fields().enumerate() {
            if !field.is_pseudo() {
                self.add_authority(authority.take());
            }
            self.field(&field);
            if self.lines.last_via == Some(number) {
                self.add_via();
            }
        }
        if self.lines.last_via.is_none() {
            self.add_via();
        }
    }

    fn add_authority(&mut self, authority: Option<&[u8]>) {
        if let Some(authority) = authority {
            self.writer.add(&[b":authority: ", authority], Cause::HostAsAuthority);
        }
    }

    fn field(&mut self, field: &Field<'_>) {
        match Known::of(field) {
            // "An intermediary that forwards a request over HTTP/2 MAY retain any Host header
            // field." (RFC 9113 8.3.1) One that came over HTTP/1.1 is in `:authority` now.
            Known::Host if self.facts.version != Version::Http2 => self.writer.drop(Cause::HostAsAuthority),
            Known::Host | Known::Via => self.writer.keep(field),
            Known::ProxyAuthorization => self.writer.drop(Cause::ProxyCredentials),
            Known::Te => self.te(field),
            Known::Upgrade if self.websocket => self.writer.drop(Cause::ExtendedConnect),
            Known::Connection
            | Known::Upgrade
            | Known::KeepAlive
            | Known::ProxyConnection
            | Known::TransferEncoding => self.writer.drop(Cause::ConnectionSpecific),
            // "Implementations using this extended CONNECT to bootstrap WebSockets do not do the
            // processing of the Sec-WebSocket-Key and Sec-WebSocket-Accept header fields"
            // (RFC 8441 5).
            _ if self.websocket && field.is("Sec-WebSocket-Key") => {
                self.writer.drop(Cause::ExtendedConnect);
            }
            // What offered `h2c` by Upgrade, which HTTP/2 has no use for (RFC 9113 3.1).
            Known::Http2Settings => self.writer.drop(Cause::ConnectionSpecific),
            Known::ContentLength if self.websocket => self.writer.drop(Cause::ExtendedConnect),
            Known::ContentLength => {
                let first = self.seen.first(Known::ContentLength);
                self.writer.keep_length(field, first);
            }
            Known::Close if self.lines.options.close.is_some() => {
                self.writer.drop(Cause::NamedByConnection);
            }
            _ if self.lines.options.names(name(field)) => self.writer.drop(Cause::NamedByConnection),
            Known::MaxForwards => self.writer.count_down(field),
            Known::Expect if self.facts.version == Version::Http10 => self.writer.drop(Cause::Expect),
            _ => self.writer.keep(field),
        }
    }

    /// Of TE only `trailers` may stand in HTTP/2 (RFC 9113 8.2.2).
    fn te(&mut self, field: &Field<'_>) {
        if !self.seen.first(Known::Te) || !self.te {
            return self.writer.drop(Cause::ConnectionSpecific);
        }
        if is_trailers(field.value) {
            self.writer.keep(field);
        } else {
            self.writer.replace(field, &[b"trailers"], Cause::Te);
        }
    }

    fn add_via(&mut self) {
        if self.hop.via {
            let protocol = via::request_protocol(self.head);
            self.writer.add(&[b"via: ", protocol, b" ", self.hop.pseudonym.as_bytes()], Cause::Via);
        }
    }
}
