//! One Set-Cookie line as user agents take it apart (RFC 6265 5.2): at semicolons, whatever the quotes.

use super::message::Line;
use std::ops::Range;

/// More attributes than this are not looked at.
const MOST: usize = 50;

/// Its place in the value, its name and what stands behind its `=`.
pub(super) type Attribute<'l> = (Range<usize>, &'l [u8], Option<&'l [u8]>);

/// A cookie with its attributes.
pub(super) struct SetCookie<'l> {
    /// The line it stands in.
    pub(super) line: &'l Line<'l>,
    /// Name and value within the line's value.
    pub(super) whole: Range<usize>,
    /// Before the first `=`; `None` when there is none.
    pub(super) name: Option<&'l [u8]>,
    /// Behind it.
    pub(super) value: &'l [u8],
    /// In their order.
    pub(super) attributes: Vec<Attribute<'l>>,
}

impl<'l> SetCookie<'l> {
    /// Takes a line apart.
    pub(super) fn of(line: &'l Line<'l>) -> Self {
        let mut at = 0;
        let mut pieces = line.value.split(|byte| *byte == b';').map(|piece| {
            let from = at + (piece.len() - piece.trim_ascii_start().len());
            at += piece.len() + 1;
            let piece = piece.trim_ascii();
            (from..from + piece.len(), piece)
        });
        let (whole, pair) = pieces.next().unwrap_or((0..0, &[]));
        let (name, value) = halves(pair);
        let (name, value) = if let Some(value) = value { (Some(name), value) } else { (None, name) };
        let attributes = pieces.filter(|(span, _)| !span.is_empty()).take(MOST);
        let attributes = attributes.map(|(span, piece)| (span, halves(piece).0, halves(piece).1)).collect();
        Self { line, whole, name, value, attributes }
    }

    /// The attribute of that name; of several the last counts (RFC 6265 5.3).
    pub(super) fn attribute(&self, name: &str) -> Option<(&Range<usize>, Option<&'l [u8]>)> {
        let found =
            self.attributes.iter().rev().find(|(_, known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(span, _, value)| (span, *value))
    }

    /// Whether that attribute is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// Whether its name begins so; prefixes compare without case (RFC 6265bis 4.1.3).
    pub(super) fn named(&self, prefix: &str) -> bool {
        starts(self.name.unwrap_or_default(), prefix)
    }

    /// What Domain says, in lower case and without the one dot before it (RFC 6265 5.2.3).
    pub(super) fn domain(&self) -> Option<(&Range<usize>, String)> {
        let (span, value) = self.attribute("Domain")?;
        let value = value?;
        let text = String::from_utf8_lossy(value.strip_prefix(b".").unwrap_or(value)).to_ascii_lowercase();
        (!text.is_empty()).then_some((span, text))
    }

    /// The prefix by which a value without a name could be read back as a name (RFC 6265bis 5.7).
    pub(super) fn passes_for_prefixed(&self) -> bool {
        let nameless = self.name.unwrap_or_default().is_empty();
        nameless && ["__Secure-", "__Host-", "__Http-"].iter().any(|prefix| starts(self.value, prefix))
    }

    /// Whether its name makes a promise, and which: of `__Host-Http-` both hold.
    pub(super) fn promises(&self) -> Promises {
        let (host, both) = (self.named("__Host-"), self.named("__Host-Http-"));
        let http = both || self.named("__Http-");
        Promises { secure: host || http || self.named("__Secure-"), host, http }
    }
}

/// What the prefix of a name promises (RFC 6265bis 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promises {
    /// Secure, and that it came over TLS.
    pub(super) secure: bool,
    /// Path=/ and no Domain.
    pub(super) host: bool,
    /// `HttpOnly`.
    pub(super) http: bool,
}

/// Whether a cookie for that domain would reach strangers: anybody may register below it (the public-suffix list; a
/// lone label counts as one). A host that is such a suffix itself may set it, and keeps it for itself (RFC 6265 5.3).
pub(super) fn reaches_strangers(domain: &str, host: Option<&str>) -> bool {
    let suffix = psl::suffix(domain.as_bytes());
    suffix.is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
        && host.map_or(domain != "localhost", |host| !host.eq_ignore_ascii_case(domain))
}

/// Whether it is an IP address, below which there are no hosts (RFC 6265 5.1.3).
pub(super) fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

/// Whether bytes begin so, compared without case.
pub(super) fn starts(bytes: &[u8], prefix: &str) -> bool {
    bytes.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// Both sides of the first `=`.
fn halves(piece: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', piece) {
        Some(at) => (piece[..at].trim_ascii(), Some(piece[at + 1..].trim_ascii())),
        None => (piece, None),
    }
}

/// What Max-Age says: digits, perhaps with a minus before them (RFC 6265 5.2.2).
pub(super) fn seconds(value: Option<&[u8]>) -> Option<i64> {
    let text = std::str::from_utf8(value?).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// Seconds since 1970 by the lenient reading of RFC 6265 5.1.1: a time, a day, a month and a year, in
/// any order. `None` where a user agent finds no date.
pub(super) fn cookie_date(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let separates = |byte: &u8| matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~');
    for token in text.split(separates).filter(|token| !token.is_empty()) {
        let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if time.is_none() && digits > 0 && token.contains(&b':') {
            time = Some(clock(token)?);
        } else if day.is_none() && (1..=2).contains(&digits) {
            day = number(token);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() && matches!(digits, 2 | 4) {
            year = number(token).map(|year| whole_year(year, digits));
        }
    }
    let (day, month, year) = (day?, month?, year.filter(|year| *year >= 1601)?);
    let date = time::Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp() + time?)
}

/// Two digits mean 1970 to 2069.
fn whole_year(year: i32, digits: usize) -> i32 {
    match year {
        70..=99 if digits == 2 => 1900 + year,
        0..=69 if digits == 2 => 2000 + year,
        _ => year,
    }
}

fn month_of(token: &[u8]) -> Option<time::Month> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = token.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|name| *name == start)?;
    time::Month::try_from(u8::try_from(at + 1).ok()?).ok()
}

/// The digits that a token begins with.
fn number(token: &[u8]) -> Option<i32> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(token.get(..digits)?).ok()?.parse().ok()
}

/// Seconds of the day in `hh:mm:ss`, each of one or two digits.
fn clock(token: &[u8]) -> Option<i64> {
    let mut pieces = token.splitn(3, |byte| *byte == b':').map(number);
    let (hours, minutes, seconds) = (pieces.next()??, pieces.next()??, pieces.next()??);
    (hours < 24 && minutes < 60 && seconds < 60)
        .then(|| i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6265_5_1_1_dates_of_every_custom() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "06 nov 1994 8:49:37",
            "Sun, 6-November-1994 08:49:37 UTC",
        ] {
            assert_eq!(cookie_date(text.as_bytes()), Some(784_111_777), "{text}");
        }
        for text in [
            "tomorrow",
            "",
            "31 Feb 2027 08:49:37",
            "06 Nov 1994",
            "06 Nov 1500 08:49:37",
            "06 Nov 1994 25:00:00",
        ] {
            assert_eq!(cookie_date(text.as_bytes()), None, "{text}");
        }
        assert_eq!(cookie_date(b"01 Jan 69 00:00:00"), cookie_date(b"01 Jan 2069 00:00:00"));
    }

    #[test]
    fn rfc6265_5_2_2_max_age_is_digits() {
        for (text, value) in [("60", Some(60)), ("-1", Some(-1)), ("1h", None), ("", None), ("+5", None)] {
            assert_eq!(seconds(Some(text.as_bytes())), value, "{text}");
        }
        assert_eq!(seconds(Some(b"99999999999999999999")), Some(i64::MAX));
        assert_eq!(seconds(Some(b"-99999999999999999999")), Some(i64::MIN));
    }
}
