//! Behind a CONNECT's 200: open the tunnel's TLS, speak plain HTTP in it, or relay it unread.

use super::hello::{self, Rejected};
use super::http::{Inside, Link, http};
use super::http2::http2;
use super::mirror;
use super::overhear::Overheard;
use super::rewind::Rewind;
use super::sniff::{self, Kind};
use super::spoken::Ear;
use super::{refused, relay};
use crate::config::Http2;
use crate::exchange::{Authority, Failure, Flags, Scheme, Side, TlsFacts, Tunnelled, Unopened};
use crate::forward::{self, Dialed, Program, Shard, Tunnel};
use crate::hop::Version;
use crate::recorder::Recording;
use crate::tap::Parts;
use crate::upstream::{Io, Key, Reached};
use bytes::BytesMut;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A client that has said something undecided and goes on no further for this long is only relayed: its
/// server may wait for just that.
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
    if let Some(why) = link.shard.leaves_alone(&authority.host) {
        return Box::pin(relay_unread(&link, &authority, dialed, &recording, parts, why.into())).await;
    }
    let server = match &dialed {
        Dialed::Fresh(reached) => reached.leg.bare(),
        _ => None,
    };
    let said = match first_words(&mut parts, server).await {
        Ok(Kind::Tls) => return Box::pin(intercept(link, authority, dialed, recording, parts)).await,
        Ok(Kind::Http | Kind::Http2) => link.shard.keeps_shut(&authority.host, None),
        Ok(Kind::Other) => Some(Unopened::Protocol),
        Err(why) => Some(why),
    };
    match (said, sniff::sniff(&parts.read)) {
        (None, Some(Kind::Http)) => {
            settle_opened(&recording);
            let inside = plain(authority, Version::Http11, dialed, recording);
            http(link, parts.io, parts.read.to_vec(), Some(inside)).await;
        }
        // RFC 9113 3.3: a client that knows that its server speaks HTTP/2 without TLS.
        (None, Some(Kind::Http2)) if link.shard.settings.intercept.http2 == Http2::Mirror => {
            settle_opened(&recording);
            let inside = plain(authority, Version::Http2, dialed, recording);
            let opened = link.shard.recorder.opened(Side::Client, Some(link.peer), link.local, None);
            Box::pin(http2(link, opened, parts.io, parts.read.to_vec(), Some(inside))).await;
        }
        (why, _) => {
            let why = why.unwrap_or(Unopened::Offer);
            Box::pin(relay_unread(&link, &authority, dialed, &recording, parts, why.into())).await;
        }
    }
}

impl From<Unopened> for Tunnelled {
    fn from(why: Unopened) -> Self {
        Self::new(why, None)
    }
}

/// What the client speaks; why it is not asked, when the server spoke first, one of them closed, or it cannot
/// be told. The first word has no limit: a client may take seconds to make its hello (Java does), and a tunnel in which
/// nobody speaks is idle.
async fn first_words(parts: &mut Parts<Box<dyn Io>>, server: Option<&TcpStream>) -> Result<Kind, Unopened> {
    loop {
        if let Some(kind) = sniff::sniff(&parts.read) {
            return Ok(kind);
        }
        if parts.read.len() > SNIFFED {
            return Err(Unopened::Protocol);
        }
        parts.read.reserve(SNIFFED);
        tokio::select! {
            biased;
            read = parts.io.read_buf(&mut parts.read) => if !matches!(read, Ok(1..)) {
                return Err(Unopened::Protocol);
            },
            () = server_speaks(server) => return Err(Unopened::ServerFirst),
            () = tokio::time::sleep(SILENCE), if !parts.read.is_empty() => return Err(Unopened::Protocol),
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
        return Box::pin(relay_unread(&link, &authority, dialed, &recording, parts, Unopened::Offer.into()))
            .await;
    };
    let program = hello.program(link.peer.ip());
    if let Some(why) = kept_shut(&link.shard, &authority, &hello, program.as_ref()) {
        let parts = Parts { io, read: BytesMut::from(&raw[..]) };
        return Box::pin(relay_unread(&link, &authority, dialed, &recording, parts, why)).await;
    }
    let Some(interceptor) = link.shard.interceptor.clone() else { return };
    let server_name = hello.sni.clone().filter(|name| *name != authority.host);
    let mut tunnel = Tunnel {
        scheme: Scheme::Https,
        authority,
        server_name,
        toward: Version::Http11,
        program,
        exchange: recording.id(),
    };
    // Boxed: what the two handshakes need is given back while the connection lives on.
    let learned = Box::pin(mirror::learn(&link.shard, &mut tunnel, wish, dialed, &recording)).await;
    let ((dialed, alpn), offered) = (learned, hello.offered());
    let accepted =
        Box::pin(hello::accept(hello, io, &interceptor, &tunnel.authority.host, alpn, limit)).await;
    match accepted {
        Ok((stream, facts)) => {
            settle_opened(&recording);
            let (recorder, speaks_http2) = (&link.shard.recorder, facts.alpn.as_deref() == Some("h2"));
            let opened = recorder.opened(Side::Client, Some(link.peer), link.local, Some(facts));
            recording.note(|exchange| exchange.client_connection = opened.id());
            let inside = Inside { tunnel, dialed, recording };
            if speaks_http2 {
                Box::pin(http2(link, opened, Box::new(stream), Vec::new(), Some(inside))).await;
            } else {
                let link = Link { connection: opened.id(), ..link };
                drop(opened);
                Box::pin(http(link, Box::new(stream), Vec::new(), Some(inside))).await;
            }
        }
        Err(rejected) => {
            record_inside(&link, &recording, offered);
            recording.fail(match rejected {
                Rejected::Certificate(refused) => {
                    let ca = interceptor.authority().path();
                    refused::in_tunnel(&refused, ca, &link.shard, &tunnel, &recording)
                }
                Rejected::Failed(failure) => failure,
            });
        }
    }
}

/// Why a tunnel with this hello in it is relayed unread, if it is: a host may be named in the settings by the
/// name that its client asks for alone (RFC 6066 3), and the client may have refused our certificate for it.
fn kept_shut(
    shard: &Shard,
    authority: &Authority,
    hello: &hello::Hello,
    program: Option<&Program>,
) -> Option<Tunnelled> {
    let (host, sni) = (&authority.host, hello.sni.as_deref());
    if let Some(why) = shard.keeps_shut(host, sni) {
        return Some(why.into());
    }
    if shard.is_asked_for(host, sni) {
        return None;
    }
    let lesson = shard.learned.lesson(program?, &authority.to_string())?;
    Some(Tunnelled::new(Unopened::Learned, Some(lesson.says())))
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
    let scheme = Scheme::Http;
    let tunnel = Tunnel { scheme, authority, server_name: None, toward, exchange, program: None };
    Inside { tunnel, dialed, recording }
}

async fn relay_unread(
    link: &Link,
    authority: &Authority,
    dialed: Dialed,
    recording: &Recording,
    client: Parts<Box<dyn Io>>,
    tunnel: Tunnelled,
) {
    recording.note(|exchange| {
        if tunnel.why == Unopened::Learned {
            exchange.summary.flags.add(Flags::LEARNED);
        }
        exchange.tunnelled = Some(Box::new(tunnel));
    });
    match raw(link, authority, dialed, recording).await {
        Ok(Reached { leg, dialling }) => {
            let ends = [leg.tcp().peer_addr().ok(), leg.tcp().local_addr().ok()];
            let opened = link.shard.recorder.reached(ends[0], ends[1], None, dialling);
            recording.note(|exchange| exchange.origin_connection = Some((opened.id(), false)));
            let origin = Parts { io: leg.into_io(), read: BytesMut::new() };
            let client = Overheard::new(whole(client), |facts| record_inside(link, recording, facts));
            let ear = Ear::default();
            relay::relay(client, whole(origin), recording, None, Some(&ear)).await;
        }
        Err(failure) => recording.fail(failure),
    }
}

/// A CONNECT's record shows the TLS in its tunnel from here on, opened by us or not.
fn record_inside(link: &Link, recording: &Recording, facts: TlsFacts) {
    let id = link.shard.recorder.connection(Side::Client, Some(link.peer), link.local, Some(facts));
    recording.note(|exchange| exchange.client_connection = id);
}

/// A bare connection to the target. One from the pool already speaks TLS and cannot serve.
async fn raw(
    link: &Link,
    authority: &Authority,
    dialed: Dialed,
    recording: &Recording,
) -> Result<Reached, Failure> {
    match dialed {
        Dialed::Fresh(reached) => Ok(reached),
        Dialed::Failed(unreached) => Err(unreached.failure),
        Dialed::Pooled(_) | Dialed::Secured(_) => {
            if let Dialed::Pooled(upstream) = dialed {
                link.shard.pool.put(*upstream);
            }
            let key = Key {
                scheme: Scheme::Https,
                authority: authority.clone(),
                through: link.shard.through(Scheme::Https, authority, true),
                server_name: None,
                version: Version::Http11,
            };
            forward::dial(&link.shard, &key, recording).await
        }
    }
}

/// Bytes put back before a stream, as one stream.
pub(super) fn whole(parts: Parts<Box<dyn Io>>) -> Rewind<Box<dyn Io>> {
    Rewind::new(parts.read.to_vec(), parts.io)
}
