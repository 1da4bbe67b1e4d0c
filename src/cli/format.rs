//! Exchanges as lines for people: the rows of `serve` and `ls`, and the words used all over `show`.

use crate::exchange::{Flags, State, Summary};

/// One row: number, time, status, method, URL, sizes, duration, and what went wrong.
pub(super) fn row(summary: &Summary) -> String {
    let mut row = format!(
        "{:>6}  {}  {:<7} {:<7} {}",
        summary.id.0,
        clock(summary.started),
        status(summary),
        summary.method,
        summary.url()
    );
    let mut facts = Vec::new();
    if summary.request_bytes > 0 {
        facts.push(format!("{} up", size(summary.request_bytes)));
    }
    if summary.status.is_some() {
        facts.push(size(summary.response_bytes));
    }
    if summary.messages > 0 {
        facts.push(counted(summary.messages, "message"));
    }
    facts.extend(summary.duration.map(duration));
    facts.extend(summary.media_type.clone());
    facts.extend(notable(summary.flags).map(str::to_owned));
    facts.extend(summary.failure.as_ref().map(|failure| failure.says.clone()));
    if !facts.is_empty() {
        row.push_str("  ");
        row.push_str(&facts.join(" · "));
    }
    if let Some(note) = &summary.note {
        row.push_str("  ; ");
        row.push_str(note.as_str());
    }
    row
}

/// The status as a list shows it: `200`, `502 ✗us` (hopscope's own answer), `ERR ✗`, `…` (under way).
pub(super) fn status(summary: &Summary) -> String {
    match (summary.status, summary.state) {
        (Some(status), _) if summary.flags.has(Flags::OURS) => format!("{status} ✗us"),
        (Some(status), State::Failed) => format!("{status} ✗"),
        (Some(status), State::Aborted) => format!("{status} ⊘"),
        (Some(status), State::Open | State::Done) => status.to_string(),
        (None, State::Open) => "…".to_owned(),
        (None, State::Aborted) => "gone ⊘".to_owned(),
        (None, State::Done) => "-".to_owned(),
        (None, State::Failed) => "ERR ✗".to_owned(),
    }
}

/// Flags that a row names; that an answer is ours stands in its status, and a note at the end; all rows of a HAR are
/// partial.
fn notable(flags: Flags) -> impl Iterator<Item = &'static str> {
    Flags(flags.0 & !(Flags::OURS.0 | Flags::NOTED.0 | Flags::PARTIAL.0)).words()
}

/// Bytes in units of 1000.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.iter().find(|(unit, _)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
    }
}

/// Microseconds in the unit that reads best.
pub(super) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        _ => format!("{} m {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// Time of day (UTC) of microseconds since the epoch.
pub(super) fn clock(micros: i64) -> String {
    utc(micros).map_or_else(String::new, |at| {
        format!("{:02}:{:02}:{:02}.{:03}", at.hour(), at.minute(), at.second(), at.millisecond())
    })
}

/// RFC 3339 in UTC with microseconds.
pub(super) fn timestamp(micros: i64) -> String {
    utc(micros).map_or_else(String::new, |at| {
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
    })
}

fn utc(micros: i64) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

/// `1 exchange`, `2 exchanges`.
pub(super) fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{failed, plain};
    use super::*;

    #[test]
    fn rows() {
        assert_eq!(
            row(&plain()),
            "    18  10:20:30.123  200     GET     https://shop.test/cart?id=7  1.2 kB · 34 ms · application/json"
        );
        assert_eq!(
            row(&failed()),
            "    19  10:20:30.123  502 ✗us POST    http://down.test/  12 B up · 0 B · 850 µs · 127.0.0.1:9 refused the connection"
        );
    }

    #[test]
    fn timestamps_survive_any_number() {
        assert_eq!(timestamp(1_700_000_000_123_456), "2023-11-14T22:13:20.123456Z");
        assert_eq!(timestamp(i64::MAX), "");
    }

    #[test]
    fn durations() {
        let shown: Vec<_> = [999, 1_500, 34_567, 5_040_000, 125_000_000].map(duration).into();
        assert_eq!(shown, ["999 µs", "1.5 ms", "34 ms", "5.0 s", "2 m 5 s"]);
    }
}
