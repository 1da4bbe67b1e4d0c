//! Points into a source text: the line, `^^^^` under the place, and what is wrong with it.

use super::{sanitize, width};
use std::ops::Range;

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// Renders one line of source with carets under the byte range `span` and `message` behind them:
///
/// ```text
/// host:api stauts:5xx
///          ^^^^^^ no field "stauts"; did you mean status?
/// ```
///
/// An empty span (the end of the text, say) is one caret. A span that reaches outside the
/// line or into a character is pulled to the nearest border. Tabs become spaces, wide
/// characters get a caret a column, and anything that a terminal must not get is escaped.
#[must_use]
pub fn carets(line: &str, span: Range<usize>, message: &str) -> String {
    let start = line.floor_char_boundary(span.start.min(line.len()));
    let end = line.ceil_char_boundary(span.end.clamp(start, line.len()));
    let (before, rest) = line.split_at(start);
    let (marked, after) = rest.split_at(end - start);

    let before = expand(before, 0);
    let from = width::columns(&before);
    let marked = expand(marked, from);
    let to = from + width::columns(&marked);
    let after = expand(after, to);
    let carets = "^".repeat((to - from).max(1));
    let text = format!("{before}{marked}{after}");
    format!("{}\n{:from$}{carets} {}", text.trim_end(), "", sanitize(message)).trim_end().to_owned()
}

/// Points at one byte of captured lines: of the line that it is in, so much as fits `room` columns, line
/// ends visible.
///
/// ```text
/// X-Name : value\r\n
///       ^ white space before the colon
/// ```
#[must_use]
pub fn caret_at(captured: &[u8], at: usize, room: usize, message: &str) -> String {
    let at = at.min(captured.len());
    let begin = memchr::memrchr(b'\n', captured.get(..at).unwrap_or_default()).map_or(0, |end| end + 1);
    let rest = captured.get(at..).unwrap_or_default();
    let rest = rest.get(..memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1)).unwrap_or(rest);
    // An escape takes up to four columns for a byte.
    let around = room / 8;
    let (from, to) = (begin.max(at.saturating_sub(around)), rest.len().min(around));
    let before = captured.get(from..at).unwrap_or_default();
    let (here, after) = rest.get(..to).unwrap_or_default().split_at(to.min(1));
    // Each part by itself: bytes that are no text must not join across the border.
    let before = format!("{}{}", if from > begin { "…" } else { "" }, sanitize(before));
    let here = sanitize(here);
    let span = before.len()..before.len() + here.len();
    let cut = if to < rest.len() { "…" } else { "" };
    carets(&format!("{before}{here}{}{cut}", sanitize(after)), span, message)
}

/// Sanitises and replaces tabs by spaces up to the next stop, counted from `column`.
fn expand(text: &str, column: usize) -> String {
    let mut out = String::new();
    let mut at = column;
    for (index, piece) in text.split('\t').enumerate() {
        if index > 0 {
            let gap = TAB - at % TAB;
            out.extend(std::iter::repeat_n(' ', gap));
            at += gap;
        }
        let piece = sanitize(piece);
        at += width::columns(&piece);
        out.push_str(&piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn points_at_the_span() {
        assert_eq!(
            carets("host:api stauts:5xx", 9..15, "no field"),
            "host:api stauts:5xx\n         ^^^^^^ no field"
        );
        assert_eq!(carets("a =", 3..3, "a value is missing"), "a =\n   ^ a value is missing");
    }

    #[test]
    fn tabs_and_wide_characters_keep_their_columns() {
        assert_eq!(carets("\tx = 1", 1..2, "m"), "    x = 1\n    ^ m");
        assert_eq!(carets("ab\tx", 3..4, "m"), "ab  x\n    ^ m");
        assert_eq!(carets("長い x", 7..8, "m"), "長い x\n     ^ m");
        assert_eq!(carets("長い", 0..3, "m"), "長い\n^^ m");
        assert_eq!(carets("\x1bx", 1..2, "m"), "\\x1bx\n    ^ m");
    }

    #[test]
    fn a_byte_of_captured_lines_is_pointed_at() {
        let head = b"GET / HTTP/1.1\r\nX-Name : v\r\n\r\n";
        assert_eq!(caret_at(head, 22, 80, "m"), "X-Name : v\\r\\n\n      ^ m");
        assert_eq!(caret_at(head, 0, 80, "m"), "GET / HTTP…\n^ m");
        assert_eq!(caret_at(b"A: \0b\n", 3, 80, "m"), "A: \\x00b\\n\n   ^^^^ m");
        assert_eq!(caret_at(b"A: b\nC", 4, 80, "m"), "A: b\\n\n    ^^ m");
        assert_eq!(caret_at(b"", 9, 80, "m"), "\n^ m");
        assert!(caret_at(&[b'x'; 500], 250, 80, "m").starts_with("…xxxxxxxxxxx"));
    }

    proptest! {
        #[test]
        fn pointing_is_total_and_fits(captured in any::<Vec<u8>>(), at in 0usize..50, room in 0usize..200) {
            let shown = caret_at(&captured, at, room, "");
            let mut lines = shown.lines();
            let columns = width::columns(lines.next().unwrap_or_default());
            prop_assert!(columns <= room + 4, "{columns} of {room}: {shown}");
            prop_assert!(lines.next().is_some_and(|line| line.trim_start().starts_with('^')));
            prop_assert_eq!(lines.next(), None);
        }

        #[test]
        fn total(line in any::<String>(), a in 0usize..50, b in 0usize..50) {
            let shown = carets(&line, a..b, "m");
            prop_assert_eq!(shown.lines().count(), 2);
        }
    }
}
