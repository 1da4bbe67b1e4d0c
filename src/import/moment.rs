//! Moments as other programs write them.

/// Microseconds since 1970 of an ISO 8601 moment: `2026-11-24T17:05:09.1234567+01:00`. Without a zone it is UTC.
#[must_use]
pub fn micros(text: &str) -> Option<i64> {
    let (date, rest) = text.trim().split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-');
    let mut next = || date.next()?.parse::<i64>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let at = rest.find(['Z', 'z', '+', '-', '\u{2212}']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(at)?;
    let mut time = time.splitn(3, ':');
    let hour: i64 = time.next()?.parse().ok()?;
    let minute: i64 = time.next()?.parse().ok()?;
    let (second, fraction) = match time.next() {
        Some(second) => second.split_once(['.', ',']).unwrap_or((second, "")),
        None => ("0", ""),
    };
    let second: i64 = second.parse().ok()?;
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: i64 = digits.parse().ok()?;
    let real = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && (-9999..=9999).contains(&year)
        && fraction >= 0;
    if !real {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000_000 + fraction)
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    let Some(sign) = zone.chars().next().filter(|sign| !matches!(sign, 'Z' | 'z')) else { return Some(0) };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<i64>().ok());
    let ahead = number(0, 2)? * 3_600 + number(2, 4).unwrap_or(0) * 60;
    Some(if sign == '+' { ahead } else { -ahead })
}

/// Days since 1970-01-01 in the Gregorian calendar, a year begun in March so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::timestamp;
    use proptest::prelude::*;

    #[test]
    fn moments_of_other_programs() {
        let second = 1_700_000_000_000_000;
        for (text, expected) in [
            ("2023-11-14T22:13:20.000Z", second),
            ("2023-11-14T22:13:20Z", second),
            ("2023-11-14T23:13:20.1234567+01:00", second + 123_456),
            ("2023-11-14T17:43:20-0430", second),
            ("2023-11-14 22:13:20", second),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ] {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
        let odd = ["", "yesterday", "2023-13-01T00:00:00Z", "2023-11-14T", "2023-11-14T25:00:00Z", "T"];
        let huge = ["2333333330232023-11-14T22:13:20Z", "2023-11-14T9223372036854775807:00:00Z"];
        for text in odd.iter().chain(&huge) {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at in 0_i64..250_000_000_000_000_000) {
            prop_assert_eq!(micros(&timestamp(at)), Some(at));
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            let _ = micros(&text);
        }

        #[test]
        fn no_number_is_too_large(text in "-?[0-9]{1,19}-[0-9]{1,19}-[0-9]{1,19}T[0-9]{1,19}:[0-9]{1,19}:[0-9]{1,19}[.][0-9]{0,9}[+][0-9]{0,9}") {
            let _ = micros(&text);
        }
    }
}
