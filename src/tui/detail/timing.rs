//! The Timing tab: the phases as bars on one axis of time, and what hopscope itself added.

use super::View;
use super::phases::{self, End, Phase};
use crate::text::{units, width};
use crate::tui::page::Page;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of a phase's name.
const NAMES: usize = 9;
/// Columns of a time.
const TIMES: usize = 7;
/// Columns of a share of the whole.
const SHARES: usize = 6;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    let phases = phases::of(view);
    let total = phases::total(view, &phases);
    let whole = if view.loaded.exchange.is_over() { "in all" } else { "so far" };
    page.heading("Where the time went", &format!("{} {whole}", units::duration(total)));
    axis(page, total);
    for phase in &phases {
        row(page, phase, total);
    }
    page.gap();
    own_part(view, page);
    connection(view, page);
    further(view, page);
}

/// Where the bars begin.
fn before_bars() -> usize {
    1 + NAMES + TIMES + SHARES + 2
}

fn bar_room(page: &Page) -> usize {
    page.room().saturating_sub(before_bars() + 1)
}

fn axis(page: &mut Page, total: u64) {
    let (room, end) = (bar_room(page), units::duration(total));
    if room > end.len() + 2 {
        let gap = " ".repeat(room - 1 - end.len());
        let line = format!("{}0{gap}{end}", " ".repeat(before_bars()));
        page.push(Line::styled(line, page.theme.dim()));
    }
}

fn row(page: &mut Page, phase: &Phase, total: u64) {
    let style = match phase.end {
        End::Done => Style::new(),
        End::UnderWay => page.theme.notable(),
        End::Failed => page.theme.bad(),
    };
    let text = format!(
        " {}{:>TIMES$}{:>SHARES$}  ",
        width::fit(phase.name, NAMES, "…"),
        units::duration(phase.took()),
        share(phase.took(), total)
    );
    let room = bar_room(page);
    let (from, to) = (column(phase.from, total, room), column(phase.to, total, room));
    let bar = if to > from { "█".repeat(to - from) } else { "▏".to_owned() };
    let from = from.min(room.saturating_sub(1));
    let mut spans = vec![Span::styled(text, style), Span::raw(" ".repeat(from))];
    let ink = if phase.end == End::Failed { style } else { page.theme.name() };
    let used = from + width::columns(&bar);
    spans.push(Span::styled(bar, ink));
    let says = match phase.end {
        End::Done => "",
        End::UnderWay => " so far",
        End::Failed => " failed",
    };
    if used + says.len() <= room {
        spans.push(Span::styled(says, style));
    }
    page.push(Line::from(spans));
}

fn column(micros: u64, total: u64, room: usize) -> usize {
    let room = u64::try_from(room).unwrap_or(0);
    let column = u128::from(micros) * u128::from(room) / u128::from(total.max(1));
    usize::try_from(column.min(u128::from(room))).unwrap_or(0)
}

fn share(part: u64, total: u64) -> String {
    match u128::from(part) * 100 / u128::from(total.max(1)) {
        0 if part > 0 => "<1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// What the hop itself added: from a head's arrival to its sending on, without what was waited for.
fn own_part(view: &View<'_>, page: &mut Page) {
    let timing = &view.loaded.exchange.timing;
    let dialled = [timing.request_head, timing.resolved, timing.connected, timing.secured];
    let ready = dialled.into_iter().flatten().max();
    let mut parts = Vec::new();
    if let (Some(ready), Some(sent)) = (ready, timing.request_sent) {
        parts.push(format!("{} to the request", micros(sent.saturating_sub(ready))));
    }
    if let (Some(came), Some(sent)) = (timing.response_head, timing.response_sent) {
        let took = micros(sent.saturating_sub(came));
        parts.push(format!("{took} to the response's first byte"));
    }
    if !parts.is_empty() {
        page.fact("hop added", &parts.join(", "), Style::new());
    }
}

/// Short times to the microsecond: what the hop adds is mostly less than a millisecond.
fn micros(took: u64) -> String {
    if took < 10_000 { format!("{} µs", units::count(took)) } else { units::duration(took) }
}

fn connection(view: &View<'_>, page: &mut Page) {
    let timing = &view.loaded.exchange.timing;
    let says = match view.loaded.exchange.origin_connection {
        Some((_, true)) => "used before: nothing to resolve, connect or secure",
        Some((_, false)) if timing.connected.is_some() => "opened for this exchange",
        Some((_, false)) => "opened for this client before, when it asked for its tunnel",
        None => return,
    };
    page.fact("connection", says, Style::new());
    if let Some(dialling) = view.loaded.origin.as_ref().and_then(|origin| origin.dialling.as_ref()) {
        page.fact("reached", &dialling.to_string(), Style::new());
    }
}

/// What else happened on the way.
fn further(view: &View<'_>, page: &mut Page) {
    for attempt in &view.loaded.exchange.attempts {
        let says = format!("once before, after {}: {}", units::duration(attempt.at), attempt.says);
        page.fact("sent", &says, page.theme.notable());
    }
    for interim in &view.loaded.exchange.interim {
        let head = crate::exchange::Head::parse(interim.head.clone());
        let status = head.status_line().map_or(0, |(_, status, _)| status);
        page.fact("interim", &format!("{status} after {}", units::duration(interim.at)), Style::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_lie_within_the_room_and_shares_within_the_whole() {
        for (micros, total) in [(0, 0), (5, 0), (1, 3), (3, 3), (u64::MAX, u64::MAX), (9, 3)] {
            assert!(column(micros, total, 20) <= 20);
        }
        assert_eq!((column(1, 2, 20), column(2, 2, 20)), (10, 20));
        assert_eq!(
            (share(1, 1000), share(0, 9), share(1, 3), share(3, 3)),
            ("<1 %".into(), "0 %".into(), "33 %".into(), "100 %".into())
        );
    }

    #[test]
    fn short_times_are_told_in_microseconds() {
        assert_eq!(
            (micros(0), micros(1_234), micros(12_000)),
            ("0 µs".into(), "1 234 µs".into(), "12ms".into())
        );
    }
}
