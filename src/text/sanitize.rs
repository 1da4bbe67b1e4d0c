//! The only door from captured bytes to a terminal.
//!
//! What comes out holds no control character, no C1 byte, no bidi control and nothing
//! invisible: each stands as a visible escape (`\x1b`, `\r`, `\u{202e}`), so that
//! captured data can neither drive a terminal nor look like something that it is not.
//! A backslash stays a backslash: texts are shown to be read, not to be parsed back.

use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// Combining marks that may sit on one character. More than any script stacks; without a
/// bound one cell of the terminal could hold a megabyte.
const STACKED_MARKS: usize = 8;

/// Makes captured bytes safe to show. Borrowed when nothing had to be escaped.
///
/// Bytes that are not UTF-8 stand as `\xNN`, ASCII controls as `\t`, `\r`, `\n` or `\xNN`,
/// everything else that must not reach a terminal as `\u{...}`.
#[must_use]
pub fn sanitize<T: AsRef<[u8]> + ?Sized>(captured: &T) -> Cow<'_, str> {
    let bytes = captured.as_ref();
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return String::from_utf8_lossy(bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_clean(text) => Cow::Borrowed(text),
        _ => Cow::Owned(escape(bytes)),
    }
}

/// The same over the first `limit` bytes only, with `…` behind them when there were more:
/// a bound on the work for texts of which only a beginning can be shown.
#[must_use]
pub fn sanitize_bounded<T: AsRef<[u8]> + ?Sized>(captured: &T, limit: usize) -> Cow<'_, str> {
    let bytes = captured.as_ref();
    if bytes.len() <= limit {
        return sanitize(bytes);
    }
    let mut end = limit;
    while end > 0 && limit - end < 3 && bytes.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    let kept = bytes.get(..end).unwrap_or_default();
    Cow::Owned(format!("{}…", sanitize(kept)))
}

fn is_clean(text: &str) -> bool {
    let mut marks = Marks::new();
    text.chars().all(|c| !must_escape(c) && marks.admit(c))
}

fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    let mut marks = Marks::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if !must_escape(c) && marks.admit(c) {
                out.push(c);
            } else {
                push_escape(&mut out, c);
                marks.admit('\\');
            }
        }
        for byte in chunk.invalid() {
            push_byte(&mut out, *byte);
            marks.admit('\\');
        }
    }
    out
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        '\n' => out.push_str("\\n"),
        c if c.is_ascii() => push_byte(out, c as u8),
        c => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

fn push_byte(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    for nibble in [byte >> 4, byte & 15] {
        out.push(char::from(HEX[usize::from(nibble)]));
    }
}

/// Combining marks seen since the last character that takes a column.
struct Marks(usize);

impl Marks {
    /// At the start a mark has nothing to sit on, and a terminal would drop or move it.
    fn new() -> Self {
        Self(STACKED_MARKS)
    }

    fn admit(&mut self, c: char) -> bool {
        if c.width() == Some(0) {
            self.0 += 1;
        } else {
            self.0 = 0;
        }
        self.0 <= STACKED_MARKS
    }
}

/// Controls (C0, DEL, C1), line and paragraph separators, bidi controls, annotations, and
/// Unicode's `Default_Ignorable_Code_Point`, which holds all that is invisible.
fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clean_text_is_borrowed() {
        for clean in ["", "GET /a?b=c HTTP/1.1", "größe 長い 🦀", "e\u{301}"] {
            assert!(matches!(sanitize(clean), Cow::Borrowed(text) if text == clean), "{clean}");
        }
    }

    #[test]
    fn what_could_drive_a_terminal_is_shown_as_an_escape() {
        let cases: &[(&[u8], &str)] = &[
            (b"a\x1b[31mb", "a\\x1b[31mb"),
            (b"\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
            (b"a\tb\r\n", "a\\tb\\r\\n"),
            (b"\0\x7f", "\\x00\\x7f"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            ("x\u{202e}gpj".as_bytes(), "x\\u{202e}gpj"),
            ("a\u{200b}b\u{feff}".as_bytes(), "a\\u{200b}b\\u{feff}"),
            ("\u{e0041}".as_bytes(), "\\u{e0041}"),
            (b"\xff\xc3(", "\\xff\\xc3("),
            ("\u{301}a".as_bytes(), "\\u{301}a"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(sanitize(*bytes), *shown);
        }
    }

    #[test]
    fn stacks_of_marks_are_bounded() {
        let tower = format!("a{}", "\u{301}".repeat(10));
        assert_eq!(sanitize(&tower), format!("a{}\\u{{301}}\u{301}", "\u{301}".repeat(8)));
    }

    #[test]
    fn a_bound_never_splits_a_character() {
        assert_eq!(sanitize_bounded("abc", 3), "abc");
        assert_eq!(sanitize_bounded("abcd", 3), "abc…");
        assert_eq!(sanitize_bounded("aé", 2), "a…");
        assert_eq!(sanitize_bounded(&[0x80; 9], 4), "\\x80…");
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<Vec<u8>>(),
            any::<String>().prop_map(String::into_bytes),
            proptest::sample::select(vec![
                "\x1b[2J", "\u{202e}", "\u{9b}", "\u{200d}", "\u{2028}", "\u{301}"
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_dangerous_passes(bytes in hostile()) {
            let shown = sanitize(&bytes);
            prop_assert!(shown.chars().all(|c| !c.is_control() && !must_escape(c)));
            prop_assert!(!shown.bytes().any(|byte| byte < b' ' || byte == 0x7f));
        }

        #[test]
        fn sanitizing_twice_changes_nothing(bytes in hostile()) {
            let once = sanitize(&bytes).into_owned();
            prop_assert_eq!(sanitize(&once), once.as_str());
        }

        #[test]
        fn bounds_hold(bytes in hostile(), limit in 0usize..64) {
            prop_assert!(sanitize_bounded(&bytes, limit).len() <= limit * 10 + 3);
        }
    }
}
