//! The messages within an exchange, taken from its bytes as they pass: a splitter beside the copy of a body,
//! or beside one direction of a tunnel.
//!
//! What a splitter finds goes to the store at once, so that a stream can be read while it is open. Payloads
//! count against the budget of unsaved bytes; where that is used up, `capture.pressure` decides: `block`
//! makes this direction wait, `drop` keeps the message without its payload and counts it. Nobody waits for
//! more than that, and what is not made of pieces costs one look at an `Option`.

use super::Recording;
use crate::config::Pressure;
use crate::exchange::{Event, Head, Message, MessageFlags, MessageForm, Side};
use crate::view::pieces::{self, Splitter};
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::task::{Context, Poll, ready};

/// Takes the messages out of one direction of an exchange.
pub struct Pieces {
    recording: Recording,
    splitter: Box<dyn Splitter>,
    side: Side,
    /// Where a splitter puts what it finds; empty between two calls, and kept for its memory.
    found: Vec<Message>,
    /// Messages that wait for room, under `pressure = "block"` alone.
    waiting: VecDeque<Message>,
    closed: bool,
    over: bool,
}

impl Pieces {
    /// Takes what `side` sends through a splitter.
    #[must_use]
    pub fn new(recording: Recording, side: Side, splitter: Box<dyn Splitter>) -> Self {
        let (found, waiting) = (Vec::new(), VecDeque::new());
        Self { recording, splitter, side, found, waiting, closed: false, over: false }
    }

    /// The messages of a request's body, when it is made of such.
    #[must_use]
    pub fn of_request(recording: &Recording, request: &Head) -> Option<Self> {
        let splitter = pieces::of_request(request, max_message(recording))?;
        Some(Self::new(recording.clone(), Side::Client, splitter))
    }

    /// The messages of a response's body, when it is made of such.
    #[must_use]
    pub fn of_response(recording: &Recording, request: &Head, response: &Head) -> Option<Self> {
        let splitter = pieces::of_response(Some(request), response, max_message(recording))?;
        Some(Self::new(recording.clone(), Side::Origin, splitter))
    }

    /// Both directions behind a WebSocket handshake (RFC 6455 4, RFC 8441 5): the client's, then the
    /// origin's. The heads are the request as sent on and the response as received.
    #[must_use]
    pub fn of_websocket(recording: &Recording, request: &Head, response: &Head) -> (Self, Self) {
        let (client, origin) = pieces::websocket(request, response, max_message(recording));
        (
            Self::new(recording.clone(), Side::Client, client),
            Self::new(recording.clone(), Side::Origin, origin),
        )
    }

    /// Ready when more bytes may be fed. Under `drop` that is always.
    pub fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(message) = self.waiting.front() {
            ready!(self.recording.inbox().poll_reserve(cx, message.payload.len()));
            if let Some(message) = self.waiting.pop_front() {
                self.recording.say(vec![message]);
            }
        }
        Poll::Ready(())
    }

    /// Takes the next bytes, which have just passed.
    pub fn feed(&mut self, bytes: &[u8]) {
        let at = self.recording.elapsed();
        self.splitter.feed(bytes, at, &mut self.found);
        self.hand_over();
    }

    /// No more comes. What is incomplete comes out as it is.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        let at = self.recording.elapsed();
        self.splitter.end(at, &mut self.found);
        self.hand_over();
        // Nobody is left to wait: what finds no room now goes without its payload.
        let waiting = std::mem::take(&mut self.waiting).into();
        self.keep(waiting);
    }

    /// Whether a WebSocket Close passed in this direction (RFC 6455 5.5.1).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn hand_over(&mut self) {
        if self.found.is_empty() {
            return;
        }
        let mut found = std::mem::take(&mut self.found);
        for message in &mut found {
            message.side = self.side;
            let whole = !message.flags.has(MessageFlags::UNFINISHED);
            self.closed |= message.form == MessageForm::Close && whole;
        }
        if self.recording.pressure() == Pressure::Block {
            self.block(found);
        } else {
            self.keep(found);
        }
    }

    /// In their order: behind one that waits all others do.
    fn block(&mut self, found: Vec<Message>) {
        let mut ready = Vec::with_capacity(found.len());
        for message in found {
            if self.waiting.is_empty() && self.has_room(&message) {
                ready.push(message);
            } else {
                self.waiting.push_back(message);
            }
        }
        self.recording.say(ready);
    }

    fn keep(&mut self, mut found: Vec<Message>) {
        for message in &mut found {
            if !self.has_room(message) {
                message.payload = Bytes::new();
                message.flags.add(MessageFlags::TRUNCATED);
                self.recording.inbox().count_messages(1);
            }
        }
        self.recording.say(found);
    }

    fn has_room(&self, message: &Message) -> bool {
        message.payload.is_empty() || self.recording.inbox().try_reserve(message.payload.len())
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pieces").field("side", &self.side).finish_non_exhaustive()
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.end();
    }
}

fn max_message(recording: &Recording) -> usize {
    recording.0.recorder.shared.max_message
}

impl Recording {
    /// Hands messages to the store; their payloads are reserved.
    fn say(&self, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        let (id, first) = self.note(|exchange| {
            let first = exchange.summary.messages;
            exchange.summary.messages += messages.len() as u64;
            (exchange.summary.id, first)
        });
        self.0.recorder.push(Event::Messages { id, first, messages });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Capture;
    use crate::exchange::ConnectionId;
    use crate::recorder::Recorder;
    use crate::store::{Numbered, Reader, Store};
    use std::path::PathBuf;
    use std::task::Waker;
    use std::time::Instant;

    /// Lines; one that says `close` is a Close.
    #[derive(Default)]
    struct Lines(Vec<u8>);

    impl Lines {
        fn message(&self, at: u64, flags: MessageFlags) -> Message {
            let closes = self.0 == b"close";
            Message {
                at,
                side: Side::Client,
                form: if closes { MessageForm::Close } else { MessageForm::Text },
                wire: self.0.len() as u64 + 1,
                length: self.0.len() as u64,
                payload: Bytes::copy_from_slice(&self.0),
                says: String::new(),
                flags,
            }
        }
    }

    impl Splitter for Lines {
        fn feed(&mut self, bytes: &[u8], at: u64, out: &mut Vec<Message>) {
            for byte in bytes {
                if *byte == b'\n' {
                    out.push(self.message(at, MessageFlags::default()));
                    self.0.clear();
                } else {
                    self.0.push(*byte);
                }
            }
        }

        fn end(&mut self, at: u64, out: &mut Vec<Message>) {
            if !self.0.is_empty() {
                out.push(self.message(at, MessageFlags::UNFINISHED));
            }
        }
    }

    struct Stage {
        _dir: tempfile::TempDir,
        path: PathBuf,
        store: Store,
        recording: Recording,
    }

    impl Stage {
        fn new(settings: &Capture) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("test.hop");
            let store = Store::open(&path, settings, 1).unwrap();
            let recorder = Recorder::new(store.inbox(), 1, 1, settings);
            let recording = recorder.begin(Instant::now(), "127.0.0.1:1", ConnectionId(1));
            recording.open();
            Self { _dir: dir, path, store, recording }
        }

        fn pieces(&self, side: Side) -> Pieces {
            Pieces::new(self.recording.clone(), side, Box::new(Lines::default()))
        }

        /// Closes the store; all messages of the exchange.
        fn written(self) -> Vec<Numbered> {
            let id = self.recording.id();
            self.recording.complete();
            drop(self.recording);
            self.store.close().unwrap();
            let reader = Reader::open(&self.path).unwrap();
            reader.messages(id, 0..u64::MAX, usize::MAX).unwrap()
        }
    }

    fn room(pieces: &mut Pieces) -> bool {
        pieces.poll_room(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn both_directions_are_numbered_as_one_and_an_end_tells_what_broke_off() {
        let stage = Stage::new(&Capture::default());
        let (mut client, mut origin) = (stage.pieces(Side::Client), stage.pieces(Side::Origin));
        client.feed(b"one\ntw");
        origin.feed(b"1\n");
        client.feed(b"o\n");
        assert!(!client.is_closed());
        client.feed(b"close\n");
        assert!(client.is_closed() && !origin.is_closed());
        origin.feed(b"clo");
        origin.end();
        origin.end();
        drop((client, origin));
        let written = stage.written();
        let told: Vec<_> = written
            .iter()
            .map(|Numbered { number, message, .. }| {
                let text = String::from_utf8(message.payload.to_vec()).unwrap();
                (*number, message.side, text, message.flags.has(MessageFlags::UNFINISHED))
            })
            .collect();
        let (c, o) = (Side::Client, Side::Origin);
        let expected = [
            (0, c, "one", false),
            (1, o, "1", false),
            (2, c, "two", false),
            (3, c, "close", false),
            (4, o, "clo", true),
        ];
        assert_eq!(told, expected.map(|(number, side, text, broke)| (number, side, text.to_owned(), broke)));
    }

    #[test]
    fn a_stalled_store_costs_payloads_and_never_holds_the_stream_back() {
        let settings = Capture { unsaved: 64 * 1024, ..Capture::default() };
        let stage = Stage::new(&settings);
        assert!(stage.store.inbox().try_reserve(64 * 1024), "the disk takes nothing");
        let mut pieces = stage.pieces(Side::Client);
        let line = [vec![b'x'; 1023], vec![b'\n']].concat();
        for _ in 0..1000 {
            assert!(room(&mut pieces), "under drop there is always room");
            pieces.feed(&line);
        }
        let lost = stage.store.inbox().losses().messages;
        assert_eq!(lost, 1000, "without their payload");
        stage.store.inbox().release(64 * 1024);
        drop(pieces);
        let written = stage.written();
        assert_eq!(written.len(), 1000, "each is there");
        assert!(written.iter().all(|found| found.message.length == 1023 && found.message.wire == 1024));
        let cut = written.iter().filter(|found| found.message.flags.has(MessageFlags::TRUNCATED));
        assert!(cut.clone().all(|found| found.kept == 0));
        assert_eq!(cut.count() as u64, lost);
    }

    #[test]
    fn under_block_the_stream_waits_and_every_payload_is_kept() {
        let settings = Capture { unsaved: 64 * 1024, pressure: Pressure::Block, ..Capture::default() };
        let stage = Stage::new(&settings);
        let mut pieces = stage.pieces(Side::Origin);
        let line = [vec![b'x'; 40_000], vec![b'\n']].concat();
        for _ in 0..50 {
            while !room(&mut pieces) {
                std::thread::yield_now();
            }
            pieces.feed(&line);
        }
        while !room(&mut pieces) {
            std::thread::yield_now();
        }
        drop(pieces);
        let written = stage.written();
        assert!(written.len() == 50 && written.iter().all(|found| found.kept == 40_000));
    }
}
