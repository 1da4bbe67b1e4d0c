//! From a TCP connection to one that speaks HTTP: the TLS handshake, the verdict, the protocol.

use super::context::{Shard, Unreached};
use super::parent::dial;
use crate::exchange::{Dialling, Failure, Kind, Phase, Scheme, Side, TlsFacts, Verdict};
use crate::hop::{Route, Version};
use crate::recorder::Recording;
use crate::tap::http2::Limits;
use crate::upstream::{self, Exclusive, Io, Key, Leg, NotSecured, Offer, Reached, Shared, Upstream};
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Where a connection leads, and who asks for it.
pub(super) struct Way<'a> {
    pub(super) shard: &'a Shard,
    pub(super) route: &'a Route,
    pub(super) key: Key,
    /// The exchange whose timing the handshake belongs to.
    pub(super) recording: &'a Recording,
}

/// A connection that speaks HTTP.
pub(super) struct Begun {
    pub(super) upstream: Upstream,
    /// Its certificate is not trusted, and the settings let it pass.
    pub(super) unverified: bool,
}

/// Secures a connection where its scheme says so, and begins what the two sides agree on.
pub(super) async fn begin(way: &Way<'_>, reached: Reached, offer: Offer) -> Result<Begun, Unreached> {
    let Reached { leg, mut dialling } = reached;
    let (peer, local) = ends(leg.tcp());
    let (io, tls, version): (Box<dyn Io>, _, _) = match way.route.scheme {
        Scheme::Http => (leg.into_io(), None, way.key.version),
        Scheme::Https => {
            let (stream, facts) = secured(way, leg, offer, &mut dialling).await?;
            let version = upstream::version_of(&facts);
            (stream, Some(facts), version)
        }
    };
    let unverified = tls.as_ref().is_some_and(|facts| matches!(facts.verdict, Some(Verdict::Untrusted(_))));
    let opened = way.shard.recorder.reached(peer, local, tls, dialling);
    let key = Key { version, ..way.key.clone() };
    let write_limit = way.shard.settings.limits.write_timeout;
    let upstream = if version == Version::Http2 {
        let idle_frames = way.shard.settings.limits.idle_frames;
        let limits = Limits { bounds: way.shard.bounds(), idle_frames };
        let shared = Shared::begin(io, key, opened, limits, write_limit).await;
        shared.map(|shared| Upstream::Http2(shared.share())).map_err(|error| error.to_string())
    } else {
        let own = Exclusive::begin(io, key, opened.id(), way.shard.bounds(), write_limit).await;
        own.map(Upstream::Http1).map_err(|error| error.to_string())
    };
    upstream.map(|upstream| Begun { upstream, unverified }).map_err(|error| {
        let says = format!("{} could not be spoken to: {error}", way.route.authority);
        unreached(Failure { side: Side::Origin, phase: Phase::Connect, kind: Kind::Closed, says })
    })
}

/// The TLS handshake, then the verdict: an untrusted origin passes only where the settings say so.
async fn secured(
    way: &Way<'_>,
    leg: Leg,
    offer: Offer,
    dialling: &mut Box<Dialling>,
) -> Result<(Box<dyn Io>, TlsFacts), Unreached> {
    let (tls, limits) = (&way.shard.tls, &way.shard.settings.limits);
    let name = way.key.server_name.as_deref().unwrap_or(&way.route.authority.host);
    let first = tls.spoken().first(&way.key, offer);
    let ends = ends(leg.tcp());
    let (stream, facts) = match tls.connect(leg, name, first, limits.tls_timeout).await {
        Ok(secured) => secured,
        // RFC 7301 3.2: the origin speaks none of what was offered; perhaps it speaks the other.
        Err(refused) if refused.no_protocol => {
            let Some(other) = first.other() else { return Err(unsecured(way, ends, refused, dialling)) };
            let reached = dial(way.shard, &way.key, way.recording).await.map_err(unreached)?;
            *dialling = reached.dialling;
            let again = tls.connect(reached.leg, name, other, limits.tls_timeout).await;
            again.map_err(|_| unsecured(way, ends, refused, dialling))?
        }
        Err(refused) => return Err(unsecured(way, ends, refused, dialling)),
    };
    let at = way.recording.elapsed();
    way.recording.note(|exchange| exchange.timing.secured = Some(at));
    if let Some(verdict @ Verdict::Untrusted(why)) = &facts.verdict
        && !tls.may_pass(name, verdict)
    {
        // The row shows the certificate that was refused.
        let failure = upstream::untrusted(name, why);
        let refused = NotSecured { failure, no_protocol: false, facts };
        return Err(unsecured(way, ends, refused, dialling));
    }
    tls.spoken().note(&way.key, offer, upstream::version_of(&facts));
    Ok((Box::new(stream), facts))
}

/// The two addresses of a connection.
type Ends = (Option<SocketAddr>, Option<SocketAddr>);

fn ends(tcp: &TcpStream) -> Ends {
    (tcp.peer_addr().ok(), tcp.local_addr().ok())
}

/// A connection that came to nothing is on the record as well, with what is known of its handshake.
fn unsecured(way: &Way<'_>, (peer, local): Ends, refused: NotSecured, dialling: &Dialling) -> Unreached {
    let dialling = Box::new(dialling.clone());
    let id = way.shard.recorder.reached(peer, local, Some(refused.facts), dialling).id();
    Unreached { failure: refused.failure, connection: Some(id) }
}

fn unreached(failure: Failure) -> Unreached {
    Unreached { failure, connection: None }
}
