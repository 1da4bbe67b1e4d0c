//! Which version of HTTP is spoken on each side of the hop, and translation where they differ.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::http2::{World, read, request, status, tunnel, whole, write};
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::Http2;
use hopscope::exchange::Kind;
use http::{HeaderMap, HeaderValue};
use rustls::ServerConfig;
use std::sync::Arc;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// What a client that offers `alpn` agrees on with the proxy.
fn agreed(world: &World, proxy: &Proxy, origin: std::net::SocketAddr, alpn: &[&str]) -> Option<String> {
    let (tls, _) = world.run(tunnel(proxy, origin, alpn));
    tls.get_ref().1.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned())
}

fn with_alpn(config: &Arc<ServerConfig>, alpn: &[&str]) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(config);
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

#[test]
fn a_client_gets_what_its_origin_speaks() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let two = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    let one = Origin::secured_answering(proxy.origin_ca().server(), OK);
    let none = Origin::secured_answering(with_alpn(&proxy.origin_ca().server(), &[]), OK);
    // The second time it is remembered.
    for _ in 0..2 {
        assert_eq!(agreed(&world, &proxy, two.address(), &["h2", "http/1.1"]).as_deref(), Some("h2"));
        assert_eq!(agreed(&world, &proxy, one.address(), &["h2", "http/1.1"]).as_deref(), Some("http/1.1"));
        assert_eq!(agreed(&world, &proxy, none.address(), &["h2", "http/1.1"]).as_deref(), Some("http/1.1"));
        assert_eq!(agreed(&world, &proxy, one.address(), &["h2"]).as_deref(), Some("h2"));
        assert_eq!(agreed(&world, &proxy, two.address(), &["http/1.1"]).as_deref(), Some("http/1.1"));
    }
}

#[test]
fn http2_can_be_left_off() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.intercept.http2 = Http2::Off;
    });
    let world = World::new();
    let two = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    assert_eq!(agreed(&world, &proxy, two.address(), &["h2", "http/1.1"]).as_deref(), Some("http/1.1"));
}

#[test]
fn a_client_of_http2_alone_is_translated_to_an_origin_of_http1() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let config = with_alpn(&proxy.origin_ca().server(), &["http/1.1"]);
    let origin = Origin::secured(config, |peer, _| {
        while peer.awaits() {
            let (head, body) = peer.read_message();
            let head = String::from_utf8(head).unwrap();
            assert!(head.starts_with("POST /up HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
            assert_eq!(body, b"5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n");
            peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
            peer.send("HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nX-Case: Kept\r\n\r\n");
            peer.send("2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n");
        }
    });
    let client = world.client_only(&proxy, origin.address());
    for _ in 0..2 {
        let (interim, answer) = world.run(async {
            let (mut response, mut stream) = client.begin(request("POST", "/up"), false).await;
            write(&mut stream, "hello", false).await.unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("5"));
            stream.send_trailers(trailers).unwrap();
            let interim = std::future::poll_fn(|cx| response.poll_informational(cx)).await;
            (interim.unwrap().unwrap(), whole(response).await.unwrap())
        });
        assert_eq!(
            (interim.status().as_u16(), &interim.headers()["link"]),
            (103, &HeaderValue::from_static("</a>"))
        );
        assert_eq!((answer.head.status.as_u16(), &answer.body[..]), (200, &b"hi"[..]));
        assert_eq!(answer.head.headers["x-case"], "Kept");
        assert_eq!(answer.trailers.unwrap()["x-trailer"], "1");
    }
    for exchange in &proxy.exchanges_of(client.address(), 3)[1..] {
        assert_eq!(words::exchange(exchange), "done 200");
        assert_eq!(words::bodies(exchange), "request 5, response 2");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn rfc7301_3_2_an_origin_of_http2_alone_is_translated_from_a_client_of_http1() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin_of(proxy.origin_ca().server(), &["h2"], |request, mut respond| async move {
        assert_eq!(request.uri().path(), "/up");
        assert!(!request.headers().contains_key("host"));
        let got = read(&mut request.into_body()).await.unwrap();
        let mut stream = respond.send_response(status(200), false).unwrap();
        write(&mut stream, got, true).await.unwrap();
    });
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    let mut client = tunnel.secured(proxy.pem(), "localhost").unwrap();
    for _ in 0..2 {
        client.send(format!("POST /up HTTP/1.1\r\nHost: {authority}\r\nContent-Length: 5\r\n\r\nhello"));
        let (head, body) = client.read_message();
        assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", head.escape_ascii());
        assert_eq!(body, b"5\r\nhello\r\n0\r\n\r\n");
    }
    for exchange in &proxy.exchanges_of(me, 3)[1..] {
        assert_eq!(words::exchange(exchange), "done 200");
    }
    assert_eq!(origin.connections(), 2, "one was refused by its alert");
}

#[test]
fn an_origin_that_is_down_is_told_over_http2() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    // It takes the connection for CONNECT, and no handshake.
    let origin = Origin::start(|peer, _| {
        peer.awaits();
    });
    let client = world.client(&proxy, origin.address());
    let answer = world.run(client.get("/")).unwrap();
    assert_eq!(answer.head.status, 502);
    assert!(answer.head.headers.contains_key("proxy-status"));
    assert!(answer.body.starts_with(b"hopscope could not get an answer to this request."));
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let failure = exchange.summary.failure.clone().unwrap();
    assert!(matches!(failure.kind, Kind::Closed | Kind::Reset | Kind::Handshake), "{failure:?}");
    assert_eq!(origin.connections(), 1, "it is not tried twice for one exchange");
}
