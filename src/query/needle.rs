//! What must stand in the bytes behind a row for a filter to mean it. Looked for in the bytes as they are,
//! before anything is taken apart: most exchanges of a long search are done with at that.
//!
//! A needle may be found where the filter does not hold, never the other way round.

use super::Query;
use super::fields::Name;
use super::pattern::{Form, Pattern};
use super::tree::{Node, Side, Test, Want};
use regex::bytes::{Regex, RegexBuilder};

/// What to look for before looking closer; `None` where a closer look is always needed.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    /// In the heads.
    pub heads: Option<InHeads>,
    /// In the bodies, codings undone.
    pub bodies: Option<InBodies>,
}

/// What must stand in a head.
#[derive(Clone, Debug)]
pub struct InHeads {
    side: Option<Side>,
    any: Regex,
}

/// What must stand in a body.
#[derive(Clone, Debug)]
pub struct InBodies {
    side: Option<Side>,
    any: Vec<Pattern>,
}

impl InHeads {
    /// Whether a head of this side may be one that is meant.
    #[must_use]
    pub fn may_be_in(&self, side: Side, head: &[u8]) -> bool {
        self.side.is_none_or(|own| own == side) && self.any.is_match(head)
    }
}

impl InBodies {
    /// Whether a body of this side matters at all.
    #[must_use]
    pub fn means(&self, side: Side) -> bool {
        self.side.is_none_or(|own| own == side)
    }

    /// Whether these bytes, in no coding, may be a body that is meant.
    #[must_use]
    pub fn may_be(&self, body: &[u8]) -> bool {
        self.any.iter().any(|pattern| pattern.matches(body))
    }
}

impl Query {
    /// What must stand in heads and bodies wherever this filter holds.
    #[must_use]
    pub fn needles(&self) -> Needles {
        let mut needles = Needles::default();
        for need in needs(&self.plan) {
            match need {
                Need::Heads(side, texts) if needles.heads.is_none() => {
                    needles.heads = any_of(&texts).map(|any| InHeads { side, any });
                }
                Need::Bodies(side, any) if needles.bodies.is_none() => {
                    needles.bodies = Some(InBodies { side, any });
                }
                _ => {}
            }
        }
        needles
    }
}

/// One of these must stand there.
enum Need {
    Heads(Option<Side>, Vec<Text>),
    Bodies(Option<Side>, Vec<Pattern>),
}

/// A piece of ASCII, and whether its case matters.
struct Text {
    text: String,
    cased: bool,
}

fn needs(node: &Node) -> Vec<Need> {
    match node {
        Node::And(nodes) => nodes.iter().flat_map(needs).collect(),
        Node::Or(nodes) => either(nodes).into_iter().collect(),
        Node::Test(test) => of_test(test).into_iter().collect(),
        Node::All | Node::Nothing | Node::Not(_) | Node::Word(_) => Vec::new(),
    }
}

/// What one of several must have, where all of them need something in the same place.
fn either(nodes: &[Node]) -> Option<Need> {
    let mut all = nodes.iter().map(|node| needs(node).into_iter().next());
    let mut together = all.next()??;
    for next in all {
        match (&mut together, next?) {
            (Need::Heads(side, texts), Need::Heads(other, more)) => {
                *side = side.filter(|side| Some(*side) == other);
                texts.extend(more);
            }
            (Need::Bodies(side, patterns), Need::Bodies(other, more)) => {
                *side = side.filter(|side| Some(*side) == other);
                patterns.extend(more);
            }
            _ => return None,
        }
    }
    Some(together)
}

fn of_test(test: &Test) -> Option<Need> {
    match test.name {
        Name::Header => in_heads(test, test.side),
        Name::Cookie => in_heads(test, Some(Side::Request)),
        Name::SetCookie => in_heads(test, Some(Side::Response)),
        Name::Body => {
            let pattern =
                |want: &Want| if let Want::Text(pattern) = want { Some(pattern.clone()) } else { None };
            Some(Need::Bodies(test.side, test.wants.iter().map(pattern).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// Of each value the longest piece that stands in a head as it is; else the name before it.
fn in_heads(test: &Test, side: Option<Side>) -> Option<Need> {
    let name = || {
        let whole = !test.part.is_empty() && test.part.is_ascii();
        whole.then(|| Text { text: test.part.clone(), cased: false })
    };
    let piece = |want: &Want| match want {
        Want::Text(pattern) => longest_piece(pattern).or_else(name),
        _ => name(),
    };
    Some(Need::Heads(side, test.wants.iter().map(piece).collect::<Option<_>>()?))
}

/// White space and colons between name and value are written in more than one way, and letters beyond ASCII
/// have their own cases.
fn longest_piece(pattern: &Pattern) -> Option<Text> {
    let splits = |c: char| {
        c.is_ascii_whitespace() || c == ':' || (pattern.form == Form::Glob && matches!(c, '*' | '?'))
    };
    if pattern.form == Form::Regex || !pattern.text.is_ascii() {
        return None;
    }
    let longest = pattern.text.split(splits).max_by_key(|piece| piece.len())?;
    (!longest.is_empty()).then(|| Text { text: longest.to_owned(), cased: pattern.cased })
}

fn any_of(texts: &[Text]) -> Option<Regex> {
    let source = |text: &Text| {
        let quoted = regex::escape(&text.text);
        if text.cased { quoted } else { format!("(?i:{quoted})") }
    };
    let sources: Vec<String> = texts.iter().map(source).collect();
    // What is too large for one automaton is looked at closely instead.
    RegexBuilder::new(&sources.join("|")).unicode(false).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_request(filter: &str, head: &str) -> Option<bool> {
        Query::of(filter).needles().heads.map(|heads| heads.may_be_in(Side::Request, head.as_bytes()))
    }

    #[test]
    fn a_piece_of_each_value_must_stand_in_a_head() {
        for (filter, head, found) in [
            ("header:abc", "A: xABCx", true),
            ("header:Abc", "A: xABCx", false),
            ("header:\"a: b-c\"", "A:b-c", true),
            ("header:abc,def", "A: def", true),
            ("header.x-id:*", "X-Id: 7", true),
            ("header.x-id:*", "X-It: 7", false),
            ("header.x-id>5", "X-ID: 7", true),
            ("header.x-id~/a+/", "X-ID: 7", true),
            ("cookie.sid:abc", "Cookie: sid=abd", false),
            ("res.header:abc", "A: abc", false),
            ("header:abc host:x -body:y", "A: abc", true),
            ("header:abc or cookie:def", "A: def", true),
        ] {
            assert_eq!(in_request(filter, head), Some(found), "{filter}");
        }
    }

    #[test]
    fn where_a_closer_look_is_always_needed() {
        for filter in [
            "",
            "header~/a/",
            "-header:abc",
            "header:abc or host:x",
            "header:größe",
            "hop.added:via",
            "json.a:1",
        ] {
            let needles = Query::of(filter).needles();
            assert!(needles.heads.is_none() && needles.bodies.is_none(), "{filter}");
        }
    }

    #[test]
    fn bodies_are_held_against_the_pattern_itself() {
        let bodies = Query::of("req.body~/o+f/ or req.body:stock").needles().bodies.unwrap();
        assert!(bodies.may_be(b"out OOF") && bodies.may_be(b"Stock") && !bodies.may_be(b"fo"));
        assert!(bodies.means(Side::Request) && !bodies.means(Side::Response));
    }
}
