//! Parent proxies: which there are, for which hosts, and with what credentials.

use crate::exchange::Authority;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;
use url::Url;

/// The parent proxies that origins are reached through.
#[derive(Clone, Debug, Default)]
pub struct Parents {
    /// For every host that has none of its own and is no exception.
    pub proxy: Option<Parent>,
    /// For hosts of their own (globs); the first that fits counts. `None` goes straight to the origin.
    pub hosts: Vec<(String, Option<Parent>)>,
    /// Hosts that `proxy` is not for.
    pub except: Vec<Except>,
}

impl Parents {
    /// Whether every origin is reached straight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.proxy.is_none() && self.hosts.is_empty()
    }

    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Parent> {
        self.proxy.iter().chain(self.hosts.iter().filter_map(|(_, parent)| parent.as_ref()))
    }
}

/// What a parent speaks with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentKind {
    /// HTTP: absolute-form (RFC 9112 3.2.2) and CONNECT.
    Http,
    /// The same in TLS.
    Https,
    /// SOCKS5 (RFC 1928); names are looked up here.
    Socks5,
    /// SOCKS5; names are looked up there.
    Socks5h,
}

const KINDS: &[(&str, ParentKind, u16)] = &[
    ("http", ParentKind::Http, 80),
    ("https", ParentKind::Https, 443),
    ("socks5", ParentKind::Socks5, 1080),
    ("socks5h", ParentKind::Socks5h, 1080),
];

/// A parent proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Parent {
    /// What it speaks.
    pub kind: ParentKind,
    /// Where it is.
    pub authority: Authority,
    /// User name and password for it.
    pub credentials: Option<(String, String)>,
}

impl Parent {
    /// Reads `http://USER:PASS@HOST:PORT`; without a scheme it is http. The error never repeats the text,
    /// which may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|_| "a parent proxy is written http://HOST:PORT")?;
        let Some((_, kind, port)) = KINDS.iter().find(|(scheme, ..)| *scheme == url.scheme()) else {
            return Err("a parent proxy is one of http://, https://, socks5:// and socks5h://");
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("a parent proxy is a scheme, a host and a port, nothing behind them");
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
        if host.is_empty() {
            return Err("a parent proxy needs a host: http://HOST:PORT");
        }
        let authority = Authority { host, port: url.port().unwrap_or(*port) };
        let parent = Self { kind: *kind, authority, credentials: credentials(&url)? };
        match &parent.credentials {
            // RFC 7617 2: "a user-id containing a colon character is invalid".
            Some((user, _)) if parent.speaks_http() && user.contains(':') => {
                Err("the user name for a parent proxy holds no colon")
            }
            // RFC 1929 2: one octet says how long each is.
            Some((user, pass)) if !parent.speaks_http() && (user.len() > 255 || pass.len() > 255) => {
                Err("SOCKS5 takes user names and passwords of at most 255 bytes")
            }
            _ => Ok(parent),
        }
    }

    /// Whether it is asked in HTTP.
    #[must_use]
    pub fn speaks_http(&self) -> bool {
        matches!(self.kind, ParentKind::Http | ParentKind::Https)
    }
}

/// As it may be shown: the password is left out.
impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = KINDS.iter().find(|(_, kind, _)| *kind == self.kind).map_or("", |(scheme, ..)| scheme);
        let user = self.credentials.as_ref().map(|_| "***@").unwrap_or_default();
        write!(f, "{scheme}://{user}{}", self.authority)
    }
}

impl fmt::Debug for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, &'static str> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned).ok();
        decoded.filter(|text| !text.contains(char::is_control))
    };
    match (decoded(url.username()), decoded(url.password().unwrap_or_default())) {
        (Some(user), Some(password)) if !user.is_empty() => Ok(Some((user, password))),
        _ => Err(
            "credentials for a parent proxy are USER:PASS@ before the host, percent-encoded where need be",
        ),
    }
}

/// Hosts that are reached without the parent, as `NO_PROXY` writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Except {
    /// `*`: all.
    All,
    /// `192.168.0.0/16`, or an address; targets that are addresses, not names that resolve to one.
    Network(IpNet),
    /// `example.org`, `.example.org` or `example.org:8080`: the host and what lies below it.
    Domain {
        /// Lower case, without a leading dot.
        name: String,
        /// This port only.
        port: Option<u16>,
    },
}

impl Except {
    /// Reads one member of a list.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lone = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(IpNet::from);
        if text == "*" {
            return Some(Self::All);
        }
        if let Some(network) = text.parse().ok().or_else(|| lone(text)) {
            return Some(Self::Network(network));
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let name = name.strip_prefix('*').unwrap_or(name).trim_start_matches('.').to_lowercase();
        let fits = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "/@*:".contains(c));
        fits.then_some(Self::Domain { name, port })
    }

    /// Whether it names this target.
    #[must_use]
    pub fn covers(&self, target: &Authority) -> bool {
        match self {
            Self::All => true,
            Self::Network(network) => target.host.parse::<IpAddr>().is_ok_and(|ip| network.contains(&ip)),
            Self::Domain { name, port } => {
                let above = target.host.strip_suffix(name.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
                    && port.is_none_or(|port| port == target.port)
            }
        }
    }
}

impl fmt::Display for Except {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Network(network) => network.fmt(f),
            Self::Domain { name, port: Some(port) } => write!(f, "{name}:{port}"),
            Self::Domain { name, port: None } => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_as_people_write_them() {
        for (text, expected) in [
            ("http://proxy.corp:3128", Ok("http://proxy.corp:3128")),
            ("proxy.corp:3128", Ok("http://proxy.corp:3128")),
            ("https://Proxy.Corp/", Ok("https://proxy.corp:443")),
            ("http://[::1]:8080", Ok("http://[::1]:8080")),
            ("socks5://127.0.0.1", Ok("socks5://127.0.0.1:1080")),
            ("socks5h://u:p%40ss@h:9", Ok("socks5h://***@h:9")),
            ("ftp://h:1", Err("one of http://")),
            ("http://h:1/path", Err("nothing behind them")),
            ("http://h:hunter2", Err("http://HOST:PORT")),
            ("http://u%3Av:p@h:1", Err("no colon")),
            ("http://u%0a:p@h:1", Err("percent-encoded")),
        ] {
            match (Parent::parse(text), expected) {
                (Ok(parent), Ok(shown)) => assert_eq!(parent.to_string(), shown, "{text}"),
                (Err(says), Err(part)) => assert!(says.contains(part), "{text}: {says}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let parent = Parent::parse("http://user:p%40ss@h:1").unwrap();
        assert_eq!(parent.credentials, Some(("user".to_owned(), "p@ss".to_owned())));
        assert!(!format!("{parent:?} {parent}").contains("p@ss"));
        let alone = Parent::parse("http://user@h:1").unwrap();
        assert_eq!(alone.credentials, Some(("user".to_owned(), String::new())));
    }

    #[test]
    fn exceptions_as_no_proxy_writes_them() {
        let target = |text: &str| Authority::parse(text.as_bytes(), Some(80)).unwrap();
        for (except, host, covered) in [
            ("*", "a.test", true),
            ("corp.test", "corp.test", true),
            ("corp.test", "git.corp.test", true),
            (".corp.test", "git.corp.test", true),
            ("*.corp.test", "git.corp.test", true),
            ("corp.test", "uncorp.test", false),
            ("corp.test:8080", "corp.test:8080", true),
            ("corp.test:8080", "corp.test", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("127.0.0.1", "127.0.0.1:9", true),
            ("[::1]", "[::1]:9", true),
            ("localhost", "localhost", true),
        ] {
            assert_eq!(Except::parse(except).unwrap().covers(&target(host)), covered, "{except} {host}");
        }
        for bad in ["", ".", "a b", "a:b:c", "http://h", "a*b"] {
            assert_eq!(Except::parse(bad), None, "{bad}");
        }
    }
}
