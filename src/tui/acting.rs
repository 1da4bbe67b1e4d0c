//! What stands over a screen for a moment and takes the keys: the palette, the copy menu, a file's name.
//!
//! Each is drawn as a sheet from the bottom: a rule with its title, its lines, and the footer with the
//! keys that work in it. One at a time; esc leaves it and changes nothing.

use super::app::App;
use super::mouse::Pointer;
use super::paint::Pane;
use super::panes::Panes;
use super::saving::Saving;
use super::typing::Purpose;
use super::update::Effect;
use super::{copy, layout, noting, palette, saving};
use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::ops::ControlFlow;

/// The state of all of them, and of what is done by mouse.
#[derive(Debug, Default)]
pub struct Acting {
    /// The palette, while a command is typed.
    pub palette: palette::Palette,
    /// The copy menu, when it is open.
    pub menu: Option<copy::Menu>,
    /// The body being saved.
    pub saving: Option<Saving>,
    /// The exchange whose note is being written.
    pub noting: Option<u64>,
    /// How list and detail share the screen.
    pub panes: Panes,
    /// What the mouse did last.
    pub pointer: Pointer,
}

/// A key for what stands over the screen; goes on when nothing does.
pub fn press(app: &mut App, key: KeyEvent) -> ControlFlow<Option<Effect>> {
    if app.acting.menu.is_some() {
        ControlFlow::Break(copy::press(app, key))
    } else {
        ControlFlow::Continue(())
    }
}

/// The keys for the footer while something stands over the screen.
#[must_use]
pub fn keys(app: &App) -> Option<Vec<(String, &'static str)>> {
    let keys: &[(&str, &'static str)] = match app.typing.as_ref().map(|typing| typing.purpose) {
        Some(Purpose::Command) => {
            &[("enter", "run"), ("↑↓", "choose"), ("tab", "complete"), ("esc", "close")]
        }
        Some(Purpose::Save) => &[("enter", "save"), ("esc", "leave")],
        Some(Purpose::Note) => &[("enter", "keep, or take an empty one away"), ("esc", "leave")],
        Some(Purpose::Keys) => &[("enter", "keep"), ("esc", "all")],
        Some(_) => return None,
        None => app.acting.menu.as_ref()?.keys(),
    };
    Some(keys.iter().map(|(key, words)| ((*key).to_owned(), *words)).collect())
}

/// Draws it over the screen.
pub fn draw(app: &App, buffer: &mut Buffer) {
    match app.typing.as_ref().map(|typing| typing.purpose) {
        Some(Purpose::Command) => palette::draw(app, buffer),
        Some(Purpose::Save) => saving::draw(app, buffer),
        Some(Purpose::Note) => noting::draw(app, buffer),
        _ if app.acting.menu.is_some() => copy::draw(app, buffer),
        _ => {}
    }
}

/// Lines that a sheet may have on this screen, its rule left out.
#[must_use]
pub fn room(app: &App) -> usize {
    usize::from(app.area.height).saturating_sub(2)
}

/// Clears a sheet of that many lines above the footer and draws its rule; the lines below the rule.
pub fn sheet<'a>(app: &App, lines: usize, title: &str, buffer: &'a mut Buffer) -> Pane<'a> {
    let (above, footer) = layout::detail(app.area);
    let height = u16::try_from(lines + 1).unwrap_or(u16::MAX).min(above.height);
    let area = Rect { y: footer.y.saturating_sub(height), height, ..above }.intersection(buffer.area);
    for line in area.rows() {
        for cell in line.columns() {
            buffer[cell.as_position()].reset();
        }
    }
    let mut rule = Pane::new(buffer, Rect { height: area.height.min(1), ..area });
    rule.rule(0, app.theme.dim());
    rule.text(2, 0, &format!(" {title} "), app.theme.strong());
    let inner = Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area };
    Pane::new(buffer, inner)
}
