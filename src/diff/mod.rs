//! Two exchanges beside each other: what differs in their messages, and which of it was to be expected.
//!
//! Nothing here grows with what is compared beyond a bound: bodies are looked at up to [`LARGEST`]
//! bytes, changes are kept up to a number and counted beyond it, and no text is read recursively.

mod body;
mod found;
mod head;
mod item;
mod json;
mod noise;
mod shown;
mod text;
mod tree;

pub use body::{LARGEST, WINDOW};
pub use item::{Change, Item, Place, Section};
pub use shown::{Cell, Line, Row, Wish, lines, unified};

use crate::exchange::{self, Body, Exchange, Head, MessageKind};
use body::Content;
use bytes::Bytes;
use noise::Context;

/// One of two exchanges, with what its bodies hold.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The request body's kept bytes as received, from the start: all, or more than [`LARGEST`].
    pub request: Bytes,
    /// The response body's, likewise.
    pub response: Bytes,
}

/// Which messages to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Requests and responses.
    #[default]
    Both,
    /// The requests as received.
    Requests,
    /// The responses as received.
    Responses,
}

impl Which {
    /// The next in turn.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Both => Self::Requests,
            Self::Requests => Self::Responses,
            Self::Responses => Self::Both,
        }
    }

    /// In words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Both => "request and response",
            Self::Requests => "requests",
            Self::Responses => "responses",
        }
    }

    /// The messages.
    #[must_use]
    pub fn kinds(self) -> &'static [MessageKind] {
        match self {
            Self::Both => &[MessageKind::RequestReceived, MessageKind::ResponseReceived],
            Self::Requests => &[MessageKind::RequestReceived],
            Self::Responses => &[MessageKind::ResponseReceived],
        }
    }
}

/// What was found in two messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which message of the four.
    pub kind: MessageKind,
    /// What differs and what is the same, in the order of the wire: of the head everything, of a body what
    /// differs.
    pub items: Vec<Item>,
    /// Changes of the body beyond those in `items`.
    pub more: usize,
    /// What the bodies were compared as; empty when they are the same.
    pub body_as: &'static str,
    /// Bytes of the bodies as received where they are the same and there are any.
    pub body_same: Option<u64>,
    /// Facts that are no changes, by the part that they are about.
    pub notes: Vec<(Section, String)>,
}

/// What was found in two exchanges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Message by message.
    pub messages: Vec<Message>,
}

/// How many things differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub changes: usize,
    /// Those that were to be expected.
    pub expected: usize,
    /// Names of the expected ones, each once.
    pub names: Vec<String>,
}

/// Compares the messages of two exchanges, those that came in, as received.
#[must_use]
pub fn compare(left: &Side<'_>, right: &Side<'_>, which: Which) -> Comparison {
    let messages = which.kinds().iter().map(|kind| message(left, right, *kind));
    Comparison { messages: messages.collect() }
}

/// Compares two answers, as received.
#[must_use]
pub fn answers(left: &Side<'_>, right: &Side<'_>) -> Comparison {
    compare(left, right, Which::Responses)
}

/// Compares one message of two exchanges.
#[must_use]
pub fn message(left: &Side<'_>, right: &Side<'_>, kind: MessageKind) -> Message {
    let mut found =
        Message { kind, items: Vec::new(), more: 0, body_as: "", body_same: None, notes: Vec::new() };
    let (one, other) = (left.head(kind), right.head(kind));
    for (name, side, head) in [("left", left, &one), ("right", right, &other)] {
        found
            .notes
            .extend(side.caveat(kind, head.is_some()).map(|says| (Section::Head, format!("{name}: {says}"))));
    }
    let line = |head: &Option<Head>| head.as_ref().map(|head| head.raw().slice_ref(head.start_line()));
    match (&one, &other) {
        (Some(one), Some(other)) => both(&mut found, (left, one), (right, other)),
        (None, None) => {}
        _ => found.items.push(Item::lone(Place::Message, line(&one), line(&other))),
    }
    found
}

fn both(found: &mut Message, (left, one): (&Side<'_>, &Head), (right, other): (&Side<'_>, &Head)) {
    let side = side_of(found.kind);
    let (a, b) = (left.bytes(side), right.bytes(side));
    let context = Context { left: one, right: other, bodies_differ: a != b };
    let mut notes = Vec::new();
    found.items = head::compare(context, &mut notes);
    found.notes.extend(notes.drain(..).map(|note| (Section::Head, note)));
    let (left, right) = (left.exchange.body(side), right.exchange.body(side));
    let bodies = body::compare(
        &Content { bytes: a, head: one, body: left },
        &Content { bytes: b, head: other, body: right },
    );
    (found.more, found.body_as) = (bodies.more, bodies.how);
    found.body_same = Some(a.len() as u64).filter(|length| *length > 0 && a == b && bodies.items.is_empty());
    found.items.extend(bodies.items);
    found.notes.extend(bodies.notes.into_iter().map(|note| (Section::Body, note)));
    let empty = Bytes::new();
    let trailers = |body: &Body| body.trailers.clone().unwrap_or_else(|| empty.clone());
    found.items.extend(head::trailers(&trailers(left), &trailers(right), &mut notes));
    found.notes.extend(notes.into_iter().map(|note| (Section::Trailers, note)));
}

/// Whose body belongs to a message.
fn side_of(kind: MessageKind) -> exchange::Side {
    match kind {
        MessageKind::RequestReceived | MessageKind::RequestSent => exchange::Side::Client,
        MessageKind::ResponseReceived | MessageKind::ResponseSent => exchange::Side::Origin,
    }
}

impl Side<'_> {
    fn bytes(&self, side: exchange::Side) -> &Bytes {
        match side {
            exchange::Side::Client => &self.request,
            exchange::Side::Origin => &self.response,
        }
    }

    /// The head of a message. An answer that we made was received from nobody: the one sent is all there is.
    fn head(&self, kind: MessageKind) -> Option<Head> {
        let heads = &self.exchange.heads;
        let ours = kind == MessageKind::ResponseReceived && self.exchange.is_ours();
        let raw = if ours { heads.response_sent.as_ref() } else { heads.of(kind) };
        raw.map(|raw| Head::parse(raw.clone()))
    }

    /// What must be known about a message before it is compared.
    fn caveat(&self, kind: MessageKind, there: bool) -> Option<String> {
        let (exchange, name) = (self.exchange, name(kind));
        let failed = exchange.summary.failure.as_ref().map(|failure| &failure.says);
        match (there, failed) {
            (false, Some(says)) => Some(format!("no {name}: {says}")),
            (false, None) if !exchange.is_over() => Some(format!("no {name} yet: still under way")),
            (false, None) => Some(format!("no {name} was recorded")),
            (true, _) if kind == MessageKind::ResponseReceived && exchange.is_ours() => {
                Some("hopscope made this response itself".to_owned())
            }
            (true, _) if !exchange.is_over() && !exchange.body(side_of(kind)).complete => {
                Some("still under way".to_owned())
            }
            (true, _) => None,
        }
    }
}

/// `request` or `response`.
fn name(kind: MessageKind) -> &'static str {
    match side_of(kind) {
        exchange::Side::Client => "request",
        exchange::Side::Origin => "response",
    }
}

impl Message {
    /// What it is called in headings: `request`, `response`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        name(self.kind)
    }

    /// The items that differ.
    pub fn changes(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.is_change())
    }
}

impl Comparison {
    /// How many things differ.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for message in &self.messages {
            counts.changes += message.more;
            for item in message.changes() {
                counts.changes += 1;
                if item.expected.is_some() {
                    counts.expected += 1;
                    let name = item.place.name();
                    if !counts.names.contains(&name) {
                        counts.names.push(name);
                    }
                }
            }
        }
        counts
    }

    /// Whether nothing differs but what was to be expected.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let counts = self.counts();
        counts.changes == counts.expected
    }
}

impl Counts {
    /// `4 changes (2 expected: date, content-length)`.
    #[must_use]
    pub fn says(&self) -> String {
        let changes = match self.changes {
            0 => return "no changes".to_owned(),
            1 => "1 change".to_owned(),
            many => format!("{} changes", crate::text::units::count(many as u64)),
        };
        if self.expected == 0 {
            return changes;
        }
        let names = self.names.join(", ");
        if self.expected < self.changes {
            format!("{changes} ({} expected: {names})", self.expected)
        } else if self.changes == 1 {
            format!("{changes}, expected: {names}")
        } else {
            format!("{changes}, all expected: {names}")
        }
    }
}

#[cfg(test)]
mod tests;
