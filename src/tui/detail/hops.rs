//! The Hops tab: every line as received beside every line as sent, and the reason for each difference.
//!
//! Side by side where there is room, else one under the other as a diff. Lines stand
//! exactly as on the wire, save that they are sanitised and wrapped.

use super::{Passage, Sides, View};
use crate::exchange::{Body, Cause, Connection, Head};
use crate::hop;
use crate::text::{sanitize_bounded, width};
use crate::tui::ledger::{Fate, Pair};
use crate::tui::page::{Cell, Joins, Page, head_cells, words as words_of};
use crate::tui::words;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

/// Columns from which received and sent stand side by side.
const SIDE_BY_SIDE: usize = 100;

/// Before the first line of a reason.
const REASON: &str = "   └ ";
/// Before its further lines.
const REASON_ON: &str = "     ";

/// Builds the tab: the request, then the response.
pub fn build(view: &View<'_>, page: &mut Page) {
    let (client, origin) = (view.loaded.client.as_ref(), view.loaded.origin.as_ref());
    let request = Way { title: "Request", from: "client", to: "origin", source: client, goal: origin };
    heading(view, page, &request);
    build_request(view, &request, page);
    trailers(page, &view.loaded.exchange.request_body);
    page.gap();
    let response = Way { title: "Response", from: "origin", to: "client", source: origin, goal: client };
    heading(view, page, &response);
    build_response(view, &response, page);
    trailers(page, &view.loaded.exchange.response_body);
}

/// A message's way through the hop.
struct Way<'a> {
    title: &'a str,
    from: &'a str,
    to: &'a str,
    source: Option<&'a Connection>,
    goal: Option<&'a Connection>,
}

/// The title, and who the message passes through, as far as they said so (RFC 9110 7.6.3).
fn heading(view: &View<'_>, page: &mut Page, way: &Way<'_>) {
    let (request, response) = (&view.loaded.request, &view.loaded.response);
    let mut path = hop::path(request.received.as_ref(), response.received.as_ref(), "hopscope");
    let passage = if way.to == "client" { response } else { request };
    if way.to == "client" {
        path.reverse();
    }
    let path: Vec<_> = path.into_iter().map(|name| sanitize_bounded(name, 40)).collect();
    let totals = passage.totals().map(super::Totals::says).unwrap_or_default();
    page.heading(&format!("{}   {} → {} → {}", way.title, way.from, path.join(" → "), way.to), &totals);
}

fn build_request(view: &View<'_>, way: &Way<'_>, page: &mut Page) {
    let passage = &view.loaded.request;
    if let (Some(received), Some(sent)) = (&passage.received, &passage.sent) {
        return compare(view, way, passage, received, sent, page);
    }
    if let Some(head) = passage.received.as_ref().or(passage.sent.as_ref()) {
        alone(page, head);
    }
    missing(view, page, &words::unsent(&view.loaded.exchange));
    cure(view, page);
}

fn build_response(view: &View<'_>, way: &Way<'_>, page: &mut Page) {
    interim(view, page);
    let passage = &view.loaded.response;
    let unasked = view.loaded.request.sent.is_none();
    // An answer of ours was not made of what came: nothing is to be compared.
    let ours = view.loaded.exchange.is_ours();
    if let (Some(received), Some(sent), false) = (&passage.received, &passage.sent, ours) {
        compare(view, way, passage, received, sent, page);
        return failure(view, page);
    }
    match &passage.received {
        Some(received) => {
            alone(page, received);
            missing(view, page, words::unreturned(view.summary));
            failure(view, page);
        }
        // The request's part has told the failure already.
        None if unasked && view.summary.failure.is_some() => {
            page.prose(" ", "No response from the origin, as it was not asked.", page.theme.notable());
        }
        None => {
            missing(view, page, &words::unanswered(view.summary));
            cure(view, page);
        }
    }
    if let Some(sent) = &passage.sent {
        page.gap();
        page.prose(" ", "Made by hopscope and sent to the client:", page.theme.dim());
        alone(page, sent);
    }
}

fn interim(view: &View<'_>, page: &mut Page) {
    for interim in &view.loaded.exchange.interim {
        let head = Head::parse(interim.head.clone());
        let fate = if interim.forwarded { "passed on" } else { "not passed on" };
        page.head_line(" ", head.start_line(), true, Some(page.theme.dim()));
        let says = format!("interim response, {fate}; its fields are in Response (3)");
        page.prose(REASON, &says, page.theme.dim());
    }
}

/// A head that has no counterpart.
fn alone(page: &mut Page, head: &Head) {
    page.head_line(" ", head.start_line(), true, None);
    for field in head.fields() {
        page.head_line(" ", field.line, false, None);
    }
}

/// Why there is no counterpart.
fn missing(view: &View<'_>, page: &mut Page, says: &str) {
    let failed = view.summary.failure.is_some();
    page.prose(" ", says, if failed { page.theme.bad() } else { page.theme.notable() });
}

/// What can be done about the failure, if there is one.
fn cure(view: &View<'_>, page: &mut Page) {
    if let Some(failure) = &view.summary.failure {
        page.prose(" ", words::cure(failure), Style::new());
    }
}

/// A failure that came after the heads had passed.
fn failure(view: &View<'_>, page: &mut Page) {
    if let Some(failure) = &view.summary.failure {
        page.gap();
        page.prose(" ", &format!("Then it failed: {}", failure.says), page.theme.bad());
        cure(view, page);
    }
}

fn compare(view: &View<'_>, way: &Way<'_>, passage: &Passage, received: &Head, sent: &Head, page: &mut Page) {
    let heads = Heads { received, sent };
    match view.sides {
        Sides::Both if page.room() >= SIDE_BY_SIDE => {
            columns_heading(page, way);
            for pair in &passage.pairs {
                heads.side_by_side(page, pair);
            }
        }
        Sides::Both => {
            for pair in &passage.pairs {
                heads.stacked(page, pair);
                push_reasons(page, pair);
            }
        }
        Sides::Received => {
            page.prose("   ", &end("received from", way.from, way.source), page.theme.dim());
            for pair in passage.pairs.iter().filter(|pair| pair.before.is_some()) {
                heads.received(page, pair, pair.fate.mark());
                push_reasons(page, pair);
            }
        }
        Sides::Sent => {
            page.prose("   ", &end("sent to", way.to, way.goal), page.theme.dim());
            let mut pairs: Vec<&Pair> = passage.pairs.iter().filter(|pair| pair.after.is_some()).collect();
            pairs.sort_by_key(|pair| pair.after);
            for pair in pairs {
                heads.sent(page, pair, pair.fate.mark());
                push_reasons(page, pair);
            }
        }
    }
}

struct Heads<'a> {
    received: &'a Head,
    sent: &'a Head,
}

impl Heads<'_> {
    fn stacked(&self, page: &mut Page, pair: &Pair) {
        match pair.fate {
            Fate::Changed => {
                self.received(page, pair, pair.fate.mark());
                self.sent(page, pair, "→");
            }
            Fate::Added => self.sent(page, pair, pair.fate.mark()),
            Fate::Kept | Fate::Removed => self.received(page, pair, pair.fate.mark()),
        }
    }

    fn received(&self, page: &mut Page, pair: &Pair, mark: &str) {
        if let Some((number, line)) = numbered(self.received, pair.before) {
            page.head_line(mark, line, number == 0, ink(page, pair.fate));
        }
    }

    fn sent(&self, page: &mut Page, pair: &Pair, mark: &str) {
        if let Some((number, line)) = numbered(self.sent, pair.after) {
            page.head_line(mark, line, number == 0, ink(page, pair.fate));
        }
    }

    /// Received on the left, sent on the right, and the reason on the right as well: where a
    /// removed line would stand, else below. The cursor stands on both as on one: the line sent, or
    /// the one that was not.
    fn side_by_side(&self, page: &mut Page, pair: &Pair) {
        let (half, ink, from) = (page.half(), ink(page, pair.fate), page.mark());
        let cells = |line: Option<(usize, &[u8])>| match line {
            Some((number, line)) => head_cells(page.theme, pair.fate.mark(), line, number == 0, half, ink),
            None => Vec::new(),
        };
        let (received, sent) = (numbered(self.received, pair.before), numbered(self.sent, pair.after));
        let (left, mut right) = (cells(received), cells(sent));
        right.extend(reasons(page, pair, half));
        page.beside(left, right);
        if let Some((number, line)) = sent.or(received) {
            page.stop(from, line, number == 0);
        }
    }
}

fn columns_heading(page: &mut Page, way: &Way<'_>) {
    let half = page.half();
    let left = width::fit(&end("   received from", way.from, way.source), half, "…");
    let right = width::cut(&end("   sent to", way.to, way.goal), half, "…").into_owned();
    let dim = page.theme.dim();
    page.push(Line::from(vec![Span::styled(left, dim), Span::styled("│", dim), Span::styled(right, dim)]));
}

/// `received from client 127.0.0.1:5123`; the origin's address may not be known.
fn end(says: &str, who: &str, connection: Option<&Connection>) -> String {
    match connection.and_then(|connection| connection.peer) {
        Some(peer) => format!("{says} {who} {peer}"),
        None => format!("{says} {who}"),
    }
}

/// Why a line differs, each reason with its clause, as rows of `room` columns; nothing for
/// a kept line.
fn reasons(page: &Page, pair: &Pair, room: usize) -> Vec<Cell> {
    let room = room.saturating_sub(REASON.width());
    let cells = |says: &str, clause: &str, style: Style| {
        // A clause is looked up by its number: it stays in one piece.
        let mut lines = words_of(says, room);
        match lines.last_mut() {
            Some(last) if last.width() + 1 + clause.width() <= room => *last = format!("{last} {clause}"),
            _ => lines.push(clause.to_owned()),
        }
        let cell = |(index, line)| {
            let (lead, joins) = if index == 0 { (REASON, Joins::Not) } else { (REASON_ON, Joins::AtSpace) };
            Cell { lead: Span::styled(lead, style), text: vec![Span::styled(line, style)], joins }
        };
        lines.into_iter().enumerate().map(cell).collect::<Vec<_>>()
    };
    if pair.fate != Fate::Kept && pair.causes.is_empty() {
        return cells(
            "hopscope's ledger gives no reason for this:",
            "a bug, please report it",
            page.theme.bad(),
        );
    }
    let of = |cause: &Cause| cells(&format!("{} ·", cause.says()), cause.clause(), page.theme.dim());
    pair.causes.iter().flat_map(of).collect()
}

fn push_reasons(page: &mut Page, pair: &Pair) {
    for cell in reasons(page, pair, page.room()) {
        page.cell(cell);
    }
}

/// The trailer section line by line; what stayed behind with its reason.
fn trailers(page: &mut Page, body: &Body) {
    for (index, (line, withheld)) in body.trailer_lines().enumerate() {
        if index == 0 {
            page.prose(" ", "Trailer section, behind the body:", page.theme.dim());
        }
        let fate = if withheld.is_some() { Fate::Removed } else { Fate::Kept };
        page.head_line(fate.mark(), line, false, ink(page, fate));
        if let Some(cause) = withheld {
            page.prose(REASON, &format!("{} · {}", cause.says(), cause.clause()), page.theme.dim());
        }
    }
}

fn ink(page: &Page, fate: Fate) -> Option<Style> {
    match fate {
        Fate::Kept => None,
        Fate::Changed => Some(page.theme.notable()),
        Fate::Removed => Some(page.theme.bad()),
        Fate::Added => Some(page.theme.good()),
    }
}

fn numbered(head: &Head, number: Option<usize>) -> Option<(usize, &[u8])> {
    let number = number?;
    head.line(number).map(|line| (number, line))
}
