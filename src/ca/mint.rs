//! What stands in the CA's certificate and in a leaf (RFC 5280 4.2), pure apart from randomness and the clock.

use super::CaError;
use aws_lc_rs::rand;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};

/// Clocks of clients may run behind ours.
const BACKDATED: Duration = Duration::days(1);
/// The CA's own life.
const CA_LIFE: Duration = Duration::days(730);
/// A leaf's life, backdating included: some clients take no more than 398 days from any CA.
const LEAF_LIFE: Duration = Duration::days(397);
/// Upper bound of a common name (RFC 5280 A.1, ub-common-name).
const COMMON_NAME: usize = 64;

/// Makes a self-signed CA certificate for a key; `owner` tells people whose it is.
pub fn authority(key: &KeyPair, owner: &str) -> Result<String, CaError> {
    let mut params = params(OffsetDateTime::now_utc(), CA_LIFE)?;
    let [a, b, c, ..] = super::sha256(&key.subject_public_key_info());
    params
        .distinguished_name
        .push(DnType::CommonName, format!("hopscope CA ({owner}) {a:02x}{b:02x}{c:02x}"));
    params.distinguished_name.push(DnType::OrganizationName, "hopscope");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key)?.pem())
}

/// Makes a server certificate for one name, valid no longer than its issuer.
pub fn leaf(
    name: &ServerName<'_>,
    key: &KeyPair,
    issuer: &Issuer<'_, KeyPair>,
    until: OffsetDateTime,
) -> Result<CertificateDer<'static>, CaError> {
    let mut params = params(OffsetDateTime::now_utc(), LEAF_LIFE)?;
    params.not_after = params.not_after.min(until);
    let text = name.to_str().into_owned();
    // With an empty subject the alternative name must be critical, which old clients do not
    // understand; so a long name leaves the organisation there.
    if text.len() <= COMMON_NAME {
        params.distinguished_name.push(DnType::CommonName, text.as_str());
    } else {
        params.distinguished_name.push(DnType::OrganizationName, "hopscope");
    }
    params.subject_alt_names = vec![match name {
        ServerName::IpAddress(address) => SanType::IpAddress(IpAddr::from(*address)),
        _ => SanType::DnsName(text.try_into()?),
    }];
    // Explicitly no CA: this also writes the subject key identifier.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params.signed_by(key, issuer)?.into())
}

/// What both have in common. The serial is random: all leaves share one key, so a serial made
/// from the key would be the same for all, which Firefox refuses.
fn params(now: OffsetDateTime, life: Duration) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    params.not_before = now - BACKDATED;
    params.not_after = params.not_before + life;
    params.serial_number = Some(serial()?);
    params.distinguished_name = DistinguishedName::new();
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// 126 random bits, positive and never zero (RFC 5280 4.1.2.2).
fn serial() -> Result<SerialNumber, CaError> {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).map_err(|_| CaError::Signing("the system gave no random bytes".to_owned()))?;
    bytes[0] = bytes[0] & 0x3f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}
