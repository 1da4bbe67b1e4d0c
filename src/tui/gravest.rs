//! The gravest finding of each exchange whose row is in view, as a letter in the row.
//!
//! A row is made of a summary, and findings come from heads: they are looked for between two keys, a row at a
//! time, and only for rows that are on the screen.

use super::app::{App, Screen};
use super::detail::inspected::letter;
use super::source::Source;
use crate::exchange::{ExchangeId, State};
use crate::inspect::{Recorded, Severity};
use ratatui::style::Style;
use std::collections::HashMap;

/// Exchanges whose letter is remembered; beyond that all are looked at anew as they come into view.
const MOST: usize = 4096;

/// An exchange that cannot be read yet is asked for again after so many microseconds, and so often.
const AGAIN: (i64, u8) = (500_000, 10);

/// What is known so far.
#[derive(Debug, Default)]
pub struct Gravest {
    known: HashMap<u64, Option<Severity>>,
    /// Between its last byte and its place in the capture an exchange cannot be read: when it was asked for last,
    /// and how often.
    missed: HashMap<u64, (i64, u8)>,
}

/// The letter of a row and its ink: errors and warnings only, for nearly every exchange has a fact.
#[must_use]
pub fn of(app: &App, id: u64) -> Option<(&'static str, Style)> {
    let severity = app.gravest.known.get(&id).copied().flatten()?;
    Some(letter(app.theme, severity))
}

/// Whether a row in view has not been looked at.
#[must_use]
pub fn has_work(app: &App) -> bool {
    next(app).is_some()
}

/// Looks at one.
pub fn work(app: &mut App, source: &dyn Source) {
    let Some(id) = next(app) else { return };
    let exchange = source.exchange(ExchangeId(id)).ok().flatten();
    let now = app.now;
    let Gravest { known, missed } = &mut app.gravest;
    if known.len() >= MOST {
        known.clear();
    }
    let Some(exchange) = exchange else {
        let (at, times) = missed.entry(id).or_default();
        (*at, *times) = (now, *times + 1);
        if *times >= AGAIN.1 {
            known.insert(id, None);
            missed.remove(&id);
        }
        return;
    };
    missed.remove(&id);
    let findings = Recorded::of(&exchange).findings();
    let gravest = findings.iter().map(|found| found.rule.severity).max();
    known.insert(id, gravest.filter(|severity| *severity > Severity::Info));
}

/// Whether a row in view is to be looked at again after a while.
#[must_use]
pub fn waits(app: &App) -> bool {
    let Gravest { known, missed } = &app.gravest;
    in_view(app).iter().any(|id| missed.contains_key(id) && !known.contains_key(id))
}

/// The first row in view that is over and was not looked at.
fn next(app: &App) -> Option<u64> {
    let Gravest { known, missed } = &app.gravest;
    let over = |id: &u64| app.list.summaries.get(id).is_some_and(|summary| summary.state != State::Open);
    let due = |id: &u64| missed.get(id).is_none_or(|(at, _)| app.now - at >= AGAIN.0);
    in_view(app).iter().copied().find(|id| !known.contains_key(id) && over(id) && due(id))
}

fn in_view(app: &App) -> &[u64] {
    if app.base != Screen::List && !app.is_split() {
        return &[];
    }
    let height = usize::from(app.list_places().rows.height);
    app.list.index.window(app.list.top, height)
}

#[cfg(test)]
mod tests {
    use crate::exchange::Heads;
    use crate::tui::fake::{self, Stage};
    use bytes::Bytes;

    #[test]
    fn a_row_shows_the_letter_of_its_gravest_finding() {
        let mut exchanges: Vec<_> = (1..=4).map(fake::passed).collect();
        let head =
            |line: &str| Some(Bytes::from(format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{line}\r\n")));
        let lines =
            ["", "Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n", "ETag: bare\r\n", "Pragma: no-cache\r\n"];
        for (exchange, line) in exchanges.iter_mut().zip(lines) {
            exchange.heads = Heads {
                request_received: Some(Bytes::from_static(b"GET / HTTP/1.1\r\nHost: api.shop.test\r\n\r\n")),
                response_received: head(line),
                ..Heads::default()
            };
            exchange.request_edits.clear();
            exchange.response_edits.clear();
            exchange.response_body = crate::exchange::Body { complete: true, ..Default::default() };
        }
        let mut stage = Stage::new(100, 30, exchanges);
        let letters = |stage: &Stage| {
            let screen = stage.screen();
            let row = |number: usize| screen.lines().find(|line| line.contains(&format!("    {number} GET")));
            let letter = |number| row(number).and_then(|row| row.chars().nth(1)).unwrap_or('?');
            [letter(1), letter(2), letter(3), letter(4)]
        };
        assert_eq!(letters(&stage), [' '; 4], "nothing is known before it was looked for");
        stage.work();
        assert_eq!(letters(&stage), [' ', 'W', 'E', ' '], "a fact has no letter:\n{}", stage.screen());
    }
}
