//! Behind a CONNECT's 200: open the tunnel's TLS, speak plain HTTP in it, or relay it unread.

use super::hello::{self, Rejected};
use super::http::{Inside, Link, certificate_refused, http};
use super::http2::http2;
use super::mirror;
use super::relay;
use super::rewind::Rewind;
use super::sniff::{self, Kind};
use crate::config::Http2;
use crate::exchange::{Authority, Flags, Scheme, Side};
use crate::forward::{Dialed, Tunnel};
use crate::hop::{Route, Version};
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
        _ => None,
    };
    match first_words(&mut parts, tcp).await {
        Some(Kind::Tls) => intercept(link, authority, dialed, recording, parts).await,
        Some(Kind::Http) => {
            settle_opened(&recording);
            let inside = plain(authority, Version::Http11, dialed, recording);
            http(link, parts.io, parts.read.to_vec(), Some(inside)).await;
        }
        // RFC 9113 3.3: a client that knows that its server speaks HTTP/2 without TLS.
        Some(Kind::Http2) if link.shard.settings.intercept.http2 == Http2::Mirror => {
            settle_opened(&recording);
            let inside = plain(authority, Version::Http2, dialed, recording);
            let opened = link.shard.recorder.opened(Side::Client, Some(link.peer), link.local, None);
            Box::pin(http2(link, opened, parts.io, parts.read.to_vec(), inside)).await;
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

/// Ready when the server speaks first; one of HTTP/2 sends its SETTINGS at once (RFC 9113 3.4), and it
/// is the client who says what is spoken.
async fn server_speaks(server: Option<&TcpStream>) {
    let mut first = [0; 9];
    if let Some(tcp) = server
        && let Ok(length) = tcp.peek(&mut first).await
        && !sniff::is_settings(first.get(..length).unwrap_or_default())
    {
        return;
    }
    std::future::pending::<()>().await;
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
    let hello = tokio::time::timeout(limit, hello::read(&mut io, &mut raw)).await;
    let wish = hello.as_ref().ok().and_then(|hello| hello.as_ref().ok());
    let wish = wish.and_then(|hello| mirror::wish(&link.shard.settings, &hello.alpn));
    let (Ok(Ok(hello)), Some(wish)) = (hello, wish) else {
        let parts = Parts { io, read: BytesMut::from(&raw[..]) };
        return relay_unread(&link, &authority, dialed, &recording, parts).await;
    };
    let Some(interceptor) = link.shard.interceptor.clone() else { return };
    let server_name = hello.sni.clone().filter(|name| *name != authority.host);
    let mut tunnel = Tunnel {
        scheme: Scheme::Https,
        authority,
        server_name,
        toward: Version::Http11,
        exchange: recording.id(),
    };
    let (dialed, alpn) = mirror::learn(&link.shard, &mut tunnel, wish, dialed, &recording).await;
    match hello::accept(hello, io, &interceptor, &tunnel.authority.host, alpn, limit).await {
        Ok((stream, facts)) => {
            let speaks_http2 = facts.alpn.as_deref() == Some("h2");
            settle_opened(&recording);
            let inside = Inside { tunnel, dialed, recording };
            let recorder = &link.shard.recorder;
            if speaks_http2 {
                let opened = recorder.opened(Side::Client, Some(link.peer), link.local, Some(facts));
                Box::pin(http2(link, opened, Box::new(stream), Vec::new(), inside)).await;
            } else {
                let connection = recorder.connection(Side::Client, Some(link.peer), link.local, Some(facts));
                let link = Link { connection, ..link };
                Box::pin(http(link, Box::new(stream), Vec::new(), Some(inside))).await;
            }
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

/// HTTP without TLS in a tunnel.
fn plain(authority: Authority, toward: Version, dialed: Dialed, recording: Recording) -> Inside {
    let exchange = recording.id();
    let tunnel = Tunnel { scheme: Scheme::Http, authority, server_name: None, toward, exchange };
    Inside { tunnel, dialed, recording }
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
            relay::relay(whole(client), whole(origin), recording, None).await;
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
        Dialed::Failed(unreached) => Err(unreached.failure),
        Dialed::Pooled(_) | Dialed::Secured(_) => {
            if let Dialed::Pooled(upstream) = dialed {
                link.shard.pool.put(*upstream);
            }
            let route = Route { scheme: Scheme::Https, authority: authority.clone() };
            let limit = link.shard.settings.limits.connect_timeout;
            let addresses =
                upstream::resolve(&route.authority, &link.shard.settings.origin.hosts, limit).await?;
            upstream::dial(&addresses, &route.authority, limit).await
        }
    }
}

/// Bytes put back before a stream, as one stream.
pub(super) fn whole(parts: Parts<Box<dyn Io>>) -> Rewind<Box<dyn Io>> {
    Rewind::new(parts.read.to_vec(), parts.io)
}
