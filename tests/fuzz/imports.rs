//! Files of other programs: read without a panic, the same however they come in pieces, and what is read can be
//! written as a HAR that reads back whole.

use hopscope::exchange::{BodyPlace, Connection, ConnectionId, Exchange, ExchangeId, Message, Side};
use hopscope::export::{Har, Kept, Outgoing};
use hopscope::import::{self, Form, Imported, Report};
use std::io::{self, Read};

/// A HAR: the first octet says into which pieces the rest is cut.
pub fn har(data: &[u8]) {
    compare(Form::Har, data);
}

/// A flow file of mitmproxy's.
pub fn flows(data: &[u8]) {
    compare(Form::Flows, data);
}

/// Whatever it is, by its own beginning.
pub fn any(data: &[u8]) {
    let Some(form) = data.get(1..).and_then(import::detect) else { return };
    compare(form, data);
}

fn compare(form: Form, data: &[u8]) {
    let Some((piece, bytes)) = data.split_first() else { return };
    let (whole, report) = read(form, &mut &bytes[..]);
    let pieces = read(form, &mut Pieces { bytes, size: usize::from(*piece) + 1 });
    assert_eq!(format!("{whole:?}"), format!("{:?}", pieces.0), "in pieces");
    assert_eq!(report, pieces.1, "in pieces");
    assert_eq!(report.read, whole.len() as u64);
    for imported in whole {
        again(imported);
    }
}

fn read(form: Form, input: &mut dyn Read) -> (Vec<Imported>, Report) {
    let mut all = Vec::new();
    let report = import::read(form, input, &mut |imported| {
        all.push(imported);
        Ok(())
    });
    (all, report.expect("nothing here refuses"))
}

/// Written by us it is one exchange, with the same heads and messages.
fn again(imported: Imported) {
    let Imported { mut exchange, bodies, messages, .. } = imported;
    for (side, bytes) in [Side::Client, Side::Origin].into_iter().zip(bodies) {
        let body = exchange.body_mut(side);
        assert_eq!(body.kept, bytes.len() as u64);
        assert!(body.length >= body.kept);
        body.place = BodyPlace::Inline(bytes);
    }
    let count = messages.len();
    let kept = InHand(messages);
    let mut har = Har::begin(Vec::new()).expect("memory takes all");
    har.entry(&Outgoing::new(&exchange, &kept, None)).expect("memory takes all");
    let written = har.end().expect("memory takes all");
    let (again, report) = read(Form::Har, &mut &written[..]);
    assert_eq!((report.read, report.left_out, report.broken), (1, 0, None));
    assert_eq!(again[0].exchange.heads, exchange.heads);
    assert_eq!(again[0].messages.len(), count);
}

struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(into.len());
        self.bytes.read(&mut into[..size])
    }
}

struct InHand(Vec<(u64, Message)>);

impl Kept for InHand {
    fn body(&self, exchange: &Exchange, side: Side) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &exchange.body(side).place {
            BodyPlace::Inline(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            _ => Box::new(io::empty()),
        })
    }

    fn messages(
        &self,
        _: ExchangeId,
        each: &mut dyn FnMut(u64, Message) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.iter().try_for_each(|(number, message)| each(*number, message.clone()))
    }

    fn connection(&self, _: ConnectionId) -> io::Result<Option<Connection>> {
        Ok(None)
    }
}
