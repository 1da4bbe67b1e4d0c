//! Extended CONNECT (RFC 8441) through the hop: to origins that take it, and as Upgrade to those that do not.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::http2::{Client2, World, request, status, whole, write};
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use hopscope::exchange::Head;
use hopscope::hop::websocket_accept;
use http::{HeaderValue, Method, Request, Response};
use std::net::SocketAddr;
use std::sync::Mutex;

/// A CONNECT for a WebSocket.
fn connect(path: &str) -> Request<()> {
    let mut request = request("CONNECT", path);
    *request.method_mut() = Method::CONNECT;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    request.headers_mut().insert("sec-websocket-version", HeaderValue::from_static("13"));
    request
}

/// The answer; the proxy's settings allow to ask.
pub(super) async fn open(client: &Client2, path: &str) -> (Response<RecvStream>, SendStream<bytes::Bytes>) {
    assert!(client.sender.is_extended_connect_protocol_enabled());
    let (response, stream) = client.begin(connect(path), false).await;
    (response.await.unwrap(), stream)
}

/// So many bytes of a stream.
pub(super) async fn exactly(stream: &mut RecvStream, length: usize) -> Vec<u8> {
    let mut got = Vec::new();
    while got.len() < length {
        let data = stream.data().await.expect("more bytes").unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        got.extend_from_slice(&data);
    }
    got
}

/// Whether nothing more comes.
async fn is_over(stream: &mut RecvStream) -> bool {
    while let Some(data) = stream.data().await {
        // The end may come in a frame of its own.
        if !data.unwrap().is_empty() {
            return false;
        }
    }
    true
}

/// Close frames of a WebSocket, masked and not (RFC 6455 5.5.1).
const CLIENT_CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
const SERVER_CLOSE: &[u8] = &[0x88, 0x02, 0x03, 0xe8];

#[test]
fn rfc8441_5_a_websocket_over_http2_both_ways() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let allow = |builder: &mut h2::server::Builder| {
        builder.enable_connect_protocol();
    };
    let alpn = ["h2", "http/1.1"];
    let origin =
        world.origin_with(proxy.origin_ca().server(), &alpn, allow, |request, mut respond| async move {
            assert_eq!(request.method(), Method::CONNECT);
            assert_eq!(request.extensions().get::<Protocol>().map(Protocol::as_str), Some("websocket"));
            let mut body = request.into_body();
            let mut stream = respond.send_response(status(200), false).unwrap();
            let got = exactly(&mut body, CLIENT_CLOSE.len()).await;
            assert_eq!(got, CLIENT_CLOSE);
            assert!(is_over(&mut body).await, "the client's half ends");
            write(&mut stream, SERVER_CLOSE, true).await.unwrap();
        });
    let client = world.client(&proxy, origin.address());
    world.run(async {
        let (answer, mut stream) = open(&client, "/chat").await;
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body();
        write(&mut stream, CLIENT_CLOSE, true).await.unwrap();
        assert_eq!(exactly(&mut body, SERVER_CLOSE.len()).await, SERVER_CLOSE);
        assert!(is_over(&mut body).await);
    });
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 200 [upgraded]");
    assert_eq!(words::bodies(&exchange), "request 8, response 4");
    assert_eq!((exchange.summary.method.as_str(), exchange.summary.path.as_str()), ("CONNECT", "/chat"));
}

/// The 101 to this request, with these lines too (RFC 6455 4.2.2).
pub(super) fn accepting(request: &[u8], lines: &str) -> String {
    let request = Head::parse(request.to_vec().into());
    let accept = websocket_accept(request.value("Sec-WebSocket-Key").unwrap());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\n{lines}Upgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// An origin of HTTP/1.1 that switches, and echoes what the client says.
fn switching(peer: &mut Peer) {
    let head = String::from_utf8(peer.read_head()).unwrap();
    assert!(head.starts_with("GET /chat HTTP/1.1\r\n"), "{head}");
    let lower = head.to_ascii_lowercase();
    for line in [
        "upgrade: websocket\r\n",
        "connection: upgrade\r\n",
        "sec-websocket-key: ",
        "sec-websocket-version: 13",
    ] {
        assert!(lower.contains(line), "{line} in {head}");
    }
    peer.send(accepting(head.as_bytes(), ""));
    assert_eq!(peer.read_exact(CLIENT_CLOSE.len()), CLIENT_CLOSE);
    peer.send(SERVER_CLOSE);
}

#[test]
fn rfc8441_5_a_websocket_to_an_origin_of_http1() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = Origin::secured(proxy.origin_ca().server(), |peer, _| switching(peer));
    let client = world.client_only(&proxy, origin.address());
    world.run(async {
        let (answer, mut stream) = open(&client, "/chat").await;
        assert_eq!(answer.status(), 200, "a 101 is a 200 there");
        assert!(!answer.headers().contains_key("sec-websocket-accept"));
        let mut body = answer.into_body();
        write(&mut stream, CLIENT_CLOSE, false).await.unwrap();
        assert_eq!(exactly(&mut body, SERVER_CLOSE.len()).await, SERVER_CLOSE);
        assert!(is_over(&mut body).await);
        write(&mut stream, "", true).await.unwrap();
    });
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 200 [upgraded]");
}

#[test]
fn rfc8441_3_an_origin_that_did_not_allow_it_is_asked_over_http1() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    // What serves both is two servers behind one port: by ALPN.
    let far = Origin::secured(proxy.origin_ca().server(), |peer, _| switching(peer));
    let http1 = far.address();
    let origin = world.origin_or(proxy.origin_ca().server(), http1, |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    assert_eq!(world.run(client.get("/")).unwrap().head.status, 204);
    world.run(async {
        let (answer, mut stream) = open(&client, "/chat").await;
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body();
        write(&mut stream, CLIENT_CLOSE, true).await.unwrap();
        assert_eq!(exactly(&mut body, SERVER_CLOSE.len()).await, SERVER_CLOSE);
    });
    assert_eq!(origin.connections(), 2);
}

/// An Upgrade to a WebSocket by a client of HTTP/1.1, and its answer's head.
fn upgrading(proxy: &Proxy, origin: SocketAddr) -> (Peer, String) {
    let authority = format!("localhost:{}", origin.port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let mut client = tunnel.secured(proxy.pem(), "localhost").unwrap();
    client.send(format!(
        "GET /chat HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ));
    let head = String::from_utf8(client.read_head()).unwrap();
    (client, head)
}

#[test]
fn rfc8441_5_an_upgrade_to_an_origin_of_http2_alone() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let allow = |builder: &mut h2::server::Builder| {
        builder.enable_connect_protocol();
    };
    let serve = |request: Request<RecvStream>, mut respond: h2::server::SendResponse<bytes::Bytes>| async move {
        assert_eq!(request.extensions().get::<Protocol>().map(Protocol::as_str), Some("websocket"));
        assert!(!request.headers().contains_key("sec-websocket-key"));
        let mut body = request.into_body();
        let mut stream = respond.send_response(status(200), false).unwrap();
        assert_eq!(exactly(&mut body, CLIENT_CLOSE.len()).await, CLIENT_CLOSE);
        write(&mut stream, SERVER_CLOSE, true).await.unwrap();
    };
    let origin = world.origin_with(proxy.origin_ca().server(), &["h2"], allow, serve);
    let (mut client, head) = upgrading(&proxy, origin.address());
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let lower = head.to_ascii_lowercase();
    for line in ["upgrade: websocket\r\n", "connection: upgrade\r\n"] {
        assert!(lower.contains(line), "{line} in {head}");
    }
    assert!(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    assert!(!lower.contains("transfer-encoding"), "{head}");
    client.send(CLIENT_CLOSE);
    assert_eq!(client.read_exact(SERVER_CLOSE.len()), SERVER_CLOSE);
    assert!(client.is_closed());
    let me = client.address();
    drop(client);
    let exchange = proxy.exchanges_of(me, 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 101 [upgraded]");
    let said = proxy.said(exchange.summary.id, 2);
    assert!(said.iter().all(|found| found.message.says.contains("1000 normal closure")), "{said:?}");
}

#[test]
fn rfc8441_3_an_upgrade_to_an_origin_of_http2_alone_that_did_not_allow_it() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin_of(proxy.origin_ca().server(), &["h2"], |request, mut respond| async move {
        assert_ne!(request.method(), Method::CONNECT);
        respond.send_response(status(204), true).unwrap();
    });
    let (client, head) = upgrading(&proxy, origin.address());
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(says.contains("takes neither extended CONNECT (RFC 8441) nor HTTP/1.1"), "{says}");
}

#[test]
fn rfc6455_4_1_an_accept_that_does_not_fit_our_key_is_refused() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = Origin::secured(proxy.origin_ca().server(), |peer, _| {
        let head = peer.read_head();
        peer.send(accepting(&head, "").replace("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: A"));
        peer.read_to_close();
    });
    let client = world.client_only(&proxy, origin.address());
    let answer = world.run(async { whole(client.begin(connect("/chat"), false).await.0).await }).unwrap();
    assert_eq!(answer.head.status, 502);
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains("RFC 6455 4.1"), "{body}");
}

#[test]
fn rfc9113_7_the_code_of_a_reset_is_carried_over() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let allow = |builder: &mut h2::server::Builder| {
        builder.enable_connect_protocol();
    };
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let origin = world.origin_with(
        proxy.origin_ca().server(),
        &["h2"],
        allow,
        move |request: Request<RecvStream>, mut respond: h2::server::SendResponse<bytes::Bytes>| {
            let tell = tell.clone();
            async move {
                let mut stream = respond.send_response(status(200), false).unwrap();
                let resets = request.uri().path() == "/reset";
                let mut body = request.into_body();
                if resets {
                    // A reset would overtake the head.
                    exactly(&mut body, CLIENT_CLOSE.len()).await;
                    return stream.send_reset(Reason::INADEQUATE_SECURITY);
                }
                let error = body.data().await.unwrap().unwrap_err();
                tell.send(error.reason()).unwrap();
            }
        },
    );
    let client = world.client(&proxy, origin.address());
    world.run(async {
        let (answer, mut stream) = open(&client, "/reset").await;
        write(&mut stream, CLIENT_CLOSE, false).await.unwrap();
        let error = answer.into_body().data().await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(Reason::INADEQUATE_SECURITY), "toward the client");
        drop(stream);
        let (answer, mut stream) = open(&client, "/take").await;
        stream.send_reset(Reason::INTERNAL_ERROR);
        assert_eq!(told.recv().await.unwrap(), Some(Reason::INTERNAL_ERROR), "toward the origin");
        drop(answer);
    });
}

#[test]
fn rfc8441_5_a_reset_ends_the_other_side() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let (gone, closed) = std::sync::mpsc::channel();
    let gone = Mutex::new(gone);
    let origin = Origin::secured(proxy.origin_ca().server(), move |peer, _| {
        let head = peer.read_head();
        peer.send(accepting(&head, ""));
        gone.lock().unwrap().send(peer.is_closed()).unwrap();
    });
    let client = world.client_only(&proxy, origin.address());
    world.run(async {
        let (answer, mut stream) = open(&client, "/chat").await;
        stream.send_reset(Reason::CANCEL);
        drop(answer);
    });
    assert!(closed.recv_timeout(crate::support::client::DEADLINE).unwrap());
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(says.starts_with("failed 200, client tunnel reset: "), "{says}");
}

#[test]
fn rfc9113_8_5_a_connect_within_a_tunnel_is_refused_in_words() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    let connect = Request::builder().method("CONNECT").uri("other:443").body(()).unwrap();
    let answer = world.run(client.ask(connect)).unwrap();
    assert_eq!(answer.head.status, 501);
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains("CONNECT inside an intercepted tunnel"), "{body}");
    assert_eq!(world.run(client.get("/")).unwrap().head.status, 204);
}

#[test]
fn rfc9113_3_3_prior_knowledge_within_a_tunnel() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.plain_origin(|request, mut respond| async move {
        assert_eq!(request.uri().path(), "/clear");
        respond.send_response(status(204), true).unwrap();
    });
    let client = world.plain_client(&proxy, origin.address());
    let asked = Request::builder().uri("http://localhost/clear").body(()).unwrap();
    assert_eq!(world.run(client.ask(asked)).unwrap().head.status, 204);
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 204");
    assert_eq!((exchange.summary.version.as_str(), exchange.summary.scheme.as_str()), ("HTTP/2", "http"));
}
