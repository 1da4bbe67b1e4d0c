//! The mouse: a click selects or opens a tab, a second one opens, the wheel scrolls what is under the
//! pointer, the line between the panes can be dragged. What a key cannot do, the mouse cannot either.

use super::actions::Action;
use super::app::{App, Screen};
use super::detail;
use super::layout;
use super::update::travel;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Two clicks that come no further apart than this, in microseconds, are a double click.
const DOUBLE: i64 = 400_000;
/// Lines that a turn of the wheel moves.
const TURN: usize = 3;

/// What the mouse did last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pointer {
    /// The row clicked last, and when.
    clicked: Option<(u64, i64)>,
    /// Whether the line between the panes is being dragged.
    dragging: bool,
}

/// Does what the mouse asks for.
pub fn turn(app: &mut App, event: MouseEvent) {
    let at = Position::new(event.column, event.row);
    match event.kind {
        // A sheet or a text being typed belongs to the keyboard.
        _ if app.typing.is_some() || app.acting.menu.is_some() => {}
        MouseEventKind::Down(MouseButton::Left) => click(app, at),
        MouseEventKind::Drag(MouseButton::Left) if app.acting.pointer.dragging => {
            app.acting.panes.set_columns(event.column, app.area);
        }
        MouseEventKind::Up(_) => app.acting.pointer.dragging = false,
        MouseEventKind::ScrollDown => wheel(app, at, Action::Down),
        MouseEventKind::ScrollUp => wheel(app, at, Action::Up),
        _ => {}
    }
}

fn click(app: &mut App, at: Position) {
    app.message = None;
    match under(app, at) {
        Under::Row(position) => click_row(app, position),
        Under::Divider => app.acting.pointer.dragging = true,
        Under::Detail(place) => {
            if app.base == Screen::List {
                app.base = Screen::Side;
                app.list.set_follow(false);
            }
            let (head, _) = layout::detail_parts(place);
            if let Some(tab) = detail::tab_at(app, head, at) {
                app.detail.set_tab(tab);
            }
        }
        Under::List | Under::Help | Under::Nothing => {}
    }
}

fn click_row(app: &mut App, position: usize) {
    app.base = Screen::List;
    app.list.set_follow(false);
    app.list.move_to(position);
    let Some(id) = app.list.cursor else { return };
    let again = app.acting.pointer.clicked.is_some_and(|(row, when)| row == id && app.now - when <= DOUBLE);
    app.acting.pointer.clicked = if again { None } else { Some((id, app.now)) };
    if again {
        app.detail.select(Some(id));
        app.open_detail();
    }
}

/// Scrolls what is under the pointer, wherever the focus is.
fn wheel(app: &mut App, at: Position, action: Action) {
    let (base, screen) = (
        app.base,
        match under(app, at) {
            Under::Row(_) | Under::List => Screen::List,
            Under::Detail(_) if app.base == Screen::Detail => Screen::Detail,
            Under::Detail(_) => Screen::Side,
            Under::Help => app.base,
            Under::Divider | Under::Nothing => return,
        },
    );
    app.base = screen;
    for _ in 0..TURN {
        travel(app, action);
    }
    app.base = base;
}

/// What lies under the pointer.
enum Under {
    /// A row, by its position in the list.
    Row(usize),
    /// The list's pane, but no row.
    List,
    Divider,
    /// The detail, which has this place.
    Detail(Rect),
    Help,
    Nothing,
}

fn under(app: &App, at: Position) -> Under {
    if layout::too_small(app.area) {
        return Under::Nothing;
    }
    match app.screen() {
        Screen::Help => Under::Help,
        Screen::Detail => {
            let place = app.detail_place();
            if place.contains(at) { Under::Detail(place) } else { Under::Nothing }
        }
        Screen::List | Screen::Side => under_list(app, at),
        Screen::Compare | Screen::Typing => Under::Nothing,
    }
}

fn under_list(app: &App, at: Position) -> Under {
    let places = app.list_places();
    if places.rows.contains(at) {
        let position = app.list.top + usize::from(at.y - places.rows.y);
        return if position < app.list.index.shown_count() { Under::Row(position) } else { Under::List };
    }
    match at {
        at if places.divider.contains(at) => Under::Divider,
        at if places.side.contains(at) => Under::Detail(places.side),
        at if places.preview.contains(at) => Under::List,
        _ => Under::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::detail::Tab;
    use crate::tui::fake::{self, Stage};
    use crate::tui::update::{Event, update};
    use crossterm::event::KeyModifiers;

    fn stage(columns: u16, lines: u16) -> Stage {
        let mut stage = Stage::new(columns, lines, fake::varied());
        stage.press("g");
        stage
    }

    fn act(stage: &mut Stage, kind: MouseEventKind, column: u16, row: u16) {
        let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        update(&mut stage.app, Event::Mouse(event));
        stage.press("");
        crate::tui::fill::fill(&mut stage.app, &stage.source);
    }

    const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

    #[test]
    fn a_click_selects_and_a_second_one_opens() {
        let mut stage = stage(80, 24);
        act(&mut stage, CLICK, 20, 5);
        assert_eq!((stage.app.list.cursor, stage.app.screen()), (Some(18309), Screen::List));
        act(&mut stage, CLICK, 20, 6);
        assert_eq!((stage.app.list.cursor, stage.app.screen()), (Some(18310), Screen::List));
        act(&mut stage, CLICK, 20, 6);
        assert_eq!((stage.app.detail.id, stage.app.screen()), (Some(18310), Screen::Detail));
    }

    #[test]
    fn slow_clicks_do_not_open() {
        let mut stage = stage(80, 24);
        act(&mut stage, CLICK, 20, 5);
        stage.app.now += DOUBLE + 1;
        act(&mut stage, CLICK, 20, 5);
        assert_eq!(stage.app.screen(), Screen::List);
    }

    #[test]
    fn a_click_on_a_tab_opens_it() {
        for columns in [80, 140, 40] {
            let mut stage = stage(columns, 24);
            stage.press("<enter>");
            let line = stage.screen().lines().nth(1).unwrap().to_owned();
            let at = line.find('7').unwrap();
            act(&mut stage, CLICK, u16::try_from(at).unwrap(), 1);
            assert_eq!(stage.app.detail.tab, Tab::Hops, "{columns}");
        }
    }

    #[test]
    fn the_wheel_moves_what_is_under_it() {
        let mut stage = stage(140, 40);
        stage.press("8");
        act(&mut stage, MouseEventKind::ScrollDown, 10, 10);
        assert_eq!((stage.app.list.position(), stage.app.base), (3, Screen::List));
        stage.resize(140, 12);
        act(&mut stage, MouseEventKind::ScrollDown, 120, 8);
        assert_eq!(
            (*stage.app.detail.scroll_mut(), stage.app.list.position(), stage.app.base),
            (3, 3, Screen::List)
        );
        act(&mut stage, MouseEventKind::ScrollUp, 120, 8);
        assert_eq!(*stage.app.detail.scroll_mut(), 0);
    }

    #[test]
    fn the_line_between_the_panes_can_be_dragged() {
        let mut stage = stage(140, 40);
        let divider = stage.app.list_places().divider.x;
        act(&mut stage, MouseEventKind::Drag(MouseButton::Left), 60, 10);
        assert_eq!(stage.app.list_places().divider.x, divider, "not taken hold of");
        act(&mut stage, CLICK, divider, 10);
        act(&mut stage, MouseEventKind::Drag(MouseButton::Left), 60, 10);
        assert_eq!(stage.app.list_places().divider.x, 60);
        act(&mut stage, MouseEventKind::Up(MouseButton::Left), 60, 10);
        act(&mut stage, MouseEventKind::Drag(MouseButton::Left), 90, 10);
        assert_eq!(stage.app.list_places().divider.x, 60);
    }

    #[test]
    fn no_place_makes_it_fail() {
        let mut stage = stage(140, 40);
        for (columns, lines) in [(140, 40), (80, 24), (40, 8), (1, 1)] {
            stage.resize(columns, lines);
            for keys in ["", "<enter>", "?", "q", "q", ":", "<esc>", "y", "<esc>"] {
                if stage.app.screen() != Screen::List || keys != "q" {
                    stage.press(keys);
                }
                for kind in [CLICK, MouseEventKind::ScrollDown, MouseEventKind::Drag(MouseButton::Left)] {
                    for (column, row) in
                        [(0, 0), (columns, lines), (columns / 2, lines / 2), (u16::MAX, u16::MAX)]
                    {
                        act(&mut stage, kind, column, row);
                    }
                }
                stage.buffer();
            }
        }
    }
}
