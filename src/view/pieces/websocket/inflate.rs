//! permessage-deflate (RFC 7692): whether it was agreed on, and undoing it within bounds.

use crate::exchange::{Head, Side};
use flate2::{Decompress, FlushDecompress, Status};

/// What a sender takes off the end of a message (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Octets inflated at once.
const PIECE: usize = 16 * 1024;
/// Beyond so many times what is kept, a message is not inflated to its end: the traffic waits meanwhile.
const PATIENCE: u64 = 8;

/// The parameters agreed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deflate {
    client_forgets: bool,
    server_forgets: bool,
}

impl Deflate {
    /// Whether this end's messages refer to those before them (RFC 7692 7.1.1).
    pub(super) fn keeps_context(self, side: Side) -> bool {
        match side {
            Side::Client => !self.client_forgets,
            Side::Origin => !self.server_forgets,
        }
    }
}

/// What the response of the handshake accepted (RFC 7692 5).
pub(super) fn agreed(response: &Head) -> Option<Deflate> {
    let accepted = response.members("Sec-WebSocket-Extensions").find_map(|extension| {
        let mut words = extension.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        words.next()?.eq_ignore_ascii_case(b"permessage-deflate").then_some(words)
    })?;
    let mut deflate = Deflate { client_forgets: false, server_forgets: false };
    for word in accepted {
        deflate.client_forgets |= word.eq_ignore_ascii_case(b"client_no_context_takeover");
        deflate.server_forgets |= word.eq_ignore_ascii_case(b"server_no_context_takeover");
    }
    Some(deflate)
}

/// Inflates the messages of one direction, one after the other.
pub(super) struct Inflater {
    decompress: Decompress,
    keeps_context: bool,
    max_payload: usize,
    lost: Option<&'static str>,
}

impl Inflater {
    pub(super) fn new(keeps_context: bool, max_payload: usize) -> Self {
        Self { decompress: Decompress::new(false), keeps_context, max_payload, lost: None }
    }

    /// Inflates the next octets of a message onto `payload`, up to the bound, and counts all into `length`.
    pub(super) fn take(&mut self, mut bytes: &[u8], payload: &mut Vec<u8>, length: &mut u64) {
        let mut piece = [0; PIECE];
        while self.lost.is_none() {
            let (read, written) = (self.decompress.total_in(), self.decompress.total_out());
            let status = self.decompress.decompress(bytes, &mut piece, FlushDecompress::Sync);
            let read = usize::try_from(self.decompress.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(self.decompress.total_out() - written).unwrap_or(usize::MAX);
            bytes = bytes.get(read..).unwrap_or_default();
            *length += written as u64;
            let room = self.max_payload.saturating_sub(payload.len()).min(written);
            payload.extend_from_slice(piece.get(..room).unwrap_or_default());
            match status {
                Err(_) => self.lost = Some("not DEFLATE data (RFC 7692 7.2.2)"),
                // A last block ends the stream, not the message: what follows begins anew (RFC 7692 7.2.3.4).
                Ok(Status::StreamEnd) => self.decompress.reset(false),
                Ok(_) if *length > PATIENCE.saturating_mul(self.max_payload as u64) => {
                    self.lost = Some("not inflated to its end: it is many times larger than what is kept");
                }
                Ok(_) if read == 0 && written == 0 => return,
                Ok(_) if bytes.is_empty() && written < PIECE => return,
                Ok(_) => {}
            }
        }
    }

    /// The message is whole.
    pub(super) fn finish(&mut self, payload: &mut Vec<u8>, length: &mut u64, says: &mut Vec<String>) {
        self.take(&TAIL, payload, length);
        if let Some(lost) = self.lost {
            says.push(lost.to_owned());
        }
        if !self.keeps_context {
            self.decompress.reset(false);
            self.lost = None;
        } else if self.lost.is_some() {
            self.lost = Some("not readable: it refers to a message that could not be inflated");
        }
    }
}
