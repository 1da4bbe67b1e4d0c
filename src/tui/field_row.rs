//! One field line of a head as rows: severity, what became of it, name, value, and a fact behind it.
//!
//! ```text
//!  W ~ cache-control  max-age=60, no-store        no-store beside it: nothing is kept for so long
//! ```

use super::page::{Cell, Joins, MOST_LAID, Page, prose_cells};
use crate::text::{sanitize, units, width};
use ratatui::style::Style;
use ratatui::text::Span;

/// Columns before the name: severity and fate.
const LEAD: usize = 5;
/// Columns between name and value.
const GAP: usize = 2;
/// Columns that a value needs beside a name; with less it stands below. Where all is narrow, three fifths will do,
/// and fewer than the second number never.
const LEAST: (usize, usize) = (36, 24);
/// The column, counted from the value's, where facts stand below each other when there is room.
const FACTS: usize = 32;

/// A line of a head.
pub struct FieldRow<'a> {
    /// The letter of its gravest finding, or a blank.
    pub letter: (&'static str, Style),
    /// What became of it on its way.
    pub mark: &'a str,
    /// The ink of a line that was not kept.
    pub ink: Option<Style>,
    /// As written; of a start line, and of a line without a colon, all of it.
    pub name: &'a [u8],
    /// As it is to be shown.
    pub value: &'a [u8],
    /// Columns of the names beside each other.
    pub column: usize,
    /// Whether it is a start line.
    pub start_line: bool,
    /// What stands behind the value, its ink, and whether it must be said even where it needs a row of its own.
    pub fact: Option<(String, Style, bool)>,
    /// The column of the facts, counted from the value's: see [`facts_column`].
    pub facts: usize,
}

/// The column where most facts can stand below each other, each behind its value and before the border. `rows` are
/// the columns of values and of their facts, `column` those of the names.
#[must_use]
pub fn facts_column(rows: &[(usize, usize)], room: usize, column: usize) -> usize {
    let room = room.saturating_sub(LEAD + column + GAP);
    let fits = |place: usize| {
        rows.iter().filter(|(value, fact)| value + GAP <= place && place + fact <= room).count()
    };
    let places = rows.iter().map(|(_, fact)| room.saturating_sub(*fact)).filter(|place| *place < FACTS);
    places.chain([FACTS]).max_by_key(|place| (fits(*place), *place)).unwrap_or(FACTS)
}

/// Adds the rows of a line; returns the first one's number.
pub fn push(page: &mut Page, row: &FieldRow<'_>) -> usize {
    let from = page.mark();
    let room = page.room().saturating_sub(LEAD).max(1);
    let name = sanitize(row.name.get(..row.name.len().min(MOST_LAID)).unwrap_or_default());
    let least = (room * 3 / 5).clamp(LEAST.1, LEAST.0);
    let beside = room.saturating_sub(row.column + GAP) >= least && width::columns(&name) <= row.column;
    let plain = row.column == 0 || row.value.is_empty();
    if plain || !beside {
        name_alone(page, row, &name, room);
    }
    if !plain {
        let indent = if beside { row.column + GAP } else { 2 };
        value(page, row, beside.then_some(name.as_ref()), indent, room.saturating_sub(indent).max(1));
    } else if let Some((says, style, true)) = &row.fact {
        below(page, says, *style, 2);
    }
    recolour(page, from, row);
    from
}

fn name_alone(page: &mut Page, row: &FieldRow<'_>, name: &str, room: usize) {
    let style = row.ink.unwrap_or(if row.start_line { page.theme.strong() } else { page.theme.name() });
    for (at, piece) in width::wrap(name, room).into_iter().enumerate() {
        let lead = if at == 0 { lead(row) } else { " ".repeat(LEAD) };
        let joins = if at == 0 { Joins::Not } else { Joins::Directly };
        page.cell(Cell { lead: Span::raw(lead), text: vec![Span::styled(piece.to_owned(), style)], joins });
    }
}

/// The value in rows of its own width, the name before the first one where it stands beside.
fn value(page: &mut Page, row: &FieldRow<'_>, name: Option<&str>, indent: usize, room: usize) {
    let shown = row.value.get(..row.value.len().min(MOST_LAID)).unwrap_or_default();
    let more = row.value.len() - shown.len();
    let text = sanitize(shown);
    let pieces = width::wrap(&text, room);
    let last = pieces.len().saturating_sub(1);
    let name_style = row.ink.unwrap_or(page.theme.name());
    let mut unsaid = row.fact.as_ref();
    for (at, piece) in pieces.into_iter().enumerate() {
        let mut cells = Vec::new();
        let mut before = " ".repeat(LEAD + indent);
        let mut joins = if at == 0 { Joins::AtSpace } else { Joins::Directly };
        if let (0, Some(name)) = (at, name) {
            (before, joins) = (lead(row), Joins::Not);
            cells.push(Span::styled(name.to_owned(), name_style));
            cells.push(Span::raw(" ".repeat(indent.saturating_sub(width::columns(name)))));
        }
        cells.push(Span::styled(piece.to_owned(), row.ink.unwrap_or_default()));
        if let Some((says, style, _)) = unsaid.filter(|_| at == last && more == 0) {
            let says = sanitize(says).into_owned();
            let used = width::columns(piece);
            let place = row.facts.max(used + GAP).min(room.saturating_sub(width::columns(&says)));
            if used + GAP <= place {
                cells.push(Span::raw(" ".repeat(place - used)));
                cells.push(Span::styled(says, *style));
                unsaid = None;
            }
        }
        page.cell(Cell { lead: Span::raw(before), text: cells, joins });
    }
    if more > 0 {
        below(
            page,
            &format!("… {} B more: o opens it in $PAGER", units::count(more as u64)),
            page.theme.dim(),
            indent,
        );
    }
    if let Some((says, style, true)) = unsaid {
        below(page, says, *style, indent);
    }
}

/// Words in rows of their own, below the value.
fn below(page: &mut Page, says: &str, style: Style, indent: usize) {
    let lead = " ".repeat(LEAD + indent);
    let room = page.room().saturating_sub(lead.len()).max(1);
    for cell in prose_cells(&lead, says, room, style) {
        page.cell(cell);
    }
}

/// ` W ~ `: the letter and the mark.
fn lead(row: &FieldRow<'_>) -> String {
    format!(" {} {} ", row.letter.0, row.mark)
}

fn recolour(page: &mut Page, from: usize, row: &FieldRow<'_>) {
    let (blank, ink) = (Style::new(), row.ink.unwrap_or_default());
    page.restyle(from, &[(1, blank), (row.letter.0.len(), row.letter.1), (1, blank), (row.mark.len(), ink)]);
}
