//! HTTP/2 with the proxy itself: tunnels as streams (RFC 9113 8.5), and requests for whatever they name.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::frames::{block, code, data, field, flag, frame, kind, reset};
use crate::support::http2::{Raw, World, door, raw_door};
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::Http2;
use hopscope::exchange::Kind;
use std::net::SocketAddr;
use std::sync::mpsc;

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// CONNECT, its stream left open.
fn connect(stream: u32, to: SocketAddr, fields: &[(&str, &str)]) -> Vec<u8> {
    let pseudo = [field(":method", "CONNECT"), field(":authority", to.to_string())].concat();
    frame(kind::HEADERS, flag::END_HEADERS, stream, &[pseudo, block(fields)].concat())
}

/// A request without content for what it names.
fn absolute(stream: u32, method: &str, to: SocketAddr, path: &str) -> Vec<u8> {
    let authority = to.to_string();
    let pseudo = [(":method", method), (":scheme", "http"), (":authority", &authority), (":path", path)];
    frame(kind::HEADERS, flag::WHOLE, stream, &block(&pseudo))
}

/// Waits for the answer on a stream, which has this status.
async fn answered(raw: &mut Raw, stream: u32, status: &str) {
    let (_, on, block) = raw.next(kind::HEADERS).await.expect("an answer");
    let is = match status {
        "200" => block.first() == Some(&0x88),
        // In Huffman's code, which is shorter for this one (RFC 7541 B).
        "502" => block.starts_with(&[0x48, 0x82, 0x6c, 0x02]),
        status => block.windows(3).any(|three| three == status.as_bytes()),
    };
    assert!(on == stream && is, "stream {on}: {}", block.escape_ascii());
}

/// So many octets of a stream's content; what others send meanwhile is passed over.
async fn content(raw: &mut Raw, stream: u32, length: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < length {
        let (_, on, part) = raw.next(kind::DATA).await.expect("content");
        if on == stream {
            all.extend(part);
        }
    }
    all
}

/// The code with which a stream is reset. Others may be: one whose answer came before its end is, with `NO_ERROR`
/// (RFC 9113 8.1).
async fn reset_of(raw: &mut Raw, stream: u32) -> u32 {
    loop {
        let frame = raw.frame().await.expect("a reset");
        if (frame.kind, frame.stream) == (kind::RST_STREAM, stream) {
            return frame.code().unwrap();
        }
    }
}

#[test]
fn rfc9113_8_5_a_tunnel_carries_bytes_both_ways_and_ends_by_halves() {
    let (proxy, world) = (Proxy::start(plain), World::new());
    let origin = Origin::start(|peer, _| {
        peer.send("220 mail\r\n");
        assert_eq!(peer.read_to_close(), b"QUIT\r\n");
        peer.send("221 bye\r\n");
    });
    let me = world.run(async {
        let (mut raw, me) = raw_door(&proxy).await;
        raw.put(&connect(1, origin.address(), &[])).await;
        answered(&mut raw, 1, "200").await;
        assert_eq!(content(&mut raw, 1, 10).await, b"220 mail\r\n");
        raw.put(&data(1, flag::END_STREAM, b"QUIT\r\n")).await;
        assert_eq!(content(&mut raw, 1, 9).await, b"221 bye\r\n");
        while raw.next(kind::DATA).await.expect("the end of the stream").0 & flag::END_STREAM == 0 {}
        me
    });
    let exchange = proxy.exchange_of(me);
    assert_eq!(words::exchange(&exchange), "done 200 [tunnel]");
    assert_eq!(
        (exchange.summary.method.as_str(), exchange.summary.version.as_str(), exchange.summary.status),
        ("CONNECT", "HTTP/2", Some(200))
    );
    assert_eq!((exchange.request_body.length, exchange.response_body.length), (6, 19));
}

#[test]
fn rfc9113_8_5_tunnels_and_requests_share_a_connection() {
    let (proxy, world) = (Proxy::start(plain), World::new());
    let origin = Origin::answering(ANSWER);
    let me = world.run(async {
        let (mut raw, me) = raw_door(&proxy).await;
        raw.put(&connect(1, origin.address(), &[])).await;
        answered(&mut raw, 1, "200").await;
        raw.put(&connect(3, origin.address(), &[])).await;
        answered(&mut raw, 3, "200").await;
        for stream in [3, 1] {
            raw.put(&data(stream, 0, format!("GET /{stream} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())).await;
            assert!(content(&mut raw, stream, 60).await.starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
        raw.put(&absolute(5, "GET", origin.address(), "/5")).await;
        answered(&mut raw, 5, "200").await;
        assert_eq!(content(&mut raw, 5, 2).await, b"ok");
        me
    });
    let exchanges = proxy.exchanges_of(me, 5);
    let told = |path: &str| exchanges.iter().find(|exchange| exchange.summary.path == path).unwrap();
    for (path, connect) in [("/1", &exchanges[0]), ("/3", &exchanges[1])] {
        assert_eq!(words::exchange(connect), "done 200 [intercepted]");
        assert_eq!(told(path).tunnel, Some(connect.summary.id));
        assert_eq!(told(path).summary.url(), format!("http://{}{path}", origin.address()));
    }
    let direct = told("/5");
    assert_eq!((direct.tunnel, direct.summary.version.as_str()), (None, "HTTP/2"));
    let sent = String::from_utf8(direct.heads.request_sent.clone().unwrap().to_vec()).unwrap();
    assert!(sent.starts_with(&format!("GET /5 HTTP/1.1\r\nHost: {}\r\n", origin.address())), "{sent}");
    assert!(sent.contains("\r\nVia: 2.0 hopscope\r\n"), "{sent}");
}

#[test]
fn rfc9113_8_5_what_is_no_tunnel_is_answered_and_the_connection_lives_on() {
    let (proxy, world) = (Proxy::start(plain), World::new());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let origin = Origin::answering(ANSWER);
    let me = world.run(async {
        let (mut raw, me) = raw_door(&proxy).await;
        raw.put(&connect(1, nobody, &[])).await;
        answered(&mut raw, 1, "502").await;
        // "The ":scheme" and ":path" pseudo-header fields MUST be omitted."
        let path = [field(":method", "CONNECT"), field(":authority", "a:1"), field(":path", "/")].concat();
        raw.put(&frame(kind::HEADERS, flag::END_HEADERS, 3, &path)).await;
        assert_eq!(reset_of(&mut raw, 3).await, code::PROTOCOL_ERROR);
        raw.put(&connect(5, proxy.address(), &[])).await;
        answered(&mut raw, 5, "508").await;
        raw.put(&absolute(7, "GET", origin.address(), "/7")).await;
        answered(&mut raw, 7, "200").await;
        me
    });
    let exchanges = proxy.exchanges_of(me, 4);
    let kinds: Vec<_> =
        exchanges.iter().filter_map(|exchange| Some(exchange.summary.failure.as_ref()?.kind)).collect();
    assert_eq!(kinds, [Kind::Refused, Kind::Malformed, Kind::Loop]);
}

#[test]
fn rfc9113_8_5_a_broken_end_breaks_the_other() {
    let (proxy, world) = (Proxy::start(plain), World::new());
    let origin = Origin::start(|peer, number| {
        peer.send("hello");
        if number == 0 {
            assert_eq!(peer.read_exact(3), b"bye");
            peer.reset();
        } else {
            peer.read_to_close();
        }
    });
    world.run(async {
        let (mut raw, _) = raw_door(&proxy).await;
        raw.put(&connect(1, origin.address(), &[])).await;
        assert_eq!(content(&mut raw, 1, 5).await, b"hello");
        raw.put(&data(1, 0, b"bye")).await;
        // "A TCP connection error is signaled with RST_STREAM", of type CONNECT_ERROR.
        assert_eq!(reset_of(&mut raw, 1).await, code::CONNECT_ERROR);
        raw.put(&connect(3, origin.address(), &[])).await;
        assert_eq!(content(&mut raw, 3, 5).await, b"hello");
        raw.put(&reset(3, 8)).await;
        origin.ended(1);
        // Only DATA crosses a tunnel.
        raw.put(&connect(5, origin.address(), &[])).await;
        assert_eq!(content(&mut raw, 5, 5).await, b"hello");
        raw.put(&frame(kind::HEADERS, flag::WHOLE, 5, &field("a", "b"))).await;
        assert_eq!(reset_of(&mut raw, 5).await, code::PROTOCOL_ERROR);
        origin.ended(2);
    });
}

#[test]
fn rfc9110_11_7_credentials_are_asked_for_on_each_stream() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.auth = Some("me:secret".to_owned());
    });
    let (world, origin) = (World::new(), Origin::answering(ANSWER));
    world.run(async {
        let (mut raw, _) = raw_door(&proxy).await;
        raw.put(&connect(1, origin.address(), &[])).await;
        answered(&mut raw, 1, "407").await;
        raw.put(&connect(3, origin.address(), &[("proxy-authorization", "Basic bWU6c2VjcmV0")])).await;
        answered(&mut raw, 3, "200").await;
    });
}

#[test]
fn each_tunnel_counts_as_a_connection_of_its_client() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.client_connections = 3;
    });
    let origin = Origin::start(|peer, _| {
        peer.send("hello");
        peer.read_to_close();
    });
    let world = World::new();
    let me = world.run(async {
        let (mut raw, me) = raw_door(&proxy).await;
        for stream in [1, 3] {
            raw.put(&connect(stream, origin.address(), &[])).await;
            answered(&mut raw, stream, "200").await;
            // An origin that has not said it yet could not, once its tunnel is reset.
            assert_eq!(raw.next(kind::DATA).await.unwrap().2, b"hello");
        }
        raw.put(&connect(5, origin.address(), &[])).await;
        answered(&mut raw, 5, "503").await;
        // Its place is free again once the proxy has seen the tunnel go.
        raw.put(&reset(1, 8)).await;
        origin.ended(0);
        let mut stream = 7;
        loop {
            raw.put(&connect(stream, origin.address(), &[])).await;
            if raw.next(kind::HEADERS).await.expect("an answer").2.first() == Some(&0x88) {
                assert_eq!(raw.next(kind::DATA).await.unwrap().2, b"hello");
                return me;
            }
            stream += 2;
        }
    });
    let row = proxy.row(|row| row.client == me.to_string() && row.status == Some(503));
    let failure = row.failure.unwrap();
    assert_eq!(failure.kind, Kind::TooMany);
    assert!(failure.says.contains("3 connections and tunnels"), "{}", failure.says);
}

#[test]
fn http2_is_offered_at_the_door_only_where_it_is_spoken() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.intercept.http2 = Http2::Off;
    });
    World::new().run(async {
        let (tls, _) = door(&proxy, &["h2", "http/1.1"]).await;
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    });
}

/// A client that goes takes its tunnels along.
#[test]
fn a_connection_that_ends_ends_its_tunnels() {
    let (proxy, world) = (Proxy::start(plain), World::new());
    let (tell, told) = mpsc::channel();
    let origin = Origin::start(move |peer: &mut Peer, _| {
        peer.send("hello");
        peer.read_to_close();
        tell.send(()).unwrap();
    });
    world.run(async {
        let (mut raw, _) = raw_door(&proxy).await;
        for stream in [1, 3] {
            raw.put(&connect(stream, origin.address(), &[])).await;
            assert_eq!(content(&mut raw, stream, 5).await, b"hello");
        }
    });
    told.recv().unwrap();
    told.recv().unwrap();
}
