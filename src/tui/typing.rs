//! A line of text being typed: while there is one, keys are text.
//!
//! What the text is for decides where it is drawn and what becomes of it; the line itself, its cursor
//! and its editing keys are the same everywhere.

use super::app::App;
use super::detail::{body, find, messages};
use super::filter;
use super::paint::Pane;
use super::update::Effect;
use super::{help, noting, palette, saving};
use crate::text::width;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use tui_input::backend::crossterm::EventHandler as _;

/// What a text is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The list's filter; takes effect as it is typed.
    Filter,
    /// A search in the detail's text; takes effect as it is typed.
    Find,
    /// An action's name.
    Command,
    /// The file that a body is saved to.
    Save,
    /// A note on an exchange.
    Note,
    /// Words to find a key in the help by.
    Keys,
}

/// A text being typed.
#[derive(Clone, Debug)]
pub struct Typing {
    /// What for.
    pub purpose: Purpose,
    /// The text and its cursor.
    pub input: tui_input::Input,
}

impl Typing {
    /// Begins with a text, the cursor behind it.
    #[must_use]
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self { purpose, input: tui_input::Input::new(text.to_owned()) }
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Draws the text from a column of a line on, scrolled so that the cursor is in view.
    pub fn draw(&self, pane: &mut Pane<'_>, column: usize, line: usize, style: Style) {
        let room = pane.width().saturating_sub(column + 1);
        let skipped = self.input.visual_scroll(room.max(1));
        let shown = width::skip(self.text(), skipped);
        pane.text(column, line, &width::cut(shown, room, ""), style);
        let cursor = column + self.input.visual_cursor().saturating_sub(skipped);
        pane.invert(cursor, line);
    }
}

/// A key while a text is typed.
pub fn press(app: &mut App, key: KeyEvent) -> Option<Effect> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let purpose = app.typing.as_ref().map(|typing| typing.purpose);
    match purpose {
        Some(Purpose::Command) if palette::press(app, key) => return None,
        Some(Purpose::Filter) if filter::press(app, key) => return None,
        _ => {}
    }
    match key.code {
        KeyCode::Char('c') if ctrl => Some(Effect::Quit),
        KeyCode::Enter => accept(app),
        KeyCode::Esc => {
            cancel(app);
            None
        }
        _ => {
            let changed = app.typing.as_mut()?.input.handle_event(&Event::Key(key))?;
            // What is wrong with a filter, and what may come next, depends on where the cursor stands.
            if changed.value || purpose == Some(Purpose::Filter) {
                follow(app);
            }
            None
        }
    }
}

/// Text was pasted.
pub fn paste(app: &mut App, text: &str) {
    let Some(typing) = app.typing.as_mut() else { return };
    for c in text.chars().filter(|c| !c.is_control()) {
        typing.input.handle(tui_input::InputRequest::InsertChar(c));
    }
    follow(app);
}

/// Takes what was typed.
fn accept(app: &mut App) -> Option<Effect> {
    let typing = app.typing.take()?;
    match typing.purpose {
        Purpose::Filter => {
            if !filter::keep(app) {
                app.typing = Some(typing);
            }
            None
        }
        Purpose::Find if body::is_shown(app) => {
            body::take_find(app);
            None
        }
        Purpose::Find if messages::is_shown(app) => {
            messages::take_find(app);
            None
        }
        Purpose::Find => {
            find::accept(app);
            None
        }
        Purpose::Command => palette::accept(app, typing),
        Purpose::Save => saving::accept(app, typing),
        Purpose::Note => noting::accept(app, &typing),
        Purpose::Keys => None,
    }
}

/// Leaves it as it was before.
fn cancel(app: &mut App) {
    match app.typing.take().map(|typing| typing.purpose) {
        Some(Purpose::Filter) => filter::restore(app),
        Some(Purpose::Find) if body::is_shown(app) => body::leave_find(app),
        Some(Purpose::Find) if messages::is_shown(app) => messages::leave_find(app),
        Some(Purpose::Find) => find::cancel(app),
        Some(Purpose::Save) => app.acting.saving = None,
        Some(Purpose::Note) => app.acting.noting = None,
        Some(Purpose::Keys) => _ = help::find(app, ""),
        Some(Purpose::Command) | None => {}
    }
}

/// What takes effect as it is typed.
fn follow(app: &mut App) {
    let Some(typing) = &app.typing else { return };
    let text = typing.text().to_owned();
    match typing.purpose {
        Purpose::Filter => filter::follow(app),
        Purpose::Find if body::is_shown(app) => body::follow_find(app),
        Purpose::Find if messages::is_shown(app) => messages::follow_find(app),
        Purpose::Find => find::follow(app, &text),
        Purpose::Command => palette::follow(app),
        Purpose::Keys => _ = help::find(app, &text),
        Purpose::Note => noting::bound(app),
        Purpose::Save => {}
    }
}
