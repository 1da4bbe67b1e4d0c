//! A peer that speaks raw frames, and h2 with the tap beneath on the other side.

use super::super::frame::{self, FrameHead, HEAD, PREFACE, kind};
use super::super::hpack::Decoder;
use super::super::{Handle, Limits, Tap};
use crate::hop::{Bounds, Framing};
use crate::tap::{HeadOf, HeadSent, OutHead};
use bytes::{Bytes, BytesMut};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

pub(super) const LIMITS: Limits = Limits { bounds: Bounds { fields: 100, head: 4096 }, idle_frames: 200 };
/// `:method: GET`, `:scheme: https`, `:path: /`, `:authority: h`.
pub(super) const GET: &[u8] = &[0x82, 0x87, 0x84, 1, 1, b'h'];
/// The same for POST.
pub(super) const POST: &[u8] = &[0x83, 0x87, 0x84, 1, 1, b'h'];
/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A frame as the peer reads it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, flags, stream, payload } = self;
        write!(f, "({kind} {flags:#x} {stream} {})", payload.escape_ascii())
    }
}

/// The raw side of a connection.
pub(super) struct Peer {
    pub(super) io: DuplexStream,
    pub(super) decoder: Decoder,
    input: BytesMut,
}

/// One frame as octets.
pub(super) fn raw(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut into = BytesMut::new();
    frame::write(&mut into, kind, flags, stream, &[payload]);
    into.to_vec()
}

/// A literal field that is not indexed.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    let mut into = BytesMut::from(&[0][..]);
    super::super::hpack::plain_string(name.as_bytes(), &mut into);
    super::super::hpack::plain_string(value.as_bytes(), &mut into);
    into.to_vec()
}

impl Peer {
    pub(super) fn new(io: DuplexStream) -> Self {
        Self { io, decoder: Decoder::default(), input: BytesMut::new() }
    }

    /// Preface, empty SETTINGS, and the acknowledgment of the other side's.
    pub(super) async fn greet(&mut self) {
        self.send(PREFACE).await;
        self.send(&raw(kind::SETTINGS, 0, 0, &[])).await;
        self.send(&raw(kind::SETTINGS, 1, 0, &[])).await;
        self.until_ping().await;
    }

    pub(super) async fn send(&mut self, octets: &[u8]) {
        tokio::time::timeout(PATIENCE, self.io.write_all(octets)).await.unwrap().ok();
    }

    /// The next frame; `None` at the connection's end.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = FrameHead::read(&self.input)
                && self.input.len() >= HEAD + head.length
            {
                let frame = self.input.split_to(HEAD + head.length);
                let FrameHead { kind, flags, stream, .. } = head;
                return Some(Frame { kind, flags, stream, payload: frame[HEAD..].to_vec() });
            }
            let read = tokio::time::timeout(PATIENCE, self.io.read_buf(&mut self.input)).await;
            if read.expect("no frame came in time").unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// All frames until the answers to PINGs of ours, one after the other, so that other tasks had their
    /// turn; or to the end. SETTINGS and `WINDOW_UPDATE` of h2's own are left out.
    pub(super) async fn until_ping(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        for turn in 0..4 {
            let ping = [turn; 8];
            self.send(&raw(kind::PING, 0, 0, &ping)).await;
            while let Some(frame) = self.frame().await {
                match frame.kind {
                    kind::PING if frame.payload == ping => break,
                    kind::SETTINGS => {}
                    kind::WINDOW_UPDATE if frame.stream == 0 => {}
                    _ => frames.push(frame),
                }
            }
        }
        frames
    }

    /// The fields of a section.
    pub(super) fn fields(&mut self, frame: &Frame) -> String {
        assert_eq!(frame.kind, kind::HEADERS);
        let section = self.decoder.decode(&Bytes::from(frame.payload.clone()), &LIMITS.bounds).unwrap();
        let lines = section.fields.iter().map(|field| {
            let mark = if field.never_indexed { "!" } else { "" };
            format!("{mark}{}: {}", field.name.escape_ascii(), field.value.escape_ascii())
        });
        lines.collect::<Vec<_>>().join(" | ")
    }
}

/// Counts sections that were sent.
#[derive(Default)]
pub(super) struct Sent(pub(super) Mutex<Vec<(HeadOf, Bytes)>>);

impl HeadSent for Sent {
    fn sent(&self, of: HeadOf, head: Bytes, _closing: bool) {
        self.0.lock().unwrap().push((of, head));
    }
}

pub(super) fn out(raw: &str, of: HeadOf, sent: &Arc<Sent>) -> OutHead {
    OutHead {
        raw: Bytes::copy_from_slice(raw.as_bytes()),
        framing: Framing::Stream,
        closes: false,
        of,
        sent: sent.clone(),
    }
}

/// A server of h2's on the tap. It answers every request whole, when its body has come.
pub(super) struct Server {
    pub(super) handle: Handle,
    /// `GET / HTTP/2`, or the clause that the tap's check named; and then how the body ended.
    pub(super) seen: Arc<Mutex<Vec<String>>>,
    pub(super) task: JoinHandle<Result<(), h2::Error>>,
}

pub(super) const ANSWER: &str = "HTTP/2 200 \r\n:status: 200\r\nx-b: 2\r\nx-a: 1\r\nx-b: 3\r\n\r\n";

pub(super) fn serve(limits: Limits, settings: impl FnOnce(&mut h2::server::Builder)) -> (Peer, Server) {
    let (near, far) = tokio::io::duplex(1 << 20);
    let (tap, handle) = Tap::server(far, limits);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut builder = h2::server::Builder::new();
    settings(&mut builder);
    let task = tokio::spawn({
        let (handle, seen) = (handle.clone(), seen.clone());
        async move {
            let mut connection = builder.handshake::<_, Bytes>(tap).await?;
            while let Some(accepted) = connection.accept().await {
                let (request, respond) = accepted?;
                tokio::spawn(answer(handle.clone(), seen.clone(), request, respond));
            }
            poll_fn(|cx| connection.poll_closed(cx)).await
        }
    });
    (Peer::new(near), Server { handle, seen, task })
}

async fn answer(
    handle: Handle,
    seen: Arc<Mutex<Vec<String>>>,
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
) {
    let id = respond.stream_id().as_u32();
    // None where h2 reset it first: then it is among the refused.
    let Some(kept) = handle.take_request(id) else { return };
    let start = String::from_utf8_lossy(kept.head.start_line()).into_owned();
    seen.lock().unwrap().push(kept.facts.map_or_else(|fault| fault.clause.to_owned(), |_| start));
    let mut body = request.into_body();
    let mut octets = 0;
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                octets += data.len();
                body.flow_control().release_capacity(data.len()).ok();
            }
            Err(error) => {
                let fault = handle.stream_fault(id).map_or("no fault", |fault| fault.clause);
                seen.lock().unwrap().push(format!("{:?} {fault}", error.reason()));
                return;
            }
        }
    }
    match body.trailers().await {
        Ok(Some(_)) => {
            let (lines, _) = handle.take_trailers(id).unwrap();
            seen.lock().unwrap().push(format!("trailers {}", lines.escape_ascii()));
        }
        Ok(None) => {}
        Err(error) => {
            let fault = handle.stream_fault(id).map_or("no fault", |fault| fault.clause);
            seen.lock().unwrap().push(format!("{:?} {fault}", error.reason()));
            return;
        }
    }
    if octets > 0 {
        seen.lock().unwrap().push(format!("{octets} octets"));
    }
    let sent = Arc::new(Sent::default());
    handle.queue(id, out(ANSWER, HeadOf::Response { over: true }, &sent), Vec::new());
    respond.send_response(http::Response::new(()), true).ok();
}
