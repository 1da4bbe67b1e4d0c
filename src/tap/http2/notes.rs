//! Frames noted as they cross, bounded for each stream and for the connection.

use super::Role;
use super::code::ErrorCode;
use super::frame::{FrameHead, flag, kind};
use super::settings;
use crate::exchange::{FrameNote, Side};
use std::time::Instant;

/// Notes that are kept until they are taken; further frames are only counted.
const MOST: usize = 128;

/// The notes of one stream, or of stream 0.
#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<(Instant, FrameNote)>,
    more: u32,
}

impl Notes {
    /// Takes them all. The last says how many frames there was no room for.
    pub(super) fn take(&mut self) -> Vec<(Instant, FrameNote)> {
        if self.more > 0
            && let Some((_, last)) = self.list.last_mut()
        {
            let space = if last.says.is_empty() { "" } else { " " };
            last.says.push_str(&format!("{space}(and {} more frames)", self.more));
        }
        self.more = 0;
        std::mem::take(&mut self.list)
    }

    /// Notes a frame. `payload` is what of it there is to put into words.
    pub(super) fn frame(&mut self, now: Instant, role: Role, sent: bool, head: FrameHead, payload: &[u8]) {
        if let Some((_, last)) = self.list.last_mut()
            && head.kind == kind::DATA
            && (last.kind, last.sent) == (kind::DATA, sent)
        {
            last.count += 1;
            last.length += head.length as u64;
            last.flags = head.flags;
            return;
        }
        if self.list.len() >= MOST {
            self.more += 1;
            return;
        }
        let note = FrameNote {
            at: 0,
            side: if role == Role::Server { Side::Client } else { Side::Origin },
            sent,
            kind: head.kind,
            flags: head.flags,
            stream: head.stream,
            length: head.length as u64,
            count: 1,
            says: words(head, payload),
        };
        self.list.push((now, note));
    }
}

/// What a frame says, beyond its fields and content.
fn words(head: FrameHead, payload: &[u8]) -> String {
    let number = |at: usize| {
        payload.get(at..).and_then(<[u8]>::first_chunk::<4>).map(|four| u32::from_be_bytes(*four))
    };
    match head.kind {
        kind::HEADERS if head.has(flag::PRIORITY) => priority(payload),
        kind::PRIORITY => priority(payload),
        kind::RST_STREAM => number(0).map(code).unwrap_or_default(),
        kind::SETTINGS if head.has(flag::ACK) => "ack".to_owned(),
        kind::SETTINGS => settings::words(payload),
        kind::PING if head.has(flag::ACK) => "ack".to_owned(),
        kind::GOAWAY => {
            let debug = payload.get(8..).unwrap_or_default();
            let mut words = format!(
                "{}, last stream {}",
                number(4).map(code).unwrap_or_default(),
                number(0).unwrap_or(0)
            );
            if !debug.is_empty() {
                words.push_str(&format!(": {}", String::from_utf8_lossy(&debug[..debug.len().min(1024)])));
            }
            words
        }
        kind::WINDOW_UPDATE => number(0).map(|octets| format!("+{octets}")).unwrap_or_default(),
        _ => String::new(),
    }
}

/// `PROTOCOL_ERROR`, or the number of a code that has no name.
fn code(number: u32) -> String {
    if number > 13 { format!("code {number:#x}") } else { ErrorCode(number).name().to_owned() }
}

/// RFC 7540 6.3: `weight 16, depends on 3, exclusive`.
fn priority(payload: &[u8]) -> String {
    let Some([a, b, c, d, weight]) = payload.first_chunk::<5>() else { return String::new() };
    let on = u32::from_be_bytes([*a & 0x7f, *b, *c, *d]);
    let exclusive = if a & 0x80 == 0 { "" } else { ", exclusive" };
    format!("weight {}, depends on {on}{exclusive}", u16::from(*weight) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(notes: &mut Notes, kind: u8, flags: u8, payload: &[u8]) {
        let head = FrameHead::new(kind, flags, 1, payload.len());
        notes.frame(Instant::now(), Role::Server, false, head, payload);
    }

    #[test]
    fn runs_of_data_are_one_note() {
        let mut notes = Notes::default();
        note(&mut notes, kind::DATA, 0, b"abc");
        note(&mut notes, kind::DATA, flag::END_STREAM, b"de");
        note(&mut notes, kind::RST_STREAM, 0, &[0, 0, 0, 8]);
        let taken = notes.take();
        assert_eq!((taken[0].1.count, taken[0].1.length, taken[0].1.flags), (2, 5, 1));
        assert_eq!(taken[1].1.says, "CANCEL");
        assert!(notes.take().is_empty());
    }

    #[test]
    fn notes_are_bounded_and_say_so() {
        let mut notes = Notes::default();
        for _ in 0..500 {
            note(&mut notes, kind::WINDOW_UPDATE, 0, &[0, 0, 0, 8]);
        }
        let taken = notes.take();
        assert_eq!(taken.len(), MOST);
        assert_eq!(taken[MOST - 1].1.says, "+8 (and 372 more frames)");
    }

    #[test]
    fn goaway_and_priority_are_put_into_words() {
        let mut notes = Notes::default();
        note(&mut notes, kind::GOAWAY, 0, b"\0\0\0\x05\0\0\0\x0bcalm down");
        note(&mut notes, kind::PRIORITY, 0, &[0x80, 0, 0, 3, 15]);
        let taken = notes.take();
        assert_eq!(taken[0].1.says, "ENHANCE_YOUR_CALM, last stream 5: calm down");
        assert_eq!(taken[1].1.says, "weight 16, depends on 3, exclusive");
    }
}
