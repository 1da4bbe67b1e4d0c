//! One exchange in eight tabs. The text of a tab is built when what it shows changes, and
//! only the lines in view are drawn.

pub mod body;
mod cursor;
mod facts;
pub mod find;
mod frames;
mod head;
mod hops;
pub mod inspected;
mod loaded;
mod message;
pub mod messages;
mod overview;
pub mod pane;
mod phases;
mod raw;
mod timing;
mod tls;

pub use head::tab_at;
pub use loaded::{Loaded, Passage};

use super::app::{App, List, Screen};
use super::laid::Laid;
use super::layout;
use super::ledger::Totals;
use super::page::Page;
use super::paint::Pane;
use super::source::{Source, Status};
use super::theme::Theme;
use crate::exchange::Summary;
use crate::inspect::Link;
use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Microseconds.
const SECOND: i64 = 1_000_000;

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

/// What a tab is made from.
struct View<'a> {
    summary: &'a Summary,
    loaded: &'a Loaded,
    sides: Sides,
    hex: bool,
    /// Whether secrets are shown as they are.
    secrets: bool,
    /// When it was read, microseconds since the epoch.
    now: i64,
    status: &'a Status,
}

/// What the text in `DetailState::laid` was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Built {
    tab: Tab,
    sides: Sides,
    hex: bool,
    secrets: bool,
    room: usize,
    version: u64,
}

/// The detail of the selected exchange.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
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
    /// Whether heads are shown as bytes in hex, where they are shown byte for byte.
    pub hex: bool,
    /// Whether secrets are shown as they are.
    pub secrets: bool,
    /// Whether the pane that explains a head is left out.
    pub unexplained: bool,
    /// Whether that pane has most of the room.
    pub tall: bool,
    /// The first line shown in it then, and what it was turned to for.
    turned: (usize, Option<inspected::Place>),
    /// What is looked for in the text.
    pub find: find::Find,
    /// When it was read, microseconds since the epoch.
    read: i64,
    /// The body, when its tab is in front.
    pub body: body::BodyState,
    /// The messages, where they stand in its place.
    pub messages: messages::MessagesState,
    scrolls: [usize; 8],
    /// The lines that the cursor stands on, by tab.
    cursors: [usize; 8],
    laid: Laid,
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
            self.cursors = [0; 8];
            self.turned = (0, None);
            self.body.leave();
            self.messages.leave();
            self.version += 1;
        }
    }

    /// Brings a tab to the front.
    pub fn set_tab(&mut self, tab: Tab) {
        self.tab = tab;
    }

    /// Takes in the exchange as it stood at `now`. What is not readable for a moment, between its last
    /// byte and its row in the capture, stays as it was.
    pub fn load(&mut self, loaded: Option<Loaded>, now: i64) {
        self.read = now;
        self.stale = false;
        if let Some(loaded) = loaded {
            self.loaded = Some(Box::new(loaded));
            self.messages.touch();
            self.version += 1;
        }
    }

    /// Whether the exchange in front is under way, so that its text changes by itself.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.loaded.as_deref().is_some_and(|loaded| !loaded.exchange.is_over())
    }

    /// Time passed: an exchange under way is read anew once a second.
    pub fn tick(&mut self, now: i64) {
        let second = now.saturating_sub(self.read) >= SECOND;
        self.stale |= second && self.id.is_some() && (self.loaded.is_none() || self.is_under_way());
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

    /// Whether what belongs together with the exchange is to be looked for: the tab in front tells it.
    #[must_use]
    pub fn wants_links(&self) -> bool {
        self.tab == Tab::Overview && self.loaded.as_deref().is_some_and(|loaded| loaded.links.is_none())
    }

    /// Takes in what belongs together with it.
    pub fn take_links(&mut self, links: Vec<Link>) {
        if let Some(loaded) = self.loaded.as_deref_mut() {
            loaded.links = Some(links);
            self.version += 1;
        }
    }

    /// Whether a head is in front, which has findings and something to explain.
    #[must_use]
    pub fn shows_head(&self) -> bool {
        matches!(self.tab, Tab::Request | Tab::Response) && self.loaded.is_some()
    }

    /// Whether the pane that explains it is asked for.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.shows_head() && !self.unexplained
    }

    /// Shows secrets as they are, or masks them again.
    pub fn show_secrets(&mut self) {
        self.secrets = !self.secrets;
    }

    /// The text's place, and that of the pane that explains it.
    #[must_use]
    pub fn text_parts(&self, text: Rect) -> (Rect, Rect) {
        if self.is_explained() {
            layout::explained(text, self.tall, self.laid.lines.len())
        } else {
            (text, Rect { height: 0, ..text })
        }
    }

    /// The first line shown of the tab in front.
    pub fn scroll_mut(&mut self) -> &mut usize {
        &mut self.scrolls[self.tab as usize]
    }

    /// The text of the tab in front, sanitised.
    #[must_use]
    pub fn text(&self) -> String {
        self.laid.lines.iter().map(|line| format!("{}\n", line.to_string().trim_end())).collect()
    }

    /// The first line shown when the end is in view.
    #[must_use]
    pub fn last_top(&self, page: usize) -> usize {
        self.laid.lines.len().saturating_sub(page)
    }

    /// Builds the text where what it shows has changed, and keeps the scroll inside it.
    pub fn settle(&mut self, theme: Theme, list: &List, status: &Status, text: Rect) {
        let wanted = Built {
            tab: self.tab,
            sides: self.sides,
            hex: self.hex,
            secrets: self.secrets,
            room: usize::from(text.width),
            version: self.version,
        };
        if self.built != Some(wanted) {
            self.laid = self.build(theme, list, status, wanted.room);
            let other_room = self.built.is_some_and(|built| built.room != wanted.room);
            self.built = Some(wanted);
            self.find.search(&self.laid);
            self.settle_cursor(usize::from(text.height), other_room);
        }
        if self.tab == Tab::Body {
            self.body.settle(text);
            self.messages.settle(usize::from(text.height));
        }
        let end = self.last_top(usize::from(text.height));
        let scroll = self.scroll_mut();
        *scroll = (*scroll).min(end);
    }

    fn build(&self, theme: Theme, list: &List, status: &Status, room: usize) -> Laid {
        let mut page = Page::new(theme, room);
        let Some(loaded) = self.loaded.as_deref() else {
            page.prose(" ", "Under way: it can be read in a moment.", theme.dim());
            return page.lay();
        };
        let known = self.id.and_then(|id| list.summaries.get(&id));
        let summary = known.unwrap_or(&loaded.exchange.summary);
        let (sides, hex, secrets) = (self.sides, self.hex, self.secrets);
        let view = View { summary, loaded, sides, hex, secrets, now: self.read, status };
        match self.tab {
            Tab::Overview => overview::build(&view, &mut page),
            Tab::Request => message::request(&view, &mut page),
            Tab::Response => message::response(&view, &mut page),
            Tab::Body => {}
            Tab::Timing => timing::build(&view, &mut page),
            Tab::Tls => tls::build(&view, &mut page),
            Tab::Hops => hops::build(&view, &mut page),
            Tab::Raw => raw::build(&view, &mut page),
        }
        page.lay()
    }
}

/// Whether something in view is worked on between two keys.
#[must_use]
pub fn has_work(app: &App) -> bool {
    body::has_work(app) || messages::has_work(app)
}

/// Does a step of it.
pub fn work(app: &mut App, source: &dyn Source) {
    if messages::has_work(app) {
        messages::work(app, source);
    } else {
        body::work(app);
    }
}

/// Draws the detail into its place.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let (head, text) = layout::detail_parts(area);
    head::draw(app, head, buffer);
    if messages::is_listed(&app.detail) {
        return messages::draw(app, text, buffer);
    }
    if app.detail.tab == Tab::Body && app.detail.loaded.is_some() {
        return body::draw(app, text, buffer);
    }
    let detail = &app.detail;
    let (text, below) = detail.text_parts(text);
    pane::draw(app, below, buffer);
    let mut pane = Pane::new(buffer, text);
    let focused = matches!(app.base, Screen::Detail | Screen::Side);
    let cursor = if focused { detail.cursor_rows() } else { 0..0 };
    let top = detail.scroll();
    for (at, line) in detail.laid.lines.iter().skip(top).take(pane.height()).enumerate() {
        pane.line(at, line);
        if cursor.contains(&(top + at)) {
            pane.shade(at, app.theme.strong());
            pane.text(0, at, "▌", app.theme.strong());
        }
        for (piece, in_turn) in detail.find.on_row(top + at) {
            let text = line.to_string();
            let columns = |to: usize| width::columns(text.get(..to).unwrap_or_default());
            pane.lay(columns(piece.from)..columns(piece.to), at, app.theme.hit(in_turn));
        }
    }
}
