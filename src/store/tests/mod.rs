//! The store as seen from outside: what is handed over is what another reader finds.

mod bodies;
mod crash;
mod formats;
mod killed;
mod life;
mod marks;
mod measure;
mod messages;
mod query;
mod refusals;
mod retention;
mod rotation;
mod round_trip;
mod upkeep;

use super::writer::Rhythm;
use super::{Reader, Search, Store, samples};
use crate::config;
use crate::exchange::{Event, Exchange, ExchangeId, Live, Summary};
use crate::query::Query;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn settings() -> config::Capture {
    config::Capture::default()
}

/// A place for a capture in a folder of the test's own.
pub(super) fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.hop");
    (dir, path)
}

fn open(path: &Path) -> Store {
    Store::open(path, &settings(), 2).unwrap()
}

/// A store whose open exchanges get their rows at once.
fn open_early(path: &Path) -> Store {
    let rhythm = Rhythm { early: Duration::ZERO, ..Rhythm::default() };
    Store::open_with(path, &settings(), 2, rhythm).unwrap()
}

fn live(exchange: Exchange) -> Arc<Live> {
    Arc::new(Live::new(exchange))
}

fn finish(store: &Store, live: &Arc<Live>) {
    store.inbox().push(0, Event::Finished(Arc::clone(live)));
}

/// All that listeners were told so far.
fn listen(store: &Store) -> Arc<Mutex<Vec<Summary>>> {
    let told = Arc::<Mutex<Vec<Summary>>>::default();
    let keep = Arc::clone(&told);
    store.subscribe(Box::new(move |rows| keep.lock().unwrap().extend_from_slice(rows)));
    told
}

/// A capture with so many exchanges, of which each tenth was answered with 500.
pub(super) fn captured_rows(path: &Path, count: u64) {
    let store = open(path);
    let told = listen(&store);
    for id in 1..=count {
        let mut exchange = samples::exchange(id);
        exchange.summary.status = Some(if id.is_multiple_of(10) { 500 } else { 200 });
        finish(&store, &live(exchange));
        if id.is_multiple_of(1_000) || id == count {
            eventually("the rows", || (told.lock().unwrap().len() as u64 == id).then_some(()));
        }
    }
    store.close().unwrap();
}

/// Waits for what must come; the bound is there to end a failing test.
pub(super) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what} never came");
        thread::yield_now();
    }
}

/// What a filter means, newest first.
fn search(reader: &Reader, filter: &str) -> Vec<u64> {
    Search::start(reader.path(), &Query::of(filter), None).unwrap().rest().unwrap()
}

/// The exchange, all of it, as text: `Exchange` has no equality of its own.
fn all_of(exchange: &Exchange) -> String {
    format!("{exchange:#?}")
}

fn stored(reader: &Reader, id: u64) -> Exchange {
    reader.exchange(ExchangeId(id)).unwrap().unwrap()
}
