//! `hopscope show`: one exchange, whole or in parts.

mod findings;
mod frames;
mod hops;
mod messages;
mod overview;
mod secured;
mod secured_json;
mod timing;

use super::args::{Message, Part, Show};
use super::door::Out;
use super::exit::{Exit, Halt, Outcome};
use super::records::Records;
use super::{capture, json};
use crate::exchange::{Exchange, ExchangeId, Head, MessageKind, Side, Truncation};
use crate::{text, view};
use bytes::Bytes;
use std::io::{Read, Write};

pub(super) use secured_json::connection;
pub(super) use timing::phases;

/// Runs the command.
pub(super) fn run(typed: &Show) -> Outcome {
    let wanted = Wanted::of(typed)?;
    let ids = typed.ids.iter().map(|id| parse_id(id)).collect::<Result<Vec<_>, _>>()?;
    let mut records = capture::open(typed.chosen.capture.as_deref())?;
    let mut out = Out::stdout();
    for id in ids {
        let exchange = capture::exchange(records.as_mut(), id)?;
        show(records.as_mut(), &exchange, wanted, &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Ok)
}

/// What is asked for, checked: which message belongs to which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Overview,
    Json,
    Heads,
    Head(MessageKind),
    /// Head and body as received.
    Message(Side),
    Body(Side),
    /// The body with its content codings undone.
    Decoded(Side),
    Hops,
    Timing,
    /// How both connections were secured, as JSON or not.
    Tls(bool),
    /// What is said within it.
    Messages(messages::As),
    /// HTTP/2 frames, as JSON or not.
    Frames(bool),
    /// What the header inspector says, as JSON or not.
    Findings(bool),
}

impl Wanted {
    fn of(typed: &Show) -> Result<Self, Halt> {
        if typed.number.is_some() && typed.part != Some(Part::Messages) {
            return Err(Halt::new(Exit::Usage, "--number belongs to --part messages"));
        }
        if typed.json {
            return match typed.part {
                None => Ok(Self::Json),
                Some(Part::Messages) => Ok(Self::Messages(messages::As::Json)),
                Some(Part::Frames) => Ok(Self::Frames(true)),
                Some(Part::Tls) => Ok(Self::Tls(true)),
                Some(Part::Findings) => Ok(Self::Findings(true)),
                Some(_) => Err(Halt::new(
                    Exit::Usage,
                    "--json shows all but the bodies, or --part tls, messages, frames or findings",
                )),
            };
        }
        let kind = typed.message.and_then(head_of);
        let side = typed.message.and_then(side_of);
        if typed.decoded && typed.part != Some(Part::Body) {
            return Err(Halt::new(Exit::Usage, "--decoded belongs to --part body"));
        }
        match (typed.part, typed.message) {
            (None, None) => Ok(Self::Overview),
            (None | Some(Part::Raw), Some(_)) if kind.is_some() => kind.map(Self::Head).ok_or_else(usage_raw),
            (Some(Part::Raw), None) => Ok(Self::Heads),
            (Some(Part::Raw), Some(_)) => Err(usage_raw()),
            (Some(Part::Body), _) if typed.decoded => side.map(Self::Decoded).ok_or_else(usage_body),
            (Some(Part::Body), _) => side.map(Self::Body).ok_or_else(usage_body),
            (None, Some(_)) => side.map(Self::Message).ok_or_else(usage_body),
            (Some(_), Some(_)) => {
                Err(Halt::new(Exit::Usage, "--message belongs to --part raw and --part body"))
            }
            (Some(Part::Request), None) => Ok(Self::Message(Side::Client)),
            (Some(Part::Response), None) => Ok(Self::Message(Side::Origin)),
            (Some(Part::Hops), None) => Ok(Self::Hops),
            (Some(Part::Timing), None) => Ok(Self::Timing),
            (Some(Part::Tls), None) => Ok(Self::Tls(false)),
            (Some(Part::Messages), None) => {
                Ok(Self::Messages(typed.number.map_or(messages::As::Table, messages::As::Payload)))
            }
            (Some(Part::Frames), None) => Ok(Self::Frames(false)),
            (Some(Part::Findings), None) => Ok(Self::Findings(false)),
        }
    }
}

fn usage_raw() -> Halt {
    let words = MessageKind::ALL.map(MessageKind::as_str).join(", ");
    Halt::new(Exit::Usage, format!("--part raw shows heads: --message is one of {words}"))
}

fn usage_body() -> Halt {
    Halt::new(Exit::Usage, "--part body needs --message request or --message response")
}

fn head_of(message: Message) -> Option<MessageKind> {
    match message {
        Message::RequestReceived => Some(MessageKind::RequestReceived),
        Message::RequestSent => Some(MessageKind::RequestSent),
        Message::ResponseReceived => Some(MessageKind::ResponseReceived),
        Message::ResponseSent => Some(MessageKind::ResponseSent),
        Message::Request | Message::Response => None,
    }
}

fn side_of(message: Message) -> Option<Side> {
    match message {
        Message::Request => Some(Side::Client),
        Message::Response => Some(Side::Origin),
        _ => None,
    }
}

/// The number of an exchange, as typed.
pub(super) fn parse_id(typed: &str) -> Result<ExchangeId, Halt> {
    let digits = typed.strip_prefix('#').unwrap_or(typed);
    let says = || format!("{typed} is not the number of an exchange; `hopscope ls` lists them");
    digits.parse().map(ExchangeId).map_err(|_| Halt::new(Exit::Usage, says()))
}

fn show<W: Write>(
    records: &mut dyn Records,
    exchange: &Exchange,
    wanted: Wanted,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    match wanted {
        Wanted::Head(kind) => head(exchange, kind, out),
        Wanted::Heads => heads(exchange, out),
        Wanted::Body(side) => body(records, exchange, side, false, out),
        Wanted::Decoded(side) => body(records, exchange, side, true, out),
        Wanted::Message(side) => {
            head(exchange, received(exchange, side), out)?;
            body(records, exchange, side, false, out)
        }
        Wanted::Overview => lines(out, &overview::lines(exchange)),
        Wanted::Hops => lines(out, &hops::lines(exchange)),
        Wanted::Findings(as_json) => findings::show(records, exchange, as_json, out),
        Wanted::Messages(how) => messages::show(records, exchange, how, out),
        Wanted::Timing | Wanted::Tls(_) | Wanted::Json | Wanted::Frames(_) => {
            let client = records.connection(exchange.client_connection)?;
            let origin = match exchange.origin_connection {
                Some((id, _)) => records.connection(id)?,
                None => None,
            };
            match wanted {
                Wanted::Timing => return lines(out, &timing::lines(exchange, origin.as_ref())),
                Wanted::Tls(false) => return lines(out, &secured::lines(client.as_ref(), origin.as_ref())),
                Wanted::Tls(true) => {
                    let [client, origin] = [&client, &origin].map(|one| one.as_ref().map(connection));
                    let both = serde_json::json!({"client": client, "origin": origin});
                    return Ok(out.record(&both.to_string())?);
                }
                _ => {}
            }
            if let Wanted::Frames(as_json) = wanted {
                return frames::show(exchange, [client.as_ref(), origin.as_ref()], as_json, out);
            }
            let text =
                json::whole(exchange, client.as_ref(), origin.as_ref()).map_err(anyhow::Error::from)?;
            Ok(out.record(&text)?)
        }
    }
}

/// The head that a side's body came behind. An answer that hopscope made was never received from
/// anybody: the sent one is all there is.
fn received(exchange: &Exchange, side: Side) -> MessageKind {
    match side {
        Side::Client => MessageKind::RequestReceived,
        Side::Origin if exchange.is_ours() => MessageKind::ResponseSent,
        Side::Origin => MessageKind::ResponseReceived,
    }
}

fn lines<W: Write>(out: &mut Out<W>, lines: &[String]) -> Result<(), Halt> {
    lines.iter().try_for_each(|line| out.line(line)).map_err(Halt::from)
}

/// The exact bytes of one head and nothing else; of HTTP/2 its section as text, the made start line
/// included, so that whatever reads heads can read it.
fn head<W: Write>(exchange: &Exchange, kind: MessageKind, out: &mut Out<W>) -> Result<(), Halt> {
    let raw = exchange.heads.of(kind).ok_or_else(|| {
        let id = exchange.summary.id.0;
        Halt::new(Exit::Failed, format!("exchange {id} has no {}: {}", kind.as_str(), absent(exchange)))
    })?;
    Ok(out.bytes(raw)?)
}

fn heads<W: Write>(exchange: &Exchange, out: &mut Out<W>) -> Result<(), Halt> {
    for kind in MessageKind::ALL {
        match exchange.heads.of(kind) {
            Some(raw) => {
                out.line(format!("--- {} ({})", kind.as_str(), extent(raw)))?;
                out.bytes(raw)?;
                mark(exchange, kind, raw, out)?;
            }
            None => out.line(format!("--- {} (none: {})", kind.as_str(), absent(exchange)))?,
        }
    }
    Ok(())
}

/// How long a head is; of HTTP/2, that what follows is no copy of bytes: its start line was never sent.
fn extent(raw: &Bytes) -> String {
    if Head::parse(raw.clone()).is_http2() {
        return "an HTTP/2 section as text: the first line is made from the pseudo-fields".to_owned();
    }
    format!("{} bytes", raw.len())
}

/// Columns that the line with the offending byte may take.
const MARKED: usize = 160;

/// Points at the byte for which a head was refused, behind the head's exact bytes.
fn mark<W: Write>(exchange: &Exchange, kind: MessageKind, raw: &[u8], out: &mut Out<W>) -> Result<(), Halt> {
    let Some(failure) = &exchange.summary.failure else { return Ok(()) };
    let Some((_, place)) = failure.marked().filter(|(of, _)| *of == kind) else { return Ok(()) };
    if !raw.ends_with(b"\n") {
        out.line("")?;
    }
    out.line(format!("--- wrong at byte {} of {}: {}", place.offset, kind.as_str(), place.clause))?;
    for line in text::caret_at(raw, place.offset, MARKED, failure.says_what()).lines() {
        out.line(line)?;
    }
    Ok(())
}

/// Why a head is missing, as far as the exchange tells.
fn absent(exchange: &Exchange) -> String {
    match &exchange.summary.failure {
        Some(failure) => failure.says.clone(),
        None if !exchange.is_over() => "the exchange is still under way".to_owned(),
        None => "it never crossed the wire".to_owned(),
    }
}

/// The body as received, or decoded, in pieces: it may be larger than memory.
fn body<W: Write>(
    records: &mut dyn Records,
    exchange: &Exchange,
    side: Side,
    decode: bool,
    out: &mut Out<W>,
) -> Result<(), Halt> {
    let mut reader = records.body(exchange, side)?;
    if decode {
        reader = view::decoded(reader, &view::codings_of(exchange, side)).map_err(|error| {
            Halt::new(Exit::Failed, format!("{error}; without --decoded it comes as received"))
        })?;
    }
    let mut piece = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => out.bytes(piece.get(..count).unwrap_or_default())?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Halt::new(Exit::Failed, format!("reading the body: {error}"))),
        }
    }
    let body = exchange.body(side);
    if let Some(why) = body.truncated {
        out.flush()?;
        super::door::say(if body.is_absent() {
            format!("there is no body here: {}", Truncation::NO_BODY)
        } else {
            format!("the body is cut short here: {}", why.says())
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::args::{Command, Typed};
    use super::super::records::tests::InMemory;
    use super::super::sample;
    use super::*;
    use crate::exchange::{Failure, Kind, Phase};
    use clap::Parser as _;

    fn typed(args: &[&str]) -> Show {
        let all = ["hopscope", "show", "18"].iter().chain(args);
        match Typed::try_parse_from(all).unwrap().command {
            Some(Command::Show(show)) => show,
            other => panic!("{other:?}"),
        }
    }

    fn shown(args: &[&str]) -> Vec<u8> {
        let wanted = Wanted::of(&typed(args)).unwrap();
        let mut records =
            InMemory { rows: Vec::new(), exchanges: vec![sample::exchange()], messages: Vec::new() };
        let exchange = sample::exchange();
        let mut bytes = Vec::new();
        show(&mut records, &exchange, wanted, &mut Out::to(&mut bytes, false)).unwrap();
        bytes
    }

    #[test]
    fn a_raw_head_is_its_exact_bytes_and_nothing_else() {
        for kind in MessageKind::ALL {
            let bytes = shown(&["--part", "raw", "--message", kind.as_str()]);
            assert_eq!(Some(&bytes[..]), sample::exchange().heads.of(kind).map(|raw| &raw[..]));
        }
    }

    #[test]
    fn all_heads_have_titles() {
        let text = String::from_utf8(shown(&["--part", "raw"])).unwrap();
        let titles: Vec<_> = text.lines().filter(|line| line.starts_with("--- ")).collect();
        assert_eq!(
            titles,
            [
                "--- request-received (73 bytes)",
                "--- request-sent (71 bytes)",
                "--- response-received (41 bytes)",
                "--- response-sent (41 bytes)"
            ]
        );
    }

    #[test]
    fn rfc9113_8_3_the_title_of_a_section_says_that_it_is_no_copy_of_bytes() {
        let raw = Bytes::from_static(b"HTTP/2 200 \r\n:status: 200\r\n\r\n");
        let mut exchange = sample::exchange();
        exchange.heads.response_received = Some(raw.clone());
        let mut text = Vec::new();
        heads(&exchange, &mut Out::to(&mut text, false)).unwrap();
        let text = String::from_utf8(text).unwrap();
        let title = "--- response-received (an HTTP/2 section as text: the first line is made from the pseudo-fields)";
        assert!(text.contains(&format!("{title}\nHTTP/2 200 \r\n:status: 200\r\n")), "{text}");
    }

    #[test]
    fn a_refused_head_is_shown_with_its_offending_byte() {
        let mut exchange = sample::exchange();
        exchange.heads.request_received = Some("GET / HTTP/1.1\r\nX-Name : v".into());
        exchange.summary.failure = Some(Failure {
            side: Side::Client,
            phase: Phase::Request,
            kind: Kind::Malformed,
            says: "White space before the colon (RFC 9112 5.1, byte 22)".to_owned(),
        });
        let mut bytes = Vec::new();
        heads(&exchange, &mut Out::to(&mut bytes, false)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let wanted = "--- request-received (26 bytes)\nGET / HTTP/1.1\r\nX-Name : v\n\
                      --- wrong at byte 22 of request-received: RFC 9112 5.1\nX-Name : v\n      ^ White space before the colon\n\
                      --- request-sent";
        assert!(text.starts_with(wanted), "{text}");
    }

    #[test]
    fn bodies_come_as_received() {
        assert_eq!(shown(&["--part", "body", "--message", "response"]), vec![b'x'; 1_234]);
        assert_eq!(shown(&["--part", "body", "--message", "request"]), b"");
        assert!(shown(&["--part", "response"]).starts_with(b"HTTP/1.1 200 OK\r\n"));
    }

    #[test]
    fn parts_and_messages_that_do_not_fit_are_usage_errors() {
        for args in [
            &["--part", "body"][..],
            &["--part", "body", "--message", "request-sent"],
            &["--part", "raw", "--message", "request"],
            &["--part", "hops", "--message", "request"],
            &["--part", "findings", "--message", "request"],
            &["--decoded"],
            &["--number", "3"],
            &["--part", "hops", "--json"],
        ] {
            assert_eq!(Wanted::of(&typed(args)).unwrap_err().exit, Exit::Usage, "{args:?}");
        }
    }

    #[test]
    fn numbers_may_have_their_sign() {
        assert_eq!(parse_id("#18").unwrap(), ExchangeId(18));
        assert_eq!(parse_id("x").unwrap_err().exit, Exit::Usage);
    }
}
