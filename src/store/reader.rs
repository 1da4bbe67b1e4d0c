//! Reading a capture, from any process, also while it is recorded.
//!
//! No transaction outlives a call: a reader that held one would keep the WAL from being emptied.

use super::bodies::{body_file, tmp_file};
use super::connections;
use super::error::StoreError;
use super::notes;
use super::rows::{self, Fault};
use super::segment::Name;
use super::segments::{Segment, Segments};
use crate::exchange::{BodyPlace, Connection, ConnectionId, Exchange, ExchangeId, Side, Summary};
use crate::query::Written;
use crate::view::{FileOctets, Octets};
use rusqlite::{Connection as Db, ToSql};
use std::cell::{Ref, RefCell};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A read-only view of a capture.
#[derive(Debug)]
pub struct Reader {
    segments: RefCell<Segments>,
    pub(super) path: PathBuf,
    /// The newest segment and its `PRAGMA data_version` at the last look.
    seen: Option<(Name, i64)>,
}

impl Reader {
    /// Opens a capture for reading.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).map_err(StoreError::io("resolve", path))?;
        Ok(Self { segments: RefCell::new(Segments::open(&path)?), path, seen: None })
    }

    /// The capture's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything was committed since the last call; true at the first.
    pub fn changed(&mut self) -> Result<bool, StoreError> {
        let version = self.of_newest(|db| db.query_row("PRAGMA data_version", [], |row| row.get(0)))?;
        let newest = self.segments()?.newest().map_or(Name::FIRST, |segment| segment.name);
        Ok(self.seen.replace((newest, version)) != Some((newest, version)))
    }

    /// Numbers of exchanges behind `id`, rising.
    pub fn ids_after(&self, id: ExchangeId, limit: usize) -> Result<Vec<ExchangeId>, StoreError> {
        let sql = "SELECT id FROM exchange WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.rising(id.0.saturating_add(1), limit, |db, left| {
            let mut statement = db.prepare_cached(sql)?;
            let ids = statement
                .query_map([rows::int(id.0), count(left)], |row| Ok(ExchangeId(rows::nat(row.get(0)?))))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// The newest exchanges, newest first.
    pub fn newest(&self, limit: usize) -> Result<Vec<Summary>, StoreError> {
        self.falling(u64::MAX, limit, |db, left| list(db, "ORDER BY id DESC LIMIT ?1", &[&count(left)]))
    }

    /// The exchanges before `id`, newest first: the next page of a list.
    pub fn before(&self, id: ExchangeId, limit: usize) -> Result<Vec<Summary>, StoreError> {
        let below = rows::int(id.0);
        self.falling(id.0, limit, |db, left| {
            list(db, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2", &[&below, &count(left)])
        })
    }

    /// The exchanges from one to another, both included, in order.
    pub fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, StoreError> {
        let ends = (rows::int(from.0), rows::int(to.0));
        let mut found = Vec::new();
        self.each_from(from.0, |segment, db| {
            if segment.first <= to.0 {
                found.extend(list(db, "WHERE id BETWEEN ?1 AND ?2 ORDER BY id", &[&ends.0, &ends.1])?);
            }
            Ok(segment.first <= to.0)
        })?;
        Ok(found)
    }

    /// How many exchanges there are.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.sum("SELECT count(*) FROM exchange")
    }

    /// How many exchanges were lost because the disk was too slow.
    pub fn lost(&self) -> Result<u64, StoreError> {
        self.sum("SELECT coalesce(sum(records), 0) FROM gap")
    }

    /// One exchange with all that is known of it.
    pub fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, StoreError> {
        let found = self.of(id, |db| {
            // Several statements over one state of the database.
            let tx = db.unchecked_transaction()?;
            rows::exchange(&tx, id)
        })?;
        Ok(found.flatten())
    }

    /// The heads and ledgers of one exchange.
    pub(super) fn written(&self, id: ExchangeId) -> Result<Option<Written>, StoreError> {
        Ok(self.of(id, |db| rows::written(db, id))?.flatten())
    }

    /// One connection: as it was last written, which may be in a later segment than its exchanges.
    pub fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        let segments = self.segments()?;
        for segment in segments.all().iter().rev() {
            if let Some(db) = segment.db(&self.path)? {
                let read = || {
                    let tx = db.unchecked_transaction()?;
                    connections::read(&tx, id)
                };
                if let Some(found) = read().map_err(|fault: Fault| fault.at(id.0, &self.path))? {
                    return Ok(Some(found));
                }
            }
            // Copies stand only behind the original.
            if segment.first_connection <= id.0 {
                break;
            }
        }
        Ok(None)
    }

    /// The kept bytes of a body, as received: those of one still arriving as far as they are written.
    pub fn body(&self, exchange: &Exchange, side: Side) -> Result<BodyReader, StoreError> {
        match self.try_body(exchange, side) {
            // It arrived since the exchange was read: its row knows the new place.
            Err(StoreError::BodyGone(_)) => match self.exchange(exchange.summary.id)? {
                Some(fresh) => self.try_body(&fresh, side),
                None => self.try_body(exchange, side),
            },
            other => other,
        }
    }

    fn try_body(&self, exchange: &Exchange, side: Side) -> Result<BodyReader, StoreError> {
        let path = match &exchange.body(side).place {
            BodyPlace::Nowhere => return Ok(BodyReader::inline(Vec::new())),
            BodyPlace::Inline(bytes) => return Ok(BodyReader::inline(bytes.clone())),
            BodyPlace::File(hash) => body_file(&self.path, hash),
            BodyPlace::Arriving => tmp_file(&self.path, exchange.summary.id, side),
        };
        match File::open(&path) {
            Ok(file) => Ok(BodyReader(Bytes::File(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::BodyGone(path)),
            Err(source) => Err(StoreError::Io { doing: "read", path, source }),
        }
    }

    /// Whether an exchange has this large body.
    pub(super) fn refers_to(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM payload WHERE request_hash = ?1 UNION ALL SELECT 1 FROM payload WHERE response_hash = ?1";
        let mut refers = false;
        self.each_below(u64::MAX, |_, db| {
            refers = db.prepare_cached(sql)?.exists([hash])?;
            Ok(!refers)
        })?;
        Ok(refers)
    }

    /// The segments as they are now. While a question is being answered they stay as they were at its beginning.
    pub(super) fn segments(&self) -> Result<Ref<'_, Segments>, StoreError> {
        if let Ok(mut segments) = self.segments.try_borrow_mut() {
            segments.refresh()?;
        }
        Ok(self.segments.borrow())
    }

    /// Asks the segment that an exchange is in; `None` when there is none.
    pub(super) fn of<T>(
        &self,
        id: ExchangeId,
        read: impl FnOnce(&Db) -> Result<T, Fault>,
    ) -> Result<Option<T>, StoreError> {
        let segments = self.segments()?;
        let Some(segment) = segments.of(id.0) else { return Ok(None) };
        let Some(db) = segment.db(&self.path)? else { return Ok(None) };
        read(db).map(Some).map_err(|fault| fault.at(id.0, &self.path))
    }

    /// Asks the segments that hold numbers from one on, oldest first, while the answer is true.
    pub(super) fn each_from(
        &self,
        from: u64,
        mut ask: impl FnMut(&Segment, &Db) -> Result<bool, Fault>,
    ) -> Result<(), StoreError> {
        let segments = self.segments()?;
        let all = segments.all();
        let begin = all.iter().rposition(|segment| segment.first <= from).unwrap_or_default();
        for segment in all.iter().skip(begin) {
            let Some(db) = segment.db(&self.path)? else { continue };
            if !ask(segment, db).map_err(|fault| fault.at(segment.first, &self.path))? {
                break;
            }
        }
        Ok(())
    }

    /// The same below a number, newest first.
    pub(super) fn each_below(
        &self,
        below: u64,
        mut ask: impl FnMut(&Segment, &Db) -> Result<bool, Fault>,
    ) -> Result<(), StoreError> {
        let segments = self.segments()?;
        for segment in segments.all().iter().rev().filter(|segment| segment.first < below) {
            let Some(db) = segment.db(&self.path)? else { continue };
            if !ask(segment, db).map_err(|fault| fault.at(segment.first, &self.path))? {
                break;
            }
        }
        Ok(())
    }

    /// At most `limit` of what lies from a number on, in order.
    pub(super) fn rising<T>(
        &self,
        from: u64,
        limit: usize,
        ask: impl Fn(&Db, usize) -> Result<Vec<T>, Fault>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.each_from(from, |_, db| {
            found.extend(ask(db, limit - found.len())?);
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    /// At most `limit` of what lies below a number, newest first.
    fn falling<T>(
        &self,
        below: u64,
        limit: usize,
        ask: impl Fn(&Db, usize) -> Result<Vec<T>, Fault>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.each_below(below, |_, db| {
            found.extend(ask(db, limit - found.len())?);
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    /// Asks the segment that grows.
    pub(super) fn of_newest<T: Default>(
        &self,
        read: impl FnOnce(&Db) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let segments = self.segments()?;
        let Some(segment) = segments.newest() else { return Ok(T::default()) };
        let Some(db) = segment.db(&self.path)? else { return Ok(T::default()) };
        read(db).map_err(StoreError::sql("read", &self.path))
    }

    pub(super) fn sum(&self, sql: &str) -> Result<u64, StoreError> {
        let mut sum = 0;
        self.each_from(0, |_, db| {
            sum += rows::nat(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?);
            Ok(true)
        })?;
        Ok(sum)
    }
}

fn list(db: &Db, tail: &str, params: &[&dyn ToSql]) -> Result<Vec<Summary>, Fault> {
    let columns = rows::SUMMARY;
    let mut statement = db.prepare_cached(&format!("SELECT {columns} FROM exchange {tail}"))?;
    let mut found = statement.query(params)?;
    let mut summaries = Vec::new();
    while let Some(row) = found.next()? {
        summaries.push(rows::summary(row).map_err(|fault| fault.of(row))?);
    }
    notes::fill(db, &mut summaries)?;
    Ok(summaries)
}

/// A body's bytes.
#[derive(Debug)]
pub struct BodyReader(Bytes);

#[derive(Debug)]
enum Bytes {
    Inline(Cursor<Vec<u8>>),
    File(File),
}

impl BodyReader {
    fn inline(bytes: Vec<u8>) -> Self {
        Self(Bytes::Inline(Cursor::new(bytes)))
    }

    /// The same bytes, to be read by place; those of a body still arriving grow.
    #[must_use]
    pub fn octets(self) -> Arc<dyn Octets> {
        match self.0 {
            Bytes::Inline(bytes) => Arc::new(bytes::Bytes::from(bytes.into_inner())),
            Bytes::File(file) => Arc::new(FileOctets::new(file)),
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Bytes::Inline(bytes) => bytes.read(into),
            Bytes::File(file) => file.read(into),
        }
    }
}

impl Seek for BodyReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Bytes::Inline(bytes) => bytes.seek(to),
            Bytes::File(file) => file.seek(to),
        }
    }
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
