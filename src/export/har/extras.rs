//! `_hopscope`: what HAR has no place for, so that an import makes the same exchange again.
//!
//! Octets stand as a text where they are UTF-8, else as `{"base64": "…"}`; numbers of edits, truncations and
//! forms are those that captures hold; moments are microseconds since the exchange began.

use super::super::json::Json;
use super::super::outgoing::{Content, Outgoing};
use super::messages;
use crate::exchange::{
    Body, Cause, Connection, Edit, Exchange, Failure, FrameNote, MessageKind, Side, Spoken, Timing,
    Tunnelled, Verdict,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of this object.
pub const VERSION: u64 = 1;

/// Writes it.
pub fn write(
    json: &mut Json<impl Write>,
    outgoing: &Outgoing<'_>,
    contents: [&Content; 2],
) -> io::Result<()> {
    let exchange = outgoing.exchange();
    json.open()?;
    json.key("version")?.plain(VERSION)?;
    json.key("redacted")?.plain(outgoing.is_covered())?;
    for (name, value) in row(exchange) {
        json.key(name)?.plain(value)?;
    }
    json.key("heads")?.plain(heads(exchange))?;
    json.key("edits")?.plain(json!({
        "request": edits(&exchange.request_edits),
        "response": edits(&exchange.response_edits),
    }))?;
    json.key("bodies")?.open()?;
    for ((name, side), content) in
        [("request", Side::Client), ("response", Side::Origin)].into_iter().zip(contents)
    {
        json.key(name)?;
        body(json, outgoing, side, content)?;
    }
    json.close()?;
    json.key("timing")?.plain(timing(&exchange.timing))?;
    json.key("interim")?.plain(interim(exchange))?;
    json.key("attempts")?.plain(attempts(exchange))?;
    json.key("frames")?.plain(frames(&exchange.frames))?;
    connections(json, outgoing)?;
    messages::others(json, outgoing)?;
    json.close()
}

fn row(exchange: &Exchange) -> [(&'static str, Value); 20] {
    let summary = &exchange.summary;
    [
        ("id", json!(summary.id.0)),
        ("started", json!(summary.started)),
        ("client", json!(summary.client)),
        ("scheme", json!(summary.scheme.as_str())),
        ("method", json!(summary.method)),
        ("host", json!(summary.host)),
        ("path", json!(summary.path)),
        ("http", json!(summary.version)),
        ("status", json!(summary.status)),
        ("state", json!(summary.state.code())),
        ("request_bytes", json!(summary.request_bytes)),
        ("response_bytes", json!(summary.response_bytes)),
        ("duration", json!(summary.duration)),
        ("ttfb", json!(summary.ttfb)),
        ("type", json!(summary.media_type)),
        ("flags", json!(summary.flags.0)),
        ("parent", json!(summary.parent.map(|id| id.0))),
        ("tunnel", json!(exchange.tunnel.map(|id| id.0))),
        ("tunnelled", json!(exchange.tunnelled.as_deref().map(tunnelled))),
        ("failure", json!(summary.failure.as_ref().map(failure))),
    ]
}

/// What is known of a tunnel that was relayed unread.
fn tunnelled(tunnel: &Tunnelled) -> Value {
    json!({
        "why": tunnel.why.as_str(),
        "says": tunnel.says,
        "first": tunnel.first.map(Side::as_str),
        "spoken": tunnel.spoken.map(Spoken::as_str),
        "client_ended": tunnel.client_ended,
        "origin_ended": tunnel.origin_ended,
    })
}

fn failure(failure: &Failure) -> Value {
    json!({
        "side": failure.side.as_str(),
        "phase": failure.phase.as_str(),
        "kind": failure.kind.as_str(),
        "says": failure.says,
    })
}

fn heads(exchange: &Exchange) -> Value {
    let head = |kind: &MessageKind| {
        let octets = exchange.heads.of(*kind).map(|raw| octets(raw));
        (kind.as_str().replace('-', "_"), json!(octets))
    };
    MessageKind::ALL.iter().map(head).collect()
}

/// `[[line before | null, line after | null, cause], …]`.
fn edits(edits: &[Edit]) -> Vec<Value> {
    edits.iter().map(|edit| json!([edit.before, edit.after, edit.cause as u8])).collect()
}

fn body(
    json: &mut Json<impl Write>,
    outgoing: &Outgoing<'_>,
    side: Side,
    content: &Content,
) -> io::Result<()> {
    let body: &Body = outgoing.exchange().body(side);
    let withheld = |(line, cause): &(u16, Cause)| json!([line, *cause as u8]);
    json.open()?;
    json.key("length")?.plain(body.length)?;
    json.key("complete")?.plain(body.complete)?;
    json.key("truncated")?.or_null(body.truncated.map(crate::exchange::Truncation::code))?;
    json.key("trailers")?.plain(json!(body.trailers.as_ref().map(|raw| octets(raw))))?;
    json.key("withheld")?.plain(json!(body.withheld.iter().map(withheld).collect::<Vec<_>>()))?;
    json.key("decoded")?.plain(content.decoded)?;
    if let Some(mut raw) = outgoing.raw(side, content)? {
        json.key("raw")?.long_base64(&mut raw)?;
    }
    json.close()
}

fn timing(timing: &Timing) -> Value {
    json!([
        timing.request_head,
        timing.resolved,
        timing.connected,
        timing.secured,
        timing.request_sent,
        timing.request_end,
        timing.response_head,
        timing.response_sent,
        timing.response_end,
    ])
}

fn interim(exchange: &Exchange) -> Value {
    exchange.interim.iter().map(|one| json!([one.at, one.forwarded, octets(&one.head)])).collect()
}

fn attempts(exchange: &Exchange) -> Value {
    exchange.attempts.iter().map(|one| json!([one.at, one.connection.0, one.says])).collect()
}

fn frames(frames: &[FrameNote]) -> Value {
    let frame = |note: &FrameNote| {
        json!([
            note.at,
            note.side.as_str(),
            note.sent,
            note.kind,
            note.flags,
            note.stream,
            note.length,
            note.count,
            note.says,
        ])
    };
    frames.iter().map(frame).collect()
}

/// Certificates stay in the capture.
fn connections(json: &mut Json<impl Write>, outgoing: &Outgoing<'_>) -> io::Result<()> {
    let exchange = outgoing.exchange();
    let of = |side: Side| outgoing.connection(side).map(|found| found.as_ref().map(connection));
    json.key("client_connection")?.plain(exchange.client_connection.0)?;
    json.key("origin_connection")?
        .plain(json!(exchange.origin_connection.map(|(id, reused)| json!([id.0, reused]))))?;
    json.key("connections")?.plain(json!({"client": of(Side::Client)?, "origin": of(Side::Origin)?}))
}

fn connection(connection: &Connection) -> Value {
    let tls = connection.tls.as_ref().map(|tls| {
        json!({
            "version": tls.version,
            "cipher": tls.cipher,
            "alpn": tls.alpn,
            "sni": tls.sni,
            "trusted": tls.verdict.as_ref().map(|verdict| *verdict == Verdict::Trusted),
            "untrusted": match &tls.verdict {
                Some(Verdict::Untrusted(why)) => Some(why),
                _ => None,
            },
        })
    });
    json!({
        "opened": connection.opened,
        "peer": connection.peer,
        "local": connection.local,
        "tls": tls,
        "frames": frames(&connection.frames),
    })
}

fn octets(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => json!({"base64": STANDARD.encode(bytes)}),
    }
}
