//! The list: one line an exchange, drawn for the visible rows only, straight into the buffer.

use super::app::{App, List, Screen};
use super::gravest;
use super::paint::Pane;
use super::row;
use super::theme::Theme;
use crate::exchange::Summary;
use crate::text::{units, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Columns of the selection mark, the row's mark and the space behind them.
const MARKS: usize = 3;
/// Columns of a type.
const TYPE: usize = 12;
/// Columns of a size.
const SIZE: usize = 6;
/// Columns that a path keeps beside the cause of a failure.
const LEAST_PATH: usize = 3;
/// Columns that a host may take from a path that wants them too.
const HOST: usize = 32;
/// Columns of a time.
const TIME: usize = 7;

/// Draws column heads and rows.
pub fn draw(app: &App, heads: Rect, rows: Rect, buffer: &mut Buffer) {
    let columns = Columns::new(usize::from(rows.width), &app.list);
    draw_heads(app.theme, &columns, &mut Pane::new(buffer, heads));
    let mut pane = Pane::new(buffer, rows);
    let height = pane.height();
    for (line, id) in app.list.index.window(app.list.top, height).iter().enumerate() {
        let selected = app.list.cursor == Some(*id);
        match app.list.summaries.get(id) {
            Some(summary) => draw_row(app, &columns, &mut pane, line, summary, selected),
            None => {
                pane.text(MARKS, line, &format!("{id:>0$}", columns.id), app.theme.dim());
            }
        }
        if selected {
            mark_selected(app, &mut pane, line);
        }
    }
}

/// Which columns there are and where. They go in the order type, size, time, method as room gets
/// scarce. The host has what it wants up to a little less than half of the room, and more
/// where paths are short; beyond that it is shortened in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    id: usize,
    method: Option<usize>,
    status: usize,
    host: usize,
    host_room: usize,
    path: usize,
    path_room: usize,
    kind: Option<usize>,
    size_end: Option<usize>,
    time_end: Option<usize>,
}

impl Columns {
    fn new(width: usize, list: &List) -> Self {
        let id = list.index.newest().map_or(1, |id| id.to_string().len()).max(4);
        let method = MARKS + id + 1;
        let with_method = method + list.method_columns + 1 + row::STATUS + 1;
        let rest = width.saturating_sub(with_method + 1);
        let (kind, size, time) = (rest >= 76, rest >= 46, rest >= 32);
        let merged = rest < 22;
        let status = if merged { method } else { method + list.method_columns + 1 };
        let host = status + row::STATUS + 1;
        let columns = |wanted: bool, columns: usize| if wanted { columns + 1 } else { 0 };
        let taken = columns(kind, TYPE) + columns(size, SIZE) + columns(time, TIME);
        let room = width.saturating_sub(host + 1 + taken);
        let spare = room.saturating_sub(list.path_columns + 1);
        let host_room = list.host_columns.min(spare.max(HOST.min(room * 9 / 20)));
        let path = host + host_room + 1;
        let end = width.saturating_sub(1);
        Self {
            id,
            method: (!merged).then_some(method),
            status,
            host,
            host_room,
            path,
            path_room: room.saturating_sub(host_room + 1),
            kind: kind.then_some(end.saturating_sub(TIME + 1 + SIZE + 1 + TYPE)),
            size_end: size.then_some(end.saturating_sub(TIME + 1)),
            time_end: time.then_some(end),
        }
    }
}

fn draw_heads(theme: Theme, columns: &Columns, pane: &mut Pane<'_>) {
    let dim = theme.dim();
    pane.right(MARKS + columns.id, 0, "#", dim);
    if let Some(at) = columns.method {
        pane.text(at, 0, &width::cut("method", columns.status - at - 1, "."), dim);
    }
    pane.text(columns.status, 0, "status", dim);
    pane.text(columns.host, 0, &width::cut("host", columns.host_room, "…"), dim);
    pane.text(columns.path, 0, "path", dim);
    if let Some(at) = columns.kind {
        pane.text(at, 0, "type", dim);
    }
    if let Some(end) = columns.size_end {
        pane.right(end, 0, "size", dim);
    }
    if let Some(end) = columns.time_end {
        pane.right(end, 0, "time", dim);
    }
}

fn draw_row(
    app: &App,
    columns: &Columns,
    pane: &mut Pane<'_>,
    line: usize,
    summary: &Summary,
    selected: bool,
) {
    let theme = app.theme;
    // The selected row is one colour from end to end: reversed inks would be a patchwork.
    let ink = |style: Style| if selected { Style::new() } else { style };
    let cells = row::Cells::new(summary, theme, app.status.recording.then_some(app.now));
    let marked = app.list.index.is_marked(summary.id.0);
    let in_range = is_in_range(app, summary.id.0);
    let at = if marked || in_range { 2 } else { 1 };
    let letter = gravest::of(app, summary.id.0).filter(|_| cells.mark == " " && at == 1);
    let (mark, style) = letter.unwrap_or((cells.mark, theme.notable()));
    pane.text(at, line, mark, ink(style));
    if marked || in_range {
        pane.text(1, line, if marked { "●" } else { "○" }, ink(theme.name()));
    }
    pane.right(MARKS + columns.id, line, &summary.id.0.to_string(), ink(theme.dim()));
    let method = row::method(summary);
    if let Some(at) = columns.method {
        pane.text(at, line, &width::cut(&method, columns.status - at - 1, "…"), ink(Style::new()));
    }
    pane.text(columns.status, line, &cells.status, ink(cells.status_style));
    pane.text(columns.host, line, &width::middle(&cells.host, columns.host_room, "…"), ink(cells.style));
    let path = match columns.method {
        Some(_) => cells.path,
        None => format!("{method} {}", cells.path).trim_end().to_owned(),
    };
    // A note has what the path leaves, and a third of the room where that is long.
    let room = columns.path_room;
    let note = width::columns(&cells.note).min(room / 3);
    let path_room = if note == 0 { room } else { room - note - 1 };
    let inks = (ink(cells.style), ink(theme.bad()));
    let end = draw_path(pane, line, (columns.path, path_room), &path, cells.cause.as_ref(), inks);
    let left = (columns.path + room).saturating_sub(end + 1);
    if note > 0 {
        pane.text(end + 1, line, &width::cut(&cells.note, left, "…"), ink(theme.name()));
    }
    if let Some(at) = columns.kind {
        pane.text(at, line, &width::cut(&cells.kind, TYPE, "…"), ink(theme.dim()));
    }
    if let Some(end) = columns.size_end {
        pane.right(end, line, &cells.size, ink(theme.dim()));
    }
    if let Some(end) = columns.time_end {
        pane.right(end, line, &cells.time, ink(cells.time_style));
    }
}

/// Whether a row lies between where a range began and the cursor.
fn is_in_range(app: &App, id: u64) -> bool {
    let (Some(from), Some(to)) = (app.marks.range, app.list.cursor) else { return false };
    (from.min(to)..=from.max(to)).contains(&id)
}

/// The path in this place, and behind it the cause of a failure: whole where both fit, then in few words,
/// then the path makes room. Where it ends.
fn draw_path(
    pane: &mut Pane<'_>,
    line: usize,
    (place, room): (usize, usize),
    path: &str,
    cause: Option<&row::Cause>,
    (style, bad): (Style, Style),
) -> usize {
    let Some(cause) = cause else {
        return pane.text(place, line, &width::path(path, room, "…"), style);
    };
    let path_columns = width::columns(path);
    let whole = path_columns + 2 + width::columns(&cause.whole) <= room;
    let says = if whole || cause.short.is_empty() { cause.whole.as_str() } else { cause.short };
    let path_room = room.saturating_sub(width::columns(says) + 2).max(LEAST_PATH).min(path_columns);
    let at = pane.text(place, line, &width::path(path, path_room, "…"), style);
    let tight = at + 2 + width::columns(says) > place + room;
    let at = if path.is_empty() { at } else { at + if tight { 1 } else { 2 } };
    let left = (place + room).saturating_sub(at);
    pane.text(at, line, &width::cut(says, left, "…"), bad)
}

/// Reverse and a bar: seen without colour, and apart from a row that only keeps its place
/// while the other pane has the focus.
fn mark_selected(app: &App, pane: &mut Pane<'_>, line: usize) {
    let focused = matches!(app.screen(), Screen::List | Screen::Help);
    let style = if focused { app.theme.selected() } else { Style::new().add_modifier(Modifier::BOLD) };
    pane.shade(line, style);
    pane.text(0, line, "▌", style);
}

/// Draws the line on top: where to connect, what was seen, whether the newest is followed.
pub fn draw_header(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    let theme = app.theme;
    let at = pane.text(1, 0, "hopscope", theme.strong());
    let (dot, style) = if app.status.recording { ("●", theme.good()) } else { ("○", theme.notable()) };
    let at = pane.text(at + 1, 0, dot, style);
    let at = pane.text(at + 1, 0, &listening(app), Style::new());
    let (standing, more) = standing(app);
    let at = if standing.is_empty() { at } else { pane.text(at + 2, 0, standing, theme.good()) };
    let mut end = pane.width().saturating_sub(1);
    for (text, style) in counters(app).into_iter().filter(|(text, _)| !text.is_empty()) {
        let columns = width::columns(&text);
        if end < at + 2 + columns {
            break;
        }
        pane.right(end, 0, &text, style);
        end -= columns + 2;
    }
    if at + width::columns(&more) <= end {
        pane.text(at, 0, &more, theme.dim());
    }
}

/// How the capture stands where it is not ours, and what is said where room is left: who records it, or
/// the name of our own.
fn standing(app: &App) -> (&'static str, String) {
    let status = &app.status;
    match (status.listening.is_empty(), status.recording) {
        (false, _) => ("", status.capture.as_ref().map(|name| format!("  {name}")).unwrap_or_default()),
        (true, true) => {
            ("live", status.recorder.map(|pid| format!(", recorded by pid {pid}")).unwrap_or_default())
        }
        (true, false) => ("", "  a stored capture".to_owned()),
    }
}

fn listening(app: &App) -> String {
    let Some(first) = app.status.listening.first() else {
        return app.status.capture.clone().unwrap_or_else(|| "not listening".to_owned());
    };
    match app.status.listening.len() - 1 {
        0 => first.to_string(),
        more => format!("{first} and {more} more"),
    }
}

/// What stands at the right, from the right: the first ones stay longest when room is scarce.
fn counters(app: &App) -> Vec<(String, Style)> {
    let theme = app.theme;
    let index = &app.list.index;
    if index.seen_count() == 0 {
        return vec![("no traffic yet".to_owned(), theme.dim())];
    }
    let count = |number: usize| units::count(number as u64);
    let mut counters = Vec::new();
    counters.push(match (app.list.follow, app.list.unseen) {
        _ if !app.status.recording && app.list.unseen == 0 => (String::new(), theme.dim()),
        (true, _) => ("follow ▾".to_owned(), theme.good()),
        (false, 0) => ("F follows".to_owned(), theme.dim()),
        (false, new) => (format!("▾ {} new", count(new)), theme.notable()),
    });
    let cut = |number: u64, one, many| {
        units::counted(usize::try_from(number).unwrap_or(usize::MAX), one, many) + " cut"
    };
    if let Some(why) = &app.status.trouble {
        counters.push((format!("not recording: {why}"), theme.bad()));
    }
    if let Some(client) = app.status.waiting.first() {
        counters.push((format!("a lets {client} in"), theme.notable()));
    }
    if app.status.cut_bodies > 0 {
        counters.push((cut(app.status.cut_bodies, "body", "bodies"), theme.notable()));
    }
    if app.status.cut_messages > 0 {
        counters.push((cut(app.status.cut_messages, "message", "messages"), theme.notable()));
    }
    if app.status.lost_records > 0 {
        counters.push((format!("{} not recorded", units::count(app.status.lost_records)), theme.bad()));
    }
    if index.failed_count() > 0 {
        counters.push((format!("{} err", count(index.failed_count())), theme.bad()));
    }
    // What is left of all rows matters more than following, where there is room for one.
    let first = app.area.width < 60 && app.filter.in_force().is_some();
    counters.insert(if first { 0 } else { counters.len() }, seen(app));
    if index.marked_count() > 0 {
        counters.push((format!("{} marked", count(index.marked_count())), theme.name()));
    }
    if index.noise_shown() {
        counters.push((format!("{} CONNECT shown", count(index.noise_count())), theme.notable()));
    } else if index.noise_count() > 0 {
        counters.push((format!("{} CONNECT hidden", count(index.noise_count())), theme.dim()));
    }
    counters
}

/// All rows, or how many of them a filter or the marks leave.
fn seen(app: &App) -> (String, Style) {
    let index = &app.list.index;
    let count = |number: usize| units::count(number as u64);
    if app.filter.in_force().is_some() || index.only_marked() {
        let (shown, seen) = (count(index.shown_count()), count(index.seen_count()));
        let more = if app.filter.is_scanning() { "+" } else { "" };
        return (format!("{shown}{more} of {seen} shown"), app.theme.strong());
    }
    (format!("{} seen", count(index.seen_count())), Style::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_as_room_gets_scarce() {
        let list = List { host_columns: 15, ..List::default() };
        let shown = |width| {
            let columns = Columns::new(width, &list);
            let (kind, size) = (columns.kind.is_some(), columns.size_end.is_some());
            (kind, size, columns.time_end.is_some(), columns.method.is_some())
        };
        assert_eq!(shown(110), (true, true, true, true));
        assert_eq!(shown(80), (false, true, true, true));
        assert_eq!(shown(63), (false, false, true, true));
        assert_eq!(shown(50), (false, false, false, true));
        assert_eq!(shown(40), (false, false, false, false));
    }

    #[test]
    fn a_host_takes_its_share_and_what_paths_leave() {
        let room = |width, host_columns, path_columns| {
            let columns = Columns::new(width, &List { host_columns, path_columns, ..List::default() });
            (columns.host_room, columns.path_room)
        };
        assert_eq!(room(74, 15, 200), (15, 21));
        assert_eq!(room(74, 60, 200), (16, 20));
        assert_eq!(room(74, 60, 10), (26, 10));
        assert_eq!(room(200, 60, 500), (32, 117));
    }
}
