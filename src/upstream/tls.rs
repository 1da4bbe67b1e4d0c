//! TLS toward origins: one configuration for all, a handshake that always says what it found.
//!
//! ```text
//! connect ──► handshake (any certificate, signatures checked) ──► Judge ──► TlsFacts with a verdict
//!                                                                            └─ the caller: may_pass?
//! ```

use super::handshake::facts;
use super::heard::listening;
use super::identity::{Identities, IdentityError};
use super::protocol::{Offer, Spoken};
use super::roots;
use super::unsecured::{Begun, failure, told};
use super::verdict::Judge;
use super::{Leg, handshake, pattern};
use crate::ca::{Recent, key_log, provider, server_name, versions};
use crate::config::{Insecure, MinTls, Origin};
use crate::exchange::{ClientCertificate, Failure, Kind, TlsFacts, Verdict};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncWriteExt, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Sessions kept for resumption.
const SESSIONS: usize = 1_024;
/// Hosts remembered that asked for a certificate.
const ASKED: usize = 1_024;

/// Secures connections to origins and judges their certificates. Shared by all connections.
#[derive(Debug)]
pub struct OriginTls {
    insecure: Insecure,
    min_tls: MinTls,
    named: Vec<CertificateDer<'static>>,
    /// Roots for some hosts only.
    named_for: Vec<(String, Vec<CertificateDer<'static>>)>,
    identities: Identities,
    /// For hosts for which nothing is configured. Made on first use: reading the system's roots takes longer
    /// than a start should.
    usual: OnceLock<Result<Arc<Ready>, rustls::Error>>,
    /// For others, by what is configured: no more than there are lines in config.toml that meet.
    special: Mutex<HashMap<Terms, Arc<Ready>>>,
    /// Hosts that asked for a certificate of ours, and got none.
    asked: Mutex<Recent<String, ()>>,
    spoken: Spoken,
}

/// What is configured for a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Terms {
    identity: Option<usize>,
    roots: Vec<usize>,
}

struct Ready {
    /// By what they offer; sessions are kept for all together.
    connectors: [TlsConnector; 3],
    judge: Judge,
}

/// A file that `[origin]` names cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum TlsError {
    /// One of roots.
    Roots(#[from] roots::RootsError),
    /// One with a certificate to show.
    Identity(#[from] IdentityError),
}

/// A connection that was not secured.
#[derive(Debug)]
pub struct NotSecured {
    /// Why, in words.
    pub failure: Failure,
    /// The server speaks none of the protocols that were offered (RFC 7301 3.2).
    pub no_protocol: bool,
    /// What was offered.
    pub facts: TlsFacts,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

impl OriginTls {
    /// Reads the files of `--origin-ca` and of `[origin]` at once, the system's roots on first use.
    /// The second value is what a person should be told at start.
    pub fn new(settings: &Origin) -> Result<(Self, Vec<String>), TlsError> {
        let named = roots::from_files(&settings.ca)?;
        let named_for =
            settings.ca_for.iter().map(|one| Ok((one.host.clone(), roots::from_files([&one.roots])?)));
        let warnings =
            if roots::system_has_some() { Vec::new() } else { vec![roots::NO_SYSTEM_ROOTS.to_owned()] };
        Ok((
            Self {
                insecure: settings.insecure.clone(),
                min_tls: settings.min_tls,
                named,
                named_for: named_for.collect::<Result<_, TlsError>>()?,
                identities: Identities::read(&settings.client_certificates)?,
                usual: OnceLock::new(),
                special: Mutex::default(),
                asked: Mutex::new(Recent::new(ASKED)),
                spoken: Spoken::default(),
            },
            warnings,
        ))
    }

    /// Reads the system's roots now, so that the first handshake need not; for a thread that has time.
    pub fn warm(&self) {
        let _ = self.ready(Terms::default());
    }

    /// What has been learned of the protocols that origins speak.
    #[must_use]
    pub fn spoken(&self) -> &Spoken {
        &self.spoken
    }

    /// Secures a connection to the host `name` (a DNS name, IDN or address), offering these protocols.
    ///
    /// Succeeds with any certificate; the verdict is in the facts, and whether to go on is
    /// [`Self::may_pass`]. `limit` bounds the handshake.
    pub async fn connect(
        &self,
        leg: impl Into<Leg>,
        name: &str,
        offer: Offer,
        limit: Duration,
    ) -> Result<(TlsStream<Leg>, TlsFacts), NotSecured> {
        let server = server_name(name)
            .ok_or_else(|| failure(Kind::Handshake, format!("no certificate can name {name:?}")))?;
        let ready = self.ready(self.terms(name));
        let ready = ready.map_err(|error| failure(Kind::Handshake, error.to_string()))?;
        let sni = matches!(server, ServerName::DnsName(_)).then(|| server.to_str().into_owned());
        let (began, mut hello, mut first) = (Instant::now(), Vec::new(), Vec::new());
        let handshake = secure(ready.connector(offer), server.clone(), leg.into(), &mut hello, &mut first);
        let (secured, heard) = listening(timeout(limit, handshake)).await;
        let asked = heard.client_certificate.get();
        let offered = TlsFacts { client_certificate: asked, ..TlsFacts::offered(sni, hello) };
        let stream = match secured {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let failure = told(&error, &first, Begun { host: name, offer, min: self.min_tls, asked });
                let alert = handshake::alert_received(&error);
                let no_protocol = alert == Some(AlertDescription::NoApplicationProtocol);
                return Err(NotSecured { failure, no_protocol, facts: offered });
            }
            Err(_) => {
                let says = format!("the server did not complete the TLS handshake within {limit:?}");
                return Err(NotSecured { facts: offered, ..failure(Kind::TimedOut, says).into() });
            }
        };
        if asked == ClientCertificate::Withheld {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).put(name.to_owned(), ());
        }
        let state = stream.get_ref().1;
        let chain = state.peer_certificates().unwrap_or_default();
        let (verdict, ocsp) = ready.judge.verdict(&server, chain, heard.stapled.get());
        let facts = TlsFacts {
            took: u64::try_from(began.elapsed().as_micros()).ok(),
            verdict: Some(verdict),
            ocsp,
            sni: offered.sni,
            hello: offered.hello,
            client_certificate: asked,
            ..facts(state)
        };
        Ok((stream, facts))
    }

    /// Whether exchanges with this host may pass under the verdict, by `--origin-insecure`.
    #[must_use]
    pub fn may_pass(&self, host: &str, verdict: &Verdict) -> bool {
        match (verdict, &self.insecure) {
            (Verdict::Trusted, _) | (_, Insecure::All) => true,
            (Verdict::Untrusted(_), Insecure::None) => false,
            (Verdict::Untrusted(_), Insecure::Hosts(patterns)) => {
                patterns.iter().any(|pattern| pattern::names(pattern, host))
            }
        }
    }

    /// Whether a host has asked for a certificate of ours, and got none.
    #[must_use]
    pub fn asked_in_vain(&self, host: &str) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).find(host).is_some()
    }

    fn terms(&self, host: &str) -> Terms {
        let roots = self.named_for.iter().enumerate().filter(|(_, (hosts, _))| pattern::names(hosts, host));
        Terms { identity: self.identities.of(host), roots: roots.map(|(number, _)| number).collect() }
    }

    fn ready(&self, terms: Terms) -> Result<Arc<Ready>, rustls::Error> {
        if terms == Terms::default() {
            return self.usual.get_or_init(|| Ready::new(self, &terms).map(Arc::new)).clone();
        }
        let mut special = self.special.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = special.get(&terms) {
            return Ok(Arc::clone(ready));
        }
        let ready = Arc::new(Ready::new(self, &terms)?);
        special.insert(terms, Arc::clone(&ready));
        Ok(ready)
    }
}

impl Ready {
    fn new(tls: &OriginTls, terms: &Terms) -> Result<Self, rustls::Error> {
        let more = terms.roots.iter().filter_map(|number| tls.named_for.get(*number));
        let named = tls.named.iter().chain(more.flat_map(|(_, roots)| roots)).cloned().collect::<Vec<_>>();
        let judge = Judge::new(roots::store(&named), named)?;
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(tls.min_tls))?
            .dangerous()
            .with_custom_certificate_verifier(judge.deferred())
            .with_client_cert_resolver(tls.identities.answer(terms.identity));
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        config.key_log = key_log();
        let connectors = Offer::ALL.map(|offer| {
            let mut config = config.clone();
            config.alpn_protocols = offer.names().iter().map(|name| name.as_bytes().to_vec()).collect();
            TlsConnector::from(Arc::new(config))
        });
        Ok(Self { connectors, judge })
    }

    fn connector(&self, offer: Offer) -> &TlsConnector {
        let [http1, both, http2] = &self.connectors;
        match offer {
            Offer::Http1 => http1,
            Offer::Both => both,
            Offer::Http2 => http2,
        }
    }
}

impl From<Failure> for NotSecured {
    fn from(failure: Failure) -> Self {
        Self { failure, no_protocol: false, facts: TlsFacts::default() }
    }
}

/// Drives the handshake, noting the hello that we sent and the first bytes that the server answered.
async fn secure(
    connector: &TlsConnector,
    name: ServerName<'static>,
    leg: Leg,
    sent: &mut Vec<u8>,
    first: &mut Vec<u8>,
) -> io::Result<TlsStream<Leg>> {
    // Writing to memory does not fail. What is taken here, the handshake does not send again.
    let mut connect = connector.connect_with(name, leg, |tls| drop(tls.write_tls(sent)));
    if let Some(leg) = connect.get_mut() {
        leg.write_all(sent).await?;
    }
    let mut connect = pin!(connect);
    poll_fn(|cx| {
        if first.is_empty()
            && let Some(tcp) = connect.as_ref().get_ref().get_ref().and_then(Leg::bare)
        {
            let mut bytes = [0_u8; 64];
            let mut buffer = ReadBuf::new(&mut bytes);
            // Nothing yet, or an error that the handshake will meet as well.
            if let Poll::Ready(Ok(_)) = tcp.poll_peek(cx, &mut buffer) {
                first.extend_from_slice(buffer.filled());
            }
        }
        connect.as_mut().poll(cx)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::sample::{self, Sample};
    use crate::ca::{Authority, Interceptor};
    use crate::exchange::{Phase, Side};
    use rustls::ServerConfig;
    use rustls::version::{TLS12, TLS13};
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsAcceptor;

    const LIMIT: Duration = Duration::from_secs(20);

    fn trusting(file: &Path) -> OriginTls {
        OriginTls::new(&Origin { ca: vec![file.to_owned()], ..Origin::default() }).unwrap().0
    }

    fn authority() -> (tempfile::TempDir, Arc<Authority>) {
        let home = tempfile::tempdir().unwrap();
        let authority = Arc::new(Authority::load_or_create(home.path()).unwrap());
        (home, authority)
    }

    fn server(authority: &Arc<Authority>, host: &str) -> Arc<ServerConfig> {
        Interceptor::new(Arc::clone(authority)).answer(None, host, crate::ca::Alpn::Http1).unwrap().0
    }

    fn showing(sample: Sample) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![sample.certificate], sample.key)
            .unwrap();
        Arc::new(config)
    }

    /// Our handshake with an origin of this configuration, and a byte each way.
    async fn meet(tls: &OriginTls, config: Arc<ServerConfig>, name: &str) -> Result<TlsFacts, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let origin = async {
            let (tcp, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = TlsAcceptor::from(config).accept(tcp).await else { return };
            let byte = stream.read_u8().await.unwrap();
            stream.write_u8(byte).await.unwrap();
            stream.flush().await.unwrap();
        };
        let ours = async {
            let (mut stream, facts) =
                tls.connect(tcp, name, Offer::Http1, LIMIT).await.map_err(|e| e.failure)?;
            stream.write_u8(7).await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), 7);
            Ok(facts)
        };
        tokio::join!(ours, origin).0
    }

    fn reason(facts: Result<TlsFacts, Failure>) -> String {
        match facts.unwrap().verdict.unwrap() {
            Verdict::Trusted => "trusted".to_owned(),
            Verdict::Untrusted(reason) => reason,
        }
    }

    #[tokio::test]
    async fn origins_under_a_given_root_are_trusted_for_every_kind_of_name() {
        let (_home, authority) = authority();
        let tls = trusting(authority.path());
        for name in ["Origin.example", "bücher.example", "127.0.0.1", "::1"] {
            let facts = meet(&tls, server(&authority, name), name).await.unwrap();
            assert_eq!(facts.verdict, Some(Verdict::Trusted), "{name}");
            assert_eq!((facts.version.as_str(), facts.alpn.as_deref()), ("TLSv1.3", Some("http/1.1")));
            assert_eq!(facts.chain, [authority.leaf(name).unwrap().cert[0].to_vec()]);
        }
        let facts = meet(&tls, server(&authority, "bücher.example"), "bücher.example").await.unwrap();
        assert_eq!(facts.sni.as_deref(), Some("xn--bcher-kva.example"));
    }

    #[tokio::test]
    async fn a_resumed_session_keeps_its_verdict() {
        let (_home, authority) = authority();
        let (_other, stranger) = self::authority();
        for version in [&TLS12, &TLS13] {
            let mut config = ServerConfig::builder_with_provider(provider())
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(crate::ca::LeafResolver::new(Arc::clone(&authority), None)));
            config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().unwrap();
            let config = Arc::new(config);
            for (tls, verdict) in [
                (trusting(authority.path()), "trusted"),
                (trusting(stranger.path()), "unknown issuer: CN=hopscope CA"),
            ] {
                let mut resumed = 0;
                for _ in 0..3 {
                    resumed += u32::from(meet_resuming(&tls, Arc::clone(&config)).await);
                    let told = reason(meet(&tls, Arc::clone(&config), "a.example").await);
                    assert!(told.starts_with(verdict), "{told}");
                }
                assert!(resumed > 0, "{version:?}: no session was resumed");
            }
        }
    }

    /// Whether the origin saw a resumption; the verdict is asked for as well.
    async fn meet_resuming(tls: &OriginTls, config: Arc<ServerConfig>) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let origin = async {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut stream = TlsAcceptor::from(config).accept(tcp).await.unwrap();
            stream.write_u8(1).await.unwrap();
            stream.flush().await.unwrap();
            stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
        };
        let ours = async {
            let (mut stream, facts) = tls.connect(tcp, "a.example", Offer::Http1, LIMIT).await.unwrap();
            stream.read_u8().await.unwrap();
            assert!(facts.verdict.is_some());
        };
        tokio::join!(ours, origin).1
    }

    #[tokio::test]
    async fn untrusted_certificates_are_told_in_words_and_pass_by_policy_only() {
        let (_home, authority) = authority();
        let (_other, stranger) = self::authority();
        let tls = trusting(authority.path());

        let told = reason(meet(&tls, server(&stranger, "a.example"), "a.example").await);
        assert!(told.starts_with("unknown issuer: CN=hopscope CA"), "{told}");
        let told = reason(meet(&tls, server(&authority, "b.example"), "127.0.0.1").await);
        assert_eq!(told, "not valid for this name: names b.example");
        let expired = showing(sample::valid(&authority, "a.example", -3, -1));
        let yesterday = (time::OffsetDateTime::now_utc() - time::Duration::days(1)).date();
        assert_eq!(reason(meet(&tls, expired, "a.example").await), format!("expired on {yesterday}"));
        let future = showing(sample::valid(&authority, "a.example", 1, 3));
        let tomorrow = (time::OffsetDateTime::now_utc() + time::Duration::days(1)).date();
        assert_eq!(reason(meet(&tls, future, "a.example").await), format!("not valid before {tomorrow}"));
        let alone = showing(sample::self_signed("a.example"));
        assert_eq!(reason(meet(&tls, alone, "a.example").await), "self-signed, and not a trusted root");
    }

    #[tokio::test]
    async fn a_self_signed_server_certificate_can_be_named_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let sample = sample::self_signed("a.example");
        let file = home.path().join("server.pem");
        std::fs::write(&file, &sample.pem).unwrap();
        let (tls, config) = (trusting(&file), showing(sample));
        assert_eq!(reason(meet(&tls, Arc::clone(&config), "a.example").await), "trusted");
        assert_ne!(reason(meet(&tls, config, "b.example").await), "trusted");
    }

    #[test]
    fn policy() {
        let tls = |insecure| OriginTls::new(&Origin { insecure, ..Origin::default() }).unwrap().0;
        let bad = Verdict::Untrusted("x".to_owned());
        assert!(tls(Insecure::None).may_pass("a.example", &Verdict::Trusted));
        assert!(!tls(Insecure::None).may_pass("a.example", &bad));
        assert!(tls(Insecure::All).may_pass("a.example", &bad));
        let some = tls(Insecure::Hosts(vec!["*.example".to_owned(), "127.0.0.1".to_owned()]));
        assert!(some.may_pass("A.example", &bad) && some.may_pass("127.0.0.1", &bad));
        assert!(!some.may_pass("a.example.org", &bad));
    }

    #[tokio::test]
    async fn what_is_no_tls_server_is_told_by_what_it_answered() {
        let (_home, authority) = authority();
        let tls = trusting(authority.path());
        for (answer, kind, words) in [
            (
                &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"[..],
                Kind::Handshake,
                "it does not speak TLS on this port: it answered with plain HTTP (HTTP/1.1 400 Bad Request); \
                 ask for it with http://",
            ),
            (
                b"SSH-2.0-x\x1b[2J\r\n",
                Kind::Handshake,
                "it does not speak TLS on this port: its answer begins with \"SSH-2.0-x\\x1b[2J\"",
            ),
            (b"", Kind::Closed, "the server closed the connection during the TLS handshake"),
            (
                &[21, 3, 3, 0, 2, 2, 40],
                Kind::Handshake,
                "the server ended the TLS handshake with handshake_failure: \
                 it found no cipher, group or certificate that both sides take",
            ),
        ] {
            let failure = answered(&tls, answer, LIMIT).await;
            assert_eq!((failure.side, failure.phase), (Side::Origin, Phase::Tls));
            assert_eq!((failure.kind, failure.says.as_str()), (kind, words));
        }
    }

    /// What comes of an origin that reads our hello and answers with these bytes.
    async fn answered(tls: &OriginTls, answer: &[u8], limit: Duration) -> Failure {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let origin = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut hello = vec![0; 5];
            tcp.read_exact(&mut hello).await.unwrap();
            hello.resize(usize::from(u16::from_be_bytes([hello[3], hello[4]])), 0);
            tcp.read_exact(&mut hello).await.unwrap();
            tcp.write_all(answer).await.unwrap();
            tcp.shutdown().await.unwrap();
        };
        let ours = tls.connect(tcp, "a.example", Offer::Http1, limit);
        tokio::join!(ours, origin).0.map(|_| ()).unwrap_err().failure
    }

    #[tokio::test]
    async fn a_silent_origin_is_not_waited_for() {
        let (_home, authority) = authority();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let failure = trusting(authority.path())
            .connect(tcp, "a.example", Offer::Http1, Duration::from_millis(1))
            .await;
        assert_eq!(failure.map(|_| ()).unwrap_err().failure.kind, Kind::TimedOut);
    }
}
