//! A connection of HTTP/2 to an origin: driven by a task of its own, shared by many exchanges.

use super::Io;
use super::pool::Key;
use super::share::Share;
use crate::exchange::ConnectionId;
use crate::recorder::Opened;
use crate::tap::http2::{Handle, Limits, Tap};
use bytes::Bytes;
use h2::client::{self, SendRequest};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Octets that a peer may send on one stream, and on all together, before they have been passed on.
pub const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
/// See [`STREAM_WINDOW`]: as many slow readers as fill it have the next stream go on another connection.
pub const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;
/// Octets of one stream that may wait for the socket.
pub const SEND_BUFFER: usize = 256 * 1024;

/// A connection to an origin, as its users hold it. It closes when the last of them lets go.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    sender: SendRequest<Bytes>,
    tap: Handle,
    key: Key,
    id: ConnectionId,
    status: Arc<Status>,
    write_limit: Duration,
}

/// What the task that drives the connection tells its users.
#[derive(Debug, Default)]
struct Status {
    closed: AtomicBool,
    /// Exchanges under way, and whether there ever was one.
    active: AtomicUsize,
    used: AtomicBool,
}

impl Shared {
    /// Begins HTTP/2 on a connection that stands; a task drives it from here on. A request is given up
    /// when the origin takes nothing of its body for `write_limit`.
    pub async fn begin(
        io: Box<dyn Io>,
        key: Key,
        opened: Opened,
        limits: Limits,
        write_limit: Duration,
    ) -> Result<Self, h2::Error> {
        let largest = u32::try_from(limits.bounds.head).unwrap_or(u32::MAX);
        let (tap, handle) = Tap::client(io, limits);
        let (sender, connection) = client::Builder::new()
            .enable_push(false)
            .max_header_list_size(largest)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .handshake::<_, Bytes>(tap)
            .await?;
        let (status, id) = (Arc::new(Status::default()), opened.id());
        let (told, tap) = (Arc::clone(&status), handle.clone());
        tokio::spawn(async move {
            // How it ended, its streams know.
            let _ = connection.await;
            told.closed.store(true, Ordering::Release);
            tap.give_up();
            opened.over(tap.take_frames(0));
        });
        Ok(Self(Arc::new(Facts { sender, tap: handle, key, id, status, write_limit })))
    }

    /// Where it leads.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.0.id
    }

    /// Its tap.
    #[must_use]
    pub fn tap(&self) -> &Handle {
        &self.0.tap
    }

    /// Whether it stands and takes new streams: the peer has neither closed it nor said that it will.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        !self.0.status.closed.load(Ordering::Acquire)
            && matches!(self.0.sender.clone().poll_ready(&mut cx), Poll::Ready(Ok(())))
    }

    /// Exchanges under way on it.
    #[must_use]
    pub fn active(&self) -> usize {
        self.0.status.active.load(Ordering::Relaxed)
    }

    /// Whether one more stream is within what the peer allows (RFC 9113 5.1.2), and within the connection's
    /// window, which slow readers of other streams may hold closed.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.active() < self.0.sender.current_max_send_streams() && self.0.tap.has_window()
    }

    /// Whether the peer takes extended CONNECT (RFC 8441 3): its first SETTINGS say so.
    pub async fn takes_extended_connect(&self) -> bool {
        poll_fn(|cx| self.0.tap.poll_extended_connect(cx)).await
    }

    /// A share for one exchange.
    #[must_use]
    pub fn share(&self) -> Box<Share> {
        Box::new(Share::of(self.clone()))
    }

    /// How long the origin may take nothing of a request's body.
    pub(super) fn write_limit(&self) -> Duration {
        self.0.write_limit
    }

    pub(super) fn sender(&self) -> SendRequest<Bytes> {
        self.0.sender.clone()
    }

    /// One more exchange is under way.
    pub(super) fn enter(&self) {
        self.0.status.active.fetch_add(1, Ordering::Relaxed);
    }

    /// One exchange is over.
    pub(super) fn leave(&self) {
        self.0.status.active.fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes that it carries an exchange; whether it had carried one before.
    pub(super) fn is_used_again(&self) -> bool {
        self.0.status.used.swap(true, Ordering::Relaxed)
    }
}
