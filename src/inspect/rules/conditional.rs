//! Conditions and ranges: what was asked, and whether the answer fits.

use super::routing::broken;
use crate::inspect::field::Spec::Rfc;
use crate::inspect::found::Found;
use crate::inspect::message::Case;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::value::decimal;

pub static RULES: &[Rule] = &[
    error("if-none-match-syntax", Rfc(9110, "13.1.2"), "The condition is a list of entity tags in quotes, or *; servers take another form for no match.", "Send the tag exactly as it came, quotes included.")
        .about(&["If-None-Match", "If-Match"])
        .example("GET / HTTP/1.1\nHost: h\nIf-None-Match: abc\n", "GET / HTTP/1.1\nHost: h\nIf-None-Match: \"abc\"\n")
        .requests(broken),
    warn("not-modified-expected", Rfc(9110, "13.1.2"), "The client has this very state, and got it once more: 304 would have done.", "Compare If-None-Match with the current tag.")
        .about(&["If-None-Match", "ETag"])
        .example("GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n\nHTTP/1.1 200 OK\nContent-Length: 3\nETag: \"a\"\n", "GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n\nHTTP/1.1 304 Not Modified\nETag: \"a\"\n")
        .responses(not_modified_expected),
    info("if-modified-since-ignored", Rfc(9110, "13.1.3"), "If-None-Match is there too, and wins: a recipient must ignore If-Modified-Since.", "Nothing: it helps old servers.")
        .about(&["If-Modified-Since"])
        .example("GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\nIf-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT\n", "GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n")
        .requests(since_ignored),
    info("if-modified-since-without-meaning", Rfc(9110, "13.1.3"), "If-Modified-Since counts for GET and HEAD only.", "Use If-Unmodified-Since or If-Match for changes.")
        .about(&["If-Modified-Since"])
        .example("POST / HTTP/1.1\nHost: h\nContent-Length: 0\nIf-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT\n", "GET / HTTP/1.1\nHost: h\nIf-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT\n")
        .requests(since_idle),
    error("if-range-weak", Rfc(9110, "13.1.5"), "A weak tag must not stand in If-Range: bytes of two states could be put together.", "Use a strong tag, or leave If-Range out.")
        .about(&["If-Range"])
        .example("GET / HTTP/1.1\nHost: h\nRange: bytes=5-\nIf-Range: W/\"a\"\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=5-\nIf-Range: \"a\"\n")
        .requests(if_range_weak),
    error("if-range-without-range", Rfc(9110, "13.1.5"), "If-Range without Range must not be sent; servers ignore it.", "Send Range too.")
        .about(&["If-Range"])
        .example("GET / HTTP/1.1\nHost: h\nIf-Range: \"a\"\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=5-\nIf-Range: \"a\"\n")
        .requests(if_range_without_range),
    warn("if-match-weak", Rfc(9110, "13.1.1"), "If-Match compares strongly, so a weak tag never matches: the request will fail with 412.", "Use a strong tag.")
        .about(&["If-Match"])
        .example("PUT / HTTP/1.1\nHost: h\nContent-Length: 0\nIf-Match: W/\"a\"\n", "PUT / HTTP/1.1\nHost: h\nContent-Length: 0\nIf-Match: \"a\"\n")
        .requests(if_match_weak),
    error("not-modified-unasked", Rfc(9110, "15.4.5"), "304 answers a condition, and the request had none: the client has nothing to use instead.", "Answer with the content.")
        .example("GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 304 Not Modified\nETag: \"a\"\n", "GET / HTTP/1.1\nHost: h\nIf-None-Match: \"a\"\n\nHTTP/1.1 304 Not Modified\nETag: \"a\"\n")
        .responses(not_modified_unasked),
    warn("precondition-failed-unasked", Rfc(9110, "15.5.13"), "412 says that a condition did not hold, and the request had none.", "Answer with another status.")
        .example("GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 412 Precondition Failed\nContent-Length: 0\n", "PUT / HTTP/1.1\nHost: h\nContent-Length: 0\nIf-Match: \"a\"\n\nHTTP/1.1 412 Precondition Failed\nContent-Length: 0\n")
        .responses(precondition_unasked),
    error("partial-without-range", Rfc(9110, "15.3.7"), "A 206 must say in Content-Range, or in each part of multipart/byteranges, which bytes it holds.", "Send Content-Range.")
        .about(&["Content-Range"])
        .example("HTTP/1.1 206 Partial Content\nContent-Length: 5\n", "HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4/10\n")
        .responses(partial_without_range),
    error("partial-unasked", Rfc(9110, "15.3.7"), "206 answers Range, and the request had none: the client takes a part for the whole.", "Answer 200 with the whole.")
        .about(&["Range"])
        .example("GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4/10\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=0-4\n\nHTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4/10\n")
        .responses(partial_unasked),
    error("content-range-syntax", Rfc(9110, "14.4"), "A recipient must not put together what it cannot place: the part is lost.", "Write bytes first-last/length.")
        .about(&["Content-Range"])
        .example("HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4\n", "HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4/10\n")
        .responses(broken),
    error("content-range-length", Rfc(9110, "14.4"), "Content-Range and Content-Length disagree about how many bytes there are.", "Make both say the same.")
        .about(&["Content-Range", "Content-Length"])
        .example("HTTP/1.1 206 Partial Content\nContent-Length: 9\nContent-Range: bytes 0-4/10\n", "HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4/10\n")
        .responses(content_range_length),
    error("content-range-in-multipart", Rfc(9110, "15.3.7.2"), "A 206 with several parts must not have Content-Range in its head: each part has its own, and this one places none.", "Leave it out of the head.")
        .about(&["Content-Range", "Content-Type"])
        .example("HTTP/1.1 206 Partial Content\nContent-Length: 300\nContent-Type: multipart/byteranges; boundary=x\nContent-Range: bytes 0-1/9\n", "HTTP/1.1 206 Partial Content\nContent-Length: 300\nContent-Type: multipart/byteranges; boundary=x\n")
        .responses(content_range_in_multipart),
    error("content-range-beyond", Rfc(9110, "14.4"), "The range ends behind the end of the whole: it is invalid and must be ignored.", "The last position is at most the length less one.")
        .about(&["Content-Range"])
        .example("HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 6-10/10\n", "HTTP/1.1 206 Partial Content\nContent-Length: 4\nContent-Range: bytes 6-9/10\n")
        .responses(content_range_beyond),
    warn("content-range-not-asked", Rfc(9110, "14.4"), "The part that came does not begin where the request wanted it.", "Answer with the range that was asked for.")
        .about(&["Content-Range", "Range"])
        .example("GET / HTTP/1.1\nHost: h\nRange: bytes=5-9\n\nHTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 0-4/10\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=5-9\n\nHTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 5-9/10\n")
        .responses(content_range_other),
    info("content-range-idle", Rfc(9110, "14.4"), "Content-Range means something with 206 and 416 only.", "Leave it out.")
        .about(&["Content-Range"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Range: bytes 0-4/10\n", "HTTP/1.1 200 OK\nContent-Length: 5\n")
        .responses(content_range_idle),
    warn("range-not-satisfiable-form", Rfc(9110, "15.5.17"), "A 416 should say in Content-Range how long the whole is, as bytes */1234; it has no part that a range could place.", "Send Content-Range: bytes */length.")
        .about(&["Content-Range"])
        .example("HTTP/1.1 416 Range Not Satisfiable\nContent-Length: 0\n", "HTTP/1.1 416 Range Not Satisfiable\nContent-Length: 0\nContent-Range: bytes */10\n")
        .responses(not_satisfiable),
    error("range-syntax", Rfc(9110, "14.2"), "Servers ignore a Range that they cannot read, and send everything.", "Write bytes=first-last.")
        .about(&["Range"])
        .example("GET / HTTP/1.1\nHost: h\nRange: bytes=9-5\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=5-9\n")
        .requests(broken),
    warn("ranges-overlap", Rfc(9110, "14.2"), "Overlapping ranges look like an attack; servers may refuse them or send everything.", "Ask for each byte once.")
        .about(&["Range"])
        .example("GET / HTTP/1.1\nHost: h\nRange: bytes=0-9,5-14\n", "GET / HTTP/1.1\nHost: h\nRange: bytes=0-9,20-24\n")
        .requests(ranges_overlap),
    warn("accept-ranges-unit", Rfc(9110, "14.3"), "A unit other than bytes and none is known to few; none beside a unit contradicts it.", "Send bytes, or none alone.")
        .about(&["Accept-Ranges"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccept-Ranges: lines\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccept-Ranges: bytes\n")
        .responses(accept_ranges_unit),
];

fn start(case: &Case<'_>) -> std::ops::Range<usize> {
    0..case.message.head.start_line().len()
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

fn not_modified_expected(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(request) = case.request.filter(|request| matches!(request.method(), b"GET" | b"HEAD")) else {
        return;
    };
    let Some(line) = case.message.first("ETag").filter(|_| case.message.status() == 200) else { return };
    if request.members("If-None-Match").any(|(_, _, tag)| tag == b"*" || opaque(tag) == opaque(line.value)) {
        found.value(line, "the client asked whether it changed from this, and it did not");
    }
}

fn since_ignored(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.has("If-None-Match") {
        for line in case.message.all("If-Modified-Since") {
            found.name(line, "If-None-Match wins");
        }
    }
}

fn since_idle(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !matches!(case.message.method(), b"GET" | b"HEAD" | b"") {
        for line in case.message.all("If-Modified-Since") {
            found.name(line, "counts for GET and HEAD only");
        }
    }
}

fn if_range_weak(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("If-Range").filter(|line| line.value.starts_with(b"W/")) {
        found.value(line, "a weak tag");
    }
}

fn if_range_without_range(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !case.message.has("Range") {
        for line in case.message.all("If-Range") {
            found.name(line, "there is no Range");
        }
    }
}

fn if_match_weak(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, _) in case.message.members("If-Match").filter(|(_, _, tag)| tag.starts_with(b"W/")) {
        found.part(line, &span, "a weak tag never matches here");
    }
}

const CONDITIONS: [&str; 5] =
    ["If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range"];

fn not_modified_unasked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let unasked = case
        .request
        .is_some_and(|request| !request.has("If-None-Match") && !request.has("If-Modified-Since"));
    if case.message.status() == 304 && unasked {
        found.start(start(case), "the request had no condition");
    }
}

fn precondition_unasked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let unasked = case
        .request
        .is_some_and(|request| !CONDITIONS.iter().any(|name| request.has(name)) && !request.has("If"));
    if case.message.status() == 412 && unasked {
        found.start(start(case), "the request had no condition");
    }
}

fn partial_without_range(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    if message.status() == 206 && !message.has("Content-Range") && !is_multipart(case) {
        found.start(start(case), "Content-Range is missing");
    }
}

/// Whether it has several parts, each with a range of its own (RFC 9110 14.6).
fn is_multipart(case: &Case<'_>) -> bool {
    const TYPE: &[u8] = b"multipart/byteranges";
    let start = case.message.first("Content-Type").and_then(|line| line.value.get(..TYPE.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(TYPE))
}

fn content_range_in_multipart(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in
        case.message.all("Content-Range").filter(|_| case.message.status() == 206 && is_multipart(case))
    {
        found.name(line, "each of the parts has its own: none may stand here");
    }
}

fn partial_unasked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 206 && case.request.is_some_and(|request| !request.has("Range")) {
        found.start(start(case), "the request had no Range");
    }
}

/// First, last and, if it is known, length of a Content-Range in bytes.
fn content_range(value: &[u8]) -> Option<(u64, u64, Option<u64>)> {
    let text = value.strip_prefix(b"bytes ")?.trim_ascii();
    let slash = memchr::memchr(b'/', text)?;
    let dash = memchr::memchr(b'-', text)?;
    let first = decimal(text.get(..dash)?)?;
    let last = decimal(text.get(dash + 1..slash)?)?;
    Some((first, last, decimal(text.get(slash + 1..)?)))
}

fn content_range_length(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let length = case
        .message
        .first("Content-Length")
        .and_then(|line| decimal(line.value))
        .filter(|_| case.message.status() == 206 && !is_multipart(case));
    for line in case.message.all("Content-Range") {
        if let (Some((first, last, _)), Some(length)) = (content_range(line.value), length)
            && last >= first
            && (last - first).saturating_add(1) != length
        {
            found.value(
                line,
                format!("{} bytes by this, {length} by Content-Length", (last - first).saturating_add(1)),
            );
        }
    }
}

fn content_range_beyond(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Range") {
        if content_range(line.value).is_some_and(|(_, last, whole)| whole.is_some_and(|whole| last >= whole))
        {
            found.value(line, "ends behind the end of the whole");
        }
    }
}

fn content_range_other(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(asked) =
        case.request.and_then(|request| request.first("Range")).filter(|_| case.message.status() == 206)
    else {
        return;
    };
    let Some(line) = case.message.first("Content-Range").filter(|_| !is_multipart(case)) else { return };
    let single = asked.value.strip_prefix(b"bytes=").filter(|set| !set.contains(&b','));
    let from = single.and_then(|set| set.split(|byte| *byte == b'-').next()).and_then(decimal);
    if let (Some(from), Some((first, _, _))) = (from, content_range(line.value))
        && from != first
    {
        found.value(line, format!("asked for from byte {from}"));
    }
}

fn content_range_idle(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if !matches!(case.message.status(), 206 | 416) {
        for line in case.message.all("Content-Range") {
            found.name(line, "means nothing with this status");
        }
    }
}

fn not_satisfiable(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.status() == 416 && !case.message.has("Content-Range") {
        found.start(start(case), "how long the whole is is not said");
    }
    for line in case.message.all("Content-Range").filter(|_| case.message.status() == 416) {
        if content_range(line.value).is_some() {
            found.value(line, "a part, and there is none: bytes */length is expected");
        }
    }
}

fn ranges_overlap(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Range") {
        let set = line.value.strip_prefix(b"bytes=").unwrap_or_default();
        let mut ranges: Vec<(u64, u64)> =
            set.split(|byte| *byte == b',').take(200).filter_map(|range| pair(range.trim_ascii())).collect();
        ranges.sort_unstable();
        if ranges.windows(2).any(|two| two[1].0 <= two[0].1) {
            found.value(line, "two of the ranges overlap");
        }
    }
}

fn pair(range: &[u8]) -> Option<(u64, u64)> {
    let dash = memchr::memchr(b'-', range)?;
    let last = range.get(dash + 1..)?;
    Some((decimal(range.get(..dash)?)?, if last.is_empty() { u64::MAX } else { decimal(last)? }))
}

fn accept_ranges_unit(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let several = case.message.members("Accept-Ranges").count() > 1;
    for (line, span, unit) in case.message.members("Accept-Ranges") {
        if several && unit.eq_ignore_ascii_case(b"none") {
            found.part(line, &span, "none stands beside a unit");
        }
        if !unit.eq_ignore_ascii_case(b"bytes") && !unit.eq_ignore_ascii_case(b"none") {
            found.part(line, &span, "a unit that few know");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::all_said;

    #[test]
    fn rfc9110_15_3_7_2_and_14_4_where_content_range_has_no_place() {
        let parts = "HTTP/1.1 206 Partial Content\nContent-Length: 300\nContent-Type: Multipart/byteranges; boundary=x\nContent-Range: bytes 0-1/9\n";
        all_said("content-range-in-multipart", &[(parts, "none may stand here")]);
        all_said("content-range-length", &[(parts, "")]);
        let refused = |range: &str| {
            format!("HTTP/1.1 416 Range Not Satisfiable\nContent-Length: 0\nContent-Range: {range}\n")
        };
        all_said(
            "range-not-satisfiable-form",
            &[(&refused("bytes 0-10/20"), "bytes */length is expected"), (&refused("bytes */20"), "")],
        );
    }

    #[test]
    fn rfc9110_14_3_none_stands_alone() {
        let of = |value: &str| format!("HTTP/1.1 200 OK\nContent-Length: 0\nAccept-Ranges: {value}\n");
        all_said("accept-ranges-unit", &[(&of("none, bytes"), "none stands beside"), (&of("none"), "")]);
    }
}
