//! permessage-deflate undone for one direction (RFC 7692 7.2.2), bounded in memory and in work.

use flate2::{Decompress, FlushDecompress, Status};

/// What the end of a message takes off, and its reader puts back.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Octets that a back-reference reaches (RFC 1951 2).
const WINDOW: usize = 32 * 1024;

/// Octets that one message is inflated to at most: the traffic waits meanwhile, and a few octets can hold a
/// thousand times as many.
const MOST: u64 = 32 * 1024 * 1024;

/// Octets taken at a time. An octet inflates to 1,032 at most, and the inflater holds eight: so what they
/// inflate to fits into the room, and of what stands before damage nothing stays behind in the inflater.
const STEP: usize = 55;

/// Octets of room for what a step inflates to.
const ROOM: usize = 64 * 1024;

/// Said of data that is no DEFLATE data.
const DAMAGED: &str = "the compressed data is damaged (RFC 7692 7.2.2)";

/// Inflates the messages of one direction, one after the other.
#[derive(Debug)]
pub struct Inflater {
    /// Whether a message goes on with the window of the one before (RFC 7692 7.1.1).
    takeover: bool,
    stream: Decompress,
    room: Vec<u8>,
    /// The last octets that came out, to begin a new deflate stream with where a block said that it was
    /// the last (RFC 7692 7.2.3.5); the inflater forgets them there.
    window: Vec<u8>,
    inflated: u64,
    /// Why nothing can be inflated any more.
    lost: Option<&'static str>,
}

impl Inflater {
    /// For one direction.
    #[must_use]
    pub fn new(takeover: bool) -> Self {
        Self {
            takeover,
            stream: Decompress::new(false),
            room: vec![0; ROOM],
            window: Vec::new(),
            inflated: 0,
            lost: None,
        }
    }

    /// Begins a message; an error says why it cannot be inflated.
    pub fn begin(&mut self) -> Result<(), &'static str> {
        self.inflated = 0;
        self.lost.map_or(Ok(()), Err)
    }

    /// Inflates octets of the message; after an error nothing more of it can be inflated.
    pub fn push(&mut self, bytes: &[u8], into: impl FnMut(&[u8])) -> Result<(), &'static str> {
        self.run(bytes, into).inspect_err(|_| self.fail())
    }

    /// Ends the message: "append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload".
    pub fn finish(&mut self, into: impl FnMut(&[u8])) -> Result<(), &'static str> {
        self.run(&TAIL, into).inspect_err(|_| self.fail())?;
        if !self.takeover {
            self.restart();
        }
        Ok(())
    }

    /// Gives the message up: what follows it can be inflated only where nothing is taken over.
    pub fn fail(&mut self) {
        if self.takeover {
            self.lost = Some("compressed, and its context was lost with an earlier message: not inflated");
        }
        self.restart();
    }

    fn restart(&mut self) {
        self.stream.reset(false);
        self.window = Vec::new();
    }

    fn run(&mut self, mut bytes: &[u8], mut into: impl FnMut(&[u8])) -> Result<(), &'static str> {
        loop {
            let step = bytes.get(..STEP).unwrap_or(bytes);
            let (before, out) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(step, &mut self.room, FlushDecompress::None);
            let read = usize::try_from(self.stream.total_in() - before).unwrap_or(usize::MAX);
            let wrote = usize::try_from(self.stream.total_out() - out).unwrap_or(usize::MAX);
            bytes = bytes.get(read..).unwrap_or_default();
            // What stands before damage came out too.
            let room = usize::try_from(MOST - self.inflated).unwrap_or(usize::MAX);
            let inflated = self.room.get(..wrote.min(room)).unwrap_or_default();
            into(inflated);
            self.inflated += inflated.len() as u64;
            if self.takeover {
                remember(&mut self.window, inflated);
            }
            let status = status.map_err(|_| DAMAGED)?;
            if wrote > room {
                return Err("inflating stopped at 32 MiB: what comes after is not counted");
            }
            if status == Status::StreamEnd {
                self.go_on()?;
            } else if read == 0 && wrote == 0 {
                // Less than the room holds no proof that nothing is left: the inflater may stop at its window's end.
                return Ok(());
            }
        }
    }

    /// Behind a block that said it was the last: the window stays, so a stored block brings it back.
    fn go_on(&mut self) -> Result<(), &'static str> {
        self.stream.reset(false);
        let from = self.window.len().saturating_sub(WINDOW);
        let window = self.window.get(from..).unwrap_or_default();
        if window.is_empty() {
            return Ok(());
        }
        let length = u16::try_from(window.len()).unwrap_or(u16::MAX);
        let (low, high) = (length.to_le_bytes(), (!length).to_le_bytes());
        let mut block = vec![0, low[0], low[1], high[0], high[1]];
        block.extend_from_slice(window);
        let mut room = vec![0; window.len()];
        let mut block = block.as_slice();
        loop {
            let (before, out) = (self.stream.total_in(), self.stream.total_out());
            self.stream.decompress(block, &mut room, FlushDecompress::None).map_err(|_| DAMAGED)?;
            let read = usize::try_from(self.stream.total_in() - before).unwrap_or(usize::MAX);
            block = block.get(read..).unwrap_or_default();
            if read == 0 && self.stream.total_out() == out {
                break;
            }
        }
        Ok(())
    }
}

fn remember(window: &mut Vec<u8>, bytes: &[u8]) {
    if window.len() + bytes.len() > 2 * WINDOW {
        window.drain(..window.len().saturating_sub(WINDOW));
    }
    window.extend_from_slice(bytes);
}
