//! Exchanges for the tests of this module.

use crate::exchange::{
    Body, BodyPlace, Cause, ConnectionId, Edit, Exchange, ExchangeId, Failure, Flags, Heads, Kind, Phase,
    Scheme, Side, State, Summary, Timing,
};
use bytes::Bytes;

/// A GET that went well.
pub(super) fn plain() -> Summary {
    Summary {
        id: ExchangeId(18),
        started: 1_700_043_630_123_456,
        client: "127.0.0.1:50000".to_owned(),
        scheme: Scheme::Https,
        method: "GET".to_owned(),
        host: "shop.test".to_owned(),
        path: "/cart?id=7".to_owned(),
        version: "HTTP/1.1".to_owned(),
        status: Some(200),
        state: State::Done,
        request_bytes: 0,
        response_bytes: 1_234,
        messages: 0,
        duration: Some(34_000),
        ttfb: Some(30_000),
        media_type: Some("application/json".to_owned()),
        failure: None,
        flags: Flags(0),
        parent: None,
        note: None,
    }
}

/// A POST to an origin where nobody listens.
pub(super) fn failed() -> Summary {
    Summary {
        id: ExchangeId(19),
        scheme: Scheme::Http,
        method: "POST".to_owned(),
        host: "down.test".to_owned(),
        path: "/".to_owned(),
        status: Some(502),
        state: State::Failed,
        request_bytes: 12,
        response_bytes: 0,
        messages: 0,
        duration: Some(850),
        ttfb: None,
        media_type: None,
        failure: Some(Failure {
            side: Side::Origin,
            phase: Phase::Connect,
            kind: Kind::Refused,
            says: "127.0.0.1:9 refused the connection".to_owned(),
        }),
        flags: Flags::OURS,
        ..plain()
    }
}

/// The GET with its heads, ledger and body.
pub(super) fn exchange() -> Exchange {
    let head = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
    let edit = |before, after, cause| Edit { before, after, cause };
    Exchange {
        summary: plain(),
        heads: Heads {
            request_received: head(
                "GET /cart?id=7 HTTP/1.1\r\nHost: shop.test\r\nConnection: a\r\nA: 1\r\nX-\x1b: 2\r\n\r\n",
            ),
            request_sent: head(
                "GET /cart?id=7 HTTP/1.1\r\nHost: shop.test\r\nX-\x1b: 2\r\nVia: 1.1 hopscope\r\n\r\n",
            ),
            response_received: head("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
            response_sent: head("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
        },
        request_edits: vec![
            edit(Some(2), None, Cause::Connection),
            edit(Some(3), None, Cause::NamedByConnection),
            edit(None, Some(3), Cause::Via),
        ],
        response_edits: Vec::new(),
        request_body: Body { complete: true, ..Body::default() },
        response_body: Body {
            length: 1_234,
            kept: 1_234,
            complete: true,
            place: BodyPlace::Inline(vec![b'x'; 1_234]),
            ..Body::default()
        },
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing {
            request_head: Some(100),
            connected: Some(1_100),
            secured: Some(9_000),
            request_sent: Some(9_100),
            response_head: Some(30_000),
            response_end: Some(34_000),
            ..Timing::default()
        },
        client_connection: ConnectionId(1),
        origin_connection: Some((ConnectionId(2), false)),
        tunnel: None,
        tunnelled: None,
    }
}
