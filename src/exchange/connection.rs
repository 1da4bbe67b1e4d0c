//! Facts of one connection, on either side of the hop.

use super::{Dialling, FrameNote, TlsFacts};
use std::net::SocketAddr;

/// Number of a connection, unique in its capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// A side of the hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Between the client and hopscope.
    Client,
    /// Between hopscope and the origin server (or parent proxy).
    Origin,
}

impl Side {
    /// The one across the hop.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Origin,
            Self::Origin => Self::Client,
        }
    }

    /// As it stands in JSON and texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Origin => "origin",
        }
    }
}

/// One connection: who, when, and how it is secured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// Which side of the hop it is on.
    pub side: Side,
    /// When it was opened, microseconds since the epoch.
    pub opened: i64,
    /// The other end's address.
    pub peer: Option<SocketAddr>,
    /// Our end's address.
    pub local: Option<SocketAddr>,
    /// TLS on it, if any.
    pub tls: Option<TlsFacts>,
    /// How it came about; toward origins only.
    pub dialling: Option<Box<Dialling>>,
    /// HTTP/2 frames of the connection itself (RFC 9113 5.1.1: stream 0), in order; none on HTTP/1.
    pub frames: Vec<FrameNote>,
}

/// A client that would not take our certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The TLS alert by its RFC 8446 name, or `None` when the client just closed.
    pub alert: Option<String>,
}
