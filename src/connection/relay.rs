//! Bytes both ways, unread and uncut, counted; each direction may end before the other.
//!
//! Of a WebSocket the messages are taken out beside the bytes (RFC 6455): what passes is not touched.

use super::cut::Cut;
use super::passing::{Passing, Stopped};
use super::spoken::Ear;
use crate::exchange::{Failure, Head, Kind, Phase, Side};
use crate::recorder::{Pieces, Recording};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Relays until both directions have ended or one breaks, and settles the record: where one end was reset, so is the
/// other, for an orderly close would say that all had come. `spoken` takes the
/// messages out of what the client and the origin send; `ear` hears what a tunnel's protocol is.
pub(super) async fn relay<C, O>(
    client: C,
    origin: O,
    recording: &Recording,
    spoken: Option<(Pieces, Pieces)>,
    ear: Option<&Ear>,
) where
    C: AsyncRead + AsyncWrite + Cut + Unpin,
    O: AsyncRead + AsyncWrite + Cut + Unpin,
{
    let (of_client, of_origin) = spoken.unzip();
    let mut client = End::new(client, Side::Client, recording, of_client, ear);
    let mut origin = End::new(origin, Side::Origin, recording, of_origin, ear);
    let ended = both_ways(&mut client, &mut origin).await;
    [&mut client.pieces, &mut origin.pieces].into_iter().flatten().for_each(Pieces::end);
    recording.note(|exchange| {
        exchange.summary.request_bytes = client.read;
        exchange.summary.response_bytes = client.written;
        exchange.request_body.length = client.read;
        exchange.response_body.length = client.written;
        exchange.request_body.complete = ended.is_ok();
        exchange.response_body.complete = ended.is_ok();
    });
    if ended.is_err() {
        let_written().await;
    }
    match ended {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            let side = if client.broken { Side::Client } else { Side::Origin };
            match side {
                Side::Client => origin.io.cut(),
                Side::Origin => client.io.cut(),
            }
            recording.fail(broken(&error, side));
        }
        // TLS closed without a close_notify, as many do: the other end is not given one either.
        Ok(()) | Err(_) => match unclosed(&client, &origin) {
            Some(side) => recording.fail(without_close(side)),
            None => recording.complete(),
        },
    }
}

/// Passes bytes until both directions have ended, or an end cannot be read from any more. One that takes nothing more
/// may still have sent something: "the intermediary MUST attempt to send any outstanding data that came from the closed
/// side to the other side" (RFC 9110 9.3.6).
async fn both_ways<C, O>(client: &mut End<'_, C>, origin: &mut End<'_, O>) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    O: AsyncRead + AsyncWrite + Unpin,
{
    let (mut up, mut down) = (Passing::new(), Passing::new());
    let (mut upward, mut downward) = (None, None);
    poll_fn(|cx| {
        if upward.is_none() {
            upward = taken(up.poll(cx, client, origin))?;
        }
        if downward.is_none() {
            downward = taken(down.poll(cx, origin, client))?;
        }
        match (upward.take(), downward.take()) {
            (Some(of_client), Some(of_origin)) => Poll::Ready(of_client.and(of_origin)),
            open => {
                (upward, downward) = open;
                Poll::Pending
            }
        }
    })
    .await
}

/// How a direction ended, if it has; an error where that is the end of both.
fn taken(passed: Poll<Result<(), Stopped>>) -> io::Result<Option<io::Result<()>>> {
    match passed {
        Poll::Pending => Ok(None),
        Poll::Ready(Ok(())) => Ok(Some(Ok(()))),
        Poll::Ready(Err(Stopped::Writing(error))) => Ok(Some(Err(error))),
        Poll::Ready(Err(Stopped::Reading(error))) => Err(error),
    }
}

/// Has HTTP/2 connections write what they were given: a reset overtakes what was sent before it
/// (RFC 9113 5.4.2).
pub(super) async fn let_written() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// What is spoken behind a 101, or in a stream that was opened for it, when it is WebSocket
/// (RFC 6455 4.2.2).
pub(super) fn spoken(recording: &Recording) -> Option<(Pieces, Pieces)> {
    let (request, response) = recording.note(|exchange| {
        let heads = &exchange.heads;
        Some((heads.request_sent.clone()?, heads.response_received.clone()?))
    })?;
    let (request, response) = (Head::parse(request), Head::parse(response));
    let is_websocket = |name: &[u8]| name.eq_ignore_ascii_case(b"websocket");
    let websocket = response.members("upgrade").any(is_websocket)
        // RFC 8441 5: an extended CONNECT that succeeded.
        || request.value(":protocol").is_some_and(is_websocket);
    websocket.then(|| Pieces::of_websocket(recording, &request, &response))
}

/// Who ended a WebSocket first, when nobody has said Close (RFC 6455 7.1.5).
fn unclosed<C, O>(client: &End<'_, C>, origin: &End<'_, O>) -> Option<Side> {
    let (of_client, of_origin) = (client.pieces.as_ref()?, origin.pieces.as_ref()?);
    if of_client.is_closed() || of_origin.is_closed() {
        return None;
    }
    let client_first = client.ended.unwrap_or(u64::MAX) <= origin.ended.unwrap_or(u64::MAX);
    Some(if client_first { Side::Client } else { Side::Origin })
}

fn without_close(side: Side) -> Failure {
    let who = name(side);
    let says =
        format!("the {who} ended the connection without a WebSocket Close (RFC 6455 7.1.5: code 1006)");
    Failure { side, phase: Phase::Tunnel, kind: Kind::Closed, says }
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Origin => "server",
    }
}

fn broken(error: &io::Error, side: Side) -> Failure {
    let who = name(side);
    let says = match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            format!("the {who} reset its end of the tunnel")
        }
        _ => format!("the {who}'s end of the tunnel broke: {error}"),
    };
    Failure { side, phase: Phase::Tunnel, kind: Kind::Reset, says }
}

/// One end of the relay: counts its bytes, notes how it ended, and has its messages taken out.
struct End<'a, IO> {
    io: IO,
    side: Side,
    recording: &'a Recording,
    pieces: Option<Pieces>,
    ear: Option<&'a Ear>,
    /// Whether the ear still learns from what comes.
    telling: bool,
    read: u64,
    written: u64,
    broken: bool,
    /// When it said that no more comes, microseconds since the exchange began.
    ended: Option<u64>,
}

impl<'a, IO> End<'a, IO> {
    fn new(
        io: IO,
        side: Side,
        recording: &'a Recording,
        pieces: Option<Pieces>,
        ear: Option<&'a Ear>,
    ) -> Self {
        let telling = ear.is_some();
        Self { io, side, recording, pieces, ear, telling, read: 0, written: 0, broken: false, ended: None }
    }

    /// Bytes came in a tunnel: what they tell, and how many there are by now.
    fn heard(&mut self, new: &[u8]) {
        let Some(ear) = self.ear else { return };
        if self.telling {
            self.telling = ear.hear(self.recording, self.side, new);
        }
        let (side, read) = (self.side, self.read + new.len() as u64);
        self.recording.note(|exchange| exchange.body_mut(side).length = read);
    }

    /// No more comes from this end.
    fn over(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let (side, at) = (self.side, self.recording.elapsed());
        self.ended = Some(at);
        self.recording.note(|exchange| {
            let Some(tunnel) = &mut exchange.tunnelled else { return };
            match side {
                Side::Client => tunnel.client_ended = Some(at),
                Side::Origin => tunnel.origin_ended = Some(at),
            }
        });
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for End<'_, IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(pieces) = &mut self.pieces {
            ready!(pieces.poll_room(cx));
        }
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        self.broken |= read.is_err();
        let new = buf.filled().get(before..).unwrap_or_default();
        if new.is_empty() {
            self.over();
        } else if let Some(pieces) = &mut self.pieces {
            pieces.feed(new);
        } else {
            self.heard(new);
        }
        self.read += new.len() as u64;
        Poll::Ready(read)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for End<'_, IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, buf));
        self.broken |= written.is_err();
        let count = written?;
        self.written += count as u64;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
        self.broken |= shut.is_err();
        Poll::Ready(shut)
    }
}
