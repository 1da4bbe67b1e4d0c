//! An exchange as it is shown: its heads parsed and paired, and what its coded bodies hold.

use super::inspected::Inspected;
use crate::exchange::{Body, BodyPlace, Connection, Edit, Exchange, Head, Side};
use crate::inspect::Link;
use crate::tui::ledger::{self, Pair, Totals};
use crate::view;
use bytes::Bytes;
use std::io::{self, Read as _};

/// Decoded bytes that are counted at most: a small body may hold gigabytes.
const MOST_DECODED: u64 = 1024 * 1024;

/// A message on its way through the hop.
#[derive(Debug, Default)]
pub struct Passage {
    /// Its head as received.
    pub received: Option<Head>,
    /// Its head as sent.
    pub sent: Option<Head>,
    /// The two beside each other, when there are two.
    pub pairs: Vec<Pair>,
}

impl Passage {
    fn new(received: Option<&Bytes>, sent: Option<&Bytes>, edits: &[Edit]) -> Self {
        let parse = |raw: Option<&Bytes>| raw.map(|raw| Head::parse(raw.clone()));
        let (received, sent) = (parse(received), parse(sent));
        let pairs = match (&received, &sent) {
            (Some(received), Some(sent)) => ledger::pair(received, sent, edits),
            _ => Vec::new(),
        };
        Self { received, sent, pairs }
    }

    /// What the hop did to it, when it passed.
    #[must_use]
    pub fn totals(&self) -> Option<Totals> {
        (!self.pairs.is_empty()).then(|| Totals::of(&self.pairs))
    }

    /// The codings of its body, in the order in which they were applied; `identity` is none.
    fn codings(&self) -> Vec<String> {
        let head = self.received.as_ref().or(self.sent.as_ref());
        let mut codings = head.map(view::codings).unwrap_or_default();
        codings.retain(|coding| coding != "identity");
        codings
    }
}

/// An exchange with its connections, ready to be shown.
#[derive(Debug)]
pub struct Loaded {
    /// The exchange.
    pub exchange: Exchange,
    /// The client's connection.
    pub client: Option<Connection>,
    /// The origin connection.
    pub origin: Option<Connection>,
    /// The request on its way.
    pub request: Passage,
    /// The response on its way.
    pub response: Passage,
    /// What the header inspector says of it.
    pub inspected: Inspected,
    /// Exchanges that belong together with it; `None` until they were looked for.
    pub links: Option<Vec<Link>>,
    decoded: [Option<u64>; 2],
}

impl Loaded {
    /// Pairs the heads.
    #[must_use]
    pub fn new(exchange: Exchange, client: Option<Connection>, origin: Option<Connection>) -> Self {
        let heads = &exchange.heads;
        let request = Passage::new(
            heads.request_received.as_ref(),
            heads.request_sent.as_ref(),
            &exchange.request_edits,
        );
        let mut response = Passage::new(
            heads.response_received.as_ref(),
            heads.response_sent.as_ref(),
            &exchange.response_edits,
        );
        if exchange.is_ours() {
            response.pairs.clear();
        }
        let sides = [(Side::Client, &request), (Side::Origin, &response)];
        let decoded = sides.map(|(side, passage)| {
            let stands = view::stands_decoded(&exchange, side);
            if stands { None } else { decoded(exchange.body(side), &passage.codings()) }
        });
        let inspected = Inspected::of(&exchange);
        Self { exchange, client, origin, request, response, inspected, links: None, decoded }
    }

    /// The codings of a body, `gzip, br`; empty where there is none.
    #[must_use]
    pub fn coding(&self, side: Side) -> String {
        if view::stands_decoded(&self.exchange, side) {
            return String::new();
        }
        let passage = match side {
            Side::Client => &self.request,
            Side::Origin => &self.response,
        };
        passage.codings().join(", ")
    }

    /// How many bytes a coded body holds, where it is at hand, whole, and not very many.
    #[must_use]
    pub fn decoded(&self, side: Side) -> Option<u64> {
        self.decoded[usize::from(side == Side::Origin)]
    }
}

fn decoded(body: &Body, codings: &[String]) -> Option<u64> {
    let BodyPlace::Inline(bytes) = &body.place else { return None };
    if codings.is_empty() || body.kept != body.length || !body.complete {
        return None;
    }
    let decoder = view::decoded(Box::new(bytes.as_slice()), codings).ok()?;
    let count = io::copy(&mut decoder.take(MOST_DECODED), &mut io::sink()).ok()?;
    (count < MOST_DECODED).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Body {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        let coded = encoder.finish().unwrap();
        let length = coded.len() as u64;
        Body { length, kept: length, complete: true, place: BodyPlace::Inline(coded), ..Body::default() }
    }

    #[test]
    fn a_coded_body_is_counted_within_bounds() {
        let codings = ["gzip".to_owned()];
        assert_eq!(decoded(&gzip(b"hello hello hello"), &codings), Some(17));
        assert_eq!(decoded(&gzip(&vec![0; 8 << 20]), &codings), None, "a bomb is not unfolded");
        assert_eq!(decoded(&Body { kept: 3, ..gzip(b"cut") }, &codings), None);
        let broken = Body { place: BodyPlace::Inline(b"no gzip".to_vec()), ..gzip(b"") };
        assert_eq!(decoded(&broken, &codings), None);
        assert_eq!(decoded(&gzip(b"x"), &["unheard-of".to_owned()]), None);
    }
}
