//! With h2 as the server: what goes out is exactly what was queued.

use super::super::frame::{flag, kind};
use super::harness::{GET, LIMITS, POST, field, raw, serve};

#[tokio::test]
async fn a_response_is_replaced_by_the_exact_section_in_its_order() {
    let (mut peer, _server) = serve(LIMITS, |_| {});
    peer.greet().await;
    for stream in [1, 3, 5] {
        peer.send(&raw(kind::HEADERS, 5, stream, GET)).await;
        let came = peer.until_ping().await;
        assert_eq!((came.len(), came[0].stream, came[0].flags), (1, stream, 5), "{came:?}");
        assert_eq!(peer.fields(&came[0]), ":status: 200 | x-b: 2 | x-a: 1 | x-b: 3");
    }
}

#[tokio::test]
async fn a_request_is_kept_as_it_came() {
    let (mut peer, server) = serve(LIMITS, |_| {});
    peer.greet().await;
    let secret = [&[0x10, 3][..], b"x-k", &[1], b"v"].concat();
    let block = [POST, &field("b", "1"), &field("a", "2"), &secret, &field("b", "3")].concat();
    peer.send(&raw(kind::HEADERS, flag::END_HEADERS, 1, &block)).await;
    peer.until_ping().await;
    // The harness took it; frames can still be taken, and say nothing of the request.
    let notes = server.handle.take_frames(1);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!((notes[0].1.kind, notes[0].1.length), (kind::HEADERS, block.len() as u64));
    let notes: Vec<_> = server.handle.take_frames(0).into_iter().map(|(_, note)| note).collect();
    assert!(
        notes.iter().any(|note| note.kind == kind::SETTINGS && note.sent && !note.says.is_empty()),
        "{notes:?}"
    );
    assert!(
        notes.iter().any(|note| note.kind == kind::SETTINGS && !note.sent && note.says == "ack"),
        "{notes:?}"
    );
    assert_eq!(server.handle.standing().highest_stream, 1);
}
