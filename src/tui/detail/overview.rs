//! The Overview tab: one screen that says what came of the exchange, where its time went, who answered
//! over which connections, and what the hop changed.

use super::inspected::letter;
use super::phases::{self, End, Phase};
use super::{Passage, View};
use crate::exchange::{
    Body, Connection, Flags, Phase as FailedIn, Side, State, TlsFacts, Truncation, Tunnelled, Unopened,
    Verdict,
};
use crate::inspect::Severity;
use crate::text::{sanitize_bounded, units};
use crate::tui::page::Page;
use crate::tui::{cures, meanings, words};
use ratatui::style::Style;

/// Phases that are named beside the whole time.
const NAMED: usize = 3;

/// Microseconds below which a phase is not named: it would be shown as none.
const SHORTEST: u64 = 50;

/// Marks that the page tells in words of their own.
const TOLD: u32 = Flags::OURS.0
    | Flags::REPLAY.0
    | Flags::TRUNCATED.0
    | Flags::UNVERIFIED.0
    | Flags::HIDDEN.0
    | Flags::TUNNEL.0
    | Flags::LEARNED.0
    | Flags::INTERCEPTED.0
    | Flags::NOTED.0
    | Flags::PARTIAL.0;

/// Builds the tab.
pub fn build(view: &View<'_>, page: &mut Page) {
    page.wrapped(" ", &format!("{} {}", view.summary.method, view.summary.url()), page.theme.strong());
    outcome(view, page);
    if let Some(note) = &view.summary.note {
        page.fact("note", note.as_str(), page.theme.name());
    }
    failure(view, page);
    page.gap();
    course(view, page);
    page.gap();
    ends(view, page);
    findings(view, page);
    page.gap();
    links(view, page);
}

/// The status in words, or how far it is.
fn outcome(view: &View<'_>, page: &mut Page) {
    let summary = view.summary;
    let ink = match (summary.state, summary.status) {
        (State::Open, _) => page.theme.notable(),
        (State::Failed | State::Aborted, _) | (_, Some(500..)) => page.theme.bad(),
        (_, Some(400..)) => page.theme.notable(),
        (_, Some(200..=299)) => page.theme.good(),
        _ => Style::new(),
    };
    let says = match (summary.status, summary.state) {
        (Some(status), _) => {
            let (known, _) = meanings::of(status);
            let phrase = phrase(view).filter(|phrase| !phrase.is_empty());
            let phrase = phrase.unwrap_or_else(|| known.to_owned());
            let space = if phrase.is_empty() { "" } else { " " };
            format!("{status}{space}{phrase}: {}", meaning(view, status))
        }
        (None, State::Open) => "No response yet".to_owned(),
        (None, _) => "No response".to_owned(),
    };
    page.prose(" ", &says, ink.patch(page.theme.strong()));
    if summary.state == State::Open {
        let doing = phases::of(view).last().map_or("under way", |phase| doing(phase.name));
        let says = format!("{doing}, for {} so far", units::duration(phases::so_far(view)));
        page.prose(" ", &says, page.theme.notable());
    }
}

/// What the status means here: with a failure it is not the whole story.
fn meaning(view: &View<'_>, status: u16) -> &'static str {
    let summary = view.summary;
    match &summary.failure {
        Some(_) if view.loaded.exchange.is_ours() && status >= 400 => "hopscope could not get an answer",
        Some(_) if summary.method == "CONNECT" => "the tunnel was opened, then it failed",
        Some(_) => "it began so, then it failed",
        None if summary.method == "CONNECT" && status < 300 => "the tunnel stands",
        None => meanings::of(status).1,
    }
}

fn phrase(view: &View<'_>) -> Option<String> {
    let head = view.loaded.response.sent.as_ref().or(view.loaded.response.received.as_ref())?;
    let (_, _, phrase) = head.status_line()?;
    Some(sanitize_bounded(phrase, 256).into_owned())
}

fn doing(phase: &str) -> &'static str {
    match phase {
        "request" => "the client is sending its request",
        "dns" => "the origin's name is being looked up",
        "connect" => "connecting to the origin",
        "tls" => "securing the connection to the origin",
        "send" => "the request is being sent",
        "wait" => "waiting for the origin to answer",
        "receive" => "the response is arriving",
        "tunnel" => "the tunnel is open",
        _ => "under way",
    }
}

/// What went wrong, why, and what to do.
fn failure(view: &View<'_>, page: &mut Page) {
    let Some(failure) = &view.summary.failure else { return };
    page.gap();
    page.fact("failed", cures::cause(failure), page.theme.bad());
    page.fact("what to do", &cures::cure_for(failure, &view.summary.host), Style::new());
    if let Some(recipe) = recipe(view) {
        page.fact("this client", &recipe, Style::new());
    }
}

/// For a client that did not trust us, by its User-Agent.
fn recipe(view: &View<'_>) -> Option<String> {
    let failure = view.summary.failure.as_ref()?;
    let refused = failure.kind == crate::exchange::Kind::CertificateRefused;
    let agent = view.loaded.request.received.as_ref()?.value("user-agent").filter(|_| refused)?;
    crate::ca::recipe(agent, view.status.ca.as_deref()?)
}

fn course(view: &View<'_>, page: &mut Page) {
    let exchange = &view.loaded.exchange;
    page.fact("answered by", &answerer(view), Style::new());
    page.fact("time", &time(view), Style::new());
    if view.summary.flags.has(Flags::TUNNEL) {
        let [up, down] =
            [&exchange.request_body, &exchange.response_body].map(|body| units::count(body.length));
        page.fact("relayed", &format!("{up} B to the origin, {down} B to the client"), Style::new());
        if let Some(tunnel) = &exchange.tunnelled {
            tunnelled(view, page, tunnel);
        }
    } else if !view.summary.flags.has(Flags::INTERCEPTED) {
        messages(view, page);
    }
    if let Some(place) = location(view) {
        page.fact("leads to", &place, page.theme.name());
    }
}

/// A tunnel that was relayed unread: why, what was spoken, how it ended.
fn tunnelled(view: &View<'_>, page: &mut Page, tunnel: &Tunnelled) {
    let learned = tunnel.why == Unopened::Learned;
    page.fact("unread", &tunnel.reason(), if learned { page.theme.notable() } else { Style::new() });
    if learned && view.status.recording {
        page.fact(
            "what to do",
            "let the client trust hopscope's CA; then i intercepts the host again",
            Style::new(),
        );
    }
    page.fact("spoken", &tunnel.speech(), Style::new());
    if let Some(ending) = tunnel.ending(units::duration) {
        page.fact("ended", &ending, Style::new());
    }
}

fn messages(view: &View<'_>, page: &mut Page) {
    let request = message(view, Side::Client, Some(&view.summary.version));
    page.fact("request", &request, Style::new());
    incomplete(view, page, Side::Client);
    if view.summary.status.is_some() || view.loaded.exchange.response_body.length > 0 {
        let response = message(view, Side::Origin, view.summary.media_type.as_deref());
        page.fact("response", &response, Style::new());
        incomplete(view, page, Side::Origin);
    }
    if view.summary.messages > 0 {
        let count = usize::try_from(view.summary.messages).unwrap_or(usize::MAX);
        let says = format!("{} in the tab Messages", units::counted(count, "message", "messages"));
        page.fact("within", &says, Style::new());
    }
}

fn answerer(view: &View<'_>) -> String {
    let summary = view.summary;
    let cause = match (&summary.failure, summary.method.as_str()) {
        (Some(failure), "CONNECT") if failure.phase == FailedIn::Tls => {
            "hopscope: it opened the tunnel, and TLS in it failed"
        }
        _ if summary.flags.has(Flags::TUNNEL) => "hopscope: it opened the tunnel and relays it unread",
        _ if summary.flags.has(Flags::INTERCEPTED) => {
            "hopscope: it opened the tunnel, whose exchanges are rows of their own"
        }
        (Some(_), _) if view.loaded.exchange.is_ours() => "hopscope itself, because it failed",
        (None, "CONNECT") => "hopscope itself: CONNECT is for the proxy",
        _ if view.loaded.exchange.is_ours() => "hopscope itself; no origin was asked",
        _ if view.loaded.response.received.is_some() => "the origin server",
        _ if summary.state == State::Open => "nobody yet",
        _ => "nobody",
    };
    cause.to_owned()
}

/// The whole, and the longest phases in their order.
fn time(view: &View<'_>) -> String {
    let all = phases::of(view);
    let total = phases::total(view, &all);
    let mut longest: Vec<&Phase> = all
        .iter()
        .filter(|phase| phase.took() >= SHORTEST && phase.took().saturating_mul(50) >= total)
        .collect();
    longest.sort_by_key(|phase| std::cmp::Reverse(phase.took()));
    longest.truncate(NAMED);
    longest.sort_by_key(|phase| phase.from);
    let named = |phase: &&Phase| {
        let ended = if phase.end == End::Failed { " (failed)" } else { "" };
        format!("{} {}{ended}", phase.name, units::duration(phase.took()))
    };
    let named: Vec<String> = longest.iter().map(named).collect();
    let whole = units::duration(total);
    let so_far = if view.loaded.exchange.is_over() { "" } else { " so far" };
    if named.is_empty() {
        format!("{whole}{so_far}")
    } else {
        format!("{whole}{so_far}: {}", named.join(", "))
    }
}

/// What it is and how large: as received, and decoded where it was coded.
fn message(view: &View<'_>, side: Side, what: Option<&str>) -> String {
    let what = what.map(|what| format!("{what}, ")).unwrap_or_default();
    let body = view.loaded.exchange.body(side);
    let coding = view.loaded.coding(side);
    let coded = match (coding.is_empty(), view.loaded.decoded(side)) {
        (true, _) => String::new(),
        (false, Some(decoded)) => format!(" in {coding}, {} B decoded", units::count(decoded)),
        (false, None) => format!(" in {coding}"),
    };
    if body.length == 0 {
        let none = if body.complete || view.loaded.exchange.is_over() { "no body" } else { "no body yet" };
        return format!("{what}{none}");
    }
    format!("{what}{} B{coded}", units::count(body.length))
}

/// A body that is not whole, on the wire or in the capture.
fn incomplete(view: &View<'_>, page: &mut Page, side: Side) {
    let exchange = &view.loaded.exchange;
    let body: &Body = exchange.body(side);
    if !body.complete && exchange.is_over() && body.length > 0 {
        page.fact("", "cut short: it ended before its framing promised", page.theme.bad());
    }
    if let Some(why) = body.truncated {
        let says = if body.is_absent() {
            Truncation::NO_BODY.to_owned()
        } else {
            format!("only the first {} B are kept: {}", units::count(body.kept), why.says())
        };
        page.fact("", &says, page.theme.notable());
    }
}

/// Where a redirect leads (RFC 9110 10.2.2).
fn location(view: &View<'_>) -> Option<String> {
    let head = view.loaded.response.received.as_ref().or(view.loaded.response.sent.as_ref())?;
    let place = head.value("location")?;
    Some(sanitize_bounded(place, 2048).into_owned())
}

fn ends(view: &View<'_>, page: &mut Page) {
    if view.summary.flags.has(Flags::PARTIAL) {
        let says = "as the file lists them: what crossed the wire may have had more, in another order";
        page.fact("headers", says, page.theme.dim());
    }
    let client = view.loaded.client.as_ref();
    if view.summary.client.is_empty() && client.is_none() {
        // Imported: a HAR file tells of neither.
        page.fact("connections", "not recorded", page.theme.dim());
    } else {
        page.fact("client", &format!("{}, {}", view.summary.client, secured(client)), Style::new());
        let (says, style) = origin(view, page);
        page.fact("origin", &says, style);
    }
    if let Some(dialling) = view.loaded.origin.as_ref().and_then(|origin| origin.dialling.as_ref()) {
        page.fact("reached", &dialling.to_string(), page.theme.dim());
    }
    let says = |passage: &Passage| passage.totals().map(super::Totals::says);
    let changes: Vec<String> =
        [("request", says(&view.loaded.request)), ("response", says(&view.loaded.response))]
            .into_iter()
            .filter_map(|(name, says)| Some(format!("{name} {}", says?)))
            .collect();
    if !changes.is_empty() {
        page.fact("hop", &changes.join("; "), Style::new());
    }
}

/// How much is wrong with the heads, and the gravest of it, which is where `w` leads.
fn findings(view: &View<'_>, page: &mut Page) {
    let inspected = &view.loaded.inspected;
    let grave = inspected.grave();
    let Some(first) = grave.first() else { return };
    let errors = grave.iter().filter(|found| found.rule.severity == Severity::Error).count();
    let counts = [(errors, "error", "errors"), (grave.len() - errors, "warning", "warnings")];
    let counts = counts.into_iter().filter(|(number, ..)| *number > 0);
    let counts: Vec<_> = counts.map(|(number, one, many)| units::counted(number, one, many)).collect();
    let says = format!("{}: {}{}", counts.join(", "), inspected.named(first), first.says);
    page.fact("findings", &says, letter(page.theme, first.rule.severity).1);
}

fn origin(view: &View<'_>, page: &Page) -> (String, Style) {
    let origin = view.loaded.origin.as_ref();
    let Some((_, reused)) = view.loaded.exchange.origin_connection else {
        return ("no connection was made".to_owned(), page.theme.dim());
    };
    let Some(connection) = origin else { return ("connection not recorded".to_owned(), page.theme.dim()) };
    let peer = connection.peer.map_or_else(|| "address not recorded".to_owned(), |peer| peer.to_string());
    let age = if reused { "connection used before" } else { "new connection" };
    let style = match connection.tls.as_ref().and_then(|tls| tls.verdict.as_ref()) {
        Some(Verdict::Untrusted(_)) => page.theme.bad(),
        _ => Style::new(),
    };
    (format!("{peer}, {age}, {}", secured(origin)), style)
}

/// TLS in one line.
fn secured(connection: Option<&Connection>) -> String {
    let Some(connection) = connection else { return "connection not recorded".to_owned() };
    let Some(tls) = &connection.tls else { return "no TLS".to_owned() };
    let verdict = match &tls.verdict {
        Some(Verdict::Trusted) => ", trusted".to_owned(),
        Some(Verdict::Untrusted(why)) => format!(", not trusted: {why}"),
        None => String::new(),
    };
    let TlsFacts { version, alpn, .. } = tls;
    let alpn = alpn.as_deref().map(|alpn| format!(" {alpn}")).unwrap_or_default();
    format!("{version}{alpn}{verdict}")
}

fn links(view: &View<'_>, page: &mut Page) {
    if let Some(parent) = view.summary.parent {
        page.fact("replay of", &format!("#{}", parent.0), Style::new());
    }
    for link in view.loaded.links.iter().flatten() {
        let label = match link.tie {
            "redirected-by" | "leads-to" => "redirect",
            "preflight-for" | "preflighted-by" => "preflight",
            "tried-again-as" | "again-after" => "login",
            "stored-answer" | "still-good-by" => "cache",
            "set-by" | "first-seen" | "last-used" => "secret",
            _ => "range",
        };
        page.fact(label, &link.says, Style::new());
    }
    if let Some(tunnel) = view.loaded.exchange.tunnel {
        page.fact("tunnel", &format!("came through CONNECT #{}", tunnel.0), Style::new());
    }
    let marks: Vec<&str> = Flags(view.summary.flags.0 & !TOLD).words().collect();
    if !marks.is_empty() {
        page.fact("marks", &marks.join(", "), Style::new());
    }
    page.fact("began", &words::moment(view.summary.started), page.theme.dim());
    if let Some(name) = &view.status.capture {
        page.fact("capture", name, page.theme.dim());
    }
}
