//! What lies behind a list row: heads and their changes, bodies, messages, findings. Each is asked for only
//! when the row does not decide, and may be missing: then the answer is not known yet.

use super::tree::Side;
use crate::exchange::{Edit, Exchange, Head, Heads, Message};

/// Where it comes from. `None` means not at hand, never that there is none.
pub trait Behind {
    /// The heads, with the changes made to them.
    fn written(&self) -> Option<&Written>;
    /// A body, codings undone; empty where there is none.
    fn body(&self, side: Side) -> Option<&[u8]>;
    /// The messages.
    fn messages(&self) -> Option<&[Message]>;

    /// Remarks of the header inspector; none where nobody looks.
    fn findings(&self) -> Option<&[Finding]> {
        Some(&[])
    }
}

/// Nothing but the row is at hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowOnly;

impl Behind for RowOnly {
    fn written(&self) -> Option<&Written> {
        None
    }

    fn body(&self, _: Side) -> Option<&[u8]> {
        None
    }

    fn messages(&self) -> Option<&[Message]> {
        None
    }

    fn findings(&self) -> Option<&[Finding]> {
        None
    }
}

/// A remark of the header inspector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub lint: String,
    /// How grave it is: 0 a fact, 1 a surprise, 2 an error.
    pub severity: usize,
}

/// The heads of an exchange, taken apart, with the changes made on the way.
#[derive(Clone, Debug, Default)]
pub struct Written {
    request: (Option<Head>, Option<Head>),
    response: (Option<Head>, Option<Head>),
    request_edits: Vec<Edit>,
    response_edits: Vec<Edit>,
}

impl Written {
    /// Those of an exchange.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        Self::new(&exchange.heads, exchange.request_edits.clone(), exchange.response_edits.clone())
    }

    /// From the bytes and the ledgers.
    #[must_use]
    pub fn new(heads: &Heads, request_edits: Vec<Edit>, response_edits: Vec<Edit>) -> Self {
        let parse = |raw: &Option<bytes::Bytes>| raw.clone().map(Head::parse);
        Self {
            request: (parse(&heads.request_received), parse(&heads.request_sent)),
            response: (parse(&heads.response_received), parse(&heads.response_sent)),
            request_edits,
            response_edits,
        }
    }

    /// The head as its sender wrote it; what we sent where nobody else did: our own answer.
    #[must_use]
    pub fn head(&self, side: Side) -> Option<&Head> {
        let (received, sent) = self.pair(side);
        received.as_ref().or(sent.as_ref())
    }

    fn pair(&self, side: Side) -> &(Option<Head>, Option<Head>) {
        match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        }
    }

    /// Names of the fields that were `added`, `removed` or `changed` on their way; all three for no word.
    pub(super) fn changed(&self, how: &str, wanted: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        [(Side::Request, &self.request_edits), (Side::Response, &self.response_edits)].iter().any(
            |(side, edits)| {
                let (received, sent) = self.pair(*side);
                edits.iter().any(|edit| {
                    let (done, head, line) = match (edit.before, edit.after) {
                        (None, Some(line)) => ("added", sent, line),
                        (Some(line), None) => ("removed", received, line),
                        (Some(line), Some(_)) => ("changed", received, line),
                        (None, None) => return false,
                    };
                    let fits = how.is_empty() || how == done;
                    fits && head.as_ref().and_then(|head| name_of(head, line)).is_some_and(&mut *wanted)
                })
            },
        )
    }
}

/// The name of a field line; the start line's is `start-line`.
fn name_of(head: &Head, line: u16) -> Option<&[u8]> {
    match usize::from(line).checked_sub(1) {
        None => Some(b"start-line"),
        Some(field) => head.fields().nth(field).map(|field| field.name),
    }
}
