//! The writing half of the frame tap, without sockets: h2's frames in, what goes to the peer out.
//!
//! h2's field blocks are replaced by the exact sections queued for their streams; DATA passes without
//! being copied where it is large. The tap's own frames stand between frames of h2's, never within one,
//! and never within a field block.

use super::Role;
use super::frame::{self, FrameHead, HEAD, INITIAL_FRAME, PREFACE, flag, kind};
use super::hpack::Encoder;
use super::session::Session;
use super::streams::State;
use crate::exchange::{Head, section_lines};
use crate::tap::{HeadOf, HeadSent};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// A payload of fewer octets is copied, so that it goes out together with what is around it.
const SMALL: usize = 1024;

/// Octets of interim sections that may wait for a peer that reads nothing.
const MOST_INTERIMS: usize = 1 << 20;

/// Where in h2's stream of frames the writer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Within a client's preface.
    Preface(usize),
    /// Between frames, or within a frame's head.
    Head,
    /// Within a frame that is gathered until it is whole.
    Whole(FrameHead),
    /// Within DATA that goes to the peer.
    Data(usize),
    /// Within DATA of a stream that is no more.
    Dropped(usize),
    /// Within h2's field block, of which nothing is kept.
    Block { left: usize, last: bool, stream: u32, ends: bool },
    /// Behind h2's field block, and ours is not there yet.
    Waiting { stream: u32, ends: bool },
    /// The tap ended the connection: nothing of h2's goes out.
    Over,
}

/// What becomes of the next of h2's octets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many were taken.
    Took(usize),
    /// So many belong to a large payload: write them behind `pending`, then tell [`Outbound::passed`].
    Payload(usize),
    /// Nothing can be taken before a section is queued.
    Wait,
}

/// Whom to tell once so many octets have left `pending`.
#[derive(Debug)]
struct Mark {
    at: u64,
    sent: Arc<dyn HeadSent>,
    of: HeadOf,
    head: Bytes,
}

/// The writing half's state.
#[derive(Debug)]
pub(super) struct Outbound {
    at: At,
    /// A frame's head, or a whole frame, as far as it came.
    gathered: BytesMut,
    /// Octets that go out before anything of h2's.
    pub(super) pending: BytesMut,
    /// Octets that ever left `pending`.
    drained: u64,
    marks: VecDeque<Mark>,
    encoder: Encoder,
    /// The peer's `SETTINGS_MAX_FRAME_SIZE`.
    max_frame: usize,
    interims: VecDeque<(u32, Head)>,
    interim_octets: usize,
}

impl Outbound {
    pub(super) fn new(role: Role) -> Self {
        Self {
            at: if role == Role::Client { At::Preface(PREFACE.len()) } else { At::Head },
            gathered: BytesMut::new(),
            pending: BytesMut::new(),
            drained: 0,
            marks: VecDeque::new(),
            encoder: Encoder::default(),
            max_frame: INITIAL_FRAME,
            interims: VecDeque::new(),
            interim_octets: 0,
        }
    }

    /// Queues an interim section. The caller knows that its stream's final section has not begun.
    /// False when too many wait already.
    pub(super) fn inject(&mut self, stream: u32, head: Head) -> bool {
        let has_room = self.interim_octets + head.raw().len() <= MOST_INTERIMS;
        if has_room {
            self.interim_octets += head.raw().len();
            self.interims.push_back((stream, head));
        }
        has_room
    }

    /// Whether the tap's own frames may stand here.
    pub(super) fn is_between(&self) -> bool {
        match self.at {
            At::Head => self.gathered.is_empty(),
            At::Waiting { .. } | At::Over => true,
            _ => false,
        }
    }

    /// Puts the tap's own frames into `pending`, if they may stand here. Returns whether the connection
    /// is over for h2.
    pub(super) fn insert(&mut self, session: &mut Session, now: Instant) -> bool {
        if self.is_between() && self.at != At::Over {
            self.interim_octets = 0;
            while let Some((stream, head)) = self.interims.pop_front() {
                self.interim(session, stream, &head, now);
            }
            session.take_control(now, &mut self.pending);
            if session.is_over() {
                self.at = At::Over;
            }
        }
        self.at == At::Over
    }

    /// Whether h2 has written a section, and the one that stands for it is not queued yet.
    pub(super) fn is_waiting(&mut self, session: &mut Session, now: Instant) -> bool {
        matches!(self.at, At::Waiting { .. }) && !self.replace(session, now)
    }

    /// Takes what it can of h2's next octets.
    pub(super) fn step(&mut self, session: &mut Session, bytes: &[u8], now: Instant) -> Step {
        if self.insert(session, now) {
            return Step::Took(bytes.len());
        }
        match self.at {
            At::Preface(left) => self.preface(left, bytes),
            At::Head => self.head(session, bytes, now),
            At::Whole(head) => self.whole(session, head, bytes, now),
            At::Data(left) if left < SMALL && bytes.len() >= left => {
                self.pending.extend_from_slice(&bytes[..left]);
                self.at = At::Head;
                Step::Took(left)
            }
            At::Data(left) => Step::Payload(left),
            At::Dropped(left) => {
                let count = left.min(bytes.len());
                self.at = if left == count { At::Head } else { At::Dropped(left - count) };
                Step::Took(count)
            }
            At::Block { left: 0, .. } => self.head(session, bytes, now),
            At::Block { left, last, stream, ends } => {
                let count = left.min(bytes.len());
                self.skip(left - count, last, stream, ends);
                self.replace(session, now);
                Step::Took(count)
            }
            At::Waiting { .. } => {
                if self.replace(session, now) {
                    Step::Took(0)
                } else {
                    Step::Wait
                }
            }
            At::Over => Step::Took(bytes.len()),
        }
    }

    /// So many octets of a large payload were written.
    pub(super) fn passed(&mut self, count: usize) {
        if let At::Data(left) = self.at {
            self.at = if left > count { At::Data(left - count) } else { At::Head };
        }
    }

    /// So many octets of `pending` were written.
    pub(super) fn drain(&mut self, count: usize) {
        self.pending.advance(count);
        self.drained += count as u64;
        while self.marks.front().is_some_and(|mark| mark.at <= self.drained) {
            if let Some(Mark { sent, of, head, .. }) = self.marks.pop_front() {
                sent.sent(of, head, false);
            }
        }
    }

    fn preface(&mut self, left: usize, bytes: &[u8]) -> Step {
        let count = left.min(bytes.len());
        self.pending.extend_from_slice(&bytes[..count]);
        self.at = if left == count { At::Head } else { At::Preface(left - count) };
        Step::Took(count)
    }

    fn head(&mut self, session: &mut Session, bytes: &[u8], now: Instant) -> Step {
        let count = (HEAD - self.gathered.len()).min(bytes.len());
        self.gathered.extend_from_slice(&bytes[..count]);
        let Some(head) = FrameHead::read(&self.gathered) else { return Step::Took(count) };
        match head.kind {
            kind::DATA => {
                self.gathered.clear();
                self.data(session, head, now);
            }
            kind::HEADERS | kind::CONTINUATION => {
                self.gathered.clear();
                let (last, ends) = (head.has(flag::END_HEADERS), head.ends_stream());
                let ends = match self.at {
                    At::Block { ends, .. } => ends,
                    _ => ends,
                };
                self.skip(head.length, last, head.stream, ends);
                self.replace(session, now);
            }
            _ => {
                self.at = At::Whole(head);
                if head.length == 0 {
                    self.whole(session, head, &[], now);
                }
            }
        }
        Step::Took(count)
    }

    fn data(&mut self, session: &mut Session, head: FrameHead, now: Instant) {
        let over = |state| matches!(state, State::ResetSent | State::ResetReceived);
        if session.streams.get(head.stream).is_none_or(|stream| over(stream.state)) {
            session.return_to_engine(head.length);
            self.at = if head.length == 0 { At::Head } else { At::Dropped(head.length) };
            return;
        }
        session.note(now, true, head, &[]);
        session.data_sent(head.stream, head.length);
        self.pending.extend_from_slice(&head.octets());
        self.at = if head.length == 0 { At::Head } else { At::Data(head.length) };
        if head.ends_stream() {
            session.streams.end_local(head.stream);
        }
    }

    /// Leaves out so much more of h2's field block.
    fn skip(&mut self, left: usize, last: bool, stream: u32, ends: bool) {
        self.at = if left > 0 || !last {
            At::Block { left, last, stream, ends }
        } else {
            At::Waiting { stream, ends }
        };
    }

    /// Gathers a frame that is not DATA and holds no fields, takes note of it, and passes it on.
    fn whole(&mut self, session: &mut Session, head: FrameHead, bytes: &[u8], now: Instant) -> Step {
        let count = (HEAD + head.length - self.gathered.len()).min(bytes.len());
        self.gathered.extend_from_slice(&bytes[..count]);
        if self.gathered.len() < HEAD + head.length {
            return Step::Took(count);
        }
        self.at = At::Head;
        let frame = std::mem::take(&mut self.gathered);
        if self.follow(session, head, &frame[HEAD..], now) {
            session.note(now, true, head, &frame[HEAD..]);
            self.pending.extend_from_slice(&frame);
        }
        self.gathered = frame;
        self.gathered.clear();
        Step::Took(count)
    }

    /// What h2's frame means for the tap; false when it is not to be sent.
    fn follow(&mut self, session: &mut Session, head: FrameHead, payload: &[u8], now: Instant) -> bool {
        match head.kind {
            kind::RST_STREAM => return session.reset_by_engine(head.stream, payload, now),
            kind::SETTINGS if head.has(flag::ACK) => {
                if let Some(settings) = session.acknowledge() {
                    self.max_frame = settings.max_frame.unwrap_or(self.max_frame);
                    for size in [settings.header_table_least, settings.header_table].into_iter().flatten() {
                        self.encoder.limit(size);
                    }
                }
            }
            kind::SETTINGS => session.settings_sent(payload),
            kind::GOAWAY => session.going_away(true, payload),
            kind::WINDOW_UPDATE if head.stream == 0 => {
                let octets = payload.first_chunk::<4>().map_or(0, |four| u32::from_be_bytes(*four));
                session.extend_window(octets);
            }
            kind::WINDOW_UPDATE => {
                return session.streams.get(head.stream).is_some_and(|stream| !stream.state.is_over());
            }
            _ => {}
        }
        true
    }

    /// Writes the section that is queued in place of h2's; false when there is none yet.
    fn replace(&mut self, session: &mut Session, now: Instant) -> bool {
        let At::Waiting { stream: id, ends } = self.at else { return false };
        if session.role == Role::Client {
            session.streams.open(id);
        }
        let Some(stream) = session.streams.get(id) else {
            self.at = At::Head;
            return true;
        };
        if matches!(stream.state, State::ResetSent | State::ResetReceived) {
            self.at = At::Head;
            return true;
        }
        let length;
        if stream.leaving.has_begun {
            let Some((lines, never)) = stream.leaving.trailers.take() else { return false };
            length = self.trailers(id, &lines, &never);
        } else {
            let Some((out, never)) = stream.leaving.head.take() else { return false };
            stream.leaving.has_begun = true;
            stream.is_tunnel |= session.role == Role::Client && out.raw.starts_with(b"CONNECT ");
            length = self.section(id, ends, &out.raw, &never);
            let at = self.drained + self.pending.len() as u64;
            self.marks.push_back(Mark { at, sent: out.sent, of: out.of, head: out.raw });
        }
        self.at = At::Head;
        let flags = flag::END_HEADERS | if ends { flag::END_STREAM } else { 0 };
        session.note(now, true, FrameHead::new(kind::HEADERS, flags, id, length), &[]);
        if ends {
            session.streams.end_local(id);
        }
        true
    }

    fn interim(&mut self, session: &mut Session, id: u32, head: &Head, now: Instant) {
        if session.streams.get(id).is_none_or(|stream| stream.state.is_over()) {
            return;
        }
        let length = self.section(id, false, head.raw(), &[]);
        session.note(now, true, FrameHead::new(kind::HEADERS, flag::END_HEADERS, id, length), &[]);
    }

    fn trailers(&mut self, stream: u32, lines: &[u8], never: &[Bytes]) -> usize {
        let text = [&b"trailers\r\n"[..], lines, b"\r\n"].concat();
        self.section(stream, true, &text, never)
    }

    /// Appends a section as frames to `pending`, and returns its octets.
    fn section(&mut self, stream: u32, ends: bool, text: &[u8], never: &[Bytes]) -> usize {
        let at = frame::leave_room(&mut self.pending);
        self.encoder.encode(section_lines(text), never, &mut self.pending);
        let length = self.pending.len() - at - HEAD;
        frame::frame_block(&mut self.pending, at, stream, ends, self.max_frame);
        length
    }
}
