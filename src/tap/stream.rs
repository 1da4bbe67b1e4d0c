//! The tap as a stream: the thin shell that moves bytes between a socket, the two halves and hyper.

use super::handle::{Handle, Shared};
use super::inbound::{Inbound, Role, Want};
use super::outbound::{Outbound, Plan};
use crate::hop::Bounds;
use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Room asked for when reading heads.
const READ: usize = 8 * 1024;
/// Buffers that one vectored write takes along.
const SLICES: usize = 16;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    head: Duration,
    idle: Duration,
}

/// A connection with the tap on it, to be given to hyper through `TokioIo`.
#[derive(Debug)]
pub struct Tap<IO> {
    io: IO,
    handle: Handle,
    patience: Option<Patience>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What is left when HTTP is over on a connection.
#[derive(Debug)]
pub struct Parts<IO> {
    /// The connection.
    pub io: IO,
    /// Bytes that arrived behind the last message.
    pub read: BytesMut,
}

impl<IO> Tap<IO> {
    /// Taps a connection on which we read requests. A head must be complete within `head`, and
    /// the connection may lie idle for `idle` between requests.
    pub fn server(io: IO, bounds: Bounds, head: Duration, idle: Duration) -> (Self, Handle) {
        let (mut tap, handle) = Self::new(io, Role::Server, bounds);
        tap.patience = Some(Patience { head, idle });
        (tap, handle)
    }

    /// Taps a connection on which we read responses.
    pub fn client(io: IO, bounds: Bounds) -> (Self, Handle) {
        Self::new(io, Role::Client, bounds)
    }

    fn new(io: IO, role: Role, bounds: Bounds) -> (Self, Handle) {
        let shared = Shared {
            inbound: Inbound::new(role, bounds),
            outbound: Outbound::new(),
            waker: None,
            flushes: 0,
            flush_waker: None,
        };
        let handle = Handle::new(shared);
        (Self { io, handle: handle.clone(), patience: None, timer: None }, handle)
    }

    /// Bytes that were read from the connection before the tap was put on it.
    pub fn prefill(&mut self, bytes: &[u8]) {
        self.handle.lock().inbound.input.extend_from_slice(bytes);
    }

    /// Gives the connection back, with what arrived behind the last message.
    pub fn into_parts(self) -> Parts<IO> {
        let read = std::mem::take(&mut self.handle.lock().inbound.input);
        Parts { io: self.io, read }
    }

    /// The connection beneath.
    pub fn io(&self) -> &IO {
        &self.io
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Tap<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { io, handle, patience, timer } = &mut *self;
        let mut shared = handle.lock();
        let inbound = &mut shared.inbound;
        loop {
            inbound.advance();
            if !inbound.output.is_empty() {
                let part = inbound.output.len().min(buf.remaining());
                buf.put_slice(&inbound.output[..part]);
                inbound.output.advance(part);
                return Poll::Ready(Ok(()));
            }
            let read = match inbound.want() {
                Want::End => return Poll::Ready(Ok(())),
                Want::Broken => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Want::Hold => Poll::Pending,
                Want::Watch if inbound.input.len() >= READ => Poll::Pending,
                Want::Direct(limit) if inbound.input.is_empty() => read_direct(Pin::new(io), cx, buf, limit)
                    .map_ok(|count| {
                        inbound.passed(count as u64);
                        count
                    }),
                Want::Direct(_) | Want::Input | Want::Watch => read_input(Pin::new(io), cx, inbound),
            };
            match read {
                Poll::Ready(Ok(0)) => inbound.end(),
                Poll::Ready(Ok(_)) if !buf.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if let Some(patience) = patience
                        && poll_patience(cx, timer, *patience, inbound).is_ready()
                    {
                        continue;
                    }
                    shared.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        }
    }
}

/// Reads straight into hyper's buffer, at most to the end of the message.
fn read_direct<IO: AsyncRead>(
    io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
    limit: u64,
) -> Poll<io::Result<usize>> {
    let before = buf.filled().len();
    if limit >= buf.remaining() as u64 {
        ready!(io.poll_read(cx, buf))?;
        return Poll::Ready(Ok(buf.filled().len() - before));
    }
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
    ready!(io.poll_read(cx, &mut part))?;
    let count = part.filled().len();
    buf.advance(count);
    Poll::Ready(Ok(count))
}

fn read_input<IO: AsyncRead>(
    io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    inbound: &mut Inbound,
) -> Poll<io::Result<usize>> {
    inbound.input.reserve(READ);
    tokio_util::io::poll_read_buf(io, cx, &mut inbound.input)
}

/// Checks the client's time limits without touching the timer on every request: the timer runs
/// to an old deadline, and is set anew only when it fires too early. Ready = something changed.
fn poll_patience(
    cx: &mut Context<'_>,
    timer: &mut Option<Pin<Box<Sleep>>>,
    patience: Patience,
    inbound: &mut Inbound,
) -> Poll<()> {
    loop {
        let deadline = match inbound.head_began() {
            Some(began) => began + patience.head,
            None => inbound.idle_since + patience.idle,
        };
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        if timer.deadline().into_std() > deadline {
            timer.as_mut().reset(deadline.into());
        }
        ready!(timer.as_mut().poll_elapsed_at(cx));
        if Instant::now() < deadline {
            timer.as_mut().reset(deadline.into());
            continue;
        }
        timer.as_mut().reset((Instant::now() + patience.idle).into());
        if inbound.head_began().is_some() {
            inbound.time_out();
            return Poll::Ready(());
        }
        if inbound.is_between() {
            inbound.end();
            return Poll::Ready(());
        }
        return Poll::Pending;
    }
}

/// Polls a pinned timer as a future.
trait PollElapsed {
    fn poll_elapsed_at(self, cx: &mut Context<'_>) -> Poll<()>;
}

impl PollElapsed for Pin<&mut Sleep> {
    fn poll_elapsed_at(self, cx: &mut Context<'_>) -> Poll<()> {
        Future::poll(self, cx)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Tap<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { io, handle, .. } = &mut *self;
        let mut shared = handle.lock();
        let outbound = &mut shared.outbound;
        ready!(write_pending(Pin::new(io), cx, outbound))?;
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        match outbound.plan(bufs) {
            Plan::Replace { consumed, head } => {
                write_replaced(Pin::new(io), cx, outbound, bufs, consumed, &head)
            }
            Plan::Pass => write_passed(Pin::new(io), cx, outbound, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, handle, .. } = &mut *self;
        let mut shared = handle.lock();
        ready!(write_pending(Pin::new(io), cx, &mut shared.outbound))?;
        ready!(Pin::new(io).poll_flush(cx))?;
        shared.flushes += 1;
        if let Some(waker) = shared.flush_waker.take() {
            waker.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

fn write_pending<IO: AsyncWrite>(
    mut io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound,
) -> Poll<io::Result<()>> {
    while !outbound.pending.is_empty() {
        let count = ready!(io.as_mut().poll_write(cx, &outbound.pending))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        outbound.pending.advance(count);
    }
    outbound.drained();
    Poll::Ready(Ok(()))
}

/// Sends our head in the same call as the body bytes behind hyper's, and parks what did not go out.
fn write_replaced<IO: AsyncWrite>(
    io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound,
    bufs: &[IoSlice<'_>],
    consumed: usize,
    head: &Bytes,
) -> Poll<io::Result<usize>> {
    if head.is_empty() {
        return Poll::Ready(Ok(consumed));
    }
    let mut slices = [IoSlice::new(&[]); SLICES];
    slices[0] = IoSlice::new(head);
    let filled = 1 + fill(&mut slices[1..], bufs, consumed, outbound);
    match io.poll_write_vectored(cx, &slices[..filled]) {
        Poll::Ready(Ok(count)) if count >= head.len() => {
            outbound.drained();
            let mut rest = count - head.len();
            for slice in &slices[1..filled] {
                let part = rest.min(slice.len());
                outbound.passed(&slice[..part]);
                rest -= part;
            }
            Poll::Ready(Ok(consumed + count - head.len()))
        }
        Poll::Ready(Ok(count)) => {
            outbound.pending.extend_from_slice(&head[count..]);
            Poll::Ready(Ok(consumed))
        }
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        Poll::Pending => {
            outbound.pending.extend_from_slice(head);
            Poll::Ready(Ok(consumed))
        }
    }
}

fn write_passed<IO: AsyncWrite>(
    io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let filled = fill(&mut slices, bufs, 0, outbound);
    let count = ready!(io.poll_write_vectored(cx, &slices[..filled]))?;
    let mut rest = count;
    for slice in &slices[..filled] {
        let part = rest.min(slice.len());
        outbound.passed(&slice[..part]);
        rest -= part;
    }
    Poll::Ready(Ok(count))
}

/// Fills `slices` with what follows `skip` bytes of `bufs`, cut where the message being written ends.
fn fill<'a>(
    slices: &mut [IoSlice<'a>],
    bufs: &'a [IoSlice<'_>],
    mut skip: usize,
    outbound: &Outbound,
) -> usize {
    let mut filled = 0;
    let mut follower = outbound.follower();
    for buf in bufs {
        let part = &buf[skip.min(buf.len())..];
        skip -= skip.min(buf.len());
        if part.is_empty() {
            continue;
        }
        let within = follower.take(part);
        if within == 0 || filled == slices.len() {
            break;
        }
        slices[filled] = IoSlice::new(&part[..within]);
        filled += 1;
        if within < part.len() {
            break;
        }
    }
    filled
}
