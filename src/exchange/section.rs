//! Field sections of HTTP/2 as the text of a head, and back (RFC 9113 8.3).
//!
//! ```text
//! GET /path HTTP/2          line 0: made from the pseudo-fields, never on the wire
//! :method: GET              every field line as it was decoded, in its order
//! :path: /path
//! user-agent: x
//!                           the empty line
//! ```
//!
//! So whatever reads heads of HTTP/1 reads these too. What could not stand in a line (CR, LF, NUL)
//! or would shift its name's end is written as an escape; it is malformed in every case
//! (RFC 9113 8.2.1), and [`Head::stray`] says where, because in a value `\r` could also be just that.

use super::Head;
use super::head::{FieldSpan, Lines};
use bytes::Bytes;
use std::fmt::Write as _;

/// What a line has beside its name and value: `: ` and its end.
const AROUND: usize = 4;
/// Room for a start line's method and version.
const START: usize = 32;

/// One field line of a section, as HPACK gives and takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionField {
    /// With its leading colon when it is a pseudo-field.
    pub name: Bytes,
    /// Any octets.
    pub value: Bytes,
    /// Must not be put into a compression table, here or further on (RFC 7541 7.1.3).
    pub never_indexed: bool,
}

impl Head {
    /// The head of a request that came as this section. A missing pseudo-field leaves `-` in
    /// the start line.
    #[must_use]
    pub fn of_request_section(fields: &[SectionField]) -> Self {
        let find = |name: &str| value_of(fields, name);
        let method = find(":method").unwrap_or(b"-");
        // CONNECT names an authority (RFC 9113 8.5), with `:protocol` a path (RFC 8441 4).
        let names_authority = method == b"CONNECT" && find(":protocol").is_none();
        let (first, second) = if names_authority { (":authority", ":path") } else { (":path", ":authority") };
        let target = find(first).or_else(|| find(second).filter(|_| names_authority)).unwrap_or(b"-");
        let mut text = Text::for_section(fields, target.len());
        text.escaped(method);
        text.out.push(b' ');
        text.escaped(target);
        text.out.extend_from_slice(b" HTTP/2");
        text.into_head(fields)
    }

    /// The head of a response that came as this section.
    #[must_use]
    pub fn of_response_section(fields: &[SectionField]) -> Self {
        let mut text = Text::for_section(fields, 0);
        text.out.extend_from_slice(b"HTTP/2 ");
        text.escaped(value_of(fields, ":status").unwrap_or(b"-"));
        text.out.push(b' ');
        text.into_head(fields)
    }

    /// Whether this is a section of HTTP/2 as text: its start line was never on the wire.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        let line = self.start_line();
        line.ends_with(b" HTTP/2") || line.starts_with(b"HTTP/2 ")
    }

    /// Name and value of each line behind the start line.
    pub fn section(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields().map(|field| (field.name, field.value))
    }
}

/// The same of a head that is only text: the section to be encoded. No line of it is folded.
pub fn section_lines(raw: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    Lines::new(raw).skip(1).map(|line| {
        let field = FieldSpan::of(raw, line).borrow(raw);
        (field.name, field.value)
    })
}

/// A trailer section as text: each line with CR LF, without the empty line behind them.
#[must_use]
pub fn trailer_lines(fields: &[SectionField]) -> Bytes {
    let mut text = Text::default();
    for field in fields {
        text.field(field);
    }
    Bytes::from(text.out)
}

fn value_of<'a>(fields: &'a [SectionField], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|field| field.name == name).map(|field| &field.value[..])
}

#[derive(Default)]
struct Text {
    out: Vec<u8>,
    /// The first escape in a field line.
    stray: Option<usize>,
}

impl Text {
    /// With room for all of a section.
    fn for_section(fields: &[SectionField], target: usize) -> Self {
        let octets: usize = fields.iter().map(|field| field.name.len() + field.value.len() + AROUND).sum();
        Self { out: Vec::with_capacity(START + target + octets), stray: None }
    }

    /// The lines are written one by one, so their places are known and need not be looked for.
    fn into_head(mut self, fields: &[SectionField]) -> Head {
        let start = self.out.len();
        self.out.extend_from_slice(b"\r\n");
        let mut spans = Vec::with_capacity(fields.len());
        for field in fields {
            spans.push(self.field(field));
        }
        self.out.extend_from_slice(b"\r\n");
        Head::of_lines(Bytes::from(self.out), start, spans, self.stray)
    }

    fn field(&mut self, field: &SectionField) -> FieldSpan {
        let line = self.out.len();
        let at = self.name(&field.name);
        self.stray = self.stray.or(at);
        let colon = self.out.len();
        self.out.extend_from_slice(b": ");
        let at = self.escaped(&field.value);
        self.stray = self.stray.or(at);
        let span = FieldSpan::at(&self.out, line, colon);
        self.out.extend_from_slice(b"\r\n");
        span
    }

    /// A blank or a colon in a name would begin a fold or end the name sooner.
    fn name(&mut self, name: &[u8]) -> Option<usize> {
        let (colon, rest) = name.split_at(usize::from(name.first() == Some(&b':')));
        self.out.extend_from_slice(colon);
        if rest.iter().fold(true, |stands, byte| stands & stands_in_name(*byte)) {
            self.out.extend_from_slice(rest);
            return None;
        }
        let mut first = None;
        for byte in rest {
            match byte {
                b':' | b' ' | b'\t' => {
                    first = first.or(Some(self.out.len()));
                    self.out.extend_from_slice(hex(*byte).as_bytes());
                }
                byte => {
                    let at = self.escaped(&[*byte]);
                    first = first.or(at);
                }
            }
        }
        first
    }

    /// Writes octets, the three that cannot stand in a line as two characters each; tells
    /// where the first of them is.
    fn escaped(&mut self, bytes: &[u8]) -> Option<usize> {
        if memchr::memchr3(b'\r', b'\n', 0, bytes).is_none() {
            self.out.extend_from_slice(bytes);
            return None;
        }
        let mut first = None;
        for byte in bytes {
            let escape: &[u8] = match byte {
                b'\r' => b"\\r",
                b'\n' => b"\\n",
                0 => b"\\0",
                byte => {
                    self.out.push(*byte);
                    continue;
                }
            };
            first = first.or(Some(self.out.len()));
            self.out.extend_from_slice(escape);
        }
        first
    }
}

fn stands_in_name(byte: u8) -> bool {
    !matches!(byte, b':' | b' ' | b'\t' | b'\r' | b'\n' | 0)
}

fn hex(byte: u8) -> String {
    let mut text = String::with_capacity(4);
    let _ = write!(text, "\\x{byte:02x}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(lines: &[(&str, &str)]) -> Vec<SectionField> {
        let field = |(name, value): &(&str, &str)| SectionField {
            name: Bytes::copy_from_slice(name.as_bytes()),
            value: Bytes::copy_from_slice(value.as_bytes()),
            never_indexed: false,
        };
        lines.iter().map(field).collect()
    }

    fn request(lines: &[(&str, &str)]) -> String {
        String::from_utf8_lossy(Head::of_request_section(&fields(lines)).raw()).into_owned()
    }

    #[test]
    fn rfc9113_8_3_1_a_request_section_reads_as_a_head() {
        let lines =
            [(":method", "GET"), (":path", "/a?b"), (":scheme", "https"), (":authority", "h"), ("x-a", "")];
        let head = Head::of_request_section(&fields(&lines));
        assert_eq!(
            &head.raw()[..],
            b"GET /a?b HTTP/2\r\n:method: GET\r\n:path: /a?b\r\n:scheme: https\r\n:authority: h\r\nx-a: \r\n\r\n"
        );
        assert!(head.is_http2() && head.stray().is_none());
        assert_eq!(head.value(":path"), Some(&b"/a?b"[..]));
        assert_eq!(head.value("path"), None);
        assert_eq!(head.request_line(), Some((&b"GET"[..], &b"/a?b"[..], &b"HTTP/2"[..])));
        let section: Vec<_> = head.section().collect();
        assert!(section_lines(head.raw()).eq(head.section()));
        let expected: Vec<_> =
            lines.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        assert_eq!(section, expected);
    }

    #[test]
    fn rfc9113_8_5_and_rfc8441_4_connect_names_an_authority_or_a_path() {
        let connect = [(":method", "CONNECT"), (":authority", "h:443")];
        assert!(request(&connect).starts_with("CONNECT h:443 HTTP/2\r\n"));
        let extended = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":authority", "h"),
            (":scheme", "https"),
            (":path", "/c"),
        ];
        assert!(request(&extended).starts_with("CONNECT /c HTTP/2\r\n"));
    }

    #[test]
    fn what_is_missing_leaves_a_dash() {
        assert!(request(&[("a", "b")]).starts_with("- - HTTP/2\r\na: b\r\n"));
        assert!(request(&[(":method", "GET"), (":authority", "h")]).starts_with("GET - HTTP/2\r\n"));
        let head = Head::of_response_section(&fields(&[("a", "b")]));
        assert_eq!((head.start_line(), head.status_line()), (&b"HTTP/2 - "[..], None));
    }

    #[test]
    fn rfc9113_8_3_2_a_response_section_has_no_reason() {
        let head = Head::of_response_section(&fields(&[(":status", "200"), ("a", "b")]));
        assert_eq!(&head.raw()[..], b"HTTP/2 200 \r\n:status: 200\r\na: b\r\n\r\n");
        assert_eq!(head.status_line(), Some((&b"HTTP/2"[..], 200, &b""[..])));
        assert!(head.is_http2());
    }

    #[test]
    fn rfc9113_8_2_1_what_cannot_stand_in_a_line_is_escaped_and_marked() {
        for (name, value, line, at) in [
            ("a", "b\r\nc: d", "a: b\\r\\nc: d", Some(4)),
            ("a", "\0", "a: \\0", Some(3)),
            ("a", "b\\r", "a: b\\r", None),
            ("a: b", "c", "a\\x3a\\x20b: c", Some(1)),
            (" a", "c", "\\x20a: c", Some(0)),
            ("a\n", "c", "a\\n: c", Some(1)),
            (":a:b", "c", ":a\\x3ab: c", Some(2)),
            ("", "c", ": c", None),
            (":", "c", ":: c", None),
        ] {
            let head = Head::of_response_section(&fields(&[(name, value)]));
            assert_eq!(head.line(1), Some(line.as_bytes()), "{name:?} {value:?}");
            assert_eq!(head.stray(), at.map(|at| at + "HTTP/2 - \r\n".len()), "{name:?} {value:?}");
            assert_eq!(head.fields().len(), 1);
        }
    }

    #[test]
    fn trailers_are_lines() {
        assert_eq!(&trailer_lines(&fields(&[("a", "b"), ("c", "")]))[..], b"a: b\r\nc: \r\n");
    }

    proptest! {
        #[test]
        fn every_section_is_as_many_lines_and_names_stand_as_they_are(
            lines in prop::collection::vec(("[:a-zA-Z \t\r\n\0é]{0,4}", "[:a-z \t\r\n\0\\\\é]{0,6}"), 0..6)
        ) {
            let lines: Vec<_> = lines.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let head = Head::of_request_section(&fields(&lines));
            prop_assert_eq!(head.fields().len(), lines.len());
            let parsed = Head::parse(head.raw().clone());
            prop_assert!(parsed.fields().eq(head.fields()), "the places are those that parsing finds");
            prop_assert_eq!(parsed.start_line(), head.start_line());
            for (field, (name, value)) in head.fields().zip(&lines) {
                let blank = |c: char| matches!(c, ' ' | '\t');
                if head.stray().is_none() && !name.is_empty() {
                    prop_assert_eq!(field.name, name.as_bytes());
                    prop_assert_eq!(field.value, value.trim_matches(blank).as_bytes());
                }
            }
        }
    }
}
