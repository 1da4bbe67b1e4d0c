//! The grammar, by recursive descent. Total: every text gives a tree, of what was understood, and faults.
//!
//! ```text
//! filter = [ or ] ;
//! or     = and , { ( "or" | "|" | "||" ) , and } ;
//! and    = unary , { [ "and" | "&" | "&&" ] , unary } ;      a blank is AND
//! unary  = ( "not" | "-" | "!" ) , unary | "(" , or , ")" | term ;
//! term   = field , op , values | "~" code [ value ] | "#" digits | "/" regex "/" | word ;
//! ```
//!
//! `and`, `or`, `not` are operators in small letters between terms only. Where any `~code` stands in a
//! filter it is read as mitmproxy reads it: a bare word is a regex on the URL, and terms that merely stand
//! side by side bind less than `|`.

use super::fault::Fault;
use super::fields::Name;
use super::mitm;
use super::number::Number;
use super::pattern::{Form, Pattern};
use super::scan::Scan;
use super::tree::{Compare, Node, Test, Want, Word};
use std::ops::Range;

/// Octets of a filter at most.
pub const LONGEST: usize = 8 * 1024;
/// Groups within groups.
const DEEPEST: usize = 32;
/// Terms at most.
const MOST_TERMS: usize = 256;
/// Faults told at most: who mends the first sees the rest.
const MOST_FAULTS: usize = 16;

/// The parser at work.
#[derive(Debug)]
pub(super) struct Parser<'t> {
    pub(super) scan: Scan<'t>,
    pub(super) faults: Vec<Fault>,
    /// Groups open.
    pub(super) depth: usize,
    /// Read as mitmproxy does.
    pub(super) mitm: bool,
    /// Whether a `~code` was met.
    pub(super) met_code: bool,
    terms: usize,
}

/// Reads a filter.
pub(super) fn parse(text: &str) -> (Node, Vec<Fault>) {
    if text.len() > LONGEST {
        let what = format!("a filter has at most {LONGEST} octets, and this one has {}", text.len());
        return (Node::All, vec![Fault::new(0..text.len(), what, "shorten it")]);
    }
    let mut parser = Parser::new(text, false);
    let mut node = parser.filter();
    if parser.met_code {
        parser = Parser::new(text, true);
        node = parser.filter();
    }
    parser.faults.truncate(MOST_FAULTS);
    (node.unwrap_or_default(), parser.faults)
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, mitm: bool) -> Self {
        Self { scan: Scan { text, at: 0 }, faults: Vec::new(), depth: 0, mitm, met_code: false, terms: 0 }
    }

    /// All up to the end, or to the bracket that ends this group; `None` where nothing was understood.
    fn filter(&mut self) -> Option<Node> {
        let mut all = Vec::new();
        while !self.is_end() {
            all.extend(self.or());
        }
        (!all.is_empty()).then(|| Node::and(all))
    }

    fn is_end(&mut self) -> bool {
        self.scan.skip_blanks();
        self.scan.is_over() || (self.depth > 0 && self.scan.peek() == Some(')'))
    }

    fn or(&mut self) -> Option<Node> {
        let mut any: Vec<Node> = self.and().into_iter().collect();
        while let Some(span) = self.take_or() {
            if self.is_end() {
                self.missing_operand(span);
                break;
            }
            any.extend(self.and());
        }
        (!any.is_empty()).then(|| Node::or(any))
    }

    fn and(&mut self) -> Option<Node> {
        let (mut all, mut met, mut joined) = (Vec::new(), false, false);
        while !self.is_end() {
            if met && (self.at_or() || (self.mitm && !joined && !self.at_and())) {
                break;
            }
            if self.take_and(met) {
                joined = true;
                continue;
            }
            let before = self.scan.at;
            if let Some(term) = self.unary() {
                all.extend(term);
                (met, joined) = (true, false);
            }
            debug_assert!(self.scan.at > before, "every term takes something");
        }
        (!all.is_empty()).then(|| Node::and(all))
    }

    fn at_or(&self) -> bool {
        self.scan.peek() == Some('|') || (self.scan.is_keyword("or") && self.follows(2))
    }

    fn at_and(&self) -> bool {
        self.scan.peek() == Some('&') || (self.scan.is_keyword("and") && self.follows(3))
    }

    fn take_or(&mut self) -> Option<Range<usize>> {
        if self.is_end() || !self.at_or() {
            return None;
        }
        let from = self.scan.at;
        let _ = self.scan.take("||") || self.scan.take("|") || self.scan.take("or");
        Some(self.scan.since(from))
    }

    /// Takes an `and` between terms; a sign for `and` or `or` that nothing stands before is a fault.
    fn take_and(&mut self, met: bool) -> bool {
        let from = self.scan.at;
        if met && self.scan.is_keyword("and") && self.follows(3) {
            self.scan.at += 3;
            return true;
        }
        let taken = ["&&", "&", "||", "|"].into_iter().any(|sign| self.scan.take(sign));
        if taken && !met {
            let span = self.scan.since(from);
            let sign = self.scan.text.get(span.clone()).unwrap_or_default().to_owned();
            self.faults.push(Fault::new(
                span,
                format!("nothing stands before {sign}"),
                "quote it to search for it",
            ));
        } else if taken && self.is_end() {
            self.missing_operand(from..self.scan.at);
        }
        taken
    }

    fn missing_operand(&mut self, span: Range<usize>) {
        let sign = self.scan.text.get(span.clone()).unwrap_or_default().trim().to_owned();
        let fault = Fault::new(span, format!("nothing stands behind {sign}"), "write another term");
        self.faults.push(fault.unfinished());
    }

    /// Whether a term stands behind the next so many octets.
    fn follows(&self, skipped: usize) -> bool {
        let mut ahead = self.scan.clone();
        ahead.at += skipped;
        loop {
            ahead.skip_blanks();
            while ahead.take_sign() {}
            match ahead.take_quoted() {
                Some(phrase) if phrase.is_empty() => {}
                Some(_) => return true,
                None => return !(ahead.is_over() || (self.depth > 0 && ahead.peek() == Some(')'))),
            }
        }
    }

    /// A term with its signs. The outer `None`: an empty phrase, which is no term at all.
    #[expect(clippy::option_option, reason = "no term, or one that was not understood")]
    fn unary(&mut self) -> Option<Option<Node>> {
        let mut negate = false;
        loop {
            let (mut signed, mut without) = (false, negate);
            while self.take_sign() {
                without = !without;
                signed = true;
            }
            if !signed && self.scan.is_keyword("not") && self.follows(3) {
                negate = !negate;
                self.scan.at += 3;
                self.scan.skip_blanks();
            } else if !self.take_empty_phrase() {
                let term = self.term();
                return Some(term.map(|term| if without { Node::not(term) } else { term }));
            } else if !negate || self.is_end() {
                return None;
            }
        }
    }

    fn take_empty_phrase(&mut self) -> bool {
        let mut ahead = self.scan.clone();
        let empty = ahead.take_quoted().is_some_and(|phrase| phrase.is_empty());
        if empty {
            self.scan.at = ahead.at;
        }
        empty
    }

    fn take_sign(&mut self) -> bool {
        if self.mitm && self.scan.peek() == Some('!') && self.follows(1) {
            self.scan.at += 1;
            self.scan.skip_blanks();
            return true;
        }
        self.scan.take_sign()
    }

    fn term(&mut self) -> Option<Node> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            let what = format!("a filter has at most {MOST_TERMS} terms");
            let span = self.scan.at..self.scan.text.len();
            self.scan.at = span.end;
            self.faults.push(Fault::new(span, what, "leave some out"));
            return None;
        }
        match self.scan.peek()? {
            '(' => self.group(),
            '"' | '\'' => {
                let text = self.scan.take_quoted()?;
                self.word(text)
            }
            '~' if self.scan.rest().as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) => {
                mitm::code(self)
            }
            '#' => self.ids().or_else(|| self.bare()),
            '/' if !self.mitm => match self.scan.take_regex(false) {
                Some((source, cased)) => self.regex(&source, cased),
                None => self.bare(),
            },
            _ => self.field().unwrap_or_else(|| self.bare()),
        }
    }

    fn group(&mut self) -> Option<Node> {
        let from = self.scan.at;
        self.scan.at += 1;
        if self.depth == DEEPEST {
            let what = format!("groups go at most {DEEPEST} deep");
            self.scan.at = self.scan.text.len();
            self.faults.push(Fault::new(from..self.scan.at, what, "take some brackets away"));
            return None;
        }
        self.depth += 1;
        let inner = self.filter();
        self.depth -= 1;
        if !self.scan.take(")") {
            let fault = Fault::new(from..from + 1, "this ( is not closed", "write ) behind the group");
            self.faults.push(fault.unfinished());
        } else if inner.is_none() {
            let fault =
                Fault::new(self.scan.since(from), "nothing stands in the group", "write a term in it");
            self.faults.push(fault.unfinished());
        }
        inner
    }

    fn bare(&mut self) -> Option<Node> {
        let from = self.scan.at;
        let word = if self.mitm {
            self.scan.take_while(|c| !c.is_whitespace() && !"()~'\"".contains(c))
        } else {
            self.scan.take_bare("", self.depth > 0)
        };
        if word.is_empty() {
            // A sign that stands alone: it must be stepped over.
            self.scan.at += self.scan.peek().map_or(0, char::len_utf8);
            let sign = self.scan.text.get(from..self.scan.at).unwrap_or_default();
            let what = format!("{sign} means nothing here");
            self.faults.push(Fault::new(from..self.scan.at, what, "quote it to search for it"));
            return None;
        }
        let word = word.to_owned();
        self.word_at(word, from)
    }

    fn word(&mut self, text: String) -> Option<Node> {
        let from = self.scan.at;
        self.word_at(text, from)
    }

    fn word_at(&mut self, text: String, from: usize) -> Option<Node> {
        if text.is_empty() {
            return None;
        }
        if self.mitm {
            return mitm::regex(self, Name::Url, &text, false, from);
        }
        Some(Node::Word(Word::new(text)))
    }

    fn regex(&mut self, source: &str, cased: bool) -> Option<Node> {
        let span = self.scan.at - source.len().min(self.scan.at)..self.scan.at;
        match Pattern::new(Form::Regex, source, cased) {
            Ok(pattern) => Some(test(Name::Any, vec![Want::Text(pattern)])),
            Err(says) => {
                self.push_bad_regex(span, &says);
                None
            }
        }
    }

    pub(super) fn push_bad_regex(&mut self, span: Range<usize>, says: &str) {
        let start = self.scan.text.floor_char_boundary(span.start);
        let last = self.scan.is_over();
        let fault = Fault::new(
            start..span.end,
            format!("not a regular expression: {says}"),
            "quote it to search for it as it is",
        );
        self.faults.push(if last { fault.unfinished() } else { fault });
    }

    /// `#18300`, `#18300..18320`, `#18300..`.
    fn ids(&mut self) -> Option<Node> {
        let mut ahead = self.scan.clone();
        ahead.at += 1;
        let from = id(ahead.take_while(|c| c.is_ascii_digit()))?;
        let want = if ahead.take("..") {
            Want::Between(Some(from), id(ahead.take_while(|c| c.is_ascii_digit())))
        } else {
            Want::Number(Compare::Is, from)
        };
        let ended = ahead.peek().is_none_or(|c| c.is_whitespace() || c == ')');
        ended.then(|| {
            self.scan.at = ahead.at;
            test(Name::Id, vec![want])
        })
    }
}

/// A field without side and part.
pub(super) fn test(name: Name, wants: Vec<Want>) -> Node {
    Node::test(Test { name, side: None, part: String::new(), wants })
}

fn id(digits: &str) -> Option<Number> {
    digits.parse().ok().and_then(Number::new)
}
