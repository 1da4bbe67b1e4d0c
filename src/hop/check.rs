//! The strict check: the first to read a head, and what it learned from it.

use super::framing::{self, Flaw};
use super::start::{request_line, status_line};
use super::survey::{Strictness, Survey, survey};
use super::syntax::offset_in;
use super::{Fault, Framing, Version, ends, target};
use crate::exchange::Head;

/// Edits number lines with 16 bits; a few lines more than received may be sent.
pub(super) const MOST_FIELDS: usize = 65_000;

/// How large a head may be (`limits.*` of config.toml).
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Field lines.
    pub fields: usize,
    /// Bytes, the empty line included.
    pub head: usize,
}

/// What the rules need to know of a request head.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named by its own clause")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// The client's version.
    pub version: Version,
    /// How the body is delimited on the client's connection.
    pub framing: Framing,
    /// Whether the client's connection stays open (RFC 9112 9.3). Never with an HTTP/1.0
    /// client: "a proxy server MUST NOT maintain a HTTP/1.1 persistent connection with an
    /// HTTP/1.0 client" by its keep-alive, which may have come through a proxy that did
    /// not understand it (RFC 9112 C.2.2).
    pub persistent: bool,
    /// An HTTP/1.0 client asks for `keep-alive`. Inside an intercepted tunnel no other
    /// proxy can stand between, so there it may be honoured.
    pub keep_alive: bool,
    /// `Expect: 100-continue`, in HTTP/1.1 only (RFC 9110 10.1.1), with a body to come.
    pub expects_continue: bool,
    /// Upgrade and `Connection: upgrade`, in HTTP/1.1 only (RFC 9110 7.8), to a protocol
    /// other than `h2c`.
    pub upgrade: bool,
    /// The method is CONNECT, without `:protocol`.
    pub connect: bool,
    /// CONNECT with `:protocol` (RFC 8441 4): a stream that becomes that protocol's.
    pub extended: bool,
    /// The method is HEAD.
    pub head_method: bool,
}

/// What the rules need to know of a response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseFacts {
    /// The origin's version.
    pub version: Version,
    /// 100 to 999.
    pub status: u16,
    /// How the body is delimited on the origin's connection.
    pub framing: Framing,
    /// Whether the origin's connection can be used again (RFC 9112 9.3).
    pub persistent: bool,
    /// 101: the connection speaks another protocol from here on. Only an answer to a
    /// request with [`RequestFacts::upgrade`] may say so.
    pub switches: bool,
}

/// Checks a request head and reads it. Whatever passes has exactly one reading.
///
/// The fault's status is 400, 414, 431, 501 or 505; the client's connection must be
/// closed behind the answer, for where the next request begins is not known.
pub fn check_request(head: &Head, bounds: &Bounds) -> Result<RequestFacts, Fault> {
    check_size(head, bounds)?;
    let line = request_line(head.start_line());
    // A bare line end explains an odd start line better than the start line does.
    let survey = survey(head, Strictness::Request);
    let (line, survey) = match (line, survey) {
        (Err(fault), Ok(_)) => return Err(fault),
        (Err(fault), Err(other)) => return Err(if other.offset < fault.offset { other } else { fault }),
        (Ok(line), survey) => (line, survey?),
    };
    check_host(head, &survey, line.version)?;
    let http10 = line.version == Version::Http10;
    let framing = framing::of_request(&survey.framing, http10).map_err(|flaw| placed(head, flaw))?;
    let connect = line.method == b"CONNECT";
    let has_body = !matches!(framing, Framing::None | Framing::Length(0));
    if connect && has_body {
        return Err(body_of_connect(head));
    }
    if line.method == b"TRACE" && has_body {
        return Err(body_of_trace(head));
    }
    Ok(RequestFacts {
        version: line.version,
        framing: if connect { Framing::None } else { framing },
        persistent: !http10 && survey.options.close.is_none(),
        keep_alive: http10 && survey.options.keep_alive.is_some() && survey.options.close.is_none(),
        expects_continue: !http10 && has_body && survey.expects_continue,
        upgrade: !http10 && !connect && survey.offers_upgrade && survey.options.upgrade.is_some(),
        connect,
        extended: false,
        head_method: line.method == b"HEAD",
    })
}

/// Checks a response head and reads it. `to_head_request` and `to_connect` tell what it
/// answers, on which its framing depends (RFC 9112 6.3).
///
/// The fault's status is always 502; the origin's connection must be closed.
pub fn check_response(
    head: &Head,
    to_head_request: bool,
    to_connect: bool,
    bounds: &Bounds,
) -> Result<ResponseFacts, Fault> {
    check_size(head, bounds).map_err(Fault::in_response)?;
    let line = status_line(head.start_line())?;
    let survey = survey(head, Strictness::Response).map_err(Fault::in_response)?;
    let http10 = line.version == Version::Http10;
    let status = line.status;
    let bodiless = to_head_request || status < 200 || matches!(status, 204 | 304);
    let tunnel = to_connect && (200..300).contains(&status);
    let placed = |flaw| placed(head, flaw).in_response();
    let framing = if bodiless || tunnel {
        check_lengths_of_no_body(&survey).map_err(placed)?;
        Framing::None
    } else {
        framing::of_response(&survey.framing, http10).map_err(placed)?
    };
    Ok(ResponseFacts {
        version: line.version,
        status,
        framing,
        persistent: framing != Framing::UntilClose
            && !promises_a_body(&survey, status)
            && !is_framed_twice(&survey)
            && survey.options.close.is_none()
            && (!http10 || survey.options.keep_alive.is_some()),
        switches: status == 101,
    })
}

/// Content-Length of a response without a body is information for the client, and must
/// be a number all the same (RFC 9110 8.6). Beside a Transfer-Encoding it goes.
fn check_lengths_of_no_body<'a>(survey: &Survey<'a>) -> Result<(), Flaw<'a>> {
    match survey.framing.codings_at {
        Some(_) => Ok(()),
        None => framing::of_length(&survey.framing, Framing::None).map(|_| ()),
    }
}

/// A 1xx or 204 that announces a body may be followed by one: what comes next on that
/// connection cannot be trusted (RFC 9110 8.6, RFC 9112 6.1).
fn promises_a_body(survey: &Survey<'_>, status: u16) -> bool {
    let announced = survey.framing.codings_at.is_some()
        || !matches!(survey.framing.length, framing::Length::Absent | framing::Length::Of(0));
    (status < 200 || status == 204) && announced
}

/// "ought to be handled as an error" (RFC 9112 6.3): this answer has one reading, the coding's; what an origin that
/// frames twice sends behind it is not waited for.
fn is_framed_twice(survey: &Survey<'_>) -> bool {
    survey.framing.codings_at.is_some() && survey.framing.length_at.is_some()
}

/// What is wrong with the start of a request whose first line is there, though not the rest of its head.
#[must_use]
pub fn check_request_line(line: &[u8]) -> Option<Fault> {
    request_line(line).err()
}

fn check_size(head: &Head, bounds: &Bounds) -> Result<(), Fault> {
    if head.raw().len() > bounds.head {
        return Err(ends::oversize_request(head.raw(), bounds.head));
    }
    let most = bounds.fields.min(MOST_FIELDS);
    match head.fields().nth(most) {
        None => Ok(()),
        Some(field) => {
            let says =
                format!("The head has more than {most} field lines; raise limits.fields in config.toml.");
            Err(Fault::new(431, offset_in(head.raw(), field.line), "RFC 6585 5", says))
        }
    }
}

/// "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
/// message that lacks a Host header field and to any request message that contains more
/// than one Host header field line or a Host header field with an invalid field value."
/// (RFC 9112 3.2). This comes before Host is replaced from an absolute-form target.
fn check_host(head: &Head, survey: &Survey<'_>, version: Version) -> Result<(), Fault> {
    if let Some(second) = survey.second_host {
        let at = offset_in(head.raw(), second);
        return Err(Fault::new(400, at, "RFC 9112 3.2", "Host stands twice; a request names one host."));
    }
    match survey.host {
        None if version == Version::Http10 => Ok(()),
        None => {
            let at = head.start_line().len();
            let says = "The request has no Host field. Every HTTP/1.1 request needs one, empty if need be.";
            Err(Fault::new(400, at, "RFC 9112 3.2", says))
        }
        Some(host) if target::is_host_value(host) => Ok(()),
        Some(host) => {
            let says = "Host is not of the form host or host:port; \
                        names beyond ASCII are written in their xn-- form.";
            Err(Fault::new(400, offset_in(head.raw(), host), "RFC 9112 3.2", says))
        }
    }
}

/// The bytes behind a CONNECT head belong to the tunnel (RFC 9110 9.3.6); a length there
/// would let them be read as a body.
fn body_of_connect(head: &Head) -> Fault {
    let says = "A CONNECT request has no content, but this one announces some.";
    Fault::new(400, head.start_line().len(), "RFC 9110 9.3.6", says)
}

/// "A client MUST NOT send content in a TRACE request." (RFC 9110 9.3.8) We would be that
/// client toward the origin.
fn body_of_trace(head: &Head) -> Fault {
    let says = "A TRACE request has no content, but this one announces some.";
    Fault::new(400, head.start_line().len(), "RFC 9110 9.3.8", says)
}

fn placed(head: &Head, flaw: Flaw<'_>) -> Fault {
    let at = offset_in(head.raw(), flaw.line);
    flaw.at(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const BOUNDS: Bounds = Bounds { fields: 100, head: 4096 };

    fn request(fields: &str) -> Result<RequestFacts, Fault> {
        checked(&format!("POST http://h/ HTTP/1.1\r\n{fields}\r\n"))
    }

    fn checked(text: &str) -> Result<RequestFacts, Fault> {
        check_request(&Head::parse(Bytes::copy_from_slice(text.as_bytes())), &BOUNDS)
    }

    fn response(text: &str) -> Result<ResponseFacts, Fault> {
        check_response(&Head::parse(Bytes::copy_from_slice(text.as_bytes())), false, false, &BOUNDS)
    }

    #[test]
    fn malformed_fields_are_refused_where_they_are_wrong() {
        for (fields, status, marked, clause) in [
            ("Host: h\r\nA: b\n", 400, "\n", "RFC 9112 2.2"),
            ("Host: h\nA: b\r\n", 400, "\nA", "RFC 9112 2.2"),
            ("Host: h\r\nA: b\rc\r\n", 400, "\rc", "RFC 9112 2.2"),
            ("Host: h\r\nA:\n b\r\n", 400, "\n b", "RFC 9112 2.2"),
            ("Host: h\r\nA: b\n\tc\r\n", 400, "\n\tc", "RFC 9112 2.2"),
            ("Host: h\n \r\nA: b\r\n", 400, "\n \r", "RFC 9112 2.2"),
            ("Host: h\r\nA: b\r\r\n", 400, "\r\r\n", "RFC 9112 2.2"),
            ("Host: h\r\nA: b\0c\r\n", 400, "\0c", "RFC 9110 5.5"),
            ("Host: h\r\nA: \x1b[2J\r\n", 400, "\x1b", "RFC 9110 5.5"),
            ("Host: h\r\nA: b\x7f\r\n", 400, "\x7f", "RFC 9110 5.5"),
            ("Host: h\r\nA : b\r\n", 400, " : b", "RFC 9112 5.1"),
            ("Host: h\r\nA\t: b\r\n", 400, "\t: b", "RFC 9112 5.1"),
            ("Host: h\r\nA B: c\r\n", 400, " B: c", "RFC 9110 5.1"),
            ("Host: h\r\nA\u{e9}: c\r\n", 400, "\u{e9}: c", "RFC 9110 5.1"),
            ("Host: h\r\n: c\r\n", 400, ": c", "RFC 9112 5"),
            ("Host: h\r\nnothing\r\n", 400, "\r\n\r\n", "RFC 9112 5"),
            (" Host: h\r\n", 400, " Host", "RFC 9112 2.2"),
            ("Host: h\r\nA: b\r\n\rc: d\r\n", 400, "\rc", "RFC 9112 2.2"),
        ] {
            let fault = request(fields).expect_err(fields);
            let text = format!("POST http://h/ HTTP/1.1\r\n{fields}\r\n");
            assert_eq!((fault.status, fault.clause), (status, clause), "{fields:?}: {fault:?}");
            let at = text.as_bytes().get(fault.offset..).unwrap_or_default();
            assert!(at.starts_with(marked.as_bytes()), "{fields:?} at {}", fault.offset);
        }
    }

    #[test]
    fn rfc9112_2_1_a_head_is_whole_or_refused() {
        for text in ["", "\r\n", "GET / HTTP/1.0\r\n", "GET / HTTP/1.0\r\n\r\nmore", "GET / HTTP/1.0\r\n\n"] {
            assert!(checked(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn rfc9112_5_2_folds_pass() {
        assert!(request("Host: h\r\nX: a\r\n b\r\n\t \r\nY: c\r\n").is_ok());
    }

    #[test]
    fn rfc9110_5_5_obs_text_and_tabs_pass() {
        assert!(request("Host: h\r\nX: \u{e9}\t\"\u{2603}\r\nY:\r\nZ: \r\n").is_ok());
    }

    #[test]
    fn rfc9112_3_2_host() {
        for (fields, ok) in [
            ("", false),
            ("Host:\r\n", true),
            ("Host: h\r\n", true),
            ("host:h:80\r\n", true),
            ("Host: h:\r\n", true),
            ("Host: [::1]:8080\r\n", true),
            ("Host: a_b.%41!\r\n", true),
            ("Host: h\r\nHost: h\r\n", false),
            ("Host: h\r\nhOST: i\r\n", false),
            ("Host: a b\r\n", false),
            ("Host: a, b \r\n", false),
            ("Host: http://h\r\n", false),
            ("Host: u@h\r\n", false),
            ("Host: h/p\r\n", false),
            ("Host: h:x\r\n", false),
            ("Host: h:99999\r\n", false),
            ("Host: ::1\r\n", false),
            ("Host: [::1\r\n", false),
            ("Host: b\u{fc}cher.de\r\n", false),
            ("Host: a%zz\r\n", false),
            ("Host: a\r\n b\r\n", false),
        ] {
            let fault = request(fields).err();
            assert_eq!(fault.is_none(), ok, "{fields:?}");
            assert!(fault.is_none_or(|f| f.status == 400 && f.clause == "RFC 9112 3.2"), "{fields:?}");
        }
        assert!(checked("GET http://h/ HTTP/1.0\r\n\r\n").is_ok());
        assert!(checked("GET http://h/ HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").is_err());
    }

    #[test]
    fn rfc9112_9_3_persistence_of_requests() {
        let facts = |text| checked(text).map(|facts| (facts.persistent, facts.keep_alive)).ok();
        for (text, expected) in [
            ("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", (true, false)),
            ("GET http://h/ HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n", (false, false)),
            (
                "GET http://h/ HTTP/1.1\r\nHost: h\r\nConnection: a\r\nConnection: close\r\n\r\n",
                (false, false),
            ),
            ("GET http://h/ HTTP/1.0\r\n\r\n", (false, false)),
            ("GET http://h/ HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", (false, true)),
            ("GET http://h/ HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", (false, false)),
        ] {
            assert_eq!(facts(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn rfc9112_9_3_persistence_of_responses() {
        for (text, persistent) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
            ("HTTP/1.1 204 No\r\n\r\n", true),
            ("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", false),
            ("HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n", true),
        ] {
            assert_eq!(response(text).map(|facts| facts.persistent), Ok(persistent), "{text:?}");
        }
    }

    #[test]
    fn rfc9110_9_3_8_trace_has_no_content() {
        let trace = |field: &str| checked(&format!("TRACE http://h/ HTTP/1.1\r\nHost: h\r\n{field}\r\n\r\n"));
        for field in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
            assert!(trace(field).is_err_and(|fault| fault.clause == "RFC 9110 9.3.8"), "{field}");
        }
        assert!(trace("Content-Length: 0").is_ok() && trace("X: y").is_ok());
    }

    #[test]
    fn rfc9110_10_1_1_expectations() {
        let expects = |text| checked(text).is_ok_and(|facts| facts.expects_continue);
        assert!(expects(
            "PUT http://h/ HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"
        ));
        assert!(!expects("PUT http://h/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"));
        assert!(!expects("PUT http://h/ HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
    }

    #[test]
    fn rfc9110_7_8_upgrade_needs_the_connection_option_and_http_1_1() {
        let upgrades = |version: &str, fields: &str| {
            let text = format!("GET http://h/ HTTP/{version}\r\nHost: h\r\n{fields}\r\n");
            checked(&text).is_ok_and(|facts| facts.upgrade)
        };
        assert!(upgrades("1.1", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"));
        assert!(!upgrades("1.1", "Upgrade: websocket\r\n"));
        assert!(!upgrades("1.1", "Connection: upgrade\r\n"));
        assert!(!upgrades("1.0", "Upgrade: websocket\r\nConnection: Upgrade\r\n"));
        assert!(!upgrades("1.1", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"));
    }

    #[test]
    fn rfc9110_9_3_6_connect_has_no_content() {
        assert!(checked("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n").is_ok());
        for field in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
            assert!(checked(&format!("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n{field}\r\n\r\n")).is_err());
        }
    }

    #[test]
    fn rfc6585_5_limits_hold_on_both_sides() {
        let fields = |count: usize| format!("Host: h\r\n{}", "A: b\r\n".repeat(count - 1));
        assert!(request(&fields(100)).is_ok());
        assert_eq!(request(&fields(101)).map_err(|fault| fault.status), Err(431));
        let long = |len: usize| format!("GET / HTTP/1.1\r\nHost: h\r\nA: {}\r\n\r\n", "a".repeat(len - 32));
        assert!(checked(&long(4096)).is_ok());
        assert_eq!(checked(&long(4097)).map_err(|fault| fault.status), Err(431));
        let target = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(5000));
        assert_eq!(checked(&target).map_err(|fault| fault.status), Err(414));
    }

    #[test]
    fn rfc9112_5_1_white_space_before_a_response_colon_is_tolerated() {
        let facts = response("HTTP/1.1 200 OK\r\nTransfer-Encoding \t: chunked\r\n\r\n");
        assert_eq!(facts.map(|facts| facts.framing), Ok(Framing::Chunked));
        assert_eq!(response("HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n").map_err(|f| f.status), Err(502));
    }

    #[test]
    fn rfc9112_6_3_framing_of_responses_without_body() {
        let check = |text: &'static str, head, connect| {
            check_response(&Head::parse(Bytes::from_static(text.as_bytes())), head, connect, &BOUNDS)
                .map(|facts| facts.framing)
                .map_err(|fault| fault.status)
        };
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(check(length, false, false), Ok(Framing::Length(5)));
        assert_eq!(check(length, true, false), Ok(Framing::None));
        assert_eq!(check(length, false, true), Ok(Framing::None));
        assert_eq!(
            check("HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n", false, false),
            Ok(Framing::None)
        );
        assert_eq!(check("HTTP/1.1 103 E\r\n\r\n", false, false), Ok(Framing::None));
        assert_eq!(check("HTTP/1.1 200 N\r\nContent-Length: 5, 6\r\n\r\n", true, false), Err(502));
    }
}
