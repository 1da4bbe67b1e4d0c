//! What APIs tell besides: how many calls are left until when, whether that is why they refuse, and where the next page
//! is (RFC 8288).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::{self, Draft, Rfc, Vendor};
use crate::inspect::value::{decimal, how_long, in_words, read_date};
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
    /// When to come back after a refusal, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<i64>,
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
        Told {
            topic: "api",
            bad: self.left == Some(0) || self.again.is_some(),
            says: &self.says,
            steps: &self.steps,
            fields: FIELDS,
        }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Api> {
    let left = number(sight, "Remaining");
    let next = next_page(sight);
    let refused = refused(sight, left);
    if left.is_none() && next.is_none() && refused.is_none() {
        return None;
    }
    let until = reset(sight);
    let (mut said, mut steps) = (Vec::new(), Vec::new());
    let mut again = None;
    if let Some((why, spec)) = refused {
        steps.push(Step::test(false, why.clone(), spec));
        match come_back(sight, until) {
            Some((moment, step)) => {
                again = moment;
                said.push(format!("{why}: {}", step.says));
                steps.push(step);
            }
            None => said.push(why),
        }
    }
    if let Some(left) = left {
        let of = number(sight, "Limit").map(|limit| format!(" of {limit}")).unwrap_or_default();
        // A moment that was told already need not stand here again.
        let end = until.filter(|unix| again != Some(*unix));
        let end = end.map(|unix| format!(" until {}", in_words(unix))).unwrap_or_default();
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
    Some(Api { left, until, again, next, says: said.join("; "), steps })
}

/// Why the server refused, where it was for the number of calls: 429 says so itself (RFC 6585 4); interfaces such as
/// GitHub's answer 403 when none are left.
fn refused(sight: &Sight<'_>, left: Option<i64>) -> Option<(String, Spec)> {
    match sight.response?.status() {
        429 => Some(("429 because there were too many calls".to_owned(), Rfc(6585, "4"))),
        status @ (403 | 503) if left == Some(0) => {
            Some((format!("{status} because no calls are left"), Vendor("GitHub")))
        }
        _ => None,
    }
}

/// When to come back: as Retry-After says (RFC 9110 10.2.3), else when the window ends.
fn come_back(sight: &Sight<'_>, until: Option<i64>) -> Option<(Option<i64>, Step)> {
    let retry_after = |says| Step::fact(says, Rfc(9110, "10.2.3"));
    let retry = sight.answered("Retry-After").map(|line| line.value);
    let arrived = sight.arrived();
    if let Some(seconds) = retry.and_then(decimal) {
        let moment = arrived.and_then(|arrived| arrived.checked_add(i64::try_from(seconds).ok()?));
        let moment = moment.filter(|unix| *unix < 253_402_300_800);
        let at = moment.map(|unix| format!(", at {}", in_words(unix))).unwrap_or_default();
        let says = format!("come back {} after arrival{at}, as Retry-After says", how_long(seconds));
        return Some((moment, retry_after(says)));
    }
    if let Some(date) = retry.and_then(|value| read_date(value, arrived).ok()) {
        let says = format!("come back at {}, as Retry-After says", in_words(date.unix));
        return Some((Some(date.unix), retry_after(says)));
    }
    let says = format!("come back at {}, when the count begins anew", in_words(until?));
    Some((until, Step::fact(says, Draft("draft-ietf-httpapi-ratelimit-headers"))))
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
    fn rfc9110_10_2_3_a_refusal_says_when_to_come_back() {
        let says = |status: u16, more: &str| {
            let response = format!("HTTP/1.1 {status} x\nDate: Mon, 23 Nov 2026 12:00:00 GMT\n{more}");
            judge("https://h.test/", "", &response).api.map(|api| (api.says, api.again))
        };
        let spent = "X-RateLimit-Limit: 10\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795438800\n";
        let noon = super::super::sample::NOON;
        assert_eq!(
            says(403, &format!("{spent}Retry-After: 60\n")),
            Some((
                "403 because no calls are left: come back 1 min after arrival, at Monday 2026-11-23 12:01:00 UTC, as Retry-After says; 0 of 10 calls left until Monday 2026-11-23 13:00:00 UTC".to_owned(),
                Some(noon + 60)
            ))
        );
        assert_eq!(
            says(403, spent),
            Some((
                "403 because no calls are left: come back at Monday 2026-11-23 13:00:00 UTC, when the count begins anew; 0 of 10 calls left".to_owned(),
                Some(1_795_438_800)
            ))
        );
        assert_eq!(says(429, "Retry-After: Mon, 23 Nov 2026 12:05:00 GMT\n").unwrap().1, Some(noon + 300));
        assert_eq!((says(403, "Retry-After: 60\n"), says(503, "Retry-After: 60\n")), (None, None));
        assert_eq!(says(200, spent).unwrap().1, None);
    }

    #[test]
    fn rfc8288_3_another_relation_is_no_next_page() {
        let response = "HTTP/1.1 200 OK\nLink: </a>; rel=\"prev\", </b>; title=\"rel=next\"\nRateLimit-Remaining: 0\nRateLimit-Reset: 60\n";
        let api = judge("https://h.test/", "", response).api.unwrap();
        assert!(api.next.is_none() && api.told().bad, "{api:?}");
        assert_eq!(api.until, Some(super::super::sample::NOON + 60));
    }
}
