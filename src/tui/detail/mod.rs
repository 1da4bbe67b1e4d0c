//! One exchange in eight tabs. The text of a tab is built when what it shows changes, and
//! only the lines in view are drawn.

mod body;
mod hops;
mod message;
mod overview;
mod raw;
mod timing;
mod tls;

use super::app::{App, List};
use super::layout;
use super::ledger::{self, Pair, Totals};
use super::page::Page;
use super::paint::Pane;
use super::source::Status;
use super::theme::Theme;
use crate::exchange::{Connection, Edit, Exchange, Head, Summary};
use crate::text::{sanitize_bounded, units, width};
use bytes::Bytes;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// The tabs, in their places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The exchange at a glance.
    #[default]
    Overview,
    /// The request's heads.
    Request,
    /// The response's heads.
    Response,
    /// The bodies.
    Body,
    /// The phases.
    Timing,
    /// TLS of both connections.
    Tls,
    /// Received beside sent, with reasons.
    Hops,
    /// The four heads byte for byte.
    Raw,
}

impl Tab {
    /// All, in their places.
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Request,
        Self::Response,
        Self::Body,
        Self::Timing,
        Self::Tls,
        Self::Hops,
        Self::Raw,
    ];

    /// Its name, whole and short.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("Overview", "Over"),
            Self::Request => ("Request", "Req"),
            Self::Response => ("Response", "Resp"),
            Self::Body => ("Body", "Body"),
            Self::Timing => ("Timing", "Time"),
            Self::Tls => ("TLS", "TLS"),
            Self::Hops => ("Hops", "Hops"),
            Self::Raw => ("Raw", "Raw"),
        }
    }

    /// Whether all that it is meant for is there.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self != Self::Body
    }

    /// The tab to the left, round the end.
    #[must_use]
    pub fn before(self) -> Self {
        Self::ALL[(self as usize + Self::ALL.len() - 1) % Self::ALL.len()]
    }

    /// The tab to the right, round the end.
    #[must_use]
    pub fn after(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// Which of a message's two heads are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// Received and sent.
    #[default]
    Both,
    /// As received.
    Received,
    /// As sent.
    Sent,
}

impl Sides {
    /// The next in turn.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Both => Self::Received,
            Self::Received => Self::Sent,
            Self::Sent => Self::Both,
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Both => "received and sent",
            Self::Received => "as received",
            Self::Sent => "as sent",
        }
    }
}

/// A message on its way through the hop.
#[derive(Debug, Default)]
pub struct Passage {
    /// Its head as received.
    pub received: Option<Head>,
    /// Its head as sent.
    pub sent: Option<Head>,
    /// The two beside each other, when there are two.
    pub pairs: Vec<Pair>,
}

impl Passage {
    fn new(received: Option<&Bytes>, sent: Option<&Bytes>, edits: &[Edit]) -> Self {
        let parse = |raw: Option<&Bytes>| raw.map(|raw| Head::parse(raw.clone()));
        let (received, sent) = (parse(received), parse(sent));
        let pairs = match (&received, &sent) {
            (Some(received), Some(sent)) => ledger::pair(received, sent, edits),
            _ => Vec::new(),
        };
        Self { received, sent, pairs }
    }

    /// What the hop did to it, when it passed.
    #[must_use]
    pub fn totals(&self) -> Option<Totals> {
        (!self.pairs.is_empty()).then(|| Totals::of(&self.pairs))
    }
}

/// An exchange with its connections, ready to be shown.
#[derive(Debug)]
pub struct Loaded {
    /// The exchange.
    pub exchange: Exchange,
    /// The client's connection.
    pub client: Option<Connection>,
    /// The origin connection.
    pub origin: Option<Connection>,
    /// The request on its way.
    pub request: Passage,
    /// The response on its way.
    pub response: Passage,
}

impl Loaded {
    /// Pairs the heads.
    #[must_use]
    pub fn new(exchange: Exchange, client: Option<Connection>, origin: Option<Connection>) -> Self {
        let heads = &exchange.heads;
        let request = Passage::new(
            heads.request_received.as_ref(),
            heads.request_sent.as_ref(),
            &exchange.request_edits,
        );
        let response = Passage::new(
            heads.response_received.as_ref(),
            heads.response_sent.as_ref(),
            &exchange.response_edits,
        );
        Self { exchange, client, origin, request, response }
    }
}

/// What a tab is made from.
struct View<'a> {
    summary: &'a Summary,
    loaded: &'a Loaded,
    sides: Sides,
    status: &'a Status,
}

/// What the text in `DetailState::lines` was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Built {
    tab: Tab,
    sides: Sides,
    room: usize,
    version: u64,
}

/// The detail of the selected exchange.
#[derive(Debug, Default)]
pub struct DetailState {
    /// The exchange.
    pub id: Option<u64>,
    /// The tab in front.
    pub tab: Tab,
    /// Which heads are shown.
    pub sides: Sides,
    /// The exchange, once it was fetched.
    pub loaded: Option<Box<Loaded>>,
    /// Whether it changed since.
    pub stale: bool,
    scrolls: [usize; 8],
    lines: Vec<Line<'static>>,
    built: Option<Built>,
    version: u64,
}

impl DetailState {
    /// Turns to an exchange.
    pub fn select(&mut self, id: Option<u64>) {
        if self.id != id {
            self.id = id;
            self.loaded = None;
            self.scrolls = [0; 8];
            self.version += 1;
        }
    }

    /// Brings a tab to the front.
    pub fn set_tab(&mut self, tab: Tab) {
        self.tab = tab;
    }

    /// Takes in the exchange, or that it is not readable yet.
    pub fn load(&mut self, loaded: Option<Loaded>) {
        self.loaded = loaded.map(Box::new);
        self.stale = false;
        self.version += 1;
    }

    /// Whether the tab in front shows received, sent, or both, as asked.
    #[must_use]
    pub fn has_sides(&self) -> bool {
        let Some(loaded) = self.loaded.as_deref() else { return false };
        match self.tab {
            Tab::Request | Tab::Response => true,
            Tab::Hops => !loaded.request.pairs.is_empty() || !loaded.response.pairs.is_empty(),
            _ => false,
        }
    }

    /// The first line shown of the tab in front.
    pub fn scroll_mut(&mut self) -> &mut usize {
        &mut self.scrolls[self.tab as usize]
    }

    /// The text of the tab in front, sanitised.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.to_string().trim_end())).collect()
    }

    /// The first line shown when the end is in view.
    #[must_use]
    pub fn last_top(&self, page: usize) -> usize {
        self.lines.len().saturating_sub(page)
    }

    /// Builds the text where what it shows has changed, and keeps the scroll inside it.
    pub fn settle(&mut self, theme: Theme, list: &List, status: &Status, text: Rect) {
        let wanted =
            Built { tab: self.tab, sides: self.sides, room: usize::from(text.width), version: self.version };
        if self.built != Some(wanted) {
            self.lines = self.build(theme, list, status, wanted.room);
            self.built = Some(wanted);
        }
        let end = self.last_top(usize::from(text.height));
        let scroll = self.scroll_mut();
        *scroll = (*scroll).min(end);
    }

    fn build(&self, theme: Theme, list: &List, status: &Status, room: usize) -> Vec<Line<'static>> {
        let mut page = Page::new(theme, room);
        let Some(loaded) = self.loaded.as_deref() else {
            page.prose(
                " ",
                "Under way: its details can be read in a moment, or when it is complete.",
                theme.dim(),
            );
            return page.finish();
        };
        let known = self.id.and_then(|id| list.summaries.get(&id));
        let summary = known.unwrap_or(&loaded.exchange.summary);
        let view = View { summary, loaded, sides: self.sides, status };
        match self.tab {
            Tab::Overview => overview::build(&view, &mut page),
            Tab::Request => message::request(&view, &mut page),
            Tab::Response => message::response(&view, &mut page),
            Tab::Body => body::build(&view, &mut page),
            Tab::Timing => timing::build(&view, &mut page),
            Tab::Tls => tls::build(&view, &mut page),
            Tab::Hops => hops::build(&view, &mut page),
            Tab::Raw => raw::build(&view, &mut page),
        }
        page.finish()
    }
}

/// Draws the detail into its place.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let (head, text) = layout::detail_parts(area);
    draw_head(app, &mut Pane::new(buffer, head));
    let detail = &app.detail;
    let top = detail.scrolls[detail.tab as usize];
    let mut pane = Pane::new(buffer, text);
    let height = pane.height();
    for (row, line) in detail.lines.iter().skip(top).take(height).enumerate() {
        pane.line(row, line);
    }
}

fn draw_head(app: &App, pane: &mut Pane<'_>) {
    let Some(id) = app.detail.id else { return };
    let known = app.list.summaries.get(&id).or(app.detail.loaded.as_deref().map(|l| &l.exchange.summary));
    let place = format!(
        "{} of {}",
        units::count(app.list.position() as u64 + 1),
        units::count(app.list.index.shown_count() as u64)
    );
    let place_from = pane.width().saturating_sub(width::columns(&place) + 1);
    let mut at = pane.text(0, 0, &format!(" #{id}  "), app.theme.strong());
    if let Some(summary) = known {
        let method = sanitize_bounded(&summary.method, 64);
        at = pane.text(at, 0, &format!("{method} "), app.theme.strong());
        let target =
            format!("{}{}", sanitize_bounded(&summary.host, 512), sanitize_bounded(&summary.path, 2048));
        pane.text(at, 0, &width::path(&target, place_from.saturating_sub(at + 2), "…"), app.theme.strong());
    }
    pane.text(place_from, 0, &place, app.theme.dim());
    draw_tabs(app, pane);
    pane.rule(2, app.theme.dim());
    let shown = &app.detail;
    if shown.has_sides() {
        pane.right(
            pane.width().saturating_sub(2),
            2,
            &format!(" H: {} ", shown.sides.says()),
            app.theme.dim(),
        );
    }
    let below = shown.lines.len().saturating_sub(shown.scrolls[shown.tab as usize]);
    let height = usize::from(layout::detail_parts(app.detail_place()).1.height);
    if shown.lines.len() > height {
        let seen = shown.lines.len() - below.saturating_sub(height);
        pane.text(2, 2, &format!(" {seen}/{} lines ", shown.lines.len()), app.theme.dim());
    }
}

/// The tab whose name stands at a place of the detail's head.
#[must_use]
pub fn tab_at(app: &App, head: Rect, at: Position) -> Option<Tab> {
    if at.y != head.y.saturating_add(1) {
        return None;
    }
    let mut from = usize::from(head.x);
    for (tab, text) in labels(app, usize::from(head.width)) {
        let to = from + text.len();
        if (from..to).contains(&usize::from(at.x)) {
            return Some(tab);
        }
        from = to;
    }
    None
}

/// The tabs by their whole names, else their short ones, else their numbers.
fn labels(app: &App, room: usize) -> Vec<(Tab, String)> {
    let front = app.detail.tab;
    let label = |place: usize, tab: Tab, spelling: usize| {
        let number = place + 1;
        let (whole, short) = tab.names();
        let text = match spelling {
            0 => format!("{number} {whole}"),
            1 => format!("{number} {short}"),
            _ if tab == front => format!("{number} {short}"),
            _ => number.to_string(),
        };
        if tab == front { format!("[{text}]") } else { format!(" {text} ") }
    };
    let labels =
        |spelling| Tab::ALL.iter().enumerate().map(move |(place, tab)| (*tab, label(place, *tab, spelling)));
    let fits = |spelling: &usize| labels(*spelling).map(|(_, text)| text.len()).sum::<usize>() <= room;
    labels([0, 1].into_iter().find(fits).unwrap_or(2)).collect()
}

fn draw_tabs(app: &App, pane: &mut Pane<'_>) {
    let front = app.detail.tab;
    let mut at = 0;
    for (tab, text) in labels(app, pane.width()) {
        let style = if tab == front {
            app.theme.strong()
        } else if tab.is_whole() {
            ratatui::style::Style::new()
        } else {
            app.theme.dim()
        };
        at = pane.text(at, 1, &text, style);
    }
}
