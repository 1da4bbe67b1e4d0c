//! Looking over many rows at once: their standing, and which of them a filter means.
//!
//! One prepared statement over the needed columns, texts borrowed from `SQLite`'s page: no copy of a row.

use super::error::StoreError;
use super::reader::Reader;
use super::rows;
use crate::exchange::{ExchangeId, Flags, State, Summary};
use crate::query::{Facts, Matcher, Query};
use rusqlite::Row;

/// The columns of [`facts`].
const FACTS: &str = "id, method, scheme, host, path, status, media_type, failure_kind, failure_says, client";

/// What a list must know of a row that is not in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The exchange's number.
    pub id: ExchangeId,
    /// Its marks.
    pub flags: Flags,
    /// Where it stands.
    pub state: State,
    /// The status that the client got.
    pub status: Option<u16>,
    /// Whether there is a failure.
    pub failed: bool,
}

/// What a stretch of a search brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Numbers of the rows meant, falling.
    pub ids: Vec<u64>,
    /// Where to go on: below this number; `None` when all was looked through.
    pub next: Option<ExchangeId>,
}

impl Reader {
    /// The standing of at most `limit` rows behind `after`, rising.
    pub fn standings(&self, after: ExchangeId, limit: usize) -> Result<Vec<Standing>, StoreError> {
        let sql = "SELECT id, flags, state, status, failure_side IS NOT NULL FROM exchange \
                   WHERE id > ?1 ORDER BY id LIMIT ?2";
        let read = || -> rusqlite::Result<Vec<Standing>> {
            let mut statement = self.db.prepare_cached(sql)?;
            let found = statement.query_map([rows::int(after.0), count(limit)], standing)?;
            found.collect()
        };
        read().map_err(StoreError::sql("read", &self.path))
    }

    /// Looks through at most `limit` rows below `below` (from the newest on when `None`), newest first.
    pub fn search(&self, query: &Query, below: Option<ExchangeId>, limit: usize) -> Result<Hits, StoreError> {
        let sql = format!("SELECT {FACTS} FROM exchange WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
        let below = below.map_or(i64::MAX, |below| rows::int(below.0));
        let read = || -> rusqlite::Result<Hits> {
            let mut matcher = Matcher::new(query);
            let mut statement = self.db.prepare_cached(&sql)?;
            let mut found = statement.query([below, count(limit)])?;
            let (mut hits, mut seen, mut last) = (Hits::default(), 0, 0);
            while let Some(row) = found.next()? {
                seen += 1;
                last = rows::nat(row.get(0)?);
                if matcher.matches(&facts(row)?) {
                    hits.ids.push(last);
                }
            }
            hits.next = (seen == limit && limit > 0).then_some(ExchangeId(last));
            Ok(hits)
        };
        read().map_err(StoreError::sql("read", &self.path))
    }

    /// Those of these rows that are meant, in their order.
    pub fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, StoreError> {
        let sql = format!("SELECT {FACTS} FROM exchange WHERE id = ?1");
        let read = || -> rusqlite::Result<Vec<u64>> {
            let mut matcher = Matcher::new(query);
            let mut statement = self.db.prepare_cached(&sql)?;
            let mut meant = Vec::new();
            // One state of the database for all: a lock a row would cost more than the row.
            let _tx = self.db.unchecked_transaction()?;
            for id in ids {
                let mut found = statement.query([rows::int(*id)])?;
                if let Some(row) = found.next()?
                    && matcher.matches(&facts(row)?)
                {
                    meant.push(*id);
                }
            }
            Ok(meant)
        };
        read().map_err(StoreError::sql("read", &self.path))
    }

    /// The list rows of these numbers, those that are there, in their order.
    pub fn summaries_of(&self, ids: impl IntoIterator<Item = u64>) -> Result<Vec<Summary>, StoreError> {
        let mut summaries = Vec::new();
        for id in ids {
            summaries.extend(self.summaries(ExchangeId(id), ExchangeId(id))?);
        }
        Ok(summaries)
    }

    /// Numbers of the exchanges under way, rising.
    pub fn under_way(&self) -> Result<Vec<u64>, StoreError> {
        let read = || -> rusqlite::Result<Vec<u64>> {
            let mut statement =
                self.db.prepare_cached("SELECT id FROM exchange WHERE state = 0 ORDER BY id")?;
            let ids = statement.query_map([], |row| Ok(rows::nat(row.get(0)?)))?;
            ids.collect()
        };
        read().map_err(StoreError::sql("read", &self.path))
    }

    /// How often marks were changed: another number says that rows seen before may stand differently.
    pub fn marks_version(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce((SELECT value FROM meta WHERE key = 'marks'), 0)";
        let read = || self.db.prepare_cached(sql)?.query_row([], |row| row.get(0));
        read().map_err(StoreError::sql("read", &self.path))
    }
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing {
        id: ExchangeId(rows::nat(row.get(0)?)),
        flags: Flags(row.get(1)?),
        state: State::from_code(row.get(2)?),
        status: row.get(3)?,
        failed: row.get(4)?,
    })
}

/// What is no text is looked through as an empty one: a damaged row must not end a search.
fn facts<'a>(row: &'a Row<'_>) -> rusqlite::Result<Facts<'a>> {
    let text = |column: usize| row.get_ref(column).map(|value| value.as_str().unwrap_or_default());
    Ok(Facts {
        method: text(1)?,
        scheme: text(2)?,
        host: text(3)?,
        path: text(4)?,
        status: row.get(5)?,
        media_type: text(6)?,
        failure: text(7)?,
        says: text(8)?,
        client: text(9)?,
    })
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
