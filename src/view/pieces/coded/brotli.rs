//! Brotli undone as a stream (RFC 7932).

use super::{Damaged, Undo};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

/// Octets decoded at a time.
const PIECE: usize = 16 * 1024;

/// A decoder at work.
pub struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    room: Vec<u8>,
    total: usize,
    over: bool,
    damaged: bool,
}

impl Brotli {
    /// Nothing came.
    #[must_use]
    pub fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self {
            state: Box::new(BrotliState::new(alloc(), alloc(), alloc())),
            room: vec![0; PIECE],
            total: 0,
            over: false,
            damaged: false,
        }
    }
}

impl Undo for Brotli {
    fn step(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Damaged> {
        if self.over {
            return Ok(0);
        }
        if self.damaged {
            return Err(Damaged);
        }
        // One octet at a time: what stands before damage comes out only where a call ends before it.
        let bytes = bytes.get(..1).unwrap_or_default();
        let (mut in_left, mut taken) = (bytes.len(), 0);
        let (mut out_left, mut wrote) = (self.room.len(), 0);
        let result = BrotliDecompressStream(
            &mut in_left,
            &mut taken,
            bytes,
            &mut out_left,
            &mut wrote,
            &mut self.room,
            &mut self.total,
            &mut self.state,
        );
        out.extend_from_slice(self.room.get(..wrote).unwrap_or_default());
        self.over = matches!(result, BrotliResult::ResultSuccess);
        self.damaged = matches!(result, BrotliResult::ResultFailure);
        if self.damaged { Err(Damaged) } else { Ok(taken) }
    }

    fn is_over(&mut self) -> bool {
        self.over
    }
}
