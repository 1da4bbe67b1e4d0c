//! Behind a CONNECT's 200: open the tunnel's TLS, speak plain HTTP in it, or relay it unread.

use super::hello::{self, Rejected};
use super::http::{Inside, Link, certificate_refused, http};
use super::relay;
use super::rewind::Rewind;
use super::sniff::{self, Kind};
use crate::exchange::{Authority, Flags, Scheme, Side};
use crate::forward::{Dialed, Tunnel};
use crate::hop::Route;
use crate::recorder::Recording;
use crate::tap::Parts;
use crate::upstream::{self, Io};
use bytes::BytesMut;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A client that says nothing for this long lets its server speak first: then we only relay.
const SILENCE: Duration = Duration::from_millis(300);
/// More than enough to tell protocols apart.
const SNIFFED: usize = 4 * 1024;

/// Decides by the first bytes what the tunnel is, and serves it.
pub(super) async fn open(
    link: Link,
    authority: Authority,
    dialed: Dialed,
    recording: Recording,
    mut parts: Parts<Box<dyn Io>>,
) {
    if !link.shard.intercepts(&authority.host) {
        return relay_unread(&link, &authority, dialed, &recording, parts).await;
    }
    let tcp = match &dialed {
        Dialed::Fresh(tcp) => Some(tcp),
        Dialed::Pooled(_) => None,
    };
    match first_words(&mut parts, tcp).await {
        Some(Kind::Tls) => intercept(link, authority, dialed, recording, parts).await,
        Some(Kind::Http) => {
            settle_opened(&recording);
            let inside = inside(Scheme::Http, authority, None, dialed, recording);
            http(link, parts.io, parts.read.to_vec(), Some(inside)).await;
        }
        _ => relay_unread(&link, &authority, dialed, &recording, parts).await,
    }
}

/// What the client speaks; `None` when the server spoke first, or nobody did.
async fn first_words(parts: &mut Parts<Box<dyn Io>>, server: Option<&TcpStream>) -> Option<Kind> {
    loop {
        if let Some(kind) = sniff::sniff(&parts.read) {
            return Some(kind);
        }
        if parts.read.len() > SNIFFED {
            return None;
        }
        parts.read.reserve(SNIFFED);
        tokio::select! {
            biased;
            read = parts.io.read_buf(&mut parts.read) => if !matches!(read, Ok(1..)) { return None },
            () = server_speaks(server) => return None,
            () = tokio::time::sleep(SILENCE) => return None,
        }
    }
}

async fn server_speaks(server: Option<&TcpStream>) {
    match server {
        Some(tcp) if tcp.readable().await.is_ok() => {}
        _ => std::future::pending().await,
    }
}

/// Opens the tunnel's TLS, unless the hello says that we could not serve what it asks for.
async fn intercept(
    link: Link,
    authority: Authority,
    dialed: Dialed,
    recording: Recording,
    parts: Parts<Box<dyn Io>>,
) {
    let Parts { mut io, read } = parts;
    let mut raw = read.to_vec();
    let limit = link.shard.settings.limits.tls_timeout;
    let hello = match tokio::time::timeout(limit, hello::read(&mut io, &mut raw)).await {
        Ok(Ok(hello)) if hello.alpn.is_empty() || hello.alpn.iter().any(|name| name == "http/1.1") => hello,
        _ => {
            let parts = Parts { io, read: BytesMut::from(&raw[..]) };
            return relay_unread(&link, &authority, dialed, &recording, parts).await;
        }
    };
    let Some(interceptor) = link.shard.interceptor.clone() else { return };
    let server_name = hello.sni.clone().filter(|name| *name != authority.host);
    match hello::accept(hello, io, &interceptor, &authority.host, limit).await {
        Ok((stream, facts)) => {
            let connection =
                link.shard.recorder.connection(Side::Client, Some(link.peer), link.local, Some(facts));
            settle_opened(&recording);
            let inside = inside(Scheme::Https, authority, server_name, dialed, recording);
            Box::pin(http(Link { connection, ..link }, Box::new(stream), Vec::new(), Some(inside))).await;
        }
        Err(Rejected::Certificate(refused)) => {
            recording.fail(certificate_refused(&refused, interceptor.authority().path()));
        }
        Err(Rejected::Failed(failure)) => recording.fail(failure),
    }
}

fn settle_opened(recording: &Recording) {
    recording.note(|exchange| {
        exchange.summary.flags.0 &= !Flags::TUNNEL.0;
        exchange.summary.flags.add(Flags::INTERCEPTED);
    });
    recording.complete();
}

fn inside(
    scheme: Scheme,
    authority: Authority,
    server_name: Option<String>,
    dialed: Dialed,
    recording: Recording,
) -> Inside {
    let exchange = recording.id();
    Inside { tunnel: Tunnel { scheme, authority, server_name, exchange }, dialed, recording }
}

async fn relay_unread(
    link: &Link,
    authority: &Authority,
    dialed: Dialed,
    recording: &Recording,
    client: Parts<Box<dyn Io>>,
) {
    match raw(link, authority, dialed).await {
        Ok(tcp) => {
            let origin = Parts { io: Box::new(tcp) as Box<dyn Io>, read: BytesMut::new() };
            relay::relay(client, origin, recording).await;
        }
        Err(failure) => recording.fail(failure),
    }
}

/// A bare connection to the target. One from the pool already speaks TLS and cannot serve.
async fn raw(
    link: &Link,
    authority: &Authority,
    dialed: Dialed,
) -> Result<TcpStream, crate::exchange::Failure> {
    match dialed {
        Dialed::Fresh(tcp) => Ok(tcp),
        Dialed::Pooled(upstream) => {
            link.shard.pool.put(*upstream);
            let route = Route { scheme: Scheme::Https, authority: authority.clone() };
            let limit = link.shard.settings.limits.connect_timeout;
            let addresses = upstream::resolve(&route.authority, limit).await?;
            upstream::dial(&addresses, &route.authority, limit).await
        }
    }
}

/// Bytes put back before a stream, as one stream.
pub(super) fn whole(parts: Parts<Box<dyn Io>>) -> Rewind<Box<dyn Io>> {
    Rewind::new(parts.read.to_vec(), parts.io)
}
