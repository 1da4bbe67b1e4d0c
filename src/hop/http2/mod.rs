//! HTTP/2 at the hop: what makes a section malformed (RFC 9113 8), and what changes when a
//! message comes from HTTP/2, goes to it, or both.
//!
//! Sections are heads as text (`exchange::Head::of_request_section`). A section that passes the
//! check here has one reading, and the same one when it is written as HTTP/1.1.
//!
//! | file | rule |
//! |---|---|
//! | `section`, `pseudo` | names, values, connection-specific fields, order of pseudo-fields (8.2, 8.3) |
//! | `request`, `response`, `trailers` | the three checks (8.3.1, 8.3.2, 8.1) |
//! | `route` | where a request goes: `:scheme`, `:authority` |
//! | `request_to`, `request_from` | the request toward HTTP/2, and from it to HTTP/1.1 |
//! | `response_to`, `response_from` | the response toward HTTP/2, and from it to HTTP/1 |
//! | `websocket` | extended CONNECT against Upgrade (RFC 8441 5) |

#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod forward_tests;
#[cfg(test)]
mod properties;
mod pseudo;
mod request;
mod request_from;
mod request_to;
mod response;
mod response_from;
mod response_to;
mod route;
mod section;
mod trailers;
mod websocket;

pub use request::check_request_http2;
pub use response::check_response_http2;
pub use trailers::check_trailers_http2;
pub use websocket::{opens_websocket, websocket_accept};

pub(super) use request_from::request_from_http2;
pub(super) use request_to::request_to_http2;
pub(super) use response_from::response_from_http2;
pub(super) use response_to::{interim_to_http2, response_to_http2};
pub(super) use route::route;
