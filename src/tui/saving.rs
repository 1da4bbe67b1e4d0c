//! Saving a body: the line in which its file is named, beginning with a name that fits.
//!
//! The name comes from the wire, so it is made harmless: no folder, no leading dot, no odd characters.
//! Nothing is ever written over; when the file is there already, the line comes back.

use super::acting::sheet;
use super::app::App;
use super::detail::{Loaded, Tab};
use super::source::{Deed, Told};
use super::typing::{Purpose, Typing};
use super::update::Effect;
use crate::exchange::{ExchangeId, Head, Side};
use crate::text::units;
use crate::view;
use percent_encoding::percent_decode;
use ratatui::buffer::Buffer;
use std::path::PathBuf;

/// Characters of a proposed name at most.
const LONGEST: usize = 80;

/// A body being saved.
#[derive(Clone, Debug)]
pub struct Saving {
    id: ExchangeId,
    side: Side,
    /// What it is: "response body (2.1k, gzip undone)".
    what: String,
    /// The name that was given, while it is being written.
    given: Option<String>,
}

/// The body that is meant: of the request where its tab is in front, else the answer's if there is one.
#[must_use]
pub fn side(loaded: &Loaded, tab: Tab) -> Option<Side> {
    let has = |side: &Side| loaded.exchange.body(*side).kept > 0;
    let order = if tab == Tab::Request { [Side::Client, Side::Origin] } else { [Side::Origin, Side::Client] };
    order.into_iter().find(has)
}

/// Asks where to.
pub fn open(app: &mut App) {
    let Some(loaded) = app.detail.loaded.as_deref() else { return };
    let Some(side) = side(loaded, app.detail.tab) else { return };
    let name = proposed(loaded, side);
    let codings = view::codings_of(&loaded.exchange, side);
    let size = units::bytes(loaded.exchange.body(side).kept);
    let undone =
        if codings.is_empty() { String::new() } else { format!(", {} undone", codings.join(" and ")) };
    let whose = if side == Side::Client { "request" } else { "response" };
    let what = format!("{whose} body ({size}{undone})");
    app.acting.saving = Some(Saving { id: loaded.exchange.summary.id, side, what, given: None });
    app.typing = Some(Typing::new(Purpose::Save, &name));
}

/// Has it written.
pub fn accept(app: &mut App, typed: Typing) -> Option<Effect> {
    let name = typed.text().trim().to_owned();
    if name.is_empty() {
        app.message = Some("a file's name is needed; esc leaves".to_owned());
        app.typing = Some(typed);
        return None;
    }
    let saving = app.acting.saving.as_mut()?;
    saving.given = Some(name.clone());
    let (id, side) = (saving.id, saving.side);
    Some(Effect::Do(Deed::Save { id, side, decoded: true, path: PathBuf::from(name) }))
}

/// It was written, or not: then another name can be given.
pub fn told(app: &mut App, told: &Told) {
    let Some(saving) = app.acting.saving.as_mut() else { return };
    let Some(given) = saving.given.take() else { return };
    match told {
        Told::Failed(_) if app.typing.is_none() => app.typing = Some(Typing::new(Purpose::Save, &given)),
        _ => app.acting.saving = None,
    }
}

/// Draws the line.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let (Some(typing), Some(saving)) = (&app.typing, &app.acting.saving) else { return };
    let mut pane = sheet(app, 1, &format!("Save the {} to", saving.what), buffer);
    typing.draw(&mut pane, 1, 0, app.theme.strong());
}

fn head(loaded: &Loaded, side: Side) -> Option<&Head> {
    match side {
        Side::Client => loaded.request.received.as_ref(),
        Side::Origin => loaded.response.received.as_ref().or(loaded.response.sent.as_ref()),
    }
}

/// A name for the file: the sender's (RFC 6266 4.3), else the path's last part, with an ending that fits.
fn proposed(loaded: &Loaded, side: Side) -> String {
    let head = head(loaded, side);
    let given = head.and_then(|head| head.value("content-disposition")).and_then(disposition);
    let path = loaded.exchange.summary.path.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let name = harmless(&given.unwrap_or_else(|| last.to_owned()));
    let name = if name.is_empty() { "body".to_owned() } else { name };
    let media = head.and_then(|head| head.value("content-type")).unwrap_or_default();
    match ending(&String::from_utf8_lossy(media)) {
        Some(ending) if !name.contains('.') => format!("{name}.{ending}"),
        _ => name,
    }
}

/// The file name of Content-Disposition: `filename*` before `filename` (RFC 6266 4.3, RFC 8187 3.2).
fn disposition(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let parameter = |wanted: &str| {
        text.split(';').skip(1).find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let extended = parameter("filename*").and_then(|value| {
        let coded = value.splitn(3, '\'').nth(2)?.to_owned();
        Some(percent_decode(coded.as_bytes()).decode_utf8_lossy().into_owned())
    });
    extended.or_else(|| parameter("filename"))
}

fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let fits = |c: char| if c.is_alphanumeric() || "._-+@,".contains(c) { c } else { '_' };
    let name: String = last.chars().map(fits).collect();
    name.trim_start_matches(['.', '-']).chars().take(LONGEST).collect()
}

fn ending(media: &str) -> Option<&'static str> {
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, name) = media.split_once('/')?;
    Some(match (kind, name) {
        (_, name) if name == "json" || name.ends_with("+json") => "json",
        (_, "html") => "html",
        ("image", "svg+xml") => "svg",
        (_, name) if name == "xml" || name.ends_with("+xml") => "xml",
        (_, "css") => "css",
        (_, "javascript") => "js",
        (_, "csv") => "csv",
        ("image", "jpeg") => "jpg",
        ("image", "png") => "png",
        ("image", "gif") => "gif",
        ("image", "webp") => "webp",
        (_, "pdf") => "pdf",
        (_, "zip") => "zip",
        ("text", _) | (_, "x-www-form-urlencoded") => "txt",
        _ => "bin",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::Screen;
    use crate::tui::fake::{self, Stage};
    use crate::tui::update::{Event, update};
    use bytes::Bytes;

    fn stage(path: &str, fields: &str) -> Stage {
        let mut exchange = fake::passed(7);
        path.clone_into(&mut exchange.summary.path);
        exchange.heads.response_received = Some(Bytes::from(format!("HTTP/1.1 200 OK\r\n{fields}\r\n")));
        Stage::new(80, 24, vec![exchange])
    }

    fn proposal(path: &str, fields: &str) -> String {
        let mut stage = stage(path, fields);
        stage.press("b");
        stage.app.typing.unwrap().text().to_owned()
    }

    #[test]
    fn a_name_is_proposed_and_harmless() {
        let json = "Content-Type: application/json; charset=utf-8\r\n";
        for (path, fields, name) in [
            ("/v1/items?page=2", json, "items.json"),
            ("/app.9f3c.js", "Content-Type: text/javascript\r\n", "app.9f3c.js"),
            ("/", json, "body.json"),
            ("/x", "Content-Disposition: attachment; filename=\"../../etc/pass wd\"\r\n", "pass_wd"),
            (
                "/x",
                "Content-Disposition: attachment; filename=a.txt; filename*=UTF-8''na%C3%AFve%2F.txt\r\n",
                "txt",
            ),
            ("/x", "Content-Disposition: attachment; filename*=UTF-8''na%C3%AFve.txt\r\n", "naïve.txt"),
            ("/.ssh", "", "ssh"),
            ("/a\u{202e}b\x1b", "", "a_b_"),
        ] {
            assert_eq!(proposal(path, fields), name, "{path} {fields}");
        }
        assert_eq!(proposal(&format!("/{}", "x".repeat(500)), "").len(), LONGEST);
    }

    #[test]
    fn enter_has_it_written_and_a_failure_asks_again() {
        let mut stage = stage("/a.txt", "Content-Encoding: gzip\r\n");
        stage.press("b");
        assert!(
            stage.screen().contains("Save the response body (14.2k, gzip undone) to"),
            "{}",
            stage.screen()
        );
        let effect = stage.press("<enter>");
        let deed = Deed::Save { id: ExchangeId(7), side: Side::Origin, decoded: true, path: "a.txt".into() };
        assert_eq!(effect, Some(Effect::Do(deed)));
        assert_eq!(stage.app.screen(), Screen::List);
        update(
            &mut stage.app,
            Event::Told(Told::Failed("a.txt is there already: choose another name".to_owned())),
        );
        let screen = stage.screen();
        assert!(screen.contains("is there already") && screen.contains("\n a.txt"), "{screen}");
        stage.press("2<enter>");
        update(&mut stage.app, Event::Told(Told::Done("saved".to_owned())));
        assert!(stage.app.acting.saving.is_none() && stage.app.typing.is_none());
    }

    #[test]
    fn no_name_and_esc_write_nothing() {
        let mut stage = stage("/a", "");
        assert_eq!(stage.press("b<ctrl-u><enter>"), None);
        assert!(stage.app.message.as_deref().is_some_and(|says| says.contains("name is needed")));
        assert_eq!(stage.press("<esc>"), None);
        assert_eq!(stage.app.screen(), Screen::List);
    }
}
