//! The segments as their writer has them: one that grows, and those before it, which change little.
//!
//! ```text
//! 000001.1.db   000002.db        000003.db
//! packed        sealed, or the   grows; all numbers from its first on
//!               last of it open
//! ```
//!
//! An exchange stays in the segment in whose stretch of numbers it began, however late it ends: so numbers
//! never overlap, and each is looked for in one place. What is written to a segment behind the growing one is
//! such an end, or a person's mark.

use super::error::StoreError;
use super::packer::{Anew, Done, Packer};
use super::packing::{self, Keep};
use super::schema::{self, Birth, Stretch};
use super::segment::{self, Name};
use super::{bodies, connections, folder, rows, sweep};
use crate::config;
use crate::exchange::ConnectionId;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Exchanges in one segment at most; its bytes are a setting.
const EXCHANGES: u64 = 500_000;
/// For a reader of a segment that is written to once more.
const PATIENCE: Duration = Duration::from_millis(50);
/// Bytes of a page: see [`schema::prepare`].
const PAGE: u64 = 8192;

/// All segments of a capture, for its writer.
pub(super) struct Rotation {
    capture: PathBuf,
    /// The segment that grows.
    db: Connection,
    name: Name,
    past: Vec<Past>,
    /// Of all segments ever, this one's last.
    stretches: Vec<Stretch>,
    /// Connections copied into this segment, or found nowhere.
    carried: HashSet<u64>,
    limits: Limits,
    /// Bytes of large bodies: all, and those of exchanges in the growing segment.
    bodies: (u64, u64),
    /// The highest number of an exchange that was heard of.
    highest: u64,
    /// `None` where nothing is written anew.
    packer: Option<Packer>,
    /// Whether something is on its way out: what it frees is known only then.
    leaving: bool,
    /// Whether bodies that a killed process left behind were looked for.
    orphans_swept: bool,
}

/// What a capture may grow to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of a segment, with the large bodies of its exchanges.
    segment: u64,
    pack: bool,
    bytes: u64,
    age: Duration,
    count: u64,
}

impl Limits {
    /// Nothing is packed by itself, and nothing goes.
    pub(super) const NONE: Self =
        Self { segment: u64::MAX, pack: false, bytes: u64::MAX, age: Duration::MAX, count: u64::MAX };

    /// Those that are set.
    pub(super) fn of(settings: &config::Capture) -> Self {
        Self {
            segment: settings.segment,
            pack: settings.pack,
            bytes: settings.retain_bytes,
            age: settings.retain_age,
            count: settings.retain_count.unwrap_or(u64::MAX),
        }
    }
}

/// A segment before the growing one.
struct Past {
    name: Name,
    /// Opened when it is written to; of all but the last closed again at the next rotation.
    db: Option<Connection>,
    sealed: bool,
    /// Exchanges written to since it is being written anew; `None` when it is not.
    late: Option<BTreeSet<u64>>,
    /// What is in it outlives retention.
    kept: bool,
    /// It could not be written anew, and is not tried again before the next rotation.
    failed: bool,
}

impl Past {
    fn new(name: Name) -> Self {
        Self { name, db: None, sealed: false, late: None, kept: false, failed: false }
    }
}

impl Rotation {
    /// Takes the capture over from whoever recorded it last: what was under way has ended, what was half made
    /// goes.
    pub(super) fn open(capture: &Path, limits: Limits) -> Result<Self, StoreError> {
        clean(capture)?;
        let mut names = segment::list(capture).map_err(StoreError::io("read", capture))?;
        let mut rotation = match names.pop() {
            None => Self::begin(capture, Name::FIRST, &Birth::default(), limits)?,
            Some(newest) if newest.generation == 0 => {
                Self::begin(capture, newest, &Birth::default(), limits)?
            }
            // Packed: what comes now goes into a segment of its own.
            Some(newest) => {
                names.push(newest);
                Self::behind(capture, newest, limits)?
            }
        };
        rotation.past = names.into_iter().map(Past::new).collect();
        rotation.sweep()?;
        rotation.bodies.0 = bodies::put_back(capture);
        rotation.highest = rotation.free()?.0.saturating_sub(1);
        Ok(rotation)
    }

    fn begin(capture: &Path, name: Name, birth: &Birth, limits: Limits) -> Result<Self, StoreError> {
        let file = name.file(capture);
        // SQLite gives -wal and -shm the mode of the database file.
        folder::private_file(&file).map_err(StoreError::io("make", &file))?;
        let db = Connection::open(&file).map_err(StoreError::sql("open", capture))?;
        schema::prepare(&db, capture, birth)?;
        let stretches = schema::stretches(&db).map_err(StoreError::sql("read", capture))?;
        let (past, carried) = (Vec::new(), HashSet::new());
        Ok(Self {
            capture: capture.to_owned(),
            db,
            name,
            past,
            stretches,
            carried,
            limits,
            bodies: (0, 0),
            highest: 0,
            packer: None,
            leaving: false,
            orphans_swept: false,
        })
    }

    fn behind(capture: &Path, newest: Name, limits: Limits) -> Result<Self, StoreError> {
        let db = segment::connect_to_write(capture, newest)?;
        let sql = || StoreError::sql("read", capture);
        let stretches = schema::stretches(&db).map_err(sql())?;
        let next = free(&db, &stretches).map_err(sql())?;
        let birth = schema::birth(&db, stretches, newest.following().number, next).map_err(sql())?;
        Self::begin(capture, newest.following(), &birth, limits)
    }

    /// The segment that grows.
    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    /// Its file.
    pub(super) fn file(&self) -> PathBuf {
        self.name.file(&self.capture)
    }

    /// The first exchange and connection numbers that are free.
    pub(super) fn free(&self) -> Result<(u64, u64), StoreError> {
        free(&self.db, &self.stretches).map_err(StoreError::sql("read", &self.capture))
    }

    /// The lowest number of an exchange in the segment that grows.
    pub(super) fn first(&self) -> u64 {
        self.own().exchange
    }

    /// Whether the segment that grows has grown enough, the highest number seen being this.
    pub(super) fn is_full(&mut self, highest: u64) -> rusqlite::Result<bool> {
        let pages: i64 = self.db.prepare_cached("PRAGMA page_count")?.query_row([], |row| row.get(0))?;
        self.highest = highest;
        let count = (highest + 1).saturating_sub(self.first());
        let bytes = rows::nat(pages).saturating_mul(PAGE).saturating_add(self.bodies.1);
        Ok(count >= EXCHANGES || bytes >= self.limits.segment && count > 0)
    }

    /// Counts large bodies that came since the last time.
    pub(super) fn count_bodies(&mut self, bytes: u64) {
        self.bodies = (self.bodies.0.saturating_add(bytes), self.bodies.1.saturating_add(bytes));
    }

    /// Begins the next segment, for numbers from these on.
    pub(super) fn rotate(&mut self, exchange: u64, connection: u64) -> Result<(), StoreError> {
        let sql = || StoreError::sql("read", &self.capture);
        let name = self.name.following();
        let birth = schema::birth(&self.db, self.stretches.clone(), name.number, (exchange, connection))
            .map_err(sql())?;
        let next = Self::begin(&self.capture, name, &birth, self.limits)?;
        for past in &mut self.past {
            past.failed = false;
            if let (Some(db), Some(packer)) = (past.db.take(), &self.packer) {
                packer.close(db);
            }
        }
        self.db.flush_prepared_statement_cache();
        // Little is written to it from now on.
        let _ = self.db.execute_batch("PRAGMA cache_size = -512; PRAGMA shrink_memory;");
        let old = std::mem::replace(&mut self.db, next.db);
        self.past.push(Past { db: Some(old), ..Past::new(self.name) });
        (self.name, self.stretches, self.carried) = (name, next.stretches, HashSet::new());
        self.bodies.1 = 0;
        Ok(())
    }

    /// From now on sealed segments are packed, those sealed before too; `wake` is called when
    /// [`Self::take_done`] has something to do.
    pub(super) fn start_packer(&mut self, wake: impl Fn() + Send + 'static) -> Result<(), StoreError> {
        self.packer = Some(Packer::start(&self.capture, wake)?);
        self.order();
        Ok(())
    }

    /// Lets the oldest segment go while there is more than is to be kept, but for what a person marked. One after
    /// the other: how much one frees, with the bodies that only it refers to, is known once it is gone.
    pub(super) fn retain(&mut self) {
        if self.leaving || self.packer.is_none() {
            return;
        }
        let files = self.names().map(|name| length(&name.file(&self.capture))).sum::<u64>();
        let full = self.bodies.0.saturating_add(files) > self.limits.bytes;
        let Some(place) = self.past.iter().position(|past| !past.kept && !past.failed) else { return };
        let Some(past) = self.past.get(place) else { return };
        let next = self.range(past.name.number).end;
        let ended = self.stretch(past.name.number).and_then(|stretch| stretch.ended);
        let old = ended.is_some_and(|ended| age(ended) > self.limits.age);
        let many = (self.highest + 1).saturating_sub(next) >= self.limits.count;
        // While it is packed, it is waited for: none goes before an older one.
        if !(full || old || many) || past.late.is_some() {
            return;
        }
        self.leaving = true;
        if full && !std::mem::replace(&mut self.orphans_swept, true) {
            // Nothing goes for what nothing refers to.
            self.sweep_bodies(None);
        } else {
            self.write_anew(place, Keep::Marked);
        }
    }

    fn sweep_bodies(&self, hashes: Option<Vec<[u8; 32]>>) {
        if let Some(packer) = &self.packer {
            packer.sweep(hashes);
        }
    }

    fn names(&self) -> impl Iterator<Item = Name> + '_ {
        self.past.iter().map(|past| past.name).chain([self.name])
    }

    /// Orders what is sealed and not packed yet.
    fn order(&mut self) {
        if self.packer.is_none() {
            return;
        }
        for place in 0..self.past.len() {
            let waits =
                |past: &Past| past.sealed && past.late.is_none() && past.name.generation == 0 && !past.failed;
            if self.limits.pack && self.past.get(place).is_some_and(waits) {
                self.write_anew(place, Keep::All);
            }
        }
    }

    fn write_anew(&mut self, place: usize, keep: Keep) {
        let Some(past) = self.past.get_mut(place) else { return };
        past.late = Some(BTreeSet::new());
        let (name, journal) = (past.name, schema::journal(&self.capture));
        // What is thinned out may go the next moment: a reader that looks for the log of a file without a name fails.
        if let (Keep::All, Ok(Some(db))) = (keep, self.past_db(place)) {
            // See `settle`.
            let _ = db.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(()));
        }
        if let Some(packer) = &self.packer {
            packer.write(name, keep);
        }
    }

    /// Puts what was written anew in its place.
    pub(super) fn take_done(&mut self) {
        let mut any = false;
        while let Some(done) = self.packer.as_ref().and_then(Packer::done) {
            any = true;
            let done = match done {
                Done::Written(done) => done,
                Done::Swept(bytes) => {
                    self.bodies.0 = self.bodies.0.saturating_sub(bytes);
                    self.leaving = false;
                    continue;
                }
            };
            let keep = done.keep;
            let freed = self.take_anew(done).unwrap_or_default();
            if !freed.is_empty() {
                self.sweep_bodies(Some(freed));
            } else if keep == Keep::Marked {
                self.leaving = false;
            }
        }
        if any {
            self.retain();
        }
    }

    /// Puts a segment written anew in its place, or takes it away where nothing is left in it; large bodies that it
    /// referred to.
    fn take_anew(&mut self, done: Anew) -> Option<Vec<[u8; 32]>> {
        let place = self.past.iter().position(|past| past.name == done.name)?;
        let Ok(written) = done.written else {
            let past = self.past.get_mut(place)?;
            (past.late, past.failed) = (None, true);
            return None;
        };
        let over = self.past.get(place).is_some_and(|past| past.sealed);
        if done.keep == Keep::Marked && written.exchanges == 0 && over && self.is_untouched(place) {
            let _ = std::fs::remove_file(packing::new_file(&self.capture, done.name));
            let gone = self.past.remove(place);
            drop(gone.db);
            // What is not removed now is removed at the next start.
            let _ = gone.name.remove(&self.capture);
        } else {
            self.put_in_place(place, done.keep);
        }
        Some(written.freed)
    }

    /// Whether nothing was written to a segment since it is written anew.
    fn is_untouched(&self, place: usize) -> bool {
        self.past.get(place).and_then(|past| past.late.as_ref()).is_some_and(BTreeSet::is_empty)
    }

    fn put_in_place(&mut self, place: usize, keep: Keep) {
        let Some(past) = self.past.get_mut(place) else { return };
        if let Some(db) = past.db.take() {
            // What it holds is in the new form, or is taken over from its log.
            let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
        let late = past.late.clone().unwrap_or_default();
        past.late = None;
        if let Ok(anew) = packing::replace(&self.capture, past.name, keep, &late) {
            (past.name, past.kept) = (anew, keep == Keep::Marked);
        } else {
            // It stays as it was.
            past.failed = true;
            let _ = std::fs::remove_file(packing::new_file(&self.capture, past.name));
        }
    }

    /// Writes to each segment before the growing one that holds some of these exchanges.
    pub(super) fn write_behind(
        &mut self,
        held: impl Fn(&Range<u64>) -> Vec<u64>,
        mut write: impl FnMut(&Connection, &Range<u64>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        for place in 0..self.past.len() {
            let Some(name) = self.past.get(place).map(|past| past.name) else { continue };
            let range = self.range(name.number);
            let ids = held(&range);
            if ids.is_empty() {
                continue;
            }
            if let Some(db) = self.past_db(place)? {
                write(db, &range)?;
            }
            if let Some(late) = self.past.get_mut(place).and_then(|past| past.late.as_mut()) {
                late.extend(ids);
            }
        }
        Ok(())
    }

    /// Copies the facts of a connection that was opened before the growing segment, and is still used.
    pub(super) fn carry(&mut self, id: ConnectionId) {
        if id.0 >= self.own().connection || !self.carried.insert(id.0) {
            return;
        }
        for place in (0..self.past.len()).rev() {
            let db = self.past_db(place).ok().flatten();
            let found = db.and_then(|db| connections::read(db, id).ok().flatten());
            if let Some(found) = found {
                // Of a connection whose facts cannot be copied the exchanges are told all the same.
                let _ = connections::write(&self.db, &found);
                return;
            }
        }
    }

    /// Seals the segments in which nothing is under way any more: `lowest` is the lowest number that is.
    pub(super) fn settle(&mut self, lowest: Option<u64>) -> Result<(), StoreError> {
        for place in 0..self.past.len() {
            let Some((name, false)) = self.past.get(place).map(|past| (past.name, past.sealed)) else {
                continue;
            };
            if lowest.is_some_and(|lowest| lowest < self.range(name.number).end) {
                continue;
            }
            // While it is packed, its reader must not keep us from writing to it: it stays in WAL until then.
            let packs = self.packer.is_some();
            if let (false, Ok(Some(db))) = (packs, self.past_db(place)) {
                leave_plain(db);
            }
            self.ended(name.number)?;
            if let Some(past) = self.past.get_mut(place) {
                past.sealed = true;
            }
        }
        self.order();
        Ok(())
    }

    /// Whether all segments before the growing one are sealed.
    pub(super) fn is_settled(&self) -> bool {
        self.past.iter().all(|past| past.sealed)
    }

    /// Leaves the growing segment as one plain file. Where a reader still looks on, it stays in WAL, which is
    /// as good.
    pub(super) fn close(mut self) {
        self.packer = None;
        for past in self.past.iter().filter(|past| past.late.is_some()) {
            // Written anew, and no more put in its place.
            let _ = std::fs::remove_file(packing::new_file(&self.capture, past.name));
        }
        // Readers that looked on when they were sealed may have gone since.
        for place in 0..self.past.len() {
            let plain = self.past.get(place).is_none_or(|past| past.name.generation > 0);
            if let (false, Ok(Some(db))) = (plain, self.past_db(place)) {
                leave_plain(db);
            }
        }
        let _ = self.db.execute_batch(
            "INSERT OR REPLACE INTO meta VALUES ('ended', CAST(unixepoch('subsec') * 1000000 AS INTEGER));",
        );
        leave_plain(&self.db);
    }

    /// Writes all segments anew, the growing one too, for which nobody may write any more: all that is plain packed,
    /// or each thinned out. How many there were.
    pub(super) fn write_all_anew(
        self,
        keep: Keep,
        tell: &mut dyn FnMut(u64, u64),
    ) -> Result<usize, StoreError> {
        let (capture, own) = (self.capture.clone(), self.name);
        let (end, _) = self.free()?;
        let mut plain: Vec<(Name, Range<u64>)> =
            self.past.iter().map(|past| (past.name, self.range(past.name.number))).collect();
        if end > self.first().max(1) {
            plain.push((own, self.first()..end));
        }
        plain.retain(|(name, _)| name.generation == 0 || keep == Keep::Marked);
        self.close();
        let all: u64 = plain.iter().map(|(_, range)| range.end - range.start.max(1)).sum();
        let mut done = 0;
        for (name, _) in &plain {
            let mut pace = |more| {
                done += more;
                tell(done, all);
                true
            };
            match packing::write_anew(&capture, *name, keep, &mut pace) {
                // The last one knows of all segments that there ever were.
                Ok(written) if keep == Keep::Marked && written.exchanges == 0 && *name != own => {
                    let _ = std::fs::remove_file(packing::new_file(&capture, *name));
                    name.remove(&capture)?;
                }
                Ok(_) => _ = packing::replace(&capture, *name, keep, &BTreeSet::new())?,
                Err(packing::Undone::Failed(error)) => return Err(error),
                // The pace never says so.
                Err(packing::Undone::GivenUp) => {}
            }
        }
        Ok(plain.len())
    }

    /// Ends what is open anywhere, and throws away what is left of bodies under way.
    pub(super) fn sweep(&mut self) -> Result<(), StoreError> {
        for place in 0..self.past.len() {
            let Some(name) = self.past.get(place).map(|past| past.name) else { continue };
            let ended = self.stretch(name.number).is_some_and(|stretch| stretch.ended.is_some());
            if !ended {
                let capture = self.capture.clone();
                if let Some(db) = self.past_db(place).map_err(StoreError::sql("open", &capture))? {
                    sweep::end_all(db, &capture)?;
                    leave_plain(db);
                }
                self.ended(name.number)?;
            }
            if let Some(past) = self.past.get_mut(place) {
                (past.sealed, past.db) = (true, None);
            }
        }
        sweep::end_all(&self.db, &self.capture)?;
        sweep::empty_tmp(&self.capture)
    }

    /// Notes that nothing is under way in a segment any more.
    fn ended(&mut self, number: u32) -> Result<(), StoreError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
        self.db
            .execute("UPDATE segment SET ended = ?2 WHERE number = ?1", params![number, now])
            .map_err(StoreError::sql("write to", &self.capture))?;
        if let Some(stretch) = self.stretches.iter_mut().find(|stretch| stretch.number == number) {
            stretch.ended = Some(now);
        }
        Ok(())
    }

    /// Opened, if it is not; `None` where it is gone, and what it would have been told is of no more use.
    fn past_db(&mut self, place: usize) -> rusqlite::Result<Option<&Connection>> {
        let Some(past) = self.past.get_mut(place) else { return Ok(None) };
        if past.db.is_none() && past.name.file(&self.capture).exists() {
            let db = segment::connect_to_write(&self.capture, past.name).map_err(StoreError::into_sql)?;
            // Whoever reads there keeps a late row waiting, and not the rows of now.
            db.busy_timeout(PATIENCE)?;
            past.db = Some(db);
        }
        Ok(past.db.as_ref())
    }

    fn own(&self) -> Stretch {
        self.stretch(self.name.number).cloned().unwrap_or_default()
    }

    fn stretch(&self, number: u32) -> Option<&Stretch> {
        self.stretches.iter().find(|stretch| stretch.number == number)
    }

    /// Whether there is a segment for the exchange of this number.
    pub(super) fn holds(&self, id: u64) -> bool {
        id >= self.first() || self.past.iter().any(|past| self.range(past.name.number).contains(&id))
    }

    /// The numbers of exchanges that a segment holds.
    fn range(&self, number: u32) -> Range<u64> {
        let first = self.stretch(number).map_or(0, |stretch| stretch.exchange);
        let next = self.stretches.iter().find(|stretch| stretch.number > number);
        first..next.map_or(u64::MAX, |stretch| stretch.exchange)
    }
}

/// How long ago, of microseconds since the epoch.
fn age(micros: i64) -> Duration {
    let then = UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    SystemTime::now().duration_since(then).unwrap_or_default()
}

fn length(file: &Path) -> u64 {
    file.metadata().map_or(0, |meta| meta.len())
}

/// Removes what a process that was killed had half made, or had not yet removed.
fn clean(capture: &Path) -> Result<(), StoreError> {
    let read = || StoreError::io("read", capture);
    let names = segment::list(capture).map_err(read())?;
    for entry in std::fs::read_dir(capture).map_err(read())?.flatten() {
        let of = entry.file_name().to_str().and_then(segment::belongs);
        if of.is_some_and(|(name, part)| part == segment::NEW || !names.contains(&name)) {
            let path = entry.path();
            std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    // One that was killed before it had tables holds nothing; its numbers are given anew.
    match names.last() {
        Some(newest)
            if *newest != Name::FIRST && names.len() > 1 && schema::is_in_the_making(capture, *newest) =>
        {
            newest.remove(capture)
        }
        _ => Ok(()),
    }
}

fn free(db: &Connection, stretches: &[Stretch]) -> rusqlite::Result<(u64, u64)> {
    let last = |sql| db.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    let own = stretches.last().cloned().unwrap_or_default();
    let next = |last: Option<i64>, first: u64| last.map_or(1, |last| rows::nat(last) + 1).max(first);
    Ok((
        next(last("SELECT max(id) FROM exchange")?, own.exchange),
        next(last("SELECT max(id) FROM connection")?, own.connection),
    ))
}

/// Without a WAL a segment opens from read-only media too.
fn leave_plain(db: &Connection) {
    db.flush_prepared_statement_cache();
    let _ = db.busy_timeout(Duration::ZERO);
    let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
    let _ = db.busy_timeout(schema::PATIENCE);
}
