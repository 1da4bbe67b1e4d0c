//! A segment written anew, smaller: heads and bodies packed, and all of its exchanges or only those that a
//! person marked. The new file lies beside the old one under a name that no reader takes, until it is whole and
//! put in its place.
//!
//! ```text
//! write 000001.1.db.new · sync it · add what came late · rename · sync the folder · remove 000001.db
//! ```
//!
//! Killed between any two of these, the capture is whole: until the rename the old file counts, from then on the
//! new one, and the next writer clears away what is left of the other.

use super::error::StoreError;
use super::packed::{self, Packing};
use super::segment::{self, Name};
use super::{folder, rows, schema};
use crate::exchange::Flags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, params};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Rows between two looks at whether to go on.
const A_LOOK: u64 = 256;
/// Exchanges that a dictionary is made of.
const SAMPLES: i64 = 2_000;
/// Bodies longer than this teach nothing.
const SAMPLE: usize = 8 * 1024;

/// Tables that are small, or told of in all their rows.
const SMALL: [&str; 4] = ["meta", "certificate", "gap", "segment"];
/// What belongs to an exchange, and how it is found.
const OF_EXCHANGES: [(&str, &str); 7] = [
    ("exchange", "id = ?1"),
    ("payload", "id = ?1"),
    ("interim", "exchange = ?1"),
    ("attempt", "exchange = ?1"),
    ("tunnel", "exchange = ?1"),
    ("note", "exchange = ?1"),
    ("message", "id BETWEEN ?1 << 32 AND ((?1 + 1) << 32) - 1"),
];

/// Connections that exchanges went over.
const USED: &str = "SELECT client_connection FROM main.payload UNION SELECT origin_connection FROM main.payload \
    UNION SELECT connection FROM main.attempt";

/// Asked every few rows, with how many are done: whether to go on. Takes its time where there is no hurry.
pub(super) type Pace<'p> = dyn FnMut(u64) -> bool + 'p;

/// Why it was not done.
pub(super) enum Undone {
    /// The pace said so.
    GivenUp,
    /// It could not be.
    Failed(StoreError),
}

/// Which exchanges are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// All.
    All,
    /// What a person marked or noted, and what is under way still; the rest has had its time.
    Marked,
}

impl Keep {
    /// The rows of `exchange` that are taken over.
    fn condition(self) -> String {
        match self {
            Self::All => "1".to_owned(),
            Self::Marked => format!("(flags & {} <> 0 OR state = 0)", Flags::KEPT.0),
        }
    }
}

/// The new form of a segment.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Exchanges in it.
    pub(super) exchanges: u64,
    /// Large bodies that those left out referred to.
    pub(super) freed: Vec<[u8; 32]>,
}

/// Where the new form of a segment is made.
pub(super) fn new_file(capture: &Path, name: Name) -> PathBuf {
    capture.join(format!("{}{}", name.anew(), segment::NEW))
}

/// Writes the new form of a segment in which nothing changes but what [`replace`] is told of; what became
/// of it.
pub(super) fn write_anew(
    capture: &Path,
    name: Name,
    keep: Keep,
    pace: &mut Pace<'_>,
) -> Result<Written, Undone> {
    let file = new_file(capture, name);
    let written = write(capture, name, keep, &file, pace);
    if !matches!(written, Ok(Some(_))) {
        // Swept at the next start, if it stays.
        let _ = std::fs::remove_file(&file);
    }
    match written {
        Ok(Some(written)) => Ok(written),
        Ok(None) => Err(Undone::GivenUp),
        Err(error) => Err(Undone::Failed(error)),
    }
}

/// The large bodies that a segment refers to in which nothing outlives retention; `None` where something does. Such a
/// one goes without a new form: there may be no room for it.
pub(super) fn all_of_it_goes(capture: &Path, name: Name) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
    let Some(db) = segment::connect(capture, name)? else { return Ok(None) };
    let read = || -> rusqlite::Result<Option<Vec<[u8; 32]>>> {
        let stays = format!("SELECT 1 FROM exchange WHERE {} LIMIT 1", Keep::Marked.condition());
        if db.prepare(&stays)?.exists([])? {
            return Ok(None);
        }
        let mut statement = db.prepare(
            "SELECT request_hash FROM payload WHERE request_hash IS NOT NULL
             UNION SELECT response_hash FROM payload WHERE response_hash IS NOT NULL",
        )?;
        let found = statement.query_map([], |row| row.get(0))?;
        found.collect::<rusqlite::Result<_>>().map(Some)
    };
    read().map_err(StoreError::sql("read", capture))
}

/// Puts the new form of a segment in the place of the old one, with what was written to these exchanges of the
/// old one since; its name.
pub(super) fn replace(
    capture: &Path,
    name: Name,
    keep: Keep,
    late: &BTreeSet<u64>,
) -> Result<Name, StoreError> {
    let (file, anew) = (new_file(capture, name), name.anew());
    if !late.is_empty() {
        take_over(capture, name, &file, keep, late).map_err(StoreError::sql("pack", capture))?;
    }
    let place = anew.file(capture);
    std::fs::rename(&file, &place).map_err(StoreError::io("name", &place))?;
    // From here on the new one counts, whatever becomes of the old one; but that must not go from the disk before
    // the new one's name is there.
    if folder::sync(capture).is_ok() {
        // What is not removed now is removed at the next start.
        let _ = name.remove(capture);
    }
    Ok(anew)
}

/// As they stand in the old form now: those that have had their time since are left out.
fn take_over(
    capture: &Path,
    name: Name,
    file: &Path,
    keep: Keep,
    late: &BTreeSet<u64>,
) -> rusqlite::Result<()> {
    let db = Connection::open_with_flags(file, flags())?;
    db.execute("ATTACH ?1 AS old", [segment::uri(&name.file(capture), "mode=ro")])?;
    let tx = db.unchecked_transaction()?;
    let stays = format!("SELECT 1 FROM old.exchange WHERE id = ?1 AND {}", keep.condition());
    for id in late {
        let id = rows::int(*id);
        let stays = tx.prepare_cached(&stays)?.exists([id])?;
        for (table, key) in OF_EXCHANGES {
            tx.prepare_cached(&format!("DELETE FROM main.{table} WHERE {key}"))?.execute([id])?;
            if stays && schema::has(&tx, "old", table)? {
                let columns = columns(&tx, table)?;
                let sql = format!(
                    "INSERT INTO main.{table}({columns}) SELECT {columns} FROM old.{table} WHERE {key}"
                );
                tx.prepare_cached(&sql)?.execute([id])?;
            }
        }
    }
    let of_connections = [
        ("connection", "id"),
        ("handshake", "connection"),
        ("dialling", "connection"),
        ("ocsp", "connection"),
    ];
    for (table, key) in of_connections {
        if !schema::has(&tx, "old", table)? {
            continue;
        }
        tx.execute_batch(&format!(
            "INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table} WHERE {key} IN ({USED})"
        ))?;
    }
    tx.commit()
}

fn write(
    capture: &Path,
    name: Name,
    keep: Keep,
    file: &Path,
    pace: &mut Pace<'_>,
) -> Result<Option<Written>, StoreError> {
    let sql = || StoreError::sql("pack", capture);
    let io = || StoreError::io("write", file);
    drop(folder::private_file(file).map_err(io())?);
    let db = Connection::open_with_flags(file, flags()).map_err(sql())?;
    // Nobody reads it before it is whole, and what is half made is thrown away.
    db.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;",
    )
    .map_err(sql())?;
    db.execute("ATTACH ?1 AS old", [segment::uri(&name.file(capture), "mode=ro")]).map_err(sql())?;
    let tx = db.unchecked_transaction().map_err(sql())?;
    schema::tables(&tx).map_err(sql())?;
    let Some(written) = fill(&tx, keep, pace).map_err(sql())? else { return Ok(None) };
    schema::seal(&tx).map_err(sql())?;
    tx.commit().map_err(sql())?;
    drop(db);
    File::open(file).and_then(|file| file.sync_all()).map_err(io())?;
    Ok(Some(written))
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI
}

fn fill(db: &Connection, keep: Keep, pace: &mut Pace<'_>) -> rusqlite::Result<Option<Written>> {
    for table in SMALL {
        db.execute_batch(&format!("INSERT OR REPLACE INTO main.{table} SELECT * FROM old.{table}"))?;
    }
    let of_exchange = match keep {
        Keep::All => "1",
        Keep::Marked => "id >> 32 IN (SELECT id FROM main.exchange)",
    };
    if !copy(db, "exchange", &keep.condition(), pace)? || !copy(db, "message", of_exchange, pace)? {
        return Ok(None);
    }
    for table in ["interim", "attempt", "tunnel", "note"] {
        if !schema::has(db, "old", table)? {
            continue;
        }
        db.execute_batch(&format!(
            "INSERT INTO main.{table} SELECT * FROM old.{table} WHERE exchange IN (SELECT id FROM main.exchange)"
        ))?;
    }
    let used = match keep {
        Keep::All => "1".to_owned(),
        Keep::Marked => format!("id IN ({USED})"),
    };
    match payloads(db, keep, pace)? {
        Some(exchanges) if copy(db, "connection", &used, pace)? => {
            for table in ["handshake", "dialling", "ocsp"] {
                if !schema::has(db, "old", table)? {
                    continue;
                }
                db.execute_batch(&format!(
                    "INSERT INTO main.{table} SELECT * FROM old.{table} WHERE connection IN (SELECT id FROM main.connection)"
                ))?;
            }
            Ok(Some(Written { exchanges, freed: if keep == Keep::All { Vec::new() } else { freed(db)? } }))
        }
        _ => Ok(None),
    }
}

fn freed(db: &Connection) -> rusqlite::Result<Vec<[u8; 32]>> {
    let mut statement = db.prepare(
        "SELECT request_hash FROM old.payload WHERE request_hash IS NOT NULL AND id NOT IN (SELECT id FROM main.payload)
         UNION SELECT response_hash FROM old.payload
           WHERE response_hash IS NOT NULL AND id NOT IN (SELECT id FROM main.payload)",
    )?;
    let found = statement.query_map([], |row| row.get(0))?;
    found.collect()
}

/// The columns that the old form of a segment has, which may be of an older format.
fn columns(db: &Connection, table: &str) -> rusqlite::Result<String> {
    let sql = "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info(?1, 'old')";
    db.prepare_cached(sql)?.query_row([table], |row| row.get(0))
}

/// Some rows at a time; whether it came to its end.
fn copy(db: &Connection, table: &str, which: &str, pace: &mut Pace<'_>) -> rusqlite::Result<bool> {
    let columns = columns(db, table)?;
    let sql = format!(
        "INSERT INTO main.{table}({columns}) SELECT {columns} FROM old.{table} \
         WHERE rowid > ?1 AND {which} ORDER BY rowid LIMIT {A_LOOK}"
    );
    let mut statement = db.prepare(&sql)?;
    let mut last = i64::MIN;
    while statement.execute([last])? > 0 {
        last = db.last_insert_rowid();
        if !pace(0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Columns of a payload: all, the last two of them for the packed forms.
const PAYLOAD: usize = 39;
const HEADS: Range<usize> = 30..34;
const BODIES: Range<usize> = 34..36;
const PACKED_HEADS: usize = 37;
const PACKED_BODIES: usize = 38;

fn payloads(db: &Connection, keep: Keep, pace: &mut Pace<'_>) -> rusqlite::Result<Option<u64>> {
    // What was packed before names dictionaries of before.
    db.execute_batch("INSERT INTO main.dictionary SELECT * FROM old.dictionary")?;
    let (mut heads, mut bodies) = (learn(db, &HEADS)?, learn(db, &BODIES)?);
    for packing in [&heads, &bodies] {
        if let Some(id) = packing.id() {
            db.execute(
                "INSERT OR REPLACE INTO main.dictionary VALUES (?1, ?2)",
                params![id, packing.dictionary],
            )?;
        }
    }
    let marks: Vec<&str> = vec!["?"; PAYLOAD];
    let mut insert = db.prepare(&format!("INSERT INTO main.payload VALUES ({})", marks.join(",")))?;
    let which = if keep == Keep::All { "1" } else { "id IN (SELECT id FROM main.exchange)" };
    let mut select = db.prepare(&format!("SELECT * FROM old.payload WHERE {which} ORDER BY id"))?;
    let (mut rows, mut done) = (select.query([])?, 0_u64);
    while let Some(row) = rows.next()? {
        // What was packed before has nothing in these columns, and stays as it is.
        let (heads, bodies) = (packed(&mut heads, row, &HEADS)?, packed(&mut bodies, row, &BODIES)?);
        for at in 0..PAYLOAD {
            let gone = heads.is_some() && HEADS.contains(&at) || bodies.is_some() && BODIES.contains(&at);
            let value = match (&heads, &bodies) {
                (Some(packed), _) if at == PACKED_HEADS => ValueRef::Blob(packed),
                (_, Some(packed)) if at == PACKED_BODIES => ValueRef::Blob(packed),
                _ if gone => ValueRef::Null,
                _ => row.get_ref(at)?,
            };
            insert.raw_bind_parameter(at + 1, ToSqlOutput::Borrowed(value))?;
        }
        insert.raw_execute()?;
        done += 1;
        if done.is_multiple_of(A_LOOK) && !pace(A_LOOK) {
            return Ok(None);
        }
    }
    Ok(Some(done))
}

/// The packed form of some columns; `None` where there is nothing in them, or nothing to gain.
fn packed(packing: &mut Packing, row: &Row<'_>, columns: &Range<usize>) -> rusqlite::Result<Option<Vec<u8>>> {
    let joined = joined(row, columns.clone())?;
    if joined.len() == 4 * columns.len() {
        return Ok(None);
    }
    packing.pack(&joined).map_err(of_zstd)
}

fn joined(row: &Row<'_>, columns: Range<usize>) -> rusqlite::Result<Vec<u8>> {
    let part = |at: usize| row.get_ref(at).map(|value| value.as_bytes_or_null().ok().flatten());
    let parts: Vec<Option<&[u8]>> = columns.map(part).collect::<Result<_, _>>()?;
    Ok(packed::join(&parts))
}

/// Learns from exchanges all over the segment.
fn learn(db: &Connection, columns: &Range<usize>) -> rusqlite::Result<Packing> {
    let (first, last): (i64, i64) =
        db.query_row("SELECT ifnull(min(id), 0), ifnull(max(id), 0) FROM old.payload", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let stride = ((last - first) / SAMPLES).max(1);
    let mut select = db.prepare("SELECT * FROM old.payload WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let (mut samples, mut lengths) = (Vec::new(), Vec::new());
    for id in (0..SAMPLES).map(|number| first + number * stride).take_while(|id| *id <= last) {
        let mut rows = select.query([id])?;
        let Some(row) = rows.next()? else { break };
        let joined = joined(row, columns.clone())?;
        if joined.len() <= SAMPLE {
            lengths.push(joined.len());
            samples.extend_from_slice(&joined);
        }
    }
    Packing::learn(&samples, &lengths).map_err(of_zstd)
}

fn of_zstd(error: io::Error) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(Box::new(error))
}
