//! The reading half of the frame tap, without sockets: the peer's frames in, frames for h2 out.
//!
//! Invariant: h2 reads only frames that passed the check, in whole header blocks, and a section of h2's
//! is there only when what it stands for is kept. DATA passes without being copied here.

use super::Role;
use super::code::{Breach, ErrorCode};
use super::frame::{FrameHead, HEAD, PREFACE, flag, kind};
use super::hpack::Decoder;
use super::session::{Breaking, Session};
use super::streams::{Seen, State::ResetSent};
use super::{control, section};
use bytes::{Buf, Bytes, BytesMut};
use std::time::Instant;

/// Octets for h2 that are made ready at once.
const OUTPUT: usize = 16 * 1024;
/// A field block may be larger than the section it makes, if it is badly coded, but not much.
const BLOCK_BEYOND_HEAD: usize = 16 * 1024;

#[derive(Debug)]
enum State {
    /// A client's preface is still to come (RFC 9113 3.4).
    Preface,
    /// Between frames.
    Frame,
    /// Within a payload that h2 gets, or that nobody gets.
    Payload { left: usize, passes: bool },
    /// The tap ended the connection.
    Over,
}

/// The reading half's state.
#[derive(Debug)]
pub(super) struct Inbound {
    state: State,
    /// Octets read from the socket and not yet understood.
    pub(super) input: BytesMut,
    /// Octets that h2 has not yet taken.
    pub(super) output: BytesMut,
    decoder: Decoder,
    block: Option<Block>,
    /// When the first octets of the frame at the front of `input` were there.
    began: Option<Instant>,
    has_settings: bool,
    pub(super) is_ended: bool,
}

/// A field block whose last frame is still to come (RFC 9113 4.3).
#[derive(Debug)]
struct Block {
    opening: section::Opening,
    octets: BytesMut,
}

/// What becomes of a payload.
#[derive(Clone, Copy)]
enum Fate {
    /// The frame passes as it is.
    Pass,
    /// h2 does not see it.
    Swallow,
}

impl Inbound {
    pub(super) fn new(role: Role) -> Self {
        let state = if role == Role::Server { State::Preface } else { State::Frame };
        Self {
            state,
            input: BytesMut::new(),
            output: BytesMut::new(),
            decoder: Decoder::default(),
            block: None,
            began: None,
            has_settings: false,
            is_ended: false,
        }
    }

    /// Understands as much of the input as it can. Stops within a payload that h2 gets: that is to be
    /// taken from `input` ([`Inbound::payload`]) once `output` is empty.
    pub(super) fn advance(&mut self, session: &mut Session, now: Instant) {
        while self.output.len() < OUTPUT {
            let moved = match self.state {
                State::Preface => self.preface(session, now),
                State::Frame => {
                    session.take_for_engine(&mut self.output);
                    self.frame(session, now)
                }
                State::Payload { passes: false, .. } => self.swallow(),
                State::Payload { .. } | State::Over => false,
            };
            if !moved {
                break;
            }
        }
    }

    /// Whether h2 was given the peer's first octets.
    pub(super) fn has_begun(&self) -> bool {
        self.has_settings
    }

    /// Octets of payload at the front of `input`, or still to be read, that belong to h2.
    pub(super) fn payload(&self) -> usize {
        match self.state {
            State::Payload { left, passes: true } => left,
            _ => 0,
        }
    }

    /// So much of the payload went to h2.
    pub(super) fn passed(&mut self, count: usize) {
        let State::Payload { left, passes } = self.state else { return };
        self.state = if left > count { State::Payload { left: left - count, passes } } else { State::Frame };
    }

    /// RFC 9113 3.4: anything else in the preface's place is a connection error.
    fn preface(&mut self, session: &mut Session, now: Instant) -> bool {
        let there = self.input.len().min(PREFACE.len());
        if self.input[..there] != PREFACE[..there] {
            let says = "The connection does not begin with the client's preface.";
            self.fail(session, Breach::protocol("RFC 9113 3.4", says), Breaking::frame(0, now));
            return false;
        }
        if there < PREFACE.len() {
            return false;
        }
        self.output.extend_from_slice(PREFACE);
        self.input.advance(PREFACE.len());
        self.state = State::Frame;
        true
    }

    fn swallow(&mut self) -> bool {
        let State::Payload { left, .. } = self.state else { return false };
        let count = left.min(self.input.len());
        self.input.advance(count);
        self.passed(count);
        count > 0 || left == 0
    }

    /// Takes the next frame, if enough of it is there; false to wait for more.
    fn frame(&mut self, session: &mut Session, now: Instant) -> bool {
        let Some(head) = FrameHead::read(&self.input) else {
            if self.began.is_none() && !self.input.is_empty() {
                self.began = Some(now);
            }
            return false;
        };
        match self.admit(session, head) {
            Ok(true) => {}
            refused => {
                session.note(now, false, head, &[]);
                self.begin_payload(head, Fate::Swallow);
                self.check(session, Breaking::frame(head.stream, now), |session| {
                    session.count_idle(now)?;
                    if head.kind == kind::DATA {
                        session.spend_window(head.length)?;
                        session.give_back(head.length);
                    }
                    refused.map(|_| ())
                });
                return true;
            }
        }
        match head.kind {
            kind::DATA => self.data(session, head, now),
            kind::HEADERS..=kind::CONTINUATION | kind::PRIORITY_UPDATE => self.whole(session, head, now),
            _ => {
                // RFC 9113 5.5: types that are not known are ignored.
                session.note(now, false, head, &[]);
                self.begin_payload(head, Fate::Swallow);
                self.check(session, Breaking::frame(0, now), |session| session.count_idle(now));
                true
            }
        }
    }

    /// Rules about where a frame stands and how long it is; whether it is read further.
    fn admit(&self, session: &Session, head: FrameHead) -> Result<bool, Breach> {
        if !self.has_settings && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Breach::protocol("RFC 9113 3.4", "The first frame is not SETTINGS."));
        }
        match &self.block {
            Some(block) if head.kind != kind::CONTINUATION || head.stream != block.opening.stream => {
                return Err(Breach::protocol("RFC 9113 6.10", "Another frame stands within a field block."));
            }
            None if head.kind == kind::CONTINUATION => {
                return Err(Breach::protocol(
                    "RFC 9113 6.10",
                    "CONTINUATION stands without HEADERS before it.",
                ));
            }
            _ => {}
        }
        if head.length <= session.max_frame {
            return Ok(true);
        }
        let says = "The frame is longer than SETTINGS_MAX_FRAME_SIZE.";
        // Even where a reset of ours has gone before: whoever sends such a frame has not merely not seen it yet
        // (RFC 9113 5.4.2).
        if head.kind == kind::DATA && session.streams.seen(head.stream) == Seen::At(ResetSent) {
            return Err(Breach::stream(ErrorCode::FRAME_SIZE_ERROR, "RFC 9113 4.2", says));
        }
        if head.stream != 0 && matches!(head.kind, kind::DATA | kind::PRIORITY) {
            control::on_stream(session, head.stream, ErrorCode::FRAME_SIZE_ERROR, "RFC 9113 4.2", says)?;
            return Ok(false);
        }
        Err(Breach::size("RFC 9113 4.2", says))
    }

    /// DATA: decided about by its head (and its padding's length), so that the rest can pass.
    fn data(&mut self, session: &mut Session, head: FrameHead, now: Instant) -> bool {
        let padding = match self.input.get(HEAD) {
            Some(padding) if head.has(flag::PADDED) && head.length > 0 => Some(*padding),
            None if head.has(flag::PADDED) && head.length > 0 => return false,
            _ => None,
        };
        session.note(now, false, head, &[]);
        let checked = control::data(session, head, padding, now);
        let fate = if matches!(checked, Ok(true)) { Fate::Pass } else { Fate::Swallow };
        if matches!(fate, Fate::Swallow) {
            session.give_back(head.length);
        }
        self.begin_payload(head, fate);
        if let Err(breach) = checked {
            self.fail(session, breach, Breaking::frame(head.stream, now));
        }
        true
    }

    /// All other known types: decided about when they are whole.
    fn whole(&mut self, session: &mut Session, head: FrameHead, now: Instant) -> bool {
        let began = *self.began.get_or_insert(now);
        if self.input.len() < HEAD + head.length {
            return false;
        }
        self.began = None;
        let frame = self.input.split_to(HEAD + head.length).freeze();
        let payload = frame.slice(HEAD..);
        let checked = match head.kind {
            kind::HEADERS => self.headers(session, head, &payload, began, now),
            kind::CONTINUATION => self.continuation(session, head, &payload, now),
            _ => {
                session.note(now, false, head, &payload);
                control::check(session, head, &payload, now).map(|passes| {
                    if passes {
                        self.output.extend_from_slice(&frame);
                    }
                })
            }
        };
        match checked {
            Ok(()) if head.kind == kind::SETTINGS => {
                self.has_settings = true;
                if head.has(flag::ACK)
                    && let Some(size) = session.settings_acknowledged()
                {
                    self.decoder.allow(size);
                }
            }
            Ok(()) => {}
            Err(breach) => self.fail(session, breach, Breaking::frame(head.stream, now)),
        }
        true
    }

    fn headers(
        &mut self,
        session: &mut Session,
        head: FrameHead,
        payload: &Bytes,
        began: Instant,
        now: Instant,
    ) -> Result<(), Breach> {
        let (opening, fragment) = section::open(session, head, payload, began)?;
        if head.has(flag::END_HEADERS) {
            return self.section(session, opening, &fragment, now);
        }
        self.block = Some(Block { opening, octets: BytesMut::from(&fragment[..]) });
        Ok(())
    }

    fn continuation(
        &mut self,
        session: &mut Session,
        head: FrameHead,
        payload: &Bytes,
        now: Instant,
    ) -> Result<(), Breach> {
        session.count_idle(now)?;
        let Some(mut block) = self.block.take() else { return Ok(()) };
        block.octets.extend_from_slice(payload);
        if block.octets.len() > session.limits.bounds.head.saturating_add(BLOCK_BEYOND_HEAD) {
            let says = "The field block is far larger than limits.head.";
            return Err(Breach::connection(ErrorCode::ENHANCE_YOUR_CALM, "RFC 9113 10.5.1", says));
        }
        block.opening.length += head.length;
        if !head.has(flag::END_HEADERS) {
            self.block = Some(block);
            return Ok(());
        }
        self.section(session, block.opening, &block.octets.freeze(), now)
    }

    fn section(
        &mut self,
        session: &mut Session,
        opening: section::Opening,
        block: &Bytes,
        now: Instant,
    ) -> Result<(), Breach> {
        let decoded = self.decoder.decode(block, &session.limits.bounds).map_err(|flaw| {
            Breach::connection(ErrorCode::COMPRESSION_ERROR, flaw.clause(), format!("HPACK: {flaw}."))
        })?;
        section::take(session, opening, &decoded, now, &mut self.output)
    }

    fn begin_payload(&mut self, head: FrameHead, fate: Fate) {
        self.began = None;
        self.input.advance(HEAD);
        let passes = matches!(fate, Fate::Pass);
        if passes {
            self.output.extend_from_slice(&head.octets());
        }
        self.state = State::Payload { left: head.length, passes };
        if head.length == 0 {
            self.state = State::Frame;
        }
    }

    fn check(
        &mut self,
        session: &mut Session,
        breaking: Breaking,
        rule: impl FnOnce(&mut Session) -> Result<(), Breach>,
    ) {
        if let Err(breach) = rule(session) {
            self.fail(session, breach, breaking);
        }
    }

    /// Answers a breach; behind one of the whole connection nothing more is read.
    fn fail(&mut self, session: &mut Session, breach: Breach, breaking: Breaking) {
        session.answer(breach, breaking);
        if session.is_over() {
            self.state = State::Over;
            self.input.clear();
            self.block = None;
        }
    }
}
