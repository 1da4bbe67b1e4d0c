//! A request as a text to be edited, and the order that the edited text asks for.
//!
//! ```text
//! # POST http://h/cart (#12): save and close to send it again; an empty file sends nothing.
//! POST http://h/cart HTTP/1.1
//! Host: h
//! Content-Length: 9
//!
//! {"qty":1}
//! ```
//!
//! Lines that begin with `#` before the request line are words for the person. The head has LF; the body is
//! decoded, and stands in the text only when it is text: otherwise it goes as it was unless something is
//! written in its place. What is not changed is not part of the order, so that a text left alone asks for
//! the exchange as it is.

use super::build::with_crlf;
use super::error::{ReplayError, size};
use super::{build, coding, http1};
use crate::exchange::{Exchange, ExchangeId, Head, Order};
use crate::hop::{self, Bounds};
use bytes::Bytes;
use std::io::Read;

/// Bytes of a body that are opened in an editor.
const MOST: u64 = 16 * 1_000_000;

/// A request to be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditText {
    /// The exchange.
    pub id: ExchangeId,
    url: String,
    head: Head,
    /// The body decoded; or why it is not in the text.
    body: Result<Vec<u8>, String>,
}

/// What an edited text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// Nothing: it is empty.
    Nothing,
    /// The request as it was.
    Same,
    /// Something else.
    Changed(Order),
}

impl EditText {
    /// The text of an exchange's request, whose body as received is read from `body`.
    pub fn of(exchange: &Exchange, body: impl Read) -> Result<Self, ReplayError> {
        // Says at once what could never be sent.
        let as_is = Order::as_is(exchange.summary.id);
        let whole = match build(&as_is, exchange) {
            Err(error @ ReplayError::BodyNotWhole { .. }) => Err(error.to_string()),
            other => other.map(|_| Ok(()))?,
        };
        let id = exchange.summary.id;
        let raw = exchange.heads.request_received.clone();
        let raw = raw.ok_or(ReplayError::NoHead { id, as_sent: false })?;
        let head = http1::form(&raw, &exchange.request_body);
        let body = whole.and_then(|()| text_of(&head, body));
        Ok(Self { id, url: exchange.summary.url(), head, body })
    }

    /// The text; with what was wrong with it on top, when something was.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut text = self.comments(None);
        text.extend_from_slice(&self.plain());
        text
    }

    /// The edited text once more, with what is wrong with it on top.
    #[must_use]
    pub fn write_again(&self, edited: &[u8], error: &ReplayError) -> Vec<u8> {
        let (old, rest) = without_comments(edited);
        let new = self.comments(Some("")).split(|byte| *byte == b'\n').count() - 1;
        let says = match error {
            ReplayError::Line { line, says } => format!("line {}: {says}", line + new - old),
            other => other.to_string().replace('\n', " "),
        };
        let mut text = self.comments(Some(&says));
        text.extend_from_slice(rest);
        text
    }

    /// Reads an edited text.
    pub fn read(&self, edited: &[u8]) -> Result<Edited, ReplayError> {
        let (comments, text) = without_comments(edited);
        if text.trim_ascii().is_empty() {
            return Ok(Edited::Nothing);
        }
        let (head, body) = split(text);
        let head = Head::parse(Bytes::from(with_crlf(head)));
        let plain = Head::parse(Bytes::from(with_crlf(&with_lf(&self.head))));
        let mut order = Order::as_is(self.id);
        if head != plain {
            check(&head, comments)?;
            order.head = Some(head.raw().to_vec());
        }
        order.body = self.new_body(body);
        Ok(if order == Order::as_is(self.id) { Edited::Same } else { Edited::Changed(order) })
    }

    /// The body, when it is not the original's. The final newline that an editor adds is not part of it.
    fn new_body(&self, typed: &[u8]) -> Option<Vec<u8>> {
        let original = self.body.as_deref().unwrap_or_default();
        let typed = match typed {
            [body @ .., b'\n'] if original.last() != Some(&b'\n') => body,
            body => body,
        };
        (typed != original).then(|| typed.to_vec())
    }

    fn plain(&self) -> Vec<u8> {
        let mut text = with_lf(&self.head);
        text.push(b'\n');
        text.extend_from_slice(self.body.as_deref().unwrap_or_default());
        text
    }

    fn comments(&self, error: Option<&str>) -> Vec<u8> {
        let url = crate::text::sanitize_bounded(&self.url, 200);
        let mut lines = vec![
            format!("# {url} (#{}): save and close to send it again.", self.id.0),
            "# Content-Length follows the body; an empty file sends nothing.".to_owned(),
        ];
        if let Err(why) = &self.body {
            lines.push(format!("# {}", why.replace('\n', " ")));
        }
        if let Some(error) = error {
            lines.push(format!("# NOT SENT: {error}"));
        }
        lines.into_iter().flat_map(|line| [line.into_bytes(), b"\n".to_vec()].concat()).collect()
    }
}

/// The decoded body if it is text that an editor takes, or why not.
fn text_of(head: &Head, body: impl Read) -> Result<Vec<u8>, String> {
    let below = "write another one below the empty line, or leave it as it is";
    let bytes =
        coding::decode(body, head, MOST).map_err(|why| format!("The body is not shown: {why}; {below}."))?;
    if std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0) {
        return Ok(bytes);
    }
    let media = head.value("content-type").map_or_else(
        || "no media type".to_owned(),
        |value| crate::text::sanitize_bounded(value, 100).into_owned(),
    );
    Err(format!("The body ({media}, {}) is not text: {below}.", size(bytes.len() as u64)))
}

fn with_lf(head: &Head) -> Vec<u8> {
    let lines = std::iter::once(head.start_line()).chain(head.fields().map(|field| field.line));
    let mut text = Vec::with_capacity(head.raw().len());
    for line in lines {
        // Inside a folded line stand line ends as well.
        let pieces = line.split(|byte| *byte == b'\n');
        for piece in pieces {
            text.extend_from_slice(piece.strip_suffix(b"\r").unwrap_or(piece));
            text.push(b'\n');
        }
    }
    text
}

/// The number of lines for the person at the top, and what follows them.
fn without_comments(text: &[u8]) -> (usize, &[u8]) {
    let (mut count, mut rest) = (0, text);
    while rest.first() == Some(&b'#') {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        // A method may begin with `#`.
        if line.trim_ascii_end().last_chunk::<8>().is_some_and(|end| end.starts_with(b"HTTP/")) {
            break;
        }
        (count, rest) = (count + 1, after);
    }
    (count, rest)
}

/// Head and body, apart at the first empty line.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return (&text[..at], &text[end..]);
        }
        at = end;
    }
    (text, &[])
}

/// An edited head must be one that passes the hop: the error names the line in the text.
fn check(head: &Head, comments: usize) -> Result<(), ReplayError> {
    let bounds = Bounds { fields: usize::MAX, head: usize::MAX };
    hop::check_request(head, &bounds).map(|_| ()).map_err(|fault| {
        let before = &head.raw()[..fault.offset.min(head.raw().len())];
        let line = comments + 1 + memchr::memchr_iter(b'\n', before).count();
        ReplayError::Line { line, says: format!("{} ({})", fault.says.trim_end_matches('.'), fault.clause) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::exchange;
    use super::*;
    use proptest::prelude::*;

    fn text(head: &str, body: &[u8]) -> EditText {
        EditText::of(&exchange(head, body), body).unwrap()
    }

    const HEAD: &str = "POST http://h/a HTTP/1.1\r\nHost: h\r\nX-F: a\r\n  b\r\nContent-Length: 7\r\n\r\n";

    /// Replaces a part of the text as an editor's user does.
    fn edited(text: &EditText, from: &str, to: &str) -> Result<Edited, ReplayError> {
        let written = String::from_utf8(text.write()).unwrap();
        assert!(written.contains(from), "{written}");
        text.read(written.replace(from, to).as_bytes())
    }

    #[test]
    fn a_text_for_an_editor() {
        let written = String::from_utf8(text(HEAD, b"{\"a\":1}").write()).unwrap();
        assert_eq!(
            written,
            "# http://h/a (#12): save and close to send it again.\n\
             # Content-Length follows the body; an empty file sends nothing.\n\
             POST http://h/a HTTP/1.1\nHost: h\nX-F: a\n  b\nContent-Length: 7\n\n{\"a\":1}"
        );
    }

    #[test]
    fn rfc9113_8_3_an_http2_request_is_edited_in_the_form_of_http1() {
        let head =
            "POST /a HTTP/2\r\n:method: POST\r\n:authority: h\r\n:path: /a\r\n:scheme: http\r\nx: y\r\n\r\n";
        let text = text(head, b"{}");
        let written = String::from_utf8(text.write()).unwrap();
        let shown = "POST /a HTTP/1.1\nHost: h\nx: y\nTransfer-Encoding: chunked\n\n{}";
        assert!(written.ends_with(shown), "{written}");
        assert_eq!(text.read(written.as_bytes()).unwrap(), Edited::Same);
        let changed = edited(&text, "x: y", "x: z").unwrap();
        let Edited::Changed(order) = changed else { panic!("{changed:?}") };
        let head = "POST /a HTTP/1.1\r\nHost: h\r\nx: z\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(order.head.as_deref(), Some(head.as_bytes()));
    }

    #[test]
    fn a_text_left_alone_asks_for_the_same_whatever_newline_the_editor_adds() {
        for body in [&b"{\"a\":1}"[..], b"line 1\n", b"a\r\nb", b"", b"\n\n"] {
            let text = text(HEAD, body);
            let mut written = text.write();
            assert_eq!(text.read(&written).unwrap(), Edited::Same);
            if body.last() != Some(&b'\n') {
                written.push(b'\n');
                assert_eq!(text.read(&written).unwrap(), Edited::Same);
            }
        }
        let empty = text(HEAD, b"x");
        assert_eq!(empty.read(b"# words\n\n \n").unwrap(), Edited::Nothing);
    }

    #[test]
    fn only_what_changed_is_in_the_order() {
        let text = text(HEAD, b"{\"a\":1}");
        match edited(&text, "{\"a\":1}", "{\"a\":22}\n").unwrap() {
            Edited::Changed(order) => {
                assert_eq!((order.head, order.body), (None, Some(b"{\"a\":22}".to_vec())));
            }
            other => panic!("{other:?}"),
        }
        match edited(&text, "Host: h\n", "Host: h\nX-New: 1\n").unwrap() {
            Edited::Changed(order) => {
                let head = String::from_utf8(order.head.unwrap()).unwrap();
                assert_eq!(head, HEAD.replace("Host: h\r\n", "Host: h\r\nX-New: 1\r\n"));
                assert_eq!(order.body, None);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number_and_the_text_is_kept() {
        let text = text(HEAD, b"{\"a\":1}");
        let error = edited(&text, "Host: h\n", "Host: h\nno colon\n").unwrap_err();
        assert!(error.to_string().starts_with("line 5: "), "{error}");
        let broken = String::from_utf8(text.write()).unwrap().replace("Host: h\n", "Host: h\nno colon\n");
        let again = String::from_utf8(text.write_again(broken.as_bytes(), &error)).unwrap();
        let line = again.lines().position(|line| line == "no colon").unwrap() + 1;
        assert!(again.contains(&format!("# NOT SENT: line {line}: ")), "{again}");
        // Its own words are not added twice.
        let twice = text.write_again(again.as_bytes(), &text.read(again.as_bytes()).unwrap_err());
        assert_eq!(String::from_utf8(twice).unwrap(), again);
    }

    #[test]
    fn a_body_that_is_not_text_goes_as_it_was_unless_another_is_written() {
        let binary = text(HEAD, b"\x89PNG\0\xff!");
        let written = String::from_utf8(binary.write()).unwrap();
        assert!(written.contains("# The body (no media type, 7 bytes) is not text"), "{written}");
        assert_eq!(binary.read(written.as_bytes()).unwrap(), Edited::Same);
        match binary.read(format!("{written}hello\n").as_bytes()).unwrap() {
            Edited::Changed(order) => assert_eq!(order.body.as_deref(), Some(&b"hello"[..])),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_method_may_begin_with_the_mark_of_a_comment() {
        let text = text("#X http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", b"");
        assert_eq!(text.read(&text.write()).unwrap(), Edited::Same);
    }

    proptest! {
        #[test]
        fn reading_what_was_written_asks_for_the_same(
            names in proptest::collection::vec("[A-Za-z-]{1,8}", 0..5), value in "[ -~]{0,12}", body in any::<Vec<u8>>(),
        ) {
            let fields: String = names.iter().flat_map(|name| ["X", name, ": ", value.trim(), "\r\n"]).collect();
            let head = format!("POST /p HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
            let text = text(&head, &body);
            prop_assert_eq!(text.read(&text.write()).unwrap(), Edited::Same);
        }

        #[test]
        fn any_text_is_read_or_refused(edited in any::<Vec<u8>>()) {
            let text = text(HEAD, b"x");
            if let Err(error) = text.read(&edited) {
                let _ = text.write_again(&edited, &error);
            }
        }
    }
}
