//! The bytes that a view shows: read by place, perhaps still growing, and never failing in the middle
//! of a paint: what cannot be read is missing, and why is kept to be said.

use super::Octets;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes to be shown.
pub struct Text {
    octets: Arc<dyn Octets>,
    /// Whether no more will come.
    whole: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Text").field("len", &self.len()).field("whole", &self.is_whole()).finish()
    }
}

impl Text {
    /// Over bytes, all of which are there when `whole`.
    #[must_use]
    pub fn new(octets: Arc<dyn Octets>, whole: bool) -> Self {
        Self { octets, whole: AtomicBool::new(whole), failure: Mutex::default() }
    }

    /// Says that no more will come.
    pub fn end(&self) {
        self.whole.store(true, Ordering::Release);
    }

    /// Whether no more will come.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Acquire)
    }

    /// How many bytes are there.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.octets.len()
    }

    /// Whether none are there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from a place on, at most `count`; fewer at the end, or where reading failed.
    #[must_use]
    pub fn get(&self, at: u64, count: usize) -> Vec<u8> {
        let rest = usize::try_from(self.len().saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; rest.min(count)];
        match self.octets.read_at(at, &mut bytes) {
            Ok(read) => bytes.truncate(read),
            Err(error) => {
                bytes.clear();
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        }
        bytes
    }

    /// Why something could not be read, if anything.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bytes themselves, to be read elsewhere.
    #[must_use]
    pub fn octets(&self) -> Arc<dyn Octets> {
        Arc::clone(&self.octets)
    }
}

/// Reads bytes in order, and tells how far it has come.
pub struct InOrder {
    octets: Arc<dyn Octets>,
    at: Arc<AtomicU64>,
}

impl InOrder {
    /// From the first byte on; the place reached is written to `at`.
    #[must_use]
    pub fn new(octets: Arc<dyn Octets>, at: Arc<AtomicU64>) -> Self {
        Self { octets, at }
    }
}

impl Read for InOrder {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let at = self.at.load(Ordering::Relaxed);
        let count = self.octets.read_at(at, into)?;
        self.at.store(at.saturating_add(count as u64), Ordering::Relaxed);
        Ok(count)
    }
}
