//! `hopscope ls`: the rows of a capture.

use super::args::Ls;
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::format::{self, counted};
use super::records::Records;
use super::{capture, json, words};
use crate::exchange::{ExchangeId, Flags, Summary};
use crate::query::{Query, Truth};
use std::io::Write;

/// Rows read at once: no more than these are held, however long the capture is.
const PAGE: usize = 1_000;

/// Runs the command.
pub(super) fn run(typed: &Ls) -> Outcome {
    let query = words::parse(&typed.filter).map_err(|says| Halt::new(Exit::Config, says))?;
    let mut records = capture::open(typed.chosen.capture.as_deref())?;
    let mut out = Out::stdout();
    let counts = list(records.as_mut(), &query, typed.limit, typed.json, &mut out)?;
    out.flush()?;
    say(counts.says(!query.is_all(), typed.limit));
    Ok(Exit::Ok)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    matched: u64,
    seen: u64,
}

impl Counts {
    fn says(&self, filtered: bool, limit: Option<usize>) -> String {
        let limited = limit.is_some_and(|limit| self.matched >= limit as u64);
        match (filtered, limited) {
            (_, true) => {
                format!("the newest {}; more may match (--limit)", counted(self.matched, "exchange"))
            }
            (true, false) => format!("{} of {} match", self.matched, counted(self.seen, "exchange")),
            (false, false) => counted(self.matched, "exchange"),
        }
    }
}

fn list<W: Write>(
    records: &mut dyn Records,
    query: &Query,
    limit: Option<usize>,
    as_json: bool,
    out: &mut Out<W>,
) -> Result<Counts, Halt> {
    let mut print = |summary: &Summary| -> Result<(), Halt> {
        if as_json {
            out.record(&json::row(summary).map_err(anyhow::Error::from)?)?;
        } else {
            out.line(format::row(summary))?;
        }
        Ok(())
    };
    match limit {
        Some(limit) => {
            let (rows, counts) = newest(records, query, limit)?;
            rows.iter().rev().try_for_each(print)?;
            Ok(counts)
        }
        None => all(records, query, &mut print),
    }
}

fn all(
    records: &mut dyn Records,
    query: &Query,
    print: &mut dyn FnMut(&Summary) -> Result<(), Halt>,
) -> Result<Counts, Halt> {
    let mut counts = Counts::default();
    let mut last = ExchangeId(0);
    loop {
        let page = records.after(last, PAGE)?;
        let Some(end) = page.last() else { return Ok(counts) };
        last = end.id;
        for summary in page.iter().filter(|summary| !is_deleted(summary)) {
            counts.seen += 1;
            if !is_meant(records, query, summary)? {
                continue;
            }
            counts.matched += 1;
            print(summary)?;
        }
    }
}

/// The newest rows that match, newest first.
fn newest(records: &mut dyn Records, query: &Query, limit: usize) -> Result<(Vec<Summary>, Counts), Halt> {
    let mut rows = Vec::new();
    let mut counts = Counts::default();
    let mut before = None;
    while rows.len() < limit {
        let page = records.before(before, PAGE)?;
        let Some(end) = page.last() else { break };
        before = Some(end.id);
        for summary in page.into_iter().filter(|summary| !is_deleted(summary)) {
            counts.seen += 1;
            if rows.len() < limit && is_meant(records, query, &summary)? {
                rows.push(summary);
            }
        }
    }
    counts.matched = rows.len() as u64;
    Ok((rows, counts))
}

/// By its row where that tells, else by what lies behind it.
fn is_meant(records: &mut dyn Records, query: &Query, summary: &Summary) -> Result<bool, Halt> {
    Ok(match query.judge(summary) {
        Truth::Unknown => !records.sift(query, &[summary.id.0])?.is_empty(),
        known => known.is_yes(),
    })
}

/// Deleted by a person: not listed, and shown when asked for by number.
fn is_deleted(summary: &Summary) -> bool {
    summary.flags.has(Flags::HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::InMemory;
    use super::super::sample::{failed, plain};
    use super::*;

    fn listed(filter: &[&str], limit: Option<usize>, as_json: bool) -> (Vec<String>, Counts) {
        let rows = (1..=2_500).map(|id| {
            let row = if id % 1_000 == 0 { failed() } else { plain() };
            Summary { id: ExchangeId(id), ..row }
        });
        let mut records = InMemory::rows(rows.collect());
        let query = words::parse(&filter.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).unwrap();
        let mut out = Vec::new();
        let counts = list(&mut records, &query, limit, as_json, &mut Out::to(&mut out, false)).unwrap();
        (String::from_utf8(out).unwrap().lines().map(str::to_owned).collect(), counts)
    }

    #[test]
    fn all_pages_oldest_first() {
        let (lines, counts) = listed(&[], None, false);
        assert_eq!((lines.len(), counts), (2_500, Counts { matched: 2_500, seen: 2_500 }));
        assert!(lines[0].starts_with("     1  "));
    }

    #[test]
    fn a_limit_takes_the_newest_and_prints_them_oldest_first() {
        let (lines, _) = listed(&["refused"], Some(1), false);
        assert!(lines.len() == 1 && lines[0].starts_with("  2000  "), "{lines:?}");
        let (lines, counts) = listed(&["refused"], Some(9), true);
        let ids: Vec<_> = lines
            .iter()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64())
            .collect();
        assert_eq!(ids, [Some(1_000), Some(2_000)]);
        assert_eq!(counts.says(true, Some(9)), "2 of 2500 exchanges match");
    }

    #[test]
    fn deleted_rows_are_not_listed() {
        let deleted = Summary { flags: Flags::HIDDEN, ..plain() };
        let rows = vec![plain(), Summary { id: ExchangeId(19), ..deleted }];
        for limit in [None, Some(5)] {
            let mut records = InMemory::rows(rows.clone());
            let mut out = Vec::new();
            let listed = list(&mut records, &Query::default(), limit, false, &mut Out::to(&mut out, false));
            assert_eq!(listed.unwrap(), Counts { matched: 1, seen: 1 });
        }
    }
}
