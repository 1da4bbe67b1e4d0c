//! `hopscope ls`: the rows of a capture.

use super::args::Ls;
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::format::{self, counted};
use super::progress::Progress;
use super::records::Records;
use super::{capture, json, words};
use crate::exchange::{Flags, Summary};
use crate::query::Query;
use std::io::Write;
use std::time::{Duration, Instant};

/// Rows read at once: no more than these are held, however long the capture is.
const PAGE: usize = 1_000;
/// How long it is looked for the term to blame where nothing matches.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs the command.
pub(super) fn run(typed: &Ls) -> Outcome {
    let query = words::parse(&typed.filter).map_err(|says| Halt::new(Exit::Config, says))?;
    let mut records = capture::open(typed.chosen.capture.as_deref())?;
    let mut out = Out::stdout();
    let counts = list(records.as_mut(), &query, typed.limit, typed.json, &mut out)?;
    out.flush()?;
    say(counts.says(!query.is_all(), typed.limit));
    if counts.matched == 0
        && let Some((term, count)) = blame(records.as_mut(), &query)?
    {
        say(format!("without {term} {count} would match"));
    }
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

/// All that match, oldest first.
fn all(
    records: &mut dyn Records,
    query: &Query,
    print: &mut dyn FnMut(&Summary) -> Result<(), Halt>,
) -> Result<Counts, Halt> {
    let (mut ids, mut progress) = (Vec::new(), Progress::begin("searching:"));
    records.search(query, &mut |found| {
        ids.extend_from_slice(found);
        progress.tell(|| format!("{} found", ids.len()));
        true
    })?;
    drop(progress);
    ids.reverse();
    let mut matched = 0;
    for page in ids.chunks(PAGE) {
        for summary in records.rows(page)?.iter().filter(|summary| !is_deleted(summary)) {
            matched += 1;
            print(summary)?;
        }
    }
    Ok(Counts { matched, seen: records.count()? })
}

/// The newest rows that match, newest first.
fn newest(records: &mut dyn Records, query: &Query, limit: usize) -> Result<(Vec<Summary>, Counts), Halt> {
    let mut rows = Vec::new();
    // Deleted ones are among what is found: so many more are asked for as those turn out to be.
    let mut wanted = limit;
    while wanted > 0 {
        let mut ids = Vec::new();
        records.search(query, &mut |found| {
            ids.extend_from_slice(found);
            ids.len() < wanted
        })?;
        let all = ids.len() < wanted;
        rows = records.rows(&ids)?;
        rows.retain(|row| !is_deleted(row));
        rows.truncate(limit);
        if all || rows.len() == limit {
            break;
        }
        wanted = ids.len().saturating_mul(2);
    }
    let counts = Counts { matched: rows.len() as u64, seen: records.count()? };
    Ok((rows, counts))
}

/// The term of a filter that found nothing without which most would be found, as far as that is known soon.
fn blame(records: &mut dyn Records, query: &Query) -> Result<Option<(String, u64)>, Halt> {
    let until = Instant::now() + PATIENCE;
    let mut most: Option<(String, u64)> = None;
    for (term, without) in query.without_each() {
        let mut count = 0;
        records.search(&without, &mut |found| {
            count += found.len() as u64;
            Instant::now() < until
        })?;
        if count > most.as_ref().map_or(0, |(_, most)| *most) {
            most = Some((term, count));
        }
    }
    Ok(most)
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
    use crate::exchange::ExchangeId;

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
    fn where_nothing_matches_the_term_to_blame_is_found() {
        let mut records =
            InMemory::rows((1..=30).map(|id| Summary { id: ExchangeId(id), ..plain() }).collect());
        let mut blamed = |text: &str| blame(&mut records, &Query::of(text)).unwrap();
        assert_eq!(blamed("id:1..9 refused"), Some(("refused".to_owned(), 9)));
        assert_eq!(blamed("refused"), None);
        assert_eq!(blamed("refused method:put"), None, "neither alone is to blame");
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
