//! Drawing the tab: what it is, what is wrong with it, and the rows in view.

use super::opened::{Mode, Opened};
use super::paper::Line;
use super::{BodyState, lay};
use crate::exchange::{Body, BodyPlace, Side, Truncation};
use crate::text::{sanitize_bounded, units, width};
use crate::tui::app::App;
use crate::tui::page;
use crate::tui::paint::Pane;
use crate::tui::theme::Theme;
use crate::tui::typing::{Purpose, Typing};
use crate::view::{Fold, Undoing};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line as Text, Span};

/// Bytes of a path that may be shown.
const PATH: usize = 512;

/// Draws the tab's text.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    let Some(opened) = &app.detail.body.opened else { return };
    match app.typing.as_ref().filter(|typing| typing.purpose == Purpose::Find) {
        Some(typing) => draw_search(app.theme, typing, &mut pane),
        None => draw_title(app.theme, opened, &mut pane),
    }
    let notes = notes(opened, usize::from(area.width), usize::from(area.height));
    for (line, note) in notes.iter().enumerate() {
        pane.text(1, 1 + line, note, app.theme.notable());
    }
    draw_rows(app.theme, &app.detail.body, opened, 1 + notes.len(), &mut pane);
}

/// The words on the rule above: where the window is, and whose body it is.
#[must_use]
pub fn rule(state: &BodyState) -> (String, String) {
    let Some(opened) = &state.opened else { return (String::new(), String::new()) };
    let whose = match (opened.message, opened.side) {
        (Some(number), Side::Client) => format!("message {number} from the client"),
        (Some(number), Side::Origin) => format!("message {number} from the server"),
        (None, Side::Client) => "H: request body".to_owned(),
        (None, Side::Origin) => "H: response body".to_owned(),
    };
    let (count, whole) = opened.rows.count();
    let more = if whole { "" } else { "+" };
    let known = format!("{}{more}", units::count(count));
    let place = match opened.progress() {
        Some(doing) => format!("{doing}…"),
        None if opened.rows.first().is_none() => String::new(),
        None => match opened.rows.number(opened.cursor.spot) {
            Some(number) => format!("{}/{known} lines", units::count(number + 1)),
            None => format!("{known} lines"),
        },
    };
    (place, whose)
}

fn draw_search(theme: Theme, typing: &Typing, pane: &mut Pane<'_>) {
    let at = pane.text(1, 0, "/ ", theme.name());
    typing.draw(pane, at, 0, theme.strong());
}

fn draw_title(theme: Theme, opened: &Opened, pane: &mut Pane<'_>) {
    let mut at = pane.text(1, 0, mode(opened), theme.strong());
    let essence = opened.media.essence();
    let kind = sanitize_bounded(&essence, 80);
    for words in [kind.as_ref(), &sizes(opened)] {
        if !words.is_empty() && at + 2 + width::columns(words) < pane.width() {
            at = pane.text(at + 2, 0, words, theme.dim());
        }
    }
    let path = opened.rows.path(opened.cursor.spot).filter(|_| opened.mode == Mode::Pretty);
    let Some(path) = path else { return };
    let path = crate::text::sanitize(&path).into_owned();
    let room = pane.width().saturating_sub(at + 4);
    let shown = match width::columns(&path) {
        columns if columns <= room => path,
        // The end tells most.
        columns if room > 4 && path.len() <= PATH => format!("…{}", width::skip(&path, columns + 1 - room)),
        _ => return,
    };
    pane.right(pane.width().saturating_sub(1), 0, &shown, theme.name());
}

fn mode(opened: &Opened) -> &'static str {
    match opened.mode {
        Mode::Pretty if opened.text().is_empty() => "empty",
        Mode::Pretty => opened.kind.name(),
        Mode::Raw => "raw",
        Mode::Hex if opened.codings.is_empty() => "hex",
        Mode::Hex => "hex as received",
    }
}

/// How large it is: as received, and decoded.
fn sizes(opened: &Opened) -> String {
    let received = format!("{} B", units::count(opened.received().len()));
    let Some(undoing) = opened.undoing() else { return received };
    let more = if undoing.is_over() { "" } else { " so far" };
    let decoded = units::count(undoing.text().len());
    let codings = sanitize_bounded(&opened.codings.join(", "), 40).into_owned();
    format!("{received} {codings} → {decoded} B{more}")
}

/// What is wrong with the body, or not there yet, broken into lines.
pub(super) fn notes(opened: &Opened, columns: usize, lines: usize) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(whole(opened));
    notes.extend(opened.refused.clone());
    let damage = opened.undoing().and_then(Undoing::trouble);
    notes.extend(damage.map(|words| format!("{words}; {}.", cure(opened))));
    notes.extend(opened.rows.trouble().filter(|_| opened.mode == Mode::Pretty));
    let failure = opened.received().failure().or_else(|| opened.text().failure());
    notes.extend(failure.map(|words| format!("It could not be read: {words}.")));
    let room = columns.saturating_sub(2).max(1);
    let lines = (lines / 3).max(1);
    let words = |note: &String| page::words(&crate::text::sanitize(note), room);
    let mut wrapped: Vec<String> = notes.iter().flat_map(words).collect();
    if wrapped.len() > lines {
        wrapped.truncate(lines);
        if let Some(last) = wrapped.last_mut() {
            *last = width::cut(&format!("{last} …"), room, "…").into_owned();
        }
    }
    wrapped
}

/// How to see what cannot be decoded.
fn cure(opened: &Opened) -> String {
    let place = |wanted| opened.modes().iter().position(|mode| *mode == wanted).unwrap_or(0);
    match place(Mode::Hex).saturating_sub(place(opened.mode)) {
        0 => "these are the bytes as received".to_owned(),
        presses => format!("{} for hex of what was received", vec!["p"; presses].join(" ")),
    }
}

fn whole(opened: &Opened) -> Option<String> {
    let body = &opened.body;
    if opened.message.is_some() {
        return of_message(body);
    }
    if body.is_absent() {
        return Some(format!(
            "None of its {} B are here: {}.",
            units::count(body.length),
            Truncation::NO_BODY
        ));
    }
    if let Some(why) = body.truncated {
        let (kept, length) = (units::count(body.kept), units::count(body.length));
        let cure = match why {
            Truncation::Pressure | Truncation::Absent => "",
            Truncation::Limit => " (config.toml raises it)",
            Truncation::Disk => " (is the disk full, or the folder gone?)",
        };
        return Some(format!("Only the first {kept} B of {length} B were kept: {}{cure}.", why.says()));
    }
    match (body.complete, opened.over) {
        (true, _) => None,
        (false, false) if opened.received().is_empty() => None,
        (false, false) => Some("Still arriving: this is what has come so far.".to_owned()),
        (false, true) if body.length == 0 => None,
        (false, true) => Some("Incomplete: it ended before its framing promised.".to_owned()),
    }
}

fn of_message(body: &Body) -> Option<String> {
    if body.kept < body.length {
        let (kept, length) = (units::count(body.kept), units::count(body.length));
        return Some(format!(
            "Only the first {kept} B of {length} B were kept: capture.max_message bounds them, or the disk was slower than the wire."
        ));
    }
    (!body.complete).then(|| "It broke off: its end never came.".to_owned())
}

fn draw_rows(theme: Theme, state: &BodyState, opened: &Opened, from: usize, pane: &mut Pane<'_>) {
    if opened.rows.first().is_none() {
        for (line, words) in
            page::words(&nothing(opened), pane.width().saturating_sub(2).max(1)).iter().enumerate()
        {
            pane.text(1, from + line, words, theme.dim());
        }
        return;
    }
    let look = lay::Look {
        theme,
        room: lay::room(opened, state.paper),
        wrap: state.wrap,
        pan: opened.pan,
        needle: state.needle.as_ref().map(|(_, needle)| needle),
    };
    let mut next = Some(opened.top);
    let mut line = from;
    while let Some(first) = next.filter(|_| line < pane.height()) {
        let row = opened.rows.row(first.spot);
        let texts = lay::lines(&row, look);
        for (sub, text) in texts.into_iter().enumerate().skip(first.sub) {
            let at = Line { spot: first.spot, sub };
            let mut spans = margin(theme, opened, row.fold, row.continues, at);
            spans.extend(text);
            pane.line(line, &Text::from(spans));
            line += 1;
        }
        next = opened.rows.next(first.spot).map(|spot| Line { spot, sub: 0 });
    }
}

fn margin(
    theme: Theme,
    opened: &Opened,
    fold: Option<Fold>,
    continues: bool,
    at: Line,
) -> Vec<Span<'static>> {
    let mark = if at == opened.cursor { "▌" } else { " " };
    let mut spans = vec![Span::styled(mark, theme.name())];
    if let Some(digits) = lay::numbers(opened) {
        let number = opened.rows.number(at.spot).filter(|_| at.sub == 0 && !continues);
        let number = number.map_or(String::new(), |number| (number + 1).to_string());
        spans.push(Span::styled(format!("{number:>digits$}"), theme.dim()));
    }
    spans.push(Span::raw(" "));
    if opened.mode == Mode::Pretty && opened.kind.has_folds() {
        let mark = match fold.filter(|_| at.sub == 0) {
            Some(Fold::Open) => "▾ ",
            Some(Fold::Closed) => "▸ ",
            None => "  ",
        };
        spans.push(Span::styled(mark, theme.dim()));
    }
    spans
}

/// Why there is nothing to be seen.
fn nothing(opened: &Opened) -> String {
    let body = &opened.body;
    let whose = if opened.side == Side::Client { "request" } else { "response" };
    if let Some(undoing) = opened.undoing().filter(|_| opened.mode != Mode::Hex) {
        let yet = if undoing.is_over() { "It is empty once decoded." } else { "Decoding…" };
        return yet.to_owned();
    }
    match (&body.place, body.length) {
        (_, 0) if opened.message.is_some() => "The message has no payload.".to_owned(),
        (_, _) if opened.message.is_some() => "Nothing of its payload was kept.".to_owned(),
        (_, 0) if body.complete => format!("The {whose} has no body, or an empty one."),
        (BodyPlace::Arriving, _) => "Nothing of it has come yet.".to_owned(),
        (_, 0) if opened.over => format!("Nothing of a {whose} body came."),
        (_, 0) => format!("Nothing of a {whose} body has come yet."),
        (_, length) => format!("{} B passed; none of them are in the capture.", units::count(length)),
    }
}
