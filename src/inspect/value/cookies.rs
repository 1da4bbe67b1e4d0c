//! Cookie and Set-Cookie, by the algorithm that user agents follow (RFC 6265bis 5).

use super::date::how_long;
use crate::inspect::field::{Field, Spec, Word, word};
use crate::inspect::parts::Parts;
use std::ops::Range;

const DRAFT: Spec = Spec::Draft("draft-ietf-httpbis-rfc6265bis");

/// The attributes of Set-Cookie.
pub const ATTRIBUTES: &[Word] = &[
    word("Expires", "kept until that time").at(Spec::Rfc(6265, "4.1.2.1")),
    word("Max-Age", "kept for so many seconds; wins over Expires").at(Spec::Rfc(6265, "4.1.2.2")),
    word("Domain", "also sent to all hosts below this one").at(Spec::Rfc(6265, "4.1.2.3")),
    word("Path", "sent only for paths below this one").at(Spec::Rfc(6265, "4.1.2.4")),
    word("Secure", "sent over TLS only").at(Spec::Rfc(6265, "4.1.2.5")),
    word("HttpOnly", "hidden from scripts").at(Spec::Rfc(6265, "4.1.2.6")),
    word("SameSite", "whether it goes along with requests from other sites").at(DRAFT),
    word("Partitioned", "kept apart for each site that embeds this one")
        .at(Spec::Draft("draft-cutler-httpbis-partitioned-cookies")),
    word("Priority", "which cookies a browser drops first when there are too many; a custom of Chromium")
        .at(Spec::Vendor("Chromium")),
];

/// Pairs of name and value: Cookie (RFC 6265 4.2).
pub fn cookies(_: &Field, parts: &mut Parts<'_>) {
    for piece in plain_pieces(parts, parts.whole()) {
        if parts.is_over() {
            return;
        }
        if piece.is_empty() {
            continue;
        }
        pair(parts, &piece);
    }
}

/// One cookie with its attributes: Set-Cookie (RFC 6265 4.1).
pub fn set_cookie(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if let Some(at) = control(parts.bytes(&whole)) {
        return parts.fail(whole.start + at, "a cookie with a control byte in it is dropped whole");
    }
    let pieces = plain_pieces(parts, whole);
    let Some((first, attributes)) = pieces.split_first() else { return };
    pair(parts, first);
    parts.deeper(|parts| {
        for piece in attributes.iter().filter(|piece| !piece.is_empty()) {
            if parts.is_over() {
                return;
            }
            attribute(field, parts, piece);
        }
    });
}

/// Where the first control byte stands for which a user agent drops a cookie (RFC 6265bis 5.6). A fold
/// counts as white space (RFC 9112 5.2), and a tab does no harm.
pub(in crate::inspect) fn control(value: &[u8]) -> Option<usize> {
    let folds = |at: usize| {
        let line_end = match value.get(at) {
            Some(b'\r') if value.get(at + 1) == Some(&b'\n') => at + 2,
            Some(b'\n') => at + 1,
            _ => return false,
        };
        matches!(value.get(line_end), Some(b' ' | b'\t'))
    };
    (0..value.len()).find(|at| {
        let odd = value.get(*at).is_some_and(|byte| byte.is_ascii_control() && *byte != b'\t');
        odd && !folds(*at)
    })
}

fn pair(parts: &mut Parts<'_>, span: &Range<usize>) {
    let bytes = parts.bytes(span);
    let Some(equals) = bytes.iter().position(|byte| *byte == b'=') else {
        return parts.add(span.clone(), "cookie", "a value without a name");
    };
    let value = bytes.len() - equals - 1;
    let name = span.start..span.start + equals;
    let prefix = prefix_said(parts.bytes(&name));
    let size = crate::text::units::counted(value, "character", "characters");
    parts.add(span.clone(), "cookie", format!("{}: {size}{prefix}", parts.shown(&name)));
}

fn prefix_said(name: &[u8]) -> &'static str {
    let starts = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if starts("__Host-") {
        "; __Host- promises: Secure, Path=/, no Domain"
    } else if starts("__Secure-") {
        "; __Secure- promises: Secure"
    } else {
        ""
    }
}

fn attribute(field: &Field, parts: &mut Parts<'_>, span: &Range<usize>) {
    let (name, value) = parts.halves(span, b'=');
    let Some(word) = field.word(parts.bytes(&name)) else {
        return parts.add(span.clone(), "attribute", "not an attribute that user agents know: ignored");
    };
    let text = value.as_ref().map(|value| parts.bytes(value)).unwrap_or_default();
    let said = match word.name {
        "Max-Age" => max_age(text),
        "SameSite" => same_site(text).to_owned(),
        "Expires" => super::date::read_date(text, None).map_or_else(
            |_| "kept until that time (not one of HTTP's date forms)".to_owned(),
            |date| format!("kept until {}", super::date::in_words(date.unix)),
        ),
        _ => word.means.to_owned(),
    };
    parts.add_at(span.clone(), "attribute", said, word.spec);
}

fn max_age(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap_or_default();
    match text.parse::<i64>() {
        Ok(seconds @ 1..) => format!("kept for {}; wins over Expires", how_long(seconds.unsigned_abs())),
        Ok(_) => "deleted at once".to_owned(),
        Err(_) => "not a number: ignored".to_owned(),
    }
}

fn same_site(text: &[u8]) -> &'static str {
    match text.to_ascii_lowercase().as_slice() {
        b"strict" => "only sent with requests that its own site makes",
        b"lax" => "from other sites sent only when the user follows a link",
        b"none" => "sent with requests from any site; browsers want Secure with it",
        _ => "not Strict, Lax or None: taken as if it were not there",
    }
}

/// Pieces between semicolons; quotes mean nothing in cookies.
fn plain_pieces(parts: &Parts<'_>, span: Range<usize>) -> Vec<Range<usize>> {
    let mut from = span.start;
    let mut pieces = Vec::new();
    for piece in parts.bytes(&span).split(|byte| *byte == b';').take(crate::inspect::parts::MOST_PARTS) {
        pieces.push(parts.trim(&(from..from + piece.len())));
        from += piece.len() + 1;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9112_5_2_a_fold_is_no_control_byte() {
        for (value, at) in [
            ("a=1\r\n ;Path=/", None),
            ("a=1\n\tb", None),
            ("a=1\r\nb", Some(3)),
            ("a=\u{7}", Some(2)),
            ("a=\tb", None),
            ("\r", Some(0)),
        ] {
            assert_eq!(control(value.as_bytes()), at, "{value:?}");
        }
    }
}
