//! What `ls` and `show` ask of a capture, so that both are tested without one.

use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Side, Summary};
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
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exchange::BodyPlace;

    /// A capture in memory, rows in order of their numbers.
    pub(in crate::cli) struct InMemory {
        pub(in crate::cli) rows: Vec<Summary>,
        pub(in crate::cli) exchanges: Vec<Exchange>,
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
    }
}
