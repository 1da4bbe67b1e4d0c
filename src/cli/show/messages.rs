//! What is said within an exchange: a line a message, JSON lines, or the payload of one.

use super::super::door::Out;
use super::super::exit::{Exit, Halt};
use super::super::format::{counted, duration, size};
use super::super::json;
use super::super::records::Records;
use crate::exchange::{Exchange, ExchangeId, Side};
use crate::store::Numbered;
use std::io::Write;

/// Messages read at once: a stream may have millions.
const PAGE: usize = 1000;

/// How messages are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// A table for people.
    Table,
    /// JSON lines, payloads included.
    Json,
    /// The payload of one, byte for byte.
    Payload(u64),
}

/// Prints them.
pub(super) fn show<W: Write>(
    records: &mut dyn Records,
    exchange: &Exchange,
    how: As,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    let id = exchange.summary.id;
    match how {
        As::Payload(number) => payload(records, id, number, out),
        As::Table | As::Json => {
            let told = all(records, id, how, out)?;
            if told == 0 && how == As::Table {
                out.line(nothing(exchange))?;
            }
            Ok(())
        }
    }
}

fn all<W: Write>(records: &mut dyn Records, id: ExchangeId, how: As, out: &mut Out<W>) -> Result<u64, Halt> {
    let (mut from, mut before, mut told) = (0, None, 0);
    loop {
        let page = records.messages(id, from, PAGE)?;
        let Some(last) = page.last() else { return Ok(told) };
        let next = last.number + 1;
        for found in &page {
            if how == As::Json {
                record(records, id, found, out)?;
                continue;
            }
            if found.number > from {
                let lost = counted(found.number - from, "message");
                out.line(format!("        {lost} found no room on the way to the disk"))?;
            }
            out.line(line(found, before))?;
            (from, before) = (found.number + 1, Some(found.message.at));
        }
        told += page.len() as u64;
        from = next;
    }
}

/// Number, time, time since the one before, who sent it, form, size, and the beginning of what it says.
fn line(found: &Numbered, before: Option<u64>) -> String {
    let message = &found.message;
    let gap =
        before.map_or_else(String::new, |before| format!("+{}", duration(message.at.saturating_sub(before))));
    let arrow = match message.side {
        Side::Client => "↑",
        Side::Origin => "↓",
    };
    let marks: Vec<_> = message.flags.words().collect();
    let marks = if marks.is_empty() { String::new() } else { format!("  ({})", marks.join(", ")) };
    format!(
        "{:>6}  {:>10}  {gap:>10}  {arrow} {:<8} {:>9}  {}{marks}",
        found.number,
        duration(message.at),
        message.form.as_str(),
        size(message.length),
        message.line()
    )
}

fn record<W: Write>(
    records: &mut dyn Records,
    id: ExchangeId,
    found: &Numbered,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    let cut = found.kept > found.message.payload.len() as u64;
    let whole = if cut { records.message(id, found.number)? } else { None };
    let text = json::message(id, whole.as_ref().unwrap_or(found)).map_err(anyhow::Error::from)?;
    Ok(out.record(&text)?)
}

fn payload<W: Write>(
    records: &mut dyn Records,
    id: ExchangeId,
    number: u64,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    let found = records.message(id, number)?.ok_or_else(|| {
        let says = format!("exchange {} has no message {number}; --part messages lists them", id.0);
        Halt::new(Exit::Failed, says)
    })?;
    out.bytes(&found.message.payload)?;
    if found.kept < found.message.length {
        out.flush()?;
        let (kept, length) = (size(found.kept), size(found.message.length));
        super::super::door::say(format!("the payload is cut short here: {kept} of {length} were kept"));
    }
    Ok(())
}

fn nothing(exchange: &Exchange) -> String {
    if exchange.is_over() {
        "no messages: neither a WebSocket nor a body made of events, lines, parts or gRPC messages".to_owned()
    } else {
        "no messages yet: the exchange is still under way".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::records::tests::InMemory;
    use super::super::super::sample;
    use super::*;
    use crate::exchange::{Message, MessageFlags, MessageForm};
    use bytes::Bytes;

    fn found(number: u64, side: Side, form: MessageForm, payload: &'static [u8], says: &str) -> Numbered {
        let message = Message {
            at: 30_000 + number * 1_200,
            side,
            form,
            wire: payload.len() as u64 + 2,
            length: payload.len() as u64,
            payload: Bytes::from_static(payload),
            says: says.to_owned(),
            flags: MessageFlags::default(),
        };
        Numbered { number, message, kept: payload.len() as u64 }
    }

    fn shown(how: As) -> String {
        let mut cut = found(4, Side::Client, MessageForm::Text, b"a\x1b[2J long one", "");
        cut.message.length = 20_000_000;
        cut.message.flags.add(MessageFlags::TRUNCATED);
        let messages = vec![
            found(0, Side::Client, MessageForm::Text, b"{\"subscribe\": \"price\"}", ""),
            found(1, Side::Origin, MessageForm::Binary, b"\x00\xff", ""),
            cut,
            found(5, Side::Origin, MessageForm::Close, b"", "1001 going away"),
        ];
        let exchange = sample::exchange();
        let mut records = InMemory { rows: Vec::new(), exchanges: vec![sample::exchange()], messages };
        let mut bytes = Vec::new();
        show(&mut records, &exchange, how, &mut Out::to(&mut bytes, false)).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn a_line_each_with_gaps_and_losses() {
        insta::assert_snapshot!(shown(As::Table), @r#"
         0       30 ms              ↑ text          22 B  {"subscribe": "price"}
         1       31 ms     +1.2 ms  ↓ binary         2 B  00 ff
            2 messages found no room on the way to the disk
         4       34 ms     +3.6 ms  ↑ text       20.0 MB  a\x1b[2J long one  (cut)
         5       36 ms     +1.2 ms  ↓ close          0 B  1001 going away
        "#);
    }

    #[test]
    fn json_has_the_payload_as_text_or_base64() {
        let lines: Vec<serde_json::Value> =
            shown(As::Json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["text"], "{\"subscribe\": \"price\"}");
        assert_eq!((&lines[1]["text"], &lines[1]["base64"]), (&serde_json::Value::Null, &"AP8=".into()));
        assert_eq!(lines[2]["flags"][0], "cut");
        assert_eq!((&lines[3]["form"], &lines[3]["says"]), (&"close".into(), &"1001 going away".into()));
        for name in lines[0].as_object().unwrap().keys() {
            assert!(json::HELP.contains(&format!("\n  {name} ")), "{name}");
        }
    }

    #[test]
    fn one_payload_is_its_exact_bytes() {
        assert_eq!(shown(As::Payload(0)), "{\"subscribe\": \"price\"}");
        let mut records = InMemory::rows(Vec::new());
        let mut out = Out::to(Vec::new(), false);
        let refused = show(&mut records, &sample::exchange(), As::Payload(9), &mut out).unwrap_err();
        assert_eq!(refused.exit, Exit::Failed);
    }
}
