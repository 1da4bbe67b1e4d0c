//! An exchange as the cells of its row, every captured text sanitised.

use super::theme::Theme;
use super::words;
use crate::exchange::{Flags, Phase, State, Summary};
use crate::text::{sanitize, sanitize_bounded, units};
use ratatui::style::Style;
use std::borrow::Cow;

/// Columns of the status with its shape: `502 ✗us`.
pub const STATUS: usize = 7;

/// Bytes of a path that are looked at from each end: more than the widest terminal shows.
const PATH_END: usize = 2048;

/// What the cells say.
#[derive(Debug)]
pub struct Cells {
    /// Before the number: `!` for an origin that was not trusted and let pass, `↻` for a replay.
    pub mark: &'static str,
    /// Status and shape.
    pub status: String,
    /// The status's ink.
    pub status_style: Style,
    /// Host, with its port where that is not the scheme's own.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Why it failed.
    pub cause: Option<Cause>,
    /// A person's note, `; ` before it; or empty.
    pub note: String,
    /// The kind of the response body: `json`, `html`.
    pub kind: String,
    /// Bytes of the response body, or how many messages passed.
    pub size: String,
    /// How long it took, or that it is not over.
    pub time: String,
    /// The time's ink: slow ones stand out.
    pub time_style: Style,
    /// The ink of host and path.
    pub style: Style,
}

/// Why an exchange failed, at length and in few words.
#[derive(Debug)]
pub struct Cause {
    /// With addresses and numbers.
    pub whole: String,
    /// Without.
    pub short: &'static str,
}

impl Cells {
    /// The cells of a row at a moment, microseconds since the epoch; `None` where no clock moves any more.
    #[must_use]
    pub fn new(summary: &Summary, theme: Theme, now: Option<i64>) -> Self {
        let (status, status_style) = status(summary, theme);
        let noise = summary.flags.has(Flags::INTERCEPTED);
        Self {
            mark: mark(summary),
            status,
            status_style,
            host: sanitize_bounded(&summary.host, 1024).into_owned(),
            path: path(&summary.path),
            cause: cause(summary),
            note: summary
                .note
                .as_ref()
                .map_or_else(String::new, |note| format!("; {}", sanitize_bounded(note.as_str(), 1024))),
            kind: kind(summary),
            size: size(summary),
            time: time(summary, now),
            time_style: if summary.duration.is_some_and(|micros| micros >= 1_000_000) {
                theme.notable()
            } else {
                theme.dim()
            },
            style: if noise { theme.dim() } else { Style::new() },
        }
    }
}

/// The method; `CONN` for CONNECT.
#[must_use]
pub fn method(summary: &Summary) -> Cow<'_, str> {
    match summary.method.as_str() {
        "CONNECT" => Cow::Borrowed("CONN"),
        "" => Cow::Borrowed("—"),
        method => sanitize_bounded(method, 64),
    }
}

fn mark(summary: &Summary) -> &'static str {
    if summary.flags.has(Flags::UNVERIFIED) {
        "!"
    } else if summary.flags.has(Flags::REPLAY) {
        "↻"
    } else {
        " "
    }
}

/// Status and its shape, so that it is told apart without colour.
fn status(summary: &Summary, theme: Theme) -> (String, Style) {
    let ours = if summary.flags.has(Flags::OURS) { "us" } else { "" };
    let broken = summary.failure.is_some() || matches!(summary.state, State::Failed | State::Aborted);
    let Some(status) = summary.status else {
        return match (&summary.failure, broken) {
            (Some(failure), _) if failure.phase == Phase::Tls => ("tls ✗".to_owned(), theme.bad()),
            (Some(failure), _) if failure.phase == Phase::Resolve => ("dns ✗".to_owned(), theme.bad()),
            (_, true) => ("ERR ✗".to_owned(), theme.bad()),
            (_, false) => ("…".to_owned(), theme.dim()),
        };
    };
    let (shape, style) = match status {
        _ if broken => ("✗", theme.bad()),
        _ if summary.flags.has(Flags::TUNNEL) => ("⇄", Style::new()),
        _ if ours == "us" && status >= 400 => ("✗", theme.bad()),
        101 => ("⇄", Style::new()),
        _ if summary.state == State::Open => ("…", theme.dim()),
        304 => ("≡", theme.dim()),
        300..400 => ("→", theme.name()),
        400..500 => ("!", theme.notable()),
        500.. => ("‼", theme.bad()),
        _ => (" ", theme.good()),
    };
    // Tunnels are always answered by us; to say so tells nothing.
    let ours = if summary.method == "CONNECT" && !broken { "" } else { ours };
    (format!("{status} {shape}{ours}").trim_end().to_owned(), style)
}

/// The whole path, or both ends of one that no terminal could show whole.
fn path(path: &str) -> String {
    if path.len() <= 2 * PATH_END {
        return sanitize(path).into_owned();
    }
    let tail = path.len() - PATH_END;
    let tail = path.as_bytes().get(tail..).unwrap_or_default();
    format!("{}{}", sanitize_bounded(path, PATH_END), sanitize(tail))
}

fn cause(summary: &Summary) -> Option<Cause> {
    if let Some(failure) = &summary.failure {
        let whole = sanitize_bounded(&failure.says, 1024).into_owned();
        return Some(Cause { whole, short: words::short_cause(failure) });
    }
    match summary.state {
        State::Aborted => Some(Cause { whole: "client gave up".to_owned(), short: "" }),
        State::Failed => Some(Cause { whole: "failed".to_owned(), short: "" }),
        State::Open | State::Done => None,
    }
}

/// The media type without its class: what stands behind the slash, and before a suffix's plus. Of a tunnel that
/// is left alone after refusals, that it is.
fn kind(summary: &Summary) -> String {
    if summary.flags.has(Flags::LEARNED) {
        return "learned".to_owned();
    }
    let media_type = summary.media_type.as_deref().unwrap_or_default();
    let subtype = media_type.split_once('/').map_or(media_type, |(_, subtype)| subtype);
    sanitize_bounded(subtype.strip_prefix("x-").unwrap_or(subtype), 64).into_owned()
}

fn size(summary: &Summary) -> String {
    if summary.messages > 0 {
        let count = units::bytes(summary.messages);
        return if count.len() < 5 { format!("↕ {count}") } else { format!("↕{count}") };
    }
    if summary.status.is_none() && summary.response_bytes == 0 {
        return "—".to_owned();
    }
    units::bytes(summary.response_bytes)
}

fn time(summary: &Summary, now: Option<i64>) -> String {
    match summary.duration {
        Some(micros) => units::duration(micros),
        None if summary.state == State::Open => {
            now.map_or_else(|| "open".to_owned(), |now| clock(now.saturating_sub(summary.started)))
        }
        None => "—".to_owned(),
    }
}

/// How long something has been under way: `0:12`, `3:05:00`, in days where it is long.
fn clock(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        1..100 => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{} d", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Failure, Kind, Side};
    use crate::tui::fake;

    fn shown(summary: &Summary) -> String {
        status(summary, Theme { colour: true, ascii: false }).0
    }

    #[test]
    fn a_status_is_told_apart_by_its_shape() {
        let cases =
            [(200, "200"), (304, "304 ≡"), (301, "301 →"), (404, "404 !"), (500, "500 ‼"), (101, "101 ⇄")];
        for (status, expected) in cases {
            let summary = Summary { status: Some(status), ..fake::summary(1) };
            assert_eq!(shown(&summary), expected);
        }
        let open = Summary { status: None, state: State::Open, ..fake::summary(1) };
        assert_eq!(shown(&open), "…");
        let mut ours = Summary { status: Some(502), ..fake::summary(1) };
        ours.flags.add(Flags::OURS);
        assert_eq!(shown(&ours), "502 ✗us");
    }

    #[test]
    fn a_failure_without_a_status_names_its_phase() {
        let failed = |phase| Summary {
            status: None,
            state: State::Failed,
            failure: Some(Failure { side: Side::Origin, phase, kind: Kind::Handshake, says: String::new() }),
            ..fake::summary(1)
        };
        assert_eq!(shown(&failed(Phase::Tls)), "tls ✗");
        assert_eq!(shown(&failed(Phase::Resolve)), "dns ✗");
        assert_eq!(shown(&failed(Phase::Connect)), "ERR ✗");
    }

    #[test]
    fn clocks() {
        for (seconds, shown) in
            [(-5, "0:00"), (12, "0:12"), (185, "3:05"), (7_505, "2:05:05"), (400_000, "4 d")]
        {
            assert_eq!(clock(seconds * 1_000_000), shown);
        }
    }

    #[test]
    fn a_long_path_keeps_both_ends() {
        let long = format!("/head{}tail", "x".repeat(1 << 20));
        let shown = path(&long);
        assert!(shown.starts_with("/head") && shown.ends_with("tail") && shown.len() < 5000);
    }
}
