//! Certificates for tests that no authority of ours would make.

use super::Authority;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

/// A certificate with its key.
pub struct Sample {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// In PEM form.
    pub pem: String,
    /// Its private key in PEM form.
    pub key_pem: String,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
}

/// Signed by the authority, valid from and until so many days from now.
pub fn valid(authority: &Authority, host: &str, from: i64, until: i64) -> Sample {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.not_before = OffsetDateTime::now_utc() + Duration::days(from);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(until);
    let key = KeyPair::generate().unwrap();
    sample(&params.signed_by(&key, authority.issuer()).unwrap(), &key)
}

/// Self-signed and calling itself a CA's, as `openssl req -x509` makes them.
pub fn self_signed(host: &str) -> Sample {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    sample(&params.self_signed(&key).unwrap(), &key)
}

fn sample(certificate: &rcgen::Certificate, key: &KeyPair) -> Sample {
    Sample {
        certificate: certificate.der().clone(),
        pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        key: PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}
