//! The Body tab: one of the two bodies as rows, read where it is looked at.
//!
//! Whatever takes long (decoding, finding rows, searching, going to the end) is done in steps between two
//! keys, by [`work`]; while nothing is to be done, nothing runs.

mod draw;
mod keys;
mod lay;
mod opened;
mod paper;
#[cfg(test)]
mod tests;

pub use draw::{draw, rule};
pub use keys::{act, chord, follow_find, leave_find, take_find, works};

use super::Tab;
use super::messages::{self, Front};
use crate::exchange::{Exchange, ExchangeId, Side};
use crate::tui::app::App;
use crate::tui::source::{Source, Unread};
use crate::view::{Needle, Text};
use opened::{Goal, Opened};
use paper::Paper;
use ratatui::layout::Rect;
use std::sync::Arc;

/// The state of the tab.
#[derive(Debug)]
pub struct BodyState {
    opened: Option<Opened>,
    /// The body asked for; the response's where nothing was asked and there is one.
    side: Option<Side>,
    /// Whether long rows are wrapped, or panned.
    wrap: bool,
    /// Whether the next key says what becomes of folds.
    chord: bool,
    /// What is looked for.
    needle: Option<(String, Needle)>,
    /// What was looked for before the search being typed, and where the cursor was.
    before: Option<(Option<(String, Needle)>, paper::Line)>,
    paper: Paper,
}

impl Default for BodyState {
    fn default() -> Self {
        Self {
            opened: None,
            side: None,
            wrap: true,
            chord: false,
            needle: None,
            before: None,
            paper: Paper::default(),
        }
    }
}

impl BodyState {
    /// Lets the body of an exchange go.
    pub fn leave(&mut self) {
        (self.opened, self.side, self.chord, self.before) = (None, None, false, None);
    }

    /// Fits what is shown into its place.
    pub fn settle(&mut self, area: Rect) {
        let Some(opened) = &mut self.opened else { return };
        let notes = draw::notes(opened, usize::from(area.width), usize::from(area.height)).len();
        self.paper = Paper {
            width: usize::from(area.width),
            height: usize::from(area.height).saturating_sub(1 + notes),
            wrap: self.wrap,
        };
        opened.fit(self.paper);
    }

    /// Where the value under the cursor is in the whole, and the value: of JSON, `$.items[3].name`.
    #[must_use]
    #[cfg_attr(not(test), allow(dead_code, reason = "copying asks for it"))]
    pub fn path_and_value(&self) -> Option<(String, Vec<u8>)> {
        let opened = self.opened.as_ref()?;
        let spot = opened.cursor.spot;
        Some((opened.rows.path(spot)?, opened.rows.value(spot)?))
    }

    /// The bytes shown, codings undone as far as they are; `None` when no body is open.
    #[must_use]
    #[cfg_attr(not(test), allow(dead_code, reason = "saving and paging ask for it"))]
    pub fn text(&self) -> Option<&Arc<Text>> {
        self.opened.as_ref().map(opened::Opened::text)
    }

    /// Whose body is shown.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        self.opened.as_ref().map(|opened| opened.side)
    }

    /// Whether it can be shown in more than one way.
    #[must_use]
    pub fn has_views(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.modes().len() > 1)
    }

    /// Whether there is anything to move in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.rows.first().is_some())
    }
}

/// Whether the tab is in view.
#[must_use]
pub fn is_shown(app: &App) -> bool {
    app.shows_detail() && app.detail.tab == Tab::Body && !messages::is_listed(&app.detail)
}

/// Opens the body where the tab is in view and it is not open as it now stands.
pub fn fill(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    if !is_shown(app) {
        return Ok(());
    }
    let Some(loaded) = app.detail.loaded.as_deref() else { return Ok(()) };
    let exchange = &loaded.exchange;
    if let Front::One(number) = app.detail.messages.front
        && messages::are_here(&app.detail)
    {
        return fill_message(&mut app.detail.body, exchange.summary.id, number, source);
    }
    let side = app.detail.body.side.unwrap_or_else(|| first_side(exchange));
    let state = &mut app.detail.body;
    if state.opened.as_ref().is_some_and(|opened| opened.is_of(exchange, side)) {
        return Ok(());
    }
    let passage = if side == Side::Client { &loaded.request } else { &loaded.response };
    let head = passage.received.as_ref().or(passage.sent.as_ref());
    let octets = source.body(exchange, side)?;
    let mut opened = Opened::new(exchange, side, head, octets);
    if let Some(before) = state.opened.take().filter(|before| before.side == side) {
        opened.go_on_from(&before);
    }
    opened.step();
    state.opened = Some(opened);
    Ok(())
}

/// Opens a message's payload where it is not open.
fn fill_message(
    state: &mut BodyState,
    id: ExchangeId,
    number: u64,
    source: &dyn Source,
) -> Result<(), Unread> {
    if state.opened.as_ref().is_some_and(|opened| opened.message == Some(number)) {
        return Ok(());
    }
    if let Some(found) = source.message(id, number)? {
        let mut opened = Opened::of_message(id, &found);
        opened.step();
        state.opened = Some(opened);
    }
    Ok(())
}

/// Whether there is something to be done.
#[must_use]
pub fn has_work(app: &App) -> bool {
    is_shown(app) && app.detail.body.opened.as_ref().is_some_and(|opened| opened.more)
}

/// Does a step of it.
pub fn work(app: &mut App) {
    let Some(opened) = &mut app.detail.body.opened else { return };
    opened.step();
    if let Some(words) = opened.said.take() {
        app.message = Some(words);
    }
}

/// The response's body, or the request's where only that one has bytes.
fn first_side(exchange: &Exchange) -> Side {
    let (request, response) = (exchange.body(Side::Client), exchange.body(Side::Origin));
    if response.length == 0 && request.length > 0 { Side::Client } else { Side::Origin }
}

/// Goes on with the search.
fn search(state: &mut BodyState, forward: bool) {
    let (Some(opened), Some((_, needle))) = (&mut state.opened, &state.needle) else { return };
    let spot = opened.cursor.spot;
    let from = if forward { opened.rows.next(spot).map_or(u64::MAX, |next| next.at) } else { spot.at };
    opened.goal = Some(Goal::Find { needle: needle.clone(), from, forward, round: false });
    opened.step();
}
