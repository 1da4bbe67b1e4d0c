//! The selected exchange under the list: what came of it, and what the hop changed.

use super::app::App;
use super::detail::inspected::letter;
use super::detail::{Loaded, Passage};
use super::ledger::Fate;
use super::paint::Pane;
use super::theme::Theme;
use super::words;
use crate::exchange::{Head, State, Summary};
use crate::text::{sanitize_bounded, units, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws the strip, its rule on top.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    if pane.height() == 0 {
        return;
    }
    pane.rule(0, app.theme.dim());
    let Some(summary) = app.list.cursor.and_then(|id| app.list.summaries.get(&id)) else { return };
    title(app.theme, &mut pane, summary);
    let loaded = app.detail.loaded.as_deref().filter(|loaded| loaded.exchange.summary.id == summary.id);
    let mut line = 2;
    line = outcome(app.theme, &mut pane, line, summary, loaded);
    let Some(loaded) = loaded else { return };
    line = changes(app.theme, &mut pane, line, "request ", &loaded.request);
    line = changes(app.theme, &mut pane, line, "response", &loaded.response);
    findings(app.theme, &mut pane, line, loaded);
}

/// The gravest findings, as many as fit; facts are left to the tabs.
fn findings(theme: Theme, pane: &mut Pane<'_>, line: usize, loaded: &Loaded) {
    let grave = loaded.inspected.grave();
    let end = pane.width().saturating_sub(1);
    let mut at = 1;
    for (index, found) in grave.iter().enumerate() {
        let (letter, ink) = letter(theme, found.rule.severity);
        let says = format!("{}{}", loaded.inspected.named(found), sanitize_bounded(&found.says, 120));
        let columns = width::columns(&says) + 2;
        if index > 0 && at + columns > end.saturating_sub(8) {
            pane.text(at, line, &format!("{} more", grave.len() - index), theme.dim());
            return;
        }
        at = pane.text(at, line, letter, ink) + 1;
        at = pane.text(at, line, &width::cut(&says, end.saturating_sub(at), "…"), Style::new()) + 2;
    }
}

fn title(theme: Theme, pane: &mut Pane<'_>, summary: &Summary) {
    let version = sanitize_bounded(&summary.version, 32);
    let time = summary.duration.map(units::duration).unwrap_or_default();
    let right = format!("{version}  {time}");
    let from = pane.width().saturating_sub(width::columns(&right) + 1);
    let at = pane.text(
        1,
        1,
        &format!("#{} {} ", summary.id.0, sanitize_bounded(&summary.method, 64)),
        theme.strong(),
    );
    let url = summary.url();
    let url = sanitize_bounded(&url, 4096);
    pane.text(at, 1, &width::path(&url, from.saturating_sub(at + 2), "…"), theme.strong());
    pane.text(from, 1, &right, theme.dim());
}

/// Status and size in words, or the failure with its cure; returns the line behind.
fn outcome(
    theme: Theme,
    pane: &mut Pane<'_>,
    line: usize,
    summary: &Summary,
    loaded: Option<&Loaded>,
) -> usize {
    let room = pane.width().saturating_sub(2);
    if let Some(failure) = &summary.failure {
        let says = sanitize_bounded(&failure.says, 2048);
        let mut line = line;
        for piece in width::wrap(&says, room).into_iter().take(2) {
            pane.text(1, line, piece, theme.bad());
            line += 1;
        }
        pane.text(1, line, &width::cut(words::cure(failure), room, "…"), Style::new());
        return line + 1;
    }
    let mut parts = Vec::new();
    match (summary.status, summary.state) {
        (Some(status), _) => parts.push(format!("{status} {}", reason(loaded)).trim_end().to_owned()),
        (None, State::Open) => parts.push("under way, no response yet".to_owned()),
        (None, _) => parts.push("no response".to_owned()),
    }
    if let Some(kind) = &summary.media_type {
        parts.push(sanitize_bounded(kind, 256).into_owned());
    }
    if summary.status.is_some() {
        parts.push(format!("{} B", units::count(summary.response_bytes)));
    }
    if let (Some(first), Some(all)) = (summary.ttfb, summary.duration) {
        parts.push(format!("head after {} of {}", units::duration(first), units::duration(all)));
    }
    parts.extend(summary.flags.words().map(str::to_owned));
    pane.text(1, line, &width::cut(&parts.join(" · "), room, "…"), Style::new());
    line + 1
}

/// The reason phrase that the client got, or the origin gave.
fn reason(loaded: Option<&Loaded>) -> String {
    let phrase =
        |head: &Head| head.status_line().map(|(_, _, phrase)| sanitize_bounded(phrase, 256).into_owned());
    loaded
        .and_then(|loaded| loaded.response.sent.as_ref().or(loaded.response.received.as_ref()))
        .and_then(phrase)
        .unwrap_or_default()
}

/// What the hop did to a message, line names behind their marks; returns the line behind.
fn changes(theme: Theme, pane: &mut Pane<'_>, line: usize, name: &str, passage: &Passage) -> usize {
    let Some(totals) = passage.totals() else { return line };
    let mut at = pane.text(1, line, name, theme.dim()) + 2;
    if passage.pairs.iter().all(|pair| pair.fate == Fate::Kept) {
        pane.text(at, line, &totals.says(), theme.dim());
        return line + 1;
    }
    let end = pane.width().saturating_sub(1);
    for pair in passage.pairs.iter().filter(|pair| pair.fate != Fate::Kept) {
        let (head, number, style) = match pair.fate {
            Fate::Removed => (&passage.received, pair.before, theme.bad()),
            Fate::Added => (&passage.sent, pair.after, theme.good()),
            _ => (&passage.sent, pair.after, theme.notable()),
        };
        let Some(text) = head.as_ref().zip(number).and_then(|(head, number)| called(head, number, pair.fate))
        else {
            continue;
        };
        let text = format!("{} {text}", pair.fate.mark());
        if at + width::columns(&text) > end.saturating_sub(2) {
            pane.text(at, line, "…", theme.dim());
            break;
        }
        at = pane.text(at, line, &text, style) + 2;
    }
    line + 1
}

/// What a line is called: an added one is short and shown whole, the others by name.
fn called(head: &Head, number: usize, fate: Fate) -> Option<String> {
    let Some(place) = number.checked_sub(1) else { return Some("start line".to_owned()) };
    let field = head.fields().nth(place)?;
    let bytes = if fate == Fate::Added || field.name.is_empty() { field.line } else { field.name };
    Some(sanitize_bounded(bytes, 60).into_owned())
}
