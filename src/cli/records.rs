//! What `ls` and `show` ask of a capture, so that both are tested without one.

use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Side, Summary};
use crate::query::Query;
use crate::store::Numbered;
use std::io::Read;

/// A capture that can be read while another process writes it.
pub(super) trait Records {
    /// Rows whose number is greater, oldest first, at most `limit`.
    fn after(&mut self, id: ExchangeId, limit: usize) -> anyhow::Result<Vec<Summary>>;
    /// Rows whose number is smaller, newest first, at most `limit`; `None` begins at the newest.
    fn before(&mut self, id: Option<ExchangeId>, limit: usize) -> anyhow::Result<Vec<Summary>>;
    /// One exchange whole.
    fn exchange(&mut self, id: ExchangeId) -> anyhow::Result<Option<Exchange>>;
    /// One connection.
    fn connection(&mut self, id: ConnectionId) -> anyhow::Result<Option<Connection>>;
    /// The kept bytes of a body.
    fn body(&mut self, exchange: &Exchange, side: Side) -> anyhow::Result<Box<dyn Read>>;
    /// Messages of an exchange whose number is at least `from`, in their order, at most `limit`; of long
    /// payloads the beginning.
    fn messages(&mut self, id: ExchangeId, from: u64, limit: usize) -> anyhow::Result<Vec<Numbered>>;
    /// One message with all of its payload that was kept.
    fn message(&mut self, id: ExchangeId, number: u64) -> anyhow::Result<Option<Numbered>>;
    /// Numbers of what is meant, newest first, given to `each` as they are found, until it says no.
    fn search(&mut self, query: &Query, each: &mut dyn FnMut(&[u64]) -> bool) -> anyhow::Result<()>;
    /// The rows of these numbers, in their order.
    fn rows(&mut self, ids: &[u64]) -> anyhow::Result<Vec<Summary>>;
    /// How many there are, without those that a person deleted.
    fn count(&mut self) -> anyhow::Result<u64>;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exchange::BodyPlace;

    /// A capture in memory, rows in order of their numbers.
    pub(in crate::cli) struct InMemory {
        pub(in crate::cli) rows: Vec<Summary>,
        pub(in crate::cli) exchanges: Vec<Exchange>,
        pub(in crate::cli) messages: Vec<Numbered>,
    }

    impl InMemory {
        /// Rows alone.
        pub(in crate::cli) fn rows(rows: Vec<Summary>) -> Self {
            Self { rows, exchanges: Vec::new(), messages: Vec::new() }
        }
    }

    impl Records for InMemory {
        fn after(&mut self, id: ExchangeId, limit: usize) -> anyhow::Result<Vec<Summary>> {
            Ok(self.rows.iter().filter(|row| row.id > id).take(limit).cloned().collect())
        }

        fn before(&mut self, id: Option<ExchangeId>, limit: usize) -> anyhow::Result<Vec<Summary>> {
            let smaller = |row: &&Summary| id.is_none_or(|id| row.id < id);
            Ok(self.rows.iter().rev().filter(smaller).take(limit).cloned().collect())
        }

        fn exchange(&mut self, id: ExchangeId) -> anyhow::Result<Option<Exchange>> {
            Ok(self.exchanges.iter().find(|exchange| exchange.summary.id == id).cloned())
        }

        fn connection(&mut self, _: ConnectionId) -> anyhow::Result<Option<Connection>> {
            Ok(None)
        }

        fn body(&mut self, exchange: &Exchange, side: Side) -> anyhow::Result<Box<dyn Read>> {
            match &exchange.body(side).place {
                BodyPlace::Inline(bytes) => Ok(Box::new(std::io::Cursor::new(bytes.clone()))),
                _ => Ok(Box::new(std::io::empty())),
            }
        }

        fn messages(&mut self, _: ExchangeId, from: u64, limit: usize) -> anyhow::Result<Vec<Numbered>> {
            let behind = |found: &&Numbered| found.number >= from;
            Ok(self.messages.iter().filter(behind).take(limit).cloned().collect())
        }

        fn message(&mut self, _: ExchangeId, number: u64) -> anyhow::Result<Option<Numbered>> {
            Ok(self.messages.iter().find(|found| found.number == number).cloned())
        }

        fn search(&mut self, query: &Query, each: &mut dyn FnMut(&[u64]) -> bool) -> anyhow::Result<()> {
            let rows = self.rows.iter().rev().filter(|row| query.matches(row));
            let ids: Vec<u64> = rows.map(|row| row.id.0).collect();
            let _ = ids.chunks(7).all(each);
            Ok(())
        }

        fn rows(&mut self, ids: &[u64]) -> anyhow::Result<Vec<Summary>> {
            let row = |id: &u64| self.rows.iter().find(|row| row.id.0 == *id).cloned();
            Ok(ids.iter().filter_map(row).collect())
        }

        fn count(&mut self) -> anyhow::Result<u64> {
            Ok(self.rows.iter().filter(|row| !row.flags.has(crate::exchange::Flags::HIDDEN)).count() as u64)
        }
    }
}
