//! connection

pub mod hello;
pub mod rewind;
pub mod sniff;
