//! The Timing tab: what ended when, each with the time since what ended before it.

use super::View;
use crate::exchange::Timing;
use crate::text::{units, width};
use crate::tui::page::Page;
use ratatui::text::{Line, Span};

/// Columns of the names of moments.
const NAMES: usize = 26;
/// Columns of a time.
const TIMES: usize = 8;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    let moments = moments(&view.loaded.exchange.timing);
    let total = moments.last().map_or(0, |(at, _)| *at).max(view.summary.duration.unwrap_or(0));
    page.heading("What ended when", &format!("{} in all", units::duration(total)));
    let dim = page.theme.dim();
    page.push(Line::styled(format!("   {:NAMES$}{:>TIMES$}{:>TIMES$}", "", "at", "took"), dim));
    let mut before = 0;
    for (at, name) in moments {
        row(page, name, before, at, total);
        before = at;
    }
    if let Some((_, true)) = view.loaded.exchange.origin_connection {
        page.gap();
        page.prose(
            "   ",
            "The origin connection had been used before: nothing to resolve, connect or secure.",
            dim,
        );
    }
    for attempt in &view.loaded.exchange.attempts {
        page.gap();
        let at = units::duration(attempt.at);
        page.prose("   ", &format!("Sent once before, after {at}: {}", attempt.says), page.theme.notable());
    }
}

/// A moment with its bar: from the moment before to this one, on the scale of the whole.
fn row(page: &mut Page, name: &str, before: u64, at: u64, total: u64) {
    let took = at.saturating_sub(before);
    let text = format!(
        "   {}{:>TIMES$}{:>TIMES$}  ",
        width::fit(name, NAMES, "…"),
        units::duration(at),
        units::duration(took)
    );
    let room = page.room().saturating_sub(width::columns(&text) + 1);
    let column = |micros: u64| {
        let share = micros as f64 / total.max(1) as f64;
        // In range: the share is at most one.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= share <= 1")]
        let column = (share * room as f64) as usize;
        column.min(room)
    };
    let (from, to) = (column(before), column(at));
    let bar = "█".repeat((to - from).max(1).min(room));
    let from = from.min(room.saturating_sub(1));
    page.push(Line::from(vec![
        Span::raw(text),
        Span::raw(" ".repeat(from)),
        Span::styled(bar, page.theme.name()),
    ]));
}

/// The moments that happened, in the order in which they did.
fn moments(timing: &Timing) -> Vec<(u64, &'static str)> {
    let all = [
        (timing.request_head, "request head arrived"),
        (timing.resolved, "name resolved"),
        (timing.connected, "connected to origin"),
        (timing.secured, "TLS with origin done"),
        (timing.request_sent, "request head sent"),
        (timing.request_end, "request body ended"),
        (timing.response_head, "response head arrived"),
        (timing.response_sent, "response head sent on"),
        (timing.response_end, "response body ended"),
    ];
    let mut moments: Vec<(u64, &str)> =
        all.into_iter().filter_map(|(at, name)| at.map(|at| (at, name))).collect();
    moments.sort_by_key(|(at, _)| *at);
    moments
}
