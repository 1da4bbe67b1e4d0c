//! A short list to choose from, over the rows: filters used before, what to filter by.

use super::app::App;
use super::filter;
use super::paint::Pane;
use super::update::Effect;
use crate::text::{sanitize_bounded, width};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns of the labels.
const LABELS: usize = 8;
/// Columns of the widest menu.
const WIDEST: usize = 72;

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What kind of thing it is; may be empty.
    pub label: String,
    /// The thing.
    pub shown: String,
    /// The filter that it makes.
    pub text: String,
}

/// A menu being shown: keys are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    title: &'static str,
    items: Vec<Item>,
    at: usize,
}

impl Menu {
    /// A menu, if there is anything to choose.
    #[must_use]
    pub fn new(title: &'static str, items: Vec<Item>) -> Option<Self> {
        (!items.is_empty()).then_some(Self { title, items, at: 0 })
    }
}

/// Keys and words for the footer.
pub const KEYS: &[(&str, &str)] = &[("enter", "use it"), ("j k", "choose"), ("esc", "leave")];

/// A key while the menu is shown.
pub fn press(app: &mut App, key: KeyEvent) -> Option<Effect> {
    let menu = app.menu.as_mut()?;
    let last = menu.items.len().saturating_sub(1);
    match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Char('c'), true) => return Some(Effect::Quit),
        (KeyCode::Char('j'), false) | (KeyCode::Down, _) => menu.at = (menu.at + 1).min(last),
        (KeyCode::Char('k'), false) | (KeyCode::Up, _) => menu.at = menu.at.saturating_sub(1),
        (KeyCode::Esc, _) | (KeyCode::Char('q'), false) => app.menu = None,
        (KeyCode::Enter, _) => {
            let chosen = menu.items.get(menu.at).map(|item| item.text.clone());
            app.menu = None;
            if let Some(text) = chosen {
                filter::choose(app, &text);
            }
        }
        _ => {}
    }
    None
}

/// Draws it over the rows, in the upper left.
pub fn draw(app: &App, menu: &Menu, rows: Rect, buffer: &mut Buffer) {
    let lines = menu.items.len().min(usize::from(rows.height).saturating_sub(2));
    let columns = usize::from(rows.width).saturating_sub(6).min(WIDEST);
    let height = u16::try_from(lines + 2).unwrap_or(rows.height).min(rows.height);
    let wide = u16::try_from(columns).unwrap_or(rows.width);
    let mut pane = Pane::new(buffer, Rect { x: rows.x + 3.min(rows.width), width: wide, height, ..rows });
    let dim = app.theme.dim();
    let edge = |pane: &mut Pane<'_>, line, left: &str, right: &str| {
        pane.text(0, line, &format!("{left}{}{right}", "─".repeat(columns.saturating_sub(2))), dim);
    };
    edge(&mut pane, 0, "┌", "┐");
    pane.text(2, 0, &format!(" {} ", menu.title), app.theme.strong());
    let top = menu.at.saturating_sub(lines.saturating_sub(1));
    for (line, item) in menu.items.iter().skip(top).take(lines).enumerate() {
        draw_item(app, &mut pane, line + 1, columns, item, top + line == menu.at);
    }
    edge(&mut pane, lines + 1, "└", "┘");
}

fn draw_item(app: &App, pane: &mut Pane<'_>, line: usize, columns: usize, item: &Item, chosen: bool) {
    let (mark, ink) = if chosen { ("▌", app.theme.selected()) } else { (" ", Style::new()) };
    let label = if item.label.is_empty() { String::new() } else { width::fit(&item.label, LABELS, "…") };
    let room = columns.saturating_sub(4 + width::columns(&label));
    let shown = sanitize_bounded(&item.shown, 1024);
    let text = format!("{label}{}", width::middle(&shown, room, "…"));
    pane.text(0, line, "│", app.theme.dim());
    pane.text(1, line, &format!("{mark} {}", width::fit(&text, columns.saturating_sub(4), "…")), ink);
    pane.text(columns.saturating_sub(1), line, "│", app.theme.dim());
}
