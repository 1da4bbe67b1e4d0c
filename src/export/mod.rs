//! An exchange as something that runs or reads elsewhere: a curl command, a script, a note.
//!
//! What comes out asks for the same as the client asked: the request as received, without what
//! belongs to the connection with the proxy. Every captured byte in it is quoted, so that no shell
//! and no interpreter takes part of it for anything else; the text is printable throughout.

mod curl;
pub mod har;
mod httpie;
mod json;
mod markdown;
mod moment;
mod outgoing;
mod python;
pub mod redact;
mod request;
mod script;
mod shell;

pub use curl::curl;
pub use har::Har;
pub use httpie::httpie;
pub use json::Json;
pub use markdown::{covered_note, markdown};
pub use moment::timestamp;
pub use outgoing::{Content, Kept, Outgoing, UNPACKED};
pub use python::python;
pub use redact::is_secret;
pub use request::{Request, url};
pub use script::fetch;

#[cfg(test)]
pub(crate) use request::tests;
