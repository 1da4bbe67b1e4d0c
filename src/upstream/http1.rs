//! One HTTP/1.1 connection to an origin: sends a request and waits for the answer, driving hyper's
//! connection itself.

use super::Io;
use super::body::RequestBody;
use super::pool::Key;
use super::send::{Answer, Broken, Received};
use super::source::{Cut, Source};
use crate::exchange::ConnectionId;
use crate::hop::Bounds;
use crate::tap::{self, Arrival, End, Handle, OutHead, Parts, Tap, Timer};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::io::AsyncWrite;

type Io1 = TokioIo<Tap<Box<dyn Io>>>;

/// An HTTP/1.1 connection to an origin, of one exchange at a time. A pointer to it: it is handed from
/// one holder to the next several times in each exchange, and hyper's connection is a few kilobytes.
#[derive(Debug)]
pub struct Exclusive(Box<Inner>);

#[derive(Debug)]
struct Inner {
    sender: SendRequest<RequestBody>,
    /// `None` once hyper is done with the connection.
    connection: Option<Connection<Io1, RequestBody>>,
    tap: Handle,
    key: Key,
    id: ConnectionId,
    exchanges: u64,
    /// Since when it has been idle.
    idle_since: Instant,
    may_pool: bool,
    timer: Timer,
}

impl Exclusive {
    /// Begins HTTP/1.1 on a connection that stands. It is given up when the origin takes nothing of
    /// what waits for it for `write_limit`.
    pub async fn begin(
        io: Box<dyn Io>,
        key: Key,
        id: ConnectionId,
        bounds: Bounds,
        write_limit: Duration,
    ) -> Result<Self, hyper::Error> {
        let (tap, handle) = Tap::client(io, bounds);
        let tap = tap.with_write_limit(write_limit);
        let (sender, connection) =
            http1::Builder::new().max_buf_size(tap::BUFFER).handshake(TokioIo::new(tap)).await?;
        Ok(Self(Box::new(Inner {
            sender,
            connection: Some(connection),
            tap: handle,
            key,
            id,
            exchanges: 0,
            idle_since: Instant::now(),
            may_pool: true,
            timer: Timer::default(),
        })))
    }

    /// Where it leads.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.0.id
    }

    /// Its tap.
    #[must_use]
    pub fn tap(&self) -> &Handle {
        &self.0.tap
    }

    /// Whether it had carried an exchange before the one under way.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        self.0.exchanges > 1
    }

    /// Since when it has been idle.
    #[must_use]
    pub fn idle_since(&self) -> Instant {
        self.0.idle_since
    }

    /// Connection-bound authentication took place: it must never serve another client.
    pub fn bind_to_client(&mut self) {
        self.0.may_pool = false;
    }

    /// Whether another client's exchange may go out on it.
    #[must_use]
    pub fn may_pool(&self) -> bool {
        self.0.may_pool
    }

    /// Drives the connection; ready when it is over.
    pub fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(connection) = &mut self.0.connection else { return Poll::Ready(()) };
        match connection.poll_without_shutdown(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(_) => Poll::Ready(()),
        }
    }

    /// Whether it is idle and stands: drives it once to see a close that has already arrived.
    pub fn poll_usable(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll_drive(cx).is_pending() && self.0.sender.is_ready() && self.0.tap.is_between()
    }

    /// Called when an exchange is over: the next may find it idle.
    pub fn rest(&mut self) {
        self.0.idle_since = Instant::now();
    }

    /// Sends a request head, exactly as in `head`, with the body that is made for this end.
    pub fn send(
        &mut self,
        to_head: bool,
        upgrade: bool,
        head: OutHead,
        body: impl FnOnce(&End) -> RequestBody,
    ) -> Sending {
        self.0.exchanges += 1;
        let number = self.0.tap.expect(to_head, upgrade);
        self.0.tap.queue(head);
        let end = End::Http1 { tap: self.0.tap.clone(), number };
        let request = stand_in(to_head, upgrade, body(&end));
        Sending { response: Box::pin(self.0.sender.send_request(request)), end }
    }

    /// Drives the connection until the answer's head is there. Interim heads can be taken from the
    /// tap after each poll.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>, sending: &mut Sending) -> Poll<Answer> {
        let _ = self.poll_drive(cx);
        match sending.response.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(response)) => Poll::Ready(self.answer(sending, response)),
            Poll::Ready(Err(error)) => Poll::Ready(self.no_answer(&error)),
        }
    }

    /// Ready once `deadline` has passed.
    pub fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.0.timer.poll_until(cx, deadline)
    }

    /// Gives the raw connection back after 101.
    #[must_use]
    pub fn into_parts(mut self) -> Option<Parts<Box<dyn Io>>> {
        Some(self.0.connection.take()?.into_parts().io.into_inner().into_parts())
    }

    fn answer(&self, sending: &Sending, response: Response<Incoming>) -> Answer {
        match self.0.tap.take_response() {
            Some(Arrival::Response { head, facts, at }) => {
                let (body, from) = (Source::Http1(response.into_body()), sending.end.clone());
                Answer::Response(Received { head, facts, at, body, from, never_indexed: Vec::new() })
            }
            Some(Arrival::Refused { raw, fault, .. }) => Answer::Refused { raw, fault },
            Some(Arrival::Request { .. }) | None => {
                Answer::Broken(Broken::Lost(std::io::ErrorKind::InvalidData))
            }
        }
    }

    fn no_answer(&self, error: &hyper::Error) -> Answer {
        if let Some(Arrival::Refused { raw, fault, .. }) = self.0.tap.take_response() {
            return Answer::Refused { raw, fault };
        }
        if std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<Cut>) {
            return Answer::Cut;
        }
        Answer::Broken(lost(error))
    }
}

/// "Clients MUST send a closure alert before closing the connection" (RFC 9112 9.8). It is a few bytes
/// that nobody waits for: where the socket has no room for them, the connection ends without.
impl Drop for Inner {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut io = connection.into_parts().io.into_inner().into_parts().io;
        let _ = Pin::new(&mut io).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

/// A request under way.
pub struct Sending {
    response: Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>,
    /// Where the answer arrives.
    end: End,
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("end", &self.end).finish_non_exhaustive()
    }
}

/// hyper's view of the request: only what decides about framing and upgrades.
fn stand_in(to_head: bool, upgrade: bool, body: RequestBody) -> Request<RequestBody> {
    let mut request = Request::new(body);
    let has_body = !matches!(request.body(), RequestBody::Empty);
    *request.method_mut() = match (to_head, has_body) {
        // Of HEAD hyper sends no body of unknown length; that the answer has none is the tap's to say.
        (_, true) => Method::POST,
        (true, false) => Method::HEAD,
        (false, false) => Method::GET,
    };
    if upgrade {
        let headers = request.headers_mut();
        headers.insert(hyper::header::CONNECTION, hyper::header::HeaderValue::from_static("upgrade"));
        headers.insert(hyper::header::UPGRADE, hyper::header::HeaderValue::from_static("x"));
    }
    request
}

/// The error beneath hyper's, or what a plain close amounts to.
fn lost(error: &hyper::Error) -> Broken {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = source {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            return Broken::of(Some(io));
        }
        source = current.source();
    }
    Broken::of(None)
}
