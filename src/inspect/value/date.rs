//! Dates in the three forms that a recipient must read (RFC 9110 5.6.7), and how long a time is in words.

use super::super::parts::Parts;
use crate::inspect::field::Field;
use std::ops::Range;

const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Which of the three forms a date is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`: the only one to be sent.
    Fixdate,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`: obsolete.
    Rfc850,
    /// `Sun Nov  6 08:49:37 1994`: obsolete.
    Asctime,
}

impl Form {
    /// Its name in RFC 9110.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixdate => "IMF-fixdate",
            Self::Rfc850 => "RFC 850 form, obsolete",
            Self::Asctime => "asctime form, obsolete",
        }
    }
}

/// A date that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Seconds since 1970, UTC.
    pub unix: i64,
    /// How it was written.
    pub form: Form,
    /// Whether the name of the day is that day's.
    pub right_day: bool,
}

/// The last second of 2026: from where two digits of a year are read when no other moment is known.
const ELSE: i64 = 1_798_761_599;

/// Reads a date; the error is the first byte that fits none of the forms. Names compare with
/// case, as RFC 9110 5.6.7 has it, and what two digits of a year mean depends on the moment, in seconds since 1970.
pub fn read_date(text: &[u8], now: Option<i64>) -> Result<Date, usize> {
    let mut cursor = Cursor { text, at: 0 };
    let day = cursor.letters();
    let weekday =
        (day.len() >= 3).then(|| DAYS.iter().position(|full| full.as_bytes().starts_with(day))).flatten();
    let weekday = weekday.ok_or(0_usize)?;
    let full = day == DAYS[weekday].as_bytes();
    if !full && day.len() != 3 {
        return Err(0);
    }
    let (form, date, seconds) = if cursor.eat(b", ") {
        let number = cursor.digits(2)?;
        let form = if cursor.peek() == Some(b'-') { Form::Rfc850 } else { Form::Fixdate };
        let between: &[u8] = if form == Form::Rfc850 { b"-" } else { b" " };
        cursor.must(between)?;
        let month = cursor.month()?;
        cursor.must(between)?;
        let year = cursor.digits(if form == Form::Rfc850 { 2 } else { 4 })?;
        cursor.must(b" ")?;
        let seconds = cursor.time()?;
        cursor.must(b" GMT")?;
        let whole = |year| {
            whole_year((year, month, number), seconds, weekday, now.unwrap_or(ELSE).clamp(0, 253_402_300_799))
        };
        let year = if form == Form::Rfc850 { whole(year) } else { year };
        (form, (year, month, number), seconds)
    } else {
        cursor.must(b" ")?;
        let month = cursor.month()?;
        cursor.must(b" ")?;
        let number = if cursor.eat(b" ") { cursor.digits(1)? } else { cursor.digits(2)? };
        cursor.must(b" ")?;
        let seconds = cursor.time()?;
        cursor.must(b" ")?;
        (Form::Asctime, (cursor.digits(4)?, month, number), seconds)
    };
    if cursor.at < text.len() {
        return Err(cursor.at);
    }
    let (year, month, number) = date;
    // RFC 5322 3.3 knows no year before 1900; a year 0 is nobody's.
    if year == 0 || number == 0 || number > length_of(year, month) {
        return Err(day.len() + 1 + usize::from(form != Form::Asctime));
    }
    let days = days_since_1970(year, month, number);
    let right_day = falls_on(days, weekday);
    Ok(Date { unix: days * 86_400 + seconds, form, right_day })
}

fn falls_on(days: i64, weekday: usize) -> bool {
    usize::try_from(days.rem_euclid(7)) == Ok(weekday)
}

/// The year that two digits mean: the next that ends in them, or, where the date would lie more than 50 years ahead,
/// the last that did (RFC 9110 5.6.7). A date since 1970 may be meant up to that bound too (`Thursday, 01-Jan-70`
/// says that something is over): there the day's name tells.
fn whole_year(date: (i64, i64, i64), seconds: i64, weekday: usize, now: i64) -> i64 {
    let (digits, month, number) = date;
    let (this, months, days) = civil(now.div_euclid(86_400));
    let ahead = (digits - this).rem_euclid(100);
    let (next, last) = (this + ahead, this + ahead - 100);
    let far = (ahead, month, number, seconds) > (50, months, days, now.rem_euclid(86_400));
    let told = last >= 1970 && falls_on(days_since_1970(last, month, number), weekday);
    if far || told { last } else { next }
}

/// A field that is a date.
pub fn date(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    date_part(parts, whole, "date");
}

/// A date, or a number of seconds: Retry-After.
pub fn date_or_seconds(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if parts.bytes(&whole).iter().all(u8::is_ascii_digit) {
        super::number::seconds(field, parts);
    } else {
        date_part(parts, whole, "date");
    }
}

/// Adds one date as a part, or where it breaks.
pub fn date_part(parts: &mut Parts<'_>, span: Range<usize>, label: &'static str) {
    match read_date(parts.bytes(&span), None) {
        Ok(date) => {
            let odd = if date.right_day { "" } else { "; the day's name is wrong" };
            parts.add(span, label, format!("{} ({}{odd})", in_words(date.unix), date.form.as_str()));
        }
        Err(at) => {
            let broken = span.start + at;
            if at > 0 {
                parts.add(span.start..broken, label, "the part of a date that can be read");
            }
            parts.fail(broken, "a date is written like Sun, 06 Nov 1994 08:49:37 GMT");
        }
    }
}

/// `1994-11-06 08:49:37 UTC` for seconds since 1970.
#[must_use]
pub fn in_words(unix: i64) -> String {
    let (days, rest) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap_or(0)];
    format!(
        "{weekday} {year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// `1 h 30 min`, `30 days`: the two largest units of a number of seconds; from two years on years of 365 days.
#[must_use]
pub fn how_long(seconds: u64) -> String {
    const YEAR: u64 = 365 * 86_400;
    const UNITS: [(u64, &str, &str); 4] =
        [(86_400, "day", "days"), (3_600, "h", "h"), (60, "min", "min"), (1, "s", "s")];
    if seconds >= 2 * YEAR {
        return format!("{} years", seconds / YEAR);
    }
    let mut rest = seconds;
    let mut said = Vec::new();
    for (size, one, many) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            said.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
        if said.len() == 2 || count >= 100 {
            break;
        }
    }
    if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, expected: &[u8]) -> bool {
        let there = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(expected));
        self.at += if there { expected.len() } else { 0 };
        there
    }

    fn must(&mut self, expected: &[u8]) -> Result<(), usize> {
        if self.eat(expected) { Ok(()) } else { Err(self.at) }
    }

    fn letters(&mut self) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        self.at += count;
        &rest[..count]
    }

    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Result<i64, usize> {
        let mut number = 0;
        for _ in 0..count {
            let digit = self.peek().filter(u8::is_ascii_digit).ok_or(self.at)?;
            number = number * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        Ok(number)
    }

    /// 1 to 12.
    fn month(&mut self) -> Result<i64, usize> {
        let from = self.at;
        let name = self.letters();
        let index = MONTHS.iter().position(|month| month.as_bytes() == name).ok_or(from)?;
        Ok(i64::try_from(index).unwrap_or(0) + 1)
    }

    /// Seconds of the day; 60 is allowed as a leap second.
    fn time(&mut self) -> Result<i64, usize> {
        let from = self.at;
        let hours = self.digits(2)?;
        self.must(b":")?;
        let minutes = self.digits(2)?;
        self.must(b":")?;
        let seconds = self.digits(2)?;
        if hours > 23 || minutes > 59 || seconds > 60 {
            return Err(from);
        }
        Ok(hours * 3600 + minutes * 60 + seconds)
    }
}

fn length_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted from March so that the leap day is last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The reverse.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_5_6_7_all_three_forms() {
        for (text, form) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Form::Fixdate),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Form::Rfc850),
            ("Sun Nov  6 08:49:37 1994", Form::Asctime),
        ] {
            assert_eq!(
                read_date(text.as_bytes(), None),
                Ok(Date { unix: 784_111_777, form, right_day: true }),
                "{text}"
            );
        }
        assert_eq!(in_words(784_111_777), "Sunday 1994-11-06 08:49:37 UTC");
    }

    #[test]
    fn a_broken_date_says_where() {
        for (text, at) in [
            ("", 0),
            ("0", 0),
            ("Sun, 6 Nov 1994 08:49:37 GMT", 6),
            ("Sun, 06 Nov 1994 08:49:37 UTC", 25),
            ("Sun, 06 Nov 1994 24:49:37 GMT", 17),
            ("Sun, 31 Feb 2027 08:49:37 GMT", 5),
            ("Sun, 06 Nov 1994 08:49:37 GMT+1", 29),
            ("Son, 06 Nov 1994 08:49:37 GMT", 0),
        ] {
            assert_eq!(read_date(text.as_bytes(), None), Err(at), "{text}");
        }
        assert!(!read_date(b"Mon, 06 Nov 1994 08:49:37 GMT", None).unwrap().right_day);
    }

    #[test]
    fn rfc9110_5_6_7_two_digits_of_a_year_are_at_most_50_years_ahead() {
        let end_of_november_2026 = Some(1_796_014_800);
        for (text, now, said) in [
            ("Sunday, 06-Nov-94 08:49:37 GMT", end_of_november_2026, "Sunday 1994-11-06"),
            ("Friday, 06-Nov-76 08:49:37 GMT", end_of_november_2026, "Friday 2076-11-06"),
            ("Saturday, 05-Dec-76 08:49:37 GMT", end_of_november_2026, "Sunday 1976-12-05"),
            ("Sunday, 29-Nov-26 08:49:37 GMT", end_of_november_2026, "Sunday 2026-11-29"),
            ("Tuesday, 30-Nov-27 08:49:37 GMT", end_of_november_2026, "Tuesday 2027-11-30"),
            ("Sunday, 30-Nov-25 08:49:37 GMT", end_of_november_2026, "Sunday 2025-11-30"),
            ("Thursday, 01-Jan-70 00:00:00 GMT", end_of_november_2026, "Thursday 1970-01-01"),
            ("Wednesday, 01-Jan-70 00:00:00 GMT", end_of_november_2026, "Wednesday 2070-01-01"),
            ("Saturday, 01-Jan-00 00:00:00 GMT", Some(915_148_800), "Saturday 2000-01-01"),
            ("Friday, 06-Nov-76 08:49:37 GMT", None, "Friday 2076-11-06"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None, "Sunday 1994-11-06"),
        ] {
            let date = read_date(text.as_bytes(), now).unwrap();
            assert!(in_words(date.unix).starts_with(said), "{text}: {}", in_words(date.unix));
        }
        for now in [i64::MIN, i64::MAX, 0] {
            assert!(read_date(b"Friday, 06-Nov-76 08:49:37 GMT", Some(now)).is_ok(), "{now}");
        }
    }

    #[test]
    fn days_and_dates_agree() {
        for days in (-200_000..200_000).step_by(97) {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_1970(year, month, day), days);
        }
    }

    #[test]
    fn times_in_words() {
        for (seconds, said) in [
            (0, "0 s"),
            (86, "1 min 26 s"),
            (86_400, "1 day"),
            (5_400, "1 h 30 min"),
            (31_536_000, "365 days"),
        ] {
            assert_eq!(how_long(seconds), said);
        }
    }
}
