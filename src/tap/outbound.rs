//! The writing half of the tap, without sockets: hyper's bytes in, what goes to the socket out.
//!
//! hyper writes `head body head body …`. The tap follows that framing, replaces each head by
//! the exact head queued for it, and puts a raw trailer section behind the last chunk.

use crate::hop::Framing;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

/// Told once a head's last byte is on the socket.
pub trait HeadSent: Send + Sync {
    /// `head` is what crossed; `closing` says that `Connection: close` was added as its last
    /// line because hyper will close though the queued head did not say so.
    fn sent(&self, of: HeadOf, head: Bytes, closing: bool);
}

/// Which head was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadOf {
    /// A request's, to the origin.
    Request,
    /// A response's, to the client.
    Response {
        /// Nothing follows it: the exchange is over.
        over: bool,
    },
}

/// A head waiting for hyper to write its own.
pub struct OutHead {
    /// The exact bytes to send.
    pub raw: Bytes,
    /// How the body behind it is framed; must be what hyper was given.
    pub framing: Framing,
    /// Whether `raw` already says that the connection closes.
    pub closes: bool,
    /// Which head it is.
    pub of: HeadOf,
    /// Told when it is sent.
    pub sent: Arc<dyn HeadSent>,
}

impl std::fmt::Debug for OutHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutHead").field("raw", &self.raw).finish_non_exhaustive()
    }
}

/// Where in hyper's stream of messages the writer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Head,
    Counted(u64),
    Chunk(ChunkAt),
    UntilClose,
    /// hyper wrote a head that nobody queued: everything passes as it is.
    Unfollowed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkAt {
    Size(u64),
    SizeEnd(u64),
    Data(u64),
    DataEnd(u8),
}

/// The last chunk as hyper writes it.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What to do with the buffers that hyper offers.
#[derive(Debug)]
pub(super) enum Plan {
    /// Take `consumed` bytes from hyper, send `head`, then go on with what follows.
    Replace { consumed: usize, head: Bytes },
    /// Pass on unchanged what belongs to this message.
    Pass,
}

/// The writing half's state.
#[derive(Debug)]
pub(super) struct Outbound {
    at: At,
    queue: VecDeque<OutHead>,
    /// Bytes of ours that go out before anything of hyper's.
    pub(super) pending: BytesMut,
    /// Whom to tell of the head being written: once it is handed back and `pending` is empty.
    reported: Option<(Arc<dyn HeadSent>, HeadOf, bool)>,
    written: Option<Bytes>,
    trailers: Option<Bytes>,
    partial: Vec<u8>,
    /// How the connection broke, where no more can be written but an answer may still be read.
    lost: Option<io::ErrorKind>,
    /// How many messages were written to their end.
    pub(super) messages: u64,
}

impl std::fmt::Debug for dyn HeadSent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeadSent")
    }
}

impl Outbound {
    pub(super) fn new() -> Self {
        Self {
            at: At::Head,
            queue: VecDeque::new(),
            pending: BytesMut::new(),
            reported: None,
            written: None,
            trailers: None,
            partial: Vec::new(),
            lost: None,
            messages: 0,
        }
    }

    pub(super) fn queue(&mut self, head: OutHead) {
        self.queue.push_back(head);
    }

    /// No more can be written. A head that has not gone out whole never was sent.
    pub(super) fn lose(&mut self, how: io::ErrorKind) {
        self.lost = Some(how);
        self.pending.clear();
        (self.written, self.reported) = (None, None);
    }

    /// How the connection broke, where no more can be written.
    pub(super) fn lost(&self) -> Option<io::ErrorKind> {
        self.lost
    }

    /// Whether the message being written ends with the connection.
    pub(super) fn is_until_close(&self) -> bool {
        self.at == At::UntilClose
    }

    /// A trailer section for the chunked message being written, with its line ends.
    pub(super) fn trailers(&mut self, section: Bytes) {
        self.trailers = Some(section);
    }

    /// Puts an interim head on the wire if no final head has begun; false when it came too late.
    pub(super) fn inject(&mut self, head: &[u8]) -> bool {
        let before_final = self.at == At::Head && self.partial.is_empty();
        if before_final {
            self.pending.extend_from_slice(head);
        }
        before_final
    }

    /// Decides about the next bytes that hyper offers. `bufs` is not empty and begins with bytes.
    pub(super) fn plan(&mut self, bufs: &[IoSlice<'_>]) -> Plan {
        let first = bufs.iter().map(|buf| &**buf).find(|buf| !buf.is_empty()).unwrap_or_default();
        match self.at {
            At::Head => self.replace_head(first),
            At::Chunk(at) if self.trailers.is_some() && follow(at, first, true).1 == 0 => {
                self.replace_last_chunk()
            }
            _ => Plan::Pass,
        }
    }

    /// Counts bytes of hyper's that were passed on unchanged; stops at the message's end and
    /// returns how many of them belonged to it.
    pub(super) fn passed(&mut self, bytes: &[u8]) -> usize {
        match self.at {
            At::Counted(left) => {
                let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                match left - taken as u64 {
                    0 => self.message_over(),
                    rest => self.at = At::Counted(rest),
                }
                taken
            }
            At::Chunk(at) => {
                let (after, taken) = follow(at, bytes, false);
                match after {
                    None => self.message_over(),
                    Some(at) => self.at = At::Chunk(at),
                }
                taken
            }
            _ => bytes.len(),
        }
    }

    /// Tells, without writing, which of the next bytes belong to the message being written.
    pub(super) fn follower(&self) -> Follower {
        Follower { at: Some(self.at), before_last: self.trailers.is_some() }
    }

    /// Gives a planned head back: its bytes are on the socket, or the rest of them in `pending`.
    pub(super) fn written(&mut self, head: Bytes) {
        if self.reported.is_some() {
            self.written = Some(head);
        }
        if self.pending.is_empty() {
            self.drained();
        }
    }

    /// Called whenever `pending` has been written out.
    pub(super) fn drained(&mut self) {
        if let Some(head) = self.written.take()
            && let Some((sent, of, closing)) = self.reported.take()
        {
            sent.sent(of, head, closing);
        }
    }

    fn replace_head(&mut self, first: &[u8]) -> Plan {
        let Some(end) = head_end(&self.partial, first) else {
            self.partial.extend_from_slice(first);
            return Plan::Replace { consumed: first.len(), head: Bytes::new() };
        };
        let mut partial = std::mem::take(&mut self.partial);
        let hyper_head: &[u8] = if partial.is_empty() {
            &first[..end]
        } else {
            partial.extend_from_slice(&first[..end]);
            &partial
        };
        let Some(out) = self.queue.pop_front() else {
            self.at = At::Unfollowed;
            return Plan::Replace { consumed: end, head: Bytes::copy_from_slice(hyper_head) };
        };
        let closing = !out.closes && memchr::memmem::find(hyper_head, b"connection: close").is_some();
        let head = if closing { with_close(&out.raw) } else { out.raw };
        match out.framing {
            Framing::None | Framing::Length(0) => self.message_over(),
            Framing::Length(length) => self.at = At::Counted(length),
            Framing::Chunked => self.at = At::Chunk(ChunkAt::Size(0)),
            Framing::UntilClose | Framing::Stream => self.at = At::UntilClose,
        }
        self.reported = Some((out.sent, out.of, closing));
        Plan::Replace { consumed: end, head }
    }

    fn message_over(&mut self) {
        self.at = At::Head;
        self.messages += 1;
    }

    fn replace_last_chunk(&mut self) -> Plan {
        let mut last = BytesMut::from(&b"0\r\n"[..]);
        last.extend_from_slice(&self.trailers.take().unwrap_or_default());
        last.extend_from_slice(b"\r\n");
        self.message_over();
        Plan::Replace { consumed: LAST_CHUNK.len(), head: last.freeze() }
    }
}

/// Finds where a message ends in bytes that are not yet written.
pub(super) struct Follower {
    at: Option<At>,
    before_last: bool,
}

impl Follower {
    /// How many of these bytes belong to the message, given that all before them were taken.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let (after, taken) = match self.at {
            None | Some(At::Head) => (None, 0),
            Some(At::Counted(left)) => {
                let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                (Some(At::Counted(left - taken as u64)), taken)
            }
            Some(At::Chunk(at)) => {
                let (after, taken) = follow(at, bytes, self.before_last);
                (after.map(At::Chunk), taken)
            }
            at => (at, bytes.len()),
        };
        self.at = after;
        taken
    }
}

/// Follows hyper's chunked output. Stops behind the last chunk, or before it when asked to;
/// returns the state after (`None` = message over) and the bytes that were taken.
fn follow(mut at: ChunkAt, bytes: &[u8], stop_before_last: bool) -> (Option<ChunkAt>, usize) {
    let mut taken = 0;
    while taken < bytes.len() {
        let byte = bytes[taken];
        at = match at {
            ChunkAt::Size(0) if byte == b'0' && stop_before_last => return (Some(at), taken),
            ChunkAt::Size(size) if byte == b'\r' => ChunkAt::SizeEnd(size),
            ChunkAt::Size(size) => {
                ChunkAt::Size(size * 16 + u64::from(char::from(byte).to_digit(16).unwrap_or(0)))
            }
            ChunkAt::SizeEnd(0) => ChunkAt::DataEnd(3),
            ChunkAt::SizeEnd(size) => ChunkAt::Data(size),
            ChunkAt::Data(left) => {
                let part = (bytes.len() - taken).min(usize::try_from(left).unwrap_or(usize::MAX));
                taken += part;
                at = match left - part as u64 {
                    0 => ChunkAt::DataEnd(0),
                    rest => ChunkAt::Data(rest),
                };
                continue;
            }
            // CRLF behind data (0, 1) leads to the next size; CRLF behind the last chunk (3, 4) ends it.
            ChunkAt::DataEnd(1) => ChunkAt::Size(0),
            ChunkAt::DataEnd(4) => return (None, taken + 1),
            ChunkAt::DataEnd(step) => ChunkAt::DataEnd(step + 1),
        };
        taken += 1;
    }
    (Some(at), taken)
}

/// Where hyper's head ends in `first`, given what of it came before.
fn head_end(partial: &[u8], first: &[u8]) -> Option<usize> {
    if partial.is_empty() {
        return memchr::memmem::find(first, b"\r\n\r\n").map(|at| at + 4);
    }
    let tail = &partial[partial.len().saturating_sub(3)..];
    let mut window = tail.to_vec();
    window.extend_from_slice(first);
    memchr::memmem::find(&window, b"\r\n\r\n").map(|at| at + 4 - tail.len())
}

fn with_close(raw: &Bytes) -> Bytes {
    let mut head = BytesMut::with_capacity(raw.len() + 19);
    head.extend_from_slice(&raw[..raw.len().saturating_sub(2)]);
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    head.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `wire` through in pieces and returns what would reach the socket.
    fn write(out: &mut Outbound, wire: &[u8], piece: usize) -> Vec<u8> {
        let (mut socket, mut rest) = (Vec::new(), wire);
        while !rest.is_empty() {
            let offered = &rest[..rest.len().min(piece)];
            match out.plan(&[IoSlice::new(offered)]) {
                Plan::Replace { consumed, head } => {
                    socket.extend_from_slice(&head);
                    out.written(head);
                    rest = &rest[consumed..];
                }
                Plan::Pass => {
                    let part = out.follower().take(offered);
                    out.passed(&offered[..part]);
                    socket.extend_from_slice(&offered[..part]);
                    rest = &rest[part..];
                }
            }
        }
        socket
    }

    struct Nobody;

    impl HeadSent for Nobody {
        fn sent(&self, _: HeadOf, _: Bytes, _: bool) {}
    }

    fn head(raw: &'static str, framing: Framing) -> OutHead {
        OutHead {
            raw: Bytes::from_static(raw.as_bytes()),
            framing,
            closes: false,
            of: HeadOf::Response { over: false },
            sent: Arc::new(Nobody),
        }
    }

    #[test]
    fn heads_are_replaced_and_bodies_pass() {
        for piece in [1, 2, 7, 1000] {
            let mut out = Outbound::new();
            out.queue(head("HTTP/1.1 200 Very  Fine\r\nX:y\r\n\r\n", Framing::Length(5)));
            out.queue(head("HTTP/1.1 201 \r\n\r\n", Framing::Chunked));
            out.queue(head("HTTP/1.1 204 No\r\n\r\n", Framing::None));
            let hyper = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 201 Created\r\n\
                transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            assert_eq!(
                String::from_utf8(write(&mut out, hyper, piece)).unwrap(),
                "HTTP/1.1 200 Very  Fine\r\nX:y\r\n\r\nhelloHTTP/1.1 201 \r\n\r\n3\r\nabc\r\nA\r\n\
                 0123456789\r\n0\r\n\r\nHTTP/1.1 204 No\r\nConnection: close\r\n\r\n",
                "in pieces of {piece}"
            );
        }
    }

    #[test]
    fn rfc9112_7_1_2_trailers_follow_the_last_chunk() {
        let mut out = Outbound::new();
        out.queue(head("HTTP/1.1 200 OK\r\n\r\n", Framing::Chunked));
        let first = write(&mut out, b"HTTP/1.1 200 OK\r\n\r\n3\r\n000\r\n", 1000);
        out.trailers(Bytes::from_static(b"X-Sum: 1\r\n"));
        let last = write(&mut out, b"2\r\n00\r\n0\r\n\r\n", 1000);
        assert_eq!(first, b"HTTP/1.1 200 OK\r\n\r\n3\r\n000\r\n");
        assert_eq!(last, b"2\r\n00\r\n0\r\nX-Sum: 1\r\n\r\n");
        assert_eq!(out.at, At::Head);
    }

    #[test]
    fn interim_heads_go_before_the_final_one_only() {
        let mut out = Outbound::new();
        assert!(out.inject(b"HTTP/1.1 103 Early\r\n\r\n"));
        out.queue(head("HTTP/1.1 200 OK\r\n\r\n", Framing::Length(2)));
        out.pending.clear();
        write(&mut out, b"HTTP/1.1 200 OK\r\n\r\n", 1000);
        assert!(!out.inject(b"HTTP/1.1 103 Late\r\n\r\n"));
    }
}
