//! Reading a capture, from any process, also while it is recorded.
//!
//! No transaction outlives a call: a reader that held one would keep the WAL from being emptied.

use super::bodies::{body_file, tmp_file};
use super::connections;
use super::error::StoreError;
use super::folder::{self, SEGMENT};
use super::rows::{self, Fault};
use super::schema;
use crate::exchange::{BodyPlace, Connection, ConnectionId, Exchange, ExchangeId, Side, Summary};
use crate::view::{FileOctets, Octets};
use rusqlite::{OpenFlags, ToSql};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A read-only view of a capture.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: rusqlite::Connection,
    pub(super) path: PathBuf,
    /// `PRAGMA data_version` at the last look.
    seen: Option<i64>,
}

impl Reader {
    /// Opens a capture for reading.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).map_err(StoreError::io("resolve", path))?;
        if !path.exists() {
            return Err(StoreError::Absent(path));
        }
        if !path.is_dir() {
            return Err(StoreError::NotACapture { path, why: "it is a file, and a capture is a folder" });
        }
        if !folder::is_capture(&path) {
            return Err(StoreError::NotACapture { path, why: "the folder holds no 000001.db" });
        }
        let db = match connect(&path, false) {
            Err(_) if is_at_rest(&path) => connect(&path, true)?,
            other => other?,
        };
        Ok(Self { db, path, seen: None })
    }

    /// The capture's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything was committed since the last call; true at the first.
    pub fn changed(&mut self) -> Result<bool, StoreError> {
        let version = self.number("PRAGMA data_version", [])?;
        Ok(self.seen.replace(version) != Some(version))
    }

    /// Numbers of exchanges behind `id`, rising.
    pub fn ids_after(&self, id: ExchangeId, limit: usize) -> Result<Vec<ExchangeId>, StoreError> {
        let sql = "SELECT id FROM exchange WHERE id > ?1 ORDER BY id LIMIT ?2";
        let ids = || -> rusqlite::Result<Vec<ExchangeId>> {
            let mut statement = self.db.prepare_cached(sql)?;
            let ids = statement
                .query_map([rows::int(id.0), count(limit)], |row| Ok(ExchangeId(rows::nat(row.get(0)?))))?;
            ids.collect()
        };
        ids().map_err(StoreError::sql("read", &self.path))
    }

    /// The newest exchanges, newest first.
    pub fn newest(&self, limit: usize) -> Result<Vec<Summary>, StoreError> {
        self.list("ORDER BY id DESC LIMIT ?1", &[&count(limit)])
    }

    /// The exchanges before `id`, newest first: the next page of a list.
    pub fn before(&self, id: ExchangeId, limit: usize) -> Result<Vec<Summary>, StoreError> {
        self.list("WHERE id < ?1 ORDER BY id DESC LIMIT ?2", &[&rows::int(id.0), &count(limit)])
    }

    /// The exchanges from one to another, both included, in order.
    pub fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, StoreError> {
        self.list("WHERE id BETWEEN ?1 AND ?2 ORDER BY id", &[&rows::int(from.0), &rows::int(to.0)])
    }

    /// How many exchanges there are.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.number("SELECT count(*) FROM exchange", []).map(rows::nat)
    }

    /// How many exchanges were lost because the disk was too slow.
    pub fn lost(&self) -> Result<u64, StoreError> {
        self.number("SELECT coalesce(sum(records), 0) FROM gap", []).map(rows::nat)
    }

    /// One exchange with all that is known of it.
    pub fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, StoreError> {
        self.at_once(id.0, |db| rows::exchange(db, id))
    }

    /// One connection.
    pub fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.at_once(id.0, |db| connections::read(db, id))
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

    fn list(&self, tail: &str, params: &[&dyn ToSql]) -> Result<Vec<Summary>, StoreError> {
        let mut last = 0;
        let mut read = || -> Result<Vec<Summary>, Fault> {
            let columns = rows::SUMMARY;
            let mut statement = self.db.prepare_cached(&format!("SELECT {columns} FROM exchange {tail}"))?;
            let mut found = statement.query(params)?;
            let mut summaries = Vec::new();
            while let Some(row) = found.next()? {
                last = rows::nat(row.get(0)?);
                summaries.push(rows::summary(row)?);
            }
            Ok(summaries)
        };
        read().map_err(|fault| fault.at(last, &self.path))
    }

    fn number<P: rusqlite::Params>(&self, sql: &str, params: P) -> Result<i64, StoreError> {
        let number = || self.db.prepare_cached(sql)?.query_row(params, |row| row.get(0));
        number().map_err(StoreError::sql("read", &self.path))
    }

    /// Several statements over one state of the database.
    fn at_once<T>(
        &self,
        id: u64,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let both = || {
            let tx = self.db.unchecked_transaction()?;
            read(&tx)
        };
        both().map_err(|fault| fault.at(id, &self.path))
    }
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

/// Whether the database file is all there is, and stays so: then it may be read without locks, from
/// places that cannot be written to. With a WAL beside it, it would be read as it was some time ago.
fn is_at_rest(capture: &Path) -> bool {
    let wal = std::fs::metadata(capture.join(format!("{SEGMENT}-wal")));
    wal.map_or(true, |wal| wal.len() == 0) && !folder::is_recorded(capture)
}

pub(super) fn connect(capture: &Path, immutable: bool) -> Result<rusqlite::Connection, StoreError> {
    let file = capture.join(SEGMENT);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = if immutable {
        rusqlite::Connection::open_with_flags(immutable_uri(&file), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        rusqlite::Connection::open_with_flags(&file, flags)
    };
    let db = db.map_err(StoreError::sql("open", capture))?;
    db.busy_timeout(Duration::from_secs(2)).map_err(StoreError::sql("open", capture))?;
    db.set_prepared_statement_cache_capacity(32);
    schema::check(&db, capture, false)?;
    schema::complete(&db).map_err(StoreError::sql("open", capture))?;
    Ok(db)
}

/// `file:` URIs take `?`, `#` and `%` of a path only escaped.
fn immutable_uri(file: &Path) -> String {
    let mut uri = String::from("file:");
    for character in file.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
