//! Examples of the cache engine, one clause each.

use super::super::sample::judge;
use super::{Cache, Source};

fn cache(request: &str, response: &str) -> Cache {
    judge("https://h.test/a", request, &format!("HTTP/1.1 {response}")).cache.unwrap()
}

/// Stored by a browser, by shared caches.
fn stored(request: &str, response: &str) -> (bool, bool) {
    let cache = cache(request, response);
    (cache.store_private, cache.store_shared)
}

#[test]
fn rfc9111_3_what_may_be_stored() {
    const GET: &str = "GET /a HTTP/1.1\nHost: h.test\n";
    for (request, response, expected) in [
        (GET, "200 OK\n", (true, true)),
        (GET, "200 OK\nCache-Control: private\n", (true, false)),
        (GET, "200 OK\nCache-Control: private=\"set-cookie\"\n", (true, true)),
        (GET, "200 OK\nCache-Control: no-store, max-age=9\n", (false, false)),
        (GET, "200 OK\nCache-Control: no-store, must-understand, max-age=9\n", (true, true)),
        (GET, "299 Odd\nCache-Control: no-store, must-understand, max-age=9\n", (false, false)),
        (GET, "302 Found\n", (false, false)),
        (GET, "302 Found\nCache-Control: max-age=9\n", (true, true)),
        (GET, "500 Oops\nExpires: 0\n", (true, true)),
        (GET, "304 Not Modified\nETag: \"a\"\n", (true, true)),
        ("GET /a HTTP/1.1\nCache-Control: no-store\n", "200 OK\n", (false, false)),
        ("PUT /a HTTP/1.1\n", "200 OK\nCache-Control: max-age=9\n", (false, false)),
        ("POST /a HTTP/1.1\nHost: h.test\n", "200 OK\nCache-Control: max-age=9\n", (false, false)),
        (
            "POST /a HTTP/1.1\nHost: h.test\n",
            "200 OK\nCache-Control: max-age=9\nContent-Location: /a\n",
            (true, true),
        ),
        (
            "POST /a HTTP/1.1\nHost: h.test\n",
            "200 OK\nCache-Control: max-age=9\nContent-Location: /b\n",
            (false, false),
        ),
    ] {
        assert_eq!(stored(request, response), expected, "{request}{response}");
    }
}

#[test]
fn rfc9111_3_5_authorization_keeps_shared_caches_out() {
    const LOGIN: &str = "GET /a HTTP/1.1\nHost: h.test\nAuthorization: Bearer x\n";
    for (directives, shared) in
        [("max-age=9", false), ("public, max-age=9", true), ("must-revalidate", true), ("s-maxage=9", true)]
    {
        let response = format!("200 OK\nCache-Control: {directives}\n");
        assert_eq!(stored(LOGIN, &response), (true, shared), "{directives}");
    }
}

#[test]
fn rfc9111_4_2_1_lifetimes_by_their_source() {
    const DATE: &str = "Date: Mon, 23 Nov 2026 12:00:00 GMT\n";
    for (lines, private, shared) in [
        ("Cache-Control: max-age=300, s-maxage=600\n", (Source::MaxAge, 300), (Source::SMaxage, 600)),
        ("Cache-Control: max-age=\"60\"\n", (Source::MaxAge, 60), (Source::MaxAge, 60)),
        ("Cache-Control: max-age=1h\n", (Source::MaxAge, 0), (Source::MaxAge, 0)),
        (
            "Cache-Control: max-age=60\nExpires: Mon, 23 Nov 2026 13:00:00 GMT\n",
            (Source::MaxAge, 60),
            (Source::MaxAge, 60),
        ),
        ("Expires: Mon, 23 Nov 2026 13:00:00 GMT\n", (Source::Expires, 3600), (Source::Expires, 3600)),
        ("Expires: Mon, 23 Nov 2026 11:00:00 GMT\n", (Source::Expires, 0), (Source::Expires, 0)),
        ("Expires: 0\n", (Source::Expires, 0), (Source::Expires, 0)),
        ("X-A: 1\n", (Source::None, 0), (Source::None, 0)),
    ] {
        let cache = cache("", &format!("200 OK\n{DATE}{lines}"));
        assert_eq!((cache.source_private, cache.fresh_private), private, "{lines}");
        assert_eq!((cache.source_shared, cache.fresh_shared), shared, "{lines}");
    }
}

#[test]
fn rfc9111_1_2_2_no_lifetime_is_longer_than_68_years() {
    assert_eq!(
        cache("", "200 OK\nCache-Control: max-age=99999999999999999999\n").fresh_private,
        2_147_483_648
    );
}

#[test]
fn rfc9111_4_2_2_a_tenth_of_the_time_since_the_change() {
    let cache = cache(
        "",
        "200 OK\nDate: Mon, 23 Nov 2026 12:00:00 GMT\nLast-Modified: Mon, 23 Nov 2026 02:00:00 GMT\n",
    );
    assert_eq!((cache.source_private, cache.guess, cache.fresh_private), (Source::Guess, 3600, 0));
}

#[test]
fn rfc9111_4_2_3_age_is_the_larger_of_two() {
    for (lines, age, step) in [
        ("Date: Mon, 23 Nov 2026 11:58:33 GMT\nAge: 86\n", 87, "age = max(apparent 87, Age 86) = 87 s"),
        ("Date: Mon, 23 Nov 2026 11:58:33 GMT\n", 87, "age = arrival - Date = 87 s"),
        ("Date: Mon, 23 Nov 2026 12:00:09 GMT\nAge: 5\n", 5, "age = max(apparent 0, Age 5) = 5 s"),
        ("Age: 5, 9\n", 5, "age = Age = 5 s"),
        ("Age: -5\n", 0, "age = 0 s: neither Age nor Date tells more"),
    ] {
        let cache = cache("", &format!("200 OK\n{lines}"));
        assert_eq!(cache.age, age, "{lines}");
        assert!(cache.steps.iter().any(|found| found.says == step), "{lines}: {:?}", cache.steps);
    }
}

#[test]
fn the_sentence_is_that_of_the_drawing() {
    let cache = cache(
        "",
        "200 OK\nDate: Mon, 23 Nov 2026 11:58:33 GMT\nAge: 86\nCache-Control: public, max-age=300, s-maxage=600, stale-while-revalidate=30\n",
    );
    assert_eq!(
        cache.says,
        "1 min 27 s old on arrival; browser: FRESH for 213 s more (300 - 87) (until Monday 2026-11-23 12:03:33 UTC) · shared: FRESH for 513 s more (600 - 87)"
    );
    assert!(cache.steps.iter().any(|step| step.says.contains("stale for up to 30 s")), "{:?}", cache.steps);
}

#[test]
fn rfc9111_5_2_2_4_no_cache_asks_first() {
    let asks = cache("", "200 OK\nCache-Control: no-cache\n");
    assert!(asks.validate_first && asks.says.contains("asked about before each use"), "{}", asks.says);
    assert!(!cache("", "200 OK\nCache-Control: no-cache=\"x\", max-age=5\n").validate_first);
}

#[test]
fn rfc9111_4_1_vary_everything_fits_nothing() {
    assert!(cache("", "200 OK\nVary: *\nCache-Control: max-age=5\n").never_fits);
}

#[test]
fn rfc9111_3_where_caches_in_use_keep_less_than_they_may() {
    for (response, says) in [
        ("200 OK\nCache-Control: max-age=9\nSet-Cookie: a=1\n", "keep no such answer"),
        ("206 Partial Content\nContent-Range: bytes 0-0/2\n", "put ranges together"),
    ] {
        let cache = cache("", response);
        assert!(cache.store_shared, "{response}");
        assert!(cache.steps.iter().any(|step| step.says.contains(says)), "{response}: {:?}", cache.steps);
    }
    for response in [
        "200 OK\nCache-Control: private, max-age=9\nSet-Cookie: a=1\n",
        "302 Found\nCache-Control: max-age=9\n",
        "206 Partial Content\nCache-Control: no-store\n",
    ] {
        let cache = cache("", response);
        assert!(!cache.steps.iter().any(|step| step.says.contains("kep")), "{response}: {:?}", cache.steps);
        assert!(!cache.steps.iter().any(|step| step.says.contains("keep")), "{response}: {:?}", cache.steps);
    }
}
