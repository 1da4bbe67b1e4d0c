//! Whole exchanges put into a capture: by an import, or an export into another capture.
//!
//! Nobody waits on a wire here, so that this one waits for the disk: nothing is dropped.

use super::error::StoreError;
use super::inbox::Inbox;
use super::{Store, settle};
use crate::exchange::{
    BodyPlace, Connection, ConnectionId, Event, Exchange, ExchangeId, Live, Message, Side, State,
};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Bodies up to this size lie in their record, as the recorder has it.
const INLINE: usize = 64 << 10;
/// Octets of a larger one that are handed over together.
const BLOCK: usize = 256 << 10;
/// Messages that are.
const MESSAGES: usize = 128;

/// Puts exchanges into a store, numbered on.
///
/// Numbers that a file gives are kept as far as they rise: in a new capture an exchange has the number that it
/// had, and those that it names are still those.
pub struct Filling<'s> {
    store: &'s Store,
    inbox: Arc<Inbox>,
    waker: Waker,
    /// What is added to a file's own numbers.
    exchanges: u64,
    connections: u64,
    last: u64,
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<'s> Filling<'s> {
    /// Fills from this thread. The store must not give way under pressure (`pressure = "block"`).
    #[must_use]
    pub fn of(store: &'s Store) -> Self {
        Self {
            store,
            inbox: store.inbox(),
            waker: Waker::from(Arc::new(Unpark(thread::current()))),
            exchanges: store.next_exchange() - 1,
            connections: store.next_connection() - 1,
            last: store.next_exchange() - 1,
        }
    }

    /// The capture that is filled.
    #[must_use]
    pub fn store(&self) -> &'s Store {
        self.store
    }

    /// Puts a connection.
    pub fn connection(&self, connection: &Connection) {
        let connection = Connection { id: self.moved(connection.id), ..connection.clone() };
        self.wait(0);
        self.inbox.push(0, Event::Connection(Box::new(connection)));
    }

    /// Puts an exchange with its bodies as they are read and its messages; its number there. An error of a body
    /// is its source's.
    pub fn exchange(
        &mut self,
        mut exchange: Exchange,
        bodies: [&mut dyn Read; 2],
        messages: &mut dyn Iterator<Item = (u64, Message)>,
    ) -> io::Result<ExchangeId> {
        let own = exchange.summary.id.0;
        self.last = if own == 0 { self.last + 1 } else { (self.exchanges + own).max(self.last + 1) };
        let id = ExchangeId(self.last);
        exchange.summary.id = id;
        for named in [&mut exchange.summary.parent, &mut exchange.tunnel].into_iter().flatten() {
            named.0 += self.exchanges;
        }
        exchange.client_connection = self.moved(exchange.client_connection);
        exchange.origin_connection = exchange.origin_connection.map(|(id, reused)| (self.moved(id), reused));
        for attempt in &mut exchange.attempts {
            attempt.connection = self.moved(attempt.connection);
        }
        if exchange.summary.state == State::Open {
            exchange.summary.state = State::Aborted;
        }
        // Before the bodies: what is reserved for those is given back only with the row, so that a message larger
        // than all that may wait would wait for it.
        self.messages(id, messages);
        for (side, body) in [Side::Client, Side::Origin].into_iter().zip(bodies) {
            self.body(&mut exchange, side, body)?;
        }
        self.wait(0);
        self.inbox.push(0, Event::Finished(Arc::new(Live::new(exchange))));
        Ok(id)
    }

    fn moved(&self, id: ConnectionId) -> ConnectionId {
        // 0 is none.
        if id.0 == 0 { id } else { ConnectionId(self.connections + id.0) }
    }

    fn body(&self, exchange: &mut Exchange, side: Side, body: &mut dyn Read) -> io::Result<()> {
        let id = exchange.summary.id;
        let mut start = Vec::new();
        body.take(INLINE as u64 + 1).read_to_end(&mut start)?;
        let handle = exchange.body_mut(side);
        if start.len() <= INLINE {
            self.wait(start.len());
            handle.kept = start.len() as u64;
            handle.place = if start.is_empty() { BodyPlace::Nowhere } else { BodyPlace::Inline(start) };
            return Ok(());
        }
        let mut kept = 0;
        let mut block = start;
        while !block.is_empty() {
            kept += block.len() as u64;
            self.wait(block.len());
            self.inbox.body_block(id, side, block);
            block = Vec::with_capacity(BLOCK);
            body.take(BLOCK as u64).read_to_end(&mut block)?;
        }
        handle.kept = kept;
        handle.length = handle.length.max(kept);
        let (told, ended) = mpsc::channel();
        // Fails only where nobody waits any more, and somebody does.
        self.inbox.body_end(id, side, Box::new(move |end| drop(told.send(end))));
        settle(handle, &ended.recv().unwrap_or(Err(StoreError::Closed)));
        Ok(())
    }

    fn messages(&self, id: ExchangeId, messages: &mut dyn Iterator<Item = (u64, Message)>) {
        let mut messages = messages.peekable();
        while let Some((first, message)) = messages.next() {
            let mut bytes = message.payload.len();
            let mut batch = vec![message];
            while batch.len() < MESSAGES
                && bytes < BLOCK
                && let Some((_, message)) =
                    messages.next_if(|(number, _)| *number == first + batch.len() as u64)
            {
                bytes += message.payload.len();
                batch.push(message);
            }
            self.wait(bytes);
            self.inbox.push(0, Event::Messages { id, first, messages: batch });
        }
    }

    /// Until so many octets more may wait for the disk.
    fn wait(&self, bytes: usize) {
        let mut cx = Context::from_waker(&self.waker);
        while self.inbox.poll_reserve(&mut cx, bytes) == Poll::Pending {
            thread::park();
        }
    }
}
