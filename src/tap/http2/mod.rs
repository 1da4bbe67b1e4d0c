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

mod handle;

pub use handle::{Handle, Limits, Refused, Request, Response};
