//! A copy of a body for the capture, taken as its bytes pass.
//!
//! Up to 32 KiB stay in the record. A longer body goes in blocks to the store's body writer.
//! Bytes that are not yet on disk count against one budget for all bodies; when it is used up,
//! `capture.pressure` decides: `block` makes this body's stream wait, `drop` lets it wait for at
//! most 100 ms at a stretch and then stops copying this body. No other exchange ever waits.

use super::{Pieces, Recording};
use crate::config::Pressure;
use crate::exchange::{Body, BodyPlace, Flags, Head, Side, Truncation};
use crate::store::{self, Inbox};
use bytes::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// Bodies up to this size stay in the record. There each octet is written twice, to the log and to the
/// database; from here on a file of its own costs less, and nothing when it is there already.
const INLINE: usize = 32 * 1024;
/// Longer ones go to the body writer in blocks of this size.
const BLOCK: usize = 256 * 1024;
/// What is made room for before any octet of a body has shown that its length is true.
const FIRST: usize = 64 * 1024;
/// How long a body may hold back its own stream under `drop`.
const PATIENCE: Duration = Duration::from_millis(100);

/// Copies one body into its exchange's record.
#[derive(Debug)]
pub struct BodyTee {
    recording: Recording,
    side: Side,
    buffer: Vec<u8>,
    /// Bytes that passed, and how many of them were kept.
    length: u64,
    kept: u64,
    in_file: bool,
    /// Whether a block has gone to the body writer.
    handed_over: bool,
    /// How long the body will be, where its framing tells.
    expected: Option<u64>,
    truncated: Option<Truncation>,
    patience: Option<Pin<Box<Sleep>>>,
    over: bool,
    /// Takes its messages out, when it is made of such.
    pieces: Option<Box<Pieces>>,
}

impl BodyTee {
    /// Begins to copy the body of one side's message.
    #[must_use]
    pub fn new(recording: Recording, side: Side) -> Self {
        Self {
            recording,
            side,
            buffer: Vec::new(),
            length: 0,
            kept: 0,
            in_file: false,
            handed_over: false,
            expected: None,
            truncated: None,
            patience: None,
            over: false,
            pieces: None,
        }
    }

    /// Begins to copy a request's body, and the messages that it is made of.
    #[must_use]
    pub fn of_request(recording: Recording, request: &Head) -> Self {
        let pieces = Pieces::of_request(&recording, request).map(Box::new);
        let mut tee = Self::new(recording, Side::Client);
        tee.pieces = pieces;
        tee
    }

    /// Begins to copy a response's body, and the messages that it is made of. The heads are those of the
    /// origin's side of the hop: the request, and the response as received.
    #[must_use]
    pub fn of_response(recording: Recording, request: &Head, response: &Head) -> Self {
        let pieces = Pieces::of_response(&recording, request, response).map(Box::new);
        let mut tee = Self::new(recording, Side::Origin);
        tee.pieces = pieces;
        tee
    }

    /// How long the body will be: the buffer is made once, and no larger than it has to be.
    pub fn expect(&mut self, length: Option<u64>) {
        self.expected = length;
    }

    /// The recording that this body belongs to.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Copies `data`. Pending means that the stream is to wait with it; call again with the same.
    pub fn poll_copy(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<()> {
        if self.buffer.len() >= BLOCK {
            ready!(self.poll_hand_over(cx));
        }
        if let Some(pieces) = &mut self.pieces {
            ready!(pieces.poll_room(cx));
            pieces.feed(data);
        }
        self.length += data.len() as u64;
        let wanted = self.wanted(data.len());
        if wanted > 0 {
            self.keep(&data[..wanted]);
        }
        Poll::Ready(())
    }

    /// The body ended as its framing promised. Pending means that its last frame is to wait.
    pub fn poll_complete(&mut self, cx: &mut Context<'_>, trailers: &Option<Bytes>) -> Poll<()> {
        if !self.over {
            ready!(self.poll_room(cx));
            self.close(true, trailers.clone());
        }
        Poll::Ready(())
    }

    /// The body broke off.
    pub fn cut(&mut self) {
        if !self.over {
            if !self.buffer.is_empty() && !self.inbox().try_reserve(self.buffer.len()) {
                self.lose();
            }
            self.close(false, None);
        }
    }

    /// Room for what is in the buffer, or a buffer emptied because there is none.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.buffer.is_empty() || self.inbox().poll_reserve(cx, self.buffer.len()).is_ready() {
            self.patience = None;
            return Poll::Ready(());
        }
        if self.recording.0.recorder.shared.pressure == Pressure::Block {
            return Poll::Pending;
        }
        let timer = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        ready!(timer.as_mut().poll(cx));
        self.patience = None;
        self.lose();
        Poll::Ready(())
    }

    fn poll_hand_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_room(cx));
        if !self.buffer.is_empty() {
            let block = std::mem::replace(&mut self.buffer, Vec::with_capacity(BLOCK + BLOCK / 4));
            self.handed_over = true;
            self.inbox().body_block(self.recording.id(), self.side, block);
        }
        Poll::Ready(())
    }

    /// Stops copying: what is in the buffer found no room.
    fn lose(&mut self) {
        self.kept -= self.buffer.len() as u64;
        self.buffer = Vec::new();
        self.truncated = Some(Truncation::Pressure);
    }

    fn close(&mut self, complete: bool, trailers: Option<Bytes>) {
        self.over = true;
        if let Some(pieces) = &mut self.pieces {
            pieces.end();
        }
        let place = self.place();
        let (length, kept, truncated) = (self.length, self.kept, self.truncated);
        let body = Body { length, kept, complete, truncated, place, trailers, withheld: Vec::new() };
        let side = self.side;
        self.recording.note(|exchange| {
            if truncated.is_some() {
                exchange.summary.flags.add(Flags::TRUNCATED);
            }
            match side {
                Side::Client => exchange.summary.request_bytes = length,
                Side::Origin => exchange.summary.response_bytes = length,
            }
            *exchange.body_mut(side) = body;
        });
        if self.in_file {
            self.finish_file();
        }
    }

    /// How many of the next bytes are still to be kept.
    fn wanted(&mut self, offered: usize) -> usize {
        if self.truncated.is_some() {
            return 0;
        }
        let room = self.recording.0.recorder.shared.max_body - self.kept;
        match usize::try_from(room) {
            Ok(room) if room < offered => {
                self.truncated = Some(Truncation::Limit);
                room
            }
            _ => offered,
        }
    }

    fn keep(&mut self, data: &[u8]) {
        self.kept += data.len() as u64;
        if self.buffer.capacity() == 0 && self.expected.is_some() {
            self.make_room(FIRST);
        }
        if !self.in_file && self.buffer.len() + data.len() > INLINE {
            self.in_file = true;
            self.make_room(BLOCK);
            let (side, kept) = (self.side, self.kept);
            self.recording.note(|exchange| {
                let body = exchange.body_mut(side);
                body.place = BodyPlace::Arriving;
                body.kept = kept;
            });
        }
        self.buffer.extend_from_slice(data);
    }

    /// Makes room for the whole body, but for no more than `most` octets.
    fn make_room(&mut self, most: usize) {
        let expected = self.expected.and_then(|length| usize::try_from(length).ok()).unwrap_or(most);
        self.buffer.reserve_exact(expected.min(most).saturating_sub(self.buffer.len()));
    }

    fn inbox(&self) -> &Inbox {
        &self.recording.0.recorder.shared.inbox
    }

    fn place(&mut self) -> BodyPlace {
        if self.in_file {
            return BodyPlace::Arriving;
        }
        match std::mem::take(&mut self.buffer) {
            empty if empty.is_empty() => BodyPlace::Nowhere,
            bytes => BodyPlace::Inline(bytes),
        }
    }

    /// The closure holds the recording, so the exchange is not over before its body is in place.
    fn finish_file(&mut self) {
        let (recording, side) = (self.recording.clone(), self.side);
        let done = Box::new(move |written: Result<_, _>| {
            recording.note(|exchange| {
                let body = exchange.body_mut(side);
                store::settle(body, &written);
                if body.truncated.is_some() {
                    exchange.summary.flags.add(Flags::TRUNCATED);
                }
            });
        });
        let (id, last) = (self.recording.id(), std::mem::take(&mut self.buffer));
        match (last.is_empty(), self.handed_over) {
            (false, false) => self.inbox().body_whole(id, side, last, done),
            (false, true) => {
                self.inbox().body_block(id, side, last);
                self.inbox().body_end(id, side, done);
            }
            (true, _) => self.inbox().body_end(id, side, done),
        }
    }
}

impl Drop for BodyTee {
    fn drop(&mut self) {
        self.cut();
    }
}
