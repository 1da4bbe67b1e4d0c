//! What is known of a body where heads are judged: how long it was, how it began, what stood behind it.

use crate::exchange::Body;

/// One message's body, framing removed; its codings kept, unless it is [`decoded`](Self::decoded).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content<'a> {
    /// Bytes that passed.
    pub length: u64,
    /// Whether it ended as its framing promised.
    pub complete: bool,
    /// Whether its content codings are undone, so that neither its length nor its first bytes are those that passed.
    pub decoded: bool,
    /// Its first bytes; empty where they are not known.
    pub beginning: &'a [u8],
    /// The trailer section.
    pub trailers: &'a [u8],
}

/// First bytes that tell the kind of content.
pub const BEGINNING: usize = 512;

impl<'a> Content<'a> {
    /// As it was recorded, without its bytes.
    #[must_use]
    pub fn of(body: &'a Body) -> Self {
        let trailers = body.trailers.as_deref().unwrap_or_default();
        Self { length: body.length, complete: body.complete, decoded: false, beginning: &[], trailers }
    }

    /// Names and values of the trailer section.
    pub(super) fn trailer_fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.trailers.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            Some((line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?.trim_ascii()))
        })
    }
}
