//! A recorded exchange made ready to be looked at: its four heads parsed, and what is known around them.

use super::body::{BEGINNING, Content};
use super::message::View;
use super::rule::Finding;
use super::run::inspect;
use super::verdict::{Verdicts, verdicts};
use crate::exchange::{Body, BodyPlace, Exchange, Flags, Head, MessageKind, Scheme, Side, State};

/// The heads of an exchange with scheme, host and time.
#[derive(Clone, Debug)]
pub struct Recorded {
    heads: [Option<Head>; 4],
    scheme: Scheme,
    host: String,
    arrived: i64,
    bodies: [Body; 2],
    over: bool,
    listed: bool,
    flags: Flags,
    beginnings: [Vec<u8>; 2],
}

impl Recorded {
    /// Those of an exchange.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let summary = &exchange.summary;
        let after = exchange.timing.response_head.or(summary.ttfb).or(summary.duration).unwrap_or(0);
        let arrived = summary.started.saturating_add(i64::try_from(after).unwrap_or(0));
        Self {
            heads: MessageKind::ALL.map(|kind| exchange.heads.of(kind).cloned().map(Head::parse)),
            scheme: summary.scheme,
            host: without_port(&summary.host).to_owned(),
            arrived: arrived.div_euclid(1_000_000),
            bodies: [&exchange.request_body, &exchange.response_body].map(Clone::clone),
            over: exchange.summary.state != State::Open,
            // Whatever crossed a socket of ours came from a client with an address, or is a replay.
            listed: summary.client.is_empty() && summary.parent.is_none(),
            flags: summary.flags,
            beginnings: [&exchange.request_body, &exchange.response_body].map(inline),
        }
    }

    /// With the first bytes of a body, so that its kind and coding are judged too.
    #[must_use]
    pub fn beginning(mut self, side: Side, bytes: Vec<u8>) -> Self {
        let place = usize::from(side == Side::Origin);
        if let Some(known) = self.beginnings.get_mut(place).filter(|_| !bytes.is_empty()) {
            *known = bytes;
        }
        self
    }

    /// A body, once the exchange is over: one that still grows is no shorter than it should be. Lists of other
    /// programs leave bodies out, so of none it is not known how long it was.
    fn content(&self, side: usize) -> Option<Content<'_>> {
        let body = self.bodies.get(side).filter(|body| self.over && !(self.listed && is_left_out(body)))?;
        let beginning = self.beginnings.get(side).map_or(&[][..], Vec::as_slice);
        let undone = if side == 0 { Flags::REQUEST_DECODED } else { Flags::DECODED };
        Some(Content { decoded: self.flags.has(undone), beginning, ..Content::of(body) })
    }

    /// What rules and verdicts look at.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            heads: self.heads.each_ref().map(Option::as_ref),
            scheme: Some(self.scheme),
            host: (!self.host.is_empty()).then_some(self.host.as_str()),
            arrived: Some(self.arrived),
            trailers: false,
            listed: self.listed,
            partial: self.flags.has(Flags::PARTIAL),
            bodies: [self.content(0), self.content(1)],
        }
    }

    /// One of the four heads.
    #[must_use]
    pub fn head(&self, kind: MessageKind) -> Option<&Head> {
        self.heads.get(kind as usize)?.as_ref()
    }

    /// Everything that the rules find.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        inspect(&self.view())
    }

    /// What follows from the heads.
    #[must_use]
    pub fn verdicts(&self) -> Verdicts {
        verdicts(&self.view())
    }
}

/// Whether the file that it was imported from may have had no room for it.
fn is_left_out(body: &Body) -> bool {
    body.length == 0 || body.is_absent()
}

/// The first bytes of a body that is at hand.
fn inline(body: &Body) -> Vec<u8> {
    match &body.place {
        BodyPlace::Inline(bytes) => bytes.iter().take(BEGINNING).copied().collect(),
        _ => Vec::new(),
    }
}

/// A host without the port behind it, and without the brackets of an IPv6 address.
pub(super) fn without_port(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or(inner);
    }
    host.split(':').next().unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn hosts_without_their_ports() {
        for (host, bare) in
            [("h.test", "h.test"), ("h.test:8080", "h.test"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", "")]
        {
            assert_eq!(without_port(host), bare);
        }
    }
}
