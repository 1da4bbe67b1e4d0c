//! The window's measures, and a line in it.

use crate::view::Spot;

/// What rows are laid out for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paper {
    /// Columns, those of the margin too.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Whether long rows are wrapped.
    pub wrap: bool,
}

/// A line of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The row.
    pub spot: Spot,
    /// Which of its lines, when it is wrapped.
    pub sub: usize,
}
