//! The whole of an exchange: what the detail views and `show` read.

use super::{Body, ConnectionId, Edit, Flags, FrameNote, Side, State, Summary, Timing, Tunnelled};
use bytes::Bytes;

/// One of the four messages of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Client to us.
    RequestReceived,
    /// Us to the origin.
    RequestSent,
    /// Origin to us.
    ResponseReceived,
    /// Us to the client.
    ResponseSent,
}

impl MessageKind {
    /// In the order in which they happen.
    pub const ALL: [Self; 4] =
        [Self::RequestReceived, Self::RequestSent, Self::ResponseReceived, Self::ResponseSent];

    /// As typed on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestReceived => "request-received",
            Self::RequestSent => "request-sent",
            Self::ResponseReceived => "response-received",
            Self::ResponseSent => "response-sent",
        }
    }
}

/// The exact bytes of the four heads, each up to and with its empty line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// Client to us.
    pub request_received: Option<Bytes>,
    /// Us to the origin.
    pub request_sent: Option<Bytes>,
    /// Origin to us.
    pub response_received: Option<Bytes>,
    /// Us to the client.
    pub response_sent: Option<Bytes>,
}

impl Heads {
    /// One of the four.
    #[must_use]
    pub fn of(&self, kind: MessageKind) -> Option<&Bytes> {
        match kind {
            MessageKind::RequestReceived => self.request_received.as_ref(),
            MessageKind::RequestSent => self.request_sent.as_ref(),
            MessageKind::ResponseReceived => self.response_received.as_ref(),
            MessageKind::ResponseSent => self.response_sent.as_ref(),
        }
    }
}

/// A 1xx response that came before the final one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interim {
    /// Microseconds since the exchange began.
    pub at: u64,
    /// Its head as received from the origin.
    pub head: Bytes,
    /// Whether it was passed on to the client.
    pub forwarded: bool,
}

/// One sending of a request that was sent more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Microseconds since the exchange began.
    pub at: u64,
    /// The origin connection it went out on.
    pub connection: ConnectionId,
    /// How it ended, in words.
    pub says: String,
}

/// Everything recorded about one exchange. Bodies are handles unless small.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The list row.
    pub summary: Summary,
    /// The four heads.
    pub heads: Heads,
    /// The ledger of the request: received to sent.
    pub request_edits: Vec<Edit>,
    /// The ledger of the response: received to sent.
    pub response_edits: Vec<Edit>,
    /// The request's body.
    pub request_body: Body,
    /// The response's body.
    pub response_body: Body,
    /// 1xx responses in order.
    pub interim: Vec<Interim>,
    /// Failed sendings before the one that counted.
    pub attempts: Vec<Attempt>,
    /// HTTP/2 frames that carried it, on both sides of the hop, in order; none on HTTP/1.
    pub frames: Vec<FrameNote>,
    /// When each phase ended.
    pub timing: Timing,
    /// The client's connection; of a CONNECT whose tunnel carried TLS, what is known of that.
    pub client_connection: ConnectionId,
    /// The origin connection, once there is one, and whether it had been used before.
    pub origin_connection: Option<(ConnectionId, bool)>,
    /// The CONNECT exchange whose tunnel this one came through.
    pub tunnel: Option<super::ExchangeId>,
    /// What is known of its tunnel, when it is a CONNECT whose tunnel was relayed unread.
    pub tunnelled: Option<Box<Tunnelled>>,
}

impl Exchange {
    /// The body that travels on one side: requests come from the client, responses from the origin.
    #[must_use]
    pub fn body(&self, side: Side) -> &Body {
        match side {
            Side::Client => &self.request_body,
            Side::Origin => &self.response_body,
        }
    }

    /// The same, to be filled in.
    pub fn body_mut(&mut self, side: Side) -> &mut Body {
        match side {
            Side::Client => &mut self.request_body,
            Side::Origin => &mut self.response_body,
        }
    }

    /// Whether the answer was made by hopscope itself.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.summary.flags.has(Flags::OURS)
    }

    /// Whether nothing more will be added.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.summary.state != State::Open
    }
}
