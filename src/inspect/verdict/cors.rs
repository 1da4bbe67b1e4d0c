//! CORS: whether a script of another origin may read the answer, or may send what its preflight asks for
//! (Fetch, CORS protocol). Causes are named in Chromium's words (`CorsError`).

use super::sight::{Sight, text};
use super::{Step, Told};
use crate::inspect::field::Spec::{self, Whatwg};
use crate::inspect::message::{Line, Message};
use crate::inspect::value::{decimal, is_token};
use serde::Serialize;

const FETCH: Spec = Whatwg("Fetch, CORS protocol");
/// Members of a list that are looked at.
const MOST: usize = 100;

/// What kind of request it is to CORS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorsKind {
    /// Of the same origin: nothing is checked.
    SameOrigin,
    /// Sent at once; the answer is checked.
    Simple,
    /// Sent after a preflight; the answer is checked.
    Preflighted,
    /// The question that the browser asks before it.
    Preflight,
}

/// What the browser makes of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cors {
    /// What kind of request it is.
    pub kind: CorsKind,
    /// Whether the browser allows it; none while there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// Whether the request carries credentials; none where its head does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<bool>,
    /// Every cause that is enough to refuse it, by the names of the `DevTools` protocol.
    pub errors: Vec<&'static str>,
    /// What would make it pass.
    pub cures: Vec<String>,
    /// In one sentence.
    pub says: String,
    /// Each check.
    pub steps: Vec<Step>,
}

impl Cors {
    pub(super) fn told(&self) -> Told<'_> {
        const FIELDS: &[&str] = &[
            "Access-Control-Allow-Origin",
            "Access-Control-Allow-Credentials",
            "Access-Control-Allow-Methods",
            "Access-Control-Allow-Headers",
            "Access-Control-Expose-Headers",
            "Access-Control-Max-Age",
            "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
            "Origin",
        ];
        Told {
            topic: "cors",
            bad: self.allowed == Some(false),
            says: &self.says,
            steps: &self.steps,
            fields: FIELDS,
        }
    }

    fn test(&mut self, passes: bool, says: String, error: &'static str, cure: impl Into<Option<String>>) {
        self.steps.push(Step::test(passes, says, FETCH));
        if !passes {
            self.errors.push(error);
            self.cures.extend(cure.into());
        }
    }
}

pub(super) fn of(sight: &Sight<'_>) -> Option<Cors> {
    let request = sight.request?;
    let origin = request.first("Origin")?;
    let mode = request.first("Sec-Fetch-Mode").map(|line| line.value);
    if mode.is_some_and(|mode| mode != b"cors") || is_websocket(request) {
        return None;
    }
    let asked = request.first("Access-Control-Request-Method").filter(|_| request.method() == b"OPTIONS");
    let own = sight.origin().is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(origin.value));
    let kind = match asked {
        _ if own => CorsKind::SameOrigin,
        Some(_) => CorsKind::Preflight,
        None if needs_preflight(request).is_some() => CorsKind::Preflighted,
        None => CorsKind::Simple,
    };
    let credentials = (kind != CorsKind::Preflight && request.has("Cookie")).then_some(true);
    let (errors, cures, steps) = (Vec::new(), Vec::new(), Vec::new());
    let mut cors = Cors { kind, allowed: None, credentials, errors, cures, says: String::new(), steps };
    cors.steps.push(Step::plain(match needs_preflight(request) {
        Some(why) if kind == CorsKind::Preflighted => format!("the browser asks by a preflight first: {why}"),
        _ => kind_said(kind, origin),
    }));
    if let Some(response) = sight.response.filter(|_| kind != CorsKind::SameOrigin) {
        cors.check(origin, response);
        if let Some(asked) = asked {
            cors.check_preflight(asked, request, response);
        }
        cors.allowed = Some(cors.errors.is_empty());
    } else if kind == CorsKind::SameOrigin {
        cors.allowed = Some(true);
    }
    cors.says = cors.sentence(asked);
    Some(cors)
}

fn is_websocket(request: &Message<'_>) -> bool {
    request.has("Sec-WebSocket-Key") || request.has("Sec-WebSocket-Version")
}

fn kind_said(kind: CorsKind, origin: &Line<'_>) -> String {
    let origin = text(origin.value);
    match kind {
        CorsKind::SameOrigin => format!("{origin} is this origin itself: CORS does not apply"),
        CorsKind::Simple => format!("sent at once for {origin}: method and fields are safelisted"),
        CorsKind::Preflighted => format!("sent for {origin}"),
        CorsKind::Preflight => format!("the browser asks for {origin} whether it may send"),
    }
}

/// Why the browser asks first: a method or field that is not safelisted (Fetch, CORS-preflight fetch).
fn needs_preflight(request: &Message<'_>) -> Option<String> {
    if !is_safelisted(request.method()) {
        return Some(format!("{} is no safelisted method", text(request.method())));
    }
    let odd = request.lines.iter().find(|line| !is_plain(line));
    odd.map(|line| format!("{} is no safelisted field", text(line.name)))
}

fn is_safelisted(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"POST")
}

/// Whether a script may set the field without being asked about, or the browser sets it itself.
fn is_plain(line: &Line<'_>) -> bool {
    const PLAIN: [&str; 31] = [
        "accept",
        "accept-language",
        "content-language",
        "accept-charset",
        "accept-encoding",
        "range",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "user-agent",
        "priority",
        "upgrade-insecure-requests",
        "cache-control",
        "pragma",
        "if-none-match",
        "if-modified-since",
        "save-data",
    ];
    let name = text(line.name).to_ascii_lowercase();
    if name == "content-type" {
        let bare = line.value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let safe = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
        return safe.iter().any(|kind| bare.eq_ignore_ascii_case(kind.as_bytes()));
    }
    name.starts_with("sec-") || name.starts_with("proxy-") || PLAIN.contains(&name.as_str())
}

impl Cors {
    /// The CORS check of an answer (Fetch 4.10).
    fn check(&mut self, origin: &Line<'_>, response: &Message<'_>) {
        let preflight = self.kind == CorsKind::Preflight;
        let name = |plain, asked| if preflight { asked } else { plain };
        let asked = text(origin.value).into_owned();
        let cure = Some(format!("Access-Control-Allow-Origin: {asked}"));
        let mut lines = response.all("Access-Control-Allow-Origin");
        let Some(line) = lines.next() else {
            let error = name("MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader");
            return self.test(
                false,
                format!("origin: {asked} vs no Access-Control-Allow-Origin"),
                error,
                cure,
            );
        };
        let allowed = line.value;
        let says = format!("origin: {asked} vs {}", text(allowed));
        if lines.next().is_some() || allowed.iter().any(|byte| b", ".contains(byte)) {
            let error = name("MultipleAllowOriginValues", "PreflightMultipleAllowOriginValues");
            return self.test(false, format!("{says}: only one may stand there"), error, cure);
        }
        if allowed == b"*" {
            let refused = self.credentials == Some(true);
            let why = if refused { ": with credentials the wildcard is refused" } else { "" };
            let error = name("WildcardOriginNotAllowed", "PreflightWildcardOriginNotAllowed");
            return self.test(!refused, format!("{says}{why}"), error, cure);
        }
        if allowed != origin.value {
            // As Chromium does: what is no address at all is called invalid.
            let invalid = allowed != b"null" && url::Url::parse(&text(allowed)).is_err();
            let error = if invalid {
                name("InvalidAllowOriginValue", "PreflightInvalidAllowOriginValue")
            } else {
                name("AllowOriginMismatch", "PreflightAllowOriginMismatch")
            };
            return self.test(false, says, error, cure);
        }
        self.test(true, says, "", None);
        if self.credentials == Some(true) {
            // Two lines are one value with a comma in it.
            let values: Vec<_> = response
                .all("Access-Control-Allow-Credentials")
                .take(MOST)
                .map(|line| text(line.value))
                .collect();
            let value = if values.is_empty() { "not allowed".to_owned() } else { values.join(", ") };
            let says = format!("credentials: sent vs {value}");
            let cure = "Access-Control-Allow-Credentials: true".to_owned();
            self.test(value == "true", says, "InvalidAllowCredentials", cure);
        }
    }

    /// What a preflight's answer must say besides (Fetch, CORS-preflight fetch).
    fn check_preflight(&mut self, method: &Line<'_>, request: &Message<'_>, response: &Message<'_>) {
        let status = response.status();
        let error = if (300..400).contains(&status) {
            "PreflightDisallowedRedirect"
        } else {
            "PreflightInvalidStatus"
        };
        let says = format!("status: {status} vs 2xx");
        self.test((200..300).contains(&status), says, error, "answer OPTIONS with 204".to_owned());
        let wildcard =
            response.first("Access-Control-Allow-Credentials").is_none_or(|line| line.value != b"true");
        self.check_method(method.value, response, wildcard);
        self.check_fields(request, response, wildcard);
        if wildcard {
            let says = "whether it is to be sent with credentials does not show here: then it would be refused, for Access-Control-Allow-Credentials: true is missing";
            self.steps.push(Step::fact(says, FETCH));
        } else if response.first("Access-Control-Allow-Origin").is_some_and(|line| line.value == b"*") {
            let says = "sent with credentials, which Access-Control-Allow-Credentials suggests, it would be refused: name the origin instead of *";
            self.steps.push(Step::fact(says, FETCH));
        }
        if let Some(seconds) = response.first("Access-Control-Max-Age").and_then(|line| decimal(line.value)) {
            let says = format!(
                "remembered for {seconds} s; Chromium for {} s, Firefox for {} s",
                seconds.min(7_200),
                seconds.min(86_400)
            );
            self.steps.push(Step::fact(says, FETCH));
        }
    }

    fn check_method(&mut self, asked: &[u8], response: &Message<'_>, wildcard: bool) {
        let granted = members(response, "Access-Control-Allow-Methods");
        if granted.iter().any(|member| !is_token(member)) {
            let says = "methods: Access-Control-Allow-Methods is no list of methods".to_owned();
            return self.test(false, says, "InvalidAllowMethodsPreflightResponse", None);
        }
        let named = granted.iter().any(|method| *method == asked || (*method == b"*" && wildcard));
        let says = format!("method: {} vs {}", text(asked), joined(&granted));
        let safe = if is_safelisted(asked) { ", and safelisted" } else { "" };
        let cure = format!("add {} to Access-Control-Allow-Methods", text(asked));
        let error = "MethodDisallowedByPreflightResponse";
        self.test(named || is_safelisted(asked), format!("{says}{safe}"), error, cure);
    }

    fn check_fields(&mut self, request: &Message<'_>, response: &Message<'_>, wildcard: bool) {
        let granted = members(response, "Access-Control-Allow-Headers");
        let asked = members(request, "Access-Control-Request-Headers");
        if granted.iter().any(|member| !is_token(member)) {
            let says = "fields: Access-Control-Allow-Headers is no list of fields".to_owned();
            return self.test(false, says, "InvalidAllowHeadersPreflightResponse", None);
        }
        for name in asked {
            let covers = |other: &&[u8]| {
                other.eq_ignore_ascii_case(name)
                    || (**other == *b"*" && wildcard && !name.eq_ignore_ascii_case(b"authorization"))
            };
            let alone = name.eq_ignore_ascii_case(b"authorization") && granted.contains(&&b"*"[..]);
            let alone = if alone { ": * does not cover it (Chromium still lets it)" } else { "" };
            let says = format!("field: {} vs {}{alone}", text(name), joined(&granted));
            let cure = format!("add {} to Access-Control-Allow-Headers", text(name));
            self.test(granted.iter().any(covers), says, "HeaderDisallowedByPreflightResponse", cure);
        }
    }

    fn sentence(&self, asked: Option<&Line<'_>>) -> String {
        let method = asked.map(|line| text(line.value).into_owned()).unwrap_or_default();
        let what = if self.kind == CorsKind::Preflight {
            format!("send the {method}")
        } else {
            "let the script read the answer".to_owned()
        };
        let causes = crate::text::units::counted(self.errors.len(), "cause", "causes");
        match (self.kind, self.allowed) {
            (CorsKind::SameOrigin, _) => "same origin: CORS does not apply".to_owned(),
            (_, None) => "no answer to check".to_owned(),
            (_, Some(true)) => format!("allowed: browsers would {what}"),
            (_, Some(false)) if self.cures.is_empty() => {
                format!("BLOCKED: browsers would not {what}; {causes}")
            }
            (_, Some(false)) => {
                format!(
                    "BLOCKED: browsers would not {what}; {causes}. Would pass with: {}",
                    self.cures.join(" · ")
                )
            }
        }
    }
}

fn members<'m>(message: &'m Message<'m>, name: &'m str) -> Vec<&'m [u8]> {
    message.members(name).map(|(_, _, member)| member).take(MOST).collect()
}

fn joined(members: &[&[u8]]) -> String {
    if members.is_empty() {
        return "none".to_owned();
    }
    members.iter().map(|member| text(member)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "cors_tests.rs"]
mod tests;
