//! What happened, in words: causes short enough for a row, and what to do about them.

pub use super::cures::cure;
use crate::exchange::{Exchange, Failure, Flags, Kind, Phase, Side, State, Summary};

/// A failure in a few words, for a list row.
#[must_use]
pub fn short_cause(failure: &Failure) -> &'static str {
    match (failure.kind, failure.phase, failure.side) {
        (Kind::Denied, Phase::Parent, _) => "denied by parent",
        (Kind::Loop, Phase::Parent, _) => "loop: seen by parent",
        (Kind::Unreachable, Phase::Parent, _) => "a proxy's answer",
        (_, Phase::Parent, _) => "parent proxy failed",
        (Kind::Refused, ..) => "connect refused",
        (Kind::Unresolvable, ..) => "name not found",
        (Kind::TimedOut, Phase::Connect | Phase::Resolve, _) => "connect timed out",
        (Kind::TimedOut, Phase::Wait, _) => "no answer in time",
        (Kind::TimedOut, Phase::Body, Side::Client) => "client reads nothing",
        (Kind::TimedOut, Phase::Send, Side::Origin) => "server reads nothing",
        (Kind::TimedOut, ..) => "timed out",
        (Kind::Reset, _, Side::Origin) => "server reset",
        (Kind::Reset, _, Side::Client) => "client reset",
        (Kind::Closed, Phase::Tunnel, _) => "tunnel closed early",
        (Kind::Closed, _, Side::Origin) => "server closed early",
        (Kind::Closed, _, Side::Client) => "client closed early",
        (Kind::Untrusted, ..) => "cert not trusted",
        (Kind::CertificateRefused, ..) => "client refused cert",
        (Kind::Handshake, ..) => "TLS failed",
        (Kind::Malformed, _, Side::Client) => "malformed request",
        (Kind::Malformed, _, Side::Origin) => "malformed response",
        (Kind::TooLarge, ..) => "too large",
        (Kind::TooMany, ..) => "too many",
        (Kind::Loop, ..) => "loop: came back to us",
        (Kind::GaveUp, ..) => "client gave up",
        (Kind::Unreachable, ..) => "unreachable",
        (Kind::Denied, ..) => "denied by hopscope",
    }
}

/// Why nothing was sent to the origin.
#[must_use]
pub fn unsent(exchange: &Exchange) -> String {
    let summary = &exchange.summary;
    match (&summary.failure, summary.state) {
        (Some(failure), _) => format!("Not sent on: {}", failure.says),
        _ if summary.flags.has(Flags::TUNNEL) => {
            "CONNECT is for the proxy alone: nothing was sent on but the tunnel's bytes, unread.".to_owned()
        }
        _ if summary.flags.has(Flags::INTERCEPTED) => {
            "CONNECT is for the proxy alone; the exchanges in the opened tunnel are rows of their own."
                .to_owned()
        }
        _ if exchange.is_ours() => "Not sent on: hopscope answered this request itself.".to_owned(),
        (None, State::Open) => "Not sent on yet.".to_owned(),
        (None, State::Aborted) => "Not sent on: the client went away first.".to_owned(),
        (None, _) => "Nothing was recorded of a request to the origin.".to_owned(),
    }
}

/// Why no response came from the origin.
#[must_use]
pub fn unanswered(summary: &Summary) -> String {
    match (&summary.failure, summary.state) {
        (Some(failure), _) => format!("No response from the origin: {}", failure.says),
        _ if summary.flags.has(Flags::OURS) => {
            "No origin was asked: hopscope made the response below.".to_owned()
        }
        _ if summary.method == "CONNECT" => {
            "No origin was asked: hopscope opened the tunnel itself.".to_owned()
        }
        (None, State::Open) => "No response yet.".to_owned(),
        (None, State::Aborted) => "No response: the client went away first.".to_owned(),
        (None, _) => "No response was recorded.".to_owned(),
    }
}

/// What remains to be said where the response to the client should stand.
#[must_use]
pub fn unreturned(summary: &Summary) -> &'static str {
    match summary.state {
        State::Open => "Nothing was sent to the client yet.",
        _ => "Nothing was sent to the client.",
    }
}

/// A moment in UTC, to the millisecond: `2026-11-23 22:00:00.123 UTC`.
#[must_use]
pub fn moment(micros: i64) -> String {
    let Ok(at) = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000) else {
        return "an impossible time".to_owned();
    };
    format!(
        "{}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} UTC",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_cause_and_a_cure() {
        for (kind, phase) in
            Kind::ALL.iter().flat_map(|kind| Phase::ALL.iter().map(move |phase| (kind, phase)))
        {
            for side in [Side::Client, Side::Origin] {
                let failure = Failure { side, phase: *phase, kind: *kind, says: String::new() };
                assert!(short_cause(&failure).len() <= 21 && !cure(&failure).is_empty());
            }
        }
    }

    #[test]
    fn moments() {
        assert_eq!(moment(0), "1970-01-01 00:00:00.000 UTC");
        assert_eq!(moment(1_795_471_200_123_456), "2026-11-23 22:00:00.123 UTC");
        assert_eq!(moment(i64::MAX), "an impossible time");
    }
}
