//! Content codings undone a piece at a time (RFC 9110 8.4): small bodies in memory, larger ones in a file
//! without a name, and never more than a bound, whatever a few bytes pretend to hold.

use super::text::InOrder;
use super::{FileOctets, Octets, Text, UnknownCoding, decoded};
use crate::text::units;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes kept in memory; with more they go to a file.
const IN_MEMORY: usize = 8 * 1024 * 1024;

/// Bytes decoded at most.
const MOST: u64 = 1 << 30;

/// How many times what was received, from [`SUSPECT`] bytes on.
const RATIO: u64 = 1000;

/// Bytes up to which any ratio is fine.
const SUSPECT: u64 = 16 * 1024 * 1024;

/// Bytes asked of a decoder at a time.
const PIECE: usize = 64 * 1024;

/// A body whose codings are being undone.
pub struct Undoing {
    from: Box<dyn Read>,
    /// The coding's name for messages.
    coding: String,
    received: u64,
    read: Arc<AtomicU64>,
    kept: Arc<Kept>,
    text: Arc<Text>,
    trouble: Option<String>,
    over: bool,
}

impl std::fmt::Debug for Undoing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Undoing")
            .field("coding", &self.coding)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

impl Undoing {
    /// Begins. The codings are in the order in which they were applied.
    pub fn new(received: Arc<dyn Octets>, codings: &[String]) -> Result<Self, UnknownCoding> {
        let read = Arc::new(AtomicU64::new(0));
        let length = received.len();
        let from = decoded(Box::new(InOrder::new(received, Arc::clone(&read))), codings)?;
        let kept = Arc::new(Kept(Mutex::new(Place::Memory(Vec::new()))));
        let text = Arc::new(Text::new(Arc::clone(&kept) as Arc<dyn Octets>, false));
        let coding = codings.join(", ");
        Ok(Self { from, coding, received: length, read, kept, text, trouble: None, over: false })
    }

    /// What was decoded so far; it grows.
    #[must_use]
    pub fn text(&self) -> &Arc<Text> {
        &self.text
    }

    /// Whether nothing more comes.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Why not all could be decoded, and what is shown instead.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Decodes about so many bytes more; whether there is more.
    pub fn advance(&mut self, bytes: usize) -> bool {
        let mut piece = vec![0; PIECE];
        let mut left = bytes;
        while !self.over && left > 0 {
            let outcome = self.from.read(&mut piece);
            left = left.saturating_sub(PIECE);
            self.take(&outcome, &piece);
        }
        !self.over
    }

    fn take(&mut self, outcome: &io::Result<usize>, piece: &[u8]) {
        match outcome {
            Ok(0) => self.end(None),
            Ok(count) => {
                let kept = self.kept.push(piece.get(..*count).unwrap_or_default());
                let length = self.text.len();
                let shown = units::bytes(length);
                if let Err(error) = kept {
                    self.end(Some(format!(
                        "the decoded body does not fit into the temporary folder ({error}): showing the first {shown}"
                    )));
                } else if length > MOST {
                    self.end(Some(format!("decoding stopped at {shown}: more is not shown here")));
                } else if length > SUSPECT && length / RATIO > self.received {
                    self.end(Some(format!(
                        "decoding stopped at {shown}: more than {RATIO} times what was received, as a decompression bomb holds"
                    )));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => {
                let trouble = self.damage();
                self.end(Some(trouble));
            }
        }
    }

    fn damage(&self) -> String {
        let (coding, at) = (&self.coding, self.read.load(Ordering::Relaxed));
        let place = units::count(at);
        let shown = match self.text.len() {
            0 => "nothing could be decoded".to_owned(),
            length => format!("showing {}B decoded", units::bytes(length)),
        };
        if at >= self.received {
            format!("{coding} ended early at byte {place}: {shown}")
        } else {
            format!("{coding} is damaged before byte {place}: {shown}")
        }
    }

    fn end(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
        self.over = true;
        self.text.end();
    }
}

/// Decoded bytes, growing.
struct Kept(Mutex<Place>);

enum Place {
    Memory(Vec<u8>),
    File { octets: FileOctets, file: File, length: u64 },
}

impl Kept {
    fn push(&self, bytes: &[u8]) -> io::Result<()> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Place::Memory(held) = &mut *place {
            if held.len() + bytes.len() <= IN_MEMORY {
                held.extend_from_slice(bytes);
                return Ok(());
            }
            let (octets, mut file) = FileOctets::nameless()?;
            file.write_all(held)?;
            *place = Place::File { octets, file, length: held.len() as u64 };
        }
        if let Place::File { file, length, .. } = &mut *place {
            file.write_all(bytes)?;
            *length += bytes.len() as u64;
        }
        Ok(())
    }
}

impl Octets for Kept {
    fn len(&self) -> u64 {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Place::Memory(held) => held.len() as u64,
            Place::File { length, .. } => *length,
        }
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Place::Memory(held) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX).min(held.len());
                let mut rest = held.get(from..).unwrap_or_default();
                rest.read(into)
            }
            Place::File { octets, .. } => octets.read_at(at, into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use flate2::Compression;
    use flate2::read::GzEncoder;

    fn gzip(text: impl Read) -> Vec<u8> {
        let mut out = Vec::new();
        GzEncoder::new(text, Compression::default()).read_to_end(&mut out).unwrap();
        out
    }

    fn undo(bytes: Vec<u8>, coding: &str) -> Undoing {
        let mut undoing = Undoing::new(Arc::new(Bytes::from(bytes)), &[coding.to_owned()]).unwrap();
        while undoing.advance(100_000) {}
        undoing
    }

    #[test]
    fn small_and_large_bodies() {
        for size in [0, 10, 20_000_000] {
            let text: Vec<u8> = (0..size).map(|at: u32| (at % 251) as u8).collect();
            let undoing = undo(gzip(&text[..]), "gzip");
            assert_eq!((undoing.trouble(), undoing.text().len()), (None, u64::from(size)));
            assert!(undoing.text().get(0, text.len()) == text, "{size}");
        }
    }

    #[test]
    fn what_ends_early_is_shown_as_far_as_it_goes() {
        let text: String = (0..20_000).map(|number| format!("{number} ")).collect();
        let mut cut = gzip(text.as_bytes());
        cut.truncate(20_000);
        let undoing = undo(cut, "gzip");
        let trouble = undoing.trouble().unwrap();
        assert!(trouble.starts_with("gzip ended early at byte 20 000: showing "), "{trouble}");
        assert!(text.as_bytes().starts_with(&undoing.text().get(0, 10_000)) && undoing.text().len() > 10_000);
        let undoing = undo(b"this is no gzip".to_vec(), "gzip");
        assert!(undoing.trouble().unwrap().contains("nothing could be decoded"), "{:?}", undoing.trouble());
    }

    #[test]
    fn a_bomb_stops_at_a_bound() {
        let undoing = undo(zstd_zeros(64 * 1024 * 1024), "zstd");
        let trouble = undoing.trouble().unwrap();
        assert!(trouble.contains("more than 1000 times what was received"), "{trouble}");
        assert!(undoing.text().len() < SUSPECT + 1024 * 1024);
    }

    /// A zstd frame of run-length blocks (RFC 8878 3.1.1.2), four bytes for 128 KiB.
    fn zstd_zeros(size: usize) -> Vec<u8> {
        let mut out = b"\x28\xb5\x2f\xfd\x00\x58".to_vec();
        let blocks = size / (128 * 1024);
        for block in 0..blocks {
            let head = (128 * 1024) << 3 | 1 << 1 | usize::from(block + 1 == blocks);
            out.extend_from_slice(&head.to_le_bytes()[..3]);
            out.push(0);
        }
        out
    }
}
