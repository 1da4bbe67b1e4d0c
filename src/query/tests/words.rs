//! Words mean what they meant before there were fields: the reading and the looking of that time, kept as
//! the oracle.

use super::super::{Query, read};
use super::samples::{failed, summary};
use crate::exchange::Summary;
use proptest::prelude::*;

struct Term {
    text: String,
    without: bool,
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The words as they were read then.
fn old(text: &str) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    let mut negate = false;
    let mut rest = split(text).into_iter().peekable();
    while let Some((text, quoted, without)) = rest.next() {
        let operator = !quoted && !without && rest.peek().is_some();
        if operator && text == "not" {
            negate = !negate;
        } else if !operator || text != "and" || terms.is_empty() || negate {
            terms.push(Term { text, without: without ^ std::mem::take(&mut negate) });
        }
    }
    terms
}

fn split(text: &str) -> Vec<(String, bool, bool)> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let (mut word, mut without, mut is_quoted) = (String::new(), false, false);
        while let Some(behind) = rest.strip_prefix(['-', '!']) {
            if behind.is_empty() || behind.starts_with(char::is_whitespace) {
                break;
            }
            without = !without;
            rest = behind;
        }
        rest = if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            is_quoted = true;
            quoted(&mut word, rest, quote)
        } else {
            let (bare, behind) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            word.push_str(bare);
            behind
        };
        if !word.is_empty() {
            words.push((word, is_quoted, without));
        }
        rest = rest.trim_start();
    }
    words
}

fn quoted<'a>(into: &mut String, text: &'a str, quote: char) -> &'a str {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => into.extend(chars.next().map(|(_, c)| c)),
            c if c == quote => return text.get(at + c.len_utf8()..).unwrap_or_default(),
            c => into.push(c),
        }
    }
    ""
}

/// What they meant then.
fn plainly(terms: &[Term], summary: &Summary) -> bool {
    let failure = summary.failure.as_ref();
    let status = summary.status.map(|status| status.to_string()).unwrap_or_default();
    let text = [
        summary.method.as_str(),
        &summary.url(),
        &status,
        summary.media_type.as_deref().unwrap_or_default(),
        failure.map_or("", |failure| failure.kind.as_str()),
        failure.map_or("", |failure| failure.says.as_str()),
        &summary.client,
    ]
    .into_iter()
    .chain(summary.note.as_ref().map(|note| note.as_str()))
    .collect::<Vec<_>>()
    .join(" ");
    terms.iter().all(|term| {
        let wanted = lower(&term.text);
        let caseless = [&summary.method, &summary.host].iter().any(|text| lower(text).contains(&wanted));
        let found = if term.text.chars().any(char::is_uppercase) {
            text.contains(&term.text) || caseless
        } else {
            lower(&text).contains(&wanted)
        };
        found != term.without
    })
}

/// Texts that hold nothing of the language but words, phrases, signs, `and`, `not`.
fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -\"'!]",
        "(?i)cart|shop|404|post|not|and|json|K|ß| and | not ",
        "[a-zA-Z/.]{1,3}",
        any::<char>().prop_map(String::from)
    ];
    let plain = |text: &String| {
        let regex = text
            .split_whitespace()
            .any(|word| word.trim_start_matches(['-', '!']).starts_with('/') && word.len() > 2);
        let other = text.contains([':', '=', '<', '>', '~', '(', ')', '|', '&', '#', '^', '$', '*', '\\']);
        !regex && !other && !text.split(char::is_whitespace).any(|word| word == "or")
    };
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()).prop_filter("words", plain)
}

#[test]
fn what_words_mean() {
    for (text, meant) in [
        ("", true),
        ("cart 404", true),
        ("cart 405", false),
        ("post https://api.shop.test/v1", true),
        ("json", true),
        ("51234", true),
        ("Cart", true),
        ("CART", false),
        ("API.Shop", true),
        ("Post", true),
        ("\"to cart\"", true),
        ("\"cart to\"", false),
        ("-image", true),
        ("-cart", false),
        ("not image and cart", true),
        ("not cart", false),
        ("cart not", true),
        ("!cart", false),
        ("-\"add to\"", true),
        ("\"to cart", true),
        ("-", false),
        ("\"\"", true),
        ("127.0.0.1:51234", true),
        ("page=12&note", true),
    ] {
        let reading = read(text);
        assert_eq!(
            (reading.query.matches(&summary()), reading.faults.as_slice()),
            (meant, &[][..]),
            "{text}"
        );
    }
    assert!(Query::of("refused timed-out").matches(&failed()));
    assert!(!Query::of("404").matches(&failed()));
}

#[test]
fn one_more_letter_narrows_and_one_more_exception_too() {
    let narrows = |new, old| Query::of(new).narrows(&Query::of(old));
    assert!(narrows("cart", "car") && narrows("cart 404", "cart") && narrows("Cart", "cart"));
    assert!(narrows("-ca", "-car") && narrows("x", ""));
    assert!(!narrows("-car", "-ca") && !narrows("car", "cart") && !narrows("cart", "Cart"));
    assert!(!narrows("cart", "-cart"));
    assert!(narrows("host:api", "host:ap") && narrows("a status:404", "status:404"));
    assert!(
        !narrows("host:ap", "host:api")
            && !narrows("json.id:10", "json.id:1")
            && !narrows("a start:-5m", "start:-5m")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn words_mean_what_they_meant(text in typed(), path in "(?s).{0,20}") {
        let reading = read(&text);
        prop_assert_eq!(&reading.faults, &[]);
        let terms = old(&text);
        for row in [summary(), failed(), Summary { path, ..summary() }] {
            prop_assert_eq!(reading.query.matches(&row), plainly(&terms, &row), "{:?}", reading.query);
        }
    }

    #[test]
    fn what_narrows_matches_no_more(new in super::total::typed(), old in super::total::typed(), path in "[a-zA-Z/]{0,9}") {
        let (new, old) = (Query::of(&new), Query::of(&old));
        let row = Summary { path, ..summary() };
        prop_assert!(!new.narrows(&old) || !new.matches(&row) || old.matches(&row), "{:?} {:?}", new, old);
    }
}
