//! What can go wrong with TLS, on either side of the hop.

use super::{plain, words};
use crate::support::authority::TestCa;
use crate::support::client::{DEADLINE, Peer};
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::Insecure;
use hopscope::exchange::{Exchange, Verdict};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

/// Asks for `/` of an origin through an intercepted tunnel, and returns the answer with both records.
fn ask(proxy: &Proxy, origin: &Origin) -> (String, Vec<Exchange>) {
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    let mut client = tunnel.secured(proxy.pem(), "localhost").unwrap();
    client.send(format!("GET / HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
    let (head, body) = client.read_message();
    drop(client);
    let answer = String::from_utf8([head, body].concat()).unwrap();
    (answer, proxy.exchanges_of(me, 2))
}

/// Whether an answer is a 502 with this RFC 9209 error type, and says `says` in its body.
fn assert_bad_gateway(answer: &str, error: &str, says: &str) {
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\nDate: "), "{answer}");
    assert!(
        answer.contains(&format!("\r\nProxy-Status: hopscope; error={error}; details=\"{says}")),
        "{answer}"
    );
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    assert!(
        body.starts_with(&format!("hopscope could not get an answer to this request.\n\n{says}")),
        "{body}"
    );
}

#[test]
fn rfc9110_4_3_4_an_untrusted_certificate_is_not_asked() {
    let proxy = Proxy::start(plain);
    let stranger = TestCa::new();
    let origin = Origin::secured_answering(stranger.server(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (answer, exchanges) = ask(&proxy, &origin);
    let failure = exchanges[1].summary.failure.clone().unwrap();
    assert_bad_gateway(&answer, "tls_certificate_error", &failure.says);
    assert!(answer.contains("--origin-ca FILE"), "the cure: {answer}");
    assert!(failure.says.contains("localhost"), "{}", failure.says);
    let says = words::exchange(&exchanges[1]);
    assert_eq!(says, format!("failed 502, origin tls untrusted: {} [ours]", failure.says));
    assert_eq!(exchanges[1].heads.request_sent, None);
    assert_eq!(origin.ended(0), b"", "nothing of the request may reach it");
    // The row shows the certificate that was refused.
    let connection = proxy.connection(exchanges[1].origin_connection.unwrap().0);
    let tls = connection.tls.unwrap();
    assert!(matches!(tls.verdict, Some(Verdict::Untrusted(_))), "{:?}", tls.verdict);
    assert!(!tls.chain.is_empty());
}

#[test]
fn a_certificate_for_another_name_is_untrusted() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured_answering(proxy.origin_ca().server_for("other.example"), "");
    let (answer, exchanges) = ask(&proxy, &origin);
    let failure = exchanges[1].summary.failure.clone().unwrap();
    assert_bad_gateway(&answer, "tls_certificate_error", &failure.says);
    assert_eq!(
        words::exchange(&exchanges[1]),
        format!("failed 502, origin tls untrusted: {} [ours]", failure.says)
    );
    assert_eq!(origin.ended(0), b"");
}

#[test]
fn an_untrusted_certificate_may_pass_when_the_settings_say_so() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.origin.insecure = Insecure::Hosts(vec!["localhost".to_owned()]);
    });
    let origin =
        Origin::secured_answering(TestCa::new().server(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (answer, exchanges) = ask(&proxy, &origin);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(words::exchange(&exchanges[1]), "done 200 [unverified]");
}

#[test]
fn an_origin_that_does_not_speak_tls() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(|peer, _| {
        peer.awaits();
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let (answer, exchanges) = ask(&proxy, &origin);
    let failure = exchanges[1].summary.failure.clone().unwrap();
    assert_bad_gateway(&answer, "tls_protocol_error", &failure.says);
    assert_eq!(
        words::exchange(&exchanges[1]),
        format!("failed 502, origin tls handshake: {} [ours]", failure.says)
    );
}

#[test]
fn an_origin_that_closes_within_the_handshake() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(|peer, _| {
        peer.awaits();
    });
    let (answer, exchanges) = ask(&proxy, &origin);
    let failure = exchanges[1].summary.failure.clone().unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    assert!(words::exchange(&exchanges[1]).starts_with("failed 502, origin tls "), "{failure:?}");
}

#[test]
fn rfc9110_15_6_5_an_origin_that_does_not_answer_the_handshake_in_time() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.tls_timeout = Duration::from_millis(300);
    });
    let origin = Origin::start(|peer, _| {
        peer.read_to_close();
    });
    let (answer, exchanges) = ask(&proxy, &origin);
    let says = "the server did not complete the TLS handshake within 300ms";
    assert!(answer.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{answer}");
    let status = format!("\r\nProxy-Status: hopscope; error=connection_timeout; details=\"{says}\"\r\n");
    assert!(answer.contains(&status) && answer.contains("limits.tls_timeout"), "{answer}");
    assert_eq!(words::exchange(&exchanges[1]), format!("failed 504, origin tls timed-out: {says} [ours]"));
}

#[test]
fn a_client_that_refuses_our_certificate_is_a_row_with_its_alert_and_the_cure() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured_answering(proxy.origin_ca().server(), "");
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    assert!(tunnel.secured(TestCa::new().pem(), "localhost").is_err());
    let exchange = proxy.exchange_of(me);
    let says = words::exchange(&exchange);
    let start = "failed 200, client tls certificate-refused: client refused our certificate with the alert unknown_ca: ";
    assert!(says.starts_with(start), "{says}");
    assert!(says.contains("--cacert") && says.contains("--tunnel HOST"), "{says}");
}

#[test]
fn tls_with_the_proxy_itself_that_fails_is_a_row() {
    let proxy = Proxy::start(plain);
    let client = Peer::connect(proxy.address());
    let me = client.address();
    assert!(client.secured(TestCa::new().pem(), "127.0.0.1").is_err());
    let exchange = proxy.exchange_of(me);
    let says = words::exchange(&exchange);
    let start = "failed -, client tls certificate-refused: client refused our certificate with the alert unknown_ca: ";
    assert!(says.starts_with(start), "{says}");
    assert_eq!(exchange.summary.url(), format!("https://{}", proxy.address()));

    for (bytes, says) in [
        (&b"\x16\x03\x01\x02\x00\x01"[..], "closed: the client closed before its ClientHello was complete"),
        (b"\x16\x03\x01\x00\x05hello", "handshake: "),
    ] {
        let mut client = Peer::connect(proxy.address());
        let me = client.address();
        client.send(bytes);
        client.finish();
        assert!(client.is_closed());
        let exchange = words::exchange(&proxy.exchange_of(me));
        assert!(exchange.starts_with(&format!("failed -, client tls {says}")), "{exchange}");
    }
}

#[test]
fn rfc9112_9_8_a_connection_to_an_origin_ends_with_an_alert() {
    let proxy = Proxy::start(plain);
    let (ended, told) = mpsc::channel();
    let ended = Mutex::new(ended);
    let origin = Origin::secured(proxy.origin_ca().server(), move |peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        ended.lock().unwrap().send(peer.closes_in_order()).unwrap();
    });
    ask(&proxy, &origin);
    assert!(told.recv_timeout(DEADLINE).unwrap(), "no close_notify came");
}

#[test]
fn rfc9112_9_8_an_answer_that_ends_without_an_alert_is_cut() {
    let proxy = Proxy::start(plain);
    let origin = Origin::secured(proxy.origin_ca().server(), |peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
        peer.tcp().shutdown(std::net::Shutdown::Write).unwrap();
    });
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    let mut client = tunnel.secured(proxy.pem(), "localhost").unwrap();
    client.send(format!("GET / HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
    client.read_head();
    assert_eq!(client.read_to_close(), b"5\r\nhello\r\n", "without a last chunk");
    let exchange = words::exchange(&proxy.exchanges_of(me, 2)[1]);
    assert!(exchange.starts_with("failed 200, origin body closed: "), "{exchange}");
}
