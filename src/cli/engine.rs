//! The one place where commands meet the listener, the store and the authority.
//!
//! Until those are there, stand-ins bind the addresses and answer nothing.

use super::holder::{self, Holder};
use super::records::Records;
use crate::config::Settings;
use crate::exchange::Summary;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// Called with rows as they are opened, changed or finished; must not block.
pub(super) type OnRows = Box<dyn Fn(&[Summary]) + Send + Sync>;

/// A proxy at work.
pub(super) struct Engine {
    addresses: Vec<SocketAddr>,
    capture: Option<PathBuf>,
    _listeners: Vec<TcpListener>,
}

/// Why it did not start.
#[derive(Debug)]
pub(super) enum StartError {
    Taken(SocketAddr, Option<Holder>),
    Bind(SocketAddr, std::io::Error),
}

/// The authority's certificate.
pub(super) struct Authority {
    pub(super) path: PathBuf,
    pub(super) pem: String,
    pub(super) der: Vec<u8>,
    pub(super) fingerprint: String,
    pub(super) expires: String,
    /// Made just now.
    pub(super) created: bool,
    /// A looser folder or the like, to be said aloud.
    pub(super) warning: Option<String>,
}

/// Loads the authority, or makes it.
pub(super) fn authority(dir: &Path) -> anyhow::Result<Authority> {
    Err(anyhow::anyhow!("{}: the authority is not built in yet", dir.display()))
}

/// Binds, opens the capture and begins to serve.
pub(super) fn start(settings: &Settings, _on_rows: OnRows) -> Result<Engine, StartError> {
    let mut listeners = Vec::new();
    for address in &settings.listen {
        let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => StartError::Taken(*address, holder::of(*address)),
            _ => StartError::Bind(*address, error),
        })?;
        listeners.push(listener);
    }
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    Ok(Engine { addresses, capture: settings.capture.path.clone(), _listeners: listeners })
}

impl Engine {
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The capture's folder, if one is written.
    pub(super) fn capture(&self) -> Option<&Path> {
        self.capture.as_deref()
    }

    /// Lets exchanges under way finish, writes everything down, ends. Says what was not kept.
    pub(super) fn drain(self) -> Vec<String> {
        Vec::new()
    }
}

/// Opens a capture for reading.
pub(super) fn records(path: &Path) -> anyhow::Result<Box<dyn Records>> {
    Err(anyhow::anyhow!("{}: reading captures is not built in yet", path.display()))
}

/// The proxy with its screen.
pub(super) fn screen(_plan: &super::plan::Plan) -> super::Outcome {
    Err(super::Halt::new(super::Exit::Failed, "the screen is not built in yet: use hopscope serve"))
}
