//! Looking over many rows at once: their standing, and which of them a filter means.
//!
//! One prepared statement over the needed columns, texts borrowed from `SQLite`'s page: no copy of a row.

use super::deep::Deep;
use super::error::StoreError;
use super::reader::Reader;
use super::rows;
use crate::exchange::{ExchangeId, Flags, State, Summary};
use crate::query::{Facts, Level, Matcher, Name, Query, SqlValue};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql, params_from_iter};

/// The columns of [`facts`] that words are looked for in.
const WORDS: &str = "id, method, scheme, host, path, status, media_type, failure_kind, failure_says, client";
/// How many these are.
const WORDS_COUNT: usize = 10;
/// All columns of [`facts`].
const FACTS: &str = "id, method, scheme, host, path, status, media_type, failure_kind, failure_says, client, \
                     started, version, state, request_bytes, response_bytes, duration, ttfb, flags, \
                     failure_side, failure_phase";

/// Rows whose values are offered for completion; as many as a key may wait for …
const NEWEST: usize = 5_000;
/// … and how many of their values.
const VALUES: usize = 64;

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

    /// Looks through at most `limit` numbers below `below` (from the newest on when `None`), newest first. What
    /// columns answer is left to `SQLite`, heads and bodies are read only for rows that these let through.
    pub fn search(&self, query: &Query, below: Option<ExchangeId>, limit: usize) -> Result<Hits, StoreError> {
        let read = || -> rusqlite::Result<Hits> {
            let newest = "SELECT coalesce(max(id), 0) + 1 FROM exchange";
            let below = match below {
                Some(below) => rows::int(below.0),
                None => self.db.prepare_cached(newest)?.query_row([], |row| row.get(0))?,
            };
            let from = below.saturating_sub(count(limit));
            let sql = query.sql();
            let text = format!(
                "SELECT {} FROM exchange WHERE id >= ? AND id < ? AND {} ORDER BY id DESC",
                columns(&sql.residual),
                sql.clause
            );
            let ends = [SqlValue::Integer(from), SqlValue::Integer(below)];
            let mut matcher = Matcher::new(&sql.residual);
            let mut statement = self.db.prepare_cached(&text)?;
            let mut found = statement.query(params_from_iter(ends.iter().chain(&sql.values).map(Value)))?;
            let mut hits = Hits::default();
            while let Some(row) = found.next()? {
                let id = rows::nat(row.get(0)?);
                if self.is_meant(&mut matcher, row, id)? {
                    hits.ids.push(id);
                }
            }
            // Numbers may be missing: what retention removed is not walked through.
            let older = "SELECT max(id) FROM exchange WHERE id < ?1";
            let next: Option<i64> = self.db.prepare_cached(older)?.query_row([from], |row| row.get(0))?;
            hits.next = next.filter(|_| limit > 0).map(|next| ExchangeId(rows::nat(from.min(next + 1))));
            Ok(hits)
        };
        read().map_err(StoreError::sql("read", &self.path))
    }

    /// Those of these rows that are meant, in their order.
    pub fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, StoreError> {
        let sql = format!("SELECT {} FROM exchange WHERE id = ?1", columns(query));
        let read = || -> rusqlite::Result<Vec<u64>> {
            let mut matcher = Matcher::new(query);
            let mut statement = self.db.prepare_cached(&sql)?;
            let mut meant = Vec::new();
            // One state of the database for all: a lock a row would cost more than the row. What is read deeper
            // opens its own.
            let _tx = if query.level() == Level::Row { Some(self.db.unchecked_transaction()?) } else { None };
            for id in ids {
                let mut found = statement.query([rows::int(*id)])?;
                if let Some(row) = found.next()?
                    && self.is_meant(&mut matcher, row, *id)?
                {
                    meant.push(*id);
                }
            }
            Ok(meant)
        };
        read().map_err(StoreError::sql("read", &self.path))
    }

    fn is_meant(&self, matcher: &mut Matcher<'_>, row: &Row<'_>, id: u64) -> rusqlite::Result<bool> {
        Ok(matcher.judge(&facts(row)?, &Deep::new(self, ExchangeId(id))).is_yes())
    }

    /// Values of a field among the newest rows, each with how often, most often first; none for a field that
    /// has no column.
    pub fn seen(&self, field: Name) -> Result<Vec<(String, u64)>, StoreError> {
        let column = match field {
            Name::Status => "status",
            Name::Method => "method",
            Name::Host | Name::Domain => "host",
            Name::Type => "media_type",
            Name::Version => "version",
            Name::Error => "failure_kind",
            _ => return Ok(Vec::new()),
        };
        let sql = format!(
            "SELECT CAST({column} AS TEXT), count(*) FROM (SELECT {column} FROM exchange ORDER BY id DESC LIMIT {NEWEST}) \
             WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT {VALUES}"
        );
        let read = || -> rusqlite::Result<Vec<(String, u64)>> {
            let mut statement = self.db.prepare_cached(&sql)?;
            let values = statement.query_map([], |row| Ok((row.get(0)?, rows::nat(row.get(1)?))))?;
            values.collect()
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

/// Words need fewer columns than the rest of the language, and each costs time in a row.
fn columns(query: &Query) -> &'static str {
    if query.is_words() { WORDS } else { FACTS }
}

/// What is no text is looked through as an empty one: a damaged row must not end a search.
fn facts<'a>(row: &'a Row<'_>) -> rusqlite::Result<Facts<'a>> {
    let text = |column: usize| row.get_ref(column).map(|value| value.as_str().unwrap_or_default());
    let nat = |column: usize| row.get::<_, Option<i64>>(column).map(|value| value.map(rows::nat));
    let words = Facts {
        id: rows::nat(row.get(0)?),
        method: text(1)?,
        scheme: text(2)?,
        host: text(3)?,
        path: text(4)?,
        status: row.get(5)?,
        media_type: text(6)?,
        failure: text(7)?,
        says: text(8)?,
        client: text(9)?,
        ..Facts::default()
    };
    if row.as_ref().column_count() == WORDS_COUNT {
        return Ok(words);
    }
    Ok(Facts {
        started: row.get(10)?,
        version: text(11)?,
        state: State::from_code(row.get(12)?),
        request_bytes: nat(13)?.unwrap_or_default(),
        response_bytes: nat(14)?.unwrap_or_default(),
        duration: nat(15)?,
        ttfb: nat(16)?,
        flags: Flags(row.get(17)?),
        side: text(18)?,
        phase: text(19)?,
        ..words
    })
}

/// A value of a filter, bound to its question mark.
struct Value<'v>(&'v SqlValue);

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            SqlValue::Text(text) => ValueRef::Text(text.as_bytes()),
            SqlValue::Integer(number) => ValueRef::Integer(*number),
            SqlValue::Real(number) => ValueRef::Real(*number),
        }))
    }
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
