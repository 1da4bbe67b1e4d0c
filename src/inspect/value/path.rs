//! The way a message took: Via, Forwarded, X-Forwarded-For, CDN-Loop, Warning.

use super::address::node;
use super::lists::comment;
use super::syntax::{is_token, must_be_value, not_in_token};
use crate::inspect::field::Field;
use crate::inspect::parts::Parts;
use std::ops::Range;

/// One hop per member: protocol, name, comment (RFC 9110 7.6.3).
pub fn via(_: &Field, parts: &mut Parts<'_>) {
    for piece in outside_comments(parts, parts.whole()) {
        if parts.is_over() {
            return;
        }
        hop(parts, &piece);
    }
}

fn hop(parts: &mut Parts<'_>, span: &Range<usize>) {
    let bytes = parts.bytes(span);
    let protocol = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    let protocol = span.start..span.start + protocol;
    let fits = parts.bytes(&protocol).split(|byte| *byte == b'/').all(is_token);
    if !fits {
        return parts.fail(protocol.start, "a hop begins with the version it received: 1.1, 2, HTTP/1.1");
    }
    let said = format!("received in version {}", parts.shown(&protocol));
    parts.add(span.clone(), "hop", said);
    parts.deepen();
    parts.add(protocol.clone(), "protocol", "the version of HTTP that this hop received");
    let rest = parts.trim(&(protocol.end..span.end));
    let inner = parts.bytes(&rest);
    let name =
        inner.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'(').unwrap_or(inner.len());
    let name = rest.start..rest.start + name;
    if name.is_empty() {
        parts.fail(
            rest.start,
            "the hop has no name: host[:port] or a pseudonym is expected behind the version",
        );
    } else {
        parts.add(name.clone(), "name", "who passed it on");
    }
    let rest = parts.trim(&(name.end..span.end));
    if !parts.is_broken() && !rest.is_empty() {
        if parts.at(rest.start) == Some(b'(') {
            let length = comment(parts, rest.clone());
            if rest.start + length < rest.end {
                parts.fail(rest.start + length, "a comma is expected before the next hop");
            }
        } else {
            parts.fail(rest.start, "a comma, or a remark in ( ), is expected behind the name");
        }
    }
    parts.rise();
}

/// Pieces between commas that stand in no comment.
fn outside_comments(parts: &Parts<'_>, whole: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut from, mut depth) = (whole.start, 0_usize);
    for (at, byte) in parts.bytes(&whole).iter().enumerate().map(|(at, byte)| (whole.start + at, byte)) {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                pieces.push(parts.trim(&(from..at)));
                from = at + 1;
            }
            _ => {}
        }
        if pieces.len() > crate::inspect::parts::MOST_PARTS {
            return pieces;
        }
    }
    pieces.push(parts.trim(&(from..whole.end)));
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// One element per proxy, each of `for=`, `by=`, `host=`, `proto=` (RFC 7239 4).
pub fn forwarded(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        for pair in parts.pieces(&piece, b';') {
            if parts.is_over() {
                return;
            }
            forwarded_pair(field, parts, &pair);
        }
    }
}

fn forwarded_pair(field: &Field, parts: &mut Parts<'_>, span: &Range<usize>) {
    let (name, value) = parts.halves(span, b'=');
    if let Some(at) = not_in_token(parts, &name) {
        return parts.fail(at, "a parameter's name is expected: for, by, host, proto");
    }
    let Some(value) = value else { return parts.fail(span.end, "= and a value are expected") };
    let means =
        field.word(parts.bytes(&name)).map_or("a parameter that is not in the RFC", |word| word.means);
    parts.add(span.clone(), "parameter", means);
    if must_be_value(parts, &value)
        && matches!(parts.bytes(&name).to_ascii_lowercase().as_slice(), b"for" | b"by")
    {
        parts.deeper(|parts| node(parts, &value, "node"));
    }
}

/// Addresses between commas, the client's first: X-Forwarded-For.
pub fn addresses(_: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        node(parts, &piece, "address");
    }
}

/// Code, agent, text and date, between blanks (RFC 7234 5.5).
pub fn warning(_: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        one_warning(parts, &piece);
    }
}

fn one_warning(parts: &mut Parts<'_>, span: &Range<usize>) {
    let (code, rest) = parts.halves(span, b' ');
    let digits = parts.bytes(&code);
    if digits.len() != 3 || !digits.iter().all(u8::is_ascii_digit) {
        return parts.fail(code.start, "a warning begins with a code of three digits");
    }
    let said = match digits {
        b"110" => "the response is stale",
        b"111" => "validating it again failed",
        b"112" => "the cache is cut off from the network",
        b"113" => "its lifetime was guessed, and it is older than a day",
        b"199" | b"299" => "a warning of another kind",
        b"214" => "an intermediary changed it",
        _ => "",
    };
    parts.add(code, "code", said);
    let Some(rest) = rest else { return parts.fail(span.end, "the agent and a text are expected") };
    let (agent, rest) = parts.halves(&rest, b' ');
    parts.add(agent, "agent", "who warns");
    let Some(rest) = rest else { return parts.fail(span.end, "a text in quotes is expected") };
    let end = parts.quote_end(rest.start, rest.end);
    if parts.at(rest.start) != Some(b'"') {
        return parts.fail(rest.start, "a text in quotes is expected");
    }
    parts.add(rest.start..end, "text", "the warning in words");
    let date = parts.trim(&(end..rest.end));
    if !date.is_empty() {
        let inner = date.start + 1..date.end.saturating_sub(1).max(date.start + 1);
        super::date::date_part(parts, inner, "date");
    }
}
