//! A capture as exports read it: bodies and messages where they lie.

use super::error::StoreError;
use super::messages::Numbered;
use super::reader::Reader;
use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Message, Side};
use crate::export::Kept;
use std::io::{self, Read};

/// Messages asked for at once.
const A_PAGE: usize = 256;

impl Kept for Reader {
    fn body(&self, exchange: &Exchange, side: Side) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Reader::body(self, exchange, side).map_err(other)?))
    }

    fn messages(
        &self,
        id: ExchangeId,
        each: &mut dyn FnMut(u64, Message) -> io::Result<()>,
    ) -> io::Result<()> {
        self.all_messages(id).try_for_each(|found| {
            let (number, message) = found.map_err(other)?;
            each(number, message)
        })
    }

    fn connection(&self, id: ConnectionId) -> io::Result<Option<Connection>> {
        Reader::connection(self, id).map_err(other)
    }
}

impl Reader {
    /// Every message of an exchange with its number, payloads whole, read a page at a time.
    pub fn all_messages(&self, id: ExchangeId) -> impl Iterator<Item = Result<(u64, Message), StoreError>> {
        let mut next = 0;
        let pages = std::iter::from_fn(move || {
            let page = self.messages(id, next..u64::MAX, A_PAGE);
            let last = page.as_ref().ok().and_then(|page| page.last()).map(|last| last.number);
            next = last.map_or(u64::MAX, |last| last + 1);
            (last.is_some() || page.is_err()).then_some(page)
        });
        pages.flat_map(move |page| match page {
            Ok(page) => page.into_iter().filter_map(|found| self.whole(id, found).transpose()).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn whole(&self, id: ExchangeId, found: Numbered) -> Result<Option<(u64, Message)>, StoreError> {
        if found.kept == found.message.payload.len() as u64 {
            return Ok(Some((found.number, found.message)));
        }
        Ok(self.message(id, found.number)?.map(|found| (found.number, found.message)))
    }
}

fn other(error: StoreError) -> io::Error {
    let kind = match error {
        StoreError::BodyGone(_) => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
