//! What the rules look at: the heads of one exchange, each with its lines found in the table.

use super::body::Content;
use super::field::{Field, On};
use super::parts::Parsed;
use super::value::unquoted;
use super::{parse, table};
use crate::exchange::{Head, MessageKind, Scheme};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// The heads of an exchange and what is known around them.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// In the order of [`MessageKind::ALL`]; those that are not known are left out.
    pub heads: [Option<&'a Head>; 4],
    /// The scheme that the client used.
    pub scheme: Option<Scheme>,
    /// The host that the client asked for, without a port.
    pub host: Option<&'a str>,
    /// When the response arrived, in seconds since 1970.
    pub arrived: Option<i64>,
    /// Whether a trailer section is looked at instead of a head.
    pub trailers: bool,
    /// Whether the heads are lists that another program made, as in a HAR file, and not what crossed the wire.
    pub listed: bool,
    /// Whether fields may be missing from these lists, so that what is not there may still have been sent.
    pub partial: bool,
    /// What is known of the bodies: the request's, the response's.
    pub bodies: [Option<Content<'a>>; 2],
}

/// One message with what it belongs to.
pub(super) struct Case<'a> {
    /// The message that is looked at.
    pub(super) message: &'a Message<'a>,
    /// The request of the same side, which is the message itself in a request.
    pub(super) request: Option<&'a Message<'a>>,
    /// What is known around them.
    pub(super) view: &'a View<'a>,
}

impl Case<'_> {
    /// Whether the exchange went over TLS; `None` when that is not known.
    pub(super) fn secure(&self) -> Option<bool> {
        self.view.scheme.map(|scheme| scheme == Scheme::Https)
    }

    /// The request's method, empty when it is not known.
    pub(super) fn method(&self) -> &[u8] {
        self.request.map_or(&[], |request| request.method())
    }
}

/// One head with its lines.
pub(super) struct Message<'a> {
    /// Which of the four it is.
    pub(super) kind: MessageKind,
    /// Its bytes.
    pub(super) head: &'a Head,
    /// Its field lines in wire order, pseudo-fields left out.
    pub(super) lines: Vec<Line<'a>>,
    /// The pseudo-fields of HTTP/2.
    pub(super) pseudo: Vec<Line<'a>>,
    /// Where the directives of Cache-Control stand: which line, which bytes; many rules ask for them.
    directives: OnceCell<Vec<(usize, Range<usize>)>>,
}

/// One field line.
pub(super) struct Line<'a> {
    /// 1 for the first field line.
    pub(super) number: usize,
    /// The whole line, folds included.
    pub(super) bytes: &'a [u8],
    /// Up to the colon.
    pub(super) name: &'a [u8],
    /// Without the white space around it.
    pub(super) value: &'a [u8],
    /// Where the value begins in the line.
    pub(super) value_at: usize,
    /// Its entry in the table.
    pub(super) field: Option<&'static Field>,
    parsed: OnceCell<Parsed>,
}

impl<'a> Line<'a> {
    fn of(number: usize, bytes: &'a [u8]) -> Self {
        // A pseudo-field's name begins with a colon itself (RFC 9113 8.3).
        let pseudo = bytes.first() == Some(&b':') && memchr::memchr_iter(b':', bytes).nth(1).is_some();
        let from = usize::from(pseudo);
        let colon = memchr::memchr(b':', bytes.get(from..).unwrap_or_default()).map(|at| from + at);
        let name = bytes.get(..colon.unwrap_or(0)).unwrap_or_default();
        let rest = bytes.get(colon.map_or(0, |at| at + 1)..).unwrap_or_default();
        let value = rest.trim_ascii();
        let value_at = bytes.len() - rest.trim_ascii_start().len();
        let value_at = if value.is_empty() { bytes.len() } else { value_at };
        let field = table::field(name.trim_ascii_end());
        Self { number, bytes, name, value, value_at, field, parsed: OnceCell::new() }
    }

    /// Whether it is the field of that name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Its value taken apart, once.
    pub(super) fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| parse(self.name, self.value))
    }

    /// Members between commas outside of quotes, with their places in the value.
    pub(super) fn members(&self) -> Vec<(Range<usize>, &'a [u8])> {
        pieces(self.value, b',')
    }

    /// Directives `name[=value]` between commas or semicolons, with their places in the value.
    pub(super) fn directives(&self, separator: u8) -> Vec<Directive<'a>> {
        pieces(self.value, separator).into_iter().map(|(span, piece)| Directive::of(span, piece)).collect()
    }
}

/// One `name[=value]` of a value.
pub(super) struct Directive<'a> {
    /// Its bytes within the value.
    pub(super) span: Range<usize>,
    /// Before the `=`.
    pub(super) name: &'a [u8],
    /// Behind the `=`, as it stands.
    pub(super) value: Option<&'a [u8]>,
}

impl<'a> Directive<'a> {
    fn of(span: Range<usize>, piece: &'a [u8]) -> Self {
        let equals = memchr::memchr(b'=', piece);
        let name = piece.get(..equals.unwrap_or(piece.len())).unwrap_or_default().trim_ascii();
        let value = equals.and_then(|at| piece.get(at + 1..)).map(<[u8]>::trim_ascii);
        Self { span, name, value }
    }

    /// Whether that is its name, compared without case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Its value without quotes.
    pub(super) fn plain(&self) -> Cow<'a, [u8]> {
        unquoted(self.value.unwrap_or_default())
    }
}

/// Pieces outside of quotes, trimmed, empty ones left out, a bounded number of them.
pub(super) fn pieces(value: &[u8], separator: u8) -> Vec<(Range<usize>, &[u8])> {
    let parts = super::parts::Parts::of(value);
    parts
        .pieces(&(0..value.len()), separator)
        .into_iter()
        .map(|span| (span.clone(), parts.bytes(&span)))
        .collect()
}

impl<'a> Message<'a> {
    /// Finds the lines of a head in the table.
    pub(super) fn of(kind: MessageKind, head: &'a Head) -> Self {
        let all = head.fields().enumerate().map(|(at, field)| Line::of(at + 1, field.line));
        let (pseudo, lines) = all.partition(|line: &Line<'_>| line.name.first() == Some(&b':'));
        Self { kind, head, lines, pseudo, directives: OnceCell::new() }
    }

    /// Whether it is a request.
    pub(super) fn is_request(&self) -> bool {
        matches!(self.kind, MessageKind::RequestReceived | MessageKind::RequestSent)
    }

    /// Where it stands.
    pub(super) fn on(&self) -> On {
        if self.is_request() { On::REQUEST } else { On::RESPONSE }
    }

    /// The lines of a field, in wire order.
    pub(super) fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Line<'a>> {
        self.lines.iter().filter(move |line| line.is(name))
    }

    /// The first line of a field.
    pub(super) fn first(&self, name: &str) -> Option<&Line<'a>> {
        self.lines.iter().find(|line| line.is(name))
    }

    /// Whether the field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The members of a field over all its lines.
    pub(super) fn members<'m>(
        &'m self,
        name: &'m str,
    ) -> impl Iterator<Item = (&'m Line<'a>, Range<usize>, &'a [u8])> {
        self.all(name)
            .flat_map(|line| line.members().into_iter().map(move |(span, member)| (line, span, member)))
    }

    /// Whether a member stands in a list, compared without case and without its parameters.
    pub(super) fn lists(&self, name: &str, member: &str) -> bool {
        self.members(name).any(|(_, _, found)| {
            let bare = found.split(|byte| *byte == b';').next().unwrap_or_default();
            bare.trim_ascii().eq_ignore_ascii_case(member.as_bytes())
        })
    }

    /// The directives of Cache-Control, over all lines.
    pub(super) fn cache_control(&self) -> impl Iterator<Item = (&Line<'a>, Directive<'a>)> {
        let places = self.directives.get_or_init(|| {
            let lines = self.lines.iter().enumerate().filter(|(_, line)| line.is("Cache-Control"));
            lines.flat_map(|(at, line)| line.members().into_iter().map(move |(span, _)| (at, span))).collect()
        });
        places.iter().filter_map(|(at, span)| {
            let line = self.lines.get(*at)?;
            Some((line, Directive::of(span.clone(), line.value.get(span.clone())?)))
        })
    }

    /// The method of a request; empty when there is no request line.
    pub(super) fn method(&self) -> &'a [u8] {
        self.head.request_line().map_or(&[], |(method, _, _)| method)
    }

    /// The target of a request; empty when there is no request line.
    pub(super) fn target(&self) -> &'a [u8] {
        self.head.request_line().map_or(&[], |(_, target, _)| target)
    }

    /// The status of a response; 0 when there is none.
    pub(super) fn status(&self) -> u16 {
        self.head.status_line().map_or(0, |(_, status, _)| status)
    }

    /// The version as written.
    pub(super) fn version(&self) -> &'a [u8] {
        if self.is_request() {
            self.head.request_line().map_or(&[], |(_, _, version)| version)
        } else {
            self.head.status_line().map_or(&[], |(version, _, _)| version)
        }
    }

    /// Whether it is of HTTP/2 or HTTP/3, where connection fields have no place.
    pub(super) fn is_multiplexed(&self) -> bool {
        matches!(self.version(), b"HTTP/2" | b"HTTP/3" | b"HTTP/2.0" | b"HTTP/3.0")
    }
}
