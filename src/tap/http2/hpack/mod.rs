//! HPACK (RFC 7541), both ways, so that fields keep their exact order and their never-indexed mark.
//!
//! The table of each direction belongs to one connection; every block that arrives is decoded to its
//! end, whatever becomes of it, so that the table stays the same on both sides (RFC 9113 4.3).

mod decoder;
mod encoder;
mod huffman;
mod integer;
#[cfg(test)]
mod properties;
mod table;

pub use decoder::{Decoder, Section};
pub use encoder::Encoder;

use bytes::BytesMut;

/// Appends a string literal that is not Huffman-coded (RFC 7541 5.2).
pub fn plain_string(text: &[u8], into: &mut BytesMut) {
    integer::write(into, 0, 7, text.len());
    into.extend_from_slice(text);
}

/// What is wrong with a field block: always a connection error `COMPRESSION_ERROR` (RFC 9113 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The block ended within a representation.
    #[error("the field block ends within a field")]
    Truncated,
    /// RFC 7541 5.1.
    #[error("an integer is too large or has too many octets")]
    Integer,
    /// RFC 7541 2.3.3.
    #[error("an index lies outside of the tables")]
    Index,
    /// RFC 7541 5.2.
    #[error("a Huffman-coded string holds EOS, or its padding is wrong")]
    Huffman,
    /// RFC 7541 6.3.
    #[error("the table's size is changed to more than was allowed")]
    UpdateTooLarge,
    /// RFC 7541 4.2.
    #[error("the table's size is changed behind a field")]
    UpdateMisplaced,
    /// RFC 9113 4.3.1.
    #[error("a smaller table was asked for and acknowledged, but the block does not begin with its size")]
    UpdateMissing,
}

impl Flaw {
    /// The clause that it breaks.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Truncated => "RFC 9113 4.3",
            Self::Integer => "RFC 7541 5.1",
            Self::Index => "RFC 7541 2.3.3",
            Self::Huffman => "RFC 7541 5.2",
            Self::UpdateTooLarge => "RFC 7541 6.3",
            Self::UpdateMisplaced => "RFC 7541 4.2",
            Self::UpdateMissing => "RFC 9113 4.3.1",
        }
    }
}
