//! Links and alternatives: Link, Link-Template, Alt-Svc, Refresh.

use super::address::uri_part;
use super::syntax::{directive, not_in_token, parameters, unquoted};
use crate::inspect::field::Field;
use crate::inspect::parts::Parts;
use std::ops::Range;

/// `<uri>; rel=…` between commas (RFC 8288 3).
pub fn link(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let mut at = whole.start;
    while at < whole.end && !parts.is_over() {
        match parts.at(at) {
            Some(b' ' | b'\t' | b',' | b'\r' | b'\n') => at += 1,
            Some(b'<') => at = one_link(field, parts, at, whole.end),
            _ => return parts.fail(at, "a link begins with <, its address and >"),
        }
    }
}

/// Reads one link; where the next may begin.
fn one_link(field: &Field, parts: &mut Parts<'_>, from: usize, end: usize) -> usize {
    let rest = parts.bytes(&(from..end));
    let Some(close) = rest.iter().position(|byte| *byte == b'>') else {
        parts.fail(end, "the address is not closed: > is missing");
        return end;
    };
    let behind = from + close + 1;
    // Only a comma outside of quotes ends this link's parameters.
    let mut stop = behind;
    while stop < end && parts.at(stop) != Some(b',') {
        stop = if parts.at(stop) == Some(b'"') { parts.quote_end(stop, end) } else { stop + 1 };
    }
    let first = parts.trim(&(behind..stop.min(end))).start;
    if first < stop.min(end) && parts.at(first) != Some(b';') {
        parts.fail(first, "a semicolon or a comma is expected behind the address");
        return end;
    }
    let pieces = parts.pieces(&(behind..stop.min(end)), b';');
    let rel = pieces.iter().find_map(|piece| {
        let (name, value) = parts.halves(piece, b'=');
        parts.bytes(&name).eq_ignore_ascii_case(b"rel").then_some(value).flatten()
    });
    let said = rel
        .map_or_else(|| "a link without a relation".to_owned(), |rel| relation(&unquoted(parts.bytes(&rel))));
    parts.add(from..behind, "link", said);
    parts.deeper(|parts| {
        uri_part(parts, &(from + 1..behind - 1));
        parameters(field, parts, &pieces, "parameter");
    });
    stop.min(end)
}

fn relation(rel: &[u8]) -> String {
    let said = match rel.to_ascii_lowercase().as_slice() {
        b"next" => "the next page",
        b"prev" | b"previous" => "the page before",
        b"first" => "the first page",
        b"last" => "the last page",
        b"preload" => "to be fetched early: this page will need it",
        b"modulepreload" => "a module to be fetched and compiled early",
        b"preconnect" => "a server to connect to early",
        b"dns-prefetch" => "a name to resolve early",
        b"prefetch" => "to be fetched for a later page",
        b"stylesheet" => "a style sheet of this page",
        b"canonical" => "the preferred address of this content",
        b"alternate" => "the same content in another form",
        b"shortlink" => "a short address of this page",
        b"self" => "this resource itself",
        b"icon" => "the icon of this page",
        b"describedby" => "a description of this resource",
        b"license" => "the licence of this content",
        b"hub" => "where changes are announced",
        b"original" => "the resource whose state this is",
        b"timemap" => "a list of earlier states",
        _ => return format!("relation {}", crate::inspect::parts::shown(rel)),
    };
    said.to_owned()
}

/// Other places that serve this origin (RFC 7838 3).
pub fn alt_svc(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if parts.bytes(&whole) == b"clear" {
        return parts.add(whole, "token", "forget all alternatives that were offered");
    }
    for piece in parts.pieces(&whole, b',') {
        let pieces = parts.pieces(&piece, b';');
        let Some((first, rest)) = pieces.split_first() else { continue };
        if parts.is_over() {
            return;
        }
        let (protocol, place) = parts.halves(first, b'=');
        if let Some(at) = not_in_token(parts, &protocol) {
            return parts.fail(at, "a protocol is expected: h3=\":443\"");
        }
        let quoted = place.as_ref().is_some_and(|place| parts.at(place.start) == Some(b'"'));
        if !quoted {
            return parts.fail(first.end, "= and host:port in quotes are expected");
        }
        let said = protocol_said(parts.bytes(&protocol));
        parts.add(first.clone(), "alternative", said);
        parts.deeper(|parts| parameters(field, parts, rest, "parameter"));
    }
}

/// Protocols by their ALPN names.
pub fn protocol_said(name: &[u8]) -> &'static str {
    match name.to_ascii_lowercase().as_slice() {
        b"h3" => "offers HTTP/3",
        b"h2" => "offers HTTP/2",
        b"http%2f1.1" => "offers HTTP/1.1",
        [b'h', b'3', b'-', ..] | b"quic" => "offers a draft of HTTP/3",
        [b'h', b'q', ..] => "offers HTTP/0.9 over QUIC, an experiment",
        _ => "offers another protocol",
    }
}

/// Seconds, then perhaps where to go: Refresh (HTML).
pub fn refresh(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let bytes = parts.bytes(&whole);
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    if length == 0 {
        return parts.fail(whole.start, "a number of seconds is expected first");
    }
    parts.add(whole.start..whole.start + length, "seconds", "how long to wait");
    let rest = parts.trim(&(whole.start + length..whole.end));
    let inner = parts.bytes(&rest);
    let separators = inner.iter().take_while(|byte| matches!(byte, b';' | b',' | b' ')).count();
    let rest = rest.start + separators..rest.end;
    let (name, value) = parts.halves(&rest, b'=');
    match value {
        Some(value) if parts.bytes(&name).eq_ignore_ascii_case(b"url") => uri_part(parts, &value),
        _ if !rest.is_empty() => uri_part(parts, &rest),
        _ => {}
    }
}

/// Members with parameters, all between semicolons and commas, names as tokens: Server-Timing.
pub fn server_timing(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        let pieces = parts.pieces(&piece, b';');
        let Some((first, rest)) = pieces.split_first() else { continue };
        if parts.is_over() {
            return;
        }
        if let Some(at) = not_in_token(parts, first) {
            return parts.fail(at, "the name of a metric is a token");
        }
        let said = parts.shown(first);
        parts.add(first.clone(), "metric", said);
        parts.deeper(|parts| {
            for piece in rest {
                timing_parameter(field, parts, piece);
            }
        });
    }
}

fn timing_parameter(field: &Field, parts: &mut Parts<'_>, piece: &Range<usize>) {
    let (name, value) = parts.halves(piece, b'=');
    match value {
        Some(value) if parts.bytes(&name).eq_ignore_ascii_case(b"dur") => {
            let said = format!("took {} ms", crate::inspect::parts::shown(&unquoted(parts.bytes(&value))));
            parts.add(piece.clone(), "duration", said);
        }
        _ => directive(field, parts, piece, "parameter"),
    }
}
