//! The authority: loaded or made, then asked for leaves.

use super::{CaError, Recent, files, mint, name, provider};
use rcgen::{Issuer, KeyPair, PublicKeyData};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::{CertifiedKey, SigningKey};
use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Leaves remembered at once. A leaf takes some 25 µs to make and 1 KiB to keep.
const LEAVES: usize = 4_096;

/// The CA that clients trust. Shared by all connections.
#[derive(Debug)]
pub struct Authority {
    path: PathBuf,
    pem: String,
    der: CertificateDer<'static>,
    created: bool,
    warning: Option<String>,
    issuer: Issuer<'static, KeyPair>,
    expires: OffsetDateTime,
    leaf_key: KeyPair,
    leaf_signer: Arc<dyn SigningKey>,
    leaves: Mutex<Recent<String, Arc<CertifiedKey>>>,
}

impl Authority {
    /// Loads `ca.pem` and `ca.key` from a folder, or makes both when neither is there.
    ///
    /// ECDSA P-256, files of mode 0600, a missing folder 0700. Processes that start at the same
    /// time end with the same pair. A CA of one's own (any key that TLS signs with) is taken as well.
    pub fn load_or_create(dir: &Path) -> Result<Self, CaError> {
        let folder = |why| CaError::Folder { path: dir.to_owned(), why };
        let _lock = files::lock(dir).map_err(folder)?;
        let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
        let read =
            |path: &Path| files::read(path).map_err(|why| CaError::Unreadable { path: path.to_owned(), why });
        match (read(&certificate)?, read(&key)?) {
            (Some(pem), Some(key_pem)) => Self::load(certificate, pem, &key, &key_pem),
            (Some(_), None) => Err(CaError::KeyMissing { certificate: certificate.display().to_string() }),
            (None, Some(_)) => Err(CaError::CertificateMissing { key: key.display().to_string() }),
            (None, None) => {
                let pair = KeyPair::generate()?;
                let (pem, key_pem) = (mint::authority(&pair, &owner())?, pair.serialize_pem());
                let key_file = files::write(&key, &key_pem).map_err(folder)?;
                let file = files::write(&certificate, &pem).map_err(|why| {
                    let _ = std::fs::remove_file(&key);
                    folder(why)
                })?;
                files::sync([key_file, file]);
                Self::load(certificate, pem, &key, &key_pem).map(|made| Self { created: true, ..made })
            }
        }
    }

    /// The certificate as clients import it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The certificate's bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Where the certificate lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the certificate as trust stores show it: `9A:31:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = String::with_capacity(95);
        for byte in super::sha256(&self.der) {
            let separator = if text.is_empty() { "" } else { ":" };
            let _ = write!(text, "{separator}{byte:02X}");
        }
        text
    }

    /// Whether it was made just now, so that no client can trust it yet.
    #[must_use]
    pub fn created(&self) -> bool {
        self.created
    }

    /// What a person should know of it: others can read the key.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// When it expires.
    #[must_use]
    pub fn expires(&self) -> OffsetDateTime {
        self.expires
    }

    /// A server certificate for a DNS name, an internationalised name or an address, with its key.
    ///
    /// Made on the first call for a name and remembered; all leaves share one key, made at start.
    pub fn leaf(&self, host: &str) -> Result<Arc<CertifiedKey>, CaError> {
        if let Some(leaf) = self.remembered(host) {
            return Ok(leaf);
        }
        let name = name::server_name(host).ok_or_else(|| CaError::Name { name: host.to_owned() })?;
        let text = name.to_str().into_owned();
        if let Some(leaf) = self.remembered(&text) {
            return Ok(leaf);
        }
        let leaf = self.mint(&name)?;
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner).put(text, Arc::clone(&leaf));
        Ok(leaf)
    }

    /// What signs.
    #[cfg(test)]
    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    fn remembered(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner).find(name)
    }

    fn mint(&self, name: &ServerName<'_>) -> Result<Arc<CertifiedKey>, CaError> {
        let der = mint::leaf(name, &self.leaf_key, &self.issuer, self.expires)?;
        Ok(Arc::new(CertifiedKey::new(vec![der], Arc::clone(&self.leaf_signer))))
    }

    fn load(path: PathBuf, pem: String, key_path: &Path, key_pem: &str) -> Result<Self, CaError> {
        let broken = |path: &Path, what, why: String| CaError::Broken { path: path.to_owned(), what, why };
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| broken(&path, "certificate", pem_fault(&error)))?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
            .map_err(|error| broken(key_path, "private key", pem_fault(&error)))?;
        let key = KeyPair::try_from(&key).map_err(|_| {
            broken(key_path, "private key", "its bytes are no key of a known kind".to_owned())
        })?;
        let expires = examine(&path, &der, &key)?;
        let issuer = Issuer::from_ca_cert_der(&der, key)
            .map_err(|error| broken(&path, "certificate", error.to_string()))?;
        let leaf_key = KeyPair::generate()?;
        let leaf_signer = signer(&leaf_key)?;
        let warning = files::is_open_to_others(key_path)
            .then(|| format!("others on this machine can read {0}; chmod 600 {0}", key_path.display()));
        let leaves = Mutex::new(Recent::new(LEAVES));
        Ok(Self { path, pem, der, created: false, warning, issuer, expires, leaf_key, leaf_signer, leaves })
    }
}

/// Checks that the certificate is a CA's, is the key's, and has not expired; tells when it will.
fn examine(path: &Path, der: &CertificateDer<'_>, key: &KeyPair) -> Result<OffsetDateTime, CaError> {
    let broken =
        |why: &str| CaError::Broken { path: path.to_owned(), what: "certificate", why: why.to_owned() };
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| broken("its bytes are no X.509 certificate"))?;
    if !certificate.is_ca() {
        return Err(broken("it is not a CA's"));
    }
    let text = path.display().to_string();
    if certificate.tbs_certificate.subject_pki.raw != key.subject_public_key_info() {
        return Err(CaError::Mismatch { certificate: text });
    }
    let expires = certificate.validity().not_after.to_datetime();
    if expires <= OffsetDateTime::now_utc() {
        return Err(CaError::Expired { certificate: text, expired: expires.date().to_string() });
    }
    Ok(expires)
}

fn pem_fault(error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::NoItemsFound => "there is none in it in PEM form".to_owned(),
        other => other.to_string(),
    }
}

fn signer(key: &KeyPair) -> Result<Arc<dyn SigningKey>, CaError> {
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(provider().key_provider.load_private_key(der)?)
}

/// Whose CA it is, so that a person finds it in a trust store: the user, else the host.
fn owner() -> String {
    let plain = |text: String| -> Option<String> {
        let kept: String =
            text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(32).collect();
        (!kept.is_empty()).then_some(kept)
    };
    ["USER", "LOGNAME", "HOSTNAME"]
        .into_iter()
        .find_map(|name| env::var(name).ok().and_then(plain))
        .unwrap_or_else(|| "local".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn error(dir: &Path) -> String {
        let text = Authority::load_or_create(dir).unwrap_err().to_string();
        assert!(text.lines().count() <= 2 && text.contains(&dir.display().to_string()), "{text}");
        text
    }

    #[test]
    fn made_once_then_loaded() {
        let home = folder();
        let dir = home.path().join("deep/certs");
        let made = Authority::load_or_create(&dir).unwrap();
        let again = Authority::load_or_create(&dir).unwrap();
        assert!(made.created() && !again.created());
        assert_eq!((made.pem(), made.fingerprint()), (again.pem(), again.fingerprint()));
        assert_eq!(made.fingerprint().len(), 32 * 3 - 1);
        assert_eq!(made.warning(), None);
        let permissions = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(permissions(&dir), 0o700);
        assert_eq!((permissions(&dir.join("ca.key")), permissions(&dir.join("ca.pem"))), (0o600, 0o600));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "nothing else is left in the folder");
    }

    #[test]
    fn first_starts_at_once_end_with_one_pair() {
        let home = folder();
        let prints: Vec<String> = std::thread::scope(|scope| {
            let start = || Authority::load_or_create(home.path()).unwrap().fingerprint();
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(prints.iter().all(|print| *print == prints[0]), "{prints:?}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_cure() {
        let (home, other) = (folder(), folder());
        let dir = home.path();
        Authority::load_or_create(dir).unwrap();
        Authority::load_or_create(other.path()).unwrap();
        let (pem, key) = (dir.join("ca.pem"), dir.join("ca.key"));
        let (good_pem, good_key) = (fs::read(&pem).unwrap(), fs::read(&key).unwrap());

        fs::remove_file(&key).unwrap();
        assert!(error(dir).contains("no ca.key beside it"));
        fs::write(&key, "hello").unwrap();
        assert!(error(dir).contains("ca.key holds no usable private key: there is none in it in PEM form"));
        fs::copy(other.path().join("ca.key"), &key).unwrap();
        assert!(error(dir).contains("do not belong together"));
        fs::write(&key, &good_key).unwrap();

        fs::remove_file(&pem).unwrap();
        assert!(error(dir).contains("no ca.pem beside it"));
        fs::write(&pem, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(
            error(dir).contains("ca.pem holds no usable certificate: its bytes are no X.509 certificate")
        );
        fs::remove_file(&pem).unwrap();
        fs::create_dir(&pem).unwrap();
        assert!(error(dir).contains("cannot read"));
        fs::remove_dir(&pem).unwrap();
        fs::write(&pem, good_pem).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let loose = Authority::load_or_create(dir).unwrap();
        assert!(loose.warning().is_some_and(|text| text.contains("chmod 600")));

        let file = dir.join("file");
        fs::write(&file, "").unwrap();
        assert!(error(&file.join("sub")).contains("cannot keep a CA in"));
    }

    #[test]
    fn an_expired_ca_and_a_certificate_that_is_none_are_refused() {
        let home = folder();
        let key = KeyPair::generate().unwrap();
        fs::write(home.path().join("ca.key"), key.serialize_pem()).unwrap();
        let mut params = rcgen::CertificateParams::default();
        fs::write(home.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        assert!(error(home.path()).contains("it is not a CA's"));
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_after = rcgen::date_time_ymd(2024, 1, 2);
        fs::write(home.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        assert!(error(home.path()).contains("expired on 2024-01-02"));
    }

    #[test]
    fn leaves_are_remembered_under_one_spelling_and_differ_in_serial() {
        let home = folder();
        let authority = Authority::load_or_create(home.path()).unwrap();
        let leaf = authority.leaf("Bücher.Example.").unwrap();
        assert!(Arc::ptr_eq(&leaf, &authority.leaf("xn--bcher-kva.example").unwrap()));
        let other = authority.leaf("other.example").unwrap();
        let serial =
            |leaf: &CertifiedKey| X509Certificate::from_der(&leaf.cert[0]).unwrap().1.serial.to_string();
        assert_ne!(serial(&leaf), serial(&other));
        assert!(matches!(authority.leaf("a b"), Err(CaError::Name { .. })));
    }

    #[test]
    fn rfc5280_leaf_fields() {
        let home = folder();
        let authority = Authority::load_or_create(home.path()).unwrap();
        let long = format!("{0}.{0}.example", "x".repeat(40));
        for (host, names) in [
            ("a.example", "DNSName(\"a.example\")".to_owned()),
            ("127.0.0.1", "IPAddress([127, 0, 0, 1])".to_owned()),
            ("::1", "IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])".to_owned()),
            (&long, format!("DNSName({long:?})")),
        ] {
            let leaf = authority.leaf(host).unwrap();
            let (_, certificate) = X509Certificate::from_der(&leaf.cert[0]).unwrap();
            let san = certificate.subject_alternative_name().unwrap().unwrap();
            assert_eq!(format!("{:?}", san.value.general_names), format!("[{names}]"));
            assert!(!san.critical);
            let life =
                certificate.validity().not_after.timestamp() - certificate.validity().not_before.timestamp();
            assert!(life <= 398 * 86_400 && certificate.validity().is_valid(), "{life}");
            assert!(certificate.validity().not_after.to_datetime() <= authority.expires());
            let common = certificate.subject().iter_common_name().next().map(|name| name.as_str().unwrap());
            assert_eq!(common, (host.len() <= 64).then_some(host));
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn openssl_finds_nothing_wrong_in_strict_mode() {
        let home = folder();
        let authority = Authority::load_or_create(home.path()).unwrap();
        let long = format!("{0}.{0}.example", "x".repeat(40));
        for (host, check) in [
            ("a.example", "-verify_hostname"),
            ("127.0.0.1", "-verify_ip"),
            ("::1", "-verify_ip"),
            (&long, "-verify_hostname"),
        ] {
            let pem = pem_of(&authority.leaf(host).unwrap().cert[0]);
            let file = home.path().join("leaf.pem");
            fs::write(&file, pem).unwrap();
            let run = Command::new("openssl")
                .args([
                    "verify",
                    "-x509_strict",
                    "-check_ss_sig",
                    "-purpose",
                    "sslserver",
                    check,
                    host,
                    "-CAfile",
                ])
                .arg(authority.path())
                .arg(&file)
                .output();
            let Ok(run) = run else {
                eprintln!("SKIPPED: no openssl here to check leaves with");
                return;
            };
            assert!(run.status.success(), "{host}: {}", String::from_utf8_lossy(&run.stderr));
        }
    }

    fn pem_of(der: &[u8]) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}
