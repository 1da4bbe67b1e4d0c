//! Rows made all at once, for what is small by nature: forms, parts, indented markup.

use super::Needle;
use super::rows::{Row, Rows, Search, Spot};

/// Rows in memory; a spot counts them.
#[derive(Debug, Default)]
pub struct Laid {
    rows: Vec<Row>,
    trouble: Option<String>,
}

impl Laid {
    /// Of these rows.
    #[must_use]
    pub fn new(rows: Vec<Row>, trouble: Option<String>) -> Self {
        Self { rows, trouble }
    }

    fn get(&self, at: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(at).ok()?)
    }

    fn spot(&self, at: u64) -> Option<Spot> {
        self.get(at).map(|_| Spot { at, depth: 0 })
    }
}

impl Rows for Laid {
    fn first(&self) -> Option<Spot> {
        self.spot(0)
    }

    fn last(&self) -> Option<Spot> {
        self.spot((self.rows.len() as u64).checked_sub(1)?)
    }

    fn next(&self, spot: Spot) -> Option<Spot> {
        self.spot(spot.at + 1)
    }

    fn prev(&self, spot: Spot) -> Option<Spot> {
        self.spot(spot.at.checked_sub(1)?)
    }

    fn reveal(&mut self, at: u64) -> Option<Spot> {
        self.spot(at.min(self.last()?.at))
    }

    fn row(&self, spot: Spot) -> Row {
        self.get(spot.at).cloned().unwrap_or_default()
    }

    fn number(&self, spot: Spot) -> Option<u64> {
        Some(spot.at)
    }

    fn count(&self) -> (u64, bool) {
        (self.rows.len() as u64, true)
    }

    fn advance(&mut self, _bytes: usize) -> bool {
        false
    }

    fn found(&self) -> u64 {
        self.rows.len() as u64
    }

    fn find(&self, needle: &Needle, from: u64, forward: bool, _budget: usize) -> Search {
        let holds = |at: &u64| {
            let text: Vec<u8> = self.get(*at).map_or_else(Vec::new, |row| {
                row.pieces.iter().flat_map(|piece| piece.text.iter().copied()).collect()
            });
            needle.first_in(&text).is_some()
        };
        let end = self.rows.len() as u64;
        let hit = if forward { (from..end).find(holds) } else { (0..from.min(end)).rev().find(holds) };
        hit.map_or(Search::None, Search::Hit)
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }
}
