//! Drawing the list of messages: a line each, those in view only.

use super::{MessagesState, is_listed};
use crate::exchange::{MessageFlags, MessageForm, Side};
use crate::store::Numbered;
use crate::text::{sanitize, units, width};
use crate::tui::app::{App, Screen};
use crate::tui::paint::Pane;
use crate::tui::theme::Theme;
use crate::tui::typing::{Purpose, Typing};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns of a time, of a gap, of a form, of a size.
const TIME: usize = 7;
const GAP: usize = 8;
const FORM: usize = 7;
const SIZE: usize = 6;

/// Draws the list.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let state = &app.detail.messages;
    let columns = Columns::new(usize::from(area.width), state.count);
    let mut pane = Pane::new(buffer, area);
    match app.typing.as_ref().filter(|typing| typing.purpose == Purpose::Find) {
        Some(typing) => draw_search(app.theme, typing, &mut pane),
        None => draw_heads(app.theme, columns, &mut pane),
    }
    if state.count == 0 {
        let over = !app.detail.is_under_way();
        let words =
            if over { "No message was kept." } else { "Nothing was said yet: messages appear as they come." };
        pane.text(1, 1, words, app.theme.dim());
        return;
    }
    let focused = matches!(app.base, Screen::Detail | Screen::Side);
    for (line, number) in (1..).zip(state.view()) {
        let selected = number == state.cursor;
        if let Some(found) = state.row(number) {
            let before = number.checked_sub(1).and_then(|before| state.row(before));
            draw_row(app, columns, (line, selected && focused), (found, before), &mut pane);
        } else {
            pane.right(1 + columns.number, line, &number.to_string(), app.theme.dim());
            pane.text(columns.arrow, line, "found no room on its way to the disk", app.theme.notable());
        }
        if selected && focused {
            pane.shade(line, app.theme.selected());
            pane.text(0, line, "▌", app.theme.selected());
        }
    }
}

/// The words on the rule above: where the cursor is, and whether it follows.
#[must_use]
pub fn rule(app: &App) -> Option<(String, String)> {
    if !is_listed(&app.detail) {
        return None;
    }
    let state = &app.detail.messages;
    let place = if state.goal.is_some() {
        "searching…".to_owned()
    } else if state.count == 0 {
        String::new()
    } else {
        format!("{}/{} messages", units::count(state.cursor + 1), units::count(state.count))
    };
    let follows = match (app.detail.is_under_way(), state.follow) {
        (true, Some(true)) => "F: following ▾",
        (true, _) => "F: staying",
        (false, _) => "",
    };
    Some((place, follows.to_owned()))
}

/// Which columns there are and where. They go in the order gap, form, time, size as room gets scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    number: usize,
    arrow: usize,
    time_end: Option<usize>,
    gap_end: Option<usize>,
    form: Option<usize>,
    size_end: Option<usize>,
    text: usize,
}

impl Columns {
    fn new(room: usize, count: u64) -> Self {
        let number = count.to_string().len().max(3);
        let arrow = 1 + number + 1;
        let rest = room.saturating_sub(arrow + 2);
        let (size, time, form, gap) = (rest >= 24, rest >= 34, rest >= 46, rest >= 58);
        let mut at = arrow + 2;
        let mut take = |wanted: bool, columns: usize| {
            wanted.then(|| {
                let from = at;
                at += columns + 1;
                from
            })
        };
        let time_end = take(time, TIME).map(|from| from + TIME);
        let gap_end = take(gap, GAP).map(|from| from + GAP);
        let form = take(form, FORM);
        let size_end = take(size, SIZE).map(|from| from + SIZE);
        Self { number, arrow, time_end, gap_end, form, size_end, text: at + usize::from(size) }
    }
}

fn draw_search(theme: Theme, typing: &Typing, pane: &mut Pane<'_>) {
    let at = pane.text(1, 0, "/ ", theme.name());
    typing.draw(pane, at, 0, theme.strong());
}

fn draw_heads(theme: Theme, columns: Columns, pane: &mut Pane<'_>) {
    let dim = theme.dim();
    pane.right(1 + columns.number, 0, "#", dim);
    for (end, name) in [(columns.time_end, "time"), (columns.gap_end, "gap"), (columns.size_end, "size")] {
        if let Some(end) = end {
            pane.right(end, 0, name, dim);
        }
    }
    if let Some(at) = columns.form {
        pane.text(at, 0, "form", dim);
    }
    pane.text(columns.text, 0, "payload", dim);
}

fn draw_row(
    app: &App,
    columns: Columns,
    (line, selected): (usize, bool),
    (found, before): (&Numbered, Option<&Numbered>),
    pane: &mut Pane<'_>,
) {
    let (theme, message) = (app.theme, &found.message);
    // The selected row is one colour from end to end: reversed inks would be a patchwork.
    let ink = |style: Style| if selected { Style::new() } else { style };
    let (arrow, side) = match message.side {
        Side::Client => ("↑", theme.name()),
        Side::Origin => ("↓", theme.good()),
    };
    pane.right(1 + columns.number, line, &found.number.to_string(), ink(theme.dim()));
    pane.text(columns.arrow, line, arrow, ink(side));
    if let Some(end) = columns.time_end {
        pane.right(end, line, &units::duration(message.at), ink(theme.dim()));
    }
    if let (Some(end), Some(before)) = (columns.gap_end, before) {
        let gap = message.at.saturating_sub(before.message.at);
        let style = if gap >= 1_000_000 { theme.notable() } else { theme.dim() };
        pane.right(end, line, &format!("+{}", units::duration(gap)), ink(style));
    }
    if let Some(at) = columns.form {
        pane.text(at, line, message.form.as_str(), ink(form_ink(theme, message.form)));
    }
    if let Some(end) = columns.size_end {
        pane.right(end, line, &units::bytes(message.length), ink(Style::new()));
    }
    draw_text(app, columns.text, (line, selected), found, pane);
}

fn form_ink(theme: Theme, form: MessageForm) -> Style {
    match form {
        MessageForm::Broken => theme.bad(),
        MessageForm::Close => theme.notable(),
        MessageForm::Ping | MessageForm::Pong | MessageForm::Comment => theme.dim(),
        _ => Style::new(),
    }
}

fn draw_text(app: &App, from: usize, (line, selected): (usize, bool), found: &Numbered, pane: &mut Pane<'_>) {
    let message = &found.message;
    let room = pane.width().saturating_sub(from + 1);
    let marks = marks(message.flags);
    let text = sanitize(&message.line()).into_owned();
    let beside = if marks.is_empty() { 0 } else { width::columns(&marks) + 2 };
    let shown = width::cut(&text, room.saturating_sub(beside), "…").into_owned();
    let style = match message.form {
        _ if selected => Style::new(),
        MessageForm::Broken => app.theme.bad(),
        MessageForm::Ping | MessageForm::Pong | MessageForm::Comment => app.theme.dim(),
        _ => Style::new(),
    };
    let end = pane.text(from, line, &shown, style);
    if !marks.is_empty() {
        let style = if selected { Style::new() } else { app.theme.notable() };
        pane.text(end + if shown.is_empty() { 0 } else { 2 }, line, &marks, style);
    }
    mark_hit(app.theme, &app.detail.messages, &shown, (from, line), pane);
}

/// What is wrong with it: that it was compressed or came in pieces is no news in a list.
fn marks(flags: MessageFlags) -> String {
    let told = MessageFlags(flags.0 & (MessageFlags::TRUNCATED.0 | MessageFlags::UNFINISHED.0));
    let words: Vec<_> = told.words().collect();
    if words.is_empty() { String::new() } else { format!("({})", words.join(", ")) }
}

fn mark_hit(
    theme: Theme,
    state: &MessagesState,
    shown: &str,
    (from, line): (usize, usize),
    pane: &mut Pane<'_>,
) {
    let Some((_, needle)) = &state.needle else { return };
    let Some(at) = needle.first_in(shown.as_bytes()) else { return };
    let (Some(before), Some(hit)) = (shown.get(..at), shown.get(at..at + needle.size())) else { return };
    let start = from + width::columns(before);
    pane.lay(start..start + width::columns(hit), line, theme.hit(false));
}
