//! Messages within exchanges as rows, there and back.
//!
//! A stream may have a million of them: a reader takes a window of them by number, and of long payloads
//! only the beginning until one is asked for.

use super::error::StoreError;
use super::reader::Reader;
use super::rows::{Fault, int, nat, side_of};
use crate::exchange::{ExchangeId, Message, MessageFlags, MessageForm};
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

/// The columns of [`message`]; the payload is read only as far as it is wanted.
const COLUMNS: &str = "id, at, side, form, flags, wire, length, says";

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
        db.prepare_cached("INSERT OR REPLACE INTO message VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")?;
    for (number, message) in (first..).zip(messages) {
        let Some(key) = key(id, number) else { return Ok(()) };
        insert.execute(params![
            key,
            int(message.at),
            message.side.as_str(),
            message.form as u8,
            message.flags.0,
            int(message.wire),
            int(message.length),
            message.says,
            &message.payload[..],
        ])?;
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
            "SELECT {COLUMNS}, length(payload), CASE WHEN length(payload) <= {GLANCE} THEN payload END \
             FROM message WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3"
        );
        let found = self.of(id, |db| {
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![from, to, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let payload = row.get::<_, Option<Vec<u8>>>(9)?;
                let key: i64 = row.get(0)?;
                let payload = payload.map_or_else(|| glance(db, key), Ok)?;
                found.push(numbered(row, payload)?);
            }
            Ok(found)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// One message, with all of its payload that was kept.
    pub fn message(&self, id: ExchangeId, number: u64) -> Result<Option<Numbered>, StoreError> {
        let Some(key) = key(id, number) else { return Ok(None) };
        let sql = format!("SELECT {COLUMNS}, length(payload), payload FROM message WHERE id = ?1");
        let found = self.of(id, |db| {
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query([key])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let payload = row.get(9)?;
            numbered(row, payload).map(Some)
        })?;
        Ok(found.flatten())
    }

    /// How many messages of an exchange there are so far: one more than the highest number.
    pub fn message_count(&self, id: ExchangeId) -> Result<u64, StoreError> {
        let Some((from, to)) = keys(id, 0..MOST_MESSAGES) else { return Ok(0) };
        let sql = "SELECT id FROM message WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1";
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
        let sql = format!(
            "SELECT id, says, payload FROM message WHERE id BETWEEN ?1 AND ?2 ORDER BY id {order} LIMIT ?3"
        );
        let found = self.of(id, |db| {
            let mut statement = db.prepare_cached(&sql)?;
            let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![from, to, limit])?;
            let (mut seen, mut last) = (0, 0);
            while let Some(row) = rows.next()? {
                (seen, last) = (seen + 1, number(row.get(0)?));
                let texts = [row.get_ref(1)?.as_bytes(), row.get_ref(2)?.as_bytes()];
                if texts.into_iter().flatten().any(search.holds) {
                    return Ok(Sought::Found(last));
                }
            }
            let next = if search.forward { Some(last + 1) } else { last.checked_sub(1) };
            Ok(next.filter(|_| seen == search.limit && seen > 0).map_or(Sought::Nowhere, Sought::GoOn))
        })?;
        Ok(found.unwrap_or(Sought::Nowhere))
    }
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

fn numbered(row: &Row<'_>, payload: Vec<u8>) -> Result<Numbered, Fault> {
    let side: String = row.get(2)?;
    let message = Message {
        at: nat(row.get(1)?),
        side: side_of(&side)?,
        form: MessageForm::from_code(row.get(3)?).ok_or(Fault::Bad("message's form"))?,
        flags: MessageFlags(row.get(4)?),
        wire: nat(row.get(5)?),
        length: nat(row.get(6)?),
        says: row.get(7)?,
        payload: Bytes::from(payload),
    };
    Ok(Numbered { number: number(row.get(0)?), message, kept: nat(row.get(8)?) })
}
