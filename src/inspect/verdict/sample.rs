//! Exchanges for the tests of the engines, written as text.

use super::{Verdicts, verdicts};
use crate::exchange::{Head, Scheme};
use crate::inspect::View;
use bytes::Bytes;

/// Monday 2026-11-23 12:00:00 UTC.
pub(super) const NOON: i64 = 1_795_435_200;

/// Verdicts over a request and a response, either of which may be empty, at noon.
pub(super) fn judge(url: &str, request: &str, response: &str) -> Verdicts {
    let head = |text: &str| {
        (!text.is_empty())
            .then(|| Head::parse(Bytes::from(text.trim_end().replace('\n', "\r\n") + "\r\n\r\n")))
    };
    let (request, response) = (head(request), head(response));
    let scheme = match url.split("://").next() {
        Some("https" | "wss") => Some(Scheme::Https),
        Some("http" | "ws") => Some(Scheme::Http),
        _ => None,
    };
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next());
    let heads = [request.as_ref(), None, response.as_ref(), None];
    verdicts(&View { heads, scheme, host, arrived: Some(NOON), trailers: false, ..View::default() })
}
