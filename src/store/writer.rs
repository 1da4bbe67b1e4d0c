//! The writer thread: swaps the buffers, writes one transaction a swap, tells who listens, sleeps.
//!
//! An idle store makes no wake-ups at all. When the disk refuses, the rows stay and are tried again; meanwhile the
//! buffers fill up to their bound and what finds no room is counted and leaves a `gap`.

use super::checkpoint::Log;
use super::error::StoreError;
use super::inbox::{Inbox, lock, payload_bytes};
use super::pending::{Pending, is_of_the_row};
use super::reader::Reader;
use super::rotation::Rotation;
use super::rows::{self, Place};
use super::sorting::Sorting;
use super::{bodies, marks};
use crate::exchange::{BodyPlace, ExchangeId, Live, Side, State, Summary};
use rusqlite::{Transaction, TransactionBehavior, params};
use std::mem;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Commits between looks at the write-ahead log.
const COMMITS_A_LOOK: u32 = 8;
/// How often a failing commit is tried again before closing gives up.
const LAST_TRIES: u32 = 4;

/// Called with rows that changed.
pub type Listener = Box<dyn Fn(&[Summary]) + Send + Sync>;

/// Who is called.
#[derive(Default)]
pub(super) struct Listeners {
    /// With rows opened, changed or finished.
    pub(super) rows: Mutex<Vec<Listener>>,
    /// With rows that a person marked.
    pub(super) marks: Mutex<Vec<Listener>>,
}

/// How long the writer waits for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// Between swaps while events arrive.
    pub(super) swap: Duration,
    /// From the request head to an early row.
    pub(super) early: Duration,
    /// After a commit that the disk refused.
    pub(super) retry: Duration,
    /// From the beginning of a segment until those before it may be sealed: what was on its way to them has
    /// arrived by then.
    pub(super) seal: Duration,
    /// Pages (8 KiB) in the write-ahead log until they are moved into the database.
    pub(super) wal: i64,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            swap: Duration::from_millis(20),
            early: Duration::from_secs(1),
            retry: Duration::from_millis(250),
            seal: Duration::from_secs(2),
            // 16 MiB.
            wal: 2048,
        }
    }
}

/// All that the writer thread owns.
pub(super) struct Writer {
    segments: Rotation,
    capture: PathBuf,
    inbox: Arc<Inbox>,
    listeners: Arc<Listeners>,
    rhythm: Rhythm,
    sorting: Sorting,
    /// Rows of segments before the growing one that could not be written with the last ones.
    postponed: Vec<Pending>,
    commits: u32,
    log: Log,
    /// When those before the growing segment may be sealed.
    seal_at: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Nap {
    For(Duration),
    /// Until somebody pushes.
    Asleep(Option<Duration>),
}

impl Writer {
    /// For a capture in which these numbers of an exchange and of a connection are the first free ones.
    pub(super) fn new(
        segments: Rotation,
        capture: PathBuf,
        inbox: Arc<Inbox>,
        listeners: Arc<Listeners>,
        rhythm: Rhythm,
        (exchange, connection): (u64, u64),
    ) -> Self {
        let highest = (exchange.saturating_sub(1), connection.saturating_sub(1));
        let sorting = Sorting::new(Arc::clone(&inbox), rhythm.early, highest);
        let log = Log::new(segments.file(), rhythm.wal);
        Self {
            segments,
            capture,
            inbox,
            listeners,
            rhythm,
            sorting,
            postponed: Vec::new(),
            commits: 0,
            log,
            seal_at: None,
        }
    }

    /// Works until asked to close, then drains and seals the segment.
    pub(super) fn run(mut self) -> Result<(), StoreError> {
        self.inbox.writer_is(thread::current());
        let inbox = Arc::clone(&self.inbox);
        // Without the thread segments stay, and stay plain.
        let _ = self.segments.start_packer(move || inbox.wake_writer());
        self.segments.retain();
        loop {
            // Asked before the swap: whatever was pushed before closing is then in it.
            let closing = self.inbox.is_closing();
            let arrived = self.turn();
            if closing {
                return self.finish();
            }
            self.rest(arrived);
        }
    }

    /// One swap and its transaction; whether anything had arrived.
    fn turn(&mut self) -> bool {
        let mut arrived = false;
        if self.sorting.rows.is_empty() {
            self.sorting.rows.append(&mut self.postponed);
            let swapped = self.inbox.swap();
            arrived = !swapped.events.is_empty();
            self.sorting.sort(swapped, Instant::now());
            self.sorting.take_marks();
        }
        self.sorting.ripen(Instant::now());
        let news = self.sorting.take_news();
        self.tell(&news);
        // The reason is told through `losses`, and the rows wait.
        let _ = self.commit();
        self.segments.take_done();
        if arrived || self.seal_in().is_some() {
            // What cannot be begun or sealed now is tried again with the next rows.
            let _ = self.rotate();
        }
        arrived
    }

    /// How long until segments may be sealed; none where there are none, or where something is under way in
    /// them: its end will wake us.
    fn seal_in(&self) -> Option<Duration> {
        self.seal_at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    fn rest(&mut self, arrived: bool) {
        match self.nap(arrived, Instant::now()) {
            Nap::For(time) => thread::park_timeout(time),
            Nap::Asleep(until) => {
                if self.inbox.fall_asleep() {
                    until.map_or_else(thread::park, thread::park_timeout);
                    self.inbox.wake_up();
                }
            }
        }
    }

    fn nap(&mut self, arrived: bool, now: Instant) -> Nap {
        if !self.sorting.rows.is_empty() {
            return Nap::For(self.rhythm.retry);
        }
        if !self.postponed.is_empty() {
            return Nap::For(self.rhythm.swap);
        }
        if self.sorting.has_marks() {
            return Nap::For(Duration::ZERO);
        }
        if arrived {
            return Nap::For(self.rhythm.swap);
        }
        Nap::Asleep([self.sorting.due_in(now), self.seal_in()].into_iter().flatten().min())
    }

    fn tell(&self, summaries: &[Summary]) {
        if summaries.is_empty() {
            return;
        }
        for listener in lock(&self.listeners.rows).iter() {
            listener(summaries);
        }
    }

    /// Rows are read again: most of those marked are over, and no longer in memory.
    fn tell_marked(&self, marked: &[ExchangeId]) {
        let listeners = lock(&self.listeners.marks);
        if marked.is_empty() || listeners.is_empty() {
            return;
        }
        let open = |id: &ExchangeId| self.sorting.open.lock().get(id).map(|open| Arc::clone(&open.live));
        let Ok(reader) = Reader::open(&self.capture) else { return };
        let row = |id: &ExchangeId| match open(id) {
            Some(live) => Some(live.summary()),
            None => reader.summaries(*id, *id).ok().and_then(|mut rows| rows.pop()),
        };
        let rows: Vec<_> = marked.iter().filter_map(row).collect();
        for listener in listeners.iter() {
            listener(&rows);
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.sorting.rows.is_empty() && self.sorting.lost == 0 {
            return Ok(());
        }
        // What cannot be written behind (somebody reads there) waits, and nothing else with it.
        let begun = Instant::now();
        let behind = self.write_behind().is_ok();
        if let Err(source) = self.write() {
            self.inbox.set_trouble(Some(source.to_string()));
            return Err(StoreError::sql("write to", &self.capture)(source));
        }
        self.inbox.count_commit(begun.elapsed());
        self.inbox.set_trouble(None);
        if !behind {
            let numbers = 0..self.segments.first();
            let (late, rows) = mem::take(&mut self.sorting.rows)
                .into_iter()
                .partition(|row| !row.within(&numbers).is_empty());
            (self.postponed, self.sorting.rows) = (late, rows);
        }
        self.sorting.lost = 0;
        self.after_commit();
        self.commits += 1;
        if self.commits.is_multiple_of(COMMITS_A_LOOK) || self.log.has_moved() {
            // A checkpoint that fails is tried again at the next look.
            let _ = self.log.look(self.segments.db());
        }
        Ok(())
    }

    /// Begins the next segment when this one is large enough, and seals those before it once they are over.
    fn rotate(&mut self) -> Result<(), StoreError> {
        self.segments.count_bodies(self.inbox.take_kept());
        let (exchange, connection) = self.sorting.highest;
        let full = self.segments.is_full(exchange).map_err(StoreError::sql("read", &self.capture))?;
        if (full || self.log.is_huge()) && !self.log.is_moving() {
            self.segments.rotate(exchange + 1, connection + 1)?;
            self.log = Log::new(self.segments.file(), self.rhythm.wal);
            self.segments.retain();
            self.seal_at = Some(Instant::now() + self.rhythm.seal);
        }
        if self.seal_in().is_none_or(|left| left.is_zero()) && !self.segments.is_settled() {
            self.seal_at = None;
            self.segments.settle(self.sorting.lowest())?;
        }
        Ok(())
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        let first = self.segments.first();
        for id in self.sorting.rows.iter().filter_map(Pending::used).flatten() {
            self.segments.carry(id);
        }
        let tx = Transaction::new_unchecked(self.segments.db(), TransactionBehavior::Immediate)?;
        let mut unwritable = 0;
        for row in &self.sorting.rows {
            let written = match row.id() {
                // Written behind, or its segment has gone.
                Some(id) if id.0 < first => self.segments.holds(id.0),
                _ => match row.write(&tx) {
                    Err(error) if is_of_the_row(&error) => false,
                    written => written.map(|()| true)?,
                },
            };
            match row {
                _ if written => {}
                Pending::Messages { messages, .. } => self.inbox.count_messages(messages.len() as u64),
                _ => unwritable += 1,
            }
        }
        let lost = self.sorting.lost + unwritable;
        if lost > 0 {
            let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let at = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
            tx.execute("INSERT INTO gap(at, records) VALUES (?1, ?2)", params![at, rows::int(lost)])?;
        }
        tx.commit()?;
        self.inbox.count_lost(unwritable);
        Ok(())
    }

    /// What belongs to segments before the one that grows: late ends, and marks. Written over whatever is there,
    /// so that it may be written again when the rest fails.
    fn write_behind(&mut self) -> rusqlite::Result<()> {
        let rows = &self.sorting.rows;
        let held = |numbers: &Range<u64>| rows.iter().flat_map(|row| row.within(numbers)).collect();
        self.segments.write_behind(held, |db, numbers| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            for row in rows.iter().filter(|row| !row.within(numbers).is_empty()) {
                let written = match row {
                    Pending::Marks(marks) => marks::write_within(&tx, marks, numbers),
                    Pending::Finished(live, _) => rows::write_exchange(&tx, &live.lock(), Place::Over),
                    row => row.write(&tx),
                };
                written.or_else(|error| if is_of_the_row(&error) { Ok(()) } else { Err(error) })?;
            }
            tx.commit()
        })
    }

    /// Gives back the budget, drops first names of bodies, tells of what has finished.
    fn after_commit(&mut self) {
        let heard = !lock(&self.listeners.rows).is_empty();
        let mut marked = Vec::new();
        let mut finished = Vec::with_capacity(if heard { self.sorting.rows.len() } else { 0 });
        for row in mem::take(&mut self.sorting.rows) {
            match row {
                Pending::Connection(_) => {}
                Pending::Messages { id, first, messages } => {
                    self.inbox.release(payload_bytes(&messages));
                    if heard {
                        finished.extend(self.speaking(id, first + messages.len() as u64));
                    }
                }
                Pending::Marks(marks) => marked.extend(marks.ids),
                Pending::Open(live) => {
                    if let Some(open) = self.sorting.open.lock().get_mut(&live.id()) {
                        open.queued = false;
                    }
                }
                Pending::Finished(live, _) => {
                    // Mostly the last holder: then nothing of it is copied.
                    let exchange =
                        Arc::try_unwrap(live).map_or_else(|live| live.lock().clone(), Live::into_exchange);
                    let id = exchange.summary.id;
                    self.inbox.written(&exchange);
                    for side in [Side::Client, Side::Origin] {
                        if let BodyPlace::File(hash) = &exchange.body(side).place {
                            bodies::forget_tmp(&self.capture, id, side, hash);
                        }
                    }
                    if heard {
                        finished.push(exchange.summary);
                    }
                }
            }
        }
        self.tell(&finished);
        self.tell_marked(&marked);
    }

    /// The row of an exchange under way with the messages that can be read of it. Of one that is over by now
    /// its end tells.
    fn speaking(&self, id: ExchangeId, messages: u64) -> Option<Summary> {
        let live = self.sorting.open.lock().get(&id).map(|open| Arc::clone(&open.live))?;
        let summary = live.summary();
        (summary.state == State::Open).then_some(Summary { messages, ..summary })
    }

    /// Takes the last events, ends what is still open, and leaves one plain file.
    fn finish(mut self) -> Result<(), StoreError> {
        self.inbox.shut();
        self.drain()?;
        self.sorting.end_all();
        self.drain()?;
        self.segments.sweep()?;
        self.log.settle();
        self.segments.close();
        Ok(())
    }

    fn drain(&mut self) -> Result<(), StoreError> {
        for _ in 1..LAST_TRIES {
            if self.commit().is_ok() {
                break;
            }
            thread::park_timeout(self.rhythm.retry);
        }
        self.commit()?;
        let swapped = self.inbox.swap();
        self.sorting.sort(swapped, Instant::now());
        let mut tries = 0;
        loop {
            self.sorting.take_marks();
            self.sorting.rows.append(&mut self.postponed);
            self.commit()?;
            if self.postponed.is_empty() && !self.sorting.has_marks() {
                return Ok(());
            }
            if !self.postponed.is_empty() {
                // Whoever reads there has its turn; but not for ever.
                tries += 1;
                if tries > LAST_TRIES {
                    return Err(StoreError::Unwritten(self.postponed.len()));
                }
                thread::park_timeout(self.rhythm.retry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::inbox::Swapped;
    use super::super::rotation::Limits;
    use super::super::samples;
    use super::*;
    use crate::config::Pressure;
    use crate::exchange::Event;
    use std::sync::mpsc;

    fn writer() -> (tempfile::TempDir, Writer) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("bodies/tmp")).unwrap();
        let segments = Rotation::open(dir.path(), Limits::NONE).unwrap();
        let inbox = Arc::new(Inbox::new(1, Pressure::Drop, 1, mpsc::channel().0));
        let path = dir.path().to_owned();
        (dir, Writer::new(segments, path, inbox, Arc::default(), Rhythm::default(), (1, 1)))
    }

    fn rows(writer: &Writer) -> i64 {
        writer.segments.db().query_row("SELECT count(*) FROM exchange", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_idle_writer_sleeps_without_end() {
        let (_dir, mut writer) = writer();
        assert!(!writer.turn());
        assert_eq!(writer.nap(false, Instant::now()), Nap::Asleep(None));
        writer.inbox.push(0, samples::finished(1));
        assert!(writer.turn());
        assert_eq!(writer.nap(true, Instant::now()), Nap::For(Duration::from_millis(20)));
        assert!(!writer.turn());
        assert_eq!(writer.nap(false, Instant::now()), Nap::Asleep(None));
        assert!(writer.inbox.fall_asleep());
    }

    #[test]
    fn an_event_between_the_last_look_and_the_sleep_keeps_the_writer_awake() {
        let (_dir, writer) = writer();
        writer.inbox.push(0, samples::finished(1));
        assert!(!writer.inbox.fall_asleep());
    }

    #[test]
    fn an_open_exchange_wakes_the_writer_once_for_its_row() {
        let (_dir, mut writer) = writer();
        let (begun, exchange) = (Instant::now(), samples::open(1));
        writer
            .sorting
            .sort(Swapped { events: vec![Event::Opened(Arc::clone(&exchange))], dropped: 0 }, begun);
        assert_eq!(writer.nap(false, begun), Nap::Asleep(Some(Duration::from_secs(1))));
        writer.sorting.ripen(begun + Duration::from_secs(1));
        writer.commit().unwrap();
        assert_eq!((rows(&writer), writer.nap(false, begun)), (1, Nap::Asleep(None)));
    }

    #[test]
    fn an_end_is_told_of_once_it_can_be_read() {
        let (_dir, mut writer) = writer();
        let (tell, told) = mpsc::channel();
        lock(&writer.listeners.rows)
            .push(Box::new(move |rows: &[Summary]| tell.send(rows[0].state).unwrap()));
        let exchange = samples::open(1);
        exchange.lock().summary.state = State::Done;
        writer.inbox.push(0, Event::Opened(Arc::clone(&exchange)));
        writer.turn();
        assert!(told.try_recv().is_err());
        writer.inbox.push(0, Event::Finished(exchange));
        writer.turn();
        assert_eq!((told.try_recv(), rows(&writer)), (Ok(State::Done), 1));
    }

    #[test]
    fn an_exchange_over_within_the_second_is_no_reason_to_wake() {
        let (_dir, mut writer) = writer();
        let exchange = samples::open(1);
        let events = vec![Event::Opened(Arc::clone(&exchange)), Event::Finished(exchange)];
        writer.sorting.sort(Swapped { events, dropped: 0 }, Instant::now());
        writer.commit().unwrap();
        assert_eq!((rows(&writer), writer.nap(false, Instant::now())), (1, Nap::Asleep(None)));
    }

    #[test]
    fn an_exchange_whose_end_found_no_room_is_rescued_where_it_is_known() {
        let (_dir, mut writer) = writer();
        let exchange = samples::open(1);
        writer
            .sorting
            .sort(Swapped { events: vec![Event::Opened(Arc::clone(&exchange))], dropped: 0 }, Instant::now());
        *exchange.lock() = samples::exchange(1);
        writer.inbox.count_lost(3);
        writer.sorting.sort(Swapped { events: Vec::new(), dropped: 3 }, Instant::now());
        writer.commit().unwrap();
        let gap: i64 =
            writer.segments.db().query_row("SELECT sum(records) FROM gap", [], |row| row.get(0)).unwrap();
        assert_eq!((rows(&writer), gap, writer.inbox.losses().records), (1, 2, 2));
    }

    #[test]
    fn the_log_is_emptied_into_the_database_and_stays_small() {
        let (dir, mut writer) = writer();
        // Due at 2 MiB, large at 8; a commit is somewhat more than 1.
        writer.log = Log::new(writer.segments.file(), 256);
        let wal = dir.path().join("000001.db-wal");
        let mut largest = 0;
        for number in 0..40 {
            for id in 0..500 {
                writer.sorting.rows.extend([Pending::Finished(
                    Arc::new(Live::new(samples::exchange(number * 500 + id))),
                    Place::New,
                )]);
            }
            writer.commit().unwrap();
            largest = largest.max(wal.metadata().unwrap().len());
        }
        let database = dir.path().join("000001.db").metadata().unwrap().len();
        assert!(largest < 20 << 20 && database > 20 << 20, "WAL {largest}, database {database}");
    }
}
