//! The roots that origins are checked against: the system's and the files named by `--origin-ca`.
//!
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` are never read: `hopscope run` sets them for the program it
//! starts, and a hopscope started from there would trust its parent's bundle.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::env;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Bundles where systems keep their roots, as OpenSSL and Go look for them.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/etc/certs/ca-certificates.crt",
];

/// Folders of roots, for systems without a bundle.
const FOLDERS: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs"];

/// What is said when the system has no roots.
pub const NO_SYSTEM_ROOTS: &str = "this system has no root certificates, so origins are checked against \
    Mozilla's list as of this build; install ca-certificates";

/// A file named by `--origin-ca` cannot be used.
#[derive(Debug, Error)]
#[error("cannot take roots from {}: {why}\n--origin-ca, and origin.ca_for for a host, name a file with one or more certificates in PEM form", path.display())]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// Reads the certificates of PEM files; each file must hold at least one that can be a root.
pub fn from_files<'a>(
    paths: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<Vec<CertificateDer<'static>>, RootsError> {
    let mut all = Vec::new();
    for path in paths {
        let fault = |why: String| RootsError { path: path.clone(), why };
        let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
            .collect::<Result<_, _>>()
            .map_err(|error| fault(format!("its PEM is broken: {error}")))?;
        if certificates.is_empty() {
            return Err(fault("it holds no certificate".to_owned()));
        }
        for certificate in &certificates {
            RootCertStore::empty()
                .add(certificate.clone())
                .map_err(|error| fault(format!("a certificate in it cannot be read: {error}")))?;
        }
        all.extend(certificates);
    }
    Ok(all)
}

/// Whether the system seems to have roots; looks at names only, so that a start need not wait.
#[must_use]
pub fn system_has_some() -> bool {
    cfg!(target_os = "macos") || BUNDLES.iter().chain(FOLDERS).any(|path| Path::new(path).exists())
}

/// The system's roots, or Mozilla's where it has none, and the given ones beside them.
#[must_use]
pub fn store(extra: &[CertificateDer<'static>]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(system());
    if store.is_empty() {
        tracing::warn!("{NO_SYSTEM_ROOTS}");
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store.add_parsable_certificates(extra.iter().cloned());
    store
}

fn system() -> Vec<CertificateDer<'static>> {
    // The keychain is not in a file; but that reader heeds the two variables.
    let heeds_environment = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| env::var_os(name).is_some());
    if cfg!(target_os = "macos") && !heeds_environment {
        return rustls_native_certs::load_native_certs().certs;
    }
    from_places(BUNDLES, FOLDERS)
}

/// The first bundle that holds certificates, else the first such folder.
fn from_places(bundles: &[&str], folders: &[&str]) -> Vec<CertificateDer<'static>> {
    let bundles = bundles.iter().map(|path| (Some(Path::new(path)), None));
    let folders = folders.iter().map(|path| (None, Some(Path::new(path))));
    bundles
        .chain(folders)
        .filter(|(file, folder)| file.or(*folder).is_some_and(Path::exists))
        .map(|(file, folder)| rustls_native_certs::load_certs_from_paths(file, folder).certs)
        .find(|certificates| !certificates.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::Authority;
    use std::fs;

    #[test]
    fn a_file_that_holds_no_root_is_named_with_the_reason() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        let authority = Authority::load_or_create(home.path()).unwrap();
        fs::write(path("empty.pem"), "").unwrap();
        fs::write(path("torn.pem"), &authority.pem().as_bytes()[..200]).unwrap();
        fs::write(path("wrong.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .unwrap();
        for (file, why) in [
            ("absent.pem", "No such file"),
            ("empty.pem", "holds no certificate"),
            ("torn.pem", "PEM is broken"),
            ("wrong.pem", "cannot be read"),
        ] {
            let error = from_files(&[path("ca.pem"), path(file)]).unwrap_err().to_string();
            assert!(error.contains(file) && error.contains(why), "{error}");
        }
        assert_eq!(from_files(&[path("ca.pem")]).unwrap().len(), 1);
    }

    #[test]
    fn the_first_place_that_holds_roots_counts() {
        let home = tempfile::tempdir().unwrap();
        let empty = home.path().join("empty.crt");
        fs::write(&empty, "").unwrap();
        let full = home.path().join("certs");
        Authority::load_or_create(&full).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (empty, bundle, folder) = (text(&empty), text(&full.join("ca.pem")), text(&full));
        assert_eq!(from_places(&["/nowhere", &empty, &bundle], &[]).len(), 1);
        assert_eq!(from_places(&["/nowhere", &empty], &[&folder]).len(), 1);
        assert_eq!(from_places(&["/nowhere"], &["/nowhere"]).len(), 0);
    }
}
