//! From a TCP connection to one that speaks HTTP: the TLS handshake, the verdict, the protocol.

use super::context::{Shard, Unreached};
use crate::exchange::{Failure, Kind, Phase, Scheme, Side, TlsFacts, Verdict};
use crate::hop::{Route, Version};
use crate::recorder::Recording;
use crate::tap::http2::Limits;
use crate::upstream::{self, Exclusive, Io, Key, Offer, Shared, Upstream};
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

/// Resolves and connects, noting when each was done.
pub async fn dial(shard: &Shard, route: &Route, recording: &Recording) -> Result<TcpStream, Failure> {
    let limit = shard.settings.limits.connect_timeout;
    let addresses = upstream::resolve(&route.authority, &shard.settings.origin.hosts, limit).await?;
    let resolved = recording.elapsed();
    recording.note(|exchange| exchange.timing.resolved = Some(resolved));
    let tcp = upstream::dial(&addresses, &route.authority, limit).await?;
    let connected = recording.elapsed();
    recording.note(|exchange| exchange.timing.connected = Some(connected));
    Ok(tcp)
}

/// Secures a connection where its scheme says so, and begins what the two sides agree on.
pub(super) async fn begin(way: &Way<'_>, tcp: TcpStream, offer: Offer) -> Result<Begun, Unreached> {
    let (peer, local) = (tcp.peer_addr().ok(), tcp.local_addr().ok());
    let (io, tls, version): (Box<dyn Io>, _, _) = match way.route.scheme {
        Scheme::Http => (Box::new(tcp), None, way.key.version),
        Scheme::Https => {
            let (stream, facts) = secured(way, tcp, offer).await?;
            let version = upstream::version_of(&facts);
            (stream, Some(facts), version)
        }
    };
    let unverified = tls.as_ref().is_some_and(|facts| matches!(facts.verdict, Some(Verdict::Untrusted(_))));
    let opened = way.shard.recorder.opened(Side::Origin, peer, local, tls);
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
async fn secured(way: &Way<'_>, tcp: TcpStream, offer: Offer) -> Result<(Box<dyn Io>, TlsFacts), Unreached> {
    let (tls, limits) = (&way.shard.tls, &way.shard.settings.limits);
    let name = way.key.server_name.as_deref().unwrap_or(&way.route.authority.host);
    let first = tls.spoken().first(&way.key, offer);
    let (stream, facts) = match tls.connect(tcp, name, first, limits.tls_timeout).await {
        Ok(secured) => secured,
        // RFC 7301 3.2: the origin speaks none of what was offered; perhaps it speaks the other.
        Err(refused) if refused.no_protocol => {
            let Some(other) = first.other() else { return Err(unreached(refused.failure)) };
            let tcp = dial(way.shard, way.route, way.recording).await.map_err(unreached)?;
            let again = tls.connect(tcp, name, other, limits.tls_timeout).await;
            again.map_err(|_| unreached(refused.failure))?
        }
        Err(refused) => return Err(unreached(refused.failure)),
    };
    let at = way.recording.elapsed();
    way.recording.note(|exchange| exchange.timing.secured = Some(at));
    if let Some(verdict @ Verdict::Untrusted(why)) = &facts.verdict
        && !tls.may_pass(name, verdict)
    {
        // The row shows the certificate that was refused.
        let id = way.shard.recorder.connection(Side::Origin, None, None, Some(facts.clone()));
        return Err(Unreached { failure: upstream::untrusted(name, why), connection: Some(id) });
    }
    tls.spoken().note(&way.key, offer, upstream::version_of(&facts));
    Ok((Box::new(stream), facts))
}

fn unreached(failure: Failure) -> Unreached {
    Unreached { failure, connection: None }
}
