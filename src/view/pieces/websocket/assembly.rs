//! A data message while its frames come (RFC 6455 5.4): its payload, inflated and checked.

use super::inflate::Inflater;
use super::utf8::Utf8;
use crate::exchange::{Message, MessageFlags, MessageForm, Side};
use crate::view::pieces::kept::Kept;
use crate::view::pieces::remark;

/// A text or binary message under way.
#[derive(Debug)]
pub struct Assembly {
    form: MessageForm,
    wire: u64,
    payload: Kept,
    utf8: Utf8,
    /// Whether the payload is inflated.
    inflating: bool,
    flags: MessageFlags,
    says: String,
}

impl Assembly {
    /// Begins one; `says` is what its first frame was found to do.
    #[must_use]
    pub fn new(form: MessageForm, max_payload: usize) -> Self {
        Self {
            form,
            wire: 0,
            payload: Kept::new(max_payload),
            utf8: Utf8::default(),
            inflating: false,
            flags: MessageFlags::default(),
            says: String::new(),
        }
    }

    /// Says that it is compressed; why it cannot be inflated, if it cannot.
    pub fn compressed(&mut self, inflatable: Result<(), &'static str>) {
        self.flags.add(MessageFlags::COMPRESSED);
        self.inflating = inflatable.is_ok();
        if let Err(why) = inflatable {
            remark(&mut self.says, why);
        }
    }

    /// Another frame of it begins: its head's octets, and its payload's.
    pub fn frame(&mut self, head: u64, announced: u64) {
        if self.wire > 0 {
            self.flags.add(MessageFlags::FRAGMENTED);
        }
        self.wire = self.wire.saturating_add(head);
        self.payload.expect(announced);
    }

    /// Adds words about it.
    pub fn remark(&mut self, words: &str) {
        remark(&mut self.says, words);
    }

    /// Takes unmasked octets of its payload.
    pub fn push(&mut self, bytes: &[u8], inflater: Option<&mut Inflater>) {
        self.wire = self.wire.saturating_add(bytes.len() as u64);
        match inflater {
            Some(inflater) if self.inflating => {
                let (payload, utf8) = (&mut self.payload, &mut self.utf8);
                let outcome = inflater.push(bytes, |inflated| {
                    payload.push(inflated);
                    utf8.feed(inflated);
                });
                self.inflated(outcome);
            }
            // Behind damage, or not to be inflated: of what could be, nothing is mixed with what could not.
            _ if self.flags.has(MessageFlags::COMPRESSED) => {
                if !self.flags.has(MessageFlags::TRUNCATED) {
                    self.payload.push(bytes);
                }
            }
            _ => {
                self.payload.push(bytes);
                if self.form == MessageForm::Text {
                    self.utf8.feed(bytes);
                }
            }
        }
    }

    /// Its last frame is over.
    #[must_use]
    pub fn finish(mut self, inflater: Option<&mut Inflater>, side: Side, at: u64) -> Message {
        if let Some(inflater) = inflater.filter(|_| self.inflating) {
            let (payload, utf8) = (&mut self.payload, &mut self.utf8);
            let outcome = inflater.finish(|inflated| {
                payload.push(inflated);
                utf8.feed(inflated);
            });
            self.inflated(outcome);
        }
        self.message(true, side, at)
    }

    /// It broke off: what there is of it, and why there is no more.
    #[must_use]
    pub fn broken_off(mut self, words: &str, side: Side, at: u64) -> Message {
        self.flags.add(MessageFlags::UNFINISHED);
        remark(&mut self.says, words);
        self.message(false, side, at)
    }

    fn inflated(&mut self, outcome: Result<(), &'static str>) {
        if let Err(why) = outcome {
            self.inflating = false;
            self.flags.add(MessageFlags::TRUNCATED);
            remark(&mut self.says, why);
        }
    }

    fn message(mut self, whole: bool, side: Side, at: u64) -> Message {
        let readable = !self.flags.has(MessageFlags::COMPRESSED) || self.inflating;
        if self.form == MessageForm::Text && readable && self.utf8.is_bad(whole) {
            remark(&mut self.says, "not UTF-8, as text must be (RFC 6455 8.1)");
        }
        if self.payload.is_cut() {
            self.flags.add(MessageFlags::TRUNCATED);
        }
        let length = self.payload.length();
        let payload = self.payload.take();
        let (form, wire, says, flags) = (self.form, self.wire, self.says, self.flags);
        Message { at, side, form, wire, length, payload, says, flags }
    }
}
