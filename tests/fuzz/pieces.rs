//! Octets of tunnels and bodies that are made of pieces: the pieces that they come in change nothing, no
//! octet is counted twice, nothing is kept beyond the bound, and of a WebSocket a plain reader reads the same.

use bytes::Bytes;
use hopscope::exchange::{Head, Message, MessageFlags, MessageForm};
use hopscope::view::pieces::{self, Splitter};

/// Octets kept of a payload. What is said of control frames, heads and prefixes may be longer.
const LIMIT: usize = 300;

/// Media types and codings of bodies.
const BODIES: &[&str] = &[
    "text/event-stream",
    "application/x-ndjson",
    "application/json-seq",
    "multipart/mixed; boundary=b",
    "application/grpc\r\ngrpc-encoding: gzip",
    "application/grpc-web+proto\r\ngrpc-encoding: deflate",
    "application/grpc-web-text",
    "text/event-stream\r\nContent-Encoding: gzip",
    "text/event-stream\r\nContent-Encoding: deflate",
    "text/event-stream\r\nContent-Encoding: br",
];

/// One direction of a WebSocket: the first octet says how it is cut, the second what was agreed.
pub fn websocket(data: &[u8]) {
    let [cut, agreed, bytes @ ..] = data else { return };
    let extensions = match agreed % 4 {
        0 => "",
        1 => "permessage-deflate",
        2 => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        _ => "permessage-deflate; server_max_window_bits=1, x-other",
    };
    let head = format!("HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n");
    let head = Head::parse(Bytes::from(head));
    let make = || {
        let (client, origin) = pieces::websocket(&head, &head, LIMIT);
        if agreed / 4 % 2 == 0 { origin } else { client }
    };
    let messages = compare(make, bytes, usize::from(*cut) + 1);
    let counted: u64 = messages.iter().map(|message| message.wire).sum();
    assert_eq!(counted, bytes.len() as u64, "every octet in one message");
    if extensions.is_empty() {
        let ours: Vec<_> = messages.iter().filter(|message| is_whole(message)).map(read).collect();
        let plain = plain(bytes);
        assert_eq!(ours, plain);
    }
}

/// A body: the first octet says how it is cut, the second of what it is made.
pub fn bodies(data: &[u8]) {
    let [cut, kind, bytes @ ..] = data else { return };
    let fields = BODIES[usize::from(*kind) % BODIES.len()];
    let head = Head::parse(Bytes::from(format!("HTTP/1.1 200 OK\r\nContent-Type: {fields}\r\n\r\n")));
    let messages = compare(|| pieces::of_response(None, &head, LIMIT).unwrap(), bytes, usize::from(*cut) + 1);
    if !fields.contains("Encoding: ") && !fields.contains("web-text") {
        let counted: u64 = messages.iter().map(|message| message.wire).sum();
        assert!(counted <= bytes.len() as u64, "no octet in two messages");
    }
}

fn compare(make: impl Fn() -> Box<dyn Splitter>, bytes: &[u8], piece: usize) -> Vec<Message> {
    let run = |piece: usize| {
        let (mut splitter, mut out) = (make(), Vec::new());
        bytes.chunks(piece).for_each(|piece| splitter.feed(piece, 1, &mut out));
        splitter.end(1, &mut out);
        out
    };
    let whole = run(bytes.len().max(1));
    agree(&run(piece), &whole, piece);
    for message in &whole {
        assert!(message.payload.len() <= LIMIT, "{message:?}");
        let cut = (message.payload.len() as u64) < message.length;
        assert!(!cut || message.flags.has(MessageFlags::TRUNCATED), "{message:?}");
    }
    whole
}

/// The same messages, however the octets came. How much of what stands before damaged data a decoder still gives
/// depends on the pieces: then one is as the other, and goes on.
fn agree(pieces: &[Message], whole: &[Message], piece: usize) {
    let damaged = |messages: &[Message]| {
        messages.last().is_some_and(|last| last.says.contains("data is damaged: nothing behind"))
    };
    if damaged(pieces) && damaged(whole) {
        let before = |messages: &[Message]| -> Vec<Message> {
            messages.iter().filter(|message| is_whole(message)).cloned().collect()
        };
        let (some, more) = (before(pieces), before(whole));
        let common = some.len().min(more.len());
        assert_eq!(some[..common], more[..common], "in pieces of {piece}, before the damage");
    } else {
        assert_eq!(pieces, whole, "in pieces of {piece}");
    }
}

fn is_whole(message: &Message) -> bool {
    message.form != MessageForm::Broken && !message.flags.has(MessageFlags::UNFINISHED)
}

fn read(message: &Message) -> (u8, Vec<u8>) {
    (message.form as u8, message.payload.to_vec())
}

/// Another reader of the same frames (RFC 6455 5), plain and slow: opcode and payload of each message, up to
/// what breaks the framing.
fn plain(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut all, mut open) = (Vec::new(), None);
    while let [first, second, rest @ ..] = bytes {
        let (fin, opcode, masked) = (first & 0x80 != 0, first & 0x0f, second & 0x80 != 0);
        let width = [2, 8].get(usize::from(second & 0x7f).wrapping_sub(126)).copied().unwrap_or(0);
        let size = width + if masked { 4 } else { 0 };
        if rest.len() < size {
            break;
        }
        let number = |octets: &[u8]| octets.iter().fold(0_u128, |sum, octet| sum << 8 | u128::from(*octet));
        let length = if width == 0 { u128::from(second & 0x7f) } else { number(&rest[..width]) };
        let control = opcode >= 8;
        let known = matches!(opcode, 0 | 1 | 2 | 8 | 9 | 10) && first & 0x70 == 0 && length < 1 << 63;
        let placed = if control { fin && length <= 125 } else { (opcode == 0) == open.is_some() };
        if !known || !placed || ((rest.len() - size) as u128) < length {
            break;
        }
        let (head, behind) = rest.split_at(size);
        let (payload, behind) = behind.split_at(length as usize);
        bytes = behind;
        let key = if masked { &head[width..] } else { &[0; 4] };
        let payload = payload.iter().enumerate().map(|(at, octet)| octet ^ key[at % 4]);
        if control {
            all.push((opcode, payload.collect()));
            continue;
        }
        let (_, kept) = open.get_or_insert_with(|| (opcode, Vec::new()));
        kept.extend(payload);
        kept.truncate(LIMIT);
        if fin {
            all.extend(open.take());
        }
    }
    all
}
