//! The model: what hopscope knows about one exchange, as plain data.
//!
//! An exchange has four messages: the request as received and as sent on, the
//! response as received and as sent on. Everything here is bytes, numbers and
//! words; nothing knows about sockets, tables or terminals.

mod body;
mod client_hello;
mod connection;
mod dialling;
mod edit;
mod event;
mod failure;
mod frame;
mod head;
mod message;
mod note;
mod ocsp;
mod order;
mod place;
mod record;
mod section;
mod summary;
mod target;
mod timing;
mod tls;
pub mod tls_names;
mod tunnelled;

pub use body::{Body, BodyPlace, Truncation};
pub use client_hello::ClientHello;
pub use connection::{Connection, ConnectionId, Refused, Side};
pub use dialling::{Dialling, Found, Try};
pub use edit::{Cause, Edit};
pub use event::{Event, Live};
pub use failure::{Failure, Kind, Phase};
pub use frame::FrameNote;
pub use head::{Field, Head};
pub use message::{Message, MessageFlags, MessageForm};
pub use note::{Note, tags};
pub use ocsp::{Ocsp, OcspStatus};
pub use order::Order;
pub use place::Place;
pub use record::{Attempt, Exchange, Heads, Interim, MessageKind};
pub use section::{SectionField, section_lines, trailer_lines};
pub use summary::{ExchangeId, Flags, State, Summary};
pub use target::{Authority, Scheme, Target};
pub use timing::Timing;
pub use tls::{ClientCertificate, TlsFacts, Verdict};
pub use tunnelled::{Spoken, Tunnelled, Unopened};
