//! A certificate in words: whose it is, who says so, for which names, how long, and with what key.
//!
//! Total: bytes that are no certificate are told as such. Texts are the peer's: whoever shows them sanitises.

use super::sha256;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

/// Bits that an RSA key must have to be trusted (CA/Browser Forum, Baseline Requirements 6.1.5).
const RSA_BITS: usize = 2_048;

/// What a person wants to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Whether it says so itself.
    pub self_signed: bool,
    /// The DNS names and addresses that it is valid for (RFC 5280 4.2.1.6).
    pub names: Vec<String>,
    /// From when it is valid.
    pub not_before: OffsetDateTime,
    /// Until when.
    pub not_after: OffsetDateTime,
    /// Its public key: `RSA 2048 bits`, `EC P-256`, `Ed25519`.
    pub key: String,
    /// Whether that is an RSA key too short to be trusted.
    pub weak_key: bool,
    /// How its issuer signed it: `ecdsa-with-SHA256`.
    pub signature: String,
}

impl Certificate {
    /// Reads a certificate; `None` when the bytes are none.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let (key, weak_key) = key(&certificate);
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            self_signed: certificate.subject() == certificate.issuer(),
            names: names(&certificate),
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
            key,
            weak_key,
            signature: named(&certificate.signature_algorithm.algorithm),
        })
    }

    /// First and last day.
    #[must_use]
    pub fn days(&self) -> String {
        format!("{} to {}", self.not_before.date(), self.not_after.date())
    }

    /// From when and until when it is valid, as RFC 3339 writes moments.
    #[must_use]
    pub fn moments(&self) -> [String; 2] {
        [self.not_before, self.not_after].map(|moment| moment.format(&Rfc3339).unwrap_or_default())
    }
}

/// The SHA-256 of a certificate, as browsers and `openssl x509 -fingerprint` show it.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    let bytes: Vec<String> = sha256(der).iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    }
}

/// The public key in words, and whether it is too weak.
fn key(certificate: &X509Certificate<'_>) -> (String, bool) {
    let key = certificate.public_key();
    let curve = || key.algorithm.parameters.as_ref().and_then(|oid| oid.as_oid().ok());
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let bits = bits(rsa.modulus);
            (format!("RSA {bits} bits"), bits < RSA_BITS)
        }
        Ok(PublicKey::EC(_)) => {
            (format!("EC {}", curve().map_or("of no named curve".to_owned(), |oid| named(&oid))), false)
        }
        _ => (named(&key.algorithm.algorithm), false),
    }
}

/// Bits of a number, most significant octet first.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let Some(first) = number.get(zeros) else { return 0 };
    (number.len() - zeros) * 8 - first.leading_zeros() as usize
}

/// Keys, curves and signatures by their object identifiers; another one stands as its numbers.
fn named(oid: &Oid<'_>) -> String {
    let numbers = oid.to_id_string();
    let name = match numbers.as_str() {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return numbers,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Authority, sample};
    use proptest::prelude::*;

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(Certificate::read(b""), None);
        assert_eq!(Certificate::read(b"\x30\x82\xff\xff garbage"), None);
        assert!(fingerprint(b"").starts_with("E3:B0:C4:42:"));
    }

    #[test]
    fn a_leaf_of_ours() {
        let home = tempfile::tempdir().unwrap();
        let authority = Authority::load_or_create(home.path()).unwrap();
        let leaf = Certificate::read(&sample::valid(&authority, "127.0.0.1", -3, 4).certificate).unwrap();
        assert_eq!(leaf.names, ["127.0.0.1"]);
        assert_eq!((leaf.key.as_str(), leaf.weak_key, leaf.self_signed), ("EC P-256", false, false));
        assert_eq!(leaf.signature, "ecdsa-with-SHA256");
        assert!(leaf.issuer.contains("hopscope CA"), "{}", leaf.issuer);
        assert_eq!((leaf.not_after - leaf.not_before).whole_days(), 7);
        assert!(leaf.moments()[0].ends_with('Z') && leaf.days().contains(" to "), "{:?}", leaf.moments());
    }

    #[test]
    fn bits_of_a_modulus() {
        for (number, count) in
            [(&[0, 0x80][..], 8), (&[1], 1), (&[0, 1, 0], 9), (&[], 0), (&[0], 0), (&[0xff; 256], 2048)]
        {
            assert_eq!(bits(number), count, "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in any::<Vec<u8>>()) {
            let _ = Certificate::read(&bytes);
        }
    }
}
