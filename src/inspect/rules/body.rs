//! Bodies beside their heads: lengths, kinds and codings that are not what was said, and what came behind.
//!
//! Only recorded exchanges have bodies; a header block alone never fires these.

use super::framing::is_early;
use crate::exchange::MessageKind;
use crate::inspect::Content;
use crate::inspect::field::On;
use crate::inspect::field::Spec::{Rfc, Whatwg};
use crate::inspect::found::Found;
use crate::inspect::message::{Case, Line};
use crate::inspect::parts::shown;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::table;
use crate::inspect::value::decimal;

pub static RULES: &[Rule] = &[
    error("body-cut-short", Rfc(9112, "8"), "The body ended before it had the bytes that its framing promised: it is incomplete, and must not be taken for whole.", "Look at who closed the connection, and why.")
        .about(&["Content-Length"])
        .example("HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 9\n<<<\nabc…\n", "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 3\n<<<\nabc\n")
        .messages(cut_short),
    error("body-length-differs", Rfc(9110, "8.6"), "Content-Length says another number of bytes than came: recipients of HTTP/2 must refuse the message, others wait or lose bytes.", "Count the bytes that are sent, behind all codings.")
        .about(&["Content-Length"])
        .example("HTTP/2 200\ncontent-type: text/plain\ncontent-length: 9\n<<<\nabc\n", "HTTP/2 200\ncontent-type: text/plain\ncontent-length: 3\n<<<\nabc\n")
        .messages(length_differs),
    warn("body-type-differs", Whatwg("MIME Sniffing"), "The bytes begin like another kind of content than Content-Type says: some recipients believe the one, some the other, and nosniff makes browsers refuse it.", "Send the type of what is sent.")
        .about(&["Content-Type"])
        .example("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 15\n<<<\n<!doctype html>\n", "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 15\n<<<\n<!doctype html>\n")
        .messages(type_differs),
    error("body-not-so-coded", Rfc(9110, "8.4"), "The bytes do not begin as this coding does: recipients cannot unpack the content, and show an error or nothing.", "Pack the content, or leave Content-Encoding out.")
        .about(&["Content-Encoding"])
        .example("HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Encoding: gzip\nVary: Accept-Encoding\nContent-Length: 3\n<<<\nabc\n", "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 3\n<<<\nabc\n")
        .messages(not_so_coded),
    error("trailer-forbidden", Rfc(9110, "6.5.1"), "This field came behind the body, where it must not be: recipients drop it, or worse, act on it when it is too late.", "Send it in the head.")
        .example("HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n<<<\nabc\n^^^\nContent-Length: 3\n", "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\nTrailer: Server-Timing\n<<<\nabc\n^^^\nServer-Timing: db\n")
        .messages(trailer_forbidden),
    info("trailer-unannounced", Rfc(9110, "6.6.2"), "Trailer should name the fields that come behind the body: recipients that prepare for them miss this one.", "Name it in Trailer.")
        .about(&["Trailer"])
        .example("HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n<<<\nabc\n^^^\nServer-Timing: db\n", "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\nTrailer: Server-Timing\n<<<\nabc\n^^^\nServer-Timing: db\n")
        .messages(trailer_unannounced),
    warn("trailer-missing", Rfc(9110, "6.6.2"), "Trailer announced a field that did not come behind the body: whoever waited for it, a digest or a status, has none.", "Send it, or do not announce it.")
        .about(&["Trailer"])
        .example("HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\nTrailer: Server-Timing\n<<<\nabc\n", "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\nTrailer: Server-Timing\n<<<\nabc\n^^^\nServer-Timing: db\n")
        .messages(trailer_missing),
];

/// The body that a received message came with; a sent one has the same.
fn content<'c>(case: &'c Case<'_>) -> Option<&'c Content<'c>> {
    let side = match case.message.kind {
        MessageKind::RequestReceived => 0,
        MessageKind::ResponseReceived => 1,
        MessageKind::RequestSent | MessageKind::ResponseSent => return None,
    };
    case.view.bodies.get(side)?.as_ref()
}

/// Whether it has no body whatever its head says (RFC 9112 6.3).
fn is_bodiless(case: &Case<'_>) -> bool {
    let status = case.message.status();
    let response = !case.message.is_request();
    response && ((100..200).contains(&status) || matches!(status, 204 | 304) || case.method() == b"HEAD")
        || case.method() == b"CONNECT"
}

fn declared<'m>(case: &'m Case<'_>) -> Option<(&'m Line<'m>, u64)> {
    let line = case.message.lines.iter().find(|line| line.is("Content-Length"))?;
    decimal(line.value)
        .filter(|_| !is_bodiless(case) && !case.message.has("Transfer-Encoding"))
        .map(|length| (line, length))
}

fn cut_short(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let cut = |content: &&Content<'_>| !content.complete && !content.decoded && !is_bodiless(case);
    let Some(content) = content(case).filter(cut) else { return };
    match declared(case) {
        Some((line, length)) if content.length < length => {
            found.value(line, format!("{} of {length} bytes came", content.length));
        }
        None if case.message.lists("Transfer-Encoding", "chunked") => {
            let says = format!("ended behind {} bytes, without its last chunk", content.length);
            found.start(0..case.message.head.start_line().len(), says);
        }
        _ => {}
    }
}

fn length_differs(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    if let Some((line, length)) = declared(case)
        && let Some(content) = content(case).filter(|content| content.complete && content.length != length)
        && !content.decoded
        && !case.view.partial
    {
        found.value(line, format!("{} bytes came", content.length));
    }
}

/// Kinds of content by their first bytes, and the types that fit them.
const KINDS: &[(&[u8], &str, &[&str])] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG image", &["image/png", "image/apng", "image/x-png"]),
    (b"\xff\xd8\xff", "a JPEG image", &["image/jpeg", "image/jpg", "image/pjpeg"]),
    (b"GIF8", "a GIF image", &["image/gif"]),
    (b"%PDF-", "a PDF", &["application/pdf", "application/x-pdf"]),
    (b"<!doctype html", "a web page", &["text/html", "application/xhtml+xml"]),
    (b"<html", "a web page", &["text/html", "application/xhtml+xml"]),
    (b"wOF2", "a WOFF2 font", &["font/woff2", "application/font-woff2", "application/x-font-woff2"]),
    (b"wOFF", "a WOFF font", &["font/woff", "application/font-woff", "application/x-font-woff"]),
];
/// Types that say little on purpose, or under which anything may come.
const OPEN: &[&str] =
    &["application/octet-stream", "binary/octet-stream", "text/plain", "application/x-download"];

fn type_differs(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(line) = case.message.lines.iter().find(|line| line.is("Content-Type")) else { return };
    let Some(content) = content(case).filter(|_| !case.message.has("Content-Encoding")) else { return };
    let begins = content.beginning.trim_ascii_start().to_ascii_lowercase();
    let lower = |start: &[u8]| begins.starts_with(&start.to_ascii_lowercase());
    let Some((_, kind, types)) = KINDS.iter().find(|(start, ..)| lower(start)) else { return };
    let essence = line.value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let says = String::from_utf8_lossy(essence).to_ascii_lowercase();
    // A range in the middle of something may begin like anything.
    if !types.contains(&says.as_str()) && !OPEN.contains(&says.as_str()) && case.message.status() != 206 {
        found.part(line, &(0..essence.len()), format!("the bytes begin like {kind}"));
    }
}

fn not_so_coded(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(content) = content(case).filter(|content| content.beginning.len() > 2 && !content.decoded)
    else {
        return;
    };
    if case.message.status() == 206 {
        return;
    }
    let last = case.message.lines.iter().rfind(|line| line.is("Content-Encoding"));
    let Some((line, (span, coding))) = last.and_then(|line| Some((line, line.members().pop()?))) else {
        return;
    };
    let begins: &[&[u8]] = match coding.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => &[b"\x1f\x8b"],
        b"zstd" => &[b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"],
        b"compress" | b"x-compress" => &[b"\x1f\x9d"],
        _ => return,
    };
    if !begins.iter().any(|start| content.beginning.starts_with(start)) {
        found.part(line, &span, format!("the bytes do not begin like {}", shown(coding)));
    }
}

fn trailer_forbidden(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(content) = content(case) else { return };
    for (name, _) in content.trailer_fields().take(50) {
        if table::field(name).is_some_and(|field| !field.on.has(On::TRAILERS) && is_early(field.name)) {
            let says = format!("{} behind the body", shown(name));
            found.start(0..case.message.head.start_line().len(), says);
        }
    }
}

fn trailer_unannounced(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(content) = content(case).filter(|_| case.message.version().starts_with(b"HTTP/1")) else {
        return;
    };
    let announced =
        |name: &[u8]| case.message.members("Trailer").any(|(_, _, one)| one.eq_ignore_ascii_case(name));
    for (name, _) in content.trailer_fields().take(50).filter(|(name, _)| !announced(name)) {
        let says = format!("{} came behind the body unannounced", shown(name));
        found.start(0..case.message.head.start_line().len(), says);
    }
}

fn trailer_missing(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let Some(content) = content(case).filter(|content| content.complete && !is_bodiless(case)) else {
        return;
    };
    for (line, span, name) in case.message.members("Trailer") {
        if !content.trailer_fields().any(|(came, _)| came.eq_ignore_ascii_case(name)) {
            found.part(line, &span, "did not come behind the body");
        }
    }
}
