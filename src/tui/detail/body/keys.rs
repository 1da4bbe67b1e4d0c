//! What keys do in the tab.

use super::opened::{Goal, Opened};
use super::paper::Line;
use super::{BodyState, search};
use crate::exchange::Side;
use crate::tui::actions::Action;
use crate::tui::app::App;
use crate::tui::typing::{Purpose, Typing};
use crate::view::{Fold, Folding, Needle};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Columns by which a key pans.
const PAN: usize = 8;

/// Does what was asked for; whether it is something that the tab does.
pub fn act(app: &mut App, action: Action) -> bool {
    let state = &mut app.detail.body;
    let page = i64::try_from(state.paper.height.max(1)).unwrap_or(1);
    let half = page - page / 2;
    match action {
        Action::Hop => turn_side(state),
        Action::Search => open_find(app),
        Action::NextHit => search(state, true),
        Action::HitBefore => search(state, false),
        Action::Fold => {
            state.chord = true;
            app.message = Some("z: a this one, M all, R none, w wrap long lines or pan".to_owned());
        }
        Action::Down => travel(state, 1),
        Action::Up => travel(state, -1),
        Action::HalfDown => travel(state, half),
        Action::HalfUp => travel(state, -half),
        Action::PageDown => travel_page(state, page),
        Action::PageUp => travel_page(state, -page),
        action => return act_on(state, action),
    }
    true
}

fn act_on(state: &mut BodyState, action: Action) -> bool {
    let wrap = state.wrap;
    let Some(opened) = &mut state.opened else { return false };
    match action {
        Action::View => opened.turn(),
        Action::Left => left(opened),
        Action::Right => right(opened, wrap),
        Action::Top => {
            opened.goal = None;
            opened.cursor = Line { spot: opened.rows.first().unwrap_or_default(), sub: 0 };
        }
        Action::Bottom => {
            opened.goal = Some(Goal::End);
            opened.step();
        }
        _ => return false,
    }
    true
}

/// Whether an action would do anything here.
#[must_use]
pub fn works(action: Action, state: &BodyState) -> bool {
    match action {
        Action::Hop => state.opened.as_ref().is_some_and(|opened| opened.message.is_none()),
        Action::NextHit | Action::HitBefore => state.needle.is_some() && state.is_open(),
        Action::View => state.is_open() && state.has_views(),
        _ => state.is_open(),
    }
}

/// The key behind `z`; whether it means something there.
pub fn chord(app: &mut App, key: KeyEvent) -> bool {
    let state = &mut app.detail.body;
    if !std::mem::take(&mut state.chord) || key.modifiers.contains(KeyModifiers::CONTROL) {
        return false;
    }
    if key.code == KeyCode::Char('w') {
        state.wrap = !state.wrap;
        let words = if state.wrap { "Long lines are wrapped." } else { "Long lines are cut: h and l pan." };
        app.message = Some(words.to_owned());
        if let Some(opened) = &mut state.opened {
            (opened.cursor.sub, opened.top.sub, opened.pan) = (0, 0, 0);
        }
        return true;
    }
    let Some(opened) = &mut state.opened else { return false };
    let folding = match key.code {
        KeyCode::Char('a') => Folding::Turn(opened.cursor.spot),
        KeyCode::Char('M') => Folding::CloseAll,
        KeyCode::Char('R') => Folding::OpenAll,
        _ => return false,
    };
    opened.fold(folding);
    true
}

/// Begins to ask what is looked for.
pub fn open_find(app: &mut App) {
    let state = &mut app.detail.body;
    let line = state.opened.as_ref().map(|opened| opened.cursor).unwrap_or_default();
    state.before = Some((state.needle.take(), line));
    app.typing = Some(Typing::new(Purpose::Find, ""));
}

/// Looks for what was typed so far, from where the cursor was.
pub fn follow_find(app: &mut App) {
    let Some(typing) = &app.typing else { return };
    let text = typing.text().to_owned();
    let state = &mut app.detail.body;
    let Some((_, line)) = &state.before else { return };
    let line = *line;
    state.needle = Needle::new(&text).map(|needle| (text, needle));
    let Some(opened) = &mut state.opened else { return };
    (opened.cursor, opened.goal) = (line, None);
    if let Some((_, needle)) = &state.needle {
        let from = line.spot.at;
        opened.goal = Some(Goal::Find { needle: needle.clone(), from, forward: true, round: false });
        opened.step();
    }
}

/// Keeps what was typed; nothing typed is what was looked for before.
pub fn take_find(app: &mut App) {
    let state = &mut app.detail.body;
    let Some((before, _)) = state.before.take() else { return };
    if state.needle.is_none() {
        state.needle = before;
        search(state, true);
    }
}

/// Goes back to what was looked for, and where.
pub fn leave_find(app: &mut App) {
    let state = &mut app.detail.body;
    let Some((needle, line)) = state.before.take() else { return };
    state.needle = needle;
    if let Some(opened) = &mut state.opened {
        (opened.cursor, opened.goal, opened.said) = (line, None, None);
    }
}

fn turn_side(state: &mut BodyState) {
    let now = state.side().unwrap_or(Side::Origin);
    state.side = Some(if now == Side::Origin { Side::Client } else { Side::Origin });
}

fn travel(state: &mut BodyState, lines: i64) {
    if let Some(opened) = &mut state.opened {
        opened.goal = None;
        opened.cursor = opened.travel(opened.cursor, lines);
        opened.look_ahead();
    }
}

/// Moves the window with the cursor, so that a page is a page.
fn travel_page(state: &mut BodyState, lines: i64) {
    let Some(opened) = &mut state.opened else { return };
    opened.goal = None;
    opened.top = opened.travel(opened.top, lines);
    opened.cursor = opened.travel(opened.cursor, lines);
    opened.look_ahead();
}

/// Back from where it was panned to; else what the cursor is on or in is folded.
fn left(opened: &mut Opened) {
    if opened.pan > 0 {
        opened.pan = opened.pan.saturating_sub(PAN);
        return;
    }
    let spot = opened.cursor.spot;
    if opened.rows.row(spot).fold == Some(Fold::Open) {
        opened.fold(Folding::Turn(spot));
    } else if let Some(parent) = opened.rows.parent(spot) {
        opened.cursor = Line { spot: parent, sub: 0 };
    }
}

fn right(opened: &mut Opened, wrap: bool) {
    let spot = opened.cursor.spot;
    if opened.rows.row(spot).fold == Some(Fold::Closed) {
        opened.fold(Folding::Turn(spot));
    } else if !wrap {
        opened.pan = opened.pan.saturating_add(PAN).min(64 * 1024);
    }
}
