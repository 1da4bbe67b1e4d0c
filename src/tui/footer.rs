//! The last line: a message while there is one, else the keys that work now.

use super::acting;
use super::actions::{self, Action, TABLE};
use super::app::{App, Screen};
use super::detail::{body, find, messages, pane};
use super::menu;
use super::paint::Pane;
use super::typing::Purpose;
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the line.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    if let Some(message) = &app.message {
        let room = pane.width().saturating_sub(2);
        pane.text(1, 0, &width::cut(message, room, "…"), app.theme.notable());
        return;
    }
    let end = pane.width().saturating_sub(1);
    let mut at = 1;
    for (keys, words) in keys(app) {
        let next = at + width::columns(&keys) + 1 + width::columns(words);
        if next > end {
            continue;
        }
        at = pane.text(at, 0, &keys, app.theme.name()) + 1;
        at = pane.text(at, 0, words, app.theme.dim()) + 2;
    }
}

/// Keys and words of what can be done on this screen at this moment, most useful first.
#[must_use]
pub fn keys(app: &App) -> Vec<(String, &'static str)> {
    if let Some(keys) = acting::keys(app) {
        return keys;
    }
    let screen = app.screen();
    match (&app.typing, &app.menu) {
        (Some(typing), _) if typing.purpose == Purpose::Filter => return named(TYPING_FILTER),
        (Some(typing), _) if typing.purpose == Purpose::Find => return named(&find::TYPING_KEYS),
        (None, Some(_)) => return named(menu::KEYS),
        _ => {}
    }
    TABLE
        .iter()
        .enumerate()
        .map(|(place, entry)| (app.keymap.first(place), entry))
        .filter(|(keys, _)| !keys.is_empty())
        .filter(|(_, entry)| entry.screens.contains(&screen))
        .filter(|(_, entry)| !short(entry.action, screen, entry.short).is_empty())
        .filter(|(_, entry)| actions::works(entry.action, app))
        // The list's footer says 7, which leads to the same place.
        .filter(|(_, entry)| entry.action != Action::Hop || screen != Screen::List)
        .map(|(keys, entry)| match entry.action {
            Action::View if messages::is_shown(app) && screen != Screen::List => (keys, "whole body"),
            Action::Open if app.detail.is_explained() && matches!(screen, Screen::Side | Screen::Detail) => {
                (keys, pane::enter(app))
            }
            Action::Hop if body::is_shown(app) && screen != Screen::List => (keys, "other body"),
            _ => (keys, short(entry.action, screen, entry.short)),
        })
        .collect()
}

/// Keys that no binding changes.
fn named(keys: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    keys.iter().map(|(keys, words)| ((*keys).to_owned(), *words)).collect()
}

/// What keys do while the filter is typed.
const TYPING_FILTER: &[(&str, &str)] =
    &[("enter", "keep"), ("esc", "as it was"), ("-word", "leaves out"), ("\"a b\"", "a phrase")];

fn short(action: Action, screen: Screen, otherwise: &'static str) -> &'static str {
    match (action, screen) {
        (Action::Back, Screen::List) => "quit",
        (Action::Search, Screen::List) => "filter",
        (Action::Help, Screen::Help) => "close",
        (Action::Open, Screen::Help) => "do it",
        (Action::Hop, Screen::Compare) => "messages",
        (Action::NextHit, Screen::Compare) => "next change",
        (Action::Noise, Screen::Compare) => "expected",
        _ => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake;

    #[test]
    fn the_footer_names_only_keys_that_work() {
        for screen in [Screen::List, Screen::Side, Screen::Detail, Screen::Compare, Screen::Help] {
            for (width, height) in [(80, 24), (140, 40)] {
                for full in [false, true] {
                    let app = fake::app_on(screen, width, height, full);
                    for (shown, _) in keys(&app) {
                        let entry = TABLE.iter().find(|entry| entry.shown == shown);
                        let Some(entry) = entry else { panic!("{shown} is not in the table") };
                        let press = fake::key_event(entry.keys[0]);
                        assert_eq!(
                            actions::action_of(press, &app),
                            Some(entry.action),
                            "{shown} on {screen:?}"
                        );
                    }
                }
            }
        }
    }
}
