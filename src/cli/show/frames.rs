//! HTTP/2 frames: those that carried the exchange, and those of its connections themselves.

use super::super::door::Out;
use super::super::exit::Halt;
use super::super::format::{duration, size};
use super::super::json;
use crate::exchange::{Connection, Exchange, FrameNote, Side};
use std::io::Write;

/// Prints them by leg: the client's side, then the origin's, each the connection's own first.
pub(super) fn show<W: Write>(
    exchange: &Exchange,
    connections: [Option<&Connection>; 2],
    as_json: bool,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    let id = exchange.summary.id.0;
    let mut any = false;
    for (side, connection) in [Side::Client, Side::Origin].into_iter().zip(connections) {
        let own = connection.map(|connection| (connection.id.0, &connection.frames[..]));
        let (number, own) = own.unwrap_or((0, &[]));
        let carried: Vec<_> = exchange.frames.iter().filter(|frame| frame.side == side).collect();
        any |= !own.is_empty() || !carried.is_empty();
        if as_json {
            for frame in own {
                out.record(&json::frame(("connection", number), frame).map_err(anyhow::Error::from)?)?;
            }
            for frame in carried {
                out.record(&json::frame(("exchange", id), frame).map_err(anyhow::Error::from)?)?;
            }
            continue;
        }
        if !own.is_empty() {
            out.line(format!("--- connection {number}, {} side, since it was opened", side.as_str()))?;
            own.iter().try_for_each(|frame| out.line(line(frame)))?;
        }
        if !carried.is_empty() {
            out.line(format!("--- exchange {id}, {} side, since it began", side.as_str()))?;
            carried.into_iter().try_for_each(|frame| out.line(line(frame)))?;
        }
    }
    if !any && !as_json {
        out.line("no frames: neither side spoke HTTP/2")?;
    }
    Ok(())
}

fn line(frame: &FrameNote) -> String {
    let way = if frame.sent { "sent" } else { "received" };
    let name = match frame.count {
        0 | 1 => frame.name().into_owned(),
        count => format!("{} ×{count}", frame.name()),
    };
    let line = format!(
        "  {:>10}  {way:<8}  {name:<16} stream {:<6} {:>8}  {}",
        duration(frame.at),
        frame.stream,
        size(frame.length),
        frame.words()
    );
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::exchange::ConnectionId;

    fn frame(at: u64, side: Side, sent: bool, kind: u8, flags: u8) -> FrameNote {
        let stream = u32::from(!matches!(kind, 4 | 7));
        FrameNote { at, side, sent, kind, flags, stream, length: 18, count: 1, says: String::new() }
    }

    fn shown(as_json: bool, http2: bool) -> String {
        let mut exchange = sample::exchange();
        let mut connection = Connection {
            id: ConnectionId(1),
            side: Side::Client,
            opened: 0,
            peer: None,
            local: None,
            tls: None,
            dialling: None,
            frames: Vec::new(),
        };
        if http2 {
            let data = FrameNote { count: 3, length: 40_000, ..frame(900, Side::Client, true, 0, 1) };
            let reset = FrameNote { says: "CANCEL".to_owned(), ..frame(950, Side::Origin, false, 3, 0) };
            exchange.frames = vec![frame(100, Side::Client, false, 1, 5), reset, data];
            let says = "INITIAL_WINDOW_SIZE 65535".to_owned();
            connection.frames = vec![FrameNote { says, ..frame(20, Side::Client, false, 4, 0) }];
        }
        let mut bytes = Vec::new();
        show(&exchange, [Some(&connection), None], as_json, &mut Out::to(&mut bytes, false)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn by_leg_the_connection_first() {
        insta::assert_snapshot!(shown(false, true), @"
        --- connection 1, client side, since it was opened
               20 µs  received  SETTINGS         stream 0          18 B  INITIAL_WINDOW_SIZE 65535
        --- exchange 18, client side, since it began
              100 µs  received  HEADERS          stream 1          18 B  END_STREAM END_HEADERS
              900 µs  sent      DATA ×3          stream 1       40.0 kB  END_STREAM
        --- exchange 18, origin side, since it began
              950 µs  received  RST_STREAM       stream 1          18 B  CANCEL
        ");
        assert_eq!(shown(false, false), "no frames: neither side spoke HTTP/2\n");
    }

    #[test]
    fn json_names_what_help_names() {
        let lines: Vec<serde_json::Value> =
            shown(true, true).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!((&lines[0]["of"], &lines[0]["frame"]), (&"connection".into(), &"SETTINGS".into()));
        for name in lines[0].as_object().unwrap().keys() {
            assert!(json::HELP.contains(&format!("\n  {name} ")), "{name}");
        }
        assert_eq!(shown(true, false), "");
    }
}
