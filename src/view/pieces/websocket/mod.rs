//! WebSocket (RFC 6455, RFC 7692): one direction's octets as messages.
//!
//! ```text
//!   octets -> FrameHead -> Assembly (data: text, binary) -> Message
//!                       -> control (Close, Ping, Pong)   -> Message
//!          -> what breaks framing: Broken, and the rest is not read
//! ```
//! What an endpoint should not do but leaves the framing readable (a mask missing, a long length, text
//! that is not UTF-8) is said with the message; what makes the next octets unreadable ends the reading.

mod agreed;
mod assembly;
mod close;
mod frame;
mod inflate;
mod utf8;

#[cfg(test)]
mod tests;

use super::kept::Kept;
use super::{Splitter, remark};
use crate::exchange::{Head, Message, MessageFlags, MessageForm, Side};
use agreed::Agreed;
use assembly::Assembly;
use bytes::Bytes;
use frame::{CONTROL, FrameHead, RSV1, unmask};
use inflate::Inflater;

/// Octets unmasked at a time.
const PIECE: usize = 1024;

/// The octets that one side sends after the handshake.
#[derive(Debug)]
pub struct Direction {
    side: Side,
    agreed: Agreed,
    max_payload: usize,
    /// A frame's head of which octets are missing.
    begun: Vec<u8>,
    frame: Option<Frame>,
    control: Kept,
    message: Option<Assembly>,
    inflater: Option<Inflater>,
    /// Whether a Close frame was sent.
    closed: bool,
    /// What follows a violation.
    rest: Option<Kept>,
}

/// A frame of which octets are missing.
#[derive(Debug)]
struct Frame {
    head: FrameHead,
    came: u64,
    says: String,
}

impl Frame {
    fn cut(&self) -> String {
        format!("cut: {} of {} octets of its frame came", self.came, self.head.length)
    }
}

impl Direction {
    /// For what `side` sends, by what the origin's answer agreed to.
    #[must_use]
    pub fn new(side: Side, response: &Head, max_payload: usize) -> Self {
        Self {
            side,
            agreed: Agreed::of(response),
            max_payload,
            begun: Vec::new(),
            frame: None,
            control: Kept::new(usize::from(CONTROL)),
            message: None,
            inflater: None,
            closed: false,
            rest: None,
        }
    }

    /// The next frame's head, once it is whole.
    fn head(&mut self, bytes: &mut &[u8]) -> Option<FrameHead> {
        if self.begun.is_empty()
            && let Some(head) = FrameHead::parse(bytes)
        {
            *bytes = bytes.get(head.octets().len()..).unwrap_or_default();
            return Some(head);
        }
        while let Some((first, rest)) = bytes.split_first() {
            *bytes = rest;
            self.begun.push(*first);
            if let Some(head) = FrameHead::parse(&self.begun) {
                self.begun.clear();
                return Some(head);
            }
        }
        None
    }

    fn begin(&mut self, head: FrameHead, at: u64, out: &mut Vec<Message>) {
        if let Some(fault) = head.fault(self.agreed.reserved()).or_else(|| self.misplaced(&head)) {
            return self.break_off(&head, fault, at, out);
        }
        let says = self.oddities(&head);
        if !head.is_control() {
            self.data(&head, &says);
        }
        self.frame = Some(Frame { head, came: 0, says });
        if head.length == 0 {
            self.complete(at, out);
        }
    }

    /// RFC 6455 5.4: which frame may follow which; RFC 7692 6.1: RSV1 stands on a message's first frame.
    fn misplaced(&self, head: &FrameHead) -> Option<String> {
        let rsv1 = head.rsv & RSV1 != 0 && !self.agreed.others;
        let words = match (head.opcode, &self.message) {
            (0, None) => "a continuation of no message (RFC 6455 5.4)",
            (1 | 2, Some(_)) => "a new message within another (RFC 6455 5.4)",
            (0, Some(_)) if rsv1 => "RSV1 on a continuation (RFC 7692 6.1)",
            (8.., _) if rsv1 => "RSV1 on a control frame (RFC 7692 6.1)",
            _ => return None,
        };
        Some(words.to_owned())
    }

    /// What is wrong with a frame that can be read all the same.
    fn oddities(&self, head: &FrameHead) -> String {
        let mut says = String::new();
        match (self.side, head.mask) {
            (Side::Client, None) => {
                remark(&mut says, "not masked, as a client's frames must be (RFC 6455 5.1)");
            }
            (Side::Origin, Some(_)) => {
                remark(&mut says, "masked, as a server's frames must not be (RFC 6455 5.1)");
            }
            _ => {}
        }
        if !head.minimal {
            remark(&mut says, "a length written longer than it must be (RFC 6455 5.2)");
        }
        if self.closed {
            remark(&mut says, "after Close (RFC 6455 5.5.1)");
        }
        let taken = if self.agreed.compresses() { RSV1 } else { 0 };
        if head.rsv & !taken != 0 {
            remark(&mut says, "RSV bits of an extension that is not known here");
        }
        says
    }

    fn data(&mut self, head: &FrameHead, says: &str) {
        let form = if head.opcode == 1 { MessageForm::Text } else { MessageForm::Binary };
        let first = self.message.is_none();
        let mut message = self.message.take().unwrap_or_else(|| Assembly::new(form, self.max_payload));
        if first && head.rsv & RSV1 != 0 && self.agreed.compresses() {
            let inflatable = self
                .agreed
                .takeover(self.side)
                .and_then(|takeover| self.inflater.get_or_insert_with(|| Inflater::new(takeover)).begin());
            message.compressed(inflatable);
        }
        if !says.is_empty() {
            message.remark(says);
        }
        message.frame(head.octets().len() as u64, head.length);
        self.message = Some(message);
    }

    /// Takes unmasked octets of the frame under way.
    fn payload(&mut self, bytes: &[u8], control: bool) {
        if control {
            self.control.push(bytes);
        } else if let Some(message) = &mut self.message {
            message.push(bytes, self.inflater.as_mut());
        }
    }

    fn take(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let Some(frame) = &mut self.frame else { return };
        let left = usize::try_from(frame.head.length - frame.came).unwrap_or(usize::MAX);
        let (now, later) = bytes.split_at(left.min(bytes.len()));
        let (mask, mut place, control) = (frame.head.mask, frame.came, frame.head.is_control());
        frame.came += now.len() as u64;
        let over = frame.came == frame.head.length;
        *bytes = later;
        if let Some(mask) = mask {
            let mut piece = [0; PIECE];
            for run in now.chunks(PIECE) {
                let Some(room) = piece.get_mut(..run.len()) else { return };
                room.copy_from_slice(run);
                unmask(room, mask, place);
                place += run.len() as u64;
                self.payload(room, control);
            }
        } else {
            self.payload(now, control);
        }
        if over {
            self.complete(at, out);
        }
    }

    fn complete(&mut self, at: u64, out: &mut Vec<Message>) {
        let Some(frame) = self.frame.take() else { return };
        if frame.head.is_control() {
            out.push(self.control(&frame, None, at));
        } else if frame.head.fin
            && let Some(message) = self.message.take()
        {
            out.push(message.finish(self.inflater.as_mut(), self.side, at));
        }
    }

    /// The control frame under way as a message; `cut` says that it is not whole.
    fn control(&mut self, frame: &Frame, cut: Option<&str>, at: u64) -> Message {
        let length = self.control.length();
        let payload = self.control.take();
        let form = match frame.head.opcode {
            8 => MessageForm::Close,
            9 => MessageForm::Ping,
            _ => MessageForm::Pong,
        };
        let (mut says, mut flags) = (String::new(), MessageFlags::default());
        match cut {
            Some(cut) => {
                flags.add(MessageFlags::UNFINISHED);
                remark(&mut says, cut);
            }
            None if form == MessageForm::Close => {
                self.closed = true;
                remark(&mut says, &close::says(&payload));
            }
            None => {}
        }
        if !frame.says.is_empty() {
            remark(&mut says, &frame.says);
        }
        let wire = frame.head.octets().len() as u64 + frame.came;
        Message { at, side: self.side, form, wire, length, payload, says, flags }
    }

    /// A violation: said at once with the head that shows it; nothing behind it is read.
    fn break_off(&mut self, head: &FrameHead, fault: String, at: u64, out: &mut Vec<Message>) {
        if let Some(message) = self.message.take() {
            out.push(message.broken_off("what follows it breaks the framing", self.side, at));
        }
        let octets = head.octets();
        out.push(self.broken(Bytes::copy_from_slice(octets), octets.len() as u64, fault, at));
        self.inflater = None;
        self.rest = Some(Kept::new(self.max_payload));
    }

    fn broken(&self, payload: Bytes, wire: u64, says: String, at: u64) -> Message {
        let mut flags = MessageFlags::default();
        if (payload.len() as u64) < wire {
            flags.add(MessageFlags::TRUNCATED);
        }
        Message { at, side: self.side, form: MessageForm::Broken, wire, length: wire, payload, says, flags }
    }
}

impl Splitter for Direction {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        while !bytes.is_empty() {
            if let Some(rest) = &mut self.rest {
                return rest.push(bytes);
            }
            if self.frame.is_some() {
                self.take(&mut bytes, at, out);
            } else if let Some(head) = self.head(&mut bytes) {
                self.begin(head, at, out);
            }
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        if let Some(mut rest) = self.rest.take().filter(|rest| rest.length() > 0) {
            let wire = rest.length();
            out.push(self.broken(
                rest.take(),
                wire,
                "not read: behind what broke the framing".to_owned(),
                at,
            ));
        }
        let frame = self.frame.take();
        let cut = frame.as_ref().map(Frame::cut);
        if let Some(message) = self.message.take() {
            let within = frame.as_ref().is_some_and(|frame| !frame.head.is_control());
            let words = cut.as_deref().filter(|_| within).unwrap_or("its last fragment never came");
            out.push(message.broken_off(words, self.side, at));
        }
        if let Some(frame) = frame.filter(|frame| frame.head.is_control()) {
            out.push(self.control(&frame, cut.as_deref(), at));
        }
        if !self.begun.is_empty() {
            let begun = Bytes::from(std::mem::take(&mut self.begun));
            let wire = begun.len() as u64;
            let mut cut = self.broken(begun, wire, "cut within a frame's head".to_owned(), at);
            cut.flags.add(MessageFlags::UNFINISHED);
            out.push(cut);
        }
    }
}
