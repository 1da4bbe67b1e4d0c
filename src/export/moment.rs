//! Moments as other programs write them.

/// RFC 3339 in UTC with microseconds, of microseconds since 1970; before year 0 and behind 9999 that of 1970.
#[must_use]
pub fn timestamp(micros: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .ok()
        .filter(|at| (0..=9999).contains(&at.year()))
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_has_a_timestamp() {
        assert_eq!(timestamp(1_700_000_000_123_456), "2023-11-14T22:13:20.123456Z");
        assert_eq!(timestamp(i64::MAX), "1970-01-01T00:00:00.000000Z");
    }
}
