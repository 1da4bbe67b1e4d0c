//! The reading half of the tap, without sockets: raw bytes in, stand-in bytes for hyper out.
//!
//! Invariant: every head that arrives becomes exactly one [`Arrival`], in order, before hyper
//! reads the first byte of its stand-in; a 1xx head becomes an arrival and nothing for hyper.

use super::chunked::{Chunked, Step};
use crate::exchange::Head;
use crate::hop::{self, Bounds, Chunks, Fault, Framing, RequestFacts, ResponseFacts, Version};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::time::Instant;

/// The first byte of a TLS handshake (RFC 8446 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Bytes in which a request line is looked for before its head is there.
const MAX_LINE: usize = 8 * 1024;

/// Which end of HTTP the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The peer is a client: we read requests and write responses.
    Server,
    /// The peer is an origin: we write requests and read responses.
    Client,
}

/// A head that came in.
#[derive(Debug)]
pub enum Arrival {
    /// A request that passed the check.
    Request {
        /// Finds it from hyper's stand-in.
        number: u64,
        /// As on the wire.
        head: Head,
        /// What the check found.
        facts: RequestFacts,
        /// When its first byte was there, and when it was whole.
        at: (Instant, Instant),
    },
    /// A final response (or 101) that passed the check.
    Response {
        /// As on the wire.
        head: Head,
        /// What the check found.
        facts: ResponseFacts,
        /// When it was whole.
        at: Instant,
    },
    /// A head that was refused; nothing behind it is read.
    Refused {
        /// Finds it from hyper's stand-in (requests only).
        number: u64,
        /// The bytes that were refused, as far as they came.
        raw: Bytes,
        /// Why.
        fault: Fault,
        /// When its first byte was there, and when it was refused.
        at: (Instant, Instant),
    },
}

/// What the next response on an origin connection answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    pub(super) to_head: bool,
    pub(super) upgrade: bool,
}

/// What the tap should do next to satisfy a read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Read more bytes into the input buffer.
    Input,
    /// Read up to so many bytes straight into hyper's buffer.
    Direct(u64),
    /// Wait, and keep what comes: a request is being answered or an Upgrade decided, and meanwhile
    /// the peer may go away.
    Watch,
    /// Wait: a CONNECT is being decided (its client may have ended its half of the tunnel), a
    /// refused head is being answered, or a client that sent its last byte is still owed an answer.
    Hold,
    /// Tell hyper that the stream ended.
    End,
    /// Tell hyper that the stream is broken.
    Broken,
}

#[derive(Debug)]
enum State {
    Head {
        scanned: usize,
    },
    Counted(u64),
    Chunked(Chunked),
    UntilClose,
    Held,
    /// A head was refused: nothing behind it is read, and hyper closes behind the answer. An end
    /// told before that would make hyper give the answer up.
    Refused,
    Ended,
    Broken,
}

/// The reading half's state.
#[derive(Debug)]
pub(super) struct Inbound {
    role: Role,
    bounds: Bounds,
    state: State,
    /// Bytes read from the socket and not yet understood.
    pub(super) input: BytesMut,
    /// Bytes that hyper has not yet taken.
    pub(super) output: BytesMut,
    pub(super) arrivals: VecDeque<Arrival>,
    pub(super) interims: VecDeque<(Head, ResponseFacts)>,
    expected: VecDeque<Expected>,
    trailers: Vec<(u64, Bytes)>,
    /// Number of the message whose body is being read.
    number: u64,
    /// How many requests were answered; hyper gets the next one only then, so that it goes on
    /// reading while it answers and notices when the client goes away.
    pub(super) answered: u64,
    began: Option<Instant>,
    hold_after: bool,
    /// What is held back for is an Upgrade, not a CONNECT.
    upgrading: bool,
    ended: bool,
    /// The fault that broke a body, and whether the stream ended within one.
    pub(super) body_fault: Option<Fault>,
    /// Body bytes of the last message that arrived.
    pub(super) idle_since: Instant,
}

impl Inbound {
    pub(super) fn new(role: Role, bounds: Bounds) -> Self {
        Self {
            role,
            bounds,
            state: State::Head { scanned: 0 },
            input: BytesMut::new(),
            output: BytesMut::with_capacity(256),
            arrivals: VecDeque::new(),
            interims: VecDeque::new(),
            expected: VecDeque::new(),
            trailers: Vec::new(),
            number: 0,
            answered: 0,
            began: None,
            hold_after: false,
            upgrading: false,
            ended: false,
            body_fault: None,
            idle_since: Instant::now(),
        }
    }

    /// Understands as much of the input as it can. Stops once there is something for hyper,
    /// so that a pipeline is taken apart only as fast as it is answered.
    pub(super) fn advance(&mut self) {
        while self.output.is_empty() {
            let moved = match &mut self.state {
                State::Head { .. } => self.head(),
                State::Counted(_) | State::UntilClose => self.plain_body(),
                State::Chunked(_) => self.chunked_body(),
                State::Held | State::Refused | State::Ended | State::Broken => false,
            };
            if !moved {
                break;
            }
        }
    }

    /// What a read needs next; only asked when there is no output.
    pub(super) fn want(&self) -> Want {
        match &self.state {
            State::Broken => Want::Broken,
            State::Ended => Want::End,
            State::Refused => Want::Hold,
            State::Head { .. } | State::Held if self.ended && self.is_answering() => Want::Hold,
            _ if self.ended => Want::End,
            State::Held if self.upgrading => Want::Watch,
            State::Held => Want::Hold,
            State::Head { .. } if self.is_answering() => Want::Watch,
            State::Head { .. } => Want::Input,
            State::Counted(left) => Want::Direct(*left),
            State::UntilClose => Want::Direct(u64::MAX),
            State::Chunked(reader) => reader.direct().map_or(Want::Input, Want::Direct),
        }
    }

    /// Counts bytes that went straight to hyper.
    pub(super) fn passed(&mut self, count: u64) {
        match &mut self.state {
            State::Counted(left) if *left > count => *left -= count,
            State::Counted(_) => self.next_message(),
            State::Chunked(reader) => reader.passed(count),
            _ => {}
        }
    }

    /// The peer sent its last byte. It may have closed only its half of the connection and wait for
    /// the answers to what it asked.
    pub(super) fn end(&mut self) {
        self.ended = true;
        match self.state {
            State::Head { .. } if self.is_answering() => {}
            State::Head { .. } if !self.input.is_empty() => self.cut_head(),
            State::Counted(_) | State::Chunked(_) => {
                self.body_fault =
                    Some(self.fault("RFC 9112 8", "the connection was closed before the body was complete"));
                self.state = State::Broken;
            }
            State::Held => {}
            _ => self.state = State::Ended,
        }
    }

    /// Whether the client sent its last byte while it is still owed an answer.
    pub(super) fn is_half_closed(&self) -> bool {
        self.ended && matches!(self.state, State::Head { .. } | State::Held) && self.is_answering()
    }

    /// The client that sent its last byte is gone altogether.
    pub(super) fn leave(&mut self) {
        self.state = State::Ended;
    }

    /// Whether a request was passed on and its answer is not yet written.
    pub(super) fn is_answering(&self) -> bool {
        self.role == Role::Server && self.number > self.answered
    }

    /// A request's answer is written: its time idle begins, and the next in the pipeline may go on.
    pub(super) fn answer_written(&mut self, answered: u64) {
        if self.answered == answered {
            return;
        }
        self.answered = answered;
        self.idle_since = Instant::now();
    }

    /// Whether something waits until the answer being written is out.
    pub(super) fn awaits_answer(&self) -> bool {
        self.is_answering() && (self.ended || !self.input.is_empty())
    }

    /// The exchange decided about the CONNECT or Upgrade with this number: HTTP goes on. Another
    /// one, held further back in the pipeline, is still to be decided.
    pub(super) fn resume(&mut self, number: u64) {
        if number != self.number {
            return;
        }
        self.hold_after = false;
        if matches!(self.state, State::Held) {
            self.state = State::Head { scanned: 0 };
        }
    }

    /// Gives up a head that took too long to arrive.
    pub(super) fn time_out(&mut self) {
        let mut fault = self.fault("RFC 9110 15.5.9", "the request head was not complete in time");
        fault.status = 408;
        self.refuse(fault);
    }

    /// Since when an incomplete head has been arriving.
    pub(super) fn head_began(&self) -> Option<Instant> {
        match self.state {
            State::Head { .. } if !self.input.is_empty() => self.began,
            _ => None,
        }
    }

    /// Whether a message is complete (a request: answered) and the next has not begun.
    pub(super) fn is_between(&self) -> bool {
        let between = matches!(self.state, State::Head { .. }) && !self.is_answering();
        between && self.input.is_empty() && self.output.is_empty()
    }

    pub(super) fn expect(&mut self, expected: Expected) {
        self.expected.push_back(expected);
        self.number += 1;
    }

    /// The trailer section of a message, once its body has been read.
    pub(super) fn take_trailers(&mut self, number: u64) -> Option<Bytes> {
        let at = self.trailers.iter().position(|(of, _)| *of == number)?;
        Some(self.trailers.swap_remove(at).1)
    }

    /// Which end of HTTP the peer is.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Number of the message being read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    fn head(&mut self) -> bool {
        if self.role == Role::Server && !self.skip_empty_lines() {
            return false;
        }
        if self.input.is_empty() || self.is_answering() {
            return false;
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        if let Some(fault) = self.hopeless() {
            self.refuse(fault);
            return true;
        }
        let State::Head { scanned } = self.state else { return false };
        let Some(end) = hop::head_end(&self.input, scanned) else {
            if self.ended {
                self.cut_head();
                return true;
            }
            if let Some(fault) = self.first_line_fault(scanned) {
                self.refuse(fault);
                return true;
            }
            self.state = State::Head { scanned: self.input.len() };
            return false;
        };
        // A copy of its own: a slice would pin the read buffer for as long as the record waits.
        let raw = Bytes::copy_from_slice(&self.input[..end]);
        self.input.advance(end);
        self.began = None;
        self.judge(Head::parse(raw), (began, Instant::now()));
        true
    }

    /// The stream ended within a head.
    fn cut_head(&mut self) {
        let fault = self.fault("RFC 9112 8", "the connection was closed within the head");
        self.refuse(fault);
    }

    /// RFC 9112 2.2: empty lines before a request line are ignored. Returns false to wait for more.
    fn skip_empty_lines(&mut self) -> bool {
        while self.input.starts_with(b"\r\n") {
            self.input.advance(2);
            self.state = State::Head { scanned: 0 };
        }
        !(self.input.len() == 1 && self.input[0] == b'\r')
    }

    /// Bytes that cannot become a head are refused at once, not when they would have ended.
    fn hopeless(&self) -> Option<Fault> {
        let limit = self.bounds.head;
        if self.input.len() > limit && hop::head_end(&self.input, 0).is_none_or(|end| end > limit) {
            return Some(match self.role {
                Role::Server => hop::oversize_request(&self.input, limit),
                Role::Client => hop::oversize_response(&self.input, limit),
            });
        }
        let no_http = match self.role {
            Role::Server => self.input[0] <= b' ' || self.input[0] >= 0x7f,
            Role::Client => !b"HTTP/".starts_with(&self.input[..self.input.len().min(5)]),
        };
        no_http.then(|| self.not_http())
    }

    /// What is wrong with a request line that has just come, where its head is not there yet: who types `hello` is
    /// told so, and not after `limits.head_timeout`. A long line waits for its head.
    fn first_line_fault(&self, scanned: usize) -> Option<Fault> {
        if self.role == Role::Client {
            return None;
        }
        let end = self.input.iter().take(MAX_LINE).position(|byte| *byte == b'\n')?;
        let line = self.input[..end].strip_suffix(b"\r")?;
        if end < scanned { None } else { hop::check_request_line(line) }
    }

    /// What is wrong with bytes that are no HTTP, told with their beginning.
    fn not_http(&self) -> Fault {
        let head = Head::parse(Bytes::copy_from_slice(&self.input));
        let fault = match self.role {
            Role::Server if self.input[0] == TLS_HANDSHAKE => {
                let says = "This is a TLS handshake, and this port speaks plain HTTP. \
                            Give your client the proxy as http://, not https://.";
                Some(Fault { offset: 0, ..self.fault("RFC 9112 3", says) })
            }
            Role::Server => hop::check_request(&head, &self.bounds).err(),
            Role::Client => hop::check_response(&head, false, false, &self.bounds).err(),
        };
        fault.unwrap_or_else(|| self.fault("RFC 9112 2.1", "what arrived is no HTTP message"))
    }

    fn judge(&mut self, head: Head, at: (Instant, Instant)) {
        match self.role {
            Role::Server => match hop::check_request(&head, &self.bounds) {
                Ok(facts) => self.request(head, facts, at),
                Err(fault) => self.refuse_head(head.raw().clone(), fault, at),
            },
            Role::Client => {
                let expected = self.expected.front().copied().unwrap_or_default();
                match hop::check_response(&head, expected.to_head, false, &self.bounds) {
                    Ok(facts) if facts.status == 101 && !expected.upgrade => {
                        let fault =
                            self.fault("RFC 9110 15.2.2", "101 answers a request that asked for no upgrade");
                        self.refuse_head(head.raw().clone(), fault, at);
                    }
                    Ok(facts) => self.response(head, facts, at.1),
                    Err(fault) => self.refuse_head(head.raw().clone(), fault, at),
                }
            }
        }
    }

    fn request(&mut self, head: Head, facts: RequestFacts, at: (Instant, Instant)) {
        self.number += 1;
        stand_in_request(&mut self.output, self.number, &facts);
        self.hold_after = facts.connect || facts.upgrade;
        self.upgrading = facts.upgrade;
        self.body(facts.framing);
        self.arrivals.push_back(Arrival::Request { number: self.number, head, facts, at });
    }

    fn response(&mut self, head: Head, facts: ResponseFacts, at: Instant) {
        if facts.status < 200 && facts.status != 101 {
            self.state = State::Head { scanned: 0 };
            self.interims.push_back((head, facts));
            return;
        }
        self.expected.pop_front();
        stand_in_response(&mut self.output, &facts);
        self.hold_after = facts.switches;
        self.body(facts.framing);
        self.arrivals.push_back(Arrival::Response { head, facts, at });
    }

    fn body(&mut self, framing: Framing) {
        match framing {
            Framing::None | Framing::Length(0) => self.next_message(),
            Framing::Length(length) => self.state = State::Counted(length),
            Framing::Chunked => {
                let walk = match self.role {
                    Role::Server => Chunks::of_request(self.bounds),
                    Role::Client => Chunks::of_response(self.bounds),
                };
                self.state = State::Chunked(Chunked::new(walk));
            }
            Framing::UntilClose | Framing::Stream => self.state = State::UntilClose,
        }
    }

    fn next_message(&mut self) {
        self.idle_since = Instant::now();
        self.state =
            if std::mem::take(&mut self.hold_after) { State::Held } else { State::Head { scanned: 0 } };
    }

    fn plain_body(&mut self) -> bool {
        let left = match self.state {
            State::Counted(left) => usize::try_from(left).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let part = self.input.len().min(left);
        if part == 0 {
            return false;
        }
        self.output.extend_from_slice(&self.input[..part]);
        self.input.advance(part);
        self.passed(part as u64);
        true
    }

    fn chunked_body(&mut self) -> bool {
        let State::Chunked(reader) = &mut self.state else { return false };
        match reader.feed(&mut self.input, &mut self.output) {
            Ok(Step::Hungry) => !self.output.is_empty(),
            Ok(Step::End(trailers)) => {
                if let Some(trailers) = trailers {
                    self.trailers.push((self.number, trailers));
                }
                self.next_message();
                true
            }
            Err(mut fault) => {
                if self.role == Role::Client {
                    fault.status = 502;
                }
                self.body_fault = Some(fault);
                self.state = State::Broken;
                true
            }
        }
    }

    fn refuse(&mut self, fault: Fault) {
        let raw = self.input.split().freeze();
        let kept = raw.slice(..raw.len().min(self.bounds.head));
        let now = Instant::now();
        self.refuse_head(kept, fault, (self.began.unwrap_or(now), now));
    }

    /// The exchange answers a refused request through hyper, so pipelined answers keep their order.
    fn refuse_head(&mut self, raw: Bytes, fault: Fault, at: (Instant, Instant)) {
        self.began = None;
        self.input.clear();
        if self.role == Role::Server {
            self.number += 1;
            stand_in_refused(&mut self.output, self.number);
            self.state = State::Refused;
        } else {
            self.state = State::Broken;
        }
        self.arrivals.push_back(Arrival::Refused { number: self.number, raw, fault, at });
    }

    fn fault(&self, clause: &'static str, says: &str) -> Fault {
        let status = if self.role == Role::Server { 400 } else { 502 };
        Fault {
            status,
            offset: self.input.len().saturating_sub(1).min(self.bounds.head),
            clause,
            says: says.to_owned(),
        }
    }
}

/// hyper's stand-in for a request: a method that behaves like the real one, a number as target.
fn stand_in_request(out: &mut BytesMut, number: u64, facts: &RequestFacts) {
    use std::fmt::Write;
    let body = facts.framing != Framing::None;
    let version = if facts.version == Version::Http10 { "1.0" } else { "1.1" };
    let _ = match (facts.connect, facts.head_method, body) {
        (true, ..) => write!(out, "CONNECT {number}:1 HTTP/1.1\r\n"),
        (_, true, _) => write!(out, "HEAD /{number} HTTP/{version}\r\n"),
        (.., true) => write!(out, "POST /{number} HTTP/{version}\r\n"),
        (.., false) => write!(out, "GET /{number} HTTP/{version}\r\n"),
    };
    framing_line(out, facts.framing);
    if facts.upgrade {
        out.extend_from_slice(b"connection: upgrade\r\nupgrade: x\r\n");
    } else if !facts.persistent {
        out.extend_from_slice(b"connection: close\r\n");
    } else if facts.version == Version::Http10 {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

fn stand_in_refused(out: &mut BytesMut, number: u64) {
    use std::fmt::Write;
    let _ = write!(out, "GET /{number} HTTP/1.1\r\nconnection: close\r\n\r\n");
}

/// hyper's stand-in for a final response.
fn stand_in_response(out: &mut BytesMut, facts: &ResponseFacts) {
    use std::fmt::Write;
    let _ = write!(out, "HTTP/1.1 {} x\r\n", facts.status);
    framing_line(out, facts.framing);
    if facts.switches {
        out.extend_from_slice(b"connection: upgrade\r\nupgrade: x\r\n");
    } else {
        if !facts.persistent {
            out.extend_from_slice(b"connection: close\r\n");
        }
        if facts.framing == Framing::None {
            out.extend_from_slice(b"content-length: 0\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn framing_line(out: &mut BytesMut, framing: Framing) {
    use std::fmt::Write;
    let _ = match framing {
        Framing::Length(length) => write!(out, "content-length: {length}\r\n"),
        Framing::Chunked => write!(out, "transfer-encoding: chunked\r\n"),
        Framing::None | Framing::UntilClose | Framing::Stream => Ok(()),
    };
}
