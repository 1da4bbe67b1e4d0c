//! Clients of our own network that nobody has let in yet: their first request waits for a person to say so.
//!
//! Only where others can reach us and neither credentials nor networks were asked for: see
//! [`crate::config::Settings::standing`].

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Clients that are remembered as let in.
const REMEMBERED: usize = 4_096;

/// Told when a client begins to wait; must not block.
pub type OnAsking = Box<dyn Fn(IpAddr) + Send + Sync>;

/// Who was let in, and who waits for it.
pub struct Consent {
    doors: Mutex<Doors>,
    changed: watch::Sender<()>,
    told: OnceLock<OnAsking>,
}

#[derive(Default)]
struct Doors {
    given: HashSet<IpAddr>,
    /// In the order in which they came; one entry for each request that waits.
    waiting: Vec<IpAddr>,
}

/// A request that waits, for as long as it does.
struct Waiting<'a> {
    consent: &'a Consent,
    client: IpAddr,
}

impl std::fmt::Debug for Consent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consent").finish_non_exhaustive()
    }
}

impl Default for Consent {
    fn default() -> Self {
        Self { doors: Mutex::default(), changed: watch::Sender::new(()), told: OnceLock::new() }
    }
}

impl Consent {
    /// Who is told of each client that asks; the first that wants to be.
    pub fn tell(&self, told: OnAsking) {
        // Whoever comes later asks who waits.
        let _ = self.told.set(told);
    }

    /// Lets a client in for this run. Whether it was waiting.
    pub fn allow(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        let mut doors = self.lock();
        if doors.given.len() < REMEMBERED {
            doors.given.insert(client);
        }
        let waited = doors.waiting.contains(&client);
        drop(doors);
        self.changed.send_replace(());
        waited
    }

    /// Whether a client was let in.
    #[must_use]
    pub fn is_given(&self, client: IpAddr) -> bool {
        self.lock().given.contains(&client.to_canonical())
    }

    /// Who waits, the longest waiting first.
    #[must_use]
    pub fn waiting(&self) -> Vec<IpAddr> {
        let mut seen = HashSet::new();
        self.lock().waiting.iter().copied().filter(|client| seen.insert(*client)).collect()
    }

    /// Waits until the client is let in, for so long at most; whether it was.
    pub async fn wait(&self, client: IpAddr, limit: Duration) -> bool {
        let client = client.to_canonical();
        let mut changed = self.changed.subscribe();
        let _waiting = self.begin(client);
        let let_in = async {
            while !self.is_given(client) {
                if changed.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(limit, let_in).await.is_ok()
    }

    fn begin(&self, client: IpAddr) -> Waiting<'_> {
        let mut doors = self.lock();
        let first = !doors.waiting.contains(&client);
        doors.waiting.push(client);
        drop(doors);
        if let Some(told) = self.told.get().filter(|_| first) {
            told(client);
        }
        Waiting { consent: self, client }
    }

    fn lock(&self) -> MutexGuard<'_, Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut doors = self.consent.lock();
        if let Some(place) = doors.waiting.iter().position(|client| *client == self.client) {
            doors.waiting.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_client_waits_until_it_is_let_in_and_not_again() {
        let consent = Arc::new(Consent::default());
        let (told, heard) = mpsc::channel();
        consent.tell(Box::new(move |client| told.send(client).unwrap()));
        let asks = Arc::clone(&consent);
        let waits = async move { asks.wait(ip("10.0.0.2"), Duration::from_hours(1)).await };
        let lets = async {
            assert_eq!(consent.waiting(), [ip("10.0.0.2")]);
            assert!(!consent.allow(ip("10.0.0.3")), "that one was not waiting");
            assert!(!consent.is_given(ip("10.0.0.2")));
            assert!(consent.allow(ip("::ffff:10.0.0.2")));
        };
        let (let_in, ()) = tokio::join!(waits, lets);
        assert!(let_in && consent.is_given(ip("10.0.0.2")));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [ip("10.0.0.2")]);
        assert!(consent.waiting().is_empty());
        assert!(consent.wait(ip("10.0.0.2"), Duration::ZERO).await);
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let consent = Consent::default();
        assert!(!consent.wait(ip("10.0.0.2"), Duration::ZERO).await);
        assert!(consent.waiting().is_empty());
    }
}
