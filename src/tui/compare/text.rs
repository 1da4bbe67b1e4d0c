//! The text of a comparison: rows side by side, or below each other, with their marks.

use super::Compared;
use crate::diff::{Change, Line as Shown, Row};
use crate::exchange::{Flags, State, Summary};
use crate::text::{sanitize_bounded, units, width};
use crate::tui::page::Page;
use crate::tui::theme::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The text under construction.
pub struct Text {
    /// Its lines.
    pub page: Page,
    /// Lines at which a change begins that tells something.
    pub changes: Vec<usize>,
    /// Whether left and right stand side by side.
    pub beside: bool,
}

impl Text {
    /// Left and right, where they do not stand beside each other.
    pub fn titles(&mut self, compared: &Compared) {
        let theme = self.page.theme;
        for (mark, summary, style) in
            [("−", &compared.left, theme.bad()), ("+", &compared.right, theme.good())]
        {
            let title = title(summary, self.page.room().saturating_sub(3));
            self.push(vec![Span::styled(format!(" {mark} "), style), Span::styled(title, theme.strong())]);
        }
    }

    /// Takes in a line.
    pub fn line(&mut self, line: &Shown) {
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
#[must_use]
pub fn column(room: usize) -> usize {
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

/// An exchange in one line: `#18309 POST api.shop.test/v1/cart  201  88ms  replay`.
#[must_use]
pub fn title(summary: &Summary, room: usize) -> String {
    let mut facts = match (summary.status, summary.state) {
        (Some(status), _) => status.to_string(),
        (None, State::Open) => "under way".to_owned(),
        (None, _) => "no response".to_owned(),
    };
    if let Some(duration) = summary.duration {
        facts = format!("{facts}  {}", units::duration(duration));
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
