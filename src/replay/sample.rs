//! For tests: an exchange made of its request.

use crate::exchange::{
    Body, BodyPlace, ConnectionId, Exchange, ExchangeId, Flags, Head, Heads, Scheme, State, Summary, Timing,
};
use bytes::Bytes;

/// A recorded exchange, #12, of a request with this head and body.
pub(super) fn exchange(head: &str, body: &[u8]) -> Exchange {
    let raw = Bytes::copy_from_slice(head.as_bytes());
    let parsed = Head::parse(raw.clone());
    let method = parsed.request_line().map_or(&b""[..], |(method, ..)| method);
    let summary = Summary {
        id: ExchangeId(12),
        started: 0,
        client: "127.0.0.1:5000".to_owned(),
        scheme: Scheme::Http,
        method: String::from_utf8_lossy(method).into_owned(),
        host: "h".to_owned(),
        path: "/a".to_owned(),
        version: "HTTP/1.1".to_owned(),
        status: Some(200),
        state: State::Done,
        request_bytes: body.len() as u64,
        response_bytes: 0,
        messages: 0,
        duration: None,
        ttfb: None,
        media_type: None,
        failure: None,
        flags: Flags::default(),
        parent: None,
        note: None,
    };
    Exchange {
        summary,
        heads: Heads { request_received: Some(raw), ..Heads::default() },
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: Body {
            length: body.len() as u64,
            kept: body.len() as u64,
            complete: true,
            place: BodyPlace::Inline(body.to_vec()),
            ..Body::default()
        },
        response_body: Body::default(),
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing::default(),
        client_connection: ConnectionId(1),
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
    }
}
