//! A response's body on its way to the client; it drives the origin connection that it comes from.

use super::context::Client;
use crate::exchange::{Failure, Kind, Phase, Side};
use crate::recorder::{BodyTee, Recording};
use crate::upstream::{Cut, Relay, Upstream};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The body of a response.
#[derive(Debug)]
pub enum ResponseBody {
    /// None, from the origin: the exchange is complete when its head is written.
    Empty,
    /// Made by us.
    Ours(Option<Bytes>, Box<BodyTee>),
    /// Relayed from the origin.
    Relayed(Box<Relayed>),
}

/// A relayed body together with the origin connection that it comes from.
#[derive(Debug)]
pub struct Relayed {
    relay: Relay,
    upstream: Option<Upstream>,
    client: Arc<Client>,
    recording: Recording,
    /// The origin failed: what has come is flushed to the client before the stream is cut.
    cutting: Option<u64>,
    persistent: bool,
}

impl ResponseBody {
    /// Bytes of our own, copied into the record.
    #[must_use]
    pub fn ours(bytes: Bytes, recording: Recording) -> Self {
        let tee = Box::new(BodyTee::new(recording, Side::Origin));
        let bytes = (!bytes.is_empty()).then_some(bytes);
        let mut body = Self::Ours(bytes, tee);
        body.note_ours();
        body
    }

    /// Relays a body from `upstream`, which goes back to the client's connections at its end
    /// when `persistent`.
    #[must_use]
    pub fn relayed(
        relay: Relay,
        upstream: Upstream,
        client: Arc<Client>,
        recording: Recording,
        persistent: bool,
    ) -> Self {
        let upstream = Some(upstream);
        Self::Relayed(Box::new(Relayed { relay, upstream, client, recording, cutting: None, persistent }))
    }

    fn note_ours(&mut self) {
        let Self::Ours(bytes, tee) = self else { return };
        let mut cx = Context::from_waker(std::task::Waker::noop());
        if let Some(bytes) = bytes {
            // Our own texts are short: they fit the buffer, so this never waits.
            let _ = tee.poll_copy(&mut cx, bytes);
        }
        if tee.poll_complete(&mut cx, &None).is_pending() {
            tee.cut();
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Ours(bytes, _) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Relayed(relayed) => relayed.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty | Self::Ours(None, _))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Ours(None, _) => SizeHint::with_exact(0),
            Self::Ours(Some(bytes), _) => SizeHint::with_exact(bytes.len() as u64),
            Self::Relayed(relayed) => relayed.relay.size_hint(),
        }
    }
}

/// Whether the request is out. An answer may come before that (RFC 9112 9.5); nobody would send the
/// rest on, so the connection to the origin ends with the answer, and the client's, too.
pub(super) fn is_sent(recording: &Recording) -> bool {
    recording.note(|exchange| exchange.request_body.complete || exchange.timing.request_end.is_some())
}

impl Relayed {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(mark) = self.cutting {
            ready!(self.client.tap.poll_flushed(cx, mark));
            return Poll::Ready(Some(Err(Cut)));
        }
        if let Some(upstream) = &mut self.upstream {
            let _ = upstream.poll_drive(cx);
        }
        match ready!(self.relay.poll_data(cx)) {
            Some(Ok(data)) => {
                if self.relay.is_complete() {
                    self.finish();
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            None => {
                self.finish();
                Poll::Ready(None)
            }
            Some(Err(Cut)) => {
                self.fail();
                let mark = self.client.tap.flushes();
                self.cutting = Some(mark);
                ready!(self.client.tap.poll_flushed(cx, mark));
                Poll::Ready(Some(Err(Cut)))
            }
        }
    }

    fn finish(&mut self) {
        if let Some(mut upstream) = self.upstream.take() {
            self.recording.complete();
            upstream.rest();
            if self.persistent && is_sent(&self.recording) {
                self.client.keep(upstream);
            }
        }
    }

    fn fail(&mut self) {
        let fault = self.upstream.as_ref().and_then(|upstream| upstream.tap().body_fault());
        let (kind, says) = match fault {
            Some(fault) if fault.clause != "RFC 9112 8" => {
                (Kind::Malformed, format!("{} ({})", fault.says, fault.clause))
            }
            _ => (
                Kind::Closed,
                "the origin closed the connection before its answer's body was complete".to_owned(),
            ),
        };
        self.recording.fail(Failure { side: Side::Origin, phase: Phase::Body, kind, says });
        self.upstream = None;
    }
}
