//! Content-Length and Transfer-Encoding, read so that only one reading is left (RFC 9112 6).

use super::syntax::{decimal, is_token, members, quoted};
use super::{Fault, Framing};
use crate::exchange::Field;

/// The longest body that the engine counts: the two numbers above mean something else to it.
const LONGEST: u64 = u64::MAX - 2;

/// What all Content-Length lines say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Length {
    /// There is none.
    #[default]
    Absent,
    /// One number, said once or often.
    Of(u64),
    /// No number, or several.
    Invalid {
        /// Whether two numbers stand against each other.
        differing: bool,
    },
}

impl Length {
    /// Takes one more line in. A list of equal numbers counts as one number: "the message
    /// is processed with that single value" (RFC 9112 6.3).
    pub(super) fn add_line(self, value: &[u8]) -> Self {
        members(value).fold(self, |known, member| match (known, decimal(member)) {
            (Self::Absent, Some(length)) => Self::Of(length),
            (Self::Of(known), Some(length)) if known == length => Self::Of(length),
            (Self::Of(_), Some(_)) => Self::Invalid { differing: true },
            (Self::Invalid { .. }, _) => known,
            (_, None) => Self::Invalid { differing: false },
        })
    }
}

/// What all Transfer-Encoding lines say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Codings {
    /// How many lines there are.
    pub(super) lines: usize,
    /// How many codings they name.
    pub(super) count: usize,
    /// How often `chunked` is among them.
    chunked: usize,
    /// Whether the last one is `chunked`.
    chunked_last: bool,
    /// A coding that is none of RFC 9112 7, or one with parameters.
    unknown: bool,
    /// A member that is no coding at all.
    malformed: bool,
}

impl Codings {
    /// Takes one more line in.
    pub(super) fn add_line(&mut self, value: &[u8]) {
        self.lines += 1;
        for member in members(value).filter(|member| !member.is_empty()) {
            self.add(member);
        }
    }

    fn add(&mut self, member: &[u8]) {
        let (name, parameters) = match member.iter().position(|byte| *byte == b';') {
            Some(at) => (member[..at].trim_ascii_end(), true),
            None => (member, false),
        };
        let chunked = name.eq_ignore_ascii_case(b"chunked");
        self.count += 1;
        self.chunked += usize::from(chunked);
        self.chunked_last = chunked;
        // "The chunked coding does not define any parameters. Their presence SHOULD be
        // treated as an error." (RFC 9112 7.1)
        self.malformed |= !is_token(name) || (chunked && parameters);
        self.unknown |= !chunked && (parameters || !is_compression(name));
    }
}

/// RFC 9112 7.2.
fn is_compression(name: &[u8]) -> bool {
    ["gzip", "deflate", "compress", "x-gzip", "x-compress"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Where the first line of each stands, for messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FramingLines<'a> {
    pub(super) length: Length,
    pub(super) codings: Codings,
    pub(super) length_at: Option<&'a [u8]>,
    pub(super) codings_at: Option<&'a [u8]>,
}

impl<'a> FramingLines<'a> {
    pub(super) fn add_length(&mut self, field: &Field<'a>) {
        self.length = self.length.add_line(field.value);
        self.length_at = self.length_at.or(Some(field.line));
    }

    pub(super) fn add_codings(&mut self, field: &Field<'a>) {
        self.codings.add_line(field.value);
        self.codings_at = self.codings_at.or(Some(field.line));
    }
}

/// A flaw of the framing, to be placed in the head by the caller.
pub(super) struct Flaw<'a> {
    pub(super) status: u16,
    pub(super) line: &'a [u8],
    pub(super) clause: &'static str,
    pub(super) says: String,
}

impl Flaw<'_> {
    pub(super) fn at(self, offset: usize) -> Fault {
        Fault::new(self.status, offset, self.clause, self.says)
    }
}

/// The framing of a request (RFC 9112 6.3). Whatever two servers might read differently
/// is refused, so that nothing can be smuggled past one of them (RFC 9112 11.2).
pub(super) fn of_request<'a>(lines: &FramingLines<'a>, http10: bool) -> Result<Framing, Flaw<'a>> {
    let Some(line) = lines.codings_at else { return counted(lines, Framing::None) };
    let flaw = |status, clause, says: &str| Err(Flaw { status, line, clause, says: says.to_owned() });
    if http10 {
        return flaw(
            400,
            "RFC 9112 6.1",
            "An HTTP/1.0 request has no Transfer-Encoding; its framing is faulty.",
        );
    }
    if lines.codings.malformed {
        return flaw(400, "RFC 9112 6.1", "Transfer-Encoding is no list of codings.");
    }
    if lines.codings.unknown {
        return flaw(501, "RFC 9112 6.1", "Transfer-Encoding names a coding that is not known here.");
    }
    if lines.codings.chunked > 1 {
        return flaw(400, "RFC 9112 6.1", "Transfer-Encoding says chunked more than once.");
    }
    if !lines.codings.chunked_last {
        let says = "Transfer-Encoding does not end in chunked, so the request's length cannot be known.";
        return flaw(400, "RFC 9112 6.3", says);
    }
    if lines.length_at.is_some() {
        let says = "Content-Length stands beside Transfer-Encoding. \
                    Servers differ in which they follow, so such a request is not passed on.";
        return flaw(400, "RFC 9112 6.3", says);
    }
    Ok(Framing::Chunked)
}

/// The framing of a response that has a body (RFC 9112 6.3).
pub(super) fn of_response<'a>(lines: &FramingLines<'a>, http10: bool) -> Result<Framing, Flaw<'a>> {
    let Some(line) = lines.codings_at else { return counted(lines, Framing::UntilClose) };
    let flaw = |clause, says: &str| Err(Flaw { status: 502, line, clause, says: says.to_owned() });
    if http10 {
        return flaw("RFC 9112 6.1", "An HTTP/1.0 response has no Transfer-Encoding; its framing is faulty.");
    }
    if lines.codings.malformed || lines.codings.count == 0 {
        return flaw("RFC 9112 6.1", "Transfer-Encoding is no list of codings.");
    }
    match (lines.codings.chunked, lines.codings.chunked_last) {
        (1, true) => Ok(Framing::Chunked),
        (0, _) if lines.length_at.is_none() => Ok(Framing::UntilClose),
        (0, _) => flaw(
            "RFC 9112 6.3",
            "Content-Length stands beside a Transfer-Encoding that does not end in chunked.",
        ),
        (1, false) => flaw("RFC 9112 6.1", "Transfer-Encoding says chunked, but not last."),
        _ => flaw("RFC 9112 6.1", "Transfer-Encoding says chunked more than once."),
    }
}

/// The framing of a body by Content-Length alone.
fn counted<'a>(lines: &FramingLines<'a>, absent: Framing) -> Result<Framing, Flaw<'a>> {
    match of_length(lines, absent)? {
        Framing::Length(length) if length > LONGEST => Err(no_length(lines)),
        framing => Ok(framing),
    }
}

/// Content-Length alone. An invalid one is an unrecoverable error (RFC 9112 6.3).
pub(super) fn of_length<'a>(lines: &FramingLines<'a>, absent: Framing) -> Result<Framing, Flaw<'a>> {
    match lines.length {
        Length::Absent => Ok(absent),
        Length::Of(length) => Ok(Framing::Length(length)),
        Length::Invalid { differing: false } => Err(no_length(lines)),
        Length::Invalid { differing: true } => {
            let line = lines.length_at.unwrap_or_default();
            let says =
                "Content-Length is given with different values; which of them is meant cannot be known.";
            Err(Flaw { status: 400, line, clause: "RFC 9112 6.3", says: says.to_owned() })
        }
    }
}

fn no_length<'a>(lines: &FramingLines<'a>) -> Flaw<'a> {
    let line = lines.length_at.unwrap_or_default();
    let says = format!("{} gives no length: digits only, and at most {LONGEST}.", quoted(line));
    Flaw { status: 400, line, clause: "RFC 9112 6.3", says }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(lengths: &[&'a str], codings: &[&'a str]) -> FramingLines<'a> {
        let field = |value: &'a str| Field { line: value.as_bytes(), name: b"", value: value.as_bytes() };
        let mut lines = FramingLines::default();
        for value in lengths {
            lines.add_length(&field(value));
        }
        for value in codings {
            lines.add_codings(&field(value));
        }
        lines
    }

    /// Lengths, codings, then what a request and a response are read as; a number is a refusal.
    type Case =
        (&'static [&'static str], &'static [&'static str], Result<Framing, u16>, Result<Framing, u16>);

    const CASES: &[Case] = &[
        (&[], &[], Ok(Framing::None), Ok(Framing::UntilClose)),
        (&["5"], &[], Ok(Framing::Length(5)), Ok(Framing::Length(5))),
        (&["0"], &[], Ok(Framing::Length(0)), Ok(Framing::Length(0))),
        (&["5", "5"], &[], Ok(Framing::Length(5)), Ok(Framing::Length(5))),
        (&["5, 05,5"], &[], Ok(Framing::Length(5)), Ok(Framing::Length(5))),
        (&["5", "6"], &[], Err(400), Err(400)),
        (&["5, 6"], &[], Err(400), Err(400)),
        (&["5,"], &[], Err(400), Err(400)),
        (&[""], &[], Err(400), Err(400)),
        (&["+5"], &[], Err(400), Err(400)),
        (&["-5"], &[], Err(400), Err(400)),
        (&["0x5"], &[], Err(400), Err(400)),
        (&["5 5"], &[], Err(400), Err(400)),
        (&["5;a"], &[], Err(400), Err(400)),
        (&["5\r\n 5"], &[], Err(400), Err(400)),
        (&["18446744073709551613"], &[], Ok(Framing::Length(LONGEST)), Ok(Framing::Length(LONGEST))),
        (&["18446744073709551614"], &[], Err(400), Err(400)),
        (&["18446744073709551615"], &[], Err(400), Err(400)),
        (&["99999999999999999999"], &[], Err(400), Err(400)),
        (&[], &["chunked"], Ok(Framing::Chunked), Ok(Framing::Chunked)),
        (&[], &["CHUNKED"], Ok(Framing::Chunked), Ok(Framing::Chunked)),
        (&[], &["gzip, chunked"], Ok(Framing::Chunked), Ok(Framing::Chunked)),
        (&[], &["x-gzip", "chunked"], Ok(Framing::Chunked), Ok(Framing::Chunked)),
        (&[], &["chunked,"], Ok(Framing::Chunked), Ok(Framing::Chunked)),
        (&[], &["gzip"], Err(400), Ok(Framing::UntilClose)),
        (&[], &["identity"], Err(501), Ok(Framing::UntilClose)),
        (&[], &["foo, chunked"], Err(501), Ok(Framing::Chunked)),
        (&[], &["xchunked"], Err(501), Ok(Framing::UntilClose)),
        (&[], &["chunked, gzip"], Err(400), Err(502)),
        (&[], &["chunked, chunked"], Err(400), Err(502)),
        (&[], &["chunked", "chunked"], Err(400), Err(502)),
        (&[], &["chunked;a=b"], Err(400), Err(502)),
        (&[], &["gzip;a=\"b, chunked\""], Err(400), Err(502)),
        (&[], &["\"chunked\""], Err(400), Err(502)),
        (&[], &["chun ked"], Err(400), Err(502)),
        (&[], &[""], Err(400), Err(502)),
        (&["5"], &["chunked"], Err(400), Ok(Framing::Chunked)),
        (&["5"], &["gzip"], Err(400), Err(502)),
        (&["x"], &["chunked"], Err(400), Ok(Framing::Chunked)),
    ];

    #[test]
    fn rfc9112_6_3_one_reading_or_none() {
        for (lengths, codings, request, response) in CASES {
            let lines = lines(lengths, codings);
            let seen = of_request(&lines, false).map_err(|flaw| flaw.status);
            assert_eq!(seen, *request, "request {lengths:?} {codings:?}");
            let seen = of_response(&lines, false).map_err(|flaw| flaw.status);
            assert_eq!(seen, *response, "response {lengths:?} {codings:?}");
        }
    }

    #[test]
    fn rfc9112_6_1_transfer_encoding_in_http_1_0_is_faulty() {
        let lines = lines(&["5"], &["chunked"]);
        assert_eq!(of_request(&lines, true).map_err(|flaw| flaw.status), Err(400));
        assert_eq!(of_response(&lines, true).map_err(|flaw| flaw.status), Err(502));
    }
}
