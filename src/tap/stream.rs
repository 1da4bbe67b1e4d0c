//! The tap as a stream: the thin shell that moves bytes between a socket, the two halves and hyper.

use super::handle::{Handle, Shared};
use super::inbound::{Inbound, Role, Want};
use super::outbound::{Outbound, Plan};
use super::stall::Stall;
use super::timer::Timer;
use crate::awake;
use crate::hop::Bounds;
use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Room asked for when reading heads.
const READ: usize = 8 * 1024;
/// Buffers that one vectored write takes along.
const SLICES: usize = 16;

/// A client that closed its half is looked for after this, and then ever more seldom down to this: the
/// system tells of its last byte a moment before it lets go of the whole socket.
const SOON: Duration = Duration::from_millis(10);
const LATER: Duration = Duration::from_secs(1);

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
    presence: Option<Presence>,
    timer: Timer,
    stall: Stall,
}

/// Tells a client that closed only its half of the connection from one that is gone.
struct Presence {
    is_there: Box<dyn Fn() -> bool + Send>,
    /// When it is asked next, and how long after that.
    next: Option<(Instant, Duration)>,
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence").field("next", &self.next).finish_non_exhaustive()
    }
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

    /// How to ask whether a client that sent its last byte still waits for the answer. Without it such
    /// a client counts as gone.
    #[must_use]
    pub fn with_presence(self, is_there: Option<Box<dyn Fn() -> bool + Send>>) -> Self {
        Self { presence: is_there.map(|is_there| Presence { is_there, next: None }), ..self }
    }

    /// How long the peer may take none of the bytes that wait for it; without it, for ever.
    #[must_use]
    pub fn with_write_limit(self, limit: Duration) -> Self {
        Self { stall: Stall::after(limit), ..self }
    }

    fn new(io: IO, role: Role, bounds: Bounds) -> (Self, Handle) {
        let shared = Shared {
            inbound: Inbound::new(role, bounds),
            outbound: Outbound::new(),
            waker: None,
            flushes: 0,
            flush_waker: None,
            stalled: false,
        };
        let handle = Handle::new(shared);
        let (timer, stall) = (Timer::default(), Stall::default());
        (Self { io, handle: handle.clone(), patience: None, presence: None, timer, stall }, handle)
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

    /// Whether the message being written ends with the connection: then a receiver takes an orderly
    /// close for its end.
    pub fn is_until_close(&self) -> bool {
        self.handle.lock().outbound.is_until_close()
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
        let Self { io, handle, patience, presence, timer, .. } = &mut *self;
        let mut shared = handle.lock();
        let (answered, lost) = (shared.outbound.messages, shared.outbound.lost());
        let inbound = &mut shared.inbound;
        inbound.answer_written(answered);
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
                Poll::Ready(Ok(0)) => match lost {
                    Some(how) => return Poll::Ready(Err(how.into())),
                    None => inbound.end(),
                },
                Poll::Ready(Ok(_)) => {
                    awake::came();
                    if !buf.filled().is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if inbound.is_half_closed() {
                        if poll_gone(cx, timer, presence.as_mut()).is_ready() {
                            inbound.leave();
                            continue;
                        }
                    } else if let Some(patience) = patience
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

/// Ready once a client that sent its last byte turns out to be gone.
fn poll_gone(cx: &mut Context<'_>, timer: &mut Timer, presence: Option<&mut Presence>) -> Poll<()> {
    let Some(presence) = presence else { return Poll::Ready(()) };
    let (mut at, mut pause) = *presence.next.get_or_insert_with(|| (Instant::now(), SOON));
    while timer.poll_until(cx, at).is_ready() {
        if !(presence.is_there)() {
            return Poll::Ready(());
        }
        at = Instant::now() + pause;
        pause = (pause * 4).min(LATER);
        presence.next = Some((at, pause));
    }
    Poll::Pending
}

/// Checks the client's time limits. Ready = something changed.
fn poll_patience(
    cx: &mut Context<'_>,
    timer: &mut Timer,
    patience: Patience,
    inbound: &mut Inbound,
) -> Poll<()> {
    let deadline = match inbound.head_began() {
        Some(began) => began + patience.head,
        None => inbound.idle_since + patience.idle,
    };
    ready!(timer.poll_until(cx, deadline));
    if inbound.head_began().is_some() {
        inbound.time_out();
    } else if inbound.is_between() {
        inbound.end();
    } else {
        // A message is under way: its own limits hold. Looked at again when this one has passed anew.
        inbound.idle_since = Instant::now();
        return timer.poll_until(cx, inbound.idle_since + patience.idle);
    }
    Poll::Ready(())
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
        let Self { io, handle, stall, .. } = &mut *self;
        let mut shared = handle.lock();
        let outbound = &mut shared.outbound;
        let whole = bufs.iter().map(|buf| buf.len()).sum();
        if outbound.lost().is_some() {
            return Poll::Ready(Ok(whole));
        }
        let before = outbound.pending.len();
        let outcome = write_vectored(Pin::new(io), cx, outbound, bufs);
        let outcome = stall.judge(cx, outcome, outbound.pending.len() < before);
        shared.stalled = stall.over;
        shared.unless_lost(outcome, whole)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, handle, stall, .. } = &mut *self;
        let mut shared = handle.lock();
        if shared.outbound.lost().is_some() {
            return Poll::Ready(Ok(()));
        }
        let before = shared.outbound.pending.len();
        let outcome = write_pending(Pin::new(io), cx, &mut shared.outbound);
        let outcome = match outcome {
            Poll::Ready(Ok(())) => Pin::new(io).poll_flush(cx),
            outcome => outcome,
        };
        let moved = shared.outbound.pending.len() < before;
        let outcome = stall.judge(cx, outcome, moved);
        shared.stalled = stall.over;
        ready!(shared.unless_lost(outcome, ()))?;
        shared.flushes += 1;
        shared.go_on();
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

/// What is parked first, then what of `bufs` belongs to the message.
fn write_vectored<IO: AsyncWrite>(
    mut io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    ready!(write_pending(io.as_mut(), cx, outbound))?;
    if bufs.iter().all(|buf| buf.is_empty()) {
        return Poll::Ready(Ok(0));
    }
    match outbound.plan(bufs) {
        Plan::Replace { consumed, head } => write_replaced(io, cx, outbound, bufs, consumed, head),
        Plan::Pass => write_passed(io, cx, outbound, bufs),
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
    head: Bytes,
) -> Poll<io::Result<usize>> {
    if head.is_empty() {
        return Poll::Ready(Ok(consumed));
    }
    let mut slices = [IoSlice::new(&[]); SLICES];
    slices[0] = IoSlice::new(&head);
    let filled = 1 + fill(&mut slices[1..], bufs, consumed, outbound);
    let count = match io.poll_write_vectored(cx, &slices[..filled]) {
        Poll::Ready(written) => written?,
        Poll::Pending => 0,
    };
    let body = note_passed(outbound, &slices[1..filled], count.saturating_sub(head.len()));
    outbound.pending.extend_from_slice(head.get(count..).unwrap_or_default());
    outbound.written(head);
    Poll::Ready(Ok(consumed + body))
}

/// Counts body bytes that were written from the front of `slices`.
fn note_passed(outbound: &mut Outbound, slices: &[IoSlice<'_>], count: usize) -> usize {
    let mut rest = count;
    for slice in slices {
        let part = rest.min(slice.len());
        outbound.passed(&slice[..part]);
        rest -= part;
    }
    count
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
    Poll::Ready(Ok(note_passed(outbound, &slices[..filled], count)))
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
