//! The detail's head: which exchange, where it stands in the list, the tabs, and a rule that tells how
//! far one has read and what is being looked for.

use super::{Tab, body, messages};
use crate::text::{sanitize_bounded, units, width};
use crate::tui::app::App;
use crate::tui::paint::Pane;
use crate::tui::typing::{Purpose, Typing};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// Columns of a search's text that are shown beside what else the rule tells.
const NEEDLE: usize = 24;

/// Draws it.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    title(app, &mut pane);
    tabs(app, &mut pane);
    pane.rule(2, app.theme.dim());
    if app.detail.tab == Tab::Body && app.detail.loaded.is_some() {
        return of_body(app, &mut pane);
    }
    let used = match &app.typing {
        Some(typing) if typing.purpose == Purpose::Find => typed(app, typing, area, buffer),
        _ if app.detail.find.is_on() => found(app, &mut pane),
        _ => progress(app, &mut pane),
    };
    if app.detail.has_sides() {
        let says = format!(" H: {} ", app.detail.sides.says());
        let mut pane = Pane::new(buffer, area);
        let end = pane.width().saturating_sub(2);
        if used + width::columns(&says) <= end {
            pane.right(end, 2, &says, app.theme.dim());
        }
    }
}

/// The tab whose name stands at a place of the detail's head.
#[must_use]
pub fn tab_at(app: &App, head: Rect, at: Position) -> Option<Tab> {
    if at.y != head.y.saturating_add(1) {
        return None;
    }
    let mut from = usize::from(head.x);
    for (tab, text) in labels(app, usize::from(head.width)) {
        let to = from + text.len();
        if (from..to).contains(&usize::from(at.x)) {
            return Some(tab);
        }
        from = to;
    }
    None
}

fn title(app: &App, pane: &mut Pane<'_>) {
    let Some(id) = app.detail.id else { return };
    let known = app.list.summaries.get(&id).or(app.detail.loaded.as_deref().map(|l| &l.exchange.summary));
    let place = format!(
        "{} of {}",
        units::count(app.list.position() as u64 + 1),
        units::count(app.list.index.shown_count() as u64)
    );
    let place_from = pane.width().saturating_sub(width::columns(&place) + 1);
    let mut at = pane.text(0, 0, &format!(" #{id}  "), app.theme.strong());
    if let Some(summary) = known {
        let method = sanitize_bounded(&summary.method, 64);
        at = pane.text(at, 0, &format!("{} ", width::cut(&method, 16, "…")), app.theme.strong());
        let target =
            format!("{}{}", sanitize_bounded(&summary.host, 512), sanitize_bounded(&summary.path, 2048));
        pane.text(at, 0, &width::path(&target, place_from.saturating_sub(at + 2), "…"), app.theme.strong());
    }
    pane.text(place_from, 0, &place, app.theme.dim());
}

fn tabs(app: &App, pane: &mut Pane<'_>) {
    let mut at = 0;
    for (tab, text) in labels(app, pane.width()) {
        let style = if tab == app.detail.tab { app.theme.strong() } else { Style::new() };
        at = pane.text(at, 1, &text, style);
    }
}

/// The tabs by their whole names, else their short ones, else their numbers.
fn labels(app: &App, room: usize) -> Vec<(Tab, String)> {
    let front = app.detail.tab;
    let said = app.detail.loaded.as_deref().is_some_and(|loaded| messages::has(&loaded.exchange));
    let label = |place: usize, tab: Tab, spelling: usize| {
        let number = place + 1;
        let (whole, short) = if tab == Tab::Body && said { ("Messages", "Msgs") } else { tab.names() };
        let text = match spelling {
            0 => format!("{number} {whole}"),
            1 => format!("{number} {short}"),
            _ if tab == front => format!("{number} {short}"),
            _ => number.to_string(),
        };
        if tab == front { format!("[{text}]") } else { format!(" {text} ") }
    };
    let labels =
        |spelling| Tab::ALL.iter().enumerate().map(move |(place, tab)| (*tab, label(place, *tab, spelling)));
    let fits = |spelling: &usize| labels(*spelling).map(|(_, text)| text.len()).sum::<usize>() <= room;
    labels([0, 1].into_iter().find(fits).unwrap_or(2)).collect()
}

/// Where one is in a body, and whose it is.
fn of_body(app: &App, pane: &mut Pane<'_>) {
    let (place, whose) = match messages::rule(app) {
        Some(words) => words,
        None => body::rule(&app.detail.body),
    };
    let mut end = 0;
    if !place.is_empty() {
        end = pane.text(2, 2, &format!(" {place} "), app.theme.dim());
    }
    if !whose.is_empty() && end + width::columns(&whose) + 4 <= pane.width() {
        pane.right(pane.width().saturating_sub(2), 2, &format!(" {whose} "), app.theme.dim());
    }
}

/// How far one has read, where there is more than the view holds; returns the column behind.
fn progress(app: &App, pane: &mut Pane<'_>) -> usize {
    let lines = app.detail.laid.lines.len();
    let height = usize::from(app.detail_text_place().0.height);
    if lines <= height {
        return 0;
    }
    let seen = (app.detail.scroll() + height).min(lines);
    let says = format!(" {}/{} lines ", units::count(seen as u64), units::count(lines as u64));
    pane.text(2, 2, &says, app.theme.dim())
}

/// What was looked for and how often it is there.
fn found(app: &App, pane: &mut Pane<'_>) -> usize {
    let find = &app.detail.find;
    let room = NEEDLE.min(pane.width().saturating_sub(16));
    let needle = sanitize_bounded(find.needle(), 256);
    let at = pane.text(2, 2, &format!(" / {} ", width::cut(&needle, room, "…")), app.theme.strong());
    counted(app, pane, at)
}

/// The text as it is typed, with its cursor, and what it finds.
fn typed(app: &App, typing: &Typing, area: Rect, buffer: &mut Buffer) -> usize {
    let mut pane = Pane::new(buffer, area);
    let at = pane.text(2, 2, " / ", app.theme.strong());
    let room = pane.width().saturating_sub(at + 12).min((width::columns(typing.text()) + 1).max(NEEDLE));
    let place = Rect { x: area.x.saturating_add(column(at)), width: column(room + 1), ..area };
    let mut field = Pane::new(buffer, place.intersection(area));
    field.text(0, 2, &" ".repeat(room + 1), Style::new());
    typing.draw(&mut field, 0, 2, app.theme.strong());
    counted(app, &mut Pane::new(buffer, area), at + room)
}

fn counted(app: &App, pane: &mut Pane<'_>, at: usize) -> usize {
    let find = &app.detail.find;
    let style = if find.count() == 0 { app.theme.notable() } else { Style::new() };
    let says = find.says();
    if says.is_empty() { at } else { pane.text(at, 2, &format!(" {says} "), style) }
}

fn column(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}
