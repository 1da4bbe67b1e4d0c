//! Bodies for people: codings undone, and what is left as rows that can be read, folded and searched.
//!
//! Nothing here holds a body whole, but for small ones; what is shown is read where it is looked at.

mod coding;
mod file;
mod find;
mod form;
mod hex;
mod json;
mod laid;
mod lines;
mod markup;
mod multipart;
mod octets;
mod pick;
pub mod pieces;
mod protobuf;
mod reader;
mod rows;
mod text;
mod undo;

pub use coding::{UnknownCoding, codings, codings_of, decoded, stands_decoded};
pub use file::FileOctets;
pub use find::{Needle, next_hit};
pub use hex::Hex;
pub use json::Json;
pub use laid::Laid;
pub use lines::{Lines, Paint};
pub use multipart::boundary;
pub use octets::Octets;
pub use pick::{Kind, Media, is_text};
pub use reader::reader;
pub use rows::{Fold, Folding, Ink, Piece, Row, Rows, Search, Spot};
pub use text::Text;
pub use undo::Undoing;
