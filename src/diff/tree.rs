//! A JSON text as a flat tree: where each value stands, without recursion and within bounds.
//!
//! Values keep the bytes of the text, so that no number loses a digit and no repeated name is lost.

use bytes::Bytes;

/// Nesting from which a text is not read as a tree.
pub(super) const DEEPEST: usize = 256;

/// Values from which a text is not read as a tree.
pub(super) const MOST: usize = 200_000;

/// A value's place in its [`Tree`].
pub(super) type Place = usize;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Object,
    Array,
    /// String, number, true, false or null.
    Leaf,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub sort: Sort,
    from: usize,
    to: usize,
    /// The name before it, quotes included, when it stands in an object.
    name: Option<(usize, usize)>,
    /// The object or array that it stands in.
    around: Option<Place>,
    pub children: Vec<Place>,
}

/// A JSON text read.
#[derive(Debug)]
pub(super) struct Tree {
    text: Bytes,
    nodes: Vec<Node>,
}

impl Tree {
    /// Reads a text; `None` when it is not JSON (RFC 8259), or too deep or too large to be a tree here.
    pub(super) fn parse(text: &Bytes) -> Option<Self> {
        let mut reader = Reader { text, at: 0, nodes: Vec::new(), open: Vec::new() };
        reader.read()?;
        let nodes = reader.nodes;
        Some(Self { text: text.clone(), nodes })
    }

    /// The value at a place; the outermost one stands at 0.
    pub(super) fn node(&self, place: Place) -> Option<&Node> {
        self.nodes.get(place)
    }

    /// A value's bytes, as written.
    pub(super) fn bytes(&self, node: &Node) -> Bytes {
        self.text.slice(node.from..node.to)
    }

    /// The object or array around a value.
    pub(super) fn around(&self, node: &Node) -> Option<(Place, &Node)> {
        node.around.and_then(|place| Some((place, self.nodes.get(place)?)))
    }

    /// The name before a value, escapes undone; empty outside an object.
    pub(super) fn name(&self, node: &Node) -> String {
        let Some((from, to)) = node.name else { return String::new() };
        unquoted(self.text.get(from..to).unwrap_or_default())
    }
}

/// A string without its quotes and escapes; as written where it is not UTF-8.
pub(super) fn unquoted(quoted: &[u8]) -> String {
    serde_json::from_slice(quoted).unwrap_or_else(|_| {
        let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(quoted);
        String::from_utf8_lossy(inner).into_owned()
    })
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// The objects and arrays around the place, outermost first.
    open: Vec<Place>,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<()> {
        self.value(None)?;
        while let Some(&around) = self.open.last() {
            let node = self.nodes.get(around)?;
            let (object, first) = (node.sort == Sort::Object, node.children.is_empty());
            self.blanks();
            if self.peek()? == if object { b'}' } else { b']' } {
                self.at += 1;
                self.nodes.get_mut(around)?.to = self.at;
                self.open.pop();
                continue;
            }
            if !first {
                self.expect(b',')?;
                self.blanks();
            }
            let name = if object { Some(self.name()?) } else { None };
            self.value(name)?;
        }
        self.blanks();
        (self.at == self.text.len()).then_some(())
    }

    fn name(&mut self) -> Option<(usize, usize)> {
        let from = self.at;
        self.string()?;
        let to = self.at;
        self.blanks();
        self.expect(b':')?;
        Some((from, to))
    }

    /// Takes in a leaf, or opens an object or an array.
    fn value(&mut self, name: Option<(usize, usize)>) -> Option<()> {
        self.blanks();
        let from = self.at;
        let sort = match self.peek()? {
            b'{' => Sort::Object,
            b'[' => Sort::Array,
            _ => Sort::Leaf,
        };
        if sort == Sort::Leaf {
            self.leaf()?;
        } else {
            self.at += 1;
        }
        let place = self.nodes.len();
        if place >= MOST || self.open.len() >= DEEPEST {
            return None;
        }
        let around = self.open.last().copied();
        if let Some(around) = around {
            self.nodes.get_mut(around)?.children.push(place);
        }
        self.nodes.push(Node { sort, from, to: self.at, name, around, children: Vec::new() });
        if sort != Sort::Leaf {
            self.open.push(place);
        }
        Some(())
    }

    fn leaf(&mut self) -> Option<()> {
        if self.peek()? == b'"' {
            return self.string();
        }
        let rest = self.text.get(self.at..)?;
        let end = rest.iter().position(|byte| b" \t\r\n,]}".contains(byte)).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        self.at += end;
        // serde_json knows the grammar of numbers; a word that begins like this cannot nest.
        serde_json::from_slice::<serde_json::Value>(word).ok().map(|_| ())
    }

    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                0..b' ' => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| b" \t\r\n".contains(&byte)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parses(text: &str) -> bool {
        Tree::parse(&Bytes::copy_from_slice(text.as_bytes())).is_some()
    }

    #[test]
    fn what_is_json_and_what_is_not() {
        for text in ["1", " {} ", "[]", "[1,[2],{\"a\":null}]", "\"\\\"\"", "-1.50e+7", "{\"a\":1,\"a\":2}"] {
            assert!(parses(text), "{text}");
        }
        for text in
            ["", "[1,]", "{,}", "{\"a\"}", "[1 2]", "01", "nul", "[", "}", "1 2", "\"", "\"\\", "{1:2}"]
        {
            assert!(!parses(text), "{text}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        assert!(parses(&format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST))));
        assert!(!parses(&"[".repeat(100_000)));
        assert!(!parses(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))));
        assert!(!parses(&format!("[{}1]", "1,".repeat(MOST))));
    }

    proptest! {
        #[test]
        fn agrees_with_serde(text in "[\\[\\]{}:, \"a1.\\\\-]{0,12}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            // Escapes inside of strings are left to whoever reads them.
            if !text.contains('\\') {
                prop_assert_eq!(parses(&text), theirs, "{}", text);
            }
        }

        #[test]
        fn any_bytes_pass(bytes in any::<Vec<u8>>()) {
            let _ = Tree::parse(&Bytes::from(bytes));
        }
    }
}
