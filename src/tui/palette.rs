//! The palette: any action by some letters of its name, an exchange by its number.
//!
//! Everything is listed, for it is also where one learns what there is; what does not work at the moment
//! is dim and is not run.

use super::acting::{room, sheet};
use super::actions::{self, TABLE};
use super::app::App;
use super::paint::Pane;
use super::typing::{Purpose, Typing};
use super::update::{Effect, perform};
use crate::text::width;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// Lines of the list at most.
const LINES: usize = 12;

/// What is listed and chosen.
#[derive(Debug, Default)]
pub struct Palette {
    /// Places in the table, best first.
    found: Vec<usize>,
    /// Which of them enter runs.
    chosen: usize,
    /// For each place of the table, whether it worked when the palette was opened.
    available: Vec<bool>,
}

/// Opens it.
pub fn open(app: &mut App) {
    let available = actions::available(app);
    app.acting.palette = Palette { found: search("", &available), chosen: 0, available };
    app.typing = Some(Typing::new(Purpose::Command, ""));
}

/// The text changed.
pub fn follow(app: &mut App) {
    let Some(typing) = &app.typing else { return };
    app.acting.palette.found = search(typing.text(), &app.acting.palette.available);
    app.acting.palette.chosen = 0;
}

/// A key that is no text here; whether it was one.
pub fn press(app: &mut App, key: KeyEvent) -> bool {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let palette = &mut app.acting.palette;
    match key.code {
        KeyCode::Up => palette.chosen = palette.chosen.saturating_sub(1),
        KeyCode::Char('p') if ctrl => palette.chosen = palette.chosen.saturating_sub(1),
        KeyCode::Down => palette.down(),
        KeyCode::Char('n') if ctrl => palette.down(),
        KeyCode::Tab => complete(app),
        _ => return false,
    }
    true
}

/// Runs what was chosen. What cannot be done is said, and the palette stays.
pub fn accept(app: &mut App, typed: Typing) -> Option<Effect> {
    if let Some(number) = number(typed.text()) {
        go_to(app, number);
        return None;
    }
    let palette = &app.acting.palette;
    let Some(place) = palette.found.get(palette.chosen).copied() else {
        app.message = Some(format!("no command matches {:?}", typed.text()));
        app.typing = Some(typed);
        return None;
    };
    if !palette.works(place) {
        app.message = Some(format!("{:?} does not work here, or not now", TABLE[place].name));
        app.typing = Some(typed);
        return None;
    }
    perform(app, TABLE[place].action)
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let Some(typing) = &app.typing else { return };
    let palette = &app.acting.palette;
    let height = LINES.min(room(app).saturating_sub(1));
    let mut pane = sheet(app, height + 1, "Command", buffer);
    let at = pane.text(1, 0, ": ", app.theme.name());
    typing.draw(&mut pane, at, 0, app.theme.strong());
    if let Some(number) = number(typing.text()) {
        pane.text(1, 1, &format!("enter goes to exchange #{number}"), app.theme.dim());
        return;
    }
    if palette.found.is_empty() {
        pane.text(1, 1, "No command matches.", app.theme.dim());
    }
    let top = (palette.chosen + 1).saturating_sub(height);
    for (row, place) in palette.found.iter().enumerate().skip(top).take(height) {
        draw_row(app, &mut pane, row - top + 1, *place, row == palette.chosen);
    }
}

fn draw_row(app: &App, pane: &mut Pane<'_>, line: usize, place: usize, chosen: bool) {
    let (theme, entry) = (app.theme, &TABLE[place]);
    let works = app.acting.palette.works(place);
    let ink = |style| match (chosen, works) {
        (true, _) => theme.selected(),
        (false, true) => style,
        (false, false) => theme.dim(),
    };
    if chosen {
        pane.shade(line, theme.selected());
        pane.text(0, line, "▌", theme.selected());
    }
    let key = app.keymap.shown(place);
    let end = pane.width().saturating_sub(1);
    let remark = if works { key } else { format!("not here  {key}") };
    let words_end = end.saturating_sub(width::columns(&remark) + 2);
    let at = pane.text(2, line, &width::fit(entry.name, 15, "…"), ink(theme.strong())) + 1;
    pane.text(at, line, &width::cut(entry.words, words_end.saturating_sub(at), "…"), ink(Style::new()));
    pane.right(end, line, &remark, ink(theme.name()));
}

impl Palette {
    fn down(&mut self) {
        self.chosen = (self.chosen + 1).min(self.found.len().saturating_sub(1));
    }

    /// An action with two lines in the table works when one of them does.
    fn works(&self, place: usize) -> bool {
        let same = |other: &usize| TABLE[*other].name == TABLE[place].name;
        (0..TABLE.len()).filter(same).any(|other| self.available.get(other) == Some(&true))
    }
}

/// Puts the chosen one's whole name into the line.
fn complete(app: &mut App) {
    let palette = &app.acting.palette;
    if let Some(place) = palette.found.get(palette.chosen) {
        app.typing = Some(Typing::new(Purpose::Command, TABLE[*place].name));
        follow(app);
    }
}

/// Places of the table whose names or words match, best first; all of them for no text, what works first.
fn search(text: &str, available: &[bool]) -> Vec<usize> {
    let named_before = |place: usize| TABLE[..place].iter().any(|entry| entry.name == TABLE[place].name);
    let places = (0..TABLE.len()).filter(|place| !named_before(*place));
    if text.trim().is_empty() {
        let mut all: Vec<usize> = places.collect();
        all.sort_by_key(|place| available.get(*place) != Some(&true));
        return all;
    }
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut score =
        |text: &str, letters: &mut Vec<char>| pattern.score(Utf32Str::new(text, letters), &mut matcher);
    let mut letters = Vec::new();
    let mut found: Vec<(u32, usize)> = places
        .filter_map(|place| {
            let entry = &TABLE[place];
            // A name counts for more than what is said about it, and most when it is the whole text.
            let name = score(entry.name, &mut letters).map(|score| score * 2 + 100);
            let whole = if entry.name == text.trim() { 1_000 } else { 0 };
            let words = score(entry.words, &mut letters);
            Some((name.max(words)? + whole, place))
        })
        .collect();
    found.sort_by_key(|(score, place)| (std::cmp::Reverse(*score), *place));
    found.into_iter().map(|(_, place)| place).collect()
}

fn number(text: &str) -> Option<u64> {
    let digits = text.trim().trim_start_matches('#');
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn go_to(app: &mut App, number: u64) {
    let list = &mut app.list;
    let position = list.index.position(number);
    if list.index.at(position) == Some(number) {
        list.set_follow(false);
        list.move_to(position);
    } else {
        app.message = Some(format!(
            "#{number} is not in the list: not recorded, or hidden by a filter or by noise (.)"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::Screen;
    use crate::tui::fake::{self, Stage};

    fn stage() -> Stage {
        Stage::new(80, 24, fake::varied())
    }

    #[test]
    fn letters_find_an_action_and_enter_runs_it() {
        let mut stage = stage();
        stage.press(":hops<enter>");
        assert_eq!((stage.app.screen(), stage.app.detail.tab as usize), (Screen::Detail, 6));
        assert_eq!(stage.press("<ctrl-p>suspd<enter>"), Some(Effect::Suspend));
        assert_eq!(stage.press(":QUIT<enter>"), Some(Effect::Quit));
    }

    #[test]
    fn esc_changes_nothing() {
        let mut stage = stage();
        let before = stage.screen();
        stage.press(":dele<esc>");
        assert_eq!(stage.screen(), before);
    }

    #[test]
    fn a_number_goes_to_its_exchange_or_says_why_not() {
        let mut stage = stage();
        stage.press(":18313<enter>");
        assert_eq!((stage.app.list.cursor, stage.app.list.follow), (Some(18313), false));
        stage.press(":#18310<enter>");
        assert_eq!(stage.app.list.cursor, Some(18310));
        for unknown in [":4711<enter>", ":18306<enter>", ":99999999999999999999999<enter>"] {
            stage.press(unknown);
            assert!(stage.app.message.is_some(), "{unknown}");
            assert_eq!(stage.app.list.cursor, Some(18310));
            stage.press("<esc>");
        }
    }

    #[test]
    fn what_does_not_work_is_said_and_not_run() {
        let mut stage = stage();
        stage.press(":tab after");
        assert!(stage.screen().contains("not here  ]"), "{}", stage.screen());
        stage.press("<enter>");
        assert_eq!(stage.app.screen(), Screen::Typing);
        assert!(stage.screen().contains("does not work here"), "{}", stage.screen());
        stage.press("<ctrl-u>");
        stage.press("qqqqq<enter>");
        assert!(stage.app.message.as_deref().is_some_and(|says| says.contains("no command matches")));
    }

    #[test]
    fn tab_completes_and_arrows_choose() {
        let mut stage = stage();
        stage.press(":susp<tab>");
        assert_eq!(stage.app.typing.as_ref().unwrap().text(), "suspend");
        stage.press("<esc>:<down><down><up><enter>");
        assert_eq!(
            stage.app.screen(),
            Screen::List,
            "the second of all is back, which asks nothing and quits"
        );
    }

    #[test]
    fn the_best_name_comes_first() {
        let all = vec![true; TABLE.len()];
        for (text, name) in [
            ("help", "help"),
            ("replay", "replay"),
            ("hpd", "half page down"),
            ("TLS", "tls"),
            ("curl", "copy"),
        ] {
            assert_eq!(search(text, &all).first().map(|place| TABLE[*place].name), Some(name), "{text}");
        }
        assert_eq!(search("", &all).len(), TABLE.len() - 1, "page down is there once");
    }
}
