//! Tests of the frame tap, with h2 above it and raw frames below.

mod both;
mod client;
mod harness;
mod oracle;
mod properties;
mod rules;
mod server;
