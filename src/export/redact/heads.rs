//! Secrets in a message head: what the field table says of its fields, and what any text may hold.

use super::found::{Found, looks_random};
use super::names::{Weight, is_secret, weigh};
use super::text::{self, credentials};
use crate::exchange::{Field, Head};
use bytes::Bytes;
use std::ops::Range;

/// Secrets of a head, each by its place in the raw bytes.
#[must_use]
pub fn head(raw: &Bytes) -> Vec<Found> {
    let head = Head::parse(raw.clone());
    let mut found = Vec::new();
    let start = head.start_line();
    found.extend(moved(text::text(start), offset(raw, start)));
    for field in head.fields() {
        found.extend(moved(values(&field), offset(raw, field.value)));
    }
    found
}

/// Secrets of a trailer section, which has no start line.
#[must_use]
pub fn trailers(raw: &Bytes) -> Vec<Found> {
    let head = [b"\r\n", &raw[..]].concat();
    let found = self::head(&Bytes::from(head)).into_iter();
    found
        .filter_map(|found| {
            Some(Found { at: found.at.start.checked_sub(2)?..found.at.end.checked_sub(2)?, ..found })
        })
        .collect()
}

/// Secrets of one field, by their place in its value.
fn values(field: &Field<'_>) -> Vec<Found> {
    let value = field.value;
    if field.is("cookie") {
        return pairs(value, b"; ").into_iter().filter_map(|at| cookie(value, at)).collect();
    }
    if field.is("set-cookie") {
        return pairs(value, b";").into_iter().take(1).filter_map(|at| cookie(value, at)).collect();
    }
    let mut found = text::text(value);
    if is_secret(field.name) {
        found.extend(secret(value));
    } else if weigh(field.name) == Some(Weight::Weak) && looks_random(value) {
        found.extend(Found::valued(0..value.len(), value.to_vec(), Weight::Weak));
    }
    found
}

/// What follows the scheme where there is one (`Bearer x`, `Digest a=b, c=d`), else the whole; and the values
/// that it is made of.
fn secret(value: &[u8]) -> Vec<Found> {
    let (scheme, from) = match value.iter().position(|byte| *byte == b' ') {
        Some(at) if value.get(..at).is_some_and(|scheme| scheme.iter().all(u8::is_ascii_alphanumeric)) => {
            (value.get(..at).unwrap_or_default(), at + 1)
        }
        _ => (&b""[..], 0),
    };
    let rest = value.get(from..).unwrap_or_default();
    let mut found = credentials(scheme, rest, from);
    for at in pairs(rest, b",") {
        let pair = rest.get(at.clone()).unwrap_or_default();
        let Some(equal) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let inner = trimmed(pair.get(equal + 1..).unwrap_or_default());
        if looks_random(inner) {
            let start = from + at.start + equal + 1;
            found.extend(Found::valued(start..start + pair.len() - equal - 1, inner.to_vec(), Weight::Weak));
        }
    }
    found
}

/// The value of `name=value`; of what has no name all.
fn cookie(value: &[u8], at: Range<usize>) -> Option<Found> {
    let pair = value.get(at.clone())?;
    let from = pair.iter().position(|byte| *byte == b'=').map_or(0, |equal| equal + 1);
    let inner = pair.get(from..)?;
    // `theme=dark` is hidden where it stands, and the word is left alone elsewhere.
    Found::valued(at.start + from..at.end, trimmed(inner).to_vec(), Weight::Weak)
}

fn trimmed(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// The pieces between separators, without the blanks around them.
fn pairs(value: &[u8], separator: &[u8]) -> Vec<Range<usize>> {
    let Some(first) = separator.first() else { return Vec::new() };
    let mut from = 0;
    let mut pairs = Vec::new();
    for piece in value.split(|byte| byte == first) {
        let left = piece.len() - piece.trim_ascii_start().len();
        let start = from + left;
        pairs.push(start..start + piece.trim_ascii().len());
        from += piece.len() + 1;
    }
    pairs
}

fn moved(found: Vec<Found>, by: usize) -> impl Iterator<Item = Found> {
    found.into_iter().map(move |found| Found { at: found.at.start + by..found.at.end + by, ..found })
}

/// Where a part of the head begins in it.
fn offset(raw: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(raw.as_ptr() as usize).min(raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(raw: &str) -> Vec<(String, String)> {
        let bytes = Bytes::copy_from_slice(raw.as_bytes());
        let found = head(&bytes).into_iter();
        let texts =
            |found: Found| (raw.get(found.at).unwrap().to_owned(), String::from_utf8(found.value).unwrap());
        found.map(texts).collect()
    }

    #[test]
    fn fields_give_their_secrets_at_their_places() {
        for (line, expected) in [
            ("Authorization: Bearer abcdef123456", &[("abcdef123456", "abcdef123456")][..]),
            ("Cookie: a=1; theme=dark", &[("1", "1"), ("dark", "dark")]),
            ("Set-Cookie: sid=\"8f02c2aa\"; Path=/; Domain=x", &[("\"8f02c2aa\"", "8f02c2aa")]),
            ("X-Api-Key:  k1", &[("k1", "k1")]),
            ("X-Our-Token: t1", &[("t1", "t1")]),
            ("Referer: https://h/?a=1&token=xyz", &[("xyz", "xyz")]),
            ("Accept: */*", &[]),
        ] {
            let head = format!("GET /cb HTTP/1.1\r\n{line}\r\nHost: h\r\n\r\n");
            let mut all = found(&head);
            all.dedup();
            let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let missing: Vec<_> = expected.iter().filter(|pair| !all.contains(pair)).collect();
            assert!(missing.is_empty(), "{line}: {all:?}");
            assert_eq!(expected.is_empty(), all.is_empty(), "{line}: {all:?}");
        }
    }

    #[test]
    fn basic_credentials_are_what_they_say() {
        let all = found("GET /cb?code=zz HTTP/1.1\r\nProxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n\r\n");
        let values: Vec<_> = all.iter().map(|(_, value)| value.as_str()).collect();
        assert!(values.contains(&"zz") && values.contains(&"user:hunter2") && values.contains(&"hunter2"));
    }

    #[test]
    fn trailers_have_their_places_too() {
        let raw = Bytes::from_static(b"X-Sum: 1\r\nX-Api-Key: k1k1k1\r\n");
        let all = trailers(&raw);
        assert!(all.iter().any(|found| raw.get(found.at.clone()) == Some(&b"k1k1k1"[..])), "{all:?}");
    }
}
