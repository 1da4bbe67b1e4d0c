//! Notes of a person, in a table beside their exchanges: there are few, and the list row stays narrow. A bit of the
//! row's flags tells that there is one, so that rows without are never looked up.

use super::rows::int;
use super::schema;
use crate::exchange::{Flags, Note, Summary};
use rusqlite::{Connection, OptionalExtension as _, params};

/// The table.
pub(super) const TABLE: &str = include_str!("note.sql");

/// A row's note, among the columns of a question to `exchange`. Only where [`are_there`].
pub(super) const COLUMN: &str =
    "CASE WHEN flags & 8192 THEN (SELECT says FROM note WHERE note.exchange = exchange.id) END";

const _: () = assert!(Flags::NOTED.0 == 8192);

/// Whether a segment may hold notes: older ones have no table for them.
pub(super) fn are_there(db: &Connection) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'note'")?.exists([])
}

/// Writes the note of an exchange that is there, or takes it away.
pub(super) fn write(db: &Connection, id: i64, note: Option<&Note>) -> rusqlite::Result<()> {
    match note {
        Some(note) if db.prepare_cached("SELECT 1 FROM exchange WHERE id = ?1")?.exists([id])? => {
            db.execute_batch(TABLE)?;
            let sql = "INSERT OR REPLACE INTO note VALUES (?1, ?2)";
            db.prepare_cached(sql)?.execute(params![id, note.as_str()])?;
        }
        None if are_there(db)? => {
            db.prepare_cached("DELETE FROM note WHERE exchange = ?1")?.execute([id])?;
        }
        _ => {}
    }
    Ok(())
}

/// Puts their notes to rows that have some.
pub(super) fn fill(db: &Connection, summaries: &mut [Summary]) -> rusqlite::Result<()> {
    for summary in summaries.iter_mut().filter(|summary| summary.flags.has(Flags::NOTED)) {
        let sql = "SELECT says FROM note WHERE exchange = ?1";
        let Some(mut statement) = schema::statement(db, sql)? else { return Ok(()) };
        let says: Option<String> = statement.query_row([int(summary.id.0)], |row| row.get(0)).optional()?;
        summary.note = says.as_deref().and_then(Note::new);
    }
    Ok(())
}
