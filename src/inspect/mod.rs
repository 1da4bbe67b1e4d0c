//! The header inspector: what each field means, what each part of its value says, and what is wrong.
//!
//! [`table`] says what is known of a field, one entry each. [`parse`] takes a value apart into
//! labelled spans. [`inspect`] runs every rule over the heads of an exchange, [`verdicts`] says what
//! follows from them. All of it is pure: bytes in, words out, nothing that a peer sends can make it fail.

mod body;
mod field;
mod found;
mod mask;
mod message;
mod parts;
#[cfg(test)]
mod properties;
mod recorded;
#[cfg(test)]
mod reference;
mod rule;
pub mod rules;
mod run;
mod set_cookie;
pub mod table;
mod value;
mod story;
pub mod verdict;

pub use body::{BEGINNING, Content};
pub use field::{Field, Group, Hop, On, Shape, Spec, Status, Takes, Word};
pub use mask::masked;
pub use message::View;
pub use parts::{Break, MOST_PARTS, Parsed, Part};
pub use recorded::Recorded;
pub use rule::{Finding, Rule, Severity};
pub use run::inspect;
pub use story::{Chapter, Link, links, may_belong};
pub use value::{Date, Form, how_long, in_words, parse, parse_asked, read_date};
pub use verdict::{Verdicts, verdicts};
