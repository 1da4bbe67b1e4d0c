//! What is known of a field: one entry each, written as data.
//!
//! An entry is begun by its topic (`IN.response("Age", …)`) and refined by what differs from
//! the usual: `.list()`, `.hop_by_hop()`, `.secret()`, `.read(parser)`, `.words(&[…])`. A shape
//! that is a structured field brings its parser with it.

use super::parts::Parts;
use super::value::{dictionary, item, sf_list, text};

/// Where a field may appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On(u8);

impl On {
    /// In requests.
    pub const REQUEST: Self = Self(1);
    /// In responses.
    pub const RESPONSE: Self = Self(2);
    /// In trailer sections (RFC 9110 6.5).
    pub const TRAILERS: Self = Self(4);
    /// In requests and in responses.
    pub const BOTH: Self = Self(3);

    /// Either place.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of these places are among them.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How the lines of a field combine (RFC 9110 5.3, 5.5; RFC 9651 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line, one value.
    Single,
    /// Lines join with commas into one list.
    List,
    /// Each line stands for itself and must not be joined: Set-Cookie.
    Lines,
    /// A structured item.
    Item,
    /// A structured list.
    SfList,
    /// A structured dictionary.
    Dictionary,
}

impl Shape {
    /// Whether more than one line of it is allowed.
    #[must_use]
    pub const fn may_repeat(self) -> bool {
        !matches!(self, Self::Single | Self::Item)
    }
}

/// How far a field is meant to travel (RFC 9110 7.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// To the last recipient.
    EndToEnd,
    /// To the next recipient only.
    HopByHop,
    /// To the next proxy, or from a proxy to the next client: it takes it, or passes it along a chain of proxies that
    /// authenticate together (RFC 9110 11.7).
    NextProxy,
}

/// How a field stands in the registry of HTTP fields (RFC 9110 16.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Registered for good.
    Standard,
    /// Registered for the time being.
    Provisional,
    /// Still registered, not to be used any more.
    Deprecated,
    /// Withdrawn: nothing current reads it.
    Obsoleted,
    /// Not registered, but browsers document it.
    Browsers,
    /// A vendor's own, or a custom that nobody registered.
    Vendor,
}

impl Status {
    /// In a word or three.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Provisional => "provisional",
            Self::Deprecated => "deprecated",
            Self::Obsoleted => "obsoleted",
            Self::Browsers => "not registered",
            Self::Vendor => "vendor",
        }
    }
}

/// Where a field or a rule is specified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// An RFC and its section; the section may be empty.
    Rfc(u16, &'static str),
    /// A WHATWG standard.
    Whatwg(&'static str),
    /// A W3C or WICG document.
    W3c(&'static str),
    /// An Internet-Draft.
    Draft(&'static str),
    /// Another body's document.
    Paper(&'static str),
    /// A vendor's own documentation.
    Vendor(&'static str),
}

impl std::fmt::Display for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rfc(number, "") => write!(f, "RFC {number}"),
            Self::Rfc(number, section) => write!(f, "RFC {number} {section}"),
            Self::Whatwg(title) => write!(f, "WHATWG {title}"),
            Self::W3c(title) => write!(f, "W3C {title}"),
            Self::Draft(name) => f.write_str(name),
            Self::Paper(title) => f.write_str(title),
            Self::Vendor("custom") => f.write_str("by custom, not registered"),
            Self::Vendor(name) => write!(f, "{name} documentation"),
        }
    }
}

/// The topic of a field: the order of the reference, and `group:` of the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the topics are the words themselves")]
pub enum Group {
    Framing,
    Routing,
    Caching,
    Conditional,
    Range,
    Content,
    Negotiation,
    Auth,
    Cookies,
    Cors,
    Security,
    Browser,
    Hints,
    Observing,
    WebSocket,
    Authoring,
    Messaging,
    Legacy,
    Vendor,
}

/// What a word of a field's vocabulary takes behind its `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Anything or nothing.
    Any,
    /// Nothing.
    Nothing,
    /// A number of seconds.
    Seconds,
    /// Field names in a quoted list, or nothing.
    Names,
    /// Something, as text.
    Text,
}

/// One word of a field's vocabulary: a directive, a parameter, a token.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As registered; compared without case.
    pub name: &'static str,
    /// One plain sentence.
    pub means: &'static str,
    /// What stands behind its `=`.
    pub takes: Takes,
    /// Where it is specified, if elsewhere than the field.
    pub spec: Option<Spec>,
}

/// A word that stands alone.
pub(super) const fn word(name: &'static str, means: &'static str) -> Word {
    Word { name, means, takes: Takes::Any, spec: None }
}

impl Word {
    /// The same, with what it takes.
    pub(super) const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    /// The same, specified there.
    pub(super) const fn at(mut self, spec: Spec) -> Self {
        self.spec = Some(spec);
        self
    }
}

/// Reads a value into labelled spans. It never fails: what is broken is a note in the parts.
pub(super) type Read = fn(&Field, &mut Parts<'_>);

/// What is known of one field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As registered, in its usual case.
    pub name: &'static str,
    /// Where it may appear.
    pub on: On,
    /// How its lines combine.
    pub shape: Shape,
    /// How far it is meant to travel.
    pub hop: Hop,
    /// How it stands in the registry.
    pub status: Status,
    /// Where it is specified.
    pub spec: Spec,
    /// Its topic.
    pub group: Group,
    /// One plain sentence for a person.
    pub means: &'static str,
    /// The words that its values are made of, where they are known.
    pub words: &'static [Word],
    /// Whether its value gives access to something and must not be shown to everybody.
    pub secret: bool,
    /// Its parser.
    pub(super) read: Read,
}

impl Group {
    /// A field of both directions.
    pub(super) const fn both(self, name: &'static str, spec: Spec, means: &'static str) -> Field {
        self.field(name, On::BOTH, spec, means)
    }

    /// A field of requests.
    pub(super) const fn request(self, name: &'static str, spec: Spec, means: &'static str) -> Field {
        self.field(name, On::REQUEST, spec, means)
    }

    /// A field of responses.
    pub(super) const fn response(self, name: &'static str, spec: Spec, means: &'static str) -> Field {
        self.field(name, On::RESPONSE, spec, means)
    }

    const fn field(self, name: &'static str, on: On, spec: Spec, means: &'static str) -> Field {
        let status = match spec {
            Spec::Vendor(_) => Status::Vendor,
            _ => Status::Standard,
        };
        Field {
            name,
            on,
            shape: Shape::Single,
            hop: Hop::EndToEnd,
            status,
            spec,
            group: self,
            means,
            words: &[],
            secret: false,
            read: text,
        }
    }
}

impl Field {
    /// Lines join into one list.
    pub(super) const fn list(mut self) -> Self {
        self.shape = Shape::List;
        self
    }

    /// Lines stand for themselves.
    pub(super) const fn lines(mut self) -> Self {
        self.shape = Shape::Lines;
        self
    }

    /// A structured field of this shape, with its parser.
    pub(super) const fn structured(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self.read = match shape {
            Shape::Item => item,
            Shape::SfList => sf_list,
            Shape::Dictionary => dictionary,
            Shape::Single | Shape::List | Shape::Lines => text,
        };
        self
    }

    /// Read by this parser.
    pub(super) const fn read(mut self, read: Read) -> Self {
        self.read = read;
        self
    }

    /// Made of these words.
    pub(super) const fn words(mut self, words: &'static [Word]) -> Self {
        self.words = words;
        self
    }

    /// For the next recipient only.
    pub(super) const fn hop_by_hop(mut self) -> Self {
        self.hop = Hop::HopByHop;
        self
    }

    /// Between a proxy and its client.
    pub(super) const fn next_proxy(mut self) -> Self {
        self.hop = Hop::NextProxy;
        self
    }

    /// May also stand in trailers.
    pub(super) const fn in_trailers(mut self) -> Self {
        self.on = self.on.or(On::TRAILERS);
        self
    }

    /// Not to be shown to everybody.
    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// With this standing in the registry.
    pub(super) const fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The word of that name, compared without case.
    #[must_use]
    pub fn word(&self, name: &[u8]) -> Option<&'static Word> {
        self.words.iter().find(|word| word.name.as_bytes().eq_ignore_ascii_case(name))
    }
}
