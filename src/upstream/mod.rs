//! The way to the origin: resolve, connect, secure, keep, reuse.
//!
//! A client's connection keeps its origin connections while it lives (connection-bound
//! authentication needs that); when it ends, healthy ones go to a small pool that new client
//! connections of the same shard draw from. An origin connection is driven by the task that
//! uses it: no task of its own, no wake-up between two.

mod body;
pub mod handshake;
pub mod pattern;
mod pool;
mod resolve;
mod roots;
mod send;
mod tls;
mod verdict;

pub use body::{Cut, Relay, RequestBody};
pub use pool::{Key, Pool, is_usable};
pub use resolve::{dial, resolve};
pub use roots::TlsError;
pub use send::{Answer, Sending, Upstream};
pub use tls::{OriginTls, untrusted};

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream of any kind: TCP, TLS, or one inside the other.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Io for T {}
