//! The filter's line, and what stands in the place of rows when the filter means none of them.

use super::app::App;
use super::page::Page;
use super::paint::Pane;
use super::typing::Purpose;
use crate::text::{sanitize_bounded, units, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws the line under the header: the filter being typed, in force, off, or how to begin one.
pub fn draw_filter(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    let theme = app.theme;
    let remark = remark(app);
    let end = pane.width().saturating_sub(1);
    let room = end.saturating_sub(3 + width::columns(&remark) + 2);
    let typing = app.typing.as_ref().filter(|typing| typing.purpose == Purpose::Filter);
    let lit = typing.is_some() || app.filter.in_force().is_some();
    pane.text(1, 0, "/", if lit { theme.name() } else { theme.dim() });
    match typing {
        Some(typing) => typing.draw(&mut pane, 3, 0, theme.strong()),
        None if app.filter.text().is_empty() => {
            let words = [
                "type to filter — words match anywhere, or status:4xx host:api size>10k",
                "to filter — words anywhere",
                "filter",
            ];
            let words = words.into_iter().find(|words| width::columns(words) <= room).unwrap_or_default();
            pane.text(3, 0, words, theme.dim());
        }
        None => {
            let style = if app.filter.is_off() { theme.dim() } else { theme.strong() };
            let text = sanitize_bounded(app.filter.text(), 4096);
            pane.text(3, 0, &width::cut(&text, room, "…"), style);
        }
    }
    let style = if app.filter.is_off() || app.marks.range.is_some() { theme.notable() } else { theme.dim() };
    pane.right(end, 0, &remark, style);
}

/// At the right: a range being chosen, how far the search is, or that the filter is off.
fn remark(app: &App) -> String {
    if let Some(from) = app.marks.range {
        let rows = units::counted(app.list.between(from).len(), "row", "rows");
        return match app.area.width {
            0..60 => format!("{rows}: v marks"),
            _ => format!("{rows} from #{from}: v marks, esc leaves"),
        };
    }
    if app.filter.is_in_part() {
        return "in part".to_owned();
    }
    if let Some(looked) = app.filter.looked() {
        let seen = app.list.index.seen_count() as u64;
        let percent = looked.saturating_mul(100).checked_div(seen).unwrap_or(0);
        return format!("searching {}%", percent.min(99));
    }
    let only = if app.list.index.only_marked() { "only marked: M shows all" } else { "" };
    if app.filter.is_off() { "off: ctrl-t turns it on".to_owned() } else { only.to_owned() }
}

/// Whether rows are there, and the person's own choice hides them all.
#[must_use]
pub fn is_filtered(app: &App) -> bool {
    let index = &app.list.index;
    let chosen = app.filter.in_force().is_some() || index.only_marked();
    (chosen && index.seen_count() > 0) || index.deleted_count() > 0
}

/// Draws why there is no row, and the way out.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut page = Page::new(app.theme, usize::from(area.width));
    page.push(ratatui::text::Line::default());
    words(app, &mut page);
    let mut place = Pane::new(buffer, area);
    for (row, line) in page.finish().iter().take(usize::from(area.height)).enumerate() {
        place.line(row, line);
    }
}

fn words(app: &App, page: &mut Page) {
    let index = &app.list.index;
    let (strong, plain) = (app.theme.strong(), Style::new());
    let all = units::counted(index.seen_count(), "exchange", "exchanges");
    if app.filter.is_scanning() {
        page.prose(" ", "Nothing found yet; still searching.", app.theme.dim());
    } else if app.filter.in_force().is_some() && index.seen_count() > 0 {
        let among = if index.only_marked() { "marked exchange" } else { "exchange" };
        page.prose(" ", &format!("No {among} matches “{}”.", app.filter.text().trim()), strong);
        page.prose(" ", &format!("{all} are there. {}", way_out(app)), plain);
        if let Some((term, count)) = app.filter.blamed() {
            let count = units::count(count as u64);
            page.prose(
                " ",
                &format!("Without {} there would be {count}.", sanitize_bounded(term, 200)),
                plain,
            );
        }
    } else if index.only_marked() && index.seen_count() > 0 {
        page.prose(" ", "No exchange is marked.", strong);
        page.prose(" ", "M shows all again; m marks one.", plain);
    } else {
        let deleted = units::counted(index.deleted_count(), "exchange is", "exchanges are");
        page.prose(" ", "Nothing is left to show.", strong);
        let undo = if app.marks.can_undo() { " u brings back." } else { "" };
        let noise = if index.noise_count() > 0 { " . shows opened CONNECTs." } else { "" };
        page.prose(" ", &format!("{deleted} deleted.{undo}{noise}"), plain);
    }
}

fn way_out(app: &App) -> &'static str {
    match (app.typing.is_some(), app.list.index.only_marked()) {
        (true, _) => "esc brings back what was shown before.",
        (false, false) => "esc clears the filter, / changes it, ctrl-t turns it off.",
        (false, true) => "esc clears the filter, / changes it, M shows those not marked too.",
    }
}
