//! What lies behind a list row, read when a filter asks for it and not before.

use super::reader::Reader;
use crate::exchange::{self, Exchange, ExchangeId, Message};
use crate::inspect::Recorded;
use crate::query::{Behind, Finding, Side, Written};
use crate::view;
use std::cell::OnceCell;
use std::io::Read as _;

/// Octets of a body looked through, codings undone. A body beyond is looked through so far: a search must
/// not hold what a small file can be unpacked to.
const SEARCHED: u64 = 16 << 20;
/// Messages of an exchange looked through, of each the beginning that a list shows.
const MESSAGES: usize = 10_000;

/// One exchange of a capture.
pub(super) struct Deep<'r> {
    reader: &'r Reader,
    id: ExchangeId,
    written: OnceCell<Option<Written>>,
    exchange: OnceCell<Option<Exchange>>,
    bodies: [OnceCell<Option<Vec<u8>>>; 2],
    messages: OnceCell<Option<Vec<Message>>>,
    findings: OnceCell<Option<Vec<Finding>>>,
}

impl<'r> Deep<'r> {
    pub(super) fn new(reader: &'r Reader, id: ExchangeId) -> Self {
        let (written, exchange) = (OnceCell::new(), OnceCell::new());
        Self {
            reader,
            id,
            written,
            exchange,
            bodies: [OnceCell::new(), OnceCell::new()],
            messages: OnceCell::new(),
            findings: OnceCell::new(),
        }
    }

    fn exchange(&self) -> Option<&Exchange> {
        // A row that is damaged or not written yet is looked through as one that is not at hand.
        self.exchange.get_or_init(|| self.reader.exchange(self.id).ok().flatten()).as_ref()
    }

    fn read_messages(&self) -> Option<Vec<Message>> {
        let found = self.reader.messages(self.id, 0..u64::MAX, MESSAGES).ok()?;
        Some(found.into_iter().map(|numbered| numbered.message).collect())
    }

    /// What the header inspector finds in its heads.
    fn inspect(&self) -> Option<Vec<Finding>> {
        let found = Recorded::of(self.exchange()?).findings();
        let finding = |found: &crate::inspect::Finding| Finding {
            lint: found.rule.id.to_owned(),
            severity: found.rule.severity as usize,
        };
        Some(found.iter().map(finding).collect())
    }

    fn read(&self, side: Side) -> Option<Vec<u8>> {
        let exchange = self.exchange()?;
        let whose = match side {
            Side::Request => exchange::Side::Client,
            Side::Response => exchange::Side::Origin,
        };
        let codings = view::codings_of(exchange, whose);
        let open = || self.reader.body(exchange, whose).ok();
        let mut bytes = Vec::new();
        match view::decoded(Box::new(open()?), &codings) {
            // What is damaged is looked through as far as it could be decoded.
            Ok(body) => _ = body.take(SEARCHED).read_to_end(&mut bytes),
            Err(_) => _ = open()?.take(SEARCHED).read_to_end(&mut bytes),
        }
        Some(bytes)
    }
}

impl Behind for Deep<'_> {
    fn written(&self) -> Option<&Written> {
        self.written.get_or_init(|| self.reader.written(self.id).ok().flatten()).as_ref()
    }

    fn body(&self, side: Side) -> Option<&[u8]> {
        let place = usize::from(side == Side::Response);
        self.bodies.get(place)?.get_or_init(|| self.read(side)).as_deref()
    }

    fn messages(&self) -> Option<&[Message]> {
        self.messages.get_or_init(|| self.read_messages()).as_deref()
    }

    fn findings(&self) -> Option<&[Finding]> {
        self.findings.get_or_init(|| self.inspect()).as_deref()
    }
}
