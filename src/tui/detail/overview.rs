//! The Overview tab: the exchange at a glance.

use super::{Passage, View};
use crate::exchange::{Connection, State, Verdict};
use crate::text::units;
use crate::tui::page::Page;
use crate::tui::words;
use ratatui::style::Style;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    page.wrapped(" ", &format!("{} {}", view.summary.method, view.summary.url()), page.theme.strong());
    outcome(view, page);
    page.gap();
    course(view, page);
    page.gap();
    ends(view, page);
    page.gap();
    hop(view, page);
}

/// What came of it: the failure first, with its cure.
fn outcome(view: &View<'_>, page: &mut Page) {
    let summary = view.summary;
    if let Some(line) = status_line(view) {
        let who = if view.loaded.exchange.is_ours() { "   (made by hopscope)" } else { "" };
        page.wrapped(" ", &format!("{line}{who}"), page.theme.strong());
    }
    let Some(failure) = &summary.failure else { return };
    page.gap();
    page.fact("failed", &failure.says, page.theme.bad());
    let side = failure.side.as_str();
    page.fact(
        "where",
        &format!("{} on the {side}'s side, {}", failure.phase.as_str(), failure.kind.as_str()),
        Style::new(),
    );
    page.fact("what to do", words::cure(failure), Style::new());
}

fn status_line(view: &View<'_>) -> Option<String> {
    let head = view.loaded.response.sent.as_ref().or(view.loaded.response.received.as_ref())?;
    Some(crate::text::sanitize_bounded(head.start_line(), 2048).into_owned())
}

fn course(view: &View<'_>, page: &mut Page) {
    let summary = view.summary;
    let plain = Style::new();
    let state = match summary.state {
        State::Open => ("under way", page.theme.notable()),
        State::Done => ("complete", plain),
        State::Aborted => ("cut short by the client", page.theme.bad()),
        State::Failed => ("failed", page.theme.bad()),
    };
    page.fact("state", state.0, state.1);
    page.fact("began", &words::moment(summary.started), plain);
    if let Some(took) = summary.duration {
        let first = summary.ttfb.map(|at| format!(", response head after {}", units::duration(at)));
        page.fact("took", &format!("{}{}", units::duration(took), first.unwrap_or_default()), plain);
    }
    page.fact(
        "request",
        &format!("{}, body {} B", summary.version, units::count(summary.request_bytes)),
        plain,
    );
    if summary.status.is_some() {
        let kind = summary.media_type.as_deref().unwrap_or("no media type");
        page.fact("response", &format!("{kind}, body {} B", units::count(summary.response_bytes)), plain);
    }
    let marks: Vec<&str> = summary.flags.words().collect();
    if !marks.is_empty() {
        page.fact("marks", &marks.join(", "), plain);
    }
    if let Some(parent) = summary.parent {
        page.fact("replay of", &format!("#{}", parent.0), plain);
    }
    if let Some(tunnel) = view.loaded.exchange.tunnel {
        page.fact("tunnel", &format!("came through CONNECT #{}", tunnel.0), plain);
    }
}

fn ends(view: &View<'_>, page: &mut Page) {
    page.fact("client", &end(&view.summary.client, view.loaded.client.as_ref()), Style::new());
    let peer = view.loaded.origin.as_ref().and_then(|origin| origin.peer);
    let reused = match view.loaded.exchange.origin_connection {
        Some((_, true)) => ", connection used before",
        _ => "",
    };
    match (peer, view.loaded.exchange.origin_connection) {
        (Some(peer), _) => {
            let origin = end(&format!("{peer}{reused}"), view.loaded.origin.as_ref());
            page.fact("origin", &origin, trust(view, page));
        }
        (None, Some(_)) => page.fact("origin", "address not recorded", page.theme.dim()),
        (None, None) => page.fact("origin", "no connection was made", page.theme.dim()),
    }
}

fn trust(view: &View<'_>, page: &Page) -> Style {
    let tls = view.loaded.origin.as_ref().and_then(|origin| origin.tls.as_ref());
    match tls.and_then(|tls| tls.verdict.as_ref()) {
        Some(Verdict::Untrusted(_)) => page.theme.bad(),
        _ => Style::new(),
    }
}

fn end(address: &str, connection: Option<&Connection>) -> String {
    match connection.and_then(|connection| connection.tls.as_ref()) {
        Some(tls) => match &tls.verdict {
            Some(Verdict::Untrusted(why)) => format!("{address}, {}, not trusted: {why}", tls.version),
            _ => format!("{address}, {}", tls.version),
        },
        None => format!("{address}, plain TCP"),
    }
}

fn hop(view: &View<'_>, page: &mut Page) {
    let says = |passage: &Passage| passage.totals().map(super::Totals::says);
    if let Some(request) = says(&view.loaded.request) {
        page.fact("hop", &format!("request: {request}"), Style::new());
    }
    if let Some(response) = says(&view.loaded.response) {
        page.fact("hop", &format!("response: {response}"), Style::new());
    }
    if let Some(name) = &view.status.capture {
        page.fact("capture", name, page.theme.dim());
    }
}
