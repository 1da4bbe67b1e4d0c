//! `_webSocketMessages` in Chrome's form, and what our own exports put beside them.

use super::super::json::Tree;
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Messages of a WebSocket, numbered as they come where they have no number of their own.
pub fn websocket(entry: &Tree, started: i64) -> Vec<(u64, Message)> {
    let items = entry.of("_webSocketMessages").map(Tree::items).unwrap_or_default();
    numbered(items.iter().filter_map(|item| message(item, started)))
}

/// The others, of our own exports.
pub fn others(extras: &Tree) -> Vec<(u64, Message)> {
    let items = extras.of("messages").map(Tree::items).unwrap_or_default();
    numbered(items.iter().filter_map(other))
}

fn numbered(messages: impl Iterator<Item = (Option<u64>, Message)>) -> Vec<(u64, Message)> {
    let mut next = 0;
    let number = |(number, message): (Option<u64>, Message)| {
        let number = number.unwrap_or(next).max(next);
        next = number + 1;
        (number, message)
    };
    messages.map(number).collect()
}

fn message(item: &Tree, started: i64) -> Option<(Option<u64>, Message)> {
    let form = MessageForm::from_code(item.of("opcode").and_then(Tree::number).unwrap_or(1))?;
    let side = match item.of("type").and_then(Tree::text)?.as_str() {
        "send" | "request" => Side::Client,
        _ => Side::Origin,
    };
    let since =
        item.of("time").and_then(Tree::number::<f64>).map_or(0.0, |time| time * unit(time) - started as f64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and 10^15"
    )]
    let at = since.clamp(0.0, 1e15) as u64;
    Some(made(item, side, form, at))
}

/// Microseconds in what a time is counted in: Chrome's seconds, Playwright's milliseconds.
fn unit(time: f64) -> f64 {
    // As seconds that would be after the year 5000.
    if time > 1e11 { 1e3 } else { 1e6 }
}

fn other(item: &Tree) -> Option<(Option<u64>, Message)> {
    let side = if item.of("side").and_then(Tree::text)? == "client" { Side::Client } else { Side::Origin };
    let form = MessageForm::from_code(item.of("form").and_then(Tree::number)?)?;
    Some(made(item, side, form, 0))
}

fn made(item: &Tree, side: Side, form: MessageForm, at: u64) -> (Option<u64>, Message) {
    let data = item.of("data").and_then(Tree::bytes).unwrap_or_default();
    let coded = item.of("_base64").and_then(Tree::bool);
    let coded = coded.unwrap_or(form == MessageForm::Binary);
    let payload = if coded { STANDARD.decode(data).unwrap_or_else(|_| data.to_vec()) } else { data.to_vec() };
    let number = |name: &str| item.of(name).and_then(Tree::number::<u64>);
    let length = payload.len() as u64;
    let message = Message {
        at: number("_at").unwrap_or(at),
        side,
        form,
        wire: number("_wire").unwrap_or(length),
        length: number("_length").unwrap_or(length),
        payload: Bytes::from(payload),
        says: item.of("_says").and_then(Tree::text).unwrap_or_default(),
        flags: MessageFlags(item.of("_flags").and_then(Tree::number).unwrap_or(0)),
    };
    // One number behind another must be left.
    (number("_number").filter(|number| *number < u64::from(u32::MAX)), message)
}
