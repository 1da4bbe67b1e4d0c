//! What waits to be written: an exchange, its messages, a connection, a mark.

use super::marks::{self, Marks};
use super::rows::{self, Place};
use super::{connections, messages};
use crate::exchange::{BodyPlace, Connection as Peer, ConnectionId, ExchangeId, Live, Message, State};
use rusqlite::{Connection, ErrorCode};
use std::ops::Range;
use std::sync::Arc;

/// One of them.
pub(super) enum Pending {
    /// A connection, or more that is known of it.
    Connection(Box<Peer>),
    /// An exchange under way.
    Open(Arc<Live>),
    /// One that is over.
    Finished(Arc<Live>, Place),
    /// Messages within one.
    Messages { id: ExchangeId, first: u64, messages: Vec<Message> },
    /// What a person marked.
    Marks(Marks),
}

impl Pending {
    /// The exchange that it is about; none for connections and marks.
    pub(super) fn id(&self) -> Option<ExchangeId> {
        match self {
            Self::Connection(_) | Self::Marks(_) => None,
            Self::Open(live) | Self::Finished(live, _) => Some(live.id()),
            Self::Messages { id, .. } => Some(*id),
        }
    }

    /// The exchanges with these numbers that it tells something of.
    pub(super) fn within(&self, numbers: &Range<u64>) -> Vec<u64> {
        let held = |id: &u64| numbers.contains(id);
        match self {
            Self::Marks(marks) => marks.ids.iter().map(|id| id.0).filter(held).collect(),
            row => row.id().map(|id| id.0).filter(held).into_iter().collect(),
        }
    }

    /// The connections that its exchange went over.
    pub(super) fn used(&self) -> Option<impl Iterator<Item = ConnectionId> + use<>> {
        let (Self::Open(live) | Self::Finished(live, _)) = self else { return None };
        let exchange = live.lock();
        let origin = exchange.origin_connection.map(|(id, _)| id);
        Some(std::iter::once(exchange.client_connection).chain(origin))
    }

    /// Writes it.
    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Connection(connection) => connections::write(db, connection),
            Self::Marks(marks) => marks::write(db, marks),
            Self::Messages { id, first, messages } => messages::write(db, *id, *first, messages),
            // A copy, because its relaying task must never wait for the disk behind this lock.
            Self::Open(live) => {
                let mut exchange = live.lock().clone();
                let arriving = [&exchange.request_body, &exchange.response_body];
                if arriving.iter().any(|body| body.place == BodyPlace::Arriving) {
                    // Over or not: without its `Finished` the sweep has still to name its body.
                    exchange.summary.state = State::Open;
                }
                rows::write_exchange(db, &exchange, Place::Over)
            }
            // Nobody adds to it any more.
            Self::Finished(live, how) => rows::write_exchange(db, &live.lock(), *how),
        }
    }
}

/// Whether trying again, or another row, could not help.
pub(super) fn is_of_the_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::TooBig
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::ParameterOutOfRange
        )
    )
}
