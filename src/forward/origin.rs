//! Finding the connection to send a request on: the client's own, the pool's, or a new one.

use super::context::{Client, Dialed};
use crate::config::Reuse;
use crate::exchange::{Failure, Kind, Phase, Scheme, Side, Verdict};
use crate::hop::Route;
use crate::recorder::Recording;
use crate::upstream::{self, Io, Upstream};
use tokio::net::TcpStream;

/// A connection to the origin of `route`. With `fresh`, a reused one has just died: a new one is made.
pub(super) async fn reach(
    client: &Client,
    route: &Route,
    recording: &Recording,
    fresh: bool,
) -> Result<Upstream, Failure> {
    if !fresh && let Some(upstream) = reuse(client, route) {
        recording.note(|exchange| exchange.origin_connection = Some((upstream.id(), true)));
        return Ok(upstream);
    }
    let dialed = client.is_tunnel_to(route).then(|| client.take_dialed()).flatten();
    let tcp = match dialed {
        Some(Dialed::Pooled(upstream)) if !fresh => {
            recording.note(|exchange| exchange.origin_connection = Some((upstream.id(), true)));
            return Ok(*upstream);
        }
        Some(Dialed::Fresh(tcp)) => tcp,
        Some(Dialed::Pooled(_)) | None => dial(client, route, recording).await?,
    };
    let upstream = begin(client, route, tcp, recording).await?;
    recording.note(|exchange| exchange.origin_connection = Some((upstream.id(), false)));
    Ok(upstream)
}

/// Resolves and connects, noting when each was done.
pub(super) async fn dial(
    client: &Client,
    route: &Route,
    recording: &Recording,
) -> Result<TcpStream, Failure> {
    let limit = client.shard.settings.limits.connect_timeout;
    let addresses = upstream::resolve(&route.authority, limit).await?;
    let resolved = recording.elapsed();
    recording.note(|exchange| exchange.timing.resolved = Some(resolved));
    let tcp = upstream::dial(&addresses, &route.authority, limit).await?;
    let connected = recording.elapsed();
    recording.note(|exchange| exchange.timing.connected = Some(connected));
    Ok(tcp)
}

fn reuse(client: &Client, route: &Route) -> Option<Upstream> {
    let shard = &client.shard;
    match shard.settings.origin.reuse {
        Reuse::Never => None,
        Reuse::Client => client.take_idle(route),
        Reuse::Pool => client.take_idle(route).or_else(|| shard.pool.take(&client.key(route))),
    }
}

async fn begin(
    client: &Client,
    route: &Route,
    tcp: TcpStream,
    recording: &Recording,
) -> Result<Upstream, Failure> {
    let (peer, local) = (tcp.peer_addr().ok(), tcp.local_addr().ok());
    let (io, tls): (Box<dyn Io>, _) = match route.scheme {
        Scheme::Http => (Box::new(tcp), None),
        Scheme::Https => {
            let name = client.server_name(route).unwrap_or(&route.authority.host);
            let (stream, facts) = secure(client, name, tcp, recording).await?;
            (stream, Some(facts))
        }
    };
    let id = client.shard.recorder.connection(Side::Origin, peer, local, tls);
    Upstream::begin(io, client.key(route), id, client.shard.bounds()).await.map_err(|error| Failure {
        side: Side::Origin,
        phase: Phase::Connect,
        kind: Kind::Closed,
        says: format!("{} could not be spoken to: {error}", route.authority),
    })
}

/// The TLS handshake, then the verdict: an untrusted origin passes only where the settings say so.
async fn secure(
    client: &Client,
    name: &str,
    tcp: TcpStream,
    recording: &Recording,
) -> Result<(Box<dyn Io>, crate::exchange::TlsFacts), Failure> {
    let tls = &client.shard.tls;
    let limit = client.shard.settings.limits.tls_timeout;
    let (stream, facts) = tls.connect(tcp, name, limit).await?;
    let secured = recording.elapsed();
    recording.note(|exchange| exchange.timing.secured = Some(secured));
    if let Some(verdict @ Verdict::Untrusted(why)) = &facts.verdict {
        if !tls.may_pass(name, verdict) {
            // The row shows the certificate that was refused.
            let id = client.shard.recorder.connection(Side::Origin, None, None, Some(facts.clone()));
            recording.note(|exchange| exchange.origin_connection = Some((id, false)));
            return Err(upstream::untrusted(name, why));
        }
        recording.note(|exchange| exchange.summary.flags.add(crate::exchange::Flags::UNVERIFIED));
    }
    Ok((Box::new(stream), facts))
}
