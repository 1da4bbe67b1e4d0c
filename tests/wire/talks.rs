//! What is said within an exchange: `WebSockets` and event streams pass untouched and are kept message by
//! message, readable while they last.

use super::{plain, words};
use crate::support::client::{DEADLINE, Peer};
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::exchange::{Exchange, MessageFlags, MessageForm, Side, State};
use hopscope::store::Numbered;
use std::sync::{Mutex, mpsc};

const MIB: usize = 1024 * 1024;

/// What the client's frames are masked with (RFC 6455 5.3).
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A frame (RFC 6455 5.2): its first octet holds FIN and the opcode.
pub(super) fn frame(first: u8, masked: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    let bit = if masked { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..126 => frame.push(bit | u8::try_from(length).unwrap()),
        length @ 126..65_536 => {
            frame.push(bit | 0x7e);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(bit | 0x7f);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    } else {
        frame.extend(payload);
    }
    frame
}

/// A client behind its handshake through the proxy.
fn upgraded(proxy: &Proxy, origin: &Origin) -> Peer {
    let mut client = Peer::connect(proxy.address());
    client.send(format!(
        "GET http://{0}/ws HTTP/1.1\r\nHost: {0}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        origin.address()
    ));
    let head = client.read_head();
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
    client
}

/// An origin that upgrades, takes so many bytes, sends others, and waits for the client to close.
fn talking(takes: usize, sends: Vec<u8>) -> Origin {
    Origin::start(move |peer, _| {
        peer.read_head();
        peer.send(ANSWER);
        peer.read_exact(takes);
        peer.send(&sends);
        peer.read_to_close();
    })
}

/// Form, side and payload of each message.
fn told(said: &[Numbered]) -> Vec<(Side, MessageForm, String)> {
    let one = |found: &Numbered| {
        let message = &found.message;
        let payload = String::from_utf8_lossy(&message.payload).into_owned();
        let both = if message.says.is_empty() { payload } else { format!("{} {payload}", message.says) };
        (message.side, message.form, both)
    };
    said.iter().map(one).collect()
}

fn says(exchange: &Exchange) -> String {
    exchange.summary.failure.as_ref().map_or_else(String::new, |failure| failure.says.clone())
}

#[test]
fn frames_pass_untouched_and_are_kept_as_messages() {
    let proxy = Proxy::start(plain);
    let up = [
        frame(0x81, true, b"{\"hello\": 1}"),
        frame(0x02, true, b"\x00\x01"),
        frame(0x89, true, b"ping me"),
        frame(0x80, true, b"\xfe\xff"),
        frame(0x88, true, b"\x03\xe9going away"),
    ]
    .concat();
    let down = [frame(0x8a, false, b"ping me"), frame(0x81, false, b"bye"), frame(0x88, false, b"\x03\xe9")]
        .concat();
    let origin = talking(up.len(), down.clone());
    let mut client = upgraded(&proxy, &origin);
    let me = client.address();
    client.send_pieces(&up, 3);
    assert_eq!(client.read_exact(down.len()), down);
    drop(client);
    assert!(origin.ended(0).ends_with(&up), "the origin got the very frames");
    let exchange = proxy.exchange_of(me);
    assert_eq!(words::exchange(&exchange), "done 101 [upgraded]");
    let said = proxy.said(exchange.summary.id, 7);
    let (c, o) = (Side::Client, Side::Origin);
    let of = |side: Side| told(&said).into_iter().filter(move |(from, ..)| *from == side);
    let up: Vec<_> = of(c).map(|(_, form, text)| (form, text)).collect();
    assert_eq!(
        up.iter().map(|(form, _)| *form).collect::<Vec<_>>(),
        [MessageForm::Text, MessageForm::Ping, MessageForm::Binary, MessageForm::Close]
    );
    assert_eq!(up[0].1, "{\"hello\": 1}");
    assert!(up[3].1.contains("1001") && up[3].1.contains("going away"), "{}", up[3].1);
    let binary = said.iter().find(|found| found.message.form == MessageForm::Binary).unwrap();
    assert_eq!(binary.message.payload[..], b"\x00\x01\xfe\xff"[..]);
    assert!(binary.message.flags.has(MessageFlags::FRAGMENTED));
    assert_eq!(binary.message.wire, 2 * (6 + 2), "both frames with their heads and masks");
    let forms: Vec<_> = of(o).map(|(_, form, _)| form).collect();
    assert_eq!(forms, [MessageForm::Pong, MessageForm::Text, MessageForm::Close]);
    assert_eq!(exchange.summary.messages, 7);
}

#[test]
fn rfc6455_7_1_5_a_missing_close_stays_missing() {
    for client_first in [true, false] {
        let proxy = Proxy::start(plain);
        let (go, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let origin = Origin::start(move |peer, _| {
            peer.read_head();
            peer.send(ANSWER);
            peer.send(frame(0x81, false, b"hi"));
            if client_first {
                peer.read_to_close();
            } else {
                wait.lock().unwrap().recv_timeout(DEADLINE).unwrap();
            }
        });
        let mut client = upgraded(&proxy, &origin);
        let me = client.address();
        client.read_exact(4);
        if client_first {
            drop(client);
        } else {
            go.send(()).unwrap();
            assert!(client.is_closed());
            drop(client);
        }
        let exchange = proxy.exchange_of(me);
        let who = if client_first { "client" } else { "server" };
        let expected =
            format!("the {who} ended the connection without a WebSocket Close (RFC 6455 7.1.5: code 1006)");
        assert_eq!(says(&exchange), expected);
        let said = proxy.said(exchange.summary.id, 1);
        assert_eq!(told(&said), [(Side::Origin, MessageForm::Text, "hi".to_owned())], "none was made up");
    }
}

#[test]
fn a_message_of_20_mib_passes_whole_and_is_kept_to_the_limit() {
    let proxy = Proxy::start(plain);
    let payload: Vec<u8> = (0..253).cycle().take(20 * MIB).collect();
    let up = [frame(0x82, true, &payload), frame(0x88, true, b"")].concat();
    let origin = talking(up.len(), frame(0x88, false, b""));
    let mut client = upgraded(&proxy, &origin);
    let me = client.address();
    client.send(&up);
    client.read_exact(2);
    drop(client);
    assert!(origin.ended(0).ends_with(&up));
    let exchange = proxy.exchange_of(me);
    let found = proxy.message(exchange.summary.id, 0);
    assert_eq!((found.message.length, found.kept), (20 * MIB as u64, MIB as u64));
    assert!(found.message.flags.has(MessageFlags::TRUNCATED));
    assert!(found.message.payload[..] == payload[..MIB]);
}

#[test]
fn max_message_keeps_so_much_and_no_more() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.capture.max_message = 10;
    });
    let up = [frame(0x81, true, b"0123456789"), frame(0x81, true, b"0123456789a"), frame(0x88, true, b"")]
        .concat();
    let origin = talking(up.len(), frame(0x88, false, b""));
    let mut client = upgraded(&proxy, &origin);
    let me = client.address();
    client.send(&up);
    client.read_exact(2);
    drop(client);
    let id = proxy.exchange_of(me).summary.id;
    let kept = |number| {
        let found = proxy.message(id, number);
        (found.message.length, found.kept, found.message.flags.has(MessageFlags::TRUNCATED))
    };
    assert_eq!((kept(0), kept(1)), ((10, 10, false), (11, 10, true)));
}

#[test]
fn another_protocol_behind_a_101_is_relayed_unread() {
    let proxy = Proxy::start(plain);
    let origin = Origin::start(|peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other/1\r\nConnection: Upgrade\r\n\r\n");
        let came = peer.read_exact(4);
        peer.send(came);
        peer.read_to_close();
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(format!(
        "GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\nUpgrade: other/1\r\nConnection: Upgrade\r\n\r\n",
        origin.address()
    ));
    client.read_head();
    client.send(b"\x81\x02hi");
    assert_eq!(client.read_exact(4), b"\x81\x02hi");
    drop(client);
    let exchange = proxy.exchange_of(me);
    assert_eq!(
        (words::exchange(&exchange), exchange.summary.messages),
        ("done 101 [upgraded]".to_owned(), 0)
    );
}

#[test]
fn each_event_can_be_read_from_the_capture_while_the_stream_is_open() {
    let proxy = Proxy::start(plain);
    let (go_on, told_so) = mpsc::channel::<()>();
    let told_so = Mutex::new(told_so);
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
        for number in 0..5 {
            let event = format!("event: tick\ndata: {{\"n\": {number}}}\n\n");
            peer.send(format!("{:x}\r\n{event}\r\n", event.len()));
            told_so.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        }
        peer.send("0\r\n\r\n");
    });
    let mut client = Peer::connect(proxy.address());
    let me = client.address();
    client.send(format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address()));
    client.read_head();
    for number in 0..5_u64 {
        client.read_through(b"\n\n\r\n");
        let row = proxy.row(|row| row.client == me.to_string() && row.messages > number);
        assert_eq!(row.state, State::Open);
        // The origin sends the next only when this one was read from the capture.
        let said = proxy.said(row.id, number + 1);
        let last = &said.last().unwrap();
        assert_eq!((last.number, last.message.form), (number, MessageForm::Event));
        assert_eq!(last.message.payload[..], format!("{{\"n\": {number}}}").into_bytes());
        assert!(last.message.says.contains("tick"), "{}", last.message.says);
        go_on.send(()).unwrap();
    }
    client.read_exact(5);
    let exchange = proxy.exchange_of(me);
    assert_eq!((words::exchange(&exchange), exchange.summary.messages), ("done 200".to_owned(), 5));
    let gaps: Vec<u64> = proxy.said(exchange.summary.id, 5).iter().map(|found| found.message.at).collect();
    assert!(gaps.is_sorted() && gaps[0] > 0, "{gaps:?}");
}

#[test]
fn a_stalled_store_does_not_hold_the_messages_stream_back() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.capture.unsaved = 64 * 1024;
    });
    let message = frame(0x82, true, &[7; 4000]);
    let count = 2000;
    let origin = Origin::start(move |peer, _| {
        peer.read_head();
        peer.send(ANSWER);
        for _ in 0..count {
            let came = peer.read_exact(4 + 4 + 4000);
            peer.send(frame(0x82, false, &came[8..]));
        }
        peer.read_exact(6);
        peer.send(frame(0x88, false, b""));
        peer.read_to_close();
    });
    let mut client = upgraded(&proxy, &origin);
    let me = client.address();
    // Nobody can write to the capture while this transaction is open.
    let db = rusqlite::Connection::open(proxy.capture().join("000001.db")).unwrap();
    db.busy_timeout(DEADLINE).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..count {
        client.send(&message);
        client.read_exact(4 + 4000);
    }
    client.send(frame(0x88, true, b""));
    client.read_exact(2);
    let lost = proxy.inbox().losses().messages;
    assert!(lost > 1000, "{lost} without their payload");
    db.execute_batch("ROLLBACK").unwrap();
    drop(client);
    let exchange = proxy.exchange_of(me);
    assert_eq!(words::exchange(&exchange), "done 101 [upgraded]");
    let said = proxy.said(exchange.summary.id, 2 * count + 2);
    assert_eq!(said.len() as u64, 2 * count + 2, "each is told of");
    let cut = said.iter().filter(|found| found.message.flags.has(MessageFlags::TRUNCATED)).count();
    assert_eq!(cut as u64, proxy.inbox().losses().messages);
}
