//! Looking over many rows at once: their standing, and which of them a filter means ([`super::search`] does that on
//! two threads).
//!
//! No question holds a transaction beyond its answer.

use super::error::StoreError;
use super::reader::Reader;
use super::rows;
use super::sieve::Sieve;
use crate::exchange::{ExchangeId, Flags, State, Summary};
use crate::query::{Name, Query};
use rusqlite::Row;

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

impl Reader {
    /// The standing of at most `limit` rows behind `after`, rising.
    pub fn standings(&self, after: ExchangeId, limit: usize) -> Result<Vec<Standing>, StoreError> {
        let sql = "SELECT id, flags, state, status, failure_side IS NOT NULL FROM exchange \
                   WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.rising(after.0.saturating_add(1), limit, |db, left| {
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_map([rows::int(after.0), count(left)], standing)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// What of the numbers from one up to, and without, another is meant, falling; whether all of them were
    /// looked at before `stop`.
    pub(super) fn sieve(
        &self,
        sieve: &Sieve,
        (from, below): (u64, u64),
        stop: &dyn Fn() -> bool,
        ids: &mut Vec<u64>,
    ) -> Result<bool, StoreError> {
        let mut whole = true;
        self.each_below(below, |segment, db| {
            let from = from.max(segment.first);
            whole = sieve.scan(self, db, (rows::int(from), rows::int(below)), stop, ids)?;
            Ok(whole && from == segment.first)
        })?;
        Ok(whole)
    }

    /// One more than the highest number.
    pub(super) fn end(&self) -> Result<u64, StoreError> {
        Ok(self.below(u64::MAX)?.map_or(1, |last| last + 1))
    }

    /// The lowest number that may be there.
    pub(super) fn beginning(&self) -> Result<u64, StoreError> {
        Ok(self.segments()?.all().first().map_or(0, |segment| segment.first))
    }

    /// The highest number below one.
    fn below(&self, end: u64) -> Result<Option<u64>, StoreError> {
        let mut found: Option<i64> = None;
        self.each_below(end, |_, db| {
            let sql = "SELECT max(id) FROM exchange WHERE id < ?1";
            found = db.prepare_cached(sql)?.query_row([rows::int(end)], |row| row.get(0))?;
            Ok(found.is_none())
        })?;
        Ok(found.map(rows::nat))
    }

    /// Those of these rows that are meant, in their order.
    pub fn sift(&self, query: &Query, ids: &[u64]) -> Result<Vec<u64>, StoreError> {
        let sieve = Sieve::new(query);
        let mut meant = Vec::new();
        let segments = self.segments()?;
        let of = |id: &u64| segments.of(*id).map(|segment| segment.name);
        for run in ids.chunk_by(|one, next| of(one) == of(next)) {
            let Some(first) = run.first() else { continue };
            let found = self.of(ExchangeId(*first), |db| Ok(sieve.sift(self, db, run)?))?;
            meant.extend(found.unwrap_or_default());
        }
        Ok(meant)
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
        self.of_newest(|db| {
            let mut statement = db.prepare_cached(&sql)?;
            let values = statement.query_map([], |row| Ok((row.get(0)?, rows::nat(row.get(1)?))))?;
            values.collect()
        })
    }

    /// The list rows of these numbers, those that are there, in their order; neighbours with one question.
    pub fn summaries_of(&self, ids: &[u64]) -> Result<Vec<Summary>, StoreError> {
        let mut summaries = Vec::new();
        for run in ids.chunk_by(|one, next| one.abs_diff(*next) == 1) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let mut rows = self.summaries(ExchangeId(*first.min(last)), ExchangeId(*first.max(last)))?;
            if last < first {
                rows.reverse();
            }
            summaries.extend(rows);
        }
        Ok(summaries)
    }

    /// How many exchanges are marked or noted, and how many are not.
    pub(super) fn marked(&self) -> Result<(u64, u64), StoreError> {
        let marked =
            self.sum(&format!("SELECT count(*) FROM exchange WHERE flags & {} <> 0", Flags::KEPT.0))?;
        Ok((marked, self.count()?.saturating_sub(marked)))
    }

    /// How many exchanges there are up to a number, without those that a person deleted.
    pub fn listed(&self, until: ExchangeId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM exchange WHERE id <= ?1 AND flags & ?2 = 0";
        let mut listed = 0;
        self.each_from(0, |_, db| {
            let values = [rows::int(until.0), i64::from(Flags::HIDDEN.0)];
            listed += rows::nat(db.prepare_cached(sql)?.query_row(values, |row| row.get(0))?);
            Ok(true)
        })?;
        Ok(listed)
    }

    /// Numbers of the exchanges under way, rising.
    pub fn under_way(&self) -> Result<Vec<u64>, StoreError> {
        self.rising(0, usize::MAX, |db, _| {
            let mut statement = db.prepare_cached("SELECT id FROM exchange WHERE state = 0 ORDER BY id")?;
            let ids = statement.query_map([], |row| Ok(rows::nat(row.get(0)?)))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// How often marks were changed: another number says that rows seen before may stand differently.
    pub fn marks_version(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce((SELECT value FROM meta WHERE key = 'marks'), 0)";
        self.of_newest(|db| db.prepare_cached(sql)?.query_row([], |row| row.get(0)))
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

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
