//! What remains after `kill -9`, and who may read the files, tried with a process of its own.
//!
//! The process is this test binary again: [`child`] does nothing unless it is told where to record.

use super::super::samples;
use super::{eventually, listen, live, open, stored};
use crate::exchange::{Body, BodyPlace, Event, ExchangeId, Side, State};
use crate::store::{Reader, Store};
use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Names the capture that a child records.
const WHERE: &str = "HOPSCOPE_TEST_CHILD_CAPTURE";
/// Exchanges that a child finishes for each line it is sent.
const BATCH: u64 = 100;
/// The bar is 250 ms; the rest is for a test machine that does six things at once.
const SETTLED: Duration = Duration::from_millis(1500);

#[test]
fn child() {
    let Some(path) = std::env::var_os(WHERE) else { return };
    let store = super::open_early(Path::new(&path));
    let say = |line: String| {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    };
    begin_a_large_body(&store);
    let told = listen(&store);
    say("ready".to_owned());
    let (mut next, mut committed) = (2, 0);
    for line in io::stdin().lock().lines() {
        if line.unwrap() == "end" {
            break;
        }
        for id in next..next + BATCH {
            store.inbox().push(0, Event::Opened(samples::open(id)));
            store.inbox().push(0, Event::Finished(live(samples::exchange(id))));
        }
        next += BATCH;
        say(format!("finished {}", next - 1));
        // Full load, but not so much that records are dropped: that is another test's matter.
        eventually("the writer", || {
            for row in told.lock().unwrap().drain(..).filter(|row| row.state == State::Done) {
                committed += 1;
                say(format!("committed {}", row.id.0));
            }
            (committed + 20 * BATCH > next).then_some(())
        });
    }
    store.close().unwrap();
}

/// Exchange 1 stays open with three bytes of its body on disk.
fn begin_a_large_body(store: &Store) {
    let exchange = samples::open(1);
    exchange.lock().response_body = Body { length: 3, place: BodyPlace::Arriving, ..Body::default() };
    store.inbox().push(1, Event::Opened(exchange));
    assert!(store.inbox().try_reserve(3));
    store.inbox().body_block(ExchangeId(1), Side::Origin, b"abc".to_vec());
    let reader = Reader::open(store.path()).unwrap();
    eventually("its row and its file", || {
        let row = reader.exchange(ExchangeId(1)).unwrap()?;
        let bytes = io::read_to_string(reader.body(&row, Side::Origin).ok()?).ok()?;
        (bytes == "abc").then_some(())
    });
}

struct Recorder {
    process: Child,
    orders: ChildStdin,
    says: mpsc::Receiver<String>,
}

impl Recorder {
    fn start(mut command: Command, path: &Path) -> Self {
        command.args(["--exact", "store::tests::crash::child", "--nocapture", "--test-threads=1"]);
        command.env(WHERE, path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, says) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let orders = process.stdin.take().unwrap();
        let recorder = Self { process, orders, says };
        recorder.hear("ready");
        recorder
    }

    /// Waits for a line that begins so; libtest's own lines pass.
    fn hear(&self, wanted: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let line = self.says.recv_timeout(Duration::from_mins(1)).expect(wanted);
            let found = line.contains(wanted);
            before.push(line);
            if found {
                return before;
            }
        }
    }

    fn order(&mut self, line: &str) {
        writeln!(self.orders, "{line}").unwrap();
    }
}

fn this_binary() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

fn number(line: &str, word: &str) -> Option<u64> {
    line.split_once(word)?.1.trim().parse().ok()
}

#[test]
fn kill_9_under_load_loses_nothing_that_was_seen_or_had_settled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("killed.hop");
    let mut recorder = Recorder::start(this_binary(), &path);
    let reader = Reader::open(&path).unwrap();
    let mut must_be_there = HashSet::new();
    let mut finished = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < SETTLED * 2 {
        recorder.order("go");
        for line in recorder.hear("finished") {
            must_be_there.extend(number(&line, "committed "));
            finished.extend(number(&line, "finished ").map(|last| (Instant::now(), last)));
        }
        must_be_there.extend(reader.newest(50).unwrap().iter().map(|row| row.id.0));
    }
    recorder.order("go");
    recorder.process.kill().unwrap();
    let killed = Instant::now();
    recorder.process.wait().unwrap();
    must_be_there.extend(recorder.says.iter().filter_map(|line| number(&line, "committed ")));
    let settled =
        finished.iter().filter(|(at, _)| killed - *at > SETTLED).map(|(_, last)| *last).max().unwrap();
    must_be_there.extend(1..=settled);
    drop(reader);
    let before_the_sweep = Reader::open(&path).unwrap().count().unwrap();

    let store = open(&path);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.count().unwrap(), before_the_sweep, "a reader needs no writer to recover");
    let there: HashSet<_> =
        reader.ids_after(ExchangeId(0), usize::MAX).unwrap().into_iter().map(|id| id.0).collect();
    let lost: Vec<_> = must_be_there.difference(&there).collect();
    assert!(lost.is_empty(), "{} lost of {}", lost.len(), must_be_there.len());
    let newest = there.iter().max().copied().unwrap();
    assert_eq!(store.next_exchange(), newest + 1);
    let cut = stored(&reader, 1);
    assert_eq!((cut.summary.state, cut.response_body.kept), (State::Aborted, 3));
    assert_eq!(io::read_to_string(reader.body(&cut, Side::Origin).unwrap()).unwrap(), "abc");
    assert!((2..=settled).all(|id| stored(&reader, id).summary.state == State::Done));
    store.close().unwrap();
    let db = rusqlite::Connection::open(path.join("000001.db")).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

#[cfg(unix)]
#[test]
fn nothing_is_readable_by_others_whatever_the_umask() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("private.hop");
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let mut recorder = Recorder::start(shell, &path);
    recorder.order("go");
    recorder.hear("finished");
    let seen = modes_of(&path);
    assert!(
        seen.iter().any(|(name, _)| name.ends_with("-wal"))
            && seen.iter().any(|(name, _)| name == "1.origin")
    );
    recorder.order("end");
    recorder.process.wait().unwrap();
    for (name, mode) in seen.into_iter().chain(modes_of(&path)) {
        let wanted = if mode & 0o40_000 == 0 { 0o600 } else { 0o700 };
        assert_eq!(mode & 0o777, wanted, "{name}");
    }
}

/// Every file and folder below a path with its mode.
#[cfg(unix)]
fn modes_of(path: &Path) -> Vec<(String, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let meta = fs::metadata(path).unwrap();
    let mut modes = vec![(name, meta.permissions().mode())];
    if meta.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            modes.extend(modes_of(&entry.unwrap().path()));
        }
    }
    modes
}
