//! The empty list: how to send traffic here, with the real address and certificate filled in.

use super::app::App;
use super::page::Page;
use super::paint::Pane;
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::net::SocketAddr;

/// Columns of the names of clients.
const NAMES: usize = 13;

/// Draws the recipes and the checks.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut page = Page::new(app.theme, usize::from(area.width));
    match app.status.listening.first() {
        Some(address) => recipes(app, &mut page, *address),
        None => page.prose(" ", "This capture holds no exchange yet.", Style::new()),
    }
    checks(app, &mut page);
    let mut place = Pane::new(buffer, area);
    for (row, line) in page.finish().iter().take(usize::from(area.height)).enumerate() {
        place.line(row, line);
    }
}

fn recipes(app: &App, page: &mut Page, address: SocketAddr) {
    let proxy = format!("http://{}", reachable(address));
    let ca = app.status.ca.as_ref().map(|path| quoted(&path.display().to_string()));
    let trust = |how: &str| ca.as_ref().map(|ca| format!("{how}{ca}"));
    let https = format!("HTTPS_PROXY={proxy}");
    page.push(Line::default());
    page.heading("Send something through here:", "");
    page.push(Line::default());
    recipe(page, "any command", [Some("hopscope run -- CMD".to_owned())]);
    recipe(page, "this shell", [Some("eval \"$(hopscope env)\"".to_owned())]);
    let url = "https://example.org".to_owned();
    recipe(page, "curl", [Some(format!("curl -x {proxy}")), trust("--cacert "), Some(url)]);
    let python = "python app.py".to_owned();
    recipe(page, "Requests", [Some(https.clone()), trust("REQUESTS_CA_BUNDLE="), Some(python)]);
    let node = format!("NODE_USE_ENV_PROXY=1 {https}");
    recipe(page, "Node", [Some(node), trust("NODE_EXTRA_CA_CERTS="), Some("node app.js".to_owned())]);
    page.gap();
}

/// A command in pieces that stay whole, broken between them with a backslash where it does
/// not fit, so that a copy of it runs.
fn recipe<const N: usize>(page: &mut Page, name: &str, pieces: [Option<String>; N]) {
    let style = page.theme.name();
    let mut lead = format!("   {}", width::fit(name, NAMES.min(page.room() / 3), "…"));
    let mut line = String::new();
    for piece in pieces.into_iter().flatten() {
        let used = width::columns(&lead) + width::columns(&line) + width::columns(&piece);
        if !line.is_empty() && used + " ".len() + " \\".len() > page.room() {
            line.push_str(" \\");
            page.wrapped(&lead, &line, style);
            "     ".clone_into(&mut lead);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&piece);
    }
    page.wrapped(&lead, &line, style);
}

fn checks(app: &App, page: &mut Page) {
    page.heading("Check", "");
    let listening: Vec<String> = app.status.listening.iter().map(ToString::to_string).collect();
    if !listening.is_empty() {
        check(page, true, "listening", &listening.join(", "));
    }
    match &app.status.ca {
        Some(path) => check(page, true, "certificate", &path.display().to_string()),
        None => check(page, true, "no certificate", "TLS is relayed unread (--no-intercept)"),
    }
    match (&app.status.capture, app.status.recording) {
        (Some(name), true) => check(page, true, "recording", name),
        (None, true) => check(page, true, "recording", "in memory only"),
        (_, false) => {}
    }
    if !listening.is_empty() {
        let hidden = app.list.index.noise_count() > 0;
        let opened = if hidden { "TLS was opened, no request came through it yet" } else { "waiting" };
        check(page, false, "first request", opened);
    }
}

fn check(page: &mut Page, done: bool, what: &str, says: &str) {
    let (shape, style) = if done { ("✓", page.theme.good()) } else { ("…", page.theme.notable()) };
    let label = width::fit(what, NAMES + 4, "…");
    let room = page.room().saturating_sub(6 + NAMES + 4);
    let says = crate::text::sanitize(says).into_owned();
    let says = width::path(&says, room, "…").into_owned();
    page.push(Line::from(vec![
        Span::styled(format!("   {shape} "), style),
        Span::raw(label),
        Span::styled(says, page.theme.dim()),
    ]));
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

    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(quoted("/a/ca.pem"), "/a/ca.pem");
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
        assert_eq!(reachable(([0, 0, 0, 0], 80).into()).to_string(), "127.0.0.1:80");
    }

    #[test]
    fn a_long_command_is_broken_so_that_it_still_runs() {
        let mut page = Page::new(crate::tui::theme::Theme { colour: false, ascii: false }, 40);
        recipe(
            &mut page,
            "curl",
            [Some("curl -x http://h:1".to_owned()), None, Some("https://example.org".to_owned())],
        );
        let lines: Vec<String> = page.finish().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["   curl         curl -x http://h:1 \\", "     https://example.org"]);
    }
}
