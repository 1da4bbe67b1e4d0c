//! One spelling for every name that a certificate can hold.

use rustls::pki_types::ServerName;
use std::net::IpAddr;

/// Reads a host as clients write it: a DNS name in any case, an internationalised one
/// (RFC 5891, turned into A-labels), an IPv4 or IPv6 address with or without brackets and zone,
/// a name with the root's dot. `None` when no certificate could name it.
#[must_use]
pub fn server_name(host: &str) -> Option<ServerName<'static>> {
    if let Some(address) = address(host) {
        return Some(ServerName::from(address));
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::URL).ok()?;
    ServerName::try_from(ascii.to_ascii_lowercase()).ok()
}

fn address(host: &str) -> Option<IpAddr> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    // A zone (RFC 6874) says which of our interfaces to use; it is no part of the address.
    let bare = inner.split_once('%').map_or(inner, |(address, _)| address);
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_as_clients_write_them() {
        let name = |host: &str| server_name(host).map(|name| name.to_str().into_owned());
        for (host, expected) in [
            ("Example.ORG", "example.org"),
            ("example.org.", "example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("a_b.example", "a_b.example"),
            ("r3---sn-abc.example", "r3---sn-abc.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[fe80::1%eth0]", "fe80::1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(name(host).as_deref(), Some(expected), "{host}");
        }
        for bad in ["", ".", "a b", "a/b", "*.example", "a..b", &"x".repeat(64), &"a.".repeat(130), "a\0b"] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }
}
