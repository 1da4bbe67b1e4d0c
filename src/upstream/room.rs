//! How much of a piece of data goes into a stream of HTTP/2 at once: whole if it can, and never cut to a scrap
//! while more window is coming.
//!
//! A receiver may give back each DATA frame by itself (RFC 9113 6.9): a piece that just misses the window must
//! not become a frame of one octet, and then another. As with TCP (RFC 1122 4.2.3.4), a sender that waits sends
//! what there is room for after a while: the receiver may give nothing back before all is used up.

use crate::tap::Timer;
use bytes::Bytes;
use h2::SendStream;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Where a piece is cut: the largest frame that every receiver takes (RFC 9113 4.2).
const FRAME: usize = 16 * 1024;
/// How long a piece that the window had room for before waits for as much room again; half as long each time
/// that it waited in vain, so that a receiver which gives back late is not kept slow.
const PATIENCE: Duration = Duration::from_millis(50);

/// The room that one stream's receiver gives.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The largest piece that is known to fit.
    widest: usize,
    /// Since when a piece has waited.
    since: Option<Instant>,
    /// How often one has waited in vain.
    in_vain: u32,
    timer: Timer,
}

impl Room {
    /// Ready with so many octets, at least one, of a piece of `length` that may go out now. `None` when the stream
    /// is no more.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut SendStream<Bytes>,
        length: usize,
    ) -> Poll<Option<Result<usize, h2::Error>>> {
        stream.reserve_capacity(length);
        loop {
            if let Some(count) = self.part(cx, length, stream.capacity()) {
                return Poll::Ready(Some(Ok(count)));
            }
            match stream.poll_capacity(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// How much of a piece goes out where there is so much room; `None` to wait for more.
    fn part(&mut self, cx: &mut Context<'_>, length: usize, room: usize) -> Option<usize> {
        let count = match room.min(length) {
            0 => return None,
            count if count == length => count,
            count if count >= FRAME => count - count % FRAME,
            count if length.min(FRAME) > self.widest => count,
            count => {
                let since = *self.since.get_or_insert_with(Instant::now);
                let patience = PATIENCE / (1 << self.in_vain);
                if self.timer.poll_until(cx, since + patience).is_pending() {
                    return None;
                }
                // It gives no more: what fits is less than was thought.
                self.widest = 0;
                self.in_vain = (self.in_vain + 1).min(16);
                count
            }
        };
        self.widest = self.widest.max(count);
        self.since = None;
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::task::Waker;

    /// What goes out of a piece, by its length and the room that there is.
    fn parts(room: &mut Room, cases: &[(usize, usize, Option<usize>)]) {
        let mut cx = Context::from_waker(Waker::noop());
        for (length, there, goes) in cases {
            assert_eq!(room.part(&mut cx, *length, *there), *goes, "{there} for {length}");
        }
    }

    #[tokio::test]
    async fn rfc9113_6_9_a_piece_that_just_misses_the_window_waits() {
        let room = Room::default;
        parts(
            &mut room(),
            &[(FRAME, FRAME, Some(FRAME)), (FRAME, FRAME - 1, None), (FRAME, FRAME, Some(FRAME))],
        );
        parts(&mut room(), &[(4 * FRAME, 4 * FRAME - 1, Some(3 * FRAME)), (FRAME, FRAME - 1, None)]);
        parts(&mut room(), &[(FRAME, 100, Some(100)), (50, 50, Some(50)), (60, 0, None)]);
    }

    #[tokio::test]
    async fn rfc9113_6_9_a_small_window_is_used_as_it_is() {
        parts(&mut Room::default(), &[(9, 1, Some(1)), (8, 1, Some(1)), (7, 3, Some(3)), (4, 4, Some(4))]);
    }

    #[tokio::test]
    async fn rfc9113_6_9_what_is_not_given_back_is_not_waited_for() {
        let mut room = Room::default();
        parts(&mut room, &[(FRAME, FRAME, Some(FRAME)), (FRAME, 100, None)]);
        let late = poll_fn(|cx| room.part(cx, FRAME, 100).map_or(Poll::Pending, Poll::Ready));
        assert_eq!(late.await, 100);
        parts(&mut room, &[(FRAME, 200, Some(200)), (FRAME, 100, Some(100))]);
    }
}
