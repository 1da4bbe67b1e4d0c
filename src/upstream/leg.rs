//! What a connection toward an origin runs over: TCP, or the TLS of a parent proxy.

use super::Io;
use crate::exchange::Dialling;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection whose far end is the origin, or a parent proxy that relays to it.
#[derive(Debug)]
pub enum Leg {
    /// TCP and nothing else: to the origin, or through a parent that was spoken to in the clear.
    Tcp(TcpStream),
    /// TLS with a parent (`https://`), and what it relays inside.
    Tls(Box<TlsStream<Leg>>),
}

/// A new connection, and how it came about.
#[derive(Debug)]
pub struct Reached {
    /// The connection.
    pub leg: Leg,
    /// How.
    pub dialling: Box<Dialling>,
}

impl From<TcpStream> for Leg {
    fn from(tcp: TcpStream) -> Self {
        Self::Tcp(tcp)
    }
}

impl Leg {
    /// The socket, where nothing lies between it and what the origin sends.
    #[must_use]
    pub fn bare(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(tcp) => Some(tcp),
            Self::Tls(_) => None,
        }
    }

    /// The socket beneath everything.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0.tcp(),
        }
    }

    /// As a stream of bytes; TCP stays what it is.
    #[must_use]
    pub fn into_io(self) -> Box<dyn Io> {
        match self {
            Self::Tcp(tcp) => Box::new(tcp),
            Self::Tls(tls) => tls,
        }
    }

    fn io(&mut self) -> Pin<&mut dyn Io> {
        match self {
            Self::Tcp(tcp) => Pin::new(tcp),
            Self::Tls(tls) => Pin::new(tls.as_mut()),
        }
    }
}

impl AsyncRead for Leg {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Leg {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }
}
