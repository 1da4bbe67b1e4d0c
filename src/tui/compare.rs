//! Two exchanges compared: side by side where there is room, else below each other.
//!
//! What was found is kept; the text is built from it when the size, the messages wanted or what is
//! folded change, and only the lines in view are drawn.

mod text;

use super::actions::Action;
use super::app::{App, Screen};
use super::layout;
use super::page::Page;
use super::paint::Pane;
use super::theme::Theme;
use crate::diff::{self, Comparison, Side, Which, Wish};
use crate::exchange::Summary;
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use text::{Text, column, title};

/// Columns from which the two stand side by side.
const BESIDE: u16 = 100;

/// Which two are to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// These two.
    Pair(u64, u64),
    /// This one, with the last one before it that asked for the same.
    Previous(u64),
}

/// Two exchanges, compared.
#[derive(Debug)]
pub struct Compared {
    left: Summary,
    right: Summary,
    comparison: Comparison,
}

impl Compared {
    /// Compares requests and responses.
    #[must_use]
    pub fn new(left: &Side<'_>, right: &Side<'_>) -> Self {
        let summary = |side: &Side<'_>| side.exchange.summary.clone();
        let comparison = diff::compare(left, right, Which::Both);
        Self { left: summary(left), right: summary(right), comparison }
    }
}

/// What the text was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Built {
    room: usize,
    which: Which,
    folded: bool,
    version: u64,
}

/// The comparison on the screen.
#[derive(Debug, Default)]
pub struct CompareState {
    /// Which two.
    pub wanted: Option<Wanted>,
    /// Whether one of them changed since it was read.
    pub stale: bool,
    /// The screen that it was opened from.
    from: Option<Screen>,
    loaded: Option<Box<Compared>>,
    version: u64,
    which: Which,
    folded: bool,
    top: usize,
    lines: Vec<Line<'static>>,
    /// Lines at which a change begins that tells something.
    changes: Vec<usize>,
    built: Option<Built>,
}

impl CompareState {
    /// Turns to two exchanges; what is folded stays so.
    fn want(&mut self, wanted: Wanted, from: Screen) {
        let (version, which, folded) = (self.version + 1, self.which, self.folded);
        let (wanted, from) = (Some(wanted), Some(from));
        *self = Self { wanted, from, version, which, folded, ..Self::default() };
    }

    /// The screen to go back to.
    pub fn back(&mut self) -> Screen {
        self.wanted = None;
        self.from.take().unwrap_or(Screen::List)
    }

    /// Takes in what was found.
    pub fn load(&mut self, compared: Compared) {
        self.wanted = Some(Wanted::Pair(compared.left.id.0, compared.right.id.0));
        self.loaded = Some(Box::new(compared));
        self.stale = false;
        self.version += 1;
    }

    /// Whether the two have to be read.
    #[must_use]
    pub fn needs(&self) -> Option<Wanted> {
        self.wanted.filter(|_| self.stale || self.loaded.is_none())
    }

    /// An exchange changed.
    pub fn note(&mut self, id: u64) {
        if matches!(self.wanted, Some(Wanted::Pair(one, other)) if one == id || other == id) {
            self.stale = true;
        }
    }

    /// Turns from both messages to requests, to responses.
    fn turn(&mut self) {
        self.which = self.which.next();
        self.top = 0;
    }

    /// Folds what was to be expected, or shows it.
    fn fold(&mut self) {
        self.folded = !self.folded;
    }

    /// How many expected differences there are in all.
    fn expected(&self) -> usize {
        self.loaded.as_ref().map_or(0, |compared| compared.comparison.counts().expected)
    }

    /// To the next change, or to the one before; round the end.
    fn go(&mut self, forward: bool, page: usize) {
        let to = if forward {
            self.places(page).find(|at| *at > self.top).or_else(|| self.places(page).next())
        } else {
            self.places(page).rev().find(|at| *at < self.top).or_else(|| self.places(page).next_back())
        };
        self.top = to.unwrap_or(self.top);
    }

    /// The first lines shown when one stands at a change: a few lines above it, with what is around it.
    fn places(&self, page: usize) -> impl DoubleEndedIterator<Item = usize> {
        let (end, around) = (self.last_top(page), page / 4);
        self.changes.iter().map(move |line| line.saturating_sub(around).min(end))
    }

    /// Whether a change is somewhere else; where all fit into the view there is nowhere to go.
    fn can_go(&self, page: usize) -> bool {
        self.places(page).any(|at| at != self.top)
    }

    /// The first line shown.
    pub fn top_mut(&mut self) -> &mut usize {
        &mut self.top
    }

    /// The first line shown when the end is in view.
    #[must_use]
    pub fn last_top(&self, page: usize) -> usize {
        self.lines.len().saturating_sub(page)
    }

    /// Builds the text where what it shows has changed, and keeps the place inside it.
    pub fn settle(&mut self, theme: Theme, area: Rect) {
        let (_, text) = parts(area);
        let room = usize::from(text.width);
        let wanted = Built { room, which: self.which, folded: self.folded, version: self.version };
        if self.built != Some(wanted) {
            (self.lines, self.changes) = self.build(theme, area.width >= BESIDE, room);
            self.built = Some(wanted);
        }
        self.top = self.top.min(self.last_top(usize::from(text.height)));
    }

    fn build(&self, theme: Theme, beside: bool, room: usize) -> (Vec<Line<'static>>, Vec<usize>) {
        let mut text = Text { page: Page::new(theme, room), changes: Vec::new(), beside };
        let Some(compared) = self.loaded.as_deref() else {
            text.page.prose(" ", "Under way: the two can be read in a moment.", theme.dim());
            return (text.page.finish(), Vec::new());
        };
        let wish = Wish { expected: !self.folded, same: true };
        if !beside {
            text.titles(compared);
        }
        for message in
            compared.comparison.messages.iter().filter(|message| self.which.kinds().contains(&message.kind))
        {
            let lines = diff::lines(message, wish);
            for line in if beside { lines } else { diff::unified(lines) } {
                text.line(&line);
            }
        }
        (text.page.finish(), text.changes)
    }
}

/// Opens the comparison of the two marked, else of this one with its original, else with the one before
/// it that asked for the same.
pub fn open(app: &mut App) {
    let Some(id) = app.list.cursor else { return };
    let parent = app.list.summaries.get(&id).and_then(|summary| summary.parent);
    let wanted = match (app.list.index.marked().as_slice(), parent) {
        ([one, other], _) => Wanted::Pair(*one, *other),
        (_, Some(parent)) => Wanted::Pair(parent.0, id),
        (_, None) => Wanted::Previous(id),
    };
    app.compare.want(wanted, app.base);
    app.base = Screen::Compare;
    app.list.set_follow(false);
}

/// Does what an action means here; false when it means what it means elsewhere.
pub fn act(app: &mut App, action: Action) -> bool {
    let page = page(app);
    match action {
        Action::Hop => app.compare.turn(),
        Action::Noise => app.compare.fold(),
        Action::NextHit => app.compare.go(true, page),
        Action::HitBefore => app.compare.go(false, page),
        _ => return false,
    }
    true
}

/// Whether an action that means something of its own here would do anything.
#[must_use]
pub fn works(action: Action, app: &App) -> Option<bool> {
    match action {
        Action::Hop => Some(true),
        Action::Noise => Some(app.compare.expected() > 0),
        Action::NextHit | Action::HitBefore => Some(app.compare.can_go(page(app))),
        _ => None,
    }
}

/// Lines of text in view.
#[must_use]
pub fn page(app: &App) -> usize {
    usize::from(parts(layout::detail(app.area).0).1.height)
}

/// The head and the text.
fn parts(area: Rect) -> (Rect, Rect) {
    let height = if area.width >= BESIDE { 3 } else { 2 };
    let height = u16::min(height, area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// Draws the comparison into its place.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let (head, text) = parts(area);
    draw_head(app, usize::from(text.height), &mut Pane::new(buffer, head));
    let mut pane = Pane::new(buffer, text);
    let height = pane.height();
    for (row, line) in app.compare.lines.iter().skip(app.compare.top).take(height).enumerate() {
        pane.line(row, line);
    }
}

fn draw_head(app: &App, shown: usize, pane: &mut Pane<'_>) {
    let (theme, state) = (app.theme, &app.compare);
    let at = pane.text(1, 0, "Compare", theme.strong());
    let beside = pane.height() > 2;
    if let Some(compared) = state.loaded.as_deref() {
        let ids = format!("#{} → #{}", compared.left.id.0, compared.right.id.0);
        let at = pane.text(at + 2, 0, &ids, theme.name());
        let end = pane.width().saturating_sub(1);
        let counts = compared.comparison.counts();
        let style = if counts.changes > counts.expected { theme.notable() } else { theme.good() };
        let says = counts.says();
        pane.right(end, 0, &width::cut(&says, end.saturating_sub(at + 2), "…"), style);
        if beside {
            let room = column(pane.width());
            pane.text(3, 1, &title(&compared.left, room.saturating_sub(1)), theme.strong());
            pane.text(room + 3, 1, "│", theme.dim());
            pane.text(room + 7, 1, &title(&compared.right, room), theme.strong());
        }
    }
    draw_rule(app, shown, beside, pane);
}

/// The rule under the head, with how far the text is seen and which messages are shown.
fn draw_rule(app: &App, shown: usize, beside: bool, pane: &mut Pane<'_>) {
    let (theme, state) = (app.theme, &app.compare);
    let line = pane.height().saturating_sub(1);
    pane.rule(line, theme.dim());
    if beside {
        pane.text(column(pane.width()) + 3, line, "┴", theme.dim());
    }
    if state.lines.len() > shown {
        let seen = (state.top + shown).min(state.lines.len());
        pane.text(2, line, &format!(" {seen}/{} lines ", state.lines.len()), theme.dim());
    }
    let end = pane.width().saturating_sub(2);
    pane.right(end, line, &format!(" H: {} ", state.which.says()), theme.dim());
}

#[cfg(test)]
mod tests;
