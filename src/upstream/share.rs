//! One exchange's share of a connection of HTTP/2: its stream, from the request to the answer's head.

use super::Io;
use super::body::{Relay, RequestBody};
use super::duplex::{Duplex, Joint};
use super::http2::Shared;
use super::pump::{Pump, Stopped};
use super::send::{Answer, Broken, Received};
use super::source::{Source, reset_code};
use crate::exchange::Side;
use crate::hop::{Fault, Framing};
use crate::recorder::Recording;
use crate::tap::{End, Interims, OutHead, Parts, Timer};
use bytes::{Bytes, BytesMut};
use h2::Reason;
use h2::client::ResponseFuture;
use hyper::{Method, Request};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// The code with which a stream is reset when its exchange is let go of: CANCEL, unless the client
/// gave another (RFC 9113 7).
#[derive(Clone, Debug, Default)]
pub struct Abort(Option<Arc<AtomicU32>>);

impl Abort {
    /// For a client that can give a code: one of HTTP/2.
    #[must_use]
    pub fn by_code() -> Self {
        Self(Some(Arc::new(AtomicU32::new(Reason::CANCEL.into()))))
    }

    /// The client's code.
    pub fn with(&self, code: u32) {
        if let Some(held) = &self.0 {
            held.store(code, Ordering::Relaxed);
        }
    }

    fn code(&self) -> u32 {
        self.0.as_ref().map_or_else(|| Reason::CANCEL.into(), |code| code.load(Ordering::Relaxed))
    }
}

/// One exchange's share of a connection.
#[derive(Debug)]
pub struct Share {
    shared: Shared,
    under_way: Option<UnderWay>,
    abort: Abort,
    recording: Option<Recording>,
    timer: Timer,
    idle_since: Instant,
    reused: bool,
}

/// The request's side of a stream: its body may still be on the way when the answer comes.
#[derive(Debug)]
struct UnderWay {
    stream: u32,
    pump: Pump,
    body: RequestBody,
    /// The answer came whole: letting go is no reset.
    answered: bool,
    /// The origin asked for no more of the request, without error (RFC 9113 8.1).
    enough: bool,
}

/// A request whose answer's head is waited for.
#[derive(Debug)]
pub struct Sending {
    response: ResponseFuture,
    end: End,
    /// A response without content whose stream has not ended: content would make it malformed.
    held: Option<Received>,
}

impl Share {
    pub(super) fn of(shared: Shared) -> Self {
        shared.enter();
        Self {
            shared,
            under_way: None,
            abort: Abort::default(),
            recording: None,
            timer: Timer::default(),
            idle_since: Instant::now(),
            reused: false,
        }
    }

    /// The connection.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Since when it has been idle.
    #[must_use]
    pub fn idle_since(&self) -> Instant {
        self.idle_since
    }

    /// Whether the connection had carried an exchange before this one.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        self.reused
    }

    /// Whose it is: letting go of it before its answer is whole resets the stream with the code in
    /// `abort`, and its frames are recorded.
    pub fn belongs_to(&mut self, recording: &Recording, abort: &Abort) {
        (self.abort, self.recording) = (abort.clone(), Some(recording.clone()));
    }

    /// Whether the origin took none of the request's body for too long.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.under_way.as_ref().is_some_and(|under_way| under_way.pump.is_stalled())
    }

    /// The exchange is over.
    pub fn rest(&mut self) {
        self.idle_since = Instant::now();
        if let Some(under_way) = &mut self.under_way {
            under_way.answered = true;
        }
    }

    /// Sends a request.
    pub fn send(
        &mut self,
        (to_head, extended): (bool, bool),
        (head, never_indexed): (OutHead, Vec<Bytes>),
        body: impl FnOnce(&End) -> RequestBody,
    ) -> Result<Sending, Broken> {
        self.reused = self.shared.is_used_again();
        let has_body = extended || !matches!(head.framing, Framing::None | Framing::Length(0));
        let mut sender = self.shared.sender();
        let (response, stream) =
            sender.send_request(stand_in(to_head), !has_body).map_err(|error| unprocessed(&error))?;
        let number = stream.stream_id().as_u32();
        let tap = self.shared.tap();
        tap.expect(number, to_head);
        tap.queue(number, head, never_indexed);
        let end = End::Http2 { tap: tap.clone(), stream: number };
        let body = body(&end);
        let pump = Pump::new(stream, !has_body, self.shared.write_limit());
        self.under_way = Some(UnderWay { stream: number, pump, body, answered: false, enough: false });
        Ok(Sending { response, end, held: None })
    }

    /// Moves the request's body on; never ready while there is some.
    pub fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_upload(cx).map(|_| ())
    }

    /// Ready when the request is out, or can go no further.
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stopped>> {
        let Some(under_way) = &mut self.under_way else { return Poll::Ready(Ok(())) };
        let uploaded = ready!(under_way.pump.poll(cx, &mut under_way.body));
        let no_error = u32::from(Reason::NO_ERROR);
        under_way.enough |= matches!(uploaded, Err(Stopped::Reset(code)) if code == no_error);
        Poll::Ready(uploaded)
    }

    /// Whether the origin asked for no more of the request, without error (RFC 9113 8.1).
    #[must_use]
    pub fn has_enough(&self) -> bool {
        self.under_way.as_ref().is_some_and(|under_way| under_way.enough)
    }

    /// The request's body, if all that went out of it is still there.
    pub fn reclaim(&mut self) -> Option<Box<Relay>> {
        let under_way = self.under_way.as_mut()?;
        match std::mem::replace(&mut under_way.body, RequestBody::Empty) {
            RequestBody::Relayed(relay) if relay.can_go_again() => Some(relay),
            _ => None,
        }
    }

    /// Waits for the answer's head, and moves the request's body on meanwhile.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>, sending: &mut Sending) -> Poll<Answer> {
        let upload = self.poll_upload(cx);
        if sending.held.is_some() {
            return poll_held(cx, sending);
        }
        // Whatever became of the upload: an answer that is there is the answer.
        match std::pin::Pin::new(&mut sending.response).poll(cx) {
            Poll::Ready(Ok(response)) => match self.answer(&sending.end, response.into_body()) {
                Answer::Response(received) if is_to_end(&received) => {
                    sending.held = Some(received);
                    poll_held(cx, sending)
                }
                answer => Poll::Ready(answer),
            },
            Poll::Ready(Err(error)) => Poll::Ready(Self::no_answer(&sending.end, &error)),
            Poll::Pending => match upload {
                Poll::Ready(Err(Stopped::Cut(_))) => {
                    self.cancel();
                    Poll::Ready(Answer::Cut)
                }
                Poll::Ready(Err(Stopped::Stalled)) => {
                    self.cancel();
                    Poll::Ready(Answer::Broken(Broken::Lost(ErrorKind::TimedOut)))
                }
                _ => Poll::Pending,
            },
        }
    }

    /// 1xx heads since the last look.
    pub fn interims(&mut self, cx: &mut Context<'_>) -> Interims {
        match &self.under_way {
            Some(under_way) => {
                let mut interims = Vec::new();
                // Only a look that finds none asks to be woken.
                loop {
                    let mut more = self.shared.tap().poll_interims(cx, under_way.stream);
                    if more.is_empty() {
                        return interims;
                    }
                    interims.append(&mut more);
                }
            }
            None => Vec::new(),
        }
    }

    /// Ready once `deadline` has passed.
    pub fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.timer.poll_until(cx, deadline)
    }

    /// The stream as bytes both ways (RFC 8441 5).
    #[must_use]
    pub fn into_parts(mut self, body: Source, joint: &Joint) -> Option<Parts<Box<dyn Io>>> {
        let Source::Http2 { stream, .. } = body else { return None };
        let sender = self.under_way.take()?.pump.into_stream();
        let io: Box<dyn Io> =
            Box::new(Duplex::new(sender, stream, joint.clone(), Side::Origin).sharing(self));
        Some(Parts { io, read: BytesMut::new() })
    }

    fn answer(&self, end: &End, body: h2::RecvStream) -> Answer {
        let End::Http2 { stream, .. } = end else {
            return Answer::Broken(Broken::Lost(ErrorKind::InvalidInput));
        };
        match self.shared.tap().take_response(*stream) {
            Some(response) => match response.facts {
                Ok(facts) => Answer::Response(Received {
                    head: response.head,
                    facts,
                    at: response.at,
                    body: Source::stream(body),
                    from: end.clone(),
                    never_indexed: response.never_indexed,
                }),
                Err(fault) => Answer::Refused { raw: response.head.raw().clone(), fault },
            },
            None => Answer::Broken(Broken::Lost(ErrorKind::InvalidData)),
        }
    }

    fn no_answer(end: &End, error: &h2::Error) -> Answer {
        if let End::Http2 { stream, tap } = end
            && let Some(response) = tap.take_response(*stream)
            && let Err(fault) = response.facts
        {
            return Answer::Refused { raw: response.head.raw().clone(), fault };
        }
        if let Some(fault) = end.body_fault() {
            return Answer::Refused { raw: Bytes::new(), fault };
        }
        if let Some(code) = reset_code(error) {
            return Answer::Broken(Broken::Reset(code));
        }
        if error.is_go_away() && error.is_remote() {
            return Answer::Broken(unprocessed(error));
        }
        Answer::Broken(Broken::of(error.get_io()))
    }

    /// A reset is on the record once the connection's task has written it.
    fn record_frames(&mut self, later: bool) {
        let (Some(recording), Some(under_way)) = (self.recording.take(), &self.under_way) else { return };
        let (tap, stream) = (self.shared.tap().clone(), under_way.stream);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if later => {
                runtime.spawn(async move {
                    tokio::task::yield_now().await;
                    recording.frames(Side::Origin, tap.take_frames(stream));
                });
            }
            _ => recording.frames(Side::Origin, tap.take_frames(stream)),
        }
    }

    fn cancel(&mut self) {
        if let Some(under_way) = &mut self.under_way {
            under_way.pump.reset(self.abort.code());
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let unfinished =
            self.under_way.as_ref().is_some_and(|under_way| !under_way.answered || !under_way.pump.is_over());
        if unfinished {
            self.cancel();
        }
        self.record_frames(unfinished);
        self.shared.leave();
    }
}

/// Whether a response has no content, and its stream is still to end.
fn is_to_end(received: &Received) -> bool {
    received.facts.framing == Framing::None && !received.body.is_over()
}

/// Waits for the end of a response that has no content, and nothing else: "Clients MUST NOT accept a malformed
/// response" (RFC 9113 8.1.1).
fn poll_held(cx: &mut Context<'_>, sending: &mut Sending) -> Poll<Answer> {
    let Some(mut held) = sending.held.take() else { return Poll::Pending };
    loop {
        match held.body.poll_data(cx) {
            Poll::Pending => {
                sending.held = Some(held);
                return Poll::Pending;
            }
            Poll::Ready(None) => return Poll::Ready(Answer::Response(held)),
            // The tap lets no content through.
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_))) => {
                let cut = || Fault::new(502, 0, "RFC 9113 8.1", "The stream ended before the response did.");
                let fault = sending.end.body_fault().unwrap_or_else(cut);
                return Poll::Ready(Answer::Refused { raw: held.head.raw().clone(), fault });
            }
        }
    }
}

/// The connection takes no more streams; nothing of this one was sent.
fn unprocessed(error: &h2::Error) -> Broken {
    Broken::Unprocessed(error.reason().map_or(0, u32::from))
}

/// h2's view of the request: what decides how it reads the answer. The tap sends the real one.
fn stand_in(to_head: bool) -> Request<()> {
    let mut request = Request::new(());
    *request.version_mut() = hyper::Version::HTTP_2;
    *request.uri_mut() = hyper::Uri::from_static("https://h/");
    if to_head {
        *request.method_mut() = Method::HEAD;
    }
    request
}
