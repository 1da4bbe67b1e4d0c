//! The streams of one connection: their states (RFC 9113 5.1), and what waits on each.

use super::Role;
use super::handle::{Request, Response};
use super::notes::Notes;
use crate::exchange::Head;
use crate::hop::{Fault, ResponseFacts};
use crate::tap::OutHead;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

/// Closed streams that are remembered: late frames on them are told from wrong ones, and what arrived
/// on them can still be taken.
const CLOSED: usize = 256;
/// Closed streams, beyond those, of which nothing is remembered but that we reset them.
const RESET: usize = 1024;
/// Closed streams of which something was not yet taken, and octets of that.
const UNTAKEN: usize = 1024;
const UNTAKEN_OCTETS: usize = 4 << 20;

/// Where a stream is in its life (RFC 9113 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing crossed yet; something may be queued.
    Idle,
    Open,
    HalfClosedLocal,
    HalfClosedRemote,
    /// Both sides sent `END_STREAM`.
    Closed,
    /// `RST_STREAM` was sent: whatever comes is ignored.
    ResetSent,
    ResetReceived,
}

/// What is known of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    At(State),
    /// Closed without ever being used, by one with a higher number (RFC 9113 5.1.1).
    Skipped,
    /// Closed so long ago that nothing more is known.
    Forgotten,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) state: State,
    /// Whether h2 has seen it, and nothing yet of its reset.
    pub(super) is_engines: bool,
    /// Between CONNECT and its end only DATA crosses (RFC 9113 8.5).
    pub(super) is_tunnel: bool,
    pub(super) arrived: Arrived,
    pub(super) leaving: Leaving,
    pub(super) notes: Notes,
    /// How much wider the peer's window for it is than its initial size: given, less what we sent.
    pub(super) extended: i64,
    /// What was not yet taken when it was closed, in octets.
    untaken: usize,
}

/// What came in on a stream.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
    pub(super) interims: Vec<(Head, ResponseFacts)>,
    pub(super) interims_waker: Option<Waker>,
    /// Lines, and names of fields that must not be put into a compression table.
    pub(super) trailers: Option<(Bytes, Vec<Bytes>)>,
    pub(super) fault: Option<Fault>,
    /// The response answers HEAD.
    pub(super) to_head: bool,
    /// The final section is there.
    pub(super) has_head: bool,
    /// Octets of content still to come, where Content-Length told.
    pub(super) left: Option<u64>,
}

/// What is to go out on a stream when h2 writes its own.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    pub(super) head: Option<(OutHead, Vec<Bytes>)>,
    pub(super) trailers: Option<(Bytes, Vec<Bytes>)>,
    /// h2 has begun its final section.
    pub(super) has_begun: bool,
}

/// All streams of a connection.
#[derive(Debug)]
pub(super) struct Streams {
    role: Role,
    /// Boxed: the tree moves its nodes about.
    map: BTreeMap<u32, Box<Stream>>,
    closed: VecDeque<u32>,
    /// Octets that were not taken when their streams were closed.
    untaken: usize,
    /// Streams on which something was queued before h2 opened them, in order.
    queued: VecDeque<u32>,
    forgotten: u32,
    /// Of those that were forgotten, the last that we reset: their frames may have been under way.
    reset: VecDeque<u32>,
    /// The highest identifier that the peer used.
    pub(super) highest_peer: u32,
    /// The highest identifier that we used.
    pub(super) highest_local: u32,
    /// Streams that the peer opened and that are not closed.
    pub(super) active: usize,
}

impl Stream {
    fn new(state: State, is_engines: bool) -> Self {
        Self {
            state,
            is_engines,
            is_tunnel: false,
            arrived: Arrived::default(),
            leaving: Leaving::default(),
            notes: Notes::default(),
            extended: 0,
            untaken: 0,
        }
    }

    /// Octets of what can still be taken; 0 when there is nothing.
    fn count_untaken(&self) -> usize {
        let Arrived { request, response, trailers, fault, .. } = &self.arrived;
        let request = request.as_ref().map_or(0, |request| request.head.raw().len());
        let response = response.as_ref().map_or(0, |response| response.head.raw().len());
        let trailers = trailers.as_ref().map_or(0, |(lines, _)| lines.len());
        request + response + trailers + usize::from(fault.is_some())
    }
}

impl State {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::ResetSent | Self::ResetReceived)
    }
}

impl Streams {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            map: BTreeMap::new(),
            closed: VecDeque::new(),
            untaken: 0,
            queued: VecDeque::new(),
            forgotten: 0,
            reset: VecDeque::new(),
            highest_peer: 0,
            highest_local: 0,
            active: 0,
        }
    }

    pub(super) fn get(&mut self, id: u32) -> Option<&mut Stream> {
        self.map.get_mut(&id).map(|stream| &mut **stream)
    }

    /// Whether the final section came in on it.
    pub(super) fn has_head(&self, id: u32) -> bool {
        self.map.get(&id).is_some_and(|stream| stream.arrived.has_head)
    }

    /// What is known of an identifier.
    pub(super) fn seen(&self, id: u32) -> Seen {
        if let Some(stream) = self.map.get(&id) {
            return Seen::At(stream.state);
        }
        let highest = match (self.role, id % 2) {
            (Role::Server, 1) => self.highest_peer,
            (Role::Client, 1) => self.highest_local,
            // Nobody pushes.
            _ => 0,
        };
        if id > highest {
            Seen::At(State::Idle)
        } else if self.reset.contains(&id) {
            Seen::At(State::ResetSent)
        } else if id <= self.forgotten {
            Seen::Forgotten
        } else {
            Seen::Skipped
        }
    }

    /// The peer opens a stream with an identifier above all others of its.
    pub(super) fn open_by_peer(&mut self, id: u32, ends: bool) -> &mut Stream {
        self.highest_peer = self.highest_peer.max(id);
        self.active += 1;
        let state = if ends { State::HalfClosedRemote } else { State::Open };
        self.map.entry(id).or_insert_with(|| Box::new(Stream::new(state, true)))
    }

    /// A stream of the peer's that h2 never sees.
    pub(super) fn refuse(&mut self, id: u32) {
        self.highest_peer = self.highest_peer.max(id);
        self.map.insert(id, Box::new(Stream::new(State::ResetSent, false)));
        self.closed.push_back(id);
        self.forget();
    }

    /// We open a stream. Lower ones that were not opened never will be (RFC 9113 5.1.1).
    pub(super) fn open(&mut self, id: u32) {
        self.highest_local = self.highest_local.max(id);
        let stream = self.map.entry(id).or_insert_with(|| Box::new(Stream::new(State::Idle, true)));
        if stream.state == State::Idle {
            stream.state = State::Open;
        }
        while self.queued.front().is_some_and(|queued| *queued <= id) {
            let Some(queued) = self.queued.pop_front() else { return };
            if self.seen(queued) == Seen::At(State::Idle) {
                self.map.remove(&queued);
            }
        }
    }

    /// The stream to queue something on; `None` when it is over or cannot be.
    pub(super) fn queueing(&mut self, id: u32) -> Option<&mut Stream> {
        let is_new = !self.map.contains_key(&id);
        if is_new && self.role == Role::Client && self.seen(id) == Seen::At(State::Idle) {
            self.map.insert(id, Box::new(Stream::new(State::Idle, true)));
            let at = self.queued.partition_point(|queued| *queued < id);
            self.queued.insert(at, id);
        }
        self.get(id).filter(|stream| !stream.state.is_over())
    }

    /// `END_STREAM` came in.
    pub(super) fn end_remote(&mut self, id: u32) {
        match self.get(id).map(|stream| stream.state) {
            Some(State::Open) => self.set(id, State::HalfClosedRemote),
            Some(State::HalfClosedLocal) => self.close(id, State::Closed),
            _ => {}
        }
    }

    /// `END_STREAM` goes out.
    pub(super) fn end_local(&mut self, id: u32) {
        match self.get(id).map(|stream| stream.state) {
            Some(State::Open) => self.set(id, State::HalfClosedLocal),
            Some(State::HalfClosedRemote) => self.close(id, State::Closed),
            _ => {}
        }
    }

    fn set(&mut self, id: u32, state: State) {
        if let Some(stream) = self.get(id) {
            stream.state = state;
        }
    }

    /// The stream is over.
    pub(super) fn close(&mut self, id: u32, state: State) {
        let Some(stream) = self.map.get_mut(&id) else { return };
        let before = std::mem::replace(&mut stream.state, state);
        if before.is_over() {
            return;
        }
        if self.role == Role::Server && before != State::Idle {
            self.active = self.active.saturating_sub(1);
        }
        if state != State::Closed {
            stream.leaving.head = None;
        }
        if let Some(waker) = stream.arrived.interims_waker.take() {
            waker.wake();
        }
        stream.untaken = stream.count_untaken();
        self.untaken += stream.untaken;
        self.closed.push_back(id);
        self.forget();
    }

    /// Forgets the streams that were closed first; those of which something is to be taken stay longer,
    /// as long as there are not too many or too large.
    fn forget(&mut self) {
        while self.closed.len() > CLOSED {
            let Some(id) = self.closed.pop_front() else { return };
            let Some(stream) = self.map.get_mut(&id) else { continue };
            self.untaken -= stream.untaken;
            stream.untaken = stream.count_untaken();
            let may_stay = self.closed.len() < UNTAKEN && self.untaken + stream.untaken < UNTAKEN_OCTETS;
            if stream.untaken > 0 && may_stay {
                self.untaken += stream.untaken;
                self.closed.push_back(id);
                return;
            }
            if stream.state == State::ResetSent {
                self.reset.truncate(RESET - 1);
                self.reset.push_front(id);
            }
            self.map.remove(&id);
            self.forgotten = self.forgotten.max(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9113_5_1_1_lower_identifiers_are_closed_by_a_higher_one() {
        let mut streams = Streams::new(Role::Server);
        streams.open_by_peer(5, true);
        assert_eq!(streams.seen(3), Seen::Skipped);
        assert_eq!(streams.seen(5), Seen::At(State::HalfClosedRemote));
        assert_eq!(streams.seen(7), Seen::At(State::Idle));
        assert_eq!(streams.seen(2), Seen::At(State::Idle), "nobody pushes");
    }

    #[test]
    fn closed_streams_are_forgotten_but_not_what_waits_on_them() {
        let mut streams = Streams::new(Role::Server);
        streams.open_by_peer(1, true).arrived.trailers = Some((Bytes::from_static(b"a: b\r\n"), Vec::new()));
        streams.end_local(1);
        for id in 1..3000 {
            streams.open_by_peer(id * 2 + 1, true);
            streams.end_local(id * 2 + 1);
        }
        assert!(streams.map.len() <= CLOSED + 1, "{}", streams.map.len());
        assert_eq!(streams.active, 0);
        assert_eq!(streams.seen(1), Seen::At(State::Closed));
        assert_eq!(streams.seen(3), Seen::Forgotten);
    }

    #[test]
    fn what_nobody_takes_is_bounded() {
        let mut streams = Streams::new(Role::Server);
        let large = Bytes::from(vec![b'a'; 100_000]);
        for id in 0..3000 {
            streams.open_by_peer(id * 2 + 1, true).arrived.trailers = Some((large.clone(), Vec::new()));
            streams.end_local(id * 2 + 1);
        }
        assert!(streams.map.len() <= CLOSED + UNTAKEN_OCTETS / large.len() + 1, "{}", streams.map.len());
    }

    #[test]
    fn what_was_queued_for_a_stream_that_never_opens_goes() {
        let mut streams = Streams::new(Role::Client);
        for id in [1, 5, 3] {
            assert!(streams.queueing(id).is_some());
        }
        streams.open(3);
        assert_eq!(streams.map.keys().copied().collect::<Vec<_>>(), [3, 5]);
        assert!(streams.queueing(1).is_none());
    }
}
