//! An entry that hopscope wrote: the same exchange again.

use super::super::json::Tree;
use super::super::{Imported, blank};
use super::entry::{Content, content};
use super::messages;
use crate::exchange::{
    Attempt, Body, Cause, Connection, ConnectionId, Edit, Exchange, ExchangeId, Failure, Flags, FrameNote,
    Heads, Interim, Kind, Phase, Scheme, Side, Spoken, State, Timing, TlsFacts, Truncation, Tunnelled,
    Unopened, Verdict,
};
use crate::export::har::VERSION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Whether it is one, of a version that we know.
pub fn is_own(entry: &Tree) -> bool {
    let version = entry.of("_hopscope").and_then(|extras| extras.of("version")).and_then(Tree::number::<u64>);
    version.is_some_and(|version| (1..=VERSION).contains(&version))
}

/// The exchange; the error says what is wrong with it.
pub fn exchange(entry: &mut Tree) -> Result<Imported, String> {
    let mut extras = entry.take("_hopscope").ok_or("its _hopscope is gone")?;
    let part = |entry: &mut Tree, side: &str, name: &str| {
        entry
            .take(side)
            .and_then(|mut part| part.take(name))
            .map(|mut part| content(&mut part))
            .unwrap_or_default()
    };
    let contents = [part(entry, "request", "postData"), part(entry, "response", "content")];
    let mut exchange = blank();
    row(&mut exchange, &extras)?;
    exchange.heads = heads(&extras);
    exchange.timing = timing(&extras);
    let edits = |side| extras.of("edits").and_then(|edits| edits.of(side)).map(ledger).unwrap_or_default();
    (exchange.request_edits, exchange.response_edits) = (edits("request"), edits("response"));
    exchange.interim = each(&extras, "interim", interim);
    exchange.attempts = each(&extras, "attempts", attempt);
    exchange.frames = each(&extras, "frames", frame);
    let id = |name: &str| extras.of(name).and_then(Tree::number::<u64>);
    exchange.client_connection = ConnectionId(id("client_connection").unwrap_or(0));
    exchange.origin_connection = match extras.of("origin_connection").map(Tree::items).unwrap_or_default() {
        [id, reused] => id.number().map(|id| (ConnectionId(id), reused.bool().unwrap_or(false))),
        _ => None,
    };
    let connections = connections(&extras, &exchange);
    let mut messages = messages::websocket(entry, exchange.summary.started);
    messages.extend(messages::others(&extras));
    messages.sort_by_key(|(number, _)| *number);
    messages.dedup_by_key(|(number, _)| *number);
    exchange.summary.messages = messages.last().map_or(0, |(last, _)| last + 1);
    let redacted = extras.of("redacted").and_then(Tree::bool).unwrap_or(false);
    let mut bodies = [Vec::new(), Vec::new()];
    let sides = [("request", Side::Client), ("response", Side::Origin)];
    for ((into, content), (name, side)) in bodies.iter_mut().zip(contents).zip(sides) {
        let facts = extras.of("bodies").and_then(|bodies| bodies.of(name)).cloned();
        *into = body(&mut exchange, side, content, facts.unwrap_or(Tree::Null), redacted);
    }
    extras.take("bodies");
    Ok(Imported { exchange, bodies, messages, connections })
}

fn row(exchange: &mut Exchange, extras: &Tree) -> Result<(), String> {
    let text = |name: &str| extras.of(name).and_then(Tree::text);
    let number = |name: &str| extras.of(name).and_then(Tree::number::<u64>);
    let summary = &mut exchange.summary;
    summary.id = ExchangeId(number("id").ok_or("its _hopscope has no id")?);
    summary.started = extras.of("started").and_then(Tree::number).ok_or("its _hopscope has no beginning")?;
    summary.client = text("client").unwrap_or_default();
    summary.scheme = if text("scheme").as_deref() == Some("https") { Scheme::Https } else { Scheme::Http };
    summary.method = text("method").unwrap_or_default();
    summary.host = text("host").unwrap_or_default();
    summary.path = text("path").unwrap_or_default();
    summary.version = text("http").unwrap_or_default();
    summary.status = extras.of("status").and_then(Tree::number);
    summary.state = State::from_code(extras.of("state").and_then(Tree::number).unwrap_or(1));
    summary.request_bytes = number("request_bytes").unwrap_or(0);
    summary.response_bytes = number("response_bytes").unwrap_or(0);
    summary.duration = number("duration");
    summary.ttfb = number("ttfb");
    summary.media_type = text("type");
    summary.flags = Flags(extras.of("flags").and_then(Tree::number).unwrap_or(0));
    summary.parent = number("parent").map(ExchangeId);
    summary.failure = extras.of("failure").and_then(failure);
    exchange.tunnel = number("tunnel").map(ExchangeId);
    exchange.tunnelled = extras.of("tunnelled").and_then(tunnelled).map(Box::new);
    // Nobody will end it here.
    if exchange.summary.state == State::Open {
        exchange.summary.state = State::Aborted;
    }
    Ok(())
}

fn failure(tree: &Tree) -> Option<Failure> {
    let text = |name: &str| tree.of(name).and_then(Tree::text);
    Some(Failure {
        side: side(&text("side")?),
        phase: Phase::from_word(&text("phase")?)?,
        kind: Kind::from_word(&text("kind")?)?,
        says: text("says")?,
    })
}

/// Of a reason that a newer hopscope has, nothing is told.
fn tunnelled(tree: &Tree) -> Option<Tunnelled> {
    let text = |name: &str| tree.of(name).and_then(Tree::text);
    let number = |name: &str| tree.of(name).and_then(Tree::number);
    Some(Tunnelled {
        why: Unopened::from_word(&text("why")?)?,
        says: text("says"),
        first: text("first").map(|word| side(&word)),
        spoken: text("spoken").and_then(|word| Spoken::from_word(&word)),
        client_ended: number("client_ended"),
        origin_ended: number("origin_ended"),
    })
}

fn side(word: &str) -> Side {
    if word == "client" { Side::Client } else { Side::Origin }
}

fn heads(extras: &Tree) -> Heads {
    let head = |name: &str| extras.of("heads").and_then(|heads| heads.of(name)).and_then(octets);
    Heads {
        request_received: head("request_received"),
        request_sent: head("request_sent"),
        response_received: head("response_received"),
        response_sent: head("response_sent"),
    }
}

fn ledger(tree: &Tree) -> Vec<Edit> {
    let edit = |edit: &Tree| match edit.items() {
        [before, after, cause] => Some(Edit {
            before: before.number(),
            after: after.number(),
            cause: Cause::from_code(cause.number()?)?,
        }),
        _ => None,
    };
    tree.items().iter().filter_map(edit).collect()
}

fn timing(extras: &Tree) -> Timing {
    let moments = extras.of("timing").map(Tree::items).unwrap_or_default();
    let at = |number: usize| moments.get(number).and_then(Tree::number);
    Timing {
        request_head: at(0),
        resolved: at(1),
        connected: at(2),
        secured: at(3),
        request_sent: at(4),
        request_end: at(5),
        response_head: at(6),
        response_sent: at(7),
        response_end: at(8),
    }
}

/// The octets as received where the file has them, else the content as it stands there.
fn body(exchange: &mut Exchange, side: Side, content: Content, mut facts: Tree, redacted: bool) -> Vec<u8> {
    let raw = facts.take("raw").map(|raw| match raw {
        Tree::Text(text) if text.length == text.bytes.len() as u64 => STANDARD.decode(&text.bytes).ok(),
        _ => None,
    });
    let decoded = facts.of("decoded").and_then(Tree::bool).unwrap_or(false);
    let (bytes, as_received) = match raw.flatten() {
        Some(raw) => (raw, true),
        None => (content.bytes, !decoded),
    };
    if !as_received {
        let flag = if side == Side::Client { Flags::REQUEST_DECODED } else { Flags::DECODED };
        exchange.summary.flags.add(flag);
    }
    let kept = bytes.len() as u64;
    let told = facts.of("length").and_then(Tree::number).unwrap_or(kept);
    let truncated = facts.of("truncated").and_then(Tree::number).and_then(Truncation::from_code);
    let truncated = truncated.or(content.missing.then_some(Truncation::Absent));
    // Of a body that is not as it was received, neither is the length, but where it is known to be cut.
    let exact = truncated.is_some() || (as_received && !redacted);
    *exchange.body_mut(side) = Body {
        length: if exact { told.max(kept) } else { kept },
        kept,
        complete: facts.of("complete").and_then(Tree::bool).unwrap_or(true),
        truncated,
        trailers: facts.of("trailers").and_then(octets),
        withheld: facts
            .of("withheld")
            .map(Tree::items)
            .unwrap_or_default()
            .iter()
            .filter_map(withheld)
            .collect(),
        ..Body::default()
    };
    bytes
}

fn withheld(pair: &Tree) -> Option<(u16, Cause)> {
    match pair.items() {
        [line, cause] => Some((line.number()?, Cause::from_code(cause.number()?)?)),
        _ => None,
    }
}

fn interim(tree: &Tree) -> Option<Interim> {
    match tree.items() {
        [at, forwarded, head] => {
            Some(Interim { at: at.number()?, forwarded: forwarded.bool()?, head: octets(head)? })
        }
        _ => None,
    }
}

fn attempt(tree: &Tree) -> Option<Attempt> {
    match tree.items() {
        [at, connection, says] => Some(Attempt {
            at: at.number()?,
            connection: ConnectionId(connection.number()?),
            says: says.text()?,
        }),
        _ => None,
    }
}

fn frame(tree: &Tree) -> Option<FrameNote> {
    match tree.items() {
        [at, of, sent, kind, flags, stream, length, count, says] => Some(FrameNote {
            at: at.number()?,
            side: side(&of.text()?),
            sent: sent.bool()?,
            kind: kind.number()?,
            flags: flags.number()?,
            stream: stream.number()?,
            length: length.number()?,
            count: count.number()?,
            says: says.text()?,
        }),
        _ => None,
    }
}

fn connections(extras: &Tree, exchange: &Exchange) -> Vec<Connection> {
    let Some(all) = extras.of("connections") else { return Vec::new() };
    let origin = exchange.origin_connection.map(|(id, _)| id);
    let sides =
        [("client", Side::Client, Some(exchange.client_connection)), ("origin", Side::Origin, origin)];
    let made = |(name, side, id): (&str, Side, Option<ConnectionId>)| {
        let facts = all.of(name).filter(|facts| !facts.is_null())?;
        Some(Connection {
            id: id.filter(|id| id.0 > 0)?,
            side,
            opened: facts.of("opened").and_then(Tree::number)?,
            peer: facts.of("peer").and_then(Tree::text).and_then(|text| text.parse().ok()),
            local: facts.of("local").and_then(Tree::text).and_then(|text| text.parse().ok()),
            tls: facts.of("tls").filter(|tls| !tls.is_null()).map(tls),
            dialling: None,
            frames: each(facts, "frames", frame),
        })
    };
    sides.into_iter().filter_map(made).collect()
}

fn tls(facts: &Tree) -> TlsFacts {
    let text = |name: &str| facts.of(name).and_then(Tree::text);
    let verdict = match (facts.of("trusted").and_then(Tree::bool), text("untrusted")) {
        (Some(true), _) => Some(Verdict::Trusted),
        (Some(false), why) => Some(Verdict::Untrusted(why.unwrap_or_default())),
        (None, _) => None,
    };
    TlsFacts {
        version: text("version").unwrap_or_default(),
        cipher: text("cipher").unwrap_or_default(),
        alpn: text("alpn"),
        sni: text("sni"),
        verdict,
        ..TlsFacts::default()
    }
}

fn each<T>(tree: &Tree, name: &str, read: fn(&Tree) -> Option<T>) -> Vec<T> {
    tree.of(name).map(Tree::items).unwrap_or_default().iter().filter_map(read).collect()
}

/// A text, or `{"base64": "…"}`.
fn octets(tree: &Tree) -> Option<Bytes> {
    match tree {
        Tree::Text(text) => Some(Bytes::from(text.bytes.clone())),
        tree => STANDARD.decode(tree.of("base64")?.bytes()?).ok().map(Bytes::from),
    }
}
