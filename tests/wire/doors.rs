//! The doors beside HTTP, and what keeps them: SOCKS5 byte by byte, guesses at the password, clients that
//! take too many connections or too much time.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::exchange::{Exchange, Kind, Phase, Side};
use std::net::SocketAddr;
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A SOCKS5 request for an address.
fn request(to: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(to) = to else { panic!("an IPv4 address") };
    [&[5, 1, 0, 1][..], &to.ip().octets(), &to.port().to_be_bytes()].concat()
}

/// A client whose greeting was answered with this method.
fn greeted(proxy: &Proxy, methods: &[u8], chosen: u8) -> Peer {
    let mut client = Peer::connect(proxy.address());
    client.send([&[5, u8::try_from(methods.len()).unwrap()], methods].concat());
    assert_eq!(client.read_exact(2), [5, chosen]);
    client
}

/// Whatever comes, and the record once it is over.
fn ended(proxy: &Proxy, mut client: Peer) -> (Vec<u8>, Exchange) {
    let me = client.address();
    let rest = client.read_to_close();
    drop(client);
    (rest, proxy.exchange_of(me))
}

#[test]
fn rfc1928_http_and_tls_and_anything_else_behind_socks5() {
    let proxy = Proxy::start(plain);
    let origin = Origin::answering(OK);
    let mut client = greeted(&proxy, &[0, 2], 0);
    let me = client.address();
    client.send_pieces(request(origin.address()), 1);
    assert_eq!(client.read_exact(10)[..4], [5, 0, 0, 1]);
    client.send("GET /a HTTP/1.1\r\nHost: name.test\r\n\r\n");
    assert!(
        client.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 hopscope")
    );
    drop(client);
    let exchanges = proxy.exchanges_of(me, 2);
    assert_eq!(words::exchange(&exchanges[0]), "done - [intercepted]");
    assert_eq!(
        (exchanges[0].summary.method.as_str(), exchanges[0].summary.version.as_str()),
        ("CONNECT", "SOCKS5")
    );
    assert_eq!(exchanges[1].summary.url(), format!("http://{}/a", origin.address()));
    assert_eq!(exchanges[1].tunnel, Some(exchanges[0].summary.id));

    let secure = Origin::secured_answering(proxy.origin_ca().server(), OK);
    let mut client = greeted(&proxy, &[0], 0);
    let name = [&[5, 1, 0, 3, 9][..], b"LocalHost", &secure.address().port().to_be_bytes()].concat();
    client.send(name);
    assert_eq!(client.read_exact(10)[1], 0);
    let mut client = client.secured(proxy.pem(), "localhost").unwrap();
    client.send("GET /b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(client.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(
        proxy.row(|row| row.path == "/b").url(),
        format!("https://localhost:{}/b", secure.address().port())
    );

    let speaks_first = Origin::start(|peer, _| {
        peer.send("220 mail\r\n");
        assert_eq!(peer.read_to_close(), b"QUIT\r\n");
        peer.send("221 bye\r\n");
    });
    let mut client = greeted(&proxy, &[0], 0);
    client.send(request(speaks_first.address()));
    client.read_exact(10);
    assert_eq!(client.read_exact(10), b"220 mail\r\n");
    client.send("QUIT\r\n");
    client.finish();
    let (rest, exchange) = ended(&proxy, client);
    assert_eq!(rest, b"221 bye\r\n", "the other half stays open");
    assert_eq!(words::exchange(&exchange), "done - [tunnel]");
    assert_eq!((exchange.request_body.length, exchange.response_body.length), (6, 19));
}

#[test]
fn rfc1928_what_is_not_served_is_answered_and_recorded() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.head_timeout = Duration::from_millis(300);
    });
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = request(nobody);
        bytes[at] = byte;
        bytes
    };
    for (bytes, reply, kind, says) in [
        (request(nobody), 5, Kind::Refused, "nothing listens there"),
        (with(1, 2), 7, Kind::Denied, "command 2 is not served"),
        (with(3, 9), 8, Kind::Malformed, "names no address"),
        (request(proxy.address()), 2, Kind::Loop, "hopscope itself listens"),
    ] {
        let mut client = greeted(&proxy, &[0], 0);
        client.send(bytes);
        let (answer, exchange) = ended(&proxy, client);
        assert_eq!(answer[..2], [5, reply], "{says}");
        let failure = exchange.summary.failure.unwrap();
        assert_eq!(failure.kind, kind, "{}", failure.says);
        assert!(failure.says.contains(says), "{}", failure.says);
    }
    let (answer, exchange) = ended(&proxy, {
        let mut client = Peer::connect(proxy.address());
        client.send([5, 1, 1]);
        client
    });
    assert_eq!(answer, [5, 0xFF]);
    assert_eq!(exchange.summary.failure.unwrap().kind, Kind::Denied);
    let (answer, exchange) = ended(&proxy, {
        let mut client = Peer::connect(proxy.address());
        client.send([4, 1, 0, 80, 127, 0, 0, 1, 0]);
        client
    });
    assert_eq!(answer[..2], [0, 91]);
    assert!(exchange.summary.failure.unwrap().says.contains("SOCKS4"));
    let mut slow = Peer::connect(proxy.address());
    slow.send([5]);
    let me = slow.address();
    assert_eq!(proxy.exchange_of(me).summary.failure.unwrap().kind, Kind::TimedOut);
}

#[test]
fn rfc1929_the_password_is_asked_for_and_guesses_are_counted() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.auth = Some("me:secret".to_owned());
        settings.limits.wrong_credentials = 3;
    });
    let origin = Origin::answering(OK);
    let mut client = greeted(&proxy, &[0, 2], 2);
    client.send(b"\x01\x02me\x06secret");
    assert_eq!(client.read_exact(2), [1, 0]);
    client.send(request(origin.address()));
    assert_eq!(client.read_exact(10)[1], 0);

    let (answer, exchange) = ended(&proxy, greeted(&proxy, &[0], 0xFF));
    assert!(answer.is_empty() && exchange.summary.failure.unwrap().says.contains("--auth"));

    let guess = |words: &str| {
        let mut client = greeted(&proxy, &[2], 2);
        client.send(b"\x01\x02me\x05wrong");
        let (answer, exchange) = ended(&proxy, client);
        assert_eq!(answer, [1, 1]);
        let failure = exchange.summary.failure.unwrap();
        assert!(failure.says.contains(words), "{}", failure.says);
    };
    guess("(1 within a minute)");
    guess("(2 within a minute)");
    let at = origin.address();
    let ask = |credentials: &str| {
        let mut client = Peer::connect(proxy.address());
        client.send(format!(
            "GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
        ));
        let me = client.address();
        let head = String::from_utf8(client.read_message().0).unwrap();
        drop(client);
        (head, proxy.exchange_of(me))
    };
    assert!(ask("bWU6d3Jvbmc=").0.starts_with("HTTP/1.1 407 "));
    // The right ones are not looked at either: who guesses learns nothing.
    let (head, exchange) = ask("bWU6c2VjcmV0");
    assert!(head.starts_with("HTTP/1.1 429 ") && head.contains("\r\nRetry-After: "), "{head}");
    let failure = exchange.summary.failure.unwrap();
    assert_eq!((failure.side, failure.kind), (Side::Client, Kind::TooMany), "{}", failure.says);
    guess("limits.wrong_credentials");
}

#[test]
fn a_client_with_too_many_connections_is_turned_away() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.client_connections = 2;
    });
    let origin = Origin::answering(OK);
    let ask = |client: &mut Peer| {
        client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
        String::from_utf8(client.read_message().0).unwrap()
    };
    let (mut one, mut two) = (Peer::connect(proxy.address()), Peer::connect(proxy.address()));
    for client in [&mut one, &mut two] {
        assert!(ask(client).starts_with("HTTP/1.1 200 "));
    }
    let mut three = Peer::connect(proxy.address());
    let me = three.address();
    let head = ask(&mut three);
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("error=connection_limit_reached"), "{head}");
    let exchange = proxy.exchange_of(me);
    assert_eq!(exchange.summary.status, Some(503));
    assert_eq!(exchange.summary.failure.unwrap().kind, Kind::TooMany);
    assert!(ask(&mut one).starts_with("HTTP/1.1 200 "), "others are served meanwhile");
    drop(two);
    // The place is free again once the proxy has seen the client go.
    let served = std::iter::repeat_with(|| ask(&mut Peer::connect(proxy.address()))).take(10_000);
    assert!({ served }.any(|head| head.starts_with("HTTP/1.1 200 ")));
}

#[test]
fn all_connections_taken_is_told() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.connections = 2 * hopscope::listener::shards();
    });
    let held: Vec<_> =
        (0..4 * hopscope::listener::shards()).map(|_| Peer::connect(proxy.address())).collect();
    let row = proxy.row(|row| row.failure.as_ref().is_some_and(|failure| failure.kind == Kind::TooMany));
    assert!(row.failure.unwrap().says.contains("limits.connections"));
    drop(held);
}

#[test]
fn rfc9110_15_5_9_slow_heads_and_bodies_are_given_up_and_others_are_served() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.head_timeout = Duration::from_millis(400);
        settings.limits.body_timeout = Duration::from_millis(400);
    });
    let silent = Origin::start(|peer, _| {
        peer.read_to_close();
    });
    let origin = Origin::answering(OK);
    let mut slow: Vec<Peer> = (0..40)
        .map(|number| {
            let mut client = Peer::connect(proxy.address());
            let head =
                format!("POST http://{0}/ HTTP/1.1\r\nHost: {0}\r\nContent-Length: 9\r\n", silent.address());
            client.send(head + if number % 2 == 0 { "" } else { "\r\nabc" });
            client
        })
        .collect();
    let mut quick = Peer::connect(proxy.address());
    quick.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    assert!(quick.read_message().0.starts_with(b"HTTP/1.1 200 OK\r\n"));
    for client in &mut slow {
        assert!(client.read_message().0.starts_with(b"HTTP/1.1 408 "));
        let failure = proxy.exchange_of(client.address()).summary.failure.unwrap();
        assert_eq!((failure.side, failure.kind), (Side::Client, Kind::TimedOut), "{}", failure.says);
        assert!(failure.says.contains("body_timeout") == (failure.phase == Phase::Send), "{}", failure.says);
    }
}
