//! `hopscope diff`: two exchanges side by side on a terminal, else as lines taken away and put in.

use super::args::{Compared, Diff};
use super::door::{Ink, Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::records::Records;
use super::show::parse_id;
use super::{capture, format, json};
use crate::diff::{self, Change, Comparison, Item, LARGEST, Line, Place, Row, Side, WINDOW, Which, Wish};
use crate::exchange::{self, Exchange, ExchangeId, Flags, MessageKind, Summary};
use crate::text::{sanitize, width};
use bytes::Bytes;
use std::io::{self, BufRead, BufReader, Read, Write};

/// Columns below which two messages do not stand side by side.
const BESIDE: usize = 100;

/// Runs the command.
pub(super) fn run(typed: &Diff) -> Outcome {
    let (left, right) = (parse_id(&typed.left)?, parse_id(&typed.right)?);
    let mut records = capture::open(typed.chosen.capture.as_deref())?;
    let left = Loaded::read(records.as_mut(), left)?;
    let right = Loaded::read(records.as_mut(), right)?;
    let which = match typed.message {
        Compared::Request => Which::Requests,
        Compared::Response => Which::Responses,
        Compared::Both => Which::Both,
    };
    let mut comparison = diff::compare(&left.side(), &right.side(), which);
    sharpen(records.as_mut(), (&left.exchange, &right.exchange), &mut comparison)?;
    let mut out = Out::stdout();
    let summaries = (&left.exchange.summary, &right.exchange.summary);
    let columns = crate::tui::columns().filter(|columns| out.is_terminal() && *columns >= BESIDE);
    if typed.json {
        out.record(&json::comparison(summaries, &comparison).map_err(anyhow::Error::from)?)?;
    } else if let Some(columns) = columns {
        print_beside(&mut out, summaries, &comparison, typed.all, columns)?;
    } else {
        print_unified(&mut out, summaries, &comparison, typed.all)?;
    }
    out.flush()?;
    if !typed.json {
        say(says(&comparison, typed.all));
    }
    Ok(if comparison.is_equal() { Exit::Ok } else { Exit::Differs })
}

/// An exchange with its bodies, as far as they are compared.
pub(super) struct Loaded {
    /// The exchange.
    pub(super) exchange: Exchange,
    request: Bytes,
    response: Bytes,
}

impl Loaded {
    /// Reads one from a capture.
    pub(super) fn read(records: &mut dyn Records, id: ExchangeId) -> Result<Self, Halt> {
        let exchange = capture::exchange(records, id)?;
        let mut body = |side| -> Result<Bytes, Halt> {
            let mut bytes = Vec::new();
            let reader = records.body(&exchange, side)?;
            reader.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
            Ok(Bytes::from(bytes))
        };
        let (request, response) = (body(exchange::Side::Client)?, body(exchange::Side::Origin)?);
        Ok(Self { exchange, request, response })
    }

    /// As the comparison takes it.
    pub(super) fn side(&self) -> Side<'_> {
        Side { exchange: &self.exchange, request: self.request.clone(), response: self.response.clone() }
    }
}

/// Prints what differs as lines taken away (`-`) and put in (`+`), with a heading for each part of each
/// message; nothing where nothing differs but what was to be expected. With `all` that is shown too.
pub(super) fn print_unified<W: Write>(
    out: &mut Out<W>,
    (left, right): (&Summary, &Summary),
    comparison: &Comparison,
    all: bool,
) -> io::Result<()> {
    if comparison.is_equal() && !all {
        return Ok(());
    }
    out.inked(&[(Ink::Removed, &format!("--- {}", title(left)))])?;
    out.inked(&[(Ink::Added, &format!("+++ {}", title(right)))])?;
    for message in &comparison.messages {
        let lines = diff::lines(message, Wish { expected: all, same: false });
        for line in diff::unified(lines) {
            match line {
                Line::Heading(title, remark) => out.inked(&[(Ink::Strong, &headed(&title, &remark))])?,
                Line::Note(note) => out.inked(&[(Ink::Dim, &format!("  ({note})"))])?,
                Line::Row(row) => unified_row(out, &row)?,
            }
        }
    }
    Ok(())
}

fn unified_row<W: Write>(out: &mut Out<W>, row: &Row) -> io::Result<()> {
    let (mark, ink) = match row.change {
        Change::OnlyLeft => ("- ", Ink::Removed),
        Change::OnlyRight => ("+ ", Ink::Added),
        Change::Same | Change::Changed => ("  ", Ink::Plain),
    };
    let reason = row.expected.map(|reason| format!("  ({reason})")).unwrap_or_default();
    let ink = if row.expected.is_some() { Ink::Dim } else { ink };
    out.inked(&[(ink, mark), (ink, &row.only()), (Ink::Dim, &reason)])
}

/// Prints two exchanges side by side, all of their heads and what differs of their bodies.
fn print_beside<W: Write>(
    out: &mut Out<W>,
    (left, right): (&Summary, &Summary),
    comparison: &Comparison,
    all: bool,
    columns: usize,
) -> io::Result<()> {
    // A mark and a blank before each side, three columns between them.
    let room = (columns.saturating_sub(7)) / 2;
    let short = |summary: &Summary| {
        let facts = width::columns(&titled(summary, ""));
        let url = summary.url();
        let url = width::path(&sanitize(&url), (room + 2).saturating_sub(facts), "…").into_owned();
        width::fit(&sanitize(&titled(summary, &url)), room + 2, "…")
    };
    out.inked(&[(Ink::Strong, &short(left)), (Ink::Dim, " │ "), (Ink::Strong, short(right).trim_end())])?;
    for message in &comparison.messages {
        for line in diff::lines(message, Wish { expected: all, same: true }) {
            match line {
                Line::Heading(title, remark) => {
                    let remark = if remark.is_empty() { remark } else { format!("· {remark} ") };
                    let used = 4 + width::columns(&title) + width::columns(&remark);
                    let rule = "─".repeat(columns.saturating_sub(used));
                    out.inked(&[
                        (Ink::Dim, "── "),
                        (Ink::Strong, &title),
                        (Ink::Dim, &format!(" {remark}{rule}")),
                    ])?;
                }
                Line::Note(note) => out.inked(&[(Ink::Dim, &format!("  ({note})"))])?,
                Line::Row(row) => beside_row(out, &row, room)?,
            }
        }
    }
    Ok(())
}

fn beside_row<W: Write>(out: &mut Out<W>, row: &Row, room: usize) -> io::Result<()> {
    let ink = match row.change {
        _ if row.expected.is_some() => Ink::Dim,
        Change::Same => Ink::Plain,
        Change::Changed => Ink::Changed,
        Change::OnlyLeft => Ink::Removed,
        Change::OnlyRight => Ink::Added,
    };
    let reason = row.expected.map(|reason| format!("  {reason}")).unwrap_or_default();
    for (index, [left, right]) in row.beside(room).into_iter().enumerate() {
        let fits = index == 0 && width::columns(&right) + width::columns(&reason) <= room;
        let [before, behind] = if index == 0 { row.marks() } else { [" "; 2] };
        let left = format!("{before} {}", width::fit(&left, room, ""));
        let right = format!(" {behind} {right}");
        let reason = if fits { reason.as_str() } else { "" };
        out.inked(&[(ink, &left), (Ink::Dim, " │"), (ink, right.trim_end()), (Ink::Dim, reason)])?;
    }
    Ok(())
}

fn headed(title: &str, remark: &str) -> String {
    if remark.is_empty() { format!("@@ {title} @@") } else { format!("@@ {title}: {remark} @@") }
}

/// An exchange in one line: `#18 GET https://shop.test/cart  200  34 ms  (replay of #17)`.
fn title(summary: &Summary) -> String {
    titled(summary, &summary.url())
}

fn titled(summary: &Summary, url: &str) -> String {
    let mut title = format!("#{} {} {url}  {}", summary.id.0, summary.method, format::status(summary));
    if let Some(duration) = summary.duration {
        title.push_str("  ");
        title.push_str(&format::duration(duration));
    }
    if let Some(parent) = summary.parent.filter(|_| summary.flags.has(Flags::REPLAY)) {
        title = format!("{title}  (replay of #{})", parent.0);
    }
    title
}

/// How much differs, and how to see what was left out.
fn says(comparison: &Comparison, all: bool) -> String {
    let counts = comparison.counts();
    let hint = if counts.expected > 0 && !all { "; --all shows them" } else { "" };
    format!("{}{hint}", counts.says())
}

/// Reads bodies that are too large to be held on to their first difference.
fn sharpen(
    records: &mut dyn Records,
    (left, right): (&Exchange, &Exchange),
    comparison: &mut Comparison,
) -> Result<(), Halt> {
    for message in &mut comparison.messages {
        let side = match message.kind {
            MessageKind::RequestReceived | MessageKind::RequestSent => exchange::Side::Client,
            MessageKind::ResponseReceived | MessageKind::ResponseSent => exchange::Side::Origin,
        };
        let large = [left, right].iter().all(|exchange| exchange.body(side).kept > LARGEST as u64);
        let far = message.items.iter().position(|item| matches!(item.place, Place::Beyond(_)));
        let Some(at) = far.filter(|_| large) else { continue };
        let (one, other) = (records.body(left, side)?, records.body(right, side)?);
        match first_difference(one, other).map_err(|error| unread(&error))? {
            Some(item) => message.items[at] = item,
            None => drop(message.items.remove(at)),
        }
    }
    Ok(())
}

/// Where two streams begin to differ, if they do.
fn first_difference(left: impl Read, right: impl Read) -> io::Result<Option<Item>> {
    let (mut left, mut right) = (BufReader::new(left), BufReader::new(right));
    let mut at = 0;
    loop {
        let (one, other) = (left.fill_buf()?, right.fill_buf()?);
        let length = one.len().min(other.len());
        let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
        if one.is_empty() && other.is_empty() {
            return Ok(None);
        }
        left.consume(same);
        right.consume(same);
        at += same as u64;
        if same < length || length == 0 {
            return Ok(Some(Item::offset(at, window(left)?, window(right)?)));
        }
    }
}

fn window(reader: impl Read) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    reader.take(WINDOW as u64).read_to_end(&mut bytes)?;
    Ok(Bytes::from(bytes))
}

fn unread(error: &io::Error) -> Halt {
    Halt::new(Exit::Failed, format!("reading a body: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::InMemory;
    use super::super::sample;
    use super::*;
    use crate::exchange::{BodyPlace, State};

    /// Two exchanges that differ in a field, a line and the Date.
    fn two() -> InMemory {
        let exchange = |id, field: &str, body: &[u8]| {
            let mut exchange = sample::exchange();
            exchange.summary.id = ExchangeId(id);
            let head = format!("HTTP/1.1 200 OK\r\nDate: {id}\r\nServer: s\r\n{field}\r\n");
            exchange.heads.response_received = Some(Bytes::from(head));
            exchange.response_body.place = BodyPlace::Inline(body.to_vec());
            exchange
        };
        let mut again = exchange(2, "", b"a\nc\n");
        again.summary.parent = Some(ExchangeId(1));
        again.summary.flags.add(Flags::REPLAY);
        InMemory {
            rows: Vec::new(),
            exchanges: vec![exchange(1, "X-Left: \x1b[2J\r\n", b"a\nb\n"), again],
            ..InMemory::rows(Vec::new())
        }
    }

    fn printed(columns: Option<usize>, terminal: bool, all: bool) -> String {
        let mut records = two();
        let (left, right) = (
            Loaded::read(&mut records, ExchangeId(1)).unwrap(),
            Loaded::read(&mut records, ExchangeId(2)).unwrap(),
        );
        let comparison = diff::answers(&left.side(), &right.side());
        let summaries = (&left.exchange.summary, &right.exchange.summary);
        let mut bytes = Vec::new();
        let mut out = Out::to(&mut bytes, terminal);
        match columns {
            Some(columns) => print_beside(&mut out, summaries, &comparison, all, columns).unwrap(),
            None => print_unified(&mut out, summaries, &comparison, all).unwrap(),
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn below_each_other() {
        insta::assert_snapshot!("unified", printed(None, false, true));
        assert!(!printed(None, false, false).contains("each message"));
    }

    #[test]
    fn side_by_side_in_the_width_there_is() {
        let wide = printed(Some(100), false, true);
        insta::assert_snapshot!("beside", wide);
        for columns in [0, 7, 20, 100, 141] {
            let text = printed(Some(columns), false, true);
            let widest = text.lines().map(width::columns).max().unwrap();
            assert!(widest <= columns.max(80), "{widest} in {columns}: {text}");
        }
    }

    #[test]
    fn colours_are_of_the_sixteen_and_escapes_only_ours() {
        for text in [printed(None, true, true), printed(Some(100), true, true)] {
            assert!(
                text.contains("\x1b[31m") && text.contains("\\x1b[2J") && !text.contains("\x1b[2J"),
                "{text:?}"
            );
        }
        assert!(!printed(Some(100), false, true).contains('\x1b'));
    }

    #[test]
    fn streams_are_read_on_to_their_first_difference() {
        let difference = |left: &[u8], right: &[u8]| {
            first_difference(left, right).unwrap().map(|item| (item.place, item.left, item.right))
        };
        assert_eq!(difference(b"abc", b"abc"), None);
        let found = |at, left: &'static str, right: &'static str| {
            Some((Place::Offset(at), Some(Bytes::from(left)), Some(Bytes::from(right))))
        };
        assert_eq!(difference(b"abc", b"abd"), found(2, "c", "d"));
        assert_eq!(difference(b"abc", b"ab"), found(2, "c", ""));
        assert_eq!(difference(b"", b"ab"), found(0, "", "ab"));
        let long = vec![b'x'; 20_000];
        let longer = [&long[..], b"y"].concat();
        assert_eq!(difference(&long, &longer), found(20_000, "", "y"));
    }

    #[test]
    fn one_still_open_is_compared_as_far_as_it_is() {
        let mut records = two();
        records.exchanges[1].summary.state = State::Open;
        records.exchanges[1].heads.response_received = None;
        let left = Loaded::read(&mut records, ExchangeId(1)).unwrap();
        let right = Loaded::read(&mut records, ExchangeId(2)).unwrap();
        let comparison = diff::answers(&left.side(), &right.side());
        assert_eq!(says(&comparison, false), "1 change");
        assert_eq!(Loaded::read(&mut records, ExchangeId(3)).err().unwrap().exit, Exit::Failed);
    }
}
