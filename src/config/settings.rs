//! The effective settings: typed, checked, complete. Everything that proxies takes these.

use super::{Parents, networks};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// All settings of a run, after defaults, config file, environment and flags were laid over each other.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses to listen on; port 0 picks one.
    pub listen: Vec<SocketAddr>,
    /// Folder of `ca.pem` and `ca.key`.
    pub ca_dir: PathBuf,
    /// Our name in Via.
    pub pseudonym: String,
    /// Whether Via is added (`via = "off"` exists because some origins stop compressing when they see it).
    pub via: bool,
    /// `USER:PASS` that clients must send to us, if any.
    pub auth: Option<String>,
    /// Networks whose clients may use this proxy, beside this machine; empty: all that can reach it.
    pub allow: Vec<IpNet>,
    /// Whether clients from anywhere are served without credentials, on purpose.
    pub allow_open: bool,
    /// Which CONNECT tunnels are opened.
    pub intercept: Intercept,
    /// How origins are reached and judged.
    pub origin: Origin,
    /// The proxies that they are reached through.
    pub parents: Parents,
    /// Bounds on what peers may send or take.
    pub limits: Limits,
    /// What is kept.
    pub capture: Capture,
    /// How requests are sent again.
    pub replay: Replay,
    /// The terminal interface.
    pub screen: Screen,
    /// The interface's keys where they are not the built-in ones, one entry for an action.
    pub keys: Vec<super::Binding>,
}

/// How a client stands by its address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is served.
    Served,
    /// It is a neighbour whom nobody has let in yet.
    Asks,
    /// It is in none of the networks of `allow`.
    Outside,
    /// It is not in the network of the address of ours that it came to.
    Elsewhere,
    /// It comes from the Internet, and hopscope is no open proxy.
    Global,
}

impl Settings {
    /// How a client at this address stands that came to an address of ours. This machine is always served;
    /// without credentials nobody else is by accident.
    #[must_use]
    pub fn standing(&self, client: IpAddr, local: Option<IpAddr>) -> Standing {
        // A client of an IPv4 network at a socket of both families shows as `::ffff:a.b.c.d`.
        let client = client.to_canonical();
        let local = local.map(|local| local.to_canonical());
        let listed = self.allow.iter().any(|net| net.contains(&client));
        if client.is_loopback() || local == Some(client) {
            Standing::Served
        } else if self.auth.is_some() || self.allow_open {
            if listed || self.allow.is_empty() { Standing::Served } else { Standing::Outside }
        } else if networks::is_global(client) {
            Standing::Global
        } else if listed {
            Standing::Served
        } else if !self.allow.is_empty() {
            Standing::Outside
        } else if local.is_some_and(|local| networks::is_neighbour(client, local)) {
            Standing::Asks
        } else {
            Standing::Elsewhere
        }
    }

    /// Whether others can reach us and are let in one by one.
    #[must_use]
    pub fn asks_for_consent(&self) -> bool {
        let reached = self.listen.iter().any(|address| !address.ip().is_loopback());
        reached && self.auth.is_none() && self.allow.is_empty() && !self.allow_open
    }
}

/// How requests are sent again.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    /// Whether a method that is not safe waits for a second `r` in the interface.
    pub confirm: bool,
}

/// The terminal interface.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Whether the mouse works in it, rather than in the terminal.
    pub mouse: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { mouse: true }
    }
}

/// Which CONNECT tunnels are intercepted. Patterns are globs over the host name.
#[derive(Clone, Debug)]
pub struct Intercept {
    /// Off: every tunnel is relayed unread.
    pub enabled: bool,
    /// Hosts never intercepted.
    pub tunnel: Vec<String>,
    /// When not empty, only these hosts are intercepted.
    pub only: Vec<String>,
    /// Whether HTTP/2 is spoken inside.
    pub http2: Http2,
    /// The oldest TLS that clients may speak.
    pub min_tls: MinTls,
    /// Whether hosts are left alone for which a client refuses our certificate.
    pub learn: bool,
    /// Refusals that this takes.
    pub learn_after: u32,
    /// For how long.
    pub learn_for: Duration,
}

/// The oldest version of TLS that is spoken on one side; hopscope knows none older than 1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinTls {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Whether HTTP/2 is spoken inside intercepted tunnels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2 {
    /// With clients that offer it and origins that choose it: the client gets what the origin speaks.
    #[default]
    Mirror,
    /// Never: HTTP/1.1 on both sides.
    Off,
}

/// How origins are reached and judged.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// PEM files of roots trusted beside the system's.
    pub ca: Vec<PathBuf>,
    /// More of them, each for some hosts only.
    pub ca_for: Vec<HostRoots>,
    /// Certificates to show to origins that ask for one; the first whose host fits.
    pub client_certificates: Vec<ClientCertificate>,
    /// The oldest TLS that origins may speak.
    pub min_tls: MinTls,
    /// Untrusted origins that may pass.
    pub insecure: Insecure,
    /// What becomes of an origin connection between requests.
    pub reuse: Reuse,
    /// Addresses of names that are not looked up.
    pub hosts: Vec<HostAddress>,
}

/// Roots for the hosts that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRoots {
    /// Which hosts (a glob).
    pub host: String,
    /// A PEM file with certificates.
    pub roots: PathBuf,
}

impl std::fmt::Display for HostRoots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.host, self.roots.display())
    }
}

/// A certificate to show to the hosts that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Which hosts (a glob).
    pub host: String,
    /// A PEM file with the certificate and those above it.
    pub certificate: PathBuf,
    /// One with its private key; `None`: that is in the same file.
    pub key: Option<PathBuf>,
}

impl std::fmt::Display for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.host, self.certificate.display())?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, ";{}", key.display()))
    }
}

/// The address that a name stands for, whatever the name server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// Lower case.
    pub name: String,
    /// Where it is.
    pub address: IpAddr,
}

impl std::fmt::Display for HostAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.name, self.address)
    }
}

/// Which origins may pass though their certificate is not trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Insecure {
    /// None.
    #[default]
    None,
    /// These hosts (globs).
    Hosts(Vec<String>),
    /// All.
    All,
}

/// What becomes of an origin connection between requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Kept for the client's connection while it lives, then pooled.
    #[default]
    Pool,
    /// Kept for the client's connection only.
    Client,
    /// Closed after each exchange.
    Never,
}

/// Bounds on what peers may send, and how long they may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Client connections at once; more wait to be accepted.
    pub connections: usize,
    /// Of these, connections of one client at once; more are turned away.
    pub client_connections: usize,
    /// Wrong credentials of one client within a minute; behind that none are looked at.
    pub wrong_credentials: u32,
    /// Streams of one HTTP/2 connection at once.
    pub streams: usize,
    /// HTTP/2 frames that ask for work and bring nothing which a peer may send within ten seconds.
    pub idle_frames: u32,
    /// Bytes of one message head.
    pub head: usize,
    /// Field lines of one head.
    pub fields: usize,
    /// Time for a client to complete a request head that it began.
    pub head_timeout: Duration,
    /// Time for a client connection to lie idle between requests.
    pub idle_timeout: Duration,
    /// Time for a peer, client or origin, to take none of the bytes that wait for it.
    pub write_timeout: Duration,
    /// Time for a client to send nothing of a request's body that its origin waits for.
    pub body_timeout: Duration,
    /// Time for a new client's first request to wait until somebody lets it in.
    pub consent_timeout: Duration,
    /// Time to look up a name and connect to an origin.
    pub connect_timeout: Duration,
    /// Time for a TLS handshake, on either side.
    pub tls_timeout: Duration,
    /// Time to wait for a response head.
    pub response_timeout: Duration,
    /// Time that exchanges under way get to finish when hopscope stops.
    pub drain_timeout: Duration,
    /// Idle origin connections kept per origin and shard.
    pub pool: usize,
    /// Time for a pooled origin connection to lie idle.
    pub pool_idle: Duration,
}

/// What is kept of the traffic.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Whether anything is written to disk.
    pub enabled: bool,
    /// The capture's folder; `None` makes a new one in the data folder.
    pub path: Option<PathBuf>,
    /// What gives way when the disk is slower than the wire.
    pub pressure: Pressure,
    /// Bytes kept of one body; `None` keeps all.
    pub max_body: Option<u64>,
    /// Bytes kept of the payload of one message within an exchange (WebSocket, events, gRPC).
    pub max_message: usize,
    /// Bytes of bodies and messages not yet on disk that may wait in memory.
    pub unsaved: usize,
    /// Time to write down what waits at the end; the rest is given up.
    pub close_timeout: Duration,
    /// Bytes that one segment of a capture grows to before the next one is begun.
    pub segment: u64,
    /// Whether segments are packed once the next one is begun.
    pub pack: bool,
    /// All captures together keep at most these bytes.
    pub retain_bytes: u64,
    /// Captures older than this are removed at start, oldest first.
    pub retain_age: Duration,
    /// Exchanges that a capture keeps while it grows, in whole segments; `None` keeps all.
    pub retain_count: Option<u64>,
}

/// What gives way when the disk is slower than the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pressure {
    /// The recording of a body: it is truncated, counted and shown.
    #[default]
    Drop,
    /// The traffic: it waits for the disk.
    Block,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![
                SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
                SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 8080),
            ],
            ca_dir: PathBuf::from("certs"),
            pseudonym: "hopscope".to_owned(),
            via: true,
            auth: None,
            allow: Vec::new(),
            allow_open: false,
            intercept: Intercept {
                enabled: true,
                tunnel: Vec::new(),
                only: Vec::new(),
                http2: Http2::Mirror,
                min_tls: MinTls::Tls12,
                learn: true,
                learn_after: 2,
                learn_for: Duration::from_mins(30),
            },
            origin: Origin::default(),
            parents: Parents::default(),
            limits: Limits::default(),
            capture: Capture::default(),
            replay: Replay { confirm: true },
            screen: Screen::default(),
            keys: Vec::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            client_connections: 4_096,
            wrong_credentials: 20,
            streams: 250,
            idle_frames: 1_000,
            head: 256 * 1024,
            fields: 1_000,
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(5),
            write_timeout: Duration::from_mins(5),
            body_timeout: Duration::from_mins(5),
            consent_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            tls_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_mins(5),
            drain_timeout: Duration::from_secs(5),
            pool: 32,
            pool_idle: Duration::from_mins(1),
        }
    }
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            enabled: true,
            path: None,
            pressure: Pressure::Drop,
            max_body: None,
            max_message: 1024 * 1024,
            unsaved: 16 * 1024 * 1024,
            close_timeout: Duration::from_secs(30),
            segment: 1024 * 1024 * 1024,
            pack: true,
            retain_bytes: 20 * 1024 * 1024 * 1024,
            retain_age: Duration::from_hours(30 * 24),
            retain_count: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_other_networks_are_kept_out() {
        let mut settings = Settings::default();
        let may = |settings: &Settings, text: &str| {
            settings.standing(text.parse().unwrap(), None) == Standing::Served
        };
        settings.allow = vec!["192.168.1.0/24".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for inside in
            ["192.168.1.77", "::ffff:192.168.1.77", "fd12::1", "127.0.0.1", "::1", "::ffff:127.0.0.1"]
        {
            assert!(may(&settings, inside), "{inside}");
        }
        for outside in ["192.168.2.1", "::ffff:10.0.0.1", "fe80::1", "8.8.8.8"] {
            assert!(!may(&settings, outside), "{outside}");
        }
    }

    #[test]
    fn nobody_is_served_by_accident() {
        let mut settings = Settings::default();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let ours = Some(ip("192.0.2.7"));
        assert_eq!(settings.standing(ip("192.0.2.7"), ours), Standing::Served, "this machine by its address");
        assert_eq!(settings.standing(ip("8.8.8.8"), ours), Standing::Global);
        // No interface of any machine has this address.
        assert_eq!(settings.standing(ip("10.0.0.1"), ours), Standing::Elsewhere);
        settings.allow = vec!["0.0.0.0/0".parse().unwrap()];
        assert_eq!(settings.standing(ip("10.0.0.1"), ours), Standing::Served);
        assert_eq!(
            settings.standing(ip("8.8.8.8"), ours),
            Standing::Global,
            "a network is no consent to all"
        );
        settings.auth = Some("a:b".to_owned());
        assert_eq!(settings.standing(ip("8.8.8.8"), ours), Standing::Served, "credentials are asked for");
        settings.auth = None;
        settings.allow_open = true;
        assert_eq!(settings.standing(ip("8.8.8.8"), ours), Standing::Served);
        settings.allow = vec!["10.0.0.0/8".parse().unwrap()];
        assert_eq!(settings.standing(ip("8.8.8.8"), ours), Standing::Outside);
    }

    #[test]
    fn consent_is_asked_for_where_others_reach_us_unasked() {
        let mut settings = Settings::default();
        assert!(!settings.asks_for_consent());
        settings.listen = vec!["0.0.0.0:0".parse().unwrap()];
        assert!(settings.asks_for_consent());
        settings.auth = Some("a:b".to_owned());
        assert!(!settings.asks_for_consent());
        (settings.auth, settings.allow) = (None, vec!["192.168.1.0/24".parse().unwrap()]);
        assert!(!settings.asks_for_consent());
    }
}
