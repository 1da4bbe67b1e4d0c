//! The references of fields and rules, made from the tables: `FIELDS.md` and `RULES.md` beside this file.
//!
//! They are never written by hand. When a table changed, `HOPSCOPE_WRITE_REFERENCE=1 cargo test reference`
//! writes them anew; without the variable a difference fails the test.

use super::{Field, Hop, On, Rule, Shape, rules, table};
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn the_reference_of_fields_is_that_of_the_table() {
    agree("FIELDS.md", &fields());
}

#[test]
fn the_reference_of_rules_is_that_of_the_table() {
    agree("RULES.md", &rules_by_topic());
}

fn agree(name: &str, made: &str) {
    let path = Path::new(file!()).with_file_name(name);
    if std::env::var_os("HOPSCOPE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(made.lines()).find(|(old, new)| old != new);
    let hint = "HOPSCOPE_WRITE_REFERENCE=1 cargo test reference";
    assert!(written == made, "{name} is not what the tables say; {hint} writes it anew: {differs:?}");
}

fn fields() -> String {
    let mut text =
        "# Fields\n\nMade from `src/inspect/table` by a test; `hopscope explain NAME` prints one.\n"
            .to_owned();
    let mut group = None;
    for field in table::fields() {
        if group != Some(field.group) {
            group = Some(field.group);
            let _ = write!(
                text,
                "\n## {:?}\n\n| field | in | lines | specified | standing | means |\n|---|---|---|---|---|---|\n",
                field.group
            );
        }
        text.push_str(&field_row(field));
    }
    text.push_str("\n## Families of names\n\n| begins with | vendor | means |\n|---|---|---|\n");
    for family in table::FAMILIES {
        let _ = writeln!(text, "| `{}` | {} | {} |", family.prefix, family.vendor, family.means);
    }
    text
}

fn field_row(field: &Field) -> String {
    let place = match (field.on.has(On::REQUEST), field.on.has(On::RESPONSE)) {
        (true, true) => "both",
        (true, false) => "requests",
        _ => "responses",
    };
    let trailers = if field.on.has(On::TRAILERS) { ", trailers" } else { "" };
    let hop = match field.hop {
        Hop::EndToEnd => "",
        Hop::HopByHop => ", this hop",
        Hop::NextProxy => ", next proxy",
    };
    let lines = match field.shape {
        Shape::Single => "one",
        Shape::List => "list",
        Shape::Lines => "each for itself",
        Shape::Item => "item",
        Shape::SfList => "structured list",
        Shape::Dictionary => "dictionary",
    };
    let secret = if field.secret { " Secret." } else { "" };
    let (name, spec, status, means) = (field.name, field.spec, field.status.as_str(), field.means);
    format!("| {name} | {place}{trailers}{hop} | {lines} | {spec} | {status} | {}{secret} |\n", plain(means))
}

fn rules_by_topic() -> String {
    let mut text = "# Rules\n\nMade from `src/inspect/rules` by a test. `error`: breaks a requirement, or will be dropped or\nmisread. `warn`: works, but surprises. `info`: a fact. `finding:ID` and `severity:error` filter by them.\n\n".to_owned();
    text.push_str("| rule | severity | about | specified | why | cure |\n|---|---|---|---|---|---|\n");
    for rule in rules::all() {
        text.push_str(&rule_row(rule));
    }
    text
}

fn rule_row(rule: &Rule) -> String {
    let about = if rule.fields.is_empty() { "the head".to_owned() } else { rule.fields.join(", ") };
    let (id, severity, cite) = (rule.id, rule.severity.as_str(), rule.cite);
    format!("| {id} | {severity} | {about} | {cite} | {} | {} |\n", plain(rule.explains), plain(rule.cure))
}

/// A text as a cell of a table.
fn plain(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
