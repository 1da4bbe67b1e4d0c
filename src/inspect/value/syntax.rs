//! The pieces that most grammars share: tokens, quoted strings, parameters (RFC 9110 5.6).

use crate::inspect::field::{Field, On, Takes, Word};
use crate::inspect::parts::{Parts, shown};
use crate::inspect::table;
use std::borrow::Cow;
use std::ops::Range;

/// Whether a byte may stand in a token (RFC 9110 5.6.2).
pub fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether these bytes are a token.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| is_tchar(*byte))
}

/// Where the first byte stands that a token cannot hold; the span's end when it is empty.
pub fn not_in_token(parts: &Parts<'_>, span: &Range<usize>) -> Option<usize> {
    let bytes = parts.bytes(span);
    let odd = bytes.iter().position(|byte| !is_tchar(*byte)).map(|at| span.start + at);
    odd.or_else(|| bytes.is_empty().then_some(span.end))
}

/// The number that `1*DIGIT` means, as large as fits.
pub fn decimal(bytes: &[u8]) -> Option<u64> {
    let digits = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    digits.then(|| {
        bytes
            .iter()
            .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    })
}

/// A value without its quotes and escapes; a token as it is.
pub fn unquoted(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = bytes.strip_prefix(b"\"") else { return Cow::Borrowed(bytes) };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        plain.push(*if *byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte });
    }
    Cow::Owned(plain)
}

/// Checks that a span is a token or a whole quoted string; notes the break when it is neither.
pub fn must_be_value(parts: &mut Parts<'_>, span: &Range<usize>) -> bool {
    if parts.at(span.start) == Some(b'"') && !span.is_empty() {
        return must_be_quoted(parts, span);
    }
    let odd = not_in_token(parts, span);
    if let Some(at) = odd {
        parts.fail(
            at,
            if span.is_empty() { "a value is missing" } else { "this byte needs the value to be in quotes" },
        );
    }
    odd.is_none()
}

fn must_be_quoted(parts: &mut Parts<'_>, span: &Range<usize>) -> bool {
    let end = parts.quote_end(span.start, span.end);
    let closed =
        end - span.start >= 2 && parts.at(end - 1) == Some(b'"') && !ends_escaped(parts, span.start, end);
    if !closed {
        parts.fail(span.end, "the quoted string is not closed");
    } else if end < span.end {
        parts.fail(end, "nothing may follow the closing quote here");
    }
    closed && end == span.end
}

/// Whether the quote before `end` is itself escaped.
fn ends_escaped(parts: &Parts<'_>, start: usize, end: usize) -> bool {
    let inner = parts.bytes(&(start + 1..end - 1));
    inner.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Reads `;name=value` parameters out of pieces, each a part; a parameter without a value is a flag.
pub fn parameters(field: &Field, parts: &mut Parts<'_>, pieces: &[Range<usize>], label: &'static str) {
    for piece in pieces {
        if parts.is_over() {
            return;
        }
        directive(field, parts, piece, label);
    }
}

/// Reads one `name[=value]` and says what the field's vocabulary has about it.
pub fn directive(field: &Field, parts: &mut Parts<'_>, piece: &Range<usize>, label: &'static str) {
    let (name, value) = parts.halves(piece, b'=');
    if let Some(at) = not_in_token(parts, &name) {
        if at > piece.start {
            parts.add(piece.start..at, label, "");
        }
        return parts
            .fail(at, format!("a {label} begins with a name made of letters, digits and a few signs"));
    }
    let word = field.word(parts.bytes(&name));
    let other = word.is_none().then(|| table::of_other_side(field, parts.bytes(&name))).flatten();
    let said = match other {
        Some((On::REQUEST, word)) => format!("in requests only: {}", say(parts, Some(word), value.as_ref())),
        Some((_, word)) => format!("in responses only: {}", say(parts, Some(word), value.as_ref())),
        None => say(parts, word, value.as_ref()),
    };
    let word = word.or(other.map(|(_, word)| word));
    parts.add_at(piece.clone(), label, said, word.and_then(|word| word.spec));
    if let Some(value) = value {
        must_be_value(parts, &value);
    }
}

/// Words with a time in them, which stands where they say "so long" or "so old"; what holds without one is left out.
fn timed(means: &str, long: &str) -> String {
    let means = means.split("; without a number").next().unwrap_or(means);
    if means.contains("so long") {
        means.replacen("so long", long, 1)
    } else if means.contains("so old") {
        means.replacen("so old", &format!("{long} old"), 1)
    } else {
        format!("{means}: {long}")
    }
}

/// What a word of the vocabulary means with its value.
pub fn say(parts: &Parts<'_>, word: Option<&Word>, value: Option<&Range<usize>>) -> String {
    let bare = value.map(|value| unquoted(parts.bytes(value)));
    let Some(word) = word else {
        return bare.map_or_else(|| "not a name that is known here".to_owned(), |bare| shown(&bare));
    };
    let Some(bare) = bare else { return word.means.to_owned() };
    match word.takes {
        Takes::Seconds => match decimal(&bare) {
            Some(seconds) => timed(word.means, &super::date::how_long(seconds)),
            None => format!("{}; this is no number of seconds", word.means),
        },
        Takes::Nothing => format!("{} (it takes no value)", word.means),
        Takes::Any | Takes::Names | Takes::Text => format!("{}: {}", word.means, shown(&bare)),
    }
}
