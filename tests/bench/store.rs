//! The store at work: exchanges with four heads of a browser and 1 KB bodies recorded as fast as they can be,
//! then questions to that capture from this process while another one records 20,000 a second into it.
//!
//! `cargo bench --bench store -- 1000000` says how many (100,000 otherwise). Needs about 4 GB a million where
//! temporary files lie (`TMPDIR`).

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod traffic;
mod usage;

use hopscope::config::Capture;
use hopscope::exchange::ExchangeId;
use hopscope::query::Query;
use hopscope::recorder::Recorder;
use hopscope::store::{Reader, Search, Store};
use std::error::Error;
use std::io::{BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use traffic::{RARE_BODY, RARE_HEADER, Traffic};
use usage::{cpu_of, cpu_of_all, peak_mib};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Threads that record, as a proxy on two cores has.
const SHARDS: usize = 2;
/// Exchanges under way to the disk at most: more would be dropped at some point.
const AHEAD: u64 = 8_192;
/// Exchanges between two looks at how far the disk is.
const LOOK: u64 = 256;
/// What the other process records meanwhile.
const RATE: u64 = 20_000;
/// Rows of a page.
const PAGE: usize = 50;

fn main() -> Outcome {
    // For a body that finds no room: it waits a moment.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let _inside = runtime.enter();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["feed", path, rate] => feed(Path::new(path), rate.parse()?),
        ["ask", path] => ask(Path::new(path)),
        [] => all(100_000),
        [count] => all(count.parse()?),
        _ => Err("cargo bench --bench store -- [EXCHANGES]".into()),
    }
}

fn all(count: u64) -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bench.hop");
    record(&path, count)?;
    let mut feeder = Feeder::start(&path)?;
    // In a process of its own: what it reads is not in this one's memory.
    let asked = Command::new(std::env::current_exe()?).arg("ask").arg(&path).status()?;
    println!("{}", feeder.end()?);
    packed(&path)?;
    if asked.success() { Ok(()) } else { Err("the questions failed".into()) }
}

/// As fast as it goes.
fn record(path: &Path, count: u64) -> Outcome {
    let settings = Capture { retain_bytes: u64::MAX, ..Capture::default() };
    let store = Store::open(path, &settings, SHARDS)?;
    let recorder = Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings);
    let traffic = Traffic::new();
    let (cpu, writer, begun) = (cpu_of_all(), cpu_of("store-writer"), Instant::now());
    thread::scope(|scope| -> Outcome {
        let shard = |shard: usize| {
            let (recorder, traffic) = (recorder.for_shard(shard), &traffic);
            let runtime = tokio::runtime::Handle::current();
            move || -> Outcome {
                let _inside = runtime.enter();
                let reader = Reader::open(path)?;
                for done in 0..count / SHARDS as u64 {
                    if done.is_multiple_of(LOOK) {
                        wait_for_disk(&reader, (done * SHARDS as u64).saturating_sub(AHEAD))?;
                    }
                    traffic.record(&recorder);
                }
                Ok(())
            }
        };
        let threads: Vec<_> = (0..SHARDS).map(|number| scope.spawn(shard(number))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    let inbox = store.inbox();
    let reader = Reader::open(path)?;
    wait_for_disk(&reader, count / SHARDS as u64 * SHARDS as u64)?;
    let took = begun.elapsed().as_secs_f64();
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / count as f64;
    println!("recorded        {count:>9} exchanges, {:.0}/s", count as f64 / took);
    println!(
        "processor       {:>9.1} µs an exchange in all, {:.1} of the writer",
        each(cpu_of_all().saturating_sub(cpu)),
        each(cpu_of("store-writer").saturating_sub(writer))
    );
    println!(
        "memory          {:>9.0} MiB at most, {:.0} of them the traffic's own",
        peak_mib(),
        traffic.mib()
    );
    println!("lost            {:>9}", inbox.losses().records);
    println!("longest commit  {:>9.1} ms", inbox.figures().longest_commit as f64 / 1e3);
    store.close()?;
    println!("on disk         {:>9} B an exchange", usage::size(path)? / count.max(1));
    Ok(())
}

fn wait_for_disk(reader: &Reader, number: u64) -> Outcome {
    while number > 0 && reader.newest(1)?.first().is_none_or(|row| row.id.0 < number) {
        thread::sleep(Duration::from_micros(500));
    }
    Ok(())
}

/// What it comes to once all of it is packed.
fn packed(path: &Path) -> Outcome {
    let begun = Instant::now();
    hopscope::store::pack(path, &mut |_, _| {})?;
    let count = Reader::open(path)?.count()?;
    println!(
        "packed          {:>9} B an exchange, of {count}, the rest of them within {:.1} s",
        usage::size(path)? / count.max(1),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Another process that records at a steady rate until its stdin is closed.
struct Feeder(Child);

impl Feeder {
    fn start(path: &Path) -> Outcome<Self> {
        let program: PathBuf = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(["feed".as_ref(), path.as_os_str(), RATE.to_string().as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = [0; 6];
        child.stdout.as_mut().ok_or("no stdout")?.read_exact(&mut said)?;
        Ok(Self(child))
    }

    fn end(&mut self) -> Outcome<String> {
        drop(self.0.stdin.take());
        let mut says = String::new();
        self.0.stdout.as_mut().ok_or("no stdout")?.read_to_string(&mut says)?;
        self.0.wait()?;
        Ok(says.trim().to_owned())
    }
}

fn feed(path: &Path, rate: u64) -> Outcome {
    let settings = Capture { retain_bytes: u64::MAX, ..Capture::default() };
    let store = Store::open(path, &settings, 1)?;
    let recorder = Recorder::new(store.inbox(), store.next_exchange(), store.next_connection(), &settings);
    let traffic = Traffic::new();
    let end = thread::spawn(|| std::io::stdin().lock().lines().count());
    let (begun, mut done) = (Instant::now(), 0);
    while !end.is_finished() {
        while Duration::from_micros(done * 1_000_000 / rate.max(1)) < begun.elapsed() {
            traffic.record(&recorder);
            done += 1;
        }
        if done > rate && done < rate + rate / 100 {
            let mut out = std::io::stdout().lock();
            out.write_all(b"ready\n")?;
            out.flush()?;
            done += rate / 100;
        }
        thread::sleep(Duration::from_millis(2));
    }
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    let wal = std::fs::read_dir(path)?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with("-wal"));
    let wal: u64 = wal.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum();
    let inbox = store.inbox();
    println!(
        "meanwhile       {rate:>9.0} exchanges/s came in, {} lost, WAL {:.1} MiB, longest commit {:.0} ms, {} queued at most",
        inbox.losses().records,
        wal as f64 / 1_048_576.0,
        inbox.figures().longest_commit as f64 / 1e3,
        inbox.figures().most_queued
    );
    store.close()?;
    Ok(())
}

fn ask(path: &Path) -> Outcome {
    let begun = Instant::now();
    let reader = Reader::open(path)?;
    println!("opened          {:>9.2} ms", millis(begun));
    let mut newest: Vec<f64> = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        assert_eq!(reader.newest(PAGE)?.len(), PAGE);
        newest.push(millis(begun));
        thread::sleep(Duration::from_millis(5));
    }
    newest.sort_by(f64::total_cmp);
    println!("newest page     {:>9.2} ms, {:.2} at most of 200 (bar 5)", newest[100], newest[199]);
    look_for(path, "host:api-7.example.com status:5xx", "bars 20, 200")?;
    look_for(path, &format!("header:{RARE_HEADER}"), "bars 100, 2000")?;
    look_for(path, &format!("body:{RARE_BODY}"), "bar 100 for the first")?;
    look_for(path, "url~/orders\\/12[0-9]{3}7\\?/", "bar 500 for all")?;
    look_for(path, "header:nowhere-at-all", "bar 2000")?;
    give_up(path)
}

/// Best and worst of some rounds, as others work on this machine too.
fn look_for(path: &Path, filter: &str, bars: &str) -> Outcome {
    let query = Query::of(filter);
    let mut rounds = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let mut search = Search::start(path, &query, None)?;
        let reader = Reader::open(path)?;
        let (mut ids, mut first, mut page) = (Vec::new(), None, None);
        loop {
            let found = search.wait(Duration::from_millis(100))?;
            ids.extend(found.ids.iter().copied());
            if !ids.is_empty() {
                first.get_or_insert_with(|| millis(begun));
            }
            if page.is_none() && (ids.len() >= PAGE || found.is_over()) {
                reader.summaries_of(ids.get(..PAGE).unwrap_or(&ids))?;
                page = Some(millis(begun));
            }
            if found.is_over() {
                break;
            }
        }
        let all = millis(begun);
        rounds.push((first.unwrap_or(all), page.unwrap_or(all), all, ids.len()));
    }
    let shown = |of: fn(&(f64, f64, f64, usize)) -> f64| {
        let mut times: Vec<f64> = rounds.iter().map(of).collect();
        times.sort_by(f64::total_cmp);
        format!("{:.1} ({:.1})", times[times.len() / 2], times[times.len() - 1])
    };
    let found = rounds.last().map_or(0, |round| round.3);
    println!(
        "{filter}\n                first {} ms, page {} ms, all {found} {} ms; {bars}; median (worst) of 5",
        shown(|round| round.0),
        shown(|round| round.1),
        shown(|round| round.2)
    );
    Ok(())
}

/// How soon both threads of a search are free again once nobody wants it.
fn give_up(path: &Path) -> Outcome {
    let searching = || usage::threads("search");
    let mut worst: f64 = 0.0;
    for _ in 0..20 {
        let mut search =
            Search::start(path, &Query::of("body:nowhere-at-all"), Some(ExchangeId(u64::MAX >> 1)))?;
        search.wait(Duration::from_millis(30))?;
        let begun = Instant::now();
        drop(search);
        while searching() > 0 {
            thread::yield_now();
        }
        worst = worst.max(millis(begun));
    }
    println!("given up        {worst:>9.2} ms at most of 20 (bar 16)");
    Ok(())
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}
