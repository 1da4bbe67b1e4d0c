//! The verdict over an origin's certificate: trusted, or why not in words.
//!
//! A handshake goes through whatever the certificate; then the chain is judged, and the caller
//! decides by policy. Judging after the handshake covers resumed sessions too, for which TLS
//! libraries ask no verifier. The peer's signature over the handshake is checked by rustls as ever,
//! so the chain is really the peer's.

use crate::ca::{Recent, provider, sha256};
use crate::exchange::Verdict;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// How long a verdict holds: certificates expire.
const HOLDS: Duration = Duration::from_mins(10);
/// Verdicts remembered.
const REMEMBERED: usize = 1_024;
/// Names of a certificate that are told.
const NAMES: usize = 5;

/// Judges chains against roots, remembering its verdicts.
#[derive(Debug)]
pub struct Judge {
    verifier: Arc<WebPkiServerVerifier>,
    /// Certificates that were named to us one by one.
    named: Vec<CertificateDer<'static>>,
    known: Mutex<Recent<[u8; 32], (Instant, Verdict)>>,
}

impl Judge {
    /// A judge over roots; a server certificate that is itself among `named` is trusted as it is.
    pub fn new(roots: RootCertStore, named: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { verifier, named, known: Mutex::new(Recent::new(REMEMBERED)) })
    }

    /// The verdict over a chain, leaf first, shown for a name.
    pub fn verdict(&self, name: &ServerName<'_>, chain: &[CertificateDer<'_>]) -> Verdict {
        let key = fingerprint(name, chain);
        let remembered = self.known.lock().unwrap_or_else(PoisonError::into_inner).find(&key);
        if let Some((since, verdict)) = remembered
            && since.elapsed() < HOLDS
        {
            return verdict;
        }
        let verdict = self.judge(name, chain);
        let entry = (Instant::now(), verdict.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(key, entry);
        verdict
    }

    fn judge(&self, name: &ServerName<'_>, chain: &[CertificateDer<'_>]) -> Verdict {
        let Some((leaf, others)) = chain.split_first() else {
            return Verdict::Untrusted("the server showed no certificate".to_owned());
        };
        match self.verifier.verify_server_cert(leaf, others, name, &[], UnixTime::now()) {
            Ok(_) => Verdict::Trusted,
            Err(_) if self.is_named(leaf, name) => Verdict::Trusted,
            Err(rustls::Error::InvalidCertificate(error)) => Verdict::Untrusted(reason(&error, chain)),
            Err(error) => Verdict::Untrusted(error.to_string()),
        }
    }

    /// Whether the server's own certificate is one of the named. `openssl req -x509` makes server
    /// certificates that say they are a CA's; webpki takes none of those, clients of OpenSSL do.
    fn is_named(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
        self.named.iter().any(|named| named == leaf)
            && X509Certificate::from_der(leaf).is_ok_and(|(_, certificate)| certificate.validity().is_valid())
            && ParsedCertificate::try_from(leaf).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
    }
}

fn fingerprint(name: &ServerName<'_>, chain: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut bytes = name.to_str().as_bytes().to_vec();
    for certificate in chain {
        bytes.extend_from_slice(&sha256(certificate));
    }
    sha256(&bytes)
}

fn reason(error: &CertificateError, chain: &[CertificateDer<'_>]) -> String {
    use CertificateError as E;
    let leaf = chain.first().and_then(|der| X509Certificate::from_der(der).ok()).map(|(_, leaf)| leaf);
    let self_signed = leaf.as_ref().is_some_and(|leaf| leaf.issuer() == leaf.subject());
    match error {
        E::ExpiredContext { not_after, .. } => format!("expired on {}", day(*not_after)),
        E::NotValidYetContext { not_before, .. } => format!("not valid before {}", day(*not_before)),
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            format!("not valid for this name: {}", names(leaf.as_ref()))
        }
        E::UnknownIssuer | E::Other(_) if self_signed => "self-signed, and not a trusted root".to_owned(),
        E::UnknownIssuer => format!("unknown issuer: {}", issuer(chain)),
        E::BadSignature => "its signature is not its issuer's".to_owned(),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "it is not meant for a server".to_owned(),
        E::BadEncoding => "its bytes are no well-formed certificate".to_owned(),
        other => plain(&other.to_string()),
    }
}

fn day(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map_or_else(|| "a day out of range".to_owned(), |moment| moment.date().to_string())
}

/// Who issued the last certificate of the chain, where the way to a root breaks off.
fn issuer(chain: &[CertificateDer<'_>]) -> String {
    chain
        .last()
        .and_then(|der| X509Certificate::from_der(der).ok())
        .map_or_else(|| "not readable".to_owned(), |(_, last)| plain(&last.issuer().to_string()))
}

fn names(leaf: Option<&X509Certificate<'_>>) -> String {
    let extension = leaf.and_then(|leaf| leaf.subject_alternative_name().ok().flatten());
    let all: Vec<String> = extension
        .map(|extension| extension.value.general_names.iter().filter_map(name_text).collect())
        .unwrap_or_default();
    if all.is_empty() {
        // RFC 9525 2: the common name is not looked at.
        return "it has no subjectAltName".to_owned();
    }
    let told = all.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMES) {
        0 => format!("names {told}"),
        more => format!("names {told} and {more} more"),
    }
}

fn name_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(plain(name)),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    }
}

/// Text from a certificate, short and without control characters: it goes into answers too.
fn plain(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Lets every certificate pass the handshake, but no signature that is not the certificate's.
#[derive(Debug)]
pub struct Deferred(pub Arc<WebPkiServerVerifier>);

impl Judge {
    /// The verifier for handshakes whose chains this judge will judge.
    #[must_use]
    pub fn deferred(&self) -> Arc<Deferred> {
        Arc::new(Deferred(Arc::clone(&self.verifier)))
    }
}

impl ServerCertVerifier for Deferred {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
