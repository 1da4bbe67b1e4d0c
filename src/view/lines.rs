//! A text as its lines, of any length and any number.
//!
//! A row ends behind a line feed. A line longer than a row is cut where the place is a multiple of
//! [`LONGEST`] and so many bytes before it held no line feed: a rule that looks only a little way back,
//! so that rows are found from any place without a look at what comes before. Lines are counted on the
//! side, a stretch at a time, for their numbers only.

use super::find::next_hit;
use super::rows::{Ink, LONGEST, Piece, Row, Rows, Search, Spot};
use super::{Needle, Text, markup};
use std::sync::Arc;

/// Bytes between two counts that are kept: 13 kB of them for 100 MB.
const BLOCK: u64 = 64 * 1024;

/// Columns of a tab.
const TAB: usize = 4;

/// How the lines are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Not at all; carriage returns are shown.
    Raw,
    /// Not at all.
    Plain,
    /// As XML or HTML.
    Markup,
}

/// A text as rows.
#[derive(Debug)]
pub struct Lines {
    text: Arc<Text>,
    paint: Paint,
    /// Line feeds before each block.
    counts: Vec<u64>,
    scanned: u64,
    feeds: u64,
}

impl Lines {
    /// Over a text.
    #[must_use]
    pub fn new(text: Arc<Text>, paint: Paint) -> Self {
        Self { text, paint, counts: vec![0], scanned: 0, feeds: 0 }
    }

    /// Where the row that begins at `from` ends.
    fn end_of(&self, from: u64) -> u64 {
        let limit = from.saturating_add(LONGEST).next_multiple_of(LONGEST);
        let bytes = self.text.get(from, offset(limit, from) + 1);
        let line = bytes.get(..offset(limit, from)).unwrap_or(&bytes);
        match memchr::memchr(b'\n', line) {
            Some(at) => from + at as u64 + 1,
            None if line.len() < offset(limit, from) => from + line.len() as u64,
            None => from + character(&bytes, line.len()) as u64,
        }
    }

    /// The last row that begins before `place`.
    fn before(&self, place: u64) -> Option<u64> {
        let last = place.checked_sub(1)?;
        let from = last.saturating_sub(3 * LONGEST);
        let bytes = self.text.get(from, offset(last, from));
        let mut at = match memchr::memrchr(b'\n', &bytes) {
            Some(feed) => from + feed as u64 + 1,
            None if from == 0 => 0,
            None => {
                let cut = from.next_multiple_of(LONGEST) + LONGEST;
                let around = self.text.get(cut - 3, 4);
                cut - 3 + character(&around, 3) as u64
            }
        };
        loop {
            let end = self.end_of(at);
            if end >= place || end <= at {
                return Some(at);
            }
            at = end;
        }
    }

    /// Line feeds before a place, when they were counted.
    fn feeds_before(&self, place: u64) -> Option<u64> {
        if place > self.scanned {
            return None;
        }
        let block = usize::try_from(place / BLOCK).ok()?;
        let from = block as u64 * BLOCK;
        let bytes = self.text.get(from, offset(place, from));
        Some(self.counts.get(block)? + feeds(&bytes))
    }

    fn pieces(&self, bytes: &[u8], continues: bool) -> Vec<Piece> {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let (text, end) = match text.strip_suffix(b"\r") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let mut pieces = match self.paint {
            Paint::Markup if !continues => markup::pieces(&untabbed(text)),
            _ => vec![Piece::new(Ink::Plain, untabbed(text))],
        };
        if end && self.paint == Paint::Raw {
            pieces.push(Piece::new(Ink::Dim, "\r"));
        }
        pieces
    }
}

impl Rows for Lines {
    fn first(&self) -> Option<Spot> {
        (!self.text.is_empty()).then(Spot::default)
    }

    fn last(&self) -> Option<Spot> {
        self.before(self.text.len()).map(spot)
    }

    fn next(&self, from: Spot) -> Option<Spot> {
        let end = self.end_of(from.at);
        (end > from.at && end < self.text.len()).then(|| spot(end))
    }

    fn prev(&self, from: Spot) -> Option<Spot> {
        self.before(from.at).map(spot)
    }

    fn reveal(&mut self, at: u64) -> Option<Spot> {
        self.before(at.saturating_add(1).min(self.text.len())).map(spot)
    }

    fn row(&self, from: Spot) -> Row {
        let bytes = self.text.get(from.at, offset(self.end_of(from.at), from.at));
        let continues = from.at > 0 && self.text.get(from.at - 1, 1) != b"\n";
        Row { pieces: self.pieces(&bytes, continues), continues, ..Row::default() }
    }

    fn number(&self, from: Spot) -> Option<u64> {
        self.feeds_before(from.at)
    }

    fn count(&self) -> (u64, bool) {
        let whole = self.scanned >= self.text.len() && self.text.is_whole();
        let open = self.scanned > 0 && self.text.get(self.scanned - 1, 1) != b"\n";
        (self.feeds + u64::from(open), whole)
    }

    fn advance(&mut self, bytes: usize) -> bool {
        let goal = self.scanned.saturating_add(bytes as u64);
        while self.scanned < goal {
            let border = (self.scanned + 1).next_multiple_of(BLOCK);
            let read = self.text.get(self.scanned, offset(border, self.scanned));
            if read.is_empty() {
                return false;
            }
            self.feeds += feeds(&read);
            self.scanned += read.len() as u64;
            if self.scanned == border {
                self.counts.push(self.feeds);
            }
        }
        self.scanned < self.text.len()
    }

    fn found(&self) -> u64 {
        self.scanned
    }

    fn find(&self, needle: &Needle, from: u64, forward: bool, budget: usize) -> Search {
        next_hit(&self.text, needle, from, forward, budget)
    }
}

fn spot(at: u64) -> Spot {
    Spot { at, depth: 0 }
}

/// The distance from one place to a later one, as far as memory reaches.
fn offset(to: u64, from: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}

fn feeds(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Where the character that a cut at `at` would go through begins; `at` itself where there is none.
fn character(bytes: &[u8], at: usize) -> usize {
    let goes_on = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (0..=3).filter_map(|back| at.checked_sub(back)).find(|start| !goes_on(*start)).unwrap_or(at)
}

/// Tabs as blanks: a terminal would jump.
fn untabbed(text: &[u8]) -> Vec<u8> {
    if memchr::memchr(b'\t', text).is_none() {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    for byte in text {
        match byte {
            b'\t' => out.resize((out.len() + 1).next_multiple_of(TAB), b' '),
            byte => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn lines(bytes: impl Into<Bytes>) -> Lines {
        Lines::new(Arc::new(Text::new(Arc::new(bytes.into()), true)), Paint::Raw)
    }

    /// Where the rows begin, from the first on.
    fn down(lines: &Lines) -> Vec<u64> {
        std::iter::successors(lines.first(), |spot| lines.next(*spot)).map(|spot| spot.at).collect()
    }

    fn up(lines: &Lines) -> Vec<u64> {
        let mut rows: Vec<_> =
            std::iter::successors(lines.last(), |spot| lines.prev(*spot)).map(|spot| spot.at).collect();
        rows.reverse();
        rows
    }

    #[test]
    fn rows_are_lines() {
        let mut rows = lines("one\n\ttwo\r\n\nlast");
        assert_eq!(down(&rows), [0, 4, 10, 11]);
        let text = |at| rows.row(spot(at)).pieces.iter().map(|p| p.text.clone()).collect::<Vec<_>>().concat();
        assert_eq!(text(4), b"    two\r");
        assert_eq!(text(11), b"last");
        assert_eq!(rows.count(), (0, false));
        assert!(!rows.advance(1));
        assert_eq!((rows.count(), rows.number(spot(11))), ((4, true), Some(3)));
        assert_eq!(lines("").first(), None);
        assert_eq!(lines("").last(), None);
    }

    #[test]
    fn a_line_of_a_megabyte_is_many_rows_and_no_character_is_cut() {
        let text = "ä".repeat(500_000);
        let rows = lines(text.clone());
        let starts = down(&rows);
        assert!(starts.len() > 100);
        assert_eq!(up(&rows), starts);
        for at in &starts {
            let row = rows.row(spot(*at));
            assert!(row.pieces[0].text.len() as u64 <= 2 * LONGEST);
            assert!(std::str::from_utf8(&row.pieces[0].text).is_ok());
        }
        assert!(rows.row(spot(starts[1])).continues);
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_and_both_ways_agree(
            pieces in proptest::collection::vec((0usize..9000, prop_oneof![Just("\n"), Just("ä"), Just("\u{1F980}"), Just("\r\n")]), 0..12)
        ) {
            let bytes: Vec<u8> = pieces.iter().flat_map(|(size, end)| [vec![b'x'; *size], end.as_bytes().to_vec()].concat()).collect();
            let mut rows = lines(bytes.clone());
            let starts = down(&rows);
            prop_assert_eq!(&up(&rows), &starts);
            let ends: Vec<u64> = starts.iter().map(|at| rows.end_of(*at)).collect();
            prop_assert!(ends.iter().zip(starts.iter().skip(1)).all(|(end, next)| end == next));
            prop_assert_eq!(ends.last().copied().unwrap_or(0), bytes.len() as u64);
            while rows.advance(100_000) {}
            let feeds = memchr::memchr_iter(b'\n', &bytes).count() as u64;
            prop_assert!(rows.count().0 == feeds || rows.count().0 == feeds + 1);
            for place in (0..bytes.len() as u64).step_by(997) {
                let row = rows.reveal(place).unwrap().at;
                prop_assert!(row <= place && rows.end_of(row) > place);
            }
        }
    }
}
