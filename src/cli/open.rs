//! `hopscope open`: a capture in the list, live while another process records it.

use super::args::{Open, ProxyFlags};
use super::browse::{Browse, Mark};
use super::exit::{Exit, Halt, Outcome};
use super::follow;
use super::guards::Guards;
use super::signals::Signals;
use super::{again, capture, demo, import, plan, screen};
use crate::ca;
use crate::store::control::{self, Reply, Request};
use crate::store::{self, Reader, Store};
use crate::tui::{self, Setup, Source, Status, Wake};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};

/// Runs until the person quits or a signal comes.
pub(super) fn run(typed: &Open) -> Outcome {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Halt::new(Exit::Usage, "no terminal: hopscope ls and hopscope show print a capture"));
    }
    let flags = ProxyFlags { config: typed.config.clone(), ..ProxyFlags::default() };
    let settings = plan::effective(&super::places()?, &flags.config, &flags)?.settings;
    let setup = screen::setup(&settings, &typed.screen)?;
    let wakes = channel();
    if typed.demo.rows.is_some() {
        return show(demo::source(&typed.demo, &wakes.0), wakes, setup);
    }
    let file = typed.capture.as_deref().map(Path::new).filter(|path| path.is_file());
    let (path, _imported) = match file {
        Some(file) => {
            let imported = Imported::of(file)?;
            (imported.0.clone(), Some(imported))
        }
        None => (capture::path(typed.capture.as_deref())?, None),
    };
    show(source(path, &wakes.0)?, wakes, setup)
}

/// A file of another program as a capture that goes with this run.
struct Imported(PathBuf);

impl Imported {
    fn of(file: &Path) -> Result<Self, Halt> {
        // In a folder that all may write to, nobody knows the name beforehand.
        let name: String = ca::random_key().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let imported = Self(std::env::temp_dir().join(format!("hopscope-{name}.hop")));
        let mut source = import::Source::open(file, None)?;
        let store = Store::open(&imported.0, &import::patient(), 1).map_err(anyhow::Error::from)?;
        let report = import::fill(&mut source, &store)?;
        store.close().map_err(anyhow::Error::from)?;
        import::told(file, source.form, &report, None)?;
        Ok(imported)
    }
}

impl Drop for Imported {
    fn drop(&mut self) {
        // What stays is in the system's folder for what need not stay.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The interface over a source that needs no end of its own.
pub(super) fn show(source: Box<dyn Source>, wakes: (Sender<Wake>, Receiver<Wake>), setup: Setup) -> Outcome {
    let mut signals = Signals::listen_on_terminal()?;
    let stop = wakes.0.clone();
    // Sending fails only when the interface has already ended.
    let shown = signals.while_running(
        move || tui::run(source, wakes, setup),
        move |signal| drop(stop.send(screen::wake(signal))),
    )?;
    match shown {
        Some(Ok(())) => Ok(Exit::Ok),
        Some(Err(error)) => Err(Halt::new(Exit::Failed, format!("the terminal was lost: {error}"))),
        None => Err(Halt::new(Exit::Failed, "the interface ended unexpectedly; the capture is whole")),
    }
}

fn source(path: PathBuf, wakes: &Sender<Wake>) -> Result<Box<dyn Source>, Halt> {
    let reader = Reader::open(&path).map_err(|error| Halt::new(Exit::Failed, error))?;
    let live = Arc::new(AtomicBool::new(store::is_recorded(&path)));
    let waiting = follow::Waiting::default();
    if live.load(SeqCst) {
        follow::start(&path, wakes, Arc::clone(&live), Arc::clone(&waiting))?;
    }
    let sender = again::Sender::elsewhere(&path);
    let status = Status {
        capture: path.file_name().map(|name| name.to_string_lossy().into_owned()),
        recorder: recorder(&path),
        ..Status::default()
    };
    let status = move || Status {
        recording: live.load(SeqCst),
        waiting: waiting.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        ..status.clone()
    };
    let guards = Guards::Elsewhere(path.clone());
    let mark = move |mark| match mark {
        Mark::Flag(ids, flag, on) => store::set_flag(&path, &ids, flag, on),
        Mark::Note(id, note) => store::set_note(&path, id, note),
    };
    let browse = Browse::new(reader, Box::new(status), Box::new(mark), sender)?;
    Ok(Box::new(browse.with_guards(guards)))
}

fn recorder(path: &Path) -> Option<u32> {
    match control::ask(path, &Request::Status) {
        Ok(Reply::Status(status)) => Some(status.pid),
        _ => None,
    }
}
