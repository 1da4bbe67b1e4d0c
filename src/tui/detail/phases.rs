//! The phases of an exchange on one axis of time, made from the moments at which they ended.
//!
//! Each phase runs from the end of the one before; what is under way, or what failed, runs to now or to
//! the failure.

use super::View;
use crate::exchange::{Flags, Phase as At, Scheme, State, Timing};

/// A stretch of an exchange's time, microseconds since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What went on.
    pub name: &'static str,
    /// When it began.
    pub from: u64,
    /// When it ended.
    pub to: u64,
    /// How it ended.
    pub end: End,
}

/// How a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is over.
    Done,
    /// It goes on at this moment.
    UnderWay,
    /// The exchange failed in it.
    Failed,
}

impl Phase {
    /// How long it took.
    #[must_use]
    pub fn took(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }
}

/// The phases in the order of time.
pub fn of(view: &View<'_>) -> Vec<Phase> {
    let timing = &view.loaded.exchange.timing;
    let mut phases = over(timing);
    let Some(last) = last(view, timing, &phases) else { return phases };
    match phases.last_mut() {
        // Its end was noted before it failed.
        Some(known) if known.name == last.name => (known.to, known.end) = (last.to, last.end),
        _ => phases.push(last),
    }
    phases
}

/// The whole time so far.
pub fn total(view: &View<'_>, phases: &[Phase]) -> u64 {
    let end = phases.iter().map(|phase| phase.to).max().unwrap_or(0);
    end.max(view.summary.duration.unwrap_or(0))
}

/// How long an exchange under way has been so.
pub fn so_far(view: &View<'_>) -> u64 {
    u64::try_from(view.now.saturating_sub(view.summary.started)).unwrap_or(0)
}

fn over(timing: &Timing) -> Vec<Phase> {
    // The body counts as sent at the latest when the response comes: what is sent beyond that is not waited for.
    let sent = match (timing.request_sent, timing.request_end) {
        (Some(head), Some(body)) => Some(head.max(body).min(timing.response_head.unwrap_or(u64::MAX))),
        (head, _) => head,
    };
    let moments = [
        ("request", timing.request_head),
        ("dns", timing.resolved),
        ("connect", timing.connected),
        ("tls", timing.secured),
        ("send", sent),
        ("wait", timing.response_head),
        ("receive", timing.response_head.and(timing.response_end)),
    ];
    let mut from = 0;
    let phase = |(name, to): (&'static str, Option<u64>)| {
        let to = to?.max(from);
        let phase = Phase { name, from, to, end: End::Done };
        from = to;
        Some(phase)
    };
    moments.into_iter().filter_map(phase).collect()
}

/// What has no end of its own: it goes on, it failed, or it is a tunnel.
fn last(view: &View<'_>, timing: &Timing, over: &[Phase]) -> Option<Phase> {
    let summary = view.summary;
    let from = over.last().map_or(0, |phase| phase.to);
    let (to, end) = match (summary.state, summary.duration) {
        (State::Open, _) => (so_far(view), End::UnderWay),
        (State::Failed | State::Aborted, Some(at)) => (at, End::Failed),
        (_, Some(at)) if summary.flags.has(Flags::TUNNEL) => (at, End::Done),
        _ => return None,
    };
    let name = match &summary.failure {
        Some(failure) => failed_in(failure.phase),
        None if summary.flags.has(Flags::TUNNEL) => "tunnel",
        None => goes_on(view, timing),
    };
    Some(Phase { name, from, to: to.max(from), end })
}

fn failed_in(phase: At) -> &'static str {
    match phase {
        At::Request => "request",
        At::Resolve => "dns",
        At::Connect | At::Parent => "connect",
        At::Tls => "tls",
        At::Send => "send",
        At::Wait | At::Response => "wait",
        At::Body => "receive",
        At::Tunnel => "tunnel",
    }
}

fn goes_on(view: &View<'_>, timing: &Timing) -> &'static str {
    let exchange = &view.loaded.exchange;
    let has_connection = exchange.origin_connection.is_some();
    if timing.response_head.is_some() {
        "receive"
    } else if timing.request_sent.is_some() {
        "wait"
    } else if timing.request_head.is_none() {
        "request"
    } else if has_connection {
        "send"
    } else if timing.resolved.is_none() {
        "dns"
    } else if timing.connected.is_some() && exchange.summary.scheme == Scheme::Https {
        "tls"
    } else {
        "connect"
    }
}
