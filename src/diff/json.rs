//! Two JSON bodies value by value: objects by name, arrays by index.

use super::found::Found;
use super::item::{Item, Place};
use super::tree::{Node, Sort, Tree, unquoted};
use bytes::Bytes;
use std::collections::HashMap;

/// Bytes of a name that a path shows, and of a path; the last steps tell most.
const LONGEST: (usize, usize) = (256, 1_024);

/// Values still to be looked at: at the same place of both, or in one alone.
enum Step {
    Both(usize, usize),
    Left(usize),
    Right(usize),
}

/// Compares two texts; `None` when one of them is no JSON that can be read as a tree.
pub(super) fn compare(left: &Bytes, right: &Bytes) -> Option<Found> {
    let (mut left, mut right) = (Text::parse(left)?, Text::parse(right)?);
    let mut found = Found::new("JSON, by path");
    let mut open = vec![Step::Both(0, 0)];
    while let Some(step) = open.pop() {
        let (one_at, other_at) = match step {
            Step::Both(one, other) => (one, other),
            Step::Left(at) => {
                found.push_with(|| Item::lone(Place::Value(left.path(at)), left.value(at), None));
                continue;
            }
            Step::Right(at) => {
                found.push_with(|| Item::lone(Place::Value(right.path(at)), None, right.value(at)));
                continue;
            }
        };
        let (one, other) = (left.tree.node(one_at)?, right.tree.node(other_at)?);
        let (a, b) = (left.tree.bytes(one), right.tree.bytes(other));
        match (one.sort, other.sort) {
            _ if a == b => {}
            (Sort::Leaf, Sort::Leaf) if same_string(&a, &b) => {}
            (Sort::Object, Sort::Object) | (Sort::Array, Sort::Array) => {
                let steps = children((&mut left, one_at), (&mut right, other_at));
                // The last one put on is the first one taken off.
                open.extend(steps.into_iter().rev());
            }
            _ => found.push_with(|| Item::both(Place::Value(left.path(one_at)), a, b, None)),
        }
    }
    if found.items.is_empty() {
        found.notes.push("the same values, written differently".to_owned());
    }
    Some(found)
}

/// A text, and the places of names that stand in one object more than once.
struct Text {
    tree: Tree,
    repeats: HashMap<usize, usize>,
}

/// What a value in an object or array is found by: its name, and how many of that name (or how many in
/// all) stand before it.
type Key = (Option<String>, usize);

/// Pairs what two objects or arrays hold, in the left one's order; what only the right one holds comes last.
fn children((left, one): (&mut Text, usize), (right, other): (&mut Text, usize)) -> Vec<Step> {
    let mut names: HashMap<Key, usize> = right.keys(other).into_iter().collect();
    let step = |(key, at)| names.remove(&key).map_or(Step::Left(at), |partner| Step::Both(at, partner));
    let mut steps: Vec<Step> = left.keys(one).into_iter().map(step).collect();
    let mut lone: Vec<usize> = names.into_values().collect();
    lone.sort_unstable();
    steps.extend(lone.into_iter().map(Step::Right));
    steps
}

impl Text {
    fn parse(text: &Bytes) -> Option<Self> {
        Some(Self { tree: Tree::parse(text)?, repeats: HashMap::new() })
    }

    fn value(&self, at: usize) -> Option<Bytes> {
        self.tree.node(at).map(|node| self.tree.bytes(node))
    }

    /// What an object or array holds, in order.
    fn keys(&mut self, at: usize) -> Vec<(Key, usize)> {
        let Some(node) = self.tree.node(at) else { return Vec::new() };
        if node.sort == Sort::Array {
            return node.children.iter().enumerate().map(|(index, at)| ((None, index), *at)).collect();
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut keys = Vec::with_capacity(node.children.len());
        for at in &node.children {
            let name = self.tree.node(*at).map(|child| self.tree.name(child)).unwrap_or_default();
            let before = seen.entry(name.clone()).or_default();
            if *before > 0 {
                self.repeats.insert(*at, *before);
            }
            keys.push(((Some(name), *before), *at));
            *before += 1;
        }
        keys
    }

    /// The path to a value: `$.items[2].id`. Made only for what is shown: a text can hold more paths than
    /// memory does.
    fn path(&self, at: usize) -> String {
        let mut steps = Vec::new();
        let mut length = 0;
        let mut place = at;
        while let Some(node) = self.tree.node(place) {
            let Some((around, outer)) = self.tree.around(node) else { break };
            let step = self.step(place, node, outer);
            length += step.len();
            steps.push(step);
            if length > LONGEST.1 {
                return format!("$…{}", steps.into_iter().rev().collect::<String>());
            }
            place = around;
        }
        format!("${}", steps.into_iter().rev().collect::<String>())
    }

    /// A step of a path: `.total`, `["odd name"]`, `[2]`; a repeated name with its number behind it.
    fn step(&self, place: usize, node: &Node, outer: &Node) -> String {
        if outer.sort == Sort::Array {
            return format!("[{}]", outer.children.binary_search(&place).unwrap_or(0));
        }
        let mut name = self.tree.name(node);
        if name.len() > LONGEST.0 {
            name.truncate(name.floor_char_boundary(LONGEST.0));
            name.push('…');
        }
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '…';
        let step = if !name.is_empty() && name.chars().all(plain) {
            format!(".{name}")
        } else {
            format!("[{}]", serde_json::Value::from(name))
        };
        match self.repeats.get(&place) {
            Some(before) => format!("{step}#{}", before + 1),
            None => step,
        }
    }
}

/// Whether two strings are the same behind their escapes.
fn same_string(left: &[u8], right: &[u8]) -> bool {
    let quoted = |text: &[u8]| text.starts_with(b"\"");
    quoted(left) && quoted(right) && unquoted(left) == unquoted(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(left: &str, right: &str) -> Vec<String> {
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let shown = |value: &Option<Bytes>| {
            value.as_ref().map_or("-".into(), |value| String::from_utf8_lossy(value).into_owned())
        };
        let found = compare(&bytes(left), &bytes(right)).unwrap();
        let told =
            |item: &Item| format!("{} {} -> {}", item.place.words(), shown(&item.left), shown(&item.right));
        found.items.iter().map(told).collect()
    }

    #[test]
    fn changes_by_path() {
        for (left, right, expected) in [
            (r#"{"total": 12.50}"#, r#"{"total":25.00}"#, vec!["$.total 12.50 -> 25.00"]),
            (r#"{"a":{"b":[1,2]}}"#, r#"{"a":{"b":[1,3,4]}}"#, vec!["$.a.b[1] 2 -> 3", "$.a.b[2] - -> 4"]),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, vec![]),
            (r#"{"a b":1}"#, r#"{"":1}"#, vec![r#"$["a b"] 1 -> -"#, r#"$[""] - -> 1"#]),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":3}"#, vec!["$.a#2 2 -> 3"]),
            (r#"{"a":1}"#, r#"{"a":[1]}"#, vec!["$.a 1 -> [1]"]),
            ("1", "[]", vec!["$ 1 -> []"]),
            (r#""\u00e9""#, r#""é""#, vec![]),
            // No digit is lost that a 64-bit float could not hold.
            ("[9007199254740993]", "[9007199254740992]", vec!["$[0] 9007199254740993 -> 9007199254740992"]),
        ] {
            assert_eq!(told(left, right), expected, "{left} / {right}");
        }
    }

    #[test]
    fn the_same_values_are_said_to_be_written_differently() {
        let found = compare(&Bytes::from_static(b"{\"a\" :1}"), &Bytes::from_static(b"{\"a\":1}")).unwrap();
        assert_eq!(found.notes, ["the same values, written differently"]);
    }
}
