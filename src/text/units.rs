//! Numbers as a person reads them: `14.2k`, `31ms`, `1.94s`, `18 331`.

/// A byte count in at most five columns: `312`, `14.2k`, `71.0M`. Units are powers of 1000.
#[must_use]
pub fn bytes(count: u64) -> String {
    if count < 1000 {
        return count.to_string();
    }
    let mut value = count as f64;
    for unit in ['k', 'M', 'G', 'T', 'P'] {
        value /= 1000.0;
        // 99.95 would be rounded up to 100.0, which is a column too wide.
        if value < 99.95 {
            return format!("{value:.1}{unit}");
        }
        if value < 999.5 {
            return format!("{value:.0}{unit}");
        }
    }
    format!("{:.0}E", value / 1000.0)
}

/// A duration given in microseconds, in at most six columns: `0.4ms`, `31ms`, `1.94s`, `2m05s`.
#[must_use]
pub fn duration(micros: u64) -> String {
    match micros {
        0..9_950 => format!("{:.1}ms", micros as f64 / 1e3),
        9_950..999_500 => format!("{:.0}ms", micros as f64 / 1e3),
        999_500..9_995_000 => format!("{:.2}s", micros as f64 / 1e6),
        9_995_000..99_950_000 => format!("{:.1}s", micros as f64 / 1e6),
        _ => clock(micros / 1_000_000),
    }
}

/// A number with its thousands apart: `18 331`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `one` or `many` by the number, with the number before it: `1 row`, `3 rows`.
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", count(number as u64))
}

fn clock(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if hours == 0 {
        format!("{minutes}m{:02}s", seconds % 60)
    } else if days == 0 {
        format!("{hours}h{:02}m", minutes % 60)
    } else {
        format!("{days}d{:02}h", hours % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_counts() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (14_200, "14.2k"),
            (99_949, "99.9k"),
            (99_950, "100k"),
            (312_400, "312k"),
            (999_500, "1.0M"),
            (71_000_000, "71.0M"),
            (u64::MAX, "18E"),
        ];
        for (count, shown) in cases {
            assert_eq!(bytes(count), shown);
            assert!(shown.len() <= 5);
        }
    }

    #[test]
    fn durations() {
        let cases = [
            (0, "0.0ms"),
            (412, "0.4ms"),
            (9_949, "9.9ms"),
            (31_000, "31ms"),
            (999_499, "999ms"),
            (999_500, "1.00s"),
            (1_940_000, "1.94s"),
            (12_340_000, "12.3s"),
            (125_000_000, "2m05s"),
            (11_520_000_000, "3h12m"),
            (200_000_000_000, "2d07h"),
        ];
        for (micros, shown) in cases {
            assert_eq!(duration(micros), shown);
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1204), "1 204");
        assert_eq!(count(1_000_000), "1 000 000");
        assert_eq!(counted(1, "error", "errors"), "1 error");
        assert_eq!(counted(0, "error", "errors"), "0 errors");
    }
}
