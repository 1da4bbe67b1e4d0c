//! Where things stand, for a size of terminal: pure arithmetic, shared by drawing and by scrolling.

use ratatui::layout::Rect;

/// Columns below which the screen is too small.
pub const MIN_WIDTH: u16 = 40;
/// Lines below which the screen is too small.
pub const MIN_HEIGHT: u16 = 8;
/// Columns from which list and detail stand side by side.
pub const SPLIT_WIDTH: u16 = 120;

/// Lines of the preview under the list, its rule included.
const PREVIEW: u16 = 6;
/// Lines from which there is room for a preview.
const PREVIEW_FROM: u16 = 18;
/// Lines of a detail's head: title, tabs, rule.
const DETAIL_HEAD: u16 = 3;
/// Lines of a text from which there is room for a pane that explains it.
const EXPLAINED_FROM: u16 = 15;
/// Columns of a text from which so many lines do; a narrower one wraps more, and needs more of them.
const EXPLAINED_WIDTH: u16 = 80;
/// Lines of a narrow text from which there is room for the pane.
const EXPLAINED_NARROW_FROM: u16 = 24;
/// Lines of a head that stay in view above a pane that is asked for where there is no room for one.
const ABOVE_SHEET: u16 = 3;

/// The places of the list screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPlaces {
    /// The line on top.
    pub header: Rect,
    /// The filter.
    pub filter: Rect,
    /// The column heads.
    pub heads: Rect,
    /// The rows.
    pub rows: Rect,
    /// The preview under the rows, empty where the detail stands beside them.
    pub preview: Rect,
    /// The line between list and detail, empty when there is none.
    pub divider: Rect,
    /// The detail beside the list, empty when there is none.
    pub side: Rect,
    /// The keys.
    pub footer: Rect,
}

/// The list screen; the list has so many columns where the detail stands beside it.
#[must_use]
pub fn beside(area: Rect, columns: Option<u16>) -> ListPlaces {
    let split = columns.is_some();
    let (header, rest) = top(area, 1);
    let (filter, rest) = top(rest, 1);
    let (middle, footer) = bottom(rest, 1);
    let columns = columns.unwrap_or(area.width).min(area.width);
    let (left, right) = (Rect { width: columns, ..middle }, shifted(middle, columns));
    let (heads, below) = top(left, 1);
    let preview = if split || area.height < PREVIEW_FROM { 0 } else { PREVIEW };
    let (rows, preview) = bottom(below, preview);
    let divider = Rect { width: right.width.min(1), ..right };
    ListPlaces { header, filter, heads, rows, preview, divider, side: shifted(right, 1), footer }
}

/// The detail screen: what is shown, and the keys.
#[must_use]
pub fn detail(area: Rect) -> (Rect, Rect) {
    bottom(area, 1)
}

/// A detail's head and its text.
#[must_use]
pub fn detail_parts(area: Rect) -> (Rect, Rect) {
    top(area, DETAIL_HEAD)
}

/// So many lines of a head and the pane that explains them, which has the room that they leave. Where there is
/// hardly room for the lines there is no pane until it is asked for, and then it is a sheet over most of them.
#[must_use]
pub fn explained(text: Rect, tall: bool, lines: usize) -> (Rect, Rect) {
    let left = text.height.saturating_sub(u16::try_from(lines).unwrap_or(u16::MAX));
    let height = match (has_room(text), tall, text.height) {
        (true, false, height) => (height * 2 / 5).clamp(7, 16).max(left),
        (true, true, height) => (height * 3 / 4).max(left),
        (false, false, _) => 0,
        (false, true, height) if height >= 3 * ABOVE_SHEET => height - ABOVE_SHEET,
        (false, true, height) => height,
    };
    bottom(text, height)
}

/// Whether lines and pane find room beneath each other.
#[must_use]
pub fn has_room(text: Rect) -> bool {
    let from = if text.width < EXPLAINED_WIDTH { EXPLAINED_NARROW_FROM } else { EXPLAINED_FROM };
    text.height >= from
}

/// Whether a size is too small to be of use.
#[must_use]
pub fn too_small(area: Rect) -> bool {
    area.width < MIN_WIDTH || area.height < MIN_HEIGHT
}

/// A little more than half, as rows need it more.
#[must_use]
pub fn list_columns(width: u16) -> u16 {
    u16::try_from(u32::from(width) * 55 / 100).unwrap_or(width)
}

fn top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

fn bottom(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let (upper, lower) = top(area, area.height - height);
    (upper, lower)
}

fn shifted(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_fill_the_screen_and_do_not_overlap() {
        for (width, height) in [(0, 0), (1, 1), (3, 2), (40, 8), (80, 24), (140, 40), (300, 80)] {
            for split in [None, Some(0), Some(list_columns(width)), Some(u16::MAX)] {
                let area = Rect::new(0, 0, width, height);
                let places = beside(area, split);
                let all = [
                    places.header,
                    places.filter,
                    places.heads,
                    places.rows,
                    places.preview,
                    places.divider,
                    places.side,
                    places.footer,
                ];
                let cells: u32 = all.iter().map(|place| place.area()).sum();
                assert_eq!(cells, area.area(), "{width}x{height} {split:?}");
                assert!(all.iter().all(|place| area.union(*place) == area));
            }
        }
    }
}
