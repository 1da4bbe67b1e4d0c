//! What the wire sees of the store: buffers to put events into, and a budget for bodies.
//!
//! Nothing here blocks. Each shard has its own buffer behind its own lock, which the writer holds
//! only to swap it. The writer declares itself asleep before it looks at all buffers a last time; a
//! shard looks at that mark after it has let go of its lock. One of the two sees the other.
//!
//! **Giving way**: several shards and one writer have equal shares of a busy processor, and the shards would run
//! ahead until their buffers are full. A shard whose buffer grows yields now and then: on a processor that nobody
//! else wants it goes on at once, on a busy one the writer keeps up. It never waits.
//!
//! **The budget** counts body bytes that wait for the disk. *Reserve when handing over, not while
//! collecting*: a block before [`Inbox::body_block`], the inline bytes of both bodies before
//! [`Event::Finished`], the payloads before [`Event::Messages`]. What is reserved is then always on its way to the disk, so that waiting for
//! the budget ends, whatever the number of exchanges that are half way. The body writer releases a
//! block once it is written; the writer releases a finished exchange's inline bytes once committed.

use super::bodies::Job;
use super::budget::Budget;
use super::error::StoreError;
use super::under_way::UnderWay;
use crate::config::Pressure;
use crate::exchange::{BodyPlace, Event, Exchange, ExchangeId, Flags, Message, Note, Side, Truncation};
use serde::{Deserialize, Serialize};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{SendError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, Thread};
use std::time::Duration;

/// The writer is woken early at this many events in one shard's buffer …
const SWAP_EVENTS: usize = 1024;
/// … or at this many bytes.
const SWAP_BYTES: usize = 1024 * 1024;
/// With more events than this in its buffer a shard lets others on its processor go first: the writer has been
/// woken for them and has not come.
const GIVE_WAY: usize = 8 * SWAP_EVENTS;
/// It does so once in so many events: at each of them a yield is a third of what recording costs (measured: 19 us an
/// exchange against 15), and the writer's batches become small.
const GIVE_WAY_EVERY: usize = 16;
/// A shard's buffer holds no more events than this while the disk stalls …
const BOUND_EVENTS: usize = 65_536;
/// … nor more bytes.
const BOUND_BYTES: usize = 32 * 1024 * 1024;
/// Under `pressure = "block"` the wire is asked to wait at the bound, and this many times the bound
/// is the end even if it does not.
const BLOCK_FACTOR: usize = 4;

/// Takes what a body writer says at a body's end.
pub type Done = Box<dyn FnOnce(Result<[u8; 32], StoreError>) + Send>;

/// Told why nothing can be written, and by `None` that it is written again; must not block.
pub type OnTrouble = Box<dyn Fn(Option<&str>) + Send + Sync>;

/// Who is told of trouble.
#[derive(Default)]
struct Told(OnceLock<OnTrouble>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

/// The wire's side of the store.
#[derive(Debug)]
pub struct Inbox {
    shards: Box<[Mutex<Shard>]>,
    pressure: Pressure,
    budget: Budget,
    bodies: Sender<Job>,
    writer: OnceLock<Thread>,
    asleep: AtomicBool,
    closing: AtomicBool,
    closed: AtomicBool,
    full: AtomicBool,
    under_way: Arc<UnderWay>,
    lost: Lost,
    told: Told,
    /// Exchanges that are over and not on the disk yet.
    unwritten: AtomicU64,
    /// Bytes of large bodies that are new in the capture, until they are asked for.
    kept: AtomicU64,
    longest_commit: AtomicU64,
    most_queued: AtomicU64,
}

/// What could not be kept, since the store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Bodies cut short because the disk was too slow or failed.
    pub bodies: u64,
    /// Bytes missing from them.
    pub bytes: u64,
    /// Exchanges not recorded at all.
    pub records: u64,
    /// Messages within exchanges that were not recorded, or without their payload.
    pub messages: u64,
    /// Why nothing can be written at present; `None` when all is well.
    pub trouble: Option<String>,
}

/// How the writing goes, since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Microseconds that the longest commit took.
    pub longest_commit: u64,
    /// Events that wait for the writer at this moment.
    pub queued: u64,
    /// The most that one swap has brought.
    pub most_queued: u64,
}

#[derive(Debug, Default)]
struct Lost {
    bodies: AtomicU64,
    bytes: AtomicU64,
    records: AtomicU64,
    messages: AtomicU64,
    trouble: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Shard {
    events: Vec<Event>,
    bytes: usize,
    /// Finished exchanges that found no room since the last swap.
    dropped: u64,
}

/// What one swap brought.
#[derive(Debug, Default)]
pub(super) struct Swapped {
    pub(super) events: Vec<Event>,
    pub(super) dropped: u64,
}

impl Inbox {
    pub(super) fn new(shards: usize, pressure: Pressure, unsaved: usize, bodies: Sender<Job>) -> Self {
        Self {
            shards: (0..shards.max(1)).map(|_| Mutex::default()).collect(),
            pressure,
            budget: Budget::new(unsaved),
            bodies,
            writer: OnceLock::new(),
            asleep: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            full: AtomicBool::new(false),
            under_way: Arc::default(),
            lost: Lost::default(),
            told: Told::default(),
            unwritten: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            longest_commit: AtomicU64::new(0),
            most_queued: AtomicU64::new(0),
        }
    }

    /// Hands an event to the writer. Any `shard` number does; each thread that relays takes its own.
    /// Where the disk has stalled for so long that the buffer is full, the event is dropped and counted.
    /// Not to be called with the exchange locked.
    pub fn push(&self, shard: usize, event: Event) {
        if let Err(event) = self.offer(shard, event) {
            self.drop_event(shard, &event);
        }
    }

    /// Hands the mark of a person to the writer; the error says that it was not taken.
    pub fn flag(&self, ids: Vec<ExchangeId>, flag: Flags, on: bool) -> Result<(), StoreError> {
        self.of_a_person(Event::Flag { ids, flag, on })
    }

    /// The same with a note, or none.
    pub fn note(&self, id: ExchangeId, note: Option<Note>) -> Result<(), StoreError> {
        self.of_a_person(Event::Note { id, note })
    }

    fn of_a_person(&self, event: Event) -> Result<(), StoreError> {
        self.offer(0, event)
            .map_err(|_| if self.closed.load(SeqCst) { StoreError::Closed } else { StoreError::Behind })
    }

    /// Gives the event back where there is no room for it.
    fn offer(&self, shard: usize, event: Event) -> Result<(), Event> {
        let bytes = event_bytes(&event);
        let (wake, ahead) = {
            let mut buffer = lock(&self.shards[shard % self.shards.len()]);
            if self.closed.load(SeqCst) || !self.has_room(&buffer, bytes) {
                return Err(event);
            }
            if matches!(event, Event::Finished(_)) {
                self.unwritten.fetch_add(1, SeqCst);
            }
            let before = (buffer.events.len(), buffer.bytes);
            buffer.events.push(event);
            buffer.bytes += bytes;
            let wake = crossed(before.0, buffer.events.len(), SWAP_EVENTS)
                || crossed(before.1, buffer.bytes, SWAP_BYTES);
            let count = buffer.events.len();
            (wake, count > GIVE_WAY && count.is_multiple_of(GIVE_WAY_EVERY))
        };
        if wake || self.asleep.swap(false, SeqCst) {
            self.wake_writer();
        }
        if ahead {
            thread::yield_now();
        }
        Ok(())
    }

    /// Takes `bytes` from the budget of unsaved body bytes, if they are there. A piece larger than the
    /// whole budget passes when nothing else waits for the disk.
    #[must_use]
    pub fn try_reserve(&self, bytes: usize) -> bool {
        self.closed.load(SeqCst) || (!self.full.load(SeqCst) && self.budget.try_take(bytes))
    }

    /// The same, waiting: ready when reserved, else the waker is woken at the next release.
    /// `poll_reserve(cx, 0)` waits only while the event buffers are full, for a wire under
    /// `pressure = "block"` that is about to begin an exchange.
    pub fn poll_reserve(&self, cx: &mut Context<'_>, bytes: usize) -> Poll<()> {
        if self.budget.wait(cx.waker(), || self.try_reserve(bytes)) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Gives bytes back that were reserved and then not handed over.
    pub fn release(&self, bytes: usize) {
        self.budget.release(bytes);
    }

    /// Appends a block to a large body; its length has been reserved, and is released once it is
    /// written. Blocks of 256 KiB are best.
    pub fn body_block(&self, id: ExchangeId, side: Side, block: Vec<u8>) {
        if let Err(SendError(Job::Block { block, .. })) = self.bodies.send(Job::Block { id, side, block }) {
            self.release(block.len());
        }
    }

    /// A large body that is one block, with its length reserved: where the same bytes are kept already, they
    /// are not written again. `done` as with [`Inbox::body_end`].
    pub fn body_whole(&self, id: ExchangeId, side: Side, block: Vec<u8>, done: Done) {
        if let Err(SendError(Job::Whole { block, done, .. })) =
            self.bodies.send(Job::Whole { id, side, block, done })
        {
            self.release(block.len());
            done(Err(StoreError::Closed));
        }
    }

    /// Ends a large body. `done` gets its BLAKE3 on the body-writer thread, once the file bears that
    /// name; [`super::settle`] writes the outcome into the [`crate::exchange::Body`].
    pub fn body_end(&self, id: ExchangeId, side: Side, done: Done) {
        if let Err(SendError(Job::End { done, .. })) = self.bodies.send(Job::End { id, side, done }) {
            done(Err(StoreError::Closed));
        }
    }

    /// What could not be kept so far.
    #[must_use]
    pub fn losses(&self) -> Losses {
        Losses {
            bodies: self.lost.bodies.load(SeqCst),
            bytes: self.lost.bytes.load(SeqCst),
            records: self.lost.records.load(SeqCst),
            messages: self.lost.messages.load(SeqCst),
            trouble: lock(&self.lost.trouble).clone(),
        }
    }

    /// How the writing goes.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            longest_commit: self.longest_commit.load(SeqCst),
            queued: self.shards.iter().map(|shard| lock(shard).events.len() as u64).sum(),
            most_queued: self.most_queued.load(SeqCst),
        }
    }

    pub(super) fn count_commit(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.longest_commit.fetch_max(micros, SeqCst);
    }

    /// Counts messages that are not recorded, or without their payload.
    pub fn count_messages(&self, messages: u64) {
        self.lost.messages.fetch_add(messages, SeqCst);
    }

    /// An exchange under way as it stands at this moment; `None` before the writer has heard of it
    /// and once it is over. Costs the wire nothing but the time of one copy.
    #[must_use]
    pub fn live(&self, id: ExchangeId) -> Option<Exchange> {
        self.under_way.exchange(id)
    }

    pub(super) fn under_way(&self) -> Arc<UnderWay> {
        Arc::clone(&self.under_way)
    }

    /// What gives way when the disk is slower than the wire.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        self.pressure
    }

    /// Takes all events. The buffers' memory is handed over with them, so that a shard never waits
    /// for more than a swap of three words.
    pub(super) fn swap(&self) -> Swapped {
        let mut swapped = Swapped::default();
        for shard in &self.shards {
            let taken = mem::take(&mut *lock(shard));
            swapped.dropped += taken.dropped;
            if swapped.events.is_empty() {
                swapped.events = taken.events;
            } else {
                swapped.events.extend(taken.events);
            }
        }
        self.most_queued.fetch_max(swapped.events.len() as u64, SeqCst);
        if self.full.swap(false, SeqCst) {
            self.budget.wake_all();
        }
        swapped
    }

    /// Marks the writer as asleep; `false`, and awake again, when an event has come meanwhile.
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, SeqCst);
        let idle = self.shards.iter().all(|shard| lock(shard).events.is_empty()) && !self.is_closing();
        if !idle {
            self.wake_up();
        }
        idle
    }

    pub(super) fn wake_up(&self) {
        self.asleep.store(false, SeqCst);
    }

    pub(super) fn writer_is(&self, thread: Thread) {
        // There is one writer, and it says so once.
        let _ = self.writer.set(thread);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    /// Asks the body writer to end behind the jobs it has.
    pub(super) fn stop_bodies(&self) {
        // Gone already is as good.
        let _ = self.bodies.send(Job::Stop);
    }

    /// Asks the writer to drain the buffers and end.
    pub(super) fn stop_writer(&self) {
        self.closing.store(true, SeqCst);
        self.wake_writer();
    }

    /// From now on everything is dropped, and nobody waits.
    pub(super) fn shut(&self) {
        self.closed.store(true, SeqCst);
        self.budget.wake_all();
    }

    pub(super) fn count_body(&self, exchange: &Exchange) {
        for body in [&exchange.request_body, &exchange.response_body] {
            if matches!(body.truncated, Some(Truncation::Pressure | Truncation::Disk)) {
                self.lost.bodies.fetch_add(1, SeqCst);
                self.lost.bytes.fetch_add(body.length.saturating_sub(body.kept), SeqCst);
            }
        }
    }

    /// An exchange that was over is on the disk, or will never be: its bytes wait no more.
    pub(super) fn written(&self, exchange: &Exchange) {
        self.release(inline_bytes(exchange));
        self.unwritten.fetch_sub(1, SeqCst);
    }

    /// Exchanges that are over and not on the disk yet.
    pub(super) fn unwritten(&self) -> u64 {
        self.unwritten.load(SeqCst)
    }

    pub(super) fn count_kept(&self, bytes: u64) {
        self.kept.fetch_add(bytes, SeqCst);
    }

    /// Bytes of large bodies that are new since the last call.
    pub(super) fn take_kept(&self) -> u64 {
        self.kept.swap(0, SeqCst)
    }

    pub(super) fn count_lost(&self, records: u64) {
        self.lost.records.fetch_add(records, SeqCst);
    }

    pub(super) fn count_rescued(&self, records: u64) {
        let _ = self.lost.records.fetch_update(SeqCst, SeqCst, |lost| Some(lost.saturating_sub(records)));
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        let before = std::mem::replace(&mut *lock(&self.lost.trouble), trouble);
        let now = lock(&self.lost.trouble).clone();
        if before.is_some() != now.is_some()
            && let Some(told) = self.told.0.get()
        {
            told(now.as_deref());
        }
    }

    /// Who is told when nothing can be written, and when it is again; the first who asks.
    pub fn on_trouble(&self, told: OnTrouble) {
        // Whoever comes later asks for the losses.
        let _ = self.told.0.set(told);
    }

    pub(super) fn wake_writer(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Near the bound a blocking wire is asked to wait; at the bound there is no room.
    fn has_room(&self, buffer: &Shard, bytes: usize) -> bool {
        let over = |factor: usize| {
            buffer.events.len() >= BOUND_EVENTS * factor || buffer.bytes + bytes > BOUND_BYTES * factor
        };
        match self.pressure {
            Pressure::Drop => !over(1),
            Pressure::Block => {
                if over(1) {
                    self.full.store(true, SeqCst);
                }
                !over(BLOCK_FACTOR)
            }
        }
    }

    fn drop_event(&self, shard: usize, event: &Event) {
        match event {
            Event::Finished(live) => {
                self.release(inline_bytes(&live.lock()));
                self.count_lost(1);
                lock(&self.shards[shard % self.shards.len()]).dropped += 1;
            }
            Event::Messages { messages, .. } => {
                self.release(payload_bytes(messages));
                self.count_messages(messages.len() as u64);
            }
            _ => {}
        }
    }
}

/// Bytes of both bodies that lie in the record itself.
pub(super) fn inline_bytes(exchange: &Exchange) -> usize {
    let inline = |place: &BodyPlace| if let BodyPlace::Inline(bytes) = place { bytes.len() } else { 0 };
    inline(&exchange.request_body.place) + inline(&exchange.response_body.place)
}

/// Bytes of messages that lie in memory until they are written.
pub(super) fn payload_bytes(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.payload.len()).sum()
}

/// A lock whose holder panicked guards data that is whole nonetheless: every section here is a few moves.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn crossed(before: usize, after: usize, mark: usize) -> bool {
    before < mark && after >= mark
}

/// What an event weighs in a buffer, roughly.
fn event_bytes(event: &Event) -> usize {
    let live = match event {
        Event::Finished(live) => live,
        Event::Messages { messages, .. } => {
            let words: usize = messages.iter().map(|message| message.says.len()).sum();
            return 64 + messages.len() * size_of::<Message>() + words + payload_bytes(messages);
        }
        Event::Note { note, .. } => return 256 + note.as_ref().map_or(0, |note| note.as_str().len()),
        Event::Flag { ids, .. } => return 64 + ids.len() * size_of::<ExchangeId>(),
        _ => return 256,
    };
    let exchange = live.lock();
    let heads = &exchange.heads;
    let head = |head: &Option<bytes::Bytes>| head.as_ref().map_or(0, bytes::Bytes::len);
    512 + inline_bytes(&exchange)
        + head(&heads.request_received)
        + head(&heads.request_sent)
        + head(&heads.response_received)
        + head(&heads.response_sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct Woken(AtomicU64);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn inbox(pressure: Pressure) -> (Inbox, mpsc::Receiver<Job>) {
        let (jobs, receiver) = mpsc::channel();
        (Inbox::new(2, pressure, 1000, jobs), receiver)
    }

    #[test]
    fn the_budget_is_bounded_and_a_release_wakes_who_waits() {
        let (inbox, _jobs) = inbox(Pressure::Drop);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        assert!(inbox.try_reserve(700));
        assert!(!inbox.try_reserve(301));
        assert_eq!(inbox.poll_reserve(&mut cx, 301), Poll::Pending);
        assert_eq!(inbox.poll_reserve(&mut cx, 301), Poll::Pending, "polled twice, waiting once");
        inbox.release(700);
        assert_eq!(woken.0.load(SeqCst), 1);
        assert_eq!(inbox.poll_reserve(&mut cx, 301), Poll::Ready(()));
    }

    #[test]
    fn a_piece_larger_than_the_budget_passes_alone() {
        let (inbox, _jobs) = inbox(Pressure::Drop);
        assert!(inbox.try_reserve(5000));
        assert!(!inbox.try_reserve(1));
        inbox.release(5000);
        assert!(inbox.try_reserve(1));
    }

    #[test]
    fn a_stalled_writer_makes_buffers_full_not_endless() {
        let (inbox, _jobs) = inbox(Pressure::Drop);
        for _ in 0..BOUND_EVENTS + 10 {
            inbox.push(0, super::super::samples::finished(1));
        }
        let swapped = inbox.swap();
        assert!(swapped.events.len() <= BOUND_EVENTS);
        assert_eq!(swapped.dropped, (BOUND_EVENTS + 10 - swapped.events.len()) as u64);
        assert_eq!(inbox.losses().records, swapped.dropped);
    }

    #[test]
    fn under_block_a_full_buffer_makes_the_wire_wait_until_the_swap() {
        let (inbox, _jobs) = inbox(Pressure::Block);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        assert_eq!(inbox.poll_reserve(&mut cx, 0), Poll::Ready(()));
        let mut pushed = 0;
        while inbox.poll_reserve(&mut cx, 0).is_ready() {
            inbox.push(1, super::super::samples::finished(1));
            pushed += 1;
        }
        let swapped = inbox.swap();
        assert_eq!((swapped.events.len(), swapped.dropped), (pushed, 0));
        assert_eq!(woken.0.load(SeqCst), 1);
        assert_eq!(inbox.poll_reserve(&mut cx, 0), Poll::Ready(()));
    }

    #[test]
    fn a_closed_store_takes_nothing_and_lets_nobody_wait() {
        let (inbox, jobs) = inbox(Pressure::Block);
        drop(jobs);
        inbox.shut();
        inbox.push(0, super::super::samples::finished(1));
        assert!(inbox.swap().events.is_empty());
        assert!(inbox.try_reserve(usize::MAX));
        let (told, hears) = mpsc::channel();
        inbox.body_end(ExchangeId(1), Side::Client, Box::new(move |end| told.send(end.is_err()).unwrap()));
        assert!(hears.recv().unwrap());
    }
}
