//! A parent that speaks SOCKS5 (RFC 1928), with a user name and password where we have them (RFC 1929).

use super::super::Leg;
use super::super::resolve::resolve;
use super::super::socks5::{self, Address, Reply};
use super::{Means, failed};
use crate::config::{Parent, ParentKind};
use crate::exchange::{Authority, Failure, Kind, Phase, Side};
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the parent is asked for, in this order: the name itself where it looks names up (`socks5h`).
pub(super) async fn addresses(
    parent: &Parent,
    target: &Authority,
    means: &Means<'_>,
) -> Result<Vec<Address>, Failure> {
    if let Ok(ip) = target.host.parse::<IpAddr>() {
        return Ok(vec![Address::Ip(SocketAddr::new(ip, target.port))]);
    }
    if parent.kind == ParentKind::Socks5h {
        return Ok(vec![Address::Name(target.host.clone(), target.port)]);
    }
    let found = resolve(target, means.hosts, means.limits.connect_timeout).await?;
    Ok(found.into_iter().map(Address::Ip).collect())
}

/// Has the parent connect to the target.
pub(super) async fn connect(
    leg: &mut Leg,
    parent: &Parent,
    target: &Authority,
    address: &Address,
) -> Result<(), Failure> {
    let broken = |error: io::Error| {
        let how = if error.kind() == io::ErrorKind::UnexpectedEof { "closed" } else { "reset" };
        failed(
            parent,
            Kind::Closed,
            &format!("{how} the connection before it answered: does it speak SOCKS5?"),
        )
    };
    let Some(request) = socks5::request(address) else {
        return Err(failed(parent, Kind::Malformed, "cannot be asked for a name of more than 255 bytes"));
    };
    agree(leg, parent).await.map_err(broken)??;
    let reply = ask(leg, &request).await.map_err(broken)?;
    match reply {
        Some(Reply::SUCCEEDED) => Ok(()),
        Some(reply) => Err(refusal(parent, target, reply)),
        None => Err(no_socks(parent)),
    }
}

/// RFC 1928 3: the method; RFC 1929: the credentials.
async fn agree(leg: &mut Leg, parent: &Parent) -> io::Result<Result<(), Failure>> {
    let greeting: &[u8] = match &parent.credentials {
        None => &[socks5::VERSION, 1, socks5::NO_AUTHENTICATION],
        Some(_) => &[socks5::VERSION, 2, socks5::NO_AUTHENTICATION, socks5::PASSWORD],
    };
    leg.write_all(greeting).await?;
    leg.flush().await?;
    let mut chosen = [0; 2];
    leg.read_exact(&mut chosen).await?;
    Ok(match (chosen, &parent.credentials) {
        ([socks5::VERSION, socks5::NO_AUTHENTICATION], _) => Ok(()),
        ([socks5::VERSION, socks5::PASSWORD], Some((user, password))) => {
            let Some(given) = socks5::credentials(user, password) else { return Ok(Err(no_socks(parent))) };
            leg.write_all(&given).await?;
            leg.flush().await?;
            leg.read_exact(&mut chosen).await?;
            // RFC 1929 2: "A STATUS field of X'00' indicates success."
            if chosen == [socks5::PASSWORD_VERSION, 0] {
                Ok(())
            } else {
                Err(failed(parent, Kind::Denied, "did not take the credentials that it was given"))
            }
        }
        ([socks5::VERSION, _], Some(_)) => {
            Err(failed(parent, Kind::Denied, "takes neither a user name with password nor a client without"))
        }
        ([socks5::VERSION, _], None) => Err(failed(parent, Kind::Denied, "asks for credentials")),
        _ => Err(no_socks(parent)),
    })
}

/// RFC 1928 4, 6; `None` when the answer is none.
async fn ask(leg: &mut Leg, request: &[u8]) -> io::Result<Option<Reply>> {
    leg.write_all(request).await?;
    leg.flush().await?;
    let mut head = [0; 3];
    leg.read_exact(&mut head).await?;
    if head[0] != socks5::VERSION {
        return Ok(None);
    }
    let reply = Reply(head[1]);
    if reply == Reply::SUCCEEDED {
        // The address that it bound is of no use to us; what follows it is the origin's.
        socks5::read_address(leg).await?;
    }
    Ok(Some(reply))
}

fn no_socks(parent: &Parent) -> Failure {
    failed(parent, Kind::Malformed, "does not answer in SOCKS5 (RFC 1928)")
}

/// What it tells of the origin, or of its own rules.
fn refusal(parent: &Parent, target: &Authority, reply: Reply) -> Failure {
    let kind = match reply {
        Reply::REFUSED => Kind::Refused,
        Reply::NETWORK_UNREACHABLE | Reply::HOST_UNREACHABLE => Kind::Unreachable,
        Reply::EXPIRED => Kind::TimedOut,
        _ => {
            let what = format!("does not open a way to {target}: {} (reply {})", reply.says(), reply.0);
            return failed(parent, Kind::Denied, &what);
        }
    };
    let says =
        format!("the parent proxy {parent} could not reach {target}: {} (reply {})", reply.says(), reply.0);
    Failure { side: Side::Origin, phase: Phase::Connect, kind, says }
}
