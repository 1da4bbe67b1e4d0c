//! What happens on an event: state in, state and effects out; nothing is read or drawn here.

use super::actions::{self, Action};
use super::again;
use super::app::{App, Screen};
use super::compare;
use super::detail::{Tab, body, find, inspected, messages, pane};
use super::filter;
use super::guards;
use super::help;
use super::marks;
use super::menu;
use super::onboarding;
use super::source::{Deed, Row, Told};
use super::typing;
use super::{acting, copy, mouse, noting, palette, panes, saving};
use crate::exchange::{ExchangeId, Side, State, Summary};
use crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};
use ratatui::layout::Rect;
use std::ops::ControlFlow;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has a new size, columns and lines.
    Resize(u16, u16),
    /// Exchanges were opened, changed or finished.
    Changed(Vec<Summary>),
    /// Rows that were there before the first change.
    Rows(Vec<Row>),
    /// All rows anew, in pieces, because changes were left out.
    Again(Vec<Row>),
    /// Text was pasted.
    Paste(String),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// A deed was done, or not.
    Told(Told),
    /// The program of [`Effect::Outside`] ended: the file's new content, or why there is none.
    Edited(EditFor, Result<Vec<u8>, String>),
    /// hopscope ends.
    Stop,
}

/// A program to be run on a text in a temporary file (0600).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Which program.
    pub program: Program,
    /// The file's content.
    pub content: Vec<u8>,
    /// The file's name ends so, that the program may know the syntax: `.http`, `.json`.
    pub ending: String,
    /// What the edited content is for; `None` when the file is only looked at.
    pub back: Option<EditFor>,
}

/// A program of the person's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `$VISUAL`, else `$EDITOR`, else vi.
    Editor,
    /// `$PAGER`, else less.
    Pager,
}

/// What an edited text is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditFor {
    /// A request to be sent as a replay of this exchange.
    Replay(ExchangeId),
}

/// What a payload is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To be put on the clipboard.
    Copy,
    /// To be shown in $PAGER.
    Page,
}

/// Something to be done about it by the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Put bytes on the person's clipboard; `what` names them for the message.
    Copy {
        /// What it is: "URL".
        what: String,
        /// The bytes: text, and no more than [`super::copy::LIMIT`].
        bytes: Vec<u8>,
        /// What is to be said about it, or empty: "holds a secret".
        note: String,
    },
    /// Show a body of the exchange in the detail in $PAGER, codings undone.
    PageBody(Side),
    /// Take the payload of a message of the exchange in the detail.
    OfMessage(u64, Use),
    /// Have the source do something.
    Do(Deed),
    /// Give the terminal to a program for a while; what it made of the file comes back as [`Event::Edited`].
    Outside(Outside),
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
        Event::Again(rows) => {
            app.list.reload(&rows);
            filter::rescan(app);
            app.detail.stale = true;
            app.compare.stale = true;
            None
        }
        Event::Told(told) => told_of(app, told),
        Event::Paste(text) => {
            typing::paste(app, &text);
            again::paste(app, &text);
            None
        }
        Event::Mouse(event) => {
            mouse::turn(app, event);
            None
        }
        Event::Edited(EditFor::Replay(id), saved) => again::edited(app, id, saved),
        Event::Stop => Some(Effect::Quit),
    };
    app.detail.tick(app.now);
    app.settle();
    effect
}

fn press(app: &mut App, key: KeyEvent) -> Option<Effect> {
    app.message = None;
    if app.typing.is_some() {
        return typing::press(app, key);
    }
    if app.menu.is_some() {
        return menu::press(app, key);
    }
    if let ControlFlow::Break(effect) = again::press(app, key) {
        return effect;
    }
    if let ControlFlow::Break(effect) = acting::press(app, key) {
        return effect;
    }
    if in_body(app) && body::chord(app, key) {
        return None;
    }
    let asked = std::mem::take(&mut app.asked_to_quit);
    let action = actions::action_of(key, app)?;
    app.asked_to_quit = asked;
    perform(app, action)
}

/// Does what was asked for, by key or by name; the caller has seen that it works.
pub fn perform(app: &mut App, action: Action) -> Option<Effect> {
    let asked = std::mem::take(&mut app.asked_to_quit);
    match action {
        action if app.screen() == Screen::Compare && compare::act(app, action) => {}
        Action::Compare => compare::open(app),
        Action::Quit => return Some(Effect::Quit),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Redraw => return Some(Effect::Clear),
        Action::Back if app.screen() == Screen::List => return quit(app, asked),
        // The words of a search go before the help does.
        Action::Escape if help::find(app, "") => {}
        Action::Escape if app.screen() == Screen::List => return leave_list(app),
        Action::Escape if app.help.is_none() && find::clear(app) => {}
        Action::Back | Action::Escape if in_detail(app) && messages::leave(app) => {}
        Action::Back | Action::Escape if in_detail(app) && pane::close(app) => {}
        Action::Back | Action::Escape => back(app),
        Action::Palette => palette::open(app),
        Action::Help => help::toggle(app),
        Action::Search if app.help.is_some() => help::search(app),
        Action::Open if app.help.is_some() => return help::run(app),
        Action::Copy if onboarding::is_open(app) => return onboarding::copy(app),
        Action::Copy if of_message(app).is_some() => {
            return of_message(app).map(|number| Effect::OfMessage(number, Use::Copy));
        }
        Action::Copy => copy::open(app),
        Action::SaveBody => saving::open(app),
        Action::Note => noting::open(app),
        Action::Pager => return page(app),
        Action::Layout => panes::toggle(app),
        Action::Wider | Action::Narrower => panes::shift(app, action == Action::Wider),
        action if in_detail(app) && messages::is_shown(app) && messages::act(app, action) => {}
        Action::Open if in_detail(app) && app.detail.is_explained() => pane::toggle(app),
        Action::Open => app.open_detail(),
        Action::OtherPane => other_pane(app),
        Action::Tab(place) => app.show_tab(Tab::ALL.get(place).copied().unwrap_or_default()),
        Action::TabBefore => app.detail.set_tab(app.detail.tab.before()),
        Action::TabAfter => app.detail.set_tab(app.detail.tab.after()),
        action if in_body(app) && body::act(app, action) => {}
        Action::Hop => hop(app),
        Action::Follow => app.list.set_follow(!app.list.follow),
        Action::Noise => {
            app.list.index.toggle_noise();
            filter::rescan(app);
        }
        Action::Search if app.screen() == Screen::List => filter::begin(app),
        Action::Search => find::begin(app),
        Action::NextHit => find::go(app, true),
        Action::HitBefore => find::go(app, false),
        Action::View if app.detail.tab == Tab::Raw => app.detail.hex = !app.detail.hex,
        Action::Explain if pane::close(app) => {}
        Action::Explain => app.detail.unexplained = !app.detail.unexplained,
        Action::Secrets => app.detail.show_secrets(),
        Action::NextFinding => inspected::go(app, true),
        Action::FindingBefore => inspected::go(app, false),
        Action::FilterBy => filter::by_row(app),
        Action::FilterToggle => filter::toggle(app),
        Action::FilterHistory => filter::history(app),
        Action::Mark => return marks::toggle(app),
        Action::MarkMove => return marks::toggle_and_move(app),
        Action::Range => return marks::range(app),
        Action::Delete => return marks::delete(app),
        Action::ClearList => return marks::clear_list(app),
        Action::LetIn => return guards::let_in(app),
        Action::Intercept => return guards::intercept(app),
        Action::Undo => return marks::undo(app),
        Action::OnlyMarked => only_marked(app),
        action @ (Action::Replay | Action::EditReplay | Action::ReplayForm) => {
            return again::act(app, action);
        }
        action => travel(app, action),
    }
    None
}

/// The body in a pager where bodies are, else the text of the tab.
fn page(app: &App) -> Option<Effect> {
    if let Some(number) = of_message(app) {
        return Some(Effect::OfMessage(number, Use::Page));
    }
    let loaded = app.detail.loaded.as_deref()?;
    let body = app.screen() == Screen::List || app.detail.tab == Tab::Body;
    if let Some(side) = saving::side(loaded, app.detail.tab).filter(|_| body) {
        return Some(Effect::PageBody(side));
    }
    let content = app.detail.text().into_bytes();
    Some(Effect::Outside(Outside { program: Program::Pager, content, ending: ".txt".to_owned(), back: None }))
}

/// Whether the focus is on a body.
fn in_body(app: &App) -> bool {
    in_detail(app) && body::is_shown(app)
}

fn in_detail(app: &App) -> bool {
    matches!(app.screen(), Screen::Side | Screen::Detail)
}

/// The message that the focus is on.
fn of_message(app: &App) -> Option<u64> {
    (in_detail(app) && messages::are_here(&app.detail)).then(|| app.detail.messages.meant()).flatten()
}

fn told_of(app: &mut App, told: Told) -> Option<Effect> {
    saving::told(app, &told);
    match told {
        Told::Done(words) if words.is_empty() => {}
        Told::Done(words) | Told::Failed(words) => app.message = Some(words),
        Told::Replayed(ids) => again::sent(app, &ids),
        Told::Editable(text) => return Some(again::editable(app, *text)),
    }
    None
}

fn change(app: &mut App, summaries: Vec<Summary>) {
    for summary in summaries {
        if Some(summary.id.0) == app.detail.id {
            app.detail.stale = true;
        }
        app.compare.note(summary.id.0);
        if summary.state == State::Open {
            app.list.last_active = app.list.last_active.max(app.now);
        }
        let id = summary.id.0;
        app.firsts.note(&summary);
        let found = app.filter.means(&summary);
        app.list.change(summary, found);
        again::arrived(app, id);
    }
}

/// What a person narrowed the list by goes, a step at a key; never out of hopscope.
fn leave_list(app: &mut App) -> Option<Effect> {
    if app.marks.range.take().is_some() || filter::clear(app) {
        return None;
    }
    if app.list.index.only_marked() {
        only_marked(app);
        return None;
    }
    marks::clear(app)
}

fn only_marked(app: &mut App) {
    app.list.index.toggle_only_marked();
    filter::rescan(app);
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
        app.base = if app.base == Screen::Compare { app.compare.back() } else { Screen::List };
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
    if app.shows_detail() && app.detail.has_sides() {
        app.detail.sides = app.detail.sides.next();
    } else {
        app.show_tab(Tab::Hops);
    }
}

/// Moves on the screen that has the focus.
pub fn travel(app: &mut App, action: Action) {
    match app.screen() {
        Screen::List if onboarding::is_open(app) => onboarding::choose(app, action),
        Screen::List => travel_list(app, action),
        Screen::Help => {
            let page = usize::from(app.area.height.saturating_sub(1));
            let Some(help) = &mut app.help else { return };
            help.chosen = step(action, help.chosen, help.last(), page);
        }
        Screen::Side | Screen::Detail if messages::is_shown(app) => _ = messages::act(app, action),
        Screen::Side | Screen::Detail if pane::scroll(app, action) => {}
        Screen::Side | Screen::Detail => {
            let (text, sheet) = app.detail_text_place();
            // Under a sheet that covers all the lines are still gone through, as if they were in view.
            let page = usize::from(if text.height == 0 { sheet.height } else { text.height });
            app.detail.travel(action, page);
        }
        Screen::Compare => {
            let page = compare::page(app);
            let end = app.compare.last_top(page);
            let top = app.compare.top_mut();
            *top = step(action, *top, end, page);
        }
        Screen::Typing => {}
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
pub fn step(action: Action, from: usize, end: usize, page: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::{self, BEGAN, Stage};
    use proptest::prelude::*;

    fn stage(rows: u64) -> Stage {
        Stage::new(80, 24, (1..=rows).map(fake::passed).collect())
    }

    fn cursor(stage: &Stage) -> Option<u64> {
        stage.app.list.cursor
    }

    #[test]
    fn the_cursor_follows_the_newest_until_it_is_moved_up() {
        let mut stage = stage(3);
        assert_eq!(cursor(&stage), Some(3));
        stage.change(fake::passed(4));
        assert_eq!(cursor(&stage), Some(4));
        stage.press("k");
        stage.change(fake::passed(5));
        assert_eq!((cursor(&stage), stage.app.list.unseen), (Some(3), 1));
        stage.press("G");
        stage.change(fake::passed(6));
        assert_eq!((cursor(&stage), stage.app.list.unseen), (Some(6), 0));
    }

    #[test]
    fn every_way_through_the_list() {
        let mut stage = stage(100);
        let page = u64::from(stage.app.list_places().rows.height);
        for (keys, expected) in [
            ("g", 1),
            ("j", 2),
            ("jj", 4),
            ("k", 3),
            ("<home>", 1),
            ("<pgdn>", 1 + page),
            ("<pgup>", 1),
            ("<ctrl-d>", 1 + page.div_ceil(2)),
            ("<ctrl-u>", 1),
            ("k", 1),
            ("<end>", 100),
            ("j", 100),
        ] {
            stage.press(keys);
            assert_eq!(cursor(&stage), Some(expected), "{keys}");
        }
    }

    #[test]
    fn enter_opens_q_and_esc_go_back_and_neither_quits_from_inside() {
        let mut stage = stage(2);
        for out in ["q", "<esc>"] {
            stage.press("<enter>");
            assert_eq!(stage.app.screen(), Screen::Detail);
            assert_eq!(stage.press(out), None);
            assert_eq!(stage.app.screen(), Screen::List);
        }
        assert_eq!(stage.press("<esc>"), None);
        assert_eq!(stage.press("q"), Some(Effect::Quit));
    }

    #[test]
    fn q_asks_once_when_a_client_was_just_active() {
        let mut stage = stage(1);
        stage.app.now = BEGAN + 3_000_000;
        stage.change(fake::passed(2));
        assert_eq!(stage.press("q"), None);
        assert!(stage.app.message.as_deref().is_some_and(|says| says.contains("q again quits")));
        stage.press("k");
        assert_eq!(stage.app.message, None);
        assert_eq!(stage.press("q"), None, "asked anew after another key");
        assert_eq!(stage.press("q"), Some(Effect::Quit));
    }

    #[test]
    fn control_keys_reach_the_shell() {
        let mut stage = stage(1);
        for (keys, effect) in [
            ("<ctrl-c>", Effect::Quit),
            ("<ctrl-z>", Effect::Suspend),
            ("<ctrl-l>", Effect::Clear),
            ("?<ctrl-c>", Effect::Quit),
        ] {
            assert_eq!(stage.press(keys), Some(effect), "{keys}");
        }
        assert_eq!(update(&mut stage.app, Event::Stop), Some(Effect::Quit));
    }

    #[test]
    fn tabs_by_number_from_the_list_and_by_brackets_inside() {
        let mut stage = stage(1);
        stage.press("7");
        assert_eq!((stage.app.screen(), stage.app.detail.tab), (Screen::Detail, Tab::Hops));
        stage.press("]]");
        assert_eq!(stage.app.detail.tab, Tab::Overview);
        stage.press("[");
        assert_eq!(stage.app.detail.tab, Tab::Raw);
        stage.press("q");
        stage.press("[");
        assert_eq!(stage.app.detail.tab, Tab::Raw, "brackets belong to the detail");
    }

    #[test]
    fn the_detail_scrolls_within_its_text_and_each_tab_keeps_its_place() {
        let mut stage = stage(1);
        stage.press("8G");
        let end = *stage.app.detail.scroll_mut();
        assert!(end > 0);
        stage.press("j");
        assert_eq!(*stage.app.detail.scroll_mut(), end);
        stage.press("7");
        assert_eq!(*stage.app.detail.scroll_mut(), 0);
        stage.press("8k");
        assert_eq!(*stage.app.detail.scroll_mut(), end - 1);
        stage.press("g ");
        assert_eq!(*stage.app.detail.scroll_mut(), end.min(20));
    }

    #[test]
    fn what_is_being_read_stays_while_traffic_comes() {
        let mut stage = stage(3);
        stage.press("<enter>");
        stage.change(fake::passed(4));
        assert_eq!(stage.app.detail.id, Some(3));
    }

    #[test]
    fn tab_goes_to_the_pane_beside_only_where_there_is_one() {
        let mut stage = stage(3);
        stage.press("<tab>");
        assert_eq!(stage.app.screen(), Screen::List);
        stage.resize(140, 40);
        stage.press("<tab>");
        assert_eq!(stage.app.screen(), Screen::Side);
        stage.resize(80, 24);
        assert_eq!(stage.app.screen(), Screen::Detail);
        stage.press("q");
        assert_eq!(stage.app.screen(), Screen::List);
    }

    #[test]
    fn the_cursor_leaves_a_row_that_turns_out_to_be_noise() {
        let mut stage = stage(3);
        stage.press("k");
        let mut connect = fake::passed(2);
        connect.summary.flags.add(crate::exchange::Flags::INTERCEPTED);
        stage.change(connect);
        assert_eq!(cursor(&stage), Some(3));
    }

    #[test]
    fn rows_read_again_say_the_last_word() {
        let mut stage = stage(3);
        stage.press("k");
        let row = |id, failed| Row { failed, ..Row::of(&fake::summary(id)) };
        update(&mut stage.app, Event::Again(vec![row(1, false), row(2, true), row(3, false), row(4, true)]));
        assert_eq!((cursor(&stage), stage.app.list.index.failed_count()), (Some(2), 2));
        assert_eq!((stage.app.list.index.seen_count(), stage.app.list.unseen), (4, 1));
    }

    proptest! {
        #[test]
        fn the_selection_survives_whatever_comes(
            start in 2u64..30, ups in 1u64..20, ids in proptest::collection::vec(1u64..90, 0..40), noise in any::<bool>(),
        ) {
            let mut stage = stage(start);
            stage.press(&"k".repeat(usize::try_from(ups).unwrap()));
            let before = cursor(&stage);
            for id in ids {
                stage.change(fake::passed(id));
            }
            if noise {
                stage.press("..");
            }
            prop_assert_eq!(cursor(&stage), before);
            let (top, position) = (stage.app.list.top, stage.app.list.position());
            let height = usize::from(stage.app.list_places().rows.height);
            prop_assert!((top..top + height).contains(&position));
        }
    }
}
