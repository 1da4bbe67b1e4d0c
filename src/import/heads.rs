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
    known_version(told).unwrap_or("HTTP/1.1")
}

/// A version as heads have it, where it is told and is one.
pub fn known_version(told: &str) -> Option<&'static str> {
    Some(match told.trim().to_ascii_lowercase().as_str() {
        "h2" | "http/2" | "http/2.0" | "h2c" => "HTTP/2",
        "http/3" | "http/3.0" => "HTTP/3",
        "http/1.0" => "HTTP/1.0",
        "http/1.1" => "HTTP/1.1",
        // `h3`, and as Chrome writes its drafts: `h3-29`, `h3-Q050`, `http/2+quic/43`.
        other if other.starts_with("h3") || other.contains("quic/") => "HTTP/3",
        _ => return None,
    })
}

/// Whether there are pseudo-fields among them, which HTTP/1 does not have (RFC 9113 8.3).
pub fn have_pseudo_fields(fields: &Fields) -> bool {
    fields.iter().any(|(name, _)| name.first() == Some(&b':'))
}

/// Values that a program joined with line feeds, as Chrome does where a field stood in several lines: each in a line
/// of its own again. One that goes on behind a blank is a fold, and stays one.
pub fn unjoined(fields: Fields) -> Fields {
    fields
        .into_iter()
        .flat_map(|(name, value)| lines_of(&value).map(move |line| (name.clone(), line)))
        .collect()
}

fn lines_of(value: &[u8]) -> impl Iterator<Item = Vec<u8>> + use<> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in value.split(|byte| *byte == b'\n') {
        match (lines.last_mut(), line.first()) {
            (Some(folded), Some(b' ' | b'\t')) => folded.extend_from_slice(line),
            _ => lines.push(line.to_vec()),
        }
        if let Some(last) = lines.last_mut().filter(|last| last.last() == Some(&b'\r')) {
            last.pop();
        }
    }
    let only = lines.len() == 1;
    lines.into_iter().filter(move |line| only || !line.is_empty())
}

/// A request's head.
pub fn request(method: &str, place: &Place, version: &str, fields: &Fields) -> Bytes {
    let mut out = Vec::new();
    line(&mut out, &[method.as_bytes(), b" ", place.path.as_bytes(), b" ", version.as_bytes()]);
    if version == "HTTP/2" && !have_pseudo_fields(fields) {
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
    if version == "HTTP/2" && !have_pseudo_fields(fields) {
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
    fn values_that_were_joined_stand_in_lines_of_their_own_again() {
        let parted = |value: &str| {
            let fields = unjoined(vec![(b"via".to_vec(), value.as_bytes().to_vec())]);
            fields.into_iter().map(|(_, value)| String::from_utf8(value).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(parted("1.1 a\n1.1 b\r\n2 c"), ["1.1 a", "1.1 b", "2 c"]);
        assert_eq!(parted("1.1 a\r\n (x)\n1.1 b\n"), ["1.1 a (x)", "1.1 b"]);
        assert_eq!(
            (parted(""), parted("\n"), parted("a")),
            (vec![String::new()], vec![], vec!["a".to_owned()])
        );
    }

    #[test]
    fn versions_have_many_names() {
        for (told, version) in [
            ("http/2.0", Some("HTTP/2")),
            ("h3-Q050", Some("HTTP/3")),
            ("http/2+quic/43", Some("HTTP/3")),
            ("http/1.1", Some("HTTP/1.1")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(known_version(told), version, "{told}");
        }
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
