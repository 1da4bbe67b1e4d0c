//! Through a parent proxy: which one a host has, how it is reached, and what it means when it will not.
//!
//! ```text
//! http to a parent that speaks HTTP ─► the request itself, in absolute-form (forward sends it)
//! anything else ─► CONNECT, or SOCKS5 ─► a Leg whose far end is the origin
//! ```
//! What fails at the parent has the phase `parent`; what it tells of the origin has the phase `connect`.

mod http;
mod socks;

pub use http::{is_from_a_proxy, refusal};

use super::pattern;
use super::{Leg, OriginTls, Reached, connect};
use crate::config::{HostAddress, Limits, Parent, ParentKind, Parents};
use crate::exchange::{Authority, Failure, Kind, Phase, Side, Verdict};
use crate::hop::Bounds;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::timeout;

/// Addresses of one name that a SOCKS5 parent is asked for, one after the other.
const ADDRESSES: usize = 4;

/// The way of a connection: two of them never serve in each other's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Through {
    /// Straight to the origin.
    #[default]
    Nobody,
    /// The parent of this number relays it unread.
    Tunnel(u16),
    /// The parent of this number is asked in the origin's place.
    Proxy(u16),
}

impl Through {
    /// The parent's number, for [`numbered`].
    #[must_use]
    pub fn number(self) -> Option<u16> {
        match self {
            Self::Nobody => None,
            Self::Tunnel(number) | Self::Proxy(number) => Some(number),
        }
    }
}

/// The parent for a target and its number in the settings; `None` goes straight.
#[must_use]
pub fn choose<'a>(parents: &'a Parents, target: &Authority) -> Option<(u16, &'a Parent)> {
    if parents.is_empty() {
        return None;
    }
    let own = (1_u16..).zip(&parents.hosts).find(|(_, (host, _))| pattern::names(host, &target.host));
    if let Some((number, (_, parent))) = own {
        return parent.as_ref().map(|parent| (number, parent));
    }
    let parent = parents.proxy.as_ref()?;
    (!parents.except.iter().any(|except| except.covers(target))).then_some((0, parent))
}

/// The parent of that number.
#[must_use]
pub fn numbered(parents: &Parents, number: u16) -> Option<&Parent> {
    match number {
        0 => parents.proxy.as_ref(),
        number => parents.hosts.get(usize::from(number) - 1)?.1.as_ref(),
    }
}

/// What it takes to reach something.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// Names that are not looked up.
    pub hosts: &'a [HostAddress],
    /// How a parent's own TLS is secured and judged.
    pub tls: &'a OriginTls,
    /// For times.
    pub limits: &'a Limits,
    /// On heads.
    pub bounds: Bounds,
}

impl Means<'_> {
    fn limit(&self) -> Duration {
        self.limits.connect_timeout
    }
}

/// A connection to the parent itself, secured where it is `https://`.
pub async fn reach(parent: &Parent, means: &Means<'_>) -> Result<Reached, Failure> {
    let reached = connect(&parent.authority, means.hosts, means.limit(), || ());
    let unreached =
        |failure: Failure| failed(parent, failure.kind, &format!("cannot be reached: {}", failure.says));
    let (tcp, mut dialling) = reached.await.map_err(unreached)?;
    dialling.parent = Some(parent.to_string());
    let leg = match parent.kind {
        ParentKind::Https => secured(parent, tcp.into(), means).await?,
        _ => tcp.into(),
    };
    Ok(Reached { leg, dialling })
}

/// A connection to the target, relayed by the parent. One that speaks HTTP is asked with `head`, a
/// CONNECT; the second value is its answer's head, whatever that was.
pub async fn tunnel(
    parent: &Parent,
    target: &Authority,
    head: &[u8],
    means: &Means<'_>,
) -> (Result<Reached, Failure>, Option<Bytes>) {
    if !parent.speaks_http() {
        return (through_socks(parent, target, means).await, None);
    }
    let mut reached = match reach(parent, means).await {
        Ok(reached) => reached,
        Err(failure) => return (Err(failure), None),
    };
    let mut answer = None;
    let asked = http::connect(&mut reached.leg, parent, target, head, &means.bounds, &mut answer);
    let outcome = match timeout(means.limit(), asked).await {
        Ok(outcome) => outcome.map(|()| reached),
        Err(_) => Err(silent(parent, target, means)),
    };
    (outcome, answer)
}

async fn through_socks(parent: &Parent, target: &Authority, means: &Means<'_>) -> Result<Reached, Failure> {
    let mut last = None;
    for address in socks::addresses(parent, target, means).await?.iter().take(ADDRESSES) {
        let mut reached = reach(parent, means).await?;
        match timeout(means.limit(), socks::connect(&mut reached.leg, parent, target, address)).await {
            Ok(Ok(())) => return Ok(reached),
            Ok(Err(failure)) if failure.phase == Phase::Connect => last = Some(failure),
            Ok(Err(failure)) => return Err(failure),
            Err(_) => return Err(silent(parent, target, means)),
        }
    }
    Err(last.unwrap_or_else(|| {
        failed(parent, Kind::Unresolvable, &format!("was asked for no address of {target}"))
    }))
}

async fn secured(parent: &Parent, leg: Leg, means: &Means<'_>) -> Result<Leg, Failure> {
    let host = &parent.authority.host;
    let secured = means.tls.connect(leg, host, super::Offer::Http1, means.limits.tls_timeout).await;
    let (stream, facts) = secured.map_err(|refused| {
        failed(parent, refused.failure.kind, &format!("was not secured: {}", refused.failure.says))
    })?;
    match &facts.verdict {
        Some(verdict @ Verdict::Untrusted(why)) if !means.tls.may_pass(host, verdict) => Err(failed(
            parent,
            Kind::Untrusted,
            &format!("was not secured: {}", super::untrusted(host, why).says),
        )),
        _ => Ok(Leg::Tls(Box::new(stream))),
    }
}

fn silent(parent: &Parent, target: &Authority, means: &Means<'_>) -> Failure {
    let limit = means.limit();
    failed(parent, Kind::TimedOut, &format!("did not open a way to {target} within {limit:?}"))
}

/// The parent's own failing: `the parent proxy http://h:3128 WHAT`.
#[must_use]
pub fn failed(parent: &Parent, kind: Kind, what: &str) -> Failure {
    let says = format!("the parent proxy {parent} {what}");
    Failure { side: Side::Origin, phase: Phase::Parent, kind, says }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Except;

    #[test]
    fn a_host_has_its_own_parent_or_none_before_the_one_for_all() {
        let parent = |text: &str| Parent::parse(text).unwrap();
        let parents = Parents {
            proxy: Some(parent("http://all:1")),
            hosts: vec![
                ("*.corp.test".to_owned(), Some(parent("socks5://corp:2"))),
                ("db.test".to_owned(), None),
            ],
            except: vec![Except::parse("shop.test").unwrap(), Except::parse("git.corp.test").unwrap()],
        };
        for (host, expected) in [
            ("a.test", Some((0, "http://all:1"))),
            ("git.corp.test", Some((1, "socks5://corp:2"))),
            ("db.test", None),
            ("www.shop.test", None),
        ] {
            let target = Authority { host: host.to_owned(), port: 443 };
            let chosen = choose(&parents, &target).map(|(number, parent)| (number, parent.to_string()));
            assert_eq!(chosen, expected.map(|(number, url)| (number, url.to_owned())), "{host}");
            if let Some((number, url)) = chosen {
                assert_eq!(numbered(&parents, number).unwrap().to_string(), url);
            }
        }
        assert!(choose(&Parents::default(), &Authority { host: "a".to_owned(), port: 1 }).is_none());
    }
}
