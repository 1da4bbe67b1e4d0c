//! One client connection: what is spoken on it, and what becomes of it after CONNECT or 101.
//!
//! A client's first byte tells HTTP, TLS (and HTTP in it), and SOCKS5, whose request is like a CONNECT.
//!
//! ```text
//! TCP ─► http ─► (CONNECT 200) ─► sniff ─┬─ TLS, to be opened ─► mirror, handshake ─► http or http2, inside
//!          │                             ├─ plain HTTP ─────────────────────────────► http or http2, inside
//!          └──── (101) ─► relay          └─ anything else, or the server first ──────► relay
//! ```

mod crowded;
mod cut;
pub mod hello;
mod http;
mod http2;
mod lent;
mod mirror;
mod overhear;
mod passing;
mod refused;
mod relay;
mod rewind;
mod sniff;
mod socks;
mod spoken;
pub mod sockets;
mod stream;
mod tunnel;

pub use crowded::{note_full, turn_away};
pub use http::{replay, serve};
pub use rewind::Rewind;
