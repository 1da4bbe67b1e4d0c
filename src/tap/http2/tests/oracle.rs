//! Our HPACK against h2's: each reads what the other wrote.

use super::super::frame::{PREFACE, kind};
use super::super::hpack::Encoder;
use super::harness::{Peer, raw};
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use std::future::poll_fn;

/// Lines that both can hold: h2 keeps names in lower case and values visible.
fn lines() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[a-z][a-z0-9-]{0,8}", Just("cookie".to_owned()), Just("etag".to_owned())];
    let name = name.prop_filter("h2 refuses it", |name| {
        !matches!(name.as_str(), "connection" | "te" | "upgrade") && !name.contains("content-length")
    });
    let value = prop_oneof!["[ -~]{0,60}", "[a-c]{0,2}"];
    let value = value.prop_map(|value: String| value.trim().to_owned());
    vec((name, value), 0..8)
}

fn sorted(mut lines: Vec<(String, String)>) -> Vec<(String, String)> {
    lines.sort();
    lines
}

fn of(map: &http::HeaderMap) -> Vec<(String, String)> {
    let lines = map.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    sorted(lines.collect())
}

async fn h2_reads(sections: Vec<Vec<(String, String)>>) {
    let (near, far) = tokio::io::duplex(1 << 20);
    let mut peer = Peer::new(near);
    peer.send(PREFACE).await;
    peer.send(&raw(kind::SETTINGS, 0, 0, &[])).await;
    let mut encoder = Encoder::default();
    let mut server = h2::server::handshake(far).await.unwrap();
    for (at, lines) in sections.into_iter().enumerate() {
        let pseudo = [(":method", "GET"), (":scheme", "https"), (":path", "/x"), (":authority", "h")];
        let mut block = BytesMut::new();
        let fields =
            pseudo.into_iter().chain(lines.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        encoder.encode(fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())), &[], &mut block);
        peer.send(&raw(kind::HEADERS, 5, u32::try_from(at).unwrap() * 2 + 1, &block)).await;
        let (request, _) = server.accept().await.unwrap().unwrap();
        assert_eq!(of(request.headers()), sorted(lines));
        assert_eq!(request.uri(), "https://h/x");
    }
}

async fn we_read(sections: Vec<Vec<(String, String)>>) {
    let (near, far) = tokio::io::duplex(1 << 20);
    let mut peer = Peer::new(near);
    peer.send(&raw(kind::SETTINGS, 0, 0, &[])).await;
    let (mut send, connection) = h2::client::handshake(far).await.unwrap();
    tokio::spawn(connection);
    let mut preface = [0; 24];
    tokio::io::AsyncReadExt::read_exact(&mut peer.io, &mut preface).await.unwrap();
    for lines in sections {
        poll_fn(|cx| send.poll_ready(cx)).await.unwrap();
        let mut request = http::Request::builder().uri("https://h/x");
        for (name, value) in &lines {
            request = request.header(name, value);
        }
        let _response = send.send_request(request.body(()).unwrap(), true).unwrap();
        let frame = loop {
            let frame = peer.frame().await.unwrap();
            if frame.kind == kind::HEADERS {
                break frame;
            }
        };
        let bounds = super::harness::LIMITS.bounds;
        let section = peer.decoder.decode(&Bytes::from(frame.payload), &bounds).unwrap();
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let fields = section.fields.iter().filter(|field| field.name[0] != b':');
        assert_eq!(
            sorted(fields.map(|field| (text(&field.name), text(&field.value))).collect()),
            sorted(lines)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_reads_what_the_other_wrote(sections in vec(lines(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(h2_reads(sections.clone()));
        runtime.block_on(we_read(sections));
    }
}
