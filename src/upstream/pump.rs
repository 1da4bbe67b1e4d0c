//! A body on its way into a stream of HTTP/2: as much at a time as the receiver's window takes.

use super::room::Room;
use super::source::{Cut, reset_code};
use crate::tap::Timer;
use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// Moves one body into one stream.
#[derive(Debug)]
pub struct Pump {
    stream: SendStream<Bytes>,
    /// Data that waits for the receiver's window.
    held: Bytes,
    room: Room,
    over: bool,
    /// How long the receiver may take nothing, and since when it has taken nothing.
    limit: Duration,
    since: Option<Instant>,
    stalled: bool,
    timer: Timer,
}

/// Why a pump ended before the body did.
#[derive(Debug)]
pub enum Stopped {
    /// The body was cut short; the stream must be reset.
    Cut(Cut),
    /// The receiver reset the stream with this code.
    Reset(u32),
    /// The receiver took nothing for too long; the stream must be reset.
    Stalled,
    /// The connection is gone.
    Lost,
}

impl Pump {
    /// A pump into `stream`, which has ended already where no body follows the head. It stops when the
    /// receiver takes none of the bytes that wait for it for `limit`.
    #[must_use]
    pub fn new(stream: SendStream<Bytes>, over: bool, limit: Duration) -> Self {
        let (held, room, timer) = (Bytes::new(), Room::default(), Timer::default());
        Self { stream, held, room, over, limit, since: None, stalled: false, timer }
    }

    /// Whether it stopped because the receiver took nothing for too long.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Whether the stream was ended well.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether what was handed over so far waits for the receiver's window.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Resets the stream.
    pub fn reset(&mut self, code: u32) {
        self.stream.send_reset(Reason::from(code));
        self.over = true;
    }

    /// The stream itself, where it becomes another protocol's.
    #[must_use]
    pub fn into_stream(self) -> SendStream<Bytes> {
        self.stream
    }

    /// Ready once the whole body has been given to the stream. Nothing is asked of the body while the
    /// window is closed.
    pub fn poll<B>(&mut self, cx: &mut Context<'_>, body: &mut B) -> Poll<Result<(), Stopped>>
    where
        B: Body<Data = Bytes, Error = Cut> + Unpin,
    {
        loop {
            if self.over {
                return Poll::Ready(Ok(()));
            }
            if !self.held.is_empty() {
                ready!(self.poll_send(cx, &*body))?;
                continue;
            }
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Pending => return self.poll_reset(cx),
                Poll::Ready(None) => self.end(Bytes::new())?,
                Poll::Ready(Some(Err(cut))) => return Poll::Ready(Err(Stopped::Cut(cut))),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.held = data,
                    Err(frame) => {
                        let trailers = frame.into_trailers().unwrap_or_default();
                        self.stream.send_trailers(trailers).map_err(|error| stopped(&error))?;
                        self.over = true;
                    }
                },
            }
        }
    }

    /// Ready once the receiver has reset the stream; never well.
    pub fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stopped>> {
        match ready!(self.stream.poll_reset(cx)) {
            Ok(reason) => Poll::Ready(Err(Stopped::Reset(reason.into()))),
            Err(error) => Poll::Ready(Err(stopped(&error))),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, body: &impl Body) -> Poll<Result<(), Stopped>> {
        let room = match self.room.poll(cx, &mut self.stream, self.held.len()) {
            Poll::Pending => return self.poll_stall(cx),
            Poll::Ready(Some(Ok(room))) => room,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(stopped(&error))),
            Poll::Ready(None) => return Poll::Ready(Err(Stopped::Lost)),
        };
        self.since = None;
        let part = self.held.split_to(room);
        if self.held.is_empty() && body.is_end_stream() {
            self.end(part)?;
        } else {
            self.stream.send_data(part, false).map_err(|error| stopped(&error))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready once the receiver has reset the stream, or taken nothing for too long.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stopped>> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.timer.poll_until(cx, since + self.limit).is_ready() {
            self.stalled = true;
            return Poll::Ready(Err(Stopped::Stalled));
        }
        self.poll_reset(cx)
    }

    fn end(&mut self, last: Bytes) -> Result<(), Stopped> {
        self.stream.send_data(last, true).map_err(|error| stopped(&error))?;
        self.over = true;
        Ok(())
    }
}

fn stopped(error: &h2::Error) -> Stopped {
    reset_code(error).map_or(Stopped::Lost, Stopped::Reset)
}
