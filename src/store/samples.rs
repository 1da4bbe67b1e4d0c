//! Exchanges for the store's tests: a usual one, one with everything, any one.

use crate::exchange::{
    Attempt, Body, BodyPlace, Cause, ClientCertificate, Connection, ConnectionId, Edit, Event, Exchange,
    ExchangeId, Failure, Flags, FrameNote, Heads, Interim, Kind, Live, Ocsp, OcspStatus, Phase, Scheme, Side,
    Spoken, State, Summary, Timing, TlsFacts, Truncation, Tunnelled, Unopened, Verdict,
};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A GET, done, with heads of about 1.3 kB and a body of 1 kB.
pub(super) fn exchange(id: u64) -> Exchange {
    let host = format!("api-{}.example.com", id % 50);
    let path = format!("/v2/accounts/{id}/orders?page={}&per_page=50&sort=created", id % 7);
    let fields = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
        Accept: application/json\r\nAccept-Language: en-GB,en;q=0.8\r\nCookie: session=8f2b1c9e7d6a5f4e3d2c1b0a\r\n";
    let received = format!(
        "GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n{fields}Proxy-Connection: keep-alive\r\n\r\n"
    );
    let sent = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Via: 1.1 hopscope\r\n\r\n");
    let answer = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json; charset=utf-8\r\n\
        Content-Length: 1050\r\nCache-Control: private, max-age=0\r\nVary: Accept-Encoding, Cookie\r\n";
    let body = format!("{{\"id\":{id},\"items\":\"{}\"}}", "x".repeat(1030)).into_bytes();
    Exchange {
        summary: Summary {
            id: ExchangeId(id),
            started: 1_790_000_000_000_000 + i64::try_from(id).unwrap() * 250,
            client: "127.0.0.1:51234".to_owned(),
            scheme: Scheme::Http,
            method: "GET".to_owned(),
            host,
            path,
            version: "HTTP/1.1".to_owned(),
            status: Some(200),
            state: State::Done,
            request_bytes: 0,
            response_bytes: body.len() as u64,
            messages: 0,
            duration: Some(48_000),
            ttfb: Some(45_000),
            media_type: Some("application/json".to_owned()),
            failure: None,
            flags: Flags::default(),
            parent: None,
            note: None,
        },
        heads: Heads {
            request_received: Some(received.into()),
            request_sent: Some(sent.into()),
            response_received: Some(format!("{answer}\r\n").into()),
            response_sent: Some(format!("{answer}Via: 1.1 hopscope\r\n\r\n").into()),
        },
        request_edits: vec![
            Edit { before: Some(0), after: Some(0), cause: Cause::TargetForm },
            Edit { before: Some(6), after: None, cause: Cause::HopByHop },
            Edit { before: None, after: Some(6), cause: Cause::Via },
        ],
        response_edits: vec![Edit { before: None, after: Some(6), cause: Cause::Via }],
        request_body: Body { complete: true, ..Body::default() },
        response_body: Body {
            length: body.len() as u64,
            kept: body.len() as u64,
            complete: true,
            place: BodyPlace::Inline(body),
            ..Body::default()
        },
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing {
            request_head: Some(90),
            request_sent: Some(310),
            request_end: Some(310),
            response_head: Some(45_000),
            response_sent: Some(45_100),
            response_end: Some(48_000),
            ..Timing::default()
        },
        client_connection: ConnectionId(1 + id / 8),
        origin_connection: Some((ConnectionId(2 + id / 8), true)),
        tunnel: None,
        tunnelled: None,
    }
}

/// One under way: its request head came, and nothing since.
pub(super) fn open(id: u64) -> Arc<Live> {
    let whole = exchange(id);
    Arc::new(Live::new(Exchange {
        summary: Summary {
            state: State::Open,
            status: None,
            duration: None,
            ttfb: None,
            response_bytes: 0,
            ..whole.summary
        },
        heads: Heads { response_received: None, response_sent: None, ..whole.heads },
        response_edits: Vec::new(),
        response_body: Body::default(),
        timing: Timing { request_head: Some(90), ..Timing::default() },
        ..whole
    }))
}

/// The usual one, handed over.
pub(super) fn finished(id: u64) -> Event {
    Event::Finished(Arc::new(Live::new(exchange(id))))
}

/// An exchange that has every fact, with bytes that no text may hold.
pub(super) fn full(id: u64) -> Exchange {
    let usual = exchange(id);
    Exchange {
        summary: Summary {
            state: State::Failed,
            failure: Some(Failure {
                side: Side::Origin,
                phase: Phase::Body,
                kind: Kind::Reset,
                says: "10.0.0.7:443 reset the connection after 5 of 9 bytes".to_owned(),
            }),
            flags: Flags(Flags::RETRIED.0 | Flags::TRUNCATED.0 | Flags::REPLAY.0),
            parent: Some(ExchangeId(3)),
            messages: 12,
            ..usual.summary
        },
        heads: Heads {
            request_received: Some(Bytes::from_static(b"GET / HTTP/1.1\r\nX-\xff\xfe: \x00\x80\r\n\r\n")),
            response_sent: Some(Bytes::new()),
            ..usual.heads
        },
        request_body: Body {
            length: 5,
            kept: 5,
            complete: true,
            truncated: None,
            place: BodyPlace::Inline(vec![0, 255, 13, 10, 128]),
            trailers: Some(Bytes::from_static(b"X-Sum: \xe4\r\n")),
            withheld: vec![(1, Cause::NamedByConnection)],
        },
        response_body: Body {
            length: 9,
            kept: 0,
            complete: false,
            truncated: Some(Truncation::Pressure),
            place: BodyPlace::Nowhere,
            trailers: None,
            withheld: Vec::new(),
        },
        interim: vec![
            Interim { at: 5, head: Bytes::from_static(b"HTTP/1.1 100 \xff\r\n\r\n"), forwarded: false },
            Interim { at: 9, head: Bytes::from_static(b"HTTP/1.1 103 Early Hints\r\n\r\n"), forwarded: true },
        ],
        attempts: vec![Attempt {
            at: 4,
            connection: ConnectionId(8),
            says: "closed before it answered".to_owned(),
        }],
        frames: vec![FrameNote {
            at: 70,
            side: Side::Origin,
            sent: true,
            kind: 1,
            flags: 5,
            stream: 3,
            length: 41,
            count: 1,
            says: "weight 16, \"quoted\"".to_owned(),
        }],
        tunnel: Some(ExchangeId(2)),
        tunnelled: Some(Box::new(Tunnelled {
            first: Some(Side::Origin),
            spoken: Some(Spoken::Ssh),
            client_ended: Some(3),
            ..Tunnelled::new(Unopened::Learned, Some("until noon".to_owned()))
        })),
        ..usual
    }
}

/// Any exchange at all, of this number.
pub(super) fn any_exchange(id: u64) -> impl Strategy<Value = Exchange> {
    let parts = (any_summary(id), any_heads(), any_edits(), any_edits(), any_body(), any_body());
    let more = (
        vec(any_interim(), 0..3),
        vec(any_attempt(), 0..3),
        vec(any_frame(), 0..3),
        any_timing(),
        count(),
        of((count(), any::<bool>())),
        of(count()),
        of(any_tunnelled()),
    );
    (parts, more).prop_map(
        |((summary, heads, request_edits, response_edits, request_body, response_body), more)| {
            let (interim, attempts, frames, timing, client, origin, tunnel, tunnelled) = more;
            Exchange {
                summary,
                heads,
                request_edits,
                response_edits,
                request_body,
                response_body,
                interim,
                attempts,
                frames,
                timing,
                client_connection: ConnectionId(client),
                origin_connection: origin.map(|(id, reused)| (ConnectionId(id), reused)),
                tunnel: tunnel.map(ExchangeId),
                tunnelled: tunnelled.map(Box::new),
            }
        },
    )
}

/// Any connection at all, of this number.
pub(super) fn any_connection(id: u64) -> impl Strategy<Value = Connection> {
    let address = || of(any::<(IpAddr, u16)>().prop_map(SocketAddr::from));
    let frames = vec(any_frame(), 0..3);
    (any_side(), any::<i64>(), address(), address(), of(any_tls()), frames).prop_map(
        move |(side, opened, peer, local, tls, frames)| Connection {
            id: ConnectionId(id),
            side,
            opened,
            peer,
            local,
            tls,
            dialling: None,
            frames,
        },
    )
}

fn any_tls() -> impl Strategy<Value = TlsFacts> {
    let verdict = of(prop_oneof![Just(Verdict::Trusted), text().prop_map(Verdict::Untrusted)]);
    let texts = (text(), text(), of(text()), of(text()), of(text()));
    let asked =
        select(vec![ClientCertificate::NotAsked, ClientCertificate::Withheld, ClientCertificate::Given]);
    let more = (any::<bool>(), of(count()), of(any_ocsp()), asked, of(vec(any::<u8>(), 0..80)));
    (texts, vec(vec(any::<u8>(), 0..80), 0..4), verdict, more).prop_map(
        |((version, cipher, group, alpn, sni), chain, verdict, more)| {
            let (resumed, took, ocsp, client_certificate, hello) = more;
            TlsFacts {
                version,
                cipher,
                group,
                alpn,
                sni,
                resumed,
                took,
                chain,
                verdict,
                ocsp,
                client_certificate,
                hello,
            }
        },
    )
}

fn any_ocsp() -> impl Strategy<Value = Ocsp> {
    let times = (of(any::<i64>()), of(any::<i64>()), of(any::<i64>()));
    (select(OcspStatus::ALL.to_vec()), times).prop_map(|(status, (produced, next, revoked))| Ocsp {
        status,
        produced,
        next,
        revoked,
    })
}

fn any_summary(id: u64) -> impl Strategy<Value = Summary> {
    let texts = (text(), text(), text(), text(), text(), of(text()));
    let marks =
        (select(vec![Scheme::Http, Scheme::Https]), of(any::<u16>()), 0_u8..4, any::<u32>(), any::<i64>());
    let counts = (count(), count(), count(), of(count()), of(count()), of(count()));
    (texts, marks, counts, of(any_failure())).prop_map(move |(texts, marks, counts, failure)| {
        let (client, method, host, path, version, media_type) = texts;
        let (scheme, status, state, flags, started) = marks;
        let (request_bytes, response_bytes, messages, duration, ttfb, parent) = counts;
        Summary {
            id: ExchangeId(id),
            started,
            client,
            scheme,
            method,
            host,
            path,
            version,
            status,
            state: State::from_code(state),
            request_bytes,
            response_bytes,
            messages,
            duration,
            ttfb,
            media_type,
            failure,
            flags: Flags(flags),
            parent: parent.map(ExchangeId),
            note: None,
        }
    })
}

fn any_failure() -> impl Strategy<Value = Failure> {
    (any_side(), select(Phase::ALL), select(Kind::ALL), text())
        .prop_map(|(side, phase, kind, says)| Failure { side, phase, kind, says })
}

fn any_heads() -> impl Strategy<Value = Heads> {
    (of(raw()), of(raw()), of(raw()), of(raw())).prop_map(|(a, b, c, d)| Heads {
        request_received: a,
        request_sent: b,
        response_received: c,
        response_sent: d,
    })
}

fn any_edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (of(any::<u16>()), of(any::<u16>()), select(Cause::ALL));
    vec(edit.prop_map(|(before, after, cause)| Edit { before, after, cause }), 0..12)
}

fn any_body() -> impl Strategy<Value = Body> {
    let place = prop_oneof![
        Just(BodyPlace::Nowhere),
        Just(BodyPlace::Arriving),
        any::<[u8; 32]>().prop_map(BodyPlace::File),
        vec(any::<u8>(), 0..400).prop_map(BodyPlace::Inline),
    ];
    let truncated = of(select(vec![Truncation::Pressure, Truncation::Limit, Truncation::Disk]));
    let withheld = vec((0..500_u16, select(Cause::ALL)), 0..3);
    (count(), count(), any::<bool>(), truncated, place, of(raw()), withheld).prop_map(
        |(length, kept, complete, truncated, place, trailers, withheld)| Body {
            length,
            kept,
            complete,
            truncated,
            place,
            trailers,
            withheld,
        },
    )
}

fn any_interim() -> impl Strategy<Value = Interim> {
    (count(), raw(), any::<bool>()).prop_map(|(at, head, forwarded)| Interim { at, head, forwarded })
}

fn any_tunnelled() -> impl Strategy<Value = Tunnelled> {
    let words = (select(Unopened::ALL), of(text()), of(any_side()), of(select(Spoken::ALL)));
    (words, of(count()), of(count())).prop_map(|((why, says, first, spoken), client_ended, origin_ended)| {
        Tunnelled { why, says, first, spoken, client_ended, origin_ended }
    })
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    (count(), count(), text()).prop_map(|(at, id, says)| Attempt { at, connection: ConnectionId(id), says })
}

fn any_frame() -> impl Strategy<Value = FrameNote> {
    let numbers = (any::<u8>(), any::<u8>(), any::<u32>(), any::<u32>());
    (count(), any_side(), any::<bool>(), numbers, any::<u64>(), text()).prop_map(
        |(at, side, sent, (kind, flags, stream, count), length, says)| FrameNote {
            at,
            side,
            sent,
            kind,
            flags,
            stream,
            length,
            count,
            says,
        },
    )
}

fn any_timing() -> impl Strategy<Value = Timing> {
    vec(of(count()), 9).prop_map(|at| Timing {
        request_head: at[0],
        resolved: at[1],
        connected: at[2],
        secured: at[3],
        request_sent: at[4],
        request_end: at[5],
        response_head: at[6],
        response_sent: at[7],
        response_end: at[8],
    })
}

fn any_side() -> impl Strategy<Value = Side> {
    select(vec![Side::Client, Side::Origin])
}

/// Integers of `SQLite` end at 2^63.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..1000, 0..=u64::try_from(i64::MAX).unwrap()]
}

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

fn raw() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}
