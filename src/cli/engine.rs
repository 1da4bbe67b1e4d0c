//! The one place where commands meet the listener and the store.
//!
//! Until the listener is there, a stand-in binds the addresses and answers nothing.

use super::holder::{self, Holder};
use super::plan::Plan;
use super::records::Records;
use super::{Exit, Halt, Outcome};
use crate::ca::Authority;
use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Side, Summary};
use crate::store::captures::Captures;
use crate::store::control::{Control, Reply, Status};
use crate::store::{Reader, Store};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

/// Called with rows as they are opened, changed or finished; must not block.
pub(super) type OnRows = Box<dyn Fn(&[Summary]) + Send + Sync>;

/// A proxy at work.
pub(super) struct Engine {
    addresses: Vec<SocketAddr>,
    store: Store,
    /// Whether the capture outlives the process.
    kept: bool,
    control: Option<Control>,
    _listeners: Vec<TcpListener>,
}

/// Why it did not start.
#[derive(Debug)]
pub(super) enum StartError {
    Taken(SocketAddr, Option<Holder>),
    Bind(SocketAddr, std::io::Error),
    Other(anyhow::Error),
}

/// Binds, opens the capture and begins to serve.
pub(super) fn start(plan: &Plan, _authority: &Arc<Authority>, on_rows: OnRows) -> Result<Engine, StartError> {
    let listeners = bind(&plan.settings.listen)?;
    let addresses: Vec<_> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let (store, kept) = open(plan).map_err(StartError::Other)?;
    store.subscribe(on_rows);
    let status = Status {
        pid: std::process::id(),
        listen: addresses.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capture: store.path().to_owned(),
    };
    let control = if kept {
        let answer = Box::new(move |_| Reply::Status(status.clone()));
        Some(Control::serve(store.path(), answer).map_err(|error| StartError::Other(error.into()))?)
    } else {
        None
    };
    Ok(Engine { addresses, store, kept, control, _listeners: listeners })
}

fn bind(wanted: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let one = |address: &SocketAddr| {
        TcpListener::bind(address).map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => StartError::Taken(*address, holder::of(*address)),
            _ => StartError::Bind(*address, error),
        })
    };
    wanted.iter().map(one).collect()
}

/// The capture to record into, after old ones were removed; whether it is kept.
fn open(plan: &Plan) -> anyhow::Result<(Store, bool)> {
    let settings = &plan.settings.capture;
    let shards = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if !settings.enabled {
        return Ok((Store::temporary(settings, shards)?, false));
    }
    let captures = Captures::in_folder(plan.places.data.join("captures"));
    for removed in captures.retain(settings.retain_bytes, settings.retain_age)? {
        super::door::say(format!("removed the old capture {}", removed.path.display()));
    }
    let path = settings.path.clone().unwrap_or_else(|| captures.new_path());
    Ok((Store::open(&path, settings, shards)?, true))
}

impl Engine {
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The capture's folder, if it is kept.
    pub(super) fn capture(&self) -> Option<&Path> {
        self.kept.then(|| self.store.path())
    }

    /// What the person ought to know about the capture.
    pub(super) fn warnings(&self) -> &[String] {
        self.store.warnings()
    }

    /// Lets exchanges under way finish and writes everything down. Says what went wrong with that.
    pub(super) fn drain(self) -> Vec<String> {
        drop(self.control);
        self.store.close().err().map(|error| error.to_string()).into_iter().collect()
    }
}

/// Opens a capture for reading.
pub(super) fn records(path: &Path) -> anyhow::Result<Box<dyn Records>> {
    Ok(Box::new(Reader::open(path)?))
}

impl Records for Reader {
    fn after(&mut self, id: ExchangeId, limit: usize) -> anyhow::Result<Vec<Summary>> {
        let ids = self.ids_after(id, limit)?;
        match (ids.first(), ids.last()) {
            (Some(first), Some(last)) => Ok(self.summaries(*first, *last)?),
            _ => Ok(Vec::new()),
        }
    }

    fn before(&mut self, id: Option<ExchangeId>, limit: usize) -> anyhow::Result<Vec<Summary>> {
        Ok(match id {
            Some(id) => Reader::before(self, id, limit)?,
            None => self.newest(limit)?,
        })
    }

    fn exchange(&mut self, id: ExchangeId) -> anyhow::Result<Option<Exchange>> {
        Ok(Reader::exchange(self, id)?)
    }

    fn connection(&mut self, id: ConnectionId) -> anyhow::Result<Option<Connection>> {
        Ok(Reader::connection(self, id)?)
    }

    fn body(&mut self, exchange: &Exchange, side: Side) -> anyhow::Result<Box<dyn Read>> {
        Ok(Box::new(Reader::body(self, exchange, side)?))
    }
}

/// The proxy with its screen.
pub(super) fn screen(_plan: &Plan) -> Outcome {
    Err(Halt::new(Exit::Failed, "the screen is not built in yet: use hopscope serve"))
}
