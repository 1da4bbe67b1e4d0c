//! The recording process's door for other processes: JSON lines over `control.sock` in the capture.
//!
//! One request a line, one answer a line: `{"request":"status"}` is answered by
//! `{"reply":"status","pid":…,"listen":[…],"version":…,"capture":…}`. The socket is for its owner alone
//! (0600 in a folder of 0700). Whoever holds the capture's writer lock serves it, so that a socket found
//! at the start is a dead process's and is replaced.

use super::error::StoreError;
use super::inbox::Figures;
use crate::exchange::Order;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

#[cfg(unix)]
pub use unix::{Control, ask};

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Who are you, and where do you listen?
    Status,
    /// Set or clear a mark of exchanges: marked, or deleted.
    Flag {
        /// Their numbers.
        ids: Vec<u64>,
        /// The mark's bit, as in the capture.
        flag: u32,
        /// Set or clear.
        on: bool,
    },
    /// Write a note on an exchange.
    Note {
        /// Its number.
        id: u64,
        /// The words; empty takes the note away.
        text: String,
    },
    /// Send these again.
    Replay {
        /// What, and how it is to differ.
        orders: Vec<Order>,
    },
    /// Which hosts are left alone after refusals, and who waits to be let in?
    Guards,
    /// Intercept a host again that is left alone.
    Intercept {
        /// The host.
        host: String,
    },
    /// Let a client in.
    Allow {
        /// Its address.
        client: IpAddr,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Status),
    /// To what was asked to be done: it will be.
    Done,
    /// To [`Request::Replay`]: all have begun.
    Replayed {
        /// The numbers of the replays, in the order asked for.
        ids: Vec<u64>,
        /// What a person ought to know: one line each.
        #[serde(default)]
        notes: Vec<String>,
    },
    /// To [`Request::Guards`].
    Guards {
        /// Hosts with the reason, a line each.
        left_alone: Vec<String>,
        /// The longest waiting first.
        waiting: Vec<IpAddr>,
    },
    /// To [`Request::Intercept`] and [`Request::Allow`]: done.
    Changed {
        /// Whether it stood otherwise before.
        changed: bool,
    },
    /// It could not be done.
    Error {
        /// Why, in words.
        says: String,
    },
}

/// The recording process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its process number.
    pub pid: u32,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Its version of hopscope.
    pub version: String,
    /// The capture it writes.
    pub capture: PathBuf,
    /// How the writing goes.
    #[serde(default)]
    pub figures: Figures,
}

/// Answers requests. Runs on the connection's own thread.
pub type Handler = Box<dyn Fn(Request) -> Reply + Send + Sync>;

/// The socket's name in the capture.
const SOCKET: &str = "control.sock";

#[cfg(unix)]
mod unix {
    use super::{Handler, Reply, Request, SOCKET, StoreError};
    use crate::store::folder;
    use std::fs::{self, File};
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    /// Connections served at once.
    const CONNECTIONS: usize = 16;
    /// Bytes of one line: a request may hold a body to be sent.
    const LINE: u64 = 48 * 1024 * 1024;
    /// For a peer to send its request, or to take its answer.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// What fits into a socket address on every system, the final NUL excluded.
    const ADDRESS: usize = 103;

    /// The socket being served; dropped, it goes.
    #[derive(Debug)]
    pub struct Control {
        capture: PathBuf,
        stopping: Arc<AtomicBool>,
        thread: Option<JoinHandle<()>>,
    }

    impl Control {
        /// Serves the capture's socket. Only for the process that holds its [`crate::store::Store`].
        pub fn serve(capture: &Path, handler: Handler) -> Result<Self, StoreError> {
            let socket = capture.join(SOCKET);
            let listener = Door::to(capture)?
                .replace(|path| UnixListener::bind(path))
                .map_err(StoreError::io("make", &socket))?;
            folder::set_mode(&socket, 0o600).map_err(StoreError::io("protect", &socket))?;
            let stopping = Arc::new(AtomicBool::new(false));
            let stop = Arc::clone(&stopping);
            let thread = thread::Builder::new()
                .name("store-control".to_owned())
                .spawn(move || accept(&listener, &Arc::new(handler), &stop))
                .map_err(StoreError::io("serve", &socket))?;
            Ok(Self { capture: capture.to_owned(), stopping, thread: Some(thread) })
        }
    }

    impl Drop for Control {
        fn drop(&mut self) {
            self.stopping.store(true, SeqCst);
            // A connection wakes the accepting thread. Where none comes through (the folder was moved
            // away), the thread is left to the end of the process.
            let woken = Door::to(&self.capture).is_ok_and(|door| UnixStream::connect(door.path()).is_ok());
            let _ = fs::remove_file(self.capture.join(SOCKET));
            if let (true, Some(thread)) = (woken, self.thread.take()) {
                let _ = thread.join();
            }
        }
    }

    /// Asks the process that records a capture.
    pub fn ask(capture: &Path, request: &Request) -> Result<Reply, StoreError> {
        let unclear = |error: serde_json::Error| StoreError::Answer(error.to_string());
        let mut stream = UnixStream::connect(Door::to(capture)?.path())
            .map_err(|_| StoreError::NotRecorded(capture.to_owned()))?;
        let line = serde_json::to_string(request).map_err(unclear)?;
        if line.len() as u64 >= LINE {
            return Err(StoreError::Answer("it would not take so large a body (32 MB at most)".to_owned()));
        }
        let mut answer = String::new();
        let mut talk = || -> io::Result<()> {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            writeln!(stream, "{line}")?;
            BufReader::new((&stream).take(LINE)).read_line(&mut answer).map(|_| ())
        };
        talk().map_err(StoreError::io("ask the process that records", capture))?;
        serde_json::from_str(&answer).map_err(unclear)
    }

    /// A way to the socket that fits into a socket address: where the capture's own path is too long,
    /// through an open handle of its folder.
    struct Door {
        path: PathBuf,
        _folder: Option<File>,
    }

    impl Door {
        fn to(capture: &Path) -> Result<Self, StoreError> {
            let path = capture.join(SOCKET);
            if path.as_os_str().len() <= ADDRESS {
                return Ok(Self { path, _folder: None });
            }
            if !cfg!(target_os = "linux") {
                return Err(StoreError::NoSocket { path, why: "the path is longer than 103 bytes" });
            }
            let folder = File::open(capture).map_err(StoreError::io("open", capture))?;
            let path = format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()).into();
            Ok(Self { path, _folder: Some(folder) })
        }

        fn path(&self) -> &Path {
            &self.path
        }

        /// Binds, taking a dead process's socket away first.
        fn replace<T>(&self, bind: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
            match bind(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    if UnixStream::connect(&self.path).is_ok() {
                        return Err(error);
                    }
                    fs::remove_file(&self.path)?;
                    bind(&self.path)
                }
                other => other,
            }
        }
    }

    fn accept(listener: &UnixListener, handler: &Arc<Handler>, stopping: &AtomicBool) {
        let busy = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming() {
            if stopping.load(SeqCst) {
                return;
            }
            // Out of file descriptors, or the peer is gone: neither ends the service.
            let Ok(stream) = stream else {
                thread::park_timeout(Duration::from_millis(50));
                continue;
            };
            if busy.load(SeqCst) >= CONNECTIONS {
                continue;
            }
            busy.fetch_add(1, SeqCst);
            let (handler, guard) = (Arc::clone(handler), Busy(Arc::clone(&busy)));
            let _ = thread::Builder::new().name("store-control".to_owned()).spawn(move || {
                let _guard = guard;
                // A peer that breaks off has nothing more to hear.
                let _ = serve(&stream, &handler);
            });
        }
    }

    struct Busy(Arc<AtomicUsize>);

    impl Drop for Busy {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }

    fn serve(mut stream: &UnixStream, handler: &Handler) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            lines.by_ref().take(LINE).read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                return Ok(());
            }
            let reply = match serde_json::from_slice(&line) {
                Ok(request) => handler(request),
                Err(error) => Reply::Error { says: format!("not a request that I know: {error}") },
            };
            let mut answer = serde_json::to_vec(&reply)?;
            answer.push(b'\n');
            stream.write_all(&answer)?;
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{Handler, Reply, Request, SOCKET, StoreError};
    use std::path::Path;

    /// No control socket on this system yet.
    #[derive(Debug)]
    pub struct Control;

    impl Control {
        /// Always fails here; recording goes on without it.
        pub fn serve(capture: &Path, _handler: Handler) -> Result<Self, StoreError> {
            Err(StoreError::NoSocket { path: capture.join(SOCKET), why: "this system has no Unix sockets" })
        }
    }

    /// Always fails here.
    pub fn ask(capture: &Path, _request: &Request) -> Result<Reply, StoreError> {
        Err(StoreError::NotRecorded(capture.to_owned()))
    }
}

#[cfg(not(unix))]
pub use elsewhere::{Control, ask};

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    fn status(capture: &Path) -> Reply {
        Reply::Status(Status {
            pid: 7,
            listen: vec!["127.0.0.1:8080".parse().unwrap(), "[::1]:8080".parse().unwrap()],
            version: "0.1.0".to_owned(),
            capture: capture.to_owned(),
            figures: Figures::default(),
        })
    }

    fn serve(capture: &Path) -> Control {
        let reply = status(capture);
        Control::serve(capture, Box::new(move |_| reply.clone())).unwrap()
    }

    #[test]
    fn status_is_answered_until_the_control_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let control = serve(dir.path());
        assert_eq!(ask(dir.path(), &Request::Status).unwrap(), status(dir.path()));
        let mode = fs::metadata(dir.path().join(SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(control);
        assert!(matches!(ask(dir.path(), &Request::Status), Err(StoreError::NotRecorded(_))));
    }

    #[test]
    fn a_dead_process_s_socket_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(dir.path().join(SOCKET)).unwrap());
        let _control = serve(dir.path());
        assert!(ask(dir.path(), &Request::Status).is_ok());
        assert!(Control::serve(dir.path(), Box::new(|_| Reply::Error { says: String::new() })).is_err());
    }

    #[test]
    fn one_connection_may_ask_often_and_nonsense_is_answered_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let _control = serve(dir.path());
        let mut stream = UnixStream::connect(dir.path().join(SOCKET)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        stream.write_all(b"\xff{\n{\"request\":\"dance\"}\n{\"request\":\"status\"}\n").unwrap();
        for wanted in ["\"reply\":\"error\"", "\"reply\":\"error\"", "\"pid\":7"] {
            assert!(lines.next().unwrap().unwrap().contains(wanted), "{wanted}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_too_long_for_a_socket_address_is_reached_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let capture = dir.path().join("x".repeat(120)).join("y".repeat(120));
        fs::create_dir_all(&capture).unwrap();
        let control = serve(&capture);
        assert_eq!(ask(&capture, &Request::Status).unwrap(), status(&capture));
        drop(control);
        assert!(!capture.join(SOCKET).exists());
    }
}
