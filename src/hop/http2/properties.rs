//! Properties that hold for every head in all four combinations, and over arbitrary octets.

use super::check_tests::section;
use crate::exchange::{Authority, Head, Scheme, SectionField, trailer_lines};
use crate::hop::{
    Bounds, Destination, Forwarded, Framing, RequestFacts, RequestHop, ResponseFacts, ResponseHop, Version,
    check_request, check_request_http2, check_response, check_response_http2, check_trailers,
    check_trailers_http2, forward_interim, forward_request, forward_response, forward_trailers, replay_edits,
    route,
};
use bytes::Bytes;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { fields: 200, head: 64 * 1024 };

/// End-to-end fields, none of which any rule may touch.
fn end_to_end() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("x-q[a-z]{0,3}: ([!-{}~é]([ -{}~é]{0,8}[!-{}~é])?)?", 0..6)
}

/// The same as HTTP/1.1 may write them.
fn written(lines: &[String], upper: bool, space: &str) -> Vec<String> {
    let write = |line: &String| {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        let name = if upper { name.to_uppercase() } else { name.to_owned() };
        format!("{name}:{space}{value}")
    };
    lines.iter().map(write).collect()
}

fn spoken1() -> impl Strategy<Value = Vec<String>> {
    let lines = prop::sample::select(vec![
        "Connection: close, X-One",
        "connection:keep-alive ,\tx-two",
        "CONNECTION: Upgrade, TE",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic eA==",
        "Proxy-Authenticate: Basic",
        "TE: gzip, trailers",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: eA==",
        "Via: 1.0 a",
        "Content-Length: 3",
        "content-length:3, 3",
        "Transfer-Encoding: chunked",
        "X-One: 1",
        "x-two:2",
        "X-Fold: a \r\n\t\r\n  b",
        "Cookie: a=b",
        "Date: x",
        "Max-Forwards: 3",
        "Close: x",
    ]);
    prop::collection::vec(lines.prop_map(str::to_owned), 0..8)
}

fn spoken2() -> impl Strategy<Value = Vec<String>> {
    let lines = prop::sample::select(vec![
        "te: trailers",
        "via: 2.0 a",
        "content-length: 3",
        "content-length: 0",
        "content-length: 3, 3",
        "cookie: a=b",
        "cookie: c=d",
        "host: h",
        "date: x",
        "max-forwards: 3",
        "proxy-authorization: b",
        "proxy-authenticate: b",
        "close: x",
        "expect: 100-continue",
        "sec-websocket-key: x",
        "sec-websocket-accept: x",
        "connection: x",
        "Upper: x",
    ]);
    prop::collection::vec(lines.prop_map(str::to_owned), 0..8)
}

fn request1() -> impl Strategy<Value = (String, Vec<String>)> {
    let line = prop::sample::select(vec![
        "GET / HTTP/1.1",
        "POST /a?b HTTP/1.1",
        "GET http://h:81?q HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "OPTIONS https://h HTTP/1.1",
        "TRACE /x HTTP/1.0",
        "M-X /\u{e9} HTTP/1.1",
    ]);
    (line, end_to_end(), spoken1(), any::<bool>(), "[ \t]{0,2}").prop_map(
        |(line, ends, spoken, upper, space)| {
            let all = [vec!["Host: h".to_owned()], written(&ends, upper, &space), spoken].concat();
            (format!("{line}\r\n{}\r\n\r\n", all.join("\r\n")), ends)
        },
    )
}

fn request2() -> impl Strategy<Value = (Vec<SectionField>, Vec<String>)> {
    let pseudo = prop::sample::select(vec![
        ":method: GET | :scheme: https | :authority: h | :path: /",
        ":method: POST | :path: /a?b | :scheme: http | :authority: H:81",
        ":method: OPTIONS | :scheme: https | :path: *",
        ":method: PUT | :scheme: https | :path: /\u{e9}",
        ":method: CONNECT | :protocol: websocket | :scheme: https | :authority: h | :path: /c",
        ":method: HEAD | :scheme: https | :authority: h | :path: /",
        ":method: GET | :scheme: https | :authority: h",
    ]);
    (pseudo, end_to_end(), spoken2()).prop_map(|(pseudo, ends, spoken)| {
        let all = [vec![pseudo.to_owned()], ends.clone(), spoken].concat();
        (section(&all.join(" | ")), ends)
    })
}

fn response1() -> impl Strategy<Value = (String, Vec<String>)> {
    let line = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.1 204",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 103 Early Hints",
        "HTTP/1.1 999 Very  Odd",
    ]);
    (line, end_to_end(), spoken1(), any::<bool>(), "[ \t]{0,2}").prop_map(
        |(line, ends, spoken, upper, space)| {
            let all = [vec![line.to_owned()], written(&ends, upper, &space), spoken].concat();
            (format!("{}\r\n\r\n", all.join("\r\n")), ends)
        },
    )
}

fn response2() -> impl Strategy<Value = (Vec<SectionField>, Vec<String>)> {
    let status = prop::sample::select(vec![
        ":status: 200",
        ":status: 204",
        ":status: 304",
        ":status: 103",
        ":status: 999",
    ]);
    (status, end_to_end(), spoken2()).prop_map(|(status, ends, spoken)| {
        let all = [vec![status.to_owned()], ends.clone(), spoken].concat();
        (section(&all.join(" | ")), ends)
    })
}

fn head(text: &str) -> Head {
    Head::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn request_facts(head: &Head, ends: bool) -> Option<RequestFacts> {
    if head.is_http2() {
        check_request_http2(head, ends, &BOUNDS).ok()
    } else {
        check_request(head, &BOUNDS).ok()
    }
}

fn send_request(head: &Head, ends: bool, toward: Version, via: bool) -> Option<(RequestFacts, Forwarded)> {
    let facts = request_facts(head, ends)?;
    let authority = Authority { host: "t".to_owned(), port: 443 };
    let tunnel = [Scheme::Https, Scheme::Http].map(|scheme| (scheme, &authority));
    let found = std::iter::once(None)
        .chain(tunnel.into_iter().map(Some))
        .filter_map(|tunnel| route(head, &facts, tunnel).ok())
        .find_map(|found| if let Destination::Origin(route) = found { Some(route) } else { None })?;
    let hop = RequestHop {
        pseudonym: "us",
        via,
        route: &found,
        toward,
        websocket_key: Some("eA=="),
        persistent: true,
    };
    forward_request(head, &facts, &hop).ok().map(|forwarded| (facts, forwarded))
}

fn response_facts(head: &Head, to_head: bool, ends: bool) -> Option<ResponseFacts> {
    if head.is_http2() {
        check_response_http2(head, to_head, ends, &BOUNDS).ok()
    } else {
        check_response(head, to_head, false, &BOUNDS).ok()
    }
}

fn send_response(head: &Head, facts: &ResponseFacts, client: Version, persistent: bool) -> Option<Forwarded> {
    let hop = ResponseHop {
        pseudonym: "us",
        via: true,
        client_version: client,
        client_persistent: persistent,
        now: None,
        websocket_accept: None,
    };
    if facts.status < 200 && !facts.switches {
        Some(forward_interim(head, facts, &hop))
    } else {
        forward_response(head, facts, &hop).ok()
    }
}

/// Every end-to-end line is there, in its order, under its name and with its value.
fn keeps(sent: &Head, lines: &[String]) -> bool {
    let wanted: Vec<(String, Vec<u8>)> = lines
        .iter()
        .map(|line| line.split_once(": ").unwrap_or((line, "")))
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let seen: Vec<(String, Vec<u8>)> = sent
        .fields()
        .map(|field| (String::from_utf8_lossy(field.name).to_lowercase(), field.value.to_vec()))
        .filter(|(name, _)| name.starts_with("x-q"))
        .collect();
    seen == wanted
}

/// Nothing of the connection, no upper-case and no odd spacing is in a section.
fn is_clean(sent: &Head) -> bool {
    let bad = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    sent.fields().all(|field| {
        let name = String::from_utf8_lossy(field.name);
        !bad.contains(&&*name)
            && name.to_lowercase() == name
            && field.line == [field.name, b": ", field.value].concat()
            && (name != "te" || field.value == b"trailers")
    })
}

fn nominated(received: &Head) -> Vec<String> {
    let named = received.members("Connection").map(|name| String::from_utf8_lossy(name).to_lowercase());
    named.filter(|name| name.starts_with("x-")).collect()
}

fn holds(received: &Head, sent: &Head, forwarded: &Forwarded, to_http2: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(replay_edits(received, sent, &forwarded.edits), Ok(()));
    for name in nominated(received) {
        prop_assert!(sent.value(&name).is_none(), "{} survived", name);
    }
    prop_assert_eq!(sent.is_http2(), to_http2);
    if to_http2 {
        prop_assert!(is_clean(sent), "{:?}", sent);
    } else {
        prop_assert!(sent.fields().all(|field| !field.is_pseudo()));
        prop_assert!(httparse_agrees(sent), "{:?}", sent);
    }
    Ok(())
}

/// One request onward, checked; and onward again in the form sent, which changes no more.
fn request_holds(
    received: &Head,
    ends: bool,
    lines: &[String],
    toward: Version,
) -> Result<(), TestCaseError> {
    let Some((facts, forwarded)) = send_request(received, ends, toward, true) else { return Ok(()) };
    let sent = Head::parse(forwarded.raw.clone());
    holds(received, &sent, &forwarded, toward == Version::Http2)?;
    prop_assert!(keeps(&sent, lines), "{:?}", sent);
    let ended = !matches!(forwarded.framing, Framing::Stream | Framing::Chunked | Framing::Length(1..));
    let again = request_facts(&sent, ended).ok_or_else(|| TestCaseError::fail(format!("{sent:?}")))?;
    let (again_empty, empty) = (is_empty(again.framing), is_empty(forwarded.framing));
    prop_assert_eq!(again_empty, empty);
    if !empty {
        prop_assert_eq!(again.framing, forwarded.framing);
    }
    prop_assert_eq!(again.extended || again.upgrade, facts.extended || (facts.upgrade && again.extended));

    let Some((_, once)) = send_request(received, ends, toward, false) else {
        return Err(TestCaseError::fail("Via changes nothing"));
    };
    let sent = Head::parse(once.raw.clone());
    let counted = sent.fields().any(|field| field.is("Max-Forwards"));
    let Some((_, twice)) = send_request(&sent, ended, toward, false) else {
        return Err(TestCaseError::fail("what we send passes again"));
    };
    if !counted {
        prop_assert_eq!(&twice.raw, &once.raw);
        prop_assert!(twice.edits.is_empty());
    }
    Ok(())
}

/// httparse, which stands behind us in hyper, sees the same lines.
fn httparse_agrees(sent: &Head) -> bool {
    let mut headers = vec![httparse::EMPTY_HEADER; 300];
    let (end, count) = if sent.start_line().starts_with(b"HTTP/") {
        let mut parsed = httparse::Response::new(&mut headers);
        (parsed.parse(sent.raw()), parsed.headers.len())
    } else {
        let mut parsed = httparse::Request::new(&mut headers);
        (parsed.parse(sent.raw()), parsed.headers.len())
    };
    (end, count) == (Ok(httparse::Status::Complete(sent.raw().len())), sent.fields().len())
}

fn is_empty(framing: Framing) -> bool {
    matches!(framing, Framing::None | Framing::Length(0))
}

fn response_holds(
    received: &Head,
    (to_head, ends): (bool, bool),
    lines: &[String],
    (client, persistent): (Version, bool),
) -> Result<(), TestCaseError> {
    let Some(facts) = response_facts(received, to_head, ends) else { return Ok(()) };
    // A switch answers an Upgrade, which no HEAD makes.
    if facts.switches && to_head {
        return Ok(());
    }
    let Some(forwarded) = send_response(received, &facts, client, persistent) else { return Ok(()) };
    let sent = Head::parse(forwarded.raw.clone());
    holds(received, &sent, &forwarded, client == Version::Http2)?;
    prop_assert!(keeps(&sent, lines), "{:?}", sent);
    let ended = forwarded.framing == Framing::Length(0);
    let Some(again) = response_facts(&sent, to_head, ended) else {
        return Err(TestCaseError::fail(format!("{sent:?}")));
    };
    prop_assert_eq!(again.framing, forwarded.framing);
    let status = if facts.status == 101 && client == Version::Http2 { 200 } else { facts.status };
    prop_assert_eq!(again.status, status);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_from_http1((text, lines) in request1()) {
        request_holds(&head(&text), true, &lines, Version::Http2)?;
    }

    #[test]
    fn requests_from_http2((fields, lines) in request2(), ends: bool, translated: bool) {
        let toward = if translated { Version::Http11 } else { Version::Http2 };
        request_holds(&Head::of_request_section(&fields), ends, &lines, toward)?;
    }

    #[test]
    fn responses_from_http1((text, lines) in response1(), to_head: bool, persistent: bool) {
        response_holds(&head(&text), (to_head, false), &lines, (Version::Http2, persistent))?;
    }

    #[test]
    fn responses_from_http2(
        (fields, lines) in response2(), to_head: bool, ends: bool, persistent: bool, client in 0..3_usize,
    ) {
        let client = [Version::Http10, Version::Http11, Version::Http2][client];
        response_holds(&Head::of_response_section(&fields), (to_head, ends), &lines, (client, persistent))?;
    }

    #[test]
    fn http1_through_http2_to_http1_keeps_every_end_to_end_field(
        (text, lines) in request1(), (answer, answered) in response1(),
    ) {
        if let Some((_, forwarded)) = send_request(&head(&text), true, Version::Http2, false) {
            let between = Head::parse(forwarded.raw);
            let ends = is_empty(forwarded.framing);
            let Some((_, forwarded)) = send_request(&between, ends, Version::Http11, false) else {
                return Err(TestCaseError::fail(format!("{between:?}")));
            };
            prop_assert!(keeps(&Head::parse(forwarded.raw), &lines));
        }
        let received = head(&answer);
        let Some(facts) = response_facts(&received, false, false) else { return Ok(()) };
        let Some(forwarded) = send_response(&received, &facts, Version::Http2, true) else { return Ok(()) };
        let between = Head::parse(forwarded.raw);
        let Some(facts) = response_facts(&between, false, forwarded.framing == Framing::Length(0)) else {
            return Err(TestCaseError::fail(format!("{between:?}")));
        };
        let Some(forwarded) = send_response(&between, &facts, Version::Http11, true) else {
            return Err(TestCaseError::fail(format!("{between:?}")));
        };
        prop_assert!(keeps(&Head::parse(forwarded.raw), &answered));
    }

    #[test]
    fn any_section_is_judged_and_none_that_passes_reads_otherwise_in_http1(
        lines in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..6), prop::collection::vec(any::<u8>(), 0..8)), 0..5,
        ),
        request: bool,
    ) {
        let odd = lines.into_iter().map(|(name, value)| SectionField {
            name: Bytes::from(name), value: Bytes::from(value), never_indexed: false,
        });
        let pseudo = if request { ":method: GET | :scheme: https | :authority: h | :path: /" } else { ":status: 200" };
        let fields: Vec<_> = section(pseudo).into_iter().chain(odd).collect();
        let count = fields.len();
        let forwarded = if request {
            let received = Head::of_request_section(&fields);
            send_request(&received, true, Version::Http11, false).map(|(_, forwarded)| forwarded)
        } else {
            let received = Head::of_response_section(&fields);
            response_facts(&received, false, true)
                .and_then(|facts| send_response(&received, &facts, Version::Http11, true))
        };
        let _ = check_trailers_http2(&fields, &BOUNDS);
        if let Some(forwarded) = forwarded {
            let sent = Head::parse(forwarded.raw);
            prop_assert!(sent.fields().len() <= count + 4);
            prop_assert!(httparse_agrees(&sent), "{:?}", sent);
            prop_assert!(request_facts(&sent, true).is_some() || response_facts(&sent, false, true).is_some());
        }
    }

    #[test]
    fn any_text_is_judged_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), http2: bool) {
        let line: &[u8] = if http2 { b"GET / HTTP/2\r\n" } else { b"HTTP/2 200 \r\n" };
        let received = Head::parse(Bytes::from([line, &bytes, b"\r\n\r\n"].concat()));
        for toward in [Version::Http11, Version::Http2] {
            let _ = send_request(&received, false, toward, true);
            if let Some(facts) = response_facts(&received, false, false) {
                let _ = send_response(&received, &facts, toward, true);
            }
        }
    }

    #[test]
    fn trailers_cross(lines in end_to_end(), upper: bool, space in "[ \t]{0,2}") {
        let text = written(&lines, upper, &space).iter().map(|line| format!("{line}\r\n")).collect::<String>();
        prop_assert!(check_trailers(text.as_bytes(), &BOUNDS).is_ok());
        let sent = forward_trailers(&head("HTTP/1.1 200 OK\r\n\r\n"), &Bytes::from(text), Version::Http2);
        let expected = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        prop_assert_eq!(&sent.raw, &Bytes::from(expected));
        let fields = section(&lines.join(" | "));
        prop_assert_eq!(check_trailers_http2(&fields, &BOUNDS), Ok(()));
        prop_assert_eq!(trailer_lines(&fields), sent.raw);
    }
}
