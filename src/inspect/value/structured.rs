//! Structured fields (RFC 9651): items, lists and dictionaries, with spans.
//!
//! The crate `sfv` reads them too, but gives values without their places; only its errors
//! have an offset. So this is a reader of our own: one pass, the grammar's own strictness,
//! and the parts up to the first byte that does not fit.

use super::date::in_words;
use super::syntax::{is_tchar, say};
use crate::inspect::field::Field;
use crate::inspect::parts::{Parts, shown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// A bare item with its bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Bare {
    /// An integer.
    Integer(i64),
    /// A number with a fraction.
    Decimal(f64),
    /// A string without its quotes and escapes.
    String(String),
    /// A token.
    Token(String),
    /// Bytes written in base64.
    Bytes(usize),
    /// Yes or no.
    Boolean(bool),
    /// Seconds since 1970.
    Date(i64),
    /// A string that may hold any character.
    Display(String),
}

impl Bare {
    fn label(&self) -> &'static str {
        match self {
            Self::Integer(_) => "integer",
            Self::Decimal(_) => "decimal",
            Self::String(_) => "string",
            Self::Token(_) => "token",
            Self::Bytes(_) => "bytes",
            Self::Boolean(_) => "flag",
            Self::Date(_) => "date",
            Self::Display(_) => "display string",
        }
    }

    fn says(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::String(text) | Self::Token(text) | Self::Display(text) => shown(text.as_bytes()),
            Self::Bytes(count) => format!("{count} bytes in base64"),
            Self::Boolean(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Self::Date(unix) => in_words(*unix),
        }
    }

    /// The text by which the field's vocabulary may know it.
    fn text(&self) -> &str {
        match self {
            Self::String(text) | Self::Token(text) => text,
            _ => "",
        }
    }
}

/// A structured item (RFC 9651 3.3).
pub fn item(field: &Field, parts: &mut Parts<'_>) {
    let mut reader = Reader::over(field, parts);
    if reader.spaces_then_end() {
        return reader.fail("a value is expected");
    }
    if reader.item("").is_some() {
        reader.must_end();
    }
}

/// A structured list (RFC 9651 3.1).
pub fn sf_list(field: &Field, parts: &mut Parts<'_>) {
    let mut reader = Reader::over(field, parts);
    if reader.spaces_then_end() {
        return;
    }
    while !reader.parts.is_over() {
        if reader.item_or_inner_list().is_none() || !reader.comma() {
            return;
        }
    }
}

/// A structured dictionary (RFC 9651 3.2).
pub fn dictionary(field: &Field, parts: &mut Parts<'_>) {
    let mut reader = Reader::over(field, parts);
    if reader.spaces_then_end() {
        return;
    }
    while !reader.parts.is_over() {
        if reader.member().is_none() || !reader.comma() {
            return;
        }
    }
}

struct Reader<'f, 'p, 'a> {
    field: &'f Field,
    parts: &'p mut Parts<'a>,
    at: usize,
    end: usize,
}

impl<'f, 'p, 'a> Reader<'f, 'p, 'a> {
    fn over(field: &'f Field, parts: &'p mut Parts<'a>) -> Self {
        let whole = parts.whole();
        Self { field, parts, at: whole.start, end: whole.end }
    }

    fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.parts.at(self.at)).flatten()
    }

    fn fail(&mut self, says: &str) {
        self.parts.fail(self.at, says);
    }

    fn refuse<T>(&mut self, says: &str) -> Option<T> {
        self.fail(says);
        None
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn spaces_then_end(&mut self) -> bool {
        self.blanks();
        self.at >= self.end
    }

    fn must_end(&mut self) {
        if !self.spaces_then_end() {
            self.fail("nothing may follow the item");
        }
    }

    /// Whether a comma follows with something behind it; notes what else is there.
    fn comma(&mut self) -> bool {
        if self.spaces_then_end() {
            return false;
        }
        if !self.eat(b',') {
            self.fail("a comma is expected between members");
            return false;
        }
        if self.spaces_then_end() {
            self.fail("a member is expected behind the comma");
            return false;
        }
        true
    }

    fn member(&mut self) -> Option<()> {
        let from = self.at;
        let key = self.key()?;
        let known = self.field.word(self.parts.bytes(&key));
        let slot = from..self.at;
        if !self.eat(b'=') {
            let said = known
                .map_or_else(|| format!("{}: yes", self.parts.shown(&key)), |word| word.means.to_owned());
            self.parts.add_at(slot, "member", said, known.and_then(|word| word.spec));
            return self.parameters();
        }
        if self.peek() == Some(b'(') {
            let said = known.map_or_else(|| self.parts.shown(&key), |word| word.means.to_owned());
            self.parts.add_at(slot, "member", said, known.and_then(|word| word.spec));
            self.depth_in();
            let inner = self.inner_list();
            self.depth_out();
            return inner;
        }
        let value_at = self.at;
        let bare = self.bare()?;
        let value = value_at..self.at;
        let said = match known {
            Some(word) => say(self.parts, Some(word), Some(&value)),
            None => format!("{}: {}", self.parts.shown(&key), bare.says()),
        };
        self.parts.add_at(from..self.at, "member", said, known.and_then(|word| word.spec));
        self.parameters()
    }

    fn item_or_inner_list(&mut self) -> Option<()> {
        if self.peek() == Some(b'(') { self.inner_list() } else { self.item("") }
    }

    fn inner_list(&mut self) -> Option<()> {
        let from = self.at;
        self.at += 1;
        self.parts.add(from..self.at, "inner list", "a list within the list");
        self.depth_in();
        loop {
            while self.eat(b' ') {}
            if self.eat(b')') {
                self.depth_out();
                return self.parameters();
            }
            if self.at >= self.end {
                return self.refuse("the inner list is not closed: ) is missing");
            }
            if self.parts.is_over() {
                return None;
            }
            self.item("")?;
            if !matches!(self.peek(), Some(b' ' | b')')) {
                return self.refuse("a space or ) is expected in an inner list");
            }
        }
    }

    fn item(&mut self, what: &'static str) -> Option<()> {
        let from = self.at;
        let bare = self.bare()?;
        let word = self.field.word(bare.text().as_bytes());
        let label = if what.is_empty() { bare.label() } else { what };
        let said = match (word, self.field.name) {
            (Some(word), _) => word.means.to_owned(),
            // The names of hops mean nothing by themselves.
            (None, "Cache-Status") => "a cache on the way".to_owned(),
            (None, "Proxy-Status") => "a hop on the way".to_owned(),
            (None, _) => bare.says(),
        };
        self.parts.add_at(from..self.at, label, said, word.and_then(|word| word.spec));
        self.parameters()
    }

    fn parameters(&mut self) -> Option<()> {
        while self.eat(b';') {
            while self.eat(b' ') {}
            if self.parts.is_over() {
                return None;
            }
            let from = self.at;
            let key = self.key()?;
            let known = self.field.word(self.parts.bytes(&key));
            let mut said = known.map_or_else(|| self.parts.shown(&key), |word| word.means.to_owned());
            if self.eat(b'=') {
                let value_at = self.at;
                let bare = self.bare()?;
                said = match known {
                    Some(word) => say(self.parts, Some(word), Some(&(value_at..self.at))),
                    None => format!("{said}: {}", bare.says()),
                };
            }
            let span = from..self.at;
            self.parts.deeper(|parts| parts.add(span, "parameter", said));
        }
        Some(())
    }

    fn depth_in(&mut self) {
        self.parts.deepen();
    }

    fn depth_out(&mut self) {
        self.parts.rise();
    }

    fn key(&mut self) -> Option<Range<usize>> {
        let from = self.at;
        if !matches!(self.peek(), Some(b'a'..=b'z' | b'*')) {
            return self.refuse("a key begins with a lower-case letter or *");
        }
        while matches!(self.peek(), Some(b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')) {
            self.at += 1;
        }
        Some(from..self.at)
    }

    fn bare(&mut self) -> Option<Bare> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => self.string(),
            Some(b'*' | b'a'..=b'z' | b'A'..=b'Z') => Some(self.token()),
            Some(b':') => self.binary(),
            Some(b'?') => self.boolean(),
            Some(b'@') => self.date(),
            Some(b'%') => self.display(),
            _ => self.refuse("a number, a token, a \"string\", :bytes:, ?1 or @date is expected"),
        }
    }

    fn token(&mut self) -> Bare {
        let from = self.at;
        while self.peek().is_some_and(|byte| is_tchar(byte) || matches!(byte, b':' | b'/')) {
            self.at += 1;
        }
        Bare::Token(String::from_utf8_lossy(self.parts.bytes(&(from..self.at))).into_owned())
    }

    /// At most 15 digits, or 12 before and 3 behind the point.
    fn number(&mut self) -> Option<Bare> {
        let from = self.at;
        self.eat(b'-');
        let digits = self.digits();
        if digits == 0 {
            return self.refuse("a digit is expected");
        }
        let decimals = if self.eat(b'.') { Some(self.digits()) } else { None };
        let fits = match decimals {
            None => digits <= 15,
            Some(decimals) => digits <= 12 && (1..=3).contains(&decimals),
        };
        if !fits {
            return self.refuse("a number has at most 15 digits, or 12 before and 1 to 3 behind its point");
        }
        let text = String::from_utf8_lossy(self.parts.bytes(&(from..self.at))).into_owned();
        match decimals {
            None => text.parse().ok().map(Bare::Integer),
            Some(_) => text.parse().ok().map(Bare::Decimal),
        }
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn string(&mut self) -> Option<Bare> {
        self.at += 1;
        let mut text = String::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Some(Bare::String(text));
                }
                b'\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some(escaped @ (b'"' | b'\\')) => text.push(char::from(escaped)),
                        _ => return self.refuse("only \\\" and \\\\ may be escaped"),
                    }
                }
                0x20..=0x7e => text.push(char::from(byte)),
                _ => return self.refuse("a string holds printable ASCII only"),
            }
            self.at += 1;
        }
        self.refuse("the string is not closed: \" is missing")
    }

    fn binary(&mut self) -> Option<Bare> {
        self.at += 1;
        let from = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        {
            self.at += 1;
        }
        let text = self.parts.bytes(&(from..self.at));
        if !self.eat(b':') {
            return self.refuse("base64 is expected, closed by a colon");
        }
        let unpadded = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        // Padding may be left out (RFC 9651 4.2.7), but more than belongs there is wrong.
        if text.len() > unpadded.div_ceil(4) * 4 {
            self.parts.fail(from + unpadded, "the padding of the base64 is wrong");
            return None;
        }
        let mut padded = text.get(..unpadded).unwrap_or_default().to_vec();
        padded.resize(unpadded.div_ceil(4) * 4, b'=');
        match STANDARD.decode(&padded) {
            Ok(bytes) => Some(Bare::Bytes(bytes.len())),
            // Bits beyond the last byte are allowed to be other than zero (RFC 9651 4.2.7).
            Err(base64::DecodeError::InvalidLastSymbol { .. }) => Some(Bare::Bytes(unpadded * 3 / 4)),
            Err(_) => {
                self.parts.fail(from, "this is no base64");
                None
            }
        }
    }

    fn boolean(&mut self) -> Option<Bare> {
        self.at += 1;
        match self.peek() {
            Some(digit @ (b'0' | b'1')) => {
                self.at += 1;
                Some(Bare::Boolean(digit == b'1'))
            }
            _ => self.refuse("?1 (yes) or ?0 (no) is expected"),
        }
    }

    fn date(&mut self) -> Option<Bare> {
        self.at += 1;
        let from = self.at;
        if let Bare::Integer(unix) = self.number()? {
            return Some(Bare::Date(unix));
        }
        self.parts.fail(from, "a date is a whole number of seconds");
        None
    }

    fn display(&mut self) -> Option<Bare> {
        self.at += 1;
        if !self.eat(b'"') {
            return self.refuse("\" is expected behind %");
        }
        let mut bytes = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return self.text_of(bytes),
                b'%' => {
                    let pair = self.parts.bytes(&(self.at..(self.at + 2).min(self.end)));
                    let hex = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
                    let Some((high, low)) =
                        pair.first().copied().and_then(hex).zip(pair.get(1).copied().and_then(hex))
                    else {
                        return self.refuse("two lower-case hexadecimal digits are expected behind %");
                    };
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or(0));
                    self.at += 2;
                }
                0x20..=0x7e => bytes.push(byte),
                _ => {
                    self.at -= 1;
                    return self.refuse("printable ASCII is expected");
                }
            }
        }
        self.refuse("the string is not closed: \" is missing")
    }

    fn text_of(&mut self, bytes: Vec<u8>) -> Option<Bare> {
        match String::from_utf8(bytes) {
            Ok(text) => Some(Bare::Display(text)),
            Err(_) => self.refuse("the string is not UTF-8"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::field::{Group, Shape, Spec};

    fn read(shape: Shape, value: &str) -> crate::inspect::Parsed {
        let field = Group::Legacy.both("X-Test", Spec::Rfc(9651, ""), "").structured(shape);
        let mut parts = Parts::of(value.as_bytes());
        (field.read)(&field, &mut parts);
        parts.done()
    }

    #[test]
    fn rfc9651_members_with_their_spans() {
        let parsed = read(Shape::Dictionary, "a=1, b;x=?0, c=(\"s\" t);q=0.5");
        let seen: Vec<_> =
            parsed.parts.iter().map(|part| (part.span.clone(), part.label, part.depth)).collect();
        assert_eq!(parsed.broken, None);
        assert_eq!(
            seen,
            [
                (0..3, "member", 0),
                (5..6, "member", 0),
                (7..11, "parameter", 1),
                (13..14, "member", 0),
                (15..16, "inner list", 1),
                (16..19, "string", 2),
                (20..21, "token", 2),
                (23..28, "parameter", 2),
            ]
        );
    }

    #[test]
    fn rfc9651_where_it_breaks() {
        for (shape, value, at) in [
            (Shape::Item, "", 0),
            (Shape::Item, "1 2", 2),
            (Shape::Item, "\"a", 2),
            (Shape::Item, "?2", 1),
            (Shape::Item, "1234567890123456", 16),
            (Shape::Item, ":a$:", 2),
            (Shape::Item, ":aGVsbG8h=:", 9),
            (Shape::SfList, "a,", 2),
            (Shape::SfList, "a b", 2),
            (Shape::SfList, "(a", 2),
            (Shape::SfList, "(a\tb)", 2),
            (Shape::Dictionary, "A=1", 0),
            (Shape::Dictionary, "a=", 2),
            (Shape::Item, "@1.5", 1),
            (Shape::Item, "%\"%C3\"", 3),
        ] {
            assert_eq!(read(shape, value).broken.map(|broken| broken.at), Some(at), "{value}");
        }
        for (shape, value) in [
            (Shape::SfList, ""),
            (Shape::Item, "-0.5"),
            (Shape::Item, "@1659578233"),
            (Shape::Item, "%\"%c3%bc\""),
        ] {
            assert_eq!(read(shape, value).broken, None, "{value}");
        }
    }
}
