//! What went round the proxy: TCP connections that CMD's processes opened to somewhere else.
//!
//! Linux only. The open sockets of the process tree are looked at every millisecond at first, and
//! the socket tables only when there is a new one, so that looking costs little. A connection that
//! lives shorter than that may be missed; it leaves a trace in the tables for a minute (TIME-WAIT),
//! which is compared before and after.

use super::super::processes;
use super::causes::{self, Program};
use crate::connection::sockets::{self, CLOSING, LISTEN, Socket};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often to look: closely while programs start up, then with less effort.
const CLOSELY: Duration = Duration::from_micros(500);
const STEADY: Duration = Duration::from_millis(10);
const CLOSE_FOR: Duration = Duration::from_secs(5);

/// Sightings kept: a program that opens endless connections is told with a number.
const ROOM: usize = 10_000;

/// Who opened connections where, how many, and the likely cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Around {
    pub(super) process: String,
    pub(super) pid: u32,
    pub(super) remote: SocketAddr,
    pub(super) count: usize,
    pub(super) cause: String,
}

/// Everything that was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Connections of CMD's processes.
    pub(super) sure: Vec<Around>,
    /// Ends of short connections of some process on this machine while CMD ran, and why CMD may have made
    /// them.
    pub(super) unsure: Vec<(SocketAddr, String)>,
    /// What programs of CMD's name are known for.
    pub(super) hint: Option<&'static str>,
    /// Whether there was a way to look at all.
    pub(super) looked: bool,
}

/// A thread that looks while CMD runs.
pub(super) struct Watch {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: JoinHandle<Findings>,
}

impl Watch {
    /// Begins to look at a process and whatever it starts; `None` where the system has no /proc.
    /// `command` is what it was started as: it may be gone before the first look.
    pub(super) fn start(pid: u32, command: &Path, proxy: &[SocketAddr]) -> Option<Self> {
        let mut sight = Sight::new(Path::new("/proc"), pid, proxy)?;
        sight.command.name = command.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&stop);
        let look = move || {
            let began = Instant::now();
            loop {
                sight.look();
                let pause = if began.elapsed() < CLOSE_FOR { CLOSELY } else { STEADY };
                let stopped = theirs.0.lock().unwrap_or_else(PoisonError::into_inner);
                let (stopped, _) = theirs
                    .1
                    .wait_timeout_while(stopped, pause, |stop| !*stop)
                    .unwrap_or_else(PoisonError::into_inner);
                if *stopped {
                    return sight.findings();
                }
            }
        };
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(look).ok()?;
        Some(Self { stop, thread })
    }

    /// Stops looking.
    pub(super) fn end(self) -> Findings {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        self.thread.join().unwrap_or_default()
    }
}

/// What is known so far.
struct Sight {
    proc: PathBuf,
    root: u32,
    proxy: HashSet<SocketAddr>,
    /// Processes of the tree that live, and what they are: kept when their parent goes.
    tree: HashMap<u32, Program>,
    /// Sockets already told apart, by inode.
    told: HashSet<u64>,
    /// What CMD became: the last program of its own process.
    command: Program,
    seen: BTreeMap<(u32, SocketAddr), (Program, usize)>,
    /// Traces that were there before CMD.
    before: HashSet<(SocketAddr, SocketAddr)>,
    /// Both ends of connections that are explained: through the proxy, ours, or already in `seen`.
    explained: HashSet<(SocketAddr, SocketAddr)>,
}

impl Sight {
    fn new(proc: &Path, root: u32, proxy: &[SocketAddr]) -> Option<Self> {
        if !proc.join("net/tcp").exists() {
            return None;
        }
        let before =
            sockets::table(proc).iter().filter(|row| CLOSING.contains(&row.state)).map(ends).collect();
        Some(Self {
            proc: proc.to_owned(),
            root,
            proxy: proxy.iter().copied().collect(),
            tree: HashMap::new(),
            told: HashSet::new(),
            command: Program::default(),
            seen: BTreeMap::new(),
            before,
            explained: HashSet::new(),
        })
    }

    fn look(&mut self) {
        self.grow();
        let open: Vec<(u32, Vec<u64>)> =
            self.tree.keys().map(|pid| (*pid, processes::inodes(&self.proc, *pid))).collect();
        if open.iter().flat_map(|(_, inodes)| inodes).all(|inode| self.told.contains(inode)) {
            return;
        }
        let rows: HashMap<u64, Socket> = sockets::table(&self.proc)
            .into_iter()
            .filter(|row| row.inode != 0)
            .map(|row| (row.inode, row))
            .collect();
        let own = processes::inodes(&self.proc, std::process::id());
        self.explained.extend(own.iter().filter_map(|inode| rows.get(inode)).map(ends));
        for (pid, inodes) in open {
            let listens: HashSet<u16> = inodes
                .iter()
                .filter_map(|inode| rows.get(inode))
                .filter(|row| row.state == LISTEN)
                .map(|row| row.local.port())
                .collect();
            for row in inodes.iter().filter_map(|inode| rows.get(inode)) {
                self.tell(pid, row, &listens);
            }
        }
    }

    /// Adds what the tree has started since, and forgets what has ended.
    fn grow(&mut self) {
        let mut open: Vec<u32> = self.tree.keys().copied().chain([self.root]).collect();
        let mut found = HashSet::new();
        while let Some(pid) = open.pop() {
            if found.insert(pid) {
                open.extend(processes::children(&self.proc, pid));
            }
        }
        self.tree.retain(|pid, _| processes::started(&self.proc, *pid).is_some());
        for pid in found {
            let name = processes::name(&self.proc, pid);
            // An exec changes the name: a shell's child is a shell until it is not.
            if !name.is_empty() && self.tree.get(&pid).is_none_or(|known| known.name != name) {
                let arguments = processes::arguments(&self.proc, pid);
                // Searching a program takes time in which nothing is seen.
                let is_go = causes::by_name(&name).is_none()
                    && causes::is_go(&self.proc.join(pid.to_string()).join("exe"));
                let program = Program { name, arguments, is_go };
                if pid == self.root {
                    self.command = program.clone();
                }
                self.tree.insert(pid, program);
            }
        }
    }

    /// Sorts one socket: through the proxy, accepted by a server, or round us.
    fn tell(&mut self, pid: u32, row: &Socket, listens: &HashSet<u16>) {
        let inner = row.state == LISTEN || listens.contains(&row.local.port());
        // A socket that is not connected yet has no far end: it is looked at again.
        let early = row.remote.port() == 0 && !inner;
        if early || !self.told.insert(row.inode) || inner {
            return;
        }
        self.explained.insert(ends(row));
        if self.proxy.contains(&row.remote) || self.seen.len() >= ROOM {
            return;
        }
        let program = self.tree.get(&pid).cloned().unwrap_or_default();
        self.seen.entry((pid, row.remote)).or_insert((program, 0)).1 += 1;
    }

    fn findings(mut self) -> Findings {
        self.look();
        let unsure = self.traces();
        let hint = causes::by_name(&self.command.name);
        let around = |((pid, remote), (program, count)): ((u32, SocketAddr), (Program, usize))| Around {
            cause: causes::likely(&program, remote),
            process: program.name,
            pid,
            remote,
            count,
        };
        Findings { sure: self.seen.into_iter().map(around).collect(), unsure, hint, looked: true }
    }

    /// Ends of short connections that nobody explains and that were not there before.
    fn traces(&self) -> Vec<(SocketAddr, String)> {
        let rows = sockets::table(&self.proc);
        let listening: HashSet<u16> =
            rows.iter().filter(|row| row.state == LISTEN).map(|row| row.local.port()).collect();
        let known = |row: &&Socket| {
            let (a, b) = ends(row);
            [(a, b), (b, a)].iter().any(|ends| self.before.contains(ends) || self.explained.contains(ends))
        };
        let far_end =
            |row: &Socket| if listening.contains(&row.local.port()) { row.local } else { row.remote };
        let found: BTreeSet<SocketAddr> = rows
            .iter()
            .filter(|row| CLOSING.contains(&row.state) && row.remote.port() != 0)
            .filter(|row| !known(row))
            .map(far_end)
            .filter(|end| !self.proxy.contains(end))
            .collect();
        found.into_iter().take(20).map(|end| (end, causes::likely(&self.command, end))).collect()
    }
}

fn ends(row: &Socket) -> (SocketAddr, SocketAddr) {
    (row.local, row.remote)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    /// A child that connects to `to`, says so, and waits for its stdin to close.
    fn child(to: SocketAddr) -> std::process::Child {
        let script = format!("exec 3<>/dev/tcp/{}/{}; echo ready; read line", to.ip(), to.port());
        Command::new("bash")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_connection_elsewhere_is_told_and_one_to_the_proxy_is_not() {
        let origin = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let (origin, proxy) = (origin.local_addr().unwrap(), proxy.local_addr().unwrap());
        for (to, expected) in [(origin, vec![origin]), (proxy, vec![])] {
            let mut child = child(to);
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(line, "ready\n");
            let mut sight = Sight::new(Path::new("/proc"), child.id(), &[proxy]).unwrap();
            sight.look();
            let findings = sight.findings();
            let remotes: Vec<_> = findings.sure.iter().map(|around| around.remote).collect();
            assert_eq!(remotes, expected);
            assert!(findings.sure.iter().all(|around| around.process == "bash" && around.count == 1));
            child.stdin.take().unwrap().write_all(b"\n").unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_command_that_is_gone_at_once_is_still_known_by_its_name() {
        // No process has the number 0.
        let watch = Watch::start(0, Path::new("/usr/bin/python3"), &[]).unwrap();
        assert!(watch.end().hint.unwrap().contains("set_tunnel"));
    }

    #[test]
    fn the_watch_ends_when_told() {
        let watch = Watch::start(std::process::id(), Path::new("test"), &[]).unwrap();
        assert!(watch.end().looked);
    }
}
