//! WebSocket (RFC 6455) with permessage-deflate (RFC 7692): one direction's frames, split into messages.

mod close;
mod frame;
mod inflate;

use super::Splitter;
use crate::exchange::{Head, Message, MessageFlags, MessageForm, Side};
use bytes::Bytes;
use frame::{FrameHead, Opcode};
use inflate::Inflater;

/// The largest payload of a control frame (RFC 6455 5.5).
const CONTROL: u64 = 125;

/// The client's direction and the origin's, by what the handshake agreed on.
pub(super) fn splitters(response: &Head, max_payload: usize) -> (Box<dyn Splitter>, Box<dyn Splitter>) {
    let deflate = inflate::agreed(response);
    let direction = |side| {
        let inflater = deflate.map(|deflate| Inflater::new(deflate.keeps_context(side), max_payload));
        Box::new(Direction::new(side, inflater, max_payload))
    };
    (direction(Side::Client), direction(Side::Origin))
}

/// What one end sends.
struct Direction {
    side: Side,
    inflater: Option<Inflater>,
    max_payload: usize,
    /// The octets of a frame's head that came so far.
    head: Vec<u8>,
    frame: Option<Frame>,
    /// A text or binary message under way.
    message: Option<Piece>,
    /// A control frame under way, perhaps between two frames of a message.
    control: Option<Piece>,
    /// The rule that was broken, and octets since.
    broken: Option<(String, u64)>,
}

/// The frame whose payload is being read.
struct Frame {
    head: FrameHead,
    left: u64,
    /// Octets of payload read, which says where in the mask the next one is.
    read: usize,
}

/// A message or control frame as far as it came.
struct Piece {
    opcode: Opcode,
    wire: u64,
    length: u64,
    payload: Vec<u8>,
    flags: MessageFlags,
    says: Vec<String>,
}

impl Direction {
    fn new(side: Side, inflater: Option<Inflater>, max_payload: usize) -> Self {
        Self {
            side,
            inflater,
            max_payload,
            head: Vec::new(),
            frame: None,
            message: None,
            control: None,
            broken: None,
        }
    }

    /// Takes octets of a frame's head; once it is whole, what it begins.
    fn begin(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let wanted = FrameHead::wanted(&self.head);
        let (taken, rest) = bytes.split_at(wanted.saturating_sub(self.head.len()).min(bytes.len()));
        self.head.extend_from_slice(taken);
        *bytes = rest;
        if self.head.len() < FrameHead::wanted(&self.head) {
            return;
        }
        let octets = std::mem::take(&mut self.head);
        match FrameHead::read(&octets).and_then(|head| self.admit(head)) {
            Ok(head) => {
                self.open(head, octets.len() as u64);
                self.frame = Some(Frame { head, left: head.length, read: 0 });
                if head.length == 0 {
                    self.frame_over(at, out);
                }
            }
            Err(rule) => self.broken = Some((rule.to_owned(), octets.len() as u64)),
        }
    }

    /// Rules about which frame may come where (RFC 6455 5.2, 5.4, 5.5).
    fn admit(&self, head: FrameHead) -> Result<FrameHead, &'static str> {
        let compresses = head.rsv == FrameHead::RSV1 && self.inflater.is_some();
        match head.opcode {
            _ if head.rsv != 0 && !compresses => {
                Err("a reserved bit is set that no extension defines (RFC 6455 5.2)")
            }
            opcode if opcode.is_control() && !head.fin => Err("a control frame is fragmented (RFC 6455 5.5)"),
            opcode if opcode.is_control() && head.length > CONTROL => {
                Err("a control frame has more than 125 octets (RFC 6455 5.5)")
            }
            opcode if opcode.is_control() && head.rsv != 0 => {
                Err("a control frame is compressed (RFC 7692 6.1)")
            }
            Opcode::Continuation if self.message.is_none() => {
                Err("a continuation frame stands without a message before it (RFC 6455 5.4)")
            }
            Opcode::Continuation if head.rsv != 0 => {
                Err("a continuation frame says that it is compressed (RFC 7692 6.1)")
            }
            Opcode::Text | Opcode::Binary if self.message.is_some() => {
                Err("a message begins before the one before it ended (RFC 6455 5.4)")
            }
            _ => Ok(head),
        }
    }

    fn open(&mut self, head: FrameHead, wire: u64) {
        if head.opcode == Opcode::Continuation {
            if let Some(message) = &mut self.message {
                message.wire += wire;
                message.flags.add(MessageFlags::FRAGMENTED);
            }
            return;
        }
        let mut piece = Piece::new(head.opcode, wire);
        if head.rsv != 0 {
            piece.flags.add(MessageFlags::COMPRESSED);
        }
        if !head.fin {
            piece.flags.add(MessageFlags::FRAGMENTED);
        }
        // RFC 6455 5.1: the client masks, the server does not. Both are read all the same.
        match (self.side, head.mask) {
            (Side::Client, None) => {
                piece.says.push("not masked, as a client's frames must be (RFC 6455 5.1)".to_owned())
            }
            (Side::Origin, Some(_)) => {
                piece.says.push("masked, which a server's frames must not be (RFC 6455 5.1)".to_owned())
            }
            _ => {}
        }
        let slot = if head.opcode.is_control() { &mut self.control } else { &mut self.message };
        *slot = Some(piece);
    }

    fn payload(&mut self, bytes: &mut &[u8], at: u64, out: &mut Vec<Message>) {
        let Some(frame) = &mut self.frame else { return };
        let count = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
        let (taken, rest) = bytes.split_at(count);
        *bytes = rest;
        let is_control = frame.head.opcode.is_control();
        let piece = if is_control { &mut self.control } else { &mut self.message };
        if let Some(piece) = piece {
            piece.wire += count as u64;
            let inflater = self.inflater.as_mut().filter(|_| piece.flags.has(MessageFlags::COMPRESSED));
            piece.take(taken, frame, inflater, self.max_payload);
        }
        frame.read += count;
        frame.left -= count as u64;
        if frame.left == 0 {
            self.frame_over(at, out);
        }
    }

    fn frame_over(&mut self, at: u64, out: &mut Vec<Message>) {
        let Some(frame) = self.frame.take() else { return };
        let piece = if frame.head.opcode.is_control() {
            self.control.take()
        } else if frame.head.fin {
            self.message.take()
        } else {
            None
        };
        let Some(mut piece) = piece else { return };
        if piece.flags.has(MessageFlags::COMPRESSED)
            && let Some(inflater) = &mut self.inflater
        {
            inflater.finish(&mut piece.payload, &mut piece.length, &mut piece.says);
        }
        out.push(piece.into_message(self.side, at));
    }
}

impl Splitter for Direction {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        while !bytes.is_empty() {
            if let Some((_, wire)) = &mut self.broken {
                *wire += bytes.len() as u64;
                return;
            }
            match self.frame {
                Some(_) => self.payload(&mut bytes, at, out),
                None => self.begin(&mut bytes, at, out),
            }
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        for piece in [self.message.take(), self.control.take()].into_iter().flatten() {
            let mut message = piece.into_message(self.side, at);
            message.flags.add(MessageFlags::UNFINISHED);
            out.push(message);
        }
        let rest = self.head.len() as u64;
        let broken = self.broken.take();
        let broken = broken
            .or_else(|| (rest > 0).then(|| ("the connection ended within a frame's head".to_owned(), rest)));
        if let Some((says, wire)) = broken {
            let flags = if rest > 0 { MessageFlags::UNFINISHED } else { MessageFlags::default() };
            let (side, form, payload) = (self.side, MessageForm::Broken, Bytes::new());
            out.push(Message { at, side, form, wire, length: 0, payload, says, flags });
        }
    }
}

impl Piece {
    fn new(opcode: Opcode, wire: u64) -> Self {
        let (payload, says) = (Vec::new(), Vec::new());
        Self { opcode, wire, length: 0, payload, flags: MessageFlags::default(), says }
    }

    fn take(&mut self, bytes: &[u8], frame: &Frame, inflater: Option<&mut Inflater>, max_payload: usize) {
        let unmasked;
        let bytes = match frame.head.mask {
            None => bytes,
            Some(mask) => {
                unmasked = frame::unmasked(bytes, mask, frame.read);
                &unmasked
            }
        };
        match inflater {
            Some(inflater) => inflater.take(bytes, &mut self.payload, &mut self.length),
            None => {
                self.length += bytes.len() as u64;
                let room = max_payload.saturating_sub(self.payload.len()).min(bytes.len());
                self.payload.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
        }
    }

    fn into_message(mut self, side: Side, at: u64) -> Message {
        if (self.payload.len() as u64) < self.length {
            self.flags.add(MessageFlags::TRUNCATED);
        }
        let form = match self.opcode {
            Opcode::Text | Opcode::Continuation => MessageForm::Text,
            Opcode::Binary => MessageForm::Binary,
            Opcode::Close => MessageForm::Close,
            Opcode::Ping => MessageForm::Ping,
            Opcode::Pong => MessageForm::Pong,
        };
        match form {
            MessageForm::Close => self.says.insert(0, close::words(&self.payload)),
            MessageForm::Text
                if !self.flags.has(MessageFlags::TRUNCATED)
                    && std::str::from_utf8(&self.payload).is_err() =>
            {
                self.says.push("not UTF-8, as text must be (RFC 6455 8.1)".to_owned());
            }
            _ => {}
        }
        let (wire, length, flags) = (self.wire, self.length, self.flags);
        Message {
            at,
            side,
            form,
            wire,
            length,
            payload: self.payload.into(),
            says: self.says.join("; "),
            flags,
        }
    }
}

#[cfg(test)]
mod tests;
