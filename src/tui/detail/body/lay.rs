//! Rows laid out as lines: sanitised, indented, coloured, wrapped or panned, hits marked.

use super::opened::{Mode, Opened};
use super::paper::Paper;
use crate::text::{sanitize, width};
use crate::tui::theme::Theme;
use crate::view::{Ink, Needle, Piece, Row};
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation as _;

/// Columns of a step of indentation.
const STEP: usize = 2;

/// How rows are laid out.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// How things look.
    pub theme: Theme,
    /// Columns for text.
    pub room: usize,
    /// Whether long rows are wrapped.
    pub wrap: bool,
    /// Columns left out at the left border.
    pub pan: usize,
    /// What is looked for.
    pub needle: Option<&'a Needle>,
}

/// Columns of the margin: the cursor's mark, the number, the fold's mark.
#[must_use]
pub fn margin(opened: &Opened) -> usize {
    let digits = numbers(opened).unwrap_or(0);
    let folds = opened.mode == Mode::Pretty && opened.kind.has_folds();
    2 + digits + if folds { 2 } else { 0 }
}

/// Columns of the numbers, where there are any.
#[must_use]
pub fn numbers(opened: &Opened) -> Option<usize> {
    let has = match opened.mode {
        Mode::Hex => false,
        Mode::Raw => true,
        Mode::Pretty => !opened.kind.is_laid(opened.text()),
    };
    has.then(|| opened.rows.count().0.max(1).to_string().len().max(2))
}

/// Columns for the text of rows.
#[must_use]
pub fn room(opened: &Opened, paper: Paper) -> usize {
    paper.width.saturating_sub(margin(opened) + 1).max(1)
}

/// How many lines a row takes when it is wrapped.
#[must_use]
pub fn count(row: &Row, room: usize) -> usize {
    let bytes: usize = row.pieces.iter().map(|piece| piece.text.len()).sum();
    let ascii = row.pieces.iter().all(|piece| piece.text.iter().all(|byte| matches!(byte, b' '..=b'~')));
    if ascii && bytes + indent(row, room) <= room {
        return 1;
    }
    let plain = Theme { colour: false, ascii: false };
    lines(row, Look { theme: plain, room, wrap: true, pan: 0, needle: None }).len()
}

/// Which of a row's lines holds the needle first.
#[must_use]
pub fn line_with(row: &Row, room: usize, wrap: bool, needle: &Needle) -> usize {
    let plain = Theme { colour: false, ascii: false };
    let lines = lines(row, Look { theme: plain, room, wrap, pan: 0, needle: None });
    let text = |line: &Vec<Span<'_>>| line.iter().map(|span| span.content.as_ref()).collect::<String>();
    lines.iter().position(|line| needle.first_in(text(line).as_bytes()).is_some()).unwrap_or(0)
}

/// A row's lines.
#[must_use]
pub fn lines(row: &Row, look: Look<'_>) -> Vec<Vec<Span<'static>>> {
    let mut writer = Writer::new(row, look);
    for piece in &row.pieces {
        writer.piece(piece);
    }
    writer.finish()
}

fn indent(row: &Row, room: usize) -> usize {
    (row.depth as usize).saturating_mul(STEP).min(room / 2)
}

struct Writer<'a> {
    look: Look<'a>,
    hang: usize,
    lines: Vec<Vec<Span<'static>>>,
    /// Columns used of the last line, those left out at the left border too.
    used: usize,
}

impl<'a> Writer<'a> {
    fn new(row: &Row, look: Look<'a>) -> Self {
        let indent = indent(row, look.room);
        let hang = (indent + row.hang).min(look.room / 2);
        let mut writer = Self { look, hang, lines: vec![Vec::new()], used: 0 };
        writer.push(&" ".repeat(indent), Style::new());
        writer
    }

    fn piece(&mut self, piece: &Piece) {
        let text = sanitize(&piece.text);
        let style = ink(self.look.theme, piece.ink);
        let mut rest: &str = &text;
        while let Some((at, size)) = self.hit(rest) {
            let (before, found) = rest.split_at(at);
            let (found, behind) = found.split_at(size);
            self.push(before, style);
            self.push(found, style.patch(self.look.theme.selected()));
            rest = behind;
        }
        self.push(rest, style);
    }

    /// Where the needle stands in a text, at borders of its characters.
    fn hit(&self, text: &str) -> Option<(usize, usize)> {
        let needle = self.look.needle?;
        let at = needle.first_in(text.as_bytes())?;
        let whole = text.is_char_boundary(at) && text.is_char_boundary(at + needle.size());
        whole.then_some((at, needle.size()))
    }

    fn push(&mut self, text: &str, style: Style) {
        let end = if self.look.wrap { self.look.room } else { self.look.pan + self.look.room };
        let mut held = String::new();
        for grapheme in text.graphemes(true) {
            let columns = width::columns(grapheme);
            if self.look.wrap && self.used + columns > end && self.used > self.hang {
                self.flush(&mut held, style);
                self.lines.push(vec![Span::raw(" ".repeat(self.hang))]);
                self.used = self.hang;
            }
            if !self.look.wrap && self.used + columns > end {
                self.used = end;
                break;
            }
            self.used += columns;
            if self.look.wrap || self.used > self.look.pan {
                held.push_str(grapheme);
            }
        }
        self.flush(&mut held, style);
    }

    fn flush(&mut self, held: &mut String, style: Style) {
        if let Some(line) = self.lines.last_mut().filter(|_| !held.is_empty()) {
            line.push(Span::styled(std::mem::take(held), style));
        }
    }

    fn finish(self) -> Vec<Vec<Span<'static>>> {
        self.lines
    }
}

fn ink(theme: Theme, ink: Ink) -> Style {
    match ink {
        Ink::Plain => Style::new(),
        Ink::Key | Ink::Tag => theme.name(),
        Ink::String => theme.good(),
        Ink::Number => theme.value(),
        Ink::Punctuation | Ink::Comment | Ink::Dim => theme.dim(),
        Ink::Notable => theme.notable(),
    }
}
