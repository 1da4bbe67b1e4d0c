//! What both halves of the tap know of one connection: streams, settings, and the frames that the tap
//! itself has to send to the peer and to h2.

use super::Role;
use super::code::{Breach, ErrorCode};
use super::flood::Flood;
use super::frame::{self, FrameHead, INITIAL_FRAME, kind};
use super::handle::{GoAway, Limits, Refused, Standing};
use super::notes::Notes;
use super::settings::Settings;
use super::streams::{State, Streams};
use crate::exchange::Head;
use crate::hop::Fault;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

/// Refused streams that are kept until they are taken.
const MOST_REFUSED: usize = 256;
/// Octets of frames of the tap's own that may wait: a peer that takes none is not read further.
const MOST_CONTROL: usize = 64 * 1024;
/// Octets of a GOAWAY's words that are kept.
const MOST_DEBUG: usize = 1024;
/// Small `WINDOW_UPDATE`s that may be owed to us at once.
const MOST_EXCUSED: u32 = 32 * 1024;
/// Both windows of a connection in the beginning (RFC 9113 6.9.2).
const INITIAL_WINDOW: i64 = 65_535;
/// Credit is given back in portions, so that small frames do not cost one each.
const CREDIT: u32 = 16_384;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) role: Role,
    pub(super) limits: Limits,
    pub(super) streams: Streams,
    /// The settings that we sent and the peer acknowledged.
    pub(super) max_frame: usize,
    max_concurrent: usize,
    /// Sent, but not yet acknowledged.
    unacknowledged: VecDeque<Settings>,
    /// The peer's, not yet acknowledged by h2.
    theirs: VecDeque<Settings>,
    /// `SETTINGS_INITIAL_WINDOW_SIZE` of the peer.
    initial_window: i64,
    /// `SETTINGS_ENABLE_CONNECT_PROTOCOL` of the peer, once its first SETTINGS came.
    pub(super) connect_protocol: Option<bool>,
    /// Who waits for that.
    settings_wakers: Vec<Waker>,
    /// Octets that the peer may still send on the connection, and those that are to be given back
    /// because h2 never sees them.
    window: i64,
    /// The largest that it was.
    widest: i64,
    owed: u32,
    /// Frames to the peer, to be put between two frames of h2's.
    control: BytesMut,
    /// Frames to h2, to be put between two frames of the peer's.
    to_engine: BytesMut,
    flood: Flood,
    /// Small `WINDOW_UPDATE`s that give back DATA of ours, and so are no flood.
    excused: u32,
    notes: Notes,
    refused: VecDeque<Refused>,
    pub(super) refused_waker: Option<Waker>,
    standing: Standing,
    /// What the peer broke, where the whole connection ends by it.
    broke: Option<Fault>,
    /// The tap ended the connection: its GOAWAY is in `control` or sent.
    is_over: bool,
}

impl Session {
    pub(super) fn new(role: Role, limits: Limits) -> Self {
        Self {
            role,
            limits,
            streams: Streams::new(role),
            max_frame: INITIAL_FRAME,
            max_concurrent: usize::MAX,
            unacknowledged: VecDeque::new(),
            theirs: VecDeque::new(),
            initial_window: INITIAL_WINDOW,
            connect_protocol: None,
            settings_wakers: Vec::new(),
            window: INITIAL_WINDOW,
            widest: INITIAL_WINDOW,
            owed: 0,
            control: BytesMut::new(),
            to_engine: BytesMut::new(),
            flood: Flood::new(limits.idle_frames),
            excused: 0,
            notes: Notes::default(),
            refused: VecDeque::new(),
            refused_waker: None,
            standing: Standing::default(),
            broke: None,
            is_over: false,
        }
    }

    /// Whether the tap ended the connection.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether either side said that it ends the connection by an error.
    pub(super) fn is_broken(&self) -> bool {
        self.standing.sent.as_ref().is_some_and(|sent| sent.code != ErrorCode::NO_ERROR)
    }

    /// What was wrong with a stream that was reset, or else with the whole connection.
    pub(super) fn take_fault(&mut self, stream: u32) -> Option<Fault> {
        let fault = self.streams.get(stream).and_then(|stream| stream.arrived.fault.take());
        fault.or_else(|| self.broke.clone())
    }

    pub(super) fn standing(&self) -> Standing {
        let highest_stream = self.streams.highest_peer.max(self.streams.highest_local);
        Standing { highest_stream, ..self.standing.clone() }
    }

    /// The next refused stream.
    pub(super) fn take_refused(&mut self) -> Option<Refused> {
        self.refused.pop_front()
    }

    pub(super) fn take_notes(&mut self, stream: u32) -> Vec<(Instant, crate::exchange::FrameNote)> {
        match stream {
            0 => self.notes.take(),
            stream => self.streams.get(stream).map(|stream| stream.notes.take()).unwrap_or_default(),
        }
    }

    /// Notes a frame that crossed. Of streams that nobody knows nothing is kept.
    pub(super) fn note(&mut self, now: Instant, sent: bool, head: FrameHead, payload: &[u8]) {
        let role = self.role;
        let notes = match head.stream {
            0 => Some(&mut self.notes),
            stream => self.streams.get(stream).map(|stream| &mut stream.notes),
        };
        if let Some(notes) = notes {
            notes.frame(now, role, sent, head, payload);
        }
    }

    /// Counts a frame that asks for work and brings nothing.
    pub(super) fn count_idle(&mut self, now: Instant) -> Result<(), Breach> {
        if !self.flood.rises(now) {
            return Ok(());
        }
        let says = "Too many frames that bring nothing came within ten seconds (limits.idle_frames).";
        Err(Breach::connection(ErrorCode::ENHANCE_YOUR_CALM, "RFC 9113 10.5", says))
    }

    /// DATA goes out. A receiver may give back each frame by itself, on the stream and on the connection,
    /// however small it was (RFC 9113 6.9).
    fn excuse(&mut self) {
        self.excused = (self.excused + 2).min(MOST_EXCUSED);
    }

    /// Whether a small `WINDOW_UPDATE` may give back DATA of ours; each frame excuses two.
    pub(super) fn is_excused(&mut self) -> bool {
        let excused = self.excused > 0;
        self.excused = self.excused.saturating_sub(1);
        excused
    }

    /// Whether the peer opens more streams than we allowed (RFC 9113 5.1.2).
    pub(super) fn is_crowded(&self) -> bool {
        self.streams.active >= self.max_concurrent
    }

    /// Whether h2 said that it takes no stream as high as this (RFC 9113 6.8).
    pub(super) fn is_beyond_goaway(&self, stream: u32) -> bool {
        self.standing.sent.as_ref().is_some_and(|sent| stream > sent.last_stream)
    }

    // Settings.

    /// h2 sends SETTINGS. It holds to its own limit of streams at once, so the tap does too.
    pub(super) fn settings_sent(&mut self, payload: &[u8]) {
        let settings = Settings::read(payload);
        self.max_concurrent = settings.max_concurrent.unwrap_or(self.max_concurrent);
        self.unacknowledged.push_back(settings);
    }

    /// The peer acknowledged our SETTINGS: they hold from here on. Returns the table sizes that the
    /// decoder allows from now on.
    pub(super) fn settings_acknowledged(&mut self) -> Option<usize> {
        let settings = self.unacknowledged.pop_front()?;
        self.max_frame = settings.max_frame.unwrap_or(self.max_frame);
        settings.header_table
    }

    /// The peer sent SETTINGS that passed the check.
    pub(super) fn settings_received(&mut self, payload: &[u8]) {
        let settings = Settings::read(payload);
        let enabled = settings.connect_protocol.or(self.connect_protocol).unwrap_or(false);
        self.connect_protocol = Some(enabled);
        self.initial_window = settings.initial_window.map_or(self.initial_window, i64::from);
        self.theirs.push_back(settings);
        self.settings_wakers.drain(..).for_each(Waker::wake);
    }

    /// Somebody waits for the peer's first SETTINGS.
    pub(super) fn await_settings(&mut self, waker: &Waker) {
        if !self.settings_wakers.iter().any(|known| known.will_wake(waker)) {
            self.settings_wakers.push(waker.clone());
        }
    }

    /// None will come, or what came says nothing of extended CONNECT.
    pub(super) fn no_settings(&mut self) {
        self.connect_protocol.get_or_insert(false);
        self.settings_wakers.drain(..).for_each(Waker::wake);
    }

    /// h2 acknowledges the peer's SETTINGS: they hold for what goes out from here on.
    pub(super) fn acknowledge(&mut self) -> Option<Settings> {
        self.theirs.pop_front()
    }

    // Flow control of the connection (RFC 9113 6.9).

    /// The peer sent so much DATA, padding included.
    pub(super) fn spend_window(&mut self, octets: usize) -> Result<(), Breach> {
        self.window -= i64::try_from(octets).unwrap_or(i64::MAX);
        if self.window >= 0 {
            return Ok(());
        }
        let says = "DATA exceeds the connection's flow-control window.";
        Err(Breach::connection(ErrorCode::FLOW_CONTROL_ERROR, "RFC 9113 6.9.1", says))
    }

    /// We sent so much DATA on a stream.
    pub(super) fn data_sent(&mut self, stream: u32, octets: usize) {
        if octets > 0 {
            self.excuse();
        }
        if let Some(stream) = self.streams.get(stream) {
            stream.extended -= i64::try_from(octets).unwrap_or(i64::MAX);
        }
    }

    /// The peer extends a stream's window; false where that is larger than any may be.
    pub(super) fn window_extended(&mut self, stream: u32, octets: u32) -> bool {
        let initial = self.initial_window;
        self.streams.get(stream).is_none_or(|stream| {
            stream.extended = stream.extended.saturating_add(i64::from(octets));
            initial.saturating_add(stream.extended) <= i64::from(frame::MOST_31_BITS)
        })
    }

    /// h2 gives the peer credit on the connection.
    pub(super) fn extend_window(&mut self, octets: u32) {
        self.window += i64::from(octets);
        self.widest = self.widest.max(self.window);
    }

    /// Whether the peer may still send a sixteenth of what it might on the connection. Less is left where the
    /// receivers of many streams take nothing.
    pub(super) fn has_window(&self) -> bool {
        self.window >= self.widest / 16
    }

    /// h2 never sees these octets: the tap gives them back.
    pub(super) fn give_back(&mut self, octets: usize) {
        self.owed = self.owed.saturating_add(u32::try_from(octets).unwrap_or(u32::MAX));
    }

    /// h2 sent DATA on a stream that the tap reset: the peer never sees it and h2 gets it back.
    pub(super) fn return_to_engine(&mut self, octets: usize) {
        if let Ok(octets @ 1..) = u32::try_from(octets) {
            frame::write_credit(&mut self.to_engine, octets);
        }
    }

    // The tap's own frames.

    /// Frames for h2, to be put in front of the next one that it reads.
    pub(super) fn take_for_engine(&mut self, into: &mut BytesMut) {
        if !self.to_engine.is_empty() {
            into.extend_from_slice(&self.to_engine);
            self.to_engine.clear();
        }
    }

    /// Whether frames wait for h2.
    pub(super) fn has_for_engine(&self) -> bool {
        !self.to_engine.is_empty()
    }

    /// Whether so many frames wait that the peer is not to be read further.
    pub(super) fn is_stuck(&self) -> bool {
        self.control.len() > MOST_CONTROL
    }

    /// Frames for the peer, to be put between two of h2's.
    pub(super) fn take_control(&mut self, now: Instant, into: &mut BytesMut) {
        if self.owed >= CREDIT && !self.is_over {
            let octets = std::mem::take(&mut self.owed);
            self.window += i64::from(octets);
            frame::write_credit(&mut self.control, octets);
            let head = FrameHead::new(kind::WINDOW_UPDATE, 0, 0, 4);
            self.note(now, true, head, &octets.to_be_bytes());
        }
        into.extend_from_slice(&self.control);
        self.control.clear();
    }

    /// Answers a breach of the rules by `stream`'s peer with the error that RFC 9113 names.
    pub(super) fn answer(&mut self, breach: Breach, refused: Breaking) {
        match breach {
            Breach::Stream(code, fault) => self.reset(code, fault, refused),
            Breach::Connection(code, fault) => self.go_away(code, fault, refused),
        }
    }

    /// RFC 9113 5.4.2. What was wrong is told by `stream_fault` when h2 knows the stream.
    fn reset(&mut self, code: ErrorCode, fault: Fault, breaking: Breaking) {
        let Breaking { stream: id, head, began, now } = breaking;
        frame::write_reset(&mut self.control, id, code);
        let is_new = self.streams.get(id).is_none();
        if is_new {
            self.streams.refuse(id);
            self.refuse(Refused {
                stream: id,
                head,
                fault: fault.clone(),
                code: code.name(),
                at: (began, now),
            });
        }
        self.note(now, true, FrameHead::new(kind::RST_STREAM, 0, id, 4), &code.0.to_be_bytes());
        if let Some(stream) = self.streams.get(id).filter(|_| !is_new) {
            stream.arrived.fault.get_or_insert(fault);
            if stream.is_engines && stream.state != State::ResetReceived {
                frame::write_reset(&mut self.to_engine, id, code);
            }
            stream.is_engines = false;
        }
        self.streams.close(id, State::ResetSent);
    }

    /// h2 resets a stream; false when that is not to be sent: a reset of the tap's went before it, it would
    /// answer a reset (RFC 9113 5.4.2), or nothing was ever sent on the stream. A request that nobody took
    /// counts as refused.
    pub(super) fn reset_by_engine(&mut self, id: u32, payload: &[u8], now: Instant) -> bool {
        let Some(stream) = self.streams.get(id) else { return false };
        if matches!(stream.state, State::ResetSent | State::ResetReceived | State::Idle) {
            return false;
        }
        let code = ErrorCode(payload.first_chunk().map_or(0, |four| u32::from_be_bytes(*four)));
        stream.is_engines = false;
        // What h2 finds by itself. A window that grows too large is the peer's doing.
        if code == ErrorCode::FLOW_CONTROL_ERROR {
            stream.arrived.fault.get_or_insert_with(|| broke_windows("stream"));
        }
        let (untaken, fault) = (stream.arrived.request.take(), stream.arrived.fault.clone());
        self.streams.close(id, State::ResetSent);
        if let Some(request) = untaken {
            let says = "The stream was reset before its request was looked at.";
            let fault = fault.unwrap_or_else(|| Fault::new(400, 0, "RFC 9113 5.4.2", says));
            let (code, at) = (code.name(), (request.at.0, now));
            self.refuse(Refused { stream: id, head: request.head, fault, code, at });
        }
        true
    }

    /// RFC 9113 5.4.1: GOAWAY with the last stream that may have been processed, and what was wrong.
    fn go_away(&mut self, code: ErrorCode, fault: Fault, breaking: Breaking) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        let last_stream = self.streams.highest_peer;
        let debug = format!("{} {}", fault.clause, fault.says);
        let payload = [&last_stream.to_be_bytes()[..], &code.0.to_be_bytes(), debug.as_bytes()].concat();
        frame::write(&mut self.control, kind::GOAWAY, 0, 0, &[&payload]);
        self.note(breaking.now, true, FrameHead::new(kind::GOAWAY, 0, 0, payload.len()), &payload);
        self.standing.sent = Some(GoAway { last_stream, code, debug: debug.into() });
        let Breaking { head, began, now, .. } = breaking;
        self.broke = Some(fault.clone());
        self.refuse(Refused { stream: 0, head, fault, code: code.name(), at: (began, now) });
    }

    fn refuse(&mut self, refused: Refused) {
        if self.refused.len() < MOST_REFUSED {
            self.refused.push_back(refused);
        }
        if let Some(waker) = self.refused_waker.take() {
            waker.wake();
        }
    }

    /// GOAWAY crossed (RFC 9113 6.8).
    pub(super) fn going_away(&mut self, sent: bool, payload: &[u8]) {
        let number = |at: usize| {
            payload.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_be_bytes(*four))
        };
        let debug = payload.get(8..).unwrap_or_default();
        let going = GoAway {
            last_stream: number(0) & frame::MOST_31_BITS,
            code: ErrorCode(number(4)),
            debug: Bytes::copy_from_slice(&debug[..debug.len().min(MOST_DEBUG)]),
        };
        if sent {
            self.note_broken(going.code);
        }
        let place = if sent { &mut self.standing.sent } else { &mut self.standing.received };
        *place = Some(going);
    }

    /// h2 ends the connection because of something that the peer did and the tap left to it.
    fn note_broken(&mut self, code: ErrorCode) {
        self.broke = match code {
            ErrorCode::NO_ERROR => return,
            ErrorCode::FLOW_CONTROL_ERROR => Some(broke_windows("connection")),
            code => {
                let says = format!("The peer broke the rules of HTTP/2 ({}).", code.name());
                Some(Fault::new(400, 0, "RFC 9113 5.4.1", says))
            }
        };
    }
}

fn broke_windows(of: &str) -> Fault {
    let says = format!("The flow-control window of the {of} was exceeded, or grew above 2^31-1.");
    Fault::new(400, 0, "RFC 9113 6.9.1", says)
}

/// The circumstances of a breach.
#[derive(Debug)]
pub(super) struct Breaking {
    pub(super) stream: u32,
    /// What came of the section that breaks the rules.
    pub(super) head: Head,
    pub(super) began: Instant,
    pub(super) now: Instant,
}

impl Breaking {
    /// Of a frame other than a field section.
    pub(super) fn frame(stream: u32, now: Instant) -> Self {
        Self { stream, head: Head::parse(Bytes::new()), began: now, now }
    }
}
