//! What the conditions of a request came to (RFC 9110 13.2), and the ranges it asked for (RFC 9110 14).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::message::Message;
use crate::inspect::set_cookie::starts;
use crate::inspect::value::{decimal, read_date};
use serde::Serialize;

/// The conditions and their outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conditional {
    /// The status that follows from the validators in the answer; none where they do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u16>,
    /// The status that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// In one sentence.
    pub says: String,
    /// Each condition, in the order in which they are looked at.
    pub steps: Vec<Step>,
}

impl Conditional {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-Unmodified-Since",
            "ETag",
            "Last-Modified",
        ];
        let bad = self.status == Some(412);
        Told { topic: "conditional", bad, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Conditional> {
    let request = sight.request?;
    let asks = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];
    if !asks.iter().any(|name| request.has(name)) {
        return None;
    }
    let mut steps = Vec::new();
    let expected = sight.response.and_then(|response| evaluate(request, response, &mut steps));
    let status = sight.response.map(Message::status);
    let says = sentence(request, expected, status);
    Some(Conditional { expected, status, says, steps })
}

/// The order of RFC 9110 13.2.2; the first condition that fails decides.
fn evaluate(request: &Message<'_>, response: &Message<'_>, steps: &mut Vec<Step>) -> Option<u16> {
    let reads = matches!(request.method(), b"GET" | b"HEAD");
    let (tag, modified) = (response.first("ETag").map(|line| line.value), date_of(response, "Last-Modified"));
    // What a write answers is the state behind it, not the one that its conditions were about.
    if !reads || !matches!(response.status(), 200 | 206 | 304) {
        steps.extend(["If-Match", "If-None-Match", "If-Unmodified-Since"].iter().filter_map(|name| {
            let line = request.first(name)?;
            Some(Step::fact(
                format!("{name}: {}: only the server knows what it compared with", text(line.value)),
                Rfc(9110, "13.1"),
            ))
        }));
        return None;
    }
    if request.has("If-Match") {
        let holds = matches(request, "If-Match", tag?, strongly, steps, "13.1.1");
        if !holds {
            return Some(412);
        }
    } else if let Some(since) = date_of(request, "If-Unmodified-Since") {
        let holds = modified? <= since;
        steps.push(Step::test(holds, "If-Unmodified-Since: Last-Modified is not later", Rfc(9110, "13.1.4")));
        if !holds {
            return Some(412);
        }
    }
    if request.has("If-None-Match") {
        let same = matches(request, "If-None-Match", tag?, weakly, steps, "13.1.2");
        if request.has("If-Modified-Since") {
            steps.push(Step::fact("If-Modified-Since is ignored beside If-None-Match", Rfc(9110, "13.1.3")));
        }
        return Some(if same { 304 } else { 200 });
    }
    let since = date_of(request, "If-Modified-Since")?;
    let changed = modified? > since;
    let says = if changed { "changed since" } else { "not changed since" };
    steps.push(Step::fact(format!("If-Modified-Since: by Last-Modified {says}"), Rfc(9110, "13.1.3")));
    Some(if changed { 200 } else { 304 })
}

fn matches(
    request: &Message<'_>,
    name: &str,
    own: &[u8],
    same: fn(&[u8], &[u8]) -> bool,
    steps: &mut Vec<Step>,
    section: &'static str,
) -> bool {
    let fits = request.members(name).any(|(_, _, tag)| tag == b"*" || same(tag, own));
    let given = request
        .members(name)
        .take(4)
        .map(|(_, _, tag)| text(tag).into_owned())
        .collect::<Vec<_>>()
        .join(", ");
    let verb = if fits { "matches" } else { "does not match" };
    steps.push(Step::fact(format!("{name}: {given} {verb} ETag {}", text(own)), Rfc(9110, section)));
    fits
}

/// RFC 9110 8.8.3.2: both strong, and the same bytes.
fn strongly(one: &[u8], other: &[u8]) -> bool {
    one == other && !one.starts_with(b"W/")
}

/// RFC 9110 8.8.3.2: the same but for weakness.
fn weakly(one: &[u8], other: &[u8]) -> bool {
    one.strip_prefix(b"W/").unwrap_or(one) == other.strip_prefix(b"W/").unwrap_or(other)
}

fn date_of(message: &Message<'_>, name: &str) -> Option<i64> {
    read_date(message.first(name)?.value, None).ok().map(|date| date.unix)
}

fn sentence(request: &Message<'_>, expected: Option<u16>, status: Option<u16>) -> String {
    let reads = matches!(request.method(), b"GET" | b"HEAD");
    match (status, expected) {
        (None, _) => "asks on a condition; no answer yet".to_owned(),
        (Some(304), Some(200)) if request.has("If-None-Match") => {
            "not changed by its status, but its ETag is none of those asked about".to_owned()
        }
        (Some(304), _) => "not changed: the client uses what it has stored".to_owned(),
        (Some(412), _) => "the condition did not hold: nothing was done (412)".to_owned(),
        (Some(status @ (200 | 206)), Some(304)) if reads => {
            format!(
                "nothing changed by the validators, and the whole came all the same: {status} where 304 was enough"
            )
        }
        (Some(200 | 206), Some(412)) => {
            "the condition does not hold, and the server answered all the same".to_owned()
        }
        (Some(200..=299), _) if reads => "changed: the new state came".to_owned(),
        (Some(200..=299), _) => "the condition held: it was done".to_owned(),
        (Some(status), _) => format!("asked on a condition; the answer {status} is about something else"),
    }
}

/// The ranges and what came of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ranged {
    /// What was asked for, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// First and last byte of what came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<(u64, u64)>,
    /// Bytes of the whole, where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// In one sentence.
    pub says: String,
    /// What leads to it.
    pub steps: Vec<Step>,
}

impl Ranged {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &["Range", "If-Range", "Content-Range", "Accept-Ranges"];
        Told { topic: "range", bad: false, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of_range(sight: &Sight<'_>) -> Option<Ranged> {
    let asked = sight.asked("Range").map(|line| text(line.value).into_owned());
    let status = sight.response.map_or(0, Message::status);
    // In parts each has its own, and what stands in the head is none (RFC 9110 15.3.7.2).
    let parts = sight.answered("Content-Type").is_some_and(|line| starts(line.value, "multipart/byteranges"));
    let placed = (status == 206 && !parts) || status == 416;
    let came = sight.answered("Content-Range").filter(|_| placed).map(|line| line.value);
    if asked.is_none() && came.is_none() {
        return None;
    }
    let (got, of) = came.map_or((None, None), content_range);
    let mut steps = Vec::new();
    if let (Some(asked), Some((first, last)), Some(of)) = (&asked, got, of) {
        let same = wanted(asked, of) == Some((first, last));
        let verb = if same { "is" } else { "is not" };
        steps.push(Step::test(
            same,
            format!("bytes {first} to {last} of {of} {verb} what {asked} asks for"),
            Rfc(9110, "14.4"),
        ));
    }
    if let Some(line) = sight.asked("If-Range") {
        let same = match read_date(line.value, None) {
            Ok(date) => {
                sight.response.and_then(|response| date_of(response, "Last-Modified")) == Some(date.unix)
            }
            Err(_) => sight.answered("ETag").is_some_and(|tag| strongly(tag.value, line.value)),
        };
        let says = if same {
            "If-Range: still the same state, so the range counts"
        } else {
            "If-Range: another state, so the whole is to come"
        };
        steps.push(Step::fact(says, Rfc(9110, "13.1.5")));
    }
    let says = match (status, got, of) {
        (206, Some((first, last)), Some(of)) if last.saturating_add(1) >= of && first == 0 => {
            format!("all {of} bytes came, as a range")
        }
        (206, Some((first, last)), Some(of)) => format!("bytes {first} to {last} of {of} came"),
        (206, Some((first, last)), None) => format!("bytes {first} to {last} of an unknown whole came"),
        (206, None, _) => "several ranges came, in parts".to_owned(),
        (416, _, Some(of)) => format!("refused: the whole has only {of} bytes"),
        (416, ..) => "refused: no such bytes".to_owned(),
        (200..=299, ..) => "a range was asked for, and the whole came: the server may do so".to_owned(),
        (0, ..) => "asks for a range; no answer yet".to_owned(),
        _ => format!("asks for a range; the answer {status} is about something else"),
    };
    Some(Ranged { asked, got, of, says, steps })
}

/// First and last byte, and the length of the whole (RFC 9110 14.4).
fn content_range(value: &[u8]) -> (Option<(u64, u64)>, Option<u64>) {
    let Some(rest) = value.strip_prefix(b"bytes ") else { return (None, None) };
    let mut halves = rest.splitn(2, |byte| *byte == b'/');
    let (range, whole) = (halves.next().unwrap_or_default(), halves.next().and_then(decimal));
    let mut ends = range.splitn(2, |byte| *byte == b'-').map(decimal);
    let range = ends.next().flatten().zip(ends.next().flatten()).filter(|(first, last)| first <= last);
    (range, whole)
}

/// The bytes that a single range asks for, of a whole of that length (RFC 9110 14.1.2).
fn wanted(asked: &str, of: u64) -> Option<(u64, u64)> {
    let (first, last) = asked.strip_prefix("bytes=")?.trim().split_once('-')?;
    let end = of.checked_sub(1)?;
    match (first, last) {
        ("", suffix) => Some((of.saturating_sub(suffix.parse().ok()?), end)),
        (first, "") => Some((first.parse().ok()?, end)),
        (first, last) => Some((first.parse().ok()?, last.parse::<u64>().ok()?.min(end))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    fn conditional(request: &str, response: &str) -> Conditional {
        let request = format!("GET /a HTTP/1.1\nHost: h.test\n{request}");
        judge("https://h.test/a", &request, &format!("HTTP/1.1 {response}")).conditional.unwrap()
    }

    #[test]
    fn rfc9110_13_2_2_what_follows_from_the_validators() {
        const OLD: &str = "Last-Modified: Mon, 23 Nov 2026 10:00:00 GMT\n";
        for (request, response, expected) in [
            ("If-None-Match: \"a\"\n", "304 Not Modified\nETag: \"a\"\n", Some(304)),
            ("If-None-Match: W/\"a\"\n", "304 Not Modified\nETag: \"a\"\n", Some(304)),
            ("If-None-Match: \"b\", \"a\"\n", "200 OK\nETag: \"a\"\n", Some(304)),
            ("If-None-Match: \"b\"\n", "200 OK\nETag: \"a\"\n", Some(200)),
            ("If-None-Match: \"b\"\n", "200 OK\n", None),
            ("If-Match: \"a\"\n", "200 OK\nETag: W/\"a\"\n", Some(412)),
            ("If-Modified-Since: Mon, 23 Nov 2026 11:00:00 GMT\n", &format!("200 OK\n{OLD}"), Some(304)),
            ("If-Modified-Since: Mon, 23 Nov 2026 09:00:00 GMT\n", &format!("200 OK\n{OLD}"), Some(200)),
            ("If-Unmodified-Since: Mon, 23 Nov 2026 09:00:00 GMT\n", &format!("200 OK\n{OLD}"), Some(412)),
            (
                "If-None-Match: \"a\"\nIf-Modified-Since: Mon, 23 Nov 2026 09:00:00 GMT\n",
                &format!("304 Not Modified\nETag: \"a\"\n{OLD}"),
                Some(304),
            ),
        ] {
            assert_eq!(conditional(request, response).expected, expected, "{request}{response}");
        }
        let says = conditional("If-None-Match: \"a\"\n", "200 OK\nETag: \"a\"\n").says;
        assert!(says.contains("200 where 304 was enough"), "{says}");
        let failed = conditional("If-Match: \"a\"\n", "412 Precondition Failed\n");
        assert!(failed.told().bad && failed.expected.is_none());
    }

    #[test]
    fn rfc9110_14_what_came_of_the_ranges() {
        for (request, response, says, passes) in [
            (
                "Range: bytes=0-4\n",
                "206 Partial Content\nContent-Range: bytes 0-4/10\n",
                "bytes 0 to 4 of 10 came",
                Some(true),
            ),
            (
                "Range: bytes=5-\n",
                "206 Partial Content\nContent-Range: bytes 5-9/10\n",
                "bytes 5 to 9 of 10 came",
                Some(true),
            ),
            (
                "Range: bytes=-3\n",
                "206 Partial Content\nContent-Range: bytes 7-9/10\n",
                "bytes 7 to 9 of 10 came",
                Some(true),
            ),
            (
                "Range: bytes=5-9\n",
                "206 Partial Content\nContent-Range: bytes 0-4/10\n",
                "bytes 0 to 4 of 10 came",
                Some(false),
            ),
            (
                "Range: bytes=20-\n",
                "416 Range Not Satisfiable\nContent-Range: bytes */10\n",
                "refused: the whole has only 10 bytes",
                None,
            ),
            (
                "Range: bytes=0-4\n",
                "200 OK\n",
                "a range was asked for, and the whole came: the server may do so",
                None,
            ),
        ] {
            let request = format!("GET /a HTTP/1.1\nHost: h.test\n{request}");
            let ranged = judge("https://h.test/a", &request, &format!("HTTP/1.1 {response}")).range.unwrap();
            assert_eq!(ranged.says, says, "{request}{response}");
            assert_eq!(ranged.steps.first().and_then(|step| step.passes), passes, "{request}{response}");
        }
    }

    #[test]
    fn rfc9110_13_1_5_if_range_compares_strongly() {
        for (tag, words) in [("\"a\"", "still the same"), ("W/\"a\"", "another state")] {
            let request = format!("GET /a HTTP/1.1\nHost: h.test\nRange: bytes=0-4\nIf-Range: {tag}\n");
            let response = format!("HTTP/1.1 200 OK\nETag: {tag}\n");
            let ranged = judge("https://h.test/a", &request, &response).range.unwrap();
            assert!(ranged.steps[0].says.contains(words), "{:?}", ranged.steps);
        }
    }
}
