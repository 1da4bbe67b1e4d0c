//! From an authority to a TCP connection: the name looked up, the addresses tried.

use crate::awake;
use crate::ca::server_name;
use crate::config::HostAddress;
use crate::exchange::{Authority, Dialling, Failure, Found, Kind, Phase, Side, Try};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long an address may keep the next one waiting (RFC 8305 5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);
/// Addresses tried for one connection, and told when all fail.
const ADDRESSES: usize = 8;

/// A connection to an authority, and how it came about.
pub async fn connect(
    authority: &Authority,
    known: &[HostAddress],
    limit: Duration,
    resolved: impl FnOnce(),
) -> Result<(TcpStream, Box<Dialling>), Failure> {
    let began = Instant::now();
    let addresses = resolve(authority, known, limit).await?;
    resolved();
    let host = authority.host.clone();
    let mut dialling = Dialling { host, looked_up: micros(began), ..Dialling::default() };
    if host_address(authority).is_none() {
        let named = known.iter().any(|known| known.name == authority.host);
        dialling.found = if named { Found::Settings } else { Found::Resolver };
    }
    let stream = dial(&addresses, authority, limit, &mut dialling.tries).await?;
    Ok((stream, Box::new(dialling)))
}

fn host_address(authority: &Authority) -> Option<IpAddr> {
    authority.host.parse().ok()
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The addresses of an authority, in the order to try them. Literals are not looked up, nor are names
/// among `known`; internationalised names are looked up by their A-labels.
pub async fn resolve(
    authority: &Authority,
    known: &[HostAddress],
    limit: Duration,
) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(address) = host_address(authority) {
        return Ok(vec![SocketAddr::new(address, authority.port)]);
    }
    let host = &authority.host;
    let ours: Vec<_> = known.iter().filter(|known| known.name == *host).collect();
    if !ours.is_empty() {
        return Ok(ours.iter().map(|known| SocketAddr::new(known.address, authority.port)).collect());
    }
    let fail = |kind, says| Failure { side: Side::Origin, phase: Phase::Resolve, kind, says };
    let name = match server_name(host) {
        // A zone is part of what the system looks up, though not of the certificate's name.
        Some(name) if !host.contains('%') => name.to_str().into_owned(),
        _ => host.clone(),
    };
    match timeout(limit, lookup_host((name.as_str(), authority.port))).await {
        Ok(Ok(found)) => {
            let addresses = in_turns(found);
            if addresses.is_empty() {
                return Err(fail(Kind::Unresolvable, format!("{host} has no address")));
            }
            Ok(addresses)
        }
        Ok(Err(error)) => {
            Err(fail(Kind::Unresolvable, format!("no address found for {host}: {}", cause(&error))))
        }
        Err(_) => Err(fail(Kind::TimedOut, format!("no address found for {host} within {limit:?}"))),
    }
}

/// Connects to the first address that answers: each next one is tried when those before failed or
/// have not answered for 250 ms (RFC 8305 5). `TCP_NODELAY` is set. Each is noted in `tries`.
pub async fn dial(
    addresses: &[SocketAddr],
    authority: &Authority,
    limit: Duration,
    tries: &mut Vec<Try>,
) -> Result<TcpStream, Failure> {
    let began = Instant::now();
    let connected = match addresses {
        [only] => {
            tries.push(Try { address: *only, began: 0, took: None, failed: None });
            let connected = timeout(limit, one(*only)).await;
            if let Ok(Ok(_)) = &connected {
                note_end(tries, *only, micros(began), Ok(()));
            }
            connected.map(|result| result.map_err(|error| vec![(*only, error)]))
        }
        several => timeout(limit, first_of(several, began, tries)).await,
    };
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(errors)) => return Err(refused(&errors, authority)),
        Err(_) => {
            let says = format!("no answer from {} within {limit:?}", places(addresses, authority));
            return Err(connect_failure(Kind::TimedOut, says));
        }
    };
    // A socket that takes no options is as good as closed, which the next write will tell.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

async fn one(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(address).await.inspect(|_| awake::came())
}

async fn first_of(
    addresses: &[SocketAddr],
    began: Instant,
    tries: &mut Vec<Try>,
) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
    let mut waiting = addresses.iter().copied().take(ADDRESSES);
    let mut under_way = JoinSet::new();
    let mut errors = Vec::new();
    loop {
        let next = waiting.next();
        match next {
            Some(address) => {
                tries.push(Try { address, began: micros(began), took: None, failed: None });
                under_way.spawn(async move { (address, one(address).await) });
            }
            None if under_way.is_empty() => return Err(errors),
            None => {}
        }
        tokio::select! {
            Some(ended) = under_way.join_next() => match ended {
                Ok((address, Ok(stream))) => {
                    note_end(tries, address, micros(began), Ok(()));
                    return Ok(stream);
                }
                Ok((address, Err(error))) => {
                    note_end(tries, address, micros(began), Err(&cause(&error)));
                    errors.push((address, error));
                }
                Err(_) => {}
            },
            () = sleep(NEXT_ADDRESS), if next.is_some() => {}
        }
    }
}

/// Notes how a try ended, `now` microseconds after the first was begun.
fn note_end(tries: &mut [Try], address: SocketAddr, now: u64, outcome: Result<(), &str>) {
    if let Some(one) = tries.iter_mut().find(|one| one.address == address) {
        one.took = Some(now.saturating_sub(one.began));
        one.failed = outcome.err().map(str::to_owned);
    }
}

/// The families in turns, beginning with the one that the system put first (RFC 8305 4),
/// each address once.
fn in_turns(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut unique: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    let first_is_v6 = unique.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<SocketAddr>, Vec<SocketAddr>) =
        unique.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut turns = Vec::new();
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return turns,
            (one, other) => turns.extend(one.into_iter().chain(other)),
        }
    }
}

fn refused(errors: &[(SocketAddr, io::Error)], authority: &Authority) -> Failure {
    // The kind that says most about the origin: one that refuses is there.
    let kinds = [Kind::Refused, Kind::Reset, Kind::TimedOut, Kind::Unreachable];
    let kind = kinds.into_iter().find(|kind| errors.iter().any(|(_, error)| kind_of(error) == *kind));
    let kind = kind.unwrap_or(Kind::Unreachable);
    let addresses: Vec<SocketAddr> = errors.iter().map(|(address, _)| *address).collect();
    let says = if kind == Kind::Refused && errors.iter().all(|(_, error)| kind_of(error) == kind) {
        format!("connection refused by {}: nothing listens there", places(&addresses, authority))
    } else {
        let each = errors.iter().map(|(address, error)| format!("{address}: {}", cause(error)));
        format!("cannot connect to {}", each.collect::<Vec<_>>().join("; "))
    };
    connect_failure(kind, says)
}

fn kind_of(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Kind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Kind::Reset,
        io::ErrorKind::TimedOut => Kind::TimedOut,
        _ => Kind::Unreachable,
    }
}

/// `127.0.0.1:80`, or `[::1]:80 and 127.0.0.1:80 (localhost)`.
fn places(addresses: &[SocketAddr], authority: &Authority) -> String {
    let told: Vec<String> = addresses.iter().take(ADDRESSES).map(SocketAddr::to_string).collect();
    let told = told.join(" and ");
    if authority.host.parse::<IpAddr>().is_ok() { told } else { format!("{told} ({})", authority.host) }
}

/// The system's words without its number and without what the sentence before already says.
fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

fn connect_failure(kind: Kind, says: String) -> Failure {
    Failure { side: Side::Origin, phase: Phase::Connect, kind, says }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const LIMIT: Duration = Duration::from_secs(20);

    fn authority(text: &str) -> Authority {
        Authority::parse(text.as_bytes(), Some(80)).unwrap()
    }

    /// An address that nobody listens on: bound and let go.
    async fn nobody() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn literals_and_localhost() {
        assert_eq!(resolve(&authority("[::1]:81"), &[], LIMIT).await.unwrap(), ["[::1]:81".parse().unwrap()]);
        assert_eq!(
            resolve(&authority("10.1.2.3"), &[], LIMIT).await.unwrap(),
            ["10.1.2.3:80".parse().unwrap()]
        );
        let local = resolve(&authority("localhost:81"), &[], LIMIT).await.unwrap();
        assert!(!local.is_empty() && local.iter().all(|address| address.ip().is_loopback()), "{local:?}");
    }

    #[tokio::test]
    async fn names_that_the_settings_know_are_not_looked_up() {
        let known = ["1.2.3.4", "::1"].map(|address| HostAddress {
            name: "shop.invalid".to_owned(),
            address: address.parse().unwrap(),
        });
        let found = resolve(&authority("Shop.invalid:81"), &known, LIMIT).await.unwrap();
        assert_eq!(found, ["1.2.3.4:81".parse().unwrap(), "[::1]:81".parse().unwrap()]);
        assert!(resolve(&authority("www.shop.invalid"), &known, LIMIT).await.is_err());
    }

    #[tokio::test]
    async fn a_name_without_address_is_told() {
        // RFC 6761 6.4: the names under "invalid" never resolve.
        let failure = resolve(&authority("nowhere.invalid"), &[], LIMIT).await.unwrap_err();
        assert_eq!((failure.side, failure.phase), (Side::Origin, Phase::Resolve));
        assert_eq!(failure.kind, Kind::Unresolvable);
        assert!(failure.says.starts_with("no address found for nowhere.invalid: "), "{}", failure.says);
        assert!(!failure.says.contains("lookup address information"), "{}", failure.says);
    }

    #[tokio::test]
    async fn the_next_address_is_tried_at_once_when_one_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (dead, alive) = (nobody().await, listener.local_addr().unwrap());
        let stream = dial(&[dead, alive], &authority("localhost"), LIMIT, &mut Vec::new()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        assert!(stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn refusals_name_every_address() {
        let (one, two) = (nobody().await, nobody().await);
        let failure = dial(&[one], &authority(&one.to_string()), LIMIT, &mut Vec::new()).await.unwrap_err();
        assert_eq!((failure.phase, failure.kind), (Phase::Connect, Kind::Refused));
        assert_eq!(failure.says, format!("connection refused by {one}: nothing listens there"));
        let failure = dial(&[one, two], &authority("localhost"), LIMIT, &mut Vec::new()).await.unwrap_err();
        assert_eq!(
            failure.says,
            format!("connection refused by {one} and {two} (localhost): nothing listens there")
        );
    }

    /// An address that answers no more: its queue of connections is full and nobody accepts.
    fn silent() -> (SocketAddr, Vec<Box<dyn std::any::Any>>) {
        use socket2::{Domain, Socket, Type};
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut held: Vec<Box<dyn std::any::Any>> = vec![Box::new(socket)];
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            held.push(Box::new(stream));
        }
        (address, held)
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_in_time() {
        let (address, _held) = silent();
        let failure = dial(&[address], &authority("localhost"), Duration::from_millis(10), &mut Vec::new())
            .await
            .unwrap_err();
        assert_eq!((failure.phase, failure.kind), (Phase::Connect, Kind::TimedOut));
        assert_eq!(failure.says, format!("no answer from {address} (localhost) within 10ms"));
    }

    #[tokio::test]
    async fn rfc8305_5_an_address_that_does_not_answer_does_not_hold_up_the_next() {
        let (address, _held) = silent();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let stream = dial(&[address, alive], &authority("localhost"), LIMIT, &mut Vec::new()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
    }

    #[tokio::test]
    async fn what_was_tried_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (dead, alive) = (nobody().await, listener.local_addr().unwrap());
        let mut tries = Vec::new();
        dial(&[dead, alive], &authority("localhost"), LIMIT, &mut tries).await.unwrap();
        assert_eq!(tries.iter().map(|one| one.address).collect::<Vec<_>>(), [dead, alive]);
        assert!(tries[0].failed.as_ref().is_some_and(|why| why.contains("refused")), "{tries:?}");
        assert!(tries[1].failed.is_none() && tries[1].took.is_some() && tries[1].began >= tries[0].began);
        for (host, found, known) in [
            ("127.0.0.1", Found::Literal, &[][..]),
            ("localhost", Found::Resolver, &[]),
            ("shop.invalid", Found::Settings, &["127.0.0.1"]),
        ] {
            let known: Vec<_> = known
                .iter()
                .map(|address| HostAddress { name: host.to_owned(), address: address.parse().unwrap() })
                .collect();
            let at = authority(&format!("{host}:{}", alive.port()));
            let mut told = false;
            let (stream, how) = connect(&at, &known, LIMIT, || told = true).await.unwrap();
            assert_eq!((how.found, stream.peer_addr().unwrap()), (found, alive));
            assert!(told && how.tries.last().unwrap().address == alive);
        }
    }

    #[test]
    fn rfc8305_4_families_take_turns() {
        let addresses =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let found = addresses(&["[::1]:1", "[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let expected = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(in_turns(found.into_iter()), expected);
    }
}
