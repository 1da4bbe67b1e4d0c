//! With h2 as the client, and a raw origin.

use super::super::code::ErrorCode;
use super::super::frame::{PREFACE, flag, kind};
use super::super::{Handle, Tap};
use super::harness::{Frame, LIMITS, Peer, Sent, field, out, raw};
use crate::tap::HeadOf;
use bytes::Bytes;
use std::future::poll_fn;
use std::sync::Arc;
use tokio::task::JoinHandle;

const OK: &[u8] = &[0x88];
const REQUEST: &str = "GET /a HTTP/2\r\n:method: GET\r\n:path: /a\r\nx-b: 1\r\nX-weird: 2\r\n\r\n";

/// A client of h2's that has sent one request, and the raw origin that read it.
struct Asked {
    origin: Peer,
    handle: Handle,
    response: h2::client::ResponseFuture,
    /// Keeps the connection open.
    _send: h2::client::SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
    request: Frame,
    sent: Arc<Sent>,
}

async fn ask(to_head: bool) -> Asked {
    let (near, far) = tokio::io::duplex(1 << 20);
    let (tap, handle) = Tap::client(far, LIMITS);
    let mut origin = Peer::new(near);
    origin.send(&raw(kind::SETTINGS, 0, 0, &[0, 8, 0, 0, 0, 1])).await;
    let (mut send, connection) =
        h2::client::Builder::new().enable_push(false).handshake::<_, Bytes>(tap).await.unwrap();
    let connection = tokio::spawn(connection);
    poll_fn(|cx| send.poll_ready(cx)).await.unwrap();
    let method = if to_head { http::Method::HEAD } else { http::Method::GET };
    let request = http::Request::builder().method(method).uri("https://h/").body(()).unwrap();
    let (response, _) = send.send_request(request, true).unwrap();
    let id = response.stream_id().as_u32();
    let sent = Arc::new(Sent::default());
    // The section waits for what stands for it.
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    handle.expect(id, to_head);
    handle.queue(id, out(REQUEST, HeadOf::Request, &sent), vec![Bytes::from_static(b"x-b")]);
    let mut preface = [0; 24];
    tokio::io::AsyncReadExt::read_exact(&mut origin.io, &mut preface).await.unwrap();
    assert_eq!(preface, *PREFACE);
    let request = loop {
        let frame = origin.frame().await.unwrap();
        if frame.kind == kind::HEADERS {
            break frame;
        }
    };
    origin.send(&raw(kind::SETTINGS, flag::ACK, 0, &[])).await;
    Asked { origin, handle, response, _send: send, connection, request, sent }
}

#[tokio::test]
async fn a_request_is_replaced_by_the_exact_section() {
    let mut asked = ask(false).await;
    assert_eq!(asked.request.flags, 5);
    assert_eq!(asked.origin.fields(&asked.request), ":method: GET | :path: /a | !x-b: 1 | X-weird: 2");
    assert_eq!(asked.sent.0.lock().unwrap()[0], (HeadOf::Request, Bytes::from_static(REQUEST.as_bytes())));
    let taken = poll_fn(|cx| asked.handle.poll_extended_connect(cx)).await;
    assert!(taken);
    let block = [OK, &field("b", "1"), &field("a", "2"), &field("b", "3")].concat();
    asked.origin.send(&raw(kind::HEADERS, 4, 1, &block)).await;
    asked.origin.send(&raw(kind::DATA, 0, 1, b"content")).await;
    asked.origin.send(&raw(kind::HEADERS, 5, 1, &field("x-sum", "9"))).await;
    let response = asked.response.await.unwrap();
    let kept = asked.handle.take_response(1).unwrap();
    assert_eq!(kept.head.raw()[..], b"HTTP/2 200 \r\n:status: 200\r\nb: 1\r\na: 2\r\nb: 3\r\n\r\n"[..]);
    let mut body = response.into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "content");
    assert!(body.trailers().await.unwrap().is_some());
    assert_eq!(asked.handle.take_trailers(1).unwrap().0, "x-sum: 9\r\n");
    let kinds: Vec<_> = asked.handle.take_frames(1).iter().map(|(_, note)| (note.kind, note.sent)).collect();
    assert_eq!(kinds, [(1, true), (1, false), (0, false), (1, false)]);
}

#[tokio::test]
async fn rfc9110_15_2_interim_responses_are_taken_and_not_given_to_h2() {
    let mut asked = ask(false).await;
    let early = [&[8, 3][..], b"103", &field("link", "</a>")].concat();
    asked.origin.send(&raw(kind::HEADERS, 4, 1, &early)).await;
    let handle = asked.handle.clone();
    let interims = poll_fn(|cx| {
        let interims = handle.poll_interims(cx, 1);
        if interims.is_empty() { std::task::Poll::Pending } else { std::task::Poll::Ready(interims) }
    })
    .await;
    assert_eq!((interims.len(), interims[0].1.status), (1, 103));
    assert_eq!(interims[0].0.value("link"), Some(&b"</a>"[..]));
    asked.origin.send(&raw(kind::HEADERS, 5, 1, OK)).await;
    assert_eq!(asked.response.await.unwrap().status(), 200);
}

/// The stream is reset toward the origin, h2's future fails, and the fault is told.
async fn is_malformed(to_head: bool, frames: &[Vec<u8>], code: ErrorCode, clause: &str) {
    let mut asked = ask(to_head).await;
    for frame in frames {
        asked.origin.send(frame).await;
    }
    let came = asked.origin.until_ping().await;
    let reset = came.iter().find(|frame| frame.kind == kind::RST_STREAM).expect("a reset");
    assert_eq!((reset.stream, &reset.payload[..]), (1, &code.0.to_be_bytes()[..]), "{came:?}");
    let error = match asked.response.await {
        Err(error) => error,
        Ok(response) => {
            let mut body = response.into_body();
            loop {
                match body.data().await.expect("the body fails") {
                    Ok(data) => body.flow_control().release_capacity(data.len()).unwrap(),
                    Err(error) => break error,
                }
            }
        }
    };
    assert_eq!(error.reason(), Some(h2::Reason::from(code.0)));
    let fault = asked.handle.stream_fault(1).expect("a fault");
    assert_eq!((fault.clause, fault.status / 100 >= 4), (clause, true), "{fault:?}");
}

#[tokio::test]
async fn rfc9113_8_1_1_malformed_responses_are_reset_and_told() {
    let code = ErrorCode::PROTOCOL_ERROR;
    let ok = raw(kind::HEADERS, 4, 1, OK);
    let ok_of_3 = raw(kind::HEADERS, 4, 1, &[OK, &field("content-length", "3")].concat());
    let empty_of_3 = raw(kind::HEADERS, 5, 1, &[OK, &field("content-length", "3")].concat());
    let data = |flags, content: &[u8]| raw(kind::DATA, flags, 1, content);
    is_malformed(false, &[data(0, b"x")], code, "RFC 9113 8.1").await;
    is_malformed(false, &[ok_of_3.clone(), data(0, b"four")], code, "RFC 9113 8.1.1").await;
    is_malformed(false, &[ok_of_3, data(1, b"ab")], code, "RFC 9113 8.1.1").await;
    is_malformed(false, std::slice::from_ref(&empty_of_3), code, "RFC 9113 8.1.1").await;
    is_malformed(false, &[ok.clone(), ok.clone()], code, "RFC 9113 8.1").await;
    is_malformed(true, &[ok, data(1, b"content")], code, "RFC 9113 8.1.1").await;
    is_malformed(false, &[raw(kind::HEADERS, 5, 1, &[8, 3, b'1', b'0', b'3'])], code, "RFC 9113 8.1").await;
    let mut asked = ask(true).await;
    asked.origin.send(&empty_of_3).await;
    assert!(asked.response.await.is_ok(), "a response to HEAD may say how long it would be");
}

#[tokio::test]
async fn rfc9113_8_3_2_a_response_without_a_status_is_kept_with_its_fault() {
    let mut asked = ask(false).await;
    asked.origin.send(&raw(kind::HEADERS, 5, 1, &field("a", "b"))).await;
    assert!(asked.response.await.is_err());
    let kept = asked.handle.take_response(1).unwrap();
    assert_eq!(kept.head.value("a"), Some(&b"b"[..]));
    assert!(kept.facts.is_err());
    assert_eq!(kept.facts.err(), asked.handle.stream_fault(1));
}

#[tokio::test]
async fn rfc9113_frames_of_an_origin_that_end_the_connection() {
    let cases = [
        (raw(5, 4, 1, &[0, 0, 0, 2, 0x82]), ErrorCode::PROTOCOL_ERROR),
        (raw(kind::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 1]), ErrorCode::PROTOCOL_ERROR),
        (raw(kind::HEADERS, 5, 2, OK), ErrorCode::PROTOCOL_ERROR),
        (raw(kind::HEADERS, 5, 3, OK), ErrorCode::PROTOCOL_ERROR),
        (raw(kind::DATA, 0, 7, b"x"), ErrorCode::PROTOCOL_ERROR),
        (raw(kind::HEADERS, 5, 1, &[0x80]), ErrorCode::COMPRESSION_ERROR),
        (raw(kind::PING, 0, 0, &[0; 7]), ErrorCode::FRAME_SIZE_ERROR),
    ];
    for (frame, code) in cases {
        let mut asked = ask(false).await;
        asked.origin.send(&frame).await;
        let mut last = None;
        while let Some(frame) = asked.origin.frame().await {
            last = Some(frame);
        }
        let last = last.unwrap();
        assert_eq!(
            (last.kind, &last.payload[4..8]),
            (kind::GOAWAY, &code.0.to_be_bytes()[..]),
            "{frame:02x?}"
        );
        assert!(asked.response.await.is_err());
        assert_eq!(asked.handle.standing().sent.unwrap().code, code);
        drop(asked.origin);
        asked.connection.await.unwrap().ok();
    }
}
