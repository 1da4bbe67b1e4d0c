//! Whether text that comes in runs is UTF-8 (RFC 6455 8.1), without keeping it.

/// A check that goes on from run to run.
#[derive(Debug, Default)]
pub struct Utf8 {
    /// The beginning of a character that the next run goes on with.
    held: [u8; 4],
    count: usize,
    bad: bool,
}

impl Utf8 {
    /// Takes the next octets.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while self.count > 0 && !self.bad {
            let Some((octet, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.held_on(*octet);
        }
        if self.bad {
            return;
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            match error.error_len() {
                Some(_) => self.bad = true,
                None => {
                    bytes.iter().skip(error.valid_up_to()).for_each(|octet| self.hold(*octet));
                }
            }
        }
    }

    /// Whether what came was not UTF-8; at the end, a character that was begun counts.
    #[must_use]
    pub fn is_bad(&self, end: bool) -> bool {
        self.bad || end && self.count > 0
    }

    fn held_on(&mut self, octet: u8) {
        self.hold(octet);
        match std::str::from_utf8(self.held.get(..self.count).unwrap_or_default()) {
            Ok(_) => self.count = 0,
            Err(error) => self.bad = error.error_len().is_some(),
        }
    }

    fn hold(&mut self, octet: u8) {
        if let Some(place) = self.held.get_mut(self.count) {
            *place = octet;
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_are_judged_as_the_whole(
            runs in prop::collection::vec(prop::collection::vec(
                prop::sample::select(&b"a\x80\xbf\xc0\xc3\xa9\xe2\x82\xac\xed\xa0\xf0\x9f\x92\xa9\xf4\x90\xff"[..]), 0..6), 0..6),
            text in "\\PC{0,6}", cut in 0usize..24,
        ) {
            let mut check = Utf8::default();
            for run in &runs {
                check.feed(run);
            }
            prop_assert_eq!(check.is_bad(true), std::str::from_utf8(&runs.concat()).is_err());
            let (left, right) = text.as_bytes().split_at(cut.min(text.len()));
            let mut check = Utf8::default();
            check.feed(left);
            check.feed(right);
            prop_assert!(!check.is_bad(true));
        }
    }
}
