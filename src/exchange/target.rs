//! Where a request goes: scheme, authority and the request-target's four forms (RFC 9112 3.2).

use std::fmt;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain TCP.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that an authority without one means (RFC 9110 4.2).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host and the port to reach it at. IPv6 hosts are kept without brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Authority {
    /// Lower-case host name or address, without brackets.
    pub host: String,
    /// The port, filled in from the scheme where the wire gave none.
    pub port: u16,
}

impl Authority {
    /// Parses `host`, `host:port` or `[v6]:port`. Userinfo, empty hosts and bytes that a
    /// host cannot hold are refused (RFC 3986 3.2).
    #[must_use]
    pub fn parse(text: &[u8], default_port: Option<u16>) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (host, port) = split_port(text)?;
        let port = match port {
            None | Some("") => default_port?,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        // unreserved, sub-delims and %, and the colons of an IPv6 address (RFC 3986 3.2.2).
        let well_formed =
            host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:".contains(&b) || b >= 0x80);
        (!host.is_empty() && well_formed).then(|| Self { host: host.to_lowercase(), port })
    }

    /// As it stands in a URL or a Host field: brackets around IPv6, the port only when it
    /// is not the scheme's own.
    #[must_use]
    pub fn text(&self, scheme: Scheme) -> String {
        if self.port == scheme.default_port() { self.host_text() } else { self.to_string() }
    }

    fn host_text(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host_text(), self.port)
    }
}

fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(inner) = text.strip_prefix('[') {
        let (host, rest) = inner.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

/// A request-target in one of its four forms (RFC 9112 3.2), borrowed from the request line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// `/path?query`, as sent to an origin server (RFC 9112 3.2.1).
    Origin(&'a [u8]),
    /// `http://authority/path?query`, as sent to a proxy (RFC 9112 3.2.2).
    Absolute {
        /// The scheme before `://`.
        scheme: Scheme,
        /// The authority as written, userinfo included.
        authority: &'a [u8],
        /// What follows the authority; may be empty.
        path: &'a [u8],
    },
    /// `host:port` of CONNECT (RFC 9112 3.2.3).
    Authority(&'a [u8]),
    /// `*` of OPTIONS (RFC 9112 3.2.4).
    Asterisk,
}

impl<'a> Target<'a> {
    /// Reads the form that fits the method; `None` when the target has no form the method may have.
    #[must_use]
    pub fn parse(method: &[u8], target: &'a [u8]) -> Option<Self> {
        if method == b"CONNECT" {
            return (!target.is_empty()).then_some(Self::Authority(target));
        }
        match target {
            b"*" => (method == b"OPTIONS").then_some(Self::Asterisk),
            [b'/', ..] => Some(Self::Origin(target)),
            _ => Self::absolute(target),
        }
    }

    fn absolute(target: &'a [u8]) -> Option<Self> {
        let (scheme, rest) = [(Scheme::Http, &b"http://"[..]), (Scheme::Https, b"https://")]
            .into_iter()
            .find_map(|(scheme, prefix)| {
                let (head, rest) = target.split_at_checked(prefix.len())?;
                head.eq_ignore_ascii_case(prefix).then_some((scheme, rest))
            })?;
        let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        (!authority.is_empty()).then_some(Self::Absolute { scheme, authority, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        let parse = |text: &str| Authority::parse(text.as_bytes(), Some(80)).map(|a| a.to_string());
        assert_eq!(parse("Example.ORG").as_deref(), Some("example.org:80"));
        assert_eq!(parse("h:8080").as_deref(), Some("h:8080"));
        assert_eq!(parse("[::1]:81").as_deref(), Some("[::1]:81"));
        assert_eq!(parse("h:").as_deref(), Some("h:80"));
        assert_eq!(parse("a,b(c)!$&'*+;=~_:1").as_deref(), Some("a,b(c)!$&'*+;=~_:1"));
        for bad in ["", ":80", "h:x", "h:99999", "a b", "u@h", "::1", "[::1", "h/p"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn rfc9112_3_2_target_forms() {
        assert_eq!(Target::parse(b"GET", b"/a?b"), Some(Target::Origin(b"/a?b")));
        assert_eq!(
            Target::parse(b"GET", b"HTTP://h:1?q"),
            Some(Target::Absolute { scheme: Scheme::Http, authority: b"h:1", path: b"?q" })
        );
        assert_eq!(Target::parse(b"OPTIONS", b"*"), Some(Target::Asterisk));
        assert_eq!(Target::parse(b"GET", b"*"), None);
        assert_eq!(Target::parse(b"GET", b"ftp://h/"), None);
        assert_eq!(Target::parse(b"CONNECT", b"h:443"), Some(Target::Authority(b"h:443")));
    }
}
