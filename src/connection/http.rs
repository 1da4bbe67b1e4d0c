//! HTTP/1 on one stream: hyper above, the tap beneath, and the clean end.

use super::cut::Cut;
use super::hello::Rejected;
use super::http2::http2;
use super::tunnel::{self, whole};
use super::{hello, refused, relay, sockets, socks};
use crate::ca::Alpn;
use crate::config::Http2;
use crate::exchange::{ConnectionId, Failure, Kind, Phase, Refused, Scheme, Side, TlsFacts};
use crate::forward::{After, Again, Client, Dialed, Shard, Tunnel, respond};
use crate::recorder::Recording;
use crate::tap::{self, Handle, Parts, Tap};
use crate::upstream::{Io, socks5};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// After our last byte, how long and for how many bytes we read on, so that a client that is
/// still sending does not lose our answer to a reset (RFC 9112 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// First byte of a TLS handshake record (RFC 8446 5.1).
const TLS_RECORD: u8 = 0x16;
/// First byte of SOCKS4.
const SOCKS4: u8 = 4;
/// A client that closes this soon after the handshake without a request has looked at our
/// certificate and turned away; a browser that connects ahead of need stays longer.
const TURNED_AWAY: Duration = Duration::from_secs(1);

/// Who is at the other end of a stream, and what stream it is.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) shard: Arc<Shard>,
    pub(super) peer: SocketAddr,
    pub(super) local: Option<SocketAddr>,
    pub(super) connection: ConnectionId,
}

/// The inside of a tunnel.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) tunnel: Tunnel,
    pub(super) dialed: Dialed,
    /// The CONNECT's record, open until the first request proves that the tunnel works.
    pub(super) recording: Recording,
}

/// Serves one accepted connection to its end.
pub async fn serve(shard: Arc<Shard>, tcp: TcpStream, peer: SocketAddr) {
    // Small writes must not wait for acknowledgements; a failure costs only that.
    let _ = tcp.set_nodelay(true);
    let local = tcp.local_addr().ok();
    let Some(first) = first_byte(&shard, &tcp).await else { return };
    if first == TLS_RECORD && shard.interceptor.is_some() {
        return Box::pin(secured(shard, tcp, peer, local)).await;
    }
    let connection = shard.recorder.connection(Side::Client, Some(peer), local, None);
    let link = Link { shard, peer, local, connection };
    match first {
        socks5::VERSION => Box::pin(socks::serve(link, tcp)).await,
        SOCKS4 => Box::pin(socks::turn_down_socks4(link, tcp)).await,
        _ => http(link, Box::new(tcp), Vec::new(), None).await,
    }
}

/// What the client says first; `None` when it says nothing, or we are stopping.
async fn first_byte(shard: &Shard, tcp: &TcpStream) -> Option<u8> {
    let mut first = [0; 1];
    tokio::select! {
        biased;
        peeked = tcp.peek(&mut first) => matches!(peeked, Ok(1)).then_some(first[0]),
        () = shard.drain.cancelled() => None,
        () = tokio::time::sleep(shard.settings.limits.idle_timeout) => None,
    }
}

/// TLS on the listener itself: `curl -x https://`, and in it HTTP/1 or HTTP/2, as for browsers.
async fn secured(shard: Arc<Shard>, tcp: TcpStream, peer: SocketAddr, local: Option<SocketAddr>) {
    let began = Instant::now();
    match handshake(&shard, tcp, local).await {
        Ok((stream, facts)) => {
            let speaks_http2 = facts.alpn.as_deref() == Some("h2");
            let opened = shard.recorder.opened(Side::Client, Some(peer), local, Some(facts));
            let link = Link { shard, peer, local, connection: opened.id() };
            if speaks_http2 {
                Box::pin(http2(link, opened, Box::new(stream), Vec::new(), None)).await;
            } else {
                drop(opened);
                http(link, Box::new(stream), Vec::new(), None).await;
            }
        }
        Err(failure) => unsecured(&shard, began, peer, local, failure),
    }
}

async fn handshake(
    shard: &Shard,
    mut tcp: TcpStream,
    local: Option<SocketAddr>,
) -> Result<(TlsStream<TcpStream>, TlsFacts), Failure> {
    let failed = |kind, says| Failure { side: Side::Client, phase: Phase::Tls, kind, says };
    let limit = shard.settings.limits.tls_timeout;
    let mut raw = Vec::new();
    let hello = match tokio::time::timeout(limit, hello::read(&mut tcp, &mut raw)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(none)) => {
            let kind = if none.closed { Kind::Closed } else { Kind::Handshake };
            return Err(failed(kind, none.says));
        }
        Err(_) => {
            let says = format!("the client's ClientHello was not complete within {limit:?}");
            return Err(failed(Kind::TimedOut, says));
        }
    };
    let Some(interceptor) = &shard.interceptor else {
        return Err(failed(
            Kind::Handshake,
            "hopscope has no authority to make a certificate with".to_owned(),
        ));
    };
    let host = local.map_or_else(|| "localhost".to_owned(), |local| local.ip().to_string());
    let both = shard.settings.intercept.http2 == Http2::Mirror;
    let alpn = if both { Alpn::Both } else { Alpn::Http1 };
    let accepted = hello::accept(hello, tcp, interceptor, &host, alpn, limit).await;
    accepted.map_err(|rejected| match rejected {
        Rejected::Certificate(refused) => refused::unnamed(&refused, interceptor.authority().path()),
        Rejected::Failed(failure) => failure,
    })
}

/// The row of a handshake with the proxy itself that came to nothing. No request came, so the row has
/// the address that was to be secured, and why it was not.
fn unsecured(shard: &Shard, began: Instant, peer: SocketAddr, local: Option<SocketAddr>, failure: Failure) {
    let connection = shard.recorder.connection(Side::Client, Some(peer), local, None);
    let recording = shard.recorder.begin(began, &peer.to_string(), connection);
    recording.note(|exchange| {
        exchange.summary.scheme = Scheme::Https;
        exchange.summary.host = local.map(|local| local.to_string()).unwrap_or_default();
    });
    recording.fail(failure);
    recording.open();
}

/// HTTP on a stream until it ends or becomes something else. `first` was already read from it.
pub(super) async fn http(link: Link, io: Box<dyn Io>, first: Vec<u8>, inside: Option<Inside>) {
    let began = Instant::now();
    let limits = &link.shard.settings.limits;
    let (tap, handle) = Tap::server(io, link.shard.bounds(), limits.head_timeout, limits.idle_timeout);
    let tap = tap.with_write_limit(limits.write_timeout);
    let mut tap = tap.with_presence(sockets::presence(link.peer, link.local));
    tap.prefill(&first);
    let client = Arc::new(client(&link, inside));
    let (tap, error) = drive(&client, tap, handle).await;
    client.leave();
    note_refusal(
        &client,
        began.elapsed(),
        error.as_ref().map_or(Left::Orderly, |error| Left::Broken(refusal(error))),
    );
    match (client.take_after(), error) {
        (Some(after), None) => Box::pin(follow(link, after, tap.into_parts())).await,
        (_, None) => close(tap).await,
        (_, Some(_)) => cut(&tap),
    }
}

pub(super) fn client(link: &Link, inside: Option<Inside>) -> Client {
    let (tunnel, dialed, recording) = match inside {
        Some(inside) => (Some(inside.tunnel), Some(inside.dialed), Some(inside.recording)),
        None => (None, None, None),
    };
    let (shard, peer) = (Arc::clone(&link.shard), link.peer.to_string());
    Client::new(shard, link.connection, peer, tunnel, dialed, recording).at(link.local)
}

/// Serves a connection within this process that carries one replay. An upgrade ends with its 101
/// when the other end is let go.
pub async fn replay(shard: Arc<Shard>, io: Box<dyn Io>, tunnel: Option<Tunnel>, again: Again) {
    let limits = &shard.settings.limits;
    let (tap, handle) = Tap::server(io, shard.bounds(), limits.head_timeout, limits.idle_timeout);
    let connection = shard.recorder.connection(Side::Client, None, None, None);
    let client = Client::new(shard, connection, "replay".to_owned(), tunnel, None, None);
    let client = Arc::new(client.sending_again(again));
    let (tap, error) = drive(&client, tap, handle).await;
    client.leave();
    if let (Some(After::Upgraded { origin, recording }), None) = (client.take_after(), error) {
        // Nobody speaks the other protocol here: that it ends at once says nothing of the origin.
        relay::relay(whole(tap.into_parts()), whole(origin), &recording, None, None).await;
    }
}

type ServerTap = Tap<Box<dyn Io>>;

/// Lets hyper serve the stream, and gives the tap back when hyper is done with it.
async fn drive(client: &Arc<Client>, tap: ServerTap, handle: Handle) -> (ServerTap, Option<hyper::Error>) {
    let service = service_fn(|request| Box::pin(respond(Arc::clone(client), handle.clone(), request)));
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .header_read_timeout(None)
        .max_buf_size(tap::BUFFER)
        .serve_connection(TokioIo::new(tap), service);
    let mut drain = pin!(client.shard.drain.cancelled());
    let mut draining = false;
    let ended = poll_fn(|cx| {
        if !draining && drain.as_mut().poll(cx).is_ready() {
            draining = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(cx)
    })
    .await;
    (connection.into_parts().io.into_inner(), ended.err())
}

async fn follow(link: Link, after: After, parts: Parts<Box<dyn Io>>) {
    match after {
        After::Connect { authority, dialed, recording } => {
            tunnel::open(link, authority, dialed, recording, parts).await;
        }
        After::Upgraded { origin, recording } => upgraded(parts, origin, &recording).await,
    }
}

/// Behind a 101: bytes both ways, and the messages of a WebSocket beside them.
async fn upgraded(client: Parts<Box<dyn Io>>, origin: Parts<Box<dyn Io>>, recording: &Recording) {
    let spoken = relay::spoken(recording);
    relay::relay(whole(client), whole(origin), recording, spoken, None).await;
}

/// A cut message must look cut: no `close_notify`, and where only the connection's end would tell the
/// message's, a reset in place of an orderly close (RFC 9112 8).
fn cut(tap: &ServerTap) {
    if tap.is_until_close() {
        tap.io().cut();
    }
}

/// Our side is done: say so, and read on for a moment.
async fn close(mut tap: ServerTap) {
    if tap.shutdown().await.is_ok() {
        linger(tap.into_parts().io).await;
    }
}

/// Reads on for a moment, so that our last words are not lost to a reset.
pub(super) async fn linger(mut io: impl AsyncRead + Unpin) {
    let mut rest = vec![0; 8 * 1024];
    let drained = async {
        let mut total = 0;
        while let Ok(count @ 1..) = io.read(&mut rest).await {
            total += count;
            if total > LINGER_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drained).await;
}

/// How a client left its connection.
pub(super) enum Left {
    Orderly,
    /// The connection broke: perhaps by an alert about our certificate.
    Broken(Option<Refused>),
}

/// Records that a client left an opened tunnel because of our certificate: with an alert, or, as clients
/// do that look at the certificate after the handshake, at once and without a word. A program that has come
/// through to the same place had no use for this connection, as browsers do that connect ahead of need.
pub(super) fn note_refusal(client: &Client, after: Duration, left: Left) {
    let (Some(recording), Some(interceptor)) = (client.take_unproven(), &client.shard.interceptor) else {
        return;
    };
    let turned_away = match left {
        Left::Broken(alert) => alert,
        Left::Orderly => (after < TURNED_AWAY && !client.is_trusting()).then_some(Refused { alert: None }),
    };
    if let Some(refused) = turned_away.filter(|_| client.is_secured()) {
        let Some(tunnel) = &client.tunnel else { return };
        let ca = interceptor.authority().path();
        recording.fail(refused::in_tunnel(&refused, ca, &client.shard, tunnel, &recording));
    }
}

/// Whether hyper's error is the client's alert about our certificate: TLS 1.3 clients send it
/// when for us the handshake is already over.
fn refusal(error: &hyper::Error) -> Option<Refused> {
    let mut source = std::error::Error::source(error);
    while let Some(current) = source {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            return hello::refusal(io);
        }
        source = current.source();
    }
    None
}
