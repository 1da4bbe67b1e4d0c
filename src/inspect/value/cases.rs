//! Values with what their parts say: one table, read from outside through [`parse`].

use super::parse;

/// The text of each part with its meaning, as far as it has one.
fn told(name: &str, value: &str) -> Vec<(String, String)> {
    let parsed = parse(name.as_bytes(), value.as_bytes());
    assert_eq!(parsed.broken, None, "{name}: {value}");
    let text = |part: &crate::inspect::Part| value.get(part.span.clone()).unwrap().to_owned();
    parsed.parts.iter().map(|part| (text(part), part.meaning.clone())).collect()
}

#[track_caller]
fn says(name: &str, value: &str, expected: &[(&str, &str)]) {
    let told = told(name, value);
    let told: Vec<_> = told.iter().map(|(text, meaning)| (text.as_str(), meaning.as_str())).collect();
    assert_eq!(told, expected, "{name}: {value}");
}

/// The byte where it breaks, and the texts of the parts before.
#[track_caller]
fn breaks(name: &str, value: &str, at: usize, parts: &[&str]) {
    let parsed = parse(name.as_bytes(), value.as_bytes());
    let found: Vec<_> = parsed.parts.iter().map(|part| value.get(part.span.clone()).unwrap()).collect();
    assert_eq!((parsed.broken.map(|broken| broken.at), found), (Some(at), parts.to_vec()), "{name}: {value}");
}

#[test]
fn rfc9111_5_2_directives_by_name_and_section() {
    says(
        "Cache-Control",
        "max-age=2592000, private=\"x-a, x-b\", no-cache, x",
        &[
            ("max-age=2592000", "fresh for 30 days"),
            ("private=\"x-a, x-b\"", "only the user's own cache may keep it: x-a, x-b"),
            ("no-cache", "ask the origin server before each reuse"),
            ("x", "not a name that is known here"),
        ],
    );
    let parsed = parse(b"Cache-Control", b"stale-while-revalidate=30");
    assert_eq!(parsed.parts[0].spec.unwrap().to_string(), "RFC 5861 3");
    breaks("Cache-Control", "max-age=60, {x}", 12, &["max-age=60"]);
    breaks("Cache-Control", "private=\"a", 10, &["private=\"a"]);
}

#[test]
fn rfc9110_7_6_3_hops_with_and_without_names() {
    says(
        "Via",
        "1.0 fred, HTTP/1.1 p.example:80 (Apache/1.1)",
        &[
            ("1.0 fred", "received in version 1.0"),
            ("1.0", "the version of HTTP that this hop received"),
            ("fred", "who passed it on"),
            ("HTTP/1.1 p.example:80 (Apache/1.1)", "received in version HTTP/1.1"),
            ("HTTP/1.1", "the version of HTTP that this hop received"),
            ("p.example:80", "who passed it on"),
            ("(Apache/1.1)", "a remark for people"),
        ],
    );
    breaks("Via", "1.0 fred, 1.1 (Apache/1.1)", 14, &["1.0 fred", "1.0", "fred", "1.1 (Apache/1.1)", "1.1"]);
}

#[test]
fn rfc9110_7_8_protocols() {
    says(
        "Upgrade",
        "HTTP/2.0, SHTTP/1.3, IRC/6.9, RTA/x11",
        &[
            ("HTTP/2.0", "another version of HTTP"),
            ("SHTTP/1.3", "another protocol"),
            ("IRC/6.9", "chat by IRC"),
            ("RTA/x11", "another protocol"),
        ],
    );
    breaks("Connection", "\u{201c}Connection\u{201d}", 0, &[]);
}

#[test]
fn rfc7234_5_5_a_warning_in_its_four_parts() {
    let parts = told("Warning", "112 - \"cache down\" \"Wed, 21 Oct 2015 07:28:00 GMT\"");
    let texts: Vec<_> = parts.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["112", "-", "\"cache down\"", "Wed, 21 Oct 2015 07:28:00 GMT"]);
    assert_eq!(parts[0].1, "the cache is cut off from the network");
}

#[test]
fn rfc6265_5_a_cookie_with_its_attributes() {
    says(
        "Set-Cookie",
        "__Host-sid=38afes7a8; Path=/; Secure; Max-Age=3600; SameSite=Lax; Colour=red",
        &[
            ("__Host-sid=38afes7a8", "__Host-sid: 9 characters; __Host- promises: Secure, Path=/, no Domain"),
            ("Path=/", "sent only for paths below this one"),
            ("Secure", "sent over TLS only"),
            ("Max-Age=3600", "kept for 1 h; wins over Expires"),
            ("SameSite=Lax", "from other sites sent only when the user follows a link"),
            ("Colour=red", "not an attribute that user agents know: ignored"),
        ],
    );
    says(
        "Cookie",
        "a=1; b=\"x;y\"",
        &[("a=1", "a: 1 character"), ("b=\"x", "b: 2 characters"), ("y\"", "a value without a name")],
    );
}

#[test]
fn rfc7617_2_the_password_is_never_repeated() {
    says(
        "Authorization",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        &[
            ("Basic", "name and password in base64: readable by everybody on the way unless there is TLS"),
            ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "user \"Aladdin\", a password of 11 characters"),
        ],
    );
    breaks("Authorization", "Basic bm9jb2xvbg==", 18, &["Basic"]);
}

#[test]
fn rfc7519_a_token_opened() {
    let parts = told("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJqb2UiLCJleHAiOjE3MDAwMDAwMDB9.");
    assert_eq!(parts[1].1, "signed with none: not signed at all");
    assert_eq!(parts[2].1, "about joe, good until Tuesday 2023-11-14 22:13:20 UTC");
}

#[test]
fn rfc9110_11_6_1_challenges_share_their_commas_with_parameters() {
    let parts = told("WWW-Authenticate", "Digest realm=\"a, b\", nonce=x, Negotiate, Basic realm=c");
    let texts: Vec<_> = parts.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["Digest", "realm=\"a, b\"", "nonce=x", "Negotiate", "Basic", "realm=c"]);
}

#[test]
fn rfc9110_8_and_12_content_and_its_negotiation() {
    says(
        "Content-Type",
        "text/html; charset=\"utf-8\"",
        &[("text/html", "a web page"), ("charset=\"utf-8\"", "how the text is written in bytes: utf-8")],
    );
    says(
        "Accept-Encoding",
        "br;q=1.0, *;q=0",
        &[
            ("br", "Brotli"),
            ("q=1.0", "as welcome as can be"),
            ("*", "any coding"),
            ("q=0", "not wanted at all"),
        ],
    );
    breaks("Accept", "text/html, image", 16, &["text/html"]);
    breaks("Accept-Language", "de, en_US", 4, &["de"]);
    breaks("Content-Type", "text", 4, &[]);
}

#[test]
fn rfc9110_13_and_14_conditions_and_ranges() {
    let weak = "weak: equal in meaning, perhaps not in every byte";
    says(
        "If-None-Match",
        "W/\"a,b\" , \"c\"",
        &[("W/\"a,b\"", weak), ("\"c\"", "strong: equal means equal byte for byte")],
    );
    breaks("ETag", "abc", 0, &[]);
    breaks("ETag", "\"a", 2, &[]);
    let parts = told("Range", "bytes=0-499, -5");
    assert_eq!((parts[1].1.as_str(), parts[2].1.as_str()), ("bytes 0 to 499: 500 bytes", "the last 5 bytes"));
    let parts = told("Content-Range", "bytes 0-4/10");
    assert_eq!(parts[2].1, "of 10 bytes in all");
    breaks("Range", "bytes=9-5", 6, &["bytes"]);
}

#[test]
fn rfc6266_and_8187_a_name_in_full() {
    let parts = told("Content-Disposition", "attachment; filename=\"e.txt\"; filename*=UTF-8''%e2%82%ac.txt");
    assert_eq!(parts[2].1, "the name in full: €.txt");
}

#[test]
fn links_alternatives_forwarding() {
    let parts = told("Link", "<https://api.test/u?page=2>; rel=\"next\", </x>; rel=preload; as=style");
    assert_eq!(parts[0], ("<https://api.test/u?page=2>".to_owned(), "the next page".to_owned()));
    let parts = told("Alt-Svc", "h3=\":443\"; ma=86400");
    assert_eq!((parts[0].1.as_str(), parts[1].1.as_str()), ("offers HTTP/3", "remembered for 1 day"));
    let parts = told("Forwarded", "for=\"[2001:db8::1]:80\";proto=https");
    assert_eq!(parts[1].1, "an IPv6 address");
    breaks("Forwarded", "for=[::1]", 4, &["for=[::1]"]);
}

#[test]
fn policies_and_traces() {
    let parts = told("Content-Security-Policy", "default-src 'self'; img-src *");
    assert_eq!(parts[1].1, "this page's own origin");
    let parts = told("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    assert_eq!(parts[0].1, "remembered for 365 days");
    let parts = told("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(parts.len(), 4);
    let parts = told("Report-To", "{\"group\":\"g\",\"max_age\":10}");
    assert_eq!(parts[0].1, "the group's name");
    let parts = told("Permissions-Policy", "camera=(), geolocation=(self \"https://a.test\")");
    assert_eq!(parts.len(), 6);
    let parts = told("Cache-Status", "edge; hit; ttl=513, mid; fwd=stale");
    assert_eq!(parts[1].1, "answered from the cache");
}
