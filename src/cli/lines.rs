//! Lines on stdout from a thread of their own behind a bounded buffer: a reader that stops
//! costs lines, which are counted, never traffic.

use crate::exchange::{State, Summary};
use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Rows that may wait to be printed.
const ROOM: usize = 10_000;

/// How long the end waits for a reader that has stopped.
const PATIENCE: Duration = Duration::from_secs(1);

/// The buffer, shared by whoever records and the thread that prints.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    state: Mutex<Buffer>,
    changed: Condvar,
}

#[derive(Default)]
struct Buffer {
    rows: VecDeque<Summary>,
    /// No more rows will come.
    ended: bool,
    /// The thread has written all, or cannot write.
    over: bool,
    lost: u64,
}

impl Lines {
    /// Starts the thread. `format` makes a line without its end.
    pub(super) fn start(
        mut to: impl Write + Send + 'static,
        format: impl Fn(&Summary) -> String + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        thread::Builder::new().name("lines".to_owned()).spawn(move || {
            while let Some(rows) = theirs.take() {
                if print(&mut to, &rows, &format).is_err() {
                    break;
                }
            }
            theirs.lock().over = true;
            theirs.changed.notify_all();
        })?;
        Ok(Self(shared))
    }

    /// Hands over the rows that are over. Never waits for the reader.
    pub(super) fn push(&self, rows: &[Summary]) {
        let mut buffer = self.0.lock();
        for row in rows.iter().filter(|row| row.state != State::Open) {
            if buffer.over {
                // A reader that went away has what it wanted.
                continue;
            }
            if buffer.rows.len() >= ROOM {
                buffer.lost += 1;
            } else {
                buffer.rows.push_back(row.clone());
            }
        }
        drop(buffer);
        self.0.changed.notify_all();
    }

    /// Waits a little for the rest to be printed, and tells how many rows were not.
    pub(super) fn end(self) -> u64 {
        let mut buffer = self.0.lock();
        buffer.ended = true;
        self.0.changed.notify_all();
        let deadline = Instant::now() + PATIENCE;
        while !buffer.over {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { break };
            buffer = self.0.changed.wait_timeout(buffer, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        buffer.lost + buffer.rows.len() as u64
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All rows that wait; `None` at the end.
    fn take(&self) -> Option<VecDeque<Summary>> {
        let mut buffer = self.lock();
        while buffer.rows.is_empty() {
            if buffer.ended {
                return None;
            }
            buffer = self.changed.wait(buffer).unwrap_or_else(PoisonError::into_inner);
        }
        Some(std::mem::take(&mut buffer.rows))
    }
}

fn print(
    to: &mut impl Write,
    rows: &VecDeque<Summary>,
    format: &impl Fn(&Summary) -> String,
) -> std::io::Result<()> {
    for row in rows {
        writeln!(to, "{}", format(row))?;
    }
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::super::sample::plain;
    use super::*;
    use std::sync::mpsc;

    /// A reader that takes nothing until it is told to.
    struct Stopped(mpsc::Receiver<()>);

    impl Write for Stopped {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.recv().map_err(std::io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn finished_rows_are_printed_once_each() {
        let (to, from) = std::io::pipe().map(|(from, to)| (to, from)).unwrap();
        let lines = Lines::start(to, |row| row.id.0.to_string()).unwrap();
        let open = Summary { state: State::Open, ..plain() };
        lines.push(&[open, plain()]);
        lines.push(&[plain()]);
        assert_eq!(lines.end(), 0);
        assert_eq!(std::io::read_to_string(from).unwrap(), "18\n18\n");
    }

    #[test]
    fn a_stopped_reader_costs_lines_and_not_time() {
        let (go, stopped) = mpsc::channel();
        let lines = Lines::start(Stopped(stopped), |_| String::new()).unwrap();
        for _ in 0..3 * ROOM {
            lines.push(&[plain()]);
        }
        drop(go);
        assert!(lines.end() >= ROOM as u64);
    }
}
