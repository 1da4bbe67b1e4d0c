//! Splitters behind content codings (RFC 9110 8.4): undone as they come, a bounded piece at a time.
//!
//! What is split is what was decoded, so the octets that a message took are counted decoded too.

mod brotli;
mod deflate;

use super::Splitter;
use super::kept::Kept;
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use crate::text::units;

/// Octets that may be decoded whatever was received.
const FREE: u64 = 16 * 1024 * 1024;

/// How many times what was received may be decoded beyond that: the traffic waits meanwhile.
const RATIO: u64 = 100;

/// Undoes one coding as a stream.
pub trait Undo: Send {
    /// Takes some of `bytes` and appends what they decode to, at most some 32 KiB; how many were taken.
    /// Called until it takes none and appends nothing; an error says that the data is damaged.
    fn step(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Damaged>;

    /// Whether what came may be all.
    fn is_over(&mut self) -> bool;
}

/// The data does not follow its coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// What undoes a coding, by its name in lower case. Of zstd, a frame's last octets can be had only at its
/// end, so that pieces would be told late: it is left to the Body view.
#[must_use]
pub fn undo(coding: &str) -> Option<Box<dyn Undo>> {
    Some(match coding {
        "gzip" | "x-gzip" => Box::new(deflate::gzip()),
        "deflate" => Box::new(deflate::Either::new()),
        "br" => Box::new(brotli::Brotli::new()),
        _ => return None,
    })
}

/// Undoes all of a run of octets, a piece at a time.
pub fn run(
    undo: &mut dyn Undo,
    mut bytes: &[u8],
    piece: &mut Vec<u8>,
    mut into: impl FnMut(&[u8]) -> bool,
) -> Result<(), Damaged> {
    loop {
        piece.clear();
        let outcome = undo.step(bytes, piece);
        if !piece.is_empty() && !into(piece) {
            return Ok(());
        }
        let taken = outcome?;
        bytes = bytes.get(taken..).unwrap_or_default();
        if taken == 0 && piece.is_empty() {
            // What is left behind a stream's end is no part of it.
            return if bytes.is_empty() { Ok(()) } else { Err(Damaged) };
        }
    }
}

/// A splitter behind a coding.
pub struct Coded {
    name: String,
    undo: Box<dyn Undo>,
    inner: Box<dyn Splitter>,
    side: Side,
    piece: Vec<u8>,
    received: u64,
    decoded: u64,
    /// Behind damage or a bomb: nothing more is decoded.
    given_up: bool,
}

impl Coded {
    /// Puts a splitter behind a coding, when it can be undone.
    #[must_use]
    pub fn new(name: &str, side: Side, inner: Box<dyn Splitter>) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            undo: undo(name)?,
            inner,
            side,
            piece: Vec::new(),
            received: 0,
            decoded: 0,
            given_up: false,
        })
    }

    fn give_up(&mut self, words: String, at: u64, out: &mut Vec<Message>) {
        self.given_up = true;
        self.inner.end(at, out);
        out.push(Kept::new(0).message(self.side, MessageForm::Broken, 0, words, at));
    }
}

impl Splitter for Coded {
    fn feed(&mut self, bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        if self.given_up {
            return;
        }
        let from = out.len();
        self.received += bytes.len() as u64;
        let Self { undo, inner, piece, received, decoded, .. } = self;
        let mut bomb = false;
        let outcome = run(undo.as_mut(), bytes, piece, |decoded_now| {
            *decoded += decoded_now.len() as u64;
            bomb = *decoded > FREE && *decoded / RATIO > *received;
            inner.feed(decoded_now, at, out);
            !bomb
        });
        if outcome.is_err() {
            self.give_up(format!("the {} data is damaged: nothing behind it is split", self.name), at, out);
        } else if bomb {
            let shown = units::bytes(self.decoded);
            let words = format!("decoding {} stopped at {shown}B: over {RATIO} times what came", self.name);
            self.give_up(words, at, out);
        }
        for message in out.iter_mut().skip(from) {
            message.flags.add(MessageFlags::COMPRESSED);
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        let from = out.len();
        if self.given_up {
            return;
        }
        self.inner.end(at, out);
        if self.received > 0 && !self.undo.is_over() {
            let mut cut = Kept::new(0).message(
                self.side,
                MessageForm::Broken,
                0,
                format!("the {} data ended early", self.name),
                at,
            );
            cut.flags.add(MessageFlags::UNFINISHED);
            out.push(cut);
        }
        for message in out.iter_mut().skip(from) {
            message.flags.add(MessageFlags::COMPRESSED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::Events;
    use super::super::probe;
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    const STREAM: [&str; 2] = ["data: one\n\n", "data: two\n\n"];

    /// Two events, the coding flushed behind each, with the octets after the first flush; and all.
    fn coded(name: &str) -> (usize, Vec<u8>) {
        macro_rules! flushed {
            ($encoder:expr) => {{
                let mut encoder = $encoder;
                encoder.write_all(STREAM[0].as_bytes()).unwrap();
                encoder.flush().unwrap();
                let first = encoder.get_ref().len();
                encoder.write_all(STREAM[1].as_bytes()).unwrap();
                (first, encoder.finish().unwrap())
            }};
        }
        let level = Compression::default();
        match name {
            "gzip" => flushed!(GzEncoder::new(Vec::new(), level)),
            "deflate" => flushed!(ZlibEncoder::new(Vec::new(), level)),
            "raw" => flushed!(DeflateEncoder::new(Vec::new(), level)),
            // Two uncompressed metablocks and the empty last one (RFC 7932 9.2), made by hand.
            _ => {
                let meta = |text: &str, first: bool| {
                    let length = u32::try_from(text.len()).unwrap() - 1;
                    // ISLAST 0, MNIBBLES 4, MLEN-1, ISUNCOMPRESSED 1; WBITS 16 (one bit 0) before the first.
                    let bits = length << 3 | 1 << 19;
                    let octets = if first { bits << 1 } else { bits }.to_le_bytes();
                    [&octets[..3], text.as_bytes()].concat()
                };
                let first = meta(STREAM[0], true);
                (first.len(), [first, meta(STREAM[1], false), vec![3]].concat())
            }
        }
    }

    fn splitter(name: &str) -> Coded {
        let name = if name == "raw" { "deflate" } else { name };
        Coded::new(name, Side::Origin, Box::new(Events::new(100))).unwrap()
    }

    #[test]
    fn rfc9110_8_4_events_are_told_when_their_octets_came() {
        for name in ["gzip", "deflate", "raw", "br"] {
            let (first, bytes) = coded(name);
            let (mut coded, mut out) = (splitter(name), Vec::new());
            coded.feed(&bytes[..first], 3, &mut out);
            assert_eq!((out.len(), &out[0].payload[..]), (1, &b"one"[..]), "{name}");
            assert!(out[0].flags.has(MessageFlags::COMPRESSED));
            let all = probe::split(|| splitter(name), &bytes);
            assert_eq!(
                all.iter().map(|event| &event.payload[..]).collect::<Vec<_>>(),
                [b"one", b"two"],
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_damaged_or_cut_is_said() {
        for name in ["gzip", "deflate", "raw", "br"] {
            let (first, mut bytes) = coded(name);
            let cut = probe::split(|| splitter(name), &bytes[..first]);
            assert!(cut[1].says.ends_with("data ended early"), "{name}: {cut:?}");
            assert!(cut[1].flags.has(MessageFlags::UNFINISHED));
            bytes.truncate(first);
            bytes.extend_from_slice(&[0xff; 40]);
            let damaged = probe::split(|| splitter(name), &bytes);
            assert_eq!(&damaged[0].payload[..], b"one", "{name}");
            assert!(damaged[1].says.contains("is damaged"), "{name}: {damaged:?}");
        }
    }

    #[test]
    fn a_bomb_stops() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..64 {
            encoder.write_all(&vec![b'x'; 1 << 20]).unwrap();
        }
        let bytes = encoder.finish().unwrap();
        let (mut coded, mut out) = (splitter("gzip"), Vec::new());
        coded.feed(&bytes, 3, &mut out);
        assert!(out.last().unwrap().says.starts_with("decoding gzip stopped at 1"), "{out:?}");
        assert!(coded.decoded < FREE + (1 << 20));
    }

    proptest! {
        #[test]
        fn damaged_octets_in_any_chunks_give_the_same(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            extra in prop::collection::vec(any::<u8>(), 0..9),
            chunk in 1_usize..20,
        ) {
            for name in ["gzip", "deflate", "raw", "br"] {
                let mut bytes = coded(name).1;
                bytes.extend_from_slice(&extra);
                for (place, octet) in &damage {
                    *place.get_mut(&mut bytes) = *octet;
                }
                probe::chunked(|| splitter(name), &bytes, chunk);
            }
        }
    }
}
