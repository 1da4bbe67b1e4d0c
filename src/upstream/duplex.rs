//! A stream of HTTP/2 as bytes both ways, for what a CONNECT opened (RFC 9113 8.5), or an extended one (RFC 8441 5).

use super::room::Room;
use super::share::Share;
use super::source::reset_code;
use crate::exchange::Side;
use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether what was read of two joined streams, one from each, ended with its last octet: then the other
/// stream's last octet can carry `END_STREAM` too, as it did where it came from. A peer may take a lone
/// `END_STREAM` behind its own end amiss.
#[derive(Clone, Debug, Default)]
pub struct Joint {
    client: Arc<AtomicBool>,
    origin: Arc<AtomicBool>,
    /// The code with which one of them was reset, and one more; 0 where none was.
    reset: Arc<AtomicU64>,
}

impl Joint {
    fn of(&self, side: Side) -> &AtomicBool {
        match side {
            Side::Client => &self.client,
            Side::Origin => &self.origin,
        }
    }

    /// The peer of one stream reset it: the other is reset with the same code (RFC 9113 7).
    fn note_reset(&self, code: Option<u32>) {
        if let Some(code) = code {
            self.reset.store(u64::from(code) + 1, Ordering::Relaxed);
        }
    }

    fn reset(&self) -> Option<Reason> {
        let code = self.reset.load(Ordering::Relaxed).checked_sub(1)?;
        u32::try_from(code).ok().map(Reason::from)
    }
}

/// Both halves of a stream. `END_STREAM` is its half-close; let go before that, it is reset.
#[derive(Debug)]
pub struct Duplex {
    sender: SendStream<Bytes>,
    receiver: RecvStream,
    room: Room,
    /// Received, and not yet read.
    ahead: Bytes,
    finished: bool,
    /// The stream that this one is joined to, and which of the two it is.
    joint: (Joint, Side),
    /// What it is reset with, where the other was not.
    reason: Reason,
    /// What must live as long as the stream.
    share: Option<Share>,
}

impl Duplex {
    /// Over the halves of one stream, which is that side's.
    #[must_use]
    pub fn new(sender: SendStream<Bytes>, receiver: RecvStream, joint: Joint, side: Side) -> Self {
        let (ahead, joint, reason) = (Bytes::new(), (joint, side), Reason::CANCEL);
        Self { sender, receiver, room: Room::default(), ahead, finished: false, joint, reason, share: None }
    }

    /// The tunnel that a CONNECT opened, which is reset with `CONNECT_ERROR` (RFC 9113 8.5).
    #[must_use]
    pub fn tunnel(sender: SendStream<Bytes>, receiver: RecvStream) -> Self {
        let mut tunnel = Self::new(sender, receiver, Joint::default(), Side::Client);
        tunnel.reason = Reason::CONNECT_ERROR;
        tunnel
    }

    /// Of a connection that must stand as long.
    #[must_use]
    pub fn sharing(mut self, share: Share) -> Self {
        self.share = Some(share);
        self
    }

    fn broken(&self, error: &h2::Error) -> io::Error {
        self.joint.0.note_reset(reset_code(error));
        let kind = match error.get_io() {
            Some(io) => io.kind(),
            None => io::ErrorKind::ConnectionReset,
        };
        io::Error::new(kind, error.to_string())
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.ahead.is_empty() {
            match ready!(this.receiver.poll_data(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(this.broken(&error))),
                Some(Ok(data)) => this.ahead = data,
            }
        }
        let part = this.ahead.split_to(this.ahead.len().min(buf.remaining()));
        buf.put_slice(&part);
        // A stream that is over has no window to give back.
        let _ = this.receiver.flow_control().release_capacity(part.len());
        if this.ahead.is_empty() && this.receiver.is_end_stream() {
            let (joint, side) = &this.joint;
            joint.of(*side).store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let this = &mut *self;
        let count = match ready!(this.room.poll(cx, &mut this.sender, bytes.len())) {
            Some(Ok(count)) => count,
            Some(Err(error)) => return Poll::Ready(Err(this.broken(&error))),
            None => {
                if let Poll::Ready(Ok(reason)) = this.sender.poll_reset(cx) {
                    this.joint.0.note_reset(Some(reason.into()));
                }
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        };
        let part = Bytes::copy_from_slice(bytes.get(..count).unwrap_or_default());
        // All that was read is in `bytes`: a relay reads on into the buffer that it writes from.
        let (joint, side) = &this.joint;
        let last = count == bytes.len() && joint.of(side.other()).load(Ordering::Relaxed);
        this.finished |= last;
        this.sender.send_data(part, last).map_err(|error| this.broken(&error))?;
        Poll::Ready(Ok(count))
    }

    /// The connection's own task writes what it was given.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.finished {
            self.finished = true;
            self.sender.send_data(Bytes::new(), true).map_err(|error| self.broken(&error))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        if !self.finished || !self.receiver.is_end_stream() {
            self.sender.send_reset(self.joint.0.reset().unwrap_or(self.reason));
        }
    }
}
