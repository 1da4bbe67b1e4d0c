//! The writer thread: swaps the buffers, writes one transaction a swap, tells who listens, sleeps.
//!
//! An exchange that begins and ends within one swap costs one list row and one payload row. One that
//! stays open for a second gets its row early, so that other processes see it; an idle store makes no
//! wake-ups at all. When the disk refuses, the rows stay and are tried again; meanwhile the buffers
//! fill up to their bound and what finds no room is counted and leaves a `gap`.

use super::error::StoreError;
use super::inbox::{Inbox, Swapped, inline_bytes, lock, payload_bytes};
use super::marks::{self, Marks};
use super::reader::Reader;
use super::rotation::Rotation;
use super::rows::Place;
use super::under_way::{Open, UnderWay};
use super::{bodies, connections, messages, rows};
use crate::exchange::{
    BodyPlace, Connection as Peer, ConnectionId, Event, ExchangeId, Live, Message, Side, State, Summary,
};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Commits between looks at the size of the WAL.
const COMMITS_A_LOOK: u32 = 8;
/// Pages (8 KiB) in the WAL beyond which they are moved into the database: 16 MiB.
const WAL_PAGES: i64 = 2048;
/// Pages in the WAL beyond which readers are waited for, so that it begins anew: 64 MiB.
const LARGE_WAL_PAGES: i64 = 4 * WAL_PAGES;
/// How long: a reader's stretch, and no more than the buffers hold.
const READERS_TURN: Duration = Duration::from_millis(100);
/// How long for other locks, as [`super::schema::prepare`] has it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Rows marked in one transaction: the traffic's rows wait no longer than for these.
const MARKS_A_SWAP: usize = 4096;
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
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            swap: Duration::from_millis(20),
            early: Duration::from_secs(1),
            retry: Duration::from_millis(250),
            seal: Duration::from_secs(2),
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
    open: Arc<UnderWay>,
    /// When exchanges get their early row, in the order in which they were opened.
    due: VecDeque<(Instant, ExchangeId)>,
    /// Rows to write; more than none after a turn only when the disk refused them.
    rows: Vec<Row>,
    /// Rows of segments before the growing one that could not be written with the last ones.
    postponed: Vec<Row>,
    /// Exchanges under way that listeners have yet to hear of.
    news: Vec<ExchangeId>,
    /// Marks to be written, a bounded number a swap.
    marks: VecDeque<Marks>,
    /// Exchanges lost and not yet written down as a gap.
    lost: u64,
    commits: u32,
    /// The highest numbers of an exchange and of a connection that were heard of.
    highest: (u64, u64),
    /// When those before the growing segment may be sealed.
    seal_at: Option<Instant>,
}

enum Row {
    Connection(Box<Peer>),
    Open(Arc<Live>),
    Finished(Arc<Live>, Place),
    Messages { id: ExchangeId, first: u64, messages: Vec<Message> },
    Marks(Marks),
}

#[derive(Debug, PartialEq, Eq)]
enum Nap {
    For(Duration),
    /// Until somebody pushes.
    Asleep(Option<Duration>),
}

impl Writer {
    pub(super) fn new(
        segments: Rotation,
        capture: PathBuf,
        inbox: Arc<Inbox>,
        listeners: Arc<Listeners>,
        rhythm: Rhythm,
    ) -> Self {
        let open = inbox.under_way();
        Self {
            segments,
            capture,
            inbox,
            listeners,
            rhythm,
            open,
            due: VecDeque::new(),
            rows: Vec::new(),
            postponed: Vec::new(),
            news: Vec::new(),
            marks: VecDeque::new(),
            lost: 0,
            commits: 0,
            highest: (0, 0),
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
        if self.rows.is_empty() {
            self.rows.append(&mut self.postponed);
            let swapped = self.inbox.swap();
            arrived = !swapped.events.is_empty();
            self.sort(swapped, Instant::now());
            self.take_marks();
        }
        self.ripen(Instant::now());
        self.tell_news();
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
        if !self.rows.is_empty() {
            return Nap::For(self.rhythm.retry);
        }
        if !self.postponed.is_empty() {
            return Nap::For(self.rhythm.swap);
        }
        if !self.marks.is_empty() {
            return Nap::For(Duration::ZERO);
        }
        if arrived {
            return Nap::For(self.rhythm.swap);
        }
        // What has finished needs no early row, and is no reason to wake up.
        let open = self.open.lock();
        while self.due.pop_front_if(|(_, id)| !open.contains_key(id)).is_some() {}
        drop(open);
        let due = self.due.front().map(|(due, _)| due.saturating_duration_since(now));
        Nap::Asleep([due, self.seal_in()].into_iter().flatten().min())
    }

    /// Turns events into rows.
    fn sort(&mut self, swapped: Swapped, now: Instant) {
        let mut speaking = Vec::new();
        for event in swapped.events {
            match event {
                Event::Messages { id, first, messages } => {
                    self.heard_of(id);
                    speaking.push(id);
                    self.rows.push(Row::Messages { id, first, messages });
                }
                Event::Connection(connection) => {
                    self.highest.1 = self.highest.1.max(connection.id.0);
                    self.rows.push(Row::Connection(connection));
                }
                Event::Opened(live) | Event::Changed(live) => self.opened_or_changed(live, now),
                Event::Flag { ids, flag, on } => self.marks.push_back(Marks { ids, flag, on }),
                Event::Finished(live) => {
                    let id = {
                        let exchange = live.lock();
                        self.inbox.count_body(&exchange);
                        exchange.summary.id
                    };
                    self.heard_of(id);
                    // Only what has been open all the while without an early row is surely new.
                    let new = self.open.lock().remove(&id).is_some_and(|open| !open.written);
                    self.rows.push(Row::Finished(live, if new { Place::New } else { Place::Over }));
                }
            }
        }
        if swapped.dropped > 0 {
            self.rescue(swapped.dropped);
        }
        for id in speaking {
            self.early(id);
        }
    }

    fn heard_of(&mut self, id: ExchangeId) {
        self.highest.0 = self.highest.0.max(id.0);
    }

    /// Messages are looked for while an exchange lasts: it gets its row with them, unless it is over already.
    fn early(&mut self, id: ExchangeId) {
        if let Some(open) = self.open.lock().get_mut(&id).filter(|open| !open.written) {
            (open.written, open.queued) = (true, true);
            self.rows.push(Row::Open(Arc::clone(&open.live)));
        }
    }

    fn opened_or_changed(&mut self, live: Arc<Live>, now: Instant) {
        let id = live.id();
        self.heard_of(id);
        let early = now + self.rhythm.early;
        let mut all = self.open.lock();
        let open = all.entry(id).or_insert_with(|| {
            self.due.push_back((early, id));
            Open { live: Arc::clone(&live), written: false, queued: false, news: false }
        });
        if !mem::replace(&mut open.news, true) {
            self.news.push(id);
        }
        if open.written && !mem::replace(&mut open.queued, true) {
            self.rows.push(Row::Open(live));
        }
    }

    /// Takes the next marks on, behind all other rows of this swap: rows are written over whole, and what
    /// is still under way carries its marks along.
    fn take_marks(&mut self) {
        let Some(mut marks) = self.marks.pop_front() else { return };
        if marks.ids.len() > MARKS_A_SWAP {
            let rest = marks.ids.split_off(MARKS_A_SWAP);
            self.marks.push_front(Marks { ids: rest, ..marks });
        }
        for id in &marks.ids {
            if let Some(open) = self.open.lock().get(id) {
                marks.apply(&mut open.live.lock().summary.flags);
            }
        }
        self.rows.push(Row::Marks(marks));
    }

    /// Exchanges whose end found no room may still be known here: those are not lost.
    fn rescue(&mut self, dropped: u64) {
        let mut all = self.open.lock();
        let over: Vec<_> =
            all.iter().filter(|(_, open)| open.live.lock().is_over()).map(|(id, _)| *id).collect();
        let rescued = dropped.min(over.len() as u64);
        for id in over {
            // Not as `Finished`: its bytes were released when it was dropped.
            self.rows.extend(all.remove(&id).map(|open| Row::Open(open.live)));
        }
        self.inbox.count_rescued(rescued);
        self.lost += dropped - rescued;
    }

    /// Gives early rows to exchanges that have been open for long enough.
    fn ripen(&mut self, now: Instant) {
        while let Some((_, id)) = self.due.pop_front_if(|(due, _)| *due <= now) {
            let mut all = self.open.lock();
            let Some(open) = all.get_mut(&id) else { continue };
            open.written = true;
            if !mem::replace(&mut open.queued, true) {
                self.rows.push(Row::Open(Arc::clone(&open.live)));
            }
            if open.live.lock().is_over() {
                // Its end has come by another shard before its beginning, or is just about to come.
                all.remove(&id);
            }
        }
    }

    /// Exchanges under way are told of before anything is written: lists show them at once. One that
    /// is over by now is told of once it is written, so that whoever hears of its end can read it.
    fn tell_news(&mut self) {
        let mut news = Vec::with_capacity(self.news.len());
        for id in self.news.drain(..) {
            if let Some(open) = self.open.lock().get_mut(&id) {
                open.news = false;
                let summary = open.live.summary();
                if summary.state == State::Open {
                    news.push(summary);
                }
            }
        }
        self.tell(&news);
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
        let open = |id: &ExchangeId| self.open.lock().get(id).map(|open| Arc::clone(&open.live));
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
        if self.rows.is_empty() && self.lost == 0 {
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
            let (late, rows) =
                mem::take(&mut self.rows).into_iter().partition(|row| !row.within(&numbers).is_empty());
            (self.postponed, self.rows) = (late, rows);
        }
        self.lost = 0;
        self.after_commit();
        self.commits += 1;
        if self.commits.is_multiple_of(COMMITS_A_LOOK) {
            // A checkpoint that fails is tried again at the next look.
            let _ = self.checkpoint();
        }
        Ok(())
    }

    /// Begins the next segment when this one is large enough, and seals those before it once they are over.
    fn rotate(&mut self) -> Result<(), StoreError> {
        self.segments.count_bodies(self.inbox.take_kept());
        let full = self.segments.is_full(self.highest.0).map_err(StoreError::sql("read", &self.capture))?;
        if full {
            let (exchange, connection) = self.highest;
            self.segments.rotate(exchange + 1, connection + 1)?;
            self.segments.retain();
            self.seal_at = Some(Instant::now() + self.rhythm.seal);
        }
        if self.seal_in().is_none_or(|left| left.is_zero()) && !self.segments.is_settled() {
            self.seal_at = None;
            let lowest = self.open.lock().keys().map(|id| id.0).min();
            self.segments.settle(lowest)?;
        }
        Ok(())
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        let first = self.segments.first();
        for id in self.rows.iter().filter_map(Row::used).flatten() {
            self.segments.carry(id);
        }
        let tx = Transaction::new_unchecked(self.segments.db(), TransactionBehavior::Immediate)?;
        let mut unwritable = 0;
        for row in self.rows.iter().filter(|row| row.id().is_none_or(|id| id.0 >= first)) {
            match write_row(&tx, row) {
                Ok(()) => {}
                Err(error) if is_of_the_row(&error) => match row {
                    Row::Messages { messages, .. } => self.inbox.count_messages(messages.len() as u64),
                    _ => unwritable += 1,
                },
                Err(error) => return Err(error),
            }
        }
        let lost = self.lost + unwritable;
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
        let rows = &self.rows;
        let held = |numbers: &Range<u64>| rows.iter().flat_map(|row| row.within(numbers)).collect();
        self.segments.write_behind(held, |db, numbers| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            for row in rows.iter().filter(|row| !row.within(numbers).is_empty()) {
                let written = match row {
                    Row::Marks(marks) => marks::write_within(&tx, marks, numbers),
                    Row::Finished(live, _) => rows::write_exchange(&tx, &live.lock(), Place::Over),
                    row => write_row(&tx, row),
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
        let mut finished = Vec::with_capacity(if heard { self.rows.len() } else { 0 });
        for row in mem::take(&mut self.rows) {
            match row {
                Row::Connection(_) => {}
                Row::Messages { id, first, messages } => {
                    self.inbox.release(payload_bytes(&messages));
                    if heard {
                        finished.extend(self.speaking(id, first + messages.len() as u64));
                    }
                }
                Row::Marks(marks) => marked.extend(marks.ids),
                Row::Open(live) => {
                    if let Some(open) = self.open.lock().get_mut(&live.id()) {
                        open.queued = false;
                    }
                }
                Row::Finished(live, _) => {
                    // Mostly the last holder: then nothing of it is copied.
                    let exchange =
                        Arc::try_unwrap(live).map_or_else(|live| live.lock().clone(), Live::into_exchange);
                    let id = exchange.summary.id;
                    self.inbox.release(inline_bytes(&exchange));
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
        let live = self.open.lock().get(&id).map(|open| Arc::clone(&open.live))?;
        let summary = live.summary();
        (summary.state == State::Open).then_some(Summary { messages, ..summary })
    }

    /// PASSIVE: it never waits for readers, nor they for it. Readers that take turns without a pause keep the WAL
    /// from beginning anew; when it has grown large, they are waited for, each for its stretch: the buffers hold
    /// meanwhile what comes.
    fn checkpoint(&self) -> rusqlite::Result<()> {
        let db = self.segments.db();
        let of_wal = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (all, moved) = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?.query_row([], of_wal)?;
        if all > LARGE_WAL_PAGES {
            db.busy_timeout(READERS_TURN)?;
            let done = db.prepare_cached("PRAGMA wal_checkpoint(RESTART)")?.query_row([], |_| Ok(()));
            db.busy_timeout(PATIENCE)?;
            done
        } else if all - moved > WAL_PAGES {
            db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |_| Ok(()))
        } else {
            Ok(())
        }
    }

    /// Takes the last events, ends what is still open, and leaves one plain file.
    fn finish(mut self) -> Result<(), StoreError> {
        self.inbox.shut();
        self.drain()?;
        let open: Vec<_> = self.open.lock().drain().map(|(_, open)| Row::Open(open.live)).collect();
        self.rows.extend(open);
        self.drain()?;
        self.segments.sweep()?;
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
        self.sort(swapped, Instant::now());
        loop {
            self.take_marks();
            self.rows.append(&mut self.postponed);
            self.commit()?;
            if self.marks.is_empty() {
                return Ok(());
            }
        }
    }
}

impl Row {
    /// The exchange that it is about; none for connections and marks.
    fn id(&self) -> Option<ExchangeId> {
        match self {
            Self::Connection(_) | Self::Marks(_) => None,
            Self::Open(live) | Self::Finished(live, _) => Some(live.id()),
            Self::Messages { id, .. } => Some(*id),
        }
    }

    /// The exchanges with these numbers that it tells something of.
    fn within(&self, numbers: &Range<u64>) -> Vec<u64> {
        let held = |id: &u64| numbers.contains(id);
        match self {
            Self::Marks(marks) => marks.ids.iter().map(|id| id.0).filter(held).collect(),
            row => row.id().map(|id| id.0).filter(held).into_iter().collect(),
        }
    }

    /// The connections that its exchange went over.
    fn used(&self) -> Option<impl Iterator<Item = ConnectionId> + use<>> {
        let (Self::Open(live) | Self::Finished(live, _)) = self else { return None };
        let exchange = live.lock();
        let origin = exchange.origin_connection.map(|(id, _)| id);
        Some(std::iter::once(exchange.client_connection).chain(origin))
    }
}

fn write_row(db: &Connection, row: &Row) -> rusqlite::Result<()> {
    match row {
        Row::Connection(connection) => connections::write(db, connection),
        Row::Marks(marks) => marks::write(db, marks),
        Row::Messages { id, first, messages } => messages::write(db, *id, *first, messages),
        // A copy, because its relaying task must never wait for the disk behind this lock.
        Row::Open(live) => {
            let mut exchange = live.lock().clone();
            let arriving = [&exchange.request_body, &exchange.response_body];
            if arriving.iter().any(|body| body.place == BodyPlace::Arriving) {
                // Over or not: without its `Finished` the sweep has still to name its body.
                exchange.summary.state = State::Open;
            }
            rows::write_exchange(db, &exchange, Place::Over)
        }
        // Nobody adds to it any more.
        Row::Finished(live, how) => rows::write_exchange(db, &live.lock(), *how),
    }
}

/// Whether trying again, or another row, could not help.
fn is_of_the_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::TooBig
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::ParameterOutOfRange
        )
    )
}

#[cfg(test)]
mod tests {
    use super::super::rotation::Limits;
    use super::super::samples;
    use super::*;
    use crate::config::Pressure;
    use std::sync::mpsc;

    fn writer() -> (tempfile::TempDir, Writer) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("bodies/tmp")).unwrap();
        let segments = Rotation::open(dir.path(), Limits::NONE).unwrap();
        let inbox = Arc::new(Inbox::new(1, Pressure::Drop, 1, mpsc::channel().0));
        let path = dir.path().to_owned();
        (dir, Writer::new(segments, path, inbox, Arc::default(), Rhythm::default()))
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
        writer.sort(Swapped { events: vec![Event::Opened(Arc::clone(&exchange))], dropped: 0 }, begun);
        assert_eq!(writer.nap(false, begun), Nap::Asleep(Some(Duration::from_secs(1))));
        writer.ripen(begun + Duration::from_secs(1));
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
        writer.sort(Swapped { events, dropped: 0 }, Instant::now());
        writer.commit().unwrap();
        assert_eq!((rows(&writer), writer.nap(false, Instant::now())), (1, Nap::Asleep(None)));
    }

    #[test]
    fn an_exchange_whose_end_found_no_room_is_rescued_where_it_is_known() {
        let (_dir, mut writer) = writer();
        let exchange = samples::open(1);
        writer
            .sort(Swapped { events: vec![Event::Opened(Arc::clone(&exchange))], dropped: 0 }, Instant::now());
        *exchange.lock() = samples::exchange(1);
        writer.inbox.count_lost(3);
        writer.sort(Swapped { events: Vec::new(), dropped: 3 }, Instant::now());
        writer.commit().unwrap();
        let gap: i64 =
            writer.segments.db().query_row("SELECT sum(records) FROM gap", [], |row| row.get(0)).unwrap();
        assert_eq!((rows(&writer), gap, writer.inbox.losses().records), (1, 2, 2));
    }

    #[test]
    fn the_wal_is_emptied_into_the_database_beyond_16_mib() {
        let (dir, mut writer) = writer();
        let wal = dir.path().join("000001.db-wal");
        let mut largest = 0;
        for number in 0..40 {
            for id in 0..500 {
                writer.rows.extend([Row::Finished(
                    Arc::new(Live::new(samples::exchange(number * 500 + id))),
                    Place::New,
                )]);
            }
            writer.commit().unwrap();
            largest = largest.max(wal.metadata().unwrap().len());
        }
        let database = dir.path().join("000001.db").metadata().unwrap().len();
        assert!(largest < 40 << 20 && database > 16 << 20, "WAL {largest}, database {database}");
    }
}
