//! Sending: the one request of a connection within this process, its answer read to the end and let go.

use super::build::{Content, Prepared, build};
use super::error::ReplayError;
use super::text::EditText;
use crate::connection;
use crate::exchange::{ExchangeId, Flags, Live, Order, Side, Summary};
use crate::forward::{Again, Tunnel};
use crate::hop::Version;
use crate::listener::{Running, Worker};
use crate::recorder::Watched;
use crate::store::{BodyReader, Reader};
use bytes::Bytes;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::oneshot;

/// Bytes that may wait between a replay and the code that serves it, each way.
const PIPE: usize = 64 * 1024;
/// Bytes of a body read from the capture at a time.
const PIECE: usize = 256 * 1024;

/// Sends what the capture of a running proxy holds; usable from any thread.
#[derive(Clone, Debug)]
pub struct Replayer {
    workers: Arc<[Worker]>,
    next: Arc<AtomicUsize>,
    capture: PathBuf,
}

/// A replay that has begun.
#[derive(Debug)]
pub struct Sent {
    id: ExchangeId,
    over: Receiver<Summary>,
    /// What a person ought to know of what was sent.
    pub notes: Vec<String>,
}

impl Sent {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.id
    }

    /// Waits until it is over, well or not; `None` when hopscope stopped before that.
    #[must_use]
    pub fn wait(self) -> Option<Summary> {
        self.over.recv().ok()
    }
}

impl Replayer {
    /// For the proxy that records `capture`.
    #[must_use]
    pub fn new(running: &Running, capture: &Path) -> Self {
        Self { workers: running.workers().into(), next: Arc::default(), capture: capture.to_owned() }
    }

    /// Sends one exchange again. Returns as soon as its record has begun.
    pub fn replay(&self, order: &Order) -> Result<Sent, ReplayError> {
        let reader = Reader::open(&self.capture)?;
        let (prepared, source) = load(&reader, order)?;
        let mut notes = prepared.notes.clone();
        notes.dedup();
        let (begun, told) = sync_channel(1);
        let (ended, over) = sync_channel(1);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let worker = self.workers.get(number % self.workers.len().max(1)).ok_or(ReplayError::Stopping)?;
        let work = send(worker.clone(), prepared, source, begun, ended);
        if !worker.spawn(work) {
            return Err(ReplayError::Stopping);
        }
        let id = told.recv().map_err(|_| ReplayError::Stopping)?;
        Ok(Sent { id, over, notes })
    }
}

/// What would be sent for an order.
pub fn prepare(reader: &Reader, order: &Order) -> Result<Prepared, ReplayError> {
    load(reader, order).map(|(prepared, _)| prepared)
}

/// The request of an exchange as a text to be edited.
pub fn edit_text(reader: &Reader, id: ExchangeId) -> Result<EditText, ReplayError> {
    let exchange = reader.exchange(id)?.ok_or(ReplayError::Absent(id))?;
    EditText::of(&exchange, reader.body(&exchange, Side::Client)?)
}

/// A request with what is needed beside it.
struct Source {
    body: BodyReader,
    server_name: Option<String>,
}

fn load(reader: &Reader, order: &Order) -> Result<(Prepared, Source), ReplayError> {
    let id = ExchangeId(order.of);
    let exchange = reader.exchange(id)?.ok_or(ReplayError::Absent(id))?;
    let prepared = build(order, &exchange)?;
    let body = reader.body(&exchange, Side::Client)?;
    // The name that the client asked for in TLS, unless the replay goes elsewhere.
    let origin = exchange.origin_connection.filter(|_| order.target.is_none());
    let origin = origin.map(|(id, _)| reader.connection(id)).transpose()?.flatten();
    let server_name = origin.and_then(|connection| connection.tls).and_then(|tls| tls.sni);
    Ok((prepared, Source { body, server_name }))
}

/// One replay from its first byte to the end of its answer.
async fn send(
    worker: Worker,
    prepared: Prepared,
    source: Source,
    begun: SyncSender<ExchangeId>,
    ended: SyncSender<Summary>,
) {
    let (near, far) = tokio::io::duplex(PIPE);
    let (again, watched) = Again::new(prepared.parent, prepared.as_sent);
    let tunnel = prepared.route.clone().map(|route| Tunnel {
        server_name: source.server_name.clone().filter(|name| *name != route.authority.host),
        scheme: route.scheme,
        authority: route.authority,
        toward: Version::Http11,
        program: None,
        exchange: prepared.parent,
    });
    let serving = connection::replay(Arc::clone(worker.shard()), Box::new(far), tunnel, again);
    let asking = async {
        if let Some(summary) = ask(near, prepared, source.body, watched, begun).await {
            // Nobody may wait for it.
            let _ = ended.send(summary);
        }
    };
    tokio::join!(serving, asking);
}

/// The client's side: writes the request, reads the answer away, and hangs up when the exchange is over.
async fn ask(
    near: DuplexStream,
    prepared: Prepared,
    body: BodyReader,
    watched: oneshot::Receiver<Watched>,
    begun: SyncSender<ExchangeId>,
) -> Option<Summary> {
    let (read, write) = tokio::io::split(near);
    let live = OnceLock::new();
    let ended = async {
        if let Ok(Watched { live: exchange, over }) = watched.await {
            let _ = begun.send(exchange.id());
            let _ = live.set(exchange);
            // An end that nobody sends is an end as well.
            let _ = over.await;
        }
    };
    let talking = async {
        tokio::join!(write_request(write, prepared, body), read_answer(read, &live));
    };
    tokio::pin!(ended);
    tokio::select! {
        biased;
        () = &mut ended => return live.get().map(|live| live.summary()),
        () = talking => {}
    }
    // The connection is closed; what was recorded of it ends soon.
    ended.await;
    live.get().map(|live| live.summary())
}

/// Reads until the other side closes; an upgraded connection is not ours to speak on.
async fn read_answer(mut read: ReadHalf<DuplexStream>, live: &OnceLock<Arc<Live>>) {
    let mut bytes = vec![0; PIPE];
    while let Ok(1..) = read.read(&mut bytes).await {
        if live.get().is_some_and(|live| live.lock().summary.flags.has(Flags::UPGRADED)) {
            return;
        }
    }
}

/// Writes all. A request that promises more than it has is cut off there, as a client would.
async fn write_request(mut write: WriteHalf<DuplexStream>, prepared: Prepared, body: BodyReader) {
    let short = prepared.promised().is_some_and(|promised| promised > prepared.length());
    let written = async {
        write.write_all(prepared.head.raw()).await?;
        match prepared.content {
            Content::New { bytes, chunked: false } => write.write_all(&bytes).await,
            Content::New { bytes, chunked: true } => {
                chunk(&mut write, &bytes).await?;
                last_chunk(&mut write, None).await
            }
            Content::Original { chunked: None, .. } => pieces(&mut write, body, false).await,
            Content::Original { chunked: Some(trailers), .. } => {
                pieces(&mut write, body, true).await?;
                last_chunk(&mut write, trailers).await
            }
        }
    };
    // An answer may come, and the connection go, before all is written: that is no error of ours.
    if written.await.is_err() || short {
        let _ = write.shutdown().await;
    }
}

/// The capture's bytes, read beside the traffic's thread.
async fn pieces(
    write: &mut (impl AsyncWrite + Unpin),
    mut body: BodyReader,
    chunked: bool,
) -> io::Result<()> {
    loop {
        let read = move || {
            let mut piece = Vec::new();
            let read = body.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            read.map(|_| (body, piece))
        };
        let (rest, piece) = tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??;
        body = rest;
        match (piece.is_empty(), chunked) {
            (true, _) => return Ok(()),
            (false, true) => chunk(write, &piece).await?,
            (false, false) => write.write_all(&piece).await?,
        }
    }
}

/// RFC 9112 7.1; an empty chunk would be the last.
async fn chunk(write: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    write.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
    write.write_all(bytes).await?;
    write.write_all(b"\r\n").await
}

async fn last_chunk(write: &mut (impl AsyncWrite + Unpin), trailers: Option<Bytes>) -> io::Result<()> {
    write.write_all(b"0\r\n").await?;
    write.write_all(&trailers.unwrap_or_default()).await?;
    write.write_all(b"\r\n").await
}
