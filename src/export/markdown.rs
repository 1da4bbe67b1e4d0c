//! An exchange as a note for people: Markdown.

use super::redact::{Secrets, Veil};
use super::url;
use crate::exchange::{Exchange, Head};
use crate::text::{sanitize, units};
use std::fmt::Write as _;

/// A note to be passed on: secrets are covered, all that this one exchange knows of.
#[must_use]
pub fn covered_note(exchange: &Exchange, request_body: &[u8], response_body: &[u8], key: [u8; 32]) -> String {
    let mut secrets = Secrets::default();
    secrets.exchange(exchange);
    secrets.text(request_body);
    secrets.text(response_body);
    match Veil::new(secrets, key) {
        Some(veil) => markdown(&veil.exchange(exchange), &veil.text(request_body), &veil.text(response_body)),
        None => String::new(),
    }
}

/// Request and response with their bodies, as received, when they are text. Nothing is covered here.
#[must_use]
pub fn markdown(exchange: &Exchange, request_body: &[u8], response_body: &[u8]) -> String {
    let summary = &exchange.summary;
    let mut out = format!("### {} {}\n\n", sanitize(&summary.method), sanitize(&url(exchange)));
    let status = summary.status.map_or("no answer".to_owned(), |status| status.to_string());
    let took = summary.duration.map(|micros| format!(" in {}", units::duration(micros)));
    let _ = writeln!(out, "{status}{}", took.unwrap_or_default());
    if let Some(failure) = &summary.failure {
        let _ = writeln!(out, "\nFailed: {}", sanitize(&failure.says));
    }
    if let Some(note) = &summary.note {
        let _ = writeln!(out, "\n> {}", sanitize(note.as_str()));
    }
    let heads = &exchange.heads;
    message(&mut out, "Request", heads.request_received.as_ref(), request_body);
    let answer = heads.response_received.as_ref().or(heads.response_sent.as_ref());
    message(&mut out, "Response", answer, response_body);
    out
}

fn message(out: &mut String, title: &str, head: Option<&bytes::Bytes>, body: &[u8]) {
    let Some(head) = head.map(|head| Head::parse(head.clone())) else { return };
    let mut text = format!("{}\n", sanitize(head.start_line()));
    // Pseudo-fields (RFC 9113 8.3) are in the start line and the title.
    for field in head.fields().filter(|field| !field.is_pseudo()) {
        let _ = writeln!(text, "{}", sanitize(field.line));
    }
    if !body.is_empty() {
        text.push('\n');
        match std::str::from_utf8(body) {
            Ok(body) => text.extend(body.lines().map(|line| format!("{}\n", sanitize(line)))),
            Err(_) => {
                let _ = writeln!(text, "({} that are no text)", units::counted(body.len(), "byte", "bytes"));
            }
        }
    }
    let fence = fence(&text);
    let _ = write!(out, "\n**{title}**\n\n{fence}http\n{text}{fence}\n");
}

/// Longer than any run of backticks in the text, so that nothing in it ends the block.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::request::tests::exchange;

    #[test]
    fn secrets_are_covered_and_the_block_holds() {
        let head = b"POST /x HTTP/1.1\r\nCookie: sid=1\r\nX-A: \x1b[1m\r\n\r\n";
        let text = covered_note(&exchange(head, "h.test", b""), b"```\nend", b"", [0; 32]);
        assert!(text.contains("Cookie: sid=hidden-") && !text.contains("sid=1"), "{text}");
        assert!(text.contains("X-A: \\x1b[1m\n\n```\nend\n````\n"), "{text}");
        assert!(text.contains("````http\nPOST /x HTTP/1.1\n"), "{text}");
    }
}
