//! Protocol Buffers without their schema: field numbers, wire types, and what the octets may mean.
//!
//! The wire format (protobuf.dev, "Encoding") does not tell a string from bytes or a message, nor an
//! integer's sign: what is guessed is what reads well, and the other readings stand beside it.

use super::laid::Laid;
use super::rows::{Ink, Piece, Row};
use crate::text::units;
use std::fmt::Write as _;

/// Rows at most.
const ROWS: usize = 10_000;

/// Messages within messages at most.
const DEPTH: u32 = 40;

/// Octets of a string shown, and of bytes.
const STRING: usize = 1024;
const BYTES: usize = 32;

/// A field's value as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Octets(&'a [u8]),
    Begin,
    End,
}

/// The fields.
#[must_use]
pub fn laid(bytes: &[u8]) -> Laid {
    let mut rows = Vec::new();
    let read = message(&mut rows, bytes, 0);
    let trouble = if read < bytes.len() && rows.len() < ROWS {
        let words = format!("Not protobuf from byte {} on.", units::count(read as u64));
        rows.push(said(0, Ink::Notable, &words));
        bytes_rows(&mut rows, bytes.get(read..).unwrap_or_default());
        Some(words)
    } else if rows.len() >= ROWS {
        Some(format!("More than {} fields: the others are seen raw.", units::count(ROWS as u64)))
    } else {
        None
    };
    Laid::new(rows, trouble)
}

/// Lays a message's fields; how many octets were read as such.
fn message(rows: &mut Vec<Row>, bytes: &[u8], depth: u32) -> usize {
    let mut rest = bytes;
    let mut groups: Vec<u64> = Vec::new();
    while !rest.is_empty() && rows.len() < ROWS {
        let Some((number, value, behind)) = field(rest) else { break };
        match value {
            Value::Begin if groups.len() < DEPTH as usize => groups.push(number),
            Value::Begin => break,
            Value::End if groups.pop() == Some(number) => {}
            Value::End => break,
            _ => {}
        }
        let begins = u32::from(value == Value::Begin);
        let within = u32::try_from(groups.len()).unwrap_or(DEPTH) - begins;
        lay(rows, number, value, depth + within);
        rest = behind;
    }
    bytes.len() - rest.len()
}

fn lay(rows: &mut Vec<Row>, number: u64, value: Value<'_>, depth: u32) {
    let mut pieces = vec![Piece::new(Ink::Key, number.to_string()), Piece::new(Ink::Punctuation, ": ")];
    let mut push = |ink, words: String| pieces.push(Piece::new(ink, words));
    match value {
        Value::Varint(value) => {
            push(Ink::Number, value.to_string());
            push(Ink::Dim, readings(value));
        }
        Value::Fixed64(value) => {
            push(Ink::Number, format!("{value:#018x}"));
            push(Ink::Dim, format!("  64 bits: {value}, double {}", short(f64::from_bits(value))));
        }
        Value::Fixed32(value) => {
            push(Ink::Number, format!("{value:#010x}"));
            push(Ink::Dim, format!("  32 bits: {value}, float {}", short(f64::from(f32::from_bits(value)))));
        }
        Value::Begin => push(Ink::Punctuation, "group {".to_owned()),
        Value::End => pieces = vec![Piece::new(Ink::Punctuation, "}")],
        Value::Octets(octets) => return lay_octets(rows, pieces, octets, depth),
    }
    rows.push(Row { depth, pieces, hang: 2, ..Row::default() });
}

/// A string, a message, or bytes: in this order, by what they read as.
fn lay_octets(rows: &mut Vec<Row>, mut pieces: Vec<Piece>, octets: &[u8], depth: u32) {
    let is_message = depth < DEPTH && !octets.is_empty() && is_message(octets);
    let begins_as_tag = octets.first().is_some_and(|first| *first < b' ');
    if is_text(octets) && !(is_message && begins_as_tag) {
        let shown = octets.get(..STRING).unwrap_or(octets);
        pieces.push(Piece::new(Ink::String, [b"\"", shown, b"\""].concat()));
        if shown.len() < octets.len() {
            pieces.push(Piece::new(Ink::Dim, format!("  of {} B", units::count(octets.len() as u64))));
        }
        rows.push(Row { depth, pieces, hang: 2, ..Row::default() });
    } else if is_message {
        pieces.push(Piece::new(Ink::Punctuation, "{"));
        rows.push(Row { depth, pieces, hang: 2, ..Row::default() });
        message(rows, octets, depth + 1);
        rows.push(said(depth, Ink::Punctuation, "}"));
    } else {
        pieces.push(Piece::new(Ink::Number, hex(octets)));
        pieces.push(Piece::new(Ink::Dim, format!("  {} B", units::count(octets.len() as u64))));
        rows.push(Row { depth, pieces, hang: 2, ..Row::default() });
    }
}

/// The next field: its number, its value, and what stands behind it.
fn field(bytes: &[u8]) -> Option<(u64, Value<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let number = tag >> 3;
    // Field numbers are 1 to 2^29 - 1.
    if number == 0 || number >> 29 != 0 {
        return None;
    }
    let (value, rest) = match tag & 7 {
        0 => {
            let (value, rest) = varint(rest)?;
            (Value::Varint(value), rest)
        }
        1 => {
            let (octets, rest) = rest.split_first_chunk()?;
            (Value::Fixed64(u64::from_le_bytes(*octets)), rest)
        }
        2 => {
            let (length, rest) = varint(rest)?;
            let (octets, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (Value::Octets(octets), rest)
        }
        3 => (Value::Begin, rest),
        4 => (Value::End, rest),
        5 => {
            let (octets, rest) = rest.split_first_chunk()?;
            (Value::Fixed32(u32::from_le_bytes(*octets)), rest)
        }
        _ => return None,
    };
    Some((number, value, rest))
}

/// Seven bits an octet, the lowest first, at most ten octets.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (place, octet) in bytes.iter().take(10).enumerate() {
        let bits = u64::from(octet & 0x7f);
        if place == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * place);
        if octet & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

/// Whether all of it reads as fields; those within are judged when they are laid.
fn is_message(mut bytes: &[u8]) -> bool {
    let mut groups: Vec<u64> = Vec::new();
    while !bytes.is_empty() {
        let Some((number, value, rest)) = field(bytes) else { return false };
        match value {
            Value::Begin if groups.len() < DEPTH as usize => groups.push(number),
            Value::Begin => return false,
            Value::End if groups.pop() != Some(number) => return false,
            _ => {}
        }
        bytes = rest;
    }
    groups.is_empty()
}

fn is_text(octets: &[u8]) -> bool {
    std::str::from_utf8(octets)
        .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')))
}

/// What else a varint may be: below zero, or with its sign in the lowest bit (sint32, sint64).
fn readings(value: u64) -> String {
    let mut words = String::new();
    if value >> 63 != 0 {
        let _ = write!(words, "  or {}", value.cast_signed());
    }
    if value > 1 {
        let zigzag = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
        let _ = write!(words, "  sint {zigzag}");
    }
    words
}

/// A number that is not hundreds of digits long.
fn short(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (1e-4..1e15).contains(&size) { format!("{number}") } else { format!("{number:e}") }
}

fn hex(octets: &[u8]) -> String {
    let shown = octets.get(..BYTES).unwrap_or(octets);
    let digits: Vec<String> = shown.iter().map(|octet| format!("{octet:02x}")).collect();
    let more = if shown.len() < octets.len() { " …" } else { "" };
    format!("{}{more}", digits.join(" "))
}

fn bytes_rows(rows: &mut Vec<Row>, bytes: &[u8]) {
    rows.push(said(1, Ink::Plain, &hex(bytes)));
}

fn said(depth: u32, ink: Ink, words: &str) -> Row {
    Row { depth, pieces: vec![Piece::new(ink, words)], ..Row::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Rows;
    use proptest::prelude::*;

    fn shown(bytes: &[u8]) -> Vec<String> {
        let laid = laid(bytes);
        std::iter::successors(laid.first(), |spot| laid.next(*spot))
            .map(|spot| {
                let row = laid.row(spot);
                let text: Vec<u8> = row.pieces.into_iter().flat_map(|piece| piece.text).collect();
                "  ".repeat(row.depth as usize) + &String::from_utf8_lossy(&text)
            })
            .collect()
    }

    #[test]
    fn the_encodings_own_examples() {
        // protobuf.dev, "Encoding": Test1 {a: 150}, Test2 {b: "testing"}, Test3 {c {a: 150}}, packed {3, 270, 86942}.
        assert_eq!(shown(b"\x08\x96\x01"), ["1: 150  sint 75"]);
        assert_eq!(shown(b"\x12\x07testing"), ["2: \"testing\""]);
        assert_eq!(shown(b"\x1a\x03\x08\x96\x01"), ["3: {", "  1: 150  sint 75", "}"]);
        assert_eq!(shown(b"\x32\x06\x03\x8e\x02\x9e\xa7\x05"), ["6: 03 8e 02 9e a7 05  6 B"]);
    }

    #[test]
    fn every_wire_type_and_what_it_may_mean() {
        assert_eq!(
            shown(
                b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x11\0\0\0\0\0\0\xf8\x3f\x1d\0\0\xc0\x3f\x22\0"
            ),
            [
                "1: 18446744073709551615  or -1  sint -9223372036854775808",
                "2: 0x3ff8000000000000  64 bits: 4609434218613702656, double 1.5",
                "3: 0x3fc00000  32 bits: 1069547520, float 1.5",
                "4: \"\"",
            ]
        );
        assert_eq!(shown(b"\x0b\x10\x01\x0c"), ["1: group {", "  2: 1", "}"]);
    }

    #[test]
    fn what_is_none_is_said_from_its_octet_on() {
        let rows = shown(b"\x08\x01\xff\xff");
        assert_eq!(rows, ["1: 1", "Not protobuf from byte 2 on.", "  ff ff"]);
        assert!(laid(b"\x08\x01\x0c").trouble().is_some());
        assert_eq!(laid(b"").trouble(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(prop::sample::select(&b"\x08\x0a\x0b\x0c\x12\x01\x02\x05\xff\x80a"[..]), 0..200)) {
            let rows = laid(&bytes).count().0;
            prop_assert!(rows <= 2 * bytes.len() as u64 + 2);
        }
    }
}
