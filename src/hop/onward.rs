//! What becomes of a response in whatever version it is sent on: its length, Via, and Date. The forms of the
//! head are beside it: [`super::response`], [`super::http2`].

use super::names::{Known, Seen};
use super::response::{Lines, ResponseHop};
use super::writer::Writer;
use super::{ResponseFacts, Version, via};
use crate::exchange::{Cause, Field, Head};

/// A response on its way to the client.
pub(super) struct Onward<'a> {
    pub(super) writer: Writer<'a>,
    pub(super) head: &'a Head,
    pub(super) facts: &'a ResponseFacts,
    pub(super) hop: &'a ResponseHop<'a>,
    pub(super) lines: Lines<'a>,
    pub(super) seen: Seen,
    /// The status that the client gets: another where a switch and the success of an extended CONNECT
    /// become each other (RFC 8441 5).
    pub(super) status: u16,
}

impl<'a> Onward<'a> {
    /// Begins with nothing written.
    pub(super) fn new(
        writer: Writer<'a>,
        head: &'a Head,
        facts: &'a ResponseFacts,
        hop: &'a ResponseHop<'a>,
        lines: Lines<'a>,
    ) -> Self {
        Self { writer, head, facts, hop, lines, seen: Seen::default(), status: facts.status }
    }

    /// Content-Length of HEAD and 304 tells what a GET would have had, and stays.
    pub(super) fn length(&mut self, field: &Field<'_>) {
        let first = self.seen.first(Known::ContentLength);
        if [self.facts.status, self.status].iter().any(|status| matches!(status, 100..=199 | 204)) {
            return self.writer.drop(Cause::Bodiless);
        }
        if self.lines.codings > 0 {
            return self.writer.drop(Cause::LengthBesideCoding);
        }
        self.writer.keep_length(field, first);
    }

    /// Our Via belongs behind the last that is there: to be called behind each line.
    pub(super) fn behind(&mut self, line: usize) {
        if self.lines.last_via == Some(line) {
            self.add_via();
        }
    }

    /// Via and Date where the response has none, behind the lines that it has.
    pub(super) fn add_missing(&mut self) {
        if self.lines.last_via.is_none() {
            self.add_via();
        }
        let lacks_date = !self.seen.has(Known::Date) && self.status.max(self.facts.status) >= 200;
        if let Some(now) = self.hop.now.filter(|_| lacks_date) {
            let name = self.named(b"Date: ", b"date: ");
            self.writer.add(&[name, httpdate::fmt_http_date(now).as_bytes()], Cause::Date);
        }
    }

    fn add_via(&mut self) {
        if self.hop.via {
            let (name, protocol) = (self.named(b"Via: ", b"via: "), via::response_protocol(self.head));
            self.writer.add(&[name, protocol, b" ", self.hop.pseudonym.as_bytes()], Cause::Via);
        }
    }

    /// Names are in lower case in HTTP/2 (RFC 9113 8.2).
    fn named(&self, usual: &'static [u8], lower: &'static [u8]) -> &'static [u8] {
        if self.hop.client_version == Version::Http2 { lower } else { usual }
    }
}
