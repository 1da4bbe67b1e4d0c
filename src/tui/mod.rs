//! The terminal interface: a list of exchanges, and each of them in eight tabs.
//!
//! ```text
//!  Wake (one channel) -> update: state, event -> state      pure
//!                        fill:   state <- Source             the visible rows, the selected exchange
//!                        draw:   state -> Buffer             pure
//!                        terminal: Buffer -> bytes           only when something changed
//! ```
//!
//! Nothing ticks: an idle interface is woken by nothing and writes nothing.

mod acting;
mod actions;
mod again;
mod app;
mod changes;
mod clipboard;
mod compare;
mod copy;
mod cures;
mod detail;
#[cfg(test)]
mod doing;
#[cfg(test)]
mod fake;
mod field_row;
mod fill;
mod filter;
mod firsts;
mod footer;
mod form;
mod gravest;
mod guards;
mod help;
mod index;
mod input;
#[cfg(test)]
mod inspecting;
mod keymap;
mod laid;
mod layout;
mod ledger;
mod list;
mod marks;
mod meanings;
mod menu;
mod nothing;
mod noting;
mod mouse;
mod onboarding;
mod outside;
mod page;
mod paint;
mod palette;
mod panes;
mod preview;
mod row;
mod saving;
#[cfg(test)]
mod screens;
mod source;
#[cfg(test)]
mod tabs;
mod terminal;
mod theme;
mod typing;
mod update;
mod words;

pub use changes::{Changed, Changes};
pub use keymap::Keymap;
pub use source::{Deed, Row, Seeking, Source, Status, Tell, Told, Unread, Wake};
pub use terminal::{Setup, columns, run};

use app::{App, Screen};
use paint::Pane;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the whole state.
fn draw(app: &App, buffer: &mut Buffer) {
    let area = app.area.intersection(buffer.area);
    if layout::too_small(area) {
        draw_too_small(app, area, buffer);
    } else {
        match app.base {
            _ if app.help.is_some() => draw_help(app, area, buffer),
            Screen::Detail => draw_detail(app, area, buffer),
            Screen::Compare => draw_compare(app, area, buffer),
            Screen::Side if !app.is_split() => draw_detail(app, area, buffer),
            _ => draw_list(app, buffer),
        }
        acting::draw(app, buffer);
    }
    if !layout::too_small(area) {
        form::draw(app, buffer);
    }
    if app.theme.ascii {
        to_ascii(buffer);
    }
}

fn draw_too_small(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    let words = format!("too small: {}x{} needed", layout::MIN_WIDTH, layout::MIN_HEIGHT);
    pane.text(0, 0, &words, app.theme.notable());
    let recording = if app.status.recording { "still recording" } else { "" };
    pane.text(0, 1, recording, app.theme.dim());
}

fn draw_help(app: &App, area: Rect, buffer: &mut Buffer) {
    help::draw(app, area, buffer);
    footer::draw(app, layout::detail(area).1, buffer);
}

fn draw_detail(app: &App, area: Rect, buffer: &mut Buffer) {
    let (place, keys) = layout::detail(area);
    detail::draw(app, place, buffer);
    footer::draw(app, keys, buffer);
}

fn draw_compare(app: &App, area: Rect, buffer: &mut Buffer) {
    let (place, keys) = layout::detail(area);
    compare::draw(app, place, buffer);
    footer::draw(app, keys, buffer);
}

fn draw_list(app: &App, buffer: &mut Buffer) {
    let places = app.list_places();
    list::draw_header(app, places.header, buffer);
    let rest = places.heads.union(places.rows).union(places.preview);
    if app.list.index.shown_count() == 0 && !nothing::is_filtered(app) {
        onboarding::draw(app, rest.union(places.filter), buffer);
    } else if app.list.index.shown_count() == 0 {
        nothing::draw_filter(app, places.filter, buffer);
        nothing::draw(app, rest, buffer);
    } else {
        nothing::draw_filter(app, places.filter, buffer);
        onboarding::draw_below(app, places.rows, app.list.index.shown_count(), buffer);
        list::draw(app, places.heads, places.rows, buffer);
        preview::draw(app, places.preview, buffer);
    }
    if app.is_split() {
        let mut divider = Pane::new(buffer, places.divider);
        for line in 0..divider.height() {
            divider.text(0, line, "│", app.theme.dim());
        }
        detail::draw(app, places.side, buffer);
    }
    filter::draw(app, places.heads, places.rows, buffer);
    if let Some(menu) = &app.menu {
        menu::draw(app, menu, places.rows, buffer);
    }
    footer::draw(app, places.footer, buffer);
}

/// The last step where only ASCII can be shown: every shape has a stand-in of one column.
fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol(theme::ascii(cell.symbol()));
        }
    }
}
