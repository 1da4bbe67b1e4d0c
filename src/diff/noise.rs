//! Differences that say nothing: what any two answers of one origin differ in, each with its reason.
//!
//! Only a *value* that differs can be expected. A field that is on one side only always counts.

use crate::exchange::Head;
use std::time::{Duration, SystemTime};

/// What must hold for a difference to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Nothing more.
    Always,
    /// Both lie as far from their Date.
    MovesWithDate,
    /// The bodies differ.
    BodiesDiffer,
    /// Both set the same cookies with the same attributes.
    SameCookie,
}

/// Names in lower case, when, and why.
const TABLE: &[(&[&str], When, &str)] = &[
    (&["date"], When::Always, "each message has its own time"),
    (&["age"], When::Always, "counts the seconds in a cache"),
    (&["expires", "last-modified"], When::MovesWithDate, "moves with Date"),
    (&["content-length"], When::BodiesDiffer, "follows from the body"),
    (&["set-cookie"], When::SameCookie, "the same cookie with a new value"),
    (&["keep-alive"], When::Always, "counts the requests of a connection"),
    (
        &["server-timing", "x-runtime", "x-response-time", "x-timer", "x-envoy-upstream-service-time"],
        When::Always,
        "how long it took this time",
    ),
    (
        &[
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "ratelimit-remaining",
            "ratelimit-reset",
            "ratelimit",
        ],
        When::Always,
        "counts requests",
    ),
    (
        &[
            "x-request-id",
            "request-id",
            "x-correlation-id",
            "traceparent",
            "tracestate",
            "x-trace-id",
            "x-b3-traceid",
            "x-b3-spanid",
            "x-b3-parentspanid",
            "b3",
            "x-cloud-trace-context",
            "x-amzn-requestid",
            "x-amzn-trace-id",
            "x-amz-request-id",
            "x-amz-id-2",
            "x-amz-cf-id",
            "x-github-request-id",
            "x-ms-request-id",
            "x-vercel-id",
            "cf-ray",
        ],
        When::Always,
        "a number of its own for each request",
    ),
];

/// Fields that only one of two versions has (RFC 9113 8.2.2, 8.3).
const OF_ONE_VERSION: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", ":scheme"];

/// Why a field or a reason phrase stands on one side only when the other side is of another version.
const OTHER_VERSION: &str = "HTTP/2 and HTTP/1.1 do not both have it (RFC 9113 8)";

/// Why a part of a request's start line differs though it is the same resource.
const OTHER_FORM: &str = "the same resource in another form (RFC 9112 3.2)";

/// Seconds by which dates may lie apart that were made one after the other.
const SLACK: Duration = Duration::from_secs(2);

/// The two messages that a field stands in.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub left: &'a Head,
    pub right: &'a Head,
    /// Whether the bodies as received differ.
    pub bodies_differ: bool,
}

impl Context<'_> {
    /// Whether one message is of HTTP/2 and the other is not.
    pub(super) fn crosses_versions(&self) -> bool {
        self.left.is_http2() != self.right.is_http2()
    }
}

/// Why two values of a field were bound to differ, if they were.
pub(super) fn reason(name: &[u8], left: &[u8], right: &[u8], context: Context<'_>) -> Option<&'static str> {
    let known = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let (_, when, reason) = TABLE.iter().find(|(names, ..)| known(names))?;
    let holds = match when {
        When::Always => true,
        When::BodiesDiffer => context.bodies_differ,
        When::SameCookie => is_same_cookie(left, right),
        When::MovesWithDate => {
            let distance = |value, head: &Head| offset(value, head.value("date")?);
            match (distance(left, context.left), distance(right, context.right)) {
                (Some((later, a)), Some((other, b))) => later == other && a.abs_diff(b) <= SLACK,
                _ => false,
            }
        }
    };
    holds.then_some(*reason)
}

/// Why a field stands in one message only, if that was bound to be: the two are of different versions.
pub(super) fn lone_reason(name: &[u8], context: Context<'_>) -> Option<&'static str> {
    let one_version = OF_ONE_VERSION.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    (one_version && context.crosses_versions()).then_some(OTHER_VERSION)
}

/// Why two reason phrases were bound to differ: HTTP/2 has none (RFC 9113 8.3.2).
pub(super) fn phrase_reason(context: Context<'_>) -> Option<&'static str> {
    context.crosses_versions().then_some(OTHER_VERSION)
}

/// Why two request-targets were bound to differ: a proxy is asked in absolute-form, an origin in origin-form.
pub(super) fn target_reason(left: &[u8], right: &[u8], context: Context<'_>) -> Option<&'static str> {
    let named = |target: &[u8], head: &Head| -> Option<(Vec<u8>, Vec<u8>)> {
        if target.starts_with(b"/") {
            let authority = head.value(":authority").or_else(|| head.value("host"));
            return Some((authority?.to_ascii_lowercase(), target.to_owned()));
        }
        let rest = [&b"http://"[..], b"https://"].iter().find_map(|scheme| target.strip_prefix(*scheme))?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = if path.starts_with(b"/") { path.to_owned() } else { [b"/", path].concat() };
        Some((authority.to_ascii_lowercase(), path))
    };
    let same = named(left, context.left)? == named(right, context.right)?;
    (same && left.starts_with(b"/") != right.starts_with(b"/")).then_some(OTHER_FORM)
}

/// How far a date lies from another, and whether behind it.
fn offset(value: &[u8], date: &[u8]) -> Option<(bool, Duration)> {
    let parse = |bytes: &[u8]| -> Option<SystemTime> {
        httpdate::parse_http_date(std::str::from_utf8(bytes).ok()?).ok()
    };
    let (value, date) = (parse(value)?, parse(date)?);
    Some(match value.duration_since(date) {
        Ok(later) => (true, later),
        Err(earlier) => (false, earlier.duration()),
    })
}

/// Whether two Set-Cookie values differ in the cookie's value and its expiry date only.
fn is_same_cookie(left: &[u8], right: &[u8]) -> bool {
    let parts = |value: &[u8]| -> Vec<Vec<u8>> {
        let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let name = |part: &[u8]| part.split(|byte| *byte == b'=').next().unwrap_or_default().to_owned();
        let mut all = vec![name(parts.next().unwrap_or_default())];
        all.extend(parts.map(|part| {
            let attribute = name(part).to_ascii_lowercase();
            if attribute == b"expires" { attribute } else { part.to_ascii_lowercase() }
        }));
        all
    };
    parts(left) == parts(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn head(date: &str) -> Head {
        let text =
            format!("HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 22:{date} GMT\r\nHost: Shop.test:81\r\n\r\n");
        Head::parse(Bytes::from(text))
    }

    #[track_caller]
    fn check(name: &str, left: &str, right: &str, bodies_differ: bool, expected: bool) {
        let (one, other) = (head("00:00"), head("10:00"));
        let context = Context { left: &one, right: &other, bodies_differ };
        let found = reason(name.as_bytes(), left.as_bytes(), right.as_bytes(), context);
        assert_eq!(found.is_some(), expected, "{name}: {left} / {right}: {found:?}");
    }

    #[test]
    fn what_is_expected_and_what_is_not() {
        check("DATE", "a", "b", false, true);
        check("CF-Ray", "a", "b", false, true);
        check("content-length", "1", "2", true, true);
        check("content-length", "1", "2", false, false);
        check("ETag", "W/\"1\"", "W/\"2\"", true, false);
        check("x-new", "1", "2", true, false);
        let at = |time: &str| format!("Mon, 23 Nov 2026 {time} GMT");
        check("Expires", &at("23:00:00"), &at("23:10:01"), false, true);
        check("Expires", &at("23:00:00"), &at("23:00:00"), false, false);
        check("Expires", &at("23:00:00"), "0", false, false);
        check("Expires", &at("22:05:00"), &at("22:05:00"), false, false);
        check("Last-Modified", &at("21:59:59"), &at("22:09:59"), false, true);
    }

    #[test]
    fn a_cookie_is_the_same_by_name_and_attributes() {
        for (left, right, same) in [
            ("sid=1; Path=/", "sid=2; path=/", true),
            ("sid=1; Expires=Mon, 1", "sid=2; expires=Tue, 2", true),
            ("sid=1", "tid=1", false),
            ("sid=1; Secure", "sid=1", false),
            ("sid=1; Path=/a", "sid=2; Path=/b", false),
        ] {
            check("set-cookie", left, right, false, same);
        }
    }

    #[test]
    fn rfc9112_3_2_one_resource_in_two_forms() {
        let (one, other) = (head("00:00"), head("10:00"));
        let context = Context { left: &one, right: &other, bodies_differ: false };
        let reason =
            |left: &str, right: &str| target_reason(left.as_bytes(), right.as_bytes(), context).is_some();
        assert!(reason("http://shop.test:81/a?b", "/a?b"));
        assert!(reason("/", "https://shop.test:81"));
        assert!(!reason("http://shop.test:81/a", "/b"));
        assert!(!reason("http://other.test/a", "/a"));
        assert!(!reason("/a", "/b"));
    }
}
