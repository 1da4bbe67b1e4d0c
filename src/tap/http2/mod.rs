//! The frame tap beneath the h2 crate: HTTP/2 as it crosses the socket is kept, checked and decided here.
//!
//! ```text
//!            frames                             the same frames, stand-in field sections
//!   peer ───────────────► Inbound: decode, ───────────────────────► h2 (reads)
//!                          check, queue heads; refuse by the code that RFC 9113 names
//!   peer ◄─────────────── Outbound: substitute ◄─────────────────── h2 (writes)
//!            our exact section, h2's DATA, settings and windows
//! ```
//!
//! h2 is the engine for streams, flow control and settings, but it never sees a real field section:
//! HPACK ends here on both sides. A section is decoded, judged by `hop`, kept in its exact order, and
//! h2 is given a short stand-in for the same stream. In the other direction the block that h2 wrote
//! is replaced by one with exactly the fields that `hop` made, in their order.
//!
//! A stream that the tap resets is unknown to h2, or h2 is told by a `RST_STREAM` of the same code; its late
//! frames are ignored, and their octets given back on stream 0. A connection that the tap ends is over
//! for h2 only when GOAWAY is with the peer. Windows of streams are h2's to hold.
//!
//! | file | what |
//! |---|---|
//! | `stream` | moves octets between socket, halves and h2 |
//! | `inbound`, `outbound` | one direction each, without sockets |
//! | `section`, `control` | rules for field sections, and for all other frames |
//! | `session`, `streams` | what both directions know of the connection and of each stream |
//! | `settings`, `flood`, `notes` | SETTINGS, frames that bring nothing, frames noted for the record |
//! | `hpack`, `frame`, `standin`, `code` | how things are written |

mod code;
mod control;
mod flood;
mod frame;
mod handle;
mod hpack;
mod inbound;
mod notes;
mod outbound;
mod section;
mod session;
mod settings;
mod standin;
mod streams;
mod stream;
#[cfg(test)]
mod tests;

use super::{Parts, Role};

pub use code::ErrorCode;
pub use handle::{GoAway, Handle, Limits, Refused, Request, Response, Standing};
pub use stream::Tap;
