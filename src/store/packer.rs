//! The thread that writes sealed segments anew: packed, or thinned out to what outlives retention. It takes half
//! a processor, one segment after the other, and gives up when the recording ends.
//!
//! It makes files that no reader takes yet; the writer puts them in their place ([`super::rotation`]), so that
//! what it wrote meanwhile is not lost.

use super::bodies::{self, body_file};
use super::error::StoreError;
use super::packing::{self, Keep, Undone, Written};
use super::reader::Reader;
use super::segment::Name;
use rusqlite::Connection;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The longest rest between two stretches of work: then it is looked whether to go on.
const REST: Duration = Duration::from_millis(20);

/// The thread.
#[derive(Debug)]
pub(super) struct Packer {
    orders: Option<Sender<Order>>,
    done: Receiver<Done>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What it is to do.
#[derive(Debug)]
enum Order {
    /// Write a segment anew.
    Write(Name, Keep),
    /// Close a segment: what is in its log goes into it, which takes its time.
    Close(Connection),
    /// Remove these large bodies, as far as nothing refers to them any more; without a list all such.
    Sweep(Option<Vec<[u8; 32]>>),
}

/// What was done.
#[derive(Debug)]
pub(super) enum Done {
    /// A segment was written anew, or could not be.
    Written(Anew),
    /// So many bytes of large bodies are gone.
    Swept(u64),
}

/// A segment written anew.
#[derive(Debug)]
pub(super) struct Anew {
    pub(super) name: Name,
    pub(super) keep: Keep,
    /// What is in the new file, or why there is none.
    pub(super) written: Result<Written, StoreError>,
}

impl Packer {
    /// Starts it; `wake` is called when something is done.
    pub(super) fn start(capture: &Path, wake: impl Fn() + Send + 'static) -> Result<Self, StoreError> {
        let (orders, work) = mpsc::channel();
        let (tell, done) = mpsc::channel();
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, folder) = (Arc::clone(&stopped), capture.to_owned());
        let work = move || {
            for order in work {
                let mut pace = Pace::new(&stop);
                let done = match order {
                    Order::Close(db) => {
                        drop(db);
                        continue;
                    }
                    Order::Write(name, keep) => write(&folder, name, keep, &mut pace),
                    Order::Sweep(hashes) => {
                        let hashes = hashes.unwrap_or_else(|| bodies::hashes(&folder));
                        // What cannot be removed now stays: no more than some bytes.
                        Some(Done::Swept(sweep(&folder, &hashes, &mut || pace.goes_on()).unwrap_or_default()))
                    }
                };
                if stop.load(Relaxed) || done.is_some_and(|done| tell.send(done).is_err()) {
                    return;
                }
                wake();
            }
        };
        let thread = spawn(work).map_err(StoreError::io("start a thread for", capture))?;
        Ok(Self { orders: Some(orders), done, stopped, thread: Some(thread) })
    }

    /// Has a segment written anew, after those asked for before.
    pub(super) fn write(&self, name: Name, keep: Keep) {
        self.order(Order::Write(name, keep));
    }

    /// Has large bodies removed, as far as nothing refers to them: these, or all such.
    pub(super) fn sweep(&self, hashes: Option<Vec<[u8; 32]>>) {
        self.order(Order::Sweep(hashes));
    }

    /// Has a segment closed.
    pub(super) fn close(&self, db: Connection) {
        self.order(Order::Close(db));
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // Fails only once the thread has given up, at the end.
            let _ = orders.send(order);
        }
    }

    /// What is done by now, once each.
    pub(super) fn done(&self) -> Option<Done> {
        self.done.try_recv().ok()
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        self.stopped.store(true, Relaxed);
        self.orders = None;
        // A panic of it was told where it happened.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn write(capture: &Path, name: Name, keep: Keep, pace: &mut Pace<'_>) -> Option<Done> {
    if keep == Keep::Marked
        && let Ok(Some(freed)) = packing::all_of_it_goes(capture, name)
    {
        return Some(Done::Written(Anew { name, keep, written: Ok(Written { exchanges: 0, freed }) }));
    }
    match packing::write_anew(capture, name, keep, &mut |_| pace.goes_on()) {
        Ok(written) => Some(Done::Written(Anew { name, keep, written: Ok(written) })),
        Err(Undone::GivenUp) => None,
        // A full disk, mostly: the segment stays as it is, and is taken up again later.
        Err(Undone::Failed(error)) => Some(Done::Written(Anew { name, keep, written: Err(error) })),
    }
}

/// A body may be referred to again at any moment. So it is put aside first: a row that was committed before is
/// found then, and whoever commits one later sees that the file is missing, and has its bytes still.
pub(super) fn sweep(
    capture: &Path,
    hashes: &[[u8; 32]],
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<u64, StoreError> {
    let reader = Reader::open(capture)?;
    let mut freed = 0;
    for hash in hashes {
        if !goes_on() {
            break;
        }
        let file = body_file(capture, hash);
        let aside = file.with_extension(bodies::LEAVING);
        if reader.refers_to(hash)? || fs::rename(&file, &aside).is_err() {
            continue;
        }
        if reader.refers_to(hash)? {
            fs::rename(&aside, &file).map_err(StoreError::io("name", &file))?;
        } else {
            freed += fs::metadata(&aside).map_or(0, |meta| meta.len());
            fs::remove_file(&aside).map_err(StoreError::io("remove", &aside))?;
        }
    }
    Ok(freed)
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("store-packer".to_owned()).spawn(work)
}

/// As much rest as work.
struct Pace<'s> {
    stopped: &'s AtomicBool,
    worked_since: Instant,
}

impl<'s> Pace<'s> {
    fn new(stopped: &'s AtomicBool) -> Self {
        Self { stopped, worked_since: Instant::now() }
    }

    fn goes_on(&mut self) -> bool {
        thread::sleep(self.worked_since.elapsed().min(REST));
        self.worked_since = Instant::now();
        !self.stopped.load(Relaxed)
    }
}
