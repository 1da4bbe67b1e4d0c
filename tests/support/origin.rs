//! An origin server that does what a test's script says and keeps every byte that it got.
//!
//! ```text
//! let origin = Origin::answering("HTTP/1.1 204 No Content\r\n\r\n");
//! let origin = Origin::start(|peer, _| { peer.read_head(); peer.send_pieces(answer, 1); });
//! origin.received(0)        // what came over its first connection
//! ```

use super::client::{DEADLINE, Peer};
use rustls::ServerConfig;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// A server on a port of its own. What its scripts fail with fails the test when it is dropped.
pub struct Origin {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    connections: Mutex<Vec<Served>>,
    changed: Condvar,
}

/// One connection.
struct Served {
    seen: Arc<Mutex<Vec<u8>>>,
    /// How its script ended.
    ended: Option<Result<(), String>>,
}

impl Origin {
    /// Runs the script for each connection, numbered from 0, in a thread of its own. The connection
    /// is closed when the script returns, or reset if it said [`Peer::reset`].
    pub fn start(script: impl Fn(&mut Peer, usize) + Send + Sync + 'static) -> Self {
        Self::listening(None, script)
    }

    /// The same in TLS. A handshake that fails ends the connection without the script.
    pub fn secured(
        config: Arc<ServerConfig>,
        script: impl Fn(&mut Peer, usize) + Send + Sync + 'static,
    ) -> Self {
        Self::listening(Some(config), script)
    }

    /// Answers each request of each connection with the same bytes.
    pub fn answering(response: impl Into<Vec<u8>>) -> Self {
        Self::start(answer(response))
    }

    /// The same in TLS.
    pub fn secured_answering(config: Arc<ServerConfig>, response: impl Into<Vec<u8>>) -> Self {
        Self::secured(config, answer(response))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it got.
    pub fn connections(&self) -> usize {
        self.shared.lock().len()
    }

    /// What came over a connection so far. Waits for the connection, not for more bytes.
    pub fn received(&self, connection: usize) -> Vec<u8> {
        let seen = self.wait(|all| all.get(connection).map(|served| Arc::clone(&served.seen)));
        seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All that came over a connection; waits until its script has ended.
    pub fn ended(&self, connection: usize) -> Vec<u8> {
        self.wait(|all| all.get(connection).and_then(|served| served.ended.as_ref().map(|_| ())));
        self.received(connection)
    }

    fn listening(
        config: Option<Arc<ServerConfig>>,
        script: impl Fn(&mut Peer, usize) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (script, inner) = (Arc::new(script), Arc::clone(&shared));
        let acceptor = thread::spawn(move || {
            while let Ok((tcp, _)) = listener.accept() {
                if inner.stopping.load(Ordering::Acquire) {
                    return;
                }
                let (script, shared, config) = (Arc::clone(&script), Arc::clone(&inner), config.clone());
                let peer = Peer::new(tcp);
                let number = shared.opened(&peer);
                thread::spawn(move || {
                    let result = serve(peer, config, |peer| script(peer, number));
                    shared.closed(number, result);
                });
            }
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    fn wait<T>(&self, mut found: impl FnMut(&[Served]) -> Option<T>) -> T {
        let mut value = None;
        let connections = self.shared.lock();
        let _connections = self
            .shared
            .changed
            .wait_timeout_while(connections, DEADLINE, |all| {
                value = found(all);
                value.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        value.unwrap_or_else(|| panic!("the origin waited {DEADLINE:?} in vain"))
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        let failed = self.shared.lock().iter().find_map(|served| served.ended.clone()?.err());
        if let Some(failed) = failed
            && !thread::panicking()
        {
            panic!("an origin's script failed: {failed}");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Served>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self, peer: &Peer) -> usize {
        let mut connections = self.lock();
        connections.push(Served { seen: peer.seen(), ended: None });
        self.changed.notify_all();
        connections.len() - 1
    }

    fn closed(&self, number: usize, result: Result<(), String>) {
        if let Some(served) = self.lock().get_mut(number) {
            served.ended = Some(result);
        }
        self.changed.notify_all();
    }
}

fn serve(
    mut peer: Peer,
    config: Option<Arc<ServerConfig>>,
    script: impl FnOnce(&mut Peer),
) -> Result<(), String> {
    if let Some(config) = config {
        // A client that does not take the certificate is not the script's concern.
        let Ok(secured) = peer.accepted(config) else { return Ok(()) };
        peer = secured;
    }
    let run = std::panic::AssertUnwindSafe(|| {
        script(&mut peer);
        peer.finish();
    });
    std::panic::catch_unwind(run).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

fn answer(response: impl Into<Vec<u8>>) -> impl Fn(&mut Peer, usize) + Send + Sync + 'static {
    let response = response.into();
    move |peer, _| {
        while peer.awaits() {
            peer.read_message();
            peer.send(&response);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::authority::TestCa;

    #[test]
    fn a_client_and_an_origin_see_each_others_bytes() {
        let origin = Origin::start(|peer, number| {
            peer.read_message();
            peer.send_pieces(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n{number}\r\n0\r\nT: 1\r\n\r\n"), 1);
        });
        for number in 0..2 {
            let mut client = Peer::connect(origin.address());
            let request = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
            client.send_pieces(request, 1);
            let (head, body) = client.read_message();
            assert_eq!(head, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            assert_eq!(body, format!("1;x\r\n{number}\r\n0\r\nT: 1\r\n\r\n").into_bytes());
            assert!(client.is_closed());
            assert_eq!(origin.ended(number), request.as_bytes());
        }
        assert_eq!(origin.connections(), 2);
    }

    #[test]
    fn an_origin_can_reset() {
        let origin = Origin::start(|peer, _| {
            peer.read_head();
            peer.reset();
        });
        let mut client = Peer::connect(origin.address());
        client.send("GET / HTTP/1.1\r\n\r\n");
        let read = std::io::Read::read(&mut client.tcp(), &mut [0]);
        assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn the_same_in_tls() {
        let ca = TestCa::new();
        let origin = Origin::secured_answering(ca.server(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
        for name in ["a.example", "127.0.0.1"] {
            let mut client = Peer::connect(origin.address()).secured(ca.pem(), name).unwrap();
            for _ in 0..2 {
                client.send("GET / HTTP/1.1\r\n\r\n");
                assert_eq!(client.read_message().1, b"!");
            }
        }
        assert_eq!(origin.ended(0), b"GET / HTTP/1.1\r\n\r\n".repeat(2));
        let stranger = TestCa::new();
        assert!(Peer::connect(origin.address()).secured(stranger.pem(), "a.example").is_err());
        let other = Origin::secured_answering(ca.server_for("b.example"), "");
        assert!(Peer::connect(other.address()).secured(ca.pem(), "a.example").is_err());
    }
}
