//! The origin's end of an exchange: a connection of HTTP/1.1 for itself, or a share of one of HTTP/2.

use super::Io;
use super::body::{Relay, RequestBody};
use super::duplex::Joint;
use super::handshake::alert_received;
use super::http1::{self, Exclusive};
use super::http2::Shared;
use super::pool::Key;
use super::share::{self, Abort, Share};
use super::source::Source;
use crate::exchange::{ConnectionId, Head};
use crate::hop::{Fault, ResponseFacts, Version};
use crate::recorder::Recording;
use crate::tap::{End, Interims, OutHead, Parts};
use bytes::Bytes;
use rustls::AlertDescription;
use std::io::ErrorKind;
use std::task::{Context, Poll};
use std::time::Instant;

/// What a request goes out on.
#[derive(Debug)]
pub enum Upstream {
    /// A connection of HTTP/1.1.
    Http1(Exclusive),
    /// A stream of a connection of HTTP/2.
    Http2(Box<Share>),
}

/// What came back for a request.
#[derive(Debug)]
pub enum Answer {
    /// A head that passed the check, with its body behind it.
    Response(Received),
    /// A head that was refused.
    Refused {
        /// The bytes, as far as they came.
        raw: Bytes,
        /// Why.
        fault: Fault,
    },
    /// It failed before any byte of an answer came.
    Broken(Broken),
    /// The request's body was cut short before it was whole, and the sending with it.
    Cut,
}

/// A response as it comes from the origin.
#[derive(Debug)]
pub struct Received {
    /// As on the wire.
    pub head: Head,
    /// What the check found.
    pub facts: ResponseFacts,
    /// When it was whole.
    pub at: Instant,
    /// Its body.
    pub body: Source,
    /// Where it arrives.
    pub from: End,
    /// Fields that must not be put into a compression table (RFC 7541 7.1.3).
    pub never_indexed: Vec<Bytes>,
}

/// How a sending failed before any byte of an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The connection broke.
    Lost(ErrorKind),
    /// The origin ended it with this TLS alert.
    Alert(AlertDescription),
    /// The origin reset the stream with this code.
    Reset(u32),
    /// The origin closes the connection with this code and has not looked at the stream, or the
    /// connection took no more of them (RFC 9113 6.8).
    Unprocessed(u32),
}

impl Broken {
    /// What a stream's error amounts to; none is a plain close.
    #[must_use]
    pub fn of(error: Option<&std::io::Error>) -> Self {
        match error {
            Some(error) => alert_received(error).map_or(Self::Lost(error.kind()), Self::Alert),
            None => Self::Lost(ErrorKind::UnexpectedEof),
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub enum Sending {
    /// On a connection of its own.
    Http1(http1::Sending),
    /// On a stream.
    Http2(share::Sending),
}

impl Upstream {
    /// What is spoken on it.
    #[must_use]
    pub fn version(&self) -> Version {
        match self {
            Self::Http1(_) => Version::Http11,
            Self::Http2(_) => Version::Http2,
        }
    }

    /// The connection that this is a share of, where it is one.
    #[must_use]
    pub fn shared(&self) -> Option<&Shared> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(share) => Some(share.shared()),
        }
    }

    /// Where it leads.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Http1(one) => one.key(),
            Self::Http2(share) => share.shared().key(),
        }
    }

    /// The connection's number.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        match self {
            Self::Http1(one) => one.id(),
            Self::Http2(share) => share.shared().id(),
        }
    }

    /// Whether the connection had carried an exchange before this one.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        match self {
            Self::Http1(one) => one.is_reused(),
            Self::Http2(share) => share.is_reused(),
        }
    }

    /// Whose exchange a stream is; with which code it is reset when that is let go of.
    pub fn belongs_to(&mut self, recording: &Recording, abort: &Abort) {
        if let Self::Http2(share) = self {
            share.belongs_to(recording, abort);
        }
    }

    /// Since when it has been idle.
    #[must_use]
    pub fn idle_since(&self) -> Instant {
        match self {
            Self::Http1(one) => one.idle_since(),
            Self::Http2(share) => share.idle_since(),
        }
    }

    /// Connection-bound authentication took place: it must never serve another client. HTTP/2 has none.
    pub fn bind_to_client(&mut self) {
        if let Self::Http1(one) = self {
            one.bind_to_client();
        }
    }

    /// Whether another client's exchange may go out on it.
    #[must_use]
    pub fn may_pool(&self) -> bool {
        match self {
            Self::Http1(one) => one.may_pool(),
            Self::Http2(_) => true,
        }
    }

    /// Drives what is under way: the connection, or the stream's share of it.
    pub fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Http1(one) => one.poll_drive(cx),
            Self::Http2(share) => share.poll_drive(cx),
        }
    }

    /// Whether it stands and is ready for an exchange.
    pub fn poll_usable(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::Http1(one) => one.poll_usable(cx),
            Self::Http2(share) => share.shared().is_open(),
        }
    }

    /// Called when an exchange is over: the next may find it idle.
    pub fn rest(&mut self) {
        match self {
            Self::Http1(one) => one.rest(),
            Self::Http2(share) => share.rest(),
        }
    }

    /// Sends a request head, exactly as in `head`, with the body that is made for this end.
    pub fn send(
        &mut self,
        (to_head, upgrade): (bool, bool),
        (head, never_indexed): (OutHead, Vec<Bytes>),
        body: impl FnOnce(&End) -> RequestBody,
    ) -> Result<Sending, Broken> {
        match self {
            Self::Http1(one) => Ok(Sending::Http1(one.send(to_head, upgrade, head, body))),
            Self::Http2(share) => {
                share.send((to_head, upgrade), (head, never_indexed), body).map(Sending::Http2)
            }
        }
    }

    /// Drives it until the answer's head is there. Interim heads can be taken after each poll.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>, sending: &mut Sending) -> Poll<Answer> {
        match (self, sending) {
            (Self::Http1(one), Sending::Http1(sending)) => one.poll_answer(cx, sending),
            (Self::Http2(share), Sending::Http2(sending)) => share.poll_answer(cx, sending),
            _ => Poll::Ready(Answer::Broken(Broken::Lost(ErrorKind::InvalidInput))),
        }
    }

    /// 1xx heads since the last look.
    pub fn interims(&mut self, cx: &mut Context<'_>) -> Interims {
        match self {
            Self::Http1(one) => one.tap().take_interims(),
            Self::Http2(share) => share.interims(cx),
        }
    }

    /// Whether it was given up because the origin took none of what waited for it.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        match self {
            Self::Http1(one) => one.tap().is_stalled(),
            Self::Http2(share) => share.is_stalled(),
        }
    }

    /// Whether the origin asked for no more of the request, without error: HTTP/2 can say so.
    #[must_use]
    pub fn has_enough(&self) -> bool {
        match self {
            Self::Http1(_) => false,
            Self::Http2(share) => share.has_enough(),
        }
    }

    /// The body of a request that failed, if it can go out again. On HTTP/1.1 nobody says that nobody has
    /// looked at it.
    pub fn reclaim(&mut self) -> Option<Box<Relay>> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(share) => share.reclaim(),
        }
    }

    /// Ready once `deadline` has passed.
    pub fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        match self {
            Self::Http1(one) => one.poll_until(cx, deadline),
            Self::Http2(share) => share.poll_until(cx, deadline),
        }
    }

    /// Gives the bytes of the other protocol back after 101, or after the 2xx to an extended CONNECT.
    #[must_use]
    pub fn into_parts(self, body: Source, joint: &Joint) -> Option<Parts<Box<dyn Io>>> {
        match self {
            Self::Http1(one) => one.into_parts(),
            Self::Http2(share) => share.into_parts(body, joint),
        }
    }
}
