//! h2 on both ends, each on a tap, over a pipe so narrow that every write is cut.

use super::super::Limits;
use super::super::{ErrorCode, Handle, Tap};
use super::harness::{Sent, out};
use crate::exchange::Head;
use crate::tap::HeadOf;
use bytes::Bytes;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::task::JoinHandle;

const LIMITS: Limits = Limits { idle_frames: 10_000, ..super::harness::LIMITS };
const TRAILERS: &str = "x-sum: 1\r\nx-a: 2\r\nx-sum: 3\r\n";
const HINTS: &[u8] = b"HTTP/2 103 \r\n:status: 103\r\nlink: </a>\r\n\r\n";

/// Content that differs from stream to stream.
fn content(id: u32, length: usize) -> Bytes {
    (0_u32..).take(length).map(|at| (at * 7 + id).to_le_bytes()[0]).collect()
}

/// Sends all of `content` as fast as the windows allow.
async fn send_all(stream: &mut h2::SendStream<Bytes>, mut content: Bytes, ends: bool) {
    if content.is_empty() && ends {
        stream.send_data(content, true).unwrap();
        return;
    }
    while !content.is_empty() {
        stream.reserve_capacity(content.len());
        let room = poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap().unwrap();
        let part = content.split_to(room.min(content.len()));
        let last = content.is_empty() && ends;
        stream.send_data(part, last).unwrap();
    }
}

async fn read_all(body: &mut h2::RecvStream) -> Bytes {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        all.extend_from_slice(&data);
    }
    all.into()
}

/// Answers by hints, the content that came, and trailers.
async fn echo(
    handle: Handle,
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
) {
    let id = respond.stream_id().as_u32();
    let kept = handle.take_request(id).unwrap();
    assert_eq!(kept.head.value("x-id"), Some(id.to_string().as_bytes()));
    assert!(handle.inject(id, &Head::parse(Bytes::from_static(HINTS))));
    let mut body = request.into_body();
    let content = read_all(&mut body).await;
    body.trailers().await.unwrap();
    let section = format!("HTTP/2 200 \r\n:status: 200\r\nx-first: {id}\r\nb: 1\r\na: 2\r\nb: 3\r\n\r\n");
    let sent = Arc::new(Sent::default());
    handle.queue(id, out(&section, HeadOf::Response { over: false }, &sent), Vec::new());
    handle.send_trailers(id, Bytes::from_static(TRAILERS.as_bytes()), Vec::new());
    let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
    assert!(!handle.inject(id, &Head::parse(Bytes::from_static(HINTS))) || sent.0.lock().unwrap().is_empty());
    send_all(&mut stream, content, false).await;
    let mut trailers = http::HeaderMap::new();
    trailers.insert("t", http::HeaderValue::from_static("1"));
    stream.send_trailers(trailers).unwrap();
    poll_fn(|cx| stream.poll_reset(cx)).await.ok();
}

type Client = (h2::client::SendRequest<Bytes>, Handle, JoinHandle<()>, JoinHandle<()>, Handle);

async fn connect(width: usize) -> Client {
    let (near, far) = tokio::io::duplex(width);
    let (tap, server_handle) = Tap::server(far, LIMITS);
    let handle = server_handle.clone();
    let server = tokio::spawn(async move {
        let mut builder = h2::server::Builder::new();
        builder.initial_window_size(20_000).max_concurrent_streams(200);
        let mut connection = builder.handshake::<_, Bytes>(tap).await.unwrap();
        while let Some(Ok((request, respond))) = connection.accept().await {
            tokio::spawn(echo(handle.clone(), request, respond));
        }
        poll_fn(|cx| connection.poll_closed(cx)).await.ok();
    });
    let (tap, client_handle) = Tap::client(near, LIMITS);
    let mut builder = h2::client::Builder::new();
    let (send, connection) = builder.enable_push(false).handshake::<_, Bytes>(tap).await.unwrap();
    let client = tokio::spawn(async move {
        connection.await.ok();
    });
    (send, client_handle, client, server, server_handle)
}

async fn ask(mut send: h2::client::SendRequest<Bytes>, handle: Handle, length: usize) {
    poll_fn(|cx| send.poll_ready(cx)).await.unwrap();
    let request = http::Request::builder().method("POST").uri("https://h/").body(()).unwrap();
    let (response, mut stream) = send.send_request(request, false).unwrap();
    let id = response.stream_id().as_u32();
    let section = format!(
        "POST /x HTTP/2\r\n:method: POST\r\n:path: /x\r\n:scheme: https\r\n:authority: h\r\nx-id: {id}\r\n\r\n"
    );
    handle.expect(id, false);
    handle.queue(id, out(&section, HeadOf::Request, &Arc::new(Sent::default())), Vec::new());
    let sent = content(id, length);
    let sending = tokio::spawn({
        let sent = sent.clone();
        async move { send_all(&mut stream, sent, true).await }
    });
    let interims = poll_fn(|cx| {
        let interims = handle.poll_interims(cx, id);
        if interims.is_empty() { Poll::Pending } else { Poll::Ready(interims) }
    })
    .await;
    assert_eq!(interims[0].0.raw()[..], *HINTS);
    let mut body = response.await.unwrap().into_body();
    let kept = handle.take_response(id).unwrap();
    let lines: Vec<_> = kept.head.fields().skip(1).map(|field| field.line.to_vec()).collect();
    assert_eq!(lines.concat(), format!("x-first: {id}b: 1a: 2b: 3").into_bytes());
    assert_eq!(read_all(&mut body).await, sent);
    assert!(body.trailers().await.unwrap().is_some());
    assert_eq!(handle.take_trailers(id).unwrap().0, TRAILERS);
    sending.await.unwrap();
}

#[tokio::test]
async fn a_hundred_streams_with_bodies_both_ways_are_equal() {
    for width in [613, 1 << 16] {
        let (send, handle, client, server, server_handle) = connect(width).await;
        let asking: Vec<_> =
            (0..100).map(|n| tokio::spawn(ask(send.clone(), handle.clone(), n * 700))).collect();
        for task in asking {
            let done = tokio::time::timeout(Duration::from_secs(20), task).await.expect("no stream hangs");
            assert!(done.is_ok(), "{done:?} {:?} {:?}", handle.standing(), server_handle.standing());
        }
        assert!(handle.standing().sent.is_none());
        drop(send);
        client.await.unwrap();
        server.await.unwrap();
    }
}

#[tokio::test]
async fn rfc9113_6_8_goaway_is_noted_on_both_sides() {
    let (send, handle, client, server, server_handle) = connect(1 << 16).await;
    ask(send.clone(), handle.clone(), 10).await;
    drop(send);
    client.await.unwrap();
    server.await.unwrap();
    let received = server_handle.standing().received.unwrap();
    assert_eq!((received.code, server_handle.standing().highest_stream), (ErrorCode::NO_ERROR, 1));
    assert_eq!(handle.standing().sent.unwrap(), received);
}
