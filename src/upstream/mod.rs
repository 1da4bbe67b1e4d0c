//! upstream

pub mod handshake;
pub mod pattern;
pub mod resolve;
mod roots;
pub mod tls;
mod verdict;
