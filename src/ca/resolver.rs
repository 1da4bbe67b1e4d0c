//! From a `ClientHello` to the certificate that answers it.

use super::{Authority, CaError, provider};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

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

/// The configuration that all intercepted connections share: http/1.1 by ALPN, TLS 1.2 and 1.3,
/// tickets for resumption, no client certificates.
pub fn server_config(authority: Arc<Authority>) -> Result<Arc<ServerConfig>, CaError> {
    let resolver = Arc::new(LeafResolver::new(authority, None));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = Ticketer::new()?;
    Ok(Arc::new(config))
}

/// The same configuration, keys for tickets included, for a client that sent no SNI.
#[must_use]
pub fn for_fallback(authority: &Arc<Authority>, base: &ServerConfig, name: &str) -> Arc<ServerConfig> {
    let mut config = base.clone();
    config.cert_resolver = Arc::new(LeafResolver::new(Arc::clone(authority), Some(name.to_owned())));
    Arc::new(config)
}

/// The authority with its one server configuration: all that intercepting a connection takes.
#[derive(Clone, Debug)]
pub struct Interceptor {
    authority: Arc<Authority>,
    base: Arc<ServerConfig>,
}

impl Interceptor {
    /// Makes the configuration.
    pub fn new(authority: Arc<Authority>) -> Result<Self, CaError> {
        Ok(Self { base: server_config(Arc::clone(&authority))?, authority })
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// The configuration that answers a hello, and the leaf that it will show: the one for `sni`,
    /// or for the CONNECT target's `host` when the client sent none.
    pub fn answer(
        &self,
        sni: Option<&str>,
        host: &str,
    ) -> Result<(Arc<ServerConfig>, Arc<CertifiedKey>), CaError> {
        if let Some(sni) = sni {
            return Ok((Arc::clone(&self.base), self.authority.leaf(sni)?));
        }
        let leaf = self.authority.leaf(host)?;
        Ok((for_fallback(&self.authority, &self.base, host), leaf))
    }
}
