//! Fitting text to columns, by grapheme, so that nothing is cut through a character.
//!
//! The texts are sanitised already: every grapheme takes the columns that
//! `unicode-width` says. The mark that stands for what was left out is the caller's
//! (`…`, or `~` where only ASCII can be shown) and is one column wide.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// How many columns a text takes.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Cuts at the end: `/v1/price/7?curr…`.
#[must_use]
pub fn cut<'a>(text: &'a str, room: usize, mark: &str) -> Cow<'a, str> {
    shorten(text, room, mark, usize::MAX)
}

/// Cuts in the middle, for hosts, whose two ends tell most: `api…test`.
#[must_use]
pub fn middle<'a>(text: &'a str, room: usize, mark: &str) -> Cow<'a, str> {
    shorten(text, room, mark, room / 2)
}

/// Cuts a path so that its head and its tail stay: `/v1/accounts/…/items?page=2`.
#[must_use]
pub fn path<'a>(text: &'a str, room: usize, mark: &str) -> Cow<'a, str> {
    shorten(text, room, mark, room.div_ceil(3).max(1))
}

/// The text without its first columns; a grapheme cut through goes whole.
#[must_use]
pub fn skip(text: &str, columns: usize) -> &str {
    let mut skipped = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if skipped >= columns {
            return text.get(at..).unwrap_or_default();
        }
        skipped += grapheme.width();
    }
    ""
}

/// The text cut at the end, or filled up with spaces, to exactly `room` columns.
#[must_use]
pub fn fit(text: &str, room: usize, mark: &str) -> String {
    let mut out = cut(text, room, mark).into_owned();
    let missing = room.saturating_sub(columns(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// The text broken into pieces of at most `room` columns. A grapheme wider than that
/// stands alone; an empty text is one empty piece.
#[must_use]
pub fn wrap(text: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut used) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let width = grapheme.width();
        if used > 0 && used + width > room {
            pieces.push(text.get(from..at).unwrap_or_default());
            (from, used) = (at, 0);
        }
        used += width;
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces
}

/// Keeps `head` columns from the start (all that fit, when `head` is larger), the mark, and
/// the rest of the room from the end.
fn shorten<'a>(text: &'a str, room: usize, mark: &str, head: usize) -> Cow<'a, str> {
    // Bytes bound columns from above for printable ASCII, which most texts are.
    if (text.is_ascii() && text.len() <= room) || columns(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(keep) = room.checked_sub(1) else { return Cow::Borrowed("") };
    let start = take(text.graphemes(true), keep.min(head));
    let end = take(text.graphemes(true).rev(), keep.saturating_sub(head));
    let start = text.get(..start).unwrap_or_default();
    let end = text.get(text.len() - end..).unwrap_or_default();
    Cow::Owned(format!("{start}{mark}{end}"))
}

/// Bytes of the graphemes that fit into `room` columns.
fn take<'a>(graphemes: impl Iterator<Item = &'a str>, room: usize) -> usize {
    let mut used = 0;
    graphemes
        .take_while(|grapheme| {
            used += grapheme.width();
            used <= room
        })
        .map(str::len)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_kind_keeps_its_ends() {
        assert_eq!(cut("connect refused", 10, "…"), "connect r…");
        assert_eq!(middle("api.shop.test", 8, "…"), "api.…est");
        assert_eq!(path("/v1/accounts/7/items?page=2", 16, "…"), "/v1/ac…ms?page=2");
        assert_eq!(cut("same", 4, "…"), "same");
        assert_eq!(cut("same", 0, "…"), "");
        assert_eq!(cut("same", 1, "~"), "~");
        assert_eq!(fit("ab", 4, "…"), "ab  ");
        assert_eq!(fit("長い", 3, "…"), "長…");
    }

    #[test]
    fn wrapping_loses_nothing() {
        assert_eq!(wrap("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("長い", 1), ["長", "い"]);
    }

    proptest! {
        #[test]
        fn never_wider_than_the_room(text in "\\PC*", room in 0usize..30) {
            let text = crate::text::sanitize(&text).into_owned();
            for shown in [cut(&text, room, "…"), middle(&text, room, "…"), path(&text, room, "…")] {
                prop_assert!(columns(&shown) <= room, "{shown:?}");
            }
            prop_assert_eq!(wrap(&text, room).concat(), text.as_str());
        }
    }
}
