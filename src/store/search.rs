//! A search on threads of its own, newest first, in slices: what is found comes while the rest is looked
//! through, and a search that nobody wants any more ends within a slice.
//!
//! ```text
//! numbers   … |  slice 2  |  slice 1  |  slice 0 | newest
//!                 thread B    thread A   thread B ──> in the order of the slices ──> [`Search::wait`]
//! ```

use super::error::StoreError;
use super::inbox::lock;
use super::reader::Reader;
use super::sieve::Sieve;
use super::spawn;
use crate::exchange::ExchangeId;
use crate::query::{Level, Query};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Threads that look: what a machine with two cores has, and enough to keep a disk busy.
const THREADS: usize = 2;

/// Numbers in the first slices, so that there is something to show at once …
const FIRST: u64 = 512;
/// … and in all others, by what must be read of a row; none of them takes longer than a key may wait.
const ROWS: u64 = 16_384;
const HEADS: u64 = 4_096;
const BODIES: u64 = 2_048;

/// A search under way. Dropped, it ends.
#[derive(Debug)]
pub struct Search {
    shared: Arc<Shared>,
    slices: Receiver<Slice>,
    /// Slices that came before those they follow.
    early: BTreeMap<u64, Slice>,
    next: u64,
    looked_to: u64,
}

/// What came of a search since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Numbers of the exchanges meant, falling.
    pub ids: Vec<u64>,
    /// All from this number on were looked at; 0 at the end.
    pub looked_to: u64,
}

impl Found {
    /// Whether there is nothing left to look through.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.looked_to == 0
    }
}

#[derive(Debug)]
struct Shared {
    query: Query,
    ahead: Mutex<Ahead>,
    stopped: AtomicBool,
}

/// What is still to be given out.
#[derive(Debug)]
struct Ahead {
    slice: u64,
    below: u64,
    oldest: u64,
}

#[derive(Debug)]
struct Slice {
    number: u64,
    from: u64,
    found: Result<Vec<u64>, StoreError>,
}

impl Search {
    /// Begins to look for what a filter means, below a number, or from the newest on.
    pub fn start(capture: &Path, query: &Query, below: Option<ExchangeId>) -> Result<Self, StoreError> {
        let reader = Reader::open(capture)?;
        let below = match below {
            Some(below) => below.0,
            None => reader.end()?,
        };
        let oldest = reader.beginning()?;
        let ahead = Mutex::new(Ahead { slice: 0, below, oldest });
        let shared = Arc::new(Shared { query: query.clone(), ahead, stopped: AtomicBool::new(false) });
        let (tell, slices) = mpsc::channel();
        let mut first = Some(reader);
        for _ in 0..THREADS {
            let (shared, tell, reader) = (Arc::clone(&shared), tell.clone(), first.take());
            let (capture, named) = (capture.to_owned(), capture.to_owned());
            // The first has a reader; others open their own, while it looks already.
            let open = move || reader.map_or_else(|| Reader::open(&capture), Ok);
            spawn("search", &named, move || look(&shared, open, &tell))?;
        }
        Ok(Self { shared, slices, early: BTreeMap::new(), next: 0, looked_to: below.max(1) })
    }

    /// What has been found since the last call; waits for it no longer than `patience`, and not once there is
    /// something.
    pub fn wait(&mut self, patience: Duration) -> Result<Found, StoreError> {
        let until = Instant::now() + patience;
        let mut ids = Vec::new();
        while self.looked_to > 0 {
            let left =
                if ids.is_empty() { until.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
            match self.slices.recv_timeout(left) {
                Ok(slice) => _ = self.early.insert(slice.number, slice),
                Err(RecvTimeoutError::Timeout) => break,
                // Both threads are done, and what they sent is here.
                Err(RecvTimeoutError::Disconnected) => {
                    self.take(&mut ids)?;
                    self.looked_to = 0;
                }
            }
            self.take(&mut ids)?;
        }
        Ok(Found { ids, looked_to: self.looked_to })
    }

    /// All that is left, in one go.
    pub fn rest(&mut self) -> Result<Vec<u64>, StoreError> {
        let mut ids = Vec::new();
        loop {
            let found = self.wait(Duration::from_secs(1))?;
            let over = found.is_over();
            ids.extend(found.ids);
            if over {
                return Ok(ids);
            }
        }
    }

    /// What is whole from the newest on.
    fn take(&mut self, ids: &mut Vec<u64>) -> Result<(), StoreError> {
        while let Some(slice) = self.early.remove(&self.next) {
            self.next += 1;
            self.looked_to = slice.from;
            ids.extend(slice.found?);
        }
        Ok(())
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Relaxed);
    }
}

impl Shared {
    /// The next slice: its place, and its numbers.
    fn slice(&self) -> Option<(u64, u64, u64)> {
        if self.stopped.load(Relaxed) {
            return None;
        }
        let mut ahead = lock(&self.ahead);
        if ahead.below <= ahead.oldest {
            return None;
        }
        let most = match self.query.level() {
            Level::Row => ROWS,
            Level::Heads => HEADS,
            Level::Bodies | Level::Messages => BODIES,
        };
        let (number, below) = (ahead.slice, ahead.below);
        let size = most.min(FIRST.saturating_mul(number + 1));
        // The last one says that it is the last.
        let from = below.saturating_sub(size);
        ahead.below = if from <= ahead.oldest { 0 } else { from };
        ahead.slice += 1;
        Some((number, ahead.below, below))
    }
}

fn look(shared: &Shared, open: impl FnOnce() -> Result<Reader, StoreError>, tell: &Sender<Slice>) {
    let sieve = Sieve::new(&shared.query);
    let reader = match open() {
        Ok(reader) => reader,
        Err(error) => return refuse(shared, error, tell),
    };
    let stop = || shared.stopped.load(Relaxed);
    while let Some((number, from, below)) = shared.slice() {
        let mut ids = Vec::new();
        let found = reader.sieve(&sieve, (from, below), &stop, &mut ids).map(|_| ids);
        if tell.send(Slice { number, from, found }).is_err() {
            return;
        }
    }
}

/// A thread without a reader ends the search, in the place of the slice that it would have looked through.
fn refuse(shared: &Shared, error: StoreError, tell: &Sender<Slice>) {
    if let Some((number, from, _)) = shared.slice() {
        // Nobody to hear it is as good.
        let _ = tell.send(Slice { number, from, found: Err(error) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{captured_rows, place};

    #[test]
    fn what_is_found_comes_newest_first_and_whole() {
        let (_dir, path) = place();
        captured_rows(&path, 5_000);
        let reader = Reader::open(&path).unwrap();
        for filter in ["status:500..", "id:7..4000", "header:x-none", "body:nothing", "-host:x"] {
            let query = Query::of(filter);
            let mut search = Search::start(&path, &query, None).unwrap();
            let alone = reader.sift(&query, &(1..=5_000).rev().collect::<Vec<_>>()).unwrap();
            assert_eq!(search.rest().unwrap(), alone, "{filter}");
            assert_eq!(search.wait(Duration::ZERO).unwrap(), Found::default(), "{filter}: over and over");
        }
        let below =
            Search::start(&path, &Query::of("id:10..20"), Some(ExchangeId(15))).unwrap().rest().unwrap();
        assert_eq!(below, [14, 13, 12, 11, 10]);
    }

    #[test]
    fn a_search_that_nobody_wants_ends() {
        let (_dir, path) = place();
        captured_rows(&path, 3_000);
        let search = Search::start(&path, &Query::of("body:x"), None).unwrap();
        let shared = Arc::downgrade(&search.shared);
        drop(search);
        super::super::tests::eventually("both ends", || shared.upgrade().is_none().then_some(()));
    }
}
