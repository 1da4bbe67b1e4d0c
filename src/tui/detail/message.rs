//! The Request and Response tabs: heads exactly as on the wire, as received and as sent.

use super::{Passage, Sides, View};
use crate::exchange::{Head, MessageKind, Side};
use crate::text::units;
use crate::tui::page::Page;
use crate::tui::words;
use bytes::Bytes;

/// Builds the Request tab.
pub fn request(view: &View<'_>, page: &mut Page) {
    let exchange = &view.loaded.exchange;
    let received = "Request as received from the client";
    let sent = "Request as sent to the origin";
    let unsent = words::unsent(exchange);
    heads(view, page, &view.loaded.request, (received, "No request head was recorded."), (sent, &unsent));
    trailers(view, page, Side::Client);
}

/// Builds the Response tab.
pub fn response(view: &View<'_>, page: &mut Page) {
    for interim in &view.loaded.exchange.interim {
        let fate = if interim.forwarded { "passed on" } else { "not passed on" };
        page.heading("Interim response", &format!("after {}, {fate}", units::duration(interim.at)));
        head(page, &Head::parse(interim.head.clone()));
        page.gap();
    }
    let received = "Response as received from the origin";
    let sent = "Response as sent to the client";
    let missing = words::unanswered(view.summary);
    let unreturned = words::unreturned(view.summary);
    heads(view, page, &view.loaded.response, (received, &missing), (sent, unreturned));
    trailers(view, page, Side::Origin);
}

/// The two heads with their titles, or what is said in the place of a missing one.
fn heads(view: &View<'_>, page: &mut Page, passage: &Passage, received: (&str, &str), sent: (&str, &str)) {
    if view.sides != Sides::Sent {
        one(page, passage.received.as_ref(), received);
    }
    if view.sides == Sides::Both {
        page.gap();
    }
    if view.sides != Sides::Received {
        one(page, passage.sent.as_ref(), sent);
    }
}

fn one(page: &mut Page, shown: Option<&Head>, (title, missing): (&str, &str)) {
    let Some(shown) = shown else {
        page.heading(title, "");
        return page.prose("   ", missing, page.theme.notable());
    };
    let lines = units::counted(shown.fields().len(), "field line", "field lines");
    page.heading(title, &format!("{} B, {lines}", units::count(shown.raw().len() as u64)));
    head(page, shown);
}

fn head(page: &mut Page, head: &Head) {
    page.head_line(" ", head.start_line(), true, None);
    for field in head.fields() {
        page.head_line(" ", field.line, false, None);
    }
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
