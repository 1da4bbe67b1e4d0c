//! The writer's cost, by hand:
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo test --lib store::tests::measure -- --ignored --nocapture`

use super::super::samples;
use super::{eventually, listen, place};
use crate::exchange::{Event, Live};
use crate::store::Store;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// CPU time that a thread of this process has used (Linux), microseconds.
fn cpu(thread: &str) -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let named = tasks
        .map(|task| task.path())
        .find(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == thread));
    let times = fs::read_to_string(named.unwrap().join("schedstat")).unwrap();
    times.split(' ').next().unwrap().parse::<f64>().unwrap() / 1000.0
}

#[test]
#[ignore = "a measurement, run by hand"]
fn microseconds_of_writer_cpu_an_exchange() {
    const EXCHANGES: u64 = 200_000;
    for (name, burst, pause) in
        [("flat out", 4096, Duration::ZERO), ("10,000/s", 50, Duration::from_millis(5))]
    {
        let (_dir, path) = place();
        let store = Store::open(&path, &super::settings(), 2).unwrap();
        let told = listen(&store);
        let inbox = store.inbox();
        let exchanges = if pause.is_zero() { EXCHANGES } else { EXCHANGES / 8 };
        let (before, begun, mut pushing) = (cpu("store-writer"), Instant::now(), Duration::ZERO);
        let mut id = 0;
        while id < exchanges {
            let lives: Vec<_> =
                (0..burst).map(|more| Arc::new(Live::new(samples::exchange(id + more + 1)))).collect();
            let pushed = Instant::now();
            for live in lives {
                inbox.push(0, Event::Opened(Arc::clone(&live)));
                inbox.push(0, Event::Finished(live));
            }
            pushing += pushed.elapsed();
            id += burst;
            if pause.is_zero() {
                eventually("the rows", || (told.lock().unwrap().len() as u64 >= id).then_some(()));
            } else {
                std::thread::sleep(pause);
            }
        }
        eventually("the rows", || (told.lock().unwrap().len() as u64 >= id).then_some(()));
        let (used, took) = (cpu("store-writer") - before, begun.elapsed());
        assert_eq!(inbox.losses(), crate::store::Losses::default());
        let disk: u64 =
            ["000001.db", "000001.db-wal"].map(|f| fs::metadata(path.join(f)).unwrap().len()).iter().sum();
        println!(
            "{name}: {:.1} us of writer CPU an exchange, {:.2} us to push it, {:.0} exchanges/s, {} B/exchange",
            used / id as f64,
            pushing.as_secs_f64() * 1e6 / id as f64,
            id as f64 / took.as_secs_f64(),
            disk / id
        );
        store.close().unwrap();
    }
}
