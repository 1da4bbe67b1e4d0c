//! What is to be sent again, and how it is to differ from the original.

use super::ExchangeId;
use serde::{Deserialize, Serialize};

/// A replay as asked for. Plain data: it crosses from the interface, a command or another process to
/// the process that sends; as JSON its bytes are in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The original's number.
    pub of: u64,
    /// The head to start from, as received (through the hop rules again) or as sent (as it is).
    #[serde(default)]
    pub as_sent: bool,
    /// A whole head in place of the original's, lines ended by LF or CRLF; from the editor.
    #[serde(default, with = "base64")]
    pub head: Option<Vec<u8>>,
    /// Field lines to set: the first of that name is replaced in place and the others go, or it is added.
    #[serde(default)]
    pub set: Vec<String>,
    /// Fields to leave out, all lines of that name.
    #[serde(default)]
    pub remove: Vec<String>,
    /// A body in place of the original's, uncoded; Content-Length follows it.
    #[serde(default, with = "base64")]
    pub body: Option<Vec<u8>>,
    /// Another target: an absolute URL, or `scheme://host[:port]` to keep the path.
    #[serde(default)]
    pub target: Option<String>,
}

impl Order {
    /// The original once more, as it was received.
    #[must_use]
    pub fn as_is(id: ExchangeId) -> Self {
        Self { of: id.0, ..Self::default() }
    }
}

/// Bytes as text in JSON.
mod base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "serde asks for this signature")]
    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| STANDARD.decode(text).map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_crosses_as_json_and_what_is_left_out_is_as_it_was() {
        let order = Order {
            head: Some(b"GET / HTTP/1.1\r\n\r\n".to_vec()),
            set: vec!["A: b".to_owned()],
            body: Some(vec![0, 0xff, 10]),
            ..Order::as_is(ExchangeId(7))
        };
        let text = serde_json::to_string(&order).unwrap();
        assert!(text.contains(r#""body":"AP8K""#), "{text}");
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
        assert_eq!(serde_json::from_str::<Order>(r#"{"of":7}"#).unwrap(), Order::as_is(ExchangeId(7)));
    }
}
