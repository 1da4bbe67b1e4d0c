//! What is sent on in the three combinations that have HTTP/2 in them, rule by rule.

use super::check_tests::section;
use crate::exchange::{Authority, Cause, Head, Scheme, trailer_lines};
use crate::hop::{
    Bounds, Destination, Forwarded, Framing, RequestHop, ResponseHop, Version, check_request,
    check_request_http2, check_response, check_response_http2, forward_interim, forward_request,
    forward_response, forward_trailers, opens_websocket, replay_edits, route,
};
use bytes::Bytes;
use std::time::SystemTime;

const BOUNDS: Bounds = Bounds { fields: 100, head: 9000 };
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A head of HTTP/1.1, its lines split by ` | `.
fn http1(text: &str) -> Head {
    Head::parse(Bytes::from(format!("{}\r\n\r\n", text.replace(" | ", "\r\n"))))
}

/// The fields of a sent section: what is encoded.
fn resent(forwarded: &Forwarded) -> Head {
    Head::parse(forwarded.raw.clone())
}

fn lines(forwarded: &Forwarded) -> String {
    String::from_utf8_lossy(&forwarded.raw).trim_end_matches("\r\n\r\n").replace("\r\n", " | ")
}

fn request(received: &Head, ends: bool, toward: Version) -> Result<Forwarded, u16> {
    let facts = if received.is_http2() {
        check_request_http2(received, ends, &BOUNDS)
    } else {
        check_request(received, &BOUNDS)
    };
    let facts = facts.map_err(|fault| fault.status)?;
    let tunnel = Authority { host: "t".to_owned(), port: 443 };
    let absolute = received.request_line().is_some_and(|(_, target, _)| target.contains(&b':'));
    let tunnel = Some((Scheme::Https, &tunnel)).filter(|_| !absolute);
    let Ok(Destination::Origin(route)) = route(received, &facts, tunnel) else { return Err(0) };
    let hop = RequestHop {
        pseudonym: "us",
        via: true,
        route: &route,
        toward,
        websocket_key: Some(KEY),
        persistent: true,
    };
    let forwarded = forward_request(received, &facts, &hop).map_err(|fault| fault.status)?;
    assert_eq!(replay_edits(received, &resent(&forwarded), &forwarded.edits), Ok(()));
    Ok(forwarded)
}

/// Sends a request and compares all but the Via at its end.
#[track_caller]
fn sent(received: &Head, ends: bool, toward: Version, expected: &str, causes: &[Cause]) -> Framing {
    let forwarded = request(received, ends, toward).expect(expected);
    let via = match (received.is_http2(), toward) {
        (true, Version::Http2) => " | via: 2.0 us",
        (true, _) => " | Via: 2.0 us",
        (false, _) => " | via: 1.1 us",
    };
    assert_eq!(lines(&forwarded).replacen(via, "", 1), expected);
    let seen: Vec<_> =
        forwarded.edits.iter().map(|edit| edit.cause).filter(|cause| *cause != Cause::Via).collect();
    assert_eq!(seen, causes, "{expected}");
    forwarded.framing
}

fn get2(more: &str) -> Head {
    Head::of_request_section(&section(&format!(
        ":method: GET | :authority: h | :scheme: https | :path: /a?b | {more}"
    )))
}

#[test]
fn rfc9113_8_3_from_http2_to_http2_every_line_keeps_its_place() {
    let text = ":method: POST | :path: /a | :authority: H:443 | :scheme: https | host: h | b: 1 | a:  \u{e9} \
                | b: 2 | cookie: a=b | cookie: c=d | te: trailers | expect: 100-continue | x: ";
    let head = Head::of_request_section(&section(&text.replace("  \u{e9} ", " \u{e9}")));
    let expected = format!("POST /a HTTP/2 | {}", text.replace("  \u{e9} ", " \u{e9}"));
    assert_eq!(sent(&head, false, Version::Http2, &expected, &[]), Framing::Stream);
}

#[test]
fn rfc9110_7_6_from_http2_to_http2_an_intermediary_does_its_part() {
    use Cause::{HostAsAuthority, MaxForwards, ProxyCredentials};
    let head = Head::of_request_section(&section(
        ":method: TRACE | :scheme: https | :path: / | proxy-authorization: Basic eA== | host: h | max-forwards: 3",
    ));
    sent(
        &head,
        true,
        Version::Http2,
        "TRACE / HTTP/2 | :method: TRACE | :scheme: https | :path: / | :authority: h | host: h | max-forwards: 2",
        &[HostAsAuthority, ProxyCredentials, MaxForwards],
    );
    assert_eq!(request(&get2("via: 2.0 us"), true, Version::Http2).map(|_| ()), Err(508));
    assert_eq!(request(&get2("via: 2.0 us"), true, Version::Http11).map(|_| ()), Err(508));
}

#[test]
fn rfc9110_7_6_3_via_states_http2_as_2_0() {
    let forwarded = request(&get2("via: 1.1 a | x: y"), true, Version::Http2).expect("via");
    assert!(lines(&forwarded).ends_with(" | via: 1.1 a | via: 2.0 us | x: y"));
    let forwarded = request(&get2("via: 1.1 a | x: y"), true, Version::Http11).expect("via");
    assert!(lines(&forwarded).ends_with(" | via: 1.1 a | Via: 2.0 us | x: y"));
}

#[test]
fn rfc9113_8_3_1_from_http2_to_http1_host_comes_from_authority() {
    use Cause::{HostAsAuthority, OwnVersion, PseudoFields};
    let expected = "GET /a?b HTTP/1.1 | Host: h | x: y";
    let causes = [OwnVersion, HostAsAuthority, PseudoFields, HostAsAuthority, PseudoFields, PseudoFields];
    assert_eq!(sent(&get2("x: y"), true, Version::Http11, expected, &causes), Framing::None);
    let causes = [OwnVersion, PseudoFields, HostAsAuthority, PseudoFields, PseudoFields];
    sent(&get2("x: y | host: h"), true, Version::Http11, "GET /a?b HTTP/1.1 | x: y | host: h", &causes);
    let causes = [OwnVersion, PseudoFields, HostAsAuthority, PseudoFields, PseudoFields, HostAsAuthority];
    sent(&get2("host: H:443"), true, Version::Http11, "GET /a?b HTTP/1.1 | host: h", &causes);
    let head =
        Head::of_request_section(&section(":method: GET | :scheme: https | :path: / | x: y | host: H"));
    let causes = [OwnVersion, PseudoFields, PseudoFields, PseudoFields];
    sent(&head, true, Version::Http11, "GET / HTTP/1.1 | x: y | host: H", &causes);
    let head = Head::of_request_section(&section(":method: OPTIONS | :scheme: https | :path: *"));
    let causes = [OwnVersion, Cause::HostAdded, PseudoFields, PseudoFields, PseudoFields];
    sent(&head, true, Version::Http11, "OPTIONS * HTTP/1.1 | Host: t", &causes);
}

#[test]
fn rfc9113_8_2_3_cookie_crumbs_are_joined_for_http1() {
    let forwarded =
        request(&get2("cookie: a=b | x: y | cookie: c=d; e=f | cookie: g=h"), true, Version::Http11);
    let forwarded = forwarded.expect("cookies");
    assert!(lines(&forwarded).starts_with("GET /a?b HTTP/1.1 | Host: h | cookie: a=b; c=d; e=f; g=h | x: y"));
    let crumbs = forwarded.edits.iter().filter(|edit| edit.cause == Cause::CookieCrumbs);
    assert_eq!(crumbs.count(), 3);
}

#[test]
fn rfc9112_6_from_http2_to_http1_a_body_has_its_framing() {
    let framed = |method: &str, line: &str, ends: bool| {
        let text = format!(":method: {method} | :scheme: https | :authority: h | :path: / | {line}");
        let head = Head::of_request_section(&section(&text));
        let forwarded = request(&head, ends, Version::Http11).expect(line);
        let sent = resent(&forwarded);
        let again = check_request(&sent, &BOUNDS).expect("passes");
        assert_eq!(again.framing, forwarded.framing);
        let value = |name| sent.value(name).map(|value| String::from_utf8_lossy(value).into_owned());
        (forwarded.framing, value("Content-Length"), value("Transfer-Encoding"))
    };
    let chunked = Some("chunked".to_owned());
    assert_eq!(framed("GET", "", true), (Framing::None, None, None));
    assert_eq!(framed("GET", "", false), (Framing::Chunked, None, chunked.clone()));
    assert_eq!(framed("POST", "", false), (Framing::Chunked, None, chunked));
    assert_eq!(framed("POST", "", true), (Framing::Length(0), Some("0".to_owned()), None));
    assert_eq!(framed("GET", "content-length: 0", true), (Framing::Length(0), Some("0".to_owned()), None));
    let five = (Framing::Length(5), Some("5".to_owned()), None);
    assert_eq!(framed("POST", "content-length: 5", false), five);
    assert_eq!(framed("POST", "content-length: 5, 5 | content-length: 5", false), five);
}

#[test]
fn rfc9110_10_1_4_te_and_its_connection_option() {
    let forwarded = request(&get2("te: trailers | te: trailers | x: y"), true, Version::Http11).expect("te");
    assert_eq!(
        lines(&forwarded),
        "GET /a?b HTTP/1.1 | Host: h | te: trailers | x: y | Via: 2.0 us | Connection: TE"
    );
    let head = http1("GET / HTTP/1.1 | Host: h | Connection: TE | TE: gzip, trailers | te: trailers");
    let forwarded = request(&head, true, Version::Http2).expect("te");
    assert!(lines(&forwarded).ends_with(" | :path: / | te: trailers | via: 1.1 us"));
}

#[test]
fn rfc9113_8_from_http1_to_http2() {
    use Cause::{
        ConnectionSpecific, HostAsAuthority, LowerCase, NamedByConnection, OwnVersion, ProxyCredentials,
        PseudoFields, Spacing, Unfolded,
    };
    let head = http1(
        "POST /a?b HTTP/1.1 | Accept: */* | Host: H:8443 | Connection: X-Hop, keep-alive | X-Hop: 1 | x:y \
         | HTTP2-Settings: x | Keep-Alive: 5 | Proxy-Connection: x | Transfer-Encoding: chunked | Upgrade: h2c | TE: gzip \
         | Proxy-Authorization: b | Expect: 100-continue | X-F: a\r\n  b | Cookie: a=b | Cookie: c=d",
    );
    let framing = sent(
        &head,
        true,
        Version::Http2,
        "POST /a?b HTTP/2 | :method: POST | :scheme: https | :authority: H:8443 | :path: /a?b | accept: */* \
         | x: y | expect: 100-continue | x-f: a b | cookie: a=b | cookie: c=d",
        &[
            OwnVersion,
            PseudoFields,
            PseudoFields,
            HostAsAuthority,
            PseudoFields,
            LowerCase,
            HostAsAuthority,
            ConnectionSpecific,
            NamedByConnection,
            Spacing,
            ConnectionSpecific,
            ConnectionSpecific,
            ConnectionSpecific,
            ConnectionSpecific,
            ConnectionSpecific,
            ConnectionSpecific,
            ProxyCredentials,
            LowerCase,
            Unfolded,
            LowerCase,
            LowerCase,
            LowerCase,
        ],
    );
    assert_eq!(framing, Framing::Stream);
}

#[test]
fn rfc9113_8_3_1_from_http1_to_http2_the_target_becomes_scheme_authority_and_path() {
    for (received, expected) in [
        (
            "GET http://g:81?q HTTP/1.1 | Host: h",
            "GET /?q HTTP/2 | :method: GET | :scheme: http | :authority: g:81 | :path: /?q",
        ),
        (
            "OPTIONS https://g HTTP/1.1 | Host: h",
            "OPTIONS * HTTP/2 | :method: OPTIONS | :scheme: https | :authority: g | :path: *",
        ),
        (
            "OPTIONS * HTTP/1.1 | Host: h",
            "OPTIONS * HTTP/2 | :method: OPTIONS | :scheme: https | :authority: h | :path: *",
        ),
        ("GET / HTTP/1.1 | Host:", "GET / HTTP/2 | :method: GET | :scheme: https | :authority: t | :path: /"),
        ("GET / HTTP/1.0", "GET / HTTP/2 | :method: GET | :scheme: https | :authority: t | :path: /"),
    ] {
        let forwarded = request(&http1(received), true, Version::Http2).expect(received);
        let text = lines(&forwarded);
        assert_eq!(text.rsplit_once(" | ").map(|(before, _)| before), Some(expected));
    }
}

#[test]
fn rfc8441_5_an_upgrade_becomes_an_extended_connect_and_back() {
    let upgrade = "GET /c HTTP/1.1 | Host: h | Connection: keep-alive, Upgrade | Upgrade: WebSocket \
                   | Sec-WebSocket-Key: eA== | Sec-WebSocket-Version: 13 | Origin: https://h";
    let forwarded = request(&http1(upgrade), true, Version::Http2).expect("upgrade");
    assert_eq!(
        lines(&forwarded),
        "CONNECT /c HTTP/2 | :method: CONNECT | :protocol: websocket | :scheme: https | :authority: h | :path: /c \
         | sec-websocket-version: 13 | origin: https://h | via: 1.1 us"
    );
    assert_eq!(forwarded.framing, Framing::Stream);
    let sent = resent(&forwarded);
    assert!(check_request_http2(&sent, false, &BOUNDS).is_ok_and(|facts| facts.extended));

    let extended = ":method: CONNECT | :protocol: websocket | :scheme: https | :authority: h | :path: /c \
                    | sec-websocket-version: 13 | te: trailers | sec-websocket-key: x";
    let head = Head::of_request_section(&section(extended));
    let back = request(&head, false, Version::Http11).expect("extended");
    assert_eq!(
        lines(&back),
        "GET /c HTTP/1.1 | Host: h | sec-websocket-version: 13 | te: trailers | Via: 2.0 us \
         | Connection: Upgrade, TE | Upgrade: websocket | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    );
    assert!(check_request(&resent(&back), &BOUNDS).is_ok_and(|facts| facts.upgrade));
}

#[test]
fn rfc8441_5_only_a_websocket_can_be_translated() {
    let head = Head::of_request_section(&section(
        ":method: CONNECT | :protocol: connect-udp | :scheme: https | :authority: h | :path: /",
    ));
    assert_eq!(request(&head, false, Version::Http11).map(|_| ()), Err(501));
    assert_eq!(request(&head, false, Version::Http2).map(|sent| sent.framing), Ok(Framing::Stream));
    for other in [
        "GET / HTTP/1.1 | Host: h | Connection: Upgrade | Upgrade: other",
        "POST / HTTP/1.1 | Host: h | Connection: Upgrade | Upgrade: websocket",
        "GET / HTTP/1.1 | Host: h | Connection: Upgrade | Upgrade: websocket | Content-Length: 1",
        "GET / HTTP/1.1 | Host: h | Upgrade: websocket",
    ] {
        let head = http1(other);
        let facts = check_request(&head, &BOUNDS).expect(other);
        assert!(!opens_websocket(&head, &facts), "{other}");
        let sent = request(&head, true, Version::Http2).expect(other);
        assert!(resent(&sent).value(":method") != Some(b"CONNECT"), "{other}");
    }
}

const TO_2: ResponseHop<'_> = ResponseHop {
    pseudonym: "us",
    via: false,
    client_version: Version::Http2,
    client_persistent: true,
    now: None,
    websocket_accept: None,
};
const TO_11: ResponseHop<'_> = ResponseHop { client_version: Version::Http11, ..TO_2 };
const TO_10: ResponseHop<'_> = ResponseHop { client_version: Version::Http10, ..TO_2 };

fn response(received: &Head, ends: bool, to_head: bool, hop: &ResponseHop<'_>) -> Result<Forwarded, u16> {
    let facts = if received.is_http2() {
        check_response_http2(received, to_head, ends, &BOUNDS)
    } else {
        check_response(received, to_head, false, &BOUNDS)
    };
    let facts = facts.map_err(|fault| fault.status)?;
    let forwarded = if facts.status < 200 && !facts.switches {
        forward_interim(received, &facts, hop)
    } else {
        forward_response(received, &facts, hop).map_err(|fault| fault.status)?
    };
    assert_eq!(replay_edits(received, &resent(&forwarded), &forwarded.edits), Ok(()));
    Ok(forwarded)
}

#[track_caller]
fn answered(
    received: &Head,
    ends: bool,
    hop: &ResponseHop<'_>,
    expected: &str,
    causes: &[Cause],
) -> Forwarded {
    let forwarded = response(received, ends, false, hop).expect(expected);
    assert_eq!(lines(&forwarded), expected);
    let seen: Vec<_> = forwarded.edits.iter().map(|edit| edit.cause).collect();
    assert_eq!(seen, causes, "{expected}");
    forwarded
}

fn http2(text: &str) -> Head {
    Head::of_response_section(&section(text))
}

#[test]
fn rfc9113_8_3_2_from_http1_to_http2_the_status_line_becomes_status() {
    use Cause::{
        ConnectionSpecific, LengthBesideCoding, LowerCase, NamedByConnection, OwnVersion, PseudoFields,
        Reason, Spacing,
    };
    let head = http1(
        "HTTP/1.1 200 Very Fine | Set-Cookie: a | Connection: X-Hop, close | X-Hop: 1 | Keep-Alive: 5 | x:y \
         | Transfer-Encoding: chunked | Content-Length: 5 | Upgrade: h2c | Trailer: x | set-cookie: b",
    );
    let forwarded = answered(
        &head,
        false,
        &TO_2,
        "HTTP/2 200  | :status: 200 | set-cookie: a | x: y | trailer: x | set-cookie: b",
        &[
            OwnVersion,
            Reason,
            PseudoFields,
            LowerCase,
            ConnectionSpecific,
            NamedByConnection,
            ConnectionSpecific,
            Spacing,
            ConnectionSpecific,
            LengthBesideCoding,
            ConnectionSpecific,
            LowerCase,
        ],
    );
    assert_eq!(forwarded.framing, Framing::Stream);
    let until_close = response(&http1("HTTP/1.0 200 OK"), false, false, &TO_2).expect("1.0");
    assert_eq!(until_close.framing, Framing::Stream);
    let length =
        response(&http1("HTTP/1.1 200 OK | Content-Length: 5"), false, false, &TO_2).expect("length");
    assert_eq!(
        (lines(&length).as_str(), length.framing),
        ("HTTP/2 200  | :status: 200 | content-length: 5", Framing::Length(5))
    );
    assert!(response(&http1("HTTP/1.1 999"), false, false, &TO_2).is_ok());
}

#[test]
fn rfc9113_8_1_a_transfer_coding_has_no_place_in_http2() {
    for coding in ["gzip", "gzip, chunked"] {
        let head = http1(&format!("HTTP/1.1 200 OK | Transfer-Encoding: {coding}"));
        assert_eq!(response(&head, false, false, &TO_2).map(|_| ()), Err(502));
    }
}

#[test]
fn rfc9113_8_3_2_from_http2_to_http1_the_usual_reason_stands() {
    use Cause::{Framing as Framed, OwnVersion, Persistence, PseudoFields, Reason};
    let from = [OwnVersion, Reason, PseudoFields];
    let with = |more: &[Cause]| [&from[..], more].concat();
    let lines = ":status: 404 | b: 1 | set-cookie: a | set-cookie: b";
    let kept = "HTTP/1.1 404 Not Found | b: 1 | set-cookie: a | set-cookie: b";
    let chunked = format!("{kept} | Transfer-Encoding: chunked");
    let forwarded = answered(&http2(lines), false, &TO_11, &chunked, &with(&[Framed]));
    assert_eq!((forwarded.framing, forwarded.persistent), (Framing::Chunked, true));
    let closing = format!("{kept} | Connection: close");
    let forwarded = answered(&http2(lines), false, &TO_10, &closing, &with(&[Persistence]));
    assert_eq!((forwarded.framing, forwarded.persistent), (Framing::UntilClose, false));
    let empty = format!("{kept} | Content-Length: 0");
    let forwarded = answered(&http2(lines), true, &TO_11, &empty, &with(&[Framed]));
    assert_eq!(forwarded.framing, Framing::Length(0));
    answered(
        &http2(":status: 299"),
        true,
        &TO_11,
        "HTTP/1.1 299  | Content-Length: 0",
        &[OwnVersion, PseudoFields, Framed],
    );
    answered(
        &http2(":status: 304 | content-length: 5"),
        true,
        &TO_11,
        "HTTP/1.1 304 Not Modified | content-length: 5",
        &from,
    );
    answered(&http2(":status: 204"), true, &TO_11, "HTTP/1.1 204 No Content", &from);
    let head = response(&http2(":status: 200"), true, true, &TO_11).expect("head");
    assert_eq!(
        (super::forward_tests::lines(&head).as_str(), head.framing),
        ("HTTP/1.1 200 OK", Framing::None)
    );
    let closing = ResponseHop { client_persistent: false, ..TO_11 };
    answered(
        &http2(":status: 204"),
        true,
        &closing,
        "HTTP/1.1 204 No Content | Connection: close",
        &with(&[Persistence]),
    );
}

#[test]
fn rfc9113_8_3_from_http2_to_http2_a_response_keeps_its_lines() {
    let lines = ":status: 200 | b: 1 | set-cookie: a | date: x | a: 2 | set-cookie: b | content-length: 3";
    let forwarded = answered(&http2(lines), false, &TO_2, &format!("HTTP/2 200  | {lines}"), &[]);
    assert_eq!(forwarded.framing, Framing::Length(3));
    let hop = ResponseHop { via: true, now: Some(SystemTime::UNIX_EPOCH), ..TO_2 };
    answered(
        &http2(":status: 200 | proxy-authenticate: Basic"),
        true,
        &hop,
        "HTTP/2 200  | :status: 200 | via: 2.0 us | date: Thu, 01 Jan 1970 00:00:00 GMT",
        &[Cause::ProxyChallenge, Cause::Via, Cause::Date],
    );
}

#[test]
fn rfc9110_15_2_interim_responses_cross_both_ways() {
    let hints = "HTTP/1.1 103 Early Hints | Link: a | Connection: x | x: y | Content-Length: 0";
    let to_2 = response(&http1(hints), false, false, &TO_2).expect("interim");
    assert_eq!(
        (lines(&to_2).as_str(), to_2.framing),
        ("HTTP/2 103  | :status: 103 | link: a", Framing::None)
    );
    let to_11 = response(&http2(":status: 100 | x: y"), false, false, &TO_11).expect("interim");
    assert_eq!((lines(&to_11).as_str(), to_11.framing), ("HTTP/1.1 100 Continue | x: y", Framing::None));
    let closing = ResponseHop { client_persistent: false, now: Some(SystemTime::UNIX_EPOCH), ..TO_11 };
    assert_eq!(
        lines(&response(&http2(":status: 103"), false, false, &closing).expect("interim")),
        "HTTP/1.1 103 Early Hints"
    );
}

#[test]
fn rfc8441_5_a_switch_becomes_success_and_back() {
    let switch = "HTTP/1.1 101 Switching Protocols | Upgrade: websocket | Connection: Upgrade \
                  | Sec-WebSocket-Accept: eA== | Sec-WebSocket-Protocol: chat";
    let forwarded = response(&http1(switch), false, false, &TO_2).expect("switch");
    assert_eq!(lines(&forwarded), "HTTP/2 200  | :status: 200 | sec-websocket-protocol: chat");
    assert_eq!(forwarded.framing, Framing::Stream);
    let hop = ResponseHop { websocket_accept: Some(ACCEPT), client_persistent: false, ..TO_11 };
    let back = response(&resent(&forwarded), false, false, &hop).expect("success");
    assert_eq!(
        lines(&back),
        "HTTP/1.1 101 Switching Protocols | sec-websocket-protocol: chat | Connection: Upgrade \
         | Upgrade: websocket | Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!((back.framing, back.persistent), (Framing::None, true));
    assert!(check_response(&resent(&back), false, false, &BOUNDS).is_ok_and(|facts| facts.switches));
    let refused = response(&http2(":status: 403"), true, false, &hop).expect("refused");
    assert_eq!(lines(&refused), "HTTP/1.1 403 Forbidden | Content-Length: 0 | Connection: close");
}

#[test]
fn rfc9113_8_2_trailers_cross_in_the_receivers_form() {
    let head = http1("HTTP/1.1 200 OK | Connection: x-b");
    let section1 = Bytes::from_static(b"X-A:  1\r\nX-B: 2\r\nKeep-Alive: 3\r\nx-c: 4\r\n d\r\nx-d:\r\n");
    let sent = forward_trailers(&head, &section1, Version::Http2);
    assert_eq!(&sent.raw[..], b"x-a: 1\r\nx-c: 4 d\r\nx-d: \r\n");
    assert_eq!(sent.removed, [(2, Cause::NamedByConnection), (3, Cause::ForbiddenTrailer)]);
    let lines = trailer_lines(&section("grpc-status: 0 | te: trailers | x: "));
    for toward in [Version::Http11, Version::Http2] {
        let sent = forward_trailers(&http2(":status: 200"), &lines, toward);
        assert_eq!(&sent.raw[..], b"grpc-status: 0\r\nx: \r\n");
    }
}
