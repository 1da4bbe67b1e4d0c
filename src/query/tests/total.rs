//! Every text is a query: nothing panics, faults lie within the text, evaluation answers.

use super::super::{Facts, Level, Matcher, RowOnly, Truth, Unseen, complete, read_at};
use super::samples::{NOW, any_text, behind, failed, summary};
use proptest::prelude::*;

/// Texts as they are typed, well-formed and not.
pub fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[ (),|&!\"'/~#:=<>.*?-]{1,3}",
        3 => "(status|host|time|size|header\\.x-id|json\\.a\\[0\\]|res\\.body|is|start|hop\\.removed|stauts|larger-than|~u|~c|~e|not|and|or)",
        2 => "(404|4xx|10k|1s|-5m|10:30|\\.\\.|error|\\*|a\\(b)",
        1 => any_text(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    let reading = read_at(text, NOW);
    for fault in &reading.faults {
        prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len(), "{:?}", fault);
        prop_assert!(
            text.is_char_boundary(fault.span.start) && text.is_char_boundary(fault.span.end),
            "{:?}",
            fault
        );
        prop_assert!(!fault.what.is_empty() && !fault.cure.is_empty(), "{:?}", fault);
        prop_assert!(fault.pointed(text).lines().count() == 2);
    }
    let query = &reading.query;
    for row in [summary(), failed()] {
        let facts = Facts::of(&row);
        let whole = Matcher::new(query).judge(&facts, &behind());
        prop_assert_ne!(whole, Truth::Unknown, "all is at hand");
        let alone = Matcher::new(query).judge(&facts, &RowOnly);
        prop_assert!(alone == whole || alone == Truth::Unknown, "the row may not know, but never errs");
        prop_assert!(query.level() > Level::Row || alone == whole, "a query of rows is decided by rows");
    }
    prop_assert!(!query.says().is_empty());
    for caret in 0..=text.len() {
        let completion = complete(text, caret, &Unseen);
        prop_assert!(text.get(completion.span.clone()).is_some(), "{:?}", completion.span);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn whatever_is_typed_is_a_query(text in typed()) {
        holds(&text)?;
    }

    #[test]
    fn every_text_is_a_query(text in any::<String>()) {
        holds(&text)?;
    }
}

#[test]
fn hostile_texts_are_bounded() {
    for text in [
        "(".repeat(5000),
        "((((((((".repeat(900) + "a",
        "-".repeat(8000) + "a",
        "not ".repeat(2000) + "a",
        "a ".repeat(4000),
        "status:".to_owned() + &"1,".repeat(4000),
        "~".repeat(8000),
        "~u ".repeat(2700),
        "a".repeat(1_000_000),
        "|".repeat(8000),
        "url~/".to_owned() + &"(a*)*".repeat(1000) + "/",
        "json.".to_owned() + &"a.".repeat(4000) + ":1",
    ] {
        assert!(holds_plainly(&text), "{}", text.get(..20).unwrap());
    }
}

fn holds_plainly(text: &str) -> bool {
    let reading = read_at(text, NOW);
    reading.faults.len() <= 16 && !reading.query.says().is_empty()
}
