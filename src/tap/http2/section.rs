//! Field sections as they come in: what they are, whether they may be, and what h2 reads instead
//! (RFC 9113 8.1).

use super::Role;
use super::code::{Breach, ErrorCode};
use super::frame::{FrameHead, MOST_31_BITS, flag};
use super::handle::{Request, Response};
use super::hpack::Section;
use super::session::{Breaking, Session};
use super::streams::{Seen, State};
use super::{control, standin};
use crate::exchange::{Head, SectionField, trailer_lines};
use crate::hop::{
    Fault, Framing, RequestFacts, check_request_http2, check_response_http2, check_trailers_http2,
};
use bytes::{Buf, Bytes, BytesMut};
use std::time::Instant;

/// Interim responses that are kept until they are taken.
const MOST_INTERIMS: usize = 64;

/// What a HEADERS frame opens.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) stream: u32,
    ends: bool,
    purpose: Purpose,
    began: Instant,
    /// Octets of payload so far.
    pub(super) length: usize,
    flags: u8,
    /// RFC 7540 6.2: dependency and weight, where they came.
    priority: Option<[u8; 5]>,
}

#[derive(Debug)]
enum Purpose {
    Request,
    Response,
    Trailers,
    /// Decoded for the table's sake only.
    Ignored,
    Breach(Breach),
}

/// Reads a HEADERS frame's own fields, and finds what its block is for; the rest is the block, or its
/// first part.
pub(super) fn open(
    session: &mut Session,
    head: FrameHead,
    payload: &Bytes,
    began: Instant,
) -> Result<(Opening, Bytes), Breach> {
    if head.stream == 0 {
        return Err(Breach::protocol("RFC 9113 6.2", "HEADERS stands on stream 0."));
    }
    let (fragment, priority) = fragment(head, payload)?;
    let mut purpose = purpose(session, head)?;
    let depends_on = priority.map(|[a, b, c, d, _]| u32::from_be_bytes([a, b, c, d]) & MOST_31_BITS);
    if depends_on == Some(head.stream) {
        let says = "A stream depends on itself.";
        purpose = Purpose::Breach(Breach::stream(ErrorCode::PROTOCOL_ERROR, "RFC 7540 5.3.1", says));
    }
    let opening = Opening {
        stream: head.stream,
        ends: head.ends_stream(),
        purpose,
        began,
        length: head.length,
        flags: head.flags,
        priority,
    };
    Ok((opening, fragment))
}

/// Takes padding and priority off (RFC 9113 6.2).
fn fragment(head: FrameHead, payload: &Bytes) -> Result<(Bytes, Option<[u8; 5]>), Breach> {
    let short = || Breach::size("RFC 9113 4.2", "HEADERS is too short for what its flags say.");
    let mut rest = payload.clone();
    let mut padding = 0;
    if head.has(flag::PADDED) {
        padding = usize::from(*rest.first().ok_or_else(short)?);
        rest.advance(1);
    }
    let mut priority = None;
    if head.has(flag::PRIORITY) {
        priority = Some(*rest.first_chunk::<5>().ok_or_else(short)?);
        rest.advance(5);
    }
    let length = rest.len().checked_sub(padding).ok_or_else(|| {
        Breach::protocol("RFC 9113 6.2", "The padding is longer than what is left of HEADERS.")
    })?;
    rest.truncate(length);
    Ok((rest, priority))
}

/// What a HEADERS frame is for, by the state of its stream (RFC 9113 5.1). Errors of a stream wait until
/// the block is decoded.
fn purpose(session: &Session, head: FrameHead) -> Result<Purpose, Breach> {
    let seen = session.streams.seen(head.stream);
    if session.role == Role::Server {
        if head.stream.is_multiple_of(2) {
            return Err(Breach::protocol("RFC 9113 5.1.1", "A client opened a stream with an even number."));
        }
        match seen {
            Seen::At(State::Idle) => return Ok(Purpose::Request),
            Seen::Skipped | Seen::Forgotten => {
                let says = "A stream was opened whose number was used, or passed over, before.";
                return Err(Breach::protocol("RFC 9113 5.1.1", says));
            }
            Seen::At(_) => {}
        }
    }
    // Late DATA is ignored; a section would belong to a stream of which nothing more is known.
    if seen == Seen::Forgotten {
        let says = "HEADERS came on a stream that was closed long ago.";
        return Err(Breach::connection(ErrorCode::STREAM_CLOSED, "RFC 9113 5.1", says));
    }
    match control::receives(session, head.stream, "HEADERS") {
        Ok(true) if session.role == Role::Client && !session.streams.has_head(head.stream) => {
            Ok(Purpose::Response)
        }
        Ok(true) => Ok(Purpose::Trailers),
        Ok(false) => Ok(Purpose::Ignored),
        Err(breach @ Breach::Stream(..)) => Ok(Purpose::Breach(breach)),
        Err(breach) => Err(breach),
    }
}

/// Judges a decoded section, keeps it, and appends what h2 reads instead.
pub(super) fn take(
    session: &mut Session,
    opening: Opening,
    section: &Section,
    now: Instant,
    output: &mut BytesMut,
) -> Result<(), Breach> {
    let (stream, frame) = (opening.stream, opening.frame());
    let priority = opening.priority;
    let done = match &opening.purpose {
        Purpose::Request => request(session, &opening, section, now, output),
        Purpose::Response => response(session, &opening, section, now, output),
        Purpose::Trailers => trailers(session, &opening, section, now, output),
        Purpose::Ignored => session.count_idle(now),
        Purpose::Breach(_) => broken(session, opening, section, now),
    };
    debug_assert_eq!(stream, frame.stream);
    session.note(now, false, frame, priority.as_ref().map_or(&[], |five| &five[..]));
    done
}

impl Opening {
    /// The frame, with the octets of those that continued it.
    fn frame(&self) -> FrameHead {
        FrameHead::new(super::frame::kind::HEADERS, self.flags, self.stream, self.length)
    }

    fn breaking(&self, head: Head, now: Instant) -> Breaking {
        Breaking { stream: self.stream, head, began: self.began, now }
    }
}

fn broken(session: &mut Session, opening: Opening, section: &Section, now: Instant) -> Result<(), Breach> {
    session.count_idle(now)?;
    let is_request = session.streams.seen(opening.stream) == Seen::At(State::Idle);
    let head = if is_request { Head::of_request_section(&section.fields) } else { Head::parse(Bytes::new()) };
    let breaking = opening.breaking(head, now);
    if let Purpose::Breach(breach) = opening.purpose {
        session.answer(breach, breaking);
    }
    Ok(())
}

/// A request opens a stream, or is refused: then h2 sees nothing of it.
fn request(
    session: &mut Session,
    opening: &Opening,
    section: &Section,
    now: Instant,
    output: &mut BytesMut,
) -> Result<(), Breach> {
    let (id, ends) = (opening.stream, opening.ends);
    if session.is_beyond_goaway(id) {
        session.streams.refuse(id);
        return session.count_idle(now);
    }
    let head = Head::of_request_section(&section.fields);
    if session.is_crowded() {
        let says = "More streams are open than SETTINGS_MAX_CONCURRENT_STREAMS allows.";
        let breach = Breach::stream(ErrorCode::REFUSED_STREAM, "RFC 9113 5.1.2", says);
        session.answer(breach, opening.breaking(head, now));
        return session.count_idle(now);
    }
    let facts = match judge_request(session, &head, section, ends) {
        Err(fault) if !matches!(fault.status, 414 | 431) => {
            let breach = Breach::Stream(ErrorCode::PROTOCOL_ERROR, fault);
            session.answer(breach, opening.breaking(head, now));
            return session.count_idle(now);
        }
        facts => facts,
    };
    standin::request(facts.is_ok().then_some(&head), id, ends, output);
    let stream = session.streams.open_by_peer(id, ends);
    stream.arrived.has_head = true;
    if let Ok(facts) = &facts {
        stream.is_tunnel = facts.connect || facts.extended;
        stream.arrived.left = length(facts.framing).filter(|_| !stream.is_tunnel);
    }
    let never_indexed = never_indexed(&section.fields);
    stream.arrived.request = Some(Request { head, facts, at: (opening.began, now), never_indexed });
    Ok(())
}

fn judge_request(
    session: &Session,
    head: &Head,
    section: &Section,
    ends: bool,
) -> Result<RequestFacts, Fault> {
    if section.too_large {
        return Err(too_large("The request section is larger than limits.head or limits.fields allow."));
    }
    check_request_http2(head, ends, &session.limits.bounds)
}

/// A response, interim or final.
fn response(
    session: &mut Session,
    opening: &Opening,
    section: &Section,
    now: Instant,
    output: &mut BytesMut,
) -> Result<(), Breach> {
    let (id, ends, bounds) = (opening.stream, opening.ends, session.limits.bounds);
    let Some(stream) = session.streams.get(id) else { return Ok(()) };
    let head = Head::of_response_section(&section.fields);
    let facts = if section.too_large {
        Err(too_large("The response section is larger than limits.head or limits.fields allow."))
    } else {
        check_response_http2(&head, stream.arrived.to_head, ends, &bounds)
    };
    match facts {
        Ok(facts) if facts.status < 200 => {
            if stream.arrived.interims.len() < MOST_INTERIMS {
                stream.arrived.interims.push((head, facts));
            }
            if let Some(waker) = stream.arrived.interims_waker.take() {
                waker.wake();
            }
            session.count_idle(now)
        }
        Ok(facts) => {
            standin::response(facts.status, id, ends, output);
            let tunnel = stream.is_tunnel && (200..300).contains(&facts.status);
            stream.is_tunnel = tunnel;
            stream.arrived.has_head = true;
            stream.arrived.left = if tunnel { None } else { length_of_response(facts.framing) };
            let never_indexed = never_indexed(&section.fields);
            stream.arrived.response = Some(Response { head, facts: Ok(facts), at: now, never_indexed });
            if ends {
                session.streams.end_remote(id);
            }
            Ok(())
        }
        Err(fault) => {
            let fault = Fault { status: 502, ..fault };
            let facts = Err(fault.clone());
            stream.arrived.response =
                Some(Response { head: head.clone(), facts, at: now, never_indexed: Vec::new() });
            session.answer(Breach::Stream(ErrorCode::PROTOCOL_ERROR, fault), opening.breaking(head, now));
            session.count_idle(now)
        }
    }
}

/// The section behind the content: it ends the stream (RFC 9113 8.1).
fn trailers(
    session: &mut Session,
    opening: &Opening,
    section: &Section,
    now: Instant,
    output: &mut BytesMut,
) -> Result<(), Breach> {
    let bounds = session.limits.bounds;
    let Some(stream) = session.streams.get(opening.stream) else { return Ok(()) };
    let lines = trailer_lines(&section.fields);
    let checked = if stream.is_tunnel {
        Err(Fault::new(400, 0, "RFC 9113 8.5", "HEADERS came within a CONNECT tunnel."))
    } else if !opening.ends {
        Err(Fault::new(400, 0, "RFC 9113 8.1", "A second section came that does not end the stream."))
    } else if stream.arrived.left.is_some_and(|left| left > 0) {
        Err(Fault::new(400, 0, "RFC 9113 8.1.1", "There is less content than Content-Length says."))
    } else if section.too_large {
        Err(too_large("The trailer section is larger than limits.head or limits.fields allow."))
    } else {
        check_trailers_http2(&section.fields, &bounds)
    };
    if let Err(fault) = checked {
        // Too large is not malformed.
        let code = if fault.status == 431 { ErrorCode::ENHANCE_YOUR_CALM } else { ErrorCode::PROTOCOL_ERROR };
        session.answer(Breach::Stream(code, fault), opening.breaking(Head::parse(Bytes::new()), now));
        return session.count_idle(now);
    }
    stream.arrived.trailers = Some((lines, never_indexed(&section.fields)));
    standin::trailers(opening.stream, output);
    session.streams.end_remote(opening.stream);
    Ok(())
}

fn too_large(says: &str) -> Fault {
    Fault::new(431, 0, "RFC 6585 5", says)
}

fn length(framing: Framing) -> Option<u64> {
    if let Framing::Length(length) = framing { Some(length) } else { None }
}

/// A response that must have no content says so by its framing (RFC 9110 6.4.1).
fn length_of_response(framing: Framing) -> Option<u64> {
    if framing == Framing::None { Some(0) } else { length(framing) }
}

fn never_indexed(fields: &[SectionField]) -> Vec<Bytes> {
    let secret = fields.iter().filter(|field| field.never_indexed);
    secret.map(|field| Bytes::copy_from_slice(&field.name)).collect()
}
