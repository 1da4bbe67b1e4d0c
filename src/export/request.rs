//! A request as the client meant it: method, URL, fields for the origin, body.

use super::redact::is_secret;
use crate::exchange::{Exchange, Head, Target};
use bytes::Bytes;

/// Fields between client and proxy, or made anew by whoever sends (RFC 9110 7.6.1, 11.7.1; RFC 9112 6, 7).
const NOT_COPIED: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "content-length",
];

/// The URL that an exchange asked for; bytes that no URL holds are percent-encoded (RFC 3986 2.1).
#[must_use]
pub fn url(exchange: &Exchange) -> String {
    let summary = &exchange.summary;
    let head = exchange.heads.request_received.clone().map(Head::parse);
    let line = head.as_ref().and_then(Head::request_line);
    let path = match line.and_then(|(method, target, _)| Target::parse(method, target)) {
        Some(Target::Origin(path)) => path.to_vec(),
        Some(Target::Absolute { path, .. }) if path.starts_with(b"/") => path.to_vec(),
        Some(Target::Absolute { path, .. }) => [b"/", path].concat(),
        Some(Target::Asterisk) => b"/".to_vec(),
        Some(Target::Authority(_)) => Vec::new(),
        None => summary.path.as_bytes().to_vec(),
    };
    format!("{}://{}{}", summary.scheme.as_str(), encoded(summary.host.as_bytes()), encoded(&path))
}

fn encoded(bytes: &[u8]) -> String {
    let encode = |byte: &u8| match byte {
        b'!'..=b'~' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}

/// A request to be written down for another program.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Its URL.
    pub url: String,
    /// Whether its target was `*` (RFC 9112 3.2.4).
    pub asterisk: bool,
    /// The fields to send: name and value, in wire order.
    pub fields: Vec<(String, Bytes)>,
    /// Its body as received: framing removed, codings kept.
    pub body: Vec<u8>,
    /// Whether it said that it had a body, be it an empty one.
    pub has_body: bool,
    /// Whether it came over HTTP/2.
    pub http2: bool,
}

impl Request {
    /// The request of an exchange with its body; `None` for CONNECT, and for what is no request.
    #[must_use]
    pub fn of(exchange: &Exchange, body: &[u8]) -> Option<Self> {
        let head = Head::parse(exchange.heads.request_received.clone()?);
        let (method, target, _) = head.request_line()?;
        let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        if method == b"CONNECT" || !method.iter().all(token) {
            return None;
        }
        let url = url(exchange);
        let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next());
        let nominated: Vec<&[u8]> = head.members("connection").collect();
        let copied = |name: &[u8]| {
            let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
            // No token holds a colon: pseudo-fields (RFC 9113 8.3) are the method and the URL.
            !name.is_empty()
                && name.iter().all(token)
                && !NOT_COPIED.iter().any(|other| is(other.as_bytes()))
                && !nominated.iter().any(|other| is(other))
        };
        let fields = head.fields().filter(|field| copied(field.name));
        // The URL says it already.
        let fields =
            fields.filter(|field| !field.is("host") || Some(field.value) != authority.map(str::as_bytes));
        let fields = fields.map(|field| {
            (String::from_utf8_lossy(field.name).into_owned(), Bytes::from(unfolded(field.value)))
        });
        Some(Self {
            method: String::from_utf8_lossy(method).into_owned(),
            url: url.clone(),
            asterisk: target == b"*",
            fields: fields.collect(),
            body: body.to_vec(),
            has_body: !body.is_empty()
                || head.value("content-length").is_some()
                || head.value("transfer-encoding").is_some(),
            http2: head.is_http2(),
        })
    }

    /// The first value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    /// Whether one of its fields is a secret.
    #[must_use]
    pub fn holds_a_secret(&self) -> bool {
        self.fields.iter().any(|(name, _)| is_secret(name.as_bytes()))
    }

    /// Fields as a program that knows a name once takes them: lines of one name joined as RFC 9110 5.3
    /// allows, Cookie's as RFC 6265 5.4 writes them.
    #[must_use]
    pub fn joined(&self) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, value) in &self.fields {
            match all.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, known)) => {
                    known.extend_from_slice(if name.eq_ignore_ascii_case("cookie") { b"; " } else { b", " });
                    known.extend_from_slice(value);
                }
                None => all.push((name.clone(), value.to_vec())),
            }
        }
        all
    }
}

/// A folded value on one line (RFC 9112 5.2).
fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte }).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::exchange::{Body, ConnectionId, ExchangeId, Flags, Heads, Scheme, State, Summary, Timing};

    /// An exchange that received this request head and this body.
    pub fn exchange(head: &[u8], host: &str, body: &[u8]) -> Exchange {
        let parsed = Head::parse(Bytes::copy_from_slice(head));
        let method = parsed.request_line().map_or(&b""[..], |(method, ..)| method).to_vec();
        Exchange {
            summary: Summary {
                id: ExchangeId(7),
                started: 0,
                client: String::new(),
                scheme: Scheme::Http,
                method: String::from_utf8_lossy(&method).into_owned(),
                host: host.to_owned(),
                path: "/".to_owned(),
                version: "HTTP/1.1".to_owned(),
                status: Some(200),
                state: State::Done,
                request_bytes: body.len() as u64,
                response_bytes: 0,
                messages: 0,
                duration: Some(1_000),
                ttfb: None,
                media_type: None,
                failure: None,
                flags: Flags::default(),
                parent: None,
                note: None,
            },
            heads: Heads { request_received: Some(Bytes::copy_from_slice(head)), ..Heads::default() },
            request_edits: Vec::new(),
            response_edits: Vec::new(),
            request_body: Body { length: body.len() as u64, ..Body::default() },
            response_body: Body::default(),
            interim: Vec::new(),
            attempts: Vec::new(),
            frames: Vec::new(),
            timing: Timing::default(),
            client_connection: ConnectionId(1),
            origin_connection: None,
            tunnel: None,
            tunnelled: None,
        }
    }

    #[test]
    fn what_belongs_to_the_proxy_is_left_out() {
        let head = b"GET http://h.test/a?b HTTP/1.1\r\nHost: h.test\r\nProxy-Authorization: Basic eA==\r\nConnection: x-hop\r\nX-Hop: 1\r\nCookie: a=1\r\nCookie: b=2\r\nBad Name: 1\r\n\r\n";
        let request = Request::of(&exchange(head, "h.test", b""), b"").unwrap();
        assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "http://h.test/a?b"));
        assert_eq!(request.joined(), [("Cookie".to_owned(), b"a=1; b=2".to_vec())]);
        assert!(request.holds_a_secret() && !request.has_body);
    }

    #[test]
    fn a_host_that_the_url_does_not_say_stays() {
        let head = b"GET / HTTP/1.1\r\nHost: other.test\r\n\r\n";
        let request = Request::of(&exchange(head, "h.test:8080", b""), b"").unwrap();
        assert_eq!(request.value("host"), Some(&b"other.test"[..]));
        assert_eq!(request.url, "http://h.test:8080/");
    }

    #[test]
    fn urls_hold_no_byte_that_a_url_cannot() {
        let head = b"GET /\xff\"'$(x)\x1b HTTP/1.1\r\n\r\n";
        assert_eq!(url(&exchange(head, "h.test", b"")), "http://h.test/%FF\"'$(x)%1B");
        assert_eq!(url(&exchange(b"OPTIONS * HTTP/1.1\r\n\r\n", "h.test", b"")), "http://h.test/");
    }

    #[test]
    fn a_connect_is_no_request_to_copy() {
        assert!(Request::of(&exchange(b"CONNECT h:443 HTTP/1.1\r\n\r\n", "h:443", b""), b"").is_none());
    }
}
