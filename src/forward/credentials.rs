//! Who may use this proxy: clients of the right network (`--allow`) with the right credentials
//! (`--auth`, by Basic, RFC 7617, or SOCKS5's own). Asked outside of tunnels: what is inside has come
//! through a CONNECT.

use super::answer::Answer;
use super::context::{Client, Shard};
use crate::config::Standing;
use crate::exchange::{Failure, Head, Kind, Phase, Side};
use crate::recorder::Recording;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Whether a client may use the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Granted,
    /// Its address is none that we serve.
    Stranger(Standing),
    /// It has given no credentials.
    Unnamed,
    /// It has given wrong ones, so many within the last minute.
    Wrong(u32),
    /// It gave too many wrong ones: these are not looked at for so long.
    Barred(Duration),
}

impl Admission {
    /// Of a client at this address that came to an address of ours and has given these credentials, as
    /// `USER:PASS`.
    #[must_use]
    pub fn of(shard: &Shard, client: IpAddr, local: Option<IpAddr>, given: Option<&[u8]>) -> Self {
        match shard.standing(client, local) {
            Standing::Served => {}
            other => return Self::Stranger(other),
        }
        let Some(expected) = shard.settings.auth.as_deref() else { return Self::Granted };
        let Some(given) = given else { return Self::Unnamed };
        match shard.guests.barred(client) {
            Some(time) => Self::Barred(time),
            None if same(given, expected.as_bytes()) => Self::Granted,
            None => Self::Wrong(shard.guests.wrong(client)),
        }
    }

    /// How it is recorded of a client at this address that it may not.
    #[must_use]
    pub fn denied(&self, client: IpAddr) -> Option<Failure> {
        let (kind, says) = match self {
            Self::Granted => return None,
            Self::Stranger(standing) => (Kind::Denied, stranger(*standing, client)),
            Self::Unnamed => (Kind::Denied, "the client sent no proxy credentials".to_owned()),
            Self::Wrong(count) => {
                let says = format!("the client sent wrong proxy credentials ({count} within a minute)");
                (Kind::Denied, says)
            }
            Self::Barred(_) => {
                let says = format!(
                    "too many wrong proxy credentials came from {client} within a minute \
                     (limits.wrong_credentials): these were not looked at"
                );
                (Kind::TooMany, says)
            }
        };
        Some(Failure { side: Side::Client, phase: Phase::Request, kind, says })
    }
}

/// Why a client is a stranger, and what lets it in.
fn stranger(standing: Standing, client: IpAddr) -> String {
    match standing {
        Standing::Asks => format!(
            "{client} waited to be let in, and nobody did (limits.consent_timeout): `hopscope allow {client}`, a in the \
             interface, or --allow {client}"
        ),
        Standing::Elsewhere => format!(
            "{client} is not in the network that it came to, which alone is served without --auth or --allow CIDR"
        ),
        Standing::Global => format!(
            "{client} comes from the Internet: give --auth USER:PASS, or --allow-open for an open proxy"
        ),
        Standing::Outside | Standing::Served => format!("{client} is in no network of allow (--allow CIDR)"),
    }
}

/// The address of a neighbour that nobody has let in yet.
pub(super) fn asks(client: &Client) -> Option<IpAddr> {
    if client.tunnel.is_some() || client.again.is_some() || !client.shard.settings.asks_for_consent() {
        return None;
    }
    let peer = client.peer.parse::<SocketAddr>().ok()?.ip();
    (client.shard.standing(peer, client.local) == Standing::Asks).then_some(peer)
}

/// Lets it wait for that; what came of it is asked anew.
pub(super) async fn consent(client: &Client, peer: IpAddr) {
    client.shard.consent.wait(peer, client.shard.settings.limits.consent_timeout).await;
}

/// The answer to a client that may not, or may not yet.
pub(super) fn refused(client: &Client, recording: &Recording, head: &Head) -> Option<Answer> {
    // A replay comes from the person whose hopscope this is.
    if client.tunnel.is_some() || client.again.is_some() {
        return None;
    }
    let peer = client.peer.parse::<SocketAddr>().ok()?.ip();
    let given = head.value("proxy-authorization").and_then(basic);
    let admission = Admission::of(&client.shard, peer, client.local, given.as_deref());
    recording.fail(admission.denied(peer)?);
    answer(&admission, peer)
}

/// RFC 9110 11.7.1: 407 until our own credentials come.
fn answer(admission: &Admission, peer: IpAddr) -> Option<Answer> {
    match admission {
        Admission::Granted => None,
        Admission::Stranger(standing) => {
            let says = format!("hopscope does not serve this client: {}.\n", stranger(*standing, peer));
            Some(Answer::text(403, says).closing())
        }
        Admission::Unnamed | Admission::Wrong(_) => {
            let says =
                "hopscope was started with --auth: send its user name and password as proxy credentials.\n";
            let challenge = "Basic realm=\"hopscope\", charset=\"UTF-8\"";
            Some(Answer::text(407, says.to_owned()).with("Proxy-Authenticate", challenge))
        }
        // RFC 6585 4.
        Admission::Barred(time) => {
            let says = format!(
                "Too many wrong proxy credentials came from {peer}. hopscope listens again in {} s.\n",
                time.as_secs() + 1
            );
            let answer = Answer::text(429, says).with("Retry-After", (time.as_secs() + 1).to_string());
            Some(answer.closing())
        }
    }
}

/// The credentials of `Basic` (RFC 7617 2).
fn basic(value: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    let (scheme, token) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    base64::engine::general_purpose::STANDARD.decode(token.trim_ascii()).ok()
}

/// Compares secrets in a time that does not tell where they differ.
fn same(given: &[u8], expected: &[u8]) -> bool {
    given.len() == expected.len() && given.iter().zip(expected).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
