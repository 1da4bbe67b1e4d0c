//! Drawing into a piece of the screen: clipped at its borders, and sanitised.

use crate::text::{sanitize, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use std::ops::Range;

/// A piece of the screen. Positions count from its upper left corner; what would lie
/// outside is not drawn, so no size of terminal can make drawing fail.
pub struct Pane<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
}

impl<'a> Pane<'a> {
    /// The part of `area` that lies in the buffer.
    pub fn new(buffer: &'a mut Buffer, area: Rect) -> Self {
        let area = area.intersection(buffer.area);
        Self { buffer, area }
    }

    /// Its columns.
    #[must_use]
    pub fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    /// Its lines.
    #[must_use]
    pub fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    /// Puts a text at a column of a line; returns the column behind it.
    pub fn text(&mut self, column: usize, line: usize, text: &str, style: Style) -> usize {
        let text = sanitize(text);
        if let Some((x, y)) = self.at(column, line) {
            let room = self.width() - column;
            self.buffer.set_stringn(x, y, &text, room, style);
        }
        column + width::columns(&text)
    }

    /// Puts a text so that it ends before `end`.
    pub fn right(&mut self, end: usize, line: usize, text: &str, style: Style) {
        self.text(end.saturating_sub(width::columns(text)), line, text, style);
    }

    /// Puts a line of pieces at the left border. Its pieces come from a [`super::page::Page`],
    /// which sanitises.
    pub fn line(&mut self, line: usize, content: &Line<'_>) {
        if let Some((x, y)) = self.at(0, line) {
            self.buffer.set_line(x, y, content, self.area.width);
        }
    }

    /// Fills a line with one shape.
    pub fn rule(&mut self, line: usize, style: Style) {
        let rule = "─".repeat(self.width());
        self.text(0, line, &rule, style);
    }

    /// Shows the cursor on a cell.
    pub fn invert(&mut self, column: usize, line: usize) {
        if let Some((x, y)) = self.at(column, line) {
            self.buffer.set_style(Rect::new(x, y, 1, 1), Style::new().reversed());
        }
    }

    /// Lays a style over a whole line.
    pub fn shade(&mut self, line: usize, style: Style) {
        if let Some((x, y)) = self.at(0, line) {
            self.buffer.set_style(Rect::new(x, y, self.area.width, 1), style);
        }
    }

    /// Lays a style over columns of a line.
    pub fn lay(&mut self, columns: Range<usize>, line: usize, style: Style) {
        if let Some((x, y)) = self.at(columns.start, line) {
            let width = columns.end.min(self.width()).saturating_sub(columns.start);
            self.buffer.set_style(Rect::new(x, y, u16::try_from(width).unwrap_or(0), 1), style);
        }
    }

    fn at(&self, column: usize, line: usize) -> Option<(u16, u16)> {
        if column >= self.width() || line >= self.height() {
            return None;
        }
        let (column, line) = (u16::try_from(column).ok()?, u16::try_from(line).ok()?);
        Some((self.area.x.checked_add(column)?, self.area.y.checked_add(line)?))
    }
}
