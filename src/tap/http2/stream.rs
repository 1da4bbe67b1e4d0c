//! The frame tap as a stream: the thin shell that moves octets between a socket, the two halves and h2.

use super::handle::{Handle, Limits, Shared};
use super::inbound::Inbound;
use super::outbound::{Outbound, Step};
use super::{Parts, Role};
use crate::awake;
use crate::tap::Timer;
use bytes::Buf;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Room asked for when reading.
const READ: usize = 16 * 1024;
/// A payload of which so much is still to come is read straight into h2's buffer.
const DIRECT: usize = 4 * 1024;
/// Octets that may wait to be written before h2 must wait too.
const PENDING: usize = 32 * 1024;
/// Buffers that one vectored write takes along.
const SLICES: usize = 16;
/// How long a broken connection is still written to and read, so that the peer gets the GOAWAY: a
/// socket that is closed with octets unread takes back what is on its way.
const LINGER: Duration = Duration::from_millis(500);

/// A connection with the frame tap on it, to be given to h2.
#[derive(Debug)]
pub struct Tap<IO> {
    io: IO,
    handle: Handle,
    timer: Timer,
    /// When a broken connection is given up.
    deadline: Option<Instant>,
    is_shut: bool,
}

impl<IO> Tap<IO> {
    /// Taps a connection on which we read requests.
    pub fn server(io: IO, limits: Limits) -> (Self, Handle) {
        Self::new(io, Role::Server, limits)
    }

    /// Taps a connection on which we read responses. h2 must be told to refuse pushes.
    pub fn client(io: IO, limits: Limits) -> (Self, Handle) {
        Self::new(io, Role::Client, limits)
    }

    fn new(io: IO, role: Role, limits: Limits) -> (Self, Handle) {
        let handle = Handle::new(role, limits);
        let tap =
            Self { io, handle: handle.clone(), timer: Timer::default(), deadline: None, is_shut: false };
        (tap, handle)
    }

    /// Octets that were read from the connection before the tap was put on it.
    pub fn prefill(&mut self, bytes: &[u8]) {
        self.handle.lock().inbound.input.extend_from_slice(bytes);
    }

    /// Gives the connection back, with what arrived and was not yet understood.
    pub fn into_parts(self) -> Parts<IO> {
        let read = std::mem::take(&mut self.handle.lock().inbound.input);
        Parts { io: self.io, read }
    }

    /// The connection beneath.
    pub fn io(&self) -> &IO {
        &self.io
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tap = &mut *self;
        let mut shared = tap.handle.lock();
        let before = buf.filled().len();
        loop {
            let Shared { session, inbound, .. } = &mut *shared;
            inbound.advance(session, Instant::now());
            if give(inbound, buf) && buf.remaining() > 0 && !inbound.input.is_empty() {
                continue;
            }
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            if session.is_over() {
                drop(shared);
                // h2 reads the end only behind the flush: it closes at once.
                ready!(tap.poll_over(cx));
                return Poll::Ready(Ok(()));
            }
            if inbound.is_ended {
                return Poll::Ready(Ok(()));
            }
            let payload = inbound.payload();
            let read = if session.is_stuck() {
                Poll::Pending
            } else if payload >= DIRECT && inbound.input.is_empty() {
                read_direct(Pin::new(&mut tap.io), cx, buf, payload).map_ok(|count| {
                    inbound.passed(count);
                    count
                })
            } else {
                inbound.input.reserve(READ);
                tokio_util::io::poll_read_buf(Pin::new(&mut tap.io), cx, &mut inbound.input)
            };
            match read {
                Poll::Ready(Ok(0)) => inbound.is_ended = true,
                Poll::Ready(Ok(_)) => awake::came(),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    keep(&mut shared.reader, cx);
                    return Poll::Pending;
                }
            }
        }
    }
}

/// Gives h2 what is there for it; whether there was anything.
fn give(inbound: &mut Inbound, buf: &mut ReadBuf<'_>) -> bool {
    let before = buf.filled().len();
    let count = inbound.output.len().min(buf.remaining());
    buf.put_slice(&inbound.output[..count]);
    inbound.output.advance(count);
    if inbound.output.is_empty() {
        let count = inbound.payload().min(inbound.input.len()).min(buf.remaining());
        buf.put_slice(&inbound.input[..count]);
        inbound.input.advance(count);
        if count > 0 {
            inbound.passed(count);
        }
    }
    buf.filled().len() > before
}

/// Reads straight into h2's buffer, at most to the end of the payload.
fn read_direct<IO: AsyncRead>(
    io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
    most: usize,
) -> Poll<io::Result<usize>> {
    let before = buf.filled().len();
    if most >= buf.remaining() {
        ready!(io.poll_read(cx, buf))?;
        return Poll::Ready(Ok(buf.filled().len() - before));
    }
    let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
    ready!(io.poll_read(cx, &mut part))?;
    let count = part.filled().len();
    buf.advance(count);
    Poll::Ready(Ok(count))
}

fn keep(place: &mut Option<std::task::Waker>, cx: &Context<'_>) {
    if !place.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *place = Some(cx.waker().clone());
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Tap<IO> {
    /// Ready once the GOAWAY of a broken connection is with the peer, or cannot be. When h2 has not even
    /// begun, it gives the connection up without closing it, so that is done here.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_said(cx));
        if self.handle.lock().inbound.has_begun() {
            return Poll::Ready(());
        }
        if !self.is_shut {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx)).ok();
            self.is_shut = true;
        }
        self.poll_linger(cx)
    }

    fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + LINGER);
        let mut shared = self.handle.lock();
        let Shared { session, outbound, .. } = &mut *shared;
        let said = if outbound.insert(session, Instant::now()) {
            match write_pending(Pin::new(&mut self.io), cx, outbound) {
                Poll::Ready(Ok(())) => Pin::new(&mut self.io).poll_flush(cx).map(|_| ()),
                Poll::Ready(Err(_)) => Poll::Ready(()),
                Poll::Pending => Poll::Pending,
            }
        } else {
            // h2 is within a frame: it goes on in `poll_write`, and comes back here.
            Poll::Pending
        };
        keep(&mut shared.reader, cx);
        if said.is_ready() { said } else { self.timer.poll_until(cx, deadline) }
    }

    /// Reads what still comes on a broken connection and throws it away, until the peer closes too.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + LINGER);
        let mut waste = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() && Instant::now() < deadline => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.timer.poll_until(cx, deadline),
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Tap<IO> {
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
        if shared.outbound.pending.len() >= PENDING {
            ready!(write_pending(Pin::new(io), cx, &mut shared.outbound))?;
        }
        let taken = take(&mut shared, bufs);
        if shared.session.has_for_engine()
            && let Some(waker) = shared.reader.take()
        {
            waker.wake();
        }
        let written = match taken.payload {
            Some(length) => {
                let outbound = &mut shared.outbound;
                write_payload(Pin::new(io), cx, outbound, bufs, taken.count, length)
            }
            None if taken.count > 0 || bufs.iter().all(|buf| buf.is_empty()) => Poll::Ready(Ok(0)),
            None => {
                // A section is missing; what is there meanwhile goes out.
                keep(&mut shared.writer, cx);
                ready!(write_pending(Pin::new(io), cx, &mut shared.outbound))?;
                ready!(Pin::new(io).poll_flush(cx))?;
                Poll::Pending
            }
        };
        match written {
            Poll::Ready(Ok(written)) => Poll::Ready(Ok(taken.count + written)),
            Poll::Pending if taken.count > 0 => Poll::Ready(Ok(taken.count)),
            other => other,
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, handle, .. } = &mut *self;
        let mut shared = handle.lock();
        let was_stuck = shared.session.is_stuck();
        let Shared { session, outbound, writer, reader, .. } = &mut *shared;
        let now = Instant::now();
        let is_over = outbound.insert(session, now);
        let is_waiting = outbound.is_waiting(session, now);
        if is_waiting {
            keep(writer, cx);
        }
        ready!(write_pending(Pin::new(&mut *io), cx, outbound))?;
        if (was_stuck || is_over)
            && let Some(waker) = reader.take()
        {
            waker.wake();
        }
        ready!(Pin::new(io).poll_flush(cx))?;
        if is_waiting { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        if !self.is_shut {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        if self.handle.lock().session.is_broken() {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}

/// What was taken of the buffers that h2 offers.
struct Taken {
    count: usize,
    /// A large payload of so many octets follows.
    payload: Option<usize>,
}

fn take(shared: &mut Shared, bufs: &[IoSlice<'_>]) -> Taken {
    let Shared { session, outbound, .. } = shared;
    let now = Instant::now();
    let mut count = 0;
    for buf in bufs {
        let mut rest = &buf[..];
        while !rest.is_empty() && (count == 0 || outbound.pending.len() < PENDING) {
            match outbound.step(session, rest, now) {
                Step::Took(taken) => {
                    count += taken;
                    rest = &rest[taken..];
                }
                Step::Payload(length) => return Taken { count, payload: Some(length) },
                Step::Wait => return Taken { count, payload: None },
            }
        }
        if !rest.is_empty() {
            break;
        }
    }
    Taken { count, payload: None }
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
        outbound.drain(count);
    }
    Poll::Ready(Ok(()))
}

/// Sends what is pending and, in the same call, the payload of `length` octets that lies behind `skip`
/// octets of `bufs`; returns how many of its octets went out, at least one.
fn write_payload<IO: AsyncWrite>(
    mut io: Pin<&mut IO>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound,
    bufs: &[IoSlice<'_>],
    skip: usize,
    length: usize,
) -> Poll<io::Result<usize>> {
    loop {
        let ours = outbound.pending.len();
        let mut slices = [IoSlice::new(&[]); SLICES];
        slices[0] = IoSlice::new(&outbound.pending);
        let filled = 1 + gather(&mut slices[1..], bufs, skip, length);
        let first = usize::from(ours == 0);
        let count = ready!(io.as_mut().poll_write_vectored(cx, &slices[first..filled]))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        outbound.drain(count.min(ours));
        if count > ours {
            outbound.passed(count - ours);
            return Poll::Ready(Ok(count - ours));
        }
    }
}

/// Puts `length` octets behind `skip` octets of `bufs` into `slices`, and returns how many were needed.
fn gather<'a>(
    slices: &mut [IoSlice<'a>],
    bufs: &'a [IoSlice<'_>],
    mut skip: usize,
    mut length: usize,
) -> usize {
    let mut filled = 0;
    for buf in bufs {
        let part = &buf[skip.min(buf.len())..];
        skip -= skip.min(buf.len());
        let part = &part[..part.len().min(length)];
        if !part.is_empty() && filled < slices.len() {
            length -= part.len();
            slices[filled] = IoSlice::new(part);
            filled += 1;
        }
    }
    filled
}
