//! The tables of a segment, made and checked; the drawing is `schema.sql` and the other `.sql`.
//!
//! A capture of an older format is read as it is, with what it lacks put before it; a writer that
//! continues it brings it up to date first. One of a newer format is refused in words.
//!
//! ```text
//! NAME.hop/            0700, files 0600
//!   000001.db          a segment: SQLite, WAL while recorded, one plain file when closed; then 000002.db ...
//!   000001.1.db        the same segment, packed, instead of it
//!   writer.lock        held by the process that records; its pid inside
//!   control.sock       answers for it
//!   pinned             (if there) keeps the capture from retention
//!   bodies/ab/<hex>    bodies over 32 KiB, named by their BLAKE3
//!   bodies/tmp/<id>.<side>   bodies still arriving
//! ```

use super::error::StoreError;
use super::{mount, packed, rows};
use crate::exchange::Cause;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};
use std::path::Path;
use std::time::Duration;

/// The format that this hopscope writes, in `PRAGMA user_version`.
pub const FORMAT: i64 = 4;

/// The oldest format that it reads.
const OLDEST: i64 = 1;

/// `hopS`, in `PRAGMA application_id`: tells a capture from any other database.
const APPLICATION: i64 = 0x686f_7053;

/// How long a writer waits for locks.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The tables.
const TABLES: &str = concat!(
    include_str!("schema.sql"),
    include_str!("message.sql"),
    include_str!("handshake.sql"),
    include_str!("dialling.sql"),
    include_str!("tunnel.sql"),
    include_str!("ocsp.sql"),
    include_str!("note.sql")
);

/// What a person asks for.
pub(super) const VIEWS: &str = include_str!("views.sql");

/// From format 1 to 2: messages and frames.
const TO_2: &str = concat!(
    "ALTER TABLE exchange ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE payload ADD COLUMN frames TEXT;
     ALTER TABLE connection ADD COLUMN frames TEXT;",
    include_str!("message.sql")
);

/// From format 2 to 3: more than one segment, packed ones, an index of failures, more of connections.
const TO_3: &str = concat!(
    "ALTER TABLE payload ADD COLUMN packed_heads BLOB;
     ALTER TABLE payload ADD COLUMN packed_bodies BLOB;
     CREATE TABLE segment(number INTEGER PRIMARY KEY, exchange INTEGER NOT NULL, connection INTEGER NOT NULL, ended INTEGER) STRICT;
     CREATE TABLE dictionary(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
     CREATE INDEX exchange_failed ON exchange(id, status, host) WHERE status >= 400;
     CREATE INDEX payload_request_file ON payload(request_hash) WHERE request_hash IS NOT NULL;
     CREATE INDEX payload_response_file ON payload(response_hash) WHERE response_hash IS NOT NULL;
     INSERT INTO segment VALUES (1, 0, 0, NULL);",
    include_str!("handshake.sql"),
    include_str!("dialling.sql")
);

/// From formats 2 and 3 to 4: rows of several messages.
const RUNS: &str = "ALTER TABLE message ADD COLUMN run TEXT;";

/// From format 3 to 4: tunnels that were relayed unread, and stapled OCSP responses; and notes, which a capture of
/// format 4 may lack too: their table is made with the first.
const TO_4: &str = concat!(include_str!("tunnel.sql"), include_str!("ocsp.sql"), include_str!("note.sql"));

/// Views are made anew, with the words of today.
const DROP_VIEWS: &str =
    "DROP VIEW IF EXISTS exchanges; DROP VIEW IF EXISTS heads; DROP VIEW IF EXISTS bodies;
     DROP VIEW IF EXISTS edits; DROP VIEW IF EXISTS messages; DROP VIEW IF EXISTS frames;";

/// What a reader puts before the tables of format 1: names in `temp` are looked up first, and nothing of
/// it is written to the capture. Once a writer has brought that up to date, the tables' own columns stand
/// before these, under the same names; the messages are seen by who opens it anew.
const SHIM_1: &str = "CREATE TEMP VIEW exchange AS SELECT *, 0 AS messages FROM main.exchange;
     CREATE TEMP VIEW payload AS SELECT *, NULL AS frames, NULL AS packed_heads, NULL AS packed_bodies FROM main.payload;
     CREATE TEMP VIEW connection AS SELECT *, NULL AS frames FROM main.connection;
     CREATE TEMP TABLE message(id INTEGER PRIMARY KEY, at, side, form, flags, wire, length, says, payload, run);";

/// The same for format 2.
const SHIM_2: &str =
    "CREATE TEMP VIEW payload AS SELECT *, NULL AS packed_heads, NULL AS packed_bodies FROM main.payload;";

/// The same for formats 2 and 3.
const SHIM_RUNS: &str = "CREATE TEMP VIEW message AS SELECT *, NULL AS run FROM main.message;";

/// What the first two lack. (Tables that format 3 lacks too are asked for by [`statement`].)
const SHIM: &str = "CREATE TEMP TABLE segment(number, exchange, connection, ended);
     CREATE TEMP TABLE dictionary(id INTEGER PRIMARY KEY, data);
     CREATE TEMP TABLE handshake(connection INTEGER PRIMARY KEY, \"group\", resumed, took, stapled,
       client_certificate, hello);
     CREATE TEMP TABLE dialling(connection INTEGER PRIMARY KEY, parent, host, found, looked_up, tries);";

/// A segment among the others of its capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) number: u32,
    /// The lowest number of an exchange that may stand in it.
    pub(super) exchange: u64,
    /// The same of a connection that is no copy.
    pub(super) connection: u64,
    /// When its last exchange was over.
    pub(super) ended: Option<i64>,
}

/// What a new segment begins with.
#[derive(Clone, Debug)]
pub(super) struct Birth {
    /// The capture's own number; `None` for a new one.
    pub(super) uuid: Option<Vec<u8>>,
    /// How often marks were changed in the capture so far.
    pub(super) marks: i64,
    /// All segments up to this one.
    pub(super) stretches: Vec<Stretch>,
}

impl Default for Birth {
    /// The first segment of a capture.
    fn default() -> Self {
        let first = Stretch { number: 1, exchange: 0, connection: 0, ended: None };
        Self { uuid: None, marks: 0, stretches: vec![first] }
    }
}

/// Sets a writer's connection up and makes the tables where there are none.
pub(super) fn prepare(db: &Connection, capture: &Path, birth: &Birth) -> Result<(), StoreError> {
    let sql = || StoreError::sql("open", capture);
    db.busy_timeout(PATIENCE).map_err(sql())?;
    check(db, capture, true)?;
    // An exchange takes 2 to 3 KiB. On pages of 4 KiB that is one a page: measured 24 us and 4.4 kB an
    // exchange against 16 us and 3.1 kB on 8 KiB. (16 KiB: 15 us, 2.6 kB, but twice the WAL for a lone one.)
    // Rows come in the order of their numbers, so that a cache of 4 MiB serves as well as one of 16 (measured: 14.3 us
    // an exchange against 14.1), and what a proxy holds at most is reached within 2,000 exchanges.
    db.execute_batch(&format!(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = {}; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;",
        journal(capture)
    ))
    .map_err(sql())?;
    db.set_prepared_statement_cache_capacity(32);
    match version(db).map_err(sql())? {
        (0, 0) => create(db, birth).map_err(sql())?,
        (_, FORMAT) => {}
        (_, format) => upgrade(db, format).map_err(sql())?,
    }
    packed::teach(db).map_err(sql())
}

/// The journal of a segment that is written to: on network file systems none that needs shared memory.
pub(super) fn journal(capture: &Path) -> &'static str {
    if mount::remote(capture).is_some() { "TRUNCATE" } else { "WAL" }
}

/// The tables alone.
pub(super) fn tables(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(TABLES)?;
    db.execute_batch(VIEWS)?;
    explain(db)
}

/// Makes a database that has its tables a capture's.
pub(super) fn seal(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "application_id", APPLICATION)?;
    db.pragma_update(None, "user_version", FORMAT)
}

/// All segments of the capture, as a segment knows them; rising.
pub(super) fn stretches(db: &Connection) -> rusqlite::Result<Vec<Stretch>> {
    let mut statement =
        db.prepare("SELECT number, exchange, connection, ended FROM segment ORDER BY number")?;
    let found = statement.query_map([], |row| {
        let (exchange, connection) = (rows::nat(row.get(1)?), rows::nat(row.get(2)?));
        Ok(Stretch { number: row.get(0)?, exchange, connection, ended: row.get(3)? })
    })?;
    found.collect()
}

/// What the segment behind this one begins with: its number, and the first of its exchanges and connections.
pub(super) fn birth(
    db: &Connection,
    mut stretches: Vec<Stretch>,
    number: u32,
    (exchange, connection): (u64, u64),
) -> rusqlite::Result<Birth> {
    let of_meta = |key: &str| {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        db.query_row(sql, [key], |row| row.get::<_, rusqlite::types::Value>(0)).optional()
    };
    let uuid = match of_meta("uuid")? {
        Some(rusqlite::types::Value::Blob(uuid)) => Some(uuid),
        _ => None,
    };
    let marks = match of_meta("marks")? {
        Some(rusqlite::types::Value::Integer(marks)) => marks,
        _ => 0,
    };
    stretches.push(Stretch { number, exchange, connection, ended: None });
    Ok(Birth { uuid, marks, stretches })
}

/// Whether a segment's file has no tables yet.
pub(super) fn is_in_the_making(capture: &Path, name: super::segment::Name) -> bool {
    let empty = |db: Connection| Ok(version(&db)? == (0, 0) && is_empty(&db)?);
    Connection::open(name.file(capture)).and_then(empty).unwrap_or(false)
}

/// Whether a segment may be one of several: from format 3 on.
pub(super) fn has_segments(db: &Connection) -> rusqlite::Result<bool> {
    Ok(version(db)?.1 >= 3)
}

/// A question to a table that older formats lack; `None` where it is not there, yet.
pub(super) fn statement<'db>(
    db: &'db Connection,
    sql: &str,
) -> rusqlite::Result<Option<CachedStatement<'db>>> {
    match db.prepare_cached(sql) {
        Err(rusqlite::Error::SqliteFailure(_, Some(says))) if says.starts_with("no such table") => Ok(None),
        Err(rusqlite::Error::SqlInputError { msg, .. }) if msg.starts_with("no such table") => Ok(None),
        prepared => prepared.map(Some),
    }
}

/// Whether a database that is open has a table: segments of an older format lack some.
pub(super) fn has(db: &Connection, schema: &str, table: &str) -> rusqlite::Result<bool> {
    let sql = format!("SELECT count(*) > 0 FROM {schema}.sqlite_schema WHERE type = 'table' AND name = ?1");
    db.query_row(&sql, [table], |row| row.get(0))
}

/// Puts before an older capture what it lacks, for reading.
pub(super) fn complete(db: &Connection) -> rusqlite::Result<()> {
    match version(db)?.1 {
        1 => db.execute_batch(&[SHIM_1, SHIM].concat())?,
        2 => db.execute_batch(&[SHIM_2, SHIM_RUNS, SHIM].concat())?,
        3 => db.execute_batch(SHIM_RUNS)?,
        _ => {}
    }
    packed::teach(db)
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
        _ => not("its database is one of something else"),
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
fn create(db: &Connection, birth: &Birth) -> rusqlite::Result<()> {
    let tx = db.unchecked_transaction()?;
    tables(&tx)?;
    tx.execute(
        "INSERT INTO meta VALUES ('uuid', coalesce(?1, randomblob(16))),
           ('started', CAST(unixepoch('subsec') * 1000000 AS INTEGER)), ('format', ?2), ('hopscope', ?3),
           ('marks', ?4)",
        params![birth.uuid, FORMAT, env!("CARGO_PKG_VERSION"), birth.marks],
    )?;
    for Stretch { number, exchange, connection, ended } in &birth.stretches {
        tx.execute(
            "INSERT INTO segment VALUES (?1, ?2, ?3, ?4)",
            params![number, rows::int(*exchange), rows::int(*connection), ended],
        )?;
    }
    seal(&tx)?;
    tx.commit()
}

/// The same for a capture of an older format, which keeps what it holds.
fn upgrade(db: &Connection, from: i64) -> rusqlite::Result<()> {
    let tx = db.unchecked_transaction()?;
    tx.execute_batch(DROP_VIEWS)?;
    // Format 1 had no messages: what it gets has everything.
    tx.execute_batch(if from < 2 { TO_2 } else { RUNS })?;
    if from < 3 {
        tx.execute_batch(TO_3)?;
    }
    tx.execute_batch(TO_4)?;
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
