//! A filter read back in words: "POST requests to a host with “api” that got 5xx or took over 1 s".

use super::fields::Name;
use super::kinds::Kind;
use super::moment::Moment;
use super::number::Number;
use super::pattern::{Form, Pattern};
use super::tree::{Compare, Node, Side, Test, Want};
use crate::text::units;

/// Characters of a name or value at most.
const LONGEST_VALUE: usize = 60;

/// The sentence.
#[must_use]
pub fn says(node: &Node) -> String {
    let nodes = match node {
        Node::All => return "all requests".to_owned(),
        Node::Nothing => return "nothing: hopscope records no such thing".to_owned(),
        Node::And(nodes) => nodes.as_slice(),
        node => std::slice::from_ref(node),
    };
    // Method and host belong to the noun: "POST requests to …".
    let method = nodes.iter().position(|node| plain(node, Name::Method).is_some());
    let place = nodes
        .iter()
        .position(|node| [Name::Host, Name::Domain].iter().any(|name| plain(node, *name).is_some()));
    let mut noun = "requests".to_owned();
    if let Some(test) = method.and_then(|at| nodes.get(at)).and_then(|node| plain(node, Name::Method)) {
        noun = format!("{} requests", values(test).to_uppercase().replace(" OR ", " or "));
    }
    if let Some(Node::Test(test)) = place.and_then(|at| nodes.get(at)) {
        let to = if test.name == Name::Domain { "" } else { "a host " };
        noun = format!("{noun} to {to}{}", wants(test));
    }
    let rest: Vec<String> = nodes
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != method && Some(*at) != place)
        .map(|(_, node)| clause(node, false, nodes.len() > 1))
        .collect();
    if rest.is_empty() { noun } else { format!("{noun} that {}", rest.join(" and ")) }
}

/// A test of this field that can stand in the noun.
fn plain(node: &Node, name: Name) -> Option<&Test> {
    match node {
        Node::Test(test) if test.name == name => {
            let bare = |want: &Want| matches!(want, Want::Text(pattern) if pattern.form != Form::Regex);
            let fits = name != Name::Method || test.wants.iter().all(|want| matches!(want, Want::Text(pattern) if matches!(pattern.form, Form::Has | Form::Is)));
            (test.wants.iter().all(bare) && fits).then_some(test)
        }
        _ => None,
    }
}

fn clause(node: &Node, without: bool, inner: bool) -> String {
    let many = |nodes: &[Node], between: &str| {
        let parts: Vec<String> = nodes.iter().map(|node| clause(node, without, true)).collect();
        let text = parts.join(between);
        if inner { format!("({text})") } else { text }
    };
    match node {
        Node::Not(node) => clause(node, !without, inner),
        // Not all of these: one of them is not so.
        Node::And(nodes) => many(nodes, if without { " or " } else { " and " }),
        Node::Or(nodes) => many(nodes, if without { " and " } else { " or " }),
        Node::Word(word) => format!("{} “{}”", verb("contain", "do not contain", without), cut(&word.text)),
        Node::Test(test) => tested(test, without),
        Node::All | Node::Nothing => String::new(),
    }
}

fn verb(is: &'static str, not: &'static str, without: bool) -> &'static str {
    if without { not } else { is }
}

fn tested(test: &Test, without: bool) -> String {
    let field = test.name.field();
    if let Kind::Choice(choices) = field.kind
        && choices.iter().all(|choice| !choice.says.0.is_empty())
    {
        let said = |want: &Want| match want {
            Want::Choice(_, place) => {
                choices.get(*place).map_or("", |choice| verb(choice.says.0, choice.says.1, without))
            }
            _ => "are there",
        };
        let words: Vec<&str> = test.wants.iter().map(said).collect();
        return words.join(if without { " and " } else { " or " });
    }
    let side = match test.side {
        None => "",
        Some(Side::Request) => " in the request",
        Some(Side::Response) => " in the answer",
    };
    let part = match (test.name, test.part.as_str()) {
        (_, "") => String::new(),
        (Name::Hop, part) => format!(" {part} by us"),
        (_, part) => format!(" {}", cut(part)),
    };
    format!("{}{part}{side} {}", verb(field.says.0, field.says.1, without), wants(test))
}

/// `404 or 410`.
fn values(test: &Test) -> String {
    let values: Vec<String> = test
        .wants
        .iter()
        .map(|want| match want {
            Want::Text(pattern) => cut(&pattern.text),
            other => said(test, other),
        })
        .collect();
    values.join(" or ")
}

fn wants(test: &Test) -> String {
    let values: Vec<String> = test.wants.iter().map(|want| said(test, want)).collect();
    values.join(" or ").trim_end().to_owned()
}

fn said(test: &Test, want: &Want) -> String {
    let number = |number: &Number| counted(*number, test.kind());
    match want {
        Want::Any if test.part.is_empty() => "at all".to_owned(),
        Want::Any => String::new(),
        Want::Text(pattern) => text(test, pattern),
        Want::Number(compare, value) => format!("{}{}", compared(*compare), number(value)),
        Want::Between(from, to) => ends(from.as_ref().map(number), to.as_ref().map(number)),
        Want::Class(class) => format!("{class}xx"),
        Want::Moment(Compare::Is, moment) => format!("at {}", moment.text()),
        Want::Moment(compare, moment) => {
            let word = match compare {
                Compare::Below => "before",
                Compare::Most => "until",
                Compare::Above => "after",
                _ => "from",
            };
            format!("{word} {}", moment.text())
        }
        Want::Within(Some(ago @ Moment::Ago(_)), None) => {
            format!("in the last {}", ago.text().trim_start_matches('-'))
        }
        Want::Within(from, to) => ends(from.map(moment_text), to.map(moment_text)),
        Want::Choice(compare, place) => {
            let word = test.kind().choices().get(*place).map_or("", |choice| choice.word);
            format!("{}{word}", compared(*compare))
        }
    }
}

fn moment_text(moment: Moment) -> String {
    match moment {
        Moment::Ago(_) => format!("{} ago", moment.text().trim_start_matches('-')),
        other => other.text(),
    }
}

fn ends(from: Option<String>, to: Option<String>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("{from} or more"),
        (None, Some(to)) => format!("up to {to}"),
        (None, None) => "anything".to_owned(),
    }
}

fn compared(compare: Compare) -> &'static str {
    match compare {
        Compare::Is => "",
        Compare::Below => "under ",
        Compare::Most => "at most ",
        Compare::Above => "over ",
        Compare::Least => "at least ",
    }
}

fn counted(number: Number, kind: Kind) -> String {
    let text = number.text(kind);
    let digits = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits);
    match (kind, number.whole()) {
        (Kind::Bytes, _) => format!("{digits} {unit}B"),
        (Kind::Span, _) => format!("{digits} {unit}"),
        (Kind::Number, Some(whole)) if whole >= 10_000 => units::count(whole.unsigned_abs()),
        _ => text,
    }
}

fn text(test: &Test, pattern: &Pattern) -> String {
    let shown = cut(&pattern.text);
    match pattern.form {
        Form::Is if test.name == Name::Domain => shown,
        Form::Glob if test.name == Name::Domain => shown,
        Form::Has => format!("with “{shown}”"),
        Form::Is => format!("that is “{shown}”"),
        Form::Starts => format!("beginning with “{shown}”"),
        Form::Ends => format!("ending with “{shown}”"),
        Form::Glob => format!("like {shown}"),
        Form::Regex => format!("matching /{shown}/"),
    }
}

fn cut(text: &str) -> String {
    let mut out: String = text.chars().take(LONGEST_VALUE).collect();
    if text.chars().nth(LONGEST_VALUE).is_some() {
        out.push('…');
    }
    out
}
