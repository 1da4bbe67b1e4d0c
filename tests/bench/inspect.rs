//! What the header inspector costs: an ordinary exchange parsed, explained, linted and judged.
//!
//! The bar is 50 µs in the median for a block: parse, lint and explain together. Given a file of header blocks
//! as JSON lines (`cargo bench --bench inspect -- blocks.jsonl`), the median over these is printed too.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod measure;
mod messages;

use bytes::Bytes;
use hopscope::exchange::{Head, Scheme};
use hopscope::inspect::{View, inspect, parse, verdicts};
use measure::micros;
use messages::{REQUEST, RESPONSE};
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let (request, response) = (head(REQUEST), head(RESPONSE));
    let view = View {
        heads: [Some(&request), None, Some(&response), None],
        scheme: Some(Scheme::Https),
        host: Some("shop.test"),
        arrived: Some(1_795_435_200),
        ..View::default()
    };
    time("request: explain", || explain(black_box(&request)));
    time("response: explain", || explain(black_box(&response)));
    time("exchange: lint", || inspect(black_box(&view)));
    time("exchange: verdicts", || verdicts(black_box(&view)));
    for path in std::env::args().skip(1).filter(|path| !path.starts_with("--")) {
        over_blocks(&path);
    }
}

fn head(bytes: &[u8]) -> Head {
    Head::parse(Bytes::copy_from_slice(bytes))
}

/// Parts of the values of all fields.
fn explain(head: &Head) -> usize {
    head.fields().map(|field| parse(field.name, field.value).parts.len()).sum()
}

/// Each block by itself, from its text to findings, parts and verdicts.
fn over_blocks(path: &str) {
    let Ok(text) = std::fs::read_to_string(path) else { return println!("{path} cannot be read") };
    let mut taken: Vec<f64> =
        text.lines().filter_map(raw).map(|(raw, response)| one(&raw, response)).collect();
    taken.sort_by(f64::total_cmp);
    let at = |share: usize| taken.get(taken.len() * share / 100).copied().unwrap_or(0.0);
    println!("{} blocks: median {:.1} µs, 99 of 100 within {:.1} µs", taken.len(), at(50), at(99));
}

/// The bytes of a block, and whether it is a response.
fn raw(line: &str) -> Option<(Bytes, bool)> {
    let block: serde_json::Value = serde_json::from_str(line).ok()?;
    let start = block.get("start")?.as_str()?;
    let lines = block.get("lines")?.as_array()?.iter().filter_map(|line| line.as_str());
    let raw = format!("{start}\r\n{}\r\n\r\n", lines.collect::<Vec<_>>().join("\r\n"));
    Some((Bytes::from(raw), start.starts_with("HTTP/")))
}

/// Microseconds, the best of three.
fn one(raw: &Bytes, response: bool) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        let head = Head::parse(raw.clone());
        let mut view = View { scheme: Some(Scheme::Https), host: Some("shop.test"), ..View::default() };
        view.heads[if response { 2 } else { 0 }] = Some(&head);
        black_box((explain(&head), inspect(&view), verdicts(&view)));
        begun.elapsed().as_secs_f64() * 1e6
    };
    (0..3).map(round).fold(f64::MAX, f64::min)
}

/// Prints microseconds a call.
fn time<T>(name: &str, call: impl FnMut() -> T) {
    println!("{name:<20} {:>7.1} µs", micros(2_000, call));
}
