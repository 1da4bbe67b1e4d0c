//! The one table of what can be done: action, keys, words, and where it works.
//!
//! The key map, the footers and the help screen are all made from it, so that they cannot
//! disagree. A key has one meaning on every screen; space alone may have two.

use super::again;
use super::app::{App, Screen};
use super::detail::{Tab, body, find, inspected, messages};
use super::keymap::Press;
use super::{compare, guards, noting, onboarding, panes, saving};
use crossterm::event::{KeyCode, KeyEvent};

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
    /// Let the client in that waits for it.
    LetIn,
    /// Intercept a host again that was left alone.
    Intercept,
    /// One column back: pan, or fold.
    Left,
    /// One column on: pan, or unfold.
    Right,
    /// In the list the filter, in the detail the search.
    Search,
    /// The next hit of the search.
    NextHit,
    /// The hit before.
    HitBefore,
    /// Filter by what is under the cursor.
    FilterBy,
    /// The filter on or off.
    FilterToggle,
    /// Filters used before.
    FilterHistory,
    /// Mark and move on.
    MarkMove,
    /// Mark, or take the mark away.
    Mark,
    /// Only marked rows, or all.
    OnlyMarked,
    /// Mark from here to where the cursor goes.
    Range,
    /// Delete the marked exchanges, or this one.
    Delete,
    /// Delete all that is shown.
    ClearList,
    /// Write a note.
    Note,
    /// Take the last deletion, mark or note back.
    Undo,
    /// Send it again as it is.
    Replay,
    /// Send it again, asking how.
    ReplayForm,
    /// Edit a copy in $EDITOR and send that.
    EditReplay,
    /// Compare the two marked, or this with its original.
    Compare,
    /// What to copy.
    Copy,
    /// Save the body.
    SaveBody,
    /// The body, or the text shown, in $PAGER.
    Pager,
    /// The body's next view: pretty, raw, hex.
    View,
    /// Fold or unfold.
    Fold,
    /// The next line with a finding.
    NextFinding,
    /// The line with a finding before.
    FindingBefore,
    /// The pane that explains a head.
    Explain,
    /// Secrets as they are, or masked.
    Secrets,
    /// One pane or two.
    Layout,
    /// More room for the list.
    Wider,
    /// Less room for the list.
    Narrower,
    /// Any action by its name.
    Palette,
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
    /// Its name: the palette runs it, `[keys]` in config.toml rebinds it.
    pub name: &'static str,
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

use Screen::{Compare, Detail, Help, List, Side};
const ALL: &[Screen] = &[List, Side, Detail, Compare, Help];
const TEXT: &[Screen] = &[Side, Detail, Compare, Help];
const LISTS_AND_COMPARE: &[Screen] = &[List, Side, Compare];
const MAIN_AND_COMPARE: &[Screen] = &[List, Side, Detail, Compare];
const DETAIL_AND_COMPARE: &[Screen] = &[Side, Detail, Compare];
const MAIN: &[Screen] = &[List, Side, Detail];
const MAIN_AND_HELP: &[Screen] = &[List, Side, Detail, Help];
const DETAIL: &[Screen] = &[Side, Detail];

macro_rules! table {
    ($($action:expr, $name:literal, [$($key:expr),*], $shown:literal, $words:literal, $short:literal, $screens:expr;)+) => {
        &[$(Entry {
            action: $action, name: $name, keys: &[$($key),*], shown: $shown, words: $words, short: $short,
            screens: $screens,
        },)+]
    };
}

/// Every action. Footers name what fits, in this order.
pub const TABLE: &[Entry] = table! {
    Action::Open, "open", [code(KeyCode::Enter)], "enter", "open the exchange, or a message; more of what explains a head; in the help, do it", "open", MAIN_AND_HELP;
    Action::Back, "back", [key('q')], "q", "back; at the list, quit", "back", ALL;
    Action::Search, "search", [key('/')], "/", "filter the list as you type; find in a text or in the help", "find", MAIN_AND_HELP;
    Action::Help, "help", [key('?')], "?", "the keys", "help", ALL;
    Action::Hop, "hop", [key('H')], "H", "the hop: both, as received, as sent; the other body", "received/sent", MAIN_AND_COMPARE;
    Action::View, "view", [key('p')], "p", "the body: pretty, raw, hex; from messages to the whole body", "view", DETAIL;
    Action::NextFinding, "next finding", [key('w')], "w", "next finding of the header inspector", "next finding", DETAIL;
    Action::Explain, "explain", [key('X')], "X", "explain the header line, or leave that out", "explain", DETAIL;
    Action::EditReplay, "edit", [key('e')], "e", "edit a copy in $EDITOR, then send it", "edit", MAIN;
    Action::Replay, "replay", [key('r')], "r", "send again as it is", "replay", MAIN_AND_COMPARE;
    Action::ReplayForm, "replay form", [key('R')], "R", "send again: how often, where to, with which fields", "", MAIN_AND_COMPARE;
    Action::Mark, "mark", [key('m')], "m", "mark, or take the mark away", "mark", &[List, Side];
    Action::Copy, "copy", [key('y')], "y", "copy: URL, curl, field, bodies, raw; a message's payload", "copy", MAIN;
    Action::Compare, "compare", [key('=')], "=", "compare the two marked, or a replay with its original", "compare", MAIN;
    Action::TabAfter, "tab after", [key(']')], "]", "detail tab after", "next tab", DETAIL;
    Action::TabBefore, "tab before", [key('[')], "[", "detail tab before", "", DETAIL;
    Action::OtherPane, "pane", [code(KeyCode::Tab), code(KeyCode::BackTab)], "tab", "to the other pane", "pane", &[List, Side];
    Action::Tab(0), "overview", [key('1')], "1", "Overview: the exchange at a glance", "", MAIN;
    Action::Tab(1), "request", [key('2')], "2", "Request: its head as received and as sent", "", MAIN;
    Action::Tab(2), "response", [key('3')], "3", "Response: its head as received and as sent", "", MAIN;
    Action::Tab(3), "body", [key('4')], "4", "Body: both bodies, pretty, raw, hex; Messages, where there are", "", MAIN;
    Action::Tab(4), "timing", [key('5')], "5", "Timing: the phases", "", MAIN;
    Action::Tab(5), "tls", [key('6')], "6", "TLS: both connections", "", MAIN;
    Action::Tab(6), "hops", [key('7')], "7", "Hops: received beside sent, with reasons", "hops", MAIN;
    Action::Tab(7), "raw", [key('8')], "8", "Raw: the four heads byte for byte", "", MAIN;
    Action::FindingBefore, "finding before", [key('W')], "W", "finding before", "", DETAIL;
    Action::Secrets, "secrets", [key('x')], "x", "show secrets as they are, or mask them", "", DETAIL;
    Action::Palette, "palette", [key(':'), ctrl('p')], ":", "any command by its name", "command", ALL;
    Action::Follow, "follow", [key('F')], "F", "follow the newest exchange or message, or stay", "follow", MAIN;
    Action::Noise, "noise", [key('.')], ".", "show or hide noise: opened CONNECTs, expected differences", "noise", LISTS_AND_COMPARE;
    Action::NextHit, "next hit", [key('n')], "n", "next hit; in a comparison, next change", "", DETAIL_AND_COMPARE;
    Action::HitBefore, "hit before", [key('N')], "N", "hit before", "", DETAIL_AND_COMPARE;
    Action::FilterBy, "filter by", [key('f')], "f", "filter by what is under the cursor", "", MAIN;
    Action::FilterToggle, "filter toggle", [ctrl('t')], "ctrl-t", "the filter off, or on again", "", &[List, Side];
    Action::FilterHistory, "filter history", [ctrl('r')], "ctrl-r", "filters used before", "", &[List, Side];
    Action::MarkMove, "mark and move", [key(' ')], "space", "mark and move on, in the list", "", &[List];
    Action::OnlyMarked, "only marked", [key('M')], "M", "only marked rows, or all", "", &[List, Side];
    Action::Range, "range", [key('v')], "v", "mark a range: here, move, v again", "", &[List];
    Action::Delete, "delete", [key('D')], "D", "delete the marked, or this one; u brings back", "", MAIN;
    Action::ClearList, "clear list", [ctrl('x')], "ctrl-x", "delete all rows shown; u brings back", "", &[List, Side];
    Action::LetIn, "let in", [key('a')], "a", "let the client in that waits to be served", "let in", MAIN;
    Action::Intercept, "intercept again", [key('i')], "i", "intercept this host again, left alone after refusals", "intercept", MAIN;
    Action::Note, "note", [key(';')], ";", "write a note on it, or change it; words with # are tags", "", MAIN;
    Action::Undo, "undo", [key('u')], "u", "undo the last deletion, mark or note", "", MAIN;
    Action::SaveBody, "save body", [key('b')], "b", "save the body to a file", "", MAIN;
    Action::Pager, "pager", [key('o')], "o", "the body in $PAGER", "", MAIN;
    Action::Fold, "fold", [key('z')], "z", "fold or unfold", "", DETAIL;
    Action::Layout, "layout", [key('|')], "|", "one pane, or list and detail side by side", "", MAIN;
    Action::Wider, "wider", [key('+')], "+", "more room for the list", "", MAIN;
    Action::Narrower, "narrower", [key('_')], "_", "less room for the list", "", MAIN;
    Action::Down, "down", [key('j'), code(KeyCode::Down)], "j ↓", "a line down", "", ALL;
    Action::Up, "up", [key('k'), code(KeyCode::Up)], "k ↑", "a line up", "", ALL;
    Action::Left, "left", [key('h'), code(KeyCode::Left)], "h ←", "pan left, or fold", "", DETAIL;
    Action::Right, "right", [key('l'), code(KeyCode::Right)], "l →", "pan right, or unfold", "", DETAIL;
    Action::Top, "top", [key('g'), code(KeyCode::Home)], "g Home", "to the start", "", ALL;
    Action::Bottom, "bottom", [key('G'), code(KeyCode::End)], "G End", "to the end; in the list, follow", "", ALL;
    Action::HalfDown, "half page down", [ctrl('d')], "ctrl-d", "half a page down", "", ALL;
    Action::HalfUp, "half page up", [ctrl('u')], "ctrl-u", "half a page up", "", ALL;
    Action::PageDown, "page down", [code(KeyCode::PageDown)], "PgDn", "a page down", "", ALL;
    Action::PageUp, "page up", [code(KeyCode::PageUp)], "PgUp", "a page up", "", ALL;
    Action::PageDown, "page down", [key(' ')], "space", "a page down, in text", "", TEXT;
    Action::Escape, "escape", [code(KeyCode::Esc)], "esc", "back, never out of hopscope", "", ALL;
    Action::Redraw, "redraw", [ctrl('l')], "ctrl-l", "draw the screen anew", "", ALL;
    Action::Suspend, "suspend", [ctrl('z')], "ctrl-z", "suspend; traffic waits until you are back", "", ALL;
    Action::Quit, "quit", [ctrl('c')], "ctrl-c", "quit", "", ALL;
};

/// What a key means on the screen that has the focus, if anything.
#[must_use]
pub fn action_of(event: KeyEvent, app: &App) -> Option<Action> {
    app.keymap.action(Press::of(event), app.screen()).filter(|action| works(*action, app))
}

/// For every line of the table, whether it can be done at this moment on the screen that has the focus.
#[must_use]
pub fn available(app: &App) -> Vec<bool> {
    let screen = app.screen();
    TABLE.iter().map(|entry| entry.screens.contains(&screen) && works(entry.action, app)).collect()
}

/// Whether an action would do anything at this moment.
#[must_use]
pub fn works(action: Action, app: &App) -> bool {
    let rows = app.list.index.shown_count() > 0;
    match action {
        Action::Open | Action::Search if app.help.is_some() => true,
        _ if app.screen() != Screen::List && messages::works(action, app).is_some() => {
            messages::works(action, app) == Some(true)
        }
        Action::Open if app.screen() == Screen::Detail => app.detail.is_explained(),
        Action::Follow if app.screen() == Screen::Detail => false,
        Action::Open | Action::TabBefore | Action::TabAfter => app.detail.id.is_some(),
        Action::Tab(place) => {
            app.detail.id.is_some() && !(app.shows_detail() && app.detail.tab as usize == place)
        }
        _ if app.base == Screen::Compare && compare::works(action, app).is_some() => {
            compare::works(action, app) == Some(true)
        }
        // A body: whose, which view, what is folded, panned and searched.
        Action::Hop
        | Action::Search
        | Action::NextHit
        | Action::HitBefore
        | Action::Left
        | Action::Right
        | Action::View
        | Action::Fold
            if body::is_shown(app) && app.screen() != Screen::List =>
        {
            body::works(action, &app.detail.body)
        }
        Action::Hop => app.detail.id.is_some() && (app.screen() == Screen::List || app.detail.has_sides()),
        Action::OtherPane => app.is_split(),
        Action::Follow => rows,
        Action::Noise => {
            let index = &app.list.index;
            !index.only_marked() && (index.noise_count() > 0 || index.noise_shown())
        }
        // The list: filter, marks, deletion.
        Action::Search if app.screen() == Screen::List => app.list.index.seen_count() > 0,
        Action::FilterBy => rows && matches!(app.screen(), Screen::List | Screen::Side),
        Action::FilterToggle => app.filter.in_force().is_some() || app.filter.is_off(),
        Action::FilterHistory => app.filter.has_history(),
        Action::MarkMove | Action::Mark | Action::Range | Action::Delete | Action::ClearList => rows,
        Action::OnlyMarked => app.list.index.marked_count() > 0 || app.list.index.only_marked(),
        Action::LetIn => guards::waits(app),
        Action::Intercept => guards::host(app).is_some(),
        Action::Note => noting::works(app),
        Action::Undo => app.marks.can_undo(),
        Action::Layout => panes::can_change(app),
        Action::Wider | Action::Narrower => app.is_split(),
        // Searching and panning a text.
        Action::Search if app.screen() != Screen::List && find::works(&app.detail) => true,
        Action::NextHit | Action::HitBefore if find::works(&app.detail) && app.detail.find.count() > 0 => {
            true
        }
        Action::Search | Action::NextHit | Action::HitBefore | Action::Left | Action::Right => false,
        // The header inspector.
        Action::NextFinding | Action::FindingBefore => inspected::works(app),
        Action::Explain => app.detail.shows_head() && (has_pane(app) || app.detail.unexplained),
        Action::Secrets => app.detail.shows_head() && app.detail.holds_secrets(),
        // The body, and heads in hex.
        Action::View if app.detail.tab == Tab::Raw => app.detail.loaded.is_some(),
        Action::View | Action::Fold => false,
        // Sending again and comparing.
        Action::Replay | Action::ReplayForm | Action::EditReplay => again::works(app),
        Action::Compare => app.list.cursor.is_some(),
        Action::Copy if onboarding::is_open(app) => true,
        // The rest of the world, and commands by name.
        Action::Copy | Action::Pager => app.detail.loaded.is_some(),
        Action::SaveBody => {
            app.detail.loaded.as_deref().is_some_and(|loaded| saving::side(loaded, app.detail.tab).is_some())
        }
        _ => true,
    }
}

/// Whether a head and the pane that explains it are in view.
fn has_pane(app: &App) -> bool {
    app.detail.is_explained() && app.detail_text_place().1.height > 0
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
