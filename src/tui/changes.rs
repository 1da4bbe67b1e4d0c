//! The way of changes into the interface: never blocks the one who tells, never grows without bound.
//!
//! A terminal that takes nothing (ctrl-s, a dead SSH link) stops the interface's thread. What
//! is waiting for it then stays below a bound; what does not fit is left out, and the
//! interface reads all rows anew when it goes on.

use super::source::Wake;
use crate::exchange::Summary;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows that may wait to be taken in.
const MOST_WAITING: usize = 65_536;

/// Tells the interface of exchanges that were opened, changed or finished.
#[derive(Clone, Debug)]
pub struct Changes {
    wakes: Sender<Wake>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    rows: usize,
    left_out: bool,
}

impl Changes {
    /// The way into the interface that `run` was given this sender's channel for.
    #[must_use]
    pub fn new(wakes: Sender<Wake>) -> Self {
        Self { wakes, waiting: Arc::default() }
    }

    /// Tells of changes; costs a copy of the rows. Does nothing once the interface has ended.
    pub fn tell(&self, rows: &[Summary]) {
        {
            let mut waiting = lock(&self.waiting);
            if waiting.rows + rows.len() > MOST_WAITING {
                waiting.left_out = true;
                return;
            }
            waiting.rows += rows.len();
        }
        let changed = Changed { rows: rows.to_vec(), waiting: Some(Arc::clone(&self.waiting)) };
        // Fails only when nobody is there to be told.
        let _ = self.wakes.send(Wake::Changed(changed));
    }
}

impl Changes {
    /// Has the interface read all rows anew: any of them may have changed.
    pub fn tell_anew(&self) {
        lock(&self.waiting).left_out = true;
        self.tell(&[]);
    }
}

/// Changed rows on their way.
#[derive(Debug, Default)]
pub struct Changed {
    rows: Vec<Summary>,
    waiting: Option<Arc<Mutex<Waiting>>>,
}

impl Changed {
    /// The rows, and whether others were left out since the last time.
    #[must_use]
    pub fn take(mut self) -> (Vec<Summary>, bool) {
        let rows = std::mem::take(&mut self.rows);
        let Some(waiting) = &self.waiting else { return (rows, false) };
        let mut waiting = lock(waiting);
        waiting.rows = waiting.rows.saturating_sub(rows.len());
        (rows, std::mem::take(&mut waiting.left_out))
    }
}

impl From<Vec<Summary>> for Changed {
    fn from(rows: Vec<Summary>) -> Self {
        Self { rows, waiting: None }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake;
    use std::sync::mpsc::{Receiver, channel};

    fn taken(wakes: &Receiver<Wake>) -> Vec<(usize, bool)> {
        let changed = wakes.try_iter().filter_map(|wake| match wake {
            Wake::Changed(changed) => Some(changed.take()),
            _ => None,
        });
        changed.map(|(rows, left_out)| (rows.len(), left_out)).collect()
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_said() {
        let (sender, wakes) = channel();
        let changes = Changes::new(sender);
        let rows = vec![fake::summary(1); MOST_WAITING / 2];
        for _ in 0..5 {
            changes.tell(&rows);
        }
        assert_eq!(taken(&wakes), [(rows.len(), true), (rows.len(), false)]);
        changes.tell(&rows);
        assert_eq!(taken(&wakes), [(rows.len(), false)]);
    }

    #[test]
    fn nobody_there_is_no_trouble() {
        let (sender, wakes) = channel();
        drop(wakes);
        Changes::new(sender).tell(&[fake::summary(1)]);
    }
}
