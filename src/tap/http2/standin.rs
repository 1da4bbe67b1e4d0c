//! The short sections that h2 reads instead of real ones, coded without a table (RFC 7541 6.1, 6.2.2).

use super::frame::{frame_block, leave_room};
use super::hpack;
use crate::exchange::Head;
use bytes::{BufMut, BytesMut};

/// More than any method that h2 should see.
const LONGEST: usize = 64;
/// h2's frame size is never below this, and a stand-in never above.
const FRAME: usize = super::frame::INITIAL_FRAME;

const METHOD: u8 = 2;
const STATUS: u8 = 8;
const GET: u8 = 0x82;
const PATH_AND_SCHEME: [u8; 2] = [0x84, 0x87];
const AUTHORITY: [u8; 3] = [1, 1, b'h'];

/// Appends a request with the method of `head`, and its `:protocol` if there is one. Without a head
/// that passed the check it is a GET.
pub(super) fn request(head: Option<&Head>, stream: u32, ends: bool, into: &mut BytesMut) {
    let at = leave_room(into);
    let method = head.and_then(Head::request_line).map_or(&b"GET"[..], |(method, ..)| method);
    let protocol = head
        .filter(|_| method == b"CONNECT")
        .and_then(|head| head.section().find(|(name, _)| *name == b":protocol"))
        .map(|(_, value)| value);
    if method == b"GET" || method.len() > LONGEST {
        into.put_u8(GET);
    } else {
        into.put_u8(METHOD);
        hpack::plain_string(method, into);
    }
    into.extend_from_slice(&AUTHORITY);
    if method != b"CONNECT" || protocol.is_some() {
        into.extend_from_slice(&PATH_AND_SCHEME);
    }
    if let Some(protocol) = protocol.filter(|protocol| protocol.len() <= LONGEST) {
        into.put_u8(0);
        hpack::plain_string(b":protocol", into);
        hpack::plain_string(protocol, into);
    }
    frame_block(into, at, stream, ends, FRAME);
}

/// Appends a final response.
pub(super) fn response(status: u16, stream: u32, ends: bool, into: &mut BytesMut) {
    let at = leave_room(into);
    into.put_u8(STATUS);
    hpack::plain_string(status.to_string().as_bytes(), into);
    frame_block(into, at, stream, ends, FRAME);
}

/// Appends trailers: one field, so that h2 has something to give.
pub(super) fn trailers(stream: u32, into: &mut BytesMut) {
    let at = leave_room(into);
    into.put_u8(0);
    hpack::plain_string(b"t", into);
    hpack::plain_string(b"1", into);
    frame_block(into, at, stream, true, FRAME);
}
