//! One client connection: what is spoken on it, and what becomes of it after CONNECT or 101.
//!
//! ```text
//! TCP ─► http ─► (CONNECT 200) ─► sniff ─┬─ TLS, to be opened ─► mirror, handshake ─► http or http2, inside
//!          │                             ├─ plain HTTP ─────────────────────────────► http or http2, inside
//!          └──── (101) ─► relay          └─ anything else, or silence ──────────────► relay
//! ```

pub mod hello;
mod http;
mod http2;
mod lent;
mod mirror;
mod relay;
mod rewind;
mod sniff;
pub mod sockets;
mod stream;
mod tunnel;

pub use http::{replay, serve};
pub use rewind::Rewind;
