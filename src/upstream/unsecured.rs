//! Why a handshake with an origin came to nothing, in words with a cure.

use super::handshake::{alert_name, tls_error};
use super::protocol::Offer;
use super::verdict;
use crate::config::MinTls;
use crate::exchange::{ClientCertificate, Failure, Kind, Phase, Side};
use rustls::AlertDescription;
use std::io;

/// What an origin wants that asks for a certificate.
const WANTED: &str = "it asked for a client certificate, and there was none: give it one with \
    origin.client_certificates in config.toml, as \"HOST=FILE.pem\"";
/// What is taken in its place, and has another name.
const REFUSED: &str = "it did not take the client certificate that origin.client_certificates gives it";

/// The failure that an untrusted origin is answered with when it may not pass.
#[must_use]
pub fn untrusted(host: &str, reason: &str) -> Failure {
    let says = format!(
        "the certificate of {host} is not trusted: {reason}. {}let it pass with --origin-insecure={host}",
        verdict::cure(reason)
    );
    failure(Kind::Untrusted, says)
}

/// A handshake as it was begun, and what the origin asked for in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun<'a> {
    pub(super) host: &'a str,
    pub(super) offer: Offer,
    pub(super) min: MinTls,
    pub(super) asked: ClientCertificate,
}

/// The failure of a handshake that broke off with this error, where `first` was the beginning of what the
/// origin answered.
pub(super) fn told(error: &io::Error, first: &[u8], begun: Begun<'_>) -> Failure {
    if let Some(says) = not_tls(first) {
        return failure(Kind::Handshake, says);
    }
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => failure(Kind::Handshake, alert_says(*alert, begun)),
        Some(rustls::Error::PeerIncompatible(_)) => failure(
            Kind::Handshake,
            format!(
                "the server has no TLS version, cipher or group that hopscope offered ({error}). If it is the version: {}",
                begun.versions()
            ),
        ),
        Some(error) => failure(Kind::Handshake, format!("the TLS handshake failed: {error}")),
        None => cut(error, begun.asked),
    }
}

impl Begun<'_> {
    /// Which versions were offered, and what to do where they do not suit.
    fn versions(&self) -> String {
        let Self { host, min, .. } = self;
        match min {
            MinTls::Tls12 => format!(
                "it takes neither TLS 1.2 nor TLS 1.3, and hopscope speaks no other; leave the host alone with \
                 --tunnel {host}"
            ),
            MinTls::Tls13 => "it does not take TLS 1.3, and origin.min_tls allows nothing older".to_owned(),
        }
    }
}

fn cut(error: &io::Error, asked: ClientCertificate) -> Failure {
    let hint = if asked == ClientCertificate::Withheld { format!("; {WANTED}") } else { String::new() };
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            failure(Kind::Closed, format!("the server closed the connection during the TLS handshake{hint}"))
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            failure(Kind::Reset, format!("the server reset the connection during the TLS handshake{hint}"))
        }
        _ => failure(Kind::Unreachable, format!("the TLS handshake failed: {error}")),
    }
}

/// The failure of an origin that ended a connection with an alert when for us the handshake was over: in
/// TLS 1.3 it judges our certificate, or that there is none, only then (RFC 8446 4.4.2.4).
#[must_use]
pub fn after_handshake(host: &str, alert: AlertDescription) -> Failure {
    use AlertDescription as A;
    let hint = match alert {
        A::CertificateRequired => WANTED,
        alert if is_about_certificate(alert) => REFUSED,
        _ => "its own log may say why",
    };
    let says = format!("{host} ended the connection with {} behind the handshake: {hint}", alert_name(alert));
    failure(Kind::Handshake, says)
}

/// The failure of an origin that asked for a certificate, got none, and ended the connection without a word.
#[must_use]
pub fn without_certificate(host: &str) -> Failure {
    failure(
        Kind::Handshake,
        format!("{host} ended the connection without an answer, behind the handshake: {WANTED}"),
    )
}

fn is_about_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
    )
}

fn alert_says(alert: AlertDescription, begun: Begun<'_>) -> String {
    use AlertDescription as A;
    let hint = match (alert, begun.asked) {
        (A::ProtocolVersion, _) => format!(": {}", begun.versions()),
        (A::CertificateRequired, _) | (A::HandshakeFailure, ClientCertificate::Withheld) => {
            format!(": {WANTED}")
        }
        (alert, ClientCertificate::Withheld) if is_about_certificate(alert) => format!(": {WANTED}"),
        (alert, ClientCertificate::Given) if is_about_certificate(alert) => format!(": {REFUSED}"),
        (A::HandshakeFailure, _) => {
            ": it found no cipher, group or certificate that both sides take".to_owned()
        }
        (A::UnrecognisedName, _) => ": it knows no host of this name".to_owned(),
        (A::NoApplicationProtocol, _) => {
            format!(": it does not speak {}", begun.offer.names().join(" or "))
        }
        _ => String::new(),
    };
    format!("the server ended the TLS handshake with {}{hint}", alert_name(alert))
}

/// What a server speaks that answers a `ClientHello` with something other than a TLS record.
fn not_tls(first: &[u8]) -> Option<String> {
    let byte = first.first()?;
    // Content types 20 to 23 (RFC 8446 5.1).
    if (20..=23).contains(byte) {
        return None;
    }
    let line = first.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    Some(if first.starts_with(b"HTTP/") {
        format!(
            "it does not speak TLS on this port: it answered with plain HTTP ({}); ask for it with http://",
            line.escape_ascii()
        )
    } else {
        format!("it does not speak TLS on this port: its answer begins with \"{}\"", line.escape_ascii())
    })
}

pub(super) fn failure(kind: Kind, says: String) -> Failure {
    Failure { side: Side::Origin, phase: Phase::Tls, kind, says }
}
