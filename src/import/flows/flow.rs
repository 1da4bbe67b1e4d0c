//! One flow. mitmproxy keeps what it sent on in the place of what it received, and bodies with their codings.

use super::super::heads::{self, Fields, Place};
use super::super::{Imported, blank};
use super::tnet::Value;
use crate::exchange::{
    Authority, Body, Connection, ConnectionId, Exchange, Failure, Flags, Kind, Message, MessageFlags,
    MessageForm, Note, Phase, Scheme, Side, State, Timing, TlsFacts, Truncation,
};
use bytes::Bytes;
use std::net::SocketAddr;

/// What the flow tells; the error says why it is no exchange.
pub fn exchange(flow: &Value) -> Result<Imported, String> {
    let kind = flow.of("type").and_then(Value::text).unwrap_or_default();
    if kind != "http" {
        return Err(if kind.is_empty() {
            "it is no flow".to_owned()
        } else {
            format!("a {kind} flow is no exchange")
        });
    }
    let request = flow.of("request").ok_or("it has no request")?;
    let mut exchange = blank();
    let began = at(request, "timestamp_start").ok_or("its request has no beginning")?;
    exchange.summary.started = began;
    asked(&mut exchange, request)?;
    let sent = body(&mut exchange, Side::Client, request);
    let response = flow.of("response").filter(|response| **response != Value::Null);
    let received = match response {
        Some(response) => {
            answered(&mut exchange, response);
            body(&mut exchange, Side::Origin, response)
        }
        None => Vec::new(),
    };
    exchange.timing = timing(began, request, response, flow.of("server_conn"));
    exchange.summary.ttfb = exchange.timing.response_head;
    exchange.summary.duration = exchange.timing.response_end;
    failure(&mut exchange, flow, response.is_some());
    let messages = messages(flow, began);
    if let Some((last, _)) = messages.last() {
        exchange.summary.messages = last + 1;
        exchange.summary.flags.add(Flags::UPGRADED);
    }
    if let Some(peer) = address(flow.of("client_conn"), "peername") {
        exchange.summary.client = peer.to_string();
    }
    if flow.of("marked").and_then(Value::text).is_some_and(|mark| !mark.is_empty()) {
        exchange.summary.flags.add(Flags::MARKED);
    }
    let note = flow.of("comment").and_then(Value::text).and_then(|text| Note::new(&text));
    exchange.summary.set_note(note);
    let connections = Vec::new();
    let mut imported = Imported { exchange, bodies: [sent, received], messages, connections };
    connect(&mut imported, flow);
    heads::summarise(&mut imported.exchange);
    Ok(imported)
}

fn asked(exchange: &mut Exchange, request: &Value) -> Result<(), String> {
    let text = |name: &str| request.of(name).and_then(Value::text).unwrap_or_default();
    let method = text("method");
    let scheme = if text("scheme") == "https" { Scheme::Https } else { Scheme::Http };
    let port = request.of("port").and_then(Value::int).and_then(|port| u16::try_from(port).ok());
    let host = text("host").to_lowercase();
    if method.is_empty() || host.is_empty() {
        return Err("its request names no method or no host".to_owned());
    }
    let authority = Authority { host, port: port.unwrap_or_else(|| scheme.default_port()) };
    let version = heads::version(&text("http_version"));
    let connect = method == "CONNECT";
    let path = if connect { authority.to_string() } else { text("path") };
    let host = if connect { authority.to_string() } else { authority.text(scheme) };
    let place = Place { scheme, host, path };
    exchange.heads.request_received = Some(heads::request(&method, &place, version, &fields(request)));
    let summary = &mut exchange.summary;
    summary.path = if connect { String::new() } else { place.path };
    (summary.scheme, summary.host) = (scheme, place.host);
    (summary.method, summary.version) = (method, version.to_owned());
    Ok(())
}

fn answered(exchange: &mut Exchange, response: &Value) {
    let text = |name: &str| response.of(name).and_then(Value::text).unwrap_or_default();
    let status =
        response.of("status_code").and_then(Value::int).and_then(|status| u16::try_from(status).ok());
    let status = status.unwrap_or(0);
    let version = heads::version(&text("http_version"));
    exchange.heads.response_received =
        Some(heads::response(version, status, &text("reason"), &fields(response)));
    exchange.summary.status = Some(status).filter(|status| *status > 0);
}

fn fields(message: &Value) -> Fields {
    let pair = |pair: &Value| match pair.items() {
        [name, value] => Some((name.bytes()?.to_vec(), value.bytes()?.to_vec())),
        _ => None,
    };
    message.of("headers").map(Value::items).unwrap_or_default().iter().filter_map(pair).collect()
}

/// A body that was streamed through is not in the file.
fn body(exchange: &mut Exchange, side: Side, message: &Value) -> Vec<u8> {
    let content = message.of("content").filter(|content| **content != Value::Null);
    let bytes = content.and_then(Value::bytes).unwrap_or_default().to_vec();
    let length = bytes.len() as u64;
    let trailers = message.of("trailers").map(Value::items).unwrap_or_default();
    let line = |pair: &Value| match pair.items() {
        [name, value] => {
            [name.bytes().unwrap_or_default(), b": ", value.bytes().unwrap_or_default(), b"\r\n"].concat()
        }
        _ => Vec::new(),
    };
    let trailers: Vec<u8> = trailers.iter().flat_map(line).collect();
    *exchange.body_mut(side) = Body {
        length,
        kept: length,
        complete: content.is_some() && at(message, "timestamp_end").is_some(),
        truncated: content.is_none().then_some(Truncation::Absent),
        trailers: (!trailers.is_empty()).then(|| Bytes::from(trailers)),
        ..Body::default()
    };
    if content.is_none() {
        exchange.summary.flags.add(Flags::TRUNCATED);
    }
    match side {
        Side::Client => exchange.summary.request_bytes = length,
        Side::Origin => exchange.summary.response_bytes = length,
    }
    bytes
}

fn timing(began: i64, request: &Value, response: Option<&Value>, server: Option<&Value>) -> Timing {
    // A connection that is older than the exchange was used before.
    let since = |moment: Option<i64>| moment.and_then(|at| u64::try_from(at - began).ok());
    let server = |name| since(server.and_then(|server| at(server, name)));
    Timing {
        request_end: since(at(request, "timestamp_end")),
        connected: server("timestamp_tcp_setup"),
        secured: server("timestamp_tls_setup"),
        response_head: since(response.and_then(|response| at(response, "timestamp_start"))),
        response_end: since(response.and_then(|response| at(response, "timestamp_end"))),
        ..Timing::default()
    }
}

fn failure(exchange: &mut Exchange, flow: &Value, answered: bool) {
    let error = flow.of("error").and_then(|error| error.of("msg")).and_then(Value::text);
    let Some(says) = error else {
        exchange.summary.state = if answered { State::Done } else { State::Aborted };
        return;
    };
    let has = |word: &str| says.to_ascii_lowercase().contains(word);
    let (side, phase, kind) = match () {
        () if has("client disconnected") || has("client closed") => (Side::Client, Phase::Wait, Kind::GaveUp),
        () if has("certificate") => (Side::Origin, Phase::Tls, Kind::Untrusted),
        () if has("tls") => (Side::Origin, Phase::Tls, Kind::Handshake),
        () if has("name") && has("resol") => (Side::Origin, Phase::Resolve, Kind::Unresolvable),
        () if has("refused") || has("connect call failed") => (Side::Origin, Phase::Connect, Kind::Refused),
        () if has("timed out") || has("timeout") => (Side::Origin, Phase::Wait, Kind::TimedOut),
        () if has("closed") || has("disconnected") => (Side::Origin, Phase::Wait, Kind::Closed),
        () => (Side::Origin, Phase::Wait, Kind::Unreachable),
    };
    exchange.summary.state = if kind == Kind::GaveUp { State::Aborted } else { State::Failed };
    exchange.summary.failure = Some(Failure { side, phase, kind, says });
}

/// `[opcode, from the client?, content, moment, …]`.
fn messages(flow: &Value, began: i64) -> Vec<(u64, Message)> {
    let websocket = flow.of("websocket").and_then(|websocket| websocket.of("messages"));
    let message = |(number, item): (u64, &Value)| match item.items() {
        [opcode, from_client, content, rest @ ..] => {
            let form = u8::try_from(opcode.int()?).ok().and_then(MessageForm::from_code)?;
            let payload = Bytes::copy_from_slice(content.bytes()?);
            let length = payload.len() as u64;
            let at = rest.first().and_then(moment).and_then(|at| u64::try_from(at - began).ok());
            let message = Message {
                at: at.unwrap_or(0),
                side: if from_client.bool()? { Side::Client } else { Side::Origin },
                form,
                wire: length,
                length,
                payload,
                says: String::new(),
                flags: MessageFlags::default(),
            };
            Some((number, message))
        }
        _ => None,
    };
    (0..).zip(websocket.map(Value::items).unwrap_or_default()).filter_map(message).collect()
}

/// Both connections. Their names in the file are random; numbers are made of them, so that exchanges of one
/// connection have the same.
fn connect(imported: &mut Imported, flow: &Value) {
    for (name, side) in [("client_conn", Side::Client), ("server_conn", Side::Origin)] {
        let Some(facts) = flow.of(name) else { continue };
        let Some(id) = facts.of("id").and_then(Value::text).filter(|id| !id.is_empty()) else { continue };
        let id = number(&id);
        let exchange = &mut imported.exchange;
        match side {
            Side::Client => exchange.client_connection = id,
            Side::Origin if facts.of("timestamp_start").and_then(Value::float).is_some() => {
                let used = at(facts, "timestamp_start").is_some_and(|at| at < exchange.summary.started);
                exchange.origin_connection = Some((id, used));
            }
            Side::Origin => continue,
        }
        let text = |name: &str| facts.of(name).and_then(Value::text);
        let tls = (facts.of("timestamp_tls_setup").and_then(Value::float).is_some()).then(|| TlsFacts {
            version: text("tls_version").unwrap_or_default(),
            cipher: text("cipher").unwrap_or_default(),
            alpn: text("alpn"),
            sni: text("sni"),
            ..TlsFacts::default()
        });
        imported.connections.push(Connection {
            id,
            side,
            opened: at(facts, "timestamp_start").unwrap_or(imported.exchange.summary.started),
            peer: address(Some(facts), "peername"),
            local: address(Some(facts), "sockname"),
            tls,
            dialling: None,
            frames: Vec::new(),
        });
    }
}

/// Forty bits of a hash: numbers that do not meet in a file of any size that is read.
fn number(id: &str) -> ConnectionId {
    let hash = blake3::hash(id.as_bytes());
    let start = hash.as_bytes().iter().take(5);
    ConnectionId(start.fold(0, |number, byte| number << 8 | u64::from(*byte)) + 1)
}

fn address(connection: Option<&Value>, name: &str) -> Option<SocketAddr> {
    match connection?.of(name)?.items() {
        [host, port, ..] => {
            Some(SocketAddr::new(host.text()?.parse().ok()?, u16::try_from(port.int()?).ok()?))
        }
        _ => None,
    }
}

fn at(of: &Value, name: &str) -> Option<i64> {
    of.of(name).and_then(moment)
}

/// Microseconds since 1970 of seconds.
fn moment(value: &Value) -> Option<i64> {
    let seconds = value.float().filter(|seconds| (0.0..1e11).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "it lies between 0 and 10^17")]
    Some((seconds * 1e6).round() as i64)
}
