//! A request as a curl command.

use super::Request;
use super::shell::{escapes, is_text, word};

/// Fields that curl adds by itself when they are not given.
const ADDED: &[&str] = &["User-Agent", "Accept"];

/// The command, on several lines. A body that is no text comes from `printf` over a pipe.
#[must_use]
pub fn curl(request: &Request) -> String {
    let mut lines = vec![format!("curl {}", word(request.url.as_bytes()))];
    lines.extend(
        method(request)
            .map(str::to_owned)
            .map(|flag| flag.replace("METHOD", &word(request.method.as_bytes()))),
    );
    lines.extend(version(request));
    lines.extend(target(request));
    lines.extend(fields(request));
    if is_coded(request) {
        lines.push("--compressed".to_owned());
    }
    let body = &request.body;
    if is_text(body) {
        if request.has_body {
            lines.push(format!("--data-raw {}", word(body)));
        }
        return lines.join(" \\\n  ");
    }
    lines.push("--data-binary @-".to_owned());
    format!("printf '{}' |\n{}", escapes(body), lines.join(" \\\n  "))
}

/// The flag for a method that curl would not choose.
fn method(request: &Request) -> Option<&'static str> {
    match (request.method.as_str(), request.has_body) {
        ("GET", false) | ("POST", true) => None,
        // With -X HEAD curl would wait for a body.
        ("HEAD", false) => Some("--head"),
        _ => Some("-X METHOD"),
    }
}

/// The flag for HTTP/2: asked for by ALPN, and without TLS spoken without asking (RFC 9113 3.3).
fn version(request: &Request) -> Option<String> {
    let flag = if request.url.starts_with("https://") { "--http2" } else { "--http2-prior-knowledge" };
    request.http2.then(|| flag.to_owned())
}

/// What keeps curl from reading a URL in its own way.
fn target(request: &Request) -> Vec<String> {
    let mut flags = Vec::new();
    if request.asterisk {
        flags.push("--request-target '*'".to_owned());
    }
    if request.url.contains(['[', ']', '{', '}']) {
        flags.push("--globoff".to_owned());
    }
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    if path.contains("/./") || path.contains("/../") || path.ends_with("/.") || path.ends_with("/..") {
        flags.push("--path-as-is".to_owned());
    }
    flags
}

fn fields(request: &Request) -> Vec<String> {
    let mut flags = Vec::new();
    for (name, value) in &request.fields {
        // What curl writes by itself, HTTP/2 has it in lower-case as all names.
        if (name == "Accept" || (request.http2 && name == "accept")) && value.as_ref() == b"*/*" {
            continue;
        }
        // "Name;" is curl's way to send a field without a value; "Name:" takes it away.
        let line = if value.is_empty() {
            format!("{name};").into_bytes()
        } else {
            [name.as_bytes(), b": ", value].concat()
        };
        flags.push(format!("-H {}", word(&line)));
    }
    let body = if request.has_body { &["Content-Type"][..] } else { &[] };
    for name in ADDED.iter().chain(body).filter(|name| request.value(name).is_none()) {
        flags.push(format!("-H '{name}:'"));
    }
    flags
}

/// Whether the answer may come coded, so that curl has to undo it.
fn is_coded(request: &Request) -> bool {
    let accepted = request.value("accept-encoding").unwrap_or_default();
    accepted
        .split(|byte| *byte == b',')
        .map(|member| member.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii())
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::request::tests::exchange;

    fn of(head: &[u8], body: &[u8]) -> String {
        curl(&Request::of(&exchange(head, "h.test", body), body).unwrap())
    }

    #[test]
    fn a_plain_get_is_short() {
        let head = b"GET http://h.test/a?b=c&d HTTP/1.1\r\nHost: h.test\r\nUser-Agent: curl/8\r\nAccept: */*\r\nProxy-Connection: Keep-Alive\r\n\r\n";
        assert_eq!(of(head, b""), "curl 'http://h.test/a?b=c&d' \\\n  -H 'User-Agent: curl/8'");
    }

    #[test]
    fn rfc9113_8_3_of_http2_the_version_is_said_and_pseudo_fields_are_not() {
        let head = b"GET /a HTTP/2\r\n:method: GET\r\n:authority: h.test\r\n:scheme: https\r\n:path: /a\r\n\
                     user-agent: a\r\naccept: */*\r\nx-a: 1\r\n\r\n";
        let mut exchange = exchange(head, "h.test", b"");
        let curl = |exchange: &_| curl(&Request::of(exchange, b"").unwrap());
        let fields = "-H 'user-agent: a' \\\n  -H 'x-a: 1'";
        assert_eq!(
            curl(&exchange),
            format!("curl 'http://h.test/a' \\\n  --http2-prior-knowledge \\\n  {fields}")
        );
        exchange.summary.scheme = crate::exchange::Scheme::Https;
        assert_eq!(curl(&exchange), format!("curl 'https://h.test/a' \\\n  --http2 \\\n  {fields}"));
        let request = Request::of(&exchange, b"").unwrap();
        for text in [
            crate::export::httpie(&request),
            crate::export::python(&request),
            crate::export::fetch(&request),
            crate::export::markdown(&exchange, b"", b""),
        ] {
            assert!(!text.contains(":method") && !text.contains(":path") && text.contains("x-a"), "{text}");
        }
    }

    #[test]
    fn methods_that_curl_would_choose_are_not_named() {
        let fields = "Host: h.test\r\nUser-Agent: a\r\nAccept: */*\r\nContent-Type: t/t\r\n";
        for (method, length, expected) in [
            (
                "POST",
                "2",
                "curl 'http://h.test/' \\\n  -H 'User-Agent: a' \\\n  -H 'Content-Type: t/t' \\\n  --data-raw '@x'",
            ),
            (
                "PUT",
                "2",
                "curl 'http://h.test/' \\\n  -X 'PUT' \\\n  -H 'User-Agent: a' \\\n  -H 'Content-Type: t/t' \\\n  --data-raw '@x'",
            ),
        ] {
            let head = format!("{method} / HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n");
            assert_eq!(of(head.as_bytes(), b"@x"), expected);
        }
        assert!(of(format!("HEAD / HTTP/1.1\r\n{fields}\r\n").as_bytes(), b"").contains("--head"));
        assert!(of(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes(), b"").contains("-X 'POST'"));
    }

    #[test]
    fn compressed_only_when_the_client_took_codings() {
        let head = |coding: &str| format!("GET / HTTP/1.1\r\nAccept-Encoding: {coding}\r\n\r\n");
        assert!(of(head("gzip, br").as_bytes(), b"").contains("--compressed"));
        assert!(!of(head("identity;q=1").as_bytes(), b"").contains("--compressed"));
    }

    #[test]
    fn a_body_that_is_no_text_comes_over_a_pipe() {
        let text = of(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", b"\x00'\xff");
        assert!(text.starts_with("printf '\\000\\047\\377' |\ncurl 'http://h.test/'"), "{text}");
        assert!(text.ends_with("--data-binary @-"), "{text}");
    }
}
