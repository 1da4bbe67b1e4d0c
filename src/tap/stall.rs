//! How long a peer may take none of the bytes that wait for it.

use super::timer::Timer;
use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Watches the writes of one connection (`limits.write_timeout`). Only a peer that takes not one byte
/// is stalled: a slow one goes on, and one that owes us bytes is not waited for here.
#[derive(Debug, Default)]
pub(super) struct Stall {
    limit: Option<Duration>,
    since: Option<Instant>,
    timer: Timer,
    /// The limit has passed.
    pub(super) over: bool,
}

impl Stall {
    pub(super) fn after(limit: Duration) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// What a write that came to `outcome` amounts to; `moved` tells whether any byte went out.
    pub(super) fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
        moved: bool,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.since = None;
            return outcome;
        }
        let Some(limit) = self.limit else { return Poll::Pending };
        if moved {
            self.since = None;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.timer.poll_until(cx, since + limit).is_pending() {
            return Poll::Pending;
        }
        self.over = true;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}
