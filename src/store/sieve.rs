//! A filter made ready for many rows: one statement that brings what is needed, and what is left to judge.
//!
//! ```text
//! SQLite: what columns answer ──> needles: must it stand in heads or bodies, and does it? ──> a closer look
//! ```
//!
//! Texts and blobs are borrowed from `SQLite`'s page; no row is copied.

use super::deep::Deep;
use super::notes;
use super::packed;
use super::reader::Reader;
use super::rows;
use crate::exchange::{ExchangeId, Flags, State};
use crate::query::{Facts, Matcher, Name, Needles, Query, Side, Sql, SqlValue};
use regex::bytes::{Regex, RegexBuilder};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

/// What [`facts`] reads, in its order.
const FACTS: [&str; 21] = [
    "id",
    "method",
    "scheme",
    "host",
    "path",
    "status",
    "media_type",
    "failure_kind",
    "failure_says",
    "client",
    "started",
    "version",
    "state",
    "request_bytes",
    "response_bytes",
    "duration",
    "ttfb",
    "flags",
    "failure_side",
    "failure_phase",
    NOTE,
];
/// Stands for [`notes::COLUMN`].
const NOTE: &str = "note";
/// The heads as their senders wrote them (what we sent where nobody else did), or all four unpacked.
const HEADS: [&str; 3] = [
    "ifnull(request_received, request_sent)",
    "ifnull(response_received, response_sent)",
    "CASE WHEN packed_heads IS NOT NULL THEN unpacked(packed_heads) END",
];
/// Where each body lies, and what lies in the row, or both of them unpacked.
const BODIES: [&str; 5] = [
    "request_place",
    "response_place",
    "request_body",
    "response_body",
    "CASE WHEN packed_bodies IS NOT NULL THEN unpacked(packed_bodies) END",
];
/// The index that serves statuses from 400 on.
const FAILED: &str = "exchange_failed";
/// Rows between looks at whether the search was given up.
const ROWS_A_LOOK: u32 = 32;

const SIDES: [Side; 2] = [Side::Request, Side::Response];

/// Code of a body's place: nowhere.
const NOWHERE: i64 = 0;
/// Code of a body's place: in its row.
const INLINE: i64 = 1;

/// A filter for many rows.
pub(super) struct Sieve {
    query: Query,
    sql: Sql,
    needles: Needles,
    /// Finds in a head that its body may be coded.
    coded: Option<Regex>,
    columns: Vec<&'static str>,
    facts: Asked,
}

/// Which of [`FACTS`] a statement brings, and where: each column costs time in a row.
#[derive(Debug, Default)]
struct Asked {
    names: Vec<&'static str>,
    places: [Option<usize>; FACTS.len()],
}

impl Sieve {
    pub(super) fn new(query: &Query) -> Self {
        let sql = query.sql();
        let needles = sql.residual.needles();
        let facts = Asked::of(&sql.residual);
        let mut columns = facts.names.clone();
        if needles.heads.is_some() || needles.bodies.is_some() {
            columns.extend(HEADS);
        }
        if needles.bodies.is_some() {
            columns.extend(BODIES);
        }
        let coded = RegexBuilder::new("content-encoding").case_insensitive(true).unicode(false).build().ok();
        Self { query: query.clone(), needles, coded, columns, facts, sql }
    }

    /// The rows meant with numbers from `from` up to, and without, `below`, falling, behind `ids`; whether all
    /// were looked at, and not given up.
    pub(super) fn scan(
        &self,
        reader: &Reader,
        db: &Connection,
        (from, below): (i64, i64),
        stop: &dyn Fn() -> bool,
        ids: &mut Vec<u64>,
    ) -> rusqlite::Result<bool> {
        let ends = [SqlValue::Integer(from), SqlValue::Integer(below)];
        let mut statement = db.prepare_cached(&self.text(db)?)?;
        let mut found = statement.query(params_from_iter(ends.iter().chain(&self.sql.values).map(Value)))?;
        let mut matcher = Matcher::new(&self.sql.residual);
        let (all, mut looked) = (self.sql.residual.is_all(), 0_u32);
        while let Some(row) = found.next()? {
            looked += 1;
            if looked.is_multiple_of(ROWS_A_LOOK) && stop() {
                return Ok(false);
            }
            let id = rows::nat(row.get(0)?);
            if all || self.may_be(row)? && is_meant(reader, &mut matcher, (row, &self.facts), id)? {
                ids.push(id);
            }
        }
        Ok(true)
    }

    /// Those of these rows that are meant, in their order.
    pub(super) fn sift(&self, reader: &Reader, db: &Connection, ids: &[u64]) -> rusqlite::Result<Vec<u64>> {
        let facts = Asked::of(&self.query);
        let sql = format!("SELECT {} FROM exchange WHERE id = ?1", list(db, &facts.names)?);
        let mut statement = db.prepare_cached(&sql)?;
        let (mut matcher, mut meant) = (Matcher::new(&self.query), Vec::new());
        for id in ids {
            let mut found = statement.query([rows::int(*id)])?;
            if let Some(row) = found.next()?
                && is_meant(reader, &mut matcher, (row, &facts), *id)?
            {
                meant.push(*id);
            }
        }
        Ok(meant)
    }

    fn text(&self, db: &Connection) -> rusqlite::Result<String> {
        let deep = self.needles.heads.is_some() || self.needles.bodies.is_some();
        // CROSS: rows in their order, each with what stands behind it.
        let payload = if deep { " CROSS JOIN payload USING (id)" } else { "" };
        let (index, failed) = if self.sql.failed && has_index(db)? {
            (format!(" INDEXED BY {FAILED}"), " AND status >= 400")
        } else {
            (String::new(), "")
        };
        let (columns, clause) = (list(db, &self.columns)?, &self.sql.clause);
        Ok(format!(
            "SELECT {columns} FROM exchange{index}{payload} \
             WHERE id >= ? AND id < ? AND {clause}{failed} ORDER BY id DESC"
        ))
    }

    /// Whether what must stand in heads and bodies does, as far as it can be seen without a closer look.
    fn may_be(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        if self.needles.heads.is_none() && self.needles.bodies.is_none() {
            return Ok(true);
        }
        let heads = heads(row, self.facts.names.len())?;
        if let Some(needle) = &self.needles.heads
            && !SIDES.into_iter().zip(heads).any(|(side, head)| needle.may_be_in(side, head))
        {
            return Ok(false);
        }
        let Some(needle) = &self.needles.bodies else { return Ok(true) };
        let at = self.facts.names.len() + HEADS.len();
        let bodies = bodies(row, at + 2)?;
        for (number, (side, head)) in SIDES.into_iter().zip(heads).enumerate() {
            let place = row.get_ref(at + number)?.as_i64().unwrap_or(NOWHERE);
            let body = bodies.get(number).copied().unwrap_or_default();
            let may = match place {
                _ if !needle.means(side) => false,
                NOWHERE => false,
                INLINE => self.is_coded(head) || needle.may_be(body),
                _ => true,
            };
            if may {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_coded(&self, head: &[u8]) -> bool {
        self.coded.as_ref().is_none_or(|coded| coded.is_match(head))
    }
}

fn is_meant(
    reader: &Reader,
    matcher: &mut Matcher<'_>,
    (row, asked): (&Row<'_>, &Asked),
    id: u64,
) -> rusqlite::Result<bool> {
    Ok(matcher.judge(&facts(row, asked)?, &Deep::new(reader, ExchangeId(id))).is_yes())
}

/// Columns as this segment has them.
fn list(db: &Connection, columns: &[&'static str]) -> rusqlite::Result<String> {
    let noted = columns.contains(&NOTE) && notes::are_there(db)?;
    let column = |column: &&'static str| match *column {
        NOTE if noted => notes::COLUMN,
        NOTE => "NULL",
        column => column,
    };
    Ok(columns.iter().map(column).collect::<Vec<_>>().join(", "))
}

/// Captures of older formats lack it.
fn has_index(db: &Connection) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM main.sqlite_schema WHERE type = 'index' AND name = ?1")?.exists([FAILED])
}

impl Asked {
    /// Those that a filter asks about, the number first.
    fn of(query: &Query) -> Self {
        let mut wanted = vec!["id"];
        query.names(&mut |name| wanted.extend(asked(name)));
        let mut all = Self::default();
        for (place, column) in all.places.iter_mut().zip(FACTS) {
            if wanted.contains(&column) {
                *place = Some(all.names.len());
                all.names.push(column);
            }
        }
        all
    }
}

/// The columns that tell of a field; none for what lies behind the row.
fn asked(name: Name) -> &'static [&'static str] {
    match name {
        Name::Id
        | Name::Body
        | Name::Json
        | Name::Header
        | Name::Cookie
        | Name::SetCookie
        | Name::Ws
        | Name::Hop => &[],
        Name::Method => &["method"],
        Name::Status => &["status"],
        Name::Scheme => &["scheme"],
        Name::Version => &["version"],
        Name::Client => &["client"],
        Name::Type => &["media_type"],
        Name::Size => &["request_bytes", "response_bytes"],
        Name::Time => &["duration"],
        Name::Wait => &["ttfb"],
        Name::Start => &["started"],
        Name::From => &["flags"],
        Name::Host | Name::Domain | Name::Port | Name::Server | Name::Path | Name::Url | Name::Param => {
            &["method", "scheme", "host", "path"]
        }
        Name::Any => &[
            "method",
            "scheme",
            "host",
            "path",
            "status",
            "media_type",
            "failure_kind",
            "failure_says",
            "client",
            "flags",
            NOTE,
        ],
        Name::Note | Name::Tag => &["flags", NOTE],
        Name::Is | Name::Error | Name::Finding | Name::Severity => &FACTS,
    }
}

/// The heads that count of each side.
fn heads<'r>(row: &'r Row<'_>, at: usize) -> rusqlite::Result<[&'r [u8]; 2]> {
    let unpacked = bytes(row, at + 2)?;
    if unpacked.is_empty() {
        return Ok([bytes(row, at)?, bytes(row, at + 1)?]);
    }
    // What is damaged is looked through as an empty one.
    let [request, sent_on, response, sent_back] = packed::split::<4>(unpacked).unwrap_or_default();
    Ok([request.or(sent_on).unwrap_or_default(), response.or(sent_back).unwrap_or_default()])
}

/// The bodies in a row.
fn bodies<'r>(row: &'r Row<'_>, at: usize) -> rusqlite::Result<[&'r [u8]; 2]> {
    let unpacked = bytes(row, at + 2)?;
    if unpacked.is_empty() {
        return Ok([bytes(row, at)?, bytes(row, at + 1)?]);
    }
    Ok(packed::split::<2>(unpacked).unwrap_or_default().map(Option::unwrap_or_default))
}

fn bytes<'r>(row: &'r Row<'_>, at: usize) -> rusqlite::Result<&'r [u8]> {
    row.get_ref(at).map(|value| value.as_bytes_or_null().ok().flatten().unwrap_or_default())
}

/// What is no text is looked through as an empty one: a damaged row must not end a search.
fn facts<'a>(row: &'a Row<'_>, asked: &Asked) -> rusqlite::Result<Facts<'a>> {
    let value = |fact: usize| match asked.places.get(fact).copied().flatten() {
        Some(place) => row.get_ref(place),
        None => Ok(ValueRef::Null),
    };
    let text = |fact: usize| value(fact).map(|value| value.as_str().unwrap_or_default());
    let whole = |fact: usize| value(fact).map(|value| value.as_i64_or_null().ok().flatten());
    let nat = |column: usize| whole(column).map(|value| value.map(rows::nat));
    Ok(Facts {
        id: whole(0)?.map(rows::nat).unwrap_or_default(),
        method: text(1)?,
        scheme: text(2)?,
        host: text(3)?,
        path: text(4)?,
        status: nat(5)?.and_then(|status| u16::try_from(status).ok()),
        media_type: text(6)?,
        failure: text(7)?,
        says: text(8)?,
        client: text(9)?,
        started: whole(10)?.unwrap_or_default(),
        version: text(11)?,
        state: State::from_code(nat(12)?.and_then(|code| u8::try_from(code).ok()).unwrap_or_default()),
        request_bytes: nat(13)?.unwrap_or_default(),
        response_bytes: nat(14)?.unwrap_or_default(),
        duration: nat(15)?,
        ttfb: nat(16)?,
        flags: Flags(nat(17)?.and_then(|flags| u32::try_from(flags).ok()).unwrap_or_default()),
        side: text(18)?,
        phase: text(19)?,
        note: text(20)?,
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
