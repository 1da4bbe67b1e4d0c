//! The replay form: how often, where to, with which field and body.

use super::app::App;
use super::paint::Pane;
use super::source::Deed;
use super::theme::Theme;
use super::update::Effect;
use crate::exchange::{ExchangeId, Order};
use crate::replay;
use crate::text::width;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget as _};
use std::path::PathBuf;
use tui_input::backend::crossterm::EventHandler as _;
use tui_input::{Input, InputRequest};

/// The most that one form sends.
const MOST: usize = 1000;

/// Labels, and what an empty entry means.
const FIELDS: [(&str, &str); 4] = [
    ("times", "1"),
    ("to", "where it went; http://host or http://host/path"),
    ("set field", "none; Name: value"),
    ("body file", "the body as it was"),
];
/// Columns of the labels.
const LABEL: usize = 11;
/// Columns of the box, where there is room.
const WIDTH: u16 = 72;
/// Lines of the box, borders included.
const HEIGHT: u16 = 11;

/// The form.
#[derive(Clone, Debug)]
pub struct Form {
    /// What is sent.
    pub ids: Vec<ExchangeId>,
    title: String,
    /// A method that is not safe to repeat, to be named before it is sent.
    warns: Option<String>,
    inputs: [Input; 4],
    at: usize,
    /// Whether the warning was given, so that another enter sends.
    warned: bool,
    error: Option<String>,
}

impl Form {
    /// An empty form.
    #[must_use]
    pub fn new(ids: Vec<ExchangeId>, title: String, warns: Option<String>) -> Self {
        Self { ids, title, warns, inputs: Default::default(), at: 0, warned: false, error: None }
    }

    /// Puts a pasted text where the cursor is.
    pub fn paste(&mut self, text: &str) {
        self.touch();
        if let Some(input) = self.inputs.get_mut(self.at) {
            for c in text.chars().filter(|c| !c.is_control()) {
                input.handle(InputRequest::InsertChar(c));
            }
        }
    }

    fn touch(&mut self) {
        (self.warned, self.error) = (false, None);
    }

    fn value(&self, at: usize) -> &str {
        self.inputs.get(at).map_or("", Input::value).trim()
    }

    /// What is asked for: orders, and the file of another body.
    fn orders(&self) -> Result<(Vec<Order>, Option<PathBuf>), String> {
        let times = match self.value(0) {
            "" => 1,
            typed => typed.parse().ok().filter(|times| *times > 0).ok_or("times: a number from 1 on")?,
        };
        if times > MOST || times * self.ids.len() > MOST {
            return Err(format!("times: {MOST} requests at most; hopscope replay --count sends more"));
        }
        let given = |at| Some(self.value(at).to_owned()).filter(|typed| !typed.is_empty());
        let order = |id: &ExchangeId| Order {
            target: given(1),
            set: given(2).into_iter().collect(),
            ..Order::as_is(*id)
        };
        let orders: Vec<_> = self.ids.iter().flat_map(|id| std::iter::repeat_n(order(id), times)).collect();
        if let Some(first) = orders.first() {
            replay::check(first).map_err(|error| plain(&error.to_string()))?;
        }
        Ok((orders, given(3).map(PathBuf::from)))
    }
}

/// The words behind the carets of an error.
fn plain(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    last.trim_start_matches([' ', '^']).to_owned()
}

/// A key while the form is open.
pub fn press(app: &mut App, key: KeyEvent) -> Option<Effect> {
    let form = app.again.form.as_mut()?;
    let last = FIELDS.len() - 1;
    match key.code {
        KeyCode::Esc => app.again.kept = app.again.form.take(),
        KeyCode::Enter => return enter(app),
        KeyCode::Tab | KeyCode::Down => form.at = if form.at == last { 0 } else { form.at + 1 },
        KeyCode::BackTab | KeyCode::Up => form.at = if form.at == 0 { last } else { form.at - 1 },
        KeyCode::Char('z' | 'l') if key.modifiers.contains(KeyModifiers::CONTROL) => {}
        _ => {
            form.touch();
            form.inputs.get_mut(form.at)?.handle_event(&Event::Key(key))?;
        }
    }
    None
}

fn enter(app: &mut App) -> Option<Effect> {
    let form = app.again.form.as_mut()?;
    let (orders, body) = match form.orders() {
        Ok(asked) => asked,
        Err(error) => {
            form.error = Some(error);
            return None;
        }
    };
    if form.warns.is_some() && !form.warned {
        form.warned = true;
        return None;
    }
    form.warned = false;
    app.again.kept = app.again.form.take();
    Some(Effect::Do(match body {
        Some(body) => Deed::ReplayBody(orders, body),
        None => Deed::Replay(orders),
    }))
}

/// Draws the form over the screen.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let Some(form) = &app.again.form else { return };
    let area = app.area.intersection(buffer.area);
    let tight = area.height < HEIGHT + 2;
    let (width, height) = (area.width.min(WIDTH), if tight { area.height.min(8) } else { HEIGHT });
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    let place = Rect { x, y, width, height };
    // What stands beside the box is not to be read into it.
    let margin = if area.width < WIDTH + 16 { (area.width - width) / 2 } else { 2 };
    Clear.render(Rect { x: x - margin, width: width + 2 * margin, ..place }.intersection(area), buffer);
    let mut pane = Pane::new(buffer, place);
    frame(app.theme, &mut pane);
    let mut line = 1;
    let room = pane.width().saturating_sub(4);
    pane.text(2, line, &width::middle(&form.title, room, "…"), app.theme.strong());
    line += if tight { 1 } else { 2 };
    for (at, field) in FIELDS.iter().enumerate() {
        draw_field(app.theme, form, &mut pane, (line, at, *field));
        line += 1;
    }
    line += usize::from(!tight);
    let (words, style) = says(app.theme, form);
    pane.text(2, line, &width::cut(&words, room, "…"), style);
    if !tight {
        pane.text(2, line + 1, "enter send  tab ↑↓ next entry  esc close", app.theme.dim());
    }
}

fn says(theme: Theme, form: &Form) -> (String, Style) {
    match (&form.error, &form.warns) {
        (Some(error), _) => (error.clone(), theme.bad()),
        (None, Some(method)) if form.warned => {
            let count = form.orders().map_or(1, |(orders, _)| orders.len());
            let again = if count == 1 { String::new() } else { format!("{count} × ") };
            (format!("{again}{method} is not safe to repeat: enter again sends"), theme.notable())
        }
        _ => (String::new(), theme.dim()),
    }
}

fn draw_field(
    theme: Theme,
    form: &Form,
    pane: &mut Pane<'_>,
    (line, at, (label, empty)): (usize, usize, (&str, &str)),
) {
    let here = form.at == at;
    pane.text(2, line, if here { "▌" } else { " " }, theme.name());
    pane.text(4, line, label, if here { theme.name() } else { theme.dim() });
    let from = 4 + LABEL;
    let room = pane.width().saturating_sub(from + 3);
    let Some(input) = form.inputs.get(at) else { return };
    let skipped = input.visual_scroll(room.max(1));
    if input.value().is_empty() {
        let gap = usize::from(here);
        pane.text(from + gap, line, &width::cut(empty, room.saturating_sub(gap), "…"), theme.dim());
    } else {
        pane.text(from, line, &width::cut(width::skip(input.value(), skipped), room, ""), Style::new());
    }
    if here {
        pane.invert(from + input.visual_cursor().saturating_sub(skipped), line);
    }
}

fn frame(theme: Theme, pane: &mut Pane<'_>) {
    let (width, height) = (pane.width(), pane.height());
    let rule = "─".repeat(width.saturating_sub(2));
    for line in 1..height.saturating_sub(1) {
        pane.text(0, line, "│", theme.dim());
        pane.text(width.saturating_sub(1), line, "│", theme.dim());
    }
    pane.text(0, 0, &format!("┌{rule}┐"), theme.dim());
    pane.text(2, 0, " Send again ", theme.strong());
    pane.text(0, height.saturating_sub(1), &format!("└{rule}┘"), theme.dim());
}

#[cfg(test)]
mod tests {
    use super::super::fake::{self, Stage};
    use super::*;

    fn stage(method: &'static str, width: u16, height: u16) -> Stage {
        Stage::new(width, height, vec![fake::with(7, |summary| method.clone_into(&mut summary.method))])
    }

    #[test]
    fn the_form_asks_how_often_where_to_and_with_what() {
        let mut stage = stage("GET", 80, 24);
        let effect = stage.press("R3<tab>http://h:1<tab>X-A: b<enter>");
        let order = Order {
            target: Some("http://h:1".to_owned()),
            set: vec!["X-A: b".to_owned()],
            ..Order::as_is(ExchangeId(7))
        };
        assert_eq!(effect, Some(Effect::Do(Deed::Replay(vec![order; 3]))));
        assert!(stage.app.again.form.is_none());
        // What was typed is there again until it was sent.
        assert!(stage.press("R").is_none());
        assert!(stage.screen().contains("http://h:1"));
    }

    #[test]
    fn a_body_file_is_read_by_the_source() {
        let effect = stage("GET", 80, 24).press("R<tab><tab><tab>body.json<enter>");
        let orders = vec![Order::as_is(ExchangeId(7))];
        assert_eq!(effect, Some(Effect::Do(Deed::ReplayBody(orders, "body.json".into()))));
    }

    #[test]
    fn mistakes_are_said_in_the_form_and_esc_closes_it() {
        for (keys, says) in [
            ("Rx<enter>", "times: a number from 1 on"),
            ("R9999<enter>", "times: 1000 requests at most"),
            ("R<tab>ftp://x<enter>", "a target is written http://host"),
            ("R<tab><tab>nocolon<enter>", "a field line is written Name: value"),
        ] {
            let mut stage = stage("GET", 80, 24);
            assert_eq!(stage.press(keys), None);
            assert!(stage.screen().contains(says), "{keys}: {}", stage.screen());
            stage.press("<esc>");
            assert!(stage.app.again.form.is_none());
        }
    }

    #[test]
    fn what_is_not_safe_takes_a_second_enter() {
        let mut stage = stage("POST", 80, 24);
        assert_eq!(stage.press("R5<enter>"), None);
        assert!(stage.screen().contains("5 × POST is not safe to repeat: enter again sends"));
        assert_eq!(stage.press("0<enter>"), None, "another number is asked about anew");
        match stage.press("<enter>") {
            Some(Effect::Do(Deed::Replay(orders))) => assert_eq!(orders.len(), 50),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_form_at_every_size() {
        for (width, height) in [(80, 24), (140, 40), (40, 8), (1, 1)] {
            let mut stage = Stage::new(width, height, fake::varied());
            stage.press("gjjj");
            stage.press("R3<tab>http://127.0.0.1:3000<tab>");
            insta::assert_snapshot!(format!("form_{width}x{height}"), stage.screen());
        }
    }
}
