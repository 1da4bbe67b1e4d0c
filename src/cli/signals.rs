//! SIGINT and SIGTERM, without unsafe code: tokio's handlers on a small runtime of this thread.

use std::io;
use std::thread;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Handlers that are in place from [`Signals::listen`] on: from then a signal no longer ends the process.
pub(super) struct Signals {
    runtime: Runtime,
}

/// Which signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let signals = Self { runtime };
        // Registers the handlers now: once registered they stay for the life of the process.
        signals.runtime.block_on(async { Listening::new().map(drop) })?;
        Ok(signals)
    }

    /// Waits for the first signal.
    pub(super) fn wait(&self) -> io::Result<Signal> {
        self.runtime.block_on(async { Ok(Listening::new()?.next().await) })
    }

    /// Runs `work` on a thread of its own; `None` when an interrupt came before its end.
    pub(super) fn until_interrupt<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let (done, mut result) = oneshot::channel();
        thread::Builder::new().name("drain".to_owned()).spawn(move || done.send(work()).ok())?;
        self.runtime.block_on(async {
            let mut listening = Listening::new()?;
            loop {
                tokio::select! {
                    value = &mut result => return Ok(value.ok()),
                    signal = listening.next() => {
                        if signal == Signal::Interrupt {
                            return Ok(None);
                        }
                    }
                }
            }
        })
    }

    /// Runs `work` on a thread of its own and hands each signal that comes meanwhile to `on`.
    pub(super) fn while_running<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        mut on: impl FnMut(Signal),
    ) -> io::Result<Option<T>> {
        let (done, mut result) = oneshot::channel();
        thread::Builder::new().name("command".to_owned()).spawn(move || done.send(work()).ok())?;
        self.runtime.block_on(async {
            let mut listening = Listening::new()?;
            loop {
                tokio::select! {
                    value = &mut result => return Ok(value.ok()),
                    signal = listening.next() => on(signal),
                }
            }
        })
    }
}

#[cfg(unix)]
struct Listening {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listening {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Listening;

#[cfg(not(unix))]
impl Listening {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        // An error means that no handler could be set: then nothing will ever come.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
