//! `multipart/*` (RFC 2046 5.1; forms: RFC 7578): each part with its head, its size and its beginning.

use super::laid::Laid;
use super::rows::{Ink, Piece, Row};
use crate::text::units;
use memchr::memmem;

/// Parts shown.
const PARTS: usize = 1000;
/// Bytes of a part's content shown.
const SHOWN: usize = 4096;
/// Lines of a part's content shown.
const LINES: usize = 40;
/// Field lines of a part's head shown.
const FIELDS: usize = 40;

/// The boundary parameter of a Content-Type field value.
#[must_use]
pub fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let lower = content_type.to_ascii_lowercase();
    let at = memmem::find(&lower, b"boundary=")? + b"boundary=".len();
    let value = content_type.get(at..)?;
    let end = |stop: &[u8]| value.iter().position(|byte| stop.contains(byte)).unwrap_or(value.len());
    let value = match value.first()? {
        b'"' => value.get(1..)?.split(|byte| *byte == b'"').next()?,
        _ => value.get(..end(b"; \t"))?,
    };
    (!value.is_empty() && value.len() <= 200).then(|| value.to_vec())
}

/// The parts.
#[must_use]
pub fn laid(bytes: &[u8], boundary: &[u8]) -> Laid {
    let delimiter = [b"--", boundary].concat();
    let mut rows = Vec::new();
    let mut rest = bytes;
    let mut number = 0;
    let mut trouble = Some("The closing boundary is missing: the last part may be incomplete.".to_owned());
    let Some(start) = delimiter_in(rest, &delimiter, true) else {
        let words = "No part begins with the boundary that Content-Type names.";
        return Laid::new(vec![said(Ink::Notable, words)], Some(words.to_owned()));
    };
    rest = rest.get(start + delimiter.len()..).unwrap_or_default();
    while !rest.starts_with(b"--") && number < PARTS {
        rest = line(rest).1;
        let end = delimiter_in(rest, &delimiter, false);
        number += 1;
        part(&mut rows, number, rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
        let Some(end) = end else { return Laid::new(rows, trouble) };
        rest = rest
            .get(end..)
            .and_then(|rest| memmem::find(rest, &delimiter).and_then(|at| rest.get(at + delimiter.len()..)))
            .unwrap_or_default();
    }
    if rest.starts_with(b"--") {
        trouble = None;
    } else if number == PARTS {
        trouble = Some(format!("More than {PARTS} parts: the others are seen raw."));
    }
    Laid::new(rows, trouble)
}

/// Where a delimiter line begins, its line end before it included; at the very start it needs none.
fn delimiter_in(bytes: &[u8], delimiter: &[u8], start: bool) -> Option<usize> {
    for at in memmem::find_iter(bytes, delimiter) {
        let before = bytes.get(..at).unwrap_or_default();
        if at == 0 || before.ends_with(b"\n") {
            let end =
                before.strip_suffix(b"\n").map_or(before, |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
            return Some(if start { at } else { end.len() });
        }
    }
    None
}

fn part(rows: &mut Vec<Row>, number: usize, bytes: &[u8]) {
    let (head, body) = split(bytes);
    let fields: Vec<&[u8]> =
        head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let mut title = vec![Piece::new(Ink::Tag, format!("part {number}"))];
    for (name, says) in [("name", "  "), ("filename", "  file ")] {
        if let Some(value) = parameter(&fields, name) {
            title.push(Piece::new(Ink::Dim, says));
            title.push(Piece::new(Ink::String, value));
        }
    }
    title.push(Piece::new(Ink::Dim, format!("  {} B", units::count(body.len() as u64))));
    if number > 1 {
        rows.push(Row::default());
    }
    rows.push(Row { pieces: title, hang: 2, ..Row::default() });
    for field in fields.iter().take(FIELDS) {
        let field = field.strip_suffix(b"\r").unwrap_or(field);
        let name = memchr::memchr(b':', field).map_or(0, |at| at + 1);
        let (name, value) = field.split_at(name);
        rows.push(Row {
            depth: 1,
            pieces: vec![Piece::new(Ink::Key, name), Piece::new(Ink::Plain, value)],
            hang: 2,
            ..Row::default()
        });
    }
    content(rows, body);
}

fn content(rows: &mut Vec<Row>, body: &[u8]) {
    let shown = body.get(..SHOWN).unwrap_or(body);
    if body.is_empty() {
        rows.push(Row { depth: 1, ..said(Ink::Dim, "(empty)") });
        return;
    }
    if !super::is_text(shown) {
        rows.push(Row { depth: 1, ..said(Ink::Dim, "(binary: p p shows the bytes)") });
        return;
    }
    let mut left = shown;
    for _ in 0..LINES {
        if left.is_empty() {
            break;
        }
        let (text, rest) = line(left);
        rows.push(Row { depth: 1, pieces: vec![Piece::new(Ink::Plain, text)], ..Row::default() });
        left = rest;
    }
    let more = body.len() - shown.len() + left.len();
    if more > 0 {
        rows.push(Row {
            depth: 1,
            ..said(Ink::Dim, &format!("… {} B more: p shows them raw", units::count(more as u64)))
        });
    }
}

fn said(ink: Ink, words: &str) -> Row {
    Row { pieces: vec![Piece::new(ink, words)], ..Row::default() }
}

/// The first line without its end, and what comes behind it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', bytes) {
        Some(at) => {
            let text = bytes.get(..at).unwrap_or_default();
            (text.strip_suffix(b"\r").unwrap_or(text), bytes.get(at + 1..).unwrap_or_default())
        }
        None => (bytes, &[]),
    }
}

/// The head and the content of a part.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    if let Some(rest) = bytes.strip_prefix(b"\r\n").or_else(|| bytes.strip_prefix(b"\n")) {
        return (&[], rest);
    }
    for end in [&b"\r\n\r\n"[..], b"\n\n"] {
        if let Some(at) = memmem::find(bytes, end) {
            let (head, rest) = bytes.split_at(at);
            return (head, rest.get(end.len()..).unwrap_or_default());
        }
    }
    (bytes, &[])
}

/// A parameter of Content-Disposition (RFC 7578 4.2), as it stands between its quotes.
fn parameter(fields: &[&[u8]], name: &str) -> Option<Vec<u8>> {
    let line = fields.iter().find(|line| line.to_ascii_lowercase().starts_with(b"content-disposition:"))?;
    let wanted = format!("{name}=");
    line.split(|byte| *byte == b';').skip(1).find_map(|part| {
        let part = part.trim_ascii();
        let value =
            part.to_ascii_lowercase().starts_with(wanted.as_bytes()).then(|| part.get(wanted.len()..))??;
        Some(
            value.strip_prefix(b"\"").map_or(value, |rest| rest.strip_suffix(b"\"").unwrap_or(rest)).to_vec(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Rows;
    use proptest::prelude::*;

    const FORM: &[u8] = b"--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhello --XX\r\n--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x00\r\n--XX--\r\n";

    fn shown(laid: &Laid) -> Vec<String> {
        std::iter::successors(laid.first(), |spot| laid.next(*spot))
            .map(|spot| {
                let bytes: Vec<u8> = laid.row(spot).pieces.into_iter().flat_map(|piece| piece.text).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            })
            .collect()
    }

    #[test]
    fn parts_with_heads_and_sizes() {
        let laid = laid(FORM, b"XX");
        assert_eq!(
            shown(&laid),
            [
                "part 1  title  10 B",
                "Content-Disposition: form-data; name=\"title\"",
                "hello --XX",
                "",
                "part 2  f  file a.png  7 B",
                "Content-Disposition: form-data; name=\"f\"; filename=\"a.png\"",
                "Content-Type: image/png",
                "(binary: p p shows the bytes)",
            ]
        );
        assert_eq!(laid.trouble(), None);
        assert!(super::laid(&FORM[..60], b"XX").trouble().unwrap().contains("closing boundary"));
        assert!(super::laid(FORM, b"YY").trouble().unwrap().contains("boundary"));
    }

    #[test]
    fn boundaries() {
        assert_eq!(boundary(b"multipart/form-data; Boundary=ab-c; x=1").unwrap(), b"ab-c");
        assert_eq!(boundary(b"multipart/form-data; boundary=\"a b\"").unwrap(), b"a b");
        assert_eq!(boundary(b"multipart/form-data"), None);
        assert_eq!(boundary(b"multipart/form-data; boundary="), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(proptest::sample::select(&b"-X\r\n: a;\""[..]), 0..80)) {
            let _ = (laid(&bytes, b"X"), boundary(&bytes));
        }
    }
}
