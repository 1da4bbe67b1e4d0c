//! The Messages tab, in the place of Body where an exchange is made of messages: a list of them, however
//! many, of which only those in view are read; one of them in the body's viewer.
//!
//! Rows are numbers: where one is missing in the capture, its row says so. While the exchange is open the
//! cursor stays on the newest, until it is moved up.

mod draw;
mod keys;
#[cfg(test)]
mod tests;

pub use draw::{draw, rule};
pub use keys::{act, follow_find, leave, leave_find, take_find, works};

use super::{DetailState, Loaded, Tab};
use crate::exchange::{Exchange, ExchangeId, State};
use crate::store::{Numbered, Seek, Sought};
use crate::tui::app::App;
use crate::tui::source::{Source, Unread};
use crate::view::Needle;
use std::ops::Range;

/// Messages looked through in a step of a search.
const SLICE: usize = 500;

/// Messages read around those in view, so that not every key reads.
const AHEAD: u64 = 50;

/// What of the tab is in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// The list.
    #[default]
    List,
    /// One message, by its number.
    One(u64),
    /// The body as a whole.
    Body,
}

/// The state of the tab.
#[derive(Debug, Default)]
pub struct MessagesState {
    /// What is in front.
    pub front: Front,
    /// One more than the highest number.
    count: u64,
    /// Whether the count is to be read.
    stale: bool,
    cursor: u64,
    top: u64,
    /// Lines for rows.
    height: u64,
    /// Whether the cursor stays on the newest; `None` until that was first decided.
    follow: Option<bool>,
    rows: Vec<Numbered>,
    /// The numbers that `rows` were read for.
    read: Range<u64>,
    needle: Option<(String, Needle)>,
    /// What was looked for before the search being typed, and where the cursor was.
    before: Option<(Option<(String, Needle)>, u64)>,
    goal: Option<Goal>,
}

/// A search under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Goal {
    from: u64,
    forward: bool,
    /// Whether the other end was passed.
    round: bool,
}

impl MessagesState {
    /// Lets the messages of an exchange go.
    pub fn leave(&mut self) {
        *self = Self { stale: true, ..Self::default() };
    }

    /// The exchange was read anew.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Fits the window into so many lines.
    pub fn settle(&mut self, lines: usize) {
        self.height = (lines as u64).saturating_sub(1).max(1);
        let last = self.count.saturating_sub(1);
        if self.follow == Some(true) {
            self.cursor = last;
        }
        self.cursor = self.cursor.min(last);
        self.top = self.top.clamp((self.cursor + 1).saturating_sub(self.height), self.cursor);
        self.top = self.top.min(self.count.saturating_sub(self.height));
    }

    /// The message under the cursor, as far as it was read.
    #[must_use]
    pub fn under_cursor(&self) -> Option<&Numbered> {
        self.row(self.cursor)
    }

    /// The message that keys mean: the one in front, else the one under the cursor.
    #[must_use]
    pub fn meant(&self) -> Option<u64> {
        match self.front {
            Front::One(number) => Some(number),
            Front::List => self.under_cursor().map(|found| found.number),
            Front::Body => None,
        }
    }

    fn row(&self, number: u64) -> Option<&Numbered> {
        let at = self.rows.binary_search_by_key(&number, |found| found.number).ok()?;
        self.rows.get(at)
    }

    /// The numbers in view.
    fn view(&self) -> Range<u64> {
        self.top..(self.top + self.height).min(self.count)
    }
}

/// Whether an exchange is made of messages, or is about to be.
#[must_use]
pub fn has(exchange: &Exchange) -> bool {
    let summary = &exchange.summary;
    let stream = summary.status == Some(101) || summary.media_type.as_deref() == Some("text/event-stream");
    summary.messages > 0 || (stream && summary.state == State::Open)
}

/// Whether the tab shows messages rather than bodies.
#[must_use]
pub fn are_here(detail: &DetailState) -> bool {
    detail.tab == Tab::Body && detail.loaded.as_deref().is_some_and(|loaded| has(&loaded.exchange))
}

/// Whether the list of messages stands in the place of the bodies.
#[must_use]
pub fn is_listed(detail: &DetailState) -> bool {
    are_here(detail) && detail.messages.front == Front::List
}

/// Whether the list is in view.
#[must_use]
pub fn is_shown(app: &App) -> bool {
    app.shows_detail() && is_listed(&app.detail)
}

/// Reads what is in view.
pub fn fill(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    if !is_shown(app) {
        return Ok(());
    }
    let Some(Loaded { exchange, .. }) = app.detail.loaded.as_deref() else { return Ok(()) };
    let (id, over) = (exchange.summary.id, exchange.is_over());
    let state = &mut app.detail.messages;
    if std::mem::take(&mut state.stale) {
        state.count = source.message_count(id)?;
        // What came behind the rows that were read may be in view.
        state.read.end = state.read.end.min(state.rows.last().map_or(0, |last| last.number + 1));
    }
    state.follow = state.follow.or(Some(!over)).map(|follow| follow && !over);
    app.settle();
    read(&mut app.detail.messages, id, source)
}

fn read(state: &mut MessagesState, id: ExchangeId, source: &dyn Source) -> Result<(), Unread> {
    let view = state.view();
    if view.is_empty() || (state.read.start <= view.start && view.end <= state.read.end) {
        return Ok(());
    }
    let range = view.start.saturating_sub(AHEAD)..view.end.saturating_add(AHEAD);
    state.rows = source.messages(id, range.clone())?;
    state.read = range;
    Ok(())
}

/// Whether a search is under way.
#[must_use]
pub fn has_work(app: &App) -> bool {
    is_shown(app) && app.detail.messages.goal.is_some()
}

/// Does a step of it.
pub fn work(app: &mut App, source: &dyn Source) {
    if let Err(error) = step(app, source) {
        app.detail.messages.goal = None;
        app.message = Some(error.to_string());
    }
}

fn step(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    let Some(id) = app.detail.id.map(ExchangeId) else { return Ok(()) };
    let state = &mut app.detail.messages;
    let (Some(goal), Some((text, needle))) = (state.goal.take(), &state.needle) else { return Ok(()) };
    let holds = |bytes: &[u8]| needle.first_in(bytes).is_some();
    let Goal { from, forward, round } = goal;
    match source.find_message(id, &Seek { from, forward, limit: SLICE, holds: &holds })? {
        Sought::Found(number) => {
            state.cursor = number;
            state.follow = Some(false);
            if round {
                app.message = Some(
                    if forward {
                        "From the end on to the first."
                    } else {
                        "From the start back to the last."
                    }
                    .to_owned(),
                );
            }
        }
        Sought::GoOn(from) => state.goal = Some(Goal { from, ..goal }),
        Sought::Nowhere if round => app.message = Some(format!("No message holds {text:?}.")),
        Sought::Nowhere => {
            let from = if forward { 0 } else { state.count.saturating_sub(1) };
            state.goal = Some(Goal { from, forward, round: true });
        }
    }
    app.settle();
    Ok(())
}
