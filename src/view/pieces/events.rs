//! Server-sent events: `text/event-stream` (HTML Living Standard 9.2.5, 9.2.6).

use super::Splitter;
use super::bounded::Bounded;
use crate::exchange::{Message, MessageFlags, MessageForm, Side};

/// Octets kept of a line that is no data: an event's name or id has no use for more.
const WORD: usize = 1024;
/// May stand before the first line.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Splits an event stream at its empty lines.
pub(super) struct Events {
    /// The line under way, without its end.
    line: Bounded,
    /// The last octet was CR: an LF behind it belongs to the same line end.
    after_return: bool,
    first: bool,
    event: Event,
    max_payload: usize,
}

/// An event as far as its lines came.
#[derive(Default)]
struct Event {
    data: Option<Bounded>,
    name: Option<String>,
    id: Option<String>,
    retry: Option<String>,
    comment: Option<Bounded>,
    wire: u64,
}

impl Events {
    pub(super) fn new(max_payload: usize) -> Self {
        let line = Bounded::new(max_payload.saturating_add(WORD));
        Self { line, after_return: false, first: true, event: Event::default(), max_payload }
    }

    fn octet_of_end(&mut self, octet: u8, at: u64, out: &mut Vec<Message>) {
        let second = octet == b'\n' && std::mem::take(&mut self.after_return);
        if second {
            // The event that the CR ended has been told already; this octet is the next one's to count.
            return;
        }
        self.after_return = octet == b'\r';
        self.line_over(at, out);
    }

    fn line_over(&mut self, at: u64, out: &mut Vec<Message>) {
        let cut = self.line.is_cut();
        let line = self.line.take();
        let line = match line.strip_prefix(MARK) {
            Some(rest) if std::mem::take(&mut self.first) => rest,
            _ => &line[..],
        };
        self.first = false;
        if line.is_empty() {
            if let Some(message) = std::mem::take(&mut self.event).into_message(at) {
                out.push(message);
            }
            return;
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, b""));
        let value = value.get(1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        self.event.field(name, value, cut, self.max_payload);
    }
}

impl Event {
    /// 9.2.6: what a line says.
    fn field(&mut self, name: &[u8], value: &[u8], cut: bool, max_payload: usize) {
        let word = || Some(String::from_utf8_lossy(value.get(..WORD).unwrap_or(value)).into_owned());
        let appended = |place: &mut Option<Bounded>| {
            match place {
                Some(data) => data.extend(b"\n"),
                None => *place = Some(Bounded::new(max_payload)),
            }
            if let Some(data) = place {
                data.extend(value);
                if cut {
                    data.cut();
                }
            }
        };
        match name {
            b"data" => appended(&mut self.data),
            b"event" => self.name = word(),
            b"id" if !value.contains(&0) => self.id = word(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => self.retry = word(),
            b"" => appended(&mut self.comment),
            // "The field is ignored."
            _ => {}
        }
    }

    fn into_message(self, at: u64) -> Option<Message> {
        let says = |parts: &[(&str, &Option<String>)]| {
            let told = parts.iter().filter_map(|(word, value)| Some(format!("{word}{}", value.as_ref()?)));
            told.collect::<Vec<_>>().join(", ")
        };
        let about = [("", &self.name), ("id ", &self.id), ("retry ", &self.retry)];
        let (form, data) = match (self.data, self.comment) {
            (Some(data), _) => (MessageForm::Event, data),
            (None, Some(comment)) => (MessageForm::Comment, comment),
            // Without data nothing is dispatched, but a name, an id or a retry time was said.
            (None, None) if about.iter().any(|(_, value)| value.is_some()) => {
                (MessageForm::Comment, Bounded::new(0))
            }
            (None, None) => return None,
        };
        let says = says(&about);
        Some(data.into_message(at, Side::Origin, form, self.wire, says))
    }

    fn is_begun(&self) -> bool {
        self.data.is_some() || self.comment.is_some() || self.name.is_some() || self.id.is_some()
    }
}

impl Splitter for Events {
    fn feed(&mut self, mut bytes: &[u8], at: u64, out: &mut Vec<Message>) {
        while let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) {
            let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, b""));
            if !line.is_empty() {
                self.after_return = false;
                self.line.extend(line);
            }
            self.event.wire += line.len() as u64 + 1;
            if let Some((octet, rest)) = rest.split_first() {
                self.octet_of_end(*octet, at, out);
                bytes = rest;
            }
        }
        if !bytes.is_empty() {
            self.after_return = false;
            self.line.extend(bytes);
            self.event.wire += bytes.len() as u64;
        }
    }

    fn end(&mut self, at: u64, out: &mut Vec<Message>) {
        if !self.line.is_empty() {
            self.line_over(at, out);
        }
        let event = std::mem::take(&mut self.event);
        if !event.is_begun() {
            return;
        }
        if let Some(mut message) = event.into_message(at) {
            message.flags.add(MessageFlags::UNFINISHED);
            let dropped = "no empty line ended it, so a page does not see it";
            message.says = if message.says.is_empty() {
                dropped.to_owned()
            } else {
                format!("{}; {dropped}", message.says)
            };
            out.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 32;

    fn split(stream: &[u8], chunk: usize) -> Vec<Message> {
        let (mut events, mut out) = (Events::new(MAX), Vec::new());
        for part in stream.chunks(chunk) {
            events.feed(part, 3, &mut out);
        }
        events.end(3, &mut out);
        out
    }

    #[track_caller]
    fn told(stream: &str) -> Vec<(MessageForm, String, String)> {
        let whole = split(stream.as_bytes(), usize::MAX);
        for chunk in 1..5 {
            assert_eq!(split(stream.as_bytes(), chunk), whole, "in chunks of {chunk}");
        }
        let text = |message: &Message| String::from_utf8_lossy(&message.payload).into_owned();
        whole.iter().map(|message| (message.form, text(message), message.says.clone())).collect()
    }

    fn event(data: &str, says: &str) -> (MessageForm, String, String) {
        (MessageForm::Event, data.to_owned(), says.to_owned())
    }

    #[test]
    fn html_9_2_6_examples() {
        assert_eq!(told("data: YHOO\ndata: +2\ndata: 10\n\n"), [event("YHOO\n+2\n10", "")]);
        let comment = |text: &str, says: &str| (MessageForm::Comment, text.to_owned(), says.to_owned());
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
        assert_eq!(
            told("retry: 10000\n\nretry: x\n\nevent: add\n\n"),
            [comment("", "retry 10000"), comment("", "add")]
        );
    }

    #[test]
    fn html_9_2_5_every_line_end_and_the_mark() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = "\u{feff}event: add|data: 73857293||unknown: x|data: 2||".replace('|', end);
            assert_eq!(told(&stream), [event("73857293", "add"), event("2", "")], "{end:?}");
        }
    }

    #[test]
    fn a_long_event_is_cut_and_counted() {
        let stream = format!("data: {}\n\ndata: 2\n\n", "x".repeat(100));
        let all = split(stream.as_bytes(), 7);
        assert_eq!((all[0].payload.len(), all[0].wire, all.len()), (MAX, 108, 2));
        assert!(all[0].flags.has(MessageFlags::TRUNCATED));
    }

    proptest! {
        #[test]
        fn any_octets_in_any_chunks_give_the_same(stream in "[\r\n: adtevnz\u{feff}]{0,60}", chunk in 1_usize..9) {
            let whole = split(stream.as_bytes(), usize::MAX);
            prop_assert_eq!(split(stream.as_bytes(), chunk), whole);
        }
    }
}
