//! Down the rows, many of them from one read.

use super::scan::scan;
use super::tree::behind;
use super::{Json, LOOK};
use crate::view::Spot;

/// Bytes left of a read with which a row is looked at; with fewer it is read anew.
const LEAST: usize = 512;

/// Rows from one on, folds aside.
pub struct Walk<'a> {
    json: &'a Json,
    next: Option<Spot>,
    read: Vec<u8>,
    /// The place of the first byte read.
    from: u64,
}

impl<'a> Walk<'a> {
    /// From this row on.
    pub fn new(json: &'a Json, first: Option<Spot>) -> Self {
        Self { json, next: first, read: Vec::new(), from: 0 }
    }

    fn below(&mut self, spot: Spot) -> Option<Spot> {
        let last = self.json.last?;
        if spot.at >= last.at {
            return None;
        }
        let at = spot.at.checked_sub(self.from).and_then(|at| usize::try_from(at).ok());
        let known = at.and_then(|at| self.read.get(at..)).filter(|rest| rest.len() >= LEAST);
        let found = known.and_then(|rest| behind(spot, rest, &scan(rest)));
        let next = found.or_else(|| {
            (self.read, self.from) = (self.json.bytes(spot.at, LOOK), spot.at);
            behind(spot, &self.read, &scan(&self.read))
        });
        match next {
            Some(next) => (next.at <= last.at).then_some(next),
            None => Some(self.json.marked_behind(spot).unwrap_or(last)),
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Spot;

    fn next(&mut self) -> Option<Spot> {
        let spot = self.next?;
        self.next = self.below(spot);
        Some(spot)
    }
}
