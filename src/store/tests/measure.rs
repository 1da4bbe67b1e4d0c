//! The writer's cost, by hand:
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo test --lib store::tests::measure -- --ignored --nocapture`

use super::super::samples;
use super::{eventually, listen, place};
use crate::exchange::{Event, ExchangeId, Live, Side};
use crate::store::Store;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// CPU time that a thread of this process has used (Linux), microseconds.
fn cpu(thread: &str) -> f64 {
    let named = eventually("the thread's name", || {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let is_it =
            |task: &PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == thread);
        tasks.map(|task| task.path()).find(is_it)
    });
    let times = fs::read_to_string(named.join("schedstat")).unwrap();
    times.split(' ').next().unwrap().parse::<f64>().unwrap() / 1000.0
}

#[test]
#[ignore = "a measurement, run by hand"]
#[expect(clippy::print_stderr, reason = "its outcome is for who runs it")]
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
        eprintln!(
            "{name}: {:.1} us of writer CPU an exchange, {:.2} us to push it, {:.0} exchanges/s, {} B/exchange",
            used / id as f64,
            pushing.as_secs_f64() * 1e6 / id as f64,
            id as f64 / took.as_secs_f64(),
            disk / id
        );
        store.close().unwrap();
    }
}

#[test]
#[ignore = "a measurement, run by hand"]
#[expect(clippy::print_stderr, reason = "its outcome is for who runs it")]
fn a_gibibyte_of_body_and_then_idleness() {
    let (_dir, path) = place();
    let store = Store::open(&path, &super::settings(), 2).unwrap();
    let (inbox, begun, before) = (store.inbox(), Instant::now(), cpu("store-bodies"));
    for number in 0..4096_u32 {
        let mut block = vec![7; 256 * 1024];
        block[..4].copy_from_slice(&number.to_le_bytes());
        eventually("room", || inbox.try_reserve(block.len()).then_some(()));
        inbox.body_block(ExchangeId(1), Side::Origin, block);
    }
    let (told, hears) = mpsc::channel();
    inbox.body_end(ExchangeId(1), Side::Origin, Box::new(move |end| told.send(end.is_ok()).unwrap()));
    assert!(hears.recv().unwrap());
    let took = begun.elapsed().as_secs_f64();
    eprintln!("{:.0} MiB/s, {:.2} s of CPU a GiB", 1024.0 / took, (cpu("store-bodies") - before) / 1e6);
    let before = cpu("store-writer") + cpu("store-bodies");
    std::thread::sleep(Duration::from_secs(2));
    eprintln!("idle: {:.0} us of CPU in 2 s", cpu("store-writer") + cpu("store-bodies") - before);
    store.close().unwrap();
}
