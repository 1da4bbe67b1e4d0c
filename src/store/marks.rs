//! Marks of a person on exchanges: marked, deleted, noted. They live in the rows' flags, so that whoever reads a
//! row knows them, and they outlive every later writing of the row; the words of a note stand beside.
//!
//! The process that records writes them, asked through `control.sock` by others; where nobody records, who
//! marks takes the writer lock for the moment.

use super::control::{self, Reply, Request};
use super::error::StoreError;
use super::folder;
use super::notes;
use super::rows;
use super::segment;
use crate::exchange::{ExchangeId, Flags, Note, Summary};
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
    pub(super) mark: Mark,
}

/// Which, and how it is to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A flag, set or cleared.
    Flag(Flags, bool),
    /// A note, or none.
    Note(Option<Note>),
}

/// Sets or clears a mark in a capture that another process may be recording.
pub fn set_flag(capture: &Path, ids: &[ExchangeId], flag: Flags, on: bool) -> Result<(), StoreError> {
    for piece in ids.chunks(A_REQUEST) {
        let request = Request::Flag { ids: piece.iter().map(|id| id.0).collect(), flag: flag.0, on };
        match control::ask(capture, &request) {
            Ok(Reply::Error { says }) => return Err(StoreError::Answer(says)),
            Ok(_) => {}
            Err(StoreError::NotRecorded(_)) => {
                return at_rest(capture, &Marks { ids: ids.to_vec(), mark: Mark::Flag(flag, on) });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a note on an exchange, or takes it away, the same way.
pub fn set_note(capture: &Path, id: ExchangeId, note: Option<Note>) -> Result<(), StoreError> {
    let text = note.as_ref().map(|note| note.as_str().to_owned()).unwrap_or_default();
    match control::ask(capture, &Request::Note { id: id.0, text }) {
        Ok(Reply::Error { says }) => Err(StoreError::Answer(says)),
        Ok(_) => Ok(()),
        Err(StoreError::NotRecorded(_)) => at_rest(capture, &Marks { ids: vec![id], mark: Mark::Note(note) }),
        Err(error) => Err(error),
    }
}

/// Whether a flag is a person's to set.
#[must_use]
pub fn may_set(flag: Flags) -> bool {
    flag.0 != 0 && flag.0 & !OF_PEOPLE == 0
}

fn at_rest(capture: &Path, marks: &Marks) -> Result<(), StoreError> {
    if !folder::is_capture(capture) {
        return Err(StoreError::Absent(capture.to_owned()));
    }
    let _lock = folder::lock(capture)?;
    let sql = || StoreError::sql("write to", capture);
    // The newest last: whoever sees its count of changes finds them all.
    for name in segment::list(capture).map_err(StoreError::io("read", capture))? {
        let db = segment::connect_to_write(capture, name)?;
        let tx = Transaction::new_unchecked(&db, TransactionBehavior::Immediate).map_err(sql())?;
        write(&tx, marks).map_err(sql())?;
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
    let (flag, on) = match &marks.mark {
        Mark::Flag(flag, on) => (*flag, *on),
        Mark::Note(note) => (Flags::NOTED, note.is_some()),
    };
    let set = if on { flag.0 } else { 0 };
    for id in marks.ids.iter().filter(|id| numbers.contains(&id.0)) {
        let id = rows::int(id.0);
        update.execute(params![id, flag.0, set])?;
        if let Mark::Note(note) = &marks.mark {
            notes::write(db, id, note.as_ref())?;
        }
    }
    Ok(())
}

impl Marks {
    /// The same on a row in memory.
    pub(super) fn apply(&self, summary: &mut Summary) {
        match &self.mark {
            Mark::Flag(flag, true) => summary.flags.add(*flag),
            Mark::Flag(flag, false) => summary.flags.take(*flag),
            Mark::Note(note) => summary.set_note(note.clone()),
        }
    }
}
