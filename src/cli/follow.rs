//! Watching a capture that another process records: rows that come and change, told to the interface.
//!
//! A look every quarter of a second costs one question (`PRAGMA data_version`), and only while somebody
//! records; then the thread ends, and nothing wakes up any more. Rows come out of order (one that ends at
//! once is written before one that began earlier): holes are looked at again for a while.

use super::guards::Guards;
use crate::exchange::{ExchangeId, State, Summary};
use crate::store::{self, Reader, StoreError};
use crate::tui::{Changes, Told, Wake};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const PACE: Duration = Duration::from_millis(250);
/// An exchange gets its row after a second at the latest; one that has none after this was lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// Rows told one by one; beyond, the interface reads all anew.
const MOST: usize = 50_000;
/// How far back from the newest row holes are looked for at the start.
const BACK: u64 = 4096;

/// Who is told.
pub(super) trait Hears {
    /// Rows came or changed; whether more is wanted.
    fn rows(&mut self, rows: &[Summary]) -> bool;
    /// So much came, or so many marks changed, that all is to be read anew; whether the rows that came are
    /// wanted nonetheless.
    fn anew(&mut self) -> bool;
}

impl Hears for Changes {
    fn rows(&mut self, rows: &[Summary]) -> bool {
        self.tell(rows);
        true
    }

    fn anew(&mut self) -> bool {
        self.tell_anew();
        false
    }
}

/// What is known of the capture.
pub(super) struct Follower<H> {
    reader: Reader,
    path: PathBuf,
    pub(super) hears: H,
    /// Nothing more is wanted.
    enough: bool,
    /// The newest row told.
    last: u64,
    open: BTreeSet<u64>,
    /// Numbers below the newest that have no row yet, and since when.
    missing: BTreeMap<u64, Instant>,
    marks: i64,
}

/// Who waits to be let in, as the interface shows it.
pub(super) type Waiting = Arc<Mutex<Vec<IpAddr>>>;

/// The interface, and the door of the process that records: a client that waits there has a row, and leaves
/// it by a change of that row. So it is asked when rows change, and an idle one is left in peace.
struct Screen {
    changes: Changes,
    guards: Guards,
    waiting: Waiting,
}

impl Screen {
    fn ask(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = self.guards.waiting();
    }
}

impl Hears for Screen {
    fn rows(&mut self, rows: &[Summary]) -> bool {
        self.ask();
        self.changes.rows(rows)
    }

    fn anew(&mut self) -> bool {
        self.ask();
        self.changes.anew()
    }
}

/// Starts to watch; `live` turns false when nobody records any more.
pub(super) fn start(
    path: &Path,
    wakes: &Sender<Wake>,
    live: Arc<AtomicBool>,
    waiting: Waiting,
) -> anyhow::Result<()> {
    let (changes, guards) = (Changes::new(wakes.clone()), Guards::Elsewhere(path.to_owned()));
    let mut follower = Follower::new(path, Screen { changes, guards, waiting })?;
    let wakes = wakes.clone();
    let work = move || {
        follower.hears.ask();
        follower.hears.changes.tell(&[]);
        let ended = follower.watch();
        live.store(false, SeqCst);
        follower.hears.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
        follower.hears.changes.tell(&[]);
        if let Err(error) = ended {
            // Fails only when nobody is there to be told.
            let _ = wakes.send(Wake::Told(Told::Failed(format!("no longer followed: {error}"))));
        }
    };
    thread::Builder::new().name("follow".to_owned()).spawn(work)?;
    Ok(())
}

impl<H: Hears> Follower<H> {
    /// Begins with what comes behind the rows that are there, and with the ends of those under way.
    pub(super) fn new(path: &Path, hears: H) -> Result<Self, StoreError> {
        let mut reader = Reader::open(path)?;
        reader.changed()?;
        let last = reader.newest(1)?.first().map_or(0, |row| row.id.0);
        let mut follower = Self {
            open: reader.under_way()?.into_iter().collect(),
            marks: reader.marks_version()?,
            reader,
            path: path.to_owned(),
            hears,
            enough: false,
            last,
            missing: BTreeMap::new(),
        };
        follower.look_for_holes(last.saturating_sub(BACK))?;
        Ok(follower)
    }

    /// Until nobody records any more, or nothing more is wanted.
    pub(super) fn watch(&mut self) -> Result<(), StoreError> {
        loop {
            thread::sleep(PACE);
            // Asked before the look: what was written before the end is then in it.
            let recorded = store::is_recorded(&self.path);
            if self.reader.changed()? {
                while self.look()? {}
            }
            if !recorded || self.enough {
                return Ok(());
            }
        }
    }

    /// Tells what is new and what has changed since the last look; whether there is more at once.
    fn look(&mut self) -> Result<bool, StoreError> {
        let mut rows = self.known_before()?;
        let new = self.reader.standings(ExchangeId(self.last), MOST)?;
        if let (Some(first), Some(newest)) = (new.first(), new.last()) {
            let newest = newest.id;
            let before = std::mem::replace(&mut self.last, newest.0);
            if new.len() < MOST || self.hears.anew() {
                rows.extend(self.reader.summaries(first.id, newest)?);
            }
            self.look_for_holes(before)?;
        }
        for row in &rows {
            self.note(row);
        }
        for rows in rows.chunks(1024) {
            self.enough |= !self.hears.rows(rows);
        }
        let marks = self.reader.marks_version()?;
        if std::mem::replace(&mut self.marks, marks) != marks {
            self.hears.anew();
        }
        Ok(new.len() == MOST && !self.enough)
    }

    /// Rows that were under way, or not there yet.
    fn known_before(&mut self) -> Result<Vec<Summary>, StoreError> {
        self.missing.retain(|_, since| since.elapsed() < PATIENCE);
        let wanted: Vec<u64> = self.open.iter().chain(self.missing.keys()).copied().collect();
        self.reader.summaries_of(&wanted)
    }

    fn note(&mut self, row: &Summary) {
        let id = row.id.0;
        self.missing.remove(&id);
        if row.state == State::Open {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
    }

    /// Numbers without a row between one and the newest.
    fn look_for_holes(&mut self, after: u64) -> Result<(), StoreError> {
        let after = after.max(self.last.saturating_sub(BACK));
        let there: BTreeSet<u64> =
            self.reader.standings(ExchangeId(after), MOST)?.iter().map(|row| row.id.0).collect();
        let now = Instant::now();
        self.missing.extend((after + 1..self.last).filter(|id| !there.contains(id)).map(|id| (id, now)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sample;
    use crate::config;
    use crate::exchange::{Event, Exchange, Flags, Live};
    use crate::forward::{Consent, Learned};
    use crate::store::Store;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::mpsc::{Receiver, channel};
    use std::task::Poll;

    struct Watched {
        _dir: tempfile::TempDir,
        store: Store,
        wakes: Receiver<Wake>,
        follower: Follower<Changes>,
    }

    fn exchange(id: u64, state: State) -> Arc<Live> {
        let mut exchange: Exchange = sample::exchange();
        exchange.summary.id = ExchangeId(id);
        exchange.summary.state = state;
        Arc::new(Live::new(exchange))
    }

    fn watched(before: &[u64]) -> Watched {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.hop");
        let store = Store::open(&path, &config::Capture::default(), 1).unwrap();
        for id in before {
            store.inbox().push(0, Event::Finished(exchange(*id, State::Done)));
        }
        let reader = Reader::open(&path).unwrap();
        while reader.count().unwrap() < before.len() as u64 {
            thread::yield_now();
        }
        let (sender, wakes) = channel();
        let follower = Follower::new(&path, Changes::new(sender)).unwrap();
        Watched { _dir: dir, store, wakes, follower }
    }

    impl Watched {
        /// Looks until so many rows were told; their numbers and states.
        fn told(&mut self, count: usize) -> (Vec<(u64, State)>, bool) {
            let (mut told, mut anew) = (Vec::new(), false);
            let begun = Instant::now();
            while told.len() < count {
                assert!(begun.elapsed() < Duration::from_mins(1), "only {told:?} came");
                self.follower.look().unwrap();
                for wake in self.wakes.try_iter() {
                    if let Wake::Changed(changed) = wake {
                        let (rows, left_out) = changed.take();
                        told.extend(rows.iter().map(|row| (row.id.0, row.state)));
                        anew |= left_out;
                    }
                }
                // Open rows are told again at each look.
                told.dedup();
            }
            (told, anew)
        }
    }

    #[test]
    fn rows_behind_and_rows_in_a_hole_are_told() {
        let mut watched = watched(&[1, 2, 4]);
        watched.store.inbox().push(0, Event::Finished(exchange(5, State::Done)));
        assert_eq!(watched.told(1), (vec![(5, State::Done)], false));
        watched.store.inbox().push(0, Event::Finished(exchange(3, State::Done)));
        assert_eq!(watched.told(1).0, [(3, State::Done)]);
    }

    #[test]
    fn what_was_under_way_is_told_again_at_its_end() {
        let mut watched = watched(&[]);
        let live = exchange(1, State::Open);
        watched.store.inbox().push(0, Event::Opened(Arc::clone(&live)));
        assert_eq!(watched.told(1).0, [(1, State::Open)]);
        live.lock().summary.state = State::Done;
        watched.store.inbox().push(0, Event::Finished(live));
        // Until then it may be told as open any number of times.
        while watched.told(1).0 != [(1, State::Done)] {}
        assert!(watched.follower.open.is_empty());
    }

    #[test]
    fn marks_of_others_have_all_rows_read_anew() {
        let mut watched = watched(&[1, 2]);
        watched.store.inbox().flag(vec![ExchangeId(1)], Flags::MARKED, true).unwrap();
        while watched.follower.reader.marks_version().unwrap() == watched.follower.marks {
            thread::yield_now();
        }
        watched.store.inbox().push(0, Event::Finished(exchange(3, State::Done)));
        assert_eq!(watched.told(1), (vec![(3, State::Done)], true));
    }

    #[test]
    fn who_waits_is_known_with_the_rows() {
        let (consent, waiting) = (Arc::new(Consent::default()), Waiting::default());
        let guards = Guards::Here(Arc::new(Learned::new(false, 1, Duration::ZERO)), Arc::clone(&consent));
        let mut screen = Screen { changes: Changes::new(channel().0), guards, waiting: Arc::clone(&waiting) };
        let client = IpAddr::from([10, 0, 0, 2]);
        let shown = |screen: &mut Screen| {
            screen.rows(&[]);
            waiting.lock().unwrap().clone()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut waits = pin!(consent.wait(client, Duration::from_mins(1)));
            assert!(poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx).is_pending())).await);
            assert_eq!(shown(&mut screen), [client]);
            consent.allow(client);
            assert!(waits.await);
        });
        assert_eq!(shown(&mut screen), [] as [IpAddr; 0]);
    }

    #[test]
    fn the_watch_ends_with_the_recording() {
        let watched = watched(&[1]);
        let Watched { store, mut follower, wakes, _dir } = watched;
        store.inbox().push(0, Event::Finished(exchange(2, State::Done)));
        store.close().unwrap();
        follower.watch().unwrap();
        let told = wakes.try_iter().find_map(|wake| match wake {
            Wake::Changed(changed) => changed.take().0.first().map(|row| row.id.0),
            _ => None,
        });
        assert_eq!(told, Some(2));
    }
}
