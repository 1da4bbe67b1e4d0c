//! Tests of JSON as rows.

use super::*;
use crate::view::{Fold, Folding, Rows};
use bytes::Bytes;
use proptest::prelude::*;

fn json(text: impl Into<Bytes>) -> Json {
    let mut json = Json::new(Arc::new(Text::new(Arc::new(text.into()), true)), false);
    while json.advance(64 * 1024) {}
    json
}

fn spots(json: &Json) -> Vec<Spot> {
    std::iter::successors(json.first(), |spot| json.next(*spot)).collect()
}

fn up(json: &Json) -> Vec<Spot> {
    let mut spots: Vec<_> = std::iter::successors(json.last(), |spot| json.prev(*spot)).collect();
    spots.reverse();
    spots
}

fn text(json: &Json, spot: Spot) -> String {
    let row = json.row(spot);
    let bytes: Vec<u8> = row.pieces.iter().flat_map(|piece| piece.text.clone()).collect();
    format!("{}{}", "  ".repeat(row.depth as usize), String::from_utf8_lossy(&bytes))
}

fn shown(json: &Json) -> Vec<String> {
    spots(json).into_iter().map(|spot| text(json, spot)).collect()
}

const CART: &str =
    r#"{"id":7,"items":[{"name":"a, \"b\"","tags":[]},{"name":null,"n":[1,2]}],"total":-1.5e3}"#;

#[test]
fn a_row_for_each_value_and_bracket() {
    let json = json(CART);
    assert_eq!(
        shown(&json),
        [
            "{",
            r#"  "id": 7,"#,
            r#"  "items": ["#,
            "    {",
            r#"      "name": "a, \"b\"","#,
            r#"      "tags": []"#,
            "    },",
            "    {",
            r#"      "name": null,"#,
            r#"      "n": ["#,
            "        1,",
            "        2",
            "      ]",
            "    }",
            "  ],",
            r#"  "total": -1.5e3"#,
            "}",
        ]
    );
    assert_eq!(up(&json), spots(&json));
    assert_eq!(json.count(), (17, true));
    assert!(spots(&json).iter().enumerate().all(|(number, spot)| json.number(*spot) == Some(number as u64)));
}

#[test]
fn folds_leave_the_rest_in_order() {
    let mut json = json(CART);
    let all = spots(&json);
    let cursor = json.fold(Folding::Turn(all[4]), all[4]);
    assert_eq!(cursor, all[3], "a row inside folds what it stands in");
    assert_eq!(shown(&json)[3], "    {…},  2 members");
    assert_eq!((spots(&json).len(), up(&json)), (14, spots(&json)));
    let top = json.fold(Folding::CloseAll, all[10]);
    assert_eq!(top, all[2]);
    assert_eq!(
        shown(&json),
        ["{", r#"  "id": 7,"#, r#"  "items": […],  2 items"#, r#"  "total": -1.5e3"#, "}"]
    );
    assert_eq!(up(&json), spots(&json));
    json.fold(Folding::Set(all[2], Fold::Open), all[2]);
    assert_eq!(shown(&json)[3..5], ["    {…},  2 members", "    {…}  2 members"]);
    assert_eq!(up(&json), spots(&json));
    let hit = json.reveal(all[11].at).unwrap();
    assert_eq!((hit, text(&json, hit)), (all[11], "        2".to_owned()));
    assert!(spots(&json).contains(&hit), "what is revealed is in sight");
    json.fold(Folding::OpenAll, hit);
    json.fold(Folding::Turn(all[0]), hit);
    assert_eq!(shown(&json), ["{…}  3 members"]);
    assert_eq!(up(&json), spots(&json));
}

#[test]
fn every_row_has_a_path_and_a_value() {
    let json = json(CART);
    let all = spots(&json);
    let path = |row: usize| json.path(all[row]).unwrap();
    let value = |row: usize| String::from_utf8(json.value(all[row]).unwrap()).unwrap();
    assert_eq!((path(0), path(1), value(1)), ("$".into(), "$.id".into(), "7".into()));
    assert_eq!((path(4), value(4)), ("$.items[0].name".into(), "a, \"b\"".into()));
    assert_eq!((path(11), value(11)), ("$.items[1].n[1]".into(), "2".into()));
    assert_eq!((path(9), value(9)), ("$.items[1].n".into(), "[1,2]".into()));
    assert_eq!((path(12), value(12)), ("$.items[1].n".into(), "[1,2]".into()));
    assert_eq!((path(7), value(7)), ("$.items[1]".into(), r#"{"name":null,"n":[1,2]}"#.into()));
    let odd = super::tests::json(r#"{"a b":{"":1}}"#);
    assert_eq!(odd.path(spots(&odd)[2]).unwrap(), r#"$["a b"][""]"#);
}

#[test]
fn what_is_broken_is_shown_up_to_the_break_and_then_as_it_is() {
    let json = json("{\"a\":[1,2 3],\n\"b\":4}");
    assert_eq!(
        shown(&json),
        [
            "{",
            "  \"a\": [",
            "    1,",
            "    2",
            "byte 10: expected a comma or ]; from here on as it is:",
            "3],",
            "\"b\":4}"
        ]
    );
    assert_eq!(up(&json), spots(&json));
    assert_eq!(json.trouble().unwrap(), "Not valid JSON at byte 10: expected a comma or ].");
    for bad in ["", "x", "{\"a\":", "\"abc", "[1,", "\u{1b}[31m", "[\"\u{7}\"]"] {
        let json = super::tests::json(bad);
        assert!(json.trouble().is_some() && !shown(&json).is_empty(), "{bad:?}");
        assert_eq!(up(&json), spots(&json), "{bad:?}");
    }
}

#[test]
fn a_hundred_thousand_brackets() {
    let json = json(["[".repeat(100_000), "]".repeat(100_000)].concat());
    assert_eq!(json.count(), (199_999, true));
    let (first, last) = (json.first().unwrap(), json.last().unwrap());
    assert_eq!((json.closer(first), json.opener(last, 0)), (Some(last), Some(first)));
    assert_eq!(json.next(first), Some(Spot { at: 1, depth: 1 }));
    assert_eq!(json.path(json.marks[5].spot()), None, "too deep for a path");
    let open = super::tests::json("{\"a\":[".repeat(150_000));
    assert!(open.trouble().unwrap().contains("nested deeper"));
}

#[test]
fn a_string_of_a_megabyte_is_one_row_of_bounded_length() {
    let json = json(format!("[\"{}\",  {}2]", "x".repeat(1_000_000), " ".repeat(100_000)));
    let rows = shown(&json);
    assert_eq!(rows.len(), 4);
    assert!(rows[1].len() < 5000 && rows[1].ends_with("B more: p shows them raw"), "{}", rows[1].len());
    assert_eq!((rows[2].as_str(), up(&json)), ("  2", spots(&json)));
    assert_eq!(json.value(spots(&json)[1]).unwrap().len(), 1_000_000);
}

#[test]
fn many_values_one_after_the_other() {
    let text = Arc::new(Text::new(Arc::new(Bytes::from_static(b"{\"a\":1}\n{\"a\":2}\n\x1e[3]\n")), true));
    let mut json = Json::new(text, true);
    while json.advance(5) {}
    assert_eq!(shown(&json), ["{", "  \"a\": 1", "}", "{", "  \"a\": 2", "}", "[", "  3", "]"]);
    assert_eq!((json.trouble(), up(&json)), (None, spots(&json)));
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 400, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::hash_map("[a-z\"\\\\ ]{0,5}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_pretty_print_says_the_same(value in value(), pretty: bool, folds in proptest::collection::vec(0usize..400, 0..6)) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let mut json = json(text);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown(&json).join("\n")).unwrap(), value);
        let all = spots(&json);
        prop_assert_eq!(&up(&json), &all);
        for fold in folds {
            let spot = all[fold % all.len()];
            if fold % 5 == 0 { json.fold(Folding::CloseAll, spot); }
            if let Some(bracket) = json.bracket(spot) {
                let fold = if json.is_closed(bracket) { Fold::Open } else { Fold::Closed };
                json.fold(Folding::Set(bracket, fold), spot);
            }
            prop_assert_eq!(&up(&json), &spots(&json));
            let sight = json.reveal(spot.at).unwrap();
            prop_assert!(spots(&json).contains(&sight));
        }
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(proptest::sample::select(&b"[]{},:\"\\ \n01ae\x1b\xff"[..]), 0..60)) {
        let mut json = json(bytes.clone());
        let all = spots(&json);
        prop_assert_eq!(&up(&json), &all);
        for spot in all {
            json.row(spot);
            json.path(spot);
            json.value(spot);
            json.number(spot);
        }
        for at in 0..bytes.len() as u64 {
            prop_assert!(json.reveal(at).is_some());
        }
    }
}
