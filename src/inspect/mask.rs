//! Values without what is secret in them: what stays tells which credentials and cookies they are.

use super::table;
use std::borrow::Cow;

/// What stands in the place of a secret.
const MASK: &str = "••••";

/// A field's value with its secrets masked; as it is where it holds none.
///
/// Of credentials the scheme stays, of cookies their names and attributes.
#[must_use]
pub fn masked<'v>(name: &[u8], value: &'v [u8]) -> Cow<'v, [u8]> {
    if value.is_empty() || !table::field(name).is_some_and(|field| field.secret) {
        return Cow::Borrowed(value);
    }
    if name.eq_ignore_ascii_case(b"Cookie") {
        return Cow::Owned(pairs(value, usize::MAX));
    }
    if name.eq_ignore_ascii_case(b"Set-Cookie") {
        return Cow::Owned(pairs(value, 1));
    }
    let scheme = value.iter().position(|byte| *byte == b' ').filter(|_| is_credentials(name));
    let kept = scheme.and_then(|end| value.get(..=end)).unwrap_or_default();
    Cow::Owned([kept, MASK.as_bytes()].concat())
}

fn is_credentials(name: &[u8]) -> bool {
    [&b"Authorization"[..], b"Proxy-Authorization"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The first so many pairs between semicolons lose what stands behind their `=`; one without a name all.
fn pairs(value: &[u8], secret: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    for (at, piece) in value.split(|byte| *byte == b';').enumerate() {
        if at > 0 {
            plain.push(b';');
        }
        let end = piece.iter().position(|byte| *byte == b'=').map_or(0, |equals| equals + 1);
        if at >= secret || piece.trim_ascii().len() == end {
            plain.extend_from_slice(piece);
        } else {
            plain.extend_from_slice(piece.get(..end).unwrap_or_default());
            plain.extend_from_slice(MASK.as_bytes());
            // White space behind it, perhaps a fold, is no secret.
            plain.extend_from_slice(piece.get(piece.trim_ascii_end().len().max(end)..).unwrap_or_default());
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn what_is_secret_goes_and_what_tells_it_apart_stays() {
        for (name, value, shown) in [
            ("authorization", "Basic ZGV2OnMzY3JldA==", "Basic ••••"),
            ("Authorization", "ghp_abc", "••••"),
            ("Cookie", "sid=31d4; theme=dark; bare", "sid=••••; theme=••••;••••"),
            ("Set-Cookie", "sid=31d4; Path=/; Secure", "sid=••••; Path=/; Secure"),
            ("Set-Cookie", "sid=; Max-Age=0", "sid=; Max-Age=0"),
            ("Set-Cookie", "a=1\r\n ;Path=/", "a=••••\r\n ;Path=/"),
            ("X-Api-Key", "abc def", "••••"),
            ("Accept", "text/html", "text/html"),
            ("Cookie", "", ""),
        ] {
            assert_eq!(masked(name.as_bytes(), value.as_bytes()), shown.as_bytes(), "{name}");
        }
    }
}
