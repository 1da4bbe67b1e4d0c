//! Events sorted into what is to be written, and when: at once, early because they last, or never because they were
//! lost.
//!
//! An exchange that begins and ends within one swap costs one list row and one payload row. One that stays open for a
//! second gets its row early, so that other processes see it.

use super::inbox::{Inbox, Swapped};
use super::marks::{Mark, Marks};
use super::pending::Pending;
use super::rows::Place;
use super::under_way::{Open, UnderWay};
use crate::exchange::{Event, ExchangeId, Live, Message, State, Summary};
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows marked in one transaction: the traffic's rows wait no longer than for these.
const MARKS_A_SWAP: usize = 4096;

/// What is known of all that has come, and is not written yet.
pub(super) struct Sorting {
    inbox: Arc<Inbox>,
    pub(super) open: Arc<UnderWay>,
    /// From the request head to an early row.
    early: Duration,
    /// When exchanges get their early row, in the order in which they were opened.
    due: VecDeque<(Instant, ExchangeId)>,
    /// What is to be written; more than none after a turn only when the disk refused it.
    pub(super) rows: Vec<Pending>,
    /// Exchanges under way that listeners have yet to hear of.
    news: Vec<ExchangeId>,
    /// Marks to be written, a bounded number a swap.
    marks: VecDeque<Marks>,
    /// Exchanges lost and not yet written down as a gap.
    pub(super) lost: u64,
    /// The highest numbers of an exchange and of a connection that were heard of, or are there.
    pub(super) highest: (u64, u64),
}

impl Sorting {
    pub(super) fn new(inbox: Arc<Inbox>, early: Duration, highest: (u64, u64)) -> Self {
        let open = inbox.under_way();
        Self {
            inbox,
            open,
            early,
            due: VecDeque::new(),
            rows: Vec::new(),
            news: Vec::new(),
            marks: VecDeque::new(),
            lost: 0,
            highest,
        }
    }

    /// Whether marks wait for the next transaction.
    pub(super) fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// How long until something under way gets its early row.
    pub(super) fn due_in(&mut self, now: Instant) -> Option<Duration> {
        // What has finished needs no early row, and is no reason to wake up.
        let open = self.open.lock();
        while self.due.pop_front_if(|(_, id)| !open.contains_key(id)).is_some() {}
        self.due.front().map(|(due, _)| due.saturating_duration_since(now))
    }

    /// The lowest number of an exchange under way.
    pub(super) fn lowest(&self) -> Option<u64> {
        self.open.lock().keys().map(|id| id.0).min()
    }

    /// Ends what is open still.
    pub(super) fn end_all(&mut self) {
        let open: Vec<_> = self.open.lock().drain().map(|(_, open)| Pending::Open(open.live)).collect();
        self.rows.extend(open);
    }

    /// Exchanges under way to be told of before anything is written: lists show them at once. One that
    /// is over by now is told of once it is written, so that whoever hears of its end can read it.
    pub(super) fn take_news(&mut self) -> Vec<Summary> {
        let mut news = Vec::with_capacity(self.news.len());
        for id in self.news.drain(..) {
            if let Some(open) = self.open.lock().get_mut(&id) {
                open.news = false;
                let summary = open.live.summary();
                if summary.state == State::Open {
                    news.push(summary);
                }
            }
        }
        news
    }

    /// Turns events into rows.
    pub(super) fn sort(&mut self, swapped: Swapped, now: Instant) {
        let mut speaking = HashMap::new();
        for event in swapped.events {
            match event {
                Event::Messages { id, first, messages } => {
                    self.heard_of(id);
                    self.said(&mut speaking, id, first, messages);
                }
                Event::Connection(connection) => {
                    self.highest.1 = self.highest.1.max(connection.id.0);
                    self.rows.push(Pending::Connection(connection));
                }
                Event::Opened(live) | Event::Changed(live) => self.opened_or_changed(live, now),
                Event::Flag { ids, flag, on } => {
                    self.marks.push_back(Marks { ids, mark: Mark::Flag(flag, on) });
                }
                Event::Note { id, note } => {
                    self.marks.push_back(Marks { ids: vec![id], mark: Mark::Note(note) });
                }
                Event::Finished(live) => {
                    let id = {
                        let exchange = live.lock();
                        self.inbox.count_body(&exchange);
                        exchange.summary.id
                    };
                    self.heard_of(id);
                    // Only what has been open all the while without an early row is surely new.
                    let new = self.open.lock().remove(&id).is_some_and(|open| !open.written);
                    self.rows.push(Pending::Finished(live, if new { Place::New } else { Place::Over }));
                }
            }
        }
        if swapped.dropped > 0 {
            self.rescue(swapped.dropped);
        }
        for id in speaking.into_keys() {
            self.early(id);
        }
    }

    /// What an exchange says within one swap is written together. `speaking` knows its last row.
    fn said(
        &mut self,
        speaking: &mut HashMap<ExchangeId, usize>,
        id: ExchangeId,
        first: u64,
        messages: Vec<Message>,
    ) {
        let last = speaking.get(&id).and_then(|at| self.rows.get_mut(*at));
        if let Some(Pending::Messages { first: before, messages: said, .. }) = last
            && *before + said.len() as u64 == first
        {
            said.extend(messages);
            return;
        }
        speaking.insert(id, self.rows.len());
        self.rows.push(Pending::Messages { id, first, messages });
    }

    fn heard_of(&mut self, id: ExchangeId) {
        self.highest.0 = self.highest.0.max(id.0);
    }

    /// Messages are looked for while an exchange lasts: it gets its row with them, unless it is over already.
    fn early(&mut self, id: ExchangeId) {
        if let Some(open) = self.open.lock().get_mut(&id).filter(|open| !open.written) {
            (open.written, open.queued) = (true, true);
            self.rows.push(Pending::Open(Arc::clone(&open.live)));
        }
    }

    fn opened_or_changed(&mut self, live: Arc<Live>, now: Instant) {
        let id = live.id();
        self.heard_of(id);
        let early = now + self.early;
        let mut all = self.open.lock();
        let open = all.entry(id).or_insert_with(|| {
            self.due.push_back((early, id));
            Open { live: Arc::clone(&live), written: false, queued: false, news: false }
        });
        if !mem::replace(&mut open.news, true) {
            self.news.push(id);
        }
        if open.written && !mem::replace(&mut open.queued, true) {
            self.rows.push(Pending::Open(live));
        }
    }

    /// Takes the next marks on, behind all other rows of this swap: rows are written over whole, and what
    /// is still under way carries its marks along.
    pub(super) fn take_marks(&mut self) {
        let Some(mut marks) = self.marks.pop_front() else { return };
        if marks.ids.len() > MARKS_A_SWAP {
            let rest = marks.ids.split_off(MARKS_A_SWAP);
            self.marks.push_front(Marks { ids: rest, mark: marks.mark.clone() });
        }
        for id in &marks.ids {
            if let Some(open) = self.open.lock().get(id) {
                marks.apply(&mut open.live.lock().summary);
            }
        }
        self.rows.push(Pending::Marks(marks));
    }

    /// Exchanges whose end found no room may still be known here: those are not lost.
    fn rescue(&mut self, dropped: u64) {
        let mut all = self.open.lock();
        let over: Vec<_> =
            all.iter().filter(|(_, open)| open.live.lock().is_over()).map(|(id, _)| *id).collect();
        let rescued = dropped.min(over.len() as u64);
        for id in over {
            // Not as `Finished`: its bytes were released when it was dropped.
            self.rows.extend(all.remove(&id).map(|open| Pending::Open(open.live)));
        }
        self.inbox.count_rescued(rescued);
        self.lost += dropped - rescued;
    }

    /// Gives early rows to exchanges that have been open for long enough.
    pub(super) fn ripen(&mut self, now: Instant) {
        while let Some((_, id)) = self.due.pop_front_if(|(due, _)| *due <= now) {
            let mut all = self.open.lock();
            let Some(open) = all.get_mut(&id) else { continue };
            open.written = true;
            if !mem::replace(&mut open.queued, true) {
                self.rows.push(Pending::Open(Arc::clone(&open.live)));
            }
            if open.live.lock().is_over() {
                // Its end has come by another shard before its beginning, or is just about to come.
                all.remove(&id);
            }
        }
    }
}
