//! The Raw tab: the four heads byte for byte, line ends visible, as text or in hex; then, on HTTP/2, the
//! frames that carried them.

use super::{View, frames, message};
use crate::exchange::MessageKind;
use crate::text::{caret_at, units};
use crate::tui::page::{Cell, Joins, Page};
use ratatui::text::{Line, Span};
use std::fmt::Write as _;

/// Bytes of a head that are laid out in hex; the rest is counted.
const MOST_HEX: usize = 64 * 1024;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    let mut any = false;
    for (kind, raw) in message::recorded(view) {
        any = true;
        page.gap();
        match section(raw) {
            None => {
                page.heading(title(kind), &format!("{} B", units::count(raw.len() as u64)));
                mark(view, kind, raw, page);
                if view.hex { hex(page, raw) } else { text(page, raw) }
            }
            Some(lines) => {
                page.heading(title(kind), "HTTP/2 section, decompressed");
                mark(view, kind, raw, page);
                if view.hex { hex(page, lines) } else { decoded(page, lines) }
            }
        }
    }
    frames::build(view, page);
    if !any {
        page.prose(" ", "No head was recorded.", page.theme.dim());
    }
}

/// The field lines of a section of HTTP/2. Its start line is left out here: it is made for reading, and
/// this tab shows what was received.
fn section(raw: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b'\n', raw)?;
    let (start, lines) = raw.split_at(end + 1);
    let start = start.strip_suffix(b"\r\n")?;
    (start.ends_with(b" HTTP/2") || start.starts_with(b"HTTP/2 ")).then(|| lines.trim_ascii_end())
}

/// Fields without line ends, which HTTP/2 does not have.
fn decoded(page: &mut Page, lines: &[u8]) {
    for line in lines.split(|byte| *byte == b'\n') {
        page.raw_line(line.strip_suffix(b"\r").unwrap_or(line), b"");
    }
}

/// Points at the byte for which a head was refused, before the head itself: that may be long.
fn mark(view: &View<'_>, kind: MessageKind, raw: &[u8], page: &mut Page) {
    let Some(failure) = &view.summary.failure else { return };
    let Some((_, place)) = failure.marked().filter(|(of, _)| *of == kind) else { return };
    let bad = page.theme.bad();
    for line in caret_at(raw, place.offset, page.room().saturating_sub(2), "").lines() {
        page.push(Line::styled(format!("  {line}"), bad));
    }
    let at = format!("{}, byte {} (hex {:x}): ", place.clause, place.offset, place.offset);
    page.prose("  ", &format!("{at}{}", failure.says_what()), bad);
    page.gap();
}

fn text(page: &mut Page, raw: &[u8]) {
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").map_or(line, |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
        let (text, end) = line.split_at(text.len());
        page.raw_line(text, end);
    }
}

/// Offset, bytes, and what of them can be read, as many to a row as fit.
fn hex(page: &mut Page, raw: &[u8]) {
    let digits = if page.room() < 48 { 4 } else { 8 };
    let columns = |bytes: usize| 1 + digits + 2 + bytes * 3 + 1 + bytes;
    let bytes = [16, 8, 4].into_iter().find(|bytes| columns(*bytes) <= page.room()).unwrap_or(2);
    let shown = raw.get(..MOST_HEX).unwrap_or(raw);
    for (row, chunk) in shown.chunks(bytes).enumerate() {
        let mut pairs = String::with_capacity(bytes * 3);
        for byte in chunk {
            // Writing to a String cannot fail.
            let _ = write!(pairs, "{byte:02x} ");
        }
        let pad = " ".repeat(bytes * 3 - pairs.len() + 1);
        let dim = page.theme.dim();
        let text = chunk.iter().map(|byte| readable(*byte)).collect::<String>();
        page.cell(Cell {
            lead: Span::styled(format!(" {:0digits$x}  ", row * bytes), dim),
            text: vec![Span::raw(pairs), Span::raw(pad), Span::styled(text, page.theme.name())],
            joins: Joins::Not,
        });
    }
    if raw.len() > MOST_HEX {
        let more = units::count((raw.len() - MOST_HEX) as u64);
        page.prose(" ", &format!("… {more} B more: o opens it in $PAGER"), page.theme.dim());
    }
}

fn readable(byte: u8) -> char {
    if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' }
}

fn title(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::RequestReceived => "Request received   client → hopscope",
        MessageKind::RequestSent => "Request sent   hopscope → origin",
        MessageKind::ResponseReceived => "Response received   origin → hopscope",
        MessageKind::ResponseSent => "Response sent   hopscope → client",
    }
}
