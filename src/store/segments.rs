//! The segments of a capture as a reader has them: found by their names, opened when first needed.
//!
//! While a capture is recorded, segments come, are written anew and go. Each question begins with a look at
//! the folder's time of change; only when that has moved is the folder read again. A file that went stays
//! readable for whoever has it open.

use super::error::StoreError;
use super::segment::{self, Name};
use super::{folder, rows};
use rusqlite::Connection;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A folder's time of change is coarse: one that is younger than this may change again without showing it.
const SETTLED: Duration = Duration::from_millis(100);

/// The segments of a capture, rising.
#[derive(Debug)]
pub(super) struct Segments {
    capture: PathBuf,
    all: Vec<Segment>,
    /// The folder's time of change when it was last read, once that is certain.
    seen: Option<SystemTime>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) name: Name,
    /// No exchange in it has a lower number.
    pub(super) first: u64,
    /// Connections with a lower number are copies of what stands in segments before it.
    pub(super) first_connection: u64,
    /// `None` inside: it is gone.
    db: OnceCell<Option<Connection>>,
}

impl Segment {
    fn new(name: Name) -> Self {
        Self { name, first: 0, first_connection: 0, db: OnceCell::new() }
    }

    /// Its database; `None` when retention has removed it.
    pub(super) fn db(&self, capture: &Path) -> Result<Option<&Connection>, StoreError> {
        if self.db.get().is_none() {
            // Nobody else sets it: it belongs to one thread.
            let _ = self.db.set(segment::connect(capture, self.name)?);
        }
        Ok(self.db.get().and_then(Option::as_ref))
    }
}

impl Segments {
    pub(super) fn open(capture: &Path) -> Result<Self, StoreError> {
        if !capture.exists() {
            return Err(StoreError::Absent(capture.to_owned()));
        }
        if !capture.is_dir() {
            let why = "it is a file, and a capture is a folder";
            return Err(StoreError::NotACapture { path: capture.to_owned(), why });
        }
        if !folder::is_capture(capture) {
            return Err(StoreError::NotACapture { path: capture.to_owned(), why: folder::NO_SEGMENT });
        }
        let mut segments = Self { capture: capture.to_owned(), all: Vec::new(), seen: None };
        segments.refresh()?;
        if segments.all.is_empty() {
            return Err(StoreError::Absent(capture.to_owned()));
        }
        Ok(segments)
    }

    /// Rising.
    pub(super) fn all(&self) -> &[Segment] {
        &self.all
    }

    /// The one that grows, or grew last.
    pub(super) fn newest(&self) -> Option<&Segment> {
        self.all.last()
    }

    /// The one that an exchange is in, if it is there at all.
    pub(super) fn of(&self, id: u64) -> Option<&Segment> {
        self.all.iter().rev().find(|segment| segment.first <= id)
    }

    /// Takes in what has changed in the folder since the last time.
    pub(super) fn refresh(&mut self) -> Result<(), StoreError> {
        let changed = fs::metadata(&self.capture).and_then(|meta| meta.modified()).ok();
        if changed.is_some() && changed == self.seen {
            return Ok(());
        }
        let now = SystemTime::now();
        // A folder that was moved away is read on as it was.
        let Ok(names) = segment::list(&self.capture) else { return Ok(()) };
        if names.is_empty() {
            return Ok(());
        }
        let settled = |changed: &SystemTime| now.duration_since(*changed).is_ok_and(|age| age > SETTLED);
        let mut whole = true;
        if names.iter().ne(self.all.iter().map(|segment| &segment.name)) {
            whole = self.take(names)?;
        }
        self.seen = changed.filter(|changed| whole && settled(changed));
        Ok(())
    }

    /// Keeps what is open; whether the newest could be read.
    fn take(&mut self, names: Vec<Name>) -> Result<bool, StoreError> {
        let mut known: BTreeMap<Name, Segment> =
            mem::take(&mut self.all).into_iter().map(|segment| (segment.name, segment)).collect();
        let mut all: Vec<Segment> =
            names.into_iter().map(|name| known.remove(&name).unwrap_or_else(|| Segment::new(name))).collect();
        let mut whole = true;
        // The newest may be in the making.
        while let [_, .., newest] = all.as_slice()
            && newest.db(&self.capture)?.is_none()
        {
            all.pop();
            whole = false;
        }
        let firsts = match all.last() {
            Some(newest) => self.firsts(newest)?,
            None => BTreeMap::new(),
        };
        for segment in &mut all {
            if let Some((exchange, connection)) = firsts.get(&segment.name.number) {
                (segment.first, segment.first_connection) = (*exchange, *connection);
            }
        }
        self.all = all;
        Ok(whole)
    }

    /// The first numbers of each segment, as the newest has them.
    fn firsts(&self, newest: &Segment) -> Result<BTreeMap<u32, (u64, u64)>, StoreError> {
        let Some(db) = newest.db(&self.capture)? else { return Ok(BTreeMap::new()) };
        let read = || -> rusqlite::Result<BTreeMap<u32, (u64, u64)>> {
            let mut statement = db.prepare_cached("SELECT number, exchange, connection FROM segment")?;
            let found = statement
                .query_map([], |row| Ok((row.get(0)?, (rows::nat(row.get(1)?), rows::nat(row.get(2)?)))))?;
            found.collect()
        };
        read().map_err(StoreError::sql("read", &self.capture))
    }
}
