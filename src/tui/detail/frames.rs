//! HTTP/2 frames in the Raw tab: those of each leg, the connection's own first.

use super::View;
use crate::exchange::{Connection, FrameNote, Side};
use crate::text::{sanitize, units, width};
use crate::tui::page::{Cell, Page};
use ratatui::style::Style;
use ratatui::text::Span;

/// Columns of the longest name, `WINDOW_UPDATE`, and of a count behind it.
const NAME: usize = 16;

/// Appends the frames of both legs.
pub fn build(view: &View<'_>, page: &mut Page) {
    let loaded = view.loaded;
    for side in [Side::Client, Side::Origin] {
        let (connection, leg) = match side {
            Side::Client => (loaded.client.as_ref(), "client ↔ hopscope"),
            Side::Origin => (loaded.origin.as_ref(), "hopscope ↔ origin"),
        };
        let carried: Vec<_> = loaded.exchange.frames.iter().filter(|frame| frame.side == side).collect();
        if !carried.is_empty() {
            page.gap();
            page.heading(&format!("Frames   {leg}"), "since it began");
            for frame in carried {
                row(page, frame);
            }
        }
        own(page, connection, leg);
    }
}

fn own(page: &mut Page, connection: Option<&Connection>, leg: &str) {
    let Some(connection) = connection.filter(|connection| !connection.frames.is_empty()) else { return };
    page.gap();
    let title = format!("Frames of connection {}   {leg}", connection.id.0);
    page.heading(&title, "since it was opened");
    for frame in &connection.frames {
        row(page, frame);
    }
}

fn row(page: &mut Page, frame: &FrameNote) {
    let theme = page.theme;
    let wide = page.room() >= 60;
    let name = match frame.count {
        0 | 1 => frame.name().into_owned(),
        count => format!("{} ×{}", frame.name(), units::count(u64::from(count))),
    };
    let lead = if wide { format!(" {:>7}  ", units::duration(frame.at)) } else { " ".to_owned() };
    // As the leg is written: from left to right toward the origin.
    let onward = frame.sent == (frame.side == Side::Origin);
    let arrow = if onward { Span::styled("→ ", theme.name()) } else { Span::styled("← ", theme.good()) };
    let kind = if matches!(frame.kind, 3 | 7) { theme.notable() } else { Style::new() };
    let mut text = vec![arrow, Span::styled(format!("{name:<NAME$} "), kind)];
    let numbers = if wide {
        format!("stream {:<5} {:>6}  ", frame.stream, units::bytes(frame.length))
    } else {
        format!("{:<4} {:>5} ", frame.stream, units::bytes(frame.length))
    };
    text.push(Span::styled(numbers, theme.dim()));
    let words = sanitize(&frame.words()).into_owned();
    let taken = width::columns(&lead) + text.iter().map(Span::width).sum::<usize>();
    let beside = taken + width::columns(&words) < page.room();
    if beside {
        text.push(Span::raw(words.clone()));
    }
    page.cell(Cell { lead: Span::styled(lead, theme.dim()), text, ..Cell::default() });
    if !beside {
        page.wrapped("     ", &words, Style::new());
    }
}
