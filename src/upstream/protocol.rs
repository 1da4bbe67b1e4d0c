//! Which version of HTTP is spoken with an origin: what is offered in TLS, and what is remembered.

use super::Key;
use crate::ca::Recent;
use crate::exchange::TlsFacts;
use crate::hop::Version;
use std::sync::{Mutex, PoisonError};

/// Origins whose protocol is remembered.
const REMEMBERED: usize = 4_096;

/// The protocols offered to an origin by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offer {
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 rather than HTTP/1.1.
    Both,
    /// HTTP/2 alone.
    Http2,
}

impl Offer {
    /// Every offer.
    pub const ALL: [Self; 3] = [Self::Http1, Self::Both, Self::Http2];

    /// The names of ALPN, most wanted first.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Http1 => &["http/1.1"],
            Self::Both => &["h2", "http/1.1"],
            Self::Http2 => &["h2"],
        }
    }

    /// What is left to try with an origin that speaks none of these.
    #[must_use]
    pub fn other(self) -> Option<Self> {
        match self {
            Self::Http1 => Some(Self::Http2),
            Self::Http2 => Some(Self::Http1),
            Self::Both => None,
        }
    }
}

/// What a handshake settled; an origin that knows nothing of ALPN speaks HTTP/1.1.
#[must_use]
pub fn version_of(facts: &TlsFacts) -> Version {
    if facts.alpn.as_deref() == Some("h2") { Version::Http2 } else { Version::Http11 }
}

/// What origins chose of what they were offered, the last few thousand of them.
#[derive(Debug)]
pub struct Spoken(Mutex<Recent<(Key, Offer), Version>>);

impl Default for Spoken {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(REMEMBERED)))
    }
}

impl Spoken {
    /// What the origin at `key` chose when it was last offered this.
    #[must_use]
    pub fn find(&self, key: &Key, offer: Offer) -> Option<Version> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).find(&place(key, offer))
    }

    /// Remembers what it chose.
    pub fn note(&self, key: &Key, offer: Offer, version: Version) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(place(key, offer), version);
    }

    /// What to offer first to an origin that is to be offered this: one that speaks nothing of it is
    /// not asked twice.
    #[must_use]
    pub fn first(&self, key: &Key, offer: Offer) -> Offer {
        match (offer, self.find(key, offer)) {
            (Offer::Http1, Some(Version::Http2)) => Offer::Http2,
            (Offer::Http2, Some(Version::Http11)) => Offer::Http1,
            _ => offer,
        }
    }
}

/// The same place, whatever was believed to be spoken there.
fn place(key: &Key, offer: Offer) -> (Key, Offer) {
    (Key { version: Version::Http11, ..key.clone() }, offer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Authority, Scheme};
    use crate::upstream::Through;

    #[test]
    fn an_origin_that_speaks_nothing_of_an_offer_is_not_asked_twice() {
        let authority = Authority { host: "a.example".to_owned(), port: 443 };
        let (scheme, version) = (Scheme::Https, Version::Http2);
        let key = Key { scheme, authority, through: Through::Nobody, server_name: None, version };
        let spoken = Spoken::default();
        assert_eq!(spoken.first(&key, Offer::Http1), Offer::Http1);
        spoken.note(&key, Offer::Http1, Version::Http2);
        assert_eq!(
            spoken.first(&Key { version: Version::Http11, ..key.clone() }, Offer::Http1),
            Offer::Http2
        );
        assert_eq!(spoken.find(&key, Offer::Both), None, "an offer says nothing of another");
        let elsewhere = Key { server_name: Some("b.example".to_owned()), ..key };
        assert_eq!(spoken.find(&elsewhere, Offer::Http1), None);
    }
}
