//! What becomes of a response in a cache, as http-cache-semantics and httplint see it and as we do: the fields
//! that caching turns on, of 583 responses recorded in the wild (equal ones once, with their number), and what
//! both libraries said of each (`caching_answers.js`, `caching_answers.py`). Where we answer otherwise, the case
//! names the clause.

use super::lint;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CASES: &str = include_str!("caching.jsonl");

/// What http-cache-semantics takes for understood; it judges no other response ("This implementation does not
/// understand partial responses", and RFC 9111 3 no longer asks that a cache understands the others).
const UNDERSTOOD: &[u64] = &[200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501];

const POST: &str =
    "RFC 9110 9.3.3: an answer to POST is cacheable only with a Content-Location of its target";
const ZONE: &str =
    "RFC 9111 5.3: an Expires that is no HTTP-date, as one that ends in +0000, means already stale";
/// Blocks on which we differ from http-cache-semantics.
const BESIDE_SEMANTICS: &[(&str, &str)] = &[
    ("b00673", POST),
    ("b00793", POST),
    ("b01101", POST),
    ("b01083", ZONE),
    ("b01089", ZONE),
    ("b01097", ZONE),
];

const UNSTORED: &str = "RFC 9111 3: nothing in it allows storing; httplint says so in words (STORE_UNSTORABLE) and leaves its flags";
const AUTHORIZED: &str = "RFC 9111 3: a 302 to a request with Authorization, and nothing in it allows storing; httplint says that a private cache may (STORE_PRIVATE_AUTH)";
const REFRESHES: &str = "RFC 9111 4.3.4: a 304 brings its Age to the stored response; httplint reckons none";
/// Blocks on which we differ from httplint.
const BESIDE_HTTPLINT: &[(&str, &str)] = &[
    ("b01566", UNSTORED),
    ("b02767", AUTHORIZED),
    ("b03622", UNSTORED),
    ("b03741", UNSTORED),
    ("b00934", REFRESHES),
    ("b01752", REFRESHES),
    ("b01757", REFRESHES),
    ("b01762", REFRESHES),
    ("b01766", REFRESHES),
];

/// Every case with our verdict.
fn judged() -> Vec<(Value, Value)> {
    let cases = CASES.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers = lint(CASES);
    assert_eq!(answers.len(), CASES.lines().count());
    cases.zip(answers).map(|(case, mut answer)| (case, answer["verdicts"]["cache"].take())).collect()
}

fn status(case: &Value) -> u64 {
    case["start"].as_str().unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_i64().map_or_else(
        || format!("{:.0}", value.as_f64().unwrap()).parse().unwrap(),
        |number| number.max(0).cast_unsigned(),
    )
}

/// Whether it is stored, and for how long it may be used without asking: the library's one number, which
/// counts a guess as a lifetime and `no-cache` as none. Both are cut at 2^31 (RFC 9111 1.2.2 allows any bound).
fn lifetime(cache: &Value, who: &str) -> Value {
    let stores = cache[format!("store_{who}")] == true;
    let asks = cache["validate_first"] == true || cache["never_fits"] == true;
    let guessed = cache[format!("source_{who}")] == "guess";
    let said = &cache[if guessed { "guess".to_owned() } else { format!("fresh_{who}") }];
    json!({"stores": stores, "lifetime": if stores && !asks { number(said) } else { 0 }})
}

/// Fails unless the differences are those with a reason, and at least 99 % of the answers are equal.
fn settle(what: &str, asked: u64, differences: &BTreeMap<String, (u64, String)>, reasons: &[(&str, &str)]) {
    let unexplained: Vec<_> = differences
        .iter()
        .filter(|(id, _)| !reasons.iter().any(|(known, _)| known == id))
        .map(|(id, (_, says))| format!("{id}: {says}"))
        .collect();
    assert!(unexplained.is_empty(), "{what}: {}", unexplained.join("\n"));
    let gone: Vec<_> = reasons.iter().filter(|(id, _)| !differences.contains_key(*id)).collect();
    assert!(gone.is_empty(), "{what}: equal by now: {gone:?}");
    let other: u64 = differences.values().map(|(times, _)| times).sum();
    eprintln!("{what}: {} of {asked} answers equal", asked - other);
    assert!(other * 100 <= asked, "{what}: {other} of {asked} differ");
}

#[test]
fn http_cache_semantics_stores_the_same_for_as_long() {
    let (mut asked, mut differences) = (0, BTreeMap::new());
    for (case, cache) in judged().iter().filter(|(case, _)| UNDERSTOOD.contains(&status(case))) {
        let times = case["times"].as_u64().unwrap();
        for who in ["private", "shared"] {
            asked += times;
            let mut theirs = case["semantics"][who].clone();
            theirs["lifetime"] = number(&theirs["lifetime"]).min(1 << 31).into();
            let ours = lifetime(cache, who);
            if ours != theirs {
                let entry = differences.entry(case["id"].as_str().unwrap().to_owned());
                let (count, says) = entry.or_insert_with(|| (0, String::new()));
                *count += times;
                *says = format!("{says} {who}: they {theirs}, we {ours};");
            }
        }
    }
    settle("http-cache-semantics", asked, &differences, BESIDE_SEMANTICS);
}

#[test]
fn httplint_reckons_the_same_age_and_lifetimes() {
    const KEYS: [&str; 5] = ["age", "store_private", "store_shared", "fresh_private", "fresh_shared"];
    let (mut asked, mut differences) = (0, BTreeMap::new());
    for (case, cache) in judged() {
        let times = case["times"].as_u64().unwrap();
        asked += times * 5;
        // It counts below nought where Expires lies before Date: how long ago it became stale.
        let mine =
            |key: &str| if cache[key].is_boolean() { cache[key].clone() } else { number(&cache[key]).into() };
        let said = &case["httplint"];
        let theirs =
            |key: &str| if said[key].is_boolean() { said[key].clone() } else { number(&said[key]).into() };
        let other: Vec<_> = KEYS.into_iter().filter(|key| mine(key) != theirs(key)).collect();
        if !other.is_empty() {
            let says = other.iter().map(|key| format!("{key}: they {}, we {};", theirs(key), mine(key)));
            let id = case["id"].as_str().unwrap().to_owned();
            differences.insert(id, (times * other.len() as u64, says.collect()));
        }
    }
    settle("httplint", asked, &differences, BESIDE_HTTPLINT);
}
