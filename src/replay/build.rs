//! What goes out for an order: the original's head with the changes asked for, and its body.
//!
//! Pure: what is not asked to change keeps its bytes. The head built here is a client's; the rules of the
//! hop come after it.

use super::coding;
use super::error::ReplayError;
use super::http1;
use super::lines::{self, Lines};
use crate::exchange::{Authority, Body, Exchange, ExchangeId, Flags, Head, Order, Scheme, Target};
use crate::hop::Route;
use bytes::Bytes;

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What it is a replay of.
    pub parent: ExchangeId,
    /// The head as a client sends it to us; for bytes as sent, as the origin gets it.
    pub head: Head,
    /// What follows it.
    pub content: Content,
    /// Where it goes, when the target does not say: what was asked for through a tunnel.
    pub route: Option<Route>,
    /// Whether the head goes out as it is.
    pub as_sent: bool,
    /// What a person ought to know: one line each.
    pub notes: Vec<String>,
}

/// The body to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The original's, from the capture.
    Original {
        /// Its bytes.
        length: u64,
        /// Whether it goes in chunks, with this trailer section behind them.
        chunked: Option<Option<Bytes>>,
    },
    /// Another one.
    New {
        /// Its bytes, coded.
        bytes: Bytes,
        /// Whether it goes in chunks.
        chunked: bool,
    },
}

impl Prepared {
    /// The method.
    #[must_use]
    pub fn method(&self) -> String {
        method(&self.head)
    }

    /// Bytes of the body, chunks not counted.
    #[must_use]
    pub fn length(&self) -> u64 {
        match &self.content {
            Content::Original { length, .. } => *length,
            Content::New { bytes, .. } => bytes.len() as u64,
        }
    }

    /// What Content-Length promises, where the body is delimited by it.
    #[must_use]
    pub fn promised(&self) -> Option<u64> {
        if is_chunked(&self.head) { None } else { content_length(&self.head) }
    }
}

/// The method of a request head, in words.
fn method(head: &Head) -> String {
    let method = head.request_line().map_or(&b""[..], |(method, ..)| method);
    String::from_utf8_lossy(method).into_owned()
}

/// Whether a method asks for nothing to be changed (RFC 9110 9.2.1).
#[must_use]
pub fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// The method that an order sends.
#[must_use]
pub fn method_of(order: &Order, original: &str) -> String {
    match &order.head {
        Some(head) => method(&Head::parse(Bytes::from(head.clone()))),
        None => original.to_owned(),
    }
}

/// Checks what was typed into an order, which needs no original.
pub fn check(order: &Order) -> Result<(), ReplayError> {
    order.set.iter().try_for_each(|text| lines::typed(text).map(|_| ()))?;
    order.remove.iter().try_for_each(|name| lines::check_name(name, name))?;
    order.target.iter().try_for_each(|url| NewTarget::parse(url).map(|_| ()))
}

/// Makes the request that an order asks for.
pub fn build(order: &Order, original: &Exchange) -> Result<Prepared, ReplayError> {
    let id = original.summary.id;
    let kept = original.heads.request_received.as_ref();
    let is_connect = kept.is_some_and(|raw| raw.starts_with(b"CONNECT "));
    if is_connect || original.summary.flags.has(Flags::TUNNEL) {
        return Err(ReplayError::Tunnel(id));
    }
    if order.as_sent {
        return as_sent(order, original);
    }
    let received = kept.ok_or(ReplayError::NoHead { id, as_sent: false })?;
    let received = http1::form(received, &original.request_body);
    let route = original_route(original, &received);
    let mut making = Making { order, original, received, route, notes: Vec::new() };
    let head = making.head()?;
    making.finish(head)
}

/// The exact bytes that went to the origin, to the same origin.
fn as_sent(order: &Order, original: &Exchange) -> Result<Prepared, ReplayError> {
    let plain = Order { of: order.of, as_sent: true, ..Order::default() };
    if *order != plain {
        return Err(ReplayError::AsSent);
    }
    let id = original.summary.id;
    let raw = original.heads.request_sent.as_ref().ok_or(ReplayError::NoHead { id, as_sent: true })?;
    let head = Head::parse(raw.clone());
    if head.is_http2() {
        return Err(ReplayError::AsSentHttp2(id));
    }
    let content = original_content(original, &head)?;
    let route = summary_route(original);
    Ok(Prepared { parent: id, head, content, route, as_sent: true, notes: Vec::new() })
}

/// The route of a request whose target does not name it, or that came through a tunnel, which decides
/// whatever the target says.
fn original_route(original: &Exchange, received: &Head) -> Option<Route> {
    let (method, target, _) = received.request_line()?;
    let named = matches!(Target::parse(method, target), Some(Target::Absolute { .. }));
    if named && original.tunnel.is_none() { None } else { summary_route(original) }
}

fn summary_route(original: &Exchange) -> Option<Route> {
    let summary = &original.summary;
    let authority = Authority::parse(summary.host.as_bytes(), Some(summary.scheme.default_port()))?;
    Some(Route { scheme: summary.scheme, authority })
}

struct Making<'a> {
    order: &'a Order,
    original: &'a Exchange,
    received: Head,
    route: Option<Route>,
    notes: Vec<String>,
}

impl Making<'_> {
    /// The head with all changes but those that follow the body.
    fn head(&mut self) -> Result<Head, ReplayError> {
        let order = self.order;
        let base = match &order.head {
            Some(typed) => Head::parse(Bytes::from(with_crlf(typed))),
            None => self.received.clone(),
        };
        if order.set.is_empty() && order.remove.is_empty() && order.target.is_none() {
            return Ok(base);
        }
        let mut lines = Lines::of(&base);
        for name in &order.remove {
            lines::check_name(name, name)?;
            if !lines.remove(name.as_bytes()) {
                self.notes.push(format!("there is no field {name} to remove"));
            }
        }
        if let Some(target) = &order.target {
            self.retarget(target, &base, &mut lines)?;
        }
        for text in &order.set {
            let (name, value) = lines::typed(text)?;
            lines.set(name.as_bytes(), value.as_bytes());
        }
        Ok(lines.head())
    }

    /// Another origin: request-target and Host follow; the path stays when the URL has none.
    fn retarget(&mut self, url: &str, base: &Head, lines: &mut Lines) -> Result<(), ReplayError> {
        let new = NewTarget::parse(url)?;
        let (method, target, version) = base.request_line().unwrap_or_default();
        let old = Target::parse(method, target);
        let path = match (new.path.as_bytes(), &old) {
            (b"", Some(Target::Absolute { path, .. })) => path.to_vec(),
            (b"", _) => target.to_vec(),
            ([b'/', ..], _) => new.path.as_bytes().to_vec(),
            (query, _) => [b"/", query].concat(),
        };
        let host = new.authority.text(new.scheme);
        let names_origin = matches!(old, Some(Target::Absolute { .. })) && self.route.is_none();
        let target = if names_origin {
            [new.scheme.as_str().as_bytes(), b"://", host.as_bytes(), &path].concat()
        } else {
            self.route = Some(Route { scheme: new.scheme, authority: new.authority });
            if path.is_empty() { b"/".to_vec() } else { path }
        };
        lines.set_start([method, b" ", &target, b" ", version].concat());
        lines.set(b"Host", host.as_bytes());
        Ok(())
    }

    /// The body, and the fields that follow it.
    fn finish(mut self, head: Head) -> Result<Prepared, ReplayError> {
        let id = self.original.summary.id;
        let (head, content) = match &self.order.body {
            None => {
                let content = original_content(self.original, &head)?;
                (head, content)
            }
            Some(body) => self.with_body(&head, body),
        };
        let Self { route, notes, .. } = self;
        let prepared = Prepared { parent: id, head, content, route, as_sent: false, notes };
        match prepared.promised() {
            Some(says) if says < prepared.length() => {
                Err(ReplayError::Longer { says, has: prepared.length() })
            }
            None if !is_chunked(&prepared.head) && prepared.length() > 0 => {
                Err(ReplayError::Unframed { has: prepared.length() })
            }
            _ => Ok(prepared),
        }
    }

    /// A new body, coded as the head says where that can be done; its length follows it.
    fn with_body(&mut self, head: &Head, body: &[u8]) -> (Head, Content) {
        let mut lines = Lines::of(head);
        let bytes = match coding::encode(body, head) {
            Ok(coded) => coded,
            Err(name) => {
                lines.remove(b"Content-Encoding");
                self.notes.push(format!(
                    "the body goes without Content-Encoding: {name} can be undone here, not made"
                ));
                Bytes::copy_from_slice(body)
            }
        };
        let chunked = is_chunked(head);
        if !chunked && !self.sets_length(head) && (!bytes.is_empty() || content_length(head).is_some()) {
            lines.set(b"Content-Length", bytes.len().to_string().as_bytes());
        }
        (lines.head(), Content::New { bytes, chunked })
    }

    /// Whether Content-Length was changed by hand, in the edited head or as a field line to set.
    fn sets_length(&self, head: &Head) -> bool {
        let name = "content-length";
        let typed = |text: &String| {
            let typed = text.split(':').next().unwrap_or_default();
            typed.eq_ignore_ascii_case(name)
        };
        let set = self.order.set.iter().any(typed);
        let edited = self.order.head.is_some() && head.value(name) != self.received.value(name);
        set || (edited && head.value(name).is_some())
    }
}

/// The original's body, which must be whole in the capture.
fn original_content(original: &Exchange, head: &Head) -> Result<Content, ReplayError> {
    let id = original.summary.id;
    let Body { length, kept, complete, trailers, .. } = &original.request_body;
    if kept < length {
        return Err(ReplayError::cut(id, *kept, *length));
    }
    if !complete && (*length > 0 || is_chunked(head) || content_length(head).is_some_and(|length| length > 0))
    {
        let says = "the client did not send it to its end".to_owned();
        return Err(ReplayError::BodyNotWhole { id, says });
    }
    Ok(Content::Original { length: *length, chunked: is_chunked(head).then(|| trailers.clone()) })
}

/// Whether the body goes in chunks (RFC 9112 6.1).
fn is_chunked(head: &Head) -> bool {
    head.members("transfer-encoding").last().is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"))
}

fn content_length(head: &Head) -> Option<u64> {
    std::str::from_utf8(head.value("content-length")?).ok()?.parse().ok()
}

/// A head with its lines ended by CRLF and an empty line behind them.
pub(super) fn with_crlf(typed: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(typed.len() + 32);
    for line in typed.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        raw.extend_from_slice(line);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"\r\n");
    raw
}

/// Where a request is to go instead.
struct NewTarget<'a> {
    scheme: Scheme,
    authority: Authority,
    path: &'a str,
}

impl<'a> NewTarget<'a> {
    fn parse(url: &'a str) -> Result<Self, ReplayError> {
        let wrong = |span, says| ReplayError::at(url, span, says);
        if let Some((at, c)) = url.char_indices().find(|(_, c)| !c.is_ascii_graphic()) {
            let says = "a URL holds no blanks and nothing beyond ASCII: write it percent-encoded";
            return Err(wrong(at..at + c.len_utf8(), says));
        }
        let Some(Target::Absolute { scheme, authority, path }) = Target::parse(b"GET", url.as_bytes()) else {
            return Err(wrong(0..url.len(), "a target is written http://host[:port][/path] or https://…"));
        };
        let from = url.len() - path.len() - authority.len();
        let place = from..from + authority.len();
        let parsed = Authority::parse(authority, Some(scheme.default_port())).filter(|to| to.port != 0);
        let authority = parsed.ok_or_else(|| wrong(place, "this is not host or host:port"))?;
        let path = url.split_at(url.len() - path.len()).1;
        let path = path.split('#').next().unwrap_or(path);
        Ok(Self { scheme, authority, path })
    }
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
