//! Which extensions a handshake agreed on (RFC 6455 9.1), and permessage-deflate's parameters (RFC 7692 7.1).

use super::frame::RSV1;
use crate::exchange::{Head, Side};

/// What became of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Nothing was agreed: RSV1 means nothing.
    None,
    /// permessage-deflate; the window is kept from message to message, or not, for each direction.
    Deflate {
        /// Of the client's messages.
        client_takeover: bool,
        /// Of the origin's messages.
        server_takeover: bool,
    },
    /// Compressed in a way that cannot be undone here; why.
    Unclear(&'static str),
}

/// What the origin's answer to a handshake agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// permessage-deflate.
    pub compression: Compression,
    /// Whether there are extensions that are not known here, which may use any RSV bit.
    pub others: bool,
}

impl Agreed {
    /// Reads Sec-WebSocket-Extensions of the response.
    #[must_use]
    pub fn of(response: &Head) -> Self {
        let mut agreed = Self { compression: Compression::None, others: false };
        for member in response.members("sec-websocket-extensions") {
            let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let name = parts.next().unwrap_or_default();
            if !name.eq_ignore_ascii_case(b"permessage-deflate") {
                agreed.others = true;
            } else if agreed.compression == Compression::None {
                agreed.compression = deflate(parts);
            } else {
                agreed.compression = Compression::Unclear("permessage-deflate was agreed twice");
            }
        }
        agreed
    }

    /// The RSV bits that have a meaning.
    #[must_use]
    pub fn reserved(&self) -> u8 {
        match (self.others, self.compression) {
            (true, _) => 0x70,
            (false, Compression::None) => 0,
            (false, _) => RSV1,
        }
    }

    /// Whether RSV1 is permessage-deflate's.
    #[must_use]
    pub fn compresses(&self) -> bool {
        self.compression != Compression::None
    }

    /// Whether a side's messages are inflated with what came before them, when they are deflated.
    pub fn takeover(&self, side: Side) -> Result<bool, &'static str> {
        match self.compression {
            Compression::Deflate { client_takeover, server_takeover } => {
                Ok(if side == Side::Client { client_takeover } else { server_takeover })
            }
            Compression::Unclear(why) => Err(why),
            Compression::None => Err("no compression was agreed"),
        }
    }
}

/// RFC 7692 7.1: an answer with a parameter that is unknown, repeated or out of range is no agreement.
fn deflate<'a>(parameters: impl Iterator<Item = &'a [u8]>) -> Compression {
    const UNCLEAR: Compression =
        Compression::Unclear("permessage-deflate has parameters against RFC 7692 7.1");
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for parameter in parameters {
        let mut sides = parameter.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        let name = sides.next().unwrap_or_default().to_ascii_lowercase();
        let value = sides.next().map(unquoted);
        let valid = match name.as_slice() {
            b"server_no_context_takeover" | b"client_no_context_takeover" => value.is_none(),
            b"server_max_window_bits" | b"client_max_window_bits" => value.is_some_and(is_window),
            _ => false,
        };
        if !valid || seen.contains(&name) {
            return UNCLEAR;
        }
        seen.push(name);
    }
    let without = |name: &[u8]| !seen.iter().any(|seen| seen == name);
    Compression::Deflate {
        client_takeover: without(b"client_no_context_takeover"),
        server_takeover: without(b"server_no_context_takeover"),
    }
}

/// RFC 7692 7.1.2: a number from 8 to 15 without leading zeros. All are inflated with the largest window.
fn is_window(value: &[u8]) -> bool {
    matches!(value, [b'8' | b'9'] | [b'1', b'0'..=b'5'])
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn of(lines: &str) -> Agreed {
        Agreed::of(&Head::parse(Bytes::from(format!("HTTP/1.1 101 x\r\n{lines}\r\n\r\n"))))
    }

    #[test]
    fn rfc7692_7_1_parameters() {
        let takes =
            |client_takeover, server_takeover| Compression::Deflate { client_takeover, server_takeover };
        let unclear = |compression| matches!(compression, Compression::Unclear(_));
        for (value, agreed) in [
            ("permessage-deflate", takes(true, true)),
            ("Permessage-Deflate; server_no_context_takeover", takes(true, false)),
            ("permessage-deflate;client_no_context_takeover;server_max_window_bits=8", takes(false, true)),
            ("permessage-deflate; client_max_window_bits=\"15\"", takes(true, true)),
            ("", Compression::None),
        ] {
            let read = of(&format!("Sec-WebSocket-Extensions: {value}"));
            assert_eq!((read.compression, read.others), (agreed, false), "{value}");
        }
        for value in [
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; unknown",
            "permessage-deflate, permessage-deflate",
        ] {
            assert!(unclear(of(&format!("Sec-WebSocket-Extensions: {value}")).compression), "{value}");
        }
    }

    #[test]
    fn rfc6455_9_1_lines_add_up_and_unknown_extensions_may_use_rsv_bits() {
        let both = of("Sec-WebSocket-Extensions: x-mux\r\nsec-websocket-extensions: permessage-deflate");
        assert_eq!((both.others, both.compresses(), both.reserved()), (true, true, 0x70));
        assert_eq!(of("Upgrade: websocket").reserved(), 0);
    }
}
