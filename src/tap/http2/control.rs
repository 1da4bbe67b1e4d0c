//! Rules for frames that hold no fields (RFC 9113 5.1, 6), one function for each type.

use super::Role;
use super::code::{Breach, ErrorCode};
use super::frame::{FrameHead, MOST_31_BITS, flag, kind};
use super::session::Session;
use super::settings;
use super::streams::{Seen, State};
use std::time::Instant;

/// A `WINDOW_UPDATE` smaller than this asks for more work than it allows, unless it gives back what we sent.
const SMALL_UPDATE: u32 = 16;

/// An error of a stream; of the connection where `RST_STREAM` must not be sent because the stream is
/// idle (RFC 9113 6.4). Frames behind our own `RST_STREAM` are ignored.
pub(super) fn on_stream(
    session: &Session,
    stream: u32,
    code: ErrorCode,
    clause: &'static str,
    says: &str,
) -> Result<(), Breach> {
    match session.streams.seen(stream) {
        Seen::At(State::ResetSent) | Seen::Forgotten => Ok(()),
        Seen::At(State::Idle) | Seen::Skipped => Err(Breach::connection(code, clause, says)),
        Seen::At(_) => Err(Breach::stream(code, clause, says)),
    }
}

/// Whether DATA passes to h2 (RFC 9113 6.1). Its octets count in every case. h2 takes only so many empty
/// frames in a connection's life, and has no use for one that ends nothing.
pub(super) fn data(
    session: &mut Session,
    head: FrameHead,
    padding: Option<u8>,
    now: Instant,
) -> Result<bool, Breach> {
    if head.stream == 0 {
        return Err(Breach::protocol("RFC 9113 6.1", "DATA stands on stream 0."));
    }
    session.spend_window(head.length)?;
    let content = match padding {
        Some(padding) => head.length.checked_sub(usize::from(padding) + 1).ok_or_else(|| {
            Breach::protocol("RFC 9113 6.1", "The padding is as long as the DATA frame or longer.")
        })?,
        None if head.has(flag::PADDED) => {
            return Err(Breach::size("RFC 9113 6.1", "DATA says that it is padded and is empty."));
        }
        None => head.length,
    };
    if content == 0 && !head.ends_stream() {
        session.count_idle(now)?;
    }
    if !receives(session, head.stream, "DATA")? {
        return Ok(false);
    }
    count_content(session, head, content as u64)?;
    if head.ends_stream() {
        session.streams.end_remote(head.stream);
    }
    Ok(head.length > 0 || head.ends_stream())
}

/// RFC 9113 8.1, 8.1.1: content comes behind a final section, and is as long as it says.
fn count_content(session: &mut Session, head: FrameHead, content: u64) -> Result<(), Breach> {
    let Some(stream) = session.streams.get(head.stream) else { return Ok(()) };
    let malformed = |clause, says: &str| Err(Breach::stream(ErrorCode::PROTOCOL_ERROR, clause, says));
    if !stream.arrived.has_head {
        return malformed("RFC 9113 8.1", "DATA came before the final field section.");
    }
    let Some(left) = stream.arrived.left else { return Ok(()) };
    if content > left {
        return malformed(
            "RFC 9113 8.1.1",
            "There is more content than Content-Length says, or should be none.",
        );
    }
    stream.arrived.left = Some(left - content);
    if head.ends_stream() && content < left {
        return malformed("RFC 9113 8.1.1", "There is less content than Content-Length says.");
    }
    Ok(())
}

/// Whether a stream takes DATA or HEADERS (RFC 9113 5.1); false when it is to be ignored.
pub(super) fn receives(session: &Session, stream: u32, frame: &str) -> Result<bool, Breach> {
    let closed = |says: &str| {
        let says = format!("{frame} came on a stream {says}.");
        Breach::stream(ErrorCode::STREAM_CLOSED, "RFC 9113 5.1", says)
    };
    let over = |says: &str| {
        let says = format!("{frame} came on a stream {says}.");
        Breach::connection(ErrorCode::STREAM_CLOSED, "RFC 9113 5.1", says)
    };
    match session.streams.seen(stream) {
        Seen::At(State::Open | State::HalfClosedLocal) => Ok(true),
        Seen::At(State::ResetSent) | Seen::Forgotten => Ok(false),
        Seen::At(State::Idle) => {
            Err(Breach::protocol("RFC 9113 5.1", format!("{frame} came on a stream that was not opened.")))
        }
        Seen::At(State::HalfClosedRemote) => Err(closed("that its sender ended")),
        Seen::At(State::ResetReceived) => Err(closed("that its sender reset")),
        Seen::At(State::Closed) => Err(over("that both sides ended")),
        Seen::Skipped => Err(over("that is closed because a later one was opened")),
    }
}

/// Checks a whole frame of another type; whether it passes to h2.
pub(super) fn check(
    session: &mut Session,
    head: FrameHead,
    payload: &[u8],
    now: Instant,
) -> Result<bool, Breach> {
    match head.kind {
        kind::PRIORITY => priority(session, head, payload, now).map(|()| false),
        kind::RST_STREAM => reset(session, head, payload, now),
        kind::SETTINGS => settings(session, head, payload, now).map(|()| true),
        kind::PING => ping(session, head, now).map(|()| true),
        kind::GOAWAY => go_away(session, head, payload).map(|()| true),
        kind::WINDOW_UPDATE => window_update(session, head, payload, now),
        kind::PRIORITY_UPDATE => priority_update(session, head, payload, now).map(|()| false),
        _ => Err(push_promise(session)),
    }
}

/// RFC 9113 6.3. h2 has no use for it.
fn priority(session: &mut Session, head: FrameHead, payload: &[u8], now: Instant) -> Result<(), Breach> {
    if head.stream == 0 {
        return Err(Breach::protocol("RFC 9113 6.3", "PRIORITY stands on stream 0."));
    }
    session.count_idle(now)?;
    let Some(dependency) = payload.first_chunk::<4>().filter(|_| payload.len() == 5) else {
        let says = "The length of PRIORITY is not 5.";
        return on_stream(session, head.stream, ErrorCode::FRAME_SIZE_ERROR, "RFC 9113 6.3", says);
    };
    if u32::from_be_bytes(*dependency) & MOST_31_BITS == head.stream {
        let says = "A stream depends on itself.";
        return on_stream(session, head.stream, ErrorCode::PROTOCOL_ERROR, "RFC 7540 5.3.1", says);
    }
    Ok(())
}

/// RFC 9113 6.4.
fn reset(session: &mut Session, head: FrameHead, payload: &[u8], now: Instant) -> Result<bool, Breach> {
    if head.stream == 0 {
        return Err(Breach::protocol("RFC 9113 6.4", "RST_STREAM stands on stream 0."));
    }
    if payload.len() != 4 {
        return Err(Breach::size("RFC 9113 6.4", "The length of RST_STREAM is not 4."));
    }
    match session.streams.seen(head.stream) {
        Seen::At(State::Idle) => {
            Err(Breach::protocol("RFC 9113 6.4", "RST_STREAM came on a stream that was not opened."))
        }
        Seen::At(state) if !state.is_over() => {
            session.count_idle(now)?;
            session.streams.close(head.stream, State::ResetReceived);
            Ok(session.streams.get(head.stream).is_some_and(|stream| stream.is_engines))
        }
        _ => session.count_idle(now).map(|()| false),
    }
}

/// RFC 9113 6.5.
fn settings(session: &mut Session, head: FrameHead, payload: &[u8], now: Instant) -> Result<(), Breach> {
    if head.stream != 0 {
        return Err(Breach::protocol("RFC 9113 6.5", "SETTINGS does not stand on stream 0."));
    }
    if head.has(flag::ACK) {
        if payload.is_empty() {
            return Ok(());
        }
        return Err(Breach::size("RFC 9113 6.5", "An acknowledgment of SETTINGS is not empty."));
    }
    settings::check(payload, session.role, session.connect_protocol)?;
    session.count_idle(now)?;
    session.settings_received(payload);
    Ok(())
}

/// RFC 9113 6.7.
fn ping(session: &mut Session, head: FrameHead, now: Instant) -> Result<(), Breach> {
    if head.stream != 0 {
        return Err(Breach::protocol("RFC 9113 6.7", "PING does not stand on stream 0."));
    }
    if head.length != 8 {
        return Err(Breach::size("RFC 9113 6.7", "The length of PING is not 8."));
    }
    if head.has(flag::ACK) { Ok(()) } else { session.count_idle(now) }
}

/// RFC 9113 6.8.
fn go_away(session: &mut Session, head: FrameHead, payload: &[u8]) -> Result<(), Breach> {
    if head.stream != 0 {
        return Err(Breach::protocol("RFC 9113 6.8", "GOAWAY does not stand on stream 0."));
    }
    if payload.len() < 8 {
        return Err(Breach::size("RFC 9113 6.8", "GOAWAY is shorter than 8."));
    }
    session.going_away(false, payload);
    Ok(())
}

/// RFC 9113 6.9. Windows that grow too large are h2's to find, save where it no longer looks: on a stream
/// whose sending side has ended.
fn window_update(
    session: &mut Session,
    head: FrameHead,
    payload: &[u8],
    now: Instant,
) -> Result<bool, Breach> {
    let Some(four) = payload.first_chunk::<4>().filter(|_| payload.len() == 4) else {
        return Err(Breach::size("RFC 9113 6.9", "The length of WINDOW_UPDATE is not 4."));
    };
    let increment = u32::from_be_bytes(*four) & MOST_31_BITS;
    if increment < SMALL_UPDATE && !session.is_excused() {
        session.count_idle(now)?;
    }
    let nothing = "WINDOW_UPDATE adds nothing.";
    if head.stream == 0 {
        return if increment == 0 { Err(Breach::protocol("RFC 9113 6.9", nothing)) } else { Ok(true) };
    }
    match session.streams.seen(head.stream) {
        Seen::At(State::Idle) => {
            Err(Breach::protocol("RFC 9113 5.1", "WINDOW_UPDATE came on a stream that was not opened."))
        }
        Seen::At(state) if !state.is_over() => {
            if increment == 0 {
                return Err(Breach::stream(ErrorCode::PROTOCOL_ERROR, "RFC 9113 6.9", nothing));
            }
            if !session.window_extended(head.stream, increment) && state == State::HalfClosedLocal {
                let says = "The stream's window grew above 2^31-1.";
                return Err(Breach::stream(ErrorCode::FLOW_CONTROL_ERROR, "RFC 9113 6.9.1", says));
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// RFC 9218 7.1. h2 has no use for it.
fn priority_update(
    session: &mut Session,
    head: FrameHead,
    payload: &[u8],
    now: Instant,
) -> Result<(), Breach> {
    let breach = |says: &str| Err(Breach::protocol("RFC 9218 7.1", says));
    if session.role == Role::Client {
        return breach("A server sent PRIORITY_UPDATE.");
    }
    if head.stream != 0 {
        return breach("PRIORITY_UPDATE does not stand on stream 0.");
    }
    let Some(prioritized) = payload.first_chunk::<4>() else {
        return Err(Breach::size("RFC 9218 7.1", "PRIORITY_UPDATE is shorter than 4."));
    };
    if u32::from_be_bytes(*prioritized) & MOST_31_BITS == 0 {
        return breach("PRIORITY_UPDATE prioritizes stream 0.");
    }
    session.count_idle(now)
}

/// RFC 9113 6.6, 8.4: a client must not push, and we tell every origin that it must not.
fn push_promise(session: &Session) -> Breach {
    match session.role {
        Role::Server => Breach::protocol("RFC 9113 8.4", "A client sent PUSH_PROMISE."),
        Role::Client => {
            Breach::protocol("RFC 9113 6.6", "PUSH_PROMISE came though SETTINGS_ENABLE_PUSH is 0.")
        }
    }
}
