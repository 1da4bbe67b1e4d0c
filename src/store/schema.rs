//! The tables of a segment, made and checked; the drawing is `schema.sql`, `message.sql`, `views.sql`.
//!
//! A capture of an older format is read as it is, with what it lacks put before it; a writer that
//! continues it brings it up to date first. One of a newer format is refused in words.
//!
//! ```text
//! NAME.hop/            0700, files 0600
//!   000001.db          SQLite, WAL while recorded, one plain file when closed
//!   writer.lock        held by the process that records; its pid inside
//!   control.sock       answers for it
//!   pinned             (if there) keeps the capture from retention
//!   bodies/ab/<hex>    bodies over 64 KiB, named by their BLAKE3
//!   bodies/tmp/<id>.<side>   bodies still arriving
//! ```

use super::error::StoreError;
use crate::exchange::Cause;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Duration;

/// The format that this hopscope writes, in `PRAGMA user_version`.
pub const FORMAT: i64 = 2;

/// The oldest format that it reads.
const OLDEST: i64 = 1;

/// `hopS`, in `PRAGMA application_id`: tells a capture from any other database.
const APPLICATION: i64 = 0x686f_7053;

/// The tables.
const TABLES: &str = concat!(include_str!("schema.sql"), include_str!("message.sql"));

/// What a person asks for.
const VIEWS: &str = include_str!("views.sql");

/// From format 1 to 2: messages and frames.
const UPGRADE: &str = concat!(
    "ALTER TABLE exchange ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE payload ADD COLUMN frames TEXT;
     ALTER TABLE connection ADD COLUMN frames TEXT;
     DROP VIEW exchanges; DROP VIEW heads; DROP VIEW bodies; DROP VIEW edits;",
    include_str!("message.sql")
);

/// What a reader puts before the tables of format 1: names in `temp` are looked up first, and nothing of
/// it is written to the capture. Once a writer has brought that up to date, the tables' own columns stand
/// before these, under the same names; the messages are seen by who opens it anew.
const SHIM: &str = "CREATE TEMP VIEW exchange AS SELECT *, 0 AS messages FROM main.exchange;
     CREATE TEMP VIEW payload AS SELECT *, NULL AS frames FROM main.payload;
     CREATE TEMP VIEW connection AS SELECT *, NULL AS frames FROM main.connection;
     CREATE TEMP TABLE message(id INTEGER PRIMARY KEY, at, side, form, flags, wire, length, says, payload);";

/// Sets a writer's connection up and makes the tables where there are none.
pub(super) fn prepare(db: &Connection, capture: &Path) -> Result<(), StoreError> {
    let sql = || StoreError::sql("open", capture);
    db.busy_timeout(Duration::from_secs(2)).map_err(sql())?;
    check(db, capture, true)?;
    // An exchange takes 2 to 3 KiB. On pages of 4 KiB that is one a page: measured 24 us and 4.4 kB an
    // exchange against 16 us and 3.1 kB on 8 KiB. (16 KiB: 15 us, 2.6 kB, but twice the WAL for a lone one.)
    db.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
    )
    .map_err(sql())?;
    db.set_prepared_statement_cache_capacity(32);
    match version(db).map_err(sql())? {
        (0, 0) => create(db).map_err(sql()),
        (_, FORMAT) => Ok(()),
        _ => upgrade(db).map_err(sql()),
    }
}

/// Puts before an older capture what it lacks, for reading.
pub(super) fn complete(db: &Connection) -> rusqlite::Result<()> {
    if version(db)?.1 < FORMAT { db.execute_batch(SHIM) } else { Ok(()) }
}

/// Whether it is a capture that we can read. An empty file is one in the making: `may_be_empty`
/// is what the writer allows.
pub(super) fn check(db: &Connection, capture: &Path, may_be_empty: bool) -> Result<(), StoreError> {
    let not = |why| Err(StoreError::NotACapture { path: capture.to_owned(), why });
    match version(db).map_err(StoreError::sql("open", capture))? {
        (0, 0) if is_empty(db).map_err(StoreError::sql("open", capture))? => {
            if may_be_empty {
                Ok(())
            } else {
                not("nothing was recorded into it yet")
            }
        }
        (APPLICATION, OLDEST..=FORMAT) => Ok(()),
        (APPLICATION, format) if format > FORMAT => {
            Err(StoreError::Newer { path: capture.to_owned(), format, ours: FORMAT })
        }
        _ => not("its 000001.db is a database of something else"),
    }
}

fn version(db: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn is_empty(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// All in one transaction: a reader finds no tables, or all of them.
fn create(db: &Connection) -> rusqlite::Result<()> {
    let tx = db.unchecked_transaction()?;
    tx.execute_batch(TABLES)?;
    tx.execute_batch(VIEWS)?;
    tx.execute_batch(
        "INSERT INTO meta VALUES ('uuid', randomblob(16)),
           ('started', CAST(unixepoch('subsec') * 1000000 AS INTEGER));",
    )?;
    tx.execute(
        "INSERT INTO meta VALUES ('format', ?1), ('hopscope', ?2)",
        params![FORMAT, env!("CARGO_PKG_VERSION")],
    )?;
    explain(&tx)?;
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// The same for a capture of an older format, which keeps what it holds.
fn upgrade(db: &Connection) -> rusqlite::Result<()> {
    let tx = db.unchecked_transaction()?;
    tx.execute_batch(UPGRADE)?;
    tx.execute_batch(VIEWS)?;
    explain(&tx)?;
    tx.execute("UPDATE meta SET value = ?1 WHERE key = 'format'", [FORMAT])?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// Causes in words, for who has nothing but the database.
fn explain(db: &Connection) -> rusqlite::Result<()> {
    for cause in Cause::ALL {
        db.execute(
            "INSERT OR REPLACE INTO cause VALUES (?1, ?2, ?3)",
            params![*cause as u8, cause.clause(), cause.says()],
        )?;
    }
    Ok(())
}
