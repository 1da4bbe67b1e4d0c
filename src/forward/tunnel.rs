//! CONNECT: dial first, answer then, and say what is to become of the connection, or of the stream of HTTP/2.

use super::answer::stand_in;
use super::context::{After, Client, Dialed};
use super::parent;
use super::response::{Connected, ResponseBody};
use crate::config::Reuse;
use crate::exchange::{Failure, Flags, Scheme};
use crate::hop::{self, Framing, Route, Version};
use crate::recorder::Recording;
use crate::tap::{End, HeadOf, OutHead};
use crate::upstream::{Key, Source};
use hyper::Response;

/// Dials the target and answers 200, or says why not.
pub(super) async fn connect(
    client: &Client,
    end: &End,
    route: &Route,
    recording: &Recording,
    body: Source,
) -> Result<Response<ResponseBody>, Failure> {
    let dialed = match pooled(client, route) {
        Some(upstream) => Dialed::Pooled(Box::new(upstream)),
        None => Dialed::Fresh(parent::dial(&client.shard, &key(client, route), recording).await?),
    };
    let raw = if end.is_http2() { hop::established_http2() } else { hop::established() };
    recording.note(|exchange| {
        exchange.summary.status = Some(200);
        exchange.summary.flags.add(Flags::TUNNEL);
    });
    let (of, sent) = (HeadOf::Response { over: false }, recording.watcher());
    end.queue(OutHead { raw, framing: Framing::None, closes: false, of, sent }, Vec::new());
    let (authority, recording) = (route.authority.clone(), recording.clone());
    if end.is_http2() {
        let connected = Connected { authority, dialed, recording, body };
        return Ok(stand_in(200, ResponseBody::Connected(Box::new(connected)), false));
    }
    client.then(After::Connect { authority, dialed, recording });
    Ok(stand_in(200, ResponseBody::Empty, false))
}

/// Whatever comes behind the 200, a parent proxy is asked for a tunnel.
fn key(client: &Client, route: &Route) -> Key {
    let through = client.shard.through(route.scheme, &route.authority, true);
    Key { through, ..client.key(route, Version::Http11) }
}

/// A pooled connection to the target proves that it can be reached, if the tunnel will be opened.
fn pooled(client: &Client, route: &Route) -> Option<crate::upstream::Upstream> {
    let shard = &client.shard;
    if shard.settings.origin.reuse != Reuse::Pool || shard.keeps_shut(&route.authority.host, None).is_some() {
        return None;
    }
    let route = Route { scheme: Scheme::Https, authority: route.authority.clone() };
    let pooled = |version| shard.pool.take(&client.key(&route, version));
    pooled(Version::Http2).or_else(|| pooled(Version::Http11))
}
