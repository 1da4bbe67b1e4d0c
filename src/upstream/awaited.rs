//! Since when the next bytes of a body are waited for: whoever waits for the answer sees a client that stalls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Shared by a body on its way, which is asked for only when its receiver takes more, and by the wait for
/// the answer.
#[derive(Clone, Debug, Default)]
pub struct Awaited(Arc<Mutex<Option<Instant>>>);

impl Awaited {
    /// Since when nothing came though more was asked for; `None` while that is not so.
    #[must_use]
    pub fn since(&self) -> Option<Instant> {
        *self.lock()
    }

    /// More was asked for, and there was none.
    pub(super) fn begin(&self) {
        self.lock().get_or_insert_with(Instant::now);
    }

    /// Something came, or nothing more will.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
