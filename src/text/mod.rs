//! Words: how captured bytes, numbers and long texts become what a person can read.
//!
//! [`sanitize()`] is the only door from captured data to a terminal; everything that
//! draws, prints or reports text from the wire passes it.

mod carets;
mod sanitize;
pub mod units;
pub mod width;

pub use carets::{caret_at, carets};
pub use sanitize::{sanitize, sanitize_bounded};
