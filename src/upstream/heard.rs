//! What is heard in passing while a handshake with an origin runs, and told nowhere afterwards: rustls asks
//! verifiers and resolvers, which all connections share, and keeps no note of it.

use crate::exchange::{ClientCertificate, Ocsp};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;

tokio::task_local! {
    static HEARD: Heard;
}

/// What one handshake told.
#[derive(Debug, Default)]
pub struct Heard {
    /// What came with the chain.
    pub stapled: Cell<Stapled>,
    /// Whether a certificate of ours was asked for.
    pub client_certificate: Cell<ClientCertificate>,
}

/// What was stapled to a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stapled {
    /// No chain was shown: an earlier session went on.
    #[default]
    NoChain,
    /// Nothing.
    Nothing,
    /// An OCSP response.
    Response(Ocsp),
}

/// Runs a handshake, and says what was heard meanwhile.
pub async fn listening<T>(handshake: impl Future<Output = T>) -> (T, Heard) {
    let mut listening = pin!(HEARD.scope(Heard::default(), handshake));
    let outcome = listening.as_mut().await;
    (outcome, listening.take_value().unwrap_or_default())
}

/// Notes something about the handshake that runs here; outside of one, nothing.
pub fn note(note: impl FnOnce(&Heard)) {
    // Nobody listens where a configuration is tried out by itself.
    let _ = HEARD.try_with(note);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_handshake_hears_its_own() {
        let handshake = |stapled| async move {
            tokio::task::yield_now().await;
            note(|heard| heard.stapled.set(stapled));
            tokio::task::yield_now().await;
        };
        let (((), one), ((), other)) = tokio::join!(
            listening(handshake(Stapled::Response(Ocsp::SILENT))),
            listening(handshake(Stapled::Nothing))
        );
        assert_eq!(
            (one.stapled.get(), other.stapled.get()),
            (Stapled::Response(Ocsp::SILENT), Stapled::Nothing)
        );
        note(|_| panic!("nobody listens"));
    }
}
