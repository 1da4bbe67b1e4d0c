//! Properties: the cuts between reads change nothing, no frames panic or hang, and what the tap refuses
//! h2 never sees.

use super::super::Role;
use super::super::frame::{FrameHead, HEAD, PREFACE, flag, kind};
use super::super::inbound::Inbound;
use super::super::outbound::{Outbound, Step};
use super::super::session::Session;
use super::harness::{GET, LIMITS, POST, field, raw, serve};
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Instant;

/// Reads `wire` in pieces of these sizes, over and over; returns what h2 and the peer get.
fn read(wire: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<u8>, Vec<String>) {
    let now = Instant::now();
    let mut session = Session::new(Role::Server, LIMITS);
    let mut inbound = Inbound::new(Role::Server);
    let mut engine = Vec::new();
    let (mut rest, mut turn) = (wire, 0);
    loop {
        loop {
            inbound.advance(&mut session, now);
            let before = engine.len();
            engine.extend_from_slice(&inbound.output.split());
            let count = inbound.payload().min(inbound.input.len());
            engine.extend_from_slice(&inbound.input.split_to(count));
            if count > 0 {
                inbound.passed(count);
            }
            if engine.len() == before {
                break;
            }
        }
        if rest.is_empty() {
            break;
        }
        let cut = cuts[turn % cuts.len()].min(rest.len());
        inbound.input.extend_from_slice(&rest[..cut]);
        rest = &rest[cut..];
        turn += 1;
    }
    let mut outbound = Outbound::new(Role::Server);
    outbound.insert(&mut session, now);
    let refused = std::iter::from_fn(|| session.take_refused());
    let refused =
        refused.map(|refused| format!("{} {} {}", refused.stream, refused.code, refused.fault)).collect();
    (engine, outbound.pending.to_vec(), refused)
}

fn block() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(GET.to_vec()),
        3 => Just(POST.to_vec()),
        2 => (0..6_usize).prop_map(|length| [POST, &field("content-length", &length.to_string())].concat()),
        1 => Just([GET, &field("connection", "close")].concat()),
        1 => Just(field("x-sum", "1")),
        1 => Just([GET, &field("a", &"v".repeat(5000))].concat()),
        1 => vec(any::<u8>(), 0..20),
    ]
}

fn frame() -> impl Strategy<Value = Vec<u8>> {
    let stream = prop_oneof![8 => 0..10_u32, 1 => any::<u32>()];
    let flags = prop_oneof![4 => Just(5_u8), 4 => Just(4), 2 => Just(1), 2 => Just(0), 2 => any::<u8>()];
    let payload = vec(any::<u8>(), 0..12);
    prop_oneof![
        4 => (flags.clone(), stream.clone(), block()).prop_map(|(flags, stream, block)| raw(kind::HEADERS, flags, stream, &block)),
        3 => (flags.clone(), stream.clone(), payload.clone()).prop_map(|(flags, stream, payload)| raw(kind::DATA, flags, stream, &payload)),
        1 => (flags.clone(), stream.clone(), block()).prop_map(|(flags, stream, block)| raw(kind::CONTINUATION, flags, stream, &block)),
        1 => (stream.clone(), any::<u32>()).prop_map(|(stream, code)| raw(kind::RST_STREAM, 0, stream, &code.to_be_bytes())),
        1 => (stream.clone(), 0..9_u32).prop_map(|(stream, more)| raw(kind::WINDOW_UPDATE, 0, stream, &more.to_be_bytes())),
        1 => (0..9_u16, 0..70_000_u32).prop_map(|(id, value)| raw(kind::SETTINGS, 0, 0, &[&id.to_be_bytes()[..], &value.to_be_bytes()].concat())),
        1 => (any::<u8>(), flags, stream, payload).prop_map(|(kind, flags, stream, payload)| raw(kind, flags, stream, &payload)),
    ]
}

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let frames = vec(frame(), 1..20);
    frames.prop_map(|frames| [PREFACE, &raw(kind::SETTINGS, 0, 0, &[])[..], &frames.concat()].concat())
}

/// The frames that h2 gets, checked to be whole.
fn frames(mut wire: &[u8]) -> Vec<FrameHead> {
    let mut frames = Vec::new();
    wire = wire.strip_prefix(&PREFACE[..]).unwrap_or(wire);
    while let Some(head) = FrameHead::read(wire) {
        frames.push(head);
        let Some(rest) = wire.get(HEAD + head.length..) else { break };
        wire = rest;
    }
    frames
}

proptest! {
    #[test]
    fn cuts_between_reads_change_nothing(wire in soup(), cuts in vec(1..40_usize, 1..8)) {
        prop_assert_eq!(read(&wire, &cuts), read(&wire, &[usize::MAX]));
    }

    #[test]
    fn h2_sees_only_whole_blocks_and_no_refused_stream(wire in soup()) {
        let (engine, peer, refused) = read(&wire, &[usize::MAX]);
        let seen = frames(&engine);
        for head in &seen {
            prop_assert!(head.kind != kind::CONTINUATION && head.kind != kind::PRIORITY && head.kind < 9);
            prop_assert!(head.kind != kind::HEADERS || head.has(flag::END_HEADERS));
            let is_refused = refused.iter().any(|line| line.starts_with(&format!("{} ", head.stream)));
            prop_assert!(head.stream == 0 || !is_refused, "{} {:?}", head.stream, refused);
        }
        // Behind GOAWAY nothing of the tap's is sent.
        let answers = frames(&peer);
        let goaway = answers.iter().position(|head| head.kind == kind::GOAWAY);
        prop_assert!(goaway.is_none_or(|at| at + 1 == answers.len()), "{answers:?}");
    }

    #[test]
    fn what_h2_writes_is_cut_anywhere(cuts in vec(1..30_usize, 1..8), payload in vec(any::<u8>(), 0..3000)) {
        let written = [
            raw(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9]),
            raw(kind::DATA, 0, 1, &payload),
            raw(kind::PING, flag::ACK, 0, b"12345678"),
            raw(kind::DATA, flag::END_STREAM, 1, &payload[..payload.len() / 2]),
            raw(kind::GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\0bye"),
        ]
        .concat();
        let now = Instant::now();
        let mut session = Session::new(Role::Server, LIMITS);
        session.streams.open_by_peer(1, false);
        let mut outbound = Outbound::new(Role::Server);
        let mut socket = Vec::new();
        let (mut rest, mut turn) = (&written[..], 0);
        while !rest.is_empty() {
            let offered = &rest[..cuts[turn % cuts.len()].min(rest.len())];
            turn += 1;
            let taken = match outbound.step(&mut session, offered, now) {
                Step::Took(taken) => taken,
                Step::Payload(length) => {
                    socket.extend_from_slice(&outbound.pending);
                    outbound.drain(outbound.pending.len());
                    let count = length.min(offered.len());
                    socket.extend_from_slice(&offered[..count]);
                    outbound.passed(count);
                    count
                }
                Step::Wait => unreachable!("no section is written"),
            };
            rest = &rest[taken..];
        }
        socket.extend_from_slice(&outbound.pending);
        prop_assert_eq!(socket, written);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_frames_panic_or_hang_h2_above_the_tap(wire in soup()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut peer, server) = serve(LIMITS, |_| {});
            peer.send(&wire).await;
            // What soup ends within a block or a frame is ended by this.
            peer.send(&[0xff; 64]).await;
            drop(server.handle);
            tokio::io::AsyncWriteExt::shutdown(&mut peer.io).await.ok();
            while peer.frame().await.is_some() {}
            drop(peer);
            server.task.await.unwrap().ok();
        });
    }
}
