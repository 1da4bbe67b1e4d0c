//! The life of one exchange: request in, rules, origin, rules, response out; recorded as it goes.
//!
//! [`respond`] reads like that life and fits on a screen. Where it can end early (a refused
//! head, an answer of our own, a tunnel) it says so by name.

mod answer;
mod blame;
mod context;
mod credentials;
mod note;
mod origin;
mod page;
mod respond;
mod response;
mod tunnel;

pub use answer::Answer;
pub use context::{After, Again, Client, Dialed, Shard, Tunnel};
pub use respond::respond;
pub use response::ResponseBody;
