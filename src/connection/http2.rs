//! HTTP/2 on one stream of bytes: h2 above, the frame tap beneath, a task for each of its streams.

use super::http::{Inside, Left, Link, client, linger, note_refusal};
use super::lent::Lent;
use super::{hello, stream};
use crate::forward::{self, Client};
use crate::recorder::Opened;
use crate::tap::Timer;
use crate::tap::http2::{Handle, Limits, Tap};
use crate::upstream::{CONNECTION_WINDOW, Io, SEND_BUFFER, STREAM_WINDOW};
use bytes::Bytes;
use h2::server;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::timeout;

type ServerTap = Tap<Lent<Box<dyn Io>>>;
type Connection = server::Connection<ServerTap, Bytes>;

/// HTTP/2 on a stream until it ends, inside a tunnel or with ourselves. `first` was already read from it.
pub(super) async fn http2(
    link: Link,
    opened: Opened,
    io: Box<dyn Io>,
    first: Vec<u8>,
    inside: Option<Inside>,
) {
    let link = Link { connection: opened.id(), ..link };
    let began = Instant::now();
    let (io, returned) = Lent::new(io);
    let limits = Limits { bounds: link.shard.bounds(), idle_frames: link.shard.settings.limits.idle_frames };
    let (mut tap, handle) = Tap::server(io, limits);
    tap.prefill(&first);
    let client = Arc::new(client(&link, inside));
    let error = serve(&link, &client, tap, &handle).await;
    note_refused(&client, &handle, &mut Context::from_waker(std::task::Waker::noop()));
    opened.over(handle.take_frames(0));
    client.leave();
    let broken = |error: h2::Error| Left::Broken(error.get_io().and_then(hello::refusal));
    note_refusal(&client, began.elapsed(), error.map_or(Left::Orderly, broken));
    // Our GOAWAY must not be lost to a reset (RFC 9113 5.4.1).
    if let Ok(io) = returned.await {
        linger(io).await;
    }
}

/// Serves all streams; the error that ended the connection, if one did.
async fn serve(link: &Link, client: &Arc<Client>, tap: ServerTap, handle: &Handle) -> Option<h2::Error> {
    let limits = &client.shard.settings.limits;
    let handshake = server::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_streams(u32::try_from(limits.streams).unwrap_or(u32::MAX))
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        // Resets are counted beneath (limits.idle_frames): a page that is left resets many at once.
        .max_pending_accept_reset_streams(limits.streams)
        .enable_connect_protocol()
        .handshake::<_, Bytes>(tap);
    let mut connection = match timeout(limits.head_timeout, handshake).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Some(error),
        Err(_) => return None,
    };
    // A client that would not take our certificate says nothing in the connection.
    client.proven();
    let mut streams = JoinSet::new();
    let error = accept(link, client, &mut connection, handle, &mut streams).await;
    // The client is gone, or everything was answered: what is left of its streams is let go of.
    streams.shutdown().await;
    error
}

/// Accepts streams until the connection is over; on a drain, or when it has been idle for too long, the
/// client is told to open no more (RFC 9113 6.8).
async fn accept(
    link: &Link,
    client: &Arc<Client>,
    connection: &mut Connection,
    handle: &Handle,
    streams: &mut JoinSet<()>,
) -> Option<h2::Error> {
    let mut drain = pin!(client.shard.drain.cancelled());
    let mut quiet = Quiet::new(client.shard.settings.limits.idle_timeout);
    let mut leaving = false;
    poll_fn(|cx| {
        note_refused(client, handle, cx);
        loop {
            while let Poll::Ready(Some(_)) = streams.poll_join_next(cx) {
                quiet.since = Instant::now();
            }
            if !leaving && drain.as_mut().poll(cx).is_ready() {
                leaving = true;
                connection.graceful_shutdown();
            }
            match connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    let (link, client) = (link.clone(), Arc::clone(client));
                    let stream = stream::serve(link, client, handle.clone(), request, respond);
                    // In a box: the future is large, and a task is moved several times before it runs.
                    streams.spawn(Box::pin(stream));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(error)),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if streams.is_empty() && quiet.poll(cx).is_ready() => {
                    if quiet.again() {
                        return Poll::Ready(None);
                    }
                    leaving = true;
                    connection.graceful_shutdown();
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

/// Records what the tap refused since the last look.
fn note_refused(client: &Client, handle: &Handle, cx: &mut Context<'_>) {
    while let Poll::Ready(refused) = handle.poll_refused(cx) {
        forward::refused(client, &refused);
    }
}

/// For how long nothing has been asked for.
struct Quiet {
    since: Instant,
    limit: Duration,
    told: bool,
    timer: Timer,
}

impl Quiet {
    fn new(limit: Duration) -> Self {
        Self { since: Instant::now(), limit, told: false, timer: Timer::default() }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.poll_until(cx, self.since + self.limit)
    }

    /// Whether the client was told before, and has not left since. The first time it gets as long again.
    fn again(&mut self) -> bool {
        self.since = Instant::now();
        std::mem::replace(&mut self.told, true)
    }
}
