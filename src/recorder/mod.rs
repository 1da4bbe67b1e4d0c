//! What the wire says about an exchange while it happens, on its way to the store.
//!
//! A [`Recording`] is held by everything that still works on an exchange: the task that relays
//! it, its body streams, the tap that has a head to write. When the last of them lets go, the
//! exchange is over and its record goes to the store. Nothing here waits for the store.

mod body;
mod pieces;

pub use body::BodyTee;
pub use pieces::Pieces;

use crate::config;
use crate::exchange::{
    Cause, Connection, ConnectionId, Dialling, Edit, Event, Exchange, ExchangeId, Failure, Flags, FrameNote,
    Head, Kind, Live, Phase, Side, State, Summary, TlsFacts,
};
use crate::store::Inbox;
use crate::tap::{HeadOf, HeadSent};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// An exchange that has been open for this long tells the store when its response head comes,
/// so that lists show the status of a slow answer before it ends.
const SLOW: Duration = Duration::from_millis(50);

/// Makes recordings and numbers connections; one clone per shard.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    shard: usize,
}

#[derive(Debug)]
struct Shared {
    inbox: Arc<Inbox>,
    next_exchange: AtomicU64,
    next_connection: AtomicU64,
    pressure: config::Pressure,
    max_body: u64,
    max_message: usize,
}

impl Recorder {
    /// Records into `inbox`, numbering on from the given numbers.
    #[must_use]
    pub fn new(
        inbox: Arc<Inbox>,
        next_exchange: u64,
        next_connection: u64,
        capture: &config::Capture,
    ) -> Self {
        let shared = Shared {
            inbox,
            next_exchange: AtomicU64::new(next_exchange),
            next_connection: AtomicU64::new(next_connection),
            pressure: capture.pressure,
            max_body: capture.max_body.unwrap_or(u64::MAX),
            max_message: capture.max_message,
        };
        Self { shared: Arc::new(shared), shard: 0 }
    }

    /// The same recorder, writing to the buffer of another shard.
    #[must_use]
    pub fn for_shard(&self, shard: usize) -> Self {
        Self { shared: Arc::clone(&self.shared), shard }
    }

    /// Records a connection and numbers it.
    #[must_use]
    pub fn connection(
        &self,
        side: Side,
        peer: Option<SocketAddr>,
        local: Option<SocketAddr>,
        tls: Option<TlsFacts>,
    ) -> ConnectionId {
        let connection = self.number(side, peer, local, tls);
        let id = connection.id;
        self.push(Event::Connection(Box::new(connection)));
        id
    }

    /// The same for one whose own frames are to be recorded when it is over, with [`Opened::over`].
    #[must_use]
    pub fn opened(
        &self,
        side: Side,
        peer: Option<SocketAddr>,
        local: Option<SocketAddr>,
        tls: Option<TlsFacts>,
    ) -> Opened {
        let connection = self.number(side, peer, local, tls);
        self.push(Event::Connection(Box::new(connection.clone())));
        Opened { recorder: self.clone(), connection, at: Instant::now() }
    }

    /// The same for one toward an origin that came about in this way.
    #[must_use]
    pub fn reached(
        &self,
        peer: Option<SocketAddr>,
        local: Option<SocketAddr>,
        tls: Option<TlsFacts>,
        dialling: Box<Dialling>,
    ) -> Opened {
        let connection = self.number(Side::Origin, peer, local, tls);
        let connection = Connection { dialling: Some(dialling), ..connection };
        self.push(Event::Connection(Box::new(connection.clone())));
        Opened { recorder: self.clone(), connection, at: Instant::now() }
    }

    /// A connection with its number.
    fn number(
        &self,
        side: Side,
        peer: Option<SocketAddr>,
        local: Option<SocketAddr>,
        tls: Option<TlsFacts>,
    ) -> Connection {
        let id = ConnectionId(self.shared.next_connection.fetch_add(1, Ordering::Relaxed));
        let opened = micros(SystemTime::now());
        Connection { id, side, opened, peer, local, tls, dialling: None, frames: Vec::new() }
    }

    /// Begins an exchange whose first byte came at `began`.
    #[must_use]
    pub fn begin(&self, began: Instant, client: &str, connection: ConnectionId) -> Recording {
        let id = ExchangeId(self.shared.next_exchange.fetch_add(1, Ordering::Relaxed));
        let started = micros(SystemTime::now()) - i64::try_from(began.elapsed().as_micros()).unwrap_or(0);
        let exchange = blank(id, started, client, connection);
        let live = Arc::new(Live::new(exchange));
        let (over, reset) = (OnceLock::new(), OnceLock::new());
        Recording(Arc::new(Inner { recorder: self.clone(), began, live, over, reset }))
    }

    /// Ready when an exchange may begin: under `pressure = "block"`, not while the store's buffers are full.
    pub async fn ready(&self) {
        if self.shared.pressure == config::Pressure::Block {
            std::future::poll_fn(|cx| self.shared.inbox.poll_reserve(cx, 0)).await;
        }
    }

    fn push(&self, event: Event) {
        self.shared.inbox.push(self.shard, event);
    }
}

/// A connection on the record, until it is over.
#[derive(Clone, Debug)]
pub struct Opened {
    recorder: Recorder,
    connection: Connection,
    at: Instant,
}

impl Opened {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.connection.id
    }

    /// It is over: these are the frames of the connection itself.
    pub fn over(mut self, frames: Vec<(Instant, FrameNote)>) {
        if frames.is_empty() {
            return;
        }
        let side = self.connection.side;
        let placed = |(at, note)| FrameNote { at: micros_between(self.at, at), side, ..note };
        self.connection.frames = frames.into_iter().map(placed).collect();
        self.recorder.push(Event::Connection(Box::new(self.connection)));
    }
}

fn blank(id: ExchangeId, started: i64, client: &str, connection: ConnectionId) -> Exchange {
    let summary = Summary {
        id,
        started,
        client: client.to_owned(),
        scheme: crate::exchange::Scheme::Http,
        method: String::new(),
        host: String::new(),
        path: String::new(),
        version: String::new(),
        status: None,
        state: State::Open,
        request_bytes: 0,
        response_bytes: 0,
        messages: 0,
        duration: None,
        ttfb: None,
        media_type: None,
        failure: None,
        flags: Flags::default(),
        parent: None,
        note: None,
    };
    Exchange {
        summary,
        heads: crate::exchange::Heads::default(),
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: crate::exchange::Body::default(),
        response_body: crate::exchange::Body::default(),
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: crate::exchange::Timing::default(),
        client_connection: connection,
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
    }
}

/// A hold on the record of an exchange under way.
#[derive(Clone, Debug)]
pub struct Recording(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recorder: Recorder,
    began: Instant,
    live: Arc<Live>,
    /// Who waits for the end, if anyone.
    over: OnceLock<oneshot::Sender<()>>,
    /// The code with which the client reset its stream.
    reset: OnceLock<String>,
}

/// An exchange seen by somebody who has no hold on it.
#[derive(Debug)]
pub struct Watched {
    /// The exchange.
    pub live: Arc<Live>,
    /// Answered, or closed, when it is over.
    pub over: oneshot::Receiver<()>,
}

impl Recording {
    /// Says that the exchange has begun: from here on lists show it.
    pub fn open(&self) {
        self.0.recorder.push(Event::Opened(Arc::clone(&self.0.live)));
    }

    /// The exchange's number.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.0.live.id()
    }

    /// To be told of the end, without keeping the exchange open. The first who asks is told.
    #[must_use]
    pub fn watch(&self) -> Watched {
        let (sender, over) = oneshot::channel();
        // One that is refused is dropped, which its receiver takes for the end.
        let _ = self.0.over.set(sender);
        Watched { live: Arc::clone(&self.0.live), over }
    }

    /// Microseconds since the exchange began.
    #[must_use]
    pub fn elapsed(&self) -> u64 {
        micros_between(self.0.began, Instant::now())
    }

    /// Microseconds from the exchange's beginning to a moment.
    #[must_use]
    pub fn at(&self, moment: Instant) -> u64 {
        micros_between(self.0.began, moment)
    }

    /// Notes something. The closure must be short: the store's writer may wait for it.
    pub fn note<T>(&self, change: impl FnOnce(&mut Exchange) -> T) -> T {
        change(&mut self.0.live.lock())
    }

    /// Frames that carried it on one side of the hop.
    pub fn frames(&self, side: Side, frames: Vec<(Instant, FrameNote)>) {
        if frames.is_empty() {
            return;
        }
        let placed = frames.into_iter().map(|(at, note)| FrameNote { at: self.at(at), side, ..note });
        let placed: Vec<FrameNote> = placed.collect();
        self.note(|exchange| {
            exchange.frames.extend(placed);
            exchange.frames.sort_by_key(|frame| frame.at);
        });
    }

    /// The response head came: a slow exchange is shown anew.
    pub fn answered(&self) {
        if self.0.began.elapsed() > SLOW {
            self.0.recorder.push(Event::Changed(Arc::clone(&self.0.live)));
        }
    }

    /// The exchange failed; the first failure stands.
    pub fn fail(&self, failure: Failure) {
        let elapsed = self.elapsed();
        self.note(|exchange| {
            if exchange.summary.failure.is_none() {
                exchange.summary.failure = Some(failure);
                exchange.summary.state = State::Failed;
                exchange.summary.duration = Some(elapsed);
            }
        });
    }

    /// The client reset its stream with this code (RFC 9113 7): should the exchange not have been over,
    /// that is how it ended.
    pub fn reset(&self, code: &str) {
        // The first code stands.
        let _ = self.0.reset.set(code.to_owned());
    }

    /// A CONNECT went to a parent proxy in this form.
    pub fn connect_sent(&self, head: &Bytes, edits: Vec<Edit>) {
        self.note(|exchange| exchange.request_edits = edits);
        self.0.sent(HeadOf::Request, head.clone(), false);
    }

    /// Both messages are complete.
    pub fn complete(&self) {
        let elapsed = self.elapsed();
        self.note(|exchange| complete(exchange, elapsed));
    }

    fn inbox(&self) -> &Inbox {
        &self.0.recorder.shared.inbox
    }

    fn pressure(&self) -> config::Pressure {
        self.0.recorder.shared.pressure
    }

    /// To be told of heads that were sent.
    #[must_use]
    pub fn watcher(&self) -> Arc<dyn HeadSent> {
        Arc::clone(&self.0) as Arc<dyn HeadSent>
    }
}

impl HeadSent for Inner {
    fn sent(&self, of: HeadOf, head: Bytes, closing: bool) {
        let elapsed = micros_between(self.began, Instant::now());
        let mut exchange = self.live.lock();
        match of {
            HeadOf::Request => {
                let ours = exchange.request_edits.last();
                let secret = ours.is_some_and(|edit| edit.cause == Cause::ParentCredentials);
                exchange.heads.request_sent = Some(if secret { blanked(&head) } else { head });
                exchange.timing.request_sent = Some(elapsed);
            }
            HeadOf::Response { over } => {
                if closing {
                    exchange.response_edits.push(added_close(&head));
                }
                exchange.heads.response_sent = Some(head);
                exchange.timing.response_sent = Some(elapsed);
                if over {
                    complete(&mut exchange, elapsed);
                }
            }
        }
    }
}

/// The head without the value of its last line, our own credentials for a parent proxy: they belong to
/// the settings, which no capture holds. What is blanked keeps its length.
fn blanked(head: &Bytes) -> Bytes {
    let mut bytes = head.to_vec();
    let end = bytes.len().saturating_sub(4);
    let from = bytes.get(..end).and_then(|lines| lines.iter().rposition(|byte| *byte == b' '));
    if let Some(value) = from.and_then(|from| bytes.get_mut(from + 1..end)) {
        value.fill(b'*');
    }
    bytes.into()
}

/// The ledger's line for a `Connection: close` that became necessary after the rules had run.
fn added_close(head: &Bytes) -> Edit {
    let line = Head::parse(head.clone()).fields().len();
    Edit { before: None, after: u16::try_from(line).ok(), cause: Cause::Persistence }
}

fn complete(exchange: &mut Exchange, elapsed: u64) {
    if exchange.summary.state == State::Open {
        exchange.summary.state = State::Done;
    }
    exchange.summary.duration = Some(elapsed);
}

impl Drop for Inner {
    fn drop(&mut self) {
        let elapsed = micros_between(self.began, Instant::now());
        {
            let mut exchange = self.live.lock();
            if exchange.summary.state == State::Open {
                gave_up(&mut exchange, elapsed, self.reset.get());
            }
        }
        self.recorder.push(Event::Finished(Arc::clone(&self.live)));
        if let Some(over) = self.over.take() {
            // Whoever waited may have gone.
            let _ = over.send(());
        }
    }
}

/// Whoever held the exchange let go before it was over: the client's connection, or its stream, is gone.
fn gave_up(exchange: &mut Exchange, elapsed: u64, reset: Option<&String>) {
    let (phase, doing) = if exchange.timing.response_head.is_some() {
        (Phase::Body, "within the answer")
    } else {
        (Phase::Wait, "waiting for the answer")
    };
    let seconds = elapsed as f64 / 1e6;
    let says = match reset {
        Some(code) => format!("client reset the stream with {code} after {seconds:.1} s {doing}"),
        None => format!("client gave up after {seconds:.1} s {doing}"),
    };
    exchange.summary.state = State::Aborted;
    exchange.summary.duration = Some(elapsed);
    exchange.summary.failure = Some(Failure { side: Side::Client, phase, kind: Kind::GaveUp, says });
}

fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn micros_between(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(u64::MAX)
}
