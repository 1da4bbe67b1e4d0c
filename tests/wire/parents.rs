//! Through a parent proxy, byte by byte: what it is asked, what it says, and whose failure is whose.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::{Except, Parent};
use hopscope::exchange::{Cause, Exchange, Kind, Phase};
use std::net::SocketAddr;

/// A proxy whose parent is at an address; `url` has `{}` for that.
fn behind(url: &str, parent: SocketAddr) -> Proxy {
    let parent = Parent::parse(&url.replace("{}", &parent.to_string())).unwrap();
    Proxy::start(|settings| {
        plain(settings);
        settings.parents.proxy = Some(parent);
    })
}

/// Sends one request and returns the answer with its record.
fn ask(proxy: &Proxy, request: &str) -> (String, Exchange) {
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(request);
    let (head, body) = client.read_message();
    drop(client);
    (String::from_utf8([head, body].concat()).unwrap(), proxy.exchange_of(me))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[test]
fn rfc9112_3_2_2_a_parent_is_asked_in_absolute_form_with_our_credentials() {
    let parent = Origin::answering(NO_CONTENT);
    let proxy = behind("http://me:secret@{}", parent.address());
    let (answer, exchange) = ask(
        &proxy,
        "GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: Basic bm90OnRoaXM=\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 204 No Content\r\nVia: 1.1 hopscope\r\n"), "{answer}");
    assert_eq!(words::exchange(&exchange), "done 204");
    assert_eq!(
        text(&parent.ended(0)),
        "GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\nVia: 1.1 hopscope\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    );
    let sent = text(exchange.heads.request_sent.as_ref().unwrap());
    assert!(sent.ends_with("\r\nProxy-Authorization: Basic ************\r\n\r\n"), "{sent}");
    assert_eq!(exchange.request_edits.last().unwrap().cause, Cause::ParentCredentials);
}

#[test]
fn connections_to_a_parent_serve_again_and_never_in_place_of_others() {
    let (parent, origin) = (Origin::answering(NO_CONTENT), Origin::answering(NO_CONTENT));
    let port = origin.address().port();
    let proxy = Proxy::start(|settings| {
        settings.parents.proxy = Some(Parent::parse(&format!("http://{}", parent.address())).unwrap());
        settings.parents.hosts = vec![("127.0.0.1".to_owned(), None)];
        settings.parents.except = vec![Except::parse("localhost").unwrap()];
    });
    let mut client = Peer::connect(proxy.address());
    for host in ["a.test", "127.0.0.1", "localhost", "a.test"] {
        client.send(format!("GET http://{host}:{port}/ HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"));
        assert!(client.read_head().starts_with(b"HTTP/1.1 204"), "{host}");
    }
    let to_parent = text(&parent.received(0));
    assert_eq!(to_parent.matches("GET http://a.test:").count(), 2, "{to_parent}");
    assert_eq!((parent.connections(), origin.connections()), (1, 2), "one for each authority");
    assert!(text(&origin.received(0)).starts_with("GET / HTTP/1.1\r\n"));
}

#[test]
fn rfc9110_11_7_1_a_parents_407_is_its_own_and_not_the_clients() {
    let challenge = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\n\r\n";
    let parent = Origin::answering(challenge);
    for (url, says) in
        [("http://{}", "asks for credentials (407)"), ("http://me:wrong@{}", "did not take the credentials")]
    {
        let proxy = behind(url, parent.address());
        for request in [
            "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
            "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
        ] {
            let (answer, exchange) = ask(&proxy, request);
            assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
            assert!(
                !answer.contains("Proxy-Authenticate") && answer.contains("error=proxy_configuration_error")
            );
            assert!(answer.contains("--upstream http://USER:PASS@HOST:PORT"), "the cure: {answer}");
            let failure = exchange.summary.failure.as_ref().unwrap();
            assert_eq!((failure.phase, failure.kind), (Phase::Parent, Kind::Denied));
            assert!(
                failure.says.contains(says) && failure.says.contains("realm=\"corp\""),
                "{}",
                failure.says
            );
            assert_eq!(text(exchange.heads.response_received.as_ref().unwrap()), challenge);
            let sent = text(exchange.heads.request_sent.as_ref().unwrap());
            assert!(!sent.contains("bWU6d3Jvbmc="), "{sent}");
        }
    }
}

#[test]
fn an_answer_that_a_proxy_made_passes_and_is_told_apart() {
    let parent = Origin::answering(
        "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 2\r\n\r\nno",
    );
    let proxy = behind("http://{}", parent.address());
    let (answer, exchange) = ask(&proxy, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n") && answer.ends_with("\r\n\r\nno"),
        "{answer}"
    );
    let failure = exchange.summary.failure.as_ref().unwrap();
    assert_eq!((failure.phase, failure.kind), (Phase::Parent, Kind::Unreachable));
    assert!(
        failure.says.ends_with("made, not the origin: X-Squid-Error: ERR_CONNECT_FAIL 111"),
        "{}",
        failure.says
    );
    assert!(exchange.response_body.complete);
}

#[test]
fn rfc9110_9_3_6_a_tunnel_goes_through_the_parent() {
    let parent = Origin::start(|peer, _| {
        let head = peer.read_head();
        assert_eq!(
            text(&head),
            "CONNECT a.test:9 HTTP/1.1\r\nHost: a.test:9\r\nUser-Agent: x\r\nVia: 1.1 hopscope\r\n\r\n"
        );
        // What follows the head belongs to the tunnel, however it arrives.
        peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\nSSH-2.0-hello\r\n");
        assert_eq!(peer.read_exact(4), b"ping");
    });
    let proxy = behind("http://{}", parent.address());
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send("CONNECT a.test:9 HTTP/1.1\r\nHost: a.test:9\r\nUser-Agent: x\r\nProxy-Connection: keep-alive\r\n\r\n");
    assert_eq!(text(&client.read_head()), "HTTP/1.1 200 Connection established\r\n\r\n");
    assert_eq!(client.read_exact(15), b"SSH-2.0-hello\r\n");
    client.send("ping");
    client.finish();
    assert!(client.is_closed());
    let exchange = proxy.exchange_of(me);
    assert_eq!(words::exchange(&exchange), "done 200 [tunnel]");
    assert!(exchange.heads.request_sent.is_some());
}

#[test]
fn what_a_parent_tells_of_the_origin_is_not_its_own_failing() {
    for (answer, phase, kind, status) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Phase::Parent, Kind::Denied, "502"),
        (
            "HTTP/1.1 503 No\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n",
            Phase::Connect,
            Kind::Unreachable,
            "502",
        ),
        ("HTTP/1.1 504 Late\r\n\r\n", Phase::Connect, Kind::TimedOut, "504"),
        ("SSH-2.0-x\r\n\r\n", Phase::Parent, Kind::Malformed, "502"),
        ("", Phase::Parent, Kind::Closed, "502"),
    ] {
        let parent = Origin::start(move |peer, _| {
            peer.read_head();
            peer.send(answer);
        });
        let proxy = behind("http://{}", parent.address());
        let (answered, exchange) = ask(&proxy, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
        assert!(answered.starts_with(&format!("HTTP/1.1 {status} ")), "{answered}");
        let failure = exchange.summary.failure.as_ref().unwrap();
        assert_eq!((failure.phase, failure.kind), (phase, kind), "{answer}: {}", failure.says);
        assert!(failure.says.contains(&format!("http://{}", parent.address())), "{}", failure.says);
    }
}

#[test]
fn a_parent_that_is_not_there() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in ["http://{}", "socks5h://{}"] {
        let proxy = behind(url, nobody);
        let (answer, exchange) = ask(&proxy, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 502") && answer.contains("error=destination_unavailable"),
            "{answer}"
        );
        let failure = exchange.summary.failure.as_ref().unwrap();
        assert_eq!((failure.phase, failure.kind), (Phase::Parent, Kind::Refused));
        assert!(failure.says.starts_with("the parent proxy ") && failure.says.contains("cannot be reached"));
    }
}

#[test]
fn rfc1928_and_rfc1929_a_socks5_parent() {
    for (answers, phase, kind) in [
        (&b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"[..], None, None),
        (b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", Some(Phase::Connect), Some(Kind::Refused)),
        (b"\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00", Some(Phase::Connect), Some(Kind::Unreachable)),
        (b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", Some(Phase::Parent), Some(Kind::Denied)),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Some(Phase::Parent), Some(Kind::Malformed)),
    ] {
        let parent = Origin::start(move |peer, _| {
            assert_eq!(peer.read_exact(4), [5, 2, 0, 2]);
            peer.send([5, 2]);
            assert_eq!(peer.read_exact(5 + 5), b"\x01\x02me\x05p@ss!");
            peer.send([1, 0]);
            assert_eq!(peer.read_exact(13), b"\x05\x01\x00\x03\x06a.test\x00\x50");
            peer.send(answers);
            if answers[1] == 0 {
                peer.read_head();
                peer.send(NO_CONTENT);
            }
        });
        let proxy = behind("socks5h://me:p%40ss!@{}", parent.address());
        let (answer, exchange) = ask(&proxy, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let failure = exchange.summary.failure.as_ref();
        assert_eq!((failure.map(|f| f.phase), failure.map(|f| f.kind)), (phase, kind), "{answer}");
        assert!(!answer.contains("p@ss"), "{answer}");
    }
}

#[test]
fn rfc1929_credentials_that_a_socks5_parent_does_not_take() {
    for (url, method, says) in [
        ("socks5h://{}", 0xFF, "asks for credentials"),
        ("socks5h://me:wrong@{}", 2, "did not take the credentials"),
    ] {
        let parent = Origin::start(move |peer, _| {
            let greeting = peer.read_exact(2);
            peer.read_exact(usize::from(greeting[1]));
            peer.send([5, method]);
            if method == 2 {
                peer.read_exact(10);
                peer.send([1, 1]);
            }
        });
        let proxy = behind(url, parent.address());
        let (answer, exchange) = ask(&proxy, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        let failure = exchange.summary.failure.as_ref().unwrap();
        assert_eq!((failure.phase, failure.kind), (Phase::Parent, Kind::Denied));
        assert!(failure.says.contains(says), "{}", failure.says);
    }
}

/// Another proxy of the same program: intercepts nothing, so that what it relays is the origin's own.
fn relaying(pseudonym: &str) -> Proxy {
    Proxy::start(|settings| {
        plain(settings);
        pseudonym.clone_into(&mut settings.pseudonym);
        settings.intercept.enabled = false;
    })
}

#[test]
fn rfc9110_7_6_3_two_in_a_row_with_names_of_their_own() {
    let inner = relaying("inner");
    let proxy = behind("http://{}", inner.address());
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let at = origin.address();
    let (answer, exchange) = ask(&proxy, &format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n"));
    assert!(answer.contains("\r\nVia: 1.1 inner\r\nVia: 1.1 hopscope\r\n"), "{answer}");
    assert!(text(&origin.received(0)).contains("\r\nVia: 1.1 hopscope\r\nVia: 1.1 inner\r\n"));
    assert_eq!(words::exchange(&exchange), "done 200");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (answer, exchange) = ask(&proxy, &format!("GET http://{nobody}/ HTTP/1.1\r\nHost: {nobody}\r\n\r\n"));
    assert!(
        answer.starts_with("HTTP/1.1 502")
            && answer.contains("Proxy-Status: inner; error=connection_refused")
    );
    let failure = exchange.summary.failure.as_ref().unwrap();
    assert_eq!((failure.phase, failure.kind), (Phase::Parent, Kind::Unreachable), "{}", failure.says);
}

#[test]
fn intercepted_tls_goes_through_a_parent() {
    let inner = relaying("inner");
    let proxy = behind("http://{}", inner.address());
    let origin = Origin::secured_answering(proxy.origin_ca().server(), NO_CONTENT);
    let authority = format!("localhost:{}", origin.address().port());
    let mut client = Peer::tunnel(proxy.address(), &authority).secured(proxy.pem(), "localhost").unwrap();
    for _ in 0..2 {
        client.send(format!("GET / HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
        assert!(client.read_head().starts_with(b"HTTP/1.1 204"));
    }
    assert_eq!(text(&origin.received(0)).matches("\r\nVia: 1.1 hopscope\r\n").count(), 2);
    assert!(!text(&origin.received(0)).contains("inner"), "what it relays it does not read");
}

#[test]
fn rfc9110_7_6_a_loop_of_two_proxies_is_found_by_connect_too() {
    let first = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let second = Proxy::start(|settings| {
        plain(settings);
        settings.pseudonym = "second".to_owned();
        settings.parents.proxy = Some(Parent::parse(&format!("http://{first}")).unwrap());
    });
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.listen = vec![first];
        settings.parents.proxy = Some(Parent::parse(&format!("http://{}", second.address())).unwrap());
    });
    let (answer, exchange) = ask(&proxy, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 5"), "{answer}");
    let failure = exchange.summary.failure.as_ref().unwrap();
    assert!(failure.says.contains("508") || failure.kind == Kind::Loop, "{}", failure.says);
}
