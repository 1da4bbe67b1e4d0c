//! One segment of a capture: a database that holds a stretch of its exchanges, and its name.
//!
//! A capture grows in `000001.db`, then in `000002.db` and so on. A segment that is written anew (packed, or
//! thinned out by retention) gets another name, `000001.1.db`, and the old file goes: whoever has that open
//! reads on in it, and no journal of the one is taken for the other's. Of one number the highest generation
//! counts.

use super::error::StoreError;
use super::{folder, packed, schema};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a segment in the making ends in.
pub(super) const NEW: &str = ".new";
/// What `SQLite` keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A segment's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    /// Its place in the capture, from 1.
    pub(super) number: u32,
    /// How often it was written anew.
    pub(super) generation: u32,
}

impl Name {
    /// The first of every capture.
    pub(super) const FIRST: Self = Self { number: 1, generation: 0 };

    /// That of a file, where it is one.
    pub(super) fn read(file: &str) -> Option<Self> {
        let stem = file.strip_suffix(".db")?;
        let (number, generation) = stem.split_once('.').unwrap_or((stem, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if number.len() < 6 || !digits(number) || !digits(generation) {
            return None;
        }
        Some(Self { number: number.parse().ok()?, generation: generation.parse().ok()? })
    }

    /// The segment behind it.
    pub(super) fn following(self) -> Self {
        Self { number: self.number.saturating_add(1), generation: 0 }
    }

    /// The same segment, written anew.
    pub(super) fn anew(self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self }
    }

    /// Its file in a capture.
    pub(super) fn file(self, capture: &Path) -> PathBuf {
        capture.join(self.to_string())
    }

    /// Takes its files away, as far as they are there.
    pub(super) fn remove(self, capture: &Path) -> Result<(), StoreError> {
        for suffix in [""].into_iter().chain(BESIDE) {
            let file = capture.join(format!("{self}{suffix}"));
            match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", &file)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            0 => write!(out, "{:06}.db", self.number),
            generation => write!(out, "{:06}.{generation}.db", self.number),
        }
    }
}

/// The segments in a folder, rising: of each number the highest generation.
pub(super) fn list(capture: &Path) -> std::io::Result<Vec<Name>> {
    let mut newest = BTreeMap::new();
    for name in every(capture)? {
        let generation = newest.entry(name.number).or_insert(name.generation);
        *generation = name.generation.max(*generation);
    }
    Ok(newest.into_iter().map(|(number, generation)| Name { number, generation }).collect())
}

/// Every segment's file in a folder, in no order.
pub(super) fn every(capture: &Path) -> std::io::Result<Vec<Name>> {
    let names = fs::read_dir(capture)?.flatten().map(|entry| entry.file_name());
    Ok(names.filter_map(|name| Name::read(name.to_str()?)).collect())
}

/// The segment that a file belongs to, and as what: itself (nothing), [`NEW`] or one of [`BESIDE`]; `None` for files of others.
pub(super) fn belongs(file: &str) -> Option<(Name, &'static str)> {
    let (file, beside) = split(file, &BESIDE);
    let (file, new) = split(file, &[NEW]);
    Name::read(file).map(|name| (name, if new.is_empty() { beside } else { new }))
}

fn split<'f>(file: &'f str, endings: &[&'static str]) -> (&'f str, &'static str) {
    let cut = |ending: &&'static str| Some((file.strip_suffix(*ending)?, *ending));
    endings.iter().find_map(cut).unwrap_or((file, ""))
}

/// Opens a segment for reading; `None` when it is gone, or not made yet. One that was written anew since its name
/// was read is opened under its new name.
pub(super) fn connect(capture: &Path, name: Name) -> Result<Option<Connection>, StoreError> {
    let file = name.file(capture);
    let opened = match open(capture, &file, false) {
        Err(_) if is_at_rest(capture, name) => open(capture, &file, true),
        Err(_) if is_half_written(capture, name) && recover(capture, name) => open(capture, &file, false),
        other => other,
    };
    match opened {
        Ok(db) => Ok(Some(db)),
        // The packer was quicker, or retention.
        Err(_) if !file.exists() => match later(capture, name) {
            Some(later) => connect(capture, later),
            None => Ok(None),
        },
        // Its tables are being made at this moment.
        Err(StoreError::NotACapture { .. }) if name != Name::FIRST => Ok(None),
        Err(error) => Err(error),
    }
}

/// A later form of a segment.
fn later(capture: &Path, name: Name) -> Option<Name> {
    let names = list(capture).ok()?;
    names.into_iter().find(|other| other.number == name.number && other.generation > name.generation)
}

/// Opens a segment for writing, whatever its format; only for who holds the writer lock.
pub(super) fn connect_to_write(capture: &Path, name: Name) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = || StoreError::sql("open", capture);
    let db = Connection::open_with_flags(name.file(capture), flags).map_err(sql())?;
    db.busy_timeout(Duration::from_secs(2)).map_err(sql())?;
    schema::check(&db, capture, false)?;
    packed::teach(&db).map_err(sql())?;
    Ok(db)
}

pub(super) fn open(capture: &Path, file: &Path, immutable: bool) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = if immutable {
        Connection::open_with_flags(uri(file, "immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(file, flags)
    };
    let db = db.map_err(StoreError::sql("open", capture))?;
    db.busy_timeout(Duration::from_secs(2)).map_err(StoreError::sql("open", capture))?;
    db.set_prepared_statement_cache_capacity(32);
    schema::check(&db, capture, false)?;
    schema::complete(&db).map_err(StoreError::sql("open", capture))?;
    Ok(db)
}

/// Whether the database file is all there is, and stays so: then it may be read without locks, from
/// places that cannot be written to. With a log beside it, it would be read as it was some time ago, or by half.
fn is_at_rest(capture: &Path, name: Name) -> bool {
    let empty = |beside| bytes_beside(capture, name, beside) == 0;
    empty("-wal") && empty("-journal") && !folder::is_recorded(capture)
}

/// Whether a process was killed while it wrote to a segment that has no WAL: a packed one, or any on a network file
/// system.
fn is_half_written(capture: &Path, name: Name) -> bool {
    bytes_beside(capture, name, "-journal") > 0
}

/// Takes back what was written by half, in the place of the next writer; whether that could be done. It may have been
/// the very beginning: then there is nothing.
fn recover(capture: &Path, name: Name) -> bool {
    let Ok(_lock) = folder::lock(capture) else { return false };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Reading anything does it.
    let read = |db: Connection| db.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0));
    Connection::open_with_flags(name.file(capture), flags).and_then(read).is_ok()
}

fn bytes_beside(capture: &Path, name: Name, beside: &str) -> u64 {
    fs::metadata(capture.join(format!("{name}{beside}"))).map_or(0, |meta| meta.len())
}

/// `file:` URIs take `?`, `#` and `%` of a path only escaped.
pub(super) fn uri(file: &Path, how: &str) -> String {
    let mut uri = String::from("file:");
    for character in file.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push('?');
    uri.push_str(how);
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_there_and_back() {
        for (number, generation, text) in
            [(1, 0, "000001.db"), (12, 3, "000012.3.db"), (1_234_567, 0, "1234567.db")]
        {
            let name = Name { number, generation };
            assert_eq!((name.to_string().as_str(), Name::read(text)), (text, Some(name)));
        }
        for text in
            ["1.db", "000001.db-wal", "000001.1.db.new", "00000x.db", "000001..db", "000001.1.2.db", "pinned"]
        {
            assert_eq!(Name::read(text).filter(|name| name.to_string() == text), None, "{text}");
        }
    }

    #[test]
    fn of_each_number_the_highest_generation() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["000002.db", "000001.db", "000001.2.db", "000001.1.db", "000003.1.db.new"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let names: Vec<String> = list(dir.path()).unwrap().iter().map(Name::to_string).collect();
        assert_eq!(names, ["000001.2.db", "000002.db"]);
    }
}
