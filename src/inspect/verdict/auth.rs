//! Who asks, with which credentials, and why they were refused (RFC 9110 11). Secrets stay masked.

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::Rfc;
use crate::inspect::message::{Line, Message};
use crate::inspect::value::{decode_jwt, how_long, in_words};
use serde::Serialize;
use serde_json::{Map, Value};

/// Credentials of a request, without what is secret of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Credentials {
    /// The field that carries them.
    pub field: &'static str,
    /// The scheme, in lower case.
    pub scheme: String,
    /// When a token ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Whether it had ended on arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
}

/// Credentials, challenges, and what came of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Auth {
    /// What the request carries.
    pub credentials: Vec<Credentials>,
    /// The schemes that the answer asks for, in lower case.
    pub challenges: Vec<String>,
    /// Whether they were refused: 401 or 407.
    pub refused: bool,
    /// In one sentence.
    pub says: String,
    /// What they say, part by part.
    pub steps: Vec<Step>,
}

impl Auth {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "Authorization",
            "Proxy-Authorization",
            "WWW-Authenticate",
            "Proxy-Authenticate",
            "Authentication-Info",
        ];
        Told { topic: "auth", bad: self.refused, says: &self.says, steps: &self.steps, fields: FIELDS }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Auth> {
    let mut steps = Vec::new();
    let mut credentials = Vec::new();
    for field in ["Authorization", "Proxy-Authorization"] {
        for line in sight.request.into_iter().flat_map(|request| request.all(field)) {
            credentials.push(carried(sight, field, line, &mut steps));
        }
    }
    let status = sight.response.map_or(0, Message::status);
    let wanted = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
    let mut challenges = Vec::new();
    for line in sight.response.into_iter().flat_map(|response| response.all(wanted)) {
        challenged(line, &mut challenges, &mut steps);
    }
    let refused = matches!(status, 401 | 407);
    if credentials.is_empty() && challenges.is_empty() && !refused {
        return None;
    }
    let says = sentence(sight, &credentials, &challenges, status);
    Some(Auth { credentials, challenges, refused, says, steps })
}

fn carried(sight: &Sight<'_>, field: &'static str, line: &Line<'_>, steps: &mut Vec<Step>) -> Credentials {
    let scheme = line.value.split(|byte| *byte == b' ').next().unwrap_or_default();
    let scheme = text(scheme).to_ascii_lowercase();
    // The parser's words mask what is secret; the bytes themselves are never repeated here.
    for part in &line.parsed().parts {
        steps.push(Step {
            says: format!("{field}: {}: {}", part.label, part.meaning),
            passes: None,
            cite: part.spec,
        });
    }
    if scheme == "basic" && !sight.is_trustworthy() {
        steps.push(Step::test(
            false,
            "Basic without TLS: everybody on the way can read the password",
            Rfc(7617, "4"),
        ));
    }
    let token = line.value.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let claims = decode_jwt(token).map(|(_, claims)| claims);
    let expires = claims.as_ref().and_then(|claims| time(claims, "exp"));
    let expired = expires.zip(sight.arrived()).map(|(end, now)| end <= now);
    if let Some((claims, now)) = claims.as_ref().zip(sight.arrived()) {
        steps.extend(claimed(claims, now));
    }
    Credentials { field, scheme, expires, expired }
}

/// What the times of a JWT come to on arrival (RFC 7519 4.1).
fn claimed(claims: &Map<String, Value>, now: i64) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(end) = time(claims, "exp") {
        let span = how_long(end.abs_diff(now));
        let says = if end <= now {
            format!("exp: ended {span} before arrival")
        } else {
            format!("exp: good for {span} after arrival")
        };
        steps.push(Step::test(end > now, format!("{says} ({})", in_words(end)), Rfc(7519, "4.1.4")));
    }
    if let Some(begin) = time(claims, "nbf") {
        let says = format!("nbf: not before {}", in_words(begin));
        steps.push(Step::test(begin <= now, says, Rfc(7519, "4.1.5")));
    }
    steps
}

fn time(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    // A fraction of a second is allowed and tells nothing (RFC 7519 2).
    let number = claims.get(name)?.to_string();
    let whole = number.split('.').next()?.parse().ok();
    whole.filter(|unix| (0..253_402_300_800).contains(unix))
}

/// Adds the schemes of a challenge and what they say.
fn challenged(line: &Line<'_>, challenges: &mut Vec<String>, steps: &mut Vec<Step>) {
    for part in &line.parsed().parts {
        let bytes = line.value.get(part.span.clone()).unwrap_or_default();
        if part.label == "scheme" {
            challenges.push(text(bytes).to_ascii_lowercase());
        }
        let shown = text(bytes);
        steps.push(Step {
            says: format!("asked for: {shown}: {}", part.meaning),
            passes: None,
            cite: part.spec,
        });
    }
}

fn sentence(sight: &Sight<'_>, credentials: &[Credentials], challenges: &[String], status: u16) -> String {
    let sent = match credentials {
        [] => "no credentials sent".to_owned(),
        [one] => format!("{} sent", one.scheme),
        several => several.iter().map(|one| one.scheme.as_str()).collect::<Vec<_>>().join(" and ") + " sent",
    };
    match status {
        401 | 407 => format!("refused ({status}): {sent}; {}", why(sight, credentials, challenges)),
        0 => sent,
        403 => format!("{sent}; 403: who asks is known, and may not"),
        200..=399 if credentials.is_empty() => format!("{sent}; {} would be taken", challenges.join(" or ")),
        200..=399 => format!("{sent}, and not refused ({status})"),
        _ => format!("{sent}; the answer {status} is about something else"),
    }
}

/// The likeliest cause of a 401 or 407.
fn why(sight: &Sight<'_>, credentials: &[Credentials], challenges: &[String]) -> String {
    let challenge = sight
        .answered("WWW-Authenticate")
        .map(|line| text(line.value).to_ascii_lowercase())
        .unwrap_or_default();
    let asked = if challenges.is_empty() {
        "the answer does not say what it wants".to_owned()
    } else {
        format!("{} is asked for", challenges.join(" or "))
    };
    if let Some(end) = credentials.iter().find(|one| one.expired == Some(true)).and_then(|one| one.expires) {
        return format!("the token had ended at {}", in_words(end));
    }
    if credentials.is_empty() {
        return asked;
    }
    if challenge.contains("stale=true") {
        return "only the nonce was too old: the client may try again with the new one".to_owned();
    }
    if challenge.contains("insufficient_scope") {
        return "the token does not allow this (insufficient_scope)".to_owned();
    }
    if challenge.contains("invalid_token") {
        return "the server does not take the token (invalid_token)".to_owned();
    }
    let fits = credentials.iter().any(|one| challenges.contains(&one.scheme));
    if !fits && !challenges.is_empty() {
        return format!("another scheme was needed: {asked}");
    }
    let basic = credentials.iter().any(|one| one.scheme.eq_ignore_ascii_case("basic"));
    if sight.response.filter(|_| basic).is_some_and(|response| {
        response.lines.iter().any(|line| super::super::set_cookie::starts(line.name, "X-GitHub-"))
    }) {
        return "GitHub takes tokens, not passwords, since 2020".to_owned();
    }
    "the server does not take them: a wrong name, password or token".to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::judge;
    use super::*;

    fn auth(request: &str, response: &str) -> Auth {
        let request = format!("GET / HTTP/1.1\nHost: h.test\n{request}");
        judge("http://h.test/", &request, response).auth.unwrap()
    }

    /// Good until 2026-11-23 11:00:00, an hour before the arrival of the samples.
    const ENDED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSIsImV4cCI6MTc5NTQzMTYwMH0.c2ln";

    #[test]
    fn rfc7617_the_password_is_masked() {
        let basic = auth("Authorization: Basic ZGV2OnMzY3JldA==\n", "");
        assert_eq!((basic.credentials[0].scheme.as_str(), basic.says.as_str()), ("basic", "basic sent"));
        let all = format!("{basic:?}");
        assert!(all.contains("user \\\"dev\\\"") && all.contains("without TLS"), "{all}");
        assert!(!all.contains("s3cret") && !all.contains("ZGV2"), "{all}");
    }

    #[test]
    fn rfc7519_4_1_4_a_token_that_had_ended() {
        let bearer = auth(
            &format!("Authorization: Bearer {ENDED}\n"),
            "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer\n",
        );
        assert_eq!(
            (bearer.credentials[0].expires, bearer.credentials[0].expired),
            (Some(1_795_431_600), Some(true))
        );
        assert_eq!(
            bearer.says,
            "refused (401): bearer sent; the token had ended at Monday 2026-11-23 11:00:00 UTC"
        );
        let step = bearer.steps.iter().find(|step| step.says.starts_with("exp:")).unwrap();
        assert_eq!(
            (step.passes, step.says.as_str()),
            (Some(false), "exp: ended 1 h before arrival (Monday 2026-11-23 11:00:00 UTC)")
        );
    }

    #[test]
    fn rfc9110_11_why_credentials_were_refused() {
        for (request, challenge, why) in [
            ("", "WWW-Authenticate: Basic realm=\"a\"\n", "no credentials sent; basic is asked for"),
            ("", "", "the answer does not say what it wants"),
            (
                "Authorization: Basic YTpi\n",
                "WWW-Authenticate: Bearer\n",
                "another scheme was needed: bearer is asked for",
            ),
            (
                "Authorization: Basic YTpi\n",
                "WWW-Authenticate: Basic realm=\"a\"\n",
                "a wrong name, password or token",
            ),
            (
                "Authorization: Bearer x\n",
                "WWW-Authenticate: Bearer error=\"invalid_token\"\n",
                "invalid_token",
            ),
            (
                "Authorization: Digest username=\"a\"\n",
                "WWW-Authenticate: Digest nonce=\"b\", stale=true\n",
                "only the nonce was too old",
            ),
            ("Authorization: Basic YTpi\n", "X-GitHub-Request-Id: 1\n", "GitHub takes tokens, not passwords"),
            ("Authorization: Bearer a\n", "X-GitHub-Request-Id: 1\n", "a wrong name, password or token"),
        ] {
            let auth = auth(request, &format!("HTTP/1.1 401 Unauthorized\n{challenge}"));
            assert!(auth.says.contains(why), "{request}{challenge}: {}", auth.says);
            assert!(auth.refused);
        }
    }

    #[test]
    fn rfc4559_ntlm_tells_which_message_it_is() {
        let auth = auth("Authorization: NTLM TlRMTVNTUAABAAAA\n", "");
        assert!(auth.steps.iter().any(|step| step.says.contains("first message")), "{:?}", auth.steps);
    }
}
