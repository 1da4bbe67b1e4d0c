//! A laid-out text: rows for the screen, what reads as one over several of them, and where a cursor
//! may stand.
//!
//! Rows are broken to fit; a search must not be. So every text keeps its pieces in reading order, and
//! a hit found in it is a place on one row or on several.

use crate::exchange::MessageKind;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// The rows of a text.
#[derive(Debug, Default)]
pub struct Laid {
    /// The rows, top down.
    pub lines: Vec<Line<'static>>,
    /// Texts in reading order, each as the pieces that it was broken into.
    pub runs: Vec<Vec<Piece>>,
    /// Where the cursor may stand, top down.
    pub stops: Vec<Stop>,
}

/// A piece of a text on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The row's number.
    pub row: usize,
    /// Its first byte in the row's text.
    pub from: usize,
    /// The byte behind its last one.
    pub to: usize,
    /// Whether the text was broken at a space before it, which no row holds.
    pub spaced: bool,
}

/// A line that the cursor may stand on: one captured line, however many rows it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its rows.
    pub rows: Range<usize>,
    /// The line as captured, without its line end.
    pub line: Vec<u8>,
    /// Whether it is a start line and no field line.
    pub start_line: bool,
    /// Where it stands in one of the four heads, where that is known.
    pub place: Option<(MessageKind, usize)>,
}

/// A row in the making: what stands before the text, and the text.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Before the text; no part of it.
    pub lead: Span<'static>,
    /// The text's pieces, sanitised.
    pub text: Vec<Span<'static>>,
    /// How it joins the row above.
    pub joins: Joins,
}

/// How a row joins the row above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joins {
    /// Another text begins.
    #[default]
    Not,
    /// The text above was broken at the border.
    Directly,
    /// The text above was broken at a space.
    AtSpace,
}

impl Cell {
    /// Its columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.lead.width() + self.text.iter().map(Span::width).sum::<usize>()
    }
}

impl Laid {
    /// The text of a row.
    #[must_use]
    pub fn row(&self, row: usize) -> String {
        self.lines.get(row).map(ToString::to_string).unwrap_or_default()
    }
}
