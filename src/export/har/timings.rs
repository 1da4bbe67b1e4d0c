//! HAR's timings of the moments that were recorded.

use crate::exchange::Timing;
use crate::export::Json;
use std::io::{self, Write};

/// Phases in microseconds; `None` where one did not happen, which HAR writes as -1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    blocked: Option<u64>,
    dns: Option<u64>,
    /// With `ssl` in it.
    connect: Option<u64>,
    ssl: Option<u64>,
    send: u64,
    wait: u64,
    receive: u64,
}

impl Timings {
    /// One behind the other, as they follow each other on the wire.
    pub fn of(timing: &Timing) -> Self {
        let mut at = 0;
        let mut until = |moment: Option<u64>| {
            moment.map(|moment| {
                let took = moment.saturating_sub(at);
                at = at.max(moment);
                took
            })
        };
        let blocked = until(timing.request_head);
        let dns = until(timing.resolved);
        let tcp = until(timing.connected);
        let ssl = until(timing.secured);
        // The request's body may go on while the answer comes: then it was sent when that began.
        let sent = timing.request_sent.max(timing.request_end);
        let sent = match (sent, timing.response_head) {
            (Some(sent), Some(head)) => Some(sent.min(head)),
            (sent, _) => sent,
        };
        let connect = if tcp.or(ssl).is_some() { Some(tcp.unwrap_or(0) + ssl.unwrap_or(0)) } else { None };
        Self {
            blocked,
            dns,
            connect,
            ssl,
            send: until(sent).unwrap_or(0),
            wait: until(timing.response_head).unwrap_or(0),
            receive: until(timing.response_end).unwrap_or(0),
        }
    }

    /// All of them together in milliseconds; `ssl` is within `connect`.
    pub fn total(&self) -> f64 {
        let phases =
            [self.blocked, self.dns, self.connect, Some(self.send), Some(self.wait), Some(self.receive)];
        millis(phases.into_iter().flatten().fold(0, u64::saturating_add))
    }

    /// Writes them.
    pub fn write(&self, json: &mut Json<impl Write>) -> io::Result<()> {
        json.open()?;
        for (name, phase) in [
            ("blocked", self.blocked),
            ("dns", self.dns),
            ("connect", self.connect),
            ("ssl", self.ssl),
            ("send", Some(self.send)),
            ("wait", Some(self.wait)),
            ("receive", Some(self.receive)),
        ] {
            json.key(name)?.plain(phase.map_or(-1.0, millis))?;
        }
        json.close()
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other_and_add_up() {
        let timing = Timing {
            request_head: Some(100),
            connected: Some(1_100),
            secured: Some(9_000),
            request_sent: Some(9_100),
            request_end: Some(40_000),
            response_head: Some(30_000),
            response_end: Some(34_000),
            ..Timing::default()
        };
        let timings = Timings::of(&timing);
        let expected = Timings {
            blocked: Some(100),
            dns: None,
            connect: Some(8_900),
            ssl: Some(7_900),
            send: 21_000,
            wait: 0,
            receive: 4_000,
        };
        assert_eq!(timings, expected);
        assert!((timings.total() - 34.0).abs() < 1e-9);
        assert_eq!(Timings::of(&Timing::default()), Timings::default());
    }
}
