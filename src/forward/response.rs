//! A response's body on its way to the client; it drives the origin connection that it comes from.

use super::context::{Client, Dialed};
use super::note::is_sent;
use super::{blame, upload};
use crate::exchange::{Authority, Side};
use crate::recorder::{BodyTee, Recording};
use crate::tap::{End, Parts};
use crate::upstream::{Cut, Io, Joint, Relay, Source, Upstream};
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
    /// None either, but the rest of a stream's request is still on its way to this origin.
    Uploading(Upstream),
    /// Made by us.
    Ours(Option<Bytes>, Box<BodyTee>),
    /// Relayed from the origin.
    Relayed(Box<Relayed>),
    /// No response at all: the client's stream is reset with this code of its origin's.
    Reset(u32),
    /// The stream becomes another protocol's (RFC 8441 5).
    Switched(Box<Switched>),
    /// The stream becomes a tunnel (RFC 9113 8.5).
    Connected(Box<Connected>),
}

/// A stream that becomes a tunnel: what is spoken in it, its first bytes tell.
#[derive(Debug)]
pub struct Connected {
    /// What CONNECT named.
    pub authority: Authority,
    /// The other end.
    pub dialed: Dialed,
    /// The CONNECT's record.
    pub recording: Recording,
    /// What comes from the client.
    pub body: Source,
}

/// A stream that becomes another protocol's: bytes go both ways from here.
#[derive(Debug)]
pub struct Switched {
    /// The origin's end and what it has already sent.
    pub origin: Parts<Box<dyn Io>>,
    /// What comes from the client.
    pub body: Source,
    /// Joins the client's stream to the origin's.
    pub joint: Joint,
    /// The exchange's record.
    pub recording: Recording,
}

/// A relayed body together with the origin connection that it comes from.
#[derive(Debug)]
pub struct Relayed {
    relay: Relay,
    upstream: Option<Upstream>,
    client: Arc<Client>,
    /// The client's end, and where the body arrives.
    ends: (End, End),
    recording: Recording,
    /// The origin failed: what has come is flushed to the client before the stream is cut.
    cutting: Option<(u64, Option<u32>)>,
    rest: Rest,
}

/// What may follow a response.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// The origin's connection serves again.
    pub keep: bool,
    /// The rest of a request whose answer came early is sent on.
    pub upload: bool,
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

    /// Relays a body from `upstream` to the client's end of `ends`; it goes back to the client's
    /// connections at its end where `rest` says so.
    #[must_use]
    pub fn relayed(
        relay: Relay,
        upstream: Upstream,
        client: Arc<Client>,
        ends: (End, End),
        recording: Recording,
        rest: Rest,
    ) -> Self {
        let upstream = Some(upstream);
        Self::Relayed(Box::new(Relayed { relay, upstream, client, ends, recording, cutting: None, rest }))
    }

    /// Goes on with a request whose answer is already over; ready when nothing of it is left, or nobody
    /// takes the rest (RFC 9113 8.1).
    pub fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Relayed(relayed) => match &mut relayed.upstream {
                Some(upstream) => upstream.poll_drive(cx),
                None => Poll::Ready(()),
            },
            Self::Uploading(upstream) => upstream.poll_drive(cx),
            _ => Poll::Ready(()),
        }
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
            Self::Empty | Self::Uploading(_) | Self::Switched(_) | Self::Connected(_) => Poll::Ready(None),
            Self::Reset(code) => Poll::Ready(Some(Err(Cut { code: Some(*code) }))),
            Self::Ours(bytes, _) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Relayed(relayed) => relayed.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty | Self::Uploading(_) | Self::Ours(None, _) => true,
            Self::Relayed(relayed) => relayed.relay.is_over(),
            Self::Ours(Some(_), _) | Self::Reset(_) | Self::Switched(_) | Self::Connected(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Uploading(_) | Self::Ours(None, _) => SizeHint::with_exact(0),
            Self::Ours(Some(bytes), _) => SizeHint::with_exact(bytes.len() as u64),
            Self::Relayed(relayed) => relayed.relay.size_hint(),
            Self::Reset(_) | Self::Switched(_) | Self::Connected(_) => SizeHint::new(),
        }
    }
}

/// A body that hyper lets go before its end was not read by the client, or the client has gone.
impl Drop for Relayed {
    fn drop(&mut self) {
        if self.upstream.is_some() && self.ends.0.is_stalled() {
            let limit = self.client.shard.settings.limits.write_timeout;
            self.recording.fail(blame::unread(Side::Client, limit));
        }
    }
}

impl Relayed {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some((mark, code)) = self.cutting {
            ready!(self.ends.0.poll_flushed(cx, mark));
            return Poll::Ready(Some(Err(Cut { code })));
        }
        if let Some(upstream) = &mut self.upstream {
            let _ = upstream.poll_drive(cx);
        }
        match ready!(self.relay.poll_frame(cx)) {
            Some(Ok(frame)) => {
                if self.relay.is_complete() {
                    self.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            None => {
                self.finish();
                Poll::Ready(None)
            }
            Some(Err(Cut { code })) => {
                self.fail(code);
                let mark = self.ends.0.flushes();
                self.cutting = Some((mark, code));
                ready!(self.ends.0.poll_flushed(cx, mark));
                Poll::Ready(Some(Err(Cut { code })))
            }
        }
    }

    /// The answer is whole. A stream's request may still be on its way: then the origin takes the rest,
    /// or says that it does not.
    fn finish(&mut self) {
        let Some(mut upstream) = self.upstream.take() else { return };
        upstream.rest();
        let sent = is_sent(&self.recording);
        if !sent && self.ends.0.is_http2() {
            self.upstream = Some(upstream);
            return self.recording.complete();
        }
        if !sent && self.rest.upload {
            return upload::go_on(Arc::clone(&self.client), upstream, self.recording.clone());
        }
        self.recording.complete();
        if sent && self.rest.keep {
            self.client.keep(upstream);
        }
    }

    fn fail(&mut self, code: Option<u32>) {
        self.recording.fail(blame::cut_answer(self.ends.1.body_fault(), code));
        self.upstream = None;
    }
}
