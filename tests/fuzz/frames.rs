//! A client's frames over HTTP/2: what the tap lets through, h2 alone reads the same; the pieces that
//! they come in change nothing; and no connection is left hanging.

use super::script::Script;
use bytes::Bytes;
use hopscope::hop::{Bounds, Framing};
use hopscope::tap::http2::{Handle, Limits, Tap};
use hopscope::tap::{HeadOf, HeadSent, OutHead};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const ANSWER: &[u8] = b"HTTP/2 403 \r\n:status: 403\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
/// Turns that tasks get before the client's end is told.
const TURNS: usize = 16;

struct Nobody;

impl HeadSent for Nobody {
    fn sent(&self, _: HeadOf, _: Bytes, _: bool) {}
}

/// Fields other than pseudo-fields, sorted, and the content, or that it broke.
type Read = (Vec<(Vec<u8>, Vec<u8>)>, Option<Vec<u8>>);
type Reads = Arc<Mutex<BTreeMap<u32, Read>>>;

/// Panics when our reading is wrong.
pub fn target(data: &[u8]) {
    let Some((piece, frames)) = data.split_first() else { return };
    compare(&[PREFACE, frames].concat(), usize::from(*piece) + 1);
}

/// The same for field blocks: each is opened by a request's pseudo-fields.
pub fn blocks(data: &[u8]) {
    let mut wire = PREFACE.to_vec();
    let (mut rest, mut stream) = (data, 1_u32);
    while let Some((length, behind)) = rest.split_first() {
        let (block, behind) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = behind;
        let pseudo = [0x82, 0x87, 0x84, 1, 1, b'h'];
        let [.., high, low] = (block.len() + pseudo.len()).to_be_bytes();
        wire.extend_from_slice(&[0, high, low, 1, 5]);
        wire.extend_from_slice(&stream.to_be_bytes());
        wire.extend_from_slice(&pseudo);
        wire.extend_from_slice(block);
        stream += 2;
    }
    compare(&wire, wire.len());
}

fn compare(wire: &[u8], piece: usize) {
    let whole = through(wire, wire.len(), true);
    agree(&whole, &through(wire, piece, true), "in pieces");
    agree(&whole, &through(wire, wire.len(), false), "by h2 alone");
}

/// Where both read a stream they read the same. Which streams they read may differ: whether a frame is
/// wrong may depend on what was answered before it, and h2 alone does not know every rule.
fn agree(ours: &BTreeMap<u32, Read>, theirs: &BTreeMap<u32, Read>, how: &str) {
    for (id, (fields, content)) in ours {
        let Some((other_fields, other_content)) = theirs.get(id) else { continue };
        assert_eq!(fields, other_fields, "stream {id} {how}");
        if let (Some(content), Some(other)) = (content, other_content) {
            assert_eq!(content, other, "stream {id} {how}");
        }
    }
}

/// What a server of h2's reads, with the tap beneath it or without.
fn through(wire: &[u8], piece: usize, tapped: bool) -> BTreeMap<u32, Read> {
    let io = Slow { script: Script::new(wire, piece), turns: 0, left: wire.len() };
    let reads = Reads::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let limits = Limits { bounds: Bounds { fields: 1_000, head: 16 * 1024 }, idle_frames: 1_000 };
    let ended = runtime.block_on(async {
        let served = async {
            if tapped {
                let (tap, handle) = Tap::server(io, limits);
                serve(tap, Some(handle), &reads).await;
            } else {
                serve(io, None, &reads).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), served).await
    });
    assert!(ended.is_ok(), "a client that ended left its connection hanging");
    drop(runtime);
    std::mem::take(&mut *reads.lock().unwrap())
}

async fn serve<IO: AsyncRead + AsyncWrite + Unpin>(io: IO, handle: Option<Handle>, reads: &Reads) {
    let mut builder = h2::server::Builder::new();
    builder.max_header_list_size(1 << 20);
    let Ok(mut connection) = builder.handshake::<_, Bytes>(io).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond, handle.clone(), Arc::clone(reads)));
    }
    poll_fn(|cx| connection.poll_closed(cx)).await.ok();
}

async fn answer(
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    handle: Option<Handle>,
    reads: Reads,
) {
    let id = respond.stream_id().as_u32();
    let mut fields: Vec<(Vec<u8>, Vec<u8>)> = match &handle {
        None => request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_bytes().into()))
            .collect(),
        Some(handle) => {
            let Some(kept) = handle.take_request(id) else { return };
            if kept.facts.is_err() {
                return;
            }
            let fields = kept.head.section().filter(|(name, _)| !name.starts_with(b":"));
            fields.map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
        }
    };
    fields.sort();
    reads.lock().unwrap().insert(id, (fields, None));
    let mut body = request.into_body();
    let mut content = Vec::new();
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return };
        body.flow_control().release_capacity(data.len()).ok();
        content.extend_from_slice(&data);
    }
    if let Some(read) = reads.lock().unwrap().get_mut(&id) {
        read.1 = Some(content);
    }
    if let Some(handle) = &handle {
        let head = OutHead {
            raw: Bytes::from_static(ANSWER),
            framing: Framing::Length(0),
            closes: false,
            of: HeadOf::Response { over: true },
            sent: Arc::new(Nobody),
        };
        handle.queue(id, head, Vec::new());
    }
    respond.send_response(http::Response::builder().status(403).body(()).unwrap(), true).ok();
}

/// A script that lets other tasks have their turn between pieces, and before its end.
struct Slow {
    script: Script,
    turns: usize,
    left: usize,
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let turns = if self.left == 0 { TURNS } else { 1 };
        if self.turns < turns {
            self.turns += 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.turns = 0;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.script).poll_read(cx, buf))?;
        self.left -= buf.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.script).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFACE, through};

    #[test]
    fn both_readers_read_something() {
        let data =
            std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/frames/00")).unwrap();
        let wire = [PREFACE, &data[1..]].concat();
        for tapped in [true, false] {
            let reads = through(&wire, 7, tapped);
            let fields: Vec<_> =
                reads.values().map(|(fields, content)| (fields.len(), content.is_some())).collect();
            assert_eq!(fields, [(0, true), (1, true), (1, true)], "tapped: {tapped}");
        }
    }
}
