//! The copy menu: what can be put on the clipboard, each by one key, with its size before it is done.
//!
//! The bodies are read when the menu is opened, no more of them than can be copied. What cannot be copied
//! says why and where to go instead.

use super::acting::{room, sheet};
use super::app::{App, Screen};
use super::detail::{DetailState, Loaded, Tab};
use super::paint::Pane;
use super::source::{Source, Unread};
use super::update::Effect;
use crate::exchange::{Exchange, Head, Side};
use crate::export::{self, Request};
use crate::text::{sanitize_bounded, units, width};
use crate::view;
use bytes::Bytes;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use std::io::Read as _;

/// Bytes that a clipboard is given at most: terminals take no more over their own line.
pub const LIMIT: usize = 100_000;

/// Columns of a name.
const NAME: usize = 15;
/// Columns of a short one.
const NAME_SHORT: usize = 9;
/// Columns from which what would be copied is shown beside its size.
const WITH_PREVIEW: usize = 60;

/// What is offered; empty until it was made.
#[derive(Debug, Default)]
pub struct Menu {
    offers: Vec<Offer>,
    /// A field line is being chosen: its lines, which one, and whether only its value is wanted.
    lines: Option<Lines>,
}

/// One thing that can be copied, or why it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    key: char,
    name: &'static str,
    made: Result<Vec<u8>, String>,
    /// Whether it holds a secret.
    secret: bool,
}

#[derive(Debug)]
struct Lines {
    head: Head,
    chosen: usize,
    only_value: bool,
}

impl Menu {
    /// The keys for the footer.
    #[must_use]
    pub fn keys(&self) -> &'static [(&'static str, &'static str)] {
        match self.lines {
            Some(_) => &[("enter", "copy"), ("↑↓", "choose"), ("esc", "close")],
            None => &[("letter", "copy"), ("esc", "close")],
        }
    }
}

/// Opens it; [`fill`] makes what it offers.
pub fn open(app: &mut App) {
    app.acting.menu = Some(Menu::default());
}

/// Makes what the menu offers, when it was just opened.
pub fn fill(app: &mut App, source: &dyn Source) -> Result<(), Unread> {
    let (Some(menu), Some(loaded)) = (&mut app.acting.menu, app.detail.loaded.as_deref()) else {
        app.acting.menu = None;
        return Ok(());
    };
    if menu.offers.is_empty() {
        let request = part(source, &loaded.exchange, Side::Client);
        let response = part(source, &loaded.exchange, Side::Origin);
        let lines = shown_head(loaded, app.detail.tab).is_some_and(|head| head.fields().len() > 0);
        let pointed = if matches!(app.base, Screen::Detail | Screen::Side) {
            pointed(&app.detail)
        } else {
            Pointed::default()
        };
        menu.offers = offers(&loaded.exchange, (lines, pointed), &request?, &response?);
    }
    Ok(())
}

/// A key while it is open.
pub fn press(app: &mut App, key: KeyEvent) -> Option<Effect> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let mut menu = app.acting.menu.take()?;
    match (&mut menu.lines, key.code) {
        (_, KeyCode::Char('c')) if ctrl => return Some(Effect::Quit),
        (_, KeyCode::Esc) => {}
        (Some(lines), code) => {
            if code == KeyCode::Enter {
                return lines.copy();
            }
            lines.go(code);
            app.acting.menu = Some(menu);
        }
        (None, KeyCode::Char(letter)) => return choose(app, menu, letter),
        (None, _) => app.acting.menu = Some(menu),
    }
    None
}

fn choose(app: &mut App, mut menu: Menu, letter: char) -> Option<Effect> {
    let Some(offer) = menu.offers.iter().find(|offer| offer.key == letter) else {
        app.message = Some(format!("{letter:?} copies nothing: esc closes"));
        app.acting.menu = Some(menu);
        return None;
    };
    match &offer.made {
        Err(why) => {
            app.message = Some(format!("{} cannot be copied: {why}", offer.name));
            app.acting.menu = Some(menu);
            None
        }
        Ok(bytes) if matches!(letter, 'l' | 'v') && bytes.is_empty() => {
            let head = shown_head(app.detail.loaded.as_deref()?, app.detail.tab)?;
            menu.lines = Some(Lines { head: head.clone(), chosen: 0, only_value: letter == 'v' });
            app.acting.menu = Some(menu);
            None
        }
        Ok(bytes) => Some(copied(offer.name, bytes.clone(), offer.secret)),
    }
}

fn copied(what: &str, bytes: Vec<u8>, secret: bool) -> Effect {
    let note = if secret { "holds a secret" } else { "" };
    Effect::Copy { what: what.to_owned(), bytes, note: note.to_owned() }
}

impl Lines {
    fn go(&mut self, code: KeyCode) {
        let last = self.head.fields().len().saturating_sub(1);
        self.chosen = match code {
            KeyCode::Down | KeyCode::Char('j') => (self.chosen + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.chosen.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => self.chosen,
        };
    }

    fn copy(&self) -> Option<Effect> {
        let field = self.head.fields().nth(self.chosen)?;
        let bytes = if self.only_value { field.value } else { field.line };
        let what = if self.only_value { "value" } else { "header line" };
        Some(copied(what, bytes.to_vec(), export::is_secret(field.name)))
    }
}

/// The head whose lines are meant: the request's where its tab is in front, else the answer's.
fn shown_head(loaded: &Loaded, tab: Tab) -> Option<&Head> {
    let request = loaded.request.received.as_ref();
    let response = loaded.response.received.as_ref().or(loaded.response.sent.as_ref());
    if tab == Tab::Request { request } else { response.or(request) }
}

/// A body as far as it can be copied.
#[derive(Debug)]
struct Part {
    /// As received; `None` when it is longer than can be copied.
    raw: Option<Vec<u8>>,
    /// Codings undone, or why not.
    plain: Result<Vec<u8>, String>,
    length: u64,
}

fn part(source: &dyn Source, exchange: &Exchange, side: Side) -> Result<Part, Unread> {
    if exchange.body(side).kept == 0 {
        return Ok(Part { raw: Some(Vec::new()), plain: Err("it is empty".to_owned()), length: 0 });
    }
    let octets = source.body(exchange, side)?;
    let too_large = |length| {
        let size = units::bytes(length);
        Err(format!("too large for the clipboard ({size}B; limit 100 kB): b saves it to a file"))
    };
    let raw = read(&mut view::reader(octets.as_ref()));
    let codings = view::codings_of(exchange, side);
    let plain = match view::decoded(Box::new(view::reader(octets.as_ref())), &codings) {
        Err(unknown) => Err(format!("{unknown}: b saves it to a file")),
        Ok(mut body) => match read(&mut body) {
            Ok(Some(bytes)) if std::str::from_utf8(&bytes).is_ok() => Ok(bytes),
            Ok(Some(_)) => Err("it is no text: b saves it to a file".to_owned()),
            Ok(None) => too_large(octets.len()),
            Err(error) => Err(format!("its coding is damaged ({error}): b saves it to a file")),
        },
    };
    Ok(Part { raw: raw.ok().flatten(), plain, length: octets.len() })
}

/// Reads all, if it is no more than can be copied.
fn read(body: &mut dyn std::io::Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    body.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= LIMIT).then_some(bytes))
}

fn head_of(exchange: &Exchange, side: Side) -> Option<Bytes> {
    let heads = &exchange.heads;
    match side {
        Side::Client => heads.request_received.clone(),
        Side::Origin => heads.response_received.clone().or_else(|| heads.response_sent.clone()),
    }
}

/// What is under the cursor of the detail.
#[derive(Debug, Default)]
struct Pointed {
    /// A head's line, its value, and whether that is a secret.
    field: Option<(Vec<u8>, Vec<u8>, bool)>,
    /// A path into a JSON body, and the value there.
    json: Option<(String, Vec<u8>)>,
}

fn pointed(detail: &DetailState) -> Pointed {
    if detail.tab == Tab::Body {
        return Pointed { field: None, json: detail.body.path_and_value() };
    }
    let field = detail
        .field_under_cursor()
        .map(|(name, value, line)| (line.to_vec(), value.to_vec(), export::is_secret(name)));
    Pointed { field, json: None }
}

fn offers(
    exchange: &Exchange,
    (lines, pointed): (bool, Pointed),
    request: &Part,
    response: &Part,
) -> Vec<Offer> {
    let secret = [Side::Client, Side::Origin].map(|side| {
        head_of(exchange, side)
            .is_some_and(|head| Head::parse(head).fields().any(|field| export::is_secret(field.name)))
    });
    let too_large = |part: &Part| {
        format!(
            "its body is too large for the clipboard ({}B; limit 100 kB): b saves it to a file",
            units::bytes(part.length)
        )
    };
    let asked = match &request.raw {
        None => Err(too_large(request)),
        Some(body) => {
            Request::of(exchange, body).ok_or_else(|| "a CONNECT is for the proxy alone".to_owned())
        }
    };
    let command =
        |make: fn(&Request) -> String| asked.clone().and_then(|request| fits(make(&request).into_bytes()));
    let raw = |side, part: &Part| match (head_of(exchange, side), &part.raw) {
        (None, _) => Err("there is none".to_owned()),
        (_, None) => Err(too_large(part)),
        (Some(head), Some(body)) => fits([&head[..], body].concat()).and_then(text),
    };
    let note = || {
        let body = |part: &Part| part.plain.clone().unwrap_or_default();
        let key = crate::ca::random_key();
        fits(export::covered_note(exchange, &body(request), &body(response), key).into_bytes())
    };
    let listed = || if lines { Ok(Vec::new()) } else { Err("there is no header line".to_owned()) };
    let hidden = pointed.field.as_ref().is_some_and(|(.., secret)| *secret);
    let (line, value) = match (pointed.field, &pointed.json) {
        (Some((line, value, _)), _) => (text(line), text(value)),
        (None, Some((_, value))) => (listed(), fits(value.clone())),
        (None, None) => (listed(), listed()),
    };
    let path = pointed.json.map(|(path, _)| path.into_bytes()).ok_or("the cursor is in no JSON".to_owned());
    let offer = |key, name, made, secret| Offer { key, name, made, secret };
    let hides = asked.as_ref().is_ok_and(Request::holds_a_secret);
    vec![
        offer('u', "URL", Ok(export::url(exchange).into_bytes()), false),
        offer('c', "curl", command(export::curl), hides),
        offer('f', "fetch", command(export::fetch), hides),
        offer('h', "HTTPie", command(export::httpie), hides),
        offer('p', "Python", command(export::python), hides),
        offer('l', "header line", line, hidden),
        offer('v', "value", value, hidden),
        offer('k', "JSON path", path, false),
        offer('b', "response body", response.plain.clone(), false),
        offer('B', "request body", request.plain.clone(), false),
        offer('r', "raw response", raw(Side::Origin, response), secret[1]),
        offer('R', "raw request", raw(Side::Client, request), secret[0]),
        offer('m', "Markdown", note(), false),
    ]
}

fn fits(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.len() <= LIMIT {
        return Ok(bytes);
    }
    Err(format!("too large for the clipboard ({}B; limit 100 kB)", units::bytes(bytes.len() as u64)))
}

/// Terminals put text on the clipboard, nothing else.
fn text(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    match std::str::from_utf8(&bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err("it is no text: b saves the body to a file".to_owned()),
    }
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let Some(menu) = &app.acting.menu else { return };
    if let Some(lines) = &menu.lines {
        return draw_lines(app, lines, buffer);
    }
    let room = room(app);
    let columns =
        [1, 2, 3].into_iter().find(|columns| menu.offers.len().div_ceil(*columns) <= room).unwrap_or(3);
    let rows = menu.offers.len().div_ceil(columns);
    let mut pane = sheet(app, rows, "Copy", buffer);
    let cell = pane.width() / columns;
    for (place, offer) in menu.offers.iter().enumerate() {
        let (column, row) = (place / rows * cell, place % rows);
        draw_offer(app, &mut pane, (column, row), cell, offer);
    }
}

fn draw_offer(app: &App, pane: &mut Pane<'_>, (from, row): (usize, usize), cell: usize, offer: &Offer) {
    let theme = app.theme;
    let works = offer.made.is_ok();
    let ink = |style| if works { style } else { theme.dim() };
    let at = pane.text(from + 1, row, &offer.key.to_string(), ink(theme.name()));
    let lists = |bytes: &[u8]| matches!(offer.key, 'l' | 'v') && bytes.is_empty();
    let remark = match &offer.made {
        Ok(bytes) if lists(bytes) => "choose".to_owned(),
        Ok(bytes) => format!("{}B", units::bytes(bytes.len() as u64)),
        Err(_) => "—".to_owned(),
    };
    let narrow = cell < WITH_PREVIEW;
    let name = if narrow { short(offer.name) } else { offer.name };
    let at = pane.text(
        at + 1,
        row,
        &width::fit(name, if narrow { NAME_SHORT } else { NAME }, "…"),
        ink(Style::new()),
    );
    let end = at + 7;
    if narrow {
        pane.right(end, row, &remark, theme.dim());
        return;
    }
    pane.right(end, row, &remark, theme.dim());
    let preview = match &offer.made {
        Ok(bytes) if lists(bytes) => "one line of the head".to_owned(),
        Ok(bytes) => one_line(bytes),
        Err(why) => why.clone(),
    };
    let secret = if works && offer.secret { "holds a secret  " } else { "" };
    let at = pane.text(end + 2, row, secret, theme.notable());
    pane.text(at, row, &width::cut(&preview, (from + cell).saturating_sub(at + 1), "…"), theme.dim());
}

/// A name where there is little room.
fn short(name: &str) -> &str {
    match name {
        "header line" => "line",
        "header value" => "value",
        "response body" => "resp body",
        "request body" => "req body",
        "raw response" => "raw resp",
        "raw request" => "raw req",
        name => name,
    }
}

fn draw_lines(app: &App, lines: &Lines, buffer: &mut Buffer) {
    let count = lines.head.fields().len();
    let rows = count.min(room(app)).min(12);
    let title = if lines.only_value { "Copy a value" } else { "Copy a header line" };
    let mut pane = sheet(app, rows, title, buffer);
    let top = (lines.chosen + 1).saturating_sub(rows);
    for (row, field) in lines.head.fields().enumerate().skip(top).take(rows) {
        let line = row - top;
        let room = pane.width().saturating_sub(3);
        let style = if row == lines.chosen { app.theme.selected() } else { Style::new() };
        if row == lines.chosen {
            pane.shade(line, style);
            pane.text(0, line, "▌", style);
        }
        pane.text(2, line, &width::cut(&one_line(field.line), room, "…"), style);
    }
}

/// The beginning of a text on one line.
fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..400.min(bytes.len())).unwrap_or_default()).into_owned();
    let joined: Vec<&str> = text.split_whitespace().filter(|word| *word != "\\").collect();
    sanitize_bounded(&joined.join(" "), 400).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::BodyPlace;
    use crate::tui::app::Screen;
    use crate::tui::fake::{self, Stage};

    /// A POST with bodies both ways.
    fn posted(request: &[u8], response: &[u8], fields: &str) -> Stage {
        let mut exchange = fake::passed(7);
        exchange.heads.request_received = Some(Bytes::from(format!(
            "POST http://api.shop.test/v1/cart HTTP/1.1\r\nHost: api.shop.test\r\n{fields}Content-Length: {}\r\n\r\n",
            request.len()
        )));
        for (side, bytes) in [(Side::Client, request), (Side::Origin, response)] {
            let body = exchange.body_mut(side);
            (body.length, body.kept) = (bytes.len() as u64, bytes.len() as u64);
            body.place = BodyPlace::Inline(bytes.to_vec());
        }
        Stage::new(80, 24, vec![exchange])
    }

    fn copied(stage: &mut Stage, keys: &str) -> Option<(String, String, String)> {
        match stage.press(keys) {
            Some(Effect::Copy { what, bytes, note }) => Some((what, String::from_utf8(bytes).unwrap(), note)),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_key_copies_and_closes() {
        let mut stage = posted(b"a=1", b"{\"id\":7}", "");
        for (keys, what, beginning) in [
            ("yu", "URL", "https://api.shop.test/v1/cart"),
            ("yc", "curl", "curl 'https://api.shop.test/v1/cart' \\\n"),
            ("yf", "fetch", "const response = await fetch("),
            ("yh", "HTTPie", "http --ignore-stdin 'POST' "),
            ("yp", "Python", "import requests\n"),
            ("yb", "response body", "{\"id\":7}"),
            ("yB", "request body", "a=1"),
            ("yr", "raw response", "HTTP/1.1 200 OK\r\nDate: "),
            ("yR", "raw request", "POST http://api.shop.test/v1/cart HTTP/1.1\r\n"),
            ("ym", "Markdown", "### GET https://api.shop.test/v1/cart"),
            ("yl<enter>", "header line", "Date: Mon, 23 Nov 2026 22:00:00 GMT"),
            ("yljj<enter>", "header line", "Set-Cookie: sid=8f02c2; Path=/"),
            ("yv<down><enter>", "value", "application/json"),
        ] {
            let (copied, text, _) =
                copied(&mut stage, keys).unwrap_or_else(|| panic!("{keys} copies nothing"));
            assert_eq!(copied, what);
            assert!(text.starts_with(beginning), "{keys}: {text}");
            assert_eq!(stage.app.screen(), Screen::List, "{keys}");
            assert!(stage.app.acting.menu.is_none(), "{keys}");
        }
    }

    #[test]
    fn secrets_are_said() {
        let mut stage = posted(b"", b"", "Authorization: Bearer x\r\n");
        assert_eq!(copied(&mut stage, "yc").unwrap().2, "holds a secret");
        assert_eq!(copied(&mut stage, "yR").unwrap().2, "holds a secret");
        assert_eq!(copied(&mut stage, "yu").unwrap().2, "");
        assert_eq!(copied(&mut stage, "yljj<enter>").unwrap().2, "holds a secret");
        let (_, note, _) = copied(&mut stage, "ym").unwrap();
        assert!(note.contains("Authorization: Bearer hidden-") && !note.contains("Bearer x"), "{note}");
    }

    #[test]
    fn what_cannot_be_copied_says_why_and_the_menu_stays() {
        let mut stage = posted(&[0xff; 10], &vec![b'x'; LIMIT + 1], "");
        for (key, says) in [
            ("yb", "too large for the clipboard (100kB; limit 100 kB): b saves it to a file"),
            ("B", "it is no text: b saves it to a file"),
            ("R", "it is no text"),
            ("r", "too large"),
            ("x", "copies nothing"),
        ] {
            assert_eq!(copied(&mut stage, key), None, "{key}");
            assert!(
                stage.app.message.as_deref().is_some_and(|message| message.contains(says)),
                "{key}: {:?}",
                stage.app.message
            );
            assert!(stage.app.acting.menu.is_some(), "{key}");
        }
        let (_, command, _) = copied(&mut stage, "c").unwrap();
        assert!(command.starts_with("printf '\\377"), "{command}");
        stage.press("y<esc>");
        assert!(stage.app.acting.menu.is_none());
    }

    #[test]
    fn a_coded_body_is_copied_plain() {
        let mut gzip = Vec::new();
        let text = b"hello hello".repeat(10);
        flate2::read::GzEncoder::new(&text[..], flate2::Compression::fast()).read_to_end(&mut gzip).unwrap();
        let mut stage = posted(&gzip, b"", "Content-Encoding: gzip\r\n");
        assert_eq!(copied(&mut stage, "yB").unwrap().1.as_bytes(), text);
    }

    #[test]
    fn a_body_of_the_limit_still_goes() {
        let mut stage = posted(b"", &vec![b'x'; LIMIT], "");
        assert_eq!(copied(&mut stage, "yb").unwrap().1.len(), LIMIT);
    }
}
