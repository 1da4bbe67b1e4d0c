//! What the interface draws from, and what wakes it.
//!
//! The recording process and a second process that opens a capture both stand behind
//! [`Source`]; one code path draws both. The list holds [`Row`]s (a number and two bits
//! each) and asks for the summaries of the visible rows only.

use super::changes::Changed;
use crate::exchange::{
    Connection, ConnectionId, Exchange, ExchangeId, Flags, Note, Order, Side, State, Summary,
};
use crate::query::{Name, Query};
use crate::replay::EditText;
use crate::store::{Found, Numbered, Seek, Sought};
use crate::view::Octets;
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where exchanges, connections and the state of the proxy are read from.
///
/// Called from the interface's thread between two paints: each call should take about a millisecond.
pub trait Source: Send {
    /// At most `limit` rows with a number above `after`, in rising order; fewer only at the end.
    fn rows_after(&self, after: ExchangeId, limit: usize) -> Result<Vec<Row>, Unread>;
    /// The list rows from one number to another, both included, in rising order.
    fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, Unread>;
    /// All that is known of one exchange; `None` while it is not readable yet.
    fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, Unread>;
    /// The facts of one connection.
    fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, Unread>;
    /// A body's kept bytes as received, to be read by place.
    fn body(&self, exchange: &Exchange, side: Side) -> Result<Arc<dyn Octets>, Unread>;
    /// How many messages an exchange is made of so far: one more than the highest number.
    fn message_count(&self, id: ExchangeId) -> Result<u64, Unread>;
    /// Its messages whose numbers lie in a range, in their order; of long payloads the beginning.
    fn messages(&self, id: ExchangeId, numbers: Range<u64>) -> Result<Vec<Numbered>, Unread>;
    /// One of them with all of its payload that was kept.
    fn message(&self, id: ExchangeId, number: u64) -> Result<Option<Numbered>, Unread>;
    /// Looks through some of them for a text.
    fn find_message(&self, id: ExchangeId, seek: &Seek<'_>) -> Result<Sought, Unread>;
    /// Begins to look for what is meant below `below` (the newest when `None`), newest first.
    fn search(&self, query: &Query, below: Option<ExchangeId>) -> Result<Box<dyn Seeking>, Unread>;
    /// Those of these rows that are meant, in their order; for few rows, looked up one by one.
    fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, Unread>;
    /// Values of a field among the newest rows, each with how often, most often first; none where rows do not
    /// hold it.
    fn seen(&self, field: Name) -> Result<Vec<(String, u64)>, Unread> {
        let _ = field;
        Ok(Vec::new())
    }
    /// Does something that takes time or may fail; `tell` is called once, from any thread, when it is done.
    fn act(&self, deed: Deed, tell: Tell);
    /// How the proxy stands at this moment.
    fn status(&self) -> Status;
}

/// A search under way, mostly on other threads; dropped, it is given up.
pub trait Seeking: Debug + Send {
    /// What came since the last call; waits for it no longer than `patience`, and not once there is something.
    fn found(&mut self, patience: Duration) -> Result<Found, Unread>;
}

/// Something to be done by the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Set or clear marks of exchanges, in the capture.
    Flag {
        /// The exchanges.
        ids: Vec<ExchangeId>,
        /// Which mark.
        flag: Flags,
        /// Set or clear.
        on: bool,
    },
    /// Write a note on an exchange, or take it away.
    Note {
        /// The exchange.
        id: ExchangeId,
        /// The words.
        note: Option<Note>,
    },
    /// Send again.
    Replay(Vec<Order>),
    /// The same with the body that a file holds.
    ReplayBody(Vec<Order>, PathBuf),
    /// Make the text of a request, to be edited and sent again.
    EditText(ExchangeId),
    /// Intercept a host again that was left alone after refusals.
    Intercept(String),
    /// Let a client in.
    LetIn(IpAddr),
    /// Write a body to a file that must not exist yet.
    Save {
        /// The exchange.
        id: ExchangeId,
        /// Whose body: the client's is the request's.
        side: Side,
        /// Codings undone, or as received.
        decoded: bool,
        /// Where to.
        path: PathBuf,
    },
}

/// What became of a [`Deed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was done; words worth saying, or empty.
    Done(String),
    /// Replays were begun under these numbers.
    Replayed(Vec<ExchangeId>),
    /// The text of a request, to be edited.
    Editable(Box<EditText>),
    /// It could not be done: what happened, why, what to do.
    Failed(String),
}

/// Takes the outcome of a [`Deed`] back to the interface.
pub type Tell = Box<dyn FnOnce(Told) + Send>;

/// A place in the list: enough to count it and to decide whether it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Row {
    /// The exchange's number.
    pub id: ExchangeId,
    /// A CONNECT whose tunnel was opened: its exchanges are rows of their own.
    pub noise: bool,
    /// Counted as an error: it failed, was cut short, or was answered with 5xx.
    pub failed: bool,
    /// Marked by a person.
    pub marked: bool,
    /// Deleted by a person: not shown, not counted.
    pub deleted: bool,
}

impl Row {
    /// The row of a summary.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        Self::new(summary.id, summary.flags, summary.state, summary.status, summary.failure.is_some())
    }

    /// The row of an exchange that stands so.
    #[must_use]
    pub fn new(id: ExchangeId, flags: Flags, state: State, status: Option<u16>, failure: bool) -> Self {
        let broken = failure || matches!(state, State::Failed | State::Aborted);
        Self {
            id,
            noise: flags.has(Flags::INTERCEPTED) && !broken,
            failed: broken || status.is_some_and(|status| status >= 500),
            marked: flags.has(Flags::MARKED),
            deleted: flags.has(Flags::HIDDEN),
        }
    }
}

/// How the proxy stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The addresses listened on; none when a stored capture is open.
    pub listening: Vec<SocketAddr>,
    /// The capture's name; `None` when nothing is kept on disk.
    pub capture: Option<String>,
    /// Whether traffic is being recorded.
    pub recording: bool,
    /// The process that records it, where that is another one.
    pub recorder: Option<u32>,
    /// The interception authority's certificate; `None` when TLS is not intercepted.
    pub ca: Option<PathBuf>,
    /// Bodies that are not whole in the capture because the disk was slower than the wire.
    pub cut_bodies: u64,
    /// Exchanges that could not be recorded.
    pub lost_records: u64,
    /// Messages within exchanges that could not be recorded, or without their payload.
    pub cut_messages: u64,
    /// Why nothing can be written at this moment; `None` when all is well.
    pub trouble: Option<String>,
    /// Clients that wait to be let in, the longest waiting first.
    pub waiting: Vec<IpAddr>,
    /// Whether unsafe methods are sent again without a question (`replay.confirm = false`).
    pub replays_unasked: bool,
}

/// What the interface's thread waits for; nothing else wakes it.
#[derive(Debug)]
pub enum Wake {
    /// The person did something.
    Input(crossterm::event::Event),
    /// Exchanges were opened, changed or finished; [`super::Changes`] makes it.
    Changed(Changed),
    /// A [`Deed`] was done, or not.
    Told(Told),
    /// An interrupt (SIGINT) came, at this time. One that was meant for a program outside is none for us.
    Interrupt(Instant),
    /// End now: a signal came, or the proxy stops.
    Stop,
}

/// The capture could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the capture could not be read: {0}")]
pub struct Unread(pub String);
