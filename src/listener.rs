//! Accepting clients: bind, spread over shards, bound their number, drain at the end.
//!
//! Each shard is a thread with a runtime of its own and accepts from the same sockets, so a
//! connection never changes threads and nothing is handed over.

use crate::awake;
use crate::ca::Interceptor;
use crate::config::Settings;
use crate::connection;
use crate::forward::{Consent, Guests, Learned, Shard};
use crate::recorder::Recorder;
use crate::upstream::{OriginTls, Pool};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Wait after an accept that failed for want of something (descriptors, memory), which the end
/// of other connections brings back.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Why the proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("{address} is taken")]
    Taken {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// A thread or runtime could not be made.
    #[error("cannot start a worker thread")]
    Thread(#[source] io::Error),
}

/// The proxy at work.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    drain: CancellationToken,
    workers: Vec<Worker>,
    threads: Vec<JoinHandle<()>>,
    learned: Arc<Learned>,
    consent: Arc<Consent>,
}

/// A shard at work, to which other threads can give something to do.
#[derive(Clone, Debug)]
pub struct Worker {
    shard: Arc<Shard>,
    runtime: Handle,
    tasks: TaskTracker,
}

impl Worker {
    /// The shard.
    #[must_use]
    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    /// Runs a task on the shard's own thread, to be waited for when draining; false when it is stopping.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let works = !self.shard.drain.is_cancelled();
        if works {
            self.tasks.spawn_on(task, &self.runtime);
        }
        works
    }
}

impl Running {
    /// Where it listens, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Its shards.
    #[must_use]
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// What refusals of our certificate have taught.
    #[must_use]
    pub fn learned(&self) -> &Arc<Learned> {
        &self.learned
    }

    /// Neighbours that wait to be let in, or were.
    #[must_use]
    pub fn consent(&self) -> &Arc<Consent> {
        &self.consent
    }

    /// Stops accepting, lets exchanges finish within `limits.drain_timeout`, and ends.
    pub fn drain(self) {
        self.drain.cancel();
        for thread in self.threads {
            // A shard that panicked has said so on stderr; the others still drain.
            let _ = thread.join();
        }
    }
}

/// How many shards this machine runs.
#[must_use]
pub fn shards() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Binds all addresses of the settings; clients are accepted from [`start`] on.
pub fn bind(settings: &Settings) -> Result<Vec<TcpListener>, StartError> {
    settings.listen.iter().map(|address| bind_one(*address)).collect()
}

/// Starts the shards on bound sockets.
pub fn start(
    settings: &Arc<Settings>,
    sockets: &[TcpListener],
    recorder: &Recorder,
    interceptor: Option<&Arc<Interceptor>>,
    tls: &Arc<OriginTls>,
) -> Result<Running, StartError> {
    let addresses: Vec<SocketAddr> = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
    let known = Arc::new(OnceLock::from(addresses.clone()));
    let drain = CancellationToken::new();
    let limits = &settings.limits;
    let room = Arc::new(Semaphore::new(limits.connections));
    let guests = Arc::new(Guests::new(limits.client_connections, limits.wrong_credentials));
    let rules = &settings.intercept;
    let learned = Arc::new(Learned::new(rules.learn, rules.learn_after, rules.learn_for));
    let consent = Arc::new(Consent::default());
    let (mut threads, mut workers) = (Vec::new(), Vec::new());
    for number in 0..shards() {
        let shard = Arc::new(Shard {
            settings: Arc::clone(settings),
            recorder: recorder.for_shard(number),
            pool: Pool::new(settings.limits.pool, settings.limits.pool_idle),
            tls: Arc::clone(tls),
            interceptor: interceptor.cloned(),
            addresses: Arc::clone(&known),
            guests: Arc::clone(&guests),
            learned: Arc::clone(&learned),
            consent: Arc::clone(&consent),
            drain: drain.clone(),
        });
        let sockets = sockets.iter().map(TcpListener::try_clone).collect::<Result<_, _>>();
        let runtime = runtime().map_err(StartError::Thread)?;
        let (sockets, room) = (sockets.map_err(StartError::Thread)?, Arc::clone(&room));
        let tasks = TaskTracker::new();
        let runtime_handle = runtime.handle().clone();
        workers.push(Worker { shard: Arc::clone(&shard), runtime: runtime_handle, tasks: tasks.clone() });
        let run = move || run(&runtime, &shard, sockets, &room, &tasks);
        let thread = std::thread::Builder::new().name(format!("shard-{number}")).spawn(run);
        threads.push(thread.map_err(StartError::Thread)?);
    }
    Ok(Running { addresses, drain, workers, threads, learned, consent })
}

fn bind_one(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).and_then(|socket| {
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken { address },
        _ => StartError::Bind { address, source },
    })
}

fn runtime() -> io::Result<Runtime> {
    awake::watch(&mut tokio::runtime::Builder::new_current_thread())
        .enable_all()
        .max_blocking_threads(16)
        .build()
}

/// One shard's life.
fn run(
    runtime: &Runtime,
    shard: &Arc<Shard>,
    sockets: Vec<TcpListener>,
    room: &Arc<Semaphore>,
    connections: &TaskTracker,
) {
    runtime.block_on(async {
        let staying = tokio::spawn(awake::before_sleep());
        let sweeper = tokio::spawn(sweep(Arc::clone(shard)));
        let accepting: Vec<_> = sockets
            .into_iter()
            .map(|socket| {
                tokio::spawn(accept(Arc::clone(shard), socket, Arc::clone(room), connections.clone()))
            })
            .collect();
        shard.drain.cancelled().await;
        for task in accepting {
            let _ = task.await;
        }
        connections.close();
        let _ = tokio::time::timeout(shard.settings.limits.drain_timeout, connections.wait()).await;
        sweeper.abort();
        staying.abort();
    });
}

/// Accepts until drained. Over `limits.connections`, clients wait in the system's queue; one that has as
/// many as `limits.client_connections` is turned away.
async fn accept(shard: Arc<Shard>, socket: TcpListener, room: Arc<Semaphore>, connections: TaskTracker) {
    let Ok(listener) = tokio::net::TcpListener::from_std(socket) else { return };
    loop {
        let next = async {
            if room.available_permits() == 0 && shard.guests.tells_full() {
                connection::note_full(&shard);
            }
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (listener.accept().await.inspect(|_| awake::came()), permit)
        };
        let (accepted, permit) = tokio::select! {
            biased;
            () = shard.drain.cancelled() => return,
            next = next => next,
        };
        match accepted {
            Ok((tcp, peer)) => match shard.guests.enter(peer.ip()) {
                Ok(visit) => {
                    let serve = connection::serve(Arc::clone(&shard), tcp, peer);
                    connections.spawn(async move {
                        serve.await;
                        drop((permit, visit));
                    });
                }
                Err(crowded) => {
                    let answer = connection::turn_away(Arc::clone(&shard), tcp, peer, crowded);
                    connections.spawn(async move {
                        answer.await;
                        drop(permit);
                    });
                }
            },
            Err(_) => tokio::time::sleep(BACK_OFF).await,
        }
    }
}

/// Closes pooled connections whose time is up; sleeps without waking while the pool is empty.
async fn sweep(shard: Arc<Shard>) {
    loop {
        match shard.pool.sweep() {
            Some(next) => tokio::time::sleep_until(next.into()).await,
            None => shard.pool.filled().await,
        }
    }
}
