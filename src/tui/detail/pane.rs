//! The pane below the heads: the line under the cursor explained part by part, and what follows from the
//! whole exchange.

use super::inspected::{Inspected, Place, letter};
use super::{DetailState, Loaded, Tab};
use crate::exchange::{Field, Head, MessageKind};
use crate::inspect::verdict::{Fate, Step, Told, Verdicts};
use crate::inspect::{Finding, On, Part, masked, parse, parse_asked, table};
use crate::text::{sanitize_bounded, width};
use crate::tui::app::App;
use crate::tui::ledger::{self, Pair};
use crate::tui::meanings;
use crate::tui::page::Page;
use crate::tui::paint::Pane;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Columns of a part's text before its meaning, at most.
const PART: usize = 26;
/// Parts and steps of one field that are laid out: more than any pane shows.
const MOST: usize = 60;

/// Draws it.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(loaded) = app.detail.loaded.as_deref() else { return };
    let mut pane = Pane::new(buffer, area);
    if pane.height() < 3 {
        return;
    }
    let place = app.detail.place_under_cursor();
    let room = pane.width();
    let told = verdict_lines(app.theme, &loaded.inspected.verdicts, app.detail.tab, room, pane.height());
    let below = pane.height() - told.len().min(pane.height() - 2) - 1;
    let title = place.and_then(|place| title(&loaded.inspected, place)).unwrap_or_default();
    rule(app.theme, &mut pane, 0, &title);
    let explained = place.map(|place| explained(app, loaded, place, room)).unwrap_or_default();
    let shown = below.saturating_sub(1);
    for (at, line) in explained.iter().take(shown).enumerate() {
        pane.line(1 + at, line);
    }
    rule(app.theme, &mut pane, below, "what follows");
    if explained.len() > shown && shown > 0 {
        let says = format!(" {} more lines: enter ", explained.len() - shown);
        pane.right(room.saturating_sub(2), below, &says, app.theme.dim());
    }
    for (at, line) in told.iter().enumerate() {
        pane.line(below + 1 + at, line);
    }
}

fn rule(theme: Theme, pane: &mut Pane<'_>, line: usize, title: &str) {
    pane.rule(line, theme.dim());
    if !title.is_empty() {
        let shown = width::cut(title, pane.width().saturating_sub(6), "…").into_owned();
        pane.text(2, line, &format!(" {shown} "), theme.strong());
    }
}

/// `cache-control · line 4`.
fn title(inspected: &Inspected, (kind, line): Place) -> Option<String> {
    let head = inspected.recorded.head(kind)?;
    let Some(at) = line.checked_sub(1) else { return Some("start line".to_owned()) };
    let field = head.fields().nth(at)?;
    let name = if field.name.is_empty() { "no field".into() } else { sanitize_bounded(field.name, 80) };
    Some(format!("{name} · line {line}"))
}

fn explained(app: &App, loaded: &Loaded, place: Place, room: usize) -> Vec<Line<'static>> {
    let inspected = &loaded.inspected;
    let mut page = Page::new(app.theme, room);
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
    if width::columns(&says) + width::columns(&spec) + 4 > page.room() {
        let spec = if spec.is_empty() { spec } else { format!(" ({spec})") };
        return page.prose(" ", &format!("{says}{spec}"), Style::new());
    }
    let gap = " ".repeat(page.room() - width::columns(&says) - width::columns(&spec) - 2);
    page.push(Line::from(vec![Span::raw(format!(" {says}{gap}")), Span::styled(spec, page.theme.dim())]));
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

fn capital(text: &str) -> String {
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
    let column = column.unwrap_or(0).min(PART).min(page.room() / 2);
    for part in parsed.parts.iter().filter(told).take(MOST).filter(|_| !alone) {
        let indent = " ".repeat(1 + usize::from(part.depth) * 2);
        let text =
            width::fit(&shown(field, part, secrets), column.saturating_sub(indent.len() - 1).max(1), "…");
        let marked = findings.iter().find(|found| overlaps(field, found, &part.span));
        let style = match marked {
            Some(found) => letter(page.theme, found.rule.severity).1.add_modifier(Modifier::UNDERLINED),
            None => page.theme.name(),
        };
        let spec = part.spec.map(|spec| format!("  {spec}")).unwrap_or_default();
        let before = page.height();
        page.prose(&format!("{indent}{text}  "), &format!("{}{spec}", part.meaning), Style::new());
        page.restyle(before, &[(indent.len(), Style::new()), (text.len(), style)]);
    }
    if let Some(broken) = &parsed.broken {
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
fn steps(page: &mut Page, verdicts: &Verdicts, field: &Field<'_>, (_, line): Place) {
    for (at, told) in verdicts.told().into_iter().enumerate() {
        let name = field.name.trim_ascii_end();
        let rests = told.fields.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        let own = told.topic != "cookies"
            || verdicts.cookies.iter().any(|cookie| cookie.line == line && cookie.says == told.says);
        if !rests || !own || at > MOST {
            continue;
        }
        // What fails is what one looks for.
        let (fails, others): (Vec<_>, Vec<_>) =
            told.steps.iter().take(MOST).partition(|step| step.passes == Some(false));
        for step in fails.into_iter().chain(others) {
            push_step(page, step);
        }
    }
}

fn push_step(page: &mut Page, step: &Step) {
    let (mark, style) = match step.passes {
        Some(true) => ("✓", page.theme.good()),
        Some(false) => ("✗", page.theme.bad()),
        None => ("·", Style::new()),
    };
    let cite = step.cite.map(|cite| format!("  {cite}")).unwrap_or_default();
    page.prose(&format!(" {mark} "), &format!("{}{cite}", step.says), style);
}

/// The verdicts of the tab's message in words, what fails first; as many lines as a pane of that height gives them.
fn verdict_lines(
    theme: Theme,
    verdicts: &Verdicts,
    tab: Tab,
    room: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let most = (height / 3).clamp(1, 5);
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
    let mut lines = page.finish();
    lines.truncate(most);
    lines
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
        return (true, "cookies", lost.says.clone());
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
