//! The way to the origin: resolve, connect, secure, keep, reuse.
//!
//! A client's connection keeps its origin connections while it lives (connection-bound
//! authentication needs that); when it ends, healthy ones go to a small pool that new client
//! connections of the same shard draw from. A connection of HTTP/1.1 is driven by the task that
//! uses it: no task of its own, no wake-up between two. One of HTTP/2 is shared by many exchanges and
//! has a task of its own.

mod awaited;
mod body;
mod duplex;
pub mod handshake;
mod heard;
mod http1;
mod http2;
mod identity;
mod kept;
mod leg;
pub mod parent;
pub mod pattern;
mod pool;
mod protocol;
mod pump;
mod resolve;
mod room;
mod roots;
mod send;
mod share;
pub mod socks5;
mod source;
mod tls;
mod unsecured;
mod verdict;

pub use awaited::Awaited;
pub use body::{Relay, RequestBody};
pub use duplex::{Duplex, Joint};
pub use http1::Exclusive;
pub use http2::{CONNECTION_WINDOW, SEND_BUFFER, STREAM_WINDOW, Shared};
pub use identity::Identities;
pub use leg::{Leg, Reached};
pub use parent::Through;
pub use pool::{Key, Pool, is_usable};
pub use protocol::{Offer, Spoken, version_of};
pub use pump::{Pump, Stopped};
pub use resolve::connect;
pub use send::{Answer, Broken, Received, Sending, Upstream};
pub use share::{Abort, Share};
pub use source::{Cut, Source, code_name};
pub use tls::{NotSecured, OriginTls, TlsError};
pub use unsecured::{after_handshake, untrusted, without_certificate};

use std::any::Any;
use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream of any kind: TCP, TLS, or one inside the other.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {
    /// The stream as what it is, for what only one kind of stream can do.
    fn as_any(&self) -> &dyn Any;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug + 'static> Io for T {
    fn as_any(&self) -> &dyn Any {
        self
    }
}
