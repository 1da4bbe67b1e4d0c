//! Each rule fires on its bad example and is silent on its good one.

use super::all;
use crate::exchange::{Head, Scheme};
use crate::inspect::{Content, Finding, Severity, View, inspect};
use bytes::Bytes;
use std::collections::HashSet;

/// What an example stands for: `\n` ends a line in CR LF, `␊` in LF alone; an empty line parts
/// request and response; `>>>` parts what was received from what was sent on; `@` before the
/// first line gives the address; `{9000}` stands for so many letters. Behind `<<<` stands a body, which is cut
/// short where it ends in `…`, and behind `^^^` its trailer section.
fn found(example: &str) -> Vec<(&'static str, Severity)> {
    findings(example).iter().map(|finding| (finding.rule.id, finding.rule.severity)).collect()
}

/// What a rule says of an example, joined; empty where it is silent.
pub(super) fn said(rule: &str, example: &str) -> String {
    let all = findings(example);
    let own = all.iter().filter(|finding| finding.rule.id == rule).map(|finding| finding.says.as_str());
    own.collect::<Vec<_>>().join("; ")
}

/// Fails unless the rule says these words of each example, and nothing where they are empty.
pub(super) fn all_said(rule: &str, examples: &[(&str, &str)]) {
    assert!(super::rule(rule).is_some(), "{rule}");
    for (example, words) in examples {
        let said = said(rule, example);
        assert!(said.contains(words) && said.is_empty() == words.is_empty(), "{example}: {said}");
    }
}

fn findings(example: &str) -> Vec<Finding> {
    let (url, text) = match example.strip_prefix('@') {
        Some(rest) => rest.split_once('\n').unwrap(),
        None => ("", example),
    };
    let bodies: Vec<_> = text.split("\n\n").map(body).collect();
    let heads: Vec<_> = text
        .split("\n\n")
        .flat_map(|message| {
            let message = message.split("\n<<<\n").next().unwrap();
            let mut halves = message.splitn(2, ">>>\n");
            let received = halves.next().map(head);
            [received, halves.next().map(head)]
        })
        .collect();
    let mut places = [None; 4];
    for (at, message) in heads.iter().enumerate() {
        let response = message.as_ref().is_some_and(|head| head.start_line().starts_with(b"HTTP/"));
        let place = if response { 2 + at % 2 } else { at % 2 };
        if message.is_some() {
            places[place] = message.as_ref();
        }
    }
    let scheme = match url.split("://").next() {
        Some("https") => Some(Scheme::Https),
        Some("http") => Some(Scheme::Http),
        _ => None,
    };
    let host = url.split("://").nth(1).map(|rest| rest.split('/').next().unwrap());
    let answers = text.starts_with("HTTP/");
    let mut contents = bodies.iter().map(|body| body.as_ref().map(Contained::content));
    let first = contents.next().flatten();
    let bodies = if answers { [None, first] } else { [first, contents.next().flatten()] };
    let view = View { heads: places, scheme, host, arrived: Some(1_795_435_200), bodies, ..View::default() };
    inspect(&view)
}

/// What stands behind the head of an example.
struct Contained {
    bytes: Vec<u8>,
    complete: bool,
    trailers: String,
}

impl Contained {
    fn content(&self) -> Content<'_> {
        let (length, trailers) = (self.bytes.len() as u64, self.trailers.as_bytes());
        Content { length, complete: self.complete, decoded: false, beginning: &self.bytes, trailers }
    }
}

fn body(message: &str) -> Option<Contained> {
    let (_, body) = message.split_once("\n<<<\n")?;
    let (bytes, trailers) = body.split_once("\n^^^\n").unwrap_or((body, ""));
    let bytes = bytes.trim_end_matches('\n');
    let cut = bytes.strip_suffix('…');
    let trailers = trailers.to_owned();
    Some(Contained { bytes: cut.unwrap_or(bytes).as_bytes().to_vec(), complete: cut.is_none(), trailers })
}

fn head(text: &str) -> Head {
    let mut number = 0;
    let mut raw = String::new();
    for line in text.trim_end_matches('\n').split('\n') {
        raw.push_str(line);
        raw.push_str("\r\n");
        number += 1;
    }
    assert!(number > 0);
    raw.push_str("\r\n");
    let raw = raw.replace('␊', "\n").replace("{9000}", &"a".repeat(9_000));
    Head::parse(Bytes::from(raw))
}

#[test]
fn each_rule_fires_on_its_bad_example_and_not_on_its_good_one() {
    let mut wrong = Vec::new();
    for rule in all() {
        let bad: Vec<_> = found(rule.bad).iter().map(|(id, _)| *id).collect();
        let good = found(rule.good);
        if !bad.contains(&rule.id) {
            wrong.push(format!("{} is silent on its bad example; found {bad:?}", rule.id));
        }
        if good.iter().any(|(id, _)| *id == rule.id) {
            wrong.push(format!("{} fires on its good example", rule.id));
        }
        let errors: Vec<_> = good.iter().filter(|(_, severity)| *severity == Severity::Error).collect();
        if !errors.is_empty() {
            wrong.push(format!("{}: the good example has errors {errors:?}", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_says_all_that_it_should() {
    let mut seen = HashSet::new();
    for rule in all() {
        assert!(seen.insert(rule.id), "{} twice", rule.id);
        assert!(
            rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{}",
            rule.id
        );
        assert!(rule.explains.ends_with('.') && rule.explains.len() > 20, "{}", rule.id);
        assert!(rule.cure.ends_with('.'), "{}", rule.id);
        for field in rule.fields {
            assert!(crate::inspect::table::field(field.as_bytes()).is_some(), "{}: {field}", rule.id);
        }
    }
}
