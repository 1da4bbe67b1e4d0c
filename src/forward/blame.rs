//! Who is to blame when an exchange fails, in words: addresses, limits and clauses already in them.

use crate::exchange::{Failure, Kind, Phase, Side};
use crate::hop::{Fault, Route};
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

/// The origin's connection failed before an answer came.
pub(super) fn broken(kind: ErrorKind, route: &Route) -> Failure {
    let (failure, what) = match kind {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            (Kind::Reset, "reset the connection before it answered")
        }
        ErrorKind::TimedOut => (Kind::TimedOut, "was lost: the connection timed out"),
        _ => (Kind::Closed, "closed the connection without an answer"),
    };
    let says = format!("{} {what}", route.authority);
    Failure { side: Side::Origin, phase: Phase::Wait, kind: failure, says }
}

/// The client's own body broke off or broke the protocol: the origin had no part in that.
pub(super) fn cut(fault: Option<Fault>) -> Failure {
    let (kind, says) = match fault {
        Some(fault) if fault.clause != "RFC 9112 8" => {
            (Kind::Malformed, format!("{} ({}, byte {} of the body)", fault.says, fault.clause, fault.offset))
        }
        _ => (
            Kind::Closed,
            "the client closed the connection before its request's body was complete".to_owned(),
        ),
    };
    Failure { side: Side::Client, phase: Phase::Body, kind, says }
}

/// The origin took longer than the limit.
pub(super) fn too_slow(limit: Duration) -> Failure {
    let says = format!("no answer came within {} s (limits.response_timeout)", limit.as_secs_f32());
    Failure { side: Side::Origin, phase: Phase::Wait, kind: Kind::TimedOut, says }
}
