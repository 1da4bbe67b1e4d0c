//! The capture engine: exchanges on disk as they end, readable by anything while they come.
//!
//! ```text
//! shard 0  push ┐ per-shard                      ┌ 000001.db ──> Reader (any process)
//! shard 1  push ┼ buffers ──> writer thread ─────┤
//! …             ┘ (Inbox)       └─> listeners    └ subscribe (this process)
//! body_block ────> queue ──> body-writer thread ──> bodies/
//! ```
//!
//! - The wire never waits here: [`Inbox::push`] and [`Inbox::body_block`] return at once, memory is bounded
//!   by the buffers' bound and by `capture.unsaved`, and what finds no room is counted ([`Losses`]).
//! - A row that another process has seen survives `kill -9`, and so does any exchange a quarter of a second
//!   after its end: the WAL is written at each swap. Power loss may take the last commits
//!   (`synchronous = NORMAL`), never the capture.
//! - One process records a capture ([`Store`] holds its lock); any number read it.

mod bodies;
mod budget;
pub mod captures;
mod checkpoint;
mod connections;
pub mod control;
mod deep;
mod dialling;
mod error;
mod fill;
mod folder;
mod frames;
mod inbox;
mod kept;
mod look;
mod marks;
mod messages;
mod mount;
mod notes;
mod packed;
mod packer;
mod packing;
mod pending;
mod reader;
mod rotation;
mod rows;
mod runs;
mod schema;
mod search;
mod segment;
mod segments;
mod sieve;
mod sorting;
mod sql;
mod sweep;
mod tunnels;
mod under_way;
mod worker;
mod writer;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use bodies::settle;
pub use error::StoreError;
pub use fill::Filling;
pub use folder::is_recorded;
pub use inbox::{Done, Figures, Inbox, Losses};
pub use look::Standing;
pub use marks::{may_set, set_flag, set_note};
pub use messages::{GLANCE, Numbered, Seek, Sought};
pub use reader::{BodyReader, Reader};
pub use schema::FORMAT;
pub use search::{Found, Search};
pub use sql::{Cell, EachRow, LeftOut, Sql};
pub use writer::Listener;

use crate::config;
use bodies::BodyWriter;
use folder::Folder;
use packing::Keep;
use rotation::{Limits, Rotation};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use worker::Worker;
use writer::{Listeners, Rhythm, Writer};

/// A capture being recorded by this process.
pub struct Store {
    /// The writer holds it too: locked as long as anybody writes there.
    folder: Arc<Folder>,
    temporary: bool,
    inbox: Arc<Inbox>,
    listeners: Arc<Listeners>,
    writer: Option<Worker<Result<(), StoreError>>>,
    bodies: Option<Worker<()>>,
    close_timeout: Duration,
    next_exchange: u64,
    next_connection: u64,
}

impl Store {
    /// Makes a capture, or continues one, for recording by `shards` threads: a folder of mode 0700, files
    /// of 0600. What a crashed run left open is put in order first.
    pub fn open(path: &Path, settings: &config::Capture, shards: usize) -> Result<Self, StoreError> {
        Self::open_with(path, settings, shards, Rhythm::default())
    }

    /// A capture that lives only as long as this store: in a private folder beneath the system's
    /// temporary one, removed at [`Store::close`].
    pub fn temporary(settings: &config::Capture, shards: usize) -> Result<Self, StoreError> {
        let path = std::env::temp_dir().join(captures::temporary_name());
        // New for certain: in a folder that all may write to, one that is there already is somebody else's.
        folder::fresh_dir(&path).map_err(StoreError::io("make", &path))?;
        let mut store = Self::open(&path, settings, shards)?;
        store.temporary = true;
        Ok(store)
    }

    fn open_with(
        path: &Path,
        settings: &config::Capture,
        shards: usize,
        rhythm: Rhythm,
    ) -> Result<Self, StoreError> {
        let folder = Arc::new(Folder::take(path)?);
        let path = folder.path();
        let segments = Rotation::open(path, Limits::of(settings))?;
        let (next_exchange, next_connection) = segments.free()?;
        let (jobs, queue) = mpsc::channel();
        let inbox = Arc::new(Inbox::new(shards, settings.pressure, settings.unsaved, jobs));
        let listeners = Arc::<Listeners>::default();
        let writer = Writer::new(
            segments,
            path.to_owned(),
            Arc::clone(&inbox),
            Arc::clone(&listeners),
            rhythm,
            (next_exchange, next_connection),
        );
        let bodies = BodyWriter::new(path, Arc::clone(&inbox));
        let held = Arc::clone(&folder);
        let work = move || {
            let ended = writer.run();
            drop(held);
            ended
        };
        let writer = Worker::start("store-writer", path, work)?;
        let mut store = Self {
            folder,
            temporary: false,
            inbox,
            listeners,
            writer: Some(writer),
            bodies: None,
            close_timeout: settings.close_timeout,
            next_exchange,
            next_connection,
        };
        store.bodies = Some(Worker::start("store-bodies", store.path(), move || bodies.run(&queue))?);
        Ok(store)
    }

    /// The capture's folder, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the user ought to know about the capture, one line each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.folder.warnings
    }

    /// Where the wire puts what it sees.
    #[must_use]
    pub fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// The first exchange number that is free: a continued capture goes on counting.
    #[must_use]
    pub fn next_exchange(&self) -> u64 {
        self.next_exchange
    }

    /// The first connection number that is free.
    #[must_use]
    pub fn next_connection(&self) -> u64 {
        self.next_connection
    }

    /// Calls `f` on the writer thread with list rows: those opened or changed at each swap, those finished
    /// once they are committed. It must be quick, and must not subscribe.
    pub fn subscribe(&self, f: Listener) {
        inbox::lock(&self.listeners.rows).push(f);
    }

    /// Calls `f` on the writer thread with list rows whose marks changed, once that can be read.
    pub fn subscribe_marks(&self, f: Listener) {
        inbox::lock(&self.listeners.marks).push(f);
    }

    /// Writes all that was handed over, ends what is still open as aborted, and leaves the capture as one
    /// plain database beside its bodies. What the disk has not taken within `capture.close_timeout` is given up,
    /// and counted: whatever was committed can be read, and is put in order at the next start.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), StoreError> {
        // What is later than any clock tells is waited for without end.
        let begun = Instant::now();
        let until = |part: u32| begun.checked_add(self.close_timeout / part);
        // Bodies first, since their ends push `Finished`; but rows matter more, and have half of the time.
        self.inbox.stop_bodies();
        let bodies = self.bodies.take().map_or(Some(Ok(())), |thread| thread.ended_by(until(2)));
        let open = self.inbox.under_way().lock().len() as u64;
        self.inbox.stop_writer();
        let writer = self.writer.take().map_or(Some(Ok(Ok(()))), |thread| thread.ended_by(until(1)));
        self.inbox.shut();
        let (Some(bodies), Some(writer)) = (bodies, writer) else {
            self.inbox.count_lost(self.inbox.unwritten() + open);
            return Err(StoreError::GaveUp { path: self.path().to_owned(), after: self.close_timeout });
        };
        if self.temporary {
            let path = self.path();
            std::fs::remove_dir_all(path).map_err(StoreError::io("remove", path))?;
        }
        writer.and_then(|written| written).and(bodies)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.writer.is_some() {
            // Nobody is left to hear of a failure; `close` is for those who want to.
            let _ = self.stop();
        }
    }
}

/// What packing a capture came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Segments that were plain.
    pub segments: usize,
    /// Bytes of all segments before …
    pub before: u64,
    /// … and after.
    pub after: u64,
}

/// Packs what is plain of a capture that nobody records. `tell` hears how many exchanges of how many are done.
pub fn pack(path: &Path, tell: &mut dyn FnMut(u64, u64)) -> Result<Packed, StoreError> {
    if !folder::is_capture(path) {
        return Err(StoreError::NotACapture { path: path.to_owned(), why: folder::NO_SEGMENT });
    }
    let folder = Folder::take(path)?;
    let size = || -> u64 {
        let names = segment::list(folder.path()).unwrap_or_default();
        names.iter().filter_map(|name| name.file(folder.path()).metadata().ok()).map(|meta| meta.len()).sum()
    };
    let before = size();
    let segments = Rotation::open(folder.path(), Limits::NONE)?.write_all_anew(Keep::All, tell)?;
    Ok(Packed { segments, before, after: size() })
}

/// Thins a capture that nobody records out to what a person marked, and keeps the time of its last writing.
fn thin_out(path: &Path) -> Result<(), StoreError> {
    let folder = Folder::take(path)?;
    let path = folder.path();
    let written = captures::modified(path);
    Rotation::open(path, Limits::NONE)?.write_all_anew(Keep::Marked, &mut |_, _| {})?;
    packer::sweep(path, &bodies::hashes(path), &mut || true)?;
    let newest = segment::list(path).map_err(StoreError::io("read", path))?.pop();
    if let (Some(newest), Some(written)) = (newest, written) {
        let file = newest.file(path);
        let opened = std::fs::File::options().write(true).open(&file);
        opened.and_then(|file| file.set_modified(written)).map_err(StoreError::io("write", &file))?;
    }
    Ok(())
}

fn spawn<T: Send + 'static>(
    name: &str,
    path: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, StoreError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(StoreError::io("start a thread for", path))
}
