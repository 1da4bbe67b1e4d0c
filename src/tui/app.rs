//! All that the interface knows: changed by [`super::update`], drawn by [`super::draw`], filled
//! by [`super::fill`].

use super::acting::Acting;
use super::again::Again;
use super::compare::CompareState;
use super::detail::{DetailState, Tab};
use super::filter::Filter;
use super::firsts::Firsts;
use super::gravest::Gravest;
use super::help::Help;
use super::index::{Index, Mark, Moved};
use super::keymap::Keymap;
use super::layout;
use super::marks::{self, Marks};
use super::menu::Menu;
use super::source::{Row, Status};
use super::theme::Theme;
use super::typing::Typing;
use crate::exchange::{State, Summary};
use crate::text::width;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Summaries held at most between two paints; the visible ones are fetched again when needed.
const CACHED: usize = 4096;

/// Bytes from which a text is longer than any terminal is wide.
const LONG: usize = 2048;

/// What has the focus, and so decides what keys mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The list, or the onboarding while it is empty.
    List,
    /// The detail beside the list.
    Side,
    /// The detail alone.
    Detail,
    /// Two exchanges beside each other.
    Compare,
    /// The keys.
    Help,
    /// A text is being typed: keys are text.
    Typing,
}

/// The state of the interface.
#[derive(Debug)]
pub struct App {
    /// The terminal's size.
    pub area: Rect,
    /// How things look.
    pub theme: Theme,
    /// How the proxy stands.
    pub status: Status,
    /// The time now, microseconds since the epoch.
    pub now: i64,
    /// Which keys do what.
    pub keymap: Keymap,
    /// The list.
    pub list: List,
    /// The detail, shown or not.
    pub detail: DetailState,
    /// The comparison, shown or not.
    pub compare: CompareState,
    /// The screen under the help.
    pub base: Screen,
    /// The help, when it is open.
    pub help: Option<Help>,
    /// What stands over the screen, and the layout.
    pub acting: Acting,
    /// The text being typed, when one is.
    pub typing: Option<Typing>,
    /// The list's filter.
    pub filter: Filter,
    /// What was marked and deleted, to be undone.
    pub marks: Marks,
    /// The letters of the rows.
    pub gravest: Gravest,
    /// The first things that happened, for the onboarding.
    pub firsts: Firsts,
    /// Something to choose from, while it is shown.
    pub menu: Option<Menu>,
    /// What is being sent again.
    pub again: Again,
    /// Something to be said, until the next key.
    pub message: Option<String>,
    /// Whether a quit was asked back once.
    pub asked_to_quit: bool,
}

impl App {
    /// An empty list on a terminal of this size.
    #[must_use]
    pub fn new(area: Rect, theme: Theme, status: Status) -> Self {
        Self {
            area,
            theme,
            status,
            now: 0,
            keymap: Keymap::default(),
            list: List::default(),
            detail: DetailState::default(),
            compare: CompareState::default(),
            base: Screen::List,
            help: None,
            acting: Acting::default(),
            typing: None,
            filter: Filter::default(),
            marks: Marks::default(),
            gravest: Gravest::default(),
            firsts: Firsts::default(),
            menu: None,
            again: Again::default(),
            message: None,
            asked_to_quit: false,
        }
    }

    /// What has the focus.
    #[must_use]
    pub fn screen(&self) -> Screen {
        match self.base {
            _ if self.typing.is_some() || self.again.form.is_some() => Screen::Typing,
            _ if self.help.is_some() => Screen::Help,
            Screen::Side if !self.is_wide() => Screen::Detail,
            base => base,
        }
    }

    /// Whether list and detail stand side by side.
    #[must_use]
    pub fn is_split(&self) -> bool {
        let rows = self.list.index.shown_count() > 0 || self.filter.is_scanning();
        self.is_wide() && !matches!(self.base, Screen::Detail | Screen::Compare) && rows
    }

    /// Whether the detail is in view, alone or beside the list.
    #[must_use]
    pub fn shows_detail(&self) -> bool {
        self.is_split() || matches!(self.base, Screen::Detail | Screen::Side)
    }

    /// The places of the list screen.
    #[must_use]
    pub fn list_places(&self) -> layout::ListPlaces {
        let columns = self.is_split().then(|| self.acting.panes.columns(self.area));
        layout::beside(self.area, columns)
    }

    /// Where the detail stands, head and text.
    #[must_use]
    pub fn detail_place(&self) -> Rect {
        if self.is_split() { self.list_places().side } else { layout::detail(self.area).0 }
    }

    /// Where the detail's text stands, and the pane that explains it: empty where there is none.
    #[must_use]
    pub fn detail_text_place(&self) -> (Rect, Rect) {
        let (_, text) = layout::detail_parts(self.detail_place());
        self.detail.text_parts(text)
    }

    /// Brings everything that depends on something else back in order: the cursor into the
    /// list, the list's window around the cursor, the detail onto the cursor's exchange.
    pub fn settle(&mut self) {
        if self.list.index.shown_count() == 0 {
            self.base = Screen::List;
        }
        let height = usize::from(self.list_places().rows.height);
        self.list.settle(height);
        self.detail.select(self.list.cursor);
        let (text, _) = self.detail_text_place();
        self.detail.settle(self.theme, &self.list, &self.status, text);
        // How much is laid out decides how much room the pane beneath has.
        let (text, _) = self.detail_text_place();
        self.detail.settle(self.theme, &self.list, &self.status, text);
        if self.base == Screen::Compare {
            self.compare.settle(self.theme, layout::detail(self.area).0);
        }
    }

    /// Whether a client was active in the last minute, and would lose its proxy with us.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.status.listening.is_empty()
            && self.list.last_active > 0
            && self.now.saturating_sub(self.list.last_active) < 60_000_000
    }

    /// Whether a clock is in view that moves by itself.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let rows = self.base == Screen::List || self.is_split();
        let moving = rows && self.list.is_moving(usize::from(self.list_places().rows.height))
            || self.shows_detail() && self.detail.is_under_way();
        moving && self.status.recording && self.help.is_none()
    }

    fn is_wide(&self) -> bool {
        self.acting.panes.are_two(self.area)
    }
}

/// The list: which rows there are, where the cursor is, and what is known of the visible ones.
#[derive(Debug)]
pub struct List {
    /// The numbers of the rows.
    pub index: Index,
    /// The exchange under the cursor; the cursor stays on it whatever comes and goes.
    pub cursor: Option<u64>,
    /// The exchange that the cursor was put on by hand: it is there again once that is shown again.
    pub chosen: Option<u64>,
    /// The position of the first visible row.
    pub top: usize,
    /// Whether the cursor is pinned to the newest row.
    pub follow: bool,
    /// Rows that came while it was not.
    pub unseen: usize,
    /// Summaries of the visible rows, and of rows that just changed.
    pub summaries: BTreeMap<u64, Summary>,
    /// Columns that methods need; grows only, so that columns do not jump.
    pub method_columns: usize,
    /// Columns that hosts would like; grows only.
    pub host_columns: usize,
    /// Columns that paths would like, with the cause of a failure behind them; grows only.
    pub path_columns: usize,
    /// When a client was last active, microseconds since the epoch.
    pub last_active: i64,
}

impl Default for List {
    fn default() -> Self {
        Self {
            index: Index::default(),
            cursor: None,
            chosen: None,
            top: 0,
            follow: true,
            unseen: 0,
            summaries: BTreeMap::new(),
            method_columns: 4,
            host_columns: 8,
            path_columns: 8,
            last_active: 0,
        }
    }
}

impl List {
    /// Takes in rows that were there before.
    pub fn load(&mut self, rows: &[Row]) {
        self.keep_place(|index| index.load(rows));
    }

    /// From now on only what a filter means is shown, to begin with nothing.
    pub fn begin_filter(&mut self) {
        self.index.begin_filter();
    }

    /// All rows are shown again.
    pub fn end_filter(&mut self) {
        self.keep_place(Index::end_filter);
    }

    /// Rows that a filter means, rising.
    pub fn found(&mut self, ids: &[u64]) {
        self.keep_place(|index| index.found(ids));
    }

    /// Sets or clears a mark; the rows that stood otherwise.
    pub fn mark(&mut self, ids: &[u64], mark: Mark, on: bool) -> Vec<u64> {
        let changed = self.keep_place(|index| index.mark(ids, mark, on));
        for summary in self.summaries.values_mut() {
            if changed.binary_search(&summary.id.0).is_ok() {
                let flag = marks::flag(mark);
                if on { summary.flags.add(flag) } else { summary.flags.take(flag) }
            }
        }
        changed
    }

    /// The rows shown from one to the one under the cursor, whichever is first.
    #[must_use]
    pub fn between(&self, from: u64) -> &[u64] {
        let Some(cursor) = self.cursor else { return &[] };
        let (from, to) = (self.index.position(from.min(cursor)), self.index.position(from.max(cursor)));
        self.index.window(from, to - from + 1)
    }

    /// Whether something in view is under way, so that its clock moves.
    #[must_use]
    pub fn is_moving(&self, height: usize) -> bool {
        let open = |id: &u64| self.summaries.get(id).is_some_and(|row| row.state == State::Open);
        self.index.window(self.top, height).iter().any(open)
    }

    /// What is on the screen stays where it is while rows come and go.
    fn keep_place<T>(&mut self, change: impl FnOnce(&mut Index) -> T) -> T {
        let first = self.index.at(self.top);
        let value = change(&mut self.index);
        self.top = first.map_or(0, |id| self.index.position(id));
        value
    }

    /// Takes in all rows once more: what is known of them may be old.
    pub fn reload(&mut self, rows: &[Row]) {
        self.summaries.clear();
        for row in rows {
            self.arrive(*row, None);
        }
    }

    /// Takes in an exchange that was opened, changed or finished; `found` as in [`Index::note`].
    pub fn change(&mut self, summary: Summary, found: Option<bool>) {
        self.arrive(Row::of(&summary), found);
        let end = summary.duration.and_then(|micros| i64::try_from(micros).ok()).unwrap_or(0);
        self.last_active = self.last_active.max(summary.started.saturating_add(end));
        self.know(summary);
    }

    /// Keeps a summary for drawing.
    pub fn know(&mut self, summary: Summary) {
        if self.summaries.len() >= CACHED {
            self.summaries.clear();
        }
        self.method_columns = self.method_columns.max(width::columns(&summary.method).min(7));
        self.host_columns = self.host_columns.max(width::columns(&summary.host));
        self.path_columns = self.path_columns.max(path_columns(&summary));
        self.summaries.insert(summary.id.0, summary);
    }

    /// Where the cursor is.
    #[must_use]
    pub fn position(&self) -> usize {
        self.cursor.map_or(0, |id| self.index.position(id))
    }

    /// Puts the cursor on the row at a position, or on the last one.
    pub fn move_to(&mut self, position: usize) {
        let last = self.index.shown_count().saturating_sub(1);
        self.cursor = self.index.at(position.min(last));
        self.chosen = self.cursor;
    }

    /// Pins the cursor to the newest row, or lets it go.
    pub fn set_follow(&mut self, follow: bool) {
        self.follow = follow;
        if follow {
            self.unseen = 0;
        }
    }

    /// Puts the cursor onto a row and the window around the cursor.
    pub fn settle(&mut self, height: usize) {
        let count = self.index.shown_count();
        if self.follow || self.chosen.is_none() {
            self.cursor = self.index.newest();
            self.chosen = self.cursor;
        }
        let wanted = self.chosen.map_or_else(|| self.position(), |id| self.index.position(id));
        let position = wanted.min(count.saturating_sub(1));
        self.cursor = self.index.at(position);
        let height = height.max(1);
        self.top = self.top.clamp((position + 1).saturating_sub(height), position);
        self.top = self.top.min(count.saturating_sub(height));
    }

    fn arrive(&mut self, row: Row, found: Option<bool>) {
        if matches!(self.place(row, found), Moved::In(_)) && !self.follow {
            self.unseen += 1;
        }
    }

    /// Keeps what is on the screen where it is when a row comes or goes above it.
    fn place(&mut self, row: Row, found: Option<bool>) -> Moved {
        let moved = self.index.note(row, found);
        match moved {
            Moved::In(at) if at < self.top => self.top += 1,
            Moved::Out(at) if at < self.top => self.top -= 1,
            _ => {}
        }
        moved
    }
}

/// Columns of a path and of the cause and the note behind it. Bytes of very long ones: they are cut anyway.
fn path_columns(summary: &Summary) -> usize {
    let columns = |text: &str| if text.len() > LONG { text.len() } else { width::columns(text) };
    let cause = summary.failure.as_ref().map_or(0, |failure| 2 + columns(&failure.says));
    let note = summary.note.as_ref().map_or(0, |note| 3 + columns(note.as_str()));
    columns(&summary.path) + cause + note
}

impl App {
    /// Opens the detail, alone or beside the list, on a tab.
    pub fn show_tab(&mut self, tab: Tab) {
        self.detail.set_tab(tab);
        if !self.shows_detail() {
            self.open_detail();
        }
    }

    /// Opens the detail alone. The exchange being read stays: following ends.
    pub fn open_detail(&mut self) {
        if self.list.cursor.is_some() {
            self.base = Screen::Detail;
            self.list.set_follow(false);
        }
    }
}
