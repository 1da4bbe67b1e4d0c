//! Heads and edits of `show --json`, read as a test needs them.

use serde_json::Value;

/// The field lines of one head: `request_received` and its like.
#[track_caller]
pub fn lines(whole: &Value, head: &str) -> Vec<String> {
    let lines = whole["heads"][head]["lines"].as_array();
    let lines = lines.unwrap_or_else(|| panic!("no {head} in {whole:#}"));
    lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// The start line of one head.
#[track_caller]
pub fn start(whole: &Value, head: &str) -> String {
    whole["heads"][head]["start"].as_str().unwrap_or_else(|| panic!("no {head} in {whole:#}")).to_owned()
}

/// The values of a field in one head, by any case.
#[track_caller]
pub fn values(whole: &Value, head: &str, name: &str) -> Vec<String> {
    let lines = lines(whole, head);
    let fields = lines.iter().filter_map(|line| line.split_once(':'));
    fields
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// Every difference between received and sent is an edit, and every other line stands unchanged and in
/// its order, in both directions.
#[track_caller]
pub fn explains(whole: &Value) {
    for way in ["request", "response"] {
        let head = |end: &str| {
            let name = format!("{way}_{end}");
            let mut all = vec![start(whole, &name)];
            all.extend(lines(whole, &name));
            all
        };
        let edits = whole["edits"][way].as_array().unwrap();
        let touched =
            |side: &str| -> Vec<u64> { edits.iter().filter_map(|edit| edit[side].as_u64()).collect() };
        let rest = |lines: Vec<String>, touched: Vec<u64>| -> Vec<String> {
            let kept = lines.into_iter().zip(0..).filter(|(_, number)| !touched.contains(number));
            kept.map(|(line, _)| line).collect()
        };
        let received = rest(head("received"), touched("before"));
        let sent = rest(head("sent"), touched("after"));
        assert_eq!(received, sent, "lines that no edit names differ: {whole:#}");
    }
}

/// The clauses that the edits of one direction name.
pub fn clauses(whole: &Value, way: &str) -> Vec<String> {
    let edits = whole["edits"][way].as_array().unwrap();
    edits.iter().map(|edit| edit["clause"].as_str().unwrap().to_owned()).collect()
}

/// Side, phase and kind of a row's failure.
pub fn failure(row: &Value) -> [&str; 3] {
    ["side", "phase", "kind"].map(|part| row["failure"][part].as_str().unwrap_or_default())
}

/// A row's failure in words.
pub fn says(row: &Value) -> &str {
    row["failure"]["says"].as_str().unwrap_or_default()
}

/// Whether a row has a flag.
pub fn has(row: &Value, flag: &str) -> bool {
    row["flags"].as_array().unwrap().iter().any(|known| known == flag)
}
