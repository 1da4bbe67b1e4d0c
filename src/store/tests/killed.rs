//! `kill -9` at full speed, over and over into one capture whose segments begin, are packed and go all the while.
//!
//! The process is this test binary again: [`child`] does nothing unless it is told where to record.
//! `HOPSCOPE_TEST_ROUNDS=20` makes it twenty rounds.

use super::super::{samples, segment};
use super::{all_of, finish, listen, live, settings, stored};
use crate::config;
use crate::exchange::{Event, ExchangeId, State};
use crate::store::writer::Rhythm;
use crate::store::{Reader, Store};
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Names the capture that a child records.
const WHERE: &str = "HOPSCOPE_TEST_KILLED_CAPTURE";
/// Exchanges on their way to the disk at most: more would be dropped at some point.
const AHEAD: u64 = 2_000;

/// Segments of some 300 exchanges, packed at once.
fn small() -> config::Capture {
    config::Capture { segment: 1 << 20, ..settings() }
}

fn open(path: &Path) -> Store {
    Store::open_with(path, &small(), 2, Rhythm { seal: Duration::ZERO, ..Rhythm::default() }).unwrap()
}

#[test]
fn child() {
    let Some(path) = std::env::var_os(WHERE) else { return };
    let store = open(Path::new(&path));
    let told = listen(&store);
    let ended = thread::spawn(|| io::stdin().read_to_end(&mut Vec::new()));
    writeln!(io::stdout(), "ready").unwrap();
    let (mut next, mut written) = (store.next_exchange(), store.next_exchange());
    while !ended.is_finished() {
        for id in next..next + 100 {
            if id % 10 == 0 {
                store.inbox().push(0, Event::Opened(samples::open(id)));
            }
            finish(&store, &live(samples::exchange(id)));
        }
        next += 100;
        while next > written + AHEAD && !ended.is_finished() {
            let rows = told.lock().unwrap().drain(..).filter(|row| row.state == State::Done).count();
            written += rows as u64;
            thread::yield_now();
        }
    }
}

struct Killed(Child);

impl Killed {
    fn start(path: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "store::tests::killed::child", "--nocapture", "--test-threads=1"]);
        command.env(WHERE, path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")));
        Self(process)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What was listed until some segments more were packed, and a moment longer.
fn listed(path: &Path, moment: Duration) -> BTreeSet<u64> {
    let (mut reader, mut seen) = (Reader::open(path).unwrap(), BTreeSet::new());
    let packed = || segment::list(path).unwrap().iter().filter(|name| name.generation > 0).count();
    let (before, begun) = (packed(), Instant::now());
    let mut until = None;
    while until.is_none_or(|until| Instant::now() < until) {
        assert!(begun.elapsed() < Duration::from_mins(2), "nothing is packed");
        if packed() >= before + 2 {
            until.get_or_insert_with(|| Instant::now() + moment);
        }
        if reader.changed().unwrap() {
            let after = seen.last().copied().unwrap_or(0);
            seen.extend(reader.ids_after(ExchangeId(after), 5_000).unwrap().into_iter().map(|id| id.0));
        }
    }
    seen
}

fn assert_whole(path: &Path, seen: &BTreeSet<u64>, round: usize) {
    let reader = Reader::open(path).unwrap();
    let there: BTreeSet<u64> =
        reader.ids_after(ExchangeId(0), usize::MAX).unwrap().into_iter().map(|id| id.0).collect();
    let lost: Vec<_> = seen.difference(&there).collect();
    assert!(lost.is_empty(), "round {round}: {} lost of {}, {:?}", lost.len(), seen.len(), lost.first());
    for id in seen.iter().copied().step_by(97) {
        let exchange = stored(&reader, id);
        if exchange.summary.state == State::Done {
            assert_eq!(all_of(&exchange), all_of(&samples::exchange(id)), "round {round}");
        }
    }
    for name in segment::list(path).unwrap() {
        let db = rusqlite::Connection::open(name.file(path)).unwrap();
        let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "round {round}: {name}");
    }
}

#[test]
fn kill_9_while_segments_begin_and_are_packed_loses_nothing_that_was_listed() {
    let rounds =
        std::env::var("HOPSCOPE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("killed.hop");
    let mut seen = BTreeSet::new();
    for round in 0..rounds {
        let killed = Killed::start(&path);
        // Another moment of what goes on each time.
        seen.extend(listed(&path, Duration::from_millis(round as u64 * 37 % 200)));
        drop(killed);
        assert_whole(&path, &seen, round);
    }
    let store = open(&path);
    assert!(store.next_exchange() > *seen.last().unwrap());
    store.close().unwrap();
    assert_whole(&path, &seen, rounds);
    let stray = std::fs::read_dir(&path).unwrap().flatten().map(|entry| entry.file_name());
    let stray: Vec<_> = stray.filter(|name| name.to_string_lossy().contains(segment::NEW)).collect();
    assert!(stray.is_empty(), "{stray:?}");
}
