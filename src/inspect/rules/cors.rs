//! CORS: what makes a browser withhold a response, decided from request and response (Fetch 3.2, 4.8, 4.9).

use crate::inspect::field::Spec::Whatwg;
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Message};
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::value::{decimal, is_token};

const FETCH: crate::inspect::field::Spec = Whatwg("Fetch, CORS protocol");

pub static RULES: &[Rule] = &[
    error("cors-origin-repeated", FETCH, "Access-Control-Allow-Origin stands twice: browsers refuse the response.", "Send it once.")
        .about(&["Access-Control-Allow-Origin"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nAccess-Control-Allow-Origin: https://b.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\n")
        .responses(origin_repeated),
    error("cors-origin-list", FETCH, "Access-Control-Allow-Origin holds one origin, * or null; with a list browsers refuse the response.", "Answer with the one origin that asked.")
        .about(&["Access-Control-Allow-Origin"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test, https://b.test\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\n")
        .responses(origin_list),
    error("cors-origin-invalid", FETCH, "This is no origin, so it matches none: browsers refuse the response. A trailing slash is enough for that.", "Write scheme://host, with a port where it is not the usual one.")
        .about(&["Access-Control-Allow-Origin"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test/\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\n")
        .responses(origin_invalid),
    error("cors-origin-mismatch", FETCH, "The response allows another origin than the one that asked: browsers refuse it.", "Answer with the origin that asked, if it is allowed.")
        .about(&["Access-Control-Allow-Origin"])
        .example("GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\n\nHTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://b.test\nVary: Origin\n", "GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\n\nHTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\n")
        .responses(origin_mismatch),
    error("cors-wildcard-with-credentials", FETCH, "With credentials * is not accepted: browsers refuse the response to a request that carried cookies or a login.", "Answer with the origin that asked, and Vary: Origin.")
        .about(&["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"])
        .example("GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\nCookie: a=1\n\nHTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true\n", "GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\nCookie: a=1\n\nHTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nAccess-Control-Allow-Credentials: true\nVary: Origin\n")
        .responses(wildcard_with_credentials),
    info("cors-wildcard-beside-credentials", FETCH, "* and Access-Control-Allow-Credentials: true do not go together: requests with credentials are refused, others pass.", "Drop the credentials, or answer with the origin that asked.")
        .about(&["Access-Control-Allow-Credentials"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\n")
        .responses(wildcard_beside_credentials),
    warn("cors-credentials-not-true", FETCH, "Only true, in lower case, allows credentials; any other value counts as if the field were not there.", "Write true, or leave the field out.")
        .about(&["Access-Control-Allow-Credentials"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\nAccess-Control-Allow-Credentials: True\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\nAccess-Control-Allow-Credentials: true\n")
        .responses(credentials_not_true),
    error("cors-method-not-allowed", FETCH, "The preflight asks for a method that the answer does not allow: the browser will not send the request.", "Add the method to Access-Control-Allow-Methods.")
        .about(&["Access-Control-Allow-Methods"])
        .example("OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\nAccess-Control-Allow-Methods: GET, POST\n", "OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\nAccess-Control-Allow-Methods: GET, PUT\n")
        .responses(method_not_allowed),
    error("cors-field-not-allowed", FETCH, "The preflight asks for a field that the answer does not allow: the browser will not send the request. * does not cover Authorization.", "Add the field to Access-Control-Allow-Headers.")
        .about(&["Access-Control-Allow-Headers"])
        .example("OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: POST\nAccess-Control-Request-Headers: x-api-key\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Headers: content-type\n", "OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: POST\nAccess-Control-Request-Headers: x-api-key\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Headers: content-type, x-api-key\n")
        .responses(field_not_allowed),
    error("cors-preflight-status", FETCH, "A preflight succeeds with a 2xx status only: the browser will not send the request.", "Answer OPTIONS with 204, before any login or redirect.")
        .example("OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 404 Not Found\nContent-Length: 0\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\n", "OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\n")
        .responses(preflight_status),
    error("cors-preflight-unanswered", FETCH, "The answer to the preflight allows no origin: the browser will not send the request.", "Answer with Access-Control-Allow-Origin.")
        .about(&["Access-Control-Allow-Origin"])
        .example("OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAllow: GET, PUT\n", "OPTIONS / HTTP/1.1\nHost: h\nOrigin: https://a.test\nAccess-Control-Request-Method: PUT\n\nHTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: PUT\n")
        .responses(preflight_unanswered),
    error("cors-list-syntax", FETCH, "A member of this list is no token: browsers refuse the preflight's answer, or ignore the field.", "Write names with commas between them.")
        .about(&["Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET PUT\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET, PUT\n")
        .responses(list_syntax),
    warn("cors-max-age-syntax", FETCH, "The value is no number of seconds; browsers then remember the preflight for 5 seconds.", "Write digits.")
        .about(&["Access-Control-Max-Age"])
        .example("HTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 1h\n", "HTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 3600\n")
        .responses(max_age_syntax),
    info("cors-max-age-capped", FETCH, "Browsers cap it: Chromium at 2 hours, Firefox at 24 hours.", "7200 is the most that holds everywhere.")
        .about(&["Access-Control-Max-Age"])
        .example("HTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 172800\n", "HTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 7200\n")
        .responses(max_age_capped),
    warn("cors-vary-origin", FETCH, "The answer depends on who asked, and Vary does not say so: a cache may give one origin's answer to another.", "Send Vary: Origin.")
        .about(&["Vary", "Access-Control-Allow-Origin"])
        .example("GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\n\nHTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\nAccess-Control-Allow-Origin: https://a.test\n", "GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\n\nHTTP/1.1 200 OK\nContent-Length: 0\nCache-Control: max-age=60\nAccess-Control-Allow-Origin: https://a.test\nVary: Origin\n")
        .responses(vary_origin),
    warn("cors-null-allowed", FETCH, "null is the origin of every sandboxed frame and of files: allowing it allows anybody.", "Do not answer null.")
        .about(&["Access-Control-Allow-Origin"])
        .example("HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: null\n", "HTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\n")
        .responses(null_allowed),
    info("cors-preflight-only", FETCH, "These fields are read in answers to preflights only.", "Send them for OPTIONS only.")
        .about(&["Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age"])
        .example("GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET\n", "GET / HTTP/1.1\nHost: h\n\nHTTP/1.1 200 OK\nContent-Length: 0\nAccess-Control-Allow-Origin: *\n")
        .responses(preflight_only),
    error("origin-syntax", FETCH, "Origin is scheme, host and port, or null; servers refuse another form, or allow whom they should not.", "Send the origin without a path.")
        .about(&["Origin"])
        .example("GET / HTTP/1.1\nHost: h\nOrigin: https://a.test/page\n", "GET / HTTP/1.1\nHost: h\nOrigin: https://a.test\n")
        .requests(super::routing::broken),
];

fn allowed<'c>(case: &'c Case<'_>) -> Option<&'c crate::inspect::message::Line<'c>> {
    case.message.first("Access-Control-Allow-Origin")
}

/// The request, when it is a preflight with a known origin.
fn preflight<'c>(case: &'c Case<'_>) -> Option<&'c Message<'c>> {
    case.request.filter(|request| {
        request.method() == b"OPTIONS"
            && request.has("Origin")
            && request.has("Access-Control-Request-Method")
    })
}

fn origin_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Access-Control-Allow-Origin").skip(1) {
        found.name(line, "an origin was allowed before: with two, none is");
    }
}

fn origin_list(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Access-Control-Allow-Origin") {
        if line.value.contains(&b',') || line.value.trim_ascii().contains(&b' ') {
            found.value(line, "only one origin may stand here");
        }
    }
}

fn origin_invalid(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case
        .message
        .all("Access-Control-Allow-Origin")
        .filter(|line| !line.value.iter().any(|byte| b", ".contains(byte)))
    {
        if let Some(broken) = &line.parsed().broken {
            found.part(line, &(broken.at..line.value.len()), broken.says.clone());
        }
    }
}

fn origin_mismatch(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let asked = case.request.and_then(|request| request.first("Origin"));
    let Some((asked, line)) = asked.zip(allowed(case)) else { return };
    let several = line.value.iter().any(|byte| b", ".contains(byte));
    if line.value != b"*"
        && !several
        && line.parsed().broken.is_none()
        && line.value != asked.value
        && !is_same_origin(case, asked.value)
    {
        found.value(line, "not the origin that asked");
    }
}

/// Whether the origin is that of the exchange itself, so that CORS does not apply.
fn is_same_origin(case: &Case<'_>, origin: &[u8]) -> bool {
    let (Some(scheme), Some(host)) = (case.view.scheme, case.view.host) else { return false };
    let own = format!("{}://{host}", scheme.as_str());
    origin.eq_ignore_ascii_case(own.as_bytes())
}

fn wildcard_with_credentials(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let carried = case.request.is_some_and(|request| {
        request.has("Origin") && (request.has("Cookie") || request.has("Authorization"))
    });
    // Authorization may be a script's own, without credentials mode: only Allow-Credentials tells.
    let meant =
        case.message.first("Access-Control-Allow-Credentials").is_some_and(|line| line.value == b"true");
    if let Some(line) = allowed(case).filter(|line| line.value == b"*" && carried && meant) {
        found.value(line, "the request carried credentials: * is refused");
    }
}

fn wildcard_beside_credentials(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let wildcard = allowed(case).is_some_and(|line| line.value == b"*");
    for line in
        case.message.all("Access-Control-Allow-Credentials").filter(|line| wildcard && line.value == b"true")
    {
        found.line(line, "with * requests that carry credentials are refused");
    }
}

fn credentials_not_true(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // "false" is plain enough to everybody.
    for line in case
        .message
        .all("Access-Control-Allow-Credentials")
        .filter(|line| line.value != b"true" && line.value != b"false")
    {
        found.value(line, "only true, in lower case, counts");
    }
}

fn method_not_allowed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(asked) = preflight(case).and_then(|request| request.first("Access-Control-Request-Method"))
    else {
        return;
    };
    let safe = matches!(asked.value, b"GET" | b"HEAD" | b"POST");
    let credentials =
        case.message.first("Access-Control-Allow-Credentials").is_some_and(|line| line.value == b"true");
    let named = case
        .message
        .members("Access-Control-Allow-Methods")
        .any(|(_, _, method)| method == asked.value || (method == b"*" && !credentials));
    if !safe && !named && allowed(case).is_some() {
        let says = format!("{} was asked for, and is not allowed", String::from_utf8_lossy(asked.value));
        match case.message.first("Access-Control-Allow-Methods") {
            Some(line) => found.value(line, says),
            None => found.start(0..case.message.head.start_line().len(), says),
        }
    }
}

fn field_not_allowed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(request) = preflight(case).filter(|_| allowed(case).is_some()) else { return };
    let credentials =
        case.message.first("Access-Control-Allow-Credentials").is_some_and(|line| line.value == b"true");
    for (_, _, asked) in request.members("Access-Control-Request-Headers") {
        let named = case.message.members("Access-Control-Allow-Headers").any(|(_, _, name)| {
            name.eq_ignore_ascii_case(asked)
                || (name == b"*" && !credentials && !asked.eq_ignore_ascii_case(b"authorization"))
        });
        if !named {
            let says = format!("{} was asked for, and is not allowed", String::from_utf8_lossy(asked));
            match case.message.first("Access-Control-Allow-Headers") {
                Some(line) => found.value(line, says),
                None => found.start(0..case.message.head.start_line().len(), says),
            }
        }
    }
}

fn preflight_status(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let status = case.message.status();
    if preflight(case).is_some() && allowed(case).is_some() && !(200..300).contains(&status) {
        found.start(0..case.message.head.start_line().len(), format!("{status} to a preflight"));
    }
}

fn preflight_unanswered(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if preflight(case).is_some() && allowed(case).is_none() {
        found.start(
            0..case.message.head.start_line().len(),
            "no Access-Control-Allow-Origin in the answer to a preflight",
        );
    }
}

fn list_syntax(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
        if let Some((span, _)) = line.members().into_iter().find(|(_, member)| !is_token(member)) {
            found.part(line, &span, "not a token");
        }
    }
}

fn max_age_syntax(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Access-Control-Max-Age") {
        // -1 is understood: do not remember it.
        if decimal(line.value).is_none() && line.value != b"-1" {
            found.value(line, "a number of seconds is expected");
        }
    }
}

fn max_age_capped(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case
        .message
        .all("Access-Control-Max-Age")
        .filter(|line| decimal(line.value).is_some_and(|seconds| seconds > 86_400))
    {
        found.value(line, "more than any browser remembers");
    }
}

fn vary_origin(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let echoed = case.request.and_then(|request| request.first("Origin")).zip(allowed(case));
    let Some((_, line)) = echoed.filter(|(asked, line)| asked.value == line.value && line.value != b"null")
    else {
        return;
    };
    let lifetime = case.message.cache_control().any(|(_, directive)| {
        (directive.is("max-age") || directive.is("s-maxage"))
            && decimal(&directive.plain()).is_some_and(|seconds| seconds > 0)
    });
    let closed = case
        .message
        .cache_control()
        .any(|(_, directive)| directive.is("no-store") || directive.is("no-cache"));
    if lifetime && !closed && !case.message.lists("Vary", "origin") && !case.message.lists("Vary", "*") {
        found.value(line, "answers the origin that asked, and Vary does not name Origin");
    }
}

fn null_allowed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Access-Control-Allow-Origin").filter(|line| line.value == b"null") {
        found.value(line, "null stands for anybody's sandbox");
    }
}

fn preflight_only(rule: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.request.is_some_and(|request| request.method() != b"OPTIONS") {
        for line in case.message.lines.iter().filter(|line| rule.fields.iter().any(|name| line.is(name))) {
            found.name(line, "read in answers to preflights only");
        }
    }
}
