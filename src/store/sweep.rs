//! What a recording leaves half way, put in order: by the next writer after a crash, or at closing.
//!
//! An exchange still open though nobody records it any more is `aborted`. A body that was arriving is
//! kept as far as it was written. Hashing is needed for the name, so a very large rest takes its time
//! (about 1 GB/s).

use super::bodies::{keep, tmp_file};
use super::error::StoreError;
use super::{folder, rows};
use crate::exchange::{Body, BodyPlace, ExchangeId, Flags, Side, State, Truncation};
use rusqlite::Connection;
use std::fs::{self, File};
use std::path::Path;

/// Ends every open exchange of a segment. Only for who holds the writer lock, with no body writer running.
pub(super) fn end_all(db: &Connection, capture: &Path) -> Result<(), StoreError> {
    let sql = || StoreError::sql("sweep", capture);
    let tx = db.unchecked_transaction().map_err(sql())?;
    for id in open_rows(&tx).map_err(sql())? {
        end(&tx, capture, id)?;
    }
    tx.commit().map_err(sql())
}

fn open_rows(db: &Connection) -> rusqlite::Result<Vec<ExchangeId>> {
    let mut statement = db.prepare("SELECT id FROM exchange WHERE state = 0 ORDER BY id")?;
    let ids = statement.query_map([], |row| Ok(ExchangeId(rows::nat(row.get(0)?))))?;
    ids.collect()
}

fn end(db: &Connection, capture: &Path, id: ExchangeId) -> Result<(), StoreError> {
    let sql = || StoreError::sql("sweep", capture);
    let Ok(Some(mut exchange)) = rows::exchange(db, id) else {
        // Damaged: its list row at least must not look alive.
        db.execute("UPDATE exchange SET state = 2 WHERE id = ?1", [rows::int(id.0)]).map_err(sql())?;
        return Ok(());
    };
    exchange.summary.state = State::Aborted;
    for side in [Side::Client, Side::Origin] {
        let body = exchange.body_mut(side);
        rescue(capture, id, side, body)?;
        if body.kept < body.length {
            exchange.summary.flags.add(Flags::TRUNCATED);
        }
    }
    exchange.summary.request_bytes = exchange.request_body.length;
    exchange.summary.response_bytes = exchange.response_body.length;
    rows::write_exchange(db, &exchange, rows::Place::Over).map_err(sql())
}

fn rescue(capture: &Path, id: ExchangeId, side: Side, body: &mut Body) -> Result<(), StoreError> {
    if matches!(body.place, BodyPlace::File(_)) {
        return Ok(());
    }
    let tmp = tmp_file(capture, id, side);
    if let Ok(file) = File::open(&tmp) {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file).map_err(StoreError::io("read", &tmp))?;
        let hash = *hasher.finalize().as_bytes();
        keep(capture, &tmp, &hash)?;
        body.place = BodyPlace::File(hash);
        body.kept = hasher.count();
        body.length = body.length.max(body.kept);
    } else if body.place == BodyPlace::Arriving {
        body.place = BodyPlace::Nowhere;
        body.kept = 0;
    }
    if body.kept < body.length && body.truncated.is_none() {
        body.truncated = Some(Truncation::Disk);
    }
    Ok(())
}

/// Empties `bodies/tmp`, once every segment has had what it needs of it.
pub(super) fn empty_tmp(capture: &Path) -> Result<(), StoreError> {
    let tmp = folder::tmp(capture);
    for entry in fs::read_dir(&tmp).map_err(StoreError::io("read", &tmp))?.flatten() {
        let path = entry.path();
        fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
    }
    Ok(())
}
