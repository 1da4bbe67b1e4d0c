//! Writing a note on an exchange: a line that begins with the note that is there.

use super::acting::sheet;
use super::app::App;
use super::marks;
use super::typing::{Purpose, Typing};
use super::update::Effect;
use crate::exchange::Note;
use ratatui::buffer::Buffer;

/// Whether there is an exchange to write on.
#[must_use]
pub fn works(app: &App) -> bool {
    app.list.cursor.is_some_and(|id| app.list.summaries.contains_key(&id))
}

/// Asks for the words.
pub fn open(app: &mut App) {
    let Some(summary) = app.list.cursor.and_then(|id| app.list.summaries.get(&id)) else { return };
    let text = summary.note.as_ref().map_or("", Note::as_str);
    app.acting.noting = Some(summary.id.0);
    app.typing = Some(Typing::new(Purpose::Note, text));
}

/// Takes what was typed; nothing of it left takes the note away.
pub fn accept(app: &mut App, typed: &Typing) -> Option<Effect> {
    let id = app.acting.noting.take()?;
    marks::note(app, id, Note::new(typed.text()))
}

/// No more is typed than a note may hold.
pub fn bound(app: &mut App) {
    let Some(typing) = &mut app.typing else { return };
    if let Some((end, _)) = typing.text().char_indices().nth(Note::LONGEST) {
        let text = typing.text().get(..end).unwrap_or_default().to_owned();
        typing.input = tui_input::Input::new(text);
    }
}

/// Draws the line.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let (Some(typing), Some(id)) = (&app.typing, app.acting.noting) else { return };
    let mut pane = sheet(app, 1, &format!("Note on #{id}; words with # are tags"), buffer);
    typing.draw(&mut pane, 1, 0, app.theme.strong());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{ExchangeId, Flags};
    use crate::tui::app::Screen;
    use crate::tui::fake::{self, Stage};
    use crate::tui::source::Deed;

    fn stage() -> Stage {
        Stage::new(80, 24, (1..=3).map(fake::passed).collect())
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what a key brings")]
    fn noted(id: u64, text: &str) -> Option<Effect> {
        Some(Effect::Do(Deed::Note { id: ExchangeId(id), note: Note::new(text) }))
    }

    fn note(stage: &Stage, id: u64) -> Option<&str> {
        let summary = &stage.app.list.summaries[&id];
        assert_eq!(summary.flags.has(Flags::NOTED), summary.note.is_some());
        summary.note.as_ref().map(Note::as_str)
    }

    #[test]
    fn a_note_is_written_changed_taken_away_and_brought_back() {
        let mut stage = stage();
        assert_eq!(stage.press("k;slow #todo<enter>"), noted(2, "slow #todo"));
        assert_eq!(note(&stage, 2), Some("slow #todo"));
        assert!(stage.screen().contains("; slow #todo"), "{}", stage.screen());
        assert_eq!(stage.press(";, since noon<enter>"), noted(2, "slow #todo, since noon"));
        assert_eq!(stage.press(";<ctrl-u>  <enter>"), noted(2, ""));
        assert_eq!(note(&stage, 2), None);
        assert_eq!(stage.press("u"), noted(2, "slow #todo, since noon"));
        assert_eq!(stage.press("u"), noted(2, "slow #todo"));
        assert_eq!(stage.press("u"), noted(2, ""));
        assert_eq!(note(&stage, 2), None);
        assert_eq!(stage.press("u"), None);
    }

    #[test]
    fn esc_and_the_same_words_leave_it_as_it_was() {
        let mut stage = stage();
        stage.press(";slow<enter>");
        assert_eq!(stage.press("; and more<esc>"), None);
        assert_eq!((note(&stage, 3), stage.app.screen()), (Some("slow"), Screen::List));
        assert_eq!(stage.press("; <enter>"), None);
        assert_eq!(note(&stage, 3), Some("slow"));
        stage.press("u");
        assert!(!stage.app.marks.can_undo(), "what changed nothing is no step");
    }

    #[test]
    fn a_filter_finds_it_at_once_and_lets_go_of_it() {
        let mut stage = stage();
        let capture = |stage: &mut Stage| {
            let note = stage.app.list.summaries[&2].note.clone();
            stage.change(fake::with(2, |summary| summary.set_note(note)));
        };
        stage.press("k;slow #todo<enter>");
        capture(&mut stage);
        for filter in ["note:slow", "tag:todo", "is:noted", "todo"] {
            stage.press(&format!("/<ctrl-u>{filter}<enter>"));
            assert_eq!(stage.app.list.index.shown(), [2], "{filter}");
        }
        // At once, and before the capture has it; what is not in view comes back when the capture tells of it.
        stage.press(";<ctrl-u><enter>");
        assert_eq!(stage.app.list.index.shown_count(), 0);
        assert_eq!(stage.press("u"), noted(2, "slow #todo"));
        stage.change(fake::with(2, |summary| summary.set_note(Note::new("slow #todo"))));
        assert_eq!(stage.app.list.index.shown(), [2]);
    }

    #[test]
    fn it_is_bounded_and_what_it_says_cannot_drive_the_terminal() {
        let mut stage = stage();
        stage.press(";");
        crate::tui::update::update(
            &mut stage.app,
            crate::tui::update::Event::Paste(format!("a\u{1b}[2J\u{202e}{}", "x".repeat(Note::LONGEST + 9))),
        );
        stage.press("<enter>");
        let screen = stage.screen();
        assert_eq!(note(&stage, 3).unwrap().chars().count(), Note::LONGEST);
        assert!(screen.contains("; a[2J") && !screen.contains('\u{202e}'), "{screen}");
    }

    #[test]
    fn the_overview_shows_it() {
        let mut stage = stage();
        stage.press(";slow since noon<enter><enter>");
        assert!(stage.screen().contains("slow since noon"), "{}", stage.screen());
    }
}
