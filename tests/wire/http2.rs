//! HTTP/2 on both sides of the hop: messages, ends, resets, and many streams at once.

use super::{plain, words};
use crate::support::http2::{World, raw_client, read, request, status, whole, write};
use crate::support::proxy::Proxy;
use bytes::Bytes;
use h2::Reason;
use hopscope::exchange::{Exchange, Head, Side};
use http::{HeaderMap, HeaderValue, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc};

/// What an exchange was on both sides, and how it ended.
fn versions(exchange: &Exchange) -> String {
    let line = |head: &Option<Bytes>| {
        let head = head.clone().map(Head::parse);
        head.map_or_else(|| "-".to_owned(), |head| head.start_line().escape_ascii().to_string())
    };
    let heads = &exchange.heads;
    format!(
        "{} | {} | {} | {}",
        line(&heads.request_received),
        line(&heads.request_sent),
        line(&heads.response_received),
        line(&heads.response_sent)
    )
}

fn trailers(name: &'static str, value: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(name, HeaderValue::from_static(value));
    trailers
}

#[test]
fn a_request_with_a_body_and_trailers_both_ways() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
        let (head, mut body) = request.into_parts();
        assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/up"));
        assert_eq!(head.headers["x-one"], "1");
        let got = read(&mut body).await.unwrap();
        assert_eq!(body.trailers().await.unwrap().unwrap()["x-sum"], "5");
        let response = Response::builder().status(201).header("x-two", "2").body(()).unwrap();
        let mut stream = respond.send_response(response, false).unwrap();
        write(&mut stream, got, false).await.unwrap();
        stream.send_trailers(trailers("grpc-status", "0")).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    let answer = world.run(async {
        let mut request = request("POST", "/up");
        request.headers_mut().insert("x-one", HeaderValue::from_static("1"));
        let (response, mut stream) = client.begin(request, false).await;
        write(&mut stream, "hello", false).await.unwrap();
        stream.send_trailers(trailers("x-sum", "5")).unwrap();
        whole(response).await.unwrap()
    });
    assert_eq!((answer.head.status.as_u16(), &answer.body[..]), (201, &b"hello"[..]));
    assert_eq!(answer.head.headers["x-two"], "2");
    assert_eq!(answer.trailers.unwrap()["grpc-status"], "0");
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 201");
    assert_eq!(words::bodies(&exchange), "request 5, response 5");
    assert_eq!(exchange.summary.version, "HTTP/2");
    assert_eq!(versions(&exchange), "POST /up HTTP/2 | POST /up HTTP/2 | HTTP/2 201  | HTTP/2 201 ");
    assert_eq!(exchange.request_body.trailers.as_deref(), Some(&b"x-sum: 5\r\n"[..]));
    assert_eq!(exchange.response_body.trailers.as_deref(), Some(&b"grpc-status: 0\r\n"[..]));
    assert_eq!(proxy.body(&exchange, Side::Client), b"hello");
}

#[test]
fn rfc9110_9_3_2_head_and_statuses_without_content() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
        let code = request.uri().path().trim_start_matches('/').parse().unwrap();
        let response = Response::builder().status::<u16>(code).header("content-length", "10");
        let response = if code == 204 { Response::builder().status(204) } else { response };
        respond.send_response(response.body(()).unwrap(), true).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    for (method, code) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let answer = world.run(client.ask(request(method, &format!("/{code}")))).unwrap();
        assert_eq!((answer.head.status.as_u16(), answer.body.len()), (code, 0));
        assert_eq!(answer.head.headers.contains_key("content-length"), code != 204, "{code}");
    }
    for exchange in &proxy.exchanges_of(client.address(), 4)[1..] {
        assert_eq!(exchange.summary.failure, None);
        assert_eq!(words::bodies(exchange), "request 0, response 0");
    }
}

#[test]
fn rfc9110_15_2_interim_responses_pass() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
        respond.send_informational(status(100)).unwrap();
        let hints = Response::builder().status(103).header("link", "</a>").body(()).unwrap();
        respond.send_informational(hints).unwrap();
        let got = read(&mut request.into_body()).await.unwrap();
        let mut stream = respond.send_response(status(200), false).unwrap();
        write(&mut stream, got, true).await.unwrap();
    });
    let client = world.client(&proxy, origin.address());
    let (seen, answer) = world.run(async {
        let mut request = request("POST", "/");
        request.headers_mut().insert("expect", HeaderValue::from_static("100-continue"));
        let (mut response, mut stream) = client.begin(request, false).await;
        let mut seen = Vec::new();
        // The body goes out only when both have come.
        while seen.len() < 2 {
            let interim = std::future::poll_fn(|cx| response.poll_informational(cx)).await;
            seen.push(interim.unwrap().unwrap());
        }
        write(&mut stream, "body", true).await.unwrap();
        (seen, whole(response).await.unwrap())
    });
    assert_eq!(seen.iter().map(|head| head.status().as_u16()).collect::<Vec<_>>(), [100, 103]);
    assert_eq!(seen[1].headers()["link"], "</a>");
    assert_eq!(answer.body, b"body");
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(exchange.interim.iter().map(|interim| interim.forwarded).collect::<Vec<_>>(), [true, true]);
}

#[test]
fn rfc9113_7_an_origins_reset_is_carried_over_before_its_answer() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_reset(Reason::ENHANCE_YOUR_CALM);
    });
    let client = world.client(&proxy, origin.address());
    let error = world.run(client.get("/")).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(says.contains("origin wait reset: ") && says.contains("ENHANCE_YOUR_CALM"), "{says}");
}

#[test]
fn rfc9113_7_an_origins_reset_is_carried_over_within_its_answer() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let arrived = Arc::new(Notify::new());
    let told = Arc::clone(&arrived);
    let origin = world.origin(proxy.origin_ca().server(), move |_, mut respond| {
        let told = Arc::clone(&told);
        async move {
            let mut stream = respond.send_response(status(200), false).unwrap();
            write(&mut stream, "half", false).await.unwrap();
            // h2 would let the reset overtake the data.
            told.notified().await;
            stream.send_reset(Reason::INADEQUATE_SECURITY);
        }
    });
    let client = world.client(&proxy, origin.address());
    let (got, error) = world.run(async {
        let (response, _) = client.begin(request("GET", "/"), true).await;
        let mut stream = response.await.unwrap().into_body();
        let data = stream.data().await.unwrap().unwrap();
        arrived.notify_one();
        (data, stream.data().await.unwrap().unwrap_err())
    });
    assert_eq!((&got[..], error.reason()), (&b"half"[..], Some(Reason::INADEQUATE_SECURITY)));
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(
        says.starts_with("failed 200, origin body reset: ") && says.contains("INADEQUATE_SECURITY"),
        "{says}"
    );
    assert_eq!(words::bodies(&exchange), "request 0, response 4 cut");
}

#[test]
fn rfc9113_7_a_clients_reset_reaches_the_origin_at_once_with_its_code() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let (told, mut hear) = mpsc::unbounded_channel();
    let origin = world.origin(proxy.origin_ca().server(), move |request, mut respond| {
        let told = told.clone();
        async move {
            if request.uri().path() == "/answering" {
                let mut stream = respond.send_response(status(200), false).unwrap();
                write(&mut stream, "half", false).await.unwrap();
                told.send(None).unwrap();
                let reason = std::future::poll_fn(|cx| stream.poll_reset(cx)).await;
                return told.send(reason.ok()).unwrap();
            }
            told.send(None).unwrap();
            let reason = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
            told.send(reason.ok()).unwrap();
        }
    });
    let client = world.client(&proxy, origin.address());
    for (path, code) in [("/waiting", Reason::CANCEL), ("/answering", Reason::FLOW_CONTROL_ERROR)] {
        world.run(async {
            let (response, mut stream) = client.begin(request("POST", path), false).await;
            write(&mut stream, "x", false).await.unwrap();
            assert_eq!(hear.recv().await, Some(None));
            let answer = if path == "/answering" { Some(response.await.unwrap()) } else { None };
            stream.send_reset(code);
            assert_eq!(hear.recv().await, Some(Some(code)));
            drop(answer);
        });
    }
    let exchanges = proxy.exchanges_of(client.address(), 3);
    let says = words::exchange(&exchanges[1]);
    assert!(
        says.starts_with("aborted -, client wait gave-up: client reset the stream with CANCEL"),
        "{says}"
    );
    let says = words::exchange(&exchanges[2]);
    assert!(
        says.starts_with("aborted 200, client body gave-up: client reset the stream with FLOW_CONTROL"),
        "{says}"
    );
    assert_eq!(origin.connections(), 1, "the connection lives on");
}

#[test]
fn rfc9113_8_7_a_refused_stream_is_sent_again() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let origin = world.origin(proxy.origin_ca().server(), move |_, mut respond| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            if number == 0 {
                respond.send_reset(Reason::REFUSED_STREAM);
            } else {
                respond.send_response(status(204), true).unwrap();
            }
        }
    });
    let client = world.client(&proxy, origin.address());
    let answer = world.run(client.ask(request("POST", "/"))).unwrap();
    assert_eq!(answer.head.status, 204);
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 204 [retried]");
    assert!(exchange.attempts[0].says.contains("REFUSED_STREAM"), "{}", exchange.attempts[0].says);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// Types and flags of frames, codes, and a response of status 204 in HPACK (RFC 7541 A, 9).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END: u8 = 0x5;
const NO_CONTENT: &[u8] = &[0x89];

#[test]
fn rfc9113_6_8_what_a_goaway_left_out_is_sent_again_elsewhere() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.raw_origin(&proxy.origin_ca().server(), |mut peer, number| async move {
        peer.send(SETTINGS, 0, 0, &[]).await;
        let (_, stream, _) = peer.next(HEADERS).await.unwrap();
        if number == 0 {
            // Answers the first, and says of the second that it was not looked at.
            peer.send(HEADERS, END, stream, NO_CONTENT).await;
            peer.next(HEADERS).await.unwrap();
            let goaway = [1_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat();
            peer.send(GOAWAY, 0, 0, &goaway).await;
        } else {
            peer.send(HEADERS, END, stream, NO_CONTENT).await;
        }
        while peer.next(HEADERS).await.is_some() {}
    });
    let client = world.client(&proxy, origin.address());
    for _ in 0..2 {
        // Even a method that is not idempotent.
        assert_eq!(world.run(client.ask(request("POST", "/"))).unwrap().head.status, 204);
    }
    assert_eq!(origin.connections(), 2);
    let exchanges = proxy.exchanges_of(client.address(), 3);
    assert_eq!(words::exchange(&exchanges[1]), "done 204");
    assert_eq!(words::exchange(&exchanges[2]), "done 204 [retried]");
    assert!(exchanges[2].attempts[0].says.contains("RFC 9113 8.7"), "{}", exchanges[2].attempts[0].says);
}

#[test]
fn rfc9113_8_1_1_a_malformed_answer_is_a_502_with_its_clause() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.raw_origin(&proxy.origin_ca().server(), |mut peer, _| async move {
        peer.send(SETTINGS, 0, 0, &[]).await;
        while let Some((_, stream, _)) = peer.next(HEADERS).await {
            // `:status: 204`, then `Connection: x`, without indexing (RFC 7541 6.2.2).
            let section = [NO_CONTENT, &[0, 10], b"connection", &[1], b"x"].concat();
            peer.send(HEADERS, END, stream, &section).await;
        }
    });
    let client = world.client(&proxy, origin.address());
    let answer = world.run(client.get("/")).unwrap();
    assert_eq!(answer.head.status, 502);
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(
        says.starts_with("failed 502, origin response malformed: ") && says.contains("RFC 9113 8.2"),
        "{says}"
    );
    assert!(exchange.heads.response_received.is_some(), "what came is kept");
}

#[test]
fn rfc9113_6_9_a_client_that_breaks_a_stream_under_way_is_named() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
    });
    let (me, code) = world.run(async {
        let (mut client, me) = raw_client(&proxy, origin.address()).await;
        client.send(SETTINGS, 0, 0, &[]).await;
        // `:method: GET`, `:scheme: https`, `:path: /` (RFC 7541 A), and `:authority: x`.
        client.send(HEADERS, END, 1, &[0x82, 0x87, 0x84, 0x41, 1, b'x']).await;
        client.send(WINDOW_UPDATE, 0, 1, &[0; 4]).await;
        let (_, stream, payload) = client.next(RST_STREAM).await.unwrap();
        assert_eq!(stream, 1);
        (me, payload)
    });
    assert_eq!(code, 1_u32.to_be_bytes(), "PROTOCOL_ERROR");
    let exchange = proxy.exchanges_of(me, 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(
        says.starts_with("failed -, client request malformed: ") && says.contains("RFC 9113 6.9"),
        "{says}"
    );
}

#[test]
fn frames_of_both_sides_are_on_the_record() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        let mut stream = respond.send_response(status(200), false).unwrap();
        write(&mut stream, "hello", true).await.unwrap();
    });
    let client = world.client(&proxy, origin.address());
    world.run(client.get("/")).unwrap();
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let of = |side: Side, sent: bool, kind: u8| {
        let mut frames = exchange.frames.iter();
        frames.any(|frame| (frame.side, frame.sent, frame.kind) == (side, sent, kind))
    };
    for (side, sent, kind) in [
        (Side::Client, false, 1),
        (Side::Origin, true, 1),
        (Side::Origin, false, 1),
        (Side::Origin, false, 0),
        (Side::Client, true, 1),
        (Side::Client, true, 0),
    ] {
        assert!(of(side, sent, kind), "{side:?} {sent} {kind}: {:?}", exchange.frames);
    }
    assert!(exchange.frames.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn two_hundred_streams_at_once_with_bodies_both_ways() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let origin = world.origin(proxy.origin_ca().server(), |request, mut respond| async move {
        let mut body = request.into_body();
        let mut stream = respond.send_response(status(200), false).unwrap();
        while let Some(data) = body.data().await {
            let data = data.unwrap();
            body.flow_control().release_capacity(data.len()).unwrap();
            write(&mut stream, data, false).await.unwrap();
        }
        write(&mut stream, "", true).await.unwrap();
    });
    let client = Arc::new(world.client(&proxy, origin.address()));
    let mut streams = Vec::new();
    for number in 0..200_u32 {
        let client = Arc::clone(&client);
        streams.push(world.spawn(async move {
            let sent: Vec<u8> = (0..40_000_u32).map(|at| (at * 7 + number * 13).to_le_bytes()[0]).collect();
            let (response, mut stream) = client.begin(request("POST", "/echo"), false).await;
            let sending = sent.clone();
            let writing = tokio::spawn(async move { write(&mut stream, sending, true).await.unwrap() });
            let answer = whole(response).await.unwrap();
            writing.await.unwrap();
            assert!(answer.body == sent, "stream {number} came back changed");
        }));
    }
    for stream in streams {
        world.run(stream).unwrap();
    }
    let exchanges = proxy.exchanges_of(client.address(), 201);
    let mut fine = exchanges[1..].iter().filter(|exchange| {
        words::exchange(exchange) == "done 200" && words::bodies(exchange) == "request 40000, response 40000"
    });
    assert_eq!(fine.by_ref().count(), 200);
}

#[test]
fn rfc9113_5_2_a_slow_reader_stalls_neither_another_stream_nor_memory() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let origin = world.origin(proxy.origin_ca().server(), move |request, mut respond| {
        let counted = Arc::clone(&counted);
        async move {
            let mut stream = respond.send_response(status(200), false).unwrap();
            if request.uri().path() == "/endless" {
                let piece = Bytes::from(vec![7; 64 * 1024]);
                while write(&mut stream, piece.clone(), false).await.is_ok() {
                    counted.fetch_add(piece.len(), Ordering::SeqCst);
                }
            } else {
                write(&mut stream, vec![1; 1024 * 1024], true).await.unwrap();
            }
        }
    });
    let client = world.client(&proxy, origin.address());
    world.run(async {
        let (response, _) = client.begin(request("GET", "/endless"), true).await;
        let stalled = response.await.unwrap();
        // Three times as much as all windows together passes on the other stream meanwhile.
        for _ in 0..16 {
            assert_eq!(client.get("/quick").await.unwrap().body.len(), 1024 * 1024);
        }
        let (before, bound) = (written.load(Ordering::SeqCst), 4 * 1024 * 1024);
        assert!(before < bound, "{before} bytes were taken for a reader that reads nothing");
        drop(stalled);
    });
}

#[test]
fn rfc9113_8_1_1_a_section_beyond_the_limits_is_answered_431() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.fields = 20;
    });
    let world = World::new();
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    let mut many = request("GET", "/");
    for number in 0..20 {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        many.headers_mut().insert(name, HeaderValue::from_static("1"));
    }
    let answer = world.run(client.ask(many)).unwrap();
    assert_eq!(answer.head.status, 431);
    assert_eq!(world.run(client.get("/")).unwrap().head.status, 204, "the connection lives on");
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    let says = words::exchange(&exchange);
    assert!(says.starts_with("failed 431, client request too-large: "), "{says}");
}

#[test]
fn rfc9113_6_8_a_drain_says_goaway_and_lets_streams_finish() {
    let (world, mut proxy) = (World::new(), Proxy::start(plain));
    let (go_on, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, tell) = (Arc::clone(&go_on), Arc::clone(&asked));
    let origin = world.origin(proxy.origin_ca().server(), move |_, mut respond| {
        let (told, tell) = (Arc::clone(&told), Arc::clone(&tell));
        async move {
            tell.notify_one();
            told.notified().await;
            respond.send_response(status(204), true).unwrap();
        }
    });
    let client = world.client(&proxy, origin.address());
    let sender = client.sender.clone();
    let (response, _) = world.run(client.begin(request("GET", "/"), true));
    world.run(asked.notified());
    let draining = std::thread::spawn(move || {
        proxy.drain();
        proxy
    });
    // The GOAWAY shows in that no new stream can be opened.
    world.run(async {
        let mut sender = sender;
        while let Ok(ready) = sender.clone().ready().await {
            sender = ready;
            tokio::task::yield_now().await;
        }
    });
    go_on.notify_one();
    assert_eq!(world.run(response).unwrap().status(), 204);
    let proxy = draining.join().unwrap();
    let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
    assert_eq!(words::exchange(&exchange), "done 204");
}

#[test]
fn rfc9113_9_1_an_idle_connection_is_ended_by_goaway() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.idle_timeout = std::time::Duration::from_millis(200);
    });
    let world = World::new();
    let origin = world.origin(proxy.origin_ca().server(), |_, mut respond| async move {
        respond.send_response(status(204), true).unwrap();
    });
    let client = world.client(&proxy, origin.address());
    assert_eq!(world.run(client.get("/")).unwrap().head.status, 204);
    let sender = client.sender.clone();
    let ended = world.run(async move {
        let mut sender = sender;
        loop {
            match sender.ready().await {
                Ok(ready) => sender = ready,
                Err(error) => return error,
            }
            tokio::task::yield_now().await;
        }
    });
    assert!(ended.is_go_away() || ended.reason() == Some(Reason::NO_ERROR), "{ended}");
}
