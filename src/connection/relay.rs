//! Bytes both ways, unread and uncut, counted; each direction may end before the other.

use super::tunnel::whole;
use crate::exchange::{Failure, Kind, Phase, Side};
use crate::recorder::Recording;
use crate::tap::Parts;
use crate::upstream::Io;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One direction's buffer; tokio's own 8 KiB cost half the throughput on fast links.
const BUFFER: usize = 64 * 1024;

/// Relays until both directions have ended or one breaks, and settles the record.
pub(super) async fn relay(client: Parts<Box<dyn Io>>, origin: Parts<Box<dyn Io>>, recording: &Recording) {
    let mut client = Counting { io: whole(client), read: 0, written: 0, broken: false };
    let mut origin = whole(origin);
    let ended = tokio::io::copy_bidirectional_with_sizes(&mut client, &mut origin, BUFFER, BUFFER).await;
    recording.note(|exchange| {
        exchange.summary.request_bytes = client.read;
        exchange.summary.response_bytes = client.written;
        exchange.request_body.length = client.read;
        exchange.response_body.length = client.written;
        exchange.request_body.complete = ended.is_ok();
        exchange.response_body.complete = ended.is_ok();
    });
    match ended {
        Ok(_) => recording.complete(),
        // TLS closed without a close_notify, as many do: the other end is not given one either.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => recording.complete(),
        Err(error) => recording.fail(broken(&error, if client.broken { Side::Client } else { Side::Origin })),
    }
}

fn broken(error: &io::Error, side: Side) -> Failure {
    let who = match side {
        Side::Client => "client",
        Side::Origin => "server",
    };
    let says = match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            format!("the {who} reset its end of the tunnel")
        }
        _ => format!("the {who}'s end of the tunnel broke: {error}"),
    };
    Failure { side, phase: Phase::Tunnel, kind: Kind::Reset, says }
}

/// Counts the bytes of a stream, and notes whether it broke.
struct Counting<IO> {
    io: IO,
    read: u64,
    written: u64,
    broken: bool,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Counting<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        self.broken |= read.is_err();
        read?;
        self.read += (buf.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Counting<IO> {
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
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
