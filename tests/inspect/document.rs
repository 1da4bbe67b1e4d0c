//! The fields and odd values that the project's source document names, through `lint` and `explain`: each has
//! parts, a meaning and a section; what is odd is told at its byte.

use super::lint;
use crate::support::Sandbox;
use serde_json::{Value, json};

/// The response header block of the document.
const RESPONSE: &str = r#"{"id":"document","start":"HTTP/1.1 200 OK","at":1795435260,"lines":["Access-Control-Allow-Headers: *","Access-Control-Allow-Origin: *","Cache-Control: max-age=2592000","Content-Type: text/html; charset=utf-8","Date: Mon, 23 Nov 2026 12:00:00 GMT","Expires: Wed, 23 Dec 2026 12:00:00 GMT","Last-Modified: Sun, 22 Nov 2026 09:14:02 GMT","Server: nginx","Vary: Accept-Encoding","X-Cache: HIT","Content-Length: 15","Connection: close"]}"#;
/// Its odd values.
const ODD: &str = r#"{"id":"odd","start":"HTTP/1.1 200 OK","lines":["Via: 1.0 fred, 1.1 (Apache/1.1)","Connection: “Connection”","Content-Type: text/plain","Content-Length: 3"]}"#;
/// Every field that it names, with a value.
const FIELDS: &[&str] = &[
    "Cache-Control: max-age=2592000",
    "Connection: keep-alive",
    "Date: Sun, 06 Nov 1994 08:49:37 GMT",
    "Transfer-Encoding: chunked",
    "Upgrade: HTTP/2.0, SHTTP/1.3, IRC/6.9, RTA/x11",
    "Via: 1.0 fred, 1.1 nowhere.com (Apache/1.1)",
    "Warning: 110 anderson/1.3.37 \"Response is stale\"",
    "Access-Control-Allow-Headers: *",
    "Access-Control-Allow-Origin: *",
    "Content-Type: text/html; charset=utf-8",
    "Expires: Sun, 06 Nov 1994 08:49:37 GMT",
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
    "Server: nginx/1.18.0",
    "Vary: Accept-Encoding",
    "X-Cache: HIT",
    "Content-Length: 15",
    "Host: www.example.org:8080",
    "Accept-Encoding: gzip;q=0.5, identity",
    "Accept: text/html, */*;q=0.1",
    "Authorization: Basic dXNlcjpwYXNz",
    "Proxy-Authorization: Basic dXNlcjpwYXNz",
    "X-TokenAuth: 8f3a77c2d19b",
    "X-Requested-With: XMLHttpRequest",
];

/// What `explain` prints.
fn explained(field: &str) -> String {
    let ran = Sandbox::new().run(&["explain", field]);
    assert_eq!(ran.code, Some(0), "{field}: {}", ran.stderr);
    ran.stdout
}

fn findings(answer: &Value) -> Vec<(&str, &str, u64)> {
    let all = answer["findings"].as_array().unwrap().iter();
    all.map(|found| {
        (
            found["lint"].as_str().unwrap(),
            found["severity"].as_str().unwrap(),
            found["line"].as_u64().unwrap(),
        )
    })
    .collect()
}

#[test]
fn its_response_is_known_and_healthy() {
    let answer = &lint(RESPONSE)[0];
    for field in answer["fields"].as_array().unwrap() {
        assert_eq!(field["known"], true, "{field}");
        assert!(field["means"].as_str().is_some_and(|means| means.ends_with('.')), "{field}");
    }
    let found = findings(answer);
    assert!(found.iter().all(|(_, severity, _)| *severity == "info"), "{found:?}");
    let cache = &answer["verdicts"]["cache"];
    assert_eq!(
        (&cache["age"], &cache["fresh_private"], &cache["source_private"]),
        (&json!(60), &json!(2_592_000), &json!("max-age"))
    );
    let path = |cite: &str| answer["verdicts"]["framing"]["steps"].to_string().contains(cite);
    assert!(path("RFC 9112 6.3"), "{}", answer["verdicts"]["framing"]);
}

#[test]
fn each_of_its_23_fields_has_a_meaning_a_standing_and_parts() {
    assert_eq!(FIELDS.len(), 23);
    for field in FIELDS {
        let name = field.split(':').next().unwrap();
        let said = explained(field);
        let mut lines = said.lines();
        let title = lines.next().unwrap();
        let specified =
            title.contains("RFC ") || title.contains("WHATWG ") || title.contains("not registered");
        assert!(title.starts_with(name) && specified, "{title}");
        assert!(lines.next().is_some_and(|means| means.ends_with('.') && means.len() > 12), "{said}");
        // Behind the empty line stand the parts of the value, and nothing is broken in it.
        let parts = said.split("\n\n").last().unwrap();
        assert!(
            parts.lines().next().is_some_and(|part| part.starts_with("  ")) && !parts.contains('^'),
            "{said}"
        );
    }
}

#[test]
fn what_is_odd_in_it_is_told_at_its_byte() {
    let answer = &lint(ODD)[0];
    let of = |lint: &str| {
        let all = answer["findings"].as_array().unwrap();
        all.iter()
            .find(|found| found["lint"] == lint)
            .unwrap_or_else(|| panic!("no {lint}: {all:#?}"))
            .clone()
    };
    let via = of("via-syntax");
    assert_eq!((&via["line"], &via["span"]), (&json!(1), &json!([19, 20])));
    assert!(via["says"].as_str().unwrap().contains("the hop has no name"), "{via}");
    let connection = of("connection-syntax");
    assert_eq!((&connection["line"], &connection["span"][0]), (&json!(2), &json!(12)));
    assert_eq!(of("value-not-ascii")["line"], 2);
    for (value, words) in [
        ("Via: 1.0 fred, 1.1 (Apache/1.1)", "^ the hop has no name"),
        ("Upgrade: HTTP/2.0, SHTTP/1.3, IRC/6.9, RTA/x11", "RTA/x11                        another protocol"),
        ("Connection: “Connection”", "^ a token is made of letters, digits and a few signs"),
        ("Date: Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06 08:49:37 UTC (IMF-fixdate)"),
        ("Date: Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06 08:49:37 UTC (RFC 850 form, obsolete)"),
        ("Date: Sun Nov  6 08:49:37 1994", "1994-11-06 08:49:37 UTC (asctime form, obsolete)"),
    ] {
        let said = explained(value);
        assert!(said.contains(words), "{said}");
    }
    let warning =
        explained(r#"Warning: 110 anderson/1.3.37 "Response is stale" "Sun, 06 Nov 1994 08:49:37 GMT""#);
    let parts: Vec<_> = warning.split("\n\n").last().unwrap().lines().map(str::trim).collect();
    assert_eq!(parts.len(), 4, "code, agent, text, date: {warning}");
    assert!(parts[0].starts_with("110") && parts[1].starts_with("anderson/1.3.37"), "{parts:?}");
}

#[test]
fn directives_of_requests_and_of_responses_are_told_apart() {
    let said = explained("Cache-Control");
    let (responses, requests) = said.split_once("  In requests:\n").unwrap();
    assert!(responses.contains("RFC 9111 5.2.2.1)") && requests.contains("RFC 9111 5.2.1.1)"), "{said}");
    assert!(!requests.contains("must-revalidate"), "{said}");
    let wrong = r#"{"start":"HTTP/1.1 200 OK","lines":["Cache-Control: only-if-cached","Content-Length: 0"]}
{"start":"GET / HTTP/1.1","lines":["Host: h","Cache-Control: must-revalidate"]}"#;
    for answer in lint(wrong) {
        let found = findings(&answer);
        assert!(found.iter().any(|(lint, ..)| *lint == "cache-directive-wrong-side"), "{found:?}");
    }
}

#[test]
fn an_api_like_githubs_says_how_many_calls_are_left_the_next_page_and_why_401() {
    let blocks = r#"{"url":"https://api.github.test/user/repos","at":1795435200,"start":"HTTP/1.1 401 Unauthorized","lines":["Content-Type: application/json; charset=utf-8","WWW-Authenticate: Basic realm=\"GitHub\"","X-RateLimit-Limit: 60","X-RateLimit-Remaining: 59","X-RateLimit-Reset: 1795437000","X-GitHub-Request-Id: C0F2:1A2B","Content-Length: 37"],"request":{"start":"GET /user/repos HTTP/1.1","lines":["Host: api.github.test"]}}
{"url":"https://api.github.test/user/repos","at":1795435200,"start":"HTTP/1.1 200 OK","lines":["Content-Type: application/json; charset=utf-8","ETag: W/\"c3a5b1\"","Link: <https://api.github.test/user/repos?page=2>; rel=\"next\"","X-RateLimit-Limit: 5000","X-RateLimit-Remaining: 4987","X-RateLimit-Reset: 1795437000","X-GitHub-Media-Type: github.v3; format=json","Content-Length: 2"],"request":{"start":"GET /user/repos HTTP/1.1","lines":["Host: api.github.test","Authorization: Basic dXNlcjpwYXNz"]}}"#;
    let all = lint(blocks);
    let refused = all[0]["verdicts"]["auth"]["says"].as_str().unwrap();
    assert!(refused.contains("no credentials sent; basic is asked for"), "{refused}");
    let left = all[1]["verdicts"]["api"]["says"].as_str().unwrap();
    assert!(left.starts_with("4987 of 5000 calls left until Monday 2026-11-23 12:30:00 UTC"), "{left}");
    assert!(left.ends_with("next page: https://api.github.test/user/repos?page=2"), "{left}");
    for answer in &all {
        assert!(answer["fields"].as_array().unwrap().iter().all(|field| field["known"] == true), "{answer}");
        assert!(findings(answer).iter().all(|(_, severity, _)| *severity != "error"), "{answer}");
    }
}
