//! The one test binary: one link, and every module can use `support`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says on stderr what it skips"
)]

mod cli;
mod clients;
mod fuzz;
mod house;
mod inspect;
mod query;
mod screen;
mod store;
mod support;
mod wire;
