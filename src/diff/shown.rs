//! A comparison as lines for people: what stands left and right, and with which mark.
//!
//! Every text is sanitised and bounded here; how lines are laid out is for who shows them.

use super::item::{Change, Item, Place, Section};
use super::{Message, MessageKind};
use crate::text::{sanitize_bounded, units, width};

/// Bytes of a value that are shown.
const SHOWN: usize = 2_048;

/// What is wanted of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Differences that were to be expected, too.
    pub expected: bool,
    /// What is the same, too.
    pub same: bool,
}

/// A line to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Begins a part of a message: its title, and a remark.
    Heading(String, String),
    /// A remark.
    Note(String),
    /// Something left and right.
    Row(Row),
}

/// What stands at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How the two sides differ.
    pub change: Change,
    /// What the left message has there.
    pub left: Option<Cell>,
    /// What the right message has there.
    pub right: Option<Cell>,
    /// Why a difference was to be expected.
    pub expected: Option<&'static str>,
    /// Whether it is a line of a text, which stands together with its neighbours.
    pub is_line: bool,
    /// Whether a change begins here, rather than being the other half of the one above.
    pub begins: bool,
}

impl Row {
    /// The mark before the left side and the one before the right side.
    #[must_use]
    pub fn marks(&self) -> [&'static str; 2] {
        match self.change {
            Change::Same => [" ", " "],
            Change::Changed if self.expected.is_some() => ["≈", "≈"],
            Change::Changed => ["~", "~"],
            Change::OnlyLeft => ["−", " "],
            Change::OnlyRight => [" ", "+"],
        }
    }

    /// Both sides broken to `room` columns, as many lines on the left as on the right.
    #[must_use]
    pub fn beside(&self, room: usize) -> Vec<[String; 2]> {
        let broken = |cell: &Option<Cell>| -> Vec<String> {
            let text = cell.as_ref().map(Cell::whole).unwrap_or_default();
            width::wrap(&text, room.max(1)).into_iter().map(str::to_owned).collect()
        };
        let (mut left, mut right) = (broken(&self.left), broken(&self.right));
        let height = left.len().max(right.len());
        left.resize(height, String::new());
        right.resize(height, String::new());
        left.into_iter().zip(right).map(|(left, right)| [left, right]).collect()
    }

    /// The one side that there is; the left one of two.
    #[must_use]
    pub fn only(&self) -> String {
        self.left.as_ref().or(self.right.as_ref()).map(Cell::whole).unwrap_or_default()
    }
}

impl Cell {
    /// Label and text in one.
    #[must_use]
    pub fn whole(&self) -> String {
        format!("{}{}", self.label, self.text)
    }
}

/// A place by its name, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// A name with what separates it from the text: `Date: `.
    pub label: String,
    /// The text.
    pub text: String,
}

/// The lines of one message.
#[must_use]
pub fn lines(message: &Message, wish: Wish) -> Vec<Line> {
    let mut lines = Vec::new();
    for section in [Section::Head, Section::Body, Section::Trailers] {
        part(message, section, wish, &mut lines);
    }
    lines
}

/// The same lines with left below each other and right below each other: what changed is taken away, then
/// put in. Lines of a text stay together.
#[must_use]
pub fn unified(lines: Vec<Line>) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    let mut waiting = Vec::new();
    for line in lines {
        let Line::Row(row) = line else {
            out.append(&mut waiting);
            out.push(line);
            continue;
        };
        if !(row.is_line && row.change != Change::Same) {
            out.append(&mut waiting);
        }
        let half = |change, begins| Row { change, begins, ..row.clone() };
        match row.change {
            Change::Changed => {
                out.push(Line::Row(Row { right: None, ..half(Change::OnlyLeft, true) }));
                waiting.push(Line::Row(Row { left: None, ..half(Change::OnlyRight, false) }));
            }
            Change::OnlyRight => waiting.push(Line::Row(row)),
            Change::Same | Change::OnlyLeft => out.push(Line::Row(row)),
        }
        if waiting.last().is_some_and(|line| !matches!(line, Line::Row(row) if row.is_line)) {
            out.append(&mut waiting);
        }
    }
    out.append(&mut waiting);
    out
}

fn part(message: &Message, section: Section, wish: Wish, lines: &mut Vec<Line>) {
    let items: Vec<&Item> = message.items.iter().filter(|item| item.section() == section).collect();
    let mut notes: Vec<String> = message
        .notes
        .iter()
        .filter(|(about, _)| *about == section)
        .map(|(_, note)| sanitize_bounded(note, SHOWN).into_owned())
        .collect();
    if let Some(length) = message.body_same.filter(|_| wish.same && section == Section::Body) {
        notes.push(format!("the same {} B", units::count(length)));
    }
    // Same lines of a text are there to find one's way: they are shown wherever changes are.
    let shown = |item: &&&Item| match item.change() {
        Change::Same => wish.same || section == Section::Body,
        _ => wish.expected || item.expected.is_none(),
    };
    let rows: Vec<Line> = items.iter().filter(shown).map(|item| Line::Row(row(item))).collect();
    let folded = items.iter().filter(|item| item.is_change() && !shown(item)).count();
    let unheard = section == Section::Body && message.more > 0;
    if rows.is_empty() && notes.is_empty() && !unheard && folded == 0 {
        return;
    }
    lines.push(heading(message, section));
    lines.extend(notes.into_iter().map(Line::Note));
    lines.extend(rows);
    if unheard {
        lines.push(Line::Note(format!("and {} more changes", units::count(message.more as u64))));
    }
    if folded > 0 {
        lines.push(Line::Note(hidden(&items)));
    }
}

fn heading(message: &Message, section: Section) -> Line {
    let name = message.name();
    match section {
        Section::Head if message.kind == MessageKind::RequestSent => {
            Line::Heading(format!("{name} as sent"), String::new())
        }
        Section::Head if message.kind == MessageKind::ResponseSent => {
            Line::Heading(format!("{name} as sent"), String::new())
        }
        Section::Head => Line::Heading(format!("{name} as received"), String::new()),
        Section::Body => Line::Heading(format!("{name} body"), message.body_as.to_owned()),
        Section::Trailers => Line::Heading(format!("{name} trailers"), String::new()),
    }
}

fn hidden(items: &[&Item]) -> String {
    let mut names: Vec<String> = Vec::new();
    for item in items.iter().filter(|item| item.expected.is_some()) {
        let name = item.place.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("not shown, as expected: {}", names.join(", "))
}

fn row(item: &Item) -> Row {
    let cell = |bytes: &Option<bytes::Bytes>, right: bool| {
        let bytes = bytes.as_ref()?;
        Some(Cell { label: label(&item.place, right), text: text(item, bytes) })
    };
    Row {
        change: item.change(),
        left: cell(&item.left, false),
        right: cell(&item.right, true),
        expected: item.expected,
        is_line: matches!(item.place, Place::Line(..)),
        begins: true,
    }
}

fn label(place: &Place, right: bool) -> String {
    let shown = |name: &String| sanitize_bounded(name, 256).into_owned();
    match place {
        Place::Message | Place::Body => String::new(),
        Place::Start(part) if *part == super::head::WHOLE => String::new(),
        Place::Start(part) => format!("{part} "),
        Place::Field(name) | Place::Trailer(name) if name.is_empty() => String::new(),
        Place::Field(name) | Place::Trailer(name) => format!("{}: ", shown(name)),
        Place::Value(path) => format!("{} ", sanitize_bounded(path, SHOWN)),
        Place::Form(name) => format!("{} = ", shown(name)),
        Place::Line(one, other) => {
            let number = if right { other } else { one };
            number.map_or_else(String::new, |number| format!("{number:>4}  "))
        }
        Place::Offset(at) => format!("from byte {}: ", units::count(*at)),
        Place::Beyond(at) => format!("behind byte {}", units::count(*at)),
    }
}

fn text(item: &Item, bytes: &[u8]) -> String {
    match item.place {
        Place::Offset(_) if bytes.is_empty() => "(ends here)".to_owned(),
        Place::Beyond(_) => ": not looked at".to_owned(),
        Place::Offset(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
        Place::Line(..) => line(bytes, differs_in_its_end(item)),
        _ => sanitize_bounded(bytes, SHOWN).into_owned(),
    }
}

/// A text's line; with its end where only that differs.
fn line(bytes: &[u8], end: bool) -> String {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let shown = sanitize_bounded(text, SHOWN);
    match bytes.get(text.len()..) {
        Some(rest) if end && !rest.is_empty() => format!("{shown} {}", sanitize_bounded(rest, SHOWN)),
        _ if end => format!("{shown} (no line end)"),
        _ => shown.into_owned(),
    }
}

fn differs_in_its_end(item: &Item) -> bool {
    let (Some(left), Some(right)) = (&item.left, &item.right) else { return false };
    item.is_change() && left.trim_ascii_end() == right.trim_ascii_end()
}
