//! The strict reading of start lines (RFC 9112 3 and 4).

use super::syntax::{has_control, is_control, not_in_token, quoted};
use super::{Fault, Version};

/// A request line that can be read in one way only.
pub(super) struct RequestLine<'a> {
    pub(super) method: &'a [u8],
    pub(super) version: Version,
}

/// Reads `method SP request-target SP HTTP-version` (RFC 9112 3). More or other white
/// space is refused, not guessed at: readers split such lines differently.
pub(super) fn request_line(line: &[u8]) -> Result<RequestLine<'_>, Fault> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (method, target, version, more) = (parts.next(), parts.next(), parts.next(), parts.next());
    let method = method.unwrap_or_default();
    if let Some(at) = not_in_token(method).or(method.is_empty().then_some(0)) {
        let says =
            format!("The line {} does not begin with a method. This is no HTTP request.", quoted(line));
        return Err(Fault::new(400, at, "RFC 9112 3.1", says));
    }
    let (Some(target), Some(version), None) = (target, version, more) else {
        return Err(not_three_parts(line));
    };
    check_target(target, method.len() + 1)?;
    let version = request_version(version, method.len() + target.len() + 2)?;
    Ok(RequestLine { method, version })
}

/// A status line's parts that rules need.
pub(super) struct StatusLine {
    pub(super) version: Version,
    pub(super) status: u16,
}

/// Reads `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 4). The space before
/// an absent reason may be missing, as it often is.
pub(super) fn status_line(line: &[u8]) -> Result<StatusLine, Fault> {
    let version = line.get(..8).and_then(version_digits);
    let Some((major, minor)) = version else {
        let says = format!(
            "The answer begins with {}, which is no HTTP status line. Is this an HTTP server?",
            quoted(line)
        );
        return Err(Fault::new(502, 0, "RFC 9112 4", says));
    };
    let Some(version) = known_version(major, minor) else {
        let says = format!("The answer is in HTTP/{major}.{minor}, to a request in HTTP/1.1.");
        return Err(Fault::new(502, 5, "RFC 9110 2.5", says));
    };
    let status = status_code(&line[8..])
        .ok_or_else(|| Fault::new(502, 9.min(line.len()), "RFC 9112 4", no_status(line)))?;
    let reason = line.get(13..).unwrap_or_default();
    if has_control(reason) {
        let at = 13 + reason.iter().position(|byte| is_control(*byte)).unwrap_or(0);
        let says = "The reason phrase holds a control character.";
        return Err(Fault::new(502, at, "RFC 9112 4", says));
    }
    Ok(StatusLine { version, status })
}

/// Anything visible may stand in a target, obs-text too: it is the origin's to judge. White
/// space and controls end or split lines and are refused; so is a fragment, which no form of
/// target has: servers differ in whether it belongs to the path, and "a recipient SHOULD NOT
/// attempt to autocorrect and then process the request" (RFC 9112 3.2).
fn check_target(target: &[u8], offset: usize) -> Result<(), Fault> {
    if target.is_empty() {
        let says = "The request line has two spaces behind the method; one separates it from the target.";
        return Err(Fault::new(400, offset, "RFC 9112 3", says));
    }
    let ends = |byte: &u8| *byte <= b' ' || *byte == b'#' || *byte == 0x7f;
    let Some(at) = target.iter().position(ends) else { return Ok(()) };
    let says = if target.get(at) == Some(&b'#') {
        "The request-target holds a fragment, which is for the client alone; a # of the path is written %23."
    } else {
        "The request-target holds white space or a control character; it must be percent-encoded."
    };
    Err(Fault::new(400, offset + at, "RFC 9112 3.2", says))
}

fn not_three_parts(line: &[u8]) -> Fault {
    let mut spaces = memchr::memchr_iter(b' ', line);
    match spaces.nth(1) {
        None => {
            let says = "The request line has no version; HTTP/0.9 is not spoken here. \
                        It must read: method, space, target, space, HTTP/1.1.";
            Fault::new(400, line.len(), "RFC 9112 3", says)
        }
        Some(second) => {
            let says = "The request line has more than two spaces. \
                        White space in a target must be percent-encoded.";
            Fault::new(400, second, "RFC 9112 3.2", says)
        }
    }
}

fn request_version(version: &[u8], offset: usize) -> Result<Version, Fault> {
    let Some((major, minor)) = version_digits(version) else {
        let says = format!("{} is no HTTP version; it must read HTTP/1.1.", quoted(version));
        return Err(Fault::new(400, offset, "RFC 9112 2.3", says));
    };
    known_version(major, minor).ok_or_else(|| {
        let says = format!("HTTP/{major}.{minor} is not spoken on this connection; HTTP/1.1 is.");
        Fault::new(505, offset, "RFC 9110 15.6.6", says)
    })
}

/// `HTTP/` DIGIT `.` DIGIT, case-sensitive (RFC 9112 2.3).
fn version_digits(version: &[u8]) -> Option<(u8, u8)> {
    match version {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            Some((major - b'0', minor - b'0'))
        }
        _ => None,
    }
}

/// A higher minor version is read as the highest that we know (RFC 9110 2.5).
fn known_version(major: u8, minor: u8) -> Option<Version> {
    match (major, minor) {
        (1, 0) => Some(Version::Http10),
        (1, _) => Some(Version::Http11),
        _ => None,
    }
}

/// SP and three digits, at least 100 (RFC 9110 15), then SP or the end of the line.
fn status_code(rest: &[u8]) -> Option<u16> {
    let (digits, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let code = super::syntax::decimal(digits).and_then(|code| u16::try_from(code).ok())?;
    (code >= 100 && matches!(rest.first(), None | Some(b' '))).then_some(code)
}

fn no_status(line: &[u8]) -> String {
    format!("The status line {} holds no status of three digits from 100 on.", quoted(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Version, (u16, usize)> {
        request_line(line.as_bytes()).map(|line| line.version).map_err(|fault| (fault.status, fault.offset))
    }

    #[test]
    fn rfc9112_3_request_lines() {
        for (line, expected) in [
            ("GET / HTTP/1.1", Ok(Version::Http11)),
            ("GET / HTTP/1.0", Ok(Version::Http10)),
            ("GET / HTTP/1.7", Ok(Version::Http11)),
            ("brew!~ \"<>{}|\\^`\u{e9} HTTP/1.1", Ok(Version::Http11)),
            ("", Err((400, 0))),
            (" GET / HTTP/1.1", Err((400, 0))),
            ("GET", Err((400, 3))),
            ("GET /", Err((400, 5))),
            ("GET  / HTTP/1.1", Err((400, 4))),
            ("GET  HTTP/1.1", Err((400, 4))),
            ("GET / HTTP/1.1 ", Err((400, 5))),
            ("GET /a b HTTP/1.1", Err((400, 6))),
            ("GET\t/ HTTP/1.1", Err((400, 3))),
            ("GET /\t HTTP/1.1", Err((400, 5))),
            ("GET /\x01 HTTP/1.1", Err((400, 5))),
            ("GET /\x7f HTTP/1.1", Err((400, 5))),
            ("G(T / HTTP/1.1", Err((400, 1))),
            ("GET / http/1.1", Err((400, 6))),
            ("GET / HTTP/1", Err((400, 6))),
            ("GET / HTTP/11.1", Err((400, 6))),
            ("GET / HTTP/1.10", Err((400, 6))),
            ("GET / HTTP/2.0", Err((505, 6))),
            ("GET / HTTP/0.9", Err((505, 6))),
            ("\u{16}\u{3}\u{1}", Err((400, 0))),
        ] {
            assert_eq!(request(line), expected, "{line:?}");
        }
    }

    #[test]
    fn rfc9112_4_status_lines() {
        let status =
            |line: &str| status_line(line.as_bytes()).map(|line| line.status).map_err(|fault| fault.offset);
        for (line, expected) in [
            ("HTTP/1.1 200 OK", Ok(200)),
            ("HTTP/1.0 204 ", Ok(204)),
            ("HTTP/1.1 204", Ok(204)),
            ("HTTP/1.1 799 Very  Fine \u{e9}", Ok(799)),
            ("HTTP/1.1 099 x", Err(9)),
            ("HTTP/1.1 20 x", Err(9)),
            ("HTTP/1.1 2000 x", Err(9)),
            ("HTTP/1.1 +20 x", Err(9)),
            ("HTTP/1.1  200 x", Err(9)),
            ("HTTP/1.1", Err(8)),
            ("HTTP/2.0 200 x", Err(5)),
            ("ICY 200 OK", Err(0)),
            ("HTTP/1.1 200 a\x01", Err(14)),
            ("hello world", Err(0)),
        ] {
            assert_eq!(status(line), expected, "{line:?}");
        }
    }
}
