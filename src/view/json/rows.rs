//! The rows as they are asked for: with folds, and with what stands behind a break.

use super::walk::Walk;
use super::{Json, NOTICE, REST, is_behind};
use crate::text::units;
use crate::view::find::next_hit;
use crate::view::rows::LONGEST;
use crate::view::{Fold, Folding, Ink, Needle, Piece, Row, Rows, Search, Spot};

/// Brackets opened one by one for something inside them; more are opened all at once.
const OPENED: usize = 100;

/// Members of a folded bracket that are counted; beyond that its size is told.
const COUNTED: usize = 1000;

impl Rows for Json {
    fn first(&self) -> Option<Spot> {
        self.marks.first().map(super::Mark::spot).or_else(|| self.notice())
    }

    fn last(&self) -> Option<Spot> {
        if !self.over {
            return None;
        }
        if let Some(broken) = self.broken {
            let rest = self.rest.last().filter(|_| broken.at < self.text.len());
            let rest = rest.map(|rest| Spot { at: rest.at.max(broken.at), depth: REST });
            return rest.or_else(|| self.notice());
        }
        self.last.map(|last| self.shown(last))
    }

    fn next(&self, spot: Spot) -> Option<Spot> {
        match spot.depth {
            NOTICE => {
                let broken = self.broken?;
                (broken.at < self.text.len()).then_some(Spot { at: broken.at, depth: REST })
            }
            REST => self.rest.next(spot).map(|next| Spot { depth: REST, ..next }),
            _ => {
                let from =
                    if self.scan(spot).1.opens && self.is_closed(spot) { self.closer(spot)? } else { spot };
                self.below(from).or_else(|| self.notice().filter(|_| self.last == Some(from)))
            }
        }
    }

    fn prev(&self, spot: Spot) -> Option<Spot> {
        match spot.depth {
            NOTICE => self.last.map(|last| self.shown(last)),
            REST if self.broken.is_none_or(|broken| spot.at <= broken.at) => self.notice(),
            REST => {
                let start = self.broken?.at;
                self.rest.prev(spot).map(|prev| Spot { at: prev.at.max(start), depth: REST })
            }
            _ => self.above(spot).map(|above| self.shown(above)),
        }
    }

    fn reveal(&mut self, at: u64) -> Option<Spot> {
        if let Some(broken) = self.broken.filter(|broken| at >= broken.at) {
            return self.rest.reveal(at).map(|row| Spot { at: row.at.max(broken.at), depth: REST });
        }
        if !self.over && at >= self.last?.at {
            return None;
        }
        let mark = self.marks.partition_point(|mark| mark.at <= at).saturating_sub(1);
        let spot = self.rows_from(mark).take_while(|row| row.at <= at).last().or_else(|| self.first())?;
        self.open_around(spot);
        Some(spot)
    }

    fn row(&self, spot: Spot) -> Row {
        match spot.depth {
            NOTICE => self.notice_row(),
            REST => self.rest.row(spot),
            _ => self.json_row(spot),
        }
    }

    fn number(&self, spot: Spot) -> Option<u64> {
        if is_behind(spot) {
            return None;
        }
        let index = self.marks.partition_point(|mark| mark.at <= spot.at).checked_sub(1)?;
        let before = self.rows_from(index).take_while(|row| row.at < spot.at).count() as u64;
        Some(self.marks.get(index)?.rows + before)
    }

    fn count(&self) -> (u64, bool) {
        (self.rows, self.over)
    }

    fn advance(&mut self, bytes: usize) -> bool {
        self.go_on(bytes)
    }

    fn found(&self) -> u64 {
        if self.over { u64::MAX } else { self.machine.at() }
    }

    fn find(&self, needle: &Needle, from: u64, forward: bool, budget: usize) -> Search {
        next_hit(&self.text, needle, from, forward, budget)
    }

    fn fold(&mut self, folding: Folding, cursor: Spot) -> Spot {
        match folding {
            Folding::OpenAll | Folding::CloseAll => {
                self.closed = folding == Folding::CloseAll;
                self.turned.clear();
                if self.closed { self.outermost(cursor) } else { cursor }
            }
            Folding::Turn(spot) => {
                let Some(bracket) = self.bracket(spot) else { return cursor };
                let fold = if self.is_closed(bracket) { Fold::Open } else { Fold::Closed };
                self.set(bracket, fold);
                bracket
            }
            Folding::Set(spot, fold) => {
                self.set(spot, fold);
                cursor
            }
        }
    }

    fn parent(&self, spot: Spot) -> Option<Spot> {
        if is_behind(spot) {
            return None;
        }
        let depth = if self.closes(spot) { Some(spot.depth) } else { spot.depth.checked_sub(1) };
        self.opener(spot, depth?)
    }

    fn path(&self, spot: Spot) -> Option<String> {
        if is_behind(spot) { None } else { self.path_of(spot) }
    }

    fn value(&self, spot: Spot) -> Option<Vec<u8>> {
        if is_behind(spot) { None } else { self.value_of(spot) }
    }

    fn trouble(&self) -> Option<String> {
        let broken = self.broken?;
        let place = units::count(broken.at);
        Some(format!("Not valid JSON at byte {place}: {}.", broken.why))
    }
}

impl Json {
    fn notice(&self) -> Option<Spot> {
        self.broken.map(|broken| Spot { at: broken.at, depth: NOTICE })
    }

    fn notice_row(&self) -> Row {
        let (at, why) = self.broken.map(|broken| (broken.at, broken.why)).unwrap_or_default();
        let rest = if at < self.text.len() { "; from here on as it is:" } else { "" };
        let words = format!("byte {}: {why}{rest}", units::count(at));
        Row { pieces: vec![Piece::new(Ink::Notable, words)], ..Row::default() }
    }

    /// The row that is seen for a row whose surroundings are seen: a closing bracket is not when its
    /// opening one is folded.
    fn shown(&self, spot: Spot) -> Spot {
        let has_folds = self.closed || !self.turned.is_empty();
        if !has_folds || !self.closes(spot) {
            return spot;
        }
        self.opener(spot, spot.depth).filter(|opener| self.is_closed(*opener)).unwrap_or(spot)
    }

    fn set(&mut self, spot: Spot, fold: Fold) {
        let differs = self.is_closed(spot) != (fold == Fold::Closed);
        if differs && !self.turned.remove(&spot.at) {
            self.turned.insert(spot.at);
        }
    }

    /// Opens every bracket around a row.
    fn open_around(&mut self, spot: Spot) {
        if !self.closed && self.turned.is_empty() {
            return;
        }
        let mut at = spot;
        for _ in 0..OPENED {
            let Some(parent) = self.parent(at) else { return };
            self.set(parent, Fold::Open);
            at = parent;
        }
        self.fold(Folding::OpenAll, spot);
    }

    /// The row that is left of a row when all is folded.
    fn outermost(&self, spot: Spot) -> Spot {
        let deep = if is_behind(spot) { 0 } else { spot.depth };
        match deep {
            0 => spot,
            1 if self.closes(spot) => self.opener(spot, 1).unwrap_or(spot),
            1 => spot,
            _ => self.opener(spot, 1).unwrap_or(spot),
        }
    }

    fn json_row(&self, spot: Spot) -> Row {
        let (bytes, scan) = self.scan(spot);
        let mut row = Row { depth: spot.depth, hang: 2, ..Row::default() };
        let mut shown = 0;
        for (ink, range) in &scan.tokens {
            let token = bytes.get(range.clone()).unwrap_or_default();
            let room = usize::try_from(LONGEST).unwrap_or(usize::MAX).saturating_sub(shown);
            let cut = token.get(..room).unwrap_or(token);
            row.pieces.push(Piece::new(*ink, cut));
            if token == b":" {
                row.pieces.push(Piece::new(Ink::Plain, " "));
            }
            shown += cut.len();
        }
        let long = scan.next.is_none() || shown < scan.tokens.iter().map(|(_, range)| range.len()).sum();
        if long && shown >= usize::try_from(LONGEST).unwrap_or(usize::MAX) {
            let end = self.below(spot).map_or(self.machine.at(), |below| below.at);
            let more = units::count(end.saturating_sub(spot.at + shown as u64));
            row.pieces.push(Piece::new(Ink::Dim, format!("  … {more} B more: p shows them raw")));
        }
        if scan.opens {
            self.mark_fold(spot, &bytes, scan.value.start, &mut row);
        }
        row
    }

    fn mark_fold(&self, spot: Spot, bytes: &[u8], bracket: usize, row: &mut Row) {
        let closer = self.closer(spot).filter(|_| self.is_closed(spot));
        row.fold = Some(if closer.is_some() { Fold::Closed } else { Fold::Open });
        let Some(closer) = closer else { return };
        let array = bytes.get(bracket) == Some(&b'[');
        let (end, scan) = self.scan(closer);
        row.pieces.push(Piece::new(Ink::Dim, "…"));
        for (ink, range) in scan.tokens {
            row.pieces.push(Piece::new(ink, end.get(range).unwrap_or_default()));
        }
        row.pieces.push(Piece::new(Ink::Dim, format!("  {}", self.extent(spot, closer, array))));
    }

    /// How much a folded bracket holds.
    fn extent(&self, opener: Spot, closer: Spot, array: bool) -> String {
        let members = Walk::new(self, self.below(opener)).take(COUNTED).take_while(|row| row.at < closer.at);
        let rows: Vec<Spot> = members.collect();
        if rows.len() == COUNTED {
            return format!("{}B", units::bytes(closer.at + 1 - opener.at));
        }
        let own = rows.iter().filter(|row| row.depth == opener.depth + 1 && !self.closes(**row)).count();
        let words = if array { ("item", "items") } else { ("member", "members") };
        units::counted(own, words.0, words.1)
    }
}
