//! hopscope: an HTTP(S) debugging forward proxy that shows every exchange as its four messages.
//!
//! ```text
//!            request received        request sent
//!   client ───────────────────> hop ───────────────────> origin server
//!          <───────────────────     <───────────────────
//!            response sent           response received
//!                                │
//!                  recorder ──> store ──> tui, cli
//! ```
//!
//! Words (RFC 9110's): a *client* asks an *origin server*; we are an *intermediary*, a *proxy*. An
//! *exchange* is a request and its response; each *message* has a *head* (a start line and *field
//! lines*) and perhaps a body. What we change on the way, the *hop*, is an *edit* with its cause. The
//! next hop toward the origin is *upstream*. A CONNECT makes a *tunnel*, which is *intercepted* when
//! its TLS is opened. A *capture* is a folder of recorded exchanges.
//!
//! A module uses only modules above it in this list; `tests/house` holds that. `src/README.md` tells
//! the life of an exchange.

// row 0: words
pub mod text;
// row 1: the model
pub mod exchange;
// row 2: rules
pub mod hop;
pub mod inspect;
pub mod query;
pub mod view;
pub mod diff;
pub mod export;
pub mod import;
// row 3: keeping
pub mod config;
pub mod ca;
pub mod store;
// row 4: the wire
pub mod awake;
pub mod tap;
pub mod recorder;
pub mod upstream;
pub mod forward;
pub mod connection;
pub mod listener;
pub mod replay;
// row 5: faces
pub mod tui;
pub mod cli;

/// A debugging proxy runs for days and holds much for moments: thousands of connections, bodies that a client reads
/// slowly. The system's allocator keeps what threads have freed (measured on glibc: 509 MiB behind four rounds of
/// 400 slow readers, against 27); this one gives it back within a second (`.cargo/config.toml`).
#[cfg(all(unix, feature = "jemalloc"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
