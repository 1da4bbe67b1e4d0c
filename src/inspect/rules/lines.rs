//! Lines that are no field lines: folds, controls, blanks, missing colons, bad names.

use crate::inspect::field::Spec::Rfc;
use crate::inspect::field::Status;
use crate::inspect::found::Found;
use crate::inspect::message::Case;
use crate::inspect::rule::{Rule, error, info, warn};
use crate::inspect::table;
use crate::inspect::value::is_tchar;

pub static RULES: &[Rule] = &[
    error("line-without-colon", Rfc(9112, "5"), "A line without a colon is no field. Recipients drop it, refuse the message, or take it for something else.", "Write name, colon, value; or remove the line.")
        .example("GET / HTTP/1.1\nHost: h\nbroken\n", "GET / HTTP/1.1\nHost: h\nBroken: 1\n")
        .messages(line_without_colon),
    error("field-name-empty", Rfc(9110, "5.1"), "A line that begins with a colon has no name, so nobody can read it.", "Give the field a name.")
        .example("GET / HTTP/1.1\nHost: h\n: value\n", "GET / HTTP/1.1\nHost: h\nX: value\n")
        .messages(field_name_empty),
    error("field-name-not-token", Rfc(9110, "5.1"), "A field name is a token: letters, digits and ! # $ % & ' * + - . ^ _ ` | ~. Recipients refuse the message or drop the field.", "Rename the field.")
        .example("HTTP/1.1 200 OK\nX Debug: 1\nContent-Length: 0\n", "HTTP/1.1 200 OK\nX-Debug: 1\nContent-Length: 0\n")
        .messages(field_name_not_token),
    error("space-before-colon", Rfc(9112, "5.1"), "White space between name and colon lets two recipients read two different names: that is how requests are smuggled. Servers must refuse it, proxies must remove it from responses.", "Remove the white space before the colon.")
        .example("GET / HTTP/1.1\nHost: h\nX-A : 1\n", "GET / HTTP/1.1\nHost: h\nX-A: 1\n")
        .messages(space_before_colon),
    error("space-before-first-field", Rfc(9112, "2.2"), "White space before the first field may be read as a fold of the start line, or as a field.", "Begin the line with the field's name.")
        .example("GET / HTTP/1.1\n Host: h\n", "GET / HTTP/1.1\nHost: h\n")
        .messages(space_before_first_field),
    warn("obs-fold", Rfc(9112, "5.2"), "A value that goes on in the next line is obsolete. Some recipients refuse it, others read the second line as a field of its own.", "Write the value in one line.")
        .example("HTTP/1.1 200 OK\nX-Long: a\n b\nContent-Length: 0\n", "HTTP/1.1 200 OK\nX-Long: a b\nContent-Length: 0\n")
        .messages(obs_fold),
    error("bare-cr", Rfc(9112, "2.2"), "A CR that no LF follows ends a line for some recipients and not for others: message smuggling begins like this.", "Remove the CR, or write CR LF.")
        .example("GET / HTTP/1.1\nHost: h\nX-A: 1\rX-B: 2\n", "GET / HTTP/1.1\nHost: h\nX-A: 1\nX-B: 2\n")
        .messages(bare_cr),
    warn("bare-lf", Rfc(9112, "2.2"), "A line that ends in LF alone is read by most recipients and refused by some: where two differ, one message becomes two.", "End lines in CR LF.")
        .example("GET / HTTP/1.1\nHost: h␊X-A: 1\n", "GET / HTTP/1.1\nHost: h\nX-A: 1\n")
        .messages(bare_lf),
    error("nul", Rfc(9110, "5.5"), "A NUL ends the value for recipients written in C, and not for others.", "Remove the NUL.")
        .example("GET / HTTP/1.1\nHost: h\nX-A: 1\0admin\n", "GET / HTTP/1.1\nHost: h\nX-A: 1\n")
        .messages(nul),
    error("control-in-value", Rfc(9110, "5.5"), "Control bytes have no place in a value: recipients refuse the message or drop them.", "Remove or encode the control byte.")
        .example("HTTP/1.1 200 OK\nX-A: a\u{c}b\nContent-Length: 0\n", "HTTP/1.1 200 OK\nX-A: a b\nContent-Length: 0\n")
        .messages(control_in_value),
    info("value-not-ascii", Rfc(9110, "5.5"), "Bytes beyond ASCII have no agreed meaning in a field value: one side may read UTF-8, the other Latin-1.", "Encode the text, as RFC 8187 does for parameters.")
        .example("HTTP/1.1 200 OK\nX-City: Düsseldorf\nContent-Length: 0\n", "HTTP/1.1 200 OK\nX-City: Dusseldorf\nContent-Length: 0\n")
        .messages(value_not_ascii),
    info("field-misspelt", Rfc(9110, "5.1"), "The name is one letter away from a registered one, which nobody will recognise in it. Some load balancers scramble Connection or Content-Length on purpose to switch them off.", "Correct the name, unless it was scrambled on purpose.")
        .example("HTTP/1.1 200 OK\nContnet-Type: text/html\nContent-Length: 0\n", "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 0\n")
        .messages(field_misspelt),
    warn("singleton-repeated", Rfc(9110, "5.3"), "This field is not a list, so one recipient may read the first line and another the last.", "Send it once.")
        .example("HTTP/1.1 200 OK\nServer: a\nServer: b\nContent-Length: 0\n", "HTTP/1.1 200 OK\nServer: a\nContent-Length: 0\n")
        .messages(singleton_repeated),
    warn("request-field-in-response", Rfc(9110, "10.2"), "This field says something in requests only; in a response nobody reads it.", "Remove it from responses.")
        .example("HTTP/1.1 200 OK\nUser-Agent: x\nContent-Length: 0\n", "HTTP/1.1 200 OK\nServer: x\nContent-Length: 0\n")
        .responses(wrong_side),
    warn("response-field-in-request", Rfc(9110, "10.1"), "This field says something in responses only; in a request nobody reads it.", "Remove it from requests.")
        .example("GET / HTTP/1.1\nHost: h\nServer: x\n", "GET / HTTP/1.1\nHost: h\nUser-Agent: x\n")
        .requests(wrong_side),
    info("field-obsolete", Rfc(9110, "16.3.1"), "The field was withdrawn: current recipients ignore it.", "Remove it, or use what took its place.")
        .example("HTTP/1.1 200 OK\nWarning: 110 - \"stale\"\nContent-Length: 0\n", "HTTP/1.1 200 OK\nAge: 5\nContent-Length: 0\n")
        .messages(field_obsolete),
    warn("head-large", Rfc(9110, "5.4"), "Many servers refuse heads beyond 8 KiB (431) or cut them.", "Shorten cookies and other long fields.")
        .example(LARGE, "GET / HTTP/1.1\nHost: h\nX-Long: a\n")
        .messages(head_large),
];

/// The marker `{8000}` is filled up by the test of the examples.
const LARGE: &str = "GET / HTTP/1.1\nHost: h\nX-Long: {9000}\n";

fn line_without_colon(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in
        case.message.lines.iter().filter(|line| !line.bytes.contains(&b':') && !starts_blank(line.bytes))
    {
        found.line(line, "this line has no colon");
    }
}

fn field_name_empty(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in &case.message.lines {
        if line.bytes.first() == Some(&b':') {
            found.at(line.number, 0..1, "there is no name before the colon");
        }
    }
}

fn field_name_not_token(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| !starts_blank(line.bytes)) {
        let name = line.name.trim_ascii_end();
        if let Some(at) = name.iter().position(|byte| !is_tchar(*byte)) {
            found.at(line.number, at..at + 1, "a field name cannot hold this byte");
        }
    }
}

fn space_before_colon(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| !starts_blank(line.bytes)) {
        let name = line.name.trim_ascii_end().len();
        if name > 0 && name < line.name.len() {
            found.at(line.number, name..line.name.len(), "white space stands between the name and the colon");
        }
    }
}

fn space_before_first_field(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in case.message.lines.iter().filter(|line| starts_blank(line.bytes)) {
        found.at(line.number, 0..1, "the first field line begins with white space");
    }
}

fn obs_fold(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in &case.message.lines {
        if let Some(at) = line.bytes.iter().position(|byte| *byte == b'\n') {
            let from = if at > 0 && line.bytes[at - 1] == b'\r' { at - 1 } else { at };
            found.at(line.number, from..(at + 2).min(line.bytes.len()), "the value goes on in the next line");
        }
    }
}

fn bare_cr(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (number, bytes) in all_lines(case) {
        let odd =
            bytes.iter().enumerate().find(|(at, byte)| **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        if let Some((at, _)) = odd {
            found.at(number, at..at + 1, "a CR without an LF behind it");
        }
    }
}

fn bare_lf(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let raw = case.message.head.raw();
    let bare = |at: &usize| *at > 0 && raw.get(at - 1) != Some(&b'\r');
    if let Some(at) = memchr::memchr_iter(b'\n', raw).find(bare) {
        let number = line_at(case, at);
        let length = case.message.head.line(number).map_or(0, <[u8]>::len);
        found.at(number, length..length, "the line ends in LF without CR");
    }
}

/// The line that the byte at an offset of the head ends or stands in.
fn line_at(case: &Case<'_>, at: usize) -> usize {
    let from = case.message.head.raw().as_ptr().addr();
    let before =
        all_lines(case).filter(|(_, bytes)| bytes.as_ptr().addr() - from <= at).map(|(number, _)| number);
    before.max().unwrap_or(0)
}

fn nul(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for (number, bytes) in all_lines(case) {
        if let Some(at) = memchr::memchr(0, bytes) {
            found.at(number, at..at + 1, "a NUL byte");
        }
    }
}

fn control_in_value(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in &case.message.lines {
        let odd = |byte: &u8| (*byte < 0x20 && !b"\t\r\n\0".contains(byte)) || *byte == 0x7f;
        if let Some(at) = line.value.iter().position(odd) {
            found.part(line, &(at..at + 1), format!("the control byte 0x{:02x}", line.value[at]));
        }
    }
}

fn value_not_ascii(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    for line in &case.message.lines {
        if let Some(at) = line.value.iter().position(|byte| *byte >= 0x80) {
            found.part(line, &(at..line.value.len().min(at + 4)), "bytes beyond ASCII");
        }
    }
}

fn field_misspelt(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    const KNOWN: [&str; 14] = [
        "Connection",
        "Content-Length",
        "Content-Type",
        "Content-Encoding",
        "Transfer-Encoding",
        "Cache-Control",
        "Set-Cookie",
        "Keep-Alive",
        "Last-Modified",
        "User-Agent",
        "Authorization",
        "Accept-Encoding",
        "Strict-Transport-Security",
        "Location",
    ];
    for line in
        case.message.lines.iter().filter(|line| line.field.is_none() && table::family(line.name).is_none())
    {
        if let Some(meant) = KNOWN.iter().find(|known| is_near(line.name, known.as_bytes())) {
            found.name(line, format!("looks like {meant}, misspelt"));
        }
    }
}

/// One letter more, less or other; or the same letters in another order.
fn is_near(name: &[u8], known: &[u8]) -> bool {
    if name.len().abs_diff(known.len()) > 1 || name.eq_ignore_ascii_case(known) {
        return false;
    }
    let (a, b) = (name.to_ascii_lowercase(), known.to_ascii_lowercase());
    let sorted = |mut bytes: Vec<u8>| {
        bytes.sort_unstable();
        bytes
    };
    if a.len() == b.len() && sorted(a.clone()) == sorted(b.clone()) {
        return true;
    }
    let front = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - front;
    let back = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()) - front - back <= 1
}

fn singleton_repeated(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // Those with a rule of their own are left to it; the status of CGI and such customs repeat harmlessly.
    const OWN: [&str; 6] = [
        "Content-Length",
        "Host",
        "Date",
        "Cookie",
        "Access-Control-Allow-Origin",
        "Strict-Transport-Security",
    ];
    let lines = &case.message.lines;
    for (at, line) in lines.iter().enumerate() {
        let Some(field) = line.field.filter(|field| !field.shape.may_repeat() && !OWN.contains(&field.name))
        else {
            continue;
        };
        if field.group == crate::inspect::field::Group::Vendor {
            continue;
        }
        if lines
            .iter()
            .take(at.min(200))
            .any(|before| before.field.is_some_and(|other| std::ptr::eq(other, field)))
        {
            found.name(line, format!("{} stands here a second time", field.name));
        }
    }
}

fn wrong_side(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    use crate::inspect::field::Status::{Provisional, Standard};
    let on = case.message.on();
    for line in &case.message.lines {
        // Short names that browsers coined may be somebody's own on the other side.
        let Some(field) = line.field.filter(|field| matches!(field.status, Standard | Provisional)) else {
            continue;
        };
        if !field.on.has(on) && !is_harmless(field.name) {
            let (own, other) =
                if case.message.is_request() { ("request", "responses") } else { ("response", "requests") };
            found.name(line, format!("{} belongs in {other}; here in a {own} nobody reads it", field.name));
        }
    }
}

/// Fields that the other side carries by a wide custom.
fn is_harmless(name: &str) -> bool {
    [
        "Content-Disposition",
        "Accept-Ranges",
        "Traceparent",
        "Tracestate",
        "SourceMap",
        "Access-Control-Allow-Origin",
    ]
    .contains(&name)
}

fn field_obsolete(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    // These have rules of their own.
    const TOLD: [&str; 2] = ["Pragma", "X-XSS-Protection"];
    for line in &case.message.lines {
        let withdrawn =
            line.field.filter(|field| matches!(field.status, Status::Obsoleted | Status::Deprecated));
        if let Some(field) = withdrawn.filter(|field| !TOLD.contains(&field.name)) {
            found.name(line, format!("{} is obsolete: nothing current reads it", field.name));
        }
    }
}

fn head_large(_: &Rule, case: &Case<'_>, found: &mut Found<'_>) {
    let size = case.message.head.raw().len();
    if size > 8 * 1024
        && let Some(longest) = case.message.lines.iter().max_by_key(|line| line.bytes.len())
    {
        found.name(
            longest,
            format!("the head has {size} bytes, {} of them in this line", longest.bytes.len()),
        );
    }
}

fn starts_blank(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b' ' | b'\t'))
}

fn all_lines<'c>(case: &'c Case<'_>) -> impl Iterator<Item = (usize, &'c [u8])> {
    let fields = case.message.lines.iter().map(|line| (line.number, line.bytes));
    std::iter::once((0, case.message.head.start_line())).chain(fields)
}
