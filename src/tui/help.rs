//! The keys, made from the one table, those of the present screen first.

use super::actions::{self, Entry, TABLE};
use super::app::{App, Screen};
use super::layout;
use super::page::Page;
use super::paint::Pane;
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the keys.
const KEYS: usize = 10;

/// Draws the help over the whole area but the footer.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let (text, _) = layout::detail(area);
    let mut pane = Pane::new(buffer, text);
    let height = pane.height();
    let lines = lines(app);
    let top = app.help.unwrap_or(0).min(lines.len().saturating_sub(height));
    for (row, line) in lines.iter().skip(top).take(height).enumerate() {
        pane.line(row, line);
    }
}

/// The text: keys that work on the screen below, the other ones, and what the shapes mean.
#[must_use]
pub fn lines(app: &App) -> Vec<Line<'static>> {
    let below = match app.screen() {
        Screen::Help => app.base,
        screen => screen,
    };
    let mut page = Page::new(app.theme, usize::from(app.area.width));
    let (here, elsewhere): (Vec<&Entry>, Vec<&Entry>) =
        TABLE.iter().partition(|entry| entry.screens.contains(&below));
    page.heading("Keys here", "j k scroll · ? or q closes");
    entries(app, &mut page, &here);
    if !elsewhere.is_empty() {
        page.gap();
        page.heading("Keys on other screens", "");
        entries(app, &mut page, &elsewhere);
    }
    page.gap();
    page.heading("Shapes", "");
    for (shape, words) in SHAPES {
        page.push(entry(app, shape, words, true));
    }
    page.finish()
}

/// In two columns where there is room.
fn entries(app: &App, page: &mut Page, entries: &[&Entry]) {
    let works = |item: &Entry| actions::works(item.action, app);
    let half = page.room() / 2;
    let widest = entries.iter().map(|item| KEYS + 3 + item.words.len()).max().unwrap_or(0);
    if widest + 2 > half {
        for item in entries {
            page.push(entry(app, item.shown, item.words, works(item)));
        }
        return;
    }
    let rows = entries.len().div_ceil(2);
    for row in 0..rows {
        let Some(left) = entries.get(row) else { continue };
        let mut line = entry(app, left.shown, left.words, works(left));
        if let Some(right) = entries.get(row + rows) {
            line.push_span(Span::raw(" ".repeat(half.saturating_sub(line.width()))));
            line.spans.extend(entry(app, right.shown, right.words, works(right)).spans);
        }
        page.push(line);
    }
}

fn entry(app: &App, keys: &str, words: &str, usable: bool) -> Line<'static> {
    let theme = app.theme;
    let (keys_style, words_style) =
        if usable { (theme.name(), ratatui::style::Style::new()) } else { (theme.dim(), theme.dim()) };
    Line::from(vec![
        Span::styled(format!("   {}", width::fit(keys, KEYS, "…")), keys_style),
        Span::styled(words.to_owned(), words_style),
    ])
}

const SHAPES: &[(&str, &str)] = &[
    ("≡ →", "not modified, redirect"),
    ("! ‼", "client error, server error"),
    ("✗ ✗us", "failed; answered by hopscope itself"),
    ("⇄ …", "tunnel or switched protocol; under way"),
    ("↻", "before the number: a replay"),
    ("!", "before the number: the origin was not trusted, and let pass"),
    ("− + ~", "line removed, added, changed by the hop"),
];
