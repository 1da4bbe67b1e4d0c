//! RFC 9113 from the origin's side: what a faulty origin sends is answered to it with the code that the clause
//! names, and to the client with 502 and the cause; where the answer had begun, the client's stream is reset.

use super::http2_stand::Stand;
use super::{plain, words};
use crate::support::frames::code::{
    COMPRESSION_ERROR, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, NO_ERROR, PROTOCOL_ERROR,
    STREAM_CLOSED,
};
use crate::support::frames::{
    NO_CONTENT, OK, credit, data, field, flag, frame, go_away, kind, reset, setting,
};
use crate::support::http2::{Raw, World, request, whole};
use crate::support::proxy::Proxy;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What the origin is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    GoAway(u32),
    Reset(u32),
}

/// What the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// 502, whose cause is this clause.
    Bad(&'static str),
    /// The origin's own status; what follows its head is cut off, and this is why.
    Cut(&'static str),
}

/// One connection of an origin: what it sends behind a request on stream 1.
struct Case {
    name: &'static str,
    method: &'static str,
    octets: Vec<u8>,
    told: Told,
    gets: Gets,
}

fn of(name: &'static str, frames: &[Vec<u8>], told: Told, gets: Gets) -> Case {
    Case { name, method: "GET", octets: frames.concat(), told, gets }
}

/// The same of a request whose content is still to come: its stream has a window.
fn uploading(name: &'static str, frames: &[Vec<u8>], told: Told, clause: &'static str) -> Case {
    Case { method: "PUT", ..of(name, frames, told, Gets::Bad(clause)) }
}

/// HEADERS that are a response's whole section.
fn headers(flags: u8, stream: u32, block: &[u8]) -> Vec<u8> {
    frame(kind::HEADERS, flags | flag::END_HEADERS, stream, block)
}

/// 200 with these fields, whose content follows.
fn ok(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    headers(0, 1, &[OK, &fields].concat())
}

/// Plays cases, each on connections of its own, and fails with the names of those that went wrong.
fn play(greeting: &[u8], cases: Vec<Case>) {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let cases = Arc::new(cases);
    let (tell, mut told) = mpsc::unbounded_channel();
    let (script, greeting) = (Arc::clone(&cases), greeting.to_vec());
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, number| {
        let (script, greeting, tell) = (Arc::clone(&script), greeting.clone(), tell.clone());
        async move {
            let case = &script[number];
            peer.put(&greeting).await;
            peer.next(kind::HEADERS).await.unwrap();
            peer.put(&case.octets).await;
            tell.send(verdict(&mut peer).await).unwrap();
            while peer.frame().await.is_some() {}
        }
    });
    let mut failed = Vec::new();
    for case in cases.iter() {
        let played = AssertUnwindSafe(|| {
            let client = world.client(&proxy, origin.address());
            let answer = world.run(async {
                // The content of a PUT never comes, so its stream stays open.
                let (response, open) = client.begin(request(case.method, "/"), case.method != "PUT").await;
                let answer = whole(response).await;
                drop(open);
                answer
            });
            assert_eq!(world.run(told.recv()), Some(Some(case.told)), "{}", case.name);
            let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
            let says = words::exchange(&exchange);
            let clause = match case.gets {
                Gets::Bad(clause) => {
                    let status = answer.unwrap().head.status;
                    assert!(
                        status == 502 && says.starts_with("failed 502, origin "),
                        "{}: {says}",
                        case.name
                    );
                    clause
                }
                Gets::Cut(clause) => {
                    assert!(answer.is_err(), "{}: {answer:?}", case.name);
                    assert!(says.starts_with("failed 200, origin body malformed"), "{}: {says}", case.name);
                    clause
                }
            };
            assert!(says.contains(&format!("({clause}")), "{}: {says}", case.name);
        });
        if catch_unwind(played).is_err() {
            failed.push(case.name);
        }
    }
    assert!(failed.is_empty(), "{} failed:\n  {}", failed.len(), failed.join("\n  "));
}

/// The first thing that is said against the origin.
async fn verdict(peer: &mut Raw) -> Option<Told> {
    loop {
        let frame = peer.frame().await?;
        match (frame.kind, frame.code()) {
            (kind::RST_STREAM, Some(code)) => return Some(Told::Reset(code)),
            (kind::GOAWAY, Some(code)) if code != NO_ERROR => return Some(Told::GoAway(code)),
            _ => {}
        }
    }
}

/// SETTINGS that say nothing.
fn settings() -> Vec<u8> {
    frame(kind::SETTINGS, 0, 0, &[])
}

#[test]
fn rfc9113_3_4_an_origins_first_frame_is_settings() {
    let gone =
        |name, frames: &[Vec<u8>]| of(name, frames, Told::GoAway(PROTOCOL_ERROR), Gets::Bad("RFC 9113 3.4"));
    play(
        b"",
        vec![
            gone("HEADERS", &[headers(1, 1, NO_CONTENT)]),
            gone("PING", &[frame(kind::PING, 0, 0, &[0; 8])]),
            gone("HTTP/1.1", &[b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()]),
        ],
    );
}

#[test]
fn rfc9113_4_to_6_frames_of_an_origin_that_end_its_connection() {
    let long = vec![0; 16_385];
    let gone =
        |name, frames: &[Vec<u8>], code, clause| of(name, frames, Told::GoAway(code), Gets::Bad(clause));
    let (protocol, size) = (PROTOCOL_ERROR, FRAME_SIZE_ERROR);
    let begun = frame(kind::HEADERS, 1, 1, NO_CONTENT);
    let promise = frame(kind::PUSH_PROMISE, 4, 1, &[0, 0, 0, 2, 0x82]);
    let most = (1 << 31) - 1;
    play(
        &settings(),
        vec![
            gone("HEADERS that are too long", &[headers(1, 1, &long)], size, "RFC 9113 4.2"),
            gone(
                "a block that cannot be decoded",
                &[headers(1, 1, &[0x80])],
                COMPRESSION_ERROR,
                "RFC 7541 2.3.3",
            ),
            gone("HEADERS on an even stream", &[headers(1, 2, OK)], protocol, "RFC 9113 5.1"),
            gone("HEADERS on an idle stream", &[headers(1, 3, OK)], protocol, "RFC 9113 5.1"),
            gone("DATA on an idle stream", &[data(7, 1, b"x")], protocol, "RFC 9113 5.1"),
            gone("RST_STREAM on an idle stream", &[reset(7, 8)], protocol, "RFC 9113 6.4"),
            gone("WINDOW_UPDATE on an idle stream", &[credit(2, 8)], protocol, "RFC 9113 5.1"),
            gone("DATA on stream 0", &[data(0, 0, b"x")], protocol, "RFC 9113 6.1"),
            gone("HEADERS on stream 0", &[headers(1, 0, OK)], protocol, "RFC 9113 6.2"),
            gone("RST_STREAM of 3 octets", &[frame(kind::RST_STREAM, 0, 1, &[0; 3])], size, "RFC 9113 6.4"),
            gone("SETTINGS of 5 octets", &[frame(kind::SETTINGS, 0, 0, &[0; 5])], size, "RFC 9113 6.5"),
            gone("SETTINGS on a stream", &[frame(kind::SETTINGS, 0, 1, &[])], protocol, "RFC 9113 6.5"),
            gone("ENABLE_PUSH of 1", &[setting(2, 1)], protocol, "RFC 9113 6.5.2"),
            gone("ENABLE_PUSH of 2", &[setting(2, 2)], protocol, "RFC 9113 6.5.2"),
            gone("INITIAL_WINDOW_SIZE of 2^31", &[setting(4, 1 << 31)], FLOW_CONTROL_ERROR, "RFC 9113 6.5.2"),
            gone("MAX_FRAME_SIZE of 1", &[setting(5, 1)], protocol, "RFC 9113 6.5.2"),
            gone(
                "ENABLE_CONNECT_PROTOCOL taken back",
                &[setting(8, 1), setting(8, 0)],
                protocol,
                "RFC 8441 3",
            ),
            gone("PUSH_PROMISE", &[promise], protocol, "RFC 9113 6.6"),
            gone("PING of 7 octets", &[frame(kind::PING, 0, 0, &[0; 7])], size, "RFC 9113 6.7"),
            gone("GOAWAY of 7 octets", &[frame(kind::GOAWAY, 0, 0, &[0; 7])], size, "RFC 9113 6.8"),
            gone("a last stream that rises", &[go_away(1, 0), go_away(3, 0)], protocol, "RFC 9113 5.4.1"),
            gone("WINDOW_UPDATE of 0", &[credit(0, 0)], protocol, "RFC 9113 6.9"),
            gone("a window above 2^31-1", &[credit(0, most)], FLOW_CONTROL_ERROR, "RFC 9113 6.9.1"),
            uploading(
                "windows above 2^31-1 by SETTINGS",
                &[credit(1, 1 << 16), setting(4, most)],
                Told::GoAway(FLOW_CONTROL_ERROR),
                "RFC 9113 6.9.1",
            ),
            gone(
                "PING within a block",
                &[begun.clone(), frame(kind::PING, 0, 0, &[0; 8])],
                protocol,
                "RFC 9113 6.10",
            ),
            gone(
                "CONTINUATION of another stream",
                &[begun, frame(kind::CONTINUATION, 4, 3, &[])],
                protocol,
                "RFC 9113 6.10",
            ),
            gone(
                "CONTINUATION without HEADERS",
                &[frame(kind::CONTINUATION, 4, 1, OK)],
                protocol,
                "RFC 9113 6.10",
            ),
            gone(
                "a flood (10.5)",
                &[frame(kind::PING, 0, 0, &[0; 8]).repeat(1100)],
                ENHANCE_YOUR_CALM,
                "RFC 9113 10.5",
            ),
        ],
    );
}

#[test]
fn rfc9113_8_responses_that_are_malformed() {
    let bad =
        |name, frames: &[Vec<u8>], clause| of(name, frames, Told::Reset(PROTOCOL_ERROR), Gets::Bad(clause));
    let block = |name, block: &[u8], clause| bad(name, &[headers(1, 1, block)], clause);
    let with = |name, field_name: &str, value: &str, clause| {
        block(name, &[OK, &field(field_name, value)].concat(), clause)
    };
    let status = |name, value: &str, clause| block(name, &field(":status", value), clause);
    play(
        &settings(),
        vec![
            bad("DATA before HEADERS", &[data(1, 1, b"x")], "RFC 9113 8.1"),
            bad("an interim response that ends", &[headers(1, 1, &field(":status", "103"))], "RFC 9113 8.1"),
            bad(
                "DATA behind an interim response",
                &[headers(0, 1, &field(":status", "103")), data(1, 1, b"x")],
                "RFC 9113 8.1",
            ),
            with("less content than said", "content-length", "3", "RFC 9113 8.1.1"),
            with("a length that is no number", "content-length", "x", "RFC 9113 8.1.1"),
            with("an upper-case name", "X-Upper", "1", "RFC 9113 8.2.1"),
            with("a name with a blank", "x y", "1", "RFC 9113 8.2.1"),
            with("a value with CR LF", "x", "a\r\nb: c", "RFC 9113 8.2.1"),
            with("a value that ends with a blank", "x", "a ", "RFC 9113 8.2.1"),
            with("Connection", "connection", "close", "RFC 9113 8.2.2"),
            with("Transfer-Encoding", "transfer-encoding", "chunked", "RFC 9113 8.2.2"),
            with("Keep-Alive", "keep-alive", "1", "RFC 9113 8.2.2"),
            with("Upgrade", "upgrade", "h2c", "RFC 9113 8.2.2"),
            with("Proxy-Connection", "proxy-connection", "close", "RFC 9113 8.2.2"),
            with("a pseudo-field of requests", ":path", "/", "RFC 9113 8.3"),
            with("an unknown pseudo-field", ":reason", "OK", "RFC 9113 8.3"),
            with(":status twice", ":status", "200", "RFC 9113 8.3"),
            block(":status behind a field", &[&field("a", "b")[..], OK].concat(), "RFC 9113 8.3"),
            block("no :status", &field("a", "b"), "RFC 9113 8.3.2"),
            block("nothing", &[], "RFC 9113 8.3.2"),
            status("of two digits", "20", "RFC 9113 8.3.2"),
            status("of four digits", "2000", "RFC 9113 8.3.2"),
            status("no number", "OK", "RFC 9113 8.3.2"),
            status("099", "099", "RFC 9113 8.3.2"),
            status("101", "101", "RFC 9113 8.6"),
            of(
                "a window of 0 (6.9)",
                &[credit(1, 0)],
                Told::Reset(PROTOCOL_ERROR),
                Gets::Bad("RFC 9113 6.9"),
            ),
            uploading(
                "a window above 2^31-1 (6.9.1)",
                &[credit(1, (1 << 31) - 1)],
                Told::Reset(FLOW_CONTROL_ERROR),
                "RFC 9113 6.9.1",
            ),
            of(
                "DATA that is too long (4.2)",
                &[data(1, 0, &[0; 16_385])],
                Told::Reset(FRAME_SIZE_ERROR),
                Gets::Bad("RFC 9113 4.2"),
            ),
        ],
    );
}

#[test]
fn rfc9110_6_4_1_content_where_none_can_be() {
    let bad = |name, method, frames: &[Vec<u8>], told| Case {
        method,
        ..of(name, frames, told, Gets::Bad("RFC 9113 8.1.1"))
    };
    let (no_content, unchanged) = (headers(0, 1, NO_CONTENT), headers(0, 1, &field(":status", "304")));
    let long = ok(&[("content-length", "9")]);
    let told = Told::Reset(PROTOCOL_ERROR);
    play(
        &settings(),
        vec![
            bad("to HEAD", "HEAD", &[ok(&[]), data(1, 1, b"x")], told),
            bad("to HEAD, as long as it says", "HEAD", &[long, data(1, 1, b"nine here")], told),
            bad("in a 204", "GET", &[no_content, data(1, 1, b"x")], told),
            bad("in a 304", "GET", &[unchanged, data(1, 0, b""), data(1, 1, b"x")], told),
        ],
    );
}

/// A response without content may end in a frame of its own; then its stream is not reset.
#[test]
fn rfc9113_8_1_responses_without_content_end_in_any_frame() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.put(&settings()).await;
            let of = |stream: u32, block: &[u8]| frame(kind::HEADERS, flag::END_HEADERS, stream, block);
            for (stream, block) in [(1, OK.to_vec()), (3, NO_CONTENT.to_vec()), (5, field(":status", "304"))]
            {
                while peer.frame().await.unwrap().kind != kind::HEADERS {}
                peer.put(&[of(stream, &block), data(stream, 1, b"")].concat()).await;
            }
            tell.send(verdict(&mut peer).await).unwrap();
        }
    });
    let client = world.client(&proxy, origin.address());
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let answer = world.run(client.ask(request(method, "/"))).unwrap();
        assert_eq!((answer.head.status.as_u16(), answer.body.len()), (status, 0));
    }
    for exchange in &proxy.exchanges_of(client.address(), 4)[1..] {
        assert_eq!(exchange.summary.failure, None);
    }
    drop(client);
    assert_eq!(world.run(told.recv()), Some(None), "nothing was said against it");
}

#[test]
fn rfc9113_8_what_breaks_an_answer_under_way() {
    let cut = |name, frames: &[Vec<u8>], told, clause| of(name, frames, told, Gets::Cut(clause));
    let reset_for = Told::Reset(PROTOCOL_ERROR);
    let of_3 = || ok(&[("content-length", "3")]);
    play(
        &settings(),
        vec![
            cut("more content than said", &[of_3(), data(1, 1, b"four")], reset_for, "RFC 9113 8.1.1"),
            cut("less content than said", &[of_3(), data(1, 1, b"ab")], reset_for, "RFC 9113 8.1.1"),
            cut("a second section", &[ok(&[]), ok(&[])], reset_for, "RFC 9113 8.1"),
            cut(
                "a pseudo-field in trailers",
                &[ok(&[]), headers(1, 1, &field(":status", "200"))],
                reset_for,
                "RFC 9113 8.1",
            ),
            cut(
                "Connection in trailers",
                &[ok(&[]), headers(1, 1, &field("connection", "x"))],
                reset_for,
                "RFC 9113 8.2.2",
            ),
            cut(
                "padding longer than DATA",
                &[ok(&[]), data(1, 8, &[9, 0])],
                Told::GoAway(PROTOCOL_ERROR),
                "RFC 9113 6.1",
            ),
            cut(
                "DATA that is too long",
                &[ok(&[]), data(1, 0, &[0; 16_385])],
                Told::Reset(FRAME_SIZE_ERROR),
                "RFC 9113 4.2",
            ),
            cut(
                "PING within trailers",
                &[ok(&[]), frame(kind::HEADERS, 1, 1, &[]), frame(kind::PING, 0, 0, &[0; 8])],
                Told::GoAway(PROTOCOL_ERROR),
                "RFC 9113 6.10",
            ),
        ],
    );
}

/// The stream's window is exceeded by an origin that does not heed it; h2 finds that.
#[test]
fn rfc9113_6_9_1_an_origin_that_exceeds_its_window() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.put(&settings()).await;
            peer.next(kind::HEADERS).await.unwrap();
            peer.put(&ok(&[])).await;
            let part = data(1, 0, &vec![7; 16_384]);
            // The client reads nothing, so no window is given back for ever.
            for _ in 0..4096 {
                peer.put(&part).await;
            }
            tell.send(verdict(&mut peer).await).unwrap();
        }
    });
    let client = world.client(&proxy, origin.address());
    world.run(async {
        let (response, _) = client.begin(request("GET", "/"), true).await;
        let held = response.await.unwrap();
        let code = told.recv().await.unwrap();
        assert!(
            matches!(code, Some(Told::Reset(FLOW_CONTROL_ERROR) | Told::GoAway(FLOW_CONTROL_ERROR))),
            "{code:?}"
        );
        drop(held);
    });
}

/// What is allowed, though it is seldom seen.
#[test]
fn rfc9113_4_to_8_what_an_origin_may_send() {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let cases: Arc<Vec<Vec<u8>>> = Arc::new(vec![
        [frame(0xfa, 0xff, 0, b"x"), headers(1, 1, OK), frame(0xfb, 0, 1, b"y")].concat(),
        [ok(&[]), data(1, 9, &[3, 0, 0, 0])].concat(),
        [
            frame(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 15]),
            headers(0x21, 1, &[&[0, 0, 0, 0, 15][..], OK].concat()),
        ]
        .concat(),
        [setting(2, 0), setting(0xcafe, 1), setting(3, 100), headers(1, 1, OK)].concat(),
        [ok(&[]), data(1, 0, b"").repeat(300), data(1, 1, b"")].concat(),
        [headers(0, 1, &field(":status", "103")), headers(0, 1, &field(":status", "199")), headers(1, 1, OK)]
            .concat(),
        [headers(1, 1, &[&[0x20, 0x3f, 0xe1, 0x1f][..], OK].concat())].concat(),
        [headers(1, 1, OK), credit(1, 100), reset(1, NO_ERROR)].concat(),
        [go_away(1, NO_ERROR), headers(1, 1, OK)].concat(),
    ]);
    let script = Arc::clone(&cases);
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, number| {
        let script = Arc::clone(&script);
        async move {
            peer.put(&settings()).await;
            peer.next(kind::HEADERS).await.unwrap();
            peer.put(&script[number]).await;
            while peer.frame().await.is_some() {}
        }
    });
    for number in 0..cases.len() {
        let client = world.client(&proxy, origin.address());
        let answer = world.run(client.get("/")).unwrap_or_else(|error| panic!("{number}: {error}"));
        assert_eq!((answer.head.status.as_u16(), answer.body.len()), (200, 0), "{number}");
        let exchange = proxy.exchanges_of(client.address(), 2).remove(1);
        assert_eq!(words::exchange(&exchange), "done 200", "{number}");
    }
}

/// A stream that its origin ended twice is closed, whoever waits for what came before.
#[test]
fn rfc9113_5_1_frames_behind_an_origins_end() {
    let stand = Stand::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = stand.world.raw_origin(&stand.proxy.origin_ca().server(), move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.put(&settings()).await;
            peer.next(kind::HEADERS).await.unwrap();
            peer.put(&[headers(1, 1, OK), data(1, 1, b"late")].concat()).await;
            tell.send(verdict(&mut peer).await).unwrap();
        }
    });
    let client = stand.world.client(&stand.proxy, origin.address());
    let answer = stand.world.run(client.get("/"));
    assert_eq!(stand.world.run(told.recv()), Some(Some(Told::GoAway(STREAM_CLOSED))));
    assert_eq!(answer.unwrap().head.status, 200, "the answer was whole before");
}

/// The limit that we hold an origin to is told to it before it can be broken.
#[test]
fn rfc9113_6_5_2_an_origin_is_told_how_large_a_section_may_be() {
    let limit = 70_000_u32;
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.limits.head = limit as usize;
    });
    let world = World::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let origin = world.raw_origin(&proxy.origin_ca().server(), move |mut peer, _| {
        let tell = tell.clone();
        async move {
            peer.put(&settings()).await;
            tell.send(peer.next(kind::SETTINGS).await.unwrap().2).unwrap();
            peer.next(kind::HEADERS).await.unwrap();
            peer.put(&headers(1, 1, NO_CONTENT)).await;
            while peer.frame().await.is_some() {}
        }
    });
    let client = world.client(&proxy, origin.address());
    assert_eq!(world.run(client.get("/")).unwrap().head.status, 204);
    let said = world.run(told.recv()).unwrap();
    let setting = [&6_u16.to_be_bytes()[..], &limit.to_be_bytes()].concat();
    assert!(said.chunks_exact(6).any(|said| said == setting), "{}", said.escape_ascii());
}
