//! What makes a section malformed, clause by clause, and what a good one says.

use crate::exchange::{Authority, Head, Scheme, SectionField};
use crate::hop::{
    Bounds, Destination, Fault, Framing, RequestFacts, ResponseFacts, Version, check_request_http2,
    check_response_http2, check_trailers_http2, route,
};
use bytes::Bytes;

const BOUNDS: Bounds = Bounds { fields: 100, head: 4096 };

/// Fields from `name: value` split by ` | `; a name ends at the first `: ` behind its first byte.
pub(super) fn section(text: &str) -> Vec<SectionField> {
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        SectionField { name: bytes(name), value: bytes(value), never_indexed: false }
    };
    text.split(" | ").filter(|line| !line.is_empty()).map(field).collect()
}

/// The four pseudo-fields of most requests, and more lines.
fn get(more: &str) -> Head {
    let lines = ":method: GET | :scheme: https | :authority: h | :path: /";
    Head::of_request_section(&section(&format!("{lines} | {more}")))
}

fn request(head: &Head) -> Result<RequestFacts, Fault> {
    check_request_http2(head, true, &BOUNDS)
}

fn response(text: &str, to_head: bool, ends: bool) -> Result<ResponseFacts, Fault> {
    check_response_http2(&Head::of_response_section(&section(text)), to_head, ends, &BOUNDS)
}

/// Refused with that clause, at the text that `marked` begins.
#[track_caller]
fn refused(head: &Head, clause: &str, marked: &str) {
    let fault = request(head).expect_err(marked);
    assert_eq!((fault.status, fault.clause), (400, clause), "{fault:?}");
    let at = head.raw().get(fault.offset..).unwrap_or_default();
    assert!(
        at.starts_with(marked.as_bytes()),
        "{:?} at {}",
        String::from_utf8_lossy(head.raw()),
        fault.offset
    );
}

#[track_caller]
fn refused_section(text: &str, clause: &str, marked: &str) {
    refused(&Head::of_request_section(&section(text)), clause, marked);
}

#[test]
fn rfc9113_8_2_1_names() {
    for (line, clause, marked) in [
        ("User-agent: x", "RFC 9113 8.2.1", "User"),
        ("x-A: b", "RFC 9113 8.2.1", "A: b"),
        ("x a: b", "RFC 9113 8.2.1", "\\x20a"),
        ("x\0: b", "RFC 9113 8.2.1", "\\0: b"),
        ("x\x7f: b", "RFC 9113 8.2.1", "\x7f"),
        ("x\u{e9}: b", "RFC 9113 8.2.1", "\u{e9}"),
        ("x:y: b", "RFC 9113 8.2.1", "\\x3ay"),
        ("x\r\ny: b", "RFC 9113 8.2.1", "\\r\\ny"),
        ("\tx: b", "RFC 9113 8.2.1", "\\x09x"),
        ("(x): b", "RFC 9110 5.1", "(x)"),
        ("\\x: b", "RFC 9110 5.1", "\\x"),
    ] {
        refused(&get(line), clause, marked);
    }
    let nameless = SectionField { name: Bytes::new(), value: Bytes::from_static(b"v"), never_indexed: false };
    let mut fields = section(":method: GET | :scheme: https | :authority: h | :path: /");
    fields.push(nameless);
    refused(&Head::of_request_section(&fields), "RFC 9113 8.2.1", ": v");
}

#[test]
fn rfc9113_8_2_1_values() {
    for (line, clause, marked) in [
        ("x: a\rb", "RFC 9113 8.2.1", "\\rb"),
        ("x: a\nb: c", "RFC 9113 8.2.1", "\\nb"),
        ("x: \0", "RFC 9113 8.2.1", "\\0"),
        ("x:  a", "RFC 9113 8.2.1", " a"),
        ("x: \ta", "RFC 9113 8.2.1", "\ta"),
        ("x: a ", "RFC 9113 8.2.1", " \r\n"),
        ("x:  ", "RFC 9113 8.2.1", " \r\n"),
        ("x: \x1b[2J", "RFC 9110 5.5", "\x1b"),
        ("x: a\x0c", "RFC 9110 5.5", "\x0c"),
    ] {
        refused(&get(line), clause, marked);
    }
    for line in ["x: ", "x: a b\tc", "x: \u{e9}", "x: C:\\root\\new", "x-y_z.~!#$%&'*+^`|: a", "a: :b: c"] {
        assert!(request(&get(line)).is_ok(), "{line}");
    }
}

#[test]
fn rfc9113_8_2_2_connection_specific_fields() {
    for line in [
        "connection: close",
        "proxy-connection: keep-alive",
        "keep-alive: timeout=5",
        "transfer-encoding: chunked",
        "upgrade: websocket",
        "te: gzip",
        "te: trailers, gzip",
        "te: ",
    ] {
        refused(&get(line), "RFC 9113 8.2.2", line);
        assert_eq!(response(&format!(":status: 200 | {line}"), false, true).map_err(|f| f.status), Err(502));
    }
    assert!(request(&get("te: trailers")).is_ok());
    assert!(request(&get("upgrade-insecure-requests: 1")).is_ok());
}

#[test]
fn rfc9113_8_3_pseudo_fields_come_first_once_and_are_known() {
    let all = ":method: GET | :scheme: https | :authority: h | :path: /";
    refused_section(&format!("{all} | :nope: a"), "RFC 9113 8.3", ":nope");
    refused_section(&format!("{all} | :Path: /b"), "RFC 9113 8.3", ":Path");
    refused_section(&format!("{all} | :: a"), "RFC 9113 8.3", "::");
    refused_section(&format!("{all} | :status: 200"), "RFC 9113 8.3", ":status");
    refused_section(&format!("{all} | :path: /"), "RFC 9113 8.3", ":path: /\r\n\r\n");
    refused_section(&format!("a: b | {all}"), "RFC 9113 8.3", ":method");
    refused_section(
        ":method: GET | :scheme: https | a: b | :path: / | :authority: h",
        "RFC 9113 8.3",
        ":path",
    );
}

#[test]
fn rfc9113_8_3_1_method_scheme_and_path_are_there() {
    let missing = "\r\n";
    refused_section(":scheme: https | :authority: h | :path: /", "RFC 9113 8.3.1", missing);
    refused_section(":method: GET | :authority: h | :path: /", "RFC 9113 8.3.1", missing);
    refused_section(":method: GET | :scheme: https | :authority: h", "RFC 9113 8.3.1", missing);
    refused_section(":method: GET | :scheme: https | :path: /", "RFC 9113 8.3.1", missing);
    refused_section(":method: GET | :scheme: https | :path: / | :authority: ", "RFC 9113 8.3.1", missing);
    refused_section(":method: G T | :scheme: https | :path: / | :authority: h", "RFC 9110 9.1", "G T");
    refused_section(":method:  | :scheme: https | :path: / | :authority: h", "RFC 9110 9.1", "");
    refused_section(":method: GET | :scheme: 1 | :path: / | :authority: h", "RFC 9113 8.3.1", "1");
    refused_section(":method: GET | :scheme:  | :path: / | :authority: h", "RFC 9113 8.3.1", "");
}

#[test]
fn rfc9113_8_3_1_paths() {
    let with = |method: &str, scheme: &str, path: &str| {
        Head::of_request_section(&section(&format!(
            ":method: {method} | :scheme: {scheme} | :authority: h | :path: {path}"
        )))
    };
    for (method, path) in [
        ("GET", ""),
        ("GET", "*"),
        ("OPTIONS", ""),
        ("GET", "a"),
        ("GET", "?a"),
        ("GET", "http://h/"),
        ("GET", "/a b"),
        ("GET", "/\x01"),
        ("GET", "/\x7f"),
    ] {
        for scheme in ["http", "https", "HTTPS"] {
            let fault = request(&with(method, scheme, path)).expect_err(path);
            assert_eq!(fault.status, 400, "{path:?}");
            assert!(["RFC 9113 8.3.1", "RFC 9110 5.5"].contains(&fault.clause), "{path:?}: {fault:?}");
        }
    }
    for (method, path) in
        [("OPTIONS", "*"), ("GET", "/"), ("GET", "/?a"), ("GET", "/\"<>{}\u{e9}%zz"), ("GET", "//")]
    {
        assert!(request(&with(method, "https", path)).is_ok(), "{path}");
    }
    assert!(request(&with("GET", "urn", "a")).is_ok());
}

#[test]
fn rfc9113_8_3_1_authority_and_host() {
    let with = |lines: &str| {
        Head::of_request_section(&section(&format!(":method: GET | :scheme: https | :path: / | {lines}")))
    };
    for (lines, clause, marked) in [
        (":authority: u@h", "RFC 9113 8.3.1", "@h"),
        (":authority: u:p@h", "RFC 9113 8.3.1", "@h"),
        ("host: u@h", "RFC 9113 8.3.1", "@h"),
        (":authority: h | host: g", "RFC 9113 8.3.1", "g"),
        (":authority: h | host: h:80", "RFC 9113 8.3.1", "h:80"),
        (":authority: h | host: ", "RFC 9113 8.3.1", ""),
        (":authority: h x", "RFC 9110 7.2", "h x"),
        (":authority: h/a", "RFC 9110 7.2", "h/a"),
        (":authority: h:x", "RFC 9110 7.2", "h:x"),
        ("host: h | host: h", "RFC 9110 7.2", "host: h\r\n\r\n"),
    ] {
        refused(&with(lines), clause, marked);
    }
    for lines in [":authority: h", "host: h", ":authority: H | host: h:443", ":authority: [::1]:8443"] {
        assert!(request(&with(lines)).is_ok(), "{lines}");
    }
}

#[test]
fn rfc9113_8_5_connect_has_method_and_authority_alone() {
    refused_section(":method: CONNECT | :scheme: https | :authority: h:1", "RFC 9113 8.5", ":scheme");
    refused_section(":method: CONNECT | :authority: h:1 | :path: /", "RFC 9113 8.5", ":path");
    refused_section(":method: CONNECT", "RFC 9113 8.5", "\r\n");
    refused_section(":method: CONNECT | host: h:1", "RFC 9113 8.5", "\r\n");
    let connect = Head::of_request_section(&section(":method: CONNECT | :authority: h:1"));
    let facts = check_request_http2(&connect, false, &BOUNDS).expect("connect");
    assert_eq!((facts.connect, facts.extended, facts.framing), (true, false, Framing::None));
    let body = Head::of_request_section(&section(":method: CONNECT | :authority: h:1 | content-length: 5"));
    let fault = check_request_http2(&body, false, &BOUNDS).expect_err("body");
    assert_eq!(fault.clause, "RFC 9110 9.3.6");
}

#[test]
fn rfc8441_4_extended_connect() {
    let all = ":method: CONNECT | :protocol: websocket | :scheme: https | :authority: h | :path: /c";
    let head = Head::of_request_section(&section(all));
    let facts = check_request_http2(&head, false, &BOUNDS).expect("extended");
    assert_eq!((facts.connect, facts.extended, facts.framing), (false, true, Framing::Stream));
    refused_section(&all.replace("CONNECT", "GET"), "RFC 8441 4", ":protocol");
    refused_section(&all.replace(" | :path: /c", ""), "RFC 8441 4", "\r\n");
    refused_section(&all.replace(" | :scheme: https", ""), "RFC 8441 4", "\r\n");
    refused_section(&all.replace("websocket", "web socket"), "RFC 8441 4", "web socket");
    refused_section(&all.replace(" | :authority: h", ""), "RFC 9113 8.3.1", "\r\n");
}

#[test]
fn rfc9113_8_1_1_lengths_of_requests() {
    let framing = |line: &str, ends: bool| {
        check_request_http2(&get(line), ends, &BOUNDS).map(|f| f.framing).map_err(|f| (f.status, f.clause))
    };
    let malformed = Err((400, "RFC 9113 8.1.1"));
    for (line, ends, expected) in [
        ("", true, Ok(Framing::None)),
        ("", false, Ok(Framing::Stream)),
        ("content-length: 3", false, Ok(Framing::Length(3))),
        ("content-length: 0", true, Ok(Framing::None)),
        ("content-length: 0", false, Ok(Framing::Length(0))),
        ("content-length: 3 | content-length: 3", false, Ok(Framing::Length(3))),
        ("content-length: 3", true, malformed),
        ("content-length: 3 | content-length: 4", false, malformed),
        ("content-length: +3", false, malformed),
        ("content-length: ", false, malformed),
        ("content-length: 18446744073709551616", false, malformed),
    ] {
        assert_eq!(framing(line, ends), expected, "{line}");
    }
}

#[test]
fn facts_of_a_request() {
    let facts = check_request_http2(&get("expect: 100-continue"), false, &BOUNDS).expect("facts");
    assert_eq!(
        facts,
        RequestFacts {
            version: Version::Http2,
            framing: Framing::Stream,
            persistent: true,
            keep_alive: false,
            expects_continue: true,
            upgrade: false,
            connect: false,
            extended: false,
            head_method: false,
        }
    );
    assert!(!request(&get("expect: 100-continue")).expect("no body").expects_continue);
    let head = section(":method: HEAD | :scheme: https | :authority: h | :path: /");
    assert!(request(&Head::of_request_section(&head)).expect("head").head_method);
}

#[test]
fn rfc6585_5_sections_beyond_the_bounds() {
    let many = (0..100).map(|at| format!("x: {at}")).collect::<Vec<_>>().join(" | ");
    let fault = request(&get(&many)).expect_err("too many");
    assert_eq!((fault.status, fault.clause), (431, "RFC 6585 5"));
    let fault = request(&get(&format!("x: {}", "a".repeat(4096)))).expect_err("too long");
    assert_eq!((fault.status, fault.clause), (431, "RFC 6585 5"));
    assert!(request(&get(&many.replacen("x: 0 | x: 1 | x: 2 | x: 3 | ", "", 1))).is_ok());
}

#[test]
fn rfc9113_8_3_2_status() {
    for (text, clause) in [
        ("a: b", "RFC 9113 8.3.2"),
        (":status: 20", "RFC 9113 8.3.2"),
        (":status: 2000", "RFC 9113 8.3.2"),
        (":status: 099", "RFC 9113 8.3.2"),
        (":status: abc", "RFC 9113 8.3.2"),
        (":status: +20", "RFC 9113 8.3.2"),
        (":status: ", "RFC 9113 8.3.2"),
        (":status: 101", "RFC 9113 8.6"),
        (":status: 200 | :status: 200", "RFC 9113 8.3"),
        (":status: 200 | :path: /", "RFC 9113 8.3"),
        ("a: b | :status: 200", "RFC 9113 8.3"),
    ] {
        let fault = response(text, false, false).expect_err(text);
        assert_eq!((fault.status, fault.clause), (502, clause), "{text}");
    }
    for status in [100, 103, 200, 299, 426, 999] {
        assert_eq!(response(&format!(":status: {status}"), false, false).map(|f| f.status), Ok(status));
    }
}

#[test]
fn rfc9113_8_1_an_interim_response_does_not_end_the_stream() {
    let fault = response(":status: 103", false, true).expect_err("ends");
    assert_eq!((fault.status, fault.clause), (502, "RFC 9113 8.1"));
}

#[test]
fn rfc9113_8_1_1_lengths_of_responses() {
    let malformed = Err("RFC 9113 8.1.1");
    for (text, to_head, ends, expected) in [
        (":status: 200", false, false, Ok(Framing::Stream)),
        (":status: 200", false, true, Ok(Framing::Length(0))),
        (":status: 200 | content-length: 5", false, false, Ok(Framing::Length(5))),
        (":status: 200 | content-length: 5", false, true, malformed),
        (":status: 200 | content-length: x", false, false, malformed),
        (":status: 200 | content-length: 5", true, true, Ok(Framing::None)),
        (":status: 304 | content-length: 5", false, true, Ok(Framing::None)),
        (":status: 204 | content-length: 5", false, true, Ok(Framing::None)),
        (":status: 204", false, true, Ok(Framing::None)),
        (":status: 103 | content-length: 5", false, false, Ok(Framing::None)),
    ] {
        let seen = response(text, to_head, ends);
        assert_eq!(seen.map(|facts| facts.framing).map_err(|fault| fault.clause), expected, "{text}");
    }
}

#[test]
fn rfc9113_8_1_trailers_have_no_pseudo_fields() {
    let bounds = Bounds { fields: 3, head: 100 };
    for (text, expected) in [
        ("", Ok(())),
        ("grpc-status: 0 | x: ", Ok(())),
        ("x: a\\r", Ok(())),
        (":status: 200", Err((400, 0, "RFC 9113 8.1"))),
        ("a: b | :path: /", Err((400, 6, "RFC 9113 8.1"))),
        ("a: b | A: b", Err((400, 6, "RFC 9113 8.2.1"))),
        ("a: b | c: d\re", Err((400, 10, "RFC 9113 8.2.1"))),
        ("a: b | connection: x", Err((400, 6, "RFC 9113 8.2.2"))),
        ("a: b | a: b | a: b | a: b", Err((431, 24, "RFC 6585 5"))),
    ] {
        let seen = check_trailers_http2(&section(text), &bounds);
        assert_eq!(seen.map_err(|f| (f.status, f.offset, f.clause)), expected, "{text}");
    }
}

#[test]
fn rfc9113_8_3_1_a_request_goes_where_scheme_and_authority_say() {
    let to = |text: &str, tunnel: Option<(Scheme, &Authority)>| {
        let head = Head::of_request_section(&section(text));
        let facts = check_request_http2(&head, true, &BOUNDS).map_err(|fault| fault.status)?;
        match route(&head, &facts, tunnel).map_err(|fault| fault.status)? {
            Destination::Origin(route) => Ok(format!("{} {}", route.scheme.as_str(), route.authority)),
            Destination::Ourselves => Ok("us".to_owned()),
        }
    };
    let authority = Authority { host: "t".to_owned(), port: 8443 };
    let tunnel = Some((Scheme::Https, &authority));
    for (text, tunnel, expected) in [
        (":method: GET | :scheme: http | :authority: H | :path: /", None, Ok("http h:80")),
        (":method: GET | :scheme: HTTPS | :authority: h:8 | :path: /", None, Ok("https h:8")),
        (":method: GET | :scheme: https | host: h | :path: /", None, Err(400)),
        (":method: GET | :scheme: https | :path: / | host: h", None, Ok("https h:443")),
        (":method: GET | :scheme: https | :path: / | :authority: h:0", None, Err(400)),
        (":method: GET | :scheme: ftp | :path: / | :authority: h", None, Err(501)),
        (":method: OPTIONS | :scheme: https | :path: *", None, Ok("us")),
        (":method: OPTIONS | :scheme: https | :path: * | :authority: h", None, Ok("https h:443")),
        (":method: CONNECT | :authority: h:443", None, Ok("https h:443")),
        (":method: CONNECT | :authority: h", None, Err(400)),
        (":method: CONNECT | :authority: h:443", tunnel, Err(501)),
        (":method: GET | :scheme: https | :authority: other | :path: /", tunnel, Ok("https t:8443")),
        (":method: GET | :scheme: http | :authority: t | :path: /", tunnel, Err(400)),
        (":method: OPTIONS | :scheme: https | :path: *", tunnel, Ok("https t:8443")),
        (
            ":method: CONNECT | :protocol: websocket | :scheme: https | :authority: t | :path: /",
            tunnel,
            Ok("https t:8443"),
        ),
    ] {
        assert_eq!(to(text, tunnel), expected.map(str::to_owned), "{text}");
    }
}
