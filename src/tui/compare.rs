//! Two exchanges compared: side by side where there is room, else below each other.
//!
//! What was found is kept; the text is built from it when the size, the messages wanted or what is
//! folded change, and only the lines in view are drawn.

use super::actions::Action;
use super::app::{App, Screen};
use super::layout;
use super::page::Page;
use super::paint::Pane;
use super::theme::Theme;
use crate::diff::{self, Change, Comparison, Line as Shown, Row, Side, Which, Wish};
use crate::exchange::{Flags, State, Summary};
use crate::text::{sanitize_bounded, units, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

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
        let end = self.last_top(page);
        // The change stands a few lines below the top, with what is around it.
        let around = page / 4;
        let place = |line: &usize| line.saturating_sub(around).min(end);
        let places = || self.changes.iter().map(place);
        let to = if forward {
            places().find(|at| *at > self.top).or_else(|| places().next())
        } else {
            places().rev().find(|at| *at < self.top).or_else(|| places().next_back())
        };
        self.top = to.unwrap_or(self.top);
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

/// The text under construction.
struct Text {
    page: Page,
    changes: Vec<usize>,
    beside: bool,
}

impl Text {
    /// Left and right, where they do not stand beside each other.
    fn titles(&mut self, compared: &Compared) {
        let theme = self.page.theme;
        for (mark, summary, style) in
            [("−", &compared.left, theme.bad()), ("+", &compared.right, theme.good())]
        {
            let title = title(summary, self.page.room().saturating_sub(3));
            self.push(vec![Span::styled(format!(" {mark} "), style), Span::styled(title, theme.strong())]);
        }
    }

    fn line(&mut self, line: &Shown) {
        let theme = self.page.theme;
        match line {
            Shown::Heading(title, remark) => self.heading(title, remark),
            Shown::Note(note) => self.page.prose("   ", note, theme.dim()),
            Shown::Row(row) => {
                if row.change != Change::Same && row.expected.is_none() && row.begins {
                    self.changes.push(self.page.height());
                }
                if self.beside { self.beside(row) } else { self.below(row) }
            }
        }
    }

    /// `── response body · JSON, by path ─────`.
    fn heading(&mut self, title: &str, remark: &str) {
        let theme = self.page.theme;
        let remark = if remark.is_empty() { String::new() } else { format!("· {remark} ") };
        let rest = self.page.room().saturating_sub(4 + width::columns(title) + width::columns(&remark));
        self.push(vec![
            Span::styled("── ", theme.dim()),
            Span::styled(format!("{title} "), theme.strong()),
            Span::styled(format!("{remark}{}", "─".repeat(rest)), theme.dim()),
        ]);
    }

    fn beside(&mut self, row: &Row) {
        let theme = self.page.theme;
        let room = column(self.page.room());
        let pieces = row.beside(room);
        let reason = row.expected.map(|reason| format!("  {reason}")).unwrap_or_default();
        let last = pieces.len().saturating_sub(1);
        for (index, [left, right]) in pieces.into_iter().enumerate() {
            let [before, behind] = if index == 0 { row.marks() } else { [" "; 2] };
            let used = width::columns(&right);
            let reason =
                if index == last && used + width::columns(&reason) <= room { reason.as_str() } else { "" };
            let mut line = vec![mark(theme, row, before)];
            line.extend(inked(theme, row, &width::fit(&left, room, ""), index == 0));
            line.push(Span::styled("│", theme.dim()));
            line.push(mark(theme, row, behind));
            line.extend(inked(theme, row, &right, index == 0));
            line.push(Span::styled(reason.to_owned(), theme.dim()));
            self.push(line);
        }
    }

    fn below(&mut self, row: &Row) {
        let theme = self.page.theme;
        let room = self.page.room().saturating_sub(3).max(1);
        let sign = match row.change {
            Change::OnlyLeft => "−",
            Change::OnlyRight => "+",
            Change::Same | Change::Changed => " ",
        };
        let whole = row.only();
        let reason = row.expected.filter(|_| row.change == Change::OnlyRight).unwrap_or_default();
        for (index, piece) in width::wrap(&whole, room).into_iter().enumerate() {
            let mut line = vec![mark(theme, row, if index == 0 { sign } else { " " })];
            line.extend(inked(theme, row, piece, index == 0));
            self.push(line);
        }
        if !reason.is_empty() {
            self.page.prose("     ", &format!("expected: {reason}"), theme.dim());
        }
    }

    /// A line whose pieces are sanitised: all texts of a comparison are, where it is made.
    fn push(&mut self, pieces: Vec<Span<'static>>) {
        self.page.push(Line::from(pieces));
    }
}

/// Columns of one of two texts: a mark of three before each, a line between them.
fn column(room: usize) -> usize {
    room.saturating_sub(7) / 2
}

fn mark(theme: Theme, row: &Row, mark: &str) -> Span<'static> {
    Span::styled(format!(" {mark} "), ink(theme, row).unwrap_or_default())
}

/// The ink of what differs; none for what is the same.
fn ink(theme: Theme, row: &Row) -> Option<Style> {
    match row.change {
        _ if row.expected.is_some() => Some(theme.dim()),
        Change::Same => None,
        Change::Changed => Some(theme.notable()),
        Change::OnlyLeft => Some(theme.bad()),
        Change::OnlyRight => Some(theme.good()),
    }
}

/// A text in its ink; of what is the same the name stands out, as in every head.
fn inked(theme: Theme, row: &Row, text: &str, first: bool) -> Vec<Span<'static>> {
    if let Some(ink) = ink(theme, row) {
        return vec![Span::styled(text.to_owned(), ink)];
    }
    let label = row.left.as_ref().map_or(0, |cell| cell.label.len());
    let style = if row.is_line { theme.dim() } else { theme.name() };
    match text.split_at_checked(label).filter(|_| first) {
        Some((label, value)) => vec![Span::styled(label.to_owned(), style), Span::raw(value.to_owned())],
        None => vec![Span::raw(text.to_owned())],
    }
}

/// Opens the comparison of the two marked, else of this one with its original, else with the one before
/// it that asked for the same.
pub fn open(app: &mut App) {
    let Some(id) = app.list.cursor else { return };
    let parent = app.list.summaries.get(&id).and_then(|summary| summary.parent);
    let wanted = match (marked(app).as_slice(), parent) {
        ([one, other], _) => Wanted::Pair(*one, *other),
        (_, Some(parent)) => Wanted::Pair(parent.0, id),
        (_, None) => Wanted::Previous(id),
    };
    app.compare.want(wanted, app.base);
    app.base = Screen::Compare;
    app.list.set_follow(false);
}

/// The marked exchanges among those that are known, rising.
fn marked(app: &App) -> Vec<u64> {
    let marked = |summary: &&Summary| summary.flags.has(Flags::MARKED);
    app.list.summaries.values().filter(marked).map(|summary| summary.id.0).collect()
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
        Action::NextHit | Action::HitBefore => Some(!app.compare.changes.is_empty()),
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

fn draw_head(app: &App, page: usize, pane: &mut Pane<'_>) {
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
    draw_rule(app, page, beside, pane);
}

/// The rule under the head, with how far the text is seen and which messages are shown.
fn draw_rule(app: &App, page: usize, beside: bool, pane: &mut Pane<'_>) {
    let (theme, state) = (app.theme, &app.compare);
    let line = pane.height().saturating_sub(1);
    pane.rule(line, theme.dim());
    if beside {
        pane.text(column(pane.width()) + 3, line, "┴", theme.dim());
    }
    if state.lines.len() > page {
        let seen = (state.top + page).min(state.lines.len());
        pane.text(2, line, &format!(" {seen}/{} lines ", state.lines.len()), theme.dim());
    }
    let end = pane.width().saturating_sub(2);
    pane.right(end, line, &format!(" H: {} ", state.which.says()), theme.dim());
}

/// An exchange in one line: `#18309 POST api.shop.test/v1/cart  201  88ms  replay`.
fn title(summary: &Summary, room: usize) -> String {
    let mut facts = match (summary.status, summary.state) {
        (Some(status), _) => status.to_string(),
        (None, State::Open) => "under way".to_owned(),
        (None, _) => "no response".to_owned(),
    };
    if let Some(duration) = summary.duration {
        facts.push_str(&format!("  {}", units::duration(duration)));
    }
    if summary.flags.has(Flags::REPLAY) {
        facts.push_str("  replay");
    }
    let start = format!("#{} {} ", summary.id.0, sanitize_bounded(&summary.method, 64));
    let target = format!("{}{}", sanitize_bounded(&summary.host, 512), sanitize_bounded(&summary.path, 2048));
    let left = room.saturating_sub(width::columns(&start) + width::columns(&facts) + 2);
    let whole = format!("{start}{}  {facts}", width::path(&target, left, "…"));
    width::cut(&whole, room, "…").into_owned()
}

#[cfg(test)]
mod tests;
