//! Which exchanges the list holds: their numbers in order, eight bytes a row.
//!
//! A million rows are a vector of numbers; a position is found by halving, a new row is
//! pushed at the end, and everything else about a row is fetched when it is in view.

use super::source::Row;
use std::cmp::Ordering;

/// The numbers of the exchanges seen, those shown apart from those that are noise.
#[derive(Clone, Debug, Default)]
pub struct Index {
    shown: Vec<u64>,
    noise: Vec<u64>,
    failed: Vec<u64>,
    noise_shown: bool,
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
    /// Takes in a row, new or changed.
    pub fn note(&mut self, row: Row) -> Moved {
        let id = row.id.0;
        keep(&mut self.failed, id, row.failed);
        keep(&mut self.noise, id, row.noise);
        keep(&mut self.shown, id, self.noise_shown || !row.noise)
    }

    /// Takes in rows that were there before, in rising order; what is known already is newer.
    pub fn load(&mut self, rows: &[Row]) {
        let known = |list: &[u64], id: u64| list.last() >= Some(&id) && list.binary_search(&id).is_ok();
        let new: Vec<&Row> = rows
            .iter()
            .filter(|row| !known(&self.shown, row.id.0) && !known(&self.noise, row.id.0))
            .collect();
        let ids = |wanted: &dyn Fn(&Row) -> bool| -> Vec<u64> {
            new.iter().filter(|row| wanted(row)).map(|row| row.id.0).collect()
        };
        let noise_shown = self.noise_shown;
        merge(&mut self.failed, &ids(&|row| row.failed));
        merge(&mut self.noise, &ids(&|row| row.noise));
        merge(&mut self.shown, &ids(&|row| noise_shown || !row.noise));
    }

    /// Shows noise, or hides it.
    pub fn toggle_noise(&mut self) {
        self.noise_shown = !self.noise_shown;
        if self.noise_shown {
            merge(&mut self.shown, &self.noise);
        } else {
            let noise = &self.noise;
            self.shown.retain(|id| noise.binary_search(id).is_err());
        }
    }

    /// Whether noise is among the rows shown.
    #[must_use]
    pub fn noise_shown(&self) -> bool {
        self.noise_shown
    }

    /// Rows shown.
    #[must_use]
    pub fn shown_count(&self) -> usize {
        self.shown.len()
    }

    /// Rows that are noise, shown or not.
    #[must_use]
    pub fn noise_count(&self) -> usize {
        self.noise.len()
    }

    /// All exchanges seen.
    #[must_use]
    pub fn seen_count(&self) -> usize {
        if self.noise_shown { self.shown.len() } else { self.shown.len() + self.noise.len() }
    }

    /// Exchanges that count as errors.
    #[must_use]
    pub fn failed_count(&self) -> usize {
        self.failed.len()
    }

    /// The number at a position.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<u64> {
        self.shown.get(position).copied()
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
        Row { id: ExchangeId(id), noise, failed }
    }

    #[test]
    fn rows_may_arrive_out_of_order_and_change_their_mind() {
        let mut index = Index::default();
        assert_eq!(index.note(row(5, false, false)), Moved::In(0));
        assert_eq!(index.note(row(3, false, true)), Moved::In(0));
        assert_eq!(index.note(row(3, false, false)), Moved::Nothing);
        assert_eq!(index.failed_count(), 0);
        assert_eq!(index.note(row(5, true, false)), Moved::Out(1));
        assert_eq!((index.seen_count(), index.shown_count()), (2, 1));
        index.toggle_noise();
        assert_eq!(index.window(0, 9), [3, 5]);
        index.toggle_noise();
        assert_eq!(index.window(0, 9), [3]);
    }

    #[test]
    fn rows_loaded_late_do_not_override_what_is_known() {
        let mut index = Index::default();
        index.note(row(7, false, true));
        index.note(row(9, true, false));
        index.load(&[row(3, false, true), row(7, false, false), row(8, true, false), row(9, false, false)]);
        assert_eq!(index.window(0, 9), [3, 7]);
        assert_eq!((index.failed_count(), index.noise_count(), index.seen_count()), (2, 2, 4));
    }

    proptest! {
        #[test]
        fn the_list_is_what_the_last_word_on_each_row_says(
            steps in proptest::collection::vec((0u64..20, any::<bool>(), any::<bool>(), any::<bool>()), 0..60)
        ) {
            let (mut index, mut model) = (Index::default(), BTreeMap::new());
            for (id, noise, failed, toggle) in steps {
                index.note(row(id, noise, failed));
                model.insert(id, (noise, failed));
                if toggle {
                    index.toggle_noise();
                }
                let shown: Vec<u64> =
                    model.iter().filter(|(_, row)| index.noise_shown() || !row.0).map(|(id, _)| *id).collect();
                prop_assert_eq!(index.window(0, 99), shown);
                prop_assert_eq!(index.seen_count(), model.len());
                prop_assert_eq!(index.failed_count(), model.values().filter(|row| row.1).count());
            }
        }
    }
}
