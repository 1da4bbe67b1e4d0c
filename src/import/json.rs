//! JSON read from a stream, piece by piece, by somebody who trusts nothing of it.
//!
//! - Whatever the file is like, memory is bounded: nesting by [`DEEPEST`], what is kept of a value by the
//!   [`Budget`] that it is read with. What finds no room is read over and told.
//! - Texts may hold octets that are no UTF-8: they stay as they are.

use std::io::{self, Read};

/// Levels of nesting that are read over.
const DEEPEST: usize = 512;
/// Levels of nesting that are kept.
const KEPT_LEVELS: usize = 48;
/// Octets of one number.
const NUMBER: usize = 64;
/// Octets read at once.
const BUFFER: usize = 64 << 10;
/// What a value weighs beside its texts.
const NODE: usize = 64;

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It ends too soon.
    #[error("it ends in the middle, at byte {0}: the file was cut off")]
    End(u64),
    /// It is no JSON there.
    #[error("byte {at} is wrong: {expected} was expected")]
    Syntax {
        /// Counted from 0.
        at: u64,
        /// In words.
        expected: &'static str,
    },
    /// It nests deeper than anything real.
    #[error("it is nested more than {DEEPEST} levels deep at byte {0}")]
    Deep(u64),
}

/// A value that was kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`, and what found no room.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// As it was written.
    Number(String),
    /// A text without its escapes.
    Text(Text),
    /// A list.
    List(Vec<Tree>),
    /// Members in their order.
    Map(Vec<(String, Tree)>),
}

/// A text; what found no room is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Its octets, from the start.
    pub bytes: Vec<u8>,
    /// How many there were.
    pub length: u64,
}

/// How much of a value is kept.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Octets of one text.
    pub text: usize,
    /// Octets of everything.
    pub all: usize,
    /// Whether something found no room.
    pub exceeded: bool,
}

impl Tree {
    /// A member of a map.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Tree> {
        match self {
            Self::Map(members) => members.iter().find(|(known, _)| known == name).map(|(_, tree)| tree),
            _ => None,
        }
    }

    /// A member of a map, taken out of it.
    pub fn take(&mut self, name: &str) -> Option<Tree> {
        match self {
            Self::Map(members) => {
                let member = members.iter_mut().find(|(known, _)| known == name)?;
                Some(std::mem::replace(&mut member.1, Self::Null))
            }
            _ => None,
        }
    }

    /// The octets of a text.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(&text.bytes) } else { None }
    }

    /// A text; octets that are no UTF-8 as U+FFFD.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// A number of a kind, or a text that is one.
    #[must_use]
    pub fn number<N: std::str::FromStr>(&self) -> Option<N> {
        match self {
            Self::Number(number) => number.parse().ok(),
            Self::Text(text) => std::str::from_utf8(&text.bytes).ok()?.trim().parse().ok(),
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
    pub fn items(&self) -> &[Tree] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

/// A JSON text being read.
pub struct Json<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    /// Octets before the buffer.
    before: u64,
    ended: bool,
}

impl<R: Read> Json<R> {
    /// Reads from there.
    pub fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: 0, before: 0, ended: false }
    }

    /// Octets read so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.before + self.at as u64
    }

    /// Steps over a byte order mark.
    pub fn skip_mark(&mut self) -> Result<(), Fault> {
        for byte in [0xef, 0xbb, 0xbf] {
            if self.peek()? != Some(byte) {
                break;
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Whether nothing but blanks is left.
    pub fn is_over(&mut self) -> Result<bool, Fault> {
        Ok(self.blank()?.is_none())
    }

    /// Whether the next value is an object, which is then begun.
    pub fn begins_object(&mut self) -> Result<bool, Fault> {
        self.begins(b'{')
    }

    /// Whether the next value is a list, which is then begun.
    pub fn begins_list(&mut self) -> Result<bool, Fault> {
        self.begins(b'[')
    }

    /// The next member's name within an object; `None` at its end. `first` is true before the first.
    pub fn key(&mut self, first: bool) -> Result<Option<String>, Fault> {
        if !self.goes_on(first, b'}')? {
            return Ok(None);
        }
        self.expect(b'"', "a name in quotes")?;
        let mut budget = Budget { text: 4096, all: 4096, exceeded: false };
        let name = self.quoted(&mut budget)?;
        self.expect(b':', "a colon")?;
        Ok(Some(String::from_utf8_lossy(&name.bytes).into_owned()))
    }

    /// Whether there is another item within a list.
    pub fn item(&mut self, first: bool) -> Result<bool, Fault> {
        self.goes_on(first, b']')
    }

    /// Reads over a value.
    pub fn skip(&mut self) -> Result<(), Fault> {
        let mut nothing = Budget { text: 0, all: 0, exceeded: false };
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.begin()? {
                Some(opening) if open.len() < DEEPEST => {
                    let closing = if opening == b'{' { b'}' } else { b']' };
                    open.push(closing);
                    if self.enter(closing, true)? {
                        continue;
                    }
                    open.pop();
                }
                Some(_) => return Err(Fault::Deep(self.position())),
                None => {
                    self.scalar(&mut nothing)?;
                }
            }
            loop {
                let Some(closing) = open.last().copied() else { return Ok(()) };
                if self.enter(closing, false)? {
                    break;
                }
                open.pop();
            }
        }
    }

    /// Reads a value, as much of it as there is room for.
    pub fn tree(&mut self, budget: &mut Budget) -> Result<Tree, Fault> {
        self.tree_at(budget, KEPT_LEVELS)
    }

    fn tree_at(&mut self, budget: &mut Budget, levels: usize) -> Result<Tree, Fault> {
        if budget.all < NODE || levels == 0 {
            budget.exceeded = true;
            return self.skip().map(|()| Tree::Null);
        }
        budget.all -= NODE;
        match self.begin()? {
            None => self.scalar(budget),
            Some(b'{') => {
                let mut members = Vec::new();
                let mut first = true;
                while let Some(name) = self.key(first)? {
                    first = false;
                    budget.all = budget.all.saturating_sub(name.len());
                    let full = budget.all < NODE;
                    let value = self.tree_at(budget, levels - 1)?;
                    if !full {
                        members.push((name, value));
                    }
                }
                Ok(Tree::Map(members))
            }
            Some(_) => {
                let mut items = Vec::new();
                let mut first = true;
                while self.item(first)? {
                    first = false;
                    let full = budget.all < NODE;
                    let value = self.tree_at(budget, levels - 1)?;
                    if !full {
                        items.push(value);
                    }
                }
                Ok(Tree::List(items))
            }
        }
    }

    /// Steps into the next member or item, or behind the end.
    fn enter(&mut self, closing: u8, first: bool) -> Result<bool, Fault> {
        if closing == b'}' { Ok(self.key(first)?.is_some()) } else { self.item(first) }
    }

    /// The bracket that the next value begins with, stepped over; `None` for what has none.
    fn begin(&mut self) -> Result<Option<u8>, Fault> {
        match self.blank()? {
            Some(byte @ (b'{' | b'[')) => {
                self.at += 1;
                Ok(Some(byte))
            }
            Some(_) => Ok(None),
            None => Err(Fault::End(self.position())),
        }
    }

    fn begins(&mut self, bracket: u8) -> Result<bool, Fault> {
        let is = self.blank()? == Some(bracket);
        self.at += usize::from(is);
        Ok(is)
    }

    fn scalar(&mut self, budget: &mut Budget) -> Result<Tree, Fault> {
        match self.blank()? {
            Some(b'"') => {
                self.at += 1;
                Ok(Tree::Text(self.quoted(budget)?))
            }
            Some(b't') => self.word(b"true").map(|()| Tree::Bool(true)),
            Some(b'f') => self.word(b"false").map(|()| Tree::Bool(false)),
            Some(b'n') => self.word(b"null").map(|()| Tree::Null),
            Some(b'-' | b'0'..=b'9') => self.digits().map(Tree::Number),
            Some(_) => Err(self.wrong("a value")),
            None => Err(Fault::End(self.position())),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        for expected in word {
            if self.peek()? != Some(*expected) {
                return Err(self.wrong("true, false or null"));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<String, Fault> {
        let mut number = String::new();
        while let Some(byte @ (b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) = self.peek()? {
            if number.len() >= NUMBER {
                return Err(self.wrong("a shorter number"));
            }
            number.push(char::from(byte));
            self.at += 1;
        }
        if is_number(&number) { Ok(number) } else { Err(self.wrong("a number")) }
    }

    /// A text behind its opening quote, up to and with its closing one.
    fn quoted(&mut self, budget: &mut Budget) -> Result<Text, Fault> {
        let mut text = Text::default();
        loop {
            if self.peek()?.is_none() {
                return Err(Fault::End(self.position()));
            }
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            text.push(rest.get(..plain).unwrap_or_default(), budget);
            self.at += plain;
            match self.peek()? {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut text, budget)?;
                }
                _ => {}
            }
        }
    }

    fn escape(&mut self, text: &mut Text, budget: &mut Budget) -> Result<(), Fault> {
        let Some(byte) = self.peek()? else { return Err(Fault::End(self.position())) };
        self.at += 1;
        let plain = match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => byte,
            b'u' => return self.unicode(text, budget),
            _ => {
                self.at -= 1;
                return Err(self.wrong("an escape"));
            }
        };
        text.push(&[plain], budget);
        Ok(())
    }

    /// `\u` and four digits, behind the `u`; two of them for what lies beyond U+FFFF (RFC 8259 7). A half alone
    /// is no character.
    fn unicode(&mut self, text: &mut Text, budget: &mut Budget) -> Result<(), Fault> {
        let mut unit = self.four()?;
        loop {
            let high = (0xd800..0xdc00).contains(&unit);
            if !(high && self.peek()? == Some(b'\\')) {
                text.character(char::from_u32(unit), budget);
                return Ok(());
            }
            self.at += 1;
            if self.peek()? != Some(b'u') {
                text.character(None, budget);
                return self.escape(text, budget);
            }
            self.at += 1;
            let second = self.four()?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                text.character(char::from_u32(joined), budget);
                return Ok(());
            }
            text.character(None, budget);
            unit = second;
        }
    }

    fn four(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek()? else { return Err(Fault::End(self.position())) };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return Err(self.wrong("four hexadecimal digits"));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn goes_on(&mut self, first: bool, closing: u8) -> Result<bool, Fault> {
        match self.blank()? {
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            Some(_) => Err(self.wrong("a comma or the end")),
            None => Err(Fault::End(self.position())),
        }
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        match self.blank()? {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.wrong(expected)),
            None => Err(Fault::End(self.position())),
        }
    }

    fn wrong(&self, expected: &'static str) -> Fault {
        Fault::Syntax { at: self.position(), expected }
    }

    /// The next octet that is no blank.
    fn blank(&mut self) -> Result<Option<u8>, Fault> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek()? {
            self.at += 1;
        }
        self.peek()
    }

    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if self.at == self.buffer.len() && !self.ended {
            self.before += self.buffer.len() as u64;
            self.at = 0;
            self.buffer.clear();
            self.input.by_ref().take(BUFFER as u64).read_to_end(&mut self.buffer)?;
            self.ended = self.buffer.is_empty();
        }
        Ok(self.buffer.get(self.at).copied())
    }
}

/// RFC 8259 6.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.trim_start_matches(['+', '-']))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
        && text.parse::<f64>().is_ok()
}

impl Text {
    fn push(&mut self, bytes: &[u8], budget: &mut Budget) {
        self.length += bytes.len() as u64;
        let room = budget.text.saturating_sub(self.bytes.len()).min(budget.all);
        let kept = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.bytes.extend_from_slice(kept);
        budget.all -= kept.len();
        budget.exceeded |= kept.len() < bytes.len();
    }

    fn character(&mut self, character: Option<char>, budget: &mut Budget) {
        let mut bytes = [0; 4];
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.push(character.encode_utf8(&mut bytes).as_bytes(), budget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    const ROOM: Budget = Budget { text: 1 << 20, all: 1 << 20, exceeded: false };

    fn read(text: &[u8]) -> Result<Tree, Fault> {
        let mut json = Json::new(text);
        let tree = json.tree(&mut { ROOM })?;
        if json.is_over()? { Ok(tree) } else { Err(json.wrong("the end")) }
    }

    /// As serde reads it; numbers as they were written are compared as floats.
    fn same(ours: &Tree, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Tree::Null, Value::Null) => true,
            (Tree::Bool(a), Value::Bool(b)) => a == b,
            (Tree::Number(a), Value::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
            (Tree::Text(a), Value::String(b)) => a.bytes == b.as_bytes() && a.length == b.len() as u64,
            (Tree::List(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Tree::Map(a), Value::Object(b)) => {
                a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
            }
            _ => false,
        }
    }

    #[test]
    fn what_another_reader_reads_is_read_the_same() {
        for text in [
            r#"{"a":[1,-2.5e3,true,false,null,"x\n\u00e4\ud83d\ude00\/"],"b":{},"c":[]}"#,
            " [ [ ] , { \"\" : \"\" } ] ",
            "\"\u{e4}\"",
            "0",
        ] {
            let theirs: Value = serde_json::from_str(text).unwrap();
            assert!(same(&read(text.as_bytes()).unwrap(), &theirs), "{text}");
        }
        for text in ["", "{", "[1,]", "{\"a\"}", "tru", "\"\\x\"", "[1 2]", "\"\\u12", "-", "{a:1}", "[}"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn halves_of_characters_and_octets_that_are_no_text_stay_harmless() {
        let text = |json: &[u8]| read(json).unwrap().text().unwrap();
        assert_eq!(text(br#""\ud83d""#), "\u{fffd}");
        assert_eq!(text(br#""\ud83d\n""#), "\u{fffd}\n");
        assert_eq!(text(br#""\ud83d\ud83d\ude00""#), "\u{fffd}\u{1f600}");
        assert_eq!(read(b"\"\xff\"").unwrap().bytes(), Some(&b"\xff"[..]));
    }

    #[test]
    fn nothing_grows_without_bound() {
        let deep = "[".repeat(100_000);
        assert!(matches!(read(deep.as_bytes()), Err(Fault::Deep(_))));
        let nested = format!("{}1{}", "[".repeat(400), "]".repeat(400));
        assert!(read(nested.as_bytes()).is_ok());
        let mut budget = Budget { text: 10, all: 200, exceeded: false };
        let long = format!("[\"{}\",{}2]", "x".repeat(1000), "1,".repeat(1000));
        let tree = Json::new(long.as_bytes()).tree(&mut budget).unwrap();
        assert!(budget.exceeded && tree.items().len() <= 3, "{tree:?}");
        let Tree::Text(text) = &tree.items()[0] else { panic!("{tree:?}") };
        assert_eq!((text.bytes.len(), text.length), (10, 1000));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "(?s).{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("(?s).{0,6}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_as_another_reader_reads_it(value in any_json(), cut in any::<proptest::sample::Index>()) {
            let text = serde_json::to_vec_pretty(&value).unwrap();
            prop_assert!(same(&read(&text).unwrap(), &value));
            let mut skipped = Json::new(&text[..]);
            skipped.skip().unwrap();
            prop_assert!(skipped.is_over().unwrap());
            let cut = &text[..cut.index(text.len())];
            prop_assert_eq!(read(cut).is_ok(), serde_json::from_slice::<Value>(cut).is_ok());
        }
    }
}
