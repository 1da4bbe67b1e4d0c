//! Field blocks out: exactly the fields given, in their order.

use super::table::{Entry, Match, Table, find_static};
use super::{huffman, integer, plain_string};
use bytes::{Bytes, BytesMut};

/// The size of our table, however much the peer allows: looking things up stays cheap.
const SIZE: usize = 4096;
/// A cookie shorter than this can be guessed octet by octet if it is indexed (RFC 7541 7.1.3).
const SHORT_COOKIE: usize = 20;

/// The encoder of one connection.
#[derive(Debug)]
pub struct Encoder {
    table: Table,
    /// The smallest size since the last block, to be announced by the next (RFC 7541 4.2).
    shrunk: Option<usize>,
    /// The size that our table is to have from the next block on.
    wanted: usize,
}

/// How a literal is represented (RFC 7541 6.2): the first octet's bits, and those of its index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literal {
    Indexed,
    Plain,
    Never,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { table: Table::new(SIZE), shrunk: None, wanted: SIZE }
    }
}

impl Encoder {
    /// The peer's `SETTINGS_HEADER_TABLE_SIZE`, once we acknowledge it.
    pub fn limit(&mut self, allowed: usize) {
        let wanted = allowed.min(SIZE);
        if wanted != self.wanted {
            self.shrunk = Some(self.shrunk.map_or(wanted, |least| least.min(wanted)));
            self.wanted = wanted;
        }
    }

    /// Appends a whole block. Names in `never` are never indexed (RFC 7541 6.2.3).
    pub fn encode<'a>(
        &mut self,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        never: &[Bytes],
        into: &mut BytesMut,
    ) {
        self.announce(into);
        for (name, value) in fields {
            self.field(name, value, never, into);
        }
    }

    /// RFC 7541 4.2: the smallest size that was asked for, and then the last.
    fn announce(&mut self, into: &mut BytesMut) {
        let Some(least) = self.shrunk.take() else { return };
        for size in [least, self.wanted].iter().skip(usize::from(least == self.wanted)) {
            integer::write(into, 0x20, 5, *size);
            self.table.resize(*size);
        }
    }

    fn field(&mut self, name: &[u8], value: &[u8], never: &[Bytes], into: &mut BytesMut) {
        let literal = self.literal(name, value, never);
        let found = match find_static(name, value) {
            fixed @ Match::Both(_) => fixed,
            fixed => match (self.table.find(name, value), fixed) {
                (Match::Name(_), Match::Name(_)) | (Match::Nothing, _) => fixed,
                (found, _) => found,
            },
        };
        match found {
            Match::Both(index) if literal != Literal::Never => integer::write(into, 0x80, 7, index),
            found => self.write_literal(literal, found, name, value, into),
        }
    }

    fn write_literal(
        &mut self,
        literal: Literal,
        found: Match,
        name: &[u8],
        value: &[u8],
        into: &mut BytesMut,
    ) {
        let (first, bits) = match literal {
            Literal::Indexed => (0x40, 6),
            Literal::Plain => (0, 4),
            Literal::Never => (0x10, 4),
        };
        match found {
            Match::Both(index) | Match::Name(index) => integer::write(into, first, bits, index),
            Match::Nothing => {
                integer::write(into, first, bits, 0);
                string(name, into);
            }
        }
        string(value, into);
        if literal == Literal::Indexed {
            let mut name_of = BytesMut::with_capacity(name.len() + value.len());
            name_of.extend_from_slice(name);
            name_of.extend_from_slice(value);
            let mut name_of = name_of.freeze();
            let value = name_of.split_off(name.len());
            self.table.insert(Entry { name: name_of, value });
        }
    }

    fn literal(&self, name: &[u8], value: &[u8], never: &[Bytes]) -> Literal {
        match name {
            b"authorization" | b"proxy-authorization" => Literal::Never,
            b"cookie" if value.len() < SHORT_COOKIE => Literal::Never,
            _ if never.iter().any(|other| other == name) => Literal::Never,
            // These change with nearly every message: they would only push others out of the table.
            b":path" | b"age" | b"content-length" | b"content-range" | b"date" | b"etag" | b"expires"
            | b"if-modified-since" | b"if-none-match" | b"last-modified" | b"location" | b"range"
            | b"set-cookie" => Literal::Plain,
            _ if self.table.is_worth(name.len() + value.len()) => Literal::Indexed,
            _ => Literal::Plain,
        }
    }
}

/// A string literal, in the shorter form (RFC 7541 5.2).
fn string(text: &[u8], into: &mut BytesMut) {
    let coded = huffman::coded_length(text);
    if coded < text.len() {
        integer::write(into, 0x80, 7, coded);
        huffman::encode(text, into);
    } else {
        plain_string(text, into);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;
    use crate::hop::Bounds;

    const BOUNDS: Bounds = Bounds { fields: 100, head: 4096 };

    fn encoded(encoder: &mut Encoder, fields: &[(&str, &str)], never: &[Bytes]) -> Bytes {
        let mut into = BytesMut::new();
        encoder.encode(
            fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())),
            never,
            &mut into,
        );
        into.freeze()
    }

    #[test]
    fn what_was_sent_once_is_an_index_the_next_time() {
        let mut encoder = Encoder::default();
        let fields = [(":method", "GET"), ("user-agent", "curl/8"), ("x-a", "b")];
        assert!(encoded(&mut encoder, &fields, &[]).len() > 10);
        assert_eq!(encoded(&mut encoder, &fields, &[])[..], [0x82, 0xbf, 0xbe]);
    }

    #[test]
    fn rfc7541_7_1_3_secrets_are_never_indexed() {
        let never = [Bytes::from_static(b"x-key")];
        let fields = [
            ("authorization", "Basic x"),
            ("proxy-authorization", "Basic x"),
            ("cookie", "a=1"),
            ("x-key", "1"),
            ("x-open", "1"),
        ];
        let mut encoder = Encoder::default();
        let block = encoded(&mut encoder, &fields, &never);
        let section = Decoder::default().decode(&block, &BOUNDS).unwrap();
        let marks: Vec<bool> = section.fields.iter().map(|field| field.never_indexed).collect();
        assert_eq!(marks, [true, true, true, true, false]);
        assert_eq!(encoded(&mut encoder, &fields, &never).last(), Some(&0xbe), "only x-open is an index");
        assert_eq!(encoded(&mut encoder, &fields[..1], &never)[0], 0x1f, "by its static name");
    }

    #[test]
    fn rfc7541_4_2_a_smaller_table_is_announced() {
        let mut encoder = Encoder::default();
        let mut decoder = Decoder::default();
        let fields = [("x-a", "b")];
        decoder.decode(&encoded(&mut encoder, &fields, &[]), &BOUNDS).unwrap();
        encoder.limit(0);
        encoder.limit(100);
        decoder.allow(100);
        let block = encoded(&mut encoder, &fields, &[]);
        assert_eq!(block[..3], [0x20, 0x3f, 0x45], "0, and then 100");
        assert_eq!(decoder.decode(&block, &BOUNDS).unwrap().fields.len(), 1);
        assert_eq!(encoded(&mut encoder, &fields, &[])[..], [0xbe]);
        encoder.limit(1 << 20);
        decoder.allow(1 << 20);
        assert_eq!(encoded(&mut encoder, &fields, &[])[..], [0x3f, 0xe1, 0x1f, 0xbe], "no more than 4096");
    }

    #[test]
    fn rfc7541_4_2_a_table_of_nothing_holds_nothing() {
        let mut encoder = Encoder::default();
        encoder.limit(0);
        let fields = [("x-a", "b")];
        assert_eq!(encoded(&mut encoder, &fields, &[])[..], *b"\x20\x00\x03x-a\x01b");
        assert_eq!(encoded(&mut encoder, &fields, &[])[..], *b"\x00\x03x-a\x01b");
    }
}
