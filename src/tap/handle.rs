//! The exchange's hold on a tap: take what arrived, queue what is to be sent.

use super::inbound::{Arrival, Expected, Inbound, Role};
use super::outbound::{OutHead, Outbound};
use crate::exchange::Head;
use crate::hop::{Fault, ResponseFacts};
use bytes::Bytes;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// State shared by a tap and its handles. Locked for moments, by one task, never over an await.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
    pub(super) waker: Option<Waker>,
    /// How often everything that hyper had to write has been written.
    pub(super) flushes: u64,
    pub(super) flush_waker: Option<Waker>,
    /// The peer took nothing for too long, and the connection was given up.
    pub(super) stalled: bool,
}

impl Shared {
    /// What a write comes to: where an origin has reset the connection, its answer may lie there unread, and whatever is
    /// still to be written is taken into nothing (RFC 9112 9.5: "SHOULD monitor the open connection for an error
    /// response while it is transmitting").
    pub(super) fn unless_lost<T>(&mut self, outcome: Poll<io::Result<T>>, taken: T) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Ready(Err(error)) if self.inbound.role() == Role::Client && is_reset(error.kind()) => {
                self.outbound.lose(error.kind());
                Poll::Ready(Ok(taken))
            }
            outcome => outcome,
        }
    }

    /// Has hyper read on when the answer that something waits for has just been written.
    pub(super) fn go_on(&mut self) {
        if self.inbound.awaits_answer()
            && self.outbound.messages > self.inbound.answered
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }
}

/// Whether the other end is gone.
fn is_reset(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset)
}

/// A handle to the tap of one connection.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Mutex<Shared>>);

/// 1xx heads that arrived from an origin since the last look.
pub type Interims = Vec<(Head, ResponseFacts)>;

impl Handle {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(Mutex::new(shared)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request (or refusal) with this number; `None` would mean that hyper made one up.
    #[must_use]
    pub fn take_request(&self, number: u64) -> Option<Arrival> {
        let mut shared = self.lock();
        let at = shared.inbound.arrivals.iter().position(|arrival| match arrival {
            Arrival::Request { number: of, .. } | Arrival::Refused { number: of, .. } => *of == number,
            Arrival::Response { .. } => false,
        })?;
        shared.inbound.arrivals.remove(at)
    }

    /// The response (or refusal) that arrived on an origin connection.
    #[must_use]
    pub fn take_response(&self) -> Option<Arrival> {
        self.lock().inbound.arrivals.pop_front()
    }

    /// 1xx heads since the last look.
    #[must_use]
    pub fn take_interims(&self) -> Interims {
        let mut shared = self.lock();
        if shared.inbound.interims.is_empty() {
            Vec::new()
        } else {
            shared.inbound.interims.drain(..).collect()
        }
    }

    /// Queues the exact head of the next message to be written.
    pub fn queue(&self, head: OutHead) {
        self.lock().outbound.queue(head);
    }

    /// Says what the next response answers, and returns its number for [`Handle::take_trailers`].
    #[must_use]
    pub fn expect(&self, to_head: bool, upgrade: bool) -> u64 {
        let mut shared = self.lock();
        shared.inbound.expect(Expected { to_head, upgrade });
        shared.inbound.number()
    }

    /// Writes an interim head at once; false when the final head has already begun.
    #[must_use]
    pub fn inject(&self, head: &[u8]) -> bool {
        let mut shared = self.lock();
        let taken = shared.outbound.inject(head);
        if taken && let Some(waker) = shared.waker.take() {
            waker.wake();
        }
        taken
    }

    /// The trailer section that ended message `number`, as on the wire with its line ends.
    #[must_use]
    pub fn take_trailers(&self, number: u64) -> Option<Bytes> {
        self.lock().inbound.take_trailers(number)
    }

    /// Trailers to end the chunked message that is being written.
    pub fn send_trailers(&self, section: Bytes) {
        self.lock().outbound.trailers(section);
    }

    /// Lets HTTP go on after request `number`, if that is a CONNECT or Upgrade that was refused.
    pub fn resume(&self, number: u64) {
        let mut shared = self.lock();
        shared.inbound.resume(number);
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }

    /// A mark for [`Handle::poll_flushed`].
    #[must_use]
    pub fn flushes(&self) -> u64 {
        self.lock().flushes
    }

    /// Ready once all that hyper was given before the mark was taken is on the socket.
    pub fn poll_flushed(&self, cx: &mut Context<'_>, mark: u64) -> Poll<()> {
        let mut shared = self.lock();
        if shared.flushes > mark {
            return Poll::Ready(());
        }
        shared.flush_waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Whether the connection was given up because the peer took none of what waited for it.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.lock().stalled
    }

    /// What broke the body that was being read.
    #[must_use]
    pub fn body_fault(&self) -> Option<Fault> {
        self.lock().inbound.body_fault.clone()
    }

    /// Whether the peer has sent all of its last message and nothing behind it.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.lock().inbound.is_between()
    }
}
