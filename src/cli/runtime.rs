//! What a running proxy says of itself in the runtime folder, for `env`, `ls` and a second start.

use super::private;
use super::processes;
use crate::config::Places;
use serde::{Deserialize, Serialize};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A running proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notice {
    /// Its process, and when that was started, in the kernel's ticks: numbers are used again.
    pub(super) pid: u32,
    pub(super) started: Option<u64>,
    /// Whether it serves one command only (`hopscope run`).
    pub(super) private: bool,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) capture: Option<PathBuf>,
    pub(super) ca: PathBuf,
    /// What it was started as.
    pub(super) version: String,
}

/// A written notice; dropping it takes the notice and the bundle away.
#[derive(Debug)]
pub(super) struct Posted {
    path: PathBuf,
    bundle: PathBuf,
}

impl Notice {
    /// The notice of this process.
    pub(super) fn of_us(private: bool, addresses: &[SocketAddr], capture: Option<&Path>, ca: &Path) -> Self {
        let pid = std::process::id();
        Self {
            pid,
            started: processes::started(Path::new("/proc"), pid),
            private,
            addresses: addresses.to_vec(),
            capture: capture.map(Path::to_owned),
            ca: ca.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Writes it.
    pub(super) fn post(&self, places: &Places) -> std::io::Result<Posted> {
        private::folder(&places.runtime)?;
        let path = places.runtime.join(format!("{}.json", self.pid));
        private::write(&path, serde_json::to_string(self)?.as_bytes())?;
        Ok(Posted { path, bundle: bundle_path(places, self.pid) })
    }

    /// Where clients reach it: the first address, this machine's own where it listens on all.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let mut address = *self.addresses.first()?;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                std::net::Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        Some(address)
    }

    fn is_alive(&self) -> bool {
        let proc = Path::new("/proc");
        if proc.join("self/stat").exists() {
            let now = processes::started(proc, self.pid);
            return now.is_some() && (self.started.is_none() || now == self.started);
        }
        // Without /proc: whether somebody listens there.
        let limit = std::time::Duration::from_millis(300);
        self.address().is_some_and(|address| std::net::TcpStream::connect_timeout(&address, limit).is_ok())
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        for path in [&self.path, &self.bundle] {
            // Gone already is as good.
            let _ = fs::remove_file(path);
        }
    }
}

/// Where the bundle of a proxy's clients is.
pub(super) fn bundle_path(places: &Places, pid: u32) -> PathBuf {
    places.runtime.join(format!("{pid}.pem"))
}

/// All proxies of this user that run now, the newest last. Notices of dead ones are taken away.
pub(super) fn running(places: &Places) -> Vec<Notice> {
    let mut found: Vec<_> = fs::read_dir(&places.runtime)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let pid: u32 = path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()?;
            let written = entry.metadata().ok()?.modified().ok()?;
            let notice: Notice = serde_json::from_str(&fs::read_to_string(&path).ok()?).ok()?;
            if notice.is_alive() {
                return Some((written, notice));
            }
            drop(Posted { path, bundle: bundle_path(places, pid) });
            None
        })
        .collect();
    found.sort_by_key(|(written, _)| *written);
    found.into_iter().map(|(_, notice)| notice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_seen_while_it_is_posted() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            data: folder.path().into(),
            config: folder.path().into(),
            runtime: folder.path().join("run"),
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let notice = Notice::of_us(false, &[listener.local_addr().unwrap()], None, Path::new("/ca.pem"));
        let posted = notice.post(&places).unwrap();
        assert_eq!(running(&places), [notice]);
        drop(posted);
        assert_eq!(running(&places), []);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_dead_ones_notice_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            data: folder.path().into(),
            config: folder.path().into(),
            runtime: folder.path().to_owned(),
        };
        let mut notice = Notice::of_us(false, &[], None, Path::new("/ca.pem"));
        notice.started = Some(1);
        std::mem::forget(notice.post(&places).unwrap());
        assert_eq!(running(&places), []);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
