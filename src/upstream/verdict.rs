//! The verdict over an origin's certificate: trusted, or why not in words.
//!
//! A handshake goes through whatever the certificate; then the chain is judged, and the caller
//! decides by policy. Judging after the handshake covers resumed sessions too, for which TLS
//! libraries ask no verifier. The peer's signature over the handshake is checked by rustls as ever,
//! so the chain is really the peer's; save under a certificate that can never be trusted, where a signature
//! would prove nothing.

use super::heard::{self, Stapled};
use crate::ca::{Certificate, Recent, ocsp, provider, sha256};
use crate::exchange::{Ocsp, OcspStatus, Verdict};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

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
    known: Mutex<Recent<[u8; 32], Known>>,
}

/// What is remembered of a chain.
#[derive(Clone, Debug)]
struct Known {
    since: Instant,
    verdict: Verdict,
    /// The OCSP response that was stapled to it when it was last shown.
    stapled: Option<Ocsp>,
}

impl Judge {
    /// A judge over roots; a server certificate that is itself among `named` is trusted as it is.
    pub fn new(roots: RootCertStore, named: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { verifier, named, known: Mutex::new(Recent::new(REMEMBERED)) })
    }

    /// The verdict over a chain, leaf first, shown for a name, and the OCSP response that was stapled to
    /// it: of a resumed session, which shows no chain, what was known before.
    pub fn verdict(
        &self,
        name: &ServerName<'_>,
        chain: &[CertificateDer<'_>],
        stapled: Stapled,
    ) -> (Verdict, Option<Ocsp>) {
        let key = fingerprint(name, chain);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).find(&key);
        let stapled = match stapled {
            Stapled::NoChain => known.as_ref().and_then(|known| known.stapled),
            Stapled::Nothing => None,
            Stapled::Response(ocsp) => Some(ocsp),
        };
        let known = match known.filter(|known| known.since.elapsed() < HOLDS) {
            Some(known) if known.stapled == stapled => return (known.verdict, stapled),
            _ => Known { since: Instant::now(), verdict: self.judge(name, chain, stapled), stapled },
        };
        let verdict = known.verdict.clone();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(key, known);
        (verdict, stapled)
    }

    fn judge(&self, name: &ServerName<'_>, chain: &[CertificateDer<'_>], stapled: Option<Ocsp>) -> Verdict {
        let Some((leaf, others)) = chain.split_first() else {
            return Verdict::Untrusted("the server showed no certificate".to_owned());
        };
        if let Some(why) = beyond_trust(leaf) {
            return Verdict::Untrusted(why);
        }
        if let Some(ocsp) = stapled.filter(|ocsp| ocsp.status == OcspStatus::Revoked) {
            let since = ocsp.revoked.map(|at| format!(" on {}", date(at))).unwrap_or_default();
            return Verdict::Untrusted(format!("revoked{since}, as its own OCSP response says"));
        }
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
            && Certificate::read(leaf)
                .is_some_and(|leaf| (leaf.not_before..=leaf.not_after).contains(&OffsetDateTime::now_utc()))
            && ParsedCertificate::try_from(leaf).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
    }
}

fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| "a day".to_owned(), |at| at.date().to_string())
}

fn fingerprint(name: &ServerName<'_>, chain: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut bytes = name.to_str().as_bytes().to_vec();
    for certificate in chain {
        bytes.extend_from_slice(&sha256(certificate));
    }
    sha256(&bytes)
}

/// Why no root and no naming can make this certificate trusted, if that is so.
fn beyond_trust(leaf: &CertificateDer<'_>) -> Option<String> {
    let Some(known) = Certificate::read(leaf) else {
        return Some("its bytes are no well-formed certificate".to_owned());
    };
    if known.weak_key {
        return Some(format!("its key is too weak: {}, where 2048 are the least", known.key));
    }
    let error = ParsedCertificate::try_from(leaf).err()?;
    // RFC 5280 4.1.2.1: what `openssl x509 -req` makes without extensions.
    Some(if error.to_string().contains("UnsupportedCertVersion") {
        "it is of X.509 version 1, which holds no names".to_owned()
    } else {
        format!("it cannot be used for TLS: {}", plain(&error.to_string()))
    })
}

fn reason(error: &CertificateError, chain: &[CertificateDer<'_>]) -> String {
    use CertificateError as E;
    let leaf = chain.first().and_then(|der| Certificate::read(der));
    let self_signed = leaf.as_ref().is_some_and(|leaf| leaf.self_signed);
    match error {
        E::ExpiredContext { not_after, .. } => format!("expired on {}", day(*not_after)),
        E::NotValidYetContext { not_before, .. } => format!("not valid before {}", day(*not_before)),
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            format!("not valid for this name: {}", names(leaf.as_ref()))
        }
        E::UnknownIssuer | E::Other(_) if self_signed => "self-signed, and not a trusted root".to_owned(),
        E::UnknownIssuer => format!("unknown issuer: {}", issuer(chain)),
        E::BadSignature => "its signature is not its issuer's".to_owned(),
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            let how = leaf.map_or_else(|| "a way".to_owned(), |leaf| plain(&leaf.signature));
            format!(
                "it, or a certificate above it, is signed in a way too weak to be trusted (its own: {how})"
            )
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "it is not meant for a server".to_owned(),
        E::BadEncoding => "its bytes are no well-formed certificate".to_owned(),
        other => plain(&other.to_string()),
    }
}

/// What may be done about a reason that was given, before the certificate is let pass as it is.
#[must_use]
pub fn cure(reason: &str) -> &'static str {
    if reason.starts_with("expired") {
        "If it is yours, have it renewed; or "
    } else if reason.starts_with("not valid before") {
        "Look at the clocks of both machines; or "
    } else if reason.starts_with("revoked") {
        "Whoever has its key may not be who it names: ask its owner; or "
    } else if reason.starts_with("unknown issuer") || reason.starts_with("self-signed") {
        "Trust its root with --origin-ca FILE, or "
    } else {
        "If it is yours, have one made that fits; or "
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
    let last = chain.last().and_then(|der| Certificate::read(der));
    last.map_or_else(|| "not readable".to_owned(), |last| plain(&last.issuer))
}

fn names(leaf: Option<&Certificate>) -> String {
    let all = leaf.map(|leaf| leaf.names.as_slice()).unwrap_or_default();
    if all.is_empty() {
        // RFC 9525 2: the common name is not looked at.
        return "it has no subjectAltName".to_owned();
    }
    let told: Vec<String> = all.iter().take(NAMES).map(|name| plain(name)).collect();
    let told = told.join(", ");
    match all.len().saturating_sub(NAMES) {
        0 => format!("names {told}"),
        more => format!("names {told} and {more} more"),
    }
}

/// Text from a certificate, short and without control characters: it goes into answers too.
fn plain(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Lets every certificate pass the handshake, but no signature that is not the certificate's: unless the
/// certificate can never be trusted, and its signature neither.
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
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        stapled: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let stapled = match stapled {
            [] => Stapled::Nothing,
            response => Stapled::Response(ocsp::read(response, leaf)),
        };
        heard::note(|heard| heard.stapled.set(stapled));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        unless_beyond_trust(self.0.verify_tls12_signature(message, certificate, signed), certificate)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        unless_beyond_trust(self.0.verify_tls13_signature(message, certificate, signed), certificate)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn unless_beyond_trust(
    checked: Result<HandshakeSignatureValid, rustls::Error>,
    certificate: &CertificateDer<'_>,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    checked
        .or_else(|error| beyond_trust(certificate).map(|_| HandshakeSignatureValid::assertion()).ok_or(error))
}
