//! The growing segment's write-ahead log, moved into its database: a checkpoint (<https://sqlite.org/wal.html>).
//!
//! It waits for the disk twice, and a disk may take its time. So a thread moves most of it, while the writer goes on
//! committing; what was committed meanwhile the writer moves itself, once it is little. Then the log begins anew.
//! `SQLite` has the database on the disk only with the last of its log: the thread sees to it that this is little too.
//! Neither waits for readers (PASSIVE), nor they for it. Readers that take turns without a pause keep the log from
//! beginning anew; when it has grown large they are waited for (RESTART), each for its stretch: the buffers hold
//! meanwhile what comes. One that stays longer is waited for again when the log has grown by as much.

use super::schema::PATIENCE;
use rusqlite::{Connection, OpenFlags};
#[cfg(target_os = "linux")]
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the writer moves itself is at most this part of what makes a checkpoint due.
const LITTLE: i64 = 4;
/// The log is large at so many times what makes a checkpoint due …
const LARGE: i64 = 4;
/// … and at so many times a reader keeps it from beginning anew: the next segment begins, with a log of its own.
const HUGE: i64 = 16;
/// How long for a reader: its stretch, and no more than the buffers hold.
const READERS_TURN: Duration = Duration::from_millis(100);

/// What is known of one segment's log, in pages (8 KiB).
#[derive(Debug)]
pub(super) struct Log {
    /// The segment's database.
    file: PathBuf,
    /// Not yet moved, at which it is due.
    due: i64,
    /// At the last look.
    pages: i64,
    /// Beyond which it is tried again to begin it anew, after a reader kept us from that.
    tried: i64,
    moved_by: Option<JoinHandle<()>>,
    /// Whether that thread has moved what it could, and only waits for the disk.
    rests: Arc<AtomicBool>,
}

impl Log {
    /// Of the segment whose database is `file`; a checkpoint is due at so many pages.
    pub(super) fn new(file: PathBuf, due: i64) -> Self {
        Self { file, due, pages: 0, tried: 0, moved_by: None, rests: Arc::default() }
    }

    /// Whether the segment had better end.
    pub(super) fn is_huge(&self) -> bool {
        self.pages > HUGE * self.due
    }

    /// Whether a thread is at it: the segment does not end before that.
    pub(super) fn is_moving(&self) -> bool {
        self.moved_by.is_some() && !self.has_moved()
    }

    /// Whether the thread has moved what there was, and the rest had better follow.
    pub(super) fn has_moved(&self) -> bool {
        self.moved_by.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Moves what is due, through `db`, which writes to the segment. A thread that is at it is waited for when the log
    /// has grown large: the disk takes less than comes. An error is no loss: it is tried again.
    pub(super) fn look(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let of_log = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (all, moved) = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], of_log)?;
        self.pages = all;
        let large = all > self.tried + LARGE * self.due;
        if self.is_moving() && !large {
            return Ok(());
        }
        let moved_most = self.moved_by.is_some();
        self.settle();
        let left = all - moved;
        if large {
            self.restart(db)
        } else if left > self.due || moved_most && left > self.due / LITTLE {
            self.begin(db, moved)
        } else if moved_most {
            passive(db).map(drop)
        } else {
            Ok(())
        }
    }

    /// Waits until the thread has moved what it can. Then nobody but readers keeps the segment from being left as one
    /// plain file.
    pub(super) fn settle(&mut self) {
        if let Some(thread) = self.moved_by.take().filter(|_| !self.rests.load(Ordering::Acquire)) {
            // What it could not move is moved by who closes.
            let _ = thread.join();
        }
    }

    /// Has a thread move what it can, and wait until that is on the disk. So much was `moved` before.
    fn begin(&mut self, db: &Connection, moved: i64) -> rusqlite::Result<()> {
        let (file, rests) = (self.file.clone(), Arc::default());
        self.rests = Arc::clone(&rests);
        let work = move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            // The next look tells whether it came to anything. A connection finds the log when it reads.
            let moves = Connection::open_with_flags(&file, flags).and_then(|db| {
                db.pragma_query_value(None, "schema_version", |_| Ok(()))?;
                passive(&db)
            });
            rests.store(true, Ordering::Release);
            if moves.is_ok_and(|by_now| by_now > moved) {
                on_the_disk(&file);
            }
        };
        match thread::Builder::new().name("store-checkpoint".to_owned()).spawn(work) {
            Ok(thread) => {
                self.moved_by = Some(thread);
                Ok(())
            }
            // No thread is to be had.
            Err(_) => passive(db).map(drop),
        }
    }

    fn restart(&mut self, db: &Connection) -> rusqlite::Result<()> {
        db.busy_timeout(READERS_TURN)?;
        let busy = db.prepare_cached("PRAGMA wal_checkpoint(RESTART)")?.query_row([], |row| row.get(0));
        db.busy_timeout(PATIENCE)?;
        self.tried = if busy? { self.pages } else { 0 };
        Ok(())
    }
}

/// Moves what no reader holds back; pages of the log that are in the database by now.
fn passive(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |row| row.get(2))
}

/// Waits until what was written is on the disk. Of the whole file system, for a database must not be opened beside
/// `SQLite`: to close it would take the process's locks from it (<https://sqlite.org/howtocorrupt.html>, 2.2). Where that
/// cannot be had, the writer waits the longer.
#[cfg(target_os = "linux")]
fn on_the_disk(database: &Path) {
    let _ = database.parent().map(|folder| File::open(folder).map(rustix::fs::syncfs));
}

#[cfg(not(target_os = "linux"))]
fn on_the_disk(_database: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::segment::Name;

    /// Pages in the log, and how many of them are in the database too.
    fn state(db: &Connection) -> (i64, i64) {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(1)?, row.get(2)?));
        db.query_row("PRAGMA wal_checkpoint(NOOP)", [], row).unwrap()
    }

    /// Rows of a page each.
    fn write(db: &Connection, rows: i64) {
        for _ in 0..rows {
            db.execute("INSERT INTO t VALUES (zeroblob(4000))", []).unwrap();
        }
    }

    /// A log that has got so many rows more than its thread could move: a reader looked on before them.
    fn moved_but_for(rows: i64) -> (tempfile::TempDir, Connection, Log) {
        let dir = tempfile::tempdir().unwrap();
        let file = Name::FIRST.file(dir.path());
        let db = Connection::open(&file).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t(x)")
            .unwrap();
        let mut log = Log::new(file.clone(), 16);
        log.look(&db).unwrap();
        assert!(log.moved_by.is_none(), "nothing is due");
        while state(&db).0 <= 16 {
            write(&db, 1);
        }
        let most = state(&db).0;
        let reader = Connection::open(file).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM t").unwrap();
        write(&db, rows);
        log.look(&db).unwrap();
        assert!(log.moved_by.is_some());
        while !log.has_moved() {
            thread::yield_now();
        }
        assert_eq!(state(&db).1, most);
        (dir, db, log)
    }

    #[test]
    fn a_thread_moves_most_and_the_writer_the_little_that_came_meanwhile() {
        let (_dir, db, mut log) = moved_but_for(1);
        log.look(&db).unwrap();
        let (all, moved) = state(&db);
        assert_eq!((log.moved_by.is_none(), moved), (true, all));
        write(&db, 1);
        assert!(state(&db).0 < all, "the log begins anew");
    }

    #[test]
    fn where_much_came_meanwhile_the_thread_goes_again() {
        let (_dir, db, mut log) = moved_but_for(4);
        log.look(&db).unwrap();
        assert!(log.moved_by.is_some());
        log.settle();
        let (all, moved) = state(&db);
        assert_eq!(moved, all);
    }
}
