//! Who is to blame when an exchange fails, in words: addresses, limits and clauses already in them.

use crate::config::Parent;
use crate::exchange::{Failure, Kind, Phase, Place, Scheme, Side};
use crate::hop::{Fault, Route};
use crate::upstream::{self, Broken, code_name, parent};
use std::io::ErrorKind;
use std::time::Duration;

/// The target is our own listener.
pub(super) fn self_loop(pseudonym: &str) -> Fault {
    Fault {
        status: 508,
        offset: 0,
        clause: "RFC 9110 7.3.3",
        says: format!(
            "The target is the address that {pseudonym} itself listens on: the request would come back for ever."
        ),
    }
}

/// Where a head, or a body, is wrong.
pub(super) fn place(fault: &Fault, in_body: bool) -> Place<'_> {
    Place { clause: fault.clause, offset: fault.offset, in_body }
}

/// The connection to the origin, or to the parent that is `asked` in its place, or its stream, failed before
/// an answer came; perhaps after a certificate of ours had been asked for in vain.
pub(super) fn broken(broken: Broken, route: &Route, asked: Option<&Parent>, in_vain: bool) -> Failure {
    let host = &route.authority.host;
    let (failure, what) = match broken {
        Broken::Alert(alert) => return upstream::after_handshake(host, alert),
        // Its alert may have been lost to the reset that followed it.
        Broken::Lost(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
            if route.scheme == Scheme::Https && in_vain =>
        {
            return upstream::without_certificate(host);
        }
        Broken::Lost(kind) => {
            let (failure, what) = lost(kind);
            (failure, what.to_owned())
        }
        Broken::Reset(code) => (
            Kind::Reset,
            format!("reset the stream with {} (RFC 9113 7) before it answered", code_name(code)),
        ),
        Broken::Unprocessed(code) => {
            (Kind::Closed, format!("closes the connection with {} and took no request", code_name(code)))
        }
    };
    if let Some(parent) = asked {
        return parent::failed(parent, failure, &what);
    }
    let says = format!("{} {what}", route.authority);
    Failure { side: Side::Origin, phase: Phase::Wait, kind: failure, says }
}

fn lost(kind: ErrorKind) -> (Kind, &'static str) {
    match kind {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            (Kind::Reset, "reset the connection before it answered")
        }
        ErrorKind::TimedOut => (Kind::TimedOut, "was lost: the connection timed out"),
        _ => (Kind::Closed, "closed the connection without an answer"),
    }
}

/// The answer's body broke off or broke the protocol.
pub(super) fn cut_answer(fault: Option<Fault>, code: Option<u32>) -> Failure {
    let (kind, says) = match (fault, code) {
        (Some(fault), _) if fault.clause != "RFC 9112 8" => {
            (Kind::Malformed, format!("{} ({})", fault.says, place(&fault, true)))
        }
        (_, Some(code)) => (
            Kind::Reset,
            format!(
                "the origin reset the stream with {} (RFC 9113 7) before its answer's body was complete",
                code_name(code)
            ),
        ),
        _ => (
            Kind::Closed,
            "the origin closed the connection before its answer's body was complete".to_owned(),
        ),
    };
    Failure { side: Side::Origin, phase: Phase::Body, kind, says }
}

/// The client's own body broke off or broke the protocol: the origin had no part in that.
pub(super) fn cut(fault: Option<Fault>) -> Failure {
    let (kind, says) = match fault {
        Some(fault) if fault.clause != "RFC 9112 8" => {
            (Kind::Malformed, format!("{} ({})", fault.says, place(&fault, true)))
        }
        _ => (
            Kind::Closed,
            "the client closed the connection before its request's body was complete".to_owned(),
        ),
    };
    Failure { side: Side::Client, phase: Phase::Body, kind, says }
}

/// The origin has no way to carry what the client would open.
pub(super) fn no_extended_connect(route: &Route) -> Failure {
    let says = format!(
        "{} takes neither extended CONNECT (RFC 8441) nor HTTP/1.1, so no other protocol can be spoken through it",
        route.authority
    );
    Failure { side: Side::Origin, phase: Phase::Connect, kind: Kind::Handshake, says }
}

/// The origin answered an Upgrade as if it had not been asked to switch (RFC 9110 7.8).
pub(super) fn no_switch(status: u16) -> Failure {
    let says = format!(
        "the origin answered {status} and did not switch protocols: over HTTP/2 that would look as if it had"
    );
    Failure { side: Side::Origin, phase: Phase::Response, kind: Kind::Malformed, says }
}

/// A peer took none of the message that waited for it.
pub(super) fn unread(side: Side, limit: Duration) -> Failure {
    let (who, what, phase) = match side {
        Side::Client => ("client", "answer", Phase::Body),
        Side::Origin => ("origin", "request", Phase::Send),
    };
    let limit = limit.as_secs_f32();
    let says = format!("the {who} took nothing of the {what} for {limit} s (limits.write_timeout)");
    Failure { side, phase, kind: Kind::TimedOut, says }
}

/// The client stopped in the middle of its request, and the origin waits for the rest.
pub(super) fn stalled(limit: Duration) -> Failure {
    let limit = limit.as_secs_f32();
    let says = format!(
        "the client sent nothing of its request's body for {limit} s, and the origin waits for it \
         (limits.body_timeout)"
    );
    Failure { side: Side::Client, phase: Phase::Send, kind: Kind::TimedOut, says }
}

/// The answer was over, and the rest of the request did not come.
pub(super) fn unfinished(limit: Duration) -> Failure {
    let limit = limit.as_secs_f32();
    let says = format!(
        "the rest of the request did not come within {limit} s of its answer (limits.response_timeout)"
    );
    Failure { side: Side::Client, phase: Phase::Send, kind: Kind::TimedOut, says }
}

/// The origin took longer than the limit.
pub(super) fn too_slow(limit: Duration) -> Failure {
    let says = format!("no answer came within {} s (limits.response_timeout)", limit.as_secs_f32());
    Failure { side: Side::Origin, phase: Phase::Wait, kind: Kind::TimedOut, says }
}
