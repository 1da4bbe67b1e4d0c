//! Tagged netstrings, mitmproxy's file format: `length:payload` and a letter that says what the payload is.

use std::io::{self, BufRead, BufReader, Read};

/// Digits of a length.
const DIGITS: usize = 12;
/// Levels of nesting.
const LEVELS: usize = 32;
/// Values within one of the file's.
const VALUES: usize = 1 << 20;

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It ends too soon.
    #[error("it ends in the middle, at byte {0}: the file was cut off")]
    End(u64),
    /// It is no tagged netstring there.
    #[error("byte {at} is wrong: {expected} was expected")]
    Syntax {
        /// Counted from 0.
        at: u64,
        /// In words.
        expected: &'static str,
    },
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `~`
    Null,
    /// `!`
    Bool(bool),
    /// `#`
    Int(i64),
    /// `^`
    Float(f64),
    /// `,` octets and `;` text
    Bytes(Vec<u8>),
    /// `]`
    List(Vec<Value>),
    /// `}`
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// A member of a map.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Map(members) => {
                let is = |(key, _): &&(Value, Value)| key.bytes() == Some(name.as_bytes());
                members.iter().find(is).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Octets, or a text's.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// A text; what is no UTF-8 in it as U+FFFD.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// A whole number.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// A number.
    #[must_use]
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Int(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        if let Self::List(items) = self { items } else { &[] }
    }
}

/// What comes next in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A value.
    Value(Value),
    /// One that is larger than was asked for.
    TooLarge,
    /// Nothing more.
    End,
}

/// A file of them, one behind the other.
pub struct Tnet<R> {
    input: BufReader<R>,
    at: u64,
}

impl<R: Read> Tnet<R> {
    /// Reads from there.
    pub fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(64 << 10, input), at: 0 }
    }

    /// The next value; one larger than `most` is read over.
    pub fn next(&mut self, most: u64) -> Result<Next, Fault> {
        let Some(length) = self.length()? else { return Ok(Next::End) };
        if length > most {
            let skipped = io::copy(&mut self.input.by_ref().take(length + 1), &mut io::sink())?;
            self.at += skipped;
            return if skipped == length + 1 { Ok(Next::TooLarge) } else { Err(Fault::End(self.at)) };
        }
        let from = self.at;
        let mut payload = Vec::new();
        let read = self.input.by_ref().take(length + 1).read_to_end(&mut payload)?;
        self.at += read as u64;
        if payload.len() as u64 != length + 1 {
            return Err(Fault::End(self.at));
        }
        let Some(letter) = payload.pop() else { return Err(Fault::End(self.at)) };
        let mut room = VALUES;
        match parse(letter, &payload, LEVELS, &mut room) {
            Ok(value) => Ok(Next::Value(value)),
            Err(expected) => Err(Fault::Syntax { at: from, expected }),
        }
    }

    /// Digits up to the colon.
    fn length(&mut self) -> Result<Option<u64>, Fault> {
        let mut digits = String::new();
        loop {
            let Some(byte) = self.input.fill_buf()?.first().copied() else {
                return if digits.is_empty() { Ok(None) } else { Err(Fault::End(self.at)) };
            };
            self.input.consume(1);
            self.at += 1;
            match byte {
                b'0'..=b'9' if digits.len() < DIGITS => digits.push(char::from(byte)),
                b':' if !digits.is_empty() => return Ok(digits.parse().ok()),
                // Line ends between flows, as some editors leave them.
                b'\r' | b'\n' if digits.is_empty() => {}
                _ => return Err(Fault::Syntax { at: self.at - 1, expected: "the length of a flow" }),
            }
        }
    }
}

/// A payload by its letter. The lengths within it are bounded by its own.
fn parse(letter: u8, payload: &[u8], levels: usize, room: &mut usize) -> Result<Value, &'static str> {
    *room = room.checked_sub(1).ok_or("fewer values")?;
    let number = || std::str::from_utf8(payload).map_err(|_| "a number");
    Ok(match letter {
        b'~' if payload.is_empty() => Value::Null,
        b'!' => match payload {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            _ => return Err("true or false"),
        },
        b'#' => Value::Int(number()?.parse().map_err(|_| "a whole number")?),
        b'^' => Value::Float(number()?.parse().map_err(|_| "a number")?),
        b',' | b';' => Value::Bytes(payload.to_vec()),
        b']' => Value::List(all(payload, levels, room)?),
        b'}' => {
            let mut members = Vec::new();
            let mut values = all(payload, levels, room)?.into_iter();
            while let Some(key) = values.next() {
                members.push((key, values.next().ok_or("a value behind each name")?));
            }
            Value::Map(members)
        }
        _ => return Err("the letter of a kind of value"),
    })
}

fn all(mut payload: &[u8], levels: usize, room: &mut usize) -> Result<Vec<Value>, &'static str> {
    let levels = levels.checked_sub(1).ok_or("less nesting")?;
    let mut values = Vec::new();
    while !payload.is_empty() {
        let colon = payload.iter().take(DIGITS + 1).position(|byte| *byte == b':').ok_or("a length")?;
        let (digits, rest) = payload.split_at(colon);
        let digits = std::str::from_utf8(digits).map_err(|_| "a length")?;
        let length: usize = digits.parse().map_err(|_| "a length")?;
        let rest = rest.get(1..).unwrap_or_default();
        let (inner, rest) = rest.split_at_checked(length).ok_or("a length that fits")?;
        let (letter, rest) = rest.split_first().ok_or("the letter of a kind of value")?;
        values.push(parse(*letter, inner, levels, room)?);
        payload = rest;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Vec<Value>, Fault> {
        let mut tnet = Tnet::new(bytes);
        let mut values = Vec::new();
        while let Next::Value(value) = tnet.next(1 << 20)? {
            values.push(value);
        }
        Ok(values)
    }

    fn written(value: &Value) -> Vec<u8> {
        let (payload, letter) = match value {
            Value::Null => (Vec::new(), b'~'),
            Value::Bool(is) => (is.to_string().into_bytes(), b'!'),
            Value::Int(number) => (number.to_string().into_bytes(), b'#'),
            Value::Float(number) => (number.to_string().into_bytes(), b'^'),
            Value::Bytes(bytes) => (bytes.clone(), b','),
            Value::List(items) => (items.iter().flat_map(written).collect(), b']'),
            Value::Map(members) => (
                members.iter().flat_map(|(key, value)| [written(key), written(value)].concat()).collect(),
                b'}',
            ),
        };
        [format!("{}:", payload.len()).as_bytes(), &payload, &[letter]].concat()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let says = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(says(b"5:abc").contains("it ends in the middle, at byte 5"));
        assert!(says(b"x").contains("byte 0 is wrong"));
        assert!(says(b"3:abc?").contains("the letter"));
        assert!(says(b"6:9:abc,]").contains("a length that fits"));
        assert!(says(b"9999999999999:").contains("the length of a flow"));
        let deep = (0..100).fold(b"0:]".to_vec(), |inner, _| {
            [format!("{}:", inner.len()).as_bytes(), &inner, b"]"].concat()
        });
        assert!(says(&deep).contains("less nesting"));
    }

    #[test]
    fn one_that_is_too_large_is_read_over() {
        let mut tnet = Tnet::new(&b"20:01234567890123456789,3:abc,"[..]);
        assert_eq!(tnet.next(10).unwrap(), Next::TooLarge);
        assert_eq!(tnet.next(10).unwrap(), Next::Value(Value::Bytes(b"abc".to_vec())));
        assert_eq!(tnet.next(10).unwrap(), Next::End);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(4, 30, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::vec((inner.clone(), inner), 0..4).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_value_is_read_again(values in proptest::collection::vec(any_value(), 0..4)) {
            let bytes: Vec<u8> = values.iter().flat_map(written).collect();
            prop_assert_eq!(read(&bytes).unwrap(), values);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
