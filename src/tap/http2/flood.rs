//! Frames that ask for work and bring nothing: so many in a while, and the peer is told to calm down
//! (RFC 9113 10.5).

use std::time::{Duration, Instant};

/// The while in which they are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// Counts them.
#[derive(Debug)]
pub(super) struct Flood {
    most: u32,
    count: u32,
    since: Option<Instant>,
}

impl Flood {
    pub(super) fn new(most: u32) -> Self {
        Self { most, count: 0, since: None }
    }

    /// Counts one more; true once there were too many.
    pub(super) fn rises(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= WINDOW {
            self.since = Some(now);
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.count > self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9113_10_5_frames_are_counted_within_ten_seconds() {
        let mut flood = Flood::new(2);
        let now = Instant::now();
        assert_eq!([flood.rises(now), flood.rises(now), flood.rises(now)], [false, false, true]);
        assert!(!flood.rises(now + WINDOW));
    }
}
