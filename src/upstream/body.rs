//! Bodies on their way through: relayed frame by frame, copied for the capture as they pass.

use crate::exchange::{Head, Side};
use crate::hop::{self, Framing};
use crate::recorder::BodyTee;
use crate::tap::Handle;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that ended before its framing said so: the stream must be cut, never ended well.
#[derive(Debug, thiserror::Error)]
#[error("the body was cut short")]
pub struct Cut;

/// A body relayed from one connection of the hop to the other.
#[derive(Debug)]
pub struct Relay {
    incoming: Incoming,
    /// Bytes still to come where the framing tells.
    left: Option<u64>,
    tee: BodyTee,
    side: Side,
    /// Data that waits for room in the recorder, and whether it has been copied.
    held: Option<(Bytes, bool)>,
    ended: bool,
    trailers: Option<Bytes>,
    /// The head that the body belongs to: its Connection may name trailer fields.
    head: Option<Head>,
    from: Handle,
    to: Handle,
    /// Number of the message on the tap that it comes from.
    number: u64,
}

impl Relay {
    /// Relays `incoming`, the body of message `number` on the tap `from`, framed as `framing`
    /// toward the receiver, whose tap is `to`.
    #[must_use]
    pub fn new(
        incoming: Incoming,
        framing: Framing,
        side: Side,
        tee: BodyTee,
        (from, number): (Handle, u64),
        to: Handle,
    ) -> Self {
        let left = match framing {
            Framing::Length(length) => Some(length),
            _ => None,
        };
        Self {
            incoming,
            left,
            tee,
            side,
            held: None,
            ended: false,
            trailers: None,
            head: None,
            from,
            to,
            number,
        }
    }

    /// A chunked body may end in trailers, which the rules for this head apply to.
    #[must_use]
    pub fn under(mut self, head: &Head) -> Self {
        self.head = self.left.is_none().then(|| head.clone());
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

    /// The next frame. The end is noted before the last frame of a counted body is handed on,
    /// because a receiver that has counted to the end does not ask again.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        loop {
            if let Some((data, copied)) = &mut self.held {
                if !*copied {
                    ready!(self.tee.poll_copy(cx, data));
                    *copied = true;
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                }
                if self.left == Some(0) {
                    ready!(self.poll_end(cx));
                }
                return Poll::Ready(self.held.take().map(|(data, _)| Ok(data)));
            }
            if self.ended {
                ready!(self.poll_end(cx));
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                Some(Ok(frame)) => self.held = frame.into_data().ok().map(|data| (data, false)),
                Some(Err(_)) => {
                    self.tee.cut();
                    return Poll::Ready(Some(Err(Cut)));
                }
                None if self.left.is_some_and(|left| left > 0) => {
                    self.tee.cut();
                    return Poll::Ready(Some(Err(Cut)));
                }
                None => {
                    self.note_end();
                    self.ended = true;
                }
            }
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.ended {
            self.note_end();
            self.ended = true;
        }
        self.tee.poll_complete(cx, &self.trailers)
    }

    /// Trailers came before the end did, so they are on the receiver's tap before its last chunk is.
    fn note_end(&mut self) {
        self.trailers = self.from.take_trailers(self.number);
        if let (Some(trailers), Some(head)) = (&self.trailers, &self.head) {
            self.to.send_trailers(hop::forward_trailers(head, trailers).raw);
        }
        let recording = self.tee.recording();
        let now = recording.elapsed();
        let side = self.side;
        recording.note(|exchange| match side {
            Side::Client => exchange.timing.request_end = Some(now),
            Side::Origin => exchange.timing.response_end = Some(now),
        });
    }
}

/// The body of a request toward the origin.
#[derive(Debug)]
pub enum RequestBody {
    /// None.
    Empty,
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
            Self::Relayed(relay) => relay.poll_data(cx).map(|data| data.map(|data| data.map(Frame::data))),
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty | Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Whole(None) => SizeHint::with_exact(0),
            Self::Whole(Some(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Self::Relayed(relay) => relay.size_hint(),
        }
    }
}
