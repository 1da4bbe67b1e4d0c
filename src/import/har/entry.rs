//! An entry that another program wrote.

use super::super::heads::{self, Fields, Place};
use super::super::json::{Text, Tree};
use super::super::moment::micros;
use super::super::{Imported, blank};
use super::messages;
use crate::exchange::{
    Body, Connection, ConnectionId, Exchange, Failure, Flags, Kind, Phase, Side, State, Timing, Truncation,
};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::net::{IpAddr, SocketAddr};
use url::form_urlencoded;

/// Base64 as programs write it: padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the entry tells; the error says why it is no exchange.
pub fn exchange(entry: &mut Tree) -> Result<Imported, String> {
    let mut request = entry.take("request").ok_or("it has no request")?;
    let mut response = entry.take("response").unwrap_or(Tree::Null);
    let url = text(&request, "url");
    let place = Place::of(&url)?;
    let mut exchange = blank();
    let asked = fields(&request);
    let [version, answered] = versions(&request, &response, &asked);
    let method =
        Some(text(&request, "method")).filter(|method| !method.is_empty()).ok_or("it has no method")?;
    let started = entry.of("startedDateTime").and_then(Tree::text).and_then(|text| micros(&text));
    exchange.heads.request_received = Some(heads::request(&method, &place, version, &asked));
    let summary = &mut exchange.summary;
    summary.flags.add(Flags::PARTIAL);
    (summary.started, summary.method, summary.version) = (started.unwrap_or(0), method, version.to_owned());
    (summary.scheme, summary.host, summary.path) = (place.scheme, place.host.clone(), place.path.clone());
    exchange.timing = timing(entry);
    exchange.summary.ttfb = exchange.timing.response_head;
    exchange.summary.duration = exchange.timing.response_end;
    let as_text = request.of("postData").is_some_and(|data| !in_base64(data));
    if as_text && are_coded(&asked) {
        exchange.summary.flags.add(Flags::REQUEST_DECODED);
    }
    let sent = posted(&mut request);
    let received = answer(&mut exchange, &mut response, answered);
    let messages = messages::websocket(entry, exchange.summary.started);
    if let Some((last, _)) = messages.last() {
        exchange.summary.messages = last + 1;
        exchange.summary.flags.add(Flags::UPGRADED);
    }
    let bodies = [settle(&mut exchange, Side::Client, sent), settle(&mut exchange, Side::Origin, received)];
    let connections = connections(entry, &mut exchange, &place);
    heads::summarise(&mut exchange);
    Ok(Imported { exchange, bodies, messages, connections })
}

/// Versions of request and response as they are told. Where one is not told, as of what Chrome has from its cache or
/// calls `unknown`, pseudo-fields say that it is no HTTP/1, and the other message says the rest.
fn versions(request: &Tree, response: &Tree, asked: &Fields) -> [&'static str; 2] {
    let told = [request, response].map(|part| heads::known_version(&text(part, "httpVersion")));
    let pseudo = [heads::have_pseudo_fields(asked), heads::have_pseudo_fields(&fields(response))];
    let of_pseudo = pseudo.contains(&true).then_some("HTTP/2");
    let fits = |version: Option<&'static str>, pseudo: bool| {
        version.filter(|version| !pseudo || matches!(*version, "HTTP/2" | "HTTP/3"))
    };
    [(0, 1), (1, 0)].map(|(own, other)| {
        let own = fits(told[own], pseudo[own]);
        own.or(fits(told[other], of_pseudo.is_some())).or(of_pseudo).unwrap_or("HTTP/1.1")
    })
}

/// A body as a file has it.
#[derive(Debug, Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    /// How many there were, if more.
    pub length: u64,
    /// Whether some of it is not in the file.
    pub missing: bool,
}

fn in_base64(part: &Tree) -> bool {
    ["encoding", "_encoding"].iter().any(|name| text(part, name).eq_ignore_ascii_case("base64"))
}

/// `text`, in base64 where `encoding` says so.
pub fn content(part: &mut Tree) -> Content {
    let encoded = in_base64(part);
    let Some(Tree::Text(Text { bytes, length })) = part.take("text") else { return Content::default() };
    let missing = length > bytes.len() as u64;
    if !encoded {
        return Content { bytes, length, missing };
    }
    let compact: Vec<u8> = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // A text that was cut has no padding, and perhaps a lone digit.
    let whole = if missing { compact.get(..compact.len() / 4 * 4).unwrap_or_default() } else { &compact };
    match BASE64.decode(whole) {
        Ok(decoded) => {
            let kept = decoded.len() as u64;
            // Of what was cut the rest is reckoned; there its padding is not at hand.
            let length = if missing { kept.max(length / 4 * 3) } else { kept };
            Content { length, bytes: decoded, missing }
        }
        // It says base64 and is none: kept as it stands.
        Err(_) => Content { length: compact.len() as u64, bytes: compact, missing },
    }
}

/// The request's body. A form without its text is written anew from its pairs.
fn posted(request: &mut Tree) -> Content {
    let size = request.of("bodySize").and_then(Tree::number::<i64>).unwrap_or(-1);
    let Some(mut data) = request.take("postData") else { return absent(Content::default(), size) };
    let content = content(&mut data);
    let pairs = data.of("params").map(Tree::items).unwrap_or_default();
    let form = text(&data, "mimeType").to_ascii_lowercase().contains("urlencoded");
    if content.bytes.is_empty() && !content.missing && form && !pairs.is_empty() {
        let mut coder = form_urlencoded::Serializer::new(String::new());
        for pair in pairs {
            coder.append_pair(&text(pair, "name"), &text(pair, "value"));
        }
        let bytes = coder.finish().into_bytes();
        return Content { length: bytes.len() as u64, bytes, missing: false };
    }
    absent(content, size)
}

/// A body whose size is told and whose octets are not.
fn absent(content: Content, size: i64) -> Content {
    match u64::try_from(size) {
        Ok(size) if size > 0 && content.bytes.is_empty() => {
            Content { length: size, missing: true, ..content }
        }
        _ => content,
    }
}

fn answer(exchange: &mut Exchange, response: &mut Tree, version: &str) -> Content {
    let status = response.of("status").and_then(Tree::number::<f64>).unwrap_or(0.0);
    // Chrome's name, Playwright's.
    let error = ["_error", "_failureText"].map(|name| text(response, name)).concat();
    // Browsers write 0, or nothing, for what was never answered.
    if !(100.0..1000.0).contains(&status) {
        unanswered(exchange, &error);
        return Content::default();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 100 and 1000"
    )]
    let status = status as u16;
    let fields = fields(response);
    exchange.heads.response_received =
        Some(heads::response(version, status, &text(response, "statusText"), &fields));
    exchange.summary.status = Some(status);
    let size = response.of("bodySize").and_then(Tree::number::<i64>).unwrap_or(-1);
    let mut part = response.take("content").unwrap_or(Tree::Null);
    let told = part.of("size").and_then(Tree::number::<i64>).unwrap_or(size);
    let content = absent(content(&mut part), told.max(size));
    if are_coded(&fields) {
        exchange.summary.flags.add(Flags::DECODED);
    }
    exchange.summary.response_bytes = u64::try_from(size).unwrap_or(0);
    if !error.is_empty() {
        unanswered(exchange, &error);
    }
    content
}

/// Whether they say that the content is packed.
fn are_coded(fields: &Fields) -> bool {
    fields.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case(b"content-encoding") && !value.eq_ignore_ascii_case(b"identity")
    })
}

/// What browsers call it, and what it is.
const ERRORS: &[(&str, Phase, Kind)] = &[
    ("NAME_NOT_RESOLVED", Phase::Resolve, Kind::Unresolvable),
    ("CONNECTION_REFUSED", Phase::Connect, Kind::Refused),
    ("CONNECTION_RESET", Phase::Wait, Kind::Reset),
    ("CONNECTION_CLOSED", Phase::Wait, Kind::Closed),
    ("EMPTY_RESPONSE", Phase::Wait, Kind::Closed),
    ("TIMED_OUT", Phase::Connect, Kind::TimedOut),
    ("CERT", Phase::Tls, Kind::Untrusted),
    ("SSL", Phase::Tls, Kind::Handshake),
    ("INVALID_RESPONSE", Phase::Response, Kind::Malformed),
];

fn unanswered(exchange: &mut Exchange, error: &str) {
    let aborted = error.is_empty() || error.contains("ABORTED") || error.contains("BLOCKED");
    if aborted {
        exchange.summary.state = State::Aborted;
        return;
    }
    let known = ERRORS.iter().find(|(name, ..)| error.contains(name));
    let (phase, kind) = known.map_or((Phase::Wait, Kind::Unreachable), |(_, phase, kind)| (*phase, *kind));
    exchange.summary.state = State::Failed;
    exchange.summary.failure = Some(Failure { side: Side::Origin, phase, kind, says: error.to_owned() });
}

/// Writes a body's facts down; its octets. One that the file has not is not for that cut short.
fn settle(exchange: &mut Exchange, side: Side, content: Content) -> Vec<u8> {
    let kept = content.bytes.len() as u64;
    *exchange.body_mut(side) = Body {
        length: content.length.max(kept),
        kept,
        complete: !content.missing || exchange.summary.state == State::Done,
        truncated: content.missing.then_some(Truncation::Absent),
        ..Body::default()
    };
    if content.missing {
        exchange.summary.flags.add(Flags::TRUNCATED);
    }
    let length = exchange.body(side).length;
    let coded = side == Side::Origin && exchange.summary.flags.has(Flags::DECODED);
    let bytes = match side {
        Side::Client => &mut exchange.summary.request_bytes,
        Side::Origin => &mut exchange.summary.response_bytes,
    };
    // What a file tells of the wire is believed where codings were undone, and not where it is less than it has.
    if *bytes == 0 || !coded {
        *bytes = (*bytes).max(length);
    }
    content.bytes
}

/// Phases in milliseconds, one behind the other; `ssl` is within `connect`, unless it is plain that its writer (mitmproxy)
/// has it behind.
fn timing(entry: &Tree) -> Timing {
    let timings = entry.of("timings");
    let phase = |name: &str| timings.and_then(|timings| timings.of(name)).and_then(in_micros);
    let ssl = phase("ssl");
    let time = entry.of("time").and_then(in_micros);
    let others = ["blocked", "dns", "connect", "send", "wait", "receive"]
        .map(phase)
        .into_iter()
        .flatten()
        .sum::<u64>();
    let tcp = phase("connect").map(|connect| match ssl {
        Some(ssl) if ssl > connect || is_behind(time, others, ssl) => connect,
        ssl => connect - ssl.unwrap_or(0),
    });
    let mut at = 0_u64;
    let mut until = |took: Option<u64>| {
        took.map(|took| {
            at = at.saturating_add(took);
            at
        })
    };
    let (request_head, resolved, connected, secured) =
        (until(phase("blocked")), until(phase("dns")), until(tcp), until(ssl));
    let request_sent = until(phase("send"));
    let (response_head, response_end) = (until(phase("wait")), until(phase("receive")));
    Timing {
        request_head,
        resolved,
        connected,
        secured,
        request_sent,
        response_head,
        response_end: response_end.or(time),
        ..Timing::default()
    }
}

/// Whether the whole time counts securing beside all else.
fn is_behind(time: Option<u64>, others: u64, ssl: u64) -> bool {
    time.is_some_and(|time| time.abs_diff(others.saturating_add(ssl)) < time.abs_diff(others))
}

fn in_micros(tree: &Tree) -> Option<u64> {
    let millis = tree.number::<f64>().filter(|millis| (0.0..1e12).contains(millis))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and 10^15"
    )]
    Some((millis * 1e3).round() as u64)
}

/// Chrome's number, or Fiddler's: `ClientPort:19744;EgressPort:19746`.
fn connection_number(told: &Tree) -> Option<u32> {
    told.number().or_else(|| told.text()?.split_once("EgressPort:")?.1.split(';').next()?.parse().ok())
}

/// The origin's, as far as it is told.
fn connections(entry: &Tree, exchange: &mut Exchange, place: &Place) -> Vec<Connection> {
    let id = entry.of("connection").and_then(connection_number).filter(|id| *id > 0);
    let Some(id) = id.map(|id| ConnectionId(u64::from(id))) else { return Vec::new() };
    exchange.origin_connection = Some((id, exchange.timing.connected.is_none()));
    let ip = text(entry, "serverIPAddress");
    let ip: Option<IpAddr> = ip.trim_matches(['[', ']']).parse().ok();
    let port = place.host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port = port.unwrap_or_else(|| place.scheme.default_port());
    vec![Connection {
        id,
        side: Side::Origin,
        opened: exchange.summary.started,
        peer: ip.map(|ip| SocketAddr::new(ip, port)),
        local: None,
        tls: None,
        dialling: None,
        frames: Vec::new(),
    }]
}

fn fields(part: &Tree) -> Fields {
    let fields = part.of("headers").map(Tree::items).unwrap_or_default();
    let octets = |field: &Tree, name: &str| field.of(name).and_then(Tree::bytes).unwrap_or_default().to_vec();
    let pair = |field: &Tree| (octets(field, "name"), octets(field, "value"));
    let method = text(part, "method");
    // WebPageTest lists the request line as a field: `GET /a?b=http` with the value `//h/`.
    let is_line = |name: &[u8]| {
        let rest = name.strip_prefix(method.as_bytes()).filter(|_| !method.is_empty());
        rest.is_some_and(|rest| rest.starts_with(b" "))
    };
    let is_field = |(name, _): &(Vec<u8>, Vec<u8>)| !name.is_empty() && !is_line(name);
    heads::unjoined(fields.iter().map(pair).filter(is_field).collect())
}

fn text(tree: &Tree, name: &str) -> String {
    tree.of(name).and_then(Tree::text).unwrap_or_default()
}
