//! Heads of what other programs tell of them: a method, a URL, names and values.
//!
//! They are what the file says and no more: HTTP/1.1's in origin-form, HTTP/2's as sections with their
//! pseudo-fields. What could not stand in a line is a blank.

use crate::exchange::{Authority, Exchange, Head, Scheme};
use bytes::Bytes;

/// Names and values in their order.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// Where a URL leads: scheme, host with the port that is not the scheme's own, path with query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub scheme: Scheme,
    pub host: String,
    pub path: String,
}

impl Place {
    /// Reads an absolute URL of HTTP or WebSocket; the error says what else it is.
    pub fn of(url: &str) -> Result<Self, String> {
        let (name, rest) = url.split_once(':').ok_or("it has no URL")?;
        let scheme = match name.to_ascii_lowercase().as_str() {
            "http" | "ws" => Scheme::Http,
            "https" | "wss" => Scheme::Https,
            other => return Err(format!("{} is no URL of HTTP", other.get(..20).unwrap_or(other))),
        };
        let rest = rest.trim_start_matches('/');
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let host = Authority::parse(authority.as_bytes(), Some(scheme.default_port()))
            .map_or_else(|| authority.to_owned(), |authority| authority.text(scheme));
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if host.is_empty() {
            Err("its URL names no host".to_owned())
        } else {
            Ok(Self { scheme, host, path })
        }
    }
}

/// A version as heads have it: `h2`, `http/2.0` and `HTTP/2` are the same; what is unknown is HTTP/1.1.
pub fn version(told: &str) -> &'static str {
    match told.trim().to_ascii_lowercase().as_str() {
        "h2" | "http/2" | "http/2.0" | "h2c" => "HTTP/2",
        "h3" | "http/3" | "http/3.0" | "h3-29" => "HTTP/3",
        "http/1.0" => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

/// A request's head.
pub fn request(method: &str, place: &Place, version: &str, fields: &Fields) -> Bytes {
    let mut out = Vec::new();
    line(&mut out, &[method.as_bytes(), b" ", place.path.as_bytes(), b" ", version.as_bytes()]);
    if version == "HTTP/2" && !fields.iter().any(|(name, _)| name.first() == Some(&b':')) {
        for (name, value) in [
            (":method", method),
            (":authority", &place.host),
            (":scheme", place.scheme.as_str()),
            (":path", &place.path),
        ] {
            line(&mut out, &[name.as_bytes(), b": ", value.as_bytes()]);
        }
    }
    whole(out, fields)
}

/// A response's head.
pub fn response(version: &str, status: u16, reason: &str, fields: &Fields) -> Bytes {
    let mut out = Vec::new();
    let status = status.to_string();
    // HTTP/2 carries no reason phrase (RFC 9113 8.3.2).
    let reason = if version == "HTTP/2" { "" } else { reason };
    line(&mut out, &[version.as_bytes(), b" ", status.as_bytes(), b" ", reason.as_bytes()]);
    if version == "HTTP/2" && !fields.iter().any(|(name, _)| name.first() == Some(&b':')) {
        line(&mut out, &[b":status: ", status.as_bytes()]);
    }
    whole(out, fields)
}

/// Fills in what a row tells of the heads.
pub fn summarise(exchange: &mut Exchange) {
    let answer = exchange.heads.response_received.clone().map(Head::parse);
    let value = answer.as_ref().and_then(|head| head.value("content-type"));
    let media = value.map(|value| String::from_utf8_lossy(value).into_owned());
    let media = media.and_then(|value| value.split(';').next().map(|media| media.trim().to_lowercase()));
    exchange.summary.media_type = media.filter(|media| !media.is_empty());
}

fn whole(mut out: Vec<u8>, fields: &Fields) -> Bytes {
    for (name, value) in fields {
        line(&mut out, &[name, b": ", value]);
    }
    out.extend_from_slice(b"\r\n");
    Bytes::from(out)
}

fn line(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend(part.iter().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte }));
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_somewhere_or_say_why_not() {
        let place = |url| Place::of(url).map(|place| (place.scheme, place.host, place.path));
        let some = |scheme, host: &str, path: &str| Ok((scheme, host.to_owned(), path.to_owned()));
        assert_eq!(place("https://H.test:443/a?b#c"), some(Scheme::Https, "h.test", "/a?b"));
        assert_eq!(place("ws://u@[::1]:81?q"), some(Scheme::Http, "[::1]:81", "/?q"));
        assert_eq!(place("data:text/plain,x"), Err("data is no URL of HTTP".to_owned()));
        assert_eq!(place("http:///x"), some(Scheme::Http, "x", "/"));
        assert_eq!(place(""), Err("it has no URL".to_owned()));
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        let place = Place::of("http://h.test/").unwrap();
        let fields = vec![(b"X\r\nY".to_vec(), b"1\r\n\r\nGET".to_vec())];
        let head = Head::parse(request("GET", &place, "HTTP/1.1", &fields));
        assert_eq!(head.fields().len(), 1);
        assert_eq!(head.raw(), "GET / HTTP/1.1\r\nX  Y: 1    GET\r\n\r\n");
    }

    #[test]
    fn rfc9113_8_3_sections_have_their_pseudo_fields() {
        let place = Place::of("https://h.test/a").unwrap();
        let head = Head::parse(request("GET", &place, version("h2"), &Vec::new()));
        assert!(
            head.is_http2()
                && head.value(":path") == Some(b"/a")
                && head.value(":authority") == Some(b"h.test")
        );
        assert_eq!(response("HTTP/2", 200, "OK", &Vec::new()), "HTTP/2 200 \r\n:status: 200\r\n\r\n");
    }
}
