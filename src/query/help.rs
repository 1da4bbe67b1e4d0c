//! `hopscope help filter`: the language told from its tables.

use super::alias::SPECIALS;
use super::fields::{FIELDS, Field};
use super::kinds::Kind;
use super::mitm;
use super::op::Op;

const INTRODUCTION: &str = "\
FILTER: which exchanges are meant

  cart 404               both words, anywhere in method, URL, status, type, failure and client
  \"add to cart\"          the phrase
  -image, not image      all but those
  Cart                   a capital letter minds case; without one case does not matter
  status:404 host:api    a field, an operator, a value; a blank is AND
  host:api or is:error   either; AND binds more than OR, (brackets) group
  status:404,410         any of these values; also status:(404 or 410)
  status:400..499        a range, open on either side: size:100k..
  path:/v1/items/*       * and ? stand for any characters, of the whole
  url~/items\\/\\d+$/      a regular expression; a c behind it minds case
  #18300..18320          by number
  req. and res. before a field: of the request, of the answer

In a shell, quote a filter that holds > < | & ( ) * ? $ ! or a blank.
";

/// The whole text.
#[must_use]
pub fn help() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\nFields\n");
    for field in FIELDS {
        text.push_str(&line(&shown(field), field.words));
        text.push_str(&format!("{:26}as in {}\n", "", examples(field)));
        for choice in field.kind.choices() {
            text.push_str(&format!("{:26}{}:{:<14} {}\n", "", field.name, choice.word, choice.words));
        }
    }
    text.push_str("\nOperators\n");
    for (op, typed, words) in Op::ALL.iter().filter(|(_, typed, _)| *typed != "==") {
        let only = if op.compares().is_some() { "; numbers, sizes, times" } else { "" };
        text.push_str(&line(typed, &format!("{words}{only}")));
    }
    text.push_str("\nUnits: k M G of octets (powers of 1000); us ms s m h of time\n");
    text.push_str("\nNames of other tools\n");
    for field in FIELDS.iter().filter(|field| !field.aliases.is_empty()) {
        text.push_str(&line(&field.aliases.join(", "), field.name));
    }
    for (name, _, words) in SPECIALS {
        text.push_str(&line(name, words));
    }
    text.push_str(
        "\nmitmproxy's expressions: in a filter that holds one, a bare word is a regex on the URL\n",
    );
    for (code, means) in mitm::codes() {
        text.push_str(&line(&format!("~{code}"), means));
    }
    text
}

/// The field with what may stand around it.
fn shown(field: &Field) -> String {
    let side = if field.sided { "[req.|res.]" } else { "" };
    let part = match field.part {
        None => "",
        Some(_) if field.name == "json" => "[.PATH]",
        Some(_) if field.name == "hop" => "[.added|...]",
        Some(_) => "[.NAME]",
    };
    format!("{side}{}{part}", field.name)
}

/// Examples as they are typed.
fn examples(field: &Field) -> String {
    let typed = |example: &str| {
        let part = field.part.is_some() && !example.starts_with(['>', '<', '~', '=']);
        let between = match example {
            example if part && example.contains([':', '=', '>']) => ".",
            example if example.starts_with(['>', '<', '~', '=']) => "",
            _ => ":",
        };
        format!("{}{between}{example}", field.name)
    };
    split(field.examples).map(typed).collect::<Vec<_>>().join("  ")
}

/// Apart at blanks, but not within quotes.
pub(super) fn split(examples: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    examples.split(move |c: char| {
        quoted ^= c == '"';
        c == ' ' && !quoted
    })
}

fn line(name: &str, words: &str) -> String {
    format!("  {name:<23} {words}\n")
}

/// Whether a field's values are numbers, which a shell takes from `status>400`.
#[must_use]
pub fn is_number(field: &Field) -> bool {
    field.kind.is_number() || matches!(field.kind, Kind::Moment)
}
