//! When each phase of an exchange ended.

use super::super::format::{duration, timestamp};
use crate::exchange::{Connection, Exchange, Timing};

/// The phases that ended, with the microseconds at which they did.
pub(in crate::cli) fn phases(timing: &Timing) -> impl Iterator<Item = (&'static str, u64)> {
    [
        ("request head", timing.request_head),
        ("resolved", timing.resolved),
        ("connected", timing.connected),
        ("secured", timing.secured),
        ("request sent", timing.request_sent),
        ("request end", timing.request_end),
        ("response head", timing.response_head),
        ("response sent", timing.response_sent),
        ("response end", timing.response_end),
    ]
    .into_iter()
    .filter_map(|(name, at)| Some((name, at?)))
}

/// One line a phase, in the order in which they ended: when, and how long after the one before.
pub(super) fn lines(exchange: &Exchange, origin: Option<&Connection>) -> Vec<String> {
    let mut phases: Vec<_> = phases(&exchange.timing).collect();
    phases.sort_by_key(|(_, at)| *at);
    let mut lines = vec![format!("began {}", timestamp(exchange.summary.started))];
    let mut last = 0;
    for (name, at) in phases {
        lines.push(format!("  {name:<14} {:>10}  +{}", duration(at), duration(at - last)));
        last = at;
    }
    if exchange.origin_connection.is_some_and(|(_, reused)| reused) {
        lines.push("  on an origin connection that was already open".to_owned());
    }
    if let Some(dialling) = origin.and_then(|origin| origin.dialling.as_ref()) {
        lines.push(format!("  reached {dialling}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn phases_in_the_order_of_time() {
        insta::assert_snapshot!(lines(&sample::exchange(), None).join("\n"), @r"
        began 2023-11-15T10:20:30.123456Z
          request head       100 µs  +100 µs
          connected          1.1 ms  +1.0 ms
          secured            9.0 ms  +7.9 ms
          request sent       9.1 ms  +100 µs
          response head       30 ms  +20 ms
          response end        34 ms  +4.0 ms
        ");
    }
}
