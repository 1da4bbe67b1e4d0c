//! What a filter finds in a capture is what it means: `SQLite` and the rest together, against the reading of
//! each exchange by itself.

use super::{finish, live, open, place, search};
use crate::exchange::{BodyPlace, Exchange, ExchangeId, Message, State};
use crate::inspect::Recorded;
use crate::query::{Behind, Facts, Finding, Matcher, Name, Query, Side, Written, read_at};
use crate::store::{Reader, Search, samples};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use std::sync::OnceLock;

/// An exchange in memory, its bodies as they are.
struct InMemory(Written, [Option<Vec<u8>>; 2], Vec<Finding>);

impl InMemory {
    fn new(exchange: &Exchange) -> Self {
        let bytes = |place: &BodyPlace| match place {
            BodyPlace::Inline(bytes) => Some(bytes.clone()),
            BodyPlace::Nowhere => Some(Vec::new()),
            // The samples' files are not there.
            BodyPlace::File(_) | BodyPlace::Arriving => None,
        };
        let bodies = [bytes(&exchange.request_body.place), bytes(&exchange.response_body.place)];
        let found = Recorded::of(exchange).findings();
        let found = found
            .iter()
            .map(|one| Finding { lint: one.rule.id.to_owned(), severity: one.rule.severity as usize });
        Self(Written::of(exchange), bodies, found.collect())
    }
}

impl Behind for InMemory {
    fn written(&self) -> Option<&Written> {
        Some(&self.0)
    }

    fn body(&self, side: Side) -> Option<&[u8]> {
        self.1[usize::from(side == Side::Response)].as_deref()
    }

    fn messages(&self) -> Option<&[Message]> {
        Some(&[])
    }

    fn findings(&self) -> Option<&[Finding]> {
        Some(&self.2)
    }
}

struct Captured {
    _dir: tempfile::TempDir,
    path: std::path::PathBuf,
    exchanges: Vec<Exchange>,
}

/// Sixty exchanges, among them such as break every rule, and some numbers missing.
fn captured() -> &'static Captured {
    static CAPTURED: OnceLock<Captured> = OnceLock::new();
    CAPTURED.get_or_init(|| {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let (dir, path) = place();
        let store = open(&path);
        let mut exchanges = Vec::new();
        for id in (1..=60).filter(|id| id % 7 != 0) {
            let any = samples::any_exchange(id).new_tree(&mut runner).unwrap().current();
            let mut exchange = if id % 3 == 0 { any } else { samples::full(id) };
            exchange.summary.id = ExchangeId(id);
            if exchange.summary.state == State::Open {
                exchange.summary.state = State::Done;
            }
            finish(&store, &live(exchange));
        }
        store.close().unwrap();
        let reader = Reader::open(&path).unwrap();
        exchanges.extend(
            reader
                .ids_after(ExchangeId(0), 100)
                .unwrap()
                .into_iter()
                .map(|id| reader.exchange(id).unwrap().unwrap()),
        );
        assert_eq!(exchanges.len(), 52);
        Captured { _dir: dir, path, exchanges }
    })
}

thread_local! {
    static READER: Reader = Reader::open(&captured().path).unwrap();
}

fn now() -> i64 {
    captured().exchanges.iter().map(|exchange| exchange.summary.started).max().unwrap() + 3_600_000_000
}

/// By itself, without SQL.
fn meant(query: &Query) -> Vec<u64> {
    let is = |exchange: &&Exchange| {
        Matcher::new(query).judge(&Facts::of(&exchange.summary), &InMemory::new(exchange)).is_yes()
    };
    captured().exchanges.iter().rev().filter(is).map(|exchange| exchange.summary.id.0).collect()
}

/// As the capture is searched, all of it or below a number.
fn found(query: &Query, below: Option<usize>) -> Vec<u64> {
    let below = below.map(|below| ExchangeId(below as u64));
    READER.with(|reader| Search::start(reader.path(), query, below).unwrap().rest().unwrap())
}

fn agree(text: &str, below: usize) -> Result<(), TestCaseError> {
    let query = read_at(text, now()).query;
    let meant = meant(&query);
    // Beyond all rows it is a search of all.
    let less: Vec<u64> = meant.iter().copied().filter(|id| *id < below as u64).collect();
    let (below, wanted) = if below < 60 { (Some(below), &less) } else { (None, &meant) };
    prop_assert_eq!(&found(&query, below), wanted, "{} below {:?}: {:?}", text, below, query.sql());
    let ids: Vec<u64> = (1..70).rev().collect();
    prop_assert_eq!(READER.with(|reader| reader.sift(&query, &ids)).unwrap(), meant, "{}", text);
    Ok(())
}

/// Terms whose values occur among the samples.
fn term() -> impl Strategy<Value = String> {
    let texts = [
        "method",
        "host",
        "domain",
        "path",
        "url",
        "version",
        "client",
        "type",
        "server",
        "error",
        "text",
        "header",
        "header.host",
        "res.header.server",
        "body",
        "json.id",
        "hop.removed",
        "finding",
        "hop",
        "cookie",
        "param",
    ];
    let ops = [":", "=", "~", "^=", "$=", "*=", "!="];
    let exchanges = &captured().exchanges;
    let pieces: Vec<String> = exchanges
        .iter()
        .flat_map(|exchange| {
            let row = &exchange.summary;
            let type_of = row.media_type.clone().unwrap_or_default();
            [
                row.method.clone(),
                row.host.clone(),
                row.path.clone(),
                row.version.clone(),
                row.client.clone(),
                type_of,
                "a".to_owned(),
                "*".to_owned(),
            ]
        })
        .collect();
    let numbers: Vec<i64> = exchanges
        .iter()
        .flat_map(|exchange| {
            let row = &exchange.summary;
            let optional = |value: Option<u64>| value.map_or(0, |value| i64::try_from(value).unwrap_or(7));
            [
                i64::from(row.status.unwrap_or(200)),
                optional(row.duration),
                optional(row.ttfb),
                optional(Some(row.request_bytes)),
                optional(Some(row.response_bytes)),
                optional(Some(row.id.0)),
            ]
        })
        .collect();
    let piece = (proptest::sample::select(pieces), 0usize..12, 1usize..9, any::<bool>()).prop_map(
        |(text, from, length, upper)| {
            let cut: String = text.chars().skip(from % text.chars().count().max(1)).take(length).collect();
            if upper { cut.to_uppercase() } else { cut }
        },
    );
    let number = proptest::sample::select(numbers);
    let compare = proptest::sample::select(vec![":", ">", "<", ">=", "<="]);
    prop_oneof![
        4 => (proptest::sample::select(texts.to_vec()), proptest::sample::select(ops.to_vec()), piece.clone())
            .prop_map(|(field, op, text)| format!("{field}{op}\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        1 => (proptest::sample::select(vec!["host", "path", "type", "method"]), piece.clone()).prop_map(|(field, text)| format!("{field}:*{}*", text.replace([' ', ',', '"', '\'', '(', ')', '/'], "?"))),
        1 => piece.prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        2 => (proptest::sample::select(vec!["status", "size", "req.size", "id"]), compare.clone(), number.clone()).prop_map(|(field, op, number)| format!("{field}{op}{number}")),
        1 => (proptest::sample::select(vec!["time", "wait"]), compare, number.clone()).prop_map(|(field, op, number)| format!("{field}{op}{number}us")),
        1 => (proptest::sample::select(vec!["status", "size", "id"]), number.clone(), number).prop_map(|(field, a, b)| format!("{field}:{}..{}", a.min(b), a.max(b))),
        1 => proptest::sample::select(vec!["status:4xx", "status:*", "time:*", "status:2xx,404", "start:-2h", "start:..-30m", "start>2020-01-01", "start:10:00..22:00", "start<=2026-11-23T10:30", "type:*", "type:image/*"]).prop_map(str::to_owned),
        2 => proptest::sample::select(vec!["is:error", "is:done", "is:failed", "is:aborted", "is:pending", "is:running", "is:unanswered", "is:asset", "is:ws", "is:marked", "is:deleted", "is:replay", "is:secure", "is:truncated", "is:tunnel", "from:hopscope", "from:origin", "scheme:http", "~q", "~tcp", "~all"]).prop_map(str::to_owned),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn sql_and_the_rest_find_what_is_meant(text in filter(), stretch in 1usize..80) {
        agree(&text, stretch)?;
    }
}

#[test]
fn columns_take_what_they_can() {
    let sql = |text: &str| read_at(text, 0).query.sql();
    let both = sql("status:5xx host:api cart");
    assert_eq!(both.residual.text(), "cart");
    assert!(
        both.clause.contains("status BETWEEN") && both.clause.contains("instr(lower(host), ?)"),
        "{}",
        both.clause
    );
    for (text, left) in [
        ("status:404 is:error -method:get size>1k", ""),
        ("host:api or body:x", "host:api or body:x"),
        ("-(host:api header.x:1)", "-(host:api header.x:1)"),
        ("domain:shop.test", "domain:shop.test"),
        ("", ""),
    ] {
        assert_eq!(sql(text).residual.text(), left, "{text}");
    }
    assert_eq!(sql("cart").clause, "1");
    // Values are bound, never written into the statement.
    assert!(!sql("host:\"'; DROP TABLE exchange; --\"").clause.contains("DROP"));
}

#[test]
fn values_seen_are_counted() {
    let seen = READER.with(|reader| reader.seen(Name::Host)).unwrap();
    assert_eq!(seen.iter().map(|(_, count)| count).sum::<u64>(), 52);
    assert!(seen.is_sorted_by(|a, b| a.1 >= b.1));
    assert_eq!(READER.with(|reader| reader.seen(Name::Header)).unwrap(), []);
}

#[test]
fn coded_bodies_are_looked_through_undone() {
    let (_dir, path) = place();
    let store = open(&path);
    let mut exchange = samples::exchange(1);
    let mut coded = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut coded, br#"{"says":"out of stock"}"#).unwrap();
    let bytes = coded.finish().unwrap();
    exchange.response_body.place = BodyPlace::Inline(bytes);
    exchange.heads.response_received =
        Some(bytes::Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"));
    finish(&store, &live(exchange));
    store.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    for (text, ids) in
        [("body:\"out of stock\"", vec![1]), ("res.json.says:stock", vec![1]), ("req.body:stock", vec![])]
    {
        assert_eq!(search(&reader, text), ids, "{text}");
    }
}

#[test]
fn findings_are_looked_for_in_the_heads() {
    for text in ["finding:*", "severity>=warn", "severity:error", "-severity>=info", "finding:cookie"] {
        agree(text, 70).unwrap();
    }
    let found = |text: &str| found(&read_at(text, now()).query, None).len();
    assert!(found("finding:*") > 0 && found("severity:error") <= found("finding:*"));
}
