//! A certificate in words: whose it is, who says so, for which names and how long.
//!
//! Total: bytes that are no certificate are told as such, and every text passes the page's sanitiser.

use crate::ca::sha256;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// Names that are told; the others are counted.
const NAMES: usize = 8;

/// What a person wants to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Whether it says so itself.
    pub self_signed: bool,
    /// The names that it is valid for.
    pub names: String,
    /// First and last day.
    pub days: String,
}

/// Reads a certificate; `None` when the bytes are none.
#[must_use]
pub fn read(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let day = |time: &x509_parser::time::ASN1Time| time.to_datetime().date().to_string();
    Some(Certificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        self_signed: certificate.subject() == certificate.issuer(),
        names: names(&certificate),
        days: format!("{} to {}", day(&validity.not_before), day(&validity.not_after)),
    })
}

/// The SHA-256 of a certificate, as browsers and `openssl x509 -fingerprint` show it, in two halves
/// with a space between them to break at.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    let bytes: Vec<String> = sha256(der).iter().map(|byte| format!("{byte:02X}")).collect();
    let halves: Vec<String> = bytes.chunks(16).map(|half| half.join(":")).collect();
    halves.join(": ")
}

fn names(certificate: &X509Certificate<'_>) -> String {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return String::new() };
    let all: Vec<String> = extension.value.general_names.iter().filter_map(name).collect();
    let told = all.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(NAMES) {
        Some(more) if more > 0 => format!("{told} and {more} more"),
        _ => told,
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\x30\x82\xff\xff garbage"), None);
        assert!(fingerprint(b"").starts_with("E3:B0:C4:42:"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in any::<Vec<u8>>()) {
            let _ = read(&bytes);
        }
    }
}
