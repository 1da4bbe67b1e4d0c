//! hopscope: an HTTP(S) debugging forward proxy that shows every exchange as its four messages.
//!
//! A module uses only modules above it in this list; `tests/house` holds that.

// row 0: words
pub mod text;
// row 1: the model
pub mod exchange;
// row 2: rules
pub mod hop;
// row 3: keeping
pub mod ca;
pub mod config;
pub mod store;
// row 4: the wire
pub mod connection;
pub mod forward;
pub mod listener;
pub mod recorder;
pub mod tap;
pub mod upstream;
// row 5: faces
pub mod cli;
pub mod tui;
