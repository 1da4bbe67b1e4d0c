//! One end of a connection for wire tests: exact bytes out, exact bytes in, and no test that hangs.
//!
//! ```text
//! let mut client = Peer::connect(proxy);                       // or Peer::tunnel(proxy, "h:443")
//! client.send("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n");
//! let (head, body) = client.read_message();
//! ```

use super::authority::client_connection;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a test waits for bytes before it fails, showing what it has.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// A connection seen from one end. Every reading fails the test after [`DEADLINE`].
pub struct Peer {
    stream: Stream,
    /// Read from the socket, but not yet asked for.
    ahead: Vec<u8>,
    /// Every byte that ever came (after decryption).
    seen: Arc<Mutex<Vec<u8>>>,
    /// Whether it ends with a reset.
    resets: bool,
    /// Whether the other end closed in order: neither by a reset nor, in TLS, without an alert.
    in_order: bool,
}

enum Stream {
    Plain(TcpStream),
    Client(Box<StreamOwned<rustls::ClientConnection, TcpStream>>),
    Server(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Peer {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect_timeout(&address, DEADLINE).unwrap())
    }

    /// Takes an accepted connection.
    pub fn new(tcp: TcpStream) -> Self {
        tcp.set_read_timeout(Some(DEADLINE)).unwrap();
        tcp.set_write_timeout(Some(DEADLINE)).unwrap();
        tcp.set_nodelay(true).unwrap();
        Self {
            stream: Stream::Plain(tcp),
            ahead: Vec::new(),
            seen: Arc::default(),
            resets: false,
            in_order: true,
        }
    }

    /// Connects through a proxy's CONNECT; fails the test unless it is answered with 2xx.
    pub fn tunnel(proxy: SocketAddr, authority: &str) -> Self {
        let mut peer = Self::connect(proxy);
        peer.send(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
        let head = peer.read_head();
        assert!(head.starts_with(b"HTTP/1.1 2"), "CONNECT was answered with {}", head.escape_ascii());
        peer.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
        peer
    }

    /// Goes on in TLS as a client of `name` that trusts the CA in `pem` alone.
    pub fn secured(self, pem: &str, name: &str) -> io::Result<Self> {
        let tcp = self.plain();
        let mut tls = StreamOwned::new(client_connection(pem, name), tcp);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Self {
            stream: Stream::Client(Box::new(tls)),
            ahead: Vec::new(),
            seen: Arc::default(),
            resets: false,
            in_order: true,
        })
    }

    /// Goes on in TLS as a server.
    pub fn accepted(self, config: Arc<ServerConfig>) -> io::Result<Self> {
        let seen = Arc::clone(&self.seen);
        let tcp = self.plain();
        let mut tls = StreamOwned::new(ServerConnection::new(config).map_err(io::Error::other)?, tcp);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Self {
            stream: Stream::Server(Box::new(tls)),
            ahead: Vec::new(),
            seen,
            resets: false,
            in_order: true,
        })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let stream: &mut dyn Write = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Client(stream) => stream,
            Stream::Server(stream) => stream,
        };
        stream.write_all(bytes.as_ref()).and_then(|()| stream.flush()).unwrap();
    }

    /// Sends bytes in pieces of so many, each a segment (or record) of its own.
    pub fn send_pieces(&mut self, bytes: impl AsRef<[u8]>, size: usize) {
        for piece in bytes.as_ref().chunks(size) {
            self.send(piece);
        }
    }

    /// Says that nothing more will be sent; what the other end still sends can be read.
    pub fn finish(&mut self) {
        if self.resets {
            return;
        }
        match &mut self.stream {
            Stream::Plain(_) => {}
            Stream::Client(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
            Stream::Server(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
        let _ = self.tcp().shutdown(Shutdown::Write);
    }

    /// Makes the connection end with a TCP reset instead of an orderly close, once it is let go of.
    pub fn reset(&mut self) {
        socket2::SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO)).unwrap();
        self.resets = true;
    }

    /// Reads a message head up to and with its empty line.
    pub fn read_head(&mut self) -> Vec<u8> {
        self.read_through(b"\r\n\r\n")
    }

    /// Reads up to and with these bytes.
    pub fn read_through(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.ahead.windows(end.len()).position(|window| window == end) {
                return self.take(at + end.len());
            }
            assert!(self.fill(), "closed before {:?}; had {}", end.escape_ascii().to_string(), self.had());
        }
    }

    /// Reads so many bytes.
    pub fn read_exact(&mut self, length: usize) -> Vec<u8> {
        while self.ahead.len() < length {
            assert!(self.fill(), "closed before {length} bytes came; had {}", self.had());
        }
        self.take(length)
    }

    /// Reads until the other end closes (or resets).
    pub fn read_to_close(&mut self) -> Vec<u8> {
        while self.fill() {}
        self.take(self.ahead.len())
    }

    /// Reads so many bytes; fewer when the other end closes or nothing comes within [`DEADLINE`].
    pub fn read_up_to(&mut self, length: usize) -> Vec<u8> {
        while self.ahead.len() < length && self.try_fill() == Some(true) {}
        self.take(length.min(self.ahead.len()))
    }

    /// What else is there or comes in a moment; for telling why a test failed, not for deciding.
    pub fn rest(&mut self) -> Vec<u8> {
        let _ = self.tcp().set_read_timeout(Some(Duration::from_millis(200)));
        while self.try_fill() == Some(true) {}
        let _ = self.tcp().set_read_timeout(Some(DEADLINE));
        self.take(self.ahead.len())
    }

    /// Our own end's address, by which a capture knows the client.
    pub fn address(&self) -> SocketAddr {
        self.tcp().local_addr().unwrap()
    }

    /// Whether the other end has closed and nothing is left to read; waits for either.
    pub fn is_closed(&mut self) -> bool {
        self.ahead.is_empty() && !self.fill()
    }

    /// Whether the other end closed in order, once nothing is left to read: a reset, or TLS that ends
    /// without its alert, is none.
    pub fn closes_in_order(&mut self) -> bool {
        self.is_closed() && self.in_order
    }

    /// Whether anything more comes; waits for it as long as the connection lives, as servers do.
    pub fn awaits(&mut self) -> bool {
        while self.ahead.is_empty() {
            match self.try_fill() {
                Some(true) => return true,
                Some(false) => return false,
                None => {}
            }
        }
        true
    }

    /// Reads a head and the body that its `Content-Length` or chunked coding frames, both as they
    /// came. Without either: a request or a 1xx, 204 or 304 has no body, another response ends with the connection.
    pub fn read_message(&mut self) -> (Vec<u8>, Vec<u8>) {
        let head = self.read_head();
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let field =
            |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        let bodiless =
            ["1", "204", "304"].iter().any(|code| text.get(9..).is_some_and(|rest| rest.starts_with(code)));
        let body = if text.starts_with("http/") && bodiless {
            Vec::new()
        } else if field("transfer-encoding:").is_some_and(|codings| codings.ends_with("chunked")) {
            self.read_chunked()
        } else if let Some(length) = field("content-length:") {
            self.read_exact(length.parse().unwrap())
        } else if text.starts_with("http/") {
            self.read_to_close()
        } else {
            Vec::new()
        };
        (head, body)
    }

    /// Reads a chunked body, framing and trailer section included (RFC 9112 7.1).
    pub fn read_chunked(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let line = self.read_through(b"\r\n");
            let digits: String =
                String::from_utf8_lossy(&line).chars().take_while(char::is_ascii_hexdigit).collect();
            let size = usize::from_str_radix(&digits, 16).unwrap();
            all.extend_from_slice(&line);
            if size == 0 {
                break;
            }
            all.extend_from_slice(&self.read_exact(size + 2));
        }
        loop {
            let line = self.read_through(b"\r\n");
            all.extend_from_slice(&line);
            if line == b"\r\n" {
                return all;
            }
        }
    }

    /// Every byte that came so far, whether asked for or not; shared, so that another thread can look.
    pub fn seen(&self) -> Arc<Mutex<Vec<u8>>> {
        Arc::clone(&self.seen)
    }

    /// The connection beneath.
    pub fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Client(stream) => &stream.sock,
            Stream::Server(stream) => &stream.sock,
        }
    }

    fn plain(self) -> TcpStream {
        assert!(self.ahead.is_empty(), "bytes came before the handshake: {}", self.had());
        match self.stream {
            Stream::Plain(tcp) => tcp,
            _ => panic!("the connection is in TLS already"),
        }
    }

    /// Reads what there is; false at the end.
    fn fill(&mut self) -> bool {
        self.try_fill().unwrap_or_else(|| panic!("nothing came for {DEADLINE:?}; had {}", self.had()))
    }

    /// The same; `None` when nothing came in time.
    fn try_fill(&mut self) -> Option<bool> {
        let mut bytes = [0; 16 * 1024];
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read(&mut bytes),
            Stream::Client(stream) => stream.read(&mut bytes),
            Stream::Server(stream) => stream.read(&mut bytes),
        };
        match read {
            Ok(length) => {
                self.ahead.extend_from_slice(&bytes[..length]);
                self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..length]);
                Some(length > 0)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => None,
            Err(_) => {
                self.in_order = false;
                Some(false)
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.ahead.drain(..length).collect()
    }

    fn had(&self) -> String {
        format!("\"{}\"", self.ahead.escape_ascii())
    }
}
