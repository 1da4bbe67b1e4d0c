//! How far long work is, on stderr, where that is a terminal and the work takes more than a moment.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Work that is shorter says nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two looks of the person.
const PACE: Duration = Duration::from_millis(100);

/// A line that counts.
pub(super) struct Progress {
    says: &'static str,
    terminal: bool,
    next: Instant,
    shown: bool,
}

impl Progress {
    /// Begins; `says` stands before the count: `reading`.
    pub(super) fn begin(says: &'static str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { says, terminal, next: Instant::now() + PATIENCE, shown: false }
    }

    /// So much is done, in words made only where they are shown.
    pub(super) fn tell(&mut self, done: impl FnOnce() -> String) {
        if !self.terminal || Instant::now() < self.next {
            return;
        }
        (self.next, self.shown) = (Instant::now() + PACE, true);
        let line = crate::text::sanitize_bounded(&done(), 60).into_owned();
        // A terminal that takes nothing misses nothing.
        let _ = write!(std::io::stderr(), "\r\x1b[K{} {line}", self.says);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
