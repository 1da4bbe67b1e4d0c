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
const NAMES: usize = 12;

/// Draws the recipes and the checks.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut page = Page::new(app.theme, usize::from(area.width));
    match app.status.listening.first() {
        Some(address) => recipes(app, &mut page, *address),
        None => page.prose(" ", "This capture holds no exchange yet.", Style::new()),
    }
    checks(app, &mut page);
    let mut pane = Pane::new(buffer, area);
    for (row, line) in page.finish().iter().take(usize::from(area.height)).enumerate() {
        pane.line(row, line);
    }
}

fn recipes(app: &App, page: &mut Page, address: SocketAddr) {
    let proxy = format!("http://{}", reachable(address));
    let ca = app.status.ca.as_ref().map(|path| path.display().to_string());
    page.push(Line::default());
    page.heading("Send something through here:", "");
    page.push(Line::default());
    recipe(page, "any command", "hopscope run -- CMD");
    recipe(page, "this shell", "eval \"$(hopscope env)\"");
    match &ca {
        Some(ca) => {
            recipe(page, "curl", &format!("curl -x {proxy} --cacert {} https://example.org", quoted(ca)));
            recipe(
                page,
                "Requests",
                &format!("HTTPS_PROXY={proxy} REQUESTS_CA_BUNDLE={} python app.py", quoted(ca)),
            );
            recipe(
                page,
                "Node",
                &format!(
                    "NODE_USE_ENV_PROXY=1 HTTPS_PROXY={proxy} NODE_EXTRA_CA_CERTS={} node app.js",
                    quoted(ca)
                ),
            );
        }
        None => {
            recipe(page, "curl", &format!("curl -x {proxy} https://example.org"));
            recipe(page, "Requests", &format!("HTTP_PROXY={proxy} HTTPS_PROXY={proxy} python app.py"));
            recipe(page, "Node", &format!("NODE_USE_ENV_PROXY=1 HTTPS_PROXY={proxy} node app.js"));
        }
    }
    page.gap();
}

/// A command, never cut: it is there to be copied.
fn recipe(page: &mut Page, name: &str, command: &str) {
    let indent = format!("   {}", width::fit(name, NAMES.min(page.room() / 3), "…"));
    let rest = " ".repeat(width::columns(&indent));
    let room = page.room().saturating_sub(width::columns(&indent) + 1).max(1);
    let command = crate::text::sanitize(command).into_owned();
    for (index, piece) in words(&command, room).into_iter().enumerate() {
        let lead = if index == 0 { indent.clone() } else { rest.clone() };
        let style = page.theme.name();
        page.push(Line::from(vec![Span::raw(lead), Span::styled(piece, style)]));
    }
}

/// Breaks a command between its words, with a backslash so that a copy still runs.
fn words(command: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in command.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if width::columns(line) + 1 + width::columns(word) + 2 <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            line.push_str(" \\");
            lines.push(word.to_owned());
        }
    }
    lines
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
        assert_eq!(words("curl -x a b", 10), ["curl -x \\", "a b"]);
    }
}
