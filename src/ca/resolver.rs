//! From a `ClientHello` to the certificate that answers it.

use super::{Authority, CaError, key_log, provider, versions};
use crate::config::MinTls;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::{Arc, OnceLock};

/// Chooses the leaf by SNI, or by a fallback name for clients that send none
/// (RFC 6066 3 allows no addresses in SNI, so a client of `https://127.0.0.1/` sends none).
#[derive(Debug)]
pub struct LeafResolver {
    authority: Arc<Authority>,
    fallback: Option<String>,
}

impl LeafResolver {
    /// A resolver over an authority.
    #[must_use]
    pub fn new(authority: Arc<Authority>, fallback: Option<String>) -> Self {
        Self { authority, fallback }
    }
}

impl ResolvesServerCert for LeafResolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().or(self.fallback.as_deref())?;
        self.authority.leaf(name).ok()
    }
}

/// What a client is offered by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
    /// HTTP/2, else HTTP/1.1.
    Both,
}

impl Alpn {
    const ALL: [Self; 3] = [Self::Http1, Self::Http2, Self::Both];

    fn names(self) -> Vec<Vec<u8>> {
        match self {
            Self::Http1 => vec![b"http/1.1".to_vec()],
            Self::Http2 => vec![b"h2".to_vec()],
            Self::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        }
    }
}

/// The configuration that intercepted connections share: http/1.1 by ALPN, TLS from `min` on,
/// tickets for resumption, no client certificates.
pub fn server_config(authority: Arc<Authority>, min: MinTls) -> Result<Arc<ServerConfig>, CaError> {
    let resolver = Arc::new(LeafResolver::new(authority, None));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions(min))?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = Alpn::Http1.names();
    // curl and Python ask for AES-256 first, but take any of ours.
    config.ignore_client_order = true;
    config.ticketer = Ticketer::new()?;
    config.key_log = key_log();
    Ok(Arc::new(config))
}

/// The same configuration, keys for tickets included, for a client that sent no SNI.
#[must_use]
pub fn for_fallback(authority: &Arc<Authority>, base: &ServerConfig, name: &str) -> Arc<ServerConfig> {
    let mut config = base.clone();
    config.cert_resolver = Arc::new(LeafResolver::new(Arc::clone(authority), Some(name.to_owned())));
    Arc::new(config)
}

/// The authority with its server configuration, one for each offer and the same tickets for all: all
/// that intercepting a connection takes.
#[derive(Debug)]
pub struct Interceptor {
    authority: Arc<Authority>,
    min_tls: MinTls,
    /// Made on first use, as it takes random numbers.
    base: OnceLock<Result<[Arc<ServerConfig>; 3], String>>,
}

impl Interceptor {
    /// Over an authority; cheap, see [`Self::warm`].
    #[must_use]
    pub fn new(authority: Arc<Authority>) -> Self {
        Self { authority, min_tls: MinTls::default(), base: OnceLock::new() }
    }

    /// The same, for clients that speak this version of TLS or a newer one.
    #[must_use]
    pub fn since(self, min_tls: MinTls) -> Self {
        Self { min_tls, ..self }
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// Does now what the first intercepted connection would wait for (its keys); for a thread that
    /// has time.
    pub fn warm(&self) {
        let _ = self.answer(Some("localhost"), "localhost", Alpn::Http1);
    }

    fn bases(&self) -> Result<[Arc<ServerConfig>; 3], CaError> {
        let base = server_config(Arc::clone(&self.authority), self.min_tls)?;
        Ok(Alpn::ALL.map(|alpn| {
            let mut config = ServerConfig::clone(&base);
            config.alpn_protocols = alpn.names();
            Arc::new(config)
        }))
    }

    /// The configuration that answers a hello, and the leaf that it will show: the one for `sni`,
    /// or for the CONNECT target's `host` when the client sent none.
    pub fn answer(
        &self,
        sni: Option<&str>,
        host: &str,
        alpn: Alpn,
    ) -> Result<(Arc<ServerConfig>, Arc<CertifiedKey>), CaError> {
        let bases = self.base.get_or_init(|| self.bases().map_err(|error| error.to_string()));
        let [http1, http2, both] = bases.as_ref().map_err(|why| CaError::Signing(why.clone()))?;
        let base = match alpn {
            Alpn::Http1 => http1,
            Alpn::Http2 => http2,
            Alpn::Both => both,
        };
        if let Some(sni) = sni {
            return Ok((Arc::clone(base), self.authority.leaf(sni)?));
        }
        let leaf = self.authority.leaf(host)?;
        Ok((for_fallback(&self.authority, base, host), leaf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::crypto::aws_lc_rs::cipher_suite::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};
    use rustls::{CipherSuite, ClientConfig, ClientConnection, RootCertStore, ServerConnection};

    #[test]
    fn of_the_suites_that_a_client_offers_ours_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let authority = Arc::new(Authority::load_or_create(home.path()).unwrap());
        let mut server = ServerConnection::new(server_config(authority, MinTls::default()).unwrap()).unwrap();
        let mut provider = (*provider()).clone();
        // As curl and Python have them.
        provider.cipher_suites = vec![TLS13_AES_256_GCM_SHA384, TLS13_AES_128_GCM_SHA256];
        let client = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(client), "example.com".try_into().unwrap()).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        server.read_tls(&mut hello.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let suite = server.negotiated_cipher_suite().map(|suite| suite.suite());
        assert_eq!(suite, Some(CipherSuite::TLS13_AES_128_GCM_SHA256));
    }
}
