//! A CA of the tests' own, in a folder that goes away with it.

use hopscope::ca::{Authority, provider, server_config};
use hopscope::config::MinTls;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A CA that signs for origins; its certificate is what `--origin-ca` takes.
pub struct TestCa {
    _home: TempDir,
    authority: Arc<Authority>,
}

impl TestCa {
    /// Makes one.
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let authority = Arc::new(Authority::load_or_create(home.path()).unwrap());
        Self { _home: home, authority }
    }

    /// Its certificate's file.
    pub fn path(&self) -> &Path {
        self.authority.path()
    }

    /// Its certificate in PEM form.
    pub fn pem(&self) -> &str {
        self.authority.pem()
    }

    /// A server that shows a certificate for whatever name the client asks for, and for 127.0.0.1
    /// when it asks for none.
    pub fn server(&self) -> Arc<ServerConfig> {
        self.showing("127.0.0.1", false)
    }

    /// A server that shows the certificate of one name to everybody.
    pub fn server_for(&self, name: &str) -> Arc<ServerConfig> {
        self.showing(name, true)
    }

    /// A certificate for these names and its key, both in PEM form, for servers that read files.
    pub fn server_files(&self, names: &[&str]) -> (String, String) {
        let ca_key = std::fs::read_to_string(self.path().with_extension("key")).unwrap();
        let issuer = Issuer::from_ca_cert_pem(self.pem(), KeyPair::from_pem(&ca_key).unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    }

    fn showing(&self, name: &str, always: bool) -> Arc<ServerConfig> {
        let mut config = (*server_config(Arc::clone(&self.authority), MinTls::default()).unwrap()).clone();
        config.cert_resolver =
            Arc::new(Showing { authority: Arc::clone(&self.authority), name: name.to_owned(), always });
        Arc::new(config)
    }
}

#[derive(Debug)]
struct Showing {
    authority: Arc<Authority>,
    name: String,
    always: bool,
}

impl ResolvesServerCert for Showing {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().filter(|_| !self.always);
        self.authority.leaf(asked.unwrap_or(&self.name)).ok()
    }
}

/// The client's side of a handshake with `name`, trusting the CA in `pem` and nothing else.
pub fn client_connection(pem: &str, name: &str) -> ClientConnection {
    let config = Arc::new(client_config(pem));
    ClientConnection::new(config, ServerName::try_from(name.to_owned()).unwrap()).unwrap()
}

/// A client that trusts the CA in `pem` and nothing else, and offers http/1.1.
pub fn client_config(pem: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
