//! Points in time as a filter names them: `-5m` (so long ago), `10:30` (on any day), `2026-11-23`,
//! `2026-11-23T10:30`. All in UTC.

use super::kinds::Kind;
use super::number::Number;
use std::ops::Range;
use time::{Date, Month, OffsetDateTime, Time};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;
/// As far back as can be asked for: a hundred years.
const FARTHEST: i64 = 36_525 * DAY;

/// A point in time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Ago(i64),
    /// A time of day, on any day, and how long what was named lasts: a minute or a second.
    Clock(i64, i64),
    /// Since the epoch, and how long what was named lasts: a day, a minute, a second.
    Date(i64, i64),
}

impl Moment {
    /// Reads one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some(ago) = text.strip_prefix('-') {
            let ago = Number::read(ago, Kind::Span).ok()?.whole()?;
            return (0..=FARTHEST).contains(&ago).then_some(Self::Ago(ago));
        }
        if let Some((micros, width)) = clock(text) {
            return Some(Self::Clock(micros, width));
        }
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(clock(time.trim_end_matches('Z'))?)),
            None => (text, None),
        };
        let (offset, width) = time.unwrap_or((0, DAY));
        Some(Self::Date(date(day)? + offset, width))
    }

    /// What was named, as microseconds since the epoch, seen from an exchange's beginning.
    #[must_use]
    pub fn span(self, now: i64, started: i64) -> Range<i64> {
        match self {
            Self::Ago(ago) => now - ago..now - ago,
            Self::Clock(at, width) => {
                let from = started - started.rem_euclid(DAY) + at;
                from..from + width
            }
            Self::Date(at, width) => at..at + width,
        }
    }

    /// As it is printed; reads back the same.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Ago(ago) => {
                let ago = Number::new(ago as f64).map(|ago| ago.text(Kind::Span));
                format!("-{}", ago.unwrap_or_default())
            }
            Self::Clock(at, width) => clock_text(at, width),
            Self::Date(at, width) => {
                let day = OffsetDateTime::from_unix_timestamp(at.div_euclid(SECOND));
                let date = day.map(|day| day.date().to_string()).unwrap_or_default();
                let time = if width == DAY {
                    String::new()
                } else {
                    format!("T{}", clock_text(at.rem_euclid(DAY), width))
                };
                format!("{date}{time}")
            }
        }
    }
}

/// Whether a beginning lies between two moments, what they name included; over midnight too.
#[must_use]
pub fn within(from: Option<Moment>, to: Option<Moment>, now: i64, started: i64) -> bool {
    let behind = from.is_none_or(|from| started >= from.span(now, started).start);
    let before = to.is_none_or(|to| match to {
        Moment::Ago(ago) => started <= now - ago,
        other => started < other.span(now, started).end,
    });
    match (from, to) {
        (Some(Moment::Clock(from, _)), Some(Moment::Clock(to, _))) if from > to => behind || before,
        _ => behind && before,
    }
}

/// `10:30` or `10:30:15`, with how long that lasts.
fn clock(text: &str) -> Option<(i64, i64)> {
    let mut parts = text.split(':');
    let mut next = || parts.next().map(digits);
    let (hour, minute, second) = (next()??, next()??, next());
    let (second, width) = match second {
        None => (0, MINUTE),
        Some(second) => (second?, SECOND),
    };
    let small = |value: u32| u8::try_from(value).ok();
    Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
    let ended = parts.next().is_none();
    ended.then_some(((i64::from(hour) * 60 + i64::from(minute)) * MINUTE + i64::from(second) * SECOND, width))
}

fn clock_text(at: i64, width: i64) -> String {
    let seconds = at / SECOND;
    let text = format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if width == SECOND { format!("{text}:{:02}", seconds % 60) } else { text }
}

fn date(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let year = i32::try_from(year).ok().filter(|year| (1970..=9999).contains(year))?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp() * SECOND)
}

fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_and_print() {
        for text in
            ["-5m", "-90s", "10:30", "23:59:59", "2026-11-23", "2026-02-28T10:30", "2026-11-23T10:30:05"]
        {
            assert_eq!(Moment::read(text).map(Moment::text).as_deref(), Some(text));
        }
        for text in [
            "",
            "-",
            "-5",
            "24:00",
            "10:60",
            "10",
            "2026-13-01",
            "2026-02-30",
            "1-1",
            "10:30:15:1",
            "-9999999999d",
        ] {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_stretch_over_midnight() {
        let (ten, two) = (Moment::read("22:00"), Moment::read("02:00"));
        let at = |hour: i64| 5 * DAY + hour * 60 * MINUTE;
        assert!(within(ten, two, 0, at(23)) && within(ten, two, 0, at(1)) && !within(ten, two, 0, at(12)));
        assert!(within(two, ten, 0, at(12)) && !within(two, ten, 0, at(23)));
        assert!(
            within(None, Moment::read("10:30"), 0, at(10))
                && !within(Moment::read("-1h"), None, at(12), at(10))
        );
    }
}
