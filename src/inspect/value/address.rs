//! URIs, origins, hosts, addresses.

use crate::exchange::Authority;
use crate::inspect::field::Field;
use crate::inspect::parts::Parts;
use std::net::IpAddr;
use std::ops::Range;

/// A URI or a reference to be resolved: Location, Referer (RFC 3986 4.1).
pub fn uri(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    uri_part(parts, &whole);
}

/// Adds scheme, authority, path, query and fragment of a URI reference as parts.
pub fn uri_part(parts: &mut Parts<'_>, span: &Range<usize>) {
    let bytes = parts.bytes(span);
    if let Some(at) = bytes.iter().position(|byte| !is_uri_byte(*byte)) {
        if at > 0 {
            parts.add(span.start..span.start + at, "URI", "the part of a URI that can be read");
        }
        return parts.fail(span.start + at, "this byte must be percent-encoded in a URI");
    }
    let mut at = span.start;
    if let Some(length) = scheme(bytes) {
        parts.add(at..at + length, "scheme", scheme_said(&bytes[..length]));
        at += length + 1;
    }
    if parts.bytes(&(at..span.end)).starts_with(b"//") {
        let rest = parts.bytes(&(at + 2..span.end));
        let length = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
        authority(parts, at + 2..at + 2 + length);
        at += 2 + length;
    }
    let rest = parts.bytes(&(at..span.end));
    let path = rest.iter().position(|byte| b"?#".contains(byte)).unwrap_or(rest.len());
    if path > 0 {
        parts.add(at..at + path, "path", "");
    }
    let query = rest.get(path..).unwrap_or_default();
    let hash = query.iter().position(|byte| *byte == b'#').unwrap_or(query.len());
    if hash > 0 {
        parts.add(at + path..at + path + hash, "query", "");
    }
    if hash < query.len() {
        parts.add(
            at + path + hash..span.end,
            "fragment",
            "a place within the resource; it stays with the client",
        );
    }
}

fn scheme(bytes: &[u8]) -> Option<usize> {
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let name = bytes.get(..colon)?;
    let fits = name.first()?.is_ascii_alphabetic()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    fits.then_some(colon)
}

fn scheme_said(scheme: &[u8]) -> &'static str {
    match scheme.to_ascii_lowercase().as_slice() {
        b"https" => "over TLS",
        b"http" => "without TLS",
        b"wss" => "a WebSocket over TLS",
        b"ws" => "a WebSocket without TLS",
        b"data" => "the content itself",
        _ => "",
    }
}

fn authority(parts: &mut Parts<'_>, span: Range<usize>) {
    let bytes = parts.bytes(&span);
    let user = bytes.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    if user > 0 {
        parts.add(
            span.start..span.start + user,
            "user information",
            "credentials in the address: everybody who sees it has them",
        );
    }
    host_part(parts, &(span.start + user..span.end));
}

/// `host[:port]` (RFC 9110 7.2).
pub fn host(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    if whole.is_empty() {
        return parts.add(whole, "host", "empty: the target has no authority");
    }
    host_part(parts, &whole);
}

fn host_part(parts: &mut Parts<'_>, span: &Range<usize>) {
    let bytes = parts.bytes(span);
    let length = match bytes.first() {
        Some(b'[') => bytes.iter().position(|byte| *byte == b']').map_or(bytes.len(), |at| at + 1),
        _ => bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len()),
    };
    let name = span.start..span.start + length;
    if length > 0 && Authority::parse(parts.bytes(&name), Some(80)).is_none() {
        return parts.fail(span.start, "this is not the name or address of a host");
    }
    let said = host_said(parts.bytes(&name));
    parts.add(name.clone(), "host", said);
    let rest = parts.bytes(&(name.end..span.end));
    match rest.strip_prefix(b":") {
        None if rest.is_empty() => {}
        Some(digits) if digits.iter().all(u8::is_ascii_digit) => {
            parts.add(name.end + 1..span.end, "port", "");
        }
        _ => parts.fail(
            name.end + usize::from(rest.starts_with(b":")),
            "only a colon and a port may follow the host",
        ),
    }
}

fn host_said(host: &[u8]) -> &'static str {
    let text = std::str::from_utf8(host).unwrap_or_default();
    match text.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address_said(address),
        Err(_) if text.contains("xn--") => "a name with letters beyond ASCII, in Punycode",
        Err(_) => "",
    }
}

fn address_said(address: IpAddr) -> &'static str {
    let private = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    match address {
        _ if address.is_loopback() => "the machine itself",
        _ if private => "an address of a private network",
        IpAddr::V4(_) => "an IPv4 address",
        IpAddr::V6(_) => "an IPv6 address",
    }
}

/// One address: X-Real-IP.
pub fn address(_: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    node(parts, &whole, "address");
}

/// Adds a node of a path: an address, with or without a port, a name, `unknown`, `_hidden`.
pub fn node(parts: &mut Parts<'_>, span: &Range<usize>, label: &'static str) {
    let text = std::str::from_utf8(parts.bytes(span)).unwrap_or_default().trim_matches('"');
    let bare = if text.starts_with('[') {
        text.trim_start_matches('[').split(']').next().unwrap_or_default()
    } else if text.matches(':').count() == 1 {
        text.split(':').next().unwrap_or_default()
    } else {
        text
    };
    let said = match bare.parse::<IpAddr>() {
        Ok(address) => address_said(address),
        Err(_) if text.eq_ignore_ascii_case("unknown") => "not known",
        Err(_) if text.starts_with('_') => "hidden behind a name of its own",
        Err(_) => "a name",
    };
    parts.add(span.clone(), label, said);
}

/// `null`, or scheme, host and port: Origin (Fetch, RFC 6454 7).
pub fn origin(field: &Field, parts: &mut Parts<'_>) {
    let whole = parts.whole();
    match parts.bytes(&whole) {
        b"*" => parts.add(whole, "wildcard", "any origin"),
        b"null" => parts.add(
            whole,
            "origin",
            "an origin that is not told: a sandbox, a file, or a redirect across origins",
        ),
        _ => origin_part(field, parts, &whole),
    }
}

/// Origins between commas: Timing-Allow-Origin.
pub fn origins(field: &Field, parts: &mut Parts<'_>) {
    for piece in parts.pieces(&parts.whole(), b',') {
        if parts.is_over() {
            return;
        }
        match parts.bytes(&piece) {
            b"*" => parts.add(piece, "wildcard", "any origin"),
            b"null" => parts.add(piece, "origin", "an origin that is not told"),
            _ => origin_part(field, parts, &piece),
        }
    }
}

fn origin_part(_: &Field, parts: &mut Parts<'_>, span: &Range<usize>) {
    let bytes = parts.bytes(span);
    let Some(length) = scheme(bytes).filter(|length| bytes[*length..].starts_with(b"://")) else {
        return parts.fail(
            span.start,
            "an origin is written https://host, with a port where it is not the usual one",
        );
    };
    let from = span.start + length + 3;
    let rest = parts.bytes(&(from..span.end));
    parts.add(span.start..span.start + length, "scheme", scheme_said(&bytes[..length]));
    if let Some(at) = rest.iter().position(|byte| b"/?#@, ".contains(byte)) {
        return parts.fail(from + at, "an origin has no path and no user: nothing may follow host and port");
    }
    host_part(parts, &(from..span.end));
}

/// Whether a byte may stand in a URI reference as it is (RFC 3986 2).
pub fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}
