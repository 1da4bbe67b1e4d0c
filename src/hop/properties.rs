//! Properties that hold for all heads: over generated ones, and over arbitrary bytes.

use super::*;
use crate::exchange::{Authority, Head, Scheme};
use bytes::Bytes;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { fields: 200, head: 64 * 1024 };

fn tunnel() -> Authority {
    Authority { host: "t".to_owned(), port: 443 }
}

/// Lines that matter to the rules, in odd spellings, among lines that do not.
fn field_line() -> impl Strategy<Value = String> {
    let spoken = prop::sample::select(vec![
        "Connection: close, X-One",
        "connection:keep-alive ,\tx-two",
        "CONNECTION: Upgrade, TE",
        "Connection: host, via, content-length, transfer-encoding, date",
        "Connection: ,, ,",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic eA==",
        "Proxy-Authenticate: Basic",
        "TE: trailers",
        "te: gzip, trailers",
        "Upgrade: websocket",
        "Upgrade: h2c",
        "Via: 1.0 a, 1.1 b (c, d)",
        "Content-Length: 3",
        "content-length:3",
        "Content-Length: 3, 3",
        "Content-Length: 4",
        "Content-Length: +3",
        "Transfer-Encoding: chunked",
        "transfer-encoding:CHUNKED",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding : chunked",
        "X-One: 1",
        "x-one:2",
        "X-Two: 3",
        "X-Fold: a\r\n b",
        "X-Fold: a \r\n\t\r\n  b",
        "Content-Length:\r\n 3",
        "Set-Cookie: a=b",
        "Date: x",
        "Max-Forwards: 3",
        "Expect: 100-continue",
        "Close: x",
        "No-Value:",
        "Spaced : x",
    ]);
    prop_oneof![
        4 => spoken.prop_map(str::to_owned),
        1 => "[A-Za-z-]{1,12}:[ \t]{0,2}[ -~é\t]{0,20}",
    ]
}

fn request_text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "GET / HTTP/1.1",
        "POST /a?b HTTP/1.1",
        "GET http://h/ HTTP/1.1",
        "POST http://h:81?q HTTP/1.1",
        "OPTIONS https://h HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE /x HTTP/1.0",
        "M-X http://[::1]/\u{e9} HTTP/1.2",
    ]);
    (line, 0..20_usize, prop::collection::vec(field_line(), 0..12)).prop_map(|(line, at, mut fields)| {
        fields.insert(at.min(fields.len()), "Host: t".to_owned());
        format!("{line}\r\n{}\r\n\r\n", fields.join("\r\n"))
    })
}

fn response_text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.1 204",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 103 Early Hints",
        "HTTP/1.1 426 Upgrade",
        "HTTP/1.1 999 Very  Odd",
    ]);
    (line, prop::collection::vec(field_line(), 0..12)).prop_map(|(line, fields)| {
        format!("{line}\r\n{}\r\n\r\n", fields.join("\r\n")).replacen("\r\n\r\n\r\n", "\r\n\r\n", 1)
    })
}

fn head(text: &str) -> Head {
    Head::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn send_request(head: &Head, via: bool) -> Option<(RequestFacts, Forwarded)> {
    let facts = check_request(head, &BOUNDS).ok()?;
    let authority = tunnel();
    let absolute = head.request_line()?.1.contains(&b':');
    let tunnel = (!absolute).then_some((Scheme::Https, &authority));
    let Ok(Destination::Origin(route)) = route(head, &facts, tunnel) else { return None };
    let hop = RequestHop {
        pseudonym: "us",
        via,
        route: &route,
        toward: Version::Http11,
        websocket_key: None,
        persistent: true,
    };
    forward_request(head, &facts, &hop).ok().map(|forwarded| (facts, forwarded))
}

fn hop_to(client_version: Version, client_persistent: bool, via: bool) -> ResponseHop<'static> {
    ResponseHop { pseudonym: "us", via, client_version, client_persistent, now: None, websocket_accept: None }
}

/// Fields that no forwarded head may hold, and those that the received one names.
fn forbidden(received: &Head, request: bool) -> Vec<String> {
    let mut names = vec!["keep-alive".to_owned(), "proxy-connection".to_owned()];
    names.push(if request { "proxy-authorization" } else { "proxy-authenticate" }.to_owned());
    let ours =
        ["host", "via", "content-length", "transfer-encoding", "te", "upgrade", "connection", "keep-alive"];
    names.extend(
        received
            .members("Connection")
            .map(|member| String::from_utf8_lossy(member).to_ascii_lowercase())
            .filter(|member| !ours.contains(&member.as_str())),
    );
    names
}

fn names(head: &Head) -> Vec<String> {
    head.fields().map(|field| String::from_utf8_lossy(field.name).to_ascii_lowercase()).collect()
}

/// httparse, which stands behind us in hyper, sees the same lines.
fn httparse_agrees(sent: &Head, request: bool) -> bool {
    let mut headers = vec![httparse::EMPTY_HEADER; 300];
    let end = if request {
        let mut parsed = httparse::Request::new(&mut headers);
        let end = parsed.parse(sent.raw());
        (end, parsed.headers.len())
    } else {
        let mut parsed = httparse::Response::new(&mut headers);
        let end = parsed.parse(sent.raw());
        (end, parsed.headers.len())
    };
    end == (Ok(httparse::Status::Complete(sent.raw().len())), sent.fields().len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sent_request_is_explained_clean_and_read_alike(text in request_text()) {
        let received = head(&text);
        let Some((facts, forwarded)) = send_request(&received, true) else { return Ok(()) };
        let sent = head(&String::from_utf8_lossy(&forwarded.raw));
        let sent = if sent.raw() == &forwarded.raw { sent } else { Head::parse(forwarded.raw.clone()) };
        prop_assert_eq!(replay_edits(&received, &sent, &forwarded.edits), Ok(()));
        let sent_names = names(&sent);
        for name in forbidden(&received, true) {
            prop_assert!(!sent_names.contains(&name), "{} survived", name);
        }
        prop_assert!(sent_names.iter().filter(|name| *name == "connection").count() <= 1);
        let again = check_request(&sent, &BOUNDS);
        prop_assert_eq!(again.as_ref().map(|facts| facts.framing), Ok(facts.framing));
        prop_assert_eq!(again.map(|facts| facts.upgrade), Ok(facts.upgrade));
        let lengths = sent_names.iter().filter(|name| *name == "content-length").count();
        let codings = sent_names.iter().filter(|name| *name == "transfer-encoding").count();
        prop_assert!(lengths + codings <= 1);
        prop_assert!(httparse_agrees(&sent, true), "{:?}", sent);
    }

    #[test]
    fn sending_a_request_on_twice_changes_nothing_but_via(text in request_text()) {
        let received = head(&text);
        let Some((_, once)) = send_request(&received, false) else { return Ok(()) };
        let sent = Head::parse(once.raw.clone());
        let is_counted = sent.fields().any(|field| field.is("Max-Forwards"));
        let Some((_, twice)) = send_request(&sent, false) else {
            return Err(TestCaseError::fail("what we send must pass again"));
        };
        if !is_counted {
            prop_assert_eq!(&twice.raw, &once.raw);
            prop_assert!(twice.edits.is_empty());
        }
    }

    #[test]
    fn a_sent_response_is_explained_clean_and_read_alike(
        text in response_text(), old_client: bool, persistent: bool, to_head: bool,
    ) {
        let received = head(&text);
        let Ok(facts) = check_response(&received, to_head, false, &BOUNDS) else { return Ok(()) };
        let version = if old_client { Version::Http10 } else { Version::Http11 };
        let hop = hop_to(version, persistent, true);
        let forwarded = if facts.status < 200 && !facts.switches {
            forward_interim(&received, &facts, &hop)
        } else {
            match forward_response(&received, &facts, &hop) {
                Ok(forwarded) => forwarded,
                Err(_) => return Ok(()),
            }
        };
        let sent = Head::parse(forwarded.raw.clone());
        prop_assert_eq!(replay_edits(&received, &sent, &forwarded.edits), Ok(()));
        let sent_names = names(&sent);
        for name in forbidden(&received, false) {
            prop_assert!(!sent_names.contains(&name), "{} survived", name);
        }
        let again = check_response(&sent, to_head, false, &BOUNDS);
        prop_assert_eq!(again.map(|facts| facts.framing), Ok(forwarded.framing));
        let lengths = sent_names.iter().filter(|name| *name == "content-length").count();
        let codings = sent_names.iter().filter(|name| *name == "transfer-encoding").count();
        prop_assert!(lengths + codings <= 1);
        prop_assert!(sent.start_line().starts_with(b"HTTP/1.1 "));
        prop_assert!(httparse_agrees(&sent, false), "{:?}", sent);
        let hop = hop_to(version, forwarded.persistent, false);
        if facts.status >= 200 && forwarded.framing != Framing::UntilClose {
            let facts = check_response(&sent, to_head, false, &BOUNDS).expect("checked above");
            let twice = forward_response(&sent, &facts, &hop).expect("no other coding");
            prop_assert_eq!(twice.raw, forwarded.raw);
        }
    }

    #[test]
    fn any_bytes_are_judged_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        judge(&bytes);
    }

    #[test]
    fn one_wrong_byte_never_panics_and_never_makes_a_second_reading(
        text in request_text(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        judge(&bytes);
        let end = head_end(&bytes, 0);
        let mut headers = vec![httparse::EMPTY_HEADER; 300];
        if let Ok(httparse::Status::Complete(its_end)) = httparse::Request::new(&mut headers).parse(&bytes) {
            prop_assert_eq!(end, Some(its_end));
        }
        let received = Head::parse(Bytes::from(bytes));
        if let Ok(facts) = check_request(&received, &BOUNDS) {
            prop_assert_eq!(end, Some(received.raw().len()));
            let received_names = names(&received);
            let length = received_names.iter().any(|name| name == "content-length");
            let coding = received_names.iter().any(|name| name == "transfer-encoding");
            prop_assert!(!(length && coding));
            prop_assert_eq!(facts.framing == Framing::Chunked, coding);
        }
    }

    #[test]
    fn chunks_end_where_they_end_in_any_pieces(
        sizes in prop::collection::vec(0..40_usize, 0..5), extension in "(;[a-z]{0,3}(=\"[a-z ]{0,3}\")?)?",
        trailers in "(X-[A-Z]: [a-z]{0,3}\r\n){0,3}", cut in any::<prop::sample::Index>(),
        wrong in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let chunk = |size: usize| format!("{size:X}{extension}\r\n{}\r\n", "d".repeat(size));
        let chunks: Vec<_> = sizes.into_iter().filter(|size| *size > 0).map(chunk).collect();
        let mut bytes = format!("{}0{extension}\r\n{trailers}\r\n", chunks.concat()).into_bytes();
        if let Some((at, byte)) = wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut whole = Chunks::of_request(BOUNDS);
        let at_once = whole.scan(&bytes);
        let (first, second) = bytes.split_at(cut.index(bytes.len()));
        let mut pieces = Chunks::of_request(BOUNDS);
        let in_two = pieces.scan(first).and_then(|read| {
            if read < first.len() { Ok(read) } else { pieces.scan(second).map(|more| read + more) }
        });
        prop_assert_eq!(&at_once, &in_two);
        if wrong.is_none() {
            prop_assert_eq!(at_once, Ok(bytes.len()));
            prop_assert_eq!(whole.trailers(), Some(trailers.as_bytes()));
        }
    }

    #[test]
    fn trailers_never_panic(section in "([A-Za-z:, \t]{0,10}(\r\n|\n| )){0,5}") {
        let received = head("HTTP/1.1 200 OK\r\nConnection: a, b\r\n\r\n");
        let section = Bytes::from(section);
        if check_trailers(&section, &BOUNDS).is_ok() {
            let sent = forward_trailers(&received, &section, Version::Http11);
            prop_assert!(check_trailers(&sent.raw, &BOUNDS).is_ok());
        }
    }
}

/// Everything that reads bytes of a peer, over any bytes.
fn judge(bytes: &[u8]) {
    let _ = head_end(bytes, 0);
    let _ = head_end(bytes, bytes.len() / 2);
    let _ = empty_lines(bytes);
    let _ = oversize_request(bytes, 10);
    let _ = oversize_response(bytes, 10);
    let head = Head::parse(Bytes::copy_from_slice(bytes));
    let _ = send_request(&head, true);
    for (to_head, connect) in [(false, false), (true, false), (false, true)] {
        if let Ok(facts) = check_response(&head, to_head, connect, &BOUNDS) {
            let _ = forward_response(&head, &facts, &hop_to(Version::Http10, true, true));
            let _ = forward_interim(&head, &facts, &hop_to(Version::Http11, true, true));
        }
    }
}
