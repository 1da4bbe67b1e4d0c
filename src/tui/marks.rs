//! Marking, deleting and notes, with the way back: what a person did to rows, undone step by step.
//!
//! The rows change at once here and the deed goes to the capture; only rows that really changed are
//! remembered, so that undoing is the exact inverse.

use super::app::App;
use super::filter;
use super::index::Mark;
use super::source::Deed;
use super::update::Effect;
use crate::exchange::{ExchangeId, Flags, Note};
use crate::text::units;

/// Steps that can be undone.
const STEPS: usize = 200;
/// Rows in all of them together.
const ROWS: usize = 4_000_000;

/// What was done, the last thing last.
#[derive(Debug, Default)]
pub struct Marks {
    done: Vec<Done>,
    /// Where a range begins, while one is being chosen.
    pub range: Option<u64>,
}

#[derive(Debug)]
enum Done {
    Marked { ids: Vec<u64>, mark: Mark, on: bool },
    Noted { id: u64, before: Option<Note> },
}

impl Done {
    fn rows(&self) -> usize {
        match self {
            Self::Marked { ids, .. } => ids.len(),
            Self::Noted { .. } => 1,
        }
    }
}

impl Marks {
    /// Whether there is anything to undo.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    fn remember(&mut self, done: Done) {
        self.done.push(done);
        let rows = |all: &[Done]| all.iter().map(Done::rows).sum::<usize>();
        while self.done.len() > 1 && (self.done.len() > STEPS || rows(&self.done) > ROWS) {
            self.done.remove(0);
        }
    }
}

/// Marks the row under the cursor, or takes its mark away.
pub fn toggle(app: &mut App) -> Option<Effect> {
    let id = app.list.cursor?;
    let on = !app.list.index.is_marked(id);
    set(app, &[id], Mark::Marked, on)
}

/// The same, and on to the next row.
pub fn toggle_and_move(app: &mut App) -> Option<Effect> {
    let next = app.list.position() + 1;
    let gone = app.list.index.only_marked();
    let effect = toggle(app);
    // Where the row went away, the next one has come to its place.
    app.list.move_to(if gone { next - 1 } else { next });
    effect
}

/// Begins a range, or marks the rows from where it began to here.
pub fn range(app: &mut App) -> Option<Effect> {
    let Some(from) = app.marks.range.take() else {
        app.marks.range = app.list.cursor;
        app.list.set_follow(false);
        return None;
    };
    let ids = app.list.between(from).to_vec();
    set(app, &ids, Mark::Marked, true)
}

/// Takes all marks away.
pub fn clear(app: &mut App) -> Option<Effect> {
    let marked = app.list.index.marked();
    let effect = set(app, &marked, Mark::Marked, false);
    if effect.is_some() {
        app.message = Some(format!("{} no longer marked: u brings the marks back", rows(marked.len())));
    }
    effect
}

/// Deletes the marked rows, else the one under the cursor.
pub fn delete(app: &mut App) -> Option<Effect> {
    let mut ids = app.list.index.marked();
    if ids.is_empty() {
        ids.extend(app.list.cursor);
    }
    let unseen = ids.iter().filter(|id| !app.list.index.is_shown(**id)).count();
    let effect = set(app, &ids, Mark::Deleted, true);
    let what = match (ids.as_slice(), unseen) {
        ([id], 0) => format!("#{id}"),
        (_, 0) => rows(ids.len()),
        (_, unseen) => format!("{}, {unseen} of them not in view,", rows(ids.len())),
    };
    app.message = Some(format!("{what} deleted: u brings back"));
    effect
}

/// Deletes all rows shown.
pub fn clear_list(app: &mut App) -> Option<Effect> {
    let ids = app.list.index.shown().to_vec();
    let effect = set(app, &ids, Mark::Deleted, true);
    app.message = Some(format!("{} deleted: u brings back", rows(ids.len())));
    effect
}

/// Takes the last step back.
pub fn undo(app: &mut App) -> Option<Effect> {
    let (ids, mark, on) = match app.marks.done.pop()? {
        Done::Marked { ids, mark, on } => (ids, mark, on),
        Done::Noted { id, before } => {
            let how = if before.is_some() { "as it was before" } else { "gone" };
            app.message = Some(format!("the note on #{id} is {how}"));
            return Some(write(app, id, before));
        }
    };
    let what = match (mark, on) {
        (Mark::Deleted, _) => "back",
        (Mark::Marked, true) => "no longer marked",
        (Mark::Marked, false) => "marked again",
    };
    app.message = Some(format!("{} {what}", rows(ids.len())));
    let changed = apply(app, &ids, mark, !on);
    deed(&changed, mark, !on)
}

/// Writes a note on an exchange that is known, or takes it away; nothing where it is there already.
pub fn note(app: &mut App, id: u64, note: Option<Note>) -> Option<Effect> {
    let before = app.list.summaries.get(&id)?.note.clone();
    if before == note {
        return None;
    }
    app.marks.remember(Done::Noted { id, before });
    Some(write(app, id, note))
}

fn write(app: &mut App, id: u64, note: Option<Note>) -> Effect {
    if let Some(mut summary) = app.list.summaries.get(&id).cloned() {
        summary.set_note(note.clone());
        let found = app.filter.means(&summary);
        app.list.change(summary, found);
    }
    Effect::Do(Deed::Note { id: ExchangeId(id), note })
}

fn set(app: &mut App, ids: &[u64], mark: Mark, on: bool) -> Option<Effect> {
    let changed = apply(app, ids, mark, on);
    let effect = deed(&changed, mark, on)?;
    app.marks.remember(Done::Marked { ids: changed, mark, on });
    Some(effect)
}

/// Changes the rows here; those that stood otherwise.
fn apply(app: &mut App, ids: &[u64], mark: Mark, on: bool) -> Vec<u64> {
    let changed = app.list.mark(ids, mark, on);
    let may_come_back = match mark {
        Mark::Deleted => !on,
        Mark::Marked => on && app.list.index.only_marked(),
    };
    if may_come_back {
        filter::consider(app, &changed);
    }
    changed
}

fn deed(ids: &[u64], mark: Mark, on: bool) -> Option<Effect> {
    let ids: Vec<_> = ids.iter().copied().map(ExchangeId).collect();
    let deed = Deed::Flag { ids, flag: flag(mark), on };
    (!matches!(&deed, Deed::Flag { ids, .. } if ids.is_empty())).then_some(Effect::Do(deed))
}

/// The flag in the capture.
#[must_use]
pub fn flag(mark: Mark) -> Flags {
    match mark {
        Mark::Marked => Flags::MARKED,
        Mark::Deleted => Flags::HIDDEN,
    }
}

fn rows(count: usize) -> String {
    units::counted(count, "row", "rows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::{self, Stage};
    use proptest::prelude::*;

    fn stage(rows: u64) -> Stage {
        Stage::new(80, 24, (1..=rows).map(fake::passed).collect())
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what a key brings")]
    fn flagged(ids: &[u64], flag: Flags, on: bool) -> Option<Effect> {
        Some(Effect::Do(Deed::Flag { ids: ids.iter().copied().map(ExchangeId).collect(), flag, on }))
    }

    #[test]
    fn m_marks_and_takes_the_mark_away() {
        let mut stage = stage(3);
        assert_eq!(stage.press("km"), flagged(&[2], Flags::MARKED, true));
        assert_eq!(stage.press("m"), flagged(&[2], Flags::MARKED, false));
        assert_eq!(stage.press("u"), flagged(&[2], Flags::MARKED, true));
        assert_eq!(stage.app.list.index.marked(), [2]);
    }

    #[test]
    fn space_marks_and_moves_and_capital_m_shows_only_those() {
        let mut stage = stage(5);
        stage.press("g  j M");
        assert_eq!(stage.app.list.index.shown(), [1, 2, 4]);
        stage.press("g ");
        assert_eq!((stage.app.list.index.shown(), stage.app.list.cursor), (&[2, 4][..], Some(2)));
        stage.press("M");
        assert_eq!(stage.app.list.index.shown_count(), 5);
    }

    #[test]
    fn a_range_is_marked_in_either_direction_and_esc_leaves_it() {
        let mut stage = stage(9);
        stage.press("gjvjj");
        assert_eq!(stage.app.list.between(2), [2, 3, 4]);
        stage.press("v");
        assert_eq!(stage.app.list.index.marked(), [2, 3, 4]);
        stage.press("Gvkkv");
        assert_eq!(stage.app.list.index.marked(), [2, 3, 4, 7, 8, 9]);
        stage.press("v<esc>");
        assert_eq!((stage.app.marks.range, stage.app.list.index.marked_count()), (None, 6));
        assert_eq!(stage.press("<esc>"), flagged(&[2, 3, 4, 7, 8, 9], Flags::MARKED, false));
    }

    #[test]
    fn delete_takes_the_marked_else_the_current_and_undo_goes_back_step_by_step() {
        let mut stage = stage(6);
        stage.press("gj");
        assert_eq!(stage.press("D"), flagged(&[2], Flags::HIDDEN, true));
        assert_eq!((stage.app.list.cursor, stage.app.list.index.seen_count()), (Some(3), 5));
        assert_eq!(stage.app.message.as_deref(), Some("#2 deleted: u brings back"));
        stage.press("m");
        stage.press("jm");
        assert_eq!(stage.press("D"), flagged(&[3, 4], Flags::HIDDEN, true));
        assert_eq!(stage.press("<ctrl-x>"), flagged(&[1, 5, 6], Flags::HIDDEN, true));
        assert_eq!(stage.app.list.index.seen_count(), 0);
        assert_eq!(stage.press("u"), flagged(&[1, 5, 6], Flags::HIDDEN, false));
        stage.press("uuuu");
        assert_eq!((stage.app.list.index.shown_count(), stage.app.list.index.marked_count()), (6, 0));
        assert_eq!(stage.press("u"), None);
    }

    #[test]
    fn under_a_filter_only_what_is_shown_is_cleared_and_undo_shows_only_what_is_meant() {
        let mut stage = Stage::new(80, 24, fake::varied());
        stage.press("/cart<enter>");
        let all = stage.app.list.index.shown().to_vec();
        stage.press("<ctrl-x>");
        assert_eq!(stage.app.list.index.shown_count(), 0);
        stage.press("/<ctrl-u>v1/cart<enter>u");
        assert!(stage.app.list.index.shown_count() > 0);
        assert!(stage.app.list.index.shown_count() < all.len());
        stage.press("<esc>");
        assert_eq!(stage.app.list.index.seen_count(), fake::varied().len());
    }

    #[test]
    fn what_comes_later_about_a_deleted_row_leaves_it_deleted() {
        let mut stage = stage(3);
        stage.press("D");
        // The capture has it by now.
        stage.change(fake::with(3, |summary| summary.flags.add(Flags::HIDDEN)));
        assert_eq!(stage.app.list.index.shown(), [1, 2]);
    }

    proptest! {
        #[test]
        fn undoing_everything_brings_everything_back(
            keys in proptest::collection::vec(
                prop_oneof![
                    Just("m"), Just(" "), Just("D"), Just("v"), Just("j"), Just("k"), Just("g"), Just("G"), Just("M"),
                    Just("<ctrl-x>"), Just("/7<enter>"), Just("<esc>"), Just("u"), Just("<ctrl-t>")
                ], 0..40),
        ) {
            let mut stage = stage(30);
            for key in keys {
                stage.press(key);
            }
            while stage.app.marks.can_undo() {
                stage.press("u");
            }
            stage.press("<esc><esc>");
            if stage.app.list.index.only_marked() {
                stage.press("M");
            }
            prop_assert_eq!(stage.app.list.index.shown(), (1..=30).collect::<Vec<u64>>());
            prop_assert_eq!(stage.app.list.index.marked_count(), 0);
        }
    }
}
