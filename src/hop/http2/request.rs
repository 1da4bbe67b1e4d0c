//! The check of a request's section (RFC 9113 8.3.1, 8.5; RFC 8441 4).

use super::pseudo::Of;
use super::section::{Section, read};
use crate::exchange::{Authority, Head, Scheme};
use crate::hop::syntax::{is_token, offset_in, quoted};
use crate::hop::target::is_host_value;
use crate::hop::{Bounds, Fault, Framing, RequestFacts, Version};

/// The clause on request pseudo-fields.
const CLAUSE: &str = "RFC 9113 8.3.1";

/// Checks a request's section and reads it. `ends` tells that its stream ends with it.
///
/// The fault's status is 400 for whatever makes a request malformed (RFC 9113 8.1.1), which is
/// a stream error, and 431 for a section beyond the bounds. Its offset is counted in the
/// section as text.
pub fn check_request_http2(head: &Head, ends: bool, bounds: &Bounds) -> Result<RequestFacts, Fault> {
    let section = read(head, Of::Request, bounds)?;
    let method = check_method(head, &section)?;
    let connect = method == b"CONNECT";
    let extended = section.pseudo.protocol.is_some();
    match (connect, extended) {
        (true, false) => check_connect(head, &section)?,
        (false, true) => {
            let says = ":protocol stands in a request that is no CONNECT.";
            return Err(Fault::new(400, at_line(head, ":protocol"), "RFC 8441 4", says));
        }
        (_, extended) => check_target(head, &section, method, extended)?,
    }
    check_host(head, &section)?;
    let framing = framing(head, &section, ends)?;
    let framing = match (method, framing) {
        (b"CONNECT", Framing::Length(1..)) => return Err(content_of(head, "CONNECT", "RFC 9110 9.3.6")),
        (b"TRACE", Framing::Length(1..)) => return Err(content_of(head, "TRACE", "RFC 9110 9.3.8")),
        // Its stream may end later, but no content may come before that.
        (b"TRACE", Framing::Stream) => Framing::Length(0),
        (_, framing) => framing,
    };
    Ok(RequestFacts {
        version: Version::Http2,
        framing: if connect && !extended { Framing::None } else { framing },
        persistent: true,
        keep_alive: false,
        expects_continue: section.expects_continue
            && !connect
            && !matches!(framing, Framing::None | Framing::Length(0)),
        upgrade: false,
        connect: connect && !extended,
        extended,
        head_method: method == b"HEAD",
    })
}

fn check_method<'a>(head: &Head, section: &Section<'a>) -> Result<&'a [u8], Fault> {
    match section.pseudo.method {
        None => Err(missing(head, ":method")),
        Some(method) if is_token(method) => Ok(method),
        Some(method) => {
            let says = format!(":method is {}, which is no method.", quoted(method));
            Err(Fault::new(400, offset_in(head.raw(), method), "RFC 9110 9.1", says))
        }
    }
}

/// "The ":scheme" and ":path" pseudo-header fields MUST be omitted", and `:authority` "contains
/// the host and port to connect to" (RFC 9113 8.5); what it says is [`crate::hop::route`]'s to judge.
fn check_connect(head: &Head, section: &Section<'_>) -> Result<(), Fault> {
    for (name, value) in [(":scheme", section.pseudo.scheme), (":path", section.pseudo.path)] {
        if value.is_some() {
            let says = format!("CONNECT has {name}; it has only :method and :authority.");
            return Err(Fault::new(400, at_line(head, name), "RFC 9113 8.5", says));
        }
    }
    match section.pseudo.authority {
        None | Some(b"") => {
            let says = "CONNECT has no :authority, so it names nothing to connect to.";
            Err(Fault::new(400, head.start_line().len(), "RFC 9113 8.5", says))
        }
        Some(_) => Ok(()),
    }
}

/// `:scheme`, `:path` and `:authority` of all requests but CONNECT, and of CONNECT with
/// `:protocol`: there they "MUST also be included" (RFC 8441 4).
fn check_target(head: &Head, section: &Section<'_>, method: &[u8], extended: bool) -> Result<(), Fault> {
    let clause = if extended { "RFC 8441 4" } else { CLAUSE };
    let Some(scheme) = section.pseudo.scheme else {
        return Err(Fault { clause, ..missing(head, ":scheme") });
    };
    let Some(path) = section.pseudo.path else {
        return Err(Fault { clause, ..missing(head, ":path") });
    };
    if !is_scheme(scheme) {
        let says = format!(":scheme is {}, which is no scheme.", quoted(scheme));
        return Err(Fault::new(400, offset_in(head.raw(), scheme), CLAUSE, says));
    }
    if let Some(protocol) = section.pseudo.protocol.filter(|protocol| !is_token(protocol)) {
        let says = format!(":protocol is {}, which is no protocol.", quoted(protocol));
        return Err(Fault::new(400, offset_in(head.raw(), protocol), "RFC 8441 4", says));
    }
    let http = known_scheme(scheme).is_some();
    check_path(head, path, method, http)?;
    let authority = section.pseudo.authority.or(section.host);
    if http && path != b"*" && authority.is_none_or(<[u8]>::is_empty) {
        let says = "The request has neither :authority nor Host; a URI of http or https has a host.";
        return Err(Fault::new(400, head.start_line().len(), CLAUSE, says));
    }
    Ok(())
}

/// "This pseudo-header field MUST NOT be empty for "http" or "https" URIs" (RFC 9113 8.3.1).
/// Anything visible may stand in it, as in a target of HTTP/1.1, but no fragment: it has "the path
/// and query parts of the target URI" only.
fn check_path(head: &Head, path: &[u8], method: &[u8], http: bool) -> Result<(), Fault> {
    let at = offset_in(head.raw(), path);
    if let Some(bad) = path.iter().position(|byte| *byte <= b' ' || *byte == b'#' || *byte == 0x7f) {
        let says = if path.get(bad) == Some(&b'#') {
            ":path holds a fragment, which is for the client alone; a # of the path is written %23."
        } else {
            ":path holds white space or a control character; it must be percent-encoded."
        };
        return Err(Fault::new(400, at + bad, CLAUSE, says));
    }
    let says = match path {
        [b'/', ..] => return Ok(()),
        _ if !http => return Ok(()),
        b"*" if method == b"OPTIONS" => return Ok(()),
        b"*" => ":path is *, which only OPTIONS may ask for.",
        [] => ":path is empty; without a path it reads /.",
        _ => ":path does not begin with a slash.",
    };
    Err(Fault::new(400, at, CLAUSE, says))
}

/// `:authority` and Host: well-formed, without userinfo, and of one mind (RFC 9113 8.3.1).
fn check_host(head: &Head, section: &Section<'_>) -> Result<(), Fault> {
    if let Some(second) = section.second_host {
        let at = offset_in(head.raw(), second);
        return Err(Fault::new(400, at, "RFC 9110 7.2", "Host stands twice; a request names one host."));
    }
    for value in [section.pseudo.authority, section.host].into_iter().flatten() {
        let at = offset_in(head.raw(), value);
        if let Some(userinfo) = memchr::memchr(b'@', value) {
            let says =
                "The authority has userinfo before its host, which is deprecated and not allowed here.";
            return Err(Fault::new(400, at + userinfo, CLAUSE, says));
        }
        if !is_host_value(value) {
            let says = "The authority is not of the form host or host:port; \
                        names beyond ASCII are written in their xn-- form.";
            return Err(Fault::new(400, at, "RFC 9110 7.2", says));
        }
    }
    match (section.pseudo.authority, section.host) {
        (Some(authority), Some(host)) if !same_entity(section.pseudo.scheme, authority, host) => {
            let says = "Host names another host than :authority.";
            Err(Fault::new(400, offset_in(head.raw(), host), CLAUSE, says))
        }
        _ => Ok(()),
    }
}

/// "other servers MUST perform scheme-based normalization [...] of the two fields"
/// (RFC 9113 8.3.1): case of the host, and the scheme's own port.
fn same_entity(scheme: Option<&[u8]>, authority: &[u8], host: &[u8]) -> bool {
    let port = known_scheme(scheme.unwrap_or(b"https")).map(Scheme::default_port);
    let parse = |text| Authority::parse(text, port);
    authority == host || parse(authority).is_some_and(|one| parse(host) == Some(one))
}

fn framing(head: &Head, section: &Section<'_>, ends: bool) -> Result<Framing, Fault> {
    match section.length(head, Framing::Stream)? {
        Framing::Length(1..) if ends => Err(section.length_without_content(head)),
        _ if ends => Ok(Framing::None),
        framing => Ok(framing),
    }
}

/// `http` or `https`, in any case (RFC 3986 3.1).
pub(super) fn known_scheme(scheme: &[u8]) -> Option<Scheme> {
    [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known.as_str().as_bytes()))
}

/// RFC 3986 3.1.
fn is_scheme(scheme: &[u8]) -> bool {
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
}

fn missing(head: &Head, name: &str) -> Fault {
    let says =
        format!("The request has no {name}; every request but CONNECT has :method, :scheme and :path.");
    Fault::new(400, head.start_line().len(), CLAUSE, says)
}

fn content_of(head: &Head, method: &str, clause: &'static str) -> Fault {
    let says = format!("A {method} request has no content, but this one announces some.");
    Fault::new(400, at_line(head, "content-length"), clause, says)
}

/// Where the first line of that name begins.
fn at_line(head: &Head, name: &str) -> usize {
    let line = head.fields().find(|field| field.is(name));
    line.map_or(head.start_line().len(), |field| offset_in(head.raw(), field.line))
}
