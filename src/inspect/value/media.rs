//! Media types and ranges, Content-Disposition, entity tags, ranges.

use super::date::read_date;
use super::lists::members;
use super::syntax::{decimal, directive, is_token, must_be_value, not_in_token, parameters, unquoted};
use crate::inspect::field::{Field, Word, word};
use crate::inspect::parts::{Parts, shown};
use percent_encoding::percent_decode;
use std::ops::Range;

/// Parameters of media types that are known everywhere.
pub const MEDIA_WORDS: &[Word] = &[
    word("charset", "how the text is written in bytes"),
    word("boundary", "the line that separates the parts of the body"),
    word("profile", "the profile that the content follows"),
    word("version", "the version of the format"),
    word("type", "the media type of the main part"),
    word("start", "which part is the main one"),
    word("action", "the operation that is asked for"),
    word("v", "the version"),
    word("supplemental", "what the format is used for besides"),
    word("odata.metadata", "how much OData metadata is in it"),
    word("ext", "extensions of the format in use"),
];

/// One media type: Content-Type (RFC 9110 8.3.1).
pub fn media_type(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let pieces = parts.split(&whole, b';');
    let Some((first, rest)) = pieces.split_first() else { return };
    let Some(said) = essence(field, parts, first) else { return };
    parts.add(first.clone(), "media type", said);
    let rest: Vec<_> = rest.iter().filter(|piece| !piece.is_empty()).cloned().collect();
    parts.deeper(|parts| parameters(field, parts, &rest, "parameter"));
}

/// Media ranges with weights: Accept (RFC 9110 12.5.1).
pub fn media_ranges(field: &Field, parts: &mut Parts<'_>) {
    members(field, parts, "media range", essence);
}

/// A list of media types: Accept-Patch, Accept-Post.
pub fn media_types(field: &Field, parts: &mut Parts<'_>) {
    members(field, parts, "media type", essence);
}

/// What `type/subtype` is; notes the break when it is none.
fn essence(_: &Field, parts: &mut Parts<'_>, span: &Range<usize>) -> Option<String> {
    let (kind, subtype) = parts.halves(span, b'/');
    let Some(subtype) = subtype else {
        parts.fail(span.end, "a media type is written type/subtype: the slash is missing");
        return None;
    };
    for half in [&kind, &subtype] {
        if let Some(at) = not_in_token(parts, half) {
            parts.fail(at, "a media type is two tokens with a slash between them");
            return None;
        }
    }
    Some(kind_of(parts.bytes(&kind), parts.bytes(&subtype)))
}

fn kind_of(kind: &[u8], subtype: &[u8]) -> String {
    let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
    let subtype = String::from_utf8_lossy(subtype).to_ascii_lowercase();
    let said = match (kind.as_str(), subtype.as_str()) {
        ("*", "*") => "anything",
        (_, "*") => return format!("any {kind}"),
        ("text", "html") | ("application", "xhtml+xml") => "a web page",
        ("application" | "text", "javascript") | ("application", "x-javascript" | "ecmascript") => "a script",
        ("text", "css") => "a style sheet",
        ("text", "plain") => "plain text",
        ("application", "x-www-form-urlencoded") => "a form's fields, written like a query",
        ("multipart", "form-data") => "a form's fields and files, in parts",
        ("multipart", "byteranges") => "several ranges of one resource",
        ("text", "event-stream") => "a stream of server-sent events",
        ("application", "octet-stream") => "bytes of no stated kind",
        ("application", "grpc" | "grpc+proto") => "gRPC messages",
        _ if subtype == "json" || subtype.ends_with("+json") => "JSON",
        _ if subtype == "xml" || subtype.ends_with("+xml") => "XML",
        ("image", _) => "an image",
        ("font", _) => "a font",
        ("audio" | "video", _) => "audio or video",
        ("multipart", _) => "several parts",
        _ => "",
    };
    said.to_owned()
}

/// Content-Disposition (RFC 6266, RFC 8187).
pub fn disposition(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let pieces = parts.split(&whole, b';');
    let Some((first, rest)) = pieces.split_first() else { return };
    if let Some(at) = not_in_token(parts, first) {
        return parts.fail(at, "a disposition is a token: inline, attachment or form-data");
    }
    let said = field.word(parts.bytes(first)).map_or("treated like attachment", |word| word.means);
    parts.add(first.clone(), "disposition", said);
    parts.deeper(|parts| {
        for piece in rest.iter().filter(|piece| !piece.is_empty()) {
            if parts.is_over() {
                return;
            }
            disposition_parameter(field, parts, piece);
        }
    });
}

fn disposition_parameter(field: &Field, parts: &mut Parts<'_>, piece: &Range<usize>) {
    let (name, value) = parts.halves(piece, b'=');
    match value {
        Some(value) if parts.bytes(&name).ends_with(b"*") => match extended(parts.bytes(&value)) {
            Some(text) => parts.add(piece.clone(), "parameter", format!("the name in full: {text}")),
            None => parts.fail(value.start, "an extended value is written UTF-8''percent-encoded (RFC 8187)"),
        },
        _ => directive(field, parts, piece, "parameter"),
    }
}

/// `charset'language'percent-encoded` as text (RFC 8187 3.2).
fn extended(value: &[u8]) -> Option<String> {
    let mut pieces = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, text) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(byte);
    if !is_token(charset) || !text.iter().all(allowed) {
        return None;
    }
    let bytes: Vec<u8> = percent_decode(text).collect();
    if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        return Some(shown(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()));
    }
    charset
        .eq_ignore_ascii_case(b"utf-8")
        .then(|| String::from_utf8(bytes).ok())
        .flatten()
        .map(|text| shown(text.as_bytes()))
}

/// One entity tag: `ETag` (RFC 9110 8.8.3).
pub fn etag(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    entity_tag(parts, &whole);
}

/// Entity tags or `*`: If-Match, If-None-Match.
pub fn etags(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if parts.bytes(&whole) == b"*" {
        return parts.add(whole, "wildcard", "any current representation");
    }
    let mut at = whole.start;
    // A backslash escapes nothing in an entity tag, so these are no quoted strings.
    while at < whole.end && !parts.is_over() {
        let rest = parts.bytes(&(at..whole.end));
        if matches!(rest.first(), Some(b',' | b' ' | b'\t' | b'\r' | b'\n')) {
            at += 1;
            continue;
        }
        let open = rest.iter().take(3).position(|byte| *byte == b'"');
        let close = open
            .and_then(|open| rest[open + 1..].iter().position(|byte| *byte == b'"').map(|at| open + at + 2));
        let comma = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
        let length = close.unwrap_or(comma);
        let span = parts.trim(&(at..at + length));
        entity_tag(parts, &span);
        at += length;
    }
}

/// An entity tag or a date: If-Range (RFC 9110 13.1.5).
pub fn etag_or_date(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if read_date(parts.bytes(&whole), None).is_ok() {
        super::date::date(field, parts);
    } else {
        entity_tag(parts, &whole);
    }
}

fn entity_tag(parts: &mut Parts<'_>, span: &Range<usize>) {
    let bytes = parts.bytes(span);
    let weak = bytes.starts_with(b"W/");
    let opaque = if weak { bytes.get(2..).unwrap_or_default() } else { bytes };
    let from = span.end - opaque.len();
    if !opaque.starts_with(b"\"") {
        let says = if bytes.starts_with(b"w/") {
            "W is written large in a weak tag"
        } else {
            "an entity tag stands in quotes"
        };
        return parts.fail(if bytes.starts_with(b"w/") { span.start } else { from }, says);
    }
    let inner = opaque.get(1..).unwrap_or_default();
    let end = inner.iter().position(|byte| !matches!(byte, 0x21 | 0x23..=0x7e | 0x80..));
    match end {
        Some(end) if inner.get(end) == Some(&b'"') && end + 1 == inner.len() => {
            let said = if weak {
                "weak: equal in meaning, perhaps not in every byte"
            } else {
                "strong: equal means equal byte for byte"
            };
            parts.add(span.clone(), "entity tag", said);
        }
        Some(end) if inner.get(end) == Some(&b'"') => {
            parts.fail(from + end + 2, "nothing may follow the entity tag");
        }
        Some(end) => parts.fail(from + 1 + end, "an entity tag holds no blanks or control bytes"),
        None => parts.fail(span.end, "the entity tag is not closed: \" is missing"),
    }
}

/// Range (RFC 9110 14.2).
pub fn range(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let (unit, set) = parts.halves(&whole, b'=');
    if let Some(at) = not_in_token(parts, &unit) {
        return parts.fail(at, "a range begins with its unit: bytes=");
    }
    let Some(set) = set else { return parts.fail(whole.end, "= is expected behind the unit") };
    parts.add(unit.clone(), "unit", "what the positions count");
    if !parts.bytes(&unit).eq_ignore_ascii_case(b"bytes") {
        return parts.add(set, "range", "in a unit other than bytes");
    }
    let pieces = parts.pieces(&set, b',');
    if pieces.is_empty() {
        return parts.fail(set.end, "a range is expected: 0-499, 500- or -200");
    }
    for piece in pieces {
        if parts.is_over() {
            return;
        }
        match one_range(parts.bytes(&piece)) {
            Some(said) => parts.add(piece, "range", said),
            None => {
                return parts.fail(
                    piece.start,
                    "a range is written 0-499, 500- or -200, its first position not behind its last",
                );
            }
        }
    }
}

fn one_range(text: &[u8]) -> Option<String> {
    let dash = text.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (&text[..dash], &text[dash + 1..]);
    match (first.is_empty(), last.is_empty()) {
        (true, false) => decimal(last).map(|count| format!("the last {count} bytes")),
        (false, true) => decimal(first).map(|from| format!("from byte {from} to the end")),
        (false, false) => {
            let (from, to) = (decimal(first)?, decimal(last)?);
            (from <= to).then(|| format!("bytes {from} to {to}: {} bytes", (to - from).saturating_add(1)))
        }
        (true, true) => None,
    }
}

/// Content-Range (RFC 9110 14.4).
pub fn content_range(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let (unit, rest) = parts.halves(&whole, b' ');
    if let Some(at) = not_in_token(parts, &unit) {
        return parts.fail(at, "the unit is expected: bytes");
    }
    let Some(rest) = rest else { return parts.fail(whole.end, "a range is expected: bytes 0-499/1234") };
    parts.add(unit, "unit", "what the positions count");
    let (range, size) = parts.halves(&rest, b'/');
    let Some(size) = size else { return parts.fail(rest.end, "/ and the whole length are expected") };
    let whole_size = decimal(parts.bytes(&size));
    if parts.bytes(&range) == b"*" {
        parts.add(range, "range", "no range: what was asked for lies outside");
    } else {
        let said =
            one_range(parts.bytes(&range)).filter(|said| said.contains(" to ") && !said.ends_with("end"));
        let Some(said) = said else { return parts.fail(range.start, "a range is written first-last") };
        parts.add(range, "range", said);
    }
    match whole_size {
        Some(size_in_bytes) => parts.add(size, "length", format!("of {size_in_bytes} bytes in all")),
        None if parts.bytes(&size) == b"*" => parts.add(size, "length", "of a length that is not known yet"),
        None => parts.fail(size.start, "the whole length in digits, or *, is expected"),
    }
}

/// Digest algorithms with their values in base64: Digest, Content-MD5.
pub fn digests(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let (name, value) = parts.halves(&piece, b'=');
        if value.is_none() {
            return parts.fail(piece.end, "= and the digest are expected");
        }
        let said = field.word(parts.bytes(&name)).map_or("", |word| word.means);
        parts.add(piece, "digest", said);
    }
}

/// A quoted string with escapes, alone.
pub fn quoted(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if must_be_value(parts, &whole) {
        let said = shown(&unquoted(parts.bytes(&whole)));
        parts.add(whole, "string", said);
    }
}
