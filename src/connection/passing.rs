//! Bytes one way between two ends, as they come.

use crate::awake;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One direction's buffer; 8 KiB cost half the throughput on fast links.
const BUFFER: usize = 64 * 1024;

/// Why a direction ended before its source did.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Nothing more can be read.
    Reading(io::Error),
    /// Nothing more can be written.
    Writing(io::Error),
}

/// What of one direction was read and is not yet written.
#[derive(Debug)]
pub(super) struct Passing {
    buffer: Box<[u8]>,
    held: Range<usize>,
    unflushed: bool,
    over: bool,
}

impl Passing {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; BUFFER].into_boxed_slice(), held: 0..0, unflushed: false, over: false }
    }

    /// Passes on what `from` sends; ready once it has ended and `to` has been told so.
    pub(super) fn poll<F, T>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &mut T,
    ) -> Poll<Result<(), Stopped>>
    where
        F: AsyncRead + Unpin,
        T: AsyncWrite + Unpin,
    {
        loop {
            ready!(self.poll_write(cx, Pin::new(to))).map_err(Stopped::Writing)?;
            if self.over {
                return Pin::new(to).poll_shutdown(cx).map_err(Stopped::Writing);
            }
            if self.poll_read(cx, Pin::new(from)).map_err(Stopped::Reading)?.is_pending() {
                if self.unflushed {
                    ready!(Pin::new(to).poll_flush(cx)).map_err(Stopped::Writing)?;
                    self.unflushed = false;
                }
                return Poll::Pending;
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, from: Pin<&mut impl AsyncRead>) -> Poll<io::Result<()>> {
        let mut part = ReadBuf::new(&mut self.buffer);
        ready!(from.poll_read(cx, &mut part))?;
        awake::came();
        self.held = 0..part.filled().len();
        self.over = self.held.is_empty();
        Poll::Ready(Ok(()))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        mut to: Pin<&mut impl AsyncWrite>,
    ) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let count = ready!(to.as_mut().poll_write(cx, &self.buffer[self.held.clone()]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.start += count;
            self.unflushed = true;
        }
        Poll::Ready(Ok(()))
    }
}
