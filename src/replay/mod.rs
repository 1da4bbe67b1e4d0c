//! Sending a recorded request again: the same bytes, or with what a person changed.
//!
//! ```text
//! Order + Exchange ── build ──> Prepared { head, content, route }          pure
//! Prepared ── Replayer ──> a connection within this process ──> connection, hop, forward, recorder
//! ```
//!
//! A replay takes the way of any client's request, so that the rules of the hop, the four heads, the
//! ledger and failures are the same; its record names the original.

mod build;
mod coding;
mod error;
mod http1;
mod lines;
#[cfg(test)]
mod sample;
mod send;
mod text;

pub use build::{Content, Prepared, build, check, is_safe, method_of};
pub use error::ReplayError;
pub use send::{Replayer, Sent, edit_text, prepare};
pub use text::{EditText, Edited};
