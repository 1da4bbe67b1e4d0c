//! What holds of parsers and rules whatever the bytes are: they end, their spans lie within the value and
//! in order, their number is bounded.

use super::parts::MOST_PARTS;
use super::{Field, Parsed, View, inspect, parse, table, verdicts};
use crate::exchange::{Head, Scheme};
use bytes::Bytes;
use proptest::prelude::*;

/// Values of the grammars that fields have, to be cut and mixed.
const SEEDS: &[&str] = &[
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "max-age=300, private=\"set-cookie\", no-store",
    "a=1; b=\"x\\\"y\"; c=:aGVsbG8=:, (1 \"two\" three);q=0.5, d;e=?0;f=@12",
    "text/html;charset=utf-8;q=0.9, */*;q=0.1",
    "1.1 vegur (Heroku (x)), HTTP/2 fred:80",
    "<https://a.test/?q=1#f>; rel=\"next\"; title*=UTF-8''a%20b, </x>; rel=preload; as=style",
    "__Host-id=31d4; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=-1; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
    "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiZXhwIjoxfQ.",
    "Digest realm=\"a\", nonce=\"b\", Negotiate TlRMTVNTUAABAAAA, Basic realm=x",
    "bytes 0-499/1234",
    "bytes=0-1, -5, 9-",
    "W/\"a\", \"b\"",
    "default-src 'self' https: 'nonce-abc'; img-src *; frame-ancestors 'none'",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "{\"group\":\"g\",\"max_age\":10,\"endpoints\":[{\"url\":\"https://a\"}]}",
    "for=\"[2001:db8::1]:80\";proto=https;by=_x, for=unknown",
    "h3=\":443\"; ma=86400, h2=\"alt.test:8443\"",
    "110 - \"stale\" \"Sun, 06 Nov 1994 08:49:37 GMT\"",
    "attachment; filename=\"a b\"; filename*=UTF-8''%e2%82%ac",
    "Mozilla/5.0 (X11; Linux (x)) Gecko/20100101",
];

fn holds(name: &str, value: &[u8]) {
    let Parsed { parts, broken } = parse(name.as_bytes(), value);
    let shown = || String::from_utf8_lossy(value).into_owned();
    assert!(parts.len() <= MOST_PARTS, "{name}: {}", shown());
    let mut before = 0;
    for part in &parts {
        assert!(
            part.span.start <= part.span.end && part.span.end <= value.len(),
            "{name}: {part:?} of {}",
            shown()
        );
        assert!(part.span.start >= before, "{name}: {part:?} out of order in {}", shown());
        assert!(part.meaning.len() < 4_000, "{name}: a meaning of {} bytes", part.meaning.len());
        before = part.span.start;
    }
    assert!(
        broken.is_none_or(|broken| broken.at <= value.len() && !broken.says.is_empty()),
        "{name}: {}",
        shown()
    );
}

fn one_field_per_parser() -> Vec<&'static Field> {
    let mut fields: Vec<&Field> = Vec::new();
    for field in table::fields() {
        if !fields.iter().any(|known| std::ptr::fn_addr_eq(known.read, field.read)) {
            fields.push(field);
        }
    }
    fields
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let cut = (0..SEEDS.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(
        |(seed, a, b)| {
            let bytes = SEEDS[seed].as_bytes();
            let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
            bytes[a.min(b)..=a.max(b)].to_vec()
        },
    );
    let signs = prop::collection::vec(
        prop::sample::select(b",;=\"\\()<>: /-*?@%'{}[]\r\n\t\0\xff01aZ".to_vec()),
        0..12,
    );
    let piece = prop_oneof![3 => cut, 2 => signs, 1 => prop::collection::vec(any::<u8>(), 0..30)];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn parts_lie_within_the_value_and_in_order(value in any_value()) {
        for field in one_field_per_parser() {
            holds(field.name, &value);
        }
    }

    #[test]
    fn findings_point_into_their_lines(request in any_head(false), response in any_head(true), sent in any_head(true)) {
        let heads = [Some(&request), Some(&request), Some(&response), Some(&sent)];
        let view = View { heads, scheme: Some(Scheme::Http), host: Some("h.test"), arrived: Some(0), trailers: false, ..View::default() };
        for finding in inspect(&view) {
            let line = heads[finding.message as usize].unwrap().line(finding.line).unwrap();
            prop_assert!(finding.span.start <= finding.span.end && finding.span.end <= line.len(), "{:?}", finding);
        }
    }
}

/// Bytes of all words of a verdict together: steps are bounded in number, and each repeats a few lines at most.
const MOST_WORDS: usize = 256 * 1024;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn verdicts_follow_from_any_heads(request in any_head(false), response in any_head(true), arrived in any::<i64>()) {
        for heads in [[Some(&request), None, Some(&response), None], [Some(&request), None, None, None], [None, None, Some(&response), None]] {
            for scheme in [None, Some(Scheme::Http), Some(Scheme::Https)] {
                let view = View { heads, scheme, host: Some("h.test"), arrived: Some(arrived), trailers: false, ..View::default() };
                let verdicts = verdicts(&view);
                for told in verdicts.told() {
                    prop_assert!(!told.says.is_empty(), "{}", told.topic);
                    let words: usize = told.steps.iter().map(|step| step.says.len()).sum();
                    prop_assert!(words < MOST_WORDS, "{}: {words}", told.topic);
                }
            }
        }
    }
}

fn any_head(response: bool) -> impl Strategy<Value = Head> {
    let starts: &[&str] = if response {
        &[
            "HTTP/1.1 200 OK",
            "HTTP/1.1 206 x",
            "HTTP/2 401 ",
            "HTTP/1.0 101",
            "HTTP/1.1 304 x",
            "HTTP/1.1 204",
            "x",
            "",
            "HTTP/1.1 405 y",
        ]
    } else {
        &[
            "GET / HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "GET http://a@b/#c HTTP/1.1",
            "POST /|x HTTP/2",
            "CONNECT h:1 HTTP/1.1",
            "x",
            "",
            "get x y z",
        ]
    };
    let names = table::fields().map(|field| field.name).collect::<Vec<_>>();
    let name = prop_oneof![6 => prop::sample::select(names), 1 => prop::sample::select(vec!["", " ", "a b", ":status", ":path", "X-A "])];
    let separator = prop::sample::select(vec![": ", ":", " : ", " ", ":\t"]);
    let lines = prop::collection::vec((name, separator, any_value()), 0..12);
    let ends = prop::sample::select(vec!["\r\n", "\n", "\r\n "]);
    (prop::sample::select(starts.to_vec()), lines, ends).prop_map(|(start, lines, end)| {
        let mut raw = format!("{start}\r\n").into_bytes();
        for (name, separator, value) in lines {
            raw.extend([name.as_bytes(), separator.as_bytes(), &value, end.as_bytes()].concat());
        }
        Head::parse(Bytes::from(raw))
    })
}

#[test]
fn large_hostile_values_give_bounded_parts() {
    for unit in [
        ",", "a,", "a;", "\"", "(", "<", "a=\"", "<>,", "=", "a b", "{\"a\":", "\\", ":", "%", "1.1 a (",
        "\"\",",
    ] {
        let value = unit.repeat(60_000 / unit.len());
        for field in one_field_per_parser() {
            holds(field.name, value.as_bytes());
        }
    }
}

#[test]
fn at_least_110_fields_have_spans_of_their_own() {
    let text = super::value::text as super::field::Read;
    let count = table::fields().filter(|field| !std::ptr::fn_addr_eq(field.read, text)).count();
    assert!(count >= 250, "{count}");
}
