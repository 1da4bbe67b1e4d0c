//! A thread of the store whose end is waited for, but not for ever: a disk may never take what it is given.

use super::error::StoreError;
use super::spawn;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// A thread at work.
pub(super) struct Worker<T> {
    thread: JoinHandle<()>,
    ended: Receiver<T>,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts it for the capture at `path`.
    pub(super) fn start(
        name: &str,
        path: &Path,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (tell, ended) = channel();
        // Nobody listens any more where it was given up.
        let work = move || drop(tell.send(work()));
        Ok(Self { thread: spawn(name, path, work)?, ended })
    }

    /// What it came to; `None` where that takes longer than until then. Without a time it is waited for.
    pub(super) fn ended_by(self, until: Option<Instant>) -> Option<Result<T, StoreError>> {
        let came = match until {
            Some(until) => self.ended.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => self.ended.recv().map_err(RecvTimeoutError::from),
        };
        match came {
            Err(RecvTimeoutError::Timeout) => None,
            // It has nothing left to do, or has panicked.
            came => {
                let joined = self.thread.join();
                Some(came.ok().filter(|_| joined.is_ok()).ok_or(StoreError::Closed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_ends_is_joined_and_what_does_not_is_given_up() {
        let start = |work: fn() -> u8| Worker::start("test", Path::new("."), work).unwrap();
        assert!(matches!(start(|| 7).ended_by(None), Some(Ok(7))));
        let panics = start(|| std::panic::resume_unwind(Box::new("as if by a panic")));
        assert!(matches!(panics.ended_by(None), Some(Err(StoreError::Closed))));
        let (go, wait) = channel::<()>();
        let waits = Worker::start("test", Path::new("."), move || wait.recv()).unwrap();
        assert!(waits.ended_by(Some(Instant::now() + Duration::from_millis(1))).is_none());
        drop(go);
    }
}
