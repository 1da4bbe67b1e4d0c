//! The first steps: how to send traffic here, with the real address and certificate filled in, and
//! checks that turn as it arrives.
//!
//! While the list is empty this stands in its place; beneath the first rows the checks go on. A recipe is
//! shown whole where it is chosen, else in a line, and copied whole always.

use super::actions::Action;
use super::app::App;
use super::nothing;
use super::page::{Page, words};
use super::paint::Pane;
use super::update::Effect;
use crate::text::{sanitize, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::net::SocketAddr;

/// Columns of the names of clients.
const NAMES: usize = 13;
/// Columns of the names of checks.
const CHECKS: usize = NAMES + 4;
/// Rows after which nobody needs the checks any more.
const BEGUN: usize = 10;
/// Lines that the checks take beneath the rows.
const BELOW: usize = 6;
/// Lines from which there is room for empty ones.
const ROOMY: u16 = 16;

/// How to send one kind of client here: a command in pieces that stay whole.
struct Recipe {
    name: &'static str,
    pieces: Vec<String>,
}

/// Whether the recipes are shown, and keys choose among them.
#[must_use]
pub fn is_open(app: &App) -> bool {
    app.list.index.shown_count() == 0 && !nothing::is_filtered(app) && !app.status.listening.is_empty()
}

/// Moves the choice.
pub fn choose(app: &mut App, action: Action) {
    let last = recipes(app).len().saturating_sub(1);
    let at = app.firsts.recipe;
    app.firsts.recipe = match action {
        Action::Down => (at + 1).min(last),
        Action::Up => at.saturating_sub(1),
        Action::Top | Action::PageUp | Action::HalfUp => 0,
        Action::Bottom | Action::PageDown | Action::HalfDown => last,
        _ => at,
    };
}

/// The chosen recipe, to be copied.
#[must_use]
pub fn copy(app: &App) -> Option<Effect> {
    let recipes = recipes(app);
    let chosen = recipes.get(app.firsts.recipe)?;
    let what = format!("the command for {}", chosen.name);
    Some(Effect::Copy { what, bytes: chosen.pieces.join(" ").into_bytes(), note: String::new() })
}

/// Draws the recipes and the checks.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut page = Page::new(app.theme, usize::from(area.width));
    let roomy = area.height >= ROOMY;
    let mut chosen_at = 0;
    if app.status.listening.is_empty() {
        page.prose(" ", "This capture holds no exchange yet.", Style::new());
        page.gap();
    } else {
        if roomy {
            page.push(Line::default());
        }
        page.heading("Send something through here", "j k choose · y copies");
        if roomy {
            page.push(Line::default());
        }
        chosen_at = write_recipes(app, &mut page);
        page.push(Line::default());
    }
    write_setup(app, &mut page);
    write_checks(app, &mut page);
    let lines = page.finish();
    // Where not all fits, the chosen recipe is in view.
    let height = usize::from(area.height);
    let top = (chosen_at + 1).saturating_sub(height).min(lines.len().saturating_sub(height));
    show(lines.into_iter().skip(top), area, buffer);
}

/// Draws the checks that traffic turns beneath the first rows, where there is room; `used` lines are taken.
pub fn draw_below(app: &App, area: Rect, used: usize, buffer: &mut Buffer) {
    let left = usize::from(area.height).saturating_sub(used + 1);
    let watched = !app.status.listening.is_empty() && app.status.ca.is_some();
    let begun = app.list.index.seen_count() >= BEGUN || app.filter.in_force().is_some();
    if !watched || begun || left < BELOW {
        return;
    }
    let mut page = Page::new(app.theme, usize::from(area.width));
    write_checks(app, &mut page);
    let lines = page.finish();
    let height = u16::try_from(lines.len().min(left)).unwrap_or(area.height);
    show(lines.into_iter(), Rect { y: area.y + area.height - height, height, ..area }, buffer);
}

fn show(lines: impl Iterator<Item = Line<'static>>, area: Rect, buffer: &mut Buffer) {
    let mut pane = Pane::new(buffer, area);
    for (row, line) in lines.take(usize::from(area.height)).enumerate() {
        pane.line(row, &line);
    }
}

fn recipes(app: &App) -> Vec<Recipe> {
    let Some(address) = app.status.listening.first() else { return Vec::new() };
    let proxy = format!("http://{}", reachable(*address));
    let ca = app.status.ca.as_ref().map(|path| quoted(&path.display().to_string()));
    let trust = |how: &str| ca.as_ref().map(|ca| format!("{how}{ca}"));
    let https = format!("HTTPS_PROXY={proxy}");
    let of =
        |name, pieces: [Option<String>; 4]| Recipe { name, pieces: pieces.into_iter().flatten().collect() };
    let word = |word: &str| Some(word.to_owned());
    let curl =
        of("curl", [Some(format!("curl -x {proxy}")), trust("--cacert "), word("https://example.org"), None]);
    let python = word("python app.py");
    let requests = of("Requests", [Some(https.clone()), trust("REQUESTS_CA_BUNDLE="), python.clone(), None]);
    let urllib = of("urllib, httpx", [Some(https.clone()), trust("SSL_CERT_FILE="), python, None]);
    let fetch =
        [word("NODE_USE_ENV_PROXY=1"), Some(https), trust("NODE_EXTRA_CA_CERTS="), word("node app.js")];
    let profile = word("chromium --user-data-dir=\"$(mktemp -d)\"");
    let browser = [profile, Some(format!("--proxy-server={proxy}")), word("https://example.org"), None];
    vec![
        of("any command", [word("hopscope run -- CMD"), None, None, None]),
        of("this shell", [word("eval \"$(hopscope env)\""), None, None, None]),
        curl,
        requests,
        urllib,
        of("Node", fetch),
        of("Chromium", browser),
    ]
}

/// Writes all; the last line of the one chosen.
fn write_recipes(app: &App, page: &mut Page) -> usize {
    let mut end = 0;
    for (number, recipe) in recipes(app).iter().enumerate() {
        let chosen = number == app.firsts.recipe;
        if chosen {
            write_whole(page, recipe);
            end = page.height().saturating_sub(1);
        } else {
            write_line(page, recipe);
        }
    }
    end
}

/// In one line, cut where it does not fit.
fn write_line(page: &mut Page, recipe: &Recipe) {
    let name = width::fit(recipe.name, names(page), "…");
    let room = page.room().saturating_sub(4 + names(page));
    let command = sanitize(&recipe.pieces.join(" ")).into_owned();
    let style = page.theme.dim();
    page.push(Line::from(vec![
        Span::raw(format!("   {name} ")),
        Span::styled(width::cut(&command, room, "…").into_owned(), style),
    ]));
}

/// Broken between its pieces with a backslash where it does not fit, so that what stands there runs.
fn write_whole(page: &mut Page, recipe: &Recipe) {
    let style = page.theme.name();
    let mut lead = format!(" ▌ {} ", width::fit(recipe.name, names(page), "…"));
    let mut line = String::new();
    for piece in &recipe.pieces {
        let used = width::columns(&lead) + width::columns(&line) + width::columns(piece);
        if !line.is_empty() && used + " ".len() + " \\".len() > page.room() {
            line.push_str(" \\");
            page.wrapped(&lead, &line, style);
            " ▌     ".clone_into(&mut lead);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(piece);
    }
    page.wrapped(&lead, &line, style);
}

fn names(page: &Page) -> usize {
    NAMES.min(page.room() / 3)
}

/// What is ready before anybody comes.
fn write_setup(app: &App, page: &mut Page) {
    page.heading("Check", "");
    let listening: Vec<String> = app.status.listening.iter().map(ToString::to_string).collect();
    if !listening.is_empty() {
        check(page, Check::Good, "listening", &listening.join(", "));
    }
    match &app.status.ca {
        Some(path) => check(page, Check::Good, "certificate", &path.display().to_string()),
        None if listening.is_empty() => {}
        None => check(page, Check::Good, "no certificate", "TLS is relayed unread (--no-intercept)"),
    }
    match (&app.status.capture, app.status.recording) {
        (Some(name), true) => check(page, Check::Good, "recording", name),
        (None, true) => check(page, Check::Good, "recording", "in memory only"),
        (_, false) => {}
    }
}

/// What traffic turns: the first request, HTTPS in the clear, or why not and what to do.
fn write_checks(app: &App, page: &mut Page) {
    if app.status.listening.is_empty() {
        return;
    }
    let firsts = &app.firsts;
    match &firsts.request {
        Some((_, says)) => check(page, Check::Good, "first request", says),
        None => check(page, Check::Waiting, "first request", "waiting"),
    }
    let Some(ca) = &app.status.ca else { return };
    match (&firsts.opened, &firsts.refused) {
        (_, Some(refused)) => {
            check(page, Check::Bad, "HTTPS decrypted", &refused.says());
            let cure = refused.cure(&quoted(&ca.display().to_string()));
            page.wrapped(&" ".repeat(6), &cure, page.theme.name());
        }
        (Some((_, says)), None) => check(page, Check::Good, "HTTPS decrypted", says),
        (None, None) if app.list.index.noise_count() > 0 => {
            check(page, Check::Waiting, "HTTPS decrypted", "TLS was opened, no request came through it yet");
        }
        (None, None) => check(page, Check::Waiting, "HTTPS decrypted", "waiting"),
    }
}

#[derive(Clone, Copy)]
enum Check {
    Good,
    Waiting,
    Bad,
}

fn check(page: &mut Page, state: Check, what: &str, says: &str) {
    let (shape, style) = match state {
        Check::Good => ("✓", page.theme.good()),
        Check::Waiting => ("…", page.theme.notable()),
        Check::Bad => ("✗", page.theme.bad()),
    };
    if matches!(state, Check::Bad) {
        // The cause is never cut.
        whole(page, (shape, style), what, says);
        return;
    }
    let room = page.room().saturating_sub(6 + CHECKS);
    let says = sanitize(says).into_owned();
    page.push(Line::from(vec![
        Span::styled(format!("   {shape} "), style),
        Span::raw(format!("{} ", width::fit(what, CHECKS, "…"))),
        Span::styled(width::path(&says, room, "…").into_owned(), page.theme.dim()),
    ]));
}

/// A cause over as many lines as it needs.
fn whole(page: &mut Page, (shape, style): (&str, Style), what: &str, says: &str) {
    let lead = 6 + CHECKS;
    let room = page.room().saturating_sub(lead).max(1);
    for (number, line) in words(&sanitize(says), room).into_iter().enumerate() {
        let (shape, what) = if number == 0 { (shape, what) } else { (" ", "") };
        page.push(Line::from(vec![
            Span::styled(format!("   {shape} "), style),
            Span::raw(format!("{} ", width::fit(what, CHECKS, "…"))),
            Span::raw(line),
        ]));
    }
}

/// The address as a client on this machine reaches it: a wildcard is not one.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fake::Stage;

    fn copied(stage: &mut Stage, keys: &str) -> String {
        match stage.press(keys) {
            Some(Effect::Copy { bytes, .. }) => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(quoted("/a/ca.pem"), "/a/ca.pem");
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
        assert_eq!(reachable(([0, 0, 0, 0], 80).into()).to_string(), "127.0.0.1:80");
    }

    #[test]
    fn the_chosen_recipe_is_copied_whole_whatever_the_width() {
        for (columns, lines) in [(40, 8), (80, 24), (140, 40)] {
            let mut stage = Stage::new(columns, lines, Vec::new());
            assert_eq!(copied(&mut stage, "y"), "hopscope run -- CMD");
            assert_eq!(
                copied(&mut stage, "jjy"),
                "curl -x http://127.0.0.1:8080 --cacert /home/ada/.local/share/hopscope/certs/ca.pem https://example.org"
            );
            assert!(copied(&mut stage, "Gy").starts_with("chromium "));
            assert_eq!(copied(&mut stage, "gky"), "hopscope run -- CMD");
        }
    }

    #[test]
    fn a_long_command_is_broken_so_that_it_still_runs() {
        let mut page = Page::new(crate::tui::theme::Theme { colour: false, ascii: false }, 40);
        let pieces = vec!["curl -x http://h:1".to_owned(), "https://example.org".to_owned()];
        write_whole(&mut page, &Recipe { name: "curl", pieces });
        let lines: Vec<String> = page.finish().iter().map(ToString::to_string).collect();
        assert_eq!(lines, [" ▌ curl          curl -x http://h:1 \\", " ▌     https://example.org"]);
    }
}
