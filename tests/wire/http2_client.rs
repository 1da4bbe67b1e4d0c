//! RFC 9113 from the client's side, clause by clause: what a client breaks is answered with the code and the
//! scope that the clause names, and whatever is allowed passes. RFC 7541, 8441 and 9110 where 9113 leans on them.

use super::http2_stand::Want::{Answers, GoAway, Reset};
use super::http2_stand::{Stand, are_malformed, case, change_setting, fine, late, to_end};
use crate::support::frames::code::{
    COMPRESSION_ERROR, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR,
    REFUSED_STREAM, STREAM_CLOSED,
};
use crate::support::frames::{
    asking, block, credit, data, field, flag, frame, get, go_away, kind, post, post_with, reset, setting,
};
use crate::support::http2::{PREFACE, raw_tunnel};

/// One octet more than a frame may have.
fn long() -> Vec<u8> {
    vec![0; 16_385]
}

/// GET whose block is this.
fn section(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(kind::HEADERS, flag::WHOLE, stream, block)
}

/// A request that the origin does not answer: its stream stays half-closed.
fn held(stream: u32) -> Vec<u8> {
    let fields = [(":method", "GET"), (":scheme", "https"), (":path", "/hold"), (":authority", "localhost")];
    section(stream, &block(&fields))
}

/// The same with the request's side still open.
fn open(stream: u32) -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "https"), (":path", "/hold"), (":authority", "localhost")];
    frame(kind::HEADERS, flag::END_HEADERS, stream, &block(&fields))
}

fn priority(stream: u32, on: u32) -> Vec<u8> {
    frame(kind::PRIORITY, 0, stream, &[&on.to_be_bytes()[..], &[15]].concat())
}

fn ping(flags: u8) -> Vec<u8> {
    frame(kind::PING, flags, 0, b"payload!")
}

fn more(stream: u32, flags: u8, part: &[u8]) -> Vec<u8> {
    frame(kind::CONTINUATION, flags, stream, part)
}

/// A POST's HEADERS whose block goes on.
fn begun(stream: u32) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_STREAM, stream, &asking("GET", &[]))
}

#[test]
fn rfc9113_3_4_the_preface() {
    let stand = Stand::new();
    let settings = frame(kind::SETTINGS, 0, 0, &[]);
    for (name, octets) in [
        ("HTTP/1.1", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("another preface", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec()),
        ("no preface", settings.clone()),
        ("PING first", [PREFACE, &ping(0)].concat()),
        ("HEADERS first", [PREFACE, &get(1)].concat()),
        ("an acknowledgment first", [PREFACE, &frame(kind::SETTINGS, flag::ACK, 0, &[])].concat()),
        ("an unknown type first", [PREFACE, &frame(0xfa, 0, 0, b"x"), &settings].concat()),
    ] {
        stand.world.run(async {
            let (mut raw, me) = raw_tunnel(&stand.proxy, stand.origin.address()).await;
            raw.put(&octets).await;
            let came = to_end(&mut raw).await;
            let last = came.last().unwrap_or_else(|| panic!("{name}: nothing came"));
            assert_eq!((last.kind, last.code()), (kind::GOAWAY, Some(PROTOCOL_ERROR)), "{name}: {came:?}");
            stand.is_recorded(me, "RFC 9113 3.4");
        });
    }
}

#[test]
fn rfc9113_4_1_what_is_not_known_is_ignored() {
    let odd = |kind: u8, known: u8, stream: u32, payload: &[u8]| frame(kind, !known, stream, payload);
    let trailing = [post(1), data(1, 0, b"x"), odd(kind::DATA, flag::PADDED, 1, b"y")].concat();
    Stand::new().play(&[
        fine(
            "types",
            &[frame(0xfa, 0xff, 0, b"x"), post(1), frame(0xfb, 0xff, 1, &[7; 900]), data(1, 1, b"")],
            1,
        ),
        fine(
            "types on idle and closed streams",
            &[frame(0x0a, 0, 9, b""), get(1), frame(0x11, 0, 1, b"x")],
            1,
        ),
        fine(
            "flags of HEADERS",
            &[odd(kind::HEADERS, flag::PADDED | flag::PRIORITY, 1, &asking("GET", &[]))],
            1,
        ),
        fine("flags of DATA", &[trailing], 1),
        fine("flags of PRIORITY", &[odd(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 15]), get(1)], 1),
        fine("flags of SETTINGS", &[odd(kind::SETTINGS, flag::ACK, 0, &[]), get(1)], 1),
        fine("flags of WINDOW_UPDATE", &[odd(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 99]), get(1)], 1),
        fine("flags of RST_STREAM", &[open(1), odd(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]), get(3)], 1),
        fine("flags of PING", &[odd(kind::PING, flag::ACK, 0, b"payload!"), get(1)], 1),
        fine("flags of CONTINUATION", &[begun(1), odd(kind::CONTINUATION, 0, 1, &field("a", "b"))], 1),
        fine("the reserved bit of streams", &[get(1 | 1 << 31), post(3), data(3 | 1 << 31, 1, b"x")], 2),
        fine("the reserved bit of increments", &[get(1), credit(0, 0x63 | 1 << 31)], 1),
        fine("settings (6.5.2)", &[setting(0xcafe, 7), setting(0, 0), get(1)], 1),
        fine("codes (7)", &[open(1), reset(1, 0xdead_beef), get(3)], 1),
    ]);
}

#[test]
fn rfc9113_4_2_frame_sizes() {
    let size = |name, frames: &[Vec<u8>]| case(name, frames, GoAway(FRAME_SIZE_ERROR), "RFC 9113 4.2");
    Stand::new().play(&[
        fine("16,384 octets of DATA", &[post(1), data(1, 1, &long()[1..])], 1),
        fine("16,384 octets of an unknown type", &[frame(0xfa, 0, 1, &long()[1..]), get(1)], 1),
        case("DATA", &[open(1), data(1, 0, &long())], Reset(1, FRAME_SIZE_ERROR), "RFC 9113 4.2"),
        case(
            "PRIORITY",
            &[open(1), frame(kind::PRIORITY, 0, 1, &long())],
            Reset(1, FRAME_SIZE_ERROR),
            "RFC 9113 4.2",
        ),
        size("DATA on stream 0", &[frame(kind::DATA, 0, 0, &long())]),
        size("HEADERS", &[section(1, &long())]),
        size("trailers", &[post(1), section(1, &long())]),
        size("CONTINUATION", &[begun(1), more(1, flag::END_HEADERS, &long())]),
        size("SETTINGS", &[frame(kind::SETTINGS, 0, 0, &vec![0; 16_386])]),
        size("PING", &[frame(kind::PING, 0, 0, &long())]),
        size("GOAWAY", &[frame(kind::GOAWAY, 0, 0, &long())]),
        size("WINDOW_UPDATE", &[frame(kind::WINDOW_UPDATE, 0, 0, &long())]),
        size("RST_STREAM", &[open(1), frame(kind::RST_STREAM, 0, 1, &long())]),
        size("an unknown type on stream 0", &[frame(0xfa, 0, 0, &long())]),
        size("HEADERS padded and empty", &[frame(kind::HEADERS, flag::WHOLE | flag::PADDED, 1, &[])]),
        size(
            "HEADERS too short for a priority",
            &[frame(kind::HEADERS, flag::WHOLE | flag::PRIORITY, 1, &[0; 4])],
        ),
    ]);
}

#[test]
fn rfc9113_4_3_field_blocks() {
    let bad = |name, octets: &[u8], clause| {
        case(
            name,
            &[section(1, &[asking("GET", &[]), octets.to_vec()].concat())],
            GoAway(COMPRESSION_ERROR),
            clause,
        )
    };
    let first = |octets: &[u8]| section(1, &[octets, &asking("GET", &[])].concat());
    let eos = [&[0, 1, b'a', 0x84][..], &[0xff; 4]].concat();
    Stand::new().play(&[
        bad("index 0", &[0x80], "RFC 7541 2.3.3"),
        bad("an index beyond the tables", &[0xff, 0x7f], "RFC 7541 2.3.3"),
        bad("a name's index beyond the tables", &[0x7f, 0x7f, 1, b'x'], "RFC 7541 2.3.3"),
        bad(
            "an integer without end",
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "RFC 7541 5.1",
        ),
        bad("a name that is cut", &[0, 5, b'a'], "RFC 9113 4.3"),
        bad("a value that is cut", &[0, 1, b'a', 3, b'b'], "RFC 9113 4.3"),
        bad("a literal without its value", &[0, 1, b'a'], "RFC 9113 4.3"),
        bad("EOS within a string", &eos, "RFC 7541 5.2"),
        bad("padding of eight bits", &[0, 1, b'a', 0x82, 0x1f, 0xff], "RFC 7541 5.2"),
        bad("padding of zeros", &[0, 1, b'a', 0x81, 0x18], "RFC 7541 5.2"),
        bad("a table size behind a field", &[0x20], "RFC 7541 4.2"),
        case(
            "a table size beyond SETTINGS",
            &[first(&[0x3f, 0xe2, 0x1f])],
            GoAway(COMPRESSION_ERROR),
            "RFC 7541 6.3",
        ),
        fine("table sizes at the start", &[first(&[0x20, 0x3f, 0xe1, 0x1f])], 1),
        fine("a block in single octets", &[in_octets(1)], 1),
        case("in trailers", &[post(1), section(1, &[0xbf])], GoAway(COMPRESSION_ERROR), "RFC 7541 2.3.3"),
        case(
            "on a stream that is ignored",
            &[first(&field("A", "b")), section(1, &[0xbf])],
            GoAway(COMPRESSION_ERROR),
            "RFC 7541 2.3.3",
        ),
        case(
            "a table kept through what is refused",
            &through_refused(),
            Reset(1, PROTOCOL_ERROR),
            "RFC 9113 8.2.2",
        ),
    ]);
}

/// A GET whose block comes in frames of one octet.
fn in_octets(stream: u32) -> Vec<u8> {
    let block = asking("GET", &[]);
    let mut frames = frame(kind::HEADERS, flag::END_STREAM, stream, &[]);
    for (at, octet) in (1..).zip(&block) {
        let flags = if at == block.len() { flag::END_HEADERS } else { 0 };
        frames.extend(more(stream, flags, &[*octet]));
    }
    frames
}

/// What a refused section put into the table is used by the next.
fn through_refused() -> Vec<Vec<u8>> {
    let into_table = [&[0x40, 1][..], b"x", &[1], b"y"].concat();
    let refused = [asking("GET", &[("connection", "x")]), into_table].concat();
    vec![section(1, &refused), reset(1, 8), section(3, &[asking("GET", &[]), vec![0xbe]].concat())]
}

#[test]
fn rfc9113_5_1_idle_streams() {
    let idle = |name, frames: &[Vec<u8>], clause| case(name, frames, GoAway(PROTOCOL_ERROR), clause);
    Stand::new().play(&[
        idle("DATA", &[data(1, 1, b"x")], "RFC 9113 5.1"),
        idle("DATA above one that is open", &[open(1), data(3, 0, b"x")], "RFC 9113 5.1"),
        idle("RST_STREAM", &[reset(1, 8)], "RFC 9113 6.4"),
        idle("WINDOW_UPDATE", &[credit(1, 100)], "RFC 9113 5.1"),
        idle("CONTINUATION", &[more(1, flag::END_HEADERS, &asking("GET", &[]))], "RFC 9113 6.10"),
        idle("DATA on a stream of the server's", &[data(2, 1, b"x")], "RFC 9113 5.1"),
        idle("WINDOW_UPDATE on a stream of the server's", &[credit(2, 100)], "RFC 9113 5.1"),
        idle("RST_STREAM on a stream of the server's", &[reset(2, 8)], "RFC 9113 6.4"),
        fine("PRIORITY", &[priority(1, 0), priority(9, 3), get(1)], 1),
    ]);
}

#[test]
fn rfc9113_5_1_half_closed_streams() {
    let closed = |name, frames: &[Vec<u8>]| case(name, frames, Reset(1, STREAM_CLOSED), "RFC 9113 5.1");
    Stand::new().play(&[
        closed("DATA", &[held(1), data(1, 0, b"x")]),
        closed("DATA that ends", &[held(1), data(1, 1, b"")]),
        closed("HEADERS", &[held(1), get(1)]),
        closed("DATA behind DATA that ended", &[open(1), data(1, 1, b"x"), data(1, 1, b"y")]),
        closed(
            "HEADERS behind trailers",
            &[open(1), section(1, &field("a", "b")), section(1, &field("a", "b"))],
        ),
        case("CONTINUATION", &[held(1), more(1, 4, &[])], GoAway(PROTOCOL_ERROR), "RFC 9113 6.10"),
        fine("WINDOW_UPDATE and PRIORITY", &[held(1), credit(1, 100), priority(1, 0), get(3)], 1),
        fine("RST_STREAM is not answered by another", &[held(1), reset(1, 8), get(3)], 1),
    ]);
}

#[test]
fn rfc9113_5_1_closed_streams() {
    let after_reset = |name, late: Vec<u8>| {
        case(name, &[open(1), reset(1, 8), late], Reset(1, STREAM_CLOSED), "RFC 9113 5.1")
    };
    let over = |name, frames: &[Vec<u8>]| late(name, frames, GoAway(STREAM_CLOSED), "RFC 9113 5.1");
    Stand::new().play(&[
        after_reset("DATA behind the client's reset", data(1, 0, b"x")),
        after_reset("HEADERS behind the client's reset", section(1, &field("a", "b"))),
        fine(
            "what may come behind it",
            &[open(1), reset(1, 8), priority(1, 0), credit(1, 9), reset(1, 8), get(3)],
            1,
        ),
        over("DATA", &[data(1, 1, b"x")]),
        over("HEADERS", &[get(1)]),
        late("CONTINUATION", &[more(1, 4, &[])], GoAway(PROTOCOL_ERROR), "RFC 9113 6.10"),
        late(
            "WINDOW_UPDATE, PRIORITY and RST_STREAM (6.9)",
            &[credit(1, 9), priority(1, 0), reset(1, 8)],
            Answers(0),
            "",
        ),
    ]);
}

#[test]
fn rfc9113_5_1_frames_behind_our_reset_are_ignored() {
    let short = || post_with(1, &[("content-length", "1")]);
    let many =
        [short(), data(1, 0, b"xy"), data(1, 0, b"z"), credit(1, 9), priority(1, 0), reset(1, 8), get(3)];
    let trailers = [short(), data(1, 0, b"xy"), section(1, &field("a", "b"))];
    Stand::new().play(&[
        case("all sorts", &many, Reset(1, PROTOCOL_ERROR), "RFC 9113 8.1.1"),
        case("trailers", &trailers, Reset(1, PROTOCOL_ERROR), "RFC 9113 8.1.1"),
    ]);
}

#[test]
fn rfc9113_5_1_1_stream_identifiers() {
    let bad = |name, frames: &[Vec<u8>]| case(name, frames, GoAway(PROTOCOL_ERROR), "RFC 9113 5.1.1");
    Stand::new().play(&[
        bad("an even number", &[get(2)]),
        bad("a lower number", &[get(5), get(3)]),
        bad("a lower number behind a refused one", &[section(5, &field("A", "b")), get(3)]),
        fine("numbers left out", &[get(1), get(7), get(101)], 3),
    ]);
}

#[test]
fn rfc9113_5_1_2_streams_at_once() {
    let stand = Stand::with(|settings| settings.limits.streams = 3);
    let three = [held(1), open(3), held(5)].concat();
    stand.play(&[case(
        "one more",
        &[three.clone(), get(7), reset(1, 8)],
        Reset(7, REFUSED_STREAM),
        "RFC 9113 5.1.2",
    )]);
    stand.world.run(async {
        let (mut raw, _) = stand.client().await;
        raw.put(&[three, reset(3, 8), get(7)].concat()).await;
        assert_eq!(raw.next(kind::HEADERS).await.unwrap().1, 7, "a stream that ends makes room");
    });
}

#[test]
fn rfc9113_5_4_2_a_reset_is_not_answered_by_a_reset() {
    Stand::new().play(&[fine("twice", &[open(1), reset(1, 8), reset(1, 8), get(3)], 1)]);
}

#[test]
fn rfc9113_5_5_and_6_10_nothing_stands_within_a_block() {
    let within = |name, between: Vec<u8>| {
        case(name, &[begun(1), between, more(1, 4, &[])], GoAway(PROTOCOL_ERROR), "RFC 9113 6.10")
    };
    Stand::new().play(&[
        within("an unknown type", frame(0xfa, 0, 0, b"x")),
        within("an unknown type on the stream", frame(0xfa, 0, 1, b"x")),
        within("PING", ping(0)),
        within("SETTINGS", setting(0xcafe, 1)),
        within("PRIORITY", priority(1, 0)),
        within("WINDOW_UPDATE", credit(0, 100)),
        within("DATA", data(1, 0, b"x")),
        within("RST_STREAM", reset(1, 8)),
        within("GOAWAY", go_away(0, 0)),
        within("HEADERS of the stream", get(1)),
        within("HEADERS of another", get(3)),
        within("CONTINUATION of another", more(3, 4, &[])),
        within("CONTINUATION of stream 0", more(0, 4, &[])),
        case(
            "CONTINUATION behind the end",
            &[begun(1), more(1, 4, &[]), more(1, 4, &[])],
            GoAway(PROTOCOL_ERROR),
            "RFC 9113 6.10",
        ),
        case(
            "CONTINUATION behind a whole HEADERS",
            &[get(1), more(1, 4, &[])],
            GoAway(PROTOCOL_ERROR),
            "RFC 9113 6.10",
        ),
        case(
            "CONTINUATION behind DATA",
            &[open(1), data(1, 0, b"x"), more(1, 4, &[])],
            GoAway(PROTOCOL_ERROR),
            "RFC 9113 6.10",
        ),
        case("CONTINUATION on stream 0", &[more(0, 4, &[])], GoAway(PROTOCOL_ERROR), "RFC 9113 6.10"),
    ]);
}

#[test]
fn rfc9113_6_1_data() {
    let padded = |length: u8, rest: &[u8]| data(1, flag::PADDED | 1, &[&[length], rest].concat());
    let bad = |name, frames: &[Vec<u8>]| case(name, frames, GoAway(PROTOCOL_ERROR), "RFC 9113 6.1");
    Stand::new().play(&[
        bad("stream 0", &[data(0, 0, b"x")]),
        bad("padding as long as the frame", &[post(1), padded(5, &[0; 4])]),
        bad("padding longer than the frame", &[post(1), padded(255, &[0; 4])]),
        bad("padding in a frame of its length alone", &[post(1), padded(1, &[])]),
        case(
            "padded and empty (4.2)",
            &[post(1), data(1, flag::PADDED, &[])],
            GoAway(FRAME_SIZE_ERROR),
            "RFC 9113 6.1",
        ),
        fine("padding that fills the frame", &[post(1), padded(4, &[0; 4])], 1),
        fine("no padding", &[post(1), padded(0, b"content")], 1),
    ]);
}

#[test]
fn rfc9113_6_2_headers() {
    let asked = asking("GET", &[]);
    let padded = |length: u8, rest: &[u8]| {
        frame(kind::HEADERS, flag::WHOLE | flag::PADDED, 1, &[&[length], rest].concat())
    };
    let prioritised = |flags: u8, front: &[u8], back: &[u8]| {
        frame(kind::HEADERS, flag::WHOLE | flag::PRIORITY | flags, 1, &[front, &asked, back].concat())
    };
    Stand::new().play(&[
        case("stream 0", &[section(0, &asked)], GoAway(PROTOCOL_ERROR), "RFC 9113 6.2"),
        case("padding as long as the frame", &[padded(5, &[0; 4])], GoAway(PROTOCOL_ERROR), "RFC 9113 6.2"),
        case(
            "padding that reaches into the priority",
            &[frame(kind::HEADERS, 0x2d, 1, &[1, 0, 0, 0, 0, 15])],
            GoAway(PROTOCOL_ERROR),
            "RFC 9113 6.2",
        ),
        fine("padded", &[padded(3, &[&asked[..], &[0; 3]].concat())], 1),
        fine("with a priority", &[prioritised(0, &[0x80, 0, 0, 9, 15], &[])], 1),
        fine("with both", &[prioritised(flag::PADDED, &[2, 0, 0, 0, 9, 15], &[0; 2])], 1),
        case(
            "depends on itself (RFC 7540 5.3.1)",
            &[prioritised(0, &[0, 0, 0, 1, 15], &[])],
            Reset(1, PROTOCOL_ERROR),
            "RFC 7540 5.3.1",
        ),
    ]);
}

#[test]
fn rfc9113_6_3_priority() {
    let sized = |length: usize| frame(kind::PRIORITY, 0, 1, &vec![0; length]);
    Stand::new().play(&[
        case("stream 0", &[priority(0, 1)], GoAway(PROTOCOL_ERROR), "RFC 9113 6.3"),
        case("of 4 octets", &[open(1), sized(4)], Reset(1, FRAME_SIZE_ERROR), "RFC 9113 6.3"),
        case("of 6 octets", &[held(1), sized(6)], Reset(1, FRAME_SIZE_ERROR), "RFC 9113 6.3"),
        // An idle stream must not be reset (6.4).
        case("of 4 octets on an idle stream", &[sized(4)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.3"),
        case(
            "depends on itself (RFC 7540 5.3.1)",
            &[open(1), priority(1, 1)],
            Reset(1, PROTOCOL_ERROR),
            "RFC 7540 5.3.1",
        ),
    ]);
}

#[test]
fn rfc9113_6_4_rst_stream() {
    let sized = |length: usize| frame(kind::RST_STREAM, 0, 1, &vec![0; length]);
    Stand::new().play(&[
        case("stream 0", &[reset(0, 8)], GoAway(PROTOCOL_ERROR), "RFC 9113 6.4"),
        case("of 3 octets", &[open(1), sized(3)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.4"),
        case("of 5 octets", &[open(1), sized(5)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.4"),
        case("of 0 octets on an idle stream", &[sized(0)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.4"),
    ]);
}

#[test]
fn rfc9113_6_5_settings() {
    let sized = |flags, length: usize| frame(kind::SETTINGS, flags, 0, &vec![0; length]);
    let value = |name, frames: &[Vec<u8>], code, clause| case(name, frames, GoAway(code), clause);
    let (size, protocol) = (FRAME_SIZE_ERROR, PROTOCOL_ERROR);
    Stand::new().play(&[
        value("an acknowledgment with a payload", &[sized(flag::ACK, 6)], size, "RFC 9113 6.5"),
        value("of 5 octets", &[sized(0, 5)], size, "RFC 9113 6.5"),
        value("of 7 octets", &[sized(0, 7)], size, "RFC 9113 6.5"),
        value("on a stream", &[open(1), frame(kind::SETTINGS, 0, 1, &[])], protocol, "RFC 9113 6.5"),
        value("ENABLE_PUSH of 2", &[setting(2, 2)], protocol, "RFC 9113 6.5.2"),
        value("INITIAL_WINDOW_SIZE of 2^31", &[setting(4, 1 << 31)], FLOW_CONTROL_ERROR, "RFC 9113 6.5.2"),
        value("INITIAL_WINDOW_SIZE of 2^32-1", &[setting(4, u32::MAX)], FLOW_CONTROL_ERROR, "RFC 9113 6.5.2"),
        value("MAX_FRAME_SIZE of 2^14-1", &[setting(5, (1 << 14) - 1)], protocol, "RFC 9113 6.5.2"),
        value("MAX_FRAME_SIZE of 2^24", &[setting(5, 1 << 24)], protocol, "RFC 9113 6.5.2"),
        value("MAX_FRAME_SIZE of 0", &[setting(5, 0)], protocol, "RFC 9113 6.5.2"),
        value("ENABLE_CONNECT_PROTOCOL of 2", &[setting(8, 2)], protocol, "RFC 8441 3"),
        value("ENABLE_CONNECT_PROTOCOL taken back", &[setting(8, 1), setting(8, 0)], protocol, "RFC 8441 3"),
        fine(
            "the least and the most of each",
            &[
                setting(1, 0),
                setting(1, u32::MAX),
                setting(2, 0),
                setting(2, 1),
                setting(3, 0),
                setting(3, u32::MAX),
                setting(4, 0),
                setting(4, (1 << 31) - 1),
                setting(5, 1 << 14),
                setting(5, (1 << 24) - 1),
                setting(6, u32::MAX),
                setting(8, 0),
                setting(8, 1),
                get(1),
            ],
            1,
        ),
    ]);
}

#[test]
fn rfc9113_6_5_3_each_settings_is_acknowledged_in_turn() {
    let stand = Stand::new();
    stand.world.run(async {
        let (mut raw, _) = stand.client().await;
        raw.put(&[setting(3, 9), setting(0xcafe, 1), frame(kind::SETTINGS, 0, 0, &[]), ping(0)].concat())
            .await;
        let mut acknowledged = 0;
        loop {
            let frame = raw.frame().await.unwrap();
            match (frame.kind, frame.flags) {
                (kind::SETTINGS, flag::ACK) => acknowledged += usize::from(frame.payload.is_empty()),
                (kind::PING, flag::ACK) => break,
                _ => {}
            }
        }
        assert_eq!(acknowledged, 3);
    });
}

#[test]
fn rfc9113_6_7_ping() {
    let sized = |flags, length: usize| frame(kind::PING, flags, 0, &vec![0; length]);
    let stand = Stand::new();
    stand.play(&[
        case(
            "on a stream",
            &[open(1), frame(kind::PING, 0, 1, &[0; 8])],
            GoAway(PROTOCOL_ERROR),
            "RFC 9113 6.7",
        ),
        case("of 7 octets", &[sized(0, 7)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.7"),
        case("of 9 octets", &[sized(0, 9)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.7"),
        case(
            "an acknowledgment of 0 octets",
            &[sized(flag::ACK, 0)],
            GoAway(FRAME_SIZE_ERROR),
            "RFC 9113 6.7",
        ),
    ]);
    stand.world.run(async {
        let (mut raw, _) = stand.client().await;
        raw.put(&[frame(kind::PING, flag::ACK, 0, b"not this"), ping(0)].concat()).await;
        let (flags, _, payload) = raw.next(kind::PING).await.unwrap();
        assert_eq!(
            (flags, &payload[..]),
            (flag::ACK, &b"payload!"[..]),
            "only a PING is answered, with its payload"
        );
    });
}

#[test]
fn rfc9113_6_8_goaway() {
    let debug =
        |code: u32| frame(kind::GOAWAY, 0, 0, &[&[0; 4], &code.to_be_bytes()[..], b"why \x1b[31m"].concat());
    let stand = Stand::new();
    stand.play(&[
        case(
            "on a stream",
            &[open(1), frame(kind::GOAWAY, 0, 1, &[0; 8])],
            GoAway(PROTOCOL_ERROR),
            "RFC 9113 6.8",
        ),
        case("of 7 octets", &[frame(kind::GOAWAY, 0, 0, &[0; 7])], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.8"),
        case(
            "a last stream that rises",
            &[open(1), go_away(2, 0), go_away(4, 0)],
            GoAway(PROTOCOL_ERROR),
            "",
        ),
    ]);
    for code in [0, 2, 0xdead_beef] {
        stand.world.run(async {
            let (mut raw, _) = stand.client().await;
            raw.put(&[post(1), debug(code)].concat()).await;
            raw.put(&data(1, 1, b"the rest")).await;
            assert_eq!(raw.next(kind::HEADERS).await.unwrap().1, 1, "what is under way is finished");
            assert!(raw.next(kind::HEADERS).await.is_none(), "and then the connection ends");
        });
    }
}

#[test]
fn rfc9113_6_9_window_update() {
    let sized = |stream, length: usize| frame(kind::WINDOW_UPDATE, 0, stream, &vec![1; length]);
    let most = (1 << 31) - 1;
    Stand::new().play(&[
        case("0 on the connection", &[credit(0, 0)], GoAway(PROTOCOL_ERROR), "RFC 9113 6.9"),
        case("0 on a stream", &[open(1), credit(1, 0)], Reset(1, PROTOCOL_ERROR), "RFC 9113 6.9"),
        case("0 on a half-closed stream", &[held(1), credit(1, 0)], Reset(1, PROTOCOL_ERROR), "RFC 9113 6.9"),
        case(
            "0 beneath the reserved bit",
            &[held(1), credit(1, 1 << 31)],
            Reset(1, PROTOCOL_ERROR),
            "RFC 9113 6.9",
        ),
        case("of 3 octets", &[sized(0, 3)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.9"),
        case("of 5 octets on a stream", &[open(1), sized(1, 5)], GoAway(FRAME_SIZE_ERROR), "RFC 9113 6.9"),
        case("above 2^31-1 on the connection (6.9.1)", &[credit(0, most)], GoAway(FLOW_CONTROL_ERROR), ""),
        case(
            "above 2^31-1 in steps (6.9.1)",
            &[credit(0, 1 << 30), credit(0, 1 << 30)],
            GoAway(FLOW_CONTROL_ERROR),
            "",
        ),
        case(
            "above 2^31-1 on a stream (6.9.1)",
            &[held(1), credit(1, most)],
            Reset(1, FLOW_CONTROL_ERROR),
            "RFC 9113 6.9.1",
        ),
        case(
            "above 2^31-1 by SETTINGS (6.9.2)",
            &[held(1), credit(1, 1 << 16), setting(4, most)],
            GoAway(FLOW_CONTROL_ERROR),
            "",
        ),
        fine("up to 2^31-1", &[held(1), credit(1, most - 65_535), credit(0, most - 65_535), get(3)], 1),
    ]);
}

#[test]
fn rfc9113_6_9_1_data_beyond_a_window() {
    let stand = Stand::new();
    // The origin reads nothing, so no window is given back once the sockets are full.
    let part = vec![7; 16_384];
    stand.world.run(async {
        let (mut raw, _) = stand.client().await;
        raw.put(&open(1)).await;
        let mut sent = 0;
        let came = loop {
            raw.put(&data(1, 0, &part)).await;
            sent += part.len();
            assert!(sent < 64 << 20, "so much was taken on a stream that nobody reads");
            raw.put(&ping(0)).await;
            let ended = loop {
                let frame = raw.frame().await.expect("a stream error");
                match frame.kind {
                    kind::PING => break None,
                    kind::RST_STREAM => break Some(frame),
                    kind::WINDOW_UPDATE => {}
                    _ => {}
                }
            };
            if let Some(frame) = ended {
                break frame;
            }
        };
        assert_eq!((came.stream, came.code()), (1, Some(FLOW_CONTROL_ERROR)));
    });
}

#[test]
fn rfc9113_8_1_sections_of_a_request() {
    let malformed = |name, frames: &[Vec<u8>], clause| case(name, frames, Reset(1, PROTOCOL_ERROR), clause);
    let trailers = |flags, block: &[u8]| frame(kind::HEADERS, flags, 1, block);
    Stand::new().play(&[
        fine("trailers", &[post(1), data(1, 0, b"x"), trailers(5, &field("x-sum", "1"))], 1),
        fine("trailers alone", &[post(1), trailers(5, &field("x-sum", "1"))], 1),
        fine("trailers in parts", &[post(1), trailers(1, &[]), more(1, 4, &field("x-sum", "1"))], 1),
        malformed(
            "a second section that ends nothing",
            &[open(1), trailers(4, &field("a", "b"))],
            "RFC 9113 8.1",
        ),
        malformed("a second request", &[open(1), trailers(4, &asking("GET", &[]))], "RFC 9113 8.1"),
        malformed(
            "a pseudo-field in trailers",
            &[open(1), trailers(5, &field(":path", "/"))],
            "RFC 9113 8.1",
        ),
        malformed(
            "a connection-specific field in trailers",
            &[open(1), trailers(5, &field("connection", "x"))],
            "RFC 9113 8.2.2",
        ),
        malformed(
            "an upper-case name in trailers",
            &[open(1), trailers(5, &field("X", "y"))],
            "RFC 9113 8.2.1",
        ),
    ]);
}

#[test]
fn rfc9113_8_1_1_content_length() {
    let of = |length| post_with(1, &[("content-length", length)]);
    let bad = |name, frames: &[Vec<u8>]| case(name, frames, Reset(1, PROTOCOL_ERROR), "RFC 9113 8.1.1");
    let whole = |fields: &[(&str, &str)]| section(1, &asking("POST", fields));
    let twice = [("content-length", "3"), ("content-length", "4")];
    Stand::new().play(&[
        bad("more DATA", &[of("3"), data(1, 1, b"four")]),
        bad("more DATA in a later frame", &[of("3"), data(1, 0, b"abc"), data(1, 1, b"d")]),
        bad("less DATA", &[of("3"), data(1, 1, b"ab")]),
        bad("no DATA", &[of("3"), data(1, 1, b"")]),
        bad("less DATA before trailers", &[of("3"), data(1, 0, b"ab"), section(1, &field("a", "b"))]),
        bad("END_STREAM at once", &[whole(&[("content-length", "3")])]),
        bad("0, and DATA", &[of("0"), data(1, 1, b"x")]),
        bad("differing", &[section(1, &asking("POST", &twice))]),
        bad("no number", &[section(1, &asking("POST", &[("content-length", "+3")]))]),
        bad("a list of differing", &[section(1, &asking("POST", &[("content-length", "3, 4")]))]),
        bad(
            "too large a number",
            &[section(1, &asking("POST", &[("content-length", "99999999999999999999")]))],
        ),
        fine("as it says", &[of("3"), data(1, 0, b"ab"), data(1, 1, b"c")], 1),
        fine("as it says, padded", &[of("3"), data(1, 9, &[2, b'a', b'b', b'c', 0, 0])], 1),
        fine("as it says, with trailers", &[of("2"), data(1, 0, b"ab"), section(1, &field("a", "b"))], 1),
        fine("0 and END_STREAM", &[whole(&[("content-length", "0")])], 1),
    ]);
}

#[test]
fn rfc9113_8_2_1_names_and_values() {
    let mut blocks = Vec::new();
    let mut with = |name: String, line: Vec<u8>| blocks.push((name, [asking("GET", &[]), line].concat()));
    for octet in (0..=0x20).chain(0x41..=0x5a).chain(0x7f..=0xff_u8) {
        with(format!("{octet:#x} in a name"), field([b'a', octet, b'b'], "v"));
    }
    for name in ["", "a:b", ":a", "a:", "a/b", "a\"b", "Content-Length", "X"] {
        with(format!("the name {name:?}"), field(name, "v"));
    }
    for octet in [b'\0', b'\r', b'\n'] {
        for value in [vec![octet], vec![octet, b'v'], vec![b'v', octet], vec![b'v', octet, b'v']] {
            with(format!("the value {}", value.escape_ascii()), field("a", value));
        }
    }
    for value in [" v", "v ", "\tv", "v\t", " ", "\t"] {
        with(format!("the value {value:?}"), field("a", value));
    }
    are_malformed(&Stand::new(), &blocks);
    let fine_names = field("!#$%&'*+-.^_`|~019az", "v");
    let fine_values = [field("a", ""), field("a", "a b\tc"), field("a", b"\x80\xff")].concat();
    Stand::new().play(&[fine(
        "all that may stand",
        &[section(1, &[asking("GET", &[]), fine_names, fine_values].concat())],
        1,
    )]);
}

#[test]
fn rfc9113_8_2_2_fields_of_the_connection() {
    let names = ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];
    let mut blocks: Vec<_> =
        names.iter().map(|name| ((*name).to_owned(), asking("GET", &[(name, "x")]))).collect();
    for te in ["gzip", "trailers, deflate", "trailers;q=1", ""] {
        blocks.push((format!("te: {te}"), asking("GET", &[("te", te)])));
    }
    let stand = Stand::new();
    are_malformed(&stand, &blocks);
    stand.play(&[fine("te: trailers", &[section(1, &asking("GET", &[("te", "trailers")]))], 1)]);
}

/// A request's pseudo-fields with some changed: an empty name leaves the field out.
fn pseudo(change: &[(&str, &str)], without: &[&str]) -> Vec<u8> {
    let usual = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")];
    let changed = |name: &str| change.iter().find(|(changed, _)| *changed == name).map(|(_, value)| *value);
    let kept = usual.iter().filter(|(name, _)| !without.contains(name));
    let fields: Vec<_> = kept.map(|(name, value)| (*name, changed(name).unwrap_or(value))).collect();
    block(&fields)
}

#[test]
fn rfc9113_8_3_pseudo_fields() {
    let behind =
        |name: &str, value: &str| [pseudo(&[], &[name]), field("a", "b"), field(name, value)].concat();
    let again = |name: &str, value: &str| [pseudo(&[], &[]), field(name, value)].concat();
    let mut blocks = vec![
        ("unknown".to_owned(), again(":unknown", "x")),
        ("of responses".to_owned(), again(":status", "200")),
        ("of extended CONNECT (RFC 8441 4)".to_owned(), again(":protocol", "websocket")),
        ("in upper case".to_owned(), again(":Method", "GET")),
        ("the empty name".to_owned(), again(":", "x")),
    ];
    for (name, value) in
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")]
    {
        blocks.push((format!("{name} behind a field"), behind(name, value)));
        blocks.push((format!("{name} twice"), again(name, value)));
    }
    are_malformed(&Stand::new(), &blocks);
}

#[test]
fn rfc9113_8_3_1_control_data() {
    let with = |change: &[(&str, &str)]| (format!("{change:?}"), pseudo(change, &[]));
    let without = |names: &[&str]| (format!("without {names:?}"), pseudo(&[], names));
    let host = |value: &str| (format!("host {value:?}"), [pseudo(&[], &[]), field("host", value)].concat());
    let stand = Stand::new();
    are_malformed(
        &stand,
        &[
            without(&[":method"]),
            without(&[":scheme"]),
            without(&[":path"]),
            without(&[":authority"]),
            without(&[":method", ":scheme", ":path", ":authority"]),
            ("nothing".to_owned(), Vec::new()),
            with(&[(":path", "")]),
            with(&[(":path", "a")]),
            with(&[(":path", "*")]),
            with(&[(":path", "/a b")]),
            with(&[(":path", "/a#b")]),
            with(&[(":path", "https://localhost/")]),
            with(&[(":path", "?q")]),
            with(&[(":path", "/\x01")]),
            with(&[(":method", "")]),
            with(&[(":method", "G T")]),
            with(&[(":method", "G(T")]),
            with(&[(":scheme", "")]),
            with(&[(":scheme", "1a")]),
            with(&[(":scheme", "ht tp")]),
            with(&[(":authority", "")]),
            with(&[(":authority", "user@localhost")]),
            with(&[(":authority", "u:p@localhost")]),
            with(&[(":authority", "local host")]),
            with(&[(":authority", "localhost/a")]),
            with(&[(":authority", "localhost:x")]),
            host("elsewhere"),
            host("localhost:1"),
            host("u@localhost"),
            (
                "host twice".to_owned(),
                [pseudo(&[], &[]), field("host", "localhost"), field("host", "localhost")].concat(),
            ),
        ],
    );
    stand.play(&[
        fine("OPTIONS *", &[section(1, &pseudo(&[(":method", "OPTIONS"), (":path", "*")], &[]))], 1),
        fine(
            "Host as :authority",
            &[section(1, &host("localhost").1), section(3, &host("LOCALHOST:443").1)],
            2,
        ),
        fine(
            "Host alone",
            &[section(1, &[pseudo(&[], &[":authority"]), field("host", "localhost")].concat())],
            1,
        ),
        fine(
            "any order",
            &[section(
                1,
                &block(&[
                    (":path", "/?q"),
                    (":authority", "localhost"),
                    (":scheme", "HTTPS"),
                    (":method", "PURGE"),
                ]),
            )],
            1,
        ),
    ]);
}

#[test]
fn rfc9113_8_4_a_client_cannot_push() {
    let promise = |stream: u32| {
        frame(kind::PUSH_PROMISE, 4, stream, &[&2_u32.to_be_bytes()[..], &asking("GET", &[])].concat())
    };
    let pushed = |name, frames: &[Vec<u8>]| case(name, frames, GoAway(PROTOCOL_ERROR), "RFC 9113 8.4");
    Stand::new().play(&[
        pushed("on an open stream", &[open(1), promise(1)]),
        pushed("on an idle stream", &[promise(1)]),
        pushed("on stream 0", &[promise(0)]),
    ]);
}

#[test]
fn rfc9113_8_5_and_rfc8441_4_connect() {
    let connect = |fields: &[(&str, &str)]| block(&[&[(":method", "CONNECT")], fields].concat());
    let (scheme, path, authority) = ((":scheme", "https"), (":path", "/"), (":authority", "localhost:443"));
    let websocket = (":protocol", "websocket");
    let blocks: Vec<(String, Vec<u8>)> = [
        vec![authority, scheme],
        vec![authority, path],
        vec![authority, scheme, path],
        vec![],
        vec![(":authority", "")],
        vec![websocket, authority],
        vec![websocket, authority, scheme],
        vec![websocket, authority, path],
        vec![websocket, scheme, path],
        vec![(":protocol", ""), scheme, path, authority],
        vec![authority, ("content-length", "5")],
    ]
    .iter()
    .map(|fields| (format!("{fields:?}"), connect(fields)))
    .collect();
    are_malformed(&Stand::new(), &blocks);
}

#[test]
fn rfc9110_9_3_8_trace_has_no_content() {
    let trace = |flags, fields: &[(&str, &str)]| frame(kind::HEADERS, flags, 1, &asking("TRACE", fields));
    let bad = |name, frames: &[Vec<u8>], clause| case(name, frames, Reset(1, PROTOCOL_ERROR), clause);
    Stand::new().play(&[
        bad("DATA", &[trace(4, &[]), data(1, 1, b"x")], "RFC 9113 8.1.1"),
        bad("Content-Length", &[trace(4, &[("content-length", "1")]), data(1, 1, b"x")], "RFC 9110 9.3.8"),
        fine("none", &[trace(5, &[])], 1),
    ]);
}

#[test]
fn rfc9113_6_9_2_windows_of_the_client_are_kept() {
    let stand = Stand::new();
    let echo = stand.world.origin(stand.proxy.origin_ca().server(), |_, mut respond| async move {
        let mut stream = respond.send_response(crate::support::http2::status(200), false).unwrap();
        let _ = crate::support::http2::write(&mut stream, vec![7; 1000], true).await;
    });
    stand.world.run(async {
        let (mut raw, _) = raw_tunnel(&stand.proxy, echo.address()).await;
        raw.put(&[PREFACE, &setting(4, 10), &get(1)].concat()).await;
        let first = raw.next(kind::DATA).await.unwrap();
        assert_eq!(first.2.len(), 10, "the initial window");
        // 10 - 60 octets: nothing may come until more than 50 are given.
        change_setting(&mut raw, 4, 0).await;
        raw.put(&[credit(1, 10), ping(0)].concat()).await;
        let quiet = loop {
            let frame = raw.frame().await.unwrap();
            match frame.kind {
                kind::DATA => break false,
                kind::PING => break true,
                _ => {}
            }
        };
        assert!(quiet, "a negative window is kept");
        raw.put(&credit(1, 5)).await;
        assert_eq!(raw.next(kind::DATA).await.unwrap().2.len(), 5);
        change_setting(&mut raw, 4, 2000).await;
        let mut rest = 0;
        loop {
            let (flags, _, payload) = raw.next(kind::DATA).await.unwrap();
            rest += payload.len();
            if flags & flag::END_STREAM != 0 {
                break;
            }
        }
        assert_eq!(rest, 985);
    });
}

#[test]
fn rfc9113_10_5_empty_frames_that_are_no_flood_pass() {
    let empty = data(1, 0, &[]).repeat(300);
    Stand::new().play(&[fine("300 of them", &[post(1), empty, data(1, 1, b"x")], 1)]);
}

#[test]
fn rfc9113_10_5_floods_are_told_to_calm_down() {
    let calm = |name, frames: &[Vec<u8>]| case(name, frames, GoAway(ENHANCE_YOUR_CALM), "RFC 9113 10.5");
    let many = |frame: Vec<u8>| frame.repeat(60);
    let each = |frames: fn(u32) -> Vec<u8>| (0..60).flat_map(|n| frames(n * 2 + 1)).collect::<Vec<u8>>();
    Stand::with(|settings| settings.limits.idle_frames = 50).play(&[
        calm("rapid reset", &[each(|stream| [get(stream), reset(stream, 8)].concat())]),
        calm("streams that we reset", &[each(|stream| [post(stream), credit(stream, 0)].concat())]),
        calm("malformed requests", &[each(|stream| section(stream, &field("A", "b")))]),
        calm("SETTINGS", &[many(setting(0xcafe, 1))]),
        calm("PING", &[many(ping(0))]),
        calm("PRIORITY", &[many(priority(9, 0))]),
        calm("WINDOW_UPDATE of 1", &[many(credit(0, 1))]),
        calm("empty DATA", &[open(1), many(data(1, 0, &[]))]),
        calm("padded empty DATA", &[open(1), many(data(1, flag::PADDED, &[3, 0, 0, 0]))]),
        calm("CONTINUATION", &[begun(1), many(more(1, 0, &[]))]),
        calm("unknown types", &[many(frame(0xfa, 0, 0, &[]))]),
        case(
            "a block without end",
            &[begun(1), more(1, 0, &long()[1..]).repeat(20)],
            GoAway(ENHANCE_YOUR_CALM),
            "RFC 9113 10.5.1",
        ),
    ]);
}

/// A client that never acknowledges our SETTINGS may know nothing of the limit, and is not heard for ever.
#[test]
fn rfc9113_10_5_streams_beyond_the_limit_without_end() {
    let stand = Stand::with(|settings| (settings.limits.streams, settings.limits.idle_frames) = (3, 50));
    stand.world.run(async {
        let (mut raw, me) = raw_tunnel(&stand.proxy, stand.origin.address()).await;
        let many: Vec<u8> = (0..60).flat_map(|number| open(number * 2 + 1)).collect();
        raw.put(&[PREFACE, &frame(kind::SETTINGS, 0, 0, &[]), &many].concat()).await;
        let came = to_end(&mut raw).await;
        let refused = came.iter().filter(|frame| frame.code() == Some(REFUSED_STREAM)).count();
        let last = came.last().unwrap();
        assert_eq!((last.kind, last.code()), (kind::GOAWAY, Some(ENHANCE_YOUR_CALM)), "{came:?}");
        assert!((1..60).contains(&refused), "{refused}");
        stand.is_recorded(me, "RFC 9113 10.5");
    });
}
