//! The one table of what can be done: action, keys, words, and where it works.
//!
//! The key map, the footers and the help screen are all made from it, so that they cannot
//! disagree. A key has one meaning on every screen; space alone may have two.

use super::app::{App, Screen};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a person can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// One line on.
    Down,
    /// One line back.
    Up,
    /// To the first line.
    Top,
    /// To the last line.
    Bottom,
    /// Half a page on.
    HalfDown,
    /// Half a page back.
    HalfUp,
    /// A page on.
    PageDown,
    /// A page back.
    PageUp,
    /// Open the exchange.
    Open,
    /// Out of this screen; at the list out of hopscope.
    Back,
    /// Out of this screen, never out of hopscope.
    Escape,
    /// To the other pane.
    OtherPane,
    /// The detail tab before.
    TabBefore,
    /// The detail tab after.
    TabAfter,
    /// A detail tab by its place, from 0.
    Tab(usize),
    /// Received, sent, or both.
    Hop,
    /// Follow the newest, or not.
    Follow,
    /// Show or hide noise.
    Noise,
    /// The keys.
    Help,
    /// Draw all anew.
    Redraw,
    /// Back to the shell for a while.
    Suspend,
    /// End.
    Quit,
}

/// A key as the table names it: its code, and whether ctrl is held.
type Key = (KeyCode, bool);

/// A line of the table.
#[derive(Debug)]
pub struct Entry {
    /// What is done.
    pub action: Action,
    /// The keys for it.
    pub keys: &'static [Key],
    /// The keys as help and footer show them.
    pub shown: &'static str,
    /// What it does, for the help screen.
    pub words: &'static str,
    /// One or two words for the footer; empty keeps it out.
    pub short: &'static str,
    /// The screens where it works.
    pub screens: &'static [Screen],
}

const fn key(c: char) -> Key {
    (KeyCode::Char(c), false)
}

const fn ctrl(c: char) -> Key {
    (KeyCode::Char(c), true)
}

const fn code(code: KeyCode) -> Key {
    (code, false)
}

use Screen::{Detail, Help, List, Side};
const ALL: &[Screen] = &[List, Side, Detail, Help];
const TEXT: &[Screen] = &[Side, Detail, Help];
const MAIN: &[Screen] = &[List, Side, Detail];
const DETAIL: &[Screen] = &[Side, Detail];

macro_rules! table {
    ($($action:expr, [$($key:expr),+], $shown:literal, $words:literal, $short:literal, $screens:expr;)+) => {
        &[$(Entry {
            action: $action, keys: &[$($key),+], shown: $shown, words: $words, short: $short, screens: $screens,
        },)+]
    };
}

/// Every action. Footers name what fits, in this order.
pub const TABLE: &[Entry] = table! {
    Action::Open, [code(KeyCode::Enter)], "enter", "open the exchange", "open", &[List, Side];
    Action::Back, [key('q')], "q", "back; at the list, quit", "back", ALL;
    Action::Hop, [key('H')], "H", "the hop: received and sent, as received, as sent", "received/sent", MAIN;
    Action::TabAfter, [key(']')], "]", "detail tab after", "next tab", DETAIL;
    Action::TabBefore, [key('[')], "[", "detail tab before", "", DETAIL;
    Action::OtherPane, [code(KeyCode::Tab), code(KeyCode::BackTab)], "tab", "to the other pane", "pane", &[List, Side];
    Action::Tab(0), [key('1')], "1", "Overview: the exchange at a glance", "", MAIN;
    Action::Tab(1), [key('2')], "2", "Request: its head as received and as sent", "", MAIN;
    Action::Tab(2), [key('3')], "3", "Response: its head as received and as sent", "", MAIN;
    Action::Tab(3), [key('4')], "4", "Body: what is known of the bodies", "", MAIN;
    Action::Tab(4), [key('5')], "5", "Timing: the phases", "", MAIN;
    Action::Tab(5), [key('6')], "6", "TLS: both connections", "", MAIN;
    Action::Tab(6), [key('7')], "7", "Hops: received beside sent, with reasons", "hops", MAIN;
    Action::Tab(7), [key('8')], "8", "Raw: the four heads byte for byte", "", MAIN;
    Action::Follow, [key('F')], "F", "follow the newest, or stay", "follow", &[List, Side];
    Action::Noise, [key('.')], ".", "show or hide opened CONNECTs", "noise", &[List, Side];
    Action::Help, [key('?')], "?", "the keys", "help", ALL;
    Action::Down, [key('j'), code(KeyCode::Down)], "j ↓", "a line down", "", ALL;
    Action::Up, [key('k'), code(KeyCode::Up)], "k ↑", "a line up", "", ALL;
    Action::Top, [key('g'), code(KeyCode::Home)], "g Home", "to the start", "", ALL;
    Action::Bottom, [key('G'), code(KeyCode::End)], "G End", "to the end; in the list, follow", "", ALL;
    Action::HalfDown, [ctrl('d')], "ctrl-d", "half a page down", "", ALL;
    Action::HalfUp, [ctrl('u')], "ctrl-u", "half a page up", "", ALL;
    Action::PageDown, [code(KeyCode::PageDown)], "PgDn", "a page down", "", ALL;
    Action::PageUp, [code(KeyCode::PageUp)], "PgUp", "a page up", "", ALL;
    Action::PageDown, [key(' ')], "space", "a page down, in text", "", TEXT;
    Action::Escape, [code(KeyCode::Esc)], "esc", "back, never out of hopscope", "", ALL;
    Action::Redraw, [ctrl('l')], "ctrl-l", "draw the screen anew", "", ALL;
    Action::Suspend, [ctrl('z')], "ctrl-z", "suspend; traffic waits until you are back", "", ALL;
    Action::Quit, [ctrl('c')], "ctrl-c", "quit", "", ALL;
};

/// What a key means on the screen that has the focus, if anything.
#[must_use]
pub fn action_of(event: KeyEvent, app: &App) -> Option<Action> {
    let pressed = (event.code, event.modifiers.contains(KeyModifiers::CONTROL));
    let screen = app.screen();
    TABLE
        .iter()
        .filter(|entry| entry.screens.contains(&screen))
        .find(|entry| entry.keys.contains(&pressed))
        .map(|entry| entry.action)
        .filter(|action| works(*action, app))
}

/// Whether an action would do anything at this moment.
#[must_use]
pub fn works(action: Action, app: &App) -> bool {
    let rows = app.list.index.shown_count() > 0;
    match action {
        Action::Open | Action::TabBefore | Action::TabAfter => app.detail.id.is_some(),
        Action::Tab(place) => {
            app.detail.id.is_some() && !(app.shows_detail() && app.detail.tab as usize == place)
        }
        Action::Hop => app.detail.id.is_some() && (app.screen() == Screen::List || app.detail.has_sides()),
        Action::OtherPane => app.is_split(),
        Action::Follow => rows,
        Action::Noise => app.list.index.noise_count() > 0 || app.list.index.noise_shown(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_key_has_one_meaning_space_excepted() {
        let mut meanings: HashMap<Key, Action> = HashMap::new();
        for (entry, key) in TABLE.iter().flat_map(|entry| entry.keys.iter().map(move |key| (entry, *key))) {
            if key.0 == KeyCode::Char(' ') {
                continue;
            }
            assert_eq!(meanings.insert(key, entry.action), None, "{key:?} has two meanings");
        }
    }

    #[test]
    fn no_key_is_a_byte_that_a_terminal_sends_for_another() {
        for key in TABLE.iter().flat_map(|entry| entry.keys) {
            assert!(![ctrl('i'), ctrl('m'), ctrl('h')].contains(key));
        }
    }

    #[test]
    fn every_entry_says_what_it_does() {
        for entry in TABLE {
            assert!(!entry.words.is_empty() && !entry.shown.is_empty() && !entry.screens.is_empty());
        }
    }
}
