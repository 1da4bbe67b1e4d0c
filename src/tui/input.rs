//! The thread that reads the person's keys, and how it is made to stand back.
//!
//! It blocks in a read of the terminal, so that an idle interface is woken by nothing. A program that
//! gets the terminal for a while must get all that is typed, so the thread is stopped for that time: a
//! SIGWINCH to ourselves ends its read with an event, and before the next read it waits to be let on.

use super::source::Wake;
use crossterm::event;
use std::io;
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The thread stands back within this time, or something is wrong.
const LONGEST: Duration = Duration::from_secs(2);

/// The thread that reads keys.
pub struct Input {
    gate: Arc<Gate>,
}

struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// It is to stand back before its next read.
    Asked,
    /// It stands back.
    Back,
    /// It has ended: the terminal or the interface is gone.
    Ended,
}

impl Input {
    /// Starts it; what the person does comes over the channel.
    pub fn start(sender: Sender<Wake>) -> io::Result<Self> {
        let gate = Arc::new(Gate { state: Mutex::new(State::Reading), changed: Condvar::new() });
        let own = Arc::clone(&gate);
        thread::Builder::new().name("keys".to_owned()).spawn(move || {
            read(&own, &sender);
            own.set(State::Ended);
        })?;
        Ok(Self { gate })
    }

    /// Returns once nothing more is read from the terminal, until [`Input::go_on`].
    pub fn stand_back(&self) -> io::Result<()> {
        if !self.gate.ask() {
            return Ok(());
        }
        let nudge = format!("kill -WINCH {}", std::process::id());
        Command::new("sh").args(["-c", &nudge]).stdin(Stdio::null()).status()?;
        if self.gate.is_back_within(LONGEST) {
            return Ok(());
        }
        self.go_on();
        Err(io::Error::new(io::ErrorKind::TimedOut, "the keyboard is still being read"))
    }

    /// Lets it read again.
    pub fn go_on(&self) {
        self.gate.let_on();
    }
}

/// Reads until the channel or the terminal is gone.
fn read(gate: &Gate, sender: &Sender<Wake>) {
    loop {
        gate.pass();
        let Ok(event) = event::read() else { break };
        if sender.send(Wake::Input(event)).is_err() {
            return;
        }
    }
    // Without a terminal nobody could ever quit.
    let _ = sender.send(Wake::Stop);
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.lock() = state;
        self.changed.notify_all();
    }

    /// Asks the thread to stand back; false when it has ended.
    fn ask(&self) -> bool {
        let mut state = self.lock();
        if *state != State::Ended {
            *state = State::Asked;
        }
        *state == State::Asked
    }

    fn is_back_within(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |state| *state == State::Asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0 != State::Asked
    }

    fn let_on(&self) {
        let mut state = self.lock();
        if *state != State::Ended {
            *state = State::Reading;
        }
        self.changed.notify_all();
    }

    /// Before each read: stands back while that is asked for.
    fn pass(&self) {
        let mut state = self.lock();
        if *state == State::Asked {
            *state = State::Back;
            self.changed.notify_all();
        }
        drop(self.changed.wait_while(state, |state| *state == State::Back));
    }
}
