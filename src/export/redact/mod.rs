//! Secrets left out of what leaves for other people, and every one of them recognisable as the same.
//!
//! ```text
//! first pass    heads, bodies, messages ──> Secrets: each found by its name, its field or its look
//! second pass   the same ──> Veil: what stands behind such a name, and every known secret wherever it stands,
//!               as it is, percent-coded, JSON-escaped, in base64 or hex, becomes `hidden-3fa91c0b72de`
//! ```
//!
//! A tag is made by a keyed hash (a MAC) whose key is made for one export and thrown away: equal secrets have
//! equal tags there, and nobody can try guesses against them.

mod forms;
mod found;
mod heads;
mod names;
mod stream;
mod text;

pub use names::is_secret;
pub use stream::Veiled;

use crate::exchange::{Body, Exchange, Heads, Interim, Message, MessageKind, Note};
use aho_corasick::{AhoCorasick, MatchKind};
use bytes::Bytes;
use found::Found;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Read};
use std::ops::Range;

/// What every tag begins with.
pub const TAG: &str = "hidden-";
/// Octets of all forms that are looked for together: the automaton takes some ten times as much memory.
const MOST: usize = 6 << 20;
/// A longer secret is looked for in pieces.
const PIECE: usize = 2048;
/// Octets of a body that are searched together for secrets, and how much of them again with the next ones.
const WINDOW: usize = 1 << 20;
const OVERLAP: usize = 64 << 10;

/// Secrets as they are collected.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Each with its forms.
    known: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    bytes: usize,
    left_out: u64,
}

impl Secrets {
    /// Collects those of an exchange's heads and words.
    pub fn exchange(&mut self, exchange: &Exchange) {
        for kind in MessageKind::ALL {
            if let Some(head) = exchange.heads.of(kind) {
                self.all(heads::head(head));
            }
        }
        if let Some(note) = &exchange.summary.note {
            self.text(note.as_str().as_bytes());
        }
        for interim in &exchange.interim {
            self.all(heads::head(&interim.head));
        }
        for trailers in
            [&exchange.request_body.trailers, &exchange.response_body.trailers].into_iter().flatten()
        {
            self.all(heads::trailers(trailers));
        }
    }

    /// Collects those of a text.
    pub fn text(&mut self, text: &[u8]) {
        self.all(text::text(text));
    }

    /// Collects those of a body, codings undone.
    pub fn body(&mut self, mut body: impl Read) -> io::Result<()> {
        let mut window = Vec::new();
        loop {
            let missing = (WINDOW - window.len()) as u64;
            let read = body.by_ref().take(missing).read_to_end(&mut window);
            self.text(&window);
            if read? == 0 || window.len() < WINDOW {
                return Ok(());
            }
            window.drain(..WINDOW - OVERLAP);
        }
    }

    /// How many secrets are hidden only behind their names, because more were found than can be looked for.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    fn all(&mut self, found: Vec<Found>) {
        for found in found.into_iter().filter(|found| found.everywhere) {
            let Entry::Vacant(place) = self.known.entry(found.value) else { continue };
            let forms: Vec<_> = pieces(place.key()).flat_map(forms::forms).collect();
            let bytes: usize = forms.iter().map(Vec::len).sum();
            if self.bytes + bytes > MOST {
                self.left_out += 1;
            } else {
                self.bytes += bytes;
                place.insert(forms);
            }
        }
    }
}

fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.chunks(PIECE).filter(|piece| piece.len() >= forms::SHORTEST)
}

/// What covers secrets.
#[derive(Debug)]
pub struct Veil {
    key: [u8; 32],
    automaton: AhoCorasick,
    tags: Vec<String>,
}

impl Veil {
    /// Covers these. The key is random and used for one export alone; `None` when there are too many secrets
    /// for an automaton, which their bound prevents.
    #[must_use]
    pub fn new(secrets: Secrets, key: [u8; 32]) -> Option<Self> {
        let mut patterns = Vec::new();
        let mut tags = Vec::new();
        for (value, forms) in secrets.known {
            let tag = tag(&key, &value);
            tags.extend(forms.iter().map(|_| tag.clone()));
            patterns.extend(forms);
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok()?;
        Some(Self { key, automaton, tags })
    }

    /// A text covered.
    #[must_use]
    pub fn text(&self, text: &[u8]) -> Vec<u8> {
        self.cover(text, text::text(text))
    }

    /// The same of words.
    #[must_use]
    pub fn words(&self, words: &str) -> String {
        String::from_utf8_lossy(&self.text(words.as_bytes())).into_owned()
    }

    /// A body, codings undone, covered as it is read.
    pub fn body<R: Read>(&self, body: R) -> Veiled<'_, R> {
        Veiled::new(self, body)
    }

    /// A message covered.
    #[must_use]
    pub fn message(&self, message: &Message) -> Message {
        Message {
            payload: self.text(&message.payload).into(),
            says: self.words(&message.says),
            ..message.clone()
        }
    }

    /// An exchange covered, but for its bodies. Lines keep their numbers, so that its edits stay true.
    #[must_use]
    pub fn exchange(&self, exchange: &Exchange) -> Exchange {
        let head = |head: &Option<Bytes>| head.as_ref().map(|head| self.head(head));
        let heads = &exchange.heads;
        let body = |body: &Body| Body {
            trailers: body.trailers.as_ref().map(|raw| self.cover(raw, heads::trailers(raw)).into()),
            ..body.clone()
        };
        let mut covered = Exchange {
            heads: Heads {
                request_received: head(&heads.request_received),
                request_sent: head(&heads.request_sent),
                response_received: head(&heads.response_received),
                response_sent: head(&heads.response_sent),
            },
            request_body: body(&exchange.request_body),
            response_body: body(&exchange.response_body),
            interim: exchange
                .interim
                .iter()
                .map(|interim| Interim { head: self.head(&interim.head), ..interim.clone() })
                .collect(),
            ..exchange.clone()
        };
        let summary = &mut covered.summary;
        summary.path = self.words(&summary.path);
        summary.host = self.words(&summary.host);
        let note = summary.note.as_ref().and_then(|note| Note::new(&self.words(note.as_str())));
        summary.set_note(note);
        if let Some(failure) = &mut summary.failure {
            failure.says = self.words(&failure.says);
        }
        for attempt in &mut covered.attempts {
            attempt.says = self.words(&attempt.says);
        }
        for frame in &mut covered.frames {
            frame.says = self.words(&frame.says);
        }
        covered
    }

    fn head(&self, raw: &Bytes) -> Bytes {
        self.cover(raw, heads::head(raw)).into()
    }

    fn cover(&self, text: &[u8], found: Vec<Found>) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut from = 0;
        for (at, tag) in self.spans(text, found) {
            out.extend_from_slice(text.get(from..at.start).unwrap_or_default());
            out.extend_from_slice(tag.as_bytes());
            from = at.end;
        }
        out.extend_from_slice(text.get(from..).unwrap_or_default());
        out
    }

    /// What is to be replaced in a text, from left to right, and by which tag. Where secrets overlap, all of
    /// them go, under the tag of the one that begins first.
    fn spans(&self, text: &[u8], found: Vec<Found>) -> Vec<(Range<usize>, String)> {
        let mut spans: Vec<(Range<usize>, String)> = self
            .automaton
            .find_iter(text)
            .filter_map(|hit| Some((hit.range(), self.tags.get(hit.pattern().as_usize())?.clone())))
            .collect();
        spans.extend(found.into_iter().map(|found| (found.at, tag(&self.key, &found.value))));
        spans.sort_by_key(|(at, _)| (at.start, usize::MAX - at.end));
        let mut apart: Vec<(Range<usize>, String)> = Vec::new();
        for (at, tag) in spans {
            match apart.last_mut() {
                Some((last, _)) if at.start < last.end => last.end = last.end.max(at.end),
                _ => apart.push((at, tag)),
            }
        }
        apart
    }
}

fn tag(key: &[u8; 32], value: &[u8]) -> String {
    let hash = blake3::keyed_hash(key, value).to_hex();
    format!("{TAG}{}", hash.get(..12).unwrap_or_default())
}

#[cfg(test)]
mod tests;
