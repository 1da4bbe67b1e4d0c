//! A `ClientHello` read along as it passes in a tunnel that is relayed unread: who is asked for, and by what.

use crate::exchange::{ClientHello, TlsFacts};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are read along at most; the largest hellos, with post-quantum keys, have about 2 KiB.
const MOST: usize = 16 * 1024;

/// A client's stream whose first bytes are looked at; nothing is held back.
#[derive(Debug)]
pub(super) struct Overheard<IO, F> {
    io: IO,
    /// What came so far, while it may become a hello; and who is told of it.
    hearing: Option<(Vec<u8>, F)>,
}

impl<IO, F> Overheard<IO, F> {
    /// The stream beneath.
    pub(super) fn get_ref(&self) -> &IO {
        &self.io
    }
}

impl<IO, F: FnOnce(TlsFacts)> Overheard<IO, F> {
    /// Tells what a hello at the beginning of the stream offers, once it has passed whole.
    pub(super) fn new(io: IO, tell: F) -> Self {
        Self { io, hearing: Some((Vec::new(), tell)) }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Some((mut heard, tell)) = self.hearing.take() else { return };
        heard.extend_from_slice(bytes);
        match ClientHello::is_whole(&heard) {
            Some(true) => {
                let sni = ClientHello::parse(&heard).and_then(|hello| hello.server_name);
                tell(TlsFacts::offered(sni, heard));
            }
            Some(false) if heard.len() < MOST => self.hearing = Some((heard, tell)),
            _ => {}
        }
    }
}

impl<IO: AsyncRead + Unpin, F: FnOnce(TlsFacts) + Unpin> AsyncRead for Overheard<IO, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        let new = buf.filled().get(before..).unwrap_or_default();
        if self.hearing.is_some() && !new.is_empty() {
            self.hear(new);
        }
        Poll::Ready(read)
    }
}

impl<IO: AsyncWrite + Unpin, F: Unpin> AsyncWrite for Overheard<IO, F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const HELLO: &[u8] = include_bytes!("../exchange/fixtures/curl.bin");

    /// What is heard of these bytes, read in pieces of a length.
    async fn heard(bytes: &[u8], piece: usize) -> Option<TlsFacts> {
        let (mut near, far) = duplex(piece);
        let mut told = None;
        let mut passed = Vec::new();
        let mut stream = Overheard::new(far, |facts| told = Some(facts));
        let (sent, read) = tokio::join!(
            async {
                near.write_all(bytes).await?;
                near.shutdown().await
            },
            stream.read_to_end(&mut passed)
        );
        sent.unwrap();
        assert_eq!(read.unwrap(), bytes.len());
        assert_eq!(passed, bytes, "nothing is held back");
        drop(stream);
        told
    }

    #[tokio::test]
    async fn a_hello_is_heard_in_any_pieces() {
        let more = [HELLO, b"and what follows"].concat();
        for piece in [1, 100, 4096] {
            let facts = heard(&more, piece).await.unwrap();
            assert_eq!(facts.sni.as_deref(), Some("api.shop.test"));
            assert!(facts.hello.unwrap().starts_with(HELLO) && facts.version.is_empty());
        }
    }

    #[tokio::test]
    async fn what_is_no_hello_is_let_be() {
        let endless = [&[0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..], &vec![0; 40_000]].concat();
        for bytes in [&b"SSH-2.0-x\r\n"[..], b"", &HELLO[..500], &endless] {
            assert_eq!(heard(bytes, 4096).await, None);
        }
    }
}
