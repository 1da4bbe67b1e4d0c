//! What the interface asks for to send again, done on a thread of its own.

use super::replay::sending;
use crate::exchange::{ExchangeId, Order};
use crate::replay::{self, Replayer, Sent};
use crate::store::Reader;
use crate::tui::{Deed, Tell, Told};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::thread;

/// Replays of one deed that are under way at once.
const AT_ONCE: usize = 8;

/// Sends for the interface: by this process when it records, else by the one that does.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    here: Option<Replayer>,
    capture: PathBuf,
}

impl Sender {
    /// Of the process that records.
    pub(super) fn here(replayer: Replayer, capture: &Path) -> Self {
        Self { here: Some(replayer), capture: capture.to_owned() }
    }

    /// Of a process that looks at a capture which another one may record.
    pub(super) fn elsewhere(capture: &Path) -> Self {
        Self { here: None, capture: capture.to_owned() }
    }

    /// Does what was asked for, and tells.
    pub(super) fn act(&self, deed: Deed, tell: Tell) {
        let sender = self.clone();
        let work = move || tell(sender.outcome(deed).unwrap_or_else(Told::Failed));
        // Without a thread nothing is sent, and the next key may try again.
        let _ = thread::Builder::new().name("replay".to_owned()).spawn(work);
    }

    fn outcome(&self, deed: Deed) -> Result<Told, String> {
        match deed {
            Deed::Replay(orders) => self.send(&orders),
            Deed::ReplayBody(mut orders, path) => {
                let body = std::fs::read(&path)
                    .map_err(|error| format!("not sent: {} cannot be read: {error}", path.display()))?;
                for order in &mut orders {
                    order.body = Some(body.clone());
                }
                self.send(&orders)
            }
            Deed::EditText(id) => {
                let reader = Reader::open(&self.capture).map_err(|error| error.to_string())?;
                let text = replay::edit_text(&reader, id).map_err(|error| error.to_string())?;
                Ok(Told::Editable(Box::new(text)))
            }
            _ => Err("this is no replay".to_owned()),
        }
    }

    /// Begins all, a bounded number at once; what comes after one that cannot be sent is not.
    fn send(&self, orders: &[Order]) -> Result<Told, String> {
        let mut ids: Vec<ExchangeId> = Vec::new();
        let mut under_way: VecDeque<Sent> = VecDeque::new();
        for order in orders {
            let begun = match &self.here {
                None => sending::ask(&self.capture, order).map(|(id, _)| id),
                Some(replayer) => replayer.replay(order).map_err(|error| error.to_string()).map(|sent| {
                    let id = sent.id();
                    under_way.push_back(sent);
                    id
                }),
            };
            match begun {
                Ok(id) => ids.push(id),
                Err(says) if ids.is_empty() => return Err(format!("not sent: {says}")),
                Err(says) => return Err(format!("{} of {} sent, then: {says}", ids.len(), orders.len())),
            }
            if under_way.len() >= AT_ONCE
                && let Some(first) = under_way.pop_front()
            {
                let _ = first.wait();
            }
        }
        Ok(Told::Replayed(ids))
    }
}
