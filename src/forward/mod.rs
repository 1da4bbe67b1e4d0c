//! The life of one exchange: request in, rules, origin, rules, response out; recorded as it goes.
//!
//! `respond` reads like that life and fits on a screen; `sending` is its way out, `answering` its way
//! back. Where it can end early (a refused head, an answer of our own, a tunnel) it says so by name.

mod answer;
mod answering;
mod blame;
mod consent;
mod context;
mod credentials;
mod guests;
mod learned;
mod note;
mod origin;
mod page;
mod parent;
mod requests;
mod respond;
mod response;
mod secure;
mod sending;
mod tunnel;
mod upload;
mod websocket;

pub use answer::Answer;
pub use consent::Consent;
pub use context::{After, Again, Client, Dialed, Secured, Shard, Tunnel, Unreached};
pub use credentials::Admission;
pub use guests::{Crowded, Guests, Visit};
pub use learned::{How, Learned, Lesson, Program};
pub use origin::secure_ahead;
pub use parent::dial;
pub use requests::{Asked, refused, respond};
pub use response::{Connected, ResponseBody, Switched};
