//! Where a request goes: the four forms of a request-target (RFC 9112 3.2), and Host.

use super::{Fault, RequestFacts, Version, http2};
use crate::exchange::{Authority, Head, Scheme, Target};

/// Where a request is sent, and by which scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The scheme; for CONNECT `https`, which is what a tunnel is nearly always for.
    pub scheme: Scheme,
    /// The host and port to connect to.
    pub authority: Authority,
}

/// Who is to answer a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The origin at the end of this route.
    Origin(Route),
    /// We: an origin-form or asterisk-form target outside a tunnel names nobody else.
    Ourselves,
}

/// Where a checked request goes. `tunnel` is what CONNECT named when the request came
/// through an intercepted tunnel; it stays the place to connect to whatever Host says,
/// as it would be without us.
///
/// The fault's status is 400 or 501.
pub fn route(
    head: &Head,
    facts: &RequestFacts,
    tunnel: Option<(Scheme, &Authority)>,
) -> Result<Destination, Fault> {
    if facts.version == Version::Http2 {
        return http2::route(head, facts, tunnel);
    }
    let Some((method, target, _)) = head.request_line() else {
        return Err(Fault::new(400, 0, "RFC 9112 3", "The request line has not three parts."));
    };
    let offset = method.len() + 1;
    if facts.connect {
        return connect(target, offset, tunnel.is_some());
    }
    let through = |(scheme, authority): (Scheme, &Authority)| {
        Destination::Origin(Route { scheme, authority: authority.clone() })
    };
    match Target::parse(method, target) {
        Some(Target::Absolute { scheme, authority, .. }) => {
            let named = named_authority(scheme, authority, offset + scheme.as_str().len() + 3)?;
            match tunnel {
                None => Ok(Destination::Origin(Route { scheme, authority: named })),
                Some((inside, _)) if inside != scheme => Err(misdirected(scheme, inside, offset)),
                Some(tunnel) => Ok(through(tunnel)),
            }
        }
        Some(_) => Ok(tunnel.map_or(Destination::Ourselves, through)),
        None => Err(no_form(target, offset)),
    }
}

/// `host:port`: "There is no default port; a client MUST send the port number even if the
/// CONNECT request is based on a URI reference that contains an authority component with
/// an elided port" and "a server MUST reject a CONNECT request that targets an empty or
/// invalid port number" (RFC 9110 9.3.6).
pub(super) fn connect(target: &[u8], offset: usize, inside_tunnel: bool) -> Result<Destination, Fault> {
    if inside_tunnel {
        let says = "A CONNECT inside an intercepted tunnel; use --tunnel HOST to leave that tunnel unread.";
        return Err(Fault::new(501, 0, "RFC 9110 9.3.6", says));
    }
    let authority = Some(target)
        .filter(|target| is_authority(target))
        .and_then(|target| Authority::parse(target, None))
        .filter(|authority| authority.port != 0);
    let Some(authority) = authority else {
        let says = "CONNECT must name host:port, with a port from 1 to 65535.";
        return Err(Fault::new(400, offset, "RFC 9110 9.3.6", says));
    };
    Ok(Destination::Origin(Route { scheme: Scheme::Https, authority }))
}

/// The host and port of an absolute-form target. An empty host must be rejected
/// (RFC 9110 4.2.1).
pub(super) fn named_authority(scheme: Scheme, authority: &[u8], offset: usize) -> Result<Authority, Fault> {
    if let Some(at) = memchr::memchr(b'@', authority) {
        return Err(userinfo(offset + at));
    }
    let parsed = Some(authority)
        .filter(|authority| is_authority(authority))
        .and_then(|authority| Authority::parse(authority, Some(scheme.default_port())))
        .filter(|authority| authority.port != 0);
    parsed.ok_or_else(|| {
        let says = "The target's authority is not of the form host or host:port; \
                    names beyond ASCII are written in their xn-- form.";
        Fault::new(400, offset, "RFC 9110 4.2.1", says)
    })
}

/// "a recipient SHOULD parse for userinfo and treat its presence as an error; it is likely
/// being used to obscure the authority" (RFC 9110 4.2.4). It must not go on in any case, and
/// a request that loses its credentials on the way would be answered as another one.
fn userinfo(at: usize) -> Fault {
    let says = "The target holds userinfo before its host, which no request may send; \
                credentials belong into the Authorization field.";
    Fault::new(400, at, "RFC 9110 4.2.4", says)
}

/// Whether a Host value is well-formed: `uri-host [ ":" port ]`, or empty (RFC 9110 7.2).
pub(super) fn is_host_value(value: &[u8]) -> bool {
    value.is_empty() || (is_authority(value) && Authority::parse(value, Some(0)).is_some())
}

/// What RFC 3986 3.2 asks beyond [`Authority::parse`]: ASCII, and `%` only before two
/// hexadecimal digits.
fn is_authority(text: &[u8]) -> bool {
    text.is_ascii()
        && memchr::memchr_iter(b'%', text)
            .all(|at| text.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)))
}

/// Not 421, which says the same but "a proxy MUST NOT generate" (RFC 9110 15.5.20).
pub(super) fn misdirected(scheme: Scheme, inside: Scheme, offset: usize) -> Fault {
    let says = format!(
        "The target says {}, but the connection is {}; it would change on the way.",
        scheme.as_str(),
        inside.as_str()
    );
    Fault::new(400, offset, "RFC 9110 7.4", says)
}

fn no_form(target: &[u8], offset: usize) -> Fault {
    let scheme = target.iter().position(|byte| *byte == b':').map(|at| &target[..at]);
    let other_scheme = scheme.is_some_and(|scheme| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            && ![&b"http"[..], b"https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && target[scheme.len()..].starts_with(b"://")
    });
    if other_scheme {
        let says = "The target's scheme is neither http nor https; this proxy knows no other.";
        return Fault::new(501, offset, "RFC 9110 4.2", says);
    }
    let says = "The request-target has none of the four forms; \
                to a proxy it reads http://host/path (or * of OPTIONS).";
    Fault::new(400, offset, "RFC 9112 3.2", says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::{Bounds, check_request};
    use bytes::Bytes;

    fn to(line: &str, tunnel: Option<(Scheme, &Authority)>) -> Result<String, u16> {
        let head = Head::parse(Bytes::from(format!("{line} HTTP/1.1\r\nHost: other\r\n\r\n")));
        let facts = check_request(&head, &Bounds { fields: 10, head: 1000 }).map_err(|fault| fault.status)?;
        match route(&head, &facts, tunnel).map_err(|fault| fault.status)? {
            Destination::Origin(route) => Ok(format!("{} {}", route.scheme.as_str(), route.authority)),
            Destination::Ourselves => Ok("us".to_owned()),
        }
    }

    #[test]
    fn rfc9112_3_2_forms_to_a_proxy() {
        for (line, expected) in [
            ("GET http://H/", Ok("http h:80")),
            ("GET HTTPS://h:8443/a", Ok("https h:8443")),
            ("GET http://[::1]:81", Ok("http [::1]:81")),
            ("GET http://u:p@h/", Err(400)),
            ("GET http://@h/", Err(400)),
            ("GET http://h/@", Ok("http h:80")),
            ("GET http://h:/", Ok("http h:80")),
            ("GET http://h?q", Ok("http h:80")),
            ("GET /", Ok("us")),
            ("OPTIONS *", Ok("us")),
            ("GET *", Err(400)),
            ("GET h", Err(400)),
            ("GET http:/h", Err(400)),
            ("GET http:///a", Err(400)),
            ("GET http://:80/", Err(400)),
            ("GET http://h:x/", Err(400)),
            ("GET http://h:0/", Err(400)),
            ("GET http://a@b@h/", Err(400)),
            ("GET http://h\\@evil/", Err(400)),
            ("GET http://b\u{fc}cher/", Err(400)),
            ("GET http://a%zz/", Err(400)),
            ("GET ftp://h/", Err(501)),
            ("GET ws://h/", Err(501)),
        ] {
            assert_eq!(to(line, None), expected.map(str::to_owned), "{line}");
        }
    }

    #[test]
    fn rfc9110_9_3_6_connect_names_host_and_port() {
        for (target, expected) in [
            ("h:443", Ok("https h:443")),
            ("[::1]:1", Ok("https [::1]:1")),
            ("h", Err(400)),
            ("h:", Err(400)),
            ("h:0", Err(400)),
            ("h:65536", Err(400)),
            (":443", Err(400)),
            ("http://h:443/", Err(400)),
            ("u@h:443", Err(400)),
            ("/", Err(400)),
            ("*", Err(400)),
        ] {
            assert_eq!(to(&format!("CONNECT {target}"), None), expected.map(str::to_owned), "{target}");
        }
    }

    #[test]
    fn rfc9112_3_3_inside_a_tunnel_its_target_is_where_to_connect() {
        let authority = Authority { host: "t".to_owned(), port: 8443 };
        let tunnel = Some((Scheme::Https, &authority));
        for (line, expected) in [
            ("GET /", Ok("https t:8443")),
            ("OPTIONS *", Ok("https t:8443")),
            ("GET https://other/", Ok("https t:8443")),
            ("GET http://t/", Err(400)),
            ("GET x", Err(400)),
            ("CONNECT h:1", Err(501)),
        ] {
            assert_eq!(to(line, tunnel), expected.map(str::to_owned), "{line}");
        }
    }
}
