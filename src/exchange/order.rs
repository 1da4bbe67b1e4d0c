//! What is to be sent again, and how it is to differ from the original.

use super::ExchangeId;
use serde::{Deserialize, Serialize};

/// A replay as asked for. Plain data: it crosses from the interface, a command or another process to
/// the process that sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The original's number.
    pub of: u64,
    /// The head to start from, as received (through the hop rules again) or as sent (as it is).
    #[serde(default)]
    pub as_sent: bool,
    /// A whole head in place of the original's, lines ended by LF or CRLF; from the editor.
    #[serde(default)]
    pub head: Option<Vec<u8>>,
    /// Field lines to set: the first of that name is replaced in place and the others go, or it is added.
    #[serde(default)]
    pub set: Vec<String>,
    /// Fields to leave out, all lines of that name.
    #[serde(default)]
    pub remove: Vec<String>,
    /// A body in place of the original's, uncoded; Content-Length follows it.
    #[serde(default)]
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
