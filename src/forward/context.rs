//! What an exchange can reach: its shard, its client's connection, and the tunnel it came through.

use super::consent::Consent;
use super::guests::Guests;
use super::learned::{Learned, Program};
use crate::ca::Interceptor;
use crate::config::{Parent, Settings, Standing, networks};
use crate::exchange::{Authority, ConnectionId, ExchangeId, Failure, Scheme, Unopened};
use crate::hop::{Bounds, Route, Version};
use crate::recorder::{Recorder, Recording, Watched};
use crate::upstream::parent::{self, Means, Through};
use crate::upstream::{self, Io, Key, OriginTls, Pool, Reached, Shared, Upstream};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Connections of HTTP/2 that one client's exchanges spread over, to an origin that takes few streams on each.
const SHARED: usize = 8;

/// One shard: a runtime of its own with everything that its connections share.
#[derive(Debug)]
pub struct Shard {
    /// The run's settings.
    pub settings: Arc<Settings>,
    /// Records, into this shard's buffer.
    pub recorder: Recorder,
    /// Idle origin connections.
    pub pool: Pool,
    /// How origins are secured and judged.
    pub tls: Arc<OriginTls>,
    /// Opens tunnels; `None` when none is to be opened.
    pub interceptor: Option<Arc<Interceptor>>,
    /// The addresses that we listen on: a target among them is a loop.
    pub addresses: Arc<OnceLock<Vec<SocketAddr>>>,
    /// The clients of the process.
    pub guests: Arc<Guests>,
    /// What refusals of our certificate have taught.
    pub learned: Arc<Learned>,
    /// Neighbours that wait to be let in, or were.
    pub consent: Arc<Consent>,
    /// Ended when hopscope stops: no new exchanges, those under way finish.
    pub drain: CancellationToken,
}

impl Shard {
    /// Bounds on heads.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds { fields: self.settings.limits.fields, head: self.settings.limits.head }
    }

    /// Why a tunnel to a host is not opened, as far as that is settled before anything is said in it: its TLS
    /// may name another host (RFC 6066 3).
    #[must_use]
    pub fn leaves_alone(&self, host: &str) -> Option<Unopened> {
        let rules = &self.settings.intercept;
        if self.interceptor.is_none() || !rules.enabled {
            return Some(Unopened::Off);
        }
        among(&rules.tunnel, host).then_some(Unopened::Named)
    }

    /// Why a tunnel is not opened that leads to a host, and in which TLS asks for a server name, if any.
    #[must_use]
    pub fn keeps_shut(&self, host: &str, sni: Option<&str>) -> Option<Unopened> {
        if let Some(why) = self.leaves_alone(host).or_else(|| self.leaves_alone(sni?)) {
            return Some(why);
        }
        let all = self.settings.intercept.only.is_empty();
        (!all && !self.is_asked_for(host, sni)).then_some(Unopened::NotNamed)
    }

    /// Whether such a tunnel is to be opened by name (`intercept.only`): nothing that was learned is
    /// against it.
    #[must_use]
    pub fn is_asked_for(&self, host: &str, sni: Option<&str>) -> bool {
        let only = &self.settings.intercept.only;
        among(only, host) || sni.is_some_and(|sni| among(only, sni))
    }

    /// How a client stands that came to an address of ours, credentials aside. Who was let in by hand is
    /// served, unless it comes from the Internet.
    #[must_use]
    pub fn standing(&self, client: IpAddr, local: Option<IpAddr>) -> Standing {
        if !client.is_loopback() && self.consent.is_given(client) && !networks::is_global(client) {
            return Standing::Served;
        }
        self.settings.standing(client, local)
    }

    /// The way to a target. Outside of a tunnel, a parent proxy that speaks HTTP is itself asked for http.
    #[must_use]
    pub fn through(&self, scheme: Scheme, authority: &Authority, in_tunnel: bool) -> Through {
        match parent::choose(&self.settings.parents, authority) {
            None => Through::Nobody,
            Some((number, parent)) if parent.speaks_http() && scheme == Scheme::Http && !in_tunnel => {
                Through::Proxy(number)
            }
            Some((number, _)) => Through::Tunnel(number),
        }
    }

    /// The parent proxy of a way.
    #[must_use]
    pub fn parent(&self, through: Through) -> Option<&Parent> {
        parent::numbered(&self.settings.parents, through.number()?)
    }

    /// What it takes to reach something.
    #[must_use]
    pub fn means(&self) -> Means<'_> {
        let settings = &self.settings;
        Means {
            hosts: &settings.origin.hosts,
            tls: &self.tls,
            limits: &settings.limits,
            bounds: self.bounds(),
        }
    }

    /// Whether a target is our own listener.
    #[must_use]
    pub fn is_ourselves(&self, authority: &Authority) -> bool {
        let Some(ours) = self.addresses.get() else { return false };
        let host = authority.host.parse::<std::net::IpAddr>();
        ours.iter().any(|address| {
            address.port() == authority.port
                && match host {
                    Ok(ip) => ip == address.ip() || (address.ip().is_unspecified() && ip.is_loopback()),
                    Err(_) => {
                        authority.host == "localhost"
                            && (address.ip().is_loopback() || address.ip().is_unspecified())
                    }
                }
        })
    }
}

fn among(patterns: &[String], host: &str) -> bool {
    patterns.iter().any(|pattern| upstream::pattern::names(pattern, host))
}

/// A client's connection on which HTTP is spoken: the TCP connection, or the inside of a tunnel.
#[derive(Debug)]
pub struct Client {
    /// Its shard.
    pub shard: Arc<Shard>,
    /// The number of the connection.
    pub connection: ConnectionId,
    /// The client's address, as shown.
    pub peer: String,
    /// The address of ours that it came to.
    pub local: Option<IpAddr>,
    /// The tunnel that this is the inside of.
    pub tunnel: Option<Tunnel>,
    /// What its one request is a replay of, when it is one.
    pub again: Option<Again>,
    origins: Mutex<Origins>,
    /// Held by the one stream that makes a connection of HTTP/2: the others wait to share it.
    pub(super) turn: tokio::sync::Mutex<LastFailure>,
    after: Mutex<Option<After>>,
    /// The CONNECT's record until the first request proves that the tunnel works.
    unproven: Mutex<Option<Recording>>,
}

/// A connection within this process that carries a replay, and nothing else.
#[derive(Debug)]
pub struct Again {
    /// The exchange that is sent again.
    pub parent: ExchangeId,
    /// The head goes out as it is, not through the rules of the hop.
    pub as_sent: bool,
    begun: Mutex<Option<oneshot::Sender<Watched>>>,
}

impl Again {
    /// A replay, and where its record can be watched once it has begun.
    #[must_use]
    pub fn new(parent: ExchangeId, as_sent: bool) -> (Self, oneshot::Receiver<Watched>) {
        let (sender, begun) = oneshot::channel();
        (Self { parent, as_sent, begun: Mutex::new(Some(sender)) }, begun)
    }

    /// Its record has begun.
    pub fn begin(&self, recording: &Recording) {
        if let Some(begun) = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Whoever asked for it may have gone; it is sent all the same.
            let _ = begun.send(recording.watch());
        }
    }
}

/// The tunnel that a connection is the inside of.
#[derive(Clone, Debug)]
pub struct Tunnel {
    /// `https` when it was opened, `http` when plain HTTP was spoken in it.
    pub scheme: Scheme,
    /// What CONNECT named.
    pub authority: Authority,
    /// The server name that the client asked for in TLS, when it is another.
    pub server_name: Option<String>,
    /// What the origin at its end speaks, as far as is known.
    pub toward: Version,
    /// Who speaks TLS in it.
    pub program: Option<Program>,
    /// The CONNECT.
    pub exchange: ExchangeId,
}

impl Tunnel {
    /// What makes connections to its end interchangeable.
    #[must_use]
    pub fn key(&self, shard: &Shard, version: Version) -> Key {
        Key {
            scheme: self.scheme,
            authority: self.authority.clone(),
            through: shard.through(self.scheme, &self.authority, true),
            server_name: self.server_name.clone(),
            version,
        }
    }
}

/// Origin connections kept for one client connection.
#[derive(Debug, Default)]
struct Origins {
    idle: Vec<Upstream>,
    /// Those of HTTP/2, in use or not.
    shared: Vec<Shared>,
    /// Dialled for CONNECT and not yet spoken on.
    dialed: Option<Dialed>,
}

/// The last attempt of this client to reach an origin by HTTP/2 that came to nothing.
type LastFailure = Option<(Instant, Failure)>;

/// What a CONNECT found at the other end.
#[derive(Debug)]
pub enum Dialed {
    /// A fresh connection.
    Fresh(Reached),
    /// A connection from the pool that already speaks TLS and HTTP there.
    Pooled(Box<Upstream>),
    /// A fresh connection that was secured to learn what the origin speaks.
    Secured(Box<Secured>),
    /// None: it could not be reached or secured. The first exchange is told so.
    Failed(Box<Unreached>),
}

/// A fresh connection that already speaks TLS and HTTP.
#[derive(Debug)]
pub struct Secured {
    /// The connection.
    pub upstream: Upstream,
    /// It passes by the settings only: its certificate is not trusted.
    pub unverified: bool,
}

/// Why there is no connection.
#[derive(Debug)]
pub struct Unreached {
    /// The cause.
    pub failure: Failure,
    /// The connection that was not secured.
    pub connection: Option<ConnectionId>,
}

/// What becomes of a connection when HTTP is over on it.
#[derive(Debug)]
pub enum After {
    /// CONNECT was answered with 200.
    Connect {
        /// What it named.
        authority: Authority,
        /// The other end.
        dialed: Dialed,
        /// The CONNECT's record.
        recording: Recording,
    },
    /// 101 was passed on: bytes go both ways from here.
    Upgraded {
        /// The origin's connection and what it has already sent.
        origin: crate::tap::Parts<Box<dyn Io>>,
        /// The exchange's record.
        recording: Recording,
    },
}

impl Client {
    /// HTTP begins on a client's connection.
    #[must_use]
    pub fn new(
        shard: Arc<Shard>,
        connection: ConnectionId,
        peer: String,
        tunnel: Option<Tunnel>,
        dialed: Option<Dialed>,
        unproven: Option<Recording>,
    ) -> Self {
        let origins = Mutex::new(Origins { dialed, ..Origins::default() });
        let (after, unproven) = (Mutex::new(None), Mutex::new(unproven));
        let turn = tokio::sync::Mutex::default();
        let (local, again) = (None, None);
        Self { shard, connection, peer, local, tunnel, again, origins, turn, after, unproven }
    }

    /// The same of a client that came to this address of ours.
    #[must_use]
    pub fn at(self, local: Option<SocketAddr>) -> Self {
        Self { local: local.map(|local| local.ip()), ..self }
    }

    /// The same for a replay.
    #[must_use]
    pub fn sending_again(self, again: Again) -> Self {
        Self { again: Some(again), ..self }
    }

    /// Whether heads go out as they are.
    #[must_use]
    pub fn is_as_sent(&self) -> bool {
        self.again.as_ref().is_some_and(|again| again.as_sent)
    }

    /// Says what is to become of the connection once HTTP is over.
    pub fn then(&self, after: After) {
        *self.after.lock().unwrap_or_else(PoisonError::into_inner) = Some(after);
    }

    /// What was said with [`Client::then`].
    pub fn take_after(&self) -> Option<After> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The connection that CONNECT dialled, if nobody has used it yet.
    pub fn take_dialed(&self) -> Option<Dialed> {
        self.lock().dialed.take()
    }

    /// The first request came: the CONNECT's record is over.
    pub fn proven(&self) {
        let Some(tunnel) = &self.tunnel else { return };
        if self.take_unproven().is_some()
            && let Some(program) = &tunnel.program
        {
            self.shard.learned.proven(program, &tunnel.authority.to_string());
        }
    }

    /// Whether its program has come through to the same place on another connection.
    #[must_use]
    pub fn is_trusting(&self) -> bool {
        let Some(tunnel) = &self.tunnel else { return false };
        let trusts = |program| self.shard.learned.trusts(program, &tunnel.authority.to_string());
        tunnel.program.as_ref().is_some_and(trusts)
    }

    /// Whether this is the inside of a tunnel whose TLS we opened.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.tunnel.as_ref().is_some_and(|tunnel| tunnel.scheme == Scheme::Https)
    }

    /// The record of a CONNECT whose tunnel has not yet carried a request.
    pub fn take_unproven(&self) -> Option<Recording> {
        self.unproven.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// An idle origin connection of HTTP/1.1 of this client.
    pub fn take_idle(&self, route: &Route) -> Option<Upstream> {
        let (name, through) = (self.server_name(route), self.through(route));
        let leads = |upstream: &Upstream| upstream.key().is((route.scheme, &route.authority), name, through);
        let mut origins = self.lock();
        while let Some(at) = origins.idle.iter().position(leads) {
            let mut upstream = origins.idle.swap_remove(at);
            if upstream::is_usable(&mut upstream) {
                return Some(upstream);
            }
        }
        None
    }

    /// The way to a route.
    #[must_use]
    pub fn through(&self, route: &Route) -> Through {
        self.shard.through(route.scheme, &route.authority, self.tunnel.is_some())
    }

    /// The parent proxy that is asked for a route in the origin's place.
    #[must_use]
    pub fn asked_parent(&self, route: &Route) -> Option<&Parent> {
        match self.through(route) {
            through @ Through::Proxy(_) => self.shard.parent(through),
            Through::Nobody | Through::Tunnel(_) => None,
        }
    }

    /// Whether a route leads to the end of the tunnel that this is the inside of.
    #[must_use]
    pub fn is_tunnel_to(&self, route: &Route) -> bool {
        let leads = |tunnel: &Tunnel| tunnel.scheme == route.scheme && tunnel.authority == route.authority;
        self.tunnel.as_ref().is_some_and(leads)
    }

    /// The server name for TLS to a route, where it is not the route's host.
    #[must_use]
    pub fn server_name(&self, route: &Route) -> Option<&str> {
        self.tunnel.as_ref().filter(|_| self.is_tunnel_to(route))?.server_name.as_deref()
    }

    /// A share of an origin connection of HTTP/2 of this client that takes one more exchange. Where none has
    /// room for it and there are `SHARED` connections already, it waits on the least busy one.
    pub fn share(&self, route: &Route) -> Option<Upstream> {
        let (name, through) = (self.server_name(route), self.through(route));
        let mut origins = self.lock();
        origins.shared.retain(Shared::is_open);
        let leads = |shared: &&Shared| shared.key().is((route.scheme, &route.authority), name, through);
        let least =
            origins.shared.iter().filter(leads).min_by_key(|shared| (!shared.has_room(), shared.active()))?;
        let crowded = origins.shared.iter().filter(leads).count() >= SHARED;
        (least.has_room() || crowded).then(|| Upstream::Http2(least.share()))
    }

    /// What makes connections of this client to a route interchangeable.
    #[must_use]
    pub fn key(&self, route: &Route, version: Version) -> Key {
        Key {
            scheme: route.scheme,
            authority: route.authority.clone(),
            through: self.through(route),
            server_name: self.server_name(route).map(str::to_owned),
            version,
        }
    }

    /// Keeps an origin connection for this client's next exchange, if any is to be kept.
    pub fn keep(&self, upstream: Upstream) {
        match upstream {
            Upstream::Http1(_) if self.shard.settings.origin.reuse == crate::config::Reuse::Never => {}
            Upstream::Http1(_) => self.lock().idle.push(upstream),
            // The connection was kept when it was made; this was one share of it.
            Upstream::Http2(_) => {}
        }
    }

    /// Keeps a connection of HTTP/2 for this client's other exchanges.
    pub fn keep_shared(&self, shared: &Shared) {
        if self.shard.settings.origin.reuse != crate::config::Reuse::Never {
            self.lock().shared.push(shared.clone());
        }
    }

    /// What the origin of a route is believed to speak.
    #[must_use]
    pub fn toward(&self, route: &Route) -> Version {
        let tunnel = self.tunnel.as_ref().filter(|_| self.is_tunnel_to(route));
        tunnel.map_or(Version::Http11, |tunnel| tunnel.toward)
    }

    /// The client's connection is over: its origin connections go to the pool.
    pub fn leave(&self) {
        if self.shard.settings.origin.reuse != crate::config::Reuse::Pool {
            return;
        }
        let mut origins = self.lock();
        for upstream in origins.idle.drain(..) {
            self.shard.pool.put(upstream);
        }
        for shared in origins.shared.drain(..) {
            self.shard.pool.put(Upstream::Http2(shared.share()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Origins> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
