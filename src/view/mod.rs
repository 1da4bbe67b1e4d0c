//! Bodies for people: today the content codings undone; forms, trees and tables come to stand here.

mod coding;
mod octets;
mod reader;

pub use coding::{UnknownCoding, codings, decoded};
pub use octets::Octets;
pub use reader::reader;
