//! Bodies for people: today the content codings undone; forms, trees and tables come to stand here.

mod coding;
mod octets;

pub use coding::{UnknownCoding, codings, decoded};
pub use octets::Octets;
