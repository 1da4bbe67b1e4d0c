//! A message head as it stood on the wire: raw bytes with an index of lines.
//!
//! Line 0 is the start line, line `n` the n-th field line. A folded field
//! (RFC 9112 5.2) is one line that holds its continuations. Parsing is total:
//! whatever the bytes are, they can be shown; judging them is `hop`'s work.

use bytes::Bytes;

/// A half-open range of offsets into the raw head.
pub(super) type Span = (u32, u32);

/// One message head, exactly as it crossed a socket, up to and with the empty line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    raw: Bytes,
    start: Span,
    fields: Vec<FieldSpan>,
    /// Where an octet stood that no line can hold; in sections of HTTP/2 only.
    stray: Option<u32>,
}

/// Where a field line and its parts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldSpan {
    line: Span,
    name: Span,
    value: Span,
}

/// One field line, borrowed from its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The whole line without its line end, folds included.
    pub line: &'a [u8],
    /// Up to the colon, as written; empty when the line has no colon. In a line that begins
    /// with a colon, a pseudo-field's (RFC 9113 8.3), up to the second.
    pub name: &'a [u8],
    /// Behind the colon, without the white space around it (RFC 9110 5.5).
    pub value: &'a [u8],
}

impl Field<'_> {
    /// Whether this is the field of that name; names compare without case (RFC 9110 5.1).
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether this is control data of HTTP/2 and no field at all (RFC 9113 8.3).
    #[must_use]
    pub fn is_pseudo(&self) -> bool {
        self.name.first() == Some(&b':')
    }
}

impl Head {
    /// Indexes the lines of a head. Never fails: a line without a colon has an empty name.
    #[must_use]
    pub fn parse(raw: Bytes) -> Self {
        let mut lines = Lines::new(&raw);
        let start = lines.next().unwrap_or((0, 0));
        let mut fields: Vec<FieldSpan> = Vec::with_capacity(16);
        for span in lines {
            let line = slice(&raw, span);
            match (line.first(), fields.last_mut()) {
                (Some(b' ' | b'\t'), Some(previous)) => previous.extend_to(&raw, span.1),
                _ => fields.push(FieldSpan::of(&raw, span)),
            }
        }
        Self { raw, start, fields, stray: None }
    }

    /// A head whose lines are known: the start line's length, the places of the fields, and the offset of
    /// an escape that stands for what no line can hold.
    #[must_use]
    pub(super) fn of_lines(raw: Bytes, start: usize, fields: Vec<FieldSpan>, stray: Option<usize>) -> Self {
        Self { raw, start: (0, offset(start)), fields, stray: stray.map(offset) }
    }

    /// Where the first escape stands in a section of HTTP/2 that held CR, LF or NUL, or a name
    /// that could be taken for another (RFC 9113 8.2.1). `None` for all other heads, and for
    /// heads read back from a capture.
    #[must_use]
    pub fn stray(&self) -> Option<usize> {
        self.stray.map(|at| at as usize)
    }

    /// The bytes as they crossed the socket.
    #[must_use]
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The start line without its line end.
    #[must_use]
    pub fn start_line(&self) -> &[u8] {
        slice(&self.raw, self.start)
    }

    /// The field lines in wire order.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = Field<'_>> + ExactSizeIterator {
        self.fields.iter().map(|span| span.borrow(&self.raw))
    }

    /// Line `number`: 0 is the start line, 1 the first field line.
    #[must_use]
    pub fn line(&self, number: usize) -> Option<&[u8]> {
        match number.checked_sub(1) {
            None => Some(self.start_line()),
            Some(field) => self.fields.get(field).map(|span| slice(&self.raw, span.line)),
        }
    }

    /// The first line's value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The value of every line of a field, in wire order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(move |field| field.is(name)).map(|field| field.value)
    }

    /// The members of a comma-separated list over all lines of a field (RFC 9110 5.6.1),
    /// empty members left out.
    pub fn members<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.values(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
    }

    /// Method, target and version of a request line; `None` when it has not three parts.
    #[must_use]
    pub fn request_line(&self) -> Option<(&[u8], &[u8], &[u8])> {
        let line = self.start_line();
        let first = line.iter().position(|byte| *byte == b' ')?;
        let last = line.iter().rposition(|byte| *byte == b' ')?;
        (first < last).then(|| (&line[..first], &line[first + 1..last], &line[last + 1..]))
    }

    /// Version, status and reason of a status line; `None` when it has no status.
    #[must_use]
    pub fn status_line(&self) -> Option<(&[u8], u16, &[u8])> {
        let line = self.start_line();
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let version = parts.next()?;
        let status = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        Some((version, status, parts.next().unwrap_or_default()))
    }
}

impl FieldSpan {
    /// The line from `line` to the end of `raw`, whose name ends at `colon`. A name that is empty, or a
    /// colon alone, leaves it to the line where its name ends.
    pub(super) fn at(raw: &[u8], line: usize, colon: usize) -> Self {
        let span = (offset(line), offset(raw.len()));
        if matches!(raw.get(line..colon), None | Some(b"" | b":")) {
            return Self::of(raw, span);
        }
        let value = trimmed(raw, (offset(colon) + 1, span.1));
        Self { line: span, name: (span.0, offset(colon)), value }
    }

    pub(super) fn of(raw: &[u8], line: Span) -> Self {
        let bytes = slice(raw, line);
        // A pseudo-field's name has a colon of its own before it (RFC 9113 8.3).
        let own = usize::from(bytes.first() == Some(&b':'));
        let colon = memchr::memchr(b':', bytes.get(own..).unwrap_or_default()).map(|at| own + at);
        let colon = colon.or((own == 1).then_some(0));
        let name_end = line.0 + offset(colon.unwrap_or(0));
        let value_from = colon.map_or(line.0, |at| line.0 + offset(at) + 1);
        Self { line, name: (line.0, name_end), value: trimmed(raw, (value_from, line.1)) }
    }

    fn extend_to(&mut self, raw: &[u8], end: u32) {
        self.line.1 = end;
        self.value = trimmed(raw, (self.value.0, end));
    }

    pub(super) fn borrow<'a>(&self, raw: &'a [u8]) -> Field<'a> {
        Field { line: slice(raw, self.line), name: slice(raw, self.name), value: slice(raw, self.value) }
    }
}

/// Splits at LF, drops one CR before it, and stops at the empty line that ends a head.
pub(super) struct Lines<'a> {
    raw: &'a [u8],
    from: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self { raw, from: 0 }
    }
}

impl Iterator for Lines<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let rest = self.raw.get(self.from..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
        if line.is_empty() && self.from > 0 {
            return None;
        }
        let from = self.from;
        self.from += length + 1;
        Some((offset(from), offset(from + line.len())))
    }
}

fn trimmed(raw: &[u8], span: Span) -> Span {
    let bytes = slice(raw, span);
    let left = bytes.len() - bytes.trim_ascii_start().len();
    let from = span.0 + offset(left);
    (from, from + offset(bytes.trim_ascii().len()))
}

fn slice(raw: &[u8], span: Span) -> &[u8] {
    raw.get(span.0 as usize..span.1 as usize).unwrap_or_default()
}

/// Heads are bounded far below 4 GiB by `limits.head`, so offsets fit.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &'static str) -> Head {
        Head::parse(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn lines_keep_case_order_and_duplicates() {
        let head = head("GET / HTTP/1.1\r\nX-B: 1\r\nx-A:\t2 \r\nX-b:3\r\n\r\n");
        let seen: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
        assert_eq!(seen, [(&b"X-B"[..], &b"1"[..]), (b"x-A", b"2"), (b"X-b", b"3")]);
        assert_eq!(head.line(2), Some(&b"x-A:\t2 "[..]));
        assert_eq!(head.values("X-B").collect::<Vec<_>>(), [&b"1"[..], b"3"]);
    }

    #[test]
    fn a_fold_belongs_to_the_line_before() {
        let head = head("GET / HTTP/1.1\r\nX-F: a\r\n  b\r\nHost: h\r\n\r\n");
        assert_eq!(head.value("x-f"), Some(&b"a\r\n  b"[..]));
        assert_eq!(head.line(2), Some(&b"Host: h"[..]));
    }

    #[test]
    fn members_span_all_lines() {
        let head = head("GET / HTTP/1.1\r\nConnection: a, ,b\r\nconnection:\tc\r\n\r\n");
        assert_eq!(head.members("Connection").collect::<Vec<_>>(), [&b"a"[..], b"b", b"c"]);
    }

    #[test]
    fn status_line_without_reason() {
        assert_eq!(head("HTTP/1.1 204\r\n\r\n").status_line(), Some((&b"HTTP/1.1"[..], 204, &b""[..])));
        assert_eq!(
            head("HTTP/1.1 200 Very  Fine\r\n\r\n").status_line().map(|s| s.2),
            Some(&b"Very  Fine"[..])
        );
    }

    #[test]
    fn rfc9113_8_3_a_pseudo_fields_name_has_its_colon() {
        let head = head("GET / HTTP/2\r\n:path: /a:b\r\n: c\r\n::\r\n:\r\n\r\n");
        let seen: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
        assert_eq!(seen, [(&b":path"[..], &b"/a:b"[..]), (b"", b"c"), (b":", b""), (b"", b"")]);
        assert_eq!(head.value(":path"), Some(&b"/a:b"[..]));
    }

    #[test]
    fn any_bytes_parse() {
        for bytes in [&b""[..], b"\n", b"\r\n\r\n", b"a", b"a\r\nb", b" x\r\n y\r\n\r\n"] {
            let head = Head::parse(Bytes::copy_from_slice(bytes));
            assert_eq!(&head.raw()[..], bytes);
        }
    }
}
