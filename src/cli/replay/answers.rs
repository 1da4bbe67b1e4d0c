//! What differs between a replay's answer and its original's; fields that differ from one answer to the
//! next anyway are set apart.

use crate::exchange::{Exchange, Head, Side, Summary};
use crate::store::Reader;
use crate::view;
use std::io::{self, BufReader, Read};

/// Fields that say when, or to whom, an answer was given.
const VOLATILE: &[&str] = &[
    "age",
    "cf-ray",
    "date",
    "expires",
    "server-timing",
    "set-cookie",
    "x-request-id",
    "x-runtime",
    "x-trace-id",
];

/// One difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) says: String,
    /// Whether it is one that was not to be expected.
    pub(super) counts: bool,
}

impl Line {
    fn new(says: impl Into<String>) -> Self {
        Self { says: says.into(), counts: true }
    }
}

/// Compares a replay's answer with its original's.
pub(super) fn differ(reader: &Reader, replay: &Summary) -> anyhow::Result<Vec<Line>> {
    let Some(parent) = replay.parent else { return Ok(Vec::new()) };
    let (Some(original), Some(replay)) = (reader.exchange(parent)?, reader.exchange(replay.id)?) else {
        return Ok(vec![Line::new("the original is no longer in the capture")]);
    };
    let mut lines = heads(&original, &replay);
    let body = |exchange: &Exchange| -> anyhow::Result<Box<dyn Read>> {
        let raw = reader.body(exchange, Side::Origin)?;
        match answer(exchange).map(|head| view::codings(&head)) {
            Some(codings) if view::decoded(Box::new(io::empty()), &codings).is_ok() => {
                Ok(view::decoded(Box::new(raw), &codings)?)
            }
            _ => Ok(Box::new(raw)),
        }
    };
    if let Some(at) = first_difference(body(&original)?, body(&replay)?)? {
        let length = |exchange: &Exchange| exchange.response_body.length;
        let lengths = format!("{} → {} bytes", length(&original), length(&replay));
        lines.push(Line::new(format!("body differs from byte {at} on ({lengths})")));
    }
    Ok(lines)
}

fn answer(exchange: &Exchange) -> Option<Head> {
    let heads = &exchange.heads;
    heads.response_received.as_ref().or(heads.response_sent.as_ref()).map(|raw| Head::parse(raw.clone()))
}

fn heads(original: &Exchange, replay: &Exchange) -> Vec<Line> {
    let (Some(before), Some(after)) = (answer(original), answer(replay)) else {
        return vec![Line::new("one of the two has no answer")];
    };
    let mut lines = Vec::new();
    if before.status_line().map(|line| line.1) != after.status_line().map(|line| line.1) {
        let text = |head: &Head| String::from_utf8_lossy(head.start_line()).into_owned();
        lines.push(Line::new(format!("status {} → {}", text(&before), text(&after))));
    }
    let mut names: Vec<String> = Vec::new();
    for field in before.fields().chain(after.fields()) {
        let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut apart = Vec::new();
    for name in names {
        let (old, new): (Vec<_>, Vec<_>) = (before.values(&name).collect(), after.values(&name).collect());
        if old == new {
            continue;
        }
        if VOLATILE.contains(&name.as_str()) {
            apart.push(name);
        } else {
            lines.push(Line::new(format!("{name}: {} → {}", shown(&old), shown(&new))));
        }
    }
    if !apart.is_empty() {
        let says = format!("set apart, as they differ anyway: {}", apart.join(", "));
        lines.push(Line { says, counts: false });
    }
    lines
}

fn shown(values: &[&[u8]]) -> String {
    if values.is_empty() {
        return "absent".to_owned();
    }
    String::from_utf8_lossy(&values.join(&b", "[..])).into_owned()
}

/// Where two bodies begin to differ. A body that cannot be decoded to its end ends there.
fn first_difference(one: impl Read, other: impl Read) -> io::Result<Option<u64>> {
    let mut one = BufReader::new(one).bytes().map_while(Result::ok);
    let mut other = BufReader::new(other).bytes().map_while(Result::ok);
    let mut at = 0;
    loop {
        match (one.next(), other.next()) {
            (None, None) => return Ok(None),
            (a, b) if a != b => return Ok(Some(at)),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use bytes::Bytes;

    fn answered(head: &'static str) -> Exchange {
        let mut exchange = sample::exchange();
        exchange.heads.response_received = Some(Bytes::from_static(head.as_bytes()));
        exchange
    }

    #[test]
    fn status_and_fields_differ_and_what_is_volatile_is_set_apart() {
        let old = "HTTP/1.1 201 Created\r\nDate: a\r\nX: 1\r\nX: 2\r\nGone: g\r\n\r\n";
        let new = "HTTP/1.1 200 OK\r\nDate: b\r\nx: 1\r\nX: 3\r\n\r\n";
        let lines = heads(&answered(old), &answered(new));
        let says: Vec<_> = lines.iter().map(|line| (line.says.as_str(), line.counts)).collect();
        assert_eq!(
            says,
            [
                ("status HTTP/1.1 201 Created → HTTP/1.1 200 OK", true),
                ("x: 1, 2 → 1, 3", true),
                ("gone: g → absent", true),
                ("set apart, as they differ anyway: date", false),
            ]
        );
        assert_eq!(heads(&answered(old), &answered(old)), []);
    }

    #[test]
    fn bodies_differ_from_a_byte_on() {
        let at = |one: &'static [u8], other: &'static [u8]| first_difference(one, other).unwrap();
        assert_eq!((at(b"abc", b"abc"), at(b"abc", b"abd"), at(b"abc", b"ab")), (None, Some(2), Some(2)));
    }
}
