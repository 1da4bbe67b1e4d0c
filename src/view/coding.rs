//! Content codings undone as a stream (RFC 9110 8.4): bodies may be larger than memory.

use crate::exchange::{Exchange, Flags, Head, Side};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// A coding that we cannot undo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content coding {name} cannot be undone here")]
pub struct UnknownCoding {
    /// As it stands in Content-Encoding.
    pub name: String,
}

/// The content codings of a message in the order in which they were applied, in lower case.
#[must_use]
pub fn codings(head: &Head) -> Vec<String> {
    head.members("content-encoding").map(|name| String::from_utf8_lossy(name).to_lowercase()).collect()
}

/// The content codings that a recorded body stands in: those that its head names, or none where the program
/// that it was imported from had undone them already ([`Flags::DECODED`]).
#[must_use]
pub fn codings_of(exchange: &Exchange, side: Side) -> Vec<String> {
    let heads = &exchange.heads;
    let head = match side {
        _ if stands_decoded(exchange, side) => &None,
        Side::Client => &heads.request_received,
        Side::Origin if heads.response_received.is_some() => &heads.response_received,
        Side::Origin => &heads.response_sent,
    };
    head.clone().map(|head| codings(&Head::parse(head))).unwrap_or_default()
}

/// Whether a body stands in the capture with its codings undone already.
#[must_use]
pub fn stands_decoded(exchange: &Exchange, side: Side) -> bool {
    let flag = if side == Side::Client { Flags::REQUEST_DECODED } else { Flags::DECODED };
    exchange.summary.flags.has(flag)
}

/// The body with its codings undone, the last applied first. A body that is damaged or ends early
/// yields what could be decoded, then an error.
pub fn decoded<'a>(
    body: Box<dyn Read + 'a>,
    codings: &[String],
) -> Result<Box<dyn Read + 'a>, UnknownCoding> {
    codings.iter().rev().try_fold(body, |body, name| undo(body, name))
}

fn undo<'a>(body: Box<dyn Read + 'a>, name: &str) -> Result<Box<dyn Read + 'a>, UnknownCoding> {
    Ok(match name {
        "identity" => body,
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(body)),
        "deflate" => Box::new(Late::new(body, deflate)),
        "br" => Box::new(brotli_decompressor::Decompressor::new(body, 16 * 1024)),
        "zstd" => Box::new(Late::new(body, zstd)),
        _ => return Err(UnknownCoding { name: name.to_owned() }),
    })
}

/// "deflate" is the zlib format, but "some non-conformant implementations send the deflate
/// compressed data without the zlib wrapper" (RFC 9110 8.4.1.2): the first two bytes tell.
fn deflate<'a>(body: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let mut body = BufReader::new(body);
    let wrapped = match body.fill_buf()? {
        [first, second, ..] => first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0,
        _ => true,
    };
    Ok(if wrapped { Box::new(ZlibDecoder::new(body)) } else { Box::new(DeflateDecoder::new(body)) })
}

fn zstd<'a>(body: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let decoder = StreamingDecoder::new(body).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Box::new(decoder))
}

type Begin<'a> = fn(Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>>;

/// A decoder that reads the body's beginning before it can be made: made at the first read.
enum Late<'a> {
    Waiting(Option<Box<dyn Read + 'a>>, Begin<'a>),
    Begun(Box<dyn Read + 'a>),
}

impl<'a> Late<'a> {
    fn new(body: Box<dyn Read + 'a>, begin: Begin<'a>) -> Self {
        Self::Waiting(Some(body), begin)
    }
}

impl Read for Late<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Self::Waiting(body, begin) = self {
            // Empty only after a beginning that failed: nothing more can be read.
            let Some(body) = body.take() else { return Ok(0) };
            *self = Self::Begun(begin(body)?);
        }
        match self {
            Self::Begun(decoder) => decoder.read(buf),
            Self::Waiting(..) => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn read(bytes: Vec<u8>, codings: &[&str]) -> io::Result<Vec<u8>> {
        let names: Vec<String> = codings.iter().map(|name| (*name).to_owned()).collect();
        let mut out = Vec::new();
        decoded(Box::new(io::Cursor::new(bytes)), &names).unwrap().read_to_end(&mut out)?;
        Ok(out)
    }

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn rfc9110_8_4_1_codings_are_undone() {
        let text = b"hello hello hello hello".repeat(100);
        let level = Compression::default();
        assert_eq!(read(all(GzEncoder::new(&text[..], level)), &["gzip"]).unwrap(), text);
        assert_eq!(read(all(ZlibEncoder::new(&text[..], level)), &["deflate"]).unwrap(), text);
        assert_eq!(read(all(DeflateEncoder::new(&text[..], level)), &["deflate"]).unwrap(), text);
        let twice = all(GzEncoder::new(&all(ZlibEncoder::new(&text[..], level))[..], level));
        assert_eq!(read(twice, &["deflate", "gzip"]).unwrap(), text);
        assert_eq!(read(text.clone(), &["identity"]).unwrap(), text);
        // Made from "hello" by brotli 1.2 and zstd 1.5.
        assert_eq!(read(b"\x0b\x02\x80hello\x03".to_vec(), &["br"]).unwrap(), b"hello");
        let zstd = b"\x28\xb5\x2f\xfd\x04\x58\x29\x00\x00hello\xa3\x6d\x9f\x88".to_vec();
        assert_eq!(read(zstd, &["zstd"]).unwrap(), b"hello");
    }

    #[test]
    fn damage_is_an_error_after_what_could_be_read() {
        let mut cut = all(GzEncoder::new(&b"hello".repeat(1000)[..], Compression::default()));
        cut.truncate(cut.len() - 6);
        assert!(read(cut, &["gzip"]).is_err());
        assert!(read(b"no zstd".to_vec(), &["zstd"]).is_err());
    }

    #[test]
    fn unknown_codings_are_named() {
        let names = ["zip".to_owned()];
        let error = decoded(Box::new(io::empty()), &names).err().unwrap();
        assert_eq!(error.to_string(), "the content coding zip cannot be undone here");
        let head = Head::parse(Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP, br\r\n\r\n"));
        assert_eq!(codings(&head), ["gzip", "br"]);
    }
}
