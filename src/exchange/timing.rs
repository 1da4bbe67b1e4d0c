//! When each phase of an exchange ended.

/// Moments of an exchange in microseconds since its request head began to arrive;
/// `None` where the phase did not happen (a reused connection has no connect).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The client's request head was complete.
    pub request_head: Option<u64>,
    /// The target's name was resolved.
    pub resolved: Option<u64>,
    /// The TCP connection to the origin stood.
    pub connected: Option<u64>,
    /// The TLS handshake with the origin was done.
    pub secured: Option<u64>,
    /// The request head was written to the origin.
    pub request_sent: Option<u64>,
    /// The request body was read to its end.
    pub request_end: Option<u64>,
    /// The final response head was complete: time to first byte.
    pub response_head: Option<u64>,
    /// The response head was written to the client.
    pub response_sent: Option<u64>,
    /// The response body ended, well or not.
    pub response_end: Option<u64>,
}
