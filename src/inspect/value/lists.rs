//! Tokens alone, in lists, with parameters, with weights; names of fields; plain text.

use super::syntax::{directive, must_be_value, not_in_token, parameters, say};
use crate::inspect::field::Field;
use crate::inspect::parts::Parts;
use crate::inspect::table;
use std::ops::Range;

/// A value without inner structure.
pub fn text(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if !whole.is_empty() {
        let said = field.word(parts.bytes(&whole)).map_or("", |word| word.means);
        parts.add(whole, "text", said);
    }
}

/// An identifier that means something to its maker only.
pub fn id(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    parts.add(whole, "id", "an identifier; it means something to its maker only");
}

/// One token.
pub fn token(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    one_token(field, parts, whole, "token");
}

/// A comma-separated list of tokens.
pub fn tokens(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        one_token(field, parts, piece, "token");
    }
}

/// Words separated by white space.
pub fn words(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let mut at = whole.start;
    while at < whole.end && !parts.is_over() {
        let length =
            parts.bytes(&(at..whole.end)).iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        if length > 0 {
            let span = at..at + length;
            let said = field.word(parts.bytes(&span)).map_or("", |word| word.means);
            parts.add(span, "word", said);
        }
        at += length + 1;
    }
}

/// A comma-separated list of field names, each explained.
pub fn names(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        if parts.bytes(&piece) == b"*" {
            parts.add(piece, "wildcard", any_field(field));
            continue;
        }
        if let Some(at) = not_in_token(parts, &piece) {
            return parts.fail(at, "a field name cannot hold this byte");
        }
        let said = table::means(parts.bytes(&piece)).unwrap_or("a field that is not in the table");
        parts.add(piece, "field name", said);
    }
}

/// What `*` stands for in a list of field names.
fn any_field(field: &Field) -> &'static str {
    match field.name {
        // RFC 9110 12.5.5.
        "Vary" => "anything may have had a part, also what is no field: never reused without asking",
        "Access-Control-Allow-Headers" => "any field but Authorization; with credentials only one named *",
        "Access-Control-Expose-Headers" => "any field; with credentials only one named *",
        _ => "any field",
    }
}

/// A comma-separated list of tokens with `;q=` weights: Accept-Encoding, TE.
pub fn weighted(field: &Field, parts: &mut Parts<'_>) {
    members(field, parts, "token", |field, parts, span| {
        let odd = not_in_token(parts, span);
        if let Some(at) = odd {
            parts.fail(at, "a token cannot hold this byte");
        }
        (odd.is_none()).then(|| {
            say(parts, field.word(parts.bytes(span)), None).replace("not a name that is known here", "")
        })
    });
}

/// A comma-separated list of language ranges with weights.
pub fn languages(field: &Field, parts: &mut Parts<'_>) {
    members(field, parts, "language", |_, parts, span| language(parts, span));
}

/// Members of a list, each what `read` takes it for, with parameters and weights behind it.
pub fn members(
    field: &Field,
    parts: &mut Parts<'_>,
    label: &'static str,
    read: impl Fn(&Field, &mut Parts<'_>, &Range<usize>) -> Option<String>,
) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let inner = parts.split(&piece, b';');
        let Some((first, rest)) = inner.split_first() else { continue };
        let Some(said) = read(field, parts, first) else { return };
        parts.add(first.clone(), label, said);
        parts.deeper(|parts| weights(field, parts, rest));
    }
}

/// Directives between commas: Cache-Control.
pub fn directives(field: &Field, parts: &mut Parts<'_>) {
    let pieces = parts.pieces(&parts.whole(), b',');
    parameters(field, parts, &pieces, "directive");
}

/// Directives between semicolons: Strict-Transport-Security.
pub fn settings(field: &Field, parts: &mut Parts<'_>) {
    let pieces = parts.pieces(&parts.whole(), b';');
    parameters(field, parts, &pieces, "directive");
}

/// Members of `token[=value][;parameters]`, parameters one deeper: Prefer, Server-Timing, Keep-Alive.
pub fn with_parameters(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        let inner = parts.pieces(&piece, b';');
        let Some((first, rest)) = inner.split_first() else { continue };
        if parts.is_over() {
            return;
        }
        directive(field, parts, first, "member");
        parts.deeper(|parts| parameters(field, parts, rest, "parameter"));
    }
}

fn one_token(field: &Field, parts: &mut Parts<'_>, span: Range<usize>, label: &'static str) {
    if let Some(at) = not_in_token(parts, &span) {
        if at > span.start {
            parts.add(span.start..at, label, "");
        }
        return parts.fail(at, "a token is made of letters, digits and a few signs");
    }
    let word = field.word(parts.bytes(&span));
    let unknown = match field.name {
        // What Connection names besides its own words is the name of a field (RFC 9110 7.6.1).
        "Connection" => "a field that is meant for this hop only",
        _ if field.words.is_empty() => "",
        _ => "not a word that is known here",
    };
    let means = match (field.name, parts.bytes(&span)) {
        // Fetch, CORS-preflight fetch.
        ("Access-Control-Allow-Methods", b"*") => "any method; with credentials only one named *",
        _ => word.map_or(unknown, |word| word.means),
    };
    parts.add_at(span, label, means, word.and_then(|word| word.spec));
}

/// `q=` weights in words; other parameters as they are.
fn weights(field: &Field, parts: &mut Parts<'_>, pieces: &[Range<usize>]) {
    for piece in pieces {
        if parts.is_over() {
            return;
        }
        let (name, value) = parts.halves(piece, b'=');
        match value {
            Some(value) if parts.bytes(&name).eq_ignore_ascii_case(b"q") => match weight(parts.bytes(&value))
            {
                Some(thousandths) => parts.add(piece.clone(), "weight", how_much(thousandths)),
                None => parts.fail(value.start, "a weight is between 0 and 1, with up to three decimals"),
            },
            _ if piece.is_empty() => {}
            _ => directive(field, parts, piece, "parameter"),
        }
    }
}

/// A weight in thousandths (RFC 9110 12.4.2).
pub fn weight(text: &[u8]) -> Option<u16> {
    let (first, rest) = text.split_first()?;
    let rest = match rest {
        [] => rest,
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    if !rest.iter().all(u8::is_ascii_digit) || !matches!(first, b'0' | b'1') {
        return None;
    }
    let digits = rest.iter().chain(std::iter::repeat(&b'0')).take(3);
    let thousandths =
        digits.fold(u16::from(first - b'0'), |number, digit| number * 10 + u16::from(digit - b'0'));
    (thousandths <= 1000).then_some(thousandths)
}

fn how_much(thousandths: u16) -> &'static str {
    match thousandths {
        0 => "not wanted at all",
        1000 => "as welcome as can be",
        500.. => "less welcome than what has a higher weight",
        _ => "only if nothing better is there",
    }
}

/// A language tag or range, or `*` (RFC 5646 2.1, RFC 4647 2.1).
pub fn language(parts: &mut Parts<'_>, span: &Range<usize>) -> Option<String> {
    let tag = parts.bytes(span);
    if tag == b"*" {
        return Some("any language".to_owned());
    }
    let mut at = span.start;
    for (index, subtag) in tag.split(|byte| *byte == b'-').enumerate() {
        let letters = index > 0 || subtag.iter().all(u8::is_ascii_alphabetic);
        let fits = (1..=8).contains(&subtag.len()) && subtag.iter().all(u8::is_ascii_alphanumeric);
        if !fits || !letters {
            parts.fail(
                at,
                "a language tag is like de, en-GB or zh-Hant: up to eight letters or digits between hyphens",
            );
            return None;
        }
        at += subtag.len() + 1;
    }
    Some(String::new())
}

/// Language tags without weights: Content-Language.
pub fn language_tags(_: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let Some(said) = language(parts, &piece) else { return };
        parts.add(piece, "language", said);
    }
}

/// Products and comments: User-Agent, Server (RFC 9110 10.1.5, 10.2.4).
pub fn products(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let mut at = whole.start;
    while at < whole.end && !parts.is_over() {
        let rest = parts.bytes(&(at..whole.end));
        at += match rest.first() {
            Some(b' ' | b'\t' | b'\r' | b'\n') => 1,
            Some(b'(') => comment(parts, at..whole.end),
            Some(_) => product(parts, at..whole.end),
            None => return,
        };
    }
}

/// A comment with the comments nested in it; its length.
pub fn comment(parts: &mut Parts<'_>, span: Range<usize>) -> usize {
    let (mut open, mut escaped) = (0_usize, false);
    for (at, byte) in parts.bytes(&span).iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => open += 1,
            b')' if open == 1 => {
                parts.add(span.start..span.start + at + 1, "comment", "a remark for people");
                return at + 1;
            }
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    parts.fail(span.end, "the comment is not closed: ) is missing");
    span.len()
}

fn product(parts: &mut Parts<'_>, span: Range<usize>) -> usize {
    let bytes = parts.bytes(&span);
    let length = bytes.iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'(').count();
    let one = span.start..span.start + length;
    let (name, version) = parts.halves(&one, b'/');
    if parts.bytes(&name).is_empty() {
        parts.fail(one.start, "the name of a product is expected");
        return span.len();
    }
    let said = version.map_or_else(
        || parts.shown(&name),
        |version| format!("{}, version {}", parts.shown(&name), parts.shown(&version)),
    );
    parts.add(one, "product", said);
    length
}

/// A token or quoted string, alone.
pub fn word_or_string(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    let said = field.word(parts.bytes(&whole)).map_or("", |word| word.means);
    if must_be_value(parts, &whole) {
        parts.add(whole, "value", said);
    }
}

/// Pieces between commas, whatever they are made of.
pub fn tokens_loose(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let said = field.word(parts.bytes(&piece)).map_or("", |word| word.means);
        parts.add(piece, "member", said);
    }
}

/// Pieces between commas, each a word in quotes: Clear-Site-Data.
pub fn tokens_in_quotes(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        let bytes = parts.bytes(&piece);
        if bytes.first() != Some(&b'"') {
            return parts.fail(piece.start, "the word stands in quotes here");
        }
        if must_be_value(parts, &piece) {
            let said = field.word(
                bytes
                    .trim_ascii()
                    .strip_prefix(b"\"")
                    .and_then(|rest| rest.strip_suffix(b"\""))
                    .unwrap_or_default(),
            );
            parts.add(piece, "word", said.map_or("not a word that browsers know", |word| word.means));
        }
    }
}

/// `name=value` between semicolons or commas, whatever the value is made of.
pub fn settings_loose(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b';') {
        for piece in parts.pieces(&piece, b',') {
            if parts.is_over() {
                return;
            }
            let (name, _) = parts.halves(&piece, b'=');
            let said = field.word(parts.bytes(&name)).map_or("", |word| word.means);
            parts.add(piece, "setting", said);
        }
    }
}
