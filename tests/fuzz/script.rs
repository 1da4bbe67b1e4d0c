//! A peer made of bytes: what it sends comes in pieces of one size, what it is sent is kept.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream.
#[derive(Debug)]
pub struct Script {
    input: Vec<u8>,
    at: usize,
    piece: usize,
    /// What was written to it.
    pub written: Arc<Mutex<Vec<u8>>>,
}

impl Script {
    /// Bytes that come in pieces of `piece`, then the end.
    pub fn new(input: &[u8], piece: usize) -> Self {
        Self { input: input.to_vec(), at: 0, piece: piece.max(1), written: Arc::default() }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = (self.at + self.piece.min(buf.remaining())).min(self.input.len());
        buf.put_slice(&self.input[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let part = buf.len().min(self.piece);
        self.written.lock().unwrap().extend_from_slice(&buf[..part]);
        Poll::Ready(Ok(part))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
