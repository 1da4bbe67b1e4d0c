//! A field with its operator and values.

use super::alias::{self, Special};
use super::fault::{Fault, nearest_field, nearest_word};
use super::fields::{self, Field, Name};
use super::jsonpath::Path;
use super::op::Op;
use super::parse::Parser;
use super::print::want_op;
use super::tree::{Node, Side, Test, Want};
use super::want::{Raw, RawForm, may_be_regex, want};
use std::ops::Range;

/// Values of one field at most.
const MOST_VALUES: usize = 128;

/// What stands before a value.
struct Head {
    side: Option<Side>,
    name: String,
    part: Option<String>,
    op: Op,
    /// Name and part.
    named: Range<usize>,
}

impl Parser<'_> {
    /// A field; the outer `None` where no field stands here, so that it is a word.
    #[expect(clippy::option_option, reason = "no field at all, or one that was not understood")]
    pub(super) fn field(&mut self) -> Option<Option<Node>> {
        let from = self.scan.at;
        let head = self.head();
        let Some(head) = head.filter(|head| !self.is_word(head)) else {
            self.scan.at = from;
            return None;
        };
        Some(self.understand(&head, from))
    }

    fn head(&mut self) -> Option<Head> {
        let from = self.scan.at;
        let mut name = self.name()?;
        let side = match name.to_ascii_lowercase().as_str() {
            "req" | "request" => Some(Side::Request),
            "res" | "resp" | "response" => Some(Side::Response),
            _ => None,
        };
        if side.is_some() && self.scan.take(".") {
            name = self.name()?;
        }
        let part = if self.scan.take(".") { Some(self.part()?) } else { None };
        let named = self.scan.since(from);
        let (op, length) = Op::at(self.scan.rest())?;
        self.scan.at += length;
        Some(Head { side, name, part, op, named })
    }

    fn name(&mut self) -> Option<String> {
        let name = self.scan.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        name.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| name.to_owned())
    }

    /// What stands behind the dot; a star only between square brackets, where it is no operator.
    fn part(&mut self) -> Option<String> {
        if let Some(quoted) = self.scan.take_quoted() {
            return Some(quoted);
        }
        let mut part = String::new();
        loop {
            part.push_str(self.scan.take_while(is_part));
            if !self.scan.take("[*]") {
                return Some(part);
            }
            part.push_str("[*]");
        }
    }

    /// Whether a name with something like an operator behind it is a word after all: a host with its port, a
    /// URL, `page=2`. A name that is nearly a field's is a fault.
    fn is_word(&self, head: &Head) -> bool {
        let known = fields::find(&head.name).is_some() || alias::find(&head.name).is_some();
        let url = head.op == Op::Colon && self.scan.rest().starts_with("//");
        !known && (url || nearest_field(&head.name).is_none())
    }

    fn understand(&mut self, head: &Head, from: usize) -> Option<Node> {
        let special = alias::find(&head.name);
        let field = match special {
            Some(special) => Some(special.field()),
            None => fields::find(&head.name),
        };
        let values = self.values(field, head.op);
        let Some(field) = field else {
            self.unknown(head);
            return None;
        };
        if values.is_empty() {
            let typed = self.scan.text.get(from..self.scan.at).unwrap_or_default().to_owned();
            let example = field.examples.split(' ').next().unwrap_or_default();
            let cure = format!("write one, as in {typed}{}", example.trim_start_matches(['>', '~', '=']));
            self.push(
                Fault::new(self.scan.since(from), format!("no value after {typed}"), cure).unfinished(),
            );
            return None;
        }
        if let Some(special) = special {
            return self.special(special, &values);
        }
        let part = self.checked_part(head, field)?;
        self.test(head, field, &part, &values)
    }

    fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn unknown(&mut self, head: &Head) {
        let near = nearest_field(&head.name).unwrap_or_default();
        let length = head.part.as_ref().map_or(head.named.end, |_| head.named.start + head.name.len());
        let span = head.named.start..length.max(head.named.start);
        let span = span.start..self.scan.text.floor_char_boundary(span.end);
        let what = format!("no field “{}”", head.name);
        self.push(Fault::new(span, what, format!("did you mean {near}? else quote it")).fix(near));
    }

    fn checked_part(&mut self, head: &Head, field: &Field) -> Option<String> {
        let fault = |what: String, cure: String| Fault::new(head.named.clone(), what, cure);
        if head.side.is_some() && !field.sided {
            let what = format!("{} is not of one message", field.name);
            self.push(fault(what, format!("write {} without req. or res.", field.name)));
            return None;
        }
        let part = head.part.clone().unwrap_or_default();
        if head.part.is_some() && field.part.is_none() {
            let what = format!("nothing stands behind {}.", field.name);
            self.push(fault(what, format!("write {}{}", field.name, head.op.text())));
            return None;
        }
        if field.key == Name::Hop && !part.is_empty() && !HOPS.contains(&part.as_str()) {
            let near = nearest_word(&part, HOPS.iter().copied());
            let cure = near.map_or("it takes added, removed, changed".to_owned(), |near| {
                format!("did you mean {near}?")
            });
            self.push(fault(format!("hop has no “{part}”"), cure));
            return None;
        }
        if field.key == Name::Json && Path::read(&part).is_none() {
            let what = format!("“{part}” is no path");
            self.push(
                fault(what, "as in json.user.roles:admin or json.items[0].price>10".to_owned()).unfinished(),
            );
            return None;
        }
        Some(part)
    }

    fn test(&mut self, head: &Head, field: &'static Field, part: &str, values: &[Raw]) -> Option<Node> {
        let mut tests: Vec<(Op, Vec<Want>)> = Vec::new();
        for raw in values {
            match want(field, head.op, raw) {
                Ok(want) => {
                    let op = want_op(&want, field);
                    match tests.iter_mut().find(|(other, _)| *other == op) {
                        Some((_, wants)) => wants.push(want),
                        None => tests.push((op, vec![want])),
                    }
                }
                Err(fault) => self.push(fault),
            }
        }
        if tests.is_empty() {
            return None;
        }
        let (name, side) = (field.key, head.side);
        let any = Node::or(
            tests.into_iter().map(|(_, wants)| Node::test(Test { name, side, part: part.to_owned(), wants })),
        );
        Some(if head.op == Op::Unequal { Node::not(any) } else { any })
    }

    fn special(&mut self, special: Special, values: &[Raw]) -> Option<Node> {
        let mut any = Vec::new();
        for raw in values {
            match special.node(raw) {
                Ok(node) => any.push(node),
                Err(fault) => self.push(fault),
            }
        }
        (!any.is_empty()).then(|| Node::or(any))
    }

    /// The values behind an operator.
    fn values(&mut self, field: Option<&Field>, op: Op) -> Vec<Raw> {
        if op != Op::Regex && self.scan.peek() == Some('(') {
            return self.listed(field, op);
        }
        let mut values = Vec::new();
        while values.len() < MOST_VALUES {
            let Some(value) = self.value(field, op, self.depth > 0) else { break };
            values.push(value);
            let comma = self.scan.at;
            if !self.scan.take(",") {
                return values;
            }
            if self.scan.peek().is_none_or(char::is_whitespace) {
                let fault = Fault::new(
                    comma..comma + 1,
                    "no value behind the comma",
                    "write it right behind, without a blank",
                );
                self.push(fault.unfinished());
                return values;
            }
        }
        values
    }

    /// `(404 or 410)`.
    fn listed(&mut self, field: Option<&Field>, op: Op) -> Vec<Raw> {
        let from = self.scan.at;
        self.scan.at += 1;
        let mut values = Vec::new();
        loop {
            self.scan.skip_blanks();
            if self.scan.take(")") {
                return values;
            }
            let between = !values.is_empty();
            if self.scan.is_over() || values.len() >= MOST_VALUES {
                let fault = Fault::new(from..from + 1, "this ( is not closed", "write ) behind the values");
                self.push(fault.unfinished());
                self.scan.at = self.scan.text.len();
                return values;
            }
            if self.scan.take(",")
                || self.scan.take("|")
                || (between && self.scan.is_keyword("or") && self.scan.take("or"))
            {
                continue;
            }
            match self.value(field, op, true) {
                Some(value) => values.push(value),
                None => self.scan.at += self.scan.peek().map_or(1, char::len_utf8),
            }
        }
    }

    fn value(&mut self, field: Option<&Field>, op: Op, closes: bool) -> Option<Raw> {
        let from = self.scan.at;
        let slashes = field.is_none_or(|field| may_be_regex(field.key, op));
        let (text, form) = if let Some(quoted) = self.scan.take_quoted() {
            (quoted, RawForm::Quoted)
        } else if let Some((source, cased)) = slashes.then(|| self.scan.take_regex(true)).flatten() {
            (source, RawForm::Regex(cased))
        } else {
            // A comma is part of a regular expression: {1,3}.
            let text = self.scan.take_bare(if op == Op::Regex { "" } else { "," }, closes).to_owned();
            if text.is_empty() {
                return None;
            }
            (text, RawForm::Bare)
        };
        Some(Raw { text, form, span: self.scan.since(from), last: self.scan.is_over() })
    }
}

/// What may stand behind `hop.`.
pub(super) const HOPS: &[&str] = &["added", "removed", "changed"];

/// Whether a character may stand in a part without quotes.
pub(super) fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']' | '@' | '%' | '+')
}
