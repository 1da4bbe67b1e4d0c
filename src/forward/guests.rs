//! Clients by their address: how many connections each has, and how often it guessed at our password.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For how long wrong credentials count, and how long a client that sent too many is not listened to.
const MINUTE: Duration = Duration::from_mins(1);
/// How often what was turned away is told.
const TOLD: Duration = Duration::from_secs(1);
/// Addresses without a connection that are remembered for their guesses.
const REMEMBERED: usize = 4_096;

/// All clients of the process.
#[derive(Debug)]
pub struct Guests {
    by_address: Mutex<HashMap<IpAddr, Guest>>,
    connections: usize,
    guesses: u32,
    /// When it was last told that all connections are taken.
    full: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Guest {
    connections: usize,
    wrong: u32,
    /// When the first of the wrong ones came.
    since: Option<Instant>,
    /// Turned away since it was last told, and when that was.
    turned_away: u64,
    told: Option<Instant>,
}

/// A connection that counts while it lives.
#[derive(Debug)]
pub struct Visit {
    guests: Arc<Guests>,
    client: IpAddr,
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowded {
    /// Connections of this client, which are as many as it may have.
    pub limit: usize,
    /// How many were turned away since this was last told; `None` when it is not to be told again yet.
    pub untold: Option<u64>,
}

impl Guests {
    /// Lets each client have so many connections at once and so many wrong credentials within a minute.
    #[must_use]
    pub fn new(connections: usize, guesses: u32) -> Self {
        Self { by_address: Mutex::default(), connections, guesses, full: Mutex::default() }
    }

    /// A client's connection was accepted.
    pub fn enter(self: &Arc<Self>, client: IpAddr) -> Result<Visit, Crowded> {
        let client = household(client);
        let mut all = self.lock();
        let guest = all.entry(client).or_default();
        if guest.connections < self.connections {
            guest.connections += 1;
            return Ok(Visit { guests: Arc::clone(self), client });
        }
        guest.turned_away += 1;
        let due = guest.told.is_none_or(|told| told.elapsed() >= TOLD);
        let untold = due.then(|| {
            guest.told = Some(Instant::now());
            std::mem::take(&mut guest.turned_away)
        });
        Err(Crowded { limit: self.connections, untold })
    }

    /// Whether it is to be told that all connections are taken: once a second.
    pub fn tells_full(&self) -> bool {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let due = full.is_none_or(|told| told.elapsed() >= TOLD);
        if due {
            *full = Some(Instant::now());
        }
        due
    }

    /// For how long a client's credentials are not looked at, because too many were wrong.
    #[must_use]
    pub fn barred(&self, client: IpAddr) -> Option<Duration> {
        let all = self.lock();
        let guest = all.get(&household(client)).filter(|guest| guest.wrong >= self.guesses)?;
        MINUTE.checked_sub(guest.since?.elapsed())
    }

    /// A client's credentials were wrong; how many were within the minute.
    pub fn wrong(&self, client: IpAddr) -> u32 {
        let mut all = self.lock();
        if all.len() > REMEMBERED {
            all.retain(|_, guest| guest.connections > 0 || guest.guessed());
        }
        let guest = all.entry(household(client)).or_default();
        if !guest.guessed() {
            (guest.wrong, guest.since) = (0, Some(Instant::now()));
        }
        guest.wrong = guest.wrong.saturating_add(1);
        guest.wrong
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Guest>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Whether any of its wrong credentials still count.
    fn guessed(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() < MINUTE)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut all = self.guests.lock();
        let Some(guest) = all.get_mut(&self.client) else { return };
        guest.connections = guest.connections.saturating_sub(1);
        if guest.connections == 0 && !guest.guessed() {
            all.remove(&self.client);
        }
    }
}

/// Whoever has an IPv6 address has a network of them: the first 64 bits count (RFC 4291 2.5.1).
fn household(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_client_has_so_many_connections_and_they_come_back() {
        let guests = Arc::new(Guests::new(2, 1));
        let first = guests.enter(ip("10.0.0.1")).unwrap();
        let _second = guests.enter(ip("::ffff:10.0.0.1")).unwrap();
        let crowded = guests.enter(ip("10.0.0.1")).unwrap_err();
        assert_eq!(crowded, Crowded { limit: 2, untold: Some(1) });
        assert_eq!(guests.enter(ip("10.0.0.1")).unwrap_err().untold, None, "told once a second");
        assert!(guests.enter(ip("10.0.0.2")).is_ok(), "others are served");
        drop(first);
        assert!(guests.enter(ip("10.0.0.1")).is_ok());
        assert_eq!(guests.lock().len(), 1, "who has left is forgotten");
        let _one = guests.enter(ip("2001:db8::1")).unwrap();
        let _two = guests.enter(ip("2001:db8::2")).unwrap();
        assert!(guests.enter(ip("2001:db8::3")).is_err(), "one network is one client");
    }

    #[test]
    fn who_guesses_too_often_is_not_listened_to() {
        let guests = Guests::new(1, 2);
        let client = ip("10.0.0.1");
        assert_eq!((guests.wrong(client), guests.barred(client)), (1, None));
        assert_eq!(guests.wrong(client), 2);
        assert!(guests.barred(client).unwrap() <= MINUTE);
        assert_eq!(guests.barred(ip("10.0.0.2")), None);
        assert!(guests.tells_full() && !guests.tells_full());
    }
}
