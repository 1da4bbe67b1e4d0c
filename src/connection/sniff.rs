//! What a client speaks, told by its first bytes.

/// Bytes that a method may take; the registered ones have at most 17 (RFC 9110 16.1).
const MAX_METHOD: usize = 32;
/// Methods whose line need not be whole to be known (RFC 9110 9.1, RFC 5789), each with its space.
const METHODS: &[&str] =
    &["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH "];
/// What a request line ends with, a version behind it (RFC 9112 2.3).
const HTTP_NAME: &[u8] = b"HTTP/";
/// The beginning of HTTP/2 with prior knowledge (RFC 9113 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// A protocol, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A TLS handshake record.
    Tls,
    /// HTTP/2 without TLS.
    Http2,
    /// An HTTP/1 request line.
    Http,
    /// Anything else.
    Other,
}

/// Whether a server's first bytes begin a SETTINGS frame of HTTP/2 (RFC 9113 4.1, 6.5).
#[must_use]
pub fn is_settings(first: &[u8]) -> bool {
    matches!(first, [0, _, _, 4, 0, 0, 0, 0, 0])
}

/// Tells protocols apart; `None` when these bytes may still become several of them.
///
/// HTTP is a line that names it, or the beginning of one with a method that is everybody's: SSH's greeting has a token
/// and a space as well, FTP's and git's lines a slash behind them.
#[must_use]
pub fn sniff(first: &[u8]) -> Option<Kind> {
    match first {
        [] | [0x16] => return None,
        [0x16, 0x03, ..] => return Some(Kind::Tls),
        _ => {}
    }
    if first.starts_with(HTTP2_PREFACE) {
        return Some(Kind::Http2);
    }
    // RFC 9112 2.2: empty lines before a request are skipped.
    let blank = first.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let line = first.get(blank..).unwrap_or_default();
    if HTTP2_PREFACE.starts_with(line) {
        return None;
    }
    sniff_request_line(line)
}

fn sniff_request_line(line: &[u8]) -> Option<Kind> {
    if let Some(end) = memchr::memchr(b'\n', line) {
        return Some(if is_request_line(&line[..end]) { Kind::Http } else { Kind::Other });
    }
    let method = line.iter().take_while(|byte| is_token(**byte)).count();
    if method > MAX_METHOD {
        return Some(Kind::Other);
    }
    let after = line.get(method..).unwrap_or_default();
    let Some((b' ', target)) = after.split_first() else {
        return (!after.is_empty()).then_some(Kind::Other);
    };
    if method == 0 {
        return Some(Kind::Other);
    }
    let scheme = b"http";
    let compared = target.len().min(scheme.len());
    let registered = METHODS.iter().any(|known| line.starts_with(known.as_bytes()));
    match target {
        [] => None,
        _ if target.iter().any(|byte| byte.is_ascii_control() && *byte != b'\r') => Some(Kind::Other),
        // Another's method, perhaps: the line's end will tell.
        [b'/' | b'*', ..] => registered.then_some(Kind::Http),
        _ if !target.iter().zip(scheme).all(|(byte, letter)| byte.eq_ignore_ascii_case(letter)) => {
            Some(if line.starts_with(b"CONNECT ") { Kind::Http } else { Kind::Other })
        }
        _ => (compared == scheme.len()).then_some(Kind::Http),
    }
}

/// Whether a whole line is a request line, right or wrong: a method, and further on the protocol's name.
fn is_request_line(line: &[u8]) -> bool {
    let method = line.iter().take_while(|byte| is_token(**byte)).count();
    (1..=MAX_METHOD).contains(&method)
        && line.get(method) == Some(&b' ')
        && line.windows(HTTP_NAME.len()).any(|part| part.eq_ignore_ascii_case(HTTP_NAME))
}

/// RFC 9110 5.6.2, tchar.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_protocols_apart() {
        let http = Some(Kind::Http);
        let other = Some(Kind::Other);
        for (bytes, expected) in [
            (&b""[..], None),
            (b"\x16", None),
            (b"\x16\x03\x01", Some(Kind::Tls)),
            (b"\x16\x02", other),
            (b"GET / HTTP/1.1\r\n", http),
            (b"\r\nGET /", http),
            (b"\r\n", None),
            (b"GET", None),
            (b"GET ", None),
            (b"GET ht", None),
            (b"GET HTTP://a/", http),
            (b"OPTIONS * HTTP/1.1", http),
            (b"PROPFIND /dav", None),
            (b"PROPFIND /dav HTTP/1.1\r\n", http),
            (b"GET / HTTP/1.1 \r\n", http),
            (b"GET /\r\n", other),
            (b"CWD /pub\r\n", other),
            (b"RETR /file", None),
            (b"003egit-upload-pack /project.git\0host=x\0", other),
            (b"CONNECT {\"verbose\":false}\r\n", other),
            (b"CONNECT a:1", http),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(Kind::Http2)),
            (b"PRI * HT", None),
            (b"PR", None),
            (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", other),
            (b"SSH-2.0-x\r\n", other),
            (b" / HTTP/1.1", other),
            (b"\0\x01", other),
            (&[b'A'; 40], other),
        ] {
            assert_eq!(sniff(bytes), expected, "{}", bytes.escape_ascii());
        }
    }
}
