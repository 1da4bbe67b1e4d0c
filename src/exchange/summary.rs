//! What a list row needs, and nothing more.

use super::{Failure, Note, Scheme};

/// Number of an exchange, rising in the order in which requests began; unique in its capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub u64);

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Under way.
    #[default]
    Open,
    /// Both messages complete.
    Done,
    /// Cut short by the client.
    Aborted,
    /// Failed; [`Summary::failure`] says how.
    Failed,
}

impl State {
    /// The number written to captures.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Reads [`State::code`]; an unknown number reads as open.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Done,
            2 => Self::Aborted,
            3 => Self::Failed,
            _ => Self::Open,
        }
    }

    /// As it stands in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
        }
    }
}

/// Marks of an exchange, as bits; the numbers are written to captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u32);

impl Flags {
    /// The answer was made by hopscope, not by the origin.
    pub const OURS: Self = Self(1);
    /// A tunnel relayed unread.
    pub const TUNNEL: Self = Self(1 << 1);
    /// A CONNECT whose TLS was opened; its exchanges are rows of their own.
    pub const INTERCEPTED: Self = Self(1 << 2);
    /// A body is not whole in the capture.
    pub const TRUNCATED: Self = Self(1 << 3);
    /// Sent more than once because a reused connection had died.
    pub const RETRIED: Self = Self(1 << 4);
    /// A replay.
    pub const REPLAY: Self = Self(1 << 5);
    /// The origin's certificate was not trusted, and it was let pass.
    pub const UNVERIFIED: Self = Self(1 << 6);
    /// The connection switched protocols (101).
    pub const UPGRADED: Self = Self(1 << 7);

    /// Marked by a person.
    pub const MARKED: Self = Self(1 << 8);
    /// Deleted by a person: hidden from lists until retention removes it, or undo shows it.
    pub const HIDDEN: Self = Self(1 << 9);

    /// The answer's body stands with its content codings undone, as the file had it that it was imported from.
    pub const DECODED: Self = Self(1 << 10);

    /// The same of the request's body.
    pub const REQUEST_DECODED: Self = Self(1 << 11);

    /// A tunnel relayed unread because its client had refused our certificate.
    pub const LEARNED: Self = Self(1 << 12);

    /// A person wrote a note on it.
    pub const NOTED: Self = Self(1 << 13);

    /// Of what crossed the wire the file that it was imported from tells names and values, as a HAR does: fields may be
    /// missing from them, and a body is what its writer made of it.
    pub const PARTIAL: Self = Self(1 << 14);

    /// What a person set apart, so that it outlives retention.
    pub const KEPT: Self = Self(Self::MARKED.0 | Self::NOTED.0);

    /// Every flag with its word, as in JSON.
    pub const WORDS: &'static [(Self, &'static str)] = &[
        (Self::OURS, "ours"),
        (Self::TUNNEL, "tunnel"),
        (Self::INTERCEPTED, "intercepted"),
        (Self::TRUNCATED, "truncated"),
        (Self::RETRIED, "retried"),
        (Self::REPLAY, "replay"),
        (Self::UNVERIFIED, "unverified"),
        (Self::UPGRADED, "upgraded"),
        (Self::MARKED, "marked"),
        (Self::HIDDEN, "hidden"),
        (Self::DECODED, "decoded"),
        (Self::REQUEST_DECODED, "request decoded"),
        (Self::LEARNED, "learned"),
        (Self::NOTED, "noted"),
        (Self::PARTIAL, "partial"),
    ];

    /// Whether all bits of `flag` are set.
    #[must_use]
    pub fn has(self, flag: Self) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// Sets `flag`.
    pub fn add(&mut self, flag: Self) {
        self.0 |= flag.0;
    }

    /// Clears `flag`.
    pub fn take(&mut self, flag: Self) {
        self.0 &= !flag.0;
    }

    /// The words of the set bits.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS.iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, word)| *word)
    }
}

/// One line of a list. Texts come from the wire (bytes that are not UTF-8 stand as
/// U+FFFD) and pass `text::sanitize` before they reach a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The exchange's number.
    pub id: ExchangeId,
    /// When the request began to arrive, microseconds since the epoch.
    pub started: i64,
    /// The client's address and port.
    pub client: String,
    /// http or https.
    pub scheme: Scheme,
    /// As written by the client.
    pub method: String,
    /// `host` or `host:port` when the port is not the scheme's own; empty when unknown.
    pub host: String,
    /// Path and query; for CONNECT empty; for what could not be read the request line's text.
    pub path: String,
    /// The client's version: `HTTP/1.1`.
    pub version: String,
    /// The status that the client got.
    pub status: Option<u16>,
    /// Where it stands.
    pub state: State,
    /// Request body bytes that passed.
    pub request_bytes: u64,
    /// Response body bytes that passed.
    pub response_bytes: u64,
    /// Messages within it that passed (WebSocket, events, lines, parts); 0 where it is not made of such.
    pub messages: u64,
    /// From the first byte of the request to the end of the response, microseconds.
    pub duration: Option<u64>,
    /// To the response head, microseconds.
    pub ttfb: Option<u64>,
    /// The answer's media type without parameters.
    pub media_type: Option<String>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Marks.
    pub flags: Flags,
    /// The exchange that this one is a replay of.
    pub parent: Option<ExchangeId>,
    /// A person's note; [`Summary::set_note`] writes it, so that the flags know of it.
    pub note: Option<Note>,
}

impl Summary {
    /// Writes a note, or takes it away.
    pub fn set_note(&mut self, note: Option<Note>) {
        if note.is_some() {
            self.flags.add(Flags::NOTED);
        } else {
            self.flags.take(Flags::NOTED);
        }
        self.note = note;
    }

    /// The whole URL; for CONNECT the authority alone.
    #[must_use]
    pub fn url(&self) -> String {
        if self.method == "CONNECT" || self.host.is_empty() {
            return format!("{}{}", self.host, self.path);
        }
        format!("{}://{}{}", self.scheme.as_str(), self.host, self.path)
    }
}
