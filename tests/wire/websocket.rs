//! RFC 6455 and 7692 through the hop: whatever is sent passes octet for octet, both ways and by every way, and
//! what is wrong with it is noted. The groups are those of the Autobahn test suite.

use super::connect::{accepting, exactly, open};
use super::plain;
use super::talks::frame;
use crate::support::client::Peer;
use crate::support::http2::{World, write};
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use flate2::{Compress, Compression, FlushCompress};
use hopscope::exchange::Side;
use rustls::ServerConfig;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const RSV1: u8 = 0x40;
const MIB: usize = 1024 * 1024;

/// One WebSocket: these frames go from the client, masked, and then from the origin.
struct Talk {
    name: String,
    /// First octets and payloads.
    frames: Vec<(u8, Vec<u8>)>,
    /// Octets that the client sends at a time; 0 for all at once.
    pieces: usize,
    /// What the record remarks on both directions; empty for nothing.
    says: &'static str,
    /// `Sec-WebSocket-Extensions` of the answer.
    agreed: &'static str,
}

fn talk(name: impl Into<String>, frames: Vec<(u8, Vec<u8>)>, says: &'static str) -> Talk {
    Talk { name: name.into(), frames, pieces: 0, says, agreed: "" }
}

/// A talk of one frame.
fn one(name: impl Into<String>, first: u8, payload: impl Into<Vec<u8>>, says: &'static str) -> Talk {
    talk(name, vec![(first, payload.into())], says)
}

/// The way by which a WebSocket goes through the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Intercepted,
    /// From an extended CONNECT (RFC 8441) to an Upgrade.
    Http2,
}

/// Plays all talks on all ways, and fails with the names of those that did not pass.
fn play(talks: &[Talk]) {
    let (world, proxy) = (World::new(), Proxy::start(plain));
    let mut failed = Vec::new();
    for talk in talks {
        for way in [Way::Plain, Way::Intercepted, Way::Http2] {
            if catch_unwind(AssertUnwindSafe(|| pass(&world, &proxy, talk, way))).is_err() {
                failed.push(format!("{} ({way:?})", talk.name));
            }
        }
    }
    assert!(failed.is_empty(), "{} failed:\n  {}", failed.len(), failed.join("\n  "));
}

fn pass(world: &World, proxy: &Proxy, talk: &Talk, way: Way) {
    let of = |masked| talk.frames.iter().flat_map(move |(first, payload)| frame(*first, masked, payload));
    let (up, down): (Vec<u8>, Vec<u8>) = (of(true).collect(), of(false).collect());
    let agreed = match talk.agreed {
        "" => String::new(),
        agreed => format!("Sec-WebSocket-Extensions: {agreed}\r\n"),
    };
    let (takes, sends) = (up.len(), down.clone());
    let script = move |peer: &mut Peer, _: usize| {
        let head = peer.read_head();
        peer.send(accepting(&head, &agreed));
        peer.read_exact(takes);
        peer.send(&sends);
        peer.read_to_close();
    };
    let origin = match way {
        Way::Plain => Origin::start(script),
        _ => Origin::secured(http1_only(&proxy.origin_ca().server()), script),
    };
    let (me, before) = match way {
        Way::Http2 => {
            let client = world.client_only(proxy, origin.address());
            world.run(async {
                let (answer, mut stream) = open(&client, "/ws").await;
                write(&mut stream, up.clone(), false).await.unwrap();
                assert!(exactly(&mut answer.into_body(), down.len()).await == down, "toward the client");
            });
            (client.address(), 1)
        }
        way => {
            let mut client = upgraded(proxy, &origin, way);
            match talk.pieces {
                0 => client.send(&up),
                pieces => client.send_pieces(&up, pieces),
            }
            assert!(client.read_exact(down.len()) == down, "toward the client");
            (client.address(), usize::from(way == Way::Intercepted))
        }
    };
    let came = origin.ended(0);
    let head = came.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
    assert!(came[head..] == up, "toward the origin");
    let exchange = proxy.exchanges_of(me, before + 1).remove(before);
    let said = proxy.said(exchange.summary.id, exchange.summary.messages);
    for side in [Side::Client, Side::Origin] {
        let of_it = said.iter().filter(|found| found.message.side == side);
        let remarks: Vec<_> = of_it.map(|found| found.message.says.as_str()).collect();
        let is_noted = match talk.says {
            "" => remarks.iter().all(|says| says.is_empty()),
            says => remarks.iter().any(|remark| remark.contains(says)),
        };
        assert!(is_noted && !remarks.is_empty(), "{}: {side:?} {remarks:?}", talk.name);
    }
}

fn http1_only(config: &Arc<ServerConfig>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(config);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A client of HTTP/1.1 behind its handshake.
fn upgraded(proxy: &Proxy, origin: &Origin, way: Way) -> Peer {
    let authority = format!("localhost:{}", origin.address().port());
    let (mut client, target) = if way == Way::Plain {
        (Peer::connect(proxy.address()), format!("http://{authority}/ws"))
    } else {
        let tunnel = Peer::tunnel(proxy.address(), &authority);
        (tunnel.secured(proxy.pem(), "localhost").unwrap(), "/ws".to_owned())
    };
    client.send(format!(
        "GET {target} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ));
    let head = client.read_head();
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
    client
}

/// Text of so many octets.
fn text(length: usize) -> Vec<u8> {
    b"hopscope ".iter().copied().cycle().take(length).collect()
}

#[test]
fn autobahn_1_framing_at_each_boundary_of_lengths() {
    let mut talks = Vec::new();
    for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
        talks.push(one(format!("1.1 text of {length}"), TEXT, text(length), ""));
        talks.push(one(format!("1.2 binary of {length}"), BINARY, vec![0xfe; length], ""));
    }
    talks.push(Talk { pieces: 997, ..one("1.1.8 in pieces", TEXT, text(65_536), "") });
    talks.push(Talk { pieces: 1, ..one("octet by octet", TEXT, text(300), "") });
    play(&talks);
}

#[test]
fn autobahn_2_pings_and_pongs() {
    let ten = (0..10).map(|number| (PING, vec![number])).collect();
    play(&[
        one("2.1 empty ping", PING, "", ""),
        one("2.2 ping", PING, "Hello", ""),
        one("2.3 binary ping", PING, vec![0, 255, 254, 0], ""),
        one("2.4 ping of 125", PING, vec![7; 125], ""),
        one("2.5 ping of 126", PING, vec![7; 126], "over 125 (RFC 6455 5.5)"),
        Talk { pieces: 1, ..one("2.6 ping of 125, octet by octet", PING, vec![7; 125], "") },
        one("2.7 pong that nobody asked for", PONG, "", ""),
        talk("2.9 pong and ping", vec![(PONG, b"x".to_vec()), (PING, b"y".to_vec())], ""),
        talk("2.10 ten pings", ten, ""),
    ]);
}

#[test]
fn autobahn_3_and_4_reserved_bits_and_opcodes() {
    let mut talks = Vec::new();
    for bits in 1..8_u8 {
        for first in [TEXT, BINARY, CLOSE, PING] {
            let frames = vec![(TEXT, b"before".to_vec()), (first | bits << 4, b"x".to_vec()), (PING, vec![])];
            talks.push(talk(
                format!("3 bits {bits} of {first:#x}"),
                frames,
                "no extension was agreed for it",
            ));
        }
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let frames = vec![(TEXT, b"before".to_vec()), (0x80 | opcode, b"x".to_vec()), (PING, vec![])];
        talks.push(talk(format!("4 opcode {opcode}"), frames, "reserved opcode"));
    }
    play(&talks);
}

#[test]
fn autobahn_5_fragments() {
    let part = |first: u8, payload: &str| (first, payload.as_bytes().to_vec());
    let (begins, goes_on, ends) = (part(1, "frag"), part(0, "ment"), part(0x80, "ed"));
    let ping = || part(PING, "between");
    play(&[
        talk("5.1 a ping in two", vec![part(9, "a"), ends.clone()], "a fragmented control frame"),
        talk("5.2 a pong in two", vec![part(10, "a"), ends.clone()], "a fragmented control frame"),
        talk("5.3 text in two", vec![begins.clone(), ends.clone()], ""),
        Talk { pieces: 1, ..talk("5.5 octet by octet", vec![begins.clone(), ends.clone()], "") },
        talk("5.6 with a ping between", vec![begins.clone(), ping(), ends.clone()], ""),
        talk(
            "5.9 a continuation of nothing",
            vec![ends.clone(), part(TEXT, "x")],
            "a continuation of no message",
        ),
        talk(
            "5.12 the same without an end",
            vec![goes_on.clone(), part(TEXT, "x")],
            "a continuation of no message",
        ),
        talk(
            "5.15 text after a message, continued",
            vec![begins.clone(), ends.clone(), goes_on.clone(), part(TEXT, "x")],
            "a continuation of no message",
        ),
        talk(
            "5.18 a message within another",
            vec![begins.clone(), part(TEXT, "x")],
            "a new message within another",
        ),
        talk(
            "5.19 in five with pings",
            vec![begins.clone(), goes_on.clone(), ping(), goes_on.clone(), goes_on, ping(), ends],
            "",
        ),
        talk("empty fragments", vec![part(1, ""), part(0, ""), part(0x80, "")], ""),
    ]);
}

#[test]
fn autobahn_6_utf8() {
    let valid = "Hello-\u{b5}@\u{df}\u{f6}\u{e4}\u{fc}\u{e0}\u{e1}-UTF-8!! \u{3ba}\u{1f33} \u{10ffff} \0";
    let octets = |text: &[u8]| -> Vec<(u8, Vec<u8>)> {
        let last = text.len() - 1;
        let first = |at| if at == last { 0x80 } else { u8::from(at == 0) };
        text.iter().enumerate().map(|(at, octet)| (first(at), vec![*octet])).collect()
    };
    let mut talks = vec![
        one("6.2.1 valid", TEXT, valid, ""),
        talk("6.2.3 each octet a fragment", octets(valid.as_bytes()), ""),
        Talk { pieces: 1, ..one("6.2.4 octet by octet", TEXT, valid, "") },
        talk("6.3.2 invalid, each octet a fragment", octets(b"\xce\xba\xed\xa0\x80edited"), "not UTF-8"),
    ];
    for invalid in [
        &b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65"[..],
        b"\xf4\x90\x80\x80",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xff",
        b"\xfe\xfe\xff\xff",
        b"\x80",
        b"\xce",
        b"\xf8\x88\x80\x80\x80",
    ] {
        talks.push(one(format!("6 invalid {}", invalid.escape_ascii()), TEXT, invalid, "not UTF-8"));
    }
    play(&talks);
}

#[test]
fn autobahn_7_closing() {
    let code = |code: u16, reason: &[u8]| [&code.to_be_bytes()[..], reason].concat();
    let mut talks = vec![
        talk(
            "7.1.1 text and Close",
            vec![(TEXT, b"bye".to_vec()), (CLOSE, code(1000, b""))],
            "1000 normal closure",
        ),
        talk("7.1.2 two of them", vec![(CLOSE, code(1000, b"")), (CLOSE, code(1000, b""))], "after Close"),
        talk("7.1.3 a ping behind it", vec![(CLOSE, code(1000, b"")), (PING, vec![])], "after Close"),
        talk("7.1.4 text behind it", vec![(CLOSE, code(1000, b"")), (TEXT, b"x".to_vec())], "after Close"),
        talk(
            "7.1.5 a fragment behind it",
            vec![(1, b"x".to_vec()), (CLOSE, code(1000, b"")), (0x80, b"y".to_vec())],
            "after Close",
        ),
        talk(
            "7.1.6 large text, Close, a ping",
            vec![(TEXT, text(256 * 1024)), (CLOSE, code(1000, b"")), (PING, vec![])],
            "after Close",
        ),
        one("7.3.1 empty", CLOSE, "", "without a code"),
        one("7.3.2 of one octet", CLOSE, vec![3], "one octet"),
        one("7.3.4 with a reason", CLOSE, code(1000, b"Hello World!"), "1000 normal closure: Hello World!"),
        one("7.3.5 with a reason of 123", CLOSE, code(1000, &[b'*'; 123]), "1000 normal closure"),
        one("7.3.6 with a reason of 124", CLOSE, code(1000, &[b'*'; 124]), "over 125"),
        one("7.5.1 with a reason that is no UTF-8", CLOSE, code(1000, b"\xce\xba\xed\xa0\x80"), "not UTF-8"),
    ];
    for number in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        talks.push(one(format!("7.7 code {number}"), CLOSE, code(number, b"why"), ": why"));
    }
    for number in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        talks.push(one(format!("7.9 and 7.13 code {number}"), CLOSE, code(number, b"why"), "(RFC 6455 7.4"));
    }
    play(&talks);
}

#[test]
fn autobahn_9_and_10_large_and_many() {
    let in_parts = |first: u8, total: usize, size: usize| -> Vec<(u8, Vec<u8>)> {
        let (payload, count) = (text(total), total.div_ceil(size));
        let head = |at| (if at == 0 { first & 0x0f } else { 0 }) | if at + 1 == count { 0x80 } else { 0 };
        payload.chunks(size).enumerate().map(|(at, part)| (head(at), part.to_vec())).collect()
    };
    play(&[
        one("9.1.6 text of 16 MiB", TEXT, text(16 * MIB), ""),
        one("9.2.6 binary of 16 MiB", BINARY, vec![0xfe; 16 * MIB], ""),
        talk("9.3 text of 1 MiB in frames of 64", in_parts(TEXT, MIB, 64), ""),
        talk("9.4 binary of 4 MiB in frames of 4 KiB", in_parts(BINARY, 4 * MIB, 4096), ""),
        Talk { pieces: 64, ..one("9.5 text of 256 KiB in writes of 64", TEXT, text(256 * 1024), "") },
        talk("9.7 a thousand texts of 0", vec![(TEXT, Vec::new()); 1000], ""),
        talk("9.8 a thousand binaries of 1,024", vec![(BINARY, vec![1; 1024]); 1000], ""),
        talk("10.1 text of 65,536 in frames of 1,300", in_parts(TEXT, 65_536, 1300), ""),
    ]);
}

/// Messages as permessage-deflate sends them (RFC 7692 7.2.1), with or without the context of those before.
fn deflated(messages: &[Vec<u8>], takeover: bool) -> Vec<(u8, Vec<u8>)> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut frames = Vec::new();
    for message in messages {
        if !takeover {
            compress.reset();
        }
        let mut payload = Vec::with_capacity(message.len() + 64);
        compress.compress_vec(message, &mut payload, FlushCompress::Sync).unwrap();
        assert!(payload.ends_with(&[0, 0, 0xff, 0xff]));
        payload.truncate(payload.len() - 4);
        frames.push((TEXT | RSV1, payload));
    }
    frames
}

#[test]
fn autobahn_12_and_13_permessage_deflate() {
    let messages: Vec<Vec<u8>> =
        [16, 64, 256, 1024, 4096].map(text).into_iter().chain([Vec::new()]).collect();
    let mut talks = Vec::new();
    for agreed in [
        "permessage-deflate",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        "permessage-deflate; client_max_window_bits=15; server_max_window_bits=15; client_no_context_takeover",
    ] {
        // A context that both may keep, or that none may.
        let takeover = !agreed.contains("no_context");
        let whole = deflated(&messages, takeover);
        talks.push(Talk { agreed, ..talk(format!("12 {agreed}"), whole.clone(), "") });
        let in_two = whole.iter().flat_map(|(first, payload)| {
            let (front, back) = payload.split_at(payload.len() / 2);
            [(first & !0x80, front.to_vec()), (PING, b"between".to_vec()), (0x80, back.to_vec())]
        });
        talks.push(Talk { agreed, ..talk(format!("13 in two, {agreed}"), in_two.collect(), "") });
        let beside = [whole, vec![(TEXT, b"not compressed".to_vec())]].concat();
        talks.push(Talk { agreed, pieces: 7, ..talk(format!("beside plain text, {agreed}"), beside, "") });
    }
    let damaged = vec![(TEXT | RSV1, vec![0xff; 20])];
    talks.push(Talk {
        agreed: "permessage-deflate",
        ..talk("damaged", damaged, "the compressed data is damaged")
    });
    let misplaced = vec![(PING | RSV1, b"x".to_vec())];
    talks.push(Talk {
        agreed: "permessage-deflate",
        ..talk("RSV1 on a ping", misplaced, "RSV1 on a control frame")
    });
    play(&talks);
}
