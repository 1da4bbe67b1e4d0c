//! A shard that has just been busy stays awake a moment and looks for more before it sleeps.
//!
//! A thread that sleeps is woken by whoever sends to it, and where both run on virtual processors that costs more than
//! the rest of a hop: a bare relay adds 156 µs to a round trip asleep, and 44 µs awake (two processors, loopback).
//!
//! ```text
//!   nothing to do ──> was the last wait brief? ── no ──> sleep ── woken ──> it was brief, or not
//!                          │ yes                                                   ▲
//!                          └──> look, again and again, letting others run ─────────┘
//!                               until something comes, or the window is over: not brief
//! ```
//!
//! So it costs a window's length where a row of quick answers ends, and nothing where peers are slower than that.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// A wait that is shorter is brief: no longer than a peer on the same machine takes to answer.
const WINDOW: Duration = Duration::from_micros(100);

/// What is saved by not having slept when something comes.
const SAVED: Duration = Duration::from_micros(40);
/// What is reckoned of it: to have saved much long ago is no reason.
const MOST_SAVED: Duration = Duration::from_millis(10);
/// To have been away for so long while others ran: they want the processor.
const AWAY: Duration = Duration::from_micros(20);
/// Where that took more than was saved, it sleeps for so many times as long, for who sleeps is let
/// in before who works on; who only stands aside waits for a turn.
const REST: u32 = 50;

thread_local! {
    static SHARD: Waits = const { Waits::new() };
}

/// Something came from a peer to the thread that calls: a connection, or bytes.
pub fn came() {
    SHARD.with(|waits| waits.came.set(waits.came.get().wrapping_add(1)));
}

/// Has a shard's runtime ask before it sleeps. It needs [`before_sleep`] among its tasks.
pub fn watch(runtime: &mut Builder) -> &mut Builder {
    runtime
        .on_thread_park(|| SHARD.with(|waits| waits.idle(Instant::now())))
        .on_thread_unpark(|| SHARD.with(|waits| waits.woken(Instant::now())))
}

/// Looks for more whenever the runtime of the thread is about to sleep and the last wait was brief.
pub async fn before_sleep() {
    loop {
        poll_fn(|cx| SHARD.with(|waits| waits.poll_idle(cx.waker()))).await;
        let looked = look().await;
        SHARD.with(|waits| waits.looked(looked));
    }
}

/// How it ended to look for more.
#[derive(Clone, Copy)]
struct Looked {
    /// Whether something came.
    found: bool,
    /// For how long others had the processor at last …
    away: Duration,
    /// … until when.
    at: Instant,
}

async fn look() -> Looked {
    let before = SHARD.with(|waits| waits.came.get());
    let begun = Instant::now();
    let (mut at, mut away) = (begun, Duration::ZERO);
    loop {
        // The runtime asks the system what is ready, without waiting, before this goes on.
        tokio::task::yield_now().await;
        let found = SHARD.with(|waits| waits.came.get()) != before;
        if found || away >= AWAY || at.saturating_duration_since(begun) >= WINDOW {
            return Looked { found, away, at };
        }
        // Whoever is to answer may need this very processor.
        std::thread::yield_now();
        let now = Instant::now();
        (at, away) = (now, now.saturating_duration_since(at));
    }
}

/// What a thread knows of its waits.
struct Waits {
    /// How often something came.
    came: Cell<u64>,
    /// Whether the last wait was.
    brief: Cell<bool>,
    /// Since when it sleeps.
    asleep: Cell<Option<Instant>>,
    /// What was saved, less the time that others took.
    saved: Cell<Duration>,
    /// Until when it rather sleeps.
    rests: Cell<Option<Instant>>,
    /// Whether somebody is to look.
    asked: Cell<bool>,
    /// Who looks.
    waker: RefCell<Option<Waker>>,
}

impl Waits {
    const fn new() -> Self {
        Self {
            came: Cell::new(0),
            brief: Cell::new(false),
            asleep: Cell::new(None),
            saved: Cell::new(Duration::ZERO),
            rests: Cell::new(None),
            asked: Cell::new(false),
            waker: RefCell::new(None),
        }
    }

    /// There is nothing to do: a task that is woken here keeps the runtime from sleeping.
    fn idle(&self, now: Instant) {
        let rests = self.rests.get().is_some_and(|until| now < until);
        let looks = self.brief.get() && !rests;
        if let Some(waker) = looks.then(|| self.waker.take()).flatten() {
            self.asked.set(true);
            waker.wake();
        } else {
            self.asleep.set(Some(now));
        }
    }

    /// It does not sleep, or no longer.
    fn woken(&self, now: Instant) {
        if let Some(since) = self.asleep.take() {
            self.brief.set(now.saturating_duration_since(since) < WINDOW);
        }
    }

    fn looked(&self, Looked { found, away, at }: Looked) {
        self.brief.set(found);
        let saved = if found { (self.saved.get() + SAVED).min(MOST_SAVED) } else { self.saved.get() };
        // What came may have waited for all of that.
        let away = if away < AWAY { Duration::ZERO } else { away };
        if saved < away {
            self.rests.set(at.checked_add(away.saturating_mul(REST)));
        }
        self.saved.set(saved.saturating_sub(away));
    }

    fn poll_idle(&self, waker: &Waker) -> Poll<()> {
        if self.asked.replace(false) {
            return Poll::Ready(());
        }
        self.waker.replace(Some(waker.clone()));
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Whether it looks rather than sleeps, with nothing to do at this time.
    fn looks(waits: &Waits, now: Instant) -> bool {
        let _ = waits.poll_idle(Waker::noop());
        waits.idle(now);
        waits.poll_idle(Waker::noop()).is_ready()
    }

    #[test]
    fn it_sleeps_until_a_wait_was_brief_and_after_one_that_was_not() {
        let (waits, start) = (Waits::new(), Instant::now());
        let after = |micros| start + Duration::from_micros(micros);
        assert!(!looks(&waits, start));
        waits.woken(after(5000));
        assert!(!looks(&waits, after(5000)), "a long sleep");
        waits.woken(after(5099));
        assert!(looks(&waits, after(5100)), "a brief one");
        waits.woken(after(5100));
        assert!(looks(&waits, after(5200)), "what was found in time");
        waits.looked(Looked { found: false, away: Duration::ZERO, at: start });
        assert!(!looks(&waits, after(5300)), "nothing was found");
    }

    #[test]
    fn it_rests_where_others_want_the_processor_for_longer_than_it_saves() {
        let (waits, start) = (Waits::new(), Instant::now());
        let after = |micros| start + Duration::from_micros(micros);
        let found = |away| waits.looked(Looked { found: true, away: Duration::from_micros(away), at: start });
        (0..1000).for_each(|_| found(0));
        found(4000);
        found(4000);
        assert!(looks(&waits, after(0)), "it has saved as much");
        found(4000);
        assert!(!looks(&waits, after(199_999)), "it has not");
        assert!(looks(&waits, after(200_000)));
    }

    #[test]
    fn a_runtime_that_stays_awake_answers_and_ends() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let shard = std::thread::spawn(move || {
            let runtime = watch(Builder::new_current_thread().enable_all()).build().unwrap();
            runtime.block_on(async {
                let staying = tokio::spawn(before_sleep());
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let (mut peer, _) = listener.accept().await.unwrap();
                let mut byte = [0];
                while peer.read_exact(&mut byte).await.is_ok() {
                    came();
                    peer.write_all(&byte).await.unwrap();
                }
                staying.abort();
                SHARD.with(|waits| waits.came.get())
            })
        });
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.set_nodelay(true).unwrap();
        for round in 0..2000_u32 {
            let byte = [round.to_le_bytes()[0]];
            client.write_all(&byte).unwrap();
            let mut answer = [0];
            client.read_exact(&mut answer).unwrap();
            assert_eq!(answer, byte);
        }
        drop(client);
        assert_eq!(shard.join().unwrap(), 2000);
    }
}
