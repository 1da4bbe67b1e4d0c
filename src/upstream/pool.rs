//! Idle origin connections of one shard, bounded per origin and in time, looked at before reuse.

use super::{Through, Upstream};
use crate::exchange::{Authority, Scheme};
use crate::hop::Version;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// Which connections are interchangeable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// http or https.
    pub scheme: Scheme,
    /// Where the connection leads.
    pub authority: Authority,
    /// Through which parent proxy, if any.
    pub through: Through,
    /// The server name asked for in TLS where it is not the authority's host.
    pub server_name: Option<String>,
    /// What is spoken on it: HTTP/1.1 or HTTP/2.
    pub version: Version,
}

impl Key {
    /// Whether this is the key of connections to that place.
    #[must_use]
    pub fn is(
        &self,
        (scheme, authority): (Scheme, &Authority),
        server_name: Option<&str>,
        through: Through,
    ) -> bool {
        self.scheme == scheme
            && self.through == through
            && self.authority == *authority
            && self.server_name.as_deref() == server_name
    }
}

/// The pool of one shard.
#[derive(Debug)]
pub struct Pool {
    idle: Mutex<HashMap<Key, Vec<Upstream>>>,
    per_origin: usize,
    lifetime: Duration,
    filled: tokio::sync::Notify,
}

impl Pool {
    /// Keeps at most `per_origin` connections to an origin, each for at most `lifetime`.
    #[must_use]
    pub fn new(per_origin: usize, lifetime: Duration) -> Self {
        Self { idle: Mutex::new(HashMap::new()), per_origin, lifetime, filled: tokio::sync::Notify::new() }
    }

    /// The most recently used connection that still stands.
    pub fn take(&self, key: &Key) -> Option<Upstream> {
        let mut idle = self.lock();
        let stack = idle.get_mut(key)?;
        while let Some(mut upstream) = stack.pop() {
            if upstream.idle_since().elapsed() < self.lifetime && is_usable(&mut upstream) {
                return Some(upstream);
            }
        }
        idle.remove(key);
        None
    }

    /// Keeps a connection for others; the oldest goes when there are too many.
    pub fn put(&self, mut upstream: Upstream) {
        if self.per_origin == 0 || !upstream.may_pool() || !is_usable(&mut upstream) {
            return;
        }
        let mut idle = self.lock();
        if idle.is_empty() {
            self.filled.notify_one();
        }
        let stack = idle.entry(upstream.key().clone()).or_default();
        if stack.len() >= self.per_origin {
            stack.remove(0);
        }
        stack.push(upstream);
    }

    /// Closes what has been idle for too long; returns when to look again.
    pub fn sweep(&self) -> Option<Instant> {
        let mut idle = self.lock();
        for stack in idle.values_mut() {
            stack.retain(|upstream| upstream.idle_since().elapsed() < self.lifetime);
        }
        idle.retain(|_, stack| !stack.is_empty());
        let oldest = idle.values().flatten().map(Upstream::idle_since).min()?;
        Some(oldest + self.lifetime)
    }

    /// Waits until the pool is no longer empty.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<Upstream>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks once, without waiting, whether a connection still stands.
pub fn is_usable(upstream: &mut Upstream) -> bool {
    upstream.poll_usable(&mut Context::from_waker(Waker::noop()))
}
