//! SIGINT, SIGTERM and SIGHUP, without unsafe code: tokio's handlers on a small runtime of this thread.
//!
//! A SIGHUP that was ignored when we were started stays ignored: so `nohup hopscope serve` outlives
//! its terminal.

use std::io;
use std::thread;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Handlers that are in place from [`Signals::listen`] on: from then a signal no longer ends the process, and
/// one that comes while nobody waits is kept for whoever waits next.
pub(super) struct Signals {
    runtime: Runtime,
    listening: Listening,
}

/// Which signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
    /// The terminal is gone.
    Hangup,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Self::with(!is_hangup_ignored())
    }

    /// The same for a command that is of no use without its terminal: a hangup always reaches it.
    pub(super) fn listen_on_terminal() -> io::Result<Self> {
        Self::with(true)
    }

    fn with(hangup: bool) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listening = runtime.block_on(async { Listening::new(hangup) })?;
        Ok(Self { runtime, listening })
    }

    /// Waits for the first signal.
    pub(super) fn wait(&mut self) -> Signal {
        self.runtime.block_on(self.listening.next())
    }

    /// Runs `work` on a thread of its own; `None` when an interrupt came before its end.
    pub(super) fn until_interrupt<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let (done, mut result) = oneshot::channel();
        thread::Builder::new().name("drain".to_owned()).spawn(move || done.send(work()).ok())?;
        self.runtime.block_on(async {
            loop {
                tokio::select! {
                    value = &mut result => return Ok(value.ok()),
                    signal = self.listening.next() => {
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
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
        mut on: impl FnMut(Signal),
    ) -> io::Result<Option<T>> {
        let (done, mut result) = oneshot::channel();
        thread::Builder::new().name("command".to_owned()).spawn(move || done.send(work()).ok())?;
        self.runtime.block_on(async {
            loop {
                tokio::select! {
                    value = &mut result => return Ok(value.ok()),
                    signal = self.listening.next() => on(signal),
                }
            }
        })
    }
}

#[cfg(unix)]
struct Listening {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Listening {
    fn new(hangup: bool) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: hangup.then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) -> Signal {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = hangup => Signal::Hangup,
        }
    }
}

/// Whether this process was started with SIGHUP ignored, where the system has a file that tells.
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status))
}

/// Reads the mask of ignored signals (proc(5)): SIGHUP is number 1, the lowest bit.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Listening;

#[cfg(not(unix))]
impl Listening {
    fn new(_hangup: bool) -> io::Result<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen_in_the_mask_of_ignored_signals() {
        assert!(ignores_hangup("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
