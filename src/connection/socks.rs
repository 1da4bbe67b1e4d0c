//! SOCKS5 at the listener (RFC 1928, 1929): who asks and for what; inside, whatever is spoken.

use super::http::Link;
use super::tunnel;
use crate::config::Standing;
use crate::exchange::{Authority, Failure, Flags, Kind, Phase, Scheme, Side};
use crate::forward::{self, Admission, Dialed};
use crate::hop::Version;
use crate::recorder::Recording;
use crate::tap::Parts;
use crate::upstream::Key;
use crate::upstream::socks5::{self, Address, Reply};
use bytes::BytesMut;
use std::io;
use std::net::IpAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why there is no tunnel, and for where it was to be, as far as that was said.
struct Ended {
    failure: Failure,
    target: Option<Authority>,
}

impl Ended {
    fn new(kind: Kind, says: impl Into<String>) -> Self {
        let failure = Failure { side: Side::Client, phase: Phase::Request, kind, says: says.into() };
        Self { failure, target: None }
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Self::new(Kind::Closed, "the client closed before it had said what it wants of SOCKS5")
            }
            _ => Self::new(Kind::Reset, format!("the client's connection broke within SOCKS5: {error}")),
        }
    }
}

/// Serves a client that began with the version of SOCKS5.
pub(super) async fn serve(link: Link, mut tcp: TcpStream) {
    let began = Instant::now();
    let limit = link.shard.settings.limits.head_timeout;
    let asked = timeout(limit, ask(&link, &mut tcp)).await.unwrap_or_else(|_| {
        let says =
            format!("the client's SOCKS5 request was not complete within {limit:?} (limits.head_timeout)");
        Err(Ended::new(Kind::TimedOut, says))
    });
    let target = match &asked {
        Ok(target) => Some(target),
        Err(ended) => ended.target.as_ref(),
    };
    let recording = begin(&link, began, target);
    match asked {
        Ok(target) => connect(link, tcp, target, recording).await,
        Err(ended) => {
            recording.fail(ended.failure);
            super::http::linger(tcp).await;
        }
    }
}

/// A client that began with the version of SOCKS4 is told that it may not, in its own words.
pub(super) async fn turn_down_socks4(link: Link, mut tcp: TcpStream) {
    let recording = begin(&link, Instant::now(), None);
    let says = "the client speaks SOCKS4, which is not served here: let it use SOCKS5 (socks5h://)";
    recording.fail(Ended::new(Kind::Denied, says).failure);
    // 91: request rejected. It may have gone already.
    let _ = tcp.write_all(&[0, 91, 0, 0, 0, 0, 0, 0]).await;
    let _ = tcp.shutdown().await;
    super::http::linger(tcp).await;
}

/// The row: what CONNECT would have been.
fn begin(link: &Link, began: Instant, target: Option<&Authority>) -> Recording {
    let recording = link.shard.recorder.begin(began, &link.peer.to_string(), link.connection);
    let at = recording.elapsed();
    recording.note(|exchange| {
        let summary = &mut exchange.summary;
        "CONNECT".clone_into(&mut summary.method);
        "SOCKS5".clone_into(&mut summary.version);
        summary.scheme = Scheme::Https;
        summary.host = target.map(ToString::to_string).unwrap_or_default();
        exchange.request_body.complete = true;
        exchange.timing.request_head = Some(at);
    });
    recording.open();
    recording
}

/// Method, credentials, request; what is wrong with them is answered here.
async fn ask(link: &Link, tcp: &mut TcpStream) -> Result<Authority, Ended> {
    tcp.read_u8().await?;
    let offered = socks5::read_text(tcp).await?;
    let given = agree(link, tcp, &offered).await?;
    let [version, command, _] = read_three(tcp).await?;
    let address = if version == socks5::VERSION { socks5::read_address(tcp).await? } else { None };
    let target = address.and_then(authority);
    let (reply, mut ended) = match (&target, command) {
        (None, _) => {
            let says = "the SOCKS5 request names no address that can be connected to (RFC 1928 4, 5)";
            (Reply::NO_ADDRESS_TYPE, Ended::new(Kind::Malformed, says))
        }
        (_, command) if command != socks5::CONNECT => {
            let says = format!("SOCKS5's command {command} is not served here, only CONNECT (RFC 1928 4)");
            (Reply::NO_COMMAND, Ended::new(Kind::Denied, says))
        }
        (Some(target), _) => match admission(link, given.as_deref()).await {
            stranger @ Admission::Stranger(_) => {
                let denied = stranger.denied(link.peer.ip());
                (Reply::NOT_ALLOWED, denied.map_or_else(|| Ended::new(Kind::Denied, ""), of))
            }
            _ if link.shard.is_ourselves(target) => {
                let says = format!("{target} is the address that hopscope itself listens on");
                (Reply::NOT_ALLOWED, Ended::new(Kind::Loop, says))
            }
            _ => return Ok(target.clone()),
        },
    };
    answer(tcp, &socks5::reply(reply, None)).await?;
    ended.target = target;
    Err(ended)
}

/// Whether the client may use the proxy; a neighbour that nobody has let in yet waits here.
async fn admission(link: &Link, given: Option<&[u8]>) -> Admission {
    let (shard, peer, local) = (&link.shard, link.peer.ip(), link.local.map(|local| local.ip()));
    if shard.standing(peer, local) == Standing::Asks {
        shard.consent.wait(peer, shard.settings.limits.consent_timeout).await;
    }
    Admission::of(shard, peer, local, given)
}

fn of(failure: Failure) -> Ended {
    Ended { failure, target: None }
}

/// RFC 1928 3, RFC 1929: the method, and `USER:PASS` where we ask for it and it is right.
async fn agree(link: &Link, tcp: &mut TcpStream, offered: &[u8]) -> Result<Option<Vec<u8>>, Ended> {
    let asks = link.shard.settings.auth.is_some();
    let offers = |method| offered.contains(&method);
    if !asks && offers(socks5::NO_AUTHENTICATION) {
        answer(tcp, &[socks5::VERSION, socks5::NO_AUTHENTICATION]).await?;
        return Ok(None);
    }
    if !offers(socks5::PASSWORD) {
        answer(tcp, &[socks5::VERSION, socks5::NO_METHOD]).await?;
        let says = if asks {
            "the client offers SOCKS5 without user name and password, which hopscope was started with (--auth)"
        } else {
            "the client offers no way of SOCKS5 authentication that is served here (RFC 1928 3)"
        };
        return Err(Ended::new(Kind::Denied, says));
    }
    answer(tcp, &[socks5::VERSION, socks5::PASSWORD]).await?;
    tcp.read_u8().await?;
    let (mut given, password) = (socks5::read_text(tcp).await?, socks5::read_text(tcp).await?);
    given.push(b':');
    given.extend(password);
    let peer = link.peer.ip();
    let denied = match Admission::of(&link.shard, peer, link.local.map(|local| local.ip()), Some(&given)) {
        // Told with the request's own reply.
        Admission::Granted | Admission::Stranger(_) => None,
        admission => admission.denied(peer),
    };
    // RFC 1929 2: any other status than 0, and the connection is closed.
    let status = u8::from(denied.is_some());
    answer(tcp, &[socks5::PASSWORD_VERSION, status]).await?;
    denied.map_or(Ok(Some(given)), |failure| Err(of(failure)))
}

async fn read_three(tcp: &mut TcpStream) -> io::Result<[u8; 3]> {
    let mut three = [0; 3];
    tcp.read_exact(&mut three).await?;
    Ok(three)
}

async fn answer(tcp: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    tcp.write_all(bytes).await
}

fn authority(address: Address) -> Option<Authority> {
    let target = match address {
        Address::Ip(address) => {
            Authority { host: address.ip().to_canonical().to_string(), port: address.port() }
        }
        Address::Name(name, port) => match name.parse::<IpAddr>() {
            Ok(ip) => Authority { host: ip.to_string(), port },
            Err(_) => Authority { port, ..Authority::parse(name.as_bytes(), Some(port))? },
        },
    };
    (target.port != 0).then_some(target)
}

/// Dials first and answers then; from there on it is a tunnel like that of a CONNECT.
async fn connect(link: Link, mut tcp: TcpStream, target: Authority, recording: Recording) {
    link.shard.recorder.ready().await;
    let key = Key {
        scheme: Scheme::Https,
        through: link.shard.through(Scheme::Https, &target, true),
        authority: target.clone(),
        server_name: None,
        version: Version::Http11,
    };
    let reached = match forward::dial(&link.shard, &key, &recording).await {
        Ok(reached) => reached,
        Err(failure) => {
            let reply = reply_to(&failure);
            recording.fail(failure);
            // The client may have gone.
            let _ = answer(&mut tcp, &socks5::reply(reply, None)).await;
            return super::http::linger(tcp).await;
        }
    };
    let bound = reached.leg.tcp().local_addr().ok();
    if answer(&mut tcp, &socks5::reply(Reply::SUCCEEDED, bound)).await.is_err() {
        return;
    }
    recording.note(|exchange| exchange.summary.flags.add(Flags::TUNNEL));
    let parts = Parts { io: Box::new(tcp) as _, read: BytesMut::new() };
    Box::pin(tunnel::open(link, target, Dialed::Fresh(reached), recording, parts)).await;
}

/// RFC 1928 6.
fn reply_to(failure: &Failure) -> Reply {
    match failure.kind {
        Kind::Refused => Reply::REFUSED,
        Kind::Unresolvable | Kind::Unreachable => Reply::HOST_UNREACHABLE,
        Kind::TimedOut => Reply::EXPIRED,
        Kind::Denied | Kind::Loop => Reply::NOT_ALLOWED,
        _ => Reply::FAILURE,
    }
}
