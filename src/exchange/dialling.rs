//! How a connection toward an origin came about: the name that was looked up, and the addresses tried.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// The steps to a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialling {
    /// The parent proxy that was dialled in the origin's place, as it may be shown.
    pub parent: Option<String>,
    /// The host whose addresses these are.
    pub host: String,
    /// Where the addresses came from.
    pub found: Found,
    /// Microseconds that finding them took.
    pub looked_up: u64,
    /// The addresses that were tried, in the order in which that began; those not needed are not there.
    pub tries: Vec<Try>,
}

/// Where the addresses of a host came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Found {
    /// The host is an address itself.
    #[default]
    Literal,
    /// `origin.hosts` in the settings.
    Settings,
    /// The system's resolver.
    Resolver,
}

impl Found {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Literal, Self::Settings, Self::Resolver];

    /// The word in JSON and captures.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Settings => "settings",
            Self::Resolver => "resolver",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.as_str() == word)
    }
}

/// One address that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The address.
    pub address: SocketAddr,
    /// When it was begun, microseconds since the first was.
    pub began: u64,
    /// How long it took; `None` when another was faster and this one was given up.
    pub took: Option<u64>,
    /// Why it failed; `None` when it did not.
    pub failed: Option<String>,
}

/// `localhost (resolver, 0.3 ms): [::1]:80 refused after 0.1 ms, 127.0.0.1:80 connected after 0.2 ms`.
impl fmt::Display for Dialling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.parent {
            write!(f, "by the parent proxy {parent}: ")?;
        }
        match self.found {
            Found::Literal => {}
            Found::Settings => write!(f, "{} by origin.hosts of the settings: ", self.host)?,
            Found::Resolver => {
                let took = Duration::from_micros(self.looked_up);
                write!(f, "{} looked up in {took:?}: ", self.host)?;
            }
        }
        for (number, one) in self.tries.iter().enumerate() {
            if number > 0 {
                f.write_str(", ")?;
            }
            let address = one.address;
            match (one.took.map(Duration::from_micros), &one.failed) {
                (Some(took), None) => write!(f, "{address} connected after {took:?}")?,
                (Some(took), Some(why)) => write!(f, "{address} failed after {took:?} ({why})")?,
                (None, _) => write!(f, "{address} given up for a faster one")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_in_a_line() {
        let one = |address: &str, began, took, failed: Option<&str>| Try {
            address: address.parse().unwrap(),
            began,
            took,
            failed: failed.map(str::to_owned),
        };
        let tries = vec![
            one("[::1]:80", 0, Some(90), Some("Connection refused")),
            one("127.0.0.1:80", 90, Some(200), None),
            one("127.0.0.2:80", 90, None, None),
        ];
        let (parent, host) = (None, "localhost".to_owned());
        let dialling = Dialling { parent, host, found: Found::Resolver, looked_up: 1_300, tries };
        assert_eq!(
            dialling.to_string(),
            "localhost looked up in 1.3ms: [::1]:80 failed after 90µs (Connection refused), \
             127.0.0.1:80 connected after 200µs, 127.0.0.2:80 given up for a faster one"
        );
        for found in Found::ALL {
            assert_eq!(Found::from_word(found.as_str()), Some(found));
        }
    }
}
