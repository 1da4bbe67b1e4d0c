//! How a message's body is delimited: what lets two recipients disagree about it.

use crate::inspect::field::On;
use crate::inspect::field::Spec::Rfc;
use crate::inspect::found::Found;
use crate::inspect::message::Case;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::table;
use crate::inspect::value::decimal;

pub static RULES: &[Rule] = &[
    error("length-and-transfer-encoding", Rfc(9112, "6.3"), "Two framings claim this body. Transfer-Encoding wins, but a party that takes Content-Length stops elsewhere: request smuggling and response splitting live on it.", "Send one of them.")
        .about(&["Content-Length", "Transfer-Encoding"])
        .example("POST / HTTP/1.1\nHost: h\nContent-Length: 4\nTransfer-Encoding: chunked\n", "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n")
        .messages(length_and_coding),
    error("lengths-differ", Rfc(9112, "6.3"), "Two Content-Length values that differ let each recipient choose its own end of the body.", "Send one Content-Length with the true length.")
        .about(&["Content-Length"])
        .example("HTTP/1.1 200 OK\nContent-Length: 120\nContent-Length: 118\n", "HTTP/1.1 200 OK\nContent-Length: 120\n")
        .messages(lengths_differ),
    warn("length-repeated", Rfc(9110, "8.6"), "The same Content-Length twice is repaired by some recipients and refused by others.", "Send it once.")
        .about(&["Content-Length"])
        .example("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5\n", "HTTP/1.1 200 OK\nContent-Length: 5\n")
        .messages(length_repeated),
    error("length-not-digits", Rfc(9110, "8.6"), "Content-Length is made of digits only. A sign, a comma, hexadecimal or an overflow is read differently by different recipients.", "Write the number of bytes in decimal digits.")
        .about(&["Content-Length"])
        .example("HTTP/1.1 200 OK\nContent-Length: +5\n", "HTTP/1.1 200 OK\nContent-Length: 5\n")
        .messages(length_not_digits),
    error("chunked-not-last", Rfc(9112, "6.1"), "chunked must be the last transfer coding, or the end of a request cannot be found and a response is read until the close.", "Put chunked last.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/1.1 200 OK\nTransfer-Encoding: chunked, gzip\n", "HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n")
        .messages(chunked_not_last),
    error("chunked-twice", Rfc(9112, "6.1"), "A sender must not apply chunked more than once: recipients differ in how often they undo it.", "Apply chunked once.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/1.1 200 OK\nTransfer-Encoding: chunked, chunked\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n")
        .messages(chunked_twice),
    error("chunked-with-parameters", Rfc(9112, "7.1"), "chunked takes no parameters; with one, some recipients no longer recognise it.", "Remove the parameters.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/1.1 200 OK\nTransfer-Encoding: chunked;a=1\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n")
        .messages(chunked_with_parameters),
    error("transfer-coding-unknown", Rfc(9112, "6.1"), "A recipient that does not know a transfer coding cannot read the body; a server answers 501.", "Use chunked, gzip, deflate or compress.")
        .about(&["Transfer-Encoding"])
        .example("POST / HTTP/1.1\nHost: h\nTransfer-Encoding: xchunked\n", "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n")
        .messages(coding_unknown),
    warn("transfer-coding-identity", Rfc(9112, "7"), "identity was withdrawn as a transfer coding in 2014; recipients that do not know it cannot tell where the body ends.", "Leave Transfer-Encoding out.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/1.1 200 OK\nTransfer-Encoding: identity\nContent-Type: text/plain\n", "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Type: text/plain\n")
        .messages(coding_identity),
    error("transfer-encoding-in-1-0", Rfc(9112, "6.1"), "HTTP/1.0 knows no Transfer-Encoding: the framing of such a message must be taken as faulty.", "Send Content-Length, or speak HTTP/1.1.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n")
        .messages(coding_in_1_0),
    error("transfer-encoding-without-body", Rfc(9112, "6.1"), "A 1xx or 204 response, and a 2xx to CONNECT, has no body, so it must not say how one is framed.", "Remove Transfer-Encoding.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/1.1 204 No Content\nTransfer-Encoding: chunked\n", "HTTP/1.1 204 No Content\n")
        .responses(coding_without_body),
    error("length-without-body", Rfc(9110, "8.6"), "A 1xx or 204 response, and a 2xx to CONNECT, has no body: a recipient that believes the length waits, or takes the next message for a body.", "Remove Content-Length.")
        .about(&["Content-Length"])
        .example("HTTP/1.1 204 No Content\nContent-Length: 5\n", "HTTP/1.1 204 No Content\n")
        .responses(length_without_body),
    warn("length-zero-without-body", Rfc(9110, "8.6"), "A 204 or 1xx must not carry Content-Length, not even 0. It does no harm, but strict recipients complain.", "Remove Content-Length.")
        .about(&["Content-Length"])
        .example("HTTP/1.1 204 No Content\nContent-Length: 0\n", "HTTP/1.1 204 No Content\n")
        .responses(length_zero_without_body),
    warn("length-with-get", Rfc(9110, "9.3.1"), "Content in a GET, HEAD or DELETE has no agreed meaning; some servers refuse it, others let it pass to be read as a second request.", "Put it in the query, or use POST.")
        .about(&["Content-Length"])
        .example("GET / HTTP/1.1\nHost: h\nContent-Length: 9\n", "GET /?q=a HTTP/1.1\nHost: h\n")
        .requests(length_with_get),
    warn("body-without-length", Rfc(9112, "6.3"), "A request with content but without Content-Length or Transfer-Encoding has none for the server: nothing is read.", "Send Content-Length or chunked.")
        .about(&["Content-Type"])
        .example("POST / HTTP/1.1\nHost: h\nContent-Type: text/plain\n", "POST / HTTP/1.1\nHost: h\nContent-Type: text/plain\nContent-Length: 2\n")
        .requests(body_without_length),
    info("until-close", Rfc(9112, "6.3"), "Without Content-Length and chunked the body ends when the connection does: a body cut short looks like a whole one.", "Send Content-Length or chunked.")
        .example("HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close\n", "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 5\n")
        .responses(until_close),
    error("trailer-not-allowed", Rfc(9110, "6.5.1"), "Framing, routing, authentication and content fields cannot come behind the body: whoever needs them has acted already. They must be dropped there.", "Send the field in the head.")
        .about(&["Trailer"])
        .example("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: Content-Length\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: Server-Timing\n")
        .messages(trailer_not_allowed),
    warn("trailer-without-chunked", Rfc(9110, "6.5"), "In HTTP/1.1 only a chunked body has room for trailers: those that are announced here cannot come.", "Send the body chunked, or drop Trailer.")
        .about(&["Trailer"])
        .example("HTTP/1.1 200 OK\nContent-Length: 3\nTrailer: Server-Timing\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: Server-Timing\n")
        .messages(trailer_without_chunked),
    error("multiplexed-transfer-encoding", Rfc(9113, "8.2.2"), "HTTP/2 and HTTP/3 frame bodies themselves; a message with Transfer-Encoding is malformed.", "Remove the field.")
        .about(&["Transfer-Encoding"])
        .example("HTTP/2 200\ntransfer-encoding: chunked\n", "HTTP/2 200\ncontent-type: text/plain\n")
        .messages(multiplexed_coding),
];

/// What has a body by its status and its request, as far as that is known.
fn has_no_body(case: &Case<'_>) -> bool {
    let status = case.message.status();
    (100..200).contains(&status)
        || status == 204
        || (case.method() == b"CONNECT" && (200..300).contains(&status))
}

fn length_and_coding(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.has("Transfer-Encoding") {
        for line in case.message.all("Content-Length") {
            found.name(line, "Content-Length beside Transfer-Encoding");
        }
    }
}

fn lengths_differ(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let mut members = case.message.members("Content-Length");
    let Some((first, _, length)) = members.next() else { return };
    for (line, span, other) in members {
        if decimal(other).is_none() || decimal(other) != decimal(length) {
            found.part(line, &span, format!("differs from the length in line {}", first.number));
        }
    }
}

fn length_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let mut members = case.message.members("Content-Length");
    let Some((_, _, length)) = members.next() else { return };
    for (line, span, _) in
        members.filter(|(_, _, other)| decimal(other).is_some() && decimal(other) == decimal(length))
    {
        found.part(line, &span, "the same length a second time");
    }
}

fn length_not_digits(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.all("Content-Length") {
        let digits = line.value.iter().all(|byte| byte.is_ascii_digit() || b", \t".contains(byte))
            && !line.value.is_empty();
        let overflow = line
            .members()
            .iter()
            .any(|(_, member)| std::str::from_utf8(member).is_ok_and(|text| text.parse::<u64>().is_err()));
        if !digits || overflow {
            let at = line.value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(0);
            let says = if digits { "more than any body can have" } else { "only digits are allowed here" };
            found.part(line, &(at..line.value.len()), says);
        }
    }
}

fn chunked_not_last(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let members: Vec<_> = case.message.members("Transfer-Encoding").collect();
    let Some(at) = members.iter().position(|(_, _, coding)| is_chunked(coding)) else {
        if let Some((line, span, coding)) = members.last().filter(|_| case.message.is_request())
            && is_known(coding)
        {
            found.part(line, span, "chunked is missing: the end of this request cannot be found");
        }
        return;
    };
    for (line, span, _) in members.iter().skip(at + 1).filter(|(_, _, coding)| !is_chunked(coding)) {
        found.part(line, span, "stands behind chunked, which must be last");
    }
}

fn chunked_twice(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, _) in
        case.message.members("Transfer-Encoding").filter(|(_, _, coding)| is_chunked(coding)).skip(1)
    {
        found.part(line, &span, "chunked a second time");
    }
}

fn chunked_with_parameters(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, coding) in case.message.members("Transfer-Encoding") {
        if is_chunked(coding) && coding.contains(&b';') {
            found.part(line, &span, "chunked with a parameter");
        }
    }
}

fn coding_unknown(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, coding) in case.message.members("Transfer-Encoding") {
        if !is_known(coding) && !is_chunked(coding) && !is_identity(coding) {
            found.part(line, &span, "not a transfer coding that is known");
        }
    }
}

fn bare(coding: &[u8]) -> &[u8] {
    coding.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

fn is_chunked(coding: &[u8]) -> bool {
    bare(coding).eq_ignore_ascii_case(b"chunked")
}

fn is_identity(coding: &[u8]) -> bool {
    bare(coding).eq_ignore_ascii_case(b"identity")
}

fn coding_identity(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, _) in
        case.message.members("Transfer-Encoding").filter(|(_, _, coding)| is_identity(coding))
    {
        found.part(line, &span, "identity is no transfer coding any more");
    }
}

fn is_known(coding: &[u8]) -> bool {
    ["gzip", "x-gzip", "deflate", "compress", "x-compress"]
        .iter()
        .any(|known| bare(coding).eq_ignore_ascii_case(known.as_bytes()))
}

fn coding_in_1_0(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.version() == b"HTTP/1.0" {
        for line in case.message.all("Transfer-Encoding") {
            found.name(line, "Transfer-Encoding in an HTTP/1.0 message");
        }
    }
}

fn coding_without_body(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if has_no_body(case) {
        for line in case.message.all("Transfer-Encoding") {
            found.name(line, "this response has no body to be framed");
        }
    }
}

fn length_without_body(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if has_no_body(case) {
        for line in case.message.all("Content-Length").filter(|line| decimal(line.value) != Some(0)) {
            found.name(line, "this response has no body to have a length");
        }
    }
}

fn length_zero_without_body(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if has_no_body(case) {
        for line in case.message.all("Content-Length").filter(|line| decimal(line.value) == Some(0)) {
            found.name(line, "needless: this response has no body anyway");
        }
    }
}

fn length_with_get(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if matches!(case.message.method(), b"GET" | b"HEAD") {
        for line in case
            .message
            .all("Content-Length")
            .filter(|line| decimal(line.value).is_some_and(|length| length > 0))
        {
            found.name(line, "a body in a request whose method gives it no meaning");
        }
    }
}

fn body_without_length(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    let expects = matches!(message.method(), b"POST" | b"PUT" | b"PATCH") && message.version() == b"HTTP/1.1";
    if expects
        && !message.has("Content-Length")
        && !message.has("Transfer-Encoding")
        && let Some(line) = message.first("Content-Type")
    {
        found.name(line, "a type of content, but neither its length nor chunked");
    }
}

fn until_close(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let message = case.message;
    let framed = message.has("Content-Length")
        || message.has("Transfer-Encoding")
        || message.status() == 304
        || has_no_body(case);
    let told = matches!(message.version(), b"HTTP/1.1" | b"HTTP/1.0") && message.lists("Connection", "close");
    if !framed && told && case.method() != b"HEAD" && message.status() != 101 {
        found.start(0..message.head.start_line().len(), "the body ends with the connection");
    }
}

fn trailer_not_allowed(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (line, span, name) in case.message.members("Trailer") {
        if table::field(name).is_some_and(|field| !field.on.has(On::TRAILERS) && is_early(field.name)) {
            found.part(line, &span, "this field cannot come behind the body");
        }
    }
}

/// Fields that must be known before the body (RFC 9110 6.5.1).
pub(super) fn is_early(name: &str) -> bool {
    const EARLY: [&str; 24] = [
        "Transfer-Encoding",
        "Content-Length",
        "Host",
        "Cache-Control",
        "Expect",
        "Max-Forwards",
        "Pragma",
        "Range",
        "TE",
        "Trailer",
        "Authorization",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Set-Cookie",
        "Cookie",
        "Age",
        "Expires",
        "Vary",
        "Content-Encoding",
        "Content-Type",
        "Content-Range",
        "Connection",
        "Location",
    ];
    EARLY.contains(&name)
}

fn trailer_without_chunked(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.version().starts_with(b"HTTP/1") && !case.message.lists("Transfer-Encoding", "chunked") {
        for line in case.message.all("Trailer") {
            found.name(line, "trailers are announced, but the body is not chunked");
        }
    }
}

fn multiplexed_coding(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if case.message.is_multiplexed() {
        for line in case.message.all("Transfer-Encoding") {
            found.name(line, "Transfer-Encoding has no place in HTTP/2 and HTTP/3");
        }
    }
}
