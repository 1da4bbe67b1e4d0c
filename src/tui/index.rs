//! Which exchanges the list holds, and which of them it shows: sixteen bytes a row.
//!
//! A million rows are two vectors of numbers: all rows, each number with its bits beside it, and those
//! shown. A position is found by halving, a new row is pushed at the end, and everything else about a
//! row is fetched when it is in view. Nothing here goes over all rows for a key that moves, or for a row
//! that comes: only what changes the choice of rows does.

use super::source::Row;
use std::cmp::Ordering;

/// Bits beside a number.
const BITS: u32 = 6;
const NOISE: u64 = 1;
const FAILED: u64 = 1 << 1;
const MARKED: u64 = 1 << 2;
const DELETED: u64 = 1 << 3;
/// A number above this is none that hopscope gives.
const MOST: u64 = u64::MAX >> BITS;
/// From this many on, rows are changed in one go over all.
const MANY: usize = 64;

/// A mark of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Marked.
    Marked,
    /// Deleted: not shown, and not counted.
    Deleted,
}

/// The numbers of the exchanges seen, and of those shown.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Rising; a number above its bits.
    rows: Vec<u64>,
    /// Rising numbers.
    shown: Vec<u64>,
    counts: Counts,
    noise_shown: bool,
    only_marked: bool,
    /// Whether only what is found is shown.
    filtered: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    noise: usize,
    failed: usize,
    marked: usize,
    deleted: usize,
}

/// What a row's arrival did to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Nothing.
    Nothing,
    /// A row is new at this position.
    In(usize),
    /// The row at this position went away.
    Out(usize),
}

impl Index {
    /// Takes in a row, new or changed. `found` says whether a filter means it; `None` leaves that as it is.
    pub fn note(&mut self, row: Row, found: Option<bool>) -> Moved {
        let id = row.id.0;
        if id > MOST {
            return Moved::Nothing;
        }
        let bits = bits_of(row);
        match self.place(id) {
            Ok(at) => {
                let before = std::mem::replace(&mut self.rows[at], id << BITS | bits);
                self.counts.count(before, false);
            }
            Err(at) => self.rows.insert(at, id << BITS | bits),
        }
        self.counts.count(bits, true);
        let found = match found {
            _ if !self.filtered => true,
            Some(found) => found,
            None => self.is_shown(id),
        };
        let wanted = found && self.may_show(bits);
        keep(&mut self.shown, id, wanted)
    }

    /// Takes in rows that were there before, in rising order; what is known already is newer.
    pub fn load(&mut self, rows: &[Row]) {
        let known = |row: &Row| row.id.0 > MOST || self.place(row.id.0).is_ok();
        let new: Vec<u64> =
            rows.iter().filter(|row| !known(row)).map(|row| row.id.0 << BITS | bits_of(*row)).collect();
        for row in &new {
            self.counts.count(*row, true);
        }
        if !self.filtered {
            let shown: Vec<u64> =
                new.iter().filter(|row| self.may_show(**row)).map(|row| row >> BITS).collect();
            merge(&mut self.shown, &shown);
        }
        merge(&mut self.rows, &new);
    }

    /// Sets or clears a mark; returns the rows that stood otherwise. Where a filter is in force, rows that
    /// come back have to be looked through before they are shown.
    pub fn mark(&mut self, ids: &[u64], mark: Mark, on: bool) -> Vec<u64> {
        let bit = mark.bit();
        let mut changed = Vec::new();
        for id in ids {
            let Ok(at) = self.place(*id) else { continue };
            let before = self.rows[at];
            let after = if on { before | bit } else { before & !bit };
            if before != after {
                self.rows[at] = after;
                self.counts.count(before, false);
                self.counts.count(after, true);
                changed.push(*id);
            }
        }
        self.show_again(&changed);
        changed
    }

    fn show_again(&mut self, changed: &[u64]) {
        if changed.len() > MANY {
            self.rebuild();
            return;
        }
        for id in changed {
            let may = self.bits(*id).is_some_and(|bits| self.may_show(bits));
            let found = !self.filtered || self.is_shown(*id);
            keep(&mut self.shown, *id, found && may);
        }
    }

    /// From now on only what is found is shown, to begin with nothing.
    pub fn begin_filter(&mut self) {
        self.filtered = true;
        self.shown.clear();
    }

    /// All rows are shown again.
    pub fn end_filter(&mut self) {
        self.filtered = false;
        self.rebuild();
    }

    /// Rows that a filter means, rising.
    pub fn found(&mut self, ids: &[u64]) {
        let may = |id: &&u64| self.bits(**id).is_some_and(|bits| self.may_show(bits)) && !self.is_shown(**id);
        let new: Vec<u64> = ids.iter().filter(may).copied().collect();
        if self.filtered {
            merge(&mut self.shown, &new);
        }
    }

    /// Shows noise, or hides it. Where a filter is in force, what comes back has to be found again.
    pub fn toggle_noise(&mut self) {
        self.noise_shown = !self.noise_shown;
        self.rebuild();
    }

    /// Shows only marked rows, or all. Where a filter is in force, what comes back has to be found again.
    pub fn toggle_only_marked(&mut self) {
        self.only_marked = !self.only_marked;
        self.rebuild();
    }

    /// Chooses the rows shown anew; under a filter from those shown before.
    fn rebuild(&mut self) {
        if self.filtered {
            let mut shown = std::mem::take(&mut self.shown);
            shown.retain(|id| self.bits(*id).is_some_and(|bits| self.may_show(bits)));
            self.shown = shown;
        } else {
            let shown = self.rows.iter().filter(|row| self.may_show(**row)).map(|row| row >> BITS);
            self.shown = shown.collect();
        }
    }

    fn may_show(&self, bits: u64) -> bool {
        bits & DELETED == 0
            && (self.noise_shown || bits & NOISE == 0)
            && (!self.only_marked || bits & MARKED != 0)
    }

    fn bits(&self, id: u64) -> Option<u64> {
        self.place(id).ok().and_then(|at| self.rows.get(at)).copied()
    }

    fn place(&self, id: u64) -> Result<usize, usize> {
        match self.rows.last().map_or(Ordering::Greater, |last| id.cmp(&(last >> BITS))) {
            Ordering::Greater => Err(self.rows.len()),
            Ordering::Equal => Ok(self.rows.len() - 1),
            Ordering::Less => self.rows.binary_search_by_key(&id, |row| row >> BITS),
        }
    }

    /// Whether noise is among the rows shown.
    #[must_use]
    pub fn noise_shown(&self) -> bool {
        self.noise_shown
    }

    /// Whether only marked rows are shown.
    #[must_use]
    pub fn only_marked(&self) -> bool {
        self.only_marked
    }

    /// Rows shown.
    #[must_use]
    pub fn shown_count(&self) -> usize {
        self.shown.len()
    }

    /// Rows that are noise, shown or not.
    #[must_use]
    pub fn noise_count(&self) -> usize {
        self.counts.noise
    }

    /// All exchanges seen, but for those deleted.
    #[must_use]
    pub fn seen_count(&self) -> usize {
        self.rows.len() - self.counts.deleted
    }

    /// Exchanges that count as errors.
    #[must_use]
    pub fn failed_count(&self) -> usize {
        self.counts.failed
    }

    /// Exchanges marked.
    #[must_use]
    pub fn marked_count(&self) -> usize {
        self.counts.marked
    }

    /// Exchanges deleted.
    #[must_use]
    pub fn deleted_count(&self) -> usize {
        self.counts.deleted
    }

    /// The marked ones, rising.
    #[must_use]
    pub fn marked(&self) -> Vec<u64> {
        let marked = self.rows.iter().filter(|row| *row & (MARKED | DELETED) == MARKED);
        marked.map(|row| row >> BITS).collect()
    }

    /// Whether a row is marked.
    #[must_use]
    pub fn is_marked(&self, id: u64) -> bool {
        self.bits(id).is_some_and(|bits| bits & MARKED != 0)
    }

    /// Whether a row is among those shown.
    #[must_use]
    pub fn is_shown(&self, id: u64) -> bool {
        self.shown.last().is_some_and(|last| *last >= id) && self.shown.binary_search(&id).is_ok()
    }

    /// All numbers shown, rising.
    #[must_use]
    pub fn shown(&self) -> &[u64] {
        &self.shown
    }

    /// The number at a position.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<u64> {
        self.shown.get(position).copied()
    }

    /// How many of these are known, and would be shown if they were found.
    #[must_use]
    pub fn countable(&self, ids: &[u64]) -> usize {
        ids.iter().filter(|id| self.bits(**id).is_some_and(|bits| self.may_show(bits))).count()
    }

    /// The newest number shown.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.shown.last().copied()
    }

    /// Where a number is, or where it would be.
    #[must_use]
    pub fn position(&self, id: u64) -> usize {
        self.shown.binary_search(&id).unwrap_or_else(|at| at)
    }

    /// The numbers of a stretch of rows.
    #[must_use]
    pub fn window(&self, top: usize, height: usize) -> &[u64] {
        let end = top.saturating_add(height).min(self.shown.len());
        self.shown.get(top..end).unwrap_or_default()
    }
}

impl Mark {
    fn bit(self) -> u64 {
        match self {
            Self::Marked => MARKED,
            Self::Deleted => DELETED,
        }
    }
}

impl Counts {
    /// Deleted rows count as nothing else.
    fn count(&mut self, bits: u64, on: bool) {
        let change = |count: &mut usize, is: bool| match (is, on) {
            (true, true) => *count += 1,
            (true, false) => *count -= 1,
            _ => {}
        };
        let here = bits & DELETED == 0;
        change(&mut self.deleted, !here);
        change(&mut self.noise, here && bits & NOISE != 0);
        change(&mut self.failed, here && bits & FAILED != 0);
        change(&mut self.marked, here && bits & MARKED != 0);
    }
}

fn bits_of(row: Row) -> u64 {
    let bit = |is: bool, bit: u64| if is { bit } else { 0 };
    bit(row.noise, NOISE) | bit(row.failed, FAILED) | bit(row.marked, MARKED) | bit(row.deleted, DELETED)
}

/// Puts rising numbers into a rising list.
fn merge(list: &mut Vec<u64>, ids: &[u64]) {
    let behind = list.last() < ids.first();
    list.extend_from_slice(ids);
    if !behind {
        #[expect(clippy::stable_sort_primitive, reason = "merges the two rising runs in one pass")]
        list.sort();
    }
}

/// Sees to it that a rising list holds a number, or does not.
fn keep(list: &mut Vec<u64>, id: u64, wanted: bool) -> Moved {
    let found = match list.last().map_or(Ordering::Greater, |last| id.cmp(last)) {
        Ordering::Greater => Err(list.len()),
        Ordering::Equal => Ok(list.len() - 1),
        Ordering::Less => list.binary_search(&id),
    };
    match (found, wanted) {
        (Err(at), true) => {
            list.insert(at, id);
            Moved::In(at)
        }
        (Ok(at), false) => {
            list.remove(at);
            Moved::Out(at)
        }
        _ => Moved::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ExchangeId;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn row(id: u64, noise: bool, failed: bool) -> Row {
        Row { id: ExchangeId(id), noise, failed, marked: false, deleted: false }
    }

    #[test]
    fn rows_may_arrive_out_of_order_and_change_their_mind() {
        let mut index = Index::default();
        assert_eq!(index.note(row(5, false, false), None), Moved::In(0));
        assert_eq!(index.note(row(3, false, true), None), Moved::In(0));
        assert_eq!(index.note(row(3, false, false), None), Moved::Nothing);
        assert_eq!(index.failed_count(), 0);
        assert_eq!(index.note(row(5, true, false), None), Moved::Out(1));
        assert_eq!((index.seen_count(), index.shown_count()), (2, 1));
        index.toggle_noise();
        assert_eq!(index.window(0, 9), [3, 5]);
        index.toggle_noise();
        assert_eq!(index.window(0, 9), [3]);
    }

    #[test]
    fn rows_loaded_late_do_not_override_what_is_known() {
        let mut index = Index::default();
        index.note(row(7, false, true), None);
        index.note(row(9, true, false), None);
        index.load(&[row(3, false, true), row(7, false, false), row(8, true, false), row(9, false, false)]);
        assert_eq!(index.window(0, 9), [3, 7]);
        assert_eq!((index.failed_count(), index.noise_count(), index.seen_count()), (2, 2, 4));
    }

    #[test]
    fn a_number_beyond_all_counting_is_left_out() {
        let mut index = Index::default();
        assert_eq!(index.note(row(u64::MAX, false, false), None), Moved::Nothing);
        index.load(&[row(MOST + 1, false, false), row(MOST, false, false)]);
        assert_eq!(index.window(0, 9), [MOST]);
    }

    #[test]
    fn many_marks_at_once_do_what_each_would() {
        let ids: Vec<u64> = (1..=500).collect();
        let rows: Vec<Row> = ids.iter().map(|id| row(*id, false, id % 2 == 0)).collect();
        let (mut one, mut many) = (Index::default(), Index::default());
        one.load(&rows);
        many.load(&rows);
        let even: Vec<u64> = ids.iter().copied().filter(|id| id % 2 == 0).collect();
        assert_eq!(many.mark(&even, Mark::Deleted, true), even);
        for id in &even {
            one.mark(&[*id], Mark::Deleted, true);
        }
        assert_eq!((one.shown(), one.counts), (many.shown(), many.counts));
        assert_eq!((many.failed_count(), many.seen_count(), many.deleted_count()), (0, 250, 250));
    }

    type Step = (u64, [bool; 4], bool, u8);

    proptest! {
        #[test]
        fn the_list_is_what_the_last_word_on_each_row_says(
            steps in proptest::collection::vec((0u64..20, any::<[bool; 4]>(), any::<bool>(), 0u8..8), 0..60)
        ) {
            let (mut index, mut model) = (Index::default(), BTreeMap::new());
            for (id, [noise, failed, marked, deleted], found, turn) in steps as Vec<Step> {
                let row = Row { id: ExchangeId(id), noise, failed, marked, deleted };
                index.note(row, Some(found));
                model.insert(id, (row, found));
                match turn {
                    0 => index.toggle_noise(),
                    1 => index.toggle_only_marked(),
                    2 => index.begin_filter(),
                    3 => index.end_filter(),
                    4 => {
                        index.mark(&[id], Mark::Marked, !marked);
                        model.entry(id).and_modify(|(row, _)| row.marked = !marked);
                    }
                    5 => {
                        index.mark(&[id], Mark::Deleted, !deleted);
                        model.entry(id).and_modify(|(row, _)| row.deleted = !deleted);
                    }
                    _ => {}
                }
                // What the filter means, as a scan over all rows would bring it.
                let found: Vec<u64> = model.iter().filter(|(_, (_, found))| *found).map(|(id, _)| *id).collect();
                index.found(&found);
                let shown: Vec<u64> = model
                    .iter()
                    .filter(|(_, (row, found))| {
                        !row.deleted
                            && (index.noise_shown || !row.noise)
                            && (!index.only_marked || row.marked)
                            && (!index.filtered || *found)
                    })
                    .map(|(id, _)| *id)
                    .collect();
                prop_assert_eq!(index.window(0, 99), shown);
                let here = || model.values().map(|(row, _)| row).filter(|row| !row.deleted);
                prop_assert_eq!(index.seen_count(), here().count());
                prop_assert_eq!(index.failed_count(), here().filter(|row| row.failed).count());
                prop_assert_eq!(index.marked_count(), index.marked().len());
            }
        }
    }
}
