//! HAR 1.2: what browsers, proxies and their readers exchange, written entry by entry.
//!
//! - `request` and `response` are the client's request as received and the origin's answer as received; no body
//!   is left out: what is no text is in base64, what was cut says so.
//! - `_webSocketMessages` is Chrome's form.
//! - `_hopscope` holds what HAR has no place for: the four heads, edits, failure, every moment. `import` makes
//!   the same exchange of it again.

mod extras;
mod messages;
mod sides;
mod timings;

pub use extras::VERSION;

use super::json::Json;
use super::moment::timestamp;
use super::{Outgoing, url};
use crate::exchange::Side;
use std::io::{self, Write};
use timings::Timings;

/// A HAR on its way out.
#[derive(Debug)]
pub struct Har<W: Write> {
    json: Json<W>,
}

impl<W: Write> Har<W> {
    /// Begins it.
    pub fn begin(to: W) -> io::Result<Self> {
        let mut json = Json::new(to);
        json.open()?;
        json.key("log")?.open()?;
        json.key("version")?.text("1.2")?;
        json.key("creator")?.open()?;
        json.key("name")?.text("hopscope")?;
        json.key("version")?.text(env!("CARGO_PKG_VERSION"))?;
        json.close()?;
        json.key("entries")?.open_list()?;
        json.line()?;
        Ok(Self { json })
    }

    /// Writes an exchange.
    pub fn entry(&mut self, outgoing: &Outgoing<'_>) -> io::Result<()> {
        let exchange = outgoing.exchange();
        let timings = Timings::of(&exchange.timing);
        let json = &mut self.json;
        json.open()?;
        json.key("startedDateTime")?.text(&timestamp(exchange.summary.started))?;
        json.key("time")?.plain(timings.total())?;
        let request = outgoing.measure(Side::Client)?;
        let response = outgoing.measure(Side::Origin)?;
        json.key("request")?;
        sides::request(json, outgoing, &url(exchange), &request)?;
        json.key("response")?;
        sides::response(json, outgoing, &response)?;
        json.key("cache")?.open()?;
        json.close()?;
        json.key("timings")?;
        timings.write(json)?;
        if let Some(peer) = outgoing.connection(Side::Origin)?.and_then(|connection| connection.peer) {
            json.key("serverIPAddress")?.text(&peer.ip().to_string())?;
        }
        if let Some((id, _)) = exchange.origin_connection {
            json.key("connection")?.text(&id.0.to_string())?;
        }
        if let Some(note) = &exchange.summary.note {
            json.key("comment")?.text(note.as_str())?;
        }
        messages::websocket(json, outgoing)?;
        json.key("_hopscope")?;
        extras::write(json, outgoing, [&request, &response])?;
        json.close()?;
        json.line()
    }

    /// Ends it.
    pub fn end(mut self) -> io::Result<W> {
        self.json.close_list()?;
        self.json.close()?;
        self.json.close()?;
        self.json.line()?;
        Ok(self.json.into_inner())
    }
}

#[cfg(test)]
mod tests;
