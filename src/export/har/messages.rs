//! What is said within an exchange: WebSocket messages as Chrome writes them, all others as our own.

use super::super::json::Json;
use super::super::outgoing::Outgoing;
use crate::exchange::{Message, MessageForm, Side};
use std::io::{self, Write};

/// `_webSocketMessages`: `type` send or receive, `time` in seconds since 1970, `opcode`, `data` as text, or in
/// base64 where it is none. What Chrome does not know begins with `_`.
pub fn websocket(json: &mut Json<impl Write>, outgoing: &Outgoing<'_>) -> io::Result<()> {
    each(json, outgoing, "_webSocketMessages", true)
}

/// Events, lines, parts, gRPC messages, and what is broken.
pub fn others(json: &mut Json<impl Write>, outgoing: &Outgoing<'_>) -> io::Result<()> {
    each(json, outgoing, "messages", false)
}

fn each(json: &mut Json<impl Write>, outgoing: &Outgoing<'_>, key: &str, websocket: bool) -> io::Result<()> {
    if outgoing.exchange().summary.messages == 0 {
        return Ok(());
    }
    let started = outgoing.exchange().summary.started;
    let mut begun = false;
    outgoing.messages(&mut |number, message| {
        if opcode(message.form).is_some() != websocket {
            return Ok(());
        }
        if !begun {
            begun = true;
            json.key(key)?.open_list()?;
        }
        one(json, started, number, message)
    })?;
    if begun { json.close_list() } else { Ok(()) }
}

fn one(json: &mut Json<impl Write>, started: i64, number: u64, message: &Message) -> io::Result<()> {
    json.open()?;
    if let Some(opcode) = opcode(message.form) {
        json.key("type")?.text(if message.side == Side::Client { "send" } else { "receive" })?;
        let micros = started.saturating_add(i64::try_from(message.at).unwrap_or(i64::MAX));
        json.key("time")?.plain(micros as f64 / 1e6)?;
        json.key("opcode")?.plain(opcode)?;
    } else {
        json.key("side")?.text(message.side.as_str())?;
        json.key("form")?.plain(message.form as u8)?;
    }
    match std::str::from_utf8(&message.payload) {
        // Of binary messages readers expect base64 whatever they hold.
        Ok(text) if message.form != MessageForm::Binary => json.key("data")?.text(text)?,
        _ => {
            json.key("data")?.long_base64(&mut &message.payload[..])?;
            json.key("_base64")?.plain(true)?;
        }
    }
    json.key("_number")?.plain(number)?;
    json.key("_at")?.plain(message.at)?;
    json.key("_wire")?.plain(message.wire)?;
    json.key("_length")?.plain(message.length)?;
    json.key("_flags")?.plain(message.flags.0)?;
    if !message.says.is_empty() {
        json.key("_says")?.text(&message.says)?;
    }
    json.close()
}

/// The opcode of a WebSocket message (RFC 6455 11.8).
fn opcode(form: MessageForm) -> Option<u8> {
    match form {
        MessageForm::Text
        | MessageForm::Binary
        | MessageForm::Close
        | MessageForm::Ping
        | MessageForm::Pong => Some(form as u8),
        _ => None,
    }
}
