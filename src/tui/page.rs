//! Building the text of a detail tab: lines of styled pieces that fit a width.
//!
//! A page is as long as what it shows; only the lines in view are drawn. Every text that
//! enters it is sanitised here and wrapped, never cut: what crossed the wire is shown whole,
//! save that of a line of many thousands of bytes the beginning is laid out and the rest is counted.

pub use super::laid::{Cell, Joins};
use super::laid::{Laid, Piece, Stop};
use super::theme::Theme;
use crate::exchange::MessageKind;
use crate::text::{sanitize, units, width};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the labels before facts.
const LABEL: usize = 12;
/// Columns that a text needs beside a remark.
const BESIDE: usize = 40;

/// Bytes of one captured text that are laid out: more than any cookie, and no more work than a paint.
pub const MOST_LAID: usize = 8 * 1024;

/// Lines under construction.
#[derive(Debug)]
pub struct Page {
    /// How things look.
    pub theme: Theme,
    room: usize,
    laid: Laid,
    /// The text that a row may go on with.
    run: Option<usize>,
}

impl Page {
    /// An empty page for a pane of `room` columns.
    #[must_use]
    pub fn new(theme: Theme, room: usize) -> Self {
        Self { theme, room: room.max(1), laid: Laid::default(), run: None }
    }

    /// The lines built.
    #[must_use]
    pub fn finish(self) -> Vec<Line<'static>> {
        self.laid.lines
    }

    /// The lines built, with what can be searched and stood on.
    #[must_use]
    pub fn lay(self) -> Laid {
        self.laid
    }

    /// Columns of a line.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Lines so far.
    #[must_use]
    pub fn height(&self) -> usize {
        self.laid.lines.len()
    }

    /// An empty line; none at the top and no two in a row.
    pub fn gap(&mut self) {
        if self.laid.lines.last().is_some_and(|line| line.width() > 0) {
            self.laid.lines.push(Line::default());
        }
    }

    /// A line as it is; the caller has sanitised and measured its pieces.
    pub fn push(&mut self, line: Line<'static>) {
        self.cell(Cell { text: line.spans, ..Cell::default() });
    }

    /// A row of one column of text.
    pub fn cell(&mut self, cell: Cell) {
        let mut run = self.run;
        self.note(&mut run, &cell, 0);
        self.run = run;
        let mut spans = vec![cell.lead];
        spans.extend(cell.text);
        self.laid.lines.push(Line::from(spans));
    }

    /// Rows of two columns of text, a rule between them: each half of the page.
    pub fn beside(&mut self, left: Vec<Cell>, right: Vec<Cell>) {
        let half = self.half();
        let (mut left_run, mut right_run) = (None, None);
        let rows = left.len().max(right.len());
        let (mut left, mut right) = (left.into_iter(), right.into_iter());
        for _ in 0..rows {
            let (left, right) = (left.next().unwrap_or_default(), right.next().unwrap_or_default());
            self.note(&mut left_run, &left, 0);
            let pad = " ".repeat(half.saturating_sub(left.width()));
            let rule = Span::styled("│", self.theme.dim());
            let mut spans = vec![left.lead];
            spans.extend(left.text);
            spans.extend([Span::raw(pad), rule]);
            let from = spans.iter().map(|span| span.content.len()).sum();
            self.note(&mut right_run, &right, from);
            spans.push(right.lead);
            spans.extend(right.text);
            self.laid.lines.push(Line::from(spans));
        }
        self.run = None;
    }

    /// Columns of each of two columns of text.
    #[must_use]
    pub fn half(&self) -> usize {
        self.room.saturating_sub(1) / 2
    }

    /// The number of the next row, to be given to [`Self::stop`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.laid.lines.len()
    }

    /// Lets the cursor stand on the rows since `mark`, as on one captured line.
    pub fn stop(&mut self, mark: usize, line: &[u8], start_line: bool) {
        let rows = mark..self.laid.lines.len();
        self.laid.stops.push(Stop { rows, line: line.to_vec(), start_line, place: None });
    }

    /// Says where the line that the last stop was made for stands in its head.
    pub fn stands_at(&mut self, place: (MessageKind, usize)) {
        if let Some(stop) = self.laid.stops.last_mut() {
            stop.place = Some(place);
        }
    }

    /// Gives the beginning of a row pieces of styles of their own, each so many bytes long.
    pub fn restyle(&mut self, row: usize, pieces: &[(usize, Style)]) {
        let Some(line) = self.laid.lines.get_mut(row).filter(|line| !line.spans.is_empty()) else { return };
        let lead = line.spans.remove(0);
        let mut rest = lead.content.as_ref();
        let mut spans = Vec::new();
        for (length, style) in pieces {
            let Some((piece, behind)) = rest.split_at_checked(*length) else { break };
            spans.push(Span::styled(piece.to_owned(), *style));
            rest = behind;
        }
        spans.push(Span::styled(rest.to_owned(), lead.style));
        spans.append(&mut line.spans);
        line.spans = spans;
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
        self.push(Line::from(vec![
            Span::styled(format!(" {title}"), self.theme.strong()),
            Span::raw(gap),
            Span::styled(remark.into_owned(), self.theme.dim()),
        ]));
    }

    /// A text broken at words behind `lead`, further lines as far in.
    pub fn prose(&mut self, lead: &str, text: &str, style: Style) {
        let room = self.room.saturating_sub(width::columns(lead)).max(1);
        self.cells(prose_cells(lead, text, room, style));
    }

    /// The same with a remark at the right border of its first line; where that leaves the text too little room,
    /// the remark goes behind it.
    pub fn prose_beside(&mut self, lead: &str, text: &str, style: Style, remark: &str) {
        if remark.is_empty() {
            return self.prose(lead, text, style);
        }
        let taken = width::columns(remark) + 2;
        let room = self.room.saturating_sub(width::columns(lead) + 1);
        let beside = room.saturating_sub(taken);
        if beside < BESIDE && width::columns(text) > beside {
            return self.prose(lead, &format!("{text} ({remark})"), style);
        }
        let mut cells = prose_cells(lead, text, beside.max(1), style);
        if let Some(first) = cells.first_mut() {
            let pad = (self.room - 1).saturating_sub(first.width() + width::columns(remark));
            first.text.push(Span::raw(" ".repeat(pad)));
            first.text.push(Span::styled(remark.to_owned(), self.theme.dim()));
        }
        self.cells(cells);
    }

    /// A captured text behind `lead`, broken at the border, further lines as far in.
    pub fn wrapped(&mut self, lead: &str, text: &str, style: Style) {
        let columns = width::columns(lead);
        let room = self.room.saturating_sub(columns).max(1);
        let (shown, more) = bounded(text.as_bytes());
        for (index, piece) in width::wrap(&sanitize(shown), room).into_iter().enumerate() {
            let lead = if index == 0 { lead.to_owned() } else { " ".repeat(columns) };
            let joins = if index == 0 { Joins::Not } else { Joins::Directly };
            self.cell(Cell {
                lead: Span::raw(lead),
                text: vec![Span::styled(piece.to_owned(), style)],
                joins,
            });
        }
        self.cells(more_cells(self.theme, more, room));
    }

    /// A label and what belongs to it.
    pub fn fact(&mut self, label: &str, value: &str, style: Style) {
        let label_room = LABEL.min(self.room / 2);
        let room = self.room.saturating_sub(label_room + 1).max(1);
        let label = format!(" {}", width::fit(&sanitize(label), label_room, "…"));
        let mut cells = prose_cells(&label, value, room, style);
        for cell in &mut cells {
            cell.lead.style = self.theme.dim();
        }
        self.cells(cells);
    }

    /// One line of a head behind its mark: names stand out, the rest is plain, unless the
    /// whole line has an ink of its own. The cursor may stand on it.
    pub fn head_line(&mut self, mark: &str, line: &[u8], start_line: bool, ink: Option<Style>) {
        let from = self.mark();
        self.cells(head_cells(self.theme, mark, line, start_line, self.room, ink));
        self.stop(from, line, start_line);
    }

    /// One line as on the wire with its line end made visible.
    pub fn raw_line(&mut self, line: &[u8], end: &[u8]) {
        let (shown, more) = bounded(line);
        let (text, end) = (sanitize(shown), sanitize(end).into_owned());
        let room = self.room.saturating_sub(1 + width::columns(&end)).max(1);
        let pieces = width::wrap(&text, room);
        let last = pieces.len() - 1;
        for (index, piece) in pieces.into_iter().enumerate() {
            let mut text = vec![Span::raw(piece.to_owned())];
            if index == last && more == 0 {
                text.push(Span::styled(end.clone(), self.theme.dim()));
            }
            let joins = if index == 0 { Joins::Not } else { Joins::Directly };
            self.cell(Cell { lead: Span::raw(" "), text, joins });
        }
        self.cells(more_cells(self.theme, more, room));
    }

    fn cells(&mut self, cells: Vec<Cell>) {
        for cell in cells {
            self.cell(cell);
        }
    }

    /// Remembers a row's text as a piece of what it goes on with, or as another beginning.
    fn note(&mut self, run: &mut Option<usize>, cell: &Cell, from: usize) {
        let from = from + cell.lead.content.len();
        let to = from + cell.text.iter().map(|span| span.content.len()).sum::<usize>();
        let piece = Piece { row: self.laid.lines.len(), from, to, spaced: cell.joins == Joins::AtSpace };
        let goes_on = run.filter(|_| cell.joins != Joins::Not);
        if let Some(pieces) = goes_on.and_then(|at| self.laid.runs.get_mut(at)) {
            pieces.push(piece);
        } else {
            *run = Some(self.laid.runs.len());
            self.laid.runs.push(vec![piece]);
        }
    }
}

/// A head's line as rows of at most `room` columns behind its mark.
#[must_use]
pub fn head_cells(
    theme: Theme,
    mark: &str,
    line: &[u8],
    start_line: bool,
    room: usize,
    ink: Option<Style>,
) -> Vec<Cell> {
    let room = room.saturating_sub(3).max(1);
    let (shown, more) = bounded(line);
    let text = sanitize(shown).into_owned();
    let name_end = if start_line { text.len() } else { behind_colon(&text) };
    let name_style = ink.unwrap_or(if start_line { theme.strong() } else { theme.name() });
    let mut at = 0;
    let mut cells = Vec::new();
    for piece in width::wrap(&text, room) {
        let (name, value) = piece.split_at(name_end.saturating_sub(at).min(piece.len()));
        let lead = if at == 0 { mark } else { " " };
        let joins = if at == 0 { Joins::Not } else { Joins::Directly };
        at += piece.len();
        let mut text = vec![Span::styled(value.to_owned(), ink.unwrap_or_default())];
        if !name.is_empty() {
            text.insert(0, Span::styled(name.to_owned(), name_style));
        }
        cells.push(Cell { lead: Span::styled(format!(" {lead} "), ink.unwrap_or_default()), text, joins });
    }
    cells.extend(more_cells(theme, more, room));
    cells
}

/// Where a line's name ends, its colon included; a pseudo-field's has one before it (RFC 9113 8.3).
fn behind_colon(line: &str) -> usize {
    let own = usize::from(line.starts_with(':'));
    let rest = line.get(own..).unwrap_or_default();
    rest.find(':').map_or(own, |at| own + at + 1)
}

/// A text broken at words behind `lead`, as rows of at most `room` columns behind it.
#[must_use]
pub fn prose_cells(lead: &str, text: &str, room: usize, style: Style) -> Vec<Cell> {
    let (shown, more) = bounded(text.as_bytes());
    let ending = if more == 0 { "" } else { "…" };
    let cell = |(index, (line, joins)): (usize, (String, Joins))| {
        let lead = if index == 0 { lead.to_owned() } else { " ".repeat(width::columns(lead)) };
        Cell { lead: Span::styled(lead, style), text: vec![Span::styled(line, style)], joins }
    };
    let text = format!("{}{ending}", sanitize(shown));
    broken(&text, room).into_iter().enumerate().map(cell).collect()
}

/// What stands in the place of the bytes that are not laid out.
fn more_cells(theme: Theme, more: usize, room: usize) -> Vec<Cell> {
    if more == 0 {
        return Vec::new();
    }
    let says = format!("… {} B more: o opens it in $PAGER", units::count(more as u64));
    prose_cells("   ", &says, room, theme.dim())
}

/// The beginning that is laid out, cut between characters, and the number of bytes behind it.
fn bounded(text: &[u8]) -> (&[u8], usize) {
    let mut end = text.len().min(MOST_LAID);
    while end > 0 && MOST_LAID - end < 3 && text.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    (text.get(..end).unwrap_or_default(), text.len() - end)
}

/// Breaks at spaces where there are any, else at the border.
#[must_use]
pub fn words(text: &str, room: usize) -> Vec<String> {
    broken(text, room).into_iter().map(|(line, _)| line).collect()
}

fn broken(text: &str, room: usize) -> Vec<(String, Joins)> {
    let mut lines = vec![(String::new(), Joins::Not)];
    for word in text.split(' ') {
        for (index, piece) in width::wrap(word, room).into_iter().enumerate() {
            let Some((line, _)) = lines.last_mut() else { return lines };
            let joined = width::columns(line) + 1 + width::columns(piece);
            if index == 0 && line.is_empty() {
                line.push_str(piece);
            } else if index == 0 && joined <= room {
                line.push(' ');
                line.push_str(piece);
            } else {
                let joins = if index == 0 { Joins::AtSpace } else { Joins::Directly };
                lines.push((piece.to_owned(), joins));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Theme = Theme { colour: false, ascii: false };

    fn text(cells: &[Cell]) -> String {
        cells.iter().flat_map(|cell| &cell.text).map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn words_break_at_spaces() {
        assert_eq!(words("one two three", 7), ["one two", "three"]);
        assert_eq!(words("abcdefgh x", 4), ["abcd", "efgh", "x"]);
    }

    #[test]
    fn a_head_line_is_never_cut() {
        let cells = head_cells(PLAIN, " ", b"X-Long: abcdefgh", false, 9, None);
        assert_eq!(text(&cells), "X-Long: abcdefgh");
        assert_eq!(cells.len(), 3);
    }

    #[test]
    fn of_a_line_of_a_megabyte_the_beginning_is_laid_out_and_the_rest_counted() {
        let line = [b"X-Big: ".to_vec(), vec![b'x'; 1 << 20]].concat();
        for room in [10, 40, 80, 300] {
            let mut page = Page::new(PLAIN, room);
            page.head_line(" ", &line, false, None);
            page.raw_line(&line, b"\r\n");
            page.wrapped(" ", &String::from_utf8_lossy(&line), Style::new());
            page.fact("big", &String::from_utf8_lossy(&line), Style::new());
            let laid = page.lay();
            let bytes: usize = laid.lines.iter().flat_map(|line| &line.spans).map(|s| s.content.len()).sum();
            assert!(bytes < 10 * MOST_LAID, "{bytes} at {room}");
            assert!(laid.lines.iter().all(|line| line.width() <= room.max(13)));
            assert_eq!(laid.stops[0].line, line, "the cursor's line is whole");
        }
        let says = text(&head_cells(PLAIN, " ", &line, false, 80, None));
        assert!(says.ends_with("… 1 040 391 B more: o opens it in $PAGER"), "{says}");
    }

    #[test]
    fn the_bound_never_splits_a_character() {
        let text = format!("{}長い", "x".repeat(MOST_LAID - 1));
        let (shown, more) = bounded(text.as_bytes());
        assert_eq!((shown.len(), more), (MOST_LAID - 1, 6));
        assert_eq!(bounded(b"short"), (&b"short"[..], 0));
    }

    #[test]
    fn broken_texts_stay_one_to_a_search() {
        let mut page = Page::new(PLAIN, 12);
        page.wrapped(" ", "abcdefghijklmnop", Style::new());
        page.prose("  ", "one two three four", Style::new());
        let cell =
            |text: &str, joins| Cell { text: vec![Span::raw(text.to_owned())], joins, ..Cell::default() };
        page.beside(
            vec![cell("left", Joins::Not), cell("more", Joins::Directly)],
            vec![cell("right", Joins::Not)],
        );
        let laid = page.lay();
        let read = |run: &Vec<Piece>| {
            let piece = |piece: &Piece| {
                let row = laid.row(piece.row);
                format!("{}{}", if piece.spaced { " " } else { "" }, row.get(piece.from..piece.to).unwrap())
            };
            run.iter().map(piece).collect::<String>()
        };
        let texts: Vec<String> = laid.runs.iter().map(read).filter(|text| !text.is_empty()).collect();
        assert_eq!(texts, ["abcdefghijklmnop", "one two three four", "leftmore", "right"]);
    }
}
