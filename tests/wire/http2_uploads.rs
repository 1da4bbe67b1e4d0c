//! Requests of HTTP/2 whose content does not go the usual way: sent again, answered early, or stalled.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::frames::code::{NO_ERROR, REFUSED_STREAM};
use crate::support::frames::{
    NO_CONTENT, OK, block, credit, data, field, flag, frame, go_away, kind, post, reset, setting,
};
use crate::support::http2::{Raw, World, raw_client, read, request, status, whole, write};
use crate::support::proxy::Proxy;
use hopscope::exchange::{Kind, Side};
use http::{HeaderMap, HeaderValue};
use std::time::Duration;
use tokio::sync::mpsc;

const END: u8 = flag::WHOLE;

/// SETTINGS and credit for 1 MiB.
fn roomy() -> Vec<u8> {
    [setting(4, 1 << 20), credit(0, 1 << 20)].concat()
}

/// The content of the next request on a connection, and its trailer section; its stream.
async fn take(peer: &mut Raw) -> (u32, Vec<u8>, Vec<u8>) {
    let (flags, stream, _) = peer.next(kind::HEADERS).await.unwrap();
    let (mut content, mut over) = (Vec::new(), flags & flag::END_STREAM != 0);
    while !over {
        let frame = peer.frame().await.unwrap();
        match frame.kind {
            kind::DATA => content.extend(frame.payload),
            kind::HEADERS => return (stream, content, frame.payload),
            _ => continue,
        }
        over = frame.flags & flag::END_STREAM != 0;
    }
    (stream, content, Vec::new())
}

#[test]
fn rfc9113_8_7_content_that_nobody_looked_at_is_sent_again() {
    for by_goaway in [false, true] {
        let (world, proxy) = (World::new(), Proxy::start(plain));
        let (tell, mut told) = mpsc::unbounded_channel();
        let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, number| {
            let tell = tell.clone();
            async move {
                peer.put(&roomy()).await;
                let (mut stream, mut content, mut trailers) = take(&mut peer).await;
                if number == 0 {
                    tell.send(content).unwrap();
                    if by_goaway {
                        peer.put(&go_away(0, NO_ERROR)).await;
                        while peer.frame().await.is_some() {}
                        return;
                    }
                    peer.put(&reset(stream, REFUSED_STREAM)).await;
                    (stream, content, trailers) = take(&mut peer).await;
                }
                tell.send(content).unwrap();
                tell.send(trailers).unwrap();
                peer.send(kind::HEADERS, END, stream, NO_CONTENT).await;
                while peer.frame().await.is_some() {}
            }
        });
        let client = world.client(&proxy, origin.address());
        let content: Vec<u8> = (0..60_000_u32).map(|at| (at % 251).to_le_bytes()[0]).collect();
        let answer = world.run(async {
            // POST is not idempotent, and is sent again all the same.
            let (response, mut stream) = client.begin(request("POST", "/"), false).await;
            write(&mut stream, content.clone(), false).await.unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("5"));
            stream.send_trailers(trailers).unwrap();
            whole(response).await.unwrap()
        });
        assert_eq!(answer.head.status, 204);
        for _ in 0..2 {
            assert!(world.run(told.recv()).unwrap() == content, "the same both times");
        }
        assert!(!world.run(told.recv()).unwrap().is_empty(), "its trailers as well");
        let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
        assert_eq!(words::exchange(&exchange), "done 204 [retried]");
        assert_eq!(words::bodies(&exchange), "request 60000, response 0");
        assert_eq!(exchange.request_body.trailers.as_deref(), Some(&b"x-sum: 5\r\n"[..]));
        assert!(proxy.body(&exchange, Side::Client) == content, "it is kept once");
        assert!(exchange.attempts[0].says.contains("RFC 9113 8.7"), "{}", exchange.attempts[0].says);
    }
}

#[test]
fn rfc9113_8_7_content_that_is_gone_is_the_clients_to_send_again() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.raw_origin(&proxy.origin_ca().server(), |mut peer, _| async move {
        peer.put(&roomy()).await;
        let (stream, content, _) = take(&mut peer).await;
        assert_eq!(content.len(), 65_537);
        peer.put(&reset(stream, REFUSED_STREAM)).await;
        while peer.frame().await.is_some() {}
    });
    let client = world.client(&proxy, origin.address());
    let error = world.run(async {
        let (response, mut stream) = client.begin(request("POST", "/"), false).await;
        let _ = write(&mut stream, vec![7; 65_537], true).await;
        whole(response).await.unwrap_err()
    });
    assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM));
}

#[test]
fn rfc9113_8_1_an_answer_that_came_early_ends_the_request_without_error() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.response_timeout = Duration::from_millis(300);
    });
    let world = World::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.send(kind::SETTINGS, 0, 0, &[]).await;
            peer.next(kind::DATA).await.unwrap();
            let content = [frame(kind::HEADERS, flag::END_HEADERS, 1, OK), data(1, 1, b"enough")].concat();
            peer.put(&content).await;
            tell.send(peer.next(kind::RST_STREAM).await.is_some()).unwrap();
        }
    });
    world.run(async {
        let (mut client, me) = raw_client(&proxy, origin.address()).await;
        client.put(&[frame(kind::SETTINGS, 0, 0, &[]), post(1), data(1, 0, b"begun")].concat()).await;
        // The client reads its answer and never says that it has sent all.
        let (flags, ..) = client.next(kind::DATA).await.unwrap();
        assert_eq!(flags & flag::END_STREAM, 1, "the answer is whole");
        let (_, stream, code) = client.next(kind::RST_STREAM).await.unwrap();
        assert_eq!((stream, &code[..]), (1, &NO_ERROR.to_be_bytes()[..]));
        assert_eq!(told.recv().await, Some(true), "the origin's stream ends as well");
        let exchange = proxy.exchanges_of(me, 2).remove(1);
        assert_eq!(words::exchange(&exchange), "done 200");
    });
}

#[test]
fn rfc9113_8_1_an_origins_word_that_it_has_enough_is_no_failure() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.raw_origin(&proxy.origin_ca().server(), |mut peer, _| async move {
        peer.send(kind::SETTINGS, 0, 0, &[]).await;
        peer.next(kind::DATA).await.unwrap();
        let answer = [OK, &field("content-length", "0")].concat();
        peer.put(&[frame(kind::HEADERS, END, 1, &answer), reset(1, NO_ERROR)].concat()).await;
        while peer.frame().await.is_some() {}
    });
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    let mut client = tunnel.secured(proxy.pem(), "localhost").unwrap();
    client.send(format!("POST / HTTP/1.1\r\nHost: {authority}\r\nContent-Length: 9\r\n\r\nbegun"));
    let head = client.read_head();
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", head.escape_ascii());
    assert!(client.is_closed(), "what is left of the request could not be told from the next");
    let exchange = proxy.exchanges_of(me, 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 200");
    assert_eq!(words::bodies(&exchange), "request 5 cut, response 0");
}

#[test]
fn rfc9110_15_5_9_a_request_that_stalls_before_its_answer_is_answered_408() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.body_timeout = Duration::from_millis(300);
    });
    let world = World::new();
    let origin = world.origin(proxy.origin_ca().server(), |request, _respond| async move {
        let _ = read(&mut request.into_body()).await;
    });
    let client = world.client(&proxy, origin.address());
    let answer = world.run(async {
        let (response, mut stream) = client.begin(request("POST", "/"), false).await;
        write(&mut stream, "begun", false).await.unwrap();
        let answer = whole(response).await;
        drop(stream);
        answer.unwrap()
    });
    assert_eq!(answer.head.status, 408);
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(
        words::exchange(&exchange),
        "failed 408, client send timed-out: the client sent nothing of its request's body for 0.3 s, and the \
         origin waits for it (limits.body_timeout) [ours]"
    );
    assert_eq!(words::bodies(&exchange).split(',').next(), Some("request 5 cut"));
}

#[test]
fn rfc9113_5_2_an_origin_that_gives_no_window_is_given_up() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.write_timeout = Duration::from_millis(300);
    });
    let world = World::new();
    let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
        // It reads nothing, so no window is given back.
        let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
        drop(request);
    });
    let client = world.client(&proxy, origin.address());
    let answer = world.run(async {
        let (response, mut stream) = client.begin(request("POST", "/"), false).await;
        tokio::spawn(async move { write(&mut stream, vec![7; 8 << 20], true).await });
        whole(response).await.unwrap()
    });
    assert_eq!(answer.head.status, 504);
    let failure = proxy.exchanges_of(client.address(), 2).remove(1).summary.failure.unwrap();
    assert_eq!((failure.side, failure.kind), (Side::Origin, Kind::TimedOut));
    assert_eq!(failure.says, "the origin took nothing of the request for 0.3 s (limits.write_timeout)");
}

#[test]
fn rfc9110_9_3_2_a_refusal_of_head_has_no_content() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.fields = 20;
    });
    let world = World::new();
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    let mut many = request("HEAD", "/");
    for number in 0..20 {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        many.headers_mut().insert(name, HeaderValue::from_static("1"));
    }
    let answer = world.run(client.ask(many)).unwrap();
    assert_eq!((answer.head.status.as_u16(), answer.body.len()), (431, 0));
    assert!(answer.head.headers["content-length"] != "0", "it says what a GET would get");
    let gone = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_reset(h2::Reason::INTERNAL_ERROR);
    });
    let client = world.client(&proxy, gone.address());
    assert!(world.run(client.ask(request("HEAD", "/"))).is_err(), "a reset is carried over");
}

/// A receiver may give back each frame by itself: no piece may be cut to scraps by that, nor the receiver be
/// taken for one that floods.
#[test]
fn rfc9113_6_9_a_receiver_that_gives_back_each_frame() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
        let mut stream = respond.send_response(status(200), false).unwrap();
        if request.uri().path() == "/scraps" {
            for _ in 0..3000 {
                write(&mut stream, "x", false).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
        write(&mut stream, vec![7; 3 << 20], true).await.unwrap();
    });
    world.run(async {
        let (mut client, _) = raw_client(&proxy, origin.address()).await;
        client.send(kind::SETTINGS, 0, 0, &[]).await;
        for (stream, path) in [(1, "/"), (3, "/scraps")] {
            let authority = format!("localhost:{}", origin.address().port());
            let fields =
                [(":method", "GET"), (":scheme", "https"), (":authority", &*authority), (":path", path)];
            client.send(kind::HEADERS, END, stream, &block(&fields)).await;
            let (mut content, mut scraps) = (0, 0);
            loop {
                let (flags, _, payload) = client.next(kind::DATA).await.expect("the connection stands");
                content += payload.len();
                let length = u32::try_from(payload.len()).unwrap();
                if flags & flag::END_STREAM != 0 {
                    break;
                }
                scraps += usize::from(length < 16);
                client.put(&[credit(stream, length), credit(0, length)].concat()).await;
            }
            assert!(content >= 3 << 20, "{content}");
            assert!(path == "/scraps" || scraps == 0, "{scraps} frames of under 16 octets");
        }
    });
}

/// What must not be put into a table must not be by us either, in trailers as in heads.
#[test]
fn rfc7541_7_1_3_never_indexed_trailers_stay_so() {
    const NEVER: &[u8] = b"\x10\x08x-secret\x03abc";
    let is_kept = |section: &[u8]| section.first().is_some_and(|octet| octet & 0xf0 == 0x10);
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.put(&roomy()).await;
            let (stream, _, trailers) = take(&mut peer).await;
            tell.send(trailers).unwrap();
            peer.send(kind::HEADERS, flag::END_HEADERS, stream, OK).await;
            peer.put(&[data(stream, 0, b"x"), frame(kind::HEADERS, END, stream, NEVER)].concat()).await;
            while peer.frame().await.is_some() {}
        }
    });
    world.run(async {
        let (mut client, _) = raw_client(&proxy, origin.address()).await;
        let trailers = frame(kind::HEADERS, END, 1, NEVER);
        client.put(&[frame(kind::SETTINGS, 0, 0, &[]), post(1), data(1, 0, b"x"), trailers].concat()).await;
        let came = told.recv().await.unwrap();
        assert!(is_kept(&came), "toward the origin: {}", came.escape_ascii());
        client.next(kind::DATA).await.unwrap();
        let (_, _, came) = client.next(kind::HEADERS).await.unwrap();
        assert!(is_kept(&came), "toward the client: {}", came.escape_ascii());
    });
}

/// What nobody takes of some answers closes their connection to the others: those go on another.
#[test]
fn rfc9113_5_2_2_slow_readers_of_many_streams_do_not_stall_the_next() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = world.origin(proxy.origin_ca().server(), move |request, mut respond| {
        let tell = tell.clone();
        async move {
            let length = match request.uri().path() {
                "/slow" => 2 << 20,
                "/fast" => 100_000,
                _ => return drop(respond.send_response(status(204), true)),
            };
            let mut stream = respond.send_response(status(200), false).unwrap();
            write(&mut stream, vec![7; length], false).await.unwrap();
            tell.send(()).unwrap();
            write(&mut stream, "", true).await.unwrap();
        }
    });
    let client = world.client(&proxy, origin.address());
    world.run(async {
        let mut held = Vec::new();
        for _ in 0..20 {
            let (response, _) = client.begin(request("GET", "/slow"), true).await;
            held.push(response.await.unwrap());
            told.recv().await.unwrap();
            // Its answer stands behind what was written, if it comes by the same way.
            assert_eq!(client.get("/mark").await.unwrap().head.status, 204);
        }
        let (response, _) = client.begin(request("GET", "/fast"), true).await;
        assert_eq!(whole(response).await.unwrap().body.len(), 100_000);
        drop(held);
    });
    assert_eq!(origin.connections(), 2);
}
