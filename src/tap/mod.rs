//! The exact-head tap beneath hyper: what crosses the socket is kept, checked and decided here.
//!
//! ```text
//!            socket bytes                      synthetic, canonical bytes
//!   peer ───────────────► Inbound: hold back ──────────────────────► hyper (reads)
//!                          head, check, queue it
//!   peer ◄─────────────── Outbound: substitute ◄──────────────────── hyper (writes)
//!            our exact head, hyper's body
//! ```
//!
//! hyper is the engine for framing, keep-alive and back-pressure, but it never sees a real
//! head. A head is held back until it is whole, judged by `hop::check`, kept byte for byte,
//! and queued for the exchange; hyper is given a short stand-in that carries a number to find
//! it by and the one framing that the check settled on. So odd targets, repeated fields and
//! any number of lines pass, no byte has two readings, and a refused head never reaches hyper.
//! In the other direction hyper's head is replaced by the exact bytes that `hop` made.

mod chunked;
mod end;
mod handle;
pub mod http2;
mod inbound;
mod outbound;
mod stall;
mod stream;
mod timer;

pub use end::End;
pub use handle::{Handle, Interims};
pub use inbound::{Arrival, Role};
pub use outbound::{HeadOf, HeadSent, OutHead};
pub use stream::{Parts, Tap};
pub use timer::Timer;

/// How much of a body hyper may hold of a connection in each direction, in bytes: a slow reader makes us hold as much.
/// It is given no real head, however large heads may be.
pub const BUFFER: usize = 64 * 1024;
