//! The way to an origin: straight, or by a parent proxy, which is asked for a tunnel.

use super::context::Shard;
use crate::config::Parent;
use crate::exchange::{Authority, Failure, Head, Kind, Scheme};
use crate::hop::{self, Forwarded, RequestHop, Route, Version};
use crate::recorder::Recording;
use crate::upstream::parent::{self, Through};
use crate::upstream::{self, Key, Leg, Reached};
use base64::Engine;
use bytes::Bytes;

/// A new connection for a key, noting when each step was done.
pub async fn dial(shard: &Shard, key: &Key, recording: &Recording) -> Result<Reached, Failure> {
    let reached = match shard.parent(key.through) {
        None => straight(shard, &key.authority, recording).await?,
        Some(parent) => by(parent, shard, key, recording).await?,
    };
    let connected = recording.elapsed();
    recording.note(|exchange| exchange.timing.connected = Some(connected));
    Ok(reached)
}

async fn straight(shard: &Shard, authority: &Authority, recording: &Recording) -> Result<Reached, Failure> {
    let limit = shard.settings.limits.connect_timeout;
    let resolved = || {
        let now = recording.elapsed();
        recording.note(|exchange| exchange.timing.resolved = Some(now));
    };
    let (tcp, dialling) = upstream::connect(authority, &shard.settings.origin.hosts, limit, resolved).await?;
    Ok(Reached { leg: Leg::from(tcp), dialling })
}

async fn by(parent: &Parent, shard: &Shard, key: &Key, recording: &Recording) -> Result<Reached, Failure> {
    let means = shard.means();
    if matches!(key.through, Through::Proxy(_)) {
        return parent::reach(parent, &means).await;
    }
    let head = if parent.speaks_http() { request(parent, shard, key, recording)? } else { Bytes::new() };
    let (reached, answer) = parent::tunnel(parent, &key.authority, &head, &means).await;
    if reached.is_err() {
        recording.note(|exchange| exchange.heads.response_received = answer);
    }
    reached
}

/// The CONNECT for the parent: the client's own by the rules of the hop, with its record, or one made here.
fn request(parent: &Parent, shard: &Shard, key: &Key, recording: &Recording) -> Result<Bytes, Failure> {
    let own = recording.note(|exchange| {
        let own = exchange.summary.method == "CONNECT" && exchange.heads.request_sent.is_none();
        exchange.heads.request_received.clone().filter(|raw| own && raw.starts_with(b"CONNECT "))
    });
    let is_own = own.is_some();
    let raw = own
        .unwrap_or_else(|| Bytes::from(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", key.authority)));
    let forwarded = forwarded(parent, shard, &key.authority, raw).map_err(|fault| {
        parent::failed(parent, Kind::Malformed, &format!("cannot be asked for a tunnel: {}", fault.says))
    })?;
    if is_own {
        recording.connect_sent(&forwarded.raw, forwarded.edits);
    }
    Ok(forwarded.raw)
}

fn forwarded(
    parent: &Parent,
    shard: &Shard,
    authority: &Authority,
    raw: Bytes,
) -> Result<Forwarded, hop::Fault> {
    let head = Head::parse(raw);
    let facts = hop::check_request(&head, &shard.bounds())?;
    let route = Route { scheme: Scheme::Https, authority: authority.clone() };
    let (settings, toward) = (&shard.settings, Version::Http11);
    let hop = RequestHop {
        pseudonym: &settings.pseudonym,
        via: settings.via,
        route: &route,
        toward,
        websocket_key: None,
        persistent: true,
    };
    hop::forward_to_parent(&head, &facts, &hop, authorization(parent).as_deref())
}

/// The value of our own Proxy-Authorization (RFC 7617 2).
pub(super) fn authorization(parent: &Parent) -> Option<String> {
    let (user, password) = parent.credentials.as_ref()?;
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    Some(format!("Basic {token}"))
}
