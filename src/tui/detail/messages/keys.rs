//! What keys do in the list of messages.

use super::{Front, Goal, MessagesState, are_here, is_shown};
use crate::exchange::Side;
use crate::tui::actions::Action;
use crate::tui::app::App;
use crate::tui::typing::{Purpose, Typing};
use crate::tui::update::step;
use crate::view::Needle;

/// Does what was asked for; whether it is something that the list does.
pub fn act(app: &mut App, action: Action) -> bool {
    let state = &mut app.detail.messages;
    match action {
        Action::Open => state.front = Front::One(state.cursor),
        Action::View => state.front = Front::Body,
        Action::Follow => state.follow = Some(state.follow != Some(true)),
        Action::Search => open_find(app),
        Action::NextHit => search(state, true),
        Action::HitBefore => search(state, false),
        Action::Down
        | Action::Up
        | Action::Top
        | Action::Bottom
        | Action::HalfDown
        | Action::HalfUp
        | Action::PageDown
        | Action::PageUp => travel(app, action),
        _ => return false,
    }
    true
}

/// Whether an action would do anything here; `None` where it is none of the list's.
#[must_use]
pub fn works(action: Action, app: &App) -> Option<bool> {
    if !is_shown(app) {
        return None;
    }
    let state = &app.detail.messages;
    let loaded = app.detail.loaded.as_deref()?;
    Some(match action {
        Action::Open => state.under_cursor().is_some(),
        Action::View => [Side::Client, Side::Origin].iter().any(|side| loaded.exchange.body(*side).kept > 0),
        Action::Follow => !loaded.exchange.is_over(),
        Action::Search => state.count > 0,
        Action::NextHit | Action::HitBefore => state.count > 0 && state.needle.is_some(),
        Action::Hop | Action::Fold | Action::Left | Action::Right => false,
        _ => return None,
    })
}

/// Back from one message, or from the body, to the list; whether there was a way.
pub fn leave(app: &mut App) -> bool {
    let back = are_here(&app.detail) && app.detail.messages.front != Front::List;
    if back {
        app.detail.messages.front = Front::List;
        app.detail.body.leave();
    }
    back
}

/// Looks for what was typed so far, from where the cursor was.
pub fn follow_find(app: &mut App) {
    let Some(typing) = &app.typing else { return };
    let text = typing.text().to_owned();
    let state = &mut app.detail.messages;
    let Some((_, cursor)) = state.before else { return };
    (state.cursor, state.goal) = (cursor, None);
    state.needle = Needle::new(&text).map(|needle| (text, needle));
    if state.needle.is_some() {
        state.goal = Some(Goal { from: cursor, forward: true, round: false });
    }
}

/// Keeps what was typed; nothing typed is what was looked for before.
pub fn take_find(app: &mut App) {
    let state = &mut app.detail.messages;
    let Some((before, _)) = state.before.take() else { return };
    if state.needle.is_none() {
        state.needle = before;
        search(state, true);
    }
}

/// Goes back to what was looked for, and where.
pub fn leave_find(app: &mut App) {
    let state = &mut app.detail.messages;
    let Some((needle, cursor)) = state.before.take() else { return };
    (state.needle, state.cursor, state.goal) = (needle, cursor, None);
}

fn open_find(app: &mut App) {
    let state = &mut app.detail.messages;
    state.before = Some((state.needle.take(), state.cursor));
    state.follow = Some(false);
    app.typing = Some(Typing::new(Purpose::Find, ""));
}

fn search(state: &mut MessagesState, forward: bool) {
    if state.needle.is_none() {
        return;
    }
    let from = if forward { Some(state.cursor + 1) } else { state.cursor.checked_sub(1) };
    // Above the first row there is nothing: the search goes round at once.
    let round = from.is_none();
    let from = from.unwrap_or_else(|| state.count.saturating_sub(1));
    state.goal = Some(Goal { from, forward, round });
}

fn travel(app: &mut App, action: Action) {
    let open = app.detail.is_under_way();
    let state = &mut app.detail.messages;
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let (from, last) = (place(state.cursor), place(state.count.saturating_sub(1)));
    let to = step(action, from, last, place(state.height));
    if action == Action::Bottom && open {
        state.follow = Some(true);
    } else if to < from {
        state.follow = Some(false);
    }
    state.goal = None;
    state.cursor = to as u64;
}
