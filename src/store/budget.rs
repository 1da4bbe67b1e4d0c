//! The bound on body bytes that wait for the disk, and who waits for room in it.

use super::inbox::lock;
use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Waker;

/// Body bytes that wait for the disk.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), used: AtomicUsize::new(0), waiting: Mutex::default() }
    }

    /// Takes `bytes`, if they are there. A piece larger than the whole passes when it is alone.
    pub(super) fn try_take(&self, bytes: usize) -> bool {
        let taken = self.used.fetch_update(SeqCst, SeqCst, |used| {
            let after = used.saturating_add(bytes);
            (after <= self.limit || used == 0).then_some(after)
        });
        taken.is_ok()
    }

    /// Gives `bytes` back and wakes who waits.
    pub(super) fn release(&self, bytes: usize) {
        if bytes > 0 {
            let _ = self.used.fetch_update(SeqCst, SeqCst, |used| Some(used.saturating_sub(bytes)));
            self.wake_all();
        }
    }

    /// Ready at once when `take` succeeds, else woken at the next release.
    pub(super) fn wait(&self, waker: &Waker, take: impl Fn() -> bool) -> bool {
        if take() {
            return true;
        }
        // Under the lock that a release takes before it wakes: what is freed after this look finds the waker.
        let mut waiting = lock(&self.waiting);
        if take() {
            return true;
        }
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
        false
    }

    /// Woken outside the lock: a waker may run its task's code at once.
    pub(super) fn wake_all(&self) {
        let waiting = mem::take(&mut *lock(&self.waiting));
        waiting.into_iter().for_each(Waker::wake);
    }
}
