//! Building the text of a detail tab: lines of styled pieces that fit a width.
//!
//! A page is as long as what it shows; only the lines in view are drawn. Every text that
//! enters it is sanitised here and wrapped, never cut: what crossed the wire is shown whole.

use super::theme::Theme;
use crate::text::{sanitize, width};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the labels before facts.
const LABEL: usize = 12;

/// Lines under construction.
#[derive(Debug)]
pub struct Page {
    /// How things look.
    pub theme: Theme,
    room: usize,
    lines: Vec<Line<'static>>,
}

impl Page {
    /// An empty page for a pane of `room` columns.
    #[must_use]
    pub fn new(theme: Theme, room: usize) -> Self {
        Self { theme, room: room.max(1), lines: Vec::new() }
    }

    /// The lines built.
    #[must_use]
    pub fn finish(self) -> Vec<Line<'static>> {
        self.lines
    }

    /// Columns of a line.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Lines so far.
    #[must_use]
    pub fn height(&self) -> usize {
        self.lines.len()
    }

    /// An empty line; none at the top and no two in a row.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// A line as it is; the caller has sanitised and measured its pieces.
    pub fn push(&mut self, line: Line<'static>) {
        self.lines.push(line);
    }

    /// A heading with a remark at the right border, or below where there is no room.
    pub fn heading(&mut self, title: &str, remark: &str) {
        let (title, remark) = (sanitize(title), sanitize(remark));
        let used = 1 + width::columns(&title) + width::columns(&remark) + 1;
        if remark.is_empty() || used + 2 > self.room {
            self.wrapped(" ", &title, self.theme.strong());
            if !remark.is_empty() {
                self.wrapped(" ", &remark, self.theme.dim());
            }
            return;
        }
        let gap = " ".repeat(self.room - used);
        self.lines.push(Line::from(vec![
            Span::styled(format!(" {title}"), self.theme.strong()),
            Span::raw(gap),
            Span::styled(remark.into_owned(), self.theme.dim()),
        ]));
    }

    /// A text broken at words behind `lead`, further lines as far in.
    pub fn prose(&mut self, lead: &str, text: &str, style: Style) {
        let room = self.room.saturating_sub(width::columns(lead)).max(1);
        for (index, line) in words(&sanitize(text), room).into_iter().enumerate() {
            let lead = if index == 0 { lead.to_owned() } else { " ".repeat(width::columns(lead)) };
            self.lines.push(Line::from(vec![Span::styled(lead, style), Span::styled(line, style)]));
        }
    }

    /// A captured text behind `lead`, broken at the border, further lines as far in.
    pub fn wrapped(&mut self, lead: &str, text: &str, style: Style) {
        let columns = width::columns(lead);
        let room = self.room.saturating_sub(columns).max(1);
        for (index, piece) in width::wrap(&sanitize(text), room).into_iter().enumerate() {
            let lead = if index == 0 { lead.to_owned() } else { " ".repeat(columns) };
            self.lines.push(Line::from(vec![Span::raw(lead), Span::styled(piece.to_owned(), style)]));
        }
    }

    /// A label and what belongs to it.
    pub fn fact(&mut self, label: &str, value: &str, style: Style) {
        let label_room = LABEL.min(self.room / 2);
        let room = self.room.saturating_sub(label_room + 1).max(1);
        let value = sanitize(value);
        for (index, line) in words(&value, room).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!(" {}", width::fit(label, label_room, "…")), self.theme.dim()),
                Span::styled(line, style),
            ]));
        }
    }

    /// One line of a head behind its mark: names stand out, the rest is plain, unless the
    /// whole line has an ink of its own.
    pub fn head_line(&mut self, mark: &str, line: &[u8], start_line: bool, ink: Option<Style>) {
        let rows = head_pieces(self.theme, line, start_line, self.room.saturating_sub(3), ink);
        for (index, mut row) in rows.into_iter().enumerate() {
            let mark = if index == 0 { mark } else { " " };
            row.insert(0, Span::styled(format!(" {mark} "), ink.unwrap_or_default()));
            self.lines.push(Line::from(row));
        }
    }

    /// One line as on the wire with its line end made visible.
    pub fn raw_line(&mut self, line: &[u8], end: &[u8]) {
        let (text, end) = (sanitize(line), sanitize(end).into_owned());
        let room = self.room.saturating_sub(1 + width::columns(&end)).max(1);
        let pieces = width::wrap(&text, room);
        let last = pieces.len() - 1;
        for (index, piece) in pieces.into_iter().enumerate() {
            let mut row = vec![Span::raw(format!(" {piece}"))];
            if index == last {
                row.push(Span::styled(end.clone(), self.theme.dim()));
            }
            self.lines.push(Line::from(row));
        }
    }
}

/// A head's line as rows of styled pieces, each row at most `room` columns.
#[must_use]
pub fn head_pieces(
    theme: Theme,
    line: &[u8],
    start_line: bool,
    room: usize,
    ink: Option<Style>,
) -> Vec<Vec<Span<'static>>> {
    let text = sanitize(line).into_owned();
    let name_end = if start_line { text.len() } else { text.find(':').map_or(0, |at| at + 1) };
    let name_style = ink.unwrap_or(if start_line { theme.strong() } else { theme.name() });
    let mut at = 0;
    let mut rows = Vec::new();
    for piece in width::wrap(&text, room.max(1)) {
        let (name, value) = piece.split_at(name_end.saturating_sub(at).min(piece.len()));
        at += piece.len();
        let mut row = Vec::with_capacity(3);
        if !name.is_empty() {
            row.push(Span::styled(name.to_owned(), name_style));
        }
        row.push(Span::styled(value.to_owned(), ink.unwrap_or_default()));
        rows.push(row);
    }
    rows
}

/// Breaks at spaces where there are any, else at the border.
#[must_use]
pub fn words(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        for (index, piece) in width::wrap(word, room).into_iter().enumerate() {
            let Some(line) = lines.last_mut() else { return lines };
            let joined = width::columns(line) + 1 + width::columns(piece);
            if index == 0 && line.is_empty() {
                line.push_str(piece);
            } else if index == 0 && joined <= room {
                line.push(' ');
                line.push_str(piece);
            } else {
                lines.push(piece.to_owned());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_break_at_spaces() {
        assert_eq!(words("one two three", 7), ["one two", "three"]);
        assert_eq!(words("abcdefgh x", 4), ["abcd", "efgh", "x"]);
    }

    #[test]
    fn a_head_line_is_never_cut() {
        let theme = Theme { colour: false, ascii: false };
        let rows = head_pieces(theme, b"X-Long: abcdefgh", false, 6, None);
        let text: String = rows.iter().flatten().map(|span| span.content.as_ref()).collect();
        assert_eq!(text, "X-Long: abcdefgh");
        assert_eq!(rows.len(), 3);
    }
}
