//! Finding the connection to send a request on: the client's own, the pool's, or a new one.

use super::context::{Client, Dialed, Secured, Shard, Tunnel, Unreached};
use super::parent::dial;
use super::secure::{self, Begun};
use crate::config::Reuse;
use crate::exchange::{Failure, Flags};
use crate::hop::{Route, Version};
use crate::recorder::Recording;
use crate::upstream::{Offer, Reached, Upstream};
use std::pin::Pin;
use std::time::Instant;

/// What a request needs of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// What is to be spoken there, if the origin speaks it.
    pub(super) version: Version,
    /// And nothing else, if it can be had.
    pub(super) only: bool,
    /// A reused one has just died: a new one is made.
    pub(super) fresh: bool,
}

/// A connection to the origin of `route`.
pub(super) async fn reach(
    client: &Client,
    route: &Route,
    recording: &Recording,
    wanted: Wanted,
) -> Result<Upstream, Failure> {
    match wanted.version {
        Version::Http2 => reach_shared(client, route, recording, wanted.fresh).await,
        _ => reach_own(client, route, recording, wanted).await,
    }
}

/// A connection that this exchange has for itself.
async fn reach_own(
    client: &Client,
    route: &Route,
    recording: &Recording,
    wanted: Wanted,
) -> Result<Upstream, Failure> {
    if !wanted.fresh
        && let Some(upstream) = reuse(client, route)
    {
        return Ok(noted(recording, upstream, true));
    }
    // An origin that speaks nothing but HTTP/2 has left a connection of that.
    if !wanted.only
        && let Some(upstream) = client.share(route)
    {
        return Ok(noted(recording, upstream, true));
    }
    let made = make(client, route, recording, wanted).await?;
    keep(client, &made);
    Ok(made)
}

/// A share of a connection; one exchange makes it, the others wait for it.
async fn reach_shared(
    client: &Client,
    route: &Route,
    recording: &Recording,
    fresh: bool,
) -> Result<Upstream, Failure> {
    let since = Instant::now();
    // An origin that turned out to speak HTTP/1.1 has left connections of that.
    let kept = || client.share(route).or_else(|| client.take_idle(route));
    if let Some(upstream) = kept() {
        return Ok(noted(recording, upstream, true));
    }
    let mut turn = client.turn.lock().await;
    if let Some(upstream) = kept() {
        return Ok(noted(recording, upstream, true));
    }
    // What has just failed for another stream would fail for this one.
    if let Some((at, failure)) = turn.as_ref()
        && *at >= since
    {
        return Err(failure.clone());
    }
    if !fresh
        && client.shard.settings.origin.reuse == Reuse::Pool
        && let Some(upstream) = client.shard.pool.take(&client.key(route, Version::Http2))
    {
        keep(client, &upstream);
        return Ok(noted(recording, upstream, true));
    }
    let made = make(client, route, recording, Wanted { version: Version::Http2, only: false, fresh }).await;
    match &made {
        Ok(upstream) => keep(client, upstream),
        Err(failure) => *turn = Some((Instant::now(), failure.clone())),
    }
    made
}

fn keep(client: &Client, upstream: &Upstream) {
    if let Some(shared) = upstream.shared() {
        client.keep_shared(shared);
    }
}

/// What CONNECT left for us, or a new connection. Boxed, for dialling and a handshake need 8 KiB, and an
/// exchange that finds a connection would carry them about unused.
fn make<'a>(
    client: &'a Client,
    route: &'a Route,
    recording: &'a Recording,
    wanted: Wanted,
) -> Pin<Box<dyn Future<Output = Result<Upstream, Failure>> + Send + 'a>> {
    Box::pin(made(client, route, recording, wanted))
}

async fn made(
    client: &Client,
    route: &Route,
    recording: &Recording,
    wanted: Wanted,
) -> Result<Upstream, Failure> {
    let dialed = client.is_tunnel_to(route).then(|| client.take_dialed()).flatten();
    let key = client.key(route, wanted.version);
    let reached = match dialed {
        Some(Dialed::Pooled(upstream)) if !wanted.fresh && upstream.version() == wanted.version => {
            return Ok(noted(recording, *upstream, true));
        }
        Some(Dialed::Secured(secured)) if secured.upstream.version() == wanted.version => {
            let Secured { upstream, unverified } = *secured;
            if unverified {
                recording.note(|exchange| exchange.summary.flags.add(Flags::UNVERIFIED));
            }
            return Ok(noted(recording, upstream, false));
        }
        Some(Dialed::Failed(unreached)) => {
            let Unreached { failure, connection } = *unreached;
            recording.note(|exchange| exchange.origin_connection = connection.map(|id| (id, false)));
            return Err(failure);
        }
        Some(Dialed::Fresh(reached)) => reached,
        Some(Dialed::Pooled(upstream)) => {
            client.shard.pool.put(*upstream);
            dial(&client.shard, &key, recording).await?
        }
        Some(Dialed::Secured(_)) | None => dial(&client.shard, &key, recording).await?,
    };
    let offer = if wanted.version == Version::Http2 { Offer::Both } else { Offer::Http1 };
    let way = secure::Way { shard: &client.shard, route, key, recording };
    match secure::begin(&way, reached, offer).await {
        Ok(Begun { upstream, unverified }) => {
            if unverified {
                recording.note(|exchange| exchange.summary.flags.add(Flags::UNVERIFIED));
            }
            Ok(noted(recording, upstream, false))
        }
        Err(Unreached { failure, connection }) => {
            if let Some(id) = connection {
                recording.note(|exchange| exchange.origin_connection = Some((id, false)));
            }
            Err(failure)
        }
    }
}

fn noted(recording: &Recording, upstream: Upstream, reused: bool) -> Upstream {
    recording.note(|exchange| exchange.origin_connection = Some((upstream.id(), reused)));
    upstream
}

fn reuse(client: &Client, route: &Route) -> Option<Upstream> {
    let shard = &client.shard;
    match shard.settings.origin.reuse {
        Reuse::Never => None,
        Reuse::Client => client.take_idle(route),
        Reuse::Pool => {
            client.take_idle(route).or_else(|| shard.pool.take(&client.key(route, Version::Http11)))
        }
    }
}

/// Secures what CONNECT dialled before the client's own handshake ends, to learn what the origin speaks.
pub async fn secure_ahead(
    shard: &Shard,
    tunnel: &Tunnel,
    reached: Reached,
    recording: &Recording,
) -> Result<Secured, Unreached> {
    let route = Route { scheme: tunnel.scheme, authority: tunnel.authority.clone() };
    let key = tunnel.key(shard, Version::Http2);
    let way = secure::Way { shard, route: &route, key, recording };
    let Begun { upstream, unverified } = secure::begin(&way, reached, Offer::Both).await?;
    Ok(Secured { upstream, unverified })
}
