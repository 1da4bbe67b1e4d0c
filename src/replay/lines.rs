//! A request head whose lines can be set, removed and added; the others keep their bytes and order.

use super::error::ReplayError;
use crate::exchange::Head;
use bytes::Bytes;

/// A head being changed.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    start: Vec<u8>,
    /// Field lines without their line ends; a folded one holds its continuations.
    fields: Vec<Vec<u8>>,
}

impl Lines {
    pub(super) fn of(head: &Head) -> Self {
        let fields = head.fields().map(|field| field.line.to_vec()).collect();
        Self { start: head.start_line().to_vec(), fields }
    }

    /// The whole head; every line ends with CRLF.
    pub(super) fn head(&self) -> Head {
        let mut raw = Vec::with_capacity(self.start.len() + 64 * (self.fields.len() + 1));
        for line in std::iter::once(&self.start).chain(&self.fields) {
            raw.extend_from_slice(line);
            raw.extend_from_slice(b"\r\n");
        }
        raw.extend_from_slice(b"\r\n");
        Head::parse(Bytes::from(raw))
    }

    pub(super) fn set_start(&mut self, line: Vec<u8>) {
        self.start = line;
    }

    /// Puts a field line in the place of the first of its name, and takes the others of that name away;
    /// the first's name keeps the case it was written in. Without one the line goes to the end.
    pub(super) fn set(&mut self, name: &[u8], value: &[u8]) {
        let Some(first) = self.fields.iter().position(|line| is(line, name)) else {
            self.fields.push([name, b": ", value].concat());
            return;
        };
        let written = name_of(&self.fields[first]).to_vec();
        self.fields[first] = [&written, &b": "[..], value].concat();
        let mut at = 0;
        self.fields.retain(|line| {
            at += 1;
            at - 1 <= first || !is(line, name)
        });
    }

    /// Takes all lines of a name away; whether there were any.
    pub(super) fn remove(&mut self, name: &[u8]) -> bool {
        let before = self.fields.len();
        self.fields.retain(|line| !is(line, name));
        self.fields.len() < before
    }
}

fn name_of(line: &[u8]) -> &[u8] {
    let end = memchr::memchr(b':', line).unwrap_or(0);
    line.get(..end).unwrap_or_default()
}

fn is(line: &[u8], name: &[u8]) -> bool {
    name_of(line).trim_ascii_end().eq_ignore_ascii_case(name)
}

/// Reads `Name: value` as it is typed; the error points at what is wrong.
pub(super) fn typed(text: &str) -> Result<(&str, &str), ReplayError> {
    let Some(colon) = text.find(':') else {
        let says = "a field line is written Name: value";
        return Err(ReplayError::at(text, text.len()..text.len(), says));
    };
    let (name, value) = text.split_at(colon);
    check_name(text, name)?;
    let value = value.get(1..).unwrap_or_default();
    if let Some(at) = value.find(['\r', '\n', '\0']) {
        let at = colon + 1 + at;
        return Err(ReplayError::at(text, at..at + 1, "a value holds no line end and no NUL (RFC 9110 5.5)"));
    }
    Ok((name, value.trim_matches([' ', '\t'])))
}

/// A field name is a token (RFC 9110 5.1).
pub(super) fn check_name(text: &str, name: &str) -> Result<(), ReplayError> {
    let wrong = name.char_indices().find(|(_, c)| !is_token(*c));
    match wrong {
        None if name.is_empty() => Err(ReplayError::at(text, 0..0, "the field's name is missing")),
        None => Ok(()),
        Some((at, c)) => {
            let says = "a field's name holds letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 5.1)";
            Err(ReplayError::at(text, at..at + c.len_utf8(), says))
        }
    }
}

/// RFC 9110 5.6.2, tchar.
pub(super) fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Lines {
        Lines::of(&Head::parse(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn text(lines: &Lines) -> String {
        String::from_utf8(lines.head().raw().to_vec()).unwrap()
    }

    const HEAD: &str = "GET / HTTP/1.1\r\nhOST:h\r\nX-A: 1\r\nAccept: */*\r\nx-a:2\r\nX-F: a\r\n  b\r\n\r\n";

    #[test]
    fn what_is_not_touched_keeps_its_bytes() {
        assert_eq!(text(&head(HEAD)), HEAD);
    }

    #[test]
    fn set_replaces_the_first_in_place_and_takes_the_others_away() {
        let mut lines = head(HEAD);
        lines.set(b"x-A", b"3");
        lines.set(b"New", b"n");
        assert_eq!(
            text(&lines),
            "GET / HTTP/1.1\r\nhOST:h\r\nX-A: 3\r\nAccept: */*\r\nX-F: a\r\n  b\r\nNew: n\r\n\r\n"
        );
    }

    #[test]
    fn remove_takes_every_line_of_the_name_folds_too() {
        let mut lines = head(HEAD);
        assert!(lines.remove(b"X-a") && lines.remove(b"x-f") && !lines.remove(b"nope"));
        assert_eq!(text(&lines), "GET / HTTP/1.1\r\nhOST:h\r\nAccept: */*\r\n\r\n");
    }

    #[test]
    fn typed_lines_and_what_is_wrong_with_them() {
        assert_eq!(typed("A:b").unwrap(), ("A", "b"));
        assert_eq!(typed("X-Y:  a: b \t").unwrap(), ("X-Y", "a: b"));
        assert_eq!(typed("Empty:").unwrap(), ("Empty", ""));
        for (bad, says) in [
            ("no colon", "no colon\n        ^ a field line is written Name: value"),
            ("A b: c", "A b: c\n ^ a field's name holds"),
            (": c", ": c\n^ the field's name is missing"),
            ("A: b\r\nC: d", "^ a value holds no line end"),
        ] {
            let error = typed(bad).unwrap_err().to_string();
            assert!(error.contains(says), "{bad:?}: {error}");
        }
    }
}
