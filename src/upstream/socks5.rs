//! SOCKS5 as bytes: greetings, requests, replies (RFC 1928), user name and password (RFC 1929).
//!
//! Both ends use it: a parent proxy is asked by [`request`], a client of ours is answered by [`reply`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{self, AsyncRead, AsyncReadExt};

/// The version in each message but those of RFC 1929.
pub const VERSION: u8 = 5;
/// The version of RFC 1929's messages.
pub const PASSWORD_VERSION: u8 = 1;
/// RFC 1928 3: methods.
pub const NO_AUTHENTICATION: u8 = 0;
/// User name and password, RFC 1929.
pub const PASSWORD: u8 = 2;
/// None of the methods offered will do.
pub const NO_METHOD: u8 = 0xFF;
/// RFC 1928 4: the one command that we take and give.
pub const CONNECT: u8 = 1;

/// A host of a SOCKS5 message and its port (RFC 1928 4, 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address.
    Ip(SocketAddr),
    /// A name, to be looked up by whoever is asked; at most 255 bytes.
    Name(String, u16),
}

/// What a reply says (RFC 1928 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply(pub u8);

impl Reply {
    /// It worked.
    pub const SUCCEEDED: Self = Self(0);
    /// General SOCKS server failure.
    pub const FAILURE: Self = Self(1);
    /// Connection not allowed by ruleset.
    pub const NOT_ALLOWED: Self = Self(2);
    /// Network unreachable.
    pub const NETWORK_UNREACHABLE: Self = Self(3);
    /// Host unreachable.
    pub const HOST_UNREACHABLE: Self = Self(4);
    /// Connection refused.
    pub const REFUSED: Self = Self(5);
    /// TTL expired.
    pub const EXPIRED: Self = Self(6);
    /// Command not supported.
    pub const NO_COMMAND: Self = Self(7);
    /// Address type not supported.
    pub const NO_ADDRESS_TYPE: Self = Self(8);

    /// The RFC's words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self.0 {
            0 => "succeeded",
            1 => "general SOCKS server failure",
            2 => "connection not allowed by ruleset",
            3 => "network unreachable",
            4 => "host unreachable",
            5 => "connection refused",
            6 => "TTL expired",
            7 => "command not supported",
            8 => "address type not supported",
            _ => "a code that RFC 1928 does not know",
        }
    }
}

/// A request to connect; `None` when a name is too long to be asked for.
#[must_use]
pub fn request(target: &Address) -> Option<Vec<u8>> {
    let mut bytes = vec![VERSION, CONNECT, 0];
    write_address(&mut bytes, target)?;
    Some(bytes)
}

/// A reply, with the address that the connection is bound to.
#[must_use]
pub fn reply(reply: Reply, bound: Option<SocketAddr>) -> Vec<u8> {
    let mut bytes = vec![VERSION, reply.0, 0];
    let none = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    // An address always fits.
    let _ = write_address(&mut bytes, &Address::Ip(bound.unwrap_or(none)));
    bytes
}

/// RFC 1929 2: user name and password, each with its length, 255 bytes at most.
#[must_use]
pub fn credentials(user: &str, password: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![PASSWORD_VERSION];
    for text in [user, password] {
        bytes.push(u8::try_from(text.len()).ok()?);
        bytes.extend_from_slice(text.as_bytes());
    }
    Some(bytes)
}

/// Reads what stands behind `VER CMD RSV` or `VER REP RSV`: the address. `Ok(None)` is a type of
/// address that RFC 1928 does not know, or a name that is no text.
pub async fn read_address(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Address>> {
    let ip = match io.read_u8().await? {
        1 => IpAddr::V4(Ipv4Addr::from_bits(io.read_u32().await?)),
        4 => IpAddr::V6(Ipv6Addr::from_bits(io.read_u128().await?)),
        3 => {
            let name = read_text(io).await?;
            let port = io.read_u16().await?;
            return Ok(String::from_utf8(name).ok().map(|name| Address::Name(name, port)));
        }
        _ => return Ok(None),
    };
    Ok(Some(Address::Ip(SocketAddr::new(ip, io.read_u16().await?))))
}

/// A length of one octet, and so many bytes.
pub async fn read_text(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(io.read_u8().await?)];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn write_address(bytes: &mut Vec<u8>, address: &Address) -> Option<()> {
    let port = match address {
        Address::Ip(address) => {
            match address.ip() {
                IpAddr::V4(v4) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&v4.octets());
                }
                IpAddr::V6(v6) => {
                    bytes.push(4);
                    bytes.extend_from_slice(&v6.octets());
                }
            }
            address.port()
        }
        Address::Name(name, port) => {
            bytes.extend([3, u8::try_from(name.len()).ok()?]);
            bytes.extend_from_slice(name.as_bytes());
            *port
        }
    };
    bytes.extend_from_slice(&port.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rfc1928_5_addresses_read_back() {
        let name = Address::Name("a.test".to_owned(), 443);
        for address in [
            name.clone(),
            Address::Ip("127.0.0.1:80".parse().unwrap()),
            Address::Ip("[2001:db8::1]:65535".parse().unwrap()),
        ] {
            let bytes = request(&address).unwrap();
            assert_eq!(bytes[..3], [5, 1, 0]);
            assert_eq!(read_address(&mut &bytes[3..]).await.unwrap(), Some(address));
        }
        assert_eq!(request(&name).unwrap(), b"\x05\x01\x00\x03\x06a.test\x01\xbb");
        assert_eq!(request(&Address::Name("x".repeat(256), 1)), None);
        assert_eq!(reply(Reply::REFUSED, None), [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read_address(&mut &[9_u8, 0, 0][..]).await.unwrap(), None);
        assert!(read_address(&mut &[1_u8, 0, 0][..]).await.is_err(), "cut short");
        assert_eq!(read_address(&mut &b"\x03\x01\xff\x00\x50"[..]).await.unwrap(), None);
    }

    #[test]
    fn rfc1929_2_credentials() {
        assert_eq!(credentials("me", "").unwrap(), b"\x01\x02me\x00");
        assert_eq!(credentials(&"x".repeat(256), ""), None);
    }
}
