//! An exchange as something that runs or reads elsewhere: a curl command, a script, a note.
//!
//! What comes out asks for the same as the client asked: the request as received, without what
//! belongs to the connection with the proxy. Every captured byte in it is quoted, so that no shell
//! and no interpreter takes part of it for anything else; the text is printable throughout.

mod curl;
mod httpie;
mod markdown;
mod python;
mod request;
mod script;
mod shell;

pub use curl::curl;
pub use httpie::httpie;
pub use markdown::markdown;
pub use python::python;
pub use request::{Request, is_secret, url};
pub use script::fetch;
