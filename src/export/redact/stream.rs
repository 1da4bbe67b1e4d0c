//! A body read with its secrets replaced, piece by piece, however long it is.

use super::Veil;
use std::io::{self, Read};

/// Octets looked at together.
const WINDOW: usize = 1 << 20;
/// What is kept back from each window: a secret may go on behind it.
const KEPT_BACK: usize = 64 << 10;
/// How long one secret may be that reaches to the end of its window.
const LONGEST: usize = 16 << 20;

/// A reader whose secrets are replaced by their tags.
pub struct Veiled<'v, R> {
    veil: &'v Veil,
    inner: R,
    /// Read, and not looked at yet.
    window: Vec<u8>,
    /// To be handed out, from `at` on.
    ready: Vec<u8>,
    at: usize,
    ended: bool,
    touched: bool,
}

impl<'v, R: Read> Veiled<'v, R> {
    pub(super) fn new(veil: &'v Veil, inner: R) -> Self {
        Self { veil, inner, window: Vec::new(), ready: Vec::new(), at: 0, ended: false, touched: false }
    }

    /// Whether anything was replaced so far.
    pub fn touched(&self) -> bool {
        self.touched
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut size = WINDOW;
        loop {
            self.fill(size)?;
            let spans = self.veil.spans(&self.window, super::text::text(&self.window));
            let reaches_out = spans.last().is_some_and(|(at, _)| at.end == self.window.len());
            if reaches_out && !self.ended && size < LONGEST {
                size *= 2;
                continue;
            }
            let cut = if self.ended { self.window.len() } else { self.window.len() - KEPT_BACK };
            let mut from = 0;
            self.ready.clear();
            self.at = 0;
            for (span, tag) in spans.iter().take_while(|(span, _)| span.start < cut) {
                self.ready.extend_from_slice(self.window.get(from..span.start).unwrap_or_default());
                self.ready.extend_from_slice(tag.as_bytes());
                (from, self.touched) = (span.end, true);
            }
            let end = cut.max(from);
            self.ready.extend_from_slice(self.window.get(from..end).unwrap_or_default());
            self.window.drain(..end);
            return Ok(());
        }
    }

    fn fill(&mut self, size: usize) -> io::Result<()> {
        let missing = size.saturating_sub(self.window.len()) as u64;
        if missing > 0 && !self.ended {
            self.inner.by_ref().take(missing).read_to_end(&mut self.window)?;
            self.ended = self.window.len() < size;
        }
        Ok(())
    }
}

impl<R: Read> Read for Veiled<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() && !(self.ended && self.window.is_empty()) {
            self.refill()?;
        }
        let mut rest = self.ready.get(self.at..).unwrap_or_default();
        let read = rest.read(into)?;
        self.at += read;
        Ok(read)
    }
}
