//! Who holds a port, as far as the system tells (Linux: /proc).

use super::processes;
use crate::connection::sockets::{self, LISTEN};
use std::net::SocketAddr;

/// A process that listens on the address we wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: u32,
    pub(super) name: String,
}

/// The process that listens where `wanted` cannot; `None` when it is another user's or not to be found.
pub(super) fn of(wanted: SocketAddr) -> Option<Holder> {
    let proc = std::path::Path::new("/proc");
    let inodes: Vec<_> = sockets::table(proc)
        .into_iter()
        .filter(|row| row.state == LISTEN && clashes(row.local, wanted))
        .map(|row| row.inode)
        .collect();
    processes::processes(proc).into_iter().find_map(|pid| {
        let holds = processes::inodes(proc, pid).into_iter().any(|inode| inodes.contains(&inode));
        holds.then(|| Holder { pid, name: processes::name(proc, pid) })
    })
}

fn clashes(held: SocketAddr, wanted: SocketAddr) -> bool {
    let any = held.ip().is_unspecified() || wanted.ip().is_unspecified();
    held.port() == wanted.port() && (any || held.ip() == wanted.ip())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn our_own_listener_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = of(listener.local_addr().unwrap()).unwrap();
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.name.is_empty());
    }
}
