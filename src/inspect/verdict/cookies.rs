//! What browsers do with each cookie that a response sets (RFC 6265bis 5.7), in Chromium's words.

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::exchange::Scheme;
use crate::inspect::field::Spec::{self, Draft, Rfc};
use crate::inspect::set_cookie::{SetCookie, cookie_date, is_address, reaches_strangers, seconds};
use crate::inspect::value::control;
use crate::inspect::value::{how_long, in_words};
use serde::Serialize;

const BIS: Spec = Draft("draft-ietf-httpbis-rfc6265bis");
/// Name and value together, in bytes (RFC 6265bis 5.6).
const LARGEST: usize = 4096;
/// The longest that browsers keep a cookie (RFC 6265bis 5.5).
const LONGEST: i64 = 400 * 86_400;
/// Cookies of one response that are judged.
const MOST: usize = 200;

/// What becomes of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Kept.
    Stored,
    /// Kept no longer: it is set to have expired.
    Deleted,
    /// Dropped.
    Rejected,
}

/// One cookie and its verdict. Its value is in none of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cookie {
    /// Its name, empty for a cookie without one.
    pub name: String,
    /// The field line it stands in, 1 for the first.
    pub line: usize,
    /// What becomes of it.
    pub fate: Fate,
    /// Why it is dropped, by the names of the `DevTools` protocol (`SetCookieBlockedReason`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// When it ends, in seconds since 1970; none for a session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Whether it goes to this host only, and to none below it.
    pub host_only: bool,
    /// Whether its name is one that logins have.
    pub looks_like_login: bool,
    /// In one sentence.
    pub says: String,
    /// What leads to it.
    pub steps: Vec<Step>,
}

impl Cookie {
    pub(super) fn told(&self) -> Told<'_> {
        let bad = self.fate == Fate::Rejected;
        Told { topic: "cookies", bad, says: &self.says, steps: &self.steps, fields: &["Set-Cookie"] }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Vec<Cookie> {
    let Some(response) = sight.response else { return Vec::new() };
    response.all("Set-Cookie").take(MOST).map(|line| judge(sight, &SetCookie::of(line))).collect()
}

/// Why a cookie is dropped: Chromium's word, ours, and the section.
type Refusal = (&'static str, String, Spec);

fn judge(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> Cookie {
    let refusal = refusal(sight, cookie);
    let (expires, lasts) = lifetime(sight, cookie);
    let deleted = expires.zip(sight.arrived()).is_some_and(|(end, now)| end <= now);
    let fate = match (&refusal, deleted) {
        (Some(_), _) => Fate::Rejected,
        (None, true) => Fate::Deleted,
        (None, false) => Fate::Stored,
    };
    let name = text(cookie.name.unwrap_or_default()).into_owned();
    let login = looks_like_login(cookie);
    let says = sentence(sight, &name, refusal.as_ref(), fate, &lasts, login);
    let mut steps = Vec::new();
    if let Some((_, why, cite)) = &refusal {
        steps.push(Step::test(false, why.clone(), *cite));
    }
    steps.extend(described(sight, cookie, lasts));
    Cookie {
        line: cookie.line.number,
        fate,
        reason: refusal.map(|(word, ..)| word),
        expires: expires.filter(|_| fate == Fate::Stored),
        host_only: cookie.domain().is_none_or(|(_, domain)| is_address(&domain)),
        looks_like_login: login,
        says,
        steps,
        name,
    }
}

fn sentence(
    sight: &Sight<'_>,
    name: &str,
    refusal: Option<&Refusal>,
    fate: Fate,
    lasts: &str,
    login: bool,
) -> String {
    let name = if name.is_empty() { "a cookie without a name" } else { name };
    match (fate, refusal) {
        (Fate::Rejected, Some((word, why, _))) => {
            let login = if login { "; it looks like the login: expect a login loop" } else { "" };
            let who = if from_browser(sight) { "REJECTED" } else { "browsers would REJECT it" };
            format!("{name}: {who}: {why} ({word}){login}")
        }
        (Fate::Deleted, _) => format!("{name}: DELETED"),
        _ => format!("{name}: stored, {lasts}"),
    }
}

/// Whether the client calls itself a browser; other clients know fewer of these rules.
fn from_browser(sight: &Sight<'_>) -> bool {
    sight.asked("User-Agent").is_none_or(|line| line.value.starts_with(b"Mozilla/"))
}

fn refusal(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> Option<Refusal> {
    content(cookie)
        .or_else(|| domain(sight, cookie))
        .or_else(|| prefix(sight, cookie))
        .or_else(|| secure(sight, cookie))
        .or_else(|| context(sight, cookie))
}

/// What the pair itself may be (RFC 6265bis 5.6).
fn content(cookie: &SetCookie<'_>) -> Option<Refusal> {
    let no = |word, why: &str| Some((word, why.to_owned(), BIS));
    let name = cookie.name.unwrap_or_default();
    if control(cookie.line.value).is_some() {
        return no("DisallowedCharacter", "a control byte in it");
    }
    // RFC 6265bis lets tabs pass; Chromium does not.
    if name.contains(&b'\t') || cookie.value.contains(&b'\t') {
        return no("DisallowedCharacter", "a tab in it, which Chromium refuses");
    }
    if name.is_empty() && cookie.value.is_empty() {
        return no("NoCookieContent", "neither name nor value");
    }
    let size = name.len() + cookie.value.len();
    if size > LARGEST {
        return no(
            "NameValuePairExceedsMaxSize",
            &format!("name and value have {size} bytes, {LARGEST} are the most"),
        );
    }
    // A value that could be read back as a cookie with a prefix (RFC 6265bis 5.7, step 20).
    if cookie.passes_for_prefixed() {
        return no("InvalidPrefix", "without a name its value would pass for a name with a prefix");
    }
    None
}

/// RFC 6265bis 5.7, steps 9 and 10.
fn domain(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> Option<Refusal> {
    let (_, domain) = cookie.domain()?;
    let no = |why: String| Some(("InvalidDomain", why, Rfc(6265, "5.3")));
    let host = sight.view.host.map(str::to_ascii_lowercase);
    if host.as_deref() == Some(&domain) {
        return None;
    }
    if !domain.is_ascii() {
        return no(format!("Domain={domain} must be written in its ASCII form"));
    }
    if reaches_strangers(&domain, host.as_deref()) {
        return no(format!("{domain} is a public suffix: the cookie would reach everybody under it"));
    }
    let host = host?;
    let below = host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
    if !below || is_address(&host) {
        return no(format!("Domain={domain}, and {host} is not within it"));
    }
    None
}

/// Where TLS is needed (RFC 6265bis 5.7, steps 11, 18, and Partitioned).
fn secure(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> Option<Refusal> {
    if cookie.has("Secure") {
        let over = (!sight.is_trustworthy()).then_some("Secure, but it came without TLS");
        return over.map(|why| ("SecureOnly", why.to_owned(), BIS));
    }
    if same_site(cookie) == Some("None") {
        return Some(("SameSiteNoneInsecure", "SameSite=None needs Secure".to_owned(), BIS));
    }
    // The DevTools protocol has no word of its own for it.
    let partitioned = cookie.has("Partitioned");
    let draft = Draft("draft-cutler-httpbis-partitioned-cookies");
    partitioned.then(|| ("UnknownError", "Partitioned needs Secure".to_owned(), draft))
}

/// What the name promises (RFC 6265bis 4.1.3, 5.4).
fn prefix(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> Option<Refusal> {
    let no = |why: &str| Some(("InvalidPrefix", why.to_owned(), BIS));
    let promises = cookie.promises();
    if promises.secure && !cookie.has("Secure") {
        return no("the prefix of its name needs Secure");
    }
    // Not even this machine itself is excepted.
    if promises.secure && sight.view.scheme == Some(Scheme::Http) {
        return no("the prefix of its name needs TLS, and it came without");
    }
    if promises.http && !cookie.has("HttpOnly") {
        return no("the prefix of its name needs HttpOnly");
    }
    if promises.host && cookie.domain().is_some() {
        return no("the __Host- prefix forbids Domain");
    }
    let root = cookie.attribute("Path").and_then(|(_, value)| value) == Some(b"/");
    if promises.host && !root { no("the __Host- prefix needs Path=/") } else { None }
}

/// Whether it came in answer to another site's request that is no navigation (RFC 6265bis 5.7, step 17).
fn context(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> Option<Refusal> {
    let is = |name, value: &[u8]| sight.asked(name).is_some_and(|line| line.value == value);
    if !is("Sec-Fetch-Site", b"cross-site") || is("Sec-Fetch-Mode", b"navigate") {
        return None;
    }
    let (word, why) = match same_site(cookie) {
        Some("None") => return None,
        Some("Strict") => ("SameSiteStrict", "SameSite=Strict, and another site's page asked"),
        Some("Lax") => ("SameSiteLax", "SameSite=Lax, and another site's page asked"),
        _ => (
            "SameSiteUnspecifiedTreatedAsLax",
            "no SameSite counts as Lax in Chromium, and another site's page asked",
        ),
    };
    Some((word, why.to_owned(), BIS))
}

/// What `SameSite` says, when it is one of the three words.
fn same_site(cookie: &SetCookie<'_>) -> Option<&'static str> {
    let (_, value) = cookie.attribute("SameSite")?;
    ["Strict", "Lax", "None"]
        .into_iter()
        .find(|word| value.unwrap_or_default().eq_ignore_ascii_case(word.as_bytes()))
}

/// When it ends, and in words for how long it is kept (RFC 6265 5.3, step 3).
fn lifetime(sight: &Sight<'_>, cookie: &SetCookie<'_>) -> (Option<i64>, String) {
    let now = sight.arrived();
    let (end, from) = match cookie.attribute("Max-Age").and_then(|(_, value)| seconds(value)) {
        Some(seconds) => (now.map(|now| now.saturating_add(seconds.max(-1))), "Max-Age"),
        None => (cookie.attribute("Expires").and_then(|(_, value)| cookie_date(value?)), "Expires"),
    };
    let Some(end) = end else { return (None, "until the browser is closed".to_owned()) };
    let capped = now.map(|now| now.saturating_add(LONGEST)).filter(|most| *most < end);
    let end = capped.unwrap_or(end);
    let cap = if capped.is_some() { ", the 400 days that browsers keep at most" } else { "" };
    let left = now.and_then(|now| u64::try_from(end.saturating_sub(now)).ok());
    let left = left.map(|left| format!(", {} after arrival", how_long(left))).unwrap_or_default();
    (Some(end), format!("until {} by {from}{left}{cap}", in_words(end.clamp(0, 253_402_300_799))))
}

/// The facts of a cookie, one a line.
fn described(sight: &Sight<'_>, cookie: &SetCookie<'_>, lasts: String) -> Vec<Step> {
    let host = sight.view.host.unwrap_or("this host");
    let reach = match cookie.domain().filter(|(_, domain)| !is_address(domain)) {
        Some((_, domain)) => format!("sent to {domain} and every host below it"),
        None => format!("sent to {host} only"),
    };
    let path = cookie.attribute("Path").and_then(|(_, value)| value).filter(|path| path.starts_with(b"/"));
    let path = path.map(|path| text(path).into_owned()).or_else(|| default_path(sight));
    let path = path.map(|path| format!(", paths below {path}")).unwrap_or_default();
    let mut steps =
        vec![Step::fact(format!("{reach}{path}"), Rfc(6265, "5.4")), Step::fact(lasts, Rfc(6265, "5.3"))];
    let secure = if cookie.has("Secure") { "over TLS only" } else { "also without TLS: Secure is missing" };
    let scripts =
        if cookie.has("HttpOnly") { "hidden from scripts" } else { "scripts can read it: no HttpOnly" };
    steps.push(Step::fact(format!("{secure}; {scripts}"), Rfc(6265, "4.1.2.5")));
    let site = match same_site(cookie) {
        Some("Strict") => "SameSite=Strict: only with requests that its own site makes",
        Some("Lax") => "SameSite=Lax: from other sites only when the user follows a link",
        Some(_) => "SameSite=None: with requests from any site",
        None => "SameSite not given: Chromium treats it as Lax, others may not",
    };
    steps.push(Step::fact(site, BIS));
    if cookie.has("Partitioned") {
        steps.push(Step::plain("kept apart for each site that embeds this one"));
    }
    steps
}

/// Up to the last slash of the request's path (RFC 6265 5.1.4).
fn default_path(sight: &Sight<'_>) -> Option<String> {
    let path = sight.path()?;
    let end = path.rfind('/').filter(|at| *at > 0);
    Some(end.and_then(|at| path.get(..at)).unwrap_or("/").to_owned())
}

/// A name that frameworks give to logins. A long value that scripts must not see says nothing: those of trackers
/// and load balancers are so too.
fn looks_like_login(cookie: &SetCookie<'_>) -> bool {
    const NAMES: [&str; 8] = ["sid", "sess", "auth", "token", "phpsessid", "connect.sid", "login", "jwt"];
    const PREFIXES: [&str; 4] = ["__host-http-", "__host-", "__http-", "__secure-"];
    const ENDS: [&str; 8] = [
        "session",
        "sessionid",
        "session_id",
        "auth_token",
        "access_token",
        "refresh_token",
        "remember_token",
        ".aspxauth",
    ];
    const HOLDS: [&str; 2] = ["logged_in", "identity.application"];
    let name = text(cookie.name.unwrap_or_default()).to_ascii_lowercase();
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
    let named = NAMES.contains(&bare)
        || ENDS.iter().any(|end| bare.ends_with(end))
        || HOLDS.iter().any(|part| bare.contains(part));
    named && !cookie.value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    const HTTPS: &str = "https://shop.test/account/login";
    const REQUEST: &str = "POST /account/login HTTP/1.1\nHost: shop.test\n";

    fn of(url: &str, request: &str, line: &str) -> Cookie {
        let response = format!("HTTP/1.1 200 OK\nSet-Cookie: {line}\n");
        judge(url, request, &response).cookies.remove(0)
    }

    #[test]
    fn rfc6265bis_5_7_why_cookies_are_dropped() {
        for (url, line, reason) in [
            (HTTPS, "a=1", None),
            (HTTPS, "=", Some("NoCookieContent")),
            (HTTPS, "; Path=/", Some("NoCookieContent")),
            (HTTPS, "token", None),
            (HTTPS, "__Host-a", Some("InvalidPrefix")),
            (HTTPS, "a=\u{7}", Some("DisallowedCharacter")),
            (HTTPS, "a=b\tc", Some("DisallowedCharacter")),
            ("http://localhost/", "__Secure-a=1; Secure", Some("InvalidPrefix")),
            (HTTPS, "a=1; Domain=other.test", Some("InvalidDomain")),
            (HTTPS, "a=1; Domain=shop.test", None),
            (HTTPS, "a=1; Domain=.shop.test", None),
            (HTTPS, "a=1; Domain=test", Some("InvalidDomain")),
            (HTTPS, "a=1; Domain=co.uk", Some("InvalidDomain")),
            (HTTPS, "a=1; Domain=..shop.test", Some("InvalidDomain")),
            (HTTPS, "__Http-a", Some("InvalidPrefix")),
            (HTTPS, "__Host-Http-a=1; Secure; HttpOnly; Path=/x", Some("InvalidPrefix")),
            (HTTPS, "__Host-Http-a=1; Secure; HttpOnly; Path=/", None),
            ("https://a.github.io/", "a=1; Domain=github.io", Some("InvalidDomain")),
            ("https://github.io/", "a=1; Domain=github.io", None),
            ("https://a.shop.test/", "a=1; Domain=shop.test", None),
            ("https://ashop.test/", "a=1; Domain=shop.test", Some("InvalidDomain")),
            ("https://192.0.2.1/", "a=1; Domain=192.0.2.1", None),
            ("https://192.0.2.1/", "a=1; Domain=0.2.1", Some("InvalidDomain")),
            ("http://shop.test/", "a=1; Secure", Some("SecureOnly")),
            ("http://localhost/", "a=1; Secure", None),
            (HTTPS, "a=1; SameSite=None", Some("SameSiteNoneInsecure")),
            (HTTPS, "a=1; SameSite=None; Secure", None),
            (HTTPS, "a=1; SameSite=Odd", None),
            (HTTPS, "__Secure-a=1", Some("InvalidPrefix")),
            (HTTPS, "__secure-a=1", Some("InvalidPrefix")),
            (HTTPS, "__Host-a=1; Secure", Some("InvalidPrefix")),
            (HTTPS, "__Host-a=1; Secure; Path=/", None),
            (HTTPS, "__Host-a=1; Secure; Path=/; Domain=shop.test", Some("InvalidPrefix")),
            (HTTPS, "__Http-a=1; Secure; Path=/", Some("InvalidPrefix")),
            (HTTPS, "a=1; Partitioned", Some("UnknownError")),
        ] {
            let cookie = of(url, REQUEST, line);
            assert_eq!(cookie.reason, reason, "{url} {line}: {}", cookie.says);
            assert_eq!(cookie.fate == Fate::Rejected, reason.is_some(), "{line}");
        }
        let large = format!("a={}", "x".repeat(4096));
        assert_eq!(of(HTTPS, REQUEST, &large).reason, Some("NameValuePairExceedsMaxSize"));
        assert_eq!(of(HTTPS, REQUEST, large.get(..4097).unwrap()).reason, None);
    }

    #[test]
    fn rfc6265bis_5_7_another_sites_request_sets_no_lax_cookie() {
        let cross = "GET / HTTP/1.1\nHost: shop.test\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\n";
        for (line, reason) in [
            ("a=1", Some("SameSiteUnspecifiedTreatedAsLax")),
            ("a=1; SameSite=Lax", Some("SameSiteLax")),
            ("a=1; SameSite=Strict", Some("SameSiteStrict")),
            ("a=1; SameSite=None; Secure", None),
        ] {
            assert_eq!(of(HTTPS, cross, line).reason, reason, "{line}");
        }
        let link = cross.replace("no-cors", "navigate");
        assert_eq!(of(HTTPS, &link, "a=1; SameSite=Strict").reason, None);
    }

    #[test]
    fn rfc6265_5_3_how_long_it_is_kept() {
        use super::super::sample::NOON;
        for (line, fate, expires) in [
            ("a=1", Fate::Stored, None),
            ("a=1; Max-Age=60", Fate::Stored, Some(NOON + 60)),
            ("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Fate::Stored, Some(NOON + 60)),
            ("a=1; Max-Age=94608000", Fate::Stored, Some(NOON + LONGEST)),
            ("a=1; Max-Age=1h", Fate::Stored, None),
            ("a=; Max-Age=0", Fate::Deleted, None),
            ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Fate::Deleted, None),
            ("a=1; Expires=tomorrow", Fate::Stored, None),
        ] {
            let cookie = of(HTTPS, REQUEST, line);
            assert_eq!((cookie.fate, cookie.expires), (fate, expires), "{line}: {}", cookie.says);
        }
    }

    #[test]
    fn a_login_that_is_dropped_is_said_aloud_and_its_value_is_not() {
        let line = "__Host-sid=8f3a77c2d19b4e6f8f3a77c2d1; Path=/; Secure; HttpOnly; Domain=shop.test";
        let cookie = of(HTTPS, REQUEST, line);
        assert!(cookie.looks_like_login && cookie.says.contains("expect a login loop"), "{}", cookie.says);
        assert!(!format!("{cookie:?}").contains("8f3a77c2"));
        let python = format!("{REQUEST}User-Agent: python-requests/2.32\n");
        assert!(of(HTTPS, &python, line).says.contains("browsers would REJECT it"));
    }

    #[test]
    fn trackers_and_load_balancers_are_no_logins() {
        for (name, login) in [
            ("__cfduid", false),
            ("MUIDB", false),
            ("_EDGE_S", false),
            ("AWSALB", false),
            ("PHPSESSID", true),
            ("JSESSIONID", true),
            ("__Host-Http-session", true),
            ("wordpress_logged_in_5c0", true),
        ] {
            let line = format!("{name}=8f3a77c2d19b4e6f8f3a77c2d1; HttpOnly; Domain=other.test");
            assert_eq!(of(HTTPS, REQUEST, &line).looks_like_login, login, "{name}");
        }
    }

    #[test]
    fn rfc6265_5_1_4_the_path_is_that_of_the_request() {
        let says =
            |cookie: Cookie| cookie.steps.iter().map(|step| step.says.clone()).collect::<Vec<_>>().join("\n");
        assert!(says(of(HTTPS, REQUEST, "a=1")).contains("sent to shop.test only, paths below /account"));
        assert!(
            says(of(HTTPS, REQUEST, "a=1; Path=/x; Domain=shop.test"))
                .contains("every host below it, paths below /x")
        );
    }
}
