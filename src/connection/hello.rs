//! A `ClientHello` read without being used up, and the handshake that may follow.
//!
//! Whoever reads a hello may still decide anything: finish the handshake with [`accept`], or replay
//! the bytes that [`read`] collected into a tunnel as if nobody had looked.

use crate::ca::{Alpn, Interceptor};
use crate::exchange::{ClientHello, Failure, Kind, Phase, Refused, Side, TlsFacts};
use crate::forward::Program;
use crate::upstream::handshake::{alert_name, alert_received, facts, tls_error};
use rustls::AlertDescription;
use rustls::server::{Accepted, Acceptor};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::StartHandshake;
use tokio_rustls::server::TlsStream;

/// Bytes that a hello may take. One with post-quantum keys has about 1.7 KiB.
pub const MAX_HELLO: usize = 64 * 1024;
/// Bytes read at once.
const PIECE: usize = 4096;

/// A `ClientHello`, read but not answered.
pub struct Hello {
    /// The server name asked for, lower case (RFC 6066 3).
    pub sni: Option<String>,
    /// The protocols offered, most wanted first (RFC 7301).
    pub alpn: Vec<String>,
    /// Its bytes.
    raw: Vec<u8>,
    accepted: Accepted,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello").field("sni", &self.sni).field("alpn", &self.alpn).finish_non_exhaustive()
    }
}

impl Hello {
    /// Who it is: the program at this address that makes such hellos.
    #[must_use]
    pub fn program(&self, address: IpAddr) -> Option<Program> {
        let ja4 = ClientHello::parse(&self.raw)?.ja4();
        Some(Program { address: address.to_canonical(), ja4 })
    }

    /// What is known of TLS on its connection before it is answered.
    #[must_use]
    pub fn offered(&self) -> TlsFacts {
        TlsFacts::offered(self.sni.clone(), self.raw.clone())
    }
}

/// What came was no hello.
#[derive(Debug)]
pub struct NoHello {
    /// The cause in words.
    pub says: String,
    /// Whether the client closed before its hello was complete.
    pub closed: bool,
}

/// Reads a `ClientHello` that may have begun in `raw` and may come in any number of pieces.
///
/// Every byte read is put behind those in `raw`, at most [`MAX_HELLO`] and a piece in all, and stays
/// there whatever the outcome. How long it may take is the caller's to say: `raw` is whole when the
/// caller stops waiting, too.
pub async fn read<IO: AsyncRead + Unpin>(io: &mut IO, raw: &mut Vec<u8>) -> Result<Hello, NoHello> {
    let mut acceptor = Acceptor::default();
    let mut fed = 0;
    loop {
        match feed(&mut acceptor, raw.get(fed..).unwrap_or_default()) {
            Ok(Some(accepted)) => return Ok(hello(accepted, raw.clone())),
            Ok(None) => fed = raw.len(),
            Err(says) => return Err(NoHello { says, closed: false }),
        }
        if raw.len() >= MAX_HELLO {
            let says = format!("the ClientHello is larger than {MAX_HELLO} bytes");
            return Err(NoHello { says, closed: false });
        }
        raw.reserve(PIECE);
        match io.take(PIECE as u64).read_buf(raw).await {
            Ok(0) => {
                let says = "the client closed before its ClientHello was complete".to_owned();
                return Err(NoHello { says, closed: true });
            }
            Ok(_) => {}
            Err(error) => return Err(NoHello { says: error.to_string(), closed: true }),
        }
    }
}

fn feed(acceptor: &mut Acceptor, mut bytes: &[u8]) -> Result<Option<Accepted>, String> {
    while !bytes.is_empty() {
        if acceptor.read_tls(&mut bytes).map_err(|error| error.to_string())? == 0 {
            break;
        }
        match acceptor.accept() {
            // The few bytes behind a hello (RFC 8446 4.2.10, early data) must not be lost: rustls
            // reads 4 KiB at once, which all of them are within.
            Ok(Some(accepted)) if bytes.is_empty() => return Ok(Some(accepted)),
            Ok(Some(_)) => return Err("too many bytes follow the ClientHello".to_owned()),
            Ok(None) => {}
            Err((error, _)) => return Err(error.to_string()),
        }
    }
    Ok(None)
}

fn hello(accepted: Accepted, raw: Vec<u8>) -> Hello {
    let client = accepted.client_hello();
    let sni = client.server_name().map(str::to_ascii_lowercase);
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let alpn = client.alpn().map(|names| names.map(text).collect()).unwrap_or_default();
    Hello { sni, alpn, raw, accepted }
}

/// Why a client's handshake did not come to an end.
#[derive(Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The client did not take our certificate.
    Certificate(Refused),
    /// Anything else.
    Failed(Failure),
}

/// Finishes the handshake of a hello, showing the leaf for its server name, or for the CONNECT
/// target's `host` when it names none, and offering `alpn`. `limit` bounds it.
pub async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(
    hello: Hello,
    io: IO,
    interceptor: &Interceptor,
    host: &str,
    alpn: Alpn,
    limit: Duration,
) -> Result<(TlsStream<IO>, TlsFacts), Rejected> {
    let (config, leaf) = interceptor
        .answer(hello.sni.as_deref(), host, alpn)
        .map_err(|error| failed(Kind::Handshake, error.to_string()))?;
    let began = Instant::now();
    let handshake = StartHandshake::from_parts(hello.accepted, io).into_stream(config);
    let stream = match timeout(limit, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(rejected(&error)),
        Err(_) => {
            let says = format!("the client did not complete the TLS handshake within {limit:?}");
            return Err(failed(Kind::TimedOut, says));
        }
    };
    let facts = TlsFacts {
        sni: hello.sni,
        hello: Some(hello.raw),
        took: u64::try_from(began.elapsed().as_micros()).ok(),
        chain: leaf.cert.iter().map(|der| der.to_vec()).collect(),
        ..facts(stream.get_ref().1)
    };
    Ok((stream, facts))
}

/// Whether an error of an accepted stream means that the client did not take our certificate:
/// some clients look at it only after the handshake.
#[must_use]
pub fn refusal(error: &io::Error) -> Option<Refused> {
    use AlertDescription as A;
    match alert_received(error)? {
        alert @ (A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA) => Some(Refused { alert: Some(alert_name(alert)) }),
        _ => None,
    }
}

fn rejected(error: &io::Error) -> Rejected {
    if let Some(refused) = refusal(error) {
        return Rejected::Certificate(refused);
    }
    if let Some(alert) = alert_received(error) {
        let says = format!("the client ended the TLS handshake with {}", alert_name(alert));
        return failed(Kind::Handshake, says);
    }
    match error.kind() {
        // Its hello was complete and our certificate was the next thing it saw.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Rejected::Certificate(Refused { alert: None })
        }
        _ if matches!(tls_error(error), Some(rustls::Error::PeerIncompatible(_))) => {
            let says = format!(
                "the client has no TLS version, cipher or group that hopscope takes ({error}): TLS 1.2 or 1.3, from \
                 intercept.min_tls on; leave the host alone with --tunnel HOST"
            );
            failed(Kind::Handshake, says)
        }
        _ => failed(Kind::Handshake, format!("the client's TLS handshake failed: {error}")),
    }
}

fn failed(kind: Kind, says: String) -> Rejected {
    Rejected::Failed(Failure { side: Side::Client, phase: Phase::Tls, kind, says })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::{Authority, provider, server_name};
    use rustls::version::{TLS12, TLS13};
    use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio_rustls::TlsConnector;

    const LIMIT: Duration = Duration::from_secs(20);

    fn interceptor() -> (tempfile::TempDir, Interceptor) {
        let home = tempfile::tempdir().unwrap();
        let authority = Arc::new(Authority::load_or_create(home.path()).unwrap());
        (home, Interceptor::new(authority))
    }

    fn client(trusted: &Interceptor, version: &'static SupportedProtocolVersion) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.authority().der().to_vec().into()).unwrap();
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsConnector::from(Arc::new(config))
    }

    /// A client's handshake with ours: what ours came to, and what the client came to.
    async fn meet(
        connector: TlsConnector,
        name: &str,
        interceptor: &Interceptor,
        host: &str,
    ) -> (Result<TlsFacts, Rejected>, io::Result<impl AsyncWrite>) {
        let (near, mut far) = duplex(64 * 1024);
        let name = server_name(name).unwrap();
        let theirs = async {
            let mut stream = connector.connect(name, near).await?;
            stream.write_all(b"x").await?;
            stream.flush().await?;
            Ok(stream)
        };
        let ours = async {
            let hello = read(&mut far, &mut Vec::new()).await.unwrap();
            let (mut stream, facts) = accept(hello, far, interceptor, host, Alpn::Http1, LIMIT).await?;
            assert_eq!(stream.read_u8().await.unwrap(), b'x');
            Ok(facts)
        };
        tokio::join!(ours, theirs)
    }

    /// A client's first flight.
    async fn hello_bytes(interceptor: &Interceptor) -> Vec<u8> {
        let (near, mut far) = duplex(64 * 1024);
        let connect = client(interceptor, &TLS13).connect(server_name("a.example").unwrap(), near);
        let mut bytes = Vec::new();
        tokio::select! {
            _ = connect => panic!("nobody answered"),
            hello = read(&mut far, &mut bytes) => { hello.unwrap(); }
        }
        bytes
    }

    #[tokio::test]
    async fn clients_that_trust_us_get_a_leaf_for_every_kind_of_name() {
        let (_home, interceptor) = interceptor();
        for (version, told) in [(&TLS12, "TLSv1.2"), (&TLS13, "TLSv1.3")] {
            for (name, sni) in [
                ("A.example", Some("a.example")),
                ("bücher.example", Some("xn--bcher-kva.example")),
                ("127.0.0.1", None),
                ("::1", None),
            ] {
                let connector = client(&interceptor, version);
                let (facts, outcome) = meet(connector, name, &interceptor, name).await;
                outcome.unwrap();
                let facts = facts.unwrap();
                assert_eq!((facts.version.as_str(), facts.sni.as_deref()), (told, sni));
                assert_eq!(facts.alpn.as_deref(), Some("http/1.1"));
                assert!(facts.cipher.starts_with("TLS_"), "{}", facts.cipher);
                assert_eq!(facts.chain, [interceptor.authority().leaf(name).unwrap().cert[0].to_vec()]);
                assert_eq!(facts.verdict, None);
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_does_not_trust_us_says_so_by_an_alert() {
        let ((_one, interceptor), (_two, stranger)) = (interceptor(), interceptor());
        let refused = |alert: &str| Err(Rejected::Certificate(Refused { alert: Some(alert.to_owned()) }));
        for version in [&TLS12, &TLS13] {
            let connector = client(&stranger, version);
            let (ours, theirs) = meet(connector, "a.example", &interceptor, "a.example").await;
            assert!(theirs.is_err());
            assert_eq!(ours, refused("unknown_ca"));
        }
        let connector = client(&interceptor, &TLS13);
        let (ours, _) = meet(connector, "127.0.0.1", &interceptor, "127.0.0.2").await;
        assert_eq!(ours, refused("bad_certificate"));
    }

    #[tokio::test]
    async fn a_client_that_just_closes_on_our_certificate_refused_it_too() {
        let (_home, interceptor) = interceptor();
        let (mut near, mut far) = duplex(64 * 1024);
        far.write_all(&hello_bytes(&interceptor).await).await.unwrap();
        let hello = read(&mut near, &mut Vec::new()).await.unwrap();
        let ours = accept(hello, near, &interceptor, "a.example", Alpn::Http1, LIMIT);
        let theirs = async {
            far.read_u8().await.unwrap();
            drop(far);
        };
        let (outcome, ()) = tokio::join!(ours, theirs);
        assert_eq!(outcome.map(|_| ()), Err(Rejected::Certificate(Refused { alert: None })));
    }

    #[tokio::test]
    async fn a_client_that_goes_silent_is_not_waited_for() {
        let (_home, interceptor) = interceptor();
        let (mut near, mut far) = duplex(64 * 1024);
        far.write_all(&hello_bytes(&interceptor).await).await.unwrap();
        let hello = read(&mut near, &mut Vec::new()).await.unwrap();
        let outcome = accept(hello, near, &interceptor, "a.example", Alpn::Http1, Duration::ZERO).await;
        let Err(Rejected::Failed(failure)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((failure.side, failure.kind), (Side::Client, Kind::TimedOut));
    }

    #[tokio::test]
    async fn a_hello_in_single_bytes_is_read_whole_and_not_used_up() {
        let (_home, interceptor) = interceptor();
        let bytes = hello_bytes(&interceptor).await;
        let (mut near, mut far) = duplex(1);
        let (begun, rest) = bytes.split_at(3);
        let mut raw = begun.to_vec();
        let theirs = async {
            for byte in rest {
                far.write_u8(*byte).await.unwrap();
            }
        };
        let (hello, ()) = tokio::join!(read(&mut near, &mut raw), theirs);
        let hello = hello.unwrap();
        assert_eq!(raw, bytes);
        assert_eq!(hello.sni.as_deref(), Some("a.example"));
        assert_eq!(hello.alpn, ["h2", "http/1.1"]);
    }

    #[tokio::test]
    async fn what_is_no_hello_stays_whole_for_a_tunnel() {
        let (_home, interceptor) = interceptor();
        let whole = hello_bytes(&interceptor).await;
        let mut endless = Vec::new();
        for _ in 0..20 {
            // A handshake message of 16 MiB in records of 16 KiB.
            endless.extend_from_slice(&[0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]);
            endless.resize(endless.len() + 0x3ffc, 0);
        }
        for (bytes, closed) in [
            (b"\x16\x03\x01\x00\x05hello".to_vec(), false),
            (whole[..whole.len() - 1].to_vec(), true),
            (Vec::new(), true),
            (endless, false),
        ] {
            let mut raw = Vec::new();
            let outcome = read(&mut bytes.as_slice(), &mut raw).await.unwrap_err();
            assert_eq!(outcome.closed, closed, "{}", outcome.says);
            assert!(bytes.starts_with(&raw) && raw.len() < MAX_HELLO + PIECE);
        }
    }

    /// Python 3.13 verifies in strict mode by itself, older ones when told to.
    #[tokio::test]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    async fn python_takes_our_certificates_in_strict_mode() {
        let (_home, interceptor) = interceptor();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let names = ["a.example", "127.0.0.1"];
        let script = r"
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
for name in sys.argv[3:]:
    plain = socket.create_connection(('127.0.0.1', int(sys.argv[2])), 10)
    context.wrap_socket(plain, server_hostname=name).sendall(b'x')
";
        let python = Command::new("python3")
            .args(["-c", script])
            .arg(interceptor.authority().path())
            .arg(listener.local_addr().unwrap().port().to_string())
            .args(names)
            .stderr(Stdio::piped())
            .spawn();
        let Ok(python) = python else {
            eprintln!("SKIPPED: no python3 here to check certificates with");
            return;
        };
        for name in names {
            let (mut tcp, _) = timeout(LIMIT, listener.accept()).await.unwrap().unwrap();
            let hello = read(&mut tcp, &mut Vec::new()).await.unwrap();
            let (mut stream, _) = accept(hello, tcp, &interceptor, name, Alpn::Http1, LIMIT).await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), b'x');
        }
        let python = python.wait_with_output().unwrap();
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    }
}
