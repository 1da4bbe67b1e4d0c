//! Sizes and times as people write them: `64MiB`, `16 MB`, `300ms`, `30d`, and back.

use std::time::Duration;

const SIZES: &[(&str, u64)] = &[
    ("tib", 1 << 40),
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("tb", 1_000_000_000_000),
    ("gb", 1_000_000_000),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("t", 1_000_000_000_000),
    ("g", 1_000_000_000),
    ("m", 1_000_000),
    ("k", 1_000),
    ("b", 1),
    ("", 1),
];

const TIMES: &[(&str, u64)] =
    &[("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("m", 60_000), ("ms", 1), ("s", 1_000)];

/// Reads a size in bytes: a number with an optional unit, powers of 1024 with an `i` (`KiB`), else of 1000.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    scaled(text, SIZES)
}

/// Reads a time: a number with one of `ms`, `s`, `m`, `h`, `d`.
pub(crate) fn parse_time(text: &str) -> Option<Duration> {
    scaled(text, TIMES).map(Duration::from_millis)
}

/// Writes a size so that [`parse_size`] reads the same number.
pub(crate) fn show_size(bytes: u64) -> String {
    let binary = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match binary.iter().find(|(_, unit)| bytes != 0 && bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => bytes.to_string(),
    }
}

/// Writes a time so that [`parse_time`] reads the same, down to milliseconds.
pub(crate) fn show_time(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    match units.iter().find(|(_, unit)| millis != 0 && millis.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_')).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let unit = unit.trim().to_ascii_lowercase();
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    let digits = digits.replace('_', "");
    match digits.split_once('.') {
        None => digits.parse::<u64>().ok()?.checked_mul(*scale),
        Some((whole, part)) => fraction(whole, part, *scale),
    }
}

/// `whole.part` times `scale`, in whole numbers so that nothing is rounded up.
fn fraction(whole: &str, part: &str, scale: u64) -> Option<u64> {
    if part.is_empty() || part.len() > 9 {
        return None;
    }
    let tenths = 10_u128.pow(u32::try_from(part.len()).ok()?);
    let number: u128 = format!("{whole}{part}").parse().ok()?;
    u64::try_from(number.checked_mul(u128::from(scale))? / tenths).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65_536),
            ("64KiB", 65_536),
            ("16 MB", 16_000_000),
            ("1.5GiB", 1_610_612_736),
            ("2k", 2_000),
            ("1_000", 1_000),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for bad in ["", "MB", "-1", "1 XB", "1..5k", "99999999999999999999", "99999999TiB", "1e9"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }

    #[test]
    fn times() {
        for (text, millis) in [("300ms", 300), ("5s", 5_000), ("2m", 120_000), ("0.5 h", 1_800_000)] {
            assert_eq!(parse_time(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["5", "", "s", "5 parsecs"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for bytes in [0, 1, 1_000, 1_024, 16 << 20, (20 << 30) + 1] {
            assert_eq!(parse_size(&show_size(bytes)), Some(bytes));
        }
        for millis in [0, 1, 999, 1_000, 90_000, 86_400_000] {
            let time = Duration::from_millis(millis);
            assert_eq!(parse_time(&show_time(time)), Some(time));
        }
    }
}
