//! `hopscope export --to json`: what its lines hold, which is less than a HAR of ours. Heads were texts there,
//! so octets that are no UTF-8 are gone.

use super::heads::{self, Place};
use super::json::{Budget, Json, Tree};
use super::moment::micros;
use super::{Imported, LARGEST, Report, Sink, WHOLE, blank};
use crate::exchange::{
    Body, Exchange, ExchangeId, Flags, Message, MessageFlags, MessageForm, Note, Scheme, Side, State,
    Truncation,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::io::{self, Read};

/// Reads objects until the file ends or breaks.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report { by: Some("hopscope".to_owned()), ..Report::default() };
    let mut json = Json::new(input);
    loop {
        let mut budget = Budget { text: LARGEST, all: WHOLE, exceeded: false };
        let next =
            json.is_over().and_then(|over| if over { Ok(None) } else { json.tree(&mut budget).map(Some) });
        match next {
            Ok(None) => return Ok(report),
            Ok(Some(tree)) => match exchange(&tree) {
                Ok(imported) => {
                    report.cut += u64::from(budget.exceeded);
                    sink(imported)?;
                    report.read += 1;
                }
                Err(why) => report.leave_out(why),
            },
            Err(fault) => {
                report.broken = Some(fault.to_string());
                return Ok(report);
            }
        }
    }
}

fn exchange(line: &Tree) -> Result<Imported, String> {
    let text = |name: &str| line.of(name).and_then(Tree::text);
    let number = |name: &str| line.of(name).and_then(Tree::number::<u64>);
    let mut exchange = blank();
    let summary = &mut exchange.summary;
    summary.method = text("method").ok_or("it has no method")?;
    let url = text("url").ok_or("it has no url")?;
    summary.scheme = if text("scheme").as_deref() == Some("https") { Scheme::Https } else { Scheme::Http };
    summary.host = text("host").unwrap_or_default();
    if let Ok(place) = Place::of(&url) {
        summary.path = place.path;
    }
    summary.id = ExchangeId(number("id").unwrap_or(0));
    summary.started = text("ts").and_then(|text| micros(&text)).unwrap_or(0);
    summary.client = text("client").unwrap_or_default();
    summary.version = text("version").unwrap_or_default();
    summary.status = line.of("status").and_then(Tree::number);
    let states = [State::Done, State::Aborted, State::Failed];
    let state = states.into_iter().find(|state| text("state").as_deref() == Some(state.as_str()));
    summary.state = state.unwrap_or(State::Aborted);
    summary.duration = number("duration_us");
    summary.ttfb = number("ttfb_us");
    summary.media_type = text("type");
    summary.request_bytes = number("request_bytes").unwrap_or(0);
    summary.response_bytes = number("response_bytes").unwrap_or(0);
    summary.parent = number("parent").map(ExchangeId);
    summary.flags = flags(line);
    summary.set_note(text("note").and_then(|text| Note::new(&text)));
    let head = |name: &str| line.of("heads").and_then(|heads| heads.of(name)).and_then(head);
    exchange.heads.request_received = head("request_received");
    exchange.heads.request_sent = head("request_sent");
    exchange.heads.response_received = head("response_received");
    exchange.heads.response_sent = head("response_sent");
    let bodies = [body(&mut exchange, line, Side::Client)?, body(&mut exchange, line, Side::Origin)?];
    let messages: Vec<_> =
        line.of("said").map(Tree::items).unwrap_or_default().iter().filter_map(message).collect();
    exchange.summary.messages = messages.last().map_or(0, |(last, _)| last + 1);
    if exchange.summary.media_type.is_none() {
        heads::summarise(&mut exchange);
    }
    Ok(Imported { exchange, bodies, messages, connections: Vec::new() })
}

fn flags(line: &Tree) -> Flags {
    let mut flags = Flags::default();
    for word in line.of("flags").map(Tree::items).unwrap_or_default().iter().filter_map(Tree::text) {
        if let Some((flag, _)) = Flags::WORDS.iter().find(|(_, known)| *known == word) {
            flags.add(*flag);
        }
    }
    flags
}

/// `{"start", "lines"}`.
fn head(tree: &Tree) -> Option<Bytes> {
    let mut out = tree.of("start")?.bytes()?.to_vec();
    for line in tree.of("lines")?.items() {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(line.bytes()?);
    }
    out.extend_from_slice(b"\r\n\r\n");
    Some(Bytes::from(out))
}

fn body(exchange: &mut Exchange, line: &Tree, side: Side) -> Result<Vec<u8>, String> {
    let name = if side == Side::Client { "request" } else { "response" };
    let content = line.of("content").and_then(|content| content.of(name));
    let facts = line.of("bodies").and_then(|bodies| bodies.of(name));
    let bytes = match content {
        None => Vec::new(),
        Some(content) => match (content.of("text"), content.of("base64")) {
            (Some(text), _) => text.bytes().unwrap_or_default().to_vec(),
            (None, Some(coded)) => {
                STANDARD.decode(coded.bytes().unwrap_or_default()).map_err(|_| "its base64 is damaged")?
            }
            (None, None) => Vec::new(),
        },
    };
    if content.and_then(|content| content.of("decoded")).and_then(Tree::bool) == Some(true) {
        exchange.summary.flags.add(if side == Side::Client {
            Flags::REQUEST_DECODED
        } else {
            Flags::DECODED
        });
    }
    let kept = bytes.len() as u64;
    let whole = facts.and_then(|facts| facts.of("truncated")).is_none_or(Tree::is_null);
    let told = facts.and_then(|facts| facts.of("length")).and_then(Tree::number).unwrap_or(kept);
    *exchange.body_mut(side) = Body {
        length: if whole { kept } else { told.max(kept) },
        kept,
        complete: facts.and_then(|facts| facts.of("complete")).and_then(Tree::bool).unwrap_or(whole),
        truncated: (!whole).then_some(Truncation::Absent),
        ..Body::default()
    };
    Ok(bytes)
}

fn message(item: &Tree) -> Option<(u64, Message)> {
    let text = |name: &str| item.of(name).and_then(Tree::text);
    let number = |name: &str| item.of(name).and_then(Tree::number::<u64>);
    let word = text("form")?;
    let payload = match (item.of("text").and_then(Tree::bytes), item.of("base64").and_then(Tree::bytes)) {
        (Some(text), _) => text.to_vec(),
        (None, Some(coded)) => STANDARD.decode(coded).ok()?,
        (None, None) => Vec::new(),
    };
    let mut flags = MessageFlags::default();
    for word in item.of("flags").map(Tree::items).unwrap_or_default().iter().filter_map(Tree::text) {
        if let Some((flag, _)) = MessageFlags::WORDS.iter().find(|(_, known)| *known == word) {
            flags.add(*flag);
        }
    }
    let message = Message {
        at: number("at_us")?,
        side: if text("side")? == "client" { Side::Client } else { Side::Origin },
        form: MessageForm::ALL.iter().copied().find(|form| form.as_str() == word)?,
        wire: number("wire")?,
        length: number("length")?,
        payload: Bytes::from(payload),
        says: text("says").unwrap_or_default(),
        flags,
    };
    Some((number("number").filter(|number| *number < u64::from(u32::MAX))?, message))
}
