//! The interception authority: a CA made on first use, and a leaf certificate for every name that clients ask for.
//!
//! ```text
//! ca.pem, ca.key ──load_or_create──► Authority ──leaf(name)──► CertifiedKey (in memory only)
//!                                        ▲
//!                  ClientHello ──► LeafResolver (SNI, else the CONNECT target) in one shared ServerConfig
//! ```
//!
//! Everything signs with the provider that [`provider`] returns; none is ever installed process-wide.

mod authority;
pub mod certificate;
mod error;
mod files;
pub mod key_log;
mod mint;
mod name;
pub mod ocsp;
mod recent;
mod recipes;
mod resolver;
pub mod told;
#[cfg(test)]
pub(crate) mod sample;

pub use authority::Authority;
pub use certificate::Certificate;
pub use error::CaError;
pub use key_log::key_log;
pub use name::server_name;
pub use recent::Recent;
pub use recipes::recipe;
pub use resolver::{Alpn, Interceptor, LeafResolver, for_fallback, server_config};

use crate::config::MinTls;
use rustls::crypto::CryptoProvider;
use rustls::{CipherSuite, SupportedProtocolVersion};
use std::sync::{Arc, OnceLock};

/// The cryptography that every TLS configuration of hopscope is given explicitly.
///
/// AES-128 comes first, as with browsers: its suites' hash, SHA-256, is an instruction of the processor, so that a
/// handshake costs a tenth less than with the SHA-384 that rustls would rather have.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.cipher_suites.sort_by_key(|suite| (suite.tls13().is_none(), !is_aes_128(suite.suite())));
        Arc::new(provider)
    }))
}

fn is_aes_128(suite: CipherSuite) -> bool {
    use CipherSuite::{
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TLS13_AES_128_GCM_SHA256,
    };
    matches!(
        suite,
        TLS13_AES_128_GCM_SHA256
            | TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            | TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    )
}

/// The versions of TLS from `min` on.
#[must_use]
pub fn versions(min: MinTls) -> &'static [&'static SupportedProtocolVersion] {
    static TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
    match min {
        MinTls::Tls12 => rustls::ALL_VERSIONS,
        MinTls::Tls13 => TLS13,
    }
}

/// SHA-256 of bytes, as certificate fingerprints are told.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// A key that nobody guesses, for what must be recognised only within one use.
#[must_use]
pub fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    // aws-lc's generator fails in no way that could be gone on from: it ends the process itself.
    let _ = aws_lc_rs::rand::fill(&mut key);
    key
}
