//! Captures written without a proxy: exchanges as a test wants them.

use bytes::Bytes;
use hopscope::config;
use hopscope::exchange::{
    Body, BodyPlace, ConnectionId, Event, Exchange, ExchangeId, Flags, Head, Heads, Live, Message, Scheme,
    Side, State, Summary, Timing,
};
use hopscope::store::{Inbox, Store};
use std::path::Path;
use std::sync::Arc;

/// A capture at that path of these exchanges, each with its messages.
pub fn record(path: &Path, exchanges: Vec<(Exchange, Vec<Message>)>) {
    let settings = config::Capture { pressure: config::Pressure::Block, ..config::Capture::default() };
    let store = Store::open(path, &settings, 1).unwrap();
    for (exchange, messages) in exchanges {
        put(&store.inbox(), exchange, messages);
    }
    store.close().unwrap();
}

fn put(inbox: &Inbox, exchange: Exchange, messages: Vec<Message>) {
    let bytes = |side| match &exchange.body(side).place {
        BodyPlace::Inline(bytes) => bytes.len(),
        _ => 0,
    };
    let payloads: usize = messages.iter().map(|message| message.payload.len()).sum();
    while !inbox.try_reserve(bytes(Side::Client) + bytes(Side::Origin) + payloads) {
        std::thread::yield_now();
    }
    let id = exchange.summary.id;
    if !messages.is_empty() {
        inbox.push(0, Event::Messages { id, first: 0, messages });
    }
    inbox.push(0, Event::Finished(Arc::new(Live::new(exchange))));
}

/// An exchange whose request and response were these heads and bodies, passed on as they were.
pub fn exchange(id: u64, request: (&str, &[u8]), response: (&str, &[u8])) -> Exchange {
    let head = |text: &str| Some(Bytes::copy_from_slice(text.as_bytes()));
    let parsed = Head::parse(Bytes::copy_from_slice(request.0.as_bytes()));
    let (method, path, version) = parsed.request_line().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let answer = Head::parse(Bytes::copy_from_slice(response.0.as_bytes()));
    let body = |bytes: &[u8]| Body {
        length: bytes.len() as u64,
        kept: bytes.len() as u64,
        complete: true,
        place: if bytes.is_empty() { BodyPlace::Nowhere } else { BodyPlace::Inline(bytes.to_vec()) },
        ..Body::default()
    };
    Exchange {
        summary: Summary {
            id: ExchangeId(id),
            started: 1_790_000_000_000_000 + i64::try_from(id).unwrap(),
            client: "127.0.0.1:50000".to_owned(),
            scheme: Scheme::Https,
            method: text(method),
            host: text(parsed.value("host").unwrap_or(b"h.test")),
            path: text(path),
            version: text(version),
            status: answer.status_line().map(|line| line.1),
            state: State::Done,
            request_bytes: request.1.len() as u64,
            response_bytes: response.1.len() as u64,
            messages: 0,
            duration: Some(1_000),
            ttfb: Some(900),
            media_type: answer.value("content-type").map(text),
            failure: None,
            flags: Flags::default(),
            parent: None,
            note: None,
        },
        heads: Heads {
            request_received: head(request.0),
            request_sent: head(request.0),
            response_received: head(response.0),
            response_sent: head(response.0),
        },
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: body(request.1),
        response_body: body(response.1),
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing {
            request_head: Some(10),
            response_head: Some(900),
            response_end: Some(1_000),
            ..Timing::default()
        },
        client_connection: ConnectionId(1),
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
    }
}
