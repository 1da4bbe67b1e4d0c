//! Marks of a person on exchanges: marked, deleted. They live in the rows' flags, so that whoever reads a
//! row knows them, and they outlive every later writing of the row.
//!
//! The process that records writes them, asked through `control.sock` by others; where nobody records, who
//! marks takes the writer lock for the moment.

use super::control::{self, Reply, Request};
use super::error::StoreError;
use super::folder;
use super::rows;
use super::segment;
use crate::exchange::{ExchangeId, Flags};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::ops::Range;
use std::path::Path;

/// Numbers in one request: its line stays below the bound of the control socket.
const A_REQUEST: usize = 32_768;

/// The flags that a person may set.
const OF_PEOPLE: u32 = Flags::MARKED.0 | Flags::HIDDEN.0;

/// A mark to be set or cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) ids: Vec<ExchangeId>,
    pub(super) flag: Flags,
    pub(super) on: bool,
}

/// Sets or clears a mark in a capture that another process may be recording.
pub fn set_flag(capture: &Path, ids: &[ExchangeId], flag: Flags, on: bool) -> Result<(), StoreError> {
    for piece in ids.chunks(A_REQUEST) {
        let request = Request::Flag { ids: piece.iter().map(|id| id.0).collect(), flag: flag.0, on };
        match control::ask(capture, &request) {
            Ok(Reply::Error { says }) => return Err(StoreError::Answer(says)),
            Ok(_) => {}
            Err(StoreError::NotRecorded(_)) => return at_rest(capture, ids, flag, on),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether a flag is a person's to set.
#[must_use]
pub fn may_set(flag: Flags) -> bool {
    flag.0 != 0 && flag.0 & !OF_PEOPLE == 0
}

fn at_rest(capture: &Path, ids: &[ExchangeId], flag: Flags, on: bool) -> Result<(), StoreError> {
    if !folder::is_capture(capture) {
        return Err(StoreError::Absent(capture.to_owned()));
    }
    let _lock = folder::lock(capture)?;
    let sql = || StoreError::sql("write to", capture);
    let marks = Marks { ids: ids.to_vec(), flag, on };
    // The newest last: whoever sees its count of changes finds them all.
    for name in segment::list(capture).map_err(StoreError::io("read", capture))? {
        let db = segment::connect_to_write(capture, name)?;
        let tx = Transaction::new_unchecked(&db, TransactionBehavior::Immediate).map_err(sql())?;
        write(&tx, &marks).map_err(sql())?;
        tx.commit().map_err(sql())?;
    }
    Ok(())
}

/// Writes a mark into the rows that are there, and counts that marks have changed.
pub(super) fn write(db: &Connection, marks: &Marks) -> rusqlite::Result<()> {
    write_within(db, marks, &(0..u64::MAX))?;
    db.execute("INSERT INTO meta VALUES ('marks', 1) ON CONFLICT(key) DO UPDATE SET value = value + 1", [])?;
    Ok(())
}

/// Writes a mark into the rows of a segment that holds these numbers.
pub(super) fn write_within(db: &Connection, marks: &Marks, numbers: &Range<u64>) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached("UPDATE exchange SET flags = (flags & ~?2) | ?3 WHERE id = ?1")?;
    let set = if marks.on { marks.flag.0 } else { 0 };
    for id in marks.ids.iter().filter(|id| numbers.contains(&id.0)) {
        update.execute(params![rows::int(id.0), marks.flag.0, set])?;
    }
    Ok(())
}

impl Marks {
    /// The same on a row in memory.
    pub(super) fn apply(&self, flags: &mut Flags) {
        if self.on {
            flags.add(self.flag);
        } else {
            flags.take(self.flag);
        }
    }
}
