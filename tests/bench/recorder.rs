//! What recording costs: an exchange with four heads and a body of 1 KiB, on the thread that
//! relays it and on the store's writer, beside a bare copy of the same bytes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod measure;
mod messages;

use bytes::Bytes;
use hopscope::config::Capture;
use hopscope::exchange::{ConnectionId, Side};
use hopscope::recorder::{BodyTee, Recorder};
use hopscope::store::{Inbox, Store, StoreError};
use measure::micros;
use messages::{REQUEST, RESPONSE};
use std::error::Error;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

const BODY: [u8; 1024] = [b'x'; 1024];
/// Exchanges recorded before waiting for the writer.
const BURST: u64 = 2_000;
const BURSTS: u64 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let settings = Capture::default();
    let store = Store::open(&folder.path().join("capture"), &settings, 1)?;
    let finished = Arc::new(Finished::default());
    let telling = Arc::clone(&finished);
    store.subscribe(Box::new(move |rows| {
        telling.add(rows.iter().filter(|row| row.duration.is_some()).count() as u64);
    }));
    let recorder = Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings);
    // The first burst makes the capture's files and lets the writer's thread come up.
    record_burst(&recorder, &finished);
    let (before, begun) = (writer_cpu(), Instant::now());
    let bursts = (0..BURSTS).map(|_| record_burst(&recorder, &finished));
    let caller = bursts.min().unwrap_or_default().as_secs_f64() * 1e6 / BURST as f64;
    let (writer, took) = (writer_cpu().zip(before), begun.elapsed());
    report(caller, writer.map(|(after, before)| after.saturating_sub(before)), took);
    end(store)
}

/// Time that a burst takes on this thread. Waits for the writer, which does not count.
fn record_burst(recorder: &Recorder, finished: &Finished) -> Duration {
    let begun = Instant::now();
    for _ in 0..BURST {
        record(recorder);
    }
    let took = begun.elapsed();
    finished.wait_for_burst();
    took
}

/// What the relay tells the recorder about one exchange.
fn record(recorder: &Recorder) {
    let recording = recorder.begin(Instant::now(), "127.0.0.1:50000", ConnectionId(1));
    let copy = |head: &[u8]| Some(Bytes::copy_from_slice(head));
    recording.note(|exchange| {
        "GET".clone_into(&mut exchange.summary.method);
        "example.org".clone_into(&mut exchange.summary.host);
        "/a/b/c?d=e&f=g".clone_into(&mut exchange.summary.path);
        exchange.heads.request_received = copy(REQUEST);
    });
    recording.open();
    recording.note(|exchange| exchange.heads.request_sent = copy(REQUEST));
    recording.note(|exchange| {
        exchange.summary.status = Some(200);
        exchange.heads.response_received = copy(RESPONSE);
    });
    recording.answered();
    recording.note(|exchange| exchange.heads.response_sent = copy(RESPONSE));
    let mut context = Context::from_waker(Waker::noop());
    let mut tee = BodyTee::new(recording.clone(), Side::Origin);
    // Never pending: a body of 1 KiB fits the record.
    let _ = tee.poll_copy(&mut context, &BODY);
    let _ = tee.poll_complete(&mut context, &None);
    recording.complete();
}

fn report(caller: f64, writer: Option<Duration>, took: Duration) {
    let exchanges = (BURST * BURSTS) as f64;
    let bare = micros(20_000, || [REQUEST, REQUEST, RESPONSE, RESPONSE, &BODY].concat());
    let times = |micros: f64| format!("{:.1} times a bare copy", micros / bare);
    println!("calling thread  {caller:>7.3} µs an exchange, {}", times(caller));
    match writer.map(|cpu| cpu.as_secs_f64() * 1e6 / exchanges) {
        Some(writer) => println!("writer thread   {writer:>7.3} µs an exchange, {}", times(writer)),
        None => println!("writer thread   unknown: this system does not tell its processor time"),
    }
    println!("bare copy       {bare:>7.3} µs");
    println!("both            {:>7.0} exchanges/s", exchanges / took.as_secs_f64());
}

fn end(store: Store) -> Result<(), Box<dyn Error>> {
    let inbox: Arc<Inbox> = store.inbox();
    println!("lost            {:>7}", inbox.losses().records);
    store.close().map_err(|error: StoreError| error.into())
}

/// Processor time of the store's writer so far (Linux).
fn writer_cpu() -> Option<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?.flatten().map(|task| task.path());
    let named = |task: &std::path::PathBuf| {
        std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "store-writer")
    };
    let times = std::fs::read_to_string(tasks.into_iter().find(named)?.join("schedstat")).ok()?;
    times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// How many exchanges of a burst the writer has finished.
#[derive(Default)]
struct Finished {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Finished {
    fn add(&self, more: u64) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += more;
        self.changed.notify_all();
    }

    fn wait_for_burst(&self) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_while(count, |count| *count < BURST);
        *waited.unwrap_or_else(PoisonError::into_inner) -= BURST;
    }
}
