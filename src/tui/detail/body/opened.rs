//! A body being read: its bytes, its rows, the cursor, and what is still to be done.

use super::lay;
use super::paper::{Line, Paper};
use crate::exchange::{Body, BodyPlace, Exchange, ExchangeId, Head, MessageFlags, Side};
use crate::store::Numbered;
use crate::view::pieces;
use crate::view::{
    self, Folding, Hex, Kind, Lines, Media, Needle, Octets, Paint, Rows, Search, Spot, Text, Undoing,
};
use std::sync::Arc;

/// Bytes decoded in a step.
const DECODED: usize = 256 * 1024;

/// Bytes looked through for rows in a step.
const LOOKED: usize = 1024 * 1024;

/// Bytes searched in a step.
const SEARCHED: usize = 2 * 1024 * 1024;

/// So far rows are found and codings undone without being asked for.
const EAGER: u64 = 32 * 1024 * 1024;

/// So far behind the cursor they are, at least.
const AHEAD: u64 = 2 * 1024 * 1024;

/// How a body is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Made for reading.
    Pretty,
    /// The text as it is, codings undone.
    Raw,
    /// Byte for byte, as received.
    Hex,
}

/// Something that takes more than a step.
#[derive(Clone, Debug)]
pub enum Goal {
    /// To the last row.
    End,
    /// All rows found, so that brackets know each other.
    All,
    /// To the row that holds a place.
    At(u64),
    /// To the next hit.
    Find {
        /// What is looked for.
        needle: Needle,
        /// From where on.
        from: u64,
        /// Down, or up.
        forward: bool,
        /// Whether the other end was passed.
        round: bool,
    },
}

/// What tells whether a body is still the one that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    id: u64,
    kept: u64,
    over: bool,
    place: std::mem::Discriminant<BodyPlace>,
}

impl Seen {
    fn of(exchange: &Exchange, side: Side) -> Self {
        let body = exchange.body(side);
        Self {
            id: exchange.summary.id.0,
            kept: body.kept,
            over: body.complete || exchange.is_over(),
            place: std::mem::discriminant(&body.place),
        }
    }
}

/// An open body.
pub struct Opened {
    seen: Seen,
    /// Whose body it is.
    pub side: Side,
    /// The number of the message whose payload it is, when it is one.
    pub message: Option<u64>,
    /// Its handle.
    pub body: Body,
    /// Whether the exchange is over.
    pub over: bool,
    /// What it says it is.
    pub media: Media,
    /// Its codings, in the order in which they were applied.
    pub codings: Vec<String>,
    received: Arc<Text>,
    /// Bytes there were when it was opened.
    length: u64,
    undoing: Option<Undoing>,
    /// Why its codings cannot be undone.
    pub refused: Option<String>,
    /// The view that was picked for it.
    pub kind: Kind,
    /// How it is shown.
    pub mode: Mode,
    /// Whether the rows stand in for others, which need the whole body.
    provisional: bool,
    /// What is shown.
    pub rows: Box<dyn Rows>,
    /// The line that keys act on.
    pub cursor: Line,
    /// The first line in view.
    pub top: Line,
    /// Columns left out at the left border.
    pub pan: usize,
    /// What is under way.
    pub goal: Option<Goal>,
    /// Whether there is more to be done now.
    pub more: bool,
    /// Something to be said once.
    pub said: Option<String>,
    paper: Paper,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Opened").field("kind", &self.kind).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Opened {
    /// Opens a body whose head, as received, is this one.
    pub fn new(exchange: &Exchange, side: Side, head: Option<&Head>, octets: Arc<dyn Octets>) -> Self {
        let seen = Seen::of(exchange, side);
        let field = head.and_then(|head| head.value("content-type")).unwrap_or_default().to_vec();
        let media = Media { field };
        let coded = head.filter(|_| !view::stands_decoded(exchange, side));
        let mut codings = coded.map(view::codings).unwrap_or_default();
        codings.retain(|coding| coding != "identity");
        let (body, over) = (exchange.body(side).clone(), exchange.is_over());
        Self::over(seen, (side, body, over), media, codings, octets)
    }

    /// Opens the payload of a message.
    pub fn of_message(id: ExchangeId, found: &Numbered) -> Self {
        let message = &found.message;
        let media = pieces::media_type(message.form, &message.says, &message.payload);
        let media = Media { field: media.as_bytes().to_vec() };
        let body = Body {
            length: message.length,
            kept: found.kept,
            complete: !message.flags.has(MessageFlags::UNFINISHED),
            ..Body::default()
        };
        let place = std::mem::discriminant(&body.place);
        let seen = Seen { id: id.0, kept: found.kept, over: true, place };
        let octets = Arc::new(message.payload.clone());
        let mut opened = Self::over(seen, (message.side, body, true), media, Vec::new(), octets);
        opened.message = Some(found.number);
        opened
    }

    fn over(
        seen: Seen,
        (side, body, over): (Side, Body, bool),
        media: Media,
        codings: Vec<String>,
        octets: Arc<dyn Octets>,
    ) -> Self {
        let length = octets.len();
        let received = Arc::new(Text::new(octets, seen.over));
        let (undoing, refused) = undo(&received, &codings);
        let mut opened = Self {
            side,
            message: None,
            body,
            over,
            media,
            codings,
            length,
            undoing,
            refused,
            kind: Kind::Hex,
            mode: Mode::Hex,
            provisional: false,
            rows: Box::new(Hex::new(Arc::clone(&received), 16)),
            received,
            cursor: Line::default(),
            top: Line::default(),
            pan: 0,
            goal: None,
            more: true,
            said: None,
            paper: Paper::default(),
            seen,
        };
        opened.pick();
        opened
    }

    /// Whether it is this body, and nothing came or changed since it was opened.
    pub fn is_of(&self, exchange: &Exchange, side: Side) -> bool {
        // What was decoded up to an end that is none any more is decoded anew.
        let grown = !self.seen.over && !self.codings.is_empty() && self.received.len() != self.length;
        self.message.is_none() && self.side == side && self.seen == Seen::of(exchange, side) && !grown
    }

    /// Stays where the same body was being read before more of it came.
    pub fn go_on_from(&mut self, before: &Self) {
        if before.message.is_some() || before.seen.id != self.seen.id || before.rows.first().is_none() {
            return;
        }
        if self.modes().contains(&before.mode) && before.mode != self.mode {
            self.show(before.mode);
        }
        if before.cursor.spot.at > 0 {
            self.goal = before.goal.clone().or(Some(Goal::At(before.cursor.spot.at)));
        }
    }

    /// The bytes shown, codings undone.
    pub fn text(&self) -> &Arc<Text> {
        self.undoing.as_ref().map_or(&self.received, Undoing::text)
    }

    /// The bytes as received.
    pub fn received(&self) -> &Arc<Text> {
        &self.received
    }

    /// The decoding, where there is something to undo.
    pub fn undoing(&self) -> Option<&Undoing> {
        self.undoing.as_ref()
    }

    /// The ways to show it, in turn.
    pub fn modes(&self) -> &'static [Mode] {
        match self.kind {
            Kind::Hex => &[Mode::Hex, Mode::Raw],
            Kind::Text => &[Mode::Pretty, Mode::Hex],
            _ => &[Mode::Pretty, Mode::Raw, Mode::Hex],
        }
    }

    /// Shows it in the next way, at about the same place.
    pub fn turn(&mut self) {
        let modes = self.modes();
        let now = modes.iter().position(|mode| *mode == self.mode).unwrap_or(0);
        let next = modes.get((now + 1) % modes.len()).copied().unwrap_or(Mode::Hex);
        let place = self.place().filter(|_| self.codings.is_empty() || next != Mode::Hex);
        self.show(next);
        self.goal = place.filter(|_| self.place().is_some()).map(Goal::At);
        self.step();
    }

    /// The place of the cursor in the bytes, where rows are found by them.
    fn place(&self) -> Option<u64> {
        let laid = self.mode == Mode::Pretty && self.kind.is_laid(self.text());
        (!laid).then_some(self.cursor.spot.at)
    }

    fn show(&mut self, mode: Mode) {
        self.mode = mode;
        self.rows = self.make();
        let first = Line { spot: self.rows.first().unwrap_or_default(), sub: 0 };
        (self.cursor, self.top, self.pan) = (first, first, 0);
    }

    fn make(&mut self) -> Box<dyn Rows> {
        self.provisional = false;
        let text = Arc::clone(self.text());
        match self.mode {
            Mode::Hex => Box::new(Hex::new(Arc::clone(&self.received), self.per_row())),
            Mode::Raw => Box::new(Lines::new(text, Paint::Raw)),
            Mode::Pretty if !text.is_whole() && self.kind.is_laid(&text) => {
                self.provisional = true;
                Box::new(Lines::new(text, Paint::Plain))
            }
            Mode::Pretty => self.kind.rows(&text, &self.media),
        }
    }

    /// Bytes of a row of hexadecimal digits: as many as find room.
    fn per_row(&self) -> u64 {
        match self.paper.width {
            1..46 => 4,
            46..79 => 8,
            _ => 16,
        }
    }

    fn pick(&mut self) {
        if let Some(undoing) = &mut self.undoing {
            undoing.advance(DECODED);
            if undoing.text().is_empty() && undoing.trouble().is_some() {
                self.kind = Kind::Hex;
                return self.show(Mode::Hex);
            }
        }
        self.kind = Kind::of(&self.media, self.text());
        let first = self.modes().first().copied().unwrap_or(Mode::Hex);
        self.show(first);
    }

    /// Does a step of what is to be done.
    pub fn step(&mut self) {
        let wanted = match self.goal {
            Some(_) => u64::MAX,
            None => EAGER.max(self.cursor.spot.at.saturating_add(AHEAD)),
        };
        let mut more = false;
        if let Some(undoing) = &mut self.undoing
            && self.mode != Mode::Hex
            && undoing.text().len() < wanted
        {
            more = undoing.advance(DECODED);
        }
        if self.provisional && self.text().is_whole() {
            self.show(Mode::Pretty);
        }
        if self.rows.found() < wanted {
            more |= self.rows.advance(LOOKED);
        }
        if self.cursor == Line::default()
            && let Some(first) = self.rows.first()
        {
            self.cursor.spot = first;
        }
        self.pursue(more);
        self.more = more || self.goal.is_some();
    }

    /// Has what lies ahead of the cursor found in time.
    pub fn look_ahead(&mut self) {
        self.more |= self.rows.found() < self.cursor.spot.at.saturating_add(AHEAD);
    }

    /// Comes nearer to the goal, when more is found.
    fn pursue(&mut self, more: bool) {
        match self.goal.take() {
            None => {}
            Some(Goal::All) => self.goal = more.then_some(Goal::All),
            Some(Goal::End) => match self.rows.last().filter(|_| self.is_all_there()) {
                Some(last) => {
                    let sub = self.lines_of(last) - 1;
                    self.cursor = Line { spot: last, sub };
                }
                None if more => self.goal = Some(Goal::End),
                None => {}
            },
            Some(Goal::At(at)) => match self.rows.reveal(at) {
                Some(spot) => self.cursor = Line { spot, sub: 0 },
                None if more => self.goal = Some(Goal::At(at)),
                None => {}
            },
            Some(Goal::Find { needle, from, forward, round }) => {
                self.seek(needle, from, forward, round, more);
            }
        }
    }

    fn seek(&mut self, needle: Needle, from: u64, forward: bool, round: bool, more: bool) {
        let end = if self.mode == Mode::Hex { self.received.len() } else { self.text().len() };
        let from = if forward { from } else { from.min(end) };
        match self.rows.find(&needle, from, forward, SEARCHED) {
            Search::Hit(at) => self.hit(at, &needle, round),
            Search::More(from) => self.goal = Some(Goal::Find { needle, from, forward, round }),
            // What is not decoded yet may hold it.
            Search::None if more && forward && !self.is_all_there() => {
                let from = from.min(end.saturating_sub(needle.size() as u64));
                self.goal = Some(Goal::Find { needle, from, forward, round });
            }
            Search::None if round => self.said = Some("Not in this body.".to_owned()),
            Search::None => {
                let from = if forward { 0 } else { u64::MAX };
                self.goal = Some(Goal::Find { needle, from, forward, round: true });
            }
        }
    }

    fn hit(&mut self, at: u64, needle: &Needle, round: bool) {
        if round {
            self.said = Some("Searched on from the other end.".to_owned());
        }
        let Some(spot) = self.rows.reveal(at) else {
            self.goal = Some(Goal::At(at));
            return;
        };
        let sub = lay::line_with(&self.rows.row(spot), lay::room(self, self.paper), self.paper.wrap, needle);
        self.cursor = Line { spot, sub };
    }

    fn is_all_there(&self) -> bool {
        self.mode == Mode::Hex || self.undoing.as_ref().is_none_or(Undoing::is_over)
    }

    /// How far what is under way has come, in words.
    pub fn progress(&self) -> Option<String> {
        let (doing, at) = match self.goal.as_ref()? {
            Goal::Find { from, .. } => ("searching", (*from).min(self.text().len())),
            Goal::End | Goal::At(_) | Goal::All => ("reading", self.rows.found()),
        };
        let percent = at.saturating_mul(100).checked_div(self.text().len()).unwrap_or(0).min(100);
        Some(format!("{doing} {percent} %"))
    }

    /// Takes the window's measures, and brings cursor and window back in order.
    pub fn fit(&mut self, paper: Paper) {
        let narrow = self.per_row();
        let resized = self.paper != paper;
        self.paper = paper;
        if self.mode == Mode::Hex && narrow != self.per_row() {
            let at = self.cursor.spot.at;
            self.show(Mode::Hex);
            self.cursor.spot = self.rows.reveal(at).unwrap_or_default();
        }
        if resized {
            self.cursor.sub = self.cursor.sub.min(self.lines_of(self.cursor.spot) - 1);
            self.top.sub = self.top.sub.min(self.lines_of(self.top.spot) - 1);
        }
        self.top = self.top.min(self.cursor);
        let height = paper.height.max(1);
        let mut lines = std::iter::successors(Some(self.top), |line| self.below(*line)).take(height);
        if !lines.any(|line| line == self.cursor) {
            self.top = self.travel(self.cursor, 1 - lines_of_window(height));
        } else if resized {
            let below = std::iter::successors(Some(self.top), |line| self.below(*line)).take(height).count();
            self.top = self.travel(self.top, lines_of_window(below) - lines_of_window(height));
        }
    }

    /// The line so many lines below another, or above it; the last one there is.
    pub fn travel(&self, from: Line, lines: i64) -> Line {
        let mut at = from;
        for _ in 0..lines.unsigned_abs() {
            let next = if lines > 0 { self.below(at) } else { self.above(at) };
            match next {
                Some(line) => at = line,
                None => break,
            }
        }
        at
    }

    /// The line below.
    pub fn below(&self, line: Line) -> Option<Line> {
        if line.sub + 1 < self.lines_of(line.spot) {
            return Some(Line { sub: line.sub + 1, ..line });
        }
        self.rows.next(line.spot).map(|spot| Line { spot, sub: 0 })
    }

    fn above(&self, line: Line) -> Option<Line> {
        if line.sub > 0 {
            return Some(Line { sub: line.sub - 1, ..line });
        }
        let spot = self.rows.prev(line.spot)?;
        Some(Line { spot, sub: self.lines_of(spot) - 1 })
    }

    /// Lines of a row; one at least.
    fn lines_of(&self, spot: Spot) -> usize {
        if !self.paper.wrap {
            return 1;
        }
        lay::count(&self.rows.row(spot), lay::room(self, self.paper)).max(1)
    }

    /// Folds, and keeps the cursor where it is on the screen.
    pub fn fold(&mut self, folding: Folding) {
        let from_top = std::iter::successors(Some(self.top), |line| self.below(*line));
        let above = from_top.take(self.paper.height).take_while(|line| *line < self.cursor).count();
        let spot = self.rows.fold(folding, self.cursor.spot);
        if !self.rows.count().1 {
            (self.goal, self.more) = (Some(Goal::All), true);
        }
        self.cursor = Line { spot, sub: 0 };
        self.top = self.travel(self.cursor, -lines_of_window(above));
    }
}

/// Lines of a window as a distance: no terminal has more.
fn lines_of_window(lines: usize) -> i64 {
    i64::try_from(lines).unwrap_or(i64::MAX)
}

fn undo(received: &Arc<Text>, codings: &[String]) -> (Option<Undoing>, Option<String>) {
    if codings.is_empty() || received.is_empty() {
        return (None, None);
    }
    match Undoing::new(received.octets(), codings) {
        Ok(undoing) => (Some(undoing), None),
        Err(error) => (None, Some(format!("Shown as received: {error}."))),
    }
}
