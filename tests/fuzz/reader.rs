//! The other reader: httparse for heads and a plain reading of RFC 9112 6 and 7 for bodies, over bytes
//! that are all there.

use httparse::Status;

const FIELDS: usize = 2_000;

/// How a message's body is delimited, and what it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// It is whole; behind it the next message begins at this place.
    Whole(Vec<u8>, usize),
    /// The bytes end before it does, or it goes to their end.
    Open(Vec<u8>),
    /// This reader finds no body in what stands there.
    Unclear,
}

/// Where a request's head ends, as httparse reads it; `None` when it does not.
pub fn request_head(bytes: &[u8]) -> Option<usize> {
    let bytes = as_1_1(bytes, bytes.windows(2).position(|pair| pair == b"\r\n")?.checked_sub(1)?);
    let mut fields = vec![httparse::EMPTY_HEADER; FIELDS];
    match httparse::Request::new(&mut fields).parse(&bytes) {
        Ok(Status::Complete(end)) => Some(end),
        _ => None,
    }
}

/// Where a response's head ends, as httparse reads it with the repairs that RFC 9112 5 has us make.
pub fn response_head(bytes: &[u8]) -> Option<usize> {
    let bytes = as_1_1(bytes, 7);
    let mut fields = vec![httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let mut config = httparse::ParserConfig::default();
    config.allow_spaces_after_header_name_in_responses(true);
    config.allow_obsolete_multiline_headers_in_responses(true);
    match config.parse_response(&mut response, &bytes) {
        Ok(Status::Complete(end)) => Some(end),
        _ => None,
    }
}

/// The bytes with the minor version at this place made 1, and the start line made ASCII: httparse knows no
/// HTTP/1.2, which is to be read as the highest that we know (RFC 9110 2.5), and wants UTF-8 in targets,
/// which are the origin's to judge.
fn as_1_1(bytes: &[u8], minor: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let line = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(0);
    for byte in bytes[..line].iter_mut().filter(|byte| !byte.is_ascii()) {
        *byte = b'x';
    }
    if let Some(minor) = bytes.get_mut(minor).filter(|minor| minor.is_ascii_digit()) {
        *minor = b'1';
    }
    bytes
}

/// The body behind a head that was accepted.
pub fn body(head: &[u8], bytes: &[u8], end: usize) -> Body {
    let codings = values(head, b"transfer-encoding");
    let lengths = values(head, b"content-length");
    if !codings.is_empty() {
        return chunked(bytes, end);
    }
    let Some(length) = lengths.first() else { return Body::Whole(Vec::new(), end) };
    let digits = length.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let Some(length) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<usize>().ok())
    else {
        return Body::Unclear;
    };
    match end.checked_add(length).filter(|behind| *behind <= bytes.len()) {
        Some(behind) => Body::Whole(bytes[end..behind].to_vec(), behind),
        None => Body::Open(bytes[end..].to_vec()),
    }
}

/// Values of a field, folds and all, by the plainest of readings: lines at CRLF, names up to the colon.
pub fn values(head: &[u8], name: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut within = false;
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let (true, Some(value)) = (within, found.last_mut()) {
                let value: &mut Vec<u8> = value;
                value.push(b' ');
                value.extend_from_slice(line.trim_ascii());
            }
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        within = line[..colon].trim_ascii().eq_ignore_ascii_case(name);
        if within {
            found.push(line.get(colon + 1..).unwrap_or_default().trim_ascii().to_vec());
        }
    }
    found
}

fn chunked(bytes: &[u8], mut at: usize) -> Body {
    let mut body = Vec::new();
    loop {
        let Some(line) = line_end(bytes, at) else { return Body::Open(body) };
        let text = &bytes[at..line];
        let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let Ok(size) = usize::from_str_radix(&String::from_utf8_lossy(&text[..digits]), 16) else {
            return Body::Unclear;
        };
        at = line + 2;
        if size == 0 {
            return trailers(bytes, at, body);
        }
        let Some(data) = at.checked_add(size).filter(|end| *end <= bytes.len()) else {
            body.extend_from_slice(&bytes[at..]);
            return Body::Open(body);
        };
        body.extend_from_slice(&bytes[at..data]);
        match bytes.get(data..data + 2) {
            Some(b"\r\n") => at = data + 2,
            Some(_) => return Body::Unclear,
            None => return Body::Open(body),
        }
    }
}

fn trailers(bytes: &[u8], mut at: usize, body: Vec<u8>) -> Body {
    loop {
        let Some(line) = line_end(bytes, at) else { return Body::Open(body) };
        if line == at {
            return Body::Whole(body, at + 2);
        }
        at = line + 2;
    }
}

fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.windows(2).position(|pair| pair == b"\r\n").map(|offset| at + offset)
}
