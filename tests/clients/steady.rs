//! Connections that come and go: what they take of memory and descriptors is given back, or used again.

use super::serving::Serving;
use crate::support::client::{DEADLINE, Peer};
use crate::support::origin::Origin;
use std::io::Write as _;
use std::thread;
use std::time::Instant;

/// Connections of a round, each with an exchange that is recorded: more than the store's cache holds.
const ROUND: usize = 3_000;
/// Octets of an answer.
const ANSWER: usize = 1_500;
/// At once.
const CLIENTS: usize = 4;
/// KiB by which resident memory may differ behind a round from behind the one before it.
const GROWTH: usize = 2 << 10;
/// Rounds until it must be so: on a busy machine more may wait for the disk in the second than in the first, but
/// what a connection leaves behind for good it leaves in each.
const ROUNDS: usize = 6;

/// What the proxy holds.
#[derive(Debug)]
struct Held {
    /// KiB of memory that are resident.
    resident: usize,
    descriptors: usize,
}

impl Held {
    fn by(proxy: &Serving) -> Self {
        let process = format!("/proc/{}", proxy.pid());
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Self {
            resident: line.trim().trim_end_matches(" kB").parse().unwrap(),
            descriptors: std::fs::read_dir(format!("{process}/fd")).unwrap().count(),
        }
    }
}

/// One exchange a connection, until all of them are in the capture.
fn round(proxy: &Serving, origin: &Origin, number: usize) -> Held {
    let target = format!("http://{}/{number}", origin.address());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..ROUND / CLIENTS {
                    let mut client = Peer::connect(proxy.address());
                    client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
                    assert!(client.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\n"));
                }
            });
        }
    });
    proxy.rows(&target, ROUND, |row| row["url"] == target.as_str());
    Held::by(proxy)
}

#[test]
#[cfg(target_os = "linux")]
fn another_round_of_connections_takes_no_more_than_the_one_before() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {ANSWER}\r\n\r\n{}", "x".repeat(ANSWER));
    let origin = Origin::start(move |peer, _| {
        while !peer.read_up_to(1).is_empty() {
            peer.read_head();
            peer.send(&answer);
        }
    });
    let proxy = Serving::start(&[]);
    let mut rounds = vec![round(&proxy, &origin, 1)];
    let steady = |rounds: &[Held]| match rounds {
        [.., before, last] => last.resident < before.resident + GROWTH,
        _ => false,
    };
    while !steady(&rounds) {
        assert!(rounds.len() < ROUNDS, "each takes more: {rounds:?}");
        rounds.push(round(&proxy, &origin, rounds.len() + 1));
    }
    eprintln!("{rounds:?}");
    let (first, Some(mut last)) = (rounds.remove(0), rounds.pop()) else { return };
    // The last to close are closed on our side a moment later; of the connections to the origin so many may be kept.
    let began = Instant::now();
    while last.descriptors > first.descriptors + CLIENTS {
        assert!(began.elapsed() < DEADLINE, "{first:?}, then {last:?}");
        last = Held::by(&proxy);
    }
}

/// Clients that ask for much and read nothing.
const SLOW: usize = 100;
/// Octets of what they ask for: more than lies in the system's buffers.
const MUCH: usize = 16 << 20;
/// KiB that all of them make the proxy hold, at least.
const HELD: usize = 40 << 10;
/// KiB of which may stay: code that was not there before, and the store's cache.
const BEHIND: usize = 20 << 10;

#[test]
#[cfg(all(target_os = "linux", feature = "jemalloc"))]
fn what_slow_readers_made_the_proxy_hold_is_given_back() {
    let origin = Origin::start(|peer, _| {
        peer.read_head();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n"));
        // Nobody reads it to its end.
        let _ = peer.tcp().write_all(&vec![b'x'; MUCH]);
    });
    let proxy = Serving::start(&[]);
    let before = Held::by(&proxy).resident;
    let slow: Vec<_> = (0..SLOW)
        .map(|_| {
            let mut client = Peer::connect(proxy.address());
            client.send(format!("GET http://{}/ HTTP/1.1\r\nHost: a\r\n\r\n", origin.address()));
            client
        })
        .collect();
    let until = |is: &dyn Fn(usize) -> bool| {
        let began = Instant::now();
        while !is(Held::by(&proxy).resident) {
            assert!(began.elapsed() < DEADLINE, "from {before} KiB to {:?}", Held::by(&proxy));
            thread::yield_now();
        }
    };
    until(&|resident| resident > before + HELD);
    drop(slow);
    until(&|resident| resident < before + BEHIND);
}
