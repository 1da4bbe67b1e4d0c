//! Long bodies: equal at the other end, and whole in the capture or truncated where it says.

use super::{plain, words};
use crate::support::client::Peer;
use crate::support::origin::Origin;
use crate::support::proxy::Proxy;
use hopscope::config::{Pressure, Settings};
use hopscope::exchange::{BodyPlace, Exchange, Flags, Side, Truncation};

const MIB: usize = 1024 * 1024;

/// Bytes that repeat nowhere near, so that a shifted or swapped block shows.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The data of a chunked body, without its coding.
fn decoded(mut chunked: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let end = chunked.windows(2).position(|window| window == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&chunked[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return data;
        }
        data.extend_from_slice(&chunked[end + 2..end + 2 + size]);
        chunked = &chunked[end + 2 + size + 2..];
    }
}

/// Sends `up` with a length and gets `down` in chunks, through an intercepted tunnel; both must
/// arrive. Returns the exchange inside the tunnel.
fn both_ways(proxy: &Proxy, up: &[u8], down: &[u8]) -> Exchange {
    let (wanted, answer) = (up.to_vec(), down.to_vec());
    let origin = Origin::secured(proxy.origin_ca().server(), move |peer, _| {
        let (_, body) = peer.read_message();
        assert!(body == wanted, "the origin got other bytes than were sent");
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in answer.chunks(100_001) {
            peer.send(format!("{:X}\r\n", piece.len()));
            peer.send(piece);
            peer.send("\r\n");
        }
        peer.send("0\r\n\r\n");
    });
    let authority = format!("localhost:{}", origin.address().port());
    let tunnel = Peer::tunnel(proxy.address(), &authority);
    let me = tunnel.address();
    let mut client = tunnel.secured(proxy.pem(), "localhost").unwrap();
    client.send(format!("POST / HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {}\r\n\r\n", up.len()));
    client.send(up);
    let (head, body) = client.read_message();
    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", head.escape_ascii());
    assert!(decoded(&body) == down, "the client got other bytes than were sent");
    drop(client);
    proxy.exchanges_of(me, 2).remove(1)
}

/// The body is in the capture from its first byte to its last, under its hash.
fn assert_whole(proxy: &Proxy, exchange: &Exchange, side: Side, sent: &[u8]) {
    let body = exchange.body(side);
    assert!(body.complete, "{side:?}");
    assert_eq!((body.length, body.kept, body.truncated), (sent.len() as u64, sent.len() as u64, None));
    assert_eq!(body.place, BodyPlace::File(*blake3::hash(sent).as_bytes()), "{side:?}");
    assert!(proxy.body(exchange, side) == sent, "{side:?}: the capture holds other bytes");
}

/// Either whole, or truncated where it says: what is kept is the beginning.
fn assert_beginning(proxy: &Proxy, exchange: &Exchange, side: Side, sent: &[u8]) {
    let body = exchange.body(side);
    let kept = proxy.body(exchange, side);
    assert!(body.complete, "{side:?}: it went through whole");
    assert_eq!((body.length, body.kept), (sent.len() as u64, kept.len() as u64), "{side:?}");
    assert!(sent.starts_with(&kept), "{side:?}: what is kept is not the beginning");
    match body.truncated {
        None => assert_eq!(kept.len(), sent.len(), "{side:?}"),
        Some(why) => {
            assert_eq!(why, Truncation::Pressure, "{side:?}");
            assert!(kept.len() < sent.len() && exchange.summary.flags.has(Flags::TRUNCATED), "{side:?}");
        }
    }
}

#[test]
fn eight_mebibytes_each_way_through_an_intercepted_tunnel() {
    let proxy = Proxy::start(plain);
    let (up, down) = (bytes(8 * MIB, 1), bytes(8 * MIB + 1, 2));
    let exchange = both_ways(&proxy, &up, &down);
    assert_eq!(words::exchange(&exchange), "done 200");
    assert_whole(&proxy, &exchange, Side::Client, &up);
    assert_whole(&proxy, &exchange, Side::Origin, &down);
}

fn under(pressure: Pressure) -> impl FnOnce(&mut Settings) {
    move |settings| {
        plain(settings);
        settings.capture.pressure = pressure;
        settings.capture.unsaved = 64 * 1024;
    }
}

#[test]
fn pressure_block_keeps_every_byte_with_hardly_any_room() {
    let proxy = Proxy::start(under(Pressure::Block));
    let (up, down) = (bytes(3 * MIB, 3), bytes(3 * MIB, 4));
    let exchange = both_ways(&proxy, &up, &down);
    assert_eq!(words::exchange(&exchange), "done 200");
    assert_whole(&proxy, &exchange, Side::Client, &up);
    assert_whole(&proxy, &exchange, Side::Origin, &down);
}

#[test]
fn pressure_drop_keeps_a_beginning_with_hardly_any_room() {
    let proxy = Proxy::start(under(Pressure::Drop));
    let (up, down) = (bytes(3 * MIB, 5), bytes(3 * MIB, 6));
    let exchange = both_ways(&proxy, &up, &down);
    assert_beginning(&proxy, &exchange, Side::Client, &up);
    assert_beginning(&proxy, &exchange, Side::Origin, &down);
}

#[test]
fn pressure_drop_truncates_when_there_is_no_room_at_all() {
    let proxy = Proxy::start(under(Pressure::Drop));
    assert!(proxy.inbox().try_reserve(64 * 1024), "all of the room");
    let (up, down) = (bytes(MIB, 7), bytes(MIB, 8));
    let exchange = both_ways(&proxy, &up, &down);
    for (side, sent) in [(Side::Client, &up), (Side::Origin, &down)] {
        assert_beginning(&proxy, &exchange, side, sent);
        assert_eq!(exchange.body(side).truncated, Some(Truncation::Pressure));
    }
    assert_eq!(words::exchange(&exchange), "done 200 [truncated]");
    proxy.inbox().release(64 * 1024);
}

#[test]
fn max_body_keeps_so_much_and_no_more() {
    let proxy = Proxy::start(|settings| {
        plain(settings);
        settings.capture.max_body = Some(100_000);
    });
    let (up, down) = (bytes(MIB, 9), bytes(100_000, 10));
    let exchange = both_ways(&proxy, &up, &down);
    assert_eq!(exchange.request_body.truncated, Some(Truncation::Limit));
    assert_eq!((exchange.request_body.length, exchange.request_body.kept), (MIB as u64, 100_000));
    assert!(proxy.body(&exchange, Side::Client) == up[..100_000]);
    assert_whole(&proxy, &exchange, Side::Origin, &down);
}
