//! What happens on an event: state in, state and effects out; nothing is read or drawn here.

use super::actions::{self, Action};
use super::app::{App, Screen};
use super::detail::Tab;
use super::help;
use super::layout;
use super::source::Row;
use crate::exchange::{State, Summary};
use crossterm::event::{KeyEvent, KeyEventKind};
use ratatui::layout::Rect;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has a new size, columns and lines.
    Resize(u16, u16),
    /// Exchanges were opened, changed or finished.
    Changed(Vec<Summary>),
    /// Rows that were there before.
    Rows(Vec<Row>),
    /// hopscope ends.
    Stop,
}

/// Something to be done about it by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Give the terminal back until continued.
    Suspend,
    /// Draw every cell anew.
    Clear,
}

/// Changes the state by an event.
pub fn update(app: &mut App, event: Event) -> Option<Effect> {
    let effect = match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => None,
        Event::Key(key) => press(app, key),
        Event::Resize(width, height) => {
            app.area = Rect::new(0, 0, width, height);
            None
        }
        Event::Changed(summaries) => {
            change(app, summaries);
            None
        }
        Event::Rows(rows) => {
            app.list.load(&rows);
            None
        }
        Event::Stop => Some(Effect::Quit),
    };
    app.settle();
    effect
}

fn press(app: &mut App, key: KeyEvent) -> Option<Effect> {
    app.message = None;
    let action = actions::action_of(key, app);
    let asked = std::mem::take(&mut app.asked_to_quit);
    match action? {
        Action::Quit => return Some(Effect::Quit),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Redraw => return Some(Effect::Clear),
        Action::Back if app.screen() == Screen::List => return quit(app, asked),
        Action::Back | Action::Escape => back(app),
        Action::Help => app.help = if app.help.is_some() { None } else { Some(0) },
        Action::Open => app.open_detail(),
        Action::OtherPane => other_pane(app),
        Action::Tab(place) => app.show_tab(Tab::ALL.get(place).copied().unwrap_or_default()),
        Action::TabBefore => app.detail.set_tab(app.detail.tab.before()),
        Action::TabAfter => app.detail.set_tab(app.detail.tab.after()),
        Action::Hop => hop(app),
        Action::Follow => app.list.set_follow(!app.list.follow),
        Action::Noise => app.list.index.toggle_noise(),
        action => travel(app, action),
    }
    None
}

fn change(app: &mut App, summaries: Vec<Summary>) {
    for summary in summaries {
        if Some(summary.id.0) == app.detail.id {
            app.detail.stale = true;
        }
        if summary.state == State::Open {
            app.list.last_active = app.list.last_active.max(app.now);
        }
        app.list.change(summary);
    }
}

/// Asks once when a client was active a moment ago.
fn quit(app: &mut App, asked: bool) -> Option<Effect> {
    if asked || !app.is_busy() {
        return Some(Effect::Quit);
    }
    let seconds = app.now.saturating_sub(app.list.last_active) / 1_000_000;
    app.asked_to_quit = true;
    app.message =
        Some(format!("A client was active {seconds} s ago and would lose its proxy: q again quits."));
    None
}

fn back(app: &mut App) {
    if app.help.take().is_none() {
        app.base = Screen::List;
    }
}

fn other_pane(app: &mut App) {
    app.base = match app.base {
        Screen::Side => Screen::List,
        _ => Screen::Side,
    };
    if app.base == Screen::Side {
        app.list.set_follow(false);
    }
}

/// Turns the sides where they are in view, else shows them.
fn hop(app: &mut App) {
    if app.shows_detail() && app.detail.tab.has_hop_sides() {
        app.detail.sides = app.detail.sides.next();
    } else {
        app.show_tab(Tab::Hops);
    }
}

fn travel(app: &mut App, action: Action) {
    match app.screen() {
        Screen::List => travel_list(app, action),
        Screen::Help => {
            let page = usize::from(app.area.height.saturating_sub(1));
            let end = help::lines(app).len().saturating_sub(page);
            app.help = app.help.map(|line| step(action, line, end, page));
        }
        Screen::Side | Screen::Detail => {
            let (_, text) = layout::detail_parts(app.detail_place());
            let page = usize::from(text.height);
            let end = app.detail.last_top(page);
            let scroll = app.detail.scroll_mut();
            *scroll = step(action, *scroll, end, page);
        }
    }
}

fn travel_list(app: &mut App, action: Action) {
    let page = usize::from(app.list_places().rows.height);
    let last = app.list.index.shown_count().saturating_sub(1);
    let (from, to) = (app.list.position(), step(action, app.list.position(), last, page));
    if action == Action::Bottom {
        app.list.set_follow(true);
    } else if to < from {
        app.list.set_follow(false);
    }
    app.list.move_to(to);
}

/// Where a movement leads from a line, when `end` is the last one.
fn step(action: Action, from: usize, end: usize, page: usize) -> usize {
    let page = page.max(1);
    let half = page.div_ceil(2);
    let to = match action {
        Action::Down => from.saturating_add(1),
        Action::Up => from.saturating_sub(1),
        Action::HalfDown => from.saturating_add(half),
        Action::HalfUp => from.saturating_sub(half),
        Action::PageDown => from.saturating_add(page),
        Action::PageUp => from.saturating_sub(page),
        Action::Top => 0,
        Action::Bottom => end,
        _ => from,
    };
    to.min(end)
}
