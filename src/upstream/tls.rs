//! TLS toward origins: one configuration for all, a handshake that always says what it found.
//!
//! ```text
//! connect ──► handshake (any certificate, signatures checked) ──► Judge ──► TlsFacts with a verdict
//!                                                                            └─ the caller: may_pass?
//! ```

use super::handshake::{facts, tls_error};
use super::protocol::{Offer, Spoken};
use super::roots::{self, TlsError};
use super::verdict::Judge;
use super::{handshake, pattern};
use crate::ca::{provider, server_name};
use crate::config::{Insecure, Origin};
use crate::exchange::{Failure, Kind, Phase, Side, TlsFacts, Verdict};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Sessions kept for resumption.
const SESSIONS: usize = 1_024;

/// Secures connections to origins and judges their certificates. Shared by all connections.
#[derive(Debug)]
pub struct OriginTls {
    insecure: Insecure,
    named: Vec<CertificateDer<'static>>,
    /// Made on first use: reading the system's roots takes longer than a start should.
    ready: OnceLock<Result<Ready, rustls::Error>>,
    spoken: Spoken,
}

struct Ready {
    /// By what they offer; sessions are kept for all together.
    connectors: [TlsConnector; 3],
    judge: Judge,
}

/// A connection that was not secured.
#[derive(Debug)]
pub struct NotSecured {
    /// Why, in words.
    pub failure: Failure,
    /// The server speaks none of the protocols that were offered (RFC 7301 3.2).
    pub no_protocol: bool,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").finish_non_exhaustive()
    }
}

impl OriginTls {
    /// Reads the files of `--origin-ca` at once, the system's roots on first use.
    /// The second value is what a person should be told at start.
    pub fn new(settings: &Origin) -> Result<(Self, Vec<String>), TlsError> {
        let named = roots::from_files(&settings.ca)?;
        let warnings =
            if roots::system_has_some() { Vec::new() } else { vec![roots::NO_SYSTEM_ROOTS.to_owned()] };
        Ok((
            Self {
                insecure: settings.insecure.clone(),
                named,
                ready: OnceLock::new(),
                spoken: Spoken::default(),
            },
            warnings,
        ))
    }

    /// Reads the system's roots now, so that the first handshake need not; for a thread that has time.
    pub fn warm(&self) {
        let _ = self.ready();
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
        tcp: TcpStream,
        name: &str,
        offer: Offer,
        limit: Duration,
    ) -> Result<(TlsStream<TcpStream>, TlsFacts), NotSecured> {
        let server = server_name(name)
            .ok_or_else(|| failure(Kind::Handshake, format!("no certificate can name {name:?}")))?;
        let ready = self.ready().map_err(|error| failure(Kind::Handshake, error.to_string()))?;
        let mut first = Vec::new();
        let handshake = secure(ready.connector(offer), server.clone(), tcp, &mut first);
        let stream = match timeout(limit, handshake).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let no_protocol =
                    handshake::alert_received(&error) == Some(AlertDescription::NoApplicationProtocol);
                return Err(NotSecured { failure: told(&error, &first, offer), no_protocol });
            }
            Err(_) => {
                let says = format!("the server did not complete the TLS handshake within {limit:?}");
                return Err(failure(Kind::TimedOut, says).into());
            }
        };
        let state = stream.get_ref().1;
        let verdict = ready.judge.verdict(&server, state.peer_certificates().unwrap_or_default());
        let sni = matches!(server, ServerName::DnsName(_)).then(|| server.to_str().into_owned());
        let facts = TlsFacts { sni, verdict: Some(verdict), ..facts(state) };
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

    fn ready(&self) -> Result<&Ready, rustls::Error> {
        self.ready.get_or_init(|| Ready::new(&self.named)).as_ref().map_err(Clone::clone)
    }
}

impl Ready {
    fn new(named: &[CertificateDer<'static>]) -> Result<Self, rustls::Error> {
        let judge = Judge::new(roots::store(named), named.to_vec())?;
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(judge.deferred())
            .with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
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
        Self { failure, no_protocol: false }
    }
}

/// The failure that an untrusted origin is answered with when it may not pass.
#[must_use]
pub fn untrusted(host: &str, reason: &str) -> Failure {
    let says = format!(
        "the certificate of {host} is not trusted: {reason}. \
         Trust its root with --origin-ca FILE, or let it pass with --origin-insecure={host}"
    );
    failure(Kind::Untrusted, says)
}

/// Drives the handshake, noting the first bytes that the server sent.
async fn secure(
    connector: &TlsConnector,
    name: ServerName<'static>,
    tcp: TcpStream,
    first: &mut Vec<u8>,
) -> io::Result<TlsStream<TcpStream>> {
    let mut connect = pin!(connector.connect(name, tcp));
    poll_fn(|cx| {
        if first.is_empty()
            && let Some(tcp) = connect.as_ref().get_ref().get_ref()
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

fn told(error: &io::Error, first: &[u8], offer: Offer) -> Failure {
    if let Some(says) = not_tls(first) {
        return failure(Kind::Handshake, says);
    }
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => failure(Kind::Handshake, alert_says(*alert, offer)),
        Some(rustls::Error::PeerIncompatible(_)) => failure(
            Kind::Handshake,
            format!("the server has no TLS version, cipher or group that hopscope has ({error})"),
        ),
        Some(error) => failure(Kind::Handshake, format!("the TLS handshake failed: {error}")),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                failure(Kind::Closed, "the server closed the connection during the TLS handshake".to_owned())
            }
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                failure(Kind::Reset, "the server reset the connection during the TLS handshake".to_owned())
            }
            _ => failure(Kind::Unreachable, format!("the TLS handshake failed: {error}")),
        },
    }
}

fn alert_says(alert: AlertDescription, offer: Offer) -> String {
    let hint = match alert {
        AlertDescription::ProtocolVersion => ": it takes neither TLS 1.2 nor TLS 1.3",
        AlertDescription::HandshakeFailure => {
            ": it found no cipher, group or certificate that both sides take"
        }
        AlertDescription::UnrecognisedName => ": it knows no host of this name",
        AlertDescription::NoApplicationProtocol => {
            return format!(
                "the server ended the TLS handshake with no_application_protocol: it does not speak {}",
                offer.names().join(" or ")
            );
        }
        AlertDescription::CertificateRequired => ": it asks for a client certificate",
        _ => "",
    };
    format!("the server ended the TLS handshake with {}{hint}", handshake::alert_name(alert))
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
        format!("it does not speak TLS on this port: it answered with plain HTTP ({})", line.escape_ascii())
    } else {
        format!("it does not speak TLS on this port: its answer begins with \"{}\"", line.escape_ascii())
    })
}

fn failure(kind: Kind, says: String) -> Failure {
    Failure { side: Side::Origin, phase: Phase::Tls, kind, says }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::sample::{self, Sample};
    use crate::ca::{Authority, Interceptor};
    use rustls::ServerConfig;
    use rustls::version::{TLS12, TLS13};
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
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
                "it does not speak TLS on this port: it answered with plain HTTP (HTTP/1.1 400 Bad Request)",
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
