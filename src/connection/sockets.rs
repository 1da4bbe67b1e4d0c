//! TCP sockets as Linux shows them in /proc. Elsewhere there are none to be seen.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// States of `/proc/net/tcp` (`include/net/tcp_states.h`).
pub const LISTEN: u8 = 0x0A;
/// FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, LAST-ACK, CLOSING: a connection that is ending or has ended.
pub const CLOSING: [u8; 5] = [0x04, 0x05, 0x06, 0x09, 0x0B];

/// One TCP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Its own address.
    pub local: SocketAddr,
    /// Its peer's.
    pub remote: SocketAddr,
    /// Its state, one of `include/net/tcp_states.h`.
    pub state: u8,
    /// 0 when no process has it any more.
    pub inode: u64,
}

/// All TCP sockets of the network namespace.
#[must_use]
pub fn table(proc: &Path) -> Vec<Socket> {
    ["net/tcp", "net/tcp6"]
        .iter()
        .filter_map(|name| fs::read_to_string(proc.join(name)).ok())
        .flat_map(|text| text.lines().skip(1).filter_map(parse_row).collect::<Vec<_>>())
        .collect()
}

/// How to ask whether a process still holds the other end of a connection from this machine; `None`
/// when that cannot be seen from here.
pub(super) fn presence(peer: SocketAddr, local: Option<SocketAddr>) -> Option<Box<dyn Fn() -> bool + Send>> {
    let local = local.map(|local| SocketAddr::new(unmapped(local.ip()), local.port()))?;
    let peer = SocketAddr::new(unmapped(peer.ip()), peer.port());
    let seen = cfg!(target_os = "linux") && (is_loopback(peer.ip()) || peer.ip() == local.ip());
    seen.then(|| -> Box<dyn Fn() -> bool + Send> {
        Box::new(move || {
            let sockets = table(Path::new("/proc"));
            sockets.iter().any(|socket| (socket.local, socket.remote) == (peer, local) && socket.inode != 0)
        })
    })
}

/// Whether an address is this machine's own.
#[must_use]
pub fn is_loopback(ip: IpAddr) -> bool {
    match unmapped(ip) {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST,
    }
}

fn parse_row(line: &str) -> Option<Socket> {
    let mut words = line.split_whitespace().skip(1);
    let local = parse_address(words.next()?)?;
    let remote = parse_address(words.next()?)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let inode = words.nth(5)?.parse().ok()?;
    Some(Socket { local, remote, state, inode })
}

/// `0100007F:1F90`: words of the address in the machine's own byte order, then the port.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words: Vec<u32> = address
        .as_bytes()
        .chunks(8)
        .map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(unmapped(ip), u16::from_str_radix(port, 16).ok()?))
}

/// `::ffff:127.0.0.1` is 127.0.0.1, and `::ffff:0.0.0.0` is any.
fn unmapped(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), |v4: Ipv4Addr| IpAddr::V4(v4)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn rows_of_proc_net_tcp() {
        let row = parse_row(
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0",
        );
        let row = row.unwrap();
        assert_eq!(row.local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!((row.state, row.inode), (LISTEN, 4242));
        let v6 = parse_address("00000000000000000000000001000000:0050").unwrap();
        assert_eq!(v6, "[::1]:80".parse().unwrap());
        let mapped = parse_address("0000000000000000FFFF00000100007F:0050").unwrap();
        assert_eq!(mapped, "127.0.0.1:80".parse().unwrap());
    }

    #[test]
    fn nonsense_is_left_out() {
        for text in ["", "sl local", "0: x:y z:w 0A", "0: 01:1 02:2 0A"] {
            assert_eq!(parse_row(text), None);
        }
        assert_eq!(table(Path::new("/nowhere")), []);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_half_closed_client_is_there_until_it_closes_the_other_half() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, peer) = listener.accept().unwrap();
        let is_there = presence(peer, ours.local_addr().ok()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(is_there());
        drop(client);
        assert!(!is_there());
        assert!(presence("192.0.2.1:1".parse().unwrap(), ours.local_addr().ok()).is_none());
    }
}
