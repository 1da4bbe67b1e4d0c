//! The exchanges under way, kept by the writer and readable while they last.
//!
//! Only the writer adds and removes, and only a reader on this process's screen looks: each holds the
//! lock for a look-up. The wire never takes it.

use super::inbox::lock;
use crate::exchange::{Exchange, ExchangeId, Live};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// What the writer knows of exchanges that have begun and not ended.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashMap<ExchangeId, Open>>);

/// An exchange under way.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) live: Arc<Live>,
    /// It has a row by now, to be kept up to date.
    pub(super) written: bool,
    /// A row of it waits to be written.
    pub(super) queued: bool,
    /// It is among the news.
    pub(super) news: bool,
}

impl UnderWay {
    /// All of them. Not to be held over anything that takes time.
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<ExchangeId, Open>> {
        lock(&self.0)
    }

    /// A copy of one as it stands at this moment.
    pub(super) fn exchange(&self, id: ExchangeId) -> Option<Exchange> {
        let live = self.lock().get(&id).map(|open| Arc::clone(&open.live))?;
        // Copied without the map's lock: the exchange's own may be held by the task that relays it.
        let exchange = live.lock().clone();
        Some(exchange)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn an_exchange_is_read_as_it_stands_and_only_while_it_lasts() {
        let all = UnderWay::default();
        let live = samples::open(7);
        let open = Open { live: Arc::clone(&live), written: false, queued: false, news: false };
        all.lock().insert(ExchangeId(7), open);
        assert_eq!(all.exchange(ExchangeId(7)).unwrap().summary.status, live.lock().summary.status);
        live.lock().summary.status = Some(299);
        assert_eq!(all.exchange(ExchangeId(7)).unwrap().summary.status, Some(299));
        assert!(all.exchange(ExchangeId(8)).is_none());
        all.lock().remove(&ExchangeId(7));
        assert!(all.exchange(ExchangeId(7)).is_none());
    }
}
