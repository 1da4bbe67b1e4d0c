//! Messages within exchanges as rows, there and back.
//!
//! A stream may have a million of them: a reader takes a window of them by number, and of long payloads
//! only the beginning until one is asked for. Short ones that come together share a row ([`super::runs`]).

use super::error::StoreError;
use super::reader::Reader;
use super::rows::{Fault, int, nat};
use super::runs::{self, COLUMNS, Line, Run};
use crate::exchange::{ExchangeId, Message};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::ops::Range;

/// Bits of a key that hold the message's number.
const NUMBER: u32 = 32;
/// Numbers of exchanges and messages beyond these have no key.
const MOST_EXCHANGES: u64 = 1 << 31;
const MOST_MESSAGES: u64 = 1 << NUMBER;

/// Payloads up to this size come with a window of messages; of longer ones as much as this comes.
pub const GLANCE: usize = 1024;

/// Where the payload stands behind them, if it is read.
const PAYLOAD: usize = runs::COUNT;
/// The rows that hold the keys from ?2 to ?3: the first may begin with messages before, from ?1 on.
const ROWS: &str = "id BETWEEN ifnull((SELECT max(id) FROM message WHERE id BETWEEN ?1 AND ?2), ?2) AND ?3";

/// A message with its number within its exchange, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its number; where one is missing the disk was too slow.
    pub number: u64,
    /// The message.
    pub message: Message,
    /// Octets of payload in the capture; a window holds no more of it than [`GLANCE`].
    pub kept: u64,
}

/// Writes messages whose first has the number `first`, and their count into a row that is there already.
pub(super) fn write(
    db: &Connection,
    id: ExchangeId,
    first: u64,
    messages: &[Message],
) -> rusqlite::Result<()> {
    let mut insert =
        db.prepare_cached("INSERT OR REPLACE INTO message VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")?;
    let (mut number, mut rest, mut run) = (first, messages, Run::default());
    while let Some(message) = rest.first() {
        let (row, later) = rest.split_at(runs::together(rest));
        let Some(key) = key(id, number) else { return Ok(()) };
        let alone = row.len() == 1;
        if !alone {
            run.make(row).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        }
        insert.execute(params![
            key,
            int(message.at),
            message.side.as_str(),
            message.form as u8,
            message.flags.0,
            int(message.wire),
            int(message.length),
            message.says,
            if alone { &message.payload[..] } else { &run.payload[..] },
            (!alone).then(|| run.text()),
        ])?;
        (number, rest) = (number + row.len() as u64, later);
    }
    let count = first + messages.len() as u64;
    db.prepare_cached("UPDATE exchange SET messages = max(messages, ?2) WHERE id = ?1")?
        .execute(params![int(id.0), int(count)])?;
    Ok(())
}

impl Reader {
    /// The messages of an exchange whose numbers lie in a range, in their order, at most `limit`; payloads
    /// up to [`GLANCE`].
    pub fn messages(
        &self,
        id: ExchangeId,
        numbers: Range<u64>,
        limit: usize,
    ) -> Result<Vec<Numbered>, StoreError> {
        let Some((from, to)) = keys(id, numbers) else { return Ok(Vec::new()) };
        // CASE reads no payload that is not wanted: a length is known without its pages.
        let sql = format!(
            "SELECT {COLUMNS}, CASE WHEN run IS NOT NULL OR length(payload) <= {GLANCE} THEN payload END \
             FROM message WHERE {ROWS} ORDER BY id LIMIT ?4"
        );
        let found = self.of(id, |db| {
            let mut statement = db.prepare_cached(&sql)?;
            // A row more, for one that ends before the range begins.
            let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
            let mut rows = statement.query(params![first_of(id), from, to, most])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                for line in Line::all(row)?.into_iter().filter(|line| (from..=to).contains(&line.key)) {
                    if found.len() == limit {
                        return Ok(found);
                    }
                    found.push(glanced(db, row, line)?);
                }
            }
            Ok(found)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// One message, with all of its payload that was kept.
    pub fn message(&self, id: ExchangeId, number: u64) -> Result<Option<Numbered>, StoreError> {
        let Some(key) = key(id, number) else { return Ok(None) };
        let sql = format!("SELECT {COLUMNS}, payload FROM message WHERE {ROWS}");
        let found = self.of(id, |db| {
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![first_of(id), key, key])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let Some(line) = Line::all(row)?.into_iter().find(|line| line.key == key) else {
                return Ok(None);
            };
            let payload = row.get_ref(PAYLOAD)?.as_blob().map_err(rusqlite::Error::from)?;
            let payload = line.payload_in(payload)?.to_vec();
            Ok(Some(numbered(line, payload)))
        })?;
        Ok(found.flatten())
    }

    /// How many messages of an exchange there are so far: one more than the highest number.
    pub fn message_count(&self, id: ExchangeId) -> Result<u64, StoreError> {
        let Some((from, to)) = keys(id, 0..MOST_MESSAGES) else { return Ok(0) };
        let sql = "SELECT id + ifnull(json_array_length(run), 1) - 1 FROM message WHERE id BETWEEN ?1 AND ?2 \
                   ORDER BY id DESC LIMIT 1";
        let last: Option<Option<i64>> = self
            .of(id, |db| Ok(db.prepare_cached(sql)?.query_row([from, to], |row| row.get(0)).optional()?))?;
        Ok(last.flatten().map_or(0, |key| number(key) + 1))
    }

    /// The number of the next message, at or behind `from` (or at or before it), whose payload or words
    /// hold a text, among at most `limit` of them; else where to go on, when there is more to look through.
    pub fn find_message(&self, id: ExchangeId, search: &Seek<'_>) -> Result<Sought, StoreError> {
        let range =
            if search.forward { search.from..MOST_MESSAGES } else { 0..search.from.saturating_add(1) };
        let Some((from, to)) = keys(id, range) else { return Ok(Sought::Nowhere) };
        let order = if search.forward { "ASC" } else { "DESC" };
        let sql = format!("SELECT {COLUMNS}, payload FROM message WHERE {ROWS} ORDER BY id {order} LIMIT ?4");
        let found = self.of(id, |db| {
            let mut statement = db.prepare_cached(&sql)?;
            let most = i64::try_from(search.limit).unwrap_or(i64::MAX).saturating_add(1);
            let mut rows = statement.query(params![first_of(id), from, to, most])?;
            let (mut seen, mut last) = (0, 0);
            'rows: while let Some(row) = rows.next()? {
                let payload = row.get_ref(PAYLOAD)?.as_blob().map_err(rusqlite::Error::from)?;
                let mut lines = Line::all(row)?;
                if !search.forward {
                    lines.reverse();
                }
                for line in lines.iter().filter(|line| (from..=to).contains(&line.key)) {
                    if seen == search.limit {
                        break 'rows;
                    }
                    (seen, last) = (seen + 1, number(line.key));
                    let texts = [line.message.says.as_bytes(), line.payload_in(payload)?];
                    if texts.into_iter().any(search.holds) {
                        return Ok(Sought::Found(last));
                    }
                }
            }
            let next = if search.forward { Some(last + 1) } else { last.checked_sub(1) };
            Ok(next.filter(|_| seen == search.limit && seen > 0).map_or(Sought::Nowhere, Sought::GoOn))
        })?;
        Ok(found.unwrap_or(Sought::Nowhere))
    }
}

/// A message of a window, with as much of its payload as goes into one.
fn glanced(db: &Connection, row: &Row<'_>, line: Line) -> Result<Numbered, Fault> {
    let payload = match row.get_ref(PAYLOAD)?.as_blob_or_null().map_err(rusqlite::Error::from)? {
        Some(payload) => {
            let own = line.payload_in(payload)?;
            own.get(..GLANCE).unwrap_or(own).to_vec()
        }
        None => glance(db, line.key)?,
    };
    Ok(numbered(line, payload))
}

/// The beginning of a long payload, without reading the rest of it.
fn glance(db: &Connection, key: i64) -> rusqlite::Result<Vec<u8>> {
    let blob = db.blob_open("main", "message", "payload", key, true)?;
    let mut start = vec![0; GLANCE.min(blob.len())];
    blob.read_at_exact(&mut start, 0)?;
    Ok(start)
}

/// What is looked for among messages.
pub struct Seek<'a> {
    /// Where to begin, this one included.
    pub from: u64,
    /// Up the numbers, or down.
    pub forward: bool,
    /// Messages looked through at most.
    pub limit: usize,
    /// Whether a text is one that is meant.
    pub holds: &'a dyn Fn(&[u8]) -> bool,
}

/// What a stretch of a search for a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// This one.
    Found(u64),
    /// None yet; the rest begins here.
    GoOn(u64),
    /// There is none in this direction.
    Nowhere,
}

fn key(id: ExchangeId, number: u64) -> Option<i64> {
    (id.0 < MOST_EXCHANGES && number < MOST_MESSAGES).then(|| int(id.0 << NUMBER | number))
}

/// The keys of a range of numbers, both ends included.
fn keys(id: ExchangeId, numbers: Range<u64>) -> Option<(i64, i64)> {
    let last = numbers.end.min(MOST_MESSAGES).checked_sub(1)?;
    Some((key(id, numbers.start.min(MOST_MESSAGES - 1))?, key(id, last)?))
}

fn number(key: i64) -> u64 {
    nat(key) & (MOST_MESSAGES - 1)
}

fn first_of(id: ExchangeId) -> Option<i64> {
    key(id, 0)
}

fn numbered(line: Line, payload: Vec<u8>) -> Numbered {
    let kept = line.payload.len() as u64;
    let message = Message { payload: Bytes::from(payload), ..line.message };
    Numbered { number: number(line.key), message, kept }
}
