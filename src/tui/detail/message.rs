//! The Request and Response tabs: a head as received, with what was changed on its way marked in it, each
//! line with its gravest finding and a fact; or the two heads one under the other.

use super::inspected::{Place, letter};
use super::{Passage, Sides, View, facts, pane};
use crate::exchange::{Cause, Field, Head, MessageKind, Side};
use crate::text::{sanitize_bounded, units, width};
use crate::tui::field_row::{self, FieldRow};
use crate::tui::ledger::{Fate, Pair, Totals};
use crate::tui::page::Page;
use crate::tui::words;
use bytes::Bytes;
use ratatui::style::Style;

/// Columns of the names, at most.
const NAMES: usize = 34;

/// Builds the Request tab.
pub fn request(view: &View<'_>, page: &mut Page) {
    let exchange = &view.loaded.exchange;
    let unsent = words::unsent(exchange);
    let way = Way {
        passage: &view.loaded.request,
        kinds: (MessageKind::RequestReceived, MessageKind::RequestSent),
        both: "Request as received",
        received: ("Request as received from the client", "No request head was recorded."),
        sent: ("Request as sent to the origin", &unsent),
    };
    way.build(view, page);
    trailers(view, page, Side::Client);
}

/// Builds the Response tab.
pub fn response(view: &View<'_>, page: &mut Page) {
    for interim in &view.loaded.exchange.interim {
        let fate = if interim.forwarded { "passed on" } else { "not passed on" };
        page.heading("Interim response", &format!("after {}, {fate}", units::duration(interim.at)));
        let head = Head::parse(interim.head.clone());
        page.head_line(" ", head.start_line(), true, None);
        for field in head.fields() {
            page.head_line(" ", field.line, false, None);
        }
        page.gap();
    }
    let missing = words::unanswered(view.summary);
    let way = Way {
        passage: &view.loaded.response,
        kinds: (MessageKind::ResponseReceived, MessageKind::ResponseSent),
        both: "Response as received",
        received: ("Response as received from the origin", &missing),
        sent: ("Response as sent to the client", words::unreturned(view.summary)),
    };
    way.build(view, page);
    trailers(view, page, Side::Origin);
}

/// One message on its way, with the words for each of its heads.
struct Way<'a> {
    passage: &'a Passage,
    kinds: (MessageKind, MessageKind),
    both: &'a str,
    received: (&'a str, &'a str),
    sent: (&'a str, &'a str),
}

impl Way<'_> {
    fn build(&self, view: &View<'_>, page: &mut Page) {
        let (received, sent) = (self.passage.received.as_ref(), self.passage.sent.as_ref());
        if view.sides == Sides::Both
            && let (Some(received), Some(sent), Some(totals)) = (received, sent, self.passage.totals())
        {
            return self.merged(view, page, (received, sent), totals);
        }
        if view.sides != Sides::Sent {
            self.one(view, page, received, self.kinds.0, self.received);
        }
        if view.sides == Sides::Both {
            page.gap();
        }
        if view.sides != Sides::Received {
            self.one(view, page, sent, self.kinds.1, self.sent);
        }
    }

    /// The received head, with what was taken out, changed and put in.
    fn merged(&self, view: &View<'_>, page: &mut Page, (received, sent): (&Head, &Head), totals: Totals) {
        let changed = self.passage.pairs.iter().any(|pair| pair.fate != Fate::Kept);
        let title = if changed { ", and what was changed on its way" } else { " and as sent" };
        page.heading(&format!("{}{title}", self.both), &totals.says());
        let column = column(received).max(column(sent)).min(page.room() / 2);
        let mut rows = Vec::new();
        for pair in &self.passage.pairs {
            if let Some(at) = pair.before {
                let (place, cause) = ((self.kinds.0, at), pair.causes.first());
                let row = Row { at, place, fate: pair.fate, mark: pair.fate.mark(), cause };
                rows.extend(ready(view, page, received, row));
            }
            if let Some(at) = pair.after.filter(|_| matches!(pair.fate, Fate::Changed | Fate::Added)) {
                let (mark, cause) = match pair.fate {
                    Fate::Changed => ("→", None),
                    fate => (fate.mark(), pair.causes.first()),
                };
                let place = (self.kinds.1, at);
                rows.extend(ready(view, page, sent, Row { at, place, fate: pair.fate, mark, cause }));
            }
        }
        lay(view, page, &rows, column);
    }

    fn one(
        &self,
        view: &View<'_>,
        page: &mut Page,
        shown: Option<&Head>,
        kind: MessageKind,
        (title, missing): (&str, &str),
    ) {
        let Some(head) = shown else {
            page.heading(title, "");
            return page.prose("   ", missing, page.theme.notable());
        };
        let lines = units::counted(head.fields().len(), "field line", "field lines");
        page.heading(title, &format!("{} B, {lines}", units::count(head.raw().len() as u64)));
        let rows = (0..=head.fields().len()).filter_map(|at| {
            let place = self.found_at(kind, at);
            ready(view, page, head, Row { at, place, fate: Fate::Kept, mark: " ", cause: None })
        });
        let rows: Vec<_> = rows.collect();
        lay(view, page, &rows, column(head).min(page.room() / 2));
    }

    /// Where the findings of a line are: a line that was only passed on has those of the received one.
    fn found_at(&self, kind: MessageKind, at: usize) -> Place {
        let kept = |pair: &&Pair| pair.fate == Fate::Kept && pair.after == Some(at);
        let before = self.passage.pairs.iter().find(kept).and_then(|pair| pair.before);
        match before.filter(|_| kind == self.kinds.1) {
            Some(before) => (self.kinds.0, before),
            None => (kind, at),
        }
    }
}

/// Columns of the longest name that is no longer than most.
fn column(head: &Head) -> usize {
    let names = head.fields().map(|field| width::columns(&sanitize_bounded(field.name, 200)));
    names.filter(|columns| *columns <= NAMES).max().unwrap_or(0)
}

/// One line of a head as it is to be shown.
struct Row<'a> {
    at: usize,
    place: Place,
    fate: Fate,
    mark: &'static str,
    cause: Option<&'a Cause>,
}

/// A line as it is to be laid out, once it is known where facts stand.
struct Ready<'a> {
    row: Row<'a>,
    line: &'a [u8],
    field: Option<Field<'a>>,
    value: Vec<u8>,
    fact: Option<(String, Style, bool)>,
}

fn ready<'a>(view: &View<'_>, page: &Page, head: &'a Head, row: Row<'a>) -> Option<Ready<'a>> {
    let line = head.line(row.at)?;
    let field =
        row.at.checked_sub(1).and_then(|at| head.fields().nth(at)).filter(|field| !field.name.is_empty());
    let value = field.map_or_else(Vec::new, |field| pane::value_shown(&field, view.secrets));
    let fact = fact(view, page, &row, field.as_ref());
    Some(Ready { row, line, field, value, fact })
}

/// Lays the lines out, their facts below each other.
fn lay(view: &View<'_>, page: &mut Page, rows: &[Ready<'_>], column: usize) {
    let measure = |row: &Ready<'_>| {
        let (says, ..) = row.fact.as_ref()?;
        Some((width::columns(&sanitize_bounded(&row.value, 200)), width::columns(says)))
    };
    let measures: Vec<_> = rows.iter().filter_map(measure).collect();
    let facts = field_row::facts_column(&measures, page.room(), column);
    for ready in rows {
        let Ready { row, line, field, value, fact } = ready;
        let findings = view.loaded.inspected.on(row.place);
        let gravest = findings.first().map(|found| letter(page.theme, found.rule.severity));
        let ink = match row.fate {
            Fate::Kept => None,
            Fate::Changed => Some(page.theme.notable()),
            Fate::Removed => Some(page.theme.bad()),
            Fate::Added => Some(page.theme.good()),
        };
        let from = field_row::push(
            page,
            &FieldRow {
                letter: gravest.unwrap_or((" ", Style::new())),
                mark: row.mark,
                ink,
                name: field.map_or(*line, |field| field.name),
                value,
                column: if field.is_some() { column } else { 0 },
                start_line: row.at == 0,
                fact: fact.clone(),
                facts,
            },
        );
        page.stop(from, line, row.at == 0);
        page.stands_at(row.place);
    }
}

/// What stands behind the value: what is wrong, else why it was changed, else a fact.
fn fact(
    view: &View<'_>,
    page: &Page,
    row: &Row<'_>,
    field: Option<&Field<'_>>,
) -> Option<(String, Style, bool)> {
    let findings = view.loaded.inspected.on(row.place);
    if let Some(found) = findings.first() {
        let grave = found.rule.severity > crate::inspect::Severity::Info;
        return Some((found.says.clone(), letter(page.theme, found.rule.severity).1, grave));
    }
    if let Some(cause) = row.cause {
        return Some((format!("{} ({})", cause.says(), cause.clause()), page.theme.dim(), false));
    }
    let says = facts::of(&view.loaded.inspected, row.place, field?)?;
    Some((says, page.theme.dim(), false))
}

fn trailers(view: &View<'_>, page: &mut Page, side: Side) {
    let Some(trailers) = view.loaded.exchange.body(side).trailers.as_ref().filter(|bytes| !bytes.is_empty())
    else {
        return;
    };
    page.gap();
    page.heading("Trailer section", "");
    for line in trailers.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            page.head_line(" ", line, false, None);
        }
    }
}

/// The heads that were recorded, with what each is.
pub fn recorded<'a>(view: &'a View<'_>) -> impl Iterator<Item = (MessageKind, &'a Bytes)> {
    let heads = &view.loaded.exchange.heads;
    MessageKind::ALL.into_iter().filter_map(|kind| heads.of(kind).map(|raw| (kind, raw)))
}
