//! Content codings put on a new body, in the order in which the head names them (RFC 9110 8.4).

use crate::exchange::Head;
use crate::view;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use std::io::{self, Read};

/// The body with the head's codings on it, or the first one that cannot be made here.
pub(super) fn encode(body: &[u8], head: &Head) -> Result<Bytes, String> {
    let mut bytes = body.to_vec();
    for name in view::codings(head) {
        bytes = put(&bytes, &name).ok_or(name)?;
    }
    Ok(Bytes::from(bytes))
}

/// The body with its codings undone; at most `most` bytes of it.
pub(super) fn decode(body: impl Read, head: &Head, most: u64) -> io::Result<Vec<u8>> {
    let decoded = view::decoded(Box::new(body), &view::codings(head)).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    decoded.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let says = format!("it is longer than {}", super::error::size(most));
        return Err(io::Error::other(says));
    }
    Ok(bytes)
}

fn put(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut coded = Vec::new();
    let level = Compression::default();
    match name {
        "identity" => return Some(body.to_vec()),
        "gzip" | "x-gzip" => GzEncoder::new(body, level).read_to_end(&mut coded),
        // The zlib format (RFC 9110 8.4.1.2).
        "deflate" => ZlibEncoder::new(body, level).read_to_end(&mut coded),
        _ => return None,
    }
    .ok()?;
    Some(coded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(codings: &str) -> Head {
        Head::parse(Bytes::from(format!("POST / HTTP/1.1\r\nContent-Encoding: {codings}\r\n\r\n")))
    }

    #[test]
    fn what_is_coded_decodes_to_the_same() {
        let body = b"hello hello hello".repeat(50);
        for codings in ["gzip", "deflate", "deflate, gzip", "identity", "X-GZIP"] {
            let coded = encode(&body, &head(codings)).unwrap();
            assert_eq!(decode(&coded[..], &head(codings), 10_000).unwrap(), body, "{codings}");
        }
        assert_eq!(encode(&body, &head("gzip, br")).unwrap_err(), "br");
    }

    #[test]
    fn a_bomb_is_not_opened() {
        let coded = encode(&vec![0; 100_000], &head("gzip")).unwrap();
        let error = decode(&coded[..], &head("gzip"), 10_000).unwrap_err();
        assert_eq!(error.to_string(), "it is longer than 10 kB");
    }
}
