//! One thing in which two messages differ, or in which they are the same: where, and what stands there.

use bytes::Bytes;

/// Where in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The message itself: one of the two is missing.
    Message,
    /// A part of the start line: `method`, `target`, `version`, `status`, `reason`, or all of it.
    Start(&'static str),
    /// A field by its name as written; the left one's where the two are written differently.
    Field(String),
    /// A trailer field.
    Trailer(String),
    /// The body as a whole: one of the two has none.
    Body,
    /// A JSON value by its path: `$.items[2].id`.
    Value(String),
    /// A form's field.
    Form(String),
    /// Lines of a text, counted from 1.
    Line(Option<usize>, Option<usize>),
    /// Where bodies begin to differ, counted in bytes from 0.
    Offset(u64),
    /// Somewhere behind the bytes that were compared.
    Beyond(u64),
}

/// The parts of a message, in the order in which they cross the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Start line and fields.
    Head,
    /// The body.
    Body,
    /// The trailer section (RFC 9112 7.1.2).
    Trailers,
}

/// How the two sides of an [`Item`] stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The same on both sides.
    Same,
    /// On both sides, and different.
    Changed,
    /// Only on the left.
    OnlyLeft,
    /// Only on the right.
    OnlyRight,
}

/// What stands at one place of two messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where.
    pub place: Place,
    /// The left message's bytes there.
    pub left: Option<Bytes>,
    /// The right message's bytes there.
    pub right: Option<Bytes>,
    /// Why the two were bound to differ; `None` for what is the same, and for what tells something.
    pub expected: Option<&'static str>,
    changed: bool,
}

impl Item {
    /// Something on both sides.
    pub(super) fn both(place: Place, left: Bytes, right: Bytes, expected: Option<&'static str>) -> Self {
        let changed = left != right;
        Self { place, left: Some(left), right: Some(right), expected: expected.filter(|_| changed), changed }
    }

    /// Something on both sides that differs though what can be shown of it may look the same.
    pub(super) fn changed(place: Place, left: Bytes, right: Bytes) -> Self {
        Self { place, left: Some(left), right: Some(right), expected: None, changed: true }
    }

    /// Something on one side only.
    pub(super) fn lone(place: Place, left: Option<Bytes>, right: Option<Bytes>) -> Self {
        Self { place, left, right, expected: None, changed: true }
    }

    /// Bodies that begin to differ at a byte, with up to [`super::WINDOW`] bytes of each from there on.
    #[must_use]
    pub fn offset(at: u64, left: Bytes, right: Bytes) -> Self {
        Self::changed(Place::Offset(at), left, right)
    }

    /// How the two sides stand to each other.
    #[must_use]
    pub fn change(&self) -> Change {
        match (&self.left, &self.right) {
            _ if !self.changed => Change::Same,
            (Some(_), None) => Change::OnlyLeft,
            (None, Some(_)) => Change::OnlyRight,
            _ => Change::Changed,
        }
    }

    /// Whether the two sides differ.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.changed
    }

    /// The part of the message that it belongs to.
    #[must_use]
    pub fn section(&self) -> Section {
        match self.place {
            Place::Message | Place::Start(_) | Place::Field(_) => Section::Head,
            Place::Trailer(_) => Section::Trailers,
            _ => Section::Body,
        }
    }

    /// The place with left and right exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        let place = match self.place {
            Place::Line(left, right) => Place::Line(right, left),
            place => place,
        };
        Self { place, left: self.right, right: self.left, ..self }
    }
}

impl Place {
    /// In words, as it stands in JSON: `field Date`, `$.total`, `line 3`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Message => "message".to_owned(),
            Self::Start(part) => (*part).to_owned(),
            Self::Field(name) => format!("field {name}"),
            Self::Trailer(name) => format!("trailer {name}"),
            Self::Body => "body".to_owned(),
            Self::Value(path) => path.clone(),
            Self::Form(name) => format!("form {name}"),
            Self::Line(left, right) => format!("line {}", left.or(*right).unwrap_or(0)),
            Self::Offset(at) => format!("byte {at}"),
            Self::Beyond(at) => format!("behind byte {at}"),
        }
    }

    /// What a list of names calls it: field names in lower case.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Field(name) | Self::Trailer(name) => name.to_ascii_lowercase(),
            place => place.words(),
        }
    }
}
