//! A stream whose first bytes were already read: they are read once more, then the stream goes on.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes first, then the stream. Writes pass straight through.
#[derive(Debug)]
pub struct Rewind<IO> {
    first: Vec<u8>,
    read: usize,
    io: IO,
}

impl<IO> Rewind<IO> {
    /// Puts bytes before what the stream will yield.
    #[must_use]
    pub fn new(first: Vec<u8>, io: IO) -> Self {
        Self { first, read: 0, io }
    }

    /// The bytes not yet read once more, and the stream.
    #[must_use]
    pub fn into_parts(mut self) -> (Vec<u8>, IO) {
        (self.first.split_off(self.read), self.io)
    }

    /// The stream beneath.
    #[must_use]
    pub fn get_ref(&self) -> &IO {
        &self.io
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Rewind<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let left = this.first.get(this.read..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut this.io).poll_read(cx, out);
        }
        let taken = left.len().min(out.remaining());
        out.put_slice(left.get(..taken).unwrap_or_default());
        this.read += taken;
        if this.read == this.first.len() {
            (this.first, this.read) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Rewind<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn reads_the_first_bytes_again_then_goes_on() {
        let (near, mut far) = tokio::io::duplex(64);
        far.write_all(b" world").await.unwrap();
        let mut rewound = Rewind::new(b"hello".to_vec(), near);
        let mut two = [0; 2];
        rewound.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"he");
        rewound.write_all(b"written").await.unwrap();
        rewound.shutdown().await.unwrap();
        let mut rest = [0; 9];
        rewound.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"llo world");
        let mut written = String::new();
        far.read_to_string(&mut written).await.unwrap();
        assert_eq!(written, "written");
    }

    #[tokio::test]
    async fn gives_back_what_was_not_read() {
        let mut rewound = Rewind::new(b"abc".to_vec(), tokio::io::empty());
        assert_eq!(rewound.read_u8().await.unwrap(), b'a');
        assert_eq!(rewound.into_parts().0, b"bc");
    }
}
