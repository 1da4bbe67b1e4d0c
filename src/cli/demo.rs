//! `--demo-rows` and `--demo-rate`: made-up rows for measuring the interface, any number of them, each
//! made when it is asked for.

use super::args::Demo;
use crate::exchange::{
    Body, BodyPlace, Connection, ConnectionId, Exchange, ExchangeId, Flags, Heads, Scheme, Side, State,
    Summary, Timing,
};
use crate::query::{Facts, Matcher, Query};
use crate::store::{Found, Numbered, Seek, Sought};
use crate::tui::{Changes, Deed, Row, Seeking, Source, Status, Tell, Told, Unread, Wake};
use crate::view::Octets;
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// 2026-11-23 22:00:00 UTC.
const BEGAN: i64 = 1_795_471_200_000_000;
/// Changes are told this often, as the store's writer does.
const PACE: Duration = Duration::from_millis(20);

const METHODS: [&str; 5] = ["GET", "GET", "GET", "POST", "DELETE"];
const PLACES: [(&str, &str, &str); 5] = [
    ("api.shop.test", "/v1/items?page=", "application/json"),
    ("cdn.shop.test", "/assets/app.", "text/javascript"),
    ("img.shop.test", "/pictures/large/", "image/webp"),
    ("auth.shop.test:8443", "/session/", "application/json"),
    ("a-rather-long-name.of-some-customer.shop.test", "/report/", "text/html"),
];
const STATUSES: [u16; 8] = [200, 200, 200, 201, 304, 404, 301, 500];

/// Rows without memory: the last number is all there is.
struct Made {
    last: Arc<AtomicU64>,
}

/// A source of so many rows, to which so many a second are added.
pub(super) fn source(demo: &Demo, wakes: &Sender<Wake>) -> Box<dyn Source> {
    let last = Arc::new(AtomicU64::new(demo.rows.unwrap_or(0)));
    if let Some(rate) = demo.rate.filter(|rate| *rate > 0) {
        let (changes, last) = (Changes::new(wakes.clone()), Arc::clone(&last));
        // Without the thread nothing arrives, which the numbers show.
        let _ = thread::Builder::new().name("demo".to_owned()).spawn(move || arrive(rate, &changes, &last));
    }
    Box::new(Made { last })
}

fn arrive(rate: u64, changes: &Changes, last: &AtomicU64) {
    let begun = Instant::now();
    let mut told = 0;
    loop {
        thread::sleep(PACE);
        let due = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_mul(rate) / 1000;
        let first = last.fetch_add(due - told, SeqCst) + 1;
        let rows: Vec<_> = (first..first + due - told).map(summary).collect();
        told = due;
        changes.tell(&rows);
    }
}

impl Source for Made {
    fn rows_after(&self, after: ExchangeId, limit: usize) -> Result<Vec<Row>, Unread> {
        let ids = after.0 + 1..=self.last.load(SeqCst);
        Ok(ids
            .take(limit)
            .map(|id| Row::new(ExchangeId(id), flags(id), State::Done, Some(status(id)), false))
            .collect())
    }

    fn summaries(&self, from: ExchangeId, to: ExchangeId) -> Result<Vec<Summary>, Unread> {
        Ok((from.0..=to.0.min(self.last.load(SeqCst))).map(summary).collect())
    }

    fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, Unread> {
        Ok((id.0 <= self.last.load(SeqCst)).then(|| exchange(id.0)))
    }

    fn connection(&self, _: ConnectionId) -> Result<Option<Connection>, Unread> {
        Ok(None)
    }

    fn body(&self, exchange: &Exchange, side: Side) -> Result<Arc<dyn Octets>, Unread> {
        Ok(Arc::new(match &exchange.body(side).place {
            BodyPlace::Inline(bytes) => Bytes::from(bytes.clone()),
            _ => Bytes::new(),
        }))
    }

    fn message_count(&self, _: ExchangeId) -> Result<u64, Unread> {
        Ok(0)
    }

    fn messages(&self, _: ExchangeId, _: Range<u64>) -> Result<Vec<Numbered>, Unread> {
        Ok(Vec::new())
    }

    fn message(&self, _: ExchangeId, _: u64) -> Result<Option<Numbered>, Unread> {
        Ok(None)
    }

    fn find_message(&self, _: ExchangeId, _: &Seek<'_>) -> Result<Sought, Unread> {
        Ok(Sought::Nowhere)
    }

    fn search(&self, query: &Query, below: Option<ExchangeId>) -> Result<Box<dyn Seeking>, Unread> {
        let newest = below.map_or(self.last.load(SeqCst), |below| below.0.saturating_sub(1));
        Ok(Box::new(Looking { newest, query: query.clone() }))
    }

    fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, Unread> {
        let mut matcher = Matcher::new(query);
        Ok(ids.iter().copied().filter(|id| matcher.matches(&Facts::of(&summary(*id)))).collect())
    }

    fn act(&self, deed: Deed, tell: Tell) {
        tell(match deed {
            Deed::Flag { .. } | Deed::Note { .. } => Told::Done(String::new()),
            _ => Told::Failed("these rows are made up: nothing can be done with them".to_owned()),
        });
    }

    fn status(&self) -> Status {
        Status { capture: Some("made-up rows".to_owned()), recording: true, ..Status::default() }
    }
}

/// Rows looked through at once.
const SLICE: u64 = 1_024;

/// A search through made-up rows.
#[derive(Debug)]
struct Looking {
    newest: u64,
    query: Query,
}

impl Seeking for Looking {
    fn found(&mut self, _: Duration) -> Result<Found, Unread> {
        let oldest = self.newest.saturating_sub(SLICE);
        let mut matcher = Matcher::new(&self.query);
        let rows = (oldest + 1..=self.newest).rev();
        let ids = rows.filter(|id| matcher.matches(&Facts::of(&summary(*id)))).collect();
        self.newest = oldest;
        Ok(Found { ids, looked_to: if oldest == 0 { 0 } else { oldest + 1 } })
    }
}

fn pick<T: Copy>(from: &[T], number: u64) -> Option<T> {
    let place = usize::try_from(number).unwrap_or_default() % from.len().max(1);
    from.get(place).copied()
}

/// Spreads numbers, so that neighbours differ.
fn spread(id: u64) -> u64 {
    id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

fn status(id: u64) -> u16 {
    pick(&STATUSES, spread(id) / 7).unwrap_or(200)
}

fn flags(id: u64) -> Flags {
    if spread(id).is_multiple_of(101) { Flags::UNVERIFIED } else { Flags::default() }
}

fn summary(id: u64) -> Summary {
    let by = spread(id);
    let (host, path, media_type) = pick(&PLACES, by).unwrap_or(("shop.test", "/", "text/plain"));
    Summary {
        id: ExchangeId(id),
        started: BEGAN + i64::try_from(id).unwrap_or(0) * 1000,
        client: format!("127.0.0.1:{}", 40_000 + by % 20_000),
        scheme: if by.is_multiple_of(3) { Scheme::Http } else { Scheme::Https },
        method: pick(&METHODS, by / 5).unwrap_or("GET").to_owned(),
        host: host.to_owned(),
        path: format!("{path}{id}"),
        version: "HTTP/1.1".to_owned(),
        status: Some(status(id)),
        state: State::Done,
        request_bytes: 0,
        response_bytes: by % 100_000,
        messages: 0,
        duration: Some(by % 2_000_000),
        ttfb: Some(by % 1_000_000),
        media_type: Some(media_type.to_owned()),
        failure: None,
        flags: flags(id),
        parent: None,
        note: None,
    }
}

fn exchange(id: u64) -> Exchange {
    let summary = summary(id);
    let request = format!("{} {} HTTP/1.1\r\nHost: {}\r\n\r\n", summary.method, summary.path, summary.host);
    let response = format!("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n", status(id), summary.response_bytes);
    let (request, response) = (Bytes::from(request), Bytes::from(response));
    Exchange {
        heads: Heads {
            request_received: Some(request.clone()),
            request_sent: Some(request),
            response_received: Some(response.clone()),
            response_sent: Some(response),
        },
        request_edits: Vec::new(),
        response_edits: Vec::new(),
        request_body: Body::default(),
        response_body: Body { length: summary.response_bytes, complete: true, ..Body::default() },
        interim: Vec::new(),
        attempts: Vec::new(),
        frames: Vec::new(),
        timing: Timing { response_head: summary.ttfb, response_end: summary.duration, ..Timing::default() },
        client_connection: ConnectionId(1),
        origin_connection: None,
        tunnel: None,
        tunnelled: None,
        summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_and_each_the_same_whenever_it_is_asked_for() {
        let made = Made { last: Arc::new(AtomicU64::new(1_000_000)) };
        let rows = made.rows_after(ExchangeId(999_990), 65_536).unwrap();
        assert_eq!((rows.len(), rows[9].id.0), (10, 1_000_000));
        let summaries = made.summaries(ExchangeId(5), ExchangeId(7)).unwrap();
        assert_eq!(
            summaries.iter().map(Row::of).collect::<Vec<_>>(),
            made.rows_after(ExchangeId(4), 3).unwrap()
        );
        let query = Query::of("session 404");
        let (mut all, mut looked_to) = (Vec::new(), 0);
        let mut search = made.search(&query, None).unwrap();
        for _ in 0..3 {
            let found = search.found(Duration::ZERO).unwrap();
            looked_to = found.looked_to;
            all.extend(found.ids);
        }
        assert!(!all.is_empty() && all.iter().all(|id| query.matches(&summary(*id))));
        assert_eq!(looked_to, 1_000_001 - 3 * SLICE);
        assert_eq!(made.sift(&query, &all).unwrap(), all);
    }
}
