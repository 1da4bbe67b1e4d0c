//! Server-sent events: `text/event-stream` (HTML Living Standard 9.2.5, 9.2.6).
//!
//! Each line is read as it comes, so that of a line's octets only data is kept. A comment is told at its
//! line's end, an event at the empty line that dispatches it.

use super::kept::Kept;
use super::{Splitter, remark};
use crate::exchange::{Message, MessageFlags, MessageForm, Side};

/// Octets kept of a field's name, and of an event's name, id or retry time.
const WORD: usize = 256;

/// Octets kept of a comment.
const COMMENT: usize = 4096;

/// May stand before the first line.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Splits an event stream at its empty lines.
#[derive(Debug)]
pub struct Events {
    /// How much of the mark came; more than it has once that is decided.
    mark: usize,
    /// A CR came; whether an LF belongs to it is not known.
    after_return: bool,
    /// Lines end with CR alone: an event is over with it, and an LF behind it is no line.
    lone_returns: bool,
    line: Line,
    /// The name of the field in this line, then its value when that is a word.
    word: Kept,
    line_wire: u64,
    data: Kept,
    comment: Kept,
    block: Block,
}

/// What is known of the line under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// No colon came.
    Name,
    /// Its value; a space may stand before it.
    Value { field: Field, begun: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    Comment,
    Unknown,
}

/// What the lines since the last event said, data aside.
#[derive(Debug, Default)]
struct Block {
    has_data: bool,
    name: Option<String>,
    id: Option<String>,
    retry: Option<String>,
    odd: String,
    wire: u64,
}

impl Block {
    fn says(&self) -> String {
        let mut says = String::new();
        for (word, value) in [("", &self.name), ("id ", &self.id), ("retry ", &self.retry)] {
            let Some(value) = value else { continue };
            if !says.is_empty() {
                says.push_str(", ");
            }
            says.push_str(word);
            says.push_str(value);
        }
        if !self.odd.is_empty() {
            remark(&mut says, &self.odd);
        }
        says
    }

    fn is_begun(&self) -> bool {
        let said = self.name.is_some() || self.id.is_some() || self.retry.is_some();
        self.has_data || said || !self.odd.is_empty()
    }
}

impl Field {
    /// 9.2.6: names compare with case; what stands behind a colon at the beginning is a comment.
    fn of(name: &[u8]) -> Self {
        match name {
            b"data" => Self::Data,
            b"event" => Self::Event,
            b"id" => Self::Id,
            b"retry" => Self::Retry,
            b"" => Self::Comment,
            _ => Self::Unknown,
        }
    }
}

impl Events {
    /// For a body that keeps so many octets of an event.
    #[must_use]
    pub fn new(max_payload: usize) -> Self {
        Self {
            mark: 0,
            after_return: false,
            lone_returns: false,
            line: Line::Name,
            word: Kept::new(WORD),
            line_wire: 0,
            data: Kept::new(max_payload),
            comment: Kept::new(COMMENT.min(max_payload)),
            block: Block::default(),
        }
    }

    /// Takes octets of one line.
    fn run(&mut self, mut bytes: &[u8]) {
        self.line_wire += bytes.len() as u64;
        if self.line == Line::Name {
            let Some(colon) = memchr::memchr(b':', bytes) else { return self.word.push(bytes) };
            let (name, value) = bytes.split_at(colon);
            self.word.push(name);
            bytes = value.get(1..).unwrap_or_default();
            self.begin_value();
        }
        let Line::Value { field, begun } = &mut self.line else { return };
        if !bytes.is_empty() && !std::mem::replace(begun, true) {
            bytes = bytes.strip_prefix(b" ").unwrap_or(bytes);
        }
        match field {
            Field::Data => self.data.push(bytes),
            Field::Comment => self.comment.push(bytes),
            Field::Event | Field::Id | Field::Retry => self.word.push(bytes),
            Field::Unknown => {}
        }
    }

    fn begin_value(&mut self) {
        let field = Field::of(self.word.bytes());
        self.line = Line::Value { field, begun: false };
        match field {
            // "Append the field value to the data buffer, then append a single LF": the last is taken off.
            Field::Data if self.block.has_data => self.data.push(b"\n"),
            Field::Data => self.block.has_data = true,
            Field::Unknown => {
                let name = word(&mut self.word);
                remark(&mut self.block.odd, &format!("field {name:?} is ignored"));
            }
            _ => {}
        }
        self.word.clear();
    }

    fn line_over(&mut self, at: u64, out: &mut Vec<Message>) {
        if self.line == Line::Name && self.word.length() > 0 {
            // "the string is not empty but does not contain a colon": a field with an empty value.
            self.begin_value();
        }
        let wire = std::mem::take(&mut self.line_wire);
        let Line::Value { field, .. } = std::mem::replace(&mut self.line, Line::Name) else {
            self.block.wire += wire;
            return self.dispatch(at, out);
        };
        if field == Field::Comment {
            out.push(message(&mut self.comment, MessageForm::Comment, wire, String::new(), at));
            return;
        }
        self.block.wire += wire;
        let value = word(&mut self.word);
        match field {
            Field::Event => self.block.name = Some(value),
            Field::Id if value.contains('\0') => remark(&mut self.block.odd, "id with NUL is ignored"),
            Field::Id => self.block.id = Some(value),
            Field::Retry if !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit()) => {
                self.block.retry = Some(value);
            }
            Field::Retry => remark(&mut self.block.odd, "retry that is no number is ignored"),
            _ => {}
        }
    }

    /// An empty line: without data nothing is dispatched, but a name, an id or a retry time was said.
    fn dispatch(&mut self, at: u64, out: &mut Vec<Message>) {
        if !self.block.is_begun() {
            return;
        }
        let block = std::mem::take(&mut self.block);
        let form = if block.has_data { MessageForm::Event } else { MessageForm::Comment };
        let mut says = block.says();
        if !block.has_data && block.name.is_some() {
            remark(&mut says, "no data, so a page does not see it");
        }
        out.push(message(&mut self.data, form, block.wire, says, at));
    }

    /// The mark at the very beginning, in whatever pieces it comes.
    fn begin(&mut self, bytes: &mut &[u8]) {
        while self.mark < MARK.len() {
            let Some((octet, rest)) = bytes.split_first() else { return };
            if MARK.get(self.mark) == Some(octet) {
                self.mark += 1;
                *bytes = rest;
                if self.mark == MARK.len() {
                    self.block.wire += MARK.len() as u64;
                }
            } else {
                self.no_mark();
            }
        }
    }

    fn no_mark(&mut self) {
        let came = MARK.get(..self.mark).unwrap_or_default();
        self.mark = MARK.len();
        self.run(came);
    }
}

impl Splitter for Events {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        self.begin(&mut bytes);
        while let Some((first, rest)) = bytes.split_first() {
            if std::mem::take(&mut self.after_return) {
                let is_pair = *first == b'\n';
                if is_pair {
                    bytes = rest;
                }
                if !self.lone_returns {
                    self.line_wire += u64::from(is_pair);
                    self.lone_returns = !is_pair;
                    self.line_over(at, out);
                } else if is_pair {
                    self.block.wire += 1;
                }
                continue;
            }
            let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
            let (line, rest) = bytes.split_at(end);
            if !line.is_empty() {
                self.run(line);
            }
            let Some((end, rest)) = rest.split_first() else { return };
            bytes = rest;
            self.line_wire += 1;
            self.after_return = *end == b'\r';
            if *end == b'\n' || self.lone_returns {
                self.line_over(at, out);
            }
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        if self.mark < MARK.len() {
            self.no_mark();
        }
        if std::mem::take(&mut self.after_return) && !self.lone_returns || self.line_wire > 0 {
            self.line_over(at, out);
        }
        let from = out.len();
        self.dispatch(at, out);
        for message in out.iter_mut().skip(from) {
            message.flags.add(MessageFlags::UNFINISHED);
            remark(&mut message.says, "no empty line ended it, so a page does not see it");
        }
    }
}

/// What was kept as text, with a mark where it is cut.
fn word(kept: &mut Kept) -> String {
    let cut = kept.is_cut();
    let mut word = String::from_utf8_lossy(kept.bytes()).into_owned();
    kept.clear();
    if cut {
        word.push('…');
    }
    word
}

fn message(payload: &mut Kept, form: MessageForm, wire: u64, says: String, at: u64) -> Message {
    payload.message(Side::Origin, form, wire, says, at)
}

#[cfg(test)]
mod tests {
    use super::super::probe;
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 32;

    fn split(stream: &[u8]) -> Vec<Message> {
        probe::split(|| Events::new(MAX), stream)
    }

    fn told(stream: &str) -> Vec<(MessageForm, String, String)> {
        let text = |message: &Message| String::from_utf8_lossy(&message.payload).into_owned();
        split(stream.as_bytes())
            .iter()
            .map(|message| (message.form, text(message), message.says.clone()))
            .collect()
    }

    fn event(data: &str, says: &str) -> (MessageForm, String, String) {
        (MessageForm::Event, data.to_owned(), says.to_owned())
    }

    fn comment(text: &str, says: &str) -> (MessageForm, String, String) {
        (MessageForm::Comment, text.to_owned(), says.to_owned())
    }

    #[test]
    fn html_9_2_6_examples() {
        assert_eq!(told("data: YHOO\ndata: +2\ndata: 10\n\n"), [event("YHOO\n+2\n10", "")]);
        assert_eq!(
            told(
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
            ),
            [
                comment("test stream", ""),
                event("first event", "id 1"),
                event("second event", "id "),
                event(" third event", "")
            ]
        );
        let unfinished = "no empty line ended it, so a page does not see it";
        assert_eq!(
            told("data\n\ndata\ndata\n\ndata:"),
            [event("", ""), event("\n", ""), event("", unfinished)]
        );
        assert_eq!(told("data:test\n\ndata: test\n\n"), [event("test", ""), event("test", "")]);
    }

    #[test]
    fn html_9_2_6_what_a_page_does_not_see() {
        assert_eq!(
            told("retry: 10000\n\nretry: x\n\nevent: add\n\n"),
            [
                comment("", "retry 10000"),
                comment("", "retry that is no number is ignored"),
                comment("", "add; no data, so a page does not see it")
            ]
        );
        assert_eq!(
            told("dat: 1\nid: a\0b\n\n"),
            [comment("", "field \"dat\" is ignored; id with NUL is ignored")]
        );
        assert_eq!(told("data: 1\n:\n\n\n\n"), [comment("", ""), event("1", "")]);
    }

    #[test]
    fn html_9_2_5_every_line_end_and_the_mark() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = "\u{feff}event: add|data: 73857293||unknown: x|data: 2||".replace('|', end);
            let messages = split(stream.as_bytes());
            let odd = "field \"unknown\" is ignored";
            assert_eq!(told(&stream), [event("73857293", "add"), event("2", odd)], "{end:?}");
            assert_eq!(messages.iter().map(|message| message.wire).sum::<u64>(), stream.len() as u64);
        }
        assert_eq!(told("data: a\r\rdata: b\r\n\r\ndata: c\n\n").len(), 3);
        assert_eq!(told("\u{feff}\u{feff}data: 1\n\n"), [comment("", "field \"\\u{feff}data\" is ignored")]);
    }

    #[test]
    fn an_event_is_told_with_its_last_line_end_and_not_later() {
        for stream in ["data: 1\n\n", "data: 1\r\r", "data: 1\r\n\r\n", ": c\n"] {
            let (mut events, mut out) = (Events::new(MAX), Vec::new());
            events.feed(stream.as_bytes(), 3, &mut out);
            assert_eq!((out.len(), out[0].wire), (1, stream.len() as u64), "{stream:?}");
        }
    }

    #[test]
    fn a_long_event_is_cut_and_counted() {
        let long = "x".repeat(10_000);
        let all = split(format!("data: {long}\n{long}: y\nevent: {long}\n\ndata: 2\n\n").as_bytes());
        assert_eq!((all[0].payload.len(), all[0].length, all.len()), (MAX, 10_000, 2));
        assert!(all[0].flags.has(MessageFlags::TRUNCATED) && all[0].says.len() < 700);
    }

    proptest! {
        #[test]
        fn any_octets_in_any_chunks_give_the_same(stream in "[\r\n: adtevnz\u{feff}]{0,60}", chunk in 1_usize..9) {
            let messages = probe::chunked(|| Events::new(MAX), stream.as_bytes(), chunk);
            prop_assert!(messages.iter().map(|message| message.wire).sum::<u64>() <= stream.len() as u64);
        }
    }
}
