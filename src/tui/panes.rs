//! How list and detail share the screen: beside each other or one at a time, and where the line runs.

use super::app::{App, Screen};
use super::layout;
use ratatui::layout::Rect;

/// Columns from which two panes can be asked for.
const NARROWEST: u16 = 80;
/// Columns that each pane keeps.
const LEAST: u16 = 30;
/// Columns by which a key moves the line.
const STEP: u16 = 4;

/// What the person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// Two or one; `None` leaves it to the width.
    two: Option<bool>,
    /// The list's columns of a thousand of the screen's; `None` is the usual share.
    share: Option<u16>,
}

impl Panes {
    /// Whether two panes stand on a screen of this size.
    #[must_use]
    pub fn are_two(self, area: Rect) -> bool {
        let from = if self.two == Some(true) { NARROWEST } else { layout::SPLIT_WIDTH };
        self.two != Some(false) && area.width >= from && area.height >= layout::MIN_HEIGHT
    }

    /// The list's columns.
    #[must_use]
    pub fn columns(self, area: Rect) -> u16 {
        let usual = layout::list_columns(area.width);
        let wanted = self.share.map_or(usual, |share| {
            u16::try_from(u32::from(area.width) * u32::from(share) / 1000).unwrap_or(usual)
        });
        within(wanted, area)
    }

    /// Gives the list so many columns.
    pub fn set_columns(&mut self, columns: u16, area: Rect) {
        // Rounded up, so that the columns are found again.
        let share = (u32::from(within(columns, area)) * 1000).div_ceil(u32::from(area.width.max(1)));
        self.share = u16::try_from(share).ok();
    }
}

fn within(columns: u16, area: Rect) -> u16 {
    columns.clamp(LEAST.min(area.width), area.width.saturating_sub(LEAST + 1).max(LEAST.min(area.width)))
}

/// Whether the layout can be changed on this screen.
#[must_use]
pub fn can_change(app: &App) -> bool {
    app.area.width >= NARROWEST && app.list.index.shown_count() > 0
}

/// One pane becomes two, two become one.
pub fn toggle(app: &mut App) {
    let two = !app.is_split();
    app.acting.panes.two = Some(two);
    if two && app.base == Screen::Detail {
        app.base = Screen::Side;
    }
}

/// More room for the list, or less.
pub fn shift(app: &mut App, wider: bool) {
    let (area, mut panes) = (app.area, app.acting.panes);
    let now = panes.columns(area);
    panes.set_columns(if wider { now.saturating_add(STEP) } else { now.saturating_sub(STEP) }, area);
    app.acting.panes = panes;
}

#[cfg(test)]
mod tests {
    use crate::tui::app::Screen;
    use crate::tui::fake::{self, Stage};

    #[test]
    fn one_pane_or_two_and_the_line_between() {
        let mut stage = Stage::new(140, 40, fake::varied());
        let columns = |stage: &Stage| stage.app.list_places().rows.width;
        assert!(stage.app.is_split());
        stage.press("|");
        assert!(!stage.app.is_split());
        stage.press("|+");
        assert_eq!(columns(&stage), 77 + 4);
        stage.press("__");
        assert_eq!(columns(&stage), 77 - 4);
        stage.press(&"_".repeat(50));
        assert_eq!(columns(&stage), 30);
        stage.press(&"+".repeat(50));
        assert_eq!(columns(&stage), 140 - 31);
    }

    #[test]
    fn two_panes_can_be_asked_for_on_80_columns_and_not_below() {
        let mut stage = Stage::new(80, 24, fake::varied());
        stage.press("<enter>|");
        assert_eq!(stage.app.screen(), Screen::Side);
        stage.resize(79, 24);
        assert_eq!(stage.app.screen(), Screen::Detail);
        stage.press("q|");
        assert!(!stage.app.is_split());
    }
}
