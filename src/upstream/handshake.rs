//! What a TLS handshake settled, or how it failed, in the words of the RFCs; for both sides of the hop.

use crate::exchange::TlsFacts;
use rustls::{AlertDescription, CommonState, HandshakeKind, ProtocolVersion};
use std::io;

/// The alert's name in RFC 8446 6 (or the older RFC that defines it): `unknown_ca`.
#[must_use]
pub fn alert_name(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let name = match alert {
        A::CloseNotify => "close_notify",
        A::UnexpectedMessage => "unexpected_message",
        A::BadRecordMac => "bad_record_mac",
        A::DecryptionFailed => "decryption_failed",
        A::RecordOverflow => "record_overflow",
        A::DecompressionFailure => "decompression_failure",
        A::HandshakeFailure => "handshake_failure",
        A::NoCertificate => "no_certificate",
        A::BadCertificate => "bad_certificate",
        A::UnsupportedCertificate => "unsupported_certificate",
        A::CertificateRevoked => "certificate_revoked",
        A::CertificateExpired => "certificate_expired",
        A::CertificateUnknown => "certificate_unknown",
        A::IllegalParameter => "illegal_parameter",
        A::UnknownCA => "unknown_ca",
        A::AccessDenied => "access_denied",
        A::DecodeError => "decode_error",
        A::DecryptError => "decrypt_error",
        A::ExportRestriction => "export_restriction",
        A::ProtocolVersion => "protocol_version",
        A::InsufficientSecurity => "insufficient_security",
        A::InternalError => "internal_error",
        A::InappropriateFallback => "inappropriate_fallback",
        A::UserCanceled => "user_canceled",
        A::NoRenegotiation => "no_renegotiation",
        A::MissingExtension => "missing_extension",
        A::UnsupportedExtension => "unsupported_extension",
        A::CertificateUnobtainable => "certificate_unobtainable",
        A::UnrecognisedName => "unrecognized_name",
        A::BadCertificateStatusResponse => "bad_certificate_status_response",
        A::BadCertificateHashValue => "bad_certificate_hash_value",
        A::UnknownPSKIdentity => "unknown_psk_identity",
        A::CertificateRequired => "certificate_required",
        A::NoApplicationProtocol => "no_application_protocol",
        other => return format!("alert {}", u8::from(other)),
    };
    name.to_owned()
}

/// The TLS error inside an error of a TLS stream.
#[must_use]
pub fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The alert that the peer sent, if that ended the stream.
#[must_use]
pub fn alert_received(error: &io::Error) -> Option<AlertDescription> {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
        _ => None,
    }
}

/// What the handshake settled; the caller adds the hello with its SNI, its own chain, or the verdict, and
/// how long it took.
#[must_use]
pub fn facts(state: &CommonState) -> TlsFacts {
    TlsFacts {
        version: match state.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
            other => format!("{other:?}"),
        },
        // rustls marks the suites of TLS 1.3; IANA does not.
        cipher: state
            .negotiated_cipher_suite()
            .map(|suite| format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1))
            .unwrap_or_default(),
        group: state.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
        resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
        alpn: state.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        chain: state.peer_certificates().unwrap_or_default().iter().map(|der| der.to_vec()).collect(),
        ..TlsFacts::default()
    }
}
