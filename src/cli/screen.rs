//! `hopscope` alone: the proxy and the list in this terminal.

use super::again::Sender;
use super::args::{ProxyFlags, ScreenFlags};
use super::browse::{Browse, Mark};
use super::exit::{Exit, Halt, Outcome};
use super::plan::Plan;
use super::session::Session;
use super::signals::{Signal, Signals};
use crate::config::Settings;
use crate::store::Reader;
use crate::tui::{self, Changes, Keymap, Setup, Status, Wake};
use std::io::IsTerminal as _;
use std::sync::mpsc;
use std::time::Instant;

/// Runs until the person quits or a signal comes.
pub(super) fn run(flags: &ProxyFlags, screen: &ScreenFlags) -> Outcome {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Halt::new(Exit::Usage, "no terminal: use hopscope serve"));
    }
    let plan = Plan::public(flags)?;
    let setup = setup(&plan.settings, screen)?;
    let mut signals = Signals::listen_on_terminal()?;
    let wakes = mpsc::channel();
    let (stop, changes) = (wakes.0.clone(), Changes::new(wakes.0.clone()));
    let marked = changes.clone();
    let session = Session::start(&plan, Some(Box::new(move |rows| changes.tell(rows))))?;
    session.engine.on_marks(Box::new(move |rows| marked.tell(rows)));
    let source = Box::new(source(&session, plan.settings.replay.confirm)?);
    let shown = signals.while_running(
        move || tui::run(source, wakes, setup),
        // Fails only when the interface has already ended.
        move |signal| drop(stop.send(wake(signal))),
    )?;
    // The terminal is a shell's again: an interrupt ends what is still under way.
    if signals.until_interrupt(move || session.drain())?.is_none() {
        return Err(Halt::new(Exit::Interrupted, "interrupted: what was under way is cut off"));
    }
    match shown {
        Some(Ok(())) => Ok(Exit::Ok),
        Some(Err(error)) => Err(Halt::new(Exit::Failed, format!("the terminal was lost: {error}"))),
        None => Err(Halt::new(Exit::Failed, "the interface ended unexpectedly; the capture is whole")),
    }
}

/// How the interface is to be, by settings and flags.
pub(super) fn setup(settings: &Settings, flags: &ScreenFlags) -> Result<Setup, Halt> {
    let keymap = Keymap::new(&settings.keys)?;
    Ok(Setup { keymap, mouse: settings.screen.mouse && !flags.no_mouse, panics: flags.demo_panic })
}

/// What a signal says to the interface.
pub(super) fn wake(signal: Signal) -> Wake {
    match signal {
        Signal::Interrupt => Wake::Interrupt(Instant::now()),
        Signal::Terminate | Signal::Hangup => Wake::Stop,
    }
}

/// The capture that this process records.
fn source(session: &Session, confirm: bool) -> anyhow::Result<Browse> {
    let engine = &session.engine;
    let name = |path: &std::path::Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let status = Status {
        listening: engine.addresses().to_vec(),
        capture: engine.capture().and_then(name),
        recording: true,
        ca: Some(session.authority.path().to_owned()),
        replays_unasked: !confirm,
        ..Status::default()
    };
    let (losses, inbox, waiting) = (engine.losses(), engine.inbox(), engine.waiting());
    let status = move || {
        let losses = losses();
        Status {
            cut_bodies: losses.bodies,
            lost_records: losses.records,
            cut_messages: losses.messages,
            trouble: losses.trouble,
            waiting: waiting(),
            ..status.clone()
        }
    };
    let mark = move |mark| match mark {
        Mark::Flag(ids, flag, on) => inbox.flag(ids, flag, on),
        Mark::Note(id, note) => inbox.note(id, note),
    };
    let sender = Sender::here(engine.replayer(), engine.folder());
    let browse = Browse::new(Reader::open(engine.folder())?, Box::new(status), Box::new(mark), sender)?;
    Ok(browse.with_live(Box::new(engine.live())).with_guards(engine.guards()))
}
