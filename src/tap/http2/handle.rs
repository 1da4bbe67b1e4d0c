//! The exchange's hold on a frame tap: take what arrived on a stream, queue what is to be sent on it.

use super::super::OutHead;
use super::inbound::Inbound;
use super::outbound::Outbound;
use super::session::Session;
use super::streams::Stream;
use super::{ErrorCode, Role};
use crate::exchange::{FrameNote, Head};
use crate::hop::{Bounds, Fault, RequestFacts, ResponseFacts};
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// What a peer may do before it is told to calm down, and how large its sections may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of field sections.
    pub bounds: Bounds,
    /// Frames that ask for work and bring nothing (`RST_STREAM`, SETTINGS, PING, PRIORITY, empty DATA,
    /// CONTINUATION) that a peer may send within ten seconds before GOAWAY `ENHANCE_YOUR_CALM`.
    pub idle_frames: u32,
}

/// A request that arrived on a stream.
#[derive(Debug)]
pub struct Request {
    /// Its section as text (`Head::of_request_section`).
    pub head: Head,
    /// What the check found, or why it is to be answered with a refusal (431): the stream stands.
    pub facts: Result<RequestFacts, Fault>,
    /// When the first octet of its HEADERS frame was there, and when it was whole.
    pub at: (Instant, Instant),
    /// Names of fields that must not be put into a compression table (RFC 7541 7.1.3).
    pub never_indexed: Vec<Bytes>,
}

/// A final response that arrived on a stream.
#[derive(Debug)]
pub struct Response {
    /// Its section as text (`Head::of_response_section`).
    pub head: Head,
    /// What the check found, or why it is not usable.
    pub facts: Result<ResponseFacts, Fault>,
    /// When it was whole.
    pub at: Instant,
    /// Names of fields that must not be put into a compression table (RFC 7541 7.1.3).
    pub never_indexed: Vec<Bytes>,
}

/// A stream that the tap refused by `RST_STREAM`, or the connection by GOAWAY: h2 saw nothing of it.
#[derive(Debug)]
pub struct Refused {
    /// The stream; 0 for what concerns the whole connection.
    pub stream: u32,
    /// What came of its section.
    pub head: Head,
    /// Why.
    pub fault: Fault,
    /// The error code that was sent, as RFC 9113 7 names it: `PROTOCOL_ERROR`.
    pub code: &'static str,
    /// When its first octet was there, and when it was refused.
    pub at: (Instant, Instant),
}

/// How far a connection got, and how it is being left.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The highest stream that either side used; 0 when there was none.
    pub highest_stream: u32,
    /// The last GOAWAY that was sent, by h2 or by the tap.
    pub sent: Option<GoAway>,
    /// The last GOAWAY that came in.
    pub received: Option<GoAway>,
}

/// GOAWAY (RFC 9113 6.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// The last stream that its sender took.
    pub last_stream: u32,
    /// Why.
    pub code: ErrorCode,
    /// In words, perhaps; any octets, at most 1,024.
    pub debug: Bytes,
}

/// State shared by a tap and its handles. Locked for moments, by one task, never over an await.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
    /// The task that h2 reads in.
    pub(super) reader: Option<Waker>,
    /// The task that h2 writes in, when it waits for a section.
    pub(super) writer: Option<Waker>,
}

/// A handle to the frame tap of one connection. Whatever is queued for a stream must be queued before
/// h2 is told to send; a section of h2's for which nothing is queued yet waits in the tap.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Mutex<Shared>>);

impl Handle {
    pub(super) fn new(role: Role, limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(Shared {
            session: Session::new(role, limits),
            inbound: Inbound::new(role),
            outbound: Outbound::new(role),
            reader: None,
            writer: None,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request on this stream, once h2 has accepted it. `None` where h2 reset the stream before: then
    /// it is among the refused.
    #[must_use]
    pub fn take_request(&self, stream: u32) -> Option<Request> {
        self.lock().session.streams.get(stream)?.arrived.request.take()
    }

    /// The next refused stream.
    pub fn poll_refused(&self, cx: &mut Context<'_>) -> Poll<Refused> {
        let session = &mut self.lock().session;
        if let Some(refused) = session.take_refused() {
            return Poll::Ready(refused);
        }
        session.refused_waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Says what the response on this stream answers. To be said before its head is queued.
    pub fn expect(&self, stream: u32, to_head: bool) {
        if let Some(stream) = self.lock().session.streams.queueing(stream) {
            stream.arrived.to_head = to_head;
        }
    }

    /// The response on this stream, once h2 has it.
    #[must_use]
    pub fn take_response(&self, stream: u32) -> Option<Response> {
        self.lock().session.streams.get(stream)?.arrived.response.take()
    }

    /// Interim responses on this stream since the last look; `cx` is woken when one comes.
    #[must_use]
    pub fn poll_interims(&self, cx: &mut Context<'_>, stream: u32) -> Vec<(Head, ResponseFacts)> {
        let mut shared = self.lock();
        let Some(stream) = shared.session.streams.get(stream) else { return Vec::new() };
        let interims = std::mem::take(&mut stream.arrived.interims);
        if interims.is_empty() {
            stream.arrived.interims_waker = Some(cx.waker().clone());
        }
        interims
    }

    /// The trailer section that ended the message on this stream: lines `name: value` with CR LF, and names of
    /// fields that must not be put into a compression table (RFC 7541 7.1.3).
    #[must_use]
    pub fn take_trailers(&self, stream: u32) -> Option<(Bytes, Vec<Bytes>)> {
        self.lock().session.streams.get(stream)?.arrived.trailers.take()
    }

    /// What was wrong with a stream that was reset while h2 was at work on it, or with the whole connection
    /// when that was ended for a breach of the rules.
    #[must_use]
    pub fn stream_fault(&self, stream: u32) -> Option<Fault> {
        self.lock().session.take_fault(stream)
    }

    /// The exact section to send when h2 writes its own for this stream. `head.raw` is a head as text.
    /// Of a request the stream is known only when h2 has it: to be queued without an await in between,
    /// for until then h2 can write nothing else.
    pub fn queue(&self, stream: u32, head: OutHead, never_indexed: Vec<Bytes>) {
        let mut shared = self.lock();
        if let Some(stream) = shared.session.streams.queueing(stream) {
            stream.leaving.head = Some((head, never_indexed));
        }
        shared.go_on_writing();
    }

    /// Sends an interim section on this stream at once; false when the final one has begun (or when the
    /// peer has not even read many before).
    #[must_use]
    pub fn inject(&self, stream: u32, head: &Head) -> bool {
        let mut shared = self.lock();
        let is_early = |stream: &mut Stream| !stream.state.is_over() && !stream.leaving.has_begun;
        if !shared.session.streams.get(stream).is_some_and(is_early) || shared.session.is_over() {
            return false;
        }
        if !shared.outbound.inject(stream, head.clone()) {
            return false;
        }
        if let Some(waker) = shared.reader.take() {
            waker.wake();
        }
        shared.go_on_writing();
        true
    }

    /// The section to send when h2 writes its trailers for this stream: lines with CR LF.
    pub fn send_trailers(&self, stream: u32, section: Bytes, never_indexed: Vec<Bytes>) {
        let mut shared = self.lock();
        if let Some(stream) = shared.session.streams.queueing(stream) {
            stream.leaving.trailers = Some((section, never_indexed));
        }
        shared.go_on_writing();
    }

    /// Frames of this stream since the last look; of stream 0 the connection's own. `FrameNote::at` is
    /// left 0: the time stands beside.
    #[must_use]
    pub fn take_frames(&self, stream: u32) -> Vec<(Instant, FrameNote)> {
        self.lock().session.take_notes(stream)
    }

    /// Whether the peer said `SETTINGS_ENABLE_CONNECT_PROTOCOL` = 1 (RFC 8441 3). Ready once its first
    /// SETTINGS came, or none will.
    pub fn poll_extended_connect(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let session = &mut self.lock().session;
        match session.connect_protocol {
            Some(takes) => Poll::Ready(takes),
            None if session.is_over() => Poll::Ready(false),
            None => {
                session.await_settings(cx.waker());
                Poll::Pending
            }
        }
    }

    /// Whether the peer has window left for one more stream: most of the connection's may be taken up by what
    /// nobody takes (RFC 9113 5.2.2).
    #[must_use]
    pub fn has_window(&self) -> bool {
        self.lock().session.has_window()
    }

    /// The connection is over: a peer that has sent no SETTINGS will send none.
    pub fn give_up(&self) {
        self.lock().session.no_settings();
    }

    /// How far the connection got, and how it is being left.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.lock().session.standing()
    }
}

impl Shared {
    /// Has h2 write on when something that it waits for is there.
    fn go_on_writing(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }
}
