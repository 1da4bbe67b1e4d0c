//! Any bytes as they are: place, hexadecimal digits, ASCII.

use super::find::next_hit;
use super::rows::{Ink, Piece, Row, Rows, Search, Spot};
use super::{Needle, Text};
use std::fmt::Write as _;
use std::sync::Arc;

/// Bytes in rows of a fixed count.
#[derive(Debug)]
pub struct Hex {
    text: Arc<Text>,
    per_row: u64,
}

impl Hex {
    /// So many bytes a row: 16, or fewer where the screen is narrow.
    #[must_use]
    pub fn new(text: Arc<Text>, per_row: u64) -> Self {
        Self { text, per_row: per_row.max(1) }
    }

    fn spot(&self, at: u64) -> Spot {
        Spot { at: at - at % self.per_row, depth: 0 }
    }
}

impl Rows for Hex {
    fn first(&self) -> Option<Spot> {
        (!self.text.is_empty()).then(Spot::default)
    }

    fn last(&self) -> Option<Spot> {
        self.text.len().checked_sub(1).map(|at| self.spot(at))
    }

    fn next(&self, spot: Spot) -> Option<Spot> {
        let at = spot.at + self.per_row;
        (at < self.text.len()).then(|| self.spot(at))
    }

    fn prev(&self, spot: Spot) -> Option<Spot> {
        spot.at.checked_sub(self.per_row).map(|at| self.spot(at))
    }

    fn reveal(&mut self, at: u64) -> Option<Spot> {
        let last = self.last()?;
        Some(self.spot(at).min(last))
    }

    fn row(&self, spot: Spot) -> Row {
        let bytes = self.text.get(spot.at, usize::try_from(self.per_row).unwrap_or(16));
        let mut digits = String::new();
        for place in 0..self.per_row {
            let gap = if place > 0 && place % 8 == 0 { "  " } else { " " };
            // Writing to a String cannot fail.
            let _ = match usize::try_from(place).ok().and_then(|place| bytes.get(place)) {
                Some(byte) => write!(digits, "{gap}{byte:02x}"),
                None => write!(digits, "{gap}  "),
            };
        }
        let shown = bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { *byte } else { b'.' });
        let pieces = vec![
            Piece::new(Ink::Dim, format!("{:08x} ", spot.at)),
            Piece::new(Ink::Plain, digits),
            Piece::new(Ink::Plain, "  "),
            Piece::new(Ink::String, shown.collect::<Vec<_>>()),
        ];
        Row { pieces, ..Row::default() }
    }

    fn number(&self, spot: Spot) -> Option<u64> {
        Some(spot.at / self.per_row)
    }

    fn count(&self) -> (u64, bool) {
        (self.text.len().div_ceil(self.per_row), self.text.is_whole())
    }

    fn advance(&mut self, _bytes: usize) -> bool {
        false
    }

    fn found(&self) -> u64 {
        self.text.len()
    }

    fn find(&self, needle: &Needle, from: u64, forward: bool, budget: usize) -> Search {
        next_hit(&self.text, needle, from, forward, budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn place_digits_and_text() {
        let bytes = Bytes::from_static(b"\x1b[31mred\xff\x00 and more");
        let hex = Hex::new(Arc::new(Text::new(Arc::new(bytes), true)), 16);
        let text = |spot| String::from_utf8(hex.row(spot).pieces.concat_text()).unwrap();
        assert_eq!(
            text(hex.first().unwrap()),
            "00000000  1b 5b 33 31 6d 72 65 64  ff 00 20 61 6e 64 20 6d  .[31mred.. and m"
        );
        let last = hex.last().unwrap();
        assert_eq!(text(last), "00000010  6f 72 65                                          ore");
        assert_eq!((hex.next(last), hex.prev(last)), (None, hex.first()));
        assert_eq!(hex.count(), (2, true));
    }

    trait Concat {
        fn concat_text(&self) -> Vec<u8>;
    }

    impl Concat for Vec<Piece> {
        fn concat_text(&self) -> Vec<u8> {
            self.iter().flat_map(|piece| piece.text.clone()).collect()
        }
    }
}
