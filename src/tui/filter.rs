//! The list's filter: typed live, kept or undone, off and on again, with the ones used before.
//!
//! A filter takes effect at each key. What it means is looked for newest first, on other threads, and shown as it
//! is found; the next key gives the search up. One more letter looks through the present matches only. New rows are
//! judged as they come. Where something is wrong with the text, what is understood of it takes effect. Where
//! nothing is found, it is looked for the term to blame.

mod aid;
mod blame;

pub use aid::{draw, fill, press};

use super::app::{App, Screen};
use super::menu::{Item, Menu};
use super::source::{Seeking, Source, Unread};
use super::typing::{Purpose, Typing};
use crate::exchange::{ExchangeId, Summary};
use crate::query::{self, Level, Name, Query, Truth};
use blame::Blame;
use std::time::Duration;

/// Filters remembered.
const REMEMBERED: usize = 50;
/// Rows are looked up one by one only where they are this much fewer than all.
const FEWER: usize = 16;
/// Rows looked through at a time where heads or bodies have to be read.
const DEEP: usize = 32;
/// How long the search is waited for between two looks at the keys.
const PATIENCE: Duration = Duration::from_millis(4);

/// The filter and its past.
#[derive(Debug, Default)]
pub struct Filter {
    /// As typed; kept while it is off.
    text: String,
    query: Query,
    off: bool,
    /// What esc brings back while a text is typed.
    before: Option<(String, bool)>,
    /// The newest last.
    history: Vec<String>,
    scan: Option<Scan>,
    /// Why nothing was found.
    blame: Option<Blame>,
    /// Help with the text being typed.
    aid: aid::Aid,
}

/// What is still to be looked through, newest first.
#[derive(Debug, Default)]
struct Scan {
    /// These rows, rising.
    among: Vec<u64>,
    /// Then the rows below a number.
    rest: Rest,
    looked: u64,
}

#[derive(Debug, Default)]
enum Rest {
    #[default]
    Nothing,
    /// Not begun; `Below(None)` begins at the newest.
    Below(Option<ExchangeId>),
    /// Being looked through, down to this number so far; `None` before anything came.
    Under(Box<dyn Seeking>, Option<u64>),
}

impl Filter {
    /// What decides on rows now; `None` while there is no filter or it is off.
    #[must_use]
    pub fn in_force(&self) -> Option<&Query> {
        (!self.off && !self.query.is_all()).then_some(&self.query)
    }

    /// Whether a row is meant; `None` while no filter is in force, or while the row does not tell: then it is
    /// looked through soon.
    pub fn means(&mut self, summary: &Summary) -> Option<bool> {
        let truth = self.in_force()?.judge(summary);
        if truth != Truth::Unknown {
            return Some(truth.is_yes());
        }
        self.scan.get_or_insert_default().add(&[summary.id.0]);
        None
    }

    /// Whether the text has a mistake, so that a part of it is left out.
    #[must_use]
    pub fn is_in_part(&self) -> bool {
        self.aid.fault.is_some()
    }

    /// The text, in force or off.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is one that is switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.off && !self.query.is_all()
    }

    /// Whether rows are still being looked through.
    #[must_use]
    pub fn is_scanning(&self) -> bool {
        self.scan.is_some()
    }

    /// Whether anything is being looked for: rows, or why there is none.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.is_scanning() || self.blame.as_ref().is_some_and(|blame| !blame.is_over())
    }

    /// The term without which most would be found, and how many; only where nothing is found with it.
    #[must_use]
    pub fn blamed(&self) -> Option<(&str, usize)> {
        self.blame.as_ref().and_then(Blame::most)
    }

    /// Rows looked through so far, while that goes on.
    #[must_use]
    pub fn looked(&self) -> Option<u64> {
        self.scan.as_ref().map(|scan| scan.looked)
    }

    /// Whether any filter was kept before.
    #[must_use]
    pub fn has_history(&self) -> bool {
        !self.history.is_empty()
    }

    fn remember(&mut self, text: &str) {
        if Query::of(text).is_all() {
            return;
        }
        self.history.retain(|old| old != text);
        self.history.push(text.to_owned());
        if self.history.len() > REMEMBERED {
            self.history.remove(0);
        }
    }
}

/// Begins to type.
pub fn begin(app: &mut App) {
    app.base = Screen::List;
    app.filter.before = Some((app.filter.text.clone(), app.filter.off));
    app.typing = Some(Typing::new(Purpose::Filter, &app.filter.text));
    let text = app.filter.text.clone();
    set(app, text, false);
}

/// The text changed, or the cursor moved in it: it takes effect.
pub fn follow(app: &mut App) {
    let Some(typing) = app.typing.as_ref() else { return };
    let (text, caret) = (typing.text().to_owned(), aid::caret(typing));
    let reading = query::read_at(&text, app.now);
    app.filter.aid.follow(&text, caret, &reading);
    put(app, text, reading.query, false);
}

/// What was typed stays, if all of it is understood; whether it does.
pub fn keep(app: &mut App) -> bool {
    let fault = query::read_at(&app.filter.text, app.now).faults.into_iter().next();
    if fault.is_some() {
        app.filter.aid.fault = fault;
        return false;
    }
    app.filter.aid.end();
    app.filter.before = None;
    let text = app.filter.text.trim().to_owned();
    app.filter.remember(&text);
    app.filter.text = text;
    true
}

/// All is as it was before the typing.
pub fn restore(app: &mut App) {
    app.filter.aid.end();
    if let Some((text, off)) = app.filter.before.take() {
        set(app, text, off);
    }
}

/// Off, or on again.
pub fn toggle(app: &mut App) {
    let (text, off) = (app.filter.text.clone(), app.filter.off);
    set(app, text, !off);
}

/// Takes the filter away; whether there was one.
pub fn clear(app: &mut App) -> bool {
    let there = !app.filter.text.is_empty();
    set(app, String::new(), false);
    there
}

/// Uses a filter that was chosen from a menu.
pub fn choose(app: &mut App, text: &str) {
    app.base = Screen::List;
    set(app, text.to_owned(), false);
    app.filter.remember(text);
}

/// Rows may be shown again that were not: looks through all once more.
pub fn rescan(app: &mut App) {
    if app.filter.in_force().is_some() {
        app.filter.blame = None;
        app.filter.scan = Some(Scan { rest: Rest::Below(None), ..Scan::default() });
        app.list.begin_filter();
    }
}

/// Looks through these rows too, rising: they came back.
pub fn consider(app: &mut App, ids: &[u64]) {
    if app.filter.in_force().is_some() {
        app.filter.scan.get_or_insert_default().add(ids);
    }
}

/// The filters used before, newest first.
pub fn history(app: &mut App) {
    let items = app.filter.history.iter().rev();
    let items = items.map(|text| Item { label: String::new(), shown: text.clone(), text: text.clone() });
    app.menu = Menu::new("Filters used before", items.collect());
}

/// What the row under the cursor could be filtered by.
pub fn by_row(app: &mut App) {
    let Some(summary) = app.list.cursor.and_then(|id| app.list.summaries.get(&id)) else { return };
    let client = summary.client.rsplit_once(':').map_or(summary.client.as_str(), |(address, _)| address);
    let path = summary.path.split('?').next().unwrap_or_default();
    let status = summary.status.map(|status| status.to_string()).unwrap_or_default();
    let kind = summary.media_type.as_deref().unwrap_or_default();
    let facts = [
        (Name::Host, summary.host.as_str()),
        (Name::Path, path),
        (Name::Status, &status),
        (Name::Method, &summary.method),
        (Name::Type, kind),
        (Name::Client, client),
    ];
    let more = |word: String| match app.filter.in_force() {
        Some(_) => format!("{} {word}", app.filter.text.trim()),
        None => word,
    };
    let items = facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| Item {
        label: name.field().name.to_owned(),
        shown: value.to_owned(),
        text: more(field(name, value)),
    });
    app.menu = Menu::new("Filter by", items.collect());
}

/// Looks through about `rows` more rows.
pub fn advance(app: &mut App, source: &dyn Source, rows: usize) -> Result<(), Unread> {
    let Some(mut scan) = app.filter.scan.take() else { return blame(app, source) };
    let rows = if app.filter.query.level() == Level::Row { rows } else { rows.min(DEEP) };
    let found = scan.step(&app.filter.query, source, rows)?;
    app.list.found(&found);
    if !scan.is_over() {
        app.filter.scan = Some(scan);
    } else if app.list.index.shown_count() == 0 && app.filter.blame.is_none() {
        app.filter.blame = app.filter.in_force().map(Blame::of);
    }
    Ok(())
}

/// Goes on looking for the term to blame, as long as nothing is found.
fn blame(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    if app.list.index.shown_count() > 0 {
        app.filter.blame = None;
    }
    let Some(mut blame) = app.filter.blame.take() else { return Ok(()) };
    blame.step(source, PATIENCE, |ids| app.list.index.countable(ids))?;
    app.filter.blame = Some(blame);
    Ok(())
}

impl Scan {
    /// Looks through these rows too.
    fn add(&mut self, ids: &[u64]) {
        self.among.extend_from_slice(ids);
        self.among.sort_unstable();
        self.among.dedup();
    }

    /// Looks through a slice; what it found, rising.
    fn step(&mut self, query: &Query, source: &dyn Source, rows: usize) -> Result<Vec<u64>, Unread> {
        if !self.among.is_empty() {
            let slice = self.among.split_off(self.among.len().saturating_sub(rows));
            self.looked += slice.len() as u64;
            return source.sift(query, &slice);
        }
        if let Rest::Below(below) = self.rest {
            self.rest = Rest::Under(source.search(query, below)?, below.map(|below| below.0));
        }
        let Rest::Under(search, to) = &mut self.rest else { return Ok(Vec::new()) };
        let mut found = search.found(PATIENCE)?;
        self.looked += to.map_or(0, |to| to.saturating_sub(found.looked_to));
        *to = Some(found.looked_to);
        if found.is_over() {
            self.rest = Rest::Nothing;
        }
        found.ids.reverse();
        Ok(found.ids)
    }

    /// What was being looked through has to be begun anew from there: it is another filter's.
    fn give_up(&mut self) {
        if let Rest::Under(_, to) = &self.rest {
            self.rest = Rest::Below(to.map(ExchangeId));
        }
    }

    fn is_over(&self) -> bool {
        self.among.is_empty() && matches!(self.rest, Rest::Nothing)
    }
}

fn set(app: &mut App, text: String, off: bool) {
    let query = query::read_at(&text, app.now).query;
    put(app, text, query, off);
}

fn put(app: &mut App, text: String, query: Query, off: bool) {
    let before = app.filter.in_force().cloned();
    let filter = &mut app.filter;
    filter.query = query;
    filter.text = text;
    filter.off = off && !filter.query.is_all();
    filter.blame = None;
    match (before, filter.in_force().cloned()) {
        (None, None) => {}
        (Some(_), None) => {
            filter.scan = None;
            app.list.end_filter();
        }
        (Some(before), Some(now)) if before == now => {}
        (Some(before), Some(now)) if now.narrows(&before) && is_worth_it(app) => narrow(app),
        (_, Some(_)) => rescan(app),
    }
}

/// Whether the present matches are so few that looking at each is quicker than at all rows in turn.
fn is_worth_it(app: &App) -> bool {
    let left = app.filter.scan.as_ref().map_or(0, |scan| scan.among.len());
    (app.list.index.shown_count() + left) * FEWER <= app.list.index.seen_count()
}

/// Only what matched so far, and what was not looked through yet, can match.
fn narrow(app: &mut App) {
    let mut scan = app.filter.scan.take().unwrap_or_default();
    scan.give_up();
    scan.among.extend_from_slice(app.list.index.shown());
    scan.among.sort_unstable();
    scan.looked = 0;
    app.filter.scan = Some(scan);
    app.list.begin_filter();
}

/// A field with a value of it.
fn field(name: Name, value: &str) -> String {
    format!("{}:{}", name.field().name, query::value(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::{self, Stage};
    use proptest::prelude::*;

    fn shown(stage: &Stage) -> Vec<u64> {
        stage.app.list.index.shown().to_vec()
    }

    fn numbered(rows: u64) -> Stage {
        let row = |id| fake::with(id, |summary| summary.path = format!("/n{id}"));
        Stage::new(80, 24, (1..=rows).map(row).collect())
    }

    #[test]
    fn each_key_takes_effect_enter_keeps_and_esc_undoes() {
        let mut stage = numbered(30);
        stage.press("/n2");
        assert_eq!(shown(&stage), [2, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
        stage.press("7");
        assert_eq!(shown(&stage), [27]);
        stage.press("<bs>8<enter>");
        assert_eq!((shown(&stage), stage.app.screen()), (vec![28], Screen::List));
        stage.press("/9<esc>");
        assert_eq!((shown(&stage), stage.app.filter.text()), (vec![28], "n28"));
        stage.press("<esc>");
        assert_eq!(shown(&stage).len(), 30);
    }

    #[test]
    fn off_and_on_and_the_ones_before() {
        let mut stage = numbered(30);
        stage.press("/n28<enter><ctrl-t>");
        assert_eq!((shown(&stage).len(), stage.app.filter.is_off()), (30, true));
        stage.press("<ctrl-t>");
        assert_eq!(shown(&stage), [28]);
        stage.press("/<ctrl-u>n11<enter><ctrl-r>j<enter>");
        assert_eq!(shown(&stage), [28]);
        stage.press("<ctrl-r><esc>");
        assert_eq!((shown(&stage), stage.app.menu.is_none()), (vec![28], true));
    }

    #[test]
    fn by_what_is_under_the_cursor_on_top_of_what_is_there() {
        let mut stage = Stage::new(80, 24, fake::varied());
        stage.press("gj");
        stage.press("f<enter>");
        assert_eq!(stage.app.filter.text(), "host:cdn.shop.test");
        stage.press("gfj<enter>");
        assert_eq!(stage.app.filter.text(), "host:cdn.shop.test path:/app.9f3c.js");
        assert_eq!(shown(&stage), [18308]);
    }

    #[test]
    fn the_selection_stays_on_its_exchange() {
        let mut stage = numbered(90);
        stage.press("gjjjjj");
        assert_eq!(stage.app.list.cursor, Some(6));
        stage.press("/n6");
        assert_eq!(stage.app.list.cursor, Some(6));
        stage.press("8");
        assert_eq!(stage.app.list.cursor, Some(68));
        stage.press("<esc>");
        assert_eq!(stage.app.list.cursor, Some(6), "it was not moved by hand");
    }

    #[test]
    fn new_rows_are_judged_as_they_come() {
        let mut stage = numbered(9);
        stage.press("/json -n5 other<enter>");
        stage.change(fake::with(20, |summary| summary.path = "/other".to_owned()));
        stage.change(fake::with(21, |summary| summary.path = "/n5other".to_owned()));
        assert_eq!(shown(&stage), [20]);
        stage.change(fake::with(20, |summary| summary.path = "/moved".to_owned()));
        assert_eq!(shown(&stage), [0; 0]);
    }

    #[test]
    fn a_search_is_given_up_for_the_next_key_and_parts_are_shown() {
        let mut stage = numbered(100);
        stage.slice = Some(10);
        stage.press("/n");
        stage.scan_once();
        assert!(stage.app.filter.is_scanning());
        assert_eq!(shown(&stage), (81..=100).collect::<Vec<_>>());
        assert!(stage.screen().contains("20+ of 100 shown"), "{}", stage.screen());
        stage.press("9");
        assert_eq!(shown(&stage), (91..=99).collect::<Vec<_>>());
        stage.slice = None;
        stage.scan();
        assert_eq!(shown(&stage), [vec![9], (90..=99).collect()].concat());
        assert!(!stage.app.filter.is_scanning());
    }

    #[test]
    fn a_capture_that_cannot_be_read_ends_the_search_in_words() {
        let mut stage = numbered(30);
        stage.source.broken = true;
        stage.press("/n");
        assert!(!stage.app.filter.is_scanning());
        assert!(stage.app.message.as_deref().is_some_and(|says| says.contains("could not be read")));
    }

    #[test]
    fn where_nothing_is_found_the_term_to_blame_is_named() {
        let mut stage = numbered(30);
        stage.press("/n2 status:418 method:get<enter>");
        assert_eq!(stage.app.filter.blamed(), Some(("status:418", 11)));
        assert!(stage.screen().contains("Without status:418 there would be 11."), "{}", stage.screen());
        stage.press("/<ctrl-u>status:418<enter>");
        assert_eq!(stage.app.filter.blamed(), None, "there is nothing to leave out");
        stage.press("/<ctrl-u>n2 status:418<enter>");
        stage.change(fake::with(31, |summary| {
            (summary.path, summary.status) = ("/n2".to_owned(), Some(418));
        }));
        stage.scan();
        assert_eq!((shown(&stage), stage.app.filter.blamed()), (vec![31], None));
    }

    #[test]
    fn what_is_taken_over_from_a_row_means_that_row() {
        for value in ["a b", "-x", "not", "\"q\" \\", "plain/path", "/a*", "/x/", "a,b)"] {
            let row = fake::with(1, |summary| value.clone_into(&mut summary.path)).summary;
            let query = Query::of(&field(Name::Path, value));
            assert!(query.matches(&row) && !query.matches(&fake::summary(1)), "{value}");
        }
    }

    /// What is shown and what is meant once the keys were typed and looked for in slices of so many rows.
    fn typed(keys: &str, slice: Option<usize>) -> (Vec<u64>, Vec<u64>, String) {
        let mut stage = numbered(60);
        stage.slice = slice;
        stage.press(&format!("/{keys}<enter>"));
        stage.slice = None;
        stage.scan();
        let text = stage.app.filter.text().to_owned();
        let query = Query::of(&text);
        let rows = stage.source.exchanges.iter().map(|exchange| &exchange.summary);
        let meant = rows.filter(|row| query.matches(row)).map(|row| row.id.0).collect();
        (shown(&stage), meant, text)
    }

    #[test]
    fn a_row_at_a_time_comes_to_the_same_end() {
        let (shown, meant, _) = typed("n", Some(1));
        assert_eq!(shown, meant);
    }

    proptest! {
        #[test]
        fn however_it_is_typed_the_list_is_what_the_filter_means(
            keys in proptest::collection::vec(
                prop_oneof![
                    "[n0-9 -]", Just("<bs>".to_owned()), Just("<enter>/".to_owned()), Just("<esc>/".to_owned()),
                    Just("<enter><ctrl-t><ctrl-t>/".to_owned()), Just("<enter>./".to_owned())
                ], 0..14),
            slice in proptest::option::of(1usize..40),
        ) {
            let (shown, meant, text) = typed(&keys.concat(), slice);
            prop_assert_eq!(shown, meant, "{:?}", text);
        }
    }
}
