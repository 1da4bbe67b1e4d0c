//! Certificates in PEM files, as texts: what clients are given to trust. Keys are never copied.

use std::collections::HashSet;
use std::path::Path;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Where systems keep their roots as one PEM file; the first that exists counts.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/opt/homebrew/etc/openssl@3/cert.pem",
];

/// Each certificate block of a PEM text, without anything else that stands in it.
pub(super) fn certificates(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let from = memchr::memmem::find(rest, BEGIN)?;
        let found = rest.get(from..)?;
        let length = memchr::memmem::find(found, END)? + END.len();
        rest = found.get(length..)?;
        found.get(..length)
    })
}

/// The system's roots as PEM, if it keeps them as one file.
pub(super) fn system_roots() -> Option<Vec<u8>> {
    SYSTEM_ROOTS.iter().find_map(|path| std::fs::read(path).ok()).filter(|pem| !pem.is_empty())
}

/// One file of all certificates in these texts, each once.
pub(super) fn bundle<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for certificate in texts.into_iter().flat_map(certificates) {
        if seen.insert(certificate) {
            all.extend_from_slice(certificate);
            all.push(b'\n');
        }
    }
    all
}

/// The file as PEM, if it holds certificates.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok().filter(|bytes| certificates(bytes).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(text: &str) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn a_bundle_holds_each_certificate_once_and_no_key() {
        let key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n";
        let one = format!("# a comment\n{}{key}{}", certificate("a"), certificate("b"));
        let two = certificate("b") + &certificate("c");
        let all = String::from_utf8(bundle([one.as_bytes(), two.as_bytes()])).unwrap();
        assert_eq!(all, certificate("a") + &certificate("b") + &certificate("c"));
    }

    #[test]
    fn half_a_certificate_is_none() {
        assert_eq!(certificates(b"-----BEGIN CERTIFICATE-----\nabc").count(), 0);
        assert_eq!(certificates(b"").count(), 0);
    }
}
