//! Peers that take nothing of what waits for them, and answers whose end only a reset can tell.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::exchange::{Kind, Side};
use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

/// More than the sockets on the way hold, so that somebody has to read.
const MUCH: usize = 256 * 1024 * 1024;

fn impatient() -> Proxy {
    Proxy::start(|settings| {
        plain(settings);
        settings.limits.write_timeout = Duration::from_millis(300);
    })
}

/// Writes until it is done, or the other end has gone.
fn pour(peer: &Peer) {
    let mut tcp = peer.tcp();
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..MUCH / piece.len() {
        if tcp.write_all(&piece).is_err() {
            return;
        }
    }
}

#[test]
fn a_client_that_reads_nothing_of_its_answer_is_given_up() {
    let proxy = impatient();
    let origin = Origin::start(|peer, _| {
        peer.read_head();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n"));
        pour(peer);
    });
    let mut client = Peer::connect(proxy.address());
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    let exchange = proxy.exchange_of(client.address());
    assert_eq!(
        words::exchange(&exchange),
        "failed 200, client body timed-out: the client took nothing of the answer for 0.3 s (limits.write_timeout)"
    );
    assert!(!exchange.response_body.complete && exchange.response_body.length < MUCH as u64);
}

#[test]
fn an_origin_that_reads_nothing_of_a_request_is_given_up() {
    let proxy = impatient();
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = origin.local_addr().unwrap();
    let mut client = Peer::connect(proxy.address());
    client
        .send(format!("PUT http://{address}/ HTTP/1.1\r\nHost: {address}\r\nContent-Length: {MUCH}\r\n\r\n"));
    let held = origin.accept().unwrap();
    let head = std::thread::scope(|scope| {
        let pouring = client.tcp().try_clone().unwrap();
        scope.spawn(move || pour(&Peer::new(pouring)));
        client.read_head()
    });
    assert!(head.starts_with(b"HTTP/1.1 504 Gateway Timeout\r\n"), "{}", head.escape_ascii());
    let failure = proxy.exchange_of(client.address()).summary.failure.unwrap();
    assert_eq!((failure.side, failure.kind), (Side::Origin, Kind::TimedOut));
    assert_eq!(failure.says, "the origin took nothing of the request for 0.3 s (limits.write_timeout)");
    drop(held);
}

#[test]
fn a_client_that_is_answered_early_and_sends_no_more_is_given_up() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.response_timeout = Duration::from_millis(300);
    });
    let origin = Origin::start(|peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        peer.read_to_close();
    });
    let mut client = Peer::connect(proxy.address());
    client.send(format!(
        "PUT http://{0}/ HTTP/1.1\r\nHost: {0}\r\nContent-Length: 9\r\n\r\n",
        origin.address()
    ));
    assert!(client.read_head().starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(client.is_closed());
    assert_eq!(
        words::exchange(&proxy.exchange_of(client.address())),
        "failed 200, client send timed-out: the rest of the request did not come within 0.3 s of its answer \
         (limits.response_timeout)"
    );
}

#[test]
fn a_peer_that_reads_in_time_is_not() {
    let proxy = impatient();
    let body = vec![b'y'; 8 * 1024 * 1024];
    let answer =
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
    let origin = Origin::answering(answer);
    let mut client = Peer::connect(proxy.address());
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    client.read_head();
    assert_eq!(client.read_exact(body.len()), body);
    assert_eq!(words::exchange(&proxy.exchange_of(client.address())), "done 200");
}

#[test]
fn rfc9112_8_a_cut_answer_that_would_end_with_the_connection_ends_with_a_reset() {
    let proxy = Proxy::start(plain);
    for (rest, why) in [("", "closed"), ("x", "malformed")] {
        let origin = Origin::start(move |peer, _| {
            peer.read_head();
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            peer.send(rest);
        });
        let mut client = Peer::connect(proxy.address());
        client.send(format!("GET http://{0}/ HTTP/1.0\r\nHost: {0}\r\n\r\n", origin.address()));
        client.read_head();
        assert_eq!(client.read_to_close(), b"hello");
        assert!(!client.closes_in_order(), "an HTTP/1.0 client takes an orderly close for the end");
        let exchange = words::exchange(&proxy.exchange_of(client.address()));
        assert!(exchange.starts_with(&format!("failed 200, origin body {why}: ")), "{exchange}");
    }
}

#[test]
fn rfc9110_15_5_9_a_client_that_sends_no_more_of_its_request_is_answered_408() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.body_timeout = Duration::from_millis(300);
        // The origin's own time does not run while the request is on its way.
        settings.limits.response_timeout = Duration::from_millis(100);
    });
    for framing in ["Content-Length: 9\r\n\r\nbeg", "Transfer-Encoding: chunked\r\n\r\n3\r\nbeg\r\n"] {
        let origin = Origin::start(|peer, _| {
            peer.read_head();
            peer.read_to_close();
        });
        let mut client = Peer::connect(proxy.address());
        client.send(format!("PUT http://{0}/ HTTP/1.1\r\nHost: {0}\r\n{framing}", origin.address()));
        let head = client.read_head();
        assert!(head.starts_with(b"HTTP/1.1 408 Request Timeout\r\n"), "{}", head.escape_ascii());
        assert!(head.windows(19).any(|part| part == b"\r\nConnection: close"), "{}", head.escape_ascii());
        client.read_to_close();
        let exchange = words::exchange(&proxy.exchange_of(client.address()));
        assert!(
            exchange.starts_with("failed 408, client send timed-out: the client sent nothing"),
            "{exchange}"
        );
        origin.ended(0);
    }
}
