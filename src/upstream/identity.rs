//! Certificates that hopscope shows to origins which ask for one, by host.

use super::heard;
use super::pattern;
use crate::ca::provider;
use crate::config::ClientCertificate as Configured;
use crate::exchange::ClientCertificate;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// A file of `origin.client_certificates` cannot be used.
#[derive(Debug, Error)]
#[error(
    "origin.client_certificates: {}: {why}\nit names, for a host, a PEM file with a certificate (and those above \
     it) and its private key, or two as \"HOST=CERTIFICATE;KEY\"", path.display()
)]
pub struct IdentityError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// The certificates, each with the hosts that it is for; the first that fits counts.
#[derive(Debug, Default)]
pub struct Identities(Vec<(String, Arc<CertifiedKey>)>);

impl Identities {
    /// Reads all of them.
    pub fn read(configured: &[Configured]) -> Result<Self, IdentityError> {
        configured.iter().map(|one| Ok((one.host.clone(), read(one)?))).collect::<Result<_, _>>().map(Self)
    }

    /// Which is for a host.
    pub(super) fn of(&self, host: &str) -> Option<usize> {
        self.0.iter().position(|(hosts, _)| pattern::names(hosts, host))
    }

    /// What answers an origin that asks for a certificate: with that one, or with none.
    pub(super) fn answer(&self, which: Option<usize>) -> Arc<dyn ResolvesClientCert> {
        let key = which.and_then(|which| self.0.get(which)).map(|(_, key)| Arc::clone(key));
        Arc::new(Answering(key))
    }
}

fn read(configured: &Configured) -> Result<Arc<CertifiedKey>, IdentityError> {
    let fault = |path: &Path, why: String| IdentityError { path: path.to_owned(), why };
    let bytes = |path: &Path| std::fs::read(path).map_err(|error| fault(path, error.to_string()));
    let path = &configured.certificate;
    let held = bytes(path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&held)
        .collect::<Result<_, _>>()
        .map_err(|error| fault(path, format!("its PEM is broken: {error}")))?;
    if chain.is_empty() {
        return Err(fault(path, "it holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    let key_path = configured.key.as_ref().unwrap_or(path);
    let held = if configured.key.is_some() { bytes(key_path)? } else { held };
    let key = PrivateKeyDer::from_pem_slice(&held).map_err(|_| {
        let coded = held.windows(9).any(|window| window == b"ENCRYPTED");
        let why = if coded {
            "its private key is encrypted; `openssl pkey -in FILE -out PLAIN` makes a plain one"
        } else {
            "it holds no private key (-----BEGIN PRIVATE KEY-----)"
        };
        fault(key_path, why.to_owned())
    })?;
    CertifiedKey::from_der(chain, key, &provider()).map(Arc::new).map_err(|error| {
        let why = match error {
            rustls::Error::InconsistentKeys(_) => "its private key is not that of the certificate".to_owned(),
            other => format!("it cannot be used: {other}"),
        };
        fault(key_path, why)
    })
}

/// Shows a certificate to whoever asks, and notes that somebody asked.
#[derive(Debug)]
struct Answering(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Answering {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let key = self.0.clone().filter(|key| key.key.choose_scheme(schemes).is_some());
        let what = if key.is_some() { ClientCertificate::Given } else { ClientCertificate::Withheld };
        heard::note(|heard| heard.client_certificate.set(what));
        key
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Authority, sample};
    use std::fs;

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_reason() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        let [one, other] = ["a.example", "b.example"].map(sample::self_signed);
        let key = |sample: &sample::Sample| sample.key_pem.clone();
        fs::write(path("both.pem"), format!("{}{}", one.pem, key(&one))).unwrap();
        fs::write(path("certificate.pem"), &one.pem).unwrap();
        fs::write(path("key.pem"), key(&one)).unwrap();
        fs::write(path("other.pem"), key(&other)).unwrap();
        let coded = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        fs::write(path("coded.pem"), format!("{}{coded}", one.pem)).unwrap();
        let read = |certificate: &str, key: Option<&str>| {
            let host = "*.example".to_owned();
            let configured = Configured { host, certificate: path(certificate), key: key.map(path) };
            Identities::read(&[configured]).map_err(|error| error.to_string())
        };
        for (certificate, key, file, why) in [
            ("absent.pem", None, "absent.pem", "No such file"),
            ("key.pem", None, "key.pem", "holds no certificate"),
            ("certificate.pem", None, "certificate.pem", "holds no private key"),
            ("certificate.pem", Some("absent.pem"), "absent.pem", "No such file"),
            ("certificate.pem", Some("other.pem"), "other.pem", "not that of the certificate"),
            ("coded.pem", None, "coded.pem", "openssl pkey"),
        ] {
            let error = read(certificate, key).unwrap_err();
            assert!(error.contains(file) && error.contains(why) && error.contains("HOST="), "{error}");
        }
        for (certificate, key) in [("both.pem", None), ("certificate.pem", Some("key.pem"))] {
            let identities = read(certificate, key).unwrap();
            assert_eq!((identities.of("A.example"), identities.of("a.test")), (Some(0), None));
        }
        assert!(Authority::load_or_create(home.path()).is_ok());
    }
}
