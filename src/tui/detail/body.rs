//! The Body tab: what is known of both bodies. Reading them here is still to come.

use super::View;
use crate::exchange::{Body, BodyPlace, Side};
use crate::text::units;
use crate::tui::page::Page;
use ratatui::style::Style;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    let exchange = &view.loaded.exchange;
    one(page, "Request body", exchange.body(Side::Client), exchange.is_over());
    page.gap();
    one(page, "Response body", exchange.body(Side::Origin), exchange.is_over());
    if let Some(kind) = &view.summary.media_type {
        page.fact("type", kind, Style::new());
    }
    page.gap();
    page.prose(" ", "The bytes themselves cannot be read on this screen yet.", page.theme.dim());
}

fn one(page: &mut Page, title: &str, body: &Body, over: bool) {
    page.heading(title, "");
    if body.length == 0 && body.complete {
        page.fact("length", "empty", Style::new());
        return;
    }
    page.fact(
        "length",
        &format!("{} B as received, framing removed", units::count(body.length)),
        Style::new(),
    );
    match (body.complete, over) {
        (true, _) => page.fact("ended", "as its framing promised", Style::new()),
        (false, false) => page.fact("ended", "not yet", page.theme.notable()),
        (false, true) => {
            page.fact("ended", "before its framing promised: it is incomplete", page.theme.bad());
        }
    }
    match body.truncated {
        Some(why) => page.fact(
            "kept",
            &format!("the first {} B: {}", units::count(body.kept), why.says()),
            page.theme.notable(),
        ),
        None if body.kept == body.length => page.fact("kept", "whole", Style::new()),
        None => page.fact("kept", &format!("{} B", units::count(body.kept)), Style::new()),
    }
    page.fact("where", place(&body.place), Style::new());
}

fn place(place: &BodyPlace) -> &'static str {
    match place {
        BodyPlace::Nowhere => "nowhere",
        BodyPlace::Inline(_) => "in the record",
        BodyPlace::File(_) => "in the capture's bodies folder",
        BodyPlace::Arriving => "still arriving",
    }
}
