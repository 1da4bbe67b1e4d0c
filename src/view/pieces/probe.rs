//! For tests: octets through a splitter in several chunkings, which must all give the same.

use super::Splitter;
use crate::exchange::Message;

/// The messages, in one piece and in small ones.
#[track_caller]
pub fn split<S: Splitter>(make: impl Fn() -> S, bytes: &[u8]) -> Vec<Message> {
    for chunk in [1, 2, 3, 7] {
        chunked(&make, bytes, chunk);
    }
    chunked(&make, bytes, usize::MAX)
}

/// The messages, in one piece and in pieces of that size.
#[track_caller]
pub fn chunked<S: Splitter>(make: impl Fn() -> S, bytes: &[u8], chunk: usize) -> Vec<Message> {
    let run = |chunk: usize| {
        let (mut splitter, mut out) = (make(), Vec::new());
        bytes.chunks(chunk).for_each(|piece| splitter.feed(piece, 3, &mut out));
        splitter.end(3, &mut out);
        out
    };
    let whole = run(usize::MAX);
    assert_eq!(run(chunk), whole, "in chunks of {chunk}");
    whole
}
