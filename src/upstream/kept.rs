//! What of a body went out, as long as it is little: it can go out again when nobody has looked at it
//! (RFC 9113 8.7).

use bytes::Bytes;

/// A body of which more went out than this is gone.
const MOST: usize = 64 * 1024;

/// All that went out of one body, or nothing once that was too much.
#[derive(Debug)]
pub(super) struct Kept(Option<Vec<u8>>);

impl Kept {
    /// Keeps nothing, where it would not be sent again.
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// Nothing has gone out yet.
    pub(super) fn all() -> Self {
        Self(Some(Vec::new()))
    }

    /// These bytes go out.
    pub(super) fn add(&mut self, data: &[u8]) {
        if let Some(kept) = &mut self.0 {
            if kept.len() + data.len() <= MOST {
                kept.extend_from_slice(data);
            } else {
                self.0 = None;
            }
        }
    }

    /// Whether everything is still there.
    pub(super) fn is_all(&self) -> bool {
        self.0.is_some()
    }

    /// Everything that went out, to go out again; none of it counts as gone out from here on.
    pub(super) fn take(&mut self) -> Bytes {
        let kept = self.0.as_mut().map(std::mem::take);
        kept.unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9113_8_7_only_what_is_whole_goes_out_again() {
        let mut kept = Kept::all();
        kept.add(b"ab");
        kept.add(b"c");
        assert!(kept.is_all());
        assert_eq!((kept.take(), kept.is_all()), (Bytes::from_static(b"abc"), true));
        kept.add(&vec![0; MOST]);
        assert!(kept.is_all());
        kept.add(b"d");
        assert!(!kept.is_all() && !Kept::nothing().is_all());
    }
}
