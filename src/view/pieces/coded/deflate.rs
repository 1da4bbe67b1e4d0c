//! gzip and deflate undone as streams (RFC 9110 8.4.1.2, 8.4.1.3).

use super::{Damaged, Undo};
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::{self, Write};

/// Octets taken at a time. An octet inflates to 1,032 at most, and the decoder holds eight: so what they
/// inflate to fits into its 32 KiB, and of what stands before damage nothing stays behind in it.
const STEP: usize = 23;

/// A decoder that writes what it decodes into memory.
pub trait Decoder: Write + Send {
    /// What was decoded, to be taken out.
    fn decoded(&mut self) -> &mut Vec<u8>;
    /// Fails when the stream is not over.
    fn finish(&mut self) -> io::Result<()>;
}

macro_rules! decoder {
    ($($name:ident),*) => {$(
        impl Decoder for $name<Vec<u8>> {
            fn decoded(&mut self) -> &mut Vec<u8> {
                self.get_mut()
            }

            fn finish(&mut self) -> io::Result<()> {
                self.try_finish()
            }
        }
    )*};
}

decoder!(MultiGzDecoder, ZlibDecoder, DeflateDecoder);

/// gzip, of one member or several.
#[must_use]
pub fn gzip() -> Written {
    Written { decoder: Box::new(MultiGzDecoder::new(Vec::new())), damaged: false }
}

/// One decoder at work.
pub struct Written {
    decoder: Box<dyn Decoder>,
    damaged: bool,
}

impl Undo for Written {
    fn step(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Damaged> {
        if self.damaged {
            return Err(Damaged);
        }
        let bytes = bytes.get(..STEP).unwrap_or(bytes);
        // Octets first; what is decoded and not yet written out when there are none.
        let outcome =
            if bytes.is_empty() { self.decoder.flush().map(|()| 0) } else { self.decoder.write(bytes) };
        if outcome.is_err() {
            self.damaged = true;
            // Damage as well: what stands before it is written out all the same.
            let _ = self.decoder.flush();
        }
        out.append(self.decoder.decoded());
        outcome.map_err(|_| Damaged)
    }

    fn is_over(&mut self) -> bool {
        !self.damaged && self.decoder.finish().is_ok()
    }
}

/// "deflate" is the zlib format, but "some non-conformant implementations send the deflate compressed data
/// without the zlib wrapper" (RFC 9110 8.4.1.2): the first two octets tell.
pub struct Either {
    begun: Vec<u8>,
    chosen: Option<Written>,
}

impl Either {
    /// Nothing came.
    #[must_use]
    pub fn new() -> Self {
        Self { begun: Vec::new(), chosen: None }
    }
}

impl Undo for Either {
    fn step(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Damaged> {
        if let Some(chosen) = &mut self.chosen {
            return chosen.step(bytes, out);
        }
        let Some((octet, _)) = bytes.split_first() else { return Ok(0) };
        self.begun.push(*octet);
        if let [first, second] = self.begun[..] {
            let wrapped = first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0;
            let decoder: Box<dyn Decoder> = if wrapped {
                Box::new(ZlibDecoder::new(Vec::new()))
            } else {
                Box::new(DeflateDecoder::new(Vec::new()))
            };
            let mut chosen = Written { decoder, damaged: false };
            let mut begun = self.begun.as_slice();
            while !begun.is_empty() {
                let taken = chosen.step(begun, out)?;
                if taken == 0 {
                    return Err(Damaged);
                }
                begun = begun.get(taken..).unwrap_or_default();
            }
            self.chosen = Some(chosen);
        }
        Ok(1)
    }

    fn is_over(&mut self) -> bool {
        self.chosen.as_mut().is_some_and(Undo::is_over)
    }
}
