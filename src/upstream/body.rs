//! Bodies on their way through: relayed frame by frame, copied for the capture as they pass.

use super::awaited::Awaited;
use super::kept::Kept;
use super::source::{Cut, Source};
use crate::exchange::{Cause, Head, Side};
use crate::hop::{self, Framing, Version};
use crate::recorder::BodyTee;
use crate::tap::End;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body relayed from one connection of the hop to the other.
#[derive(Debug)]
pub struct Relay {
    source: Source,
    /// Bytes still to come where the framing tells.
    left: Option<u64>,
    tee: BodyTee,
    side: Side,
    /// Data that waits for room in the recorder, and whether it has been copied.
    held: Option<(Bytes, bool)>,
    ended: bool,
    trailers: Option<Bytes>,
    /// Their fields that must not be put into a compression table (RFC 7541 7.1.3).
    never_indexed: Vec<Bytes>,
    /// Trailer lines that do not go on.
    withheld: Vec<(u16, Cause)>,
    /// Whether the receiver's framing has room for trailers: a stream's always has (RFC 9113 8.1).
    has_room: bool,
    /// The head that the body belongs to: its Connection may name trailer fields.
    head: Option<Head>,
    from: End,
    to: End,
    /// A trailer section waits on the receiver's tap for its engine to end the stream with one.
    to_trail: bool,
    /// What went out toward a stream.
    kept: Kept,
    awaited: Awaited,
}

impl Relay {
    /// Relays `source`, the body that arrives at `from`, framed as `framing` toward the receiver at `to`.
    #[must_use]
    pub fn new(source: Source, framing: Framing, side: Side, mut tee: BodyTee, from: End, to: End) -> Self {
        tee.expect(counted(framing));
        let kept = if to.is_http2() && side == Side::Client { Kept::all() } else { Kept::nothing() };
        Self {
            source,
            left: counted(framing),
            tee,
            side,
            held: None,
            ended: false,
            trailers: None,
            never_indexed: Vec::new(),
            withheld: Vec::new(),
            has_room: has_room(framing, &to),
            head: None,
            from,
            to,
            to_trail: false,
            kept,
            awaited: Awaited::default(),
        }
    }

    /// Says in `awaited` since when the sender is waited for.
    #[must_use]
    pub fn telling(mut self, awaited: &Awaited) -> Self {
        self.awaited = awaited.clone();
        self
    }

    /// Whether all that went out is still there.
    #[must_use]
    pub fn can_go_again(&self) -> bool {
        self.kept.is_all() && self.held.is_none()
    }

    /// The same body from its beginning on, framed as `framing` toward the receiver at `to`: the one before
    /// has not looked at it (RFC 9113 8.7). What was copied is not copied again.
    #[must_use]
    pub fn again(mut self, framing: Framing, to: End) -> Self {
        let again = self.kept.take();
        (self.has_room, self.to, self.to_trail) = (has_room(framing, &to), to, false);
        self.left = counted(framing).map(|left| left.saturating_sub(again.len() as u64));
        self.held = (!again.is_empty()).then_some((again, true));
        if self.ended {
            self.pass_trailers();
        }
        self
    }

    /// A body that does not end by counting may end in trailers, which the rules for this head apply to.
    #[must_use]
    pub fn under(mut self, head: &Head) -> Self {
        let counted = self.left.is_some() && !self.to.is_http2();
        self.head = (!counted).then(|| head.clone());
        self
    }

    /// The exact length of what is still to come, where the framing tells it.
    #[must_use]
    pub fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }

    /// The recording that the body is copied to.
    #[must_use]
    pub fn tee(&mut self) -> &mut BodyTee {
        &mut self.tee
    }

    /// Whether the body ended as its framing promised.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ended
    }

    /// Whether nothing more will be handed on, not even trailers.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended && self.held.is_none() && !self.to_trail
    }

    /// The next data. The end is noted before the last frame of a counted body is handed on,
    /// because a receiver that has counted to the end does not ask again.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        loop {
            if let Some((data, copied)) = &mut self.held {
                if !*copied {
                    ready!(self.tee.poll_copy(cx, data));
                    *copied = true;
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                }
                if self.is_last() {
                    ready!(self.poll_end(cx));
                }
                let data = self.held.take().map(|(data, _)| data);
                self.kept.add(data.as_deref().unwrap_or_default());
                return Poll::Ready(data.map(Ok));
            }
            if self.ended {
                ready!(self.poll_end(cx));
                return Poll::Ready(None);
            }
            let Poll::Ready(came) = self.source.poll_data(cx) else {
                self.awaited.begin();
                return Poll::Pending;
            };
            self.awaited.end();
            match came {
                Some(Ok(data)) => self.held = Some((data, false)),
                Some(Err(cut)) => {
                    self.tee.cut();
                    return Poll::Ready(Some(Err(cut)));
                }
                None if self.left.is_some_and(|left| left > 0) => {
                    self.tee.cut();
                    return Poll::Ready(Some(Err(Cut { code: None })));
                }
                None => self.note_end(),
            }
        }
    }

    /// The next frame: data, or, toward a stream, the sign that its trailers are to be sent now.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match ready!(self.poll_data(cx)) {
            Some(data) => Poll::Ready(Some(data.map(Frame::data))),
            None if std::mem::take(&mut self.to_trail) => {
                let stand_in = (HeaderName::from_static("t"), HeaderValue::from_static(""));
                Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter([stand_in])))))
            }
            None => Poll::Ready(None),
        }
    }

    /// Whether nothing comes behind the data in hand. A stream may end in trailers whatever its length
    /// was said to be (RFC 9113 8.1): what counts there is its end, unless the receiver counts.
    fn is_last(&self) -> bool {
        if self.from.is_http2() && self.to.is_http2() { self.source.is_over() } else { self.left == Some(0) }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.ended {
            self.note_end();
        }
        ready!(self.tee.poll_complete(cx, &self.trailers));
        if !self.withheld.is_empty() {
            let (side, withheld) = (self.side, std::mem::take(&mut self.withheld));
            self.tee.recording().note(|exchange| exchange.body_mut(side).withheld = withheld);
        }
        Poll::Ready(())
    }

    /// Trailers came before the end did, so they are on the receiver's tap before its last chunk is.
    fn note_end(&mut self) {
        self.ended = true;
        if let Some((trailers, never_indexed)) = self.from.take_trailers() {
            (self.trailers, self.never_indexed) = (Some(trailers), never_indexed);
        }
        self.pass_trailers();
        let recording = self.tee.recording();
        let now = recording.elapsed();
        let side = self.side;
        recording.note(|exchange| match side {
            Side::Client => exchange.timing.request_end = Some(now),
            Side::Origin => exchange.timing.response_end = Some(now),
        });
    }

    fn pass_trailers(&mut self) {
        match (&self.trailers, &self.head) {
            (None, _) => {}
            (Some(trailers), Some(head)) if self.has_room => {
                let toward = if self.to.is_http2() { Version::Http2 } else { Version::Http11 };
                let forwarded = hop::forward_trailers(head, trailers, toward);
                self.withheld = forwarded.removed;
                self.to_trail = self.to.is_http2() && !forwarded.raw.is_empty();
                if self.to_trail || !self.to.is_http2() {
                    self.to.send_trailers(forwarded.raw, self.never_indexed.clone());
                }
            }
            (Some(trailers), _) => self.withheld = hop::withhold_trailers(trailers),
        }
    }
}

/// The length of a body that ends by counting.
fn counted(framing: Framing) -> Option<u64> {
    if let Framing::Length(length) = framing { Some(length) } else { None }
}

/// Whether a framing has room for trailers.
fn has_room(framing: Framing, to: &End) -> bool {
    framing == Framing::Chunked || to.is_http2()
}

/// The body of a request toward the origin.
#[derive(Debug)]
pub enum RequestBody {
    /// None.
    Empty,
    /// The stream stays open for another protocol (RFC 8441 5).
    Open,
    /// Relayed from the client.
    Relayed(Box<Relay>),
    /// Bytes that we have whole.
    Whole(Option<Bytes>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Open => Poll::Pending,
            Self::Relayed(relay) => relay.poll_frame(cx),
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty | Self::Whole(None) => true,
            Self::Open | Self::Whole(Some(_)) => false,
            Self::Relayed(relay) => relay.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Whole(None) => SizeHint::with_exact(0),
            Self::Whole(Some(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Self::Open => SizeHint::new(),
            Self::Relayed(relay) => relay.size_hint(),
        }
    }
}
