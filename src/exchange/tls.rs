//! What a TLS handshake settled, on either side of the hop: facts of a connection, kept for all its exchanges.

use super::Ocsp;

/// What a TLS handshake settled, or, where it came to nothing or was not ours, what was offered in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3`; empty when only the hello is known: the handshake failed, or passed unread in a tunnel.
    pub version: String,
    /// Cipher suite by its IANA name.
    pub cipher: String,
    /// Group of the key exchange by its IANA name; `None` where none took part (RSA, resumption in TLS 1.2).
    pub group: Option<String>,
    /// Protocol that ALPN chose.
    pub alpn: Option<String>,
    /// Server name that the client side of this connection asked for.
    pub sni: Option<String>,
    /// Whether an earlier session went on (RFC 8446 2.2): the chain is that session's.
    pub resumed: bool,
    /// Microseconds from the hello being there, or sent, to the end of the handshake.
    pub took: Option<u64>,
    /// The server's certificate chain, DER, leaf first; on the client side our minted leaf alone.
    pub chain: Vec<Vec<u8>>,
    /// Whether the origin's certificate was trusted; `None` on the client side.
    pub verdict: Option<Verdict>,
    /// The OCSP response that was stapled to the chain when it was last shown (RFC 6066 8).
    pub ocsp: Option<Ocsp>,
    /// What became of the server's wish for a certificate of its client.
    pub client_certificate: ClientCertificate,
    /// The `ClientHello` as it crossed the socket, its record headers included, and at most a few bytes that
    /// came with it; [`super::ClientHello::parse`] reads it.
    pub hello: Option<Vec<u8>>,
}

impl TlsFacts {
    /// Whether the handshake came to its end.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        !self.version.is_empty()
    }

    /// What a hello alone tells.
    #[must_use]
    pub fn offered(sni: Option<String>, hello: Vec<u8>) -> Self {
        Self { sni, hello: Some(hello), ..Self::default() }
    }
}

/// Whether a server asked its client for a certificate (RFC 8446 4.3.2), and what it got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificate {
    /// It did not ask, or the session was resumed.
    #[default]
    NotAsked,
    /// It asked, and got none.
    Withheld,
    /// It asked, and got the one that is configured for the host.
    Given,
}

impl ClientCertificate {
    /// The word used in JSON and captures; none when it was not asked for.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::NotAsked => None,
            Self::Withheld => Some("withheld"),
            Self::Given => Some("given"),
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: Option<&str>) -> Self {
        match word {
            Some("withheld") => Self::Withheld,
            Some("given") => Self::Given,
            _ => Self::NotAsked,
        }
    }
}

/// The outcome of checking an origin's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Chains to a trusted root and names the host.
    Trusted,
    /// Not trusted, with the reason in words. Passed on only under `origin_insecure`.
    Untrusted(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for what in [ClientCertificate::NotAsked, ClientCertificate::Withheld, ClientCertificate::Given] {
            assert_eq!(ClientCertificate::from_word(what.as_str()), what);
        }
    }
}
