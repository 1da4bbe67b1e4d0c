//! HTTP/2 on both sides of a proxy, with the h2 crate as peer: a client through a tunnel, and an origin.
//!
//! ```text
//! let world = World::new();
//! let origin = world.origin(proxy.origin_ca().server(), "h2", |request, respond| async move { ... });
//! let client = world.client(&proxy, origin.address(), &["h2"]);
//! let answer = world.run(client.get("/"));
//! ```

use super::authority::client_config;
use super::client::DEADLINE;
use super::frames::Frame;
use super::proxy::Proxy;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What a client sends first (RFC 9113 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Where the peers live; nothing in it may take longer than [`DEADLINE`].
pub struct World(Runtime);

/// An origin that speaks HTTP/2.
pub struct Origin2 {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// A client's connection of HTTP/2 through an intercepted tunnel.
pub struct Client2 {
    pub sender: SendRequest<Bytes>,
    address: SocketAddr,
}

/// A connection seen as frames (RFC 9113 4.1).
pub struct Raw(tokio_rustls::TlsStream<TcpStream>);

/// A client of raw frames through a tunnel, its preface sent.
pub async fn raw_client(proxy: &Proxy, origin: SocketAddr) -> (Raw, SocketAddr) {
    let (mut raw, address) = raw_tunnel(proxy, origin).await;
    raw.put(PREFACE).await;
    (raw, address)
}

/// The same, with nothing sent yet.
pub async fn raw_tunnel(proxy: &Proxy, origin: SocketAddr) -> (Raw, SocketAddr) {
    let (tls, address) = tunnel(proxy, origin, &["h2"]).await;
    (Raw(tls.into()), address)
}

/// A client of raw frames with the proxy itself, `curl -x https://`: its preface and SETTINGS sent.
pub async fn raw_door(proxy: &Proxy) -> (Raw, SocketAddr) {
    let (tls, address) = door(proxy, &["h2", "http/1.1"]).await;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut raw = Raw(tls.into());
    raw.put(&[PREFACE, &super::frames::frame(super::frames::kind::SETTINGS, 0, 0, &[])].concat()).await;
    (raw, address)
}

/// TLS with the proxy itself, with these protocols offered.
pub async fn door(proxy: &Proxy, alpn: &[&str]) -> (TlsStream<TcpStream>, SocketAddr) {
    let tcp = TcpStream::connect(proxy.address()).await.unwrap();
    let address = tcp.local_addr().unwrap();
    (secured(tcp, proxy, alpn, "127.0.0.1").await, address)
}

impl Raw {
    /// The next frame of this type, others passed over: its flags, stream and payload. `None` at the end.
    pub async fn next(&mut self, kind: u8) -> Option<(u8, u32, Vec<u8>)> {
        loop {
            let frame = self.frame().await?;
            if frame.kind == kind {
                return Some((frame.flags, frame.stream, frame.payload));
            }
        }
    }

    /// The next frame; `None` at the end.
    pub async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }

    /// Sends one frame.
    pub async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.put(&super::frames::frame(kind, flags, stream, payload)).await;
    }

    /// Sends octets in one piece. A connection that has ended meanwhile takes none.
    pub async fn put(&mut self, octets: &[u8]) {
        if self.0.write_all(octets).await.is_ok() {
            let _ = self.0.flush().await;
        }
    }
}

/// A response read to its end.
#[derive(Debug)]
pub struct Whole {
    pub head: http::response::Parts,
    pub body: Vec<u8>,
    pub trailers: Option<HeaderMap>,
}

impl World {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self(runtime.unwrap())
    }

    /// Runs to its end, within [`DEADLINE`].
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(async { timeout(DEADLINE * 3, future).await.expect("it takes too long") })
    }

    /// Begins something beside the test.
    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.0.spawn(future)
    }

    /// An origin over TLS that serves each stream as told.
    pub fn origin<F>(
        &self,
        config: Arc<ServerConfig>,
        serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.origin_with(config, &["h2", "http/1.1"], |_| (), serve)
    }

    /// The same, of these protocols only.
    pub fn origin_of<F>(
        &self,
        config: Arc<ServerConfig>,
        alpn: &[&str],
        serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.origin_with(config, alpn, |_| (), serve)
    }

    /// The same with settings of its own.
    pub fn origin_with<F>(
        &self,
        config: Arc<ServerConfig>,
        alpn: &[&str],
        settings: impl Fn(&mut h2::server::Builder) + Send + Sync + 'static,
        serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.listening(Some((config, alpn, None)), settings, serve)
    }

    /// An origin of HTTP/2 whose port serves HTTP/1.1 as well: that of another origin's.
    pub fn origin_or<F>(
        &self,
        config: Arc<ServerConfig>,
        http1: SocketAddr,
        serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.listening(Some((config, &["h2"], Some(http1))), |_| (), serve)
    }

    /// An origin without TLS, of clients that know what it speaks.
    pub fn plain_origin<F>(
        &self,
        serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.listening(None, |_| (), serve)
    }

    fn listening<F>(
        &self,
        tls: Option<(Arc<ServerConfig>, &[&str], Option<SocketAddr>)>,
        settings: impl Fn(&mut h2::server::Builder) + Send + Sync + 'static,
        serve: impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let http1 = tls.as_ref().and_then(|(_, _, http1)| *http1);
        let acceptor = tls.map(|(config, alpn, _)| {
            let mut config = ServerConfig::clone(&config);
            config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
            TlsAcceptor::from(Arc::new(config))
        });
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let (serve, settings) = (Arc::new(serve), Arc::new(settings));
        let listener = self.0.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        self.0.spawn(async move {
            while let Ok((mut tcp, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, serve, settings) =
                    (acceptor.clone(), Arc::clone(&serve), Arc::clone(&settings));
                tokio::spawn(async move {
                    let mut builder = h2::server::Builder::new();
                    settings(&mut builder);
                    let Some(acceptor) = acceptor else {
                        return serve_streams(builder.handshake(tcp).await, serve).await;
                    };
                    if let Some(http1) = http1
                        && !offers_http2(&tcp).await
                    {
                        let mut far = TcpStream::connect(http1).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut tcp, &mut far).await;
                        return;
                    }
                    let Ok(tls) = acceptor.accept(tcp).await else { return };
                    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                    serve_streams(builder.handshake(tls).await, serve).await;
                });
            }
        });
        Origin2 { address, connections }
    }

    /// A client that speaks HTTP/2 within a tunnel without TLS.
    pub fn plain_client(&self, proxy: &Proxy, origin: SocketAddr) -> Client2 {
        self.run(async {
            let (tcp, address) = bare_tunnel(proxy, origin).await;
            let (sender, connection) = h2::client::handshake(tcp).await.unwrap();
            tokio::spawn(async move {
                let _ = connection.await;
            });
            Client2 { sender, address }
        })
    }

    /// An origin of raw frames: the script has a connection in TLS from behind the client's preface on.
    pub fn raw_origin<F>(
        &self,
        config: &Arc<ServerConfig>,
        script: impl Fn(Raw, usize) -> F + Send + Sync + 'static,
    ) -> Origin2
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut config = ServerConfig::clone(config);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let listener = self.0.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        self.0.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
                let mut preface = [0; 24];
                tls.read_exact(&mut preface).await.unwrap();
                tokio::spawn(script(Raw(tls.into()), number));
            }
        });
        Origin2 { address, connections }
    }

    /// A client through the proxy's tunnel to `localhost` at that port, which offers both versions.
    pub fn client(&self, proxy: &Proxy, origin: SocketAddr) -> Client2 {
        self.client_offering(proxy, origin, &["h2", "http/1.1"])
    }

    /// The same, offering HTTP/2 alone.
    pub fn client_only(&self, proxy: &Proxy, origin: SocketAddr) -> Client2 {
        self.client_offering(proxy, origin, &["h2"])
    }

    fn client_offering(&self, proxy: &Proxy, origin: SocketAddr, alpn: &[&str]) -> Client2 {
        self.run(async {
            let (tls, address) = tunnel(proxy, origin, alpn).await;
            assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            // One stream's window must not close the connection to the others.
            let mut builder = h2::client::Builder::new();
            builder.initial_connection_window_size(16 * 1024 * 1024);
            let (sender, mut connection) = builder.handshake(tls).await.unwrap();
            let mut ping = connection.ping_pong().unwrap();
            tokio::spawn(async move {
                let _ = connection.await;
            });
            // What answers it stands behind the proxy's SETTINGS: those hold from here on.
            ping.ping(h2::Ping::opaque()).await.unwrap();
            Client2 { sender, address }
        })
    }
}

async fn serve_streams<IO, F>(
    connection: Result<h2::server::Connection<IO, Bytes>, h2::Error>,
    serve: Arc<impl Fn(Request<RecvStream>, SendResponse<Bytes>) -> F>,
) where
    IO: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(mut connection) = connection else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(serve(request, respond));
    }
}

/// Whether a `ClientHello`, looked at without taking it, offers h2.
async fn offers_http2(tcp: &TcpStream) -> bool {
    let mut hello = vec![0; 16 * 1024];
    let length = tcp.peek(&mut hello).await.unwrap();
    hello[..length].windows(3).any(|part| part == b"\x02h2")
}

/// A tunnel through the proxy, in TLS, with these protocols offered.
pub async fn tunnel(proxy: &Proxy, origin: SocketAddr, alpn: &[&str]) -> (TlsStream<TcpStream>, SocketAddr) {
    let (tcp, address) = bare_tunnel(proxy, origin).await;
    (secured(tcp, proxy, alpn, "localhost").await, address)
}

async fn secured(tcp: TcpStream, proxy: &Proxy, alpn: &[&str], name: &'static str) -> TlsStream<TcpStream> {
    let mut config = client_config(proxy.pem());
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}

/// A tunnel through the proxy to `localhost` at that port.
async fn bare_tunnel(proxy: &Proxy, origin: SocketAddr) -> (TcpStream, SocketAddr) {
    let mut tcp = TcpStream::connect(proxy.address()).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let authority = format!("localhost:{}", origin.port());
    tcp.write_all(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", head.escape_ascii());
    (tcp, address)
}

impl Origin2 {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it got.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Client2 {
    /// Our own end's address, by which a capture knows the client.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins a request whose body may follow.
    pub async fn begin(&self, request: Request<()>, over: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let mut sender = self.sender.clone().ready().await.unwrap();
        sender.send_request(request, over).unwrap()
    }

    /// A request without a body, and its whole response.
    pub async fn ask(&self, request: Request<()>) -> Result<Whole, h2::Error> {
        whole(self.begin(request, true).await.0).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Whole, h2::Error> {
        self.ask(request("GET", path)).await
    }
}

/// A request for a path of `localhost`.
pub fn request(method: &str, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("https://localhost{path}")).body(()).unwrap()
}

/// Reads a response to its end.
pub async fn whole(response: ResponseFuture) -> Result<Whole, h2::Error> {
    let (head, mut stream) = response.await?.into_parts();
    let body = read(&mut stream).await?;
    let trailers = stream.trailers().await?;
    Ok(Whole { head, body, trailers })
}

/// Reads a body to its end.
pub async fn read(stream: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    Ok(body)
}

/// Sends all of it, as the window allows; `over` ends the stream.
pub async fn write(
    stream: &mut SendStream<Bytes>,
    body: impl Into<Bytes>,
    over: bool,
) -> Result<(), h2::Error> {
    let mut body = body.into();
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        while stream.capacity() == 0 {
            let gone = || Err(h2::Reason::CANCEL.into());
            std::future::poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap_or_else(gone)?;
        }
        let part = body.split_to(stream.capacity().min(body.len()));
        stream.send_data(part, false)?;
    }
    if over {
        stream.send_data(Bytes::new(), true)?;
    }
    Ok(())
}

/// A response with this status and no fields.
pub fn status(code: u16) -> Response<()> {
    Response::builder().status(code).body(()).unwrap()
}
