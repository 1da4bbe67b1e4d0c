//! Ending a stream so that its peer sees it cut, and not ended: what was cut before us stays cut behind us.

use super::Rewind;
use super::overhear::Overheard;
use crate::upstream::{Duplex, Io};
use tokio::net::TcpStream;

/// A stream whose end can be made to look cut.
pub(super) trait Cut {
    /// Once dropped it is cut: TCP by a reset in place of an orderly close; TLS by the `close_notify` that it is not
    /// given anyway (RFC 8446 6.1).
    fn cut(&self);
}

impl Cut for Box<dyn Io> {
    fn cut(&self) {
        if let Some(tcp) = (**self).as_any().downcast_ref::<TcpStream>() {
            // Should it fail, the peer has gone already.
            let _ = tcp.set_zero_linger();
        }
    }
}

impl<IO: Cut> Cut for Rewind<IO> {
    fn cut(&self) {
        self.get_ref().cut();
    }
}

impl<IO: Cut, F> Cut for Overheard<IO, F> {
    fn cut(&self) {
        self.get_ref().cut();
    }
}

/// One that is dropped before both its ends is reset (RFC 9113 5.4.2).
impl Cut for Duplex {
    fn cut(&self) {}
}
