//! `application/x-www-form-urlencoded` (WHATWG URL 5.1) as a table of names and values, decoded.

use super::laid::Laid;
use super::rows::{Ink, Piece, Row};
use crate::text::{sanitize_bounded, width};

/// Columns of names at most; longer ones push their value away.
const NAMES: usize = 28;

/// The table; a name without `=` has no value.
#[must_use]
pub fn laid(bytes: &[u8]) -> Laid {
    let pairs: Vec<(Vec<u8>, Option<Vec<u8>>)> = bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match memchr::memchr(b'=', pair) {
            Some(at) => (decode(pair.get(..at)), Some(decode(pair.get(at + 1..)))),
            None => (decode(Some(pair)), None),
        })
        .collect();
    let columns = |name: &[u8]| width::columns(&sanitize_bounded(name, 256));
    let room = pairs.iter().map(|(name, _)| columns(name)).max().unwrap_or(0).min(NAMES);
    let rows = pairs.into_iter().map(|(name, value)| {
        let gap = " ".repeat(room.saturating_sub(columns(&name)) + 1);
        let mut pieces = vec![Piece::new(Ink::Key, name), Piece::new(Ink::Plain, gap)];
        match value {
            Some(value) => {
                pieces.push(Piece::new(Ink::Punctuation, "= "));
                pieces.push(Piece::new(Ink::Plain, value));
            }
            None => pieces.push(Piece::new(Ink::Dim, "(no value)")),
        }
        Row { pieces, hang: room + 3, ..Row::default() }
    });
    Laid::new(rows.collect(), None)
}

fn decode(text: Option<&[u8]>) -> Vec<u8> {
    let text: Vec<u8> =
        text.unwrap_or_default().iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Rows;

    fn shown(text: &str) -> Vec<String> {
        let laid = laid(text.as_bytes());
        std::iter::successors(laid.first(), |spot| laid.next(*spot))
            .map(|spot| {
                let bytes: Vec<u8> = laid.row(spot).pieces.into_iter().flat_map(|piece| piece.text).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            })
            .collect()
    }

    #[test]
    fn names_and_values_are_decoded() {
        assert_eq!(
            shown("q=caf%C3%A9+au+lait&empty=&bare&a=b=c&&bad=%zz"),
            ["q     = café au lait", "empty = ", "bare  (no value)", "a     = b=c", "bad   = %zz"]
        );
        assert_eq!(shown(""), [""; 0]);
    }
}
