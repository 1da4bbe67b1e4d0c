//! The keys, made from the one table, those of the present screen first; found by words, run by enter.

use super::actions::{self, Entry, TABLE};
use super::app::{App, Screen};
use super::layout;
use super::paint::Pane;
use super::typing::{Purpose, Typing};
use super::update::{Effect, perform};
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns of the keys.
const KEYS: usize = 11;

/// The help while it is open.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// Which of the keys listed enter runs.
    pub chosen: usize,
    /// The words that all listed keys hold.
    words: String,
    /// For each place of the table, whether it worked when the help was opened.
    available: Vec<bool>,
    /// Places of the table: those of the screen below, and behind them the others.
    listed: Vec<usize>,
    /// How many of them are of the screen below.
    here: usize,
}

impl Help {
    /// The last place to go to: behind the keys, where the shapes are explained.
    #[must_use]
    pub fn last(&self) -> usize {
        self.listed.len()
    }
}

/// Opens it, or closes it.
pub fn toggle(app: &mut App) {
    if app.help.take().is_none() {
        let available = actions::available(app);
        app.help = Some(Help { available, ..Help::default() });
        list(app, "");
    }
}

/// Asks for words.
pub fn search(app: &mut App) {
    let words = app.help.as_ref().map(|help| help.words.clone()).unwrap_or_default();
    app.typing = Some(Typing::new(Purpose::Keys, &words));
}

/// Lists the keys with these words; whether that changed anything.
pub fn find(app: &mut App, words: &str) -> bool {
    if app.help.as_ref().is_none_or(|help| help.words == words) {
        return false;
    }
    list(app, words);
    true
}

/// Closes it and does what was chosen.
pub fn run(app: &mut App) -> Option<Effect> {
    let help = app.help.take()?;
    let Some(place) = help.listed.get(help.chosen).copied() else {
        app.help = Some(help);
        return None;
    };
    if help.available.get(place) == Some(&true) {
        return perform(app, TABLE[place].action);
    }
    app.message = Some(format!("{:?} does not work here, or not now", TABLE[place].name));
    app.help = Some(help);
    None
}

fn list(app: &mut App, words: &str) {
    let below = app.base;
    let words: Vec<String> = words.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let matches = |place: &usize| {
        let entry = &TABLE[*place];
        let text = format!("{} {} {}", app.keymap.shown(*place), entry.name, entry.words).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let is_here = |place: &usize| is_on(&TABLE[*place], below, app);
    let (here, elsewhere): (Vec<usize>, Vec<usize>) = (0..TABLE.len()).filter(matches).partition(is_here);
    let count = here.len();
    if let Some(help) = &mut app.help {
        help.listed = [here, elsewhere].concat();
        (help.here, help.chosen, help.words) = (count, 0, words.join(" "));
    }
}

fn is_on(entry: &Entry, below: Screen, app: &App) -> bool {
    let below = if below == Screen::Side && !app.is_split() { Screen::Detail } else { below };
    entry.screens.contains(&below)
}

/// A line of the help.
enum Row {
    Heading(&'static str),
    Gap,
    /// Up to two keys, by their place in the list.
    Keys(Option<usize>, Option<usize>),
    Text(String),
    Shape(&'static str, &'static str),
}

/// Draws the help over the whole area but the footer.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(help) = &app.help else { return };
    let (text, _) = layout::detail(area);
    let mut pane = Pane::new(buffer, text);
    let (rows, height) = (rows(app, help, pane.width()), pane.height());
    let holds =
        |row: &Row| matches!(row, Row::Keys(left, right) if [*left, *right].contains(&Some(help.chosen)));
    let line = rows.iter().position(holds).unwrap_or(0);
    let end = rows.len().saturating_sub(height);
    // With the first key what stands above it is in view; behind the last one the end.
    let top = match help.chosen {
        0 => 0,
        chosen if chosen == help.last() => end,
        _ => (line + 1 + height / 4).saturating_sub(height).min(end),
    };
    for (at, row) in rows.iter().skip(top).take(height).enumerate() {
        draw_row(app, help, &mut pane, at, row);
    }
}

fn draw_row(app: &App, help: &Help, pane: &mut Pane<'_>, line: usize, row: &Row) {
    let theme = app.theme;
    match row {
        Row::Gap => {}
        Row::Text(text) => {
            pane.text(1, line, text, theme.dim());
        }
        Row::Heading(title) => {
            let at = pane.text(1, line, title, theme.strong());
            if line == 0 {
                draw_words(app, help, pane, at + 3);
            }
        }
        Row::Shape(shape, words) => {
            let at = pane.text(3, line, &width::fit(shape, KEYS, "…"), theme.name());
            pane.text(at, line, words, Style::new());
        }
        Row::Keys(left, right) => {
            let half = pane.width() / 2;
            let room = if right.is_some() { half } else { pane.width() };
            for (key, from, room) in [(left, 0, room), (right, half, half)] {
                if let Some(place) = key {
                    draw_key(app, help, pane, (from, line), room, *place);
                }
            }
        }
    }
}

/// The words that are looked for, or how to look.
fn draw_words(app: &App, help: &Help, pane: &mut Pane<'_>, at: usize) {
    match &app.typing {
        Some(typing) if typing.purpose == Purpose::Keys => {
            let at = pane.text(at, 0, "/ ", app.theme.name());
            typing.draw(pane, at, 0, app.theme.strong());
        }
        _ if !help.words.is_empty() => {
            pane.text(at, 0, &format!("with “{}”", help.words), app.theme.notable());
        }
        _ => {}
    }
}

fn draw_key(
    app: &App,
    help: &Help,
    pane: &mut Pane<'_>,
    (from, line): (usize, usize),
    room: usize,
    at: usize,
) {
    let Some(place) = help.listed.get(at).copied() else { return };
    let theme = app.theme;
    let works = help.available.get(place) == Some(&true);
    let chosen = at == help.chosen;
    let style = |style| match (chosen, works) {
        (true, _) => theme.selected(),
        (false, true) => style,
        (false, false) => theme.dim(),
    };
    let keys = app.keymap.shown(place);
    let keys = if keys.is_empty() { ":".to_owned() } else { keys };
    let mark = if chosen { "▌" } else { " " };
    pane.text(from + 1, line, mark, theme.name());
    let column =
        pane.text(from + 2, line, &format!(" {}", width::fit(&keys, KEYS, "…")), style(theme.name()));
    let words = width::cut(TABLE[place].words, room.saturating_sub(KEYS + 4), "…");
    pane.text(column, line, &words, style(Style::new()));
}

fn rows(app: &App, help: &Help, room: usize) -> Vec<Row> {
    let mut rows = vec![Row::Heading("Keys here")];
    let widest = help.listed.iter().map(|place| KEYS + 6 + TABLE[*place].words.len()).max().unwrap_or(0);
    let columns = if widest <= room / 2 { 2 } else { 1 };
    if help.listed.is_empty() {
        rows.push(Row::Text("No key is for that; esc lists all.".to_owned()));
    }
    keys(&mut rows, 0..help.here, columns);
    if help.here < help.listed.len() {
        rows.extend([Row::Gap, Row::Heading("Keys on other screens")]);
        keys(&mut rows, help.here..help.listed.len(), columns);
    }
    if help.words.is_empty() && app.typing.is_none() {
        rows.extend([Row::Gap, Row::Heading("Shapes")]);
        rows.extend(SHAPES.iter().map(|(shape, words)| Row::Shape(shape, words)));
    }
    rows
}

/// Down the left column, then down the right one.
fn keys(rows: &mut Vec<Row>, places: std::ops::Range<usize>, columns: usize) {
    let height = places.len().div_ceil(columns);
    for line in 0..height {
        let right = places.start + line + height;
        rows.push(Row::Keys(Some(places.start + line), (right < places.end && columns > 1).then_some(right)));
    }
}

const SHAPES: &[(&str, &str)] = &[
    ("≡ →", "not modified, redirect"),
    ("! ‼", "client error, server error"),
    ("✗ ✗us", "failed; answered by hopscope itself"),
    ("⇄ …", "tunnel or switched protocol; under way"),
    ("↻", "before the number: a replay"),
    ("E W", "before the number: an error, or a warning, in the headers"),
    ("!", "before the number: the origin was not trusted, and let pass"),
    ("− + ~", "line removed, added, changed by the hop"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::{self, Stage};

    fn stage() -> Stage {
        let mut stage = Stage::new(80, 24, fake::varied());
        stage.press("?");
        stage
    }

    #[test]
    fn words_find_a_key_and_enter_runs_it() {
        let mut stage = stage();
        stage.press("/RECEIVED beside");
        let screen = stage.screen();
        assert!(screen.contains("Hops: received beside sent") && !screen.contains("a line down"), "{screen}");
        stage.press("<enter>");
        assert_eq!(stage.app.screen(), Screen::Help);
        stage.press("<enter>");
        assert_eq!((stage.app.screen(), stage.app.detail.tab as usize), (Screen::Detail, 6));
    }

    #[test]
    fn esc_first_takes_the_words_away() {
        let mut stage = stage();
        stage.press("/quit<enter><esc>");
        assert!(stage.app.screen() == Screen::Help && stage.screen().contains("open the exchange"));
        stage.press("<esc>");
        assert_eq!(stage.app.screen(), Screen::List);
        stage.press("?/zzz");
        assert!(stage.screen().contains("No key is for that"));
        stage.press("<esc>");
        assert!(stage.screen().contains("open the exchange"));
    }

    #[test]
    fn what_does_not_work_now_is_not_run() {
        let mut stage = stage();
        stage.press("/tab after<enter><enter>");
        assert_eq!(stage.app.screen(), Screen::Help);
        assert!(stage.app.message.as_deref().is_some_and(|says| says.contains("does not work here")));
    }

    #[test]
    fn every_key_can_be_reached_and_is_then_in_view() {
        for (columns, lines) in [(80, 24), (140, 40), (40, 8)] {
            let mut stage = Stage::new(columns, lines, fake::varied());
            stage.press("?");
            for _ in 0..TABLE.len() {
                assert!(stage.screen().contains('▌'), "{}", stage.screen());
                stage.press("j");
            }
            assert!(stage.screen().contains("line removed, added"), "{}", stage.screen());
        }
    }
}
