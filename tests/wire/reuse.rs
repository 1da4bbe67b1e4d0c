//! Which connection a request goes out on, and when it goes out again.

use super::words;
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::Reuse;
use hopscope::exchange::{Exchange, Flags};
use hopscope::listener::shards;
use std::net::SocketAddr;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// One request on a connection, its answer read.
fn ask(client: &mut Peer, method: &str, origin: SocketAddr) -> String {
    client.send(format!("{method} http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n"));
    let (head, body) = client.read_message();
    String::from_utf8([head, body].concat()).unwrap()
}

/// A client's connection with one request on it. When this returns, hopscope is done with it.
fn one_request(proxy: &Proxy, origin: SocketAddr) -> Exchange {
    let mut client = Peer::connect(proxy.address());
    assert!(ask(&mut client, "GET", origin).starts_with("HTTP/1.1 200 "));
    client.finish();
    assert!(client.is_closed());
    proxy.exchange_of(client.address())
}

#[test]
fn a_clients_requests_go_out_on_one_connection() {
    let proxy = Proxy::start(|_| ());
    let origin = Origin::answering(OK);
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    for _ in 0..3 {
        ask(&mut client, "GET", origin.address());
    }
    let exchanges = proxy.exchanges_of(me, 3);
    let used: Vec<_> = exchanges.iter().map(|exchange| exchange.origin_connection.unwrap()).collect();
    assert_eq!(used.iter().map(|(id, _)| id).collect::<std::collections::HashSet<_>>().len(), 1);
    assert_eq!(used.iter().map(|(_, reused)| *reused).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn another_client_takes_a_pooled_connection() {
    let proxy = Proxy::start(|_| ());
    let origin = Origin::answering(OK);
    // Each shard has a pool of its own: among one client more than shards, two share one.
    let exchanges: Vec<Exchange> = (0..=shards()).map(|_| one_request(&proxy, origin.address())).collect();
    assert!(origin.connections() <= shards(), "{} connections", origin.connections());
    assert!(exchanges.iter().any(|exchange| exchange.origin_connection.unwrap().1));
}

#[test]
fn two_clients_at_once_do_not_share_a_connection() {
    let proxy = Proxy::start(|_| ());
    let origin = Origin::answering(OK);
    let mut clients: Vec<Peer> = (0..4).map(|_| Peer::connect(proxy.address())).collect();
    for _ in 0..2 {
        for client in &mut clients {
            ask(client, "GET", origin.address());
        }
    }
    assert_eq!(origin.connections(), 4);
}

#[test]
fn ntlm_binds_a_connection_to_its_client() {
    let proxy = Proxy::start(|_| ());
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n");
    for _ in 0..=shards() {
        one_request(&proxy, origin.address());
    }
    assert_eq!(origin.connections(), shards() + 1, "nobody else may speak as that client");
}

#[test]
fn reuse_can_be_turned_off() {
    let proxy = Proxy::start(|settings| settings.origin.reuse = Reuse::Never);
    let origin = Origin::answering(OK);
    let mut client = Peer::connect(proxy.address());
    ask(&mut client, "GET", origin.address());
    ask(&mut client, "GET", origin.address());
    assert_eq!(origin.connections(), 2);
}

/// An origin whose first connection answers once, and at the second request closes (or resets)
/// without a word.
fn dying(reset: bool) -> Origin {
    Origin::start(move |peer, number| {
        if number == 0 {
            peer.read_message();
            peer.send(OK);
            peer.read_message();
            if reset {
                peer.reset();
            }
            return;
        }
        while peer.awaits() {
            peer.read_message();
            peer.send(OK);
        }
    })
}

#[test]
fn rfc9110_9_2_2_a_get_on_a_connection_that_died_is_sent_again() {
    retried(&dying(false));
}

#[test]
fn rfc9110_9_2_2_a_get_on_a_connection_that_was_reset_is_sent_again() {
    retried(&dying(true));
}

fn retried(origin: &Origin) {
    let proxy = Proxy::start(|_| ());
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    ask(&mut client, "GET", origin.address());
    let answer = ask(&mut client, "GET", origin.address());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hi"), "{answer}");
    let [first, second] = <[Exchange; 2]>::try_from(proxy.exchanges_of(me, 2)).unwrap();
    assert_eq!(words::exchange(&second), "done 200 [retried]");
    assert!(second.summary.flags.has(Flags::RETRIED));
    let [attempt] = second.attempts.as_slice() else { panic!("{:?}", second.attempts) };
    assert_eq!(attempt.connection, first.origin_connection.unwrap().0, "the one that died");
    assert!(attempt.says.starts_with("the reused connection had died"), "{}", attempt.says);
    let (counted, reused) = second.origin_connection.unwrap();
    assert!(counted != attempt.connection && !reused);
    let sent = second.heads.request_sent.as_ref().unwrap();
    assert_eq!(origin.received(1), &sent[..], "what the counted connection got");
    assert_eq!(origin.ended(0), [sent.as_ref(), sent.as_ref()].concat());
}

#[test]
fn rfc9110_9_2_2_a_post_with_a_body_is_not_sent_again() {
    let proxy = Proxy::start(|_| ());
    let origin = dying(false);
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    ask(&mut client, "GET", origin.address());
    client.send(format!(
        "POST http://{0}/ HTTP/1.1\r\nHost: {0}\r\nContent-Length: 3\r\n\r\nabc",
        origin.address()
    ));
    let (head, _) = client.read_message();
    assert!(head.starts_with(b"HTTP/1.1 502 Bad Gateway\r\n"), "{}", head.escape_ascii());
    let exchange = proxy.exchanges_of(me, 2).remove(1);
    let says = words::exchange(&exchange);
    let wanted = format!(
        "failed 502, origin wait closed: {} closed the connection without an answer [ours]",
        origin.address()
    );
    assert_eq!(says, wanted);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_connection_that_closed_while_idle_is_not_tried() {
    let proxy = Proxy::start(|_| ());
    let origin = Origin::start(|peer, _| {
        peer.read_message();
        peer.send(OK);
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    for number in 0..3 {
        let answer = ask(&mut client, "POST", origin.address());
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        // Its close is at hopscope before the next request is.
        origin.ended(number);
    }
    for exchange in proxy.exchanges_of(me, 3) {
        assert_eq!(words::exchange(&exchange), "done 200");
    }
}
