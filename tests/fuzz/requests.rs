//! A client's bytes: heads end where httparse says, bodies are what a plain reading says, whatever pieces
//! they come in, and each request is answered once.

use super::reader::{self, Body};
use super::script::Script;
use bytes::Bytes;
use hopscope::exchange::Head;
use hopscope::hop::{Bounds, Framing};
use hopscope::tap::{Arrival, Handle, HeadOf, HeadSent, OutHead, Tap};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

struct Nobody;

impl HeadSent for Nobody {
    fn sent(&self, _: HeadOf, _: Bytes, _: bool) {}
}

/// A request that was read: its head, and its body or that it broke.
type Read = (Head, Result<Vec<u8>, ()>);

/// Panics when our reading is wrong.
pub fn target(data: &[u8]) {
    let Some((piece, bytes)) = data.split_first() else { return };
    let bounds = Bounds { fields: 1_000, head: 16 * 1024 };
    let (read, written) = through(bytes, usize::from(*piece) + 1, bounds);
    compare(bytes, &read);
    // Whatever pieces the bytes come in, they say the same.
    let (again, _) = through(bytes, bytes.len(), bounds);
    let heads = |read: &[Read]| read.iter().map(|(head, _)| head.raw().clone()).collect::<Vec<_>>();
    assert_eq!(heads(&read), heads(&again), "pieces of {}", usize::from(*piece) + 1);
    let answers = written.windows(9).filter(|bytes| bytes == b"HTTP/1.1 ").count();
    assert!(answers <= read.len() + 1, "{answers} answers to {} requests", read.len());
}

fn through(bytes: &[u8], piece: usize, bounds: Bounds) -> (Vec<Read>, Vec<u8>) {
    let script = Script::new(bytes, piece);
    let written = Arc::clone(&script.written);
    let long = Duration::from_hours(1);
    let (tap, handle) = Tap::server(script, bounds, long, long);
    let tap = tap.with_presence(Some(Box::new(|| true)));
    let read = Arc::new(Mutex::new(Vec::new()));
    let service = service_fn(|request| serve(request, handle.clone(), Arc::clone(&read)));
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(tap), service);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), connection).await });
    assert!(ended.is_ok(), "a stream that ended left its connection hanging");
    let read = std::mem::take(&mut *read.lock().unwrap());
    let written = written.lock().unwrap().clone();
    (read, written)
}

async fn serve(
    request: Request<Incoming>,
    tap: Handle,
    read: Arc<Mutex<Vec<Read>>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let number = match request.uri().authority() {
        Some(authority) => authority.host().parse().unwrap(),
        None => request.uri().path()[1..].parse().unwrap(),
    };
    let arrival = tap.take_request(number).expect("hyper makes up no requests");
    if let Arrival::Request { head, .. } = arrival {
        let body = request.into_body().collect().await;
        read.lock().unwrap().push((head, body.map(|body| body.to_bytes().to_vec()).map_err(|_| ())));
    }
    tap.resume(number);
    tap.queue(OutHead {
        raw: Bytes::from_static(ANSWER),
        framing: Framing::Length(0),
        closes: false,
        of: HeadOf::Response { over: true },
        sent: Arc::new(Nobody),
    });
    // No success to CONNECT: HTTP goes on.
    Ok(Response::builder().status(403).body(Empty::new()).unwrap())
}

/// Goes through the bytes as the other reader does, along the requests that we read.
fn compare(bytes: &[u8], read: &[Read]) {
    let mut at = 0;
    for (head, body) in read {
        while bytes[at..].starts_with(b"\r\n") {
            at += 2;
        }
        let raw = head.raw();
        assert!(bytes[at..].starts_with(raw), "a head that was not sent at {at}: {}", raw.escape_ascii());
        let folded = raw.windows(3).any(|bytes| bytes == b"\r\n " || bytes == b"\r\n\t");
        // httparse knows no folds in requests; we replace them (RFC 9112 5.2).
        if !folded {
            assert_eq!(reader::request_head(&bytes[at..]), Some(raw.len()), "{}", raw.escape_ascii());
        }
        match (reader::body(raw, bytes, at + raw.len()), body) {
            (Body::Whole(theirs, next), Ok(ours)) => {
                assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string());
                at = next;
            }
            // What broke or was cut must not look whole; nothing behind it is read.
            (Body::Open(_) | Body::Unclear | Body::Whole(..), Err(())) => return,
            (theirs, Ok(_)) => panic!("read as whole: {theirs:?} behind {}", raw.escape_ascii()),
        }
    }
}
