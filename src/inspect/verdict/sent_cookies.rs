//! The cookies that a request carries, and under which rules it may (RFC 6265bis 5.8).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::{Draft, Rfc};
use crate::inspect::set_cookie::starts;
use serde::Serialize;

/// Cookies of one request that are told apart.
const MOST: usize = 200;

/// What a request carries. Values are in none of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentCookies {
    /// Their names, in their order.
    pub names: Vec<String>,
    /// Bytes of all of them together.
    pub bytes: usize,
    /// In one sentence.
    pub says: String,
    /// What is to be known of them.
    pub steps: Vec<Step>,
}

impl SentCookies {
    pub(super) fn told(&self) -> Told<'_> {
        Told { topic: "sent_cookies", bad: false, says: &self.says, steps: &self.steps, fields: &["Cookie"] }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<SentCookies> {
    let request = sight.request?;
    let pairs = request.all("Cookie").flat_map(|line| line.value.split(|byte| *byte == b';'));
    let pairs: Vec<_> = pairs.map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).take(MOST).collect();
    if pairs.is_empty() {
        return None;
    }
    let bytes = request.all("Cookie").map(|line| line.value.len()).sum();
    let named: Vec<_> =
        pairs.iter().map(|pair| pair.split(|byte| *byte == b'=').next().unwrap_or_default()).collect();
    let names: Vec<_> = named.iter().map(|name| text(name).into_owned()).collect();
    let mut steps: Vec<_> = pairs
        .iter()
        .zip(&names)
        .map(|(pair, name)| {
            let size = pair.len().saturating_sub(name.len() + 1);
            Step::plain(format!("{name}: {}", crate::text::units::counted(size, "character", "characters")))
        })
        .collect();
    for (at, name) in named.iter().enumerate() {
        if named.iter().take(at).any(|before| before == name) {
            let says =
                format!("{} stands twice, for two paths or domains: the longer path comes first", text(name));
            steps.push(Step::fact(says, Rfc(6265, "5.4")));
        }
    }
    let promised =
        named.iter().any(|name| ["__Host-", "__Secure-"].iter().any(|prefix| starts(name, prefix)));
    if promised && !sight.is_trustworthy() {
        let says = "a cookie whose name promises Secure went out without TLS: no browser does that";
        steps.push(Step::test(false, says, Draft("draft-ietf-httpbis-rfc6265bis")));
    }
    let asked = |name, value: &[u8]| sight.asked(name).is_some_and(|line| line.value == value);
    if asked("Sec-Fetch-Site", b"cross-site") {
        let says = if asked("Sec-Fetch-Mode", b"navigate") {
            "the user came from another site: SameSite=Strict cookies stayed behind"
        } else {
            "another site's page asked: only SameSite=None cookies came along"
        };
        steps.push(Step::fact(says, Draft("draft-ietf-httpbis-rfc6265bis")));
    }
    let count = crate::text::units::counted(names.len(), "cookie", "cookies");
    let open = if sight.view.scheme == Some(crate::exchange::Scheme::Http) { ", without TLS" } else { "" };
    let says = format!("{count} sent, {bytes} bytes{open}");
    Some(SentCookies { names, bytes, says, steps })
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;

    #[test]
    fn names_are_told_and_values_are_not() {
        let request = "GET / HTTP/1.1\nHost: h.test\nCookie: __Host-a=secret1; b=secret2; b=secret3\n";
        let sent = judge("http://h.test/", request, "").sent_cookies.unwrap();
        assert_eq!(sent.names, ["__Host-a", "b", "b"]);
        assert_eq!(sent.says, "3 cookies sent, 38 bytes, without TLS");
        let all = format!("{sent:?}");
        assert!(
            !all.contains("secret") && all.contains("stands twice") && all.contains("promises Secure"),
            "{all}"
        );
    }

    #[test]
    fn rfc6265bis_5_8_what_came_along_from_another_site() {
        let request = "GET / HTTP/1.1\nHost: h.test\nSec-Fetch-Site: cross-site\nCookie: a=1\n";
        let sent = judge("https://h.test/", request, "").sent_cookies.unwrap();
        assert!(sent.steps.iter().any(|step| step.says.contains("only SameSite=None")));
    }
}
