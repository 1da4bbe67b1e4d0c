//! What the wire, and a person, tell the store.

use super::{Connection, Exchange, ExchangeId, Flags, Message, Note, Summary};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An exchange under way, shared between the task that relays it and the store's writer.
#[derive(Debug)]
pub struct Live(Mutex<Exchange>);

impl Live {
    /// Begins an exchange.
    #[must_use]
    pub fn new(exchange: Exchange) -> Self {
        Self(Mutex::new(exchange))
    }

    /// The exchange as it stands. Held for a few field writes only, never over an await.
    pub fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The exchange itself, for the last who holds it.
    #[must_use]
    pub fn into_exchange(self) -> Exchange {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list row as it stands.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.lock().summary.clone()
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.lock().summary.id
    }
}

/// What a shard puts into its buffer for the store's writer.
#[derive(Debug)]
pub enum Event {
    /// A connection was opened, or more is known of it (its TLS): written or written over.
    Connection(Box<Connection>),
    /// A request head arrived.
    Opened(Arc<Live>),
    /// An exchange that has been open for a while moved on (its response head came).
    Changed(Arc<Live>),
    /// Messages passed within an exchange. Their payload bytes are reserved in the budget of unsaved bytes,
    /// and released once they are written.
    Messages {
        /// The exchange.
        id: ExchangeId,
        /// The number of the first of them, counted from 0; the others follow.
        first: u64,
        /// The messages, in the order in which they passed.
        messages: Vec<Message>,
    },
    /// Nothing more will be added to it.
    Finished(Arc<Live>),
    /// A person marked exchanges, or took their mark away.
    Flag {
        /// The exchanges.
        ids: Vec<ExchangeId>,
        /// The mark.
        flag: Flags,
        /// Set or cleared.
        on: bool,
    },
    /// A person wrote a note on an exchange, or took it away.
    Note {
        /// The exchange.
        id: ExchangeId,
        /// The words; `None` for none.
        note: Option<Note>,
    },
}
