//! Secrets in a text of any kind: found by the names before them and by their own look, not by parsing it, so
//! that what is cut off, nested, or of no kind that we know is searched as well.

use super::found::{Found, looks_random};
use super::names::{Weight, weigh};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use regex::bytes::{Captures, Regex};
use std::sync::LazyLock;

/// What a name and its value look like, and how the value is read.
struct Shape {
    regex: Regex,
    read: fn(&[u8]) -> Vec<u8>,
    /// Whether a weak name is enough here: in queries and forms `code` and `state` are OAuth's.
    weak: bool,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape = |pattern: &str, read, weak| Regex::new(pattern).ok().map(|regex| Shape { regex, read, weak });
    [
        // JSON: a text, a number, and a text within a JSON text.
        shape(
            r#"(?s-u)"([^"\\]{1,80})"\s*:\s*"((?:[^"\\]|\\.)*)""#,
            unescaped as fn(&[u8]) -> Vec<u8>,
            false,
        ),
        shape(r#"(?-u)"([^"\\]{1,80})"\s*:\s*([0-9]{4,19})\b"#, as_it_is, false),
        shape(r#"(?-u)\\"([^"\\]{1,80})\\"\s*:\s*\\"([^"\\]*)\\""#, as_it_is, false),
        // Queries and forms; within a URL that is a parameter of another; Go's and HTML's ways to write `&`.
        shape(r#"(?-u)(?:^|[?&;#\s"'(,{]|\\u0026)([\w.$%\[\]-]{1,80})=([^&\s"'<>#;\\)}]+)"#, as_it_is, true),
        shape(
            r#"(?i-u)%(?:3F|26|23)([\w.-]{1,80})%3D((?:[^%&\s"'<>]|%(?:[013-9A-F][0-9A-F]|2[0-57-9A-F]))+)"#,
            as_it_is,
            true,
        ),
        // A part of multipart/form-data (RFC 7578 4.2).
        shape(
            r#"(?s-u)\bname="([^"]{1,80})"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n--"#,
            as_it_is,
            true,
        ),
        // Elements of XML; fields of a form in HTML.
        shape(r"(?-u)<(?:\w{1,40}:)?([\w.-]{1,80})(?:\s[^<>]*)?>([^<>]+)</", unmarked, false),
        shape(
            r#"(?i-u)<input\b[^<>]*\bname=["']([^"'<>]{1,80})["'][^<>]*\bvalue=["']([^"'<>]*)["']"#,
            unmarked,
            false,
        ),
        // Lines of a log, of settings, of a head that is quoted.
        shape(r#"(?m-u)^[\s>"']*([\w-]{1,80})\s*[:=]\s*([^\s"',;&]+)"#, as_it_is, false),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// The same with the name behind the value.
static BACKWARDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i-u)<input\b[^<>]*\bvalue=["']([^"'<>]*)["'][^<>]*\bname=["']([^"'<>]{1,80})["']"#).ok()
});

/// Userinfo in a URL (RFC 3986 3.2.1), which may be percent-coded as a whole.
static USERINFO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)[A-Za-z][A-Za-z0-9+.-]{1,20}:\\?/\\?/([^/\s:@"'<>\\?#]*)(?::([^/\s@"'<>\\?#]*))?@"#)
        .ok()
});

/// Credentials behind their scheme (RFC 9110 11.4), wherever they are quoted.
static CREDENTIALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)\b(basic|bearer|token|apikey|negotiate)\s+([A-Za-z0-9+/=._~-]{8,})").ok()
});

/// What has the look of a secret: JSON Web Tokens, keys of well-known makers, private keys.
static LOOKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let looks = [
        r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){1,3}",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[0-9A-Za-z]{30,}",
        r"\bgithub_pat_\w{30,}",
        r"\bglpat-[\w-]{16,}",
        r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}",
        r"\bsk-[\w-]{24,}",
        r"\bxox[abeprs]-[0-9A-Za-z-]{10,}",
        r"\bAIza[\w-]{35}",
        r"\bya29\.[\w-]{20,}",
        r"\bnpm_[0-9A-Za-z]{30,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    ];
    Regex::new(&format!("(?-u){}", looks.join("|"))).ok()
});

/// Secrets of a text, in no order; they may lie within each other.
#[must_use]
pub fn text(text: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    for shape in SHAPES.iter() {
        found.extend(
            shape.regex.captures_iter(text).filter_map(|pair| named(&pair, (1, 2), shape.read, shape.weak)),
        );
    }
    for pair in BACKWARDS.iter().flat_map(|regex| regex.captures_iter(text)) {
        found.extend(named(&pair, (2, 1), unmarked, false));
    }
    for info in USERINFO.iter().flat_map(|regex| regex.captures_iter(text)) {
        found.extend(userinfo(&info));
    }
    for pair in CREDENTIALS.iter().flat_map(|regex| regex.captures_iter(text)) {
        let Some((scheme, value)) = pair.get(1).zip(pair.get(2)) else { continue };
        if looks_random(value.as_bytes()) {
            found.extend(credentials(scheme.as_bytes(), value.as_bytes(), value.start()));
        }
    }
    for look in LOOKS.iter().flat_map(|regex| regex.find_iter(text)) {
        found.extend(Found::valued(look.range(), look.as_bytes().to_vec(), Weight::Strong));
    }
    found
}

/// What stands behind a scheme of authentication, beginning at an offset. Basic's are user and password in
/// base64 (RFC 7617 2): the password is a secret by itself.
#[must_use]
pub fn credentials(scheme: &[u8], value: &[u8], from: usize) -> Vec<Found> {
    let at = from..from + value.len();
    let pair = scheme
        .eq_ignore_ascii_case(b"basic")
        .then(|| STANDARD.decode(value).or_else(|_| STANDARD_NO_PAD.decode(value)).ok())
        .flatten();
    let Some(pair) = pair else {
        return Found::valued(at, value.to_vec(), Weight::Strong).into_iter().collect();
    };
    let password = pair.split(|byte| *byte == b':').skip(1).collect::<Vec<_>>().join(&b':');
    let values = [pair, password].into_iter();
    values.filter_map(|value| Found::valued(at.clone(), value, Weight::Strong)).collect()
}

fn named(
    pair: &Captures<'_>,
    (name, value): (usize, usize),
    read: fn(&[u8]) -> Vec<u8>,
    weak: bool,
) -> Option<Found> {
    let (name, value) = (pair.get(name)?, pair.get(value)?);
    let weight = weigh(name.as_bytes())?;
    let found = Found::valued(value.range(), read(value.as_bytes()), weight)?;
    (weight == Weight::Strong || weak || found.everywhere).then_some(found)
}

/// The user with the password, and the password alone.
fn userinfo(info: &Captures<'_>) -> Vec<Found> {
    let Some(user) = info.get(1) else { return Vec::new() };
    let Some(password) = info.get(2) else {
        return Found::valued(user.range(), user.as_bytes().to_vec(), Weight::Weak).into_iter().collect();
    };
    let both = [user.as_bytes(), b":", password.as_bytes()].concat();
    let at = user.start()..password.end();
    let all = [(at, both), (password.range(), password.as_bytes().to_vec())];
    all.into_iter().filter_map(|(at, value)| Found::valued(at, value, Weight::Strong)).collect()
}

fn as_it_is(value: &[u8]) -> Vec<u8> {
    value.to_vec()
}

/// A JSON text without its escapes; as it is where they are wrong.
fn unescaped(value: &[u8]) -> Vec<u8> {
    let quoted = [b"\"", value, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or_else(|_| value.to_vec(), String::into_bytes)
}

/// A text of XML or HTML without its entities, and without the blanks around it.
fn unmarked(value: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(value.trim_ascii());
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    plain.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: &str) -> Vec<String> {
        let mut values: Vec<_> =
            text(of.as_bytes()).into_iter().map(|found| String::from_utf8(found.value).unwrap()).collect();
        values.sort();
        values.dedup();
        values
    }

    #[test]
    fn every_shape_is_read() {
        assert!(SHAPES.len() == 9 && LOOKS.is_some() && USERINFO.is_some());
        for (of, expected) in [
            (r#"{"password": "hun\"ter2", "id": "x", "token":"", "secret":null}"#, &["hun\"ter2"][..]),
            (r#"{"pin":12345}"#, &["12345"]),
            (r#"{"inner":"{\"access_token\":\"abcdef12\"}"}"#, &["abcdef12"]),
            ("a=1&password=p%20w%26x&state=open", &["open", "p w&x"]),
            ("https://h/cb?code=1234&x=2#access_token=tok12345", &["1234", "tok12345"]),
            ("https://h/?next=https%3A%2F%2Fi%2F%3Ftoken%3Dabc%252F12%26x%3D1", &["abc%2F12"]),
            (
                "--b\r\nContent-Disposition: form-data; name=\"user[password]\"\r\n\r\nline\r\ntwo\r\n--b--",
                &["line\r\ntwo"],
            ),
            ("<wsse:Password Type=\"x\">a&amp;b c</wsse:Password><state>open</state>", &["a&b c"]),
            ("<input type=hidden name='SAMLResponse' value=\"PHNhbWw+\">", &["PHNhbWw+"]),
            ("<input value='v1v2v3' name=\"csrf_token\">", &["v1v2v3"]),
            ("postgres://u:pass%40word@h/db", &["pass@word", "u:pass@word"]),
            ("Authorization: Basic dXNlcjpodW50ZXIy", &["Basic", "hunter2", "user:hunter2"]),
            ("x Bearer 0123456789abcdef y", &["0123456789abcdef"]),
            ("see eyJhbGciOiJI.eyJzdWIi.c2ln!", &["eyJhbGciOiJI.eyJzdWIi.c2ln"]),
            ("DB_PASSWORD=letmein1\nX=1", &["letmein1"]),
        ] {
            assert_eq!(values(of), expected, "{of}");
        }
    }

    #[test]
    fn plain_words_are_left_alone() {
        for of in [
            r#"{"code":"NOT_FOUND","state":"open","key":"name","max_tokens":4096,"token_type":"Bearer"}"#,
            "GET /articles?page=2&sort=created",
            "<p>The password is secret.</p> Basic rights",
            "mailto:a@b.test",
        ] {
            assert_eq!(values(of), Vec::<String>::new(), "{of}");
        }
    }
}
