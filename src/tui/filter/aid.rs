//! Help while a filter is typed: what is wrong, under its place; the filter read back in words; and what may
//! come next, to be taken by tab.

use crate::query::{self, Candidate, Completion, Fault, Name, Reading, Seen};
use crate::text::{units, width};
use crate::tui::app::App;
use crate::tui::paint::Pane;
use crate::tui::source::{Source, Unread};
use crate::tui::typing::{Purpose, Typing};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeMap;

/// Lines of the list of what may come next.
const LINES: usize = 6;
/// Columns of it at most.
const WIDEST: usize = 76;
/// Where the text of the filter begins.
const TEXT: usize = 3;

/// What helps with the text as it stands.
#[derive(Debug, Default)]
pub struct Aid {
    /// What is wrong; `None` while it may still become right.
    pub fault: Option<Fault>,
    /// The filter in words, while nothing is wrong.
    says: String,
    completion: Completion,
    chosen: Option<usize>,
    /// Values seen in the traffic, by field, as far as they were asked for.
    seen: BTreeMap<&'static str, Vec<(String, u64)>>,
    /// The field whose values are still to be asked for.
    wanted: Option<Name>,
}

/// Values seen, and the field that was asked about.
struct Known<'s> {
    seen: &'s BTreeMap<&'static str, Vec<(String, u64)>>,
    asked: std::cell::Cell<Option<Name>>,
}

impl Seen for Known<'_> {
    fn values(&self, field: Name, _: &str) -> Vec<(String, u64)> {
        self.asked.set(Some(field));
        self.seen.get(field.field().name).cloned().unwrap_or_default()
    }

    /// Names behind dots are in heads, which are not read for this.
    fn parts(&self, _: Name) -> Vec<(String, u64)> {
        Vec::new()
    }
}

impl Aid {
    /// The text, or the caret in it, is another.
    pub fn follow(&mut self, text: &str, caret: usize, reading: &Reading) {
        self.fault = reading.fault_at(caret).cloned();
        self.says = if text.trim().is_empty() { String::new() } else { reading.query.says() };
        self.chosen = None;
        self.complete(text, caret);
    }

    fn complete(&mut self, text: &str, caret: usize) {
        let known = Known { seen: &self.seen, asked: std::cell::Cell::default() };
        self.completion = query::complete(text, caret, &known);
        self.wanted = known.asked.get().filter(|field| !self.seen.contains_key(field.field().name));
        // Nothing is offered before the first letter of a term: the rows are worth more.
        let begun = !self.completion.span.is_empty()
            || text.get(..caret).is_some_and(|text| text.ends_with([':', '=', ',', '.', '(']));
        if !begun {
            self.completion = Completion::default();
        }
    }

    /// The text is typed no more; traffic goes on, so values are asked for anew the next time.
    pub fn end(&mut self) {
        *self = Self::default();
    }

    /// What was chosen, or what mends what is wrong, or the first that may come next.
    fn taken(&self) -> Option<(std::ops::Range<usize>, String)> {
        let fix = self.fault.as_ref().and_then(|fault| Some((fault.span.clone(), fault.fix.clone()?)));
        let chosen = self.chosen.or(if fix.is_some() { None } else { Some(0) });
        let candidate = chosen.and_then(|place| self.completion.candidates.get(place));
        candidate.map(|candidate| (self.completion.span.clone(), candidate.text.clone())).or(fix)
    }
}

/// A key that is no text: tab takes, arrows choose. Whether it was one.
pub fn press(app: &mut App, key: KeyEvent) -> bool {
    let aid = &mut app.filter.aid;
    let last = aid.completion.candidates.len().saturating_sub(1);
    match key.code {
        KeyCode::Down => aid.chosen = Some(aid.chosen.map_or(0, |at| (at + 1).min(last))),
        KeyCode::Up => aid.chosen = aid.chosen.and_then(|at| at.checked_sub(1)),
        KeyCode::Tab => take(app),
        _ => return false,
    }
    true
}

fn take(app: &mut App) {
    let (Some((span, new)), Some(typing)) = (app.filter.aid.taken(), app.typing.as_mut()) else { return };
    let mut text = typing.text().to_owned();
    if text.get(span.clone()).is_none() {
        return;
    }
    text.replace_range(span.clone(), &new);
    let cursor = text.get(..span.start + new.len()).map_or(0, |before| before.chars().count());
    typing.input = tui_input::Input::new(text).with_cursor(cursor);
    super::follow(app);
}

/// The octet that the cursor stands before.
#[must_use]
pub fn caret(typing: &Typing) -> usize {
    let text = typing.text();
    text.char_indices().nth(typing.input.cursor()).map_or(text.len(), |(at, _)| at)
}

/// Asks for the values that the person is about to type.
pub fn fill(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    let Some(field) = app.filter.aid.wanted.take() else { return Ok(()) };
    let values = source.seen(field)?;
    app.filter.aid.seen.insert(field.field().name, values);
    if let Some(typing) = app.typing.as_ref().filter(|typing| typing.purpose == Purpose::Filter) {
        app.filter.aid.complete(typing.text(), caret(typing));
    }
    Ok(())
}

/// Draws it over the column heads and the first rows.
pub fn draw(app: &App, heads: Rect, rows: Rect, buffer: &mut Buffer) {
    let Some(typing) = app.typing.as_ref().filter(|typing| typing.purpose == Purpose::Filter) else { return };
    let aid = &app.filter.aid;
    let mut pane = Pane::new(buffer, heads.union(rows));
    let mut line = 0;
    if let Some(fault) = &aid.fault {
        line = draw_fault(app, typing, fault, &mut pane);
    } else if !aid.says.is_empty() {
        clear(&mut pane, 0);
        let room = pane.width().saturating_sub(TEXT);
        let text = format!("reads as: {}", aid.says);
        pane.text(TEXT, 0, &width::cut(&text, room, "…"), app.theme.dim());
        line = 1;
    }
    draw_candidates(app, line, &mut pane);
}

/// Carets under the place and the words behind them, or below where these do not fit; the line below.
fn draw_fault(app: &App, typing: &Typing, fault: &Fault, pane: &mut Pane<'_>) -> usize {
    let text = typing.text();
    let columns = |upto: usize| text.get(..upto).map_or(0, width::columns);
    let skipped = typing.input.visual_scroll(pane.width().saturating_sub(TEXT + 1).max(1));
    let from = TEXT + columns(fault.span.start).saturating_sub(skipped);
    let to = (TEXT + columns(fault.span.end).saturating_sub(skipped)).max(from + 1).min(pane.width());
    let (bad, says) = (app.theme.bad(), fault.to_string());
    clear(pane, 0);
    pane.text(from, 0, &"^".repeat(to.saturating_sub(from)), bad);
    if to + 1 + width::columns(&says) <= pane.width() {
        pane.text(to + 1, 0, &says, bad);
        return 1;
    }
    clear(pane, 1);
    let room = pane.width().saturating_sub(TEXT);
    pane.text(TEXT, 1, &width::cut(&says, room, "…"), bad);
    2
}

fn clear(pane: &mut Pane<'_>, line: usize) {
    let blank = " ".repeat(pane.width());
    pane.text(0, line, &blank, Style::reset());
}

fn draw_candidates(app: &App, top: usize, pane: &mut Pane<'_>) {
    let aid = &app.filter.aid;
    let room = pane.height().saturating_sub(top + 2).min(LINES);
    let candidates = &aid.completion.candidates;
    if candidates.is_empty() || room == 0 {
        return;
    }
    let columns = pane.width().saturating_sub(TEXT + 1).min(WIDEST);
    let inner = columns.saturating_sub(2);
    let from = (aid.chosen.unwrap_or(0) + 1).saturating_sub(room);
    let names =
        candidates.iter().skip(from).take(room).map(|one| width::columns(&one.text)).max().unwrap_or(0);
    let names = (names + 2).min(inner / 2);
    let dim = app.theme.dim();
    pane.text(TEXT, top, &format!("┌{}┐", "─".repeat(inner)), dim);
    let mut line = top;
    for (place, candidate) in candidates.iter().enumerate().skip(from).take(room) {
        line += 1;
        pane.text(TEXT, line, "│", dim);
        let ink = if aid.chosen == Some(place) { app.theme.selected() } else { Style::reset() };
        pane.text(TEXT + 1, line, &width::fit(&offer(candidate, names), inner, "…"), ink);
        pane.text(TEXT + 1 + inner, line, "│", dim);
    }
    let keys = " tab takes it, ↓ ↑ choose ";
    let rule = inner.saturating_sub(width::columns(keys));
    pane.text(TEXT, line + 1, &width::fit(&format!("└{}{keys}┘", "─".repeat(rule)), columns, ""), dim);
}

fn offer(candidate: &Candidate, names: usize) -> String {
    let name = width::fit(&crate::text::sanitize(&candidate.text), names, "…");
    match candidate.count {
        Some(count) => format!("{name} ×{}", units::count(count)),
        None => format!("{name} {}", candidate.words),
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::fake::{self, Stage};

    fn typed(keys: &str) -> Stage {
        let mut stage = Stage::new(80, 24, fake::varied());
        stage.press(&format!("g/{keys}"));
        stage
    }

    #[test]
    fn a_mistake_is_pointed_at_the_rest_applies_and_tab_mends_it() {
        let mut stage = typed("host:api stauts:5xx");
        let screen = stage.screen();
        assert!(screen.contains("\n            ^^^^^^ no field “stauts”; did you mean status?"), "{screen}");
        assert!(screen.contains("in part") && screen.contains("18309"), "{screen}");
        stage.press("<tab>");
        assert_eq!(stage.app.typing.as_ref().unwrap().text(), "host:api status:5xx");
        let screen = stage.screen();
        assert!(screen.contains("reads as: requests to a host with “api” that got 5xx"), "{screen}");
        assert!(!screen.contains("in part"), "{screen}");
        assert_eq!(stage.app.list.index.shown(), [18313]);
    }

    #[test]
    fn what_is_unfinished_is_no_mistake_but_enter_asks_for_its_end() {
        let mut stage = typed("host:api status:");
        assert!(stage.screen().contains("reads as: requests to a host with “api”"), "{}", stage.screen());
        stage.press("<enter>");
        assert!(stage.app.typing.is_some());
        assert!(stage.screen().contains("no value after status:"), "{}", stage.screen());
        stage.press("404<enter>");
        assert_eq!((stage.app.typing.is_none(), stage.app.list.index.shown()), (true, &[18310][..]));
    }

    #[test]
    fn what_may_come_next_is_taken_by_tab() {
        let mut stage = typed("sta");
        let screen = stage.screen();
        assert!(screen.contains("│status:") && screen.contains("response code   404  4xx"), "{screen}");
        stage.press("<tab>");
        assert!(stage.screen().contains("×"), "values seen: {}", stage.screen());
        stage.press("50<tab>");
        assert_eq!(stage.app.typing.as_ref().unwrap().text(), "status:500");
        stage.press(" h<down><down><up><tab>");
        assert_eq!(stage.app.typing.as_ref().unwrap().text(), "status:500 host:");
    }

    #[test]
    fn no_size_makes_it_fail() {
        for (columns, lines) in [(1, 1), (40, 8), (41, 9), (300, 80)] {
            let mut stage = Stage::new(columns, lines, fake::varied());
            for keys in ["/s", "tauts:5", "<home><tab>", "<end> host:<down><down>", " \"長い", "<tab>"] {
                stage.press(keys);
                stage.screen();
            }
        }
    }
}
