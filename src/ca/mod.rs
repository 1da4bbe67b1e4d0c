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
mod error;
mod files;
mod mint;
mod name;
mod recent;
mod resolver;
#[cfg(test)]
pub(crate) mod sample;

pub use authority::Authority;
pub use error::CaError;
pub use name::server_name;
pub use recent::Recent;
pub use resolver::{Alpn, Interceptor, LeafResolver, for_fallback, server_config};

use rustls::crypto::CryptoProvider;
use std::sync::{Arc, OnceLock};

/// The cryptography that every TLS configuration of hopscope is given explicitly.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// SHA-256 of bytes, as certificate fingerprints are told.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}
