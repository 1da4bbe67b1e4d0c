//! What APIs tell besides: how many calls are left until when, and where the next page is (RFC 8288).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::{Draft, Rfc};
use crate::inspect::value::{how_long, in_words};
use serde::Serialize;

/// Seconds from 1970 rather than from now, when a reset is larger than this.
const A_TIME: i64 = 100_000_000;

/// Calls left and pages to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Api {
    /// Calls left in this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<i64>,
    /// When the window ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// The next page's address, resolved where the request is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// In one sentence.
    pub says: String,
    /// What leads to it.
    pub steps: Vec<Step>,
}

impl Api {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
            "X-RateLimit-Used",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Retry-After",
            "Link",
        ];
        Told { topic: "api", bad: self.left == Some(0), says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Api> {
    let left = number(sight, "Remaining");
    let next = next_page(sight);
    if left.is_none() && next.is_none() {
        return None;
    }
    let until = reset(sight);
    let (mut said, mut steps) = (Vec::new(), Vec::new());
    if let Some(left) = left {
        let of = number(sight, "Limit").map(|limit| format!(" of {limit}")).unwrap_or_default();
        let end = until.map(|unix| format!(" until {}", in_words(unix))).unwrap_or_default();
        let says = format!("{left}{of} calls left{end}");
        steps.push(Step::test(left > 0, says.clone(), Draft("draft-ietf-httpapi-ratelimit-headers")));
        said.push(says);
    }
    if let Some((until, arrived)) = until.zip(sight.arrived()) {
        let says = format!(
            "the count begins anew {} after arrival",
            how_long(until.saturating_sub(arrived).max(0).unsigned_abs())
        );
        steps.push(Step::plain(says));
    }
    if let Some(next) = &next {
        let says = format!("next page: {next}");
        steps.push(Step::fact(says.clone(), Rfc(8288, "3.3")));
        said.push(says);
    }
    Some(Api { left, until, next, says: said.join("; "), steps })
}

fn number(sight: &Sight<'_>, name: &str) -> Option<i64> {
    let line = ["X-RateLimit-", "RateLimit-", "X-Rate-Limit-"]
        .iter()
        .find_map(|prefix| sight.answered(&format!("{prefix}{name}")))?;
    std::str::from_utf8(line.value).ok()?.trim().parse().ok().filter(|number| *number >= 0)
}

fn reset(sight: &Sight<'_>) -> Option<i64> {
    let reset = number(sight, "Reset")?;
    let at = if reset > A_TIME { reset } else { sight.arrived()?.checked_add(reset)? };
    (at < 253_402_300_800).then_some(at)
}

/// The target of the link with the relation next (RFC 8288 3).
fn next_page(sight: &Sight<'_>) -> Option<String> {
    let response = sight.response?;
    let target = response.all("Link").find_map(|line| {
        let value = text(line.value).into_owned();
        value.split('<').skip(1).find_map(|link| {
            let (target, parameters) = link.split_once('>')?;
            let is_next = parameters
                .split(';')
                .filter_map(|one| one.trim().trim_end_matches(',').trim().split_once('='))
                .any(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("rel")
                        && value
                            .trim()
                            .trim_matches('"')
                            .split(' ')
                            .any(|rel| rel.eq_ignore_ascii_case("next"))
                });
            is_next.then(|| target.to_owned())
        })
    })?;
    let resolved = sight.url().and_then(|url| url.join(&target).ok()).map(String::from);
    Some(resolved.unwrap_or(target))
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;

    #[test]
    fn calls_left_and_the_next_page_as_github_tells_them() {
        let response = "HTTP/1.1 200 OK\nX-RateLimit-Limit: 60\nX-RateLimit-Remaining: 57\nX-RateLimit-Reset: 1795438800\nLink: </repositories/1?page=2>; rel=\"next\", <https://api.github.test/x?page=9>; rel=\"last\"\n";
        let api = judge(
            "https://api.github.test/",
            "GET /repositories/1 HTTP/1.1\nHost: api.github.test\n",
            response,
        )
        .api
        .unwrap();
        assert_eq!(
            api.says,
            "57 of 60 calls left until Monday 2026-11-23 13:00:00 UTC; next page: https://api.github.test/repositories/1?page=2"
        );
        assert_eq!((api.left, api.until), (Some(57), Some(1_795_438_800)));
    }

    #[test]
    fn rfc8288_3_another_relation_is_no_next_page() {
        let response = "HTTP/1.1 200 OK\nLink: </a>; rel=\"prev\", </b>; title=\"rel=next\"\nRateLimit-Remaining: 0\nRateLimit-Reset: 60\n";
        let api = judge("https://h.test/", "", response).api.unwrap();
        assert!(api.next.is_none() && api.told().bad, "{api:?}");
        assert_eq!(api.until, Some(super::super::sample::NOON + 60));
    }
}
