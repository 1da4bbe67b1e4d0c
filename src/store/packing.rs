//! A segment written anew, smaller: heads and bodies packed, and all of its exchanges or only those that a
//! person marked. The new file lies beside the old one under a name that no reader takes, until it is whole and
//! put in its place.

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
const OF_EXCHANGES: [(&str, &str); 5] = [
    ("exchange", "id = ?1"),
    ("payload", "id = ?1"),
    ("interim", "exchange = ?1"),
    ("attempt", "exchange = ?1"),
    ("message", "id BETWEEN ?1 << 32 AND ((?1 + 1) << 32) - 1"),
];

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
    /// What a person marked; the rest has had its time.
    Marked,
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

/// Puts the new form of a segment in the place of the old one, with what was written to these exchanges of the
/// old one since; its name.
pub(super) fn replace(capture: &Path, name: Name, late: &BTreeSet<u64>) -> Result<Name, StoreError> {
    let (file, anew) = (new_file(capture, name), name.anew());
    if !late.is_empty() {
        take_over(capture, name, &file, late).map_err(StoreError::sql("pack", capture))?;
    }
    let place = anew.file(capture);
    std::fs::rename(&file, &place).map_err(StoreError::io("name", &place))?;
    name.remove(capture)?;
    Ok(anew)
}

fn take_over(capture: &Path, name: Name, file: &Path, late: &BTreeSet<u64>) -> rusqlite::Result<()> {
    let db = Connection::open_with_flags(file, flags())?;
    db.execute("ATTACH ?1 AS old", [segment::uri(&name.file(capture), "mode=ro")])?;
    let tx = db.unchecked_transaction()?;
    for id in late {
        let id = rows::int(*id);
        for (table, key) in OF_EXCHANGES {
            let sql = format!("INSERT OR REPLACE INTO main.{table} SELECT * FROM old.{table} WHERE {key}");
            tx.prepare_cached(&sql)?.execute([id])?;
        }
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
    let marked = format!("flags & {} <> 0", Flags::MARKED.0);
    let (exchange, of_exchange) = match keep {
        Keep::All => ("1", "1"),
        Keep::Marked => (marked.as_str(), "id >> 32 IN (SELECT id FROM main.exchange)"),
    };
    if !copy(db, "exchange", exchange, pace)? || !copy(db, "message", of_exchange, pace)? {
        return Ok(None);
    }
    for table in ["interim", "attempt"] {
        db.execute_batch(&format!(
            "INSERT INTO main.{table} SELECT * FROM old.{table} WHERE exchange IN (SELECT id FROM main.exchange)"
        ))?;
    }
    let used = match keep {
        Keep::All => "1",
        Keep::Marked => {
            "id IN (SELECT client_connection FROM main.payload UNION SELECT origin_connection FROM main.payload)"
        }
    };
    match payloads(db, keep, pace)? {
        Some(exchanges) if copy(db, "connection", used, pace)? => {
            for table in ["handshake", "dialling"] {
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

/// Some rows at a time; whether it came to its end.
fn copy(db: &Connection, table: &str, which: &str, pace: &mut Pace<'_>) -> rusqlite::Result<bool> {
    let sql = format!(
        "INSERT INTO main.{table} SELECT * FROM old.{table} WHERE rowid > ?1 AND {which} ORDER BY rowid LIMIT {A_LOOK}"
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
