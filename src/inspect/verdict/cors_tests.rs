//! Examples of the CORS engine.

use super::super::sample::judge;
use super::{Cors, CorsKind};

fn cors(request: &str, response: &str) -> Cors {
    judge("https://api.test/v1", request, response).cors.unwrap()
}

fn simple(fields: &str, answer: &str) -> Cors {
    cors(
        &format!("GET /v1 HTTP/1.1\nHost: api.test\nOrigin: https://app.test\n{fields}"),
        &format!("HTTP/1.1 200 OK\n{answer}"),
    )
}

fn preflight(asked: &str, status: &str, answer: &str) -> Cors {
    cors(
        &format!("OPTIONS /v1 HTTP/1.1\nHost: api.test\nOrigin: https://app.test\n{asked}"),
        &format!("HTTP/1.1 {status}\n{answer}"),
    )
}

#[test]
fn fetch_4_10_the_answer_is_checked_by_its_origin() {
    for (fields, answer, errors) in [
        ("", "Access-Control-Allow-Origin: *\n", &[][..]),
        ("", "Access-Control-Allow-Origin: https://app.test\n", &[]),
        ("", "", &["MissingAllowOriginHeader"]),
        ("", "Access-Control-Allow-Origin: https://other.test\n", &["AllowOriginMismatch"]),
        ("", "Access-Control-Allow-Origin: app.test\n", &["InvalidAllowOriginValue"]),
        ("", "Access-Control-Allow-Origin: https://app.test, *\n", &["MultipleAllowOriginValues"]),
        (
            "",
            "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Origin: *\n",
            &["MultipleAllowOriginValues"],
        ),
        ("Cookie: a=1\n", "Access-Control-Allow-Origin: *\n", &["WildcardOriginNotAllowed"]),
        ("Cookie: a=1\n", "Access-Control-Allow-Origin: https://app.test\n", &["InvalidAllowCredentials"]),
        (
            "Cookie: a=1\n",
            "Access-Control-Allow-Origin: https://app.test\nAccess-Control-Allow-Credentials: true\n",
            &[],
        ),
    ] {
        let cors = simple(fields, answer);
        assert_eq!(cors.errors, errors, "{fields}{answer}");
        assert_eq!(cors.allowed, Some(errors.is_empty()));
    }
}

#[test]
fn fetch_4_8_a_preflight_is_checked_by_status_method_and_fields() {
    const PUT: &str = "Access-Control-Request-Method: PUT\n";
    const KEY: &str =
        "Access-Control-Request-Method: POST\nAccess-Control-Request-Headers: content-type,x-api-key\n";
    const ANY: &str = "Access-Control-Allow-Origin: *\n";
    for (asked, status, answer, errors) in [
        (PUT, "204 No Content", "Access-Control-Allow-Methods: PUT\n", &[][..]),
        (
            PUT,
            "204 No Content",
            "Access-Control-Allow-Methods: GET, POST\n",
            &["MethodDisallowedByPreflightResponse"],
        ),
        (
            PUT,
            "204 No Content",
            "Access-Control-Allow-Methods: put\n",
            &["MethodDisallowedByPreflightResponse"],
        ),
        (PUT, "204 No Content", "Access-Control-Allow-Methods: *\n", &[]),
        (
            PUT,
            "204 No Content",
            "Access-Control-Allow-Methods: *\nAccess-Control-Allow-Credentials: true\n",
            &["MethodDisallowedByPreflightResponse"],
        ),
        (
            PUT,
            "204 No Content",
            "Access-Control-Allow-Methods: GET PUT\n",
            &["InvalidAllowMethodsPreflightResponse"],
        ),
        (PUT, "404 Not Found", "Access-Control-Allow-Methods: PUT\n", &["PreflightInvalidStatus"]),
        (PUT, "302 Found", "Access-Control-Allow-Methods: PUT\n", &["PreflightDisallowedRedirect"]),
        (KEY, "200 OK", "Access-Control-Allow-Headers: Content-Type, X-API-Key\n", &[]),
        (
            KEY,
            "200 OK",
            "Access-Control-Allow-Headers: content-type\n",
            &["HeaderDisallowedByPreflightResponse"],
        ),
        (KEY, "200 OK", "Access-Control-Allow-Headers: *\n", &[]),
        (
            "Access-Control-Request-Method: GET\nAccess-Control-Request-Headers: authorization\n",
            "200 OK",
            "Access-Control-Allow-Headers: *\n",
            &["HeaderDisallowedByPreflightResponse"],
        ),
    ] {
        let cors = preflight(asked, status, &format!("{ANY}{answer}"));
        assert_eq!(cors.errors, errors, "{asked}{status} {answer}");
        assert_eq!(cors.kind, CorsKind::Preflight);
    }
}

#[test]
fn the_cures_of_a_refused_preflight_add_what_is_missing() {
    let cors = preflight(
        "Access-Control-Request-Method: PUT\nAccess-Control-Request-Headers: x-api-key\n",
        "204 No Content",
        "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true\nAccess-Control-Allow-Methods: GET, POST\nAccess-Control-Max-Age: 86400\n",
    );
    assert_eq!(
        cors.says,
        "BLOCKED: browsers would not send the PUT; 2 causes. Would pass with: add PUT to Access-Control-Allow-Methods · add x-api-key to Access-Control-Allow-Headers"
    );
    let steps: Vec<_> = cors.steps.iter().map(|step| step.says.as_str()).collect();
    assert!(steps.contains(&"method: PUT vs GET, POST"), "{steps:?}");
    assert!(steps.contains(&"remembered for 86400 s; Chromium for 7200 s, Firefox for 86400 s"), "{steps:?}");
    assert!(steps.iter().any(|says| says.contains("name the origin instead of *")), "{steps:?}");
}

#[test]
fn fetch_2_2_what_needs_a_preflight() {
    for (fields, kind) in [
        ("Accept: text/html\nUser-Agent: x\nSec-Fetch-Mode: cors\n", CorsKind::Simple),
        ("Content-Type: text/plain;charset=utf-8\n", CorsKind::Simple),
        ("Content-Type: application/json\n", CorsKind::Preflighted),
        ("X-Api-Key: 1\n", CorsKind::Preflighted),
        ("Authorization: Bearer x\n", CorsKind::Preflighted),
    ] {
        assert_eq!(simple(fields, "Access-Control-Allow-Origin: *\n").kind, kind, "{fields}");
    }
}

#[test]
fn cors_is_silent_where_it_does_not_apply() {
    let same = cors("POST /v1 HTTP/1.1\nHost: api.test\nOrigin: https://api.test\n", "HTTP/1.1 200 OK\n");
    assert_eq!((same.kind, same.allowed), (CorsKind::SameOrigin, Some(true)));
    for request in [
        "GET /v1 HTTP/1.1\nHost: api.test\n",
        "GET /v1 HTTP/1.1\nHost: api.test\nOrigin: https://app.test\nSec-Fetch-Mode: navigate\n",
        "GET /v1 HTTP/1.1\nHost: api.test\nOrigin: https://app.test\nSec-WebSocket-Key: x\n",
    ] {
        assert!(judge("https://api.test/v1", request, "HTTP/1.1 200 OK\n").cors.is_none(), "{request}");
    }
}
