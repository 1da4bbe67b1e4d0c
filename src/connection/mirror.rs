//! The client gets the protocol that its origin speaks: the origin is asked first, or remembered.

use crate::ca::Alpn;
use crate::config::{Http2, Settings};
use crate::forward::{self, Dialed, Shard, Tunnel};
use crate::hop::Version;
use crate::recorder::Recording;
use crate::upstream::{Key, Offer, Reached, Upstream};

/// What a client asks for by ALPN, of what we serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// HTTP/1.1, or nothing in particular.
    Http1,
    /// HTTP/2 or HTTP/1.1.
    Either,
    /// HTTP/2 alone.
    Http2,
}

/// What a client that offers these protocols can be given; `None` when we serve none of them.
pub(super) fn wish(settings: &Settings, alpn: &[String]) -> Option<Wish> {
    let offers = |name: &str| alpn.iter().any(|offered| offered == name);
    let http2 = settings.intercept.http2 == Http2::Mirror && offers("h2");
    match (http2, alpn.is_empty() || offers("http/1.1")) {
        (true, true) => Some(Wish::Either),
        (true, false) => Some(Wish::Http2),
        (false, true) => Some(Wish::Http1),
        (false, false) => None,
    }
}

/// Finds out what the origin at the end of a tunnel speaks, notes it there, and says what the client is
/// to be offered. An origin that a client can have HTTP/2 with is secured for that, unless it is known
/// already; when that fails, the client is offered all and told so in its first answer.
pub(super) async fn learn(
    shard: &Shard,
    tunnel: &mut Tunnel,
    wish: Wish,
    dialed: Dialed,
    recording: &Recording,
) -> (Dialed, Alpn) {
    let key = tunnel.key(shard, Version::Http2);
    if wish == Wish::Http1 {
        let chosen = shard.tls.spoken().find(&key, Offer::Http1);
        tunnel.toward = chosen.unwrap_or(Version::Http11);
        return (dialed, Alpn::Http1);
    }
    let known = shard.tls.spoken().find(&key, Offer::Both);
    let (dialed, toward) = match (dialed, known) {
        (Dialed::Pooled(upstream), _) if is_of(&upstream, &key, known) => {
            let version = upstream.version();
            (Dialed::Pooled(upstream), Some(version))
        }
        (Dialed::Fresh(reached), Some(version)) => (Dialed::Fresh(reached), Some(version)),
        (dialed, _) => ahead(shard, tunnel, dialed, recording).await,
    };
    tunnel.toward = toward.unwrap_or(Version::Http2);
    let alpn = match (toward, wish) {
        (None, Wish::Either) => Alpn::Both,
        (Some(Version::Http11), Wish::Either) => Alpn::Http1,
        _ => Alpn::Http2,
    };
    (dialed, alpn)
}

/// Whether a pooled connection is what the origin would choose now.
fn is_of(upstream: &Upstream, key: &Key, known: Option<Version>) -> bool {
    let version = upstream.version();
    let route = (key.scheme, &key.authority);
    let leads = upstream.key().is(route, key.server_name.as_deref(), key.through);
    leads && (version == Version::Http2 || known == Some(version))
}

/// Secures the origin before the client's handshake ends.
async fn ahead(
    shard: &Shard,
    tunnel: &Tunnel,
    dialed: Dialed,
    recording: &Recording,
) -> (Dialed, Option<Version>) {
    let reached: Result<Reached, _> = match dialed {
        Dialed::Fresh(reached) => Ok(reached),
        other => {
            if let Dialed::Pooled(upstream) = other {
                shard.pool.put(*upstream);
            }
            forward::dial(shard, &tunnel.key(shard, Version::Http2), recording).await
        }
    };
    let secured = match reached {
        Ok(reached) => forward::secure_ahead(shard, tunnel, reached, recording).await,
        Err(failure) => Err(forward::Unreached { failure, connection: None }),
    };
    match secured {
        Ok(secured) => {
            let version = secured.upstream.version();
            (Dialed::Secured(Box::new(secured)), Some(version))
        }
        Err(unreached) => (Dialed::Failed(Box::new(unreached)), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_offers_is_what_it_is_given() {
        let mirror = Settings::default();
        let mut off = Settings::default();
        off.intercept.http2 = Http2::Off;
        for (alpn, mirrored, without) in [
            (&["h2", "http/1.1"][..], Some(Wish::Either), Some(Wish::Http1)),
            (&["h2"], Some(Wish::Http2), None),
            (&["http/1.1"], Some(Wish::Http1), Some(Wish::Http1)),
            (&[], Some(Wish::Http1), Some(Wish::Http1)),
            (&["imap"], None, None),
            (&["imap", "h2"], Some(Wish::Http2), None),
        ] {
            let alpn: Vec<String> = alpn.iter().map(ToString::to_string).collect();
            assert_eq!(wish(&mirror, &alpn), mirrored, "{alpn:?}");
            assert_eq!(wish(&off, &alpn), without, "{alpn:?}");
        }
    }
}
