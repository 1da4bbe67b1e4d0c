//! `hopscope` alone: the proxy and the list in this terminal.

use super::args::ProxyFlags;
use super::exit::{Exit, Halt, Outcome};
use super::plan::Plan;
use super::session::Session;
use super::signals::Signals;
use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Side, Summary};
use crate::query::Query;
use crate::store::{Losses, Reader, StoreError};
use crate::tui::{self, Changes, Deed, Found, Row, Source, Status, Tell, Told, Unread, Wake};
use crate::view::Octets;
use bytes::Bytes;
use std::io::{IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::mpsc;

/// Runs until the person quits or a signal comes.
pub(super) fn run(flags: &ProxyFlags) -> Outcome {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Halt::new(Exit::Usage, "no terminal: use hopscope serve"));
    }
    let plan = Plan::public(flags)?;
    let mut signals = Signals::listen_on_terminal()?;
    let wakes = mpsc::channel();
    let (stop, changes) = (wakes.0.clone(), Changes::new(wakes.0.clone()));
    let session = Session::start(&plan, Some(Box::new(move |rows| changes.tell(rows))))?;
    let source = Box::new(Recording::of(&session).map_err(anyhow::Error::from)?);
    let shown = signals.while_running(
        move || tui::run(source, wakes),
        // Fails only when the interface has already ended.
        move |_| drop(stop.send(Wake::Stop)),
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

/// The capture that this process records.
struct Recording {
    reader: Reader,
    status: Status,
    losses: Box<dyn Fn() -> Losses + Send>,
}

impl Recording {
    fn of(session: &Session) -> Result<Self, StoreError> {
        let engine = &session.engine;
        let name = |path: &std::path::Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let status = Status {
            listening: engine.addresses().to_vec(),
            capture: engine.capture().and_then(name),
            recording: true,
            ca: Some(session.authority.path().to_owned()),
            ..Status::default()
        };
        Ok(Self { reader: Reader::open(engine.folder())?, status, losses: Box::new(engine.losses()) })
    }
}

impl Source for Recording {
    fn rows_after(&self, after: ExchangeId, limit: usize) -> Result<Vec<Row>, Unread> {
        let ids = self.reader.ids_after(after, limit).map_err(unread)?;
        match (ids.first(), ids.last()) {
            (Some(first), Some(last)) => Ok(self.summaries(*first, *last)?.iter().map(Row::of).collect()),
            _ => Ok(Vec::new()),
        }
    }

    fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, Unread> {
        self.reader.summaries(from, to).map_err(unread)
    }

    fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, Unread> {
        self.reader.exchange(id).map_err(unread)
    }

    fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, Unread> {
        self.reader.connection(id).map_err(unread)
    }

    fn body(&self, exchange: &Exchange, side: Side) -> Result<Arc<dyn Octets>, Unread> {
        let mut bytes = Vec::new();
        let mut body = self.reader.body(exchange, side).map_err(unread)?;
        body.read_to_end(&mut bytes).map_err(unread)?;
        Ok(Arc::new(Bytes::from(bytes)))
    }

    fn search(&self, query: &Query, below: Option<ExchangeId>, limit: usize) -> Result<Found, Unread> {
        let rows = match below {
            Some(below) => self.reader.before(below, limit),
            None => self.reader.newest(limit),
        };
        let rows = rows.map_err(unread)?;
        let next = rows.last().filter(|_| rows.len() == limit).map(|summary| summary.id);
        let ids = rows.iter().filter(|summary| query.matches(summary)).map(|summary| summary.id.0).collect();
        Ok(Found { ids, next })
    }

    fn act(&self, _deed: Deed, tell: Tell) {
        tell(Told::Failed("this cannot be done here yet".to_owned()));
    }

    fn status(&self) -> Status {
        let losses = (self.losses)();
        Status { cut_bodies: losses.bodies, lost_records: losses.records, ..self.status.clone() }
    }
}

fn unread(error: impl std::fmt::Display) -> Unread {
    Unread(error.to_string())
}
