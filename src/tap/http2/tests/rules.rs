//! Each rule of RFC 9113 for frames: what breaks it is answered with the code and the scope that it
//! names, and h2 sees none of it.

use super::super::code::ErrorCode;
use super::super::frame::{PREFACE, flag, kind};
use super::harness::{Frame, GET, LIMITS, POST, field, raw, serve};

/// `END_STREAM` and `END_HEADERS`.
const WHOLE: u8 = flag::END_STREAM | flag::END_HEADERS;
const OPEN: u8 = flag::END_HEADERS;

fn get(stream: u32) -> Vec<u8> {
    raw(kind::HEADERS, WHOLE, stream, GET)
}

fn post(stream: u32) -> Vec<u8> {
    raw(kind::HEADERS, OPEN, stream, POST)
}

/// A POST with these lines behind its pseudo-fields.
fn post_with(stream: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    let lines = fields.iter().flat_map(|(name, value)| field(name, value));
    raw(kind::HEADERS, flags, stream, &POST.iter().copied().chain(lines).collect::<Vec<_>>())
}

fn data(stream: u32, flags: u8, content: &[u8]) -> Vec<u8> {
    raw(kind::DATA, flags, stream, content)
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    raw(kind::SETTINGS, 0, 0, &[&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
}

/// What came back for these frames, and what h2 saw, both up to a PING.
async fn converse(frames: &[Vec<u8>]) -> (Vec<Frame>, Vec<String>, bool) {
    let (mut peer, server) = serve(LIMITS, |builder| {
        builder.max_concurrent_streams(100);
    });
    peer.greet().await;
    for frame in frames {
        peer.send(frame).await;
    }
    let mut came = peer.until_ping().await;
    let is_over = came.iter().any(|frame| frame.kind == kind::GOAWAY);
    if is_over {
        while let Some(frame) = peer.frame().await {
            came.push(frame);
        }
    }
    let seen = server.seen.lock().unwrap().clone();
    (came, seen, is_over)
}

/// The connection ends by GOAWAY with this code, as its last frame.
async fn ends(frames: &[Vec<u8>], code: ErrorCode, last_stream: u32) {
    let (came, ..) = converse(frames).await;
    let last = came.last().unwrap_or_else(|| panic!("nothing came for {frames:02x?}"));
    assert_eq!(last.kind, kind::GOAWAY, "{came:?} for {frames:02x?}");
    assert_eq!(last.payload[4..8], code.0.to_be_bytes(), "{came:?} for {frames:02x?}");
    assert_eq!(last.payload[..4], last_stream.to_be_bytes(), "{came:?} for {frames:02x?}");
}

/// The stream, and only it, ends by `RST_STREAM` with this code; h2 saw this of it.
async fn resets(frames: &[Vec<u8>], stream: u32, code: ErrorCode, seen: &[&str]) {
    let (came, saw, is_over) = converse(frames).await;
    assert!(!is_over, "{came:?} for {frames:02x?}");
    let resets: Vec<_> = came.iter().filter(|frame| frame.kind == kind::RST_STREAM).collect();
    assert_eq!(resets.len(), 1, "{came:?} for {frames:02x?}");
    assert_eq!((resets[0].stream, &resets[0].payload[..]), (stream, &code.0.to_be_bytes()[..]), "{came:?}");
    assert_eq!(saw, seen, "for {frames:02x?}");
}

/// Nothing is said against it.
async fn passes(frames: &[Vec<u8>], seen: &[&str]) {
    let (came, saw, is_over) = converse(frames).await;
    assert!(
        !is_over && came.iter().all(|frame| frame.kind != kind::RST_STREAM),
        "{came:?} for {frames:02x?}"
    );
    assert_eq!(saw, seen, "for {frames:02x?}");
}

const POSTED: &str = "POST / HTTP/2";
const GOT: &str = "GET / HTTP/2";

#[tokio::test]
async fn rfc9113_3_4_a_wrong_preface_ends_the_connection() {
    for wrong in [&b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"] {
        let (mut peer, server) = serve(LIMITS, |_| {});
        peer.send(wrong).await;
        let mut last = None;
        while let Some(frame) = peer.frame().await {
            last = Some(frame);
        }
        let last = last.unwrap();
        assert_eq!((last.kind, &last.payload[..8]), (kind::GOAWAY, &[0, 0, 0, 0, 0, 0, 0, 1][..]));
        assert!(server.task.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn rfc9113_3_4_the_first_frame_is_settings() {
    for wrong in [raw(kind::PING, 0, 0, &[0; 8]), get(1), raw(kind::SETTINGS, flag::ACK, 0, &[])] {
        let (mut peer, _server) = serve(LIMITS, |_| {});
        peer.send(PREFACE).await;
        peer.send(&wrong).await;
        let mut last = None;
        while let Some(frame) = peer.frame().await {
            last = Some(frame);
        }
        let last = last.unwrap();
        assert_eq!((last.kind, last.payload[7]), (kind::GOAWAY, 1), "{wrong:02x?}");
    }
}

#[tokio::test]
async fn rfc9113_4_2_frames_that_are_too_large() {
    let long = vec![0; 16_385];
    resets(
        &[post(1), data(1, 0, &long)],
        1,
        ErrorCode::FRAME_SIZE_ERROR,
        &[POSTED, "Some(FRAME_SIZE_ERROR) RFC 9113 4.2"],
    )
    .await;
    ends(&[raw(kind::HEADERS, WHOLE, 1, &long)], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    ends(&[raw(kind::SETTINGS, 0, 0, &vec![0; 16_386])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    passes(&[post(1), data(1, flag::END_STREAM, &long[..16_384])], &[POSTED, "16384 octets"]).await;
}

#[tokio::test]
async fn rfc9113_4_2_data_that_is_too_large_behind_our_reset() {
    let short = post_with(1, OPEN, &[("content-length", "1")]);
    let (came, ..) = converse(&[short, data(1, 0, b"xy"), data(1, 0, &vec![0; 16_385])]).await;
    let codes: Vec<_> = came.iter().map(|frame| (frame.kind, frame.payload[3])).collect();
    assert_eq!(codes, [(kind::RST_STREAM, 1), (kind::RST_STREAM, 6)], "{came:?}");
}

#[tokio::test]
async fn rfc9113_4_2_what_is_refused_is_noted() {
    let (mut peer, server) = serve(LIMITS, |_| {});
    peer.greet().await;
    peer.send(&[post(1), data(1, 0, &vec![0; 16_385])].concat()).await;
    peer.until_ping().await;
    let notes = server.handle.take_frames(1);
    assert!(notes.iter().any(|(_, note)| (note.kind, note.sent, note.length) == (0, false, 16_385)));
}

#[tokio::test]
async fn rfc9113_4_3_blocks_that_cannot_be_decoded() {
    ends(&[raw(kind::HEADERS, WHOLE, 1, &[0xff, 0xff, 0xff, 0xff, 0xff])], ErrorCode::COMPRESSION_ERROR, 0)
        .await;
    ends(&[raw(kind::HEADERS, WHOLE, 1, &[0x80])], ErrorCode::COMPRESSION_ERROR, 0).await;
    ends(&[get(1), raw(kind::HEADERS, WHOLE, 3, &[0x82, 0x41])], ErrorCode::COMPRESSION_ERROR, 1).await;
    // Also in trailers, and where the section itself is ignored.
    ends(&[post(1), raw(kind::HEADERS, WHOLE, 1, &[0xbf])], ErrorCode::COMPRESSION_ERROR, 1).await;
}

#[tokio::test]
async fn rfc9113_5_1_frames_on_idle_streams() {
    ends(&[data(1, flag::END_STREAM, b"x")], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 8])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::CONTINUATION, WHOLE, 1, GET)], ErrorCode::PROTOCOL_ERROR, 0).await;
    passes(&[raw(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 15]), get(1)], &[GOT]).await;
}

#[tokio::test]
async fn rfc9113_5_1_frames_on_half_closed_streams() {
    // All come at once: END_STREAM, and then more before anything could be answered.
    for more in [data(1, flag::END_STREAM, b"x"), raw(kind::HEADERS, WHOLE, 1, POST)] {
        let at_once = [post(1), data(1, flag::END_STREAM, b"y"), more].concat();
        let (came, _, is_over) = converse(&[at_once]).await;
        assert!(!is_over, "{came:?}");
        let reset = came.iter().find(|frame| frame.kind == kind::RST_STREAM).unwrap();
        assert_eq!((reset.stream, reset.payload[3]), (1, 5), "STREAM_CLOSED: {came:?}");
    }
}

#[tokio::test]
async fn rfc9113_5_1_frames_on_closed_streams() {
    for late in [data(1, flag::END_STREAM, b"x"), raw(kind::HEADERS, WHOLE, 1, GET)] {
        let (mut peer, _server) = serve(LIMITS, |_| {});
        peer.greet().await;
        peer.send(&get(1)).await;
        while peer.frame().await.unwrap().kind != kind::HEADERS {}
        peer.send(&late).await;
        let mut last = None;
        while let Some(frame) = peer.frame().await {
            last = Some(frame);
        }
        let last = last.unwrap();
        assert_eq!((last.kind, last.payload[7]), (kind::GOAWAY, 5), "STREAM_CLOSED: {last:?}");
    }
    // Behind its own RST_STREAM.
    let reset = raw(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    for late in [data(1, flag::END_STREAM, b"x"), raw(kind::HEADERS, WHOLE, 1, POST)] {
        let (came, _, is_over) = converse(&[post(1), reset.clone(), late, get(3)]).await;
        assert!(!is_over);
        assert_eq!(
            came.iter().filter(|frame| frame.kind == kind::RST_STREAM && frame.payload[3] == 5).count(),
            1
        );
        assert!(came.iter().any(|frame| frame.kind == kind::HEADERS && frame.stream == 3), "{came:?}");
    }
}

#[tokio::test]
async fn rfc9113_5_1_frames_behind_our_reset_are_ignored() {
    let malformed = post_with(1, OPEN, &[("content-length", "3")]);
    let frames = [
        malformed,
        data(1, 0, b"four"),
        data(1, 0, b"more"),
        raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 8]),
        raw(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]),
        get(3),
    ];
    let (came, seen, is_over) = converse(&frames).await;
    assert!(!is_over);
    assert_eq!(came.iter().filter(|frame| frame.kind == kind::RST_STREAM).count(), 1, "{came:?}");
    assert!(seen.contains(&GOT.to_owned()), "{seen:?}");
}

#[tokio::test]
async fn rfc9113_5_1_1_stream_identifiers() {
    ends(&[get(2)], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[get(5), get(3)], ErrorCode::PROTOCOL_ERROR, 5).await;
    passes(&[get(5), get(9)], &[GOT, GOT]).await;
}

#[tokio::test]
async fn rfc9113_5_1_2_streams_above_the_limit_are_refused() {
    let (mut peer, server) = serve(LIMITS, |builder| {
        builder.max_concurrent_streams(2);
    });
    peer.greet().await;
    peer.send(&[post(1), post(3), post(5)].concat()).await;
    let came = peer.until_ping().await;
    assert_eq!(came, [Frame { kind: kind::RST_STREAM, flags: 0, stream: 5, payload: vec![0, 0, 0, 7] }]);
    peer.send(&data(5, flag::END_STREAM, b"x")).await;
    peer.send(&data(1, flag::END_STREAM, b"")).await;
    while peer.frame().await.unwrap().kind != kind::HEADERS {}
    peer.send(&get(7)).await;
    let came = peer.until_ping().await;
    assert!(came.iter().any(|frame| frame.kind == kind::HEADERS && frame.stream == 7), "{came:?}");
    assert_eq!(*server.seen.lock().unwrap(), [POSTED, POSTED, GOT]);
}

#[tokio::test]
async fn rfc9113_6_1_data() {
    ends(&[post(1), data(0, 0, b"x")], ErrorCode::PROTOCOL_ERROR, 1).await;
    ends(&[post(1), data(1, flag::PADDED, &[5, 0, 0, 0, 0])], ErrorCode::PROTOCOL_ERROR, 1).await;
    ends(&[post(1), data(1, flag::PADDED, &[])], ErrorCode::FRAME_SIZE_ERROR, 1).await;
    passes(&[post(1), data(1, flag::PADDED | flag::END_STREAM, &[3, b'x', 0, 0, 0])], &[POSTED, "1 octets"])
        .await;
}

#[tokio::test]
async fn rfc9113_6_2_headers() {
    ends(&[raw(kind::HEADERS, WHOLE, 0, GET)], ErrorCode::PROTOCOL_ERROR, 0).await;
    let padded = [&[7][..], GET].concat();
    ends(&[raw(kind::HEADERS, WHOLE | flag::PADDED, 1, &padded)], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::HEADERS, WHOLE | flag::PADDED, 1, &[])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    ends(&[raw(kind::HEADERS, WHOLE | flag::PRIORITY, 1, &[0; 4])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    let both = [&[2, 0, 0, 0, 0, 15][..], GET, &[0, 0]].concat();
    passes(&[raw(kind::HEADERS, WHOLE | flag::PADDED | flag::PRIORITY, 1, &both)], &[GOT]).await;
}

#[tokio::test]
async fn rfc7540_5_3_1_a_stream_that_depends_on_itself() {
    let on_itself = [&[0, 0, 0, 1, 15][..], GET].concat();
    let headers = raw(kind::HEADERS, WHOLE | flag::PRIORITY, 1, &on_itself);
    resets(&[headers], 1, ErrorCode::PROTOCOL_ERROR, &[]).await;
    ends(&[raw(kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 15])], ErrorCode::PROTOCOL_ERROR, 0).await;
    let seen = [POSTED, "Some(PROTOCOL_ERROR) RFC 7540 5.3.1"];
    resets(&[post(1), raw(kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 15])], 1, ErrorCode::PROTOCOL_ERROR, &seen)
        .await;
}

#[tokio::test]
async fn rfc9113_6_3_priority() {
    ends(&[raw(kind::PRIORITY, 0, 0, &[0, 0, 0, 1, 15])], ErrorCode::PROTOCOL_ERROR, 0).await;
    let seen = [POSTED, "Some(FRAME_SIZE_ERROR) RFC 9113 6.3"];
    resets(&[post(1), raw(kind::PRIORITY, 0, 1, &[0; 4])], 1, ErrorCode::FRAME_SIZE_ERROR, &seen).await;
}

#[tokio::test]
async fn rfc9113_6_4_rst_stream() {
    ends(&[raw(kind::RST_STREAM, 0, 0, &[0, 0, 0, 8])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[post(1), raw(kind::RST_STREAM, 0, 1, &[0, 0, 8])], ErrorCode::FRAME_SIZE_ERROR, 1).await;
    passes(
        &[post(1), raw(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]), get(3)],
        &[POSTED, "Some(CANCEL) no fault", GOT],
    )
    .await;
}

#[tokio::test]
async fn rfc9113_6_5_settings() {
    ends(&[raw(kind::SETTINGS, flag::ACK, 0, &[0; 6])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    ends(&[raw(kind::SETTINGS, 0, 0, &[0; 5])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    ends(&[raw(kind::SETTINGS, 0, 1, &[])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[setting(2, 2)], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[setting(4, 1 << 31)], ErrorCode::FLOW_CONTROL_ERROR, 0).await;
    ends(&[setting(5, 16_383)], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[setting(5, 1 << 24)], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[setting(8, 2)], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[setting(9, 2)], ErrorCode::PROTOCOL_ERROR, 0).await;
    passes(
        &[setting(0xcafe, 7), setting(2, 1), setting(5, 1 << 14), setting(8, 1), setting(9, 1), get(1)],
        &[GOT],
    )
    .await;
}

#[tokio::test]
async fn rfc9113_6_6_and_8_4_push_promise() {
    ends(&[get(1), raw(5, flag::END_HEADERS, 1, &[0, 0, 0, 2, 0x82])], ErrorCode::PROTOCOL_ERROR, 1).await;
}

#[tokio::test]
async fn rfc9113_6_7_ping() {
    ends(&[raw(kind::PING, 0, 1, &[0; 8])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::PING, 0, 0, &[0; 6])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    passes(&[raw(kind::PING, flag::ACK, 0, &[0; 8]), get(1)], &[GOT]).await;
}

#[tokio::test]
async fn rfc9113_6_8_goaway() {
    ends(&[raw(kind::GOAWAY, 0, 1, &[0; 8])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::GOAWAY, 0, 0, &[0; 7])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
}

#[tokio::test]
async fn rfc9113_6_9_window_update() {
    ends(&[raw(kind::WINDOW_UPDATE, 0, 0, &[0; 4])], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[raw(kind::WINDOW_UPDATE, 0, 0, &[0; 3])], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    ends(&[post(1), raw(kind::WINDOW_UPDATE, 0, 1, &[0; 5])], ErrorCode::FRAME_SIZE_ERROR, 1).await;
    let seen = [POSTED, "Some(PROTOCOL_ERROR) RFC 9113 6.9"];
    resets(&[post(1), raw(kind::WINDOW_UPDATE, 0, 1, &[0; 4])], 1, ErrorCode::PROTOCOL_ERROR, &seen).await;
}

#[tokio::test]
async fn rfc9113_6_9_1_windows_that_grow_too_large() {
    let most = raw(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]);
    ends(&[most.clone(), most], ErrorCode::FLOW_CONTROL_ERROR, 0).await;
    let most = raw(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff]);
    let (came, ..) = converse(&[post(1), most.clone(), most]).await;
    assert_eq!((came[0].kind, came[0].payload[3]), (kind::RST_STREAM, 3), "FLOW_CONTROL_ERROR: {came:?}");
    // RFC 9113 6.9.2: by SETTINGS.
    let almost = raw(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0, 0]);
    ends(&[post(1), almost, setting(4, 0x7fff_ffff)], ErrorCode::FLOW_CONTROL_ERROR, 1).await;
}

#[tokio::test]
async fn rfc9113_6_9_1_a_window_that_grows_too_large_behind_our_end() {
    let most = raw(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff]);
    let (mut peer, server) = serve(LIMITS, |_| {});
    peer.greet().await;
    peer.send(&post(1)).await;
    peer.until_ping().await;
    server.handle.lock().session.streams.end_local(1);
    peer.send(&most).await;
    let came = peer.until_ping().await;
    assert_eq!((came[0].kind, came[0].payload[3]), (kind::RST_STREAM, 3), "FLOW_CONTROL_ERROR: {came:?}");
}

#[tokio::test]
async fn rfc9113_6_9_data_above_the_window() {
    // h2's own find: more than the stream's window, but not the connection's.
    let part = vec![0; 16_384];
    let (mut peer, server) = serve(LIMITS, |builder| {
        builder.initial_window_size(10).initial_connection_window_size(1 << 20);
    });
    peer.greet().await;
    peer.send(&[post(1), data(1, 0, b"more than ten octets"), get(3)].concat()).await;
    let came = peer.until_ping().await;
    assert!(
        came.iter().any(|frame| frame.kind == kind::RST_STREAM && frame.payload == [0, 0, 0, 3]),
        "FLOW_CONTROL_ERROR: {came:?}"
    );
    drop(server);
    // Ours: more than the connection's, all at once.
    let at_once = [post(1), post(3), data(1, 0, &part).repeat(2), data(3, 0, &part).repeat(2)].concat();
    ends(&[at_once], ErrorCode::FLOW_CONTROL_ERROR, 3).await;
}

#[tokio::test]
async fn rfc9113_6_9_what_is_ignored_is_given_back() {
    let (mut peer, _server) = serve(LIMITS, |_| {});
    peer.greet().await;
    peer.send(&post_with(1, OPEN, &[("content-length", "3")])).await;
    for _ in 0..20 {
        peer.send(&data(1, 0, &vec![0; 16_384])).await;
        let came = peer.until_ping().await;
        assert!(came.iter().all(|frame| frame.kind != kind::GOAWAY), "{came:?}");
    }
}

#[tokio::test]
async fn rfc9113_6_10_nothing_stands_within_a_block() {
    let begun = raw(kind::HEADERS, flag::END_STREAM, 1, &GET[..2]);
    let rest = raw(kind::CONTINUATION, flag::END_HEADERS, 1, &GET[2..]);
    passes(&[begun.clone(), rest.clone()], &[GOT]).await;
    let between = [
        raw(kind::PING, 0, 0, &[0; 8]),
        raw(kind::PRIORITY, 0, 1, &[0, 0, 0, 0, 15]),
        raw(0xfa, 0, 0, b"unknown"),
        raw(kind::CONTINUATION, flag::END_HEADERS, 3, &GET[2..]),
        get(3),
        data(1, 0, b"x"),
    ];
    for between in between {
        ends(&[begun.clone(), between, rest.clone()], ErrorCode::PROTOCOL_ERROR, 0).await;
    }
    ends(&[get(1), rest.clone()], ErrorCode::PROTOCOL_ERROR, 1).await;
    ends(&[begun, rest.clone(), rest], ErrorCode::PROTOCOL_ERROR, 1).await;
}

#[tokio::test]
async fn rfc9113_5_5_unknown_types_are_ignored() {
    passes(&[raw(0xfa, 0xff, 0, b"unknown"), raw(0xfb, 0, 1, &[0; 9000]), get(1)], &[GOT]).await;
}

#[tokio::test]
async fn rfc9113_8_1_second_sections_and_trailers() {
    let section = field("x-sum", "1");
    let ending = raw(kind::HEADERS, WHOLE, 1, &section);
    passes(&[post(1), data(1, 0, b"abc"), ending], &[POSTED, "trailers x-sum: 1\\r\\n", "3 octets"]).await;
    let seen = [POSTED, "Some(PROTOCOL_ERROR) RFC 9113 8.1"];
    let not_ending = raw(kind::HEADERS, OPEN, 1, &section);
    resets(&[post(1), not_ending], 1, ErrorCode::PROTOCOL_ERROR, &seen).await;
    let (came, saw, _) = converse(&[post(1), raw(kind::HEADERS, WHOLE, 1, &[0x82])]).await;
    assert_eq!((came[0].kind, came[0].payload[3]), (kind::RST_STREAM, 1), "a pseudo-field: {came:?}");
    assert_eq!(saw.len(), 2, "{saw:?}");
}

#[tokio::test]
async fn rfc9113_8_1_1_content_length_is_kept() {
    let seen = [POSTED, "Some(PROTOCOL_ERROR) RFC 9113 8.1.1"];
    let code = ErrorCode::PROTOCOL_ERROR;
    let length = |flags, length| post_with(1, flags, &[("content-length", length)]);
    resets(&[length(OPEN, "3"), data(1, 0, b"four")], 1, code, &seen).await;
    resets(&[length(OPEN, "3"), data(1, flag::END_STREAM, b"ab")], 1, code, &seen).await;
    resets(&[length(OPEN, "3"), data(1, flag::END_STREAM, b"")], 1, code, &seen).await;
    resets(&[length(OPEN, "3"), raw(kind::HEADERS, WHOLE, 1, &field("a", "b"))], 1, code, &seen).await;
    resets(&[length(WHOLE, "3")], 1, code, &[]).await;
    let padded = data(1, flag::PADDED | flag::END_STREAM, &[2, b'a', b'b', b'c', 0, 0]);
    passes(&[length(OPEN, "3"), padded], &[POSTED, "3 octets"]).await;
    passes(&[length(WHOLE, "0")], &[POSTED]).await;
}

#[tokio::test]
async fn rfc9113_8_1_1_malformed_requests_are_reset() {
    resets(&[post_with(1, WHOLE, &[("connection", "close")])], 1, ErrorCode::PROTOCOL_ERROR, &[]).await;
    resets(&[post_with(1, WHOLE, &[("X-Upper", "1")])], 1, ErrorCode::PROTOCOL_ERROR, &[]).await;
    resets(&[raw(kind::HEADERS, WHOLE, 1, &[0x87, 0x84])], 1, ErrorCode::PROTOCOL_ERROR, &[]).await;
}

#[tokio::test]
async fn rfc9113_10_5_floods_are_told_to_calm_down() {
    let many = |frame: Vec<u8>| vec![frame; 300].concat();
    let cases = [
        many(raw(kind::PING, 0, 0, &[0; 8])),
        many(raw(kind::SETTINGS, 0, 0, &[])),
        many(raw(kind::PRIORITY, 0, 9, &[0, 0, 0, 0, 15])),
        many(raw(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        [post(1), many(data(1, 0, &[]))].concat(),
        [post(1), many(data(1, flag::PADDED, &[2, 0, 0]))].concat(),
        [raw(kind::HEADERS, 0, 1, GET), many(raw(kind::CONTINUATION, 0, 1, &[]))].concat(),
        many(raw(0xfa, 0, 0, &[])),
        (0..300)
            .flat_map(|n| [get(n * 2 + 1), raw(kind::RST_STREAM, 0, n * 2 + 1, &[0, 0, 0, 8])].concat())
            .collect(),
    ];
    for flood in cases {
        let (came, ..) = converse(std::slice::from_ref(&flood)).await;
        let last = came.last().unwrap();
        assert_eq!((last.kind, last.payload.get(7)), (kind::GOAWAY, Some(&11)), "{:02x?}", &flood[..40]);
    }
}

#[tokio::test]
async fn rfc9113_5_1_1_a_number_that_was_closed_long_ago_is_not_used_again() {
    for (late, code) in [(get(5), Some(1)), (get(3), Some(1)), (data(5, 0, b"late"), None)] {
        let (mut peer, _server) = serve(LIMITS, |_| {});
        peer.greet().await;
        for hundred in 0..3 {
            let many: Vec<u8> = (1..=100).flat_map(|number| get(hundred * 400 + number * 4 + 1)).collect();
            peer.send(&many).await;
            peer.until_ping().await;
        }
        peer.send(&late).await;
        let came = peer.until_ping().await;
        let error = came.iter().find(|frame| matches!(frame.kind, kind::GOAWAY | kind::RST_STREAM));
        assert_eq!(error.map(|frame| (frame.kind, frame.payload[7])), code.map(|code| (kind::GOAWAY, code)));
    }
}

#[tokio::test]
async fn rfc9218_7_1_priority_update() {
    let update = |stream, payload: &[u8]| raw(kind::PRIORITY_UPDATE, 0, stream, payload);
    ends(&[update(1, b"\0\0\0\x01u=1")], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[update(0, b"\x80\0\0\0u=1")], ErrorCode::PROTOCOL_ERROR, 0).await;
    ends(&[update(0, b"\0\0\0")], ErrorCode::FRAME_SIZE_ERROR, 0).await;
    passes(&[update(0, b"\0\0\0\x01u=1"), get(1)], &[GOT]).await;
}

#[tokio::test]
async fn rfc9113_6_9_a_window_update_for_each_frame_of_ours_is_no_flood() {
    let (mut peer, server) = serve(LIMITS, |_| {});
    peer.greet().await;
    for _ in 0..300 {
        server.handle.lock().session.data_sent(1, 1);
    }
    let update = raw(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
    peer.send(&update.repeat(600)).await;
    assert!(peer.until_ping().await.iter().all(|frame| frame.kind != kind::GOAWAY));
    peer.send(&update.repeat(300)).await;
    let came = peer.until_ping().await;
    assert_eq!(came.last().map(|frame| frame.kind), Some(kind::GOAWAY), "nothing more is owed: {came:?}");
}

#[tokio::test]
async fn rfc9113_10_5_1_sections_that_are_too_large_are_shown_and_can_be_answered() {
    let value = "v".repeat(5000);
    passes(&[post_with(1, WHOLE, &[("a", &value)]), get(3)], &["RFC 6585 5", GOT]).await;
    let many: Vec<(&str, &str)> = vec![("a", "b"); 101];
    passes(&[post_with(1, WHOLE, &many), get(3)], &["RFC 6585 5", GOT]).await;
    let endless =
        [raw(kind::HEADERS, 0, 1, GET), raw(kind::CONTINUATION, 0, 1, &[0; 16_384]).repeat(3)].concat();
    ends(&[endless], ErrorCode::ENHANCE_YOUR_CALM, 0).await;
}
