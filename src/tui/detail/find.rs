//! Finding in the detail's text: live as it is typed, every hit marked, one of them the one in turn.
//!
//! What is searched is what is shown, read as one where it was broken to fit. Without a capital in it,
//! what is looked for is found in any case.

use super::{DetailState, Tab};
use crate::tui::app::App;
use crate::tui::laid::{Laid, Piece};
use crate::tui::typing::{Purpose, Typing};

/// What can be done while it is typed, for the footer.
pub const TYPING_KEYS: [(&str, &str); 2] = [("enter", "keep, then n and N"), ("esc", "undo")];

/// A search in the text of a tab.
#[derive(Debug, Default)]
pub struct Find {
    needle: String,
    hits: Vec<Hit>,
    /// Rows from the first to the last of the tallest hit.
    tallest: usize,
    current: Option<usize>,
    /// Where the view was before the search began; `None` once it was accepted.
    origin: Option<(usize, usize)>,
}

/// A place where it was found: on one row, or on several where the text was broken.
type Hit = Vec<Piece>;

impl Find {
    /// What is looked for; empty when nothing is.
    #[must_use]
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// Whether anything is looked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.needle.is_empty()
    }

    /// How many hits there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hits.len()
    }

    /// `3/17`, `17 hits` where none is in turn, `no hit`.
    #[must_use]
    pub fn says(&self) -> String {
        match (self.hits.len(), self.current) {
            _ if !self.is_on() => String::new(),
            (0, _) => "no hit".to_owned(),
            (count, Some(at)) => format!("{}/{count}", at + 1),
            (1, None) => "1 hit".to_owned(),
            (count, None) => format!("{count} hits"),
        }
    }

    /// The pieces of hits on a row, each with whether its hit is the one in turn.
    pub fn on_row(&self, row: usize) -> impl Iterator<Item = (Piece, bool)> {
        let first = self.hits.partition_point(|hit| row_of(hit) + self.tallest < row);
        let (hits, current) = (self.hits.get(first..).unwrap_or_default(), self.current);
        let near = hits.iter().zip(first..).take_while(move |(hit, _)| row_of(hit) <= row);
        near.flat_map(move |(hit, at)| hit.iter().map(move |piece| (*piece, current == Some(at))))
            .filter(move |(piece, _)| piece.row == row)
    }

    /// Looks through a text that was laid out anew; the hit in turn stays in turn if it is still there.
    pub fn search(&mut self, laid: &Laid) {
        let was = self.current.and_then(|at| self.hits.get(at)).cloned();
        self.hits = hits(laid, &self.needle);
        let height = |hit: &Hit| hit.last().map_or(0, |piece| piece.row.saturating_sub(row_of(hit)));
        self.tallest = self.hits.iter().map(height).max().unwrap_or(0);
        self.current = was.and_then(|was| self.hits.iter().position(|hit| *hit == was));
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether the tab in front can be searched here.
#[must_use]
pub fn works(detail: &DetailState) -> bool {
    match detail.tab {
        // Its text is not laid out as a whole: it has a search of its own.
        Tab::Body => false,
        _ => detail.loaded.is_some(),
    }
}

/// Begins to type what is to be found.
pub fn begin(app: &mut App) {
    let detail = &mut app.detail;
    if works(detail) {
        let place = (detail.scroll(), detail.cursors[detail.tab as usize]);
        detail.find = Find { origin: Some(place), ..Find::default() };
        app.typing = Some(Typing::new(Purpose::Find, ""));
    }
}

/// Shows the first hit of what was typed so far, from where the search began.
pub fn follow(app: &mut App, text: &str) {
    let page = page(app);
    let detail = &mut app.detail;
    detail.restore_view();
    text.clone_into(&mut detail.find.needle);
    detail.find.current = None;
    detail.find.search(&detail.laid);
    let from = detail.scroll();
    let next = detail.find.hits.iter().position(|hit| row_of(hit) >= from);
    let at = next.or_else(|| (detail.find.count() > 0).then_some(0));
    detail.turn_to(at, page);
}

/// Keeps what was typed, for `n` and `N`.
pub fn accept(app: &mut App) {
    let find = &mut app.detail.find;
    find.origin = None;
    if find.is_on() && find.count() == 0 {
        app.message = Some(format!("“{}” is not in this tab's text.", find.needle));
    }
}

/// Leaves the view as it was before the search; nothing is looked for any more.
pub fn cancel(app: &mut App) {
    app.detail.restore_view();
    app.detail.find.forget();
}

/// Takes the marks of hits away; whether there were any.
pub fn clear(app: &mut App) -> bool {
    let was_on = app.detail.find.is_on();
    app.detail.find.forget();
    was_on
}

/// To the next hit or the one before, round the end, which is said.
pub fn go(app: &mut App, forward: bool) {
    let page = page(app);
    let detail = &mut app.detail;
    let (count, view) = (detail.find.count(), detail.scroll());
    if count == 0 {
        return;
    }
    let hits = &detail.find.hits;
    let at = match (detail.find.current, forward) {
        (Some(at), true) => Some(at + 1).filter(|at| *at < count),
        (Some(at), false) => at.checked_sub(1),
        (None, true) => hits.iter().position(|hit| row_of(hit) >= view),
        (None, false) => hits.iter().rposition(|hit| row_of(hit) < view),
    };
    let round = if forward { 0 } else { count - 1 };
    detail.turn_to(Some(at.unwrap_or(round)), page);
    if at.is_none() && count > 1 {
        let says = if forward {
            "From the end on to the first hit."
        } else {
            "From the start back to the last hit."
        };
        app.message = Some(says.to_owned());
    }
}

impl DetailState {
    /// Makes a hit the one in turn and brings it into view, with something around it.
    fn turn_to(&mut self, at: Option<usize>, page: usize) {
        self.find.current = at;
        let Some(row) = at.and_then(|at| self.find.hits.get(at)).map(|hit| row_of(hit)) else { return };
        self.stand_on(row);
        let view = self.scroll()..self.scroll() + page;
        if !view.contains(&row) {
            *self.scroll_mut() = row.saturating_sub(page / 3).min(self.last_top(page));
        }
    }

    fn restore_view(&mut self) {
        if let Some((scroll, cursor)) = self.find.origin {
            *self.scroll_mut() = scroll;
            self.cursors[self.tab as usize] = cursor;
        }
    }
}

fn page(app: &App) -> usize {
    usize::from(app.detail_text_place().0.height)
}

fn row_of(hit: &[Piece]) -> usize {
    hit.first().map_or(0, |piece| piece.row)
}

fn hits(laid: &Laid, needle: &str) -> Vec<Hit> {
    if needle.is_empty() {
        return Vec::new();
    }
    let exact = needle.chars().any(char::is_uppercase);
    let mut hits: Vec<Hit> = Vec::new();
    for run in &laid.runs {
        let (text, starts) = read(laid, run);
        hits.extend(places(&text, needle, exact).map(|(from, to)| pieces(run, &starts, from, to)));
    }
    hits.retain(|hit| !hit.is_empty());
    hits.sort_by_key(|hit| hit.first().map(|piece| (piece.row, piece.from)));
    hits
}

/// A run as one text, and where in it each piece begins.
fn read(laid: &Laid, run: &[Piece]) -> (String, Vec<usize>) {
    let (mut text, mut starts) = (String::new(), Vec::with_capacity(run.len()));
    for piece in run {
        if piece.spaced {
            text.push(' ');
        }
        starts.push(text.len());
        text.push_str(laid.row(piece.row).get(piece.from..piece.to).unwrap_or_default());
    }
    (text, starts)
}

/// The bytes where the needle stands in a text; hits do not overlap.
fn places(text: &str, needle: &str, exact: bool) -> impl Iterator<Item = (usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let found = rest.char_indices().find_map(|(at, _)| {
            let length = begins_with(rest.get(at..)?, needle, exact)?;
            Some((from + at, from + at + length))
        });
        from = found?.1;
        found
    })
}

/// How many bytes of the text the needle takes at its beginning.
fn begins_with(text: &str, needle: &str, exact: bool) -> Option<usize> {
    let mut rest = text.chars();
    for wanted in needle.chars() {
        let found = rest.next()?;
        let same = found == wanted || (!exact && found.to_lowercase().eq(wanted.to_lowercase()));
        if !same {
            return None;
        }
    }
    Some(text.len() - rest.as_str().len())
}

/// The part of each piece that lies between two bytes of the run's text.
fn pieces(run: &[Piece], starts: &[usize], from: usize, to: usize) -> Hit {
    let part = |(piece, start): (&Piece, &usize)| {
        let end = start + (piece.to - piece.from);
        let (from, to) = (from.max(*start), to.min(end));
        (from < to).then(|| Piece { from: piece.from + from - start, to: piece.from + to - start, ..*piece })
    };
    run.iter().zip(starts).filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::{self, Stage};
    use ratatui::style::Modifier;

    fn stage(keys: &str) -> Stage {
        let mut stage = Stage::new(80, 24, vec![fake::passed(1)]);
        stage.press("<enter>");
        stage.press(keys);
        stage
    }

    fn rule(stage: &Stage) -> String {
        stage.screen().lines().nth(2).unwrap_or_default().to_owned()
    }

    #[test]
    fn it_is_found_as_it_is_typed_and_counted_in_the_rule() {
        let mut stage = stage("8/set-c");
        assert!(rule(&stage).contains("/ set-c") && rule(&stage).contains("1/4"), "{}", rule(&stage));
        stage.press("<enter>n");
        assert!(rule(&stage).contains("2/4"), "{}", rule(&stage));
        stage.press("NN");
        assert!(rule(&stage).contains("4/4"), "{}", rule(&stage));
        assert!(stage.screen().contains("From the start back to the last hit."), "{}", stage.screen());
        stage.press("n");
        assert!(stage.screen().contains("From the end on to the first hit."), "{}", stage.screen());
        stage.press("<esc>");
        assert!(!rule(&stage).contains('/') || rule(&stage).contains("lines"), "{}", rule(&stage));
        assert_eq!(stage.app.screen(), crate::tui::app::Screen::Detail, "esc takes the marks away first");
        stage.press("<esc>");
        assert_eq!(stage.app.screen(), crate::tui::app::Screen::List);
    }

    #[test]
    fn a_capital_asks_for_its_case() {
        assert!(rule(&stage("8/Set-C")).contains("1/2"));
        assert!(rule(&stage("8/set-c")).contains("1/4"));
        assert!(rule(&stage("3/nowhere")).contains("no hit"));
    }

    #[test]
    fn escape_leaves_the_view_as_it_was() {
        let mut stage = stage("7jjj");
        let before = (stage.app.detail.scroll(), stage.app.detail.cursor_rows());
        stage.press("/keep-alive: t");
        assert_ne!((stage.app.detail.scroll(), stage.app.detail.cursor_rows()), before);
        stage.press("<esc>");
        assert_eq!((stage.app.detail.scroll(), stage.app.detail.cursor_rows()), before);
        assert!(!stage.app.detail.find.is_on());
    }

    #[test]
    fn the_cursor_stands_on_the_line_that_was_found() {
        let stage = stage("3/theme=<enter>");
        let (.., line) = stage.app.detail.field_under_cursor().unwrap();
        assert_eq!(line, b"set-cookie: theme=dark");
    }

    #[test]
    fn hits_are_seen_without_colour() {
        let mut stage = stage("8");
        stage.app.theme.colour = false;
        stage.press("/cookie<enter>");
        let buffer = stage.buffer();
        let marked = |modifier| -> String {
            let cells = buffer.content.iter().filter(|cell| cell.modifier.contains(modifier));
            cells.map(ratatui::buffer::Cell::symbol).collect()
        };
        assert_eq!(marked(Modifier::REVERSED), "Cookie");
        assert_eq!(marked(Modifier::UNDERLINED).to_lowercase(), "cookie".repeat(4));
    }

    #[test]
    fn a_hit_over_a_break_is_one_hit_on_two_rows() {
        let mut exchange = fake::passed(1);
        let long = format!("GET / HTTP/1.1\r\nX-Long: {}needle{}\r\n\r\n", "a".repeat(66), "b".repeat(9));
        exchange.heads.request_received = Some(long.into_bytes().into());
        (exchange.heads.request_sent, exchange.request_edits) = (None, Vec::new());
        let mut stage = Stage::new(80, 24, vec![exchange]);
        stage.press("<enter>2/needle<enter>");
        assert!(rule(&stage).contains("1/1"), "{}", rule(&stage));
        let find = &stage.app.detail.find;
        let rows: Vec<usize> = (0..9).map(|row| find.on_row(row).count()).collect();
        assert_eq!(rows.iter().sum::<usize>(), 2, "{rows:?}");
    }

    #[test]
    fn overlapping_and_wide_text() {
        let all = |text, needle, exact| places(text, needle, exact).collect::<Vec<_>>();
        assert_eq!(all("aaaa", "aa", false), [(0, 2), (2, 4)]);
        assert_eq!(all("GRÖSSE größe", "grö", false), [(0, 4), (8, 12)]);
        assert_eq!(all("長い長い", "い長", true), [(3, 9)]);
        assert_eq!(all("", "x", true), []);
    }

    #[test]
    fn the_body_is_left_to_its_own_search() {
        let mut stage = stage("4/");
        stage.press("e");
        assert!(!works(&stage.app.detail) && !stage.app.detail.find.is_on());
        assert_eq!(stage.app.detail.tab, Tab::Body);
    }
}
