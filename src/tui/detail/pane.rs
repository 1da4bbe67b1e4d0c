//! The pane below the heads: the line under the cursor explained part by part, and what follows from the
//! whole exchange.

use super::inspected::{Place, letter};
use super::{DetailState, Loaded, Tab};
use crate::exchange::{Field, Head, MessageKind};
use crate::inspect::verdict::{Fate, Step, Told, Verdicts};
use crate::inspect::{Finding, On, Part, masked, parse, parse_asked, table};
use crate::text::{sanitize_bounded, units, width};
use crate::tui::actions::Action;
use crate::tui::app::App;
use crate::tui::layout;
use crate::tui::ledger::{self, Pair};
use crate::tui::meanings;
use crate::tui::page::Page;
use crate::tui::paint::Pane;
use crate::tui::theme::Theme;
use crate::tui::update::step;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Columns of a part's text before its meaning, at most.
const PART: usize = 46;
/// The heading of the verdicts.
const FOLLOWS: &str = "what follows";
/// Parts and steps of one field that are laid out: more than any pane shows.
const MOST: usize = 60;

/// Draws it.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(loaded) = app.detail.loaded.as_deref() else { return };
    let mut pane = Pane::new(buffer, area);
    if pane.height() < 2 {
        return;
    }
    if app.detail.tall {
        return whole(app, loaded, &mut pane);
    }
    let room = pane.width();
    let mut told = verdict_lines(app.theme, &loaded.inspected.verdicts, app.detail.tab, room);
    let followed = told.len();
    told.truncate((pane.height() / 3).clamp(1, 8));
    let below = pane.height() - told.len().min(pane.height() - 2) - 1;
    rule(app.theme, &mut pane, 0, &title(app, loaded), 0);
    let explained = explained(app, loaded, room);
    let shown = below.saturating_sub(1);
    for (at, line) in explained.iter().take(shown).enumerate() {
        pane.line(1 + at, line);
    }
    rule(app.theme, &mut pane, below, FOLLOWS, 0);
    let more = explained.len().saturating_sub(shown) + (followed - told.len());
    if more > 0 {
        let says = format!(" {}: enter ", units::counted(more, "more line", "more lines"));
        pane.right(room.saturating_sub(2), below, &says, app.theme.dim());
    }
    for (at, line) in told.iter().enumerate() {
        pane.line(below + 1 + at, line);
    }
}

/// All of it as one text, turned by pages.
fn whole(app: &App, loaded: &Loaded, pane: &mut Pane<'_>) {
    let lines = flow(app, loaded, pane.width());
    let shown = pane.height() - 1;
    let top = top(app, lines.len(), shown);
    let mut says = String::new();
    if lines.len() > shown {
        let keys = if pane.width() < 60 { " PgDn" } else { " lines: PgDn PgUp" };
        says = format!(" {}/{}{keys} ", (top + shown).min(lines.len()), lines.len());
    }
    let from = pane.width().saturating_sub(2);
    rule(app.theme, pane, 0, &title(app, loaded), width::columns(&says) + 1);
    pane.right(from, 0, &says, app.theme.dim());
    for (at, line) in lines.iter().skip(top).take(shown).enumerate() {
        pane.line(1 + at, line);
    }
}

/// What explains the line, and what follows from the whole exchange.
fn flow(app: &App, loaded: &Loaded, room: usize) -> Vec<Line<'static>> {
    let mut lines = explained(app, loaded, room);
    let bar = "─".repeat(room.saturating_sub(width::columns(FOLLOWS) + 4));
    lines.push(Line::from(vec![
        Span::styled("── ", app.theme.dim()),
        Span::styled(FOLLOWS, app.theme.strong()),
        Span::styled(format!(" {bar}"), app.theme.dim()),
    ]));
    lines.extend(verdict_lines(app.theme, &loaded.inspected.verdicts, app.detail.tab, room));
    lines
}

/// The first line in view.
fn top(app: &App, lines: usize, shown: usize) -> usize {
    let (top, place) = app.detail.turned;
    let top = if place == app.detail.place_under_cursor() { top } else { 0 };
    top.min(lines.saturating_sub(shown))
}

/// Turns what stands in the pane by a page or half of one, where it is asked for whole and does not fit; false when
/// there is nothing to turn.
pub fn scroll(app: &mut App, action: Action) -> bool {
    let (_, area) = app.detail_text_place();
    let pages = [Action::PageDown, Action::PageUp, Action::HalfDown, Action::HalfUp];
    let shown = usize::from(area.height.saturating_sub(1));
    if !app.detail.tall || shown == 0 || !pages.contains(&action) {
        return false;
    }
    let Some(loaded) = app.detail.loaded.as_deref() else { return false };
    let lines = flow(app, loaded, usize::from(area.width)).len();
    let to = step(action, top(app, lines, shown), lines.saturating_sub(shown), shown);
    app.detail.turned = (to, app.detail.place_under_cursor());
    lines > shown
}

/// Gives the pane most of the room, or takes it back; the line under the cursor stays in view.
pub fn toggle(app: &mut App) {
    app.detail.tall = !app.detail.tall;
    let height = usize::from(app.detail_text_place().0.height);
    let rows = app.detail.cursor_rows();
    if height > 0 {
        app.detail.reveal(&rows, height);
    }
}

/// Closes a sheet that stands over the lines, where there is no room for a pane; false when there is none.
pub fn close(app: &mut App) -> bool {
    let open = app.detail.tall && app.detail.is_explained() && is_sheet(app);
    app.detail.tall &= !open;
    open
}

/// What enter does to the pane, for the footer.
#[must_use]
pub fn enter(app: &App) -> &'static str {
    match (app.detail.tall, is_sheet(app)) {
        (true, true) => "close",
        (true, false) => "less",
        (false, true) => "explain",
        (false, false) => "more",
    }
}

fn is_sheet(app: &App) -> bool {
    let (_, text) = layout::detail_parts(app.detail_place());
    !layout::has_room(text)
}

/// The rule with a title in it, `taken` columns of it being wanted at its end.
fn rule(theme: Theme, pane: &mut Pane<'_>, line: usize, title: &str, taken: usize) {
    pane.rule(line, theme.dim());
    if !title.is_empty() {
        let shown = width::cut(title, pane.width().saturating_sub(6 + taken), "…").into_owned();
        pane.text(2, line, &format!(" {shown} "), theme.strong());
    }
}

/// `cache-control · line 4`.
fn title(app: &App, loaded: &Loaded) -> String {
    let named = |(kind, line): Place| {
        let head = loaded.inspected.recorded.head(kind)?;
        let Some(at) = line.checked_sub(1) else { return Some("start line".to_owned()) };
        let field = head.fields().nth(at)?;
        let name = if field.name.is_empty() { "no field".into() } else { sanitize_bounded(field.name, 80) };
        Some(format!("{name} · line {line}"))
    };
    app.detail.place_under_cursor().and_then(named).unwrap_or_default()
}

fn explained(app: &App, loaded: &Loaded, room: usize) -> Vec<Line<'static>> {
    let inspected = &loaded.inspected;
    let mut page = Page::new(app.theme, room);
    let Some(place) = app.detail.place_under_cursor() else { return Vec::new() };
    let Some(head) = inspected.recorded.head(place.0) else { return Vec::new() };
    let findings = inspected.on(place);
    match place.1.checked_sub(1) {
        None => start_line(&mut page, head),
        Some(at) => {
            if let Some(field) = head.fields().nth(at) {
                meaning(&mut page, &field);
                say(&mut page, &findings);
                fate(&mut page, loaded, place);
                parts(&mut page, (place.0, &field), &findings, app.detail.secrets);
                steps(&mut page, &inspected.verdicts, &field, place);
            }
        }
    }
    if place.1 == 0 {
        say(&mut page, &findings);
        fate(&mut page, loaded, place);
    }
    page.finish()
}

/// What a status means, or what a method does.
fn start_line(page: &mut Page, head: &Head) {
    if let Some((_, status, _)) = head.status_line().filter(|_| head.start_line().starts_with(b"HTTP/")) {
        let (phrase, means) = meanings::of(status);
        let says = if phrase.is_empty() { means.to_owned() } else { format!("{phrase}: {means}") };
        return page.prose(" ", &says, Style::new());
    }
    let means = match head.request_line().map(|(method, ..)| method) {
        Some(b"GET") => "asks for what is there; safe to repeat",
        Some(b"HEAD") => "asks for the head alone; safe to repeat",
        Some(b"POST") => "hands something over to be processed; repeating it may do it twice",
        Some(b"PUT") => "puts this in the place of what is there; repeating it changes nothing more",
        Some(b"DELETE") => "removes what is there; repeating it changes nothing more",
        Some(b"OPTIONS") => "asks what may be done; safe to repeat",
        Some(b"PATCH") => "changes a part of what is there",
        Some(b"CONNECT") => "asks for a tunnel",
        Some(b"TRACE") => "asks for the request to be sent back as it arrived",
        _ => "a method of its own: only the server knows what it does",
    };
    page.prose(" ", &format!("{means} (RFC 9110 9)"), Style::new());
}

/// One sentence, with the place where it is specified at the right border.
fn meaning(page: &mut Page, field: &Field<'_>) {
    let name = field.name.trim_ascii_end();
    let (says, spec) = match (table::field(name), table::family(name)) {
        (Some(known), _) => {
            let place = match (known.on.has(On::REQUEST), known.on.has(On::RESPONSE)) {
                (true, false) => "In requests. ",
                (false, true) => "In responses. ",
                _ => "",
            };
            (format!("{place}{}", known.means), known.spec.to_string())
        }
        (None, Some(family)) => (family.means.to_owned(), format!("a field of {}", family.vendor)),
        (None, None) => (
            "Not in the table of fields: neither registered nor a vendor's that is known.".to_owned(),
            String::new(),
        ),
    };
    page.prose_beside(" ", &says, Style::new(), &spec);
}

/// What hopscope did to the line, and why.
fn fate(page: &mut Page, loaded: &Loaded, (kind, line): Place) {
    let (passage, received) = match kind {
        MessageKind::RequestReceived => (&loaded.request, true),
        MessageKind::RequestSent => (&loaded.request, false),
        MessageKind::ResponseReceived => (&loaded.response, true),
        MessageKind::ResponseSent => (&loaded.response, false),
    };
    let meant = |pair: &&Pair| line == if received { pair.before } else { pair.after }.unwrap_or(usize::MAX);
    let Some(pair) = passage.pairs.iter().find(meant) else { return };
    let did = match pair.fate {
        ledger::Fate::Kept => return,
        ledger::Fate::Changed => "changed",
        ledger::Fate::Removed => "not sent on",
        ledger::Fate::Added => "added",
    };
    for cause in &pair.causes {
        let lead = format!(" {} ", pair.fate.mark());
        page.prose(&lead, &format!("{did} by hopscope: {} ({})", cause.says(), cause.clause()), Style::new());
    }
}

/// Each finding with its rule and its cure.
fn say(page: &mut Page, findings: &[&Finding]) {
    for found in findings {
        let (letter, ink) = letter(page.theme, found.rule.severity);
        page.prose(&format!(" {letter} "), &format!("{}. {}", capital(&found.says), found.rule.cure), ink);
        let says = format!("{} · {}", found.rule.id, found.rule.cite);
        page.prose("   ", &says, page.theme.dim());
    }
}

/// A sentence's first letter as a capital, unless it begins with a name or a value: those stand as they are.
fn capital(text: &str) -> String {
    let first = text.split([' ', ',', ';']).next().unwrap_or_default();
    if !first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The parts of the value, one a line: what stands there, and what it says. What a finding is about is underlined.
fn parts(page: &mut Page, (kind, field): (MessageKind, &Field<'_>), findings: &[&Finding], secrets: bool) {
    let asked = matches!(kind, MessageKind::RequestReceived | MessageKind::RequestSent);
    let parsed = if asked { parse_asked(field.name, field.value) } else { parse(field.name, field.value) };
    let told = |part: &&Part| !part.meaning.is_empty();
    let alone = parsed.parts.len() == 1 && parsed.parts.iter().all(|part| part.label == "text");
    let column = parsed
        .parts
        .iter()
        .filter(told)
        .map(|part| usize::from(part.depth) * 2 + shown_columns(field, part, secrets))
        .max();
    let column = column.unwrap_or(0).min(PART).min(page.room() * 2 / 5);
    for part in parsed.parts.iter().filter(told).take(MOST).filter(|_| !alone) {
        let indent = " ".repeat(1 + usize::from(part.depth) * 2);
        let room = column.saturating_sub(indent.len() - 1).max(1);
        let shown = shown(field, part, secrets);
        // What tells two addresses apart stands at their ends.
        let shown = width::path(&shown, room, "…");
        let text = width::fit(&shown, room, "…");
        let marked = findings.iter().find(|found| overlaps(field, found, &part.span));
        let style = match marked {
            Some(found) => letter(page.theme, found.rule.severity).1.add_modifier(Modifier::UNDERLINED),
            None => page.theme.name(),
        };
        let spec = part.spec.map(|spec| spec.to_string()).unwrap_or_default();
        let before = page.height();
        page.prose_beside(&format!("{indent}{text}  "), &part.meaning, Style::new(), &spec);
        page.restyle(before, &[(indent.len(), Style::new()), (shown.len(), style)]);
    }
    // Most of the time a finding has said it.
    let said = |says: &str| findings.iter().any(|found| found.says == says);
    if let Some(broken) = parsed.broken.as_ref().filter(|broken| !said(&broken.says)) {
        let says = format!("from byte {} on it cannot be read: {}", broken.at + 1, broken.says);
        page.prose(" ", &says, page.theme.notable());
    }
}

fn shown(field: &Field<'_>, part: &Part, secrets: bool) -> String {
    let bytes = field.value.get(part.span.clone()).unwrap_or_default();
    let hidden =
        !secrets && table::field(field.name).is_some_and(|known| known.secret) && is_secret_part(part);
    if !hidden {
        return sanitize_bounded(bytes, 200).into_owned();
    }
    let name = bytes.iter().position(|byte| *byte == b'=').map_or(0, |at| at + 1).min(bytes.len());
    let name = if part.label == "cookie" { bytes.get(..name).unwrap_or_default() } else { b"" };
    format!("{}••••", sanitize_bounded(name, 100))
}

/// Parts that hold the secret itself; schemes and attributes are none.
fn is_secret_part(part: &Part) -> bool {
    !matches!(part.label, "scheme" | "attribute" | "realm")
}

fn shown_columns(field: &Field<'_>, part: &Part, secrets: bool) -> usize {
    width::columns(&shown(field, part, secrets))
}

/// Whether a finding's bytes, counted in the line, meet a part's, counted in the value.
fn overlaps(field: &Field<'_>, found: &Finding, span: &Range<usize>) -> bool {
    let from = field.value.as_ptr().addr().saturating_sub(field.line.as_ptr().addr());
    let (start, end) = (from + span.start, from + span.end);
    found.span.start < end && found.span.end > start && found.span.start >= from
}

/// The arithmetic of the verdicts that rest on this field.
fn steps(page: &mut Page, verdicts: &Verdicts, field: &Field<'_>, (kind, line): Place) {
    let asked = matches!(kind, MessageKind::RequestReceived | MessageKind::RequestSent);
    for (at, told) in verdicts.told().into_iter().enumerate() {
        let name = field.name.trim_ascii_end();
        let rests = told.fields.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        let own = told.topic != "cookies"
            || verdicts.cookies.iter().any(|cookie| cookie.line == line && cookie.says == told.says);
        if !rests || !own || at > MOST {
            continue;
        }
        // What fails is what one looks for.
        let steps = told.steps.iter().take(MOST).filter(|step| is_about(told.topic, step, asked));
        let (fails, others): (Vec<_>, Vec<_>) = steps.partition(|step| step.passes == Some(false));
        for step in fails.into_iter().chain(others) {
            push_step(page, step);
        }
    }
}

/// Whether a step is about the message that the field stands in; fields of one name stand in both.
fn is_about(topic: &str, step: &Step, asked: bool) -> bool {
    match topic {
        "framing" | "cookies" => !asked,
        "request_framing" | "sent_cookies" => asked,
        // Of a response's storing the request decides where it says so.
        "cache" => !asked || step.says.contains("request"),
        // The two ways, as they are drawn.
        "path" if step.says.starts_with("client →") => asked,
        "path" => !asked || !step.says.starts_with("origin →"),
        _ => true,
    }
}

fn push_step(page: &mut Page, step: &Step) {
    let (mark, style) = match step.passes {
        Some(true) => ("✓", page.theme.good()),
        Some(false) => ("✗", page.theme.bad()),
        None => ("·", Style::new()),
    };
    let cite = step.cite.map(|cite| cite.to_string()).unwrap_or_default();
    page.prose_beside(&format!(" {mark} "), &step.says, style, &cite);
}

/// The verdicts of the tab's message in words, what fails first.
fn verdict_lines(theme: Theme, verdicts: &Verdicts, tab: Tab, room: usize) -> Vec<Line<'static>> {
    let mut page = Page::new(theme, room);
    let mut told = worth_saying(verdicts, tab);
    told.sort_by_key(|(bad, ..)| !bad);
    for (bad, topic, says) in told {
        let style = if bad { theme.bad() } else { Style::new() };
        let before = page.height();
        let lead = format!(" {topic:<10} ");
        page.prose(&lead, &says, style);
        page.restyle(before, &[(lead.len(), theme.dim())]);
    }
    page.finish()
}

/// What the verdicts of a message say, with their topics; cookies together.
fn worth_saying(verdicts: &Verdicts, tab: Tab) -> Vec<(bool, &'static str, String)> {
    let request = ["sent_cookies", "request_framing", "auth", "websocket", "cors", "range", "conditional"];
    let both = ["auth", "websocket", "cors", "range", "conditional"];
    let of_request = |topic: &str| request.contains(&topic);
    let wanted = |told: &Told<'_>| match tab {
        Tab::Request => of_request(told.topic),
        _ => both.contains(&told.topic) || !of_request(told.topic),
    };
    let mut said: Vec<_> = Vec::new();
    for told in verdicts.told().into_iter().filter(|told| told.topic != "cookies").filter(wanted) {
        let topic = match told.topic {
            "sent_cookies" => "cookies",
            "request_framing" => "body",
            "framing" => "body",
            "conditional" => "condition",
            "negotiation" => "key",
            topic => topic,
        };
        said.push((told.bad, topic, told.says.to_owned()));
    }
    if tab != Tab::Request && !verdicts.cookies.is_empty() {
        said.insert(0, cookies(verdicts));
    }
    said
}

/// Every cookie's fate in a line.
fn cookies(verdicts: &Verdicts) -> (bool, &'static str, String) {
    let lost =
        verdicts.cookies.iter().find(|cookie| cookie.fate == Fate::Rejected && cookie.looks_like_login);
    if let Some(lost) = lost {
        let count = |fate| verdicts.cookies.iter().filter(|cookie| cookie.fate == fate).count();
        let fates = [(Fate::Rejected, "rejected"), (Fate::Stored, "stored"), (Fate::Deleted, "deleted")];
        let fates = fates.into_iter().map(|(fate, word)| (count(fate), word)).filter(|(count, _)| *count > 0);
        let fates = fates.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ");
        let says = format!("{fates}. {}", lost.says);
        return (true, "cookies", says);
    }
    let one = |cookie: &crate::inspect::verdict::Cookie| {
        let fate = match cookie.fate {
            Fate::Stored => "stored",
            Fate::Deleted => "DELETED",
            Fate::Rejected => "REJECTED",
        };
        format!("{} {fate}", if cookie.name.is_empty() { "(no name)" } else { &cookie.name })
    };
    let bad = verdicts.cookies.iter().any(|cookie| cookie.fate == Fate::Rejected);
    let says = verdicts.cookies.iter().map(one).collect::<Vec<_>>().join(" · ");
    (bad, "cookies", says)
}

impl DetailState {
    /// Whether a line in front has a value that is masked, or would be.
    #[must_use]
    pub fn holds_secrets(&self) -> bool {
        self.stops().iter().any(|stop| {
            let name = stop.line.split(|byte| *byte == b':').next().unwrap_or_default();
            !stop.start_line && table::field(name).is_some_and(|field| field.secret)
        })
    }

    /// The line of a head that the cursor stands on.
    #[must_use]
    pub fn place_under_cursor(&self) -> Option<(MessageKind, usize)> {
        self.stops().get(self.cursor())?.place
    }
}

/// A value as it is shown: masked unless secrets are.
#[must_use]
pub fn value_shown(field: &Field<'_>, secrets: bool) -> Vec<u8> {
    if secrets { field.value.to_vec() } else { masked(field.name, field.value).into_owned() }
}
