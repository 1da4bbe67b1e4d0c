//! JSON's grammar (RFC 8259) as a machine that takes bytes as they come, without recursion.
//!
//! It tells where each row of the pretty print begins, and the first byte that the grammar does not
//! allow. What it holds grows with the depth of nesting only, and that is bounded.

use super::number::Number;

/// Nesting beyond this is refused: nobody reads it, and each level takes memory.
pub const DEEPEST: usize = 262_144;

/// Marks a level as an object; the rest is the place of the name last begun, for an array the index.
pub const OBJECT: u64 = 1 << 63;

/// What the grammar allows next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A value on a row of its own.
    Value,
    /// A value behind its name.
    Member,
    /// A value, or the end of an array just begun.
    FirstValue,
    /// A name.
    Name,
    /// A name, or the end of an object just begun.
    FirstName,
    /// A colon.
    Colon,
    /// A comma, or the end of the innermost bracket.
    More,
    /// Nothing, or the next value of several.
    Over,
}

/// A row of the pretty print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Its first byte.
    pub at: u64,
    /// How deep it is in.
    pub depth: usize,
}

/// Where the grammar was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first byte that does not belong.
    pub at: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Between,
    /// In a string; how many characters of an escape are to come, 5 when its kind is not known yet.
    Text(u8),
    Number(Number),
    /// The rest of `true`, `false` or `null`.
    Word(&'static [u8]),
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Machine {
    at: u64,
    expect: Expect,
    token: Token,
    /// The levels open: see [`OBJECT`].
    levels: Vec<u64>,
    /// Whether the row that begins here was told.
    told: bool,
    /// Whether values may follow each other (NDJSON, JSON text sequences).
    many: bool,
}

impl Machine {
    /// Before the first byte.
    #[must_use]
    pub fn new(many: bool) -> Self {
        Self { at: 0, expect: Expect::Value, token: Token::Between, levels: Vec::new(), told: false, many }
    }

    /// As it stood where a row began.
    #[must_use]
    pub fn resume(at: u64, expect: Expect, levels: &[u64]) -> Self {
        Self { at, expect, levels: levels.to_vec(), ..Self::new(true) }
    }

    /// The place of the next byte.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// What is allowed next.
    #[must_use]
    pub fn expect(&self) -> Expect {
        self.expect
    }

    /// The levels open.
    #[must_use]
    pub fn levels(&self) -> &[u64] {
        &self.levels
    }

    /// Takes bytes from `used` on, and stops before each byte that begins a row. `None` when all are
    /// taken.
    pub fn run(&mut self, bytes: &[u8], used: &mut usize) -> Result<Option<Begin>, Break> {
        while let Some(rest) = bytes.get(*used..).filter(|rest| !rest.is_empty()) {
            let (taken, begin) = self.take(rest)?;
            *used += taken;
            self.at += taken as u64;
            if begin.is_some() {
                return Ok(begin);
            }
        }
        Ok(None)
    }

    /// Says what is missing when no more bytes come.
    pub fn finish(&self) -> Result<(), Break> {
        let why = match (self.token, self.expect) {
            (Token::Text(_), _) => "it ends inside a string",
            (Token::Word(_), _) => "it ends inside a word",
            (Token::Number(number), _) if !number.may_end() => "it ends inside a number",
            (Token::Number(_), _) if self.levels.is_empty() => return Ok(()),
            (_, Expect::Over) => return Ok(()),
            _ if self.levels.is_empty() => "it holds no value",
            _ => "it ends before its brackets are closed",
        };
        Err(Break { at: self.at, why })
    }

    fn take(&mut self, rest: &[u8]) -> Result<(usize, Option<Begin>), Break> {
        match self.token {
            Token::Between => self.between(rest),
            Token::Text(escape) => self.text(rest, escape).map(|taken| (taken, None)),
            Token::Number(number) => Ok((self.number(rest, number)?, None)),
            Token::Word(word) => Ok((self.word(rest, word)?, None)),
        }
    }

    fn between(&mut self, rest: &[u8]) -> Result<(usize, Option<Begin>), Break> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let blanks = rest.iter().take_while(|byte| blank(byte)).count();
        if blanks > 0 {
            return Ok((blanks, None));
        }
        let Some(first) = rest.first().copied() else { return Ok((0, None)) };
        // A JSON text sequence sets a record separator before each text (RFC 7464 2.1).
        if first == 0x1e && self.many && self.levels.is_empty() && self.expect != Expect::Colon {
            return Ok((1, None));
        }
        self.check(first)?;
        if self.begins_row(first) && !self.told {
            self.told = true;
            let depth = self.levels.len() - usize::from(is_close(first));
            return Ok((0, Some(Begin { at: self.at, depth })));
        }
        self.told = false;
        self.begin(first);
        Ok((1, None))
    }

    /// Whether a byte may begin what comes next.
    fn check(&self, first: u8) -> Result<(), Break> {
        let value = matches!(first, b'"' | b'{' | b'[' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9');
        let object = self.levels.last().is_some_and(|level| level & OBJECT != 0);
        let close = if object { b'}' } else { b']' };
        let (fits, why) = match self.expect {
            Expect::Value | Expect::Member => (value, "expected a value"),
            Expect::FirstValue => (value || first == b']', "expected a value or ]"),
            Expect::Name => (first == b'"', "expected a name in quotes"),
            Expect::FirstName => (matches!(first, b'"' | b'}'), "expected a name in quotes or }"),
            Expect::Colon => (first == b':', "expected a colon"),
            Expect::More if object => (first == b',' || first == close, "expected a comma or }"),
            Expect::More => (first == b',' || first == close, "expected a comma or ]"),
            Expect::Over => (self.many && value, "expected nothing behind the value"),
        };
        if !fits {
            return Err(Break { at: self.at, why });
        }
        let opens = matches!(first, b'[' | b'{');
        if opens && self.levels.len() >= DEEPEST {
            return Err(Break { at: self.at, why: "nested deeper than 262 144 levels" });
        }
        Ok(())
    }

    fn begins_row(&self, first: u8) -> bool {
        match self.expect {
            Expect::Value | Expect::Name | Expect::Over => true,
            Expect::FirstValue | Expect::FirstName | Expect::More => {
                is_close(first) == (self.expect == Expect::More)
            }
            Expect::Member | Expect::Colon => false,
        }
    }

    fn begin(&mut self, first: u8) {
        match first {
            b'"' => {
                if let (Expect::Name | Expect::FirstName, Some(level)) = (self.expect, self.levels.last_mut())
                {
                    *level = OBJECT | self.at;
                }
                self.token = Token::Text(0);
            }
            b'{' => self.open(OBJECT, Expect::FirstName),
            b'[' => self.open(0, Expect::FirstValue),
            b'}' | b']' => self.close(),
            b':' => self.expect = Expect::Member,
            b',' => self.comma(),
            b't' => self.token = Token::Word(b"rue"),
            b'f' => self.token = Token::Word(b"alse"),
            b'n' => self.token = Token::Word(b"ull"),
            digit => self.token = Token::Number(Number::begin(digit)),
        }
    }

    fn open(&mut self, level: u64, expect: Expect) {
        self.levels.push(level);
        self.expect = expect;
    }

    fn close(&mut self) {
        self.levels.pop();
        self.value_ends();
    }

    fn comma(&mut self) {
        self.expect = match self.levels.last_mut() {
            Some(level) if *level & OBJECT != 0 => Expect::Name,
            Some(index) => {
                *index += 1;
                Expect::Value
            }
            None => Expect::Value,
        };
    }

    fn value_ends(&mut self) {
        self.token = Token::Between;
        self.expect = if self.levels.is_empty() { Expect::Over } else { Expect::More };
    }

    fn text(&mut self, rest: &[u8], escape: u8) -> Result<usize, Break> {
        let Some(first) = rest.first() else { return Ok(0) };
        if escape > 0 {
            let left = match (escape, first) {
                (5, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
                (5, b'u') => 4,
                (1..=4, byte) if byte.is_ascii_hexdigit() => escape - 1,
                _ => return Err(Break { at: self.at, why: "not an escape that JSON knows" }),
            };
            self.token = Token::Text(left);
            return Ok(1);
        }
        let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
        let taken = rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
        match rest.get(taken) {
            Some(b'"') => {
                let name = matches!(self.expect, Expect::Name | Expect::FirstName);
                self.value_ends();
                if name {
                    self.expect = Expect::Colon;
                }
                Ok(taken + 1)
            }
            Some(b'\\') => {
                self.token = Token::Text(5);
                Ok(taken + 1)
            }
            Some(_) => Err(Break {
                at: self.at + taken as u64,
                why: "a control character in a string must be escaped",
            }),
            None => Ok(taken),
        }
    }

    fn number(&mut self, rest: &[u8], mut number: Number) -> Result<usize, Break> {
        for (taken, byte) in rest.iter().enumerate() {
            match number.next(*byte) {
                Some(next) => number = next,
                None if number.may_end() => {
                    self.value_ends();
                    return Ok(taken);
                }
                None => return Err(Break { at: self.at + taken as u64, why: "not a number" }),
            }
        }
        self.token = Token::Number(number);
        Ok(rest.len())
    }

    fn word(&mut self, rest: &[u8], word: &'static [u8]) -> Result<usize, Break> {
        let fits = word.iter().zip(rest).take_while(|(wanted, byte)| wanted == byte).count();
        let left = word.get(fits..).unwrap_or_default();
        if left.is_empty() {
            self.value_ends();
        } else if fits < rest.len() {
            return Err(Break { at: self.at + fits as u64, why: "not true, false or null" });
        } else {
            self.token = Token::Word(left);
        }
        Ok(fits)
    }
}

/// Whether a byte closes a bracket.
#[must_use]
pub fn is_close(byte: u8) -> bool {
    matches!(byte, b']' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], piece: usize) -> Result<usize, Break> {
        let mut machine = Machine::new(false);
        let mut rows = 0;
        for piece in bytes.chunks(piece) {
            let mut used = 0;
            while machine.run(piece, &mut used)?.is_some() {
                rows += 1;
            }
        }
        machine.finish().map(|()| rows)
    }

    #[test]
    fn the_byte_that_breaks_the_grammar_is_named() {
        for (text, at) in [
            (r#"{"a":1 "b":2}"#, 7),
            ("[1,]", 3),
            ("[1}", 2),
            ("{\"a\n\"}", 3),
            ("[tru]", 4),
            ("[01]", 2),
            ("[\"\\x\"]", 3),
            ("{\"a\":", 5),
            ("\"abc", 4),
            ("", 0),
            ("1 2", 2),
        ] {
            for piece in [1, 2, 100] {
                assert_eq!(check(text.as_bytes(), piece).map_err(|found| found.at), Err(at), "{text}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_bounded() {
        let deep = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat().into_bytes();
        assert_eq!(check(&deep(100_000), 4096), Ok(199_999));
        assert_eq!(check(&deep(DEEPEST + 1), 4096).unwrap_err().at, DEEPEST as u64);
    }

    proptest! {
        #[test]
        fn it_accepts_what_a_json_parser_accepts(text in r#"[\[\]{},: "a0-9.eE+\\nrtuls-]{0,12}"#, piece in 1usize..5) {
            let ours = check(text.as_bytes(), piece).is_ok();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
