//! The networks that this machine sits in: what `lan` and `docker` mean as addresses to listen on, and which
//! clients are neighbours.

use if_addrs::{IfAddr, get_if_addrs};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// An address of this machine, with the network around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The name of its interface.
    pub interface: String,
    /// The address and how much of it is the network's.
    pub network: IpNet,
}

/// Names that stand for addresses of this machine in `listen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The private networks around it, Docker's own excepted.
    Lan,
    /// The bridges on which containers reach it.
    Docker,
}

impl Place {
    /// Reads `lan` and `docker`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "lan" => Some(Self::Lan),
            "docker" => Some(Self::Docker),
            _ => None,
        }
    }

    /// The addresses of this machine that it means; none where the machine has no such network.
    #[must_use]
    pub fn addresses(self) -> Vec<IpAddr> {
        self.among(&seats())
    }

    fn among(self, seats: &[Seat]) -> Vec<IpAddr> {
        let wanted = |seat: &&Seat| match self {
            Self::Docker => is_bridge(&seat.interface),
            Self::Lan => !is_bridge(&seat.interface) && is_private(seat.network.addr()),
        };
        seats
            .iter()
            .filter(wanted)
            .map(|seat| seat.network.addr())
            .filter(|address| !is_scoped(*address))
            .collect()
    }
}

/// All addresses of this machine; none where the system does not say.
fn seats() -> Vec<Seat> {
    let all = get_if_addrs().unwrap_or_default();
    let seat = |one: if_addrs::Interface| {
        let (address, length) = match &one.addr {
            IfAddr::V4(v4) => (IpAddr::V4(v4.ip), v4.prefixlen),
            IfAddr::V6(v6) => (IpAddr::V6(v6.ip), v6.prefixlen),
        };
        Some(Seat { network: IpNet::new(address, length).ok()?, interface: one.name })
    };
    all.into_iter().filter_map(seat).collect()
}

/// Whether a client sits in the network of the address of ours that it came to.
#[must_use]
pub fn is_neighbour(client: IpAddr, local: IpAddr) -> bool {
    shares(&seats(), client.to_canonical(), local.to_canonical())
}

fn shares(seats: &[Seat], client: IpAddr, local: IpAddr) -> bool {
    seats.iter().any(|seat| seat.network.addr() == local && seat.network.contains(&client))
}

/// Whether packets from this address may come from anywhere in the Internet.
#[must_use]
pub fn is_global(address: IpAddr) -> bool {
    let address = address.to_canonical();
    !address.is_loopback() && !is_private(address)
}

/// Addresses that are routed within a site at most (RFC 1918, 6598, 3927; RFC 4193, 4291 2.5.6).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Of no use without the interface that it is on.
fn is_scoped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if Ipv6Addr::is_unicast_link_local(&v6))
}

/// `docker0`, and `br-` with twelve hexadecimal digits for a network that was made later.
fn is_bridge(interface: &str) -> bool {
    let made = |rest: &str| rest.len() == 12 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    interface.starts_with("docker") || interface.strip_prefix("br-").is_some_and(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(interface: &str, network: &str) -> Seat {
        Seat { interface: interface.to_owned(), network: network.parse().unwrap() }
    }

    fn machine() -> Vec<Seat> {
        vec![
            seat("lo", "127.0.0.1/8"),
            seat("eth0", "192.168.1.7/24"),
            seat("eth0", "fe80::7/64"),
            seat("eth0", "fd00:1::7/64"),
            seat("wan", "203.0.113.7/24"),
            seat("docker0", "172.17.0.1/16"),
            seat("br-0123456789ab", "172.18.0.1/16"),
            seat("br-lan", "10.0.0.1/24"),
        ]
    }

    #[test]
    fn names_mean_addresses_of_this_machine() {
        let named = |place: Place| -> Vec<String> {
            place.among(&machine()).iter().map(ToString::to_string).collect()
        };
        assert_eq!(named(Place::Lan), ["192.168.1.7", "fd00:1::7", "10.0.0.1"]);
        assert_eq!(named(Place::Docker), ["172.17.0.1", "172.18.0.1"]);
    }

    #[test]
    fn neighbours_share_the_network_of_the_address_they_came_to() {
        let shares =
            |client: &str, local: &str| shares(&machine(), client.parse().unwrap(), local.parse().unwrap());
        assert!(shares("192.168.1.99", "192.168.1.7") && shares("fd00:1::8", "fd00:1::7"));
        assert!(!shares("192.168.2.1", "192.168.1.7") && !shares("172.17.0.2", "192.168.1.7"));
    }

    #[test]
    fn what_comes_from_the_internet_is_told_apart() {
        for (address, global) in [
            ("8.8.8.8", true),
            ("203.0.113.9", true),
            ("2001:db8::1", true),
            ("::ffff:8.8.8.8", true),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("172.31.0.1", false),
            ("172.32.0.1", true),
            ("192.168.0.1", false),
            ("169.254.0.1", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("::ffff:10.0.0.1", false),
        ] {
            assert_eq!(is_global(address.parse().unwrap()), global, "{address}");
        }
    }
}
